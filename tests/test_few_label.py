"""LabeledOnly: the inner estimator on the labelled rows, and nothing else."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from sklearn.base import BaseEstimator, is_classifier
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from hybridsent import load, save
from hybridsent._labels import labeled_rows
from hybridsent.few_label import LabeledOnly


@pytest.fixture
def X(rng):
    return rng.standard_normal((60, 3))


@pytest.fixture
def y(X):
    """Some rows without a label; the label of the others is told by the first column."""
    labels = np.where(X[:, 0] > 0, "good", "bad").astype(object)
    labels[::4] = -1
    return labels


def test_it_is_the_estimator_of_the_labelled_rows(X, y):
    known = y != -1
    found = LabeledOnly(LogisticRegression()).fit(X, y)
    alone = LogisticRegression().fit(X[known], y[known])
    np.testing.assert_array_equal(found.classes_, ["bad", "good"])
    np.testing.assert_array_equal(found.predict(X), alone.predict(X))
    np.testing.assert_array_equal(found.predict_proba(X), alone.predict_proba(X))
    np.testing.assert_array_equal(found.predict_log_proba(X), alone.predict_log_proba(X))
    np.testing.assert_array_equal(found.decision_function(X), alone.decision_function(X))
    assert found.score(X, y) == alone.score(X[known], y[known])
    assert (found.n_labeled_, found.n_features_in_) == (45, 3)
    assert not hasattr(found, "feature_names_in_")


class Recorder(BaseEstimator):
    """Keeps what it was given."""

    def fit(self, X, y, **params):
        self.given_ = (X, y, params)
        return self


def test_with_every_row_labelled_the_estimator_gets_the_very_objects(X):
    y = pd.Series(np.where(X[:, 0] > 0, "good", "bad"), dtype="string[pyarrow]")
    weights = np.ones(60)
    given = LabeledOnly(Recorder()).fit(X, y, sample_weight=weights).estimator_.given_
    assert given[0] is X
    assert given[1] is y
    assert given[2]["sample_weight"] is weights


@given(st.lists(st.sampled_from([-1, 0, 1, 2]), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_just_the_labelled_rows_arrive_in_their_order(y):
    known = np.flatnonzero(np.array(y) != -1)
    rows = np.arange(len(y))[:, None]
    if not len(known):
        with pytest.raises(ValueError, match=f"Got {len(y)} rows, all of them -1"):
            LabeledOnly(Recorder()).fit(rows, y)
        return
    found, labels, _ = LabeledOnly(Recorder()).fit(rows, y).estimator_.given_
    np.testing.assert_array_equal(found[:, 0], known)
    np.testing.assert_array_equal(labels, np.array(y)[known])


@pytest.mark.parametrize(
    "y",
    [
        [0, -1, 1],
        (0, -1, 1),
        ["bad", -1, "good"],
        np.array([0, -1, 1]),
        np.array([0.0, -1.0, 1.0]),
        np.array([True, -1, False], dtype=object),
        np.array(["bad", -1.0, "good"], dtype=object),
        np.array(["bad", np.int64(-1), "good"], dtype=object),
        pd.Series(["bad", -1, "good"]),
        pd.Series([0, -1, 1], dtype="Int64", index=[7, 8, 9]),
        pd.Series([0, -1, 1], dtype="int64[pyarrow]"),
    ],
    ids=lambda y: f"{type(y).__name__} {getattr(y, 'dtype', '')}",
)
def test_the_number_marks_unlabelled_rows_in_any_kind_of_y(y):
    found, labels, _ = LabeledOnly(Recorder()).fit([["a"], ["b"], ["c"]], y).estimator_.given_
    assert found == [["a"], ["c"]]
    expected = [y.iloc[0], y.iloc[2]] if hasattr(y, "iloc") else [y[0], y[2]]
    assert list(labels) == expected


@pytest.mark.parametrize(
    "y",
    [np.array(["bad", "-1", "good"]), pd.Series(["bad", "-1", "good"], dtype="string[pyarrow]")],
)
def test_the_text_is_no_mark_and_no_class(y):
    with pytest.raises(
        ValueError, match=r"must have the number -1 in y. Got the text '-1'.*astype"
    ):
        LabeledOnly(Recorder()).fit(np.zeros((3, 1)), y)
    if isinstance(y, pd.Series):
        mended = y.astype(object).replace("-1", -1)
        assert LabeledOnly(Recorder()).fit(np.zeros((3, 1)), mended).n_labeled_ == 2


@pytest.mark.parametrize("kind", ["array", "frame", "sparse", "series", "list"])
def test_rows_of_any_kind(kind):
    cells = ["x", "y", "z"]
    X = {
        "array": np.arange(6.0).reshape(3, 2),
        "frame": pd.DataFrame({"text": cells}, index=[5, 5, 5]),
        "sparse": coo_array(np.eye(3)),
        "series": pd.Series(cells),
        "list": cells,
    }[kind]
    found, _, _ = LabeledOnly(Recorder()).fit(X, [0, -1, 1]).estimator_.given_
    whole = X.tocsr() if kind == "sparse" else X
    if kind == "list":
        assert found == ["x", "z"]
    elif kind == "sparse":
        np.testing.assert_array_equal(found.toarray(), whole.toarray()[[0, 2]])
    else:
        np.testing.assert_array_equal(np.asarray(found), np.asarray(whole)[[0, 2]])
    assert type(found) is type(whole)


def test_what_has_a_value_a_row_is_cut_and_the_rest_is_passed_on():
    given = {
        "sample_weight": np.array([1.0, 2.0, 3.0]),
        "groups": ["a", "b", "c"],
        "frame": pd.Series([1, 2, 3], index=[9, 9, 9]),
        "name": "abc",
        "size": 3,
        "pair": (1, 2),
        "options": {"a": 1, "b": 2, "c": 3},
        "nothing": None,
    }
    _, _, found = (
        LabeledOnly(Recorder()).fit(np.zeros((3, 1)), [0, -1, 1], **given).estimator_.given_
    )
    np.testing.assert_array_equal(found["sample_weight"], [1, 3])
    assert found["groups"] == ["a", "c"]
    assert found["frame"].tolist() == [1, 3]
    for name in ("name", "size", "pair", "options", "nothing"):
        assert found[name] is given[name]


@pytest.mark.parametrize("routing", [False, True])
def test_weights_reach_the_estimator_through_a_pipeline(X, y, routing):
    known, weights = y != -1, np.arange(60.0)
    alone = LogisticRegression().fit(X[known], y[known], sample_weight=weights[known])
    with sklearn.config_context(enable_metadata_routing=routing):
        inner = LogisticRegression()
        if routing:
            inner.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        model = Pipeline([("classify", LabeledOnly(inner))])
        prefix = "" if routing else "classify__"
        model.fit(X, y, **{f"{prefix}sample_weight": weights})
        score = model.score(X, y, sample_weight=weights)
    np.testing.assert_array_equal(model[0].estimator_.coef_, alone.coef_)
    assert score == alone.score(X[known], y[known], sample_weight=weights[known])


def test_methods_are_those_of_the_estimator(X, y):
    svm = LabeledOnly(LinearSVC())
    assert not hasattr(svm, "predict_proba")
    assert not hasattr(svm, "transform")
    with pytest.raises(AttributeError, match="predict_proba"):
        svm.fit(X, y).predict_proba(X)
    lda = LabeledOnly(LinearDiscriminantAnalysis())
    with pytest.raises(NotFittedError):
        lda.transform(X)
    known = y != -1
    alone = LinearDiscriminantAnalysis().fit(X[known], y[known])
    np.testing.assert_array_equal(lda.fit(X, y).transform(X), alone.transform(X))
    np.testing.assert_array_equal(lda.get_feature_names_out(), alone.get_feature_names_out())
    assert not hasattr(LabeledOnly(PCA()).fit(X, y), "classes_")
    assert is_classifier(svm)
    assert not is_classifier(LabeledOnly(PCA()))


def test_steps_before_it_learn_from_all_rows(X, y):
    model = make_pipeline(StandardScaler(), LabeledOnly(LogisticRegression())).fit(X, y)
    assert model[0].n_samples_seen_ == 60
    assert model[1].n_labeled_ == 45


def test_columns_keep_their_names(X, y):
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = LabeledOnly(LogisticRegression()).fit(frame, y)
    assert list(model.feature_names_in_) == ["a", "b", "c"]


def test_folds_with_unlabelled_rows_are_judged_on_the_others(X, y):
    search = GridSearchCV(LabeledOnly(LogisticRegression()), {"estimator__C": [0.01, 1.0]}, cv=3)
    labels = np.array([{"bad": 0, "good": 1, -1: -1}[label] for label in y])
    search.fit(X, labels)
    assert search.best_score_ > 0.8
    assert list(search.classes_) == [0, 1]


@pytest.mark.parametrize(
    ("make", "X", "y", "message"),
    [
        (
            lambda: LabeledOnly(LogisticRegression()),
            np.zeros((2, 1)),
            [1, -1],
            r"y of LabeledOnly must not hold a class -1.*rename the class",
        ),
        (lambda: LabeledOnly("logreg"), np.zeros((2, 1)), [0, 1], "'estimator'.*Got 'logreg'"),
        (lambda: LabeledOnly(Recorder()), np.zeros((2, 1)), None, "requires y to be passed"),
        (
            lambda: LabeledOnly(Recorder()),
            np.zeros((2, 1)),
            [0, -1, 1],
            "as many rows. Got 2 and 3",
        ),
        (lambda: LabeledOnly(Recorder()), np.zeros((2, 1)), [-1, -1], "at least 1 labelled row"),
    ],
)
def test_errors_say_what_was_seen(make, X, y, message):
    with pytest.raises(ValueError, match=message):
        make().fit(X, y)


def test_a_score_of_no_labelled_row_is_an_error(X, y):
    model = LabeledOnly(LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match=r"score needs at least 1 labelled row. Got 60 rows"):
        model.score(X, np.full(60, -1))


def test_it_can_be_kept(X, y, tmp_path):
    model = LabeledOnly(LogisticRegression()).fit(X, y)
    save(model, tmp_path / "model.zip")
    for kept in (pickle.loads(pickle.dumps(model)), load(tmp_path / "model.zip")):
        np.testing.assert_array_equal(kept.predict(X), model.predict(X))
        assert kept.n_labeled_ == 45


# -- the rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "labeled"),
    [
        ([0, 1, -1], [True, True, False]),
        ([0.0, 1.0, -1.0], [True, True, False]),  # classes, read from a file as floats
        ([0.5, 1.0, -1.0], [True, True, True]),  # a regression: -1 is a value
        ([0.5, np.nan, -1.0], [True, False, True]),
        ([0.0, np.nan, -1.0], [True, False, True]),  # who marks by NaN does not mark by -1
        (["good", -1, "bad"], [True, False, True]),
        (np.array([1, -1], dtype=object), [True, False]),
        ([], []),
    ],
)
def test_a_row_is_unlabelled_by_minus_one_or_in_a_regression_by_nan(y, labeled):
    assert labeled_rows(y).tolist() == labeled


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_label_is_told_with_its_row(missing):
    y = np.array(["good", missing, "bad"], dtype=object)
    with pytest.raises(ValueError, match=r"in row 1; write -1 there"):
        LabeledOnly(LogisticRegression()).fit(np.eye(3), y)


@pytest.mark.parametrize("kind", [bool, int, float])
def test_numbers_and_truths_beside_the_mark_are_what_they_are(kind):
    X, labels = np.arange(8.0)[:, None], (np.arange(8) > 3).astype(kind)
    known = np.arange(8) % 4 > 0
    y = pd.Series(labels).astype(object).where(known, -1)
    found = LabeledOnly(LogisticRegression()).fit(X, y)
    alone = LogisticRegression().fit(X[known], labels[known])
    assert found.classes_.dtype == alone.classes_.dtype
    assert found.score(X, y) == alone.score(X[known], labels[known])


def test_a_transformer_inside_gives_what_is_asked_for():
    X = pd.DataFrame({"text__0": [0.0, 1, 2, 3], "text__1": [1.0, 1, 0, 1]})
    y = np.array(["a", -1, "b", "b"], dtype=object)
    pipeline = make_pipeline(
        LabeledOnly(SelectKBest(f_classif, k=1)), LabeledOnly(LogisticRegression())
    )
    pipeline.set_output(transform="pandas").fit(X, y)
    assert pipeline[0].transform(X).columns.tolist() == ["text__0"]
    assert LabeledOnly(SelectKBest(f_classif, k=1)).fit_transform(X, y).shape == (4, 1)
