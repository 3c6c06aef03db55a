"""Tuned networks at rest: they are found, told apart, and refused where they are not whole."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import hybridsent
from hybridsent import FeatureStore, ImageEncoder, TextEncoder
from hybridsent.encoders import (
    Backbone,
    Options,
    _graphs,
    get_backbone,
    list_backbones,
    register_backbone,
    release_networks,
)
from hybridsent.exceptions import (
    HybridsentWarning,
    UnknownBackboneError,
    WeightsError,
    WeightsNotFoundError,
)
from hybridsent.finetune import FineTuned, finetune
from hybridsent.finetune._network import encode_all, trainable
from hybridsent.finetune._result import place
from hybridsent.finetune._rows import read

TEXTS = [*tiny.TEXTS, "so good"]
LABELS = [1, 0, 0, 1, 0, 1]


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> str:
    return f"hf:{tiny.sentence_transformer(tmp_path_factory.mktemp('base') / 'model')}"


@pytest.fixture(scope="module")
def tuned(base) -> FineTuned:
    return tune(base, name="tiny")


def tune(base: str, **parameters: Any) -> FineTuned:
    usual = {"epochs": 2, "learning_rate": 1e-2, "random_state": 0, "precision": "float32"}
    return finetune(base, TEXTS, LABELS, modality="text", **{**usual, **parameters})


@pytest.fixture
def copy(tuned, tmp_path) -> Path:
    return place(tuned.folder, tmp_path / "copy")


def encode(model: str, **parameters: Any) -> np.ndarray:
    usual = {"store": None, "precision": "float32", "device": "cpu"}
    return TextEncoder(model, **{**usual, **parameters}).fit_transform(TEXTS)


def flip(path: Path) -> None:
    """Change one bit near the end of a file."""
    content = bytearray(path.read_bytes())
    content[-9] ^= 64
    path.write_bytes(bytes(content))


# -- where it is found -----------------------------------------------------------------------------


def test_the_saved_network_is_the_one_that_was_trained(base, tuned):
    """What the converted network of the folder gives is what an equal training has in memory."""
    encoder = TextEncoder(f"tuned:{tuned.folder}", store=None, precision="float32")
    rows = encoder.fit_transform(TEXTS)
    network = trainable(encoder.backbone(), "cpu", None)
    items = read(encoder, network, TEXTS, np.zeros(len(TEXTS), dtype=int)).items
    again = encode_all(network, items, Options())
    np.testing.assert_allclose(rows, again, atol=1e-4)
    assert np.abs(rows - encode(base)).max() > 1e-2
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)  # as the folder asks


def test_its_name_its_folder_and_a_copy_are_one_backbone(tuned, copy):
    names = tuned.name, f"tuned:{tuned.folder}", f"tuned:{copy}"
    assert tuned.name.endswith("+tiny")
    assert len({TextEncoder(name).fingerprint() for name in names}) == 1
    one, *others = (encode(name) for name in names)
    for rows in others:
        np.testing.assert_array_equal(rows, one)
    assert get_backbone(tuned.name) in list_backbones("text/*")
    assert get_backbone(f"tuned:{copy}").modality == "text"


def test_a_complete_folder_is_one_of_transformers_too(tuned, copy):
    np.testing.assert_allclose(encode(f"hf:{copy}"), encode(tuned.name), atol=1e-6)


def test_another_process_finds_it(copy):
    code = (
        "import sys, numpy as np; from hybridsent import TextEncoder\n"
        f"print(TextEncoder({f'tuned:{copy}'!r}).fingerprint())"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == TextEncoder(f"tuned:{copy}").fingerprint()


def test_a_folder_that_was_asked_for_holds_it(base, tmp_path):
    made = tune(base, folder=tmp_path / "new" / "place", epochs=1)
    assert made.folder == tmp_path / "new" / "place"
    assert json.loads((made.folder / "training.json").read_text())["history"] == made.history
    assert str(tmp_path) not in (made.folder / "hybridsent.json").read_text()
    with pytest.raises(FileExistsError, match="empty or new"):
        tune(base, folder=made.folder)
    with pytest.raises(FileExistsError, match="empty or new"):
        made.save(made.folder)
    assert sorted(path.name for path in made.folder.parent.iterdir()) == ["place"]  # no drafts


def test_a_tuned_network_is_tuned_on(tuned):
    again = tune(f"tuned:{tuned.folder}", epochs=1)
    other = tune(tuned.name, epochs=1)
    assert again.backbone.digest() == other.backbone.digest() != tuned.backbone.digest()
    assert other.name.count("+") == 1


def test_a_name_may_be_used_again_but_not_that_of_another(base, tuned):
    again = tune(base, name="tiny", random_state=1, epochs=1)
    assert again.name == tuned.name
    assert TextEncoder(tuned.name).fingerprint() == again.encoder().fingerprint()
    register_backbone(tuned.backbone, replace=True)
    stem = tuned.name.partition("+")[0]
    fake = Backbone(f"{stem}+taken", "text", "m:f", sha256="0" * 64)
    register_backbone(fake, replace=True)
    with pytest.raises(ValueError, match=r"name must be new.*\+taken"):
        tune(base, name="taken")


def test_a_model_with_a_tuned_encoder_is_saved_and_loaded(tuned, copy, tmp_path):
    model = make_pipeline(
        TextEncoder(f"tuned:{copy}", store=None, device="cpu"), LogisticRegression()
    ).fit(TEXTS, LABELS)
    path = tmp_path / "model.hybridsent"
    hybridsent.save(model, path)
    with pytest.raises(hybridsent.exceptions.UntrustedPathError, match="paths="):
        hybridsent.load(path)
    loaded = hybridsent.load(path, paths=[copy])
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    flip(copy / "model.safetensors")
    with pytest.raises(hybridsent.exceptions.BundleError, match="computes something else"):
        hybridsent.load(path, paths=[copy])


def test_what_ends_with_the_process_is_told_when_a_model_is_saved(base, tmp_path):
    made = tune(base, name="passing", epochs=1)
    for encoder, why in (
        (made.encoder(), "temporary folder"),
        (TextEncoder(made.name), "temporary"),
    ):
        model = make_pipeline(encoder, LogisticRegression()).fit(TEXTS, LABELS)
        with pytest.warns(HybridsentWarning, match=f"{why}.*FineTuned.save first"):
            hybridsent.save(model, tmp_path / "model.hybridsent")
    folder = made.save(tmp_path / "kept")
    assert made.encoder().model == f"tuned:{folder.resolve()}"
    model = make_pipeline(made.encoder(), LogisticRegression()).fit(TEXTS, LABELS)
    hybridsent.save(model, tmp_path / "model.hybridsent")  # without a warning


def test_text_labels_and_the_mark_may_stand_in_a_list(base):
    labels = ["good", "bad", "bad", "good", -1, "good"]
    made = finetune(base, TEXTS, labels, modality="text", epochs=1, random_state=0)
    assert made.classes_.tolist() == ["bad", "good"]
    assert made.n_rows == 5


# -- told apart ------------------------------------------------------------------------------------


def test_old_and_new_rows_never_mix_in_a_store(base, tuned, tmp_path):
    store = FeatureStore(tmp_path / "store")
    old, new = TextEncoder(base, store=store), tuned.encoder(store=store)
    assert old.fingerprint() != new.fingerprint()
    for encoder in (old, new):
        encoder.fit_transform(TEXTS)
        assert encoder.n_encoded_ == len(TEXTS)
    assert not np.allclose(old.transform(TEXTS), new.transform(TEXTS), atol=1e-3)
    assert (old.n_from_store_, new.n_from_store_) == (len(TEXTS), len(TEXTS))


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_changed_byte_is_another_fingerprint(copy, file):
    before = TextEncoder(f"tuned:{copy}").fingerprint()
    if file == "model.safetensors":
        flip(copy / file)
    else:
        (copy / file).write_text((copy / file).read_text() + " ")
    assert TextEncoder(f"tuned:{copy}").fingerprint() != before


def test_notes_are_not_part_of_it(copy):
    before = TextEncoder(f"tuned:{copy}").fingerprint()
    (copy / "training.json").write_text("{}")
    (copy / "README.md").write_text("Mine.")
    assert TextEncoder(f"tuned:{copy}").fingerprint() == before


# -- refused ---------------------------------------------------------------------------------------


def test_damaged_weights_are_refused(copy):
    flip(copy / "model.safetensors")
    with pytest.raises(WeightsError, match=r"SHA-256.*damaged"):
        encode(f"tuned:{copy}")


def test_what_is_not_there_is_told(copy, tmp_path):
    with pytest.raises(WeightsNotFoundError, match=r"must exist\. Nothing is at"):
        encode(f"tuned:{tmp_path / 'nowhere'}")
    for file in ("model.safetensors", "hybridsent.json"):
        other = shutil.copytree(copy, tmp_path / file)
        (other / file).unlink()
        with pytest.raises(WeightsNotFoundError, match=f"has no {file}"):
            encode(f"tuned:{other}")
    (copy / "config.json").unlink()
    with pytest.raises(WeightsNotFoundError, match=r"config\.json"):
        encode(f"tuned:{copy}")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("kind", "pickle"),
        ("kind", ["hf"]),
        ("modality", "smell"),
        ("sha256", 3),
        ("sha256", "0"),
        ("width", 0),
        ("width", True),
        ("base", None),
        ("entry", 1),
        ("licence", 1),
        ("commercial_use", "yes"),
        ("commercial_use", []),
    ],
)
def test_a_foreign_manifest_is_refused(copy, key, value):
    told = json.loads((copy / "hybridsent.json").read_text())
    (copy / "hybridsent.json").write_text(json.dumps({**told, key: value}))
    with pytest.raises(WeightsError, match=f"'{key}'.*foreign"):
        encode(f"tuned:{copy}")


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_manifest_that_is_no_json_object_is_refused(copy, content):
    (copy / "hybridsent.json").write_text(content)
    with pytest.raises(WeightsError, match=r"hybridsent\.json"):
        encode(f"tuned:{copy}")


def test_a_network_of_another_kind_is_refused(copy):
    told = json.loads((copy / "hybridsent.json").read_text())
    for kind, entry in (("torchvision", "resnet18/"), ("efficientnet-lite0", "")):
        changed = {**told, "kind": kind, "entry": entry, "modality": "image"}
        (copy / "hybridsent.json").write_text(json.dumps(changed))
        with pytest.raises(WeightsError, match="must be those of"):
            ImageEncoder(f"tuned:{copy}", store=None).fit_transform(tiny.pictures(1))


def test_it_reads_its_own_modality(copy):
    with pytest.raises(UnknownBackboneError, match="reads text"):
        ImageEncoder(f"tuned:{copy}").fingerprint()


# -- networks that are not of transformers ---------------------------------------------------------


@pytest.fixture
def resnet(tmp_path) -> str:
    import torch
    from torchvision import models

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.save(models.resnet18(weights=None).state_dict(), tmp_path / "resnet.pth")
    return f"torchvision:resnet18@{tmp_path / 'resnet.pth'}"


@pytest.fixture
def by_torch(monkeypatch):
    """No conversion, which takes seconds."""
    monkeypatch.setattr(_graphs, "has_openvino", lambda: False)
    yield
    release_networks()


@pytest.mark.usefixtures("by_torch")
@pytest.mark.parametrize("family", ["torchvision", "efficientnet"])
def test_networks_of_other_makers_are_saved_whole(family, request, tmp_path):
    model = "image/efficientnet-lite0"
    if family == "torchvision":
        model = request.getfixturevalue("resnet")
    cells = tiny.pictures(4)
    made = finetune(model, cells, [0, 1, 0, 1], epochs=1, how="last", learning_rate=1e-2)
    encoder = made.encoder(store=None, precision="float32")
    rows = encoder.fit_transform(cells)
    before = ImageEncoder(model, store=None, precision="float32").fit_transform(cells)
    assert rows.shape == before.shape
    assert np.abs(rows - before).max() > 1e-3 * np.abs(before).max()
    assert "+" in made.name
    copy = made.save(tmp_path / "copy")
    found = ImageEncoder(f"tuned:{copy}", store=None, precision="float32")
    assert found.fingerprint() == encoder.fingerprint()
    np.testing.assert_array_equal(found.fit_transform(cells), rows)
    other = finetune(f"tuned:{copy}", cells, [0, 1, 0, 1], epochs=1, how="last")
    assert other.backbone.digest() != made.backbone.digest()
    flip(copy / "model.safetensors")
    with pytest.raises(WeightsError, match="SHA-256"):
        ImageEncoder(f"tuned:{copy}", store=None).fit_transform(cells)


def test_rows_of_which_no_two_are_of_one_class_have_no_contrast(base):
    with pytest.raises(ValueError, match="y must have a class with at least two rows"):
        finetune(base, TEXTS, list("abcdef"), modality="text", epochs=1)
    with pytest.raises(ValueError, match="labels of source must have a class with at least two"):
        finetune(base, TEXTS, LABELS, modality="text", source=(["fine", "poor"], [1, 0]), epochs=1)
