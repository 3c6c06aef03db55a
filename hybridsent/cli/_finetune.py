"""Tune the networks of encoders on labelled rows, and write them into a folder (layer L7)."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, is_interactive, say
from hybridsent.cli._encoding import parts_of, prepare
from hybridsent.cli._inputs import Opened, open_rows
from hybridsent.cli._notes import tell_labels
from hybridsent.cli._options import add_encoder_options, add_group_option, add_table_options
from hybridsent.cli._parser import number
from hybridsent.cli._task import add_task_option, settle_task
from hybridsent.cli._views import learned_views

if TYPE_CHECKING:
    import numpy as np

    from hybridsent._labels import Kind

_KINDS: dict[str, Kind] = {
    "classification": "classes",
    "regression": "numbers",
    "multilabel": "sets",
}
_DEFAULTS: dict[str, Any] = {
    "how": "full",
    "n_layers": None,
    "rank": None,
    "loss": "auto",
    "epochs": None,
    "batch_size": None,
    "learning_rate": None,
    "held_out": None,
    "patience": None,
}
"""Options of the training; None leaves the default of the function."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table_options(parser)
    add_group_option(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FOLDER",
        help="new folder of the tuned network; with several views, which are tuned together, of a "
        "folder for each",
    )
    group = parser.add_argument_group("training")
    add_task_option(group)
    group.add_argument(
        "--how",
        choices=("full", "last", "lora"),
        default="full",
        help="train all weights, those of the last layers, or matrices of low rank beside the "
        "linear layers (default: full)",
    )
    group.add_argument(
        "--n-layers", type=number(1), metavar="N", help="layers that --how last trains (default: 2)"
    )
    group.add_argument(
        "--rank", type=number(1), metavar="N", help="rank of --how lora (default: 8)"
    )
    group.add_argument(
        "--loss",
        choices=("auto", "contrastive", "cross_entropy", "squared"),
        default="auto",
        help="loss of labelled rows (default: contrastive for classes)",
    )
    group.add_argument(
        "--epochs",
        type=number(1),
        metavar="N",
        help="most passes over the labelled rows (default: about 50 steps, in 3 to 30 passes)",
    )
    group.add_argument(
        "--batch-size", type=number(2), metavar="N", help="labelled rows a step (default: 32)"
    )
    group.add_argument(
        "--learning-rate",
        type=number(0, whole=False),
        metavar="RATE",
        help="largest rate (default: 5e-5, 1e-4 and 5e-4 for full, last and lora)",
    )
    group.add_argument(
        "--held-out",
        type=float,
        metavar="SHARE",
        help="share of the labelled rows that only tell when to stop (default: 0.1 from a thousand "
        "labels on, else 0)",
    )
    group.add_argument(
        "--patience",
        type=number(1),
        metavar="N",
        help="epochs without a better loss of these before it stops (default: 3)",
    )
    group.add_argument(
        "--seed", type=number(0), default=0, metavar="N", help="of the training (default: 0)"
    )
    group = parser.add_argument_group("a source task, which is learned first")
    group.add_argument(
        "--source", metavar="TABLE", help="a table of other labelled rows, such as a public corpus"
    )
    group.add_argument(
        "--source-target", metavar="COL", help="column of its labels, of whatever kind"
    )
    group.add_argument(
        "--source-column",
        metavar="COL",
        help="column of its cells (default: named like that of the view)",
    )
    group.add_argument(
        "--source-epochs", type=number(1), metavar="N", help="most passes over it (default: auto)"
    )
    add_encoder_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tune, and say what was made and how it is used."""
    from hybridsent.evaluation import read_labels

    output = _new_folder(arguments.output)
    _check_source_options(arguments)
    opened = open_rows(arguments)
    encoders = _encoders(opened, arguments)
    task = settle_task(opened.rows, arguments)
    rows: Any = read_labels(
        opened.rows, arguments.target, groups=arguments.group, kind=_KINDS[task]
    )
    tell_labels(rows)
    source = _source(encoders, arguments)
    settings = _settings(arguments, task, source)
    watch = _Epochs()
    try:
        with _in_words_of_flags(arguments), watch.shown():
            made = _tuned(encoders, rows, source, settings)
            _write(made, output)
    except KeyboardInterrupt:
        say("interrupted before an epoch was over; nothing was written")
        return 130
    for view, one in made.items():
        say(_told(view, one, watch, where=output / view if len(made) > 1 else output))
    for line in _next(made, encoders, output, arguments):
        print(line)
    return 130 if watch.interrupted else 0


# -- what is read --------------------------------------------------------------------------------


def _new_folder(path: str) -> Path:
    """Refuse a folder that holds something, before the work is done."""
    from hybridsent.finetune._result import check_empty

    folder = Path(path).expanduser()
    try:
        check_empty(folder)
    except FileExistsError as error:
        raise UsageError(f"--output must be an empty or new folder; {folder} is not") from error
    if not folder.absolute().parent.is_dir():
        raise UsageError(
            f"--output must lie in a folder that exists; {folder.absolute().parent} does not"
        )
    return folder


def _check_source_options(arguments: argparse.Namespace) -> None:
    """Refuse half of a source."""
    given = [
        name
        for name in ("source_target", "source_column", "source_epochs")
        if getattr(arguments, name) is not None
    ]
    if arguments.source is None and given:
        flag = "--" + given[0].replace("_", "-")
        raise UsageError(f"{flag} must be left out without --source TABLE")
    if arguments.source is not None and arguments.source_target is None:
        raise UsageError("--source needs --source-target COL, the column of its labels")
    if arguments.store != "default":
        raise UsageError(
            f"--store must be left out: a training stores no features; got {arguments.store}"
        )
    for name, how in (("n_layers", "last"), ("rank", "lora")):
        if getattr(arguments, name) is not None and arguments.how != how:
            flag = "--" + name.replace("_", "-")
            raise UsageError(f"{flag} must be left out without --how {how}")


def _encoders(opened: Opened, arguments: argparse.Namespace) -> dict[str, tuple[Any, str]]:
    """Give the frozen encoder and the column of each view."""
    from hybridsent.encoders._registry import TUNE
    from hybridsent.evaluation import encoders_of
    from hybridsent.fusion import make_features

    if opened.ready or opened.meta:
        raise UsageError(
            "a column of texts, pictures or sounds must be named, such as --text COL=BACKBONE; "
            "features and numbers have no network to tune"
        )
    learn = learned_views()
    idle = [
        each for each in opened.views if each.backbone in learn or each.backbone.startswith(TUNE)
    ]
    if idle:
        raise UsageError(
            f"every view must be an encoder; the view {idle[0].name} ({idle[0].backbone}) learns "
            "from its rows by itself"
        )
    features = prepare(make_features(**parts_of(opened, arguments)), opened, arguments)
    return {name: (encoder, column) for name, encoder, column in encoders_of(features)}


def _source(encoders: Mapping[str, Any], arguments: argparse.Namespace) -> Any:
    """Read the cells and labels of a source."""
    if arguments.source is None:
        return None
    from hybridsent.datasets import read_table
    from hybridsent.evaluation import read_labels

    if len(encoders) > 1:
        raise UsageError(
            f"--source must be of one view; the views here are {', '.join(encoders)}. Tune each "
            "on its source first, and name it tuned:FOLDER"
        )
    [(_, column)] = encoders.values()
    table = read_table(arguments.source)
    name = arguments.source_column or column
    for each, flag in ((name, "--source-column"), (arguments.source_target, "--source-target")):
        if each not in table.columns:
            raise UsageError(
                f"{flag} must be a column of {arguments.source}, one of "
                f"{list(map(str, table.columns))[:8]}; got {each!r}"
            )
    rows = read_labels(table, arguments.source_target)
    say(f"source: {rows}")
    return rows.rows[name], rows.written


def _settings(arguments: argparse.Namespace, task: str, source: Any) -> dict[str, Any]:
    """Give the options of the training that were given."""
    given = {name: getattr(arguments, name) for name in _DEFAULTS}
    given = {name: value for name, value in given.items() if value is not None}
    given |= {"task": task, "random_state": arguments.seed, "device": arguments.device}
    given |= {"precision": arguments.precision, "verbose": is_interactive()}
    if source is not None and arguments.source_epochs is not None:
        given["source_epochs"] = arguments.source_epochs
    return given


# -- the training --------------------------------------------------------------------------------


def _tuned(
    encoders: Mapping[str, tuple[Any, str]], rows: Any, source: Any, settings: dict[str, Any]
) -> dict[str, Any]:
    """Tune one view, or several together."""
    from hybridsent.finetune import finetune, finetune_views

    groups: np.ndarray | None = rows.groups
    if len(encoders) == 1:
        [(view, (encoder, column))] = encoders.items()
        if source is not None:
            settings = {**settings, "source": source, "source_first": True}
        return {view: finetune(encoder, rows.rows[column], rows.written, groups=groups, **settings)}
    if settings["how"] == "lora":
        raise UsageError("--how lora must be of one view; use --how last with several")
    views = {view: encoder for view, (encoder, _) in encoders.items()}
    columns = {view: column for view, (_, column) in encoders.items()}
    return finetune_views(
        rows.rows, rows.written, views, columns=columns, groups=groups, **settings
    )


def _write(made: Mapping[str, Any], output: Path) -> None:
    """Write all networks, or nothing."""
    if len(made) == 1:
        [one] = made.values()
        one.save(output)
        return
    import shutil
    import tempfile

    from hybridsent.finetune._result import place

    with tempfile.TemporaryDirectory() as draft:
        for view, one in made.items():
            shutil.copytree(one.folder, Path(draft) / view)
        place(Path(draft), output)
    for view, one in made.items():
        one.folder = (output / view).resolve()


class _Epochs:
    """Tells each epoch in a line where no person watches a bar, and counts them."""

    def __init__(self) -> None:
        self.history: list[Mapping[str, float]] = []
        self.interrupted = False

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Watch the trainings that are made inside."""
        import signal

        from hybridsent.finetune._watched import watched

        before = signal.getsignal(signal.SIGINT)

        def stop(number: int, frame: Any) -> None:
            self.interrupted = True
            raise KeyboardInterrupt

        try:
            signal.signal(signal.SIGINT, stop)
        except ValueError:  # not in the main thread: nobody can press Ctrl-C here
            before = None
        try:
            with watched(self._told, keeps=True):
                yield
        finally:
            if before is not None:
                signal.signal(signal.SIGINT, before)

    def _told(self, entry: Mapping[str, float]) -> None:
        self.history.append(entry)
        if not is_interactive():
            losses = [
                f"{words} {entry[name]:.4g}"
                for name, words in (("loss", "loss"), ("held_out", "held-out loss"))
                if name in entry
            ]
            if losses:
                say(f"epoch {entry['epoch']:.0f}: {', '.join(losses)}")


@contextmanager
def _in_words_of_flags(arguments: argparse.Namespace) -> Iterator[None]:
    """Name the option where a message begins with a parameter."""
    try:
        yield
    except ValueError as error:
        told = re.sub(r"^The labels of source\b", "--source-target", str(error))
        told = re.sub(r"^y(?= must\b)", "--target", told)
        name = told.partition(" must ")[0]
        if name.isidentifier() and hasattr(arguments, name):
            told = "--" + name.replace("_", "-") + told.removeprefix(name)
        if told == str(error):
            raise
        raise type(error)(told) from error


# -- what is said --------------------------------------------------------------------------------


def _told(view: str, one: Any, watch: _Epochs, *, where: Path) -> str:
    """Say what was made of a view."""
    held = [entry for entry in one.history if "held_out" in entry]
    best = min(held, key=lambda entry: entry["held_out"]) if held else one.history[-1]
    kept = "the best one, " if held else ""
    stopped = "interrupted; " if watch.interrupted else ""
    frozen = " (the frozen network: tuning made it no better)" if best["epoch"] == 0 else ""
    return (
        f"{stopped}view {view}: tuned on {one.n_rows} rows in {one.seconds:.0f} s "
        f"({one.device}, {one.precision}); {kept}epoch {best['epoch']:.0f}{frozen} -> {where}"
    )


def _next(
    made: Mapping[str, Any],
    encoders: Mapping[str, tuple[Any, str]],
    output: Path,
    arguments: argparse.Namespace,
) -> list[str]:
    """Name the commands that use what was made."""

    def views(name: str) -> str:
        parts = []
        for view, one in made.items():
            encoder, column = encoders[view]
            folder = output / view if len(made) > 1 else output
            backbone = f"tuned:{folder}" if name == "tuned" else f"tune:{encoder.model}"
            if view == one.base.modality:
                parts.append(f"--{view} {shlex.quote(f'{column}={backbone}')}")
            else:
                parts.append(f"--view {shlex.quote(f'{view}={column}:{backbone}')}")
        return " ".join(parts)

    target = f"--target {shlex.quote(arguments.target)}"
    table = shlex.quote(arguments.table)
    lines = [
        "judge it on rows that it has not seen:",
        f"  hybridsent evaluate NEW_TABLE {target} {views('tuned')}",
    ]
    if len(made) == 1 and arguments.source is None:
        lines += [
            "judge the way to it on these rows, tuned anew in each fold:",
            f"  hybridsent evaluate {table} {target} {views('tune')}",
        ]
    return lines
