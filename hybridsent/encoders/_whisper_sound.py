"""The log-mel spectrogram that Whisper hears (layer L2).

The numbers of each frame are those of transformers' ``WhisperFeatureExtractor``, which would import
torch and transformers in every process, and pads to 30 s. NumPy computes them in the worker threads
that read the sounds: a discrete Fourier transform by matrix products within the network would lose
the quiet bands, which are read down to 80 dB below the loudest.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from hybridsent._threads import one_blas_thread

__all__ = ["HOP", "RATE", "log_mel", "mel_filters"]

RATE = 16_000  # hertz, what media.load_audio gives
HOP = 160  # samples from frame to frame: 10 ms
_WINDOW = 400  # samples a frame: 25 ms
_FLOOR = 1e-10  # of power
_RANGE = 8.0  # powers of ten below the loudest
_BLOCK = 512  # frames at once: what is between stays in the caches of a processor


def log_mel(wave: np.ndarray, n_mels: int) -> np.ndarray:
    """Compute the log-mel spectrogram of a whole sound.

    Frames are centred on every 160th sample, and the sound is mirrored at its ends. What lies more
    than 80 dB below the loudest point of the sound is raised to that.

    Parameters
    ----------
    wave : ndarray of shape (n,), float32
        Sound at 16 kHz; at least one sample.
    n_mels : int
        Bands.

    Returns
    -------
    ndarray of shape (n_mels, ceil(n / 160)), float32
        The spectrogram.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.encoders._whisper_sound import log_mel
    >>> log_mel(np.sin(np.arange(1600, dtype=np.float32)), 80).shape
    (80, 10)
    """
    n = -(-len(wave) // HOP)
    filters, window = mel_filters(n_mels), _hann()
    out = np.empty((n_mels, n), dtype=np.float32)
    for start in range(0, n, _BLOCK):
        last = min(start + _BLOCK, n) - 1
        samples = _mirrored(wave, start * HOP - _WINDOW // 2, last * HOP + _WINDOW // 2)
        frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::HOP]
        spectrum = np.fft.rfft(frames * window)
        power = spectrum.real**2 + spectrum.imag**2
        with one_blas_thread():  # several sounds are read at once, and their threads would wait
            np.matmul(filters, power.T, out=out[:, start : start + _BLOCK])
    np.log10(np.maximum(out, _FLOOR, out=out), out=out)
    np.maximum(out, out.max() - np.float32(_RANGE), out=out)
    out += 4.0
    out /= 4.0
    return out


def _mirrored(wave: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Cut samples out of a sound that is mirrored at its ends; a film is not copied for these."""
    if start < 0 or stop > len(wave):
        period = max(2 * (len(wave) - 1), 1)
        places = np.arange(start, stop) % period
        wave, start, stop = wave[np.minimum(places, period - places) % len(wave)], 0, len(places)
    return wave[start:stop].astype(np.float32, copy=False)


@cache
def _hann() -> np.ndarray:
    """Hann's window of one period, as Fourier transforms take it."""
    t = np.arange(_WINDOW)
    window: np.ndarray = 0.5 - 0.5 * np.cos(2 * np.pi * t / _WINDOW)
    return window.astype(np.float32)


@cache
def mel_filters(n_mels: int) -> np.ndarray:
    """Give the triangles of Slaney's mel scale from 0 to 8,000 Hz, each of area one.

    Parameters
    ----------
    n_mels : int
        Bands.

    Returns
    -------
    ndarray of shape (n_mels, 201), float32
        What each frequency adds to each band.
    """
    highest = RATE / 2
    corners = _hertz(np.linspace(0.0, _mel(highest), n_mels + 2))
    bins = np.linspace(0.0, highest, _WINDOW // 2 + 1)
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (bins - left) / (middle - left), (right - bins) / (right - middle)
    triangles: np.ndarray = np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (right - left)
    return triangles.astype(np.float32)


_KNEE = 1000.0  # hertz: the scale is linear below, logarithmic above
_KNEE_MEL = 15.0
_STEP = np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    """Slaney's mel of a frequency above the knee."""
    return float(_KNEE_MEL + np.log(hertz / _KNEE) / _STEP)


def _hertz(mel: np.ndarray) -> np.ndarray:
    above = _KNEE * np.exp(_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _KNEE / _KNEE_MEL, above)
