"""Cross-validate a model on a table, beside each modality alone and a dummy (layer L6)."""

from __future__ import annotations

import argparse
import json

from hybridsent.cli._console import say
from hybridsent.cli._options import (
    add_model_options,
    check_column,
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
        "--group", metavar="COL", help="column whose rows stay together (speaker, video, dialogue)"
    )
    parser.add_argument(
        "--cv", type=int, default=5, metavar="N", help="number of folds (default: 5)"
    )
    parser.add_argument("--json", metavar="FILE", help="write all scores here")


def run(arguments: argparse.Namespace) -> None:
    """Evaluate, print the table and write the JSON."""
    from hybridsent.evaluation import evaluate

    output = check_output(arguments.json, "--json") if arguments.json else None
    table = labelled(
        open_table(arguments.table, [arguments.image, arguments.audio]), arguments.target
    )
    if arguments.group:
        check_column(table, arguments.group, "--group")
    found = modalities(arguments, table, [arguments.target, arguments.group])
    model = pipeline(found, arguments)
    result = evaluate(
        model,
        table,
        arguments.target,
        cv=arguments.cv,
        groups=arguments.group,
        random_state=arguments.seed,
    )
    print(result)
    if output:
        output.write_text(
            json.dumps(result.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )
        say(f"scores -> {output}")
