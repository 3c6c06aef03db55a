"""Fit a model on a table and save it (layer L6)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._candidates import check_recipes
from hybridsent.cli._console import say
from hybridsent.cli._files import check_output
from hybridsent.cli._inputs import open_rows
from hybridsent.cli._models import named_by, pipeline
from hybridsent.cli._notes import tell_labels
from hybridsent.cli._options import (
    add_group_option,
    add_model_options,
    add_table_options,
    add_transfer_options,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_group_option(parser)
    add_model_options(parser)
    add_transfer_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="MODEL",
        help="file of the model, such as model.hybridsent",
    )


def run(arguments: argparse.Namespace) -> None:
    """Fit and save."""
    from hybridsent.evaluation import check_target_is_told, read_labels
    from hybridsent.persist import check_savable, save

    output = check_output(arguments.output, "--output", reads=[arguments.table])
    check_recipes(arguments)
    opened = open_rows(arguments)
    model = pipeline(opened, arguments)
    rows = read_labels(
        opened.rows,
        arguments.target,
        groups=arguments.group,
        domain=arguments.domain,
        target_domain=arguments.target_domain,
        estimator=model,
    )
    tell_labels(rows)
    check_target_is_told(model, rows, name=named_by(arguments))
    check_savable(model)  # what cannot be saved is told now, not after minutes
    rows.fit(model)
    save(model, output, metadata=opened.facts(arguments.target, len(rows.y), arguments.task))
    say(f"fitted on {rows}, {_learned(rows)} -> {output}")


def _learned(rows: Any) -> str:
    """Say what a model was taught."""
    if rows.kind == "numbers":
        return "numbers"
    return f"{len(rows.classes)} {'labels' if rows.kind == 'sets' else 'classes'}"
