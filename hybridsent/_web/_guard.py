"""Who may ask a server for something, and with which headers it answers (layer L6).

A server that listens on this machine alone is still reached by every page of the web that is open
here. So: the name in the address must be this machine's (against DNS rebinding), requests that
change something must come from the page itself, or from no page (against forged ones), and all that
shows data needs a token, which the address held once and a cookie holds since, that no script and
no other site gets; programs send it as ``Authorization: Bearer TOKEN``. Why by hand: Starlette's
TrustedHostMiddleware checks the first of these alone, and knows no ports and no IPv6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hybridsent._web._tokens import Tokens

__all__ = ["CLIENT", "LOOPBACK", "Guard", "plain"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""The names of this machine that only it knows."""

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""What a page of ours may load: its own files, and nothing of anybody else."""

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}

_BESIDE = {
    400: [(b"connection", b"close")],  # nobody knows where the next request begins
    401: [(b"www-authenticate", b"Bearer")],
    405: [(b"allow", b"GET, POST")],
}
"""What HTTP wants beside some refusals."""

CLIENT = "hybridsent.client"
"""Under which key of its scope a request tells whose it is: a hash of the token that let it in."""

_READS = frozenset({"GET", "HEAD"})


async def plain(scope: Any, send: Any, status: int, text: str) -> None:
    """Refuse a request with a sentence.

    Parameters
    ----------
    scope : mapping
        Of the request, as ASGI hands it over.
    send : callable
        As ASGI hands it over.
    status : int
        Of HTTP.
    text : str
        The sentence.
    """
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Guard:
    """ASGI middleware that lets in who has a token, by a name of this machine.

    Parameters
    ----------
    app : callable
        The ASGI application behind it.
    tokens : Tokens or None
        What must be known; None lets in everybody who comes by a right name.
    hosts : iterable of str or None, default=LOOPBACK
        Names that the address may have; None takes any, for a server behind others.
    open_paths : iterable of str, default=()
        Paths that anybody may have: styles and script of the page, whether the server lives.
    cookie : str, default="hybridsent"
        How the name of the cookie begins, which ends with the port.
    denied : str, default="This server needs a token."
        The sentence for those without a token.
    programs : bool, default=False
        Whether programs may ask that are no browsers: with ``Authorization: Bearer TOKEN``, and
        without saying from which page.
    kinds : iterable of str or None, default=("application/json",)
        What a request that changes something may be; None is left to the application.
    largest : int or None, default=65536
        Bytes of such a request; None is left to the application.
    origins : iterable of str, default=()
        Further sites whose pages may ask, such as ``"https://example.org"``; their browsers get
        the headers of CORS.
    policy : mapping of str to str or None, default=None
        What differs from the content security policy of our pages.
    headers : mapping of str to str or None, default=None
        What differs from the headers of every answer.
    refuse : callable, default=plain
        Writes a refusal: ``await refuse(scope, send, status, text)``.
    """

    def __init__(
        self,
        app: Any,
        tokens: Tokens | None,
        *,
        hosts: Iterable[str] | None = LOOPBACK,
        open_paths: Iterable[str] = (),
        cookie: str = "hybridsent",
        denied: str = "This server needs a token.",
        programs: bool = False,
        kinds: Iterable[str] | None = ("application/json",),
        largest: int | None = 64 * 1024,
        origins: Iterable[str] = (),
        policy: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        refuse: Callable[[Any, Any, int, str], Awaitable[None]] = plain,
    ) -> None:
        self.app, self.tokens, self.cookie = app, tokens, cookie
        self.hosts = None if hosts is None else frozenset(hosts)
        self.open_paths, self.denied, self.programs = frozenset(open_paths), denied, programs
        self.kinds = None if kinds is None else frozenset(kinds)
        self.largest, self.origins, self.refuse = largest, frozenset(origins), refuse
        rules = {**POLICY, **(policy or {})}
        said = {
            "content-security-policy": "; ".join(f"{name} {rule}" for name, rule in rules.items()),
            **_HEADERS,
            **(headers or {}),
        }
        self.headers = [(name.encode(), value.encode()) for name, value in said.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        heard = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = heard.get(b"host", "")
        name, port = _address(host)
        origin = heard.get(b"origin", "")
        cookie = f"{self.cookie}_{port}"
        given = _given(scope) if self.tokens is not None and scope["path"] == "/" else ""
        by_address = bool(given) and self._fits(scope, given)
        refused = self._refused(scope, heard, host, name)
        if refused is None and not (by_address or self._known(scope, heard, cookie)):
            refused = (401 if self.programs else 403, self.denied)
        welcome = _welcome(origin) if origin in self.origins else []
        begun = False

        async def sent(message: Any) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = [*message["headers"], *self._missing(message["headers"]), *welcome]
                if refused is not None:
                    headers += _BESIDE.get(refused[0], [])
                if by_address and refused is None:
                    crumb = f"{cookie}={given}; Path=/; HttpOnly; SameSite=Strict"
                    headers.append((b"set-cookie", crumb.encode()))
                message = {**message, "headers": headers}
            await send(message)

        if welcome and scope["method"] == "OPTIONS" and name is not None:
            await sent({"type": "http.response.start", "status": 204, "headers": []})
            await sent({"type": "http.response.body", "body": b""})
            return
        if refused is not None:
            await self.refuse(scope, sent, *refused)
            return
        try:
            await self.app(scope, receive, sent)
        except Exception:  # said with the headers of every answer; the traceback is the server's
            if not begun:
                told = "The server failed; the window that it runs in says how."
                await self.refuse(scope, sent, 500, told)
            raise

    def _fits(self, scope: Any, given: str) -> bool:
        if self.tokens is None:
            return True
        if not self.tokens.fits(given):
            return False
        # only of what was checked: headers beside it can be made up, a new one for each request
        scope[CLIENT] = hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest()
        return True

    def _missing(self, has: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Give the headers that an answer does not have of its own."""
        names = {name.lower() for name, _ in has}
        kept = [each for each in self.headers if each[0] not in names]
        return kept if b"cache-control" in names else [*kept, (b"cache-control", b"no-store")]

    def _known(self, scope: Any, heard: Mapping[bytes, str], cookie: str) -> bool:
        if self.tokens is None or scope["path"] in self.open_paths:
            return True
        scheme, _, bearer = heard.get(b"authorization", "").partition(" ")
        if self.programs and scheme.lower() == "bearer":
            return self._fits(scope, bearer.strip())
        return self._fits(scope, _cookie(heard.get(b"cookie", ""), cookie))

    def _refused(
        self, scope: Any, heard: Mapping[bytes, str], host: str, name: str | None
    ) -> tuple[int, str] | None:
        """Say why a request is refused, whoever sends it."""
        if b"content-length" in heard and b"transfer-encoding" in heard:
            # servers before this one may take another of the two, and end the request elsewhere
            return 400, "A request must tell its length, or come in chunks, and not both."
        if name is None or (self.hosts is not None and name not in self.hosts):
            return 421, "This server answers to the name of this machine alone: http://127.0.0.1."
        if scope["method"] in _READS:
            return None
        if scope["method"] != "POST":
            return 405, "This server knows GET and POST."
        if not self._from_us(heard, host):
            return 403, "A request that changes something must come from the page of this server."
        kind = heard.get(b"content-type", "").partition(";")[0].strip()
        if self.kinds is not None and kind not in self.kinds:
            return 415, "A request that changes something must be JSON."
        length = heard.get(b"content-length", "")
        if self.largest is not None and not (length.isdigit() and int(length) <= self.largest):
            return 413, f"A request must tell its length, of at most {self.largest} bytes."
        return None

    def _from_us(self, heard: Mapping[bytes, str], host: str) -> bool:
        """Tell whether no page of somebody else sends a request."""
        origin = heard.get(b"origin", "")
        if origin and origin in self.origins:
            return True
        site = heard.get(b"sec-fetch-site", "same-origin")
        if not origin and self.programs:
            return site in ("same-origin", "none")
        schemes = ("http", "https") if self.programs else ("http",)  # TLS ends before a service
        return site == "same-origin" and origin in [f"{each}://{host}" for each in schemes]


def _address(host: str) -> tuple[str | None, int]:
    """Read the name and the port that a request was sent to."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None, 80
    return name, port or 80


def _given(scope: Any) -> str:
    """Read the token that an address holds."""
    try:
        query = scope.get("query_string", b"").decode("latin-1")
        return str(parse_qs(query)["token"][0])
    except (KeyError, ValueError):  # ValueError: more fields than anybody sends
        return ""


def _welcome(origin: str) -> list[tuple[bytes, bytes]]:
    """Give the headers by which the browsers of another site show our answers to its page."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", b"authorization, content-type"),
        (b"access-control-max-age", b"600"),
        (b"vary", b"origin"),
    ]


def _cookie(text: str, name: str) -> str:
    try:
        crumb = SimpleCookie(text).get(name)
    except CookieError:
        return ""
    return str(crumb.value) if crumb else ""
