"""Bundles made to harm, by kind: each kind is a function that gives many, and none is typed twice.

Their makers know the format and write the right hashes. What loading each may do is the same: refuse
it as PersistError, or give a model; see test_persist_hostile.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from test_persist_tampered import dict_of, list_of, node, nodes, npy, pack, text, tuple_of, unpack

Cases = Iterator[tuple[str, bytes]]
MIB = 2**20


def forged(members: dict[str, bytes], **options: Any) -> bytes:
    """Pack members with the right hashes."""
    import hashlib

    manifest = json.loads(members["manifest.json"])
    manifest["members"] = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in members.items()
        if name != "manifest.json"
    }
    return pack(members | {"manifest.json": json.dumps(manifest)}, **options)


def of_schema(bundle: bytes, change: Callable[[dict, dict], Any], **options: Any) -> bytes:
    """Let ``change(schema, inner members)`` edit the model; a str it gives is the schema itself."""
    outer = unpack(bundle)
    inner = unpack(outer["model.skops"])
    schema = json.loads(inner["schema.json"])
    result = change(schema, inner)
    inner["schema.json"] = result if isinstance(result, str) else json.dumps(schema)
    return forged(outer | {"model.skops": pack(inner, **options)})


def with_part(bundle: bytes, part: Any, **options: Any) -> bytes:
    """Hang a part into the model."""
    return of_schema(
        bundle, lambda schema, _: schema["content"]["content"].update(verbose=part), **options
    )


# the least level: 300 MiB of zeros become 1.3 MiB in 0.6 s; at the usual one 0.3 MiB in 1.5 s
DEFLATED = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}
WIDE = {
    "lists": lambda n: "[" + "[]," * n + "[]]",
    "dicts": lambda n: "[" + "{}," * n + "{}]",
    "texts": lambda n: "[" + '"ab",' * n + '"ab"]',
    "numbers": lambda n: "[" + "1.5," * n + "1.5]",
    "keys": lambda n: "{" + ",".join(f'"{i}":{i}' for i in range(n // 4)) + "}",
}
DEEP = {
    "lists": lambda n: "[" * n + "]" * n,
    "dicts": lambda n: '{"a":' * n + "1" + "}" * n,
    "both": lambda n: '[{"a":' * (n // 2) + "1" + "}]" * (n // 2),
    "open": lambda n: "[" * n,
}
NUMBERS = ["1e999", "-1e999", "NaN", "9" * 5000, "-0", "1" + "0" * 4000, "1e-999999", "true"]
WILD = [
    None,
    [],
    {},
    0,
    -1,
    10**30,
    1e308,
    float("nan"),
    "",
    "x" * 10**6,
    True,
    [[[[]]]],
    {"a": {}},
]


# -- archives --------------------------------------------------------------------------------------


def zip_bombs(bundle: bytes) -> Cases:
    """Small files that unpack to large ones, in each layer."""
    outer = unpack(bundle)
    inner = unpack(outer["model.skops"])
    array = next(name for name in inner if name.endswith(".npy"))
    zeros = bytes(300 * MIB)
    yield "model", pack(outer | {"model.skops": zeros}, **DEFLATED)
    yield "manifest", pack(outer | {"manifest.json": b" " * (300 * MIB)}, **DEFLATED)
    yield "array", forged(outer | {"model.skops": pack(inner | {array: zeros}, **DEFLATED)})
    schema = b" " * (300 * MIB) + inner["schema.json"]
    yield (
        "schema",
        forged(outer | {"model.skops": pack(inner | {"schema.json": schema}, **DEFLATED)}),
    )
    twice = pack(inner | {array: zeros}, **DEFLATED)
    yield "twice", forged(outer | {"model.skops": twice}, **DEFLATED)
    for i in (1, 7):
        tensors = {f"tensors-{k}.safetensors": bytes(300 * MIB // i) for k in range(i)}
        yield f"tensors-{i}", forged(outer | tensors, **DEFLATED)


def lying_sizes(bundle: bytes) -> Cases:
    """Members that are larger or smaller than the table of contents says."""
    packed = pack(unpack(bundle) | {"model.skops": bytes(200 * MIB)}, **DEFLATED)
    for size in (0, 1, 10, 2**31 - 1, 2**32 - 2):
        for what in ("manifest.json", "model.skops"):
            data = bytearray(packed)
            for mark, name_at, size_at in ((b"PK\x01\x02", 46, 24), (b"PK\x03\x04", 30, 22)):
                start = -1
                while (start := data.find(mark, start + 1)) >= 0:
                    if data[start + name_at :].startswith(what.encode()):
                        data[start + size_at : start + size_at + 4] = struct.pack("<I", size)
            yield f"{what}-{size}", bytes(data)


def broken_contents(bundle: bytes) -> Cases:
    """Tables of contents that are long, overlap, or contradict themselves."""
    end = bundle.rindex(b"PK\x05\x06")
    for at, width in ((8, 2), (10, 2), (12, 4), (16, 4), (20, 2)):
        for value in (0, 1, 2 ** (8 * width) - 1, 2 ** (8 * width - 1)):
            data = bytearray(bundle)
            data[end + at : end + at + width] = value.to_bytes(width, "little")
            yield f"end-{at}-{value}", bytes(data)
    for count in (1000, 210_000):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for i in range(count):
                archive.writestr(zipfile.ZipInfo(f"tensors-{i % 999999}.safetensors"), b"")
        yield f"members-{count}", file.getvalue()
    for name in ("x" * 60_000, "\u202e" * 100, "a/" * 500, "CON", "model.skops\x01.txt", "."):
        yield f"name-{name[:4]!r}", pack(unpack(bundle) | {name: b"x"})
    first = bundle.index(b"PK\x01\x02")
    other = bundle.index(b"PK\x01\x02", first + 4)
    data = bytearray(bundle)
    data[other + 42 : other + 46] = data[first + 42 : first + 46]
    yield "overlap", bytes(data)
    yield "many-ends", bundle + b"PK\x05\x06" * 10_000
    yield "comment", bundle[: end + 20] + struct.pack("<H", 65_535) + bytes(65_535)


# -- manifests -------------------------------------------------------------------------------------


def manifests(bundle: bytes) -> Cases:
    """Every field as everything that JSON can hold, and JSON that is deep, wide or odd."""
    outer = unpack(bundle)
    manifest = json.loads(outer["manifest.json"])

    def told(content: str) -> bytes:
        return pack(outer | {"manifest.json": content}, **DEFLATED)

    for field in manifest:
        for i, value in enumerate(WILD):
            yield f"{field}-{i}", told(json.dumps(manifest | {field: value}))
    for field in ("versions", "encoders", "members", "metadata"):
        head = json.dumps({key: value for key, value in manifest.items() if key != field})[:-1]
        for kind, deep in DEEP.items():
            for depth in (400, 900, 100_000):
                yield f"{field}-{kind}-{depth}", told(f'{head}, "{field}": {deep(depth)}}}')
        for i, number in enumerate(NUMBERS):
            yield f"{field}-number-{i}", told(f'{head}, "{field}": {{"scikit-learn": {number}}}}}')
    for kind, wide in WIDE.items():
        yield f"wide-{kind}", told(wide(8 * MIB))


# -- models ----------------------------------------------------------------------------------------


def schemas(bundle: bytes) -> Cases:
    """Schemas that say much in little: deep, wide, shared, long."""
    for kind, deep in DEEP.items():
        for depth in (150, 900, 100_000):
            yield f"{kind}-{depth}", of_schema(bundle, _instead(deep(depth)))
    for kind, wide in WIDE.items():
        yield f"wide-{kind}", of_schema(bundle, _instead(wide(8 * MIB)), **DEFLATED)
    for i, number in enumerate(NUMBERS):
        yield f"number-{i}", with_part(bundle, node("JsonNode", "builtins.str", content=number))
    first = list_of(text(1)) | {"__id__": 1}
    chain = [list_of(list_of() | {"__id__": i - 1}) | {"__id__": i} for i in range(2, 20_000)]
    yield "chain", with_part(bundle, list_of(first, *chain), **DEFLATED)
    twice = [list_of(*[list_of() | {"__id__": i - 1}] * 2) | {"__id__": i} for i in range(2, 80)]
    yield "doubled", with_part(bundle, list_of(first, *twice))
    long = dict_of(**{"k" * MIB: list_of(*[list_of(text(i)) for i in range(2000)])})
    yield "long-key", with_part(bundle, long, **DEFLATED)
    yield "long-attribute", of_schema(bundle, _long_attribute, **DEFLATED)
    yield "many-nodes", with_part(bundle, list_of(*[text(0)] * 100_000), **DEFLATED)
    for n in (2, 3000):
        yield (
            f"one-array-{n}",
            of_schema(bundle, lambda s, inner, n=n: _one_array(s, inner, n), **DEFLATED),
        )


def _instead(content: str) -> Callable[[dict, dict], str]:
    return lambda schema, inner: content


def _long_attribute(schema: dict, inner: dict) -> None:
    content = schema["content"]
    name = "a" * MIB
    content["content"][name] = list_of(*[list_of(text(i)) for i in range(2000)])
    content["key_types"]["content"].append(node("TypeNode", "builtins.str"))


def _one_array(schema: dict, inner: dict, n: int) -> None:
    inner["1.npy"] = npy(np.zeros(MIB // 8))
    part = node("NdArrayNode", "numpy.ndarray", type="numpy", file="1.npy")
    schema["content"]["content"]["verbose"] = list_of(*[part] * n)


def fields(bundle: bytes) -> Cases:
    """One node of each kind, with each of its fields gone or of another type."""
    schema = json.loads(unpack(unpack(bundle)["model.skops"])["schema.json"])
    kinds = {part["__loader__"]: sorted(part) for part in nodes(schema)}
    for kind, names in kinds.items():
        for name in names:
            for i, value in enumerate([*WILD[:9], "<gone>"]):
                yield f"{kind}-{name}-{i}", of_schema(bundle, _changed(kind, name, value))


def _changed(kind: str, name: str, value: Any) -> Callable[[dict, dict], None]:
    def change(schema: dict, inner: dict) -> None:
        part = next(nodes(schema, kind))
        part[name] = value
        if value == "<gone>":
            del part[name]

    return change


def arrays(bundle: bytes) -> Cases:
    """Arrays whose headers promise what does not follow, or what nobody can hold."""
    shapes = [(2**40,), (10**9, 10**9), (0, 2**62), (2**63,), (-1,), (), (1,) * 70, ("a",)]
    for i, shape in enumerate(shapes):
        for dtype in ("<f8", "|V2147483647", "<U536870911", "|O", "<M8[s]", "|S0"):
            header = (
                f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
            )
            data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(64)
            yield f"{i}-{dtype}", of_schema(bundle, _with_array(data))
    for i, head in enumerate([b"(" * 9000, b"{" * 9000, b"9" * 9000, b"{'descr': " + b"[" * 500]):
        data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head
        yield f"header-{i}", of_schema(bundle, _with_array(data))
    for shape in ([10**9], [10**9, 10**9], [0], [-1], []):
        part = node("NdArrayNode", "numpy.ndarray", type="json", content=[text(1)])
        part["shape"] = tuple_of(*map(text, shape))
        yield f"object-{shape}", with_part(bundle, part)


def _with_array(data: bytes) -> Callable[[dict, dict], None]:
    def change(schema: dict, inner: dict) -> None:
        inner[next(part["file"] for part in nodes(schema, "NdArrayNode") if "file" in part)] = data

    return change


def boosters(bundle: bytes) -> Cases:
    """JSON that xgboost would read."""
    for kind, make in {**WIDE, **DEEP}.items():
        for n in (1000, 2 * MIB):
            yield f"{kind}-{n}", of_schema(bundle, _with_bytes(make(n)), **DEFLATED)
    for i, number in enumerate(NUMBERS):
        yield f"number-{i}", of_schema(bundle, _with_bytes(f'{{"learner": {number}}}'))


def _with_bytes(data: str) -> Callable[[dict, dict], None]:
    def change(schema: dict, inner: dict) -> None:
        inner[next(nodes(schema, "BytesNode"))["file"]] = data.encode()

    return change


# -- encoders --------------------------------------------------------------------------------------

PATHS = ["/etc", "/etc/passwd", "~", "~root/x", "../..", ".", "//host/share", "\\\\host\\share"]
PATHS += ["C:\\x", "a/b/c", "/proc/self/mem", "/dev/zero", "x\x00y", "/" + "a" * 5000, "http://h/x"]
NAMES = [
    f"{family}{path}" for family in ("hf:", "tuned:", "torchvision:resnet18@") for path in PATHS
]
NAMES += ["hf:", "tuned:", "torchvision:", "hf:owner/name", "hf:gpt2", "torchvision:resnet18", "x"]
NAMES += [
    "opensmile:evil",
    "opensmile:../../x/y",
    "text/evil",
    "audio/egemaps-v02",
    ":",
    "",
    "hf::x",
]
PARAMETERS = {
    "model": NAMES,
    "revision": ["../../../etc/passwd", "/etc", "a b", "x" * 10**5, "main"],
    "device": ["cuda", "cuda:99999999", "evil", "", "meta", "xla:/etc"],
    "precision": ["float8", "", "evil"],
    "precision_": ["float8", "evil", "float16"],
    "store": ["/etc", "~/x", "relative", "", "sqlite:///x"],
    "local_files_only": [False, 0, "no"],
    "_fingerprint_when_saved": ["evil", 3],
    "n_features_out_": [10**12, -1],
    "max_length": [10**12, -1],
    "pooling": ["evil"],
}


def encoders(bundle: bytes) -> Cases:
    """Parameters that name paths, machines and the network."""
    for name, values in PARAMETERS.items():
        for i, value in enumerate([*values, *WILD[:3]]):
            yield f"{name}-{i}", of_schema(bundle, _with_parameter(name, value))
    for i, model in enumerate(("hf:owner/name", "torchvision:resnet18", "hf:owner/other")):
        online = of_schema(bundle, _with_parameter("local_files_only", False))
        yield f"download-{i}", of_schema(online, _with_parameter("model", model))


def _with_parameter(name: str, value: Any) -> Callable[[dict, dict], None]:
    def change(schema: dict, inner: dict) -> None:
        for part in nodes(schema, "ObjectNode"):
            if part["__class__"].endswith("Encoder"):
                state = part["content"]
                if name not in state["content"]:
                    state["key_types"]["content"].append(node("TypeNode", "builtins.str"))
                state["content"][name] = text(value)

    return change


KINDS: dict[str, tuple[str, Callable[[bytes], Cases]]] = {
    "zip_bombs": ("plain", zip_bombs),
    "lying_sizes": ("plain", lying_sizes),
    "broken_contents": ("plain", broken_contents),
    "manifests": ("plain", manifests),
    "schemas": ("plain", schemas),
    "fields": ("tree", fields),
    "arrays": ("plain", arrays),
    "boosters": ("boosted", boosters),
    "encoders": ("encoder", encoders),
}
"""Name of the kind: which sound bundle it begins with, and what makes the hostile ones of it."""
