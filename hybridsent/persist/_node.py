"""Reading fields of a skops node that may be anything (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hybridsent.exceptions import BundleError
from hybridsent.persist._archive import Allowance
from hybridsent.persist._arrays import Header
from hybridsent.persist._json import read_json

Node = dict[str, Any]


class Walk(Protocol):
    """What the rules of the node kinds need of the walk that calls them (see `_schema.Schema`)."""

    members: Mapping[str, bytes]
    allowance: Allowance

    def node(self, state: Any, path: str, *, shared: bool = True) -> Node:
        """Check one node and everything below it."""

    def file(self, state: Node, suffix: str, path: str) -> str:
        """Give the name of the member a node refers to."""

    def header(self, name: str, path: str) -> Header:
        """Give the checked header of a member that is an array."""


def get(state: Any, field: str, kind: type, path: str) -> Any:
    """Value of a field of the right type; BundleError otherwise."""
    value = state.get(field) if isinstance(state, dict) else None
    if not isinstance(value, kind):
        raise BundleError(
            f"The model's schema is broken at {path or 'the model'}: {field!r} is missing or of "
            "the wrong type. The file is damaged or was tampered with."
        )
    return value


def expect(state: Any, kind: str, path: str) -> Node:
    """Return the node, if it is of this kind; BundleError otherwise."""
    if not isinstance(state, dict) or state.get("__loader__") != kind:
        raise BundleError(f"The model's schema is broken at {path}: expected a {kind}.")
    return state


def parsed(content: str, path: str) -> Any:
    """Value of a JSON text; BundleError if it has none."""
    return read_json(content, f"The model's schema is broken at {path}: it")
