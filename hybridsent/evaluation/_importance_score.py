"""Score on the source as the target would: importance-weighted validation (layer L5).

scikit-learn's metrics take weights, but its searches do not hand them to scorers without metadata
routing; skada's scorer needs that, and estimates densities, which in 384 dimensions fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array

from hybridsent._hints import did_you_mean
from hybridsent._labels import labeled_rows
from hybridsent._tables import as_pandas
from hybridsent.evaluation._columns import picks_columns
from hybridsent.evaluation._fits import rows_of
from hybridsent.evaluation._scorers import target_rows
from hybridsent.views import DOMAIN, view_of

__all__ = ["importance_weighted_score"]

_CONTROLS = ("ratio", "variate", "none")


def importance_weighted_score(
    estimator: Any, X: Any, y: Any, *, weights: Any = None, control: str = "ratio"
) -> float:
    r"""Score a model on labelled source rows, weighted as the target would draw them.

    With the density ratio :math:`w(x) = p_t(x) / p_s(x)` and a row's score s, which is 1 for a
    right and 0 for a wrong label, or minus the squared error of a regressor, it is

    .. math:: \frac{\sum_i w_i s_i}{\sum_i w_i}, \qquad
              \frac{1}{n} \sum_i w_i s_i, \qquad \text{or} \qquad
              \frac{1}{n} \sum_i w_i s_i + \eta \Bigl(\frac{1}{n} \sum_i w_i - 1\Bigr)

    over the labelled rows of the source (control "ratio", "none", "variate"). It is right where
    the domains differ in x alone, and what the target holds also occurs in the source.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier or regressor.
    X : array or DataFrame of n rows
        Rows of both domains; which is which is told as in `prediction_entropy_score`, but not every
        row can be one of the target.
    y : array of shape (n,)
        Labels; only those of the source are looked at.
    weights : array of shape (n,) or estimator, default=None
        w of each row; only those of labelled source rows count. Or an estimator that weighs rows,
        such as `hybridsent.transfer.KMM`, which is fitted on X, or on what a pipeline's first step
        makes of a table; None is `hybridsent.transfer.DomainClassifier`.
    control : {"ratio", "variate", "none"}, default="ratio"
        What is done against the variance that large weights bring: the sum of the weights in the
        denominator; a control variate with :math:`\eta = -\operatorname{cov}(w s, w) /
        \operatorname{var}(w)`; or nothing.

    Returns
    -------
    float
        The score; higher is better. It is a scorer: ``GridSearchCV(..., scoring=...)`` takes it,
        with options by ``functools.partial``.

    Raises
    ------
    ValueError
        If no labelled row is of the source, no row is of the target, or weights do not fit.

    References
    ----------
    Sugiyama, Krauledat, Müller: Covariate shift adaptation by importance weighted cross validation,
    JMLR 2007, eq. 8.

    You, Wang, Long, Jordan: Towards accurate model selection in deep unsupervised domain
    adaptation, ICML 2019, algorithm 1 (the control variate).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.dummy import DummyClassifier
    >>> from hybridsent.evaluation import importance_weighted_score
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 2.0], "domain__0": [0.0, 0.0, 1.0]})
    >>> y = [0, 1, -1]
    >>> always_0 = DummyClassifier(strategy="constant", constant=0).fit(X[:2], y[:2])
    >>> importance_weighted_score(always_0, X, y, weights=[1.0, 3.0, 0.0])
    0.25
    """
    if control not in _CONTROLS:
        raise ValueError(
            f"The control parameter must be one of {list(_CONTROLS)}. Got {control!r}."
            f"{did_you_mean(control, _CONTROLS)}"
        )
    X = as_pandas(X)
    target = target_rows(estimator, X, y)
    regression = not is_classifier(estimator)
    labels = np.asarray(y)
    chosen = np.flatnonzero(~target & labeled_rows(y))
    if len(chosen) == 0:
        raise ValueError(
            "importance_weighted_score needs labelled rows of the source. Got "
            f"{int((~target).sum())} rows of the source, none of them with a label."
        )
    if weights is None or hasattr(weights, "fit"):
        w = _estimated(estimator, X, target, weights)[chosen]
    else:
        w = _checked(weights, len(target))[chosen]
    answers = np.asarray(estimator.predict(rows_of(X, chosen)))
    truth = labels[chosen]
    s = -((answers - truth) ** 2.0) if regression else (answers == truth).astype(np.float64)
    return _weighted(s, w, control)


def _weighted(s: np.ndarray, w: np.ndarray, control: str) -> float:
    if control == "ratio":
        if not w.sum() > 0:
            raise ValueError(
                "The weights of the labelled source rows must have a sum above 0. Got "
                f"{w.sum()}: no row of the source is like one of the target."
            )
        return float(w @ s / w.sum())
    plain = float((w * s).mean())
    spread = float(w.var())
    if control == "none" or spread == 0:
        return plain
    covariance = float(((w * s - plain) * (w - w.mean())).mean())
    return plain - covariance / spread * float(w.mean() - 1)


def _checked(weights: Any, n: int) -> np.ndarray:
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (n,) or not np.isfinite(w).all() or (w < 0).any():
        raise ValueError(
            "The weights parameter must be one number of at least 0 a row. Got shape "
            f"{w.shape} for {n} rows."
        )
    return w


def _estimated(estimator: Any, X: Any, target: np.ndarray, weigher: Any) -> np.ndarray:
    """Weigh the rows of both domains."""
    import pandas as pd

    counts = int((~target).sum()), int(target.sum())
    if min(counts) < 2:
        raise ValueError(
            "importance_weighted_score needs at least 2 rows of the source and 2 of the target to "
            f"estimate weights. Got {counts[0]} and {counts[1]}; mark the target by a column "
            f"'{DOMAIN}__0', by the label -1, or give weights."
        )
    features = _features(estimator, X)
    told = pd.DataFrame(features, columns=[f"x__{i}" for i in range(features.shape[1])])
    told[f"{DOMAIN}__0"] = target.astype(features.dtype)
    if weigher is None:
        from hybridsent.transfer import DomainClassifier

        weigher = DomainClassifier()
    fitted = clone(weigher).fit(told)
    return np.asarray(fitted.sample_weight_, dtype=np.float64)


def _features(estimator: Any, X: Any) -> np.ndarray:
    """Numbers that describe the rows, without the domain."""
    fitted = getattr(estimator, "best_estimator_", estimator)
    numbers = all(kind.kind in "iufb" for kind in getattr(X, "dtypes", ()))
    # what picks its columns leaves others alone, such as one that tells the domain by a number
    if isinstance(fitted, Pipeline) and (not numbers or picks_columns(fitted)):
        X = fitted[0].transform(X)
    if hasattr(X, "columns"):
        X = X[[name for name in X.columns if view_of(name) != DOMAIN and name != DOMAIN]]
    return np.asarray(check_array(X, input_name="X", dtype=[np.float64, np.float32]))
