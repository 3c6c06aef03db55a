"""Which labels are likely wrong, by what a model says that did not learn them (layer L3).

cleanlab decides it of classes, sets of labels and the order of numbers. Here are the predictions it
needs, of folds that keep groups together, and how far off a number has to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier

from hybridsent._folds import Folds
from hybridsent._groups import fit_with_groups, groups_of
from hybridsent._label_sets import label_sets, written_sets
from hybridsent._labels import (
    kind_found,
    kind_of,
    labeled_rows,
    one_column,
    plain_labels,
    take_rows,
)
from hybridsent._optional import import_optional
from hybridsent._outer_folds import outer_folds
from hybridsent._params import check_count
from hybridsent.exceptions import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["doubted_classes", "doubted_numbers", "doubted_sets", "of_cleanlab", "suspicious_labels"]

_FAR = 4.0  # robust standard deviations


def suspicious_labels(
    X: Any,
    y: Any,
    *,
    probabilities: Any = None,
    estimator: Any = None,
    cv: int = 5,
    groups: Any = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """List labels that are likely wrong, the most doubtful first (confident learning).

    Each row is judged by a model that did not learn from it, nor from a row of its group. Of
    classes a label is doubted where another class is more probable than it is on the average for
    the rows with that class (Northcutt et al., by cleanlab); of numbers where it lies more than 4
    robust standard deviations away from the prediction. It is the rule of ``hybridsent check``.

    Parameters
    ----------
    X : array or DataFrame of shape (n, p)
        Features, or whatever `estimator` takes; not looked at where `probabilities` are given, and
        may then be None.
    y : array of shape (n,), of sets of labels of any form
        Labels; rows without one are not judged. Classes, numbers, or sets.
    probabilities : DataFrame or array of shape (n, k), or of shape (n,), or None, default=None
        What a model says that did not learn these rows, if one was asked already: probabilities of
        the classes in sorted order (a DataFrame: by the names of its columns), or of numbers the
        predictions.
    estimator : estimator or None, default=None
        A classifier with `predict_proba`, or a regressor. None is ``LogisticRegression`` or
        ``Ridge`` of scaled features, with 0 for what is missing.
    cv : int, default=5
        Folds.
    groups : array of shape (n,) or None, default=None
        Group of each row; None takes the column ``group__0`` where there is one.
    random_state : int, default=0
        Seed of the folds.

    Returns
    -------
    DataFrame
        One line a doubted label, with the index of its row in y or X: ``position``, ``label``,
        ``suggested`` (what the model says) and ``quality``, from 0 to 1: of classes the probability
        of the label.

    Raises
    ------
    TableError
        If there are too few rows, or X, y and probabilities do not fit.
    MissingDependencyError
        If cleanlab is not installed.

    References
    ----------
    .. [1] C. Northcutt, L. Jiang, I. Chuang, "Confident learning: estimating uncertainty in dataset
       labels", Journal of Artificial Intelligence Research 70, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.annotation import suspicious_labels
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["bad", "good"], 50)
    >>> X = rng.normal(size=(100, 2)) + 4 * (y == "good")[:, None]
    >>> y[7] = "good"
    >>> suspicious_labels(X, y)[["position", "label", "suggested"]].to_dict("records")
    [{'position': 7, 'label': 'good', 'suggested': 'bad'}]
    """
    import pandas as pd

    of_cleanlab()
    check_count(cv, "cv", "suspicious_labels", 2)
    if probabilities is not None and estimator is not None:
        raise ValueError(
            "suspicious_labels takes the probabilities of a model, or the estimator that gives "
            "them. Got both; leave one out."
        )
    asked = estimator is not None
    kind = kind_of(estimator, y) if asked else kind_found(y)
    values = y if kind == "sets" else one_column(y)
    rows_of_x = _n_rows(X) if probabilities is None else len(values)
    if rows_of_x != len(values):
        what = "no X, and no probabilities" if X is None else f"{rows_of_x} and {len(values)}"
        raise TableError(f"X and y must have as many rows. Got {what}.")
    known = np.flatnonzero(labeled_rows(values, kind))
    if len(known) < 2 * cv:
        raise TableError(
            f"suspicious_labels needs at least {2 * cv} rows with a label. Got {len(known)}."
        )
    index = next(
        (each.index for each in (y, X) if isinstance(each, (pd.Series, pd.DataFrame))), None
    )
    labels = take_rows(values, known)
    codes, names = _codes(labels, kind)
    if probabilities is None:
        told = groups_of(None, X, groups)
        told = None if told is None else told[known]
        splits = outer_folds(
            codes if kind == "classes" else labels,
            cv,
            told,
            random_state=random_state,
            kind="names" if kind == "classes" else kind,
            every_row=True,
        )
        model = _default(kind) if estimator is None else estimator
        said = _out_of_fold(model, take_rows(X, known), codes, splits, kind, told)
    else:
        said = _given(probabilities, known, len(values), names, kind)
    if kind == "numbers":
        doubted, quality = doubted_numbers(codes, said)
        suggested: Any = said[doubted]
    elif kind == "sets":
        doubted, quality = doubted_sets(codes, said)
        suggested = np.array(written_sets((said[doubted] > 0.5).astype(int), names), dtype=object)
    else:
        doubted, quality = doubted_classes(codes, said)
        suggested = names[said[doubted].argmax(axis=1)]
    told_labels = (
        written_sets(codes[doubted], names) if kind == "sets" else np.asarray(labels)[doubted]
    )
    rows = known[doubted]
    return pd.DataFrame(
        {
            "position": rows,
            "label": told_labels,
            "suggested": suggested,
            "quality": quality,
        },
        index=rows if index is None else index[rows],
    )


# -- the rule --------------------------------------------------------------------------------------


def of_cleanlab(part: str = "") -> Any:
    """Import a part of cleanlab.

    Parameters
    ----------
    part : str, default=""
        Of its name, such as ``".filter"``.

    Returns
    -------
    module
        The same.

    Raises
    ------
    MissingDependencyError
        If cleanlab is not installed.
    """
    caller = "The search for suspicious labels"
    return import_optional(f"cleanlab{part}", caller=caller, extra="check")


def doubted_classes(codes: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find labels that cleanlab doubts.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Classes.
    probabilities : ndarray of shape (n, k)
        What a model says that did not learn these rows; rows need not sum to 1.

    Returns
    -------
    rows : ndarray of int
        Positions, the most doubtful first.
    quality : ndarray of float
        Probability of the label of each.
    """
    P = np.maximum(probabilities, 1e-9)
    P = P / P.sum(axis=1, keepdims=True)
    found = of_cleanlab(".filter").find_label_issues(
        codes, P, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    rows = np.asarray(found, dtype=int)
    return rows, P[rows, codes[rows]]


def doubted_sets(indicator: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find sets of labels that cleanlab doubts.

    Parameters
    ----------
    indicator : ndarray of shape (n, n_labels)
        1 where a row has a label.
    probabilities : ndarray of shape (n, n_labels)
        Of each label, by a model that did not learn these rows.

    Returns
    -------
    rows : ndarray of int
        Positions, the most doubtful first.
    quality : ndarray of float
        The least probability of what is said of one label of each.
    """
    P = np.clip(probabilities, 1e-9, 1.0)
    found = of_cleanlab(".multilabel_classification.filter").find_label_issues(
        [np.flatnonzero(row > 0).tolist() for row in indicator],
        P,
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    rows = np.asarray(found, dtype=int)
    said = np.where(indicator > 0, P, 1 - P)
    return rows, said[rows].min(axis=1, initial=1.0)


def doubted_numbers(y: np.ndarray, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find numbers that lie far from what a model says, the farthest first by cleanlab.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Numbers.
    said : ndarray of shape (n,)
        What a model says that did not learn these rows.

    Returns
    -------
    rows : ndarray of int
        Positions of those more than 4 robust standard deviations away.
    quality : ndarray of float
        From 0 to 1, cleanlab's.
    """
    away = np.abs(y - said - np.median(y - said))
    far = away > _FAR * 1.4826 * np.median(away)
    quality = np.asarray(of_cleanlab(".regression.rank").get_label_quality_scores(y, said))
    order = np.argsort(quality, kind="stable")
    rows = np.asarray(order[far[order]])
    return rows, quality[rows]


# -- what a model says -----------------------------------------------------------------------------


def _codes(labels: Any, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Give labels as codes, numbers or an indicator, and the names of the classes."""
    if kind == "sets":
        return label_sets(labels)
    if kind == "numbers":
        return np.asarray(labels, dtype=np.float64), np.empty(0)
    names, codes = np.unique(plain_labels(np.asarray(labels)), return_inverse=True)
    if len(names) < 2:
        raise TableError(f"suspicious_labels needs at least 2 classes. Got {names.tolist()} alone.")
    return np.asarray(codes), names


def _default(kind: str) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    last: Any = Ridge(alpha=1.0) if kind == "numbers" else LogisticRegression(C=0.1, max_iter=500)
    last = OneVsRestClassifier(last) if kind == "sets" else last
    filled = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    return make_pipeline(StandardScaler(), filled, last)


def _out_of_fold(
    model: Any, X: Any, codes: np.ndarray, splits: Folds, kind: str, groups: np.ndarray | None
) -> np.ndarray:
    """Give what models say of rows that they did not learn from."""
    said = np.zeros(codes.shape if kind != "classes" else (len(codes), int(codes.max()) + 1))
    for train, test in splits:
        told = None if groups is None else groups[train]
        if kind == "sets":
            there = np.flatnonzero(
                (codes[train].min(axis=0) == 0) & (codes[train].max(axis=0) == 1)
            )
            fitted = clone(model).fit(take_rows(X, train), codes[train][:, there])
            said[np.ix_(test, there)] = fitted.predict_proba(take_rows(X, test))
            continue
        fitted = fit_with_groups(clone(model), take_rows(X, train), codes[train], told)
        if kind == "numbers":
            said[test] = fitted.predict(take_rows(X, test))
        else:
            said[np.ix_(test, fitted.classes_)] = fitted.predict_proba(take_rows(X, test))
    return said


def _n_rows(X: Any) -> int:
    shape = getattr(X, "shape", None)
    if shape:
        return int(shape[0])
    return -1 if X is None else len(X)


def _given(
    probabilities: Any, known: np.ndarray, n: int, names: np.ndarray, kind: str
) -> np.ndarray:
    """Read what a model said."""
    columns = getattr(probabilities, "columns", None)
    told = np.asarray(probabilities, dtype=np.float64)
    if columns is not None and kind != "numbers":
        place = {name: j for j, name in enumerate(list(columns))}
        missing = [name for name in names.tolist() if name not in place]
        if missing:
            raise TableError(
                f"probabilities must have a column for each class. Got none for {missing[0]!r}."
            )
        told = told[:, [place[name] for name in names.tolist()]]
    if kind == "numbers" and told.ndim == 2 and told.shape[1] == 1:
        told = told[:, 0]
    shape = () if kind == "numbers" else (len(names),)
    if told.shape[1:] != shape or len(told) != n:
        what = ", and a column for each class" if shape else ""
        raise TableError(
            f"probabilities must have a row for each label{what}. Got the shape {told.shape} for "
            f"{n} rows with labels of {names.tolist()[:8]}."
        )
    told = told[known]
    gaps = int(np.isnan(told).reshape(len(told), -1).any(axis=1).sum())
    if gaps:
        raise TableError(f"probabilities must be numbers. Got NaN in {gaps} rows with a label.")
    return np.asarray(told)
