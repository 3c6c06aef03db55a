"""Features of the rows, encoded while people label (layer L7)."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from hybridsent.exceptions import HybridsentError

__all__ = ["Features", "ended"]

_PATIENCE = 60.0  # seconds


def ended(thread: threading.Thread | None) -> None:
    """Wait for the end of a thread that was told to stop.

    A thread that goes on works beside whatever the process does next, and at its exit inside of
    libraries that are being taken down.

    Parameters
    ----------
    thread : Thread or None
        The thread; None, or the one that asks, is not waited for.
    """
    if thread is not None and thread is not threading.current_thread():
        thread.join(_PATIENCE)


_CHUNK = 64


class Features:
    """A matrix of features that fills row by row.

    Parameters
    ----------
    n : int
        Rows of the table.
    source : DataFrame, array, transformer or None, default=None
        The features; or what makes them of `rows`, in a thread of its own; or nothing.
    rows : DataFrame or None, default=None
        What a transformer reads.
    order : array of int or None, default=None
        Which rows come first; None is the order of the table.
    learned : bool, default=False
        Whether the transformer learns from all rows, so that they are made in one go.
    """

    def __init__(
        self,
        n: int,
        source: Any = None,
        rows: Any = None,
        *,
        order: Any = None,
        learned: bool = False,
    ) -> None:
        self.n, self.done, self.error = n, 0, ""
        self.names: list[str] | None = None
        self.matrix: np.ndarray | None = None
        self.ready = np.zeros(n, dtype=bool)
        self.possible = source is not None
        self.changed = threading.Event()
        self._rows, self._learned = rows, learned
        self._order = np.arange(n) if order is None else np.asarray(order)
        self._source: Any = source if hasattr(source, "fit_transform") else None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if self.possible and self._source is None:
            self._put(np.arange(n), source)

    @property
    def complete(self) -> bool:
        """Whether nothing more will come."""
        return not self.possible or bool(self.error) or self.done >= self.n

    def start(self, told: Any = None) -> None:
        """Encode in a thread; `told` is called with the rows that are done."""
        if self._source is not None and self._thread is None:
            self._thread = threading.Thread(
                target=self._encode, args=(told,), name="hybridsent-encode", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Encode no more, when the rows at hand are done; what was encoded is in the store."""
        self._stop.set()
        ended(self._thread)

    def _encode(self, told: Any) -> None:
        try:
            for start in range(0, self.n, self.n if self._learned else _CHUNK):
                if self._stop.is_set():
                    return
                chunk = self._order[start : None if self._learned else start + _CHUNK]
                some = self._rows.iloc[chunk]
                first = start == 0
                self._put(
                    chunk,
                    self._source.fit_transform(some) if first else self._source.transform(some),
                )
                if told is not None:
                    told(self.done)
        except (HybridsentError, ValueError, OSError, MemoryError, RuntimeError) as error:
            self.error = " ".join(str(error).split())
            self.changed.set()

    def _put(self, chunk: np.ndarray, values: Any) -> None:
        if self.names is None and hasattr(values, "columns"):
            self.names = [str(name) for name in values.columns]
        try:
            block = np.asarray(values, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise ValueError(f"The features parameter must hold numbers alone: {error}.") from error
        if block.ndim != 2 or len(block) != len(chunk):
            raise ValueError(
                "The features parameter must be a matrix with a row for each of "
                f"{len(chunk)} rows. Got the shape {block.shape}."
            )
        if self.matrix is None:
            self.matrix = np.full((self.n, block.shape[1]), np.nan, dtype=np.float32)
        self.matrix[chunk] = block
        self.ready[chunk] = True
        self.done += len(chunk)
        self.changed.set()

    def table(self, at: np.ndarray) -> Any:
        """Give the features of some rows, with the names of their columns."""
        values = None if self.matrix is None else self.matrix[at]
        if values is None or self.names is None:
            return values
        import pandas as pd

        return pd.DataFrame(values, columns=self.names)
