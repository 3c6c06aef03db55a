"""What `fit` keeps of a model's mistakes and of its rows, to correct and watch it by (layer L6)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._params import check_n_jobs
from hybridsent.exceptions import TableError
from hybridsent.scoring._answers import Answers
from hybridsent.scoring._reference import DRIFT, REFERENCE, features_of
from hybridsent.scoring._words import silent

if TYPE_CHECKING:
    from hybridsent.drift import DriftReference
    from hybridsent.evaluation import OutOfFold
    from hybridsent.quantification import Reference

__all__ = ["answers_out_of_fold", "drift_reference_of", "facts_of_references", "reference_of"]

_FOLDS = 5
_LEAST = 10  # rows of which drift can be told
_SEEN = 2000  # rows of which features are looked at again


def reference_of(
    model: Any,
    table: Any,
    y: Any,
    *,
    groups: Any = None,
    cv: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> Reference:
    """Tell what a model mistakes, by answers about rows that it had not learned from.

    The model is fitted anew in each fold; cells are encoded once. ``hybridsent fit`` does this by
    itself and keeps what it finds in the model file.

    Parameters
    ----------
    model : estimator
        Fitted or not; it is not changed. A fitted one keeps the penalty and the weights of views
        that it chose, so that probabilities are on the scale of its own.
    table : DataFrame
        The rows it learns from.
    y : str or array-like of shape (n,)
        Classes, or the column that holds them.
    groups : str or array-like of shape (n,) or None, default=None
        Group of each row (author, speaker), or its column; a group is on one side of a fold, and
        its rows count as no independent ones.
    cv : int, splitter, iterable or None, default=None
        Folds, as `hybridsent.evaluate` takes them; None is 5, fewer where a class has fewer rows.
    n_jobs : int or None, default=None
        Fits at once; None and -1 take every core.
    random_state : int, default=0
        Seed of the folds.

    Returns
    -------
    Reference
        For `hybridsent.quantification.prevalence`.

    Raises
    ------
    TableError
        If the model tells numbers or sets of labels, which have no shares that add up to one.
    ValueError
        If labels, groups or folds do not fit the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.scoring import reference_of
    >>> posts = pd.DataFrame({"text": ["a good day", "fine", "so bad", "awful"] * 4})
    >>> model = make_fusion(views={"text": "text/words"})
    >>> reference_of(model, posts, ["pos", "pos", "neg", "neg"] * 4)
    <Reference: 16 of 16 rows, classes ['neg', 'pos']>
    """
    check_n_jobs(n_jobs, "reference_of")
    kept = answers_out_of_fold(
        model, table, y, groups=groups, cv=cv, n_jobs=n_jobs, random_state=random_state
    )
    return _reference(kept, random_state)


def answers_out_of_fold(
    model: Any,
    table: Any,
    y: Any,
    *,
    groups: Any = None,
    cv: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> OutOfFold:
    """Ask a model about rows that it had not learned from.

    Parameters
    ----------
    model : estimator
        Fitted or not; it is not changed.
    table : DataFrame
        The rows it learns from.
    y : str or array-like of shape (n,)
        Labels, which may also be numbers or sets, or their column.
    groups : str or array-like of shape (n,) or None, default=None
        As in `reference_of`.
    cv : int, splitter, iterable or None, default=None
        As in `reference_of`.
    n_jobs : int or None, default=None
        As in `reference_of`.
    random_state : int, default=0
        As in `reference_of`.

    Returns
    -------
    OutOfFold
        Answers of the model ``"fusion"``.

    Raises
    ------
    ValueError
        If labels, groups or folds do not fit the table.
    """
    from hybridsent.evaluation import read_labels
    from hybridsent.evaluation.curves._bench import on_a_bench

    model = _as_chosen(_learner(model))
    folds = _folds(read_labels(table, y, groups=groups, estimator=model)) if cv is None else cv
    with on_a_bench(
        model,
        table,
        y,
        caller="reference_of",
        cv=folds,
        groups=groups,
        n_seeds=1,
        scoring=None,
        n_jobs=n_jobs,
        random_state=random_state,
    ) as bench:
        [(name, rows)] = bench.models.items()

        def one(cut: Any) -> Any:
            from hybridsent._labels import take_rows

            return bench.ask(bench.fit(rows, cut), take_rows(rows.X, cut.test))

        return bench.gathered({name: bench.each(one, [(cut,) for cut in bench.cuts])})


def _learner(model: Any) -> Any:
    """Take off what tells beside the answers of a model how sure they are, by fits of its own."""
    home = sys.modules.get("hybridsent.heads._conformal")  # whoever holds one has imported it
    return model.estimator if home and isinstance(model, home.ConformalSets) else model


def _as_chosen(model: Any) -> Any:
    """Give a model that takes what a fitted one chose, such as its penalty.

    A fold that chose another one would tell probabilities on another scale, and what is known of
    those would not hold for the model.
    """
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if not hasattr(last, "chosen_params") or not hasattr(last, "classes_"):
        return model
    same = clone(model)
    (same.steps[-1][1] if isinstance(same, Pipeline) else same).set_params(**last.chosen_params())
    return same


def _folds(rows: Any) -> int:
    """Give how many folds there can be: no more than the rarest class or the groups allow."""
    most = _FOLDS
    if rows.kind == "classes":
        most = min(most, *rows.classes.values())
    if rows.groups is not None:
        most = min(most, len(np.unique(rows.groups[rows.known])))
    if most < 2:
        raise TableError(
            "What a model mistakes cannot be told by cross-validation: a class has one row, or all "
            "rows are of one group. Label more rows."
        )
    return int(most)


def _reference(kept: OutOfFold, random_state: int = 0) -> Reference:
    from hybridsent.quantification import Reference

    if kept.target != "classes" or kept.classes is None:
        what = "numbers" if kept.target == "numbers" else "sets of labels"
        raise TableError(
            "reference_of needs a model of classes, whose shares add up to one. Got one of "
            f"{what}; "
            "average its numbers by hybridsent.quantification.mean_of_numbers, or count labels."
        )
    [name] = kept.models
    said = kept.of(name)
    return Reference.of(
        kept.truth,
        said.labels,
        said.probabilities,
        classes=kept.classes,
        groups=kept.groups,
        random_state=random_state,
    )


def facts_of_references(
    model: Any,
    table: Any,
    y: Any,
    *,
    groups: Any = None,
    told: Callable[[str], None] = silent,
) -> dict[str, Any]:
    """Tell what a model mistakes and what it was taught, as facts of the file it is saved in.

    Parameters
    ----------
    model : estimator
        Fitted.
    table : DataFrame
        The rows it was fitted on.
    y : str or array-like of shape (n,)
        Labels, or their column.
    groups : str or array-like of shape (n,) or None, default=None
        Groups, or their column.
    told : callable, default=silent
        Gets a line for people, also where nothing can be kept, and why.

    Returns
    -------
    dict
        For the metadata of `hybridsent.persist.save`; empty where nothing can be told.
    """
    import time

    start = time.perf_counter()
    try:
        kept = answers_out_of_fold(model, table, y, groups=groups)
    except ValueError as error:  # too few rows, or nothing but the target lacks labels
        told(
            "the file does not keep what the model mistakes, so that shares are counted, and not "
            f"corrected: {error}"
        )
        return {}
    facts: dict[str, Any] = {}
    if kept.target == "classes":
        facts[REFERENCE] = _reference(kept).to_facts()
    if len(kept) >= _LEAST:
        facts[DRIFT] = drift_reference_of(model, table, kept).to_facts()
    folds = len(np.unique(kept.fold))
    told(
        f"the file also keeps what the model mistakes, found by {folds} more fits on {len(kept)} "
        f"rows they had not learned from ({time.perf_counter() - start:.1f} s; --no-reference "
        "skips this)"
    )
    return facts


def drift_reference_of(
    model: Any, table: Any, kept: OutOfFold, *, random_state: int = 0
) -> DriftReference:
    """Keep a little of what a model was taught.

    Parameters
    ----------
    model : estimator
        Fitted.
    table : DataFrame
        The rows it was fitted on.
    kept : OutOfFold
        What it said of them before it had learned from them.
    random_state : int, default=0
        Seed of what is kept.

    Returns
    -------
    DriftReference
        Of answers, and of features where the model shows some.
    """
    from hybridsent._labels import take_rows
    from hybridsent.drift import DriftReference

    rows = np.sort(np.random.RandomState(random_state).permutation(len(kept))[:_SEEN])
    [name] = kept.models
    said = kept.of(name)
    answers = Answers(said.labels, said.probabilities, kept.classes).as_numbers()
    features, _ = features_of(model, take_rows(table, kept.row[rows]))
    return DriftReference.of(
        answers[rows],
        features,
        names=None if kept.classes is None else kept.classes.tolist(),
        groups=None if kept.groups is None else kept.groups[rows],
        random_state=random_state,
    )
