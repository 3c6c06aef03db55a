"""Which rows are source and which are target, for all of transfer learning (layer L3).

No library serves: skada threads ``sample_domain`` beside X through its own pipelines, and adapt
keeps target rows in constructors. Here the domain is a column of the matrix, so that pipelines,
grids and cross-validation need to know nothing of it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from hybridsent._labels import labeled_rows
from hybridsent.exceptions import TransferWarning
from hybridsent.views import DOMAIN, PASSTHROUGH, as_matrix, view_of

__all__ = ["Rows", "kept_names", "mark_names", "read_rows", "warn_without_target"]


@dataclass(frozen=True)
class Rows:
    """A matrix without its marks, and what is known of its rows.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features, without the columns of domain and group.
    marks : ndarray of shape (n, m)
        The columns of the group, which are no features: a transformer hands them on.
    target : ndarray of bool of shape (n,)
        Which rows are of the target domain.
    labeled : ndarray of bool of shape (n,)
        Which rows have a label; none where there is no y.
    told : bool
        Whether a column told the domains; else the unlabelled rows are the target, and, where no
        label is known, all rows.
    """

    X: np.ndarray
    marks: np.ndarray
    target: np.ndarray
    labeled: np.ndarray
    told: bool

    def take(self, order: np.ndarray) -> Rows:
        """Give the rows in another order."""
        return Rows(
            self.X[order], self.marks[order], self.target[order], self.labeled[order], self.told
        )


def read_rows(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    reset: bool,
    fitting: bool = True,
    allow_nan: bool = False,
) -> Rows:
    """Check X, take its marks off, and tell source from target.

    Parameters
    ----------
    estimator : estimator
        Remembers, or compares, number and names of the columns (those of X, with the domain).
    X : array or DataFrame of shape (n, p)
        Features, without NaN unless it is allowed; the column ``domain__0``, where there is one, is
        0 for rows of the source and 1 for rows of the target. The column ``group__0`` is no
        feature.
    y : array of shape (n,), default=None
        Labels. Without a domain column, rows without a label (`labeled_rows`) are the target.
    reset : bool
        True in `fit`, False later.
    fitting : bool, default=True
        Whether the rows are those of `fit`. Of new rows without a domain column, each is target.
    allow_nan : bool, default=False
        Whether features may be NaN, as trees take them.

    Returns
    -------
    Rows
        What was read.

    Raises
    ------
    ValueError
        If X has NaN that is not allowed, or a domain is neither 0 nor 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent.transfer._domain import read_rows
    >>> X = pd.DataFrame({"text__0": [0.5, 1.5], "domain__0": [0.0, 1.0]})
    >>> rows = read_rows(BaseEstimator(), X, reset=True)
    >>> rows.X.ravel(), rows.target
    (array([0.5, 1.5]), array([False,  True]))
    """
    values = as_matrix(estimator, X, reset=reset)
    names = getattr(estimator, "feature_names_in_", ())
    columns = [i for i, name in enumerate(names) if view_of(name) == DOMAIN]
    if reset:
        estimator._marks = PASSTHROUGH
    marks = [i for i, name in enumerate(names) if view_of(name) in _marks(estimator)]
    handed_on = values[:, [i for i in marks if i not in columns]]
    domain = values[:, columns[:1]].ravel()
    if marks:
        values = np.delete(values, marks, axis=1)
    if values.shape[1] == 0:
        raise ValueError(
            f"{type(estimator).__name__} needs at least 1 feature beside the columns of domain and "
            "group. Got 0 features."
        )
    if not allow_nan:
        _check_finite(estimator, values, names)
    labeled = np.zeros(len(values), dtype=bool)
    if y is not None:
        check_consistent_length(values, y)
        labeled = labeled_rows(y)
    if not columns:
        unknown = ~labeled if y is not None else np.zeros(len(values), dtype=bool)
        target = unknown if fitting else np.ones(len(values), dtype=bool)
        return Rows(values, handed_on, target, labeled, told=False)
    if len(columns) > 1:
        raise ValueError(
            f"There must be one column of domains, '{DOMAIN}__0'. Got "
            f"{[str(names[i]) for i in columns]}."
        )
    strange = ~np.isin(domain, (0, 1))
    if strange.any():
        row = int(np.flatnonzero(strange)[0])
        raise ValueError(
            f"The column {str(names[columns[0]])!r} must be 0 for rows of the source and 1 for "
            f"rows of the target. Got {domain[row]} in row {row}."
        )
    return Rows(values, handed_on, domain == 1, labeled, told=True)


def kept_names(estimator: Any, *views: str) -> np.ndarray:
    """Names of the columns that are left when those of some views are taken off.

    Parameters
    ----------
    estimator : estimator
        With ``n_features_in_`` and, where columns had names, ``feature_names_in_``.
    *views : str
        Views that are taken off; those that `read_rows` takes off where none is given.

    Returns
    -------
    ndarray of str
        Names; ``x0`` … where columns had none.
    """
    default = [f"x{i}" for i in range(estimator.n_features_in_)]
    names = getattr(estimator, "feature_names_in_", default)
    off = views or _marks(estimator)
    return np.asarray([name for name in names if view_of(name) not in off], dtype=object)


def mark_names(estimator: Any) -> np.ndarray:
    """Names of the columns that a transformer hands on: those of the group.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.

    Returns
    -------
    ndarray of str
        Names, in the order of ``Rows.marks``.
    """
    names = getattr(estimator, "feature_names_in_", ())
    marks = [name for name in names if view_of(name) in _marks(estimator)]
    return np.asarray([name for name in marks if view_of(name) != DOMAIN], dtype=object)


def _marks(estimator: Any) -> tuple[str, ...]:
    """Tell which views are no features; in an estimator saved earlier, the domain alone."""
    return tuple(getattr(estimator, "_marks", (DOMAIN,)))


def warn_without_target(estimator: Any, rows: Rows) -> None:
    """Warn where `fit` saw no row of one of the domains: nothing is adapted then.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.
    rows : Rows
        What it saw.
    """
    if rows.target.any() and not rows.target.all():
        return
    which = "source" if rows.target.any() else "target"
    if rows.told:
        way = (
            f"the column '{DOMAIN}__0' is {int(rows.target.any())} in each of {len(rows.target)} "
            "rows. Where a column of names is read, see that target_domain is one of them, as it "
            "is written there."
        )
    else:
        way = (
            f"give a column '{DOMAIN}__0' (0 source, 1 target), or the label -1 to unlabelled rows "
            "of the target."
        )
    warnings.warn(
        f"{type(estimator).__name__} saw no row of the {which} domain, so there is nothing to "
        f"adapt to: {way}",
        TransferWarning,
        stacklevel=3,
    )


def _check_finite(estimator: Any, values: np.ndarray, names: Any) -> None:
    # a sum is NaN where any part is: no mask of every cell
    sums = values.sum(axis=0, dtype=np.float64)
    if np.isfinite(sums).all():
        return
    row, column = np.argwhere(np.isnan(values))[0]
    named = [name for name in names if view_of(name) not in _marks(estimator)]
    where = repr(str(named[column])) if len(named) else f"column {column}"
    raise ValueError(
        f"Input X of {type(estimator).__name__} contains NaN: row {row} lacks {where}. Put "
        f"hybridsent.missing.ViewImputer before it."
    )
