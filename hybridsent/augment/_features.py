"""More rows of features: mixtures, noise, and rows that lack views (layer L4).

imbalanced-learn's SMOTE mixes rows of one class, and fixes its number of rows; mixup and modality
dropout exist for networks that are trained in batches. Here they are rows, for any estimator of a
matrix, made of training rows alone and kept with them by inner folds.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from hybridsent._groups import wants_groups
from hybridsent._labels import plain_labels, take_rows
from hybridsent._numerics.expansion import expand
from hybridsent._params import Interval
from hybridsent.augment._around import Given, MoreRows, Rows
from hybridsent.views import is_passthrough, modalities_of, presence

__all__ = ["FeatureMixup", "FeatureNoise", "ViewDropout"]

_COPIES: dict[str, list[Any]] = {
    "n_copies": [Interval(Integral, 1, None, closed="left")],
    "random_state": [Interval(Integral, None, None, closed="neither")],
}


class _MoreFeatures(MoreRows):
    """Copies of rows of a matrix, with other values and the same labels."""

    _of_matrix: ClassVar[bool] = True
    n_copies: int
    random_state: int

    def _changed(self, X: np.ndarray, names: list[str], rng: np.random.Generator) -> np.ndarray:
        """Give other values for each row."""
        raise NotImplementedError

    def _more(self, given: Given) -> Rows:
        values, names = _matrix(given.X)
        rng = np.random.default_rng(abs(int(self.random_state)))
        n, known = len(values), given.known
        copies = [self._changed(values[known], names, rng) for _ in range(int(self.n_copies))]
        source = np.concatenate([np.arange(n), *[known] * len(copies)])
        share = np.ones(n)
        share[known] = 1 / (1 + self.n_copies)
        return Rows(
            _as_given(given.X, np.concatenate([values, *copies])),
            take_rows(given.y, source),
            given.groups[source],
            (given.weights * share)[source],
            given.weights[source],
        )


class FeatureNoise(_MoreFeatures):
    """Fit an estimator on copies of rows with normal noise as well.

    Parameters
    ----------
    estimator : estimator
        Any estimator of a matrix.
    n_copies : int, default=1
        Copies of each row with a label.
    scale : float, default=0.1
        Standard deviation of the noise, in those of each column over the rows; a column that never
        changes gets none.
    weights : {"auto", "shared", "full"}, default="auto"
        As in `AugmentedEstimator`.
    random_state : int, default=0
        Seed of the noise.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    n_added_ : int
        Rows that were added.
    classes_ : ndarray
        Class labels; where `estimator_` has them.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns; where `estimator_` has them.

    References
    ----------
    Bishop: Training with noise is equivalent to Tikhonov regularization, Neural Computation 1995.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from hybridsent.augment import FeatureNoise
    >>> from hybridsent.heads import TunedLinearClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> FeatureNoise(TunedLinearClassifier()).fit(X, y).n_added_
    150
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **MoreRows._parameter_constraints,
        **_COPIES,
        "scale": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        n_copies: int = 1,
        scale: float = 0.1,
        weights: str = "auto",
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_copies = n_copies
        self.scale = scale
        self.weights = weights
        self.random_state = random_state

    def _changed(self, X: np.ndarray, names: list[str], rng: np.random.Generator) -> np.ndarray:
        there = ~np.isnan(X)
        n = np.maximum(there.sum(axis=0), 1)
        far = np.where(there, X - np.where(there, X, 0).sum(axis=0) / n, 0)
        spread = np.sqrt((far**2).sum(axis=0) / n)
        spread[_marks(names)] = 0
        return np.asarray(X + self.scale * spread * rng.normal(size=X.shape), dtype=X.dtype)


class ViewDropout(_MoreFeatures):
    """Fit an estimator on copies of rows that lack views as well, so that it can do without them.

    A model that has always seen all views leans on the best one, and falls far where it is missing.
    In each copy every view is left out (NaN) with a probability; one at least is, and one at least
    stays. It stands in front of what imputes: around the steps behind the encoders, or around a
    head that takes NaN.

    Parameters
    ----------
    estimator : estimator
        Any estimator of a matrix whose columns are named by view, with NaN in it.
    n_copies : int, default=1
        Copies of each row that has a label, and two views at least.
    rate : float, default=0.5
        Probability that a view is left out.
    weights : {"auto", "shared", "full"}, default="auto"
        As in `AugmentedEstimator`.
    random_state : int, default=0
        Seed of what is left out.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    n_added_ : int
        Rows that were added.
    classes_ : ndarray
        Class labels; where `estimator_` has them.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns; where `estimator_` has them.

    See Also
    --------
    hybridsent.evaluation.missing_curve : How a score falls where views are missing.

    References
    ----------
    Neverova, Wolf, Taylor, Nebout: ModDrop: adaptive multi-modal gesture recognition, PAMI 2016.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.augment import ViewDropout
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile(["bad", "good"], 30)
    >>> X = pd.DataFrame(rng.normal(size=(60, 2)), columns=["text__0", "image__0"])
    >>> X += (y == "good")[:, None]
    >>> ViewDropout(make_fusion(features="passthrough")).fit(X, y).n_added_
    60
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **MoreRows._parameter_constraints,
        **_COPIES,
        "rate": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        n_copies: int = 1,
        rate: float = 0.5,
        weights: str = "auto",
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_copies = n_copies
        self.rate = rate
        self.weights = weights
        self.random_state = random_state

    def _changed(self, X: np.ndarray, names: list[str], rng: np.random.Generator) -> np.ndarray:
        views = {view: np.array(at) for view, at in modalities_of(names).items() if view}
        if len(views) < 2:
            raise ValueError(
                "ViewDropout must be fitted on several views: columns named view__i. Got "
                f"{list(views) or names[:5]}; with one view nothing would be left."
            )
        found = X.copy()
        there = presence(X, views)
        gone = (rng.random(there.shape) < self.rate) & there
        order = rng.random(there.shape)
        some = there.sum(axis=1) > 1
        # one at least goes, and one at least stays, of those that a row has
        first = np.where(there, order, np.inf).argmin(axis=1)
        last = np.where(there, order, -np.inf).argmax(axis=1)
        rows = np.arange(len(X))
        gone[rows[some], first[some]] = True
        gone[rows, last] = False
        for column, places in enumerate(views.values()):
            found[np.ix_(np.flatnonzero(gone[:, column]), places)] = np.nan
        return found


class FeatureMixup(MoreRows):
    r"""Fit an estimator on mixtures of rows, and of their labels, as well.

    .. math:: \tilde x = \lambda x_i + (1 - \lambda) x_j, \qquad
              \tilde y = \lambda y_i + (1 - \lambda) y_j, \qquad
              \lambda \sim \mathrm{Beta}(\alpha, \alpha).

    A mixture of two classes stands there once for each, weighed by the share of the class, which
    gives the loss of the soft label for any classifier that takes weights. Numbers are mixed.

    Rows are mixed within their group. Where no groups are told and something inside tunes itself
    on inner folds, rows are put together at random in groups of ``n_copies + 1`` and mixed within
    these, so that no mixture knows a row on the other side of a fold.

    Parameters
    ----------
    estimator : estimator
        A classifier of a matrix that takes weights, or a regressor.
    n_copies : int, default=1
        Mixtures of each row with a label.
    alpha : float, default=0.2
        How even the mixtures are: near 0 each is nearly one of the two rows, 1 is uniform.
    weights : {"auto", "shared", "full"}, default="auto"
        As in `AugmentedEstimator`; a classifier must take weights in any case.
    random_state : int, default=0
        Seed of the mixtures.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    n_added_ : int
        Rows that were added; two for a mixture of two classes.
    classes_ : ndarray
        Class labels; where `estimator_` has them.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns; where `estimator_` has them.

    References
    ----------
    Zhang, Cissé, Dauphin, Lopez-Paz: mixup: Beyond empirical risk minimization, ICLR 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from hybridsent.augment import FeatureMixup
    >>> from hybridsent.heads import TunedLinearClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = FeatureMixup(TunedLinearClassifier()).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.97
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **MoreRows._parameter_constraints,
        **_COPIES,
        "alpha": [Interval(Real, 0, None, closed="neither")],
    }
    _needs_weights: ClassVar[bool] = True
    _of_matrix: ClassVar[bool] = True

    def __init__(
        self,
        estimator: Any,
        *,
        n_copies: int = 1,
        alpha: float = 0.2,
        weights: str = "auto",
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_copies = n_copies
        self.alpha = alpha
        self.weights = weights
        self.random_state = random_state

    def _more(self, given: Given) -> Rows:
        if given.kind == "sets":
            raise ValueError(
                "FeatureMixup mixes classes and numbers. Got sets of labels; put it inside: "
                "MultiLabelClassifier(FeatureMixup(classifier)) mixes each label by itself."
            )
        values, names = _matrix(given.X)
        rng = np.random.default_rng(abs(int(self.random_state)))
        known, n = given.known, len(values)
        groups = given.groups.copy()
        if given.told or wants_groups(self.estimator):
            groups[known] = _blocks(groups[known], int(self.n_copies) + 1, rng)
            cells = groups[known]
        else:
            cells = np.zeros(len(known), dtype=int)
        one, other = _pairs(cells, int(self.n_copies), rng)
        one, other = known[one], known[other]
        share = rng.beta(self.alpha, self.alpha, len(one))[:, None]
        share = np.maximum(share, 1 - share)  # row i is what most of its mixture is
        mixed = share * values[one] + (1 - share) * values[other]
        marks = _marks(names)
        mixed[:, marks] = values[np.ix_(one, marks)]
        parts = share[:, 0]
        weights = parts * given.weights[one] + (1 - parts) * given.weights[other]
        made = 1 + np.bincount(one, minlength=n)
        X = np.concatenate([values, mixed.astype(values.dtype)])
        if given.kind == "numbers":
            numbers = np.asarray(given.y, dtype=np.float64)
            y: Any = np.concatenate([numbers, parts * numbers[one] + (1 - parts) * numbers[other]])
            rows, part = np.arange(len(X)), np.ones(len(X))
        else:
            y, rows, part = _soft(given, one, other, parts, len(X))
        full = np.concatenate([given.weights, weights])
        shared = np.concatenate([given.weights / made, weights / made[one]])
        owner = np.concatenate([groups, groups[one]])
        return Rows(
            _as_given(given.X, X[rows]), y, owner[rows], shared[rows] * part, full[rows] * part
        )


def _soft(
    given: Given, one: np.ndarray, other: np.ndarray, parts: np.ndarray, n_all: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give labels, rows and shares: each mixture once for each of its classes."""
    labels = np.asarray(given.y)
    there = plain_labels(labels[given.known])
    classes, codes = np.unique(there, return_inverse=True)
    code = np.full(len(labels), -1)
    code[given.known] = codes
    p = np.zeros((len(one), len(classes)))
    at = np.arange(len(one))
    p[at, code[one]] += parts
    p[at, code[other]] += 1 - parts
    found = expand(p, least=0.0)
    n = n_all - len(one)
    y = np.concatenate([labels, classes[found.codes].astype(labels.dtype)])
    rows = np.concatenate([np.arange(n), n + found.rows])
    return y, rows, np.concatenate([np.ones(n), found.weights])


def _blocks(groups: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Put groups of one row together, so that each row has one to be mixed with."""
    found = np.unique(groups, return_inverse=True)[1]
    alone = rng.permutation(np.flatnonzero(np.bincount(found)[found] == 1))
    n_blocks = max(1, len(alone) // max(size, 2))
    for i, block in enumerate(np.array_split(alone, n_blocks)):
        found[block] = len(groups) + i
    return np.unique(found, return_inverse=True)[1]


def _pairs(
    cells: np.ndarray, n_copies: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give each row partners of its cell, never itself; none where it is alone."""
    one, other = [], []
    order = rng.permutation(len(cells))
    order = order[np.argsort(cells[order], kind="stable")]
    for cell in np.split(order, np.flatnonzero(np.diff(cells[order])) + 1):
        if len(cell) < 2:
            continue
        for k in range(n_copies):
            by = 1 + k % (len(cell) - 1)
            one.append(cell)
            other.append(np.roll(cell, by))
    if not one:
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    return np.concatenate(one), np.concatenate(other)


def _marks(names: list[str]) -> list[int]:
    return [i for i, name in enumerate(names) if is_passthrough(name)]


def _matrix(X: Any) -> tuple[np.ndarray, list[str]]:
    """Give the values of a matrix, and the names of its columns."""
    from sklearn.utils import check_array

    names = [str(each) for each in getattr(X, "columns", [])]
    values = check_array(X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
    return values, names or [""] * values.shape[1]


def _as_given(X: Any, values: np.ndarray) -> Any:
    if not hasattr(X, "columns"):
        return values
    import pandas as pd

    return pd.DataFrame(values, columns=X.columns)
