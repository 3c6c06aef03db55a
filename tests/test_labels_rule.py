"""Which rows have a label: what was wrong where the rule had several homes, and holds now."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridsent._labels import kind_of, labeled_rows, reading_labels_as
from hybridsent._minus_one import check_minus_one_is_no_class, what_minus_one_is
from hybridsent.alignment import GCCA, MCCA
from hybridsent.evaluation import LabeledSplit, evaluate, labeled_scorer, search
from hybridsent.exceptions import TableWarning
from hybridsent.few_label import LabeledOnly
from hybridsent.fusion import make_features, make_fusion
from hybridsent.heads import (
    BoostedTreesClassifier,
    CalibratedFusion,
    ConformalSets,
    LateFusionClassifier,
    LateFusionRegressor,
    TunedLinearClassifier,
    TunedLinearRegressor,
)
from hybridsent.missing import PresentRows
from hybridsent.transfer import (
    CORAL,
    JDA,
    KLIEP,
    KMM,
    TCA,
    ContinuedBoostingRegressor,
    PriorClassifier,
    PriorRegressor,
    ReweightedEstimator,
    SubspaceAlignment,
    TrAdaBoostClassifier,
    TrAdaBoostRegressor,
)


def table(X, domain=None):
    out = pd.DataFrame(X, columns=[f"text__{i}" for i in range(X.shape[1])])
    return out if domain is None else out.assign(domain__0=domain.astype(float))


@pytest.fixture(scope="module")
def scores():
    """Rows of two domains, and integer scores from -3 to 3, as those of MOSI."""
    rng = np.random.default_rng(0)
    domain = np.repeat([0, 1], 150)
    X = rng.normal(size=(300, 5)) + 0.5 * domain[:, None]
    said = X @ rng.normal(size=5)
    return table(X, domain), np.clip(np.round(1.5 * said / said.std()), -3, 3).astype(int)


REGRESSORS = {
    "kmm": ReweightedEstimator(Ridge(), KMM()),
    "kliep": ReweightedEstimator(Ridge(), KLIEP()),
    "ulsif": ReweightedEstimator(Ridge(), "ulsif"),
    "classifier": ReweightedEstimator(Ridge(), "classifier"),
    "balanced": ReweightedEstimator(Ridge(), "balanced"),
    "tradaboost": TrAdaBoostRegressor(n_steps=3, n_estimators=3),
    "prior": PriorRegressor(),
    "continued": ContinuedBoostingRegressor(n_estimators=5, n_target_estimators=5, n_jobs=1),
    "coral": make_pipeline(CORAL(), LabeledOnly(Ridge())),
    "subspace": make_pipeline(SubspaceAlignment(2), LabeledOnly(Ridge())),
    "tca": make_pipeline(TCA(2), LabeledOnly(Ridge())),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_millionth_of_one_score_moves_no_prediction(name, scores):
    X, y = scores
    nearly = y.astype(float)
    nearly[0] += 1e-6
    found = REGRESSORS[name].fit(X, y).predict(X)
    np.testing.assert_allclose(REGRESSORS[name].fit(X, nearly).predict(X), found, atol=1e-4)


@pytest.mark.parametrize("name", REGRESSORS)
def test_of_a_regression_nan_alone_marks_a_row_without_a_score(name, scores):
    X, y = scores
    few = y.clip(-1, 1)  # no other negative number tells what they are
    hidden = np.random.default_rng(1).random(300) < 0.3
    gaps = np.where(hidden, np.nan, y.astype(float))
    model = REGRESSORS[name].fit(X, gaps)
    known = ~hidden
    assert model.score(X, gaps) == pytest.approx(r2_score(y[known], model.predict(X[known])))
    if name in {"coral", "subspace", "tca"}:  # a step in front of a regressor is told by y
        return
    whole = REGRESSORS[name].fit(X, few).predict(X)
    near = REGRESSORS[name].fit(X, few + np.where(np.arange(300) == 0, 1e-7, 0)).predict(X)
    np.testing.assert_allclose(whole, near, atol=1e-4)


def test_labelled_only_takes_a_regressor(scores):
    X, y = scores
    X, gaps = X.to_numpy(), np.where(np.arange(300) % 3 == 0, np.nan, y)
    known = ~np.isnan(gaps)
    model = LabeledOnly(Ridge()).fit(X, gaps)
    assert model.n_labeled_ == known.sum() == 200
    np.testing.assert_array_equal(model.predict(X), Ridge().fit(X[known], gaps[known]).predict(X))
    assert LabeledOnly(Ridge()).fit(X, y).n_labeled_ == 300  # each -1 is a score
    with pytest.raises(ValueError, match="Got 300 rows, all of them NaN"):
        LabeledOnly(Ridge()).fit(X, np.full(300, np.nan))


# -- alignment -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def views():
    rng = np.random.default_rng(3)
    names = [f"{view}__{i}" for view in ("text", "image") for i in range(4)]
    X = pd.DataFrame(rng.normal(size=(200, 8)), columns=names)
    said = X["text__0"] + X["image__0"] + rng.normal(size=200)
    return X, np.clip(np.round(said), -3, 3).to_numpy().astype(int)


def test_alignment_reads_scores_as_everybody_does(views):
    X, y = views
    first = [
        MCCA(supervised=True).fit(X, each).canonical_correlations_[0]
        for each in (y, y.astype(float), y + 1e-9 * np.arange(200))
    ]
    assert first == pytest.approx([first[0]] * 3, abs=1e-6)
    without = MCCA(supervised=True).fit(X, np.where(y == -1, np.nan, y))
    assert abs(without.canonical_correlations_[0] - first[0]) > 0.01


def test_where_minus_one_can_only_be_a_class_it_aligns_as_one(views):
    X, y = views
    polar = np.where(y < 0, -1, 1)
    named = np.where(y < 0, "a", "b")
    for aligner in (MCCA(supervised=True), GCCA(supervised=True)):
        found = aligner.fit(X, polar).transform(X)
        np.testing.assert_allclose(found, aligner.fit(X, named).transform(X))
    pieces = MCCA(supervised=True).partial_fit(X, np.sign(y), classes=[-1, 0, 1]).transform(X)
    whole = MCCA(supervised=True).fit(X, np.array(["a", "b", "c"])[np.sign(y) + 1]).transform(X)
    np.testing.assert_allclose(np.abs(pieces), np.abs(whole), atol=1e-8)


def test_a_polarity_is_warned_of_where_labels_align(views):
    X, y = views
    polarity = np.sign(y)
    with pytest.warns(TableWarning, match=r"MCCA reads the label -1 as no label, but"):
        MCCA(supervised=True).fit(X, polarity)
    named = np.array(["negative", "neutral", "positive"])[polarity + 1]
    MCCA(supervised=True).fit(X, named)  # warnings are errors here
    marked = named.astype(object)
    marked[:50] = -1
    MCCA(supervised=True).fit(X, marked)
    with reading_labels_as("names"):
        aligned = MCCA(supervised=True).fit(X, polarity).transform(X)
    np.testing.assert_allclose(aligned, MCCA(supervised=True).fit(X, named).transform(X))


# -- a class called -1 -----------------------------------------------------------------------------

CLASSIFIERS = {
    "reweighted": ReweightedEstimator(LogisticRegression(), "ulsif"),
    "tradaboost": TrAdaBoostClassifier(n_estimators=2),
    "prior": PriorClassifier(alpha=1.0),
    "coral": make_pipeline(CORAL(), LabeledOnly(LogisticRegression())),
    "jda": make_pipeline(JDA(5), LabeledOnly(LogisticRegression())),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_polarity_with_a_class_minus_one_is_warned_of_where_domains_are_told(name, scores):
    X, y = scores
    polarity = np.sign(y)
    with pytest.warns(TableWarning, match=r"rows of the source have it.*rename the class"):
        lost = CLASSIFIERS[name].fit(X, polarity)
    named = np.array(["negative", "neutral", "positive"])[polarity + 1]
    kept = CLASSIFIERS[name].fit(X, named)
    assert (lost.predict(X) == polarity).mean() < 0.75 < (kept.predict(X) == named).mean()
    unlabelled = np.where(X["domain__0"] == 1, -1, (y > 0).astype(int))
    if name != "tradaboost":
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "PriorClassifier saw no labelled row")
            CLASSIFIERS[name].fit(X, unlabelled)  # the target alone: nothing speaks for a class


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_what_can_only_be_a_class_minus_one_is_refused(name, scores):
    X, y = scores
    with pytest.raises(ValueError, match="must not hold a class -1, which marks a row without"):
        CLASSIFIERS[name].fit(X, np.where(y > 0, 1, -1))


@pytest.mark.parametrize(
    ("y", "meant"),
    [
        ([0, 1], "absent"),
        (["a", "-1"], "absent"),
        (["a", -1], "mark"),
        ([True, False, -1], "either"),
        ([-1, 0, 1, 2], "mark"),
        ([-1, 3, 4], "mark"),
        ([-1, -1], "mark"),
        ([-1, 0], "either"),
        ([-1.0, 0.0, 1.0], "either"),
        ([-1, 1], "class"),
        ([-1, -2, 2], "class"),
        ([-1.0, 0.0, float("nan")], "class"),
    ],
)
def test_what_minus_one_is(y, meant):
    assert what_minus_one_is(y, "classes") == meant
    refused = pytest.raises(ValueError, match="rename the class")
    if meant == "class":
        with refused:
            check_minus_one_is_no_class(y, kind="classes")
        check_minus_one_is_no_class(y, kind="classes", taken=False)
        check_minus_one_is_no_class(y, kind="numbers")
    else:
        check_minus_one_is_no_class(y, kind="classes")


def test_where_empty_cells_tell_each_minus_one_is_a_class():
    known = np.array([True, True, False])
    for y in ([-1, 0, -1], np.array(["a", -1, -1], dtype=object), ["-1", "a", "a"]):
        with pytest.raises(ValueError, match="must not hold a class -1"):
            check_minus_one_is_no_class(y, known, kind="classes")
    check_minus_one_is_no_class([0, 1, -1], known, kind="classes")
    check_minus_one_is_no_class([-1, 0, -1], known, kind="classes", taken=False)


# -- judged rows -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def half():
    """Two classes, of which half of the rows are unlabelled: as codes, and as text."""
    rng = np.random.default_rng(0)
    X = table(rng.normal(size=(240, 4)))
    truth = (X.to_numpy() @ rng.normal(size=4) > 0).astype(int)
    hidden = rng.random(240) < 0.5
    text = np.array(["bad", "good"], dtype=object)[truth]
    text[hidden] = -1
    return X, np.where(hidden, -1, truth), text, ~hidden


MODELS = {"takes": LabeledOnly(LogisticRegression()), "takes none": LogisticRegression()}


@pytest.mark.filterwarnings("ignore:.* reads the label -1 as no label")  # codes 0 and 1
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("of_text", [False, True])
def test_rows_without_a_label_are_never_scored(name, of_text, half):
    X, codes, text, known = half
    y = text if of_text else codes
    found = evaluate(MODELS[name], X, y, cv=3, n_jobs=1)
    whole = evaluate(LogisticRegression(), X[known], codes[known], cv=3, n_jobs=1)
    assert found.rows == known.sum()
    assert found.models["fusion"]["accuracy"].mean > 0.9
    assert found.models["dummy"]["accuracy"].mean == pytest.approx(
        whole.models["dummy"]["accuracy"].mean, abs=0.02
    )
    chosen = search({"one": (MODELS[name], {"C": [1.0]} if name == "takes none" else {})}, X, y,
                    cv=3, inner_cv=2, scoring="accuracy", n_jobs=1)  # fmt: skip
    assert chosen.selected.mean > 0.9


@pytest.mark.parametrize("scoring", [None, "accuracy", "UAR", ["accuracy", "f1_macro"]])
@pytest.mark.parametrize("of_text", [False, True])
def test_a_search_of_scikit_learns_judges_the_labelled_rows(scoring, of_text, half):
    X, codes, text, _ = half
    y = text if of_text else codes
    several = isinstance(scoring, list)
    grid = GridSearchCV(
        LabeledOnly(LogisticRegression()),
        {"estimator__C": [1.0]},
        scoring=labeled_scorer(scoring),
        cv=LabeledSplit(3),
        refit="accuracy" if several else True,
        error_score="raise",
    )
    assert grid.fit(X, y).best_score_ > 0.9
    if not of_text:  # scikit-learn's own folds refuse text beside a number
        assert grid.set_params(cv=3).fit(X, y).best_score_ > 0.9
        plain = GridSearchCV(LabeledOnly(LogisticRegression()), {}, scoring="accuracy", cv=3)
        assert plain.fit(X, y).best_score_ < 0.6  # what the two are for


def test_labelled_splits_train_on_all_and_test_what_is_known(half):
    X, codes, text, known = half
    for y in (codes, text):
        folds = list(LabeledSplit(4).split(X, y))
        assert len(folds) == LabeledSplit(4).get_n_splits() == 4
        tested = np.concatenate([test for _, test in folds])
        np.testing.assert_array_equal(np.sort(tested), np.flatnonzero(known))
        for train, test in folds:
            np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(X)))
        bare = LabeledSplit(4, keep_unlabeled=False)
        for (train, test), (fewer, same) in zip(folds, bare.split(X, y), strict=True):
            np.testing.assert_array_equal(fewer, train[known[train]])
            np.testing.assert_array_equal(same, test)


def test_labelled_splits_stand_around_any_splitter(half):
    X, codes, _, known = half
    groups = np.arange(240) % 6
    for cv, told in ((KFold(3), None), (GroupKFold(3), groups), (3, groups)):
        splitter = LabeledSplit(cv)
        assert splitter.get_n_splits(X, codes, told) == 3
        for train, test in splitter.split(X, codes, told):
            assert known[test].all()
            if told is not None:
                assert not set(groups[train]) & set(groups[test])
    by_hand = [(np.arange(0, 120), np.arange(120, 240))]
    ((train, test),) = LabeledSplit(by_hand).split(X, codes)
    np.testing.assert_array_equal(test, 120 + np.flatnonzero(known[120:]))
    assert set(np.flatnonzero(~known)) <= set(train)
    found = cross_validate(
        LabeledOnly(LogisticRegression()), X, codes, cv=LabeledSplit(GroupKFold(3)), groups=groups
    )
    assert found["test_score"].min() > 0.8
    with pytest.raises(ValueError, match="needs y"):
        next(LabeledSplit().split(X))


def test_numbers_are_split_and_scored_where_they_are_known(half):
    X, *_ = half
    y = X.sum(axis=1).to_numpy(copy=True)
    y[::3] = np.nan
    model = LabeledOnly(Ridge())
    folds = cross_validate(model, X, y, cv=LabeledSplit(3), scoring="r2", error_score="raise")
    assert folds["test_score"].min() > 0.9
    scored = cross_validate(model, X, y, cv=3, scoring=labeled_scorer("r2"), error_score="raise")
    assert scored["test_score"].min() > 0.9
    with pytest.raises(ValueError, match=r"at least 1 labelled row\. Got 2 rows"):
        labeled_scorer("r2")(model.fit(X, y), X[:2], [np.nan, np.nan])


def test_a_class_minus_one_is_judged_where_nothing_takes_rows_without_a_label(half):
    X, *_ = half
    polar = np.where(X["text__0"] > 0, 1, -1)
    found = evaluate(LogisticRegression(), X, polar, cv=3, n_jobs=1)
    assert found.rows == 240
    with pytest.raises(ValueError, match="rename the class"):
        evaluate(LabeledOnly(LogisticRegression()), X, polar, cv=3, n_jobs=1)


def test_a_polarity_is_warned_of_where_nothing_takes_rows_without_a_label(half):
    X, codes, *_ = half
    with pytest.warns(TableWarning, match=r"reads the label -1 as no label.*left out"):
        evaluate(LogisticRegression(), X, codes, cv=3, n_jobs=1)
    whole = evaluate(LogisticRegression(), X.assign(said=codes), "said", cv=3, n_jobs=1)
    assert whole.rows == 240  # of a column an empty cell is no label, and -1 a class


# -- the rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        ([0, 1, -1], "classes"),
        ([0.0, 1.0, -1.0], "classes"),
        ([0, 1, -2], "numbers"),
        ([0.0, -3.0], "numbers"),
        ([0.5, 1.0], "numbers"),
        ([0.0, float("nan")], "numbers"),
        (np.array([0.5, None], dtype=object), "numbers"),
        (["a", "b"], "classes"),
        ([True, False], "classes"),
        ([], "classes"),
        (pd.Series([1, -1, pd.NA], dtype="Int64"), "numbers"),
    ],
)
def test_what_labels_are(y, kind):
    assert kind_of(None, y) == kind
    assert kind_of(StandardScaler(), y) == kind
    assert kind_of(make_pipeline(StandardScaler(), LogisticRegression()), y) == "classes"
    assert kind_of(GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {}), y) == "numbers"
    assert kind_of(LabeledOnly(Ridge()), y) == kind_of(PriorRegressor(), y) == "numbers"
    assert kind_of(object(), y) == kind
    with reading_labels_as("numbers"):
        assert kind_of(StandardScaler(), y) == "numbers"
        assert kind_of(LogisticRegression(), y) == "classes"
    with reading_labels_as("names"), reading_labels_as(None):
        assert kind_of(LogisticRegression(), y) == "names"
        assert labeled_rows([-1, 0], kind_of(LogisticRegression())).all()


def test_scores_that_look_like_classes_stay_scores_inside_a_regressor(scores):
    X, y = scores
    few = np.sign(y)
    weigher = ReweightedEstimator(Ridge(), "balanced").fit(X, few).weigher_
    assert (weigher.sample_weight_ > 0).all()
    with reading_labels_as("classes"):  # around a classifier, and a regressor inside all the same
        again = ReweightedEstimator(Ridge(), "balanced").fit(X, few)
    assert (again.weigher_.sample_weight_ > 0).all()


# -- selection -------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_text", [False, True])
def test_a_selection_learns_from_the_rows_with_a_label(of_text, half):
    X, codes, text, known = half
    y = text if of_text else codes
    for select in ("univariate", "l1", "trees"):
        made = make_features(features=["text"], select=select).fit(X, y)
        same = make_features(features=["text"], select=select).fit(X[known], y[known])
        best, there = (each.named_transformers_["text"]["select"] for each in (made, same))
        np.testing.assert_array_equal(
            best.transformer_["best"].get_support(), there.transformer_["best"].get_support()
        )
        if select == "univariate":
            found, expected = (each.transformer_["best"].scores_ for each in (best, there))
            as_a_class = f_classif(X, codes)[0]
            assert found.max() > 2 * as_a_class.max()
            assert found == pytest.approx(expected, rel=0.2)  # all rows are scaled


def test_discriminants_learn_from_the_rows_with_a_label_and_beside_what_adapts(half):
    X, codes, _, _ = half
    text = np.array(["bad", "good"], dtype=object)[np.maximum(codes, 0)]
    X = X.assign(site=np.where(np.arange(240) % 2, "a", "b"))
    y = np.where(X["site"] == "b", text, -1)
    for learned in ({"select": "univariate"}, {"reduce": "lda"}):
        model = make_fusion(
            features=["text"], domain="site", target_domain="a", adapt="coral", **learned
        )
        assert set(model.fit(X, y).predict(X)) <= {"good", "bad"}


@pytest.mark.parametrize("told", [{"select": "univariate"}, {"reduce": "lda"}, {"how": "align"}])
def test_nothing_is_said_of_marks_beside_what_adapts(told, half):
    X, codes, *_ = half
    X = X.rename(columns={"text__3": "audio__0"})
    views = ["text", "audio"] if told.get("how") else ["text"]
    model = make_fusion(features=views, adapt="coral", **told)
    assert set(model.fit(X, codes).predict(X)) == {0, 1}  # warnings are errors
    assert set(clone(model).fit(X, codes).predict(X)) == {0, 1}


def test_a_polarity_is_warned_of_where_features_are_selected(half):
    X, codes, *_ = half
    with pytest.warns(TableWarning, match=r"PresentRows reads the label -1 as no label, but"):
        make_fusion(features=["text"], select="univariate").fit(X, codes)
    polar = np.where(codes == 1, 1, -1)
    made = make_features(features=["text"], select="univariate").fit(X, polar)
    best = made.named_transformers_["text"]["select"].transformer_["best"]
    assert np.isfinite(best.scores_).all()
    with pytest.raises(ValueError, match="At least one labelled row must be without NaN to fit"):
        PresentRows(SelectKBest(k=1), labeled_only=True).fit(X, np.full(240, -1))


# -- labels that are missing, or of two types ------------------------------------------------------

HEADS = [
    TunedLinearClassifier(),
    LateFusionClassifier(),
    BoostedTreesClassifier(n_estimators=2, n_jobs=1),
    CalibratedFusion(TunedLinearClassifier()),
    ConformalSets(TunedLinearClassifier()),
]


@pytest.mark.parametrize("head", HEADS, ids=lambda head: type(head).__name__)
@pytest.mark.parametrize(
    ("label", "said"),
    [
        (None, r"Every row must have a label in y\. Got (None|nan) in row 2"),
        (float("nan"), r"Every row must have a label in y\. Got nan in row 2"),
        (3, r"must be texts or numbers, not both\. Got '.*' and 3: write all as texts\."),
        (-1, r"and -1: write all as texts; hybridsent\.few_label.LabeledOnly leaves out"),
    ],
)
@pytest.mark.parametrize("form", [list, pd.Series])
def test_a_label_that_is_missing_or_of_another_type_is_no_class_of_its_own(head, label, said, form):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(24, 2)), columns=["text__0", "image__0"])
    with pytest.raises(ValueError, match=said):
        clone(head).fit(X, form(["good", "bad", label] * 8))


@pytest.mark.parametrize("head", [TunedLinearRegressor(), LateFusionRegressor()])
def test_a_number_that_is_missing_is_named(head):
    X = pd.DataFrame(np.eye(3), columns=["text__0", "text__1", "image__0"])
    with pytest.raises(ValueError, match=r"Every row must have a label in y\. Got None in row 1"):
        head.fit(X, [0.5, None, 1.5])


@pytest.mark.parametrize("head", HEADS, ids=lambda head: type(head).__name__)
def test_numbers_in_a_column_of_objects_are_classes(head):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(24, 2)), columns=["a__0", "b__0"])
    fitted = clone(head).fit(X, pd.Series([1, 0] * 12, dtype=object))
    assert fitted.classes_.tolist() == [0, 1]
