"""Serve a model on the web: a page for people, and answers for programs (layer L7)."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, say
from hybridsent.cli._parser import number
from hybridsent.cli._scorers import add_trust_options, opened_scorer
from hybridsent.cli._view_options import add_plugins

if TYPE_CHECKING:
    from hybridsent._web import Tokens
    from hybridsent.serve import Limits

_VARIABLE = "HYBRIDSENT_SERVE_TOKENS"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("model", metavar="MODEL", help="file written by `hybridsent fit`")
    group = parser.add_argument_group("where it listens, and to whom")
    group.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address of this machine; 0.0.0.0 is reached by others, and needs a token (default: "
        "127.0.0.1, reached from this machine alone)",
    )
    group.add_argument(
        "--port",
        type=number(0, most=65535),
        default=8000,
        metavar="N",
        help="0 is any that is free (default: 8000)",
    )
    group.add_argument(
        "--token-file",
        metavar="FILE",
        help="tokens, one a line, any of which lets in, sent as `Authorization: Bearer TOKEN` "
        f"(default: the environment variable {_VARIABLE}, several separated by blanks)",
    )
    group.add_argument(
        "--insecure",
        action="store_true",
        help="let everybody in who reaches the server, without a token",
    )
    group.add_argument(
        "--allow-host",
        action="append",
        metavar="NAME",
        help="name by which it is called; others are refused (default: any where others reach it)",
    )
    group.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="SITE",
        help="site whose pages may ask, such as https://example.org (default: none)",
    )
    group.add_argument("--no-page", action="store_true", help="serve programs alone")
    group.add_argument("--no-log", action="store_true", help="log no requests")
    _add_work(parser)


def _add_work(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how much is answered")
    group.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=N",
        help="change a limit: body and memory (bytes), rows, text (characters), items, pixels "
        "and seconds (of one file), all_pixels and all_seconds (of a request), rate (requests a "
        "second of a client), concurrency, waiting and batch (rows), timeout and upload (seconds); "
        "`hybridsent.serve.Limits` tells what they are by default",
    )
    group.add_argument(
        "--threads",
        type=number(1),
        default=1,
        metavar="N",
        help="threads that ask the model (default: 1; its networks use all cores)",
    )
    group.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto)"
    )
    group.add_argument(
        "--store",
        default="off",
        metavar="FOLDER",
        help="folder in which features of what is sent are kept (default: off, nothing is kept)",
    )
    group = parser.add_argument_group("what the file may load")
    add_trust_options(group)
    group.add_argument("--download", action="store_true", help="missing weights from their hub")
    add_plugins(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load the model, and serve until Ctrl-C."""
    from hybridsent._web import LOOPBACK, is_loopback
    from hybridsent.serve import make_app, serve

    tokens = _tokens(arguments)
    here = is_loopback(arguments.host)
    if tokens is None and not here and not arguments.insecure:
        raise UsageError(
            f"--host {arguments.host} lets others in: give --token-file, or set {_VARIABLE}; "
            "--insecure lets everybody in"
        )
    limits = _limits(arguments.limit)
    scorer = opened_scorer(arguments)
    if arguments.device != "auto":  # words and features have no device, and say so
        scorer.configure(device=arguments.device)
    hosts = arguments.allow_host or (sorted(LOOPBACK) if here else None)
    told: dict[str, Any] = {"log": None} if arguments.no_log else {}
    app = make_app(
        scorer,
        tokens=tokens,
        limits=limits,
        hosts=hosts,
        origins=arguments.allow_origin,
        store=None if arguments.store == "off" else arguments.store,
        threads=arguments.threads,
        page=not arguments.no_page,
        **told,
    )
    if tokens is not None:
        say("who asks needs a token: `Authorization: Bearer TOKEN`, or ?token=TOKEN in a browser")
    elif not here:
        say("everybody who reaches this server may ask it (--insecure)")
    if arguments.store == "off":
        say("nothing that is sent is kept")
    serve(app, arguments.host, arguments.port, told=say)
    say("every request that was accepted is answered")


def _tokens(arguments: argparse.Namespace) -> Tokens | None:
    from hybridsent._web import Tokens

    found = os.environ.get(_VARIABLE, "").split()
    try:
        if arguments.token_file is not None:
            return Tokens.read(arguments.token_file)
        return Tokens(found) if found else None
    except OSError as error:
        raise UsageError(f"--token-file cannot be read: {error}") from error
    except ValueError as error:
        where = arguments.token_file or _VARIABLE
        raise UsageError(f"{where}: {error}") from error


def _limits(given: list[str]) -> Limits:
    from hybridsent.serve import Limits

    known = {each.name: each for each in fields(Limits)}
    found: dict[str, Any] = {}
    for each in given:
        name, _, value = each.partition("=")
        if name not in known:
            raise UsageError(f"--limit must name one of {', '.join(known)}; got {each!r}")
        if name in found:
            raise UsageError(f"--limit must name each limit once; got {name!r} twice")
        whole = known[name].type == "int"
        try:
            found[name] = int(value) if whole else float(value)
        except ValueError as error:
            kind = "a whole number" if whole else "a number"
            raise UsageError(f"--limit {name} must be {kind}; got {value!r}") from error
    try:
        return Limits(**found)
    except ValueError as error:
        raise UsageError(f"--limit: {error}") from error
