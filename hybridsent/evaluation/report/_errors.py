"""The worst errors on a page, with what the rows hold (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hybridsent.evaluation.report._contents import Contents, shown_pieces
from hybridsent.evaluation.report._numbers import percent, plain
from hybridsent.evaluation.report._told import DUMMY, Told
from hybridsent.evaluation.report._words import Words

__all__ = ["errors_of"]


def errors_of(
    told: Told,
    w: Words,
    contents: Contents | None,
    *,
    n: int,
    private: bool,
    deciders: Mapping[int, str] | None = None,
) -> dict[str, Any] | None:
    """Give the section of the worst errors.

    Parameters
    ----------
    told : Told
        The result.
    w : Words
        The language.
    contents : Contents or None
        What shows rows; None where there is no table.
    n : int
        How many errors.
    private : bool
        Whether contents are left out on purpose.
    deciders : mapping of int to str or None, default=None
        Which view decided about a row.

    Returns
    -------
    dict or None
        The section; None where there are no predictions.
    """
    if told.kept is None or not len(told.kept):
        return None
    numbers = told.target == "numbers"
    once = told.once[told.model]
    wrong = np.flatnonzero(once.wrong)
    order = np.argsort(-np.nan_to_num(once.sure[wrong], nan=-1.0), kind="stable")
    places = wrong[order][:n]
    cards = [_card(int(at), told, w, None if private else contents) for at in places]
    for card in cards:
        view = (deciders or {}).get(card.pop("at"))
        card["decided"] = w("errors.decided", view=view) if view else ""
    lead = w(
        "errors.lead_numbers" if numbers else "errors.lead",
        shown=len(cards),
        all=len(wrong),
        model=told.model,
    )
    remarks = []
    if private:
        remarks.append(w("errors.private"))
    elif contents is None:
        remarks.append(w("errors.no_table"))
    elif contents.spent:
        remarks.append(w("errors.spent", n=len(contents.spent)))
    return {
        "kind": "errors",
        "id": "errors",
        "title": w("errors.title_numbers" if numbers else "errors.title"),
        "nav": w("errors.nav"),
        "lead": lead if cards else w("errors.none"),
        "remarks": remarks,
        "cards": cards,
    }


def _card(at: int, told: Told, w: Words, contents: Contents | None) -> dict[str, Any]:
    kept, once = told.kept, told.once[told.model]
    row = int(once.rows[at])
    group = ""
    if kept is not None and kept.groups is not None:
        group = w("errors.group", group=kept.groups[np.flatnonzero(kept.row == row)[0]])
    pieces = [] if contents is None else contents.of_row(row)
    off = told.target == "numbers"
    return {
        "at": row,
        "row": w("errors.row", row=row),
        "group": group,
        "said": _name(told.model, at, told, w),
        "truth": _written(once.truth[at : at + 1], told, w),
        "off": w("errors.off", value=plain(float(once.sure[at]))) if off else "",
        "others": [
            {"model": name, "said": _name(name, at, told, w)}
            for name in told.models
            if name not in (told.model, DUMMY) and name in told.once
        ],
        "pieces": shown_pieces(pieces, row, w),
    }


def _name(model: str, at: int, told: Told, w: Words) -> str:
    """Write what a model said about a row, and how sure it was."""
    answers = told.once[model].said
    said = _written(answers.labels[at : at + 1], told, w)
    if answers.probabilities is None or told.target != "classes":
        return said
    label = answers.labels[at]
    places = np.flatnonzero(told.kept.classes == label)  # type: ignore[union-attr]
    if not len(places):
        return said
    return f"{said} ({percent(float(answers.probabilities[at, places[0]]))})"


def _written(label: np.ndarray, told: Told, w: Words) -> str:
    kept: Any = told.kept
    value = kept.named(label)[0]
    if told.target == "numbers":
        return plain(float(value))
    return str(value) or w("errors.none_of_them")
