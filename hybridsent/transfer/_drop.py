"""Drop the column of domains (layer L3).

scikit-learn drops columns by a ColumnTransformer that must be told which to keep; this one knows
the name of the column, and passes where there is none.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._params import StrOptions
from hybridsent.transfer._domain import kept_names
from hybridsent.views import DOMAIN, GROUP, as_matrix, view_of

__all__ = ["DropDomain"]


class DropDomain(NamedOutput, BaseEstimator):
    """Drop the column ``domain__0``, and nothing else.

    It stands where a step that adapts would stand: the pipeline is then the same without transfer.
    Where no column is of that name, nothing is dropped.

    Parameters
    ----------
    view : {"domain", "group"}, default="domain"
        Which column is dropped; ``"group"`` is ``group__0``, which `GroupScaler` reads.

    Attributes
    ----------
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    hybridsent.evaluation.unadapted : Puts it in the place of all that adapts.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import DropDomain
    >>> X = pd.DataFrame({"text__0": [0.5, 1.5], "domain__0": [0.0, 1.0]})
    >>> DropDomain().fit_transform(X).ravel()
    array([0.5, 1.5])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "view": [StrOptions({DOMAIN, GROUP})],
    }

    def __init__(self, view: str = DOMAIN) -> None:
        self.view = view

    def fit(self, X: Any, y: Any = None) -> DropDomain:
        """Remember the columns.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; NaN is allowed.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted transformer.
        """
        self._validate_params()
        as_matrix(self, X, reset=True)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Drop the column.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, q)
            Features without the column, in the type of X.
        """
        check_is_fitted(self)
        values = as_matrix(self, X, reset=False)
        names = getattr(self, "feature_names_in_", ())
        off = [i for i, name in enumerate(names) if view_of(name) == self.view]
        return np.delete(values, off, axis=1) if off else values

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: those of X without the one dropped.

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
        return kept_names(self, self.view)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
