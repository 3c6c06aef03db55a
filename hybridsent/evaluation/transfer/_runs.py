"""The fits of a judgement of transfer: which there are, and what each gives (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from hybridsent._tags import adapting_parts
from hybridsent._threads import in_threads
from hybridsent.evaluation.fits._fits import fit_model, fresh
from hybridsent.evaluation.fits._fold_warnings import fold_warnings_ignored
from hybridsent.evaluation.results._answers import Answers, answers_of
from hybridsent.evaluation.transfer._given import Given, kept_apart, shared_groups
from hybridsent.evaluation.transfer._pairs import Pair, Table, draw_labels, target_folds
from hybridsent.evaluation.transfer._result import REFERENCES, Shift
from hybridsent.evaluation.transfer._shifts import shift_of
from hybridsent.views import DOMAIN, view_of

__all__ = ["Outcome", "Task", "make_tasks", "run_tasks"]


_NO_LABELS = (
    "The estimator {name!r} must know that -1 is no class but marks rows without a label. Got "
    "{seen}; put hybridsent.few_label.LabeledOnly around its classifier."
)


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
        apart = cv is None or len(shared_groups(given, pair)) == 0
        if apart:
            yield Task(p, "source only", 0, everyone, none, none, shift)
        blind = apart and given.n_target_labels == 0 and given.transductive
        if blind:
            for name in adapted:
                yield Task(p, name, 0, everyone, none, everyone, shift)
        for repeat in range(n_repeats):
            for k, (train, test, labeled) in enumerate(
                _folds(given, pair, cv, repeat, random_state)
            ):
                first = shift and repeat == 0 and k == 0
                if not apart:
                    yield Task(p, "source only", repeat, test, none, none, first)
                if cv is not None:
                    yield Task(p, "target only", repeat, test, labeled, none, False)
                    yield Task(p, "pooled", repeat, test, labeled, none, False)
                if blind:
                    continue
                seen = np.union1d(train, test) if given.transductive else train
                known = labeled if given.n_target_labels else none
                rest = np.setdiff1d(seen, known)
                for name in adapted:
                    yield Task(p, name, repeat, test, known, rest, first)


def _folds(
    given: Given, pair: Pair, cv: Any, repeat: int, random_state: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    y = given.y[pair.of_target]
    groups = None if given.groups is None else given.groups[pair.of_target]
    if groups is not None and len(np.unique(groups)) == 1:
        groups = None  # a target that is one group can only be cut
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
    pair = kept_apart(given, given.pairs[task.pair], task.test)
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
    shift = shift_of(fitted, table, pair, sizes, (X, y), given.groups) if task.shift else None
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
    answers = answers_of(fitted, X, given.classes, given.y.dtype)
    if given.classes is not None:
        _check_labels(answers.labels, given.classes, name)
    return answers


def _check_labels(labels: np.ndarray, classes: np.ndarray, name: str) -> None:
    """Refuse a model that took -1, which marks rows without a label, for a class."""
    strange = set(labels.tolist()) - set(classes.tolist())
    if strange:
        raise ValueError(_NO_LABELS.format(name=name, seen=f"the answer {strange.pop()!r}"))
