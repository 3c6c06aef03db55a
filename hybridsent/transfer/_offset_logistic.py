"""Logistic regression with an offset for each row, and the choice of its penalty (layer L3).

scikit-learn's LogisticRegression takes no offset, and starts each candidate anew.
`hybridsent._numerics.logistic` shares each pass over many rows among the folds of one choice, in
float32 and with weights; it has neither an offset, which differs by row and fold, nor a penalty of
the intercept. Here one problem is solved at a time, in float64, for the target has few labels.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import expit, log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from hybridsent._folds import inner_folds
from hybridsent.transfer._prior import enough_rows, in_their_span

__all__ = ["OffsetLogistic", "choose_alpha", "log_losses", "solve"]

_MAX_ITER = 1000
_FTOL = 1e-13
_INNER_FTOL = 1e-6  # a loose inner solution still ranks the candidates


class OffsetLogistic:
    r"""Logistic regression of what an offset leaves unexplained.

    Minimises

    .. math:: \sum_i \ell(y_i, o_i + V z_i + c) + \tfrac\alpha2 (\|V\|^2 + s \|c\|^2)

    where s is 0, or 1 if some class has no row: its intercept would run to infinity. L-BFGS works
    in the variables :math:`L^\top (V, c)` with :math:`L L^\top = D + a (Z, 1)^\top (Z, 1)`, D the
    penalty and a the mean of p (1 - p), in which the Hessian is near the identity.

    Parameters
    ----------
    Z : ndarray of shape (n, q), float64
        Rows.
    codes : ndarray of int of shape (n,)
        Classes 0 … k - 1.
    offset : ndarray of shape (n, k), or (n, 1) for two classes
        What each row starts from.
    shrink_intercept : bool
        Whether s is 1 in any case.
    """

    def __init__(
        self, Z: np.ndarray, codes: np.ndarray, offset: np.ndarray, shrink_intercept: bool
    ) -> None:
        n_classes = max(offset.shape[1], 2)
        absent = len(np.unique(codes)) < n_classes
        self.Z = np.hstack([Z, np.ones((len(Z), 1))])
        self.codes = codes
        self.truth = _indicators(codes, offset.shape[1])
        self.offset = offset
        self.shrink_intercept = shrink_intercept or absent
        self.gram = self.Z.T @ self.Z

    def solve(self, alpha: float, start: np.ndarray | None = None, *, ftol: float) -> np.ndarray:
        """Find the weights.

        Parameters
        ----------
        alpha : float
            Penalty.
        start : ndarray of shape (q + 1, n_outputs), default=None
            Where to begin.
        ftol : float
            Stop where an iteration improves by this share.

        Returns
        -------
        ndarray of shape (q + 1, n_outputs)
            Weights, then the intercepts.
        """
        shape = (self.Z.shape[1], self.offset.shape[1])
        weights = np.zeros(shape) if start is None else start
        penalty = np.full(shape[0], alpha)
        penalty[-1] = alpha * self.shrink_intercept
        shares = _shares(self.offset + self.Z @ weights)
        # a lower bound: rows that are all sure would make the problem look flat
        curvature = max(float(np.mean(shares * (1 - shares))), 1e-3)
        hessian = curvature * self.gram
        hessian[np.diag_indices(len(hessian))] += penalty
        lower = cholesky(hessian, lower=True, overwrite_a=True, check_finite=False)

        def value(theta: np.ndarray) -> tuple[float, np.ndarray]:
            at = _undo(lower, theta.reshape(shape))
            raw = self.offset + self.Z @ at
            total = log_losses(raw, self.codes).sum() + 0.5 * penalty @ (at**2).sum(axis=1)
            slope = self.Z.T @ (_shares(raw) - self.truth) + penalty[:, None] * at
            return float(total), _triangular(lower, slope, 0).ravel()

        found = minimize(
            value,
            (lower.T @ weights).ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _MAX_ITER, "ftol": ftol, "gtol": 1e-9, "maxcor": 20},
        )
        if found.status == 1:
            warnings.warn(
                f"The logistic regression did not converge in {_MAX_ITER} iterations with "
                f"alpha={alpha:g}. Scale the features, or choose a larger alpha.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return _undo(lower, found.x.reshape(shape))


def solve(
    X: np.ndarray, codes: np.ndarray, offset: np.ndarray, alpha: float, shrink_intercept: bool
) -> np.ndarray:
    """Fit weights on all rows.

    Parameters
    ----------
    X : ndarray of shape (n, p), float64
        Rows.
    codes : ndarray of int of shape (n,)
        Classes.
    offset : ndarray of shape (n, n_outputs)
        What each row starts from.
    alpha : float
        Penalty.
    shrink_intercept : bool
        As in `OffsetLogistic`.

    Returns
    -------
    ndarray of shape (p + 1, n_outputs)
        Weights, then the intercepts.
    """
    Z, basis = in_their_span(X)
    found = OffsetLogistic(Z, codes, offset, shrink_intercept).solve(alpha, ftol=_FTOL)
    return found if basis is None else np.vstack([basis @ found[:-1], found[-1:]])


def choose_alpha(
    X: np.ndarray,
    codes: np.ndarray,
    offset: np.ndarray,
    alphas: np.ndarray,
    n_folds: int,
    shrink_intercept: bool,
    random_state: Any = None,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """Mean log-loss of held-out rows for each penalty.

    Once it is a tenth above the best one, weaker penalties are not tried: they take the longest.

    Parameters
    ----------
    X : ndarray of shape (n, p), float64
        Rows.
    codes : ndarray of int of shape (n,)
        Classes.
    offset : ndarray of shape (n, n_outputs)
        What each row starts from.
    alphas : ndarray of shape (n_alphas,)
        Candidates from strong to weak; each starts where the last one ended.
    n_folds : int
        Most folds.
    shrink_intercept : bool
        As in `OffsetLogistic`.
    random_state : int, RandomState or None, default=None
        Seed of the order in which rows are dealt to folds; None is that in which they stand.
    groups : ndarray of int of shape (n,) or None, default=None
        Groups, which folds keep together.

    Returns
    -------
    ndarray of shape (n_alphas,)
        Losses; NaN for those not tried.
    """
    Z, _ = in_their_span(X)
    order = np.arange(len(codes))
    if random_state is not None:
        order = check_random_state(random_state).permutation(order)
    chosen = enough_rows(order[np.argsort(codes[order], kind="stable")])
    told = None if groups is None else groups[chosen]
    cut = inner_folds(codes[chosen], n_folds, told, random_state=None)
    if not cut:  # nothing tells the candidates apart
        return np.zeros(len(alphas))
    parts = [(chosen[train], chosen[test]) for train, test in cut]
    folds = [
        OffsetLogistic(Z[train], codes[train], offset[train], shrink_intercept)
        for train, _ in parts
    ]
    weights: list[np.ndarray | None] = [None] * len(folds)
    tested = sum(len(test) for _, test in parts)
    losses = np.full(len(alphas), np.nan)
    for i, alpha in enumerate(alphas):
        total = 0.0
        for f, (fold, (_, test)) in enumerate(zip(folds, parts, strict=True)):
            weights[f] = found = fold.solve(alpha, weights[f], ftol=_INNER_FTOL)
            raw = offset[test] + Z[test] @ found[:-1] + found[-1]
            total += log_losses(raw, codes[test]).sum()
        losses[i] = total / tested
        if losses[i] > 1.1 * np.nanmin(losses):
            break
    return losses


def log_losses(raw: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Log-loss of each row.

    Parameters
    ----------
    raw : ndarray of shape (n, n_outputs)
        Logits; one column for two classes.
    codes : ndarray of int of shape (n,)
        Classes.

    Returns
    -------
    ndarray of shape (n,)
        Losses.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer._offset_logistic import log_losses
    >>> log_losses(np.zeros((1, 4)), np.array([2])).round(4)  # log 4
    array([1.3863])
    """
    if raw.shape[1] == 1:
        losses = np.logaddexp(0, np.where(codes == 1, -1, 1) * raw[:, 0])
        return np.asarray(losses)
    return np.asarray(-log_softmax(raw, axis=1)[np.arange(len(raw)), codes])


def _shares(raw: np.ndarray) -> np.ndarray:
    """Probabilities, one column for two classes."""
    shares = expit(raw) if raw.shape[1] == 1 else np.exp(log_softmax(raw, axis=1))
    return np.asarray(shares)


def _indicators(codes: np.ndarray, n_outputs: int) -> np.ndarray:
    classes = 1 if n_outputs == 1 else np.arange(n_outputs)
    return np.asarray((codes[:, None] == classes).astype(np.float64))


def _undo(lower: np.ndarray, scaled: np.ndarray) -> np.ndarray:
    return _triangular(lower, scaled, 1)


def _triangular(lower: np.ndarray, columns: np.ndarray, transpose: int) -> np.ndarray:
    return np.asarray(
        solve_triangular(lower, columns, lower=True, trans=transpose, check_finite=False)
    )
