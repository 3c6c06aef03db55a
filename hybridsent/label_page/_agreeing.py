"""How far annotators agree on the rows that several of them labelled (layer L7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hybridsent.exceptions import TableError
from hybridsent.label_page._question import Question

__all__ = ["agreement_in_words"]

_LEAST = 10  # rows of two labels before agreement has an interval


def agreement_in_words(question: Question, votes: Mapping[str, Mapping[int, Any]]) -> str:
    """Say in a sentence how far annotators agree.

    Parameters
    ----------
    question : Question
        What is asked.
    votes : mapping of str to mapping of int to object
        Labels by annotator and row.

    Returns
    -------
    str
        The sentence; empty where no row has two labels.

    Examples
    --------
    >>> from hybridsent.label_page._agreeing import agreement_in_words
    >>> from hybridsent.label_page._question import Question
    >>> votes = {"anna": {0: "good", 1: "bad"}, "ben": {0: "good"}}
    >>> agreement_in_words(Question("classes", ("bad", "good")), votes)
    'Of 1 row that several labelled, 1 has the same label from all.'
    """
    given = Counter(row for labels in votes.values() for row in labels)
    rows = [row for row, count in given.items() if count > 1]
    if not rows:
        return ""
    alike = sum(
        len({str(labels[row]) for labels in votes.values() if row in labels}) == 1 for row in rows
    )
    told = f"Of {len(rows)} {'row' if len(rows) == 1 else 'rows'} that several labelled, {alike} "
    told += f"{'has' if alike == 1 else 'have'} the same label from all."
    if len(rows) < _LEAST or question.kind == "sets":
        return told
    import pandas as pd

    from hybridsent.annotation import agreement

    table = pd.DataFrame(
        {
            name: [question.cell(labels[row]) if row in labels else None for row in rows]
            for name, labels in votes.items()
        }
    )
    level = "interval" if question.kind == "numbers" else "nominal"
    try:
        found = agreement(table, level=level, n_boot=200)
    except (TableError, ValueError):  # labels that do not vary, of which the share says enough
        return told
    return f"{told} {found.sentence}"
