"""Rows whose view is missing (layer L3).

After the encoders a missing modality is a row of NaN in the columns of its view. scikit-learn's
transformers either refuse NaN (PCA, LDA) or treat each column for itself (SimpleImputer adds an
indicator a feature, here thousands); nothing there knows a view.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from hybridsent._params import HasMethods
from hybridsent._views import as_matrix, spans

__all__ = ["PresentRows", "ViewImputer"]


class PresentRows(TransformerMixin, BaseEstimator):
    """Apply a transformer to the rows that are there; rows with NaN stay rows of NaN.

    The transformer (and its `y`, for supervised ones such as LDA) sees only the rows without NaN.
    What it gives for them is put back in place, and the other rows are NaN in every column, so that
    the next step still knows what is missing.

    Parameters
    ----------
    transformer : estimator
        Any scikit-learn transformer, such as ``PCA(50)``.

    Attributes
    ----------
    transformer_ : estimator
        The fitted clone.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    ViewImputer : Fills the rows of NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from hybridsent.missing import PresentRows
    >>> X = np.array([[0.0, 1.0], [np.nan, np.nan], [2.0, 3.0]])
    >>> PresentRows(PCA(1)).fit_transform(X).round(2).ravel()
    array([-1.41,   nan,  1.41])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "transformer": [HasMethods(["fit", "transform"])]
    }

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit(self, X: Any, y: Any = None) -> PresentRows:
        """Fit the transformer on the rows without NaN.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.
        y : array of shape (n,), default=None
            Target, for transformers that use it.

        Returns
        -------
        self
            The fitted transformer.
        """
        self._validate_params()
        X = as_matrix(self, X, reset=True)
        present = _present(X)
        if not present.any():
            raise ValueError(
                f"At least one row must be without NaN to fit {type(self.transformer).__name__}. "
                f"All {len(X)} rows have NaN; leave this modality out."
            )
        chosen = None if y is None else np.asarray(y)[present]
        self.transformer_ = clone(self.transformer).fit(X[present], chosen)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Transform the rows without NaN.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, q)
            What the transformer gives; NaN for the other rows.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        present = _present(X)
        if not present.any():
            return np.full((len(X), len(self.get_feature_names_out())), np.nan, dtype=X.dtype)
        values = np.asarray(self.transformer_.transform(X[present]))
        out = np.full((len(X), values.shape[1]), np.nan, dtype=X.dtype)
        out[present] = values
        return out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns, as the transformer gives them.

        Parameters
        ----------
        input_features : array of str, default=None
            Names of the columns of X.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        if input_features is None:  # the transformer saw an array, which has no names
            input_features = getattr(self, "feature_names_in_", None)
        names: np.ndarray = self.transformer_.get_feature_names_out(input_features)
        return names

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        if isinstance(self.transformer, BaseEstimator):  # scikit-learn probes with strings, too
            tags.target_tags.required = self.transformer.__sklearn_tags__().target_tags.required
        return tags


def _present(X: np.ndarray) -> np.ndarray:
    flags: np.ndarray = ~np.isnan(X).any(axis=1)
    return flags


class ViewImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill missing views with the mean, and add one indicator column a view.

    A row whose view is missing gets the mean of that view's columns over the training rows that
    have it (after scaling, zero). For each view that was missing in training, one column
    ``missing__<view>`` is 1 where it is missing and 0 elsewhere, so that a linear classifier can
    learn what a missing picture says.

    Parameters
    ----------
    add_indicator : bool, default=True
        Whether to add the indicator columns.

    Attributes
    ----------
    statistics_ : ndarray of shape (p,)
        Mean of each column; 0 for a column that was never there.
    views_ : dict of str to ndarray of int
        Columns of each view; all columns are one view where they have no names.
    indicated_ : list of str
        Views that have an indicator.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    PresentRows : Keeps rows of NaN as they are.
    sklearn.impute.SimpleImputer : The same column by column.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.missing import ViewImputer
    >>> X = pd.DataFrame({"text__0": [1.0, 3.0], "image__0": [5.0, np.nan]})
    >>> ViewImputer().fit_transform(X)
    array([[1., 5., 0.],
           [3., 5., 1.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"add_indicator": ["boolean"]}

    def __init__(self, *, add_indicator: bool = True) -> None:
        self.add_indicator = add_indicator

    def fit(self, X: Any, y: Any = None) -> ViewImputer:
        """Learn the means, and which views can be missing.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted imputer.
        """
        self._validate_params()
        X = as_matrix(self, X, reset=True)
        absent = np.isnan(X)
        counts = np.maximum(len(X) - absent.sum(axis=0), 1)
        # float64 sums: thousands of float32 rows would lose digits
        sums = np.sum(X, axis=0, dtype=np.float64, where=~absent)
        self.statistics_ = (sums / counts).astype(X.dtype)
        columns = getattr(self, "feature_names_in_", [""] * X.shape[1])
        self.views_ = {view: np.asarray(positions) for view, positions in spans(columns).items()}
        self.indicated_ = [
            view
            for view, positions in self.views_.items()
            if self.add_indicator and absent[:, positions].any()
        ]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Fill what is missing.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, p + number of indicators)
            Features without NaN.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        absent = np.isnan(X)
        p = X.shape[1]
        out = np.empty((len(X), p + len(self.indicated_)), dtype=X.dtype)
        out[:, :p] = X
        np.copyto(out[:, :p], self.statistics_, where=absent, casting="same_kind")
        for i, view in enumerate(self.indicated_):
            out[:, p + i] = absent[:, self.views_[view]].any(axis=1)
        return out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: those of X, then ``missing__<view>``.

        Parameters
        ----------
        input_features : array of str, default=None
            Names of the columns of X.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        names = super().get_feature_names_out(input_features)
        flags = [f"missing__{view or 'all'}" for view in self.indicated_]
        return np.concatenate([names, np.asarray(flags, dtype=object)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
