"""Fit a model on a table and save it (layer L6)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import UsageError, say
from hybridsent.cli._inputs import check_output, open_rows
from hybridsent.cli._labelled import labelled
from hybridsent.cli._models import (
    check_minus_one,
    check_recipes,
    check_target_told,
    pipeline,
    takes_unlabelled,
)
from hybridsent.cli._options import (
    add_group_option,
    add_model_options,
    add_table_options,
    add_transfer_options,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_model_options(parser)
    add_transfer_options(parser)
    add_group_option(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="MODEL",
        help="file of the model, such as model.hybridsent",
    )


def run(arguments: argparse.Namespace) -> None:
    """Fit and save."""
    from hybridsent._folds import fit_with_groups, wants_groups
    from hybridsent.persist import check_savable, save

    output = check_output(arguments.output, "--output", reads=[arguments.table])
    check_recipes(arguments)
    opened = open_rows(arguments)
    model = pipeline(opened, arguments)
    check_target_told(model, opened, arguments)
    task = labelled(opened, arguments, keep=takes_unlabelled(model))
    check_minus_one(task, model, arguments.target)
    if task.groups is not None and not wants_groups(model):
        raise UsageError(
            "--group must be left out: nothing in this model makes folds of its own or stops "
            "early, so that nothing would keep its rows together"
        )
    check_savable(model)  # what cannot be saved is told now, not after minutes
    fit_with_groups(model, task.rows, task.labels, task.groups)
    save(model, output, metadata=task.facts(arguments.target))
    say(f"fitted on {task.told()}, {len(model.classes_)} classes -> {output}")
