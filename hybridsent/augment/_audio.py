"""Changes of a sound: noise, level, tempo, pitch, and masks on its spectrum (layer L4).

audiomentations needs librosa and numba for tempo and pitch, and draws from generators of the
process; torchaudio is no dependency. SciPy transforms and soxr resamples; the phase vocoder between
them is a few lines.

References: Ko, Peddinti, Povey, Khudanpur: Audio augmentation for speech recognition, Interspeech
2015 (tempo). Laroche, Dolson: Improved phase vocoder time-scale modification of audio, IEEE TSAP
1999. Park et al.: SpecAugment, Interspeech 2019 (masks; here the masked spectrum becomes a sound
again, for encoders that read sounds).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.augment._augmentation import Augmentation, Change
from hybridsent.media._forms import taken
from hybridsent.media.audio import load_audio

__all__ = ["AUDIO_CHANGES"]

_RATE = 16_000  # at which files are read: that of the encoders
_SECONDS = 0.032  # of a window


@dataclass(frozen=True, eq=False)
class _Sound:
    """Samples of one channel, and their rate in hertz."""

    samples: np.ndarray
    rate: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sound) and np.array_equal(self.samples, other.samples)

    __hash__ = None  # type: ignore[assignment]

    def of(self, samples: np.ndarray) -> _Sound:
        """Give other samples at the same rate."""
        return _Sound(samples, self.rate)


def noise(sound: _Sound, rng: np.random.Generator, strength: float) -> _Sound:
    """Add white noise, from `strength` decibels below the sound to 15 further down."""
    level = float(np.sqrt(np.mean(np.square(sound.samples, dtype=np.float64))))
    by = level * 10 ** (-(strength + rng.uniform(0, 15)) / 20)
    return sound.of(sound.samples + by * rng.normal(size=len(sound.samples)))


def gain(sound: _Sound, rng: np.random.Generator, strength: float) -> _Sound:
    """Make the sound louder or softer, by decibels."""
    return sound.of(sound.samples * 10 ** (rng.uniform(-strength, strength) / 20))


def stretch(sound: _Sound, rng: np.random.Generator, strength: float) -> _Sound:
    """Let the sound be quicker or slower at the same pitch, by a share."""
    return sound.of(_stretched(sound, 1 + rng.uniform(-strength, strength)))


def pitch(sound: _Sound, rng: np.random.Generator, strength: float) -> _Sound:
    """Let the sound be higher or lower at the same length, by semitones."""
    import soxr

    factor = 2 ** (rng.uniform(-strength, strength) / 12)
    slow = _stretched(sound, 1 / factor)
    if len(slow) == len(sound.samples):
        return sound
    n = len(sound.samples)
    # what is longer by the factor is played quicker by it
    found = soxr.resample(np.ascontiguousarray(slow, dtype=np.float64), factor * 1e4, 1e4)
    return sound.of(np.pad(found, (0, max(0, n - len(found))))[:n])


def mask(sound: _Sound, rng: np.random.Generator, strength: float) -> _Sound:
    """Silence a band of frequencies and a span of time, each up to a share of all."""
    transform = _transform(sound)
    if transform is None:
        return sound
    spectrum = transform.stft(sound.samples)
    for axis in (0, 1):
        n = spectrum.shape[axis]
        width = int(rng.uniform(0, strength) * n)
        start = int(rng.integers(n - width + 1))
        spectrum[(slice(None),) * axis + (slice(start, start + width),)] = 0
    return sound.of(transform.istft(spectrum, k1=len(sound.samples)))


def _transform(sound: _Sound) -> Any:
    """Give the short-time Fourier transform; None for what is shorter than two windows."""
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    n = 4 * round(_SECONDS * sound.rate / 4)
    if n < 16 or len(sound.samples) < 2 * n:
        return None
    return ShortTimeFFT(hann(n, sym=False), n // 4, sound.rate)


def _stretched(sound: _Sound, speed: float) -> np.ndarray:
    """Play at another speed and the same pitch: a phase vocoder."""
    transform = _transform(sound)
    if transform is None:
        return sound.samples
    spectrum = transform.stft(sound.samples)
    at = np.arange(0, spectrum.shape[1] - 1, speed)
    low = at.astype(int)
    part = at - low
    size = np.abs(spectrum)
    magnitude = (1 - part) * size[:, low] + part * size[:, low + 1]
    # by how much the phase of each bin goes on between two windows: measured, near what is due
    due = 2 * np.pi * transform.hop * np.arange(len(spectrum)) / transform.mfft
    step = np.angle(spectrum[:, low + 1]) - np.angle(spectrum[:, low]) - due[:, None]
    step = step - 2 * np.pi * np.round(step / (2 * np.pi)) + due[:, None]
    phase = np.angle(spectrum[:, :1]) + np.cumsum(step, axis=1) - step[:, :1]
    n = max(1, round(len(sound.samples) / speed))
    built = transform.istft(magnitude * np.exp(1j * phase))
    return np.asarray(np.pad(built, (0, max(0, n - len(built))))[:n])


def _read(cell: Any) -> _Sound:
    form, inside = taken(cell, "audio")
    rate = int(inside[1]) if form == "samples" else _RATE
    return _Sound(load_audio(cell, sampling_rate=rate, min_seconds=0.0).astype(np.float64), rate)


def _write(content: _Sound, cell: Any) -> Any:
    del cell
    return np.asarray(content.samples, dtype=np.float32), content.rate


AUDIO_CHANGES = Augmentation(
    changes={
        "noise": Change(noise, 15.0, "decibels that the noise is below the sound, at least"),
        "gain": Change(gain, 6.0, "decibels louder or softer at most"),
        "stretch": Change(stretch, 0.1, "share by which it is quicker or slower at most"),
        "pitch": Change(pitch, 1.0, "semitones higher or lower at most"),
        "mask": Change(mask, 0.15, "share of frequencies and of time that is silenced at most"),
    },
    default=("noise", "stretch", "pitch"),
    read=_read,
    write=_write,
)
"""What changes a sound."""
