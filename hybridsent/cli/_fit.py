"""Fit a model on a table and save it (layer L6)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import say
from hybridsent.cli._options import (
    add_model_options,
    check_output,
    labelled,
    modalities,
    open_table,
    pipeline,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_model_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="MODEL",
        help="file of the model, such as model.hybridsent",
    )


def run(arguments: argparse.Namespace) -> None:
    """Fit and save."""
    from hybridsent.evaluation import as_labels
    from hybridsent.persist import save

    output = check_output(arguments.output, "--output")
    table = labelled(
        open_table(arguments.table, [arguments.image, arguments.audio]), arguments.target
    )
    found = modalities(arguments, table, [arguments.target])
    model = pipeline(found, arguments).fit(table, as_labels(table, arguments.target))
    columns = {name: column for name, (column, _) in found.items()}
    save(
        model, output, metadata={"target": arguments.target, "columns": columns, "rows": len(table)}
    )
    say(f"fitted on {len(table)} rows, {len(model.classes_)} classes -> {output}")
