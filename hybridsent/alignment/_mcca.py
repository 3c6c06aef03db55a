"""SUMCOR: multiset canonical correlation analysis (layer L3)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.linalg import eigh, svd

from hybridsent.alignment._linear import LinearAligner, Problem, top_eigenvectors

__all__ = ["MCCA"]

_EXACT = 1e-3  # a correlation below is not told from its square's rounding


class MCCA(LinearAligner):
    r"""Canonical correlation analysis of any number of views, with a ridge and missing views.

    Finds projections that make the coordinates of all views go together:

    .. math:: \max_w \sum_{i \ne j} w_i^\top C_{ij} w_j
              \quad \text{s.t.} \quad \sum_j w_j^\top D_j w_j = M,
              \qquad D_j = C_{jj} + \left( \tfrac{c_j}{1 - c_j}
              \tfrac{\operatorname{tr} C_{jj}}{p_j} + k_j \right) I,

    with the covariances C of the M views. It is solved in closed form: each view is whitened by the
    Cholesky factor (or, without a ridge, the eigenvectors) of its D, and the components are the top
    eigenvectors of the matrix of whitened cross-covariances; for two views, the singular vectors of
    its one block, which is ridge CCA. A view with more columns than rows is first written in a
    basis of the span of its rows, where the solution lies. No matrix is larger than the columns of
    all views, or M times the rows.

    Parameters
    ----------
    n_components : int or None, default=None
        Dimensions of the shared space; None is the rank of the smallest view, at most 32.
    ridge : float, "auto", or dict of these by view, default="auto"
        k, added to the covariance of a view. ``"auto"`` takes the shrinkage c that suits the
        covariance best under a normal distribution (oracle approximating shrinkage) instead; 0 is
        plain CCA, which finds perfect correlations where columns outnumber rows.
    shrinkage : float, "auto", None, or dict of these by view, default=None
        c, from 0 to 1, of the shrunk covariance (1 - c) C + c tr(C)/p I, of which D is a multiple;
        None is 0 where `ridge` is a number.
    pca : int, float or None, default=None
        Principal components of each view to work with: how many at most, or what share of the
        variance; None is all.
    combine : {"mean", "concat"}, default="mean"
        What a row becomes: the mean of the coordinates by the views that it has, or those of all
        views side by side.
    supervised : bool, "marked" or "numbers", default=False
        Whether the labels are one more view while fitting, which turns the space towards what tells
        the classes apart. Rows labelled -1 take part without a label;
        ``"marked"`` says that -1 is no class, so that nothing is said where it stands beside 0 and
        1, as of a polarity; ``"numbers"`` that labels are numbers, of which NaN alone is none.
    device : str, default="cpu"
        Where the covariances are computed: ``"cpu"``, or ``"cuda"``, ``"cuda:1"``, ``"mps"`` or
        ``"torch:cpu"`` by torch, in float64 (on mps in float32).

    Attributes
    ----------
    canonical_correlations_ : ndarray of shape (n_components,)
        (l - 1) / (M - 1) of each component, with the eigenvalue l: the mean correlation of the
        regularised coordinates. Labels, where they are a view, count. NaN for a single view.
    weights_ : dict of str to ndarray of shape (p_j, n_components)
        Projection of each view.
    mean_ : dict of str to ndarray of shape (p_j,)
        Mean of each view over the rows that have it.
    loadings_ : dict of str to ndarray of shape (p_j, n_components)
        Correlation of each column with its view's coordinates.
    explained_variance_ratio_ : dict of str to ndarray of shape (n_components,)
        Share of each view's variance that a component alone explains.
    shrinkage_ : dict of str to float
        c, as used.
    eigenvalues_ : ndarray of shape (n_components,)
        l; for a single view the variance of each component.
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
    GCCA : Seeks one common variable instead of pairwise correlations; exact with missing views.
    sklearn.cross_decomposition.CCA : Two views, iterative, without a ridge.

    Notes
    -----
    Rows that lack views take part: each covariance is over the rows that have both views, so with
    many missing rows a correlation may come out above one and is cut there.

    A single view becomes its whitened principal components.

    References
    ----------
    Kettenring: Canonical analysis of several sets of variables, Biometrika 1971 (SUMCOR).

    Nielsen: Multiset canonical correlations analysis, IEEE Trans. Image Processing 2002, eq. 16.

    Vinod: Canonical ridge and econometrics of joint production, J. Econometrics 1976.

    Chen et al.: Shrinkage algorithms for MMSE covariance estimation, IEEE Trans. Signal Processing
    2010, eq. 23.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.alignment import MCCA
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(300, 1))
    >>> X = pd.DataFrame(z @ rng.normal(size=(1, 5)) + rng.normal(size=(300, 5)))
    >>> X.columns = ["text__0", "text__1", "text__2", "image__0", "image__1"]
    >>> X.loc[:20, ["image__0", "image__1"]] = np.nan
    >>> aligner = MCCA(1).set_output(transform="pandas").fit(X)
    >>> list(aligner.transform(X).columns)
    ['shared__0']
    >>> aligner.inverse_transform(aligner.transform(X)).shape
    (300, 5)
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        ridge: float | str | Mapping[str, Any] = "auto",
        shrinkage: float | str | Mapping[str, Any] | None = None,
        pca: int | float | None = None,
        combine: str = "mean",
        supervised: bool | str = False,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.ridge = ridge
        self.shrinkage = shrinkage
        self.pca = pca
        self.combine = combine
        self.supervised = supervised
        self.device = device

    def _most_components(self, ranks: list[int]) -> int:
        return min(ranks) if len(ranks) == 2 else sum(ranks)

    def _solve(self, problem: Problem) -> tuple[list[np.ndarray], np.ndarray]:
        W, k, views = problem.whitenings, problem.n_components, len(problem.whitenings)
        if views == 1:
            return _principal(problem)
        edges = np.cumsum([0, *(each.shape[1] for each in W)])
        blocks = {}
        for i in range(views):
            for j in range(i):
                blocks[i, j] = W[i].T @ problem.moments.covariance(i, j) @ W[j]
        if views == 2:
            values, parts = _pair(blocks[1, 0].T, k)
        else:
            B = np.eye(int(edges[-1]))
            for (i, j), block in blocks.items():
                B[edges[i] : edges[i + 1], edges[j] : edges[j + 1]] = block
                B[edges[j] : edges[j + 1], edges[i] : edges[i + 1]] = block.T
            values, q = top_eigenvectors(B, k)
            parts = [q[a:b] * np.sqrt(views) for a, b in pairwise(edges)]
        return [W[j] @ part for j, part in enumerate(parts)], values

    def _canonical(self, cross: np.ndarray) -> np.ndarray:
        views = len(self.views_) + int(bool(self.supervised))
        if views == 1:
            return super()._canonical(cross)
        return np.asarray(np.clip((self.eigenvalues_ - 1) / (views - 1), -1.0, 1.0))


def _principal(problem: Problem) -> tuple[list[np.ndarray], np.ndarray]:
    """Whiten the principal components of a single view, which goes with nothing."""
    C = problem.moments.covariance(0, 0)
    values, vectors = eigh(C, subset_by_index=[len(C) - problem.n_components, len(C) - 1])
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    return [vectors / np.sqrt(np.where(values > 0, values, 1.0))], values


def _pair(B: np.ndarray, k: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Top singular vectors of one block, as the eigenvectors of [[I, B], [B', I]]."""
    small = B if B.shape[0] <= B.shape[1] else B.T
    squares, u = top_eigenvectors(small @ small.T, k)
    s = np.sqrt(np.maximum(squares, 0.0))
    if s[-1] > _EXACT:
        v = small.T @ u / s
    else:  # the small ones need the long way
        u, s, vt = svd(small, full_matrices=False)
        u, s, v = u[:, :k], s[:k], vt[:k].T
    return 1 + s, [u, v] if small is B else [v, u]
