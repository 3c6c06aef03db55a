"""Files that are tables only in part, made by kind: no reader may crash, hang or burst over one."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator

import numpy as np
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


HOSTILE_TABLES: tuple[Case, ...] = (*_cut(), *_flipped(), *_csv(), *_jsonl(), *_parquet())
"""Name, name of the file, and content."""
