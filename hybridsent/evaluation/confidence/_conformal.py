"""How often conformal sets hold the truth, of whom, and how large they are (layer L5)."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from hybridsent.evaluation.confidence._covered import CoverageReport, Covered
from hybridsent.evaluation.measures._intervals import Interval, interval_within, jackknife, units_of
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.heads._conformal_sets import SCORES, Known, intervals_of, needed, sets_of

__all__ = ["coverage_report"]

_GROUPS = 20  # groups that are told one by one, the least covered first


def coverage_report(
    out_of_fold: OutOfFold,
    model: str | None = None,
    *,
    coverage: float = 0.9,
    by: Any = None,
    conformity: str = "lac",
) -> CoverageReport:
    r"""Tell how often conformal sets of a model hold the truth, of which class and which group.

    The answers of each fold get sets by thresholds that the answers of the other folds of the seed
    make, as if a model met new rows. Of n of these rows, and nonconformity scores
    :math:`s_i = 1 - p_{i, y_i}` (of numbers :math:`|y_i - \hat y_i|`), the threshold is the
    :math:`\lceil (n + 1) c \rceil / n` quantile for a coverage of c.

    Parameters
    ----------
    out_of_fold : OutOfFold
        What models said about rows that they had not learned from: ``Evaluation.out_of_fold``.
    model : str or None, default=None
        Which of them; None is the first.
    coverage : float, default=0.9
        Share of the rows whose truth is to be in its set.
    by : "class", "group", array-like of shape (n_rows,) or None, default=None
        What has thresholds of its own: each class (Mondrian sets, which cover rare classes, too);
        each group of the answers; or each value of something that is known of every row of the
        table, such as a language or which views are there. What is in too few rows has the
        threshold of all. Where folds keep groups together, ``"group"`` changes nothing.
    conformity : {"lac", "aps"}, default="lac"
        Nonconformity: ``"lac"`` gives the smallest sets; ``"aps"`` larger ones, which are as large
        as a row is hard, of three classes and more, and not with ``by="class"``. Not of numbers.

    Returns
    -------
    CoverageReport
        Coverage with 95 % intervals, and sizes.

    Raises
    ------
    ValueError
        If the model has no probabilities, or a parameter is none of the above.
    MissingDependencyError
        If MAPIE, of the extra ``conformal``, is not installed.

    See Also
    --------
    hybridsent.heads.ConformalSets : A model that gives sets.

    Notes
    -----
    Each fold has a model of its own, so that answers of two folds are not exchangeable to the
    letter. A set of labels has as many sets as labels: each label may be in, out, or open; a row is
    covered where all its labels are.

    References
    ----------
    Sadinle, Lei, Wasserman: Least ambiguous set-valued classifiers with bounded error levels, JASA
    2019. Vovk: Conditional validity of inductive conformal predictors, Machine Learning 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import OutOfFold, coverage_report
    >>> from hybridsent.evaluation.results._answers import Answers
    >>> rng = np.random.default_rng(0)
    >>> p = rng.dirichlet([1, 1], 400)
    >>> truth = (rng.random(400) < p[:, 1]).astype(int)
    >>> kept = OutOfFold(
    ...     np.arange(400), np.zeros(400, int), np.arange(400) % 5, truth,
    ...     {"m": Answers(p.argmax(axis=1), p)}, np.array([0, 1]),
    ... )
    >>> found = coverage_report(kept, coverage=0.8)
    >>> found.overall.share.low < 0.8 < found.overall.share.high
    True
    """
    start = time.perf_counter()
    if not 0 < coverage < 1:
        raise ValueError(
            f"The coverage parameter must be a share between 0 and 1, such as 0.9. Got "
            f"{coverage!r}."
        )
    if conformity not in SCORES:
        raise ValueError(
            f"The conformity parameter must be one of {list(SCORES)}. Got {conformity!r}."
        )
    name = out_of_fold.models[0] if model is None else model
    cells, told = _cells(out_of_fold, by)
    judge = _Coverage(out_of_fold, name, coverage, conformity, cells, by_class=told == "class")
    return judge.report(told, start)


def _cells(kept: OutOfFold, by: Any) -> tuple[np.ndarray | None, str]:
    """Give numbers to what has thresholds of its own."""
    if by is None:
        return None, "all rows"
    if isinstance(by, str) and by == "class":
        if kept.target != "classes":
            raise ValueError(
                "The by parameter must not be 'class' where there are none. Got 'class' of "
                f"{kept.target}."
            )
        return None, "class"
    if isinstance(by, str) and by == "group":
        if kept.groups is None:
            raise ValueError(
                "The by parameter must not be 'group' where the answers know no groups. Judge with "
                "groups=, or give a value for each row of the table."
            )
        return np.unique(kept.groups, return_inverse=True)[1], "group"
    if isinstance(by, str):
        raise ValueError(  # noqa: TRY004  # of a known type, and none of the words
            "The by parameter must be 'class', 'group', None, or a value for each row of the "
            f"table. Got {by!r}; give the column itself, table[{by!r}]."
        )
    values = np.asarray(by)
    if values.ndim != 1 or len(values) <= int(kept.row.max(initial=-1)):
        raise ValueError(
            f"The by parameter must have a value for each of the {int(kept.row.max()) + 1} rows of "
            f"the table. Got {values.shape}."
        )
    return np.unique(values[kept.row].astype(str), return_inverse=True)[1], "the values given"


class _Coverage:
    """Sets for the answers of each fold, and what they hold."""

    def __init__(
        self,
        kept: OutOfFold,
        model: str,
        coverage: float,
        conformity: str,
        cells: np.ndarray | None,
        *,
        by_class: bool,
    ) -> None:
        self.kept, self.model, self.coverage, self.conformity = kept, model, coverage, conformity
        self.cells, self.by_class = cells, by_class
        self.said = kept.of(model)
        if kept.target != "numbers" and self.said.probabilities is None:
            raise ValueError(
                f"The model {model!r} must have probabilities for conformal sets, and has none. "
                "Put hybridsent.heads.CalibratedFusion around it."
            )

    def report(self, by: str, start: float) -> CoverageReport:
        kept = self.kept
        held, size = self._held_and_sizes()
        of_class, of_group = {}, {}
        if kept.target == "classes":
            for label in np.asarray(kept.classes).tolist():
                of_class[str(label)] = self._covered(held, size, kept.truth == label)
        if kept.target == "sets":
            for k, label in enumerate(np.asarray(kept.classes).tolist()):
                of_class[str(label)] = self._covered(held, size, kept.truth[:, k] == 1)
        if kept.groups is not None:
            for group in np.unique(kept.groups).tolist():
                of_group[str(group)] = self._covered(held, size, kept.groups == group)
        worst = sorted(of_group, key=lambda name: of_group[name].share.value)[:_GROUPS]
        counts = {} if kept.target == "numbers" else _counted(size)
        return CoverageReport(
            model=self.model,
            target=kept.target,
            coverage=self.coverage,
            by=by,
            overall=self._covered(held, size, np.ones(len(kept), dtype=bool)),
            by_class={name: each for name, each in of_class.items() if each.rows},
            by_group={name: of_group[name] for name in worst},
            sizes=counts,
            rows=len(np.unique(kept.row)),
            seconds=time.perf_counter() - start,
            notes=self._notes(len(of_group)),
        )

    def _notes(self, groups: int) -> list[str]:
        notes = []
        if groups > _GROUPS:
            notes.append(f"Of {groups} groups the {_GROUPS} that are covered least are told.")
        fewest = needed(self.coverage)
        if self.by_class:
            counts = np.unique(self.kept.truth, return_counts=True)[1]
            if counts.min() < 2 * fewest:
                notes.append(
                    f"A class with fewer than {fewest} rows in the other folds is in every set."
                )
        return notes

    def _held_and_sizes(self) -> tuple[np.ndarray, np.ndarray]:
        kept = self.kept
        held, size = np.zeros(len(kept), dtype=bool), np.zeros(len(kept))
        for seed in np.unique(kept.seed):
            mine = kept.seed == seed
            folds = np.unique(kept.fold[mine])
            if len(folds) < 2:
                raise ValueError(
                    "The answers must be of at least two folds, of which one makes thresholds for "
                    "the other. Got one; use hybridsent.heads.ConformalSets."
                )
            for fold in folds:
                test = np.flatnonzero(mine & (kept.fold == fold))
                rest = np.flatnonzero(mine & (kept.fold != fold))
                held[test], size[test] = self._of_fold(rest, test)
        return held, size

    def _of_fold(self, rest: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kept = self.kept
        cells = None if self.cells is None else self.cells[test]
        known_cells = None if self.cells is None else self.cells[rest]
        if kept.target == "numbers":
            known = Known(np.asarray(self.said.labels, float)[rest], kept.truth[rest], known_cells)
            ends = intervals_of(
                known, np.asarray(self.said.labels, float)[test], cells, self.coverage
            )
            truth = kept.truth[test]
            return (ends[:, 0] <= truth) & (truth <= ends[:, 1]), ends[:, 1] - ends[:, 0]
        p = np.asarray(self.said.probabilities)
        if kept.target == "sets":
            return self._of_labels(p, rest, test, known_cells, cells)
        codes = np.searchsorted(np.asarray(kept.classes), kept.truth)
        sets = sets_of(
            Known(p[rest], codes[rest], known_cells),
            p[test],
            cells,
            self.coverage,
            conformity=self.conformity,
            by_class=self.by_class,
        )
        return sets[np.arange(len(test)), codes[test]], sets.sum(axis=1)

    def _of_labels(
        self,
        p: np.ndarray,
        rest: np.ndarray,
        test: np.ndarray,
        known_cells: np.ndarray | None,
        cells: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Say of each label whether it is in, out or open; the open ones make the size."""
        held, size = np.ones(len(test), dtype=bool), np.zeros(len(test))
        truth = np.asarray(self.kept.truth, dtype=int)
        share = 1 - (1 - self.coverage) / p.shape[1]  # of each label, so that all hold together
        for k in range(p.shape[1]):
            both = np.column_stack([1 - p[:, k], p[:, k]])
            known = Known(both[rest], truth[rest, k], known_cells)
            sets = sets_of(known, both[test], cells, share, conformity=self.conformity)
            held &= sets[np.arange(len(test)), truth[test, k]]
            size += sets[:, 1]
        return held, size

    def _covered(self, held: np.ndarray, size: np.ndarray, rows: np.ndarray) -> Covered:
        kept = self.kept
        if not rows.any():
            return Covered(Interval(float("nan"), float("nan"), float("nan")), float("nan"), 0)
        row, where, code = np.unique(kept.row[rows], return_index=True, return_inverse=True)
        groups = None if kept.groups is None else kept.groups[rows][where]
        units = units_of(len(row), groups)[code]
        hits, counts = np.bincount(units, held[rows]), np.bincount(units)
        value = float(hits.sum() / counts.sum())
        left = counts.sum() - counts
        without = np.divide(hits.sum() - hits, left, out=np.full(len(hits), np.nan), where=left > 0)
        spread = jackknife(without, len(row))
        ends = interval_within(value, spread, (0.0, 1.0))
        return Covered(Interval(value, *ends), float(size[rows].mean()), len(row))


def _counted(size: np.ndarray) -> dict[int, float]:
    values, counts = np.unique(size.astype(int), return_counts=True)
    return {
        int(value): float(count / len(size))
        for value, count in zip(values.tolist(), counts.tolist(), strict=True)
    }
