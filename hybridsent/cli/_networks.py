"""Look at the networks that were converted for this processor, or empty their folder (layer L7)."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from hybridsent.cli._console import columns, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("info", help="bytes and last use of each conversion")
    clear = actions.add_parser(
        "clear", help="delete them all; they are made again when they are needed"
    )
    clear.add_argument(
        "--others", action="store_true", help="only what other versions of the packages made"
    )


def run(arguments: argparse.Namespace) -> None:
    """Do what the action says."""
    {"info": _info, "clear": _clear}[arguments.action](arguments)


def _info(_arguments: argparse.Namespace) -> None:
    from hybridsent.encoders._graph_care import kept_items, largest_bytes
    from hybridsent.encoders._graph_files import networks_path
    from hybridsent.encoders._graphs import versions

    items, current = kept_items(), versions()
    rows: list[list[object]] = [["backbone", "pass", "MB", "last used", "versions"]]
    for item in items:
        used = datetime.fromtimestamp(item.last_used, tz=UTC).strftime("%Y-%m-%d")
        made = "these" if item.versions == current else "others"
        rows.append([item.name, item.output, f"{item.bytes / 1e6:.1f}", used, made])
    print(columns(rows))
    size = sum(item.bytes for item in items)
    say(
        f"{len(items)} conversions, {size / 1e6:.1f} MB of at most {largest_bytes() / 1e9:g} GB "
        f"(HYBRIDSENT_NETWORKS_GB) in {networks_path()}"
    )


def _clear(arguments: argparse.Namespace) -> None:
    from hybridsent.encoders._graph_care import clear
    from hybridsent.encoders._graph_files import networks_path
    from hybridsent.encoders._graphs import versions

    freed = clear(versions() if arguments.others else None)
    print(f"{freed / 1e6:.1f} MB freed in {networks_path()}")
