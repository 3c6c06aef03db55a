"""The open family ``opensmile:``, and the offline defaults for sound (layer L2).

openSMILE frees the interpreter's lock while it computes, so the worker threads that read the clips
compute the features, too, each with an engine of its own (`hybridsent.encoders._opensmile_engine`).
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._opensmile_engine import Engines
from hybridsent.encoders._pooling import segments
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import MediaError, UnknownBackboneError

__all__ = ["OpenSmile", "identify", "load", "resolve"]

_RATE = 16_000
_SHORTEST = 1_120  # samples; measured over all sets and levels: below, some give no frame
_LEVELS = ("Functionals", "LowLevelDescriptors", "LowLevelDescriptors_Deltas")


def resolve(
    rest: str, modality: str, *, revision: str | None = None, local_files_only: bool = True
) -> Backbone:
    """Turn what follows ``opensmile:`` into a backbone; nothing is loaded.

    Parameters
    ----------
    rest : str
        ``SET`` or ``SET/LEVEL``, such as ``eGeMAPSv02/LowLevelDescriptors``.
    modality : str
        What the family reads.
    revision : str, default=None
        Not used by this family.
    local_files_only : bool, default=True
        Not used by this family: nothing is ever fetched.

    Returns
    -------
    Backbone
        The backbone.

    Raises
    ------
    UnknownBackboneError
        If openSMILE has no such set or level.
    """
    name, _, level = rest.partition("/")
    level = level or "Functionals"
    sets = import_optional("opensmile", caller=f"opensmile:{rest}").FeatureSet.__members__
    if name not in sets or level not in _LEVELS:
        raise UnknownBackboneError(
            "A backbone of the family 'opensmile:' must be SET or SET/LEVEL with SET in "
            f"{sorted(sets)} and LEVEL in {list(_LEVELS)}. "
            f"Got {rest!r}."
        )
    return Backbone(
        name=f"opensmile:{name}/{level}",
        modality=modality,
        loader="hybridsent.encoders._opensmile:load",
        identify="hybridsent.encoders._opensmile:identify",
        weights="PyPI package opensmile (no network)",
        licence="audEERING openSMILE (research and personal use)",
        commercial_use=False,
        options={"feature_set": name, "level": level},
        half_precision=False,
    )


def identify(backbone: Backbone) -> str:
    """Name the version of openSMILE, which is what decides its values.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.

    Returns
    -------
    str
        Version, set and level.
    """
    return f"opensmile {_version()} {backbone.options['feature_set']} {backbone.options['level']}"


@cache
def _version() -> str:
    """Read the version once: parsing its metadata takes as long as finding a row in the store."""
    return importlib.metadata.version("opensmile")


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Load openSMILE; device and precision do not matter to it.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.
    device, precision : str
        Not used.

    Returns
    -------
    Network
        The network.
    """
    return OpenSmile(backbone.options["feature_set"], backbone.options["level"], backbone.name)


class OpenSmile(Network):
    """A feature set of openSMILE.

    Functionals are one vector a clip (or a segment). Low-level descriptors are one vector every 10
    ms, pooled over time: by mean and standard deviation (``pooling="auto"``), mean or maximum.

    Parameters
    ----------
    feature_set, level : str
        Names in openSMILE's enums.
    name : str
        Name of the backbone.
    """

    def __init__(self, feature_set: str, level: str, name: str) -> None:
        opensmile = import_optional("opensmile", caller=name)
        self.level = level
        self.name = name
        try:
            # one for all threads: it only holds settings
            self.smile = opensmile.Smile(
                opensmile.FeatureSet[feature_set], opensmile.FeatureLevel[level]
            )
        except ValueError as error:
            raise UnknownBackboneError(
                f"{error} Got {name!r}; use the level LowLevelDescriptors."
            ) from error
        self.n_features = len(self.smile.feature_names)
        self.engines = Engines(self.smile, _RATE)

    @property
    def frames(self) -> bool:
        """Whether the features are one vector a frame."""
        return self.level != "Functionals"

    @property
    def width(self) -> int:
        """Features per vector, as the encoders ask by default."""
        return self.width_for(Options())

    def width_for(self, options: Options) -> int:
        """Features per vector; twice the descriptors for mean and standard deviation."""
        both = self.frames and options.pooling == "auto"
        return 2 * self.n_features if both else self.n_features

    def check(self, options: Options) -> None:
        """Only frames can be pooled."""
        allowed = ("auto",) if not self.frames else ("auto", "mean", "max")
        if options.pooling not in allowed:
            raise ValueError(
                f"The pooling parameter must be one of {allowed} for {self.name!r}. Got "
                f"{options.pooling!r}."
            )
        if options.layer != -1:
            raise ValueError(
                f"The layer parameter must be -1 for {self.name!r}. Got {options.layer!r}."
            )

    def prepare(self, clean: Any, options: Options) -> Any:
        """Compute the features of a clip, in the worker thread that read it."""
        # openSMILE takes 16-bit numbers: beyond full scale they would wrap around
        wave = np.clip(clean, -1.0, 1.0 - 2.0**-15)
        if self.frames:
            return _pool_frames(self._features(wave), options)
        parts = np.array_split(wave, options.steps or 1)
        return np.concatenate([self._features(part) for part in parts]).astype(np.float32)

    def _features(self, wave: np.ndarray) -> np.ndarray:
        """Features of a wave: (frames or 1, features)."""
        if len(wave) < _SHORTEST:  # openSMILE would warn and fill with NaN
            raise MediaError(
                f"the clip or segment of {len(wave) / _RATE:.3f} s is too short for {self.name!r}, "
                f"which needs {_SHORTEST / _RATE:.2f} s; use longer clips or fewer steps"
            )
        features = self.engines.features(wave)
        if features is None:
            channels: np.ndarray = np.asarray(self.smile(wave[None, :], _RATE))
            features = np.asarray(channels[0].T)
        return features

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Stack what `prepare` computed."""
        return np.stack(list(batch))


def _pool_frames(frames: np.ndarray, options: Options) -> np.ndarray:
    """Pool descriptors over segments."""
    frames = frames.astype(np.float64)  # energies and frequencies: float32 sums would lose digits
    rows = []
    for start, end in segments(len(frames), options.steps or 1):
        part = frames[start:end]
        if options.pooling == "max":
            rows.append(part.max(0))
        elif options.pooling == "mean":
            rows.append(part.mean(0))
        else:
            rows.append(np.concatenate([part.mean(0), part.std(0)]))
    return np.asarray(rows, dtype=np.float32)
