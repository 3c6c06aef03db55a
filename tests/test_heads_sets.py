"""MultiLabelClassifier: a classifier for each label, thresholds by folds, sets as they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import estimator_checks_generator

from hybridsent._label_sets import written_sets
from hybridsent.few_label import LabeledOnly
from hybridsent.heads import MultiLabelClassifier, TunedLinearClassifier
from hybridsent.heads._multi_label import _best_threshold

N = 80
NAMES = np.array(["anger", "fear", "joy"])


@pytest.fixture
def X() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N, 4))


@pytest.fixture
def Y(X) -> np.ndarray:
    return np.column_stack([X[:, 0] > 0.3, X[:, 1] > 1.0, X[:, 2] + X[:, 3] > 0]).astype(int)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=25))
def test_the_threshold_has_the_highest_f1_of_all_thresholds(rows):
    scores = np.array([score for score, _ in rows]) / 6
    y = np.array([there for _, there in rows]).astype(int)
    found = _best_threshold(scores, y, 0.5)
    if not y.any():
        assert found == 0.5
        return
    tried = [f1_score(y, scores >= t, zero_division=0) for t in np.arange(-1, 14) / 12]
    assert np.isclose(f1_score(y, scores >= found, zero_division=0), max(tried))


def test_with_thresholds_of_one_half_it_is_one_vs_rest(X, Y):
    ours = MultiLabelClassifier(LogisticRegression(), thresholds="half").fit(X, Y)
    theirs = OneVsRestClassifier(LogisticRegression()).fit(X, Y)
    assert np.allclose(ours.predict_proba(X), theirs.predict_proba(X))
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X, Y) == theirs.score(X, Y)
    assert ours.thresholds_.tolist() == [0.5] * 3


def test_a_rare_label_is_said_with_thresholds_and_not_without():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    rare = X[:, 0] + rng.normal(size=400) > 2.2
    Y = np.column_stack([rare, X[:, 1] > 0]).astype(int)
    new = rng.normal(size=(4000, 3))
    truth = new[:, 0] + rng.normal(size=4000) > 2.2
    f1 = {
        way: f1_score(
            truth,
            MultiLabelClassifier(LogisticRegression(), thresholds=way).fit(X, Y).predict(new)[:, 0],
        )
        for way in ("f1", "half")
    }
    assert f1["f1"] > f1["half"]


@pytest.mark.parametrize("form", ["text", "list", "tuple", "set", "indicator", "frame"])
def test_what_was_given_is_what_predict_gives(X, Y, form):
    make = {
        "text": lambda: np.array(written_sets(Y, NAMES), dtype=object),
        "indicator": lambda: Y,
        "frame": lambda: pd.DataFrame(Y, columns=NAMES),
    }
    kind = {"list": list, "tuple": tuple, "set": set}.get(form)
    y = [kind(NAMES[row == 1]) for row in Y] if kind else make[form]()
    model = MultiLabelClassifier(LogisticRegression()).fit(X, y)
    said = model.predict(X)
    expected = MultiLabelClassifier(LogisticRegression()).fit(X, Y).predict(X)
    if form in ("indicator", "frame"):
        assert np.array_equal(said, expected)
    elif form == "text":
        assert said.tolist() == written_sets(expected, NAMES)
    else:
        assert said.tolist() == [kind(NAMES[row == 1].tolist()) for row in expected]
    assert model.classes_.tolist() == ([0, 1, 2] if form == "indicator" else NAMES.tolist())
    assert 0.5 < model.score(X, y) <= 1


def test_a_label_that_all_rows_have_or_none_is_learned_as_that(X, Y):
    Y = np.column_stack([Y, np.ones(N), np.zeros(N)]).astype(int)
    for inner in (LogisticRegression(), LinearSVC()):
        model = MultiLabelClassifier(inner).fit(X, Y)
        said = model.predict(X)
        assert (said[:, 3] == 1).all()
        assert (said[:, 4] == 0).all()
    assert not hasattr(model, "predict_proba")


class Seen(LogisticRegression):
    """Notes the groups that it was fitted with."""

    __metadata_request__fit = {"groups": True}  # noqa: RUF012
    log: list = []  # noqa: RUF012

    def fit(self, X, y, groups=None):
        self.log.append(None if groups is None else np.asarray(groups))
        return super().fit(X, y)


def test_groups_stand_on_one_side_of_its_folds_and_reach_what_is_inside(X, Y):
    groups = np.arange(N) // 8
    Seen.log.clear()
    MultiLabelClassifier(Seen(), cv=2).fit(X, Y, groups=groups)
    assert len(Seen.log) == 3 * 3
    for whole, one, two in zip(Seen.log[::3], Seen.log[1::3], Seen.log[2::3], strict=True):
        assert len(whole) == N
        assert not np.intersect1d(one, two).size
    told = MultiLabelClassifier(TunedLinearClassifier(), random_state=1).fit(X, Y, groups=groups)
    named = pd.DataFrame(X, columns=[f"text__{i}" for i in range(4)]).assign(group__0=groups * 1.0)
    of_column = MultiLabelClassifier(TunedLinearClassifier(), random_state=1).fit(named, Y)
    assert np.allclose(told.thresholds_, of_column.thresholds_)


@pytest.mark.parametrize("empty", ["", None, np.nan, -1])
def test_rows_without_labels_are_left_out_or_learned_from(X, Y, empty):
    y = np.array(written_sets(Y, NAMES), dtype=object)
    y[::4] = empty
    known = np.arange(N) % 4 != 0
    expected = MultiLabelClassifier(LogisticRegression()).fit(X[known], Y[known])
    plain = MultiLabelClassifier(LogisticRegression()).fit(X, y)
    assert np.allclose(plain.predict_proba(X), expected.predict_proba(X))
    taken = MultiLabelClassifier(make_pipeline(StandardScaler(), LabeledOnly(LogisticRegression())))
    taken.fit(X, y)
    scaled = StandardScaler().fit(X)  # on all rows
    inner = LogisticRegression().fit(scaled.transform(X[known]), Y[known, 0])
    assert np.allclose(taken.predict_proba(X)[:, 0], inner.predict_proba(scaled.transform(X))[:, 1])


def test_what_cannot_be_learned_is_refused_in_a_sentence(X):
    with pytest.raises(ValueError, match=r"empty sets alone in 80 rows"):
        MultiLabelClassifier().fit(X, ["|"] * N)
    with pytest.raises(ValueError, match=r"no row with labels"):
        MultiLabelClassifier().fit(X, [""] * N)
    with pytest.raises(ValueError, match=r"one set of labels a row. Got 2 sets for 80 rows"):
        MultiLabelClassifier().fit(X, ["joy", "|"])
    with pytest.raises(ValueError, match=r"Sets of labels must be texts"):
        MultiLabelClassifier().fit(X, np.arange(N))


@pytest.mark.parametrize(
    "check",
    [
        *("check_classifier_multioutput", "check_classifiers_multilabel_representation_invariance"),
        *("check_classifiers_multilabel_output_format_predict",),
        *("check_classifiers_multilabel_output_format_predict_proba",),
        *("check_no_attributes_set_in_init", "check_get_params_invariance", "check_set_params"),
        *("check_estimator_repr", "check_requires_y_none", "check_estimators_unfitted"),
    ],
)
def test_checks_of_scikit_learn_about_matrices_of_labels(check):
    # the others give classes, which are no sets
    checks = {each.func.__name__: each for _, each in _checks()}
    checks[check](MultiLabelClassifier(LogisticRegression(), thresholds="half"))


def _checks():
    return estimator_checks_generator(MultiLabelClassifier(LogisticRegression()), legacy=True)
