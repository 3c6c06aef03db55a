"""Transfer component analysis (layer L3).

skada 0.6 hands a matrix that is not symmetric to a solver for symmetric ones, and holds five dense
matrices of all rows.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.metrics.pairwise import rbf_kernel

from hybridsent._params import Interval, StrOptions
from hybridsent.transfer._adapter import ComponentAdapter
from hybridsent.transfer._discrepancy import components, domain_contrast, kernel_components
from hybridsent.transfer._domain import Rows
from hybridsent.transfer._kernel_map import landmark_rows, low_rank

__all__ = ["TCA"]


class TCA(ComponentAdapter):
    r"""Find components of a kernel in which the two domains have one mean and rows still vary.

    With the kernel matrix K of all rows, :math:`L = e e^\top` such that :math:`e^\top f` is the
    mean of the source less that of the target, and H that centres,

    .. math:: \max_W \operatorname{tr} W^\top K H K W
              \quad \text{so that} \quad W^\top (K L K + \mu I) W = I,

    of which the solution are the leading eigenvectors of :math:`(K L K + \mu I)^{-1} K H K`. A row
    becomes :math:`k(x, \cdot) W`. No label is looked at.

    Parameters
    ----------
    n_components : int, default=100
        Components; fewer where there are fewer rows or columns.
    kernel : {"linear", "rbf"}, default="linear"
        The kernel.
    gamma : float or None, default=None
        Width of the RBF kernel, :math:`\exp(-\gamma \|x - y\|^2)`; None is
        :math:`1 / (2 m^2)` with the median distance m of pairs of rows.
    mu : float, default=1.0
        :math:`\mu`; less weighs the difference of the domains more.
    n_landmarks : int or None, default=2000
        With more rows than this, the RBF kernel is seen through so many of them (Nyström), half of
        each domain; None takes all, and memory for a matrix of all rows with all.
    random_state : int, RandomState or None, default=0
        Seed of the landmarks, and of the rows whose distances tell `gamma`.

    Attributes
    ----------
    coef_ : ndarray of shape (m, n_components_)
        Turns kernels with the landmarks, or centred columns, into components.
    landmarks_ : ndarray of shape (m, p) or None
        Rows that a new one is compared with; None with a linear kernel.
    mean_ : ndarray of shape (p,)
        Mean of the columns, which the linear kernel takes off.
    gamma_ : float
        As used.
    n_components_ : int
        Components found.
    n_source_, n_target_ : int
        Rows of each domain.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    JDA : Brings the classes together as well.
    SubspaceAlignment : Linear, and without a penalty to choose.

    Notes
    -----
    Scale the columns first. Up to 1,500 rows a dense solver is used, beyond that Lanczos iterations
    on the same problem; a linear kernel is solved in as many dimensions as there are columns.

    References
    ----------
    Pan, Tsang, Kwok, Yang: Domain adaptation via transfer component analysis, IEEE Transactions on
    Neural Networks 2011, eq. 10-12.

    Williams, Seeger: Using the Nyström method to speed up kernel machines, NeurIPS 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer import TCA
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [9.0, 0.0], [9.0, 1.0]])
    >>> y = np.array([0, 1, -1, -1])
    >>> Z = TCA(1, mu=0.01).fit_transform(X, y)
    >>> bool(abs(Z[0] - Z[2]) < 0.1 * abs(Z[0] - Z[1]))
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "kernel": [StrOptions({"rbf", "linear"})],
        "gamma": [None, Interval(Real, 0, None, closed="neither")],
        "mu": [Interval(Real, 0, None, closed="neither")],
        "n_landmarks": [None, Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int = 100,
        *,
        kernel: str = "linear",
        gamma: float | None = None,
        mu: float = 1.0,
        n_landmarks: int | None = 2000,
        random_state: Any = 0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.mu = mu
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def _learn(self, rows: Rows, y: Any) -> None:
        X = rows.X.astype(np.float64)
        contrast = domain_contrast(rows.target)
        self.mean_ = X.mean(axis=0)
        self.landmarks_ = None
        if self.kernel == "linear":
            self.gamma_ = 1.0
            self.coef_ = _linear(X - self.mean_, contrast, float(self.mu), int(self.n_components))
            self.n_components_ = self.coef_.shape[1]
            return
        self.gamma_ = self._width(X)
        k = min(int(self.n_components), len(X))
        if self.n_landmarks is None or len(X) <= self.n_landmarks:
            self.landmarks_ = X
            K = rbf_kernel(X, gamma=self.gamma_)
            self.coef_ = kernel_components(K, contrast, float(self.mu), k)
        else:
            chosen = landmark_rows(rows.target, int(self.n_landmarks), self.random_state, X)
            self.landmarks_ = X[chosen]
            G, back = low_rank(X, self.landmarks_, self.gamma_)
            self.coef_ = back @ components(G, contrast[:, None], float(self.mu), k)
        self.n_components_ = self.coef_.shape[1]

    def _map(self, X: np.ndarray, target: bool) -> np.ndarray:
        if self.landmarks_ is None:
            return np.asarray((X - self.mean_) @ self.coef_)
        kernel = rbf_kernel(X.astype(np.float64), self.landmarks_, gamma=self.gamma_)
        return np.asarray(kernel @ self.coef_)


def _linear(X: np.ndarray, contrast: np.ndarray, mu: float, k: int) -> np.ndarray:
    """Solve with K = X X' in as many dimensions as X has; gives weights of the columns."""
    _, singular, axes = np.linalg.svd(X, full_matrices=False)
    keep = singular > 1e-10 * max(float(singular[0]), 1e-300)
    if not keep.any():  # all rows alike
        keep[0] = True
    back = axes[keep].T * singular[keep]  # K U = X back
    return np.asarray(back @ components(X @ back, contrast[:, None], mu, min(k, back.shape[1])))
