"""Whether a score is above what labels in any other order give (layer L5)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hybridsent.evaluation.leaks._look import Look
from hybridsent.evaluation.leaks._probe import Truth

__all__ = ["FEWEST", "PERMUTATIONS", "SURE", "stands_out"]

FEWEST = 40
"""Rows, below which nothing stands out."""

PERMUTATIONS = 20
"""Orders of the labels by which chance is told."""

SURE = 4.0
"""Standard errors."""

_MATTERS = 0.1  # share of what can be gained over chance


def stands_out(
    look: Look,
    guesses: np.ndarray,
    predict: Callable[[Truth], np.ndarray],
    random: np.random.Generator,
) -> bool:
    """Tell whether a score is above what the same gives of labels in any other order."""
    score = look.truth.score(guesses)
    if not look.truth.gain(score) > _MATTERS:
        return False
    k, n = look.truth.columns.shape[1], len(look)
    orders = [random.permutation(n) for _ in range(PERMUTATIONS)]
    many = Truth(np.concatenate([look.truth.columns[o] for o in orders], axis=1), look.truth.kind)
    said = predict(many)
    null = [look.truth.take(o).score(said[:, i * k : (i + 1) * k]) for i, o in enumerate(orders)]
    error = max(float(np.std(null, ddof=1)), _clustered_error(look, guesses))
    return bool(score - max(look.truth.chance, float(np.mean(null))) > SURE * error)


def _clustered_error(look: Look, guesses: np.ndarray) -> float:
    """Give the standard error of a score of which rows of a group are one unit."""
    if look.groups is None:
        return 0.0
    tested = ~np.isnan(guesses).any(axis=1)
    right = look.truth.right(guesses)[tested]
    codes = np.unique(look.groups[tested], return_inverse=True)[1]
    sums = np.bincount(codes, weights=right - right.mean())
    return float(np.sqrt((sums**2).sum()) / max(1, len(right)))
