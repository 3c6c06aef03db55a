"""Models of cells that are fitted on changed copies as well."""

from __future__ import annotations

import fakes as networks
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline

import hybridsent
from hybridsent import TextEncoder, evaluate, make_fusion
from hybridsent._tags import takes_unlabelled
from hybridsent.augment import AugmentedEstimator, augment_table
from hybridsent.evaluation import contributions, encoders_of, label_curve, missing_curve
from hybridsent.evaluation.fits._models import single_modalities
from hybridsent.few_label import LabeledOnly
from hybridsent.heads import ConformalSets, TunedLinearClassifier
from hybridsent.recipes import load_recipe

N = 24
WORDS = ["film", "song", "plot", "cast", "scene", "sound", "actor", "end"]


@pytest.fixture(autouse=True)
def _installed():
    with networks.installed(*networks.FAKES):
        yield


def table(n: int = N, *, index: str = "plain") -> pd.DataFrame:
    rng = np.random.default_rng(0)
    words = [" ".join(rng.choice(WORDS, 6)) for _ in range(n)]
    rows = pd.DataFrame({"text": words, "speaker": np.arange(n) // 4})
    rows["image"] = pd.Series(
        [rng.integers(0, 256, (9, 9, 3), dtype=np.uint8) for _ in range(n)], dtype=object
    )
    return rows if index == "plain" else rows.set_axis([0] * n)


LABELS = np.tile(["bad", "good"], N // 2)


def fusion(how: str = "early", *, both: bool = False, store=None, **options):
    views = {"text": "text/fake"} | ({"image": "image/fake"} if both else {})
    return make_fusion(how, **views, store=store, **options)


class Seen(ClassifierMixin, BaseEstimator):
    """Keeps what it was fitted on."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.X_, self.y_, self.w_, self.groups_ = X, np.asarray(y), sample_weight, groups
        self.classes_ = np.unique(self.y_)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


def seen(**given):
    model = Pipeline([("encode", TextEncoder("text/fake", store=None)), ("last", Seen())])
    return AugmentedEstimator(model, **given)


def test_copies_are_of_the_group_of_their_row_and_weigh_with_it_as_one():
    X = table()["text"]
    model = seen(n_copies=3).fit(X, LABELS)
    last = model.estimator_[-1]
    assert model.n_added_ == 3 * N
    assert last.groups_.tolist() == list(range(N)) * 4  # each row with its copies
    np.testing.assert_allclose(np.bincount(last.groups_, last.w_), 1)
    assert last.y_.tolist() == LABELS.tolist() * 4
    told = seen(n_copies=2).fit(X, LABELS, groups=table()["speaker"])
    assert told.estimator_[-1].groups_.tolist() == (table()["speaker"].tolist()) * 3
    full = seen(n_copies=2, weights="full").fit(X, LABELS, sample_weight=np.arange(N))
    assert full.estimator_[-1].w_.tolist() == list(range(N)) * 3
    shared = seen(n_copies=1).fit(X, LABELS, sample_weight=np.arange(N))
    assert shared.estimator_[-1].w_.tolist() == [i / 2 for i in range(N)] * 2
    assert seen(weights="full").fit(X, LABELS).estimator_[-1].w_ is None


def test_only_rows_with_a_label_are_copied():
    y = np.array(["good", "bad", -1, -1] * 6, dtype=object)
    model = AugmentedEstimator(make_pipeline(TextEncoder("text/fake"), LabeledOnly(Seen())))
    assert takes_unlabelled(model)
    model.fit(table()["text"], y)
    assert model.n_added_ == 2 * 12
    assert model.estimator_[-1].n_labeled_ == 3 * 12
    assert not takes_unlabelled(AugmentedEstimator(fusion()))


@pytest.mark.parametrize("form", [lambda X: X, lambda X: X.tolist(), lambda X: X.to_numpy()])
def test_a_column_comes_in_any_container(form):
    X = table()["text"]
    model = seen().fit(form(X), LABELS)
    other = seen().fit(X, LABELS)
    np.testing.assert_array_equal(
        np.asarray(model.estimator_[-1].X_), np.asarray(other.estimator_[-1].X_)
    )


def test_a_fit_is_that_of_the_model_on_the_table_with_its_copies():
    """The same by hand, from the table of copies."""
    X = table(index="all alike")
    model = AugmentedEstimator(fusion(both=True), n_copies=2).fit(X, LABELS, groups=X["speaker"])
    copies = augment_table(X, ["text", "image"], n_copies=2)
    by_hand = fusion(both=True).fit(
        pd.concat([X, copies]),
        np.tile(LABELS, 3),
        classify__sample_weight=np.full(3 * N, 1 / 3),
        classify__groups=np.tile(X["speaker"], 3),
    )
    np.testing.assert_array_equal(model.predict_proba(X), by_hand.predict_proba(X))
    assert model.classes_.tolist() == ["bad", "good"]
    assert list(model.feature_names_in_) == list(X.columns)
    again = clone(model).fit(X, LABELS, groups=X["speaker"])
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_a_second_cross_validation_encodes_nothing(tmp_path):
    """Law 2, of copies: found by folds, by another model, and by a later run."""
    X = table()
    model = AugmentedEstimator(fusion(both=True, store=str(tmp_path)), n_copies=2)
    evaluate(model, X, LABELS, cv=3, baselines=False)
    once = networks.seen()
    assert len(once) == len(set(once)) == 3 * 2 * N
    evaluate(clone(model), X, LABELS, cv=4, baselines=False)
    AugmentedEstimator(fusion("late", both=True, store=str(tmp_path)), n_copies=1).fit(X, LABELS)
    assert networks.seen() == once


def test_whatever_judges_sees_through_it():
    X = table()
    for around in (AugmentedEstimator, ConformalSets):
        model = around(fusion("late", both=True))
        assert [name for name, _, _ in encoders_of(model)] == ["text", "image"]
        singles = single_modalities(model)
        assert list(singles) == ["text", "image"]
        assert all(type(each) is around for each in singles.values())
    model = AugmentedEstimator(fusion("late", both=True), n_copies=1)
    found = evaluate(model, X, LABELS, cv=3)
    assert {"fusion", "text", "image"} <= set(found.models)
    curve = missing_curve(model, X, LABELS, rates=(0, 0.9), cv=3)
    assert list(curve.lines) == ["text", "image"]
    assert contributions(model, X, LABELS, cv=3) is not None
    curve = label_curve(
        {"plain": fusion(), "augmented": AugmentedEstimator(fusion())},
        X,
        LABELS,
        sizes=(4, "all"),
        cv=3,
        n_seeds=1,
    )
    assert list(curve.lines) == ["plain", "augmented"]


def test_numbers_sets_and_pipelines_of_words():
    X = table()
    numbers = np.linspace(-1, 1, N)
    model = AugmentedEstimator(fusion(task="regression")).fit(X, numbers)
    assert model.predict(X).shape == (N,)
    assert model.__sklearn_tags__().estimator_type == "regressor"
    sets = ["joy|anger" if i % 3 else "joy" for i in range(N)]
    many = AugmentedEstimator(fusion(task="multilabel")).fit(X, sets)
    assert many.n_added_ == 2 * N
    assert np.asarray(many.predict(X)).shape[0] == N
    words = AugmentedEstimator(make_fusion(text="text/words")).fit(X, LABELS)
    assert list(words.changes_) == ["text"]


def test_models_are_saved(tmp_path):
    X = table()
    model = AugmentedEstimator(fusion(both=True), policy={"image": {"crop": 0.2}}).fit(X, LABELS)
    hybridsent.save(model, tmp_path / "model.hybridsent")
    again = hybridsent.load(tmp_path / "model.hybridsent")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.get_params()["policy"] == {"image": {"crop": 0.2}}


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: AugmentedEstimator(make_fusion(features="passthrough")), "FeatureMixup"),
        (lambda: AugmentedEstimator(fusion(), policy={"txt": None}), "Did you mean 'text'"),
        (lambda: AugmentedEstimator(fusion(), policy={"speaker": "swap"}), "reads as cells"),
        (lambda: AugmentedEstimator(fusion(), n_copies=0), "n_copies"),
        (
            lambda: AugmentedEstimator(
                Pipeline([*fusion().steps[:-1], ("k", KNeighborsClassifier(3))]), weights="shared"
            ),
            "sample_weight",
        ),
        (
            lambda: AugmentedEstimator(
                Pipeline(
                    [
                        *fusion().steps[:-1],
                        ("s", GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=3)),
                    ]
                )
            ),
            "must keep a row and its copies together",
        ),
        (
            lambda: AugmentedEstimator(
                make_fusion(
                    views={"a": "text/fake", "b": "image/fake"},
                    columns={"a": "text", "b": "text"},
                )
            ),
            "read as text and as image",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make().fit(table(), LABELS)


def test_inner_folds_that_keep_groups_are_taken():
    search = GridSearchCV(TunedLinearClassifier(), {"max_iter": [90, 100]}, cv=GroupKFold(3))
    model = Pipeline([*fusion().steps[:-1], ("search", search)])
    AugmentedEstimator(model, weights="full").fit(table(), LABELS)
    AugmentedEstimator(Pipeline([*fusion().steps[:-1], ("r", Ridge())])).fit(
        table(), np.arange(N) / N
    )


def test_the_recipe_is_this_estimator_or_leaves_out_views():
    recipe = load_recipe("augmented")
    model = recipe.build(text="text/fake", store=None)
    assert isinstance(model, AugmentedEstimator)
    assert recipe.grid_for(model) == [{"n_copies": [1, 4]}]
    of_features = recipe.build(features="passthrough")
    assert type(of_features).__name__ == "ViewDropout"
    assert recipe.grid_for(of_features)
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(N, 2)), columns=["text__0", "image__0"])
    by_view = recipe.build(features=["text", "image"]).fit(X, LABELS)
    assert by_view.n_added_ == N
    with pytest.raises(ValueError, match="several views"):
        recipe.build(features="passthrough").fit(X[["text__0"]], LABELS)


def test_a_modality_of_ones_own_says_what_changes_it():
    from dataclasses import replace

    from hybridsent.augment import Augmentation, Change, copies_of
    from hybridsent.media import get_modality, register_modality

    mine = Augmentation(
        {"shout": Change(lambda text, rng, strength: text.upper(), 1.0, "how loud")},
        ("shout",),
        read=str,
        write=lambda content, cell: content,
    )
    text = get_modality("text")
    try:
        register_modality(replace(text, augment=mine), replace=True)
        assert copies_of("so good", "text", {"shout": 1.0}, 1) == ["SO GOOD"]
        assert AugmentedEstimator(fusion()).fit(table(), LABELS).changes_ == {
            "text": {"shout": 1.0}
        }
        register_modality(replace(text, augment=None), replace=True)
        with pytest.raises(ValueError, match="cells that can be changed"):
            AugmentedEstimator(fusion()).fit(table(), LABELS)
    finally:
        register_modality(text, replace=True)
