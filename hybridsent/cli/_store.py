"""Look at the feature store, empty it, check every row, or merge other stores (layer L7)."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from hybridsent._hints import did_you_mean
from hybridsent.cli._console import UsageError, columns, say
from hybridsent.exceptions import StoreError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    info = actions.add_parser("info", help="rows and bytes of each encoder")
    clear = actions.add_parser("clear", help="forget all rows, or those of one encoder")
    clear.add_argument("fingerprint", nargs="?", help="as `store info` names it (default: all)")
    verify = actions.add_parser("verify", help="check every row against its checksum")
    verify.add_argument("--repair", action="store_true", help="delete what is damaged")
    merge = actions.add_parser("merge", help="take over the rows of stores of other nodes")
    merge.add_argument("sources", nargs="+", metavar="FROM", help="folders of the other stores")
    for action in (info, clear, verify, merge):
        action.add_argument(
            "--store", default="default", metavar="FOLDER", help="folder (default: the user's)"
        )


def run(arguments: argparse.Namespace) -> None:
    """Do what the action says."""
    from hybridsent.store import resolve_store

    if arguments.store == "off":  # as other commands call it where nothing is kept
        raise UsageError("--store must be a folder; got 'off', which names no store")
    store = resolve_store(arguments.store)
    actions = {"info": _info, "clear": _clear, "verify": _verify, "merge": _merge}
    actions[arguments.action](store, arguments)


def _info(store: Any, _arguments: argparse.Namespace) -> None:
    files = store.info()
    rows: list[list[object]] = [["fingerprint", "rows", "width", "MB", "last used"]]
    for file in files:
        used = (
            datetime.fromtimestamp(file.last_used, tz=UTC).strftime("%Y-%m-%d")
            if file.last_used
            else "-"
        )
        width = "text" if file.width == 0 else file.width
        rows.append([file.fingerprint, file.rows, width, f"{file.bytes / 2**20:.1f}", used])
    print(columns(rows))
    say(
        f"{sum(file.rows for file in files)} rows, {sum(file.bytes for file in files) / 2**20:.1f} "
        f"MB in {store.path}"
    )


def _clear(store: Any, arguments: argparse.Namespace) -> None:
    known = [file.fingerprint for file in store.info()]
    if arguments.fingerprint is not None and arguments.fingerprint not in known:
        raise UsageError(
            f"FINGERPRINT must be one that the store holds, as `hybridsent store info` names it; "
            f"got {arguments.fingerprint!r}.{did_you_mean(arguments.fingerprint, known)}"
        )
    freed = store.clear(arguments.fingerprint)
    print(f"{freed / 2**20:.1f} MB freed in {store.path}")


def _verify(store: Any, arguments: argparse.Namespace) -> None:
    problems = store.verify(repair=arguments.repair)
    for problem in problems:
        print(problem)
    if problems and not arguments.repair:
        raise StoreError(
            f"{len(problems)} problems in {store.path}; mend with: hybridsent store verify --repair"
        )
    print(f"{len(problems)} problems repaired" if problems else "every row is sound")


def _merge(store: Any, arguments: argparse.Namespace) -> None:
    merged = store.merge(arguments.sources)
    rows: list[list[object]] = [["from", "fingerprint", "new", "known", "damaged"]]
    rows += [[one.source, one.fingerprint, one.new, one.known, one.damaged] for one in merged]
    print(columns(rows))
    new, damaged = sum(one.new for one in merged), sum(one.damaged for one in merged)
    say(f"{new} rows taken over into {store.path}")
    if damaged:
        say(f"{damaged} damaged rows were left out: whoever wants them computes them again.")
    if refused := [one.refused for one in merged if one.refused]:
        raise StoreError(f"{len(refused)} files were not taken over whole: {' '.join(refused)}")
