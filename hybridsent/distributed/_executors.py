"""Who does the pieces: threads of this process, or the workers of a cluster (layer L7)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from hybridsent._optional import import_optional
from hybridsent.distributed import _work
from hybridsent.distributed._work import Job
from hybridsent.exceptions import RunError

__all__ = ["Executor", "on_cluster", "on_this_process"]

_PATIENCE = 20.0  # seconds until a scheduler that does not answer is none
_ALONE = 120.0  # seconds without a worker until a run ends
_LOOK = 2.0  # seconds between two looks at who is there
_CALLER = "hybridsent.distributed with scheduler= or workers="


class WorkerDied(RuntimeError):  # noqa: N818 - it is no error of ours
    """Workers died while they did a piece; whether by its fault is not known."""


class Executor(Protocol):
    """Hands out pieces, and says how they ended."""

    def window(self) -> int:
        """How many pieces may be under way."""

    def submit(self, index: int) -> Any:
        """Hand out a piece."""

    def wait(self, handed: list[Any]) -> list[Any]:
        """Wait until at least one is done."""

    def outcome(self, done: Any) -> Exception | None:
        """Say how a piece ended: None for well."""


class _Threads:
    """Threads: one computes while another reads or writes."""

    def __init__(self, job: Job, pool: futures.Executor) -> None:
        self._job, self._pool = job, pool

    def window(self) -> int:
        return 2

    def submit(self, index: int) -> Any:
        return self._pool.submit(_work.do, self._job.token, index)

    def wait(self, handed: list[Any]) -> list[Any]:
        return list(futures.wait(handed, return_when=futures.FIRST_COMPLETED).done)

    def outcome(self, done: Any) -> Exception | None:
        error = done.exception()
        if error is not None and not isinstance(error, Exception):
            raise error
        return error


@contextmanager
def on_this_process(job: Job) -> Iterator[Executor]:
    """Do the pieces here.

    Parameters
    ----------
    job : Job
        The run.

    Yields
    ------
    Executor
        What hands them out.
    """
    _work.hold(job)
    pool = futures.ThreadPoolExecutor(2, thread_name_prefix="hybridsent-piece")
    try:
        yield _Threads(job, pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        _work.drop(job.token)


class _Dask:
    """Workers of dask.distributed."""

    def __init__(self, job: Job, client: Any) -> None:
        self._job, self._client, self._tries = job, client, 0
        self._counted, self._slots = 0.0, 1
        self._peopled = time.monotonic()  # when a worker was last seen

    def window(self) -> int:
        if time.monotonic() - self._counted > 1.0:  # workers come and go
            self._count()
        return self._slots

    def _count(self) -> None:
        """Look who is there; where nobody is, and nobody comes, the run ends."""
        try:
            threads = self._client.nthreads()
        except _gone() as error:
            raise _lost() from error
        self._counted = time.monotonic()
        self._slots = max(1, sum(threads.values()) + len(threads))
        if threads:
            self._peopled = self._counted
        elif self._counted - self._peopled > _ALONE:
            raise RunError(
                f"No worker is at the scheduler {self._client.scheduler.address}, for "
                f"{_ALONE:.0f} seconds now. Start some, by dask worker ADDRESS. What is finished "
                "is kept: run it again with resume=True."
            )

    def submit(self, index: int) -> Any:
        self._tries += 1
        try:
            return self._client.submit(
                _work.do,
                self._job.token,
                index,
                key=f"hybridsent-{self._job.token}-{index}-{self._tries}",
                pure=False,
            )
        except _gone() as error:
            raise _lost() from error

    def wait(self, handed: list[Any]) -> list[Any]:
        distributed = import_optional("distributed", caller=_CALLER, extra="dask")
        while True:
            try:
                with self._client.as_current():
                    found: Any = distributed.wait(
                        handed, timeout=_LOOK, return_when="FIRST_COMPLETED"
                    )
            except TimeoutError:
                self._count()
            except futures.CancelledError:  # `outcome` says why
                return [each for each in handed if each.status != "pending"]
            else:
                return list(found.done)

    def outcome(self, done: Any) -> Exception | None:
        distributed = import_optional("distributed", caller=_CALLER, extra="dask")
        if done.status == "finished":
            return None
        if done.status != "error":
            raise _lost()
        error = done.exception(timeout=_PATIENCE)
        if isinstance(error, distributed.KilledWorker):
            return WorkerDied("its workers died while they did it")
        return error if isinstance(error, Exception) else RuntimeError(repr(error))


def _gone() -> tuple[type[Exception], ...]:
    """Give what a client raises that has lost its scheduler."""
    client = import_optional("distributed.client", caller=_CALLER, extra="dask")
    return client.ClosedClientError, OSError, RuntimeError, ValueError, futures.CancelledError


def _lost() -> RunError:
    return RunError(
        "The scheduler was lost, and with it what was under way. What is finished is kept: run it "
        "again with resume=True."
    )


@contextmanager
def on_cluster(job: Job, address: Any) -> Iterator[Executor]:
    """Do the pieces on the workers of a cluster.

    Parameters
    ----------
    job : Job
        The run.
    address : str or Cluster
        Of its scheduler.

    Yields
    ------
    Executor
        What hands them out.

    Raises
    ------
    RunError
        If there is no scheduler.
    """
    distributed = import_optional("distributed", caller=_CALLER, extra="dask")
    try:
        client = distributed.Client(address, set_as_default=False, timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise RunError(
            f"There is no scheduler at {address!r} ({error}). The scheduler parameter must be the "
            "address that dask-scheduler prints, such as 'tcp://127.0.0.1:8786'."
        ) from error
    name = f"hybridsent-{job.token}"
    # what dask logs of who died is told once, in sentences, by the run
    quiet: Any = distributed.utils.silence_logging_cmgr
    with quiet(logging.CRITICAL), client:
        try:
            _make_known(client, job, name)
            yield _Dask(job, client)
        finally:
            # workers that died a moment ago do not answer, and need not forget anything
            if client.status == "running":
                with suppress(*_gone()):
                    client.sync(
                        client._unregister_worker_plugin, name=name, callback_timeout=_PATIENCE
                    )


def _make_known(client: Any, job: Job, name: str) -> None:
    """Tell all workers of a run, those that come later, too."""
    for left in (2, 1, 0):
        try:
            client.register_plugin(_Known(job), name=name)
        except OSError as error:  # a worker died a moment ago, and is listed still
            if not left:
                raise RunError(
                    "Workers of the scheduler do not answer, and cannot be told of the run: "
                    f"{error}. Try again, or start them anew."
                ) from error
            time.sleep(1.0)
        else:
            return


def _known() -> Any:
    """Make the class of the plugin: its base is of a package that need not be installed."""
    distributed = import_optional("distributed", caller=_CALLER, extra="dask")

    class Known(distributed.WorkerPlugin):  # type: ignore[name-defined]
        """Lets each worker, also one that comes later, know a run."""

        def __init__(self, job: Job) -> None:
            self.job = job

        def setup(self, worker: Any) -> None:
            """Tell the process."""
            _work.hold(self.job)

        def teardown(self, worker: Any) -> None:
            """Let it forget the model."""
            _work.drop(self.job.token)

    return Known


def _Known(job: Job) -> Any:  # noqa: N802
    return _known()(job)
