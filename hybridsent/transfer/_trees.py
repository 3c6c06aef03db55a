"""What boosters that go on from a source share (layer L3).

xgboost continues a booster with ``xgb_model``, but its scikit-learn classes then want every class
in the target's labels, and early stopping does not ask whether the source alone was best.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import hold_out
from hybridsent._params import HasMethods, Interval, Jobs
from hybridsent._threads import threads_for
from hybridsent.transfer._rows import read_rows

__all__ = ["ContinuedMixin", "Trees", "as_model", "seed_of", "trees_of"]

_FEWEST_HELD_OUT = 10  # fewer rows do not tell one round from the next

Loss = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Trees:
    """Trees, and how they read a row.

    Parameters
    ----------
    booster : xgboost.Booster
        The trees.
    missing : float or None
        What marks a missing value beside NaN.
    n_jobs : int or None
        Threads.
    """

    booster: Any
    missing: float | None
    n_jobs: int | None

    def matrix(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        """Give rows as xgboost takes them.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Features.
        y : ndarray of shape (n,), default=None
            Labels.

        Returns
        -------
        xgboost.DMatrix
            The rows.
        """
        from xgboost import DMatrix

        threads = threads_for(X.size, self.n_jobs)
        return DMatrix(X, label=y, missing=self.missing, nthread=threads)

    def copied(self, params: dict[str, Any], matrix: Any) -> Any:
        """Copy the trees, to go on from on other rows.

        Parameters
        ----------
        params : dict
            Parameters of the trees to come.
        matrix : xgboost.DMatrix
            The rows that they will be grown on.

        Returns
        -------
        xgboost.Booster
            The copy.
        """
        from xgboost import Booster

        return Booster(params, [matrix], model_file=self.booster)


class ContinuedMixin:
    """Parameters of the boosters, and the rounds on the target."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "source": [None, HasMethods(["fit", "predict"])],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "n_target_estimators": [Interval(Integral, 1, None, closed="left")],
        "target_learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_depth": [Interval(Integral, 1, None, closed="left")],
        "subsample": [Interval(Real, 0, 1, closed="right")],
        "colsample_bytree": [Interval(Real, 0, 1, closed="right")],
        "reg_lambda": [Interval(Real, 0, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 0.5, closed="both")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [None, Jobs()],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        source: Any = None,
        *,
        n_estimators: int = 200,
        learning_rate: float = 0.1,
        n_target_estimators: int = 100,
        target_learning_rate: float = 0.05,
        max_depth: int = 3,
        subsample: float = 0.8,
        colsample_bytree: float = 0.3,
        reg_lambda: float = 1.0,
        validation_fraction: float = 0.2,
        patience: int = 10,
        n_jobs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.source = source
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.n_target_estimators = n_target_estimators
        self.target_learning_rate = target_learning_rate
        self.max_depth = max_depth
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _grow_source(self: Any, kind: Any, X: np.ndarray, y: np.ndarray, seed: int) -> Any:
        """Fit trees, or a clone of `source`, on rows of the source."""
        if self.source is not None:
            return clone(self.source).fit(X, y)
        model = kind(
            tree_method="hist",
            n_estimators=self.n_estimators,
            learning_rate=self.learning_rate,
            random_state=seed,
            n_jobs=threads_for(X.size, self.n_jobs),
            **self._shape(),
        )
        return model.fit(X, y)

    def _shape(self: Any) -> dict[str, Any]:
        names = ("max_depth", "subsample", "colsample_bytree", "reg_lambda")
        return {name: getattr(self, name) for name in names}

    def _continue(
        self: Any,
        start: Trees,
        X: np.ndarray,
        y: np.ndarray,
        loss: Loss,
        seed: int,
        groups: np.ndarray | None,
    ) -> Trees:
        """Grow trees on rows of the target; sets ``losses_`` and ``n_target_rounds_``."""
        params = {
            "eta": self.target_learning_rate,
            "seed": seed,
            "device": "cpu",
            "tree_method": "hist",
            **self._shape(),
        }
        threads = threads_for(X.size, self.n_jobs)
        if threads is not None:
            params["nthread"] = threads
        self.losses_: list[float] = []
        self.n_target_rounds_ = int(self.n_target_estimators)
        kept, held = hold_out(
            y,
            self.validation_fraction,
            groups,
            random_state=None,  # a share of each class, and of each range
            fewest=_FEWEST_HELD_OUT,
        )
        if len(held):
            self.losses_ = self._watch(params, start, (X[kept], y[kept]), (X[held], y[held]), loss)
            self.n_target_rounds_ = int(np.argmin(self.losses_))
        matrix = start.matrix(X, y)
        grown = start.copied(params, matrix)
        for i in range(self.n_target_rounds_):
            grown.update(matrix, i)
        return replace(start, booster=grown)

    def _watch(
        self: Any, params: dict[str, Any], start: Trees, train: Any, held: Any, loss: Loss
    ) -> list[float]:
        """Loss of held-out rows, of the source alone and after each round on the target."""
        matrix, unseen = start.matrix(*train), start.matrix(held[0])
        grown = start.copied(params, matrix)
        losses = [loss(held[1], grown.predict(unseen))]
        for i in range(self.n_target_estimators):
            grown.update(matrix, i)
            losses.append(loss(held[1], grown.predict(unseen)))
            if len(losses) - 1 - int(np.argmin(losses)) >= self.patience:
                break
        return losses

    def _new_rows(self: Any, X: Any) -> np.ndarray:
        check_is_fitted(self)
        rows = read_rows(self, X, fitting=False, allow_nan=True)
        return rows.X.astype(np.float32, copy=False)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of the estimator it is mixed into
        tags.input_tags.allow_nan = True
        return tags


def seed_of(random_state: Any) -> int:
    """Give a seed for xgboost.

    Parameters
    ----------
    random_state : int, RandomState or None
        As in scikit-learn.

    Returns
    -------
    int
        The same, where it is one.
    """
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def trees_of(estimator: Any, model: Any, objectives: tuple[str, ...]) -> Trees:
    """Take a copy of the trees out of a fitted model.

    Parameters
    ----------
    estimator : estimator
        Whose `source` it is.
    model : estimator
        An XGBClassifier, an XGBRegressor, or one that holds it as ``model_``.
    objectives : tuple of str
        Beginnings of the objectives that will do.

    Returns
    -------
    Trees
        Those up to the best iteration, without names of features; of classes, they predict
        probabilities.

    Raises
    ------
    ValueError
        If it is no such model, or its trees are of another kind.
    """
    inner = getattr(model, "model_", model)
    if not hasattr(inner, "get_booster"):
        raise ValueError(
            f"The 'source' of {type(estimator).__name__} must be a model of xgboost or "
            f"BoostedTreesClassifier. Got {model!r}."
        )
    grown = inner.get_booster().copy()
    learner = json.loads(grown.save_config())["learner"]
    kind, objective = learner["gradient_booster"]["name"], learner["objective"]["name"]
    if kind != "gbtree" or not objective.startswith(objectives):
        raise ValueError(
            f"The 'source' of {type(estimator).__name__} must be of booster 'gbtree' and an "
            f"objective that begins with one of {list(objectives)}. Got booster {kind!r} and "
            f"objective {objective!r}."
        )
    best = grown.attr("best_iteration")
    if best is not None:
        grown = grown[: int(best) + 1]
        grown.set_attr(best_iteration=None, best_score=None)  # predictions would stop there
    grown.feature_names = None  # compared before; rows come as arrays
    if objective == "multi:softmax":  # the same trees, but it predicts codes
        grown.set_param({"objective": "multi:softprob"})
    return Trees(grown, inner.missing, estimator.n_jobs)


def as_model(kind: Any, trees: Trees) -> Any:
    """Put trees into a class of xgboost's scikit-learn interface.

    Parameters
    ----------
    kind : type
        ``XGBClassifier`` or ``XGBRegressor``.
    trees : Trees
        The trees.

    Returns
    -------
    estimator
        A fitted one; without the training rows that a booster remembers.
    """
    model = kind(n_jobs=trees.n_jobs, missing=trees.missing)
    model.load_model(trees.booster.save_raw("ubj"))
    return model
