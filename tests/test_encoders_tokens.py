"""A text is cut into the tokens that its model's own tokenizer gives, by every engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from hybridsent import TextEncoder
from hybridsent.encoders import Options, _graphs, _runtime
from hybridsent.encoders._hf import digest_folder
from hybridsent.encoders._hf_folder import Weights
from hybridsent.encoders._hf_text import HFText

KINDS = ["bert", "roberta-classifier", "distilbert", "gpt2", "t5", "clip", "siglip"]
LONG = " ".join(tiny.TEXTS) + " "
CELLS = [
    *tiny.TEXTS,
    LONG * 3 + "sad night",
    LONG * 400 + "sad night",  # beyond what is given to the tokenizer at first
    "rain " * 40_000 + "sun",
    "a [SEP] good </s> day [MASK]",
    " " * 20_000 + "very sad day",
    "very sad day" + " " * 20_000,
    "a" * 20_000 + " night",
]


def _config(folder: Path, **changes: Any) -> None:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _tokenizer(folder: Path, **changes: Any) -> None:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


_CUT = {"max_length": 9, "strategy": "LongestFirst", "stride": 2}
_PAD = {
    "strategy": {"Fixed": 20},
    "direction": "Left",
    "pad_to_multiple_of": None,
    "pad_id": 0,
    "pad_type_id": 0,
    "pad_token": "[PAD]",
}
SETTINGS: dict[str, Any] = {
    "as it is": lambda folder: None,
    "truncation left": lambda folder: _config(folder, truncation_side="left"),
    "truncation left in tokenizer.json": lambda folder: _tokenizer(
        folder, truncation={**_CUT, "direction": "Left"}
    ),
    "truncation right in tokenizer.json": lambda folder: _tokenizer(
        folder, truncation={**_CUT, "direction": "Right"}
    ),
    "padding left": lambda folder: _config(folder, padding_side="left"),
    "padding left in tokenizer.json": lambda folder: _tokenizer(folder, padding=_PAD),
    "special tokens are split": lambda folder: _config(folder, split_special_tokens=True),
    "no special tokens are added": lambda folder: _tokenizer(folder, post_processor=None),
    "beginnings and ends are added": lambda folder: _config(
        folder, add_bos_token=True, add_eos_token=True, truncation_side="left"
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Write each model once."""
    root = tmp_path_factory.mktemp("models")
    return {kind: tiny.text_model(kind, root / kind) for kind in KINDS}


@pytest.fixture
def folder(request, made, tmp_path) -> Path:
    """A copy of a model with a setting of its tokenizer."""
    kind, setting = request.param
    copied = tmp_path / "model"
    copied.mkdir()
    for path in made[kind].iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    SETTINGS[setting](copied)
    return copied


every_setting = pytest.mark.parametrize(
    "folder",
    [(kind, setting) for kind in KINDS for setting in SETTINGS],
    indirect=True,
    ids=lambda given: "-".join(given),
)


@pytest.fixture(autouse=True)
def _networks(tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "networks"))
    yield
    _runtime.release_networks()


def _network(folder: Path) -> HFText:
    return HFText(Weights(folder, "hf:tiny", digest_folder(folder)), "cpu", "float32")


@every_setting
def test_tokens_are_the_tokenizers_own_with_every_engine_and_in_every_process(folder, monkeypatch):
    from transformers import AutoTokenizer

    own = AutoTokenizer.from_pretrained(folder)
    fresh, later = _network(folder), _network(folder)
    monkeypatch.setattr(_graphs, "has_openvino", lambda: False)
    torchs = _network(folder)
    assert later.graphs._source is None  # read from what was kept
    for max_length in (None, 8):
        options = Options(max_length=max_length)
        limit = min(max_length or 10**9, fresh.facts.max_length)
        wanted = [own(cell, truncation=True, max_length=limit)["input_ids"] for cell in CELLS]
        for network in (fresh, later, torchs):
            tokens = [ids.tolist() for ids in network.finish(CELLS, options)]
            assert tokens == [ids or [network.facts.pad] for ids in wanted]


@pytest.mark.parametrize(
    "folder",
    [
        (kind, setting)
        for kind in ("bert", "clip")
        for setting in ("as it is", "truncation left", "special tokens are split", "padding left")
    ],
    indirect=True,
    ids=lambda given: "-".join(given),
)
def test_rows_of_both_engines_are_equal(folder, monkeypatch):
    encoder = TextEncoder(f"hf:{folder}", device="cpu", precision="float32", store=None)
    rows = encoder.transform(CELLS)
    _runtime.release_networks()
    later = encoder.transform(CELLS)
    _runtime.release_networks()
    monkeypatch.setattr(_graphs, "has_openvino", lambda: False)
    by_torch = encoder.transform(CELLS)
    np.testing.assert_array_equal(rows, later)
    np.testing.assert_allclose(rows, by_torch, rtol=0, atol=1e-4 * np.abs(by_torch).max())


def test_rows_of_tokenizers_that_cut_the_beginning_are_not_those_of_before(made, tmp_path):
    """They were wrong once; those of other models are found again."""
    for kind in KINDS:
        whole = digest_folder(made[kind])
        copied = tmp_path / kind
        copied.mkdir()
        for path in made[kind].iterdir():
            (copied / path.name).write_bytes(path.read_bytes())
        assert digest_folder(copied) == whole
        _tokenizer(copied, truncation={**_CUT, "direction": "Left"})
        left = digest_folder(copied)
        text = (copied / "tokenizer.json").read_text().replace('"Left"', '"Lef"')
        (copied / "tokenizer.json").write_text(text)
        assert digest_folder(copied) not in (left, whole)


def test_a_tokenizer_with_parts_in_python_stays_in_transformers(made, tmp_path):
    """It cannot be written down: both engines and later processes ask transformers."""

    class Odd:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def __call__(self, *given: Any, **named: Any) -> Any:
            encoded = self.inner(*given, **named)
            encoded["input_ids"] = [ids[::-1] for ids in encoded["input_ids"]]
            return encoded

    from transformers import AutoTokenizer

    network = _network(made["bert"])
    network.facts.take(Odd(AutoTokenizer.from_pretrained(made["bert"])))
    assert callable(network.facts.tokenizer)
    with pytest.raises(OSError, match="fast tokenizer"):
        network.facts.write(tmp_path)
    assert not list(tmp_path.glob("*.json"))
