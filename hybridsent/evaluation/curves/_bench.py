"""Models that are fitted again on fewer, changed or masked rows (layer L5).

scikit-learn's learning_curve and validation_curve encode anew in every fit, know no groups inside
of a fit and give no predictions. Here features that are frozen are computed once for all fits, and
each fit ends in answers, of which all that is told is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from hybridsent._labels import take_rows
from hybridsent._params import check_count, check_n_jobs
from hybridsent._tables import as_pandas
from hybridsent._threads import in_threads
from hybridsent.evaluation._baselines import named_models
from hybridsent.evaluation._evaluate import folds_of, scoring_for, target_of
from hybridsent.evaluation._search import prepare_entries
from hybridsent.evaluation.fits._encoding import stored
from hybridsent.evaluation.fits._fits import Folds, fit_model, fresh, reseeded, rows_to_fit
from hybridsent.evaluation.fits._fold_warnings import fold_warnings_ignored, told_once
from hybridsent.evaluation.fits._progress import told_to_watcher
from hybridsent.evaluation.fits._shelf import fitted_once
from hybridsent.evaluation.measures._draws import Draws, drawn_out_of_fold
from hybridsent.evaluation.measures._intervals import (
    Interval,
    interval_of_difference,
    interval_within,
    jackknife,
    units_of,
)
from hybridsent.evaluation.measures._metrics import Metric, ends_of, metrics_of
from hybridsent.evaluation.results._answers import Answers, answers_of
from hybridsent.evaluation.results._out_of_fold import OutOfFold, Target, gather
from hybridsent.evaluation.rows._columns import check_columns
from hybridsent.evaluation.rows._labelled import LabeledTable, check_target_is_told
from hybridsent.evaluation.rows._read_labels import read_labels

__all__ = ["Bench", "Cut", "Rows", "on_a_bench"]


class Cut(NamedTuple):
    """One fold of one seed.

    Parameters
    ----------
    seed : int
        Number of the repetition, from 0 on.
    fold : int
        Number of the fold.
    train, test : ndarray of int
        Positions of rows.
    """

    seed: int
    fold: int
    train: np.ndarray
    test: np.ndarray


class Rows(NamedTuple):
    """A model, and the rows as it reads them: features where its encoders are frozen.

    Parameters
    ----------
    model : estimator
        Unfitted.
    X : DataFrame or array
        The rows.
    """

    model: Any
    X: Any


@dataclass(frozen=True)
class Bench:
    """Folds, labels and metrics, and the models that are fitted on them again and again.

    Parameters
    ----------
    models : dict of str to Rows
        By the names of the user.
    rows : LabeledTable
        Labels and groups.
    cuts : list of Cut
        All folds of all seeds.
    metrics : list of Metric
        What is measured.
    n_jobs : int or None
        Fits at once.
    random_state : int
        Seed of the first repetition.
    """

    models: dict[str, Rows]
    rows: LabeledTable
    cuts: list[Cut]
    metrics: list[Metric]
    n_jobs: int | None
    random_state: int

    @property
    def target(self) -> Target:
        """What is predicted."""
        return target_of(self.rows)

    @property
    def classes(self) -> np.ndarray | None:
        """All labels there are; None for numbers."""
        return self.rows.labels

    @property
    def folds(self) -> int:
        """Folds of a seed."""
        return len({cut.fold for cut in self.cuts})

    @property
    def seeds(self) -> int:
        """Repetitions."""
        return len({cut.seed for cut in self.cuts})

    @property
    def judged(self) -> int:
        """Rows that are judged: those that some fold tests."""
        return len(np.unique(np.concatenate([cut.test for cut in self.cuts])))

    @property
    def learned(self) -> float:
        """Variance from the rows that were learned from, as `evaluate` counts it."""
        splits = [(cut.train, cut.test) for cut in self.cuts]
        return Folds(splits, [cut.seed for cut in self.cuts]).learned

    def fit(self, rows: Rows, cut: Cut, train: np.ndarray | None = None, y: Any = None) -> Any:
        """Fit a model of a repetition on training rows.

        Parameters
        ----------
        rows : Rows
            The model, and the rows that it learns from.
        cut : Cut
            The fold.
        train : ndarray of int or None, default=None
            Positions; None is all that the fold has.
        y : array of shape (n,) or None, default=None
            Labels of all rows; None is what the user gave.

        Returns
        -------
        estimator
            Fitted.
        """
        train = cut.train if train is None else train
        y = self.rows.y if y is None else y
        model = reseeded(rows.model, cut.seed)
        train = rows_to_fit(model, train, self.rows.known)
        groups = None if self.rows.groups is None else self.rows.groups[train]
        return fitted_once(
            lambda: fit_model(fresh(model), take_rows(rows.X, train), y[train], groups),
            model,
            rows.X,
            train,
            y[train],
            groups,
            keep=len(train) == len(rows_to_fit(rows.model, cut.train, self.rows.known)),
        )

    def ask(self, fitted: Any, X: Any) -> Answers:
        """Ask a fitted model about rows."""
        return answers_of(fitted, X, self.classes, sets=self.target == "sets")

    def each(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Call a function in threads, each with one thread for linear algebra.

        Parameters
        ----------
        function : callable
            What is called.
        calls : sequence of tuple
            Its arguments.

        Returns
        -------
        list of object
            What it gave.
        """
        with threadpool_limits(1):
            calls = [(function, *arguments) for arguments in calls]
            outcomes = in_threads(_call, calls, self.n_jobs, one_by_one=True)
            return list(told_to_watcher(outcomes, len(calls)))

    def gathered(self, answers: Mapping[str, Sequence[Answers]]) -> OutOfFold:
        """Put answers of all cuts together.

        Parameters
        ----------
        answers : mapping of str to sequence of Answers
            By a name, one for each cut.

        Returns
        -------
        OutOfFold
            All of them.
        """
        return gather(
            answers,
            [(cut.train, cut.test) for cut in self.cuts],
            self.rows.y,
            self.classes,
            groups=self.rows.groups,
            rows=self.rows.kept,
            seeds=[self.random_state + cut.seed for cut in self.cuts],
            target=self.target,
        )

    def drawn(self, kept: OutOfFold, metric: Metric, name: str) -> Draws:
        """Score answers, and the same without each unit.

        Parameters
        ----------
        kept : OutOfFold
            Answers.
        metric : Metric
            What is measured.
        name : str
            Whose.

        Returns
        -------
        Draws
            The scores.

        Raises
        ------
        ValueError
            If the metric asks for more than answers.
        """
        found = drawn_out_of_fold(metric, kept, name, _units(kept))
        if found is None:
            raise ValueError(
                f"The scoring parameter must name metrics of predictions, or of probabilities "
                f"where the model has some. Got {metric.name!r}, which cannot be told by what the "
                "model answers about rows."
            )
        return found

    def interval(self, metric: Metric, draws: Draws) -> Interval:
        """Put an interval around a score."""
        spread = jackknife(draws.drawn, self.judged, learned=self.learned)
        return Interval(draws.value, *interval_within(draws.value, spread, ends_of(metric)))

    def difference(self, metric: Metric, value: float, without: np.ndarray) -> Interval:
        """Put an interval around a sum of differences of scores of the same rows."""
        spread = jackknife(without, self.judged, learned=self.learned, gain=value)
        return Interval(value, *interval_of_difference(value, spread, ends_of(metric)))


def _units(kept: OutOfFold) -> np.ndarray:
    """Say of which unit each answer is; a row of several seeds is one."""
    _, where, code = np.unique(kept.row, return_index=True, return_inverse=True)
    groups = None if kept.groups is None else kept.groups[where]
    return units_of(len(where), groups)[code]


@contextmanager
def on_a_bench(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    caller: str,
    cv: Any,
    groups: Any,
    n_seeds: int,
    scoring: Any,
    n_jobs: int | None,
    random_state: int,
) -> Iterator[Bench]:
    """Read labels, make folds, and compute what is frozen, once for all fits.

    Parameters
    ----------
    estimator : estimator or mapping of str to estimator
        One, or several by name.
    table, y
        As in `evaluate`.
    caller : str
        Who asks, for messages.
    cv, groups
        As in `evaluate`.
    n_seeds : int
        Repetitions, each with its own folds and seeds of the models.
    scoring, n_jobs, random_state
        As in `evaluate`.

    Yields
    ------
    Bench
        Ready to fit.
    """
    check_n_jobs(n_jobs, caller)
    check_count(n_seeds, "n_seeds", caller)
    named = named_models(estimator)
    table = as_pandas(table)
    models = list(named.values())
    rows = read_labels(table, y, groups=groups, estimator=models)
    for model in models:
        check_target_is_told(model, rows, judged=True)
        check_columns(model, rows.rows)
    cuts = _cuts(folds_of(rows, cv, n_seeds, random_state))
    with rows.reading(), told_once(), stored(models) as (ready, _):
        pairs: dict[str, tuple[Any, dict[str, Any]]] = {
            name: (model, {}) for name, model in zip(named, ready, strict=True)
        }
        entries = prepare_entries(pairs, ready, rows.rows, rows.y, rows.named(y, groups))
        found = {each.name: Rows(each.estimator, each.X) for each in entries}
        bench = Bench(found, rows, cuts, [], n_jobs, random_state)
        metrics = metrics_of(scoring_for(bench.target) if scoring is None else scoring)
        yield Bench(found, rows, cuts, metrics, n_jobs, random_state)


def _cuts(folds: Folds) -> list[Cut]:
    each = zip(folds.seeds, *zip(*folds.splits, strict=True), strict=True)
    told = [(seed, train, test) for seed, train, test in each]
    numbers = [folds.seeds[:k].count(seed) for k, seed in enumerate(folds.seeds)]
    return [Cut(seed, k, train, test) for k, (seed, train, test) in zip(numbers, told, strict=True)]


@fold_warnings_ignored()
def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; a worker of a cluster finds this one by its name."""
    return function(*arguments)
