"""Tuned weights at rest: tuned once for the same rows, labels, settings and seed (layer L4).

A search over settings of the head, the models of single views beside a fusion and the steps of a
stack fit the same encoder on the same rows again and again. Its weights are found under a hash of
all that made them: in this process as long as somebody holds them or they are among the latest
ones, and in a folder of the user's for ever. No library serves: ``Pipeline(memory=...)`` keeps
what a step gave, and pickles the step; weights of a network are a folder of files.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary, finalize

import numpy as np

from hybridsent._label_sets import is_of_sets
from hybridsent._labels import one_column
from hybridsent.encoders import BaseEncoder
from hybridsent.encoders._column_of_cells import as_cells
from hybridsent.encoders._runtime import forget_networks
from hybridsent.encoders._tuned import MANIFEST, WEIGHTS
from hybridsent.exceptions import MediaError
from hybridsent.finetune._result import new_folder, place
from hybridsent.media import content_key, is_missing

__all__ = ["Weights", "kept", "key_of", "read_history"]

_MOST = 8  # folders that are kept though nobody holds them: those of the folds that run now
_SAID = 16  # digits of the hash that name a folder of the user's


class Weights:
    """A folder with a tuned network; a temporary one goes with the last who holds it.

    Parameters
    ----------
    folder : Path
        Where the files are.
    temporary : bool
        Whether the folder is removed at the end. Such weights travel with a pickle.
    """

    def __init__(self, folder: Path, *, temporary: bool) -> None:
        self.folder, self.temporary = folder, temporary
        if temporary:
            finalize(self, _free, folder, os.getpid())

    def __deepcopy__(self, memo: Any) -> Weights:
        """Share the files: nothing changes them."""
        return self

    def __reduce__(self) -> Any:
        """Give the files along, where no other process would find them."""
        if not self.temporary:
            return Weights.at, (str(self.folder),)
        files = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        return Weights.unpacked, (files,)

    @staticmethod
    def at(folder: str) -> Weights:
        """Name a folder of the user's."""
        return Weights(Path(folder), temporary=False)

    @staticmethod
    def unpacked(files: Mapping[str, bytes]) -> Weights:
        """Write files that came with a pickle."""
        folder = new_folder()
        for name, content in files.items():
            (folder / Path(name).name).write_bytes(content)
        return Weights(folder, temporary=True)


def _free(folder: Path, pid: int) -> None:
    """Give back the memory and the disk space of a network that nobody holds."""
    if os.getpid() == pid:  # not when a fork of the process ends
        forget_networks(f"tuned:{folder}")
        shutil.rmtree(folder, ignore_errors=True)


_alive: WeakValueDictionary[str, Weights] = WeakValueDictionary()
_latest: OrderedDict[str, Weights] = OrderedDict()
_turns: dict[str, threading.Lock] = {}
_lock = threading.Lock()


def kept(key: str, make: Callable[[], Path], home: Path | None) -> tuple[Weights, bool]:
    """Give the weights of a key: those that are there, else what is made now.

    Threads that want the same wait for the one that tunes it.

    Parameters
    ----------
    key : str
        As `key_of` gives it.
    make : callable
        Tunes, and gives a temporary folder.
    home : Path or None
        A folder of the user's, in which each key has a folder; None for one of this process.

    Returns
    -------
    weights : Weights
        The folder.
    found : bool
        Whether it was there.
    """
    where = f"{home or ''}|{key}"
    with _lock:
        turn = _turns.setdefault(where, threading.Lock())
    with turn:
        with _lock:
            known = _alive.get(where)
        if known is not None and _is_whole(known.folder):
            return _remembered(where, known), True
        if home is None:
            return _remembered(where, Weights(make(), temporary=True)), False
        folder = home / f"tuned-{key[:_SAID]}"
        if _is_whole(folder):
            return _remembered(where, Weights(folder, temporary=False)), True
        made = make()
        try:
            place(made, folder)
        except OSError:
            if not _is_whole(folder):  # else another process was first: its weights are these
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return _remembered(where, Weights(folder, temporary=False)), False


def _remembered(where: str, weights: Weights) -> Weights:
    """Keep the latest ones though nobody holds them: the next fit may ask for them."""
    dropped = []
    with _lock:
        _alive[where] = weights
        _latest[where] = weights
        _latest.move_to_end(where)
        while len(_latest) > _MOST:
            dropped.append(_latest.popitem(last=False))
    del dropped  # their folders are removed here, outside of the lock
    return weights


def _is_whole(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() and (folder / WEIGHTS).is_file()


def read_history(folder: Path) -> list[dict[str, float]]:
    """Read how a network was tuned, as it was written beside its weights.

    Parameters
    ----------
    folder : Path
        A folder that `write_folder` wrote.

    Returns
    -------
    list of dict
        An entry an epoch; empty where the file went.
    """
    with suppress(OSError, ValueError, KeyError):
        told = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        return list(told["history"])
    return []


def key_of(
    encoder: BaseEncoder,
    settings: Mapping[str, Any],
    rows: Sequence[tuple[Any, Any, Any]],
) -> str:
    """Hash all that a tuned network depends on.

    Parameters
    ----------
    encoder : BaseEncoder
        Names the backbone, and tells how its cells are read.
    settings : mapping of str to object
        Plain values: the settings, with the seed, the device and the arithmetic as resolved.
    rows : sequence of (column, array-like, array-like or None)
        Cells, labels and groups of each domain.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    backbone = encoder.backbone()
    kind = type(encoder)
    told = {
        "encoder": f"{kind.__module__}.{kind.__qualname__}",
        "backbone": backbone.identity or backbone.name,
        "weights": backbone.digest(),
        "cleaning": encoder._cleaning(),
        "options": encoder._options().for_fingerprint(),
        "on_error": encoder.on_error,
        "settings": dict(settings),
    }
    found = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode())
    for cells, labels, groups in rows:
        for key in _cell_keys(cells, encoder.modality):
            found.update(key)
        found.update(_digest(labels))
        found.update(b"-" if groups is None else _digest(groups))
    return found.hexdigest()


def _cell_keys(X: Any, modality: str) -> list[bytes]:
    """Give each cell the key under which its vectors are stored; a broken one has its words."""
    keys = []
    for cell in as_cells(X, modality).values:
        if is_missing(cell):
            keys.append(b"missing")
            continue
        try:
            keys.append(content_key(cell, modality))
        except MediaError as error:
            keys.append(f"broken {error}".encode())
    return keys


def _digest(y: Any) -> bytes:
    """Hash labels by their values and types: 1 is not "1"."""
    values = y if is_of_sets(y) or np.ndim(y) == 2 else one_column(copy.copy(y))
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    return hashlib.sha256(repr(listed).encode()).digest()
