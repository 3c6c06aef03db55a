"""Self-training and co-training: their limits, their rules written out, groups, and gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridsent import load, save
from hybridsent.evaluation import LabeledSplit, evaluate, label_curve
from hybridsent.exceptions import TableWarning
from hybridsent.few_label import CoTrainingClassifier, LabeledOnly, ViewSelfTrainingClassifier
from hybridsent.few_label._co_training import _lesson, joined
from hybridsent.few_label._guard import best_round
from hybridsent.few_label._rows import settled
from hybridsent.few_label._self_training import _sharpened, _surest, _with_shares
from hybridsent.heads import LateFusionClassifier, MultiLabelClassifier, TunedLinearClassifier
from hybridsent.recipes import load_recipe

BOTH = [ViewSelfTrainingClassifier, CoTrainingClassifier]


def table(n=160, seed=0, views=("text", "image"), labelled=12, apart=1.5):
    """Views that are independent within a class, and few labels, as text beside -1."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 2
    X = pd.DataFrame(
        {f"{v}__{i}": apart * truth + rng.normal(size=n) for v in views for i in range(3)}
    )
    names = np.array(["bad", "good"])[truth]
    y = np.where(np.arange(n) < labelled, names.astype(object), -1)
    return X, y.astype(object), names


# -- what both are without anything to learn from --------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
def test_with_every_row_labelled_they_are_the_plain_models(kind):
    X, _, names = table()
    model = kind(TunedLinearClassifier()).fit(X, names)
    if kind is ViewSelfTrainingClassifier:
        plain = TunedLinearClassifier().fit(X, names).predict_proba(X)
    else:
        model = kind(TunedLinearClassifier(), weighted=False).fit(X, names)
        plain = LateFusionClassifier().fit(X, names).predict_proba(X)
    assert model.n_rounds_ == 0
    np.testing.assert_allclose(model.predict_proba(X), plain, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", BOTH)
def test_rows_without_a_label_help_where_classes_lie_apart(kind):
    gains = []
    for seed in range(5):
        X, y, names = table(400, seed, labelled=6, apart=1.8)
        known = y != -1
        alone = kind().fit(X[known], names[known])
        gains.append(kind().fit(X, y).score(X, names) - alone.score(X, names))
    assert np.mean(gains) > 0.005


@pytest.mark.parametrize("kind", BOTH)
def test_labels_that_do_not_do_are_refused(kind):
    X, y, names = table()
    for wrong, said in [
        (np.full(160, -1), "at least 1 labelled row"),
        (np.where(y == "good", y, -1), "one class"),
        (np.resize([1, -1], 160), "class -1"),
        (np.column_stack([names == "good", names == "bad"]).astype(int), "MultiLabelClassifier"),
    ]:
        with pytest.raises(ValueError, match=said):
            kind().fit(X, wrong)


@pytest.mark.parametrize("kind", BOTH)
def test_the_same_seed_gives_the_same_and_models_travel(kind, tmp_path):
    X, y, _ = table()
    X.index = np.zeros(len(X), dtype=int)
    one, other = (kind(TunedLinearClassifier(), random_state=4).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    assert one.classes_.tolist() == ["bad", "good"]
    save(one, tmp_path / "model.hybridsent")
    np.testing.assert_array_equal(
        load(tmp_path / "model.hybridsent").predict_proba(X), one.predict_proba(X)
    )


# -- groups ----------------------------------------------------------------------------------------


class Seen(ClassifierMixin, BaseEstimator):
    """Remembers the groups of each fit, which stand in the first column."""

    log: list = []  # noqa: RUF012 - of all clones

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.log.append(set(np.asarray(X)[:, 0].tolist()))
        return self

    def predict_proba(self, X):
        p = (np.asarray(X)[:, 1] > 0.5).astype(float) * 0.8 + 0.1
        return np.column_stack([1 - p, p])


@pytest.mark.parametrize("kind", BOTH)
def test_a_group_that_is_held_out_teaches_nothing(kind):
    rng = np.random.default_rng(0)
    groups = np.arange(90) % 3
    truth = np.arange(90) // 3 % 2
    both = np.column_stack([groups, truth + rng.normal(0, 0.1, 90)])
    X = pd.DataFrame(np.hstack([both, both]), columns=[f"{v}__{i}" for v in "ab" for i in (0, 1)])
    y = np.where(np.arange(90) < 30, truth, -1)
    Seen.log.clear()
    options = {"pool_size": None, "weighted": False} if kind is CoTrainingClassifier else {}
    kind(Seen(), n_rounds=2, cv=3, **options).fit(X, y, groups=groups)
    seen = {frozenset(each) for each in Seen.log}
    assert seen == {frozenset(s) for s in ({0, 1}, {0, 2}, {1, 2}, {0, 1, 2})}


# -- self-training ---------------------------------------------------------------------------------


def test_one_round_is_what_it_says():
    X, y, _ = table(views=("text",))
    model = ViewSelfTrainingClassifier(
        LogisticRegression(), n_rounds=1, last_share=0.5, sharpness=np.inf, weight=2.0,
        fallback=False,
    ).fit(X, y)  # fmt: skip
    known = y != -1
    first = LogisticRegression().fit(X[known], y[known])
    p = first.predict_proba(X[~known])
    taken = []
    for code in (0, 1):
        mine = np.flatnonzero(p.argmax(axis=1) == code)
        taken += mine[np.argsort(-p[mine].max(axis=1), kind="stable")][
            : int(np.ceil(0.5 * len(mine)))
        ].tolist()
    taken = np.sort(taken)
    both = pd.concat([X[known], X[~known].iloc[taken]])
    labels = np.concatenate([y[known], first.classes_[p[taken].argmax(axis=1)]])
    weights = np.r_[np.ones(known.sum()), np.full(len(taken), 2.0 * known.sum() / len(taken))]
    by_hand = LogisticRegression().fit(both, labels, sample_weight=weights)
    np.testing.assert_allclose(model.predict_proba(X), by_hand.predict_proba(X), atol=1e-4)
    assert model.n_taken_ == len(taken)


def test_probabilities_are_sharpened_scaled_and_taken_class_by_class(rng):
    p = rng.dirichlet([1.0, 1.0, 1.0], 200)
    np.testing.assert_allclose(_sharpened(p, 1.0), p)
    np.testing.assert_array_equal(_sharpened(p, np.inf), np.eye(3)[p.argmax(axis=1)])
    np.testing.assert_allclose(
        _sharpened(np.array([[0.5, 0.25, 0.25]]), 2.0), [[4 / 6, 1 / 6, 1 / 6]]
    )
    shares = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(_with_shares(p, shares).mean(axis=0), shares, atol=1e-6)
    allowed = rng.random(200) < 0.7
    codes = p.argmax(axis=1)
    taken = _surest(p, 0.1, allowed)
    assert allowed[taken].all()
    for code in range(3):
        mine = taken[codes[taken] == code]
        assert len(mine) == np.ceil(0.1 * (codes == code).sum())
        rest = np.setdiff1d(np.flatnonzero(allowed & (codes == code)), mine)
        assert p[mine].max(axis=1).min() >= p[rest].max(axis=1).max()


def test_views_that_disagree_hold_rows_back():
    X, y, _ = table(views=("text", "image", "audio"), apart=1.0)
    taken = {
        rule: ViewSelfTrainingClassifier(
            agreement=rule, n_rounds=1, last_share=1.0, fallback=False
        ).fit(X, y).n_taken_
        for rule in ("none", "majority", "all")
    }  # fmt: skip
    assert taken["none"] == 148
    assert taken["none"] > taken["majority"] > taken["all"] > 0


def test_a_view_that_was_filled_in_is_not_asked():
    X, y, _ = table()
    X["missing__image"] = 1.0
    strict = ViewSelfTrainingClassifier(agreement="all", n_rounds=1, last_share=1.0, fallback=False)
    with_image = strict.fit(X.assign(missing__image=0.0), y).n_taken_
    assert strict.fit(X, y).n_taken_ > with_image


def test_rounds_that_clearly_harm_are_not_kept():
    losses = np.zeros((4, 2, 40))
    assert best_round(losses) == 3
    losses[3, 0, :20] = 1
    assert best_round(losses) == 2
    losses[1:, 0, :20] = 1
    assert best_round(losses) == 0
    losses[:] = 0
    losses[3, 0, 0] = 1  # one error of 40 is noise
    assert best_round(losses) == 3
    assert best_round(np.zeros((4, 2, 0))) == 3


def test_it_falls_back_where_answers_mislead():
    """The first model is right about the labelled rows; clusters say something else."""
    rng = np.random.default_rng(0)
    cluster = rng.integers(0, 2, 600)
    X = np.column_stack([6.0 * cluster, np.zeros(600)]) + rng.normal(size=(600, 2))
    truth = (X[:, 1] > 0).astype(int)
    y = np.where(np.arange(600) < 120, truth, -1)
    free = ViewSelfTrainingClassifier(fallback=True, cv=5).fit(X, y)
    plain = LabeledOnly(LogisticRegression(max_iter=1000)).fit(X, y)
    assert free.score(X, truth) >= plain.score(X, truth) - 0.02


def test_a_penalty_that_was_chosen_is_kept():
    X, y, names = table()
    known = y != -1
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0]}, cv=2)
    fitted = search.fit(X[known], names[known])
    assert fitted.best_params_["C"] == settled(search, fitted).C
    chain = make_pipeline(StandardScaler(), TunedLinearClassifier())
    fitted = chain.fit(X[known], names[known])
    assert settled(chain, fitted)[-1].Cs == (fitted[-1].C_,)
    model = ViewSelfTrainingClassifier(TunedLinearClassifier(), fallback=False).fit(X, y)
    assert model.estimator_.C_ == TunedLinearClassifier().fit(X[known], names[known]).C_


def test_the_estimator_knows_views_and_marks_and_keeps_the_weights_of_labelled_rows(rng):
    X, y, names = table(apart=3.0, labelled=40)
    X[[f"image__{i}" for i in range(3)]] = rng.normal(size=(len(X), 3))
    X["group__0"] = np.arange(len(X)) // 2
    known = y != -1
    inner = TunedLinearClassifier(view_weights="gain")
    plain = inner.fit(X[known], names[known])
    assert plain.view_weights_["image"] < 0.5
    model = ViewSelfTrainingClassifier(inner, fallback=False).fit(X, y)
    assert model.n_rounds_ == 4
    assert model.estimator_.view_weights_ == plain.view_weights_
    assert model.estimator_.coef_[:, list(X.columns).index("group__0")] == 0.0


def test_an_estimator_without_weights_is_refused():
    X, y, _ = table()
    with pytest.raises(ValueError, match="must take sample_weight"):
        ViewSelfTrainingClassifier(KNeighborsClassifier(2), fallback=False).fit(X, y)


# -- co-training -----------------------------------------------------------------------------------


def test_a_lesson_is_what_most_of_the_others_say():
    given = np.zeros((2, 4, 2))
    given[0] = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]
    given[1] = [[0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.0, 0.0]]
    has = np.array([[True, True], [True, True], [True, True], [True, False]])
    wanted = np.array([True, True, True, True])
    chosen, codes = _lesson(given, has, wanted, np.array([2, 2]))
    assert chosen.tolist() == [0, 3, 2]  # the second row divides them; of the fourth one is asked
    assert codes.tolist() == [0, 0, 1]
    chosen, _ = _lesson(given, has, wanted & [False, True, True, True], np.array([1, 0]))
    assert chosen.tolist() == [3]


def test_answers_are_joined_as_they_say():
    class Says:
        classes_ = np.array([0, 1])

        def __init__(self, p):
            self.p = p

        def predict_proba(self, X):
            return np.tile([1 - self.p, self.p], (len(X), 1))

    X = np.array([[0.0, 0.0], [0.0, np.nan], [np.nan, np.nan]])
    prior = np.array([0.4, 0.6])
    views = [(np.array([0]), Says(0.9), 1.0), (np.array([1]), Says(0.3), 0.5)]
    odds = 0.6 / 0.4 * (0.9 / 0.1 * 0.4 / 0.6) * (0.3 / 0.7 * 0.4 / 0.6) ** 0.5
    np.testing.assert_allclose(
        joined(X, views, prior, "product")[:, 1], [odds / (1 + odds), 0.9, 0.6]
    )
    np.testing.assert_allclose(
        joined(X, views, prior, "mean")[:, 1], [(0.9 + 0.5 * 0.3) / 1.5, 0.9, 0.6]
    )
    views = [(np.array([0]), Says(0.9), 0.0)]
    np.testing.assert_allclose(joined(X, views, prior, "mean")[:, 1], [0.9, 0.9, 0.6])


@pytest.mark.parametrize("views", [("text", "image"), ("text", "image", "audio")])
def test_views_teach_one_another_and_rows_may_lack_them(views):
    X, y, names = table(400, views=views, labelled=10, apart=1.8)
    for start, view in enumerate(views):
        X.loc[start::5, [name for name in X if name.startswith(view)]] = np.nan
    X.iloc[0] = np.nan
    model = CoTrainingClassifier(fallback=False).fit(X, y)
    assert list(model.estimators_) == list(views)
    assert all(count > 10 for count in model.n_taught_.values())
    assert (model.predict(X)[1:] == names[1:]).mean() > 0.85
    np.testing.assert_allclose(model.predict_proba(X)[0], model.prior_)


def test_a_view_that_says_nothing_teaches_nobody(rng):
    X, y, _ = table(300, labelled=40)
    noise = pd.DataFrame(rng.normal(size=(300, 3)), columns=[f"audio__{i}" for i in range(3)])
    model = CoTrainingClassifier(fallback=False).fit(pd.concat([X, noise], axis=1), y)
    assert model.weights_["audio"] == 0.0
    assert max(model.weights_.values()) == 1.0


def test_one_view_is_said_to_have_no_teacher():
    X, y, _ = table(views=("text",))
    with pytest.warns(TableWarning, match="self-training"):
        model = CoTrainingClassifier().fit(X, y)
    assert model.n_rounds_ == 0
    alone = model.for_one_view().fit(X, y)  # as evaluate judges a view: no warning
    np.testing.assert_array_equal(alone.predict_proba(X), model.predict_proba(X))


# -- as users call them ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["self-training", "co-training", "label-spreading"])
def test_recipes_learn_from_rows_without_a_label(name):
    X, y, _ = table(120, labelled=60)
    made = load_recipe(name).build(features="passthrough", random_state=1)
    if name != "label-spreading":
        made.set_params(classify__fallback=False)
    labels = pd.Series(np.where(y == -1, None, y))
    found = evaluate(made, X.assign(label=labels), "label", cv=2, n_jobs=1, check=False)
    assert found.models["fusion"]["accuracy"].value > 0.8
    assert found.rows == 60


@pytest.mark.parametrize("name", ["self-training", "co-training"])
def test_recipes_learn_sets_and_refuse_numbers(name):
    X, _, names = table(80)
    with pytest.raises(ValueError, match="label-spreading"):
        load_recipe(name).build(features="passthrough", task="regression")
    y = np.where(names == "good", "joy|trust", "anger").astype(object)
    y[40:] = ""
    model = load_recipe(name).build(features="passthrough", task="multilabel")
    model.set_params(classify__estimator__fallback=False, classify__estimator__n_rounds=2)
    model.fit(X, y)
    assert isinstance(model[-1], MultiLabelClassifier)
    assert (model.predict(X) == np.where(names == "good", "joy|trust", "anger")).mean() > 0.8


def test_label_spreading_trains_no_classifier():
    with pytest.raises(ValueError, match="classifier parameter must be left alone"):
        load_recipe("label-spreading").build(features="passthrough", classifier="svm")


def test_a_label_curve_hands_on_rows_without_labels():
    X, _, names = table(160)
    models = {"self": load_recipe("self-training").build(features="passthrough")}
    curve = label_curve(models, X, names, sizes=(4, 8), cv=2, n_seeds=1, n_jobs=1)
    assert [point.name for point in curve.lines["self"]["accuracy"]] == ["4", "8"]


# -- LabeledSplit ----------------------------------------------------------------------------------


def test_labeled_split_counts_the_folds_that_it_gives():
    y = np.array(["a", "b", "a", "b", -1, -1], dtype=object)
    groups = np.array([0, 0, 1, 1, 2, 2])
    from sklearn.model_selection import LeaveOneGroupOut

    split = LabeledSplit(LeaveOneGroupOut())
    given = list(split.split(np.zeros((6, 1)), y, groups))
    assert len(given) == split.get_n_splits(np.zeros((6, 1)), y, groups) == 2
    once = LabeledSplit(iter([([0, 1, 4], [2, 3]), ([2, 3, 5], [0, 1])]))
    assert once.get_n_splits() == 2
    assert [test.tolist() for _, test in once.split(None, y)] == [[2, 3], [0, 1]]
    assert once.get_n_splits(None, y) == 2


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (["a", "b"] * 6 + [-1] * 3, "classes"),
        ([0.5, 1.5] * 6 + [np.nan] * 3, "numbers"),
        (["joy|anger", "joy"] * 6 + [""] * 3, "sets"),
    ],
)
@pytest.mark.parametrize("grouped", [False, True])
def test_labeled_split_of_classes_numbers_and_sets(y, kind, grouped):
    groups = np.arange(15) % 5 if grouped else None
    X = np.zeros((15, 1))
    for told in (None, kind):
        tested = []
        for train, test in LabeledSplit(2, kind=told).split(X, y, groups):
            assert (test < 12).all()
            tested += test.tolist()
            if grouped:
                assert not set(groups[train]) & set(groups[test])
            else:
                assert set(train) == set(range(15)) - set(test)
        assert sorted(tested) == list(range(12))
    bare = LabeledSplit(2, keep_unlabeled=False)
    assert all((train < 12).all() for train, _ in bare.split(X, y, groups))
