"""Rows of many requests, asked about at once (layer L7).

While the model answers, requests wait in a queue; whatever waits when it is done is asked about
together. Nobody waits for others to come: a request that comes alone is answered at once. Rows are
weighed, so that no batch takes long; a request of many heavy ones is asked about in pieces, each of
which stands in line anew behind those of others, and ends when its client is gone. Why by hand:
what serves models in batches is a server of its own (LitServe, Ray Serve, BentoML), in
processes of its own; this is a queue.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hybridsent.serve._limits import RefusedError

__all__ = ["Batcher", "Job"]


@dataclass(eq=False)
class Job:
    """Rows of one request that are answered together.

    Parameters
    ----------
    rows : sequence
        The rows.
    explain : bool
        Whether the answers tell which view they are due to.
    start : int, default=0
        Which row of the request is the first.
    done : asyncio.Future or None, default=None
        Where somebody waits for the answers.
    weight : int, default=0
        What the rows weigh together.
    """

    rows: Sequence[Any]
    explain: bool
    start: int = 0
    done: asyncio.Future[list[Any]] | None = field(default=None, repr=False)
    weight: int = 0


class Batcher:
    """A queue before a model.

    Parameters
    ----------
    ask : callable
        ``ask(jobs)`` gives, for each job, its answers or the exception that it met; runs in a
        thread of its own.
    batch : int
        What the rows that it is given at once may weigh.
    waiting : int
        Rows that may wait; further ones are refused.
    threads : int, default=1
        How many ask at the same time.
    weigh : callable or None, default=None
        Gives how much a row weighs, a whole number; None is 1 for each.
    whole : bool, default=False
        Whether the rows of a request are asked about together, whatever they weigh.
    told : callable or None, default=None
        Gets the number of rows and the seconds of each batch.
    """

    def __init__(
        self,
        ask: Callable[[list[Job]], list[Any]],
        *,
        batch: int,
        waiting: int,
        threads: int = 1,
        weigh: Callable[[Any], int] | None = None,
        whole: bool = False,
        told: Callable[[int, float], None] | None = None,
    ) -> None:
        self._ask, self._batch, self._most = ask, batch, waiting
        self._weigh, self._whole, self._told = weigh, whole, told
        self._queue: deque[Job] = deque()
        self._wake = asyncio.Condition()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hybridsent-model")
        self._workers: list[asyncio.Task[None]] = []
        self._seconds = 0.02  # of a row, a moving mean
        self.waiting = 0

    async def start(self) -> None:
        """Begin to answer, in the loop that is running."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._threads)]

    async def stop(self) -> None:
        """Answer nothing more; what waits is given up."""
        for worker in self._workers:
            worker.cancel()
        for worker in self._workers:
            with suppress(asyncio.CancelledError):
                await worker
        self._workers = []
        for job in self._queue:
            if job.done is not None:
                job.done.cancel()
        self._queue.clear()
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)

    @property
    def wait(self) -> float:
        """Seconds until what comes now would be answered, about."""
        return self.waiting * self._seconds / self._threads

    async def answer(self, rows: Sequence[Any], *, explain: bool) -> list[Any]:
        """Get the answers about rows.

        Parameters
        ----------
        rows : sequence
            The rows; what weighs more than a batch is cut, and answered piece by piece.
        explain : bool
            Whether they tell which view they are due to.

        Returns
        -------
        list
            An answer for each row.

        Raises
        ------
        RefusedError
            If too many rows wait already (429).
        """
        if self.waiting + len(rows) > self._most:
            retry = max(1, math.ceil(self.wait))
            raise RefusedError(
                429,
                "busy",
                f"{self.waiting} rows wait already, of at most {self._most}; try again in {retry} "
                "seconds.",
                retry=retry,
            )
        loop = asyncio.get_running_loop()
        found: list[Any] = []
        left = len(rows)  # that are in no queue yet
        self.waiting += left
        done = None
        try:
            for job in self._cut(rows, explain):
                job.done = done = loop.create_future()
                left -= len(job.rows)
                self._queue.append(job)
                async with self._wake:
                    self._wake.notify()
                found += await done
        finally:  # a client that went, or waited too long: what has not begun is left out
            self.waiting -= left
            if done is not None and not done.done():
                done.cancel()
        return found

    def _cut(self, rows: Sequence[Any], explain: bool) -> Iterator[Job]:
        """Cut rows into jobs that weigh no more than a batch, or are of one row."""
        weights = [1 if self._weigh is None else self._weigh(row) for row in rows]
        start = 0
        while start < len(rows):
            end, weight = start + 1, weights[start]
            while end < len(rows) and (self._whole or weight + weights[end] <= self._batch):
                weight += weights[end]
                end += 1
            yield Job(rows[start:end], explain, start, weight=weight)
            start = end

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            async with self._wake:
                await self._wake.wait_for(lambda: bool(self._queue))
                jobs = self._next()
            if not jobs:
                continue
            began = time.perf_counter()
            try:
                answers = await loop.run_in_executor(self._pool, self._ask, jobs)
            except Exception as error:  # noqa: BLE001 - each client is told, the queue goes on
                answers = [error] * len(jobs)
            n, seconds = sum(len(job.rows) for job in jobs), time.perf_counter() - began
            self._seconds += 0.1 * (seconds / n - self._seconds)
            if self._told is not None:
                self._told(n, seconds)
            for job, answer in zip(jobs, answers, strict=True):
                if job.done is None or job.done.done():
                    continue
                if isinstance(answer, Exception):
                    job.done.set_exception(answer)
                else:
                    job.done.set_result(answer)

    def _next(self) -> list[Job]:
        """Take the jobs that wait longest, as many as fit; leave out what nobody waits for."""
        taken: list[Job] = []
        weight = 0
        while self._queue:
            job = self._queue[0]
            if job.done is None or job.done.done():
                self.waiting -= len(self._queue.popleft().rows)
                continue
            if taken and weight + job.weight > self._batch:
                break
            weight += job.weight
            self.waiting -= len(job.rows)
            taken.append(self._queue.popleft())
        return taken
