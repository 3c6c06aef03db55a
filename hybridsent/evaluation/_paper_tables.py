r"""Scores as papers print them: tables in LaTeX and Markdown (layer L5).

pandas writes tables of numbers, too, and its Styler marks the largest of a column; neither writes
"a/b" for two metrics, intervals beside numbers, nor knows of which metric less is better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.evaluation._metrics import ends_of, metrics_of

__all__ = ["Cell", "Style", "grid_of_scores", "latex", "latex_text", "markdown", "markdown_text"]

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

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


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


def latex_text(text: str) -> str:
    r"""Escape a text for LaTeX.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same, as LaTeX sets it.

    Examples
    --------
    >>> from hybridsent.evaluation._paper_tables import latex_text
    >>> print(latex_text("f1_macro (50 %)"))
    f1\_macro (50 \%)
    """
    told = "".join(_LATEX.get(each, each) for each in " ".join(text.split()))
    return told.replace("↓", r"$\downarrow$").replace("×", r"$\times$").replace("±", r"$\pm$")


def markdown_text(text: str) -> str:
    r"""Escape a text for a cell of a table in Markdown.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same, as Markdown shows it.

    Examples
    --------
    >>> from hybridsent.evaluation._paper_tables import markdown_text
    >>> print(markdown_text("text|audio *best* f1_macro"))
    text\|audio \*best\* f1\_macro
    """
    special = "\\`*_{}[]<>|#"
    return "".join(f"\\{each}" if each in special else each for each in " ".join(text.split()))


def latex(grid: Grid, first: str = "Model", caption: str | None = None) -> str:
    r"""Write a table in LaTeX, with the rules of booktabs.

    Parameters
    ----------
    grid : (list of str, list of (str, list of Cell))
        As `grid_of_scores` gives it.
    first : str, default="Model"
        Heading of the names.
    caption : str or None, default=None
        With one, the tabular stands in a table with this caption.

    Returns
    -------
    str
        Lines that stand in a paper as they are; it has to load the package booktabs.
    """
    heads, rows = grid
    lines = [r"\toprule", _line([latex_text(each) for each in (first, *heads)])]
    lines.append(r"\midrule")
    for name, cells in rows:
        lines.append(_line([latex_text(name), *(_in_latex(each) for each in cells)]))
    lines.append(r"\bottomrule")
    whole = [rf"\begin{{tabular}}{{l{'c' * len(heads)}}}", *lines, r"\end{tabular}"]
    if caption is not None:
        whole = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{latex_text(caption)}}}",
            *whole,
            r"\end{table}",
        ]
    return "\n".join(whole) + "\n"


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _in_latex(cell: Cell) -> str:
    return _written(
        cell,
        latex_text,
        lambda text: rf"\textbf{{{text}}}",
        lambda text: rf" {{\scriptsize {text}}}",
        lambda mark: f"$^{{{mark}}}$".replace("†", r"\dagger"),
    )


def markdown(grid: Grid, first: str = "Model") -> str:
    """Write a table in Markdown.

    Parameters
    ----------
    grid : (list of str, list of (str, list of Cell))
        As `grid_of_scores` gives it.
    first : str, default="Model"
        Heading of the names.

    Returns
    -------
    str
        Lines of a table with pipes.
    """
    heads, rows = grid
    lines = [[markdown_text(each) for each in (first, *heads)], ["---", *("---:" for _ in heads)]]
    lines += [
        [markdown_text(name), *(_in_markdown(each) for each in cells)] for name, cells in rows
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _in_markdown(cell: Cell) -> str:
    return _written(
        cell,
        str,  # numbers and intervals, in which nothing is markup
        lambda text: f"**{text}**",
        lambda text: f" {text}",
        lambda mark: mark,
    )


def _written(
    cell: Cell,
    text: Callable[[str], str],
    bold: Callable[[str], str],
    beside: Callable[[str], str],
    mark: Callable[[str], str],
) -> str:
    parts = [
        bold(text(number)) if best else text(number)
        for number, best in zip(cell.numbers, cell.best, strict=True)
    ]
    behind = mark(cell.mark) if cell.mark else ""
    return "/".join(parts) + behind + (beside(text(cell.beside)) if cell.beside else "")
