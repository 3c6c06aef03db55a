"""Adapters that give new columns: components in which the domains are alike (layer L3).

skada 0.6 hands TCA's matrix, which is not symmetric, to a solver for symmetric ones, and holds five
dense matrices of all rows; its subspace alignment has one number of components for both domains. No
kept package on PyPI has JDA for scikit-learn.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.extmath import svd_flip

from hybridsent._numerics.kernels import kernel_matrix, median_gamma
from hybridsent._numerics.moments import project
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._rows import Rows
from hybridsent.transfer._solvers import (
    components,
    domain_contrast,
    kernel_components,
    landmark_rows,
    low_rank,
)
from hybridsent.transfer.base import BaseAdapter, check_two_rows

__all__ = ["JDA", "TCA", "SubspaceAlignment"]

BLOCK = 4096
"""Rows multiplied at a time: so few that sums in float32 stay exact enough, before float64 adds."""

_KERNEL_CONSTRAINTS: dict[str, list[Any]] = {
    "n_components": [Interval(Integral, 1, None, closed="left")],
    "kernel": [StrOptions({"rbf", "linear"})],
    "gamma": [None, Interval(Real, 0, None, closed="neither")],
    "mu": [Interval(Real, 0, None, closed="neither")],
    "n_landmarks": [None, Interval(Integral, 2, None, closed="left")],
    "random_state": ["random_state"],
}


class ComponentAdapter(BaseAdapter):
    """Base of the adapters that give new columns; `_learn` sets ``n_components_``."""

    def _names_out(self) -> np.ndarray:
        return np.asarray([f"adapted__{i}" for i in range(self.n_components_)], dtype=object)

    def _width(self, X: np.ndarray) -> float:
        """Give `gamma` of the RBF kernel, where an adapter has one."""
        if self.gamma is not None:
            return float(self.gamma)
        return median_gamma(X, check_random_state(self.random_state))


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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = _KERNEL_CONSTRAINTS

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
            K = kernel_matrix(X, None, self.gamma_)
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
        kernel = kernel_matrix(X.astype(np.float64), self.landmarks_, self.gamma_)
        return np.asarray(kernel @ self.coef_)


def _linear(X: np.ndarray, contrast: np.ndarray, mu: float, k: int) -> np.ndarray:
    """Solve with K = X X' in as many dimensions as X has; gives weights of the columns."""
    _, singular, axes = np.linalg.svd(X, full_matrices=False)
    keep = singular > 1e-10 * max(float(singular[0]), 1e-300)
    if not keep.any():  # all rows alike
        keep[0] = True
    back = axes[keep].T * singular[keep]  # K U = X back
    return np.asarray(back @ components(X @ back, contrast[:, None], mu, min(k, back.shape[1])))


class JDA(ComponentAdapter):
    r"""Find components in which domains have one mean, and each class has, too.

    As in TCA, but the differences of the means of each class count as well,

    .. math:: \max_A \operatorname{tr} A^\top G^\top H G A \quad \text{so that} \quad
              A^\top \Bigl( G^\top \bigl( 2 (1 - b) M_0 + 2 b \sum_c M_c \bigr) G
              + \mu I \Bigr) A = I,

    with M the outer product of what takes the mean of the target off that of the source, over all
    rows or those of class c, scaled together to Frobenius norm 1. The classes of unlabelled target
    rows are what a classifier of the source rows says in the components of the round before; after
    a few rounds they hardly change; one round is enough where all are known. G are the rows, each
    of length one, or their kernel.

    Parameters
    ----------
    n_components : int, default=30
        Components; fewer where there are fewer rows or columns.
    kernel : {"linear", "rbf"}, default="linear"
        What rows are seen through.
    gamma : float or None, default=None
        Width of the RBF kernel; None is :math:`1 / (2 m^2)` with the median distance m of
        pairs of rows.
    mu : float, default=0.1
        Penalty.
    balance : float, default=0.5
        b: 0.5 is joint distribution adaptation (JDA), 0 is TCA, other values are balanced
        distribution adaptation (BDA).
    n_iter : int, default=10
        Most rounds; it ends earlier where no class changes.
    estimator : classifier or None, default=None
        What tells the classes; None is the nearest neighbour.
    normalize : bool, default=True
        Whether each row is brought to length one, and each row of components, as the authors do.
        Take means and scales of the domains off before, by ``GroupScaler("domain", drop=False)``:
        a row's direction is also that of its domain's mean.
    n_landmarks : int or None, default=500
        With more rows than this, the RBF kernel is seen through so many of them, half of each
        domain; None takes all.
    random_state : int, RandomState or None, default=0
        Seed of the landmarks.

    Attributes
    ----------
    coef_ : ndarray of shape (m, n_components_)
        Turns columns, or kernels with the landmarks, into components.
    landmarks_ : ndarray of shape (m, p) or None
        Rows that a new one is compared with; None with a linear kernel.
    pseudo_labels_ : ndarray of shape (n_target_,)
        Classes of the target rows in the last round, in the order of `fit`; empty where there were
        no labels to guess by.
    n_iter_ : int
        Rounds.
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

    Warns
    -----
    TransferWarning
        If y holds numbers, of which there are no classes: then it is TCA on rows of length one.

    See Also
    --------
    TCA : Without classes.

    References
    ----------
    Long, Wang, Ding, Sun, Yu: Transfer feature learning with joint distribution adaptation, ICCV
    2013, eq. 5-9.

    Wang, Chen, Hao, Feng, Shen: Balanced distribution adaptation for transfer learning, ICDM 2017,
    eq. 4.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer import JDA
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1, 0, 1], 20)
    >>> X = rng.normal(size=(80, 3)) + np.outer(y, [4, 0, 0]) + np.repeat([0, 5], 40)[:, None]
    >>> adapter = JDA(2, normalize=False).fit(X, np.where(np.arange(80) < 40, y, -1))
    >>> bool((adapter.pseudo_labels_ == y[40:]).mean() > 0.8)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_KERNEL_CONSTRAINTS,
        "balance": [Interval(Real, 0, 1, closed="both")],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "estimator": [None, HasMethods(["fit", "predict"])],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        n_components: int = 30,
        *,
        kernel: str = "linear",
        gamma: float | None = None,
        mu: float = 0.1,
        balance: float = 0.5,
        n_iter: int = 10,
        estimator: Any = None,
        normalize: bool = True,
        n_landmarks: int | None = 500,
        random_state: Any = 0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.mu = mu
        self.balance = balance
        self.n_iter = n_iter
        self.estimator = estimator
        self.normalize = normalize
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def _learn(self, rows: Rows, y: Any) -> None:
        X = self._unit(rows.X.astype(np.float64))
        G, back = self._coordinates(X, rows.target)
        k = min(int(self.n_components), *G.shape)
        contrasts = [domain_contrast(rows.target)[:, None]]
        classes, codes = self._codes(rows)
        # without labels in the source there is nothing to guess classes by
        guessing = bool((codes[~rows.target] >= 0).any() and self.n_target_)
        guessed = codes[rows.target]
        if guessing and (guessed >= 0).all():  # nothing to guess: one round with the known classes
            contrasts.append(_class_contrasts(codes, guessed, rows.target))
        for done in range(1, int(self.n_iter) + 1):
            self.n_iter_ = done
            C = components(G, self._weighed(contrasts), float(self.mu), k)
            if not guessing:
                break
            before, guessed = guessed, self._guess(self._unit(G @ C), codes, rows.target)
            contrasts[1:] = [_class_contrasts(codes, guessed, rows.target)]
            if np.array_equal(before, guessed):
                break
        self.pseudo_labels_ = classes[guessed] if guessing else np.array([])
        self.coef_ = back @ C
        self.n_components_ = k

    def _map(self, X: np.ndarray, target: bool) -> np.ndarray:
        X = self._unit(X.astype(np.float64))
        if self.landmarks_ is not None:
            X = kernel_matrix(X, self.landmarks_, self.gamma_)
        return self._unit(X @ self.coef_)

    def _unit(self, rows: np.ndarray) -> np.ndarray:
        if not self.normalize:
            return rows
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.where(length > 0, length, 1.0))

    def _coordinates(self, X: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give G, and what turns a row, or its kernel, into a row of it."""
        self.landmarks_, self.gamma_ = None, 1.0
        if self.kernel == "linear":
            if X.shape[1] <= len(X):
                return X, np.eye(X.shape[1])
            back = np.linalg.svd(X, full_matrices=False)[2].T  # solutions lie in the rows' span
            return X @ back, back
        self.gamma_ = self._width(X)
        every = self.n_landmarks is None or len(X) <= self.n_landmarks
        chosen: Any = slice(None)
        if not every:
            chosen = landmark_rows(target, int(self.n_landmarks or 0), self.random_state, X)
        self.landmarks_ = X[chosen]
        return low_rank(X, self.landmarks_, self.gamma_)

    def _codes(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Give the classes, and the position of each row's among them; -1 without a label."""
        codes = np.full(len(rows.X), -1)
        if not rows.labeled.any():
            return np.array([]), codes
        if rows.kind == "numbers":
            warnings.warn(
                f"{type(self).__name__} brings classes together, and y holds numbers, such as "
                f"{rows.labels(rows.labeled)[0]:g}: only the means of the domains are brought "
                "together, as by TCA. Cut the numbers into classes, or take another method.",
                TransferWarning,
                stacklevel=5,
            )
            return np.array([]), codes
        known = np.asarray(rows.labels(rows.labeled).tolist())
        classes, codes[rows.labeled] = np.unique(known, return_inverse=True)
        return classes, codes

    def _weighed(self, contrasts: list[np.ndarray]) -> np.ndarray:
        """Weigh marginal and class contrasts, and bring their outer products to norm one."""
        if len(contrasts) == 1:
            E = contrasts[0]
        else:
            b = float(self.balance)
            E = np.hstack([np.sqrt(2 * (1 - b)) * contrasts[0], np.sqrt(2 * b) * contrasts[1]])
        norm = np.linalg.norm(E.T @ E)
        return np.asarray(E / np.sqrt(norm) if norm > 0 else E)

    def _guess(self, Z: np.ndarray, codes: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Give the classes of the target rows: those that are known, else the teacher's."""
        known = codes >= 0
        teacher = KNeighborsClassifier(1) if self.estimator is None else clone(self.estimator)
        found = teacher.fit(Z[known], codes[known]).predict(Z[target])
        return np.asarray(np.where(known[target], codes[target], found))


def _class_contrasts(codes: np.ndarray, guessed: np.ndarray, target: np.ndarray) -> np.ndarray:
    """One column a class that both domains have."""
    columns = []
    places = np.flatnonzero(target)
    for code in np.unique(codes[~target & (codes >= 0)]):
        ours, theirs = ~target & (codes == code), places[guessed == code]
        if len(theirs):
            column = np.where(ours, 1.0 / ours.sum(), 0.0)
            column[theirs] = -1.0 / len(theirs)
            columns.append(column)
    return np.column_stack(columns) if columns else np.zeros((len(codes), 1))
