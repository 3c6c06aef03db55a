"""Weights at rest: hash them, and say plainly when they are missing or broken (layer L2).

huggingface_hub and torch.hub fetch files; neither tells two weights apart by content, nor what to
do on a machine without network.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hybridsent.exceptions import WeightsError
from hybridsent.media._file import identity_of, is_settled

__all__ = [
    "PATTERNS",
    "check_sha256",
    "check_unchanged",
    "digest_files",
    "files_of",
    "first_line",
    "load_state",
    "quiet_transformers",
    "sha256_of",
]

PATTERNS = ("*.safetensors", "*.json", "*.txt", "*.model", "*_Pooling/*.json")
_IGNORED = {"data_config.json", "trainer_state.json", "training.json", "README.md"}

# what torch.load was seen to raise for bytes that are no state dict
_UNREADABLE = (
    RuntimeError, EOFError, OSError, TypeError, ValueError, LookupError, AttributeError,
)  # fmt: skip


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, remembered while the file is the same and unchanged.

    A file that was written in the last two seconds may change again without a trace, so that its
    hash is not remembered yet.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    WeightsError
        If the file changes while it is read.
    """
    info = path.stat()
    sha256 = _sha256 if is_settled(info) else _sha256.__wrapped__
    return sha256(str(path.absolute()), identity_of(info))


@functools.lru_cache(maxsize=4096)
def _sha256(path: str, identity: tuple[int, ...]) -> str:
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if identity_of(os.fstat(file.fileno())) != identity:
            raise _changed(path)
    return digest


def check_unchanged(before: str, now: str, name: str) -> None:
    """Refuse weights that changed while they were loaded.

    Parameters
    ----------
    before, now : str
        Hash of the weights, before and after.
    name : str
        Name of the backbone, for the message.

    Raises
    ------
    WeightsError
        If the two differ: rows would be kept under the name of other weights.
    """
    if before != now:
        raise _changed(name)


def _changed(what: str) -> WeightsError:
    return WeightsError(
        f"The files of {what!r} must not change while they are read. They did; wait until they are "
        "written, and run this again."
    )


def digest_files(paths: Iterable[Path], root: Path, more: str = "") -> str:
    """One SHA-256 over several files: their relative names and contents.

    Parameters
    ----------
    paths : iterable of Path
        Files below `root`.
    root : Path
        The folder.
    more : str, default=""
        What else changes the vectors.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    lines = sorted(f"{path.relative_to(root).as_posix()} {sha256_of(path)}" for path in paths)
    return hashlib.sha256(("\n".join(lines) + more).encode()).hexdigest()


def files_of(folder: Path) -> list[Path]:
    """List the files of a model that change its vectors.

    Parameters
    ----------
    folder : Path
        Folder of the model.

    Returns
    -------
    list of Path
        Weights, configuration, tokenizer and preprocessing.
    """
    found = {path for pattern in PATTERNS for path in folder.glob(pattern)}
    return sorted(path for path in found if path.name not in _IGNORED)


def check_sha256(path: Path, expected: str, name: str) -> None:
    """Refuse weights that are not the registered ones.

    Parameters
    ----------
    path : Path
        File of the weights.
    expected : str
        SHA-256, or its first digits.
    name : str
        Name of the backbone, for the message.

    Raises
    ------
    WeightsError
        If the hash differs.
    """
    seen = sha256_of(path)
    if not seen.startswith(expected):
        raise WeightsError(
            f"The weights of {name!r} in {path} must have the SHA-256 {expected[:16]}…. Got "
            f"{seen[:16]}…: the file is damaged "
            "or another one; reinstall the package or fetch the file again."
        )


def load_state(path: Path, name: str, device: str = "cpu") -> dict[str, Any]:
    """Read a state dict without running code: safetensors, or torch with ``weights_only``.

    Parameters
    ----------
    path : Path
        File of the weights.
    name : str
        Name of the backbone, for the message.
    device : str, default="cpu"
        Where the tensors shall be; ``"meta"`` for their shapes alone.

    Returns
    -------
    dict of str to Tensor
        The parameters.

    Raises
    ------
    WeightsError
        If the file cannot be read so.
    """
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path, device=device))
        return dict(torch.load(path, map_location=device, weights_only=True))
    except (*_UNREADABLE, SafetensorError, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"The weights of {name!r} in {path} cannot be read as plain tensors: "
            f"{first_line(error)}. The file is damaged, or holds more than tensors; fetch it again "
            "or convert it to safetensors."
        ) from error


def first_line(error: BaseException) -> str:
    r"""Take the first line of an error's message, for ours.

    Parameters
    ----------
    error : BaseException
        An error of another library.

    Returns
    -------
    str
        Its first line, or its type where it says nothing.

    Examples
    --------
    >>> from hybridsent.encoders._files import first_line
    >>> first_line(ValueError("bad\nstack"))
    'bad'
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers from printing reports and bars while it loads; we check ourselves."""
    if "transformers" not in sys.modules:
        yield  # not imported, so it prints nothing
        return
    with _quiet_lock:
        _quiet.append(_silence() if not _quiet else _quiet[0])
    try:
        yield
    finally:
        with _quiet_lock:
            restore = _quiet.pop()
            if not _quiet:
                restore()


_quiet: list[Callable[[], None]] = []  # one for each thread inside; the last one restores
_quiet_lock = threading.Lock()


def _silence() -> Callable[[], None]:
    """Silence transformers, for the whole process, and give what makes it speak again."""
    from transformers.utils import logging

    control: Any = logging  # untyped functions of transformers
    level, bars = control.get_verbosity(), control.is_progress_bar_enabled()
    control.set_verbosity_error()
    control.disable_progress_bar()

    def restore() -> None:
        control.set_verbosity(level)
        if bars:
            control.enable_progress_bar()

    return restore
