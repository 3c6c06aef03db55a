"""How a score falls where views are missing, or where there is noise (layer L5).

scikit-learn perturbs nothing; robustness libraries do so to raw pictures or texts, of one modality
and one framework.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from hybridsent._labels import take_rows
from hybridsent.evaluation.curves._bench import Bench, Cut, Rows, on_a_bench
from hybridsent.evaluation.curves._changed_rows import lacking, noisy, notes_on_lacking, views_in
from hybridsent.evaluation.curves._curve import Curve
from hybridsent.evaluation.curves._lines import line_of
from hybridsent.evaluation.results._answers import Answers

__all__ = ["missing_curve", "noise_curve"]

RATES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
_LEVELS = {"features": (0.0, 0.5, 1.0, 2.0), "labels": (0.0, 0.1, 0.2, 0.4)}


def missing_curve(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    rates: Sequence[float] = RATES,
    views: Sequence[str] | None = None,
    train: bool = False,
    cv: Any = 5,
    groups: Any = None,
    n_seeds: int = 1,
    scoring: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> Curve:
    """Tell how a score falls where more and more rows lack a view.

    Parameters
    ----------
    estimator : estimator or mapping of str to estimator
        One model of several views, or several by name.
    table : DataFrame
        The rows.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them, as in `evaluate`.
    rates : sequence of float, default=(0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
        Shares of the rows that lack the view, drawn at random; those of a lower rate lack it at a
        higher one, too. Rows that lack it anyway do so at every rate.
    views : sequence of str or None, default=None
        Views that are taken away, each by itself; None is all. Each is a line.
    train : bool, default=False
        Whether training rows lack it at the same rate, so that the model is fitted for each; else
        it is fitted once, on rows as they are.
    cv, groups
        As in `label_curve`.
    n_seeds : int, default=1
        Repetitions, each with other folds, other rows and other seeds of the models.
    scoring, n_jobs, random_state
        As in `label_curve`.

    Returns
    -------
    Curve
        Scores with 95 % intervals over groups or rows.

    Raises
    ------
    ValueError
        If a rate is no share, or there is no such view.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation import missing_curve
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile(["bad", "good"], 30)
    >>> table = pd.DataFrame({
    ...     "text__0": (labels == "good") + rng.normal(0, 0.1, 60),
    ...     "image__0": rng.normal(0, 1, 60),
    ... })
    >>> model = make_fusion("late", features="passthrough")
    >>> found = missing_curve(model, table, labels, rates=(0, 0.9), cv=3)
    >>> without = {view: line["accuracy"][-1].value for view, line in found.lines.items()}
    >>> without["text"] < without["image"]
    True
    """
    wanted = _shares(rates, "rates", "missing_curve", 1.0)
    how = "training and test rows" if train else "test rows"
    return _over_views(
        "missing",
        f"share of {how} without the view",
        _lack if not train else _lack_in_training,
        wanted,
        views,
        {
            "estimator": estimator,
            "table": table,
            "y": y,
            "caller": "missing_curve",
            "cv": cv,
            "groups": groups,
            "n_seeds": n_seeds,
            "scoring": scoring,
            "n_jobs": n_jobs,
            "random_state": random_state,
        },
    )


def noise_curve(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    on: Literal["features", "labels"] = "features",
    levels: Sequence[float] | None = None,
    views: Sequence[str] | None = None,
    cv: Any = 5,
    groups: Any = None,
    n_seeds: int = 1,
    scoring: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> Curve:
    """Tell how a score falls with noise: in the features of test rows, or in training labels.

    Parameters
    ----------
    estimator : estimator or mapping of str to estimator
        One model, or several by name.
    table : DataFrame
        The rows.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them, as in `evaluate`.
    on : {"features", "labels"}, default="features"
        What is disturbed. Features, of one view at a time, of test rows: normal noise, in standard
        deviations of each column over the training rows. Labels of training rows: the share that
        becomes the label of another row, drawn at random.
    levels : sequence of float or None, default=None
        How much; None is (0, 0.5, 1, 2) for features and (0, 0.1, 0.2, 0.4) for labels.
    views : sequence of str or None, default=None
        Views that are disturbed, each by itself; None is all. Not with labels.
    cv, groups
        As in `label_curve`.
    n_seeds : int, default=1
        Repetitions, each with other folds, other noise and other seeds of the models.
    scoring, n_jobs, random_state
        As in `label_curve`.

    Returns
    -------
    Curve
        Scores with 95 % intervals over groups or rows; a line for each view, or of labels for each
        model.

    Raises
    ------
    ValueError
        If a level is below 0, there is no such view, or a view is read from cells that are no
        numbers, such as of an encoder that is not frozen.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation import noise_curve
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile(["bad", "good"], 30)
    >>> table = pd.DataFrame({"text__0": (labels == "good") + rng.normal(0, 0.1, 60)})
    >>> model = make_fusion(features="passthrough")
    >>> found = noise_curve(model, table, labels, levels=(0, 3), cv=3)
    >>> clear, noisy = (point.value for point in found.lines["text"]["accuracy"])
    >>> clear > noisy
    True
    """
    if on not in _LEVELS:
        raise ValueError(f"The on parameter must be one of {list(_LEVELS)}. Got {on!r}.")
    ends = np.inf if on == "features" else 1.0
    wanted = _shares(_LEVELS[on] if levels is None else levels, "levels", "noise_curve", ends)
    given = {
        "estimator": estimator,
        "table": table,
        "y": y,
        "caller": "noise_curve",
        "cv": cv,
        "groups": groups,
        "n_seeds": n_seeds,
        "scoring": scoring,
        "n_jobs": n_jobs,
        "random_state": random_state,
    }
    if on == "features":
        words = "noise in standard deviations of the features of test rows"
        return _over_views("noise", words, _disturb, wanted, views, given)
    if views is not None:
        raise ValueError(
            "The views parameter must be left alone with on='labels': labels are of no view. Got "
            f"{views!r}."
        )
    return _over_labels("share of training labels that are drawn at random", wanted, given)


def _shares(given: Sequence[float], name: str, caller: str, most: float) -> list[float]:
    found = [float(each) for each in given]
    if not found or found != sorted(set(found)) or found[0] < 0 or found[-1] > most:
        ends = "from 0 on" if np.isinf(most) else f"from 0 to {most:g}"
        raise ValueError(
            f"The {name} parameter of {caller} must be rising numbers {ends}. Got {given!r}."
        )
    return found


_Asks = Callable[[Bench, Rows, Cut, dict[str, list[int]], list[float]], dict[str, Any]]


def _over_views(
    kind: Literal["missing", "noise"],
    x_name: str,
    ask: _Asks,
    wanted: list[float],
    views: Sequence[str] | None,
    given: dict[str, Any],
) -> Curve:
    """Do something to each view of the test rows, at each level."""
    start = time.perf_counter()
    with on_a_bench(**given) as bench:
        lines, notes = {}, []
        for model, rows in bench.models.items():
            places = _chosen(views_in(rows), views, given["caller"])
            calls = [(bench, rows, cut, places, wanted) for cut in bench.cuts]
            told = bench.each(ask, calls)
            notes += notes_on_lacking(rows) if kind == "missing" else []
            for view in places:
                answers = {
                    f"{level:g}": [each[view][k] for each in told] for k, level in enumerate(wanted)
                }
                kept = bench.gathered(answers)
                line = line_of(bench, kept, list(answers), wanted)
                lines[view if len(bench.models) == 1 else f"{model}: {view}"] = line
        return Curve(
            kind=kind,
            x_name=x_name,
            lines=lines,
            rows=bench.judged,
            folds=bench.folds,
            seeds=bench.seeds,
            seconds=time.perf_counter() - start,
            notes=[*bench.rows.notes, *dict.fromkeys(notes)],
        )


def _chosen(
    found: dict[str, list[int]], views: Sequence[str] | None, caller: str
) -> dict[str, list[int]]:
    if not found:
        raise ValueError(
            f"The estimator of {caller} must read views by the names of columns. Got one that "
            "reads no view by name."
        )
    unknown = [view for view in views or () if view not in found]
    if unknown:
        raise ValueError(
            f"The views parameter of {caller} must name views of the model, {list(found)}. Got "
            f"{unknown[0]!r}."
        )
    return found if views is None else {view: found[view] for view in views}


def _lack(
    bench: Bench, rows: Rows, cut: Cut, places: dict[str, list[int]], rates: list[float]
) -> dict[str, list[Answers]]:
    """Fit once, and take each view from more and more test rows."""
    fitted = bench.fit(rows, cut)
    X = take_rows(rows.X, cut.test)
    chance = _chances(bench, cut, places)
    whole = bench.ask(fitted, X)
    return {
        view: [
            bench.ask(fitted, lacking(X, where, chance[view][cut.test] < rate)) if rate else whole
            for rate in rates
        ]
        for view, where in places.items()
    }


def _lack_in_training(
    bench: Bench, rows: Rows, cut: Cut, places: dict[str, list[int]], rates: list[float]
) -> dict[str, list[Answers]]:
    """Fit for each rate, on rows that lack the view as often as the test rows."""
    chance = _chances(bench, cut, places)
    whole = bench.ask(bench.fit(rows, cut), take_rows(rows.X, cut.test))
    found: dict[str, list[Answers]] = {}
    for view, where in places.items():
        found[view] = []
        for rate in rates:
            if not rate:
                found[view].append(whole)
                continue
            X = lacking(rows.X, where, chance[view] < rate)
            fitted = bench.fit(Rows(rows.model, X), cut)
            found[view].append(bench.ask(fitted, take_rows(X, cut.test)))
    return found


def _chances(bench: Bench, cut: Cut, places: dict[str, list[int]]) -> dict[str, np.ndarray]:
    """Draw a number for each row and view, below which a rate takes the view away."""
    rng = np.random.default_rng([abs(bench.random_state) + cut.seed, 1])
    return {view: rng.random(len(bench.rows.y)) for view in places}


def _disturb(
    bench: Bench, rows: Rows, cut: Cut, places: dict[str, list[int]], levels: list[float]
) -> dict[str, list[Answers]]:
    """Fit once, and put more and more noise into each view of the test rows."""
    fitted = bench.fit(rows, cut)
    train, X = take_rows(rows.X, cut.train), take_rows(rows.X, cut.test)
    whole = bench.ask(fitted, X)
    seed = [abs(bench.random_state) + cut.seed, cut.fold, 2]
    return {
        view: [
            bench.ask(fitted, noisy(X, train, where, level, seed, view)) if level else whole
            for level in levels
        ]
        for view, where in places.items()
    }


def _over_labels(x_name: str, wanted: list[float], given: dict[str, Any]) -> Curve:
    """Fit on labels of which more and more are those of other rows."""
    start = time.perf_counter()
    with on_a_bench(**given) as bench:
        calls = [
            (bench, rows, cut, level)
            for cut in bench.cuts
            for level in wanted
            for rows in bench.models.values()
        ]
        told = bench.each(_learn_from_wrong, calls)
        lines = {}
        for i, name in enumerate(bench.models):
            mine = told[i :: len(bench.models)]
            answers = {f"{level:g}": mine[k :: len(wanted)] for k, level in enumerate(wanted)}
            lines[name] = line_of(bench, bench.gathered(answers), list(answers), wanted)
        return Curve(
            kind="noise",
            x_name=x_name,
            lines=lines,
            rows=bench.judged,
            folds=bench.folds,
            seeds=bench.seeds,
            seconds=time.perf_counter() - start,
            notes=list(bench.rows.notes),
        )


def _learn_from_wrong(bench: Bench, rows: Rows, cut: Cut, level: float) -> Answers:
    rng = np.random.default_rng([abs(bench.random_state) + cut.seed, cut.fold, 3])
    known = cut.train[bench.rows.known[cut.train]]
    wrong = known[rng.random(len(known)) < level]
    labels = bench.rows.y.copy()
    labels[wrong] = bench.rows.y[rng.permutation(known)[: len(wrong)]]
    return bench.ask(bench.fit(rows, cut, None, labels), take_rows(rows.X, cut.test))
