"""MAXVAR: generalised canonical correlation analysis with missing views (layer L3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hybridsent._params import by_view
from hybridsent.alignment._linear import LinearAligner, Problem, top_eigenvectors

__all__ = ["GCCA"]


class GCCA(LinearAligner):
    r"""One common space that every view predicts as well as it can; rows may lack views.

    Finds common coordinates G and a regression of them on each view:

    .. math:: \min_{G, A} \sum_j w_j \left( \| K_j (G - X_j A_j) \|^2 + r_j \| A_j \|^2 \right)
              \quad \text{s.t.} \quad G^\top N G = I,

    where the diagonal matrix :math:`K_j` has ones for the rows that have view j, :math:`N = \sum_j
    w_j K_j`, and the views are centred over the rows that have them. With :math:`P_j = X_j
    (X_j^\top X_j + r_j I)^{-1} X_j^\top` the solution is :math:`G = N^{-1/2} E` with the top
    eigenvectors E of :math:`N^{-1/2} (\sum_j w_j K_j P_j K_j) N^{-1/2}`. They are found from the
    products :math:`X_i^\top N^{-1} X_j`, never from a matrix of rows by rows; a view with more
    columns than rows is first written in a basis of the span of its rows. A new row gets
    :math:`\sum_j w_j x_j A_j / \sum_j w_j` over the views that it has.

    Parameters
    ----------
    n_components : int or None, default=None
        Dimensions of the shared space; None is the rank of the smallest view, at most 32.
    ridge : float, "auto", or dict of these by view, default="auto"
        k, added to the covariance of a view: r = (n - 1) k. ``"auto"`` takes the shrinkage c that
        suits the covariance best under a normal distribution (oracle approximating shrinkage)
        instead.
    shrinkage : float, "auto", None, or dict of these by view, default=None
        c: the covariance S of a view becomes a multiple of (1 - c) S + c tr(S)/p I, which is
        k = c / (1 - c) tr(S)/p; None is 0 where `ridge` is a number.
    pca : int, float or None, default=None
        Principal components of each view to work with: how many at most, or what share of the
        variance; None is all.
    view_weights : dict of str to float, default=None
        w; 1 for a view that is not named.
    combine : {"mean", "concat"}, default="mean"
        What a row becomes: the weighted mean of the predictions by the views that it has, or those
        of all views side by side.
    supervised : bool, "marked" or "numbers", default=False
        Whether the labels are one more view (of weight 1) while fitting, which turns the space
        towards what tells the classes apart. Rows labelled -1 take part without a label;
        ``"marked"`` says that -1 is no class, so that nothing is said where it stands beside 0 and
        1, as of a polarity; ``"numbers"`` that labels are numbers, of which NaN alone is none.
    device : str, default="cpu"
        Where the covariances are computed: ``"cpu"``, or ``"cuda"``, ``"cuda:1"``, ``"mps"`` or
        ``"torch:cpu"`` by torch, in float64 (on mps in float32).

    Attributes
    ----------
    eigenvalues_ : ndarray of shape (n_components,)
        From 0 to 1: how much of a common coordinate the views explain, on average.
    canonical_correlations_ : ndarray of shape (n_components,)
        Mean over pairs of views of the correlation of their predictions, in the rows that have
        both; NaN for a single view.
    weights_ : dict of str to ndarray of shape (p_j, n_components)
        A of each view; common coordinates have variance 1.
    mean_ : dict of str to ndarray of shape (p_j,)
        Mean of each view over the rows that have it.
    loadings_ : dict of str to ndarray of shape (p_j, n_components)
        Correlation of each column with its view's prediction.
    explained_variance_ratio_ : dict of str to ndarray of shape (n_components,)
        Share of each view's variance that a component alone explains.
    shrinkage_ : dict of str to float
        c, as used.
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
    MCCA : Seeks pairwise correlations.

    Notes
    -----
    A single view becomes its principal components, shortened where the ridge outweighs them.

    References
    ----------
    Carroll: Generalization of canonical correlation analysis to three or more sets of variables,
    APA 1968. Kettenring, Biometrika 1971 (MAXVAR).

    van de Velden, Takane: Generalized canonical correlation analysis with missing values,
    Computational Statistics 2012.

    Tenenhaus, Tenenhaus: Regularized generalized canonical correlation analysis, Psychometrika
    2011.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.alignment import GCCA
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(300, 1))
    >>> X = pd.DataFrame(z @ rng.normal(size=(1, 5)) + rng.normal(size=(300, 5)))
    >>> X.columns = ["text__0", "text__1", "image__0", "image__1", "audio__0"]
    >>> X.loc[:100, ["image__0", "image__1"]] = np.nan
    >>> GCCA(1, combine="concat").fit(X).get_feature_names_out()
    array(['text__0', 'image__0', 'audio__0'], dtype=object)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **LinearAligner._parameter_constraints,
        "view_weights": [None, dict],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        ridge: float | str | Mapping[str, Any] = "auto",
        shrinkage: float | str | Mapping[str, Any] | None = None,
        pca: int | float | None = None,
        view_weights: Mapping[str, float] | None = None,
        combine: str = "mean",
        supervised: bool | str = False,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.ridge = ridge
        self.shrinkage = shrinkage
        self.pca = pca
        self.view_weights = view_weights
        self.combine = combine
        self.supervised = supervised
        self.device = device

    def _weights_of(self, views: Mapping[str, Any]) -> dict[str, float]:
        return by_view(self.view_weights, views, "view_weights", type(self).__name__)

    def _solve(self, problem: Problem) -> tuple[list[np.ndarray], np.ndarray]:
        moments, k, views = problem.moments, problem.n_components, len(problem.whitenings)
        roots = np.sqrt(problem.weights)
        # whitening of X'X + r I, of which S is the (n - 1)th part
        W = [each / np.sqrt(moments.count(j, j) - 1) for j, each in enumerate(problem.whitenings)]
        edges = np.cumsum([0, *(each.shape[1] for each in W)])
        B = np.zeros((int(edges[-1]), int(edges[-1])))
        for i in range(views):
            for j in range(i + 1):
                block = W[i].T @ moments.weighted_product(i, j) @ W[j]
                block = roots[i] * roots[j] * block
                B[edges[i] : edges[i + 1], edges[j] : edges[j + 1]] = block
                B[edges[j] : edges[j + 1], edges[i] : edges[i + 1]] = block.T
        values, q = top_eigenvectors(B, k)
        values = np.clip(values, 0.0, 1.0)
        # g = N^-1/2 e has g'Ng = 1: bring it to the variance 1 over the rows
        scale = np.sqrt(moments.total_weight() * (moments.rows - 1) / moments.rows) * np.sqrt(
            values
        )
        return [
            W[j] @ q[edges[j] : edges[j + 1]] * (scale / roots[j]) for j in range(views)
        ], values
