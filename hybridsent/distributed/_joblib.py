"""joblib's calls on a Dask cluster whose workers may die (layer L7; imported where Dask is there).

joblib's own backend puts arguments of more than a kilobyte (the table, the rows of a fold) into the
memory of one worker, where they are lost for good if it dies: the search then ends with "cancelled
for reason: already forgotten". Here they are results of tasks, which the scheduler does again.
It also lets whatever runs inside of a fit, such as the columns of a ColumnTransformer, go through
the cluster once more, each as a task of its own; here a fit stays where it is.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from joblib import parallel_config
from joblib._dask import Batch, DaskDistributedBackend, is_weakrefable

from hybridsent._optional import import_optional

__all__ = ["LastingBackend"]

cloudpickle = import_optional("cloudpickle", caller="fits_on", extra="dask")

_SMALL = 32_000  # bytes that travel with each task


class _WholeBatch(Batch):
    """Calls of one task, which ask for no others."""

    def __call__(self, tasks: Any = None) -> list[Any]:
        with parallel_config(backend="sequential"):
            return [function(*args, **kwargs) for function, args, kwargs in tasks]


class LastingBackend(DaskDistributedBackend):
    """joblib's backend, whose data outlives the workers that held it."""

    def effective_n_jobs(self, n_jobs: Any) -> int:
        """Tell how many fits may be under way: two and more, as joblib does a single one here."""
        there: int = super().effective_n_jobs(n_jobs)
        return max(2, there)

    async def _to_func_args(self, func: Any) -> tuple[Batch, list[Any]]:
        tasks = []
        for function, args, kwargs in func.items:
            sent = [await self._sent(arg) for arg in args]
            named = {name: await self._sent(arg) for name, arg in kwargs.items()}
            tasks.append((function, sent, named))
        return _WholeBatch(tasks), tasks

    async def _sent(self, arg: Any) -> Any:
        """Give what a task is told instead of a large argument: the name of another task."""
        known = getattr(self, "call_data_futures", None)
        if known is None or not is_weakrefable(arg):
            return arg
        try:
            found = known[arg]
        except KeyError:  # coroutines run in turns: who comes first enters it before it waits
            found = known[arg] = asyncio.ensure_future(self._given(arg))
        future = await found
        return arg if future is None else future

    async def _given(self, arg: Any) -> Any:
        content = cloudpickle.dumps(arg)
        if len(content) <= _SMALL:
            return None
        return self.client.submit(cloudpickle.loads, content, key=f"given-{uuid4().hex}")
