"""What is measured: metrics by name, scorer or function, and what is known of each (layer L5).

scikit-learn's check_scoring looks names and scorers up, but takes no name of the field's papers
("UAR", "WF1") and gives no hint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import (
    check_scoring,
    get_scorer,
    get_scorer_names,
    make_scorer,
)

from hybridsent._hints import did_you_mean
from hybridsent._plugins import read_plugins, told_of_plugins
from hybridsent.evaluation.measures._metric_names import (
    ALIASES,
    OF_PAPERS,
    OWN_METRICS,
    known_name,
)
from hybridsent.evaluation.metrics import DEFINITIONS, Definition, pearson

__all__ = [
    "Metric",
    "Negated",
    "ends_of",
    "higher_is_better",
    "is_pooled",
    "metric_name",
    "metrics_of",
    "one_metric",
]

_NO_END = float("inf")

_ALLOWED = (
    "a name of one of scikit-learn's scorers or of a metric of papers, a scorer such as "
    "make_scorer gives, a callable "
    "(estimator, X, y), or, for several, a list of names or a dict of names and scorers"
)


@dataclass(frozen=True)
class Metric:
    """One thing that is measured.

    Parameters
    ----------
    name : str
        As results have it: the name that the user gave.
    scorer : callable
        Called with a fitted estimator, rows and labels.
    known : str or None, default=None
        The name that scikit-learn or `metrics` has for it.
    own : bool, default=False
        Whether the user wrote it: it gets the fitted model itself, and no remembered answers.
    sign : {1, -1}, default=1
        -1 for an error, of which less is better. What scikit-learn knows as the negative of an
        error, ``known``, is then what the scorer gives times -1.
    """

    name: str
    scorer: Callable[..., Any]
    known: str | None = None
    own: bool = False
    sign: int = 1


def metric_name(name: str) -> str:
    """Look up the one name of a metric: scikit-learn's, of `metrics`, or one's own.

    Parameters
    ----------
    name : str
        Its name, or what papers call it, in any case.

    Returns
    -------
    str
        The name of a scorer.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> from hybridsent.evaluation.measures._metrics import metric_name
    >>> metric_name("UAR"), metric_name("F1-macro"), metric_name("Acc-7")
    ('balanced_accuracy', 'f1_macro', 'acc7')
    """
    found = known_name(name)
    if found is None:
        read_plugins()
        found = known_name(name)
    if found is not None:
        return found
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    names = [*get_scorer_names(), *DEFINITIONS, *OF_PAPERS, *ALIASES, *OWN_METRICS]
    raise ValueError(
        "The scoring parameter must hold names of scikit-learn's scorers or of papers. Got "
        f"{name!r}; hybridsent.evaluation.list_metrics() lists them."
        f"{did_you_mean(plain, names)} {told_of_plugins()}".rstrip()
    )


class Negated:
    """A scorer times -1: an error for the negative of it, and the other way round.

    Parameters
    ----------
    scorer : callable
        Called with a fitted estimator, rows and labels.
    """

    def __init__(self, scorer: Callable[..., Any]) -> None:
        self.scorer = scorer

    def __call__(self, estimator: Any, X: Any, y: Any) -> Any:
        return -self.scorer(estimator, X, y)

    def __repr__(self) -> str:
        return f"-{self.scorer!r}"


def _function_of(metric: Metric) -> Any:
    scorer = metric.scorer.scorer if isinstance(metric.scorer, Negated) else metric.scorer
    return getattr(scorer, "_score_func", None)


_BY_ROW = (
    *("accuracy", "zero_one", "hamming", "top_k_accuracy", "log_loss", "brier", "brier_score"),
    *("mean_absolute_error", "mean_squared_error", "mean_squared_log_error"),
    *("mean_absolute_percentage_error", "mean_poisson_deviance", "mean_gamma_deviance"),
)
"""Metrics that are a mean over rows, so that the mean over folds means the same as over all."""

_BY_RANK = ("roc_auc", "average_precision")
"""Metrics that compare rows: those of two folds were told by two models."""

_SHARES = (
    *("accuracy", "balanced_accuracy", "top_k_accuracy", "roc_auc", "average_precision"),
    *("f1", "fbeta", "precision", "recall", "jaccard"),
)
_CORRELATIONS = ("matthews_corrcoef", "cohen_kappa")
_EXPLAINED = ("r2", "explained_variance", "d2_absolute_error", "d2_brier", "d2_log_loss")


def _plain_name(metric: Metric) -> str:
    """Give what scikit-learn calls the function of a metric, without its sign and averaging."""
    function = _function_of(metric)
    name = str(metric.known or getattr(function, "__name__", "" if metric.own else metric.name))
    name = re.sub("^neg_|_(macro|micro|weighted|samples|ovr|ovo)(?=_|$)|_(score|loss)$", "", name)
    return name if name != "log" else "log_loss"


def ends_of(metric: Metric) -> tuple[float, float]:
    """Tell the range of a metric.

    Parameters
    ----------
    metric : Metric
        What is measured.

    Returns
    -------
    lowest, highest : float
        Infinite where there is no end, or none is known, as for a function of the user's own.

    Examples
    --------
    >>> from hybridsent.evaluation.measures._metrics import ends_of, metrics_of
    >>> [ends_of(metric) for metric in metrics_of(["f1_macro", "r2", "neg_log_loss", "MAE"])]
    [(0.0, 1.0), (-inf, 1.0), (-inf, 0.0), (0.0, inf)]
    """
    definition = _definition(metric)
    if definition is not None:
        return definition.ends
    name = _plain_name(metric)
    if name in _SHARES:
        return 0.0, 1.0
    if name in _CORRELATIONS:
        return -1.0, 1.0
    if name in _EXPLAINED:
        return float("-inf"), 1.0
    if metric.sign < 0:
        return 0.0, _NO_END
    is_error = (metric.known or "").startswith("neg_") or name == "max_error"
    return float("-inf"), 0.0 if is_error or getattr(metric.scorer, "_sign", 1) < 0 else _NO_END


def _definition(metric: Metric) -> Definition | None:
    """Find the metric of the field's papers that it is; also where the user made the scorer."""
    if metric.own or metric.sign < 0:
        return None
    if metric.known in DEFINITIONS:
        return DEFINITIONS[metric.known]
    function = _function_of(metric)
    named = DEFINITIONS.get(str(getattr(function, "__name__", "")))
    plain = getattr(metric.scorer, "_sign", 1) > 0
    return named if named is not None and named.function is function and plain else None


def is_pooled(metric: Metric) -> bool:
    """Tell whether the mean over folds would mean something else than a score of all rows.

    Macro F1 of a small fold, in which a class is rare or absent, is not what macro F1 of the table
    is; a share of right answers is the same on average. What ranks rows is never pooled, because
    the models of two folds do not rank alike.

    Parameters
    ----------
    metric : Metric
        What is measured.

    Returns
    -------
    bool
        Whether the answers of all folds are scored together, where labels are enough.

    References
    ----------
    Forman, Scholz: Apples-to-apples in cross-validation studies, SIGKDD Explorations 2010.

    Examples
    --------
    >>> from hybridsent.evaluation.measures._metrics import is_pooled, metrics_of
    >>> [is_pooled(metric) for metric in metrics_of(["accuracy", "f1_macro", "UAR", "roc_auc"])]
    [False, True, True, False]
    """
    definition = _definition(metric)
    if definition is not None:
        return not definition.by_row
    return not metric.own and _plain_name(metric) not in (*_BY_ROW, *_BY_RANK)


def metrics_of(scoring: Any) -> list[Metric]:
    """Look the metrics up before anything is encoded.

    Parameters
    ----------
    scoring : str, callable, list, tuple, set, dict or None
        All that scikit-learn's cross_validate takes; None, or ``"score"``, is the estimator's own
        ``score``.

    Returns
    -------
    list of Metric
        At least one. A callable that gives a dict counts as one here.

    Raises
    ------
    ValueError
        If it is nothing of these.
    """
    if scoring is None or (isinstance(scoring, str) and scoring == "score"):
        return [Metric("score", _own_score, own=True)]
    if isinstance(scoring, str):
        return [_named(scoring)]
    if isinstance(scoring, Mapping):
        found = [
            _called(str(name), each) if callable(each) else _named(each, str(name))
            for name, each in scoring.items()
        ]
    elif callable(scoring):
        return [_called("score", scoring)]
    else:
        found = list({metric.name: metric for metric in map(_named, _listed(scoring))}.values())
    if not found:
        raise ValueError("The scoring parameter must name at least one metric. Got none.")
    return found


def one_metric(scoring: Any, rule: str) -> Metric:
    """Look up the one metric that chooses.

    Parameters
    ----------
    scoring : str, callable, or a list or dict of one
        As `metrics_of` takes it.
    rule : str
        Who asks for one, and for what, for messages.

    Returns
    -------
    Metric
        The metric.

    Raises
    ------
    ValueError
        If there are several.
    """
    found = metrics_of(scoring)
    if len(found) > 1:
        raise ValueError(
            f"The scoring parameter of {rule}, or one scorer. Got "
            f"{[each.name for each in found]!r}."
        )
    return found[0]


def _listed(scoring: Any) -> list[Any]:
    if isinstance(scoring, (set, frozenset)):
        return sorted(scoring)
    if isinstance(scoring, (Sequence, np.ndarray)):
        return list(scoring)
    raise ValueError(f"The scoring parameter must be {_ALLOWED}. Got {scoring!r}.")


def _named(name: Any, called: str | None = None) -> Metric:
    is_name = isinstance(name, str)
    if not is_name:
        hint = f"; write {{'NAME': {name!r}}}" if callable(name) else ""
        raise ValueError(
            "The scoring parameter must hold names of scikit-learn's scorers or of papers. Got "
            f"{name!r}{hint}. It may be {_ALLOWED}."
        )
    known, shown = metric_name(name), called or name.strip()
    if known in OWN_METRICS:
        return _called(shown, OWN_METRICS[known])
    if known in DEFINITIONS:
        return Metric(shown, _SCORERS[known], known)
    if known.startswith("neg_") and "neg" not in name.lower():
        return Metric(shown, Negated(get_scorer(known)), known, sign=-1)
    return Metric(shown, get_scorer(known), known)


def _told_apart(y_true: Any, y_pred: Any) -> float:
    """Pearson's correlation, 0 of a model that says the same of all rows."""
    same = len(y_pred) > 0 and bool(np.all(np.asarray(y_pred) == np.asarray(y_pred)[0]))
    return 0.0 if same else pearson(y_true, y_pred)


_SCORERS = {name: make_scorer(each.function) for name, each in DEFINITIONS.items()}
_SCORERS["pearson"] = make_scorer(_told_apart)


def higher_is_better(metric: Metric) -> Callable[..., Any]:
    """Give the scorer of a metric as scikit-learn's searches want it.

    Parameters
    ----------
    metric : Metric
        What is measured.

    Returns
    -------
    callable
        Called with a fitted estimator, rows and labels; the negative of an error.
    """
    return metric.scorer if metric.sign > 0 else Negated(metric.scorer)


def _called(name: str, scorer: Callable[..., Any]) -> Metric:
    check_scoring(scoring=scorer)  # tells a metric function from a scorer
    return Metric(name, scorer, own=not type(scorer).__module__.startswith("sklearn."))


def _own_score(fitted: Any, X: Any, y: Any) -> Any:
    return fitted.score(X, y)
