"""Where a server listens (layer L6)."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
from collections.abc import Sequence

__all__ = ["is_loopback", "listening", "usual_port"]

_FIRST, _PORTS = 20_000, 12_000
_LAST = 65_535


def is_loopback(host: str) -> bool:
    """Tell whether a server at an address is reached from this machine alone.

    Parameters
    ----------
    host : str
        A name or an address.

    Returns
    -------
    bool
        Whether it is so.

    Examples
    --------
    >>> from hybridsent._web import is_loopback
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def usual_port(what: str) -> int:
    """Give a port that is the same each time the same thing is served.

    Parameters
    ----------
    what : str
        What is served, such as the path of a file.

    Returns
    -------
    int
        From 20000 to 31999.

    Examples
    --------
    >>> from hybridsent._web import usual_port
    >>> usual_port("posts.csv") == usual_port("posts.csv"), 20_000 <= usual_port("") < 32_000
    (True, True)
    """
    digest = int.from_bytes(hashlib.blake2b(what.encode(), digest_size=4).digest())
    return _FIRST + digest % _PORTS


def listening(host: str, ports: Sequence[int], backlog: int = 64) -> socket.socket:
    """Open the first port that is free.

    Parameters
    ----------
    host : str
        Name or address of this machine.
    ports : sequence of int
        What is tried, in order; 0 is whichever is free.
    backlog : int, default=64
        How many may wait to be let in.

    Returns
    -------
    socket.socket
        It listens.

    Raises
    ------
    OSError
        If none is free, or the host is not this machine's.
    ValueError
        If one is no port.

    Examples
    --------
    >>> from hybridsent._web import listening
    >>> with listening("127.0.0.1", [0]) as listener:
    ...     listener.getsockname()[0]
    '127.0.0.1'
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for each in ports:
        if not 0 <= each <= _LAST:
            raise ValueError(f"The port parameter must be from 0 to {_LAST}. Got {each}.")
        listener = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":  # on Windows it would let two servers have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), each))
        except OSError as error:
            listener.close()
            if each == ports[-1]:
                raise OSError(
                    f"Nothing can listen at port {each} of {host}: {error.strerror or error}. Name "
                    "another port, or 0 for one that is free."
                ) from error
        else:
            listener.listen(backlog)
            return listener
    raise ValueError(f"ports must name one at least, got {list(ports)}.")
