"""Hearing a column: subtitles, then the store, then the network, each sound once (layer L4).

Why by hand: `hybridsent.encoders._run` does the same for vectors, which come in batches and must be
of one width; what both need, of cells, keys, threads and the store, they share.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from hybridsent._folders import depth_of_caller
from hybridsent.datasets._heard import NOTHING, Heard, joined
from hybridsent.datasets._speech import SAMPLING_RATE, Listener
from hybridsent.datasets._subtitles import Subtitles
from hybridsent.encoders._column_of_cells import Cells
from hybridsent.encoders._items import lists_in, spread_of
from hybridsent.encoders._reading import read
from hybridsent.encoders._workers import parallel, workers
from hybridsent.exceptions import CellError, CellWarning, MediaError, SilentSoundError
from hybridsent.media import content_key, load_audio, without_frames
from hybridsent.media._forms import opened, weights_in
from hybridsent.store import FeatureStore, resolve_store

__all__ = ["KIND", "Transcription", "transcribe_cells"]

KIND = "audio"
"""Name of the modality as which cells are read."""


@dataclass
class Transcription:
    """What was heard in the cells of a column, and where it is from.

    Parameters
    ----------
    heard : list of Heard or None
        One a cell; None where it is missing or broken.
    n_heard, n_found, n_subtitles : int
        Distinct sounds that were listened to, that the store knew, and that have subtitles.
    """

    heard: list[Heard | None]
    n_heard: int
    n_found: int
    n_subtitles: int

    @property
    def n_empty(self) -> int:
        """Cells in which nothing is said."""
        return sum(each is not None and not each.text for each in self.heard)


def transcribe_cells(
    cells: Cells,
    *,
    model: str | os.PathLike[str],
    language: str | None,
    subtitles: bool,
    channel: int | None,
    max_seconds: float,
    store: FeatureStore | str | os.PathLike[str] | None,
    on_error: str,
    n_jobs: int | None,
    local_files_only: bool,
    verbose: bool,
) -> Transcription:
    """Do what `transcribe` does with the cells of a column.

    Parameters
    ----------
    cells : Cells
        The column.
    model, language, subtitles, channel, max_seconds : object
        As in `transcribe`.
    store, on_error, n_jobs, local_files_only, verbose : object
        As in `transcribe`.

    Returns
    -------
    Transcription
        In the order of the cells.
    """
    lists = lists_in(cells, KIND)
    for row in lists:
        _check_unweighted(cells, row)
    spread = spread_of(cells, range(len(cells)), lists, KIND)
    items = spread.items if lists else Cells(spread.items.values, spread.items.labels, cells.column)
    run = _Run(
        items,
        Listener(model, language, channel, local_files_only=local_files_only),
        Subtitles(language) if subtitles else None,
        resolve_store(store),
        max_seconds=max_seconds,
        on_error=on_error,
        n_workers=workers(n_jobs),
        verbose=verbose,
    )
    run.all()
    parts: dict[int, list[Heard]] = {}
    for row, item in zip(spread.rows.tolist(), spread.which.tolist(), strict=True):
        if (heard := run.heard.get(item)) is not None:
            parts.setdefault(row, []).append(heard)
    whole = [joined(parts[row]) if row in parts else None for row in range(len(cells))]
    return Transcription(whole, run.n_heard, run.n_found, run.n_subtitles)


def _check_unweighted(cells: Cells, row: int) -> None:
    try:
        weights = weights_in(cells.values[row], KIND)
    except MediaError:  # wrong ones, of which `spread_of` will tell
        return
    if weights is not None:
        raise CellError(
            f"{cells.where(row)}: the sounds have weights, which a text cannot have. Transcribe "
            "the column that they are from, and gather its texts: add_context(table, "
            "'clip_text', ..., decay=...).",
            row=cells.labels[row],
            column=cells.column,
        )


@dataclass
class _Run:
    """One call: which sounds there are, what is known of them, and what is still to be heard."""

    items: Cells
    listener: Listener
    subtitles: Subtitles | None
    store: FeatureStore | None
    max_seconds: float
    on_error: str
    n_workers: int
    verbose: bool
    heard: dict[int, Heard] = field(default_factory=dict)
    n_heard: int = 0
    n_found: int = 0
    n_subtitles: int = 0
    _broken: dict[int, str] = field(default_factory=dict)
    _positions: dict[bytes, list[int]] = field(default_factory=dict)
    _changed: dict[bytes, Heard] = field(default_factory=dict)

    def all(self) -> None:
        """Hear every item, by subtitles, by the store, or by listening."""
        self._look(range(len(self.items)))
        if self._positions:
            self._listen(list(self._positions))
        if self._broken:
            warnings.warn(
                self.items.counted(self._broken), CellWarning, stacklevel=depth_of_caller()
            )

    def _look(self, positions: range) -> None:
        """Read subtitles, and the keys of what has none, in threads."""
        alone = len(positions) == 1
        told = parallel(self._first_look, positions, 0 if alone else self.n_workers, ahead=64)
        with closing(told):
            for position, found in zip(positions, told, strict=True):
                if isinstance(found, MediaError):
                    self._break(position, found)
                elif isinstance(found, Heard):
                    self.heard[position] = found
                    self.n_subtitles += 1
                else:
                    self._positions.setdefault(found, []).append(position)

    def _first_look(self, position: int) -> Heard | bytes | MediaError:
        cell = self.items.values[position]
        try:
            found = None if self.subtitles is None else self.subtitles.of(opened(cell, KIND))
            return content_key(cell, KIND) if found is None else found
        except MediaError as error:
            return without_frames(error)

    def _listen(self, keys: list[bytes]) -> None:
        with self._progress(len(keys)) as bar:

            def compute(missing: list[bytes]) -> Iterator[tuple[list[bytes], list[str]]]:
                for key, heard in self._heard_anew(missing):
                    bar.update(1)
                    yield [key], [heard.dumps()]

            if self.store is None:
                texts = {key: text for some, [text] in compute(keys) for key in some}
            else:
                fingerprint, spec = self.listener.identify()
                done = self.store.get_or_compute_texts(fingerprint, keys, compute, spec=spec)
                texts, self.n_found = done.rows, done.n_found
        known = {key: Heard.loads(text) for key, text in texts.items()} | self._changed
        for key, heard in known.items():
            for position in self._positions[key]:
                self.heard[position] = heard

    def _heard_anew(self, keys: list[bytes]) -> Iterator[tuple[bytes, Heard]]:
        """Listen to sounds, several at a time; what is broken is left out."""
        self.listener.open(self.n_workers, len(keys))
        lanes = min(self.n_workers, len(keys))
        outcomes = parallel(self._hear, keys, 0 if lanes == 1 else lanes, ahead=2 * lanes)
        with closing(outcomes):
            for key, (read_key, heard) in zip(keys, outcomes, strict=True):
                if isinstance(heard, MediaError):
                    for position in self._positions[key]:
                        self._break(position, heard)
                    continue
                self.n_heard += 1
                if read_key == key:
                    yield key, heard
                else:  # the file changed since it was hashed: this text is not of that content
                    self._changed[key] = heard

    def _hear(self, key: bytes) -> tuple[bytes | None, Heard | MediaError]:
        cell = self.items.values[self._positions[key][0]]
        reading = read(cell, key, KIND, self._samples)
        if isinstance(reading.item, SilentSoundError):
            return reading.key, NOTHING
        if isinstance(reading.item, MediaError):
            return reading.key, reading.item
        return reading.key, self.listener.hear(reading.item)

    def _samples(self, cell: Any) -> Any:
        return load_audio(
            cell,
            sampling_rate=SAMPLING_RATE,
            max_seconds=self.max_seconds,
            channel=self.listener.channel,
        )

    def _break(self, position: int, error: MediaError) -> None:
        message = f"{self.items.where(position)}: {error}"
        if self.on_error == "raise":
            raise self.items.refused(position, message) from error
        self._broken[position] = message

    def _progress(self, total: int) -> Any:
        from tqdm import tqdm

        return tqdm(
            total=total, desc="transcribe", unit="sound", disable=not self.verbose, leave=False
        )
