"""The voices of the demo data: wordless speech from a source and a filter (layer L1).

A train of glottal pulses with a pitch contour (Rosenberg 1971, doi:10.1121/1.1912389) runs through
a cascade of five formants that move from vowel to vowel (Klatt 1980, doi:10.1121/1.383940). No
library of the project speaks, and recorded speech would bring a licence and megabytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter, sosfilt

__all__ = ["RATE", "Voice", "speak"]

RATE = 16_000
_FRAME = 240  # samples for which the formants stand still: 15 ms
_VOWELS = np.array(
    [  # the first three formants in Hz of a, e, i, o, u and the vowel of "but"
        [730, 1090, 2440],
        [530, 1840, 2480],
        [270, 2290, 3010],
        [570, 840, 2410],
        [300, 870, 2240],
        [640, 1190, 2390],
    ]
)
_BANDWIDTHS = np.array([70.0, 90.0, 130.0, 220.0, 300.0])


@dataclass(frozen=True)
class Voice:
    """What stays the same in all that one speaker says.

    Parameters
    ----------
    pitch : float
        Usual fundamental frequency in Hz.
    tract : float
        Factor on all formants: below 1 for a long vocal tract.
    breath : float
        Share of noise in the source.
    pace : float
        Factor on the number of syllables a second.
    """

    pitch: float
    tract: float
    breath: float
    pace: float

    @classmethod
    def born(cls, rng: np.random.Generator, number: int) -> Voice:
        """Draw a voice by lot; even numbers are low, odd ones high."""
        high = number % 2
        return cls(
            pitch=float(rng.uniform(165, 225) if high else rng.uniform(95, 145)),
            tract=float(rng.uniform(1.04, 1.18) if high else rng.uniform(0.9, 1.02)),
            breath=float(rng.uniform(0.01, 0.06)),
            pace=float(rng.uniform(0.9, 1.1)),
        )


@dataclass(frozen=True)
class _Prosody:
    """How a mood is spoken, against the speaker's usual voice."""

    lift: float = 0.0  # mean pitch, semitones
    swing: float = 1.3  # pitch accents, semitones
    fall: float = 2.0  # declination over the utterance, semitones
    pace: float = 4.4  # syllables a second
    tilt: float = 0.72  # pole of the low-pass on the source: lower is brighter
    open: float = 0.6  # share of a period in which the glottis is open: lower is tenser
    jitter: float = 0.007
    shimmer: float = 0.04
    gain: float = 0.0  # loudness, dB
    pause: float = 0.1  # chance of a pause after a syllable
    breath: float = 1.0


_REST = _Prosody()
_FULL = {
    "positive": [
        _Prosody(4.5, 3.6, 0.5, 5.6, 0.5, 0.55, 0.007, 0.04, 3.0, 0.05, 1.0),
        _Prosody(3.0, 4.2, -1.0, 5.0, 0.58, 0.6, 0.01, 0.05, 1.5, 0.08, 1.3),
    ],
    "neutral": [_REST, _Prosody(swing=1.0, fall=2.5), _Prosody(pace=4.8, tilt=0.68)],
    "negative": [
        _Prosody(-2.5, 0.6, 3.0, 3.1, 0.87, 0.75, 0.016, 0.09, -5.0, 0.3, 2.5),  # sad
        _Prosody(1.5, 1.8, 4.5, 4.9, 0.3, 0.42, 0.02, 0.12, 5.0, 0.06, 0.6),  # angry
    ],
}


def speak(rng: np.random.Generator, voice: Voice, mood: str, strength: float) -> np.ndarray:
    """Speak a few wordless syllables in a mood.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides which of several ways to speak in the mood, the syllables, room and microphone.
    voice : Voice
        Who.
    mood : {"positive", "neutral", "negative"}
        What the voice conveys.
    strength : float
        0 to 1: how clearly.

    Returns
    -------
    ndarray of int16
        1.2 to 1.8 seconds at 16 kHz.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._demo.voices import Voice, speak
    >>> rng = np.random.default_rng(0)
    >>> sound = speak(rng, Voice.born(rng, 1), "neutral", 0.5)
    >>> sound.dtype, 1.2 <= len(sound) / 16000 <= 1.8
    (dtype('int16'), True)
    """
    prosody = _perform(rng, mood, strength)
    n = _FRAME * int(rng.uniform(1.2, 1.8) * RATE / _FRAME)
    starts, ends = _syllables(rng, n, prosody.pace * voice.pace, prosody.pause)
    pitch = _pitch(rng, n, (starts + ends) // 2, voice.pitch, prosody)
    source = _source(rng, pitch, prosody, voice.breath * prosody.breath)
    source *= _envelope(rng, n, starts, ends)
    sound = _formants(source, _vowel_path(rng, n, starts, voice.tract))
    sound += _consonants(rng, n, starts) * np.abs(sound).max()
    return _record(rng, sound, prosody.gain)


def _perform(rng: np.random.Generator, mood: str, strength: float) -> _Prosody:
    options = _FULL[mood]
    full = options[rng.integers(len(options))]
    rest, goal = (np.array(list(vars(p).values())) for p in (_REST, full))
    spread = np.array([0.6, 0.25, 0.7, 0.25, 0.04, 0.03, 0.001, 0.01, 1.0, 0.03, 0.15])
    value = rest + (goal - rest) * strength + rng.normal(0, 1, len(rest)) * spread
    low = [-6, 0.2, -4, 2.5, 0.1, 0.35, 0.002, 0.01, -9, 0, 0.2]
    high = [8, 6, 7, 7, 0.93, 0.85, 0.03, 0.2, 8, 0.4, 4]
    return _Prosody(*np.clip(value, low, high).tolist())


def _syllables(
    rng: np.random.Generator, n: int, pace: float, pause: float
) -> tuple[np.ndarray, np.ndarray]:
    """First and last samples of the syllables, with silence before, after and in pauses."""
    starts, ends = [], []
    at, stop = rng.uniform(0.04, 0.1), n / RATE - 0.08
    while at < stop - 0.1:
        length = float(rng.uniform(0.75, 1.25)) / pace
        end = min(at + length * 0.82, stop)
        starts.append(int(at * RATE))
        ends.append(int(end * RATE))
        at += length + (rng.uniform(0.12, 0.25) if rng.random() < pause else 0.0)
    return np.array(starts), np.array(ends)


def _pitch(
    rng: np.random.Generator, n: int, middles: np.ndarray, base: float, prosody: _Prosody
) -> np.ndarray:
    """Fundamental frequency in Hz of each sample: declination, an accent a syllable, jitter."""
    accents = rng.normal(0, 1, len(middles))
    accents += np.where(np.arange(len(middles)) % 2, -0.6, 0.6)
    samples = np.arange(n)
    contour = np.interp(samples, middles, accents * prosody.swing)
    contour += prosody.lift + prosody.fall * (0.5 - samples / n)
    slow = np.interp(samples, samples[::_FRAME], rng.normal(0, 1, len(samples[::_FRAME])))
    pitch: np.ndarray = base * 2 ** (contour / 12) * (1 + prosody.jitter * slow)
    return np.asarray(np.clip(pitch, 60, 500))


def _source(
    rng: np.random.Generator, pitch: np.ndarray, prosody: _Prosody, breath: float
) -> np.ndarray:
    """Glottal flow derivative: Rosenberg pulses with shimmer, spectral tilt and breath."""
    phase = np.cumsum(pitch / RATE)
    cycle = phase.astype(int)
    within = (phase - cycle) / prosody.open
    flow = np.where(within < 1, 27 / 4 * within**2 * (1 - within), 0.0)
    flow *= 1 + prosody.shimmer * rng.normal(0, 1, cycle[-1] + 1)[cycle]
    flow += breath * rng.normal(0, 1, len(flow)) * (0.4 + flow)
    tilted = lfilter([1 - prosody.tilt], [1, -prosody.tilt], np.diff(flow, prepend=0.0))
    return np.asarray(tilted)


def _envelope(rng: np.random.Generator, n: int, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Loudness of each sample: a plateau a syllable, with ramps of 15 ms."""
    ramp = int(0.015 * RATE)
    plateau = rng.uniform(0.7, 1.0, len(starts))
    knots = np.column_stack([starts, starts + ramp, ends - ramp, ends]).ravel()
    values = np.column_stack([0 * plateau, plateau, plateau, 0 * plateau]).ravel()
    return np.interp(np.arange(n), knots, values)


def _vowel_path(rng: np.random.Generator, n: int, starts: np.ndarray, tract: float) -> np.ndarray:
    """Five formants in Hz for each frame, gliding from one vowel to the next."""
    vowels = _VOWELS[rng.integers(len(_VOWELS), size=len(starts))] * rng.normal(
        1, 0.03, (len(starts), 3)
    )
    frames = np.arange(0, n, _FRAME)
    moving = [np.interp(frames, starts + 0.05 * RATE, vowels[:, i]) for i in range(3)]
    fixed = [np.full(len(frames), 3500.0), np.full(len(frames), 4500.0)]
    return np.minimum(tract * np.column_stack(moving + fixed), 0.45 * RATE)


def _formants(source: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Filter frame by frame; the state is handed on, so there are no clicks."""
    radius = np.exp(-np.pi * _BANDWIDTHS / RATE)
    first = -2 * radius * np.cos(2 * np.pi * path / RATE)
    sections = np.zeros((*path.shape, 6))
    sections[..., 0] = 1 + first + radius**2  # gain 1 at 0 Hz
    sections[..., 3], sections[..., 4], sections[..., 5] = 1, first, radius**2
    state = np.zeros((path.shape[1], 2))
    frames = source.reshape(-1, _FRAME)
    filtered = np.empty_like(frames)
    for i, frame in enumerate(frames):
        filtered[i], state = sosfilt(sections[i], frame, zi=state)
    return filtered.ravel()


def _consonants(rng: np.random.Generator, n: int, starts: np.ndarray) -> np.ndarray:
    """Short bursts of hiss before two syllables in three."""
    noise = np.diff(rng.normal(0, 1, n), prepend=0.0)
    level = np.zeros(n)
    for start in starts[rng.random(len(starts)) < 0.65]:
        length = int(rng.uniform(0.02, 0.07) * RATE)
        begin = max(start - length, 0)
        level[begin:start] = np.hanning(start - begin) * rng.uniform(0.02, 0.12)
    return np.asarray(noise * level)


def _record(rng: np.random.Generator, sound: np.ndarray, gain: float) -> np.ndarray:
    """Set the level, add the room's noise and round to 16 bits."""
    level = 10 ** ((gain + rng.normal(0, 2.5) - 24) / 20)
    voiced = sound * level / np.sqrt(np.mean(sound**2))
    floor = 10 ** (rng.uniform(-62, -46) / 20)
    mixed = voiced + floor * lfilter([1], [1, -0.7], rng.normal(0, 1, len(sound)))
    limited = mixed / max(1.0, np.abs(mixed).max() / 0.95)
    return np.asarray((limited * 32767).round().astype(np.int16))
