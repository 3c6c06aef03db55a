"""The models that the options of a command describe (layer L6)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any

from hybridsent.cli._console import UsageError, is_interactive, say
from hybridsent.cli._inputs import Labelled
from hybridsent.cli._options import FIXED_BY_A_RECIPE

__all__ = [
    "baseline",
    "candidates",
    "encoders",
    "pipeline",
    "prepare",
    "shared",
    "store_of",
    "transfers",
]


def shared(arguments: argparse.Namespace) -> dict[str, Any]:
    """Parameters of the encoders."""
    return {
        "device": arguments.device,
        "precision": arguments.precision,
        "store": store_of(arguments.store),
        "on_error": arguments.on_error,
        "n_jobs": arguments.n_jobs,
        "verbose": is_interactive(),
    }


def store_of(value: str) -> Any:
    """``off`` is no store."""
    return None if value == "off" else value


def encoders(found: Mapping[str, tuple[str, Any]], arguments: argparse.Namespace) -> dict[str, Any]:
    """Give modalities, columns and encoding options, as the builders take them.

    Parameters
    ----------
    found : dict
        What `modalities` gave.
    arguments : Namespace
        With the encoding options.

    Returns
    -------
    dict
        Keyword arguments.
    """
    backbones = {name: backbone for name, (_, backbone) in found.items()}
    columns = {name: column for name, (column, _) in found.items()}
    return {**backbones, "columns": columns, **shared(arguments)}


def prepare(model: Any, arguments: argparse.Namespace) -> Any:
    """Let the encoders of a model fetch weights, if that was asked for, and check their names.

    Parameters
    ----------
    model : estimator
        As a builder gave it.
    arguments : Namespace
        With ``download``.

    Returns
    -------
    estimator
        The same one.
    """
    from hybridsent.evaluation import encoders_of

    for _, encoder, _ in encoders_of(model):
        encoder.set_params(local_files_only=not arguments.download)
        encoder.backbone()  # an unknown name is told now, not after minutes
    return model


def transfers(arguments: argparse.Namespace) -> bool:
    """Tell whether rows without a label are of use: something adapts to them.

    Parameters
    ----------
    arguments : Namespace
        With the model and transfer options.

    Returns
    -------
    bool
        True where a domain or what adapts is named.
    """
    return bool(arguments.domain or arguments.adapt)


def pipeline(task: Labelled, arguments: argparse.Namespace, *, judged: bool = False) -> Any:
    """Build the model that the options describe.

    Parameters
    ----------
    task : Labelled
        What `open_labelled` gave.
    arguments : Namespace
        With the model and encoding options.
    judged : bool, default=False
        Whether `transfer_report` will write the domains of the table.

    Returns
    -------
    Pipeline
        Unfitted.

    Raises
    ------
    UsageError
        If a name is unknown, or options contradict each other.
    """
    from hybridsent.fusion import make_fusion

    fixed = {name: getattr(arguments, name) for name in FIXED_BY_A_RECIPE}
    given = {name: value for name, value in fixed.items() if value is not None}
    if arguments.recipe and given:
        raise UsageError(
            f"--recipe {arguments.recipe} sets the model; leave --{next(iter(given))} out"
        )
    parts = {**_parts(task, arguments), **_domains(arguments, judged=judged)}
    try:
        if arguments.recipe:
            from hybridsent.recipes import load_recipe

            return prepare(load_recipe(arguments.recipe).build(**parts), arguments)
        return prepare(make_fusion(given.pop("fusion", "early"), **parts, **given), arguments)
    except (ValueError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error


def candidates(task: Labelled, arguments: argparse.Namespace) -> dict[str, tuple[Any, Any]]:
    """Build the recipes to be searched.

    Parameters
    ----------
    task : Labelled
        What `open_labelled` gave.
    arguments : Namespace
        With the names of the recipes and the encoding options.

    Returns
    -------
    dict of str to (Pipeline, grid)
        As `hybridsent.evaluation.search` takes them.

    Raises
    ------
    UsageError
        If a recipe that was named is unknown, or does not fit.
    """
    from hybridsent.evaluation._unadapted import adapting_parts
    from hybridsent.recipes import list_recipes, load_recipe

    parts = _parts(task, arguments)
    built = {}
    for name in arguments.recipe or list_recipes():
        try:
            recipe = load_recipe(name)
            model = prepare(recipe.build(**parts), arguments)
            if not arguments.recipe and any(True for _ in adapting_parts(model)):
                say(f"recipe {name} is left out: it adapts to a target domain; see evaluate")
                continue
            built[recipe.name] = model, recipe.grid_for(model)
        except (ValueError, FileNotFoundError) as error:
            if arguments.recipe:
                raise UsageError(str(error)) from error
            say(f"recipe {name} is left out: {error}")
    return built


def baseline(model: Any, task: Labelled, arguments: argparse.Namespace) -> Any:
    """Build what stands beside a model that adapts, where that cannot be derived from it.

    Parameters
    ----------
    model : Pipeline
        What `pipeline` gave.
    task : Labelled
        What `open_labelled` gave.
    arguments : Namespace
        With the model and encoding options.

    Returns
    -------
    Pipeline or None
        The default model on the same features; None where it can be derived.
    """
    from hybridsent.evaluation import unadapted
    from hybridsent.fusion import make_fusion

    try:
        unadapted(model)
    except ValueError:
        return prepare(make_fusion(**_parts(task, arguments)), arguments)
    return None


def _domains(arguments: argparse.Namespace, *, judged: bool) -> dict[str, Any]:
    """Parameters of `make_fusion` that tell domains."""
    if arguments.target_domain is not None and not arguments.domain:
        raise UsageError("--target-domain needs --domain, the column in which it stands")
    if arguments.domain and not (arguments.adapt or arguments.recipe):
        raise UsageError(
            "--domain needs --adapt, or a --recipe that adapts: nothing else reads domains"
        )
    if not arguments.domain:
        return {}
    if arguments.adapt == "groups" or arguments.recipe == "speakers":
        return {"group": arguments.domain}
    if judged:
        return {"domain": "domain"}
    return {"domain": arguments.domain, "target_domain": arguments.target_domain}


def _parts(task: Labelled, arguments: argparse.Namespace) -> dict[str, Any]:
    """Parameters that `make_fusion` and every recipe take."""
    parts = {"features": task.views} if task.views else encoders(task.found, arguments)
    parts["random_state"] = arguments.seed
    if arguments.class_weight:
        parts["class_weight"] = arguments.class_weight
    if arguments.learn_device:
        parts["learn_device"] = arguments.learn_device
    if arguments.learn_device not in (None, "cpu"):
        # scikit-learn computes in tensors only where this is set; the process is the program's own
        os.environ.setdefault("SCIPY_ARRAY_API", "1")
    return parts
