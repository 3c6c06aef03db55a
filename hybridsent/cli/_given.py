"""Which options were given, and whether anything read them (layer L7).

argparse tells neither: a value that was typed looks like a default, and an option that no code
looks at is dropped without a word. Here the parser notes what was typed, and a `Namespace` notes
what is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable
from typing import Any

from hybridsent.cli._console import UsageError

__all__ = ["ACTIONS", "Namespace", "changed", "given", "refuse_given", "unread", "unused"]

_OBEYED_BEFORE = frozenset({"debug", "plugin"})
"""Options that are obeyed before a command begins."""


class Namespace(argparse.Namespace):
    """What was typed, and which of it was read.

    Examples
    --------
    >>> from hybridsent.cli._given import Namespace, unread
    >>> arguments = Namespace(cv=5, seed=0, _given={"cv": ("--cv", 5), "seed": ("--seed", 0)})
    >>> arguments.cv
    5
    >>> unread(arguments)
    ['--seed']
    """

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            vars(self).setdefault("_read", set()).add(name)
        return super().__getattribute__(name)


def changed(arguments: argparse.Namespace, **values: Any) -> argparse.Namespace:
    """Give the same options with some values changed; what is read of these is read of those.

    Parameters
    ----------
    arguments : Namespace
        What the parser gave.
    **values : object
        What is changed.

    Returns
    -------
    Namespace
        Another one.
    """
    return type(arguments)(**{**vars(arguments), **values})


def given(arguments: argparse.Namespace) -> dict[str, str]:
    """Tell which options were typed.

    Parameters
    ----------
    arguments : Namespace
        What the parser gave.

    Returns
    -------
    dict of str to str
        The option as it was typed, by the name of its attribute.
    """
    return {name: option for name, (option, _) in vars(arguments).get("_given", {}).items()}


def unread(arguments: argparse.Namespace) -> list[str]:
    """Tell which options were typed, and read by nothing.

    Parameters
    ----------
    arguments : Namespace
        After the command has run.

    Returns
    -------
    list of str
        The options as they were typed.
    """
    read = vars(arguments).get("_read", set()) | _OBEYED_BEFORE
    return [option for name, option in given(arguments).items() if name not in read]


def unused(arguments: argparse.Namespace, names: Iterable[str]) -> None:
    """Take back that options were read, where what they are about turns out not to be there.

    Parameters
    ----------
    arguments : Namespace
        What the parser gave.
    names : iterable of str
        Attributes of the options, of which `unread` tells again those that were typed.

    Examples
    --------
    >>> from hybridsent.cli._given import Namespace, unread, unused
    >>> arguments = Namespace(device="cpu", _given={"device": ("--device", "cpu")})
    >>> arguments.device
    'cpu'
    >>> unused(arguments, ["device"])
    >>> unread(arguments)
    ['--device']
    """
    vars(arguments).get("_read", set()).difference_update(names)


def refuse_given(
    arguments: argparse.Namespace, why: str, names: Iterable[str] = (), *, but: Collection[str] = ()
) -> None:
    """Refuse options that would say nothing here, before the work is done.

    Parameters
    ----------
    arguments : Namespace
        What the parser gave.
    why : str
        What the message goes on with before "leave it out".
    names : iterable of str, default=()
        Attributes of the options; none are all of them.
    but : collection of str, default=()
        Attributes of those that may stand.

    Raises
    ------
    UsageError
        If one of them was typed.

    Examples
    --------
    >>> from hybridsent.cli._given import Namespace, refuse_given
    >>> typed = Namespace(_given={"cv": ("--cv", 5)})
    >>> refuse_given(typed, "needs --encode: give that, too, or", ["cv"])
    Traceback (most recent call last):
    hybridsent.cli._console.UsageError: --cv needs --encode: give that, too, or leave it out
    """
    typed = given(arguments)
    asked = set(names) or set(typed)
    for name, option in typed.items():
        if name in asked - set(but) - _OBEYED_BEFORE:
            raise UsageError(f"{option} {why} leave it out")


def _note(namespace: argparse.Namespace, action: argparse.Action, option: str | None) -> None:
    if option:
        typed = vars(namespace).setdefault("_given", {})
        typed[action.dest] = (option, None)


class _Once(argparse.Action):
    """Store the value of an option, and refuse a second one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        typed = vars(namespace).setdefault("_given", {})
        if option_string and self.dest in typed:
            raise argparse.ArgumentError(
                self, f"may be given once, got {typed[self.dest][1]!r} and {values!r}"
            )
        if option_string:
            typed[self.dest] = (option_string, values)
        setattr(namespace, self.dest, values)


class _True(argparse._StoreTrueAction):
    """Switch an option on."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        _note(namespace, self, option_string)
        super().__call__(parser, namespace, values, option_string)


class _Append(argparse._AppendAction):
    """Add a value to those of an option."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        _note(namespace, self, option_string)
        super().__call__(parser, namespace, values, option_string)


class _Extend(argparse._ExtendAction):
    """Add values to those of an option."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        _note(namespace, self, option_string)
        super().__call__(parser, namespace, values, option_string)


ACTIONS: dict[str | None, type[argparse.Action]] = {
    None: _Once,
    "store": _Once,
    "store_true": _True,
    "append": _Append,
    "extend": _Extend,
}
"""Actions of argparse by their names, which note what was typed."""
