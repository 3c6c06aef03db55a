"""Fit any model on source rows that are weighed to look like the target (layer L3).

skada does so in pipelines of its own that switch scikit-learn's metadata routing on for the whole
process; adapt's classes take the target in their constructors.
"""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils.metaestimators import available_if

from hybridsent._groups import fit_with_groups
from hybridsent._inner import AnswersOfInner, inner_has, tags_of_inner
from hybridsent._labeled_score import labeled_part
from hybridsent._labels import reading_labels_as
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent._tags import adapting
from hybridsent._weighted import fit_weighted
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._rows import kept_names, own_weights, read_rows
from hybridsent.transfer.base import effective_sample_size
from hybridsent.transfer.densities import KLIEP, ULSIF
from hybridsent.transfer.weights import KMM, BalancedWeights, DomainClassifier

__all__ = ["ReweightedEstimator"]


WEIGHERS: dict[str, type[BaseEstimator]] = {
    "balanced": BalancedWeights,
    "classifier": DomainClassifier,
    "kliep": KLIEP,
    "kmm": KMM,
    "ulsif": ULSIF,
}


class ReweightedEstimator(AnswersOfInner, MetaEstimatorMixin, BaseEstimator):
    r"""Fit any classifier or regressor with rows that are weighed for the target domain.

    The model minimises the weighted loss of the labelled rows,

    .. math:: \sum_i v_i\, w_i^\alpha\, \ell(f(x_i), y_i)

    with weights w of a weigher, scaled so that the mean of :math:`w^\alpha` over the labelled rows
    is 1 and the model's own penalty keeps its meaning, and the weights v that are given to `fit`.
    Rows whose weight is zero are left out. The column of domains is taken off before.

    Where there is one domain only, a `TransferWarning` says so, and it is the model as it is.

    Parameters
    ----------
    estimator : estimator
        A classifier or regressor whose `fit` takes ``sample_weight``, or a Pipeline whose last step
        does.
    weigher : {"kmm", "kliep", "ulsif", "classifier", "balanced"} or weigher, default="kmm"
        Who weighs: `KMM`, `KLIEP`, `ULSIF`, `DomainClassifier`, `BalancedWeights` or one of their
        names.
    flatten : float, default=1.0
        Exponent α: 0 is the model without weights, 1 the full weights. Between them lie less bias
        and more variance, the nearer to 1.
    min_effective : float, default=0.0
        Least effective sample size, as a share of the labelled rows of the source. Where weights
        leave less, they are mixed with those of no weighing, :math:`(1 - m) + m\, w_i^\alpha`, with
        the largest m that leaves as much. Where domains hardly overlap, few rows get all the
        weight otherwise.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone.
    weigher_ : estimator
        The fitted weigher.
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`; 0 for rows that were left out.
    mix_ : float
        m; 1 where the weights are those of the weigher.
    effective_sample_size_ : float
        Rows of the unweighted sample that would tell as much as those the model was fitted on.
    classes_ : ndarray
        Class labels; of a classifier.
    n_features_in_ : int
        Columns seen in `fit`, with that of the domains.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    TrAdaBoostClassifier : Learns weights from labels of the target.
    hybridsent.few_label.LabeledOnly : Fits on the labelled rows without weights.

    References
    ----------
    Shimodaira: Improving predictive inference under covariate shift by weighting the log-likelihood
    function, Journal of Statistical Planning and Inference 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from hybridsent.transfer import ReweightedEstimator
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [2.9], [3.0]])
    >>> y = np.array([0.0, 0.1, 1.5, 3.2, np.nan, np.nan])
    >>> model = ReweightedEstimator(Ridge()).fit(X, y)
    >>> model.sample_weight_.round(1), model.effective_sample_size_ < 2
    (array([0. , 0. , 0.2, 3.8, 0. , 0. ]), True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "weigher": [StrOptions(set(WEIGHERS)), HasMethods(["fit", "get_params"])],
        "flatten": [Interval(Real, 0, None, closed="left")],
        "min_effective": [Interval(Real, 0, 1, closed="both")],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any,
        weigher: Any = "kmm",
        *,
        flatten: float = 1.0,
        min_effective: float = 0.0,
    ) -> None:
        self.estimator = estimator
        self.weigher = weigher
        self.flatten = flatten
        self.min_effective = min_effective

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None
    ) -> ReweightedEstimator:
        """Weigh the rows and fit the estimator.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a column ``domain__0`` is 0 for rows of the source and 1 for the target.
        y : array of shape (n,)
            Labels; -1 for unlabelled rows, or NaN where the estimator is a regressor. Without a
            column of domains these rows are the target.
        sample_weight : array of shape (n,), default=None
            Weights that those of the domains are multiplied with.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video), for weigher and estimator where they choose by
            folds: a group is never split. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted estimator.
        """
        self._validate_params()
        rows = read_rows(self, X, y, needs_labels=True, groups=groups)
        own = own_weights(sample_weight, rows.X)
        with reading_labels_as(rows.kind):
            self.weigher_ = fit_with_groups(self._new_weigher(), X, rows.y, rows.groups)
        found = self._weights_of(len(rows.X))
        weights = np.where(rows.labeled, _flat(found, self.flatten), 0)
        of_source = rows.labeled & ~rows.target
        self.mix_ = _mix(weights[of_source], float(self.min_effective))
        if self.mix_ < 1:
            weights = np.where(
                rows.labeled,
                (1 - self.mix_) + self.mix_ * weights / weights[of_source].mean(),
                0,
            )
        if not weights.any():
            raise ValueError(
                f"{type(self).__name__} needs at least 1 labelled row with a weight above 0. Got "
                f"{int(rows.labeled.sum())} labelled rows among {len(weights)}, all of weight 0."
            )
        self.sample_weight_ = own * weights / weights[rows.labeled].mean()
        used = self.sample_weight_ > 0
        if is_classifier(self.estimator):
            _warn_of_lost_classes(rows.labels(rows.labeled), rows.labels(used))
        self.effective_sample_size_ = effective_sample_size(self.sample_weight_[used])
        self.estimator_ = fit_weighted(
            self,
            self.estimator,
            self._framed(rows.X[used]),
            rows.labels(used),
            self.sample_weight_[used],
            rows.groups_of(used),
        )
        return self

    @available_if(inner_has("score"))  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Score of the estimator on the rows with a label.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            The rows.
        y : array of shape (n,)
            Labels; rows without one are left out, as in `fit`.
        sample_weight : array of shape (n,), default=None
            Weights of the rows in the score.

        Returns
        -------
        float
            Score; for classifiers the accuracy, for regressors R².
        """
        X, y, sample_weight = labeled_part(self, X, y, sample_weight)
        given = {} if sample_weight is None else {"sample_weight": sample_weight}
        return float(self._fitted().score(self._handed_on(X), y, **given))

    def _new_weigher(self) -> Any:
        if isinstance(self.weigher, str):
            return WEIGHERS[self.weigher]()
        return clone(self.weigher)

    def _weights_of(self, n: int) -> np.ndarray:
        """Give what the weigher has found."""
        found = getattr(self.weigher_, "sample_weight_", None)
        weights = np.asarray(found)
        if weights.shape != (n,):
            what = "which sets none" if found is None else f"whose weights are {weights.shape}"
            raise ValueError(
                f"The 'weigher' parameter of {type(self).__name__} must be one of "
                f"{sorted(WEIGHERS)} or an estimator whose fit sets sample_weight_, a weight for "
                f"each of the {n} rows. Got {self.weigher!r}, {what}; the model that learns from "
                "weighed rows is the 'estimator'."
            )
        return weights

    def _handed_on(self, X: Any) -> Any:
        return self._framed(read_rows(self, X, fitting=False).X)

    def _framed(self, values: np.ndarray) -> Any:
        """Give the columns their names back: what is inside may tell views by them."""
        if not hasattr(self, "feature_names_in_"):
            return values
        import pandas as pd

        return pd.DataFrame(values, columns=kept_names(self))

    def __sklearn_tags__(self) -> Any:
        names = ("estimator_type", "classifier_tags", "regressor_tags")
        tags = tags_of_inner(super().__sklearn_tags__(), self.estimator, *names)
        tags.target_tags.required = True
        return adapting(tags)


def _flat(weights: np.ndarray, exponent: float) -> np.ndarray:
    largest = weights.max(initial=0.0) or 1.0  # powers of large weights stay numbers
    return np.asarray((weights / largest) ** exponent)


def _mix(weights: np.ndarray, least: float) -> float:
    """Find how much of the weights, of mean 1, may be taken: the rest is 1 for each row."""
    mean = weights.mean() if len(weights) else 0.0
    if mean <= 0 or effective_sample_size(weights) >= least * len(weights):
        return 1.0
    # with u = w / mean the mixture has mean 1 and the mean square 1 + m^2 var(u)
    spread = float(np.var(weights / mean))
    return float(np.sqrt((1 / least - 1) / spread))


def _warn_of_lost_classes(known: np.ndarray, used: np.ndarray) -> None:
    lost = sorted({str(label) for label in known.tolist()} - {str(u) for u in used.tolist()})
    if lost:
        warnings.warn(
            f"All rows of the class(es) {', '.join(lost)} have weight 0: they are like no row of "
            "the target, and are not learned. A smaller 'flatten', or another weigher than 'kmm', "
            "keeps them.",
            TransferWarning,
            stacklevel=3,
        )
