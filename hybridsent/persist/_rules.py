"""What each kind of skops node may look like (layer L5).

A rule checks the fields of one kind and gives those to copy, values and headers of arrays among
them as they were read, so that nothing is read twice. Where what stands at a position is called or
believed when the model is built, the rule checks it there and leaves its number out, so that no
other node of the file can take its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hybridsent.exceptions import BundleError
from hybridsent.persist._allowed_names import KEY_TYPES
from hybridsent.persist._arrays import check_npz
from hybridsent.persist._node import Node, Walk, expect, get, parsed


def _json(schema: Walk, state: Node, path: str) -> Node:
    content = get(state, "content", str, path)
    value = parsed(content, path)
    if not isinstance(value, str | int | float | None):
        raise BundleError(f"The model's schema is broken at {path}: expected a single value.")
    return {"content": content, "value": value}


def _sequence(schema: Walk, state: Node, path: str) -> Node:
    items = get(state, "content", list, path)
    return {"content": [schema.node(item, f"{path}[{i}]") for i, item in enumerate(items)]}


def _dict(schema: Walk, state: Node, path: str) -> Node:
    return _mapping(schema, state, path, lambda key: f"{path}[{key!r:.60}]")


def _mapping(schema: Walk, state: Node, path: str, step: Callable[[str], str]) -> Node:
    content = get(state, "content", dict, path)
    keys = get(expect(state.get("key_types", {}), "ListNode", path), "content", list, path)
    if len(keys) != len(content):
        raise BundleError(f"The model's schema is broken at {path}: {len(keys)} types of keys.")
    types = [_key_type(schema, key, path) for key in keys]
    # The type of each key is called, so no other place of the file may stand in for one.
    key_types = {"__loader__": "ListNode", "__module__": "builtins", "__class__": "list"}
    return {
        "content": {key: schema.node(value, step(key)) for key, value in content.items()},
        "key_types": key_types | {"content": types},
    }


def _key_type(schema: Walk, state: Node, path: str) -> Node:
    clean = schema.node(expect(state, "TypeNode", path), f"a key of {path}", shared=False)
    if f"{clean['__module__']}.{clean['__class__']}" not in KEY_TYPES:
        raise BundleError(
            f"The dict {path or 'of the model'} has keys of type {clean['__class__']}, which the "
            "file format cannot give back; use str, int or float keys."
        )
    return clean


def _object(schema: Walk, state: Node, path: str) -> Node:
    content = state.get("content")
    if content is None:
        return {}
    if isinstance(content, dict) and content.get("__loader__") == "DictNode":
        clean = schema.node({**content, "content": {}, "key_types": _NO_KEYS}, path)
        return {"content": clean | _mapping(schema, content, path, lambda key: f"{path}.{key:.60}")}
    return {"content": schema.node(content, path)}


def _bytes(schema: Walk, state: Node, path: str) -> Node:
    return {"file": schema.file(state, ".bin", path)}


def _slice(schema: Walk, state: Node, path: str) -> Node:
    content = get(state, "content", dict, path)
    ends = {field: content.get(field) for field in ("start", "stop", "step")}
    if not all(isinstance(end, int | str | None) for end in ends.values()):
        raise BundleError(f"The model's schema is broken at {path}: a slice of {ends}.")
    return {"content": ends}


def _array(schema: Walk, state: Node, path: str) -> Node:
    if state.get("type") == "json":
        return _object_array(schema, state, path)
    if state.get("type") != "numpy":
        raise BundleError(f"The model's schema is broken at {path}: no known kind of array.")
    name = schema.file(state, ".npy", path)
    return {"type": "numpy", "file": name, "header": schema.header(name, path or name)}


def _object_array(schema: Walk, state: Node, path: str) -> Node:
    lengths = expect(state.get("shape", {}), "TupleNode", path)
    shape = [
        schema.node(expect(n, "JsonNode", path), path, shared=False)
        for n in get(lengths, "content", list, path)
    ]
    clean = {"__loader__": "TupleNode", "__module__": "builtins", "__class__": "tuple"}
    items = get(state, "content", list, path)
    return {
        "type": "json",
        "shape": clean | {"content": shape},
        "content": [_row(schema, item, f"{path}[{i}]", len(shape)) for i, item in enumerate(items)],
    }


def _row(schema: Walk, state: Node, path: str, ndim: int) -> Node:
    """Rows of an array with several dimensions are lists, and none may stand for another one."""
    if ndim < 2 or not isinstance(state, dict) or state.get("__loader__") != "ListNode":
        return schema.node(state, path)
    clean = schema.node({**state, "content": []}, path, shared=False)
    items = get(state, "content", list, path)
    rows = [_row(schema, item, f"{path}[{i}]", ndim - 1) for i, item in enumerate(items)]
    return clean | {"content": rows}


def _masked(schema: Walk, state: Node, path: str) -> Node:
    content = get(state, "content", dict, path)
    return {"content": {part: schema.node(content.get(part), path) for part in ("data", "mask")}}


def _content(schema: Walk, state: Node, path: str) -> Node:
    return {"content": schema.node(state.get("content"), path)}


def _generator(schema: Walk, state: Node, path: str) -> Node:
    content = get(state, "content", dict, path)
    # The first would be looked up by name and called; the second says what is allocated.
    bits = _literal(schema, content.get("bit_generator"), path, "bit_generator", '"PCG64"')
    seed = _literal(schema, content.get("seed_seq"), path, "pool_size", "4")
    return {"content": {"bit_generator": bits, "seed_seq": seed}}


def _literal(schema: Walk, state: Any, path: str, field: str, value: str) -> Node:
    """Check a dict that must hold this very value under `field`."""
    clean = schema.node(expect(state, "DictNode", path), path, shared=False)
    entry = clean["content"].get(field, {})
    if entry.get("content") != value:
        raise BundleError(f"The model's schema is broken at {path}: {field} is not {value}.")
    entry.pop("__id__", None)
    return clean


def _sparse(schema: Walk, state: Node, path: str) -> Node:
    name = schema.file(state, ".npz", path)
    check_npz(schema.members[name], path or name, schema.allowance)
    return {"type": "scipy", "file": name}


def _loss(schema: Walk, state: Node, path: str) -> Node:
    args = get(state, "__reduce__", dict, path).get("args")
    args = schema.node(expect(args, "TupleNode", path), path, shared=False)
    return {"__reduce__": {"args": args}, "content": schema.node(state.get("content"), path)}


def _tree(schema: Walk, state: Node, path: str) -> Node:
    """Check a tree's arguments: C code copies ``n_outputs`` numbers out of ``n_classes``."""
    args = expect(get(state, "__reduce__", dict, path).get("args", {}), "TupleNode", path)
    items = get(args, "content", list, path)
    if len(items) != 3:
        raise BundleError(
            f"The model's schema is broken at {path}: a tree of {len(items)} numbers."
        )
    parts = zip(items, ("JsonNode", "NdArrayNode", "JsonNode"), strict=True)
    clean = [schema.node(expect(item, kind, path), path, shared=False) for item, kind in parts]
    n_outputs, header = clean[2]["value"], clean[1].get("header")
    fits = header is not None and (header.shape, header.kind) == ((n_outputs,), "i")
    if not fits or n_outputs < 1:
        raise BundleError(f"The tree at {path} says {n_outputs} outputs, but lists other classes.")
    head = schema.node({**args, "content": []}, path, shared=False)
    content = schema.node(expect(state.get("content", {}), "DictNode", path), path)
    return {"__reduce__": {"args": head | {"content": clean}}, "content": content}


_NO_KEYS: Node = {"__loader__": "ListNode", "content": []}
RULES: dict[str, Callable[[Walk, Node, str], Node]] = {
    "BytesNode": _bytes,
    "DTypeNode": _content,
    "DictNode": _dict,
    "JsonNode": _json,
    "ListNode": _sequence,
    "LossNode": _loss,
    "MaskedArrayNode": _masked,
    "NdArrayNode": _array,
    "ObjectNode": _object,
    "RandomGeneratorNode": _generator,
    "RandomStateNode": _content,
    "SetNode": _sequence,
    "SliceNode": _slice,
    "SparseMatrixNode": _sparse,
    "TreeNode": _tree,
    "TupleNode": _sequence,
}
