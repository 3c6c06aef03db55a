"""Pieces done by workers of dask.distributed: whatever is killed, every row once, and the same."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from piece_tasks import Doubled

from hybridsent import make_fusion, save
from hybridsent.cli import main
from hybridsent.datasets import iter_table, read_table
from hybridsent.distributed._cluster import cores_of_each, local_cluster
from hybridsent.distributed._run import How, run
from hybridsent.exceptions import RunError, ShardError, TableWarning

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")
pytestmark = [
    # sockets of a worker that was killed are closed by whoever collects them
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
TRIES = 2
PATIENCE = 120  # seconds, for a machine that does much else


@pytest.fixture(scope="module")
def cluster():
    # as where a machine is so busy that no worker is back in time: ours must not be let go for it
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "20ms"}),
        local_cluster(2) as it,
    ):
        yield it
        children = pids(it)
    deadline = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def source(tmp_path):
    pd.DataFrame({"n": np.arange(600)}).to_csv(tmp_path / "in.csv", index=False)
    return iter_table(tmp_path / "in.csv", rows=10)


def how(scheduler, **changes):
    given = {
        "resume": False,
        "workers": None,
        "tries": TRIES,
        "on_error": "raise",
        "progress": False,
    }
    return How(scheduler=scheduler, **{**given, **changes})


def pids(cluster):
    """Name the processes; who is about to start has none."""
    return sorted(nanny.pid for nanny in cluster.workers.values() if nanny.pid)


def wait_for(cluster, count):
    """Wait until so many workers are at work."""
    deadline = time.monotonic() + PATIENCE
    while len(cluster.scheduler.workers) < count:
        assert time.monotonic() < deadline, f"{count} workers are not there after {PATIENCE} s"
        time.sleep(0.05)


def test_workers_listen_to_this_machine_alone(cluster):
    assert cluster.scheduler_address.startswith("tcp://127.0.0.1:")
    for worker in cluster.workers.values():
        assert worker.worker_address.startswith("tcp://127.0.0.1:")


def test_three_kills_lose_and_double_no_row(cluster, source, tmp_path):
    draw = random.Random(0)
    moments = sorted(draw.sample(range(50, 500), 3))
    killed = []

    def told(done, rows):
        if moments and done >= moments[0]:
            moments.pop(0)
            wait_for(cluster, 1)
            victim = draw.choice(pids(cluster))
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    done = run(
        Doubled(0.05),
        source,
        tmp_path / "out",
        {},
        how(cluster, progress=told),
        keep=["n"],
        names=["doubled"],
    )
    assert len(killed) == 3
    assert (done.n_rows, done.failed) == (600, {})
    told_rows = pd.read_parquet(tmp_path / "out")
    assert told_rows["n"].tolist() == list(range(600))
    assert (told_rows["doubled"] == 2 * told_rows["n"]).all()
    assert not list((tmp_path / "out").glob(".part-*"))


@pytest.mark.slow
def test_a_deadly_piece_is_named_and_nothing_else_is_lost(cluster, source, tmp_path):
    wait_for(cluster, 2)
    task = Doubled(0.01, deadly=123)
    with pytest.warns(TableWarning, match=r"rows 120 to 129.*died"):
        done = run(
            task,
            source,
            tmp_path / "out.csv",
            {},
            how(cluster, on_error="skip"),
            keep=["n"],
            names=["doubled"],
        )
    assert list(done.failed) == [(120, 130)]
    told = read_table(tmp_path / "out.csv")
    assert told["n"].tolist() == list(range(600))
    assert told.index[told["doubled"].isna()].tolist() == list(range(120, 130))
    wait_for(cluster, 1)
    with pytest.raises(ShardError, match=r"rows 120 to 129"):
        run(
            task,
            source,
            tmp_path / "out.csv",
            {},
            how(cluster, resume=True),
            keep=["n"],
            names=["doubled"],
        )
    wait_for(cluster, 1)
    again = run(
        Doubled(),
        source,
        tmp_path / "out.csv",
        {},
        how(cluster, resume=True),
        keep=["n"],
        names=["doubled"],
    )
    assert (again.n_found, again.failed) == (59, {})
    told = read_table(tmp_path / "out.csv")
    assert (told["doubled"] == 2 * told["n"]).all()


def test_the_command_lets_a_scheduler_do_it(cluster, tmp_path):
    wait_for(cluster, 2)
    table = pd.DataFrame({"text": ["good day", "bad night", "fine", "awful"] * 20})
    fitted = make_fusion(views={"text": "text/words"}).fit(
        table, np.array(["glad", "sad"] * 40, dtype=object)
    )
    save(fitted, tmp_path / "model.hybridsent")
    table.to_csv(tmp_path / "in.csv", index=False)
    words = ["predict", str(tmp_path / "model.hybridsent"), str(tmp_path / "in.csv"), "-o"]
    assert main([*words, str(tmp_path / "whole.csv")]) == 0
    address = cluster.scheduler_address
    out = str(tmp_path / "out.csv")
    assert main([*words, out, "--chunk", "9", "--scheduler", address]) == 0
    told, wanted = read_table(out), read_table(tmp_path / "whole.csv")
    pd.testing.assert_frame_equal(told, wanted, rtol=0, atol=1.5e-6)


def test_no_scheduler_is_told(source, tmp_path, monkeypatch):
    monkeypatch.setattr("hybridsent.distributed._executors._PATIENCE", 0.5)
    with pytest.raises(RunError, match=r"no scheduler at .tcp://127\.0\.0\.1:1"):
        run(Doubled(), source, tmp_path / "out", {}, how("tcp://127.0.0.1:1"), names=["doubled"])


def test_a_scheduler_without_workers_is_told(source, tmp_path, monkeypatch):
    monkeypatch.setattr("hybridsent.distributed._executors._ALONE", 0.5)
    monkeypatch.setattr("hybridsent.distributed._executors._LOOK", 0.1)
    options = {"host": "127.0.0.1", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    scheduler = {"cls": distributed.Scheduler, "options": options}
    with (
        distributed.SpecCluster(scheduler=scheduler, workers={}, silence_logs=50) as empty,
        pytest.raises(RunError, match=r"No worker is at .*Start some.*resume=True"),
    ):
        run(Doubled(), source, tmp_path / "out", {}, how(empty), names=["doubled"])


@contextmanager
def by_hand(folder):
    """Start a scheduler and a worker as users do; gives the address and the processes."""
    told = folder / "scheduler.json"
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    words = {
        "scheduler": ["--port", "0", "--no-dashboard", "--scheduler-file", str(told)],
        "worker": ["--no-nanny", "--no-dashboard", "--scheduler-file", str(told)],
    }
    started = {}
    try:
        for name, each in words.items():
            started[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", name, "--host", "127.0.0.1", *each],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            deadline = time.monotonic() + PATIENCE
            while not told.exists():
                assert time.monotonic() < deadline, f"no scheduler after {PATIENCE} s"
                time.sleep(0.05)
        yield json.loads(told.read_text())["address"], started
    finally:
        for process in started.values():
            process.kill()
            process.wait(PATIENCE)


def test_a_scheduler_that_is_lost_ends_the_run_which_goes_on_elsewhere(cluster, source, tmp_path):
    given = {"keep": ["n"], "names": ["doubled"]}
    with by_hand(tmp_path) as (address, started):

        def told(done, rows):
            started["scheduler"].kill()

        with pytest.raises(RunError, match=r"scheduler was lost.*resume=True"):
            run(Doubled(0.05), source, tmp_path / "out", {}, how(address, progress=told), **given)
    wait_for(cluster, 1)
    again = run(Doubled(), source, tmp_path / "out", {}, how(cluster, resume=True), **given)
    assert 1 <= again.n_found < 60
    told_rows = pd.read_parquet(tmp_path / "out")
    assert told_rows["n"].tolist() == list(range(600))
    assert (told_rows["doubled"] == 2 * told_rows["n"]).all()


def test_what_a_run_leaves_is_nothing(cluster, source, tmp_path):
    before = {thread.name for thread in threading.enumerate()}
    done = run(Doubled(), source, tmp_path / "out", {}, how(cluster), names=["doubled"])
    assert done.n_shards == 60
    assert not [name for name in cluster.scheduler.worker_plugins if name.startswith("hybridsent")]
    assert not [name for name in cluster.scheduler.tasks if str(name).startswith("hybridsent")]
    after = {thread.name for thread in threading.enumerate()}
    assert not {name for name in after - before if "hybridsent" in name}


def test_cores_are_shared():
    assert cores_of_each(1) >= cores_of_each(2) >= 1
    assert cores_of_each(10**6) == 1
