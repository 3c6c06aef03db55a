"""What of an answer, or a score, is due to each view: Shapley values of few players (layer L5).

shap takes features one by one and puts training rows in the place of what is left out. Views are
few, models here go without a view, and all subsets of views can be asked for: of up to six views
the values are exact, of more they are means over orders that are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

__all__ = ["EXACT", "Game", "Subset", "sureness"]

EXACT = 6
"""Views, of which all 64 subsets are asked for."""

_ORDERS = 64  # of more views, as many orders are drawn, each forwards and backwards

Subset = frozenset[str]
"""Views that are there; the others are missing."""


class Game:
    r"""Which subsets of views are asked for, and how much of each is in the share of each view.

    The share of view j is its Shapley value :math:`\phi_j = \sum_{S \not\ni j}
    \frac{|S|! (k - |S| - 1)!}{k!} (v(S \cup j) - v(S))`. Of more than six views it is the mean of
    what j adds in orders that are drawn at random, each forwards and backwards; either way the
    shares add up to :math:`v(\text{all}) - v(\emptyset)`.

    Parameters
    ----------
    views : sequence of str
        The players.
    random_state : int, default=0
        Seed of the orders.

    Attributes
    ----------
    exact : bool
        Whether all subsets are asked for.
    whole : frozenset of str
        All views.
    orders : list of list of str
        What was drawn, an order and its reverse beside each other; empty where `exact`.
    subsets : list of frozenset of str
        What is asked for; the first is empty, and all views are among them.

    References
    ----------
    Shapley: A value for n-person games, 1953. Castro, Gómez, Tejada: Polynomial calculation of the
    Shapley value based on sampling, Computers & Operations Research 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.shares._game import Game
    >>> game = Game(["image", "text"])
    >>> worth = {frozenset(): 0.5, frozenset({"text"}): 0.8, frozenset({"image"}): 0.5}
    >>> values = np.array([[worth.get(each, 0.9)] for each in game.subsets])
    >>> game.values(values).round(2).tolist()
    [[0.05], [0.35]]
    """

    def __init__(self, views: Sequence[str], random_state: int = 0) -> None:
        self.views = list(views)
        self.exact = len(views) <= EXACT
        self.whole: Subset = frozenset(views)
        self.orders = [] if self.exact else self._drawn(np.random.default_rng(random_state))
        self.subsets = self._subsets()

    def _drawn(self, rng: np.random.Generator) -> list[list[str]]:
        forwards = [list(rng.permutation(self.views)) for _ in range(_ORDERS)]
        return [each for order in forwards for each in (order, order[::-1])]

    def _subsets(self) -> list[Subset]:
        k = len(self.views)
        if self.exact:
            return [
                frozenset(each) for size in range(k + 1) for each in combinations(self.views, size)
            ]
        met = {frozenset(order[:i]) for order in self.orders for i in range(k + 1)}
        met |= {self.whole - {view} for view in self.views} | {frozenset({v}) for v in self.views}
        return sorted(met, key=lambda each: (len(each), sorted(each)))

    def shares(self, view: str) -> list[dict[Subset, float]]:
        """Give the weights of the subsets that make the share of a view.

        Parameters
        ----------
        view : str
            One of the players.

        Returns
        -------
        list of dict of frozenset to float
            One where all subsets are asked for, else one for each pair of orders, whose mean is the
            share.
        """
        if self.exact:
            return [self._weights(view)]
        found = []
        for forwards, backwards in zip(self.orders[::2], self.orders[1::2], strict=True):
            weights: dict[Subset, float] = {}
            for order in (forwards, backwards):
                before = frozenset(order[: order.index(view)])
                weights[before] = weights.get(before, 0.0) - 0.5
                weights[before | {view}] = weights.get(before | {view}, 0.0) + 0.5
            found.append(weights)
        return found

    def _weights(self, view: str) -> dict[Subset, float]:
        k = len(self.views)
        weights: dict[Subset, float] = {}
        for subset in self.subsets:
            if view not in subset:
                share = factorial(len(subset)) * factorial(k - len(subset) - 1) / factorial(k)
                weights[subset] = -share
                weights[subset | {view}] = share
        return weights

    def values(self, worth: np.ndarray) -> np.ndarray:
        """Give the shares of many games at once.

        Parameters
        ----------
        worth : ndarray of shape (n_subsets, n)
            What each subset is worth, in the order of `subsets`, in each of n games.

        Returns
        -------
        ndarray of shape (n_views, n)
            Shapley values.
        """
        at = {subset: i for i, subset in enumerate(self.subsets)}
        weights = np.zeros((len(self.views), len(self.subsets)))
        for row, view in zip(weights, self.views, strict=True):
            parts = self.shares(view)
            for part in parts:
                for subset, share in part.items():
                    row[at[subset]] += share / len(parts)
        return np.asarray(weights @ worth)


def sureness(said: Any, probabilities: Any, given: Any, classes: Any, target: str) -> np.ndarray:
    """Tell how sure a model is of answers that it gave, now that it may lack a view.

    Parameters
    ----------
    said : ndarray of shape (n,) or (n, n_labels)
        What it says now.
    probabilities : ndarray of shape (n, n_classes) or None
        What it says of each class now.
    given : ndarray of shape (n,) or (n, n_labels)
        The answers in question.
    classes : ndarray or None
        The labels, sorted; None of numbers.
    target : {"classes", "numbers", "sets"}
        What is told.

    Returns
    -------
    ndarray of shape (n,)
        The probability of the class that was given; without probabilities, whether the model says
        the same. Of sets of labels, the mean over labels, where that of a label that was not given
        counts negative. Of numbers, what it says.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.shares._game import sureness
    >>> said, p = np.array(["good"]), np.array([[0.3, 0.7]])
    >>> sureness(said, p, np.array(["bad"]), np.array(["bad", "good"]), "classes").tolist()
    [0.3]
    """
    if target == "numbers":
        return np.asarray(said, dtype=np.float64)
    if target == "sets":
        signs = np.asarray(given, dtype=np.float64) * 2 - 1
        each = np.asarray(said if probabilities is None else probabilities, dtype=np.float64)
        return np.asarray((signs * each).mean(axis=1))
    if probabilities is None:
        return np.asarray(np.asarray(said) == np.asarray(given), dtype=np.float64)
    p = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(p[np.arange(len(p)), np.searchsorted(np.asarray(classes), given)])
