"""Folders, tables, recipes and packages made to harm, by kind, and the law that each must meet.

Run as a program, ``python hostile_places.py KIND FOLDER``, it tries every case of a kind in this process
and writes what broke the law, how many there were, and the peak of memory, as JSON.
"""

from __future__ import annotations

import json
import struct
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

Cases = Iterator[tuple[str, Callable[[], Any]]]

DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
CONTENTS = {
    "empty": b"",
    "zeros": b"\0" * 4096,
    "noise": bytes(np.random.default_rng(0).integers(0, 256, 4096, dtype=np.uint8)),
    "cut": b'{"hidden_size": 1',
    "deep": DEEP,
    "deep lists": b"[" * 200_000,
    "list": b"[]",
    "null": b"null",
    "text": b'"a"',
    "number": b"7",
    "long number": b'{"hidden_size": ' + b"9" * 50_000 + b"}",
    "not a number": b'{"hidden_size": NaN, "model_type": Infinity}',
    "utf-16": '{"model_type": "bert"}'.encode("utf-16"),
    "lone surrogate": b'{"model_type": "\\ud800"}',
    "empty object": b"{}",
    "twice": b'{"model_type": "bert", "model_type": ["bert"]}',
}
"""What may stand in place of a JSON file."""


def folders(root: Path) -> Cases:
    """Folders of transformers of which one file is another."""
    import tiny

    from hybridsent import TextEncoder
    from hybridsent.exceptions import HybridsentError

    sound = tiny.text_model("bert", root / "sound")
    files = ["config.json", "tokenizer.json", "tokenizer_config.json"]
    changes = {f"{file} is {name}": (file, raw) for file in files for name, raw in CONTENTS.items()}
    weights = (sound / "model.safetensors").read_bytes()
    for name, raw in _safetensors(weights).items():
        changes[f"safetensors: {name}"] = ("model.safetensors", raw)
    for number, (name, (file, raw)) in enumerate(changes.items()):
        folder = root / f"m{number}"
        folder.mkdir()
        for path in sound.iterdir():
            (folder / path.name).write_bytes(raw if path.name == file else path.read_bytes())

        def encode(folder: Path = folder) -> Any:
            try:
                encoder = TextEncoder(f"hf:{folder}", store=None, device="cpu", precision="float32")
                assert encoder.fit_transform(["a day", "rain"]).shape[0] == 2
            except HybridsentError as error:
                _check_words(error)

        yield name, encode


def _safetensors(whole: bytes) -> dict[str, bytes]:
    size = struct.unpack("<Q", whole[:8])[0]
    head, body = json.loads(whole[8 : 8 + size]), whole[8 + size :]

    def packed(changed: Any) -> bytes:
        raw = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
        return struct.pack("<Q", len(raw)) + raw + body

    first = next(name for name in head if name != "__metadata__")

    def with_first(**changes: Any) -> bytes:
        return packed({**head, first: {**head[first], **changes}})

    cuts = {f"cut at {part} tenths": whole[: len(whole) * part // 10] for part in range(10)}
    return cuts | {
        "a header of 2^63": struct.pack("<Q", 2**63) + whole[8:],
        "a header of 2^40": struct.pack("<Q", 2**40) + whole[8:],
        "a header of nothing": struct.pack("<Q", 0) + whole[8:],
        "no JSON": packed(b"x" * 100),
        "deep": packed(DEEP),
        "no tensors": packed({}),
        "a list": packed([]),
        "negative offsets": with_first(data_offsets=[-8, 0]),
        "offsets outside": with_first(data_offsets=[2**40, 2**41]),
        "a huge shape": with_first(shape=[2**31, 2**31]),
        "a shape below zero": with_first(shape=[-1, 16]),
        "another dtype": with_first(dtype="F64"),
        "an unknown dtype": with_first(dtype="PICKLE"),
        "a dtype that is none": with_first(dtype=None),
        "behind it more": whole + b"\0" * 100,
        "a pickle": b"\x80\x04cposix\nsystem\n(S'true'\ntR.",
        "a zip": b"PK\x03\x04" + bytes(100),
    }


def tables(_root: Path) -> Cases:
    """Tables of features: odd names, odd values, odd shapes."""
    import pandas as pd

    from hybridsent import make_fusion

    rng = np.random.default_rng(0)
    good = pd.DataFrame(
        rng.normal(size=(24, 4)), columns=["text__0", "text__1", "audio__0", "audio__1"]
    )
    labels = np.array(["good", "bad"] * 12)

    def fits(table: Any, y: Any = labels, how: str = "early") -> Callable[[], Any]:
        def fit() -> None:
            try:
                model = make_fusion(how, features="passthrough").fit(table, y)
                assert len(model.predict(table)) == len(table)
            except (ValueError, TypeError) as error:
                _check_words(error)

        return fit

    values = {
        "infinity": np.inf,
        "huge": 1e300,
        "tiny": 1e-310,
        "float32's end": 3.4e38,
        "text": "a",
        "number as text": "1.5",
        "list": [1.0],
        "dict": {"a": 1},
        "bytes": b"1",
        "None": None,
        "NA": pd.NA,
        "date": pd.Timestamp("2020-01-01"),
        "complex": 1j,
        "array": np.zeros(3),
        "boolean": True,
        "large integer": 2**70,
        "function": len,
    }
    for name, value in values.items():
        for everywhere in (False, True):
            table = good.astype(object)
            for row in range(len(table) if everywhere else 1):
                table.iat[row, 0] = value
            where = "in a column" if everywhere else "in a cell"
            for how in ("early", "align") if everywhere else ("early",):
                yield f"{name} {where}, {how}", fits(table, how=how)
    names = {
        "twice": ["text__0", "text__0", "audio__0", "audio__1"],
        "no view": ["a", "b", "c", "d"],
        "empty": ["", "text__1", "audio__0", "audio__1"],
        "numbers": [0, 1, 2, 3],
        "mixed": ["text__0", 1, "audio__0", None],
        "tuples": [("text", 0), ("text", 1), ("audio", 0), ("audio", 1)],
        "view alone": ["__0", "__1", "__2", "__3"],
        "surrogate": ["text__\ud800", "text__1", "audio__0", "audio__1"],
        "long": ["x" * 100_000 + "__0", "text__1", "audio__0", "audio__1"],
        "marks alone": ["domain__0", "group__0", "missing__text", "missing__audio"],
        "two domains": ["domain__0", "domain__1", "audio__0", "audio__1"],
        "regular expressions": ["(.*__0", "[__1", "\\__2", "$__3"],
        "spaces": [" text__0", "text__0 ", "\ttext__0", "text __0"],
    }
    for name, columns in names.items():
        table = good.set_axis(pd.Index(columns, dtype=object, tupleize_cols=False), axis=1)
        yield f"names: {name}", fits(table)
    shapes = {
        "no rows": (good.iloc[:0], labels[:0]),
        "one row": (good.iloc[:1], labels[:1]),
        "two rows": (good.iloc[:2], labels[:2]),
        "no columns": (good.iloc[:, :0], labels),
        "labels too few": (good, labels[:5]),
        "labels in a matrix": (good, np.zeros((24, 3))),
        "labels of lists": (good, [[1], [2]] * 12),
        "labels of one class": (good, ["a"] * 24),
        "labels of all classes": (good, [f"c{i}" for i in range(24)]),
        "labels missing": (good, [None, "a"] * 12),
        "labels infinite": (good, [np.inf, 0.0] * 12),
        "labels mixed": (good, [1, "a"] * 12),
        "labels -1": (good, [-1] * 24),
        "labels fractions": (good, np.arange(24) / 7),
        "an array": (good.to_numpy(), labels),
        "a vector": (good["text__0"], labels),
        "three dimensions": (np.zeros((24, 2, 2)), labels),
        "all missing": (good * np.nan, labels),
        "a view missing": (good.assign(audio__0=np.nan, audio__1=np.nan), labels),
        "constant": (good * 0, labels),
        "nullable": (good.convert_dtypes(), labels),
        "categories": (good.astype("category"), labels),
        "sparse": (good.astype(pd.SparseDtype("float64")), labels),
        "half": (good.astype(np.float16), labels),
        "wide": (pd.DataFrame(np.ones((24, 20_000)), columns=[f"t__{i}" for i in range(20_000)]), labels),
        "many views": (pd.DataFrame(np.eye(24, 300), columns=[f"v{i}__0" for i in range(300)]), labels),
        "index twice": (good.set_axis([0] * 24), labels),
        "a dict": ({"text__0": [1.0]}, labels),
        "None": (None, labels),
        "text": ("posts.csv", labels),
    }  # fmt: skip
    for name, (table, y) in shapes.items():
        yield f"shape: {name}", fits(table, y)


def networks(root: Path) -> Cases:
    """Kept conversions that something else wrote: found whole or not at all."""
    from hybridsent.encoders import _graph_files
    from hybridsent.encoders._graph_files import ABOUT, MANIFEST

    def write(folder: Path) -> None:
        for name in ("model.xml", "model.bin", ABOUT):
            (folder / name).write_bytes(b"{}")

    def found(item: str) -> Callable[[], Any]:
        def find() -> None:
            path = _graph_files.find(item)
            assert path is None or (path / "model.bin").read_bytes() == b"{}"
            _graph_files.find_unchecked(item)

        return find

    for file in (MANIFEST, "model.xml", "model.bin", ABOUT):
        for name, raw in CONTENTS.items():
            item = f"{file.partition('.')[0]}-{name.replace(' ', '-')}"
            kept = _graph_files.keep(item, write)
            assert kept is not None
            if (kept / file).exists():
                (kept / file).write_bytes(raw)
            yield f"{file} is {name}", found(item)
    odd = {
        "a path up": '{"../../x": "00"}',
        "a path from the root": '{"/etc/passwd": "00"}',
        "a number": '{"model.bin": 7}',
        "none": '{"model.bin": null}',
        "a list": '{"model.bin": []}',
        "a null byte": '{"a\\u0000b": "00"}',
        "a long name": json.dumps({"x" * 10_000: "00"}),
        "no such file": '{"gone.bin": "00"}',
        "an empty name": '{"": "00"}',
    }
    for name, text in odd.items():
        item = f"odd-{name.replace(' ', '-')}"
        kept = _graph_files.keep(item, write)
        (kept / MANIFEST).write_text(text)
        yield f"manifest: {name}", found(item)


def recipes(root: Path) -> Cases:
    """Files that are recipes only in part."""
    from hybridsent.cli._candidates import read_recipe
    from hybridsent.cli._console import UsageError

    bodies = {
        "empty": "",
        "no grid": "def build(**options): ...",
        "no build": "GRID = {}",
        "build is a number": "GRID = {}\nbuild = 3",
        "grid is text": "GRID = 'a'\ndef build(**o): ...",
        "grid is a number": "GRID = 3\ndef build(**o): ...",
        "grid of texts": "GRID = {'a': 'b'}\ndef build(**o): ...",
        "grid of numbers": "GRID = {'a': 1}\ndef build(**o): ...",
        "grid of nothing": "GRID = {'a': []}\ndef build(**o): ...",
        "grid with numbers for names": "GRID = {1: [2]}\ndef build(**o): ...",
        "syntax": "def build(:\n",
        "indentation": "def build(**o):\nreturn 1",
        "raises": "raise RuntimeError('no')",
        "divides": "1 / 0",
        "imports nothing": "import no_such_package",
        "leaves": "raise SystemExit(3)",
        "deep": "x = " + "(" * 5000 + ")" * 5000,
        "recursive": "def f(): f()\nf()",
        "asserts": "assert False",
        "stops": "raise StopIteration",
        "class": "class build: ...\nGRID = {}",
        "null": "x = 1\0\n",
        "encoding": "# -*- coding: no-such -*-\n",
        "module getattr": "def __getattr__(name): raise RuntimeError(name)",
    }
    files: dict[str, bytes] = {name: text.encode() for name, text in bodies.items()}
    files |= {f"bytes {name}": raw for name, raw in CONTENTS.items()}
    for number, (name, raw) in enumerate(files.items()):
        path = root / f"r{number}.py"
        path.write_bytes(raw)

        def read(path: Path = path) -> None:
            try:
                read_recipe(str(path))
            except UsageError as error:
                _check_words(error)
                if path.name not in str(error):
                    raise AssertionError("names no file") from error

        yield name, read


def plugins(_root: Path) -> Cases:
    """Packages that break while they register backbones."""
    from hybridsent import _plugins, list_backbones
    from hybridsent.encoders._registry import ENTRY_POINT_GROUP
    from hybridsent.exceptions import HybridsentWarning

    def raises(error: BaseException) -> Callable[[], Any]:
        def give() -> Any:
            raise error

        return give

    class Odd:
        def __iter__(self) -> Any:
            raise RuntimeError("no iteration")

        def __repr__(self) -> str:
            raise RuntimeError("no name")

    kinds = [RuntimeError, ImportError, OSError, RecursionError, MemoryError, SystemExit]
    kinds += [StopIteration, AttributeError, KeyError, AssertionError, TypeError, SyntaxError]
    offers: dict[str, Any] = {kind.__name__: raises(kind("told")) for kind in kinds}
    offers |= {f"{kind.__name__} without words": raises(kind()) for kind in kinds}
    given = [None, 3, "text", b"", {}, {"a": 1}, [None], [3], [[]], Odd(), [Odd()], object, len]
    offers |= {f"gives {number}": lambda what=what: what for number, what in enumerate(given)}
    offers |= {"no function": 3, "no arguments": lambda a: a, "nothing": None}
    for name, offer in offers.items():

        def ask(offer: Any = offer) -> None:
            point = SimpleNamespace(name="theirs", value="theirs:give", load=lambda: offer)
            _plugins._state = _plugins._State()
            _plugins.entry_points = lambda group: [point] if group == ENTRY_POINT_GROUP else []
            for _ in range(2):
                with warnings.catch_warnings(record=True) as told:
                    warnings.simplefilter("always")
                    assert list_backbones()
                said = [each for each in told if issubclass(each.category, HybridsentWarning)]
                assert said or offer in (offers["gives 3"], offers["gives 4"]), "hid what broke"

        yield name, ask


def _check_words(error: Exception) -> None:
    if not 10 < len(str(error)) < 20_000:
        raise AssertionError(f"a message must say something: {str(error)[:100]!r}") from error


KINDS = {each.__name__: each for each in (folders, tables, networks, recipes, plugins)}


def main(kind: str, folder: Path) -> dict[str, Any]:
    """Try every case of a kind."""
    broken, count = {}, 0
    warnings.simplefilter("ignore")
    for name, attempt in KINDS[kind](folder):
        count += 1
        try:
            attempt()
        except BaseException as error:  # noqa: BLE001 - what breaks the law is the answer
            broken[name] = f"{type(error).__name__}: {error}"[:500]
    status = Path("/proc/self/status")  # getrusage also counts the process before exec
    peak = 0
    if status.exists():
        peak = 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    return {"count": count, "broken": broken, "peak": peak}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
