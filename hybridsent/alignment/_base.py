"""What all aligners share: views in, one space out, rows that lack views (layer L3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._params import StrOptions
from hybridsent.views import as_matrix, block_of, presence, views_of

__all__ = ["AlignerMixin", "canonical_correlations"]


class AlignerMixin(NamedOutput, BaseEstimator, ABC):
    """Base of the aligners; a subclass writes `_fit` and `_view_scores`.

    A subclass has the parameter ``combine``, sets ``views_`` (dict of view to columns),
    ``n_components_`` and, if views weigh differently, ``_weights`` (dict of view to float).
    """

    combine: str
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "combine": [StrOptions({"mean", "concat"})]
    }

    def fit(self, X: Any, y: Any = None) -> Any:
        """Learn the shared space.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. A row is NaN in the columns of a view that it lacks. Columns of no modality
            (``domain__0``, ``group__0``, ``missing__text``) are handed on.
        y : array of shape (n,), default=None
            Labels, for aligners that are supervised; otherwise ignored.

        Returns
        -------
        self
            The fitted aligner.
        """
        X, present = self._read(X)
        self._fit(X, present, y)
        return self

    def _read(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Check the rows of `fit`, and tell which of them has which view."""
        self._validate_params()
        X = as_matrix(self, X, reset=True)
        self.views_ = views_of(self)
        present = presence(X, self.views_)
        together = present.T.astype(np.int64) @ present
        check_rows(type(self).__name__, together, len(X), list(self.views_))
        return X, present

    def transform(self, X: Any) -> np.ndarray:
        """Bring rows into the shared space.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a row is NaN in the columns of a view that it lacks.

        Returns
        -------
        ndarray of shape (n, n_components) or (n, n_views * n_components), and handed on columns
            Coordinates, in the type of X: with ``combine="mean"`` the mean over the views that a
            row has; with ``"concat"`` those of each view, where the mean of the others stands for
            a view that the row lacks. A row without any view is at the origin, the mean. Columns
            that are of no modality (``domain__0``, ``group__0``, ``missing__text``) are handed on
            behind them as they are.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        found = self._combined(X, presence(X, self.views_))
        return np.hstack([found.astype(X.dtype), X[:, self._handed_on()]])

    def _combined(self, X: np.ndarray, present: np.ndarray) -> np.ndarray:
        """Coordinates of rows, by all of the views that they have."""
        scores = self._scores(X, present)
        mean = _mean(scores, present, self._view_weights())
        if self.combine == "mean":
            return mean
        for j, score in enumerate(scores):
            absent = ~present[:, j]
            score[absent] = mean[absent]
        return np.hstack(scores)

    def _handed_on(self) -> np.ndarray:
        """Columns that are of no view."""
        used = np.zeros(self.n_features_in_, dtype=bool)
        for columns in self.views_.values():
            used[columns] = True
        return np.flatnonzero(~used)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the coordinates: ``shared__i``, or ``view__i`` with ``combine="concat"``.

        Columns that are handed on keep their names.

        Parameters
        ----------
        input_features : array of str, default=None
            Ignored; the names do not depend on it.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        views = ["shared"] if self.combine == "mean" else [view or "shared" for view in self.views_]
        names = [f"{view}__{i}" for view in views for i in range(self.n_components_)]
        marks = [str(self.feature_names_in_[i]) for i in self._handed_on()]
        return np.asarray([*names, *marks], dtype=object)

    def score(self, X: Any, y: Any = None) -> float:
        """Mean correlation of the views' coordinates, over pairs of views and components.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Rows, better those that were not fitted on.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        float
            The mean of what `canonical_correlations` gives; NaN for a single view.
        """
        return float(np.mean(canonical_correlations(self, X)))

    @abstractmethod
    def _fit(self, X: np.ndarray, present: np.ndarray, y: Any) -> None:
        """Learn, from the checked matrix and which rows have which view."""

    @abstractmethod
    def _view_scores(self, view: str, X: np.ndarray) -> np.ndarray:
        """Coordinates (n, n_components) of rows that have a view, given its columns alone."""

    def _view_weights(self) -> np.ndarray:
        weights = getattr(self, "_weights", {})
        return np.array([float(weights.get(view, 1.0)) for view in self.views_])

    def _scores(self, X: np.ndarray, present: np.ndarray) -> list[np.ndarray]:
        """Coordinates by each view; zeros where a row lacks it."""
        found = []
        for j, (view, columns) in enumerate(self.views_.items()):
            rows = present[:, j]
            block = block_of(X, columns)
            block = block if rows.all() else block[rows]
            score = np.zeros((len(X), self.n_components_))
            if rows.any():
                score[rows] = self._view_scores(view, block)
            found.append(score)
        return found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def check_rows(caller: str, together: np.ndarray, n: int, views: list[str]) -> None:
    """Refuse no views, views that no row has, or that no two rows have together with another.

    Parameters
    ----------
    caller : str
        Name of the estimator.
    together : ndarray of shape (n_views, n_views)
        How many rows have both of two views.
    n : int
        Rows in all.
    views : list of str
        Names of views.

    Raises
    ------
    ValueError
        Naming the view.
    """
    if not views:
        raise ValueError(
            f"{caller} needs columns of at least one view, named as in 'text__0'. Got only such as "
            "mark rows (domain__0, group__0) or say what is missing; hand over the features, too."
        )
    counts = np.diagonal(together)
    for j, view in enumerate(views):
        if counts[j] < 2:
            raise ValueError(
                f"{caller} needs at least 2 rows (samples) that have the view {view!r}. Got "
                f"{int(counts[j])} (n_samples = {n}); leave the view out, or give more rows."
            )
    for j, view in enumerate(views):
        if len(views) > 1 and np.delete(together[j], j).max() < 2:
            raise ValueError(
                f"{caller} needs at least 2 rows that have the view {view!r} together with another "
                f"one. Got {int(np.delete(together[j], j).max())}; only rows with both tell how "
                "two views go together."
            )


def canonical_correlations(aligner: Any, X: Any) -> np.ndarray:
    """Correlation of the views' coordinates on some rows, component by component.

    Parameters
    ----------
    aligner : estimator
        A fitted aligner of this package.
    X : array or DataFrame of shape (n, p)
        Rows, better those that were not fitted on.

    Returns
    -------
    ndarray of shape (n_components,)
        Mean over all pairs of views of the correlation over the rows that have both; NaN where
        there is no such pair.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.alignment import MCCA, canonical_correlations
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(200, 1))
    >>> X = pd.DataFrame(np.hstack([z, -z]) + 0.1 * rng.normal(size=(200, 2)))
    >>> X.columns = ["text__0", "image__0"]
    >>> aligner = MCCA().fit(X[:100])
    >>> canonical_correlations(aligner, X[100:]).round(2)
    array([0.99])
    """
    check_is_fitted(aligner)
    X = as_matrix(aligner, X, reset=False)
    present = presence(X, aligner.views_)
    return pairwise_correlations(aligner._scores(X, present), present)


def pairwise_correlations(scores: list[np.ndarray], present: np.ndarray) -> np.ndarray:
    """Mean over pairs of views of the correlation of their coordinates.

    Parameters
    ----------
    scores : list of ndarray of shape (n, k)
        Coordinates by each view.
    present : ndarray of bool of shape (n, n_views)
        Which rows have which view.

    Returns
    -------
    ndarray of shape (k,)
        The means; NaN where no two rows have two views.
    """
    pairs = [
        _correlation(scores[i][both], scores[j][both])
        for i in range(len(scores))
        for j in range(i)
        if (both := present[:, i] & present[:, j]).sum() > 1
    ]
    if not pairs:
        return np.full(scores[0].shape[1], np.nan)
    return np.asarray(np.mean(pairs, axis=0))


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    below = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    above = np.einsum("ij,ij->j", a, b)
    out: np.ndarray = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return out


def _mean(scores: list[np.ndarray], present: np.ndarray, weights: np.ndarray) -> np.ndarray:
    share = present * weights
    total = share.sum(axis=1)
    share /= np.where(total > 0, total, 1.0)[:, None]
    return np.asarray(sum(share[:, [j]] * score for j, score in enumerate(scores)))
