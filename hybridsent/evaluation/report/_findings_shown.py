"""What a look at the data found, on a page (layer L5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hybridsent.evaluation.report._numbers import plain
from hybridsent.evaluation.report._words import Words
from hybridsent.evaluation.results._findings import KINDS, Finding, findings_in_order

__all__ = ["findings_of", "leaks_in_words"]

_MOST_ROWS = 12
_QUOTED = re.compile(r"'([^']{1,60})'")


def findings_of(findings: Sequence[Finding], looked: bool, w: Words) -> dict[str, Any] | None:
    """Give the section of the findings; none where nobody looked.

    Parameters
    ----------
    findings : sequence of Finding
        What was found.
    looked : bool
        Whether anybody looked.
    w : Words
        The language.

    Returns
    -------
    dict or None
        The section.
    """
    if not looked and not findings:
        return None
    return {
        "kind": "check",
        "id": "check",
        "title": w("check.title"),
        "nav": w("check.nav"),
        "lead": w("check.lead") if findings else w("check.clean"),
        "items": [_item(each, w) for each in findings_in_order(findings)],
    }


def _item(finding: Finding, w: Words) -> dict[str, Any]:
    known = finding.kind in KINDS
    kind = w(f"check.kind.{finding.kind}") if known else finding.kind
    item: dict[str, Any] = {
        "severity": finding.severity,
        "tag": w(f"check.{finding.severity}"),
        "kind": kind,
        "text": finding.sentence,
        "original": "",
        "numbers": [],
        "rows": _rows(finding, w),
    }
    if w.language == "en":
        return item
    names = list(dict.fromkeys(_QUOTED.findall(finding.sentence)))
    about = w("check.about", names=w.listed([w.quoted(each) for each in names])) if names else ""
    meant = w(f"check.means.{finding.kind}") if known else ""
    return {**item, "text": w.joined([meant, about]), "original": finding.sentence} | {
        "numbers": [plain(float(value)) for value in finding.numbers.values()]
    }


def _rows(finding: Finding, w: Words) -> str:
    if not finding.rows:
        return ""
    some = ", ".join(str(row) for row in finding.rows[:12])
    return w(
        "check.rows", n=len(finding.rows), rows=some + (" …" if len(finding.rows) > 12 else "")
    )


def leaks_in_words(findings: Sequence[Finding], w: Words) -> str:
    """Say at the top of the page that scores are not to be trusted."""
    leaks = sum(each.severity == "leak" for each in findings)
    doubts = sum(each.severity == "doubt" for each in findings)
    if leaks:
        return w("summary.leaks", n=leaks)
    return w("summary.doubts", n=doubts) if doubts else ""
