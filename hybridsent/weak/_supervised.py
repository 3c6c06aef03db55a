"""From labelling functions to a classifier, in one fit (layer L3)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

from hybridsent._inner import OfInner, tags_of_inner
from hybridsent._labels import labeled_rows, one_column
from hybridsent._params import HasMethods
from hybridsent._tags import with_capabilities
from hybridsent.weak._label_model import LabelModel
from hybridsent.weak._soft import SoftLabelClassifier

__all__ = ["WeaklySupervisedClassifier"]


class WeaklySupervisedClassifier(OfInner, ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Learn a classifier from labelling functions, and from labels where there are some.

    The functions vote on the rows of `fit`, the label model joins the votes into probabilities, and
    the classifier learns from these (`SoftLabelClassifier`). Rows with a label are learned with it.
    To predict, the classifier alone is asked: it needs no function, and answers for rows that no
    function votes on.

    Parameters
    ----------
    functions : transformer
        Its `transform` gives a DataFrame of votes, a column a function: `LabelingFunctions`, or
        one's own.
    estimator : classifier
        Any that takes ``sample_weight``, such as what `hybridsent.fusion.make_fusion` builds. It
        gets the table that `fit` gets.
    label_model : LabelModel or None, default=None
        Joins the votes; any with `fit`, `predict_proba` and ``classes_``. None is ``LabelModel()``.
    min_weight : float, default=0.01
        As of `SoftLabelClassifier`.

    Attributes
    ----------
    functions_ : transformer
        The fitted functions.
    label_model_ : LabelModel
        The fitted label model.
    estimator_ : SoftLabelClassifier
        The fitted classifier, around a clone of `estimator`.
    classes_ : ndarray of shape (k,)
        The classes.
    coverage_ : float
        Share of the rows of `fit` that were learned from.
    n_features_in_ : int
        Columns seen in `fit`; where the classifier has it.
    feature_names_in_ : ndarray of str
        Names of the columns; where the classifier has them.

    See Also
    --------
    LabelModel : The votes alone.
    SoftLabelClassifier : The classifier alone.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from hybridsent.weak import WeaklySupervisedClassifier
    >>> def vote(texts):
    ...     said = texts.astype(str)
    ...     return pd.DataFrame({
    ...         "great": said.str.contains("great").map({True: "good", False: None}),
    ...         "sad": said.str.contains("sad").map({True: "bad", False: None}),
    ...     })
    >>> texts = pd.Series(["great fun", "sad noise", "great", "sad", "fun fun", "noise"])
    >>> model = WeaklySupervisedClassifier(
    ...     FunctionTransformer(vote), make_pipeline(CountVectorizer(), LogisticRegression())
    ... ).fit(texts)
    >>> model.predict(["fun", "noise"]).tolist()
    ['good', 'bad']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "functions": [HasMethods(["fit", "transform"])],
        "estimator": [HasMethods(["fit", "predict"])],
        "label_model": [HasMethods(["fit", "predict_proba"]), None],
        "min_weight": SoftLabelClassifier._parameter_constraints["min_weight"],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self, functions: Any, estimator: Any, *, label_model: Any = None, min_weight: float = 0.01
    ) -> None:
        self.functions = functions
        self.estimator = estimator
        self.label_model = label_model
        self.min_weight = min_weight

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, groups: Any = None
    ) -> WeaklySupervisedClassifier:
        """Let the functions vote, and learn from what they say.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows, as functions and classifier take them.
        y : array of shape (n,) or None, default=None
            Labels of the rows that have one, and -1 for the others.
        sample_weight : array of shape (n,), default=None
            Weights of the rows, for the classifier.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video), for a classifier that chooses by folds.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If functions and labels are not of two classes at least, a label is none that the label
            model knows, or no row has a vote or label.
        """
        self._validate_params()
        self.functions_ = clone(self.functions).fit(X)
        votes = self.functions_.transform(X)
        model = LabelModel() if self.label_model is None else clone(self.label_model)
        self.label_model_ = model.fit(votes) if y is None else model.fit(votes, y)
        classes = np.asarray(self.label_model_.classes_)
        soft = np.array(self.label_model_.predict_proba(votes), dtype=np.float64)
        if y is not None:
            values = one_column(y)
            place = {label: code for code, label in enumerate(classes.tolist())}
            for row in np.flatnonzero(labeled_rows(values, "classes")).tolist():
                if values[row] not in place:
                    raise ValueError(
                        f"y must hold classes that the label model knows, {classes.tolist()}, or "
                        f"-1. Got {values[row]!r}; LabelModel learns the classes of y, too."
                    )
                soft[row] = np.eye(len(classes))[place[values[row]]]
        self.coverage_ = float((soft.sum(axis=1) > 0).mean())
        around = SoftLabelClassifier(self.estimator, min_weight=self.min_weight)
        self.estimator_ = around.fit(
            X, soft, sample_weight=sample_weight, groups=groups, classes=classes
        )
        return self

    def __sklearn_tags__(self) -> Any:
        names = ("classifier_tags", "input_tags")
        tags = tags_of_inner(super().__sklearn_tags__(), self.estimator, *names)
        tags.target_tags.required = False
        return with_capabilities(tags, takes_unlabelled=True)
