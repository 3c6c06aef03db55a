"""Laws of words: docstrings are whole and true, pages run, and what they name exists."""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import inspect
import re
import shlex
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from numpydoc.docscrape import FunctionDoc, NumpyDocString
from numpydoc.validate import validate
from package_tree import MODULES, ROOT

import hybridsent
from hybridsent.cli._main import build_parser

PROJECT = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]
PAGES = sorted([*ROOT.parent.glob("*.md"), *(ROOT.parent / "docs").rglob("*.md")])

WHOLE = {
    "GL03": "double blank line",
    "GL05": "tabs",
    "GL06": "unknown section",
    "GL07": "sections out of order",
    "GL08": "no docstring",
    "PR01": "a parameter is not documented",
    "PR02": "a parameter is documented that is not there",
    "PR03": "parameters in another order",
    "PR05": "a type ends with a period",
    "PR07": "a parameter without description",
    "PR10": "no space before a colon",
    "RT01": "no Returns section",
    "RT03": "a return value without description",
    "SS01": "no summary",
    "SS02": "a summary begins small",
    "SS03": "a summary without a period",
    "SS04": "a summary begins with spaces",
    "SS06": "a summary of two lines",
    "SA04": "a See Also without description",
}
"""What public objects owe their reader, by numpydoc's codes."""

TRUE = {"GL03", "GL05", "GL06", "GL07", "GL08", "PR02", "PR03", "PR10", "SS01", "SS03", "SS04"}
"""What every documented object owes: it may be short, but what it says is so."""

NOT_ASKED = {
    "SS05": "takes plural nouns ('Names of the columns') for third-person verbs",
    "ES01": "one sentence may be enough",
    "EX01": "asked for the root's names below",
    "SA01": "asked for where there is something to see",
}


def public() -> dict[str, Any]:
    """Classes, functions and their methods that are reachable without an underscore."""
    found: dict[str, Any] = {}
    for name in MODULES:
        if any(part.startswith("_") for part in name.split(".")) or name.startswith(
            "hybridsent.cli"
        ):
            continue
        module = importlib.import_module(name)
        for each in getattr(module, "__all__", ()):
            found.update(_with_methods(getattr(module, each)))
    return found


def everything() -> dict[str, Any]:
    """The same in all modules, private ones too."""
    found: dict[str, Any] = {}
    for name in MODULES:
        if name.endswith("__main__"):
            continue
        for each, thing in vars(importlib.import_module(name)).items():
            if not each.startswith("_") and getattr(thing, "__module__", None) == name:
                found.update(_with_methods(thing))
    return found


def _with_methods(thing: Any) -> Iterator[tuple[str, Any]]:
    if not (inspect.isclass(thing) or inspect.isfunction(thing)) or not thing.__module__.startswith(
        "hybridsent"
    ):
        return
    home = f"{thing.__module__}.{thing.__qualname__}"
    yield home, thing
    if inspect.isclass(thing):
        for name, member in vars(thing).items():
            member = getattr(member, "__func__", member)
            if not name.startswith("_") and (
                inspect.isfunction(member) or isinstance(member, property)
            ):
                yield f"{home}.{name}", member


PUBLIC, EVERYTHING = public(), everything()
SIGNED = {name: thing for name, thing in EVERYTHING.items() if not isinstance(thing, property)}


def faults(name: str, codes: Any) -> list[str]:
    return [f"{code}: {text}" for code, text in validate(name)["errors"] if code in codes]


def documented(thing: Any) -> Iterator[tuple[str, str]]:
    """Names of parameters and what stands behind their colon."""
    for entry in NumpyDocString(inspect.getdoc(thing) or "")["Parameters"]:
        for name in entry.name.split(", "):
            yield name.lstrip("*"), entry.type


# -- discovery -------------------------------------------------------------------------------------


def test_discovery_found_objects_and_pages():
    assert len(PUBLIC) >= 60
    assert len(EVERYTHING) >= 200
    assert {
        "hybridsent.encoders._text.TextEncoder",
        "hybridsent.fusion._fusion.make_fusion",
    } <= PUBLIC.keys()
    assert {page.name for page in PAGES} >= {"README.md"}
    assert sum(1 for thing in SIGNED.values() for _ in defaults(thing)) >= 80


def test_the_laws_are_codes_of_numpydoc():
    from numpydoc.validate import ERROR_MSGS

    assert set(WHOLE) | TRUE | set(NOT_ASKED) <= ERROR_MSGS.keys()
    assert not (set(WHOLE) | TRUE) & set(NOT_ASKED)


# -- docstrings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLIC)
def test_public_docstrings_are_whole(name):
    asked = set(WHOLE)
    if inspect.isclass(PUBLIC[name]) and issubclass(PUBLIC[name], Exception):
        asked -= {"PR01"}  # a message
    assert faults(name, asked) == []


@pytest.mark.parametrize("name", EVERYTHING)
def test_docstrings_are_true(name):
    assert faults(name, TRUE) == []


@pytest.mark.parametrize("name", [name for name in hybridsent.__all__ if name != "__version__"])
def test_root_names_show_how_they_are_used(name):
    shown = "\n".join(NumpyDocString(inspect.getdoc(getattr(hybridsent, name)))["Examples"])
    pointer = re.fullmatch(r"See `(\w+)`\.", shown)
    if pointer and pointer[1] in hybridsent.__all__:
        shown = inspect.getdoc(getattr(hybridsent, pointer[1]))
        assert re.search(rf"\b{name}\(", shown), f"the example of {pointer[1]} does not show {name}"
    assert ">>> " in shown, f"{name} has no example"


def defaults(thing: Any) -> Iterator[tuple[str, str, Any]]:
    """Parameters with a default: name, words of the docstring, value of the signature."""
    try:
        signature = inspect.signature(thing)
    except ValueError:  # of a class that C or an enum builds
        return
    for name, words in documented(thing):
        parameter = signature.parameters.get(name)
        if parameter is not None and words and words != "ignored":
            yield name, words, parameter.default


def value_of(words: str, thing: Any) -> Any:
    """What ``default=…`` says: a literal, a size, or a name that the function itself sees."""
    said = re.search(r"default=(.+)$", words)
    if not said:
        return inspect.Parameter.empty
    text = re.sub(r"^(\d+) GiB$", lambda match: str(int(match[1]) * 2**30), said[1])
    if text.isidentifier() and text not in ("None", "True", "False"):
        return vars(inspect.getmodule(thing)).get(
            text, getattr(builtins, text, inspect.Parameter.empty)
        )
    return ast.literal_eval(text)


@pytest.mark.parametrize("name", SIGNED)
def test_documented_defaults_are_those_of_the_signature(name):
    for parameter, words, default in defaults(SIGNED[name]):
        if (
            type(default).__name__ == "_HAS_DEFAULT_FACTORY_CLASS"
        ):  # of a dataclass: a fresh one each time
            assert value_of(words, SIGNED[name]) in ({}, []), parameter
            continue
        said = value_of(words, SIGNED[name])
        assert said == default, (
            f"{parameter}: the docstring says {words!r}, the signature {default!r}"
        )
        assert type(said) is type(default)


@pytest.mark.parametrize("name", SIGNED)
def test_documented_options_are_those_that_are_checked(name):
    """``{"a", "b"}`` in a docstring and StrOptions in the constraints are one set."""
    constraints = getattr(SIGNED[name], "_parameter_constraints", {})
    for parameter, words in documented(SIGNED[name]):
        options = [
            each.options for each in constraints.get(parameter, ()) if hasattr(each, "options")
        ]
        said = set(re.findall(r'"([^"]*)"', words.split(", default")[0]))
        if options and said and parameter in constraints:
            assert said == set().union(*options), parameter


# -- pages -----------------------------------------------------------------------------------------

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(body, id=f"{page.name}-{i}")
        for page in PAGES
        for i, (kind, body) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")))
        if kind == language
    ]


def test_readme_has_code_that_runs():
    assert any(param.id.startswith("README.md") for param in blocks("python"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_of_pages_runs(page, tmp_path, monkeypatch):
    """Blocks of one page share their names, as a reader would have them."""
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {"__name__": "__main__"}
    for kind, body in FENCE.findall(page.read_text(encoding="utf-8")):
        if kind != "python":
            continue
        if ">>> " not in body:
            exec(compile(body, page.name, "exec"), scope)
        elif page.name != "README.md":  # pytest runs its sessions already (--doctest-glob)
            session = doctest.DocTestParser().get_doctest(body, {}, page.name, page.name, 0)
            session.globs = scope
            flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
            doctest.DebugRunner(optionflags=flags).run(session, clear_globs=False)


def commands() -> list[Any]:
    """Lines of shell blocks that call the program.

    Those of extending.md have options that the plugins of the page add: test_extending.py runs them.
    """
    found = []
    for page in PAGES:
        if page.name == "extending.md":
            continue
        for kind, body in FENCE.findall(page.read_text(encoding="utf-8")):
            if kind in ("bash", "sh", "shell", "console"):
                for line in body.replace("\\\n", " ").splitlines():
                    line = line.removeprefix("$ ").split("  #")[0].strip()
                    line = line.rpartition("&& ")[2]
                    if line.startswith("hybridsent "):
                        found.append(pytest.param(line, id=f"{page.name}: {line}"))
    return found


@pytest.mark.parametrize("line", commands())
def test_commands_of_pages_exist(line):
    """Every command is understood by the parser of the program, options and all; it is not run."""
    build_parser().parse_args(shlex.split(line, comments=True)[1:])


def test_extras_and_packages_named_on_pages_exist():
    named = set()
    for page in PAGES:
        named |= set(re.findall(r"hybridsent\[(\w+)\]", page.read_text(encoding="utf-8")))
    assert named <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not re.match(r"\w+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_only_what_exists(page):
    """`hybridsent.x.y` in a page, and pages named in docstrings, are there."""
    for dotted in re.findall(
        r"`(hybridsent(?:\.\w+)+)(?:\([^`]*\))?`", page.read_text(encoding="utf-8")
    ):
        assert _exists(dotted), f"{page.name} names {dotted}"


def _exists(dotted: str) -> bool:
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            if not hasattr(thing, part):
                return False
            thing = getattr(thing, part)
        return True
    return False


def test_pages_named_in_the_package_exist():
    named = {
        (match, module.name)
        for module in MODULES.values()
        for match in re.findall(r"\bdocs/[\w./-]+\.md\b", module.path.read_text())
    }
    assert [entry for entry in sorted(named) if not (ROOT.parent / entry[0]).exists()] == []


def test_function_doc_is_what_numpydoc_reads():
    assert FunctionDoc(hybridsent.make_fusion)["Parameters"]
