"""A transformer on the rows that are there (layer L3).

After the encoders a missing modality is a row of NaN in the columns of its view. scikit-learn's
transformers either refuse NaN (PCA, LDA) or treat each column for itself; nothing there knows a
view.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._label_sets import is_of_sets, label_sets, rarest_labels
from hybridsent._labels import labeled_rows, one_column, plain_labels
from hybridsent._minus_one import kind_that_keeps_classes
from hybridsent._params import HasMethods, StrOptions
from hybridsent.views import as_matrix

__all__ = ["PresentRows"]


class PresentRows(NamedOutput, BaseEstimator):
    """Apply a transformer to the rows that are there; rows with NaN stay rows of NaN.

    The transformer (and its `y`, for supervised ones such as LDA) sees only the rows without NaN.
    What it gives for them is put back in place, and the other rows are NaN in every column, so that
    the next step still knows what is missing.

    Parameters
    ----------
    transformer : estimator
        Any scikit-learn transformer, such as ``PCA(50)``.
    labeled_only : bool, "warn", "numbers" or "sets", default=False
        Whether it is fitted on the rows that have a label alone, as a selection of features must
        be: else the mark -1 is one more class to it. With ``"warn"`` a `TableWarning` says so where
        -1 stands beside 0 and 1, as of a polarity. ``"numbers"`` says that y holds numbers, of
        which -1 is one and NaN alone marks a row without any; ``"sets"`` that it holds sets of
        labels, of which a row is of that label it has which fewest rows have.

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
        "transformer": [HasMethods(["fit", "transform"])],
        "labeled_only": ["boolean", StrOptions({"warn", "numbers", "sets"})],
    }

    def __init__(self, transformer: Any, *, labeled_only: bool | str = False) -> None:
        self.transformer = transformer
        self.labeled_only = labeled_only

    def fit(self, X: Any, y: Any = None) -> PresentRows:
        """Fit the transformer on the rows without NaN.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.
        y : array of shape (n,), of sets also (n, n_labels), default=None
            Target, for transformers that use it; -1 (of numbers, NaN) where a row has none.

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
        of_sets = y is not None and (self.labeled_only == "sets" or is_of_sets(y))
        if of_sets:
            y = rarest_labels(label_sets(y)[0])  # a transformer learns from one class a row
        if self.labeled_only and y is not None:
            y = one_column(y)
            present = present & (labeled_rows(y, "classes") if of_sets else self._labeled(y))
            if not present.any():
                raise ValueError(
                    f"At least one labelled row must be without NaN to fit "
                    f"{type(self.transformer).__name__}. Got {len(X)} rows; leave this modality "
                    "out."
                )
        chosen = None if y is None else plain_labels(np.asarray(y)[present])
        self.transformer_ = clone(self.transformer).fit(X[present], chosen)
        return self

    def _labeled(self, y: np.ndarray) -> np.ndarray:
        """Tell the rows with a label; -1 is a class where it can be nothing else."""
        if self.labeled_only == "numbers":
            return labeled_rows(y, "numbers")
        sure = self.labeled_only is True
        kind = kind_that_keeps_classes(y, type(self).__name__, sure=sure, stacklevel=4)
        return labeled_rows(y, kind)

    def __setstate__(self, state: Any) -> None:
        # files written before there was such a choice
        super().__setstate__({"labeled_only": False, **state})

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
