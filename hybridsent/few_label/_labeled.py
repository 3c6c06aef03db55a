"""Fit an estimator on the labelled rows of a table (layer L3).

scikit-learn marks an unlabelled row by ``y == -1``, but only its semi-supervised classifiers know:
for any other classifier -1 is one more class, and a regressor takes no row without a number at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if

from hybridsent._inner import OfInner, inner_has, tags_of_inner
from hybridsent._labeled_score import check_given
from hybridsent._labels import kind_of, labeled_rows, one_column, plain_labels, take_rows
from hybridsent._minus_one import check_minus_one_is_no_class
from hybridsent._params import HasMethods
from hybridsent._tags import with_capabilities

__all__ = ["LabeledOnly"]


class LabeledOnly(OfInner, MetaEstimatorMixin, BaseEstimator):
    """Fit an estimator on the labelled rows only; with every row labelled it is that estimator.

    By scikit-learn's rule a row is unlabelled where y is the number -1. String labels then stand in
    an array of dtype object, ``["good", -1, "bad"]``. Around a regressor NaN marks these rows, and
    -1 is a value like any other. Steps before this one learn from all rows, so that a pipeline such
    as ``make_pipeline(PCA(50), LabeledOnly(classifier))`` uses the unlabelled ones for what needs
    no label.

    Where -1 is a class, rename it: no row can be both. Labels -1 and 1, or -1 beside other negative
    numbers, are refused, and so is the text ``"-1"``, because a column of text cannot hold the
    number, and a class of that name would be learned in silence.

    Parameters
    ----------
    estimator : estimator
        Any classifier, regressor or transformer.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone.
    n_labeled_ : int
        Rows it was fitted on.
    classes_ : ndarray
        Class labels, without -1; where `estimator_` has them.
    n_features_in_ : int
        Columns seen in `fit`; where `estimator_` has it.
    feature_names_in_ : ndarray of str
        Names of the columns; where `estimator_` has them.

    See Also
    --------
    sklearn.semi_supervised.SelfTrainingClassifier : Labels the other rows step by step.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent.few_label import LabeledOnly
    >>> X = np.array([[0.0], [1.0], [8.0], [9.0]])
    >>> y = np.array(["bad", -1, -1, "good"], dtype=object)
    >>> model = LabeledOnly(LogisticRegression()).fit(X, y)
    >>> model.n_labeled_, model.classes_.tolist(), model.predict(X).tolist()
    (2, ['bad', 'good'], ['bad', 'bad', 'good', 'good'])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"estimator": [HasMethods(["fit"])]}

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, **params: Any) -> LabeledOnly:
        """Fit the estimator on the labelled rows.

        Parameters
        ----------
        X : array, DataFrame, sparse matrix or list of n rows
            The rows.
        y : array of shape (n,)
            Labels; -1 where a row has none, for a regressor NaN.
        **params : dict
            Passed to the estimator's `fit`; what has one entry a row (``sample_weight``,
            ``groups``) is cut to the labelled ones. With metadata routing, what the estimator asks
            for.

        Returns
        -------
        self
            The fitted estimator.
        """
        self._validate_params()
        check_given(self, y)
        labeled = self._labeled(y, "LabeledOnly")
        if is_classifier(self.estimator):
            check_minus_one_is_no_class(y, kind="classes", name="y of LabeledOnly")
        inner = _routed(self, "fit", params)
        if not labeled.all():
            _check_rows(X, labeled)
            X, y, inner = _chosen(X, labeled), _known(y, labeled), _chosen_of(inner, labeled)
        self.n_labeled_ = int(labeled.sum())
        self.estimator_ = clone(self.estimator).fit(X, y, **inner)
        return self

    @available_if(inner_has("transform"))  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def transform(self, X: Any) -> Any:
        """Transform rows, labelled or not.

        Parameters
        ----------
        X : array, DataFrame, sparse matrix or list of n rows
            The rows.

        Returns
        -------
        array of n rows
            What the estimator gives.
        """
        return self._fitted().transform(X)

    @available_if(inner_has("transform"))  # type: ignore[untyped-decorator]  # see above
    def fit_transform(self, X: Any, y: Any, **params: Any) -> Any:
        """Fit on the labelled rows, and transform all.

        Parameters
        ----------
        X : array, DataFrame, sparse matrix or list of n rows
            The rows.
        y : array of shape (n,)
            Labels; rows without one are left out of the fit.
        **params : dict
            As in `fit`.

        Returns
        -------
        array of n rows
            What the estimator gives.
        """
        return self.fit(X, y, **params).transform(X)

    @available_if(inner_has("set_output"))  # type: ignore[untyped-decorator]  # see above
    def set_output(self, *, transform: str | None = None) -> LabeledOnly:
        """Choose the container of what `transform` gives, as scikit-learn's transformers do.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Container; None leaves it as it is.

        Returns
        -------
        self
            This estimator, whose inner ones were told.
        """
        for inner in (self.estimator, getattr(self, "estimator_", None)):
            if inner is not None:
                inner.set_output(transform=transform)
        return self

    @available_if(inner_has("get_feature_names_out"))  # type: ignore[untyped-decorator]  # see above
    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : array of str, default=None
            Names of the columns of X.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        return self._fitted().get_feature_names_out(input_features)

    @available_if(inner_has("score"))  # type: ignore[untyped-decorator]  # see above
    def score(self, X: Any, y: Any, **params: Any) -> float:
        """Score of the estimator on the labelled rows.

        Parameters
        ----------
        X : array, DataFrame, sparse matrix or list of n rows
            The rows.
        y : array of shape (n,)
            Labels; rows without one are left out.
        **params : dict
            Passed to the estimator's `score`, as in `fit`.

        Returns
        -------
        float
            Score; for classifiers the accuracy, for regressors R².
        """
        inner = self._fitted()
        labeled = self._labeled(y, "LabeledOnly.score")
        passed = _routed(self, "score", params)
        if not labeled.all():
            _check_rows(X, labeled)
            X, y, passed = _chosen(X, labeled), _known(y, labeled), _chosen_of(passed, labeled)
        return float(inner.score(X, y, **passed))

    def _labeled(self, y: Any, who: str) -> np.ndarray:
        """Tell which rows have a label; one must."""
        kind = kind_of(self.estimator, y)
        labeled = labeled_rows(y, kind)
        if not labeled.any():
            mark = "NaN" if kind == "numbers" else "-1"
            raise ValueError(
                f"{who} needs at least 1 labelled row. Got {len(labeled)} rows, all of them {mark}."
            )
        return labeled

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which metadata the estimator asks for.

        Returns
        -------
        MetadataRouter
            As scikit-learn's user guide on metadata routing has it.
        """
        mapping = MethodMapping()
        for method in ("fit", "score"):
            mapping.add(caller=method, callee=method)
        router = MetadataRouter(owner=type(self).__name__)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        names = (
            "estimator_type",
            "classifier_tags",
            "regressor_tags",
            "transformer_tags",
            "input_tags",
        )
        tags = tags_of_inner(super().__sklearn_tags__(), self.estimator, *names)
        tags.target_tags.required = True
        return with_capabilities(tags, takes_unlabelled=True, hands_on=True)


def _check_rows(X: Any, labeled: np.ndarray) -> None:
    rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if rows != len(labeled):
        raise ValueError(f"X and y must have as many rows. Got {rows} and {len(labeled)}.")


def _known(y: Any, labeled: np.ndarray) -> Any:
    """Give the labels that are there; numbers from an array of objects as numbers."""
    known = _chosen(one_column(y) if isinstance(y, list | tuple) else y, labeled)
    plain = getattr(known, "dtype", None) is np.dtype(object) and np.ndim(known) == 1
    return plain_labels(np.asarray(known)) if plain else known


def _chosen(values: Any, labeled: np.ndarray) -> Any:
    return take_rows(values, np.flatnonzero(labeled))


def _chosen_of(params: Mapping[str, Any], labeled: np.ndarray) -> dict[str, Any]:
    """Take the labelled rows of each parameter of `fit` that has one entry a row."""
    return {
        name: _chosen(value, labeled) if _has_rows(value, len(labeled)) else value
        for name, value in params.items()
    }


def _has_rows(value: Any, n: int) -> bool:
    if isinstance(value, str | bytes | Mapping):
        return False
    shape = getattr(value, "shape", None)
    if shape is not None:
        return len(shape) > 0 and int(shape[0]) == n
    return isinstance(value, list | tuple) and len(value) == n


def _routed(self: LabeledOnly, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Give the parameters for the inner method: all, unless metadata is routed."""
    if not get_config()["enable_metadata_routing"]:
        return params
    return dict(process_routing(self, method, **params)["estimator"][method])
