"""Subspace alignment (layer L3).

skada's adapter needs its own pipelines, and one number of components for both domains.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import gen_batches
from sklearn.utils.extmath import svd_flip

from hybridsent._numerics.moments import project
from hybridsent._params import Interval
from hybridsent.transfer._adapter import ComponentAdapter, check_two_rows
from hybridsent.transfer._domain import Rows

__all__ = ["SubspaceAlignment"]

BLOCK = 4096
"""Rows multiplied at a time: so few that sums in float32 stay exact enough, before float64 adds."""


class SubspaceAlignment(ComponentAdapter):
    r"""Turn the principal components of the source onto those of the target.

    With orthonormal bases P of the leading d components of each domain, the map M that minimises
    :math:`\| P_s M - P_t \|_F` is :math:`P_s^\top P_t`, so

    .. math:: x_s \mapsto (x_s - \mu_s) P_s P_s^\top P_t, \qquad x_t \mapsto (x_t - \mu_t) P_t.

    No label is looked at.

    Parameters
    ----------
    n_components : int or float, default=0.9
        d; a number below 1 is the share of variance that the components of each domain must
        explain, of which the smaller d counts.

    Attributes
    ----------
    mean_source_, mean_target_ : ndarray of shape (p,)
        Means.
    components_source_, components_target_ : ndarray of shape (d, p)
        Bases, as rows.
    alignment_ : ndarray of shape (d, d)
        :math:`P_s^\top P_t`.
    n_components_ : int
        d.
    n_source_, n_target_ : int
        Rows of each domain.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    CORAL : Aligns covariances and keeps the columns.
    TCA : Finds components in which the domains are close.

    References
    ----------
    Fernando, Habrard, Sebban, Tuytelaars: Unsupervised visual domain adaptation using subspace
    alignment, ICCV 2013, eq. 1-4.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer import SubspaceAlignment
    >>> X = np.array([[0.0, 1.0], [2.0, 1.0], [5.0, 0.0], [5.0, 6.0]])
    >>> y = np.array([0, 1, -1, -1])
    >>> SubspaceAlignment(1).fit_transform(X, y).shape
    (4, 1)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="neither"),
        ]
    }

    def __init__(self, n_components: int | float = 0.9) -> None:
        self.n_components = n_components

    def _learn(self, rows: Rows, y: Any) -> None:
        check_two_rows(self)
        source, target = ~rows.target, rows.target
        if not (source.any() and target.any()):  # each domain is all rows then
            source = target = np.ones(len(target), dtype=bool)
        self.mean_source_, values_s, basis_s = _principal(rows.X[source])
        self.mean_target_, values_t, basis_t = _principal(rows.X[target])
        d = min(self._dimensions(values_s), self._dimensions(values_t))
        self.n_components_ = d
        self.components_source_ = np.ascontiguousarray(basis_s[:d])  # as it is when loaded again
        self.components_target_ = np.ascontiguousarray(basis_t[:d])
        self.alignment_ = self.components_source_ @ self.components_target_.T

    def _dimensions(self, variances: np.ndarray) -> int:
        """Count the components that are asked for, as far as a domain has them."""
        if isinstance(self.n_components, (int, np.integer)):
            return max(min(int(self.n_components), len(variances)), 1)
        total = np.cumsum(variances)
        if not total.size or total[-1] <= 0:
            return 1
        return int(np.searchsorted(total / total[-1], self.n_components)) + 1

    def _map(self, X: np.ndarray, target: bool) -> np.ndarray:
        if target or self.n_target_ == 0 or self.n_source_ == 0:
            mean, turn = self.mean_target_, self.components_target_.T
        else:
            mean, turn = self.mean_source_, self.components_source_.T @ self.alignment_
        return project(X, turn, mean)


def _principal(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variances and principal axes of rows, largest first; X is centred on the way.

    Axes whose variance is rounding are left out; one is kept where all rows are alike.
    """
    n, p = X.shape
    rounding = float(np.finfo(X.dtype).eps)
    mean = X.mean(axis=0, dtype=np.float64)
    X -= mean.astype(X.dtype)
    if n > p:  # a Gram matrix of the short side: its error does not matter at the leading axes
        gram = np.zeros((p, p))
        for block in gen_batches(n, BLOCK):
            gram += X[block].T @ X[block]
        values, axes = np.linalg.eigh(gram)
        values, axes = np.maximum(values[::-1], 0.0), axes[:, ::-1].T
        least = 10 * rounding * values[0]
    else:
        _, singular, axes = np.linalg.svd(X.astype(np.float64, copy=False), full_matrices=False)
        values = singular**2
        least = (10 * rounding) ** 2 * values[0]
    least += rounding**2 * (n + p) * float(np.mean(mean**2))  # of the values before they move
    kept = max(min(int((values > least).sum()), n - 1), 1)  # n centred rows span n - 1 directions
    _, axes = svd_flip(None, axes[:kept], u_based_decision=False)
    return mean, values[:kept], axes
