"""Recipes that the options name, to be used or searched (layer L7)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._console import UsageError, say
from hybridsent.cli._encoding import parts_with_seed, prepare
from hybridsent.cli._inputs import Opened, left_out
from hybridsent.cli._notes import tell_misread

__all__ = ["candidates", "check_recipes", "read_recipe"]


def candidates(opened: Opened, arguments: argparse.Namespace) -> dict[str, tuple[Any, Any]]:
    """Build the recipes to be searched.

    Parameters
    ----------
    opened : Opened
        What `open_rows` gave.
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
    from hybridsent._tags import adapts, needs_unlabelled
    from hybridsent.evaluation import read_labels
    from hybridsent.exceptions import LicenceError
    from hybridsent.recipes import list_recipes

    read_labels(opened.rows, arguments.target)  # what fits no recipe is told once
    parts = parts_with_seed(opened, arguments)
    built: dict[str, tuple[Any, Any]] = {}
    for name in arguments.recipe or list_recipes():
        try:
            recipe = read_recipe(name)
            model = prepare(recipe.build(**parts), opened, arguments)
            if not arguments.recipe and adapts(model):
                say(f"recipe {name} is left out: it adapts to a target domain; see evaluate")
                continue
            # refuses what does not fit
            read = read_labels(opened.rows, arguments.target, estimator=model)
            labels = read.labels
            if not arguments.recipe and needs_unlabelled(model) and read.known.all():
                say(
                    f"recipe {name} is left out: it learns from rows without a label, and every "
                    "row has one"
                )
                continue
            last = model.steps[-1][1] if hasattr(model, "steps") else model
            if hasattr(last, "check_classes"):  # what tells sentiment tells no emotions
                last.check_classes(labels)
            for line in left_out(model, opened, arguments) if not built else ():
                say(line)
            built[recipe.name] = model, recipe.grid_for(model)
        except LicenceError:  # so it is with every recipe
            raise
        except (ValueError, UsageError) as error:
            if arguments.recipe:
                raise UsageError(str(error)) from error
            say(f"recipe {name} is left out: {error}")
    tell_misread([model for model, _ in built.values()], opened.rows)
    return built


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
    cause = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(" .:")
    return f"the recipe {name} cannot be run, its own code fails with {cause}. Mend the file"
