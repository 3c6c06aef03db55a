"""Plugins, before the options of a command are known: they may add some (layer L7)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hybridsent.cli._console import UsageError, say

__all__ = ["load_plugins"]


def load_plugins(argv: Sequence[str]) -> None:
    """Load the plugins that the arguments, installed packages and the environment name.

    Parameters
    ----------
    argv : sequence of str
        Arguments of a command, not understood yet.

    Raises
    ------
    UsageError
        If one that the arguments name cannot be loaded; of others it is said.
    """
    from hybridsent._plugins import load_plugin, read_plugins, told_of_plugins
    from hybridsent.exceptions import PluginError

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--plugin", action="append", default=[])
    try:
        names = parser.parse_known_args(list(argv))[0].plugin
    except argparse.ArgumentError:  # without its value, which the command's own parser tells
        names = []
    for name in names:
        try:
            load_plugin(name)
        except PluginError as error:
            raise UsageError(f"--plugin {name}: {error}") from error
    read_plugins()
    if told := told_of_plugins():
        say(f"warning: {told}")
