"""Judge models on a table, and write all that is found as a page for people (layer L7)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hybridsent.cli._candidates import check_recipes
from hybridsent.cli._console import is_interactive, say
from hybridsent.cli._evaluate import (
    add_judging_options,
    check_judging,
    evaluation_of,
    outputs_of,
    read_for_judging,
    write_outputs,
)
from hybridsent.cli._notes import unsaid
from hybridsent.cli._options import (
    add_fold_options,
    add_metric_option,
    add_model_options,
    add_table_options,
)
from hybridsent.cli._pages import add_page_options, pages_of, write_pages
from hybridsent.cli._progress import Bar

_SIZES = 5  # of a curve of labels
_LEVELS = 6  # of what is missing
_STAGES = {"evaluate": 1.0, "check": 0.1, "labels": 1.0, "missing": 0.3, "noise": 0.3, "views": 0.3}

_PARTS = {
    "check": "the check of the table",
    "labels": "the curve over labels",
    "missing": "the curve over missing views",
    "noise": "the curve over noise",
    "views": "what each view adds",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_model_options(parser, several=True)
    what = "scorer of scikit-learn or metric of papers that judges (default: a few)"
    add_metric_option(parser, what, several=True)
    add_fold_options(parser)
    add_judging_options(parser)
    add_page_options(parser, report=False)
    parser.set_defaults(domain=None, target_domain=None, adapt=None)  # evaluate judges transfer
    parser.add_argument(
        "-o",
        "--output",
        dest="report",
        default="report.html",
        metavar="FILE",
        help="the page (default: report.html)",
    )
    parser.add_argument(
        "--no-curves",
        action="store_true",
        help="leave out the curves over labels, missing views and noise, and what each view adds, "
        "which take most of the time",
    )


def run(arguments: argparse.Namespace) -> None:
    """Judge, look at the table, draw the curves, and write the page."""
    from hybridsent.evaluation import sharing_fits

    outputs = outputs_of(arguments)
    pages = pages_of(arguments, outputs)
    check_judging(arguments)
    check_recipes(arguments)
    opened, models, rows = read_for_judging(arguments)
    bar = Bar(_STAGES, shown=is_interactive())
    try:
        with sharing_fits():  # curves and contributions ask what evaluate has fitted
            with bar.stage("evaluate"):
                result = evaluation_of(models, opened, arguments, verbose=False)
            part, left_out = _part(opened.rows, rows, arguments)
            found = _more(result, next(iter(models.values())), part, left_out, arguments, bar)
    finally:
        bar.close()
    print(unsaid(result, rows, list(models.values()), arguments))
    for line in left_out:
        say(line)
    write_outputs(result, opened, outputs)
    told = replace(result, notes=[*result.notes, *left_out])
    write_pages(told, next(iter(models.values())), opened, arguments, pages, **found)


def _part(table: Any, rows: Any, arguments: argparse.Namespace) -> tuple[Any, list[str]]:
    """Give the rows that curves may use: of a fixed split those that are learned from."""
    if not arguments.split:
        return table, []
    from hybridsent.evaluation.rows._held_out import held_out

    held = held_out(rows, arguments.split, arguments.judged_on)
    return rows.rows.iloc[held.train], [
        f"Curves and contributions of views are by folds of the training rows: {held.name!r} is "
        "scored once."
    ]


def _more(
    result: Any,
    model: Any,
    part: Any,
    left_out: list[str],
    arguments: argparse.Namespace,
    bar: Bar,
) -> dict[str, Any]:
    """Find what a page shows beside scores; what cannot be told of this table is left out."""
    from hybridsent import evaluation
    from hybridsent.evaluation.shares._contributions import FewViewsError

    given = (model, part, arguments.target)
    how = {"groups": arguments.group, "cv": arguments.cv, "random_state": arguments.seed}
    scored = how | ({} if arguments.metric is None else {"scoring": arguments.metric})
    seeds = arguments.seeds or 1
    asked: dict[str, Callable[[], Any]] = {}
    if not arguments.no_check:
        asked["check"] = lambda: evaluation.check(*given[1:], estimator=model, **how)
    if not arguments.no_curves:
        asked |= {
            "labels": lambda: evaluation.label_curve(*given, n_seeds=seeds, **scored),
            "missing": lambda: evaluation.missing_curve(*given, n_seeds=seeds, **scored),
            "noise": lambda: evaluation.noise_curve(*given, n_seeds=seeds, **scored),
            "views": lambda: evaluation.contributions(*given, n_seeds=seeds, **scored),
        }
    _expect(bar, result, list(asked))
    told: dict[str, Any] = {}
    for name, make in asked.items():
        with bar.stage(name):
            try:
                told[name] = make()
            except FewViewsError:
                left_out.append(
                    "The report does not say what each view adds: that takes two views or more, "
                    "and this model reads one."
                )
            except ValueError as error:
                left_out.append(f"The report goes without {_PARTS[name]}: {error}")
    cost = [evaluation.cost_curve(result)] if result.costs and len(result.models) > 1 else []
    curves = [told[name] for name in ("labels", "missing", "noise") if name in told]
    return {
        "check": told.get("check"),
        "curves": [*curves, *cost],
        "contributions": told.get("views"),
    }


def _expect(bar: Bar, result: Any, asked: list[str]) -> None:
    """Tell the bar how long stages take, by what a fit of the first model took."""
    costs = list(result.costs.values())
    whole = sum(sum(each.values()) for each in costs) or 1.0
    first = costs[0] if costs else {"fit_seconds": 1.0, "predict_seconds": 0.1}
    fit, predict = first["fit_seconds"], first["predict_seconds"]
    units = {
        "check": 0.1 * whole,
        "labels": fit + _SIZES * predict,  # half of the labels and a few; all are known
        "missing": 2 * _LEVELS * predict,
        "noise": 2 * _LEVELS * predict,
        "views": 4 * predict,
    }
    bar.expect(evaluate=whole, **{name: units[name] * (name in asked) for name in units})
