"""The searches themselves: one a candidate and outer fold, and one over all rows (layer L5)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterGrid
from threadpoolctl import threadpool_limits

from hybridsent._labels import Kind, take_rows
from hybridsent._outer_folds import outer_folds
from hybridsent._threads import in_threads
from hybridsent.evaluation._evaluate import moved
from hybridsent.evaluation.fits._fits import (
    Folds,
    Judged,
    Splits,
    fresh,
    reseeded,
    rows_to_fit,
    score_and_ask,
    score_fitted,
)
from hybridsent.evaluation.fits._fold_warnings import fold_warnings_ignored
from hybridsent.evaluation.fits._frozen import Grid
from hybridsent.evaluation.fits._models import with_settings
from hybridsent.evaluation.fits._shared_steps import Fitted, Rows, SharedSteps
from hybridsent.evaluation.measures._draws import score_and_draws
from hybridsent.evaluation.measures._metrics import Metric
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._search_result import Searched, short_settings
from hybridsent.evaluation.rows._labelled import LabeledTable

__all__ = ["Entry", "Found", "Plan", "make_plan", "run_all", "summarise_folds"]


@dataclass(frozen=True)
class Entry:
    """A candidate, ready to be searched on X.

    X is the matrix of its frozen encoders; or the table, whose columns its first step picks
    (`encodes`), or which holds features already.
    """

    name: str
    estimator: Any
    grid: Grid
    X: Any
    encoded: int
    found: int
    encodes: bool = False


# what a fit that does not suit the data raises; a store or file that fails is no candidate's fault
FAILURES = (
    *(ArithmeticError, AttributeError, ImportError, LookupError, MemoryError),
    *(RuntimeError, TypeError, ValueError),
)


@dataclass(frozen=True)
class Plan:
    """Outer folds, the inner folds of each, inner folds over all rows, and which have a label.

    `whole` is None of a fixed split: what its first fold chooses on all that may be learned from is
    the winner.
    """

    folds: Folds
    inner: Sequence[Splits]
    whole: Splits | None
    groups: np.ndarray | None
    known: np.ndarray
    classes: np.ndarray | None
    kind: Kind = "classes"

    @property
    def outer(self) -> Splits:
        """Outer folds of all repetitions."""
        return self.folds.splits


def make_plan(
    rows: LabeledTable, folds: Folds, inner_cv: Any, random_state: int, *, fixed: bool = False
) -> Plan:
    """Make the inner folds of the training rows of outer folds, or of a fixed split."""

    def inside(train: np.ndarray, step: int) -> Splits:
        return outer_folds(
            rows.y[train],
            moved(inner_cv, step),
            None if rows.groups is None else rows.groups[train],
            random_state=random_state + step,
            name="inner_cv",
            known=rows.known[train],
            kind=rows.kind,
        )

    inner = [
        inside(train, step) for (train, _), step in zip(folds.splits, folds.seeds, strict=True)
    ]
    whole = None if fixed else inside(np.arange(len(rows.y)), 0)
    return Plan(folds, inner, whole, rows.groups, rows.known, rows.labels, rows.kind)


@dataclass(frozen=True)
class Outcome:
    """What one search of one candidate gave; `error` where it gave nothing.

    `asked` holds only what the metric has asked for.
    """

    seconds: float
    params: dict[str, Any]
    inner: float
    score: float
    asked: Answers
    answers: Answers
    unfit: list[tuple[dict[str, Any], str]]
    error: str = ""


@dataclass(frozen=True)
class Found:
    """A candidate that could be searched, with its predictions in each outer fold."""

    result: Searched
    judged: Judged
    asked: list[Answers]
    models: list[Any]
    notes: list[str] = field(default_factory=list)

    @property
    def best_inner(self) -> float:
        """Score over the inner folds of all rows."""
        return self.result.best_inner

    @property
    def best_params(self) -> dict[str, Any]:
        """Settings that had it."""
        return self.result.best_params


def run_all(
    entries: list[Entry],
    y: np.ndarray,
    plan: Plan,
    metric: Metric,
    n_jobs: int | None,
    verbose: bool,
) -> tuple[dict[str, Found], dict[str, str]]:
    """Search every candidate on every outer fold and on all rows; tell which failed, and why."""
    folds: list[tuple[tuple[np.ndarray, np.ndarray] | None, Splits, int]] = list(
        zip(plan.outer, plan.inner, plan.folds.seeds, strict=True)
    )
    searches = folds if plan.whole is None else [*folds, (None, plan.whole, 0)]
    # when they are through, no other candidate will want these rows
    shared = SharedSteps(uses={(k,): len(entries) for k in range(len(searches))})
    # fold by fold: candidates that are searched at the same time share their first steps
    calls = [
        (entry, y, metric, inner, fold, seed, plan, shared, (k,))
        for k, (fold, inner, seed) in enumerate(searches)
        for entry in entries
    ]
    with threadpool_limits(1):
        outcomes = list(
            _shown(in_threads(_search_once, calls, n_jobs, one_by_one=True), len(calls), verbose)
        )
    found: dict[str, Found] = {}
    failed: dict[str, str] = {}
    for i, entry in enumerate(entries):
        mine = outcomes[i :: len(entries)]
        errors = [outcome.error for outcome in mine if outcome.error]
        if errors:
            failed[entry.name] = errors[0]
        else:
            found[entry.name] = _found(entry, y, plan, metric, mine)
    if not found:
        listed = "; ".join(f"{name}: {why}" for name, why in failed.items())
        raise ValueError(f"At least one candidate must be able to fit this table. Got {listed}")
    return found, failed


@fold_warnings_ignored()
def _search_once(
    entry: Entry,
    y: np.ndarray,
    metric: Metric,
    inner: Splits,
    fold: tuple[np.ndarray, np.ndarray] | None,
    seed: int,
    plan: Plan,
    shared: SharedSteps,
    key: tuple[Any, ...],
) -> Outcome:
    """Search on the training rows of a fold and score on its test rows; None: on all rows."""
    start = time.perf_counter()
    train, test = fold or (np.arange(len(y)), None)
    grid = list(ParameterGrid(entry.grid))
    splits = [(train[these], train[those]) for these, those in inner]
    tried = [_try(entry, settings, seed, y, splits, metric, plan, shared, key) for settings in grid]
    unfit = [(grid[i], why) for i, (_, why) in enumerate(tried) if why]
    best = max(range(len(grid)), key=lambda i: (not tried[i][1], metric.sign * tried[i][0]))
    error = unfit[0][1] if len(unfit) == len(grid) else ""
    score = np.nan
    asked = answers = Answers(np.empty(0), None)
    if test is not None and not error:
        try:
            key_of_it = (*key, "outer")
            fitted, rows = _fit(entry, grid[best], seed, y, train, test, plan, shared, key_of_it)
            model, X = _way(fitted, rows, metric)
            scores, asked, answers = score_and_ask(model, X, y[test], [metric], plan.classes)
            score = _the_one(scores, metric)
        except FAILURES as failure:
            error = _said(failure)
    shared.used(key)
    seconds = time.perf_counter() - start
    return Outcome(seconds, grid[best], tried[best][0], score, asked, answers, unfit, error)


def _try(
    entry: Entry,
    settings: dict[str, Any],
    seed: int,
    y: np.ndarray,
    splits: Splits,
    metric: Metric,
    plan: Plan,
    shared: SharedSteps,
    key: tuple[Any, ...],
) -> tuple[float, str]:
    """Give the mean score of one setting over the inner folds; minus infinity, and why, if none.

    GridSearchCV would do this and the choice, but in threads its way of handing warning filters to
    workers empties those of the others, and warns of that.
    """
    scores = []
    try:
        for j, (train, test) in enumerate(splits):
            fitted, rows = _fit(entry, settings, seed, y, train, test, plan, shared, (*key, j))
            found, _ = score_fitted(*_way(fitted, rows, metric), y[test], [metric])
            scores.append(_the_one(found, metric))
    except FAILURES as error:
        return -np.inf, _said(error)
    mean = float(np.mean(scores))
    return (-np.inf, f"The metric {metric.name!r} is NaN.") if np.isnan(mean) else (mean, "")


def _the_one(scores: dict[str, float], metric: Metric) -> float:
    """Take the number that chooses."""
    if list(scores) != [metric.name]:
        raise ValueError(
            f"The scoring parameter of search must give one number. Got {list(scores)}, of which "
            "none chooses; give one of them."
        )
    return scores[metric.name]


def _fit(
    entry: Entry,
    settings: dict[str, Any],
    seed: int,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    plan: Plan,
    shared: SharedSteps,
    key: tuple[Any, ...],
) -> tuple[Fitted, Rows]:
    """Fit one setting of a candidate on training rows; those without a label if it takes them."""
    model = fresh(reseeded(with_settings(entry.estimator, settings), seed))
    fit_on = rows_to_fit(model, train, plan.known)
    rows = Rows(
        (*key, id(entry.X), len(fit_on)),
        lambda: take_rows(entry.X, fit_on),
        lambda: take_rows(entry.X, test),
    )
    groups = None if plan.groups is None else plan.groups[fit_on]
    return shared.fit(model, rows, y[fit_on], groups), rows


def _way(fitted: Fitted, rows: Rows, metric: Metric) -> tuple[Any, Any]:
    """Give what is asked about test rows: the user's own scorer looks at the whole model."""
    return (fitted.model, rows.test()) if metric.own else (fitted.last, fitted.X_test())


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _found(
    entry: Entry, y: np.ndarray, plan: Plan, metric: Metric, outcomes: list[Outcome]
) -> Found:
    folds = outcomes[: len(plan.outer)]
    whole = outcomes[0] if plan.whole is None else outcomes[-1]
    asked = [each.asked for each in folds]
    models = [with_settings(entry.estimator, each.params) for each in folds]
    judged = summarise_folds(
        [each.score for each in folds],
        asked,
        [each.answers for each in folds],
        models,
        y,
        plan,
        metric,
    )
    result = Searched(
        score=judged.scores[metric.name],
        settings=[each.params for each in folds],
        inner=[float(each.inner) for each in folds],
        best_params=whole.params,
        best_inner=float(whole.inner),
        encoded_rows=entry.encoded,
        store_hits=entry.found,
        seconds=sum(each.seconds for each in outcomes),
    )
    tried = len(ParameterGrid(entry.grid))
    notes = [
        f"{entry.name}: {len(whole.unfit)} of {tried} settings were left out, such as "
        f"{short_settings(each)}: {why}"
        for each, why in whole.unfit[:1]
    ]
    return Found(result, judged, asked, models, notes)


def summarise_folds(
    scores: list[float],
    asked: list[Answers],
    answers: list[Answers],
    models: list[Any],
    y: np.ndarray,
    plan: Plan,
    metric: Metric,
) -> Judged:
    """Summarise scores of the outer folds, as `judge` does, of a model a fold."""
    splits = [
        (rows_to_fit(model, train, plan.known), test)
        for model, (train, test) in zip(models, plan.outer, strict=True)
    ]
    score, draws = score_and_draws(
        metric,
        scores,
        splits,
        y,
        asked,
        plan.groups,
        seeds=plan.folds.seeds,
        numbers=plan.kind == "numbers",
        learned=plan.folds.learned,
    )
    return Judged({metric.name: score}, answers, {}, {metric.name: draws})


def _shown(outcomes: Iterable[Any], n: int, verbose: bool) -> Any:
    if not verbose:
        return outcomes
    from tqdm import tqdm

    return tqdm(outcomes, total=n, desc="search", unit="fold")
