"""kill -9 at any moment and a restart: every post is counted once; also with a real Redis."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from monitored import DAY, post, saved_model, start, word_scorer

from hybridsent.monitor import Monitor, RedisStream, read_points

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
REDIS = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(REDIS is None, reason="no redis-server is installed")
BY = ("--by", "brand", "--time", "created_at", "--window", "10m", "--batch-size", "32")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return saved_model(tmp_path_factory.mktemp("model"))


def counted(state):
    """Read the counters and the panes of a state, whoever writes to it."""
    with sqlite3.connect(state.absolute().as_uri() + "?mode=ro", uri=True, timeout=30) as file:
        counts = dict(file.execute("SELECT name, n FROM counts"))
        panes = file.execute("SELECT start, n FROM panes WHERE grp=0 ORDER BY start").fetchall()
    file.close()
    return counts, panes


def expected(n):
    panes: dict[int, int] = {}
    for i in range(n):
        at = (DAY + 7 * i) // 600 * 600
        panes[at] = panes.get(at, 0) + 1
    return sorted(panes.items())


def wait_for(state, process, more_than, seconds=60):
    """Wait until a state has counted more than so many."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            if counted(state)[0].get("counted", 0) > more_than:
                return
        except sqlite3.Error:
            pass
        time.sleep(0.02)
    process.kill()
    raise AssertionError(process.communicate()[1])


def is_exact(state, n, broken=0):
    counts, panes = counted(state)
    assert counts.get("counted") == n
    assert counts.get("broken", 0) == broken
    assert panes == expected(n)
    points = read_points(state)
    assert points.loc[points["brand"].isna(), "n"].sum() == n
    assert points.loc[points["brand"].notna(), "n"].sum() == n


@pytest.mark.slow
def test_a_followed_file_under_load(model, tmp_path):
    """The monitor is killed six times while lines are written and the file is rotated."""
    path, state, n = tmp_path / "posts.jsonl", tmp_path / "state.sqlite", 6000
    rng = random.Random(0)
    stop = threading.Event()
    path.write_text("".join(post(i) for i in range(200)))

    def write():
        turn = 0
        file = path.open("ab")
        for i in range(200, n):
            line = post(i).encode()
            cut = rng.randrange(len(line))
            file.write(line[:cut])  # half a line stands there for a moment
            file.flush()
            file.write(line[cut:])
            if i % 200 == 0:
                file.flush()
                time.sleep(0 if stop.is_set() else 0.1)
            if i % 1500 == 1499:
                file.close()
                turn += 1
                path.rename(tmp_path / f"posts.jsonl.{turn}")
                file = path.open("ab")
        file.write(b"no post\n")
        file.close()

    writer = threading.Thread(target=write)
    seen = 0
    try:
        for turn in range(6):
            process = start(
                model, str(path), "--state", str(state), *BY, stderr=subprocess.PIPE, text=True
            )
            try:
                wait_for(state, process, seen)
                if turn == 0:
                    writer.start()
                time.sleep(rng.random() * 0.3)
            finally:
                process.send_signal(signal.SIGKILL)
                process.communicate()
            seen = counted(state)[0]["counted"]
            if seen >= n:
                break
    finally:
        stop.set()
        writer.join(120)
    last = start(model, str(path), "--state", str(state), *BY, "--once", stderr=subprocess.PIPE)
    assert last.wait(120) == 0, last.stderr.read()
    last.communicate()
    is_exact(state, n, broken=1)


def test_a_kill_between_any_two_statements_counts_once(tmp_path):
    """The process ends in the middle of its work, wherever that is."""
    path, state, n = tmp_path / "posts.jsonl", tmp_path / "state.sqlite", 400
    path.write_text("".join(post(i) for i in range(n)))
    program = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from monitored import word_scorer
from hybridsent.monitor import Monitor
left = int(sys.argv[1])
def trace(statement):
    global left
    left -= 1
    if left == 0:
        os._exit(9)
with Monitor(word_scorer(), {str(path)!r}, state={str(state)!r}, by="brand", time="created_at",
             window="10m", batch_size=100, refresh=0.0) as monitor:
    monitor.state.connection.set_trace_callback(trace)
    monitor.run(once=True)
"""
    ends = []
    for left in (25, 120, 260):
        done = subprocess.run([sys.executable, "-c", program, str(left)], check=False)
        ends.append(done.returncode)
    assert 9 in ends
    with Monitor(
        word_scorer(), path, state=state, by="brand", time="created_at", window="10m"
    ) as monitor:
        monitor.run(once=True)
    is_exact(state, n)


def test_sigterm_ends_behind_a_batch_with_points_made(model, tmp_path):
    path, state = tmp_path / "posts.jsonl", tmp_path / "state.sqlite"
    path.write_text("".join(post(i) for i in range(300)))
    process = start(model, str(path), "--state", str(state), *BY, stderr=subprocess.PIPE, text=True)
    wait_for(state, process, 299)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "300 counted" in said
    is_exact(state, 300)


def test_two_monitors_of_one_state_are_refused(model, tmp_path):
    path, state = tmp_path / "posts.jsonl", tmp_path / "state.sqlite"
    path.write_text(post(0))
    first = start(model, str(path), "--state", str(state), *BY, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(state, first, 0)
        second = start(
            model, str(path), "--state", str(state), *BY, stderr=subprocess.PIPE, text=True
        )
        _, said = second.communicate(timeout=60)
        assert second.returncode == 1
        assert "in use by another monitor" in said
        assert "--state" in said
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()


# -- Redis


class Server:
    """redis-server on a free port of this machine."""

    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        line = [REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        line += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        self.process = subprocess.Popen(line, stdout=subprocess.DEVNULL)
        redis = pytest.importorskip("redis")
        self.client = redis.Redis(port=self.port)
        for _ in range(200):
            try:
                self.client.ping()
                break
            except redis.exceptions.RedisError:
                time.sleep(0.05)

    def url(self, **options):
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"redis://127.0.0.1:{self.port}/0?stream=posts{more}"

    def add(self, *numbers):
        pipe = self.client.pipeline()
        for i in numbers:
            pipe.xadd("posts", {"json": post(i)})
        pipe.execute()

    def pending(self):
        return self.client.xpending("posts", "hybridsent")["pending"]

    def close(self):
        self.client.close()
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def server(tmp_path):
    started = Server(tmp_path)
    yield started
    started.close()


@needs_redis
@pytest.mark.slow
def test_redis_under_load(server, model, tmp_path):
    state, n = tmp_path / "state.sqlite", 5000
    rng = random.Random(1)

    def write():
        for at in range(0, n, 50):
            server.add(*range(at, at + 50))
            time.sleep(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    seen = 0
    try:
        for _ in range(6):
            process = start(
                model, server.url(), "--state", str(state), *BY, stderr=subprocess.PIPE, text=True
            )
            try:
                wait_for(state, process, seen)
                time.sleep(rng.random() * 0.3)
            finally:
                process.send_signal(signal.SIGKILL)
                process.communicate()
            seen = counted(state)[0]["counted"]
            if seen >= n:
                break
    finally:
        writer.join(120)
    last = start(model, server.url(), "--state", str(state), *BY, "--once", stderr=subprocess.PIPE)
    assert last.wait(120) == 0, last.stderr.read()
    last.communicate()
    is_exact(state, n)
    assert server.pending() == 0


def watch(server, state, **options):
    return Monitor(
        word_scorer(),
        server.url(**options),
        state=state,
        by="brand",
        time="created_at",
        window="10m",
    )


@needs_redis
def test_what_was_counted_and_not_acknowledged_is_not_counted_again(server, tmp_path, monkeypatch):
    server.add(*range(40))
    with watch(server, tmp_path / "s") as monitor:
        with monkeypatch.context() as killed:  # behind the transaction, before XACK
            killed.setattr(RedisStream, "done", lambda self: None)
            monitor.step()
        assert server.pending() == 40
    with watch(server, tmp_path / "s") as monitor:
        monitor.run(once=True)
        assert monitor.counts == {"counted": 40, "repeated": 0, "broken": 0, "late": 0}
    assert server.pending() == 0


@needs_redis
def test_what_was_taken_and_not_counted_comes_again(server, tmp_path):
    server.add(*range(40))
    with watch(server, tmp_path / "s") as monitor:
        monitor.begin()
        assert len(monitor.sources[0].poll(25)) == 25  # killed here
    with watch(server, tmp_path / "s") as monitor:
        monitor.run(once=True)
        assert monitor.counts["counted"] == 40
    assert server.pending() == 0


@needs_redis
def test_what_a_dead_consumer_has_taken_is_taken_over(server, tmp_path):
    server.add(*range(30))
    dead = RedisStream(server.url(consumer="dead"))
    dead.begin(None, print, once=False)
    assert len(dead.poll(12)) == 12
    dead.close()
    time.sleep(0.1)
    told = []
    with watch(server, tmp_path / "s", claim="0.05") as monitor:
        monitor.told = told.append
        monitor.run(once=True)
        assert monitor.counts["counted"] == 30
    assert any("took over 12" in line for line in told)
    assert server.pending() == 0


@needs_redis
def test_entries_are_json_or_fields_and_broken_ones_are_acknowledged(server, tmp_path):
    server.add(1)
    fields = json.loads(post(2))
    server.client.xadd("posts", {name: str(value) for name, value in fields.items()})
    server.client.xadd("posts", {"json": "{half"})
    server.client.xadd("posts", {"text": "x" * 1_100_000})
    with watch(server, tmp_path / "s") as monitor:
        monitor.run(once=True)
        assert monitor.counts == {"counted": 2, "repeated": 0, "broken": 2, "late": 0}
    assert server.pending() == 0


@needs_redis
def test_a_server_that_goes_away_is_waited_for(server, tmp_path):
    server.add(*range(5))
    told = []
    with watch(server, tmp_path / "s") as monitor:
        monitor.told = told.append
        monitor.step()
        assert monitor.counts["counted"] == 5
        server.process.terminate()
        server.process.wait(20)
        monitor.step()
        monitor.step()
    assert sum("does not answer" in line for line in told) == 1


def test_no_server_is_said_at_once(tmp_path):
    pytest.importorskip("redis")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        Monitor(
            word_scorer(), f"redis://127.0.0.1:{port}/0?stream=posts", state=tmp_path / "s"
        ) as monitor,
        pytest.raises(OSError, match="cannot be read"),
    ):
        monitor.run(once=True)
