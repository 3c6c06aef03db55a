"""A strict grammar for skops files, checked before anything is built (layer L5).

Some nodes of skops call what they name, hold sizes that C code believes, or point to another node
by number. Here every node must be of a kind we write, name a type that is allowed for that kind,
and have the exact shape skops' own writer gives it. A clean copy is made on the way, without the
numbers wherever a position matters, and only that copy is built (`_build`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from hybridsent.exceptions import BundleError
from hybridsent.persist._archive import Allowance
from hybridsent.persist._arrays import Header, check_npy
from hybridsent.persist._node import Node, get
from hybridsent.persist._rules import RULES
from hybridsent.persist._trust import is_allowed, present_home

OLDEST_PROTOCOL = NEWEST_PROTOCOL = 2

DEEPEST = (
    100  # objects within objects; beyond some depth, which differs by Python, readers overflow
)


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
    allowance : Allowance
        What the file may still unpack to.

    Attributes
    ----------
    named : dict
        Every type the schema names, by kind of node and name, where it stands first.
    foreign : list of Named
        Those that the allow-list does not have.
    uses : Counter of str
        How often the schema refers to each member.
    """

    def __init__(self, members: Mapping[str, bytes], allowance: Allowance) -> None:
        self.members = members
        self.allowance = allowance
        self.named: dict[tuple[str, str, str], Named] = {}
        self.uses: Counter[str] = Counter()
        self._depth = 0
        self._headers: dict[str, Header] = {}

    @property
    def foreign(self) -> list[Named]:
        """Types that the allow-list does not have."""
        return [found for found in self.named.values() if not is_allowed(found.kind, found.full)]

    def check(self, root: Any) -> Node:
        """Return the clean copy of a whole schema."""
        protocol = get(root, "protocol", int, "the model")
        if isinstance(protocol, bool) or protocol < OLDEST_PROTOCOL:
            raise BundleError(
                f"The model uses skops protocol {protocol!r:.50}, which is never written."
            )
        if protocol > NEWEST_PROTOCOL:
            raise BundleError(
                f"The model uses skops protocol {protocol!r:.50}; this version of hybridsent reads "
                f"{NEWEST_PROTOCOL}. Update hybridsent, or save the model with an older skops."
            )
        return self.node(root, "")

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
        self._depth += 1
        if self._depth > DEEPEST:
            raise BundleError(
                f"The model's schema is nested deeper than {DEEPEST} objects, which no model is. "
                "The file is damaged or was tampered with."
            )
        clean = self._node(state, path, shared)
        self._depth -= 1
        return clean

    def _node(self, state: Any, path: str, shared: bool) -> Node:
        where = path or "the model"
        kind = get(state, "__loader__", str, where)
        name = get(state, "__class__", str, where)
        module = present_home(get(state, "__module__", str, where), name)
        clean: Node = {"__loader__": kind, "__module__": module, "__class__": name}
        number = state.get("__id__")
        if shared and type(number) is int:
            clean["__id__"] = number
        if (kind, module, name) not in self.named:
            self.named[kind, module, name] = Named(path, kind, module, name)
        rule = RULES.get(kind)
        if rule is not None:
            clean |= rule(self, state, path)
        return clean

    def file(self, state: Node, suffix: str, path: str) -> str:
        """Name of the member a node refers to."""
        name = str(get(state, "file", str, path))
        if name not in self.members or not name.endswith(suffix):
            raise BundleError(f"{path or 'The model'} refers to {name!r:.100}, which is not there.")
        self.uses[name] += 1
        if self.uses[name] > 1:  # a thousand nodes that name one array would build it as often
            self.allowance.take(len(self.members[name]))
        return name

    def header(self, name: str, path: str) -> Header:
        """Check the header of a member that is an array, once."""
        if name not in self._headers:
            self._headers[name] = check_npy(self.members[name], path)
        return self._headers[name]
