"""Regularised whitening of one view (layer L3).

scikit-learn's PCA whitens without a ridge, and its shrunk covariances come without the inverse
root. The choice of the shrinkage is scikit-learn's formula, from the covariance alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.linalg.lapack import dpocon, dpotrf, dtrtri

__all__ = ["Penalty", "penalties", "whiten"]

_SAFE = 1e-9  # reciprocal condition below which Cholesky is not trusted


@dataclass(frozen=True)
class Penalty:
    """How the covariance S of one view is regularised: S + (c / (1 - c) tr(S)/p + k) I.

    That is the shrunk covariance (1 - c) S + c tr(S)/p I over 1 - c, so that no correlation comes
    out above one; for c = 1 it is tr(S)/p I.

    Parameters
    ----------
    shrinkage : float or "auto"
        c; ``"auto"`` is that of the oracle approximating estimator.
    ridge : float
        k.
    """

    shrinkage: float | str
    ridge: float


def penalties(
    views: Mapping[str, Any], ridge: Any, shrinkage: Any, caller: str
) -> dict[str, Penalty]:
    """Give each view its penalty.

    Parameters
    ----------
    views : mapping of str
        Names of views.
    ridge, shrinkage : float, "auto", None, or mapping of str to these
        As the user gave them.
    caller : str
        Name of the estimator, for messages.

    Returns
    -------
    dict of str to Penalty
        One for each view.

    Raises
    ------
    ValueError
        If a value is none of the above, or a mapping names another view.
    """
    found = {}
    for view in views:
        k = _of_view("ridge", ridge, view, views, caller, low=0.0, high=np.inf)
        c = _of_view("shrinkage", shrinkage, view, views, caller, low=0.0, high=1.0)
        if c is None:
            c = "auto" if k == "auto" else 0.0
        found[view] = Penalty(c, 0.0 if k in ("auto", None) else float(k))
    return found


def _of_view(
    name: str, value: Any, view: str, views: Mapping[str, Any], caller: str, low: float, high: float
) -> Any:
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in views]
        if unknown:
            raise ValueError(
                f"The {name!r} parameter of {caller} must name views of the columns, "
                f"{list(views)}. Got {unknown[0]!r}."
            )
        value = value.get(view, "auto" if name == "ridge" else None)
    if value is None or value == "auto":
        return value
    if isinstance(value, Real) and low <= float(value) <= high and np.isfinite(float(value)):
        return float(value)
    raise ValueError(
        f"The {name!r} parameter of {caller} must be 'auto' or a number from {low:g} to {high:g}, "
        f"or a dict of these by view. Got {value!r}" + (f" for the view {view!r}." if view else ".")
    )


def whiten(
    S: np.ndarray, n: float, penalty: Penalty, pca: int | float | None, width: int
) -> tuple[np.ndarray, float]:
    r"""Matrix W with :math:`W^\top S_\lambda W = I` for the regularised covariance.

    Parameters
    ----------
    S : ndarray of shape (r, r)
        Covariance of the view, maybe in a basis of the span of its rows.
    n : float
        Rows behind it.
    penalty : Penalty
        The regularisation.
    pca : int, float or None
        Principal components to keep: how many, or what share of the variance; None keeps all.
    width : int
        Columns of the view, at least r.

    Returns
    -------
    W : ndarray of shape (r, k)
        The whitening; k is at most the rank where nothing regularises.
    shrinkage : float
        c, as used.
    """
    mu = float(np.trace(S)) / width
    c = _oas(S, n, width) if penalty.shrinkage == "auto" else float(penalty.shrinkage)
    kept, added = (1.0, c / (1 - c) * mu) if c < 1 else (0.0, mu)
    added += penalty.ridge
    if pca is None:
        regular = kept * S
        regular[np.diag_indices_from(regular)] += added
        norm = float(np.abs(regular).sum(axis=0).max())
        factor, failed = dpotrf(regular, lower=1)
        if not failed and dpocon(factor, norm, uplo="L")[0] > _SAFE:
            inverse, _ = dtrtri(factor, lower=1)
            return np.tril(inverse).T, c
    values, vectors = eigh(S)
    values, vectors = values[::-1], vectors[:, ::-1]
    keep = values > max(values[0], 0.0) * len(S) * np.finfo(float).eps * 10
    if pca is not None:
        keep &= np.arange(len(values)) < _components(values, pca)
    if not keep.any():  # a constant view: nothing of it can be correlated with anything
        return np.zeros((len(S), 1)), c
    return vectors[:, keep] / np.sqrt(kept * values[keep] + added), c


def _components(values: np.ndarray, pca: int | float) -> int:
    if not isinstance(pca, float):
        return int(pca)
    share = np.cumsum(np.maximum(values, 0)) / max(float(np.maximum(values, 0).sum()), 1e-300)
    return int(np.searchsorted(share, pca - 1e-12) + 1)


def _oas(S: np.ndarray, n: float, width: int) -> float:
    """Oracle approximating shrinkage (Chen et al. 2010, eq. 23), as scikit-learn computes it."""
    mu2 = (float(np.trace(S)) / width) ** 2
    alpha = float(np.einsum("ij,ij->", S, S)) / width**2
    below = (n + 1) * (alpha - mu2 / width)
    return 1.0 if below <= 0 else min((alpha + mu2) / below, 1.0)
