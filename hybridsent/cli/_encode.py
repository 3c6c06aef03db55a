"""Encode a table into the feature store, and into a file if wanted (layer L7)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import UsageError, say
from hybridsent.cli._encoding import parts_of, prepare
from hybridsent.cli._files import TABLES, check_output
from hybridsent.cli._inputs import left_out, media_of, open_rows
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
from hybridsent.cli._view_options import add_views
from hybridsent.cli._views import META, learned_views


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="write the features here, columns named view__i"
    )
    add_views(parser)
    add_piece_options(parser)
    add_encoder_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Encode, and say how many cells were encoded and found."""
    from hybridsent.datasets import write_table
    from hybridsent.evaluation import encoders_of
    from hybridsent.fusion import make_features

    if in_pieces(arguments):
        _run_in_pieces(arguments)
        return
    output = (
        check_output(arguments.output, "--output", TABLES, reads=[arguments.table])
        if arguments.output
        else None
    )
    opened = open_rows(arguments, tell=False)
    features = prepare(make_features(**parts_of(opened, arguments)), opened, arguments)
    tell_misread([features], opened.rows)
    matrix = features.fit_transform(opened.rows)
    encoders = {name: encoder for name, encoder, _ in encoders_of(features, fitted=True)}
    for view in opened.views:
        done = encoders.get(view.name)
        if done is None:
            say(view.line())
            continue
        say(
            f"view {view.name}: {done.n_encoded_} cells of column {view.column!r} encoded, "
            f"{done.n_from_store_} found in the store ({done.model})"
        )
        if getattr(done, "n_without_face_", 0):
            say(
                f"view {view.name}: no face found in {done.n_without_face_} of the "
                f"{done.n_searched_} pictures and frames read now; these are read as a whole"
            )
    learned = [view.name for view in opened.views if view.name not in encoders]
    learned += [META] if opened.meta else []
    if output:
        write_table(matrix, output)
        if learned:
            say(
                f"learned from all of these rows: {', '.join(learned)}; to judge a model, let "
                "evaluate learn them in each fold, from the table itself"
            )
        written = [f"{matrix.shape[0]} rows, {matrix.shape[1]} features -> {output}"]
        say("; ".join([*written, *left_out(features, opened, arguments)]))


def _run_in_pieces(arguments: argparse.Namespace) -> None:
    """Encode what does not fit, or what others shall do; the first piece tells the views."""
    from hybridsent.distributed import encode
    from hybridsent.fusion import make_features

    output = output_of(arguments, arguments.table)
    pieces = open_pieces(arguments)
    opened = open_rows(arguments, tell=False, table=pieces.raw(0))
    learned = {view.name: view.backbone for view in opened.views}
    learned = {name: each for name, each in learned.items() if each in learned_views()}
    for what, there in (
        ("learn from all rows", [*learned, *([META] if opened.meta else [])]),
        ("read the neighbours of a row", [each.name for each in opened.contexts]),
        ("are written down from sounds", [each.name for each in opened.transcripts]),
    ):
        if there:
            raise UsageError(
                f"a table that is taken in pieces must be encoded without views that {what}; got "
                f"{', '.join(there)}. Leave --chunk, --resume, --scheduler and --workers out, or "
                "these views"
            )
    features = prepare(make_features(**parts_of(opened, arguments)), opened, arguments)
    tell_misread([features], opened.rows)
    found = dict.fromkeys([*pieces.media, *media_of(opened.views)])
    pieces.media = [name for name in found if name in pieces.columns]
    pieces.lists = opened.lists
    for view in opened.views:
        say(view.line())
    with stopped_at_will():
        done = encode(features, pieces, output, **how(arguments))
    tell_done("encoded", done)
