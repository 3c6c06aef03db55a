"""Runs of the engine and of one plain process, watched from outside: memory, processor time, kills.

Each run is a process of its own (`start`), so that imports and memory are its own. Processor seconds are those of it
and of all its children that have ended, killed ones too; wall times of a busy machine say little.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

ROWS_OF_A_SHARD = {"text": 5_000, "image": 100, "features": 50_000}
SCRIPT = Path(__file__).with_name("scale.py")


# -- in the process of a run


def plain(kind: str, action: str, source: str, model: str, output: str, **_: Any) -> dict[str, Any]:
    """Do it in one process, the whole table at once, as who has no engine would."""
    start = time.perf_counter()
    from hybridsent.datasets import read_table

    table = read_table(source)
    if action == "encode":
        ids = table.pop("id").to_numpy()
        answers = features_of(model).transform(table)
        answers.insert(0, "id", ids)
    else:
        from hybridsent.scoring import Scorer

        scorer = Scorer.open(model).configure(store=None)
        answers = scorer.score(table.drop(columns="id")).to_frame()
        answers.insert(0, "id", table["id"].to_numpy())
    answers.to_parquet(output)
    return {"rows": len(answers), "seconds": time.perf_counter() - start}


def engine(
    kind: str, action: str, source: str, model: str, output: str, workers: int = 2, rows: int = 0
) -> dict[str, Any]:
    """Do it through `hybridsent.distributed`."""
    start = time.perf_counter()
    from hybridsent import distributed

    options: dict[str, Any] = {"workers": workers, "rows": rows or ROWS_OF_A_SHARD[kind]}
    if action == "encode":
        told = distributed.encode(features_of(model), source, output, keep=["id"], **options)
    else:
        given = {} if kind == "features" else {"store": None}
        told = distributed.predict(model, source, output, configure=given, **options)
    return {"rows": told.n_rows, "shards": told.n_shards, "seconds": time.perf_counter() - start}


def features_of(model: str) -> Any:
    """Give the encoders of a saved model, without a store."""
    from hybridsent.encoders._nesting import every_encoder
    from hybridsent.persist import load

    features = load(model).named_steps["features"]
    for encoder in every_encoder(features):
        encoder.set_params(store=None)
    return features


# -- from outside


class Watch:
    """Samples the memory of a run once a second, and kills workers when so much is done."""

    def __init__(self, process: subprocess.Popen[str], output: Path, kills: list[int]) -> None:
        self.process, self.output, self.kills = process, output, sorted(kills)
        self.killed: list[dict[str, Any]] = []
        self.samples: list[tuple[float, float, float]] = []
        self._begun = time.monotonic()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        import psutil

        while not self._end.wait(1.0):
            try:
                driver = psutil.Process(self.process.pid)
                workers = [each for each in driver.children(recursive=True) if is_worker(each)]
                sizes = [each.memory_info().rss / 2**20 for each in workers]
                own = driver.memory_info().rss / 2**20
            except psutil.Error:
                continue
            self.samples.append((time.monotonic() - self._begun, own, max(sizes, default=0.0)))
            done = shards_in(self.output)
            if self.kills and workers and done >= self.kills[0]:
                victim = max(workers, key=lambda each: each.cpu_times().user)
                self.kills.pop(0)
                self.killed.append({"pid": victim.pid, "shards_done": done})
                os.kill(victim.pid, signal.SIGKILL)

    def memory(self) -> dict[str, float]:
        """Give peaks, and the median of the last third over that of the second one: 1 is flat."""
        told = np.array(self.samples).reshape(-1, 3)
        third = len(told) // 3
        found = {"driver_peak_mb": told[:, 1].max(), "worker_peak_mb": told[:, 2].max()}
        for name, column in (("driver", 1), ("worker", 2)):
            middle, last = told[third : 2 * third, column], told[2 * third :, column]
            found[f"{name}_growth"] = (
                np.median(last) / np.median(middle) if third and middle.any() else 0.0
            )
        return {name: round(float(value), 3) for name, value in found.items()}


def is_worker(process: Any) -> bool:
    """Tell a worker from a nanny, a tracker of resources, a pool of the driver."""
    words = " ".join(process.cmdline())
    return "spawn_main" in words and "resource_tracker" not in words


def shards_in(output: Path) -> int:
    """Count the shards that are finished."""
    return sum(1 for _ in output.rglob("*.parquet")) if output.is_dir() else 0


def run(
    name: str, output: Path, kills: list[int] | None = None, **arguments: Any
) -> dict[str, Any]:
    """Run one way in a fresh process, and give what it told, with memory and processor time."""
    arguments |= {"output": str(output)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--child", json.dumps([name, arguments])],
        stdout=subprocess.PIPE,
        text=True,
    )
    with Watch(process, output, list(kills or [])) as watch:
        out, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise RuntimeError(f"{name} ended with {process.returncode}: {out[-2000:]}")
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    return {
        **told,
        "cpu_seconds": seconds,
        "killed": watch.killed,
        "memory": watch.memory(),
        "samples": watch.samples,
    }


def compare(plain_file: Path, engine_folder: Path, n: int) -> dict[str, Any]:
    """Check that every row is there once, and hold its answers against those of one process."""
    import pandas as pd

    one = pd.read_parquet(plain_file).set_index("id")
    many = pd.concat(map(pd.read_parquet, sorted(engine_folder.rglob("*.parquet"))))
    ids = many["id"].to_numpy()
    counts = np.bincount(ids, minlength=n)
    many = many.set_index("id").loc[one.index]
    numbers = [name for name in one if one[name].dtype.kind == "f"]
    labels = [name for name in one if name not in numbers]
    gap = np.abs(one[numbers].to_numpy() - many[numbers].to_numpy())
    differ = int((one[labels].astype(str) != many[labels].astype(str)).any(axis=1).sum())
    return {
        "rows": len(ids),
        "missing": int((counts == 0).sum()),
        "twice": int((counts > 1).sum()),
        "labels_that_differ": differ,
        "largest_difference": float(gap.max()) if gap.size else 0.0,
    }


def count(engine_folder: Path, n: int) -> dict[str, int]:
    """Check that every row is there once, reading the ids alone."""
    import pyarrow.parquet as pq

    counts = np.zeros(n, dtype=np.int64)
    for path in sorted(engine_folder.rglob("*.parquet")):
        np.add.at(counts, pq.read_table(path, columns=["id"])["id"].to_numpy(), 1)
    return {
        "rows": int(counts.sum()),
        "missing": int((counts == 0).sum()),
        "twice": int((counts > 1).sum()),
    }
