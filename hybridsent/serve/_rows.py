"""Rows of cells that were sent, and the table that a model is asked about (layer L7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybridsent.serve._limits import RefusedError

if TYPE_CHECKING:
    import pandas as pd


from hybridsent.serve._cells import refused_field
from hybridsent.serve._fields import Field

__all__ = ["Row", "row_of", "table_of"]


@dataclass(frozen=True, eq=False)
class Row:
    """Cells of one row, by column, and what was sent.

    Parameters
    ----------
    cells : dict
        A cell for each column that was sent and is not missing.
    given : tuple of str
        Names of the fields that hold something.
    """

    cells: dict[str, Any]
    given: tuple[str, ...]


# -- rows


def row_of(fields: Sequence[Field], cells: Mapping[str, Any]) -> Row:
    """Make a row of the cells that were sent.

    Parameters
    ----------
    fields : sequence of Field
        Those of the model.
    cells : mapping
        A cell for each field that was sent.

    Returns
    -------
    Row
        What the model is asked about.

    Raises
    ------
    RefusedError
        If a field that must be there is not, or there is nothing to be read.
    """
    from hybridsent.media._cells import is_nothing

    given = {
        name: cell
        for name, cell in cells.items()
        if cell is not None and not (isinstance(cell, str) and is_nothing(cell))
    }
    for field in fields:
        if field.required and field.name not in given:
            raise refused_field(
                field, "be there, and hold something: the model cannot do without it"
            )
    reads = [field.name for field in fields if field.views]
    if not any(name in given for name in reads):
        raise RefusedError(
            422,
            "nothing_to_read",
            f"One of the fields {reads} at least must hold something that can be read.",
        )
    found: dict[str, Any] = {}
    for field in fields:
        if field.name not in given:
            continue
        if field.kind == "vector":
            found.update(zip(field.columns, given[field.name], strict=True))
        else:
            found[field.name] = given[field.name]
    return Row(found, tuple(given))


def table_of(rows: Sequence[Row], fields: Sequence[Field]) -> pd.DataFrame:
    """Write rows as the table that a model is asked about.

    Parameters
    ----------
    rows : sequence of Row
        The rows.
    fields : sequence of Field
        Those of the model.

    Returns
    -------
    DataFrame
        A column for each field of which a row holds something; a cell that a row lacks is None, or
        NaN among numbers.
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for field in fields:
        for name in field.columns or (field.name,):
            cells = [row.cells.get(name) for row in rows]
            if all(cell is None for cell in cells):
                continue
            if field.kind == "vector":
                columns[name] = pd.Series(cells, dtype="float32")
            elif field.kind == "value":
                columns[name] = cells  # numbers stay numbers
            else:
                columns[name] = pd.Series(cells, dtype=object)
    return pd.DataFrame(columns, index=range(len(rows)))
