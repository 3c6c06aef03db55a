"""Encode a table into the feature store, and into a file if wanted (layer L6)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import say
from hybridsent.cli._encoding import parts_of, prepare
from hybridsent.cli._files import TABLES, check_output
from hybridsent.cli._inputs import left_out, open_rows
from hybridsent.cli._notes import tell_misread
from hybridsent.cli._options import add_encoder_options, add_table
from hybridsent.cli._view_options import add_views
from hybridsent.cli._views import META


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="write the features here, columns named view__i"
    )
    add_views(parser)
    add_encoder_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Encode, and say how many cells were encoded and found."""
    from hybridsent.datasets import write_table
    from hybridsent.evaluation import encoders_of
    from hybridsent.fusion import make_features

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
