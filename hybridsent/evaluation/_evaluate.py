"""Cross-validate models beside their own parts (layer L5).

scikit-learn's cross_validate scores one estimator. A score of a fusion says little alone: this
function puts other models, each single view and baselines beside it on the same folds, encodes
every cell once for all of them, keeps what each said about each row, and says what that cost.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from copy import copy
from numbers import Integral
from typing import Any

import numpy as np

from hybridsent._labels import take_rows
from hybridsent._outer_folds import outer_folds
from hybridsent._params import check_n_jobs
from hybridsent._tables import as_pandas
from hybridsent.evaluation._baselines import Lineup, gains_over, line_up, named_models
from hybridsent.evaluation.fits._encoding import encode, stored
from hybridsent.evaluation.fits._fits import Folds, Judged, judge
from hybridsent.evaluation.fits._fold_warnings import told_once
from hybridsent.evaluation.fits._frozen import behind_encoders
from hybridsent.evaluation.fits._progress import drawn_by_time
from hybridsent.evaluation.leaks._leakage import guard
from hybridsent.evaluation.measures._metrics import metrics_of
from hybridsent.evaluation.results._evaluation import Evaluation
from hybridsent.evaluation.results._findings import notes_on_findings
from hybridsent.evaluation.results._made_with import made_with
from hybridsent.evaluation.results._notes import (
    below_dummy,
    licence_notes,
    notes_on_contexts,
    notes_on_deals,
    notes_on_languages,
)
from hybridsent.evaluation.results._out_of_fold import OutOfFold, Target, gather
from hybridsent.evaluation.rows._columns import check_columns, notes_on_columns, readable
from hybridsent.evaluation.rows._held_out import HeldOut, held_out, notes_on_scoring
from hybridsent.evaluation.rows._labelled import LabeledTable, check_target_is_told
from hybridsent.evaluation.rows._read_labels import read_labels

__all__ = [
    "DEFAULT_SCORING",
    "evaluate",
    "folds_of",
    "judging_folds",
    "moved",
    "scoring_for",
    "target_of",
]

DEFAULT_SCORING = ("accuracy", "f1_weighted", "f1_macro", "balanced_accuracy")
_SCORING: dict[Target, tuple[str, ...]] = {
    "classes": DEFAULT_SCORING,
    "numbers": ("MAE", "Pearson", "CCC", "r2"),
    "sets": ("f1_micro", "f1_macro", "f1_samples", "accuracy"),
}


def scoring_for(target: Target) -> tuple[str, ...]:
    """Give the metrics that judge where none are named.

    Parameters
    ----------
    target : {"classes", "numbers", "sets"}
        What is predicted.

    Returns
    -------
    tuple of str
        Their names.
    """
    return _SCORING[target]


def evaluate(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    cv: Any = 5,
    groups: Any = None,
    split: Any = None,
    judged_on: str | None = None,
    scoring: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
    n_seeds: int = 1,
    baselines: bool = True,
    check: bool = True,
    verbose: bool = False,
) -> Evaluation:
    """Judge one model or several by cross-validation, beside single views and baselines.

    All models see the same folds. Every distinct cell is encoded at most once, before the first
    fold; an encoder whose store is off uses a temporary one. Encoders are frozen, so nothing leaks
    from test rows; all that learns (scaling, reduction, classifier) is fitted inside the folds.

    Parameters
    ----------
    estimator : estimator or dict of str to estimator
        A model on tables, such as `make_fusion` builds, or several by names; any scikit-learn
        estimator works. A single one is called ``"fusion"``. Single views are those of the first
        model that has several.
    table : DataFrame
        The rows; a table of polars, pyarrow or another library is converted.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them. Rows without one, whose cell is empty or whose label
        is -1 (see `read_labels`), are trained on by what learns from them, and never scored.
    cv : int, splitter or iterable, default=5
        Folds: stratified, and with groups kept together; or anything scikit-learn takes.
    groups : str or array-like of shape (n,), default=None
        Group of each row (speaker, video, dialogue), or the column that holds it.
    split : str or array-like of shape (n,), default=None
        In place of folds, the name of the part that each row is of, or the column that holds it:
        rows of ``"train"`` or ``"training"`` are learned from, those of one other part are scored.
        How often that part has been scored is written down beside the feature store that the
        encoders use, and told.
    judged_on : str, default=None
        Which part is scored; None is the only other one, else that for validation (``"dev"``,
        ``"val"``, ``"valid"``, ``"validation"``), else ``"test"``.
    scoring : str, callable, list, dict or None, default=None
        All that scikit-learn's cross_validate takes: names of scorers, what ``make_scorer`` gives,
        callables ``(estimator, X, y)`` that give a number or a dict of them, dicts of these by
        name. A single callable is called ``"score"``. Names that papers use are known, too
        (``"UAR"``, ``"acc7"``, ``"CCC"``; see `hybridsent.evaluation.metrics`), and those of
        `register_metric`; results have the name that was given. An error by its own name, such as
        ``"MAE"``, is itself, and less of it is better. ``"score"`` is the estimator's own. None is
        what suits the target: of classes accuracy, weighted F1, macro F1 and balanced accuracy; of
        numbers MAE, Pearson's and the concordance correlation and R squared; of sets of labels
        micro, macro and samples F1, and the share of rows whose set is right as a whole.
    n_jobs : int, default=None
        Fits at once, in threads; None and -1 take every core. Linear algebra then keeps to one
        thread a fit, which wastes less than one fit at a time on every core.
    random_state : int, default=0
        Seed of the folds.
    n_seeds : int, default=1
        How often all is repeated, with folds of the seeds `random_state`, `random_state` + 1 and so
        on, and with as much added to each ``random_state`` in the models. A row that is tested
        several times is still one row: repetitions make intervals more exact, not narrower than
        the rows allow.
    baselines : bool, default=True
        Whether more stand beside the models than ``"dummy"``, which looks at nothing: ``"tf-idf"``,
        a linear model of words and runs of characters, where texts are read, and ``"group alone"``,
        which knows only a column of repeated names (such as speakers) that the folds do not keep
        together.
    check : bool, default=True
        Whether to look for what flatters scores, such as a column that is the label, or speakers
        who stand on both sides of the folds; what is found is noted.
    verbose : bool, default=False
        Whether a progress bar is shown. It counts time: what the fits of each model take is known
        after its first one.

    Returns
    -------
    Evaluation
        Scores per fold, mean, 95 % interval, pooled score; what each model said about each row;
        rows encoded; seconds. ``print`` shows a table, in which a fusion of one view stands once,
        by the name of that view.

    Raises
    ------
    ValueError
        If labels, groups, folds or metrics do not fit the table or the estimator.

    See Also
    --------
    search : Judges a choice among several.
    transfer_report : Judges what adapts to another domain.
    register_metric : Gives a metric of one's own a name.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import evaluate, make_fusion
    >>> table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 3})
    >>> labels = ["positive", "positive", "negative", "negative"] * 3
    >>> result = evaluate(make_fusion(text=True), table, labels, cv=3)
    >>> list(result.models)
    ['fusion', 'text', 'tf-idf', 'dummy']
    >>> result.models["fusion"]["accuracy"].mean
    1.0
    """
    check_n_jobs(n_jobs, "evaluate")
    start = time.perf_counter()
    asked = named_models(estimator)
    models = list(asked.values())
    table = as_pandas(table)
    rows = read_labels(table, y, groups=groups, estimator=models)
    for each in models:
        check_target_is_told(each, rows, judged=True)
        check_columns(each, table)
    folds, held = judging_folds(rows, cv, split, judged_on, n_seeds, random_state)
    target = target_of(rows)
    metrics = metrics_of(scoring_for(target) if scoring is None else scoring)
    table, named = rows.rows, rows.named(y, groups, split)
    reads = [readable(each, table, named) for each in models]
    notes = _notes_before(models, table, reads, named, rows, folds)
    notes += notes_on_deals(folds.splits, folds.seeds) if held is None else held.notes
    with rows.reading(), told_once(), stored(models) as (ready, _):
        used = None if held is None else held.used
        encoded, found = _encoded(ready, reads, rows, used)
        given = dict(zip(asked, zip(ready, reads, strict=True), strict=True))
        lineup = line_up(given, rows, folds, baselines=baselines, own=named)
        asks = any(metric.own for metric in metrics)  # a scorer of the user's own reads tables
        lined_up = lineup.models if asks else behind_encoders(lineup.models, used)
        shown = drawn_by_time if verbose else None
        judged = _in_order(judge(lined_up, rows, folds, metrics, n_jobs, shown), lineup)
        kept = _kept(judged, rows, folds, random_state, target)
        once = folds.splits[: len(folds.splits) // n_seeds]
        looked = (ready[0], table, rows, once, kept) if check else None
        findings = guard(*looked, named=named, random_state=random_state) if looked else []
    scores = {name: each.scores for name, each in judged.items()}
    first = next(iter(asked))
    return Evaluation(
        rows=len(np.unique(kept.row)),
        models=scores,
        encoded_rows=encoded,
        store_hits=found,
        seconds=time.perf_counter() - start,
        folds=len(folds.splits) // n_seeds,
        notes=notes
        + list(lineup.notes)
        + notes_on_findings(findings)
        + below_dummy(scores[first], scores["dummy"], first)
        + ([] if held is None else notes_on_scoring(held, rows, models))
        + licence_notes(models),
        out_of_fold=kept,
        findings=findings,
        seeds=n_seeds,
        target=target,
        split=None if held is None else held.name,
        gains=gains_over(judged, [*lineup.views, *lineup.baselines], metrics, kept),
        costs={name: each.costs for name, each in judged.items()},
        **made_with(models),
    )


def judging_folds(
    rows: LabeledTable,
    cv: Any,
    split: Any,
    judged_on: str | None,
    n_seeds: int,
    random_state: int,
) -> tuple[Folds, HeldOut | None]:
    """Make the folds of each repetition, or take the split that is given in their place.

    Parameters
    ----------
    rows : LabeledTable
        The rows, with labels and groups.
    cv, split, judged_on : object
        As `evaluate` takes them.
    n_seeds, random_state : int
        Repetitions, and the seed of the first one.

    Returns
    -------
    folds : Folds
        Those of each repetition.
    held : HeldOut or None
        The split; None where folds are made.

    Raises
    ------
    ValueError
        If folds or split do not fit the rows, or do not stand together.
    """
    _check_seeds(n_seeds)
    held = _held(rows, cv, split, judged_on)
    return (
        folds_of(rows, cv, n_seeds, random_state) if held is None else _once(held, n_seeds),
        held,
    )


def _check_seeds(n_seeds: object) -> None:
    if isinstance(n_seeds, bool) or not isinstance(n_seeds, Integral) or n_seeds < 1:
        raise ValueError(f"The n_seeds parameter must be an int from 1 on. Got {n_seeds!r}.")


def _held(rows: LabeledTable, cv: Any, split: Any, judged_on: str | None) -> HeldOut | None:
    """Read a fixed split; None where folds are made."""
    if split is None:
        if judged_on is not None:
            raise ValueError(
                "The judged_on parameter must be left out where no split is given, whose part it "
                f"would name. Got {judged_on!r}."
            )
        return None
    if not (isinstance(cv, Integral) and cv == 5):
        raise ValueError(
            "The cv parameter must be left out where a split is given: nothing is cut into folds. "
            f"Got {cv!r}."
        )
    return held_out(rows, split, judged_on)


def _once(held: HeldOut, n_seeds: int) -> Folds:
    """Judge on one fixed split, with other seeds of the models where there are several.

    What varies is which rows are scored: the rows that are learned from are fixed, too.
    """
    return Folds([(held.train, held.test)] * n_seeds, list(range(n_seeds)))


def target_of(rows: LabeledTable) -> Target:
    """Tell what is predicted.

    Parameters
    ----------
    rows : LabeledTable
        The rows.

    Returns
    -------
    {"classes", "numbers", "sets"}
        By the kind of their labels.
    """
    if rows.kind == "numbers":
        return "numbers"
    return "sets" if rows.kind == "sets" else "classes"


def folds_of(rows: LabeledTable, cv: Any, n_seeds: int, random_state: int) -> Folds:
    """Make the folds of each repetition.

    Parameters
    ----------
    rows : LabeledTable
        The rows, with labels and groups.
    cv : int, splitter or iterable
        As `evaluate` takes it.
    n_seeds, random_state : int
        Repetitions, and the seed of the first one.

    Returns
    -------
    Folds
        Those of each repetition, and which repetition each is of.
    """
    cv = rows.splitter(cv)
    if not (isinstance(cv, Integral) or hasattr(cv, "split")):
        cv = list(cv)
    splits, seeds = [], []
    for step in range(n_seeds):
        made = outer_folds(
            rows.y,
            moved(cv, step),
            rows.groups,
            random_state=random_state + step,
            known=rows.known,
            kind=rows.kind,
        )
        splits += made
        seeds += [step] * len(made)
    return Folds(splits, seeds)


def moved(cv: Any, step: int) -> Any:
    """Give a splitter with a seed another one, for another repetition.

    Parameters
    ----------
    cv : int, splitter or iterable
        What makes folds.
    step : int
        What is added to its ``random_state``, where that is a whole number.

    Returns
    -------
    int, splitter or iterable
        A copy; the same one where nothing changes.
    """
    seed = getattr(cv, "random_state", None)
    if not step or isinstance(seed, bool) or not isinstance(seed, Integral):
        return cv
    other = copy(cv)
    other.random_state = seed + step
    return other


def _notes_before(
    models: Sequence[Any],
    table: Any,
    reads: Sequence[Any],
    named: list[Any],
    rows: LabeledTable,
    folds: Folds,
) -> list[str]:
    """Say what is odd about table and folds, each once."""
    notes = list(rows.notes)
    for each, read in zip(models, reads, strict=True):
        notes += notes_on_columns(each, table, read, named)
        notes += notes_on_contexts(each, table, folds.splits)
    return list(dict.fromkeys([*notes, *notes_on_languages(models, table)]))


def _encoded(
    ready: Sequence[Any], reads: Sequence[Any], rows: LabeledTable, used: np.ndarray | None
) -> tuple[int, int]:
    """Encode every cell of every model; count those that were encoded and those found."""
    seen: set[str] = set()
    y = rows.y if used is None else rows.y[used]
    tables = reads if used is None else [take_rows(X, used) for X in reads]
    counts = [encode(each, X, y, seen) for each, X in zip(ready, tables, strict=True)]
    encoded, found = (sum(each) for each in zip(*counts, strict=True))
    return encoded, found


def _in_order(judged: Mapping[str, Judged], lineup: Lineup) -> dict[str, Judged]:
    """Let a fusion of one view stand as that view, too."""
    if lineup.alone is None:
        return dict(judged)
    first = next(iter(judged))
    return {first: judged[first], lineup.alone: judged[first], **judged}


def _kept(
    judged: Mapping[str, Judged],
    rows: LabeledTable,
    folds: Folds,
    random_state: int,
    target: Target,
) -> OutOfFold:
    return gather(
        {name: each.answers for name, each in judged.items()},
        folds.splits,
        rows.y,
        rows.labels,
        groups=rows.groups,
        rows=rows.kept,
        seeds=[random_state + step for step in folds.seeds],
        target=target,
    )
