"""Fetching weights: what arrives is checked, and a broken download leaves nothing that is believed."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import hub
import pytest

from hybridsent import TextEncoder
from hybridsent.cli import main
from hybridsent.encoders import HubFiles, get_backbone, locate, register_backbone
from hybridsent.encoders._runtime import release_networks
from hybridsent.encoders._sources import fetch
from hybridsent.exceptions import WeightsError, WeightsNotFoundError

NAME = "text/twitter-roberta-sentiment"
REPO = "cardiffnlp/twitter-roberta-base-sentiment-latest"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    made = hub.tiny_files(NAME, tmp_path_factory.mktemp("made") / "model")
    return {**made, "tf_model.h5": b"not wanted", "onnx/model.onnx": b"nor this"}


@pytest.fixture
def offered(tmp_path, monkeypatch, files) -> dict[str, bytes]:
    """A hub that has these files, in place of the library's function that downloads."""
    cache, has = tmp_path / "cache", dict(files)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("socket.socket.connect", None)

    def download(repo: str, *, revision: str | None = None, allow_patterns: list[str]) -> str:
        if repo != REPO:
            raise ConnectionError("no such host")
        wanted = {
            name: content
            for name, content in has.items()
            if any(fnmatch.fnmatch(name, pattern) for pattern in allow_patterns)
        }
        return str(hub.put(cache, repo, wanted, revision or "main"))

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    register_backbone(replace(get_backbone(NAME), width=None), replace=True)
    yield has
    release_networks()


def arrived(folder: Path) -> set[str]:
    return {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}


def test_what_is_needed_is_fetched_and_no_more(offered):
    backbone = get_backbone(NAME)
    source = fetch(backbone)
    assert source is backbone.sources[0]
    assert backbone.ready is True
    names = arrived(locate(backbone).folder)
    assert {"model.safetensors", "config.json", "README.md", "tokenizer.json"} <= names
    assert not {"tf_model.h5", "onnx/model.onnx"} & names


def test_the_first_form_that_the_repository_has_is_fetched(offered, tmp_path):
    import torch
    from safetensors.torch import load

    torch.save(load(offered.pop("model.safetensors")), tmp_path / "w.bin")
    offered["pytorch_model.bin"] = (tmp_path / "w.bin").read_bytes()
    assert fetch(get_backbone(NAME)).form == "torch"
    assert TextEncoder(NAME, store=None).transform(["a good day"]).shape == (1, 16)


def test_a_repository_that_lacks_the_weights_is_told(offered):
    del offered["model.safetensors"]
    with pytest.raises(WeightsNotFoundError, match=r"none of model\.safetensors, pytorch_model"):
        fetch(get_backbone(NAME))


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.resolve().write_bytes(content)


def _cut(path: Path) -> None:
    path.resolve().write_bytes(path.read_bytes()[:-7])


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("damage", [_flipped, _cut])
def test_a_broken_download_leaves_nothing_believed(
    damage: Callable[[Path], None], name, offered, monkeypatch
):
    import huggingface_hub

    whole = huggingface_hub.snapshot_download

    def broken(*given, **more):
        folder = Path(whole(*given, **more))
        damage(folder / name)
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", broken)
    backbone = get_backbone(NAME)
    with pytest.raises(WeightsError, match=rf"{name.replace('.', '[.]')} is not, and was removed"):
        fetch(backbone)
    folder = next(each for each in backbone.sources if isinstance(each, HubFiles)).folder()
    assert name not in arrived(folder)
    monkeypatch.setattr("huggingface_hub.snapshot_download", whole)
    fetch(backbone)
    assert locate(backbone).weights.name == "model.safetensors"


def test_what_is_not_registered_is_removed(offered):
    backbone = get_backbone(NAME)
    first = backbone.sources[0]
    other = replace(first, files={**first.files, "model.safetensors": "0" * 64})
    with pytest.raises(WeightsError, match=r"model\.safetensors is not, and was removed"):
        fetch(replace(backbone, sources=(other,)))
    assert backbone.ready is False


def test_an_encoder_that_may_downloads(offered):
    with pytest.raises(WeightsNotFoundError, match="local_files_only=False"):
        TextEncoder(NAME, store=None).transform(["a"])
    rows = TextEncoder(NAME, store=None, local_files_only=False).transform(["a"])
    assert rows.shape == (1, 16)
    assert (TextEncoder(NAME, store=None).transform(["a"]) == rows).all()


# -- the command -------------------------------------------------------------------------------


def test_the_command_says_where_it_lies_how_large_it_is_and_its_licence(offered, capsys):
    assert main(["backbones", "fetch", NAME]) == 0
    told = capsys.readouterr().out
    for part in (NAME, "CC-BY-4.0", "MiB", str(locate(get_backbone(NAME)).folder)):
        assert part in told
    assert main(["backbones", NAME]) == 0
    assert capsys.readouterr().out.split()[2] == "hub"


def test_all_names_are_looked_at_before_the_first_is_fetched(offered, capsys):
    assert main(["backbones", "fetch", NAME, "image/efficientnet-lite0"]) == 2
    assert "image/efficientnet-lite0 cannot be fetched" in capsys.readouterr().err
    assert main(["backbones", "fetch", NAME, "text/nonsense"]) == 2
    assert "text/nonsense" in capsys.readouterr().err
    assert get_backbone(NAME).ready is False


def test_a_repository_by_its_own_name_is_fetched_by_the_hubs_command(offered, capsys):
    assert main(["backbones", "fetch", NAME, "hf:owner/name"]) == 2
    told = capsys.readouterr().err
    assert "`hf download owner/name`" in told
    assert "--download" in told
    assert "local_files_only" not in told
    assert get_backbone(NAME).ready is False


def test_what_cannot_be_reached_is_told(offered, capsys):
    assert main(["backbones", "fetch", "image/dinov2-small"]) == 1
    told = capsys.readouterr().err
    for part in (
        "could not be fetched from facebook/dinov2-small",
        "no such host",
        "copy its cache",
    ):
        assert part in told


def test_the_command_without_names_and_the_old_form(capsys):
    assert main(["backbones", "fetch"]) == 2
    assert "the name of a backbone must follow fetch" in capsys.readouterr().err
    assert main(["backbones", "image/eff*"]) == 0
    assert capsys.readouterr().out.split()[:3] == ["image/efficientnet-lite0", "1280", "package"]
    assert main(["backbones", "text/*", "image/*"]) == 2
    assert "one pattern may be given" in capsys.readouterr().err
