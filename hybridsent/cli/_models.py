"""The models that the options of a command describe (layer L6)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from hybridsent._hints import did_you_mean
from hybridsent.cli._console import UsageError, say
from hybridsent.cli._encoding import parts_of, prepare
from hybridsent.cli._inputs import Opened, left_out
from hybridsent.cli._labelled import Labelled, domains_of, has_label
from hybridsent.cli._languages import tell_misread
from hybridsent.cli._options import FIXED_BY_A_RECIPE

__all__ = [
    "baseline",
    "candidates",
    "check_minus_one",
    "check_recipes",
    "check_target_told",
    "pipeline",
    "read_recipe",
    "takes_unlabelled",
]


def takes_unlabelled(model: Any) -> bool:
    """Tell whether a model learns from rows without a label, marked by -1, too.

    Parameters
    ----------
    model : estimator
        As `pipeline` gave it.

    Returns
    -------
    bool
        True where what gets the labels last, in a pipeline or a search, knows that -1 is none.
    """
    from sklearn.pipeline import Pipeline

    from hybridsent._tags import adapts
    from hybridsent.few_label import LabeledOnly

    if isinstance(model, Pipeline):
        return takes_unlabelled(model.steps[-1][1])
    if hasattr(model, "param_grid") or hasattr(model, "param_distributions"):
        return takes_unlabelled(model.estimator)
    return (
        isinstance(model, LabeledOnly)
        or type(model).__module__.startswith("sklearn.semi_supervised.")
        or adapts(model)
    )


def check_minus_one(task: Labelled, model: Any, target: str) -> None:
    """Refuse a class -1 where it would count as no label.

    Parameters
    ----------
    task : Labelled
        What `labelled` gave.
    model : estimator
        Who learns from it.
    target : str
        Column of the labels.

    Raises
    ------
    UsageError
        If there is one.
    """
    from hybridsent._labels import check_minus_one_is_no_class

    check_minus_one_is_no_class(
        task.labels,
        task.known,
        taken=takes_unlabelled(model),
        kind="classes",
        name=f"--target {target!r}",
        way_out="leave the cell empty",
        error=UsageError,
    )


def check_target_told(model: Any, opened: Opened, arguments: argparse.Namespace) -> None:
    """Refuse to fit what adapts on a table that tells no row of the target.

    Parameters
    ----------
    model : estimator
        As `pipeline` gave it.
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With ``target`` and ``domain``.

    Raises
    ------
    UsageError
        If there is no column of domains, and every row has a label.
    """
    from hybridsent._tags import adapts
    from hybridsent.views import DOMAIN

    if arguments.domain or DOMAIN in opened.ready or not adapts(model):
        return
    if has_label(opened.rows, arguments.target).all():
        raise UsageError(
            f"{_named(arguments)} needs --domain, the column that tells source from target, or "
            f"rows of the target without a label; all {len(opened.rows)} rows have one in "
            f"{arguments.target!r}. Without a target nothing is adapted"
        )


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
    _check_options(arguments)
    parts = _parts(opened, arguments)
    try:
        build = _builder(arguments)
        reads = _reads(build, parts, arguments)
    except (ValueError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    told = _told(opened, arguments, reads, judged=judged)
    try:
        model = build(**parts, **told)
    except ValueError as error:
        raise UsageError(str(error) if reads or not told else _unread(arguments)) from error
    try:
        prepare(model, opened, arguments)
    except ValueError as error:
        raise UsageError(str(error)) from error
    for line in left_out(model, opened, arguments):
        say(line)
    tell_misread([model], opened.rows)
    return model


def candidates(task: Labelled, arguments: argparse.Namespace) -> dict[str, tuple[Any, Any]]:
    """Build the recipes to be searched.

    Parameters
    ----------
    task : Labelled
        What `labelled` gave.
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
    from hybridsent._tags import adapts
    from hybridsent.exceptions import LicenceError
    from hybridsent.recipes import list_recipes

    parts = _parts(task, arguments)
    built: dict[str, tuple[Any, Any]] = {}
    for name in arguments.recipe or list_recipes():
        try:
            recipe = read_recipe(name)
            model = prepare(recipe.build(**parts), task, arguments)
            if not arguments.recipe and adapts(model):
                say(f"recipe {name} is left out: it adapts to a target domain; see evaluate")
                continue
            check_minus_one(task, model, arguments.target)
            for line in left_out(model, task, arguments) if not built else ():
                say(line)
            built[recipe.name] = model, recipe.grid_for(model)
        except LicenceError:  # so it is with every recipe
            raise
        except (ValueError, UsageError) as error:
            if arguments.recipe:
                raise UsageError(str(error)) from error
            say(f"recipe {name} is left out: {error}")
    tell_misread([model for model, _ in built.values()], task.rows)
    return built


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
        return prepare(make_fusion(**_parts(opened, arguments)), opened, arguments)
    return None


def check_recipes(arguments: argparse.Namespace) -> None:
    """Find the recipes that are named, before sounds are transcribed for minutes.

    Parameters
    ----------
    arguments : Namespace
        With ``recipe``, one name or several.

    Raises
    ------
    UsageError
        If there is none of that name, or its file fails.
    """
    if getattr(arguments, "transcribe", None):
        named = arguments.recipe or []
        for name in [named] if isinstance(named, str) else named:
            read_recipe(name)


def read_recipe(name: str) -> Any:
    """Find a recipe; a file of the user's own is run.

    Parameters
    ----------
    name : str
        Its name, or the path of its file.

    Returns
    -------
    Recipe
        As `hybridsent.recipes.load_recipe` gives it.

    Raises
    ------
    UsageError
        If there is none, or the file fails, whatever it raises.
    """
    from hybridsent.recipes import load_recipe

    try:
        return load_recipe(name)
    except (ValueError, FileNotFoundError) as error:
        if isinstance(error, UnicodeError):
            raise UsageError(_failed(name, error)) from error
        raise UsageError(str(error)) from error
    except (Exception, SystemExit) as error:  # the code of a user, which may raise anything
        raise UsageError(_failed(name, error)) from error


def _failed(name: str, error: BaseException) -> str:
    told = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(" .:")
    return f"the recipe {name} cannot be run, its own code fails with {told}. Mend the file"


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
    from hybridsent._tags import adapting_parts
    from hybridsent.views import DOMAIN, GROUP

    reads = {getattr(part, "by", DOMAIN) for part in adapting_parts(build(**parts))}
    if not arguments.domain and GROUP in reads:
        raise UsageError(
            f"{_named(arguments)} needs --domain, the column that tells the group or domain "
            "(speaker, site) of each row: without it nothing is adapted"
        )
    return reads


def _told(
    opened: Opened, arguments: argparse.Namespace, reads: set[str], *, judged: bool
) -> dict[str, str | None]:
    """Parameters of `make_fusion` that tell domains or groups."""
    from hybridsent.views import DOMAIN, GROUP

    target = arguments.target_domain
    if not arguments.domain:
        return {}
    told: dict[str, str | None] = {"group": arguments.domain} if GROUP in reads else {}
    by_domain = DOMAIN in reads or not reads
    if target is not None and not by_domain and not judged:
        raise UsageError(
            f"{_named(arguments)} standardises each group in --domain {arguments.domain} by itself "
            "and knows no target; leave --target-domain out"
        )
    if target is not None or (reads and by_domain and not judged):
        _check_target(opened, arguments)
    if not by_domain:
        return told
    if judged:
        return {**told, "domain": "domain"}
    return {**told, "domain": arguments.domain, "target_domain": target}


def _check_target(opened: Opened, arguments: argparse.Namespace) -> None:
    """Refuse a target domain that is not in the table, or that cannot be guessed."""
    column, target = arguments.domain, arguments.target_domain
    told = opened.rows[opened.rows[column].notna()]
    known = sorted(set(domains_of(told, column).tolist()))
    listed = known if len(known) <= 20 else [*known[:20], "…"]
    if target is None and not told[column].isin([0, 1]).all():
        raise UsageError(
            f"--target-domain must name the target among the domains in {column!r}, where these "
            f"are not 0 (source) and 1 (target); it is one of {listed}"
        )
    if target is not None and target not in known:
        raise UsageError(
            f"--target-domain must name a domain in {column!r}, one of {listed}; got {target!r}."
            f"{did_you_mean(target, known)}"
        )


def _named(arguments: argparse.Namespace) -> str:
    """Name the option that says what adapts."""
    return f"--recipe {arguments.recipe}" if arguments.recipe else f"--adapt {arguments.adapt}"


def _unread(arguments: argparse.Namespace) -> str:
    return (
        f"--recipe {arguments.recipe} does not adapt, so that nothing reads --domain "
        f"{arguments.domain}; leave --domain out, or choose a recipe that adapts (see: hybridsent "
        "recipes)"
    )


def _parts(opened: Opened, arguments: argparse.Namespace) -> dict[str, Any]:
    """Parameters that `make_fusion` and every recipe take."""
    parts = parts_of(opened, arguments)
    parts["random_state"] = arguments.seed
    if arguments.class_weight:
        parts["class_weight"] = arguments.class_weight
    if arguments.learn_device:
        parts["learn_device"] = arguments.learn_device
    if arguments.learn_device not in (None, "cpu"):
        # scikit-learn computes in tensors only where this is set; the process is the program's own
        os.environ.setdefault("SCIPY_ARRAY_API", "1")
    return parts
