"""Names of metrics: what papers call scikit-learn's scorers, and metrics of one's own (layer L5).

scikit-learn's own list of scorers is private and closed, so that a name of it is all that a command
or a saved setting can give.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sklearn.metrics import check_scoring, get_scorer_names

from hybridsent._plugins import read_plugins, warn_of_plugins
from hybridsent._registries import keep_registry
from hybridsent.evaluation.metrics import DEFINITIONS

__all__ = [
    "ALIASES",
    "AMBIGUOUS",
    "OF_PAPERS",
    "OWN_METRICS",
    "known_name",
    "list_metrics",
    "register_metric",
]

ALIASES = {
    "acc": "accuracy",
    "wa": "accuracy",
    "war": "accuracy",
    "weighted_accuracy": "accuracy",
    "uar": "balanced_accuracy",
    "ua": "balanced_accuracy",
    "bacc": "balanced_accuracy",
    "bal_acc": "balanced_accuracy",
    "balanced_acc": "balanced_accuracy",
    "unweighted_average_recall": "balanced_accuracy",
    "unweighted_accuracy": "balanced_accuracy",
    "macro_recall": "balanced_accuracy",
    "tweeteval_sentiment": "recall_macro",
    "wf1": "f1_weighted",
    "w_f1": "f1_weighted",
    "weighted_f1": "f1_weighted",
    "mustard_f1": "f1_weighted",
    "mf1": "f1_macro",
    "maf1": "f1_macro",
    "m_f1": "f1_macro",
    "macro_f1": "f1_macro",
    "tweeteval_emotion": "f1_macro",
    "micro_f1": "f1_micro",
    "mif1": "f1_micro",
    "auc": "roc_auc",
    "auroc": "roc_auc",
    "rocauc": "roc_auc",
    "auc_roc": "roc_auc",
    "ap": "average_precision",
    "auprc": "average_precision",
    "pr_auc": "average_precision",
    "mcc": "matthews_corrcoef",
    "log_loss": "neg_log_loss",
    "logloss": "neg_log_loss",
    "cross_entropy": "neg_log_loss",
    "brier": "neg_brier_score",
    "brier_score": "neg_brier_score",
    "mse": "neg_mean_squared_error",
    "mean_squared_error": "neg_mean_squared_error",
    "rmse": "neg_root_mean_squared_error",
    "mae": "neg_mean_absolute_error",
    "mean_absolute_error": "neg_mean_absolute_error",
}
"""What papers call scikit-learn's scorers, in small letters. An error is negated there, and is
itself here: ``"MAE"`` is the error, of which less is better, and ``"neg_mean_absolute_error"`` its
negative."""

OF_PAPERS = {
    "has0_acc_2": "acc2_has0",
    "has0_f1_score": "f1_has0",
    "has0_f1": "f1_has0",
    "non0_acc_2": "acc2_non0",
    "non0_f1_score": "f1_non0",
    "non0_f1": "f1_non0",
    "mult_acc_3": "acc3",
    "mult_acc_5": "acc5",
    "mult_acc_7": "acc7",
    "corr": "pearson",
    "pearson_r": "pearson",
    "pcc": "pearson",
    "concordance": "ccc",
    "concordance_cc": "ccc",
}
"""What papers call the metrics of `hybridsent.evaluation.metrics` otherwise."""

AMBIGUOUS = {
    "acc2": "acc2_has0 (0 is positive) and acc2_non0 (rows of 0 are left out)",
}
"""Names under which papers mean several things."""

_NAME = re.compile(r"[a-z0-9][\w.]*")

OWN_METRICS: dict[str, Callable[..., Any]] = keep_registry({})
"""Scorers by the names that they were registered under."""


def _bare(name: str) -> str:
    """Leave out what papers write differently: case, hyphens, underscores and spaces."""
    return re.sub("[^a-z0-9.]", "", name.lower())


def known_name(name: str) -> str | None:
    """Tell which metric a name means, whether of scikit-learn, of this package or registered.

    Parameters
    ----------
    name : str
        Its name, or what papers call it, in any case, with or without hyphens and underscores.

    Returns
    -------
    str or None
        Its one name; None where it is not known.

    Raises
    ------
    ValueError
        If papers mean several things by it.

    Examples
    --------
    >>> from hybridsent.evaluation.measures._metric_names import known_name
    >>> known_name("Acc-7"), known_name("UAR"), known_name("f1_macro"), known_name("nothing")
    ('acc7', 'balanced_accuracy', 'f1_macro', None)
    """
    if name in OWN_METRICS or name in get_scorer_names() or name in DEFINITIONS:
        return name
    bare = _bare(name)
    if bare in AMBIGUOUS:
        raise ValueError(
            f"The metric {name!r} means two things in papers: {AMBIGUOUS[bare]}. Name one of them."
        )
    return _by_bare_name().get(bare)


def _by_bare_name() -> dict[str, str]:
    own = {each: each for each in [*get_scorer_names(), *DEFINITIONS]}
    return {_bare(each): known for each, known in {**own, **OF_PAPERS, **ALIASES}.items()}


def register_metric(name: str, scorer: Callable[..., Any], *, replace: bool = False) -> None:
    """Make a metric known under a name, for ``scoring=NAME`` and ``--metric NAME`` in this process.

    Write it into a plugin (`hybridsent.load_plugin`), so that the command line and other processes
    know it, too.

    Parameters
    ----------
    name : str
        Name, such as ``"neg_cost"``: small letters, digits, ``_`` and ``.``.
    scorer : callable
        A scorer, as scikit-learn has them; higher is better:

        - what ``sklearn.metrics.make_scorer`` makes of a function of labels and answers. It may be
          pooled over folds, and `transfer_report` resamples it;
        - a callable ``(estimator, X, y)`` that gives a number, which sees the fitted model. In
          `transfer_report` the model only repeats its answers.
    replace : bool, default=False
        Whether one of the same name may be replaced.

    Raises
    ------
    ValueError
        If the name is none, or taken, by a scorer of scikit-learn or a name that papers use, too.
    TypeError
        If the scorer is none.

    See Also
    --------
    list_metrics : All names.

    Examples
    --------
    >>> from sklearn.metrics import fbeta_score, make_scorer
    >>> from hybridsent.evaluation import list_metrics, register_metric
    >>> f2 = make_scorer(fbeta_score, beta=2, average="macro")
    >>> register_metric("f2_macro_of_an_example", f2)
    >>> "f2_macro_of_an_example" in list_metrics()
    True
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            "The name of a metric must be of small letters, digits, _ and ., such as 'neg_cost'. "
            f"Got {name!r}."
        )
    bare = _bare(name)
    if bare in AMBIGUOUS or bare in _by_bare_name():
        raise ValueError(
            f"The name of a metric must not be one that is known already. Got {name!r}, which is "
            f"{_by_bare_name().get(bare, 'one of several')!r}; take another one."
        )
    if name in OWN_METRICS and not replace:
        raise ValueError(
            f"The metric {name!r} is registered already; take another name, or replace=True."
        )
    if not callable(scorer) or isinstance(scorer, type):
        raise TypeError(
            "The scorer parameter must be what make_scorer gives, or a callable (estimator, X, y). "
            f"Got {scorer!r}."
        )
    check_scoring(scoring=scorer)  # tells a function of scikit-learn's metrics from a scorer
    OWN_METRICS[name] = scorer


def list_metrics() -> list[str]:
    """List the names that ``scoring=`` and ``--metric`` take.

    Returns
    -------
    list of str
        Those of scikit-learn's scorers, of `hybridsent.evaluation.metrics` that are none of these,
        and those of one's own. Names that papers use, such as ``"UAR"``, stand for some of the
        former.

    Examples
    --------
    >>> from hybridsent.evaluation import list_metrics
    >>> "f1_macro" in list_metrics(), "acc7" in list_metrics()
    (True, True)
    """
    read_plugins()
    warn_of_plugins()
    return [*get_scorer_names(), *sorted(DEFINITIONS), *sorted(OWN_METRICS)]
