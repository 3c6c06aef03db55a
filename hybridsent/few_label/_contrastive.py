"""A space of frozen vectors in which rows of one label are near, learned from few (layer L3).

SetFit tunes the whole encoder for it, which takes minutes and a copy of the network for each task.
Here the vectors stay as they are stored, and a linear map of them is learned in well under a
second. scikit-learn's NeighborhoodComponentsAnalysis is the nearest: it compares all pairs, knows
no row without a label, neither numbers nor sets nor views, and overfits eight rows a class.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import eigh
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._label_sets import has_labels, is_of_sets, label_sets
from hybridsent._labels import kind_of, labeled_rows, one_column, plain_labels
from hybridsent._minus_one import check_minus_one_is_no_class
from hybridsent._numerics.contrast import (
    learn_map,
    linear_evidence,
    same_class,
    same_number,
    same_set,
)
from hybridsent._numerics.moments import Moments, project, span
from hybridsent._numerics.rows import content_order
from hybridsent._params import Interval, StrOptions
from hybridsent._tags import with_capabilities
from hybridsent.views import as_matrix, block_of, presence, views_of

__all__ = ["ContrastiveFeatures"]

JOINT = "contrast"


class ContrastiveFeatures(NamedOutput, BaseEstimator):
    r"""Map each view into a space in which rows of one label are near.

    Two steps, in the first of which labels choose one number alone:

    1. The principal axes V and variances :math:`\lambda` of all rows, also of those without a
       label, and coordinates :math:`z = \Lambda^{s/2} V^\top (x - \mu)`, with s the `sharpness`.
       With s above 0, directions in which rows differ much count for more, which is the opposite
       of whitening (s = -1): of texts they are more often those that labels speak of.
    2. A map A of these coordinates, which starts at the identity and is drawn to it,

       .. math:: \min_A \ell\bigl(\cos(A^\top z_i, A^\top z_j)\bigr)
                 + \frac\alpha2 \lVert A - I \rVert_F^2,

       by L-BFGS, over pairs of the labelled rows and at most `n_anchors` of them.

    No gradient reaches the encoder. Time and memory grow with the number of rows.

    Parameters
    ----------
    n_components : int, default=64
        Most columns of a view, its principal axes; fewer where rows or columns are fewer.
    sharpness : float or "auto", default="auto"
        s: 0 leaves the lengths of principal axes as they are, 1 multiplies each with its standard
        deviation, and -1 whitens. ``"auto"`` takes for each view the mean of values from
        -0.5 to 1, weighed by how likely the labels are under each (the evidence of Bayesian linear
        regression); 0 where there is no label.
    loss : {"cosine", "supcon"} or None, default="cosine"
        The squared error of cosines, as SetFit has it, or the supervised contrastive loss; None
        learns no map, and the features are the coordinates.
    alpha : float, default=0.3
        Penalty of the way from the identity.
    temperature : float, default=0.5
        Tau of ``"supcon"``.
    joint : bool, default=False
        Whether one space is learned of all views, ``contrast__i``; else each view keeps a space of
        its own, and its name.
    n_anchors : int, default=256
        Most rows that each row is compared with; they are drawn from the labelled rows.
    max_iter : int, default=50
        Most steps of L-BFGS.
    random_state : int, RandomState or None, default=0
        Draws the anchors, where the labelled rows are more.

    Attributes
    ----------
    coef_ : dict of str to ndarray of shape (p_view, d)
        The map of each view.
    mean_ : dict of str to ndarray of shape (p_view,)
        The mean of each view.
    sharpness_ : dict of str to float
        s of each view.
    n_iter_ : int
        Most steps that a view took.
    n_labeled_ : int
        Rows with a label.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    hybridsent.finetune.finetune : Tunes the encoder itself.
    sklearn.neighbors.NeighborhoodComponentsAnalysis : Compares all pairs, without a start to be
        drawn to.

    Notes
    -----
    Labels are classes, numbers, or sets of labels. A pair of classes belongs together or not; of
    numbers by :math:`e^{-(y_i - y_j)^2 / 2h^2}` with h half of their standard deviation; of sets by
    the share of labels in common (Jaccard). A row without a label (-1, of numbers NaN) takes part
    in the first step alone. NaN in a view stays a view of NaN; in a joint space a view that is
    missing adds nothing.

    References
    ----------
    Khosla et al.: Supervised contrastive learning, NeurIPS 2020.

    Tunstall et al.: Efficient few-shot learning without prompts, 2022.

    Dufumier et al.: Contrastive learning with continuous proxy meta-data for 3D MRI
    classification, MICCAI 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent.few_label import ContrastiveFeatures, LabeledOnly
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(2, size=300)
    >>> X = rng.normal(size=(300, 40))
    >>> X[:, 0] += 4 * truth
    >>> y = np.where(np.arange(300) < 12, truth, -1)
    >>> plain = LabeledOnly(LogisticRegression())
    >>> few = make_pipeline(ContrastiveFeatures(), plain).fit(X, y)
    >>> few.score(X[12:], truth[12:]) > plain.fit(X, y).score(X[12:], truth[12:])
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "sharpness": [StrOptions({"auto"}), Interval(Real, -1, 4, closed="both")],
        "loss": [StrOptions({"supcon", "cosine"}), None],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "joint": ["boolean"],
        "n_anchors": [Interval(Integral, 2, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_components: int = 64,
        sharpness: float | str = "auto",
        loss: str | None = "cosine",
        alpha: float = 0.3,
        temperature: float = 0.5,
        joint: bool = False,
        n_anchors: int = 256,
        max_iter: int = 50,
        random_state: Any = 0,
    ) -> None:
        self.n_components = n_components
        self.sharpness = sharpness
        self.loss = loss
        self.alpha = alpha
        self.temperature = temperature
        self.joint = joint
        self.n_anchors = n_anchors
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> ContrastiveFeatures:
        """Learn the space.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. NaN where a row lacks a view.
        y : array of shape (n,), of sets also of shape (n, n_labels), or None, default=None
            Labels; -1 for a row without one, or NaN among numbers. None, or no label at all, leaves
            the second step out.

        Returns
        -------
        self
            The fitted transformer.

        Raises
        ------
        ValueError
            If a view is missing from all rows, y is of another length, or a class is called -1.
        """
        self._validate_params()
        X = as_matrix(self, X, reset=True)
        self._columns = views = views_of(self)
        there = presence(X, views)
        labelled, alike, targets = self._labels(X, y)
        self.n_labeled_ = int(labelled.sum())
        self.mean_, self.coef_, self.sharpness_ = {}, {}, {}
        starts = {}
        for j, (view, columns) in enumerate(views.items()):
            block, known = block_of(X, columns), np.flatnonzero(labelled & there[:, j])
            self.mean_[view], axes, variances = self._axes(view, block, there[:, j])
            if len(known) > _MOST_ASKED:
                known = known[content_order(X[known])][:: -(-len(known) // _MOST_ASKED)]
            Z = project(block[known], axes, self.mean_[view])
            self.sharpness_[view] = self._sharpness(Z, variances, targets[known])
            starts[view] = axes * _stretch(variances, self.sharpness_[view])
        self.n_iter_ = 0
        rng = check_random_state(self.random_state)
        if self.joint and starts:
            self._fit_joint(X, views, there, starts, labelled, alike, rng)
        else:
            for j, (view, columns) in enumerate(views.items()):
                rows = np.flatnonzero(labelled & there[:, j])
                Z = project(block_of(X, columns)[rows], starts[view], self.mean_[view])
                self.coef_[view] = starts[view] @ self._map(X, Z, rows, alike, rng)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Map rows into the space.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, q)
            Features in the type of X; behind them the columns of domain, group and indicators, as
            they are.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        there = presence(X, self._columns)
        parts = []
        for j, (view, columns) in enumerate(self._columns.items()):
            part = project(block_of(X, columns), self.coef_[view], self.mean_[view])
            part[~there[:, j]] = 0.0 if self.joint else np.nan
            parts.append(part)
        if self.joint and parts:
            whole = np.sum(parts, axis=0)
            whole[~there.any(axis=1)] = np.nan
            parts = [whole]
        return np.hstack([*parts, X[:, self._handed_on()]]).astype(X.dtype, copy=False)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that `transform` writes.

        Parameters
        ----------
        input_features : array of str, default=None
            Ignored: the names are those of views seen in `fit`.

        Returns
        -------
        ndarray of str
            ``view__i``, or ``contrast__i`` of a joint space or where columns had no names.
        """
        check_is_fitted(self)
        widths = {view: coef.shape[1] for view, coef in self.coef_.items()}
        if self.joint and widths:
            widths = {JOINT: next(iter(widths.values()))}
        names = [f"{view or JOINT}__{i}" for view, width in widths.items() for i in range(width)]
        given = getattr(self, "feature_names_in_", ())
        return np.asarray([*names, *(given[i] for i in self._handed_on())], dtype=object)

    def _handed_on(self) -> np.ndarray:
        """Columns of no view."""
        of_views = [*views_of(self).values(), np.empty(0, dtype=int)]
        return np.setdiff1d(np.arange(self.n_features_in_), np.concatenate(of_views)).astype(int)

    def _labels(self, X: np.ndarray, y: Any) -> tuple[np.ndarray, _Alike, np.ndarray]:
        """Tell which rows have a label, how much two belong together, and what labels are."""
        if y is None:
            nothing = np.zeros((len(X), 1))
            return np.zeros(len(X), dtype=bool), same_number, nothing
        if is_of_sets(y):
            known, (values, _) = has_labels(y), label_sets(y)
            check_consistent_length(X, values)
            return known, lambda a, b: same_set(values[a], values[b]), values.astype(np.float64)
        labels = one_column(y)
        check_consistent_length(X, labels)
        kind = kind_of(self, labels)
        check_minus_one_is_no_class(labels, kind=kind)
        known = labeled_rows(labels, kind)
        numbers = np.zeros(len(labels))
        if kind == "numbers":
            numbers[known] = plain_labels(labels[known]).astype(np.float64)
            spread = float(numbers[known].std()) / 2 if known.any() else 1.0
            numbers /= spread if spread > 0 else 1.0
            return known, lambda a, b: same_number(numbers[a], numbers[b]), numbers[:, None]
        if known.any():
            numbers[known] = np.unique(plain_labels(labels[known]), return_inverse=True)[1]
        indicator = same_class(numbers, np.unique(numbers[known]))
        return known, lambda a, b: same_class(numbers[a], numbers[b]), indicator

    def _sharpness(self, Z: np.ndarray, variances: np.ndarray, targets: np.ndarray) -> float:
        """Give the posterior mean of s: few labels leave it near the middle."""
        if self.sharpness != "auto":
            return float(self.sharpness)
        if len(Z) < 2 or not np.ptp(targets, axis=0).any():
            return 0.0
        found = [linear_evidence(Z * _stretch(variances, s), targets) for s in _SHARPNESS]
        weights = np.exp(np.asarray(found) - max(found))
        return float(weights @ _SHARPNESS / weights.sum())

    def _axes(
        self, view: str, block: np.ndarray, there: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give the mean of a view, its principal axes, and the variances along them."""
        n, p = int(there.sum()), block.shape[1]
        if n == 0:
            raise ValueError(
                f"{type(self).__name__} needs rows that have the view {view!r}. Got {len(there)} "
                "that lack it; leave its columns out."
            )
        if n <= p:
            coordinates, (centre, basis) = span(block, there)
            variances, axes = (coordinates**2).sum(axis=0)[::-1] / n, basis[::-1].T
            variances, axes = variances[: self.n_components], axes[:, : self.n_components]
        else:
            moments = Moments({view: p}, {view: 1.0})
            moments.add([block], there[:, None])
            centre, k = moments.mean(0), min(self.n_components, p)
            S = moments.covariance(0, 0) * ((n - 1) / n)
            variances, axes = eigh(S, subset_by_index=[p - k, p - 1])
            variances, axes = np.maximum(variances[::-1], 0.0), axes[:, ::-1]
        largest = float(variances[0])
        keep = variances > 1e-10 * largest if largest > 0 else np.arange(len(variances)) == 0
        variances, axes = variances[keep], axes[:, keep]
        signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
        return centre, axes * np.where(signs < 0, -1.0, 1.0), variances

    def _fit_joint(
        self,
        X: np.ndarray,
        views: dict[str, np.ndarray],
        there: np.ndarray,
        starts: dict[str, np.ndarray],
        labelled: np.ndarray,
        alike: _Alike,
        rng: np.random.RandomState,
    ) -> None:
        """Learn one map of the coordinates of all views, side by side."""
        rows = np.flatnonzero(labelled & there.any(axis=1))
        parts = []
        for j, (view, columns) in enumerate(views.items()):
            part = project(block_of(X, columns)[rows], starts[view], self.mean_[view])
            part[~there[rows, j]] = 0.0
            parts.append(part)
        A = self._map(X, np.hstack(parts), rows, alike, rng)
        edges = np.cumsum([0, *(part.shape[1] for part in parts)])
        for j, view in enumerate(views):
            self.coef_[view] = starts[view] @ A[edges[j] : edges[j + 1]]

    def _map(
        self,
        X: np.ndarray,
        Z: np.ndarray,
        rows: np.ndarray,
        alike: _Alike,
        rng: np.random.RandomState,
    ) -> np.ndarray:
        """Learn the map of coordinates of some rows."""
        start = np.eye(Z.shape[1])
        if self.loss is None or len(rows) < 2:
            return start
        anchors = np.arange(len(rows))
        if len(rows) > self.n_anchors:  # the same rows, however the table is ordered
            order = content_order(X[rows])
            anchors = np.sort(order[rng.permutation(len(rows))[: self.n_anchors]])
        A, n_iter = learn_map(
            Z,
            anchors,
            alike(rows, rows[anchors]),
            start,
            loss=self.loss,
            temperature=self.temperature,
            alpha=self.alpha,
            max_iter=self.max_iter,
        )
        self.n_iter_ = max(self.n_iter_, n_iter)
        return A

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return with_capabilities(tags, takes_unlabelled=True)


_Alike = Callable[[np.ndarray, np.ndarray], np.ndarray]


_SHARPNESS = (-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)
_MOST_ASKED = 512  # rows with a label that choose among them: the evidence grows with their cube


def _stretch(variances: np.ndarray, sharpness: float) -> np.ndarray:
    """Give the factors of principal axes; mapped rows have length 1 on average."""
    largest = float(variances[0])
    if not largest > 0:  # a constant view
        return np.ones(len(variances))
    lengths = np.power(variances / largest, sharpness / 2)
    scale = float(np.sqrt(np.sum(variances * lengths**2)))
    return np.asarray(lengths / scale)
