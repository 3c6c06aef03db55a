"""Weights that balance the losses of two domains (layer L3). They need no library, only a name."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np

from hybridsent._params import Interval
from hybridsent.transfer._domain import Rows
from hybridsent.transfer._weigher import BaseWeigher, warn_without_labeled_target

__all__ = ["BalancedWeights"]


class BalancedWeights(BaseWeigher):
    r"""Give the labelled rows of the target a share of the loss, however few they are.

    A model that is fitted with the weights minimises

    .. math:: (1 - g) \frac{1}{n_s} \sum_{i \in s} \ell_i + g \frac{1}{n_t} \sum_{i \in t} \ell_i

    over the labelled rows of source and target, up to a factor: the mean weight of a labelled row
    is 1.

    Parameters
    ----------
    gamma : float, default=0.5
        Share g of the target.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`; 0 for rows without a label. All are 1 where one domain has no
        labelled row.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth: their number, because they are equal.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    TrAdaBoostClassifier : Finds out which source rows are of use.

    References
    ----------
    Wu, Dietterich: Improving SVM accuracy by training on auxiliary data sources, ICML 2004.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import BalancedWeights
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 1.0, 1.1], "domain__0": [0, 0, 0, 1, 1]})
    >>> BalancedWeights().fit(X, ["a", "b", "b", "a", -1]).sample_weight_.round(2)
    array([0.67, 0.67, 0.67, 2. , 0. ])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "gamma": [Interval(Real, 0, 1, closed="both")]
    }

    def __init__(self, gamma: float = 0.5) -> None:
        self.gamma = gamma

    def _weigh(self, rows: Rows) -> np.ndarray:
        source, target = rows.labeled & ~rows.target, rows.labeled & rows.target
        if not source.any() or not target.any():
            warn_without_labeled_target(self, rows)
            return np.ones(len(rows.X))
        out = np.zeros(len(rows.X))
        n = rows.labeled.sum()
        out[source] = (1 - self.gamma) * n / source.sum()
        out[target] = self.gamma * n / target.sum()
        return out

    def _importance_of_source(self, rows: Rows) -> np.ndarray:
        return np.asarray(self._weigh(rows)[~rows.target])
