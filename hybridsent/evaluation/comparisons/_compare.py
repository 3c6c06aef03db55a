"""Compare models that were judged on the same rows (layer L5).

scipy.stats has the binomial test that McNemar's exact test is; all else that tells models apart
knows neither the folds they were judged by nor groups of rows (see `_paired`).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hybridsent.evaluation._evaluate import scoring_for
from hybridsent.evaluation.comparisons._comparison import Comparison, Pair
from hybridsent.evaluation.comparisons._entries import Entry, named_entries, read_results
from hybridsent.evaluation.comparisons._paired import (
    Side,
    check_same_rows,
    compared_in_family,
    is_fixed,
    same_folds,
    units_out_of_fold,
)
from hybridsent.evaluation.measures._draws import (
    LEARNED,
    Draws,
    drawn_out_of_fold,
    folds_out_of_fold,
)
from hybridsent.evaluation.measures._intervals import (
    interval_within,
    jackknife,
    p_value,
    spread_of_folds,
)
from hybridsent.evaluation.measures._metrics import Metric, ends_of, metrics_of
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.results._result import Score

__all__ = ["compare", "mcnemar"]

FEW_GROUPS = 10
"""Groups from which on their number is worth no remark."""


def compare(
    *results: Any,
    metric: Any = None,
    model: str | Sequence[str] | None = None,
    reference: str | None = None,
) -> Comparison:
    """Tell which of several models is better, by their answers about the same rows.

    What varies is a group where groups are told, else a row: both scores are computed without each
    of them in turn (the jackknife), which gives the interval and the p-value of their difference.
    Rows that were judged by several seeds are one row. P-values are corrected for the number of
    pairs by Holm, metric by metric. Two tests that papers ask for stand beside: the paired t over
    folds with Nadeau and Bengio's correction, where both were judged by the same folds, and
    McNemar's exact test of right and wrong answers, which takes rows for independent.

    Parameters
    ----------
    *results : Evaluation, SearchResult, OutOfFold, path, or one mapping of str to these
        What `evaluate` or `search` gave, or a file that ``--json`` wrote. All models of a single
        result are compared with each other; of several results, the first model of each.
    metric : str, callable, list, dict or None, default=None
        What is measured, as `evaluate` takes it; None is what all results were judged by.
    model : str, list of str or None, default=None
        Which models of each result are compared.
    reference : str or None, default=None
        Name of the model that all others are compared with; None compares all pairs.

    Returns
    -------
    Comparison
        Scores, differences with 95 % intervals and p-values; ``print`` shows a table, and
        `Comparison.to_latex` writes one for a paper.

    Raises
    ------
    ValueError
        If there are not two models, they were judged on other rows or labels, or a metric cannot
        be told by predictions.

    References
    ----------
    Nadeau, Bengio: Inference for the generalization error, Machine Learning 2003. Dietterich:
    Approximate statistical tests for comparing supervised classification learning algorithms,
    Neural Computation 1998 (McNemar's test). Holm: A simple sequentially rejective multiple test
    procedure, Scandinavian Journal of Statistics 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.dummy import DummyClassifier
    >>> from hybridsent.evaluation import compare, evaluate
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile(["bad", "good"], 50)
    >>> X = rng.normal(size=(100, 2)) + (y == "good")[:, None]
    >>> one = evaluate(LogisticRegression(), X, y, baselines=False, check=False)
    >>> found = compare(one, metric="accuracy")
    >>> found.gain("fusion", "dummy").verdict
    'better'
    """
    start = time.perf_counter()
    entries, notes = named_entries(read_results(results), model)
    if reference is not None and reference not in entries:
        raise ValueError(
            f"The reference parameter must be one of {list(entries)}. Got {reference!r}."
        )
    kept = {name: each.kept for name, each in entries.items()}
    check_same_rows(kept)
    metrics, asked = _metrics(metric, entries)
    scores: dict[str, dict[str, Score]] = {name: {} for name in entries}
    pairs: list[Pair] = []
    for each in metrics:
        try:
            of_models, found = _compared(each, entries, reference)
        except ValueError as error:
            if asked:
                raise
            notes.append(f"{each.name} is left out: {error}")
            continue
        pairs += found
        for name, score in of_models.items():
            scores[name][each.name] = score
    if not pairs:
        raise ValueError(f"No metric could be compared. {' '.join(notes)}")
    first = next(iter(kept.values()))
    groups = None if first.groups is None else len(np.unique(first.groups))
    return Comparison(
        rows=len(np.unique(first.row)),
        groups=groups,
        scores=scores,
        pairs=pairs,
        reference=reference,
        seconds=time.perf_counter() - start,
        notes=[*notes, *_notes(kept, pairs, groups)],
    )


def _metrics(metric: Any, entries: Mapping[str, Entry]) -> tuple[list[Metric], bool]:
    """Look the metrics up; those of the results where none are named."""
    if metric is not None:
        return metrics_of(metric), True
    judged = [
        entry.judged[entry.model]
        for entry in entries.values()
        if entry.judged is not None and entry.model in entry.judged
    ]
    names = [name for name in judged[0] if all(name in each for each in judged)] if judged else []
    if not names:
        target = next(iter(entries.values())).kept.target
        return metrics_of(scoring_for(target)), False
    return [_metric_of(name, judged[0][name].sign) for name in names], False


def _metric_of(name: str, sign: int) -> Metric:
    try:
        return metrics_of(name)[0]
    except ValueError:  # a name that the user gave to a scorer
        return Metric(name, _unknown, own=True, sign=sign)


def _unknown(estimator: Any, X: Any, y: Any) -> float:
    raise ValueError("This scorer was not kept.")


def _compared(
    metric: Metric, entries: Mapping[str, Entry], reference: str | None
) -> tuple[dict[str, Score], list[Pair]]:
    """Compare all pairs by one metric: they are the family whose p-values are corrected."""
    drawn = {name: _drawn(metric, entry) for name, entry in entries.items()}
    names = list(entries)
    asked = (
        [(name, reference) for name in names if name != reference]
        if reference is not None
        else list(itertools.combinations(names, 2))
    )
    folds = {name: _folds(metric, entry) for name, entry in entries.items()}
    sides = {
        name: Side(drawn[name], None if known is None else known.folds, entry.kept)
        for name, entry in entries.items()
        for known in [entry.score(metric.name)]
    }
    pairs = [
        Pair(
            metric.name,
            *told[:3],
            told.p,
            _p_of_folds(metric, *[(entries[name].kept, folds[name]) for name in told[:2]]),
            mcnemar(*_answers(entries[told.one]), *_answers(entries[told.other])),
        )
        for told in compared_in_family(metric, asked, sides)
    ]
    scores = {
        name: _score(metric, entry, drawn[name], folds[name]) for name, entry in entries.items()
    }
    return scores, pairs


def _answers(entry: Entry) -> tuple[OutOfFold, str]:
    return entry.kept, entry.model


def _drawn(metric: Metric, entry: Entry) -> Draws | None:
    """Score a model without each unit; None where answers do not tell what the result has."""
    found = drawn_out_of_fold(metric, entry.kept, entry.model, units_out_of_fold(entry.kept))
    known = entry.score(metric.name)
    if found is None or known is None or not np.isfinite(known.value):
        return found
    same = abs(found.value - known.value) <= 1e-3 * max(1.0, abs(known.value))
    return found if same else None  # a scorer of one's own under a name that others know


def _p_of_folds(
    metric: Metric,
    first: tuple[OutOfFold, list[float] | None],
    second: tuple[OutOfFold, list[float] | None],
) -> float | None:
    """Test the scores of the same folds by Nadeau and Bengio's corrected t."""
    (one, a), (other, b) = first, second
    if a is None or b is None or is_fixed(one) or not same_folds(one, other):
        return None
    away = np.subtract(a, b)
    if not np.isfinite(away).all():
        return None
    spread = spread_of_folds(away.tolist(), one.ratio, len(one))
    return p_value(float(away.mean()), spread, ends_of(metric))


def _folds(metric: Metric, entry: Entry) -> list[float] | None:
    known = entry.score(metric.name)
    return known.folds if known is not None else folds_out_of_fold(metric, entry.kept, entry.model)


def _score(metric: Metric, entry: Entry, drawn: Draws | None, folds: list[float] | None) -> Score:
    """Give the score of the result, or make one of the answers."""
    known = entry.score(metric.name)
    if known is not None:
        return known
    if drawn is None:
        raise ValueError(
            f"The metric {metric.name!r} cannot be told by the answers of {entry.model!r} that "
            "were kept. Choose a metric of predictions."
        )
    rows = len(np.unique(entry.kept.row))
    learned = 0.0 if is_fixed(entry.kept) else LEARNED
    low, high = interval_within(
        drawn.value, jackknife(drawn.drawn, rows, learned=learned), ends_of(metric)
    )
    each = folds or []
    std = float(np.std(each, ddof=1)) if len(each) > 1 else float("nan")
    return Score(drawn.value, std, low, high, each, sign=metric.sign)


def mcnemar(one: OutOfFold, model: str, other: OutOfFold, other_model: str) -> float | None:
    """Test whether two models are right equally often, by the rows that one alone has right.

    Parameters
    ----------
    one : OutOfFold
        Answers.
    model : str
        Whose answers in it.
    other : OutOfFold
        Answers about the same rows; it may be the same.
    other_model : str
        Whose answers in that.

    Returns
    -------
    float or None
        The exact two-sided p-value; of several seeds, of the first. A set of labels is right where
        all of it is. None for numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import OutOfFold
    >>> from hybridsent.evaluation.comparisons._compare import mcnemar
    >>> from hybridsent.evaluation.results._answers import Answers
    >>> rows, truth = np.arange(12), np.repeat(["a", "b"], 6)
    >>> said = {"right": Answers(truth, None), "wrong": Answers(truth[::-1], None)}
    >>> kept = OutOfFold(rows, 0 * rows, rows % 3, truth, said, np.unique(truth))
    >>> round(mcnemar(kept, "right", kept, "wrong"), 5)
    0.00049
    """
    if one.target == "numbers" or other.target == "numbers":
        return None
    from scipy.stats import binomtest

    a, b = _right(one, model), _right(other, other_model)
    alone, else_alone = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    if not alone + else_alone:
        return 1.0
    return float(binomtest(alone, alone + else_alone).pvalue)


def _right(kept: OutOfFold, model: str) -> np.ndarray:
    """Tell of each row, in order, whether the model of the first seed is right."""
    first = np.flatnonzero(kept.seed == kept.seed.min())
    first = first[np.argsort(kept.row[first], kind="stable")]
    hit = np.asarray(kept.truth[first] == kept.of(model).labels[first])
    return np.asarray(hit if hit.ndim == 1 else hit.all(axis=1))


def _notes(kept: Mapping[str, OutOfFold], pairs: Sequence[Pair], groups: int | None) -> list[str]:
    """Say how it was compared."""
    tables = list(kept.values())
    of_pairs = sum(pair.metric == pairs[0].metric for pair in pairs)
    notes = []
    if of_pairs > 1:
        notes.append(f"P-values are corrected for {of_pairs} pairs (Holm), metric by metric.")
    if groups is not None and groups < FEW_GROUPS:
        notes.append(
            f"Groups are what varies, and there {'is' if groups == 1 else 'are'} {groups}: "
            + (
                "nothing tells how much one differs from another."
                if groups == 1
                else "intervals are wide, and more groups would tell more than more rows."
            )
        )
    if pairs[0].p_mcnemar is not None:
        if groups is not None:
            notes.append(
                "McNemar's test takes rows for independent, which rows of a group are not: the "
                "interval, which knows groups, is what to report."
            )
        if any(len(np.unique(each.seed)) > 1 for each in tables):
            notes.append("McNemar's test is of the first seed.")
    if any(is_fixed(each) for each in tables):
        notes.append(
            "Where one split judged, intervals tell of other test rows, not of other training rows."
        )
    elif any(not same_folds(tables[0], each) for each in tables[1:]):
        notes.append("The folds differ between results, so that no paired t over folds is told.")
    return notes
