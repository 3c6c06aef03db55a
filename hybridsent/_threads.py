"""One thread where there is little to compute, and calls in threads (layer L0).

On small matrices the threads of a BLAS wait for one another, and those of NumPy's for those of
SciPy's, at the expense of the cores: a classifier on 500 rows takes ten times as long.
threadpoolctl can stop that, but its ``threadpool_limits`` looks through all loaded libraries at
each call, which takes longer than many a product, and where limits of two threads overlap the one
that began later ends by restoring what the other had set. Here it looks once, and one limit at a
time is set and taken back by whom it belongs to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from hybridsent._warnings import stand_ready

__all__ = ["in_threads", "one_blas_thread", "threads_for"]

_MANY = 20_000_000  # entries of a matrix in which threads find enough to do
_busy = threading.Lock()


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


def threads_for(entries: int, n_jobs: int | None) -> int | None:
    """Give the threads that trees are grown in.

    xgboost's threads meet several times a level of each tree, and whoever comes first spins until
    the last is there: where a level takes microseconds two threads take many times as long as one,
    and all their cores with it.

    Parameters
    ----------
    entries : int
        Rows times columns.
    n_jobs : int or None
        What the user asked for, which stands; None leaves it to the size of the work.

    Returns
    -------
    int or None
        `n_jobs`; instead of None 1 where there are fewer than 20 million entries.

    Examples
    --------
    >>> from hybridsent._threads import threads_for
    >>> threads_for(60 * 1664, None), threads_for(60 * 1664, 2), threads_for(10**8, None)
    (1, 2, None)
    """
    return 1 if n_jobs is None and entries < _MANY else n_jobs


def in_threads(
    function: Callable[..., Any],
    calls: Iterable[tuple[Any, ...]],
    n_jobs: int | None,
    *,
    one_by_one: bool = False,
) -> Iterable[Any]:
    """Call a function in threads, under the caller's configuration and context.

    Inside of ``joblib.parallel_config`` with a backend of processes or of a cluster it is called
    there: function and arguments are then pickled, and nothing that it changes is seen here.

    Parameters
    ----------
    function : callable
        What is called.
    calls : iterable of tuple
        Its arguments, one tuple a call.
    n_jobs : int or None
        Calls at once; None and -1 are as many as there are cores.
    one_by_one : bool, default=False
        Whether each answer is given as soon as it is there, for a progress bar.

    Returns
    -------
    list or iterator of object
        What the calls give, in their order.

    Examples
    --------
    >>> from hybridsent._threads import in_threads
    >>> in_threads(pow, [(2, 3), (3, 2)], n_jobs=2)
    [8, 9]
    """
    from joblib import Parallel, delayed

    stand_ready()
    run = delayed(_Configured(function))
    parallel = Parallel(
        -1 if n_jobs is None else int(n_jobs),
        prefer="threads",
        return_as="generator" if one_by_one else "list",
    )
    answers: Iterable[Any] = parallel(run(*arguments) for arguments in calls)
    return answers


class _Configured:
    """A function that is called under the configuration of the thread that made this.

    Beside scikit-learn's that is what context variables hold, such as what labels are. Of these a
    process elsewhere is told what changes results; what is shared within one process stays here.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        from sklearn import get_config

        self.function = function
        self.config = get_config()
        self.context = copy_context()

    def __call__(self, *arguments: Any) -> Any:
        from sklearn import config_context

        with config_context(**self.config):  # a context is entered by one thread at a time
            return self.context.copy().run(self.function, *arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        from hybridsent._labels import kind_decided

        return _Elsewhere, (self.function, self.config, self.context.run(kind_decided))


class _Elsewhere:
    """The same in another process, whose libraries are held to one thread as they are here."""

    def __init__(self, function: Callable[..., Any], config: dict[str, Any], kind: Any) -> None:
        self.told = function, config, kind

    def __call__(self, *arguments: Any) -> Any:
        from sklearn import config_context

        from hybridsent._labels import reading_labels_as

        function, config, kind = self.told
        with config_context(**config), reading_labels_as(kind), one_blas_thread():
            return function(*arguments)
