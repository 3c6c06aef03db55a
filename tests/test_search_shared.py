"""What candidates have in common is fitted once, and nothing but the time changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hashed import fakes, posts
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridsent import make_fusion
from hybridsent.evaluation import _search_runs, search
from hybridsent.evaluation.fits._shared_steps import SharedSteps
from hybridsent.missing import ViewImputer
from hybridsent.scaling import ViewScaler

fitted: list[str] = []


class Counting(TransformerMixin, BaseEstimator):
    """Counts its fits."""

    def __init__(self, name="a", shift=0.0):
        self.name = name
        self.shift = shift

    def fit(self, X, y=None):
        fitted.append(self.name)
        self.mean_ = np.mean(X, axis=0)
        return self

    def transform(self, X):
        return X - self.mean_ + self.shift


def plain(result):
    told = result.to_dict()
    for each in [told, *told["candidates"].values()]:
        del each["seconds"]
    return told


def both_ways(monkeypatch, *arguments, **options):
    shared = search(*arguments, **options)
    with monkeypatch.context() as patch:
        patch.setattr(_search_runs, "SharedSteps", lambda uses: SharedSteps(0, uses))
        alone = search(*arguments, **options)
    assert plain(shared) == plain(alone)
    return shared


def numbers(n=60):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    return pd.DataFrame(rng.normal(size=(n, 4)) + y[:, None], columns=list("abcd")), y


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss"])
def test_recipes_give_what_they_give_unshared(monkeypatch, n_jobs, scoring):
    table, y = posts(36)
    grid = {"classify__Cs": [(0.1,), (4.0,)], "impute": [ViewImputer(), ViewImputer()]}
    candidates = {
        "early": (make_fusion(**fakes()), grid),
        "late": (make_fusion("late", **fakes()), {}),
        "reduced": (make_fusion(**fakes(), reduce="pca"), {"classify__Cs": [(1.0,)]}),
    }
    options = {"cv": 3, "inner_cv": 2, "n_jobs": n_jobs, "scoring": scoring}
    both_ways(monkeypatch, candidates, table, y, **options)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_equal_steps_are_fitted_once_for_each_set_of_rows(monkeypatch, n_jobs):
    X, y = numbers()
    grid = {"logisticregression__C": [0.1, 1.0, 10.0]}
    model = make_pipeline(Counting(), LogisticRegression())
    other = make_pipeline(Counting(), RandomForestClassifier(5, random_state=0))
    fitted.clear()
    search({"a": (model, grid), "b": (other, {})}, X, y, cv=3, inner_cv=2, n_jobs=n_jobs)
    # three outer folds with two inner ones each, two over all rows, and the winner
    assert len(fitted) == 3 * (2 + 1) + 2 + 1


def test_steps_that_differ_are_not_shared(monkeypatch):
    X, y = numbers()
    model = make_pipeline(Counting(), StandardScaler(), PCA(2), LogisticRegression())
    shifted = make_pipeline(Counting(shift=1e-9), PCA(2), LogisticRegression())
    first = make_pipeline(StandardScaler(), Counting(), LogisticRegression())
    grid = {"pca": [PCA(1), PCA(2), "passthrough"], "standardscaler__with_std": [True, False]}
    fitted.clear()
    candidates = {"a": (model, grid), "shifted": (shifted, {}), "first": (first, {})}
    search(candidates, X, y, cv=2, inner_cv=2)
    assert len(fitted) == 3 * (2 * 3 + 2) + 1
    both_ways(monkeypatch, candidates, X, y, cv=2, inner_cv=2)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(FunctionTransformer(lambda X: X * 2), Counting(), LogisticRegression()),
        make_pipeline("passthrough", Counting(), LogisticRegression()),
        Pipeline([("only", LogisticRegression())]),
        make_pipeline(Counting(), make_pipeline(StandardScaler(), LogisticRegression())),
        make_pipeline(StandardScaler(), LogisticRegression(), memory=None).set_output(
            transform="pandas"
        ),
        LogisticRegression(),
        make_pipeline(PCA(2, random_state=np.random.RandomState(3)), LogisticRegression()),
    ],
)
def test_models_of_any_build_give_what_they_give_unshared(monkeypatch, model):
    X, y = numbers()
    both_ways(monkeypatch, {"a": (model, {}), "b": (model, {})}, X, y, cv=2, inner_cv=2)


def test_a_setting_that_fails_fails_alone(monkeypatch):
    X, y = numbers()
    model = make_pipeline(PCA(2), LogisticRegression())
    grid = {"pca__n_components": [99, 2], "logisticregression__C": [-1.0, 1.0]}
    result = both_ways(monkeypatch, {"a": (model, grid)}, X, y, cv=2, inner_cv=2)
    assert result.best_params == {"pca__n_components": 2, "logisticregression__C": 1.0}


def test_what_is_kept_is_bounded_and_released(monkeypatch):
    X, y = numbers()
    made = []

    def small(uses):
        made.append(SharedSteps(3000, uses))
        return made[-1]

    grid = {"logisticregression__C": [0.1, 1.0]}
    candidates = {"a": (make_pipeline(ViewScaler(), LogisticRegression()), grid)}
    whole = search(candidates, X, y, cv=2, inner_cv=2)
    monkeypatch.setattr(_search_runs, "SharedSteps", small)
    assert plain(search(candidates, X, y, cv=2, inner_cv=2)) == plain(whole)
    assert made[0]._bytes == 0 == len(made[0]._kept) == len(made[0]._locks)


def test_what_the_users_own_scorer_sees_is_the_whole_model():
    table, y = posts(24)
    seen = []

    def own(estimator, X, y):
        seen.append((type(estimator).__name__, *X.columns))
        return estimator.score(X, y)

    built = make_fusion(**fakes()).set_params(classify__Cs=(4.0,))
    search({"a": (built, {})}, table, y, cv=2, inner_cv=2, scoring=own)
    assert set(seen) == {(name, "text", "image") for name in ("Pipeline", "DummyClassifier")}


class InPlace(Counting):
    """Changes the rows that it is given."""

    def transform(self, X):
        X += 1
        return X


def test_a_step_that_changes_its_rows_changes_those_of_no_other(monkeypatch):
    X, y = numbers()
    models = {
        "in place": make_pipeline(InPlace(), StandardScaler(copy=False), LogisticRegression()),
        "scaled": make_pipeline(StandardScaler(copy=False), PCA(2, copy=False), own_trees()),
        "plain": make_pipeline(StandardScaler(), InPlace(), own_trees()),
    }
    candidates = {name: (model, {}) for name, model in models.items()}
    both_ways(monkeypatch, candidates, X.to_numpy().copy(), y, cv=2, inner_cv=2)


def own_trees():
    return RandomForestClassifier(5, random_state=0)
