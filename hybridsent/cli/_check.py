"""Look for what flatters scores in a table, and for what should be known of it (layer L7)."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from hybridsent.cli._console import write_json
from hybridsent.cli._files import check_output
from hybridsent.cli._given import refuse_given
from hybridsent.cli._inputs import Opened, open_rows
from hybridsent.cli._modalities import limits
from hybridsent.cli._models import pipeline
from hybridsent.cli._options import add_group_option, add_model_options, add_table_options
from hybridsent.cli._parser import number
from hybridsent.cli._words import in_flags


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_group_option(parser)
    parser.add_argument(
        "--split",
        metavar="COL",
        help="column that names the part of each row: what of the others stands in train, too",
    )
    parser.add_argument(
        "--cv", type=number(2), default=5, metavar="N", help="number of folds (default: 5)"
    )
    parser.add_argument(
        "--encode",
        action="store_true",
        help="look through the encoders of the model, which finds more and takes as long as they "
        "do; rows in the store are found",
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 where something leaks or is doubtful"
    )
    parser.add_argument("--json", metavar="FILE", help="write all findings here, with their rows")
    add_model_options(parser)
    parser.set_defaults(adapt=None, domain=None, target_domain=None)


_OF_MODELS = (
    *("task", "recipe", "fusion", "classifier", "select", "reduce", "class_weight"),
    *("learn_device", "device", "precision", "quality", "clean", "long", "frames", "crop"),
)
"""What nothing reads unless the table is looked at through a model."""
_OF_READING = ("store", "on_error", "n_jobs", "download", "commercial", "channel")
"""What speech reads, too."""


def run(arguments: argparse.Namespace) -> int:
    """Look, print what was found, and write the JSON."""
    from hybridsent.evaluation import check

    if not arguments.encode:
        why = "needs --encode: without it no model reads the table; give that, too, or"
        refuse_given(arguments, why, _OF_MODELS)
        if not arguments.transcribe:
            refuse_given(arguments, why, (*_OF_READING, *limits()))
    file = None
    if arguments.json:
        file = check_output(arguments.json, "--json", reads=[arguments.table])
    opened = open_rows(arguments, tell=arguments.encode)
    found = check(
        opened.rows,
        arguments.target,
        groups=arguments.group,
        split=arguments.split,
        cv=arguments.cv,
        random_state=arguments.seed,
        **_read_by(opened, arguments),
    )
    told = [replace(each, sentence=in_flags(each.sentence, arguments)) for each in found.findings]
    print(replace(found, findings=told))
    if file:
        write_json(file, found.to_dict())
    return int(arguments.strict and bool(found.of("leak") or found.of("doubt")))


def _read_by(opened: Opened, arguments: argparse.Namespace) -> dict[str, Any]:
    """Give the model that reads the table, or the columns that it would read."""
    if arguments.encode:
        return {"estimator": pipeline(opened, arguments, judged=True)}
    return {"views": [(view.modality, view.column) for view in opened.views]}
