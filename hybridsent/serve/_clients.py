"""How often each client may ask, and how much at a time (layer L7)."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from hybridsent._web import CLIENT
from hybridsent.serve._entry import facts_of, refuse
from hybridsent.serve._limits import Limits, RefusedError

__all__ = ["Clients"]
_MOST_CLIENTS = 10_000


class Clients:
    """ASGI middleware that lets each client ask so often, and so much at a time.

    A client is the token that let it in, else its address.

    Parameters
    ----------
    app : callable
        What is behind it.
    limits : Limits
        Of which it knows ``rate`` and ``concurrency``.
    """

    def __init__(self, app: Any, *, limits: Limits) -> None:
        self.app, self.limits = app, limits
        self._known: OrderedDict[bytes, list[float]] = OrderedDict()  # left, when, under way

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request in, or say when it may come again."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        known = self._known_of(_client(scope))
        refused = self._refused(known)
        if refused is not None:
            facts = facts_of(scope)
            facts["code"] = refused.code
            await refuse(send, refused, facts["request_id"])
            return
        known[2] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            known[2] -= 1

    def _known_of(self, client: bytes) -> list[float]:
        known = self._known.setdefault(client, [2 * (self.limits.rate or 0), time.monotonic(), 0])
        self._known.move_to_end(client)
        if len(self._known) > _MOST_CLIENTS:
            idle = next((name for name, each in self._known.items() if not each[2]), None)
            if idle is not None:
                del self._known[idle]
        return known

    def _refused(self, known: list[float]) -> RefusedError | None:
        if known[2] >= self.limits.concurrency:
            return RefusedError(
                429,
                "too_many",
                f"{self.limits.concurrency} requests of yours are under way, and no more may be; "
                "wait for an answer.",
                retry=1,
            )
        rate = self.limits.rate
        if rate is None:
            return None
        now = time.monotonic()
        known[0] = min(max(1.0, 2 * rate), known[0] + (now - known[1]) * rate)
        known[1] = now
        if known[0] < 1:
            retry = max(1, round((1 - known[0]) / rate + 0.5))
            return RefusedError(
                429,
                "too_often",
                f"You may ask {rate:g} times a second, on the mean; try again in {retry} seconds.",
                retry=retry,
            )
        known[0] -= 1
        return None


def _client(scope: Any) -> bytes:
    known: bytes | None = scope.get(CLIENT)
    address = (scope.get("client") or ("",))[0]
    return known or str(address).encode()
