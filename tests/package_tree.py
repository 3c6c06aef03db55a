"""The package as a tree of syntax: every module on disk, parsed once, for contracts to read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from heapq import merge
from pathlib import Path

import hybridsent

__all__ = ["MODULES", "ROOT", "Module", "called"]

ROOT = Path(hybridsent.__file__).parent


@cache
def called(node: ast.Call) -> str:
    """What is called, as it is written: ``ast.unparse(node.func)``, which many laws ask for."""
    words: list[str] = []
    part: ast.expr = node.func
    while isinstance(part, ast.Attribute):
        words.append(part.attr)
        part = part.value
    if not isinstance(part, ast.Name):
        return ast.unparse(node.func)
    return ".".join([part.id, *reversed(words)])


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    @property
    def unit(self) -> str:
        """What stands in the table of layers: the module or sub-package right under the root."""
        return self.name.split(".")[1] if "." in self.name else "__init__"

    @cached_property
    def _by_kind(self) -> dict[type[ast.AST], list[tuple[int, ast.AST]]]:
        """Every node by its class, with its place in the walk: many laws ask, one walk answers."""
        found: dict[type[ast.AST], list[tuple[int, ast.AST]]] = {}
        for place, node in enumerate(ast.walk(self.tree)):
            found.setdefault(type(node), []).append((place, node))
        return found

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """All nodes of some classes, in the order in which `ast.walk` meets them."""
        lists = [nodes for kind, nodes in self._by_kind.items() if issubclass(kind, kinds)]
        return (node for _, node in (lists[0] if len(lists) == 1 else merge(*lists)))

    def at(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT.parent)}:{getattr(node, 'lineno', 1)}"

    @cached_property
    def imports(self) -> list[tuple[str, ast.AST]]:
        """Full names of all that is imported, anywhere; relative ones begin with a dot."""
        found: list[tuple[str, ast.AST]] = []
        for node in self.nodes(ast.Import, ast.ImportFrom):
            if isinstance(node, ast.Import):
                found += [(alias.name, node) for alias in node.names]
            else:
                source = "." * node.level + (node.module or "")
                found += [(f"{source}.{alias.name}", node) for alias in node.names]
        return found

    @cached_property
    def at_import(self) -> set[ast.AST]:
        """Nodes that run at import: not those in functions, nor for type checkers only."""
        found: set[ast.AST] = set()

        def visit(node: ast.AST) -> None:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                return
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
                return
            found.add(node)
            for child in ast.iter_child_nodes(node):
                visit(child)

        visit(self.tree)
        return found


def _find() -> dict[str, Module]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path)
    return found


MODULES = _find()
