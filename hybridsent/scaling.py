"""Bring the views to one scale (layer L3).

scikit-learn's scalers work column by column: a view of 1,280 columns then outweighs one of 384 in
any penalised linear model, and the few enormous values of acoustic functionals stay enormous. No
scaler there knows a view.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._numerics.scale import (
    column_moments,
    is_constant,
    scale_of,
    shrunk_variance,
)
from hybridsent._params import Interval
from hybridsent.views import as_matrix, views_of

__all__ = ["DropConstant", "ViewScaler"]

_ROWS = 256  # rows held in float64 at a time: they stay in the cache


class ViewScaler(OneToOneFeatureMixin, NamedOutput, BaseEstimator):
    r"""Standardise each column, cut off outliers, and give each view the same weight.

    A value becomes :math:`\operatorname{clip}((x - \mu) / \sigma, -c, c) / \sqrt{w}` with the
    column's mean and standard deviation over the rows that have it, the cut c, and the number of
    columns w of its view. Of few rows a standard deviation is mostly chance; it is drawn to those
    of the other columns of the view, as far as they differ by no more than chance. NaN stays NaN,
    and the columns that are of no modality (``domain__0``, ``group__0``, ``missing__text``) stay
    what they are.

    Parameters
    ----------
    clip : float or None, default=3.0
        Where standardised values are cut off; None leaves them.
    balance : bool, default=True
        Whether to divide each view by the square root of its width, so that all views weigh the
        same.
    shrink : bool, default=True
        Whether standard deviations of one view are drawn together where the rows cannot tell them
        apart: logarithms of variances keep the share of their differences that is no noise
        (empirical Bayes). With 16 rows of sentence vectors they become nearly one, with thousands
        each keeps its own, and so do columns of very different units. False takes each as it is.

    Attributes
    ----------
    mean_ : ndarray of shape (p,), float64
        Mean of each column.
    scale_ : ndarray of shape (p,), float64
        Standard deviation of each column, drawn together or not, times the square root of its
        view's width; 1 for a constant column.
    limit_ : ndarray of shape (p,), float64
        Where scaled values of each column are cut off; infinite without `clip`.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    sklearn.preprocessing.StandardScaler : The same with
        ``clip=None, balance=False, shrink=False``.

    References
    ----------
    Smyth: Linear models and empirical Bayes methods for assessing differential expression in
    microarray experiments, Statistical Applications in Genetics and Molecular Biology 2004.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.scaling import ViewScaler
    >>> X = pd.DataFrame({"text__0": [0.0, 2.0], "text__1": [0.0, 4.0], "image__0": [1.0, 3.0]})
    >>> ViewScaler().fit_transform(X).round(2)
    array([[-0.45, -0.89, -1.  ],
           [ 0.45,  0.89,  1.  ]])
    >>> ViewScaler(shrink=False).fit_transform(X).round(2)
    array([[-0.71, -0.71, -1.  ],
           [ 0.71,  0.71,  1.  ]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "clip": [None, Interval(Real, 0, None, closed="neither")],
        "balance": ["boolean"],
        "shrink": ["boolean"],
    }

    shrink: bool = False  # of scalers that were saved before there was a choice

    def __init__(
        self, *, clip: float | None = 3.0, balance: bool = True, shrink: bool = True
    ) -> None:
        self.clip = clip
        self.balance = balance
        self.shrink = shrink

    def fit(self, X: Any, y: Any = None) -> ViewScaler:
        """Learn mean and scale of each column.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted scaler.

        Raises
        ------
        ValueError
            If there is no column.
        """
        self._validate_params()
        shape: tuple[int, ...] = getattr(X, "shape", ())  # whatever else is no array is read below
        if len(shape) == 2 and shape[1] == 0:
            raise ValueError(
                f"At least one feature must be left to be scaled: 0 feature(s) (shape="
                f"{shape}) while a minimum of 1 is required. A selection that kept none "
                "found nothing in the features that tells labels apart: the select parameter of "
                "make_fusion must be another one then, or left out."
            )
        X = as_matrix(self, X, reset=True)
        self.mean_, variance, count = column_moments(X)
        self.scale_ = scale_of(self.mean_, variance, X.dtype, len(X))
        self.limit_ = np.full(X.shape[1], np.inf if self.clip is None else float(self.clip))
        views = views_of(self)
        handed_on = np.setdiff1d(np.arange(X.shape[1]), np.concatenate([*views.values(), []]))
        handed_on = handed_on.astype(int)
        self.mean_[handed_on], self.scale_[handed_on] = 0.0, 1.0
        self.limit_[handed_on] = np.inf
        if self.shrink:
            varies = ~is_constant(self.mean_, np.sqrt(variance), X.dtype, len(X))
            for positions in views.values():
                told = positions[varies[positions]]
                self.scale_[told] = np.sqrt(shrunk_variance(variance[told], count[told]))
        if self.balance:
            for positions in views.values():
                root = np.sqrt(len(positions))
                self.scale_[positions] *= root
                self.limit_[positions] /= root
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Scale.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, p)
            Scaled features, in the type of X.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        out = np.empty(X.shape, dtype=X.dtype)
        for rows in gen_batches(len(X), _ROWS):
            part = X[rows] - self.mean_
            part /= self.scale_
            out[rows] = np.clip(part, -self.limit_, self.limit_, out=part)
        return out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class DropConstant(OneToOneFeatureMixin, NamedOutput, BaseEstimator):
    """Leave out the columns that are constant, up to the rounding of their values.

    scikit-learn's VarianceThreshold leaves out what is constant to the last digit, so that a column
    whose values differ by the rounding of float32 stays, and a test of its differences finds what
    it will.

    Attributes
    ----------
    varies_ : ndarray of bool of shape (p,)
        Columns that are kept.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    sklearn.feature_selection.VarianceThreshold : The same with a threshold in units of the column.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.scaling import DropConstant
    >>> X = np.array([[1.0, 0.1], [2.0, 0.1000000001]], dtype=np.float32)
    >>> DropConstant().fit_transform(X)
    array([[1.],
           [2.]], dtype=float32)
    """

    def fit(self, X: Any, y: Any = None) -> DropConstant:
        """Find the columns that vary.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; NaN is a missing value.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted selection.

        Raises
        ------
        ValueError
            If no column varies.
        """
        X = as_matrix(self, X, reset=True)
        mean, variance, _ = column_moments(X)
        self.varies_ = ~is_constant(mean, np.sqrt(variance), X.dtype, len(X))
        if not self.varies_.any():
            raise ValueError(
                f"{type(self).__name__} needs at least one column that varies. Got "
                f"{X.shape[1]} that are constant over {len(X)} samples; leave this view out."
            )
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Keep the columns that varied in `fit`.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, q)
            Some of the columns, in the type of X.
        """
        check_is_fitted(self)
        return np.asarray(as_matrix(self, X, reset=False)[:, self.varies_])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that are kept.

        Parameters
        ----------
        input_features : array of str, default=None
            Names of the columns of X, where `fit` saw none.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        names = super().get_feature_names_out(input_features)
        return np.asarray(names[self.varies_])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
