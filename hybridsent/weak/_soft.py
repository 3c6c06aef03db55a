"""Any classifier learns from probabilities of classes (layer L3).

scikit-learn's classifiers take one class a row; snorkel's noise-aware loss is for torch. Here each
row stands once for each class that it may be of, weighed by the probability.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

from hybridsent._groups import fit_with_groups, groups_of
from hybridsent._inner import OfInner, tags_of_inner
from hybridsent._labeled_score import check_given
from hybridsent._labels import labeled_rows, one_column, plain_labels
from hybridsent._labels import take_rows as take
from hybridsent._minus_one import check_minus_one_is_no_class
from hybridsent._numerics.expansion import expand
from hybridsent._params import HasMethods, Interval
from hybridsent._tables import as_pandas
from hybridsent._tags import with_capabilities
from hybridsent._weighted import fit_weighted

__all__ = ["SoftLabelClassifier"]


class SoftLabelClassifier(OfInner, ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    r"""Fit any classifier on soft labels: a probability of each class for each row.

    With the loss :math:`\ell` of the classifier it minimises the expected loss

    .. math:: \sum_i w_i \sum_k p_{ik}\, \ell(x_i, k)

    by weighted expansion: each row is handed over once for each class, with the probability as its
    weight. With one class a row it is the classifier as it is.

    Parameters
    ----------
    estimator : classifier
        Any classifier whose `fit` takes ``sample_weight``, a Pipeline whose last step does, or a
        fusion.
    min_weight : float, default=0.01
        Probabilities up to this one are left out, and the others of the row brought to the sum 1
        again, so that a row does not stand for classes that it is hardly of. 0 leaves nothing out.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone.
    classes_ : ndarray of shape (k,)
        The classes.
    n_labeled_ : int
        Rows with a label, hard or soft.
    n_expanded_ : int
        Rows that the classifier was fitted on.
    cut_ : float
        Share of the probability that was left out, of all rows with a label.
    n_features_in_ : int
        Columns seen in `fit`; where `estimator_` has it.
    feature_names_in_ : ndarray of str
        Names of the columns; where `estimator_` has them.

    See Also
    --------
    LabelModel : Gives such probabilities.
    WeaklySupervisedClassifier : From labelling functions to a classifier in one fit.

    References
    ----------
    .. [1] A. Ratner, C. De Sa, S. Wu, D. Selsam, C. Re, "Data programming: creating large training
       sets, quickly", NeurIPS 2016.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent.weak import SoftLabelClassifier
    >>> X = np.array([[0.0], [1.0], [8.0], [9.0]])
    >>> P = pd.DataFrame({"bad": [0.9, 0.8, np.nan, 0.1], "good": [0.1, 0.2, np.nan, 0.9]})
    >>> model = SoftLabelClassifier(LogisticRegression()).fit(X, P)
    >>> model.n_labeled_, model.n_expanded_, model.predict([[2.0], [7.0]]).tolist()
    (3, 6, ['bad', 'good'])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "min_weight": [Interval(Real, 0, 0.5, closed="left")],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(self, estimator: Any, *, min_weight: float = 0.01) -> None:
        self.estimator = estimator
        self.min_weight = min_weight

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, classes: Any = None
    ) -> SoftLabelClassifier:
        """Fit the classifier.

        Parameters
        ----------
        X : array or DataFrame of n rows
            The rows, as the classifier takes them.
        y : DataFrame or array of shape (n, k), or array of shape (n,)
            Probabilities, a column a class; a row of NaN, or of zeros, has no label. Or one class a
            row, and -1 where there is none.
        sample_weight : array of shape (n,), default=None
            Weights of the rows.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video), for a classifier that chooses by folds.
        classes : sequence of k labels or None, default=None
            The classes of the columns of an array; None takes the columns of a DataFrame, else
            0, 1, ….

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If y is neither, no row has a label, or the classifier takes no weights.
        """
        self._validate_params()
        check_given(self, y)
        y = _array_like(as_pandas(y))
        read = self._soft if y.ndim == 2 and y.shape[1] > 1 else self._hard
        rows, labels, weights = read(y, sample_weight, classes)
        X = X if hasattr(X, "shape") or hasattr(X, "__len__") else np.asarray(X)
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        if n != len(y):
            raise ValueError(
                f"X and y must have as many rows. Found input variables with inconsistent numbers "
                f"of samples: {[n, len(y)]}"
            )
        if not len(rows):
            raise ValueError(
                f"SoftLabelClassifier needs at least 1 row with a label. Got {n} rows, all without."
            )
        taken = X if len(rows) == n and (rows == np.arange(n)).all() else take(X, rows)
        codes = groups_of(None, X, groups)
        told = None if codes is None else codes[rows]
        if told is None and len(np.unique(rows)) < len(rows):
            told = rows  # who chooses by folds must not have a row on both sides
        self.n_expanded_ = len(rows)
        self.n_labeled_ = len(np.unique(rows))
        if weights is None:
            self.estimator_ = fit_with_groups(clone(self.estimator), taken, labels, told)
        else:
            self.estimator_ = fit_weighted(self, self.estimator, taken, labels, weights, told)
        return self

    def _soft(
        self, y: Any, sample_weight: Any, classes: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give rows, classes and weights of soft labels."""
        names = getattr(y, "columns", None)
        if classes is None:
            classes = np.arange(np.shape(y)[1]) if names is None else list(names)
        known = np.asarray(classes)
        if known.shape != (np.shape(y)[1],) or len(set(known.tolist())) < len(known):
            raise ValueError(
                f"Soft labels must have a column for each class. Got {np.shape(y)[1]} columns and "
                f"the classes {known.tolist()}."
            )
        order = np.argsort(known, kind="stable")  # as scikit-learn orders classes
        P = np.asarray(y, dtype=np.float64)[:, order]
        least = min(float(self.min_weight), 0.999 / P.shape[1])
        rows, codes, weights = expand(P, sample_weight, least=least)
        with_label = np.unique(rows)
        shares = P[with_label] / P[with_label].sum(axis=1, keepdims=True)
        self.cut_ = float(shares[shares <= least].sum() / max(len(with_label), 1))
        return rows, known[order][codes], weights

    def _hard(
        self, y: Any, sample_weight: Any, classes: Any
    ) -> tuple[np.ndarray, Any, np.ndarray | None]:
        """Give rows and classes of hard labels, and weights if there are any."""
        if classes is not None:
            raise ValueError(
                "The classes parameter of fit names the columns of soft labels. Got it with one "
                "class a row; leave it out."
            )
        values = one_column(y)
        labeled = labeled_rows(values, "classes")
        check_minus_one_is_no_class(values, kind="classes", name="y of SoftLabelClassifier")
        self.cut_ = 0.0
        rows = np.flatnonzero(labeled)
        labels = values if labeled.all() else plain_labels(values[labeled])
        if sample_weight is None:
            return rows, labels, None
        weights = np.asarray(sample_weight, dtype=np.float64)
        if weights.shape != values.shape:
            raise ValueError(
                f"The sample_weight parameter must be {len(values)} numbers, one a row. Got an "
                f"array of shape {weights.shape}."
            )
        return rows, labels, weights[labeled]

    def __sklearn_tags__(self) -> Any:
        names = ("classifier_tags", "input_tags")
        tags = tags_of_inner(super().__sklearn_tags__(), self.estimator, *names)
        return with_capabilities(tags, takes_unlabelled=True)


def _array_like(y: Any) -> Any:
    """Give lists as arrays; one of texts and of the number -1 keeps both."""
    if hasattr(y, "ndim") and hasattr(y, "shape"):
        return y
    rows = list(y) if isinstance(y, (list, tuple)) else None
    if rows and not isinstance(rows[0], (list, tuple, np.ndarray)):
        return one_column(rows)
    return np.asarray(y)
