"""How many threads there are, and one for BLAS where products are small (layer L0).

What ``n_jobs`` may be is decided here alone: scikit-learn takes any integer, joblib refuses 0 when
it starts, and xgboost reads every negative number as all cores.

On small matrices the threads of a BLAS wait for one another, and those of NumPy's for those of
SciPy's, at the expense of the cores: a classifier on 500 rows takes ten times as long.
threadpoolctl can stop that, but its ``threadpool_limits`` looks through all loaded libraries at
each call, which takes longer than many a product, and where limits of two threads overlap the one
that began later ends by restoring what the other had set. Here it looks once, and one limit at a
time is set and taken back by whom it belongs to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from numbers import Integral
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["JOBS", "MAX_THREADS", "check_n_jobs", "count_jobs", "is_n_jobs", "one_blas_thread"]

MAX_THREADS = 1024
"""Most threads that a parameter may ask for: OpenMP ends a process that is told to start a billion,
and joblib hangs."""

JOBS = (
    f"an int from 1 to {MAX_THREADS}, the number of threads, or below 0 to count from all cores "
    "(-1 takes all, -2 all but one); 0 has no meaning"
)
"""What ``n_jobs`` must be, in words."""

_MANY = 20_000_000  # entries of a matrix in which threads find enough to do
_busy = threading.Lock()


def is_n_jobs(value: object) -> bool:
    """Tell whether a value other than None may stand for a number of jobs.

    Parameters
    ----------
    value : object
        What a user gave.

    Returns
    -------
    bool
        True for an integer other than 0 between plus and minus `MAX_THREADS`; a bool is none.

    Examples
    --------
    >>> from hybridsent._threads import is_n_jobs
    >>> [is_n_jobs(value) for value in (2, -1, 0, True, 1.5, "2")]
    [True, True, False, False, False, False]
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        return False
    return value != 0 and abs(int(value)) <= MAX_THREADS


def check_n_jobs(n_jobs: object, caller: str) -> None:
    """Refuse what is no number of jobs.

    Parameters
    ----------
    n_jobs : object
        What a user gave; None is fine.
    caller : str
        Name of the function or class whose parameter it is.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> from hybridsent._threads import check_n_jobs
    >>> check_n_jobs(0, "evaluate")
    Traceback (most recent call last):
        ...
    ValueError: The 'n_jobs' parameter of evaluate must be None or an int from 1 to 1024, ...
    """
    if n_jobs is not None and not is_n_jobs(n_jobs):
        raise ValueError(
            f"The 'n_jobs' parameter of {caller} must be None or {JOBS}. Got {n_jobs!r}."
        )


def count_jobs(n_jobs: int) -> int:
    """Count the threads that a number of jobs means, by joblib's rule.

    Parameters
    ----------
    n_jobs : int
        1 or more is the number itself; -1 is every core, -2 all but one, and so on.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        If it is no number of jobs.

    Examples
    --------
    >>> from hybridsent._threads import count_jobs
    >>> count_jobs(3), count_jobs(-100)
    (3, 1)
    """
    check_n_jobs(n_jobs, "an estimator")
    if n_jobs > 0:
        return int(n_jobs)
    from joblib import cpu_count

    return max(1, int(cpu_count()) + 1 + int(n_jobs))


@cache
def _blas() -> Any:
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_blas_thread(entries: int = 0) -> Iterator[None]:
    """Let NumPy and SciPy multiply in one thread inside a ``with`` block.

    Parameters
    ----------
    entries : int, default=0
        Entries of the largest matrix; where they are more than 20 million all threads take part.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._threads import one_blas_thread
    >>> with one_blas_thread():
    ...     np.eye(2) @ np.ones(2)
    array([1., 1.])
    """
    if entries > _MANY or not _busy.acquire(blocking=False):  # someone has set the limit already
        yield
        return
    try:
        with _blas().limit(limits=1):
            yield
    finally:
        _busy.release()
