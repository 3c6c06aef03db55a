"""Every missing row is computed once, by whoever claims it first (layer L1).

The rule that makes it exact: a claim is released only after the row is committed, and a row is
looked for again after its key is claimed. The rule that keeps it alive: a caller computes all it
has claimed before it waits for others. And nothing needs to be kept to be computed: where the disk
or its permissions stand in the way, a call goes on without the store from there to its end.

Why by hand: `joblib.Memory` and `diskcache` compute twice when two processes ask at once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from hybridsent.exceptions import StoreError
from hybridsent.store._claims import Claims
from hybridsent.store._row_bytes import VECTORS, Codec
from hybridsent.store._shelf import Shelf
from hybridsent.store._sqlite import DamagedError, UnusableError, set_aside

__all__ = ["Compute", "Computed", "Once", "compute_alone"]

Row = TypeVar("Row")
Compute = Callable[[list[bytes]], Iterator[tuple[Sequence[bytes], Any]]]

_ROWS_AT_ONCE, _LONGEST_WAIT = 256, 0.25  # rows and seconds between two writes
_FIRST_NAP, _LONGEST_NAP = 0.005, 0.2


@dataclass(frozen=True)
class Computed(Generic[Row]):
    """What `FeatureStore.get_or_compute` and `get_or_compute_texts` give.

    Parameters
    ----------
    rows : dict of bytes to ndarray of shape (d,), or to str
        Every key that was found or computed.
    n_computed : int
        Rows that this call computed.
    n_found : int
        Rows that were in the store, or that others computed meanwhile.
    """

    rows: dict[bytes, Row]
    n_computed: int
    n_found: int


def compute_alone(keys: Sequence[bytes], compute: Compute, codec: Codec = VECTORS) -> Computed[Any]:
    """Compute every key without a store."""
    asked = dict.fromkeys(keys)
    rows: dict[bytes, Any] = {}
    for some, given in _checked(compute(list(asked)), asked):
        rows.update(zip(some, codec.copied(given), strict=True))
    return Computed(rows, len(rows), 0)


def _checked(
    batches: Iterator[tuple[Sequence[bytes], Any]], asked: Mapping[bytes, object]
) -> Iterator[tuple[Sequence[bytes], Any]]:
    try:
        for keys, given in batches:
            if not all(key in asked for key in keys):
                raise ValueError("compute() gave a row for a key that it was not asked for.")
            if len(keys):
                yield keys, given
    except UnusableError as error:  # of another store, which compute() needs
        raise StoreError(str(error)) from error


class Once:
    """One call of `FeatureStore.get_or_compute`.

    Parameters
    ----------
    shelf : Shelf
        Where the rows are.
    keys : sequence of bytes
        What is asked for.
    compute : callable
        Gives batches of rows for a list of keys.
    save : callable
        Stores a batch.
    tell : callable
        Is told why the store cannot be used, where it cannot.
    codec : Codec, default=VECTORS
        What the rows are.
    """

    def __init__(
        self,
        shelf: Shelf,
        keys: Sequence[bytes],
        compute: Compute,
        save: Callable[[Sequence[bytes], Any], object],
        tell: Callable[[UnusableError], object],
        codec: Codec = VECTORS,
    ) -> None:
        self._codec = codec
        self._shelf = shelf
        self._compute = compute
        self._save = save
        self._tell = tell
        self._usable = True
        self._pending = dict.fromkeys(keys)
        self._rows: dict[bytes, Any] = {}
        self._n_computed = self._n_found = 0

    def run(self, folder: Path, fingerprint: str) -> Computed[Any]:
        """Find, compute, or wait for every key; keys that `compute` leaves out stay out."""
        with self._perhaps():
            self._find(list(self._pending))
        while self._pending and self._usable:
            with self._perhaps():
                try:
                    with Claims(folder, fingerprint) as claims:
                        self._until_done(claims)
                except DamagedError as error:
                    set_aside(error.path)  # by a power cut; at worst a row is computed twice
        if self._pending:
            alone = compute_alone(list(self._pending), self._compute, self._codec)
            self._rows.update(alone.rows)
            self._n_computed += alone.n_computed
        return Computed(self._rows, self._n_computed, self._n_found)

    @contextmanager
    def _perhaps(self) -> Iterator[None]:
        """Do something with the store; where that is impossible, say so and do without."""
        try:
            yield
        except UnusableError as error:
            self._usable = False
            self._tell(error)

    def _until_done(self, claims: Claims) -> None:
        nap = _FIRST_NAP
        while self._pending and self._usable:
            if self._work(claims):
                nap = _FIRST_NAP
            else:
                time.sleep(nap)
                nap = min(2 * nap, _LONGEST_NAP)

    def _work(self, claims: Claims) -> bool:
        """Claim and settle a portion of what nobody holds; False if there is nothing."""
        held = claims.held()
        free = list(islice((key for key in self._pending if key not in held), self._portion()))
        mine = claims.take(free) if free else []
        if not mine:
            return False
        try:
            self._find(mine)
            missing = [key for key in mine if key in self._pending]
            if missing:
                self._fill(missing, claims)
        finally:
            with self._perhaps():
                claims.release(mine)
        return True

    def _portion(self) -> int:
        """Leave work to others, in portions that still sort well by length."""
        least, most = self._codec.portion
        return min(most, max(least, -(-len(self._pending) // 2)))

    def _find(self, keys: Sequence[bytes]) -> None:
        rows = self._shelf.read(keys)
        self._n_found += len(rows)
        self._settle(rows)

    def _settle(self, rows: Mapping[bytes, Any]) -> None:
        self._rows.update(rows)
        for key in rows:
            self._pending.pop(key, None)

    def _fill(self, missing: list[bytes], claims: Claims) -> None:
        pid = os.getpid()
        waiting = _Waiting(self._codec)
        try:
            for keys, given in _checked(self._compute(missing), dict.fromkeys(missing)):
                waiting.add(keys, given)
                if waiting.is_due():
                    self._keep(waiting, claims)
        finally:  # what was computed before compute() failed is kept, but not by a fork of ours
            if os.getpid() == pid:
                self._keep(waiting, claims)
        for key in missing:
            self._pending.pop(key, None)  # left out by compute: not tried again by this call

    def _keep(self, waiting: _Waiting, claims: Claims) -> None:
        if not waiting.keys:
            return
        keys, rows = waiting.take()
        if self._usable:
            with self._perhaps():
                self._save(keys, rows)
                claims.release(keys)
        self._settle(dict(zip(keys, rows, strict=True)))
        self._n_computed += len(keys)


class _Waiting:
    """Rows that are computed and not yet stored: a transaction costs as much as a dozen of them."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.keys: list[bytes] = []
        self._parts: list[Any] = []
        self._since = 0.0

    def add(self, keys: Sequence[bytes], rows: Any) -> None:
        if not self.keys:
            self._since = time.monotonic()
        self.keys += keys
        self._parts.append(self._codec.copied(rows))

    def is_due(self) -> bool:
        """Whether there are many, or the first has waited so long that a crash would cost it."""
        return len(self.keys) >= _ROWS_AT_ONCE or (
            bool(self.keys) and time.monotonic() - self._since > _LONGEST_WAIT
        )

    def take(self) -> tuple[list[bytes], Any]:
        keys, parts = self.keys, self._parts
        self.keys, self._parts = [], []
        return keys, self._codec.joined(parts)
