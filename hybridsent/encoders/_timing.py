"""How many times faster one compiled pass is than another, on a busy machine (layer L2).

No library serves: `timeit` and `torch.utils.benchmark` take the time of one thing after the other,
and whatever else runs then decides which is faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["speed_ratio"]

_ROUNDS = 7  # of each, in turn; the quickest counts, as whatever else runs here only adds
_SECONDS = (
    0.03  # what a run takes at least: of less, the weights are fetched longer than multiplied
)
_OWN = 0.02  # of what the process computes, at least, that is a pass which runs in its own thread
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
    _timed(exact, inputs, time.process_time)  # the first run of a shape prepares its kernels
    copies = 1
    while copies < _MOST and _timed(exact, inputs, time.process_time) < _SECONDS:
        more = tuple(np.concatenate([array, array]) for array in inputs)
        if not exact.takes(more):
            break
        inputs, copies = more, 2 * copies
        _timed(exact, inputs, time.process_time)
    clock = _clock(rough, inputs)
    times = [(_timed(exact, inputs, clock), _timed(rough, inputs, clock)) for _ in range(_ROUNDS)]
    return min(one for one, _ in times) / max(min(other for _, other in times), 1e-9)


def _clock(run: Any, inputs: tuple[np.ndarray, ...]) -> Callable[[], float]:
    """Give the clock of what this thread computes, which other threads of the process do not move.

    A pass on one core runs in the thread that asks for it; where it does not, the process counts.
    """
    own = time.thread_time()
    whole = _timed(run, inputs, time.process_time)
    return time.thread_time if time.thread_time() - own > _OWN * whole else time.process_time


def _timed(run: Any, inputs: tuple[np.ndarray, ...], clock: Callable[[], float]) -> float:
    """Processor time of a pass: a machine that is busy with something else does not change it."""
    start = clock()
    run(inputs)
    return clock() - start
