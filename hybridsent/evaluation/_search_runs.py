"""The searches themselves: one a candidate and outer fold, and one over all rows (layer L5)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterGrid
from threadpoolctl import threadpool_limits

from hybridsent._labels import Kind, labeled_rows, take_rows
from hybridsent._outer_folds import outer_folds
from hybridsent._threads import in_threads
from hybridsent.evaluation.fits._fits import Splits, fresh, rows_to_fit, score_fitted
from hybridsent.evaluation.fits._fold_warnings import fold_warnings_ignored
from hybridsent.evaluation.fits._frozen import Grid
from hybridsent.evaluation.fits._models import with_settings
from hybridsent.evaluation.fits._shared_steps import Fitted, Rows, SharedSteps
from hybridsent.evaluation.measures._draws import score_answers
from hybridsent.evaluation.measures._metrics import Metric
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._result import Score
from hybridsent.evaluation.results._search_result import Searched, short_settings

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
    """Outer folds, the inner folds of each, inner folds over all rows, and which have a label."""

    outer: Splits
    inner: Sequence[Splits]
    whole: Splits
    groups: np.ndarray | None
    known: np.ndarray
    kind: Kind = "classes"


def make_plan(
    y: np.ndarray,
    cv: Any,
    inner_cv: Any,
    groups: Any,
    random_state: int,
    known: np.ndarray | None = None,
    kind: Kind = "classes",
) -> Plan:
    """Make the outer folds, and the inner folds of their training rows."""
    known = labeled_rows(y, kind) if known is None else known

    def inside(train: np.ndarray) -> Splits:
        kept = None if groups is None else groups[train]
        return outer_folds(
            y[train],
            inner_cv,
            kept,
            random_state=random_state,
            name="inner_cv",
            known=known[train],
            kind=kind,
        )

    outer = outer_folds(y, cv, groups, random_state=random_state, known=known, kind=kind)
    inner = [inside(train) for train, _ in outer]
    return Plan(outer, inner, inside(np.arange(len(y))), groups, known, kind)


@dataclass(frozen=True)
class Outcome:
    """What one search of one candidate gave; `error` where it gave nothing."""

    seconds: float
    params: dict[str, Any]
    inner: float
    score: float
    answers: Answers
    unfit: list[tuple[dict[str, Any], str]]
    error: str = ""


@dataclass(frozen=True)
class Found:
    """A candidate that could be searched, with its predictions in each outer fold."""

    result: Searched
    answers: list[Answers]
    notes: list[str]

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
    folds = list(zip(plan.outer, plan.inner, strict=True))
    # when they are through, no other candidate will want these rows
    shared = SharedSteps(uses={(k,): len(entries) for k in range(len(folds) + 1)})
    # fold by fold: candidates that are searched at the same time share their first steps
    calls = [
        (entry, y, metric, inner, fold, plan, shared, (k,))
        for k, (fold, inner) in enumerate([*folds, (None, plan.whole)])
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
    plan: Plan,
    shared: SharedSteps,
    key: tuple[Any, ...],
) -> Outcome:
    """Search on the training rows of a fold and score on its test rows; None: on all rows."""
    start = time.perf_counter()
    train, test = fold or (np.arange(len(y)), None)
    grid = list(ParameterGrid(entry.grid))
    splits = [(train[these], train[those]) for these, those in inner]
    tried = [_try(entry, settings, y, splits, metric, plan, shared, key) for settings in grid]
    unfit = [(grid[i], why) for i, (_, why) in enumerate(tried) if why]
    best = max(range(len(grid)), key=lambda i: (not tried[i][1], metric.sign * tried[i][0]))
    error = unfit[0][1] if len(unfit) == len(grid) else ""
    score, answers = np.nan, Answers(np.empty(0), None)
    if test is not None and not error:
        try:
            fitted, rows = _fit(entry, grid[best], y, train, test, plan, shared, (*key, "outer"))
            scores, answers = _scored(fitted, rows, y[test], metric)
            score = _the_one(scores, metric)
        except FAILURES as failure:
            error = _said(failure)
    shared.used(key)
    seconds = time.perf_counter() - start
    return Outcome(seconds, grid[best], tried[best][0], score, answers, unfit, error)


def _try(
    entry: Entry,
    settings: dict[str, Any],
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
            fitted, rows = _fit(entry, settings, y, train, test, plan, shared, (*key, j))
            found, _ = _scored(fitted, rows, y[test], metric)
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
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    plan: Plan,
    shared: SharedSteps,
    key: tuple[Any, ...],
) -> tuple[Fitted, Rows]:
    """Fit one setting of a candidate on training rows; those without a label if it takes them."""
    model = fresh(with_settings(entry.estimator, settings))
    fit_on = rows_to_fit(model, train, plan.known)
    rows = Rows(
        (*key, id(entry.X), len(fit_on)),
        lambda: take_rows(entry.X, fit_on),
        lambda: take_rows(entry.X, test),
    )
    groups = None if plan.groups is None else plan.groups[fit_on]
    return shared.fit(model, rows, y[fit_on], groups), rows


def _scored(
    fitted: Fitted, rows: Rows, y: np.ndarray, metric: Metric
) -> tuple[dict[str, float], Answers]:
    """Score test rows, by the short way unless the user's own scorer looks at the whole model."""
    if metric.own:
        return score_fitted(fitted.model, rows.test(), y, [metric])
    return score_fitted(fitted.last, fitted.X_test(), y, [metric])


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _found(
    entry: Entry, y: np.ndarray, plan: Plan, metric: Metric, outcomes: list[Outcome]
) -> Found:
    *folds, whole = outcomes
    result = Searched(
        score=summarise_folds(
            [each.score for each in folds], [each.answers for each in folds], y, plan, metric
        ),
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
    return Found(result, [each.answers for each in folds], notes)


def summarise_folds(
    scores: list[float], answers: list[Answers], y: np.ndarray, plan: Plan, metric: Metric
) -> Score:
    """Summarise scores of the outer folds."""
    numbers = plan.kind == "numbers"
    return score_answers(metric, scores, plan.outer, y, answers, plan.groups, numbers=numbers)


def _shown(outcomes: Iterable[Any], n: int, verbose: bool) -> Any:
    if not verbose:
        return outcomes
    from tqdm import tqdm

    return tqdm(outcomes, total=n, desc="search", unit="fold")
