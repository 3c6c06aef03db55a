"""read_table and write_table: text stays text, paths become absolute, errors name the line."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridsent.datasets import read_table, write_table
from hybridsent.exceptions import TableError

FORMATS = [".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".csv.gz", ".tsv.gz", ".jsonl.gz"]
TEXT_FORMATS = [f for f in FORMATS if f != ".parquet"]


def put(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text": ["null", 'says "hi", twice', "two\nlines", "déjà vu 🙂", None],
            "n": [1, -2, 3, 40, 5],
            "x": [0.5, np.nan, -1e-9, 3.0, np.inf],
            "yes": [True, False, True, True, False],
        }
    )


@pytest.mark.parametrize("extension", [f for f in FORMATS if "json" not in f])
def test_what_is_written_is_read_back(tmp_path, table, extension):
    path = tmp_path / f"t{extension}"
    write_table(table, path)
    pd.testing.assert_frame_equal(read_table(path), table)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # no draft is left


@pytest.mark.parametrize("extension", [".jsonl", ".ndjson", ".jsonl.gz"])
def test_json_lines_round_trip(tmp_path, table, extension):
    finite = table.replace({"x": {np.inf: 7.0}})  # JSON has no infinity
    write_table(finite, tmp_path / f"t{extension}")
    pd.testing.assert_frame_equal(read_table(tmp_path / f"t{extension}"), finite)


@pytest.mark.parametrize("word", ["NA", "null", "None", "nan", "NaN", "N/A", "-", "#N/A", "<NA>"])
def test_words_that_pandas_takes_for_missing_stay_text(tmp_path, word):
    path = put(tmp_path, f"text,n\n{word},1\n,2\n")
    column = read_table(path)["text"]
    assert column[0] == word
    assert pd.isna(column[1])


def test_numbers_parse_and_ids_do_not_lose_digits(tmp_path):
    long_id = "12345678901234567"
    path = put(tmp_path, f"a,b,c,d,e\n1,007,2.5,{long_id},1\n-3,008,1e3,{long_id},\n,009,,,2\n")
    table = read_table(path)
    assert table["a"].tolist()[:2] == [1, -3]
    assert table["a"].dtype == float
    assert table["b"].tolist() == ["007", "008", "009"]
    assert table["c"].tolist()[:2] == [2.5, 1000]
    assert table["d"][0] == long_id  # a float could not hold it, and one cell is missing
    assert np.isnan(table["e"][1])


def test_a_label_of_digits_is_an_integer(tmp_path):
    assert read_table(put(tmp_path, "text,label\nfine,1\nbad,0\n"))["label"].dtype.kind == "i"


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    path = put(tmp_path, b"\xef\xbb\xbftext\ncaf\xc3\xa9\n")
    assert read_table(path).to_dict("list") == {"text": ["café"]}


def test_windows_line_ends_and_blank_lines(tmp_path):
    assert len(read_table(put(tmp_path, "a,b\r\n1,2\r\n\r\n3,4\r\n"))) == 2


def test_nameless_index_column_gets_pandas_name(tmp_path):
    pd.DataFrame({"text": ["a b"]}).to_csv(tmp_path / "t.csv")
    assert list(read_table(tmp_path / "t.csv").columns) == ["Unnamed: 0", "text"]


def test_header_alone_is_a_table_without_rows(tmp_path):
    table = read_table(put(tmp_path, "text,image\n"))
    assert table.shape == (0, 2)


def test_gzip_is_read(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a\n1\n"))
    assert read_table(tmp_path / "t.csv.gz")["a"].tolist() == [1]


def test_json_keys_may_be_absent_and_types_stay(tmp_path):
    lines = [{"text": "007", "n": 1}, {"text": "a\u2028b"}, {"n": None, "k": "z"}]
    path = put(tmp_path, "\n".join(json.dumps(r, ensure_ascii=False) for r in lines), "t.jsonl")
    table = read_table(path)
    assert list(table.columns) == ["text", "n", "k"]
    assert table["text"].tolist()[:2] == ["007", "a\u2028b"]
    assert table["text"].isna().tolist() == [False, False, True]


# --- media ---------------------------------------------------------------------------------------


def test_paths_are_resolved_against_the_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "data"
    home.mkdir()
    absolute = str(tmp_path / "else.png")
    put(home, f"text,image,audio\nhi all,images/1.png,a/1.wav\nyo,{absolute},\nok,../2.png,b.wav\n")
    for path in ("data/t.csv", home / "t.csv"):
        table = read_table(path)
        assert table["image"].tolist() == [
            str(home / "images" / "1.png"),
            absolute,
            str(tmp_path / "2.png"),
        ]
        assert table["audio"][0] == str(home / "a" / "1.wav")
        assert pd.isna(table["audio"][1])
        assert table["text"].tolist() == ["hi all", "yo", "ok"]


@pytest.mark.parametrize("url", ["https://h/1.png", "http://h/1.png?x=1", "s3://b/1.png"])
def test_urls_stay(tmp_path, url):
    assert read_table(put(tmp_path, f"image\n{url}\n"))["image"][0] == url


def test_media_names_the_columns(tmp_path):
    path = put(tmp_path, "a,b\nframes/1,x.png\n")
    assert read_table(path, media=["a"]).iloc[0].tolist() == [str(tmp_path / "frames/1"), "x.png"]
    assert read_table(path, media=[]).iloc[0].tolist() == ["frames/1", "x.png"]
    with pytest.raises(TableError, match=r"no column \['c'\].*\['a', 'b'\]"):
        read_table(path, media=["c"])
    with pytest.raises(TypeError, match=r"media=\['a'\]"):
        read_table(path, media="a")


def test_a_path_that_leads_nowhere_is_no_error_here(tmp_path):
    assert read_table(put(tmp_path, "image\ngone.png\n"))["image"][0] == str(tmp_path / "gone.png")


def test_bytes_survive_parquet_and_are_no_paths(tmp_path):
    table = pd.DataFrame({"image": [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]})
    write_table(table, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")["image"].tolist() == table["image"].tolist()


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "", "is empty"),
        ("t.csv", "\ufeff\n \n", "is empty"),
        ("t.jsonl", "", "is empty"),
        ("t.parquet", b"", "is empty"),
        ("t.parquet", b"PAR1 no", "cannot be read as Parquet"),
        ("t.csv", "a,b,a\n1,2,3\n", r"Twice or more: \['a'\]"),
        ("t.csv", "a,b\n1,2\n3\n", "line 3: expected 2 cells .a, b., got 1"),
        ("t.csv", 'a,b\n"x\ny",2\n3,4,5\n', "line 4: expected 2 cells .a, b., got 3"),
        ("t.tsv", "a\tb\n1\n", "line 2: .*tab must stand in quotes"),
        ("t.csv", 'a,b\n1,2\n"open,3\n4,5\n', "line 3: .*must end with one"),
        (
            "t.csv",
            b"text\nfine\ncaf\xe9\n",
            r"byte 0xe9 at position 13 \(line 3\).*iconv -f cp1252",
        ),
        ("t.csv", "text\nfine\n".encode("utf-16"), "iconv -f utf-16"),
        ("t.csv.gz", b"no gzip", "gzip"),
        ("t.csv.gz", gzip.compress(b"text\nfine\n")[:-9], "gzip"),
        ("t.jsonl", '{"a": 1}\n\n{"a": 1\n', "line 3: no JSON"),
        ("t.jsonl", '{"a": 1}\n[1]\n', "line 2: expected an object, got list"),
        ("t.jsonl", '{"a": 1, "a": 2}\n', "line 1: a name occurs twice"),
        ("t.xls", "a", r"extension '.xls'; tables are .csv"),
        ("t.xlsx", "a", "is no complete workbook"),
        ("t.xlsx", "", "is empty"),
        ("t", "a", "has no extension"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, name, content, message):
    with pytest.raises(TableError, match=message) as caught:
        read_table(put(tmp_path, content, name))
    assert str(tmp_path / name) in str(caught.value)


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(TableError, match="There is no file"):
        read_table(tmp_path / "t.csv")
    put(tmp_path, "a\n1\n", "inside.csv")
    with pytest.raises(TableError, match=r"is a folder.*inside\.csv"):
        read_table(tmp_path)


def test_write_refuses_what_it_cannot_do(tmp_path, table):
    with pytest.raises(TableError, match=r"extension '.xls'"):
        write_table(table, tmp_path / "t.xls")
    with pytest.raises(TableError, match="no folder"):
        write_table(table, tmp_path / "no" / "t.csv")
    with pytest.raises(TableError, match="Twice or more"):
        write_table(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path / "t.csv")
    with pytest.raises(TypeError, match="DataFrame"):
        write_table([[1]], tmp_path / "t.csv")


@pytest.mark.parametrize("extension", ["csv", "jsonl", "parquet", "xlsx"])
def test_columns_without_one_name_each_are_refused(tmp_path, extension):
    path = tmp_path / f"table.{extension}"
    levels = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_product([["a"], ["b", "c"]]))
    with pytest.raises(TableError, match=r"names of 2 levels, such as \('a', 'b'\)"):
        write_table(levels, path)
    with pytest.raises(TableError, match=r"without columns .* its 3 rows"):
        write_table(pd.DataFrame(index=range(3)), path)
    assert not path.exists()


@pytest.mark.parametrize("extension", [".csv", ".jsonl"])
@pytest.mark.parametrize("cell", [b"raw", np.zeros(3), ("a", 1)])
def test_text_formats_refuse_media_and_keep_the_old_file(tmp_path, extension, cell):
    path = put(tmp_path, "kept", f"t{extension}")
    with pytest.raises(TableError, match=r"Row 1, column 'm': .*Parquet"):
        write_table(pd.DataFrame({"m": ["ok", cell]}), path)
    assert path.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("extension", FORMATS)
def test_write_replaces_and_drops_the_index(tmp_path, extension):
    path = put(tmp_path, "old", f"t{extension}")
    write_table(pd.DataFrame({"a": [1, 2]}, index=[7, 9]), path)
    assert read_table(path).index.tolist() == [0, 1]


cells = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), min_size=1))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6))
@pytest.mark.parametrize("extension", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_any_text_round_trips(tmp_path, extension, rows):
    # The second column begins with a letter, as texts do; the first may read as a number.
    table = pd.DataFrame([(a, None if b is None else "t" + b) for a, b in rows], columns=["a", "b"])
    path = tmp_path / f"t{extension}"
    write_table(table, path)
    back = read_table(path, media=[])
    for name in table:
        for before, after in zip(table[name], back[name], strict=True):
            if isinstance(after, str) or name == "b":
                assert (before == after) or (pd.isna(before) and pd.isna(after))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.csv.gz", "t.xlsx"])
def test_any_bytes_give_a_table_or_a_table_error(tmp_path, name, content):
    with contextlib.suppress(TableError):
        assert isinstance(read_table(put(tmp_path, content, name)), pd.DataFrame)


def test_importing_the_package_is_light():
    heavy = "('PIL', 'scipy', 'pandas', 'torch')"
    loaded = f"[m for m in {heavy} if m in sys.modules]"
    code = f"import sys, hybridsent.datasets as d; print({loaded}, set(d.__all__) - set(dir(d)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] set()"


def test_unknown_names_are_attribute_errors():
    import hybridsent.datasets as datasets

    with pytest.raises(AttributeError, match="no attribute 'load'"):
        datasets.load  # noqa: B018


def test_a_packed_file_whose_name_does_not_say_so_is_told_to_be_packed(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_bytes(gzip.compress(b"text,label\ngood,1\n"))
    with pytest.raises(TableError, match=r"is packed by gzip, .* Name it posts.csv.gz, or unpack"):
        read_table(path)
    assert len(read_table(path.rename(tmp_path / "posts.csv.gz"))) == 1
