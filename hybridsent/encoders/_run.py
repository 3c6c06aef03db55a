"""One call of an encoder: from cells to vectors, by way of the store (layer L2)."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from hybridsent.encoders import _runtime
from hybridsent.encoders._cells import Cells
from hybridsent.encoders._network import Network, Options
from hybridsent.exceptions import CellError, CellWarning, MediaError
from hybridsent.media import content_key
from hybridsent.store import FeatureStore, resolve_store

__all__ = ["Run"]

_OURS = frozenset({"hybridsent", "sklearn", "joblib"})


class Run:
    """One call of `transform`: which cells, what was found, what broke.

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
        self.positions: dict[bytes, list[int]] = {}
        self.broken: dict[int, str] = {}
        self.n_encoded = self.n_from_store = 0
        for position in cells.present():
            try:
                key = content_key(cells.values[position], encoder.modality)
            except MediaError as error:
                self._break(position, error)
            else:
                self.positions.setdefault(key, []).append(position)

    def rows(self) -> dict[bytes, np.ndarray]:
        """Give the vector of every distinct cell, found or computed; broken ones are left out."""
        keys = list(self.positions)
        if not keys:
            return {}
        self.backbone = self.encoder.backbone()
        store = resolve_store(self.encoder.store)
        with self._progress(len(keys)) as self.bar:
            if store is None:
                return self._without_store(keys)
            return self._with_store(store, keys)

    def _with_store(self, store: FeatureStore, keys: list[bytes]) -> dict[bytes, np.ndarray]:
        fingerprint, spec = self.encoder._identify(self.backbone)
        computed = store.get_or_compute(fingerprint, keys, self._compute, spec=spec)
        self.n_encoded, self.n_from_store = computed.n_computed, computed.n_found
        rows: dict[bytes, np.ndarray] = computed.rows
        return rows

    def _without_store(self, keys: list[bytes]) -> dict[bytes, np.ndarray]:
        rows = {
            key: row
            for batch, vectors in self._compute(keys)
            for key, row in zip(batch, vectors, strict=True)
        }
        self.n_encoded = len(rows)
        return rows

    def _compute(self, keys: list[bytes]) -> Iterator[tuple[list[bytes], np.ndarray]]:
        """Encode cells, a window at a time; yields (keys, vectors) as they are ready."""
        network = self.encoder._network(self.backbone)
        options = self.encoder._options()
        n_workers = _runtime.workers(self.encoder.n_jobs)
        waiting: list[bytes] = []
        items: list[Any] = []
        prepared = _runtime.parallel(
            lambda key: self._prepare(network, key, options), keys, n_workers
        )
        for key, item in zip(keys, prepared, strict=True):
            if isinstance(item, MediaError):
                self._break_key(key, item)
                continue
            waiting.append(key)
            items.append(item)
            if len(items) == self.encoder.window:
                yield from self._encode(network, waiting, items, options)
                waiting, items = [], []
        if items:
            yield from self._encode(network, waiting, items, options)

    def _prepare(self, network: Network, key: bytes, options: Options) -> Any:
        """Read and prepare a cell, in a worker thread; a MediaError is returned, not raised."""
        try:
            clean = self.encoder._read(self.cells.values[self.positions[key][0]])
            return network.prepare(clean, options)
        except MediaError as error:
            return error

    def _encode(
        self, network: Network, keys: list[bytes], items: list[Any], options: Options
    ) -> Iterator[tuple[list[bytes], np.ndarray]]:
        items = network.finish(items, options)
        for batch in _runtime.batches(network, items, self.encoder.batch_size):
            vectors = _runtime.encode_batch(network, [items[i] for i in batch], options)
            vectors = vectors.reshape(len(batch), -1)
            finite = np.isfinite(vectors).all(axis=1)
            for i in np.flatnonzero(~finite):
                self._break_key(
                    keys[batch[i]], MediaError("the backbone gave values that are not finite")
                )
            self.bar.update(len(batch))
            yield [keys[i] for i, good in zip(batch, finite, strict=True) if good], vectors[finite]

    # -- broken cells

    def _break_key(self, key: bytes, error: MediaError) -> None:
        for position in self.positions[key]:
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
        self.broken[position] = message

    def warn_of_broken(self) -> None:
        """Tell once how many cells broke, and which was the first."""
        if not self.broken:
            return
        first = self.broken[min(self.broken)]
        warnings.warn(
            f"{len(self.broken)} of {len(self.cells)} cells are broken and count as missing. The "
            f"first: {first}",
            CellWarning,
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
