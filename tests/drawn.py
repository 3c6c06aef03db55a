"""Rows drawn with replacement, for tests of scores of draws."""

from __future__ import annotations

import numpy as np


def draw_rows(n, n_draws, seed):
    """How often each draw took each row: (n_draws, n)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=n_draws).astype(np.int32)
