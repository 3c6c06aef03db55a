"""Self-training that keeps classes in balance and asks the views (layer L3).

scikit-learn's SelfTrainingClassifier takes what passes one threshold, or the k rows that the model
is surest of: where it is surer of one class it labels that class alone. It takes its answers for
truth, knows no views, no groups and no weights, and stops only when no row is left. Where its plain
thresholding is what is wanted, it is the better choice: any classifier of this package fits inside.
Here each class gives the same share of its rows, rows on which views disagree wait, answers weigh
what they are worth, and labelled rows that were held out tell how many rounds are of use.
"""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from hybridsent._numerics.classes import MostProbableMixin
from hybridsent._numerics.expansion import expand
from hybridsent._params import HasMethods, Interval, Options, StrOptions
from hybridsent._threads import one_blas_thread
from hybridsent.few_label._guard import best_round, held_out_losses
from hybridsent.few_label._rows import (
    PartlyLabelled,
    PartlyLabelledMixin,
    Views,
    all_probabilities,
    fit_rows,
    named,
    read_partly,
    settled,
)
from hybridsent.views import as_matrix

__all__ = ["ViewSelfTrainingClassifier"]

_LEAST = 1e-3  # a class that is less probable is not learned from
_PASSES = 50  # of the scaling that brings classes to their shares
_TINY = 1e-12


class ViewSelfTrainingClassifier(
    PartlyLabelledMixin, MostProbableMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    r"""Learn from labelled rows, then from one's own answers about the others, round by round.

    The first model learns from the labelled rows. In each round the share s of the rows of each
    class, as predicted, whose answers are surest is taken, if the models of single views say the
    same; s grows from `first_share` to `last_share`. The next model learns from all labelled rows
    and those taken, each once for each class k with the weight

    .. math:: w_{ik} \propto p_{ik}^{\,\tau} / {\textstyle\sum_l p_{il}^{\,\tau}}

    of its probability p and the sharpness τ, scaled so that all rows taken together weigh as much
    as `weight` times the labelled ones. With τ = 1 a logistic regression learns hardly more than
    it said; with τ = ∞ its most probable answer is the truth.

    An estimator that chooses its own penalty (`hybridsent.heads.TunedLinearClassifier`, a search),
    or how much each view weighs, does so on the labelled rows, and keeps it: among answers of its
    own the weakest penalty would always win. It is given the names of columns, where they have any.

    With ``fallback=True`` the rounds are first made on inner folds of the labelled rows, without
    those held out. As many rounds are kept as no smaller number made clearly fewer errors on the
    held-out rows (by more than a standard error); with none it is the estimator itself. A few
    labels tell little: what they cannot show to be harmful is kept.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier with `predict_proba` whose `fit` takes ``sample_weight``; None is
        ``LogisticRegression(max_iter=1000)``.
    n_rounds : int, default=4
        Most rounds.
    first_share : float, default=0.2
        Share of the rows of each class that is taken in the first round.
    last_share : float, default=0.8
        The same in the last one.
    agreement : {"majority", "all", "none"}, default="majority"
        How many of the views that a row has must say, each by a model of its own, what the joint
        model says: more than half, all, or none need be asked. Of one view alone none is asked.
        Views are told by the names of columns; one that was filled in, as a column
        ``missing__view`` tells, is not asked.
    balance : {"predicted", "labelled"}, default="predicted"
        Which shares classes have among the rows without a label: as the model predicts; or the same
        as among the labelled rows, where these were drawn at random. Answers are then scaled, class
        by class, until their means are those shares.
    sharpness : float, default=2.0
        The exponent τ, at least 1; ``numpy.inf`` for one class a row.
    weight : float, default=1.0
        Weight of all rows taken, relative to that of the labelled ones.
    fallback : bool, default=True
        Whether held-out labelled rows say how many rounds are kept.
    cv : int, default=5
        Inner folds of the labelled rows (``fallback=True``); groups are kept together.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    estimator_ : estimator
        The model of the last round that is kept; it has learned codes of classes.
    n_rounds_ : int
        Rounds that were kept; 0 where it is the estimator on the labelled rows.
    n_taken_ : int
        Rows without a label that it learned from.
    errors_ : ndarray of shape (n_rounds + 1,)
        Share of held-out labelled rows that each number of rounds, from 0 on, got wrong; empty
        where nothing was held out.
    classes_ : ndarray
        Class labels, without -1.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    CoTrainingClassifier : Views teach each other, not themselves.
    sklearn.semi_supervised.SelfTrainingClassifier : One threshold for all classes.

    References
    ----------
    Zou, Yu, Kumar, Wang: Unsupervised domain adaptation for semantic segmentation via
    class-balanced self-training, ECCV 2018 (shares of classes). Sohn et al.: FixMatch, NeurIPS 2020
    (agreement). Berthelot et al.: MixMatch, NeurIPS 2019 (sharpening).

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.few_label import ViewSelfTrainingClassifier
    >>> rng = np.random.default_rng(0)
    >>> truth = np.tile([0, 1], 100)
    >>> X = rng.normal(size=(200, 2)) + 3.0 * truth[:, None] * [1, 1]
    >>> y = np.where(np.arange(200) < 6, truth, -1)
    >>> model = ViewSelfTrainingClassifier().fit(X, y)
    >>> model.n_rounds_, float((model.predict(X) == truth).mean()) > 0.95
    (4, True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [None, HasMethods(["fit", "predict_proba"])],
        "n_rounds": [Interval(Integral, 1, None, closed="left")],
        "first_share": [Interval(Real, 0, 1, closed="right")],
        "last_share": [Interval(Real, 0, 1, closed="right")],
        "agreement": [StrOptions({"all", "majority", "none"})],
        "balance": [StrOptions({"predicted", "labelled"})],
        "sharpness": [Interval(Real, 1, None, closed="left"), Options(Real, {np.inf})],
        "weight": [Interval(Real, 0, None, closed="neither")],
        "fallback": ["boolean"],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_rounds: int = 4,
        first_share: float = 0.2,
        last_share: float = 0.8,
        agreement: str = "majority",
        balance: str = "predicted",
        sharpness: float = 2.0,
        weight: float = 1.0,
        fallback: bool = True,
        cv: int = 5,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_rounds = n_rounds
        self.first_share = first_share
        self.last_share = last_share
        self.agreement = agreement
        self.balance = balance
        self.sharpness = sharpness
        self.weight = weight
        self.fallback = fallback
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn from the labelled rows, and then from the others.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, as the estimator takes them. Names of columns, ``view__i``, tell the views.
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
            If no row has a label, there is one class only, or the estimator takes no weights.
        """
        self._validate_params()
        rows = read_partly(self, X, y, groups, allow_nan=self._takes_nan())
        views = Views(self)
        n_rounds = self.n_rounds if len(rows.free) else 0
        self.errors_ = np.zeros(0)
        with one_blas_thread(rows.X.size):
            if n_rounds and self.fallback:

                def path(part: PartlyLabelled, asked: np.ndarray) -> Iterator[np.ndarray]:
                    for each in self._rounds(part, views, n_rounds):
                        judged = named(self, rows.X[asked])
                        yield all_probabilities(each.model, judged, len(self.classes_))

                losses = held_out_losses(path, rows, n_rounds, self.cv, self.random_state)
                n_rounds = best_round(losses)
                self.errors_ = losses.mean(axis=2)[:, 0] if losses.size else np.zeros(0)
            self.n_rounds_ = 0
            for number, each in enumerate(self._rounds(rows, views, n_rounds)):
                self.n_rounds_, self.estimator_, self.n_taken_ = number, each.model, each.taken
        return self

    def _inner(self) -> Any:
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator

    def _takes_nan(self) -> bool:
        inner = self._inner()
        return hasattr(inner, "get_params") and bool(get_tags(inner).input_tags.allow_nan)

    def _rounds(self, rows: PartlyLabelled, views: Views, n_rounds: int) -> Iterator[_Round]:
        """Give the model on labelled rows, and that of each round."""
        k = len(self.classes_)
        whole = _Learner(self, rows, None, np.ones(len(rows.known), dtype=bool))
        model = whole.first()
        yield _Round(model, 0)
        if not n_rounds:
            return
        experts = self._experts(rows, views)
        shares = np.linspace(self.first_share, self.last_share, n_rounds)
        if n_rounds == 1:
            shares[:] = self.last_share
        free = named(self, rows.X[rows.free])
        taken, p = np.zeros(0, dtype=int), np.zeros((0, k))
        for share in shares:
            given = all_probabilities(model, free, k)
            if self.balance == "labelled":
                given = _with_shares(given, np.bincount(rows.told, minlength=k) / len(rows.told))
            agreed = self._agree(experts, given.argmax(axis=1), taken, p)
            taken = _surest(given, float(share), agreed)
            if not len(taken):
                return
            p = _sharpened(given[taken], self.sharpness)
            model = whole.next(taken, p)
            yield _Round(model, len(taken))

    def _experts(self, rows: PartlyLabelled, views: Views) -> list[tuple[_Learner, np.ndarray]]:
        """Give what learns from each view, and which rows without a label have it."""
        if self.agreement == "none" or len(views) < 2:
            return []
        known, free = views.present(rows.X[rows.known]), views.present(rows.X[rows.free])
        return [
            (_Learner(self, rows, columns, known[:, j]), free[:, j])
            for j, columns in enumerate(views.columns.values())
            if len(np.unique(rows.told[known[:, j]])) > 1
        ]

    def _agree(
        self,
        experts: list[tuple[_Learner, np.ndarray]],
        codes: np.ndarray,
        taken: np.ndarray,
        p: np.ndarray,
    ) -> np.ndarray:
        """Tell on which rows enough views say what the joint model says."""
        same, asked = np.zeros(len(codes)), np.zeros(len(codes))
        for learner, has in experts:
            mine = has[taken]
            model = learner.next(taken[mine], p[mine]) if learner.model else learner.first()
            said = learner.ask(model, np.flatnonzero(has)).argmax(axis=1)
            same[has] += said == codes[has]
            asked[has] += 1
        if self.agreement == "all":
            return np.asarray(same == asked)
        return np.asarray((2 * same > asked) | (asked == 0))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False, allow_nan=self._takes_nan())
        knows = self.estimator_ if hasattr(self.estimator_, "feature_names_in_") else self
        return all_probabilities(self.estimator_, named(knows, X), len(self.classes_))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_nan()
        return tags


class _Round(NamedTuple):
    """The model of a round, and how many rows without a label it learned from."""

    model: Any
    taken: int


class _Learner:
    """Fits the estimator on some columns: of labelled rows, and of rows that were taken."""

    def __init__(
        self,
        owner: ViewSelfTrainingClassifier,
        rows: PartlyLabelled,
        columns: np.ndarray | None,
        has: np.ndarray,
    ) -> None:
        self.owner, self.rows, self.columns = owner, rows, columns
        self.at, self.told = rows.known[has], rows.told[has]
        self.model: Any = None

    def first(self) -> Any:
        """Fit on the labelled rows; what it tunes itself is kept for all that follow."""
        inner = self.owner._inner()
        groups = self.rows.groups_at(self.at)
        self.model = fit_rows(self.owner, inner, self._taken(self.at), self.told, None, groups)
        return self.model

    def next(self, taken: np.ndarray, p: np.ndarray) -> Any:
        """Fit on the labelled rows, and on those taken, by their probabilities."""
        owner = self.owner
        soft = expand(p, least=min(_LEAST, 0.5 / p.shape[1]))
        weights = soft.weights
        if len(weights):
            weights = weights * (owner.weight * len(self.at) / weights.sum())
        at = np.concatenate([self.at, self.rows.free[taken[soft.rows]]])
        told = np.concatenate([self.told, soft.codes])
        weights = np.concatenate([np.ones(len(self.at)), weights])
        one = settled(owner._inner(), self.model)
        return fit_rows(owner, one, self._taken(at), told, weights, self.rows.groups_at(at))

    def ask(self, model: Any, free: np.ndarray) -> np.ndarray:
        """Give the probabilities of rows without a label."""
        return all_probabilities(model, self._taken(self.rows.free[free]), len(self.owner.classes_))

    def _taken(self, at: np.ndarray) -> Any:
        X = self.rows.X
        part = X[at] if self.columns is None else X[np.ix_(at, self.columns)]
        return named(self.owner, part, self.columns)


def _sharpened(p: np.ndarray, sharpness: float) -> np.ndarray:
    """Raise probabilities to a power, and bring them to the sum 1."""
    if np.isinf(sharpness):
        return np.asarray(np.eye(p.shape[1])[p.argmax(axis=1)])
    powers = (p / p.max(axis=1, keepdims=True)) ** sharpness
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _with_shares(p: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Scale columns, and rows to the sum 1, until the means of columns are the shares."""
    factors = np.ones(p.shape[1])
    for _ in range(_PASSES):
        scaled = p * factors
        scaled /= np.maximum(scaled.sum(axis=1, keepdims=True), _TINY)
        factors *= shares / np.maximum(scaled.mean(axis=0), _TINY)
        factors /= factors.sum()
    scaled = p * factors
    return np.asarray(scaled / np.maximum(scaled.sum(axis=1, keepdims=True), _TINY))


def _surest(p: np.ndarray, share: float, allowed: np.ndarray) -> np.ndarray:
    """Take of each class the share of its rows that are surest, among those allowed."""
    codes, sure = p.argmax(axis=1), p.max(axis=1)
    parts = []
    for code in range(p.shape[1]):
        mine = np.flatnonzero(codes == code)
        n = int(np.ceil(share * len(mine)))
        mine = mine[allowed[mine]]
        parts.append(mine[np.argsort(-sure[mine], kind="stable")][:n])
    return np.sort(np.concatenate(parts))
