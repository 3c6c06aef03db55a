"""A result as one page of HTML, which holds all that it shows (layer L5)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent._tables import as_pandas
from hybridsent._version import __version__
from hybridsent.evaluation._curve import Curve
from hybridsent.evaluation._findings import notes_on_findings
from hybridsent.evaluation._results import Evaluation
from hybridsent.evaluation.report._about import how_of
from hybridsent.evaluation.report._answers import answers_of
from hybridsent.evaluation.report._contents import contents_of
from hybridsent.evaluation.report._curves_shown import curves_of
from hybridsent.evaluation.report._errors import errors_of
from hybridsent.evaluation.report._findings_shown import findings_of, leaks_in_words
from hybridsent.evaluation.report._scores import gains_of, scores_of, tiles_of
from hybridsent.evaluation.report._summary import facts_of, summary_of
from hybridsent.evaluation.report._sureness import (
    calibration_for,
    calibration_of,
    sureness_in_words,
)
from hybridsent.evaluation.report._told import Told
from hybridsent.evaluation.report._views_shown import contributions_of, deciders_of
from hybridsent.evaluation.report._words import Words

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from hybridsent.evaluation._calibration import Calibration
    from hybridsent.evaluation._check import Check
    from hybridsent.evaluation._contribution import Contributions

__all__ = ["Report", "make_report"]


@dataclass(frozen=True)
class Report:
    """A page of HTML that needs nothing but a browser.

    Parameters
    ----------
    html : str
        The page.
    title : str, default="Evaluation report"
        Its title.

    See Also
    --------
    make_report : Makes one.

    Examples
    --------
    >>> from hybridsent.evaluation import Report
    >>> Report("<!doctype html><title>A page</title>", "A page")
    Report('A page', 36 bytes)
    """

    html: str
    title: str = "Evaluation report"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page into a file.

        Parameters
        ----------
        path : str or os.PathLike
            The file, such as ``"report.html"``; one that is there is replaced.

        Returns
        -------
        Path
            The file.
        """
        file = Path(path)
        file.write_text(self.html, encoding="utf-8", newline="\n")
        return file

    def __repr__(self) -> str:
        return f"Report({self.title!r}, {len(self.html.encode())} bytes)"

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own, whose styles reach nothing else."""
        return (
            f'<iframe srcdoc="{escape(self.html)}" title="{escape(self.title)}" '
            'style="width:100%;height:80vh;border:1px solid #8884;border-radius:8px"></iframe>'
        )


def make_report(
    evaluation: Evaluation,
    *,
    table: Any = None,
    estimator: Any = None,
    y: Any = None,
    check: Check | None = None,
    curves: Curve | Sequence[Curve] = (),
    contributions: Contributions | None = None,
    calibration: Calibration | None = None,
    command: str | None = None,
    title: str | None = None,
    language: str = "en",
    n_errors: int = 18,
    content: bool = True,
) -> Report:
    """Write a result as one page of HTML for people who did not run it.

    The page says in words what was found, then shows scores with intervals, what is taken for what,
    every class and group, calibration, the surest mistakes with their text, picture, sound or clip,
    and how all of it was made. It loads nothing: styles, charts and small copies of media are in
    the one file. It follows the reader's choice of a light or dark screen, fits a phone, and can be
    printed.

    Parameters
    ----------
    evaluation : Evaluation
        What `evaluate` gave.
    table : DataFrame or None, default=None
        The table that was evaluated, whose rows are shown where the model was wrong; None shows no
        contents.
    estimator : estimator or None, default=None
        The model, which tells the columns that are read, and the licences of its weights; without
        it the columns are those of `hybridsent.datasets.detect_modalities`.
    y : str or None, default=None
        Column of the labels, so that it is not taken for content.
    check : Check or None, default=None
        What `hybridsent.evaluation.check` found in the table; None shows what `evaluate` found.
    curves : Curve or sequence of Curve, default=()
        What `label_curve` and its like gave.
    contributions : Contributions or None, default=None
        What `hybridsent.evaluation.contributions` gave: what each view adds.
    calibration : Calibration or None, default=None
        What `hybridsent.evaluation.calibration` gave; None computes it for the first model.
    command : str or None, default=None
        The command that made the result, word by word.
    title : str or None, default=None
        Title of the page; None is ``"Evaluation report"`` in the language of the page.
    language : {"en", "zh"}, default="en"
        English or Chinese.
    n_errors : int, default=18
        How many errors are shown.
    content : bool, default=True
        Whether the contents of rows may be shown. They may hold personal data: False leaves them
        out.

    Returns
    -------
    Report
        The page; ``save("report.html")`` writes it.

    Raises
    ------
    ValueError
        If the language is not known, or the table has fewer rows than were judged.

    See Also
    --------
    model_card : The same as a card in Markdown.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import evaluate, make_fusion
    >>> from hybridsent.evaluation import make_report
    >>> table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 3})
    >>> model, labels = make_fusion(text=True), ["good", "good", "bad", "bad"] * 3
    >>> report = make_report(evaluate(model, table, labels, cv=3), table=table, estimator=model)
    >>> report.title, report.html[:15]
    ('Evaluation report', '<!doctype html>')
    """
    words, told = Words(language), Told(evaluation)
    table = None if table is None else _checked(as_pandas(table), evaluation)
    contents = None if table is None else contents_of(table, estimator, [y])
    named = title or words("page.title")
    believed = calibration_for(told, calibration)
    findings = evaluation.findings if check is None else check.findings
    drawn = [curves] if isinstance(curves, Curve) else list(curves)
    # of a fixed split, contributions are told by other rows than those that are judged
    deciders = {} if evaluation.split else deciders_of(contributions)
    sections = [
        scores_of(told, words),
        gains_of(told, words),
        findings_of(findings, check is not None, words),
        *answers_of(told, words),
        calibration_of(believed, words),
        contributions_of(contributions, told, words),
        curves_of(drawn, told, words),
        errors_of(told, words, contents, n=n_errors, private=not content, deciders=deciders),
        _notes(evaluation, words),
        how_of(told, words, estimator, command),
    ]
    page = _template().render(
        w=words,
        title=named,
        facts=facts_of(told, words),
        alarm=leaks_in_words(findings, words),
        points=[*summary_of(told, words), sureness_in_words(believed, words)],
        tiles=tiles_of(told, words),
        sections=[each for each in sections if each],
        date=datetime.now().astimezone().strftime("%Y-%m-%d"),
        version=__version__,
        style=_part("page.css"),
        script=_part("page.js"),
        script_hash=_digest(_part("page.js")),
    )
    return Report(page, named)


def _checked(table: Any, evaluation: Evaluation) -> Any:
    kept = evaluation.out_of_fold
    if kept is not None and len(kept) and int(kept.row.max()) >= len(table):
        raise ValueError(
            f"The table must be the one that was evaluated. It has {len(table)} rows, and row "
            f"{int(kept.row.max())} was judged."
        )
    return table


def _notes(evaluation: Evaluation, w: Words) -> dict[str, Any] | None:
    said = set(notes_on_findings(evaluation.findings))
    notes = [note for note in evaluation.notes if note not in said]
    if not notes:
        return None
    return {
        "kind": "notes",
        "id": "notes",
        "title": w("notes.title"),
        "nav": w("notes.nav"),
        "lead": "" if w.language == "en" else w("notes.english"),
        "notes": notes,
    }


def _part(name: str) -> str:
    """Read a file of the page, which lies beside this one in the package."""
    return files("hybridsent.evaluation.report").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Give what the page's policy calls the one script that may run."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def _template() -> Any:
    """Read the template; every value that stands in it is escaped."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_part("page.html"))
