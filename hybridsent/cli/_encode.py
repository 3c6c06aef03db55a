"""Encode a table into the feature store, and into a file if wanted (layer L6)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import say
from hybridsent.cli._inputs import TABLES, check_output, modalities, open_table
from hybridsent.cli._models import encoders, prepare
from hybridsent.cli._options import add_encoder_options, add_modalities, add_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="write the features here, columns named view__i"
    )
    add_modalities(parser)
    add_encoder_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Encode, and say how many cells were encoded and found."""
    from hybridsent.datasets import write_table
    from hybridsent.fusion import make_features

    output = (
        check_output(arguments.output, "--output", TABLES, reads=[arguments.table])
        if arguments.output
        else None
    )
    table = open_table(arguments, [arguments.image, arguments.audio])
    found = modalities(arguments, table)
    features = prepare(make_features(**encoders(found, arguments)), arguments)
    matrix = features.fit_transform(table)
    for name, encoder, column in features.transformers_:
        if name in found:
            say(
                f"{name}: {encoder.n_encoded_} cells of column {column!r} encoded, "
                f"{encoder.n_from_store_} found in the store"
            )
    if output:
        write_table(matrix, output)
        say(f"{matrix.shape[0]} rows, {matrix.shape[1]} features -> {output}")
