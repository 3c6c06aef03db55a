"""A strict grammar for skops files, checked before skops sees them (layer L5).

skops audits types, but some of its nodes call what they name, read sizes that C code believes, or
point to another node by number. Here every node must be of a kind we write, name a type that is
allowed for that kind, and have the exact shape skops' own writer gives it. A clean copy is built
on the way, without the numbers wherever a position matters, and skops is given that copy only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hybridsent.exceptions import BundleError
from hybridsent.persist._arrays import check_npy, check_npz
from hybridsent.persist._names import KEY_TYPES
from hybridsent.persist._trust import is_allowed

Node = dict[str, Any]
OLDEST_PROTOCOL = 2


class Named(NamedTuple):
    """A type that a file names: where, in which kind of node, and its module and name."""

    path: str
    kind: str
    module: str
    name: str

    @property
    def full(self) -> str:
        """Dotted name."""
        return f"{self.module}.{self.name}"


class Schema:
    """Walk over a skops schema that checks every node and copies what it knows.

    Parameters
    ----------
    members : mapping of str to bytes
        The other members of the skops archive.

    Attributes
    ----------
    named : list of Named
        Every type the schema names, in order.
    foreign : list of Named
        Those that the allow-list does not have.
    used : set of str
        Members that the schema refers to.
    """

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self.members = members
        self.named: list[Named] = []
        self.foreign: list[Named] = []
        self.used: set[str] = set()

    def check(self, root: Any) -> Node:
        """Return the clean copy of a whole schema."""
        protocol = _get(root, "protocol", int, "the model")
        if isinstance(protocol, bool) or protocol < OLDEST_PROTOCOL:
            raise BundleError(
                f"The model uses skops protocol {protocol!r}, which is never written."
            )
        extra = {"protocol": protocol, "_skops_version": str(root.get("_skops_version"))}
        return self.node(root, "") | extra

    def node(self, state: Any, path: str, *, shared: bool = True) -> Node:
        """Check one node and everything below it.

        Parameters
        ----------
        state : object
            The node as JSON gave it.
        path : str
            Where it sits in the model, as Python would write it.
        shared : bool, default=True
            Whether other places may refer to this node by its number.
        """
        where = path or "the model"
        kind = _get(state, "__loader__", str, where)
        module, name = _get(state, "__module__", str, where), _get(state, "__class__", str, where)
        clean: Node = {"__loader__": kind, "__module__": module, "__class__": name}
        number = state.get("__id__")
        if shared and type(number) is int:
            clean["__id__"] = number
        found = Named(path, kind, module, name)
        self.named.append(found)
        if not is_allowed(kind, found.full):
            self.foreign.append(found)
        rule = _RULES.get(kind)
        if rule is not None:
            clean |= rule(self, state, path)
        return clean

    def file(self, state: Node, suffix: str, path: str) -> str:
        """Name of the member a node refers to."""
        name = str(_get(state, "file", str, path))
        if name not in self.members or not name.endswith(suffix):
            raise BundleError(f"{path or 'The model'} refers to {name!r}, which is not there.")
        self.used.add(name)
        return name


def _get(state: Any, field: str, kind: type | tuple[type, ...], path: str) -> Any:
    value = state.get(field) if isinstance(state, dict) else None
    if not isinstance(value, kind):
        raise BundleError(
            f"The model's schema is broken at {path or 'the model'}: {field!r} is missing or of "
            "the wrong type. The file is damaged or was tampered with."
        )
    return value


def _expect(state: Node, kind: str, path: str) -> Node:
    if not isinstance(state, dict) or state.get("__loader__") != kind:
        raise BundleError(f"The model's schema is broken at {path}: expected a {kind}.")
    return state


def _json(schema: Schema, state: Node, path: str) -> Node:
    content = _get(state, "content", str, path)
    if not isinstance(_parsed(content, path), str | int | float | None):
        raise BundleError(f"The model's schema is broken at {path}: expected a single value.")
    return {"content": content, "is_json": True}


def _parsed(content: str, path: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"The model's schema is broken at {path}: {error}.") from error


def _sequence(schema: Schema, state: Node, path: str) -> Node:
    items = _get(state, "content", list, path)
    return {"content": [schema.node(item, f"{path}[{i}]") for i, item in enumerate(items)]}


def _dict(schema: Schema, state: Node, path: str) -> Node:
    return _mapping(schema, state, path, lambda key: f"{path}[{key!r}]")


def _mapping(schema: Schema, state: Node, path: str, step: Callable[[str], str]) -> Node:
    content = _get(state, "content", dict, path)
    keys = _get(_expect(state.get("key_types", {}), "ListNode", path), "content", list, path)
    if len(keys) != len(content):
        raise BundleError(f"The model's schema is broken at {path}: {len(keys)} types of keys.")
    types = [_key_type(schema, key, path) for key in keys]
    # The reader calls each key's type, so no other place of the file may stand in for one.
    key_types = {"__loader__": "ListNode", "__module__": "builtins", "__class__": "list"}
    return {
        "content": {key: schema.node(value, step(key)) for key, value in content.items()},
        "key_types": key_types | {"content": types},
    }


def _key_type(schema: Schema, state: Node, path: str) -> Node:
    clean = schema.node(_expect(state, "TypeNode", path), f"a key of {path}", shared=False)
    if f"{clean['__module__']}.{clean['__class__']}" not in KEY_TYPES:
        raise BundleError(
            f"The dict {path or 'of the model'} has keys of type {clean['__class__']}, which the "
            "file format cannot give back; use str, int or float keys."
        )
    return clean


def _object(schema: Schema, state: Node, path: str) -> Node:
    content = state.get("content")
    if content is None:
        return {}
    if isinstance(content, dict) and content.get("__loader__") == "DictNode":
        clean = schema.node({**content, "content": {}, "key_types": _NO_KEYS}, path)
        return {"content": clean | _mapping(schema, content, path, lambda key: f"{path}.{key}")}
    return {"content": schema.node(content, path)}


def _bytes(schema: Schema, state: Node, path: str) -> Node:
    return {"file": schema.file(state, ".bin", path)}


def _slice(schema: Schema, state: Node, path: str) -> Node:
    content = _get(state, "content", dict, path)
    ends = {field: content.get(field) for field in ("start", "stop", "step")}
    if not all(isinstance(end, int | str | None) for end in ends.values()):
        raise BundleError(f"The model's schema is broken at {path}: a slice of {ends}.")
    return {"content": ends}


def _array(schema: Schema, state: Node, path: str) -> Node:
    if state.get("type") == "json":
        return _object_array(schema, state, path)
    if state.get("type") != "numpy":
        raise BundleError(f"The model's schema is broken at {path}: no known kind of array.")
    name = schema.file(state, ".npy", path)
    check_npy(schema.members[name], path or name)
    return {"type": "numpy", "file": name}


def _object_array(schema: Schema, state: Node, path: str) -> Node:
    lengths = _expect(state.get("shape", {}), "TupleNode", path)
    shape = [
        schema.node(_expect(n, "JsonNode", path), path, shared=False)
        for n in _get(lengths, "content", list, path)
    ]
    clean = {"__loader__": "TupleNode", "__module__": "builtins", "__class__": "tuple"}
    items = _get(state, "content", list, path)
    return {
        "type": "json",
        "shape": clean | {"content": shape},
        "content": [_row(schema, item, f"{path}[{i}]", len(shape)) for i, item in enumerate(items)],
    }


def _row(schema: Schema, state: Node, path: str, ndim: int) -> Node:
    """Rows of an array with several dimensions are lists, and none may stand for another one."""
    if ndim < 2 or not isinstance(state, dict) or state.get("__loader__") != "ListNode":
        return schema.node(state, path)
    clean = schema.node({**state, "content": []}, path, shared=False)
    items = _get(state, "content", list, path)
    rows = [_row(schema, item, f"{path}[{i}]", ndim - 1) for i, item in enumerate(items)]
    return clean | {"content": rows}


def _masked(schema: Schema, state: Node, path: str) -> Node:
    content = _get(state, "content", dict, path)
    return {"content": {part: schema.node(content.get(part), path) for part in ("data", "mask")}}


def _content(schema: Schema, state: Node, path: str) -> Node:
    return {"content": schema.node(state.get("content"), path)}


def _generator(schema: Schema, state: Node, path: str) -> Node:
    content = _get(state, "content", dict, path)
    # The reader looks the first up by name and calls it, and allocates what the second says.
    bits = _literal(schema, content.get("bit_generator"), path, "bit_generator", '"PCG64"')
    seed = _literal(schema, content.get("seed_seq"), path, "pool_size", "4")
    return {"content": {"bit_generator": bits, "seed_seq": seed}}


def _literal(schema: Schema, state: Any, path: str, field: str, value: str) -> Node:
    """Check a dict that must hold this very value under `field`."""
    clean = schema.node(_expect(state, "DictNode", path), path, shared=False)
    entry = clean["content"].get(field, {})
    if entry.get("content") != value:
        raise BundleError(f"The model's schema is broken at {path}: {field} is not {value}.")
    entry.pop("__id__", None)
    return clean


def _sparse(schema: Schema, state: Node, path: str) -> Node:
    name = schema.file(state, ".npz", path)
    check_npz(schema.members[name], path or name)
    return {"type": "scipy", "file": name}


def _loss(schema: Schema, state: Node, path: str) -> Node:
    args = _get(state, "__reduce__", dict, path).get("args")
    args = schema.node(_expect(args, "TupleNode", path), path, shared=False)
    return {"__reduce__": {"args": args}, "content": schema.node(state.get("content"), path)}


def _tree(schema: Schema, state: Node, path: str) -> Node:
    """Check a tree's arguments: C code copies ``n_outputs`` numbers out of ``n_classes``."""
    args = _expect(_get(state, "__reduce__", dict, path).get("args", {}), "TupleNode", path)
    items = _get(args, "content", list, path)
    if len(items) != 3:
        raise BundleError(
            f"The model's schema is broken at {path}: a tree of {len(items)} numbers."
        )
    parts = zip(items, ("JsonNode", "NdArrayNode", "JsonNode"), strict=True)
    clean = [schema.node(_expect(item, kind, path), path, shared=False) for item, kind in parts]
    n_outputs = _parsed(clean[2]["content"], path)
    stored = schema.members.get(str(clean[1].get("file")), b"")
    if check_npy(stored, path) != ((n_outputs,), "i") or n_outputs < 1:
        raise BundleError(f"The tree at {path} says {n_outputs} outputs, but lists other classes.")
    head = schema.node({**args, "content": []}, path, shared=False)
    content = schema.node(_expect(state.get("content", {}), "DictNode", path), path)
    return {"__reduce__": {"args": head | {"content": clean}}, "content": content}


_NO_KEYS: Node = {"__loader__": "ListNode", "content": []}
_RULES: dict[str, Callable[[Schema, Node, str], Node]] = {
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
