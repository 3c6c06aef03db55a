"""Folds and scores of the rows that have a label, for scikit-learn's own searches (layer L5).

scikit-learn's splitters and scorers take the mark -1 for one more class, which no prediction hits,
and NaN for an error: a cross-validation over rows of which some have no label judges by them.
`evaluate` and `search` need neither of these: they never score such a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator, check_cv

from hybridsent._label_sets import form_of, is_of_sets, label_sets
from hybridsent._labels import (
    Kind,
    kind_found,
    kind_of,
    labeled_rows,
    one_column,
    plain_labels,
    take_rows,
)
from hybridsent._outer_folds import outer_folds
from hybridsent.evaluation.measures._metrics import Metric, higher_is_better, metrics_of
from hybridsent.evaluation.measures._scoring import Remembered, score_all

__all__ = ["LabeledSplit", "labeled_scorer"]


class LabeledSplit(BaseCrossValidator):
    """Split rows so that those without a label are trained on, and never tested.

    It stands around any other splitter, for scikit-learn's ``cross_validate``, ``GridSearchCV`` and
    whatever else takes ``cv``; string labels beside the mark -1 are split, too. A row without a
    label is in each training part, unless its group is tested.

    Parameters
    ----------
    cv : int, splitter or iterable, default=5
        Folds of the labelled rows: a number of them, stratified, shuffled, and with groups kept
        together; or anything scikit-learn takes.
    kind : {"classes", "numbers", "sets"} or None, default=None
        What y holds: of classes -1 marks a row without a label, of numbers (a regression) NaN does,
        of sets of labels an empty text, None or a row of -1. None tells it by y: what is not whole,
        NaN, or negative but for -1 is a number; a matrix, lists and texts such as ``"joy|anger"``
        are sets.
    keep_unlabeled : bool, default=True
        Whether rows without a label are in the training parts; False for an estimator that would
        take -1 for a class.
    random_state : int, default=0
        Seed of the shuffle, where `cv` is a number.

    See Also
    --------
    labeled_scorer : Scores the labelled rows alone, whatever splits.
    hybridsent.few_label.LabeledOnly : Lets any estimator take rows without a label.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import LabeledSplit
    >>> y = np.array(["good", "bad", -1, "good", "bad"], dtype=object)
    >>> for train, test in LabeledSplit(2).split(np.zeros((5, 1)), y):
    ...     print(train, test)
    [0 2 4] [1 3]
    [1 2 3] [0 4]
    """

    __metadata_request__split = {"groups": True}  # noqa: RUF012  # read by scikit-learn as it is

    def __init__(
        self,
        cv: Any = 5,
        *,
        kind: Kind | None = None,
        keep_unlabeled: bool = True,
        random_state: Any = 0,
    ) -> None:
        self.cv = cv
        self.kind = kind
        self.keep_unlabeled = keep_unlabeled
        self.random_state = random_state

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give the training and test rows of each fold.

        Parameters
        ----------
        X : array or DataFrame of n rows
            The rows.
        y : array of shape (n,), default=None
            Labels, which must be there.
        groups : array of shape (n,) or None, default=None
            Rows of one group (speaker, video) are never on both sides.

        Yields
        ------
        train, test : ndarray of int
            Positions.

        Raises
        ------
        ValueError
            If there are no labels, or folds cannot be had of those that are there.
        """
        for train, test, known in self._folds(y, groups):
            yield (train if self.keep_unlabeled else train[known[train]]), test

    def _folds(self, y: Any, groups: Any) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Give the rows of each fold, and which rows of the table have a label."""
        if y is None:
            raise ValueError("LabeledSplit needs y, which tells the rows with a label. Got None.")
        kind = kind_found(y) if self.kind is None else self.kind
        labels = y if kind == "sets" else one_column(y)
        known = labeled_rows(labels, kind)
        for train, test in outer_folds(
            labels, self._cv(), groups, random_state=self.random_state, kind=kind, known=known
        ):
            yield train, test, known

    def _cv(self) -> Any:
        """Give `cv`; of folds that can be read once, those that were read."""
        if not hasattr(self.cv, "__next__"):
            return self.cv
        if getattr(self, "_read", (None,))[0] is not self.cv:
            self._read = (self.cv, list(self.cv))
        return self._read[1]

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Give the number of folds.

        Parameters
        ----------
        X, y, groups : array of n rows, default=None
            As in `split`; most splitters ask for none. With `y` folds are left out that test no row
            with a label, such as a group without any.

        Returns
        -------
        int
            How many there are.
        """
        if isinstance(self.cv, (int, np.integer)):
            return int(self.cv)
        if y is not None:
            return sum(1 for _ in self._folds(y, groups))
        return int(check_cv(self._cv()).get_n_splits(X, y, groups))


def labeled_scorer(scoring: Any = None) -> Any:
    """Make a scorer that leaves rows without a label out.

    Parameters
    ----------
    scoring : str, callable, list, dict or None, default=None
        All that `evaluate` takes: names of scorers, also those that papers use, scorers, or several
        in a list or dict; None is the estimator's own ``score``.

    Returns
    -------
    callable
        ``(estimator, X, y)`` to a number; to a dict of them for a list or dict. For ``scoring=`` of
        scikit-learn's ``cross_validate``, ``GridSearchCV`` and the like, so that higher is better:
        an error, such as ``"MAE"``, is negated.

    Raises
    ------
    ValueError
        If a metric is not known; when it scores, if no row has a label.

    See Also
    --------
    LabeledSplit : Trains on rows without a label, and never tests them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from hybridsent.evaluation import LabeledSplit, labeled_scorer
    >>> from hybridsent.few_label import LabeledOnly
    >>> X = np.arange(12.0)[:, None]
    >>> y = np.array([0] * 6 + [1] * 6)
    >>> y[::3] = -1
    >>> model = LabeledOnly(LogisticRegression())
    >>> cross_val_score(model, X, y, cv=LabeledSplit(2), scoring="accuracy")
    array([1., 1.])
    >>> labeled_scorer(["accuracy", "UAR"])(model.fit(X, y), X, y)
    {'accuracy': 1.0, 'UAR': 1.0}
    """
    return _LabeledScorer(scoring)


class _LabeledScorer:
    """A scorer of the rows with a label, which other processes can be given."""

    def __init__(self, scoring: Any) -> None:
        self.scoring = scoring
        self._metrics = [
            replace(each, scorer=higher_is_better(each)) for each in metrics_of(scoring)
        ]

    def __call__(self, estimator: Any, X: Any, y: Any) -> Any:
        kind = kind_of(estimator, y if is_of_sets(y) else one_column(y))
        labels = y if kind == "sets" else one_column(y)
        known = labeled_rows(labels, kind)
        if not known.any():
            raise ValueError(
                f"A score needs at least 1 labelled row. Got {len(known)} rows, none of them with "
                "a label in y; LabeledSplit makes folds whose test rows have one."
            )
        rows = np.flatnonzero(known)
        there = X if known.all() else take_rows(X, rows)
        if kind == "sets":
            scores = _of_sets(self._metrics, estimator, there, take_rows(y, rows))
        else:
            scores = score_all(self._metrics, estimator, there, plain_labels(labels[rows]))
        several = isinstance(self.scoring, (list, tuple, set, frozenset, Mapping))
        return scores if several or len(scores) > 1 else next(iter(scores.values()))

    def __repr__(self) -> str:
        return f"labeled_scorer({self.scoring!r})"


def _of_sets(metrics: Sequence[Metric], fitted: Any, X: Any, y: Any) -> dict[str, float]:
    """Score sets of labels on matrices of 0 and 1, in whatever form they are told and given."""
    of_matrix = form_of(y) == "indicator"
    truth, labels = label_sets(y, None if of_matrix else np.asarray(fitted.classes_))
    return score_all(metrics, Remembered(fitted, len(labels)), X, truth.astype(np.int64))
