"""A report of a market as one page of HTML, which holds all that it shows (layer L7)."""

from __future__ import annotations

from typing import Any

from hybridsent.evaluation.report._about import licences_of, versions_of
from hybridsent.evaluation.report._contents import Contents, contents_of
from hybridsent.evaluation.report._shell import Report, page_of
from hybridsent.evaluation.report._words import Words
from hybridsent.market._posts_shown import examples_in, topics_in
from hybridsent.market._sections import brands_in, changes_in_words, drivers_in, tiles_in
from hybridsent.market._time_shown import time_in, voice_in
from hybridsent.market._told import caveats_in, facts_of, findings_in, words_of

__all__ = ["page_of_market"]


def page_of_market(
    told: Any, language: str, title: str | None, content: bool, command: str | None
) -> Report:
    """Write the page.

    Parameters
    ----------
    told : MarketReport
        What was found.
    language : {"en", "zh"}
        English or Chinese.
    title : str or None
        Of the page.
    content : bool
        Whether contents of posts may be shown.
    command : str or None
        What made it.

    Returns
    -------
    Report
        The page.
    """
    w = words_of(language)
    contents = _contents(told) if content else None
    sections = [
        time_in(told, w),
        brands_in(told, w),
        voice_in(told, w),
        changes_in_words(told, w),
        topics_in(told, w, contents),
        drivers_in(told, w),
        examples_in(told, w, contents),
        _caveats(told, w),
        _made(told, w, command),
    ]
    return page_of(
        w,
        title or w("market.title"),
        facts=facts_of(told, w),
        points=findings_in(told, w),
        tiles=tiles_in(told, w),
        sections=[each for each in sections if each],
        home="hybridsent.market",
        style="market.css",
    )


def _contents(told: Any) -> Contents:
    posts, said, settings = told.shown.posts, told.shown.said, told.shown.settings
    model = None if said.scorer is None else said.scorer.model
    table = posts.table
    if said.read is not None:  # paths of media are whole there
        read = said.read.iloc[posts.rows]
        table = table.assign(**{str(c): read[c] for c in read.columns if c in table.columns})
    aside = [settings[name] for name in ("by", "time", "author", "topic")]
    found = contents_of(table, model, aside)
    for name in posts.texts:
        found.columns.setdefault(name, "text")
    return found


def _caveats(told: Any, w: Words) -> dict[str, Any]:
    return {
        "kind": "caveats",
        "id": "data",
        "title": w("caveats.title"),
        "nav": w("caveats.nav"),
        "lead": w("caveats.lead"),
        "points": caveats_in(told, w),
        "noted": told.shown.said.notes,
    }


def _made(told: Any, w: Words, command: str | None) -> dict[str, Any]:
    settings, said = told.shown.settings, told.shown.said
    points = []
    if told.values is not None:
        worth = [f"{label} {value:g}".replace("-", "−") for label, value in told.values.items()]
        points.append(w("made.index", values=w.listed(worth)))
    units = w("made.posts" if told.shown.posts.author is None else "made.authors")
    points.append(w("made.method", method=told.overall.method, units=units))
    if told.shown.posts.times is not None:
        period = w(f"market.{settings['period']}")
        points.append(w("made.time", zone=settings["timezone"], period=period))
    points.append(w("made.seconds", seconds=f"{told.seconds:.1f}"))
    licences = licences_of(said.scorer.model) if said.scorer is not None else []
    if licences:
        points.append(w("made.commercial"))
    return {
        "kind": "how",
        "id": "how",
        "title": w("how.title"),
        "nav": w("how.nav"),
        "lead": "",
        "points": points,
        "command": command or w("made.python"),
        "licences": [{**each, "commercial": w(f"how.{each['commercial']}")} for each in licences],
        "versions": [{"name": name, "version": number} for name, number in versions_of().items()],
    }
