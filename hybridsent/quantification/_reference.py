"""What a classifier mistakes, told by rows that it had not learned from (layer L3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hybridsent._numerics.clusters import checked_weights, group_codes
from hybridsent._params import check_count
from hybridsent.quantification._values import plain_label

__all__ = ["Reference"]

_STEPS = 100_000  # of a probability, as it is written down
_NUMBERS = 12_000  # probabilities that are kept at most, of all classes together
_LEAST_ROWS = 400
_VERSION = 1
_MOST_CLASSES = 1000


@dataclass(frozen=True, eq=False)
class Reference:
    """What a classifier answers about rows of each class that it had not learned from.

    It holds no post and no feature: of each row its class, the answer and the probabilities, to
    five digits. Of many rows some thousand are kept, of every class its share, of rare ones more.

    Parameters
    ----------
    classes : tuple
        The labels, in the order of the probabilities.
    priors : ndarray of shape (k,)
        Their shares among all rows.
    n : int
        How many rows there were.
    truth, predicted : ndarray of int of shape (m,)
        Class and answer of each row that is kept, by their place in `classes`.
    probabilities : ndarray of shape (m, k) or None, default=None
        What was told of each row; None for models that tell none.
    groups : ndarray of int of shape (m,) or None, default=None
        Rows that belong together, such as posts of one author.
    weights : ndarray of shape (m,) or None, default=None
        How much each row counts.

    See Also
    --------
    hybridsent.scoring.reference_of : Makes one of a model and a table, by cross-validation.
    prevalence : Corrects by it.

    Examples
    --------
    >>> from hybridsent.quantification import Reference
    >>> truth, said = ["neg", "neg", "pos", "pos"], ["neg", "pos", "pos", "pos"]
    >>> reference = Reference.of(truth, said)
    >>> reference.confusion.tolist(), reference.priors.tolist()
    ([[1.0, 1.0], [0.0, 2.0]], [0.5, 0.5])
    """

    classes: tuple[Any, ...]
    priors: np.ndarray
    n: int
    truth: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None = None
    groups: np.ndarray | None = None
    weights: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        y: Any,
        predictions: Any,
        probabilities: Any = None,
        *,
        classes: Any = None,
        groups: Any = None,
        weights: Any = None,
        random_state: int = 0,
    ) -> Reference:
        """Read answers about labelled rows.

        Parameters
        ----------
        y : array of shape (n,)
            What the rows are.
        predictions : array of shape (n,) or None
            What the model said, of rows that it had not learned from; None takes the most probable
            class.
        probabilities : array of shape (n, k) or None, default=None
            Of each class, in their order.
        classes : sequence or None, default=None
            The labels in the order of the probabilities; None sorts those of y.
        groups : array of shape (n,) or None, default=None
            Which rows belong together (author, thread): they are no independent rows.
        weights : array of shape (n,) or None, default=None
            How much each row counts.
        random_state : int, default=0
            Seed of what is kept of many rows.

        Returns
        -------
        Reference
            What the model mistakes.

        Raises
        ------
        ValueError
            If lengths, classes or probabilities do not fit, or a class has fewer than two rows.
        """
        check_count(random_state, "random_state", "Reference.of", least=0)
        truth = np.asarray(y)
        labels = list(map(plain_label, np.unique(truth) if classes is None else classes))
        _check_labels(labels)
        t = codes_of(truth, labels, "y")
        p = checked_probabilities(probabilities, len(t), len(labels))
        if predictions is None and p is None:
            raise ValueError(
                "The predictions parameter of Reference.of may be None only where probabilities "
                "are given. Got neither."
            )
        said = (
            p.argmax(axis=1)
            if predictions is None and p is not None
            else codes_of(predictions, labels, "predictions")
        )
        if len(said) != len(t):
            raise ValueError(f"y and predictions must be as long. Got {len(t)} and {len(said)}.")
        counts = np.bincount(t, minlength=len(labels))
        if counts.min() < 2:
            rare = labels[int(counts.argmin())]
            raise ValueError(
                "Every class must have at least two rows in the reference, or nothing is known of "
                f"how it is mistaken. Got {counts.min()} of {rare!r}."
            )
        g, w = group_codes(groups, len(t)), checked_weights(weights, len(t))
        total = np.bincount(t, w, minlength=len(labels))
        kept = _kept(t, len(labels), np.random.RandomState(random_state))
        return cls(
            tuple(labels),
            total / total.sum(),
            len(t),
            t[kept],
            said[kept],
            None if p is None else np.round(p[kept] * _STEPS) / _STEPS,
            None if g is None else np.unique(g[kept], return_inverse=True)[1],
            None if w is None else np.array([float(f"{each:.6g}") for each in w[kept]]),
        )

    def __len__(self) -> int:
        return len(self.truth)

    def __repr__(self) -> str:
        return f"<Reference: {len(self)} of {self.n} rows, classes {list(self.classes)[:10]}>"

    @cached_property
    def mass(self) -> np.ndarray:
        """Weight of each row that is kept, such that those of each class sum to one."""
        w = np.ones(len(self)) if self.weights is None else self.weights
        return np.asarray(w / np.bincount(self.truth, w, minlength=len(self.classes))[self.truth])

    @cached_property
    def confusion(self) -> np.ndarray:
        """Weighted rows that are kept by class (down) and answer (across)."""
        k = len(self.classes)
        found = np.bincount(self.truth * k + self.predicted, self.weights, minlength=k * k)
        return np.asarray(found.reshape(k, k), dtype=np.float64)

    @cached_property
    def key(self) -> str:
        """Name made of what it holds: two of one name are one."""
        written = json.dumps(self.to_facts(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(written.encode()).hexdigest()[:16]

    def to_facts(self) -> dict[str, Any]:
        """Plain texts and numbers, ready for JSON and small; `from_facts` reads them.

        Returns
        -------
        dict
            Below 100 kB for three classes, of however many rows.
        """
        facts: dict[str, Any] = {
            "version": _VERSION,
            "classes": list(self.classes),
            "priors": [round(float(each), 8) for each in self.priors],
            "n": self.n,
            "truth": _written(self.truth),
            "predicted": _written(self.predicted),
        }
        if self.probabilities is not None:
            steps = np.round(self.probabilities * _STEPS).astype(np.int64)
            facts["probabilities"] = [_written(column) for column in steps.T]
        if self.groups is not None:
            facts["groups"] = _written(self.groups)
        if self.weights is not None:
            facts["weights"] = " ".join(f"{each:.6g}" for each in self.weights.tolist())
        return facts

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Reference:
        """Read what `to_facts` wrote, of whatever origin.

        Parameters
        ----------
        facts : mapping
            As `to_facts` gives it.

        Returns
        -------
        Reference
            The same.

        Raises
        ------
        ValueError
            If it is none, damaged, or of a later version.
        """
        try:
            return cls._read(facts)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise ValueError(
                f"The facts must be what Reference.to_facts wrote, version {_VERSION}. Got "
                f"something else ({type(error).__name__}: {error!s:.200})."
            ) from error

    @classmethod
    def _read(cls, facts: Mapping[str, Any]) -> Reference:
        if facts["version"] != _VERSION:
            raise ValueError(f"it has version {facts['version']!r:.20}")
        labels = list(facts["classes"])
        _check_labels(labels)
        k = len(labels)
        priors = np.asarray(facts["priors"], dtype=np.float64)
        truth, said = _integers(facts["truth"], k), _integers(facts["predicted"], k)
        p = None
        if "probabilities" in facts:
            p = np.column_stack([_integers(each, _STEPS + 1) for each in facts["probabilities"]])
            p = p / _STEPS
            checked_probabilities(p, len(truth), k)
        groups = _integers(facts["groups"], len(truth)) if "groups" in facts else None
        weights = None
        if "weights" in facts:
            weights = checked_weights(
                [float(each) for each in facts["weights"].split()], len(truth)
            )
        n = facts["n"]
        fits = (
            priors.shape == (k,)
            and np.isfinite(priors).all()
            and (priors > 0).all()
            and abs(priors.sum() - 1) < 1e-4
            and len(said) == len(truth)
            and (groups is None or len(groups) == len(truth))
            and isinstance(n, int)
            and n >= len(truth)
            and np.bincount(truth, minlength=k).min() >= 2
        )
        if not fits:
            raise ValueError("its parts do not fit each other")
        return cls(tuple(labels), priors, n, truth, said, p, groups, weights)


def _check_labels(labels: list[Any]) -> None:
    plain = all(isinstance(label, (str, int, float)) for label in labels)
    if not plain or not 2 <= len(labels) <= _MOST_CLASSES or len(set(labels)) < len(labels):
        raise ValueError(
            f"The classes must be from 2 to {_MOST_CLASSES} different texts or numbers. Got "
            f"{labels[:10]}."
        )


def codes_of(labels: Any, classes: Any, name: str) -> np.ndarray:
    """Give labels by their place among the classes.

    Parameters
    ----------
    labels : array of shape (n,)
        Labels.
    classes : sequence
        All there are.
    name : str
        What they are, for messages.

    Returns
    -------
    ndarray of int of shape (n,)
        Their places.

    Raises
    ------
    ValueError
        If one is no class.

    Examples
    --------
    >>> from hybridsent.quantification._reference import codes_of
    >>> codes_of(["b", "a"], ["a", "b"], "y").tolist()
    [1, 0]
    """
    given = np.asarray(labels)
    if given.ndim != 1:
        raise ValueError(f"{name} must be one label a row. Got the shape {given.shape}.")
    place = {label: i for i, label in enumerate(classes)}
    kinds, back = np.unique(given, return_inverse=True) if len(given) else (given, given)
    found = np.empty(len(kinds), dtype=np.int64)
    for i, label in enumerate(map(plain_label, kinds)):
        if label not in place:
            raise ValueError(f"{name} must hold the classes {list(classes)[:20]}. Got {label!r}.")
        found[i] = place[label]
    return found[back.astype(np.int64)]


def checked_probabilities(given: Any, n: int | None, k: int) -> np.ndarray | None:
    """Check probabilities, and make each row sum to one.

    Parameters
    ----------
    given : array of shape (n, k) or None
        Probabilities.
    n : int or None
        How many rows there must be; None is any number.
    k : int
        How many classes.

    Returns
    -------
    ndarray of float of shape (n, k) or None
        The same.

    Raises
    ------
    ValueError
        If they are none.

    Examples
    --------
    >>> from hybridsent.quantification._reference import checked_probabilities
    >>> checked_probabilities([[0.5, 0.5]], 1, 2).tolist()
    [[0.5, 0.5]]
    """
    if given is None:
        return None
    p = np.asarray(given, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] != k or (n is not None and len(p) != n):
        rows = "a row for each answer" if n is None else f"{n} rows"
        raise ValueError(
            f"The probabilities must be {rows}, with a column for each of the {k} classes. Got the "
            f"shape {p.shape}."
        )
    total = p.sum(axis=1, keepdims=True)
    if not np.isfinite(p).all() or (p < 0).any() or (np.abs(total - 1) > 1e-2).any():
        raise ValueError(
            "The probabilities must be numbers from 0 to 1 that sum to 1 in each row. Got others "
            f"in row {_first_odd(p)}."
        )
    return np.asarray(p / total)


def _first_odd(p: np.ndarray) -> int:
    fine = np.isfinite(p).all(axis=1) & (p >= 0).all(axis=1)
    fine &= np.abs(np.where(fine[:, None], p, 0).sum(axis=1) - 1) <= 1e-2
    return int(np.flatnonzero(~fine)[0])


def _kept(truth: np.ndarray, k: int, rng: np.random.RandomState) -> np.ndarray:
    """Choose rows to keep: of every class its share, of rare ones up to half of an even share."""
    most = max(_LEAST_ROWS, _NUMBERS // k)
    if len(truth) <= most:
        return np.arange(len(truth))
    counts = np.bincount(truth, minlength=k)
    wanted = np.maximum(most * counts / len(truth), np.minimum(counts, most / (2 * k)))
    wanted = np.maximum(np.floor(wanted * most / wanted.sum()), 2).astype(int)
    rows = [rng.permutation(np.flatnonzero(truth == c))[: wanted[c]] for c in range(k)]
    return np.sort(np.concatenate(rows))


def _written(numbers: np.ndarray) -> str:
    return " ".join(map(str, numbers.tolist()))


def _integers(text: str, below: int) -> np.ndarray:
    found = np.array([int(each) for each in text.split()], dtype=np.int64)
    if len(found) and (found.min() < 0 or found.max() >= below):
        raise ValueError("a number is out of its range")
    return found
