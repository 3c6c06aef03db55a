"""Label the rows of a table on a page in the browser, the most informative row first (layer L7)."""

from __future__ import annotations

import argparse
import csv
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, is_interactive, say
from hybridsent.cli._encoding import learners_in, parts_of, prepare
from hybridsent.cli._files import TABLES, as_read, check_output, read_rows
from hybridsent.cli._found_views import detected
from hybridsent.cli._given import changed
from hybridsent.cli._inputs import Opened, open_rows
from hybridsent.cli._modalities import media_modalities, media_parts, modality_names
from hybridsent.cli._options import add_encoder_options, add_group_option, add_table
from hybridsent.cli._parser import number
from hybridsent.cli._task import add_task_option
from hybridsent.cli._view_options import add_views
from hybridsent.cli._views import META, split_columns

if TYPE_CHECKING:
    import pandas as pd

_NEGATIVE = re.compile(r"^-\.?\d[\d.,eE+-]*$")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table(parser)
    parser.add_argument(
        "--target",
        required=True,
        metavar="COL",
        help="column that the labels are written to; labels that stand there are kept",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="table with the labels (default: TABLE-labelled beside it)",
    )
    group = parser.add_argument_group("what is asked")
    group.add_argument(
        "--classes",
        action="append",
        metavar="A,B[,C…]",
        help='the classes; one with a comma stands in quotes, as in a csv: a,"b, or c" (default: '
        "those of the labels that are there)",
    )
    group.add_argument(
        "--range",
        metavar="LOW,HIGH",
        help="ends of the range of numbers, such as -3,3 (default: those of the numbers there)",
    )
    add_task_option(group)
    group.add_argument(
        "--show",
        action="append",
        metavar="COL[,COL…]",
        help="further columns that are shown as they stand",
    )
    _add_people(parser)
    add_group_option(parser)
    add_views(parser)
    parser.add_argument(
        "--features",
        action="store_true",
        help="the table holds features already, in columns named view__i (found by itself where "
        "no column looks like one of a modality)",
    )
    add_encoder_options(parser)
    parser.set_defaults(on_error="missing")  # a broken cell is shown as such, and ends nothing
    # argparse takes "-3,3" for an option: only whole words that are numbers are values to it
    parser._negative_number_matcher = _NEGATIVE


def _add_people(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("who labels, and which row comes next")
    group.add_argument(
        "--annotator",
        action="append",
        metavar="NAME",
        help="who labels; several, each by giving it again, label at once (default: me)",
    )
    group.add_argument(
        "--overlap",
        type=_share,
        default=0.1,
        metavar="X",
        help="share of the rows that two annotators label, where there are several (default: 0.1)",
    )
    group.add_argument(
        "--strategy",
        default="auto",
        metavar="NAME",
        help="how rows are ranked: auto, typical, margin, entropy, least-confident, badge, "
        "core-set, committee, random, or table for the order of the table (default: auto)",
    )
    group.add_argument(
        "--seed", type=number(0), default=0, help="seed of strategies and folds (default: 0)"
    )
    group = parser.add_argument_group("the page")
    group.add_argument(
        "--port",
        type=number(0, most=65535),
        default=0,
        metavar="N",
        help="port on this machine (default: one that is free, the same each time)",
    )
    group.add_argument("--no-browser", action="store_true", help="open no browser")
    group.add_argument(
        "--export",
        action="store_true",
        help="write the table with the labels of the journal, and open no page",
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"must be a share from 0 to 1; got {text!r}")
    return share


def run(arguments: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C, and write the labels."""
    from hybridsent.label_page import make_app, serve
    from hybridsent.label_page._desk import open_desk

    output = _output(arguments)
    asked = {
        "classes": _classes(arguments),
        "task": arguments.task,
        "annotators": list(dict.fromkeys(arguments.annotator or ["me"])),
        "overlap": arguments.overlap,
        "random_state": arguments.seed,
    }
    limits = _range(arguments)
    table = read_rows(arguments)
    opened = _opened(arguments, table)
    given = {**asked, **_shown(opened, table, arguments), "output": output}
    if arguments.export:
        desk = open_desk(table, arguments.target, limits=limits, **given)
        try:
            _tell(desk, output)
            _told_of(desk.save(), desk, opened, arguments)
        finally:
            desk.close()
        return
    features, learned = _features(opened, arguments)
    app = make_app(
        table,
        arguments.target,
        range=limits,
        features=features,
        learned=learned,
        strategy=arguments.strategy,
        groups=None if arguments.group is None else opened.rows[arguments.group].tolist(),
        **given,
    )
    desk = app.state.desk
    _tell(desk, output)
    serve(app, port=arguments.port, browser=not arguments.no_browser, told=say)
    _told_of([output], desk, opened, arguments)


def _output(arguments: argparse.Namespace) -> Path:
    """Name the output: the input is replaced only where that was asked for."""
    if arguments.output:
        return check_output(arguments.output, "--output", TABLES)
    table = Path(arguments.table).expanduser()
    plain = table.with_suffix("") if table.suffix.lower() in (".gz", ".zip", ".bz2") else table
    suffix = plain.suffix.lower() if plain.suffix.lower() in TABLES and table.is_file() else ".csv"
    stem = plain.stem if table.is_file() else table.absolute().name
    return check_output(
        str(table.absolute().parent / f"{stem}-labelled{suffix}"), "--output", TABLES
    )


def _classes(arguments: argparse.Namespace) -> list[str] | None:
    if not arguments.classes:
        return None
    found = [each.strip() for row in csv.reader(arguments.classes) for each in row]
    return list(dict.fromkeys(filter(None, found)))


def _range(arguments: argparse.Namespace) -> tuple[float, float] | None:
    if arguments.range is None:
        return None
    try:
        low, high = (float(each) for each in arguments.range.split(","))
    except ValueError:
        raise UsageError(
            f"--range must be two numbers with a comma, such as -3,3; got {arguments.range!r}"
        ) from None
    return low, high


def _opened(arguments: argparse.Namespace, table: pd.DataFrame) -> Opened:
    """Open the table as other commands do; one in which nothing can be encoded is shown, too."""
    from hybridsent.evaluation import feature_columns

    there = arguments.target in table.columns
    marked = changed(arguments, target=arguments.target if there else None)
    options = [*modality_names(), *media_parts(), "view", META, "transcribe", "context"]
    given = [name for name in options if getattr(arguments, name)]
    aside = [arguments.target, *filter(None, [arguments.group])]
    aside += [name for name in table.columns if str(name).startswith(f"{arguments.target}_")]
    found = given or arguments.features or feature_columns(table) or detected(table, aside)
    if not found:
        return Opened(as_read(table, arguments), [], [], [], [], [], [])
    return open_rows(marked)


def _shown(opened: Opened, table: pd.DataFrame, arguments: argparse.Namespace) -> dict[str, Any]:
    """Say what the page shows of a row: what is encoded, else all that there is."""
    from hybridsent.datasets import media_columns
    from hybridsent.datasets._table import base_of

    columns: dict[str, str] = {}
    for view in opened.views:
        columns.setdefault(view.column, view.modality)
    facts = split_columns(arguments.show or [], "--show", table)
    aside = [arguments.target, *filter(None, [arguments.group])]
    if opened.features:
        raw = opened.rows.drop(columns=opened.features)
        columns = {name: kind for kind, name in detected(raw, aside).items()}
    facts += [name for name in opened.meta if name not in facts]
    if opened.features or not (columns or facts):  # what nothing is known of, people may read
        spoken_for = {*opened.features, *aside, *columns, *facts}
        facts += [
            str(name)
            for name in table.columns
            if name not in spoken_for and not str(name).startswith(f"{arguments.target}_")
        ]
    media = [
        name for name, kind in columns.items() if kind in (*media_modalities(), *media_parts())
    ]
    return {
        "columns": columns,
        "facts": facts,
        "rows": opened.rows,
        "base": base_of(arguments.table),
        "media": [
            name for name in dict.fromkeys([*media_columns(table), *media]) if name in table.columns
        ],
    }


def _features(opened: Opened, arguments: argparse.Namespace) -> tuple[Any, bool]:
    """Give the features of the table, or what will make them while people label."""
    from hybridsent.fusion import make_features

    if opened.features:
        return opened.rows[opened.features], False
    if not opened.views and not opened.meta:
        say("nothing in the table can be encoded: rows come in random order")
        return None, False
    parts = parts_of(opened, arguments)
    if "verbose" in parts:
        parts["verbose"] = False  # the page shows how far it is
    features = prepare(make_features(**parts), opened, arguments)
    return features, bool(opened.meta or learners_in(features))


def _tell(desk: Any, output: Path) -> None:
    labelling = desk.labelling
    there, n = len(labelling.labels_of()), len(labelling.ids)
    if there:
        say(f"{there} of {n} rows have a label")
    if labelling.strangers:
        say(
            f"{labelling.strangers} answers of {labelling.journal.path} are of rows or labels that "
            "the table no longer has; they stay there"
        )
    if labelling.journal.lost:
        say(f"{labelling.journal.lost} lines of {labelling.journal.path} could not be read")
    if output.exists() and not labelling.journal.events:
        say(f"{output} is there already, and will be replaced at the end")


def _told_of(files: list[Path], desk: Any, opened: Opened, arguments: argparse.Namespace) -> None:
    """Say what was written, and what to do next."""
    labels = len(desk.labelling.labels_of())
    say(f"{labels} labels of {len(desk.labelling.ids)} rows -> {files[0]}")
    words = ["hybridsent", "evaluate", str(files[0]), "--target", arguments.target]
    for view in opened.views:
        if view.column in desk.table.columns and view.name == view.modality:
            words += [f"--{view.modality}", view.column]
    if arguments.group:
        words += ["--group", arguments.group]
    say(f"next: {shlex.join(words)}")
    if is_interactive():
        say(f"label on with the same command; the journal is {desk.labelling.journal.path}")
