"""Files that are tables only in part, made by kind: no reader may crash, hang or burst over one."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator

import numpy as np
import openpyxl
import pyarrow as pa
from pyarrow import parquet

__all__ = ["HOSTILE_TABLES", "bombs"]

Case = tuple[str, str, bytes]
CSV = b'id,text,label\r\n007,"says ""hi"", twice",good\r\n8,"two\nlines",bad\r\n,caf\xc3\xa9,\r\n'
JSONL = b'{"id": 7, "text": "fine \\u00e9", "tags": ["a", {"b": null}]}\n{"id": null, "n": 1e3}\n'
ROWS = {"id": [1, None, 2**60 + 1], "text": ["a", None, "é"], "x": [0.5, None, -1.0]}


def packed(table: pa.Table, **options: object) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink, **options)
    return sink.getvalue()


def _cut() -> Iterator[Case]:
    whole = {"csv": CSV, "jsonl": JSONL, "parquet": packed(pa.table(ROWS))}
    for ending, raw in whole.items():
        for part in (1, 2, 5, 8, 9):
            yield f"{ending} cut at {part} tenths", f"t.{ending}", raw[: len(raw) * part // 10]
        zipped = gzip.compress(raw)
        if ending != "parquet":
            for part in (1, 5, 9):
                cut = zipped[: len(zipped) * part // 10]
                yield f"{ending}.gz cut at {part} tenths", f"t.{ending}.gz", cut


def _flipped() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    raw = np.frombuffer(packed(pa.table(ROWS)), dtype=np.uint8)
    for number in range(25):
        spoilt = raw.copy()
        where = rng.integers(4, len(raw) - 4, size=1 + number % 4)
        spoilt[where] = rng.integers(0, 256, size=len(where))
        yield f"parquet with flipped bytes {number}", "t.parquet", spoilt.tobytes()
    for number in range(5):
        spoilt = np.frombuffer(gzip.compress(CSV), dtype=np.uint8).copy()
        spoilt[rng.integers(10, len(spoilt), size=2)] ^= 0x55
        yield f"gzip with flipped bytes {number}", "t.csv.gz", spoilt.tobytes()


def _csv() -> Iterator[Case]:
    texts = {
        "one name": "a",
        "one comma": ",",
        "commas alone": ",,,\n,,,\n",
        "quote alone": '"',
        "empty quotes": '""',
        "quotes in a bare cell": 'a,b\n1"2,3\n',
        "text behind a quote": 'a,b\n"1"2,3\n',
        "a quote never closed": 'a,b\n"1,2\n' + "3,4\n" * 100,
        "names twice": "a,a\n1,2\n",
        "names empty": ",,\n1,2,3\n",
        "a name of lines": '"a\nb",c\n1,2\n',
        "too few": "a,b\n1\n",
        "too many": "a,b\n1,2,3\n",
        "blank lines": "a,b\n" + "\n" * 100_000 + "1,2\n",
        "only carriage returns": "a,b\r1,2\r3,4\r",
        "mixed line ends": "a,b\n1,2\r3,4\r\n5,6",
        "null characters": "a,b\n\0,\0\n",
        "control characters": "a,b\n\x1b[31m,\x07\x0b\x0c\n",
        "line separators": "a,b\n\u2028,\x85\n",
        "semicolons": "a;b\n1,5;2,5\n",
        "semicolons and commas": "a,b;c,d\n1,5;2,5\n",
        "bars": "a|b\n1|2\n",
        "tabs in csv": "a\tb\n1\t2\n",
        "separator told": "sep=;\na;b\n1;2\n",
        "separator told, nothing else": "sep=;",
        "separator told, a quote": 'sep="\na"b\n',
        "a megabyte in a cell": 'a,b\n"' + "x" * 1_000_000 + '",2\n',
        "numbers too large": "a\n1e999\n-1e999\n",
        "digits without end": "a\n" + "9" * 10_000 + "\n",
        "numbers of Arabia": "a\n\u0663\n",
        "underscores": "a\n1_000\n",
        "hexadecimal": "a\n0x10\n",
        "nan and inf": "a\nnan\ninf\n-inf\n",
        "despair of regular expressions": "a\n" + "1" * 50_000 + "x\n",
        "many columns": ",".join(map(str, range(150_000))) + "\n",
        "wide rows": ",".join(f"c{i}" for i in range(500)) + "\n" + ",".join(["1"] * 500) + "\n",
        "formulas": "a\n=cmd|' /C calc'!A0\n",
        "html": "<!doctype html><html><body>404, not found</body></html>\n",
        "xml": '<?xml version="1.0"?>\n<a b="c,d"/>\n',
        "right to left": "a,b\n\u202e1,2\u202c\n",
        "marks in the text": "\ufeff\ufeffa,b\n\ufeff1,2\n",
    }
    for name, text in texts.items():
        yield f"csv: {name}", "t.csv", text.encode()
        if name in ("tabs in csv", "commas alone", "semicolons"):
            yield f"tsv: {name}", "t.tsv", text.encode()
    encodings = "utf-16 utf-16-le utf-16-be utf-32 utf-7 cp1252 cp037 gb18030"
    for name in encodings.split():
        yield f"csv in {name}", "t.csv", "a,b\nété,2\n".encode(name)
    yield "csv: surrogate bytes", "t.csv", b"a,b\n\xed\xa0\x80,2\n"
    yield "csv: overlong", "t.csv", b"a,b\n\xc0\xaf,2\n"
    yield "csv: a png", "t.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    yield "csv: zeros", "t.csv", bytes(10_000)
    yield "csv: a gzip under the name of a csv", "t.csv", gzip.compress(CSV)
    yield "csv.gz: packed twice", "t.csv.gz", gzip.compress(gzip.compress(CSV))
    yield "csv.gz: two members", "t.csv.gz", gzip.compress(CSV) + gzip.compress(b"9,x,good\n")
    yield "csv.gz: rubbish behind", "t.csv.gz", gzip.compress(CSV) + b"rubbish"
    yield "csv.gz: not packed", "t.csv.gz", CSV


def _jsonl() -> Iterator[Case]:
    texts = {
        "brackets that never close": "[" * 1_000_000,
        "digits without end": '{"a": ' + "9" * 10_000 + "}",
        "an integer of 300 digits": '{"a": ' + "9" * 300 + "}\n{}",
        "a number too large": '{"a": 1e999}\n{"a": -1e999}',
        "what is no number": '{"a": NaN}\n{"a": Infinity}',
        "a name twice": '{"a": 1, "a": 2}',
        "a name twice, deep": '{"a": {"b": 1, "b": 2}}',
        "an empty name": '{"": 1}',
        "empty objects": "{}\n" * 100_000,
        "one array": '[{"a": 1}, {"a": 2}]',
        "two on a line": '{"a": 1}{"a": 2}',
        "over lines": '{\n"a": 1\n}',
        "scalars": "1\n2\n",
        "null": "null",
        "a text": '"a"',
        "half a pair": '{"a": "\\ud83d"}',
        "the other half": '{"a": "\\ude00 x"}\n{"a": null}',
        "half a pair in a name": '{"\\ud83d": 1}',
        "half a pair, deep": '{"a": [{"b": "\\ud83d"}]}',
        "null characters": '{"a": "\\u0000"}',
        "bare control characters": '{"a": "\x01"}',
        "types mixed": '{"a": 1}\n{"a": "x"}\n{"a": [1]}\n{"a": {"b": 1}}\n{"a": true}',
        "integers beside fractions": '{"a": 1152921504606846977}\n{"a": 0.5}\n{}',
        "many names": "\n".join(json.dumps({f"k{i}": i}) for i in range(300)),
        "too many names": json.dumps({f"k{i}": i for i in range(120_000)}),
        "single quotes": "{'a': 1}",
        "a comma at the end": '{"a": 1,}',
        "comments": '// a\n{"a": 1}',
        "line separators": '{"a": "\u2028"}',
        "carriage returns": '{"a": 1}\r\n{"a": 2}\r\n',
    }
    for n in (50, 900, 5000, 500_000):
        texts[f"lists {n} deep"] = '{"a": ' + "[" * n + "]" * n + "}"
        texts[f"objects {n} deep"] = '{"a": ' * n + "1" + "}" * n
    for name, text in texts.items():
        yield f"jsonl: {name}", "t.jsonl", text.encode()
    pair = b'{"a": "\xed\xa0\xbd\xed\xb8\x80"}\n{"a": "\xed\xa0\x80"}'
    yield "jsonl: surrogate bytes", "t.jsonl", pair
    yield "jsonl in utf-16", "t.jsonl", '{"a": 1}'.encode("utf-16")
    yield "jsonl in latin-1", "t.jsonl", b'{"a": "\xe9"}'


def _parquet() -> Iterator[Case]:
    ends, letters = pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")
    tables = {
        "no columns": pa.table({}),
        "no rows": pa.table({"a": pa.array([], pa.string())}),
        "names twice": pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]),
        "an empty name": pa.table({"": [1]}),
        "lists of lists": pa.table({"a": pa.array([[[[[1]]]]])}),
        "maps": pa.table({"a": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64()))}),
        "texts of no encoding": pa.table(
            {"a": pa.Array.from_buffers(pa.string(), 1, [None, ends, letters])}
        ),
        "years of no calendar": pa.table({"a": pa.array([2**62, None], pa.timestamp("us"))}),
        "days of no calendar": pa.table({"a": pa.array([2**31 - 1], pa.date32())}),
        "decimals": pa.table({"a": pa.array([None, 1], pa.decimal128(38, 0))}),
        "half floats": pa.table({"a": pa.array(np.array([1, 2], dtype=np.float16))}),
        "nulls": pa.table({"a": pa.nulls(1000)}),
        "unsigned": pa.table({"a": pa.array([2**64 - 1, None], pa.uint64())}),
        "dictionary": pa.table({"a": pa.array(["x", None]).dictionary_encode()}),
        "large texts": pa.table({"a": pa.array(["x", None], pa.large_string())}),
        "durations": pa.table({"a": pa.array([1, None], pa.duration("s"))}),
    }
    for name, table in tables.items():
        yield f"parquet: {name}", "t.parquet", packed(table)
    yield "parquet: marks alone", "t.parquet", b"PAR1PAR1"
    yield "parquet: a length of 4 GiB", "t.parquet", b"PAR1" + b"\xff\xff\xff\xff" + b"PAR1"
    yield "parquet: encrypted mark", "t.parquet", b"PARE" + bytes(40) + b"PARE"
    yield "parquet: a csv", "t.parquet", CSV
    spoilt = pa.table(ROWS).replace_schema_metadata({b"pandas": b"{"})
    yield "parquet: spoilt notes of pandas", "t.parquet", packed(spoilt)
    strange = json.dumps({"index_columns": ["gone"], "columns": [], "column_indexes": []})
    notes = pa.table(ROWS).replace_schema_metadata({b"pandas": strange.encode()})
    yield "parquet: notes of an index that is not there", "t.parquet", packed(notes)


def workbook(
    sheet: bytes | None = None, method: int = zipfile.ZIP_DEFLATED, **parts: bytes
) -> bytes:
    """Make a workbook, with the XML of its sheet or other parts replaced."""
    made, sink = openpyxl.Workbook(), io.BytesIO()
    for row in (["id", "text", "n"], ["007", "says hi", 1], [None, "é", 2.5]):
        made.active.append(row)
    made.save(sink)
    with zipfile.ZipFile(sink) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    if sheet is not None:
        found["xl/worksheets/sheet1.xml"] = sheet
    found |= parts
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method, compresslevel=1) as archive:
        for name, data in found.items():
            archive.writestr(name, data)
    return out.getvalue()


_SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%b<sheetData>'
    b"%b</sheetData>%b</worksheet>"
)


def sheet_of(rows: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    return _SHEET % (before, rows, after)


def _xlsx() -> Iterator[Case]:
    raw = workbook()
    for part in (1, 2, 5, 8, 9):
        yield f"xlsx cut at {part} tenths", "t.xlsx", raw[: len(raw) * part // 10]
    rng = np.random.default_rng(1)
    for number in range(20):
        spoilt = np.frombuffer(raw, dtype=np.uint8).copy()
        where = rng.integers(0, len(raw), size=1 + number)
        spoilt[where] = rng.integers(0, 256, size=len(where))
        yield f"xlsx with flipped bytes {number}", "t.xlsx", spoilt.tobytes()
    rows = {
        "no rows": b"",
        "empty rows": b"<row/>" * 1000,
        "empty cells": b"<row><c/><c/></row>" * 100,
        "the last row that there is": b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>',
        "a row beyond all": b'<row r="999999999999"><c r="A1"><v>1</v></c></row>',
        "a row below zero": b'<row r="-5"><c r="A1"><v>1</v></c></row>',
        "a row that is no number": b'<row r="x"><c r="A1"><v>1</v></c></row>',
        "a column beyond all": b'<row r="1"><c r="ZZZZZZ1"><v>1</v></c></row>',
        "the last column": b'<row r="1"><c r="XFD1"><v>1</v></c></row>',
        "a text that is not there": b'<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        "a text before the first": b'<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
        "a style that is not there": b'<row r="1"><c r="A1" s="9999"><v>1</v></c></row>',
        "a kind that is not there": b'<row r="1"><c r="A1" t="zz"><v>1</v></c></row>',
        "a number that is none": b'<row r="1"><c r="A1"><v>one</v></c></row>',
        "a number too large": b"<row><c><v>1</v></c></row><row><c><v>1e999</v></c></row>",
        "nan": b"<row><c><v>1</v></c></row><row><c><v>nan</v></c></row>",
        "digits without end": b"<row><c><v>%b</v></c></row>" % (b"9" * 10_000),
        "a boolean that is none": b'<row><c t="b"><v>7</v></c></row>',
        "a date that is none": b'<row><c t="d"><v>2024-99-99</v></c></row>',
        "rows twice": b'<row r="1"><c r="A1"><v>1</v></c></row>' * 5,
        "formulas that share nothing": b'<row r="1"><c r="A1"><f t="shared" si="3"/></c></row>',
        "rich text": b'<row><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c></row>',
        "an escape of half a pair": b'<row><c t="inlineStr"><is><t>_xD83D_</t></is></c></row>',
        "deep": b"<row>" * 5000 + b"</row>" * 5000,
        "unclosed": b"<row><c>",
        "not utf-8": b'<row><c t="inlineStr"><is><t>\xff\xfe</t></is></c></row>',
    }
    for name, row in rows.items():
        yield f"xlsx: {name}", "t.xlsx", workbook(sheet_of(row))
    wide = sheet_of(b"", before=b'<dimension ref="A1:XFD1048576"/>')
    yield "xlsx: a dimension of all", "t.xlsx", workbook(wide)
    odd = sheet_of(b"<row><c><v>1</v></c></row>", before=b'<dimension ref="nowhere"/>')
    yield "xlsx: a dimension of nothing", "t.xlsx", workbook(odd)
    laughs = b'<!DOCTYPE w [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;">]>' + sheet_of(b"")
    yield "xlsx: entities", "t.xlsx", workbook(laughs)
    coded = "<!DOCTYPE w [<!ENTITY a 'b'>]><worksheet/>".encode("utf-16")
    yield "xlsx: entities in utf-16", "t.xlsx", workbook(coded)
    yield (
        "xlsx: another encoding",
        "t.xlsx",
        workbook(b'<?xml version="1.0" encoding="cp037"?><w/>'),
    )
    for name in ("xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml", "_rels/.rels"):
        for content in (b"", b"<a/>", b"\0" * 100, b'[{"a": 1}]'):
            yield f"xlsx: {name} is {content[:4]!r}", "t.xlsx", workbook(None, **{name: content})
    yield "xlsx: stored", "t.xlsx", workbook(method=zipfile.ZIP_STORED)
    yield "xlsx: bzip2", "t.xlsx", workbook(method=zipfile.ZIP_BZIP2)
    yield "xlsx: a csv", "t.xlsx", CSV
    yield "xlsx: an old xls", "t.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    yield "xlsx: an archive of nothing", "t.xlsx", empty.getvalue()


def _sheet_bombs() -> Iterator[Case]:
    size = 60_000_000
    far = b'<row><c r="XFD1"><v>1</v></c></row>'
    kinds = {
        "rows": sheet_of(b"<row/>" * (size // 6)),
        "cells in a row": sheet_of(b"<row>" + b"<c/>" * (size // 4) + b"</row>"),
        "merged cells": sheet_of(b"", after=b'<mergeCell ref="A1:B2"/>' * (size // 24)),
        "cells far to the right": sheet_of(far * 300_000),
        "spaces": sheet_of(b" " * 70_000_000),
    }
    for name, sheet in kinds.items():
        yield f"bomb xlsx of {name}", "t.xlsx", workbook(sheet)
    styles = b"<styleSheet>" + b"<a/>" * (size // 4) + b"</styleSheet>"
    yield "bomb xlsx of styles", "t.xlsx", workbook(None, **{"xl/styles.xml": styles})
    sst = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%b</sst>'
    texts = sst % (b"<si><t>%b</t></si>" % (b"x" * 1_000_000))
    same = sheet_of(b'<row><c t="s"><v>0</v></c></row>' * 100_000)
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        types = archive.read("[Content_Types].xml")
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    told = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%b"/></Types>' % kind
    parts = {
        "xl/sharedStrings.xml": texts,
        "[Content_Types].xml": types.replace(b"</Types>", told),
    }
    yield "bomb xlsx of one text", "t.xlsx", workbook(same, **parts)


def bombs() -> Iterator[Case]:
    """Make what unpacks to much more than it is, one at a time."""
    size = 70_000_000
    kinds = {"csv": (b"1,2\n", b"x", b",", b"\n"), "jsonl": (b"{}\n", b"[", b'{"a":1}\n')}
    for ending, pieces in kinds.items():
        for piece in pieces:
            raw = gzip.compress(b"a,b\n" * (ending == "csv") + piece * (size // len(piece)), 1)
            yield f"bomb {ending}.gz of {piece!r}", f"t.{ending}.gz", raw
    text = pa.array(["x" * 1_000_000])
    wide = pa.DictionaryArray.from_arrays(np.zeros(100_000, dtype=np.int32), text)
    yield "bomb parquet of one text", "t.parquet", packed(pa.table({"a": wide}))
    yield "bomb parquet of nulls", "t.parquet", packed(pa.table({"a": pa.nulls(90_000_000)}))
    zeros = pa.table({"a": np.zeros(20_000_000, dtype=np.int64)})
    yield "bomb parquet of zeros", "t.parquet", packed(zeros, compression="zstd")
    yield from _sheet_bombs()


HOSTILE_TABLES: tuple[Case, ...] = (*_cut(), *_flipped(), *_csv(), *_jsonl(), *_parquet(), *_xlsx())
"""Name, name of the file, and content."""
