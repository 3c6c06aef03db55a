"""Options that several commands share (layer L7)."""

from __future__ import annotations

import argparse
import re

from hybridsent.cli._modalities import limits
from hybridsent.cli._parser import number
from hybridsent.cli._task import add_task_option
from hybridsent.cli._view_options import add_plugins, add_reading, add_views

__all__ = [
    "FIXED_BY_A_RECIPE",
    "OF_FITTED_MODELS",
    "add_care_options",
    "add_encoder_options",
    "add_fold_options",
    "add_group_option",
    "add_metric_option",
    "add_model_options",
    "add_recipe_options",
    "add_table",
    "add_table_options",
    "add_transfer_options",
    "metric_type",
]

OF_FITTED_MODELS = ("device", "precision", "store", "n_jobs", "download", "commercial")
"""Options of `add_encoder_options` that say how the encoders of a fitted model work."""

FIXED_BY_A_RECIPE = ("fusion", "adapt", "classifier", "select", "reduce")
"""Options that --recipe replaces."""


def add_encoder_options(parser: argparse.ArgumentParser, *, fitted: bool = False) -> None:
    """Add the options that all encoders share; of a fitted model not what changes its features."""
    group = parser.add_argument_group("encoding")
    group.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto)"
    )
    group.add_argument(
        "--precision", default="auto", choices=("auto", "float32", "bfloat16", "float16")
    )
    add_care_options(group)
    for limit in limits().values():
        whole = isinstance(limit.default, int)
        group.add_argument(
            "--" + limit.parameter.replace("_", "-"),
            type=number(1 if whole else 0, whole=whole),
            metavar="N",
            help=f"{limit.words} (default: {limit.default if whole else f'{limit.default:g}'})",
        )
    if not fitted:
        group.add_argument(
            "--quality",
            choices=("fast", "good", "best"),
            help="encoders of the views that name none: the quickest, the defaults, or the "
            "strongest, which are fetched once (default: good)",
        )
        add_reading(group)
    group.add_argument(
        "--commercial",
        action="store_true",
        help="refuse encoders whose licence does not allow commercial use, or is not known",
    )
    add_plugins(parser)


def add_care_options(group: argparse._ArgumentGroup) -> None:
    """Add the options of all that reads cells, keeps what it made of them, and needs weights."""
    group.add_argument(
        "--store", default="default", metavar="FOLDER", help="folder of the feature store, or 'off'"
    )
    group.add_argument(
        "--on-error", default="raise", choices=("raise", "missing"), help="what a broken cell does"
    )
    group.add_argument(
        "--n-jobs",
        type=_jobs,
        metavar="N",
        help="threads that read and decode; -1 is all cores, -2 all but one (default: all cores)",
    )
    group.add_argument(
        "--download", action="store_true", help="fetch missing weights from their hub"
    )


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add the table, and how its file is read."""
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="csv, tsv, jsonl, parquet or xlsx, media paths relative to its folder; or a folder "
        "that holds a folder of images, sounds or videos for each class (columns image, audio or "
        "video, label)",
    )
    group = parser.add_argument_group("reading the table")
    group.add_argument(
        "--sep",
        metavar="CHAR",
        type=_separator,
        help="what separates the cells of a csv; 'tab' is a tab (default: found)",
    )
    group.add_argument(
        "--decimal", choices=(".", ","), default=".", help="before the fraction of numbers in csv"
    )
    group.add_argument(
        "--encoding", metavar="NAME", help="of a text file, such as cp1252 (default: utf-8)"
    )
    group.add_argument(
        "--lists",
        action="append",
        metavar="COL[,COL…]",
        help="columns of texts whose cells hold several as a JSON list (of paths, these and "
        "a.jpg|b.jpg are found)",
    )
    group.add_argument(
        "--sheet", metavar="NAME", help="sheet of an xlsx (default: the first one with cells)"
    )
    group.add_argument(
        "--max-bytes",
        type=number(1),
        metavar="N",
        help="most bytes that a packed file may unpack to (default: 64 MiB or 40 times its size)",
    )


def _separator(text: str) -> str:
    mark = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(mark) != 1 or mark in '"\r\n':
        raise argparse.ArgumentTypeError(f"must be one character, or tab; got {text!r}")
    return mark


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add the table, the target, and what is read of it."""
    add_table(parser)
    parser.add_argument(
        "--target",
        required=True,
        metavar="COL",
        help="column of the labels; a row whose cell is empty has none",
    )
    add_views(parser)
    parser.add_argument(
        "--features",
        action="store_true",
        help="the table holds features already, in columns named view__i (found by itself where "
        "no column looks like one of a modality)",
    )


def add_model_options(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add the choices of `make_fusion`, or a recipe instead; several fusions may be asked for."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--recipe",
        metavar="NAME",
        help="a recipe (see: hybridsent recipes) or a .py file of your own, which is run; instead "
        "of --fusion, --classifier, --select, --reduce and --adapt",
    )
    group.add_argument(
        "--fusion",
        metavar="HOW[,HOW…]" if several else "HOW",
        help="early, align, late, stack, tensor, gated, cnn or rnn (default: early)"
        + ("; several with commas, or all, are judged side by side" if several else ""),
    )
    group.add_argument(
        "--classifier", metavar="NAME", help="logreg, svm or xgboost (default: logreg)"
    )
    group.add_argument(
        "--select",
        choices=("univariate", "l1", "trees"),
        help="select features of each modality on its own",
    )
    group.add_argument("--reduce", choices=("pca", "lda"), help="reduce each modality on its own")
    _add_learning_options(group)
    add_encoder_options(parser)


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add several recipes, to be searched."""
    group = parser.add_argument_group("candidates")
    group.add_argument(
        "--recipe",
        nargs="+",
        action="extend",
        metavar="NAME",
        help="recipes (see: hybridsent recipes) or .py files of your own, which are run (default: "
        "all recipes that fit the table)",
    )
    _add_learning_options(group)
    add_encoder_options(parser)


def _add_learning_options(group: argparse._ArgumentGroup) -> None:
    """Add what goes with recipes, too."""
    add_task_option(group)
    group.add_argument(
        "--learn-device",
        metavar="DEVICE",
        help="where --reduce, xgboost and networks compute: cpu or, for large tables, cuda "
        "(default: cpu)",
    )
    group.add_argument(
        "--class-weight", choices=("balanced",), help="give rare classes the same weight"
    )
    group.add_argument(
        "--seed", type=number(0), default=0, help="seed of folds and classifiers (default: 0)"
    )


def add_transfer_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--domain``, ``--target-domain`` and ``--adapt``."""
    group = parser.add_argument_group("transfer to a target domain")
    group.add_argument(
        "--domain",
        metavar="COL",
        help="column that tells the domain of a row (site, product, speaker); without it the rows "
        "without a label are the target",
    )
    group.add_argument(
        "--target-domain",
        metavar="VALUE",
        help="what stands there for the target; all else is source (default: 1 of 0 and 1; "
        "evaluate takes each domain in turn)",
    )
    group.add_argument(
        "--adapt",
        metavar="NAME",
        help="groups, coral, coral-diagonal, subspace, tca, jda, augment, kmm, kliep, ulsif, "
        "classifier, balanced, tradaboost, prior or adversarial",
    )


def add_group_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--group``."""
    parser.add_argument(
        "--group",
        metavar="COL",
        help="column whose rows stay together in all folds (speaker, video, dialogue)",
    )


def add_fold_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--group``, ``--cv`` and ``--json``."""
    add_group_option(parser)
    parser.add_argument(
        "--cv", type=number(2), default=5, metavar="N", help="number of folds (default: 5)"
    )
    parser.add_argument("--json", metavar="FILE", help="write all scores here")


def add_split_options(parser: argparse._ActionsContainer) -> None:
    """Add ``--split``, ``--judged-on`` and ``--seeds``."""
    parser.add_argument(
        "--split",
        metavar="COL",
        help="column that names the part of each row, in place of folds: train is learned from, "
        "another part is scored",
    )
    parser.add_argument(
        "--judged-on",
        metavar="NAME",
        help="part of --split that is scored (default: the only other one, else that for "
        "validation, else test)",
    )
    parser.add_argument(
        "--seeds",
        type=number(1),
        metavar="N",
        help="how often all is repeated, with other folds and other seeds of models (default: 1)",
    )


def add_metric_option(
    parser: argparse._ActionsContainer, what: str, *, several: bool = False
) -> None:
    """Add ``--metric``, scikit-learn's or papers', which may be left out; several make a list."""
    if several:
        parser.add_argument(
            "--metric",
            type=_metric_types,
            action="extend",
            metavar="NAME[,NAME…]",
            help=f"{what}; several with commas, or by giving it again",
        )
    else:
        parser.add_argument("--metric", type=metric_type, metavar="NAME", help=what)


def _jobs(text: str) -> int:
    from hybridsent._params import JOBS, is_n_jobs

    number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text.strip()) else None
    if number is None or not is_n_jobs(number):
        raise argparse.ArgumentTypeError(f"must be {JOBS}; got {text!r}")
    return number


def _metric_types(text: str) -> list[str]:
    names = [each.strip() for each in text.split(",") if each.strip()]
    return [metric_type(each) for each in names or [text]]


def metric_type(name: str) -> str:
    """Check the name of a metric, which results then have as it was given."""
    from hybridsent.evaluation.measures._metrics import metric_name

    try:
        metric_name(name)
    except ValueError as error:
        if "two things" in str(error):
            raise argparse.ArgumentTypeError(str(error)) from error
        hint = str(error).rpartition("lists them.")[2]
        raise argparse.ArgumentTypeError(
            "must be a scorer of scikit-learn, such as accuracy, f1_macro or roc_auc, a metric of "
            "papers, such as UAR, acc7, MAE or CCC, or one that a --plugin registers; got "
            f"{name!r}.{hint}"
        ) from error
    return name
