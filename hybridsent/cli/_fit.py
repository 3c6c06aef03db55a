"""Fit a model on a table and save it (layer L7)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._candidates import check_recipes
from hybridsent.cli._console import UsageError, say
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
from hybridsent.cli._parser import number


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
    parser.add_argument(
        "--coverage",
        type=number(0, whole=False, most=0.999),
        metavar="SHARE",
        help="let the model tell, beside its answer, the set of classes (of numbers the interval) "
        "that holds the truth in this share of rows, such as 0.9; takes five fits more",
    )
    parser.add_argument(
        "--no-reference",
        action="store_true",
        help="do not keep in the file what the model mistakes, told by five more fits, by which "
        "shares are corrected and drift is found",
    )


def run(arguments: argparse.Namespace) -> None:
    """Fit and save."""
    from hybridsent.evaluation import check_target_is_told, read_labels
    from hybridsent.persist import check_savable, save
    from hybridsent.scoring._reference_made import facts_of_references

    output = check_output(arguments.output, "--output", reads=[arguments.table])
    check_recipes(arguments)
    opened = open_rows(arguments)
    model = _sure(pipeline(opened, arguments), arguments)
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
    facts = opened.facts(arguments.target, len(rows.y), arguments.task)
    if not arguments.no_reference:
        facts |= facts_of_references(
            model, opened.rows, arguments.target, groups=arguments.group, told=say
        )
    save(model, output, metadata=facts)
    say(f"fitted on {rows}, {_learned(rows)} -> {output}")


def _sure(model: Any, arguments: argparse.Namespace) -> Any:
    """Let the model tell what is sure, where that is asked for."""
    if arguments.coverage is None:
        return model
    from hybridsent.heads import with_coverage

    if arguments.task == "multilabel":
        raise UsageError(
            "--coverage must be left out of a model of sets of labels: what is sure is told of one "
            "class a row, and of numbers"
        )
    return with_coverage(model, arguments.coverage, random_state=arguments.seed)


def _learned(rows: Any) -> str:
    """Say what a model was taught."""
    if rows.kind == "numbers":
        return "numbers"
    return f"{len(rows.classes)} {'labels' if rows.kind == 'sets' else 'classes'}"
