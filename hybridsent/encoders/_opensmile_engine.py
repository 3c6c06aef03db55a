"""Engines of openSMILE that are built once and serve many clips (layer L2).

`opensmile.Smile` builds an engine for every clip, frees it and makes tables of times. Here one
is reset after a clip, which keeps its parsed configuration, and that configuration holds only what
the level needs. The values are the same, bit for bit; once something fails, `Engines.features`
gives None and the caller takes the plain way.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.encoders._opensmile_config import SINK, lean_config

__all__ = ["Engines"]

_SOURCE = b"extsource"  # as openSMILE's configuration for external sound calls it
_LOG_ERRORS = 0
_FULL_SCALE = 32_768  # as `opensmile.Smile` turns sound into 16-bit numbers


class Engines:
    """Engines of one feature set and level: as many as there were threads at once.

    Parameters
    ----------
    smile : opensmile.Smile
        Tells set and level.
    rate : int
        Samples per second of all clips.
    """

    def __init__(self, smile: Any, rate: int) -> None:
        self._smile = smile
        self._rate = rate
        self._broken = False
        self._idle: list[_Engine] = []  # append and pop are atomic: no lock that a fork could keep
        weakref.finalize(self, _free_all, self._idle).atexit = False

    def features(self, wave: np.ndarray) -> np.ndarray | None:
        """Compute the features of a clip.

        Parameters
        ----------
        wave : ndarray of shape (samples,)
            The clip, within -1 and 1 - 2**-15.

        Returns
        -------
        ndarray of shape (frames or 1, features), float32, or None
            What `opensmile.Smile` gives; None if it must be asked itself.
        """
        engine = self._take()
        if engine is None:
            return None
        try:
            frames = engine.run((wave * _FULL_SCALE).astype(np.int16).tobytes())
        except _EngineError:
            engine.free()
            self._broken = True
            return None
        self._idle.append(engine)
        if not frames:
            return None
        return np.frombuffer(b"".join(frames), np.float32).reshape(len(frames), -1)

    def _take(self) -> _Engine | None:
        """Give an engine that is free, else a new one; None once one has failed."""
        if self._broken:
            return None
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        try:
            return self._build()
        except _FAILURES:
            self._broken = True
            return None

    def _build(self) -> _Engine:
        """Build an engine; rests on what openSMILE keeps to itself and may change."""
        lib = import_optional("opensmile.core.lib", caller="opensmile:")
        shared = Path(self._smile.default_config_root, "shared")
        files = {
            "source": shared / "standard_external_wave_input.conf.inc",
            "bufferModeRbConf": shared / "BufferModeRb.conf.inc",
            "frameModeFunctionalsConf": shared / "FrameModeFunctionals.conf.inc",
        }
        level = self._smile.feature_level.value
        text = lean_config(Path(self._smile.config_path), level, files)
        with tempfile.TemporaryDirectory(prefix="hybridsent") as folder:
            path = Path(folder, "lean.conf")
            path.write_text(text, "latin-1")
            return _Engine(lib, path, {"sampleRate": self._rate, "nBits": 16})


class _EngineError(RuntimeError):
    """The C library refused."""


class _Engine:
    """An engine of the C library, used by one thread at a time."""

    def __init__(self, lib: Any, config: Path, options: dict[str, int]) -> None:
        self._lib, self._api = lib, lib.smileapi
        self._handle = self._api.smile_new()
        if self._handle is None:
            raise _EngineError("no engine")
        words = [str(word).encode() for pair in options.items() for word in pair]
        arguments = lib.c_char_p_arr(words)
        try:
            self._do(
                "initialize", os.fsencode(config), len(options), arguments, _LOG_ERRORS, 0, 0, None
            )
        except _EngineError:
            self.free()
            raise

    def run(self, samples: bytes) -> list[bytes]:
        """Compute all frames of a clip, then make ready for the next."""
        frames: list[bytes] = []

        def keep(data: Any, size: int, _: Any) -> int:
            frames.append(ctypes.string_at(data, size * ctypes.sizeof(ctypes.c_float)))
            return 1

        callback = self._lib.ExternalSinkCallback(keep)
        self._do("extsink_set_data_callback", SINK.encode(), callback, None)
        self._do("extaudiosource_write_data", _SOURCE, samples, len(samples))
        self._do("extaudiosource_set_external_eoi", _SOURCE)
        self._do("run")
        self._do("reset")  # forgets the callback, too
        return frames

    def free(self) -> None:
        """Give the memory back."""
        self._api.smile_free(self._handle)

    def _do(self, name: str, *arguments: Any) -> None:
        code = getattr(self._api, f"smile_{name}")(self._handle, *arguments)
        if code != self._lib.SMILE_SUCCESS:
            raise _EngineError(f"smile_{name} gave {code}")


_FAILURES = (
    AttributeError,
    ImportError,
    OSError,
    ValueError,
    ctypes.ArgumentError,
    _EngineError,
)
"""What building an engine may raise where openSMILE is not as we know it."""


def _free_all(idle: list[_Engine]) -> None:
    while idle:
        idle.pop().free()
