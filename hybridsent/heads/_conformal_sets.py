"""Conformal sets and intervals of answers that are there already, by MAPIE (layer L3).

MAPIE conformalizes a fitted model on one set of rows. Here the answers are known, and a threshold
is wanted for each class, group or pattern of views: so it is given the answers in place of the
model, once for each of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from hybridsent._optional import import_optional
from hybridsent._warnings import ignored_warnings

__all__ = ["SCORES", "Known", "intervals_of", "needed", "sets_of"]

SCORES = ("lac", "aps")
"""Conformity scores: the probability of a class alone, or of all that are as probable."""

_FEWER_LABELS = "WARNING: your conformalization dataset has less labels"  # each class by itself


@dataclass(frozen=True)
class Known:
    """Answers about rows whose truth is known, which no model of them had learned from.

    Parameters
    ----------
    said : ndarray of shape (n, n_classes) or (n,)
        Probabilities; of numbers, predictions.
    truth : ndarray of shape (n,)
        Codes of classes; or numbers.
    cells : ndarray of int of shape (n,) or None, default=None
        Of which group or pattern of views each row is; None is one for all.
    """

    said: np.ndarray
    truth: np.ndarray
    cells: np.ndarray | None = None

    def part(self, rows: np.ndarray) -> Known:
        """Take some rows."""
        return Known(self.said[rows], self.truth[rows])


def needed(coverage: float) -> int:
    """Count the rows without which no threshold keeps what it says.

    Parameters
    ----------
    coverage : float
        What is asked for.

    Returns
    -------
    int
        Rows.

    Examples
    --------
    >>> from hybridsent.heads._conformal_sets import needed
    >>> needed(0.9), needed(0.5)
    (11, 3)
    """
    return int(np.floor(1 / (1 - coverage) + 1e-9)) + 1


def sets_of(
    known: Known,
    said: np.ndarray,
    cells: np.ndarray | None,
    coverage: float,
    *,
    conformity: str = "lac",
    by_class: bool = False,
    random_state: int = 0,
) -> np.ndarray:
    """Give the classes that cannot be left out.

    Parameters
    ----------
    known : Known
        What thresholds are made of.
    said : ndarray of shape (m, n_classes)
        Probabilities of new rows.
    cells : ndarray of int of shape (m,) or None
        Their groups or patterns; one that is not known, or in too few rows, has the threshold of
        all rows.
    coverage : float
        Share of the rows whose class is to be in its set.
    conformity : {"lac", "aps"}, default="lac"
        Conformity score.
    by_class : bool, default=False
        Whether each class has its own threshold.
    random_state : int, default=0
        Seed of ``"aps"``.

    Returns
    -------
    ndarray of bool of shape (m, n_classes)
        Whole where nothing can be told: of too few rows.

    Raises
    ------
    ValueError
        If ``"aps"`` is asked for with two classes, or with a threshold for each class.
    """
    if conformity == "aps" and (by_class or said.shape[1] < 3):
        raise ValueError(
            "The conformity parameter must be 'lac' with two classes, and with thresholds for each "
            "class. Got 'aps', which sums up the probabilities of at least three."
        )

    def told(part: Known, rows: np.ndarray) -> np.ndarray | None:
        if len(part.truth) < needed(coverage):
            return None
        if conformity == "aps" and len(np.unique(part.truth)) < 3:  # MAPIE takes it for binary
            return None
        return _mapie_sets(part, said[rows], coverage, conformity, random_state)

    if not by_class:
        found = _in_cells(known, cells, len(said), told)
        return np.asarray(_filled(found, np.ones(said.shape[1], dtype=bool)), dtype=bool)
    columns = []
    for code in range(said.shape[1]):
        mine = np.flatnonzero(known.truth == code)
        its = Known(known.said[mine], known.truth[mine], _taken(known.cells, mine))
        of_class = _in_cells(its, cells, len(said), told)
        columns.append([True if each is None else bool(each[code]) for each in of_class])
    return np.array(columns, dtype=bool).T


def intervals_of(
    known: Known, said: np.ndarray, cells: np.ndarray | None, coverage: float
) -> np.ndarray:
    """Give the interval in which the truth is.

    Parameters
    ----------
    known : Known
        What thresholds are made of.
    said : ndarray of shape (m,)
        Predictions of new rows.
    cells : ndarray of int of shape (m,) or None
        As in `sets_of`.
    coverage : float
        Share of the rows whose truth is to be in its interval.

    Returns
    -------
    ndarray of shape (m, 2)
        Ends; infinite where nothing can be told: of too few rows.
    """

    def told(part: Known, rows: np.ndarray) -> np.ndarray | None:
        if len(part.truth) < needed(coverage):
            return None
        return _mapie_intervals(part, said[rows], coverage)

    found = _in_cells(known, cells, len(said), told)
    return np.asarray(_filled(found, np.array([-np.inf, np.inf])), dtype=np.float64)


def _in_cells(
    known: Known,
    cells: np.ndarray | None,
    n: int,
    told: Callable[[Known, np.ndarray], np.ndarray | None],
) -> list[Any]:
    """Ask cell by cell; a cell that tells nothing is asked as one of all rows."""
    found: list[Any] = [None] * n
    left = np.arange(n)
    if cells is not None and known.cells is not None:
        for cell in np.unique(cells):
            rows = np.flatnonzero(cells == cell)
            answers = told(known.part(np.flatnonzero(known.cells == cell)), rows)
            if answers is not None:
                left = left[~np.isin(left, rows)]
                for row, answer in zip(rows.tolist(), answers, strict=True):
                    found[row] = answer
    answers = told(known, left) if len(left) else None
    if answers is not None:
        for row, answer in zip(left.tolist(), answers, strict=True):
            found[row] = answer
    return found


def _filled(found: list[Any], nothing: np.ndarray) -> list[np.ndarray]:
    return [nothing if each is None else each for each in found]


def _taken(values: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[rows]


def _mapie_sets(
    known: Known, said: np.ndarray, coverage: float, conformity: str, random_state: Any
) -> np.ndarray:
    made = _conformalized(_Content(known), coverage, conformity, random_state)
    with ignored_warnings(UserWarning, _FEWER_LABELS):
        _, found = made.predict_set(_normal(said))
    return np.asarray(found[:, :, 0], dtype=bool)


def _mapie_intervals(known: Known, said: np.ndarray, coverage: float) -> np.ndarray:
    made = _conformalized(_Content(known), coverage)
    return np.asarray(made.predict_interval(said[:, None])[1][:, :, 0], dtype=np.float64)


class _Content:
    """Answers that are the same where their bytes are, so that thresholds are made of them once."""

    def __init__(self, known: Known) -> None:
        self.known = known
        parts = [np.ascontiguousarray(part) for part in (known.said, known.truth)]
        told = repr([(part.shape, part.dtype.str) for part in parts]).encode()
        self.digest = blake2b(told + b"".join(part.tobytes() for part in parts)).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=64)  # a server asks row by row, and MAPIE takes milliseconds for its thresholds
def _conformalized(
    content: _Content, coverage: float, conformity: str | None = None, random_state: Any = None
) -> Any:
    known = content.known
    if conformity is None:
        mapie = import_optional("mapie.regression", caller="ConformalSets", extra="conformal")
        made = mapie.SplitConformalRegressor(
            _Numbers().fit(known.said[:, None]), confidence_level=coverage, prefit=True
        )
        made.conformalize(known.said[:, None], known.truth)
        return made
    mapie = import_optional("mapie.classification", caller="ConformalSets", extra="conformal")
    made = mapie.SplitConformalClassifier(
        _Probabilities(known.said.shape[1]).fit(known.said),
        confidence_level=coverage,
        conformity_score=conformity,
        prefit=True,
        random_state=random_state,
    )
    with ignored_warnings(UserWarning, _FEWER_LABELS):
        made.conformalize(_normal(known.said), known.truth)
    return made


def _normal(said: np.ndarray) -> np.ndarray:
    """Let probabilities add up to 1 to the last digit, which MAPIE checks."""
    said = np.asarray(said, dtype=np.float64)
    return np.asarray(said / said.sum(axis=1, keepdims=True))


class _Probabilities(ClassifierMixin, BaseEstimator):
    """Gives rows of probabilities as they are, in the place of a model."""

    def __init__(self, n_classes: int = 2) -> None:
        self.n_classes = n_classes

    def fit(self, X: np.ndarray, y: Any = None) -> _Probabilities:
        """Learn nothing."""
        self.classes_ = np.arange(self.n_classes)
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Give the rows."""
        return np.asarray(X)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Give the most probable class."""
        return np.asarray(np.asarray(X).argmax(axis=1))


class _Numbers(RegressorMixin, BaseEstimator):
    """Gives predictions as they are, in the place of a model."""

    def fit(self, X: np.ndarray, y: Any = None) -> _Numbers:
        """Learn nothing."""
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Give the only column."""
        return np.asarray(X)[:, 0]
