"""What all transformers that adapt share: two domains in, one matrix out (layer L3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._numerics.kernels import median_gamma
from hybridsent._tags import adapting
from hybridsent.transfer._domain import (
    Rows,
    kept_names,
    mark_names,
    read_rows,
    warn_without_target,
)

__all__ = ["BaseAdapter", "ComponentAdapter", "check_two_rows"]


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
      ``self._parts(rows)`` gives both in float64. `y` may be None;
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
        return self._mapped(read_rows(self, X, reset=False, fitting=False))

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
        rows = read_rows(self, X, y, reset=True)
        warn_without_target(self, rows)
        self.n_target_ = int(rows.target.sum())
        self.n_source_ = len(rows.target) - self.n_target_
        self._learn(rows, y)
        return rows

    def _mapped(self, rows: Rows) -> np.ndarray:
        width, marks = len(self._names_out()), rows.marks.shape[1]
        out = np.empty((len(rows.X), width + marks), dtype=rows.X.dtype)
        for target in (False, True):
            which = rows.target == target
            if which.any():
                out[which, :width] = self._map(rows.X[which], target)
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


class ComponentAdapter(BaseAdapter):
    """Base of the adapters that give new columns; `_learn` sets ``n_components_``."""

    def _names_out(self) -> np.ndarray:
        return np.asarray([f"adapted__{i}" for i in range(self.n_components_)], dtype=object)

    def _width(self, X: np.ndarray) -> float:
        """Give `gamma` of the RBF kernel, where an adapter has one."""
        if self.gamma is not None:
            return float(self.gamma)
        return median_gamma(X, check_random_state(self.random_state))


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
