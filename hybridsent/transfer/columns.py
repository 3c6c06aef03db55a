"""Steps that read the columns of group and domain (layer L3).

scikit-learn's StandardScaler knows one mean and one deviation. Speech emotion is told by how a
voice differs from the same speaker's own, which needs one of each per speaker, and no label. And
it drops columns by a ColumnTransformer that must be told which to keep; here the name is known.
"""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._numerics.scale import column_moments, scale_of
from hybridsent._params import Interval, StrOptions
from hybridsent._tags import with_capabilities
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._rows import kept_names
from hybridsent.views import DOMAIN, GROUP, as_matrix, is_indicator, is_passthrough, view_of

__all__ = ["DropDomain", "GroupScaler"]


class _ColumnReader(NamedOutput, BaseEstimator):
    """Base of transformers that read a column by the name of its view, and may drop it."""

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: those of X, without the one that is dropped.

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
        return kept_names(self, self._dropped())

    def _dropped(self) -> str:
        """Give the view whose column is dropped; an empty name for none."""
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class GroupScaler(_ColumnReader):
    r"""Standardise the columns within each group: a speaker, a site, a domain.

    A value becomes :math:`(x - \mu_g) / \sigma_g` with mean and standard deviation of its column
    over the rows of its group g, both drawn to those of all rows as if `strength` rows more had
    been seen,

    .. math:: \mu_g = \frac{n_g \bar x_g + m \bar x}{n_g + m}, \qquad
              \sigma_g^2 = \frac{n_g s_g^2 + m s^2}{n_g + m}.

    No label is looked at, so the rows of a new speaker, unlabelled, take part in `fit`. A group
    that was not seen in `fit` is standardised by all rows. NaN stays NaN.

    Parameters
    ----------
    by : {"group", "domain"}, default="group"
        The column that tells groups: ``group__0``, of codes, or ``domain__0``. The other one, and
        indicators of missing views, stay what they are. Rows without such a column are one group,
        of which a TransferWarning tells.
    strength : float, default=10.0
        m; more draws small groups more to the whole.
    drop : bool, default=True
        Whether to drop the column of groups; False where a later step reads it.

    Attributes
    ----------
    groups_ : ndarray of shape (n_groups,)
        Codes of the groups.
    mean_, scale_ : ndarray of shape (n_groups, p)
        Mean and standard deviation of each column in each group; 1 for a constant column.
    overall_mean_, overall_scale_ : ndarray of shape (p,)
        Those of all rows.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    CORAL : Maps the source to the target instead of both to a standard.
    hybridsent.scaling.ViewScaler : Standardises all rows alike.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import GroupScaler
    >>> X = pd.DataFrame({"audio__0": [1.0, 3.0, 101.0, 103.0], "group__0": [0.0, 0.0, 1.0, 1.0]})
    >>> GroupScaler(strength=0.0).fit_transform(X).ravel()
    array([-1.,  1., -1.,  1.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "by": [StrOptions({GROUP, DOMAIN})],
        "strength": [Interval(Real, 0, None, closed="left")],
        "drop": ["boolean"],
    }

    def __init__(self, by: str = GROUP, *, strength: float = 10.0, drop: bool = True) -> None:
        self.by = by
        self.strength = strength
        self.drop = drop

    def fit(self, X: Any, y: Any = None) -> GroupScaler:
        """Learn mean and deviation of each group.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the column of groups.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted scaler.
        """
        self._validate_params()
        values, codes = self._read(X, reset=True)
        self.groups_, where = np.unique(codes, return_inverse=True)
        if len(self.groups_) == 1:
            self._warn_of_one_group()
        overall = column_moments(values)
        self.overall_mean_ = overall[0]
        self.overall_scale_ = scale_of(overall[0], overall[1], values.dtype, len(values))
        found = [
            self._group(values[where == g], overall, len(values)) for g in range(len(self.groups_))
        ]
        self.mean_ = np.array([mean for mean, _ in found])
        self.scale_ = np.array([scale for _, scale in found])
        names = self.get_feature_names_out()
        handed_on = [is_passthrough(name) or is_indicator(name) for name in names]
        for mean, scale in (
            (self.overall_mean_, self.overall_scale_),
            (self.mean_, self.scale_),
        ):
            mean[..., handed_on], scale[..., handed_on] = 0.0, 1.0
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Standardise rows by their groups.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the column of groups where `fit` saw one.

        Returns
        -------
        ndarray of shape (n, q)
            Standardised features, in the type of X, without the column of groups if it is dropped.
        """
        check_is_fitted(self)
        values, codes = self._read(X, reset=False)
        out = np.empty_like(values)
        unknown = ~np.isin(codes, self.groups_)
        for g, code in enumerate(self.groups_):
            which = codes == code
            out[which] = (values[which] - self.mean_[g]) / self.scale_[g]
        if unknown.any():
            out[unknown] = (values[unknown] - self.overall_mean_) / self.overall_scale_
            warnings.warn(
                f"{int(unknown.sum())} rows are of groups that fit did not see, such as "
                f"{codes[unknown][0]:g}: they are standardised by all rows. Give unlabelled rows "
                "of the group to fit.",
                TransferWarning,
                stacklevel=2,
            )
        return out

    def _dropped(self) -> str:
        return self.by if self.drop else ""

    def _read(self, X: Any, *, reset: bool) -> tuple[np.ndarray, np.ndarray]:
        values = as_matrix(self, X, reset=reset)
        names = getattr(self, "feature_names_in_", ())
        columns = [i for i, name in enumerate(names) if view_of(name) == self.by]
        if not columns:
            return values, np.zeros(len(values))
        codes = values[:, columns[0]]
        if len(columns) > 1 or np.isnan(codes).any():
            raise ValueError(
                f"There must be one column of groups, '{self.by}__0', and no row may lack it. Got "
                f"{len(columns)} columns and {int(np.isnan(codes).sum())} rows without a value."
            )
        return (np.delete(values, columns, axis=1) if self.drop else values), codes

    def _warn_of_one_group(self) -> None:
        warnings.warn(
            "GroupScaler saw one group only, so nothing is adapted: all rows are standardised "
            f"alike. Give a column '{self.by}__0' of codes, of which rows have different ones.",
            TransferWarning,
            stacklevel=3,
        )

    def _group(
        self,
        values: np.ndarray,
        overall: tuple[np.ndarray, np.ndarray, np.ndarray],
        n: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        mean, variance, count = column_moments(values)
        total = np.maximum(count + self.strength, 1e-300)
        pooled = (count * mean + self.strength * overall[0]) / total
        spread = (count * variance + self.strength * overall[1]) / total
        absent = count + self.strength == 0
        pooled[absent], spread[absent] = overall[0][absent], overall[1][absent]
        return pooled, scale_of(pooled, spread, values.dtype, n)

    def __sklearn_tags__(self) -> Any:
        reads = {"reads_group": self.by == GROUP, "reads_domain": self.by != GROUP}
        return with_capabilities(
            super().__sklearn_tags__(), adapts=True, takes_unlabelled=True, **reads
        )


class DropDomain(_ColumnReader):
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

    def _dropped(self) -> str:
        return self.view
