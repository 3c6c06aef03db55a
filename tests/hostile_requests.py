"""Requests that break servers, made on the fly: `hostile_requests(far)`, and how they are sent.

The law over them: a refusal of HTTP or a valid answer, in little time and memory; no 5xx, nothing
written, nothing opened, nothing of the request in the log. Every request holds `CANARY`.
"""

from __future__ import annotations

import base64
import json
import socket
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hostile import picture
from hostile_media import hostile_pictures, hostile_sounds, playlists

__all__ = [
    "CANARY",
    "TOKEN",
    "Answer",
    "Request",
    "exchange",
    "good_request",
    "hostile_requests",
]

CANARY = "kanarie"
TOKEN = "a-long-and-secret-token-kanarie"
_LOGIN = f"Authorization: Bearer {TOKEN}"
_JSON = "Content-Type: application/json"


@dataclass(frozen=True)
class Request:
    """Bytes of a connection.

    Parameters
    ----------
    name : str
        What is wrong.
    pieces : tuple of bytes
        What is sent, one after the other.
    pause : float
        Seconds between the pieces.
    ends : bool
        Whether the client says that it sends nothing more, and still listens.
    answers : int
        How many answers may come.
    patience : float
        Seconds in which the last answer must have come, or the client goes.
    want : tuple of int
        Statuses of which each must be one; empty for any that is no 5xx, or no answer.
    """

    name: str
    pieces: tuple[bytes, ...]
    pause: float = 0.0
    ends: bool = False
    answers: int = 1
    patience: float = 60.0
    want: tuple[int, ...] = ()


@dataclass
class Answer:
    """An answer, or the part of it that came."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    whole: bool = field(default=False)


# -- sending


def exchange(port: int, request: Request) -> list[Answer]:
    """Send a request to this machine, and give the answers."""
    until = time.monotonic() + request.patience
    data = b""
    with socket.create_connection(("127.0.0.1", port), timeout=request.patience) as own:
        try:
            for i, piece in enumerate(request.pieces):
                if i:
                    time.sleep(request.pause)
                own.sendall(piece)
            if request.ends:
                own.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it does not listen to all of it
        head = any(piece.startswith(b"HEAD ") for piece in request.pieces)
        while time.monotonic() < until:
            own.settimeout(max(0.01, until - time.monotonic()))
            try:
                piece = own.recv(65536)
            except TimeoutError:
                break
            except OSError:  # it closes while there is more that it has not read
                piece = b""
            if not piece:
                found = _answers(data, head)
                if found and "content-length" not in found[-1].headers:
                    found[-1].whole = True  # its end is that of the connection
                return found
            data += piece
            found = _answers(data, head)
            if len(found) >= request.answers and found[-1].whole:
                return found
    return _answers(data, head)


def _answers(data: bytes, head: bool) -> list[Answer]:
    found = []
    while data:
        start, there, data = data.partition(b"\r\n\r\n")
        lines = start.decode("latin-1").split("\r\n")
        if not there:
            break
        assert lines[0].startswith("HTTP/1.1 "), lines[0][:200]
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon, line
            headers[name.lower()] = value.strip()
        answer = Answer(int(lines[0].split()[1]), headers)
        if answer.status < 200:
            continue
        found.append(answer)
        if head or answer.status in (204, 304):
            answer.whole = True
        elif "content-length" in headers:
            n = int(headers["content-length"])
            answer.body, data = data[:n], data[n:]
            answer.whole = len(answer.body) == n
        else:
            answer.body, data = data, b""
            answer.whole = data.endswith(b"0\r\n\r\n")
    return found


# -- writing


def written(
    body: bytes = b"",
    *more: str,
    method: str = "POST",
    path: str = "/predict",
    kind: str = _JSON,
    length: int | str | None = None,
    version: str = "1.1",
    host: str = "Host: 127.0.0.1",
    login: str = _LOGIN,
    close: bool = True,
) -> bytes:
    """Write a request, as wrong as it is wanted."""
    lines = [f"{method} {path} HTTP/{version}", host, login, kind, *more]
    if length != "":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    if close:
        lines.append("Connection: close")
    return "\r\n".join([*filter(None, lines), "", ""]).encode("latin-1") + body


def good_request() -> Request:
    """A request that is answered."""
    body = json.dumps({"text": f"a good post {CANARY}"}).encode()
    return Request("good", (written(body),), want=(200,))


def form(parts: Sequence[tuple[str, bytes]], boundary: bytes = b"bnd", end: bytes = b"--") -> bytes:
    """Write a form: headers of each part, and its content."""
    held = [b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, head.encode(), body) for head, body in parts]
    return b"".join(held) + b"--" + boundary + end + b"\r\n"


def _part(name: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}'


def _form(name: str, body: bytes, want: tuple[int, ...] = (), kind: str = "", **o: Any) -> Request:
    kind = kind or "Content-Type: multipart/form-data; boundary=bnd"
    return Request(name, (written(body, kind=kind, **o),), want=want)


def _sent(name: str, value: Any, want: tuple[int, ...] = (), path: str = "/predict") -> Request:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Request(name, (written(body, path=path),), want=want)


def hostile_requests(far: str, *, every: bool = False) -> dict[str, list[Request]]:
    """Give requests by kind.

    Parameters
    ----------
    far : str
        An address that must never be asked, without its scheme.
    every : bool, default=False
        Whether all damaged files are among them, which takes minutes.
    """
    makers = {
        "pictures": lambda: _media("image", hostile_pictures(every=every)),
        "sounds": lambda: _media("audio", hostile_sounds(every=every)),
        "playlists": lambda: _playlists(far),
        "texts": _texts,
        "places in fields of media": lambda: _places(far),
        "forms": _forms,
        "json": _json,
        "base64": _base64,
        "framing": _framing,
        "headers": _headers,
        "addresses": _addresses,
        "tokens": _tokens,
        "slow": _slow,
    }
    return {kind: list(maker()) for kind, maker in makers.items()}


# -- files


def _media(name: str, cells: Sequence[tuple[str, bytes]]) -> Iterator[Request]:
    for i, (what, raw) in enumerate(cells):
        if i % 2:
            more = f'; filename="{CANARY}.{name}"\r\nContent-Type: {name}/{CANARY}'
            yield _form(what, form([(_part(name, more), raw)]), (200, 413, 422))
        else:
            cell = base64.b64encode(raw).decode()
            yield _sent(what, {name: cell, "text": CANARY}, (200, 413, 422))


def _playlists(far: str) -> Iterator[Request]:
    for what, raw in playlists(far):
        for name in ("audio", "clip", "image"):
            body = form([(_part(name, f'; filename="{CANARY}.m3u8"'), raw)])
            yield _form(f"{what} as {name}", body, (422,))


def _places(far: str) -> Iterator[Request]:
    places = (
        "/etc/passwd",
        "../../../../etc/passwd",
        f"file:///etc/passwd#{CANARY}",
        f"http://{far}/{CANARY}.png",
        f"https://{far}/{CANARY}",
        f"\\\\{far}\\share\\x.png",
        "C:\\Windows\\win.ini",
        f"data:image/svg+xml,<svg>{CANARY}</svg>",
        f"concat:/etc/passwd|{CANARY}",
        "/dev/zero",
        "/proc/self/environ",
        "~/.ssh/id_rsa",
        "s3://bucket/key",
        "|id",
        "pipe:0",
    )
    for place in places:
        for name in ("image", "audio", "clip"):
            yield _sent(f"{place} as {name}", {name: place, "text": CANARY}, (422,))
        raw = form([(_part("image", f'; filename="{CANARY}"'), place.encode())])
        yield _form(f"{place} as a file", raw, (422,))
    for shape in (
        {"path": "/etc/passwd"},
        {"bytes": None, "path": "/etc/passwd"},
        {"url": f"http://{far}/{CANARY}"},
        {"array": [0.5] * 99, "sampling_rate": 8000},
        [["/etc/passwd"]],
        5,
        True,
    ):
        yield _sent(f"{shape} as audio", {"audio": shape, "text": CANARY}, (422,))


# -- texts


def _texts() -> Iterator[Request]:
    texts = {
        "script": "<script>alert(1)</script>",
        "template": "{{7*7}}${7*7}#{7*7}<%= 7 %>",
        "format": "%s%n%x {0.__class__.__mro__} {}",
        "log line": '\n{"event": "ready", "status": 500}\r\nTraceback (most recent call last)',
        "terminal": "\x1b]0;owned\x07\x1b[2J\x9b31m",
        "sql": "'; DROP TABLE posts; --",
        "shell": "$(touch /tmp/x) `id` | rm -rf ~",
        "jndi": "${jndi:ldap://127.0.0.1/x}",
        "zeros": "\0" * 999,
        "formula": '=HYPERLINK("http://127.0.0.1")',
        "zalgo": "e" + "\u0301\u0327" * 9000,
        "joiners": "\U0001f600" + "\u200d" * 19_000,
        "flags": "\U0001f1fa" * 19_000,
        "direction": "\u202e\u2066" * 900,
        "mentions": "@a" * 9_000,
        "a@": "a@" * 9_000,
        "http": "http://" * 2_500,
        "www": "www." * 4_500,
        "marks": "!" * 19_000,
        "tags": "#a@b" * 4_500,
        "spaces": "a" + " " * 19_000 + "b",
        "noncharacters": "\ufffe\uffff\U0010ffff",
        "tag characters": "\U000e0061\U000e007f",
        "one long word": "x" * 19_000,
        "many words": " ".join(map(str, range(3_000))),
    }
    for what, text in texts.items():
        yield _sent(f"text: {what}", {"text": text + CANARY}, (200,))
        yield _form(f"form: {what}", form([(_part("text"), (text + CANARY).encode())]), (200,))
    yield _sent("too long", {"text": CANARY * 9_000}, (413,))
    yield _sent("too many", {"text": [CANARY] * 9}, (413,))
    yield _sent("lone surrogate", f'{{"text": "{CANARY}\\ud800"}}'.encode(), (422,))
    yield _sent("swapped surrogates", f'{{"text": "{CANARY}\\udc00\\ud800"}}'.encode(), (422,))
    yield _sent("no text of Unicode", b'{"text": "%b\xff\xfe"}' % CANARY.encode(), (400,))
    rows = [{"text": [f"{CANARY} {i} " + "word " * 3_900] * 8} for i in range(8)]
    yield _sent("many long texts", rows, (200,), path="/predict/batch")


# -- forms


def _forms() -> Iterator[Request]:
    text = (_part("text"), CANARY.encode())
    good = form([text])
    for at in (1, 9, 40, len(good) - 9, len(good) - 3):
        yield _form(f"cut at {at}", good[:at], (400,))
    whole = "Content-Type: multipart/form-data; boundary="
    for what, kind in {
        "no boundary": "Content-Type: multipart/form-data",
        "empty boundary": whole,
        "quoted empty boundary": f'{whole}""',
        "another boundary": f"{whole}{CANARY}",
        "long boundary": whole + "b" * 5_000,
        "boundary of signs": f'{whole}"\x01{CANARY}"',
        "Latin-1 boundary": f"{whole}\xe9\xff{CANARY}",
        "two boundaries": f"{whole}a; boundary=b",
    }.items():
        yield _form(what, good, (400,), kind=kind)
    yield _form("charset", good, (200, 400), kind=f"{whole}bnd; charset=utf-7-{CANARY}")
    yield _form(
        "urlencoded",
        b"text=" + CANARY.encode(),
        (415,),
        kind="Content-Type: application/x-www-form-urlencoded",
    )
    yield _form("JSON as a form", json.dumps({"text": CANARY}).encode(), (400,))
    yield _form("mixed", good, (415,), kind="Content-Type: multipart/mixed; boundary=bnd")
    yield _form(
        "nested",
        form(
            [
                (
                    'Content-Disposition: form-data; name="text"\r\nContent-Type: multipart/mixed; boundary=in',
                    form([text], b"in"),
                )
            ]
        ),
        (200,),
    )
    yield _form("twice", form([text] * 2), (200,))
    yield _form("nine times", form([text] * 9), (413,))
    yield _form(
        "10,000 fields", form([(_part(f"{CANARY}{i}"), b"x") for i in range(10_000)]), (413,)
    )
    yield _form("10,000 times a field", form([text] * 10_000), (413,))
    yield _form("unknown field", form([(_part(f"<script>{CANARY}"), b"x")]), (422,))
    yield _form("no name", form([("Content-Disposition: form-data", b"x")]), (400,))
    yield _form("no disposition", form([(f"X-A: {CANARY}", b"x")]), (400,))
    yield _form(
        "attachment", form([('Content-Disposition: attachment; name="text"', b"x")]), (400,)
    )
    yield _form("empty name", form([(_part(""), CANARY.encode())]), (422,))
    yield _form("long name", form([(_part(CANARY * 900), b"x")]), (400, 413, 422))
    yield _form(
        "long headers", form([(_part("text") + "\r\nX-A: " + CANARY * 9_000, b"x")]), (400, 413)
    )
    yield _form("many headers", form([(_part("text") + "\r\nX-A: b" * 5_000, b"x")]), (400, 413))
    yield _form("no part", form([]), (400, 422))
    yield _form("nothing", b"", (400,))
    yield _form("text of Latin-1", form([(_part("text"), b"na\xefve " + CANARY.encode())]), (422,))
    yield _form(
        "transfer encoding",
        form([(_part("text") + "\r\nContent-Transfer-Encoding: base64", b"a2FuYXJpZQ==")]),
        (200,),
    )
    yield _form("preamble", b"x" * 99 + b"\r\n" + good, (200, 400))
    yield _form("epilogue", good + b"y" * 9_000, (200, 400))
    yield _form("bare line feeds", good.replace(b"\r\n", b"\n"), (200, 400))
    yield _form(
        "boundaries that nearly are", form([(_part("text"), b"\r\n--bn" * 3_000 + b"x")]), (200,)
    )
    yield _form("four megabytes of line ends", form([(_part("image"), b"\r\n" * 2**21)]), (422,))
    names = {
        "path": "../../../../etc/passwd",
        "absolute": "/etc/cron.d/x",
        "NUL": f"a\0{CANARY}.png",
        "windows": "..\\..\\boot.ini",
        "device": "CON",
        "unicode": "\u202egnp.exe" + CANARY,
        "long": CANARY * 700,
        "dots": "..",
        "home": "~/.bashrc",
        "quotes": f'\\"; name=\\"image{CANARY}',
        "shell": ";rm -rf ~;$(id)",
        "percent": "%2e%2e%2f%00",
    }
    for what, name in names.items():
        part = (_part("image", f'; filename="{name}"'), picture("png"))
        yield _form(f"file name: {what}", form([part]), (200, 400))
    star = (_part("image", f"; filename*=utf-8''%2e%2e%2f{CANARY}"), picture("png"))
    yield _form("file name: star", form([star]), (200, 400))
    name_star = ("Content-Disposition: form-data; name*=utf-8''text", CANARY.encode())
    yield _form("name: star", form([name_star]), (200, 400, 422))


# -- JSON


def _json() -> Iterator[Request]:
    c = CANARY
    for what, body in {
        "deep lists": b"[" * 100_000 + b"]" * 100_000,
        "deep objects": b'{"text":' * 100_000,
        "deep in a field": b'{"text": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        "cut": f'{{"text": "{c}'.encode(),
        "comment": f'{{"text": "{c}"}} // hello'.encode(),
        "comma": f'{{"text": "{c}",}}'.encode(),
        "quotes": f"{{'text': '{c}'}}".encode(),
        "two": f'{{"text": "{c}"}}{{"text": "b"}}'.encode(),
        "mark of UTF-8": b"\xef\xbb\xbf" + f'{{"text": "{c}"}}'.encode(),
        "UTF-16": json.dumps({"text": c}).encode("utf-16"),
        "UTF-32": json.dumps({"text": c}).encode("utf-32"),
        "Latin-1": '{"text": "naïve"}'.encode("latin-1"),
        "NaN": b'{"text": NaN}',
        "Infinity": b'{"text": -Infinity}',
        "digits": b'{"text": ' + b"9" * 100_000 + b"}",
        "control": b'{"text": "a\nb\x00"}',
        "nothing": b"",
        "NUL": b"\0",
        "a word": b"undefined",
        "half an escape": b'{"text": "\\u12"}',
        "overlong": b'{"text": "\xc0\xaf"}',
    }.items():
        yield _sent(f"JSON: {what}", body, (400,))
    for what, body in {
        "1e999999": b'{"text": 1e999999}',
        "tiny": b'{"text": 1e-999999}',
        "integer": b'{"text": ' + b"9" * 4_000 + b"}",
        "minus zero": b'{"text": -0.0}',
        "list": json.dumps([{"text": c}]).encode(),
        "text": json.dumps(c).encode(),
        "null": b"null",
        "true": b"true",
        "number": b"5",
        "empty": b"{}",
        "nothing in it": b'{"text": null}',
        "blank": b'{"text": " \\u3000\\u200b"}',
        "prototype": json.dumps({"__proto__": {"text": c}}).encode(),
        "class": json.dumps({"__class__": c, "text": c}).encode(),
        "py/object": json.dumps({"py/object": "os.system", "text": c}).encode(),
        "reference": json.dumps({"$ref": "file:///etc/passwd", "text": c}).encode(),
        "unknown field": json.dumps({f"<img src=x onerror=alert(1)>{c}": 1}).encode(),
        "surrogate in a name": b'{"\\ud800kanarie": 1}',
        "empty name": b'{"": 1}',
        "many names": json.dumps({f"{c}{i}": i for i in range(50_000)}).encode(),
        "long name": json.dumps({c * 100_000: 1}).encode(),
        "name of another case": json.dumps({"TEXT": c}).encode(),
        "view of a medium": json.dumps({"frames": c}).encode(),
    }.items():
        yield _sent(f"JSON: {what}", body, (422,))
    twice = f'{{"text": "{c}", "text": "{c} again"}}'.encode()
    yield _sent("JSON: twice", twice, (200, 400, 422))
    wrong: list[Any] = [5, -1.5, True, {}, {"a": c}, [[c]], [5], [None, {}], [True]]
    for i, value in enumerate(wrong):
        yield _sent(f"JSON: wrong text {i}", {"text": value}, (422,))
        yield _sent(f"JSON: wrong image {i}", {"image": value, "text": c}, (422,))
    batch = "/predict/batch"
    for what, value, want in (
        ("object", {"text": c}, (422,)),
        ("empty", [], (422,)),
        ("of nothing", [None], (422,)),
        ("of lists", [[{"text": c}]], (422,)),
        ("too many", [{"text": c}] * 65, (413,)),
        ("far too many", [{}] * 400_000, (413,)),
        ("second wrong", [{"text": c}, {"text": 5}], (422,)),
        ("last broken", [{"text": c}, {"image": "R0lGODlh"}], (422,)),
        ("many good", [{"text": f"{c} {i}"} for i in range(64)], (200,)),
    ):
        yield _sent(f"batch: {what}", value, want, path=batch)
    for what, kind in {
        "text": f"Content-Type: text/plain; a={CANARY}",
        "nothing": "",
        "two": f"{_JSON}\r\nContent-Type: text/html",
        "odd": f"Content-Type: application/json/{CANARY}",
        "signs": f"Content-Type: \x7f;;;=,{CANARY}",
        "html": "Content-Type: text/html",
    }.items():
        body = json.dumps({"text": CANARY}).encode()
        raw = written(body, kind=kind)
        yield Request(f"type: {what}", (raw,), want=(200, 400, 415))
    for what, packed in {
        "gzip": zlib.compress(bytes(9_000_000), 9),
        "br": b"\x8b\x02\x80",
        "kanarie": b"{}",
    }.items():
        raw = written(packed, f"Content-Encoding: {what}")
        yield Request(f"packed: {what}", (raw,), want=(415,))


def _base64() -> Iterator[Request]:
    good = base64.b64encode(picture("png")).decode()
    for what, cell, want in (
        ("line ends", "\n".join(good[i : i + 76] for i in range(0, len(good), 76)), (200, 422)),
        ("blanks", " " + good, (422,)),
        ("urlsafe", base64.urlsafe_b64encode(b"\xff\xfe\xfd" * 99).decode(), (422,)),
        ("no padding", good.rstrip("=")[:-1], (422,)),
        ("too much padding", good + "====", (200, 422)),
        ("padding inside", good[:8] + "==" + good[8:], (422,)),
        ("signs", "@@@@" + good, (422,)),
        ("unicode", "ＡＡＡＡ" + good, (422,)),
        ("surrogate", "\ud800" + good, (422,)),
        ("NUL", "\0" + good, (422,)),
        ("hex", picture("png").hex(), (422,)),
        ("twice", base64.b64encode(good.encode()).decode(), (422,)),
        ("one letter", "A", (422,)),
        ("zeros", "A" * 4_000_000, (422,)),
        ("data", "data:image/png;base64," + good, (200,)),
        ("data without a type", "data:;base64," + good, (200, 422)),
        ("data of much", "data:" + "a" * 100_000 + ";base64," + good, (422,)),
        ("data of nothing", "data:image/png;base64,", (200, 422)),
        ("data of a text", f"data:text/plain,{CANARY}", (422,)),
    ):
        yield _sent(f"base64: {what}", {"image": cell, "text": CANARY}, want)
    yield _sent("base64: nothing", {"image": ""}, (422,))


# -- HTTP


def _framing() -> Iterator[Request]:
    body = json.dumps({"text": CANARY}).encode()
    one = b"%x\r\n%b\r\n" % (len(body), body)
    chunked = "Transfer-Encoding: chunked"

    def raw(name: str, data: bytes, want: tuple[int, ...] = (400,), **options: Any) -> Request:
        return Request(f"framing: {name}", (data,), want=want, **options)

    gone: dict[str, Any] = {"patience": 0.3}
    yield raw("shorter", written(body, length=len(body) - 3), (400,))
    yield raw("longer", written(body, length=len(body) + 99), (), ends=True)
    yield raw("longer, and waiting", written(body, length=len(body) + 98), (408,))
    yield raw("longer, and gone", written(body, length=len(body) + 99), (), **gone)
    for length in (
        "-1",
        "1e3",
        "0x10",
        "+5",
        "9" * 400,
        "1, 2",
        "five",
        "5 5",
        "\u0663".encode().decode("latin-1"),
    ):
        yield raw(f"length {length[:9]}", written(body, length=length))
    yield raw("two lengths", written(body, "Content-Length: 3"))
    yield raw("same length twice", written(body, f"Content-Length: {len(body)}"), (200, 400))
    yield raw("huge length", written(body, length=2**40), (413,))
    yield raw("largest length", written(body, length=10**20 - 1), (400, 413))
    yield raw("both", written(one + b"0\r\n\r\n", chunked))
    yield raw("both, and a request", written(b"0\r\n\r\nGET /metrics HTTP/1.1\r\nX: ", chunked))
    yield raw("chunked", written(one + b"0\r\n\r\n", chunked, length=""), (200,))
    for what, sent, want in (
        ("wrong size", b"fff\r\n" + body + b"\r\n0\r\n\r\n", ()),
        ("too small", b"2\r\n" + body + b"\r\n0\r\n\r\n", (400,)),
        ("size of letters", b"zz\r\n" + body + b"\r\n0\r\n\r\n", (400,)),
        ("negative size", b"-5\r\n" + body + b"\r\n0\r\n\r\n", (400,)),
        ("size 2**64", b"ffffffffffffffffff\r\n" + body, ()),
        ("size of many digits", b"0" * 500 + one + b"0\r\n\r\n", (400,)),
        ("extensions", b"%x;a=%b\r\n%b\r\n0\r\n\r\n" % (len(body), b"b" * 900, body), (200, 400)),
        ("long extensions", b"5;" + b"a" * 100_000 + b"\r\n", (400, 408)),
        ("trailers", one + b"0\r\nX-Canary: kanarie\r\n\r\n", (200, 400)),
        ("many trailers", one + b"0\r\n" + b"X-A: kanarie\r\n" * 9_000, (400,)),
        ("no end", one, ()),
        ("a byte each", b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\n\r\n", (200,)),
    ):
        ends = {"ends": True, "patience": 10.0} if not want else {}
        yield raw(f"chunks: {what}", written(sent, chunked, length=""), want, **ends)
    many = b"".join(b"1\r\n \r\n" for _ in range(60_000))
    yield raw("chunks: 60,000", written(many + one + b"0\r\n\r\n", chunked, length=""), (200,))
    for what, name in {
        "of gzip": "gzip, chunked",
        "twice": "chunked, chunked",
        "of spaces": "\x0bchunked",
        "of another": CANARY,
        "identity": "identity",
    }.items():
        sent = written(one + b"0\r\n\r\n", f"Transfer-Encoding: {name}", length="")
        yield raw(f"transfer {what}", sent, (400,))
    yield raw(
        "transfer two",
        written(one + b"0\r\n\r\n", chunked, "Transfer-Encoding: identity", length=""),
    )
    yield raw("space before colon", written(body, "Content-Length : 5"))
    yield raw("no length", written(body, length=""), (400,))
    yield raw("HTTP/1.0", written(body, version="1.0", close=False), (200,))
    yield raw(
        "HTTP/1.0 chunked",
        written(one + b"0\r\n\r\n", chunked, version="1.0", length=""),
        (200, 400),
    )
    for version in ("0.9", "2.0", "3", "1.1.1", "9.9", CANARY):
        yield raw(f"HTTP/{version}", written(body, version=version), ())
    yield raw("no version", b"GET /\r\n\r\n")
    yield raw("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(99), (400, 421))
    yield raw("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))
    yield raw("zeros", bytes(999))
    yield raw("noise", b"\xff\xfe" * 900 + b"\r\n\r\n")
    yield raw("line ends", b"\r\n" * 500, (), ends=True, patience=2.0)
    yield raw("redis", b"*1\r\n$4\r\nINFO\r\n", ())
    yield raw("bare line feeds", written(body).replace(b"\r\n", b"\n"), (200, 400))
    yield raw(
        "bare carriage returns", written(body).replace(b"\r\n", b"\r"), (), ends=True, patience=5.0
    )
    yield raw("Expect", written(body, "Expect: 100-continue"), (200,))
    yield raw("Expect of much", written(b"", "Expect: 100-continue", length=2**30), (413,))
    yield raw("Expect of another", written(body, f"Expect: {CANARY}"), (200, 400, 417))
    yield raw(
        "upgrade",
        written(
            body,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: kanarie",
            "Sec-WebSocket-Version: 13",
            close=False,
        ),
        (200, 400),
    )
    yield raw(
        "upgrade of GET",
        written(
            b"",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: kanarie",
            "Sec-WebSocket-Version: 13",
            method="GET",
            path="/model",
            close=False,
        ),
        (200, 400),
    )
    yield raw(
        "upgrade to h2c",
        written(
            body,
            "Upgrade: h2c",
            "HTTP2-Settings: kanarie",
            "Connection: Upgrade, HTTP2-Settings",
            close=False,
        ),
        (200, 400),
    )
    kept = written(body, close=False)
    yield raw("pipeline", kept * 40, (200,), answers=40)
    smuggled = written(b"GET /kanarie HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", length=0)
    yield raw("smuggled", smuggled, (400,))
    yield raw(
        "pipeline with a broken one", kept * 3 + b"kanarie\r\n\r\n" + kept, (200, 400), answers=4
    )
    yield raw("half closed", kept, (), ends=True)
    yield raw("gone", kept, (), patience=0.01)
    yield raw(
        "large body of a path that is none", written(bytes(3_000_000), path="/kanarie"), (404,)
    )
    yield raw("body of GET", written(bytes(3_000_000), method="GET", path="/model"), (200,))
    yield raw("too large", written(bytes(17 * 2**20)), (413,))
    yield raw(
        "too large, chunked",
        written(b"100000\r\n%b\r\n" % bytes(2**20) * 17 + b"0\r\n\r\n", chunked, length=""),
        (413,),
    )


def _headers() -> Iterator[Request]:
    body = json.dumps({"text": CANARY}).encode()

    def raw(name: str, *more: str, want: tuple[int, ...] = (200,), **options: Any) -> Request:
        return Request(f"headers: {name}", (written(body, *more, **options),), want=want)

    few, many = (200, 400), (400, 431)
    yield raw("many", *[f"X-{i}: {CANARY}" for i in range(900)], want=(200, *many))
    yield raw("very many", *[f"X-{i}: {CANARY}" for i in range(9_000)], want=many)
    yield raw("the same", *["X-A: b"] * 5_000, want=(200, *many))
    yield raw("long", "X-A: " + CANARY * 20_000, want=many)
    yield raw("long name", CANARY * 20_000 + ": a", want=many)
    yield raw("empty name", ": kanarie", want=(400,))
    yield raw("no colon", "kanarie", want=(400,))
    yield raw("folded", "X-A: b\r\n kanarie", want=few)
    yield raw("NUL", "X-A: \0kanarie", want=(400,))
    yield raw("Latin-1", "X-A: \xe9\xff kanarie", want=few)
    yield raw("cookies", "Cookie: " + "; ".join(f"{CANARY}{i}=1" for i in range(3_000)), want=few)
    yield raw("broken cookie", 'Cookie: "=;;;\\x=kanarie; hybridsent_serve_80="', want=few)
    yield raw("quoted cookie", 'Cookie: a="' + "\\" * 30_000 + '"', want=few)
    yield raw(
        "forwarded",
        "X-Forwarded-For: 10.0.0.1",
        "X-Forwarded-Host: kanarie",
        "Forwarded: for=kanarie",
    )
    yield raw("rewritten", "X-Original-URL: /metrics", "X-HTTP-Method-Override: DELETE")
    yield raw("request id", "X-Request-ID: kanarie\x01", want=few)
    yield raw("range", "Range: bytes=0-,0-,0-", want=(200,))
    yield raw("accept", "Accept: kanarie/*;q=99", "Accept-Language: kanarie", want=(200,))
    hosts = {
        "none": "",
        "other": "Host: kanarie.example",
        "two": "Host: 127.0.0.1\r\nHost: kanarie.example",
        "port of letters": "Host: 127.0.0.1:kanarie",
        "port 99999": "Host: 127.0.0.1:99999",
        "user": "Host: 127.0.0.1@kanarie.example",
        "bracket": "Host: [::1",
        "signs": "Host: <script>kanarie</script>",
        "slash": "Host: 127.0.0.1/kanarie",
        "unicode": "Host: \xe9kanarie",
        "empty": "Host:",
        "rebinding": "Host: 127.0.0.1.kanarie.example",
    }
    for what, host in hosts.items():
        yield raw(
            f"host {what}", want=(400, 421) if what != "slash" else (200, 400, 421), host=host
        )
    for what, more in {
        "other": ["Origin: https://kanarie.example"],
        "null": ["Origin: null"],
        "signs": ["Origin: http://127.0.0.1\xff"],
        "prefix": ["Origin: http://127.0.0.1.kanarie.example"],
        "cross": ["Sec-Fetch-Site: cross-site"],
        "same site": ["Sec-Fetch-Site: same-site", "Origin: http://127.0.0.1"],
        "odd": ["Sec-Fetch-Site: kanarie"],
    }.items():
        yield raw(f"origin {what}", *more, want=(400, 403))


def _addresses() -> Iterator[Request]:
    places = {
        "dots": "/../../../../etc/passwd",
        "written dots": "/%2e%2e/%2e%2e/etc/passwd",
        "twice written": "/%252e%252e/etc/passwd",
        "in the page": "/page.css/../../serve/_app.py",
        "backslash": "/..\\..\\page.py",
        "code": "/_app.py",
        "static": "/page.py",
        "NUL": "/page.css%00.js",
        "slashes": "//kanarie.example/..",
        "dot": "/./predict/.",
        "case": "/PREDICT",
        "slash": "/predict/",
        "docs": "/docs",
        "git": "/.git/config",
        "env": "/.env",
        "half an escape": "/%",
        "wrong escape": "/%zz%kanarie",
        "overlong": "/%c0%ae%c0%ae/",
        "surrogate": "/%ed%a0%80kanarie",
        "script": "/<script>kanarie</script>",
        "line end": "/a%0d%0aSet-Cookie:%20kanarie=1",
        "absolute": "http://kanarie.example/predict",
        "parameters": "/predict;kanarie",
    }
    for what, path in places.items():
        for method in ("GET", "POST"):
            raw = written(b"", method=method, path=path)
            yield Request(f"{method} {what}", (raw,), want=(307, 400, 404, 405, 413, 422))
    long = "/" + CANARY * 1_000
    yield Request("long path", (written(b"", method="GET", path=long),), want=(404,))
    very = "/" + CANARY * 20_000
    yield Request("very long path", (written(b"", method="GET", path=very),), want=(400, 414, 431))
    body = json.dumps({"text": CANARY}).encode()
    for what, query in {
        "explain=kanarie": "explain=kanarie",
        "explain of list": "explain=true&explain=kanarie",
        "explain of nothing": "explain=",
        "NUL": "explain=%00",
        "many": "&".join(f"{CANARY}{i}" for i in range(5_000)),
        "long": "a=" + CANARY * 5_000,
        "surrogate": "explain=%ed%a0%80",
    }.items():
        raw = written(body, path=f"/predict?{query}")
        yield Request(f"query {what}", (raw,), want=(200, 422))
    raw = written(b"", method="GET", path="/?" + "&".join(["token=kanarie"] * 4_000), login="")
    yield Request("query of tokens", (raw,), want=(200, 400))
    for method in (
        "PUT",
        "DELETE",
        "PATCH",
        "TRACE",
        "CONNECT",
        "OPTIONS",
        "PROPFIND",
        "KANARIE",
        "get",
        "G" * 999,
    ):
        yield Request(f"method {method[:9]}", (written(b"", method=method),), want=(400, 405))
    yield Request("method of signs", (written(b"", method="<kanarie>"),), want=(400,))
    yield Request("no method", (written(b"", method=""),), want=(400,))
    for path in ("/", "/model", "/health", "/metrics", "/openapi.json", "/page.js"):
        yield Request(f"HEAD {path}", (written(b"", method="HEAD", path=path),), want=(200, 405))
        raw = written(body, path=path)
        yield Request(f"POST {path}", (raw,), want=(405,))
    yield Request("GET /predict", (written(b"", method="GET"),), want=(405,))
    yield Request("star", (written(b"", method="OPTIONS", path="*"),), want=(400, 405))


def _tokens() -> Iterator[Request]:
    body = json.dumps({"text": CANARY}).encode()
    guesses = {
        "none": "",
        "empty": "Authorization:",
        "empty bearer": "Authorization: Bearer",
        "shorter": f"Authorization: Bearer {TOKEN[:-1]}",
        "longer": f"Authorization: Bearer {TOKEN}x",
        "two": f"Authorization: Bearer {TOKEN},{TOKEN}",
        "other case": f"Authorization: Bearer {TOKEN.upper()}",
        "basic": f"Authorization: Basic {base64.b64encode(TOKEN.encode()).decode()}",
        "another scheme": f"Authorization: Token {TOKEN}",
        "Latin-1": f"Authorization: Bearer {TOKEN}\xe9",
        "long": "Authorization: Bearer " + "a" * 50_000,
        "another header": f"X-Api-Key: {TOKEN}",
        "cookie of another port": f"Cookie: hybridsent_serve_81={TOKEN}",
        "cookie of another name": f"Cookie: token={TOKEN}",
        "wrong cookie": "Cookie: hybridsent_serve_80=kanarie",
        "digest": 'Authorization: Digest username="kanarie"',
        "jwt": "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.",
        "NUL": f"Authorization: Bearer {TOKEN}\0",
    }
    for what, login in guesses.items():
        raw = written(body, login=login)
        yield Request(f"token: {what}", (raw,), want=(400, 401))
    for path in ("/model", "/metrics", "/openapi.json", f"/model?token={TOKEN}"):
        raw = written(b"", method="GET", path=path, login="")
        yield Request(f"token: none for {path[:9]}", (raw,), want=(401,))
    large = written(bytes(3_000_000), login="")
    yield Request("token: none, much", (large,), want=(401,))


def _slow() -> Iterator[Request]:
    body = json.dumps({"text": CANARY}).encode()
    raw = written(body)
    each = tuple(raw[i : i + 1] for i in range(40))
    yield Request("a byte a time, and gone", each, pause=0.01, patience=0.2)
    for at in (1, 9, 30, len(raw) - len(body) - 2, len(raw) - 3):
        yield Request(f"cut at {at}", (raw[:at],), ends=True, patience=5.0)
    some = tuple(raw[i : i + 40] for i in range(0, len(raw), 40))
    yield Request("in pieces", some, pause=0.01, want=(200,))
    slow = written(b"", length=500)
    yield Request("slow body", (slow, *[b" "] * 3), pause=0.5, patience=30.0, want=(408,))
    chunks = written(b"", "Transfer-Encoding: chunked", length="")
    yield Request(
        "slow chunks", (chunks, *[b"1\r\n \r\n"] * 3), pause=0.5, patience=30.0, want=(408,)
    )
    kind = "Content-Type: multipart/form-data; boundary=bnd"
    begun = written(b"--bnd\r\n" + _part("text").encode(), kind=kind, length=900)
    yield Request("slow form", (begun,), patience=30.0, want=(408,))
