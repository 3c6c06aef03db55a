"""Which rows to label next (layer L3)."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from hybridsent._optional import import_optional
from hybridsent._params import check_count
from hybridsent.active._batch import diverse
from hybridsent.active._labels_seen import read_seen
from hybridsent.active._models import check_probabilities
from hybridsent.active._pool import Pool
from hybridsent.active._registry import Query, get_query
from hybridsent.active._strategies import Ask, typical

__all__ = ["rank_rows"]


def rank_rows(
    X: Any,
    y: Any,
    *,
    strategy: Any = "auto",
    estimator: Any = None,
    probabilities: Any = None,
    groups: Any = None,
    n: int = 1,
    random_state: Any = 0,
) -> np.ndarray:
    """Tell which rows to label next, the most informative first.

    Parameters
    ----------
    X : DataFrame, array of shape (n_rows, p) or Pool
        Features, columns named ``view__i``, or of no view; NaN is a missing view. A `Pool` of them
        is quicker where the same rows are ranked after every label. Rows without any view come
        last.
    y : array of shape (n_rows,), of sets also of shape (n_rows, n_labels)
        Labels so far: classes, numbers, or sets of labels. A row without one has the number -1, or
        NaN among numbers of a regression.
    strategy : str or strategy of scikit-activeml, default="auto"
        - ``"random"``: any row.
        - ``"least-confident"``, ``"margin"``, ``"entropy"``: the model is least sure.
        - ``"clustered-margin"``: the rows of the smallest margins, ten times as many as are wanted,
          are clustered with weights 1 - margin, and of each cluster the middle is taken (Zhdanov
          2019). For several rows at once.
        - ``"badge"``: unsure rows whose gradients differ (Ash 2020).
        - ``"variance"``: labels that lower the variance of the predictions about all rows most, by
          the Fisher information of a logistic regression (Ash 2021, one class beside the others).
        - ``"core-set"``: the row farthest from all that is labelled (Sener 2018).
        - ``"typical"``: the most typical row of the largest cluster without a label (Hacohen
          2022), for the first labels.
        - ``"committee"``: models of the single views disagree; of one view, models of rows drawn
          with replacement. A view that a row lacks has no say.
        - ``"auto"``: typical rows for the first 10 labels, and until two classes were seen; then
          variance, or of numbers core-set.
        - a name of one's own (`register_query`), or an object of `skactiveml.pool` with its
          default ``missing_label``, which needs ``pip install "hybridsent[active]"``.

        Where there is nothing yet that a model could learn, those that ask one are ``"typical"``.
    estimator : estimator or None, default=None
        Classifier with `predict_proba` of which a copy is fitted on the labelled rows of X. None is
        a logistic regression with a fixed penalty. Not fitted where `probabilities` are given.
    probabilities : array of shape (n_rows, k) or None, default=None
        Probabilities of the classes, or of the labels of sets, by a model that is fitted already.
        Rows of NaN come last.
    groups : array of shape (n_rows,) or None, default=None
        Group of each row (speaker, thread): several rows are spread over groups. None takes the
        column ``group__0``, where there is one.
    n : int, default=1
        How many rows. Several differ from each other: a batch of near-duplicates is worth one row.
    random_state : int, RandomState instance or None, default=0
        Seed of ties, clusters and draws.

    Returns
    -------
    ndarray of int of shape (n,)
        Positions of rows without a label; fewer where there are no more.

    Raises
    ------
    ValueError
        If a parameter is none of these, the strategy does not serve what y holds, or the estimator
        has no probabilities.

    See Also
    --------
    stop_advice : When to stop.
    hybridsent.evaluation.active_curve : What a strategy would have saved.

    References
    ----------
    Settles: Active learning literature survey, 2009. Sener, Savarese: Active learning for
    convolutional neural networks: a core-set approach, ICLR 2018. Ash, Zhang, Krishnamurthy,
    Langford, Agarwal: Deep batch active learning by diverse, uncertain gradient lower bounds, ICLR
    2020. Hacohen, Dekel, Weinshall: Active learning on a budget: opposite strategies suit high and
    low budgets, ICML 2022. Ash, Goel,
    Krishnamurthy, Kakade: Gone fishing: neural active learning with Fisher embeddings, NeurIPS
    2021. Zhdanov: Diverse mini-batch active learning, arXiv:1901.05954, 2019. McCallum, Nigam:
    Employing EM and pool-based active learning for text classification, ICML 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.active import rank_rows
    >>> X = np.array([[-2.0], [-1.0], [0.1], [1.0], [2.0]])
    >>> rank_rows(X, ["bad", -1, -1, -1, "good"], strategy="margin")
    array([2])
    >>> rank_rows(X, ["bad", -1, -1, -1, "good"], strategy="core-set", n=2).tolist()
    [2, 1]
    """
    check_count(n, "n", "rank_rows")
    pool = _as_pool(X, groups)
    known_by = estimator if probabilities is None else None
    seen = read_seen(y, known_by, len(pool))
    told = None if probabilities is None else check_probabilities(probabilities, len(pool))
    query = get_query(strategy) if isinstance(strategy, str) else None
    if query is None and not hasattr(strategy, "query"):
        raise ValueError(
            "The strategy parameter of rank_rows must be a name or a strategy of skactiveml.pool. "
            f"Got {strategy!r:.200}."
        )
    if query is not None and not query.numbers and seen.kind == "numbers":
        raise ValueError(
            f"The strategy {query.name!r} needs probabilities of classes, which numbers have not. "
            "Use 'core-set', 'typical', 'committee' or 'auto'."
        )
    random = check_random_state(random_state)
    free = np.flatnonzero(~seen.known)
    full = pool.there[free]
    rows, empty = free[full], free[~full]
    ask = Ask(pool, y, seen, rows, min(n, len(rows)), random, estimator, told)
    found = _ranked(ask, query, strategy) if ask.n else rows[:0]
    if len(found) < n:  # rows without any view are asked for when nothing else is left
        found = np.concatenate([found, random.permutation(empty)[: n - len(found)]])
    return np.asarray(found, dtype=np.intp)


def _as_pool(X: Any, groups: Any) -> Pool:
    if not isinstance(X, Pool):
        return Pool(X, groups)
    if groups is not None:
        raise ValueError(
            "The groups parameter of rank_rows must be None where X is a Pool: "
            "Pool(features, groups) keeps them."
        )
    return X


def _ranked(ask: Ask, query: Query | None, strategy: Any) -> np.ndarray:
    if query is None:
        return _by_activeml(ask, strategy)
    function = query.function()
    if not query.is_own:
        return np.asarray(function(ask))
    wanted = inspect.signature(function).parameters
    open_ended = any(each.kind is each.VAR_KEYWORD for each in wanted.values())
    given: dict[str, Any] = {
        "pool": ask.pool,
        "y": ask.y,
        "labelled": ask.seen.known,
        "n": ask.n,
        "random_state": ask.random,
    }
    if "probabilities" in wanted:
        if not ask.can_judge:
            return typical(ask)
        given["probabilities"] = ask.probabilities
    found = np.asarray(
        function(**{name: each for name, each in given.items() if open_ended or name in wanted})
    )
    return _checked(ask, query.name, found)


def _checked(ask: Ask, name: str, found: np.ndarray) -> np.ndarray:
    """Read what a strategy of one's own gave: a score for each row, or positions."""
    if found.ndim == 1 and found.dtype.kind == "f" and len(found) == len(ask.pool):
        return diverse(found[ask.rows], ask.rows, ask.pool, ask.n, ask.random)
    whole = found.ndim == 1 and found.dtype.kind in "iu"
    if not whole or len(set(found.tolist())) < len(found) or not np.isin(found, ask.rows).all():
        raise ValueError(
            f"The strategy {name!r} must give a float for each of the {len(ask.pool)} rows, or "
            "positions of different rows without a label, as whole numbers. Got an array of shape "
            f"{found.shape} and dtype {found.dtype}."
        )
    return found[: ask.n]


def _by_activeml(ask: Ask, strategy: Any) -> np.ndarray:
    """Hand the rows to a strategy of scikit-activeml, in the form that it takes."""
    activeml = import_optional("skactiveml.classifier", caller="rank_rows", extra="active")
    from sklearn.linear_model import LogisticRegression

    if ask.seen.kind == "sets":
        raise ValueError(
            "Strategies of scikit-activeml rank rows for one class a row. Got sets of labels; use "
            "a strategy by name."
        )
    marked = np.full(len(ask.pool), np.nan)
    marked[ask.seen.known] = ask.seen.target
    wanted = inspect.signature(strategy.query).parameters
    given: dict[str, Any] = {"batch_size": ask.n, "candidates": ask.rows}
    if "clf" in wanted:
        if ask.seen.kind == "numbers" or not len(ask.seen.classes):
            return typical(ask)
        codes = np.arange(len(ask.seen.classes))
        model = LogisticRegression(C=16.0, max_iter=1000)
        given["clf"] = activeml.SklearnClassifier(model, classes=codes)
    needed = [
        name
        for name, each in wanted.items()
        if each.default is each.empty and name not in ("X", "y", *given)
    ]
    if needed:
        raise ValueError(
            f"{type(strategy).__name__} of scikit-activeml needs {needed}, which rank_rows does "
            "not hand on. Call its query method, or use a strategy by name."
        )
    found = strategy.query(X=ask.pool.values, y=marked, **given)
    return np.asarray(found, dtype=np.intp)[: ask.n]
