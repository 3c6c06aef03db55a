"""Cells of several items in files: bars and JSON lists, read, resolved, detected and written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from encoder_cases import cells
from fakes import FAKES, installed
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsent import ImageEncoder
from hybridsent.cli import main
from hybridsent.datasets import detect_modalities, media_columns, read_table, write_table
from hybridsent.exceptions import TableError
from hybridsent.media import is_missing

FORMATS = ["csv", "tsv", "jsonl", "parquet", "xlsx"]
every_format = pytest.mark.parametrize("kind", FORMATS)
TEXTS = ["what a day | it was", '["not", "a list"]', "[sic] so it was | and is"]


def written(folder: Path, table: dict[str, list[Any]], kind: str) -> Path:
    """A file as other programs write it: strings stay strings."""
    frame, path = pd.DataFrame(table), folder / f"t.{kind}"
    if kind == "xlsx":
        frame.to_excel(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    return path


# -- reading ---------------------------------------------------------------------------------------


@every_format
def test_paths_between_bars_and_in_json_become_lists_of_absolute_paths(kind, tmp_path):
    cells = ["a.jpg|sub/b.jpg", '["c.jpg", null, "d|1.jpg"]', "e.jpg", None, " f.jpg | ../g.jpg|"]
    path = written(tmp_path, {"photos": cells, "label": list("vwxyz")}, kind)
    found = read_table(path)["photos"].tolist()
    here = str(tmp_path)
    assert found[:3] == [
        [f"{here}/a.jpg", f"{here}/sub/b.jpg"],
        [f"{here}/c.jpg", None, f"{here}/d|1.jpg"],
        f"{here}/e.jpg",
    ]
    assert is_missing(found[3])
    assert found[4] == [f"{here}/f.jpg", f"{tmp_path.parent}/g.jpg", None]
    assert read_table(path, media=[])["photos"].tolist()[:3] == cells[:3]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_lists_of_a_file_are_lists_of_absolute_paths(kind, tmp_path):
    cells = [["a.jpg", "b.jpg"], [None, "c.jpg"], [], None, ["https://x.org/d.jpg"]]
    path = written(tmp_path, {"photos": cells}, kind)
    found = read_table(path)["photos"].tolist()
    here = str(tmp_path)
    assert found[0] == [f"{here}/a.jpg", f"{here}/b.jpg"]
    assert found[1] == [None, f"{here}/c.jpg"]
    assert is_missing(found[2])
    assert is_missing(found[3])
    assert found[4] == ["https://x.org/d.jpg"]


@every_format
def test_weights_of_paths_go_through_files(kind, tmp_path):
    cells = [{"items": ["a.jpg", "/b.jpg", None], "weights": [0.5, 1.0, 2.0]}, None]
    write_table(pd.DataFrame({"photos": cells}), tmp_path / f"t.{kind}")
    found = read_table(tmp_path / f"t.{kind}")["photos"].tolist()
    assert list(found[0]["items"]) == [f"{tmp_path}/a.jpg", "/b.jpg", None]
    assert list(found[0]["weights"]) == [0.5, 1.0, 2.0]
    assert is_missing(found[1])


def test_lists_in_the_spelling_of_python_are_read_as_pandas_wrote_them(tmp_path):
    cells = [["a.jpg", "it's.jpg"], ["C:\\b.jpg"], [None, "c.jpg"], "d.jpg"]
    pd.DataFrame({"photos": cells}).to_csv(tmp_path / "t.csv", index=False)
    found = read_table(tmp_path / "t.csv")["photos"].tolist()
    here = str(tmp_path)
    assert found == [
        [f"{here}/a.jpg", f"{here}/it's.jpg"],
        [f"{here}/C:\\b.jpg"],
        [None, f"{here}/c.jpg"],
        f"{here}/d.jpg",
    ]


@every_format
def test_texts_are_never_split(kind, tmp_path):
    path = written(tmp_path, {"text": TEXTS, "photo": ["a.jpg|b.jpg"] * 3}, kind)
    assert read_table(path)["text"].tolist() == TEXTS


@every_format
def test_json_lists_of_texts_are_read_where_they_are_asked_for(kind, tmp_path):
    path = written(tmp_path, {"text": [*TEXTS, None]}, kind)
    found = read_table(path, lists=["text"])["text"].tolist()
    assert found[:3] == [TEXTS[0], ["not", "a list"], TEXTS[2]]
    assert is_missing(found[3])
    with pytest.raises(TableError, match=r"has no column \['turns'\]"):
        read_table(path, lists=["turns"])
    with pytest.raises(TypeError, match=r"Write lists=\['text'\]"):
        read_table(path, lists="text")


def test_a_file_whose_name_holds_bars_is_one_file(tmp_path):
    for name in ("a|b.jpg", '["c.jpg"]'):
        (tmp_path / name).touch()
    cells = ["a|b.jpg", "a|c.jpg", '["c.jpg"]', '["d.jpg"]']
    found = read_table(written(tmp_path, {"x": cells}, "csv"), media=["x"])["x"].tolist()
    here = str(tmp_path)
    assert found[0] == f"{here}/a|b.jpg"
    assert found[1] == [f"{here}/a", f"{here}/c.jpg"]
    assert found[2] == f'{here}/["c.jpg"]'
    assert found[3] == [f"{here}/d.jpg"]


def test_a_bar_in_a_url_is_part_of_it(tmp_path):
    one, two = "https://x.org/a.jpg?size=1|2", "https://x.org/a.jpg|https://x.org/b.jpg"
    path = written(tmp_path, {"photo": [one, two, "c.jpg"]}, "csv")
    assert read_table(path, media=["photo"])["photo"].tolist()[:2] == [one, two.split("|")]


@pytest.mark.parametrize(
    "odd",
    [
        "[" * 9000,
        '["a"',
        "[1, 2]",
        '{"a": 1}',
        "[]x",
        "['a.jpg' 'b.jpg']",
        "['a.jpg', open('b')]",
        "[None + 1]",
        '["\\ud800"]',
    ],
)
def test_what_is_no_list_of_paths_is_a_path(odd, tmp_path):
    path = written(tmp_path, {"photo": [odd, "a.jpg", "b.jpg"]}, "csv")
    found = read_table(path)["photo"].tolist()
    assert isinstance(found[0], str) or odd == '["\\ud800"]'


@pytest.mark.parametrize(
    "cell", ["a.jpg|b.jpg", '["a.jpg"]', ["a.jpg", "b.jpg"], [None, "a.jpg"],
             np.array(["a.jpg", None], dtype=object), ("a.wav", "b.wav"), "|a.jpg"], ids=repr
)  # fmt: skip
def test_columns_of_several_paths_are_found(cell):
    table = pd.DataFrame({"x": pd.Series([cell, None, cell], dtype=object), "text": ["a b"] * 3})
    assert media_columns(table) == ["x"]


def test_columns_of_texts_in_lists_are_found_behind_texts():
    turns = [["What a lovely day!", "They lost it."], ["Never again, please."], [], None]
    table = pd.DataFrame({"turns": turns, "label": list("abab")})
    assert detect_modalities(table) == {"text": "turns"}
    table["text"] = ["I like this very much", "It is all right for me", "No way!", "So and so"]
    assert detect_modalities(table) == {"text": "text"}
    assert detect_modalities(pd.DataFrame({"pics": [[None, "a.png"], ["b.png", "c.png"]]})) == {
        "image": "pics"
    }


# -- there and back --------------------------------------------------------------------------------

_names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), max_size=8
)
_paths = _names.map(lambda name: f"/data/x{name}.png")
_alone = _paths.filter(lambda path: "|" not in path)
_lists = st.lists(st.one_of(_paths, st.none()), min_size=2, max_size=4).filter(any)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(_lists, _alone, st.none()), min_size=1, max_size=6).filter(any))
@every_format
def test_what_is_written_is_read_again(kind, column):
    table = pd.DataFrame({"photos": pd.Series(column, dtype=object), "n": range(len(column))})
    before = json.dumps(column)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"t.{kind}")
        write_table(table, path)
        once = read_table(path, media=["photos"])
        write_table(once, path)
        again = read_table(path, media=["photos"])
    assert json.dumps(column) == before
    as_lists = kind == "parquet" and any(isinstance(cell, list) for cell in column)
    wanted = [[cell] if as_lists and isinstance(cell, str) else cell for cell in column]
    for found in (once, again):
        cells = found["photos"].tolist()
        assert [None if is_missing(cell) else cell for cell in cells] == wanted
        assert found["n"].tolist() == list(range(len(column)))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), min_size=1, max_size=5)
)
@every_format
def test_lists_of_texts_are_read_again_where_they_are_named(kind, column):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"t.{kind}")
        table = pd.DataFrame({"turns": pd.Series(column, dtype=object), "n": range(len(column))})
        write_table(table, path)
        found = read_table(path, media=[], lists=["turns"])["turns"]
    assert [list(cell) for cell in found] == column


@pytest.mark.parametrize("holder", [tuple, np.array, list])
@every_format
def test_any_list_of_strings_is_written(kind, holder, tmp_path):
    table = pd.DataFrame({"x": pd.Series([holder(["/a.png", "/b.png"]), None], dtype=object)})
    write_table(table, tmp_path / f"t.{kind}")
    found = read_table(tmp_path / f"t.{kind}")["x"].tolist()
    assert found[0] == ["/a.png", "/b.png"]
    assert is_missing(found[1])


@pytest.mark.parametrize("cell", [[1, 2], [b"a"], [["a"]], {"a": "b"}, [Ellipsis]], ids=repr)
def test_lists_of_anything_else_are_refused_by_text_formats(cell, tmp_path):
    table = pd.DataFrame({"x": pd.Series([cell, ["a"]], dtype=object)})
    for kind in ("csv", "xlsx"):
        with pytest.raises(TableError, match="Row 0, column 'x'"):
            write_table(table, tmp_path / f"t.{kind}")


# -- to the end ------------------------------------------------------------------------------------


def test_a_table_of_bars_is_encoded_by_python_and_by_the_command_line(tmp_path, capsys):
    contents = cells("image", 3)
    for i, content in enumerate(contents):
        (tmp_path / f"{i}.png").write_bytes(content)
    written(tmp_path, {"photos": ["0.png|1.png", "2.png", None, '["1.png", "2.png"]']}, "csv")
    with installed(*FAKES):
        encoder = ImageEncoder("image/fake", device="cpu", store=None)
        rows = encoder.transform(read_table(tmp_path / "t.csv")[["photos"]])
        wanted = encoder.transform([contents[:2], contents[2], None, contents[1:]])
        np.testing.assert_array_equal(rows, wanted)
        out = tmp_path / "rows.parquet"
        code = main(["encode", str(tmp_path / "t.csv"), "--image", "photos=image/fake",
                     "--device", "cpu", "--output", str(out)])  # fmt: skip
        assert code in (0, None), capsys.readouterr().err
        found = read_table(out)
    names = [name for name in found.columns if name.startswith("image__")]
    np.testing.assert_allclose(found[names].to_numpy(np.float32), wanted, atol=1e-6)
