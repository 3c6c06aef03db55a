"""`hybridsent serve` as a process, and 700 requests that are meant to break it, over sockets.

The law: a refusal with a sentence or a valid answer, in little time and memory; no 5xx; nothing
written, opened or called; nothing of a request in the log, nothing of the server in an answer.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest
from clips import contained
from fakes import installed
from hostile import picture, sound
from hostile_requests import (
    CANARY,
    TOKEN,
    Answer,
    Request,
    exchange,
    good_request,
    hostile_requests,
)
from served import TEXTS
from served_plugin import BACKBONES

import hybridsent
from hybridsent import make_fusion
from hybridsent.persist import save

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")
pytest.importorskip("prometheus_client")
HERE = Path(__file__).parent
FAR = "127.0.0.1:9"
KINDS = hostile_requests(FAR)
UPLOAD = 4.0
_LINUX = Path("/proc/self/status").exists()


def test_there_are_enough_of_them():
    every = [each for requests in KINDS.values() for each in requests]
    assert len({each.pieces for each in every}) >= 700
    assert len(KINDS) >= 13


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    n = len(TEXTS)
    cells = {"image": picture("png"), "audio": sound("wav"), "clip": contained("mp4")}
    table = pd.DataFrame({"text": TEXTS} | {name: [cell] * n for name, cell in cells.items()})
    pictures, sounds = (each.name for each in BACKBONES)
    with installed(*BACKBONES):
        fitted = make_fusion(
            views={"text": "text/words", "image": pictures, "audio": sounds},
            video={"frames": pictures, "sound": sounds},
            columns={"video": "clip"},
            store=None,
        ).fit(table, ["neg", "pos"] * (n // 2))
        path = tmp_path_factory.mktemp("model") / "all.hybridsent"
        save(fitted, path)
    return path


class Served:
    """A server in a process with a home of its own, and what it did."""

    def __init__(self, model: Path, home: Path, *options: str, files: int | None = None) -> None:
        self.home, self.witness = home, home.with_suffix(".witness")
        for name in ("tmp", "home", "cwd"):
            (home / name).mkdir(parents=True)
        line = [sys.executable, "-m", "hybridsent", "serve", str(model), "--port", "0"]
        line += ["--plugin", str(HERE / "served_plugin.py"), "--limit", f"upload={UPLOAD}"]
        ours = {
            "TMPDIR": str(home / "tmp"),
            "HOME": str(home / "home"),
            "HYBRIDSENT_STORE": str(home / "store"),
            "HYBRIDSENT_SERVE_TOKENS": TOKEN,
            "HYBRIDSENT_WITNESS": str(self.witness),
            "PYTHONPATH": os.pathsep.join([str(Path(hybridsent.__file__).parents[1]), str(HERE)]),
        }
        kept = {n: v for n, v in os.environ.items() if not n.startswith("HYBRIDSENT_")}
        self.process = subprocess.Popen(
            [*line, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=kept | ours,
            cwd=home / "cwd",
            preexec_fn=None if files is None else lambda: _allow_files(files),
        )
        self.said: list[str] = []
        self.port = 0
        for row in self.process.stdout:
            self.said.append(row)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", row)
            self.port = int(found[1]) if found else self.port
            if '"event": "ready"' in row:
                break
        assert self.port, self.said
        self.before = self.tree()
        self.told_before = self.told()
        self.reader = threading.Thread(target=lambda: self.said.extend(self.process.stdout))
        self.reader.start()

    def told(self) -> list[str]:
        """What the witness told."""
        return self.witness.read_text(encoding="utf-8").splitlines()

    def tree(self) -> list[str]:
        """All files and folders under what the process may take for its own."""
        return sorted(str(each) for each in self.home.rglob("*"))

    def memory(self, name: str = "VmHWM") -> float:
        """Megabytes of memory: at most so far, or now."""
        if not _LINUX:
            return 0.0
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024

    def good(self) -> Answer:
        """Ask something that is answered."""
        answer = exchange(self.port, good_request())[0]
        assert answer.status == 200, answer
        return answer

    def close(self) -> int:
        """End it, as an administrator does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(20)
            self.reader.join(20)
            self.process.stdout.close()


def _allow_files(most: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def serving(model, home, *options, **more):
    served = Served(model, home, *options, **more)
    try:
        yield served
    finally:
        served.close()


@pytest.fixture(scope="module")
def served(model, tmp_path_factory):
    with serving(model, tmp_path_factory.mktemp("served") / "all") as served:
        yield served


def complaints(request: Request, answers: list[Answer]) -> list[str]:
    """What is wrong with the answers to a request."""
    found = []
    if request.want and not answers:
        found.append("no answer")
    for answer in answers:
        if answer.status >= 500:
            found.append(f"status {answer.status}")
        elif request.want and answer.status not in request.want:
            found.append(f"status {answer.status}, not {request.want}")
        if not answer.whole and request.want:
            found.append("cut off")
        kind = answer.headers.get("content-type", "")
        told = answer.body.decode("utf-8", "replace")
        if CANARY in told and not kind.startswith("application/json"):
            found.append(f"told again as {kind}")
        if kind and "x-content-type-options" not in answer.headers:
            found.append("may be taken for another type")
        if "x-request-id" not in answer.headers:
            found.append("has no number")
        ours = (str(HERE.parent), sys.prefix, "site-packages", "Traceback", 'File "', "root:x:0")
        found += [f"tells {each}" for each in ours if each in told]
        if CANARY in json.dumps(answer.headers):
            found.append("told again in a header")
        if answer.status == 405 and "allow" not in answer.headers:
            found.append("does not say what is allowed")
        if answer.status >= 400 and answer.body and kind.startswith("application/json"):
            said = json.loads(told)
            if not said["error"].endswith((".", ". ")) or not said["code"]:
                found.append(f"no sentence: {told[:200]}")
            if said["request_id"] != answer.headers.get("x-request-id"):
                found.append("has two numbers, or none")
        elif answer.status >= 400 and answer.body:
            found.append(f"an error of type {kind}")
    return [
        f"{request.name}: {each}: {[(a.status, a.body[:200]) for a in answers][:3]}"
        for each in found
    ]


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_kind_of_hostile_request_is_refused_or_answered(served, kind):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda each: exchange(served.port, each), KINDS[kind]))
    wrong = [
        each
        for request, told in zip(KINDS[kind], answers, strict=True)
        for each in complaints(request, told)
    ]
    assert not wrong, "\n".join(wrong)
    served.good()
    assert served.process.poll() is None


def check_traces(served: Served) -> None:
    """Nothing was written, opened, started or called, and nothing of a request is in the log."""
    assert served.tree() == served.before
    places = (sys.prefix, sys.base_prefix, str(HERE.parent), "/proc/", "/usr/", "/sys/")
    for line in served.told()[len(served.told_before) :]:
        event, arguments = json.loads(line)
        assert event == "open", line
        name, _, flags = arguments
        assert not int(flags) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT), line
        assert name.strip("'").startswith(places), line
    said = "".join(served.said)
    assert CANARY not in said.lower()
    assert "Traceback" not in said
    assert '"status": 500' not in said
    assert "failure" not in said.replace('"failure": "the client went"', "")


def test_nothing_is_written_opened_or_told_and_memory_is_bounded(served):
    served.good()
    check_traces(served)
    assert served.memory() < 1600


@pytest.mark.skipif(not _LINUX, reason="counts files as Linux does")
def test_more_silent_connections_than_there_is_room_for_keep_nobody_out_for_long(model, tmp_path):
    with serving(model, tmp_path / "crowd", files=200) as served, ExitStack() as stack:
        for _ in range(400):
            with suppress(OSError):  # it may be sent away
                own = socket.create_connection(("127.0.0.1", served.port), timeout=10)
                stack.enter_context(own)
                own.sendall(b"POST /predict HTTP/1.1\r\n")
        until = time.monotonic() + 10
        while not (answers := exchange(served.port, good_request())):
            assert time.monotonic() < until
            time.sleep(0.2)
        assert answers[0].status == 200
        assert served.close() == 0
    check_traces(served)
    assert len("".join(served.said)) < 5_000


def test_a_request_of_which_a_part_came_before_it_was_to_end_is_answered(model, tmp_path):
    with serving(model, tmp_path / "part") as served, ExitStack() as stack:
        whole = good_request().pieces[0]
        at = whole.index(b"\r\n\r\n") + 7
        held = []
        for cut in (at - 3, at, at + 9, len(whole) - 1):
            own = socket.create_connection(("127.0.0.1", served.port), timeout=20)
            held.append((stack.enter_context(own), whole[cut:]))
            own.sendall(whole[:cut])
        served.good()
        served.process.send_signal(signal.SIGTERM)
        time.sleep(1.5)  # longer than it lingers
        for own, rest in held:
            own.sendall(rest)
            answer = own.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
            assert b"connection: close" in answer.lower()
        assert served.process.wait(60) == 0
    check_traces(served)


def test_it_ends_well_afterwards(model, tmp_path):
    """Half-sent requests, and clients that do not listen, do not keep it from ending."""
    with serving(model, tmp_path / "ends") as served:
        held = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(20)]
        for i, each in enumerate(held):
            each.sendall(good_request().pieces[0][: 20 * i])
        served.good()
        code = served.close()
        for each in held:
            each.close()
    assert code == 0
    check_traces(served)


@pytest.mark.slow
def test_every_damaged_file_is_refused_or_answered(model, tmp_path):
    with serving(model, tmp_path / "every") as served:
        for kind, requests in hostile_requests(FAR, every=True).items():
            if kind in ("pictures", "sounds"):
                with ThreadPoolExecutor(4) as pool:
                    answers = list(pool.map(lambda each: exchange(served.port, each), requests))
                for request, told in zip(requests, answers, strict=True):
                    assert not complaints(request, told)
        served.good()
        check_traces(served)
