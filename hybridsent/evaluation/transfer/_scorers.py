"""Choose a model for a target domain without its labels (layer L5).

scikit-learn's scorers need labels of the rows that matter, and those of the target have none; a
fold holds both domains, so that accuracy would count rows with -1 as wrong. skada's scorers of the
same names need its own routing of domains through every estimator.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, gen_batches

from hybridsent._hints import did_you_mean
from hybridsent._labels import kind_of, labeled_rows, take_rows
from hybridsent._tables import as_pandas
from hybridsent.evaluation.fits._models import domain_part
from hybridsent.evaluation.rows._columns import picks_columns
from hybridsent.views import DOMAIN, view_of

__all__ = [
    "importance_weighted_score",
    "prediction_entropy_score",
    "soft_neighborhood_density_score",
    "target_rows",
]

_CELLS = 2**22  # of a matrix of similarities held at a time: 32 MB


def prediction_entropy_score(estimator: Any, X: Any, y: Any = None) -> float:
    r"""Score a classifier by how sure it is of the target rows.

    .. math:: \frac{1}{n} \sum_{i} \sum_c p_c(x_i) \log p_c(x_i)

    over the rows of the target: minus the mean entropy, in nats. 0 is best, and
    :math:`-\log C` is not sure at all. No label is looked at. A classifier that puts all rows in
    one class is sure, too: use it among settings that are sensible.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier with `predict_proba`.
    X : array or DataFrame of n rows
        Rows; those of the target count, see Notes.
    y : array of shape (n,), default=None
        Labels, of which only -1 may matter, see Notes.

    Returns
    -------
    float
        The score; higher is better. It is a scorer: ``GridSearchCV(..., scoring=...)`` takes it.

    Raises
    ------
    ValueError
        If no row is of the target, or the classifier has no probabilities.

    Notes
    -----
    Where the classifier begins with `hybridsent.make_features` (`hybridsent.make_fusion`) that was
    given `domain`, a row is of the target where that column says so, by `target_domain`. Else it is
    so where the column ``domain__0`` (of a table: ``domain``, unless it holds text) is 1. Where
    there is no such column, it is so where y is -1; where no label is -1 either, every row is.

    References
    ----------
    Morerio, Cavazza, Murino: Minimal-entropy correlation alignment for unsupervised deep domain
    adaptation, ICLR 2018, section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from hybridsent.evaluation import prediction_entropy_score
    >>> X, y = np.zeros((4, 1)), np.array([0, 1, -1, -1])
    >>> guess = DummyClassifier(strategy="prior").fit(X[:2], y[:2])
    >>> round(prediction_entropy_score(guess, X, y), 3)
    -0.693
    """
    p = _target_probabilities(estimator, X, y, "prediction_entropy_score")
    # 0 log 0 is 0
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    return float(np.einsum("ij,ij->", p, logs)) / len(p)


def soft_neighborhood_density_score(
    estimator: Any, X: Any, y: Any = None, *, temperature: float = 0.05
) -> float:
    r"""Score a classifier by how densely its answers to the target rows lie together.

    With the probabilities of each row at length 1, :math:`\tilde p_i`,

    .. math:: P_{ij} = \frac{\exp(\tilde p_i^\top \tilde p_j / \tau)}
              {\sum_{k \ne i} \exp(\tilde p_i^\top \tilde p_k / \tau)} \quad (j \ne i), \qquad
              -\frac{1}{n} \sum_{i, j} P_{ij} \log P_{ij},

    over the rows of the target: the entropy of a row's soft neighbourhood is high where many rows
    are answered alike. The similarities are computed in blocks of rows. No label is looked at.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier with `predict_proba`.
    X : array or DataFrame of n rows
        Rows; those of the target count, as in `prediction_entropy_score`.
    y : array of shape (n,), default=None
        Labels, of which only -1 may matter, as there.
    temperature : float, default=0.05
        The temperature, as in the paper.

    Returns
    -------
    float
        The score, up to log(n - 1); higher is better. Compare only scores of the same rows.

    Raises
    ------
    ValueError
        If fewer than 2 rows are of the target, or the classifier has no probabilities.

    References
    ----------
    Saito, Kim, Teterwak, Sclaroff, Darrell, Saenko: Tune it the right way: unsupervised validation
    of domain adaptation via soft neighborhood density, ICCV 2021, eqs. 1-3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from hybridsent.evaluation import soft_neighborhood_density_score
    >>> X, y = np.zeros((4, 1)), np.array([0, 1, 0, 1])
    >>> guess = DummyClassifier(strategy="prior").fit(X, y)
    >>> round(soft_neighborhood_density_score(guess, X), 3), round(float(np.log(3)), 3)
    (1.099, 1.099)
    """
    if not temperature > 0:
        raise ValueError(f"The temperature parameter must be above 0. Got {temperature}.")
    p = _target_probabilities(estimator, X, y, "soft_neighborhood_density_score")
    if len(p) < 2:
        raise ValueError(
            "soft_neighborhood_density_score needs at least 2 rows of the target. Got "
            f"{len(p)}; take fewer folds."
        )
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    total = 0.0
    for rows in gen_batches(len(p), max(1, _CELLS // len(p))):
        S = p[rows] @ p.T / temperature
        S[np.arange(len(S)), np.arange(len(p))[rows]] = -np.inf
        S -= S.max(axis=1, keepdims=True)
        P = np.exp(S)
        sums = P.sum(axis=1)
        # the entropy of a softmax: log of its sum less the mean exponent; 0 times -inf is 0
        np.copyto(S, 0.0, where=P == 0)
        total += float((np.log(sums) - np.einsum("ij,ij->i", P, S) / sums).sum())
    return total / len(p)


def _target_probabilities(estimator: Any, X: Any, y: Any, who: str) -> np.ndarray:
    X = as_pandas(X)
    target = np.flatnonzero(target_rows(estimator, X, y))
    if len(target) == 0:
        raise ValueError(
            f"{who} needs rows of the target. Got {len(X)} rows, all of the source; take folds "
            "that hold both domains."
        )
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"{who} needs a classifier with predict_proba. Got {estimator!r}; put "
            "sklearn.calibration.CalibratedClassifierCV around it."
        )
    return np.asarray(estimator.predict_proba(take_rows(X, target)), dtype=np.float64)


def target_rows(estimator: Any, X: Any, y: Any) -> np.ndarray:
    """Tell which rows are of the target: as the estimator is told, by column, by label, or all.

    Parameters
    ----------
    estimator : estimator
        Who is scored; where it begins with `make_features`, that may name the column of domains.
    X : array or DataFrame of n rows
        Rows; else the column ``domain__0``, or ``domain`` of a table, tells.
    y : array of shape (n,) or None
        Labels; without such a column, -1 tells.

    Returns
    -------
    ndarray of bool of shape (n,)
        Which rows are of the target; all where nothing tells.

    Raises
    ------
    ValueError
        If a domain is neither 0 nor 1.
    """
    name, domain = _read_domain(estimator, X)
    if domain is not None:
        # by way of pandas: a missing value of a nullable column can be compared with nothing else
        strange = domain[~domain.isin((0, 1))]
        if len(strange):
            raise ValueError(
                f"The column {name!r} must be 0 for rows of the source and 1 for rows of the "
                f"target. Got {sorted(set(strange.tolist()), key=str)[:3]}; rename a column that "
                "tells something else."
            )
        return np.asarray(domain.isin((1,)))
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    if y is None:
        return np.ones(n, dtype=bool)
    unlabeled = ~labeled_rows(y, kind_of(estimator, y))
    return unlabeled if unlabeled.any() else np.ones(n, dtype=bool)


def _read_domain(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Find the column that tells domains, and read it; the name and a Series, or None twice."""
    if not hasattr(X, "columns"):
        return None, None
    import pandas as pd

    found = domain_part(estimator)
    if found is not None:
        part, where = found
        names = where if isinstance(where, list) else [where]
        if len(names) == 1 and isinstance(names[0], str) and names[0] in X.columns:
            told = part.transform(X[where]) if hasattr(part, "transform") else X[where]
            return names[0], pd.Series(np.asarray(told).ravel())
    for name in X.columns:
        if name == DOMAIN or view_of(name) == DOMAIN:
            values = pd.Series(np.asarray(X[name]))
            if name != DOMAIN or not _is_text(values):
                return name, values
    return None, None


def _is_text(values: Any) -> bool:
    """Tell a column of names, which do not say which is the target, or are of another thing."""
    known = values[values.notna()].tolist()
    return not known or any(isinstance(value, str) for value in known)


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
    kind = kind_of(estimator, y)
    regression = kind == "numbers"
    labels = np.asarray(y)
    chosen = np.flatnonzero(~target & labeled_rows(y, kind))
    if len(chosen) == 0:
        raise ValueError(
            "importance_weighted_score needs labelled rows of the source. Got "
            f"{int((~target).sum())} rows of the source, none of them with a label."
        )
    if weights is None or hasattr(weights, "fit"):
        w = _estimated(estimator, X, target, weights)[chosen]
    else:
        w = _checked(weights, len(target))[chosen]
    answers = np.asarray(estimator.predict(take_rows(X, chosen)))
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
