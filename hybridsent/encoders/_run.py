"""One call of an encoder: from cells to vectors, by way of the store (layer L2)."""

from __future__ import annotations

import queue
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Any

import numpy as np

from hybridsent.encoders import _runtime, _threads
from hybridsent.encoders._cells import Cells
from hybridsent.encoders._network import Network, Options
from hybridsent.exceptions import CellError, CellWarning, MediaError, SlowPathWarning
from hybridsent.media import content_key
from hybridsent.store import resolve_store

__all__ = ["Run"]

_PORTION = 512  # cells that the store deals out at least
_BLOCK = 64  # cells that a thread hashes at once
_AHEAD = 4  # batches a lane: enough to encode from while the next window is read
_OURS = frozenset({"hybridsent", "sklearn", "joblib"})


class Run:
    """One call of `transform`: which cells, what was found, what broke.

    The column passes in slices: the keys of the next one are computed while this one is encoded,
    and beside the result only a slice is held in memory.

    Parameters
    ----------
    encoder : BaseEncoder
        The encoder that is called; typed loosely, as it imports this module.
    cells : Cells
        The column.
    """

    def __init__(self, encoder: Any, cells: Cells) -> None:
        self.encoder = encoder
        self.cells = cells
        self.n_encoded = self.n_from_store = 0
        self.vectors: np.ndarray | None = None
        self._filled = np.zeros(len(cells), dtype=bool)
        self._network: Network | None = None
        self._n_workers = _threads.workers(encoder.n_jobs)
        self._first: dict[bytes, int] = {}  # where each distinct cell stands first
        self._positions: dict[bytes, list[int]] = {}  # of the slice at work
        self._damage: dict[bytes, MediaError] = {}
        self._broken: dict[int, str] = {}

    def rows(self) -> np.ndarray | None:
        """Give a vector a cell, NaN where it is missing or broken; None where all are."""
        present = self.cells.present()
        if present:
            self.backbone = self.encoder.backbone()
            self._store = resolve_store(self.encoder.store)
            if self._store is not None:
                self._identity = self.encoder._identify(self.backbone)
            self._n_present = len(present)
            with self._progress(len(present)) as self._bar:
                for part in self._slices(present):
                    self._settle(part)
        if self.vectors is not None:
            self.vectors[~self._filled] = np.nan
        return self.vectors

    # -- keys

    def _slices(self, present: list[int]) -> Iterator[list[tuple[int, bytes | MediaError]]]:
        """Hash cells in threads, a slice ahead."""
        size = self.encoder.slice
        blocks = [present[i : i + _BLOCK] for i in range(0, len(present), _BLOCK)]
        n_workers = 0 if len(blocks) == 1 else self._n_workers if self.encoder.threads else 1
        hashed = _threads.parallel(self._hash, blocks, n_workers, ahead=2 * size // _BLOCK)
        part: list[tuple[int, bytes | MediaError]] = []
        with closing(hashed):
            for block in hashed:
                part += block
                if len(part) >= size:
                    yield part
                    part = []
        if part:
            yield part

    def _hash(self, positions: list[int]) -> list[tuple[int, bytes | MediaError]]:
        return [(position, self._key(position)) for position in positions]

    def _key(self, position: int) -> bytes | MediaError:
        try:
            return content_key(self.cells.values[position], self.encoder.modality)
        except MediaError as error:
            return error

    # -- vectors

    def _settle(self, part: list[tuple[int, bytes | MediaError]]) -> None:
        """Give every cell of a slice its vector."""
        self._positions = {}
        for position, key in part:
            if isinstance(key, MediaError):
                self._break(position, key)
            elif key in self._damage:
                self._break(position, self._damage[key])
            else:
                self._positions.setdefault(key, []).append(position)
        before = self.n_encoded
        fresh = [key for key in self._positions if key not in self._first]
        if fresh:
            if len(fresh) > _PORTION:  # the store deals them out: cells of similar size together
                fresh.sort(key=self._size, reverse=True)
            self._fill(self._find(fresh))
        for key, positions in self._positions.items():
            first = self._first.setdefault(key, positions[0])
            if self.vectors is not None and positions != [first] and self._filled[first]:
                self.vectors[positions] = self.vectors[first]
                self._filled[positions] = True
        self._bar.update(len(part) - (self.n_encoded - before))

    def _size(self, key: bytes) -> int:
        return int(self.encoder._size(self.cells.values[self._positions[key][0]]))

    def _find(self, keys: list[bytes]) -> Mapping[bytes, np.ndarray]:
        """Find or compute the vectors of distinct cells; broken ones are left out."""
        if self._store is None:
            return {
                key: row
                for batch, vectors in self._compute(keys)
                for key, row in zip(batch, vectors, strict=True)
            }
        fingerprint, spec = self._identity
        computed = self._store.get_or_compute(fingerprint, keys, self._compute, spec=spec)
        self.n_from_store += computed.n_found
        return computed.rows

    def _fill(self, rows: Mapping[bytes, np.ndarray]) -> None:
        for key, row in rows.items():
            if self.vectors is None:
                self.vectors = np.empty((len(self.cells), len(row)), dtype=np.float32)
            position = self._positions[key][0]
            self.vectors[position] = row
            self._filled[position] = True

    def _compute(self, keys: list[bytes]) -> Iterator[tuple[list[bytes], np.ndarray]]:
        """Encode cells; yields (keys, vectors) as they are ready, reading on meanwhile."""
        networks = self.encoder._networks(self.backbone, self._n_present)
        self._network, options = networks[0], self.encoder._options()
        network = self._network
        alone = len(keys) == 1  # threads would cost more than they gain
        prepared = _threads.parallel(
            lambda key: self._prepare(network, key, options),
            keys,
            0 if alone or not self.encoder.threads else self._n_workers,
            ahead=self.encoder.window,
        )
        lanes = min(network.lanes, self._n_workers)
        turns: queue.SimpleQueue[Network] = queue.SimpleQueue()
        for free in networks * lanes:
            turns.put(free)

        def encode(batch: tuple[list[bytes], list[Any]]) -> tuple[list[bytes], np.ndarray]:
            network = turns.get()
            try:
                return batch[0], _runtime.encode_batch(network, batch[1], options)
            finally:
                turns.put(network)

        encoded = _threads.parallel(
            encode,
            self._batches(network, keys, prepared, options),
            0 if alone else lanes * len(networks),
            ahead=_AHEAD * lanes * len(networks),
        )
        # an error holds this frame, in a cycle: without this the threads would be joined by the
        # garbage collector, and where that runs in a thread that just starts, for ever
        with closing(prepared), closing(encoded):
            for batch, vectors in encoded:
                vectors = vectors.reshape(len(batch), -1)
                finite = np.isfinite(vectors).all(axis=1)
                for i in np.flatnonzero(~finite):
                    self._break_key(
                        batch[i], MediaError("the backbone gave values that are not finite")
                    )
                self.n_encoded += int(finite.sum())
                self._bar.update(int(finite.sum()))
                found = [key for key, good in zip(batch, finite, strict=True) if good]
                yield found, vectors[finite]

    def _prepare(self, network: Network, key: bytes, options: Options) -> Any:
        """Read and prepare a cell, in a worker thread; a MediaError is returned, not raised."""
        try:
            clean = self.encoder._read(self.cells.values[self._positions[key][0]], network)
            return network.prepare(clean, options)
        except MediaError as error:
            return error

    def _batches(
        self, network: Network, keys: list[bytes], prepared: Iterator[Any], options: Options
    ) -> Iterator[tuple[list[bytes], list[Any]]]:
        """Cut what was prepared into batches, a window at a time."""
        pairs = zip(keys, prepared, strict=True)
        while window := list(islice(pairs, self.encoder.window)):
            sound = []
            for key, item in window:
                if isinstance(item, MediaError):
                    self._break_key(key, item)
                else:
                    sound.append((key, item))
            items = network.finish([item for _, item in sound], options) if sound else []
            for batch in _runtime.batches(network, items, self.encoder.batch_size):
                yield [sound[i][0] for i in batch], [items[i] for i in batch]

    # -- broken cells

    def _break_key(self, key: bytes, error: MediaError) -> None:
        self._damage[key] = error
        for position in self._positions[key]:
            self._break(position, error)

    def _break(self, position: int, error: MediaError) -> None:
        message = f"{self.cells.where(position)}: {error}"
        if self.encoder.on_error == "raise":
            raise CellError(
                f"{message} Mend or remove the cell, or pass on_error='missing' to read it as a "
                "missing one.",
                row=self.cells.labels[position],
                column=self.cells.column,
            ) from error
        self._broken[position] = message

    def warn(self) -> None:
        """Tell how many cells broke, and once in a process that a network runs slowly."""
        if self._broken:
            first = self._broken[min(self._broken)]
            warnings.warn(
                f"{len(self._broken)} of {len(self.cells)} cells are broken and count as missing. "
                f"The first: {first}",
                CellWarning,
                stacklevel=_depth_of_caller(),
            )
        graphs = None if self._network is None else self._network.graphs
        if graphs is not None and graphs.slow is not None:
            reason, graphs.slow = graphs.slow, None
            warnings.warn(
                f"{graphs.name!r} cannot run through OpenVINO ({reason}); torch runs it, several "
                "times slower, with the same vectors.",
                SlowPathWarning,
                stacklevel=_depth_of_caller(),
            )

    def _progress(self, total: int) -> Any:
        from tqdm import tqdm

        name = f"encode {self.encoder.modality}"
        return tqdm(
            total=total, desc=name, unit="row", disable=not self.encoder.verbose, leave=False
        )


def _depth_of_caller() -> int:
    """Give the `stacklevel` of the user's line, however many steps of a pipeline lie between."""
    # expiry: `skip_file_prefixes` of warnings.warn does this from Python 3.12 on
    depth, frame = 0, sys._getframe(1)
    while frame.f_back is not None:
        depth += 1
        if frame.f_globals.get("__name__", "").split(".")[0] not in _OURS:
            break
        frame = frame.f_back
    return depth
