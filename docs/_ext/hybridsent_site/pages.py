"""The repository's files and where each stands in the site; links between them.

A page links to files as it stands on the forge: ``[a](fusion.md)``, ``[b](../examples/plot_a.py)``,
``[c](../hybridsent/fusion/)``. In the site an example is a page of the gallery, the package is its
reference, and any other file that a page links to is shown as it is.

A list of links is written once, in the page that people read. Behind it stands
``<!-- toctree -->``, which a forge does not show, and of which the site makes its tree of pages.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from hybridsent_site._written import GENERATED, titled, write_folder

__all__ = [
    "DOCS",
    "GENERATED",
    "ROOT",
    "anchors_of",
    "links_of",
    "page_of",
    "rewrite",
    "setup",
    "tree",
    "trees_of",
    "written_pages",
]

DOCS = Path(__file__).resolve().parents[2]
ROOT = DOCS.parent

REFERENCES = {
    "examples": f"{GENERATED}/gallery/index",
    "hybridsent": f"{GENERATED}/api/index",
    "hybridsent/cli": f"{GENERATED}/cli/index",
}
"""Folders that have a page of their own in the site."""

_MARK = re.compile(r"^<!-- toctree -->$", re.MULTILINE)
_FENCE = r"(?ms:^(?P<fence>```+|~~~+).*?^(?P=fence)\s*?$)"
_CODE = rf"{_FENCE}|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
_OPEN = r"(?P<before>(?:\[(?P<said>[^][]*))?\]\(|<img\b[^>]*?\bsrc=[\"'])"
_LINK = re.compile(rf"{_CODE}|{_OPEN}(?P<target>[^)\s\"'>]+)", re.DOTALL)


def page_of(path: Path) -> str | None:
    """Tell where a file or folder of the repository stands in the site.

    Parameters
    ----------
    path : Path
        Its whole path.

    Returns
    -------
    str or None
        Name of its page, as Sphinx counts: from the folder of the sources, without ending. None for
        what is no part of the repository.
    """
    if not path.is_relative_to(ROOT):
        return None
    inside = path.relative_to(ROOT)
    name = inside.as_posix()
    if name in REFERENCES:
        return REFERENCES[name]
    if path.suffix == ".md" and path.parent == DOCS:
        return path.stem
    if path.suffix == ".md" and path.parent == ROOT:
        return f"{GENERATED}/project/{path.stem.lower()}"
    if path.suffix == ".py" and inside.parent.as_posix() == "examples":
        return f"{GENERATED}/gallery/{path.stem}"
    return f"{GENERATED}/source/{name}"


def links_of(text: str) -> Iterator[str]:
    """Give what a text in Markdown links to, but for addresses of the web.

    Parameters
    ----------
    text : str
        Markdown; what stands in code is none of it.

    Yields
    ------
    str
        A path as it is written, perhaps with an anchor.
    """
    for match in _LINK.finditer(text):
        target = match["target"]
        if target and not re.match(r"\w+:", target):
            yield target


def rewrite(text: str, home: Path, page: str) -> str:
    """Make the links of a page lead to pages of the site.

    Parameters
    ----------
    text : str
        Markdown.
    home : Path
        The file it stands in.
    page : str
        Name of its page in the site.

    Returns
    -------
    str
        Markdown in which links to files of the repository are links to pages.
    """

    def of_site(match: re.Match[str]) -> str:
        target = match["target"]
        if not target or target.startswith("#") or re.match(r"\w+:", target):
            return match[0]
        path, mark, anchor = target.partition("#")
        before = match["before"]
        if match["said"] == PurePosixPath(path).name:
            before = "[]("  # MyST writes the heading of the page, which says more than its file
        there = Path(os.path.normpath(home.parent / path))
        if there.suffix in _PICTURES:
            new = os.path.relpath(there, (DOCS / page).parent)
        elif there.parent == DOCS == home.parent and there.suffix == ".md":
            new = path  # as it is in Markdown
        else:
            new = _address(str(page_of(there)))
        return f"{before}{new}{mark}{anchor}"

    return _LINK.sub(of_site, text)


def _address(page: str) -> str:
    """Write the address of a page as MyST reads it, whatever the page is made of."""
    made = page.startswith(f"{GENERATED}/") and not page.startswith(f"{GENERATED}/project/")
    return f"project:/{page}.{'rst' if made else 'md'}"


_PICTURES = {".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp"}


def trees_of(text: str, home: Path) -> list[dict[str, str]]:
    """Read the lists of links that are trees of pages.

    Parameters
    ----------
    text : str
        Markdown.
    home : Path
        The file it stands in.

    Returns
    -------
    list of dict of str to str
        For each mark the pages that the list or table in front of it leads to, and what the tree
        calls them: the first link of an item by its words; those in the last cell of a row by
        nothing, so that the page's heading says it. A link to an anchor is to no page as a whole.
    """
    found = []
    for part in _MARK.split(text)[:-1]:
        pages: dict[str, str] = {}
        for line in re.split(r"^#+ .*$", part, flags=re.MULTILINE)[-1].splitlines():
            if re.match(r"(- |\* |\d+\. )", line):
                links = [match for match in _LINK.finditer(line) if match["target"]][:1]
                names = [match["said"] for match in links]
            elif line.startswith("|"):
                links = [*_LINK.finditer(line.rstrip(" |").rpartition("|")[2])]
                names = [""] * len(links)
            else:
                continue
            for name, match in zip(names, links, strict=True):
                page = _target_page(match["target"] or "", home)
                if page and _is_kept(page):
                    pages.setdefault(page, name)
        found.append(pages)
    return found


def _target_page(target: str, home: Path) -> str | None:
    """Tell the page that a link is to as a whole, which one with an anchor is not."""
    if not target or "#" in target or re.match(r"\w+:", target):
        return None
    return page_of(Path(os.path.normpath(home.parent / target)))


def _is_kept(page: str) -> bool:
    """Tell pages that stand in the tree: not the source of a file, nor one example."""
    return (
        "/" not in page or page.startswith(f"{GENERATED}/project/") or page in REFERENCES.values()
    )


@functools.cache
def tree() -> dict[str, list[dict[str, str]]]:
    """Read the tree of all pages from the index on, where each page has one place, the highest.

    Returns
    -------
    dict of str to list of dict of str to str
        For each page those below it, as `trees_of` gives them.
    """
    found: dict[str, list[dict[str, str]]] = {}
    waiting, placed = ["index"], {"index"}
    while waiting:
        page = waiting.pop(0)
        home = DOCS / f"{page}.md"
        if not home.exists():
            continue
        found[page] = []
        for pages in trees_of(home.read_text(encoding="utf-8"), home):
            new = {below: name for below, name in pages.items() if below not in placed}
            found[page].append(new)
            placed.update(new)
            waiting += new
    return found


def _with_trees(text: str, page: str) -> str:
    for pages in tree().get(page, []):
        lines = "\n".join(
            f"{name} </{below}>" if name else f"/{below}" for below, name in pages.items()
        )
        text = _MARK.sub(f"```{{toctree}}\n:hidden:\n\n{lines}\n```", text, count=1)
    return text


def anchors_of(path: Path) -> set[str]:
    """Tell the anchors of a page, which its headings make as forges and MyST do.

    Parameters
    ----------
    path : Path
        A file of Markdown; any other has none.

    Returns
    -------
    set of str
        Without ``#``.
    """
    if path.suffix != ".md":
        return set()
    text = re.sub(_FENCE, "", path.read_text(encoding="utf-8"))
    found: list[str] = []
    for heading in re.findall(r"^#{1,6} (.+?)\s*$", text, re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        taken = sum(each == anchor for each in found)
        found.append(anchor)
        if taken:
            found.append(f"{anchor}-{taken}")
    return set(found)


# -- what is made ----------------------------------------------------------------------------------


def written_pages() -> list[Path]:
    """Give the pages that people write: those of the root and of docs."""
    return sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])


def project_pages() -> dict[str, str]:
    """Make pages of what stands in the root: README, CONTRIBUTING, CHANGELOG."""
    found = {}
    for path in sorted(ROOT.glob("*.md")):
        page = page_of(path)
        text = rewrite(path.read_text(encoding="utf-8"), path, str(page))
        found[f"{PurePosixPath(str(page)).name}.md"] = text
    return found


def source_pages() -> dict[str, str]:
    """Make a page of each other file, or folder, that a page links to."""
    found: dict[str, str] = {}
    prefix = f"{GENERATED}/source/"
    for home in written_pages():
        for target in links_of(home.read_text(encoding="utf-8")):
            path = Path(os.path.normpath(home.parent / target.partition("#")[0]))
            page = page_of(path)
            if page and page.startswith(prefix) and path.suffix not in _PICTURES:
                _add_source(found, path, page.removeprefix(prefix))
    return found


def _add_source(found: dict[str, str], path: Path, name: str) -> None:
    text = ":orphan:\n:nosearch:\n\n" + titled(name.replace("_", r"\_"))
    here = DOCS / GENERATED / "source" / f"{name}.rst"
    if path.is_dir():
        files = [each for each in sorted(path.iterdir()) if each.suffix == ".py"]
        for each in files:
            inside = f"{name}/{each.name}"
            _add_source(found, each, inside)
            text += f"* :doc:`{each.name} </{GENERATED}/source/{inside}>`\n"
    else:
        language = {".py": "python", ".toml": "toml"}.get(path.suffix, "text")
        shown = os.path.relpath(path, here.parent)
        text += f".. literalinclude:: {shown}\n   :language: {language}\n"
    found[f"{name}.rst"] = text


def _make(app: Any) -> None:
    write_folder(DOCS / GENERATED / "project", project_pages())
    write_folder(DOCS / GENERATED / "source", source_pages())


def _link_code(app: Any, doctree: Any, page: str) -> None:
    """Let code such as ``docs/fusion.md``, in docstrings and examples, lead to the page."""
    from docutils import nodes

    for node in list(doctree.findall(nodes.literal)):
        path = ROOT / node.astext()
        if "/" not in node.astext() or isinstance(node.parent, nodes.reference):
            continue
        target = page_of(path)
        if target in app.env.found_docs and path.suffix:
            address = app.builder.get_relative_uri(page, target)
            node.replace_self(nodes.reference("", "", node.deepcopy(), refuri=address))


def _read(app: Any, page: str, source: list[str]) -> None:
    home = DOCS / f"{page}.md"
    if home.exists() and "/" not in page:
        source[0] = rewrite(_with_trees(source[0], page), home, page)


def setup(app: Any) -> None:
    """Set this part of the extension up."""
    app.connect("builder-inited", _make)
    app.connect("source-read", _read)
    app.connect("doctree-resolved", _link_code)
