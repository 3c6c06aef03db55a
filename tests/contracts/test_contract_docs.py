"""Laws of words: docstrings are whole and true, pages run, and what they name exists."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import os
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hybridsent_site.api import read_reference, reference_pages
from hybridsent_site.cli import command_pages, commands_of
from hybridsent_site.pages import GENERATED, anchors_of, links_of, page_of, tree, written_pages
from laws import over
from numpydoc.docscrape import FunctionDoc, NumpyDocString
from numpydoc.validate import validate
from package_tree import MODULES, ROOT
from pages import TUTORIALS, blocks, play

import hybridsent
from hybridsent.cli._main import build_parser

PROJECT = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]
PAGES = written_pages()

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


@cache
def errors(name: str) -> list[tuple[str, str]]:
    return validate(name)["errors"]


def faults(name: str, codes: Any) -> list[str]:
    return [f"{code}: {text}" for code, text in errors(name) if code in codes]


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


@over((name, name) for name in PUBLIC)
def test_public_docstrings_are_whole(name):
    asked = set(WHOLE)
    if inspect.isclass(PUBLIC[name]) and issubclass(PUBLIC[name], Exception):
        asked -= {"PR01"}  # a message
    assert faults(name, asked) == []


@over((name, name) for name in EVERYTHING)
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


@over((name, name) for name in SIGNED)
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


@over((name, name) for name in SIGNED)
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


def test_readme_has_code_that_runs():
    [readme] = [page for page in PAGES if page.name == "README.md"]
    assert any(block.language == "python" for block in blocks(readme.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in TUTORIALS], ids=lambda page: page.name
)
def test_python_of_pages_runs(page, tmp_path, monkeypatch):
    """Tutorials run in processes of their own: test_tutorials.py."""
    monkeypatch.chdir(tmp_path)
    # pytest runs the sessions of README.md already (--doctest-glob)
    for _ in play(page, sessions=page.name != "README.md"):
        pass


SHELLS = {"bash", "sh", "shell", "console"}


def commands() -> list[tuple[str, str]]:
    """Lines of shell blocks that call the program.

    Those of extending.md have options that the plugins of the page add: test_extending.py runs them;
    and test_tutorials.py those of the tutorials.
    """
    found = []
    for page in PAGES:
        if page.name == "extending.md":
            continue
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.language in SHELLS - ({"bash"} if page in TUTORIALS else set()):
                for line in block.body.replace("\\\n", " ").splitlines():
                    line = line.removeprefix("$ ").split("  #")[0].strip()
                    line = line.rpartition("&& ")[2]
                    if line.startswith("hybridsent "):
                        found.append((f"{page.name}: {line}", line))
    return found


@over(commands())
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
    """To files and folders, and to the anchors of headings."""
    for target in links_of(page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors_of(there), f"{page.name} links to {target}"


EXAMPLES = sorted((ROOT.parent / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_links_of_examples_lead_somewhere(example):
    """Files of the repository that a text of an example names, and its links, in a page or not."""
    text = example.read_text(encoding="utf-8")
    words = "\n".join(
        [*re.findall(r'"""(.*?)"""', text, re.DOTALL), *re.findall(r"(?m)^# .*$", text)]
    )
    named = re.findall(r"``((?:docs|examples|pipelines|benchmarks)/[\w./-]+)``", words)
    linked = re.findall(r"`[^`]*<([^`>]+)>`_|:doc:`(?:[^`]*<)?([^`>]+)", words)
    for path in named:
        assert (ROOT.parent / path).exists(), f"{example.name} names {path}"
    for target in map("".join, linked):
        if not re.match(r"\w+:", target):
            page = os.path.normpath(f"{GENERATED}/gallery/{target}") if target[0] != "/" else target
            pages = {page_of(each) for each in (*PAGES, *EXAMPLES)}
            assert page.lstrip("/") in pages, f"{example.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_only_what_exists(page):
    """`hybridsent.x.y` in a page, and pages named in docstrings, are there."""
    for dotted in re.findall(
        r"`(hybridsent(?:\.\w+)+)(?:\([^`]*\))?`", page.read_text(encoding="utf-8")
    ):
        assert _exists(dotted), f"{page.name} names {dotted}"


def _thing(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


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


def test_pages_named_in_the_package_are_named_by_a_title_that_they_have():
    """Who installs the package has no file of docs: a page is named by its heading."""
    files = [*MODULES.values()]
    assert [m.name for m in files if re.search(r"\bdocs/[\w./-]+", m.path.read_text())] == []
    titles = {page.read_text().partition("\n")[0].lstrip("# ") for page in PAGES}
    forms = (
        r"""in_the_documentation\(['"]([^'"]+)['"]\)""",
        r""""([^"]+)",\s+in\s+the\s+documentation""",
    )
    named = {
        (" ".join(title.split()), module.name)
        for module in files
        for form in forms
        for title in re.findall(form, module.path.read_text())
        if title != "{title}"  # the function that writes it
    }
    assert len(named) >= 6
    assert [entry for entry in sorted(named) if entry[0] not in titles] == []


def test_public_docstrings_name_nothing_private():
    """What a docstring sends its reader to is there for the reader; examples of parameters apart."""
    private = re.compile(r"`hybridsent(?:\.\w+)*\._\w+")
    told = {name: inspect.getdoc(thing) or "" for name, thing in PUBLIC.items()}
    assert [name for name, text in told.items() if private.search(text)] == []


# -- the site --------------------------------------------------------------------------------------


def test_the_index_reaches_every_page():
    """By the lists of links that are its tree; a page of the root that tells of the forge alone is none."""
    reached = Counter(below for trees in tree().values() for each in trees for below in each)
    pages = {page_of(page) for page in PAGES} - {"index"}
    assert pages - set(reached) == set(), "name each in a list in front of <!-- toctree -->"
    assert max(reached.values()) == 1


def test_a_tree_holds_pages():
    assert [page for page, trees in tree().items() if not all(trees)] == [], "a mark, and no list"


API = reference_pages(read_reference())


def shown_by(text: str) -> list[str]:
    return re.findall(r"^ *\.\. auto(?:class|function):: (\S+)$", text, re.MULTILINE)


def test_every_public_class_and_function_has_one_page():
    """What a reader can import, by any of its names, is documented once, under the shortest."""
    spaces = {name for name in MODULES if not any(part[:1] == "_" for part in name.split("."))}
    assert {
        f"{name}.rst" for name in spaces if getattr(importlib.import_module(name), "__all__", ())
    } <= set(API)
    shown = Counter(name for text in API.values() for name in shown_by(text))
    assert max(shown.values()) == 1
    things = {id(_thing(name)) for name in shown}
    for name, thing in PUBLIC.items():
        if inspect.isclass(thing) or (inspect.isfunction(thing) and "." not in thing.__qualname__):
            assert id(thing) in things, f"{name} has no page"


def test_every_page_of_the_reference_stands_in_one_tree():
    listed = Counter()
    for text in API.values():
        for block in re.findall(r"\.\. toctree::\n   :hidden:\n\n((?:   .+\n)+)", text):
            listed.update(f"{line.strip()}.rst" for line in block.splitlines())
    assert set(API) - set(listed) == {"index.rst"}
    assert set(listed) <= set(API)
    assert max(listed.values()) == 1
    assert len({name.casefold() for name in API}) == len(API), "no system may take two for one"


@pytest.mark.parametrize("name", [name for name in PUBLIC if inspect.isclass(PUBLIC[name])])
def test_methods_of_a_class_are_on_its_page(name):
    thing = PUBLIC[name]
    reference = read_reference()
    text = API[f"{reference.names[name].page}.rst"]
    for member in vars(thing):
        if f"{name}.{member}" in PUBLIC:
            assert re.search(rf"auto(method|property):: {member}$", text, re.MULTILINE), member


def test_every_value_of_the_reference_is_said():
    """Public names that are neither class nor function have a sentence under their assignment."""
    silent = [
        name
        for text in API.values()
        for name, said in re.findall(r"\.\. py:data:: (\w+)\n   :module: \S+\n\n(.*)", text)
        if not said.strip()
    ]
    assert silent == []


def test_every_command_and_option_is_on_its_page():
    """As ``--help`` prints them; discovered from the parser."""
    parser = build_parser()
    pages = command_pages(parser)
    assert set(pages) == {"index.rst", *(f"{name}.rst" for name in commands_of(parser))}
    assert len(pages) > 20
    for name, command in commands_of(parser).items():
        shown = pages[f"{name}.rst"]
        assert f".. program:: hybridsent {name}\n" in shown
        for sub in (command, *commands_of(command).values()):
            assert f".. program:: {sub.prog}\n" in shown
            for action in sub._actions:
                for option in action.option_strings:
                    assert re.search(rf"^\.\. option:: .*{option}\b", shown, re.MULTILINE), option


def test_function_doc_is_what_numpydoc_reads():
    assert FunctionDoc(hybridsent.make_fusion)["Parameters"]
