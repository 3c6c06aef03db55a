"""The worst errors on a page, with what the rows hold (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hybridsent.evaluation.report._contents import Contents, Piece
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
    places, wrong = _worst(told, n)
    cards = [_card(int(at), told, w, None if private else contents) for at in places]
    for card in cards:
        view = (deciders or {}).get(card.pop("at"))
        card["decided"] = w("errors.decided", view=view) if view else ""
    lead = w(
        "errors.lead_numbers" if numbers else "errors.lead",
        shown=len(cards),
        all=wrong,
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


def _worst(told: Told, n: int) -> tuple[np.ndarray, int]:
    """Find the surest mistakes, each row once, and count them all."""
    kept: Any = told.kept
    if told.target == "numbers":
        order = np.argsort(-told.right, kind="stable")
        wrong = len(order)
    else:
        chances = kept.of(told.model).probabilities
        sure = np.zeros(len(kept)) if chances is None else _sureness(told, chances)
        order = np.argsort(-sure, kind="stable")
        order = order[~told.right[order]]
        wrong = round(len(order) / told.seeds)
    _, first = np.unique(kept.row[order], return_index=True)
    return order[np.sort(first)][:n], wrong


def _sureness(told: Told, chances: np.ndarray) -> np.ndarray:
    """Tell how sure the model was of what is wrong in its answer."""
    kept: Any = told.kept
    if told.target == "classes":
        return np.asarray(chances.max(axis=1))
    wrong = kept.of(told.model).labels != kept.truth
    return np.asarray(np.where(wrong, np.abs(chances - kept.truth), 0.0).max(axis=1))


def _card(at: int, told: Told, w: Words, contents: Contents | None) -> dict[str, Any]:
    kept: Any = told.kept
    row, numbers = int(kept.row[at]), told.target == "numbers"
    group = "" if kept.groups is None else w("errors.group", group=kept.groups[at])
    pieces = [] if contents is None else contents.of_row(row)
    return {
        "at": row,
        "row": w("errors.row", row=row),
        "group": group,
        "said": _name(told.model, at, told, w),
        "truth": _written(kept.truth[at : at + 1], told, w),
        "off": w("errors.off", value=plain(float(told.right[at]))) if numbers else "",
        "others": [
            {"model": name, "said": _name(name, at, told, w)}
            for name in told.models
            if name not in (told.model, DUMMY) and name in kept.answers
        ],
        "pieces": [_piece(each, row, w) for each in sorted(pieces, key=_order)],
    }


def _order(piece: Piece) -> int:
    """Pictures and clips stand at the top of a card, then texts, then sounds."""
    return ("clip", "picture", "words", "sound", "empty", "broken").index(piece.kind)


def _piece(piece: Piece, row: int, w: Words) -> dict[str, Any]:
    keys = {"picture": "errors.picture_alt", "sound": "errors.sound_alt", "clip": "errors.clip_alt"}
    keys |= {"empty": "errors.empty", "broken": "errors.broken"}
    told = {"row": row, "column": piece.column}
    return {
        "kind": piece.kind,
        "column": piece.column,
        "text": piece.text,
        "uri": piece.uri,
        "alt": w(keys[piece.kind], **told) if piece.kind in keys else "",
        "cut": w("errors.cut", seconds=10) if piece.cut and piece.uri else "",
    }


def _name(model: str, at: int, told: Told, w: Words) -> str:
    """Write what a model said about a row, and how sure it was."""
    kept: Any = told.kept
    answers = kept.of(model)
    said = _written(answers.labels[at : at + 1], told, w)
    if answers.probabilities is None or told.target != "classes":
        return said
    place = int(np.searchsorted(kept.classes, answers.labels[at]))
    return f"{said} ({percent(float(answers.probabilities[at, place]))})"


def _written(label: np.ndarray, told: Told, w: Words) -> str:
    kept: Any = told.kept
    value = kept.named(label)[0]
    if told.target == "numbers":
        return plain(float(value))
    return str(value) or w("errors.none_of_them")
