"""Law of the tree: what a modality is, its object says; nothing else lists modalities."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from laws import over
from package_tree import MODULES, Module

from hybridsent.media.kinds import AUDIO, IMAGE, TEXT

NAMES = frozenset(modality.name for modality in (TEXT, IMAGE, AUDIO))

DRAWN_HERE = dict.fromkeys(
    ("hybridsent._demo.plans", "hybridsent._demo.rows"),
    "the demo is a table of three columns that are made here, one by one: sentences, faces and "
    "voices. A modality that is registered has no column in it",
)
"""Modules that may name several modalities, and why."""

every_module = over((name, MODULES[name]) for name in MODULES if name not in DRAWN_HERE)


def strings(node: ast.AST) -> set[str]:
    """Names of modalities that stand right in a collection, in collections in it, or in `a or b`."""
    if isinstance(node, ast.Constant):
        return {node.value} & NAMES if isinstance(node.value, str) else set()
    inside: list[ast.AST] = []
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        inside = list(node.elts)
    elif isinstance(node, ast.Starred):
        inside = [node.value]
    elif isinstance(node, ast.MatchOr):
        inside = list(node.patterns)
    elif isinstance(node, ast.MatchValue):
        inside = [node.value]
    return set().union(*map(strings, inside))


def listed(tree: ast.AST) -> Iterator[tuple[ast.AST, set[str]]]:
    """Places that list two names or more: collections, keys or values of a dict, choices."""
    for node in ast.walk(tree):
        found: list[set[str]] = []
        if isinstance(node, ast.Dict):
            found = [
                set().union(*(strings(key) for key in node.keys if key is not None)),
                set().union(*map(strings, node.values)),
            ]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            found = [compared(node)]
        elif isinstance(node, ast.Match):
            found = [set().union(*(strings(case.pattern) for case in node.cases))]
        else:
            found = [strings(node)]
        yield from ((node, names) for names in found if len(names) > 1)


def compared(function: ast.AST) -> set[str]:
    """Names with which a function compares something: ``kind == "text"`` and then others."""
    return set().union(
        *(
            strings(side)
            for node in ast.walk(function)
            if isinstance(node, ast.Compare)
            for side in (node.left, *node.comparators)
        )
    )


def said(tree: ast.AST) -> Iterator[tuple[ast.AST, set[str]]]:
    """Words that list all of them: to a user, or as the values of a parameter."""
    documents = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node) is not None
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if node in documents:
            values = re.findall(r"^\s*[\w, ]+ : .*\{([^}]*)\}", node.value, re.MULTILINE)
            found = max(
                (NAMES & set(re.findall(r'"(\w+)"', each)) for each in values), default=set()
            )
        else:
            found = NAMES & set(re.findall(r"\w+", node.value))
            found = found if found == NAMES else set()
        if len(found) > 1:
            yield node, found


def wrong(module: Module) -> list[str]:
    """What a module lists, with where it stands."""
    found = [*listed(module.tree), *said(module.tree)]
    return [f"{module.at(node)}: {sorted(names)}" for node, names in found]


@every_module
def test_nothing_lists_modalities_but_their_objects(module):
    assert not wrong(module), "\n".join(wrong(module)) + "\nAsk hybridsent.media.list_modalities()"


def test_what_is_let_off_would_be_found():
    for name in DRAWN_HERE:
        assert wrong(MODULES[name]), f"{name} lists none any more: take it off the list"


def test_each_object_stands_in_a_file_of_its_own():
    for modality in (TEXT, IMAGE, AUDIO):
        tree = MODULES[f"hybridsent.media.kinds.{modality.name}"].tree
        names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert names & NAMES == {modality.name}


@pytest.mark.parametrize(
    "code",
    [
        '("text", "audio")',
        'StrOptions({"image", "audio"})',
        '{"text": 1, "image": 2}',
        '{"read": "text", "seen": "image"}',
        '[("text", 1), ("image", 2)]',
        'kind in ("image", "audio")',
        'def f(kind):\n    if kind == "text":\n        return 1\n    return kind == "image"',
        'match kind:\n    case "text" | "image":\n        pass',
        'raise ValueError("must be text, image or audio")',
        'def f(kind):\n    """F.\n\n    kind : {"text", "image", "audio"}\n    """',
    ],
)
def test_the_law_can_be_broken(code):
    tree = ast.parse(code)
    assert [*listed(tree), *said(tree)]


@pytest.mark.parametrize(
    "code",
    [
        'modality = "image"',
        'Backbone(modality="text"), Backbone(modality="image")',
        'def f():\n    """F.\n\n    >>> make_fusion(views={"title": "text", "photo": "image"})\n    """',
        "for modality in list_modalities():\n    print(modality.name)",
    ],
)
def test_the_law_lets_be_what_lists_nothing(code):
    tree = ast.parse(code)
    assert not [*listed(tree), *said(tree)]
