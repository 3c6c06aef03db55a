"""List the registered backbones with width, licence and weights, or fetch some (layer L7)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from hybridsent.cli._console import UsageError, columns, say
from hybridsent.cli._view_options import add_plugins

if TYPE_CHECKING:
    from hybridsent.encoders import Backbone

USE = {True: "yes", False: "no", None: "?"}
FETCH = "fetch"
"""Stands before names that are to be fetched; no name of a backbone is without a slash."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "pattern",
        nargs="*",
        help="such as 'text/*' (default: all); or 'fetch NAME …' to download their weights",
    )
    add_plugins(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print one line a backbone, and one for each name of what is learned instead; or fetch."""
    words = arguments.pattern
    if words[:1] == [FETCH]:
        _fetch(words[1:])
    elif len(words) > 1:
        raise UsageError(f"one pattern may be given; got {' '.join(words)}")
    else:
        _list(*words)


def _list(pattern: str = "*") -> None:
    from fnmatch import filter as matching

    from hybridsent.encoders import list_backbones
    from hybridsent.encoders._registry import LEARNED
    from hybridsent.media import list_modalities

    found = list_backbones(pattern)
    learned = matching(LEARNED, pattern)
    if not found and not learned:
        raise UsageError(f"no registered backbone matches {pattern!r}; see: hybridsent backbones")
    head = ["name", "width", "at hand", "commercial use", "licence", "weights"]
    rows = [
        [b.name, b.width or "?", _at_hand(b), USE[b.commercial_use], b.licence, b.weights]
        for b in found
    ]
    rows += [
        [name, "-", "-", "yes", "-", "none: learned from your rows in each fit"] for name in learned
    ]
    print(columns([*([head] if pattern == "*" else []), *rows]))
    kinds = ", ".join(kind.name for kind in list_modalities() if kind.hf_network is not None)
    say(
        f"Also, by name: hf:REPO-OR-FOLDER ({kinds}), torchvision:NAME[/WEIGHTS][@FILE], "
        "opensmile:SET[/LEVEL]"
    )
    if any(backbone.ready is False for backbone in found):
        say("Those that are not at hand: hybridsent backbones fetch NAME")


def _at_hand(backbone: Backbone) -> str:
    """Name the source that is at hand; ? for what only loading tells."""
    from hybridsent.encoders._sources import at_hand

    if not backbone.sources:
        return "?"
    source = at_hand(backbone)
    return "no" if source is None else source.kind()


def _fetch(names: list[str]) -> None:
    """Download the weights of each name, and say where they lie."""
    from hybridsent.encoders import get_backbone, locate
    from hybridsent.encoders._sources import HubFiles, fetch, size_of

    if not names:
        raise UsageError("the name of a backbone must follow fetch; see: hybridsent backbones")
    for name in names:
        family, colon, repo = name.partition(":")
        if colon and family == "hf":  # its files alone tell what it reads, and it is any of them
            raise UsageError(
                f"{name} cannot be fetched by this command, which knows registered names (see: "
                f"hybridsent backbones). Run `hf download {repo}`, or give --download to the "
                "command that reads it"
            )
    backbones = [get_backbone(name) for name in names]
    for backbone in backbones:  # a wrong name is told before the first is downloaded
        if not any(isinstance(source, HubFiles) for source in backbone.sources):
            raise UsageError(
                f"{backbone.name} cannot be fetched: no repository of the hub is registered for it "
                f"({backbone.weights})"
            )
    for backbone in backbones:
        source = fetch(backbone)
        used = locate(backbone).source
        size, use = f"{size_of(source) / 2**20:,.0f} MiB", USE[backbone.commercial_use]
        print(columns([[backbone.name, size, backbone.licence, f"commercial use: {use}"]]))
        print(f"  {source.folder()}")
        if used != source:
            say(f"{backbone.name} is read from its package while that is installed")
