"""`hybridsent serve` as a process: what it refuses, what it says, and how it ends under load."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from served import words_model

from hybridsent.cli import main
from hybridsent.persist import save

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
TOKEN = "a-long-and-secret-token"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "words.hybridsent"
    save(words_model().model, path)
    return str(path)


@contextmanager
def served(model, *options, **variables):
    """Serve in another process; give it and the port, once it is ready."""
    line = [sys.executable, "-m", "hybridsent", "serve", model, "--port", "0", *options]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, env=os.environ | variables)
    said, port = [], None
    try:
        for row in process.stderr:
            said.append(row)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", row)
            port = int(found[1]) if found else port
            if '"event": "ready"' in row:
                break
        assert port, said
        process.said = said
        reader = threading.Thread(target=lambda: said.extend(process.stderr))
        reader.start()
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)
        if port:
            reader.join(20)
        process.stderr.close()


def ask(port, text, connection=None):
    """Ask over a connection of its own, or one that is kept."""
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"text": text})
    own.request("POST", "/predict", body, {"content-type": "application/json"})
    answer = own.getresponse()
    said = answer.status, answer.read(), answer.headers.get("connection")
    if connection is None:
        own.close()
    return said


@pytest.mark.parametrize("kept", [False, True])
def test_what_was_accepted_is_answered_when_it_ends_under_load(model, kept):
    """Every request whose bytes the server took gets its whole answer; others find nobody there."""
    with served(model) as (process, port):
        statuses, broken, stopped = [], [], threading.Event()

        def client():
            own = None
            while not stopped.is_set():
                try:
                    if kept and own is None:
                        own = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                        own.connect()
                except ConnectionRefusedError:
                    return
                try:
                    status, body, connection = ask(port, "a good post", own)
                    statuses.append((status, bool(json.loads(body))))
                    if connection == "close":
                        own = None
                except ConnectionRefusedError:
                    return
                except Exception as error:  # noqa: BLE001 - counted, and shown where it fails
                    broken.append(repr(error))
                    return

        threads = [threading.Thread(target=client) for _ in range(12)]
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        before = len(statuses)
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
        stopped.set()
        for thread in threads:
            thread.join(30)
    assert code == 0, process.said
    assert broken == []
    assert set(statuses) == {(200, True)}
    assert len(statuses) > before > 12
    assert "every request that was accepted is answered" in "".join(process.said)


def test_what_a_process_logs_holds_no_content(model, tmp_path):
    with served(model, TMPDIR=str(tmp_path), HYBRIDSENT_STORE=str(tmp_path / "s")) as (
        process,
        port,
    ):
        assert ask(port, "canary-text")[0] == 200
        raw = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        raw.putrequest("POST", "/predict/canary-path?canary=1", skip_host=True)
        raw.putheader("canary-header", "canary-value")
        raw.endheaders()
        raw.getresponse().read()
        raw.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    said = "".join(process.said)
    assert '"path": "/predict"' in said
    assert "canary" not in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_others_are_let_in_with_a_token_alone(model, capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("HYBRIDSENT_SERVE_TOKENS", raising=False)
    assert main(["serve", model, "--host", "0.0.0.0"]) == 2
    assert "--token-file" in capsys.readouterr().err
    assert main(["serve", model, "--token-file", str(tmp_path / "none")]) == 2
    (tmp_path / "short").write_text("short\n")
    assert main(["serve", model, "--token-file", str(tmp_path / "short")]) == 2
    said = capsys.readouterr().err
    assert "16 or more" in said
    assert "short\n" not in said
    with served(model, HYBRIDSENT_SERVE_TOKENS=TOKEN) as (process, port):
        assert ask(port, "a")[0] == 401
    assert TOKEN not in "".join(process.said)


def test_a_limit_is_named_once(model, capsys):
    assert main(["serve", model, "--limit", "rows=2", "--limit", "rows=3"]) == 2
    assert "--limit must name each limit once; got 'rows' twice" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["row=3", "rows=x", "rows=0", "rows=1000", "rate=fast"])
def test_a_limit_that_is_none_is_refused(model, limit, capsys):
    assert main(["serve", model, "--limit", limit]) == 2
    assert "--limit" in capsys.readouterr().err


def test_a_port_that_is_taken_and_a_file_that_is_none_are_told(model, tmp_path, capsys):
    from hybridsent._web import listening

    with listening("127.0.0.1", [0]) as taken:
        assert main(["serve", model, "--port", str(taken.getsockname()[1])]) != 0
    assert "in use" in capsys.readouterr().err
    (tmp_path / "x.hybridsent").write_bytes(b"no model")
    assert main(["serve", str(tmp_path / "x.hybridsent")]) == 1
