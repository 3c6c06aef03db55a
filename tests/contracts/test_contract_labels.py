"""Which rows have a label is decided in one place: no other module reads the marks -1 and NaN."""

from __future__ import annotations

import ast

import pytest
from laws import over
from package_tree import MODULES, Module

HOME = "hybridsent._labels"

ELSEWHERE = {
    "hybridsent._label_doubts": "counts classes, and leaves the mark out of what it counts",
    "hybridsent._minus_one": "tells what -1 is among labels, for messages; the rows it does not tell",
    "hybridsent._numerics.votes_reading": "reads the mark of no vote, whose cells it refuses or keeps",
    "hybridsent.alignment._labels": "looks for -1 among the classes that a user lists",
    "hybridsent.annotation._bins": "sees that no class is named as the mark is",
    "hybridsent.encoders._hf_model": "-1 is the last layer of a network",
    "hybridsent.encoders._network": "-1 is the last layer of a network",
    "hybridsent.encoders._opensmile": "-1 is the last layer of a network",
    "hybridsent.encoders._pixels": "-1 is the last layer of a network",
    "hybridsent.encoders._whisper": "-1 is the last layer of a network",
    "hybridsent.evaluation.rows._label_columns": "sees that labels beside the mark are of one kind",
    "hybridsent.evaluation.rows._read_labels": "counts the rows of a class -1, for a note",
    "hybridsent.persist._booster": "-1 is the child of a leaf",
    "hybridsent.persist._trees": "-1 is the child of a leaf",
    "hybridsent.weak._function_votes": "-1 is no vote of a labelling function",
}
"""Other modules that compare with -1, and why that decides nothing."""

LABELS = {"y", "label", "labels", "target", "targets", "truth", "y_source", "y_target"}
MISSING = {"isna", "isnan", "isnull", "notna", "notnull"}


def is_mark(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return isinstance(node.operand, ast.Constant) and node.operand.value == 1
    return isinstance(node, ast.Constant) and node.value == "-1"


def of_labels(node: ast.AST) -> bool:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in LABELS


def decisions(module: Module) -> list[str]:
    """Places that compare something with -1, or ask which labels are missing."""
    found = []
    equals = ast.Eq | ast.NotEq | ast.In | ast.NotIn
    for node in module.nodes(ast.Compare):
        sides = [node.left, *node.comparators]
        if any(isinstance(op, equals) for op in node.ops) and any(map(is_mark, sides)):
            found.append(module.at(node))
    for node in module.nodes(ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        asked = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
        if name in MISSING and any(map(of_labels, asked)):
            found.append(module.at(node))
        if name == "isin" and any(is_mark(part) for arg in node.args for part in ast.walk(arg)):
            found.append(module.at(node))
    return found


@over(MODULES.items())
def test_which_rows_have_a_label_is_decided_in_one_module(module):
    if module.name == HOME:
        assert decisions(module)
    elif module.name in ELSEWHERE:
        assert decisions(module), "it decides nothing any more: take it off the list"
    else:
        assert decisions(module) == [], (
            "ask hybridsent._labels.labeled_rows; or say in ELSEWHERE why this decides nothing"
        )


def test_the_list_names_modules_that_there_are():
    assert set(ELSEWHERE) <= {module.name for module in MODULES.values()}


@pytest.mark.parametrize(
    "code",
    [
        "known = y != -1",
        "labels[known] == -1",
        "-1 in y",
        "y == '-1'",
        "np.isnan(y)",
        "pd.isna(labels)",
        "target.notna()",
        "column.isin([-1])",
    ],
)
def test_the_contract_sees_what_it_must(code):
    tree = ast.parse(code)

    class Given:
        def nodes(self, *kinds):
            return (node for node in ast.walk(tree) if isinstance(node, kinds))

        def at(self, node):
            return "here"

    assert decisions(Given()) == ["here"]
