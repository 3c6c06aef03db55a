"""Score a long recording or film over time (layer L7)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._class_values import class_values
from hybridsent.cli._console import UsageError, is_interactive, say
from hybridsent.cli._files import TABLES, check_outputs
from hybridsent.cli._options import add_care_options
from hybridsent.cli._parser import number
from hybridsent.cli._scorers import add_trust_options, equip, opened_scorer
from hybridsent.cli._view_options import add_plugins

if TYPE_CHECKING:
    from hybridsent.scoring import Scorer
    from hybridsent.timeline import Timeline

_PICTURES = (".png", ".svg", ".pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("file", metavar="FILE", help="a sound or a video, of any length")
    parser.add_argument(
        "--model", required=True, metavar="MODEL", help="file written by `hybridsent fit`"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.csv", help="a row for each window"
    )
    group = parser.add_argument_group("windows")
    group.add_argument(
        "--window",
        type=number(0, whole=False),
        default=4.0,
        metavar="S",
        help="seconds that are scored at once (default: 4)",
    )
    group.add_argument(
        "--hop",
        type=number(0, whole=False),
        default=1.0,
        metavar="S",
        help="seconds from one window to the next (default: 1)",
    )
    group.add_argument(
        "--frame-rate",
        type=number(0, whole=False),
        default=None,
        metavar="N",
        help="frames a second that are read of a video (default: 1)",
    )
    group.add_argument(
        "--index",
        metavar="WHAT",
        help="the curve: a class, whose probability it shows, or values such as angry=-1,happy=1 "
        "(default: what classes such as positive and negative are worth)",
    )
    group.add_argument(
        "--confidence",
        type=number(0, whole=False, most=1),
        default=0.95,
        metavar="X",
        help="of all intervals (default: 0.95)",
    )
    group.add_argument(
        "--explain", action="store_true", help="tell the share of each view in each window"
    )
    said = parser.add_argument_group("what is said, and by whom")
    said.add_argument(
        "--speakers",
        default="auto",
        metavar="FILE.rttm",
        help="who speaks when; auto: beside the file, or names in its subtitles; off: nobody "
        "(default: auto)",
    )
    said.add_argument(
        "--subtitles",
        default="auto",
        metavar="FILE.srt",
        help="what is said (.srt, .vtt); auto: beside the file, else a model that was fitted with "
        "--transcribe listens; hear: any model of texts listens; off: nothing (default: auto)",
    )
    said.add_argument(
        "--speech-model", metavar="NAME", help="folder or name of a model of faster-whisper"
    )
    said.add_argument(
        "--speech-language", metavar="CODE", help="what is spoken, such as de (default: it tells)"
    )
    shown = parser.add_argument_group("what is written beside the table")
    shown.add_argument("--plot", metavar="OUT.png", help="a picture (.png, .svg or .pdf)")
    shown.add_argument("--speakers-table", metavar="OUT.csv", help="a row for each speaker")
    shown.add_argument("--json", metavar="OUT.json", help="everything, as JSON")
    shown.add_argument(
        "--html",
        action="store_true",
        help="a page with a player, beside --output: its name, ending in .html",
    )
    shown.add_argument(
        "--embed",
        type=number(0, whole=False, including=True),
        default=8.0,
        metavar="MB",
        help="put a recording of up to so many megabytes into the page; a larger one, and any "
        "with 0, is linked to (default: 8)",
    )
    shown.add_argument(
        "--language", choices=("en", "zh"), default="en", help="in which the page opens"
    )
    care = parser.add_argument_group("encoding")
    care.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    add_care_options(care)
    add_trust_options(parser)
    add_plugins(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load, score, write and say what was found."""
    from hybridsent.timeline import score_timeline

    outputs = _outputs(arguments)
    if not Path(arguments.file).is_file():
        raise UsageError(f"there is no file {arguments.file!r}; name a recording or a film")
    scorer = opened_scorer(arguments)
    equip(scorer, arguments)
    if arguments.frame_rate is not None and not _sees(scorer):
        raise UsageError(
            "--frame-rate is about pictures and videos, of which the model reads none; leave it out"
        )
    line = score_timeline(
        arguments.file,
        scorer,
        window=arguments.window,
        hop=arguments.hop,
        speakers=None if arguments.speakers == "off" else arguments.speakers,
        subtitles=None if arguments.subtitles == "off" else arguments.subtitles,
        index=_index(arguments.index),
        frame_rate=1.0 if arguments.frame_rate is None else arguments.frame_rate,
        confidence=arguments.confidence,
        explain=arguments.explain,
        on_error=arguments.on_error,
        speech_model=arguments.speech_model,
        speech_language=arguments.speech_language,
        local_files_only=not arguments.download,
        progress=_progress() if is_interactive() else None,
    )
    _write(line, outputs, arguments)
    print(line)


def _outputs(arguments: argparse.Namespace) -> dict[str, Path]:
    """Refuse what cannot be written, before hours are scored."""
    page = str(Path(arguments.output).with_suffix(".html")) if arguments.html else None
    asked: dict[str, tuple[str | None, tuple[str, ...]]] = {
        "output": (arguments.output, TABLES),
        "plot": (arguments.plot, _PICTURES),
        "speakers_table": (arguments.speakers_table, TABLES),
        "json": (arguments.json, (".json",)),
        "html": (page, (".html", ".htm")),
    }
    reads = [arguments.file, arguments.model]
    reads += [each for each in (arguments.speakers, arguments.subtitles) if Path(each).is_file()]
    found = check_outputs(asked, reads=reads)
    if "plot" in found:
        from hybridsent._optional import import_optional

        import_optional("matplotlib", caller="--plot", extra="plot")
    return found


def _index(text: str | None) -> Any:
    """Read a class, or ``angry=-1,happy=1``."""
    if text is None or "=" not in text:
        return text
    return class_values([text], "--index, where it is no class,")


def _sees(scorer: Scorer) -> bool:
    """Whether the model reads frames of a recording."""
    from hybridsent.timeline._inputs import fills_of

    return fills_of(scorer).wants_frames


def _progress() -> Any:
    from hybridsent.timeline._words import clock

    def show(seconds: float) -> None:
        import sys

        print(f"\r{clock(seconds)} scored", end="", file=sys.stderr, flush=True)

    return show


def _write(line: Timeline, outputs: dict[str, Path], arguments: argparse.Namespace) -> None:
    from hybridsent.datasets import write_table

    if is_interactive():
        say("")
    write_table(line.to_frame(), outputs["output"])
    if "speakers_table" in outputs:
        write_table(line.speakers_frame(), outputs["speakers_table"])
    if "json" in outputs:
        outputs["json"].write_text(line.to_json() + "\n", encoding="utf-8", newline="\n")
    if "plot" in outputs:
        line.plot(outputs["plot"])
    if "html" in outputs:
        page = line.to_html(
            beside=outputs["html"], embed=arguments.embed, language=arguments.language
        )
        page.save(outputs["html"])
    for name, file in outputs.items():
        say(f"{name.replace('_', ' ')} -> {file}")
