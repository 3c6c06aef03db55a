"""Tables of papers as text: LaTeX and Markdown (layer L5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hybridsent.evaluation.results._paper_tables import Cell, Grid

__all__ = ["latex", "latex_text", "markdown", "markdown_text"]

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
    >>> from hybridsent.evaluation.results._paper_text import latex_text
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
    >>> from hybridsent.evaluation.results._paper_text import markdown_text
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
