"""How much each view says of the labels, told before the classifier is fitted (layer L3).

A penalised linear model of several views does not ignore one that says nothing: its columns take
part of the fit's freedom and give noise for it. Multiple kernel learning chooses a weight for each
view; scikit-learn has none, and MKLpy solves a program over kernels of all rows. Here a ridge
regression of the labels judges each view alone, and all of them together with and without weights.
Its leave-one-out errors are known in closed form, so that it costs a fraction of a fit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.utils import check_random_state

from hybridsent._numerics.left_out import left_out_residuals
from hybridsent.views import block_of

__all__ = ["weights_of_views"]

_ROWS = 500  # that judge: they tell useful from useless, and the Gram matrix of them is small
_PENALTIES = 4.0 / 4.0 ** np.arange(-2, 5)  # of rows of unit length: 1 / (C p (1 - p)) at p = 1/2
_POWERS = (1, 2)  # of the share that a view explains
_WEAK = 0.75  # share of what the best view explains, below which weights are tried at all
_CLEAR = 1.02  # how much more must be explained with weights for them to be taken
_LEAST = 1e-3  # of a view that says nothing
_EPS = 1e-10  # share of the largest eigenvalue below which a direction is rounding


def weights_of_views(
    Z: np.ndarray,
    codes: np.ndarray,
    views: Mapping[str, np.ndarray],
    rows: np.ndarray,
    random_state: object,
    *,
    choose: bool,
    groups: np.ndarray | None = None,
) -> dict[str, float]:
    """Weigh each view by the share of the labels' variance that it predicts alone.

    Parameters
    ----------
    Z : ndarray of shape (n, p)
        Centred rows.
    codes : ndarray of int of shape (n,)
        Classes 0 … k - 1.
    views : mapping of str to ndarray of int
        Columns of each view.
    rows : ndarray of shape (n,)
        Weights of the rows.
    random_state : int, RandomState instance or None
        Draws the rows that judge, where there are many.
    choose : bool
        Whether all views weigh the same unless the share, or its square, as weight predicts
        clearly more of rows that are left out; else the share is the weight.
    groups : ndarray of int of shape (n,) or None, default=None
        Rows that are left out together.

    Returns
    -------
    dict of str to float
        1 for the view that predicts most, less for the others; 1 for all where none predicts.
    """
    equal = dict.fromkeys(views, 1.0)
    chosen = np.arange(len(Z))
    if len(Z) > _ROWS:
        chosen = np.sort(check_random_state(random_state).permutation(len(Z))[:_ROWS])
    told = None if groups is None else groups[chosen]
    judge = _Judge(codes[chosen], rows[chosen].astype(np.float64), told)
    of_views = {view: judge.gram(block_of(Z, columns)[chosen]) for view, columns in views.items()}
    shares = {view: judge.explained(gram) for view, gram in of_views.items()}
    most = max(shares.values())
    if most <= 0 or (choose and min(shares.values()) >= _WEAK * most):
        return equal
    weighed = [
        {view: max((share / most) ** power, _LEAST) for view, share in shares.items()}
        for power in _POWERS
    ]
    if not choose:
        return weighed[0]
    others = np.setdiff1d(np.arange(Z.shape[1]), np.concatenate(list(views.values())))
    rest = judge.gram(Z[np.ix_(chosen, others)])

    def together(weights: Mapping[str, float]) -> float:
        gram = sum((weights[view] ** 2 * of_views[view] for view in of_views), rest)
        return judge.explained(gram)

    least = _CLEAR * together(equal)
    explained = [together(each) for each in weighed]
    best = int(np.argmax(explained))
    return weighed[best] if explained[best] > least else equal


class _Judge:
    """Ridge regression of the labels of some rows, by products of rows with each other.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Classes of the rows.
    weights : ndarray of shape (n,)
        Weights of the rows.
    groups : ndarray of int of shape (n,) or None
        Rows that are left out together.
    """

    def __init__(
        self, codes: np.ndarray, weights: np.ndarray, groups: np.ndarray | None = None
    ) -> None:
        self.groups = groups
        self.share = weights / weights.sum()
        self.root = np.sqrt(weights / weights.mean())[:, None]
        truth = (codes[:, None] == np.unique(codes)).astype(np.float64)
        self.truth = (truth - self.share @ truth) * self.root
        self.plain = self._left_out(self.truth, np.zeros((len(codes), 0)), np.zeros(0))

    def gram(self, X: np.ndarray) -> np.ndarray:
        """Products of the rows with each other, centred and weighed."""
        X = X.astype(np.float64)
        X = (X - self.share @ X) * self.root
        return np.asarray(X @ X.T)

    def explained(self, gram: np.ndarray) -> float:
        """Share of the labels' variance predicted of rows left out, by the best penalty."""
        size = np.trace(gram) / len(gram)
        if size <= 0 or self.plain == 0:
            return 0.0
        squares, U = np.linalg.eigh(gram / size)
        kept = squares > _EPS * squares[-1]
        squares, U = squares[kept], U[:, kept]
        along = U.T @ self.truth
        errors = []
        for penalty in _PENALTIES:
            shrunk = squares / (squares + penalty)
            residual = self.truth - U @ (shrunk[:, None] * along)
            errors.append(self._left_out(residual, U, shrunk))
        return max(0.0, 1.0 - min(errors) / self.plain)

    def _left_out(self, residual: np.ndarray, U: np.ndarray, shrunk: np.ndarray) -> float:
        """Sum of the squared errors of each row by the model of all others."""
        without = left_out_residuals(residual, U, shrunk, self.share, self.groups)
        return float(np.nansum(without**2))  # a row that alone decides its own fit tells nothing
