"""hybridsent.encoders._workers: order, how far ahead, failures, an early end, how many threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import joblib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsent.encoders._workers import parallel, workers

LONG = 60  # seconds after which a hang is a failure; nothing waits so long
every_way = pytest.mark.parametrize("n_workers", [0, 1, 3])
every_lead = pytest.mark.parametrize("ahead", [1, 2, 5])


_before: set[threading.Thread] = set()


@pytest.fixture(autouse=True, scope="module")
def _others():
    """Threads that other tests left are none of ours."""
    _before.update(threading.enumerate())


def names() -> list[str]:
    left = set(threading.enumerate()) - _before
    return [thread.name for thread in left if thread.name.startswith("hybridsent")]


# -- order and lead ----------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(), max_size=30), st.integers(0, 4), st.integers(1, 9))
def test_it_is_map(values, n_workers, ahead):
    assert list(parallel(str, iter(values), n_workers, ahead=ahead)) == list(map(str, values))
    assert names() == []


def test_results_keep_their_order_whoever_is_ready_first():
    done = [threading.Event() for _ in range(4)]

    def last_first(i: int) -> int:
        if i + 1 < len(done):
            assert done[i + 1].wait(LONG)
        done[i].set()
        return i

    assert list(parallel(last_first, range(4), 4)) == [0, 1, 2, 3]


@every_way
@every_lead
def test_the_source_is_drawn_only_so_far_ahead_of_the_reader(n_workers, ahead):
    drawn: list[int] = []

    def source() -> Iterator[int]:
        for i in range(30):
            drawn.append(i)
            yield i

    leads = []
    for n_read, value in enumerate(parallel(abs, source(), n_workers, ahead=ahead)):
        assert value == n_read
        leads.append(len(drawn) - n_read)
    assert max(leads) == (ahead if n_workers else 1)
    assert len(drawn) == 30


def test_nothing_is_drawn_before_the_first_result_is_asked_for():
    drawn: list[int] = []
    results = parallel(abs, (drawn.append(i) or i for i in range(3)), 2)
    assert drawn == []
    assert list(results) == drawn == [0, 1, 2]


def test_the_source_is_drawn_by_the_caller_and_the_function_runs_in_threads():
    drawers, runners = set(), set()

    def source() -> Iterator[int]:
        for i in range(6):
            drawers.add(threading.get_ident())
            yield i

    together = threading.Barrier(2, timeout=LONG)  # two at once, or it breaks

    def work(i: int) -> None:
        together.wait()
        runners.add(threading.get_ident())

    list(parallel(work, source(), 2))
    assert drawers == {threading.get_ident()}
    assert len(runners) == 2
    assert runners.isdisjoint(drawers)


# -- failures ----------------------------------------------------------------------------------


class Bad(Exception):
    """What fails here."""


def read(results: Iterator[int]) -> tuple[list[int], BaseException | None]:
    """All results before an error, and the error."""
    got: list[int] = []
    try:
        got.extend(results)  # extend keeps what came before the error
    except Bad as error:
        return got, error
    return got, None


@every_way
@every_lead
@pytest.mark.parametrize("n_good", [0, 1, 4, 12])
def test_a_source_that_fails_gives_what_came_before(n_workers, ahead, n_good):
    def source() -> Iterator[int]:
        yield from range(n_good)
        raise Bad("source")

    got, error = read(parallel(abs, source(), n_workers, ahead=ahead))
    assert got == list(range(n_good))
    assert str(error) == "source"
    assert names() == []


@every_way
@every_lead
@pytest.mark.parametrize("n_good", [0, 1, 4, 12])
def test_a_function_that_fails_gives_what_came_before(n_workers, ahead, n_good):
    called: list[int] = []

    def work(i: int) -> int:
        called.append(i)
        if i == n_good:
            raise Bad("function")
        return i

    got, error = read(parallel(work, range(20), n_workers, ahead=ahead))
    assert got == list(range(n_good))
    assert str(error) == "function"
    assert max(called) < n_good + (ahead if n_workers else 1)
    assert names() == []


@every_way
def test_a_function_that_fails_comes_before_a_source_that_fails_later(n_workers):
    def source() -> Iterator[int]:
        yield from range(3)
        raise Bad("source")

    def work(i: int) -> int:
        if i == 2:
            raise Bad("function")
        return i

    got, error = read(parallel(work, source(), n_workers, ahead=8))
    assert (got, str(error)) == ([0, 1], "function")


# -- an early end ------------------------------------------------------------------------------


def test_closing_cancels_what_waits_and_ends_the_threads(monkeypatch):
    called: list[int] = []
    started, gate = threading.Event(), threading.Event()
    cancelled: list[bool] = []
    cancel = Future.cancel

    def counted(future: Future) -> bool:
        cancelled.append(cancel(future))
        if len(cancelled) == 3:
            gate.set()
        return cancelled[-1]

    def work(i: int) -> int:
        called.append(i)
        if i == 1:
            started.set()
            assert gate.wait(LONG)
        return i

    monkeypatch.setattr(Future, "cancel", counted)
    results = parallel(work, range(100), 1, ahead=4)
    assert next(results) == 0
    assert started.wait(LONG)
    results.close()
    assert cancelled == [False, True, True]  # what runs cannot be cancelled; it is waited for
    assert called == [0, 1]
    assert names() == []
    assert list(results) == []


def test_a_reader_that_stops_leaves_no_thread():
    for value in parallel(abs, range(100), 3):
        if value == 5:
            break
    assert names() == []


# -- how many ----------------------------------------------------------------------------------


def test_counts(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = joblib.cpu_count()
    assert workers(None) == workers(-1) == cores
    assert [workers(n) for n in (1, 2, 7)] == [1, 2, 7]
    assert workers(-2) == max(1, cores - 1)
    assert workers(-1000) == 1


@pytest.mark.parametrize("granted", ["1", "1000"])
def test_what_the_process_was_given_counts(monkeypatch, granted):
    monkeypatch.setenv("OMP_NUM_THREADS", granted)
    assert workers(None) == min(int(granted), joblib.cpu_count())
    assert workers(5) == 5  # what the user says counts more
    assert workers(-1) == joblib.cpu_count()


@pytest.mark.parametrize("nonsense", ["", "0", "-3", "many", "2,1"])
def test_nonsense_in_the_environment_is_ignored(monkeypatch, nonsense):
    monkeypatch.setenv("OMP_NUM_THREADS", nonsense)
    assert workers(None) == joblib.cpu_count()


LAZY = """
import sys, time, types
assert "begun" not in vars(sys)
sys.begun = True
time.sleep(0.5)
whole = types.ModuleType(__name__)
whole.__dict__.update(__spec__=__spec__, AutoModel="found")
sys.modules[__name__] = whole
"""
AT_ONCE = """
import sys, threading, time
from hybridsent.encoders._transformers import of_transformers
found = []
threads = [
    threading.Thread(target=lambda: found.append(of_transformers("AutoModel"))) for _ in range(4)
]
for thread in threads:
    thread.start()
while "begun" not in vars(sys):
    time.sleep(0.01)
found.append(of_transformers("AutoModel"))
for thread in threads:
    thread.join()
print(found)
"""


def test_threads_that_import_transformers_at_once(tmp_path):
    """A module that replaces itself, as transformers does, is not seen half-way."""
    (tmp_path / "transformers.py").write_text(LAZY)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout.strip() == str(["found"] * 5)
