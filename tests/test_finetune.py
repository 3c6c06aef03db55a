"""Fine-tuning: the losses against loops, what is trained, what stays as it was."""

from __future__ import annotations

import functools
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsent import AudioEncoder, ImageEncoder, TextEncoder
from hybridsent._numerics.networks import info_nce
from hybridsent.encoders import Options, _graphs, get_backbone, release_networks
from hybridsent.exceptions import CellError, CellWarning, MissingDependencyError
from hybridsent.finetune import finetune
from hybridsent.finetune._data import Data
from hybridsent.finetune._layers import layers_of
from hybridsent.finetune._losses import contrastive, coral
from hybridsent.finetune._network import encode_all, model_of, trainable, vectors_of
from hybridsent.finetune._objective import probe
from hybridsent.finetune._rows import batches_of, held_out_rows, read

GOOD = ["a good day", "i like the sun", "great movie", "so lovely", "happy bird", "it is good"]
BAD = ["a bad day", "rain", "sad movie", "so sad", "bad night", "it is not good"]
X, Y = [*GOOD, *BAD], np.repeat([1, 0], 6)


@pytest.fixture(scope="session")
def bert(tmp_path_factory) -> Path:
    return tiny.text_model("bert", tmp_path_factory.mktemp("bert") / "model")


@pytest.fixture
def tune(bert):
    """Tune the tiny text model, in float32."""
    usual = {"modality": "text", "precision": "float32", "random_state": 0, "learning_rate": 5e-3}
    return functools.partial(finetune, f"hf:{bert}", **usual)


def state(result: Any) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(result.folder / "model.safetensors")


def changed(bert: Path, result: Any) -> set[str]:
    """Names of the tensors that are not those of the base."""
    from safetensors.torch import load_file

    before, after = load_file(bert / "model.safetensors"), state(result)
    assert before.keys() == after.keys()
    return {name for name in before if not torch.equal(before[name], after[name])}


# -- losses ----------------------------------------------------------------------------------------


@given(st.integers(2, 7), st.integers(2, 3), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_the_contrastive_loss_is_the_sum_over_anchors_and_positives(n, n_classes, seed):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(n, 3)), rng.integers(n_classes, size=n)
    u = z / np.linalg.norm(z, axis=1, keepdims=True)
    losses = []
    for i in range(n):
        others = [a for a in range(n) if a != i]
        positives = [p for p in others if y[p] == y[i]]
        total = sum(np.exp(u[i] @ u[a] / 0.2) for a in others)
        if positives:
            logs = [np.log(np.exp(u[i] @ u[p] / 0.2) / total) for p in positives]
            losses.append(-np.mean(logs))
    value = float(contrastive(torch.tensor(z), torch.tensor(y), 0.2))
    assert value == pytest.approx(np.mean(losses) if losses else 0.0)


def test_the_contrastive_loss_has_a_finite_gradient_where_a_row_is_alone():
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    contrastive(z, torch.tensor([0, 0, 1]), 0.1).backward()
    assert z.grad.isfinite().all()


def test_info_nce_is_the_mean_of_both_directions(rng):
    a, b = rng.normal(size=(2, 5, 3))
    u, v = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (a, b))
    scores = np.exp(u @ v.T / 0.3)
    rows = -np.log(np.diag(scores) / scores.sum(1)).mean()
    columns = -np.log(np.diag(scores) / scores.sum(0)).mean()
    value = float(info_nce(torch.tensor(a), torch.tensor(b), 1 / 0.3))
    assert value == pytest.approx((rows + columns) / 2)


def test_coral_is_the_distance_of_numpys_covariances(rng):
    a, b = rng.normal(size=(2, 6, 3))
    apart = np.cov(a.T) - np.cov(b.T)
    assert float(coral(torch.tensor(a), torch.tensor(b))) == pytest.approx((apart**2).sum() / 36)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_head_starts_as_scikit_learns_logistic_regression(rng, n_classes):
    from sklearn.linear_model import LogisticRegression

    z = rng.normal(size=(30, 4)) * 7
    y = np.arange(30) % n_classes
    weights, biases = probe(z, y, n_classes)
    scores = np.exp(z @ weights.T + biases)
    scale = np.linalg.norm(z, axis=1).mean()
    wanted = LogisticRegression(C=10.0, max_iter=2000).fit(z / scale, y).predict_proba(z / scale)
    np.testing.assert_allclose(scores / scores.sum(1, keepdims=True), wanted, atol=1e-5)


def test_a_class_without_a_row_starts_as_unlikely(rng):
    weights, biases = probe(rng.normal(size=(10, 4)), np.arange(10) % 2 * 2, 3)
    assert not weights[1].any()
    assert biases[1] <= biases.min()


# -- the network is the one that encodes -----------------------------------------------------------

TEXT = ["bert", "roberta-classifier", "distilbert", "gpt2", "t5", "clip", "siglip"]
IMAGE = ["vit", "resnet", "swin", "clip"]
SPEECH = ["wav2vec2", "hubert-large", "wavlm", "whisper", "ast", "wav2vec2-bert"]


def network_and_items(encoder: Any, cells: list[Any]) -> tuple[Any, list[Any]]:
    network = trainable(encoder.backbone(), "cpu", None)
    return network, read(encoder, network, cells, np.zeros(len(cells), dtype=int)).items


def encoder_of(kind: str, modality: str, folder: Path) -> tuple[Any, list[Any]]:
    if modality == "text":
        make = tiny.sentence_transformer if kind == "sentence" else tiny.text_model
        path = make(folder) if kind == "sentence" else make(kind, folder)
        return TextEncoder(f"hf:{path}", store=None, precision="float32"), tiny.TEXTS
    if modality == "image":
        path = tiny.image_model(kind, folder)
        return ImageEncoder(f"hf:{path}", store=None, precision="float32"), tiny.pictures()
    path = tiny.speech_model(kind, folder)
    return AudioEncoder(f"hf:{path}", store=None, precision="float32"), tiny.waves(0.4, 0.9, 0.7)


ALL = [("sentence", "text"), *((kind, "text") for kind in TEXT)]
ALL += [(kind, "image") for kind in IMAGE] + [(kind, "audio") for kind in SPEECH]


@pytest.fixture
def by_torch(monkeypatch):
    """Encoders run by torch, too: a conversion takes seconds, and other tests compare it."""
    monkeypatch.setattr(_graphs, "has_openvino", lambda: False)
    yield
    release_networks()


@pytest.mark.usefixtures("by_torch")
@pytest.mark.parametrize(("kind", "modality"), ALL)
def test_training_sees_the_vectors_that_the_encoder_gives(kind, modality, tmp_path):
    encoder, cells = encoder_of(kind, modality, tmp_path / "model")
    network, items = network_and_items(encoder, cells)
    wanted = encoder.fit_transform(cells)
    model_of(network).requires_grad_(True)
    vectors = vectors_of(network, items, Options())
    assert vectors.requires_grad
    vectors.sum().backward()
    np.testing.assert_allclose(vectors.detach(), wanted, atol=1e-4 * np.abs(wanted).max())
    np.testing.assert_allclose(
        encode_all(network, items, Options()), wanted, atol=1e-4 * np.abs(wanted).max()
    )
    reached = {id(p) for p in model_of(network).parameters() if p.grad is not None}
    layers = layers_of(model_of(network), reached)
    assert len(layers) >= 2
    flat = [id(parameter) for layer in layers for parameter in layer]
    assert sorted(flat) == sorted(reached)  # each is in one layer


def test_layers_are_the_blocks_of_the_default_text_encoder():
    network, items = network_and_items(TextEncoder(), ["a"])
    model = model_of(network).requires_grad_(True)
    vectors_of(network, items, Options()).sum().backward()
    names = {id(p): name for name, p in model.named_parameters()}
    reached = {id(p) for p in model.parameters() if p.grad is not None}
    layers = [[names[id(p)] for p in layer] for layer in layers_of(model, reached)]
    assert len(layers) == 13
    assert {name.split(".")[0] for name in layers[0]} == {"embeddings"}
    for i, layer in enumerate(layers[1:]):
        assert all(name.startswith(f"encoder.layer.{i}.") for name in layer)


@pytest.mark.usefixtures("by_torch")
def test_an_encoders_own_settings_hold_in_training(bert):
    encoder = TextEncoder(f"hf:{bert}", pooling="max", layer=-2, max_length=3, store=None)
    encoder.set_params(precision="float32")
    tuned = finetune(encoder, X, Y, epochs=1, precision="float32", random_state=0)
    found = tuned.encoder()
    assert (found.pooling, found.layer, found.max_length) == ("max", -2, 3)
    network, items = network_and_items(found, X)
    vectors = encode_all(network, items, Options("max", -2, None, 3))
    assert max(map(len, items)) == 3
    np.testing.assert_allclose(found.fit_transform(X), vectors, atol=1e-4)


# -- what training does ----------------------------------------------------------------------------


@pytest.mark.usefixtures("by_torch")
@pytest.mark.parametrize("loss", ["contrastive", "cross_entropy"])
@pytest.mark.parametrize("how", ["full", "last", "lora"])
def test_the_loss_falls_and_classes_part(tune, bert, how, loss):
    tuned = tune(X, Y, how=how, loss=loss, epochs=8, batch_size=12, warm_up=0.0)
    losses = [entry["loss"] for entry in tuned.history[1:]]
    assert len(losses) == 8
    assert losses[-1] < losses[0]
    assert losses == [entry["target"] for entry in tuned.history[1:]]
    vectors = tuned.encoder(store=None, precision="float32").fit_transform(X)
    predicted = tuned.classes_[(vectors @ tuned.coef_.T + tuned.intercept_).argmax(1)]
    assert (predicted == Y).mean() >= 0.75
    names = changed(bert, tuned)
    assert names
    assert not any("pooler" in name for name in names)  # no vector passes through it
    if how != "full":
        assert not any("embeddings" in name for name in names)
    if how == "lora":
        assert all(name.endswith("weight") for name in names)


def test_last_trains_the_last_layers_alone(tune, bert):
    names = changed(bert, tune(X, Y, how="last", n_layers=1, epochs=1))
    assert {name.split(".")[2] for name in names} == {"1"}
    assert {name.split(".")[0] for name in names} == {"encoder"}


def test_layer_decay_slows_the_first_layers(tune, bert):
    from safetensors.torch import load_file

    before = load_file(bert / "model.safetensors")
    after = state(tune(X, Y, epochs=1, batch_size=12, layer_decay=0.1, weight_decay=0.0))
    moved = [
        float((after[name] - before[name]).abs().max())
        for name in (f"encoder.layer.{i}.output.dense.bias" for i in (0, 1))
    ]
    assert moved[0] == pytest.approx(0.1 * moved[1], rel=0.05)  # a first step of Adam is its rate


def test_a_batch_in_parts_gives_the_step_of_the_whole(tune):
    whole = state(tune(X, Y, epochs=2, batch_size=12))
    parts = state(tune(X, Y, epochs=2, batch_size=12, micro_batch_size=5))
    for name, tensor in whole.items():
        torch.testing.assert_close(parts[name], tensor, atol=2e-4, rtol=0)


def test_equal_seeds_give_equal_weights_and_others_do_not(tune):
    one, same, other = (tune(X, Y, epochs=1, batch_size=4, random_state=s) for s in (0, 0, 1))
    assert one.backbone.digest() == same.backbone.digest() != other.backbone.digest()
    assert one.encoder().fingerprint() == same.encoder().fingerprint()


@pytest.mark.usefixtures("by_torch")
@pytest.mark.parametrize("how", ["full", "lora"])
def test_nothing_outside_is_changed(tune, bert, how):
    encoder = TextEncoder(f"hf:{bert}", store=None, precision="float32")
    before = encoder.fit_transform(X)
    numpys = np.random.get_state
    states = torch.get_rng_state(), numpys()[1].copy(), random.getstate()
    threads, grad = torch.get_num_threads(), torch.is_grad_enabled()
    tune(X, Y, how=how, epochs=1)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (numpys()[1] == states[1]).all()
    assert random.getstate() == states[2]
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == (threads, grad)
    np.testing.assert_array_equal(encoder.transform(X), before)


def test_sixteen_bits_train_weights_of_thirty_two(tune):
    tuned = tune(X, Y, epochs=2, precision="bfloat16")
    assert tuned.precision == "bfloat16"
    assert {tensor.dtype for tensor in state(tuned).values()} == {torch.float32}
    assert tuned.history[-1]["loss"] < tuned.history[1]["loss"]


def test_a_rate_that_breaks_the_weights_is_an_error(tune):
    with pytest.raises(ValueError, match=r"finite.*learning_rate 1e\+30"):
        tune(X, Y, epochs=3, learning_rate=1e30, clip=None)


# -- held-out rows ---------------------------------------------------------------------------------


def test_groups_are_held_out_together():
    codes, groups = np.arange(40) % 2, np.arange(40) // 4
    kept, held = held_out_rows(codes, groups, 0.2, 0)
    assert not set(groups[kept]) & set(groups[held])
    assert sorted([*kept, *held]) == list(range(40))


def test_held_out_rows_are_stratified():
    codes = np.repeat([0, 1], [30, 10])
    kept, held = held_out_rows(codes, None, 0.2, 0)
    assert (np.bincount(codes[held]) == [6, 2]).all()
    assert len(kept) == 32


def test_where_no_epoch_is_better_the_frozen_network_is_kept(tune, bert):
    tuned = tune(X, Y, held_out=0.25, epochs=9, patience=1, learning_rate=10.0, warm_up=0.0)
    assert "held_out" in tuned.history[0]
    if min(entry["held_out"] for entry in tuned.history) == tuned.history[0]["held_out"]:
        assert len(tuned.history) == 2
        assert changed(bert, tuned) == set()
    assert tuned.n_rows == 9


def test_the_best_epoch_counts(tune):
    tuned = tune(X * 3, np.tile(Y, 3), held_out=0.25, epochs=5, patience=2)
    losses = [entry["held_out"] for entry in tuned.history]
    assert len(losses) - 1 - int(np.argmin(losses)) <= 2


def test_few_labels_hold_nothing_out_and_a_thousand_do(tune):
    assert tune(X, Y, epochs=1).n_rows == 12
    many = tune([*GOOD, *BAD] * 84, np.tile(Y, 84), epochs=1, how="last", batch_size=504)
    assert many.n_rows == round(0.9 * 12 * 84)


# -- batches ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.integers(2, 16), st.booleans())
@settings(max_examples=30, deadline=None)
def test_batches_hold_no_row_twice(codes, size, balanced):
    codes = np.array(codes)
    batches = list(batches_of(codes, size, np.random.default_rng(0), balanced=balanced))
    assert len(batches) == -(-len(codes) // size)
    for batch in batches:
        assert len(set(batch)) == len(batch)
        if balanced:
            wanted = [min(max(2, size // len(set(codes))), sum(codes == c)) for c in set(codes)]
            assert [sum(codes[batch] == c) for c in set(codes)] == wanted
    if not balanced:
        assert sorted(np.concatenate(batches)) == list(range(len(codes)))


# -- three losses ----------------------------------------------------------------------------------


def test_source_target_and_alignment_are_learned_together(tune, rng):
    paired = rng.normal(size=(12, 5))
    paired[[0, 7]] = np.nan
    y = Y.astype(object)
    y[[3, 9]] = -1  # no label, but a pair
    source = (["a lovely night", "a sad day"] * 3, [1, 0] * 3)
    tuned = tune(X, y, source=source, paired=paired, epochs=12, batch_size=10, warm_up=0.0)
    first, last = tuned.history[1], tuned.history[-1]
    assert last.keys() == {"epoch", "loss", "target", "source", "alignment"}
    assert first["loss"] == pytest.approx(first["target"] + first["source"] + first["alignment"])
    assert last["alignment"] < first["alignment"]
    assert last["source"] < first["source"]
    assert tuned.n_rows == 10


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_weights_weigh(tune, rng, weight):
    tuned = tune(X, Y, paired=rng.normal(size=(12, 5)), alignment_weight=weight, epochs=1)
    entry = tuned.history[1]
    assert entry["loss"] == pytest.approx(entry["target"] + weight * entry.get("alignment", 0.0))


def test_coral_brings_covariances_near(tune, rng):
    paired = rng.normal(size=(12, 3)) @ rng.normal(size=(3, 4))
    some = {"paired": paired, "alignment": "coral", "target_weight": 0.0, "batch_size": 12}
    tuned = tune(X, Y, epochs=12, warm_up=0.0, learning_rate=1e-3, **some)
    assert tuned.history[-1]["alignment"] < tuned.history[1]["alignment"]
    assert "target" not in tuned.history[1]


def test_rows_without_label_take_part_through_their_pairs(bert, rng):
    encoder = TextEncoder(f"hf:{bert}")
    network = trainable(encoder.backbone(), "cpu", None)
    y = np.array([1, 0, -1, -1, 1, 0])
    paired = rng.normal(size=(6, 3))
    paired[[1, 3]] = np.nan
    data = Data(encoder, network, X[:6], y, groups=None, source=None, paired=paired)
    assert data.pairs.tolist() == [0, 2, 4, 5]
    rows = next(data.batches(data.labelled, 8, rng, balanced=True))
    assert sorted(rows.target) == [0, 1, 4, 5]
    assert rows.pairs.tolist() == [0, 2, 4, 5]


# -- modalities ------------------------------------------------------------------------------------


def test_an_image_network_trains_an_epoch(tmp_path):
    folder = tiny.image_model("vit", tmp_path / "vit")
    tuned = finetune(f"hf:{folder}", tiny.pictures(8), [0, 1] * 4, modality="image", epochs=1)
    rows = tuned.encoder(store=None).fit_transform(tiny.pictures(8))
    assert np.isfinite(rows).all()
    assert tuned.encoder().fingerprint() != ImageEncoder(f"hf:{folder}").fingerprint()


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert-large"])
def test_a_speech_network_trains_an_epoch(kind, tmp_path):
    folder = tiny.speech_model(kind, tmp_path / kind)
    cells = tiny.waves(0.4, 0.9, 0.5, 0.7)
    tuned = finetune(f"hf:{folder}", cells, ["a", "b"] * 2, modality="audio", epochs=1)
    assert tuned.classes_.tolist() == ["a", "b"]
    rows = tuned.encoder(store=None).fit_transform(cells)
    assert np.isfinite(rows).all()


def test_what_has_no_network_is_refused():
    with pytest.raises(ValueError, match=r"fine-tune must be a network.*audio/egemaps-v02"):
        finetune("audio/egemaps-v02", tiny.waves(0.4, 0.5), [0, 1])


def test_the_refusal_does_not_deny_what_can_be_tuned():
    """multilingual-e5-small and the names of the hub are tuned, too: it lists no few names."""
    with pytest.raises(ValueError, match=r"registered one of texts or pictures.*whisper-tiny-en"):
        finetune("audio/whisper-tiny-en", tiny.waves(0.4, 0.5), [0, 1])


def test_lora_needs_linear_layers():
    with pytest.raises(ValueError, match=r"linear layers.*how='last'"):
        finetune(
            "image/efficientnet-lite0", tiny.pictures(4), [0, 1, 0, 1], how="lora", device="cpu"
        )


def test_without_peft_the_extra_is_named(tune, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingDependencyError, match=r"hybridsent\[finetune\]"):
        tune(X, Y, how="lora", epochs=1)


# -- cells and errors ------------------------------------------------------------------------------


def test_missing_cells_are_left_out(tune):
    with_gaps = [None, *X[1:11], ""]
    assert tune(with_gaps, Y, epochs=1).n_rows == 10


def test_broken_cells_are_named_or_left_out(tmp_path):
    folder = tiny.image_model("vit", tmp_path / "vit")
    cells = [*tiny.pictures(4), b"no picture"]
    encoder = ImageEncoder(f"hf:{folder}")
    with pytest.raises(CellError, match=r"row 4.*on_error='missing'") as caught:
        finetune(encoder, cells, [0, 1, 0, 1, 0], epochs=1)
    assert caught.value.row == 4
    with pytest.warns(CellWarning, match="1 of 5 cells"):
        tuned = finetune(encoder.set_params(on_error="missing"), cells, [0, 1, 0, 1, 0], epochs=1)
    assert tuned.n_rows == 4


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"how": "half"}, "'how' parameter of finetune"),
        ({"epochs": 0}, "'epochs' parameter of finetune"),
        ({"y": [1] * 12}, "two classes"),
        ({"y": np.linspace(0.1, 0.9, 12)}, "labels of classes.*continuous.*task='regression'"),
        ({"y": [0, 1]}, "inconsistent numbers"),
        ({"source": "x"}, "source must be a tuple"),
        ({"paired": np.zeros((3, 2))}, "each of the 12 rows.*Got 3"),
        ({"paired": np.full((12, 2), np.nan)}, "two rows without NaN"),
        ({"held_out": 0.01}, "held_out=0.01.*12 labelled rows"),
        ({"held_out": 0.2, "groups": [0] * 12}, "whole groups.*Got 1"),
        ({"name": "a/b"}, "letters, digits"),
        ({"modality": "smell"}, "'modality' parameter"),
    ],
)
def test_errors_name_the_way_out(tune, parameters, message):
    y = parameters.pop("y", Y)
    with pytest.raises(ValueError, match=message):
        tune(X, y, **{"epochs": 1, **parameters})


def test_an_encoder_has_its_modality():
    with pytest.raises(ValueError, match="that of the encoder, 'text'"):
        finetune(TextEncoder(), X, Y, modality="image")
    assert get_backbone("text/minilm-l6").modality == "text"
