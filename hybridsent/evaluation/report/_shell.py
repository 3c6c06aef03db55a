"""A page of HTML that holds all that it shows: what pages of every report share (layer L5)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent._version import __version__
from hybridsent.evaluation.report._words import Words

if TYPE_CHECKING:
    import os

__all__ = ["Report", "page_of"]

_HOME = "hybridsent.evaluation.report"


@dataclass(frozen=True)
class Report:
    """A page of HTML that needs nothing but a browser.

    Parameters
    ----------
    html : str
        The page.
    title : str, default="Evaluation report"
        Its title.

    See Also
    --------
    make_report : Makes one.

    Examples
    --------
    >>> from hybridsent.evaluation import Report
    >>> Report("<!doctype html><title>A page</title>", "A page")
    Report('A page', 36 bytes)
    """

    html: str
    title: str = "Evaluation report"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page into a file.

        Parameters
        ----------
        path : str or os.PathLike
            The file, such as ``"report.html"``; one that is there is replaced.

        Returns
        -------
        Path
            The file.
        """
        file = Path(path)
        file.write_text(self.html, encoding="utf-8", newline="\n")
        return file

    def __repr__(self) -> str:
        return f"Report({self.title!r}, {len(self.html.encode())} bytes)"

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own, whose styles reach nothing else."""
        return (
            f'<iframe srcdoc="{escape(self.html)}" title="{escape(self.title)}" '
            'style="width:100%;height:80vh;border:1px solid #8884;border-radius:8px"></iframe>'
        )


def page_of(
    w: Words,
    title: str,
    *,
    facts: Sequence[str],
    points: Sequence[str],
    tiles: Sequence[dict[str, Any]],
    sections: Sequence[dict[str, Any]],
    alarm: str = "",
    home: str = _HOME,
    style: str | None = None,
) -> Report:
    """Write a page: a summary, then sections, each as the template of its report draws it.

    Parameters
    ----------
    w : Words
        The language.
    title : str
        Of the page.
    facts : sequence of str
        What stands under the title.
    points : sequence of str
        Sentences of the summary; empty ones are left out.
    tiles : sequence of dict
        ``name``, ``value`` and ``range`` of the figures of the summary.
    sections : sequence of dict
        ``kind``, ``id``, ``title``, ``nav`` and ``lead`` of each, and what its kind needs.
    alarm : str, default=""
        A sentence that stands before everything.
    home : str, default="hybridsent.evaluation.report"
        Package whose ``page.html`` draws the sections; it extends ``shell.html`` and may import
        ``parts.html``, which lie here.
    style : str or None, default=None
        Name of a stylesheet of that package, beside the one of all pages.

    Returns
    -------
    Report
        The page.
    """
    more = "" if style is None else _part(home, style)
    page = _template(home).render(
        w=w,
        title=title,
        facts=facts,
        alarm=alarm,
        points=points,
        tiles=tiles,
        sections=sections,
        date=datetime.now().astimezone().strftime("%Y-%m-%d"),
        version=__version__,
        style=_part(_HOME, "page.css") + more,
        script=_part(_HOME, "page.js"),
        script_hash=_digest(_part(_HOME, "page.js")),
    )
    return Report(page, title)


def _part(home: str, name: str) -> str:
    """Read a file of a page, which lies in a package."""
    return files(home).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Give what the page's policy calls the one script that may run."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def _template(home: str) -> Any:
    """Read a template; every value that stands in it is escaped."""
    import jinja2

    def found(name: str) -> str:
        return _part(home if name == "page.html" else _HOME, name)

    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(found),
    )
    return environment.get_template("page.html")
