"""Scores as papers print them: which cells a table has, and how each is written (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.evaluation.measures._metrics import ends_of, metrics_of

__all__ = ["Cell", "Grid", "Style", "grid_of_scores"]

_HEADS = {
    "acc2_has0": "Acc-2",
    "acc2_non0": "Acc-2",
    "f1_has0": "F1",
    "f1_non0": "F1",
    "acc3": "Acc-3",
    "acc5": "Acc-5",
    "acc7": "Acc-7",
    "sims_acc2": "Acc-2",
    "sims_acc3": "Acc-3",
    "sims_acc5": "Acc-5",
    "sims_f1": "F1",
    "pearson": "Corr",
    "ccc": "CCC",
    "mae": "MAE",
    "accuracy": "Acc",
    "balanced_accuracy": "UAR",
    "f1_weighted": "WF1",
    "f1_macro": "Macro-F1",
    "f1_micro": "Micro-F1",
}
"""Headings of columns; another name stands as it was given."""

_TWINS = (("acc2_has0", "acc2_non0"), ("f1_has0", "f1_non0"))


@dataclass(frozen=True)
class Style:
    """How numbers are printed.

    Parameters
    ----------
    spread : {"interval", "std"} or None, default=None
        What stands beside each score.
    percent : bool or "all", default=False
        Whether scores with a range (shares, correlations) are multiplied by 100; ``"all"``
        multiplies errors, too, as some papers do.
    digits : int or None, default=None
        Places behind the point; None is 3, and 1 of what is multiplied by 100.
    """

    spread: str | None = None
    percent: bool | str = False
    digits: int | None = None

    def __post_init__(self) -> None:
        if self.spread not in (None, "interval", "std"):
            raise ValueError(
                f"The spread parameter must be 'interval', 'std' or None. Got {self.spread!r}."
            )
        if self.percent not in (True, False, "all"):
            raise ValueError(
                f"The percent parameter must be True, False or 'all'. Got {self.percent!r}."
            )
        digits = self.digits
        if digits is not None and (isinstance(digits, bool) or digits not in range(11)):
            raise ValueError(f"The digits parameter must be None or 0 to 10. Got {digits!r}.")


@dataclass(frozen=True)
class Cell:
    """A cell of a table: numbers that stand together, and which of them are the best.

    Parameters
    ----------
    numbers : tuple of str
        One, or two of an "a/b"; also a text.
    best : tuple of bool, default=(False,)
        Which of them are set in bold.
    beside : str, default=""
        What stands behind, such as an interval.
    mark : str, default=""
        A mark behind, such as a dagger.
    """

    numbers: tuple[str, ...]
    best: tuple[bool, ...] = (False,)
    beside: str = ""
    mark: str = ""


Grid = tuple[list[str], list[tuple[str, list[Cell]]]]
"""Headings, and for each row its name and its cells."""


def grid_of_scores(
    models: Mapping[str, Mapping[str, Any]],
    style: Style,
    marks: Mapping[tuple[str, str], str] | None = None,
) -> Grid:
    """Lay scores out as papers do: a row a model, a column a metric, the best marked.

    Parameters
    ----------
    models : mapping of str to mapping of str to Score
        By model, then metric.
    style : Style
        How numbers are printed.
    marks : mapping of (str, str) to str or None, default=None
        A mark for some (model, metric).

    Returns
    -------
    heads : list of str
        Headings of the columns; of errors with an arrow downwards.
    rows : list of (str, list of Cell)
        Names and cells.
    """
    names = list(next(iter(models.values())))
    columns = _columns(names)
    shown = {name: _shown(name, models, style) for name in names}
    heads = [_head(column, models, style) for column in columns]
    rows = []
    for model in models:
        cells = []
        for column in columns:
            parts = [shown[name][model] for name in column]
            cells.append(
                Cell(
                    tuple(number for number, *_ in parts),
                    tuple(best for _, best, _ in parts),
                    "" if len(parts) > 1 else parts[0][2],
                    "".join((marks or {}).get((model, name), "") for name in column[:1]),
                )
            )
        rows.append((model, cells))
    return heads, rows


def _columns(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Put the two ways to count 0 into one column."""
    known = {_known(name): name for name in names}
    twins = {
        known[one]: (known[one], known[other])
        for one, other in _TWINS
        if one in known and other in known
    }
    second = {pair[1] for pair in twins.values()}
    return [twins.get(name, (name,)) for name in names if name not in second]


def _known(name: str) -> str:
    """Give the one name of a metric; of one that nobody knows, its own."""
    try:
        metric = metrics_of(name)[0]
    except ValueError:
        return name
    return metric.known or name


def _head(column: Sequence[str], models: Mapping[str, Mapping[str, Any]], style: Style) -> str:
    name = column[0]
    head = _HEADS.get(name, name)
    if len(column) > 1:
        head = f"{_HEADS[_known(name)]} (has0/non0)"
    elif name in {each for pair in _TWINS for each in pair}:
        head = f"{head} ({name.rpartition('_')[2]})"
    if style.percent and _times(name, models, style) == 100:
        head += " (%)" if _is_share(name) else " (×100)"
    sign = next(iter(models.values()))[name].sign
    return head if sign > 0 else f"{head} ↓"


def _is_share(name: str) -> bool:
    """Whether it is a share; of correlations nobody says percent."""
    try:
        return ends_of(metrics_of(name)[0]) == (0.0, 1.0)
    except ValueError:
        return False


def _times(name: str, models: Mapping[str, Mapping[str, Any]], style: Style) -> int:
    if not style.percent or style.percent == "all":
        return 100 if style.percent else 1
    try:
        ends = ends_of(metrics_of(name)[0])
    except ValueError:
        values = [abs(scores[name].value) for scores in models.values()]
        ends = (0.0, 1.0 if max(values) <= 1 else np.inf)
    return 100 if np.isfinite(ends).all() else 1


def _shown(
    name: str, models: Mapping[str, Mapping[str, Any]], style: Style
) -> dict[str, tuple[str, bool, str]]:
    """Write the scores of a metric: number, whether it is the best, and what stands beside it."""
    times = _times(name, models, style)
    digits = style.digits if style.digits is not None else (1 if times == 100 else 3)

    def written(value: float) -> str:
        return "-" if not np.isfinite(value) else f"{times * value:z.{digits}f}"

    signed = {m: s[name].sign * s[name].value for m, s in models.items()}
    known = [value for value in signed.values() if np.isfinite(value)]
    best = max(known) if len(models) > 1 and known else np.nan
    found = {}
    for model, scores in models.items():
        score = scores[name]
        beside = ""
        if style.spread == "interval" and np.isfinite(score.low):
            beside = f"[{written(score.low)}, {written(score.high)}]"
        elif style.spread == "std" and np.isfinite(getattr(score, "std", np.nan)):
            beside = f"± {written(score.std)}"
        alike = np.isfinite(best) and written(score.value) == written(score.sign * best)
        found[model] = (written(score.value), bool(alike), beside)
    return found
