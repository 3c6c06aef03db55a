"""Search among pipelines and their settings, and score the search itself (layer L5).

GridSearchCV tries settings and reports the best inner score, which flatters: it was chosen for
being high. Here the search runs within the training rows of outer folds, for several pipelines side
by side, so that the score is that of rows which chose nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from hybridsent._labels import take_rows
from hybridsent._params import check_n_jobs
from hybridsent._tables import as_pandas
from hybridsent.evaluation._baselines import dummy_for, gains_over
from hybridsent.evaluation._evaluate import judging_folds, target_of
from hybridsent.evaluation._search_runs import (
    Entry,
    Found,
    Plan,
    make_plan,
    run_all,
    summarise_folds,
)
from hybridsent.evaluation.fits._encoding import encode, stored, take_store_out
from hybridsent.evaluation.fits._fits import Judged, fit_model, fresh, judge, rows_to_fit
from hybridsent.evaluation.fits._fold_warnings import told_once
from hybridsent.evaluation.fits._frozen import (
    Grid,
    Matrix,
    behind,
    encoded_once,
    first_step,
    frozen_encoders,
)
from hybridsent.evaluation.fits._models import single_modalities, with_settings
from hybridsent.evaluation.measures._metrics import Metric, one_metric
from hybridsent.evaluation.results._made_with import made_with
from hybridsent.evaluation.results._notes import (
    below_dummy,
    licence_notes,
    notes_on_contexts,
    notes_on_deals,
    notes_on_languages,
)
from hybridsent.evaluation.results._out_of_fold import OutOfFold, Target, gather
from hybridsent.evaluation.results._search_result import DUMMY, SELECTED, SearchResult
from hybridsent.evaluation.rows._columns import check_columns, notes_on_columns, readable
from hybridsent.evaluation.rows._held_out import notes_on_scoring
from hybridsent.evaluation.rows._labelled import LabeledTable
from hybridsent.evaluation.rows._read_labels import read_labels
from hybridsent.fusion import make_fusion

__all__ = ["prepare_entries", "search"]

_SCORING: dict[Target, str] = {"classes": "accuracy", "numbers": "r2", "sets": "f1_micro"}
_TASKS: dict[Target, str] = {
    "classes": "classification",
    "numbers": "regression",
    "sets": "multilabel",
}


def search(
    candidates: Mapping[str, tuple[Any, Grid]],
    table: Any,
    y: Any,
    *,
    cv: Any = 5,
    inner_cv: Any = 3,
    groups: Any = None,
    split: Any = None,
    judged_on: str | None = None,
    scoring: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
    n_seeds: int = 1,
    verbose: bool = False,
) -> SearchResult:
    r"""Search among pipelines and their settings by nested cross-validation.

    In each outer fold k, inner folds of its training rows choose the settings of each candidate,
    and the candidate: :math:`(\hat c, \hat\theta)_k = \arg\max_{c, \theta}
    \operatorname{score}_{inner}(c, \theta)`. The chosen one is fitted on all training rows of the
    fold and scored on its test rows. The mean of these scores is ``selected``, an honest estimate
    for the whole procedure, choice among candidates included. At last the inner folds over all rows
    choose once more, and that winner is fitted on all rows. With a split that is given there is one
    such fold: inner folds of its training part choose, and what they choose is the winner, fitted
    on that part alone.

    Every distinct cell is encoded at most once, before the first fold; an encoder whose store is
    off uses a temporary one. Where the features are frozen and the grid leaves them alone, they are
    computed once for all folds and all candidates that share them.

    Parameters
    ----------
    candidates : mapping of str to (estimator, grid)
        Names, unfitted classifiers or regressors and their grids, as ``GridSearchCV`` takes them;
        ``{}`` is a grid that tries nothing.
    table : DataFrame
        The rows. A pipeline without encoders reads the columns named ``view__i``.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them; rows without one as in `evaluate`.
    cv : int, splitter or iterable, default=5
        Outer folds, as in `evaluate`: stratified, and with groups kept together.
    inner_cv : int or splitter, default=3
        Inner folds, made in the same way.
    groups : str or array-like of shape (n,), default=None
        Group of each row (speaker, video, dialogue), or the column that holds it; kept together in
        the outer and the inner folds.
    split : str or array-like of shape (n,), default=None
        In place of outer folds, the name of the part that each row is of, or the column that holds
        it, as in `evaluate`: rows of ``"train"`` choose and are learned from, those of one other
        part are scored, once for all candidates, which is written down and told.
    judged_on : str, default=None
        Which part is scored, as in `evaluate`.
    scoring : str, callable or None, default=None
        One metric, as `evaluate` takes it; it chooses and is reported. None is accuracy for
        classes, R squared for numbers, and micro F1 for sets of labels.
    n_jobs : int, default=None
        Searches at once, in threads; None and -1 take every core.
    random_state : int, default=0
        Seed of the folds.
    n_seeds : int, default=1
        How often all is repeated, with outer and inner folds, and models, of the seeds
        `random_state`, `random_state` + 1 and so on, as in `evaluate`. The winner is that of the
        first one.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    SearchResult
        Nested scores with 95 % intervals, the settings chosen, each modality alone (by the default
        classifier of `make_fusion`), a dummy, how much better than these is what was chosen, what
        all of them said about each row, and the fitted winner. ``print`` shows a table.

    Raises
    ------
    ValueError
        If labels, groups, folds or the metric do not fit the table, or if every candidate fails; a
        candidate that fails alone is reported in ``failed``.

    See Also
    --------
    evaluate : Judges one estimator as it is.
    hybridsent.recipes.load_recipe : Pipelines with their grids.

    References
    ----------
    Varma, Simon: Bias in error estimation when using cross-validation for model selection, BMC
    Bioinformatics 2006. Cawley, Talbot: On over-fitting in model selection and subsequent selection
    bias in performance evaluation, JMLR 2010, section 5.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation import search
    >>> table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 4})
    >>> labels = ["positive", "positive", "negative", "negative"] * 4
    >>> candidates = {
    ...     "loose": (make_fusion(text=True).set_params(classify__Cs=(4.0,)), {}),
    ...     "tight": (make_fusion(text=True), {"classify__Cs": [(0.25,), (1.0,)]}),
    ... }
    >>> result = search(candidates, table, labels, cv=4, inner_cv=2)
    >>> result.selected.mean, list(result.candidates)
    (1.0, ['loose', 'tight'])
    >>> result.best.predict(pd.DataFrame({"text": ["I love it"]}))
    array(['positive'], dtype=object)
    """
    check_n_jobs(n_jobs, "search")
    start = time.perf_counter()
    table = as_pandas(table)
    pairs = _check_candidates(candidates)
    estimators = [estimator for estimator, _ in pairs.values()]
    rows = read_labels(table, y, groups=groups, estimator=estimators)
    target = target_of(rows)
    metric = one_metric(
        _SCORING[target] if scoring is None else scoring,
        "search must be the name of one metric, the one that chooses",
    )
    table, labels, named = rows.rows, rows.y, rows.named(y, groups, split)
    folds, held = judging_folds(rows, cv, split, judged_on, n_seeds, random_state)
    plan = make_plan(rows, folds, inner_cv, random_state, fixed=held is not None)
    for estimator in estimators:
        check_columns(estimator, table)
    with rows.reading(), told_once(), stored(estimators) as (ready, temporary):
        used = None if held is None else held.used
        entries = prepare_entries(
            pairs, ready, table, labels, named, as_tables=metric.own, used=used
        )
        found, failed = run_all(entries, labels, plan, metric, n_jobs, verbose)
        choices, selected = _select(found, labels, plan, metric)
        score = selected.scores[metric.name]
        best_name = max(found, key=lambda name: metric.sign * found[name].best_inner)
        best_params = found[best_name].best_params
        position = list(pairs).index(best_name)
        best = fresh(with_settings(ready[position], best_params))
        X = readable(best, table, named)
        learned = np.arange(len(labels)) if held is None else held.train
        whole = rows_to_fit(best, learned, rows.known)
        kept = None if rows.groups is None else rows.groups[whole]
        fit_model(best, take_rows(X, whole), labels[whole], kept)
        if temporary is not None:
            take_store_out(best, temporary)
        alone, notes = _alone(entries, rows, plan, metric, n_jobs, random_state)
    judged = {SELECTED: selected, **{name: each.judged for name, each in found.items()}, **alone}
    out_of_fold = _gathered(judged, rows, plan, random_state)
    dummy = alone[DUMMY].scores[metric.name]
    return SearchResult(
        scoring=metric.name,
        rows=len(np.unique(out_of_fold.row)),
        folds=len(plan.outer) // n_seeds,
        candidates={name: each.result for name, each in found.items()},
        selected=score,
        choices=choices,
        alone={name: each.scores[metric.name] for name, each in alone.items()},
        best=best,
        best_name=best_name,
        best_params=best_params,
        best_rows=int(rows.known[learned].sum()),
        failed=failed,
        seconds=time.perf_counter() - start,
        notes=[note for each in found.values() for note in each.notes]
        + notes
        + rows.notes
        + (notes_on_deals(folds.splits, folds.seeds) if held is None else held.notes)
        + notes_on_columns(best, table, X, named)
        + notes_on_contexts(best, table, plan.outer)
        + notes_on_languages(estimators, table)
        + below_dummy({metric.name: score}, {metric.name: dummy}, SELECTED)
        + ([] if held is None else notes_on_scoring(held, rows, estimators))
        + licence_notes(estimators),
        out_of_fold=out_of_fold,
        seeds=n_seeds,
        target=target,
        split=None if held is None else held.name,
        gains=gains_over(judged, list(alone), [metric], out_of_fold),
        **made_with(estimators),
    )


def _check_candidates(candidates: Any) -> dict[str, tuple[Any, Grid]]:
    if not isinstance(candidates, Mapping) or not candidates:
        raise ValueError(
            "The candidates parameter must map names to pairs of an estimator and its grid, at "
            f"least one. Got {candidates!r}."
        )
    for name, pair in candidates.items():
        if not isinstance(name, str) or name in ("", SELECTED, DUMMY):
            raise ValueError(
                f"The candidates parameter must name each candidate by a text, and none by "
                f"{SELECTED!r} or {DUMMY!r}, which are lines of the result. Got the name {name!r}; "
                "choose another one."
            )
        if not isinstance(pair, tuple) or len(pair) != 2 or not hasattr(pair[0], "get_params"):
            raise ValueError(
                f"Candidate {name!r} must be a pair of an unfitted estimator and its grid; {{}} is "
                f"a grid that tries nothing. Got {pair!r}."
            )
        for settings in ParameterGrid(pair[1]):
            clone(pair[0]).set_params(**settings)  # names a parameter that is not there
    return dict(candidates)


def _select(
    found: dict[str, Found], y: np.ndarray, plan: Plan, metric: Metric
) -> tuple[list[str], Judged]:
    """In each outer fold take the candidate with the best inner score."""
    choices = [
        max(found, key=lambda name: metric.sign * found[name].result.inner[k])
        for k in range(len(plan.outer))
    ]
    scores = [found[name].result.score.folds[k] for k, name in enumerate(choices)]
    asked = [found[name].asked[k] for k, name in enumerate(choices)]
    answers = [found[name].judged.answers[k] for k, name in enumerate(choices)]
    models = [found[name].models[k] for k, name in enumerate(choices)]
    return choices, summarise_folds(scores, asked, answers, models, y, plan, metric)


def _gathered(
    judged: Mapping[str, Judged], rows: LabeledTable, plan: Plan, random_state: int
) -> OutOfFold:
    return gather(
        {name: each.answers for name, each in judged.items()},
        plan.outer,
        rows.y,
        rows.labels,
        groups=rows.groups,
        rows=rows.kept,
        seeds=[random_state + step for step in plan.folds.seeds],
        target=target_of(rows),
    )


def _alone(
    entries: list[Entry],
    rows: LabeledTable,
    plan: Plan,
    metric: Metric,
    n_jobs: int | None,
    random_state: int,
) -> tuple[dict[str, Judged], list[str]]:
    """Judge each modality by the default classifier, and a dummy; say which is left out."""
    task = _TASKS[target_of(rows)]
    reference = make_fusion(features="passthrough", task=task, random_state=random_state)
    models: dict[str, tuple[Any, Any]] = {}
    taken = {entry.name for entry in entries}
    for entry in sorted(entries, key=_learns_in_views):  # features as they are, where there are any
        steps = entry.estimator.steps[:1] if entry.encodes else []
        singles = single_modalities(Pipeline([*steps, *reference.steps]), entry.X, with_marks=False)
        if len(singles) > 1:
            models = {view: (model, entry.X) for view, model in singles.items()}
            break
    notes = [
        f"The view {view!r} is not shown alone: a candidate has its name."
        for view in models
        if view in taken
    ]
    models = {view: each for view, each in models.items() if view not in taken}
    models[DUMMY] = dummy_for(rows), entries[0].X
    return judge(models, rows, plan.folds, [metric], n_jobs), notes


def _learns_in_views(entry: Entry) -> bool:
    """Whether its first step holds more than encoders: reductions, selections."""
    parts = entry.estimator.steps[0][1].transformers if entry.encodes else []
    return any(isinstance(part, Pipeline) for _, part, _ in parts)


def prepare_entries(
    pairs: Mapping[str, tuple[Any, Grid]],
    ready: list[Any],
    table: Any,
    y: Any,
    named: list[Any],
    *,
    as_tables: bool = False,
    used: np.ndarray | None = None,
) -> list[Entry]:
    """Encode every cell, and apply frozen encoders once for all candidates that share them.

    The user's own scorer wants to see tables, and the whole models that read them. Of rows that are
    not used, where these are told, no cell is encoded.
    """
    matrices: dict[str, Matrix] = {}
    entries = []
    for (name, (_, grid)), estimator in zip(pairs.items(), ready, strict=True):
        encoders = None if as_tables else frozen_encoders(estimator, grid)
        if encoders is None:
            X = readable(estimator, table, named)
            encodes = isinstance(first_step(estimator), ColumnTransformer)
            some = (table, y) if used is None else (take_rows(table, used), y[used])
            counts = _encode_all(estimator, grid, *some)
            entries.append(Entry(name, estimator, grid, X, *counts, encodes=encodes))
            continue
        key = repr([(v, type(e), e.get_params(), where) for v, e, where in encoders.transformers])
        matrix = matrices.get(key) or encoded_once(encoders, table, used)
        rest = behind(estimator, matrix.spans)
        entries.append(Entry(name, rest, grid, matrix.X, matrix.encoded, matrix.found))
        matrices[key] = replace(matrix, encoded=0, found=matrix.encoded + matrix.found)
    return entries


def _encode_all(estimator: Any, grid: Grid, table: Any, y: Any) -> tuple[int, int]:
    """Encode with every encoder that the grid can put in, so that the folds find every row."""
    counts = [0, 0]
    seen: set[str] = set()
    for settings in ParameterGrid(grid):
        counts = [
            so_far + more
            for so_far, more in zip(
                counts, encode(with_settings(estimator, settings), table, y, seen), strict=True
            )
        ]
    return counts[0], counts[1]
