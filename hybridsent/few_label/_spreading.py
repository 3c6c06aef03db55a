"""Labels spread over a graph of nearest rows, for classes and numbers (layer L3).

scikit-learn's LabelSpreading spreads classes alone, in rounds that it may not finish, over a graph
of one matrix without missing views; its ``"rbf"`` keeps all pairs, 80 GB at 100,000 rows.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from hybridsent._numerics.classes import MostProbableMixin
from hybridsent._params import Interval, StrOptions
from hybridsent.few_label._graph import Space, graph_of, links, normalised, placed, spread
from hybridsent.few_label._rows import PartlyLabelled, PartlyLabelledMixin, Views, read_partly
from hybridsent.views import as_matrix

__all__ = ["GraphSpreadingClassifier", "GraphSpreadingRegressor"]

_TINY = 1e-9  # of what reaches a row, below which nothing does


class _GraphSpreading(BaseEstimator):
    """The graph of the rows of `fit`, and where new rows stand in it."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, 1, closed="left")],
        "graph": [StrOptions({"joint", "views"})],
        "metric": [StrOptions({"cosine", "euclidean"})],
        "weights": [StrOptions({"local", "equal"})],
    }

    def _read(self, X: Any, y: Any) -> PartlyLabelled:
        """Check the rows of `fit`, and make the graph."""
        rows = read_partly(self, X, y, allow_nan=self.graph == "views")
        views = Views(self)
        self.views_ = views.columns
        there = views.present_values(rows.X)
        if self.graph == "joint":
            self._columns = [np.concatenate([np.zeros(0, int), *self.views_.values()])]
            there = np.asarray(there.all(axis=1, keepdims=True))
        else:
            self._columns = list(self.views_.values())
        n, self._spaces = len(rows.X), []
        self.graph_ = csr_array((n, n))
        for columns, has in zip(self._columns, there.T, strict=True):
            at = np.flatnonzero(has)
            part = placed(rows.X[np.ix_(at, columns)], self.metric)
            space, W = graph_of(part, at, n, self.n_neighbors, self.weights)
            self._spaces.append(tuple(space))
            self.graph_ = csr_array(self.graph_ + W)
        return rows

    def _spread(self, Y: np.ndarray) -> np.ndarray:
        return spread(normalised(self.graph_), Y, self.alpha)

    def _reached(self, X: Any) -> np.ndarray:
        """Give what reaches new rows from their neighbours: the mean, weighed by the edges."""
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False, allow_nan=self.graph == "views")
        out, total = np.zeros((len(X), self._spread_out.shape[1])), np.zeros(len(X))
        for columns, held in zip(self._columns, self._spaces, strict=True):
            part = X[:, columns]
            rows = np.flatnonzero(~np.isnan(part.sum(axis=1)))
            asked = placed(part[rows], self.metric)
            near, edges = links(Space(*held), asked, self.n_neighbors, self.weights)
            out[rows] += np.einsum("ij,ijk->ik", edges, self._spread_out[near])
            total[rows] += edges.sum(axis=1)
        return np.divide(out, total[:, None], out=np.zeros_like(out), where=total[:, None] > 0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.graph == "views"
        return tags


class GraphSpreadingClassifier(
    PartlyLabelledMixin, MostProbableMixin, ClassifierMixin, _GraphSpreading
):
    r"""Spread labels of few rows over a graph of all rows.

    Each row is joined to its k nearest. With the weights W of the edges, their sums D and a column
    for each class that is 1 in the rows of that class, Y, the answer is

    .. math:: F = (1 - \alpha) (I - \alpha S)^{-1} Y, \qquad S = D^{-1/2} W D^{-1/2},

    which is solved by conjugate gradients over the sparse graph. With ``mass="prior"`` each column
    of F is scaled so that the classes have, over all rows, the shares that they have among the
    labelled ones; with ``"labelled"`` so that each labelled class sends out as much. A row that is
    not in the table is answered by the mean of its k nearest rows, weighed by the edges to them.

    Parameters
    ----------
    n_neighbors : int, default=30
        Nearest rows k, which each row is joined to; an edge holds in both directions.
    alpha : float, default=0.9
        What share a row takes from its neighbours, from 0 to less than 1; the rest is its own
        label. The higher, the farther labels spread.
    graph : {"joint", "views"}, default="joint"
        Whether rows are near in all columns together, which must be there; or there is a graph for
        each view, of the rows that have it, and the graphs are added.
    metric : {"cosine", "euclidean"}, default="cosine"
        What is near. With the cosine rows (of a view) are first brought to length one.
    weights : {"local", "equal"}, default="local"
        An edge weighs :math:`\exp(-d_{ij}^2 / (r_i r_j))`, where r is the distance of a row to its
        k-th neighbour; or 1.
    mass : {"labelled", "prior", "none"}, default="labelled"
        How columns of F are scaled.

    Attributes
    ----------
    classes_ : ndarray
        Class labels, without -1.
    label_distributions_ : ndarray of shape (n, n_classes)
        Probabilities of the rows of `fit`.
    graph_ : sparse array of shape (n, n)
        W.
    views_ : dict of str to ndarray of int
        Columns of each view.
    prior_ : ndarray of shape (n_classes,)
        Share of each class of the labelled rows, which a row gets that no label reaches.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    sklearn.semi_supervised.LabelSpreading : The same equation for small tables.
    GraphSpreadingRegressor : The same for numbers.

    References
    ----------
    Zhou, Bousquet, Lal, Weston, Schölkopf: Learning with local and global consistency, NeurIPS
    2004. Zhu, Ghahramani, Lafferty: Semi-supervised learning using Gaussian fields and harmonic
    functions, ICML 2003 (class-mass normalisation). Zelnik-Manor, Perona: Self-tuning spectral
    clustering, NeurIPS 2004 (local weights). Delalleau, Bengio, Le Roux: Efficient non-parametric
    function induction in semi-supervised learning, AISTATS 2005 (new rows).

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.few_label import GraphSpreadingClassifier
    >>> angle = np.linspace(0, 3, 30)
    >>> arc = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> X = np.vstack([arc, 3 * arc])
    >>> y = np.full(60, -1)
    >>> y[0], y[30] = 0, 1
    >>> model = GraphSpreadingClassifier(3, metric="euclidean").fit(X, y)
    >>> model.predict(X).tolist() == [0] * 30 + [1] * 30
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_GraphSpreading._parameter_constraints,
        "mass": [StrOptions({"labelled", "prior", "none"})],
    }

    def __init__(
        self,
        n_neighbors: int = 30,
        *,
        alpha: float = 0.9,
        graph: str = "joint",
        metric: str = "cosine",
        weights: str = "local",
        mass: str = "labelled",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.alpha = alpha
        self.graph = graph
        self.metric = metric
        self.weights = weights
        self.mass = mass

    def fit(self, X: Any, y: Any) -> Self:
        """Make the graph, and spread the labels.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns of domain, group and indicators are not looked at.
        y : array of shape (n,)
            Labels of at least two classes; -1 for a row without one.

        Returns
        -------
        self
            The fitted classifier.
        """
        self._validate_params()
        rows = self._read(X, y)
        Y = np.zeros((len(rows.X), len(self.classes_)))
        Y[rows.known, rows.told] = 1.0
        counts = Y.sum(axis=0)
        self.prior_ = counts / counts.sum()
        if self.mass == "labelled":
            Y /= counts
        F = np.maximum(self._spread(Y), 0.0)
        if self.mass == "prior":
            F *= self.prior_ / F.sum(axis=0)
        self._spread_out = F
        self.label_distributions_ = self._shares(F)
        return self

    def _shares(self, F: np.ndarray) -> np.ndarray:
        total = F.sum(axis=1, keepdims=True)
        reached = total > _TINY * self._spread_out.max()
        return np.asarray(np.where(reached, F / np.where(reached, total, 1.0), self.prior_))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class, by the rows of `fit` that are nearest.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        return self._shares(self._reached(X))


class GraphSpreadingRegressor(PartlyLabelledMixin, RegressorMixin, _GraphSpreading):
    r"""Spread numbers of few rows over a graph of all rows.

    The answer of row i is the mean of the numbers that are known, weighed by how much of each
    reaches it over the graph:

    .. math:: f_i = \frac{\sum_l M_{il}\, y_l}{\sum_l M_{il}}, \qquad
              M = (I - \alpha S)^{-1}, \quad S = D^{-1/2} W D^{-1/2},

    so that it lies between the smallest and the largest of them, and numbers 0 and 1 give the
    probabilities of `GraphSpreadingClassifier` without scaling. For :math:`\alpha \to 1` it is, but
    for the scale of degrees, a harmonic function that is drawn to the known numbers. A row that no
    number reaches gets their mean.

    Parameters
    ----------
    n_neighbors : int, default=30
        As in `GraphSpreadingClassifier`.
    alpha : float, default=0.9
        As in `GraphSpreadingClassifier`.
    graph : {"joint", "views"}, default="joint"
        As in `GraphSpreadingClassifier`.
    metric : {"cosine", "euclidean"}, default="cosine"
        As in `GraphSpreadingClassifier`.
    weights : {"local", "equal"}, default="local"
        As in `GraphSpreadingClassifier`.

    Attributes
    ----------
    transduction_ : ndarray of shape (n,)
        Numbers of the rows of `fit`.
    graph_ : sparse array of shape (n, n)
        W.
    views_ : dict of str to ndarray of int
        Columns of each view.
    mean_ : float
        Mean of the known numbers.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    GraphSpreadingClassifier : The same for classes.

    References
    ----------
    Zhu, Ghahramani, Lafferty: Semi-supervised learning using Gaussian fields and harmonic
    functions, ICML 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.few_label import GraphSpreadingRegressor
    >>> X = np.linspace(0, 1, 9)[:, None]
    >>> y = np.full(9, np.nan)
    >>> y[0], y[8] = 0.0, 1.0
    >>> model = GraphSpreadingRegressor(2, metric="euclidean").fit(X, y)
    >>> model.transduction_[[0, 4, 8]].round(1).tolist()
    [0.1, 0.5, 0.9]
    """

    def __init__(
        self,
        n_neighbors: int = 30,
        *,
        alpha: float = 0.9,
        graph: str = "joint",
        metric: str = "cosine",
        weights: str = "local",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.alpha = alpha
        self.graph = graph
        self.metric = metric
        self.weights = weights

    def fit(self, X: Any, y: Any) -> Self:
        """Make the graph, and spread the numbers.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns of domain, group and indicators are not looked at.
        y : array of shape (n,)
            Numbers; NaN for a row without one.

        Returns
        -------
        self
            The fitted regressor.
        """
        self._validate_params()
        rows = self._read(X, y)
        self.mean_ = float(rows.told.mean())
        Y = np.zeros((len(rows.X), 2))
        Y[rows.known, 0] = rows.told - self.mean_
        Y[rows.known, 1] = 1.0
        self._spread_out = self._spread(Y)
        self.transduction_ = self._ratio(self._spread_out)
        return self

    def _ratio(self, F: np.ndarray) -> np.ndarray:
        reached = F[:, 1] > _TINY * self._spread_out[:, 1].max()
        return np.asarray(
            self.mean_ + np.where(reached, F[:, 0] / np.where(reached, F[:, 1], 1.0), 0.0)
        )

    def predict(self, X: Any) -> np.ndarray:
        """Predict by the rows of `fit` that are nearest.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n,)
            Numbers.
        """
        return self._ratio(self._reached(X))
