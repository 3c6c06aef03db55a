"""What all servers share: who may ask, where one listens, how one ends."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time

import pytest

from hybridsent._web import Guard, Tokens, is_loopback, listening, run_server, usual_port

uvicorn = pytest.importorskip("uvicorn")
TOKEN = "a-long-and-secret-token"
HERE = (b"host", b"127.0.0.1:80")


def asked(guard, *headers, path="/x", method="GET", query=b""):
    """Send one request to an ASGI application, and give the status and the headers."""
    import asyncio

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "query_string": query}
    asyncio.run(guard({**scope, "headers": list(headers)}, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"])


async def fine(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


def test_a_program_asks_with_its_token_alone():
    guard = Guard(fine, Tokens([TOKEN]), programs=True, kinds=None, largest=None)
    bearer = (b"authorization", b"Bearer " + TOKEN.encode())
    assert asked(guard, HERE)[0] == 401
    assert asked(guard, HERE, bearer)[0] == 200
    assert asked(guard, HERE, bearer, method="POST")[0] == 200
    assert asked(guard, HERE, (b"authorization", b"Bearer wrong"))[0] == 401
    assert asked(guard, HERE, (b"authorization", b"Basic " + TOKEN.encode()))[0] == 401
    assert asked(guard, (b"host", b"evil.example"), bearer)[0] == 421
    assert asked(guard, (b"host", b"[::1]:80"), bearer)[0] == 200
    closed = Guard(fine, Tokens([TOKEN]))
    assert asked(closed, HERE, bearer)[0] == 403  # pages alone


def test_the_address_gives_the_cookie_that_lets_in():
    guard = Guard(fine, Tokens([TOKEN]), cookie="c")
    status, headers = asked(guard, HERE, path="/", query=b"token=" + TOKEN.encode())
    assert status == 200
    crumb = headers[b"set-cookie"]
    assert crumb.startswith(b"c_80=")
    assert b"HttpOnly" in crumb
    assert b"SameSite=Strict" in crumb
    assert asked(guard, HERE, (b"cookie", crumb.split(b";")[0]))[0] == 200
    assert asked(guard, HERE, (b"cookie", b"c_81=" + TOKEN.encode()))[0] == 403
    assert asked(guard, HERE, query=b"token=" + TOKEN.encode())[0] == 403  # only at /


def test_pages_of_others_are_refused_but_those_that_are_allowed():
    guard = Guard(
        fine, None, programs=True, kinds=None, largest=None, origins=["https://a.example"]
    )
    evil, known = (b"origin", b"https://evil.example"), (b"origin", b"https://a.example")
    assert asked(guard, HERE, evil, method="POST")[0] == 403
    assert asked(guard, HERE, (b"sec-fetch-site", b"cross-site"), method="POST")[0] == 403
    status, headers = asked(guard, HERE, known, method="POST")
    assert (status, headers[b"access-control-allow-origin"]) == (200, b"https://a.example")
    status, headers = asked(guard, HERE, known, method="OPTIONS")
    assert (status, headers[b"access-control-allow-methods"]) == (204, b"GET, POST")
    assert b"access-control-allow-origin" not in asked(guard, HERE, evil)[1]
    assert asked(guard, HERE, evil, method="OPTIONS")[0] == 405


@pytest.mark.parametrize(
    "tokens", [[], ["short"], ["with a space in the token"], ["ünïcödé-token-of-text"]]
)
def test_what_is_no_token_is_refused_without_being_told(tokens):
    with pytest.raises(ValueError, match=r"(?i)token") as caught:
        Tokens(tokens)
    assert all(each not in str(caught.value) for each in tokens)


def test_tokens_are_read_from_a_file(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"# ours\n{TOKEN}  # the page\n\nanother-long-secret-token\n")
    tokens = Tokens.read(path)
    assert len(tokens) == 2
    assert tokens.fits(TOKEN)
    assert tokens.fits("another-long-secret-token")
    assert not tokens.fits("")
    assert TOKEN not in repr(vars(tokens))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="UTF-8"):
        Tokens.read(path)


def test_a_taken_port_is_told_or_another_is_taken():
    with listening("127.0.0.1", [0]) as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError, match=r"."):
            listening("127.0.0.1", [port])
        with pytest.raises(ValueError, match=r"port parameter must be from 0 to 65535"):
            listening("127.0.0.1", [65_536])
        with listening("127.0.0.1", [port, 0]) as second:
            assert second.getsockname()[1] != port
    assert 20_000 <= usual_port("x") < 32_000
    assert [is_loopback(each) for each in ("127.0.0.2", "localhost", "0.0.0.0", "a.example")] == [
        True,
        True,
        False,
        False,
    ]


def test_the_end_answers_what_is_under_way_and_closes_the_connection():
    begun, release, servers = threading.Event(), threading.Event(), []

    async def slow(scope, receive, send):
        import asyncio

        begun.set()
        while not release.is_set():
            await asyncio.sleep(0.01)
        await fine(scope, receive, send)

    listener = listening("127.0.0.1", [0])
    port = listener.getsockname()[1]
    ended = []
    options = {"uvicorn": uvicorn, "linger": 0.3, "grace": 5.0}
    options |= {"ending": lambda: ended.append(1), "held": servers.append}
    runner = threading.Thread(target=run_server, args=(slow, listener), kwargs=options)
    runner.start()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", "/")
    assert begun.wait(10)
    servers[0].should_exit = True
    deadline = time.monotonic() + 10
    while not ended and time.monotonic() < deadline:
        time.sleep(0.01)
    release.set()
    answer = client.getresponse()
    assert (answer.status, answer.read()) == (200, b"fine")
    assert answer.headers["connection"] == "close"
    runner.join(10)
    assert not runner.is_alive()
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=2).connect()


def test_who_is_silent_does_not_hold_a_connection():
    import socket

    servers = []
    listener = listening("127.0.0.1", [0])
    port = listener.getsockname()[1]
    options = {"uvicorn": uvicorn, "silence": 0.5, "held": servers.append}
    runner = threading.Thread(target=run_server, args=(fine, listener), kwargs=options)
    runner.start()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=15) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A")  # and then nothing
            with contextlib.suppress(ConnectionResetError):
                assert slow.recv(100) == b""
    finally:
        servers[0].should_exit = True
        runner.join(10)
    assert not runner.is_alive()
