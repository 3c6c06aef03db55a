"""What the options say to encoders (layer L7)."""

from __future__ import annotations

import argparse
import inspect
import os
from collections.abc import Sequence
from typing import Any

from hybridsent.cli._console import UsageError, is_interactive
from hybridsent.cli._inputs import Opened
from hybridsent.cli._modalities import limits, modalities_with
from hybridsent.cli._task import settle_task
from hybridsent.cli._views import META, View, learned_views

__all__ = [
    "configure",
    "learners_in",
    "parts_of",
    "parts_with_seed",
    "prepare",
    "reading",
    "shared",
]


def shared(arguments: argparse.Namespace) -> dict[str, Any]:
    """Parameters of the encoders."""
    return {
        "device": arguments.device,
        "precision": arguments.precision,
        "store": None if arguments.store == "off" else arguments.store,
        "on_error": arguments.on_error,
        "n_jobs": arguments.n_jobs,
        "verbose": is_interactive(),
    }


def parts_of(opened: Opened, arguments: argparse.Namespace) -> dict[str, Any]:
    """Give views, their columns and the encoding options, as the builders take them.

    Parameters
    ----------
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With the encoding options.

    Returns
    -------
    dict
        Keyword arguments of `make_features`, `make_fusion` and every recipe.
    """
    # only where they are given: recipes of one's own may not know them
    asked = {"quality": arguments.quality} if arguments.quality else {}
    if opened.ready:
        commercial = {"commercial": True} if arguments.commercial else {}
        return {"features": opened.ready, **asked, **commercial, **_unusual(arguments)}
    if all(_is_short(view) for view in opened.views):
        # recipes of one's own may know these parameters alone
        parts: dict[str, Any] = {view.name: view.backbone or True for view in opened.views}
    else:
        parts = {"views": {view.name: _made_of(view) for view in opened.views}}
    columns = {view.name: view.column for view in opened.views}
    if columns:
        parts["columns"] = columns
    if opened.meta:
        parts[META] = opened.meta
    encodes = any(view.backbone not in learned_views() for view in opened.views)
    return {**parts, **asked, **(shared(arguments) if encodes else _unusual(arguments))}


def parts_with_seed(opened: Opened, arguments: argparse.Namespace) -> dict[str, Any]:
    """Give the parameters that `make_fusion` and every recipe take.

    Parameters
    ----------
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With the encoding options and those of learning.

    Returns
    -------
    dict
        Keyword arguments.
    """
    parts = parts_of(opened, arguments)
    parts["random_state"] = arguments.seed
    task = settle_task(opened.rows, arguments)
    if task != "classification":  # recipes of one's own may not know it
        parts["task"] = task
    if arguments.class_weight:
        parts["class_weight"] = arguments.class_weight
    if arguments.learn_device:
        parts["learn_device"] = arguments.learn_device
    if arguments.learn_device not in (None, "cpu"):
        # scikit-learn computes in tensors only where this is set; the process is the program's own
        os.environ.setdefault("SCIPY_ARRAY_API", "1")
    return parts


def _unusual(arguments: argparse.Namespace) -> dict[str, Any]:
    """Give the options that are not what they are by default: the builders tell what is idle."""
    from hybridsent.fusion._features import ENCODING

    given = shared(arguments)
    return {
        name: value
        for name, value in given.items()
        if name != "verbose" and value != ENCODING[name]
    }


def _is_short(view: View) -> bool:
    """Whether a parameter of the builders is named like the view: recipes may set it, too."""
    from hybridsent.fusion import make_fusion

    return view.name == view.modality and view.name in inspect.signature(make_fusion).parameters


def _made_of(view: View) -> str:
    """Name what tells the modality; a backbone that does not is set once there is an encoder."""
    if not view.backbone:
        return view.modality
    known = view.backbone in learned_views() or _tells_modality(view.backbone)
    return view.backbone if known else view.modality


def _tells_modality(backbone: str) -> bool:
    from hybridsent.encoders import get_backbone
    from hybridsent.encoders._registry import FAMILIES
    from hybridsent.exceptions import UnknownBackboneError, WeightsNotFoundError

    try:
        get_backbone(backbone)
    except (UnknownBackboneError, WeightsNotFoundError):
        return backbone.partition(":")[0] not in FAMILIES  # an unknown name is told by the builder
    return True


def prepare(model: Any, opened: Opened, arguments: argparse.Namespace) -> Any:
    """Let the encoders of a model have what the options say, and check their names.

    Parameters
    ----------
    model : estimator
        As a builder gave it.
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With the encoding options.

    Returns
    -------
    estimator
        The same one.

    Raises
    ------
    UsageError
        If an option is for what nothing reads.
    """
    from hybridsent.encoders import check_commercial
    from hybridsent.encoders._nesting import every_encoder
    from hybridsent.evaluation import encoders_of

    found = list(encoders_of(model))
    readers = [*every_encoder(model), *learners_in(model)]
    backbones = {
        view.name: view.backbone
        for view in opened.views
        if view.backbone and _made_of(view) != view.backbone
    }
    for name, encoder, _ in found:
        if name in backbones:
            encoder.set_params(model=backbones[name])
    for encoder in every_encoder(model):  # those that are tuned, too
        encoder.set_params(local_files_only=not arguments.download)
    configure(readers, arguments, listens=bool(opened.transcripts))
    for _, encoder, _ in found:
        encoder.backbone()  # an unknown name is told now, not after minutes
    if arguments.commercial and not opened.ready:
        check_commercial(model)
    return model


def learners_in(model: Any) -> list[Any]:
    """Give what learns from the cells of its rows, with no encoder: words, and columns of meta.

    Parameters
    ----------
    model : object
        Any estimator, or a part of one; fitted or not.

    Returns
    -------
    list of WordFeatures or MetaFeatures
        Each object once.
    """
    from hybridsent._held import everything
    from hybridsent.scoring._inputs import learns_from_cells

    return [each for each in everything(model) if learns_from_cells(each)]


def configure(
    readers: Sequence[Any], arguments: argparse.Namespace, *, listens: bool = False
) -> None:
    """Set what the options say of how cells are read, where it has such a parameter.

    Parameters
    ----------
    readers : sequence of BaseEncoder, WordFeatures or MetaFeatures
        All that reads cells in a model.
    arguments : Namespace
        With the encoding options.
    listens : bool, default=False
        Whether sounds are transcribed, too, up to the limit of theirs and of their channel.

    Raises
    ------
    UsageError
        If an option is given, and nothing there has it.
    """
    given = reading(readers, arguments, listens=listens)
    for each in readers:
        has = each.get_params(deep=False)
        each.set_params(**{name: value for name, value in given.items() if name in has})


def reading(
    readers: Sequence[Any], arguments: argparse.Namespace, *, listens: bool = False
) -> dict[str, Any]:
    """Give what the options say of how cells are read.

    Parameters
    ----------
    readers : sequence of BaseEncoder, WordFeatures or MetaFeatures
        All that reads cells in a model.
    arguments : Namespace
        With the encoding options.
    listens : bool, default=False
        Whether sounds are transcribed, too.

    Returns
    -------
    dict
        Parameters that are given, each of which some of the readers have.

    Raises
    ------
    UsageError
        If an option is given, and nothing there has it.
    """
    given = {name: getattr(arguments, name, None) for name in limits()}
    given = {name: value for name, value in given.items() if value is not None}
    for name in ("long", "frames", "channel", "crop"):
        if getattr(arguments, name, None) is not None:
            given[name] = getattr(arguments, name)
    cleaning = _cleaning(getattr(arguments, "clean", None) or [])
    known = {name for each in readers for name in each.get_params(deep=False)}
    known |= {"max_seconds", "channel"} if listens else set()
    for name, value in {**given, **cleaning}.items():
        if name in known:
            continue
        if name in cleaning:
            _refuse_idle(name, ", ".join(arguments.clean), "--clean")
        _refuse_idle(name, value, "--" + name.replace("_", "-"))
    return {**given, **cleaning}


def _refuse_idle(name: str, value: Any, flag: str) -> None:
    kinds = modalities_with(name)
    options = " or ".join(f"--{kind}" for kind in kinds)
    raise UsageError(
        f"{flag} must be left out where no encoder of {' or '.join(kinds)} reads a column; got "
        f"{value}. Name the column with {options}, or leave {flag} out"
    )


def _cleaning(texts: Sequence[str]) -> dict[str, str | None]:
    """Read ``urls=token,mentions=drop``, or a function of one's own, ``module:function``."""
    if not texts:
        return {}
    from hybridsent.encoders._own_cleaning import function_of
    from hybridsent.media.text import parse_policies

    try:
        policies: dict[str, str | None] = parse_policies(texts)
        if own := policies.get("clean"):
            function_of(own)  # one that is not there is told now, not after minutes
    except ValueError as error:
        raise UsageError(f"--clean {', '.join(texts)}: {error}") from error
    return policies
