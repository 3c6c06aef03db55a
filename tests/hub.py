"""Repositories as they lie in the cache of the hub: blobs by their hash, links by their name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import tiny

COMMIT = "c" * 40
LARGE = (".safetensors", ".bin")
"""Ends of names of files whose blobs the hub names by SHA-256; the others by git's hash."""


def blob_name(name: str, content: bytes) -> str:
    """What the hub names a file by."""
    if name.endswith(LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def put(cache: Path, repo: str, files: dict[str, bytes], revision: str = "main") -> Path:
    """Write files as huggingface_hub would have downloaded them; gives their folder."""
    root = cache / f"models--{repo.replace('/', '--')}"
    folder = root / "snapshots" / COMMIT
    for name, content in files.items():
        blob = root / "blobs" / blob_name(name, content)
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(blob)
    (root / "refs").mkdir(exist_ok=True)
    (root / "refs" / revision).write_text(COMMIT)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by name."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


_TINY: dict[str, tuple[Callable[..., Path], str]] = {
    "text/twitter-roberta-sentiment": (tiny.text_model, "roberta-classifier"),
    "text/clip-vit-b32": (tiny.text_model, "clip"),
    "text/siglip-base": (tiny.text_model, "siglip"),
    "image/clip-vit-b32": (tiny.image_model, "clip"),
    "image/siglip-base": (tiny.image_model, "siglip"),
    "image/dinov2-small": (tiny.image_model, "dinov2"),
    "audio/wavlm-base-plus": (tiny.speech_model, "wavlm"),
    "audio/wav2vec2-emotion": (tiny.speech_model, "wav2vec2-emotion"),
}
"""A tiny network of the architecture of each registered name of the hub."""

_BESIDE = {"vocab.json": b"{}", "merges.txt": b"#version: 0.2\n", "spiece.model": b"none"}
"""What a repository has, too, and a tiny tokenizer in one file does not need."""


def tiny_files(name: str, folder: Path, seed: int = 0) -> dict[str, bytes]:
    """Files of a tiny network of the architecture of a backbone, as its repository has them."""
    make, kind = _TINY[name]
    files = read(make(kind, folder, seed))
    return {**(_BESIDE if name.startswith("text/") else {}), **files, "README.md": b"---\n---\n"}
