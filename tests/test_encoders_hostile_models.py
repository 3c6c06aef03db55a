"""Folders that ask for more than they hold: refused before the memory is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny

from hybridsent import AudioEncoder, ImageEncoder, TextEncoder
from hybridsent.encoders import _hf_bounds, _runtime
from hybridsent.exceptions import WeightsError

ENCODERS: dict[str, Any] = {"text": TextEncoder, "image": ImageEncoder, "audio": AudioEncoder}
CELLS: dict[str, Any] = {"text": ["a day"], "image": tiny.pictures(1), "audio": tiny.waves(0.5)}
WRITERS: dict[str, Any] = {
    "text": tiny.text_model,
    "image": tiny.image_model,
    "audio": tiny.speech_model,
}
DEEP = '{"a":' * 100_000 + "1" + "}" * 100_000
LONG = '{"hidden_size": ' + "9" * 100_000 + "}"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root, folders = tmp_path_factory.mktemp("models"), {}

    def give(modality: str, kind: str) -> Path:
        if (modality, kind) not in folders:
            folders[modality, kind] = WRITERS[modality](kind, root / f"{modality}-{kind}")
        return folders[modality, kind]

    return give


@pytest.fixture(autouse=True)
def _networks(tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "networks"))
    yield
    _runtime.release_networks()


def changed(folder: Path, to: Path, file: str, change: Any) -> Path:
    """A copy of a model with another file: text, or changes of what it holds."""
    to.mkdir()
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    path = to / file
    if isinstance(change, str):
        path.write_text(change)
        return to
    content = json.loads(path.read_text())
    for keys, value in change.items():
        *parents, last = keys.split(".")
        inner = content
        for key in parents:
            inner = inner[key]
        assert last in inner or file != "config.json", keys
        inner[last] = value
    path.write_text(json.dumps(content))
    return to


def refused(modality: str, folder: Path) -> str:
    encoder = ENCODERS[modality](f"hf:{folder}", device="cpu", store=None)
    with pytest.raises(WeightsError) as told:
        encoder.transform(CELLS[modality])
    return str(told.value)


BUILT = [
    ("text", "bert", {"num_hidden_layers": 4000}),
    ("text", "bert", {"num_hidden_layers": 10**9}),
    ("text", "t5", {"num_layers": 4000}),
    ("text", "gpt2", {"n_layer": 100_000}),
    ("text", "clip", {"text_config.num_hidden_layers": 4000}),
    ("text", "clip", {"vision_config.num_hidden_layers": 4000}),
    ("image", "vit", {"num_hidden_layers": 4000}),
    ("image", "swin", {"depths": [4000, 4000]}),
    ("image", "resnet", {"depths": [10**6, 1]}),
    ("audio", "wav2vec2", {"num_hidden_layers": 4000}),
    ("audio", "whisper", {"encoder_layers": 4000}),
    ("audio", "ast", {"num_hidden_layers": 4000}),
]


@pytest.mark.parametrize(("modality", "kind", "change"), BUILT)
def test_layers_without_weights_are_not_built(made, tmp_path, modality, kind, change):
    folder = changed(made(modality, kind), tmp_path / "m", "config.json", change)
    assert "describes more than" in refused(modality, folder)


LARGE = [
    ("text", "bert", {"vocab_size": 10**12}),
    ("text", "bert", {"vocab_size": 10**7, "hidden_size": 10**4}),
    ("text", "bert", {"max_position_embeddings": 10**12}),
    ("text", "bert", {"hidden_size": 10**30}),
    ("text", "bert", {"hidden_size": -4}),
    ("text", "bert", {"num_attention_heads": 0}),
    ("text", "bert", {"intermediate_size": 10**11}),
    ("text", "bert", {"model_type": "no-such-model"}),
    ("text", "bert", {"model_type": 7}),
    ("text", "bert", {"hidden_act": ["gelu"]}),
    ("text", "gpt2", {"n_positions": 10**9}),
    ("image", "vit", {"image_size": 10**7}),
    ("image", "vit", {"patch_size": 0}),
    ("audio", "wav2vec2", {"conv_dim": [8] * 5000}),
    ("audio", "whisper", {"max_source_positions": 10**10}),
]


@pytest.mark.parametrize(("modality", "kind", "change"), LARGE)
def test_numbers_out_of_proportion_are_refused(made, tmp_path, modality, kind, change):
    folder = changed(made(modality, kind), tmp_path / "m", "config.json", change)
    assert str(folder) in refused(modality, folder)


@pytest.mark.parametrize("content", [DEEP, LONG, "[" * 100_000, "{", '"text"', "\0", "[]"])
@pytest.mark.parametrize(
    ("modality", "kind", "file"),
    [
        ("text", "bert", "config.json"),
        ("text", "bert", "tokenizer.json"),
        ("text", "bert", "tokenizer_config.json"),
        ("text", "bert", "modules.json"),
        ("text", "bert", "sentence_bert_config.json"),
        ("image", "vit", "preprocessor_config.json"),
        ("audio", "whisper", "preprocessor_config.json"),
    ],
)
def test_files_that_are_no_json_are_refused(made, tmp_path, modality, kind, file, content):
    if content == "[]" and file == "modules.json":
        pytest.skip("an empty list of modules is one")
    refused(modality, changed(made(modality, kind), tmp_path / "m", file, content))


@pytest.mark.parametrize(
    ("modality", "kind", "change"),
    [
        ("image", "vit", {"size": {"height": 10**6, "width": 10**6}}),
        ("image", "vit", {"size": {"height": float("inf"), "width": 32}}),
        ("audio", "whisper", {"n_fft": 10**9}),
        ("audio", "whisper", {"chunk_length": 10**9}),
        ("audio", "whisper", {"feature_size": 10**7}),
        ("audio", "ast", {"max_length": 10**10}),
    ],
)
def test_preprocessing_out_of_proportion_is_refused(made, tmp_path, modality, kind, change):
    folder = changed(made(modality, kind), tmp_path / "m", "preprocessor_config.json", change)
    assert "must be at most" in refused(modality, folder)


@pytest.mark.parametrize("shard", ["../m.safetensors", "/m.safetensors", "sub/m.safetensors", ".."])
def test_shards_elsewhere_are_refused(made, tmp_path, shard):
    """They would be read, but are not hashed: two models would have one fingerprint."""
    folder = changed(
        made("text", "bert"),
        tmp_path / "m",
        "model.safetensors.index.json",
        json.dumps({"weight_map": {"a": shard}}),
    )
    (folder / "model.safetensors").rename(tmp_path / "m.safetensors")
    assert "of its own folder" in refused("text", folder)


@pytest.mark.parametrize("path", ["../pooling", "pooling", "a/1_Pooling", "/"])
def test_poolings_elsewhere_are_refused(tmp_path, path):
    folder = tiny.sentence_transformer(tmp_path / "m")
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["path"] = path
    (folder / "modules.json").write_text(json.dumps(modules))
    place = (folder / path).resolve()
    if place != Path("/"):
        place.mkdir(parents=True)
        (place / "config.json").write_bytes((folder / "1_Pooling" / "config.json").read_bytes())
        assert "1_Pooling" in refused("text", folder)


@pytest.mark.parametrize("limit", [-5, 0, 1e400, "many", [1], {}, True, 10**400, None])
def test_lengths_that_are_none_are_as_if_they_were_not_stated(made, tmp_path, limit):
    folder = changed(
        made("text", "bert"), tmp_path / "m", "tokenizer_config.json", {"model_max_length": limit}
    )
    encoder = TextEncoder(f"hf:{folder}", device="cpu", store=None, precision="float32")
    if limit is True:  # one token: too few for the special ones, which the tokenizer says
        return
    assert encoder.transform(["a day " * 90]).shape == (1, 16)


@pytest.mark.parametrize(
    ("modality", "kind"),
    [
        *(("text", kind) for kind in ("bert", "roberta-classifier", "gpt2", "t5", "siglip")),
        *(("image", kind) for kind in ("vit", "dinov2", "swin", "resnet", "clip")),
        *(("audio", kind) for kind in ("wav2vec2", "hubert-large", "whisper", "ast")),
    ],
)
def test_sound_models_pass_with_room_to_spare(made, monkeypatch, modality, kind):
    monkeypatch.setattr(_hf_bounds, "_FREE_MODULES", 0)
    folder = made(modality, kind)
    _hf_bounds.check_model(folder, sorted(folder.glob("*.safetensors")), "hf:tiny")
