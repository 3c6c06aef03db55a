"""Cross-validate a model on a table, beside each modality alone and a dummy (layer L6)."""

from __future__ import annotations

import argparse

from hybridsent.cli._console import write_json
from hybridsent.cli._inputs import check_output, open_labelled
from hybridsent.cli._models import pipeline
from hybridsent.cli._options import add_fold_options, add_model_options, add_table_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_model_options(parser)
    add_fold_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Evaluate, print the table and write the JSON."""
    from hybridsent.evaluation import evaluate

    output = check_output(arguments.json, "--json") if arguments.json else None
    task = open_labelled(arguments)
    result = evaluate(
        pipeline(task, arguments),
        task.rows,
        task.labels,
        cv=arguments.cv,
        groups=task.groups,
        random_state=arguments.seed,
    )
    print(result)
    if output:
        write_json(output, result.to_dict())
