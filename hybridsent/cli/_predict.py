"""Predict the rows of a table with a saved model (layer L6)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._console import UsageError, say
from hybridsent.cli._context import contexts_in, lists_in, with_known_contexts
from hybridsent.cli._encoding import configure, learners_in, shared
from hybridsent.cli._files import TABLES, as_read, check_output, read_rows
from hybridsent.cli._modalities import media_modalities
from hybridsent.cli._notes import tell_misread
from hybridsent.cli._options import add_encoder_options, add_table
from hybridsent.cli._speech import transcripts_in, with_known_transcripts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("model", metavar="MODEL", help="file written by `hybridsent fit`")
    add_table(parser)
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
    parser.add_argument(
        "--prefix",
        default="",
        metavar="TEXT",
        help="begin the names of the new columns, prediction and p_LABEL, with this text",
    )
    parser.add_argument(
        "--allow-path",
        action="append",
        default=[],
        metavar="PATH",
        help="allow a folder or file from which the model reads a network",
    )
    add_encoder_options(parser, fitted=True)


def run(arguments: argparse.Namespace) -> None:
    """Load, predict and write."""
    from hybridsent.datasets import write_table
    from hybridsent.datasets._table import check_can_write
    from hybridsent.evaluation import encoders_of, feature_columns
    from hybridsent.evaluation._nesting import every_encoder, names_of
    from hybridsent.persist import inspect, load

    output = check_output(
        arguments.output, "--output", TABLES, reads=[arguments.model, arguments.table]
    )
    model = load(
        arguments.model,
        trusted=arguments.trusted,
        plugins=arguments.plugin or (),
        paths=arguments.allow_path,
    )
    found = [(encoder.modality, names_of(column)) for _, encoder, column in encoders_of(model)]
    media = [name for kind, names in found if kind in media_modalities() for name in names]
    facts = inspect(arguments.model)["metadata"]
    if facts.get("task", "classification") != "classification":
        what = "numbers" if facts["task"] == "regression" else "sets of labels"
        say(f"the model tells {what}, as {facts['target']!r} held ({facts['task']})")
    contexts, lists = contexts_in(facts), lists_in(facts)
    transcripts = transcripts_in(facts, arguments.allow_path)
    media += [context.column for context in contexts if context.name in media]
    media += [each.column for each in transcripts]
    encoded = [name for _, names in found for name in names] + _learned_columns(model)
    where = _columns(model, encoded)
    table = read_rows(arguments)
    names = _new_columns(model, arguments.prefix, table)
    check_can_write(table.drop(columns=feature_columns(table)), output)
    read = _with_domains(model, as_read(table, arguments, media, lists))
    read = with_known_transcripts(read, transcripts, arguments)
    read = with_known_contexts(read, contexts)
    if where:
        read = _with_missing(read, where, encoded)
    elif not found:
        read, features = _features(model, read)
        table = table.drop(columns=features, errors="ignore")  # thousands of numbers
    if arguments.commercial:
        _check_commercial(model, known=bool(found))
    for encoder in every_encoder(model):
        encoder.set_params(**shared(arguments), local_files_only=not arguments.download)
    for each in learners_in(model):
        each.set_params(on_error=arguments.on_error)
    configure(list(every_encoder(model)), arguments, listens=bool(transcripts))
    tell_misread([model], read, fitted=True)
    write_table(predictions(model, read, table, names), output)
    say(f"predicted {len(table)} rows -> {output}")


def _check_commercial(model: Any, *, known: bool) -> None:
    """Refuse a model whose encoders may not be used commercially, or that does not tell them."""
    from hybridsent.encoders import check_commercial

    if not known:
        raise UsageError(
            "--commercial cannot be answered: this model learned from features, and does not say "
            "what made them; leave it out"
        )
    check_commercial(model)


def _columns(model: Any, encoded: list[str]) -> list[str]:
    """Name the columns of texts and media that a model reads, with an encoder or without one."""
    from hybridsent.evaluation._columns import selectors_of
    from hybridsent.evaluation._nesting import names_of
    from hybridsent.views import PASSTHROUGH

    features = [
        name
        for view, column in selectors_of(model)
        for name in names_of(column)
        if view not in PASSTHROUGH
    ]
    return list(dict.fromkeys([*encoded, *features]))


def _learned_columns(model: Any) -> list[str]:
    """Name the columns of what learns from texts or numbers, and knows missing cells, too."""
    from hybridsent.evaluation._nesting import names_of

    first = model[0] if hasattr(model, "steps") else None
    return [
        name
        for _, part, column in getattr(first, "transformers_", ())
        if learners_in(part)
        for name in names_of(column)
    ]


def _with_domains(model: Any, table: Any) -> Any:
    """Add the column of domains where the table lacks it: new rows are of the target."""
    from hybridsent.views import PASSTHROUGH

    first = model[0] if hasattr(model, "steps") else None
    added = {}
    for view, step, columns in getattr(first, "transformers_", ()):
        if view not in PASSTHROUGH or columns[0] in table.columns:
            continue
        if view == "group":
            raise UsageError(
                f"the table must tell the group of each row in a column {columns[0]!r}; it has "
                f"{[str(name) for name in table.columns[:20]]}"
            )
        target = step.kw_args["target"]
        say(f"the table has no column {columns[0]!r}: every row counts as one of the target")
        added[columns[0]] = 1 if target is None else target
    return table.assign(**added)


def _with_missing(table: Any, where: list[str], encoded: list[str]) -> Any:
    """Add columns that the table lacks: a modality may be absent, all of them may not."""
    absent = [column for column in where if column not in table.columns]
    if len(absent) == len(where):
        raise UsageError(
            f"the table must hold at least one of the model's columns {where}; it "
            f"has {list(table.columns)}"
        )
    for column in absent:
        if column not in encoded:
            raise UsageError(
                f"the table must hold the column {column!r}, which the model reads; it has "
                f"{list(table.columns)}"
            )
        say(f"the table has no column {column!r}: it counts as missing in every row")
    return table.assign(**dict.fromkeys(absent))


def _with_marks(reads: list[str], table: Any) -> Any:
    """Add the mark of domains that a model of features reads: new rows are of the target."""
    from hybridsent.views import GROUP, is_passthrough, view_of

    for name in reads:
        if not is_passthrough(name) or name in table.columns:
            continue
        if view_of(name) == GROUP:
            raise UsageError(
                f"the table must tell the group of each row in a column {name!r}; it has "
                f"{[str(name) for name in table.columns[:20]]}"
            )
        say(f"the table has no column {name!r}: every row counts as one of the target")
        table = table.assign(**{name: 1.0})
    return table


def _features(model: Any, table: Any) -> tuple[Any, list[str]]:
    """Take what a model of features reads, and name these; a view may be absent, not all."""
    from hybridsent.evaluation import feature_columns
    from hybridsent.views import is_passthrough, spans

    reads = list(getattr(model, "feature_names_in_", []))
    table = _with_marks(reads, table)
    names = [name for name in feature_columns(reads) if not is_passthrough(name)]
    absent = [name for name in names if name not in table.columns]
    if len(absent) == len(names):
        raise UsageError(
            f"the table must hold the features that the model reads, {', '.join(names[:3])} …; it "
            f"has {[str(name) for name in table.columns[:20]]}"
        )
    for view, positions in spans(absent).items():
        if len(positions) < len(spans(names)[view]):
            raise UsageError(
                f"the table lacks {len(positions)} of the {len(spans(names)[view])} columns of "
                f"{view!r}, such as {absent[positions[0]]!r}; a view must be whole, or absent"
            )
        say(f"the table has no features of {view!r}: it counts as missing in every row")
    told = [name for name in reads if name in table.columns and name not in names]
    return table.reindex(columns=[*names, *told]), names


def _new_columns(model: Any, prefix: str, table: Any) -> list[str]:
    """Name what is written, before the work is done; a column of the user's is never replaced."""
    labels = model.classes_ if hasattr(model, "predict_proba") else []
    names = [f"{prefix}prediction", *(f"{prefix}p_{label}" for label in labels)]
    taken = [name for name in names if name in table.columns]
    if taken:
        raise UsageError(
            f"the table has columns {taken} already, which the predictions would replace; name "
            "the new ones otherwise with --prefix, such as --prefix new_"
        )
    return names


def written(said: Any, classes: Any) -> Any:
    """Write sets of labels as texts, which a table of any format holds.

    Parameters
    ----------
    said : ndarray of shape (n,) or (n, n_labels)
        Predictions.
    classes : ndarray or None
        The labels, where there are any.

    Returns
    -------
    ndarray or list of str
        As they are; sets as ``"joy|anger"``.
    """
    from hybridsent._label_sets import is_of_sets, label_sets, written_sets

    return written_sets(*label_sets(said, classes)) if is_of_sets(said) else said


def predictions(model: Any, read: Any, table: Any, names: list[str]) -> Any:
    """Put the prediction and the probabilities beside the table.

    The prediction is the model's own, which need not be the most probable label: a threshold may
    be chosen otherwise.

    Parameters
    ----------
    model : Pipeline
        Fitted.
    read : DataFrame
        What the model reads.
    table : DataFrame
        What is written.
    names : list of str
        Names of the prediction and, where the model has probabilities, of each label's.

    Returns
    -------
    DataFrame
        The table with these columns.
    """
    from sklearn.pipeline import Pipeline

    if type(model) is Pipeline and len(model.steps) > 1:  # encodes once for both answers
        read, model = model[:-1].transform(read), model[-1]
    new = {names[0]: written(model.predict(read), getattr(model, "classes_", None))}
    if len(names) > 1:
        new.update(zip(names[1:], model.predict_proba(read).T.round(6), strict=True))
    return table.assign(**new)
