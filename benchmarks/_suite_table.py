"""What the suite found, as one table: for the terminal, and as Markdown for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import _results

OTHER = "≠"
"""The mark of a published figure that was measured by another protocol than ours."""

UNCHECKED = "from memory of the paper, unchecked"

HEADS = ("corpus", "way", "score", "against the classical line", "also", "s", "protocol", "source")
NUMBERS = (2, 5)

_NAMES = {
    "accuracy": "accuracy",
    "f1_weighted": "weighted F1",
    "f1_macro": "macro F1",
    "tweeteval_irony": "F1 of irony",
    "acc2_non0": "Acc-2 non0",
    "acc2_has0": "Acc-2 has0",
    "f1_non0": "F1 non0",
    "acc7": "Acc-7",
    "Pearson": "Corr",
}


def metric_name(metric: str) -> str:
    return _NAMES.get(metric, metric)


def blocks(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each corpus, in their order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["corpus"], []).append(row)
    return found


def markdown(made: _results.Record) -> str:
    """Write the table and what belongs below it."""
    lines = [
        cells for corpus, rows in blocks(made["rows"]).items() for cells in lines_of(corpus, rows)
    ]
    return (
        "\n\n".join(
            [
                _results.table(HEADS, lines, NUMBERS),
                *(f"- {sentence}" for sentence in sentences(made)),
                f"Measured by {_results.source(made)}",
            ]
        )
        .replace("\n\n- ", "\n- ")
        .replace("|\n- ", "|\n\n- ", 1)
    )


def plain(made: _results.Record) -> str:
    """Write the same for a terminal, a corpus after the other."""
    out = []
    for corpus, rows in blocks(made["rows"]).items():
        lines = [[cell.replace("*", "") for cell in cells[1:]] for cells in lines_of(corpus, rows)]
        head = [*HEADS[1:]]
        head[1] = metric_name(rows[0]["metric"]) if rows[0].get("metric") else "score"
        widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
        shown = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in [head, *lines]
        ]
        out.append("\n".join([f"## {corpus}", "", *shown]))
    return "\n\n".join([*out, *(each.replace("**", "") for each in sentences(made))])


def lines_of(corpus: str, rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Write the lines of a corpus; its name and its metric stand at the first."""
    lines = [_line(row) for row in rows]
    metric = next((row["metric"] for row in rows if row.get("metric")), None)
    first = f"**{corpus}**" + (f", {metric_name(metric)}" if metric else "")
    return [[first if i == 0 else "", *line] for i, line in enumerate(lines)]


def how_to_get(made: _results.Record) -> str:
    """Write where each corpus is had, and what its folder holds: of the registry, whatever was measured."""
    from _suite_registry import CORPORA

    del made
    by_folder: dict[tuple[str, ...], list[str]] = {}
    for one in CORPORA:
        seen = (f"`{one.folders[0]}/`", one.files, one.home, one.terms)
        by_folder.setdefault(seen, []).append(f"`{one.name}`")
    rows = [(", ".join(names), *seen) for seen, names in by_folder.items()]
    return _results.table(("`--only`", "folder", "files", "from", "terms"), rows)


def _line(row: dict[str, Any]) -> list[str]:
    kind = row["kind"]
    if kind in ("left out", "failed", "not at hand"):
        return [row["way"], kind, row["reason"], "", "", "", ""]
    if kind == "published":
        mark = "" if row["same_protocol"] else f" {OTHER}"
        read = f"read in {row['checked']}" if row["checked"] else UNCHECKED
        source = f"{row['source']} ({read})"
        value = f"{_results.number(row['value'])}{mark}"
        return [f"*published:* {row['way']}", value, "", _also(row), "", row["protocol"], source]
    return [
        row["way"],
        _results.interval(row["value"], row["low"], row["high"]),
        _against(row),
        _also(row),
        f"{row['seconds']:,.0f}" if row["seconds"] >= 9.5 else f"{row['seconds']:.1f}",
        row["protocol"],
        "measured here",
    ]


def _also(row: dict[str, Any]) -> str:
    others = {name: value for name, value in row["scores"].items() if name != row["metric"]}
    return ", ".join(
        f"{metric_name(name)} {_results.number(value)}" for name, value in others.items()
    )


def _against(row: dict[str, Any]) -> str:
    gain = row.get("gain")
    if gain is None:
        return ""
    ends = f" [{gain['low']:z.3f}, {gain['high']:z.3f}]" if gain["low"] is not None else ""
    p = (
        ""
        if gain["p"] is None
        else ", p < 0.001"
        if gain["p"] < 0.001
        else f", p = {gain['p']:.2g}"
    )
    return f"{gain['value']:+z.3f}{ends}{p}"


def sentences(made: _results.Record) -> list[str]:
    """Say of each corpus what was read, what is different from papers, and what encoding cost."""
    found = []
    for title, facts in made["corpora"].items():
        told = (
            f"**{title}** ({facts['layout']} layout): {facts['rows']:,} rows at hand, {facts['scored']:,} scored"
            f", {facts['protocol']}; {facts['encoded']:,} cells encoded"
            + (f" in {facts['encode_seconds']:,.0f} processor seconds" if facts["encoded"] else "")
            + f", {facts['found']:,} found in the store."
        )
        for more in (facts["why"] and f"{OTHER} {facts['why']}", facts["note"], facts["mix"]):
            told += f" {more}" if more else ""
        if facts["recipes"]:
            told += f" Chosen inside the folds: {facts['recipes']}."
        found.append(told)
    return found
