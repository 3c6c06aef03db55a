"""How results look in a notebook (layer L5; imports nothing heavy).

pandas styles tables, but a headline, remarks and notes are no part of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["as_html"]

_CELL = "text-align:left;padding:.15em .9em .15em 0;border:0"
_HEAD = f"{_CELL};border-bottom:1px solid #8886"


def as_html(headline: str, table: Sequence[Sequence[object]], remarks: Sequence[str]) -> str:
    """Write a result as HTML that takes the colours of the notebook.

    Parameters
    ----------
    headline : str
        The first line.
    table : sequence of sequence of object
        Cells, the heading first.
    remarks : sequence of str
        Lines below the table.

    Returns
    -------
    str
        HTML; every text is escaped.

    Examples
    --------
    >>> from hybridsent.evaluation.results._notebook import as_html
    >>> "&lt;b&gt;" in as_html("2 rows", [["model"], ["<b>"]], [])
    True
    """
    head, *rows = table or [[]]
    cells = "".join(f'<th scope="col" style="{_HEAD}">{escape(str(each))}</th>' for each in head)
    lines = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(str(each))}</td>' for each in row) + "</tr>"
        for row in rows
    )
    told = "".join(f"<li>{escape(each)}</li>" for each in remarks if each)
    return (
        f'<div><p style="margin:.2em 0">{escape(headline)}</p>'
        f'<table style="border-collapse:collapse"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
        + (f'<ul style="margin:.4em 0;padding-left:1.2em">{told}</ul>' if told else "")
        + "</div>"
    )
