"""What labelling functions are given of a table, and how their votes are read (layer L3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hybridsent._hints import did_you_mean
from hybridsent._tables import as_pandas
from hybridsent.exceptions import CellError, MediaError
from hybridsent.media import is_missing
from hybridsent.media._languages import MOST_TEXTS, language_of
from hybridsent.views import spans
from hybridsent.weak._ready_text import text_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reading", "main_language", "plain_label", "table_of", "votes_of"]

_SHOWN = 80  # characters of a cell in a message


class Rule(Protocol):
    """What of a labelling function is asked for here."""

    name: str
    columns: str | list[str] | None
    vectorized: bool
    languages: list[str]

    @property
    def function(self) -> Any:
        """The function itself."""

    @property
    def reads_texts(self) -> bool:
        """Whether it is a ready one, which is given each text and its language."""


class Reading:
    """The columns of a table as functions are given them; texts are read once for all."""

    def __init__(
        self, table: pd.DataFrame, languages: Mapping[str, str], language: str | None
    ) -> None:
        self.table = table
        self.languages = languages
        self.language = language
        self._views = spans(table.columns)
        self._texts: dict[str, list[str | None]] = {}
        self._codes: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self.table)

    def columns(self, rule: Rule) -> Any:
        """Give what a function reads: a Series, a matrix of a view, or a DataFrame."""
        if rule.columns is None:
            return self.table
        if isinstance(rule.columns, str):
            if rule.columns in self.table.columns:
                return self._one(rule, rule.columns)
            if rule.columns in self._views:
                return self.table.iloc[:, self._views[rule.columns]].to_numpy(dtype=np.float64)
            raise self._absent(rule, rule.columns)
        for name in rule.columns:
            if name not in self.table.columns:
                raise self._absent(rule, name)
        return self.table[rule.columns]

    def _one(self, rule: Rule, name: str) -> Any:
        found = self.table[name]
        if found.ndim > 1:
            raise ValueError(
                f"The column {name!r}, which the labelling function {rule.name!r} reads, must be "
                "there once. Rename one of those that have this name."
            )
        return found

    def texts(self, rule: Rule) -> list[str | None]:
        """Give the texts of a function's column; None where there is none."""
        key = str(rule.columns)
        if key not in self._texts:
            column = self.columns(rule)
            if getattr(column, "ndim", 1) != 1:
                raise ValueError(
                    f"The labelling function {rule.name!r} must read one column of texts. Got "
                    f"columns={rule.columns!r}; write for example columns='text'."
                )
            self._texts[key] = [
                self._text(rule, row, cell) for row, cell in enumerate(column.tolist())
            ]
        return self._texts[key]

    def _text(self, rule: Rule, row: int, cell: Any) -> str | None:
        if isinstance(cell, Real):  # a column of numbers has no words; gaps are floats, too
            return None
        try:
            return text_of(cell)
        except MediaError as error:
            raise CellError(
                f"row {self.table.index[row]!r}, column {rule.columns!r}: {error}. Mend or remove "
                "the cell.",
                row=self.table.index[row],
                column=str(rule.columns),
            ) from error

    def codes(self, rule: Rule) -> list[str]:
        """Give the language of each text: its own, or that of most texts where it is too short."""
        key = str(rule.columns)
        if key not in self._codes:
            main = self.languages.get(key, "")
            texts = self.texts(rule)
            told = self.language
            self._codes[key] = [
                "" if text is None else told or language_of(text) or main for text in texts
            ]
        return self._codes[key]

    def written_in(self, rule: Rule) -> np.ndarray:
        """Tell which texts are written in a language that a function knows."""
        known = set(rule.languages)
        return np.array([code in known for code in self.codes(rule)], dtype=bool)

    def _absent(self, rule: Rule, name: str) -> ValueError:
        known = [*map(str, self.table.columns[:20]), *(view for view in self._views)]
        return ValueError(
            f"The labelling function {rule.name!r} reads the column {name!r}, which the table must "
            f"have, or features of a view of that name. It has {known[:20]}."
            f"{did_you_mean(name, known)}"
        )


def table_of(X: Any) -> pd.DataFrame:
    """Take a table; a list, array or Series of cells is a column ``"text"``.

    Parameters
    ----------
    X : DataFrame, Series, list or array
        What was given; also tables of other libraries.

    Returns
    -------
    DataFrame
        The table.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> from hybridsent.weak._functions import table_of
    >>> table_of(["so good"]).columns.tolist()
    ['text']
    """
    import pandas as pd

    X = as_pandas(X)
    if isinstance(X, pd.DataFrame):
        return X
    if isinstance(X, pd.Series):
        return X.to_frame(name="text" if X.name is None else X.name)
    if isinstance(X, str | bytes | Mapping) or not isinstance(X, Iterable):
        raise ValueError(  # noqa: TRY004 - as everywhere for a table that is none
            "Labelling functions must be given a table, or a list of cells. Got "
            f"{type(X).__name__}; for a single text write [text]."
        )
    if isinstance(X, np.ndarray) and X.ndim == 2:
        cells = X.astype(object)
        names = ["text"] if X.shape[1] == 1 else [f"x{j}" for j in range(X.shape[1])]
        return pd.DataFrame(cells, columns=names)
    given = list(X)
    cells = np.empty(len(given), dtype=object)  # a list in a cell stays one
    for i, cell in enumerate(given):
        cells[i] = cell
    return pd.DataFrame({"text": cells}, dtype=object)


def main_language(texts: Sequence[str | None]) -> str:
    """Tell what most texts of a column are written in.

    Parameters
    ----------
    texts : sequence of str or None
        The texts, of which some are looked at.

    Returns
    -------
    str
        Code of ISO 639; English where none is told, as nothing is known of a few short texts.

    Examples
    --------
    >>> from hybridsent.weak._functions import main_language
    >>> main_language(["Das ist nicht gut", "sehr schön ist das", "ok"]), main_language([])
    ('de', 'en')
    """
    there = [text for text in texts if text]
    step = max(1, len(there) // MOST_TEXTS)
    told = Counter(code for text in there[::step] if (code := language_of(text)))
    return min(told, key=lambda code: (-told[code], code)) if told else "en"


# -- votes -----------------------------------------------------------------------------------------


def votes_of(
    rule: Rule, reading: Reading, known: set[Any] | None, *, strict: bool
) -> tuple[np.ndarray, list[str]]:
    """Let a function vote on all rows; also say where it failed."""
    found = np.full(len(reading), None, dtype=object)
    asked = np.ones(len(reading), dtype=bool)
    if rule.languages:
        asked = reading.written_in(rule)
    rows = np.flatnonzero(asked)
    if not len(rows):
        reading.columns(rule)  # a column that is not there is told at once
        return found, []
    failed: list[str] = []
    if rule.reads_texts:
        texts, codes = reading.texts(rule), reading.codes(rule)
        vote_on = rule.function.vote
        given: Sequence[Any] = [vote_on(texts[row], codes[row]) for row in rows.tolist()]
    elif rule.vectorized:
        given = _whole(rule, reading.columns(rule), rows)
    else:
        given = _one_by_one(rule, reading, rows, failed, strict=strict)
    for row, vote in zip(rows.tolist(), given, strict=True):
        label = _label(vote)
        if label is None:
            continue
        if label is _STRANGE or (known is not None and label not in known):
            _fail(rule, reading, row, _told(vote, known), failed, strict=strict)
            continue
        found[row] = label
    return found, failed


def _whole(rule: Rule, columns: Any, rows: np.ndarray) -> Sequence[Any]:
    taken = columns[rows] if isinstance(columns, np.ndarray) else columns.iloc[rows]
    try:
        given = rule.function(taken)
    except Exception as error:  # whatever a function of the user's raises, with its name
        raise ValueError(
            f"The labelling function {rule.name!r} failed on {len(rows)} rows of its columns "
            f"{rule.columns!r} with {type(error).__name__}: {error}."
        ) from error
    size = len(given) if hasattr(given, "__len__") and not isinstance(given, str) else None
    if size != len(rows):
        raise ValueError(
            f"The labelling function {rule.name!r} is vectorized, and must give a vote for each of "
            f"{len(rows)} rows. Got {type(given).__name__}"
            f"{'' if size is None else f' of length {size}'}."
        )
    return given.tolist() if hasattr(given, "tolist") else list(given)


def _one_by_one(
    rule: Rule, reading: Reading, rows: np.ndarray, failed: list[str], *, strict: bool
) -> list[Any]:
    columns = reading.columns(rule)
    if isinstance(columns, np.ndarray):
        cells: list[Any] = [None if np.isnan(each).all() else each for each in columns]
    elif columns.ndim == 1:
        cells = [None if is_missing(each) else each for each in columns.tolist()]
    else:
        names = list(columns.columns)
        parts = [columns.iloc[:, j].tolist() for j in range(len(names))]
        cells = [
            {
                name: None if is_missing(cell) else cell
                for name, cell in zip(names, row, strict=True)
            }
            for row in zip(*parts, strict=True)
        ]
    given = []
    for row in rows.tolist():
        vote = None
        if cells[row] is not None:
            try:
                vote = rule.function(cells[row])
            except Exception as error:  # noqa: BLE001 - of a function of somebody else
                told = f"failed with {type(error).__name__}: {error}"
                _fail(rule, reading, row, told, failed, strict=strict, error=error)
        given.append(vote)
    return given


def _fail(
    rule: Rule,
    reading: Reading,
    row: int,
    told: str,
    failed: list[str],
    *,
    strict: bool,
    error: Exception | None = None,
) -> None:
    """Raise, or note, what went wrong on a row."""
    label = reading.table.index[row]
    if isinstance(rule.columns, str) and rule.columns in reading.table.columns:
        cell = f", column {rule.columns!r} ({reading.table[rule.columns].iloc[row]!r:.{_SHOWN}})"
    else:
        cell = "" if rule.columns is None else f", columns {rule.columns!r}"
    message = f"row {label!r}{cell}: the labelling function {rule.name!r} {told}"
    if strict:
        raise CellError(
            f"{message.rstrip('.')}. Mend the function, or pass on_error='abstain' to leave out "
            "the vote.",
            row=label,
            column=None if rule.columns is None else str(rule.columns),
        ) from error
    failed.append(message)


_STRANGE = object()


def _label(vote: Any) -> Any:
    """Read a vote: a text or a whole number; None where there is none."""
    if vote is None:
        return None
    if isinstance(vote, str):
        return vote or None
    if isinstance(vote, (bool, np.bool_)):
        return bool(vote)
    if isinstance(vote, Integral):
        return None if vote == -1 else int(vote)
    if isinstance(vote, Real):
        if np.isnan(float(vote)) or vote == -1:
            return None
        return int(float(vote)) if float(vote).is_integer() else _STRANGE
    return None if is_missing(vote) else _STRANGE


def plain_label(label: Any) -> Any:
    """Give a class as Python's own text or whole number.

    Parameters
    ----------
    label : object
        A class.

    Returns
    -------
    object
        The same, not of NumPy; ``1.0`` as 1.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.weak._function_votes import plain_label
    >>> plain_label(np.int64(3)), plain_label(1.0), plain_label("good")
    (3, 1, 'good')
    """
    found = label.item() if isinstance(label, np.generic) else label
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _told(vote: Any, known: set[Any] | None) -> str:
    allowed = "a text or a whole number" if known is None else f"one of {sorted(known, key=str)}"
    hint = did_you_mean(vote, [str(each) for each in known or ()]) if isinstance(vote, str) else ""
    return f"gave {vote!r:.{_SHOWN}}, which must be {allowed}, or None for no vote.{hint}"
