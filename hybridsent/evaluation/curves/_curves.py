"""How a score grows with labels, and with what a model costs (layer L5).

scikit-learn's learning_curve encodes anew in every fit, takes rows without regard to classes, knows
no groups inside of a fit and gives no intervals.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hybridsent._labels import labeled_rows, reading_labels_as, take_rows
from hybridsent._numerics.multiple import adjusted_p_values
from hybridsent._params import check_count
from hybridsent._tags import adapts, takes_unlabelled
from hybridsent.evaluation.curves._bench import Bench, Cut, Rows, on_a_bench
from hybridsent.evaluation.curves._curve import Curve, CurvePoint
from hybridsent.evaluation.curves._forecast import forecast_of
from hybridsent.evaluation.curves._lines import line_of, over_the_first, points_of_gains
from hybridsent.evaluation.measures._metrics import metrics_of
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._evaluation import Evaluation
from hybridsent.evaluation.results._gains import Gain
from hybridsent.views import DOMAIN, view_of

__all__ = ["cost_curve", "label_curve"]

SIZES = (8, 16, 32, 64, "half", "all")
_WORDS = ("half", "all")


def label_curve(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    sizes: Sequence[int | str] = SIZES,
    per_class: bool = True,
    cv: Any = 5,
    groups: Any = None,
    n_seeds: int = 3,
    scoring: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> Curve:
    """Tell how a score grows with labels, and whether more of them would help.

    In each fold a model learns from as many labelled training rows as each size says, and is judged
    on all test rows. Rows are drawn once a fold and seed, so that a smaller size is a part of a
    larger one, and two sizes are compared on the same rows. Features of frozen encoders are
    computed once for all fits.

    Parameters
    ----------
    estimator : estimator or mapping of str to estimator
        One model, or several by name; each is a line.
    table : DataFrame
        The rows.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them, as in `evaluate`.
    sizes : sequence of int, "half" and "all", default=(8, 16, 32, 64, "half", "all")
        Labels, in rising order. A class that has fewer gives all that it has; a number that is no
        fewer than ``"all"`` is left out. ``"half"`` is half of the rows, drawn without regard to
        classes, so that the step from it to all changes nothing but the number.
    per_class : bool, default=True
        Whether sizes count the rows of each class; else, and where there are no classes, all rows.
    cv : int, splitter or iterable, default=5
        Folds, as in `evaluate`. Of a single one, such as ``[(train, test)]``, intervals are for
        other test rows, as those of `evaluate` with the same split, and not for other rows to learn
        from.
    groups : str or array-like of shape (n,), default=None
        Group of each row, or the column that holds it; kept together, also inside of the models.
    n_seeds : int, default=3
        Repetitions, each with other folds, other rows and other seeds of the models.
    scoring : str, list or None, default=None
        Metrics of predictions, as in `evaluate`, whose default is the one here, too.
    n_jobs : int, default=None
        Fits at once, in threads; None and -1 take every core.
    random_state : int, default=0
        Seed of folds, draws and models.

    Returns
    -------
    Curve
        Scores with 95 % intervals over groups or rows, and what each step adds; the notes say
        whether more labels would help. Of several models, too, what each has over the first one
        at each size, on the same test rows (`Curve.gains`); the notes say at which it is better.

    Raises
    ------
    ValueError
        If sizes are not such numbers, or labels, groups or folds do not fit the table.

    Notes
    -----
    What learns from rows without a label (`hybridsent.few_label`) gets the other training rows
    without theirs; all else does not see them. More labels would help where the 95 % interval of
    what the last step adds, on the same test rows, is above 0.

    Two models are compared as `compare` does; intervals hold for one size each. That a model is
    better or worse is said of the first metric, where the p-value is below 0.05 after a correction
    for all sizes and models (Holm).

    What 100 more labels would bring is read off a power law, score = a - b n^-c, through all points
    of the first metric, each weighed by one over its variance among folds and seeds. n is the
    number of labels of a fold's training rows. The 95 % interval is that of the same fit to folds
    and seeds that are drawn with replacement, made wider by half, and by how far off such forecasts
    were on real corpora (0.3 of the gain). Nothing is told of fewer than three sizes, nor where the
    curve does not clearly rise.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation import label_curve
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile(["bad", "good"], 40)
    >>> table = pd.DataFrame({"text__0": (labels == "good") + rng.normal(0, 0.4, 80)})
    >>> model = make_fusion(features="passthrough")
    >>> found = label_curve(model, table, labels, sizes=(4, 16, "all"), cv=4, n_seeds=1)
    >>> [point.name for point in found.lines["fusion"]["accuracy"]]
    ['4', '16', 'all']
    """
    start = time.perf_counter()
    wanted = _sizes(sizes)
    with on_a_bench(
        estimator,
        table,
        y,
        caller="label_curve",
        cv=cv,
        groups=groups,
        n_seeds=n_seeds,
        scoring=scoring,
        n_jobs=n_jobs,
        random_state=random_state,
    ) as bench:
        by_class = per_class and bench.target == "classes"
        wanted, left_out = _below_all(bench, wanted, by_class)
        names = [str(size) for size in wanted]
        calls = [
            (bench, rows, cut, size, by_class)
            for cut in bench.cuts
            for size in wanted
            for rows in bench.models.values()
        ]
        told = bench.each(_learn_from_some, calls)
        lines, notes, forecasts, answers = {}, [], {}, {}
        for i, name in enumerate(bench.models):
            mine = told[i :: len(bench.models)]
            kept = bench.gathered({size: mine[k :: len(names)] for k, size in enumerate(names)})
            answers[name] = kept
            places = [_mean_size(bench, size, by_class) for size in wanted]
            lines[name] = line_of(bench, kept, names, places)
            notes.append(_on_more_labels(bench, name, lines[name]))
            counts = [_mean_count(bench, size, by_class) for size in wanted]
            forecast, told_of_it = forecast_of(bench, kept, names, counts)
            notes.append(f"{name}: {told_of_it}")
            if forecast is not None:
                forecasts[name] = forecast
        gains = over_the_first(bench, answers, names)
        notes += _on_the_first(bench, gains, names)
        return Curve(
            kind="labels",
            x_name="labels per class" if by_class else "labelled rows",
            lines=lines,
            rows=bench.judged,
            folds=bench.folds,
            seeds=bench.seeds,
            seconds=time.perf_counter() - start,
            notes=[*bench.rows.notes, *left_out, *notes],
            forecasts=forecasts,
            gains=points_of_gains(gains, lines),
        )


def _sizes(sizes: Sequence[int | str]) -> list[int | str]:
    found = list(sizes)
    words = [each for each in found if each in _WORDS]
    numbers = found[: len(found) - len(words)]
    for each in numbers:
        check_count(each, "sizes", "label_curve")
    rising = numbers == sorted(set(numbers), key=int)
    if not found or not rising or words not in (["half", "all"], ["half"], ["all"], []):
        raise ValueError(
            "The sizes parameter of label_curve must be rising numbers of labels, then 'half' and "
            f"'all' where they are wanted. Got {sizes!r}."
        )
    return found


def _below_all(
    bench: Bench, sizes: list[int | str], by_class: bool
) -> tuple[list[int | str], list[str]]:
    """Leave out sizes that mean all rows, and say so."""
    most = max(_largest(bench, cut, by_class) for cut in bench.cuts)
    kept = [size for size in sizes if size in _WORDS or int(size) < most]
    gone = [str(size) for size in sizes if size not in kept]
    if not gone:
        return kept, []
    kept = kept if "all" in kept else [*kept, "all"]
    unit = "of a class" if by_class else "with a label"
    return kept, [
        f"No fold has more than {most} training rows {unit}: {', '.join(gone)} would be all."
    ]


def _largest(bench: Bench, cut: Cut, by_class: bool) -> int:
    labels = bench.rows.y[cut.train[bench.rows.known[cut.train]]]
    return int(np.unique(labels, return_counts=True)[1].max()) if by_class else len(labels)


def _mean_size(bench: Bench, size: int | str, by_class: bool) -> float:
    """Give where a size stands: itself, or the mean number of labels that all rows have."""
    if size not in _WORDS:
        return float(size)
    known = float(np.mean([bench.rows.known[cut.train].sum() for cut in bench.cuts]))
    known = known / 2 if size == "half" else known
    return known / len(np.asarray(bench.classes)) if by_class else known


def _mean_count(bench: Bench, size: int | str, by_class: bool) -> float:
    """Give how many labels a size means, on average over folds."""
    if size == "all":
        return float(np.mean([bench.rows.known[cut.train].sum() for cut in bench.cuts]))
    return float(np.mean([len(_drawn(bench, cut, size, by_class)) for cut in bench.cuts]))


def _learn_from_some(
    bench: Bench, rows: Rows, cut: Cut, size: int | str, by_class: bool
) -> Answers:
    """Fit on a few labelled rows of a fold, and answer about its test rows."""
    X = take_rows(rows.X, cut.test)
    if size == "all":
        return bench.ask(bench.fit(rows, cut), X)
    chosen = _drawn(bench, cut, size, by_class)
    if not _may_lack_labels(bench, rows):
        return bench.ask(bench.fit(rows, cut, chosen), X)
    mark = np.nan if bench.target == "numbers" else -1
    labels = bench.rows.y.astype(np.float64 if bench.target == "numbers" else object)
    labels[np.setdiff1d(cut.train, chosen)] = mark
    with reading_labels_as("numbers" if bench.target == "numbers" else "classes"):
        return bench.ask(bench.fit(rows, cut, cut.train, labels), X)


def _drawn(bench: Bench, cut: Cut, size: int | str, by_class: bool) -> np.ndarray:
    """Draw training rows with a label: the first of an order that is the same for all sizes."""
    rng = np.random.default_rng([abs(bench.random_state) + cut.seed, cut.fold])
    order = rng.permutation(cut.train[bench.rows.known[cut.train]])
    if size == "half" or not by_class:
        return np.sort(order[: (len(order) + 1) // 2 if size == "half" else int(size)])
    labels = bench.rows.y[order]
    parts = [order[labels == label][: int(size)] for label in np.unique(labels)]
    return np.sort(np.concatenate(parts))


def _may_lack_labels(bench: Bench, rows: Rows) -> bool:
    """Tell whether a model learns from rows without a label, and can tell them."""
    if bench.target == "sets" or not takes_unlabelled(rows.model):
        return False
    columns = getattr(rows.X, "columns", ())
    if adapts(rows.model) and not any(view_of(name) == DOMAIN for name in columns):
        return False  # rows without a label would be those of the target
    known = bench.rows.y[bench.rows.known]
    return bench.target == "numbers" or bool(labeled_rows(known, "classes").all())


def _on_more_labels(bench: Bench, name: str, line: dict[str, list[CurvePoint]]) -> str:
    """Say whether the last step of the first metric still rises."""
    metric = bench.metrics[0]
    points = line[metric.name]
    gain = points[-1].gain
    if gain is None or np.isnan(gain.low):
        return f"Whether more labels would help {name} cannot be told from one size."
    step = f"from {points[-2].name} to {points[-1].name} labels {metric.name} changes by {gain}"
    if points[-2].label != "half" and _is_uneven(bench):
        step += ", while the shares of the classes change, too"
    rises = gain.low > 0 if metric.sign > 0 else gain.high < 0
    if rises:
        return f"More labels would help {name}: {step}; the curve still rises."
    return f"That more labels would help {name} is not shown: {step}."


def _on_the_first(
    bench: Bench, gains: Mapping[str, Mapping[str, list[Gain]]], names: list[str]
) -> list[str]:
    """Say at which sizes a model is better or worse than the first one, by the first metric."""
    metric = bench.metrics[0].name
    first = next(iter(bench.models))
    given = [each.p for found in gains.values() for each in found[metric]]
    p_values = iter(adjusted_p_values(given, [1.0] * len(given)))
    notes = []
    for name, found in gains.items():
        told = [gain.with_p(next(p_values)) for gain in found[metric]]
        said = []
        for verdict in ("better", "worse"):
            at = [size for size, gain in zip(names, told, strict=True) if gain.verdict == verdict]
            said += [f"{verdict} than {first} at {', '.join(at)} labels"] if at else []
        shown = " and ".join(said) or f"not shown to be better or worse than {first}"
        each = ", ".join(
            f"{gain.value:+z.3f} [{gain.low:z.3f}, {gain.high:z.3f}] at {size}"
            for size, gain in zip(names, told, strict=True)
        )
        notes.append(f"{name} is {shown}: {metric} {each} labels.")
    return notes


def _is_uneven(bench: Bench) -> bool:
    """Tell whether as many rows of each class are no small copy of the table."""
    if bench.target != "classes":
        return False
    counts = np.unique(bench.rows.y[bench.rows.known], return_counts=True)[1]
    return bool(counts.max() > 1.2 * counts.min())


def cost_curve(evaluation: Evaluation, *, metrics: Sequence[str] | None = None) -> Curve:
    """Put the scores of several models over the seconds that each of them took.

    Parameters
    ----------
    evaluation : Evaluation
        What `evaluate` gave, best of several models.
    metrics : sequence of str or None, default=None
        Which of its metrics; None is all.

    Returns
    -------
    Curve
        One point a model: the seconds that fitting on one fold and answering about its test rows
        took, features being stored; and the score, with its interval. The notes name models
        that are dearer than one with a better first metric.

    Raises
    ------
    ValueError
        If the result knows no costs, or a metric was not measured.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import evaluate, make_fusion
    >>> from hybridsent.evaluation import cost_curve
    >>> table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 3})
    >>> result = evaluate(make_fusion(text=True), table, ["good", "good", "bad", "bad"] * 3, cv=3)
    >>> list(cost_curve(result).lines)
    ['text', 'tf-idf', 'dummy']
    """
    start = time.perf_counter()
    if not evaluation.costs:
        raise ValueError(
            "The evaluation must know what its models cost, and does not: it was not made by "
            "evaluate, or by an earlier version. Evaluate again."
        )
    measured = list(next(iter(evaluation.models.values())))
    wanted = measured if metrics is None else list(metrics)
    unknown = [name for name in wanted if name not in measured]
    if unknown:
        raise ValueError(
            f"The metrics parameter must name what was measured, {measured}. Got {unknown[0]!r}."
        )
    fits = max(1, evaluation.folds * evaluation.seeds)
    lines: dict[str, dict[str, list[CurvePoint]]] = {}
    for name, costs in evaluation.costs.items():
        if name == "fusion" and any(
            other != name and each is evaluation.models[name]
            for other, each in evaluation.models.items()
        ):
            continue  # the fusion of one view is that view
        seconds = (costs["fit_seconds"] + costs["predict_seconds"]) / fits
        scores = evaluation.models[name]
        lines[name] = {
            metric: [CurvePoint(seconds, s.value, s.low, s.high)]
            for metric, s in ((metric, scores[metric]) for metric in wanted)
        }
    return Curve(
        kind="cost",
        x_name="seconds a fold",
        lines=lines,
        rows=evaluation.rows,
        folds=evaluation.folds,
        seeds=evaluation.seeds,
        seconds=time.perf_counter() - start,
        notes=[note for metric in wanted[:1] for note in _on_dominated(lines, metric)],
    )


def _on_dominated(lines: dict[str, dict[str, list[CurvePoint]]], metric: str) -> list[str]:
    """Name the models for which another one is both cheaper and better."""
    sign = next((each.sign for each in metrics_of([metric])), 1) if _is_known(metric) else 1
    best: dict[str, str] = {}
    for name, line in lines.items():
        mine = line[metric][0]
        for other, its in ((o, each[metric][0]) for o, each in lines.items()):
            if its.x < mine.x and sign * (its.value - mine.value) > 0:
                best[name] = other
    if not best:
        return []
    told = ", ".join(f"{name} ({other})" for name, other in best.items())
    return [f"Dearer than a model with a better {metric}, which is named behind: {told}."]


def _is_known(metric: str) -> bool:
    """Tell whether a metric has a name that can be looked up, and not one of the user's dict."""
    try:
        metrics_of([metric])
    except ValueError:
        return False
    return True
