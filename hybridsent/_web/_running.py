"""How a server runs, and how it ends (layer L6).

uvicorn runs it. By itself it closes idle connections at once when it is to end, also one on which
a request is under way that it has not read yet; and it ends by the signal that it was sent, which
is no success; and where a process has no room for further files, asyncio writes thousands of
tracebacks a second. Here connections that come then are closed, and silent ones, too, to make room;
at the end every answer first says that its connection closes, so that clients go, and SIGTERM ends
as Ctrl-C does. To what is no HTTP, and where there are too many connections, uvicorn answers by
itself, in plain text that no log tells of; here whoever runs the server answers.
"""

from __future__ import annotations

import asyncio
import ctypes
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from hybridsent._optional import import_optional

__all__ = ["BROKEN", "CROWDED", "Said", "run_server"]

BROKEN = "hybridsent.broken"
"""Under which key of its scope it is told that the rest of a request is no HTTP."""

CROWDED = "hybridsent.crowded"
"""Under which key of its scope a request is told that there are too many connections."""


_CROWDED = 1.0
_SOON, _LAST = 0.02, 2.0  # seconds
_ATTACH_FILTER = 26  # of Linux's sockets; Python does not name it
_LOCK = (
    (0x30, 0, 0, 13),  # the flags of TCP
    (0x54, 0, 0, 0x12),  # SYN and ACK among them
    (0x15, 0, 1, 0x02),  # SYN alone:
    (0x06, 0, 0, 0),  # dropped
    (0x06, 0, 0, 0xFFFFFFFF),  # all else: taken
)
"""A program of the classic BPF, which Linux runs on each packet of a socket."""

_SPARE = 64  # files that the process itself may open meanwhile


class Said(NamedTuple):
    """An answer that no application gives.

    Parameters
    ----------
    headers : sequence of (bytes, bytes)
        Its headers, without its length.
    body : bytes
        Its body.
    """

    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


def run_server(
    app: Any,
    listener: socket.socket,
    *,
    uvicorn: Any,
    grace: float = 2.0,
    linger: float = 0.0,
    silence: float = 15.0,
    ending: Callable[[], None] | None = None,
    held: Callable[[Any], None] | None = None,
    no_http: Callable[[], Said] | None = None,
    connections: int | None = None,
    **options: Any,
) -> None:
    """Serve an application until Ctrl-C or SIGTERM, and answer what was accepted by then.

    Parameters
    ----------
    app : callable
        The ASGI application.
    listener : socket.socket
        What `listening` gave; it is closed.
    uvicorn : module
        As ``import_optional("uvicorn", caller=…, extra=…)`` gives it to whoever needs it.
    grace : float, default=2.0
        Seconds that answers under way have before they are given up.
    linger : float, default=0.0
        Seconds between the signal and the end of listening, in which requests are still answered
        and each answer tells its client that the connection closes.
    silence : float, default=15.0
        Seconds after which a connection is closed on which no request has come whole, so that those
        who send a header a minute hold nothing; a second, where there are so many connections that
        others find no room.
    ending : callable or None, default=None
        Called in the server's loop as soon as it is to end, so that streams end, too.
    held : callable or None, default=None
        Gets the uvicorn server before it runs; ``server.should_exit = True`` ends it from another
        thread.
    no_http : callable or None, default=None
        Gives what is answered, with 400, to what is no request of HTTP; None leaves that to
        uvicorn. Where the body of a request turns out to be none, its scope says so under `BROKEN`,
        and the application answers.
    connections : int or None, default=None
        How many there may be; requests of more say so in their scope, under `CROWDED`, and the
        application refuses them.
    **options : object
        Further options of ``uvicorn.Config``.

    Examples
    --------
    >>> from hybridsent._web import listening, run_server
    >>> run_server(app, listening("127.0.0.1", [8000]), uvicorn=uvicorn)  # doctest: +SKIP
    """
    closing, silent, door = _Closing(app), _Silent(), _Door(fileno=listener.detach())
    given = {
        "log_level": "warning",
        "access_log": False,
        "lifespan": "off",
        "ws": "none",
        "http": "h11" if no_http is None else _protocol(no_http),
        "server_header": False,
        "timeout_graceful_shutdown": max(1, round(grace)),
        "proxy_headers": False,  # what they say of a client can be made up by anybody
        **options,
    }

    class Server(uvicorn.Server):
        """One that lets its clients go before it closes, and does not wait for silent ones."""

        async def on_tick(self, counter: int) -> bool:
            there = self.server_state.connections
            crowded = door.was_full or (connections is not None and len(there) > 0.75 * connections)
            door.was_full = False
            if crowded or counter % 10 == 0:
                silent.close(there, min(silence, _CROWDED) if crowded else silence)
            return bool(await super().on_tick(counter))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            closing.on = True
            if ending is not None:
                ending()
            if linger:
                await asyncio.sleep(linger)
                await self._close_door()
            await super().shutdown(sockets)

        async def _close_door(self) -> None:
            # who waits at the door when it closes is cut off by the system: so it closes when all
            # who came are let in
            door.lock()
            await asyncio.sleep(_SOON)
            end = time.monotonic() + _LAST
            while door.has_guests() and time.monotonic() < end:
                await asyncio.sleep(0)  # the loop lets them in
            for each in self.servers:
                each.close()
            # who was let in last has asked, and is not read yet: its connection looks idle
            end = time.monotonic() + _LAST
            await asyncio.sleep(_SOON)
            while time.monotonic() < end and any(
                getattr(each, "cycle", None) is None for each in self.server_state.connections
            ):
                await asyncio.sleep(_SOON)

    server = Server(uvicorn.Config(closing, **given))
    if connections is not None:
        closing.most, closing.there = connections, server.server_state.connections
    if held is not None:
        held(server)
    # uvicorn ends by itself, and then raises the signal once more
    with door, suppress(KeyboardInterrupt), _term_interrupts():
        server.run(sockets=[door])


class _Door(socket.socket):
    """A listening socket that closes who comes when the process has hardly room for more files.

    Attributes
    ----------
    was_full : bool
        Whether somebody was sent away.
    """

    was_full = False

    def lock(self) -> None:
        """Let nobody begin to connect any more; who has begun is let in.

        Linux drops what the filter does not take, so that who begins tries again a second later,
        and finds that nobody is there. Elsewhere nothing happens.
        """
        if not sys.platform.startswith("linux"):
            return
        steps = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in _LOCK))
        program = struct.pack("HP", len(_LOCK), ctypes.addressof(steps))
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)

    def has_guests(self) -> bool:
        """Tell whether somebody waits to be let in.

        Returns
        -------
        bool
            Whether the next `accept` has somebody.
        """
        with selectors.DefaultSelector() as selector:  # select takes no numbers above 1,023
            selector.register(self, selectors.EVENT_READ)
            return bool(selector.select(0))

    def accept(self) -> tuple[socket.socket, Any]:
        """Let somebody in."""
        connection, address = super().accept()
        if connection.fileno() < _files() - _SPARE:  # the smallest number that is free is given
            return connection, address
        connection.close()
        self.was_full = True
        raise ConnectionAbortedError("there is no room for further connections")


def _files() -> float:
    """Give how many files this process may have open."""
    try:
        import resource
    except ImportError:  # Windows, where numbers of sockets tell nothing
        return float("inf")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return float("inf") if most == resource.RLIM_INFINITY else most


class _Silent:
    """Connections on which nothing is under way, and since when; uvicorn knows this of none."""

    def __init__(self) -> None:
        self._since: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

    def close(self, connections: Iterable[Any], silence: float) -> None:
        """Close those that are silent for too long.

        Parameters
        ----------
        connections : iterable
            Protocols of uvicorn.
        silence : float
            How long they may be.
        """
        now = time.monotonic()
        for each in list(connections):
            cycle = getattr(each, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                self._since.pop(each, None)
            elif now - self._since.setdefault(each, now) > silence:
                each.transport.abort()  # who does not listen gets no goodbye


def _protocol(no_http: Callable[[], Said]) -> Any:
    """Make the protocol of a connection, which has what is no HTTP answered by `no_http`.

    That of h11: the other one of uvicorn takes headers of any length, where it is installed.
    """
    theirs: Any = import_optional("uvicorn.protocols.http.h11_impl", caller="a server of ours")
    h11 = theirs.h11

    class Protocol(theirs.H11Protocol):
        """A connection."""

        def send_400_response(self, msg: str) -> None:
            """Answer what is no HTTP; uvicorn calls this for all that h11 cannot read."""
            cycle = self.cycle
            if cycle is not None and not cycle.response_complete:
                # a request is under way, of which the rest cannot be read: one answer is enough
                cycle.scope[BROKEN] = True
                cycle.more_body = cycle.keep_alive = False
                cycle.message_event.set()
                return
            if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                self.transport.close()  # it was answered, and nobody can say where more begins
                return
            said = no_http()
            headers = [
                *said.headers,
                (b"content-length", str(len(said.body)).encode()),
                (b"connection", b"close"),
            ]
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=said.body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event))
            self.transport.close()

    return Protocol


class _Closing:
    """ASGI middleware that lets every answer close its connection, once it is on.

    It also tells requests that come where there are more connections than may be.
    """

    def __init__(self, app: Any) -> None:
        self.app, self.on = app, False
        self.most: float = float("inf")
        self.there: Collection[Any] = ()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and len(self.there) > self.most:
            scope[CROWDED] = True

        async def sent(message: Any) -> None:
            if self.on and message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, sent if scope["type"] == "http" else send)


@contextmanager
def _term_interrupts() -> Iterator[None]:
    """Let SIGTERM end the server as Ctrl-C does, with what follows; in the main thread.

    Yields
    ------
    None
        While it is so.
    """

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
