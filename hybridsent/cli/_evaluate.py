"""Cross-validate a model on a table; with --domain, judge what transfer brings (layer L6)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._console import write_json
from hybridsent.cli._inputs import Labelled, check_output, open_labelled
from hybridsent.cli._models import baseline, pipeline
from hybridsent.cli._options import (
    add_fold_options,
    add_metric_option,
    add_model_options,
    add_table_options,
    add_transfer_options,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_model_options(parser)
    add_transfer_options(parser)
    parser.add_argument(
        "--target-labels",
        type=int,
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
    output = check_output(arguments.json, "--json") if arguments.json else None
    task = open_labelled(arguments)
    model = pipeline(task, arguments, judged=True)
    judge = _transfer if arguments.domain else _evaluation
    result = judge(model, task, arguments)
    print(result)
    if output:
        write_json(output, result.to_dict())


def _evaluation(model: Any, task: Labelled, arguments: argparse.Namespace) -> Any:
    from hybridsent.evaluation import evaluate

    return evaluate(
        model,
        task.rows,
        task.labels,
        cv=arguments.cv,
        groups=task.groups,
        random_state=arguments.seed,
        **_scoring(arguments),
    )


def _transfer(model: Any, task: Labelled, arguments: argparse.Namespace) -> Any:
    from hybridsent.evaluation import transfer_report

    return transfer_report(
        {arguments.recipe or arguments.adapt: model},
        task.rows,
        task.labels,
        domain=task.domains,
        target=arguments.target_domain,
        protocol="leave-one-out",
        baseline=baseline(model, task, arguments),
        n_target_labels=arguments.target_labels,
        cv=arguments.cv,
        groups=task.groups,
        random_state=arguments.seed,
        **_scoring(arguments),
    )


def _scoring(arguments: argparse.Namespace) -> dict[str, Any]:
    return {} if arguments.metric is None else {"scoring": arguments.metric}
