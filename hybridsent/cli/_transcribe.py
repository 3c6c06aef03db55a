"""Write down what is said in a column of sounds or videos (layer L7)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import say
from hybridsent.cli._files import TABLES, as_read, check_output, read_rows
from hybridsent.cli._options import add_care_options, add_table
from hybridsent.cli._parser import number
from hybridsent.cli._speech import given_transcripts, transcribed
from hybridsent.cli._view_options import add_channel, add_plugins, add_speech


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table(parser)
    parser.add_argument(
        "--audio",
        dest="transcribe",
        metavar="COL",
        help="column of sounds or videos (found where there is one)",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="the table with four new columns: COL_text, _language, _confidence and _words",
    )
    group = parser.add_argument_group("speech")
    add_speech(group)
    add_channel(group)
    add_care_options(group)
    group.add_argument(
        "--max-seconds",
        type=number(0, whole=False),
        metavar="N",
        help="longest sound that is heard (default: 600)",
    )
    add_plugins(parser)


def run(arguments: argparse.Namespace) -> None:
    """Transcribe and write."""
    from hybridsent.datasets import write_table
    from hybridsent.datasets._table import check_can_write

    output = check_output(arguments.output, "--output", TABLES, reads=[arguments.table])
    arguments.transcribe = [arguments.transcribe or ""]
    table = read_rows(arguments)
    check_can_write(table, output)
    [transcript] = given_transcripts(arguments, table, [])
    made = transcribed(as_read(table, arguments, [transcript.column]), transcript, arguments)
    new = made.columns[len(table.columns) :]
    # the paths as they were written, not the absolute ones
    write_table(table.assign(**{name: made[name] for name in new}), output)
    if not made[transcript.name].notna().any():
        say(f"warning: nothing is said in any sound of {transcript.column!r}")
    say(f"{len(table)} rows -> {output}")
