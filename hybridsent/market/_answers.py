"""What is said about the posts: by a model, by none, or in columns of the table (layer L7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.exceptions import TableError
from hybridsent.media import is_missing

if TYPE_CHECKING:
    import os

    import pandas as pd

__all__ = ["Said", "ask"]

_AT_ONCE = 10_000  # rows that votes are gathered of at once
_FITTED_ON = 2_000


@dataclass(frozen=True, eq=False)
class Said:
    """What is said about the rows of a table.

    Parameters
    ----------
    prediction : ndarray of shape (n,)
        A label or a number of each row.
    probabilities : ndarray of shape (n, k) or None
        Of each class; None where none are told.
    classes : list or None
        Labels; None where numbers are told.
    by : {"model", "zero-label", "columns"}
        Who says it.
    name : str
        What that is called.
    scorer : Scorer or None, default=None
        The model.
    read : DataFrame or None, default=None
        What the model read.
    reference : Reference or None, default=None
        What the model mistakes.
    without : ndarray of bool of shape (n,) or None, default=None
        Rows about which nothing is said.
    notes : list of str, default=[]
        What was told while it was asked.
    unsaid : int, default=0
        Rows of which no word, emoji or rating says anything.
    """

    prediction: np.ndarray
    probabilities: np.ndarray | None
    classes: list[Any] | None
    by: str
    name: str
    scorer: Any = None
    read: Any = None
    reference: Any = None
    without: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    unsaid: int = 0


def ask(
    table: pd.DataFrame,
    scorer: Any,
    *,
    prediction: str | None,
    texts: Sequence[str],
    base: str | os.PathLike[str] | None,
    how: Mapping[str, Any],
) -> Said:
    """Find out what is said about the rows of a table.

    Parameters
    ----------
    table : DataFrame
        The posts.
    scorer : Scorer, estimator, "zero-label" or None
        A model, or what needs none; None reads columns.
    prediction : str or None
        Column of answers, whose probabilities are in ``p_LABEL`` where there are such columns.
    texts : sequence of str
        Columns of texts, for what needs no model.
    base : str, os.PathLike or None
        Folder of media.
    how : mapping
        What else `Scorer.read` takes.

    Returns
    -------
    Said
        What is said.

    Raises
    ------
    ValueError
        If both are given, or none, or the model tells sets of labels; or if `how` holds something
        and there is no model.
    """
    if (scorer is None) == (prediction is None):
        raise ValueError(
            "The scorer parameter must be a model or 'zero-label', or the prediction parameter a "
            f"column of answers, one of the two. Got {scorer!r:.60} and {prediction!r}."
        )
    if how and (prediction is not None or isinstance(scorer, str)):
        raise ValueError(
            f"The {next(iter(how))} parameter is about what a model reads, and no model is given. "
            "Leave it out, or give a model as scorer."
        )
    if prediction is not None:
        return _of_columns(table, prediction)
    if isinstance(scorer, str):
        if scorer != "zero-label":
            raise ValueError(
                f"The scorer parameter must be a model or 'zero-label'. Got {scorer!r:.60}."
            )
        return _without_a_label(table, texts)
    return _of_model(table, scorer, base, how)


def _of_model(table: pd.DataFrame, scorer: Any, base: Any, how: Mapping[str, Any]) -> Said:
    from hybridsent.scoring import Scorer

    asked = scorer if isinstance(scorer, Scorer) else Scorer(scorer)
    if asked.task == "multilabel":
        raise ValueError(
            "The scorer parameter must be a model that tells one class or a number of a post. Got "
            "one that tells sets of labels, which have no index; fit one for a single column."
        )
    notes: list[str] = []
    read = asked.read(table, base=base, told=notes.append, **how)
    answers = asked.answer(read)
    classes = None if answers.classes is None else np.asarray(answers.classes).tolist()
    return Said(
        np.asarray(answers.prediction),
        answers.probabilities,
        classes,
        "model",
        asked.name,
        asked,
        read,
        getattr(asked, "reference", None),
        notes=notes,
    )


def _without_a_label(table: pd.DataFrame, texts: Sequence[str]) -> Said:
    from hybridsent.weak import ZeroLabelClassifier

    if not texts:
        raise TableError(
            "The table must have a column of texts to be told without a model; none reads as such. "
            f"It has {[str(each) for each in table.columns[:20]]}. Name it with text='COLUMN'."
        )
    model = ZeroLabelClassifier(columns=list(texts))
    rows = table[list(texts)]
    model.fit(rows.iloc[:: max(1, len(rows) // _FITTED_ON)])
    labels, chances, voted = [], [], 0
    for start in range(0, len(rows), _AT_ONCE):
        some = model.read(rows.iloc[start : start + _AT_ONCE])
        labels.append(some.labels)
        chances.append(some.probabilities)
        voted += int(some.voted.sum())
    return Said(
        np.concatenate(labels),
        np.concatenate(chances),
        model.classes_.tolist(),
        "zero-label",
        "ZeroLabelClassifier",
        unsaid=len(table) - voted,
    )


def _of_columns(table: pd.DataFrame, prediction: str) -> Said:
    if list(table.columns).count(prediction) != 1:
        raise TableError(
            f"The prediction parameter must name one column of the table. Got {prediction!r}; the "
            f"table has {[str(each) for each in table.columns[:20]]}."
        )
    cells = table[prediction].tolist()
    without = np.array([is_missing(cell) for cell in cells], dtype=bool)
    if without.all():
        raise TableError(
            f"The prediction column {prediction!r} must hold answers; every cell is missing."
        )
    head = prediction.removesuffix("prediction") if prediction.endswith("prediction") else ""
    marks = [name for name in map(str, table.columns) if name.startswith(f"{head}p_")]
    chances = {name.removeprefix(f"{head}p_"): table[name] for name in marks}
    there = [cell for cell, left in zip(cells, without, strict=True) if not left]
    if not chances and _are_numbers(there):
        values = np.array([np.nan if w else c for c, w in zip(cells, without, strict=True)], float)
        return Said(values, None, None, "columns", prediction, without=without)
    return _of_classes(cells, without, chances, prediction)


def _are_numbers(cells: list[Any]) -> bool:
    """Tell predicted numbers, such as 0.4, from classes; whole ones are classes, as stars are."""
    from hybridsent._labels import kind_of

    numeric = all(
        isinstance(cell, Real | np.number) and not isinstance(cell, bool | np.bool_)
        for cell in cells
    )
    if not numeric or all(float(cell).is_integer() for cell in cells):
        return False
    odd = next((cell for cell in cells if not np.isfinite(cell)), None)
    if odd is not None:
        raise TableError(f"The prediction column must hold finite numbers. Got {odd!r}.")
    return kind_of(None, np.array(cells, dtype=np.float64)) == "numbers"


def _of_classes(
    cells: list[Any], without: np.ndarray, chances: Mapping[str, Any], prediction: str
) -> Said:
    """Read labels, with their probabilities where each label has a column of them."""
    labels = {_plain(cell) for cell, left in zip(cells, without, strict=True) if not left}
    texts = {str(each) for each in labels}
    if chances and not texts <= set(chances):
        lost = sorted(texts - set(chances))[0]
        raise TableError(
            f"The column {prediction!r} holds {lost!r}, and the probabilities are in columns of "
            f"{sorted(chances)}. Give each label a column p_LABEL, or take these columns away."
        )
    classes: list[Any] = sorted(labels, key=lambda each: (isinstance(each, str), each))
    found = None
    if chances:
        by_text = {str(each): each for each in classes}
        classes = [by_text.get(name, name) for name in chances]
        found = np.column_stack([_probabilities(name, each) for name, each in chances.items()])
        bad = ~np.isfinite(found).all(axis=1) | (np.abs(found.sum(axis=1) - 1) > 0.01)
        bad |= ((found < 0) | (found > 1)).any(axis=1)
        if (bad & ~without).any():
            at = int(np.flatnonzero(bad & ~without)[0])
            raise TableError(
                f"Row {at}: the probabilities {list(chances)} must be between 0 and 1 and sum to "
                f"1; got {found[at].round(4).tolist()}."
            )
    blank = classes[0]
    said = [blank if left else _plain(cell) for cell, left in zip(cells, without, strict=True)]
    return Said(np.array(said, object), found, classes, "columns", prediction, without=without)


def _probabilities(label: str, column: Any) -> np.ndarray:
    try:
        return np.asarray(column, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise TableError(
            f"The column 'p_{label}' must hold probabilities of the class {label!r}, which are "
            f"numbers ({error}). Mend it, or take the columns p_LABEL away."
        ) from error


def _plain(cell: Any) -> Any:
    """Give a label as it is; whole numbers of a column with gaps, which are floats, as whole."""
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell.strip() if isinstance(cell, str) else cell
