"""Laws of frames: what is remembered of names changes nothing but the time that they take."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from estimator_cases import CHECKED, MINIMAL
from sklearn.base import clone

from hybridsent._frames import NamedOutput
from hybridsent.missing import ViewImputer
from hybridsent.scaling import ViewScaler

RNG = np.random.default_rng(0)
N = 40
X = pd.DataFrame(
    RNG.normal(size=(N, 8)),
    columns=[f"{view}__{i}" for view in ("text", "image") for i in range(4)],
)
X["group__0"] = RNG.integers(0, 3, N).astype(float)
X["domain__0"] = np.repeat([0.0, 1.0], N // 2)
Y = np.where(RNG.normal(size=N) > 0, 1, 0)

DELEGATES = (
    "FeatureMixup",
    "FeatureNoise",
    "LabeledOnly",
    "OnDevice",
    "ReweightedEstimator",
    "SoftLabelClassifier",
)
"""What they hold compares the names."""
READERS = [
    (kind, method)
    for kind in CHECKED
    for method in ("transform", "predict")
    if hasattr(kind, method) and kind.__name__ not in DELEGATES
]
WRITERS = [kind for kind in CHECKED if issubclass(kind, NamedOutput)]
pytestmark = [
    pytest.mark.filterwarnings("ignore::hybridsent.exceptions.TransferWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def fitted(kind):
    return kind(**MINIMAL.get(kind.__name__, {})).fit(X, Y)


@pytest.mark.parametrize(
    ("kind", "method"), READERS, ids=lambda value: getattr(value, "__name__", value)
)
def test_names_are_compared_however_often_others_were_right(kind, method):
    estimator = fitted(kind)
    read = getattr(estimator, method)
    for _ in range(3):
        read(X)
        read(X[:5])
    columns = list(X.columns)
    renamed = X.set_axis(["other__0", *columns[1:]], axis=1)
    swapped = X.set_axis([columns[1], columns[0], *columns[2:]], axis=1)
    for wrong in (renamed, swapped, X[[columns[1], columns[0], *columns[2:]]]):
        with pytest.raises(ValueError, match="feature names"):
            read(wrong)
    read(X)
    estimator.feature_names_in_[0] = "other__0"
    with pytest.raises(ValueError, match="feature names"):
        read(X)
    read(renamed)


@pytest.mark.parametrize("kind", WRITERS, ids=lambda kind: kind.__name__)
def test_a_frame_is_the_one_that_scikit_learn_makes(kind):
    estimator = fitted(kind).set_output(transform="pandas")
    theirs = kind.transform.__wrapped__  # scikit-learn's wrapper
    for part in (X, X[3:4], X.set_axis(range(100, 100 + N)), X[:0]):
        if len(part):
            pd.testing.assert_frame_equal(estimator.transform(part), theirs(estimator, part))
    estimator.set_output(transform="default")
    assert type(estimator.transform(X)) is type(theirs(estimator, X)) is np.ndarray


def test_discovery_found_what_writes_frames():
    assert {ViewScaler, ViewImputer} <= set(WRITERS)
    assert len(WRITERS) >= 10


@pytest.mark.parametrize("kind", WRITERS, ids=lambda kind: kind.__name__)
def test_names_follow_what_is_fitted_last(kind):
    estimator = fitted(kind).set_output(transform="pandas")
    before = list(estimator.transform(X).columns)
    other = X.rename(columns={f"text__{i}": f"words__{i}" for i in range(4)})
    after = estimator.fit(other, Y).transform(other)
    fresh = clone(estimator).fit(other, Y).transform(other)
    pd.testing.assert_index_equal(after.columns, fresh.columns)
    assert len(before) == len(after.columns)


def test_frames_share_an_index_and_its_name_is_their_own():
    scaler = ViewScaler().set_output(transform="pandas").fit(X)
    first, second = scaler.transform(X), scaler.transform(X[:1])
    assert first.columns.is_(second.columns)
    first.columns.name = "feature"
    assert second.columns.name is scaler.transform(X).columns.name is None


def test_a_class_that_gives_frames_itself_or_switches_them_off_is_as_in_scikit_learn():
    class Itself(ViewScaler):
        def transform(self, X):
            return pd.DataFrame(np.zeros((len(X), X.shape[1])), columns=range(X.shape[1]))

    class Off(NamedOutput, auto_wrap_output_keys=None):
        def transform(self, X):
            return np.zeros((len(X), 1))

    estimator = Itself().set_output(transform="pandas").fit(X)
    assert list(estimator.transform(X).columns) == list(X.columns)
    assert not hasattr(Off(), "set_output")
    assert type(Off().transform(X)) is np.ndarray
