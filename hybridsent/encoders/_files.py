"""Weights at rest: hash them, and say plainly when they are missing or broken (layer L2).

huggingface_hub and torch.hub fetch files; neither tells two weights apart by content, nor what to
do on a machine without network.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hybridsent.exceptions import WeightsError

__all__ = [
    "check_sha256",
    "digest_files",
    "first_line",
    "load_state",
    "quiet_transformers",
    "sha256_of",
]


# what torch.load was seen to raise for bytes that are no state dict
_UNREADABLE = (
    RuntimeError, EOFError, OSError, TypeError, ValueError, LookupError, AttributeError,
)  # fmt: skip


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, remembered while the file is unchanged.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    stat = path.stat()
    return _sha256(str(path), stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _sha256(path: str, size: int, mtime: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_files(paths: Iterable[Path], root: Path) -> str:
    """One SHA-256 over several files: their relative names and contents.

    Parameters
    ----------
    paths : iterable of Path
        Files below `root`.
    root : Path
        The folder.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    lines = sorted(f"{path.relative_to(root).as_posix()} {sha256_of(path)}" for path in paths)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


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


def load_state(path: Path, name: str) -> dict[str, Any]:
    """Read a state dict without running code: safetensors, or torch with ``weights_only``.

    Parameters
    ----------
    path : Path
        File of the weights.
    name : str
        Name of the backbone, for the message.

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
            return dict(load_file(path))
        return dict(torch.load(path, map_location="cpu", weights_only=True))
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
    from transformers.utils import logging

    control: Any = logging  # untyped functions of transformers
    level, bars = control.get_verbosity(), control.is_progress_bar_enabled()
    control.set_verbosity_error()
    control.disable_progress_bar()
    try:
        yield
    finally:
        control.set_verbosity(level)
        if bars:
            control.enable_progress_bar()
