"""List the recipes, or tell what one of them does (layer L7)."""

from __future__ import annotations

import argparse
from pprint import pformat

from hybridsent.cli._candidates import read_recipe
from hybridsent.cli._console import columns, say
from hybridsent.cli._view_options import add_plugins


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="a recipe, or a .py file of your own, which is run"
    )
    add_plugins(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print a line a recipe, or the docstring and the grid of one."""
    from hybridsent.recipes import list_recipes

    if arguments.name is None:
        print(columns(list(list_recipes().items())))
        say("Use one with: hybridsent evaluate|fit|search TABLE --target COL --recipe NAME")
        return
    recipe = read_recipe(arguments.name)
    print(f"{recipe.doc}\n\nGRID = {pformat(recipe.grid, sort_dicts=False)}\n\n{recipe.path}")
