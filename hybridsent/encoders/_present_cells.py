"""Transformers of cells, such as scikit-learn's vectorizers, that know no missing cell (layer L2).

A vectorizer of scikit-learn refuses a row without a text, gives a sparse matrix and takes no part
in ``set_output``. Nothing there stands around one.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._labels import take_rows
from hybridsent._params import HasMethods
from hybridsent.media import is_missing

__all__ = ["PresentCells"]


class PresentCells(NamedOutput, BaseEstimator):
    """Transform the cells of a column that are there; a row without one is NaN.

    What the transformer gives becomes a float32 matrix, of NaN where the cell is missing, whose
    columns are named by number: ``x0``, ``x1`` … For transformers that learn from cells and know no
    missing ones, such as scikit-learn's vectorizers of text.

    Parameters
    ----------
    transformer : estimator
        Takes a column of cells, such as ``TfidfVectorizer()`` or a Pipeline that begins with it. A
        sparse matrix is made dense: bound its columns, for example by ``max_features=5000`` or a
        ``TruncatedSVD`` behind.

    Attributes
    ----------
    transformer_ : estimator
        The fitted clone.
    n_features_out_ : int
        Columns that it gives.

    See Also
    --------
    hybridsent.missing.PresentRows : The same for rows of a matrix.
    hybridsent.TextEncoder : Pretrained features of texts.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from hybridsent.encoders import PresentCells
    >>> PresentCells(TfidfVectorizer()).fit_transform(["good", None, "bad"])
    array([[ 0.,  1.],
           [nan, nan],
           [ 1.,  0.]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "transformer": [HasMethods(["fit", "transform"])]
    }

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit(self, X: Any, y: Any = None) -> PresentCells:
        """Fit the transformer on the cells that are there.

        Parameters
        ----------
        X : sequence of n cells
            The column.
        y : array of shape (n,), default=None
            Target, for transformers that use it.

        Returns
        -------
        self
            The fitted transformer.
        """
        self._fit(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit the transformer and give what it makes of the same cells.

        Parameters
        ----------
        X : sequence of n cells
            The column.
        y : array of shape (n,), default=None
            Target, for transformers that use it.

        Returns
        -------
        ndarray of shape (n, n_features_out_), float32
            As `transform` gives it.
        """
        return self._spread(self._fit(X, y), _there(X))

    def _fit(self, X: Any, y: Any) -> np.ndarray:
        self._validate_params()
        rows = np.flatnonzero(_there(X))
        if not len(rows):
            raise ValueError(
                f"At least one cell must be there to fit {type(self.transformer).__name__}. All "
                f"{len(X)} cells are missing; leave this modality out."
            )
        chosen = None if y is None else take_rows(y, rows)
        self.transformer_ = clone(self.transformer)
        cells = take_rows(X, rows)
        values = _dense(self.transformer_.fit(cells, chosen).transform(cells))
        self.n_features_out_ = values.shape[1]
        return values

    def transform(self, X: Any) -> np.ndarray:
        """Transform the cells that are there.

        Parameters
        ----------
        X : sequence of n cells
            The column.

        Returns
        -------
        ndarray of shape (n, n_features_out_), float32
            What the transformer gives; NaN for missing cells.
        """
        check_is_fitted(self)
        there = _there(X)
        if not there.any():
            return self._spread(np.zeros((0, self.n_features_out_), np.float32), there)
        cells = take_rows(X, np.flatnonzero(there))
        return self._spread(_dense(self.transformer_.transform(cells)), there)

    def _spread(self, values: np.ndarray, there: np.ndarray) -> np.ndarray:
        out = np.full((len(there), self.n_features_out_), np.nan, dtype=np.float32)
        out[there] = values
        return out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns by number: ``x0``, ``x1`` and so on.

        Parameters
        ----------
        input_features : array of str, default=None
            Ignored.

        Returns
        -------
        ndarray of str
            One name per column; the transformer's own are those of `transformer_`.
        """
        check_is_fitted(self)
        return np.asarray([f"x{i}" for i in range(self.n_features_out_)], dtype=object)


def _there(X: Any) -> np.ndarray:
    """Which cells are there."""
    return np.fromiter((not is_missing(cell) for cell in X), dtype=bool, count=len(X))


def _dense(values: Any) -> np.ndarray:
    found = values.toarray() if hasattr(values, "toarray") else values
    return np.asarray(found, dtype=np.float32)
