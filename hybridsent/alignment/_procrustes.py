"""Rotations that lay the views upon each other (layer L3).

SciPy rotates one matrix onto another. Here are any number of views, of different widths, of which
rows may lack some.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from hybridsent._numerics.moments import project
from hybridsent._params import Interval
from hybridsent.alignment._base import AlignerMixin, pairwise_correlations

__all__ = ["Procrustes"]

_MOST = 32  # components where none are asked for


class Procrustes(AlignerMixin):
    r"""Rotate the principal components of each view onto those of the others.

    With :math:`Y_j` the first k principal components of view j, scaled to rows of mean squared
    length one, finds rotations

    .. math:: \min_R \sum_{i < j} \| Y_i R_i - Y_j R_j \|^2
              \quad \text{s.t.} \quad R_j^\top R_j = I

    over the rows that have both views. Two views are solved at once by the singular vectors of
    :math:`Y_2^\top Y_1`; more by turning each view in turn towards the mean of all, until nothing
    moves (generalised Procrustes analysis). Distances within a view are kept, which CCA does not
    do; so it needs no regularisation, and finds less.

    Parameters
    ----------
    n_components : int or None, default=None
        k; None is the rank of the smallest view, at most 32.
    combine : {"mean", "concat"}, default="mean"
        What a row becomes: the mean of the coordinates by the views that it has, or those of all
        views side by side.
    max_iter : int, default=100
        Most rounds, for more than two views.
    tol : float, default=1e-8
        A round that lowers the objective by less, relative to it, is the last.

    Attributes
    ----------
    weights_ : dict of str to ndarray of shape (p_j, n_components)
        Projection of each view.
    mean_ : dict of str to ndarray of shape (p_j,)
        Mean of each view over the rows that have it.
    canonical_correlations_ : ndarray of shape (n_components,)
        Mean over pairs of views of the correlation of their coordinates; NaN for a single view.
    disparity_ : float
        Mean squared distance of the views' coordinates of a row from their mean.
    n_iter_ : int
        Rounds.
    views_ : dict of str to ndarray of int
        Columns of each view.
    n_components_ : int
        Dimensions of the shared space.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    MCCA : Seeks correlated directions instead of keeping distances.
    scipy.linalg.orthogonal_procrustes : One rotation of one matrix.

    References
    ----------
    Schönemann: A generalized solution of the orthogonal Procrustes problem, Psychometrika 1966.

    Gower: Generalized Procrustes analysis, Psychometrika 1975.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.alignment import Procrustes
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(50, 2))
    >>> X = pd.DataFrame(np.hstack([z, z @ [[0.6, -0.8], [0.8, 0.6]]]))
    >>> X.columns = ["text__0", "text__1", "image__0", "image__1"]
    >>> round(Procrustes().fit(X).disparity_, 6)
    0.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **AlignerMixin._parameter_constraints,
        "n_components": [None, Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        combine: str = "mean",
        max_iter: int = 100,
        tol: float = 1e-8,
    ) -> None:
        self.n_components = n_components
        self.combine = combine
        self.max_iter = max_iter
        self.tol = tol

    def _fit(self, X: np.ndarray, present: np.ndarray, y: Any) -> None:
        k = self._count_components(present)
        bases, parts = {}, []
        self.mean_ = {}
        for j, (view, columns) in enumerate(self.views_.items()):
            rows = present[:, j]
            seen = X[np.ix_(rows, columns)].astype(np.float64)
            pca = PCA(k, svd_solver="full" if min(seen.shape) < 500 else "auto", random_state=0)
            found = pca.fit_transform(seen)
            length = np.sqrt(np.mean(np.einsum("ij,ij->i", found, found))) or 1.0
            self.mean_[view] = pca.mean_
            bases[view] = pca.components_.T / length
            part = np.zeros((len(X), k))
            part[rows] = found / length
            parts.append(part)
        rotations, self.disparity_, self.n_iter_ = self._rotate(parts, present)
        self.weights_ = {
            view: basis @ R for (view, basis), R in zip(bases.items(), rotations, strict=True)
        }
        self.n_components_ = k
        self.canonical_correlations_ = pairwise_correlations(self._scores(X, present), present)

    def _count_components(self, present: np.ndarray) -> int:
        rows = present.sum(axis=0)
        ranks = [
            min(len(columns), int(n)) for columns, n in zip(self.views_.values(), rows, strict=True)
        ]
        if self.n_components is None:
            return min(_MOST, *ranks)
        if self.n_components > min(ranks):
            raise ValueError(
                f"The 'n_components' parameter of {type(self).__name__} must be at most "
                f"{min(ranks)}, as the views {list(self.views_)} have {ranks} dimensions in these "
                f"rows. Got {self.n_components}."
            )
        return self.n_components

    def _rotate(
        self, parts: list[np.ndarray], present: np.ndarray
    ) -> tuple[list[np.ndarray], float, int]:
        k = parts[0].shape[1]
        # the first view stands; each other one starts from the views that stand already
        rotations = [np.eye(k)] + [np.zeros((k, k))] * (len(parts) - 1)
        placed = np.zeros(len(parts), dtype=bool)
        placed[0] = True
        while not placed.all():
            standing = present[:, placed].any(axis=1).astype(np.int64)
            j = int(np.argmax(np.where(placed, -1, standing @ present)))
            rotations[j] = self._turn(parts, rotations, present, j, placed)
            placed[j] = True
        before, rounds = _disparity(parts, rotations, present), 1
        if len(parts) < 3:
            return rotations, before, rounds
        for rounds in range(1, self.max_iter + 1):
            for j in range(len(parts)):
                others = np.arange(len(parts)) != j
                rotations[j] = self._turn(parts, rotations, present, j, others)
            after = _disparity(parts, rotations, present)
            if before - after <= self.tol * before:
                return rotations, after, rounds
            before = after
        warnings.warn(
            f"{type(self).__name__} stopped after max_iter={self.max_iter} rounds; increase it.",
            ConvergenceWarning,
            stacklevel=5,
        )
        return rotations, before, rounds

    def _turn(
        self,
        parts: list[np.ndarray],
        rotations: list[np.ndarray],
        present: np.ndarray,
        j: int,
        others: np.ndarray,
    ) -> np.ndarray:
        """Best rotation of view j onto some others: the distances to each row's are summed."""
        total = sum(parts[i] @ rotations[i] for i in np.flatnonzero(others))
        rows = present[:, j]
        return np.asarray(orthogonal_procrustes(parts[j][rows], total[rows])[0])

    def _view_scores(self, view: str, X: np.ndarray) -> np.ndarray:
        return project(X, self.weights_[view], self.mean_[view])


def _disparity(parts: list[np.ndarray], rotations: list[np.ndarray], present: np.ndarray) -> float:
    turned = [part @ R for part, R in zip(parts, rotations, strict=True)]
    total = np.maximum(present.sum(axis=1), 1)[:, None]
    mean = np.sum(turned, axis=0) / total
    away = [
        np.sum((each[rows] - mean[rows]) ** 2) for each, rows in zip(turned, present.T, strict=True)
    ]
    return float(np.sum(away) / max(present.sum(), 1))
