"""Arguments, errors and exit codes of the command (layer L7).

Exit codes: 0 done, 2 wrong use (arguments, tables, names), 1 failed (weights, cells, store,
models), 130 interrupted.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from hybridsent._version import __version__
from hybridsent.cli import (
    _backbones,
    _check,
    _compare,
    _demo,
    _encode,
    _evaluate,
    _finetune,
    _fit,
    _label,
    _market,
    _monitor,
    _networks,
    _predict,
    _recipes,
    _report,
    _score,
    _search,
    _serve,
    _store,
    _timeline,
    _transcribe,
)
from hybridsent.cli._console import UsageError, say
from hybridsent.cli._given import Namespace, unread
from hybridsent.cli._modalities import modality_names
from hybridsent.cli._parser import Parser
from hybridsent.cli._plugins import load_plugins
from hybridsent.cli._streams import forgiving, hush
from hybridsent.cli._words import in_flags
from hybridsent.exceptions import HybridsentError, TableError, UnknownBackboneError

__all__ = ["build_parser", "main"]

COMMANDS: tuple[ModuleType, ...] = (
    *(_demo, _backbones, _recipes, _encode, _transcribe, _label, _finetune, _fit, _predict),
    *(_score, _market, _serve, _monitor, _timeline),
    *(_check, _evaluate, _compare, _report, _search, _store, _networks),
)

_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands.

    Returns
    -------
    argparse.ArgumentParser
        Each command sets ``run``, the function to call with the arguments.

    Examples
    --------
    >>> from hybridsent.cli._main import build_parser
    >>> build_parser().parse_args(["backbones"]).command
    'backbones'
    """
    parser = Parser(
        prog="hybridsent",
        description="Transfer learning for cross-modal sentiment analysis, as scikit-learn.",
        epilog="Start with: hybridsent demo",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"hybridsent {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in COMMANDS:
        name = module.__name__.rsplit("._", 1)[-1]
        description = (module.__doc__ or "").split("\n", 1)[0].replace(" (layer L7).", ".")
        sub = commands.add_parser(
            name, help=description, description=description, allow_abbrev=False
        )
        # SUPPRESS: the default must not overwrite a --debug given before the command
        sub.add_argument(
            "--debug",
            action="store_true",
            default=argparse.SUPPRESS,
            help="show the traceback of an error",
        )
        _add_arguments(module, sub)
        sub.usage = _usage(sub)
        sub.set_defaults(run=module.run)
    return parser


def _add_arguments(module: ModuleType, parser: argparse.ArgumentParser) -> None:
    """Let a command add its options, those of modalities among them, which others have named."""
    clash: str | None = None
    try:
        module.add_arguments(parser)
    except argparse.ArgumentError as error:
        clash = str(error.argument_name).lstrip("-")
        if clash not in modality_names():
            raise
    taken = [action.dest for action in parser._actions] + ["run", "command"]
    names = [name for name in modality_names() if name == clash or taken.count(name) > 1]
    if names:
        raise UsageError(
            f"a modality must not be named {names[0]!r}, which the command line uses for something "
            "else; rename it where it is registered"
        )


def _usage(parser: argparse.ArgumentParser) -> str | None:
    """Write what must be given in a line: dozens of options follow in groups of their own."""
    if any(isinstance(action, argparse._SubParsersAction) for action in parser._actions):
        return None
    words = [parser.prog]
    for action in parser._actions:
        if action.option_strings and action.required:
            words += [action.option_strings[0], str(action.metavar)]
        elif not action.option_strings:
            name = str(action.metavar or action.dest).upper()
            words.append(f"[{name}]" if action.nargs == "?" else name)
    return " ".join([*words, "[options]"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments; None takes those of the process.

    Returns
    -------
    int
        Exit code.

    Examples
    --------
    >>> from hybridsent.cli import main
    >>> main(["backbones", "audio/egemaps*"])  # doctest: +ELLIPSIS
    audio/egemaps-v02 ...
    0
    """
    with forgiving():
        try:
            code = _main(argv)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:  # `hybridsent … | head` closed the pipe; there is nobody to tell
            hush()
            return 1
    return code


def _main(argv: Sequence[str] | None) -> int:
    given = sys.argv[1:] if argv is None else list(argv)
    try:
        load_plugins(given)
        arguments = build_parser().parse_args(given, Namespace())
        arguments.given = given
        vars(arguments)["_read"] = set()  # argparse itself has read all of them
    except UsageError as error:
        return _fail(error, argparse.Namespace(debug="--debug" in given), 2)
    except SystemExit as stop:  # argparse has said what is wrong
        return int(stop.code or 0)
    with warnings.catch_warnings():
        warnings.showwarning = _said_once(arguments)
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    try:
        return _done(arguments)
    except KeyboardInterrupt as stop:
        say(str(stop) or "interrupted; what was encoded so far is in the store")
        return 130
    except BrokenPipeError:
        raise
    except (UsageError, TableError, UnknownBackboneError) as error:
        return _fail(error, arguments, 2)
    except (HybridsentError, ValueError, OSError, MemoryError, ImportError) as error:
        return _fail(error, arguments, 1)
    except Exception as error:  # noqa: BLE001 - the last door: an unforeseen error is named, and shown whole with --debug
        return _fail(error, arguments, 1, unforeseen=True)


def _done(arguments: argparse.Namespace) -> int:
    """Run a command, and say which options it had no use for: none is dropped in silence."""
    code = int(arguments.run(arguments) or 0)
    if idle := unread(arguments):
        say(f"note: nothing reads {', '.join(idle)} here; without that the result is the same")
    return code


def _fail(
    error: BaseException, arguments: argparse.Namespace, code: int, *, unforeseen: bool = False
) -> int:
    if arguments.debug:
        raise error
    message = in_flags(" ".join(_words_of(error).split()), arguments) or type(error).__name__
    if unforeseen:
        message = f"an unforeseen {type(error).__name__}: {message} (--debug shows the traceback)"
    say(f"error: {message}")
    return code


def _words_of(error: BaseException) -> str:
    """Say what an error says; the system's own, ``[Errno 2] …: 'model'``, as a sentence."""
    if not isinstance(error, OSError) or error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename} cannot be used: {error.strerror}. Check the path."


def _said_once(arguments: argparse.Namespace) -> Callable[..., None]:
    """Make a way to show warnings to people: every fold gives the same ones, of other numbers."""
    said: set[str] = set()

    def show(message: Warning | str, *_args: Any, **_kwargs: Any) -> None:
        text = in_flags(" ".join(str(message).split()), arguments)
        kind = _NUMBERS.sub("0", text)
        # in threads scikit-learn's folds empty each other's warning filters, and this warns of it;
        # TODO: remove when Python 3.14 is the oldest, where filters belong to a thread
        if kind in said or text.startswith("`sklearn.utils.parallel.delayed` should be used"):
            return
        said.add(kind)
        say(f"warning: {text}")

    return show
