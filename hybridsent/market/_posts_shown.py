"""Topics and posts on the page of a market (layer L7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.evaluation.report._contents import Contents, shown_pieces
from hybridsent.evaluation.report._numbers import percent, share
from hybridsent.evaluation.report._words import Words
from hybridsent.market._cells import known
from hybridsent.market._sections import figure, interval
from hybridsent.market._told import level
from hybridsent.market._topics import STABLE, Topic

if TYPE_CHECKING:
    from hybridsent.market._cells import Cell
    from hybridsent.market._examples import Example

__all__ = ["examples_in", "topics_in"]

_LONGEST = 400  # letters of a typical post


def topics_in(told: Any, w: Words, contents: Contents | None) -> dict[str, Any] | None:
    """Give the section of topics; none where none were asked for."""
    if told.shown.settings["topic"] is None:
        return None
    section = {
        "kind": "topics", "id": "topics", "title": w("topics.title"), "nav": w("topics.nav"),
        "lead": "", "how": w("topics.none"), "cards": [], "brands": [], "matrix": [],
    }  # fmt: skip
    topics = told.topics
    if topics is None or not topics.topics:
        return section
    cells = {(cell.topic, cell.brand): cell for cell in told.topic_cells}
    brands = [cell.brand for cell in told.brands]
    return section | {
        "lead": w("topics.lead"),
        "how": _how(told, w),
        "cards": [_card(each, cells[each.name, None], contents, w) for each in topics.topics],
        "brands": brands,
        "matrix": [
            {
                "name": each.name,
                "cells": [_cell(cells[each.name, brand], told, w) for brand in [None, *brands]],
            }
            for each in topics.topics
        ],
    }


def _how(told: Any, w: Words) -> str:
    topics: Any = told.topics
    said = [w(f"topics.by.{topics.by}", k=len(topics.topics))]
    if topics.tried:
        alike = topics.tried.get(len(topics.topics), max(topics.tried.values()))
        key = "topics.chosen" if topics.stable else "topics.unsure"
        said.append(w(key, alike=f"{alike:.2f}"))
        if any(t.stability is not None and t.stability < STABLE for t in topics.topics):
            said.append(w("topics.unstable_how"))
    return w.joined(said)


def _card(topic: Topic, cell: Cell, contents: Contents | None, w: Words) -> dict[str, Any]:
    unstable = topic.stability is not None and topic.stability < STABLE
    index = cell.index
    return {
        "name": topic.name,
        "words": topic.words or [w("topics.no_words")],
        "n": w("market.posts", n=f"{topic.n:,}"),
        "unstable": w("topics.unstable") if unstable else "",
        "value": figure(index.value, level(index.value))
        if known(cell)
        else w("market.few", n=cell.n),
        "range": interval(index) if known(cell) else "",
        "typical": _typical(topic, contents),
    }


def _typical(topic: Topic, contents: Contents | None) -> list[str]:
    """Give the texts of typical posts; pictures and sounds stand among the examples."""
    if contents is None:
        return []
    texts = Contents(
        contents.table, {n: kind for n, kind in contents.columns.items() if kind == "text"}
    )
    found = []
    for row in topic.typical:
        said = " ".join(each.text for each in texts.of_row(row) if each.kind == "words").strip()
        if said:
            found.append(said if len(said) <= _LONGEST else f"{said[:_LONGEST]} …")
    return found


def _cell(cell: Cell, told: Any, w: Words) -> dict[str, Any]:
    if not cell.n:
        return {"text": "–", "n": "", "class": "", "share": "0"}
    if not known(cell):
        return {"text": w("market.few", n=cell.n), "n": "", "class": "few", "share": "0"}
    low, high = told.ends
    middle, half = (low + high) / 2, (high - low) / 2 or 1.0
    value = cell.index.value
    return {
        "text": figure(value, level(value)),
        "n": figure(cell.n, f"{cell.n:,}"),
        "class": "up" if value >= middle else "down",
        "share": share(abs(value - middle) / half),
    }


def examples_in(told: Any, w: Words, contents: Contents | None) -> dict[str, Any] | None:
    """Give the section of posts; none where there are none to show."""
    if not told.examples:
        return None
    kinds = []
    for kind in ("high", "low", "divided"):
        cards = [_post(each, told, w, contents) for each in told.examples if each.kind == kind]
        if cards:
            kinds.append({"title": _title(kind, told, w), "cards": cards})
    remarks = [w("posts.private")] if contents is None else []
    if contents is not None and contents.spent:
        remarks.append(w("posts.spent", n=len(contents.spent)))
    return {
        "kind": "posts",
        "id": "posts",
        "title": w("posts.title"),
        "nav": w("posts.nav"),
        "lead": w("posts.lead"),
        "remarks": remarks,
        "kinds": kinds,
    }


def _title(kind: str, told: Any, w: Words) -> str:
    if kind == "divided":
        return w("posts.divided")
    if told.values is None:
        return w("posts.highest" if kind == "high" else "posts.lowest")
    end = told.ends[1] if kind == "high" else told.ends[0]
    label = next(label for label, value in told.values.items() if value == end)
    return w(f"posts.{kind}", label=w.quoted(label))


def _post(each: Example, told: Any, w: Words, contents: Contents | None) -> dict[str, Any]:
    pieces = [] if contents is None else contents.of_row(each.at)
    said = f"{each.said:.2f}" if isinstance(each.said, float) else str(each.said)
    answer = told.shown.said
    if answer.probabilities is not None and answer.classes is not None:
        p = answer.probabilities[each.row]
        order = np.argsort(-p, kind="stable")[: 3 if each.kind == "divided" else 1]
        sure = [f"{answer.classes[i]} {percent(float(p[i]))}" for i in order]
        said = " · ".join(sure) if each.kind == "divided" else f"{said} ({percent(float(p.max()))})"
    where = " · ".join(filter(None, [each.brand, w("posts.row", row=each.row)]))
    return {"said": said, "where": where, "pieces": shown_pieces(pieces, each.row, w)}
