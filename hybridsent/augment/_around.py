"""What all share that learn from more rows than they are given (layer L4).

imbalanced-learn has samplers, which change the number of rows in pipelines of its own, and know
neither groups nor rows without a label. Here an estimator around another one adds rows, tells the
inner one which of them belong together, and otherwise is the inner one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if

from hybridsent._groups import fit_with_groups, groups_of, wants_groups
from hybridsent._held import everything
from hybridsent._inner import OfInner, inner_has, tags_of_inner
from hybridsent._labeled_score import check_given
from hybridsent._labels import Kind, kind_of, labeled_rows, one_column
from hybridsent._params import HasMethods, StrOptions, check_sample_weight
from hybridsent._tables import as_pandas
from hybridsent._tags import takes_unlabelled, with_capabilities
from hybridsent._weighted import fit_weighted, weight_name
from hybridsent.encoders._nesting import readers_of

__all__ = ["Given", "MoreRows", "Rows"]


class Given(NamedTuple):
    """What `fit` was given.

    Parameters
    ----------
    X : DataFrame, array or list of n rows
        The rows.
    y : array of n rows
        Labels.
    known : ndarray of int of shape (m,)
        Positions of rows with a label.
    kind : {"classes", "names", "numbers", "sets"}
        What labels are.
    groups : ndarray of int of shape (n,)
        Group of each row; each row is one where none are told.
    weights : ndarray of float of shape (n,)
        Weights of the rows.
    told : bool
        Whether groups were told.
    """

    X: Any
    y: Any
    known: np.ndarray
    kind: Kind
    groups: np.ndarray
    weights: np.ndarray
    told: bool


class Rows(NamedTuple):
    """Rows to fit on, the first of them those that were given.

    Parameters
    ----------
    X : DataFrame, array or list of n rows
        Rows.
    y : array of n rows
        Labels.
    groups : ndarray of int of shape (n,)
        Groups, which no inner fold may split.
    shared : ndarray of float of shape (n,)
        Weights where a row and what is made of it weigh as one.
    full : ndarray of float of shape (n,)
        Weights where each weighs as the row does.
    """

    X: Any
    y: Any
    groups: np.ndarray
    shared: np.ndarray
    full: np.ndarray


class MoreRows(OfInner, MetaEstimatorMixin, BaseEstimator, ABC):
    """Base of estimators that add rows before `fit`; all else is what the inner estimator says.

    A subclass gives `_more`. The classes of the inner estimator are those of all labels.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit"])],
        "weights": [StrOptions({"auto", "shared", "full"})],
    }
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}
    _needs_weights: ClassVar[bool] = False
    """Whether what is made of rows means nothing without weights."""
    _of_matrix: ClassVar[bool] = False
    """Whether rows are those of a matrix, as scikit-learn takes it; else they may be cells."""
    estimator: Any
    weights: str

    @abstractmethod
    def _more(self, given: Given) -> Rows:
        """Give the rows to fit on."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Any:
        """Add rows, and fit the estimator on all.

        Parameters
        ----------
        X : DataFrame, array or list of n rows
            The rows, as the estimator takes them.
        y : array of shape (n,)
            Labels; -1 where a row has none (of a regressor NaN), if the estimator takes such rows.
            Only rows with a label are copied.
        sample_weight : array of shape (n,), default=None
            Weights of the rows; what is made of a row weighs in proportion.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); what is made of a row is of its group, and no inner
            fold splits it. None takes the column ``group__0``, where there is one, else each row
            with what is made of it is a group.

        Returns
        -------
        self
            The fitted model.

        Raises
        ------
        ValueError
            If there is nothing that rows can be made of, or what tunes itself inside knows no
            groups and would test on copies of rows that it has learned from.
        """
        self._validate_params()
        check_given(self, y)
        _check_inner_folds(self)
        given = self._given(as_pandas(X), y, sample_weight, groups)
        rows = self._more(given)
        self.n_added_ = len(rows.groups) - len(given.groups)
        name = weight_name(self.estimator)
        asked = sample_weight is not None or self.weights == "shared"
        if name is None and (asked or (self.weights == "auto" and self._needs_weights)):
            raise ValueError(
                f"The estimator of {type(self).__name__} must take sample_weight in fit where "
                "there are weights, or weights='shared'; with weights='full' copies of cells need "
                "none. Got "
                f"{type(self.estimator).__name__}."
            )
        weights = rows.full if self.weights == "full" else rows.shared
        reached = rows.groups if given.told or wants_groups(self.estimator) else None
        if name is None or (weights == 1).all():
            self.estimator_ = fit_with_groups(clone(self.estimator), rows.X, rows.y, reached)
        else:
            self.estimator_ = fit_weighted(self, self.estimator, rows.X, rows.y, weights, reached)
        return self

    def _given(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Given:
        if self._of_matrix:
            X, y = _matrix_of(_features_in(X, self.estimator)), _column_of(y)
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        if len(y) != n:
            raise ValueError(f"X and y must have as many rows. Got {n} and {len(y)}.")
        if not n:
            raise ValueError(f"{type(self).__name__} must be fitted on rows. Got 0 sample(s).")
        kind = kind_of(self.estimator, y)
        loose = takes_unlabelled(self.estimator)
        known = labeled_rows(y, kind) if loose else np.ones(n, dtype=bool)
        codes = groups_of(self, X, groups)
        weights = (
            np.ones(n)
            if sample_weight is None
            else check_sample_weight(sample_weight, np.zeros((n, 1)), dtype=np.float64)
        )
        told = codes is not None
        return Given(
            X,
            y,
            np.flatnonzero(known),
            kind,
            np.arange(n) if codes is None else codes,
            weights,
            told,
        )

    @available_if(inner_has("score"))  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def score(self, X: Any, y: Any) -> float:
        """Score the fitted estimator by its own measure.

        Parameters
        ----------
        X : DataFrame, array or list of n rows
            The rows.
        y : array of shape (n,)
            Labels.

        Returns
        -------
        float
            The score.
        """
        return float(self._fitted().score(X, y))

    def __sklearn_tags__(self) -> Any:
        names = ("estimator_type", "classifier_tags", "regressor_tags", "input_tags")
        tags = tags_of_inner(super().__sklearn_tags__(), self.estimator, *names)
        tags.target_tags.required = True
        tags.input_tags.sparse = tags.input_tags.sparse and not self._of_matrix
        loose = isinstance(self.estimator, BaseEstimator) and takes_unlabelled(self.estimator)
        return with_capabilities(tags, takes_unlabelled=loose)


def _features_in(X: Any, estimator: Any) -> Any:
    """Leave texts and names out of a table of which a pipeline takes the features by name."""
    if not hasattr(X, "columns") or not isinstance(estimator, Pipeline):
        return X
    if not estimator.steps or not hasattr(estimator.steps[0][1], "transformers"):
        return X
    if next(readers_of(estimator), None) is not None:  # its cells are no features: that is told
        return X
    numbers = X.select_dtypes(["number", "bool"])
    return numbers if 0 < numbers.shape[1] < X.shape[1] else X


def _matrix_of(X: Any) -> Any:
    """Give a matrix as it was checked; a table keeps its names."""
    values = check_array(X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
    return X if hasattr(X, "columns") else values


def _column_of(y: Any) -> Any:
    """Give labels that have a length; one column of them is told of, and read."""
    if not hasattr(y, "__len__"):
        y = np.asarray(y)
    shape: tuple[int, ...] = getattr(y, "shape", ())
    return one_column(y) if len(shape) == 2 and shape[1] == 1 else y


def _check_inner_folds(owner: MoreRows) -> None:
    """Refuse inner folds that would have a row on one side and its copy on the other."""
    for part in everything(owner.estimator):
        if not isinstance(part, BaseEstimator) or type(part).__module__.startswith("hybridsent."):
            continue
        if not hasattr(part, "cv") or isinstance(part.cv, str):
            continue
        splitter = part.cv
        if not (hasattr(splitter, "split") and "Group" in type(splitter).__name__):
            raise ValueError(
                f"The inner folds of {type(part).__name__} must keep a row and its copies "
                f"together. Got cv={splitter!r}; give it a splitter such as GroupKFold(3), or put "
                f"{type(part).__name__} around {type(owner).__name__} instead."
            )
