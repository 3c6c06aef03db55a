"""Cross-validate a model beside its own parts (layer L5).

scikit-learn's cross_validate scores one estimator. A score of a fusion says little alone: this
function puts each single modality and a dummy beside it on the same folds, encodes every cell once
for all of them, and says what that cost.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier

from hybridsent._folds import outer_folds
from hybridsent._params import check_n_jobs
from hybridsent._tables import as_pandas
from hybridsent.evaluation._columns import check_columns, notes_on_columns, readable
from hybridsent.evaluation._fits import encode, score_folds, stored
from hybridsent.evaluation._fold_warnings import told_once
from hybridsent.evaluation._labelled import check_target_is_told, read_labels
from hybridsent.evaluation._metrics import metrics_of
from hybridsent.evaluation._models import single_modalities
from hybridsent.evaluation._notes import (
    below_dummy,
    licence_notes,
    notes_on_contexts,
    notes_on_languages,
)
from hybridsent.evaluation._out_of_fold import gather
from hybridsent.evaluation._results import Evaluation, Score

__all__ = ["DEFAULT_SCORING", "evaluate"]

DEFAULT_SCORING = ("accuracy", "f1_weighted", "f1_macro", "balanced_accuracy")


def evaluate(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    cv: Any = 5,
    groups: Any = None,
    scoring: Any = DEFAULT_SCORING,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> Evaluation:
    """Judge a classifier by cross-validation, beside each single modality and a dummy.

    All models see the same folds. Every distinct cell is encoded at most once, before the first
    fold; an encoder whose store is off uses a temporary one. Encoders are frozen, so nothing leaks
    from test rows; all that learns (scaling, reduction, classifier) is fitted inside the folds.

    Parameters
    ----------
    estimator : estimator
        A classifier on tables, such as `make_fusion` builds; any scikit-learn classifier works.
    table : DataFrame
        The rows; a table of polars, pyarrow or another library is converted.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them. Rows without one, whose cell is empty or whose label
        is -1 (see `read_labels`), are trained on by what learns from them, and never scored.
    cv : int, splitter or iterable, default=5
        Folds: stratified, and with groups kept together; or anything scikit-learn takes.
    groups : str or array-like of shape (n,), default=None
        Group of each row (speaker, video, dialogue), or the column that holds it.
    scoring : str, callable, list, dict or None, default=DEFAULT_SCORING
        All that scikit-learn's cross_validate takes: names of scorers, what ``make_scorer`` gives,
        callables ``(estimator, X, y)`` that give a number or a dict of them, dicts of these by
        name; None is the estimator's ``score``. A single callable is called ``"score"``. Names that
        papers use are known, too (``"UAR"`` is ``"balanced_accuracy"``), and those of
        `register_metric`. The default is accuracy, weighted F1, macro F1 and balanced accuracy.
    n_jobs : int, default=None
        Folds at once, in threads; None and -1 take every core. Linear algebra then keeps to one
        thread a fold, which wastes less than one fold at a time on every core.
    random_state : int, default=0
        Seed of the folds.

    Returns
    -------
    Evaluation
        Scores per fold, mean, 95 % interval, pooled score; rows encoded; seconds. ``print`` shows a
        table, in which a fusion of one modality stands once, by the name of that modality.

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
    ['fusion', 'text', 'dummy']
    >>> result.models["fusion"]["accuracy"].mean
    1.0
    """
    check_n_jobs(n_jobs, "evaluate")
    start = time.perf_counter()
    table = as_pandas(table)
    rows = read_labels(table, y, groups=groups, estimator=estimator)
    check_target_is_told(estimator, rows, judged=True)
    splits = outer_folds(
        rows.y, rows.splitter(cv), rows.groups, random_state=random_state, known=rows.known
    )
    metrics = metrics_of(scoring)
    check_columns(estimator, table)
    table, named = rows.rows, rows.named(y, groups)
    read = readable(estimator, table, named)
    notes = [*rows.notes, *notes_on_columns(estimator, table, read, named)]
    notes += notes_on_contexts(estimator, table, splits)
    notes += notes_on_languages([estimator], table)
    with rows.reading(), told_once(), stored([estimator]) as ((ready,), _):
        encoded, found = encode(ready, read, rows.y)
        singles = single_modalities(ready, read, with_others=True)
        judged = {
            name: score_folds(model, read, rows, splits, metrics, n_jobs)
            for name, model in _models(ready, singles).items()
        }
    if len(singles) == 1:  # a fusion of one modality is that modality
        alone = next(iter(singles))
        judged = {"fusion": judged["fusion"], alone: judged["fusion"], **judged}
    scores = {name: each.scores for name, each in judged.items()}
    kept = gather(
        {name: each.answers for name, each in judged.items()},
        splits,
        rows.y,
        None if rows.kind == "numbers" else np.unique(rows.y[rows.known]),
        groups=rows.groups,
        rows=rows.kept,
        seeds=[random_state] * len(splits),
        target="numbers" if rows.kind == "numbers" else "classes",
    )
    return Evaluation(
        rows=int(rows.known.sum()),
        models=scores,
        encoded_rows=encoded,
        store_hits=found,
        seconds=time.perf_counter() - start,
        folds=len(splits),
        notes=notes
        + below_dummy(_means(scores["fusion"]), _means(scores["dummy"]), "fusion")
        + licence_notes([estimator]),
        out_of_fold=kept,
    )


def _means(scores: dict[str, Score]) -> dict[str, float]:
    return {name: score.value for name, score in scores.items()}


def _models(estimator: Any, singles: dict[str, Any]) -> dict[str, Any]:
    """Put what is to be compared side by side."""
    extra = singles if len(singles) > 1 else {}
    return {"fusion": estimator, **extra, "dummy": DummyClassifier(strategy="prior")}
