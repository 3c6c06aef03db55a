"""Names of metrics: what papers call scikit-learn's scorers, and metrics of one's own (layer L5).

scikit-learn's own list of scorers is private and closed, so that a name of it is all that a command
or a saved setting can give.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sklearn.metrics import check_scoring, get_scorer_names

from hybridsent._plugins import keep_registry, read_plugins, warn_of_plugins

__all__ = ["ALIASES", "OWN_METRICS", "list_metrics", "register_metric"]

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
    "wf1": "f1_weighted",
    "w_f1": "f1_weighted",
    "weighted_f1": "f1_weighted",
    "mf1": "f1_macro",
    "maf1": "f1_macro",
    "m_f1": "f1_macro",
    "macro_f1": "f1_macro",
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
"""What papers call scikit-learn's scorers, in small letters; losses are negated there."""

_NAME = re.compile(r"[a-z0-9][\w.]*")

OWN_METRICS: dict[str, Callable[..., Any]] = keep_registry({})
"""Scorers by the names that they were registered under."""


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
    if name in get_scorer_names() or name in ALIASES:
        raise ValueError(
            f"The name of a metric must not be one that is known already. Got {name!r}, which is "
            f"{ALIASES.get(name, name)!r} of scikit-learn; take another one."
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
        Those of scikit-learn's scorers, and those of one's own. Names that papers use, such as
        ``"UAR"``, stand for some of the former.

    Examples
    --------
    >>> from hybridsent.evaluation import list_metrics
    >>> "f1_macro" in list_metrics()
    True
    """
    read_plugins()
    warn_of_plugins()
    return [*get_scorer_names(), *sorted(OWN_METRICS)]
