"""Hands out pieces, a bounded number at once, until each is done or given up (layer L7)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from hybridsent.distributed._executors import Executor, WorkerDied
from hybridsent.exceptions import HybridsentError

__all__ = ["drive"]


def drive(
    executor: Executor,
    pieces: Iterable[int],
    *,
    tries: int,
    go_on: bool,
    told: Callable[[int], None],
) -> dict[int, Exception]:
    """Do pieces, some at once.

    Parameters
    ----------
    executor : Executor
        Who does them.
    pieces : iterable of int
        Which ones.
    tries : int
        How often a piece is tried before it is given up. What hybridsent itself refuses, such as a
        broken cell, it would refuse again: that is tried once.
    go_on : bool
        Whether the others are done where one is given up; else no more are handed out.
    told : callable
        Gets each piece that is done.

    Returns
    -------
    dict of int to Exception
        Those that were given up, and why.
    """
    todo = deque((piece, 1) for piece in pieces)
    under_way: dict[Any, tuple[int, int]] = {}
    suspects: list[int] = []
    failed: dict[int, Exception] = {}

    def settle(done: Any) -> None:
        piece, attempt = under_way.pop(done)
        error = executor.outcome(done)
        if error is None:
            told(piece)
        elif isinstance(error, WorkerDied) and attempt == tries:
            suspects.append(piece)
        elif attempt < tries and not isinstance(error, HybridsentError):
            todo.append((piece, attempt + 1))
        else:
            failed[piece] = error

    while todo or under_way:
        if failed and not go_on:
            todo.clear()
        while todo and len(under_way) < executor.window():
            piece, attempt = todo.popleft()
            under_way[executor.submit(piece)] = piece, attempt
        for done in executor.wait(list(under_way)) if under_way else ():
            settle(done)
    # workers died under these, maybe by the fault of a neighbour: each is tried once more, alone
    for piece in suspects:
        if failed and not go_on:
            break
        under_way[executor.submit(piece)] = piece, tries + 1
        while under_way:
            for done in executor.wait(list(under_way)):
                settle(done)
    return failed
