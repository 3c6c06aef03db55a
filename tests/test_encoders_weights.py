"""The hash of weights is that of the bytes that are loaded, however they were replaced."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import tiny

from hybridsent import TextEncoder
from hybridsent.encoders import _files, _hf_model
from hybridsent.encoders._files import check_unchanged, sha256_of
from hybridsent.exceptions import WeightsError


def _aged(path: Path, seconds: float = 3600) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def settled(monkeypatch):
    """Let files count as settled at once, as they would after two seconds."""
    monkeypatch.setattr(_files, "is_settled", lambda _info: True)


def _overwritten(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _replaced(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


def _relinked(path: Path, content: bytes) -> None:
    """As the cache of a hub does: a link to a blob becomes a link to another."""
    blob = path.with_suffix(".blob")
    blob.write_bytes(content)
    _aged(blob)
    beside = path.with_suffix(".link")
    beside.symlink_to(blob)
    beside.replace(path)


@pytest.mark.parametrize("replace", [_overwritten, _replaced, _relinked])
def test_weights_of_the_same_size_and_date_have_their_own_hash(replace, tmp_path, settled):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"a" * 100)
    _aged(path)
    before, stat = sha256_of(path), path.stat()
    replace(path, b"b" * 100)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert sha256_of(path) != before


def test_a_file_that_was_just_written_is_hashed_again(tmp_path, monkeypatch):
    """Within the coarseness of a clock a change leaves no trace at all."""
    path = tmp_path / "w"
    path.write_bytes(b"a")
    before = sha256_of(path)
    monkeypatch.setattr(_files, "identity_of", lambda _info: (1,))
    path.write_bytes(b"b")
    assert sha256_of(path) != before


def test_a_hash_is_remembered_while_the_file_is_the_same(tmp_path, settled, monkeypatch):
    path = tmp_path / "w"
    path.write_bytes(b"a")
    first = sha256_of(path)
    monkeypatch.setattr(_files.hashlib, "file_digest", None)
    assert sha256_of(path) == first


def test_weights_that_change_between_hashing_and_loading_are_refused(tmp_path, monkeypatch):
    """Else their rows would be found under the fingerprint of the weights before."""
    folder, other = (
        tiny.text_model("bert", tmp_path / name, seed) for seed, name in enumerate("ab")
    )
    load = _hf_model.load_model

    def swapped(*given):
        (other / "model.safetensors").replace(folder / "model.safetensors")
        return load(*given)

    monkeypatch.setattr(_hf_model, "load_model", swapped)
    encoder = TextEncoder(f"hf:{folder}", device="cpu", store=tmp_path / "store")
    with pytest.raises(WeightsError, match="must not change while they are read"):
        encoder.transform(["a text"])


def test_unchanged_weights_pass():
    check_unchanged("a", "a", "text/made")
