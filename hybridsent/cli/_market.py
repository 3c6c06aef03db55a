"""Report the sentiment of a market: over time, by brand and topic, as a page (layer L7)."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._class_values import class_values
from hybridsent.cli._console import UsageError, say
from hybridsent.cli._files import TABLES, check_output, read_rows
from hybridsent.cli._given import refuse_given
from hybridsent.cli._modalities import limits
from hybridsent.cli._options import OF_FITTED_MODELS, add_encoder_options, add_table
from hybridsent.cli._parser import number
from hybridsent.cli._scorers import add_trust_options, fit_out, opened_scorer
from hybridsent.cli._speech import speech
from hybridsent.cli._views import split_columns

if TYPE_CHECKING:
    import pandas as pd

    from hybridsent.market import MarketReport
    from hybridsent.scoring import Scorer

_PERIODS = ("hour", "day", "week", "month", "quarter", "year")
_METHODS = ("auto", "count", "mean", "acc", "pacc", "emq")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table(parser)
    group = parser.add_argument_group("who scores the posts")
    group.add_argument("--model", metavar="MODEL", help="file written by `hybridsent fit`")
    group.add_argument(
        "--score",
        choices=("zero-label",),
        help="words, emoji and ratings, which need no model and no label",
    )
    group.add_argument(
        "--prediction",
        metavar="COL",
        help="column of answers that are there already, with their probabilities in columns "
        "p_LABEL where there are such",
    )
    add_trust_options(group)
    _add_posts(parser)
    _add_output(parser)
    add_encoder_options(parser, fitted=True)


def _add_posts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the posts")
    group.add_argument(
        "--by", metavar="COL", help="column of the brand, product or place (default: all together)"
    )
    group.add_argument("--time", metavar="COL", help="column of the time (default: none)")
    group.add_argument(
        "--period",
        choices=_PERIODS,
        help="how time is cut; weeks begin on Monday (default: week)",
    )
    group.add_argument(
        "--timezone",
        metavar="ZONE",
        help="in which time is cut, and of times that tell none, such as Europe/Berlin (default: "
        "UTC)",
    )
    first = group.add_mutually_exclusive_group()
    first.add_argument(
        "--day-first", action="store_true", help="read 03/04/2026 as the third of April"
    )
    first.add_argument(
        "--month-first", action="store_true", help="read 03/04/2026 as the fourth of March"
    )
    group.add_argument(
        "--topic",
        default="auto",
        metavar="COL",
        help="column of topics; auto clusters the posts, none tells no topics (default: auto)",
    )
    group.add_argument(
        "--author",
        metavar="COL",
        help="column of who wrote a post; posts of one author are not independent (default: none)",
    )
    group.add_argument(
        "--text",
        action="append",
        metavar="COL[,COL…]",
        help="columns of texts (default: those that the model reads, or the one that is found)",
    )
    group.add_argument(
        "--unique",
        action="store_true",
        help="leave out posts that repeat an earlier one of their brand nearly word by word",
    )
    group.add_argument(
        "--values",
        action="append",
        default=[],
        metavar="LABEL=NUMBER[,…]",
        help="what a post of each class is worth in the index (default: negative -1, neutral 0, "
        "positive 1; numbers are worth themselves)",
    )
    group.add_argument(
        "--method",
        choices=_METHODS,
        default="auto",
        help="how the index is corrected for what the model mistakes (default: auto)",
    )
    group.add_argument(
        "--min-posts",
        type=number(1),
        default=20,
        metavar="N",
        help="posts that an index needs to be shown (default: 20)",
    )
    group.add_argument(
        "--most-brands",
        type=number(1),
        metavar="N",
        help="brands that are told apart, those with most posts (default: 12)",
    )
    group.add_argument(
        "--n-examples",
        type=number(0),
        default=3,
        metavar="N",
        help="posts of each kind that are shown (default: 3)",
    )
    group.add_argument(
        "--random-state", type=number(0), default=0, metavar="N", help="seed (default: 0)"
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is written")
    group.add_argument(
        "-o",
        "--output",
        default="report.html",
        metavar="FILE",
        help="the page (default: report.html)",
    )
    group.add_argument(
        "--csv", metavar="FILE", help="all numbers as a tidy table: csv, tsv, jsonl, parquet, xlsx"
    )
    group.add_argument(
        "--language",
        choices=("en", "zh"),
        default="en",
        help="of the page: English or Chinese (default: en)",
    )
    group.add_argument("--title", metavar="TEXT", help="of the page")
    group.add_argument(
        "--no-content",
        action="store_true",
        help="leave texts, pictures, sounds and clips of posts out of the page, as they may hold "
        "personal data",
    )


def run(arguments: argparse.Namespace) -> None:
    """Score the posts, and write page and numbers."""
    from hybridsent.datasets._table import base_of

    _check_idle(arguments)
    page, numbers = _outputs(arguments)
    scorer = _scorer(arguments)
    table = read_rows(arguments)
    how: dict[str, Any] = {}
    if scorer is not None and not isinstance(scorer, str):
        how = {
            "lists": split_columns(arguments.lists or [], "--lists", table),
            "speech": speech(arguments) if scorer.listens else None,
        }
    told = _reported(
        _with_lists(table, arguments, scorer),
        scorer,
        by=arguments.by,
        time=arguments.time,
        prediction=arguments.prediction,
        topic=None if arguments.topic == "none" else arguments.topic,
        period=arguments.period or "week",
        author=arguments.author,
        unique=arguments.unique,
        text=split_columns(arguments.text, "--text", table) if arguments.text else None,
        timezone=arguments.timezone or "UTC",
        day_first=True if arguments.day_first else False if arguments.month_first else None,
        values=class_values(arguments.values, "--values"),
        method=arguments.method,
        min_posts=arguments.min_posts,
        most_brands=arguments.most_brands or 12,
        n_examples=arguments.n_examples,
        on_error=arguments.on_error,
        base=base_of(arguments.table),
        random_state=arguments.random_state,
        **how,
    )
    print(told)
    command = shlex.join(["hybridsent", *arguments.given])
    report = told.report(
        language=arguments.language,
        title=arguments.title,
        content=not arguments.no_content,
        command=command,
    )
    report.save(page)
    say(f"report -> {page}")
    if numbers is not None:
        told.save_numbers(numbers)
        say(f"{len(told.to_frame())} numbers -> {numbers}")


def _reported(*given: Any, **parameters: Any) -> MarketReport:
    """Make the report; a parameter that cannot be is a wrong use of its option."""
    from hybridsent.exceptions import HybridsentError
    from hybridsent.market import market_report

    try:
        return market_report(*given, **parameters)
    except HybridsentError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error


_NEEDS = {
    "time": ("period", "timezone", "day_first", "month_first"),
    "by": ("most_brands",),
    "model": ("trusted", "allow_path", *OF_FITTED_MODELS),
}
"""Options that say nothing without another one."""


def _check_idle(arguments: argparse.Namespace) -> None:
    for needed, options in _NEEDS.items():
        if not getattr(arguments, needed):
            refuse_given(arguments, f"says nothing without --{needed}: give that, too, or", options)
    if not arguments.model:
        refuse_given(arguments, "is about what --model reads, which is not given:", limits())


def _outputs(arguments: argparse.Namespace) -> tuple[Path, Path | None]:
    reads = [arguments.table, *([arguments.model] if arguments.model else [])]
    page = check_output(arguments.output, "--output", (".html", ".htm"), reads=reads)
    if not arguments.csv:
        return page, None
    return page, check_output(arguments.csv, "--csv", TABLES, reads=reads)


def _scorer(arguments: argparse.Namespace) -> Scorer | str | None:
    """Open the model, or tell what scores without one."""
    given = [name for name in ("model", "score", "prediction") if getattr(arguments, name)]
    if len(given) != 1:
        seen = " and ".join(f"--{name}" for name in given) or "none of them"
        raise UsageError(
            "say who scores the posts by one of --model MODEL, --score zero-label and --prediction "
            f"COL; got {seen}"
        )
    if not arguments.model:
        return str(arguments.score) if arguments.score else None
    scorer = opened_scorer(arguments)
    fit_out(scorer, arguments)
    return scorer


def _with_lists(table: pd.DataFrame, arguments: argparse.Namespace, scorer: Any) -> pd.DataFrame:
    """Read lists of texts; a model reads them by itself."""
    if not arguments.lists or (scorer is not None and not isinstance(scorer, str)):
        return table
    from hybridsent.datasets._several import as_lists

    return as_lists(table, split_columns(arguments.lists, "--lists", table))
