"""The reference of every command, from its parser: what ``--help`` prints, with anchors."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybridsent_site._written import GENERATED, escaped, titled, write_folder

__all__ = ["command_pages", "commands_of", "setup"]


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Give the parsers of the commands right under a parser, in its order.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        A parser.

    Returns
    -------
    dict of str to argparse.ArgumentParser
        By name; empty where it has no commands.
    """
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def command_pages(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Write the pages: one for the program, one a command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Of the program.

    Returns
    -------
    dict of str to str
        Texts by file.
    """
    commands = commands_of(parser)
    for each in (parser, *commands.values(), *_below(commands)):
        each.color = False  # Python 3.14 colours what a terminal shows
    text = titled("Command line") + f"{escaped(parser.description or '')}\n\n"
    text += ".. list-table::\n   :class: names\n   :widths: auto\n\n"
    for name, sub in commands.items():
        text += f"   * - :doc:`{parser.prog} {name} <{name}>`\n"
        text += f"     - {escaped(sub.description or '')}\n"
    text += "\n" + "".join(_options(parser, "-"))
    tree = "".join(f"   {name}\n" for name in commands)
    text += f".. toctree::\n   :hidden:\n\n{tree}"
    return {"index.rst": text} | {f"{name}.rst": _page(sub) for name, sub in commands.items()}


def _below(
    commands: dict[str, argparse.ArgumentParser],
) -> Iterator[argparse.ArgumentParser]:
    for each in commands.values():
        yield from commands_of(each).values()


def _page(parser: argparse.ArgumentParser) -> str:
    text = titled(parser.prog) + f"{escaped(parser.description or '')}\n\n" + _usage(parser)
    text += "".join(_options(parser, "-"))
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {each.dest: each.help or "" for each in action._choices_actions}
        for name, sub in action.choices.items():
            text += titled(sub.prog, "-") + f"{escaped(helps.get(name, ''))}\n\n" + _usage(sub)
            text += "".join(_options(sub, "~"))
    return text


def _usage(parser: argparse.ArgumentParser) -> str:
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    return f".. code-block:: text\n\n   {usage}\n\n"


def _options(parser: argparse.ArgumentParser, line: str) -> Iterator[str]:
    """Write the groups of options, each with what it says and its options."""
    formatter = parser._get_formatter()
    yield f".. program:: {parser.prog}\n\n"
    for group in parser._action_groups:
        actions = [
            action
            for action in group._group_actions
            if action.help is not argparse.SUPPRESS
            and not isinstance(action, argparse._SubParsersAction)
        ]
        if not actions:
            continue
        title = str(group.title)
        yield titled(escaped(title[:1].upper() + title[1:]), line)
        if group.description:
            yield f"{escaped(group.description)}\n\n"
        for action in actions:
            said = formatter._expand_help(action) if action.help else ""
            yield f".. option:: {_invocation(action, formatter)}\n\n   {escaped(said)}\n\n"


def _invocation(action: argparse.Action, formatter: argparse.HelpFormatter) -> str:
    shown = formatter._format_action_invocation(action)
    return shown if action.option_strings else shown.upper()


def _make(app: Any) -> None:
    from hybridsent.cli._main import build_parser

    folder = Path(app.srcdir) / GENERATED / "cli"
    write_folder(folder, command_pages(build_parser()))


def _link_code(app: Any, doctree: Any, page: str) -> None:
    """Let ``hybridsent evaluate`` in pages lead to the page of the command."""
    from docutils import nodes

    if page.startswith(f"{GENERATED}/cli/"):
        return
    known = {f"hybridsent {name}": name for name in commands_of(_parser())}
    for node in list(doctree.findall(nodes.literal)):
        command = known.get(" ".join(node.astext().split()[:2]))
        if command and not isinstance(node.parent, nodes.reference):
            address = app.builder.get_relative_uri(page, f"{GENERATED}/cli/{command}")
            node.replace_self(nodes.reference("", "", node.deepcopy(), refuri=address))


def _parser() -> argparse.ArgumentParser:
    from hybridsent.cli._main import build_parser

    return build_parser()


def setup(app: Any) -> None:
    """Set this part of the extension up."""
    app.connect("builder-inited", _make)
    app.connect("doctree-resolved", _link_code)
