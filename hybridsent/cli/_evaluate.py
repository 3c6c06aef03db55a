"""Cross-validate a model on a table; with --domain, judge what transfer brings (layer L6)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._candidates import check_recipes
from hybridsent.cli._console import UsageError, write_json
from hybridsent.cli._files import check_output
from hybridsent.cli._inputs import Opened, open_rows
from hybridsent.cli._models import baseline, named_by, pipeline
from hybridsent.cli._notes import tell_labels, unsaid
from hybridsent.cli._options import (
    add_fold_options,
    add_metric_option,
    add_model_options,
    add_table_options,
    add_transfer_options,
)
from hybridsent.cli._parser import number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_model_options(parser)
    add_transfer_options(parser)
    parser.add_argument(
        "--target-labels",
        type=number(0),
        default=0,
        metavar="N",
        help="labels of the target domain that are known (default: 0)",
    )
    add_metric_option(
        parser,
        "scorer of scikit-learn that judges, by default accuracy with --domain, else several",
    )
    add_fold_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Evaluate, print the table and write the JSON."""
    from hybridsent.evaluation import check_target_is_told, read_labels

    reads = [arguments.table]
    output = check_output(arguments.json, "--json", reads=reads) if arguments.json else None
    if arguments.target_labels and not arguments.domain:
        raise UsageError("--target-labels needs --domain, the column that tells the target's rows")
    check_recipes(arguments)
    opened = open_rows(arguments)
    model = pipeline(opened, arguments, judged=True)
    learner = None if arguments.domain else model  # transfer_report hides labels by itself
    rows = read_labels(opened.rows, arguments.target, groups=arguments.group, estimator=learner)
    tell_labels(rows)
    if not arguments.domain:
        check_target_is_told(model, rows, judged=True, name=named_by(arguments))
    result = (_transfer if arguments.domain else _evaluation)(model, opened, arguments)
    print(unsaid(result, rows, [model]))
    if output:
        write_json(output, result.to_dict())


def _evaluation(model: Any, opened: Opened, arguments: argparse.Namespace) -> Any:
    from hybridsent.evaluation import evaluate

    return evaluate(model, opened.rows, arguments.target, **_judged_by(arguments))


def _transfer(model: Any, opened: Opened, arguments: argparse.Namespace) -> Any:
    from hybridsent.evaluation import transfer_report

    return transfer_report(
        {arguments.recipe or arguments.adapt: model},
        opened.rows,
        arguments.target,
        domain=arguments.domain,
        target=arguments.target_domain,
        protocol="leave-one-out",
        baseline=baseline(model, opened, arguments),
        n_target_labels=arguments.target_labels,
        **_judged_by(arguments),
    )


def _judged_by(arguments: argparse.Namespace) -> dict[str, Any]:
    """Parameters that `evaluate` and `transfer_report` have in common."""
    scoring = {} if arguments.metric is None else {"scoring": arguments.metric}
    return {
        "cv": arguments.cv,
        "groups": arguments.group,
        "random_state": arguments.seed,
        **scoring,
    }
