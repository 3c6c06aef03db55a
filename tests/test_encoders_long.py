"""Long texts in pieces, long sounds in windows: every vector is the mean of those of its parts."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from fakes import FAKES, HashNetwork, installed
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent import AudioEncoder, TextEncoder, load, save
from hybridsent.encoders import Options, _graphs, _runtime
from hybridsent.encoders._hf import digest_folder
from hybridsent.encoders._hf_folder import Weights
from hybridsent.encoders._hf_text import HFText
from hybridsent.encoders._pieces import by_size
from hybridsent.encoders._pooling import of_length_one, pool
from hybridsent.encoders._windows import InWindows
from hybridsent.finetune._rows import read
from hybridsent.store import FeatureStore

KINDS = ["bert", "roberta-classifier", "distilbert", "gpt2", "t5", "clip", "siglip"]
MAX = 8  # tokens read at once here
EXACT = {"device": "cpu", "precision": "float32", "store": None}
RNG = np.random.default_rng(5)
TEXTS = [" ".join(RNG.choice(tiny.WORDS, n)) for n in (1, 3, 9, 20, 41, 100)]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Any:
    """Write each model once, and each conversion."""
    root = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYBRIDSENT_NETWORKS", str(root / "networks"))
        yield {kind: tiny.text_model(kind, root / kind) for kind in KINDS}
    _runtime.release_networks()


def make(folder: Path, **parameters: Any) -> TextEncoder:
    given = {"max_length": MAX, "long": "mean", **EXACT, **parameters}
    return TextEncoder(f"hf:{folder}", **given)


def network_of(folder: Path) -> HFText:
    return HFText(Weights(folder, "hf:tiny", digest_folder(folder)), "cpu", "float32")


def around(folder: Path) -> int:
    """Special tokens of a text."""
    return len(network_of(folder).finish(["a"], Options())[0]) - 1


def by_hand(folder: Path, text: str) -> tuple[list[str], np.ndarray]:
    """The pieces of a text of known words, as texts, and their tokens."""
    words, room = text.split(), MAX - around(folder)
    parts = [words[i : i + room] for i in range(0, len(words), room)]
    return [" ".join(part) for part in parts], np.array([len(p) + MAX - room for p in parts])


# -- texts: identities -----------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", ["auto", "mean", "cls", "max"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_long_text_is_the_mean_of_its_pieces_by_their_tokens(made, kind, pooling):
    rows = make(made[kind], pooling=pooling).transform(TEXTS)
    alone = make(made[kind], pooling=pooling, long="cut")
    for text, row in zip(TEXTS, rows, strict=True):
        pieces, tokens = by_hand(made[kind], text)
        vectors = alone.transform(pieces)
        wanted = np.average(vectors, axis=0, weights=tokens)
        wanted = vectors.max(axis=0) if pooling == "max" else wanted
        np.testing.assert_allclose(row, wanted, rtol=0, atol=2e-6 * np.abs(vectors).max())


@pytest.mark.parametrize("steps", [None, 1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_is_not_too_long_is_what_it_is_cut_off(made, kind, steps):
    cut = make(made[kind], steps=steps, long="cut").transform(TEXTS[:2])
    np.testing.assert_array_equal(make(made[kind], steps=steps).transform(TEXTS[:2]), cut)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("kind", ["bert", "gpt2", "clip"])
def test_segments_are_cut_over_the_tokens_of_all_pieces(made, kind, steps, pooling):
    network = network_of(made[kind])
    rows = make(made[kind], steps=steps, pooling=pooling).transform(TEXTS)
    for text, row in zip(TEXTS, rows, strict=True):
        pieces = network.finish(by_hand(made[kind], text)[0], Options())
        parts = [network.graphs("hidden -1", *network.inputs([ids]))[0] for ids in pieces]
        hidden = np.concatenate([np.asarray(part) for part in parts])
        wanted = pool(hidden[None], [len(hidden)], pooling, steps).ravel()
        np.testing.assert_allclose(row, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def test_vectors_that_a_model_brings_to_length_one_have_it(tmp_path):
    folder = tiny.sentence_transformer(tmp_path, "mean_tokens")
    rows = make(folder).transform(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    raw = make(folder, pooling="mean").transform(TEXTS)
    np.testing.assert_allclose(rows, of_length_one(raw), atol=1e-6)


# -- texts: pieces ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", KINDS)
def test_pieces_hold_every_token_once_and_in_order(made, kind, side, tmp_path):
    """Whichever end the tokenizer would have cut off."""
    folder = tmp_path / "model"
    folder.mkdir()
    for path in made[kind].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    config = folder / "tokenizer_config.json"
    told = {**json.loads(config.read_text()), "truncation_side": side}
    config.write_text(json.dumps(told))
    network, n = network_of(folder), around(folder)
    items = network.finish(TEXTS, Options(max_length=MAX, long="mean"))
    for text, item in zip(TEXTS, items, strict=True):
        pieces = item if isinstance(item, tuple) else (item,)
        assert all(len(ids) <= MAX for ids in pieces)
        singles = network.finish(text.split(), Options())
        words = [int(ids[1 if n == 2 else 0]) for ids in singles]
        inside = [i for ids in pieces for i in ids[(n == 2) : len(ids) - (n > 0)].tolist()]
        assert inside == words


@pytest.fixture(scope="module")
def in_python():
    """Tokenizers that are made of bytes or characters; one of them takes seconds to be made."""
    from transformers import ByT5Tokenizer, CanineTokenizer

    return CanineTokenizer(), ByT5Tokenizer()


@pytest.mark.parametrize("limit", [3, 4, 9])
def test_a_tokenizer_in_python_is_cut_alike(made, in_python, limit):
    """Fast ones of transformers, and those that are made of bytes or characters."""
    from transformers import AutoTokenizer

    network = network_of(made["bert"])
    own = network.facts.pieces(TEXTS, limit)
    network.facts.tokenizer = AutoTokenizer.from_pretrained(made["bert"])
    assert network.facts.pieces(TEXTS, limit) == own
    for tokenizer in in_python:
        network.facts.tokenizer = tokenizer
        n = tokenizer.num_special_tokens_to_add()
        for text in TEXTS:
            whole = tokenizer(text)["input_ids"]
            (pieces,) = network.facts.pieces([text], limit)
            assert all(len(ids) <= limit for ids in pieces)
            assert sum(len(ids) - n for ids in pieces) == len(whole) - n
            if len(pieces) == 1:
                assert pieces == [whole]


def test_texts_are_given_to_a_tokenizer_by_their_size():
    texts = ["a" * 3_000_000, "b" * 2_000_000, *"cde", "f" * 9_000_000, "g"]
    parts = list(by_size(texts))
    assert [len(part) for part in parts] == [1, 4, 1, 1]
    assert [text for part in parts for text in part] == texts
    assert list(by_size([])) == []


def test_odd_texts_are_read_whole(made):
    odd = ["a" * 5000, " ".join(["rain"] * 30_000), "sun [SEP] day " * 50, " \n " * 900 + "sun"]
    rows = make(made["bert"], max_length=None).transform(odd)
    assert np.isfinite(rows).all()
    turned = " ".join(["sun"] * 6000 + ["sad"])
    there = make(made["bert"]).transform([turned, turned[:-4]])
    assert not np.array_equal(*there)
    assert np.array_equal(*make(made["bert"], long="cut").transform([turned, turned[:-4]]))


# -- texts: what all rows are held to --------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bert", "clip"])
@pytest.mark.parametrize("steps", [None, 2])
def test_rows_depend_on_no_batch_thread_or_engine(made, kind, steps, monkeypatch):
    wanted = make(made[kind], steps=steps).transform(TEXTS)
    near = {"rtol": 0, "atol": 1e-4 * np.abs(wanted).max()}
    for parameters in ({"batch_size": 1}, {"batch_size": 2}, {"n_jobs": 3}):
        encoder = make(made[kind], steps=steps, **parameters)
        np.testing.assert_allclose(encoder.transform(TEXTS[::-1])[::-1], wanted, **near)
    np.testing.assert_allclose(
        make(made[kind], steps=steps).transform(TEXTS[3:4])[0], wanted[3], **near
    )
    _runtime.release_networks()
    monkeypatch.setattr(_graphs, "has_openvino", lambda: False)
    np.testing.assert_allclose(make(made[kind], steps=steps).transform(TEXTS), wanted, **near)
    _runtime.release_networks()


def test_pieces_are_cut_into_batches_within_the_budget(made, monkeypatch):
    monkeypatch.setattr(HFText, "budget", 2 * MAX)
    seen: list[int] = []
    inputs = HFText.inputs

    def counted(self: Any, batch: Any) -> Any:
        seen.append(sum(map(len, batch)))
        return inputs(self, batch)

    monkeypatch.setattr(HFText, "inputs", counted)
    rows = make(made["bert"]).transform(TEXTS)
    assert max(seen) <= 2 * MAX
    monkeypatch.undo()
    np.testing.assert_allclose(make(made["bert"]).transform(TEXTS), rows, atol=1e-5)


def test_half_precision_is_near(made):
    rows = make(made["bert"]).transform(TEXTS)
    half = make(made["bert"], precision="bfloat16").transform(TEXTS)
    np.testing.assert_allclose(half, rows, rtol=0, atol=3e-2 * np.abs(rows).max())


def test_a_list_of_long_texts_is_the_mean_of_them(made):
    one = make(made["bert"]).transform(TEXTS)
    rows = make(made["bert"]).transform([TEXTS[:3], [TEXTS[5], None, TEXTS[4]], None])
    np.testing.assert_allclose(rows[:2], [one[:3].mean(0), one[4:].mean(0)], atol=1e-6)


def test_a_text_has_one_row_in_the_store_and_a_fresh_process_finds_it(tmp_path, made):
    code = """
import sys
from hybridsent import TextEncoder
encoder = TextEncoder("hf:" + sys.argv[1], store=sys.argv[2], device="cpu", long="mean", max_length=8)
encoder.fit_transform(sys.argv[3:])
print(encoder.n_encoded_, encoder.n_from_store_, bool({"torch", "openvino"} & set(sys.modules)))
"""
    store = FeatureStore(tmp_path)
    encoder = make(made["bert"], store=store, precision="auto")
    wanted = encoder.fit_transform(TEXTS)
    assert [file.rows for file in store.info()] == [len(TEXTS)]
    command = [sys.executable, "-c", code, str(made["bert"]), str(tmp_path), *TEXTS]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split() == ["0", str(len(TEXTS)), "False"]
    cut = make(made["bert"], store=store, precision="auto", long="cut").fit_transform(TEXTS)
    assert not np.array_equal(cut, wanted)  # under another fingerprint


# -- what was there before -------------------------------------------------------------------------


def test_fingerprints_of_what_is_not_asked_for_are_those_of_before():
    for encoder in (TextEncoder(), AudioEncoder(), AudioEncoder(window_seconds=3)):
        spec = encoder._identify(encoder.backbone())[1]
        assert not {"long", "window_seconds"} & set(spec)
    assert AudioEncoder().fingerprint() == AudioEncoder(window_seconds=3).fingerprint()
    assert TextEncoder().fingerprint() != TextEncoder(long="mean").fingerprint()
    long = [AudioEncoder(long="mean", window_seconds=s).fingerprint() for s in (3, 3.0, 4, 5.5)]
    assert len(set(long)) == 3
    assert AudioEncoder().fingerprint() not in long


def test_an_encoder_that_was_kept_before_is_what_it_was():
    for encoder in (TextEncoder(max_length=9), AudioEncoder()):
        state = dict(encoder.__getstate__())
        for later in ("long", "window_seconds"):
            state.pop(later, None)
        old = type(encoder).__new__(type(encoder))
        old.__setstate__(state)
        assert old.get_params() == encoder.get_params()
        assert clone(old).fingerprint() == encoder.fingerprint()


def test_a_saved_model_keeps_how_it_reads(made, tmp_path):
    model = make_pipeline(make(made["bert"]), LogisticRegression()).fit(TEXTS, [0, 1, 0, 1, 0, 1])
    save(model, tmp_path / "m.hybridsent")
    again = load(tmp_path / "m.hybridsent", paths=[str(made["bert"])])
    assert again[0].long == "mean"
    np.testing.assert_array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model))[0].transform(TEXTS[:1]), model[0].transform(TEXTS[:1])
    )


@pytest.mark.parametrize("kind", [TextEncoder, AudioEncoder])
def test_only_known_ways_are_taken(kind):
    with pytest.raises(ValueError, match=r"The 'long' parameter of .* must be a str among"):
        kind(long="all").fit([None])


def test_a_network_that_reads_no_pieces_is_not_given_any():
    with installed(*FAKES):
        encoder = TextEncoder("text/fake", device="cpu", store=None, long="mean")
        with pytest.raises(ValueError, match=r"The long parameter must be 'cut' for 'text/fake'"):
            encoder.transform(["a"])


def test_fine_tuning_learns_from_the_first_piece(made):
    encoder = make(made["bert"])
    rows = read(encoder, network_of(made["bert"]), TEXTS, np.zeros(len(TEXTS), int))
    assert max(map(len, rows.items)) == MAX


# -- sounds ----------------------------------------------------------------------------------------

RATE = 16_000
SOUNDS = tiny.waves(0.6, 1.0, 2.5, 4.1)
MODELS = ["audio/egemaps-v02", "opensmile:eGeMAPSv02/LowLevelDescriptors"]
NETWORKS = ["wav2vec2", "whisper"]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory) -> Any:
    """Names of sets of openSMILE, and of networks that are written once."""
    root = tmp_path_factory.mktemp("speech")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYBRIDSENT_NETWORKS", str(root / "networks"))
        written = {kind: f"hf:{tiny.speech_model(kind, root / kind)}" for kind in NETWORKS}
        yield {**{name: name for name in MODELS}, **written}
    _runtime.release_networks()


def hear(model: str, **parameters: Any) -> AudioEncoder:
    return AudioEncoder(model, **{"long": "mean", "window_seconds": 1.0, **EXACT, **parameters})


def windows(wave: np.ndarray) -> list[np.ndarray]:
    return np.array_split(wave, max(1, -(-len(wave) // RATE)))


@pytest.mark.parametrize("name", [*MODELS, *NETWORKS])
def test_a_long_sound_is_the_mean_of_its_windows_by_their_duration(spoken, name):
    rows = hear(spoken[name]).transform([*SOUNDS, None])
    cut = hear(spoken[name], long="cut")
    for (wave, rate), row in zip(SOUNDS, rows, strict=False):
        parts = windows(wave)
        vectors = cut.transform([(part, rate) for part in parts])
        wanted = np.average(vectors, 0, [len(part) for part in parts])
        np.testing.assert_allclose(row, wanted, rtol=1e-4, atol=1e-5 * np.abs(vectors).max())
    np.testing.assert_array_equal(rows[:2], cut.transform(SOUNDS[:2]))
    assert np.isnan(rows[4]).all()


@pytest.mark.parametrize("name", [*MODELS, *NETWORKS])
def test_each_segment_of_a_long_sound_is_read_in_windows(spoken, name):
    wave, rate = SOUNDS[3]
    row = hear(spoken[name], steps=2).transform([(wave, rate)])[0]
    cut = hear(spoken[name], steps=1, long="cut")
    wanted = []
    for half in np.array_split(wave, 2):
        vectors = cut.transform([(part, rate) for part in windows(half)])
        wanted.append(np.average(vectors, 0, [len(part) for part in windows(half)]))
    np.testing.assert_allclose(row, np.concatenate(wanted), rtol=1e-4, atol=1e-5)
    short = hear(spoken[name], steps=2).transform(SOUNDS[:1])
    np.testing.assert_array_equal(
        short, hear(spoken[name], steps=2, long="cut").transform(SOUNDS[:1])
    )


@pytest.mark.parametrize("name", ["audio/egemaps-v02", "wav2vec2"])
def test_rows_of_sounds_depend_on_no_batch_or_thread(spoken, name):
    wanted = hear(spoken[name]).transform(SOUNDS)
    for parameters in ({"batch_size": 1}, {"batch_size": 3}, {"n_jobs": 2}):
        rows = hear(spoken[name], **parameters).transform(SOUNDS[::-1])[::-1]
        np.testing.assert_allclose(rows, wanted, rtol=1e-4, atol=1e-4)


def test_the_largest_values_of_windows_are_kept_with_that_pooling(spoken):
    encoder = hear(spoken["wav2vec2"], pooling="max")
    cut = hear(spoken["wav2vec2"], pooling="max", long="cut")
    wave, rate = SOUNDS[2]
    wanted = cut.transform([(part, rate) for part in windows(wave)]).max(axis=0)
    np.testing.assert_allclose(encoder.transform([(wave, rate)])[0], wanted, atol=1e-5)


def test_any_network_of_sounds_is_given_windows():
    """Also one that has never heard of them."""
    with installed(*FAKES):
        rows = hear("audio/fake").transform(SOUNDS)
        wave, rate = SOUNDS[2]
        parts = hear("audio/fake", long="cut").transform([(p, rate) for p in windows(wave)])
        np.testing.assert_allclose(rows[2], parts.mean(0), atol=1e-4)
        assert InWindows(HashNetwork(), 2.0).width == rows.shape[1]


def test_a_sound_that_is_too_long_is_broken_however_it_is_read():
    for long in ("cut", "mean"):
        with pytest.raises(ValueError, match="raise max_seconds"):
            hear("audio/egemaps-v02", long=long, max_seconds=3).transform(SOUNDS)
