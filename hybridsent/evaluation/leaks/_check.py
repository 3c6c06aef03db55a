"""Look at a table before a model is judged on it (layer L5)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any

import numpy as np

from hybridsent._outer_folds import outer_folds
from hybridsent._tables import as_pandas
from hybridsent.evaluation.fits._encoding import stored
from hybridsent.evaluation.leaks._duplicates import joined
from hybridsent.evaluation.leaks._leakage import find_leaks
from hybridsent.evaluation.leaks._look import SeenView, look_at
from hybridsent.evaluation.leaks._table_facts import (
    look_at_classes,
    look_at_labels,
    look_at_languages,
    look_at_missing,
    look_at_repeated,
    look_at_split,
)
from hybridsent.evaluation.results._findings import Finding, findings_in_order
from hybridsent.evaluation.results._result import Result
from hybridsent.evaluation.rows._columns import named_columns
from hybridsent.evaluation.rows._held_out import held_out
from hybridsent.evaluation.rows._labelled import LabeledTable
from hybridsent.evaluation.rows._read_labels import read_labels
from hybridsent.exceptions import MissingDependencyError
from hybridsent.media import get_modality
from hybridsent.media._medium import list_media

__all__ = ["Check", "check", "near_duplicates", "views_of"]

_MOST_ROWS = 20_000  # rows that are looked at; of more, a sample
_FEW_CLASSES = 50  # of more, most with hardly a row, labels are no classes


@dataclass(frozen=True)
class Check(Result):
    """What was found in a table.

    Parameters
    ----------
    rows : int
        Rows with a label.
    findings : list of Finding
        Leaks first, then doubts, then facts.
    seconds : float
        Wall time.
    notes : list of str, default=[]
        What the reader should know about how it was looked at.

    Examples
    --------
    >>> from hybridsent.evaluation import Check, Finding
    >>> print(Check(10, [Finding("row order", "doubt", "The rows are sorted by label.")], 1.0))
    10 rows, 0 leaks, 1 doubt, 0 facts, 1.0 s
    <BLANKLINE>
    doubt  row order  The rows are sorted by label.
    """

    rows: int
    findings: list[Finding]
    seconds: float
    notes: list[str] = field(default_factory=list)

    def of(self, severity: str) -> list[Finding]:
        """Give the findings of one severity.

        Parameters
        ----------
        severity : {"leak", "doubt", "fact"}
            Which.

        Returns
        -------
        list of Finding
            In their order.
        """
        return [each for each in self.findings if each.severity == severity]

    def _facts(self) -> dict[str, Any]:
        return {"rows": self.rows, "findings": [each.to_dict() for each in self.findings]}

    def _records(self) -> list[dict[str, Any]]:
        return [
            {
                "severity": each.severity,
                "kind": each.kind,
                "finding": each.sentence,
                "numbers": each.numbers,
                "rows": each.rows,
            }
            for each in self.findings
        ]

    def _headline(self) -> str:
        counts = [
            f"{len(found)} {word}{'' if len(found) == 1 else 's'}"
            for word in ("leak", "doubt", "fact")
            for found in [self.of(word)]
        ]
        return f"{self.rows} rows, {', '.join(counts)}, {self.seconds:.1f} s"

    def _table(self) -> Sequence[Sequence[object]]:
        return [[each.severity, each.kind, each.sentence] for each in self.findings]


def check(
    table: Any,
    y: Any,
    *,
    groups: Any = None,
    split: Any = None,
    cv: Any = 5,
    estimator: Any = None,
    views: Any = None,
    random_state: int = 0,
) -> Check:
    """Look for what flatters scores in a table, and for what else should be known of it.

    Parameters
    ----------
    table : DataFrame
        The rows; a table of polars, pyarrow or another library is converted.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them; rows without one are left out.
    groups : str or array-like of shape (n,), default=None
        Group of each row (speaker, video, dialogue), or the column that holds it: folds keep them
        together.
    split : str or array-like of shape (n,), default=None
        Name of the part of each row (``"train"``, ``"test"``), or the column that holds it: a model
        would be judged by it instead of by folds.
    cv : int, splitter or iterable, default=5
        Folds by which a model would be judged; a number of them is lessened, and that is told,
        where a class or the table has fewer rows.
    estimator : estimator, default=None
        The model that would be judged, whose encoders give the features of the probes; what it
        does not read is looked at as what stands beside it. None looks at the cells themselves.
    views : dict of str to str, sequence of (str, str) or None, default=None
        Modality and column of what would be read, where there is no estimator; None finds them
        (`hybridsent.datasets.detect_modalities`).
    random_state : int, default=0
        Seed of the folds, and of the permutations by which chance is told.

    Returns
    -------
    Check
        Findings, leaks first.

    See Also
    --------
    evaluate : Looks for what flatters by itself (``check=True``).

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.evaluation import check
    >>> table = pd.DataFrame({"text__0": [0.0, 1.0] * 30, "label": ["bad", "good"] * 30})
    >>> print(check(table, "label").of("leak")[0])
    The feature 'text__0' is the label (their correlation is 1.000): leave it out.
    """
    start = time.perf_counter()
    table = as_pandas(table)
    rows = read_labels(table, y, groups=groups, estimator=estimator)
    held = None if split is None else held_out(rows, split)
    cv, every_row, small = _folds_there_are(rows, cv)
    splits = outer_folds(
        rows.y,
        rows.splitter(cv),
        rows.groups,
        random_state=random_state,
        known=rows.known,
        kind=rows.kind,
        every_row=every_row,
    )
    named = rows.named(y, groups, split)
    with rows.reading(), stored([] if estimator is None else [estimator]) as (ready, _):
        look = look_at(
            ready[0] if ready else None,
            rows.rows,
            rows,
            splits,
            named=named,
            views=views_of(rows.rows, views, named) if estimator is None else (),
            random_state=random_state,
            most=_MOST_ROWS,
        )
        parts = [] if held is None else look.placed([(held.train, held.test)])
        judged = replace(look, splits=parts) if parts else look
        found, notes = find_leaks(judged), list(rows.notes)
        found += [*small, *look_at_classes(rows), *look_at_missing(look), *look_at_languages(look)]
        found += look_at_repeated(look)
        if held is not None:
            notes += held.notes
            found += [each for part in parts for each in look_at_split(look, held.name, *part)]
        try:
            doubted, why_none = look_at_labels(look)
            found, notes = found + doubted, notes + why_none
        except MissingDependencyError as error:
            notes.append(str(error))
    seconds = time.perf_counter() - start
    return Check(int(rows.known.sum()), findings_in_order(found), seconds, notes)


def _folds_there_are(rows: LabeledTable, cv: Any) -> tuple[Any, bool, list[Finding]]:
    """Lessen a number of folds where a class has fewer rows, for which nobody could be judged.

    Returns
    -------
    cv : int, splitter or iterable
        As given, or fewer.
    every_row : bool
        Whether some class is not in all folds.
    findings : list of Finding
        That it was lessened.
    """
    total, classes = int(rows.known.sum()), rows.classes if rows.kind == "classes" else {}
    if not isinstance(cv, Integral) or cv < 2 or total < 2:
        return cv, False, []
    if rows.groups is not None:
        most = len(np.unique(rows.groups[rows.known]))
        of = f"There are {most} groups"
    elif rows.kind == "classes":
        if not 2 <= len(classes) <= max(_FEW_CLASSES, total // 5):
            return cv, False, []
        rare, most = list(classes.items())[-1]
        of = f"Of the class {rare!r} there {'is 1 row' if most == 1 else f'are {most} rows'}"
    else:
        most, of = total, f"There are {total} rows"
    if most >= cv or (most < 2 and rows.groups is not None):
        return cv, False, []
    fewer = max(2, most)
    sentence = (
        f"{of}, fewer than the {cv} folds by which a model would be judged: this look took {fewer}."
        + (" Gather more, leave the class out, or judge by fewer folds." if classes else "")
    )
    numbers = {"folds": float(cv), "there are": float(most)}
    return fewer, most < 2, [Finding("classes", "doubt", sentence, numbers)]


def views_of(table: Any, views: Any, named: Sequence[Any] = ()) -> list[tuple[str, str]]:
    """Find the columns that would be read, with their modalities.

    Parameters
    ----------
    table : DataFrame or array
        The rows.
    views : mapping of str to str, sequence of (str, str), or None
        Modality and column; None finds them.
    named : sequence of object, default=()
        Labels and groups, as the user gave them, which are no views.

    Returns
    -------
    list of (str, str)
        Column and modality; of a video, those of its parts.

    Raises
    ------
    ValueError
        If a column is not there, or a modality is not known.
    """
    from hybridsent.datasets import detect_modalities

    if not hasattr(table, "columns"):
        return []
    told = detect_modalities(table, exclude=named_columns(table, named)) if views is None else views
    found = []
    media = {each.name: [part.reads for part in each.parts] for each in list_media()}
    for modality, column in told.items() if isinstance(told, Mapping) else told:
        if column not in table.columns:
            raise ValueError(
                f"The views parameter must map modalities to columns of the table. Got {column!r} "
                f"for {modality!r}; the columns are {list(table.columns)}."
            )
        if modality not in media:
            get_modality(modality, parameter="views")
        found += [(column, each) for each in media.get(modality, [modality])]
    return found


def near_duplicates(table: Any, views: Any = None) -> np.ndarray:
    """Give rows that are nearly the same one number, so that folds can keep them together.

    Texts of five words and more are near-duplicates where half of their runs of three words are the
    same, pictures where their perceptual hashes differ by 6 of 64 bits at most, and sounds where
    the levels of their bands hardly differ.

    Parameters
    ----------
    table : DataFrame
        The rows; a table of polars, pyarrow or another library is converted.
    views : dict of str to str, sequence of (str, str) or None, default=None
        Modality and column; None finds them (`hybridsent.datasets.detect_modalities`).

    Returns
    -------
    ndarray of int of shape (n,)
        For `groups` of `evaluate`. Rows that are alike in any view, also by way of others, share
        one.

    Raises
    ------
    ValueError
        If a column is not there, or a modality is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.evaluation import near_duplicates
    >>> tweets = ["We met in the old town", "It rains again", "RT @bob We met in the old town!"]
    >>> near_duplicates(pd.DataFrame({"text": tweets}), {"text": "text"}).tolist()
    [0, 1, 0]
    """
    table = as_pandas(table)
    seen = [SeenView(name, kind, table[name].tolist()) for name, kind in views_of(table, views)]
    return joined([view.pairs for view in seen], len(table))
