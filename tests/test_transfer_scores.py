"""Scores of rows of which some have no label: those of the labelled rows, and then scikit-learn's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from hybridsent.transfer import (
    KLIEP,
    ContinuedBoostingClassifier,
    ContinuedBoostingRegressor,
    DomainAdversarialClassifier,
    PriorClassifier,
    PriorRegressor,
    ReweightedEstimator,
    TrAdaBoostClassifier,
    TrAdaBoostRegressor,
)

TREES = {"n_estimators": 5, "n_target_estimators": 5, "n_jobs": 1}
CLASSIFIERS = [
    ReweightedEstimator(LogisticRegression(), "balanced"),
    TrAdaBoostClassifier(n_estimators=3),
    PriorClassifier(alpha=1.0),
    ContinuedBoostingClassifier(**TREES),
    DomainAdversarialClassifier(n_members=1, max_epochs=3),
]
REGRESSORS = [
    ReweightedEstimator(Ridge(), "balanced"),
    TrAdaBoostRegressor(n_steps=2, n_estimators=2),
    PriorRegressor(alpha=1.0),
    ContinuedBoostingRegressor(**TREES),
]

every_classifier = pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda m: type(m).__name__)
every_regressor = pytest.mark.parametrize("model", REGRESSORS, ids=lambda m: type(m).__name__)
# codes 0 and 1 beside the mark look like a polarity; test_labels_rule.py holds that it is told
pytestmark = pytest.mark.filterwarnings("ignore:.* reads the label -1 as no label")

every_model = pytest.mark.parametrize(
    "model", CLASSIFIERS + REGRESSORS, ids=lambda m: f"{type(m).__name__}-{is_classifier(m)}"
)


@pytest.fixture
def data():
    """Rows of both domains, mixed; the values of the second half of them stand for unknown ones."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 3)), columns=["text__0", "text__1", "text__2"])
    X["domain__0"] = np.arange(120) % 2
    values = X["text__0"].to_numpy() + 0.7 * rng.normal(size=120)
    return X, values, rng.random(120) < 0.5


def labels_for(model, values):
    return (values > 0).astype(int) if is_classifier(model) else values


def hidden(model, y, unknown):
    return np.where(unknown, -1, y) if is_classifier(model) else np.where(unknown, np.nan, y)


def usual(model):
    return accuracy_score if is_classifier(model) else r2_score


@every_model
def test_rows_without_a_label_are_left_out(model, data):
    X, values, unknown = data
    y = labels_for(model, values)
    marked, weight = hidden(model, y, unknown), np.arange(1.0, 121)
    fitted = clone(model).fit(X, marked)
    predicted = fitted.predict(X)[~unknown]
    assert fitted.score(X, marked) == usual(model)(y[~unknown], predicted)
    assert fitted.score(X, marked, sample_weight=weight) == usual(model)(
        y[~unknown], predicted, sample_weight=weight[~unknown]
    )
    expected = fitted.score(X, marked)
    assert fitted.score(X, pd.Series(marked, index=np.arange(120) + 7)) == expected
    assert fitted.score(X, marked.tolist()) == expected
    weighted = fitted.score(X, marked, pd.Series(weight, index=np.arange(120) + 7))
    assert weighted == fitted.score(X, marked, weight.tolist())


@every_model
def test_of_labelled_rows_it_is_the_usual_score(model, data):
    X, values, _ = data
    y, weight = labels_for(model, values), np.arange(1.0, 121)
    fitted = clone(model).fit(X, y)
    predicted = fitted.predict(X)
    assert fitted.score(X, y) == usual(model)(y, predicted)
    assert fitted.score(X, y, weight) == usual(model)(y, predicted, sample_weight=weight)


@every_model
@pytest.mark.filterwarnings("ignore::hybridsent.exceptions.TransferWarning")
def test_arrays_and_lists_are_scored(model, data):
    X, values, unknown = data
    rows = X.to_numpy()[:, :3]  # without the column, of new rows each is of the target
    marked = hidden(model, labels_for(model, values), unknown)
    fitted = clone(model).fit(rows, marked)
    listed = fitted.score(rows.tolist(), marked.tolist())  # whose numbers are read as float32
    assert listed == pytest.approx(fitted.score(rows, marked), rel=1e-6)


@every_classifier
@pytest.mark.parametrize("kind", ["text", "objects", "floats"])
def test_labels_of_any_kind_are_scored(model, data, kind):
    X, values, unknown = data
    codes = labels_for(model, values)
    expected = clone(model).fit(X, hidden(model, codes, unknown))
    expected = expected.score(X, hidden(model, codes, unknown))
    if kind == "floats":
        y = np.where(unknown, np.nan, codes)
    else:
        y = (np.array(["bad", "good"], dtype=object)[codes] if kind == "text" else codes).astype(
            object
        )
        y[unknown] = -1
    fitted = clone(model).fit(X, y)
    assert fitted.score(X, y) == expected
    known = ~unknown  # a fold in which each row has a label
    assert fitted.score(X[known], y[known]) == expected


@every_model
def test_a_cross_validation_over_such_rows_scores_what_is_known(model, data):
    X, values, unknown = data
    y = labels_for(model, values)
    marked, cut = hidden(model, y, unknown), KFold(3, shuffle=True, random_state=0)
    found = cross_val_score(model, X, marked, cv=cut, error_score="raise")
    expected = []
    for train, test in cut.split(X):
        fitted = clone(model).fit(X.iloc[train], marked[train])
        known = test[~unknown[test]]
        expected.append(usual(model)(y[known], fitted.predict(X.iloc[known])))
    np.testing.assert_array_equal(found, expected)


def test_a_search_over_unknown_numbers_chooses(data):
    X, values, unknown = data
    rows = X.drop(columns="domain__0")
    wrong = FrozenEstimator(Ridge().fit(rows, -values))
    grid = GridSearchCV(PriorRegressor(wrong), {"alpha": [1e6, 1.0]})
    grid.fit(rows, np.where(unknown, np.nan, values))
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()
    assert grid.best_params_ == {"alpha": 1.0}


@every_model
def test_nothing_to_score_and_other_numbers_of_rows_are_refused(model, data):
    X, values, _ = data
    y = labels_for(model, values)
    fitted = clone(model).fit(X, y)
    nothing = hidden(model, y, np.ones(120, dtype=bool))
    with pytest.raises(ValueError, match=rf"{type(model).__name__}\.score needs at least 1 labell"):
        fitted.score(X, nothing)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fitted.score(X, y[:-1])


class Weightless(BaseEstimator):
    """A weigher of too few rows."""

    def fit(self, X, y=None):
        self.sample_weight_ = np.ones(3)
        return self


@pytest.mark.parametrize("weigher", [LogisticRegression(), Weightless()], ids=str)
def test_what_does_not_weigh_is_refused_as_weigher(weigher, data):
    X, values, unknown = data
    y = np.where(unknown, -1, values > 0)
    with pytest.raises(ValueError, match=r"'weigher' parameter of ReweightedEstimator must be one"):
        ReweightedEstimator(LogisticRegression(), weigher).fit(X, y)
    ReweightedEstimator(LogisticRegression(), KLIEP()).fit(X, y)
