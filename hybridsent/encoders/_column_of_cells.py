"""The cells of one column, whatever container they came in (layer L2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hybridsent._hints import sentence
from hybridsent._tables import as_pandas
from hybridsent.exceptions import CellError
from hybridsent.media import is_missing

__all__ = ["Cells", "as_cells"]


@dataclass
class Cells:
    """Cells of a column, with what is needed to name one in an error.

    Parameters
    ----------
    values : sequence
        Raw cells.
    labels : sequence
        Row labels, from the table's index where there is one.
    column : str
        Name of the column.
    """

    values: Sequence[Any]
    labels: Sequence[Any]
    column: str
    noun: ClassVar[str] = "cell"

    def __len__(self) -> int:
        return len(self.values)

    def present(self) -> list[int]:
        """Positions of the cells that are not missing."""
        return [i for i, cell in enumerate(self.values) if not is_missing(cell)]

    def where(self, position: int) -> str:
        """Words that name a cell."""
        return f"row {self.labels[position]!r}, column {self.column!r}"

    def refused(self, position: int, message: str) -> CellError:
        """Make the error for a broken cell, which the caller raises."""
        return CellError(
            f"{sentence(message)} Mend or remove the {self.noun}, or pass on_error='missing' to "
            "read it as a missing one.",
            row=self.labels[position],
            column=self.column,
        )

    def counted(self, broken: Mapping[int, str]) -> str:
        """Say how many cells are broken and count as missing."""
        return (
            f"{len(broken)} of {len(self)} {self.noun}s are broken and count as missing. The "
            f"first: {broken[min(broken)]}"
        )


def as_cells(X: Any, modality: str) -> Cells:
    """Take a column of cells out of a DataFrame, Series, list or array.

    Parameters
    ----------
    X : DataFrame with one column, Series, list, tuple or array of shape (n,) or (n, 1)
        The column; also a table or array of pyarrow or polars.
    modality : str
        Used as the column's name where it has none.

    Returns
    -------
    Cells
        The cells.

    Raises
    ------
    ValueError
        If X is one cell, has no or several columns, or is no column at all.

    Examples
    --------
    >>> from hybridsent.encoders._column_of_cells import as_cells
    >>> as_cells(["good", None], "text").present()
    [0]
    """
    if not isinstance(X, Mapping):  # one cell of Hugging Face is a mapping: told below
        X = as_pandas(X)  # cells of pyarrow are wrapped scalars
    if hasattr(X, "columns"):
        if len(X.columns) != 1:
            raise ValueError(
                f"The {modality} encoder must be given one column. Got {len(X.columns)}: "
                f"{list(X.columns)[:8]}; "
                f"choose one, for example table['{modality}']."
            )
        column = X.columns[0]
        return Cells(X.iloc[:, 0].tolist(), X.index.tolist(), str(column))
    if hasattr(X, "iloc"):
        return Cells(X.tolist(), X.index.tolist(), modality if X.name is None else str(X.name))
    if not _is_column(X):
        raise ValueError(
            f"The {modality} encoder must be given a column of cells (DataFrame, Series, list or "
            "array). "
            f"Got {type(X).__name__}; for a single cell pass a list, [cell]."
        )
    values = (
        _from_array(X, modality) if isinstance(X, np.ndarray) else [_unwrap(cell) for cell in X]
    )
    return Cells(values, range(len(values)), modality)


def _is_column(X: Any) -> bool:
    """Whether X has cells in an order: no single cell, mapping, set, generator or sparse matrix."""
    if isinstance(X, (str, bytes, Mapping, Set)) or not hasattr(X, "__len__"):
        return False
    return isinstance(X, np.ndarray) or getattr(X, "ndim", 1) == 1


def _from_array(X: np.ndarray, modality: str) -> list[Any]:
    if X.ndim == 2 and X.shape[1] == 1:
        return list(X[:, 0])
    if X.ndim == 1 or (X.ndim == 4 and X.dtype == np.uint8):  # a stack of pictures (n, H, W, 3)
        return list(X)
    raise ValueError(
        f"The {modality} encoder must be given an array of shape (n,) or (n, 1). Got shape "
        f"{X.shape}; "
        "for a single cell pass a list, [cell]."
    )


def _unwrap(cell: Any) -> Any:
    """Take the cell out of a one-cell row: [["good"], ["bad"]] is a column, too."""
    if isinstance(cell, list) and len(cell) == 1:
        return cell[0]
    return cell
