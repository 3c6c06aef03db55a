"""What linear models that shrink toward source weights share (layer L3).

scikit-learn's linear models shrink toward zero only. With v = w - w_source the problem is theirs
again, beside an offset for each row that their solvers do not take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import qr
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from hybridsent._numerics.classes import most_probable
from hybridsent._numerics.scale import column_scale
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent.transfer._rows import read_rows
from hybridsent.transfer._source import is_fitted

__all__ = [
    "PriorMixin",
    "Weights",
    "check_reading",
    "enough_rows",
    "fitted_weights",
    "in_their_span",
]

_GRID = np.logspace(4, -3, 8)  # in mean squared lengths of a centred row
_ENOUGH_ROWS = 2000  # rows that tell the candidates apart
_ROUNDING = 1e-5  # of float32, as a share of the sum of all absolute terms of a score


@dataclass(frozen=True)
class Weights:
    """Weights of a linear model.

    Parameters
    ----------
    coef : ndarray of shape (n_outputs, p)
        Weights.
    intercept : ndarray of shape (n_outputs,)
        Intercepts.
    """

    coef: np.ndarray
    intercept: np.ndarray


class PriorMixin:
    """Parameters and predictions of the linear models with a source."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "source": [None, HasMethods(["fit", "predict"])],
        "alpha": [Interval(Real, 0, None, closed="neither"), "array-like", StrOptions({"auto"})],
        "cv": [Interval(Integral, 2, None, closed="left")],
    }

    def _candidates(self: Any, X: np.ndarray) -> np.ndarray:
        """Penalties from strong to weak."""
        if isinstance(self.alpha, str):
            return _GRID * _squared_length(X)
        if isinstance(self.alpha, Real):
            return np.array([float(self.alpha)])
        given = list(self.alpha)
        grid = sorted(
            (float(a) for a in given if isinstance(a, Real) and float(a) > 0), reverse=True
        )
        if not grid or len(grid) != len(given) or not np.isfinite(grid[0]):
            raise ValueError(
                f"The 'alpha' parameter of {type(self).__name__} must be 'auto', a positive number "
                f"or a sequence of them. Got {self.alpha!r} instead."
            )
        return np.array(grid)

    def _source(self: Any, X: np.ndarray, y: np.ndarray) -> Any:
        """Give the source model: the fitted one, or a clone fitted on the rows of the source."""
        if is_fitted(self.source):
            return self.source
        return clone(self.source).fit(X, y)

    def _raw(self: Any, X: Any) -> np.ndarray:
        check_is_fitted(self)
        rows = read_rows(self, X, fitting=False)
        return np.asarray(rows.X @ self.coef_.T + self.intercept_)


def fitted_weights(estimator: Any, source: Any, n_outputs: int) -> Weights:
    """Read the weights of a fitted linear model.

    Parameters
    ----------
    estimator : estimator
        Whose `source` it is.
    source : estimator
        With ``coef_`` and ``intercept_``.
    n_outputs : int
        Rows that its weights must have.

    Returns
    -------
    Weights
        Its weights in float64.

    Raises
    ------
    ValueError
        If it has none, or as many as pairs of classes.
    """
    me = type(estimator).__name__
    if not (hasattr(source, "coef_") and hasattr(source, "intercept_")):
        raise ValueError(
            f"The 'source' of {me} must be linear, with coef_ and intercept_. Got {source!r}, "
            "which has none; give the last step of a pipeline, and its other steps before this one."
        )
    coef = np.atleast_2d(np.asarray(source.coef_, dtype=np.float64))
    # support_vectors_: scikit-learn's SVC has weights for each pair of classes
    if len(coef) != n_outputs or (n_outputs > 2 and hasattr(source, "support_vectors_")):
        raise ValueError(
            f"The 'source' of {me} must have one row of weights for each class, or one for two "
            f"classes, or for a regression. Got {type(source).__name__} with coef_ of shape "
            f"{coef.shape}."
        )
    given = np.asarray(source.intercept_, dtype=np.float64).ravel()
    return Weights(coef, np.broadcast_to(given, (n_outputs,)).copy())


def check_reading(
    estimator: Any,
    source: Any,
    weights: Weights,
    rows: Sequence[np.ndarray],
    classes: np.ndarray | None = None,
) -> None:
    """Compare what weights predict with what the source itself predicts.

    Shapes do not tell: three classes have three pairs, and some regressions are linear in the
    logarithm.

    Parameters
    ----------
    estimator : estimator
        Whose `source` it is.
    source : estimator
        The fitted model.
    weights : Weights
        What `fitted_weights` read.
    rows : sequence of ndarray of shape (n_i, p)
        Rows; of many, some thousand of each array are compared.
    classes : ndarray of shape (n_classes,), default=None
        Classes that the source predicts; None for a regression.

    Raises
    ------
    ValueError
        If a prediction differs by more than rounding.
    """
    X = np.vstack([some[:: max(1, len(some) // _ENOUGH_ROWS)] for some in rows])
    raw = X @ weights.coef.T + weights.intercept
    terms = np.abs(X) @ np.abs(weights.coef.T) + np.abs(weights.intercept)
    said = np.asarray(source.predict(_framed(X, source))).ravel()
    short = np.abs(said - raw[:, 0]) if classes is None else _shortfall(raw, said, classes)
    differs = np.flatnonzero(~(short <= _ROUNDING * terms.max(axis=1)))
    if not len(differs):
        return
    row = int(differs[0])
    read = raw[row, 0] if classes is None else classes[most_probable(raw[row : row + 1])[0]]
    must = "one row of weights" if classes is None else "one row of weights for each class"
    raise ValueError(
        f"The 'source' of {type(estimator).__name__} must be a linear model with {must}, which "
        f"predicts as they say. Got {source!r}, which predicts {said[row]!s} for a row where its "
        f"coef_ and intercept_ say {read!s}."
    )


def _shortfall(raw: np.ndarray, said: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How much less than the best score the class has that was said; infinite for no class."""
    scores = np.column_stack([-raw, raw]) if raw.shape[1] == 1 else raw
    theirs = np.where(said[:, None] == classes, scores, -np.inf).max(axis=1)
    return np.asarray(scores.max(axis=1) - theirs)


def _framed(X: np.ndarray, source: Any) -> Any:
    """Give the columns the names that the source knows."""
    names = getattr(source, "feature_names_in_", None)
    if names is None:
        return X
    import pandas as pd

    return pd.DataFrame(X, columns=names)


def enough_rows(order: np.ndarray) -> np.ndarray:
    """Take 2,000 of many rows, in even steps.

    Parameters
    ----------
    order : ndarray of int of shape (n,)
        Rows, sorted by their label.

    Returns
    -------
    ndarray of int
        Rows that tell the candidates apart, in the same order.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer._prior import enough_rows
    >>> len(enough_rows(np.arange(5000))), enough_rows(np.array([2, 0, 1])).tolist()
    (2000, [2, 0, 1])
    """
    n = min(len(order), _ENOUGH_ROWS)
    return np.asarray(order[np.linspace(0, len(order) - 1, n).astype(int)])


def in_their_span(X: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Where p is much above n, write rows in a basis of their span: weights never leave it.

    Parameters
    ----------
    X : ndarray of shape (n, p), float64
        Rows.

    Returns
    -------
    Z : ndarray of shape (n, min(n, p))
        The same rows, with the same scalar products.
    basis : ndarray of shape (p, n) or None
        ``basis @ u`` are the weights in X that are u in Z; None where Z is X.
    """
    if X.shape[1] < 2 * len(X):
        return X, None
    basis, upper = qr(X.T, mode="economic", check_finite=False)
    return np.ascontiguousarray(upper.T), basis


def best_candidate(losses: np.ndarray) -> int:
    """Position of the smallest loss; of equal ones the first, which has the strongest penalty.

    Parameters
    ----------
    losses : ndarray of shape (n_candidates,)
        Held-out loss of each candidate; NaN for those not tried.

    Returns
    -------
    int
        Its position.
    """
    return int(np.nanargmin(losses))


def _squared_length(X: np.ndarray) -> float:
    """Mean squared length of the centred rows; 1 where all rows are alike."""
    total = float(np.square(column_scale(X, constant=0.0)[1]).sum())
    return total or 1.0
