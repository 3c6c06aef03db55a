"""What a cell may be: every form is read alike, has one key, and is recognised in a table."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from cell_forms import KINDS, cell_forms, families, form_names
from pyarrow import parquet

from hybridsent.datasets import detect_modalities
from hybridsent.exceptions import MediaError
from hybridsent.media import content_key, is_missing, load_audio, load_image, load_text

LOADERS = {"text": load_text, "image": load_image, "audio": load_audio}
every_form = pytest.mark.parametrize(
    ("kind", "form"), [(kind, form) for kind in KINDS for form in form_names(kind)]
)


def read(kind: str, cell: object) -> object:
    """Load a cell, as something that can be compared."""
    clean = LOADERS[kind](cell)
    return clean if kind == "text" else np.asarray(clean).tolist()


@every_form
def test_every_form_is_read_as_the_same(kind, form, tmp_path):
    forms = cell_forms(kind, tmp_path)
    assert not is_missing(forms[form])
    assert read(kind, forms[form]) == read(kind, next(iter(forms.values())))


@every_form
def test_every_form_is_recognised_in_a_table(kind, form, tmp_path):
    cells = [cell_forms(kind, tmp_path, seed)[form] for seed in range(4)]
    table = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    assert detect_modalities(table) == {kind: "x"}


@pytest.mark.parametrize("kind", KINDS)
def test_equal_content_has_one_key_in_any_container(kind, tmp_path):
    found = families(kind, tmp_path)
    keys = {
        family: {name: content_key(cell, kind) for name, cell in forms.items()}
        for family, forms in found.items()
    }
    for family, by_name in keys.items():
        first = next(iter(by_name.values()))
        assert {n: key == first for n, key in by_name.items()} == dict.fromkeys(by_name, True), (
            family
        )
    assert len({next(iter(by_name.values())) for by_name in keys.values()}) == len(found)
    assert {len(key) for by_name in keys.values() for key in by_name.values()} == {16}


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_the_parquet_of_hugging_face_is_read(kind, tmp_path):
    """Content embedded, content with its old name, and a path alone."""
    raw = [cell_forms(kind, tmp_path, seed)["file bytes"] for seed in range(3)]
    path = cell_forms(kind, tmp_path, 2)["file str"]
    cells = [
        {"bytes": raw[0], "path": None},
        {"bytes": raw[1], "path": "train/1.bin"},
        {"bytes": None, "path": path},
        {"bytes": None, "path": None},
        None,
    ]
    form = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    lists = [[cell] if cell else None for cell in cells]
    columns = {"one": pa.array(cells, form), "many": pa.array(lists, pa.list_(form))}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    for backend in ("numpy_nullable", "pyarrow"):
        table = pd.read_parquet(tmp_path / "t.parquet", dtype_backend=backend)
        for name in columns:
            assert detect_modalities(table[[name]]) == {kind: name}
            found = table[name].tolist()
            assert [is_missing(cell) for cell in found] == [False, False, False, True, True]
            keys = [content_key(cell, kind) for cell in found[:3]]
            assert keys == [content_key(content, kind) for content in raw]


@pytest.mark.parametrize(
    "cell",
    [
        {"bytes": None, "path": None},
        {"bytes": None},
        {"path": ""},
        {"path": float("nan"), "bytes": pd.NA},
        {"array": None, "sampling_rate": 16000},
        [None],
        (None,),
        [{"bytes": None, "path": None}],
        np.array([None], dtype=object),
        [],
        np.array([], dtype=object),
        [None, "", {"bytes": None}],
        [[None], []],
    ],
)
def test_a_holder_of_nothing_is_missing(cell):
    assert is_missing(cell) is True


@pytest.mark.parametrize(
    ("cell", "kind", "message"),
    [
        ([], "image", "empty list"),
        (np.array([], dtype=object), "audio", "empty list"),
        (["a.png", "b.png"], "image", r"holds 2 items, and one is read: .* table.explode\('image'"),
        ([b"a", {"bytes": b"b"}, "c"], "audio", "holds 3 items"),
        (np.array(["a.png", "b.png"], dtype=object), "image", "holds 2 items"),
        ({}, "image", r"keys \[\]; one of Hugging Face's holds the content under 'bytes'"),
        ({"src": "https://x.org/a.png"}, "image", r"keys \['src'\]"),
        ({"array": [0.0], "sampling_rate": 8000}, "image", "keys"),
        ({"array": [0.0, 1.0]}, "audio", "no 'sampling_rate'"),
        ({"array": [[0.0], [1.0, 2.0]], "sampling_rate": 8000}, "audio", "holds no numbers"),
        ({"array": ["a"], "sampling_rate": 8000}, "audio", "floats, int16 or int32|plain numbers"),
        ({"bytes": "a.png"}, "image", "'bytes' are str, not bytes"),
        ({"bytes": None, "path": 3}, "image", "keys"),
        (["good", "day"], "text", "holds 2 items, and one is read"),
        ((16000, np.zeros(9)), "audio", "rate before the samples"),
        (np.zeros(9), "audio", "array of float64"),
        ([0.1, 0.2, 0.3], "audio", "got list"),
    ],
)  # fmt: skip
def test_what_is_no_cell_is_told_clearly_by_keys_and_loaders(cell, kind, message):
    for function in (lambda c: content_key(c, kind), LOADERS[kind]):
        with pytest.raises(MediaError, match=message):
            function(cell)


def test_containers_in_containers_end():
    round_dict: dict = {}
    round_dict["bytes"] = round_dict
    round_list: list = []
    round_list.append(round_list)
    deep: list = ["a.png"]
    for _ in range(100_000):
        deep = [deep]
    for cell in (round_dict, round_list, deep):
        assert is_missing(cell) is False
        for kind in ("image", "audio"):
            with pytest.raises(MediaError):
                content_key(cell, kind)
    while deep != ["a.png"]:  # taken apart by hand: its own destructor would be recursive
        (deep,) = deep


def test_a_released_memoryview_is_told():
    view = memoryview(b"abc")
    view.release()
    for kind in KINDS:
        with pytest.raises(MediaError, match=r"memoryview cannot be read: .*released"):
            content_key(view, kind)


def test_a_huge_view_of_few_bytes_is_not_copied():
    view = memoryview(np.broadcast_to(np.zeros(1, dtype=np.uint8), (2**40,)))
    with pytest.raises(MediaError, match="too large to copy"):
        content_key(view, "image")


def test_nothing_is_changed_in_what_was_given(tmp_path):
    for kind in KINDS:
        forms = cell_forms(kind, tmp_path)
        for name in ("file bytearray", "file dict of bytes and path", "file list of dict"):
            if name in forms:
                before = pickle.dumps(forms[name])
                read(kind, forms[name])
                content_key(forms[name], kind)
                assert pickle.dumps(forms[name]) == before


@pytest.mark.parametrize("form", ["AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"])
def test_bytes_of_every_format_read_are_recognised(form, tmp_path):
    picture = load_image(cell_forms("image", tmp_path)["grey (H, W)"])
    buffer = io.BytesIO()
    picture.save(buffer, form)
    assert detect_modalities(pd.DataFrame({"x": [buffer.getvalue()] * 2})) == {"image": "x"}
