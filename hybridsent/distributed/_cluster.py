"""A cluster on this machine: a process for each card, or for a share of the cores (layer L7).

`dask.distributed.LocalCluster` gives all workers one environment; here each gets its own card.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hybridsent._optional import import_optional

__all__ = ["cores_of_each", "local_cluster"]

_HERE = "127.0.0.1"  # what a scheduler is sent is run: nobody else may send


def cores_of_each(workers: int) -> int:
    """Tell how many cores each of some workers has for itself.

    Parameters
    ----------
    workers : int
        How many there are.

    Returns
    -------
    int
        At least one.
    """
    return max(1, len(os.sched_getaffinity(0)) // workers)


def _environment(i: int, workers: int) -> dict[str, str]:
    """Tell a worker its card and its cores."""
    cores = str(cores_of_each(workers))
    told = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), cores)
    # Dask looks at the threads of a worker a hundred times a second, for a dashboard that is not
    # here: half of what an idle worker takes
    told["DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"] = "False"
    cards = _cards()
    return told | ({"CUDA_VISIBLE_DEVICES": cards[i % len(cards)]} if cards else {})


def _cards() -> list[str]:
    """Name the graphics cards that this process may use."""
    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    if told is not None:
        return [name.strip() for name in told.split(",") if name.strip() not in ("", "-1")]
    import torch

    return [str(i) for i in range(torch.cuda.device_count())]


@contextmanager
def local_cluster(workers: int) -> Iterator[Any]:
    """Start workers on this machine, and end them.

    Parameters
    ----------
    workers : int
        How many processes.

    Yields
    ------
    SpecCluster
        The cluster; a worker that dies is started again.
    """
    distributed = import_optional(
        "distributed", caller="hybridsent.distributed with workers=", extra="dask"
    )
    dask = import_optional("dask", caller="hybridsent.distributed with workers=", extra="dask")

    spec = {
        i: {
            "cls": distributed.Nanny,
            "options": {
                "nthreads": 2,  # one computes while the other reads or writes
                "env": _environment(i, workers),
                "host": _HERE,
                "memory_limit": None,
                "dashboard": False,
                "silence_logs": logging.CRITICAL,
            },
        }
        for i in range(workers)
    }
    scheduler = {
        "cls": distributed.Scheduler,
        "options": {"host": _HERE, "dashboard": False, "dashboard_address": f"{_HERE}:0"},
    }
    told = {
        # that a worker died is told at once: `drive` counts how often, and tries suspects alone
        "distributed.scheduler.allowed-failures": 0,
        # who is not back after 15 seconds is let go for good, which a busy machine takes to start
        "distributed.deploy.lost-worker-timeout": "100 days",
    }
    with dask.config.set(told):
        cluster = distributed.SpecCluster(
            scheduler=scheduler, workers=spec, silence_logs=logging.CRITICAL
        )
        with cluster:
            yield cluster
