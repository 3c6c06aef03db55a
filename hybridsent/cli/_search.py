"""Search recipes and their settings on a table, score them honestly, save the best (layer L7)."""

from __future__ import annotations

import argparse

from hybridsent.cli._candidates import candidates, check_recipes
from hybridsent.cli._console import is_interactive, say, write_json
from hybridsent.cli._evaluate import check_judging
from hybridsent.cli._files import check_outputs
from hybridsent.cli._inputs import open_rows
from hybridsent.cli._notes import tell_labels, unsaid
from hybridsent.cli._options import (
    add_fold_options,
    add_metric_option,
    add_recipe_options,
    add_split_options,
    add_table_options,
)
from hybridsent.cli._parser import number

_METRIC = (
    "scorer of scikit-learn that chooses and is reported (default: accuracy; of numbers r2, of "
    "sets of labels f1_micro)"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_recipe_options(parser)
    add_fold_options(parser)
    parser.add_argument(
        "--inner-cv", type=number(2), default=3, metavar="N", help="folds that choose (default: 3)"
    )
    add_split_options(parser)
    add_metric_option(parser, _METRIC)
    parser.add_argument(
        "-o",
        "--output",
        metavar="MODEL",
        help="save the best, fitted on all rows (with --split: on its training part)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Search, print the table, save the best and write the JSON."""
    from hybridsent.evaluation import read_labels, search
    from hybridsent.persist import check_savable, save

    asked = {name: (getattr(arguments, name), ()) for name in ("output", "json")}
    files = check_outputs(asked, reads=[arguments.table])
    output, report = files.get("output"), files.get("json")
    check_judging(arguments)
    check_recipes(arguments)
    opened = open_rows(arguments)
    tried = candidates(opened, arguments)
    models = [model for model, _ in tried.values()]
    rows = read_labels(opened.rows, arguments.target, groups=arguments.group, estimator=models)
    tell_labels(rows)
    for model, grid in tried.values() if output else ():
        check_savable(model, grid)  # what cannot be saved is told now, not after all fits
    result = search(
        tried,
        opened.rows,
        arguments.target,
        cv=arguments.cv,
        inner_cv=arguments.inner_cv,
        groups=arguments.group,
        split=arguments.split,
        judged_on=arguments.judged_on,
        scoring=arguments.metric,
        random_state=arguments.seed,
        n_seeds=arguments.seeds or 1,
        verbose=is_interactive(),
    )
    print(unsaid(result, rows, models, arguments))
    say("scores are nested: the rows they are of chose nothing; report that of 'selected'")
    facts = result.to_dict(predictions=True)
    if report:
        write_json(report, facts)
    if output:
        best = {key: facts[key] for key in ("best", "scoring", "selected")}
        facts = opened.facts(arguments.target, result.best_rows, arguments.task)
        save(result.best, output, metadata={**facts, **best})
        say(f"{result.best_name}, fitted on {result.best_rows} rows -> {output}")
