"""Options that say what of a table is read, and how (layer L7)."""

from __future__ import annotations

import argparse

from hybridsent.cli._modalities import media_parts, modality_names
from hybridsent.cli._parser import number

__all__ = ["add_channel", "add_plugins", "add_reading", "add_speech", "add_views"]


def add_plugins(parser: argparse.ArgumentParser) -> None:
    """Add ``--plugin``; it was obeyed before the options were known, since it may add some."""
    parser.add_argument(
        "--plugin",
        action="append",
        metavar="NAME",
        help="a module or .py file of your own that adds modalities, backbones, heads; it is run "
        "(also: HYBRIDSENT_PLUGINS)",
    )


def add_views(parser: argparse.ArgumentParser) -> None:
    """Add an option for each modality, ``--view``, ``--meta`` and those of contexts."""
    group = parser.add_argument_group(
        "views (found by name and content where none is given)",
        "Each may be given several times; several of one modality are named like their columns.",
    )
    for name in modality_names():
        group.add_argument(
            f"--{name}",
            action="append",
            metavar="COL[=BACKBONE]",
            help=f"column of the {name}, and what reads it",
        )
    for name, parts in media_parts().items():
        group.add_argument(
            f"--{name}",
            action="append",
            metavar="COL",
            help=f"column of the {name}, which makes the views {' and '.join(parts)}",
        )
    group.add_argument(
        "--view",
        action="append",
        metavar="NAME=COL:BACKBONE",
        help="a view by a name of its own; COL may be left out where it is NAME, and BACKBONE may "
        "be a modality, text/words, or left out",
    )
    group.add_argument(
        "--meta",
        action="append",
        metavar="COL[,COL…]",
        help="columns of numbers, dates and categories, together one view",
    )
    speech = parser.add_argument_group("speech, as a view of texts beside it")
    speech.add_argument(
        "--transcribe",
        action="append",
        nargs="?",
        const="",
        metavar="COL",
        help="write down what is said in this column of sounds or videos, in a column COL_text "
        "(without COL: the one that is read as sound)",
    )
    add_speech(speech)
    _add_context(parser)


def add_speech(group: argparse._ArgumentGroup) -> None:
    """Add what listens, and what is read instead."""
    group.add_argument(
        "--speech-model",
        metavar="NAME",
        help="folder or name of a model of faster-whisper (default: tiny.en, English alone)",
    )
    group.add_argument(
        "--speech-language",
        metavar="CODE",
        help="what is spoken, such as de (default: each sound tells)",
    )
    group.add_argument(
        "--no-subtitles",
        action="store_true",
        help="listen also where subtitles (.srt, .vtt) lie beside a file",
    )


def _add_context(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("neighbours of a row, as a view beside it")
    group.add_argument(
        "--context",
        action="append",
        metavar="COL",
        help="gather the neighbours' cells of this column in a column COL_context",
    )
    for name, what in (
        ("group", "which rows are one conversation (dialogue, video)"),
        ("order", "what comes first (turn, date)"),
        ("by", "what must be alike, such as the speaker (default: nothing)"),
    ):
        group.add_argument(
            f"--context-{name}", action="append", metavar="COL", help=f"column that tells {what}"
        )
    group.add_argument(
        "--context-before", type=number(0), metavar="N", help="rows before it (default: 3)"
    )
    group.add_argument(
        "--context-after", type=number(0), metavar="N", help="rows after it (default: 0)"
    )
    group.add_argument(
        "--context-decay",
        type=number(0, whole=False, most=1),
        metavar="X",
        help="what a row weighs beside one that is a step nearer, at most 1 (default: 1)",
    )


def add_reading(group: argparse._ArgumentGroup) -> None:
    """Add ``--clean``, ``--long``, ``--frames``, ``--channel`` and ``--crop``: what is encoded."""
    group.add_argument(
        "--clean",
        action="append",
        metavar="POLICY=VALUE[,…]",
        help="what is done to texts: urls=token|drop, mentions=token|drop, hashtags=split|drop, "
        "emoji=name|drop, elongation=shorten, unicode=NFKC; or MODULE:FUNCTION, of your own",
    )
    group.add_argument(
        "--long",
        choices=("cut", "mean"),
        help="what is done to a text or sound that is too long (default: cut)",
    )
    group.add_argument(
        "--frames",
        type=_frames,
        metavar="N",
        help="frames that are read of a video, or 'cuts': one of each scene (default: 8)",
    )
    add_channel(group)
    group.add_argument(
        "--crop",
        choices=("face",),
        help="read the largest face of a picture alone; all of it where none is found",
    )


def add_channel(group: argparse._ArgumentGroup) -> None:
    """Add ``--channel``."""
    group.add_argument(
        "--channel",
        type=number(0),
        metavar="N",
        help="channel of the sounds that is heard, from 0, such as one side of a call (default: "
        "the mean of all)",
    )


def _frames(text: str) -> int | str:
    try:
        return text if text == "cuts" else int(number(1)(text))
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}; or must be 'cuts'") from error
