"""The models that the options of a command describe (layer L7)."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from hybridsent.cli._candidates import read_recipe
from hybridsent.cli._console import UsageError, say
from hybridsent.cli._encoding import parts_with_seed, prepare
from hybridsent.cli._given import changed
from hybridsent.cli._inputs import Opened, left_out
from hybridsent.cli._notes import tell_misread
from hybridsent.cli._options import FIXED_BY_A_RECIPE
from hybridsent.cli._task import settle_task

__all__ = ["baseline", "named_by", "names_in", "pipeline", "pipelines"]


def pipeline(opened: Opened, arguments: argparse.Namespace, *, judged: bool = False) -> Any:
    """Build the model that the options describe.

    Parameters
    ----------
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With the model, transfer and encoding options.
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
    model = _built(opened, arguments, judged=judged)
    _tell([model], opened, arguments)
    return model


def pipelines(opened: Opened, arguments: argparse.Namespace) -> dict[str, Any]:
    """Build the models that ``--fusion early,late`` or ``--fusion all`` describe.

    Parameters
    ----------
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With the model, transfer and encoding options.

    Returns
    -------
    dict of str to Pipeline
        Unfitted; a single one is called ``"fusion"``, several by the names of their strategies.

    Raises
    ------
    UsageError
        As `pipeline`; of ``all`` strategies those that cannot be built here are left out with a
        line that says why.
    """
    from hybridsent.fusion import list_fusions

    settle_task(opened.rows, arguments)  # once, not once a strategy
    given = arguments.fusion
    names = list(list_fusions()) if given == "all" else names_in(given)
    if len(names) < 2:
        return {"fusion": pipeline(opened, arguments)}
    built = {}
    for name in names:
        one = changed(arguments, fusion=name)
        try:
            built[name] = _built(opened, one, judged=False)
        except UsageError as error:
            if given != "all":
                raise
            say(f"fusion {name} is left out: {error}")
    if not built:
        raise UsageError("--fusion all leaves none; name one, such as --fusion early")
    _tell(list(built.values()), opened, arguments)
    _tell_one_view(built, opened)
    return built


def _tell_one_view(built: Mapping[str, Any], opened: Opened) -> None:
    """Say that several fusions have nothing to fuse."""
    from hybridsent.evaluation.fits._models import single_modalities

    views = list(single_modalities(next(iter(built.values())), opened.rows))
    if len(built) > 1 and len(views) == 1:
        say(
            f"all {len(built)} fusions read one view, {views[0]!r}: there is nothing to fuse, and "
            "they are much the same model"
        )


def names_in(given: str | None) -> list[str]:
    """Part names that are written with commas.

    Parameters
    ----------
    given : str or None
        What ``--fusion`` was given.

    Returns
    -------
    list of str
        Each once; none where nothing was given.
    """
    named = (each.strip() for each in (given or "").split(","))
    return list(dict.fromkeys(each for each in named if each))


def _tell(models: Sequence[Any], opened: Opened, arguments: argparse.Namespace) -> None:
    """Say what models leave out of the table, and what their encoders do not read."""
    for line in left_out(models[0], opened, arguments):
        say(line)
    tell_misread(models, opened.rows)


def _built(opened: Opened, arguments: argparse.Namespace, *, judged: bool) -> Any:
    _check_options(arguments)
    parts = parts_with_seed(opened, arguments)
    try:
        build = _builder(arguments)
        reads = _reads(build, parts, arguments)
    except (ValueError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    marks = _domain_parameters(arguments, reads, judged=judged)
    try:
        model = build(**parts, **marks)
    except ValueError as error:
        raise UsageError(str(error) if reads or not marks else _unread(arguments)) from error
    try:
        prepare(model, opened, arguments)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return model


def baseline(model: Any, opened: Opened, arguments: argparse.Namespace) -> Any:
    """Build what stands beside a model that adapts, where that cannot be derived from it.

    Parameters
    ----------
    model : Pipeline
        What `pipeline` gave.
    opened : Opened
        What `open_rows` gave.
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
        return prepare(make_fusion(**parts_with_seed(opened, arguments)), opened, arguments)
    return None


def _check_options(arguments: argparse.Namespace) -> None:
    """Refuse options of a model that cannot stand together."""
    given = [name for name in FIXED_BY_A_RECIPE if getattr(arguments, name) is not None]
    if arguments.recipe and given:
        raise UsageError(f"--recipe {arguments.recipe} sets the model; leave --{given[0]} out")
    if arguments.target_domain is not None and not arguments.domain:
        raise UsageError("--target-domain needs --domain, the column in which it stands")
    if arguments.domain and not (arguments.adapt or arguments.recipe):
        raise UsageError(
            "--domain needs --adapt, or a --recipe that adapts: nothing else reads domains"
        )


def _builder(arguments: argparse.Namespace) -> Callable[..., Any]:
    """Give what builds the model, from the parameters that every recipe takes."""
    if arguments.recipe:
        build: Callable[..., Any] = read_recipe(arguments.recipe).build
        return build
    from hybridsent.fusion import make_fusion

    fixed = {name: getattr(arguments, name) for name in FIXED_BY_A_RECIPE}
    given = {name: value for name, value in fixed.items() if value is not None}
    return partial(make_fusion, given.pop("fusion", "early"), **given)


def _reads(
    build: Callable[..., Any], parts: Mapping[str, Any], arguments: argparse.Namespace
) -> set[str]:
    """Tell by which columns, of domains or of groups, the model adapts; none where it does not."""
    from hybridsent._tags import reads_domain, reads_group
    from hybridsent.views import DOMAIN, GROUP

    model = build(**parts)
    reads = {DOMAIN} if reads_domain(model) else set()
    reads |= {GROUP} if reads_group(model) else set()
    if not arguments.domain and GROUP in reads:
        raise UsageError(
            f"{named_by(arguments)} needs --domain, the column that tells the group or domain "
            "(speaker, site) of each row: without it nothing is adapted"
        )
    return reads


def _domain_parameters(
    arguments: argparse.Namespace, reads: set[str], *, judged: bool
) -> dict[str, str | None]:
    """Parameters of `make_fusion` that tell domains or groups."""
    from hybridsent.views import DOMAIN, GROUP

    if not arguments.domain:
        return {}
    named: dict[str, str | None] = {"group": arguments.domain} if GROUP in reads else {}
    if reads and DOMAIN not in reads:
        return named
    if judged:
        return {**named, "domain": "domain"}
    return {**named, "domain": arguments.domain, "target_domain": arguments.target_domain}


def named_by(arguments: argparse.Namespace) -> str:
    """Name the option that says what adapts.

    Parameters
    ----------
    arguments : Namespace
        With ``recipe`` and ``adapt``.

    Returns
    -------
    str
        As it was given.
    """
    return f"--recipe {arguments.recipe}" if arguments.recipe else f"--adapt {arguments.adapt}"


def _unread(arguments: argparse.Namespace) -> str:
    return (
        f"--recipe {arguments.recipe} does not adapt, so that nothing reads --domain "
        f"{arguments.domain}; leave --domain out, or choose a recipe that adapts (see: hybridsent "
        "recipes)"
    )
