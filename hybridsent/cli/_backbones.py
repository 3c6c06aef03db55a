"""List the registered backbones with width, licence and weights (layer L6)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import UsageError, columns, say
from hybridsent.cli._view_options import add_plugins

USE = {True: "yes", False: "no", None: "?"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("pattern", nargs="?", default="*", help="such as 'text/*' (default: all)")
    add_plugins(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print one line a backbone, and one for each name of what is learned instead."""
    from fnmatch import filter as matching

    from hybridsent.encoders import list_backbones
    from hybridsent.encoders._registry import LEARNED
    from hybridsent.media import list_modalities

    found = list_backbones(arguments.pattern)
    learned = matching(LEARNED, arguments.pattern)
    if not found and not learned:
        raise UsageError(
            f"no registered backbone matches {arguments.pattern!r}; see: hybridsent backbones"
        )
    head = ["name", "width", "commercial use", "licence", "weights"]
    rows = [[b.name, b.width or "?", USE[b.commercial_use], b.licence, b.weights] for b in found]
    rows += [
        [name, "-", "yes", "-", "none: learned from your rows in each fit"] for name in learned
    ]
    print(columns([*([head] if arguments.pattern == "*" else []), *rows]))
    kinds = ", ".join(kind.name for kind in list_modalities() if kind.hf_network is not None)
    say(
        f"Also, by name: hf:REPO-OR-FOLDER ({kinds}), torchvision:NAME[/WEIGHTS][@FILE], "
        "opensmile:SET[/LEVEL]"
    )
