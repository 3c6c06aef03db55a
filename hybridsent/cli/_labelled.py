"""The rows that a model learns from, with their labels, groups and domains (layer L6)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, say
from hybridsent.cli._context import facts_of
from hybridsent.cli._inputs import Opened
from hybridsent.cli._speech import facts_of as facts_of_speech

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Labelled", "domains_of", "has_label", "labelled"]


@dataclass(frozen=True)
class Labelled(Opened):
    """The rows of a table that a model learns from; of features, these and the domains alone.

    Parameters
    ----------
    labels : ndarray
        Their labels; -1 where they have none.
    known : ndarray of bool
        Which of them have a label: -1 may be a class.
    groups : ndarray or None
        Their groups, where a column was named.
    domains : ndarray or None
        Their domains as text, where a column was named.
    doubts : list of str
        What was said of the classes, before anything is learnt.
    """

    labels: np.ndarray
    known: np.ndarray
    groups: np.ndarray | None
    domains: np.ndarray | None
    doubts: list[str]

    def told(self) -> str:
        """Say how many rows there are, and how many of them have a label."""
        with_label = "" if self.known.all() else f" ({self.known.sum()} with a label)"
        return f"{len(self.rows)} rows{with_label}"

    def unsaid(self, result: Any, models: Sequence[Any]) -> Any:
        """Give a result without the notes that were said of its classes and languages before."""
        from hybridsent.evaluation._notes import notes_on_languages

        said = [*self.doubts, *notes_on_languages(models, self.rows)]
        return replace(result, notes=[note for note in result.notes if note not in said])

    def facts(self, target: str) -> dict[str, Any]:
        """Say what a model was fitted on, for the file it is saved in."""
        columns = {view.name: view.column for view in self.views}
        facts: dict[str, Any] = {"target": target, "columns": columns, "rows": len(self.rows)}
        lists = {"meta": self.meta, "lists": self.lists}
        facts |= {name: columns for name, columns in lists.items() if columns}
        return {**facts, **facts_of_speech(self.transcripts), **facts_of(self.contexts)}


def labelled(opened: Opened, arguments: argparse.Namespace, *, keep: bool = False) -> Labelled:
    """Give the rows their labels; drop those without one, and say how many.

    Parameters
    ----------
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With ``target`` and, maybe, ``group`` and ``domain``.
    keep : bool, default=False
        Whether rows without a label are kept after all.

    Returns
    -------
    Labelled
        The rows that are left.

    Raises
    ------
    UsageError
        If there are fewer than two labels.
    """
    from hybridsent.evaluation import as_labels

    table, target = opened.rows, arguments.target
    known = has_label(table, target)
    if not known.all():
        fate = "kept to adapt to" if keep else "left out"
        say(f"{int((~known).sum())} of {len(table)} rows have no label in {target!r}: {fate}")
    different = table.loc[known, target].unique()
    if len(different) < 2:
        raise UsageError(
            f"--target must hold at least two different labels; {target!r} holds {list(different)}"
        )
    labels = _labels(table, target, known)
    doubts = _tell_classes(labels)
    if keep:
        labels = _with_gaps(labels, known)
    else:
        table, known = table[known], known[known]
    group, domain = (getattr(arguments, name, None) for name in ("group", "domain"))
    told = [domain] if domain else []
    return Labelled(
        rows=table[[*opened.features, *told]] if opened.features else table,
        views=opened.views,
        features=opened.features,
        meta=opened.meta,
        contexts=opened.contexts,
        lists=opened.lists,
        transcripts=opened.transcripts,
        labels=labels,
        known=known,
        groups=as_labels(table, group, "groups") if group else None,
        domains=domains_of(table, domain) if domain else None,
        doubts=doubts,
    )


def _tell_classes(labels: np.ndarray) -> list[str]:
    """Say which classes there are, and what is odd about them; give the latter."""
    from hybridsent._label_doubts import count_labels, label_doubts, told_counts

    counts = count_labels(labels)
    say(f"classes: {told_counts(counts)}")
    doubts = label_doubts(counts)
    for doubt in doubts:
        say(f"warning: {doubt}")
    return doubts


def has_label(table: pd.DataFrame, target: str) -> np.ndarray:
    """Tell which rows have a label: an empty cell is none, in every format.

    Parameters
    ----------
    table : DataFrame
        The table.
    target : str
        Column of the labels.

    Returns
    -------
    ndarray of bool
        False for rows without a label.
    """
    column = table[target]
    return (column.notna() & ~column.isin([""])).to_numpy(dtype=bool)


def domains_of(table: pd.DataFrame, column: str) -> np.ndarray:
    """Name the domain of each row.

    Parameters
    ----------
    table : DataFrame
        The table.
    column : str
        Its column of domains.

    Returns
    -------
    ndarray of str
        The names; 2.0 is ``"2"``, as a column with an empty cell is read as floats.
    """
    from hybridsent.evaluation import as_labels

    return _whole(as_labels(table, column, "domain")).astype(str)


def _labels(table: pd.DataFrame, target: str, known: np.ndarray) -> np.ndarray:
    """Labels of the rows that have one; integers beside empty cells were read as floats."""
    from hybridsent.evaluation import as_labels

    labels = as_labels(table[known], target)
    return labels if known.all() else _whole(labels)


def _whole(numbers: np.ndarray) -> np.ndarray:
    """Turn floats that are whole numbers, all of them, into integers."""
    import numpy as np

    whole = numbers.dtype.kind == "f" and (numbers == np.floor(numbers)).all()
    return numbers.astype(np.int64) if whole else numbers


def _with_gaps(labels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Put -1 where a row has no label."""
    import numpy as np

    if known.all():
        return labels
    roomy = labels.astype(np.int64) if labels.dtype.kind in "bu" else labels
    full = np.full(len(known), -1, dtype=roomy.dtype if roomy.dtype.kind in "if" else object)
    full[known] = roomy
    return full
