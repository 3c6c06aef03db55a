"""Cells that hold several items: each is encoded once, the row is their mean, or their segments."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tiny
from cell_forms import cell_forms
from encoder_cases import cells, late_broken
from fakes import FAKES, WIDTH, installed, seen
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import Parallel, delayed
from PIL import Image

from hybridsent import AudioEncoder, ImageEncoder, TextEncoder, make_features
from hybridsent.datasets import read_table, write_table
from hybridsent.encoders import Backbone
from hybridsent.encoders._pooling import pool, segments
from hybridsent.exceptions import CellError, CellWarning, MediaError
from hybridsent.media import load_audio, load_image, load_text
from hybridsent.store import FeatureStore

KINDS: dict[str, Any] = {"text": TextEncoder, "image": ImageEncoder, "audio": AudioEncoder}
FAKE = {backbone.modality: backbone.name for backbone in FAKES}
LOADERS = {"text": load_text, "image": load_image, "audio": load_audio}
every_modality = pytest.mark.parametrize("modality", KINDS)
with_and_without_store = pytest.mark.parametrize("stored", [True, False])


@pytest.fixture(autouse=True)
def _fakes():
    with installed(*FAKES):
        yield


def make(modality: str, store: Any = None, **parameters: Any) -> Any:
    return KINDS[modality](FAKE[modality], store=store, device="cpu", **parameters)


def objects(items: list[Any]) -> np.ndarray:
    """An array of objects, as parquet's lists come."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def as_row(items: list[np.ndarray]) -> np.ndarray:
    return np.mean(items, axis=0, dtype=np.float64).astype(np.float32)


# -- the mean --------------------------------------------------------------------------------------


@every_modality
@with_and_without_store
@pytest.mark.parametrize("holder", [list, tuple, objects])
def test_a_row_is_the_mean_of_the_items_vectors(modality, stored, holder, tmp_path):
    a, b, c, d = cells(modality, 4)
    column = [holder([a, b, c]), a, None, holder([d, a]), holder([b, b, c])]
    encoder = make(modality, tmp_path if stored else None)
    rows = encoder.fit_transform(column)
    one = make(modality).transform([a, b, c, d])
    expected = [as_row(one[[0, 1, 2]]), one[0], as_row(one[[3, 0]]), as_row(one[[1, 1, 2]])]
    np.testing.assert_array_equal(rows[[0, 1, 3, 4]], expected)
    assert np.isnan(rows[2]).all()
    assert encoder.n_encoded_ + encoder.n_from_store_ == 4


@every_modality
def test_the_order_of_items_does_not_matter_to_their_mean(modality):
    items = cells(modality, 5)
    rows = make(modality).transform([items, items[::-1], (*items[2:], *items[:2])])
    np.testing.assert_allclose(rows[1:], rows[[0, 0]], rtol=1e-6)


@every_modality
@with_and_without_store
def test_an_item_that_many_cells_hold_is_encoded_and_stored_once(modality, stored, tmp_path):
    items = cells(modality, 3)
    column = [[items[i], items[j]] for i in range(3) for j in range(3)] + items
    encoder = make(modality, FeatureStore(tmp_path) if stored else None)
    encoder.transform(column)
    assert set(Counter(seen()).values()) == {1}
    assert (encoder.n_encoded_, encoder.n_from_store_) == (3, 0)
    if stored:
        assert [file.rows for file in encoder.store.info()] == [3]
        encoder.transform(column[::-1])
        assert (encoder.n_encoded_, encoder.n_from_store_) == (0, 3)
        encoder.transform(items)  # alone it is the same thing
        assert (encoder.n_encoded_, encoder.n_from_store_) == (0, 3)


@pytest.mark.parametrize("modality", ["image", "audio"])
def test_every_form_of_an_item_is_the_same_item(modality, tmp_path):
    forms = cell_forms(modality, tmp_path)
    other = cells(modality, 1)[0]
    rows = make(modality).transform([[other, form] for form in forms.values()])
    alone = make(modality).transform([other, *forms.values()])
    np.testing.assert_array_equal(rows, [as_row([alone[0], row]) for row in alone[1:]])


@every_modality
@pytest.mark.parametrize("steps", [None, 3])
def test_a_list_of_one_item_is_the_item_byte_for_byte(modality, steps):
    item, other = cells(modality, 2)
    alone = make(modality, steps=steps).transform([item])[0].tobytes()
    holders = [[item], (item,), objects([item]), [[item]], [None, item], [item, None, ""], item]
    for column in (holders, [*holders, [item, other]]):
        for row in make(modality, steps=steps).transform(column)[: len(holders)]:
            assert row.tobytes() == alone
    for holder in holders:
        assert np.array_equal(LOADERS[modality](holder), LOADERS[modality](item))


@every_modality
@pytest.mark.parametrize(
    "nothing",
    [[], (), [None], [None, ""], [float("nan"), pd.NA], [[None], []], np.array([], object)],
    ids=repr,
)
@pytest.mark.parametrize("steps", [None, 2])
def test_a_list_of_nothing_is_missing(modality, nothing, steps):
    a, b = cells(modality, 2)
    rows = make(modality, steps=steps).transform([nothing, [a, b], nothing])
    assert np.isnan(rows[[0, 2]]).all()
    assert np.isfinite(rows[1]).all()
    assert np.isnan(make(modality, steps=steps).transform([nothing])).all()


@every_modality
def test_missing_items_are_skipped(modality):
    a, b = cells(modality, 2)
    rows = make(modality).transform([[a, None, b], ["", a, b, float("nan")], [a, b]])
    assert rows[0].tobytes() == rows[1].tobytes() == rows[2].tobytes()


def test_a_text_of_which_cleaning_leaves_nothing_is_a_missing_item():
    encoder = make("text", urls="drop")
    rows = encoder.transform([["good", "http://x.org"], ["http://x.org"] * 2, "good"])
    assert rows[0].tobytes() == rows[2].tobytes()
    assert np.isnan(rows[1]).all()


# -- what a list may be ----------------------------------------------------------------------------


def test_pairs_of_samples_and_rate_are_one_sound_in_any_holder():
    (a, rate), (b, _) = cells("audio", 2)
    pairs = [(a, rate), [a, rate], (a, np.int64(rate)), [(a, rate)]]
    rows = make("audio").transform(pairs)
    assert (rows == rows[0]).all()
    encoder = make("audio")
    encoder.transform([[(a, rate), (b, rate)], ((b, rate), [a, rate])])
    assert encoder.n_encoded_ == 2


def test_a_stack_of_pictures_is_a_list_of_them():
    stack = np.random.default_rng(0).integers(0, 255, (3, 8, 6, 3), dtype=np.uint8)
    cell = pd.Series([stack, stack[:1], stack[0]])
    encoder = make("image")
    rows = encoder.transform(cell)
    one = make("image").transform(list(stack))
    np.testing.assert_array_equal(rows, [as_row(one), one[0], one[0]])
    assert encoder.n_encoded_ == 3
    np.testing.assert_array_equal(make("image").transform(stack), one)  # a column of pictures


def test_pictures_in_memory_that_are_equal_are_one_item():
    """Two objects of one content, and one object that stands in two cells."""
    one, same = (Image.new("RGB", (9, 9), (1, 2, 3)) for _ in range(2))
    other = np.full((9, 9, 3), 7, np.uint8)
    encoder = make("image")
    encoder.transform([[one, other], [same, other], other])
    assert encoder.n_encoded_ == 2


def test_lists_of_parquet_and_arrow_are_read():
    texts = [["good day", None, "bad"], ["good day"], [], None]
    expected = make("text").transform(texts)
    array = pa.array(texts, pa.list_(pa.string()))
    columns = [array, pa.table({"w": array}), pa.table({"w": array}).to_pandas()["w"]]
    columns.append(pd.Series(texts, dtype=pd.ArrowDtype(pa.list_(pa.string()))))
    for column in columns:
        np.testing.assert_array_equal(make("text").transform(column), expected)


@every_modality
@pytest.mark.parametrize("cell", [[1, 2, 3], [[1.0, 2.0], [3.0]], [Ellipsis, Ellipsis]], ids=repr)
def test_a_list_of_no_items_is_one_broken_cell(modality, cell):
    with pytest.raises(CellError, match=rf"row 0, column '{modality}': .* got list"):
        make(modality).transform([cell])


def test_lists_of_lists_of_several_are_refused():
    with pytest.raises(CellError, match=r"row 0, column 'text'.* got list"):
        make("text").transform([[["a", "b"], ["c", "d"]]])


# -- broken items ----------------------------------------------------------------------------------


@every_modality
def test_a_broken_item_is_named_with_its_place(modality):
    good, bad = cells(modality, 1)[0], late_broken(modality)
    column = pd.Series([good, None, [good, None, bad]], index=["x", "y", "z"], name="photos")
    with pytest.raises(CellError, match=r"row 'z', column 'photos', item 3 of 3: .*item") as told:
        make(modality).transform(column)
    assert (told.value.row, told.value.column) == ("z", "photos")
    with pytest.raises(CellError, match=r"item 1 of 2"):
        make(modality).transform([[bad, good]])


@every_modality
@with_and_without_store
@pytest.mark.parametrize("steps", [None, 2])
def test_with_missing_a_broken_item_is_left_out_as_a_missing_one(modality, stored, steps, tmp_path):
    a, b, c = cells(modality, 3)
    bad = late_broken(modality)
    encoder = make(modality, tmp_path if stored else None, on_error="missing", steps=steps)
    with pytest.warns(CellWarning, match=r"1 of 4 items are broken.*row 0.*item 2 of 4"):
        rows = encoder.transform([[a, bad, b, c], [bad, bad], [a, b, bad]])
    expected = make(modality, steps=steps).transform([[a, b, c], [a, b]])
    np.testing.assert_array_equal(rows[[0, 2]], expected)
    assert np.isnan(rows[1]).all()


@every_modality
def test_a_column_of_broken_items_alone_is_nothing_to_learn_from(modality):
    bad = late_broken(modality)
    encoder = make(modality, on_error="missing")
    with pytest.raises(CellError, match="All 1 items of the column"):
        encoder.fit_transform([[bad, bad], [bad, None, bad]], [0, 1])


def test_a_string_of_several_paths_in_memory_is_told_to_be_a_list():
    with pytest.raises(CellError, match=r"no file at '/a\|/b'; a cell of several paths is a list"):
        make("image").transform(["/a|/b"])


@pytest.mark.parametrize("modality", ["image", "audio"])
def test_loaders_read_one_item(modality):
    with pytest.raises(MediaError, match="holds 2 items, and one is read"):
        LOADERS[modality](["a", "b"])


# -- steps -----------------------------------------------------------------------------------------


@every_modality
@pytest.mark.parametrize("n", [2, 3, 4, 7])
@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_with_steps_the_items_are_the_segments(modality, n, steps):
    """Cut as frames are; each item is read as one segment."""
    items = cells(modality, n)
    encoder = make(modality, steps=steps)
    rows = encoder.transform([items, items[::-1], None])
    one = make(modality, steps=1).transform(items)
    expected = pool(one[None], [n], "mean", steps).reshape(-1)
    np.testing.assert_allclose(rows[0], expected, rtol=1e-6)
    np.testing.assert_allclose(rows[1], pool(one[None, ::-1], [n], "mean", steps).reshape(-1), 1e-6)
    assert rows.shape[1] == steps * WIDTH
    assert encoder.n_encoded_ == n


@every_modality
def test_with_steps_cells_of_one_item_beside_cells_of_several_have_their_own_segments(modality):
    a, b, c = cells(modality, 3)
    rows = make(modality, steps=2).transform([a, [a, b], None, [c], [c, None, b]])
    np.testing.assert_array_equal(rows[[0, 3]], make(modality, steps=2).transform([a, c]))
    one = make(modality, steps=1).transform([a, b, c])
    np.testing.assert_array_equal(rows[[1, 4]], [one[[0, 1]].ravel(), one[[2, 1]].ravel()])


@pytest.mark.parametrize("kind", ["clip", "siglip", "bert"])
def test_with_steps_items_and_segments_lie_in_one_space(kind, tmp_path):
    """Of a two-tower model the one vector is a projection, and segments are not."""
    encoder = TextEncoder(
        f"hf:{tiny.text_model(kind, tmp_path)}", store=None, device="cpu", steps=2
    )
    rows = encoder.fit_transform(["a good day", ["a good day", "rain"], ["rain", "a good day"]])
    assert rows.shape == (3, encoder.n_features_out_)
    np.testing.assert_array_equal(np.roll(rows[1], rows.shape[1] // 2), rows[2])


@given(st.integers(1, 40), st.integers(1, 12))
def test_segments_are_those_of_pooling(length, count):
    """Against the pooling of frames, and against torch's rule."""
    values = np.arange(1.0, length + 1, dtype=np.float32)
    found = [values[a:b].mean() for a, b in segments(length, count)]
    pooled = pool(values[None, :, None], [length], "mean", count)[0, :, 0]
    np.testing.assert_allclose(found, pooled, rtol=1e-5)
    assert segments(length, count)[0][0] == 0
    assert segments(length, count)[-1][1] == length


# -- everywhere ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=5), min_size=1, max_size=8))
def test_any_lists_are_means_of_single_vectors(column):
    one = dict(zip("abcde", make("text").transform(list("abcde")), strict=True))
    rows = make("text").transform(column)
    for row, items in zip(rows, column, strict=True):
        if items:
            np.testing.assert_array_equal(row, as_row([one[item] for item in items]))
        else:
            assert np.isnan(row).all()


@every_modality
def test_rows_do_not_depend_on_threads_slices_or_batches(modality, monkeypatch, tmp_path):
    items = cells(modality, 9)
    column = [items[i : i + 3] for i in range(7)] + items
    expected = make(modality).transform(column)
    for parameters in ({"n_jobs": 3}, {"batch_size": 1}, {"n_jobs": 1}):
        np.testing.assert_array_equal(make(modality, **parameters).transform(column), expected)
    monkeypatch.setattr(KINDS[modality], "slice", 4)
    monkeypatch.setattr(KINDS[modality], "window", 3)
    np.testing.assert_array_equal(make(modality, tmp_path).transform(column), expected)


def test_encoders_with_lists_are_cloned_pickled_and_run_in_workers(tmp_path):
    encoder = TextEncoder(f"hf:{tiny.text_model('bert', tmp_path / 'm')}", store=None, device="cpu")
    column = [["a good day", "rain"], "rain", None]
    expected = encoder.fit_transform(column)
    again = pickle.loads(pickle.dumps(encoder))
    found = Parallel(n_jobs=2)(delayed(again.transform)(column) for _ in range(2))
    for rows in found:
        np.testing.assert_array_equal(rows, expected)


def test_a_fresh_process_finds_the_items(tmp_path):
    code = """
import sys
from hybridsent import TextEncoder
encoder = TextEncoder("hf:" + sys.argv[1], store=sys.argv[2], device="cpu")
encoder.fit_transform([["a good day", "rain"], ["rain", "sun"]])
print(encoder.n_encoded_, encoder.n_from_store_, bool({"torch", "openvino"} & set(sys.modules)))
"""
    folder = tiny.text_model("bert", tmp_path / "bert")
    store = tmp_path / "store"
    here = TextEncoder(f"hf:{folder}", store=store, device="cpu")
    here.fit_transform([["a good day", "rain"], ["rain", "sun"]])
    assert (here.n_encoded_, here.n_from_store_) == (3, 0)
    command = [sys.executable, "-c", code, str(folder), str(store)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["0", "3", "False"]


def test_lists_stand_in_a_table_beside_other_modalities(tmp_path):
    paths = []
    for i, content in enumerate(cells("image", 3)):
        paths.append(str(Path(tmp_path, f"{i}.png")))
        Path(paths[-1]).write_bytes(content)
    table = pd.DataFrame({"text": ["a", ["b", "c"], None], "image": [paths, paths[0], paths[1:]]})
    features = make_features(text=make("text"), image=make("image"))
    rows = features.fit_transform(table)
    np.testing.assert_array_equal(rows.iloc[:, WIDTH:], make("image").transform(table["image"]))
    assert rows.shape == (3, 2 * WIDTH)


def test_a_backbone_of_unknown_width_has_one_width_with_lists(tmp_path):
    backbone = Backbone("text/wide", "text", "fakes:load", sha256="3" * 64)
    with installed(backbone):
        encoder = TextEncoder("text/wide", store=tmp_path, device="cpu", steps=2)
        assert encoder.fit_transform([["a", "b"], "c"]).shape == (2, 2 * WIDTH)
        assert encoder.transform([None, ["a", "d"]]).shape == (2, 2 * WIDTH)


# -- items with weights ----------------------------------------------------------------------------


def weighted(items: list[Any], weights: Any) -> dict[str, Any]:
    return {"items": items, "weights": weights}


@every_modality
@with_and_without_store
def test_weights_say_what_each_item_counts_in_the_mean(modality, stored, tmp_path):
    a, b, c = cells(modality, 3)
    column = [
        weighted([a, b, c], [0.25, 0.5, 1]),
        weighted(objects([a, None, c]), np.array([1.0, 9.0, 3.0])),
        weighted([b], [0.1]),
        weighted([a, b], [7, 7]),
        weighted([None, ""], [1, 1]),
        weighted([b, a], None),
    ]
    rows = make(modality, tmp_path if stored else None).fit_transform(column)
    one = make(modality).transform([a, b, c])
    expected = [
        np.average(one, axis=0, weights=[0.25, 0.5, 1]),
        np.average(one[[0, 2]], axis=0, weights=[1, 3]),
        one[1],
        as_row(one[[0, 1]]),
        np.full(one.shape[1], np.nan),
        as_row(one[[0, 1]]),
    ]
    np.testing.assert_allclose(rows, expected, rtol=1e-6)


@every_modality
def test_weights_count_within_each_segment(modality):
    a, b, c, d = cells(modality, 4)
    rows = make(modality, steps=2).fit_transform([weighted([a, b, c, d], [1, 3, 1, 1])])
    one = make(modality, steps=1).transform([a, b, c, d])
    expected = [np.average(one[:2], axis=0, weights=[1, 3]), as_row(one[2:])]
    np.testing.assert_allclose(rows[0], np.concatenate(expected), rtol=1e-6)


def test_weights_of_any_size_are_shares_and_equal_ones_are_none():
    a, b = cells("text", 2)
    one = make("text").transform([a, b])
    rows = make("text").transform(
        [weighted([a, b], [1e308, 1e308]), weighted([a, b], [1e308, 1.5e308]), [a, b]]
    )
    np.testing.assert_array_equal(rows[0], rows[2])
    np.testing.assert_allclose(rows[1], np.average(one, axis=0, weights=[1, 1.5]), rtol=1e-6)


@pytest.mark.parametrize("at_once", [1, 2**23])
def test_a_mean_does_not_depend_on_the_rows_beside_it(at_once, monkeypatch):
    monkeypatch.setattr("hybridsent.encoders._items._VALUES_AT_ONCE", at_once)
    a, b, c = cells("text", 3)
    column = [[a, b, c], weighted([a, b, c], [0.3, 0.3, 0.3]), weighted([a, b, c], [3, 1, 2])]
    rows = make("text").transform(column)
    for cell, row in zip(column, rows, strict=True):
        np.testing.assert_array_equal(make("text").transform([cell])[0], row)
    np.testing.assert_array_equal(rows[0], rows[1])


def test_rows_of_many_items_are_averaged_few_at_a_time(monkeypatch):
    from hybridsent.encoders import _items

    seen = []
    mean_of = _items.mean_of
    monkeypatch.setattr(
        _items, "mean_of", lambda v, w, s: seen.append(w.size * v.shape[1]) or mean_of(v, w, s)
    )
    monkeypatch.setattr(_items, "_VALUES_AT_ONCE", 100)
    column = [[f"text {i}", f"text {i + 1}", f"text {i + 2}"] for i in range(40)]
    rows = make("text").transform(column)
    assert len(seen) > 1
    assert max(seen) <= max(100, 3 * rows.shape[1])


@pytest.mark.parametrize("extension", [".parquet", ".jsonl"])
def test_weights_go_through_files(tmp_path, extension):
    table = pd.DataFrame({"text": [weighted(["so", "good"], [0.5, 1.0]), weighted(["bad"], [1.0])]})
    write_table(table, tmp_path / f"t{extension}")
    read = read_table(tmp_path / f"t{extension}")
    rows = make("text").fit_transform(read["text"])
    np.testing.assert_array_equal(rows, make("text").fit_transform(table["text"]))


@pytest.mark.parametrize("on_error", ["raise", "missing"])
@pytest.mark.parametrize("weights", [[1], [1, 0], [1, -1], [1, float("nan")], ["a", "b"], 3])
def test_weights_that_are_none_are_told(weights, on_error):
    one = weights if weights == 3 else [*weights[1:], -1] if len(weights) < 2 else weights[1:]
    for cell in (weighted(["so", "good"], weights), weighted(["so"], one)):
        with pytest.raises(
            CellError, match=r"row 1, column 'text'.*as many weights, numbers above 0"
        ):
            make("text", on_error=on_error).fit_transform(["fine", cell])
