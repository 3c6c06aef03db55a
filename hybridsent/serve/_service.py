"""A model that is asked by requests, from warming up to the end (layer L7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hybridsent.serve._batcher import Batcher
from hybridsent.serve._engine import Engine
from hybridsent.serve._entry import where
from hybridsent.serve._limits import RefusedError
from hybridsent.serve._metrics import Metrics
from hybridsent.serve._rows import Row
from hybridsent.serve._sent import Sent

__all__ = ["Service"]
_LARGE = 256 * 1024  # bytes of a body that is read in a thread, so that others are not held up


class Service:
    """A model that is asked by requests, from warming up to the end.

    Parameters
    ----------
    engine : Engine
        The model.
    threads : int
        Threads that ask it.
    log : callable or None
        Gets facts.

    Attributes
    ----------
    state : {"starting", "ready", "failed", "ending"}
        How it is.
    failure : Exception or None
        Why it could not begin.
    """

    def __init__(
        self, engine: Engine, *, threads: int, log: Callable[[Mapping[str, Any]], None] | None
    ) -> None:
        self.engine, self.limits, self.log = engine, engine.limits, log
        self.state = "starting"
        self.failure: Exception | None = None
        self.failed: Callable[[], None] | None = None
        self.batcher: Batcher | None = None
        self._threads = threads
        self._sent = Sent(engine.fields, engine.limits)
        self._reading = asyncio.Semaphore(1)
        self.metrics = Metrics(
            lambda: 0 if self.batcher is None else self.batcher.waiting,
            lambda: self.state == "ready",
        )

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        """Warm up beside the server, and stop the threads behind it.

        Parameters
        ----------
        app : fastapi.FastAPI
            The application.

        Yields
        ------
        None
            While it runs.
        """
        self.state = "starting"
        self._reading = asyncio.Semaphore(1)  # of the loop that runs now
        self.batcher = Batcher(
            self.engine.ask,
            batch=self.limits.batch,
            waiting=self.limits.waiting,
            threads=self._threads,
            weigh=self.engine.weigh,
            whole=self.engine.alone,
            told=self.metrics.asked,
        )
        await self.batcher.start()
        warming = asyncio.create_task(self._warm_up())
        try:
            yield
        finally:
            self.state = "ending"
            await warming
            await self.batcher.stop()
            self.batcher = None

    async def _warm_up(self) -> None:
        try:
            await asyncio.to_thread(self.engine.warm_up)
        except Exception as error:  # noqa: BLE001 - whoever runs the server raises it
            self.failure = error
            self.state = "failed"
            if self.log is not None:
                self.log({"event": "failed", "failure": where(error)})
            if self.failed is not None:
                self.failed()
            return
        if self.state == "starting":
            self.state = "ready"
            if self.log is not None:
                self.log({"event": "ready", "model": self.engine.title})

    def ending(self) -> None:
        """Tell those who ask whether it is ready that it will not be."""
        self.state = "ending"

    async def answer(self, rows: Sequence[Row], *, explain: bool) -> list[Any]:
        """Get the answers about rows, within the time there is.

        Parameters
        ----------
        rows : sequence of Row
            The rows.
        explain : bool
            Whether they tell which view they are due to.

        Returns
        -------
        list of dict
            An answer for each.

        Raises
        ------
        RefusedError
            If it is not ready, too many wait, or it takes too long.
        """
        if self.batcher is None or self.state in ("starting", "failed"):
            raise RefusedError(
                503, "not_ready", "The model is being loaded; try again in a second.", retry=1
            )
        try:
            async with asyncio.timeout(self.limits.timeout):
                return await self.batcher.answer(rows, explain=explain)
        except TimeoutError:
            raise RefusedError(
                504,
                "too_slow",
                f"There was no answer in {self.limits.timeout:g} seconds, and it was given up.",
            ) from None

    # -- what was sent

    async def rows(self, request: Any) -> list[Row]:
        """Read rows of JSON.

        Parameters
        ----------
        request : fastapi.Request
            With a list of rows.

        Returns
        -------
        list of Row
            One at least.

        Raises
        ------
        RefusedError
            If they are no such list, too many, or too large together.
        """
        kind = _kind(request)
        if kind != "application/json":
            raise _wrong_kind("application/json")
        rows: list[Row] = await self._in_thread(self._sent.rows_of, await request.body())
        await self._check_together(rows)
        return rows

    async def row(self, request: Any) -> Row:
        """Read a row of JSON, or of a form.

        Parameters
        ----------
        request : fastapi.Request
            With one row.

        Returns
        -------
        Row
            The row.

        Raises
        ------
        RefusedError
            If it is none, or too large.
        """
        kind = _kind(request)
        body = await request.body()
        if kind == "application/json":
            row: Row = await self._in_thread(self._sent.row_of, body)
        elif kind == "multipart/form-data":
            row = await self._in_thread(
                self._sent.row_of_form, body, request.headers["content-type"]
            )
        else:
            raise _wrong_kind("application/json or multipart/form-data")
        await self._check_together([row])
        return row

    async def _check_together(self, rows: list[Row]) -> None:
        if any(self.engine.has_files(row) for row in rows):  # whose headers are read
            async with self._reading:
                await asyncio.to_thread(self.engine.check_together, rows)

    async def _in_thread(self, read: Callable[..., Any], body: bytes, *more: Any) -> Any:
        if len(body) < _LARGE:
            return read(body, *more)
        # one by one: JSON may take 25 times its size while it is read, and threads share a lock
        async with self._reading:
            return await asyncio.to_thread(read, body, *more)


def _kind(request: Any) -> str:
    kind: str = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind


def _wrong_kind(known: str) -> RefusedError:
    return RefusedError(
        415,
        "wrong_type",
        f"The Content-Type of the body must be {known}; curl sends JSON by -H 'content-type: "
        "application/json' and a form by -F.",
    )
