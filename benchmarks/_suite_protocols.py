"""Which rows of a corpus are learned from and which are scored, and whether a paper did just that.

A protocol is a function from a table to a `Plan`. A plan that is what papers did names it (`key`), and only then stand its figures
beside theirs without a mark; else `why` says in a sentence what is different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from _corpora import near_duplicates
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold

Splits = list[tuple[np.ndarray, np.ndarray]]
Protocol = Callable[[pd.DataFrame, str], "Plan"]
SEED = 0


@dataclass(frozen=True)
class Plan:
    """Which rows are learned from, and which are scored.

    Parameters
    ----------
    label : str
        What the column of the table says.
    splits : list of (ndarray, ndarray)
        Positions to learn from and to score.
    key : str
        Name of the published protocol that this is; empty where it is none.
    why : str
        Where it is none, what is different, as a sentence.
    groups : ndarray or None
        What is never on both sides, and varies in intervals.
    seeds : list of int or None
        Of each split, how often its rows have been scored before; None is never.
    domains : ndarray or None
        Domain of each row, where each split is a pair of a source and a target.
    """

    label: str
    splits: Splits
    key: str = ""
    why: str = ""
    groups: np.ndarray | None = None
    seeds: Sequence[int] | None = None
    domains: np.ndarray | None = None

    @property
    def scored(self) -> np.ndarray:
        """Positions of the rows that are scored."""
        return np.unique(np.concatenate([test for _, test in self.splits]))

    @property
    def used(self) -> np.ndarray:
        """Positions of the rows that are learned from or scored."""
        return np.unique(np.concatenate([part for split in self.splits for part in split]))

    def smaller(self, most: int, folds: int) -> Plan:
        """Take some folds, and some rows of each, for a look: its figures say nothing."""
        rng = np.random.default_rng(SEED)

        def some(rows: np.ndarray, n: int) -> np.ndarray:
            return np.sort(rng.choice(rows, n, replace=False)) if len(rows) > n else rows

        splits = [(some(train, most), some(test, most // 2)) for train, test in self.splits[:folds]]
        why = "A quick look at some rows, whose figures say nothing."
        seeds = None if self.seeds is None else self.seeds[:folds]
        return replace(
            self, splits=splits, seeds=seeds, key="", why=why, label=f"quick: {self.label}"
        )

    def part(self, labels: pd.Series, most: int) -> Plan:
        """Take at most so many rows of each class of each domain, drawn once, for all splits alike.

        The rows of a smaller part are rows of a larger one, so that features are found again.
        """
        order = np.random.default_rng(SEED).permutation(len(labels))
        domains = np.zeros(len(labels)) if self.domains is None else self.domains
        drawn = pd.DataFrame({"class": labels.to_numpy(), "domain": domains}).iloc[order]
        kept = order[(drawn.groupby(["class", "domain"]).cumcount() < most).to_numpy()]
        if len(kept) == len(labels):
            return self
        splits = [
            (np.intersect1d(train, kept), np.intersect1d(test, kept)) for train, test in self.splits
        ]
        of_each = "class" if self.domains is None else "class and domain"
        why = f"{self.why} A part alone was learned from and scored (`--part {most}`): at most {most} rows of each {of_each}, drawn once."
        label = f"{self.label}, {most} rows of each {of_each}"
        return replace(self, splits=splits, key="", why=why.strip(), label=label)

    def only(self, rows: np.ndarray) -> Plan:
        """Number the rows anew, where others are left out of the table."""
        place = np.full(int(rows.max()) + 1, -1)
        place[rows] = np.arange(len(rows))
        return replace(
            self,
            splits=[(place[train], place[test]) for train, test in self.splits],
            groups=None if self.groups is None else self.groups[rows],
            domains=None if self.domains is None else self.domains[rows],
        )


def check(plan: Plan) -> None:
    """Refuse a plan in which a row or a group is on both sides, or a row is scored twice by one seed."""
    seen: set[tuple[int, int]] = set()
    for (train, test), seed in zip(plan.splits, plan.seeds or [0] * len(plan.splits), strict=True):
        if not len(train) or not len(test):
            raise ValueError(f"The protocol {plan.label!r} has a split without rows.")
        if len(np.intersect1d(train, test)):
            raise ValueError(f"The protocol {plan.label!r} scores rows that it learns from.")
        if plan.groups is not None and set(plan.groups[train]) & set(plan.groups[test]):
            shared = sorted({*plan.groups[train].tolist()} & {*plan.groups[test].tolist()})[:3]
            raise ValueError(f"The protocol {plan.label!r} has {shared} on both sides.")
        rows = {(seed, int(row)) for row in test}
        if seen & rows:
            raise ValueError(f"The protocol {plan.label!r} scores a row twice.")
        seen |= rows


ANOTHER_MIX = 0.1
"""Share by which a class has to differ between what is learned from and what is scored to be told."""


def mix(plan: Plan, labels: pd.Series) -> str:
    """Tell of a single split in a sentence which class is much rarer on one side; empty where none is."""
    if len(plan.splits) != 1:
        return ""
    learned, scored = (labels.iloc[part].value_counts(normalize=True) for part in plan.splits[0])
    gaps = learned.sub(scored, fill_value=0.0).sort_values(ascending=False)
    if gaps.abs().max() < ANOTHER_MIX:
        return ""
    name = gaps.abs().round(9).idxmax()  # of two classes the one that becomes rarer
    before, after = (100 * part.get(name, 0.0) for part in (learned, scored))
    return f"Classes are mixed otherwise on the two sides: {name} is {before:.0f} % of what is learned from, {after:.0f} % of what is scored."


# -- parts that are given


def given_parts(
    order: Sequence[tuple[str, str, str]],
    groups: Callable[[pd.DataFrame], np.ndarray] | None = None,
) -> Protocol:
    """Make the protocol of a corpus with parts: learn from ``train``, score the first part of `order` that is there.

    Parameters
    ----------
    order : sequence of (str, str, str)
        A part, the key of the published protocol that scores it (empty: none does), and where there is none, why.
    groups : callable, default=None
        What is never on both sides.
    """

    def protocol(table: pd.DataFrame, label: str) -> Plan:
        del label
        split = table["split"].to_numpy()
        for part, key, why in order:
            if (split == part).any():
                return Plan(
                    f"train → {part}" + ("" if key else ", not the test part"),
                    [(np.flatnonzero(split == "train"), np.flatnonzero(split == part))],
                    key,
                    why,
                    None if groups is None else groups(table),
                )
        raise ValueError(f"None of the parts {[part for part, *_ in order]} is there to be scored.")

    return protocol


def either(first: Protocol, column: str, other: Protocol) -> Protocol:
    """Make a protocol that is the first where the table has a column, else the other."""

    def protocol(table: pd.DataFrame, label: str) -> Plan:
        return (first if column in table else other)(table, label)

    return protocol


# -- folds


def own_folds(
    n: int, why: str, groups: Callable[[pd.DataFrame], np.ndarray] | None = None, of: str = ""
) -> Protocol:
    """Make the protocol of folds that are drawn here: stratified, groups kept together."""

    def protocol(table: pd.DataFrame, label: str) -> Plan:
        held = np.arange(len(table)) if groups is None else groups(table)
        y = table[label].to_numpy()
        cut = StratifiedGroupKFold(n, shuffle=True, random_state=SEED)
        splits = list(cut.split(np.zeros(len(y)), y, held))
        together = f" by {of}" if of else ""
        return Plan(
            f"our {n} folds{together}", splits, "", why, held if groups is not None else None
        )

    return protocol


def given_folds(
    key: str, label: str, groups: Callable[[pd.DataFrame], np.ndarray] | None
) -> Protocol:
    """Make the protocol of a column ``fold``, which says in which test part a row is."""

    def protocol(table: pd.DataFrame, _: str) -> Plan:
        fold = table["fold"].to_numpy()
        splits = [
            (np.flatnonzero(fold != each), np.flatnonzero(fold == each)) for each in np.unique(fold)
        ]
        return Plan(label, splits, key, "", None if groups is None else groups(table))

    return protocol


def leave_one_out(column: str, key: str, whole: Callable[[pd.DataFrame], str]) -> Protocol:
    """Make the protocol that scores each group in turn.

    Parameters
    ----------
    column : str
        The groups.
    key : str
        The published protocol that this is, where the corpus is whole.
    whole : callable
        Gives the reason why it is not; empty where it is.
    """

    def protocol(table: pd.DataFrame, label: str) -> Plan:
        held = table[column].astype(str).to_numpy()
        splits = list(LeaveOneGroupOut().split(np.zeros(len(held)), groups=held))
        why = whole(table)
        told = f"one {column} left out"
        if why:
            told += f", {table[label].nunique()} classes"
        return Plan(told, splits, "" if why else key, why, held)

    return protocol


# -- special ones


def mustard_independent(table: pd.DataFrame, label: str) -> Plan:
    """Learn from the other shows, score FRIENDS. A speaker is a name in a show: ``PERSON`` is anybody."""
    del label
    show = table["show"].to_numpy()
    speaker = (table["show"] + " " + table["speaker"].fillna("")).to_numpy(dtype=str)
    split = np.flatnonzero(show != "FRIENDS"), np.flatnonzero(show == "FRIENDS")
    return Plan("other shows → FRIENDS", [split], "speaker independent", "", speaker)


def pairs(all_domains: Sequence[str], key: str = "", why: str = "") -> Protocol:
    """Make the protocol of every source with every target: all rows of each.

    Each domain is scored once by each seed, by another source.
    """

    def protocol(table: pd.DataFrame, label: str) -> Plan:
        del label
        domain = table["domain"].to_numpy(dtype=str)
        names = list(dict.fromkeys(domain))
        splits, seeds = [], []
        for seed in range(len(names) - 1):
            for i, target in enumerate(names):
                source = names[(i + seed + 1) % len(names)]
                splits.append((np.flatnonzero(domain == source), np.flatnonzero(domain == target)))
                seeds.append(seed)
        n = len(all_domains)
        missing = sorted(set(all_domains) - set(names))
        told = f"{len(splits)} pairs, source → target"
        if missing:
            told += f" (of {n * (n - 1)}; {', '.join(missing)} not at hand)"
        return Plan(told, splits, key, why, None, seeds, domain)

    return protocol


# -- groups


def posts(table: pd.DataFrame) -> np.ndarray:
    """Posts whose texts are nearly the same."""
    return near_duplicates(table["text"])


def dialogues(table: pd.DataFrame) -> np.ndarray:
    """Dialogues; each part counts them anew."""
    return (table["split"] + " " + table["dialogue"].astype(str)).to_numpy(dtype=str)


def column(name: str) -> Callable[[pd.DataFrame], np.ndarray]:
    def groups(table: pd.DataFrame) -> np.ndarray:
        return table[name].astype(str).to_numpy()

    return groups


def mean_of_pairs(plan: Plan, of_pair: dict[str, float]) -> float | None:
    """Give the mean of published figures over the pairs of a plan; None where one is missing."""
    names: Iterable[Any] = (
        (f"{plan.domains[train[0]]} → {plan.domains[test[0]]}" for train, test in plan.splits)
        if plan.domains is not None
        else ()
    )
    found = [of_pair.get(name) for name in names]
    known = [value for value in found if value is not None]
    return float(np.mean(known)) if known and len(known) == len(found) else None
