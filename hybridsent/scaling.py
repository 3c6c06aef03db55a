"""Bring the views to one scale (layer L3).

scikit-learn's scalers work column by column: a view of 1,280 columns then outweighs one of 384 in
any penalised linear model, and the few enormous values of acoustic functionals stay enormous. No
scaler there knows a view.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from hybridsent._params import Interval
from hybridsent._views import spans

__all__ = ["ViewScaler"]


class ViewScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Standardise each column, cut off outliers, and give each view the same weight.

    A value becomes :math:`\operatorname{clip}((x - \mu) / \sigma, -c, c) / \sqrt{w}` with the
    column's mean and standard deviation over the rows that have it, the cut c, and the number of
    columns w of its view. NaN stays NaN.

    Parameters
    ----------
    clip : float or None, default=3.0
        Where standardised values are cut off; None leaves them.
    balance : bool, default=True
        Whether to divide each view by the square root of its width, so that all views weigh the
        same.

    Attributes
    ----------
    mean_ : ndarray of shape (p,), float64
        Mean of each column.
    scale_ : ndarray of shape (p,), float64
        Standard deviation of each column times the square root of its view's width; 1 for a
        constant column.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    sklearn.preprocessing.StandardScaler : The same with ``clip=None, balance=False``.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.scaling import ViewScaler
    >>> X = pd.DataFrame({"text__0": [0.0, 2.0], "text__1": [0.0, 4.0], "image__0": [1.0, 3.0]})
    >>> ViewScaler().fit_transform(X).round(2)
    array([[-0.71, -0.71, -1.  ],
           [ 0.71,  0.71,  1.  ]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "clip": [None, Interval(Real, 0, None, closed="neither")],
        "balance": ["boolean"],
    }

    def __init__(self, *, clip: float | None = 3.0, balance: bool = True) -> None:
        self.clip = clip
        self.balance = balance

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
        """
        self._validate_params()
        X = validate_data(self, X, dtype=[np.float32, np.float64], ensure_all_finite="allow-nan")
        absent = np.isnan(X)
        counts = np.maximum((~absent).sum(axis=0), 1)
        self.mean_ = np.where(absent, 0, X).sum(axis=0, dtype=np.float64) / counts
        centred = np.where(absent, 0, X - self.mean_)
        deviation = np.sqrt(np.einsum("ij,ij->j", centred, centred) / counts)
        # rounding of a constant column is not a deviation
        constant = deviation <= 10 * np.finfo(X.dtype).eps * np.abs(self.mean_)
        self.scale_ = np.where(constant | (deviation == 0), 1.0, deviation)
        if self.balance:
            for positions in spans(getattr(self, "feature_names_in_", [""] * X.shape[1])).values():
                self.scale_[positions] *= np.sqrt(len(positions))
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
        X = validate_data(
            self, X, dtype=[np.float32, np.float64], ensure_all_finite="allow-nan", reset=False
        )
        scaled = (X - self.mean_) / self.scale_
        if self.clip is not None:
            width = self._root_width(X.shape[1])
            np.clip(scaled, -self.clip / width, self.clip / width, out=scaled)
        return np.asarray(scaled, dtype=X.dtype)

    def _root_width(self, n_columns: int) -> np.ndarray:
        """Square root of the width of each column's view."""
        root = np.ones(n_columns)
        if self.balance:
            for positions in spans(getattr(self, "feature_names_in_", [""] * n_columns)).values():
                root[positions] = np.sqrt(len(positions))
        return root

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
