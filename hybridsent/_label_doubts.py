"""What is odd about a column of labels, told before a model learns it (layer L0).

Libraries that clean data look for near-equal texts by distance; of labels a person means one thing
where only case, spaces, accents' encoding or punctuation differ, and that needs no distance.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

__all__ = ["count_labels", "label_doubts", "scale_doubt", "told_counts"]

_MISSING = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a.",
        "nan",
        "none",
        "null",
        "nil",
        "<na>",
        "#n/a",
        "?",
        "-",
        "--",
        "missing",
        "unlabeled",
        "unlabelled",
        "unsup",
    }
)
_FEW = 5
_MARKS = re.compile(r"[\s_.,;:!?'\"()\[\]{}*/\\]+|-(?!\d)")  # "-1" and "1" are two things
_SHOWN = 12
_FEW_VALUES = 11  # different numbers, up to which they may be names of classes


def count_labels(labels: Iterable[Any], *, marks: bool = True) -> dict[Any, int]:
    """Count the rows of each class, the most frequent first.

    Parameters
    ----------
    labels : iterable
        Labels.
    marks : bool, default=True
        Whether the number -1 marks a row without one; else it is a class.

    Returns
    -------
    dict
        Class to rows; classes of equal count in the order of their names.

    Examples
    --------
    >>> from hybridsent._label_doubts import count_labels
    >>> count_labels(["good", "bad", "bad", -1])
    {'bad': 2, 'good': 1}
    """
    values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    is_text = (isinstance(value, str) for value in values)
    told = zip(values, is_text, strict=True)
    counts = Counter(value for value, text in told if not marks or text or value != -1)
    return dict(sorted(counts.items(), key=lambda each: (-each[1], str(each[0]))))


def told_counts(counts: Mapping[Any, int]) -> str:
    """Write classes and their rows in one line.

    Parameters
    ----------
    counts : mapping
        As `count_labels` gives it.

    Returns
    -------
    str
        Of many classes the first ones, and how many there are.

    Examples
    --------
    >>> from hybridsent._label_doubts import told_counts
    >>> told_counts({"bad": 2, "good": 1})
    "'bad' (2), 'good' (1)"
    """
    shown = [f"{label!r} ({count})" for label, count in list(counts.items())[:_SHOWN]]
    rest = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def label_doubts(counts: Mapping[Any, int], few: int = _FEW) -> list[str]:
    """Say what may be wrong with classes: one written twice, a missing label, hardly a row.

    Parameters
    ----------
    counts : mapping
        As `count_labels` gives it.
    few : int, default=5
        A class of fewer rows is told.

    Returns
    -------
    list of str
        Sentences, none where nothing is odd.

    Examples
    --------
    >>> from hybridsent._label_doubts import label_doubts
    >>> for doubt in label_doubts({"good": 9, "Good ": 7, "NA": 6}):
    ...     print(doubt)
    The classes 'good' (9) and 'Good ' (7) differ only in case, spaces or marks: if they are one,
    write them alike.
    The class 'NA' (6) looks like a missing label: if these rows have none, leave the cell empty.
    """
    alike: dict[str, dict[Any, int]] = {}
    for label, count in counts.items():
        if isinstance(label, str):
            alike.setdefault(_plain(label), {})[label] = count
    doubts = [
        f"The classes {_joined(group)} differ only in case, spaces or marks: if they are one, "
        "write them alike."
        for group in alike.values()
        if len(group) > 1
    ]
    missing = {k: n for k, n in counts.items() if _looks_missing(k)}
    if missing:
        one = len(missing) == 1
        doubts.append(
            f"The class{'' if one else 'es'} {_joined(missing)} look{'s' if one else ''} like "
            f"{'a missing label' if one else 'missing labels'}: if these rows have none, leave the "
            "cell empty."
        )
    rare = {label: count for label, count in counts.items() if count < few}
    if rare:
        doubts.append(
            f"Of {_joined(rare)} there are fewer than {few} rows, too few to learn from or to "
            "judge."
        )
    return doubts


def scale_doubt(values: Iterable[Any], *, as_numbers: bool) -> str:
    """Say that labels which were read as classes may be a scale, or the other way round.

    Parameters
    ----------
    values : iterable
        Labels, none of them missing.
    as_numbers : bool
        Whether they were read as numbers, because nobody said what they are.

    Returns
    -------
    str
        A sentence; empty where nothing is doubtful.

    Examples
    --------
    >>> from hybridsent._label_doubts import scale_doubt
    >>> scale_doubt([1, 2, 3, 4, 5, 5], as_numbers=False)[:66]
    'The labels are 5 whole numbers from 1 to 5, and are read as classe'
    >>> scale_doubt([0, 1, 2], as_numbers=False), scale_doubt([0.1, 2.3] * 4, as_numbers=False)
    ('', '')
    """
    listed = list(values)
    there = set(listed)
    if not there or not all(isinstance(each, Real) for each in there) or len(there) > _FEW_VALUES:
        return ""
    low, high = min(there), max(there)
    whole = all(float(each).is_integer() for each in there)
    told = f"{len(there)} {'whole ' if whole else ''}numbers from {low:g} to {high:g}"
    if as_numbers:
        if not whole and _FEW_VALUES * len(there) > len(listed):
            return ""  # a small table of scores, in which some are alike
        way_out = "say so by task='classification'" if whole else "write them as texts"
        return (
            f"The labels are {told}, and are read as numbers of a scale; if they are classes, "
            f"{way_out}."
        )
    steps = whole and len(there) >= 4 and len(there) >= high - low
    if not steps or not (low == 1 or low == -high):  # codes of classes begin with 0
        return ""
    return (
        f"The labels are {told}, and are read as classes, which have no order; if they are a "
        "scale, learn numbers by task='regression'."
    )


def _plain(label: str) -> str:
    """Write a label as all that mean the same are written."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    without = _MARKS.sub("", unicodedata.normalize("NFKC", folded))
    return without if any(map(str.isalnum, without)) else folded.strip()


def _looks_missing(label: Any) -> bool:
    return isinstance(label, str) and label.strip().casefold() in _MISSING


def _joined(counts: Mapping[Any, int]) -> str:
    parts = [f"{label!r} ({count})" for label, count in counts.items()]
    parts = parts if len(parts) <= _SHOWN else [*parts[:_SHOWN], f"{len(parts) - _SHOWN} more"]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
