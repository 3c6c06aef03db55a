"""The reference of every public name, and what a name in a text leads to.

Nothing is listed here: namespaces are the package and its modules without an underscore, names are
those of their ``__all__``. A class or function has one page, under the shortest name it is imported
by; every other name of it, the private one of the file it is written in among them, leads there.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import inspect
import itertools
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from hybridsent_site._written import GENERATED, escaped, titled, write_folder

__all__ = ["PACKAGE", "Namespace", "Reference", "Thing", "read_reference", "setup"]

PACKAGE = "hybridsent"


@dataclass
class Thing:
    """What a public name stands for."""

    value: Any
    names: list[str] = field(default_factory=list)
    page: str = ""

    @property
    def name(self) -> str:
        """The shortest of its names, by which it is imported."""
        return min(self.names, key=lambda name: (name.count("."), name))

    @property
    def short(self) -> str:
        """Its name without the module."""
        return self.name.rpartition(".")[2]

    @property
    def kind(self) -> str:
        """What it is: ``"class"``, ``"function"`` or ``"value"``."""
        if inspect.isclass(self.value):
            return "class"
        return "function" if inspect.isroutine(self.value) else "value"

    @property
    def home(self) -> str:
        """The name that Python itself calls it by."""
        return f"{self.value.__module__}.{self.value.__qualname__}"

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return (inspect.getdoc(self.value) or "").partition("\n\n")[0].replace("\n", " ")

    def members(self) -> Iterator[tuple[str, str]]:
        """Give the public methods and properties that the package writes: directive and name."""
        for name, member in inspect.getmembers_static(self.value):
            function = getattr(member, "__func__", member)
            function = function.fget if isinstance(function, property) else function
            function = getattr(function, "func", function)  # of a cached property
            if name.startswith("_") or not str(getattr(function, "__module__", "")).startswith(
                PACKAGE
            ):
                continue
            if isinstance(member, property | functools.cached_property):
                yield "property", name
            elif inspect.isfunction(function):
                yield "method", name

    def inherited(self) -> dict[str, list[str]]:
        """Give the public methods that other packages write, by package."""
        found: dict[str, list[str]] = {}
        for name in dir(self.value):
            member = getattr(self.value, name, None)
            package = str(getattr(member, "__module__", "")).partition(".")[0]
            builtin = package in ("", "builtins", PACKAGE)
            if callable(member) and not name.startswith("_") and not builtin:
                found.setdefault(package, []).append(name)
        return found


@dataclass
class Namespace:
    """A module that people import from."""

    module: ModuleType
    things: dict[str, Thing] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its dotted name."""
        return self.module.__name__

    @property
    def summary(self) -> str:
        """The first sentence of its docstring, without its layer."""
        text = (self.module.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
        return re.sub(r" \(layer [^)]*\)", "", text)


@dataclass
class Reference:
    """All namespaces and what their names stand for."""

    namespaces: dict[str, Namespace]
    things: list[Thing]

    @functools.cached_property
    def names(self) -> dict[str, Thing]:
        """Every whole name, public or of the file where it is written."""
        found = {name: each for each in self.things for name in each.names}
        return {each.home: each for each in self.things if each.kind != "value"} | found

    @functools.cached_property
    def shorts(self) -> dict[str, Thing]:
        """Names without a module that stand for one thing alone."""
        by_short: dict[str, list[Thing]] = {}
        for each in self.things:
            by_short.setdefault(each.short, []).append(each)
        return {short: each[0] for short, each in by_short.items() if len(each) == 1}

    def whole(self, name: str, module: str = "") -> str | None:
        """Tell the name by which the reference has what a text names.

        Parameters
        ----------
        name : str
            As it is written: whole, or without its module, and perhaps with a method.
        module : str, default=""
            Where the text stands, for names without a module.

        Returns
        -------
        str or None
            None where nothing is called so.
        """
        name = name.removesuffix("()")
        if name in self.namespaces:
            return name
        parts = name.split(".")
        for cut in range(len(parts), 0, -1):
            head, rest = ".".join(parts[:cut]), parts[cut:]
            near = self.names.get(f"{module}.{head}") if module else None
            thing = self.names.get(head) or near or self.shorts.get(head)
            if thing is not None and (not rest or self._has(thing, rest)):
                return ".".join([thing.name, *rest])
        return None

    @staticmethod
    def _has(thing: Thing, rest: list[str]) -> bool:
        return len(rest) == 1 and rest[0] in {name for _, name in thing.members()}


@functools.cache
def read_reference() -> Reference:
    """Find the public namespaces and what their names stand for.

    Returns
    -------
    Reference
        Of the package as it is installed, or on the path.
    """
    namespaces = {name: Namespace(importlib.import_module(name)) for name in _public(PACKAGE)}
    namespaces = {name: each for name, each in namespaces.items() if _names(each.module)}
    things: dict[tuple[str, int], Thing] = {}
    for name, space in namespaces.items():
        for short in _names(space.module):
            value = getattr(space.module, short)
            thing = things.setdefault((short, id(value)), Thing(value))
            thing.names.append(f"{name}.{short}")
            space.things[short] = thing
    found = sorted(things.values(), key=lambda each: each.name)
    taken = {name.casefold() for name in namespaces}
    for thing in sorted(found, key=lambda each: (each.kind, each.name)):  # classes first
        page = thing.name if thing.name.casefold() not in taken else f"{thing.name}-{thing.kind}"
        taken.add(page.casefold())
        thing.page = page if thing.kind != "value" else thing.name.rpartition(".")[0]
    return Reference(namespaces, found)


def _names(module: ModuleType) -> list[str]:
    return [name for name in getattr(module, "__all__", ()) if not name.startswith("_")]


def _public(name: str) -> Iterator[str]:
    yield name
    for each in pkgutil.iter_modules(getattr(importlib.import_module(name), "__path__", ())):
        if not each.name.startswith("_"):
            yield from _public(f"{name}.{each.name}")


# -- pages -----------------------------------------------------------------------------------------


def reference_pages(reference: Reference) -> dict[str, str]:
    """Write the pages: one for all, one a namespace, one a class or function.

    Parameters
    ----------
    reference : Reference
        What `read_reference` has found.

    Returns
    -------
    dict of str to str
        Texts by file.
    """
    found = {"index.rst": _index(reference)}
    for space in reference.namespaces.values():
        found[f"{space.name}.rst"] = _namespace(space, reference)
    for thing in reference.things:
        if thing.kind != "value":
            found[f"{thing.page}.rst"] = _page(thing)
    return found


def _index(reference: Reference) -> str:
    text = titled("API reference")
    text += (
        "Every public name, by the module it is imported from. A class or function that several "
        "modules offer has one page.\n\n"
    )
    spaces = list(reference.namespaces.values())
    text += _table((f":py:mod:`{space.name}`", space.summary) for space in spaces)
    return text + _tree(space.name for space in spaces if space.name.count(".") < 2)


def _namespace(space: Namespace, reference: Reference) -> str:
    text = titled(escaped(space.name)) + f".. automodule:: {space.name}\n   :no-members:\n\n"
    for kind, heading in (("class", "Classes"), ("function", "Functions")):
        things = [each for each in space.things.values() if each.kind == kind]
        if things:
            text += titled(heading, "-")
            text += _table((f":py:obj:`{e.short} <{e.name}>`", e.summary) for e in things)
    values = {name: each for name, each in space.things.items() if each.kind == "value"}
    if values:
        text += titled("Values", "-")
        for name, each in values.items():
            text += _value(name, each, space.name)
    own = [each for each in space.things.values() if each.name == f"{space.name}.{each.short}"]
    below = [
        name
        for name in reference.namespaces
        if name.rpartition(".")[0] == space.name and space.name != PACKAGE
    ]
    if below:
        text += titled("Modules", "-")
        text += _table((f":py:mod:`{name}`", reference.namespaces[name].summary) for name in below)
    return text + _tree([*(each.page for each in own if each.kind != "value"), *below])


def _page(thing: Thing) -> str:
    module = thing.name.rpartition(".")[0]
    text = titled(escaped(thing.short)) + f".. currentmodule:: {module}\n\n"
    text += f".. auto{thing.kind}:: {thing.name}\n\n"
    if thing.kind == "class":
        for directive, name in thing.members():
            text += f"   .. auto{directive}:: {name}\n\n"
        for package, names in thing.inherited().items():
            said = ", ".join(f"``{name}``" for name in names)
            text += f"Methods from {_TITLES.get(package, package)}: {said}.\n\n"
    names = [name for name in thing.names if name != thing.name]
    if names:
        said = ", ".join(f"``{name.rpartition('.')[0]}``" for name in names)
        text += f"Imported from ``{module}``; also in {said}.\n\n"
    named = dict.fromkeys([*thing.names, thing.home])
    text += f".. minigallery:: {' '.join(named)}\n   :add-heading: Examples using {thing.short}\n"
    return text + "   :heading-level: -\n"


_TITLES = {"sklearn": "scikit-learn"}


def _value(name: str, thing: Thing, module: str) -> str:
    if thing.name != f"{module}.{name}":
        return f"``{name}``: see :py:obj:`{thing.name}`.\n\n"
    said = inspect.cleandoc(_said_of(name, thing.value) or "")
    body = "\n".join(f"   {line}".rstrip() for line in said.splitlines())
    return f".. py:data:: {name}\n   :module: {module}\n\n{body}\n\n"


def _said_of(name: str, value: Any) -> str | None:
    """Read what stands under an assignment, in the module that makes it."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        ours = module.__name__.startswith(PACKAGE) and vars(module).get(name) is value
        for line, after in _lines_and_next(Path(path)) if ours and path else ():
            targets = getattr(line, "targets", [getattr(line, "target", None)])
            is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if is_text and any(getattr(target, "id", "") == name for target in targets):
                return str(ast.literal_eval(after.value))
    return None


def _lines_and_next(path: Path) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    return itertools.pairwise(ast.parse(path.read_text(encoding="utf-8")).body)


def _table(rows: Any) -> str:
    text = ".. list-table::\n   :class: names\n   :widths: auto\n\n"
    for name, said in rows:
        text += f"   * - {name}\n     - {said}\n"
    return text + "\n"


def _tree(pages: Any) -> str:
    lines = "".join(f"   {page}\n" for page in pages)
    return f".. toctree::\n   :hidden:\n\n{lines}\n" if lines else ""


# -- names in texts --------------------------------------------------------------------------------


def _name_role(
    role: str, rawtext: str, text: str, line: int, inliner: Any, *_: Any
) -> tuple[list[Any], list[Any]]:
    """Read ```name```: code, which leads to the reference where it is a name of the package."""
    from docutils import nodes
    from docutils.utils import unescape
    from sphinx import addnodes

    said = unescape(text)
    shown = nodes.literal(rawtext, said)
    env = inliner.document.settings.env
    node = addnodes.pending_xref(
        rawtext,
        shown,
        refdomain="py",
        reftype="obj",
        reftarget=said,
        refdoc=env.docname,
        refwarn=said.startswith(f"{PACKAGE}."),
        softly=True,
    )
    node["py:module"] = env.ref_context.get("py:module")
    node["py:class"] = env.ref_context.get("py:class")
    return [node], []


def _resolve(app: Any, env: Any, node: Any, shown: Any) -> Any:
    """Find what a name leads to that Sphinx has not found under this very name."""
    if node.get("refdomain") != "py":
        return None
    target, reference = node["reftarget"], read_reference()
    module, soft = node.get("py:module") or "", node.get("softly")
    word = "." not in target and not _is_telling(target)
    if soft and word and f"{module}.{target}" not in reference.names:
        return shown
    whole = reference.whole(target, module)
    if whole is not None:
        domain = env.domains["py"]
        return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", whole, node, shown)
    return shown if soft and (not node.get("refwarn") or _is_private(target)) else None


def _is_private(name: str) -> bool:
    """Tell the name of a module that is there and has no page: texts may say where a rule is."""
    return "._" in name and importlib.util.find_spec(name) is not None


def _is_telling(name: str) -> bool:
    """Tell a name that is no ordinary word: ``make_fusion``, ``TextEncoder``, ``FUSION_GRID``."""
    return bool(re.search(r"[a-z]_[a-z]|^[A-Z]\w*[A-Z]|^[A-Z][a-z]+[A-Z]", name))


def _link_code(app: Any, doctree: Any, page: str) -> None:
    """Let code in pages of Markdown lead to the reference where it is a name of the package."""
    from docutils import nodes

    if "/" in page:
        return
    reference, domain = read_reference(), app.env.domains["py"]
    for node in list(doctree.findall(nodes.literal)):
        name = node.astext()
        if isinstance(node.parent, nodes.reference) or not re.fullmatch(r"[\w.]+(\(\))?", name):
            continue
        whole = reference.whole(name) if "." in name or _is_telling(name) else None
        if whole is not None:
            made = domain.resolve_xref(
                app.env, page, app.builder, "obj", whole, nodes.Element(), node.deepcopy()
            )
            if made is not None:
                node.replace_self(made)


def aliases(reference: Reference) -> Mapping[str, str]:
    """Give the names that types in docstrings may be written by, for numpydoc."""
    return {
        short: each.name
        for short, each in reference.shorts.items()
        if each.kind == "class" and short[0].isupper()
    }


def _escape_shapes(*given: Any) -> None:
    """Let ``shape (n, n_features_out_)`` be no link, as which docutils reads ``name_``."""
    lines: list[str] = given[-1]
    for number, line in enumerate(lines):
        if "of shape (" in line:
            lines[number] = re.sub(r"(?<=\w)_(?=[,)])", r"\\_", line)


def _make(app: Any) -> None:
    reference = read_reference()
    write_folder(Path(app.srcdir) / GENERATED / "api", reference_pages(reference))


def _configure(app: Any, config: Any) -> None:
    from numpydoc.xref import DEFAULT_LINKS

    DEFAULT_LINKS.clear()  # they lead to other sites, which are not asked
    config.numpydoc_xref_aliases = dict(aliases(read_reference()))


def setup(app: Any) -> None:
    """Set this part of the extension up."""
    app.add_role("name", _name_role)
    app.connect("config-inited", _configure, priority=400)
    app.connect("builder-inited", _make)
    app.connect("autodoc-process-docstring", _escape_shapes, priority=400)  # before numpydoc's
    app.connect("missing-reference", _resolve)
    app.connect("doctree-resolved", _link_code)
