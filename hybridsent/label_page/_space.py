"""Rows that have features, on few components (layer L7)."""

from __future__ import annotations

import numpy as np

from hybridsent.label_page._features import Features

__all__ = ["MOST", "Space", "rows_drawn"]

_WIDTH = 128
MOST = 10_000  # rows among which the next one is looked for: of more, so many by chance
_SAMPLE = 4_000  # rows that tell the components


class Space:
    """Rows that have features, on few components."""

    def __init__(
        self,
        features: Features,
        rows: np.ndarray,
        groups: np.ndarray | None,
        random_state: int,
    ) -> None:
        from hybridsent.active import Pool

        self.rows, self.there, self.known = rows, len(rows), 0
        self.at = np.full(features.n, -1)
        self.at[self.rows] = np.arange(len(self.rows))
        of_rows = None if groups is None else groups[self.rows]
        self.pool = Pool(features.table(self.rows), of_rows)
        values = self.pool.values
        if values.shape[1] > _WIDTH:
            from sklearn.decomposition import PCA

            some = values
            if len(values) > _SAMPLE:
                random = np.random.default_rng(random_state)
                some = values[random.choice(len(values), _SAMPLE, replace=False)]
            width = min(_WIDTH, len(some))
            reduce = PCA(width, svd_solver="randomized", random_state=random_state).fit(some)
            values = np.concatenate(
                [
                    reduce.transform(values[start : start + _SAMPLE])
                    for start in range(0, len(values), _SAMPLE)
                ]
            )
        length = float(np.sqrt(np.mean(np.sum(np.square(values, dtype=np.float64), axis=1))))
        self.Z = np.asarray(values, dtype=np.float64) / (length or 1.0)


def rows_drawn(rows: np.ndarray, order: list[int], random_state: int) -> np.ndarray:
    """Draw rows where there are too many to be ranked between two labels; of both kinds some."""
    if len(rows) <= MOST:
        return rows
    random = np.random.default_rng(random_state)
    known = np.intersect1d(rows, order)
    if len(known) > MOST // 2:
        known = random.choice(known, MOST // 2, replace=False)
    free = np.setdiff1d(rows, order)
    free = random.choice(free, min(len(free), MOST - len(known)), replace=False)
    return np.sort(np.concatenate([known, free]).astype(int))
