"""Laws of errors: the tree is true, every class is used, every message names what was seen.

Whether each line that raises is executed by a test is not measured here: it needs the coverage of
the whole suite, which one test cannot have. Instead every sentence is read from the syntax (none is
empty, none has a forgotten ``f`` or a name that is bound nowhere), which is how such lines break.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import pickle
import re
import string
from collections.abc import Iterator

import pytest
from laws import over
from package_tree import MODULES, Module, called

from hybridsent import exceptions
from hybridsent.exceptions import CellError, HybridsentError, HybridsentWarning

CLASSES = {name: getattr(exceptions, name) for name in exceptions.__all__}
ROOTS = {"HybridsentError", "HybridsentWarning", "PersistError"}
NEVER_NAMED_ALONE = {"HybridsentError", "HybridsentWarning"}


def raised(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call that makes an exception or a warning, raised there or handed back to be raised."""
    for node in module.nodes(ast.Call):
        name = called(node).rpartition(".")[2]
        known = getattr(builtins, name, None) or CLASSES.get(name)
        if inspect.isclass(known) and issubclass(known, BaseException):
            yield name, node
        elif name == "warn" and called(node) == "warnings.warn":
            category = (
                node.args[1]
                if len(node.args) > 1
                else next(k.value for k in node.keywords if k.arg == "category")
            )
            yield ast.unparse(category), node


RAISED = [(module, name, node) for module in MODULES.values() for name, node in raised(module)]
RAISED_IN: dict[str, list[ast.Call]] = {name: [] for name in MODULES}
for _module, _, _node in RAISED:
    RAISED_IN[_module.name].append(_node)


def texts(node: ast.AST) -> str:
    """All literal text below a node."""
    return "".join(
        n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )


def names_a_value(node: ast.Call) -> bool:
    return any(
        isinstance(n, ast.FormattedValue | ast.Name | ast.Attribute)
        for arg in node.args
        for n in ast.walk(arg)
    )


def _says_what_to_do_alone(node: ast.Call) -> bool:
    """AttributeError(name) is a word between programs, no sentence for users."""
    return called(node) in (
        "AttributeError",
        "StopIteration",
        "KeyError",
        "IndexError",
        "NotImplementedError",
    )


SENTENCES = [
    (module, name, node) for module, name, node in RAISED if not _says_what_to_do_alone(node)
]


def test_discovery_found_errors():
    assert len(CLASSES) >= 15
    assert len(SENTENCES) >= 80
    assert {name for _, name, _ in SENTENCES} >= {
        "ValueError",
        "MediaError",
        "CellError",
        "CellWarning",
    }


# -- the classes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_is_also_a_builtin_one(name):
    kind = CLASSES[name]
    others = {base for base in kind.__mro__ if base.__module__ == "builtins"} - {
        object,
        BaseException,
        Exception,
        Warning,
    }
    assert others or name == "HybridsentError"
    assert issubclass(kind, HybridsentWarning if name.endswith("Warning") else HybridsentError)
    assert inspect.getdoc(kind)


def test_the_tree_in_the_docstring_is_the_tree_of_classes():
    drawn: dict[str, tuple[str, str | None]] = {}
    above: list[tuple[int, str]] = []
    for line in exceptions.__doc__.splitlines():
        match = re.match(r"^([\s│├└─]*)(\w+)(?:\s+\((\w+)\))?(\s{2,}\S.*)?$", line)
        if not match or not inspect.isclass(
            CLASSES.get(match[2], getattr(builtins, match[2], None))
        ):
            continue
        depth = len(match[1])
        above = [(d, n) for d, n in above if d < depth]
        if above:
            drawn[match[2]] = (above[-1][1], match[3])
        above.append((depth, match[2]))
    assert set(drawn) == set(CLASSES), "the tree must draw each class"
    for name, (parent, builtin) in drawn.items():
        bases = [base.__name__ for base in CLASSES[name].__bases__]
        assert bases == [parent, *([builtin] if builtin else [])], name


USED = {
    node.id
    for module in MODULES.values()
    if module.unit != "exceptions"
    for node in module.nodes(ast.Name)
    if isinstance(node.ctx, ast.Load)
}


@pytest.mark.parametrize("name", sorted(set(CLASSES) - NEVER_NAMED_ALONE))
def test_each_class_is_raised_somewhere(name):
    # by a call, or by name where a helper is told which class to raise
    assert name in USED, f"{name} is never used: delete it"
    if name not in ROOTS:
        assert any(each == name for _, each, _ in RAISED), f"{name} is never raised"


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_survives_pickling(name):
    error = pickle.loads(pickle.dumps(CLASSES[name]("what happened")))
    assert type(error) is CLASSES[name]
    assert str(error) == "what happened"


def test_cell_error_keeps_its_cell():
    error = pickle.loads(pickle.dumps(CellError("what happened", row=("a", 3), column="w")))
    assert (str(error), error.row, error.column) == ("what happened", ("a", 3), "w")


# -- the sentences ---------------------------------------------------------------------------------


@over((module.at(node), (module, name, node)) for module, name, node in SENTENCES)
def test_each_message_says_something(module, name, node):
    if not node.args:
        pytest.fail(f"{module.at(node)}: {name}() without a message")
    if isinstance(node.args[0], ast.Constant | ast.JoinedStr | ast.BinOp):
        assert len(texts(node.args[0])) > 10, f"{module.at(node)}: {ast.unparse(node)}"
    for constant in (n for arg in node.args for n in ast.walk(arg) if isinstance(n, ast.Constant)):
        if isinstance(constant.value, str) and re.search(
            r"(?<![{\w'\"])\{[a-z_]\w*(![rs])?\}", constant.value
        ):
            pytest.fail(f"{module.at(node)}: a placeholder without its f: {constant.value!r}")


@over(MODULES.items())
def test_messages_use_names_that_exist_where_they_are_made(module):
    """A wrong variable in a message shows only when it is raised: each must be bound."""
    bound = {n.id for n in module.nodes(ast.Name) if isinstance(n.ctx, ast.Store)}
    bound |= {n.arg for n in module.nodes(ast.arg)}
    bound |= {
        alias.asname or alias.name.split(".")[0]
        for n in module.nodes(ast.Import, ast.ImportFrom)
        for alias in n.names
    }
    bound |= {
        n.name for n in module.nodes(ast.FunctionDef, ast.ClassDef, ast.ExceptHandler) if n.name
    }
    bound |= set(dir(builtins)) | {"__name__", "__file__"}
    wrong = [
        f"{module.at(call)}: {name}"
        for call in RAISED_IN[module.name]
        for name in {n.id for n in ast.walk(call) if isinstance(n, ast.Name)} - bound
    ]
    assert not wrong, wrong


def test_most_messages_name_a_value():
    telling = [entry for entry in SENTENCES if names_a_value(entry[2])]
    share = len(telling) / len(SENTENCES)
    dumb = [
        f"{module.at(node)}: {texts(node)[:80]}"
        for module, _, node in SENTENCES
        if not names_a_value(node)
    ]
    assert share >= 0.6, (
        f"{share:.0%} of {len(SENTENCES)} messages name a value; these do not:\n" + "\n".join(dumb)
    )


def test_most_messages_for_users_say_what_must_be_or_what_was_seen():
    """For errors about parameters (ValueError, TypeError) the form is: which, must be, got."""
    about = [
        (module, node) for module, name, node in SENTENCES if name in ("ValueError", "TypeError")
    ]
    bad = [
        f"{module.at(node)}: {texts(node)[:90]}"
        for module, node in about
        if not re.search(r"\b(must|needs?|got|Got|has|have|takes)\b", texts(node))
    ]
    assert len(bad) <= 0.15 * len(about), "\n".join(bad)


def test_messages_are_plain_strings_of_this_world():
    allowed = set(string.printable) | set("…×–—·’“”≤≥±°é")
    odd = {
        f"{module.at(node)}: {character!r}"
        for module, _, node in SENTENCES
        for character in texts(node)
        if character not in allowed
    }
    assert not odd


def handlers(module: Module) -> Iterator[ast.ExceptHandler]:
    for node in module.nodes(ast.ExceptHandler):
        kinds = (
            []
            if node.type is None
            else [n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)]
        )
        if {"Exception", "BaseException"} & set(kinds):
            yield node


THE_ANSWER_IS_NO = {
    "hybridsent.cli._main": "the last door: an unforeseen error is shown, whole with --debug",
    "hybridsent.encoders._graphs": "asks whether a model can be converted; torch runs it otherwise",
    "hybridsent.encoders._hf_bounds": "asks what a model would hold; loading it tells what is wrong",
    "hybridsent.encoders._text_facts": "asks whether a tokenizer is one of Rust; else the slow one cuts",
    "hybridsent._plugins": "keeps what broke in another package, and tells it at each call",
    "hybridsent.encoders._workers": "raises it after the results of what came before it",
    "hybridsent.fusion._grid": "keeps a strategy of a user that fails apart from the others, and tells",
    "hybridsent.weak._function_votes": "raises it with its row, or counts it where that was asked for",
    "hybridsent.serve._service": "keeps what broke while it warms up; whoever runs the server raises it",
    "hybridsent.serve._batcher": "hands it to each request that waits for these rows",
    "hybridsent.serve._engine": "hands it to the request whose rows they are, not to those beside it",
    "hybridsent.serve._entry": "answers 500, and logs what and where, never the message of a user's cell",
    "hybridsent.persist._skops_file": "asks whether a part can be written; what it raises is the answer",
}
"""Modules whose broad except need not raise again."""


@over(MODULES.items())
def test_broad_excepts_have_a_reason_and_raise_again(module):
    lines = module.path.read_text().splitlines()
    for node in handlers(module):
        near = "\n".join(lines[max(0, node.lineno - 3) : node.lineno + 1])
        assert "#" in near, f"{module.at(node)}: a broad except needs a comment with its reason"
        again = any(isinstance(n, ast.Raise) for n in ast.walk(node))
        assert again or module.name in THE_ANSWER_IS_NO, f"{module.at(node)}: swallows all errors"
