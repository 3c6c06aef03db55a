"""Sets of classes and intervals of numbers that hold the truth as often as they say (layer L3).

MAPIE's classifiers take arrays, know no groups inside of a fit, and have one threshold for all
rows. Here a model of a table is fitted in folds that keep groups, and MAPIE makes the thresholds:
one for all, or for each class, group or pattern of views that a row has.
"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from hybridsent._groups import fit_with_groups, groups_of
from hybridsent._label_sets import is_of_sets
from hybridsent._labeled_score import check_given
from hybridsent._labels import kind_of, labeled_rows, one_column, plain_labels
from hybridsent._optional import import_optional
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent._tags import adapts, takes_unlabelled, with_capabilities
from hybridsent.heads._conformal_sets import SCORES, Known, intervals_of, sets_of
from hybridsent.heads._out_of_fold_fits import answers_out_of_fold, rows_of_inner
from hybridsent.views import GROUP, modalities_of, presence, view_of

__all__ = ["ConformalSets", "with_coverage"]

_BY = ("class", "group", "views")


def _of_classes(self: ConformalSets) -> bool:
    return not is_regressor(self.estimator)


class ConformalSets(MetaEstimatorMixin, BaseEstimator):
    r"""Give each row a set of classes, or an interval, that holds the truth in a given share.

    Inner folds, which keep groups together, tell what the model says about rows that it has not
    learned from; of their nonconformity, :math:`1 - p_{i, y_i}` or :math:`|y_i - \hat y_i|`, MAPIE
    makes thresholds; and the model is fitted on all rows. A row's set has the classes that do not
    pass the threshold. So many rows of a kind that has a threshold of its own are covered as asked
    for, however good the model is; a bad one gives large sets.

    Parameters
    ----------
    estimator : estimator
        A classifier with probabilities, or a regressor; or a pipeline that ends in one, also of a
        table, such as `make_fusion` builds.
    coverage : float, default=0.9
        Share of the rows whose truth is to be in its set.
    by : {"class", "group", "views"}, tuple of these, or None, default=None
        What has thresholds of its own:

        - ``"class"``: each class (Mondrian sets), so that rare ones are covered as often as others;
        - ``"group"``: each group that is told in `fit` and in `predict_set`; one that is not known
          has the threshold of all rows;
        - ``"views"``: each pattern of views that rows have and lack, so that a row without a
          picture gets the larger set that it needs.

        What is in too few rows for a threshold (at 0.9 fewer than 11) has that of all.
    conformity : {"lac", "aps"}, default="lac"
        Nonconformity of classes: ``"lac"`` gives the smallest sets, ``"aps"`` sets that are as
        large as a row is hard, of three classes and more, and not with ``by="class"``.
    cv : int, default=5
        Inner folds; fewer where there are fewer rows or groups.
    random_state : int, default=0
        Seed of the inner folds, and of ``"aps"``.

    Attributes
    ----------
    estimator_ : estimator
        Fitted on all rows.
    classes_ : ndarray
        Class labels; not of a regressor.
    said_ : ndarray of shape (n, n_classes) or (n,)
        Probabilities, or predictions, of rows that were not learned from.
    truth_ : ndarray of shape (n,)
        Codes of their classes, or their numbers.
    cells_ : ndarray of str of shape (n,) or None
        Of which group and pattern of views each is; None where these have no thresholds.
    n_features_in_ : int
        Columns seen in `fit`; where `estimator_` has it.
    feature_names_in_ : ndarray of str
        Names of the columns; where `estimator_` has them.

    See Also
    --------
    hybridsent.evaluation.coverage_report : How often sets of a model that was judged hold.

    Notes
    -----
    Needs MAPIE, of the extra ``conformal``. With thresholds of folds the coverage is met on average
    and about, as with MAPIE's own cross-conformal sets; the guarantee without any assumption is
    :math:`1 - 2 (1 - c)` for a coverage of c.

    References
    ----------
    Vovk, Gammerman, Shafer: Algorithmic learning in a random world, 2005. Sadinle, Lei, Wasserman:
    Least ambiguous set-valued classifiers with bounded error levels, JASA 2019. Zaffran,
    Dieuleveut, Josse, Romano: Conformal prediction with missing values, ICML 2023 (a threshold for
    each pattern).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent.heads import ConformalSets
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 400)
    >>> X = y[:, None] + rng.normal(0, 0.7, (400, 1))
    >>> model = ConformalSets(LogisticRegression(), coverage=0.9).fit(X, y)
    >>> model.predict_set([[0.5], [3.0]]).tolist()
    [[True, True], [False, True]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "coverage": [Interval(Real, 0, 1, closed="neither")],
        "by": [None, StrOptions(set(_BY)), tuple, list],
        "conformity": [StrOptions(set(SCORES))],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float = 0.9,
        by: Any = None,
        conformity: str = "lac",
        cv: int = 5,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.by = by
        self.conformity = conformity
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> ConformalSets:
        """Fit the model in inner folds, keep what it says, and fit it on all rows.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows, as the model takes them.
        y : array of shape (n,)
            Labels; -1 where a row has none (of a regressor NaN), if the model takes such rows.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the inner folds, nor by
            those inside of the model. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted model.

        Raises
        ------
        ValueError
            If the model has no probabilities, or a parameter is none of those.
        MissingDependencyError
            If MAPIE is not installed.
        """
        self._validate_params()
        by = self._by()
        import_optional("mapie", caller="ConformalSets", extra="conformal")
        X, y = self._checked(X, y)
        told, groups = groups, groups_of(self, X, groups)
        if "group" in by and groups is None:
            raise ValueError(
                "The groups parameter of fit must be given with by='group'. Got None, and no "
                "column group__0."
            )
        known, kind = self._known(y)
        self.estimator_ = fit_with_groups(clone(self.estimator), X, y, groups)
        self._learn_classes(y, known)
        said, at = answers_out_of_fold(
            self.estimator,
            X,
            y,
            known,
            groups,
            self._said,
            cv=self.cv,
            random_state=self.random_state,
            kind=kind,
        )
        if not len(at):
            raise ValueError(
                "ConformalSets must be fitted on rows of which inner folds can be made. Got "
                f"{int(known.sum())} with a label, of {self.cv} folds."
            )
        self.said_, self.truth_ = said, self._truth(y, at)
        cells = self._cells(X, told, by)
        self.cells_ = None if cells is None else cells[at]
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _by(self) -> tuple[str, ...]:
        given = (self.by,) if isinstance(self.by, str) else tuple(self.by or ())
        wrong = [each for each in given if each not in _BY]
        if wrong:
            raise ValueError(
                f"The 'by' parameter of ConformalSets must be None, one of {list(_BY)}, or a tuple "
                f"of these. Got {self.by!r}."
            )
        if "class" in given and is_regressor(self.estimator):
            raise ValueError(
                "The 'by' parameter of ConformalSets must not be 'class' around a regressor, which "
                f"knows none. Got {self.by!r}."
            )
        return given

    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        check_given(self, y)
        if is_of_sets(y) and not is_regressor(self.estimator):
            raise ValueError(
                "ConformalSets takes classes, one a row, or numbers. Got sets of labels; "
                "hybridsent.evaluation.coverage_report tells their coverage."
            )
        return rows_of_inner(self, X, y)

    def _known(self, y: np.ndarray) -> tuple[np.ndarray, Any]:
        kind = "numbers" if is_regressor(self.estimator) else None
        if not takes_unlabelled(self.estimator):
            return np.ones(len(y), dtype=bool), kind
        return labeled_rows(y, kind_of(self.estimator, y)), kind

    def _learn_classes(self, y: np.ndarray, known: np.ndarray) -> None:
        if is_regressor(self.estimator):
            return
        self.classes_ = np.unique(plain_labels(y[known]))
        if not hasattr(self.estimator_, "predict_proba"):
            raise ValueError(
                "The estimator of ConformalSets must have probabilities. Got "
                f"{type(self.estimator).__name__}, which has none; put CalibratedFusion around it."
            )

    def _truth(self, y: np.ndarray, at: np.ndarray) -> np.ndarray:
        if is_regressor(self.estimator):
            return np.asarray(y[at], dtype=np.float64)
        return np.searchsorted(self.classes_, plain_labels(y[at]))

    def _said(self, fitted: Any, X: Any) -> np.ndarray:
        """Give probabilities of all classes, or predictions."""
        if is_regressor(self.estimator):
            return np.asarray(fitted.predict(X), dtype=np.float64)
        given = np.asarray(fitted.predict_proba(X), dtype=np.float64)
        found = np.zeros((len(given), len(self.classes_)))
        own = np.asarray(fitted.classes_, dtype=self.classes_.dtype)
        found[:, np.searchsorted(self.classes_, own)] = given
        return found

    def _cells(self, X: Any, groups: Any, by: Iterable[str]) -> np.ndarray | None:
        """Name the group and the pattern of views of each row."""
        parts = []
        if "group" in by:
            parts.append(_names_of_groups(X, groups))
        if "views" in by:
            parts.append(_patterns(self.estimator_, X))
        if not parts:
            return None
        return np.array([" ".join(each) for each in zip(*parts, strict=True)], dtype=str)

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class, or number, of each row.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows.

        Returns
        -------
        ndarray of shape (n,)
            As the model gives them.
        """
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict(X))

    @available_if(_of_classes)  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows.

        Returns
        -------
        ndarray of shape (n, n_classes)
            As the model gives them.
        """
        check_is_fitted(self, "estimator_")
        return self._said(self.estimator_, X)

    @available_if(_of_classes)  # type: ignore[untyped-decorator]  # see above
    def predict_set(self, X: Any, groups: Any = None, *, said: Any = None) -> np.ndarray:
        """Give the classes that cannot be left out.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows.
        groups : array of shape (n,), default=None
            Group of each row, with ``by="group"``.
        said : array of shape (n, n_classes), default=None
            What `predict_proba` gave of these rows, where that is known; None asks the model.

        Returns
        -------
        ndarray of bool of shape (n, n_classes)
            In the order of `classes_`; a row may have none, where all pass the threshold.
        """
        check_is_fitted(self, "estimator_")
        known, cells = self._known_answers(X, groups)
        return sets_of(
            known,
            self._said(self.estimator_, X) if said is None else np.asarray(said, np.float64),
            cells,
            self.coverage,
            conformity=self.conformity,
            by_class="class" in self._by(),
            random_state=self.random_state,
        )

    @available_if(lambda self: not _of_classes(self))  # type: ignore[untyped-decorator]
    def predict_interval(self, X: Any, groups: Any = None, *, said: Any = None) -> np.ndarray:
        """Give the interval in which the number is.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows.
        groups : array of shape (n,), default=None
            Group of each row, with ``by="group"``.
        said : array of shape (n,), default=None
            What `predict` gave of these rows, where that is known; None asks the model.

        Returns
        -------
        ndarray of shape (n, 2)
            Its ends.
        """
        check_is_fitted(self, "estimator_")
        known, cells = self._known_answers(X, groups)
        said = self._said(self.estimator_, X) if said is None else np.asarray(said, np.float64)
        return intervals_of(known, said, cells, self.coverage)

    def score(self, X: Any, y: Any) -> float:
        """Accuracy, or R squared, of the predictions.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows.
        y : array of shape (n,)
            Labels.

        Returns
        -------
        float
            The score.
        """
        measure = r2_score if is_regressor(self.estimator) else accuracy_score
        return float(measure(y, self.predict(X)))

    def _known_answers(self, X: Any, groups: Any) -> tuple[Known, np.ndarray | None]:
        if self.cells_ is None:
            return Known(self.said_, self.truth_), None
        cells = self._cells(X, groups, self._by())
        if cells is None:
            return Known(self.said_, self.truth_), None
        codes = np.unique(np.concatenate([self.cells_, cells]), return_inverse=True)[1]
        n = len(self.cells_)
        return Known(self.said_, self.truth_, codes[:n]), codes[n:]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.target_tags.required = True
        tags.input_tags = inner.input_tags
        return with_capabilities(tags, takes_unlabelled=takes_unlabelled(self.estimator))


def with_coverage(model: Any, coverage: float, *, random_state: int = 0) -> Any:
    """Let a model of views give sets or intervals, with a threshold for each pattern of views.

    Encoders that are frozen stay the first step of a pipeline, so that cells are encoded once and
    not once a fold, and all that learns is put into `ConformalSets`.

    Parameters
    ----------
    model : Pipeline
        Unfitted, as `hybridsent.make_fusion` builds it.
    coverage : float
        Share of the rows whose truth is to be in its set.
    random_state : int, default=0
        Seed of the inner folds.

    Returns
    -------
    Pipeline or ConformalSets
        Two steps, the encoders and ``"conformal"``; where the first step learns, too, such as a
        selection of features, `ConformalSets` around the whole model.

    Raises
    ------
    ValueError
        If the model is no pipeline of several steps, or adapts to another domain.
    MissingDependencyError
        If MAPIE is not installed.

    See Also
    --------
    hybridsent.scoring.Scorer.explain : Tells the set of each new row.

    Examples
    --------
    >>> from hybridsent import make_fusion
    >>> from hybridsent.heads import with_coverage
    >>> [name for name, _ in with_coverage(make_fusion(text=True), 0.9).steps]
    ['features', 'conformal']
    """
    import_optional("mapie", caller="with_coverage", extra="conformal")
    if type(model) is not Pipeline or len(model.steps) < 2:
        raise ValueError(
            "The coverage parameter needs a model that is a pipeline of features and what learns "
            f"from them. Got {type(model).__name__}; put ConformalSets around it."
        )
    if adapts(model):
        raise ValueError(
            "The coverage parameter must be left out of a model that adapts: what is sure of rows "
            "with a label is not of those of another domain."
        )
    around = ConformalSets(model, coverage=coverage, by="views", random_state=random_state)
    if not _is_frozen(model[0]):
        return around
    return Pipeline([model.steps[0], ("conformal", around.set_params(estimator=model[1:]))])


def _is_frozen(step: Any) -> bool:
    """Tell whether a step encodes cells and learns nothing."""
    return isinstance(step, ColumnTransformer) and all(
        part in ("passthrough", "drop") or not get_tags(part).requires_fit
        for _, part, _ in step.transformers
    )


def _names_of_groups(X: Any, groups: Any) -> list[str]:
    """Give the group of each row by its name, which is the same in all tables."""
    if groups is None:
        columns = list(getattr(X, "columns", ()))
        marks = [i for i, name in enumerate(columns) if view_of(name) == GROUP]
        groups = X.iloc[:, marks[0]] if marks else None
    if groups is None:
        raise ValueError(
            "The groups parameter must be given with by='group': each group has a threshold of its "
            "own. Got None, and no column group__0."
        )
    return [str(each) for each in one_column(groups).tolist()]


def _patterns(fitted: Any, X: Any) -> list[str]:
    """Write down which views each row has, by the features that the model computes of it."""
    features = X
    if isinstance(fitted, Pipeline) and hasattr(fitted.steps[0][1], "transform"):
        head = fitted.steps[0][1]
        if not _views(X):
            features = head.transform(X)
    views = _views(features)
    if not views:
        raise ValueError(
            "ConformalSets with by='views' must be around a model of views: features in columns "
            "named view__i, or a pipeline whose first step makes such. Got columns "
            f"{list(getattr(features, 'columns', []))[:5]!r}."
        )
    values = np.asarray(features, dtype=np.float64)
    there = presence(values, {view: np.array(at) for view, at in views.items()})
    return ["+".join(np.array(list(views))[row].tolist()) or "nothing" for row in there]


def _views(features: Any) -> dict[str, list[int]]:
    """Tell the views of features; none where a column is of no view, as in a table of cells."""
    columns = list(getattr(features, "columns", ()))
    found = modalities_of(columns) if columns else {}
    return {} if "" in found else found
