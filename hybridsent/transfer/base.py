"""Bases of what adapts features, and of what weighs rows of the source (layer L3).

skada computes weights inside adapters of its own pipelines. Here they are estimators whose weights
can be looked at, and which `ReweightedEstimator` hands to any scikit-learn model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._labels import Kind
from hybridsent._numerics.rows import content_order
from hybridsent._tags import adapting
from hybridsent.transfer._rows import Rows, kept_names, mark_names, read_rows
from hybridsent.transfer._warnings import warn_without_target

__all__ = [
    "BaseAdapter",
    "BaseWeigher",
    "check_two_rows",
    "effective_sample_size",
]


class BaseAdapter(NamedOutput, BaseEstimator, ABC):
    """Base of transformers that adapt features of a source domain to a target domain.

    In `fit` and `fit_transform` the domain of a row is told by ``domain__0``, else by its label; in
    `transform` by ``domain__0``, else every row is of the target. The base checks the matrix, takes
    off the columns of domain and group, tells the domains apart, warns where there is one only, and
    puts names, types and marks back. A subclass writes:

    - ``__init__``, which only stores its parameters, and optionally ``_parameter_constraints``, as
      in scikit-learn;
    - ``_learn(rows, y)``, which sets attributes that end in ``_``. Of `rows` it reads ``X``
      (ndarray of shape (n, p), the features alone), ``target`` and ``labeled`` (ndarray of bool of
      shape (n,): which rows are of the target, and which have a label); ``self.n_source_`` and
      ``self.n_target_`` are the numbers of rows of each domain, either of which may be 0, and
      ``self._parts(rows)`` gives both in float64. `y` are the labels, of which only those of
      ``labeled`` rows count (in float64 where ``rows.kind`` is ``"numbers"``, those of a
      regression), or None;
    - ``_map(X, target)``, which adapts rows (ndarray of shape (m, p), none of them of the other
      domain) and gives an ndarray of shape (m, q); a row may not depend on the others;
    - ``_names_out()``, where the columns are not those of X: names of the q columns,
      ``view__i``.

    Attributes
    ----------
    n_source_, n_target_ : int
        Rows of each domain that `fit` saw.
    n_features_in_ : int
        Columns seen in `fit`, with those of domain and group.
    feature_names_in_ : ndarray of str
        Their names, where they had names.

    See Also
    --------
    BaseWeigher : Base of what weighs rows instead.
    hybridsent.fusion.register_adaptation : Makes one known by name.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import BaseAdapter
    >>> class SameMean(BaseAdapter):
    ...     def _learn(self, rows, y):
    ...         source, target = self._parts(rows)
    ...         self.shift_ = target.mean(axis=0) - source.mean(axis=0)
    ...
    ...     def _map(self, X, target):
    ...         return X if target else X + self.shift_
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 6.0], "domain__0": [0, 0, 1, 1]})
    >>> SameMean().set_output(transform="pandas").fit_transform(X)
       text__0
    0      5.0
    1      6.0
    2      5.0
    3      6.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    _labels_are: Kind | None = None  # told by who builds a pipeline, and kept by clones

    def __sklearn_clone__(self) -> Any:
        made = super().__sklearn_clone__()
        if self._labels_are is not None:
            made._labels_are = self._labels_are
        return made

    def fit(self, X: Any, y: Any = None) -> Any:
        """Learn from the rows of both domains.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features without NaN; the column ``domain__0``, where there is one, is 0 for rows of the
            source and 1 for rows of the target.
        y : array of shape (n,), default=None
            Labels. Without a column of domains, the rows with -1 are the target.

        Returns
        -------
        self
            The fitted adapter.
        """
        self._fit_rows(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Learn from the rows of both domains, and adapt them.

        Without a column of domains this differs from ``fit(X, y).transform(X)``, which knows no
        label and takes every row for one of the target.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            As in `fit`.
        y : array of shape (n,), default=None
            As in `fit`.

        Returns
        -------
        ndarray of shape (n, q)
            Adapted features, in the type of X, without the column of domains; a column of groups is
            handed on, as the last one.
        """
        return self._mapped(self._fit_rows(X, y))

    def transform(self, X: Any) -> np.ndarray:
        """Adapt rows.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; without a column of domains every row is one of the target.

        Returns
        -------
        ndarray of shape (n, q)
            Adapted features, in the type of X, without the column of domains.
        """
        check_is_fitted(self)
        return self._mapped(read_rows(self, X, fitting=False))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns.

        Those of X without the domain, or ``adapted__i`` where the columns are new ones; that of the
        group stands at the end.

        Parameters
        ----------
        input_features : array of str, default=None
            Ignored; the names seen in `fit` count.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        return np.concatenate([self._names_out(), mark_names(self)])

    def _names_out(self) -> np.ndarray:
        """Names of the adapted columns."""
        return kept_names(self)

    def _fit_rows(self, X: Any, y: Any) -> Rows:
        self._validate_params()
        rows = read_rows(self, X, y)
        warn_without_target(self, rows)
        self.n_target_ = int(rows.target.sum())
        self.n_source_ = len(rows.target) - self.n_target_
        self._learn(rows, rows.y)
        return rows

    def _mapped(self, rows: Rows) -> np.ndarray:
        width, marks = len(self._names_out()), rows.marks.shape[1]
        out = np.empty((len(rows.X), width + marks), dtype=rows.X.dtype)
        for target in (False, True):
            which = rows.target == target
            if which.any():
                mapped = np.asarray(self._map(rows.X[which], target))
                if mapped.shape != (int(which.sum()), width):
                    raise ValueError(
                        f"_map of {type(self).__name__} must give an array of shape "
                        f"{(int(which.sum()), width)}: the rows that it got, and a column for each "
                        f"name of _names_out. Got {mapped.shape}."
                    )
                out[which, :width] = mapped
        out[:, width:] = rows.marks
        return out

    def _parts(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Give source and target in float64; each is all rows where there is one domain only."""
        if self.n_source_ == 0 or self.n_target_ == 0:
            X = rows.X.astype(np.float64)
            return X, X
        source, target = rows.X[~rows.target], rows.X[rows.target]
        return source.astype(np.float64, copy=False), target.astype(np.float64, copy=False)

    @abstractmethod
    def _learn(self, rows: Rows, y: Any) -> None:
        """Learn from rows of which `n_source_` and `n_target_` are of each domain."""

    @abstractmethod
    def _map(self, X: np.ndarray, target: bool) -> np.ndarray:
        """Adapt rows of one domain."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return adapting(tags)


def check_two_rows(adapter: BaseAdapter) -> None:
    """Refuse a domain of a single row, which has no covariance.

    Parameters
    ----------
    adapter : BaseAdapter
        Who counted the rows.

    Raises
    ------
    ValueError
        If a domain has one row and the other one has some.
    """
    if adapter.n_source_ and adapter.n_target_ and min(adapter.n_source_, adapter.n_target_) < 2:
        raise ValueError(
            f"{type(adapter).__name__} needs at least 2 rows of each domain. Got "
            f"{adapter.n_source_} of the source and {adapter.n_target_} of the target."
        )


class BaseWeigher(BaseEstimator, ABC):
    """Base of estimators that weigh rows of the source domain; a subclass says by what.

    The base checks the matrix, takes off the columns of domain and group, tells the domains apart
    (by ``domain__0``, else the rows without a label are the target), and gives each row the same
    weight in whatever order the rows stand. `ReweightedEstimator` hands the weights to any model.
    A subclass writes:

    - ``__init__``, which only stores its parameters, and optionally ``_parameter_constraints``, as
      in scikit-learn;
    - ``_importance_of_source(rows)``, which gives an ndarray of shape (n_source,): the weights of
      the rows of the source, none of them negative, in their order. Of `rows` it reads ``X``
      (ndarray of shape (n, p), the features alone), ``target`` and ``labeled`` (ndarray of bool of
      shape (n,): which rows are of the target, and which have a label), and ``y`` (the labels, or
      None). There are rows of both domains when it is called;
    - ``_weigh_nothing(rows)``, where more than weights is learned: sets it for one domain only.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`: those of the source as the subclass says, their mean for
        labelled rows of the target, 0 for its unlabelled rows; all 1 where there is one domain.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    ReweightedEstimator : Fits any model with the weights.
    hybridsent.fusion.register_adaptation : Makes one known by name.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from hybridsent.transfer import BaseWeigher
    >>> class NearTheMean(BaseWeigher):
    ...     def _importance_of_source(self, rows):
    ...         centre = rows.X[rows.target].mean(axis=0)
    ...         return np.exp(-((rows.X[~rows.target] - centre) ** 2).sum(axis=1))
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 1.0, 1.1], "domain__0": [0, 0, 0, 1, 1]})
    >>> NearTheMean().fit(X).sample_weight_.round(1)
    array([0.3, 1. , 0. , 0. , 0. ])
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    def fit(self, X: Any, y: Any = None, groups: Any = None) -> BaseWeigher:
        """Weigh the rows; the weight of each is the same in whatever order they stand.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a column ``domain__0`` is 0 for rows of the source and 1 for the target.
        y : array of shape (n,), default=None
            Labels. Without a column of domains, the unlabelled rows (-1) are the target.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video), for weighers that choose by folds: a group is never
            split. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted weigher.
        """
        self._validate_params()
        rows = read_rows(self, X, y, groups=groups)
        if rows.target.any() and not rows.target.all():
            order = content_order(rows.X, rows.labeled, rows.target)
            self.sample_weight_ = np.empty(len(rows.X))
            self.sample_weight_[order] = self._weigh(rows.take(order))
        else:
            warn_without_target(self, rows)
            self._weigh_nothing(rows)
            self.sample_weight_ = np.ones(len(rows.X))
        self.effective_sample_size_ = effective_sample_size(self.sample_weight_[~rows.target])
        return self

    def _weigh(self, rows: Rows) -> np.ndarray:
        """Weights of all rows."""
        importance = np.asarray(self._importance_of_source(rows), dtype=np.float64)
        n = int((~rows.target).sum())
        if importance.shape != (n,) or not np.all((importance >= 0) & (importance < np.inf)):
            raise ValueError(
                f"_importance_of_source of {type(self).__name__} must give {n} weights, one for "
                "each row of the source, none of them negative, infinite or NaN. Got an array of "
                f"shape {importance.shape}: {importance!r:.100}."
            )
        out = np.zeros(len(rows.X))
        out[~rows.target] = importance
        # a target row stands for itself, and counts as a source row does in the mean
        out[rows.target & rows.labeled] = importance.mean()
        return out

    @abstractmethod
    def _importance_of_source(self, rows: Rows) -> np.ndarray:
        """Weights of the rows of the source, in their order."""

    def _weigh_nothing(self, rows: Rows) -> None:
        """Set what else is learned where there is only one domain."""

    def __sklearn_tags__(self) -> Any:
        return adapting(super().__sklearn_tags__())


class _RatioWeigher(BaseWeigher):
    """A weigher that knows the importance of new rows, too."""

    def importance(self, X: Any) -> np.ndarray:
        """Estimate the ratio of the densities of target and source.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            New rows, with the columns of `fit`; which domain they are of does not matter.

        Returns
        -------
        ndarray of shape (n,)
            Ratios; 1 where `fit` saw one domain only.
        """
        check_is_fitted(self)
        return self._ratio(read_rows(self, X, fitting=False).X)

    @abstractmethod
    def _ratio(self, X: np.ndarray) -> np.ndarray:
        """Ratios of rows without their domain."""


def effective_sample_size(weights: np.ndarray) -> float:
    r"""Kish's size of the unweighted sample that tells as much as a weighted one.

    .. math:: n_\text{eff} = ({\textstyle\sum_i w_i})^2 / \sum_i w_i^2

    Parameters
    ----------
    weights : ndarray of shape (n,)
        Weights, none of them negative.

    Returns
    -------
    float
        The size; 0 where there are no weights, or all are zero.

    References
    ----------
    Kish: Survey Sampling, 1965, section 11.7.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer.base import effective_sample_size
    >>> effective_sample_size(np.array([1.0, 1.0, 1.0, 0.0]))
    3.0
    """
    largest = float(weights.max(initial=0.0))
    if largest == 0:
        return 0.0
    scaled = weights / largest  # squares of tiny or huge weights stay numbers
    return float(scaled.sum() ** 2 / (scaled**2).sum())
