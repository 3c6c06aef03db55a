"""Measures of agreement, each with an interval by the bootstrap over rows (layer L3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from hybridsent.annotation._reading import Given

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MOST_LEVELS", "Draws", "alpha_of", "fleiss_of", "pairs_of", "percent_of"]


MOST_LEVELS = 200
"""Different labels up to which tables of all pairs of them are made."""


class Draws:
    """Bootstrap of rows, or of whole groups, of statistics that are sums over rows."""

    def __init__(self, units: np.ndarray, n_boot: int, rng: np.random.Generator) -> None:
        self.units, self.n_boot, self.rng = units, n_boot, rng
        self.n_units = int(units.max(initial=-1)) + 1
        self.seed = int(rng.integers(2**31))

    def _weights(self) -> Iterator[np.ndarray]:
        """How often each unit was drawn, some draws at a time; the same for each measure."""
        rng = np.random.default_rng(self.seed)
        step = max(1, min(self.n_boot, 4_000_000 // max(self.n_units, 1)))
        for start in range(0, self.n_boot, step):
            size = min(step, self.n_boot - start)
            drawn = rng.integers(0, self.n_units, (size, self.n_units))
            flat = drawn + np.arange(size)[:, None] * self.n_units
            counts = np.bincount(flat.ravel(), minlength=size * self.n_units)
            yield counts.reshape(size, self.n_units).astype(np.float64)

    def of_sums(
        self, stats: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]
    ) -> tuple[float, float, float]:
        """Value and interval of a measure of sums over the rows.

        `stats` is of shape (n, d); `measure` takes (b, d) sums and gives b values.
        """
        sums = np.zeros((self.n_units, stats.shape[1]))
        np.add.at(sums, self.units, stats)
        value = float(measure(stats.sum(axis=0)[None])[0])
        drawn = np.concatenate([measure(weights @ sums) for weights in self._weights()])
        return (value, *_ends(drawn))

    def of_rows(self, measure: Callable[[np.ndarray], float]) -> tuple[float, float, float]:
        """Value and interval of any measure of weights of rows."""
        value = measure(np.ones(len(self.units)))
        drawn = [measure(w[self.units]) for weights in self._weights() for w in weights]
        return (value, *_ends(np.array(drawn)))


def _ends(drawn: np.ndarray) -> tuple[float, float]:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    found = np.full(np.shape(a), np.nan)
    np.divide(a, b, out=found, where=np.asarray(b) > 0)
    return found


def _counts(codes: np.ndarray, n_levels: int) -> csr_array:
    """Votes of each row for each label."""
    rows, who = np.nonzero(codes >= 0)
    ones = np.ones(len(rows))
    return csr_array((ones, (rows, codes[rows, who])), shape=(len(codes), n_levels))


def alpha_of(
    codes: np.ndarray, points: np.ndarray, level: str, draws: Draws
) -> tuple[float, float, float]:
    """Krippendorff's alpha."""
    if level == "interval":
        return _alpha_interval(codes, points, draws)
    counts = _counts(codes, len(points))
    m = np.asarray(counts.sum(axis=1)).ravel()
    if level == "nominal" and len(points) <= MOST_LEVELS:
        dense = counts.toarray()
        agreeing = (dense * (dense - 1)).sum(axis=1) / (m - 1)

        def nominal(sums: np.ndarray) -> np.ndarray:
            of_label, same = sums[:, :-1], sums[:, -1]
            n = of_label.sum(axis=1)
            expected = (n**2 - (of_label**2).sum(axis=1)) / np.maximum(n - 1, 1)
            return 1 - _divided(n - same, expected)

        return draws.of_sums(np.column_stack([dense, agreeing]), nominal)
    squares = None if level == "ordinal" else _squares(points, level)

    def of_weights(weights: np.ndarray) -> float:
        scaled = csr_array(counts * (weights / (m - 1))[:, None])
        seen = np.asarray((counts.T @ scaled).toarray())
        n_c = counts.T @ weights
        seen[np.diag_indices_from(seen)] -= counts.T @ (weights / (m - 1))
        apart = _ordinal(n_c) if squares is None else squares
        expected = float(n_c @ apart @ n_c) / max(float(n_c.sum()) - 1, 1)
        return 1 - float((seen * apart).sum()) / expected if expected > 0 else np.nan

    return draws.of_rows(of_weights)


def _squares(points: np.ndarray, level: str) -> np.ndarray:
    a, b = points[:, None], points[None]
    if level == "nominal":
        return np.asarray(a != b, dtype=np.float64)
    return (
        _divided((a - b) ** 2, (a + b) ** 2 * np.ones_like(a - b))
        if level == "ratio"
        else (a - b) ** 2
    )


def _ordinal(n_c: np.ndarray) -> np.ndarray:
    """Squared number of labels that lie between two, with half of each of them."""
    middle = np.cumsum(n_c) - n_c / 2
    return np.asarray((middle[:, None] - middle) ** 2)


def _alpha_interval(
    codes: np.ndarray, points: np.ndarray, draws: Draws
) -> tuple[float, float, float]:
    """Give alpha of squared differences, from sums of squares alone."""
    there = codes >= 0
    values = np.where(there, (points - points.mean())[codes], 0.0)
    m = there.sum(axis=1)
    total, square = values.sum(axis=1), (values**2).sum(axis=1)
    seen = 2 * (m * square - total**2) / (m - 1)

    def interval(sums: np.ndarray) -> np.ndarray:
        n, first, second, apart = sums.T
        expected = 2 * (n * second - first**2) / np.maximum(n - 1, 1)
        return 1 - _divided(apart, np.where(expected > 1e-12 * np.abs(second), expected, 0.0))

    return draws.of_sums(np.column_stack([m, total, square, seen]), interval)


def fleiss_of(codes: np.ndarray, n_levels: int, draws: Draws) -> tuple[float, float, float]:
    """Give the kappa of Fleiss, agreement beyond what shares of labels give, and its interval."""
    counts = _counts(codes, n_levels).toarray()
    agree, one = _agreeing(codes, counts), np.ones(len(codes))

    def kappa(sums: np.ndarray) -> np.ndarray:
        shares = sums[:, :-2] / sums[:, :-2].sum(axis=1, keepdims=True)
        by_chance = (shares**2).sum(axis=1)
        return _divided(sums[:, -2] / sums[:, -1] - by_chance, 1 - by_chance)

    return draws.of_sums(np.column_stack([counts, agree, one]), kappa)


def percent_of(codes: np.ndarray, draws: Draws) -> tuple[float, float, float]:
    """Give the share of pairs of votes that agree, and its interval."""
    counts = _counts(codes, int(codes.max()) + 1).toarray()
    stats = np.column_stack([_agreeing(codes, counts), np.ones(len(codes))])
    return draws.of_sums(stats, lambda sums: sums[:, 0] / sums[:, 1])


def _agreeing(codes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Share of the pairs of votes on each row that agree."""
    m = (codes >= 0).sum(axis=1)
    return np.asarray((counts * (counts - 1)).sum(axis=1) / (m * (m - 1)))


def pairs_of(
    codes: np.ndarray, points: np.ndarray, given: Given, levels: list[str], draws: Draws
) -> pd.DataFrame:
    """Cohen's kappa of each two annotators."""
    import pandas as pd

    k = len(points)
    in_order = "ordinal" in levels
    columns = ["a", "b", "rows", "percent", "kappa", "low", "high"]
    columns += ["linear", "quadratic"] if in_order else []
    if given.codes is None or k > MOST_LEVELS:
        return pd.DataFrame(columns=columns)
    steps = np.abs(np.arange(k)[:, None] - np.arange(k)).astype(np.float64)
    found = []
    for i, j in combinations(range(codes.shape[1]), 2):
        both = (codes[:, i] >= 0) & (codes[:, j] >= 0)
        if not both.any():
            continue
        joint = codes[both, i] * k + codes[both, j]
        cells, place = np.unique(joint, return_inverse=True)
        stats = csr_array((np.ones(len(place)), (draws.units[both], place)))
        value, low, high = _of_pair(stats, cells, k, draws)
        table = np.bincount(joint, minlength=k * k).reshape(k, k)
        line = [given.names[i], given.names[j], int(both.sum())]
        line += [float(np.trace(table) / table.sum()), value, low, high]
        if in_order:
            line += [_weighted_kappa(table, steps), _weighted_kappa(table, steps**2)]
        found.append(line)
    return pd.DataFrame(found, columns=columns)


def _of_pair(
    stats: csr_array, cells: np.ndarray, k: int, draws: Draws
) -> tuple[float, float, float]:
    """Kappa of a pair, and its interval: units that both have labelled are drawn."""
    first, second = np.divmod(cells, k)
    same = first == second

    def kappa(sums: np.ndarray) -> np.ndarray:
        n = sums.sum(axis=1)
        of_first = np.stack([sums[:, first == c].sum(axis=1) for c in range(k)])
        of_second = np.stack([sums[:, second == c].sum(axis=1) for c in range(k)])
        by_chance = _divided((of_first * of_second).sum(axis=0), n**2)
        return _divided(_divided(sums[:, same].sum(axis=1), n) - by_chance, 1 - by_chance)

    total = np.asarray(stats.sum(axis=0)).ravel()
    value = float(kappa(total[None])[0])
    counts = np.asarray(stats.sum(axis=1)).ravel()
    drawn = stats[np.flatnonzero(counts > 0)]
    rng = np.random.default_rng(draws.seed)
    if counts.max(initial=0) <= 1:  # rows of their own: a draw of rows is one of cells
        sums = rng.multinomial(int(total.sum()), total / total.sum(), draws.n_boot)
        return (value, *_ends(kappa(sums.astype(np.float64))))
    n = drawn.shape[0]
    weights = np.stack(
        [np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(draws.n_boot)]
    )
    return (value, *_ends(kappa(np.asarray(weights @ drawn))))


def _weighted_kappa(table: np.ndarray, apart: np.ndarray) -> float:
    """Cohen's kappa, in which labels that lie apart disagree more."""
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    total = float((expected * apart).sum())
    return 1 - float((table * apart).sum()) / total if total > 0 else float("nan")
