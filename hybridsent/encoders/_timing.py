"""How many times faster one compiled pass is than another, on a busy machine (layer L2).

No library serves: `timeit` and `torch.utils.benchmark` take the time of one thing after the other,
and whatever else runs then decides which is faster.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["speed_ratio"]

_ROUNDS = 7  # of each, in turn; the quickest counts, as whatever else runs here only adds
_SECONDS = (
    0.03  # what a run takes at least: of less, the weights are fetched longer than multiplied
)
_MOST = 64  # copies of an example in one batch


def speed_ratio(exact: Any, rough: Any, examples: Sequence[tuple[np.ndarray, ...]]) -> float:
    """Measure how many times faster one compiled pass is than another.

    Parameters
    ----------
    exact, rough : callable
        Take inputs; `takes` tells whether they take those of a shape.
    examples : list of tuple of ndarray
        Inputs of the pass; the largest is repeated until it is worth measuring.

    Returns
    -------
    float
        Processor time of `exact` by that of `rough`.
    """
    inputs = max(examples, key=lambda example: sum(array.size for array in example))
    _timed(exact, inputs)  # the first run of a shape prepares its kernels
    copies = 1
    while copies < _MOST and _timed(exact, inputs) < _SECONDS:
        more = tuple(np.concatenate([array, array]) for array in inputs)
        if not exact.takes(more):
            break
        inputs, copies = more, 2 * copies
        _timed(exact, inputs)
    _timed(rough, inputs)
    times = [(_timed(exact, inputs), _timed(rough, inputs)) for _ in range(_ROUNDS)]
    return min(one for one, _ in times) / max(min(other for _, other in times), 1e-9)


def _timed(run: Any, inputs: tuple[np.ndarray, ...]) -> float:
    """Processor time of a pass: a machine that is busy with something else does not change it."""
    start = time.process_time()
    run(inputs)
    return time.process_time() - start
