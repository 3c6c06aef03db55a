"""Inputs of the benchmarks, made from a seed: sentences, pictures, voices, clips. No download, no licence."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

SEED = 20
SPECIAL_TOKENS = 2  # of BERT's tokenizer, around each text

# -- sentences

_WORDS = {
    line.partition(":")[0].strip(): line.partition(":")[2].split()
    for line in """
    determiners: the a my our their this that every another his her
    good: lovely gentle brilliant warm clever charming fresh delicious friendly wonderful
    bad: awful dull broken bitter rude noisy cold boring dirty dreadful
    plain: old new small long green second wooden early quiet local
    nouns: soup train teacher garden phone film hotel parcel doctor neighbour album kitchen river match bakery library office window
    verbs: found remembered ignored carried followed watched bought forgot repaired praised missed met noticed borrowed
    adverbs: again slowly yesterday quietly twice almost finally never often today
    places: behind near without after before under beside for with against
    links: and but because although while so until whenever
    """.strip().splitlines()
}


def make_sentences(
    n: int, duplicates: float = 0.1, seed: int = SEED
) -> tuple[list[str], list[int]]:
    """Make English sentences of 5 to 250 tokens and their moods, 1 or 0.

    Lengths are drawn evenly on a logarithmic scale (posts are mostly short); a share of the
    sentences are copies of others, in random order.
    """
    rng = np.random.default_rng(seed)
    made: dict[str, int] = {}
    n_distinct = n - round(n * duplicates)
    while len(made) < n_distinct:
        length = round(float(np.exp(rng.uniform(np.log(5), np.log(250)))))
        mood = int(rng.integers(2))
        made.setdefault(_sentence(rng, length - SPECIAL_TOKENS, mood), mood)
    order = [*range(n_distinct), *rng.integers(n_distinct, size=n - n_distinct)]
    distinct = list(made)
    texts = [distinct[i] for i in rng.permutation(order)]
    return texts, [made[text] for text in texts]


def _sentence(rng: np.random.Generator, n_tokens: int, mood: int) -> str:
    words: list[str] = []
    left = n_tokens - 1  # the full stop
    for word in _words(rng, mood):
        left -= _costs()[word]
        if left < 0:
            break
        words.append(word)
    text = " ".join(words).replace(" ,", ",")
    return text[:1].upper() + text[1:] + "."


def _words(rng: np.random.Generator, mood: int) -> Iterator[str]:
    while True:
        yield from _thing(rng, mood)
        yield rng.choice(_WORDS["verbs"])
        yield from _thing(rng, mood)
        if rng.random() < 0.5:
            yield rng.choice(_WORDS["places"])
            yield from _thing(rng, mood)
        if rng.random() < 0.3:
            yield rng.choice(_WORDS["adverbs"])
        yield ","
        yield rng.choice(_WORDS["links"])


def _thing(rng: np.random.Generator, mood: int) -> Iterator[str]:
    yield rng.choice(_WORDS["determiners"])
    kind = rng.random()
    if kind < 0.6:
        same = rng.random() < 0.7  # moods overlap: the classes are not trivially apart
        yield rng.choice(_WORDS["good"] if same == bool(mood) else _WORDS["bad"])
    elif kind < 0.8:
        yield rng.choice(_WORDS["plain"])
    yield rng.choice(_WORDS["nouns"])


@functools.cache
def _costs() -> dict[str, int]:
    """Tokens of each word."""
    words = sorted({",", *(word for words in _WORDS.values() for word in words)})
    encoded = tokenizer().encode_batch(words, add_special_tokens=False)
    return {word: len(one.ids) for word, one in zip(words, encoded, strict=True)}


@functools.cache
def model_folder() -> Path:
    """Give the default text model as sentence-transformers reads it, from the weights that hybridsent reads.

    It is written once, into the user's cache.
    """
    from hybridsent import TextEncoder
    from hybridsent.encoders import get_backbone, locate

    backbone = get_backbone(TextEncoder().model)
    folder = Path(platformdirs.user_cache_dir("hybridsent-benchmarks")) / backbone.digest()[:16]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
            _write_model(Path(draft) / "model", backbone, locate(backbone).folder)
            with suppress(OSError):  # another process was first
                (Path(draft) / "model").rename(folder)
    return folder


def _write_model(folder: Path, backbone: Any, files: Path) -> None:
    recipe = backbone.options["recipe"]
    backbone.load("cpu", "float32").graphs.source.whole.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(files / name, folder / name)
    parts = {"": "Transformer", "1_Pooling": "Pooling"}
    parts |= {"2_Normalize": "Normalize"} if recipe["normalise"] else {}
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(parts.items())
    ]
    (folder / "1_Pooling").mkdir()
    pooling = {
        "word_embedding_dimension": backbone.width,
        f"pooling_mode_{recipe['pooling']}_token": True,
    }
    for name, told in {
        "modules.json": modules,
        "1_Pooling/config.json": pooling | {"pooling_mode_mean_tokens": False},
        "sentence_bert_config.json": {
            "max_seq_length": recipe["max_length"],
            "do_lower_case": False,
        },
    }.items():
        (folder / name).write_text(json.dumps(told), encoding="utf-8")


@functools.cache
def tokenizer() -> Any:
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


def token_counts(texts: Sequence[str]) -> np.ndarray:
    """Count the tokens of texts, those around each one included."""
    return np.array([len(one.ids) for one in tokenizer().encode_batch(list(texts))])


def text_flops(texts: Sequence[str]) -> float:
    """Count the operations that the distinct texts need, without padding: products of matrices."""
    config = json.loads((model_folder() / "config.json").read_text(encoding="utf-8"))
    width, inner = config["hidden_size"], config["intermediate_size"]
    lengths = token_counts(list(dict.fromkeys(texts))).astype(float)
    linear = 2 * (4 * width**2 + 2 * width * inner)
    attention = 4 * width  # of scores and of their use, a pair of tokens
    layers = config["num_hidden_layers"]
    return float(layers * (linear * lengths + attention * lengths**2).sum())


def write_texts(folder: Path, n: int, duplicates: float = 0.1) -> dict[str, Any]:
    """Write sentences and moods; give what is worth knowing of them."""
    texts, moods = make_sentences(n, duplicates)
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    (folder / "moods.json").write_text(json.dumps(moods), encoding="utf-8")
    counts = token_counts(texts)
    return {
        "sentences": n,
        "distinct": len(set(texts)),
        "tokens": f"{counts.min()} to {counts.max()}, median {np.median(counts):g}, mean {counts.mean():.1f}",
    }


def read_texts(folder: Path) -> list[str]:
    found: list[str] = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    return found


# -- pictures


def write_pictures(folder: Path, n: int, size: tuple[int, int] = (640, 480)) -> list[str]:
    """Write JPEG files like photographs: smooth light, texture at all scales, things with edges."""
    rng = np.random.default_rng(SEED)
    (folder / "pictures").mkdir()
    paths = []
    for number in range(n):
        path = folder / "pictures" / f"{number:05}.jpg"
        _picture(rng, size).save(path, quality=int(rng.integers(85, 96)))
        paths.append(str(path))
    return paths


def read_pictures(folder: Path) -> list[str]:
    return sorted(str(path) for path in (folder / "pictures").iterdir())


def _picture(rng: np.random.Generator, size: tuple[int, int]) -> Any:
    from PIL import Image, ImageDraw

    light = _noise(rng, size, 3) * 0.8 + 0.1
    picture = Image.fromarray((255 * light).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(3, 12))):
        x, y = rng.uniform(-0.1, 0.9, 2) * size
        w, h = rng.uniform(0.05, 0.5, 2) * size
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + w, y + h), fill=tuple(int(c) for c in rng.integers(256, size=3)))
    fine = sum(_noise(rng, size, cells) - 0.5 for cells in (12, 40, 120, 320))
    textured = np.asarray(picture) + 60 * float(rng.uniform(0.3, 1)) * fine
    return Image.fromarray(textured.clip(0, 255).astype(np.uint8))


def _noise(rng: np.random.Generator, size: tuple[int, int], cells: int) -> np.ndarray:
    """Make smooth noise of 0 to 1, in about so many cells a side."""
    from PIL import Image

    coarse = rng.integers(256, size=(cells, cells, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)) / 255


# -- voices


def write_voices(folder: Path, n: int, seconds: float = 3.0, rate: int = 16_000) -> list[str]:
    """Write 16-bit mono files of voice-like sound, below full scale."""
    import soundfile

    rng = np.random.default_rng(SEED)
    (folder / "voices").mkdir()
    paths = []
    for number in range(n):
        path = folder / "voices" / f"{number:05}.wav"
        soundfile.write(path, _voice(rng, round(seconds * rate), rate), rate, subtype="PCM_16")
        paths.append(str(path))
    return paths


def read_voices(folder: Path) -> list[str]:
    return sorted(str(path) for path in (folder / "voices").iterdir())


def _voice(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Make pulses of a gliding pitch, through the resonances of a vowel a syllable, and some breath."""
    from scipy.signal import lfilter

    time = np.arange(n) / rate
    glide = 1 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.3, 1.2) * time + rng.uniform(0, 6))
    phase = np.cumsum(rng.uniform(90, 240) * glide / rate)
    pulses = np.diff(np.floor(phase), prepend=0.0)
    source = lfilter([1.0], [1.0, -0.95], pulses) + 0.02 * rng.normal(size=n)
    voice = np.zeros(n)
    syllable = rate // 4
    for start in range(0, n, syllable):
        part = source[start : start + syllable]
        for centre in rng.uniform([250, 800, 2200], [800, 2200, 3300]):
            part = lfilter(*_resonance(centre, 90.0, rate), part)
        voice[start : start + syllable] = part * np.hanning(len(part))
    return voice / np.abs(voice).max() * rng.uniform(0.2, 0.85)


def _resonance(centre: float, width: float, rate: int) -> tuple[list[float], list[float]]:
    radius = np.exp(-np.pi * width / rate)
    angle = 2 * np.pi * centre / rate
    back = [1.0, -2 * radius * np.cos(angle), radius**2]
    return [sum(back)], back


# -- clips


def write_clips(folder: Path, n: int, seconds: float = 10.0) -> list[str]:
    """Write mp4 files of moving shapes (H.264, 320 x 240, 25 a second) with a voice (AAC, 44.1 kHz)."""
    rng = np.random.default_rng(SEED)
    (folder / "clips").mkdir()
    paths = [str(folder / "clips" / f"{number:05}.mp4") for number in range(n)]
    for path in paths:
        sound = _voice(rng, round(seconds * 44_100), 44_100)
        scene = _Scene(rng, 320, 240)
        _write_film(path, "libx264", 25, 44_100, scene, seconds, lambda _, sound=sound: sound)
    return paths


def read_clips(folder: Path) -> list[str]:
    return sorted(str(path) for path in (folder / "clips").iterdir())


def write_film(folder: Path, hours: float) -> str:
    """Write a long film, cheaply: few and small frames, and one minute of a voice again and again."""
    rng = np.random.default_rng(SEED)
    minute = _voice(rng, 60 * 16_000, 16_000)
    path = str(folder / "film.mp4")
    _write_film(path, "mpeg4", 5, 16_000, _Scene(rng, 160, 96), 3600 * hours, lambda _: minute)
    return path


class _Scene:
    """Shapes that move over a background."""

    def __init__(self, rng: np.random.Generator, width: int, height: int) -> None:
        coarse = rng.integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
        self.ground = coarse.repeat(16, axis=0).repeat(16, axis=1)
        self.places = rng.uniform(0.1, 0.6, (4, 2)) * (height, width)
        self.speeds = rng.uniform(-20, 20, (4, 2))
        self.colours = rng.integers(0, 255, (4, 3))

    def at(self, seconds: float) -> np.ndarray:
        picture = self.ground.copy()
        height, width = picture.shape[:2]
        side = height // 5
        for place, speed, colour in zip(self.places, self.speeds, self.colours, strict=True):
            y, x = ((place + speed * seconds) % (height - side, width - side)).astype(int)
            picture[y : y + side, x : x + side] = colour
        return picture


def _write_film(
    path: str,
    codec: str,
    fps: int,
    rate: int,
    scene: _Scene,
    seconds: float,
    minute: Any,
) -> None:
    """Write pictures and sound a minute at a time."""
    import av

    with av.open(path, "w") as file:
        pictures, voice = file.add_stream(codec, rate=fps), file.add_stream("aac", rate=rate)
        voice.layout = "mono"
        pictures.height, pictures.width = scene.ground.shape[:2]
        pictures.pix_fmt = "yuv420p"
        done = 0
        for start in np.arange(0, seconds, 60):
            stop = min(start + 60, seconds)
            for i in range(round(start * fps), round(stop * fps)):
                frame = av.VideoFrame.from_ndarray(scene.at(i / fps), format="rgb24")
                frame.pts = i
                file.mux(pictures.encode(frame))
            sound = minute(start)[: round((stop - start) * rate)].astype(np.float32)
            for first in range(0, len(sound), 1024):
                part = np.ascontiguousarray(sound[None, first : first + 1024])
                heard = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                heard.sample_rate, heard.pts = rate, done
                done += part.shape[1]
                file.mux(voice.encode(heard))
        file.mux(pictures.encode())
        file.mux(voice.encode())
