"""Excel: cells keep what they are, one sheet is read, and nothing of it runs or bursts."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridsent.cli import main
from hybridsent.datasets import _sheet, read_table, write_table
from hybridsent.exceptions import MissingDependencyError, TableError, TableWarning


def book(path: Path, **sheets: list[list[object]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def with_part(path: Path, change) -> Path:
    """Change the text of the first sheet, as no spreadsheet program would."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in parts if "worksheets/sheet" in name)
    parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_cells_keep_their_types(tmp_path):
    day = dt.datetime(2024, 1, 31)
    rows = [
        ["id", "n", "share", "told", "day", "mixed", None],
        ["007", 1, 0.5, True, day, 1, None],
        [None, None, None, False, None, "1", None],
        ["12345678901234567", 3, 2, True, day, None, None],
    ]
    table = read_table(book(tmp_path / "t.xlsx", posts=rows))
    assert list(table) == ["id", "n", "share", "told", "day", "mixed"]
    assert table["id"].tolist()[::2] == ["007", "12345678901234567"]
    assert table["n"].tolist()[::2] == [1, 3]
    assert table["told"].tolist() == [True, False, True]
    assert table["day"][0] == pd.Timestamp(day)
    assert table["mixed"].tolist()[:2] == [1, "1"]
    assert table.isna().sum().tolist() == [1, 1, 1, 0, 1, 1]


def test_integers_beside_empty_cells_are_those_of_json_lines(tmp_path):
    table = pd.DataFrame({"n": pd.array([1, None, 2**50], dtype="Int64"), "t": ["a", "b", "c"]})
    for ending in (".xlsx", ".jsonl"):
        write_table(table, tmp_path / f"t{ending}")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.xlsx"), read_table(tmp_path / "t.jsonl"))


def test_media_paths_are_seen_from_the_workbook(tmp_path):
    rows = [["image", "label"], ["images/1.png", "good"], ["images/2.png", "bad"]]
    table = read_table(book(tmp_path / "t.xlsx", posts=rows))
    assert table["image"][0] == str(tmp_path / "images" / "1.png")


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.none() | texts, min_size=2, max_size=4))
def test_any_text_comes_back_as_it_was(tmp_path, cells):
    table = pd.DataFrame({"i": range(len(cells)), "text": pd.Series(cells, dtype=object)})
    write_table(table, tmp_path / "t.xlsx")
    back = read_table(tmp_path / "t.xlsx", media=[])
    assert [None if pd.isna(cell) else cell for cell in back["text"]] == cells


@pytest.mark.parametrize("text", ["=1+1", "=cmd|' /C calc'!A0", "#N/A", "_x000D_", "a\r\nb", "@A1"])
def test_a_text_is_never_a_formula_or_an_error(text, tmp_path):
    write_table(pd.DataFrame({"text": [text]}), tmp_path / "t.xlsx")
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").active["A2"].data_type == "s"
    assert read_table(tmp_path / "t.xlsx")["text"].tolist() == [text]


def test_formulas_are_what_was_computed_and_told_where_nothing_was(tmp_path):
    path = book(tmp_path / "t.xlsx", posts=[["a", "b"], [1, "=A2+1"]])
    with pytest.warns(TableWarning, match="formulas whose values were never computed"):
        assert read_table(path)["b"].isna().all()
    with_part(path, lambda xml: xml.replace("<v />", "<v>2</v>").replace("<v></v>", "<v>2</v>"))
    assert read_table(path)["b"].tolist() == [2]


def test_errors_in_cells_are_missing_and_told(tmp_path):
    path = book(tmp_path / "t.xlsx", posts=[["a", "b"], [1, "#N/A"], [2, "x"]])
    with pytest.warns(TableWarning, match="cell B2 holds the error #N/A"):
        assert read_table(path)["b"].isna().tolist() == [True, False]


def test_the_first_sheet_that_holds_anything_is_read_and_others_are_told(tmp_path, capsys):
    sheets = {"empty": [], "posts": [["text"], ["fine"]], "notes": [["text"], ["other"]]}
    path = book(tmp_path / "t.xlsx", **sheets)
    with pytest.warns(TableWarning, match=r"'posts' is read, not \['notes'\].*sheet='notes'"):
        assert read_table(path)["text"].tolist() == ["fine"]
    assert read_table(path, sheet="notes")["text"].tolist() == ["other"]
    with pytest.raises(TableError, match=r"no sheet 'note'\. Its sheets are"):
        read_table(path, sheet="note")
    with pytest.raises(TableError, match="is empty"):
        read_table(path, sheet="empty")
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"sheet parameter is for \.xlsx"):
        read_table(tmp_path / "t.csv", sheet="a")


@pytest.mark.filterwarnings("always::hybridsent.exceptions.TableWarning")
def test_the_command_line_names_its_option_of_sheets(tmp_path, capsys):
    path = book(tmp_path / "t.xlsx", posts=[["text"], ["fine"]], notes=[["text"], ["other"]])
    command = ["fit", str(path), "--target", "no", "-o", str(tmp_path / "m")]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "--sheet notes" in said
    assert said.count("several sheets") == 1
    assert main([*command, "--sheet", "notes"]) == 2
    assert "several sheets" not in capsys.readouterr().err


def test_looking_for_formulas_takes_no_longer_where_tags_never_end():
    for piece in (b"<c ", b"<c><f ", b"<c><f>" + b" " * 50, b"<c><f/>" + b" " * 50 + b"<v/>"):
        assert _sheet._UNCOMPUTED.search(piece * 20_000) is None


def test_a_wrong_dimension_cuts_nothing(tmp_path):
    path = book(tmp_path / "t.xlsx", posts=[["a", "b"], [1, 2], [3, 4]])
    with_part(path, lambda xml: xml.replace('ref="A1:B3"', 'ref="A1:A1"'))
    assert read_table(path).shape == (2, 2)


def test_rows_without_a_filled_cell_are_kept_where_they_were_written(tmp_path):
    table = pd.DataFrame({"text": ["a", None, "b", None]})
    write_table(table, tmp_path / "t.xlsx")
    assert read_table(tmp_path / "t.xlsx")["text"].isna().tolist() == [False, True, False, True]
    blank = book(tmp_path / "u.xlsx", posts=[[], ["text"], ["a"], [None], ["b"]])
    assert read_table(blank)["text"].tolist() == ["a", "b"]


def test_names_that_occur_twice_are_refused(tmp_path):
    with pytest.raises(TableError, match=r"Twice or more: \['a'\]"):
        read_table(book(tmp_path / "t.xlsx", posts=[["a", "a"], [1, 2]]))


def test_a_locked_workbook_is_told(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000))
    with pytest.raises(TableError, match="locked with a password"):
        read_table(path)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("x" * 40_000, "32,767 letters"),
        (2**60, "15 digits"),
        (float("inf"), "infinity"),
        ([1], "type list"),
        (b"raw", "type bytes"),
        (dt.datetime(1850, 1, 1), "such a year"),
        (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "zone"),
        ("half \ud83d", "half a surrogate"),
    ],
)
def test_what_a_workbook_cannot_hold_is_refused_and_the_old_file_stays(cell, told, tmp_path):
    path = tmp_path / "t.xlsx"
    write_table(pd.DataFrame({"a": [1]}), path)
    before = path.read_bytes()
    with pytest.raises(TableError, match=rf"Row 1, column 'a': .*{told}"):
        write_table(pd.DataFrame({"a": pd.Series(["fine", cell], dtype=object)}), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_more_rows_than_a_sheet_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_sheet, "_MOST_ROWS", 3)
    write_table(pd.DataFrame({"a": [1, 2]}), tmp_path / "t.xlsx")
    with pytest.raises(TableError, match="holds 2 rows"):
        write_table(pd.DataFrame({"a": [1, 2, 3]}), tmp_path / "u.xlsx")


def test_without_openpyxl_the_way_out_is_told(tmp_path, monkeypatch):
    path = book(tmp_path / "t.xlsx", posts=[["a"], [1]])

    def none(name, *_):
        if name == "openpyxl":
            raise ModuleNotFoundError("No module named 'openpyxl'", name="openpyxl")
        return found(name)

    found = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", none)
    for act in (lambda: read_table(path), lambda: write_table(pd.DataFrame({"a": [1]}), path)):
        with pytest.raises(MissingDependencyError, match=r"hybridsent\[xlsx\].*CSV UTF-8"):
            act()


def test_bytes_of_a_workbook_are_not_executed_or_followed(tmp_path):
    """An external entity would read a file of this machine into a cell."""
    path = book(tmp_path / "t.xlsx", posts=[["a"], ["x"]])
    entity = '<!DOCTYPE w [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    with_part(path, lambda xml: entity + xml)
    with pytest.raises(TableError, match="declares XML entities"):
        read_table(path)
    assert io.BytesIO(path.read_bytes()).read(2) == b"PK"
