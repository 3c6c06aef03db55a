"""Build a model from its checked schema (layer L5).

skops writes these files and could read them, but importing it walks over all of scikit-learn and
imports torch, which takes seconds of every start. `_schema` has settled what each node may be, name
and point to, so that building is one small step for each of the kinds it lets through. `save` reads
every model back by the way here and compares it, so that a difference from skops cannot be missed.
"""

from __future__ import annotations

import importlib
import io
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hybridsent.exceptions import BundleError
from hybridsent.persist._node import Node

_UNFINISHED = object()


class Builder:
    """Builds each node once, and gives the same object wherever its number comes again.

    Parameters
    ----------
    members : mapping of str to bytes
        The arrays and bytes of the file.
    uses : mapping of str to int
        How many nodes name each of them: after the last one its bytes are let go.
    """

    def __init__(self, members: Mapping[str, bytes], uses: Mapping[str, int]) -> None:
        self._members = dict(members)
        self._uses = Counter(uses)
        self._made: dict[int, Any] = {}

    def build(self, node: Node) -> Any:
        """Build a node and everything below it."""
        number = node.get("__id__")
        made = self._made.get(number, self) if number else self
        if made is _UNFINISHED:
            raise BundleError("The model cannot be built: a part of it holds itself.")
        if made is not self:
            return made
        if number:
            self._made[number] = _UNFINISHED
        value = _BUILDERS[node["__loader__"]](self, node)
        if number:
            self._made[number] = value
        return value

    def parts(self, node: Node) -> list[Any]:
        """Build what a sequence holds."""
        return [self.build(part) for part in node["content"]]

    def data(self, node: Node) -> io.BytesIO:
        """Open the member that a node names."""
        name = node["file"]
        self._uses[name] -= 1
        data = self._members[name] if self._uses[name] > 0 else self._members.pop(name)
        return io.BytesIO(data)


def _named(node: Node) -> Any:
    return getattr(importlib.import_module(node["__module__"]), node["__class__"])


def _json(_builder: Builder, node: Node) -> Any:
    return node["value"]


def _name(_builder: Builder, node: Node) -> Any:
    return _named(node)


def _list(builder: Builder, node: Node) -> Any:
    return builder.parts(node)


def _tuple(builder: Builder, node: Node) -> Any:
    return tuple(builder.parts(node))


def _set(builder: Builder, node: Node) -> Any:
    return set(builder.parts(node))


def _dict(builder: Builder, node: Node) -> Any:
    made = _named(node)()
    types = builder.build(node["key_types"])
    for kind, (key, value) in zip(types, node["content"].items(), strict=True):
        made[kind(key)] = builder.build(value)
    return made


def _object(builder: Builder, node: Node) -> Any:
    kind = _named(node)
    made = kind.__new__(kind)  # without __init__, as pickle does
    state = None if "content" not in node else builder.build(node["content"])
    return made if state is None else _with_state(made, state)


def _with_state(made: Any, state: Any) -> Any:
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
    else:
        made.__dict__.update(state)
    return made


def _reduced(builder: Builder, node: Node) -> Any:
    """Call a type of scikit-learn's C code with the arguments that it was pickled with."""
    state = builder.build(node["content"])
    made = _named(node)(*builder.build(node["__reduce__"]["args"]))
    return _with_state(made, state) if state else made


def _bytes(builder: Builder, node: Node) -> Any:
    return builder.data(node).getvalue()


def _slice(_builder: Builder, node: Node) -> Any:
    return slice(*(node["content"][end] for end in ("start", "stop", "step")))


def _array(builder: Builder, node: Node) -> Any:
    if node["type"] == "json":
        return _object_array(builder, node)
    array = node["header"].read(builder.data(node).getvalue())
    return array if node["__class__"] == "ndarray" else _named(node)(array)


def _object_array(builder: Builder, node: Node) -> Any:
    items = builder.parts(node)
    if len(node["shape"]["content"]) != 1:
        return np.array(items, dtype=object)
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):  # an assignment at once would open items that are sequences
        array[i] = item
    return array


def _masked(builder: Builder, node: Node) -> Any:
    return np.ma.MaskedArray(*(builder.build(node["content"][part]) for part in ("data", "mask")))


def _dtype(builder: Builder, node: Node) -> Any:
    return builder.build(node["content"]).dtype


def _sparse(builder: Builder, node: Node) -> Any:
    from scipy.sparse import load_npz

    return load_npz(builder.data(node))


def _random_state(builder: Builder, node: Node) -> Any:
    made = np.random.RandomState(0)
    made.set_state(builder.build(node["content"]))
    return made


def _generator(builder: Builder, node: Node) -> Any:
    state, seed = (builder.build(node["content"][part]) for part in ("bit_generator", "seed_seq"))
    bits = np.random.PCG64(np.random.SeedSequence(**seed))  # the one kind that the rules allow
    bits.state = state
    return np.random.Generator(bits)


_BUILDERS: dict[str, Callable[[Builder, Node], Any]] = {
    "BytesNode": _bytes,
    "DTypeNode": _dtype,
    "DictNode": _dict,
    "FunctionNode": _name,
    "JsonNode": _json,
    "ListNode": _list,
    "LossNode": _reduced,
    "MaskedArrayNode": _masked,
    "NdArrayNode": _array,
    "ObjectNode": _object,
    "RandomGeneratorNode": _generator,
    "RandomStateNode": _random_state,
    "SetNode": _set,
    "SliceNode": _slice,
    "SparseMatrixNode": _sparse,
    "TreeNode": _reduced,
    "TupleNode": _tuple,
    "TypeNode": _name,
}
