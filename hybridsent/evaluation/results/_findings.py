"""What a look at a table finds, in one form for all who look (layer L5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

__all__ = ["KINDS", "Finding", "Severity", "findings_in_order", "notes_on_findings"]

Severity = Literal["leak", "doubt", "fact"]
"""Whether scores are not to be trusted, may not be, or whether it is good to know."""

KINDS = (
    *("label column", "group column", "metadata", "row order", "near-duplicates", "duplicates"),
    *("conflicts", "split overlap", "suspicious labels", "classes", "missing views", "languages"),
)


@dataclass(frozen=True)
class Finding:
    """One thing that was found in a table, with the numbers that show it.

    Parameters
    ----------
    kind : str
        What it is about: ``"label column"``, ``"group column"``, ``"metadata"``, ``"row order"``,
        ``"near-duplicates"``, ``"duplicates"``, ``"conflicts"``, ``"split overlap"``,
        ``"suspicious labels"``, ``"classes"``, ``"missing views"`` or ``"languages"``.
    severity : {"leak", "doubt", "fact"}
        ``"leak"``: scores by these folds flatter. ``"doubt"``: they may. ``"fact"``: good to know.
    sentence : str
        What was found, and what to do about it.
    numbers : dict of str to float, default={}
        The numbers in it; two scores that belong side by side are ``"as given"`` and what they are
        beside.
    rows : list of int, default=[]
        Positions in the table of the rows it is about, where it is about some.

    Examples
    --------
    >>> from hybridsent.evaluation import Finding
    >>> print(Finding("row order", "doubt", "The rows are sorted by label.", {"agreement": 0.9}))
    The rows are sorted by label.
    """

    kind: str
    severity: Severity
    sentence: str
    numbers: dict[str, float] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return self.sentence

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON.

        Returns
        -------
        dict
            Keys as the parameters.
        """
        return {
            "kind": self.kind,
            "severity": self.severity,
            "sentence": self.sentence,
            "numbers": {name: float(value) for name, value in self.numbers.items()},
            "rows": [int(row) for row in self.rows],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Finding:
        """Read what `to_dict` wrote.

        Parameters
        ----------
        plain : mapping
            As `to_dict` gives it.

        Returns
        -------
        Finding
            The same finding.
        """
        return cls(**plain)


def findings_in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Put leaks before doubts, doubts before facts, and kinds in the order of `KINDS`.

    Parameters
    ----------
    findings : iterable of Finding
        In any order.

    Returns
    -------
    list of Finding
        Sorted; findings of one kind stay as they were.
    """
    severities = list(get_args(Severity))
    return sorted(findings, key=lambda each: (severities.index(each.severity), _place(each.kind)))


def _place(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def notes_on_findings(findings: Iterable[Finding]) -> list[str]:
    """Give the sentences that stand below a result: of leaks and doubts, not of facts.

    Parameters
    ----------
    findings : iterable of Finding
        What was found.

    Returns
    -------
    list of str
        A sentence each, leaks first.

    Examples
    --------
    >>> from hybridsent.evaluation import Finding
    >>> from hybridsent.evaluation.results._findings import notes_on_findings
    >>> notes_on_findings([Finding("classes", "fact", "So."), Finding("row order", "doubt", "Hm.")])
    ['Doubt: Hm.']
    """
    return [
        f"{each.severity.capitalize()}: {each.sentence}"
        for each in findings_in_order(findings)
        if each.severity != "fact"
    ]
