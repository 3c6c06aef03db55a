"""How near two matrices of features are."""

from __future__ import annotations

import numpy as np


def least_cosine(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Give the smallest cosine between rows that should point the same way."""
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return float(((ours * theirs).sum(axis=1) / norms).min())


def largest_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Give the largest difference, as a part of the largest value of its column; NaN equals NaN."""
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return float("inf")
    scale = np.nanmax(np.abs(theirs), axis=0)
    return float(np.nanmax(np.abs(ours - theirs) / np.where(scale > 0, scale, 1.0)))
