"""What is asked of each row: one class, a number, or a set of labels (layer L7)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal

import numpy as np

from hybridsent._label_sets import has_labels, label_sets, written_sets

__all__ = ["Kind", "Question", "is_empty", "plain_label"]

Kind = Literal["classes", "numbers", "sets"]


@dataclass(frozen=True)
class Question:
    """What is asked of each row.

    Parameters
    ----------
    kind : {"classes", "numbers", "sets"}
        One class, a number, or a set of labels.
    values : tuple of object, default=()
        The classes or labels, as they stand in the table.
    low, high : float, default=0.0
        Ends of the range of numbers.

    Examples
    --------
    >>> from hybridsent.label_page._question import Question
    >>> asked = Question("classes", ("bad", "good"))
    >>> asked.read("good"), asked.code("good"), asked.keys
    ('good', 1, [['1', 'b'], ['2', 'g']])
    """

    kind: Kind
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    _places: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._places.update({name: i for i, name in enumerate(self.names)})

    @property
    def names(self) -> list[str]:
        """The classes as they are written on the page."""
        return [str(value) for value in self.values]

    @property
    def marks(self) -> list[float]:
        """Numbers that are given by one key: whole ones where there are few, else nine."""
        if self.kind != "numbers":
            return []
        whole = self.low == int(self.low) and self.high == int(self.high)
        if whole and self.high - self.low <= 8:
            return [float(each) for each in range(int(self.low), int(self.high) + 1)]
        return [round(float(each), 6) for each in np.linspace(self.low, self.high, 9)]

    @property
    def step(self) -> float:
        """The finest step of the slider."""
        return float(10.0 ** math.floor(math.log10((self.high - self.low) / 50)))

    @property
    def keys(self) -> list[list[str]]:
        """Keys of each class: its number, and its first letter where no other class has that."""
        names = self.names or [f"{mark:g}" for mark in self.marks]
        digits = [str((i + 1) % 10) if i < 10 else "" for i in range(len(names))]
        first = [name.strip()[:1].casefold() for name in names]
        letters = [
            letter if letter.isalpha() and len(letter) == 1 and first.count(letter) == 1 else ""
            for letter in first
        ]
        return [list(filter(None, pair)) for pair in zip(digits, letters, strict=True)]

    def read(self, answer: Any) -> Any:
        """Check an answer of the page.

        Parameters
        ----------
        answer : object
            The name of a class, a number, or a list of names.

        Returns
        -------
        str, float or list of str
            The answer as the journal keeps it.

        Raises
        ------
        ValueError
            If it is none that could be given.
        """
        if self.kind == "numbers":
            fits = isinstance(answer, Real) and not isinstance(answer, bool)
            if not fits or not self.low <= float(answer) <= self.high:
                raise ValueError(
                    f"The answer must be a number from {self.low:g} to {self.high:g}. Got "
                    f"{answer!r}."
                )
            return float(answer)
        given = answer if self.kind == "sets" and isinstance(answer, list) else [answer]
        if self.kind == "sets" and given is not answer:
            raise ValueError(f"The answer must be a list of labels. Got {answer!r}.")
        for each in given:
            if not isinstance(each, str) or each not in self._places:
                raise ValueError(f"The answer must be among {self.names[:20]}. Got {each!r}.")
        if self.kind == "classes":
            return answer
        return sorted(set(given), key=self._places.__getitem__)

    def code(self, answer: Any) -> Any:
        """Give an answer as learners take it: a position, a number, or a row of 0 and 1."""
        if self.kind == "numbers":
            return float(answer)
        if self.kind == "classes":
            return self._places[answer]
        row = np.zeros(len(self.values), dtype=np.int8)
        row[[self._places[each] for each in answer]] = 1
        return row

    def cell(self, answer: Any) -> Any:
        """Give an answer as it is written into the table."""
        if self.kind == "numbers":
            return float(answer)
        if self.kind == "classes":
            return self.values[self._places[answer]]
        return written_sets(self.code(answer)[None], self.values)[0]

    def answer_of(self, cell: Any) -> Any:
        """Read a cell of the table as an answer; None where it has none."""
        if is_empty(cell):
            return None
        if self.kind == "numbers":
            return float(cell)
        if self.kind == "classes":
            name = str(plain_label(cell))
            return name if name in self._places else None
        if not has_labels([cell])[0]:
            return None
        there = [str(each) for each in label_sets([cell])[1].tolist()]
        return sorted(
            (each for each in there if each in self._places), key=self._places.__getitem__
        )

    def empty(self, n: int) -> np.ndarray:
        """Make labels of rows of which none has one, as learners take them."""
        if self.kind == "numbers":
            return np.full(n, np.nan)
        if self.kind == "classes":
            return np.full(n, -1, dtype=np.int64)
        return np.full((n, len(self.values)), -1, dtype=np.int8)

    def told(self) -> dict[str, Any]:
        """Say what is asked, as JSON of the page and of the journal."""
        return {
            "kind": self.kind,
            "classes": self.names,
            "keys": self.keys,
            "low": self.low,
            "high": self.high,
            "marks": self.marks,
            "step": self.step if self.kind == "numbers" else 0,
        }


def plain_label(cell: Any) -> Any:
    """Write a class that was read as a float beside empty cells as the integer that it is."""
    value = cell.item() if isinstance(cell, np.generic) else cell
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_empty(cell: Any) -> bool:
    """Tell whether a cell holds nothing to show."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return True
    if isinstance(cell, Mapping | list | tuple | set | frozenset | np.ndarray):
        return False
    import pandas as pd

    return bool(pd.isna(cell))
