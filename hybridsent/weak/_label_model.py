"""From votes of labelling functions to a probability of each class (layer L3).

snorkel's label model needs torch, starts at random and is no longer kept up; crowd-kit's
aggregators predict no new rows, and know neither labelled rows nor functions that vote for one
class alone. The numbers are in `_numerics`; here they are an estimator.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from hybridsent._labels import labeled_rows, one_column, plain_labels
from hybridsent._minus_one import check_minus_one_is_no_class
from hybridsent._numerics.classes import most_probable
from hybridsent._numerics.votes import VoteModel, dawid_skene, posterior, read_votes
from hybridsent._numerics.votes_moments import metal_tables, triplet_tables
from hybridsent._params import Interval, StrOptions
from hybridsent._tags import with_capabilities
from hybridsent.exceptions import TableError

__all__ = ["LabelModel"]

_CLIP = 1e-6


class LabelModel(ClassifierMixin, BaseEstimator):
    r"""Join votes of labelling functions into probabilities, without labels or with a few.

    All three methods take functions to be independent given the class, and find out from their
    agreement how good each is. Functions that are copies of each other break that: they agree for
    another reason, and are believed too much; leave one of them out.

    ``"dawid-skene"`` is the posterior mode by EM: for each function the probability of each vote
    given the class. Rows with a label in y are kept at it. Of a function that votes for one class
    alone it counts that it does not vote; of others who votes is not looked at, so that functions
    which fire on the same rows (long texts) are no harm.

    ``"triplet"`` solves the agreements of each three functions in closed form. For two classes it
    is exact; of more each is told from all others together, which functions for one class alone do
    not allow.

    ``"metal"`` fits :math:`\mu`, probabilities of votes given the class, to the shares of rows in
    which two votes were given, O:

    .. math:: \min_\mu \| (O - \mu P \mu')_{\text{two functions}} \|^2
        + \| \mu p - \operatorname{diag} O \|^2 + \| l_2 (\mu - \mu_0) \|^2.

    The last two need the class balance and at least three functions; labels in y tell them the
    balance alone. The probability of a class is that of Bayes,
    :math:`p(y | \lambda) \propto p(y) \prod_j p(\lambda_j | y)`, over the votes that were given.

    Parameters
    ----------
    method : {"dawid-skene", "triplet", "metal"}, default="dawid-skene"
        How functions are judged.
    classes : sequence or None, default=None
        The classes, in the order of the columns of `predict_proba`; None takes those that are voted
        for or stand in y.
    class_balance : sequence, dict or None, default=None
        Probability of each class, in the order of the classes or by name; None learns it by the EM
        of Dawid and Skene.
    abstentions : {"auto", "ignore", "tell"}, default="auto"
        Of ``"dawid-skene"``: of which functions it counts that they do not vote. ``"auto"`` is of
        those that voted for one class alone, ``"tell"`` of all.
    prior : float, default=1.0
        Of ``"dawid-skene"``: votes that each function is thought to have given already to each
        class, half of them right and the others spread over all classes.
    l2 : float, default=0.0
        Of ``"metal"``: how much the start :math:`\mu_0` draws.
    prec_init : float, default=0.7
        Of ``"metal"``: probability, in :math:`\mu_0`, that a vote is right.
    unvoted : {"abstain", "balance"}, default="abstain"
        What a row is that no function votes on: without a label, which is NaN in `predict_proba`
        and -1 in `predict`; or what the class balance says.
    max_iter : int, default=1000
        Most iterations of EM or L-BFGS-B.
    tol : float, default=1e-9
        Change of the objective at which they stop.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The classes.
    class_balance_ : ndarray of shape (k,)
        Probability of each class.
    accuracies_ : ndarray of shape (m,)
        Probability that a vote of each function is right; NaN of one that never voted.
    weights_ : ndarray of shape (m,)
        Logarithm of the odds with which a vote of each function speaks for its class:
        :math:`\log \frac{a (k - 1)}{1 - a}`; below 0 for one worse than chance.
    tables_ : ndarray of shape (m, k, k + 1)
        Probability that a function votes for class l where a row is of class y, at ``[j, y, l]``;
        the last one is no vote. Of functions whose missing votes do not count it is 0.
    voters_ : list of str
        Names of the functions.
    n_iter_ : int
        Iterations; 1 in closed form.
    converged_ : bool
        Whether the last one changed nothing any more.

    See Also
    --------
    lf_summary : What functions cover, and where they disagree.
    SoftLabelClassifier : Learns from the probabilities.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using
       the EM algorithm", Applied Statistics 28, 1979.
    .. [2] D. Fu et al., "Fast and three-rious: speeding up weak supervision with triplet methods",
       ICML 2020.
    .. [3] A. Ratner et al., "Training complex models with multi-task weak supervision", AAAI 2019.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from hybridsent.weak import LabelModel
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 1000)
    >>> right = rng.random((1000, 3)) < [0.9, 0.8, 0.7]
    >>> codes = np.where(right, truth[:, None], 1 - truth[:, None])
    >>> votes = pd.DataFrame(np.array(["bad", "good"])[codes], columns=["emoji", "words", "stars"])
    >>> model = LabelModel().fit(votes)
    >>> model.accuracies_.round(1), model.predict(votes[:2]).tolist()
    (array([0.9, 0.8, 0.7]), ['good', 'good'])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "method": [StrOptions({"dawid-skene", "triplet", "metal"})],
        "classes": ["array-like", None],
        "class_balance": ["array-like", Mapping, None],
        "abstentions": [StrOptions({"auto", "ignore", "tell"})],
        "prior": [Interval(Real, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "prec_init": [Interval(Real, 0, 1, closed="right")],
        "unvoted": [StrOptions({"abstain", "balance"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        method: str = "dawid-skene",
        *,
        classes: Any = None,
        class_balance: Any = None,
        abstentions: str = "auto",
        prior: float = 1.0,
        l2: float = 0.0,
        prec_init: float = 0.7,
        unvoted: str = "abstain",
        max_iter: int = 1000,
        tol: float = 1e-9,
    ) -> None:
        self.method = method
        self.classes = classes
        self.class_balance = class_balance
        self.abstentions = abstentions
        self.prior = prior
        self.l2 = l2
        self.prec_init = prec_init
        self.unvoted = unvoted
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, votes: Any, y: Any = None) -> LabelModel:
        """Find out how good each function is.

        Parameters
        ----------
        votes : DataFrame or array of shape (n, m)
            A row a sample, a column a function, in each cell a class; no vote is an empty cell, in
            arrays -1.
        y : array of shape (n,) or None, default=None
            Labels of the rows that have one, and -1 for the others.

        Returns
        -------
        self
            The fitted model.

        Raises
        ------
        TableError
            If votes or labels cannot be read, or nobody voted.
        ValueError
            If there are fewer than two classes, or too few functions for the method.
        """
        self._validate_params()
        codes, classes, names = read_votes(votes, self.classes)
        known, classes = self._read_labels(y, codes, classes, votes)
        if known is not None and self.classes is None:
            codes = read_votes(votes, classes)[0]
        self._check(codes, classes)
        k = len(classes)
        self.classes_, self.voters_ = classes, names
        given = self._balance_given(classes)
        found = dawid_skene(
            codes,
            k,
            known=known,
            prior=float(self.prior),
            balance=given,
            abstain=self._telling(codes),
            max_iter=int(self.max_iter),
            tol=float(self.tol),
        )
        self.class_balance_ = found.balance if given is None else given
        if self.method == "dawid-skene":
            self._keep(found)
        else:
            self._fit_moments(codes)
        odds = np.clip(self.accuracies_, _CLIP, 1 - _CLIP)
        self.weights_ = np.log(odds * (k - 1) / (1 - odds))
        return self

    def predict_proba(self, votes: Any) -> np.ndarray:
        """Probability of each class, from the votes on a row.

        Parameters
        ----------
        votes : DataFrame or array of shape (n, m)
            Votes of the functions of `fit`; a DataFrame may have their columns in another order.

        Returns
        -------
        ndarray of shape (n, k)
            Probabilities, in the order of `classes_`; of a row that nobody votes on NaN, or the
            class balance, as `unvoted` says.
        """
        check_is_fitted(self)
        codes = self._codes(votes)
        found = posterior(codes, self.class_balance_, self.tables_, self.abstain_)
        if self.unvoted == "balance":
            silent = np.isnan(found).all(axis=1)
            found[silent] = self.class_balance_
        return np.asarray(found)

    def predict(self, votes: Any) -> np.ndarray:
        """Most probable class of each row; -1 for a row without one.

        Parameters
        ----------
        votes : DataFrame or array of shape (n, m)
            As in `predict_proba`.

        Returns
        -------
        ndarray of shape (n,)
            Classes; where one is -1, text stands in an array of dtype object.
        """
        found = self.predict_proba(votes)
        silent = np.isnan(found).any(axis=1)
        labels = np.asarray(self.classes_)[most_probable(np.nan_to_num(found))]
        if silent.any():
            numbers = labels.dtype.kind in "iu"
            labels = labels.astype(np.int64 if numbers else object)
            labels[silent] = -1
        return np.asarray(labels)

    def score(self, votes: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the rows with a label to which the model gives it.

        Parameters
        ----------
        votes : DataFrame or array of shape (n, m)
            As in `predict_proba`.
        y : array of shape (n,)
            Labels; rows without one are left out, and one that the model gives none is wrong.
        sample_weight : array of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        float
            Accuracy.
        """
        values = one_column(y)
        known = labeled_rows(values, "classes")
        said = self.predict(votes).tolist()
        right = [a == b for a, b in zip(said, values.tolist(), strict=True)]
        weights = None if sample_weight is None else np.asarray(sample_weight)[known]
        return float(np.average(np.array(right)[known], weights=weights))

    def _read_labels(
        self, y: Any, codes: np.ndarray, classes: np.ndarray, votes: Any
    ) -> tuple[np.ndarray | None, np.ndarray]:
        """Give codes of the labels, and the classes of votes and labels together."""
        if y is None:
            return None, classes
        values = one_column(y)
        if len(values) != len(codes):
            raise TableError(
                f"votes and y must have as many rows. Got {len(codes)} and {len(values)}."
            )
        labeled = labeled_rows(values, "classes")
        check_minus_one_is_no_class(values, kind="classes", name="y of LabelModel")
        told = plain_labels(values[labeled])
        if self.classes is None:
            both = [*classes.tolist(), *told.tolist()]
            if len({isinstance(label, str) for label in both}) > 1:
                raise TableError(
                    "Votes and y must be of one kind. Got the classes "
                    f"{classes.tolist()[:3]} and the labels {told.tolist()[:3]}."
                )
            classes = np.array(sorted(set(both))) if both else classes
        place = {label: code for code, label in enumerate(classes.tolist())}
        strange = [label for label in told.tolist() if label not in place]
        if strange:
            raise TableError(
                f"y must hold classes of {classes.tolist()}, or -1. Got {strange[0]!r}."
            )
        known = np.full(len(codes), -1, dtype=np.int32)
        known[labeled] = [place[label] for label in told.tolist()]
        return known, classes

    def _check(self, codes: np.ndarray, classes: np.ndarray) -> None:
        if not (codes >= 0).any():
            raise TableError(
                f"LabelModel needs at least 1 vote. Got {codes.shape[0]} rows of none."
            )
        if len(classes) < 2:
            raise ValueError(
                f"LabelModel needs at least 2 classes. Got votes for {classes.tolist()} alone; a "
                "function that votes for another class, or classes=[…], names the others."
            )
        voting = int((codes >= 0).any(axis=0).sum())
        if self.method != "dawid-skene" and voting < 3:
            raise ValueError(
                f"method={self.method!r} needs at least 3 functions that vote. Got {voting}; "
                "method='dawid-skene' takes fewer, and labels in y help it."
            )

    def _balance_given(self, classes: np.ndarray) -> np.ndarray | None:
        given = self.class_balance
        if given is None:
            return None
        if isinstance(given, Mapping):
            given = [given.get(label, np.nan) for label in classes.tolist()]
        found = np.asarray(given, dtype=np.float64)
        right = found.shape == (len(classes),) and bool((found > 0).all())
        if not right or not np.isclose(found.sum(), 1, atol=1e-3):
            raise ValueError(
                "The class_balance parameter must be a probability above 0 for each of "
                f"{classes.tolist()}, with the sum 1. Got {self.class_balance!r}."
            )
        return np.asarray(found / found.sum())

    def _telling(self, codes: np.ndarray) -> np.ndarray:
        """Tell the functions of which no vote counts."""
        m = codes.shape[1]
        if self.abstentions != "auto":
            return np.full(m, self.abstentions == "tell")
        return np.array([len(np.unique(column[column >= 0])) == 1 for column in codes.T])

    def _keep(self, found: VoteModel) -> None:
        self.tables_, self.abstain_ = found.tables, found.abstain
        self.accuracies_ = found.accuracies
        self.n_iter_, self.converged_ = found.n_iter, found.converged

    def _fit_moments(self, codes: np.ndarray) -> None:
        k, balance = len(self.classes_), self.class_balance_
        voting = (codes >= 0).any(axis=0)
        if self.method == "triplet":
            tables, self.n_iter_, self.converged_ = (
                triplet_tables(codes[:, voting], k, balance),
                1,
                True,
            )
        else:
            tables, self.n_iter_, self.converged_ = metal_tables(
                codes[:, voting],
                k,
                balance,
                l2=float(self.l2),
                prec_init=float(self.prec_init),
                max_iter=int(self.max_iter),
                tol=float(self.tol),
            )
        full = np.zeros((codes.shape[1], k, k + 1))
        full[voting, :, :k] = tables
        full[:, :, k] = np.maximum(1 - full[:, :, :k].sum(axis=2), 0)
        self.tables_, self.abstain_ = full, np.zeros(codes.shape[1], dtype=bool)
        right = np.einsum("jyy,y->j", full[:, :, :k], balance)
        coverage = (codes >= 0).mean(axis=0)
        found = np.divide(right, coverage, out=np.full(len(right), np.nan), where=coverage > 0)
        self.accuracies_ = np.clip(found, _CLIP, 1.0)

    def _codes(self, votes: Any) -> np.ndarray:
        columns = getattr(votes, "columns", None)
        if columns is not None and hasattr(votes, "loc"):
            missing = [name for name in self.voters_ if name not in {str(c) for c in columns}]
            if missing:
                raise TableError(
                    f"Votes must have a column for each function of fit. {missing[0]!r} is "
                    f"missing; there are {[str(c) for c in columns][:8]}."
                )
            place = {str(name): position for position, name in enumerate(columns)}
            votes = votes.iloc[:, [place[name] for name in self.voters_]]
        codes, _, names = read_votes(votes, self.classes_)
        if len(names) != len(self.voters_):
            raise TableError(
                f"Votes must have a column for each of {len(self.voters_)} functions. Got "
                f"{len(names)} columns."
            )
        return codes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.allow_nan = tags.input_tags.categorical = True
        tags.target_tags.required = False
        return with_capabilities(tags, takes_unlabelled=True)
