"""Messages of the package in the words of the command line (layer L7): flags, not parameters."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Mapping

__all__ = ["in_flags"]

_FLAGS = {
    "how": "fusion",
    "groups": "group",
    "random_state": "seed",
    "scoring": "metric",
    "y": "target",
    "target": "target_domain",
    "n_target_labels": "target_labels",
    "local_files_only": "download",
    "views": "view",
    "plugins": "plugin",
    "alerts": "alert",
    "values": "index",
}
"""Parameters whose option has another name."""

_SAYS_NO = frozenset({"local_files_only", "subtitles"})
"""Parameters that are True where their flag is left out."""

_NAMED = re.compile(r"\b([Tt]he )?['`]?(\w+)['`]? parameter(?: of [A-Za-z_.]+)?(?= |\b)")
_SET = re.compile(r"(?<![\w/.='\"])(\w+)=(\[[^\[\]]+\]|\{[^{}]+\}|'[^']*'|\"[^\"]*\"|[\w.:-]*\w)")
_OPTION = re.compile(r"--[a-z-]+ ['\"]?$")
_LEFT_OPEN = re.compile(r"`(\w+)=`")
_PAIRS = re.compile(r"('[^']*'|\"[^\"]*\"): *('[^']*'|\"[^\"]*\"|[\w.+-]+)")
_QUOTES = "'\""
_LISTED = re.compile(r"[^\[\]'\", ]+")
_BARE = re.compile(r"(?<![\w/.'\"-])([a-z]+(?:_[a-z]+)+)(?!\w|[/'\"(]|\.\w)")

_TWICE = re.compile(r"(--[^()]+?) \((?:on the command line: )?\1\)")
"""What was said for Python and for the command line, once both are options."""


def in_flags(
    text: str, arguments: argparse.Namespace, names: Mapping[str, str] | None = None
) -> str:
    """Name the options of the command where a message names parameters of Python.

    Parameters
    ----------
    text : str
        A message.
    arguments : Namespace
        Of the command: only options that it has are named.
    names : mapping of str to str, default=None
        Options whose parameters have another name; None for those of the whole package.

    Returns
    -------
    str
        The message.

    Examples
    --------
    >>> from argparse import Namespace
    >>> from hybridsent.cli._words import in_flags
    >>> given = Namespace(max_seconds=None, on_error="raise", cv=5)
    >>> in_flags("raise max_seconds, or pass on_error='missing'", given)
    'raise --max-seconds, or pass --on-error missing'
    >>> in_flags("The cv parameter must be at least 2. Got 1.", given)
    '--cv must be at least 2. Got 1.'
    >>> in_flags("load it with trusted=['a.B', 'c.D']", Namespace(trusted=[]))
    'load it with --trusted a.B --trusted c.D'
    >>> in_flags("trusted=['a.B'] (on the command line: --trusted a.B)", Namespace(trusted=[]))
    '--trusted a.B'
    >>> in_flags("as in values={'anger': -1, 'joy': 1}", Namespace(values=[]))
    'as in --values anger=-1,joy=1'
    >>> in_flags("was begun with columns={'text': 'user.post'}", Namespace(columns=[]))
    'was begun with --columns text=user.post'
    >>> in_flags("--view cv=title must name a column", given)
    '--view cv=title must name a column'
    """
    known = _FLAGS if names is None else names

    def named(match: re.Match[str]) -> str:
        return _flag(match[2], arguments, known) or match[0]

    def set_to(match: re.Match[str]) -> str:
        name, value = match[1], match[2].strip("'\"")
        if _OPTION.search(match.string, 0, match.start()):
            return match[0]  # it is the value of an option, as it was given
        flag = _flag(name, arguments, known)
        if flag is None or value == "None":
            return f"{flag} off" if flag == "--store" else match[0]
        if value.startswith("["):
            return " ".join(f"{flag} {shlex.quote(each)}" for each in _LISTED.findall(value))
        if value.startswith("{"):
            return _pairs(flag, value) or match[0]
        if value in ("True", "False"):
            return flag if (value == "True") != (name in _SAYS_NO) else f"no {flag}"
        return f"{flag} {shlex.quote(value)}"

    def left_open(match: re.Match[str]) -> str:
        flag = _flag(match[1], arguments, known)
        return match[0] if flag is None else f"`{flag}`"

    def bare(match: re.Match[str]) -> str:
        return _flag(match[1], arguments, known) or match[0]

    text = _LEFT_OPEN.sub(left_open, _NAMED.sub(named, text))
    return _TWICE.sub(r"\1", _BARE.sub(bare, _SET.sub(set_to, text)))


def _pairs(flag: str, value: str) -> str:
    """Write a mapping: numbers with commas between, texts with an option each."""
    pairs = _PAIRS.findall(value)
    told = [f"{key[1:-1]}={worth.strip(_QUOTES)}" for key, worth in pairs]
    together = (
        [",".join(told)] if told and all(worth[0] not in _QUOTES for _, worth in pairs) else told
    )
    return " ".join(f"{flag} {shlex.quote(each)}" for each in together)


def _flag(parameter: str, arguments: argparse.Namespace, names: Mapping[str, str]) -> str | None:
    """Name the option of a parameter, where the command has one."""
    for name in dict.fromkeys((names.get(parameter, parameter), parameter)):
        if name in vars(arguments):  # to look is not to read
            return "--" + name.replace("_", "-")
    return None
