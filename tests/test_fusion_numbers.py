"""make_fusion(task="regression"): every strategy, selection and way to adapt, on one table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_regressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import BayesianRidge, LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, ParameterGrid

from hybridsent import load, make_fusion, save
from hybridsent.alignment import GCCA, MCCA
from hybridsent.evaluation import evaluate, unadapted
from hybridsent.few_label import LabeledOnly
from hybridsent.fusion import (
    ADAPTATIONS,
    FUSION_CANDIDATES,
    FUSION_CANDIDATES_BY_TASK,
    FUSION_GRID,
    FUSION_GRIDS_BY_TASK,
    FUSIONS,
    _registry,
    make_features,
    register_adaptation,
    register_fusion,
)
from hybridsent.fusion._registry import get_adaptation
from hybridsent.fusion._tasks import TASKS
from hybridsent.recipes import list_recipes, load_recipe
from hybridsent.transfer import JDA, PriorClassifier, PriorRegressor

NETWORKS = ("tensor", "gated", "cnn", "rnn")
REFUSED = ("jda", "adversarial")
ABLE = [name for name in ADAPTATIONS if name not in REFUSED]


def table(n=160, seed=0):
    rng = np.random.default_rng(seed)
    names = [f"{view}__{i}" for view in ("text", "image") for i in range(4)]
    X = pd.DataFrame(rng.normal(size=(n, 8)), columns=names)
    y = 2 * X["text__0"] + X["image__1"] + 0.3 * rng.normal(size=n) - 0.2
    X["site"] = np.where(np.arange(n) % 2, "films", "books")
    X["speaker"] = np.arange(n) // 10
    X.loc[X["site"] == "films", names[:4]] += 1
    X.loc[:20, names[4:]] = np.nan
    return X, y.to_numpy()


def adapted(name, how="early", **options):
    told = {"group": "speaker"} if name == "groups" else {"domain": "site"}
    if name != "groups":
        told["target_domain"] = "films"
    return make_fusion(
        how, features=["text", "image"], task="regression", adapt=name, **told, **options
    )


def partly_labelled(X, y):
    return np.where((X["site"] == "films") & (np.arange(len(X)) > 40), np.nan, y)


@pytest.mark.parametrize("how", FUSIONS)
def test_every_fusion_learns_numbers(how):
    X, y = table()
    model = make_fusion(how, features=["text", "image"], task="regression")
    assert is_regressor(model)
    assert not hasattr(model, "predict_proba")
    found = model.fit(X[:120], y[:120]).predict(X[120:])
    assert r2_score(y[120:], found) > 0.15


@pytest.mark.parametrize("how", ["early", "align", "late", "stack"])
@pytest.mark.parametrize("name", [*TASKS["regression"].heads, BayesianRidge()])
def test_every_head_stands_behind_every_strategy_that_takes_one(how, name):
    X, y = table()
    given = {"n_jobs": 1} if name == "xgboost" else {}
    model = make_fusion(
        how, features=["text", "image"], task="regression", classifier=name, **given
    )
    assert r2_score(y[120:], model.fit(X[:120], y[:120]).predict(X[120:])) > 0.3


@pytest.mark.parametrize("select", ["univariate", "l1", "trees"])
@pytest.mark.parametrize("kind", ["numbers", "polarity"])
def test_selections_keep_what_tells_numbers(select, kind):
    X, y = table(300)
    y = y if kind == "numbers" else np.sign(y)
    model = make_fusion(features=["text", "image"], task="regression", select=select).fit(X, y)
    kept = list(model[:1].transform(X).columns)
    assert "text__0" in kept
    assert "image__1" in kept
    assert len(kept) < 8 or select == "l1"


def test_a_view_that_says_nothing_keeps_its_columns():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 3)), columns=["text__0", "text__1", "text__2"])
    y = np.zeros(40)  # no weight is above zero
    model = make_fusion(features=["text"], task="regression", select="l1").fit(X, y)
    assert model[:1].transform(X).shape == (40, 3)


def test_selection_reads_numbers_where_minus_one_is_one():
    X, y = table()
    y = np.sign(y)
    y[:10] = np.nan
    features = make_features(features=["text"], select="univariate", task="regression")
    chosen = features.fit(X, y).transformers_[0][1]["select"]
    by_hand = make_features(features=["text"], select="univariate", task="regression")
    kept = by_hand.fit(X[10:], y[10:]).transformers_[0][1]["select"]
    np.testing.assert_array_equal(
        chosen.get_feature_names_out(X.columns[:4]), kept.get_feature_names_out(X.columns[:4])
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reduce": "lda"}, "'lda' tells classes apart"),
        ({"adapt": "jda", "domain": "site"}, "'tca' does without"),
        ({"adapt": JDA(), "domain": "site"}, "'tca' does without"),
        ({"adapt": "adversarial", "domain": "site"}, "'coral' does without"),
        ({"how": "gated", "classifier": Ridge()}, "classifier parameter must be left alone"),
    ],
)
def test_what_needs_classes_is_refused_by_what_does_without(given, said):
    with pytest.raises(ValueError, match=said):
        make_fusion(features=["text", "image"], task="regression", **given)


def test_a_task_that_nothing_of_the_features_asks_for_is_refused():
    with pytest.raises(ValueError, match="must be left alone without select"):
        make_features(features=["text"], task="regression")


@pytest.mark.parametrize("name", ABLE)
def test_every_adaptation_learns_numbers_with_rows_that_have_none(name):
    X, y = table()
    model = clone(adapted(name)).fit(X, partly_labelled(X, y))
    assert is_regressor(model)
    of_target = X["site"] == "films"
    assert np.corrcoef(y[of_target], model.predict(X[of_target]))[0, 1] > 0.75


@pytest.mark.parametrize("name", ABLE)
def test_minus_one_is_a_number_as_any_to_what_adapts(name):
    X, y = table()
    polarity = np.sign(y)  # -1 and 1, which of classes would be a class and a mark
    model = clone(adapted(name)).fit(X, polarity)
    shifted = clone(adapted(name)).fit(X, polarity + 5)
    np.testing.assert_allclose(model.predict(X) + 5, shifted.predict(X), atol=1e-4)


@pytest.mark.parametrize("how", ["align", "late", "stack", *NETWORKS])
@pytest.mark.parametrize("name", ["groups", "coral", "augment"])
def test_what_keeps_views_apart_goes_with_every_fusion(how, name):
    X, y = table()
    model = adapted(name, how)
    if how in NETWORKS:
        model.set_params(classify__estimator__n_members=1, classify__estimator__max_epochs=3)
    model.fit(X, partly_labelled(X, y))
    assert isinstance(model["classify"], LabeledOnly)
    assert np.isfinite(model.predict(X)).all()


def test_adaptations_refused_are_told_as_data():
    assert tuple(name for name in ADAPTATIONS if get_adaptation(name).instead) == REFUSED


@pytest.mark.parametrize("kind", [MCCA, GCCA])
def test_numbers_are_a_view_of_the_aligners(kind):
    X, y = table()
    X = X[[name for name in X if "__" in name]]
    polarity = np.sign(y)
    told = kind(supervised="numbers").fit(X, polarity)
    shifted = kind(supervised=True).fit(X, 0.1 * polarity + 0.35)  # these can be no classes
    np.testing.assert_allclose(told.transform(X), shifted.transform(X), atol=1e-5)
    halves = kind(supervised="numbers")
    halves.partial_fit(X[:80], polarity[:80]).partial_fit(X[80:], polarity[80:])
    np.testing.assert_allclose(told.transform(X), halves.transform(X), atol=1e-4)
    with pytest.raises(ValueError, match="classes parameter of partial_fit must be None"):
        kind(supervised="numbers").partial_fit(X, polarity, classes=[-1, 1])


def test_the_aligner_is_told_that_labels_are_numbers():
    assert make_fusion("align", task="regression", text=True)["fuse"].supervised == "numbers"
    assert make_fusion("align", text=True)["fuse"].supervised is True


# -- grids, recipes and what looks at pipelines ------------------------------------------------------


def test_all_strategies_of_numbers_are_one_grid():
    candidates = FUSION_CANDIDATES_BY_TASK["regression"]
    grid = FUSION_GRIDS_BY_TASK["regression"]
    assert grid["classify"] == list(candidates.values())
    assert FUSION_CANDIDATES_BY_TASK["classification"] is FUSION_CANDIDATES
    assert FUSION_GRIDS_BY_TASK["classification"] is FUSION_GRID
    assert set(FUSION_CANDIDATES) <= set(candidates)
    assert all(is_regressor(candidate) for candidate in candidates.values())
    X, y = table(60)
    some = [
        candidates[name] for name in ("early", "early, select=l1", "late, stacked", "align, gcca")
    ]
    model = make_fusion(features=["text", "image"], task="regression")
    search = GridSearchCV(model, {**grid, "classify": some}, cv=2)
    assert search.fit(X, np.sign(y)).best_score_ > 0.1
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("name", list_recipes())
def test_recipes_learn_numbers_or_say_what_does(name):
    recipe = load_recipe(name)
    told = {"group": "speaker"} if name == "speakers" else {"domain": "site"}
    domain = name in ("coral", "subspace", "importance", "augment", "prior", "speakers", "jda")
    options = {"features": ["text", "image"], "task": "regression", **(told if domain else {})}
    if name in ("lda", "jda", "adversarial", "self-training", "co-training", "zero-label"):
        with pytest.raises(ValueError, match="task='regression'"):
            recipe.build(**options)
        return
    if domain and name != "speakers":
        options["target_domain"] = "films"
    built = recipe.build(**options)
    assert is_regressor(built)
    X, y = table(60)
    y = partly_labelled(X, y) if domain or name == "cross-modal" else y
    grid = ParameterGrid(recipe.grid_for(built))
    for settings in [{}, grid[0], grid[len(grid) - 1]]:
        model = clone(built).set_params(**settings)
        if "fuse__n_components" in model.get_params():  # four columns a view
            model.set_params(fuse__n_components=2)
        quick = [key for key in model.get_params() if key.endswith("max_epochs")]
        model.set_params(**dict.fromkeys(quick, 2))
        assert np.isfinite(model.fit(X, y).predict(X)).all()


def test_a_grid_of_numbers_that_is_none_is_refused(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("GRID = {}\nGRID_REGRESSION = {'alpha': 1}\ndef build(**options): ...\n")
    with pytest.raises(ValueError, match="must define GRID_REGRESSION, a dict"):
        load_recipe(path)


def test_strategies_of_ones_own_are_told_the_task():
    registry = dict(_registry._fusions)

    def build(classifier, task="classification"):
        return DummyRegressor() if task == "regression" else DummyClassifier()

    try:
        register_fusion("told-the-task", build, missing="keep")
        register_fusion("hands-on", lambda classifier: classifier)
        register_fusion("of-classes", lambda random_state=0: LogisticRegression())
        made = make_fusion("told-the-task", features=["text"], task="regression")
        assert isinstance(made[-1], DummyRegressor)
        assert is_regressor(make_fusion("hands-on", features=["text"], task="regression"))
        with pytest.raises(ValueError, match=r"must give an unfitted regressor.*parameter `task`"):
            make_fusion("of-classes", features=["text"], task="regression")
        candidates = FUSION_CANDIDATES_BY_TASK["regression"]
        assert {"told-the-task", "hands-on"} <= set(candidates)
        assert "of-classes" not in candidates
        assert "of-classes" in FUSION_CANDIDATES
    finally:
        for name in set(_registry._fusions) - set(registry):
            del _registry._fusions[name]
        _registry._tell(*_registry._watchers)


def test_ways_to_adapt_of_ones_own_are_told_the_task():
    registry = dict(_registry._adaptations)

    def build(task="classification"):
        return PriorRegressor() if task == "regression" else PriorClassifier()

    given = {"features": ["text"], "task": "regression", "domain": "site"}
    try:
        register_adaptation("told-the-task", build)
        register_adaptation("of-classes", PriorClassifier)
        assert isinstance(make_fusion(adapt="told-the-task", **given)[-1], PriorRegressor)
        with pytest.raises(ValueError, match=r"or a regressor.*parameter `task`"):
            make_fusion(adapt="of-classes", **given)
    finally:
        for name in set(_registry._adaptations) - set(registry):
            del _registry._adaptations[name]


@pytest.mark.parametrize("how", FUSIONS)
def test_a_fusion_of_numbers_is_judged_beside_its_views(how):
    X, y = table(90)
    model = make_fusion(how, features=["text", "image"], task="regression")
    if how in NETWORKS:
        model.set_params(classify__n_members=1, classify__max_epochs=2)
    result = evaluate(model, X, y, groups="speaker", cv=3)
    assert {"fusion", "text", "image", "dummy"} <= set(result.to_frame().index)


@pytest.mark.parametrize("name", ["coral", "augment", "kmm", "tradaboost"])
def test_what_adapts_numbers_has_a_form_without(name):
    X, y = table()
    plain = unadapted(adapted(name))
    assert is_regressor(plain)
    assert np.isfinite(plain.fit(X, y).predict(X)).all()


@pytest.mark.parametrize("how", FUSIONS)
def test_a_fusion_of_numbers_is_saved_and_loaded(how, tmp_path):
    X, y = table(60)
    model = make_fusion(how, features=["text", "image"], task="regression")
    if how in NETWORKS:
        model.set_params(classify__n_members=1, classify__max_epochs=2)
    check_saved(model.fit(X, y), X, tmp_path)


@pytest.mark.parametrize("classifier", ["ridge", "svr", "xgboost"])
@pytest.mark.parametrize("select", [None, "univariate", "l1", "trees"])
def test_heads_and_selections_of_numbers_are_saved_and_loaded(classifier, select, tmp_path):
    X, y = table(60)
    given = {"n_jobs": 1} if classifier == "xgboost" else {}
    model = make_fusion(
        features=["text", "image"], task="regression", classifier=classifier, select=select, **given
    )
    check_saved(model.fit(X, y), X, tmp_path)


@pytest.mark.parametrize("name", ABLE)
def test_what_adapts_numbers_is_saved_and_loaded(name, tmp_path):
    X, y = table()
    check_saved(adapted(name).fit(X, partly_labelled(X, y)), X, tmp_path)


def check_saved(model, X, folder):
    save(model, folder / "model.zip")
    loaded = load(folder / "model.zip")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert is_regressor(loaded)
