"""What is read, written and read again is the same; separators are found or asked for; folders."""

from __future__ import annotations

import datetime as dt
import json
import math
import threading
from decimal import Decimal
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridsent._tables import as_column
from hybridsent.datasets import detect_modalities, iter_table, read_table, write_table
from hybridsent.exceptions import TableError, TableWarning

WIDE = 2**60 + 1
ENDINGS = [".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz", ".jsonl.gz"]


def put(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def plain(table: pd.DataFrame) -> list[list[object]]:
    """Cells that can be compared: one sign for everything that is missing."""
    rows = table.astype(object).to_numpy().tolist()
    return [[None if _missing(cell) else cell for cell in row] for row in rows]


def _missing(cell: object) -> bool:
    return not isinstance(cell, list | dict | np.ndarray) and bool(pd.isna(cell))


# -- round trips -----------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), min_size=1)
columns = st.one_of(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3),
    st.lists(st.none() | st.floats(allow_infinity=False), min_size=3, max_size=3),
    st.lists(st.none() | st.booleans(), min_size=3, max_size=3),
    st.lists(st.none() | texts, min_size=3, max_size=3),
    st.lists(st.none() | st.from_regex(r"0[0-9]{1,20}", fullmatch=True), min_size=3, max_size=3),
    st.lists(
        st.none() | st.from_regex(r"[1-9][0-9]{14,20}", fullmatch=True), min_size=3, max_size=3
    ),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(columns, min_size=1, max_size=3))
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_read_is_written_and_read_again_the_same(tmp_path, ending, cells):
    table = pd.DataFrame({f"c{i}": as_column(column) for i, column in enumerate(cells)})
    first, second = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    write_table(table, first)
    read = read_table(first, media=[])
    write_table(read, second)
    again = read_table(second, media=[])
    assert plain(again) == plain(read)
    assert again.dtypes.tolist() == read.dtypes.tolist()
    if "csv" not in ending and ending != ".tsv":  # formats that know types hold every value itself
        assert plain(read) == plain(table)
    else:
        for before, after in zip(chain(*plain(table)), chain(*plain(read)), strict=True):
            assert str(before) == str(after) or float(before) == float(after)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=5,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), values, min_size=1), min_size=1, max_size=4)
)
def test_json_lines_hold_whatever_json_holds(tmp_path, rows):
    path = put(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl")
    read = read_table(path, media=[])
    write_table(read, tmp_path / "out.jsonl")
    again = read_table(tmp_path / "out.jsonl", media=[])
    assert plain(again) == plain(read)
    for row, cells in zip(rows, plain(read), strict=True):
        told = dict(zip(read.columns, cells, strict=True))
        assert {k: v for k, v in told.items() if v is not None} == {
            k: v for k, v in row.items() if v is not None
        }


def test_integers_keep_their_digits_where_a_row_lacks_the_key(tmp_path):
    path = put(tmp_path, f'{{"author": {WIDE}}}\n{{}}\n{{"author": {WIDE + 1}}}\n', "t.jsonl")
    authors = read_table(path)["author"]
    assert authors.dropna().tolist() == [WIDE, WIDE + 1]
    assert authors.nunique() == 2
    parquet = tmp_path / "t.parquet"
    import pyarrow as pa
    from pyarrow import parquet as pq

    pq.write_table(pa.table({"author": [WIDE, None, WIDE + 1]}), parquet)
    assert read_table(parquet)["author"].dropna().tolist() == [WIDE, WIDE + 1]


@pytest.mark.parametrize("sign", ["", "-", "+"])
def test_long_ids_of_csv_keep_their_digits(tmp_path, sign):
    ids = [f"{sign}1234567890123456789", f"{sign}1234567890123456788", ""]
    read = read_table(put(tmp_path, "id,x\n" + "".join(f"{i},1\n" for i in ids)))
    assert read["id"].dropna().tolist() == ids[:2]
    mixed = read_table(put(tmp_path, f"id\n{sign}12345678901234567\n0.5\n"))
    assert mixed["id"].tolist() == [f"{sign}12345678901234567", "0.5"]


def test_json_lines_write_every_digit_and_dates_as_dates(tmp_path):
    table = pd.DataFrame(
        {
            "x": [1.23e-11, 0.1 + 0.2],
            "y": np.array([1e-20, 3.0], dtype=np.float32),
            "day": pd.to_datetime(["2024-01-02", None]),
            "date": [dt.date(2024, 1, 2), None],
            "price": [Decimal("1.10"), None],
            "kind": pd.Categorical(["a", None]),
            "n": pd.array([WIDE, None], dtype="Int64"),
        }
    )
    write_table(table, tmp_path / "t.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [row["x"] for row in rows] == table["x"].tolist()
    assert [row["y"] for row in rows] == table["y"].tolist()
    assert rows[0]["day"] == "2024-01-02T00:00:00"
    assert (rows[0]["date"], rows[0]["price"], rows[0]["kind"]) == ("2024-01-02", "1.10", "a")
    assert [row["n"] for row in rows] == [WIDE, None]
    assert [rows[1][name] for name in ("day", "date", "price", "kind")] == [None] * 4


@pytest.mark.parametrize("cell", [math.inf, [1, {"a": -math.inf}], np.float32("inf")])
def test_infinity_is_refused_by_json(tmp_path, cell):
    with pytest.raises(
        TableError, match=r"Row 1, column 'x': JSON cannot hold infinity. Write CSV"
    ):
        write_table(pd.DataFrame({"x": [0.5, cell]}), tmp_path / "t.jsonl")
    assert not list(tmp_path.iterdir())


def test_half_a_surrogate_pair_is_read_and_only_json_writes_it(tmp_path):
    path = put(tmp_path, '{"text": "so \\ud83d good"}\n{"text": "fine"}\n', "t.jsonl")
    table = read_table(path)
    assert table["text"].tolist() == ["so \ud83d good", "fine"]
    raw = read_table(
        put(tmp_path, b'{"text": "\xed\xa0\xbd\xed\xb8\x80 \xed\xa0\x80"}\n', "r.jsonl")
    )
    assert raw["text"][0] == "\U0001f600 \ud800"
    write_table(table, tmp_path / "out.jsonl")
    assert read_table(tmp_path / "out.jsonl")["text"].tolist() == table["text"].tolist()
    for ending in (".csv", ".parquet"):
        with pytest.raises(TableError, match="olumn 'text'"):
            write_table(table, tmp_path / f"out{ending}")


def test_booleans_stay_booleans_beside_empty_cells(tmp_path):
    table = read_table(put(tmp_path, "a,b\nTrue,x\n,y\nFalse,z\n"))
    assert table["a"].tolist()[::2] == [True, False]
    assert table["a"].isna().tolist() == [False, True, False]


# -- separators ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_separator_is_found(tmp_path, mark, end):
    others = "".join(other for other in ",;\t|" if other != mark)
    rows = [
        ["text", "label"],
        [f'"quoted {mark} ""{mark}"" {others}"', "good"],
        [f"a {others}", "bad"],
    ]
    table = read_table(put(tmp_path, end.join(map(mark.join, rows)) + end))
    assert list(table) == ["text", "label"]
    assert table["text"].tolist() == [f'quoted {mark} "{mark}" {others}', f"a {others}"]


def test_a_quoted_separator_misleads_nobody(tmp_path):
    text = '"a;b","c;d"\n"1;2","3;4"\n"x;y",z\n'
    assert list(read_table(put(tmp_path, text))) == ["a;b", "c;d"]
    one = "text; notes\nfine\nso; bad\ngood\n"
    assert read_table(put(tmp_path, one))["text; notes"].tolist() == ["fine", "so; bad", "good"]


@pytest.mark.parametrize("text", ["a,b;c\n1,5;2\n3,5;4\n", "a|b,c\nx|y,z\n"])
def test_two_separators_that_fit_are_asked_about(tmp_path, text):
    with pytest.raises(TableError, match=r"two ways: .* and .*Tell which .*sep="):
        read_table(put(tmp_path, text))
    assert read_table(put(tmp_path, text), sep=",").shape[1] == 2


def test_a_line_that_lacks_a_cell_is_told_by_the_separator_of_most_lines(tmp_path):
    with pytest.raises(TableError, match=r"line 4: expected 2 cells .*semicolon.*sep=','"):
        read_table(put(tmp_path, "text;label\na;x\nb;y\nit is; really;z\n"))


def test_excel_tells_its_separator(tmp_path):
    assert list(read_table(put(tmp_path, "sep=|\r\na|b;c\r\n1|2\r\n"))) == ["a", "b;c"]


def test_decimal_commas_are_told_and_read_when_asked(tmp_path):
    path = put(tmp_path, "text;score\nfine;1,5\nbad;-2\n")
    with pytest.warns(
        TableWarning, match=r"'score' holds numbers with a decimal comma, such as 1,5"
    ):
        assert read_table(path)["score"].tolist() == ["1,5", "-2"]
    assert read_table(path, decimal=",")["score"].tolist() == [1.5, -2.0]


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "big5", "utf-8-sig"])
def test_a_chinese_table_is_read_or_its_encoding_is_named(tmp_path, encoding):
    texts = ["房间很大，服务也好，下次还会来的", "太差了，再也不会来了"]
    if encoding == "big5":
        texts = ["房間很大，服務也好，下次還會來的", "太差了，再也不會來了"]
    table = pd.DataFrame({"文本": texts, "情感": ["好", "差"]})
    path = put(tmp_path, table.to_csv(index=False).encode(encoding))
    if encoding in ("gb18030", "gbk", "big5"):
        name = "big5" if encoding == "big5" else "gb18030"
        with pytest.raises(TableError, match=f"looks like Chinese .* encoding='{name}'"):
            read_table(path)
        pd.testing.assert_frame_equal(read_table(path, encoding=name), table, check_dtype=False)
    else:
        pd.testing.assert_frame_equal(read_table(path), table, check_dtype=False)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-8-sig", "latin-1"])
def test_encodings_are_told_and_read_when_named(tmp_path, encoding):
    path = put(tmp_path, "text;label\nété;gut\n".encode(encoding))
    if encoding != "utf-8-sig":
        with pytest.raises(TableError, match=r"encoding='(cp1252|utf-16|utf-16-le)'"):
            read_table(path)
    assert read_table(path, encoding=encoding)["text"].tolist() == ["été"]
    with pytest.raises(TableError, match=r"encoding parameter.*'klingon'"):
        read_table(path, encoding="klingon")


def test_a_cell_may_be_as_long_as_it_is_and_the_limit_of_others_stays(tmp_path):
    import csv

    before = csv.field_size_limit()
    path = put(tmp_path, 'text,label\n"' + "x" * 200_000 + '",good\n')
    read: list[int] = []
    threads = [
        threading.Thread(target=lambda: read.append(len(read_table(path)["text"][0])))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [200_000] * 4
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [({"sep": ";;"}, "sep parameter"), ({"sep": '"'}, "sep"), ({"decimal": ";"}, "decimal")],
)
def test_wrong_options_are_told(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        read_table(put(tmp_path, "a\n1\n"), **options)


@pytest.mark.parametrize("ending", [".xlsm", ".xls", ".ods"])
def test_other_spreadsheets_are_refused_with_the_way_out(tmp_path, ending):
    with pytest.raises(TableError, match=r"CSV UTF-8.*pandas.read_excel"):
        read_table(put(tmp_path, b"PK", f"t{ending}"))


# -- folders ---------------------------------------------------------------------------------------


def test_a_folder_with_a_folder_for_each_class_is_a_table(tmp_path):
    for name in ("angry/1.wav", "angry/2.WAV", "happy/a b.wav", "happy/.hidden", "sad/Thumbs.db"):
        (tmp_path / "clips" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "clips" / name).write_bytes(b"")
    table = read_table(tmp_path / "clips")
    assert list(table) == ["audio", "label"]
    assert table["label"].tolist() == ["angry", "angry", "happy"]
    assert table["audio"][2] == str(tmp_path / "clips" / "happy" / "a b.wav")
    assert read_table(tmp_path / "clips", media=[])["audio"][0] == "angry/1.wav"
    assert detect_modalities(table, exclude=["label"]) == {"audio": "audio"}


def test_images_and_sounds_get_a_column_each_and_other_files_are_told(tmp_path):
    for name in ("a/1.png", "a/2.wav", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with pytest.warns(TableWarning, match=r"1 files .* left out, such as b/notes\.txt"):
        table = read_table(tmp_path, media=[])
    assert plain(table) == [["a/1.png", None, "a"], [None, "a/2.wav", "a"]]


def test_files_of_one_name_and_several_kinds_are_one_sample(tmp_path):
    """A picture and a sound of one moment in two rows would stand on both sides of a fold."""
    for name in ("a/1.png", "a/1.wav", "a/2.wav", "a/3.png", "a/3.jpg", "a/3.wav", "b/1.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert plain(read_table(tmp_path, media=[])) == [
        ["a/1.png", "a/1.wav", "a"],
        [None, "a/2.wav", "a"],
        ["a/3.jpg", None, "a"],  # which of the two belongs to the sound, nobody knows
        ["a/3.png", None, "a"],
        [None, "a/3.wav", "a"],
        [None, "b/1.wav", "b"],
    ]


def test_videos_of_classes_are_a_column_and_their_subtitles_are_expected(tmp_path):
    for name in ("a/1.mp4", "a/1.en.srt", "b/2.webm", "b/2.VTT", "b/3.m4a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    table = read_table(tmp_path, media=[])  # and no warning of files that are left out
    assert list(table) == ["video", "audio", "label"]
    assert plain(table) == [["a/1.mp4", None, "a"], ["b/2.webm", None, "b"], [None, "b/3.m4a", "b"]]


def test_folders_that_are_no_classes_are_refused(tmp_path):
    deep = tmp_path / "train" / "angry"
    deep.mkdir(parents=True)
    (deep / "1.wav").write_bytes(b"")
    with pytest.raises(TableError, match=r"train/angry/1\.wav; name .*train if angry is a class"):
        read_table(tmp_path)
    assert read_table(tmp_path / "train")["label"].tolist() == ["angry"]
    (tmp_path / "train" / "2.wav").write_bytes(b"")
    with pytest.raises(TableError, match=r"1 media files beside them, such as 2\.wav"):
        read_table(tmp_path / "train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match="is a folder, no table"):
        read_table(tmp_path / "empty")


def reviews(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        put(folder, content, name)
    return folder


def test_a_folder_of_texts_for_each_class_is_a_table_as_the_reviews_of_imdb_are(tmp_path):
    train = reviews(
        tmp_path / "aclImdb" / "train",
        {
            "neg/0_3.txt": "Dull.<br />NA",
            "neg/1_1.txt": "\ufeffA waste, see 1.jpg\r\n",
            "pos/0_9.TXT": "\n  Lovely – été\n\n",
            "pos/1_7.txt": "\n",
            "unsup/0_0.txt": "It came on a Tuesday.",
            "urls_pos.txt": "http://host/1",
            "labeledBow.feat": "9 0:1",
        },
    )
    table = read_table(train)
    assert list(table) == ["text", "label"]
    assert table["label"].tolist() == ["neg", "neg", "pos", "pos", "unsup"]
    texts = ["Dull.<br />NA", "A waste, see 1.jpg", "\n  Lovely – été", None]
    assert [row[0] for row in plain(table)] == [*texts, "It came on a Tuesday."]
    assert detect_modalities(table, exclude=["label"]) == {"text": "text"}
    pieces = list(iter_table(train, rows=2))
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), table)
    with pytest.raises(TableError, match=r"Got train/neg/0_3\.txt; name .*train if neg is a class"):
        read_table(train.parent)


def test_texts_of_classes_have_an_encoding_and_other_files_are_told(tmp_path):
    reviews(tmp_path, {"neg/1.txt": "été".encode("cp1252"), "pos/1.txt": b"fine", "pos/1.pdf": b""})
    with pytest.raises(TableError, match=r"neg.1\.txt is not UTF-8.*encoding='cp1252'"):
        read_table(tmp_path)
    with pytest.warns(
        TableWarning, match=r"1 files .*\(texts\) and were left out, such as pos/1\.pdf"
    ):
        table = read_table(tmp_path, encoding="cp1252")
    assert plain(table) == [["été", "neg"], ["fine", "pos"]]
    with pytest.warns(TableWarning, match="left out"):
        assert len(iter_table(tmp_path, encoding="cp1252", rows=1)) == 2


def test_a_folder_in_which_a_table_lies_is_no_folder_of_texts(tmp_path):
    reviews(tmp_path, {"notes/readme.txt": "about", "posts.csv": "text\nfine\n"})
    with pytest.raises(TableError, match=r"Name one of the tables in it: \['posts\.csv'\]"):
        read_table(tmp_path)


def test_reviews_without_a_label_are_told():
    from hybridsent._label_doubts import label_doubts

    assert "'unsup' (9) looks like a missing label" in label_doubts({"pos": 8, "unsup": 9})[0]
