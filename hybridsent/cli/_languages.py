"""Says which columns of texts are in a language that their encoder does not read (layer L6)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any

from hybridsent.cli._console import say

__all__ = ["tell_misread"]


def tell_misread(models: Iterable[Any], table: Any, *, fitted: bool = False) -> None:
    """Say what the encoders of models do not read, one line a column.

    Parameters
    ----------
    models : iterable of estimator
        Whoever reads the table.
    table : DataFrame
        The rows.
    fitted : bool, default=False
        Whether the encoder stands in a model already, so that another one needs another model.
    """
    from hybridsent.encoders._registry import MULTILINGUAL
    from hybridsent.evaluation._notes import misread

    for each in misread(models, table):
        plain = re.fullmatch(r"[\w.-]+", each.column)  # shlex quotes all but ASCII
        column = each.column if plain else shlex.quote(each.column)
        option = f"--text {column}={MULTILINGUAL}"
        way = f"a model fitted with {option} reads them" if fitted else f"{option} reads them"
        say(f"warning: {each}; {way}{each.to_install}")
