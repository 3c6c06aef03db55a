"""Threads that read, prepare and encode (layer L2).

No library serves: `Executor.map` of the standard library takes all of its input at once and gives
nothing back once one value has failed.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from hybridsent._params import count_jobs
from hybridsent._warnings import stand_ready

__all__ = ["parallel", "workers"]


def workers(n_jobs: int | None) -> int:
    """Count the threads that a call may keep busy.

    None takes every core, or as many as the process was given (joblib's workers set
    ``OMP_NUM_THREADS``), so that several processes do not crowd each other.

    Parameters
    ----------
    n_jobs : int or None
        As in scikit-learn; -1 takes every core.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        If it is no number of jobs, such as 0.

    Examples
    --------
    >>> from hybridsent.encoders._workers import workers
    >>> workers(3)
    3
    """
    if n_jobs is not None:
        return count_jobs(n_jobs)
    granted = os.environ.get("OMP_NUM_THREADS", "")
    every = count_jobs(-1)
    return min(int(granted), every) if granted.isdecimal() and int(granted) else every


def parallel(
    function: Callable[[Any], Any], values: Iterable[Any], n_workers: int, *, ahead: int = 8
) -> Generator[Any, None, None]:
    """Map in threads, results in order and at most some ahead of the reader.

    The values are drawn in the calling thread. Where drawing one fails, the results of those
    before it are given first.

    Parameters
    ----------
    function : callable
        Called once per value; must free the interpreter's lock to gain anything (decoding, forward
        passes and openSMILE do).
    values : iterable
        Arguments.
    n_workers : int
        Threads; 0 runs in the calling thread, each value when its result is asked for.
    ahead : int, default=8
        Values in work or waiting to be read.

    Yields
    ------
    object
        ``function(value)`` in the order of `values`.

    Examples
    --------
    >>> from hybridsent.encoders._workers import parallel
    >>> list(parallel(abs, [-1, 2], n_workers=2))
    [1, 2]
    """
    if n_workers == 0:
        yield from map(function, values)
        return
    failure: Exception | None = None
    stand_ready()
    with ThreadPoolExecutor(n_workers, thread_name_prefix="hybridsent") as pool:
        waiting: deque[Future[Any]] = deque()
        source = iter(values)
        try:
            while failure is None:
                try:
                    waiting.append(pool.submit(function, next(source)))
                except StopIteration:
                    break
                except Exception as error:  # noqa: BLE001 - raised below, after what came before it
                    failure = error
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
    if failure is not None:
        raise failure
