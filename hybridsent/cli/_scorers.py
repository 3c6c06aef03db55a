"""The model file that a command asks, and what it may load (layer L7)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import say
from hybridsent.cli._encoding import configure, shared
from hybridsent.cli._given import unused

if TYPE_CHECKING:
    from hybridsent.scoring import Scorer

__all__ = ["add_trust_options", "equip", "fit_out", "opened_scorer"]


def add_trust_options(group: argparse._ActionsContainer) -> None:
    """Add the options of what a model file may name beside itself.

    Parameters
    ----------
    group : ArgumentParser or argument group
        That gets them.
    """
    group.add_argument(
        "--trusted",
        action="append",
        default=[],
        metavar="TYPE",
        help="allow a type the model names",
    )
    group.add_argument(
        "--allow-path",
        action="append",
        default=[],
        metavar="PATH",
        help="allow a folder or file from which the model reads a network",
    )


def opened_scorer(arguments: argparse.Namespace) -> Scorer:
    """Load the model that a command names, and say what it tells, where that is no class.

    Parameters
    ----------
    arguments : Namespace
        With ``model``, the options of `add_trust_options`, ``plugin`` and ``download``.

    Returns
    -------
    Scorer
        Ready to be asked.
    """
    from hybridsent.scoring import Scorer

    scorer = Scorer.open(
        arguments.model,
        trusted=arguments.trusted,
        plugins=arguments.plugin or (),
        paths=arguments.allow_path,
        local_files_only=not arguments.download,
    )
    if scorer.task != "classification":
        what = "numbers" if scorer.task == "regression" else "sets of labels"
        target = scorer.facts.get("target")
        say(f"the model tells {what}, as {target!r} held ({scorer.task})")
    return scorer


def fit_out(scorer: Scorer, arguments: argparse.Namespace) -> None:
    """Let all that reads cells in a model have what the options of encoders say.

    Parameters
    ----------
    scorer : Scorer
        What `opened_scorer` gave.
    arguments : Namespace
        With the options of encoders, as `add_encoder_options` adds them for a fitted model.

    Raises
    ------
    LicenceError
        If ``--commercial`` refuses it.
    UsageError
        If an option is for what nothing reads.
    """
    from hybridsent.encoders._nesting import every_encoder

    if arguments.commercial:
        scorer.check_commercial()
    encoders = list(every_encoder(scorer.model))
    _set(scorer, shared(arguments) | {"local_files_only": not arguments.download}, arguments)
    configure(encoders, arguments, listens=scorer.listens)


def equip(scorer: Scorer, arguments: argparse.Namespace) -> None:
    """Let all that reads cells in a model have what the options of `add_care_options` say.

    Parameters
    ----------
    scorer : Scorer
        What `opened_scorer` gave.
    arguments : Namespace
        With these options, and ``device``.
    """
    _set(
        scorer,
        {
            "store": None if arguments.store == "off" else arguments.store,
            "device": arguments.device,
            "on_error": arguments.on_error,
            "n_jobs": arguments.n_jobs,
            "local_files_only": not arguments.download,
        },
        arguments,
    )


def _set(scorer: Scorer, parameters: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Set what something in the model has: words and features have no device, which is told."""
    known = scorer.parameters
    scorer.configure(**{name: value for name, value in parameters.items() if name in known})
    unused(arguments, parameters.keys() - known)
