"""The page and the card that commands write of a result (layer L7)."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybridsent.cli._console import UsageError, say
from hybridsent.cli._files import check_outputs
from hybridsent.cli._inputs import Opened

__all__ = ["add_page_options", "pages_of", "write_pages"]

_LANGUAGES = ("en", "zh")
_PAGES = {"report": (".html", ".htm"), "card": (".md", ".markdown")}
_OF_A_PAGE = ("language", "title", "no_content")


def add_page_options(parser: argparse.ArgumentParser, *, report: bool = True) -> None:
    """Add ``--report`` (unless the command is one), ``--card`` and how both are written.

    Parameters
    ----------
    parser : ArgumentParser
        Of the command.
    report : bool, default=True
        Whether the page is an option.
    """
    group = parser.add_argument_group("page and card")
    if report:
        group.add_argument(
            "--report",
            metavar="FILE",
            help="write a page of HTML for people here (hybridsent report adds curves to it)",
        )
    group.add_argument("--card", metavar="FILE", help="write a model card in Markdown here")
    group.add_argument(
        "--language", choices=_LANGUAGES, help="of page and card: English or Chinese (default: en)"
    )
    group.add_argument("--title", metavar="TEXT", help="of page and card")
    group.add_argument(
        "--no-content",
        action="store_true",
        help="leave texts, pictures, sounds and clips of rows out of the page, as they may hold "
        "personal data",
    )


def pages_of(arguments: argparse.Namespace, taken: Mapping[str, Path]) -> dict[str, Path]:
    """Refuse pages that cannot be written, before the work is done.

    Parameters
    ----------
    arguments : Namespace
        With the options of `add_page_options`.
    taken : mapping of str to Path
        Other files that are written.

    Returns
    -------
    dict of str to Path
        ``"report"`` and ``"card"``, where they are asked for.

    Raises
    ------
    UsageError
        If a file cannot be written, or nothing is that an option speaks about.
    """
    asked = {name: (getattr(arguments, name, None), suffixes) for name, suffixes in _PAGES.items()}
    found = check_outputs(asked, reads=[arguments.table], taken=taken.values())
    idle = [name for name in _OF_A_PAGE if getattr(arguments, name)]
    if idle and not found:
        raise UsageError(
            f"--{idle[0].replace('_', '-')} needs --report or --card, which it is about"
        )
    return found


def write_pages(
    result: Any,
    model: Any,
    opened: Opened,
    arguments: argparse.Namespace,
    pages: Mapping[str, Path],
    **found: Any,
) -> None:
    """Write what `pages_of` gave.

    Parameters
    ----------
    result : Evaluation
        What was found.
    model : estimator
        The first model.
    opened : Opened
        The table.
    arguments : Namespace
        Of the command.
    pages : mapping of str to Path
        What is written.
    **found : object
        What else was found, as `make_report` takes it.
    """
    from hybridsent.evaluation import make_report, model_card

    command = shlex.join(["hybridsent", *arguments.given])
    language = arguments.language or "en"
    about = {"estimator": model, "command": command, "title": arguments.title}
    if "report" in pages:
        page = make_report(
            result,
            table=opened.rows,
            y=arguments.target,
            language=language,
            content=not arguments.no_content,
            **about,
            **found,
        )
        page.save(pages["report"])
        say(f"report -> {pages['report']}")
    if "card" in pages:
        told = {name: found[name] for name in ("check", "calibration") if name in found}
        card = model_card(result, language=language, **about, **told)
        pages["card"].write_text(card, encoding="utf-8", newline="\n")
        say(f"card -> {pages['card']}")
