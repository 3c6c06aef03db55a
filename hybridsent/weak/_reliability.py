"""How often ready functions are right, as it was found on public corpora (layer L3).

Shares of votes by class, rounded by hand near the means over tweets in seven languages (UMSAB) and
the texts of MVSA; those of VADER and emoji lie up to 0.2 away from them. `benchmarks/zero_label.py`
measures what they are worth. They stand in place of what a label model would learn from agreement
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridsent._numerics.votes_reading import read_votes
from hybridsent.weak._ready import SENTIMENTS

__all__ = ["RELIABILITY", "FixedReliability"]

RELIABILITY: dict[str, tuple[tuple[float, ...], ...]] = {
    "Vader": ((0.50, 0.25, 0.25), (0.20, 0.40, 0.40), (0.10, 0.15, 0.75)),
    "Words": ((0.36, 0.54, 0.10), (0.10, 0.72, 0.18), (0.06, 0.50, 0.44)),
    "Emoji": ((0.70, 0.05, 0.25), (0.30, 0.10, 0.60), (0.10, 0.05, 0.85)),
    "Rating": ((0.75, 0.15, 0.10), (0.25, 0.50, 0.25), (0.10, 0.15, 0.75)),
    "Number": ((0.75, 0.15, 0.10), (0.25, 0.50, 0.25), (0.10, 0.15, 0.75)),
}
"""Share of the votes for negative, neutral and positive, by what a text is in this order."""

_OWN = 0.7  # how often a function of one's own is right, as long as nothing is known
_ALIKE = ("Vader", "Words")
_SHARED = 0.7  # what each of two counts that know the same words
_WORTH = 20.0  # labelled rows of a class that the shares above are worth


class FixedReliability:
    """Probabilities from votes by known shares, which labels correct.

    Parameters
    ----------
    functions : list of LabelingFunction
        Who votes.
    classes : ndarray of shape (k,)
        The classes.
    kinds : list of str
        Whether each is negative, neutral or positive.

    Attributes
    ----------
    tables_ : ndarray of shape (m, k, k)
        Share of the votes of function j for class l where a row is of class y, at ``[j, y, l]``.
    """

    def __init__(self, functions: Sequence[Any], classes: Any, kinds: Sequence[str]) -> None:
        self.functions = functions
        self.classes = classes
        self.kinds = kinds

    def fit(self, votes: Any, y: Any = None) -> FixedReliability:
        """Take the known shares, and what labels say of them.

        Parameters
        ----------
        votes : DataFrame of shape (n, m)
            Classes; None for no vote.
        y : array of shape (n,) or None, default=None
            Labels, and -1 where there is none.

        Returns
        -------
        self
            The same.
        """
        k = len(self.classes)
        places = [SENTIMENTS.index(kind) for kind in self.kinds]
        tables = np.full((votes.shape[1], k, k), (1 - _OWN) / (k - 1))
        tables[:, np.arange(k), np.arange(k)] = _OWN
        self.alike_ = np.zeros(votes.shape[1], dtype=bool)
        for j, function in enumerate(self.functions):
            kind = type(function.labels_by).__name__
            self.alike_[j] = kind in _ALIKE
            if kind in RELIABILITY:
                known = np.asarray(RELIABILITY[kind])[np.ix_(places, places)]
                tables[j] = known / known.sum(axis=1, keepdims=True)
        codes = read_votes(votes, self.classes)[0]
        place = {label: i for i, label in enumerate(np.asarray(self.classes).tolist())}
        truth = np.array([place.get(label, -1) for label in ([] if y is None else y)], dtype=int)
        for label in range(k):
            of_label = codes[: len(truth)][truth == label]
            for vote in range(k):
                counts = (of_label == vote).sum(axis=0)
                tables[:, label, vote] = tables[:, label, vote] * _WORTH + counts
        self.tables_ = tables / tables.sum(axis=2, keepdims=True)
        return self

    def predict_proba(self, votes: Any) -> np.ndarray:
        """Give the probability of each class.

        Parameters
        ----------
        votes : DataFrame of shape (n, m)
            Classes; None for no vote.

        Returns
        -------
        ndarray of shape (n, k)
            Probabilities; equal where nobody votes.
        """
        codes = read_votes(votes, self.classes)[0]
        several = (codes[:, self.alike_] >= 0).sum(axis=1) > 1
        found = np.zeros((len(codes), len(self.classes)))
        logs = np.log(self.tables_)
        for j in range(codes.shape[1]):
            rows = np.flatnonzero(codes[:, j] >= 0)
            weight = np.where(several[rows] & self.alike_[j], _SHARED, 1.0)
            found[rows] += weight[:, None] * logs[j][:, codes[rows, j]].T
        found = np.exp(found - found.max(axis=1, keepdims=True))
        return np.asarray(found / found.sum(axis=1, keepdims=True))
