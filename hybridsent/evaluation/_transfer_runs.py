"""The fits of a judgement of transfer (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from hybridsent._threads import in_threads
from hybridsent.evaluation._fits import fit_model, fresh
from hybridsent.evaluation._mmd import maximum_mean_discrepancy
from hybridsent.evaluation._models import adapting_parts
from hybridsent.evaluation._resampled import Answers
from hybridsent.evaluation._shift import proxy_a_distance
from hybridsent.evaluation._telling import fold_warnings_ignored
from hybridsent.evaluation._transfer_folds import draw_labels, target_folds
from hybridsent.evaluation._transfer_inputs import Pair, Table
from hybridsent.evaluation._transfer_result import REFERENCES, Shift
from hybridsent.views import DOMAIN, is_passthrough, view_of

__all__ = ["Given", "Outcome", "Task", "make_tasks", "run_tasks"]

_NO_LABELS = (
    "The estimator {name!r} must know that -1 is no class but marks rows without a label. Got "
    "{seen}; put hybridsent.few_label.LabeledOnly around its classifier."
)
_SHIFT_ROWS = 2000  # of each domain: more change the third digit


@dataclass(frozen=True)
class Given:
    """All that the fits share.

    Parameters
    ----------
    models : mapping of str to (estimator, Table)
        Adapted methods, and under ``""`` the baseline, each with the rows as it reads them.
    y : ndarray of shape (n,)
        Labels.
    classes : ndarray or None
        All labels there are; None for a regression.
    groups : ndarray of shape (n,) or None
        Groups.
    pairs : list of Pair
        Sources and targets.
    n_target_labels : int
        Labels that are drawn; 0 for all of the training folds in references and none in others.
    transductive : bool
        Whether adapted methods see the test rows, without labels.
    """

    models: Mapping[str, tuple[Any, Table]]
    y: np.ndarray
    classes: np.ndarray | None
    groups: np.ndarray | None
    pairs: list[Pair]
    n_target_labels: int
    transductive: bool


@dataclass(frozen=True)
class Task:
    """One fit; positions are those of rows of the target.

    Parameters
    ----------
    pair : int
        Number of the pair.
    method : str
        Name of the method.
    repeat : int
        Number of the repeat.
    test, labeled, unlabeled : ndarray of int
        Rows that are answered, and those of `fit`.
    shift : bool
        Whether to measure how far the domains are apart after the fit.
    """

    pair: int
    method: str
    repeat: int
    test: np.ndarray
    labeled: np.ndarray
    unlabeled: np.ndarray
    shift: bool


@dataclass(frozen=True)
class Outcome:
    """What one fit gave.

    Parameters
    ----------
    task : Task
        The task.
    answers : Answers
        About its test rows.
    shift : Shift or None
        Where it was asked for.
    """

    task: Task
    answers: Answers
    shift: Shift | None


def make_tasks(
    given: Given, cv: Any, n_repeats: int, random_state: int, *, shift: bool
) -> Iterator[Task]:
    """List the fits: those that do not depend on the fold are made once.

    Parameters
    ----------
    given : Given
        What the fits share.
    cv : int, splitter, iterable or None
        Folds of each target's rows.
    n_repeats : int
        How often folds and labels are drawn.
    random_state : int
        Seed.
    shift : bool
        Whether to measure shifts.

    Yields
    ------
    Task
        The fits.
    """
    adapted = [name for name in given.models if name]
    none = np.arange(0)
    for p, pair in enumerate(given.pairs):
        everyone = np.arange(len(pair.of_target))
        yield Task(p, "source only", 0, everyone, none, none, shift)
        blind = given.n_target_labels == 0 and given.transductive
        if blind:
            for name in adapted:
                yield Task(p, name, 0, everyone, none, everyone, shift)
        for repeat in range(n_repeats):
            for k, (train, test, labeled) in enumerate(
                _folds(given, pair, cv, repeat, random_state)
            ):
                if cv is not None:
                    yield Task(p, "target only", repeat, test, labeled, none, False)
                    yield Task(p, "pooled", repeat, test, labeled, none, False)
                if blind:
                    continue
                seen = np.union1d(train, test) if given.transductive else train
                known = labeled if given.n_target_labels else none
                rest = np.setdiff1d(seen, known)
                for name in adapted:
                    first = shift and repeat == 0 and k == 0
                    yield Task(p, name, repeat, test, known, rest, first)


def _folds(
    given: Given, pair: Pair, cv: Any, repeat: int, random_state: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    y = given.y[pair.of_target]
    groups = None if given.groups is None else given.groups[pair.of_target]
    regression = given.classes is None
    seed = random_state + repeat
    for k, (train, test) in enumerate(target_folds(y, cv, groups, seed, regression=regression)):
        labeled = train
        if given.n_target_labels:
            if given.n_target_labels > len(train):
                raise ValueError(
                    "The n_target_labels parameter must be at most the rows of a target's training "
                    f"folds. Got {given.n_target_labels} for {len(train)} rows of {pair.target!r}."
                )
            drawn = draw_labels(
                y[train], given.n_target_labels, [random_state, repeat, k], regression=regression
            )
            labeled = train[drawn]
        if cv is not None and not regression and len(np.unique(y[labeled])) < 2:
            raise ValueError(
                "The labelled rows of a target must be of at least two classes for 'target only'. "
                f"Got {np.unique(y[labeled]).tolist()} of {pair.target!r}; raise n_target_labels, "
                "or take cv=None, which leaves that reference out."
            )
        yield train, test, labeled


def run_tasks(given: Given, tasks: list[Task], n_jobs: int | None) -> list[Outcome]:
    """Fit and answer, in threads.

    Parameters
    ----------
    given : Given
        What the fits share.
    tasks : list of Task
        The fits.
    n_jobs : int or None
        Fits at once; None and -1 take every core.

    Returns
    -------
    list of Outcome
        In the order of the tasks.
    """
    with threadpool_limits(1):
        return list(in_threads(_run, [(given, task) for task in tasks], n_jobs))


@fold_warnings_ignored()
def _run(given: Given, task: Task) -> Outcome:
    pair = given.pairs[task.pair]
    reference = task.method in REFERENCES
    model, table = given.models["" if reference else task.method]
    source = pair.of_source if task.method != "target only" else pair.of_source[:0]
    target = np.union1d(task.labeled, task.unlabeled).astype(np.intp)
    rows = np.concatenate([source, pair.of_target[target]])
    domain = np.repeat([0, 1], [len(source), len(target)])
    unknown = np.zeros(len(rows), dtype=bool)
    unknown[len(source) :] = ~np.isin(target, task.labeled)
    y = _marked(given.y[rows], unknown, regression=given.classes is None)
    groups = None if given.groups is None else given.groups[rows]
    X = table.rows(rows, domain)
    try:
        fitted = fit_model(fresh(model), X, y, groups)
    except TypeError as error:
        if not unknown.any() or "not supported between" not in str(error):
            raise
        raise ValueError(_NO_LABELS.format(name=task.method, seen=f"an error ({error})")) from error
    if not reference:
        _check_told(fitted, table, given.n_target_labels, task.method)
    tested = pair.of_target[task.test]
    X_tested = table.rows(tested, np.ones(len(tested), dtype=int))
    answers = _answers(fitted, X_tested, given, task.method)
    sizes = {len(source), len(source) + len(task.labeled), len(rows)}
    shift = _shift(fitted, table, pair, sizes, (X, y)) if task.shift else None
    return Outcome(task, answers, shift)


def _marked(y: np.ndarray, unknown: np.ndarray, *, regression: bool) -> np.ndarray:
    """Take the labels of unlabelled rows away."""
    if not unknown.any():
        return y
    marked = y.astype(np.float64) if regression else y.copy()
    marked[unknown] = np.nan if regression else -1
    return marked


def _check_told(fitted: Any, table: Table, n_target_labels: int, name: str) -> None:
    """Refuse a model whose adapting step did not get the domains."""
    parts = [p for p in adapting_parts(fitted) if getattr(p, "by", DOMAIN) == DOMAIN]
    seen = [view_of(c) for part in parts for c in getattr(part, "feature_names_in_", ())]
    # without labels of the target, -1 says the same
    if not parts or DOMAIN in seen or (table.column == DOMAIN and n_target_labels == 0):
        return
    way = (
        "make_features(domain='domain') hands it on"
        if table.column == DOMAIN
        else "a step before it loses the names; pipeline.set_output(transform='pandas') keeps them"
    )
    raise ValueError(
        f"The step of {name!r} that adapts must get the column '{DOMAIN}__0'. "
        f"{type(parts[0]).__name__} got none: {way}."
    )


def _answers(fitted: Any, X: Any, given: Given, name: str) -> Answers:
    labels = np.asarray(fitted.predict(X))
    if given.classes is None:
        return Answers(labels.astype(np.float64), None)
    _check_labels(labels, given.classes, name)
    if not hasattr(fitted, "predict_proba"):
        return Answers(labels.astype(given.y.dtype), None)
    # few labels may lack a class
    found = np.zeros((len(labels), len(given.classes)))
    found[:, np.searchsorted(given.classes, np.asarray(fitted.classes_, dtype=given.y.dtype))] = (
        fitted.predict_proba(X)
    )
    return Answers(labels.astype(given.y.dtype), found)


def _check_labels(labels: np.ndarray, classes: np.ndarray, name: str) -> None:
    """Refuse a model that took -1, which marks rows without a label, for a class."""
    strange = set(labels.tolist()) - set(classes.tolist())
    if strange:
        raise ValueError(_NO_LABELS.format(name=name, seen=f"the answer {strange.pop()!r}"))


def _shift(
    fitted: Any, table: Table, pair: Pair, sizes: set[int], learned: tuple[Any, np.ndarray]
) -> Shift:
    """Measure the features that the last step gets, weighted as it weighs them."""
    unknown = Shift(float("nan"), float("nan"))
    n_source, n_target = len(pair.of_source), len(pair.of_target)
    last = fitted.steps[-1][1] if isinstance(fitted, Pipeline) else fitted
    weights = None
    part = next(adapting_parts(last), None)
    if part is not None:
        weights = np.asarray(getattr(part, "sample_weight_", ()), dtype=np.float64)
        if len(weights) not in sizes:  # a model that adapts inside
            return unknown
        weights = weights[:n_source]  # in fit, the rows of the source came first
        if (weights > 0).sum() < 2:
            return unknown
    parts = _last_inputs(fitted, table, pair, learned)
    if min(n_source, n_target) < 2 or not all(_is_finite(values) for values in parts):
        return unknown
    source, target = (np.asarray(values, dtype=np.float64) for values in parts)
    return Shift(
        maximum_mean_discrepancy(source, target, source_weight=weights, max_rows=_SHIFT_ROWS),
        proxy_a_distance(source, target, source_weight=weights, max_rows=_SHIFT_ROWS),
    )


def _last_inputs(
    fitted: Any, table: Table, pair: Pair, learned: tuple[Any, np.ndarray]
) -> tuple[Any, Any]:
    """Give what the last step gets: of the source in fit, of the target when it answers."""
    n_source, n_target = len(pair.of_source), len(pair.of_target)
    rows = np.concatenate([pair.of_source, pair.of_target])
    X = table.rows(rows, np.repeat([0, 1], [n_source, n_target]))
    if isinstance(fitted, Pipeline) and len(fitted) > 1:
        before = fitted[:-1]
        if _adapts_by_label(before):
            # its transform takes every row for one of the target: only fit_transform, which sees
            # the labels, adapts the source
            before = clone(before)
            source = before.fit_transform(*learned)
            target = before.transform(_cut(X, slice(n_source, None)))
            return _features(_cut(source, slice(n_source))), _features(target)
        X = before.transform(X)
    X = _features(X)
    return _cut(X, slice(n_source)), _cut(X, slice(n_source, None))


def _adapts_by_label(steps: Any) -> bool:
    """Tell whether a part that adapts got no column of domains, and took labels of -1 for it."""
    parts = [p for p in adapting_parts(steps) if getattr(p, "by", DOMAIN) == DOMAIN]
    return any(DOMAIN not in map(view_of, getattr(part, "feature_names_in_", ())) for part in parts)


def _features(X: Any) -> Any:
    """Leave out the columns that are only handed on."""
    if not hasattr(X, "columns"):
        return X
    return X[[name for name in X.columns if not is_passthrough(name)]]


def _cut(X: Any, rows: slice) -> Any:
    if issparse(X):
        return X.tocsr()[rows]
    return X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]


def _is_finite(X: Any) -> bool:
    kinds = [kind.kind for kind in X.dtypes] if hasattr(X, "dtypes") else [np.asarray(X).dtype.kind]
    return set(kinds) <= set("iufb") and bool(np.isfinite(np.asarray(X, dtype=np.float64)).all())
