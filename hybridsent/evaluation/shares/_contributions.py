"""What each view of a model adds, by leaving views out of rows it had not learned from (layer L5).

shap takes features one by one, asks the model thousands of times about each row, and puts training
rows in the place of what is left out. Views are few, models here go without a view, and all subsets
of views can be asked for; so these values are exact, of a score, and have intervals.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from math import factorial
from typing import Any

import numpy as np

from hybridsent._labels import take_rows
from hybridsent._params import check_count
from hybridsent.evaluation.curves._bench import Bench, Cut, Rows, on_a_bench
from hybridsent.evaluation.curves._changed_rows import lacking, notes_on_lacking, views_in
from hybridsent.evaluation.measures._draws import Draws
from hybridsent.evaluation.measures._intervals import Interval
from hybridsent.evaluation.measures._metrics import Metric
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.shares._contribution import UNDECIDED, Contributions, Decisions
from hybridsent.evaluation.shares._game import Game, Subset, sureness

__all__ = ["FewViewsError", "contributions"]


class FewViewsError(ValueError):
    """There is no second view to which the first one could add."""


def contributions(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    cv: Any = 5,
    groups: Any = None,
    n_seeds: int = 1,
    scoring: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> Contributions:
    r"""Tell what each view adds to the score of a model, and which view decides about each row.

    In each fold the model is fitted once, with all views, and asked about the test rows with every
    subset S of its views, the others missing; :math:`v(S)` is the score. The share of view j is its
    Shapley value :math:`\phi_j = \sum_{S \not\ni j} \frac{|S|! (k - |S| - 1)!}{k!}
    (v(S \cup j) - v(S))`, and over all k views the shares add up to what all are better than none.
    Nothing is encoded again.

    Parameters
    ----------
    estimator : estimator
        A model of several views, such as `make_fusion` builds.
    table : DataFrame
        The rows.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them, as in `evaluate`.
    cv : int, splitter or iterable, default=5
        Folds, as in `evaluate`.
    groups : str or array-like of shape (n,), default=None
        Group of each row, or the column that holds it; kept together.
    n_seeds : int, default=1
        Repetitions, with other folds and other seeds of the model.
    scoring : str, list or None, default=None
        Metrics of predictions, as in `evaluate`, whose default is the one here, too.
    n_jobs : int, default=None
        Folds at once, in threads; None and -1 take every core.
    random_state : int, default=0
        Seed of folds and models.

    Returns
    -------
    Contributions
        Shapley values, what is lost without each view, what each view does alone, with 95 %
        intervals over groups or rows; and for each row the view without which the probability of
        the answer falls most, of numbers the one without which the answer moves most.

    Raises
    ------
    ValueError
        If the model has fewer than two views.

    Notes
    -----
    Of up to six views all subsets are asked for; of more, those that occur in 128 orders of the
    views that are drawn at random, and the interval holds what that leaves open. Strategies that
    cannot go without a view impute it, which the notes tell: what is left out is then what the
    other views do not tell of it.

    References
    ----------
    Shapley: A value for n-person games, 1953. Covert, Lundberg, Lee: Understanding global feature
    contributions with additive importance measures, NeurIPS 2020 (of a score, and not of an
    answer).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation import contributions
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile(["bad", "good"], 30)
    >>> table = pd.DataFrame({
    ...     "text__0": (labels == "good") + rng.normal(0, 0.1, 60),
    ...     "image__0": rng.normal(0, 1, 60),
    ... })
    >>> found = contributions(make_fusion("late", features="passthrough"), table, labels, cv=3)
    >>> max(found.views, key=lambda view: found.shapley[view]["accuracy"].value)
    'text'
    """
    start = time.perf_counter()
    check_count(n_seeds, "n_seeds", "contributions")
    with on_a_bench(
        estimator,
        table,
        y,
        caller="contributions",
        cv=cv,
        groups=groups,
        n_seeds=n_seeds,
        scoring=scoring,
        n_jobs=n_jobs,
        random_state=random_state,
    ) as bench:
        rows = next(iter(bench.models.values()))
        places = views_in(rows)
        if len(places) < 2:
            read = repr(next(iter(places))) + " alone" if places else "no view by name"
            raise FewViewsError(
                "The estimator must read two views or more: a contribution is what a view adds to "
                f"others. Got one that reads {read}."
            )
        game = Game(list(places), random_state)
        calls = [(bench, rows, cut, places, game.subsets) for cut in bench.cuts]
        told = bench.each(_ask_about_subsets, calls)
        kept = bench.gathered(
            {_name(subset): [each[subset] for each in told] for subset in game.subsets}
        )
        return _summed_up(bench, rows, game, kept, start)


def _ask_about_subsets(
    bench: Bench,
    rows: Rows,
    cut: Cut,
    places: Mapping[str, Sequence[int]],
    subsets: Sequence[Subset],
) -> dict[Subset, Answers]:
    """Fit once, and ask about the test rows with every subset of views."""
    fitted = bench.fit(rows, cut)
    X = take_rows(rows.X, cut.test)
    found = {}
    for subset in subsets:
        gone = [place for view, where in places.items() if view not in subset for place in where]
        found[subset] = bench.ask(fitted, lacking(X, gone) if gone else X)
    return found


def _name(subset: Subset) -> str:
    return "+".join(sorted(subset)) or "nothing"


def _summed_up(
    bench: Bench, rows: Rows, game: Game, kept: OutOfFold, start: float
) -> Contributions:
    scores = {
        metric: {each: bench.drawn(kept, metric, _name(each)) for each in game.subsets}
        for metric in bench.metrics
    }
    decided = _decisions(game, kept)
    notes = list(bench.rows.notes) + notes_on_lacking(rows)
    if not game.exact:
        notes.append(
            f"Of the {factorial(len(game.views))} orders of {len(game.views)} views "
            f"{len(game.orders)} were drawn; the intervals hold what that leaves open."
        )
    return Contributions(
        views=game.views,
        shapley=_of_views(game, scores, lambda m, s, v: _share(bench, game, m, s, v)),
        without=_of_views(game, scores, lambda m, s, v: _lost(bench, game, m, s, v)),
        alone=_of_views(game, scores, lambda m, s, v: bench.interval(m, s[frozenset({v})])),
        whole={m.name: bench.interval(m, each[game.whole]) for m, each in scores.items()},
        empty={m.name: bench.interval(m, each[frozenset()]) for m, each in scores.items()},
        decided=decided,
        exact=game.exact,
        rows=bench.judged,
        folds=bench.folds,
        seeds=bench.seeds,
        seconds=time.perf_counter() - start,
        notes=notes,
    )


def _of_views(game: Game, scores: Any, told: Any) -> dict[str, dict[str, Interval]]:
    return {
        view: {metric.name: told(metric, each, view) for metric, each in scores.items()}
        for view in game.views
    }


def _share(
    bench: Bench, game: Game, metric: Metric, scores: Mapping[Subset, Draws], view: str
) -> Interval:
    """Add up the Shapley value of a view, in all rows and without each unit."""
    orders = game.shares(view)
    values = [sum(w * scores[s].value for s, w in weights.items()) for weights in orders]
    drawn = [
        np.sum([w * scores[s].drawn for s, w in weights.items()], axis=0) for weights in orders
    ]
    value = float(np.mean(values))
    found = bench.difference(metric, value, np.mean(drawn, axis=0))
    if len(values) == 1:
        return found
    left_open = 1.96 * float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return Interval(
        value,
        value - float(np.hypot(value - found.low, left_open)),
        value + float(np.hypot(found.high - value, left_open)),
    )


def _lost(
    bench: Bench, game: Game, metric: Metric, scores: Mapping[Subset, Draws], view: str
) -> Interval:
    whole, rest = scores[game.whole], scores[game.whole - {view}]
    return bench.difference(metric, whole.value - rest.value, whole.drawn - rest.drawn)


def _decisions(game: Game, kept: OutOfFold) -> Decisions:
    """Say for each row how much the answer changes without each view, averaged over seeds."""
    rows, code = np.unique(kept.row, return_inverse=True)
    times = np.bincount(code)
    changes = {
        view: np.bincount(code, _changes(kept, _name(game.whole), _name(game.whole - {view})))
        / times
        for view in game.views
    }
    said = np.column_stack(list(changes.values()))  # of classes a view may speak against the answer
    sizes = np.abs(said) if kept.target == "numbers" else said
    names = np.array(game.views, dtype=object)[sizes.argmax(axis=1)]
    names[sizes.max(axis=1) <= 0] = UNDECIDED
    return Decisions(rows, names.astype(str), changes)


def _changes(kept: OutOfFold, whole: str, rest: str) -> np.ndarray:
    """Tell how much less sure of its answer a model is without a view."""
    one, other = kept.of(whole), kept.of(rest)
    there = one.probabilities is not None and other.probabilities is not None
    told = [
        sureness(
            each.labels,
            each.probabilities if there else None,
            one.labels,
            kept.classes,
            kept.target,
        )
        for each in (one, other)
    ]
    return np.asarray(told[0] - told[1])
