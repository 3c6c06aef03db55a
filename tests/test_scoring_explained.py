"""Answers with the share of each view: identities of Shapley values, and every kind of model."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from hybridsent import load, make_fusion, save
from hybridsent.evaluation import contributions
from hybridsent.evaluation.shares._game import EXACT, Game, sureness
from hybridsent.exceptions import TableError
from hybridsent.scoring import Scorer
from hybridsent.scoring._explained import NEEDS_VIEWS, NOTHING

VIEWS = ("text", "image", "audio")


class Additive(RegressorMixin, BaseEstimator):
    """Adds up columns with a weight each; a missing one adds nothing."""

    def __init__(self, weights=(2.0, -1.0, 0.5)):
        self.weights = weights

    def fit(self, X, y):
        self.feature_names_in_ = np.array(list(X.columns), dtype=object)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.nan_to_num(X.to_numpy()) @ np.asarray(self.weights)


class Interacting(ClassifierMixin, BaseEstimator):
    """Gives probabilities in which views interact, and remembers how often it is asked."""

    asked = 0

    def fit(self, X, y):
        self.feature_names_in_ = np.array(list(X.columns), dtype=object)
        self.n_features_in_ = X.shape[1]
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        type(self).asked += 1
        values = np.nan_to_num(X.to_numpy(dtype=float))
        score = values.sum(axis=1) + values.prod(axis=1) + np.abs(values).max(axis=1)
        p = 1 / (1 + np.exp(-score))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 3))
    found = pd.DataFrame(values, columns=[f"{view}__0" for view in VIEWS])
    found.iloc[3, 0] = np.nan
    found.iloc[4, [0, 1]] = np.nan
    found.iloc[5, :] = np.nan
    return found


@pytest.fixture(scope="module")
def y(table):
    return np.where(table.fillna(0).sum(axis=1) > 0, "good", "bad")


# -- the game ---------------------------------------------------------------------------------------


@given(st.integers(1, EXACT + 2), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_shares_add_up_to_all_over_nothing_and_a_view_that_says_nothing_has_none(k, seed):
    views = [f"v{i}" for i in range(k)]
    game = Game(views, seed)
    rng = np.random.default_rng(seed)
    table = {}
    worth = np.array([[table.setdefault(s - {"v0"}, rng.normal())] for s in game.subsets])
    values = game.values(worth)
    whole, nothing = (worth[game.subsets.index(s), 0] for s in (game.whole, frozenset()))
    assert values.sum() == pytest.approx(whole - nothing)
    assert values[0, 0] == pytest.approx(0)


def test_orders_that_are_drawn_come_near_the_definition():
    views = [f"v{i}" for i in range(EXACT + 1)]
    rng = np.random.default_rng(1)
    weights = dict(zip(views, rng.normal(size=len(views)), strict=True))
    game = Game(views)

    def worth(subset):
        return sum(weights[v] for v in subset) + 0.5 * ("v0" in subset and "v1" in subset)

    values = game.values(np.array([[worth(s)] for s in game.subsets]))[:, 0]
    true = np.array([weight + 0.25 * (view in ("v0", "v1")) for view, weight in weights.items()])
    assert np.abs(values - true).max() < 0.05
    assert np.allclose(values[2:], true[2:])  # additive parts are exact in every order


def test_how_sure_a_model_is_of_sets_counts_labels_that_were_not_given_against_it():
    said, p = np.array([[1, 0]]), np.array([[0.9, 0.2]])
    assert sureness(said, p, said, None, "sets") == pytest.approx([(0.9 - 0.2) / 2])


# -- answers ----------------------------------------------------------------------------------------


def test_the_changes_of_an_additive_model_are_its_addends(table):
    told = Scorer(Additive().fit(table, None)).explain(table)
    addends = np.nan_to_num(table.to_numpy()) * [2.0, -1.0, 0.5]
    found = [[each.views[view].change for view in VIEWS] for each in told]
    assert np.allclose(found, addends)
    shares = [[each.views[view].share for view in VIEWS] for each in told]
    sizes = np.abs(addends).sum(axis=1, keepdims=True)
    assert np.allclose(
        shares, np.divide(np.abs(addends), sizes, where=sizes > 0, out=np.zeros_like(addends))
    )


def test_changes_add_up_to_the_answer_over_the_answer_without_any_view(table, y):
    model = Interacting().fit(table, y)
    nothing = model.predict_proba(table * np.nan)
    for i, each in enumerate(Scorer(model).explain(table)):
        code = ["bad", "good"].index(each.prediction)
        gain = each.probabilities[each.prediction] - nothing[i, code]
        assert sum(view.change for view in each.views.values()) == pytest.approx(gain)
        assert [view.missing for view in each.views.values()] == table.iloc[i].isna().tolist()
        assert all(view.change == 0 for view in each.views.values() if view.missing)


def test_views_that_say_the_same_have_the_same_share(table, y):
    twins = table.assign(image__0=table["text__0"])
    for each in Scorer(Interacting().fit(table, y)).explain(twins):
        assert each.views["text"].change == pytest.approx(each.views["image"].change)


def test_a_row_has_the_same_answer_alone_and_among_others_and_the_head_is_asked_once(table, y):
    scorer = Scorer(Interacting().fit(table, y))
    Interacting.asked = 0
    together = scorer.explain(table)
    assert Interacting.asked == 2  # for the answers, and for all subsets of all rows
    for i in range(len(table)):
        (alone,) = scorer.explain(table[i : i + 1])
        assert alone.to_dict() == together[i].to_dict()


def test_blocks_change_nothing(table, y, monkeypatch):
    scorer = Scorer(Interacting().fit(table, y))
    whole = scorer.explain(table)
    monkeypatch.setattr("hybridsent.scoring._explained._MOST_CELLS", 40)
    assert scorer.explain(table) == whole


@pytest.mark.parametrize("how", ["early", "late", "stack", "align"])
def test_fused_models_tell_what_predict_and_predict_proba_tell(how, table, y):
    known = table.fillna(0.0)
    model = make_fusion(how, features="passthrough").fit(known, y)
    told = Scorer(model).explain(table)
    assert [each.prediction for each in told] == model.predict(table).tolist()
    found = np.array([list(each.probabilities.values()) for each in told])
    assert np.allclose(found, model.predict_proba(table), atol=1e-9)
    assert told[4].missing == ["text", "image"]
    assert told[4].views["audio"].share == 1
    assert told[5].missing == list(VIEWS)
    assert NOTHING in told[5].notes


def test_the_views_that_decide_are_those_of_contributions(table, y):
    known = table.fillna(0.0)
    model = make_fusion("late", features="passthrough", classifier=LogisticRegression())
    folds = [(np.arange(30), np.arange(30, 60))]
    decided = contributions(model, known, y, cv=folds, scoring=["accuracy"]).decided
    model.fit(known[:30], y[:30])
    told = Scorer(model).explain(known[30:])
    for i, each in enumerate(told):  # of two views alone a loss is not the share; signs of all hold
        assert set(each.views) == set(decided.changes)
        # what is lost without a view is its change where the views add up, as logits nearly do
        lost = {view: decided.changes[view][i] for view in each.views}
        top = max(lost, key=lost.get)
        assert each.views[top].change > 0 or lost[top] <= 0.02


def test_cells_are_encoded_once_and_a_view_of_words_has_its_share():
    texts = ["good", "fine", "bad", "awful"] * 6
    posts = pd.DataFrame({"text": texts, "stars": [5, 4, 2, 1] * 6})
    model = make_fusion(views={"text": "text/words"}, meta=["stars"])
    model.fit(posts, ["yes", "yes", "no", "no"] * 6)
    scorer = Scorer(model)
    both, one, empty = scorer.explain(
        scorer.read(pd.DataFrame({"text": ["good", "", " "], "stars": [5, 5, None]}))
    )
    assert set(both.views) == {"text", "meta"}
    assert not both.missing
    assert both.views["text"].share + both.views["meta"].share == pytest.approx(1)
    assert one.missing == ["text"]
    assert one.views["meta"].share == 1
    assert empty.notes[0] == NOTHING
    assert "The 'text' is empty." in empty.notes


def test_a_model_of_one_view_has_all_of_it(table, y):
    alone = table[["text__0"]].fillna(0.0)
    (told,) = Scorer(make_fusion(features="passthrough").fit(alone, y)).explain(alone[:1])
    assert told.views["text"].share == 1
    assert told.set is None
    assert told.coverage is None


def test_a_model_without_probabilities_tells_what_makes_its_answer(table, y):
    known = table.fillna(0.0)
    model = make_pipeline(make_fusion("early", features="passthrough", classifier=LinearSVC()))
    model.fit(known, y)
    told = Scorer(model).explain(known)
    assert all(each.probabilities is None for each in told)
    shares = [sum(v.share for v in each.views.values()) for each in told]
    assert all(total == pytest.approx(1) or total == 0 for total in shares)
    json.dumps([each.to_dict() for each in told])


def test_numbers_have_no_probabilities_and_changes_in_their_unit(table):
    known = table.fillna(0.0)
    value = known.to_numpy() @ [3.0, 1.0, 0.0]
    model = make_fusion("early", features="passthrough", task="regression").fit(known, value)
    for each in Scorer(model, {"task": "regression"}).explain(known[:9]):
        assert isinstance(each.prediction, float)
        assert each.probabilities is None
        assert each.views["text"].share >= 0


def test_sets_of_labels_are_lists(table):
    known = table.fillna(0.0)
    sets = [
        "joy|anger" if a > 0 and b > 0 else "joy" if a > 0 else "anger"
        for a, b, _ in known.to_numpy()
    ]
    from hybridsent._label_sets import label_sets

    matrix, classes = label_sets(sets)
    model = make_fusion("early", features="passthrough", task="multilabel").fit(known, sets)
    scorer = Scorer(model, {"task": "multilabel"})
    told = scorer.explain(known)
    said = scorer.answer(known).to_frame()["prediction"].tolist()
    assert ["|".join(each.prediction) for each in told] == said
    assert set(told[0].probabilities) == set(classes.tolist())
    assert len(matrix) == len(told)
    json.dumps(told[0].to_dict())


def test_a_model_that_takes_no_missing_number_tells_no_shares_and_says_so(table, y):
    known = table.fillna(0.0)
    told = Scorer(make_pipeline(StandardScaler(), LogisticRegression()).fit(known, y)).explain(
        known[:2]
    )
    assert told[0].notes == [NEEDS_VIEWS]
    assert told[0].views["text"].share is None
    assert told[0].probabilities is not None


def test_a_search_and_what_is_frozen_are_opened(table, y):
    known = table.fillna(0.0)
    model = make_fusion("late", features="passthrough")
    search = GridSearchCV(
        model, {"classify__cv": [2, 3]} if "classify__cv" in model.get_params() else {}, cv=2
    )
    told = Scorer(search.fit(known, y)).explain(table[3:4])
    assert told[0].missing == ["text"]


# -- sets and intervals -------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", [True, False])
def test_sets_are_those_of_the_model_wherever_the_part_that_gives_them_stands(
    inside, table, y, tmp_path
):
    pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")
    from hybridsent.heads import ConformalSets, with_coverage

    known = table.fillna(0.0)
    plain = make_fusion("late", features="passthrough")
    model = with_coverage(plain, 0.8) if inside else ConformalSets(plain, coverage=0.8, by="views")
    model.fit(known, y)
    told = Scorer(model).explain(table)
    assert all(each.coverage == 0.8 for each in told)
    if not inside:
        held = model.predict_set(table)
        assert [each.set for each in told] == [model.classes_[row].tolist() for row in held]
    save(model, tmp_path / "m.hybridsent")
    again = Scorer(load(tmp_path / "m.hybridsent")).explain(table)
    assert [each.to_dict() for each in again] == [each.to_dict() for each in told]


def test_intervals_hold_the_truth_as_often_as_they_say():
    pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")
    from hybridsent.heads import with_coverage

    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(900, 2)), columns=["text__0", "image__0"])
    value = X.to_numpy() @ [1.0, 2.0] + rng.normal(size=900)
    model = with_coverage(make_fusion(features="passthrough", task="regression"), 0.9)
    told = Scorer(model.fit(X[:500], value[:500]), {"task": "regression"}).explain(X[500:])
    held = [
        low <= v <= high
        for (low, high), v in zip((t.interval for t in told), value[500:], strict=True)
    ]
    assert 0.85 < np.mean(held) < 0.95


def test_of_too_few_rows_no_interval_is_told():
    pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")
    from hybridsent.heads import ConformalSets

    X = pd.DataFrame({"text__0": np.arange(8.0)})
    model = ConformalSets(LinearRegression(), coverage=0.9, cv=2).fit(X, np.arange(8.0))
    (told,) = Scorer(model, {"task": "regression"}).explain(X[:1])
    assert told.interval is None
    assert told.coverage is None
    assert "too few rows" in told.notes[0]


# -- notes --------------------------------------------------------------------------------------------


def test_a_text_that_the_encoder_does_not_read_is_told():
    from hybridsent.evaluation.results._notes import misread_rows

    class Reader:
        model = "text/minilm-l6"

        def backbone(self):
            return type("Backbone", (), {"languages": ("en",)})

    rows = pd.DataFrame({"text": ["What a lovely day it was for us.", "房间很干净", None, "ok"]})
    told = misread_rows([("text", Reader())], rows)
    assert [len(each) for each in told] == [0, 1, 0, 0]
    assert (
        told[1][0] == "The 'text' is in Chinese characters, and text/minilm-l6 reads English alone."
    )


def test_what_is_written_is_plain_json_with_the_same_keys_always(table, y):
    model = Interacting().fit(table, y)
    for each in Scorer(model).explain(table):
        written = json.loads(json.dumps(each.to_dict(), allow_nan=False))
        assert list(written) == [
            "prediction",
            "probabilities",
            "views",
            "set",
            "interval",
            "coverage",
            "missing",
            "notes",
        ]


def test_fit_with_coverage_writes_a_model_whose_sets_are_served(tmp_path, y, table):
    pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")
    from hybridsent.cli._main import main

    rows = pd.concat([table.assign(label=y)] * 3, ignore_index=True)
    rows.to_csv(tmp_path / "t.csv", index=False)
    model = tmp_path / "m.hybridsent"
    told = ["fit", str(tmp_path / "t.csv"), "--target", "label", "--features", "-o", str(model)]
    assert main([*told, "--coverage", "0.8"]) == 0
    scorer = Scorer.open(model)
    (said,) = scorer.explain(scorer.read(rows[:1]))
    assert said.coverage == 0.8
    assert said.prediction in said.set
    assert main([*told, "--coverage", "1.5"]) == 2


def test_a_model_that_adapts_is_not_said_to_be_sure():
    pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")
    from hybridsent.heads import with_coverage

    with pytest.raises(
        ValueError, match="coverage parameter must be left out of a model that adapts"
    ):
        with_coverage(make_fusion(features="passthrough", adapt="coral"), 0.9)
    with pytest.raises(ValueError, match="coverage parameter needs a model that is a pipeline"):
        with_coverage(LogisticRegression(), 0.9)


def test_with_coverage_puts_into_the_folds_all_that_learns():
    pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")
    from hybridsent.heads import ConformalSets, with_coverage

    frozen = with_coverage(make_fusion(text=True, image=True), 0.9)
    assert isinstance(frozen[-1], ConformalSets)
    learning = with_coverage(make_fusion(text=True, select="l1"), 0.9)
    assert isinstance(learning, ConformalSets)


def test_a_model_of_words_with_sets_around_it_reads_the_same_columns():
    pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")
    from hybridsent.heads import with_coverage

    posts = pd.DataFrame(
        {"text": ["good", "fine", "bad", "awful"] * 12, "stars": [5, 4, 2, 1] * 12}
    )
    plain = make_fusion(views={"text": "text/words"}, meta=["stars"])
    model = with_coverage(plain, 0.8).fit(posts, ["yes", "yes", "no", "no"] * 12)
    scorer, bare = Scorer(model), Scorer(model.estimator_)
    assert scorer.inputs == bare.inputs
    read = scorer.read(pd.DataFrame({"text": ["good", None]}))
    told = scorer.explain(read)
    assert [each.prediction for each in told] == bare.answer(read).prediction.tolist()
    assert [each.prediction for each in told] == scorer.answer(read).prediction.tolist()
    assert told[0].missing == ["meta"]
    assert told[0].set


def test_a_model_of_columns_that_are_of_no_view_has_no_shares():
    X = pd.DataFrame({"stars": [1.0, 2.0, 4.0, 5.0] * 3, "likes": [0.0, 3.0, 9.0, 7.0] * 3})
    model = LogisticRegression().fit(X, [0, 0, 1, 1] * 3)
    told = Scorer(model).explain(X[:2])
    assert [each.prediction for each in told] == [0, 0]
    assert [set(each.views) for each in told] in ([set(), set()], [{"stars", "likes"}] * 2)


def test_any_table_is_asked_about_and_what_is_none_is_told(tmp_path):
    posts = pd.DataFrame({"text": ["good", "fine", "bad", "awful"] * 3})
    model = make_fusion(views={"text": "text/words"}).fit(posts, [1, 1, 0, 0] * 3)
    scorer = Scorer(model)
    assert scorer.score({"text": ["good", "bad"]}).prediction.tolist() == [1, 0]
    with pytest.raises(TableError, match="must have rows that the model can be asked about"):
        scorer.score(posts[:0])
    with pytest.raises(TableError, match=r"Column names must differ. Twice or more: \['text'\]"):
        scorer.score(pd.concat([posts, posts], axis=1))
