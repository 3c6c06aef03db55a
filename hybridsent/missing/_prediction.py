"""What the views that a row has say about those that it lacks (layer L3).

A ridge regression of the missing columns on the present ones, for each combination of present
views. scikit-learn's Ridge would need the matrix once a combination; here all of them come from one
covariance, the penalty is chosen from it, too, and what is kept is of low rank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh
from sklearn.utils.extmath import randomized_svd

from hybridsent._numerics.moments import Moments, alike_rows, project, span
from hybridsent.views import block_of

__all__ = ["Prediction", "learn", "predict"]

_ROWS = 10_000  # enough to learn from
_WIDTH = 256  # principal components of a wide view that take part
_RANK = 64  # directions of the present views that are kept
_EVERY = 4  # up to so many views, each combination has its own regression
_PENALTIES = np.logspace(-3, 4, 22)  # in units of the mean variance of the present columns


@dataclass(frozen=True)
class Basis:
    """A view's columns as coordinates: x = mean + coordinates @ directions."""

    mean: np.ndarray
    directions: np.ndarray | None

    def coordinates(self, block: np.ndarray) -> np.ndarray:
        """Of rows (n, p) of the view."""
        if self.directions is None:
            return np.asarray(np.subtract(block, self.mean, dtype=np.float64))
        return project(block, self.directions.T, self.mean)


Prediction = dict[str, Any]
"""Plain containers of arrays, so that it can be saved: ``means`` and ``directions`` of each view,
and for each combination of present views, as a bit mask, the two factors of its regression."""


def learn(X: np.ndarray, present: np.ndarray, views: Mapping[str, np.ndarray]) -> Prediction:
    """Learn the regressions.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features.
    present : ndarray of bool of shape (n, n_views)
        Which rows have which view.
    views : mapping of str to ndarray of int
        Columns of each view.

    Returns
    -------
    dict
        See `Prediction`.
    """
    rows = np.linspace(0, len(X) - 1, min(len(X), _ROWS)).astype(int)
    X, present = X[rows], present[rows]
    bases, blocks = [], []
    for columns, seen in zip(views.values(), present.T, strict=True):
        basis, block = _basis(block_of(X, columns), seen)
        bases.append(basis)
        blocks.append(block)
    widths = {str(j): block.shape[1] for j, block in enumerate(blocks)}
    moments = Moments(widths, dict.fromkeys(widths, 1.0))
    moments.add(blocks, present)
    covariances = {
        (i, j): moments.covariance(i, j) for i in range(len(views)) for j in range(len(views))
    }
    return {
        "means": [basis.mean for basis in bases],
        "directions": [basis.directions for basis in bases],
        "factors": {
            code: _regression(covariances, moments, code, len(views))
            for code in _combinations(len(views))
        },
    }


def _combinations(views: int) -> list[int]:
    """Bit masks of present views that have a regression of their own."""
    if views > _EVERY:
        return [1 << view for view in range(views)]
    return list(range(1, (1 << views) - 1))


def _basis(block: np.ndarray, seen: np.ndarray) -> tuple[Basis, np.ndarray]:
    n, p = int(seen.sum()), block.shape[1]
    if n == 0:  # nothing is known of it: one coordinate that is always zero
        return Basis(np.zeros(p), np.zeros((1, p), np.float32)), np.zeros((len(block), 1))
    if p <= min(n, _WIDTH):
        mean = block[seen].mean(axis=0, dtype=np.float64)
        return Basis(mean, None), block - mean.astype(block.dtype)
    if n <= _WIDTH:
        coordinates, (mean, directions) = span(block, seen)
        return Basis(mean, directions.astype(np.float32)), coordinates
    mean = block[seen].mean(axis=0, dtype=np.float64)
    centred = block[seen] - mean.astype(block.dtype)
    directions = randomized_svd(
        centred, _WIDTH, n_oversamples=64, n_iter=2, power_iteration_normalizer="QR", random_state=0
    )[2]
    coordinates = np.zeros((len(block), len(directions)), dtype=block.dtype)
    coordinates[seen] = centred @ directions.T
    return Basis(mean, directions.astype(np.float32)), coordinates


def _regression(
    covariances: Mapping[tuple[int, int], np.ndarray],
    moments: Moments,
    code: int,
    views: int,
) -> list[np.ndarray]:
    """Left (r, k) and right (k, q) factor of the coefficients of absent on present views."""
    have = [j for j in range(views) if code >> j & 1]
    lack = [j for j in range(views) if not code >> j & 1]
    inside = np.block([[covariances[i, j] for j in have] for i in have])
    across = np.block([[covariances[i, j] for j in lack] for i in have])
    n = min(moments.count(i, j) for i in have for j in lack)
    values, vectors = eigh(inside)
    values = np.maximum(values, 0.0)
    if n < 3 or values.sum() <= 0:
        return [np.zeros((len(inside), 1), np.float32), np.zeros((1, across.shape[1]), np.float32)]
    along = vectors.T @ across
    total = sum(float(np.trace(covariances[j, j])) for j in lack)
    ridge = _penalty(values, np.einsum("ij,ij->i", along, along), total, n)
    # the coefficients are V (L + k)^-1 V' C; of what they predict, the leading directions are kept
    shrunk = along / (values + ridge)[:, None]
    scaled = np.sqrt(values + ridge)[:, None] * shrunk
    tall = scaled.shape[0] >= scaled.shape[1]
    gram = scaled.T @ scaled if tall else scaled @ scaled.T
    k = min(_RANK, len(gram))
    top = eigh(gram, subset_by_index=[len(gram) - k, len(gram) - 1])[1]
    if tall:
        left, right = vectors @ (shrunk @ top), top.T
    else:
        left, right = vectors @ (top / np.sqrt(values + ridge)[:, None]), (scaled.T @ top).T
    return [left.astype(np.float32), right.astype(np.float32)]


def _penalty(values: np.ndarray, explained: np.ndarray, total: float, n: float) -> float:
    """Choose the ridge by generalised cross-validation (Golub, Heath, Wahba 1979)."""
    best, chosen = np.inf, 0.0
    for ridge in _PENALTIES * values.sum() / len(values):
        shrink = 1 / (values + ridge)
        left = total - float(((2 - values * shrink) * shrink) @ explained)
        freedom = float((values * shrink).sum()) / n
        if freedom < 0.95 and left / (1 - freedom) ** 2 < best:
            best, chosen = left / (1 - freedom) ** 2, float(ridge)
    return chosen or float(_PENALTIES[-1] * values.sum() / len(values))


def predict(
    prediction: Prediction, X: np.ndarray, present: np.ndarray, views: Mapping[str, np.ndarray]
) -> None:
    """Fill, in place, the views that rows lack and that others can tell of.

    Parameters
    ----------
    prediction : dict
        What `learn` gave.
    X : ndarray of shape (n, p)
        Features; rows without any view are left as they are.
    present : ndarray of bool of shape (n, n_views)
        Which rows have which view.
    views : mapping of str to ndarray of int
        Columns of each view.
    """
    columns = list(views.values())
    bases = [
        Basis(mean, directions)
        for mean, directions in zip(prediction["means"], prediction["directions"], strict=True)
    ]
    for rows, have in alike_rows(present):
        lack = [j for j in range(len(columns)) if j not in have]
        if not have or not lack:
            continue
        parts = [bases[j].coordinates(X[np.ix_(rows, columns[j])]) for j in have]
        found = _predicted(prediction["factors"], parts, have, lack, bases)
        for j, coordinates in zip(lack, found, strict=True):
            directions = bases[j].directions
            if directions is not None:
                coordinates = coordinates @ directions
            X[np.ix_(rows, columns[j])] = coordinates + bases[j].mean


def _predicted(
    factors: Mapping[int, list[np.ndarray]],
    parts: list[np.ndarray],
    have: list[int],
    lack: list[int],
    bases: list[Basis],
) -> list[np.ndarray]:
    """Coordinates of each view that rows of one combination lack."""
    widths = [len(basis.mean if basis.directions is None else basis.directions) for basis in bases]
    code = sum(1 << j for j in have)
    if code in factors:
        left, right = factors[code]
        joint = np.hstack(parts) @ left @ right
        return np.split(joint, np.cumsum([widths[j] for j in lack])[:-1], axis=1)
    alone = []
    for j, part in zip(have, parts, strict=True):
        others = [i for i in range(len(bases)) if i != j]
        left, right = factors[1 << j]
        pieces = np.split(part @ left @ right, np.cumsum([widths[i] for i in others])[:-1], axis=1)
        alone.append(dict(zip(others, pieces, strict=True)))
    return [np.mean([each[j] for each in alone], axis=0) for j in lack]
