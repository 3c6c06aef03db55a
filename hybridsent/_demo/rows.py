"""The rows of the demo data: their texts, and the pictures, sounds and clips on disk (layer L1)."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from hybridsent._demo.clips import write_clip
from hybridsent._demo.faces import Person, draw_face
from hybridsent._demo.plans import MEDIA, MODALITIES, SPEAKERS, plan_rows
from hybridsent._demo.scenes import draw_scene
from hybridsent._demo.texts import Writer
from hybridsent._demo.voices import RATE, Voice, speak

__all__ = ["write_rows"]

_FACES = 0.6  # share of pictures that show a face; the others show a scene


def write_rows(
    home: Path, n: int, seed: int, *, language: str, video: bool
) -> Iterator[dict[str, str]]:
    """Write the media of each row and give its cells.

    Parameters
    ----------
    home : pathlib.Path
        Folder with the folders ``images`` and ``audio``, or ``videos``.
    n : int
        Number of rows.
    seed : int
        Seed of all generators.
    language : {"en", "zh"}
        Language of the texts.
    video : bool
        Whether picture and sound of a row are one clip.

    Yields
    ------
    dict of str to str
        Text, paths below `home`, label and speaker; a missing cell is an empty string.
    """
    crowd = range(len(SPEAKERS))
    people = [Person.born(np.random.default_rng([seed, 1, i]), i) for i in crowd]
    voices = [Voice.born(np.random.default_rng([seed, 2, i]), i) for i in crowd]
    writer = Writer(np.random.default_rng([seed, 3]), language)
    for i, plan in enumerate(plan_rows(n, seed)):
        part = _Part([seed, i], people[plan.speaker], voices[plan.speaker], plan.shown)
        cells = dict.fromkeys(("text", "video") if video else MODALITIES, "")
        if "text" in plan.shown:
            cells["text"] = writer.write(*plan.shown["text"])
        if video and plan.shown.keys() >= set(MEDIA):  # else the clip is missing
            cells["video"] = f"videos/demo_{i:05d}.mp4"
            part.write_clip(home / cells["video"])
        if "image" in plan.shown and not video:
            cells["image"] = f"images/demo_{i:05d}.jpg"
            part.draw().save(home / cells["image"], quality=88)
        if "audio" in plan.shown and not video:
            cells["audio"] = f"audio/demo_{i:05d}.wav"
            _write_wave(home / cells["audio"], part.speak())
        yield cells | {"label": plan.label, "speaker": SPEAKERS[plan.speaker]}


class _Part:
    """What one speaker shows and says in one row, the same whenever it is asked for."""

    def __init__(
        self, seeds: list[int], person: Person, voice: Voice, shown: dict[str, tuple[str, float]]
    ) -> None:
        self._seed, self._row = seeds
        self._person, self._voice, self._shown = person, voice, shown

    def draw(self, share: float = 1.0) -> Image.Image:
        """Draw the face, or a scene, with a share of its expression."""
        rng = np.random.default_rng([self._seed, 4, self._row])
        mood, strength = self._shown["image"]
        if rng.random() < _FACES:
            canvas = draw_face(rng, self._person, mood, share * strength)
        else:
            canvas = draw_scene(rng, mood, share * strength)
        return canvas.develop(rng)

    def speak(self) -> np.ndarray:
        """Speak, without words."""
        rng = np.random.default_rng([self._seed, 5, self._row])
        return speak(rng, self._voice, *self._shown["audio"])

    def write_clip(self, path: Path) -> None:
        """Write what picture and sound would be as one clip."""
        write_clip(path, self.draw, self.speak(), RATE)


def _write_wave(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
