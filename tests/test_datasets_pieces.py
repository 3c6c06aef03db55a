"""`iter_table` gives, piece by piece, what `read_table` gives whole: cells, dtypes, refusals."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hybridsent.datasets import _lines, iter_table, read_table, write_table
from hybridsent.exceptions import TableError

WILD = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELLS = st.one_of(
    st.sampled_from(["", "", "1", "-0", "007", "2.5", "1e5", "inf", "True", "False", "NA", "nan"]),
    st.sampled_from(["a.png", "b/1.jpg|c.wav", '["x.png", "y.png"]', "1,5", "12345678901234567"]),
    st.integers(-(10**20), 10**20).map(str),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(['say "yes"', "two\nlines", "two\r\nlines", "a\rb", "é😀", "\u2028", "a,b;c"]),
)
SIMPLE = st.sampled_from(["", "1", "2", "0.5", "True", "False", "", "-3"])


def whole(pieces, table):
    """Put pieces together, and check that each has the dtypes of all."""
    held = list(pieces)
    for piece in held:
        pd.testing.assert_series_equal(piece.dtypes, table.dtypes)
    again = [pieces[i] for i in np.random.default_rng(0).permutation(len(pieces))]
    for piece in again:
        pd.testing.assert_frame_equal(piece, held[piece.index[0] // pieces.rows])
    assert pieces.n_rows == len(table)
    assert pieces.columns == list(table.columns)
    if not held:
        assert table.empty
        return
    pd.testing.assert_frame_equal(pd.concat(held), table, check_index_type=False)


def compare(path, rows, **how):
    """Read in both ways; what one refuses the other refuses, in the same words."""
    refused, table = None, None
    try:
        table = read_table(path, **how)
    except TableError as error:
        refused = str(error)
    if refused:
        with pytest.raises(TableError, match=re.escape(refused)):
            iter_table(path, rows=rows, **how)
        return
    pieces = iter_table(path, rows=rows, **how)
    whole(pieces, table)
    whole(pickle.loads(pickle.dumps(pieces)), table)


def written(rows, delimiter=",", end="\n"):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


def tables(cells):
    return st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=25).map(
            lambda rows: [[f"c{i}" for i in range(n)], *rows]
        )
    )


@WILD
@given(
    table=st.one_of(tables(CELLS), tables(SIMPLE)),
    rows=st.integers(1, 9),
    end=st.sampled_from(["\n", "\r\n"]),
    block=st.sampled_from([3, 17, 1 << 20]),
)
@example([["a"], ["1"], ["007"]], 1, "\n", 3)
@example([["a", "b"], ["1", ""], ["", "True"]], 1, "\n", 3)
def test_csv_is_read_as_whole(tmp_path, monkeypatch, table, rows, end, block):
    monkeypatch.setattr(_lines, "_BLOCK", block)
    path = tmp_path / "t.csv"
    path.write_bytes(written(table, end=end).encode())
    compare(path, rows, sep=",")


@WILD
@given(table=tables(CELLS), rows=st.integers(1, 9))
def test_packed_and_wide_encodings_are_read_as_whole(tmp_path, table, rows):
    text = written(table)
    path = tmp_path / "t.tsv"
    for name, encoding in [("t.csv.gz", None), ("t.csv", "utf-16"), ("u.csv", "utf-8-sig")]:
        path = tmp_path / name
        data = text.encode(encoding or "utf-8")
        path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
        compare(path, rows, sep=",", encoding=encoding)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    CELLS,
    st.lists(st.sampled_from(["a.png", "b", None]), max_size=3),
    st.dictionaries(st.sampled_from(["k", "l"]), st.integers(), max_size=2),
)
KEYS = ["a", "b", "text"]


@WILD
@given(
    rows_in=st.lists(
        st.one_of(
            st.dictionaries(st.sampled_from(KEYS), VALUES),
            st.dictionaries(st.sampled_from(KEYS), st.one_of(st.none(), st.integers(-5, 2**54))),
        ),
        min_size=1,
        max_size=20,
    ),
    rows=st.integers(1, 7),
    block=st.sampled_from([5, 1 << 20]),
)
@example([{"a": 1}, {"a": None}, {"a": 2**60}], 1, 5)
@example([{"a": "\ud800"}, {"a": "fine"}], 1, 5)
def test_json_lines_are_read_as_whole(tmp_path, monkeypatch, rows_in, rows, block):
    monkeypatch.setattr(_lines, "_BLOCK", block)
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows_in), encoding="utf-8")
    compare(path, rows)


COLUMNS = {
    "i": st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    "j": st.one_of(st.none(), st.integers(0, 5)),
    "b": st.one_of(st.none(), st.booleans()),
    "f": st.one_of(st.none(), st.floats()),
    "s": st.one_of(st.none(), st.sampled_from(["a.png", "b.png", "x", "é"])),
    "l": st.one_of(st.none(), st.lists(st.sampled_from(["a.png", "b.wav"]), max_size=2)),
}


@WILD
@given(
    cells=st.lists(st.fixed_dictionaries(COLUMNS), min_size=1, max_size=25),
    rows=st.integers(1, 9),
    group=st.integers(1, 9),
)
def test_parquet_is_read_as_whole(tmp_path, cells, rows, group):
    import pyarrow as pa
    from pyarrow import parquet

    kinds = [pa.int64(), pa.int32(), pa.bool_(), pa.float32(), pa.string(), pa.list_(pa.string())]
    made = {
        name: pa.array([row[name] for row in cells], kind)
        for name, kind in zip(COLUMNS, kinds, strict=True)
    }
    made["c"] = pa.array([row["s"] for row in cells], pa.string()).dictionary_encode()
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table(made), path, row_group_size=group)
    whole(iter_table(path, rows=rows), read_table(path))


def test_parquet_of_pandas_keeps_its_dtypes(tmp_path):
    table = pd.DataFrame(
        {
            "n": pd.array([1, None, 3, 4], dtype="Int64"),
            "t": pd.to_datetime(["2026-01-01", None, "2026-02-01", "2026-03-01"]),
            "k": pd.Categorical(["b", "a", "b", None]),
            "x": np.arange(4, dtype="float32"),
        }
    )
    path = tmp_path / "t.parquet"
    table.to_parquet(path, row_group_size=1)
    whole(iter_table(path, rows=3), read_table(path))


def test_other_separators_decimal_commas_and_excels_first_line(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("sep=;\ntext;n\n'a;1,5\nb;2\nc;3,25\n", encoding="utf-8")
    whole(iter_table(path, rows=2, decimal=","), read_table(path, decimal=","))
    path.write_text("text|n\na|1\nb|2\nc|3\n", encoding="cp1252")
    whole(iter_table(path, rows=2, encoding="cp1252"), read_table(path, encoding="cp1252"))
    path.write_bytes("text,n\n好,1\n不好,2\n".encode("gb18030"))
    whole(iter_table(path, rows=1, encoding="gb18030"), read_table(path, encoding="gb18030"))


def test_wrong_lines_are_refused_with_their_number(tmp_path):
    path = tmp_path / "t.csv"
    good = '"two\nlines",1\n' * 50
    for bad in ("a,b,c\n", '"never closed,1\n', "lonely\n"):
        path.write_text(f"text,n\n{good}{bad}", encoding="utf-8")
        with pytest.raises(TableError, match="line 102"):
            iter_table(path, rows=7)
        with pytest.raises(TableError, match="line 102"):
            read_table(path)
    path.write_bytes(b"text\n" + b"fine\n" * 40 + b"caf\xe9\n")
    with pytest.raises(TableError, match=r"line 42.*cp1252"):
        iter_table(path)
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n\n{"a": \n', encoding="utf-8")
    with pytest.raises(TableError, match="line 3"):
        iter_table(path, rows=1)
    with pytest.raises(ValueError, match="at least 1"):
        iter_table(path, rows=0)
    path.write_text(" \n ", encoding="utf-8")
    with pytest.raises(TableError, match="is empty"):
        iter_table(path)
    with pytest.raises(TableError, match="no file"):
        iter_table(tmp_path / "absent.csv")


def test_names_alone_are_no_piece(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text,n\n", encoding="utf-8")
    pieces = iter_table(path)
    assert len(pieces) == 0
    assert list(pieces) == []
    assert pieces.columns == ["text", "n"]


def test_a_file_that_changes_is_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text\na\nb\n", encoding="utf-8")
    pieces = iter_table(path, rows=1)
    assert pieces[1]["text"].tolist() == ["b"]
    before = pieces.digest()
    path.write_text("text\na\nb\nc\n", encoding="utf-8")
    with pytest.raises(TableError, match="was changed"):
        pieces[0]
    assert iter_table(path, rows=1).digest() != before


def test_paths_and_lists_are_those_of_the_whole_table(tmp_path):
    path = tmp_path / "t.csv"
    rows = [["text", "image"], *[[f"t{i}", f"{i}.png"] for i in range(900)], ["x.png", "odd"]]
    path.write_text(written(rows), encoding="utf-8")
    pieces = iter_table(path, rows=100)
    assert pieces.media == ["image"]
    assert pieces[9]["text"].tolist() == ["x.png"]  # alone it would look like a path
    whole(pieces, read_table(path))
    path.write_text('turns\n"[""a"", ""b""]"\nplain\n', encoding="utf-8")
    whole(iter_table(path, rows=1, lists=["turns"]), read_table(path, lists=["turns"]))
    with pytest.raises(TableError, match="no column"):
        iter_table(path, lists=["absent"])


def test_folders_and_workbooks_come_in_pieces(tmp_path):
    for name in ("glad/1.png", "glad/2.png", "sad/1.png", "sad/3.wav"):
        file = tmp_path / "posts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    pieces = iter_table(tmp_path / "posts", rows=3)
    whole(pieces, read_table(tmp_path / "posts"))
    (tmp_path / "posts" / "sad" / "4.png").write_bytes(b"x")
    with pytest.raises(TableError, match="was changed"):
        pieces[0]
    pytest.importorskip("openpyxl")
    book = tmp_path / "t.xlsx"
    write_table(pd.DataFrame({"text": ["007", None, "a"], "n": [1, 2, 3]}), book)
    whole(iter_table(book, rows=2), read_table(book))


def test_what_unpacks_out_of_proportion_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"text\n" + b"aaaaaaaa\n" * 5000))
    with pytest.raises(TableError, match="max_bytes"):
        iter_table(path, max_bytes=1000)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(TableError, match="gzip"):
        iter_table(path)
    path = tmp_path / "t.parquet"
    write_table(pd.DataFrame({"text": ["a" * 100] * 5000}), path)
    with pytest.raises(TableError, match="max_bytes"):
        list(iter_table(path, max_bytes=5000))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(TableError, match="Parquet"):
        iter_table(path)


MEMORY = """
import re, sys
from pathlib import Path
from hybridsent.datasets import iter_table
import numpy, pandas, pyarrow.parquet
pieces = iter_table(sys.argv[1], rows=2000, media=[])
rows = sum(len(piece) for piece in pieces)
scattered = sum(len(pieces[i]) for i in range(0, len(pieces), 7))
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(rows, scattered, int(peak) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells the peak")
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path, ending):
    peaks = []
    for rows in (30_000, 180_000):
        path = tmp_path / f"t{rows}.{ending}"
        table = pd.DataFrame(
            {"text": [f"post number {i} " + "x" * 400 for i in range(rows)], "n": range(rows)}
        )
        table["n"] = table["n"].where(table["n"] % 5 > 0)
        if ending == "csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path, index=False)
        # each thread of Arrow keeps some 40 MB of its own, whatever the file
        told = subprocess.run(
            [sys.executable, "-c", MEMORY, str(path)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "ARROW_IO_THREADS": "1"},
        ).stdout.split()
        assert int(told[0]) == rows
        peaks.append(int(told[2]))
    assert peaks[1] < peaks[0] + 40, peaks  # the larger file has 72 MB of letters alone
