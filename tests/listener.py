"""A stand-in for faster-whisper: it hears a word a second in what is loud, and writes down each call.

It stands where the library stands (a package of its name), so that all of hybridsent runs as it is,
also in other processes: put the folder that `write_package` made first on the path.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

__all__ = ["RATE", "calls", "sound", "write_model", "write_package"]

RATE = 16_000

SOURCE = r'''
"""Hears "w1 w2 w3" in three seconds whose first sample but one is 0.1; nothing in what is faint."""
import os, pathlib, time
from types import SimpleNamespace as Plain
import numpy as np

class WhisperModel:
    def __init__(self, folder, *, device, compute_type, cpu_threads, num_workers, local_files_only):
        assert (device, compute_type, local_files_only) == ("cpu", "int8", True)
        if pathlib.Path(folder, "model.bin").read_bytes() == b"broken":
            raise RuntimeError("Unsupported model binary version.\nMore of it.")
        self.supported_languages = ["en"] if "english" in os.path.basename(folder) else ["de", "en", "zh"]
        self._tell("opened")

    def _tell(self, what):
        with open(os.environ["LISTENER_LOG"], "a") as file:
            file.write(what + "\n")

    def transcribe(self, samples, *, language, temperature, vad_filter, **more):
        assert temperature == 0.0 and vad_filter and samples.dtype == np.float32
        time.sleep(float(os.environ.get("LISTENER_NAP", 0)))
        level, seconds = round(float(np.abs(samples).max()), 1), len(samples) // 16000
        self._tell(f"heard {level} {seconds}")
        if level < 0.1:
            return iter([]), Plain(language="en")
        words = [Plain(word=f" w{level:.1f}-{i}", start=i, end=i + 0.5, probability=0.9)
                 for i in range(seconds)]
        half = max(1, seconds // 2)
        segments = [Plain(text="".join(w.word for w in some), start=some[0].start,
                          end=some[-1].start + 1.0, avg_logprob=-0.1 * (k + 1), words=some)
                    for k, some in enumerate([words[:half], words[half:]]) if some]
        return iter(segments), Plain(language=language or "en")
'''

UTILS = """
def available_models():
    return ["tiny.en", "base"]

def download_model(name, local_files_only):
    raise OSError(f"no {name} here, {local_files_only}")
"""


def write_package(folder: Path) -> Path:
    """Write the package into a folder, which belongs first on the path of modules."""
    package = folder / "faster_whisper"
    package.mkdir(parents=True)
    package.joinpath("__init__.py").write_text(SOURCE, encoding="utf-8")
    package.joinpath("utils.py").write_text(UTILS, encoding="utf-8")
    return folder


def write_model(folder: Path, weights: bytes = b"weights") -> Path:
    """Write a folder that looks like a model; with "english" in its name it hears English alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("model.bin").write_bytes(weights)
    folder.joinpath("tokenizer.json").write_text("{}", encoding="utf-8")
    return folder


def sound(level: float = 0.5, seconds: int = 2) -> np.ndarray:
    """Samples of so many words, w0.5-0 w0.5-1 …"""
    samples = level * np.sin(np.arange(seconds * RATE) * 0.3)
    samples[1] = level
    return samples.astype(np.float32)


def calls() -> list[str]:
    """What was opened and heard so far, in all processes."""
    log = Path(os.environ["LISTENER_LOG"])
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []
