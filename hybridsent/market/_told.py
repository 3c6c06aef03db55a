"""What a report of a market says in sentences, in both languages (layer L7)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hybridsent.evaluation.report._numbers import percent
from hybridsent.evaluation.report._words import Words
from hybridsent.evaluation.results._gains import written_p
from hybridsent.market._cells import known
from hybridsent.market._sentences import LANGUAGES, SENTENCES

if TYPE_CHECKING:
    from hybridsent.market._caveats import Caveat

__all__ = ["caveats_in", "chance", "findings_in", "headline", "level", "move", "words_of"]

_MOST = 3  # findings of a kind


def words_of(language: str) -> Words:
    """Give the words of a language.

    Parameters
    ----------
    language : {"en", "zh"}
        Which.

    Returns
    -------
    Words
        Those of this report and of all.
    """
    return Words(language, SENTENCES)


def level(value: float) -> str:
    """Write an index: its sign and two places.

    Examples
    --------
    >>> from hybridsent.market._told import level
    >>> level(0.2149), level(-1), level(0.001)
    ('+0.21', '−1.00', '0.00')
    """
    if not math.isfinite(value):
        return "–"
    rounded = round(value, 2) + 0.0
    return f"{rounded:+.2f}".replace("-", "−") if rounded else "0.00"


def move(value: float) -> str:
    """Write a difference, with its sign and two places."""
    return level(value)


def chance(p: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> from hybridsent.market._told import chance
    >>> chance(0.00001), chance(0.0421)
    ('< 0.001', '0.042')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def headline(told: Any, w: Words) -> str:
    """Say how many posts and brands there are, over which time."""
    return " · ".join(facts_of(told, w))


def facts_of(told: Any, w: Words) -> list[str]:
    """Give what stands under the title."""
    posts, said = told.shown.posts, told.shown.said
    found = [w("market.posts", n=f"{len(posts):,}")]
    if told.brands:
        found.append(w("market.brands", n=len(posts.brands) + len(posts.others)))
    if posts.times is not None and posts.periods:
        times = posts.times.moments[posts.rows].dropna()
        first, last = (each.strftime("%Y-%m-%d") for each in (times.min(), times.max()))
        found.append(w("market.periods", first=first, last=last))
    return [*found, w(f"market.by.{said.by}", name=said.name.replace("\\", "/").split("/")[-1])]


def findings_in(told: Any, w: Words) -> list[str]:
    """Give the findings, one a sentence."""
    return [each for each in (*_of_index(told, w), *_of_brands(told, w), *_of_time(told, w),
                              *_of_topics(told, w), *_of_views(told, w)) if each]  # fmt: skip


def _of_index(told: Any, w: Words) -> list[str]:
    index = told.overall.index
    if index is None:
        return []
    middle = sum(told.ends) / 2
    way = "up" if index.low > middle else "down" if index.high < middle else "even"
    key = "number" if told.values is None else way
    ends = {"from_": f"{told.ends[0]:g}".replace("-", "−"), "to": f"{told.ends[1]:g}"}
    between = {"low": level(index.low), "high": level(index.high)}
    said = w(f"found.index_{key}", value=level(index.value), **between, **ends)
    raw = told.overall.raw
    if raw is None or raw is index or told.overall.method in ("count", "mean"):
        return [said]
    more = w("found.raw", raw=level(raw.value), by=move(index.value - raw.value))
    return [w.joined([said, more])]


def _of_brands(told: Any, w: Words) -> list[str]:
    found = []
    sure = [gap for gap in told.gaps if gap.p_adjusted < 0.05]
    for gap in sure[:_MOST]:
        # against all others a brand may also be lower, which is told the other way round
        names = [gap.brand, w("market.rest") if gap.versus is None else gap.versus]
        low, high = gap.low, gap.high
        if gap.value < 0:
            names, (low, high) = names[::-1], (-high, -low)
        found.append(
            w("found.gap", brand=names[0], versus=names[1], value=level(abs(gap.value)),
              low=level(low), high=level(high), p=written_p(gap.p_adjusted))
        )  # fmt: skip
    if told.gaps and not sure:
        one = len(told.gaps) == 1
        found.append(w("found.gap_one" if one else "found.gap_none", of=len(told.gaps)))
    elif len(sure) > _MOST:
        found.append(w("found.gap_many", n=len(sure), of=len(told.gaps)))
    voices = {k: v for k, v in told.voices.get(None, {}).items() if k is not None}
    if len(voices) > 1:
        most = max(voices, key=lambda name: voices[name].value)
        others = [each.value for name, each in voices.items() if name != most]
        if max(others) < voices[most].value:  # of two that are spoken of alike, neither is first
            found.append(w("found.voice", brand=most, share=percent(voices[most].value)))
    return found


def _of_time(told: Any, w: Words) -> list[str]:
    period = w(f"market.{told.shown.settings['period']}")
    found = []
    for change in sorted(told.changes, key=lambda each: -abs(each.difference))[:_MOST]:
        of = w("market.of", brand=change.brand) if change.brand else ""
        found.append(w("found.change", of=of, period=period, when=change.period,
                       before=level(change.before), after=level(change.after)))  # fmt: skip
    for odd in told.odd[:_MOST]:
        of = w("market.of", brand=odd.brand) if odd.brand else ""
        found.append(w("found.odd", of=of, period=period, when=odd.period,
                       value=level(odd.value), usual=level(odd.usual)))  # fmt: skip
    long = any(sum(known(c) for c in row) >= 5 for row in told.series.values())
    if long and not found:
        found.append(w("found.still", period=period))
    return [" ".join(each.replace("  ", " ").split()) for each in found]


def _of_topics(told: Any, w: Words) -> list[str]:
    cells = [c for c in told.topic_cells if c.brand is None and known(c)]
    if len(cells) < 2:
        return []
    order = sorted(cells, key=lambda each: each.index.value)
    low, high = order[0], order[-1]
    if low.index.high >= high.index.low:
        return []
    return [
        w("found.topics", best=high.topic, worst=low.topic, high=level(high.index.value),
          low=level(low.index.value))
    ]  # fmt: skip


def _of_views(told: Any, w: Words) -> list[str]:
    drivers = [each for each in told.drivers if each.brand is None]
    if not drivers:
        return []
    most = max(drivers, key=lambda each: each.share.value)
    return [w("found.driver", share=percent(most.share.value), view=most.view)]


def caveats_in(told: Any, w: Words) -> list[str]:
    """Give what a reader has to know about the data, one a sentence or two."""
    return [_caveat(each, w) for each in told.caveats]


def _caveat(caveat: Caveat, w: Words) -> str:
    values: dict[str, Any] = dict(caveat.values)
    for name in ("n", "most", "said", "of"):
        if isinstance(values.get(name), int):
            values[name] = f"{values[name]:,}"
    if "share" in values:
        values["share"] = percent(values["share"])
    if "names" in values:
        values["names"] = w.listed([w.quoted(each) for each in values["names"]])
    if "views" in values:
        values["views"] = w.listed([f"{each} {far:.2f}" for each, far in values["views"].items()])
    for name in ("column", "label"):
        if name in values:
            values[name] = w.quoted(str(values[name]))
    if "languages" in values:
        named = [
            f"{LANGUAGES.get(name, name) if w.language == 'zh' else name} {percent(share)}"
            for name, share in values["languages"]
        ]
        values["languages"] = w.listed(named)
    return w(f"caveat.{caveat.key}", **values)
