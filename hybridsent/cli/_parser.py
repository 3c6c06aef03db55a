"""The parser of the command line (layer L7): argparse, but an option given twice is no secret.

argparse keeps the last value of an option that is given twice and says nothing of the first.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from hybridsent.cli._given import ACTIONS

__all__ = ["Parser", "number"]


class Parser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that refuses a second value of an option that has one.

    Examples
    --------
    >>> from hybridsent.cli._parser import Parser
    >>> parser = Parser(prog="p", exit_on_error=False)
    >>> _ = parser.add_argument("--audio")
    >>> parser.parse_args(["--audio", "a", "--audio", "b"])
    Traceback (most recent call last):
    argparse.ArgumentError: argument --audio: may be given once, got 'a' and 'b'
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, action in ACTIONS.items():
            self.register("action", name, action)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where to look for what is not known or not given."""
        if message.startswith("unrecognized arguments: --"):
            message += "; see `--help` of the command (an option of a plugin needs --plugin NAME)"
        if "arguments are required" in message:
            message += f"; `{self.prog} --help` tells what there is"
        super().error(message)


def number(
    least: float, *, whole: bool = True, most: float | None = None, including: bool = False
) -> Callable[[str], Any]:
    """Make the type of an option that takes a number.

    Parameters
    ----------
    least : float
        The smallest that is allowed; numbers that need not be whole must be above it, unless
        `including`.
    whole : bool, default=True
        Whether it must be an integer.
    most : float, default=None
        The largest that is allowed; None for any.
    including : bool, default=False
        Whether `least` itself is allowed, too, where numbers need not be whole.

    Returns
    -------
    callable
        For ``type=``.

    Examples
    --------
    >>> from hybridsent.cli._parser import number
    >>> number(2)("5"), number(0, whole=False)("0.5")
    (5, 0.5)
    """
    above = not (whole or including)
    kind = f"a number above {least:g}" if above else f"a number of at least {least:g}"
    kind = kind.replace("a number", "a whole number") if whole else kind
    kind += f" and at most {most:g}" if most is not None else ""

    def fits(value: float) -> bool:
        if most is not None and value > most:
            return False
        return (value > least if above else value >= least) and value < float("inf")

    def read(text: str) -> Any:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"must be {kind}; got {text!r}")
        return value

    return read
