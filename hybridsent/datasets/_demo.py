"""Demo data: a small corpus of texts, images and sounds, or clips, made on the spot (layer L4).

Why no library serves: public corpora need a network and bring licences; this one is written in
seconds, is the same for everybody, and is as noisy as real data: the modalities of a row often
disagree, so that fusing them pays.
"""

from __future__ import annotations

import operator
import os
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, SupportsIndex

import numpy as np
import pandas as pd

from hybridsent.datasets._demo_clip import write_clip
from hybridsent.datasets._demo_faces import Person, draw_face
from hybridsent.datasets._demo_scenes import draw_scene
from hybridsent.datasets._demo_text import LANGUAGES, Writer
from hybridsent.datasets._demo_voice import RATE, Voice, speak
from hybridsent.datasets._table import read_table, write_table
from hybridsent.exceptions import TableError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["make_demo"]

_SHARES = {"positive": 0.40, "neutral": 0.25, "negative": 0.35}
# In what share of the rows each modality shows the row's label; in the others it shows another one.
# Set so that the default encoders with a linear classifier reach 55 to 70 % on one modality.
_HONEST = {"text": 0.91, "image": 0.78, "audio": 0.89}
_SPEAKERS = ("ada", "ben", "chidi", "dora", "emre", "fay", "goran", "hana", "ivo", "june")
_MISSING = 0.03
_MODALITIES = ("text", "image", "audio")
_FACES = 0.6
_LEAST = 12
_MARKER = "MADE_BY_MAKE_DEMO.txt"
_OWN = {"images": "demo_*.jpg", "audio": "demo_*.wav", "videos": "demo_*.mp4"}


@dataclass(frozen=True)
class _Plan:
    """What one row is to show; a modality that is absent is missing from the row."""

    label: str
    speaker: int
    shown: dict[str, tuple[str, float]]  # modality → (mood, strength)


def make_demo(
    n: int = 240,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    *,
    language: str = "en",
    video: bool = False,
) -> pd.DataFrame:
    """Write a small corpus for sentiment analysis and read it back.

    Each row is something one of ten invented people said: a text (hand-written English or Chinese
    sentences, varied), an image (their face, or a scene) and a sound (wordless speech), with the
    sentiment that was meant. Each modality shows that sentiment in most rows, more or less clearly,
    and another one in the rest; in about 3 % of the rows one modality is missing. So no modality
    solves the task alone, and fusing them helps. Everything is drawn and synthesised here; scores
    on it say nothing about real data.

    The same `n`, `seed` and `language` write the same files, clips with the same release of PyAV.
    Sentences repeat, in other words, beyond about 300 rows (200 in Chinese).

    Parameters
    ----------
    n : int, default=240
        Number of rows, at least 12. 240 rows take a few seconds and 14 MB.
    seed : int, default=0
        Seed of the generator, at least 0.
    folder : str or PathLike, default=None
        Where ``table.csv``, ``images/`` and ``audio/``, or ``videos/``, go; it is created. An older
        demo there is replaced. None: a new folder among the temporary files, yours to delete.
    language : {"en", "zh"}, default="en"
        Language of the texts: English or Chinese (which ``"text/multilingual-e5-small"`` reads, and
        the default encoder does not). Pictures and sounds are the same.

    video : bool, default=False
        Whether picture and sound of a row are one clip, in which the face comes to life while the
        voice speaks: a column ``video`` (mp4) in place of ``image`` and ``audio``.

    Returns
    -------
    DataFrame
        Columns ``text``, ``image`` and ``audio`` (absolute paths; relative in ``table.csv``),
        ``label`` (positive 40 %, neutral 25 %, negative 35 %) and ``speaker``, for use as groups.

    Raises
    ------
    TypeError, ValueError
        If `n` or `seed` is no integer, or too small, or `language` is none of these.
    TableError
        If the folder holds a table or media that this function did not write.

    Examples
    --------
    >>> import tempfile
    >>> from hybridsent.datasets import make_demo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = make_demo(12, folder=folder)
    >>> list(table.columns), len(table), sorted(set(table["label"]))
    (['text', 'image', 'audio', 'label', 'speaker'], 12, ['negative', 'neutral', 'positive'])
    """
    n, seed = _integer("n", n, _LEAST), _integer("seed", seed, 0)
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {list(LANGUAGES)}. Got {language!r}.")
    home = Path(tempfile.mkdtemp(prefix="hybridsent-demo-") if folder is None else folder)
    home = home.expanduser()
    told = f"n={n}, seed={seed}" + ("" if language == "en" else f", language={language!r}")
    told += ", video=True" if video else ""
    folders = ["videos"] if video else ["images", "audio"]
    _claim(home, f"Made by hybridsent.datasets.make_demo({told}); replaced by it.\n", folders)
    write_table(pd.DataFrame(_rows(home, n, seed, language, video)), home / "table.csv")
    return read_table(home / "table.csv", media=["video"] if video else ["image", "audio"])


def _integer(name: str, value: SupportsIndex, least: int) -> int:
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, at least {least}. Got {value!r}.")
    number = operator.index(value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}. Got {number}.")
    return number


def _claim(home: Path, notice: str, folders: list[str]) -> None:
    """Make the folder, or clear an older demo out of it; refuse anything else."""
    if home.exists() and not home.is_dir():
        raise TableError(f"{home} is a file; make_demo needs a folder. Name a new or empty one.")
    marker = home / _MARKER
    taken = [name for name in ("table.csv", *folders) if (home / name).exists()]
    if taken and not marker.exists():
        raise TableError(
            f"{home} already holds {', '.join(taken)} that make_demo did not write. "
            "Name a new or empty folder; nothing was changed."
        )
    for name in folders:
        (home / name).mkdir(parents=True, exist_ok=True)
    for name, pattern in _OWN.items() if marker.exists() else ():
        for old in (home / name).glob(pattern):
            old.unlink()
    marker.write_text(notice, encoding="utf-8", newline="\n")


def _plans(n: int, seed: int) -> list[_Plan]:
    rng = np.random.default_rng([seed, 0])
    bounds = np.round(np.cumsum(list(_SHARES.values())) * n).astype(int)
    moods = np.array(list(_SHARES))[np.searchsorted(bounds, np.arange(n), side="right")]
    labels = [str(mood) for mood in rng.permutation(moods)]
    speakers = rng.permutation(np.arange(n) % len(_SPEAKERS))
    shown = [_shown(rng, labels, modality) for modality in _MODALITIES]
    plans = [
        _Plan(label, int(speaker), dict(zip(_MODALITIES, row, strict=True)))
        for label, speaker, *row in zip(labels, speakers, *shown, strict=True)
    ]
    holes = rng.choice(n, size=max(1, round(_MISSING * n)), replace=False)
    for turn, row in enumerate(holes):
        del plans[row].shown[_MODALITIES[turn % len(_MODALITIES)]]
    return plans


def _shown(rng: np.random.Generator, labels: list[str], modality: str) -> list[tuple[str, float]]:
    """Mood and strength that one modality shows in each row."""
    n = len(labels)
    honest = rng.permutation(n) < round(_HONEST[modality] * n)
    others = [[mood for mood in _SHARES if mood != label] for label in labels]
    moods = [
        label if true else str(rng.choice(other))
        for label, true, other in zip(labels, honest, others, strict=True)
    ]
    return list(zip(moods, rng.beta(5.0, 1.5, n).tolist(), strict=True))


def _rows(home: Path, n: int, seed: int, language: str, video: bool) -> Iterator[dict[str, str]]:
    """Write the media of each row and give its cells."""
    crowd = range(len(_SPEAKERS))
    faces = [Person.born(np.random.default_rng([seed, 1, i]), i) for i in crowd]
    voices = [Voice.born(np.random.default_rng([seed, 2, i]), i) for i in crowd]
    writer = Writer(np.random.default_rng([seed, 3]), language)
    for i, plan in enumerate(_plans(n, seed)):
        shown = plan.shown
        cells = dict.fromkeys(("text", "video") if video else _MODALITIES, "")
        if "text" in shown:
            cells["text"] = writer.write(*shown["text"])
        if video:
            if len(shown.keys() - {"text"}) == 2:  # else the clip is missing
                cells["video"] = f"videos/demo_{i:05d}.mp4"
                person, voice = faces[plan.speaker], voices[plan.speaker]
                _write_clip(home / cells["video"], [seed, i], person, voice, shown)
            yield cells | {"label": plan.label, "speaker": _SPEAKERS[plan.speaker]}
            continue
        if "image" in shown:
            cells["image"] = f"images/demo_{i:05d}.jpg"
            rng = np.random.default_rng([seed, 4, i])
            _write_image(home / cells["image"], rng, faces[plan.speaker], *shown["image"])
        if "audio" in shown:
            cells["audio"] = f"audio/demo_{i:05d}.wav"
            rng = np.random.default_rng([seed, 5, i])
            _write_wave(home / cells["audio"], speak(rng, voices[plan.speaker], *shown["audio"]))
        yield cells | {"label": plan.label, "speaker": _SPEAKERS[plan.speaker]}


def _write_image(
    path: Path, rng: np.random.Generator, person: Person, mood: str, strength: float
) -> None:
    _drawn(rng, person, mood, strength).save(path, quality=88)


def _drawn(rng: np.random.Generator, person: Person, mood: str, strength: float) -> Image:
    if rng.random() < _FACES:
        canvas = draw_face(rng, person, mood, strength)
    else:
        canvas = draw_scene(rng, mood, strength)
    return canvas.develop(rng)


def _write_clip(
    path: Path,
    seeds: list[int],
    person: Person,
    voice: Voice,
    shown: dict[str, tuple[str, float]],
) -> None:
    """Write what picture and sound of a row would be, as one clip."""
    seed, i = seeds
    mood, strength = shown["image"]
    samples = speak(np.random.default_rng([seed, 5, i]), voice, *shown["audio"])

    def draw(share: float) -> Image:  # by the same generator, so that only the expression changes
        return _drawn(np.random.default_rng([seed, 4, i]), person, mood, share * strength)

    write_clip(path, draw, samples, RATE)


def _write_wave(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
