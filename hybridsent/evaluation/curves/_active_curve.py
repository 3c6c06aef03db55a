"""What a query strategy would have saved: labelling, simulated where labels are known (layer L5).

scikit-activeml has loops to write, and no folds, groups, intervals or stored features. Here the
machinery is that of the other curves, so that a line is the score of the same model on the same
test rows, learned from labels that a strategy asked for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent._labels import reading_labels_as, take_rows
from hybridsent._params import check_count
from hybridsent.active import Pool, rank_rows
from hybridsent.evaluation.curves._bench import Bench, Cut, Rows, on_a_bench
from hybridsent.evaluation.curves._curve import Curve, CurvePoint
from hybridsent.evaluation.curves._lines import line_of, over_the_first, points_of_gains
from hybridsent.evaluation.measures._draws import folds_out_of_fold
from hybridsent.evaluation.measures._intervals import Interval
from hybridsent.evaluation.measures._metrics import Metric
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.rows._columns import feature_columns

__all__ = ["ActiveCurve", "Needed", "active_curve"]

SIZES = (10, 20, 40, 80, 160, 320)
RANDOM = "random"
_DRAWS = 1000


@dataclass(frozen=True)
class Needed:
    """How many labels of a strategy are worth as many random ones.

    Parameters
    ----------
    labels : float
        Labels that it needs; infinite where it did not get there.
    low, high : float
        95 % interval; infinite where the strategy did not get there in such draws.
    of : int
        Random labels whose score is reached.

    Examples
    --------
    >>> from hybridsent.evaluation import Needed
    >>> print(Needed(284.6, 250.2, float("inf"), 500))
    285 [250, more than 500] of 500 labels
    """

    labels: float
    low: float
    high: float
    of: int

    def __str__(self) -> str:
        told = [f"{x:.0f}" if np.isfinite(x) else f"more than {self.of}" for x in self._numbers()]
        if np.isnan(self.low):
            return f"{told[0]} of {self.of} labels"
        return f"{told[0]} [{told[1]}, {told[2]}] of {self.of} labels"

    def _numbers(self) -> tuple[float, float, float]:
        return self.labels, self.low, self.high


@dataclass(frozen=True)
class ActiveCurve(Curve):
    """Scores over labels that strategies asked for, a line for each strategy.

    Parameters
    ----------
    kind : {"labels"}
        What is varied.
    x_name : str
        What the places are, in words.
    lines : dict of str to dict of str to list of CurvePoint
        ``lines["auto"]["accuracy"]``: for each strategy, and each metric, its points.
    rows : int
        Rows that were judged.
    folds, seeds : int
        How many folds each seed has, and how many seeds.
    seconds : float
        Wall time.
    notes : list of str, default=[]
        What the reader should know.
    forecasts : dict of str to Interval, default={}
        None: strategies ask for labels that are no sample of all.
    gains : dict of str to dict of str to list of CurvePoint, default={}
        ``gains["auto"]["accuracy"]``: at each place the score minus that of random labels, on the
        same test rows.
    needed : dict of str to dict of str to Needed, default={}
        ``needed["auto"]["accuracy"]``: labels with which the strategy reaches the last score of
        random ones.

    See Also
    --------
    active_curve : Make one.

    Examples
    --------
    >>> from hybridsent.evaluation import ActiveCurve, CurvePoint
    >>> line = {"accuracy": [CurvePoint(20, 0.6, 0.5, 0.7), CurvePoint(40, 0.7, 0.6, 0.8)]}
    >>> curve = ActiveCurve("labels", "labelled rows", {"random": line}, 90, 5, 1, 1.0)
    >>> curve.metrics
    ['accuracy']
    """

    needed: dict[str, dict[str, Needed]] = field(default_factory=dict)

    def _facts(self) -> dict[str, Any]:
        needed = {
            name: {
                metric: {
                    "labels": each.labels,
                    "interval": [each.low, each.high],
                    "random_labels": each.of,
                }
                for metric, each in told.items()
            }
            for name, told in self.needed.items()
        }
        return {**super()._facts(), "needed": needed}

    def _remarks(self) -> list[str]:
        metric = next(iter(self.metrics), "")
        told = []
        for name, needed in self.needed.items():
            last = self.gains[name][metric][-1]
            gain = Interval(last.value, last.low, last.high)
            told.append(
                f"{name}: the {metric} of {needed[metric].of} random labels with "
                f"{needed[metric]}; at {last.name} labels it differs from random by {gain}."
            )
        return told


def active_curve(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    strategies: Sequence[str] = ("auto", "random"),
    sizes: Sequence[int] = SIZES,
    batch_size: int | None = None,
    cv: Any = 5,
    groups: Any = None,
    n_seeds: int = 3,
    scoring: Any = None,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> ActiveCurve:
    """Tell what asking for labels by a query strategy would have saved.

    In each fold the labels of the training rows are hidden. The strategy asks for some of them, the
    model learns from these, is judged on all test rows, and tells the strategy its probabilities
    for the next question. Features of frozen encoders are computed once.

    Parameters
    ----------
    estimator : estimator
        The model. One without probabilities is judged all the same; a logistic regression is asked
        in its place.
    table : DataFrame
        The rows; features, or cells that frozen encoders of the model read.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them, as in `evaluate`.
    strategies : sequence of str, default=("auto", "random")
        As in `hybridsent.active.rank_rows`. ``"random"`` is always among them.
    sizes : sequence of int, default=(10, 20, 40, 80, 160, 320)
        Labels, in rising order; what is more than a fold has is left out.
    batch_size : int or None, default=None
        Labels after which the model is fitted anew. None is once at each size: quick, and harder
        for a strategy than labelling one by one.
    cv : int, splitter or iterable, default=5
        Folds, as in `evaluate`.
    groups : str or array-like of shape (n,), default=None
        Group of each row, or the column that holds it; kept together, and batches are spread over
        them.
    n_seeds : int, default=3
        Repetitions, each with other folds, draws and seeds of the model.
    scoring : str, list or None, default=None
        Metrics of predictions, as in `evaluate`.
    n_jobs : int, default=None
        Folds at once, in threads; None and -1 take every core.
    random_state : int, default=0
        Seed of folds, draws and models.

    Returns
    -------
    ActiveCurve
        A line for each strategy with 95 % intervals over groups or rows; differences to random
        labels of the same folds; and how many labels a strategy needs for the last score of random
        ones.

    Raises
    ------
    ValueError
        If a parameter is none of these, or the model reads cells that are no features.

    Notes
    -----
    Labels that are needed are read off the mean curve over folds and seeds, made to rise
    (isotonic regression), between two sizes in proportion to log(labels). Their interval is the
    central 95 % of the same number of folds and seeds, drawn with replacement. It is wide where the
    curves are flat: then a small difference of scores is worth many labels.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation import active_curve
    >>> rng = np.random.default_rng(0)
    >>> labels = np.tile(["bad", "good"], 40)
    >>> table = pd.DataFrame({"text__0": (labels == "good") + rng.normal(0, 0.4, 80)})
    >>> model = make_fusion(features="passthrough")
    >>> found = active_curve(model, table, labels, sizes=(4, 16), cv=4, n_seeds=1)
    >>> list(found.lines), found.needed["auto"]["accuracy"].of
    (['random', 'auto'], 16)
    """
    start = time.perf_counter()
    names = list(dict.fromkeys([RANDOM, *_names(strategies)]))
    if batch_size is not None:
        check_count(batch_size, "batch_size", "active_curve")
    with on_a_bench(
        estimator,
        table,
        y,
        caller="active_curve",
        cv=cv,
        groups=groups,
        n_seeds=n_seeds,
        scoring=scoring,
        n_jobs=n_jobs,
        random_state=random_state,
    ) as bench:
        if len(bench.models) > 1:
            raise ValueError(
                "The estimator parameter of active_curve must be one model. Got "
                f"{list(bench.models)}; call it once for each."
            )
        rows = next(iter(bench.models.values()))
        wanted = _sizes(bench, sizes)
        X = _features(rows)
        calls = [
            (bench, rows, X, cut, name, wanted, batch_size) for cut in bench.cuts for name in names
        ]
        told = bench.each(_labelling, calls)
        places = [str(size) for size in wanted]
        kept = {
            name: bench.gathered(
                {place: [run[k] for run in told[i :: len(names)]] for k, place in enumerate(places)}
            )
            for i, name in enumerate(names)
        }
        lines = {
            name: line_of(bench, each, places, [float(size) for size in wanted])
            for name, each in kept.items()
        }
        needed = {
            name: {
                m.name: _needed(lines, kept, name, wanted, m, random_state) for m in bench.metrics
            }
            for name in names[1:]
        }
        gains = over_the_first(bench, kept, places)
        left_out = [str(size) for size in sizes if size not in wanted]
        notes = [f"No fold has more training rows than {', '.join(left_out)}."] if left_out else []
        return ActiveCurve(
            kind="labels",
            x_name="labelled rows",
            lines=lines,
            rows=bench.judged,
            folds=bench.folds,
            seeds=bench.seeds,
            seconds=time.perf_counter() - start,
            notes=[*bench.rows.notes, *notes],
            gains=points_of_gains(gains, lines),
            needed=needed,
        )


def _names(strategies: Any) -> list[str]:
    found = [strategies] if isinstance(strategies, str) else list(strategies)
    if not found or not all(isinstance(name, str) for name in found):
        raise ValueError(
            "The strategies parameter of active_curve must be names, such as ('auto', 'random'). "
            f"Got {strategies!r}."
        )
    return found


def _sizes(bench: Bench, sizes: Sequence[int]) -> list[int]:
    found = list(sizes)
    for each in found:
        check_count(each, "sizes", "active_curve", least=2)
    if not found or found != sorted(set(found)):
        raise ValueError(
            f"The sizes parameter of active_curve must be rising numbers of labels. Got {sizes!r}."
        )
    most = min(int(bench.rows.known[cut.train].sum()) for cut in bench.cuts)
    kept = [int(each) for each in found if each <= most]
    if not kept:
        raise ValueError(
            f"The sizes parameter of active_curve must start with at most the {most} labelled "
            f"training rows of a fold. Got {sizes!r}."
        )
    return kept


def _features(rows: Rows) -> Any:
    """Give the features by which rows are ranked."""
    X = rows.X
    if not hasattr(X, "columns"):
        return X
    names = feature_columns(X)
    if not names:
        raise ValueError(
            "active_curve ranks rows by their features, and the model reads cells with steps that "
            "learn. Encode the table first (make_features), and hand in the features."
        )
    return X[names]


def _labelling(
    bench: Bench,
    rows: Rows,
    X: Any,
    cut: Cut,
    strategy: str,
    sizes: Sequence[int],
    batch_size: int | None,
) -> list[Answers]:
    """Simulate the labelling of a fold, and answer about its test rows at each size."""
    train = cut.train[bench.rows.known[cut.train]]
    groups = None if bench.rows.groups is None else bench.rows.groups[train]
    pool = Pool(take_rows(X, train), groups)
    seed = int(
        np.random.default_rng([abs(bench.random_state) + cut.seed, cut.fold]).integers(2**31)
    )
    random = np.random.RandomState(seed)
    labelled = np.zeros(len(train), dtype=bool)
    probabilities = None
    answers = []
    for stop in _stops(sizes, batch_size):
        marked = _marked(bench, train, labelled)
        with reading_labels_as(bench.target):  # these marks are ours: -1 is none of the classes
            asked = rank_rows(
                pool,
                marked,
                strategy=strategy,
                probabilities=probabilities,
                n=stop - int(labelled.sum()),
                random_state=random,
            )
        labelled[asked] = True
        chosen = np.sort(train[labelled])
        if bench.target == "classes" and len(np.unique(bench.rows.y[chosen])) < 2:
            fitted, probabilities = None, None
        else:
            fitted = bench.fit(rows, cut, chosen)
            probabilities = _told(bench, fitted, take_rows(rows.X, train), strategy)
        if stop in sizes:
            X_test = take_rows(rows.X, cut.test)
            known = fitted is not None
            answers.append(
                bench.ask(fitted, X_test) if known else _always(bench, chosen, len(cut.test))
            )
    return answers


def _stops(sizes: Sequence[int], batch_size: int | None) -> list[int]:
    if batch_size is None:
        return list(sizes)
    return sorted({*range(sizes[0], sizes[-1], batch_size), *sizes})


def _marked(bench: Bench, train: np.ndarray, labelled: np.ndarray) -> Any:
    """Hide the labels that were not asked for."""
    y = bench.rows.y[train]
    if bench.target == "numbers":
        return np.where(labelled, y.astype(np.float64), np.nan)
    if bench.target == "sets":
        return np.where(labelled[:, None], y, -1)
    codes = np.unique(bench.rows.y[bench.rows.known], return_inverse=True)[1]
    of_rows = np.full(len(bench.rows.y), -1)
    of_rows[bench.rows.known] = codes
    return np.where(labelled, of_rows[train], -1)


def _told(bench: Bench, fitted: Any, X: Any, strategy: str) -> np.ndarray | None:
    """Give the probabilities of training rows, where a strategy may want them."""
    if strategy == RANDOM or bench.target == "numbers":
        return None
    return bench.ask(fitted, X).probabilities


def _always(bench: Bench, chosen: np.ndarray, n: int) -> Answers:
    """Answer with the one class that was seen."""
    classes = np.asarray(bench.classes)
    label = bench.rows.y[chosen[0]]
    told = np.zeros((n, len(classes)))
    told[:, classes.tolist().index(label)] = 1.0
    return Answers(np.repeat(np.asarray([label], dtype=classes.dtype), n), told)


def _needed(
    lines: Mapping[str, Mapping[str, list[CurvePoint]]],
    kept: Mapping[str, OutOfFold],
    name: str,
    sizes: Sequence[int],
    metric: Metric,
    random_state: int,
) -> Needed:
    """Tell with how many labels a strategy reaches the last score of random ones."""
    x = np.asarray(sizes, dtype=np.float64)
    runs = [
        [folds_out_of_fold(metric, kept[each], str(size)) for size in sizes]
        for each in (name, RANDOM)
    ]
    if any(each is None for run in runs for each in run):
        means = [np.array([p.value for p in lines[each][metric.name]]) for each in (name, RANDOM)]
        found = _reached(x, metric.sign * means[0], metric.sign * means[1])
        return Needed(found, float("nan"), float("nan"), sizes[-1])
    scores = metric.sign * np.array(runs, dtype=np.float64)  # (2, sizes, cuts)
    found = _reached(x, *np.nanmean(scores, axis=2))
    cuts = scores.shape[2]
    if cuts < 2:
        return Needed(found, float("nan"), float("nan"), sizes[-1])
    rng = np.random.default_rng(abs(random_state))
    drawn = [
        _reached(x, *np.nanmean(scores[:, :, rng.integers(cuts, size=cuts)], axis=2))
        for _ in range(_DRAWS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975], method="closest_observation")
    return Needed(found, float(low), float(high), sizes[-1])


def _reached(x: np.ndarray, mine: np.ndarray, others: np.ndarray) -> float:
    """Read off where one curve comes to the end of the other, both made to rise."""
    from sklearn.isotonic import isotonic_regression

    goal = float(isotonic_regression(others)[-1])
    line = np.asarray(isotonic_regression(mine))
    there = np.flatnonzero(line >= goal - 1e-12)
    if not len(there):
        return float("inf")
    k = int(there[0])
    if k == 0:
        return float(x[0])
    share = (goal - line[k - 1]) / (line[k] - line[k - 1])
    return float(np.exp(np.log(x[k - 1]) + share * (np.log(x[k]) - np.log(x[k - 1]))))
