"""Cross-validate models on a table; with --domain, judge what transfer brings (layer L7)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hybridsent.cli._candidates import check_recipes
from hybridsent.cli._console import UsageError, is_interactive, say, write_json
from hybridsent.cli._files import TABLES, check_outputs
from hybridsent.cli._inputs import Opened, open_rows
from hybridsent.cli._models import baseline, named_by, names_in, pipeline, pipelines
from hybridsent.cli._notes import tell_labels, unsaid
from hybridsent.cli._options import (
    add_fold_options,
    add_metric_option,
    add_model_options,
    add_split_options,
    add_table_options,
    add_transfer_options,
)
from hybridsent.cli._pages import add_page_options, pages_of, write_pages
from hybridsent.cli._parser import number

_ALONE = (
    "split",
    "judged_on",
    "seeds",
    "predictions",
    "errors",
    "no_baselines",
    "no_check",
    "report",
    "card",
)
"""Options that transfer_report knows nothing of."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_model_options(parser, several=True)
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
        "scorer of scikit-learn or metric of papers that judges, by default a few, with --domain "
        "accuracy",
        several=True,
    )
    add_fold_options(parser)
    add_judging_options(parser)
    add_page_options(parser)


def add_judging_options(parser: argparse.ArgumentParser) -> None:
    """Add what is judged beside the model, how often, and what is kept of it."""
    group = parser.add_argument_group("judging")
    add_split_options(group)
    group.add_argument(
        "--no-baselines",
        action="store_true",
        help="leave out all baselines but the dummy that looks at nothing",
    )
    group.add_argument(
        "--no-check", action="store_true", help="do not look for what flatters scores"
    )
    group.add_argument(
        "--predictions",
        metavar="FILE",
        help="write what each model said about each row, by a fit that had not seen it",
    )
    group.add_argument(
        "--errors",
        metavar="FILE",
        help="write the rows that the first model gets wrong, the most confident mistakes first",
    )


def run(arguments: argparse.Namespace) -> None:
    """Evaluate, print the table and write what is asked for."""
    outputs = outputs_of(arguments)
    pages = pages_of(arguments, outputs)
    if arguments.target_labels and not arguments.domain:
        raise UsageError("--target-labels needs --domain, the column that tells the target's rows")
    if arguments.domain:
        _check_alone(arguments)
    check_judging(arguments)
    check_recipes(arguments)
    opened, models, rows = read_for_judging(arguments)
    judge = _transfer if arguments.domain else evaluation_of
    result = judge(models, opened, arguments)
    print(unsaid(result, rows, list(models.values()), arguments))
    write_outputs(result, opened, outputs)
    if pages:
        write_pages(result, next(iter(models.values())), opened, arguments, pages)


def check_judging(arguments: argparse.Namespace) -> None:
    """Refuse options of `add_split_options` that cannot stand together."""
    if arguments.judged_on and not arguments.split:
        raise UsageError("--judged-on needs --split, the column in which it stands")
    if arguments.split and arguments.cv != 5:
        raise UsageError("--cv must be left out with --split: nothing is cut into folds")


def read_for_judging(arguments: argparse.Namespace) -> tuple[Opened, dict[str, Any], Any]:
    """Read the table, build the models, and say what the labels are.

    Parameters
    ----------
    arguments : Namespace
        Of the command.

    Returns
    -------
    opened : Opened
        The table.
    models : dict of str to Pipeline
        Unfitted.
    rows : LabeledTable
        Labels and groups.
    """
    from hybridsent.evaluation import check_target_is_told, read_labels

    transfer = getattr(arguments, "domain", None)
    opened = open_rows(arguments)
    if transfer:
        models = {"": pipeline(opened, arguments, judged=True)}
    else:
        models = pipelines(opened, arguments)
    # transfer_report hides labels by itself
    learners = None if transfer else list(models.values())
    rows = read_labels(opened.rows, arguments.target, groups=arguments.group, estimator=learners)
    tell_labels(rows)
    for model in models.values() if not transfer else ():
        check_target_is_told(model, rows, judged=True, name=named_by(arguments))
    return opened, models, rows


def outputs_of(arguments: argparse.Namespace) -> dict[str, Path]:
    """Refuse files that cannot be written, before the work is done."""
    endings = {"json": (), "predictions": TABLES, "errors": TABLES}
    asked = {name: (getattr(arguments, name), suffixes) for name, suffixes in endings.items()}
    return check_outputs(asked, reads=[arguments.table])


def _check_alone(arguments: argparse.Namespace) -> None:
    """Refuse what stands in no report of transfer."""
    for name in _ALONE:
        if getattr(arguments, name):
            raise UsageError(
                f"--{name.replace('_', '-')} must be left out with --domain, where transfer is "
                "judged: what it asks for is not kept there"
            )
    if arguments.fusion == "all" or len(names_in(arguments.fusion)) > 1:
        raise UsageError(f"--fusion must name one strategy with --domain; got {arguments.fusion!r}")
    if len(arguments.metric or ()) > 1:
        given = ",".join(arguments.metric)
        raise UsageError(f"--metric must name one metric with --domain; got {given!r}")


def write_outputs(result: Any, opened: Opened, outputs: dict[str, Path]) -> None:
    """Write what is asked for into files, and say where."""
    from hybridsent.datasets import write_table
    from hybridsent.evaluation import feature_columns

    if "json" in outputs:
        write_json(outputs["json"], result.to_dict(predictions=True))
    if "predictions" in outputs:
        write_table(result.predictions, outputs["predictions"])
        say(f"predictions -> {outputs['predictions']}")
    if "errors" in outputs:
        cells = opened.rows.drop(columns=feature_columns(opened.rows))
        wrong = result.errors(table=cells)
        write_table(wrong, outputs["errors"])
        say(f"{len(wrong)} errors -> {outputs['errors']}")


def evaluation_of(
    models: dict[str, Any],
    opened: Opened,
    arguments: argparse.Namespace,
    *,
    verbose: bool | None = None,
) -> Any:
    """Judge models as the options say; with None a bar is shown to people."""
    from hybridsent.evaluation import evaluate

    return evaluate(
        models if len(models) > 1 else next(iter(models.values())),
        opened.rows,
        arguments.target,
        n_seeds=arguments.seeds or 1,
        split=arguments.split,
        judged_on=arguments.judged_on,
        baselines=not arguments.no_baselines,
        check=not arguments.no_check,
        verbose=is_interactive() if verbose is None else verbose,
        **_judged_by(arguments),
    )


def _transfer(models: dict[str, Any], opened: Opened, arguments: argparse.Namespace) -> Any:
    from hybridsent.evaluation import transfer_report

    (model,) = models.values()
    return transfer_report(
        {arguments.recipe or arguments.adapt: model},
        opened.rows,
        arguments.target,
        domain=arguments.domain,
        target=arguments.target_domain,
        protocol="leave-one-out",
        baseline=baseline(model, opened, arguments),
        n_target_labels=arguments.target_labels,
        **_judged_by(arguments) | ({"scoring": arguments.metric[0]} if arguments.metric else {}),
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
