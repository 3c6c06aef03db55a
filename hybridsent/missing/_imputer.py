"""Fill missing views (layer L3).

scikit-learn's imputers work column by column: SimpleImputer adds an indicator a feature, here
thousands, and IterativeImputer fits a model for each. A view is missing as a whole.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._params import StrOptions
from hybridsent.missing._prediction import Prediction, learn, predict
from hybridsent.views import (
    as_matrix,
    is_passthrough,
    presence,
    views_of,
)

__all__ = ["ViewImputer"]


class ViewImputer(OneToOneFeatureMixin, NamedOutput, BaseEstimator):
    r"""Fill missing views, and add one indicator column a view.

    A row whose view is missing gets the mean of that view's columns over the training rows that
    have it (after scaling, zero), or, with ``strategy="predict"``, what the views that it has say
    about it:

    .. math:: \hat x_a = \mu_a + C_{ap} (C_{pp} + k I)^{-1} (x_p - \mu_p)

    with the covariances C of present and absent columns. A linear classifier then judges the row
    by all that the present views imply, where the mean leaves it with the part of them that the
    absent view does not explain: so it loses nothing against a classifier of the present views
    alone. k is chosen by generalised cross-validation, for each combination of present views. The
    regressions are between the leading 256 principal components of each view, of rank 64 at most,
    and learned from 10,000 rows at most. A row without any view gets the means.

    For each view that was missing in training, one column ``missing__<view>`` is 1 where it is
    missing and 0 elsewhere, so that a linear classifier can learn what a missing picture says.

    Parameters
    ----------
    strategy : {"mean", "predict"}, default="mean"
        What fills a missing view: its mean, or what the other views predict.
    add_indicator : bool, default=True
        Whether to add the indicator columns.

    Attributes
    ----------
    statistics_ : ndarray of shape (p,)
        Mean of each column; 0 for a column that was never there, and NaN for domain and group, in
        which nothing is filled.
    views_ : dict of str to ndarray of int
        Columns of each view; all columns are one view where they have no names. Domain, group and
        indicators are no views.
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

    References
    ----------
    Golub, Heath, Wahba: Generalized cross-validation as a method for choosing a good ridge
    parameter, Technometrics 1979.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.missing import ViewImputer
    >>> X = pd.DataFrame({"text__0": [1.0, 3.0], "image__0": [5.0, np.nan]})
    >>> ViewImputer().fit_transform(X)
    array([[1., 5., 0.],
           [3., 5., 1.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "strategy": [StrOptions({"mean", "predict"})],
        "add_indicator": ["boolean"],
    }

    def __init__(self, *, strategy: str = "mean", add_indicator: bool = True) -> None:
        self.strategy = strategy
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
        names = getattr(self, "feature_names_in_", [])
        self.statistics_[[i for i, name in enumerate(names) if is_passthrough(name)]] = np.nan
        self.views_ = views_of(self)
        self.indicated_ = [
            view
            for view, positions in self.views_.items()
            if self.add_indicator and absent[:, positions].any()
        ]
        present = presence(X, self.views_)
        self._prediction: Prediction | None = None
        if self.strategy == "predict" and len(self.views_) > 1:
            self._prediction = learn(X, present, self.views_)
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
        if self._prediction is not None and absent.any():
            filled = X.copy()
            predict(self._prediction, filled, presence(X, self.views_), self.views_)
            np.copyto(out[:, :p], filled, where=absent)
        np.copyto(out[:, :p], self.statistics_, where=np.isnan(out[:, :p]), casting="same_kind")
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
