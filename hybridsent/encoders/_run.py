"""One call of an encoder: from cells to vectors, by way of the store (layer L2)."""

from __future__ import annotations

import queue
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from hybridsent._folders import depth_of_caller
from hybridsent._hints import sentence
from hybridsent.encoders import _runtime, _workers
from hybridsent.encoders._column_of_cells import Cells
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._reading import Reading, read
from hybridsent.exceptions import (
    CellError,
    CellWarning,
    EmptyTextError,
    MediaError,
    SlowPathWarning,
    WeightsError,
)
from hybridsent.media import content_key, without_frames
from hybridsent.store import resolve_store

__all__ = ["Run"]

_PORTION = 512  # cells that the store deals out at least
_BLOCK = 64  # cells that a thread hashes at once
_AHEAD = 4  # batches a lane: enough to encode from while the next window is read
_Keys = tuple[bytes, bytes]  # of a cell as it was hashed, and as it was read


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
        self._width: int | None = None
        self._first: dict[bytes, int] = {}  # where each distinct cell stands first
        self._positions: dict[bytes, list[int]] = {}  # of the slice at work
        self._changed: dict[bytes, tuple[list[int], np.ndarray]] = {}  # read as something else
        self._again: list[int] = []  # cells to be hashed once more
        self._damage: dict[bytes, MediaError] = {}
        self._broken: dict[int, str] = {}

    @cached_property
    def _n_workers(self) -> int:
        """Threads that may be kept busy; a row that is in the store needs none."""
        return _workers.workers(self.encoder.n_jobs)

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
        hashed = _workers.parallel(self._hash, blocks, n_workers, ahead=2 * size // _BLOCK)
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
            return without_frames(error)

    # -- vectors

    def _settle(self, part: list[tuple[int, bytes | MediaError]]) -> None:
        """Give every cell of a slice its vector."""
        before, n = self.n_encoded, len(part)
        while part:  # more than once only where a cell changed since it was hashed
            self._settle_once(part)
            part, self._again = self._hash(self._again), []
        self._bar.update(n - (self.n_encoded - before))

    def _settle_once(self, part: list[tuple[int, bytes | MediaError]]) -> None:
        self._positions = {}
        for position, key in part:
            if isinstance(key, MediaError):
                self._break(position, key)
            elif key in self._damage:
                self._break(position, self._damage[key])
            else:
                self._positions.setdefault(key, []).append(position)
        fresh = [key for key in self._positions if key not in self._first]
        if fresh:
            if len(fresh) > _PORTION:  # the store deals them out: cells of similar size together
                fresh.sort(key=self._size, reverse=True)
            for key, row in self._find(fresh).items():
                self._fill(self._positions[key][0], row)
            self._keep_changed()
        for key, positions in self._positions.items():
            first = self._first.setdefault(key, positions[0])
            if self.vectors is not None and positions != [first] and self._filled[first]:
                self.vectors[positions] = self.vectors[first]
                self._filled[positions] = True

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

    def _fill(self, position: int, row: np.ndarray) -> None:
        if self.vectors is None:
            self.vectors = np.empty((len(self.cells), len(row)), dtype=np.float32)
        self.vectors[position] = row
        self._filled[position] = True

    def _keep_changed(self) -> None:
        """Keep the rows of cells that had changed under the keys of what was read."""
        changed, self._changed = self._changed, {}
        for key, (positions, row) in changed.items():
            self._first.setdefault(key, positions[0])
            for position in positions:
                self._fill(position, row)
        if changed and self._store is not None:
            fingerprint, spec = self._identity
            self._store.get_or_compute(
                fingerprint,
                list(changed),
                lambda keys: iter([(keys, np.stack([changed[key][1] for key in keys]))]),
                spec=spec,
            )

    def _set_apart(self, key: bytes) -> int:
        """Take the cell that was read out of its group; the others are hashed once more."""
        position, *others = self._positions.pop(key)
        self._again += others
        return position

    def _compute(self, keys: list[bytes]) -> Iterator[tuple[list[bytes], np.ndarray]]:
        """Encode cells; yields (keys, vectors) as they are ready, reading on meanwhile."""
        networks = self.encoder._networks(self.backbone, self._n_present)
        self._network, options = networks[0], self.encoder._options()
        network = self._network
        alone = len(keys) == 1  # threads would cost more than they gain
        prepared = _workers.parallel(
            lambda key: self._prepare(network, key, options),
            keys,
            0 if alone or not self.encoder.threads else self._n_workers,
            ahead=self.encoder.window,
        )
        lanes = min(network.lanes, self._n_workers)
        turns: queue.SimpleQueue[Network] = queue.SimpleQueue()
        for free in networks * lanes:
            turns.put(free)

        def encode(batch: tuple[list[_Keys], list[Any]]) -> tuple[list[_Keys], np.ndarray]:
            network = turns.get()
            try:
                return batch[0], _runtime.encode_batch(network, batch[1], options)
            finally:
                turns.put(network)

        encoded = _workers.parallel(
            encode,
            self._batches(network, keys, prepared, options),
            0 if alone else lanes * len(networks),
            ahead=_AHEAD * lanes * len(networks),
        )
        # an error holds this frame, in a cycle: without this the threads would be joined by the
        # garbage collector, and where that runs in a thread that just starts, for ever
        with closing(prepared), closing(encoded):
            for batch, vectors in encoded:
                self._check_width(vectors.shape[2])
                yield self._sort_out(batch, vectors.reshape(len(batch), -1))

    def _check_width(self, width: int) -> None:
        """Refuse vectors of another width than was declared, or than the first ones had."""
        self._width = self._width or self.backbone.width or width
        if width != self._width:
            raise WeightsError(
                f"The vectors of {self.backbone.name!r} must have {self._width} features, as its "
                f"description or its first vectors have. It gave {width}; mend the network, or "
                "the width of its Backbone."
            )

    def _sort_out(self, batch: list[_Keys], vectors: np.ndarray) -> tuple[list[bytes], np.ndarray]:
        """Sort vectors: those of the keys asked for are given, the others kept or broken."""
        finite = np.isfinite(vectors).all(axis=1)
        given = []
        for i, (key, read_key) in enumerate(batch):
            if not finite[i]:
                error = MediaError("the backbone gave values that are not finite")
                self._break_key(key, read_key, error)
            elif key == read_key:
                given.append(i)
            else:
                positions, _ = self._changed.setdefault(read_key, ([], vectors[i].copy()))
                positions.append(self._set_apart(key))
        self.n_encoded += int(finite.sum())
        self._bar.update(int(finite.sum()))
        return [batch[i][0] for i in given], vectors[given]

    def _prepare(self, network: Network, key: bytes, options: Options) -> Reading:
        """Read and prepare a cell, in a worker thread; a MediaError is returned, not raised."""
        return read(
            self.cells.values[self._positions[key][0]],
            key,
            self.encoder.modality,
            lambda cell: network.prepare(self.encoder._read(cell, network), options),
        )

    def _batches(
        self, network: Network, keys: list[bytes], prepared: Iterator[Reading], options: Options
    ) -> Iterator[tuple[list[_Keys], list[Any]]]:
        """Cut what was prepared into batches, a window at a time."""
        pairs = zip(keys, prepared, strict=True)
        while window := list(islice(pairs, self.encoder.window)):
            sound: list[tuple[_Keys, Any]] = []
            for key, reading in window:
                if reading.key is None or isinstance(reading.item, MediaError):
                    self._break_key(key, reading.key, reading.item)
                else:
                    sound.append(((key, reading.key), reading.item))
            items = network.finish([item for _, item in sound], options) if sound else []
            for batch in _runtime.batches(network, items, self.encoder.batch_size):
                yield [sound[i][0] for i in batch], [items[i] for i in batch]

    # -- broken cells

    def _break_key(self, key: bytes, read_key: bytes | None, error: MediaError) -> None:
        """Break the cells of a key; only the one that was read where it had changed."""
        if read_key is not None:
            self._damage[read_key] = error
        for position in self._positions[key] if key == read_key else [self._set_apart(key)]:
            self._break(position, error)

    def _break(self, position: int, error: MediaError) -> None:
        if isinstance(error, EmptyTextError):
            return  # missing: its row stays without values
        message = f"{self.cells.where(position)}: {error}"
        if self.encoder.on_error == "raise":
            raise self.cells.refused(position, message) from error
        self._broken[position] = message

    def has_sound(self) -> bool:
        """Whether a cell has a vector."""
        return self.vectors is not None and bool(self._filled.any())

    def check_some_sound(self) -> None:
        """Refuse a column without one sound cell: nothing can be learned from its modality.

        Raises
        ------
        CellError
            If there are cells, and every one is broken.
        """
        if not self._broken or len(self._broken) < len(self.cells.present()):
            return
        first = min(self._broken)
        raise CellError(
            f"All {len(self._broken)} {self.cells.noun}s of the column {self.cells.column!r} are "
            "broken, so that nothing can be learned from it. The first: "
            f"{sentence(self._broken[first])} "
            f"Mend what they have in common (a folder that moved, a format), or leave the "
            f"{self.encoder.modality} column out.",
            row=self.cells.labels[first],
            column=self.cells.column,
        )

    def warn(self) -> None:
        """Tell how many cells broke, and once in a process that a network runs slowly."""
        if self._broken:
            warnings.warn(
                self.cells.counted(self._broken),
                CellWarning,
                stacklevel=depth_of_caller(),
            )
        graphs = None if self._network is None else self._network.graphs
        if graphs is not None and graphs.slow is not None:
            reason, graphs.slow = graphs.slow, None
            warnings.warn(
                f"{graphs.name!r} cannot run through OpenVINO ({reason}); torch runs it, several "
                "times slower, with the same vectors.",
                SlowPathWarning,
                stacklevel=depth_of_caller(),
            )

    def _progress(self, total: int) -> Any:
        if not self.encoder.verbose:
            return _NoBar()
        from tqdm import tqdm

        name = f"encode {self.encoder.modality}"
        return tqdm(total=total, desc=name, unit="row", disable=False, leave=False)


class _NoBar(AbstractContextManager["_NoBar"]):
    """A progress bar that nobody wants to see: tqdm is not imported for it."""

    def update(self, n: int) -> None:
        """Do nothing."""

    def __exit__(self, *error: object) -> None:
        """Do nothing."""
