"""Cross-validate a model on a table; with --domain, judge what transfer brings (layer L6)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._console import UsageError, write_json
from hybridsent.cli._inputs import Opened, check_output, open_rows
from hybridsent.cli._labelled import Labelled, has_label, labelled
from hybridsent.cli._models import (
    baseline,
    check_minus_one,
    check_recipes,
    check_target_told,
    pipeline,
)
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
    output = (
        check_output(arguments.json, "--json", reads=[arguments.table]) if arguments.json else None
    )
    if arguments.target_labels and not arguments.domain:
        raise UsageError("--target-labels needs --domain, the column that tells the target's rows")
    check_recipes(arguments)
    opened = open_rows(arguments)
    model = pipeline(opened, arguments, judged=True)
    if not arguments.domain:
        _check_known(model, opened, arguments)
    task = labelled(opened, arguments)
    check_minus_one(task, model, arguments.target)
    judge = _transfer if arguments.domain else _evaluation
    result = judge(model, task, arguments)
    print(task.unsaid(result, [model]))
    if output:
        write_json(output, result.to_dict())


def _check_known(model: Any, opened: Opened, arguments: argparse.Namespace) -> None:
    """Refuse to judge what adapts where the rows without a label alone would be the target."""
    from hybridsent._tags import adapts

    unlabelled = int((~has_label(opened.rows, arguments.target)).sum())
    if unlabelled and adapts(model):
        raise UsageError(
            "evaluate needs --domain to know the target of what adapts, and the labels of all "
            f"rows to judge it; {unlabelled} of {len(opened.rows)} rows have no label in "
            f"{arguments.target!r}. Name the column of the domains, or adapt to these rows with: "
            "hybridsent fit"
        )
    check_target_told(model, opened, arguments)


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

    target = arguments.target_domain
    if task.domains is not None and target is not None and target not in task.domains:
        raise UsageError(
            f"--target-domain must name a domain whose rows have labels, by which it is judged; "
            f"all rows of {target!r} were left out, because they have none in {arguments.target!r}"
        )
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
