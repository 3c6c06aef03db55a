"""Folds, and groups that they keep together: in what judges, and in all that tunes itself.

A voice is in all clips of a speaker. Inner folds that put clips of one speaker on both sides choose
what remembers voices, and what remembers voices is sure of the wrong thing with a new speaker.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import clone, config_context
from sklearn.base import BaseEstimator, ClassifierMixin, is_regressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC

from hybridsent._folds import hold_out, inner_folds
from hybridsent._groups import fit_with_groups, groups_for, groups_of, wants_groups
from hybridsent._numerics.left_out import left_out_residuals
from hybridsent._outer_folds import outer_folds
from hybridsent.alignment import ContrastiveAligner, DeepCCA
from hybridsent.cli import main
from hybridsent.evaluation import evaluate, search
from hybridsent.few_label import LabeledOnly
from hybridsent.fusion import make_fusion
from hybridsent.heads import (
    BoostedTreesClassifier,
    ConvolutionalFusionClassifier,
    GatedFusionClassifier,
    KernelClassifier,
    LateFusionClassifier,
    RecurrentFusionClassifier,
    StackedFusionClassifier,
    TensorFusionClassifier,
    TunedLinearClassifier,
)
from hybridsent.persist import load
from hybridsent.transfer import (
    KLIEP,
    ContinuedBoostingClassifier,
    DomainClassifier,
    PriorClassifier,
    PriorRegressor,
    ReweightedEstimator,
    TrAdaBoostRegressor,
)


def speakers(seed, *, n_speakers=12, each=25, width=60, voice=2.5, mood=1.0):
    """Clips of speakers who differ in voice, and in how often they show a mood."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n_speakers), each)
    often = rng.permutation(np.linspace(0.05, 0.95, n_speakers))
    y = (rng.random(len(who)) < often[who]).astype(int)
    X = (
        rng.standard_normal((len(who), width))
        + voice * rng.standard_normal((n_speakers, width))[who]
    )
    X[:, :3] += mood * (y - 0.5)[:, None]
    return X, y, who


def in_views(X, groups=None):
    """The columns as those of two views, with the groups beside them."""
    half = X.shape[1] // 2
    names = [f"voice__{i}" for i in range(half)] + [f"face__{i}" for i in range(X.shape[1] - half)]
    table = pd.DataFrame(X, columns=names)
    return table if groups is None else table.assign(group__0=groups.astype(float))


def losses_of_new_speakers(model, X, y, who):
    """Held-out log-loss where no fold inside knows of speakers, and where it does."""
    plain, told = [], []
    for train, test in GroupKFold(4).split(X, y, who):
        rows = X.iloc[train] if hasattr(X, "iloc") else X[train]
        new = X.iloc[test] if hasattr(X, "iloc") else X[test]
        for found, groups in ((plain, None), (told, who[train])):
            fitted = fit_with_groups(clone(model), rows, y[train], groups)
            found.append(log_loss(y[test], fitted.predict_proba(new), labels=[0, 1]))
    return float(np.mean(plain)), float(np.mean(told))


# -- what groups mend ------------------------------------------------------------------------------


def test_the_default_classifier_is_not_sure_of_voices():
    # a model that knows nothing has 0.69
    each = [losses_of_new_speakers(TunedLinearClassifier(), *speakers(seed)) for seed in (1, 2, 3)]
    plain, told = np.mean(each, axis=0)
    assert plain > 1.0
    assert told < 0.75


@pytest.mark.parametrize(
    "model",
    [
        LateFusionClassifier(),
        LateFusionClassifier(combine="weighted"),
        StackedFusionClassifier(joint=False),
        LabeledOnly(StackedFusionClassifier(joint=False)),
        LabeledOnly(TunedLinearClassifier()),
        make_fusion(features="passthrough"),
        GridSearchCV(
            make_pipeline(StandardScaler(), TunedLinearClassifier()),
            {"tunedlinearclassifier__cv": [3]},
            cv=2,
            scoring="neg_log_loss",
        ),
    ],
    ids=["late", "weighted", "stack", "LabeledOnly(stack)", "LabeledOnly", "early", "grid"],
)
def test_new_speakers_are_judged_better_where_groups_are_told(model):
    X, y, who = speakers(1)
    plain, told = losses_of_new_speakers(model, in_views(X), y, who)
    assert told < plain - 0.1


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_a_class_of_one_row_does_not_switch_tuning_off(loss):
    # log-loss 0.68 became 0.79
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 120)
    X = rng.standard_normal((120, 80))
    X[:, 0] += 0.8 * y
    new, truth = rng.standard_normal((2000, 80)), rng.integers(0, 2, 2000)
    new[:, 0] += 0.8 * truth
    alone = np.vstack([X, np.full((1, 80), 3.0)]), np.append(y, 2)
    two, three = (TunedLinearClassifier(loss).fit(*rows) for rows in ((X, y), alone))
    assert len(three.scores_) > 1
    if loss == "log_loss":
        without, with_it = (
            log_loss(truth, model.predict_proba(new), labels=model.classes_)
            for model in (two, three)
        )
        assert with_it < without + 0.03
    assert three.classes_.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "model",
    [
        TunedLinearClassifier(),
        TunedLinearClassifier("hinge"),
        KernelClassifier(),
        LateFusionClassifier(combine="weighted"),
        StackedFusionClassifier(joint=False),
    ],
    ids=["log_loss", "hinge", "kernel", "weighted", "stack"],
)
def test_a_class_of_one_speaker_is_learned_and_the_others_are_still_judged(model):
    X, y, who = speakers(2, n_speakers=6)
    y[who == 3] = 2
    X[who == 3, 5] += 8.0
    fitted = clone(model).fit(in_views(X), y, groups=who)
    assert fitted.classes_.tolist() == [0, 1, 2]
    assert (fitted.predict(in_views(X))[who == 3] == 2).mean() > 0.9


# -- by which ways groups come ---------------------------------------------------------------------

NETWORK = {"max_epochs": 4, "hidden": 4, "n_members": 1, "validation_fraction": 0.3}
TUNED = [
    TunedLinearClassifier(),
    TunedLinearClassifier("hinge"),
    TunedLinearClassifier(view_weights="gain"),
    KernelClassifier(),
    LateFusionClassifier(),
    LateFusionClassifier(combine="weighted"),
    StackedFusionClassifier(joint=False),
    TensorFusionClassifier(**NETWORK),
    GatedFusionClassifier(**NETWORK),
    ConvolutionalFusionClassifier(**NETWORK),
    RecurrentFusionClassifier(**NETWORK),
]
every_tuned = pytest.mark.parametrize(
    "head", TUNED, ids=[f"{type(head).__name__}-{i}" for i, head in enumerate(TUNED)]
)


def what_it_says(fitted, X):
    ask = fitted.decision_function if not hasattr(fitted, "predict_proba") else fitted.predict_proba
    return ask(X)


def how_it_chose(fitted):
    """What the inner folds, or the rows that were held out, told."""
    if isinstance(fitted, LateFusionClassifier) and fitted.combine == "product":
        return {view: how_it_chose(expert) for view, expert in fitted.estimators_.items()}
    if isinstance(fitted, StackedFusionClassifier):
        return {views: final[-1].coef_.round(3) for views, final in fitted.finals_.items()}
    names = ("scores_", "history_", "weights_")
    found = getattr(fitted, next(name for name in names if hasattr(fitted, name)))
    return {C: round(score, 4) for C, score in found.items()} if isinstance(found, dict) else found


@every_tuned
def test_the_column_of_groups_says_what_groups_say(head):
    X, y, who = speakers(4, n_speakers=6, each=20, width=8)
    told = clone(head).fit(in_views(X), y, groups=who)
    by_column = clone(head).fit(in_views(X, who), y)
    np.testing.assert_allclose(
        what_it_says(by_column, in_views(X, who)), what_it_says(told, in_views(X)), atol=1e-3
    )
    other = in_views(X, who[::-1])  # of a new row the column says nothing to a head
    np.testing.assert_array_equal(
        what_it_says(by_column, other), what_it_says(by_column, in_views(X, who))
    )
    plain = clone(head).fit(in_views(X), y)
    assert str(how_it_chose(by_column)) == str(how_it_chose(told)) != str(how_it_chose(plain))


@pytest.mark.parametrize(
    "head", [TunedLinearClassifier(), KernelClassifier(), BoostedTreesClassifier()]
)
def test_a_group_that_is_not_known_is_no_missing_feature(head):
    X, y, who = speakers(4, n_speakers=6, each=20, width=8)
    table = in_views(X, who)
    table.loc[3, "group__0"] = np.nan
    table["domain__0"] = np.arange(len(y)) % 2
    fitted = clone(head).fit(table, y)
    assert np.isfinite(what_it_says(fitted, table)).all()
    table.loc[5, "voice__0"] = np.nan
    if not isinstance(head, BoostedTreesClassifier):
        with pytest.raises(ValueError, match="contains NaN"):
            fitted.predict(table)


@pytest.mark.parametrize("routing", [False, True])
@every_tuned
def test_groups_are_asked_for_without_a_word_of_the_user(head, routing):
    X, y, who = speakers(4, n_speakers=6, each=20, width=8)
    expected = what_it_says(clone(head).fit(in_views(X), y, groups=who), in_views(X))
    with config_context(enable_metadata_routing=routing):
        for around in (LabeledOnly, lambda each: each):
            whole = Pipeline([("as_is", FunctionTransformer()), ("classify", around(clone(head)))])
            given = groups_for(whole, who)
            assert list(given) == ["groups" if routing else "classify__groups"]
            found = whole.fit(in_views(X), y, **given)
            np.testing.assert_array_equal(what_it_says(found, in_views(X)), expected)


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers the groups of each of its fits, in all of its clones."""

    __metadata_request__fit = {"groups": True}  # noqa: RUF012  scikit-learn's form
    seen = []  # noqa: RUF012  on purpose: a search fits clones

    def fit(self, X, y, groups=None):
        self.seen.append(None if groups is None else np.array(groups))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture
def seen(monkeypatch):
    found = []
    monkeypatch.setattr(Recorder, "seen", found)
    return found


SEARCHES = {
    "bare": lambda: GridSearchCV(Recorder(), {}, cv=GroupKFold(3)),
    "pipeline": lambda: GridSearchCV(
        make_pipeline(StandardScaler(), Recorder()), {}, cv=GroupKFold(3)
    ),
    "rows": lambda: GridSearchCV(make_pipeline(StandardScaler(), Recorder()), {}, cv=3),
    "LabeledOnly": lambda: GridSearchCV(LabeledOnly(Recorder()), {}, cv=GroupKFold(3)),
    "in a pipeline": lambda: make_pipeline(
        StandardScaler(), GridSearchCV(Recorder(), {}, cv=GroupKFold(3))
    ),
    "of a search": lambda: GridSearchCV(
        GridSearchCV(Recorder(), {}, cv=GroupKFold(2)), {}, cv=GroupKFold(3)
    ),
}


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_hands_groups_to_its_folds_and_to_what_it_fits(name, routing, seen):
    X, y, who = speakers(5, n_speakers=6, each=10, width=4)
    with config_context(enable_metadata_routing=routing):
        fit_with_groups(SEARCHES[name](), X, y, who)
    assert len(seen) >= 4
    assert all(groups is not None for groups in seen)
    np.testing.assert_array_equal(seen[-1], who)  # the last fit is of all rows
    if name != "rows":
        assert all(len(np.unique(groups)) < 6 for groups in seen[:3])


@pytest.mark.parametrize("routing", [False, True])
def test_evaluate_and_search_hand_groups_on(routing, seen):
    X, y, who = speakers(5, n_speakers=6, each=10, width=4)
    table, labels = in_views(X).assign(speaker=who), np.where(y == 1, "good", "bad")
    model = make_pipeline(
        FunctionTransformer(lambda rows: rows.drop(columns="speaker", errors="ignore")), Recorder()
    )
    with config_context(enable_metadata_routing=routing):
        evaluate(model, table, labels, cv=3, groups="speaker")
        assert len(seen) >= 3
        assert all(groups is not None and len(np.unique(groups)) == 4 for groups in seen)
        seen.clear()
        search({"one": (model, {})}, table, labels, cv=3, inner_cv=2, groups="speaker", n_jobs=1)
    fits = [groups for groups in seen if groups is not None]
    assert len(fits) == len(seen) == 3 * 3 + 3
    assert {len(np.unique(groups)) for groups in fits} == {2, 3, 4, 6}


@pytest.fixture
def table_of_speakers(tmp_path):
    X, y, who = speakers(1)
    table = in_views(X).assign(mood=np.where(y == 1, "glad", "sad"), speaker=who)
    table.to_csv(tmp_path / "clips.csv", index=False)
    return table, tmp_path / "clips.csv"


def test_the_command_line_fits_as_python_does(table_of_speakers, tmp_path, capsys):
    table, path = table_of_speakers
    command = ["fit", str(path), "--target", "mood", "-o", str(tmp_path / "model")]
    assert main([*command, "--group", "speaker"]) == 0
    given = load(tmp_path / "model")
    views = [name for name in table if "__" in name]
    model = make_fusion(features=["voice", "face"])
    expected = model.fit(table, table["mood"], classify__groups=table["speaker"])
    np.testing.assert_allclose(
        given.predict_proba(table[views]), expected.predict_proba(table[views]), atol=1e-6
    )
    assert main(command) == 0
    plain = load(tmp_path / "model")
    assert plain["classify"].C_ > given["classify"].C_
    assert main([*command, "--group", "speaker", "--classifier", "xgboost"]) == 2
    assert "--group must be left out: nothing in this model" in capsys.readouterr().err


def test_scikit_learn_hands_groups_on_where_metadata_are_routed(seen):
    X, y, who = speakers(5, n_speakers=6, each=10, width=4)
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), LabeledOnly(Recorder()))
        cross_validate(model, X, y, cv=GroupKFold(3), params={"groups": who})
    assert [len(np.unique(groups)) for groups in seen] == [4, 4, 4]


def test_who_wants_no_groups_is_given_none():
    X, y, who = speakers(5, n_speakers=6, each=10, width=4)
    y[:3] = -1
    for model in (
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        GridSearchCV(LogisticRegression(), {}, cv=3),
        make_pipeline(SelfTrainingClassifier(LogisticRegression())),
    ):
        for routing in (False, True):
            with config_context(enable_metadata_routing=routing):
                assert groups_for(model, who) == {}
                fit_with_groups(clone(model), X, y, who).predict(X)


def test_groups_reach_what_a_model_of_scikit_learn_is_around(seen):
    X, y, who = speakers(5, n_speakers=6, each=10, width=4)

    class Sure(Recorder):
        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    y[:3] = -1
    fit_with_groups(SelfTrainingClassifier(Sure(), max_iter=1), X, y, who)
    assert set(seen[0]) <= set(who)


@pytest.mark.parametrize("kind", [DeepCCA, ContrastiveAligner])
def test_networks_that_align_hold_out_whole_groups(kind, monkeypatch):
    from hybridsent._numerics.networks import _train

    X, _, who = speakers(6, n_speakers=10, each=60, width=6)
    held = []
    real = _train.hold_out

    def spy(*given, **named):
        found = real(*given, **named)
        held.append(found[1])
        return found

    monkeypatch.setattr(_train, "hold_out", spy)
    small = {"max_epochs": 2, "n_components": 1, "validation_fraction": 0.2}
    one = kind(**small).fit(in_views(X), groups=who)
    other = kind(**small).fit(in_views(X, who))
    for rows in held:
        assert sorted(np.bincount(who[rows], minlength=10).tolist()) == [0] * 8 + [60] * 2
    np.testing.assert_array_equal(one.valid_loss_, other.valid_loss_)
    assert list(groups_for(make_pipeline(kind(), LogisticRegression()), who)) == [
        f"{kind.__name__.lower()}__groups"
    ]


# -- inner folds -----------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=60),
    st.integers(2, 6),
    st.integers(0, 5),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_inner_folds_take_no_class_from_training_and_part_no_group(y, n_folds, n_groups, dealt):
    y = np.array(y)
    groups = np.random.default_rng(len(y)).integers(0, n_groups, len(y)) if n_groups else None
    seed = None if dealt else 0
    folds = inner_folds(y, n_folds, groups, random_state=seed)
    assert len(folds) <= n_folds
    tested = np.concatenate([np.arange(0), *(test for _, test in folds)])
    assert len(np.unique(tested)) == len(tested)
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(len(y)))
        assert len(test)
        assert set(y[test]) <= set(y[train])
        if groups is not None and len(np.unique(groups)) > 1:
            assert not set(groups[test]) & set(groups[train])
    if groups is None:
        counts = np.bincount(y)
        assert set(np.flatnonzero(counts > 1)) == set(y[tested])
        for label in np.flatnonzero(counts > 1):
            shares = [int((y[test] == label).sum()) for _, test in folds]
            assert max(shares) - min(shares) <= 1


def test_inner_folds_are_those_of_scikit_learn_where_nothing_is_rare():
    X, y, who = speakers(7)
    for groups, splitter in (
        (None, StratifiedKFold(4, shuffle=True, random_state=3)),
        (who, StratifiedGroupKFold(4, shuffle=True, random_state=3)),
    ):
        for mine, theirs in zip(
            inner_folds(y, 4, groups, random_state=3), splitter.split(X, y, groups), strict=True
        ):
            np.testing.assert_array_equal(mine[1], theirs[1])
    for mine, theirs in zip(
        inner_folds(X[:, 0], 4, random_state=3, kind="numbers"),
        KFold(4, shuffle=True, random_state=3).split(X),
        strict=True,
    ):
        np.testing.assert_array_equal(mine[1], theirs[1])


def test_inner_folds_of_one_group_are_of_rows():
    y = np.tile([0, 1], 10)
    for mine, theirs in zip(inner_folds(y, 3, np.zeros(20)), inner_folds(y, 3), strict=True):
        np.testing.assert_array_equal(mine[1], theirs[1])


def test_inner_folds_follow_the_seed():
    y = np.random.default_rng(0).integers(0, 2, 50)
    first, again, other = (inner_folds(y, 3, random_state=seed)[0][1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_inner_folds_in_an_order_move_with_the_rows():
    y = np.random.default_rng(0).integers(0, 3, 40)
    turned = np.random.default_rng(1).permutation(40)
    for seed in (None, 0):
        here = inner_folds(y, 3, random_state=seed, order=np.arange(40))
        there = inner_folds(y[turned], 3, random_state=seed, order=np.argsort(turned))
        for (_, mine), (_, theirs) in zip(here, there, strict=True):
            assert sorted(turned[theirs].tolist()) == mine.tolist()


# -- folds that judge ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("cv", [3, StratifiedKFold(3), StratifiedGroupKFold(3)])
@pytest.mark.parametrize("grouped", [False, True])
def test_rows_without_a_label_are_trained_on_and_never_tested(text, cv, grouped):
    _, y, who = speakers(8, n_speakers=6, each=10)
    labels = y.astype(object)
    if text:
        labels = np.array(["bad", "good"], dtype=object)[y]
    labels[::4] = -1
    unknown = np.zeros(60, dtype=bool)
    unknown[::4] = True
    groups = who if grouped or isinstance(cv, StratifiedGroupKFold) else None
    if groups is not None and isinstance(cv, StratifiedKFold):
        pytest.skip("scikit-learn warns that this splitter looks at no groups")
    folds = outer_folds(labels, cv, groups)
    assert sorted(np.concatenate([test for _, test in folds])) == np.flatnonzero(~unknown).tolist()
    for train, test in folds:
        free = unknown
        if groups is not None:
            assert not set(who[train]) & set(who[test])
            free = unknown & ~np.isin(who, who[test])
        assert set(np.flatnonzero(free)) <= set(train)


def test_outer_folds_of_numbers_keep_minus_one():
    y = np.array([-1.0, 2, -3, 0.5, np.nan, -1])
    folds = outer_folds(y, 2, kind="numbers")
    assert sorted(np.concatenate([test for _, test in folds])) == [0, 1, 2, 3, 5]
    assert all(4 in train for train, _ in folds)
    groups = ["a", "a", "b", "b", "c", "c"]
    for train, test in outer_folds(y, 3, groups, kind="numbers"):
        assert not {groups[i] for i in train} & {groups[i] for i in test}
    with pytest.raises(ValueError, match=r"number of groups\. Got 4 folds for 3 groups"):
        outer_folds(y, 4, groups, kind="numbers")


# -- rows that are held out ------------------------------------------------------------------------


@given(st.integers(1, 9), st.floats(0.1, 0.5))
@settings(max_examples=40, deadline=None)
def test_what_is_held_out_is_of_other_groups(n_groups, fraction):
    who = np.repeat(np.arange(n_groups), 20)
    y = np.tile([0, 1], 10 * n_groups)
    kept, held = hold_out(y, fraction, who)
    assert sorted([*kept, *held]) == list(range(len(y)))
    if round(fraction * len(y)) < 10:
        assert not len(held)
    elif n_groups > 1:
        assert not set(who[kept]) & set(who[held])
        assert 0 < len(held) <= len(y) / 2


def test_a_rare_class_is_not_held_out():
    y = np.append(np.tile([0, 1], 50), 2)
    for seed in range(20):
        kept, held = hold_out(y, 0.3, random_state=seed)
        assert 100 in kept
        assert len(held) == 30
    who = np.append(np.repeat(np.arange(10), 10), 3)
    assert all(100 in hold_out(y, 0.3, who, random_state=seed)[0] for seed in range(10))


# -- what a group is -------------------------------------------------------------------------------


def test_groups_are_those_given_else_those_of_the_column():
    table = pd.DataFrame({"text__0": [1.0, 2, 3], "group__0": [5.0, 2, 5]})
    assert groups_of(None, table).tolist() == [1, 0, 1]
    assert groups_of(None, table, ["x", "x", "y"]).tolist() == [0, 0, 1]
    assert groups_of(None, table[["text__0"]]) is None
    assert groups_of(None, table.to_numpy()) is None
    assert groups_of(StandardScaler().fit(table), table.to_numpy()).tolist() == [1, 0, 1]
    assert groups_of(None, table, [1, "x", 1]).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a", "b"], "must be one for each row. Got 2 groups for 3 rows"),
        (["a", None, "b"], "must have a group. Got None in row 1"),
        ([0.0, 1.0, np.nan], "must have a group. Got nan in row 2"),
        (pd.Series(["a", pd.NA, "b"], dtype="string"), "must have a group. Got <NA> in row 1"),
    ],
)
def test_groups_that_cannot_be_used_are_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        groups_of(None, np.zeros((3, 1)), groups)


# -- rows that are left out in closed form ---------------------------------------------------------


@pytest.mark.parametrize("grouped", [False, True])
def test_what_is_left_out_in_closed_form_is_left_out(grouped):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
    groups = np.arange(30) // 5 if grouped else np.arange(30)
    Z, centred = X - X.mean(axis=0), y - y.mean(axis=0)
    U, values, _ = np.linalg.svd(Z, full_matrices=False)
    shrunk = values**2 / (values**2 + 2.0)
    residual = centred - U @ (shrunk[:, None] * (U.T @ centred))
    share = np.full(30, 1 / 30)
    found = left_out_residuals(residual, U, shrunk, share, groups if grouped else None)
    for group in np.unique(groups):
        out = groups == group
        # the penalty is on the weights alone, and the mean is learned anew
        expected = y[out] - Ridge(2.0).fit(X[~out], y[~out]).predict(X[out])
        np.testing.assert_allclose(found[out], expected, atol=1e-8)


def test_views_are_weighed_by_what_they_say_of_other_speakers():
    X, y, who = speakers(1, each=30, mood=2.5, voice=2.5)
    table = pd.DataFrame(X[:, :20], columns=[f"mood__{i}" for i in range(20)])
    for i in range(20):  # a view that knows the speakers, and nothing of moods
        table[f"voice__{i}"] = X[:, 20 + i]
    plain, told = (
        TunedLinearClassifier(view_weights="gain").fit(table, y, groups=groups).view_weights_
        for groups in (None, who)
    )
    assert told["voice"] < 0.1 * plain["voice"]


# -- transfer --------------------------------------------------------------------------------------


def two_sites(groups=True):
    X, y, who = speakers(3, n_speakers=8, each=15, width=6)
    table = in_views(X, who if groups else None)
    table["domain__0"] = (who % 2).astype(float)
    return table, y, who


@pytest.mark.parametrize(
    ("model", "chosen"),
    [
        (KLIEP(), "gamma_"),
        (DomainClassifier(), "calibration_"),
        (DomainClassifier(LogisticRegression()), "calibration_"),
        (PriorClassifier(), "losses_"),
        (PriorRegressor(), "losses_"),
        (TrAdaBoostRegressor(n_estimators=2, n_steps=3), "step_errors_"),
        (ContinuedBoostingClassifier(n_estimators=5, n_jobs=1), "losses_"),
        (ReweightedEstimator(TunedLinearClassifier(), "balanced"), "estimator_"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_transfer_keeps_groups_together(model, chosen):
    table, y, who = two_sites()
    plain, _, _ = two_sites(groups=False)
    target = y.astype(float) if is_regressor(model) else y

    def what(fitted):
        found = getattr(fitted, chosen)
        return np.round(np.array(list(getattr(found, "scores_", {0: found}).values())), 6)

    told = what(clone(model).fit(plain, target, groups=who))
    np.testing.assert_array_equal(told, what(clone(model).fit(table, target)))
    if chosen != "gamma_":  # one of few candidates
        assert not np.array_equal(told, what(clone(model).fit(plain, target)))


class Alone(SVC):
    """A classifier of scikit-learn that counts its fits, and takes no groups."""

    fits = []  # noqa: RUF012  on purpose: a search fits clones

    def fit(self, X, y, sample_weight=None):
        self.fits.append(len(y))
        return super().fit(X, y, sample_weight)


@pytest.fixture
def alone(monkeypatch):
    found = []
    monkeypatch.setattr(Alone, "fits", found)
    return found


def mixed(first, *, cv, **more):
    """A search whose candidates differ in whether they take groups."""
    model = Pipeline([("scale", StandardScaler()), ("classify", first)])
    return GridSearchCV(
        model, {"classify": [Alone(), Recorder(), LogisticRegression()]}, cv=cv, **more
    )


MIXED = {
    "the default takes groups": lambda: mixed(Recorder(), cv=GroupKFold(3)),
    "the default takes none": lambda: mixed(Alone(), cv=GroupKFold(3)),
    "in two processes": lambda: mixed(LogisticRegression(), cv=GroupKFold(3), n_jobs=2),
    "by a metric": lambda: mixed(Recorder(), cv=3, scoring="balanced_accuracy"),
    "not fitted again": lambda: mixed(Recorder(), cv=3, refit=False),
    "halving": lambda: HalvingGridSearchCV(
        make_pipeline(StandardScaler(), Recorder()),
        {"recorder": [Alone(), LogisticRegression()]},
        cv=StratifiedKFold(3),
        min_resources=20,
    ),
    "at random": lambda: RandomizedSearchCV(
        Pipeline([("recipe", make_pipeline(StandardScaler(), Recorder()))]),
        {"recipe": [make_pipeline(Alone()), LogisticRegression()]},
        n_iter=2,
        cv=3,
    ),
    "last in a pipeline": lambda: make_pipeline(StandardScaler(), mixed(Recorder(), cv=3)),
}


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("name", MIXED)
def test_of_the_candidates_of_a_search_each_is_given_groups_if_it_takes_them(
    name, routing, seen, alone
):
    X, y, who = speakers(5, n_speakers=6, each=10, width=4)
    model = MIXED[name]()
    before = clone(model)
    with config_context(enable_metadata_routing=routing):
        found = fit_with_groups(model, X, y, who)
    assert found is model
    last = model[-1] if isinstance(model, Pipeline) else model
    assert np.isfinite(last.cv_results_["mean_test_score"]).all()
    assert all(groups is not None for groups in seen)
    if name == "the default takes groups":
        assert (len(seen), len(alone)) in {(3, 3), (4, 3), (3, 4)}
    for kept in everything_in(model):
        assert "_Candidate" not in type(kept).__name__
    assert repr(clone(model)) == repr(before)  # nothing of the fit is left in the parameters
    if last.refit:
        assert isinstance(last.best_estimator_, Pipeline)
        assert set(model.predict(X)) <= {0, 1}
        assert 0 <= model.score(X, y) <= 1


def everything_in(model):
    """All objects that a fitted model holds, whatever they are."""
    seen, left = {}, [model]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, (str, bytes, np.ndarray, type, type(None))):
            continue
        seen[id(each)] = each
        if isinstance(each, (list, tuple)):
            left += each
        else:
            left += (each if isinstance(each, dict) else getattr(each, "__dict__", {})).values()
    return list(seen.values())


def test_a_search_that_fails_is_left_as_it_was():
    X, y, who = speakers(5, n_speakers=6, each=10, width=4)
    search = mixed(Recorder(), cv=GroupKFold(9))
    own = search.estimator
    with pytest.raises(ValueError, match="number of splits"):
        fit_with_groups(search, X, y, who)
    assert search.estimator is own


def test_groups_are_wanted_where_a_candidate_takes_them():
    assert wants_groups(mixed(LogisticRegression(), cv=3))
    assert not wants_groups(GridSearchCV(SVC(), {"C": [1.0], "kernel": ["rbf"]}, cv=3))


def test_plain_classifiers_stand_in_the_step_of_the_default(seen):
    """A user's own grid over a fusion, judged by speakers who are not in the rows it learns from."""
    X, y, who = speakers(5, n_speakers=8, each=10, width=6)
    table, labels = in_views(X).assign(speaker=who), np.where(y == 1, "good", "bad")
    grid = {"classify": [SVC(), LogisticRegression(), TunedLinearClassifier(), KernelClassifier()]}
    model = make_fusion(features=["voice", "face"])
    by_hand = GridSearchCV(model, grid, cv=GroupKFold(3), error_score="raise")
    found = evaluate(by_hand, table, labels, cv=3, groups="speaker")
    assert 0.3 < next(iter(found.models.values()))["accuracy"].value <= 1
    asked = {"mine": (model, grid)}
    ours = search(asked, table, labels, cv=3, inner_cv=2, groups="speaker", n_jobs=1)
    assert 0.3 < ours.selected.value <= 1
