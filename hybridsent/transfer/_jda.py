"""Joint and balanced distribution adaptation (layer L3).

No kept package on PyPI has them for scikit-learn: skada 0.6 and adapt do not.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import column_or_1d

from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent.transfer._adapter import ComponentAdapter
from hybridsent.transfer._discrepancy import components, domain_contrast
from hybridsent.transfer._domain import Rows
from hybridsent.transfer._kernel_map import landmark_rows, low_rank

__all__ = ["JDA"]


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
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "kernel": [StrOptions({"rbf", "linear"})],
        "gamma": [None, Interval(Real, 0, None, closed="neither")],
        "mu": [Interval(Real, 0, None, closed="neither")],
        "balance": [Interval(Real, 0, 1, closed="both")],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "estimator": [None, HasMethods(["fit", "predict"])],
        "normalize": ["boolean"],
        "n_landmarks": [None, Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
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
        classes, codes = _codes(rows, y)
        # without labels in the source there is nothing to guess classes by
        guessing = bool((rows.labeled & ~rows.target).any() and self.n_target_)
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
            X = rbf_kernel(X, self.landmarks_, gamma=self.gamma_)
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


def _codes(rows: Rows, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Give the classes, and the position of each row's among them; -1 without a label."""
    codes = np.full(len(rows.X), -1)
    if y is None or not rows.labeled.any():
        return np.array([]), codes
    column = column_or_1d(np.asarray(y, dtype=object))  # read_rows has warned of a table
    known = np.asarray(column[rows.labeled].tolist())
    classes, codes[rows.labeled] = np.unique(known, return_inverse=True)
    return classes, codes


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
