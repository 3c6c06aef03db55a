"""Logistic regression of several inner folds at once (layer L0).

scikit-learn's LogisticRegression solves one fold at a time without a preconditioner, and its L-BFGS
casts a float32 matrix to float64 in every evaluation. Choosing a penalty needs a solution for each
fold and candidate, so here all folds share each pass over the rows, and the variables are changed
such that the Hessian is near the identity: a tenth of the passes, the same solution.

`hybridsent.transfer._offset_logistic` is another solver on purpose: it knows an offset for each row
and may penalise the intercept, and solves one problem at a time in float64, as few labels allow.
Here are many folds at once, weights of rows, a free intercept and no offset, in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import expit

__all__ = ["LogisticFolds", "Solution", "rotate"]

_FEW = 1000  # columns whose triangle is inverted
_EPS = 1e-10  # share of the largest eigenvalue below which a direction is rounding


@dataclass
class Solution:
    """Models of all folds for one penalty.

    Parameters
    ----------
    coef : ndarray of shape (p, n_folds * n_outputs)
        Weights; there is one output for two classes, else one a class.
    intercept : ndarray of shape (n_folds * n_outputs,)
        Intercepts.
    losses : ndarray of shape (n, n_folds)
        Log-loss of every row under the model of every fold, trained on it or not.
    curvature : float
        Mean of p (1 - p) over rows and outputs.
    n_iter : int
        Iterations.
    converged : bool
        Whether the solver ended before its last iteration, and all losses are numbers.
    """

    coef: np.ndarray
    intercept: np.ndarray
    losses: np.ndarray
    curvature: float
    n_iter: int
    converged: bool

    def mean(self, n_folds: int) -> Solution:
        """Average the models of the folds: where to begin on all rows."""
        coef = self.coef.reshape(len(self.coef), n_folds, -1).mean(axis=1)
        intercept = self.intercept.reshape(n_folds, -1).mean(axis=0)
        return Solution(coef, intercept, self.losses, self.curvature, 0, True)


class LogisticFolds:
    r"""Logistic regression of all folds together.

    Minimises :math:`\sum_f \tfrac12 \|W_f\|^2 + C \sum_i v_{if} \ell(y_i, W_f z_i + b_f)`. The
    folds have nothing in common but the rows: one L-BFGS runs over all of their variables, so a
    pass over the rows serves all folds. The variables are :math:`L^\top W` with
    :math:`L L^\top = I + C a Z^\top Z`, where a is the mean of p (1 - p).

    Parameters
    ----------
    Z : ndarray of shape (n, p)
        Centred rows of mean squared length one.
    codes : ndarray of shape (n,)
        Classes 0 … k - 1.
    n_classes : int
        k.
    gram : ndarray of shape (p, p)
        ``Z.T @ Z``.
    weights : ndarray of shape (n, n_folds)
        Weight v of each row in each fold; 0 for held-out rows.
    """

    def __init__(
        self,
        Z: np.ndarray,
        codes: np.ndarray,
        n_classes: int,
        gram: np.ndarray,
        weights: np.ndarray,
    ) -> None:
        self.everything = Z
        self.gram = gram
        self.n_outputs = 1 if n_classes == 2 else n_classes
        self.n_columns = weights.shape[1] * self.n_outputs
        self.total = float(weights.sum()) / max(weights.shape[1], 1)
        classes = 1 if n_classes == 2 else np.arange(n_classes)
        self.all_truth = (codes[:, None] == classes).astype(Z.dtype)
        used = weights.any(axis=1)  # with a single fold, a third of the rows is never trained on
        chosen = slice(None) if used.all() else used
        self.Z, self.truth = Z[chosen], self.all_truth[chosen]
        self.weights = weights[chosen].astype(Z.dtype)

    def solve(
        self, C: float, start: Solution | None = None, *, tol: float, max_iter: int
    ) -> Solution:
        """Find the models of all folds.

        Parameters
        ----------
        C : float
            Inverse penalty.
        start : Solution, default=None
            Where to begin, such as the solution for the last C.
        tol : float
            Stop where an iteration improves the mean log-loss by less than this.
        max_iter : int
            Most iterations.

        Returns
        -------
        Solution
            The models.
        """
        p = self.Z.shape[1]
        coef = np.zeros((p, self.n_columns)) if start is None else start.coef
        intercept = np.zeros(self.n_columns) if start is None else start.intercept
        share = 1 / (self.n_outputs + (self.n_outputs == 1))
        # on some processors BLAS marks a product of finite float32 matrices as invalid, for lanes
        # of registers that hold none of their numbers (numpy#24067); NaN is looked for below
        with np.errstate(invalid="ignore"):
            problem = _Scaled(self, C, share * (1 - share) if start is None else start.curvature)
            found = minimize(
                problem.value,
                problem.pack(coef, intercept),
                jac=True,
                method="L-BFGS-B",
                options={"maxiter": max_iter, "ftol": tol, "gtol": 0.0, "maxcor": 10},
            )
            coef, intercept = problem.unpack(found.x)
            losses, probabilities = _losses(self.everything, self.all_truth, coef, intercept)
        converged = found.status != 1 and bool(np.isfinite(losses).all())
        # a lower bound: rows that are all sure would make the next problem look flat
        curvature = max(float(np.mean(probabilities * (1 - probabilities))), 1e-3)
        return Solution(coef, intercept, losses, curvature, int(found.nit), converged)


def _losses(
    Z: np.ndarray, truth: np.ndarray, coef: np.ndarray, intercept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log-loss (n, n_folds) and probabilities (n, n_folds, n_outputs) of every row."""
    raw = Z @ coef
    raw += intercept.astype(raw.dtype)
    raw = raw.reshape(len(raw), -1, truth.shape[1])
    if truth.shape[1] == 1:
        margin = raw[:, :, 0]
        losses = np.abs(margin)  # log(1 + exp(m)) is max(m, 0) + log(1 + exp(-|m|))
        np.log1p(np.exp(np.negative(losses, out=losses), out=losses), out=losses)
        losses += np.maximum(margin, 0) - truth * margin
        return losses, expit(raw)
    raw -= raw.max(axis=2, keepdims=True)
    chosen = np.einsum("ifk,ik->if", raw, truth)
    np.exp(raw, out=raw)
    sums = raw.sum(axis=2, keepdims=True)
    raw /= sums
    return np.log(sums[:, :, 0]) - chosen, raw


class _Scaled:
    """The mean loss in variables in which its Hessian is near the identity."""

    def __init__(self, folds: LogisticFolds, C: float, curvature: float) -> None:
        n, p = folds.everything.shape
        self.folds = folds
        self.penalty = 1 / (C * folds.total)
        self.root_curvature = np.sqrt(curvature)
        # the identity must survive rounding beside the Gram matrix, whose trace is n
        strength = min(C * curvature * folds.total / n, 0.01 / (n * np.finfo(folds.Z.dtype).eps))
        hessian = folds.gram * folds.gram.dtype.type(strength * self.penalty)
        hessian[np.diag_indices(p)] += self.penalty
        self.lower = cholesky(hessian, lower=True, overwrite_a=True, check_finite=False)
        # NumPy and SciPy each have threads, which wait for work at the expense of the cores: where
        # an inverse costs little, all products of an evaluation are NumPy's
        self.inverse = self._triangular(np.eye(p, dtype=hessian.dtype)) if p <= _FEW else None

    def pack(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        scaled = self.lower.T @ coef
        return np.concatenate([scaled.T.ravel(), intercept * self.root_curvature], dtype=np.float64)

    def unpack(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        k = self.folds.n_columns
        scaled = theta[:-k].astype(self.lower.dtype).reshape(k, -1).T
        return self._solve(scaled, transpose=True), theta[-k:] / self.root_curvature

    def value(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        folds = self.folds
        coef, intercept = self.unpack(theta)
        losses, slopes = _losses(folds.Z, folds.truth, coef, intercept)
        value = np.einsum("if,if->", folds.weights, losses, dtype=np.float64) / folds.total
        value += self.penalty / 2 * np.einsum("ij,ij->", coef, coef, dtype=np.float64)
        slopes -= folds.truth[:, None, :]
        slopes *= folds.weights[:, :, None] / folds.weights.dtype.type(folds.total)
        slopes = slopes.reshape(len(slopes), -1)
        gradient = folds.Z.T @ slopes
        gradient += coef.dtype.type(self.penalty) * coef
        scaled = self._solve(gradient, transpose=False)
        sums = slopes.sum(axis=0, dtype=np.float64) / self.root_curvature
        return float(value), np.concatenate([scaled.T.ravel(), sums], dtype=np.float64)

    def _solve(self, columns: np.ndarray, *, transpose: bool) -> np.ndarray:
        if self.inverse is None:
            return self._triangular(columns, transpose=transpose)
        return np.asarray((self.inverse.T if transpose else self.inverse) @ columns)

    def _triangular(self, columns: np.ndarray, *, transpose: bool = False) -> np.ndarray:
        solved: np.ndarray = solve_triangular(
            self.lower, columns, lower=True, trans=int(transpose), check_finite=False
        )
        return solved


def rotate(Z: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Write rows of more columns than rows in a basis of their span.

    That changes no distance, and no linear model with a squared penalty.

    Parameters
    ----------
    Z : ndarray of shape (n, p)
        Centred rows.

    Returns
    -------
    ndarray of shape (n, q)
        The rows in at most n columns; Z itself where p <= n.
    callable
        Brings weights of shape (k, q) back to the p columns.
    """
    if Z.shape[1] <= len(Z):
        return Z, lambda coef: coef
    values, vectors = np.linalg.eigh(_gram(Z))
    keep = values > values[-1] * _EPS
    if values[-1] <= 0:  # all rows alike
        return Z[:, :1], lambda coef: np.zeros((len(coef), Z.shape[1]))
    root = np.sqrt(values[keep])
    basis = vectors[:, keep] / root  # Z.T @ basis is orthonormal
    return vectors[:, keep] * root, lambda coef: (coef @ basis.T) @ Z


def _gram(Z: np.ndarray, block: int = 1024) -> np.ndarray:
    """``Z @ Z.T`` in float64, without a float64 copy of Z."""
    out = np.zeros((len(Z), len(Z)))
    for start in range(0, Z.shape[1], block):
        part = Z[:, start : start + block].astype(np.float64)
        out += part @ part.T
    return out
