"""The network that hears what is said: faster-whisper, found, identified and opened (layer L4).

faster-whisper decodes; it is given samples alone, and settings under which the same sound gives the
same text. What it leaves to its callers is which files it reads, and their hash.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent._hints import sentence
from hybridsent._optional import import_optional
from hybridsent.datasets._heard import NOTHING, Heard
from hybridsent.encoders import PackagedFiles, get_backbone
from hybridsent.encoders._files import check_sha256, digest_files, first_line
from hybridsent.encoders._places import is_path
from hybridsent.exceptions import WeightsError, WeightsNotFoundError
from hybridsent.media import AUDIO_VERSION

__all__ = ["DEFAULT_MODEL", "SAMPLING_RATE", "Listener"]

DEFAULT_MODEL = "tiny.en"
"""Whose weights come with hybridsent."""

SAMPLING_RATE = 16_000

_BACKBONE = "audio/whisper-tiny-en"
"""Whose weights are a part of those of the default model."""

_PATTERNS = ("model.bin", "*.json", "vocabulary.*")
_SETTINGS: dict[str, Any] = {
    "beam_size": 5,
    # one temperature: at others words are drawn at random, and the same sound gives another text
    "temperature": 0.0,
    # else a phrase that was misheard once is heard again and again
    "condition_on_previous_text": False,
    "word_timestamps": True,
    # Whisper hears "You" in silence: it is to listen only where somebody speaks
    "vad_filter": True,
}
_FORMAT = 1  # raised whenever another text may come out


class Listener:
    """A speech model, found at once, and opened when the first sound is to be heard.

    Parameters
    ----------
    model : str or PathLike
        A folder of faster-whisper, a size such as ``"tiny.en"``, or ``owner/name`` of the hub.
    language : str or None
        What is spoken, such as ``"en"``; None to find out for each sound.
    channel : int or None
        Which channel of a sound it is given.
    local_files_only : bool
        Whether to stay off the network.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        language: str | None,
        channel: int | None,
        *,
        local_files_only: bool,
    ) -> None:
        self.channel = channel
        self._name = os.fspath(model)
        # what an English model hears is English, whether that is said or not
        self._language = language or ("en" if self._name.endswith(".en") else None)
        self._local = local_files_only
        self._lock = threading.Lock()
        self._opened: Any = None

    # -- what it is -------------------------------------------------

    @property
    def name(self) -> str:
        """What it was called by."""
        return self._name

    @cached_property
    def folder(self) -> Path:
        """Where its files are.

        Returns
        -------
        Path
            Their folder.

        Raises
        ------
        WeightsNotFoundError
            If they are not on this machine.
        """
        path = Path(os.path.expanduser(self._name))  # noqa: PTH111 - Path.expanduser raises for the home of an unknown user
        if path.is_dir():
            return _checked(path, self._name)
        if is_path(self._name):
            raise WeightsNotFoundError(
                f"The model parameter of transcribe must be a folder that is there, or the name of "
                f"a model, such as {DEFAULT_MODEL!r}. Nothing is at {path.absolute()}."
            )
        packaged = _packaged() if self._name == DEFAULT_MODEL else None
        return packaged or self._cached()

    def _cached(self) -> Path:
        """Find a model in the hub's cache by faster-whisper's own names, or fetch it if allowed."""
        utils = import_optional("faster_whisper.utils", caller="transcribe", extra="speech")
        if "/" not in self._name and self._name not in utils.available_models():
            raise WeightsNotFoundError(
                "The model parameter of transcribe must be a folder, owner/name of the hub, or one "
                f"of {utils.available_models()}. Got {self._name!r}."
            )
        try:
            return Path(utils.download_model(self._name, local_files_only=self._local))
        # huggingface_hub's errors are of a dozen classes, of requests, httpx and the disk
        except Exception as error:
            failed = "" if self._local else f", and fetching it failed: {first_line(error)}"
            way = "pass local_files_only=False to download it, or " if self._local else ""
            raise WeightsNotFoundError(
                f"The speech model {self._name!r} is not on this machine{failed}. To get it, {way}"
                "download it where there is a network and name its folder. The model "
                f"{DEFAULT_MODEL!r}, which hears English, comes with hybridsent."
            ) from error

    def _spec(self) -> dict[str, Any]:
        """Give all that a text depends on, beside the sound."""
        files = [path for pattern in _PATTERNS for path in sorted(self.folder.glob(pattern))]
        return {
            "format": _FORMAT,
            "speech": self._name,
            "weights": digest_files(files, self.folder),
            "language": self._language,
            "settings": _SETTINGS,
            "cleaning": {"version": AUDIO_VERSION},
            **({} if self.channel is None else {"channel": int(self.channel)}),
        }

    def identify(self) -> tuple[str, dict[str, Any]]:
        """Give the fingerprint under which texts are kept, and what it was made of.

        Returns
        -------
        fingerprint : str
            The same for the same files, whatever names them.
        spec : dict
            For the store.
        """
        spec = self._spec()
        named = {name: value for name, value in spec.items() if name != "speech"}
        told = json.dumps(named, sort_keys=True).encode()
        return f"speech-{hashlib.blake2b(told, digest_size=8).hexdigest()}", spec

    # -- what it does -----------------------------------------------

    def open(self, n_workers: int, n_sounds: int) -> None:
        """Load the network, once.

        Parameters
        ----------
        n_workers : int
            Threads to be kept busy.
        n_sounds : int
            Sounds to be heard: of a single one the threads share the work.

        Raises
        ------
        MissingDependencyError
            If faster-whisper is not installed.
        WeightsError
            If the files are not those of a model.
        ValueError
            If the model does not hear the language.
        """
        with self._lock:
            if self._opened is not None:
                return
            library = import_optional("faster_whisper", caller="transcribe", extra="speech")
            side_by_side = max(1, min(n_workers, n_sounds))
            # it sets how many threads OpenMP gives to the one that calls, torch's work included:
            # so that one is a thread of its own
            with ThreadPoolExecutor(1, thread_name_prefix="hybridsent") as aside:
                opening = aside.submit(
                    library.WhisperModel,
                    str(self.folder),
                    device="cpu",
                    compute_type="int8",
                    cpu_threads=max(1, n_workers // side_by_side),
                    num_workers=side_by_side,
                    local_files_only=True,
                )
            try:
                opened = opening.result()
            # ctranslate2 and tokenizers raise bare RuntimeErrors, and tokenizers a bare Exception
            except Exception as error:
                raise WeightsError(
                    f"The folder {self.folder} must hold a model of faster-whisper. It cannot be "
                    f"read: {sentence(first_line(error))} Fetch it again."
                ) from error
            self._check_language(opened.supported_languages)
            self._opened = opened

    def _check_language(self, known: list[str]) -> None:
        if self._language is None or self._language in known:
            return
        if known == ["en"]:
            raise ValueError(
                f"The speech model {self._name!r} hears English alone. Got language="
                f"{self._language!r}: name a model of many languages, such as model='base' "
                "(fetched with local_files_only=False, or already in the hub's cache), or its "
                "folder."
            )
        raise ValueError(
            f"The language parameter of transcribe must be None or one of {sorted(known)}. Got "
            f"{self._language!r}."
        )

    def hear(self, samples: np.ndarray) -> Heard:
        """Tell what is said in a sound; `open` must have been called.

        Parameters
        ----------
        samples : ndarray of shape (n,), float32
            At 16,000 Hz.

        Returns
        -------
        Heard
            Without text where nobody speaks.
        """
        given, info = self._opened.transcribe(samples, language=self._language, **_SETTINGS)
        segments = [segment for segment in given if segment.text.strip()]
        seconds = len(samples) / SAMPLING_RATE
        if not segments:
            return Heard(**{**vars(NOTHING), "seconds": seconds})
        spans = [max(0.01, float(each.end) - float(each.start)) for each in segments]
        total = sum(spans)
        sure = sum(s * float(each.avg_logprob) for s, each in zip(spans, segments, strict=True))
        return Heard(
            text=re.sub(r"\s+", " ", "".join(each.text for each in segments)).strip(),
            language=info.language,
            confidence=round(math.exp(sure / total), 4),
            seconds=round(seconds, 3),
            spoken=round(total, 3),
            words=tuple(
                [
                    word.word.strip(),
                    round(float(word.start), 2),
                    round(float(word.end), 2),
                    round(float(word.probability), 3),
                ]
                for each in segments
                for word in each.words or ()
            ),
        )


def _packaged() -> Path | None:
    """Find the folder in the package of weights that the encoder of sounds reads, too.

    Raises
    ------
    WeightsError
        If its weights are not the registered ones.
    """
    for source in get_backbone(_BACKBONE).sources:
        if not isinstance(source, PackagedFiles) or (found := source.find()) is None:
            continue
        for name, path in found.items():
            if path.name == "model.bin":
                check_sha256(path, source.files[name], DEFAULT_MODEL)
                return path.parent
    return None


def _checked(folder: Path, name: str) -> Path:
    # without tokenizer.json faster-whisper would fetch one
    absent = [each for each in ("model.bin", "tokenizer.json") if not (folder / each).is_file()]
    if absent:
        raise WeightsNotFoundError(
            f"The model parameter of transcribe must be a folder of faster-whisper, which holds "
            f"model.bin, config.json and tokenizer.json. {name!r} has no {absent[0]}; convert a "
            "model of transformers with: ct2-transformers-converter --model owner/name "
            "--output_dir FOLDER --copy_files tokenizer.json preprocessor_config.json"
        )
    return folder
