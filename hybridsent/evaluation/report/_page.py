"""A result as one page of HTML, which holds all that it shows (layer L5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridsent._tables import as_pandas
from hybridsent.evaluation.curves._curve import Curve
from hybridsent.evaluation.report._about import how_of
from hybridsent.evaluation.report._answers import answers_of
from hybridsent.evaluation.report._contents import contents_of
from hybridsent.evaluation.report._curves_shown import curves_of
from hybridsent.evaluation.report._errors import errors_of
from hybridsent.evaluation.report._findings_shown import findings_of, leaks_in_words
from hybridsent.evaluation.report._scores import gains_of, scores_of, tiles_of
from hybridsent.evaluation.report._shell import Report, page_of
from hybridsent.evaluation.report._summary import facts_of, summary_of
from hybridsent.evaluation.report._sureness import (
    calibration_for,
    calibration_of,
    sureness_in_words,
)
from hybridsent.evaluation.report._told import Told
from hybridsent.evaluation.report._views_shown import contributions_of, deciders_of
from hybridsent.evaluation.report._words import Words
from hybridsent.evaluation.results._evaluation import Evaluation
from hybridsent.evaluation.results._findings import notes_on_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybridsent.evaluation.confidence._reliability import Calibration
    from hybridsent.evaluation.leaks._check import Check
    from hybridsent.evaluation.shares._contribution import Contributions

__all__ = ["make_report"]


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
    return page_of(
        words,
        named,
        facts=facts_of(told, words),
        alarm=leaks_in_words(findings, words),
        points=[*summary_of(told, words), sureness_in_words(believed, words)],
        tiles=tiles_of(told, words),
        sections=[each for each in sections if each],
    )


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
