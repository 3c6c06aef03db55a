"""How much each view says of the labels, told before a linear model is fitted (layer L3).

A penalised linear model of several views does not ignore one that says nothing: its columns take
part of the fit's freedom and give noise for it. Multiple kernel learning chooses a weight for each
view; scikit-learn has none, and MKLpy solves a program over kernels of all rows. Here a ridge
regression of the labels judges each view alone, and all of them together with and without weights.
Its leave-one-out errors are known in closed form, so that it costs a fraction of a fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from hybridsent._numerics.left_out import left_out_residuals
from hybridsent._params import by_view
from hybridsent.views import block_of, views_of

__all__ = ["weigh_views", "weights_of_views"]

_ROWS = 500  # that judge: they tell useful from useless, and the Gram matrix of them is small
_PENALTIES = 4.0 / 4.0 ** np.arange(-2, 5)  # of rows of unit length: 1 / (C p (1 - p)) at p = 1/2
_POWERS = (1, 2)  # of the share that a view explains
_WEAK = 0.75  # share of what the best view explains, below which weights are tried at all
_CLEAR = 1.02  # how much more must be explained with weights for them to be taken
_LEAST = 1e-3  # of a view that says nothing
_EPS = 1e-10  # share of the largest eigenvalue below which a direction is rounding


def weigh_views(
    head: Any,
    Z: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray | None,
    groups: np.ndarray | None,
    counted: np.ndarray | None = None,
) -> np.ndarray | None:
    """Weigh the views of a linear model as its ``view_weights`` says; sets ``view_weights_``.

    Parameters
    ----------
    head : estimator
        The model; it has seen the names of the columns.
    Z : ndarray of shape (n, p)
        Centred rows of a mean squared length of one, which they keep; they are changed in place.
    y : ndarray of shape (n,)
        As in `weights_of_views`.
    rows : ndarray of shape (n,) or None
        Weights of the rows.
    groups : ndarray of int of shape (n,) or None
        Rows that are left out together.
    counted : ndarray of shape (n,) or None, default=None
        Weights with which rows judge, such as those of their classes; None is `rows`.

    Returns
    -------
    ndarray of shape (p,) or None
        What the columns were multiplied by; None where all views weigh the same.
    """
    head.__dict__.pop("view_weights_", None)
    views = {} if head.view_weights == "equal" else views_of(head)
    given = None
    if isinstance(head.view_weights, Mapping):
        given = by_view(head.view_weights, views, "view_weights", type(head).__name__)
    if len(views) < 2:
        return None
    share = np.full(len(Z), 1 / len(Z)) if rows is None else rows / rows.sum()
    told = given or weights_of_views(
        Z,
        y,
        views,
        share if counted is None else counted,
        head.random_state,
        choose=head.view_weights == "auto",
        groups=groups,
    )
    head.view_weights_ = {view: float(each) for view, each in told.items()}
    if set(told.values()) == {1.0}:
        return None
    factors = np.ones(Z.shape[1])
    for view, columns in views.items():
        factors[columns] = told[view]
    Z *= factors.astype(Z.dtype)
    scale = np.sqrt(share @ np.einsum("ij,ij->i", Z, Z, dtype=np.float64))
    if scale > 0:
        Z /= Z.dtype.type(scale)
        factors /= scale
    return factors


def weights_of_views(
    Z: np.ndarray,
    y: np.ndarray,
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
    y : ndarray of shape (n,)
        Integers are classes 0 … k - 1; floats are numbers of a regression.
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
    judge = _Judge(y[chosen], rows[chosen].astype(np.float64), told)
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
    y : ndarray of shape (n,)
        Classes of the rows as integers, or numbers as floats.
    weights : ndarray of shape (n,)
        Weights of the rows.
    groups : ndarray of int of shape (n,) or None
        Rows that are left out together.
    """

    def __init__(
        self, y: np.ndarray, weights: np.ndarray, groups: np.ndarray | None = None
    ) -> None:
        self.groups = groups
        self.share = weights / weights.sum()
        self.root = np.sqrt(weights / weights.mean())[:, None]
        truth = y[:, None] if y.dtype.kind == "f" else y[:, None] == np.unique(y)
        truth = truth.astype(np.float64)
        self.truth = (truth - self.share @ truth) * self.root
        self.plain = self._left_out(self.truth, np.zeros((len(y), 0)), np.zeros(0))

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
