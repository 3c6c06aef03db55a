"""Sets of labels are judged on matrices of 0 and 1, whatever form they and the model's answers have."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from hybridsent._label_sets import rarest_labels, written_sets
from hybridsent._outer_folds import outer_folds
from hybridsent.evaluation import (
    LabeledSplit,
    OutOfFold,
    evaluate,
    labeled_scorer,
    read_labels,
)
from hybridsent.exceptions import TableError
from hybridsent.heads import MultiLabelClassifier

N = 90
NAMES = np.array(["anger", "fear", "joy"])


@pytest.fixture
def X() -> pd.DataFrame:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 6)))
    X.columns = [f"{view}__{i}" for view in ("text", "audio") for i in range(3)]
    return X


@pytest.fixture
def Y(X) -> np.ndarray:
    both = X["text__1"] + X["audio__0"] > 0
    return np.column_stack([X["text__0"] > 0.3, X["audio__1"] > 0.8, both]).astype(int)


def head() -> MultiLabelClassifier:
    return MultiLabelClassifier(LogisticRegression(), thresholds="half")


def forms(Y):
    texts = written_sets(Y, NAMES)
    sets = [set(NAMES[row == 1]) for row in Y]
    frame = pd.DataFrame(Y, columns=NAMES)
    return [texts, pd.Series(texts, dtype="string"), sets, [list(each) for each in sets], frame]


@pytest.mark.parametrize("grouped", [False, True])
def test_scores_are_those_of_scikit_learn_on_the_folds_that_are_told(X, Y, grouped):
    table = X.assign(label=written_sets(Y, NAMES))
    groups = np.arange(N) // 6 if grouped else None
    scoring = ["f1_micro", "f1_macro", "f1_samples", "accuracy", "roc_auc"]
    model = make_pipeline(head())
    result = evaluate(model, table, "label", groups=groups, scoring=scoring)
    kept = result.out_of_fold
    assert kept.target == "sets"
    assert kept.classes.tolist() == NAMES.tolist()
    assert np.array_equal(kept.truth, Y)
    said, p = np.empty_like(Y), np.empty((N, 3))
    areas = []
    for fold in range(5):
        test = kept.fold == fold
        fitted = OneVsRestClassifier(LogisticRegression()).fit(X[~test], Y[~test])
        said[test], p[test] = fitted.predict(X[test]), fitted.predict_proba(X[test])
        areas.append(roc_auc_score(Y[test], p[test], average="macro"))
    ours = kept.of("fusion")
    assert np.array_equal(ours.labels, said)
    assert np.allclose(ours.probabilities, p)
    scores = result.models["fusion"]
    for average in ("micro", "macro", "samples"):
        theirs = f1_score(Y, said, average=average, zero_division=0)
        assert np.isclose(scores[f"f1_{average}"].pooled, theirs)
    assert np.isclose(scores["accuracy"].pooled, accuracy_score(Y, said))
    assert np.allclose(scores["roc_auc"].folds, areas)
    assert set(result.models) == {"fusion", "text", "audio", "dummy"}


def test_the_dummy_is_the_prior_of_each_label(X, Y):
    kept = evaluate(head(), X, Y, cv=3).out_of_fold
    for fold in range(3):
        test = kept.fold == fold
        dummy = DummyClassifier(strategy="prior").fit(X[~test], Y[~test])
        assert np.array_equal(kept.of("dummy").labels[test], dummy.predict(X[test]))
        assert np.allclose(kept.of("dummy").probabilities[test], Y[~test].mean(axis=0))


@pytest.mark.parametrize(
    "model",
    [
        OneVsRestClassifier(LogisticRegression()),
        MultiOutputClassifier(LogisticRegression()),
        ClassifierChain(LogisticRegression(), random_state=0),
        RandomForestClassifier(5, random_state=0),
        make_pipeline(KNeighborsClassifier()),
        head(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_every_form_and_every_classifier_of_sets_gives_the_same_answers(X, Y, model):
    if type(model).__name__ == "MultiLabelClassifier":
        told = forms(Y)
    else:  # texts are classes to a classifier that takes both
        told = [
            each
            for each in forms(Y)
            if not isinstance(each[0 if isinstance(each, list) else each.keys()[0]], str)
        ]
    first = evaluate(model, X, Y, cv=3).out_of_fold.of("fusion")
    assert first.labels.shape == first.probabilities.shape == (N, 3)
    for y in told:
        again = evaluate(model, X, y, cv=3).out_of_fold
        assert again.classes.tolist() == NAMES.tolist()
        assert np.array_equal(again.of("fusion").labels, first.labels)
        assert np.allclose(again.of("fusion").probabilities, first.probabilities)


def test_predictions_are_written_as_users_do_and_survive_json(X, Y):
    result = evaluate(head(), X.assign(label=written_sets(Y, NAMES)), "label", cv=3)
    frame = result.predictions
    assert frame["truth"][:N].tolist() == written_sets(Y, NAMES)
    assert {"p_anger", "p_fear", "p_joy"} <= set(frame.columns)
    again = OutOfFold.from_dict(json.loads(json.dumps(result.out_of_fold.to_dict())))
    assert again.target == "sets"
    assert np.array_equal(again.truth, result.out_of_fold.truth)
    assert again.to_frame()["prediction"].tolist() == frame["prediction"].tolist()


def test_rows_without_labels_are_left_out_and_the_empty_set_is_not(X, Y):
    texts = written_sets(Y, NAMES)
    texts[3:9] = [""] * 6
    rows = read_labels(X.assign(label=texts), "label", estimator=head())
    assert rows.kind == "sets"
    assert len(rows.y) == N - 6
    assert (rows.y.sum(axis=1) == 0).any()
    assert rows.notes[-1] == "6 of 90 rows have no label in 'label': left out."
    assert rows.classes == {
        "joy": rows.y[:, 2].sum(),
        "anger": rows.y[:, 0].sum(),
        "fear": rows.y[:, 1].sum(),
    }


@pytest.mark.parametrize("grouped", [False, True])
def test_folds_of_sets_have_a_share_of_rare_labels_and_keep_groups(Y, grouped):
    groups = np.arange(N) // 3 if grouped else None
    splits = outer_folds(Y, 4, groups, kind="sets")
    assert np.array_equal(np.sort(np.concatenate([test for _, test in splits])), np.arange(N))
    codes = rarest_labels(Y)
    for train, test in splits:
        if grouped:
            assert not np.intersect1d(groups[train], groups[test]).size
        else:  # each has its share of each stratum, up to one row
            share = np.bincount(codes, minlength=4) / 4
            assert (abs(np.bincount(codes[test], minlength=4) - share) <= 1).all()


def test_labels_in_fewer_rows_than_folds_are_no_error(X):
    Y = np.zeros((N, 3), dtype=int)
    Y[: N // 2, 0] = 1
    Y[:2, 1] = 1
    Y[5, 2] = 1
    result = evaluate(head(), X, Y)
    assert np.isfinite(result.models["fusion"]["f1_macro"].value)
    assert any("too few to learn from" in note for note in result.notes)


def test_what_cannot_be_judged_is_refused_in_a_sentence(X, Y):
    with pytest.raises(TableError, match=r'task="multilabel"'):
        evaluate(LogisticRegression(), X, Y)
    with pytest.raises(TableError, match=r"LogisticRegression learns one class a row"):
        evaluate(make_pipeline(LogisticRegression()), X, forms(Y)[2])
    with pytest.raises(TableError, match=r"at least two different labels.*'joy' alone"):
        evaluate(head(), X, ["joy", "|"] * (N // 2))
    with pytest.raises(TableError, match=r"holds no label at all"):
        evaluate(head(), X, ["|"] * N)
    with pytest.raises(TableError, match=r"the same labels in each row"):
        evaluate(head(), X, ["joy|fear"] * N)
    with pytest.raises(ValueError, match=r"Got 3 sets for 90 rows"):
        evaluate(head(), X, ["joy|fear", "joy", "|"])
    with pytest.raises(TableError, match=r"classifiers or regressors, not both"):
        read_labels(X, Y, estimator=[head(), Ridge()])


def test_a_class_that_holds_the_separator_is_a_class_and_is_told(X):
    y = np.where(X["text__0"] > 0, "yes|no", "perhaps")
    result = evaluate(LogisticRegression(), X, y, cv=2)
    assert result.out_of_fold.target == "classes"
    assert any("classes of their own" in note for note in result.notes)
    assert read_labels(X, y).kind == "classes"
    assert read_labels(X, ["yes|no", "no", "yes"] * 30).kind == "sets"


@pytest.mark.parametrize("form", range(5))
def test_scikit_learns_searches_score_sets_of_any_form_by_the_rows_that_have_them(X, Y, form):
    y = forms(Y)[form]
    if form < 4:  # texts and collections, of which some rows have none
        y = pd.Series(list(y), dtype=object)
        y[::5] = None
    cv, scorer = LabeledSplit(3), labeled_scorer(["f1_macro", "accuracy"])
    found = cross_validate(head(), X, y, cv=cv, scoring=scorer)
    known = np.arange(N) % 5 != 0 if form < 4 else np.ones(N, dtype=bool)
    for (train, test), f1 in zip(cv.split(X, y), found["test_f1_macro"], strict=True):
        assert known[test].all()
        train = train[known[train]]
        said = OneVsRestClassifier(LogisticRegression()).fit(X.iloc[train], Y[train])
        theirs = f1_score(Y[test], said.predict(X.iloc[test]), average="macro", zero_division=0)
        assert np.isclose(f1, theirs)
