"""Laws of every change of every modality: what a copy of a cell is."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from cell_forms import cell_forms
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hybridsent.augment import augment_table, augmentation_of, copies_of, list_changes
from hybridsent.augment._text import PROTECTED, _joined, _parts
from hybridsent.media import content_key, get_modality, list_modalities

RNG = np.random.default_rng(0)
TEXTS = [
    "I do not like this film at all, and nobody else did 😀😀",
    "这部电影真的不好看，太长了",
    "Der Film war leider nicht besonders gut",
    "อาหารอร่อยมาก บริการดี",
    "الفيلم لم يكن جيدا على الإطلاق",
    "@bob see http://example.org/a_b?c=d #LoveThis sooooo good",
    "x" * 5000,
]
PICTURES = [
    RNG.integers(0, 256, (40, 30, 3), dtype=np.uint8),
    RNG.integers(0, 256, (32, 32), dtype=np.uint8),
    RNG.integers(0, 256, (24, 36, 4), dtype=np.uint8),
    Image.fromarray(RNG.integers(0, 256, (20, 50, 3), dtype=np.uint8)),
]
SOUNDS = [
    (RNG.normal(0, 0.1, 8000).astype(np.float32), 16_000),
    (np.sin(np.arange(22_050) / 9).astype(np.float32), 22_050),
    (RNG.normal(0, 0.1, (4000, 2)), 8_000),
]
CELLS: dict[str, list[Any]] = {"text": TEXTS, "image": PICTURES, "audio": SOUNDS}
CASES = [
    pytest.param(modality.name, name, id=f"{modality.name}-{name}")
    for modality in list_modalities()
    for name in list_changes(modality.name)
]
UNCHANGED = {("text", "spell"): "无空格"}


def strength(modality: str, name: str) -> dict[str, float]:
    augmentation = augmentation_of(modality)
    assert augmentation is not None
    return {name: augmentation.changes[name].strength}


def clean(cell: Any, modality: str) -> Any:
    return get_modality(modality).clean(cell)


def test_every_modality_of_the_package_has_changes():
    for modality in ("text", "image", "audio"):
        augmentation = augmentation_of(modality)
        assert augmentation is not None
        assert set(augmentation.default) <= set(augmentation.changes)


@pytest.mark.parametrize(("modality", "name"), CASES)
def test_copies_differ_from_the_cell_and_from_each_other(modality, name):
    told = strength(modality, name)
    differing = 0
    for cell in CELLS[modality]:
        copies = copies_of(cell, modality, told, 3)
        keys = [content_key(each, modality) for each in [cell, *copies]]
        differing += len(set(keys))
        assert copies == [] or all(clean(each, modality) is not None for each in copies)
    fewest = 2 if name == "flip" else 3
    assert differing >= fewest * min(3, len(CELLS[modality]))


@pytest.mark.parametrize(("modality", "name"), CASES)
def test_a_copy_depends_on_content_changes_number_and_seed_alone(modality, name):
    told = strength(modality, name)
    for cell in CELLS[modality]:
        once = copies_of(cell, modality, told, 2)
        np.random.seed(3)  # noqa: NPY002 - what other libraries draw from
        again = copies_of(cell, modality, told, 3)
        for one, other in zip(once, again, strict=False):
            assert content_key(one, modality) == content_key(other, modality)
    cell = CELLS[modality][0]
    others = [copies_of(cell, modality, told, 3, random_state=seed) for seed in (0, 1)]
    if name != "flip":  # which has one outcome
        assert [content_key(e, modality) for e in others[0]] != [
            content_key(e, modality) for e in others[1]
        ]


@pytest.mark.parametrize(("modality", "name"), CASES)
def test_a_copy_has_the_form_of_its_cell(modality, name):
    for cell in CELLS[modality]:
        for copy in copies_of(cell, modality, strength(modality, name), 2):
            if modality == "text":
                assert type(copy) is str
            elif modality == "audio":
                assert copy[1] == cell[1]
                assert np.isfinite(copy[0]).all()
                assert abs(len(copy[0]) / len(cell[0]) - 1) < 0.2
            elif isinstance(cell, Image.Image):
                assert (copy.size, copy.mode) == (cell.size, cell.mode)
            else:
                assert copy.dtype == np.uint8
                assert copy.shape[:2] == cell.shape[:2]
                assert copy.ndim == cell.ndim


@pytest.mark.parametrize("modality", list(CELLS))
def test_every_form_of_a_cell_is_augmented(modality, tmp_path):
    told = {name: strength(modality, name)[name] for name in augmentation_of(modality).default}
    for form, cell in cell_forms(modality, tmp_path).items():
        copy = copies_of(cell, modality, told, 1)[0]
        assert content_key(copy, modality) != content_key(cell, modality), form
        clean(copy, modality)


@pytest.mark.parametrize("modality", list(CELLS))
@pytest.mark.parametrize("missing", [None, float("nan"), "", [], [None], {"bytes": None}])
def test_what_is_missing_stays_missing(modality, missing):
    told = strength(modality, next(iter(list_changes(modality))))
    found = copies_of(missing, modality, told, 2)
    assert all(each is missing for each in found)


@pytest.mark.parametrize("modality", list(CELLS))
def test_items_of_a_list_are_changed_one_by_one(modality):
    name = {"text": "delete", "image": "crop", "audio": "noise"}[modality]
    told = strength(modality, name)
    one, other = CELLS[modality][:2]
    found = copies_of([one, None, other], modality, told, 2)
    assert [len(each) for each in found] == [3, 3]
    alone = copies_of(one, modality, told, 2)
    for k in range(2):
        assert found[k][1] is None
        assert content_key(found[k][0], modality) == content_key(alone[k], modality)
    weighed = copies_of({"items": [one, other], "weights": [1, 2]}, modality, told, 1)[0]
    assert weighed["weights"] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("modality", "cell"),
    [("image", b"no picture"), ("audio", "no/such/file.wav"), ("audio", 3), ("text", 7)],
)
def test_what_cannot_be_read_is_left_to_its_encoder(modality, cell):
    told = strength(modality, next(iter(list_changes(modality))))
    assert copies_of(cell, modality, told, 1) == [cell]


@pytest.mark.parametrize("name", list(list_changes("audio")))
@pytest.mark.parametrize("n", [1, 2, 100, 513])
def test_sounds_of_a_few_samples(name, n):
    cell = (np.linspace(-0.5, 0.5, n).astype(np.float32), 16_000)
    copy = copies_of(cell, "audio", strength("audio", name), 1)[0]
    assert np.isfinite(copy[0]).all()
    assert len(copy[0]) >= 1


def test_tempo_and_pitch_do_what_they_say():
    """Of a sine: its length alone, or its frequency alone."""
    t = np.arange(32_000) / 16_000
    sine = (np.sin(2 * np.pi * 440 * t).astype(np.float32), 16_000)

    def loudest(samples: np.ndarray) -> float:
        middle = samples[len(samples) // 4 : -len(samples) // 4]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        return float(np.argmax(spectrum)) * 16_000 / len(middle)

    for copy, _ in copies_of(sine, "audio", {"stretch": 0.3}, 4):
        assert 0.7 < len(copy) / 32_000 < 1.45
        assert abs(loudest(copy) - 440) < 3
    moved = []
    for copy, _ in copies_of(sine, "audio", {"pitch": 4.0}, 4):
        assert len(copy) == 32_000
        moved.append(loudest(copy) / 440)
    assert max(abs(12 * np.log2(each)) for each in moved) > 0.5
    assert all(abs(12 * np.log2(each)) < 4.1 for each in moved)


def test_noise_is_as_far_below_as_it_is_told():
    samples = np.sin(np.arange(16_000) / 7)
    copy, _ = copies_of((samples, 16_000), "audio", {"noise": 20.0}, 1)[0]
    added = copy - samples.astype(np.float32)
    db = 10 * np.log10(np.mean(samples**2) / np.mean(added**2))
    assert 19.5 < db < 35.5


def test_words_that_turn_a_sentence_round_stay_where_they_are():
    text = "The plot was not good, never funny, and the cast doesn't help but 不 好"
    kept = ["not", "never", "doesn't", "but", "不"]
    for name in ("delete", "swap", "spell"):
        for copy in copies_of(text, "text", {name: 0.6}, 20):
            assert [word for word in kept if word in copy] == kept
            if name == "swap":
                assert copy.split().index("not") == 3
    assert "not" in PROTECTED


def test_addresses_mentions_and_tags_stay_whole():
    text = "@bob look at http://example.org/a_b?c=d it is #LoveThis great"
    for name in ("delete", "swap", "spell", "case", "elongate"):
        for copy in copies_of(text, "text", {name: 0.5}, 10):
            if copy != text.lower():
                assert "@bob" in copy
                assert "http://example.org/a_b?c=d" in copy
                assert "#LoveThis" in copy


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.sampled_from(list(list_changes("text"))), st.integers(0, 9))
def test_any_text_has_copies(text, name, seed):
    assert _joined(_parts(text)) == text
    copies = copies_of(text, "text", {name: 0.5}, 2, random_state=seed)
    assert copies == copies_of(text, "text", {name: 0.5}, 2, random_state=seed)
    assert all(isinstance(copy, str) for copy in copies)
    assert bool(text.strip()) <= all(copy.strip() or copy == text for copy in copies)


def test_long_texts_are_cut_in_linear_time():
    for unit in ("a", "a ", "@a", "😀", "不", "'", "a'"):
        copies_of(unit * 20_000, "text", {"delete": 0.1}, 1)


def test_copies_are_the_same_in_another_process(tmp_path):
    soundfile.write(tmp_path / "a.wav", SOUNDS[0][0], 16_000)
    buffer = io.BytesIO()
    Image.fromarray(PICTURES[0]).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    code = (
        "import sys; from hybridsent.augment import copies_of, augmentation_of;"
        "from hybridsent.media import content_key\n"
        "for kind, cell in [('text', 'so very good a film'), ('image', 'a.png'), "
        "('audio', 'a.wav')]:\n"
        "    told = {n: c.strength for n, c in augmentation_of(kind).changes.items()}\n"
        "    print([content_key(c, kind).hex() for c in copies_of(cell, kind, told, 2)])"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent.parent)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].count("[") == 3


def test_a_table_of_copies_keeps_its_other_columns():
    import pandas as pd

    table = pd.DataFrame(
        {"text": ["so very good", None], "image": [PICTURES[0], None], "likes": [3, 4]},
        index=[7, 7],
    )
    found = augment_table(table, ["text", "image"], n_copies=2)
    assert found["likes"].tolist() == [3, 4, 3, 4]
    assert found.index.tolist() == [7, 7, 7, 7]
    assert found["text"].isna().tolist() == [False, True] * 2
    assert found["text"][7].iloc[0] != table["text"].iloc[0]
    one = augment_table(table, ["text", "image"], n_copies=2, together=False)
    assert one["image"].iloc[0] is PICTURES[0]
    assert one["text"].iloc[2] == table["text"].iloc[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"columns": ["txt"]}, "Did you mean 'text'"),
        ({"columns": {"text": "txt"}}, "columns parameter"),
        ({"columns": ["text"], "policy": {"txt": None}}, "columns of the table or modalities"),
        ({"columns": ["text"], "policy": {"text": "delet"}}, "Did you mean 'delete'"),
        ({"columns": ["text"], "policy": {"text": {"delete": 0}}}, "numbers above 0"),
        ({"columns": ["text"], "policy": {"text": None}}, "cells that can be changed"),
        ({"columns": ["text"], "n_copies": 0}, "n_copies"),
    ],
)
def test_what_cannot_be_done_is_refused(given, told):
    import pandas as pd

    with pytest.raises(ValueError, match=told):
        augment_table(pd.DataFrame({"text": ["good"]}), **given)
