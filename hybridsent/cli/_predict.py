"""Predict the rows of a table with a saved model (layer L6)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._console import UsageError, say
from hybridsent.cli._options import TABLES, add_encoder_options, check_output, open_table, shared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("model", metavar="MODEL", help="file written by `hybridsent fit`")
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="csv, tsv, jsonl or parquet; media paths relative to its folder",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the table with its predictions"
    )
    parser.add_argument(
        "--trusted",
        action="append",
        default=[],
        metavar="TYPE",
        help="allow a type the model names",
    )
    add_encoder_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load, predict and write."""
    from hybridsent.datasets import write_table
    from hybridsent.evaluation import encoders_of
    from hybridsent.persist import load

    output = check_output(arguments.output, "--output", TABLES)
    model = load(arguments.model, trusted=arguments.trusted)
    where = {name: column for name, _, column in encoders_of(model)}
    table = open_table(arguments.table, [where.get("image"), where.get("audio")])
    _add_missing(table, where)
    for _, encoder, _ in encoders_of(model, fitted=True):
        encoder.set_params(**shared(arguments))
    write_table(predictions(model, table), output)
    say(f"predicted {len(table)} rows -> {output}")


def _add_missing(table: Any, where: dict[str, Any]) -> None:
    """Add columns that the table lacks: a modality may be absent, all of them may not."""
    absent = [column for column in where.values() if column not in table.columns]
    if len(absent) == len(where):
        raise UsageError(
            f"the table must hold at least one of the model's columns {list(where.values())}; it "
            f"has {list(table.columns)}"
        )
    for column in absent:
        say(f"the table has no column {column!r}: it counts as missing in every row")
        table[column] = None


def predictions(model: Any, table: Any) -> Any:
    """Put the prediction and the probabilities beside the table.

    Parameters
    ----------
    model : Pipeline
        Fitted.
    table : DataFrame
        Rows.

    Returns
    -------
    DataFrame
        The table with ``prediction`` and, where the model has probabilities, ``p_<label>``.
    """
    out = table.copy()
    if not hasattr(model, "predict_proba"):
        out["prediction"] = model.predict(table)
        return out
    probabilities = model.predict_proba(table)
    out["prediction"] = model.classes_[probabilities.argmax(axis=1)]
    for label, column in zip(model.classes_, probabilities.T, strict=True):
        out[f"p_{label}"] = column.round(6)
    return out
