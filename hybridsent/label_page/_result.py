"""The labels, written back into a column of the table (layer L7)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.label_page._labelling import Labelling

__all__ = ["labelled_table", "remarks", "write_labels"]


def labelled_table(table: Any, target: str, labelling: Labelling) -> Any:
    """Give the table with the labels in it.

    Parameters
    ----------
    table : DataFrame
        As it was read.
    target : str
        Column of the labels: those that stand there stay.
    labelling : Labelling
        The answers.

    Returns
    -------
    DataFrame
        A copy; where several labelled, with a column ``TARGET_NAME`` for each of them.
    """
    question, n = labelling.question, len(table)
    labels = labelling.labels_of()
    votes = labelling.votes_of()
    filled = _cells(labelling, labels, n)
    if target in table.columns:
        for row, cell in enumerate(table[target].tolist()):
            if row in labelling.known:
                filled[row] = cell
    result = table.assign(**{target: _typed(filled, question.kind)})
    if len(votes) > 1:
        for name, given in votes.items():
            column = f"{target}_{name}"
            result = result.assign(**{column: _typed(_cells(labelling, given, n), question.kind)})
    return result


def _cells(labelling: Labelling, labels: dict[int, Any], n: int) -> list[Any]:
    cells: list[Any] = [None] * n
    for row, answer in labels.items():
        cells[row] = labelling.question.cell(answer)
    return cells


def _typed(cells: list[Any], kind: str) -> Any:
    """Write whole numbers as such beside empty cells, and numbers as floats."""
    import pandas as pd

    there = [cell for cell in cells if cell is not None and not _is_nan(cell)]
    if kind == "numbers":
        return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
    whole = [
        isinstance(cell, int | float | np.number) and float(cell).is_integer() for cell in there
    ]
    if there and all(whole) and not any(isinstance(cell, bool) for cell in there):
        values = [None if cell is None or _is_nan(cell) else int(cell) for cell in cells]
        return pd.array(values, dtype="Int64")
    held = np.empty(len(cells), dtype=object)
    held[:] = cells
    return held


def _is_nan(cell: Any) -> bool:
    return isinstance(cell, float) and bool(np.isnan(cell))


def remarks(labelling: Labelling) -> list[dict[str, Any]]:
    """List what was said of rows beside their labels.

    Parameters
    ----------
    labelling : Labelling
        The answers.

    Returns
    -------
    list of dict
        One a row and annotator who flagged it, wrote a note, or did not know.
    """
    found = []
    with labelling.lock:  # others go on labelling while this is written
        for name, person in labelling.annotators.items():
            unknown = {row for row, (do, _) in person.answers.items() if do == "unknown"}
            found += [
                {
                    "row": row,
                    "annotator": name,
                    "unknown": row in unknown,
                    "flagged": row in person.flagged,
                    "note": person.notes.get(row, ""),
                }
                for row in sorted({*unknown, *person.flagged, *person.notes})
            ]
    return found


def write_labels(
    table: Any,
    target: str,
    labelling: Labelling,
    output: Path,
    *,
    media: Sequence[str] = (),
    base: Path | None = None,
) -> list[Path]:
    """Write the table with its labels, and beside it what was remarked.

    Parameters
    ----------
    table : DataFrame
        As it was read.
    target : str
        Column of the labels.
    labelling : Labelling
        The answers.
    output : Path
        The file, which is replaced in one step.
    media : sequence of str, default=()
        Columns of paths, which are made absolute where the output lies in another folder.
    base : Path or None, default=None
        The folder from which these paths are seen.

    Returns
    -------
    list of Path
        The files that were written.
    """
    from hybridsent.datasets import write_table
    from hybridsent.datasets._table import with_absolute_paths

    result = labelled_table(table, target, labelling)
    if base is not None and media and output.absolute().parent.resolve() != base.resolve():
        result = with_absolute_paths(result, list(media), base)
    write_table(result, output)
    written = [output]
    notes = remarks(labelling)
    beside = notes_file(output)
    if notes or beside.exists():
        import pandas as pd

        columns = ["row", "annotator", "unknown", "flagged", "note"]
        write_table(pd.DataFrame(notes, columns=columns), beside)
        written.append(beside)
    return written


def notes_file(output: Path) -> Path:
    """Name the file of remarks."""
    return output.with_name(f"{output.stem}-notes.csv")
