"""What a model is put beside: each of its views alone, and models that look at little (layer L5).

scikit-learn's dummies look at nothing. Between them and a fusion stands what a reader asks for
next: words alone, without a pretrained network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from hybridsent._labels import take_rows
from hybridsent.evaluation._words_alone import _TermWeights, count_terms, text_columns
from hybridsent.evaluation.comparisons._paired import Side, compared_in_family
from hybridsent.evaluation.fits._fits import Folds, Judged
from hybridsent.evaluation.fits._models import single_modalities
from hybridsent.evaluation.leaks._probe import truth_of
from hybridsent.evaluation.leaks._telling_groups import are_few, split_groups
from hybridsent.evaluation.measures._metrics import Metric
from hybridsent.evaluation.results._gains import Gain
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.rows._columns import named_columns, unread_columns
from hybridsent.evaluation.rows._labelled import LabeledTable
from hybridsent.heads import MultiLabelClassifier

__all__ = ["BASELINES", "Lineup", "dummy_for", "gains_over", "line_up", "named_models"]

BASELINES = ("tf-idf", "group alone", "dummy")
"""Names of what stands beside models, in the order of the table; no model may have one of them."""

_C = 10.0  # weights of unit length want less of a penalty than standardised columns
_ONE = "fusion"  # what a single estimator is called


def named_models(estimator: Any) -> dict[str, Any]:
    """Name what is to be judged.

    Parameters
    ----------
    estimator : estimator or mapping of str to estimator
        One model, or several by names.

    Returns
    -------
    dict of str to estimator
        A single one is called ``"fusion"``.

    Raises
    ------
    ValueError
        If there is none, or a name is taken by a baseline, or something cannot be fitted.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent.evaluation._baselines import named_models
    >>> list(named_models(LogisticRegression())), list(named_models({"a": LogisticRegression()}))
    (['fusion'], ['a'])
    """
    if not isinstance(estimator, Mapping):
        return {_ONE: estimator}
    if not estimator:
        raise ValueError("The estimator parameter must hold at least one model. Got an empty dict.")
    for name, each in estimator.items():
        if not isinstance(name, str) or not name or name in BASELINES:
            raise ValueError(
                "The estimator parameter must map names of models to estimators; "
                f"{', '.join(map(repr, BASELINES))} are names of baselines. Got the name {name!r}; "
                "choose another one."
            )
        if not hasattr(each, "fit"):
            raise ValueError(
                "The estimator parameter must map names of models to estimators. Got "
                f"{each!r} for {name!r}, which cannot be fitted."
            )
    return dict(estimator)


class Lineup(NamedTuple):
    """Models side by side, in the order of the table.

    Parameters
    ----------
    models : dict of str to (estimator, DataFrame or array)
        Each model, and the rows as it reads them.
    views : list of str
        Which of them are single views of the first model that has several.
    baselines : list of str
        Which of them are baselines.
    alone : str or None, default=None
        The view that a single estimator consists of, which is the same model by another name.
    notes : sequence of str, default=()
        What the reader should know of them.
    """

    models: dict[str, tuple[Any, Any]]
    views: list[str]
    baselines: list[str]
    alone: str | None = None
    notes: Sequence[str] = ()


def line_up(
    given: Mapping[str, tuple[Any, Any]],
    rows: LabeledTable,
    folds: Folds,
    *,
    baselines: bool = False,
    own: Sequence[Any] = (),
) -> Lineup:
    """Put models, single views and baselines side by side.

    Parameters
    ----------
    given : mapping of str to (estimator, DataFrame or array)
        The models that are judged, and the rows as each reads them.
    rows : LabeledTable
        The rows.
    folds : Folds
        Where they are judged.
    baselines : bool, default=False
        Whether there are more than the dummy.
    own : sequence of object, default=()
        Labels, groups and splits as they were given: columns of names that are none of speakers.

    Returns
    -------
    Lineup
        Single views are those of the first model that has several.
    """
    views: dict[str, tuple[Any, Any]] = {}
    alone = None
    for name, (model, X) in given.items():
        singles = single_modalities(model, X, with_others=True)
        if len(singles) > 1:
            views = {view: (each, X) for view, each in singles.items() if view not in given}
            break
        if len(singles) == 1 and list(given) == [_ONE] == [name]:
            alone = next(iter(singles))
    first = next(iter(given.values()))
    beside: dict[str, tuple[Any, Any]] = {}
    notes: list[str] = []
    if baselines:
        words = _words_alone([model for model, _ in given.values()], rows)
        beside |= {} if words is None else {"tf-idf": words}
        column = _group_column([model for model, _ in given.values()], rows, folds, own)
        if column is not None:
            beside["group alone"] = _group_alone(rows, column)
            notes.append(f"'group alone' knows nothing but {column!r} of a row.")
    beside["dummy"] = (dummy_for(rows), first[1])
    return Lineup({**given, **views, **beside}, list(views), list(beside), alone, notes)


def _words_alone(models: Sequence[Any], rows: LabeledTable) -> tuple[Any, Any] | None:
    """Make a linear model of the words that the models read; None where they read none."""
    columns = text_columns(models, rows.rows)
    terms = count_terms([rows.rows[name] for name in columns]) if columns else None
    if terms is None:
        return None
    return make_pipeline(_TermWeights(terms.blocks), _linear(rows)), terms.counts


def _group_column(
    models: Sequence[Any], rows: LabeledTable, folds: Folds, own: Sequence[Any]
) -> str | None:
    """Find a column of names, such as speakers, that no model reads, on both sides of the folds."""
    if not hasattr(rows.rows, "columns"):
        return None
    unread = [set(unread_columns(model, rows.rows, own)) for model in models]
    read = [name for name in rows.rows.columns if not all(name in each for each in unread)]
    known = np.flatnonzero(rows.known)
    place = np.cumsum(rows.known) - 1
    splits = [
        (place[train[rows.known[train]]], place[test])
        for seed, (train, test) in zip(folds.seeds, folds.splits, strict=True)
        if seed == folds.seeds[0]
    ]
    but = [*named_columns(rows.rows, own), *read]
    truth = truth_of(rows.y[known], rows.kind)
    for name, codes in split_groups(take_rows(rows.rows, known), but, truth, splits):
        if not are_few(codes, splits):
            return name
    return None


def _group_alone(rows: LabeledTable, column: str) -> tuple[Any, Any]:
    names = rows.rows[[column]].astype(object)
    names = names.where(names.notna(), None).astype(str)
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), _linear(rows)), names


def _linear(rows: LabeledTable) -> Any:
    """Give a linear model for the target; its defaults, as papers take it for a baseline."""
    if rows.kind == "numbers":
        return Ridge()
    linear = LogisticRegression(C=_C, max_iter=1000, tol=1e-3)
    return MultiLabelClassifier(linear, thresholds="half") if rows.kind == "sets" else linear


def gains_over(
    judged: Mapping[str, Judged], others: Sequence[str], metrics: Sequence[Metric], kept: OutOfFold
) -> dict[str, dict[str, Gain]]:
    """Tell how much better the first model is than single views and baselines, on the same rows.

    Parameters
    ----------
    judged : mapping of str to Judged
        All models, the first one first.
    others : sequence of str
        Which it is compared with.
    metrics : sequence of Metric
        What was measured.
    kept : OutOfFold
        What they said.

    Returns
    -------
    dict of str to dict of str to Gain
        By model and metric. The p-values of a metric are corrected for the number of models
        (Holm).
    """
    first = next(iter(judged))
    known = {metric.name: metric for metric in metrics}
    family = [(first, other) for other in others]
    found: dict[str, dict[str, Gain]] = {name: {} for name in others}
    for name in judged[first].scores:
        sides = {
            each: Side(judged[each].draws[name], judged[each].scores[name].folds, kept)
            for each in (first, *others)
        }
        metric = known.get(name) or Metric(name, metrics[0].scorer, own=True)
        for told in compared_in_family(metric, family, sides):
            found[told.other][name] = told.gain
    return found


def dummy_for(rows: LabeledTable) -> Any:
    """Give the model that looks at nothing.

    Parameters
    ----------
    rows : LabeledTable
        The rows, which tell what is predicted.

    Returns
    -------
    estimator
        Of classes the most frequent one with the shares of all as probabilities, of numbers the
        mean.
    """
    if rows.kind == "numbers":  # of sets the prior is that of each label
        return DummyRegressor(strategy="mean")
    return DummyClassifier(strategy="prior")
