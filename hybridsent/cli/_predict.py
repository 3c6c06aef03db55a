"""Predict the rows of a table with a saved model (layer L7)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._console import say
from hybridsent.cli._encoding import reading, shared
from hybridsent.cli._files import TABLES, check_output, read_rows
from hybridsent.cli._given import unused
from hybridsent.cli._notes import tell_misread
from hybridsent.cli._options import add_encoder_options, add_table
from hybridsent.cli._pieces import (
    add_piece_options,
    how,
    in_pieces,
    open_pieces,
    output_of,
    stopped_at_will,
    tell_done,
)
from hybridsent.cli._scorers import add_trust_options, fit_out, opened_scorer
from hybridsent.cli._speech import speech
from hybridsent.cli._views import split_columns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("model", metavar="MODEL", help="file written by `hybridsent fit`")
    add_table(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="the table with its predictions; the name of a folder gets a Parquet file a piece",
    )
    add_trust_options(parser)
    parser.add_argument(
        "--prefix",
        default="",
        metavar="TEXT",
        help="begin the names of the new columns, prediction and p_LABEL, with this text",
    )
    add_piece_options(parser)
    add_encoder_options(parser, fitted=True)


def run(arguments: argparse.Namespace) -> None:
    """Load, predict and write."""
    from hybridsent.datasets import write_table
    from hybridsent.datasets._table import base_of, check_can_write
    from hybridsent.evaluation import feature_columns

    if in_pieces(arguments):
        _run_in_pieces(arguments)
        return
    output = check_output(
        arguments.output, "--output", TABLES, reads=[arguments.model, arguments.table]
    )
    scorer = opened_scorer(arguments)
    table = read_rows(arguments)
    scorer.names(arguments.prefix, table)
    check_can_write(table.drop(columns=feature_columns(table)), output)
    fit_out(scorer, arguments)
    read = scorer.read(
        table,
        base=base_of(arguments.table),
        lists=split_columns(arguments.lists or [], "--lists", table),
        speech=speech(arguments) if scorer.listens else None,
        told=say,
    )
    tell_misread([scorer.model], read, fitted=True)
    answers = scorer.answer(read).to_frame(arguments.prefix, table.index)
    table = table.drop(columns=scorer.features, errors="ignore")  # thousands of numbers
    write_table(table.assign(**answers), output)
    say(f"predicted {len(table)} rows -> {output}")


def _run_in_pieces(arguments: argparse.Namespace) -> None:
    """Predict what does not fit, or what others shall do."""
    from hybridsent.datasets._table import check_can_write
    from hybridsent.distributed import predict
    from hybridsent.encoders._nesting import every_encoder

    output = output_of(arguments, arguments.model, arguments.table)
    loaded: dict[str, Any] = {
        "trusted": arguments.trusted,
        "plugins": arguments.plugin or (),
        "paths": arguments.allow_path,
    }
    scorer = opened_scorer(arguments)
    pieces = open_pieces(arguments)
    head = pieces.raw(0)
    scorer.names(arguments.prefix, head)
    if output.suffix:
        check_can_write(head.drop(columns=scorer.features, errors="ignore"), output)
    if arguments.commercial:
        scorer.check_commercial()
    encoders = list(every_encoder(scorer.model))
    given = reading(encoders, arguments, listens=scorer.listens)
    given |= {**shared(arguments), "local_files_only": not arguments.download, "verbose": False}
    known = scorer.parameters
    unused(arguments, given.keys() - known)
    lists = split_columns(arguments.lists or [], "--lists", head)
    if not scorer.listens and not scorer.needs_other_rows:
        read = scorer.read(head, base=pieces.base, lists=lists, media=pieces.media, told=say)
        tell_misread([scorer.model], read, fitted=True)
    with stopped_at_will():
        done = predict(
            arguments.model,
            pieces,
            output,
            prefix=arguments.prefix,
            lists=lists,
            speech=speech(arguments) if scorer.listens else None,
            configure={name: value for name, value in given.items() if name in known},
            **loaded,
            **how(arguments),
        )
    tell_done("predicted", done)
