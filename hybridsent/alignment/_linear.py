"""Linear aligners in closed form: from moments to projections (layer L3).

scikit-learn's CCA takes two matrices, iterates, knows no ridge and no missing view, and cannot
stand in the middle of a supervised Pipeline. cca-zoo takes lists of views. Here the views are
columns of one matrix, and rows that lack some take part.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence, eigsh
from sklearn.utils.validation import check_is_fitted

from hybridsent._numerics.devices import resolve_device
from hybridsent._numerics.moments import Moments, project, span
from hybridsent._params import Devices, Interval, StrOptions
from hybridsent.alignment._base import AlignerMixin, check_rows
from hybridsent.alignment._labels import label_view
from hybridsent.alignment._whitening import Penalty, penalties, whiten
from hybridsent.views import as_matrix, block_of, presence, views_of

__all__ = ["LinearAligner", "Problem", "top_eigenvectors"]

_LARGE = 256  # rows of a matrix from which on Lanczos is tried
_LABELS = "\x00labels"  # a view that no column can name
_MOST = 32  # components where none are asked for


@dataclass(frozen=True)
class Problem:
    """What a subclass solves.

    Parameters
    ----------
    moments : Moments
        Of all views, the labels last where they are one.
    whitenings : list of ndarray of shape (p_j, k_j)
        Whitening of each view's regularised covariance.
    weights : ndarray of shape (n_views,)
        Weight of each view.
    n_components : int
        How many components are wanted.
    """

    moments: Moments
    whitenings: list[np.ndarray]
    weights: np.ndarray
    n_components: int


class LinearAligner(AlignerMixin):
    """Base of MCCA and GCCA; a subclass writes `_solve`."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **AlignerMixin._parameter_constraints,
        "n_components": [None, Interval(Integral, 1, None, closed="left")],
        "ridge": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left"), dict],
        "shrinkage": [None, StrOptions({"auto"}), Interval(Real, 0, 1, closed="both"), dict],
        "pca": [
            None,
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="neither"),
        ],
        "supervised": ["boolean", StrOptions({"marked", "numbers"})],
        "device": [Devices("cpu", "cuda", "mps", "torch:cpu")],
    }
    n_components: int | None
    ridge: Any
    shrinkage: Any
    pca: int | float | None
    supervised: bool | str
    device: str
    _sums: dict[str, Any] | None

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None) -> Any:
        """Learn from some more rows of a table that is larger than memory.

        Only the covariances are kept between the calls, so the result is that of `fit` on all rows
        at once, within rounding. Each call solves anew: give rows by the ten thousand. `fit` keeps
        no covariances, as they are large; a `partial_fit` after it starts over.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, as in `fit`.
        y : array of shape (n,), default=None
            Labels, with ``supervised=True``.
        classes : array of shape (n_classes,), default=None
            All labels there are, needed in the first call with ``supervised=True``.

        Returns
        -------
        self
            The fitted aligner.
        """
        self._validate_params()
        sums: dict[str, Any] | None = getattr(self, "_sums", None)
        first = sums is None
        X = as_matrix(self, X, reset=first)
        self.views_ = views_of(self)
        present = presence(X, self.views_)
        blocks = [block_of(X, columns) for columns in self.views_.values()]
        if first:
            self._classes = self._check_classes(classes)
        if self.supervised:
            block, labelled = self._label_view(y, len(X), self._classes)
            blocks, present = [*blocks, block], np.column_stack([present, labelled])
        moments = self._new_moments(blocks)
        if sums is not None:
            vars(moments).update(sums)
        moments.add(blocks, present)
        self._learn(moments, [None] * len(self.views_))
        self._sums = {name: vars(moments)[name] for name in Moments.SUMS}
        return self

    def _label_view(self, y: Any, n: int, classes: Any = None) -> tuple[np.ndarray, np.ndarray]:
        return label_view(y, n, type(self).__name__, classes, as_read=self.supervised)

    def _check_classes(self, classes: Any) -> Any:
        if self.supervised == "numbers":
            if classes is not None:
                raise ValueError(
                    "The classes parameter of partial_fit must be None with "
                    f"supervised='numbers'. Got {classes!r:.100}."
                )
            return None
        if self.supervised and classes is None:
            raise ValueError(
                "The classes parameter of partial_fit must be given in the first call with "
                "supervised=True, because no later call can add a class. Got None."
            )
        return None if classes is None else np.unique(classes)

    def _fit(self, X: np.ndarray, present: np.ndarray, y: Any) -> None:
        self._sums = None
        blocks, bases = [], []
        for j, columns in enumerate(self.views_.values()):
            block = block_of(X, columns)
            rows = present[:, j]
            wide = len(columns) > rows.sum()
            block, basis = span(block, rows) if wide else (block, None)
            blocks.append(block)
            bases.append(basis)
        if self.supervised:
            block, labelled = self._label_view(y, len(X))
            blocks, present = [*blocks, block], np.column_stack([present, labelled])
        moments = self._new_moments(blocks)
        moments.add(blocks, present)
        self._learn(moments, bases)

    def _new_moments(self, blocks: list[np.ndarray]) -> Moments:
        names = [*self.views_, *([_LABELS] if self.supervised else [])]
        widths = {view: block.shape[1] for view, block in zip(names, blocks, strict=True)}
        self._weights = self._weights_of(self.views_)
        device = (
            None if self.device == "cpu" else resolve_device(self.device.removeprefix("torch:"))
        )
        return Moments(widths, {_LABELS: 1.0, **self._weights}, device)

    def _weights_of(self, views: Mapping[str, Any]) -> dict[str, float]:
        return dict.fromkeys(views, 1.0)

    def _learn(self, moments: Moments, bases: list[tuple[np.ndarray, np.ndarray] | None]) -> None:
        names = list(moments.widths)
        self._check_counts(moments, names)
        rules = penalties(self.views_, self.ridge, self.shrinkage, type(self).__name__)
        rules[_LABELS] = Penalty(0.0, 0.0)
        own = [moments.covariance(j, j) for j in range(len(names))]
        whitenings, self.shrinkage_ = [], {}
        for j, view in enumerate(names):
            width = len(self.views_.get(view, range(moments.widths[view])))
            pca = self.pca if view in self.views_ else None
            W, c = whiten(own[j], moments.count(j, j), rules[view], pca, width)
            whitenings.append(W)
            if view in self.views_:
                self.shrinkage_[view] = c
        k = self._count_components(whitenings)
        problem = Problem(moments, whitenings, moments.weights, k)
        projections, self.eigenvalues_ = self._solve(problem)
        projections = _signed(projections)
        self.n_components_ = k
        self._describe(moments, projections[: len(self.views_)], bases, own)

    def _check_counts(self, moments: Moments, names: list[str]) -> None:
        views, caller = len(self.views_), type(self).__name__
        count = np.array([[moments.count(i, j) for j in range(views)] for i in range(views)])
        check_rows(caller, count, moments.rows, names[:views])
        labelled = moments.count(views, views) if self.supervised else 2
        if labelled < 2:
            raise ValueError(
                f"{caller} with supervised=True needs at least 2 labelled rows. Got "
                f"{int(labelled)}; set supervised=False."
            )

    def _count_components(self, whitenings: list[np.ndarray]) -> int:
        ranks = [W.shape[1] for W in whitenings]
        most = self._most_components(ranks)
        own = ranks[: len(self.views_)]
        if self.n_components is None:
            return int(min(_MOST, most, *own))
        if self.n_components > most:
            raise ValueError(
                f"The 'n_components' parameter of {type(self).__name__} must be at most {most}, as "
                f"the views {list(self.views_)} have {own} dimensions in these rows. Got "
                f"{self.n_components}; None takes what there is, at most {_MOST}."
            )
        return int(self.n_components)

    def _most_components(self, ranks: list[int]) -> int:
        return sum(ranks)

    @abstractmethod
    def _solve(self, problem: Problem) -> tuple[list[np.ndarray], np.ndarray]:
        """Projections (p_j, k) of the views, best component first, and the eigenvalues."""

    def _describe(
        self,
        moments: Moments,
        projections: list[np.ndarray],
        bases: list[tuple[np.ndarray, np.ndarray] | None],
        own: list[np.ndarray],
    ) -> None:
        """Set what is learned, in the columns of X."""
        views = list(self.views_)
        cross = _cross(moments, projections)
        share = np.array([self._weights[view] for view in views])
        share = share / share.sum()
        joint = np.einsum("i,j,ijab->ab", share, share, cross)
        self.mean_, self.weights_, self.loadings_, self._back = {}, {}, {}, {}
        self.explained_variance_ratio_ = {}
        for j, view in enumerate(views):
            A, S = projections[j], own[j]
            covariance = S @ A  # of the columns with the view's own coordinates
            variance = np.maximum(np.diagonal(cross[j, j]), 0.0)
            if self.combine == "concat":
                back = _regression(cross[j, j], covariance.T)
            else:
                shared = sum(
                    share[i] * projections[i].T @ moments.covariance(i, j)
                    for i in range(len(views))
                )
                back = _regression(joint, shared)
            mean, diagonal = moments.mean(j), np.diagonal(S)
            basis = bases[j]
            if basis is not None:
                centre, V = basis
                diagonal = np.einsum("rp,rp->p", V, S @ V)
                A, covariance, back, mean = V.T @ A, V.T @ covariance, back @ V, centre + mean @ V
            total = float(diagonal.sum())
            below = np.sqrt(np.outer(np.maximum(diagonal, 0.0), variance))
            self.mean_[view] = mean
            self.weights_[view] = A
            self.loadings_[view] = np.divide(
                covariance, below, out=np.zeros_like(covariance), where=below > 0
            )
            self.explained_variance_ratio_[view] = np.divide(
                np.einsum("pk,pk->k", covariance, covariance),
                variance * total,
                out=np.zeros(len(variance)),
                where=variance * total > 0,
            )
            self._back[view] = back
        self.canonical_correlations_ = self._canonical(cross)

    def _canonical(self, cross: np.ndarray) -> np.ndarray:
        """Mean correlation over pairs of views, from the covariances of their coordinates."""
        views, k = len(self.views_), self.n_components_
        if views == 1:
            return np.full(k, np.nan)
        scale = np.sqrt(np.maximum(np.einsum("iikk->ik", cross), 1e-300))
        pairs = [
            np.diagonal(cross[i, j]) / (scale[i] * scale[j]) for i in range(views) for j in range(i)
        ]
        return np.asarray(np.clip(np.mean(pairs, axis=0), -1.0, 1.0))

    def _view_scores(self, view: str, X: np.ndarray) -> np.ndarray:
        return project(X, self.weights_[view], self.mean_[view])

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Predict the columns of all views from coordinates; so a view that a row lacks, too.

        With ``combine="mean"`` each view is regressed on the shared coordinates, with ``"concat"``
        on its own ones (which are those of the other views where a row lacks it).

        Parameters
        ----------
        X : array of shape (n, n_components) or (n, n_views * n_components)
            What `transform` gives.

        Returns
        -------
        ndarray of shape (n, p)
            Predicted columns, those of each view in their places.

        Raises
        ------
        ValueError
            If X has another number of columns.
        """
        check_is_fitted(self)
        X = np.asarray(X)
        k, handed_on = self.n_components_, self._handed_on()
        own = k if self.combine == "mean" else k * len(self.views_)
        wide = own + len(handed_on)
        if X.ndim != 2 or X.shape[1] != wide:
            raise ValueError(
                f"X must have the {wide} columns that transform gives. Got the shape {X.shape}."
            )
        kind = X.dtype if X.dtype.kind == "f" else np.dtype(np.float64)
        out = np.empty((len(X), self.n_features_in_), dtype=kind)
        for j, (view, columns) in enumerate(self.views_.items()):
            part = X[:, :own] if self.combine == "mean" else X[:, j * k : (j + 1) * k]
            out[:, columns] = project(part, self._back[view]) + self.mean_[view]
        out[:, handed_on] = X[:, own:]
        return out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = bool(self.supervised)
        return tags


def top_eigenvectors(A: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest eigenvalues of a symmetric matrix, in falling order, and their eigenvectors.

    Parameters
    ----------
    A : ndarray of shape (n, n)
        The matrix.
    k : int
        How many.

    Returns
    -------
    values : ndarray of shape (k,)
        Eigenvalues.
    vectors : ndarray of shape (n, k)
        Eigenvectors, orthonormal.
    """
    n = len(A)
    if n >= _LARGE and n >= _LARGE // 16 * k:  # few of many: Lanczos takes a fraction of the time
        start = np.random.RandomState(0).standard_normal(n)
        try:
            values, vectors = eigsh(A, k, which="LA", v0=start, ncv=min(n, max(4 * k, 40)))
            return values[::-1], vectors[:, ::-1]
        except ArpackNoConvergence:  # values that lie close together; the long way finds them
            pass
    values, vectors = eigh(A, subset_by_index=[n - k, n - 1])
    return values[::-1], vectors[:, ::-1]


def _cross(moments: Moments, projections: list[np.ndarray]) -> np.ndarray:
    """Covariances (n_views, n_views, k, k) of the views' coordinates."""
    views, k = len(projections), projections[0].shape[1]
    out = np.zeros((views, views, k, k))
    for i in range(views):
        for j in range(i + 1):
            out[i, j] = projections[i].T @ (moments.covariance(i, j) @ projections[j])
            out[j, i] = out[i, j].T
    return out


def _regression(own: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """Coefficients (k, p) of a view on coordinates, given the covariances of both."""
    return np.asarray(np.linalg.pinv(own, rcond=1e-10, hermitian=True) @ cross)


def _signed(projections: list[np.ndarray]) -> list[np.ndarray]:
    """Turn each component so that the largest weight of the first view is positive."""
    first = projections[0]
    signs = np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    signs[signs == 0] = 1.0
    return [projection * signs for projection in projections]
