"""Missing views: PresentRows and ViewImputer against scikit-learn on the rows that are there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridsent.missing import PresentRows, ViewImputer


@pytest.fixture
def X(rng):
    values = rng.standard_normal((40, 6)).astype(np.float32)
    values[[0, 7, 39], :4] = np.nan
    values[[7, 9], 4:] = np.nan
    return pd.DataFrame(values, columns=[f"text__{i}" for i in range(4)] + ["image__0", "image__1"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_imputer_is_simple_imputer_with_an_indicator_a_view(X, dtype):
    X = X.astype(dtype)
    imputer = ViewImputer().fit(X)
    out = imputer.transform(X)
    assert out.dtype == dtype
    np.testing.assert_allclose(out[:, :6], SimpleImputer().fit_transform(X), rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(out[:, 6], X["text__0"].isna())
    np.testing.assert_array_equal(out[:, 7], X["image__0"].isna())
    assert list(imputer.get_feature_names_out()) == [*X.columns, "missing__text", "missing__image"]


def test_imputer_indicates_only_views_that_were_missing_in_training(X):
    train = X[X["image__0"].notna()]
    imputer = ViewImputer().fit(train)
    assert imputer.indicated_ == ["text"]
    out = imputer.transform(X)
    assert out.shape == (40, 7)
    np.testing.assert_allclose(out[9, 4:6], train[["image__0", "image__1"]].mean(), rtol=1e-5)


def test_imputer_without_indicator_or_without_names(X):
    assert ViewImputer(add_indicator=False).fit_transform(X).shape == (40, 6)
    unnamed = ViewImputer().fit(X.to_numpy())
    assert unnamed.get_feature_names_out()[-1] == "missing__all"
    np.testing.assert_array_equal(unnamed.transform(X.to_numpy())[:, 6], X.isna().any(axis=1))


def test_a_view_that_was_never_there_becomes_zero():
    X = np.array([[1.0, np.nan], [3.0, np.nan]])
    imputer = ViewImputer(add_indicator=False).fit(X)
    np.testing.assert_array_equal(imputer.statistics_, [2, 0])
    np.testing.assert_array_equal(imputer.transform(X), [[1, 0], [3, 0]])


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**24 - 1))
@settings(max_examples=60, deadline=None)
def test_imputer_leaves_what_is_there_and_fills_the_rest(n, p, bits):
    X = np.arange(n * p, dtype=float).reshape(n, p)
    X.ravel()[[i for i in range(n * p) if bits >> i & 1]] = np.nan
    out = ViewImputer().fit_transform(X)
    assert np.isfinite(out).all()
    present = ~np.isnan(X)
    np.testing.assert_array_equal(out[:, :p][present], X[present])


def test_imputer_does_not_touch_its_input(X):
    values = X.to_numpy(copy=True)
    before = values.copy()
    full = np.ones((3, 6), dtype=np.float32)
    imputer = ViewImputer().fit(values)
    imputer.transform(values)[:] = -1
    imputer.transform(full)[:] = -1
    np.testing.assert_array_equal(values, before)
    assert (full == 1).all()


def test_float32_means_keep_their_digits():
    X = np.full((200_000, 1), 16_777_217 / 3, dtype=np.float32)
    assert ViewImputer().fit(X).statistics_[0] == X[0, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_present_rows_of_pca_is_pca_of_the_present_rows(X, dtype):
    X = X.astype(dtype)
    there = X.notna().all(axis=1).to_numpy()
    out = PresentRows(PCA(2, random_state=0)).fit_transform(X)
    assert out.dtype == dtype
    expected = PCA(2, random_state=0).fit_transform(X.to_numpy()[there])
    np.testing.assert_allclose(out[there], expected, rtol=1e-5, atol=1e-6)
    assert np.isnan(out[~there]).all()


def test_present_rows_hands_the_target_of_the_present_rows_on(X):
    y = pd.Series(["a", "b", "c", "a"] * 10, dtype="str")
    there = X.notna().all(axis=1).to_numpy()
    step = PresentRows(LinearDiscriminantAnalysis(n_components=2)).fit(X, y)
    theirs = LinearDiscriminantAnalysis(n_components=2).fit(
        X.to_numpy()[there], y.to_numpy(object)[there]
    )
    np.testing.assert_allclose(
        step.transform(X)[there], theirs.transform(X.to_numpy()[there]), rtol=1e-4, atol=1e-5
    )
    assert step.__sklearn_tags__().target_tags.required
    assert not PresentRows(PCA()).__sklearn_tags__().target_tags.required


def test_present_rows_alone_do_not_decide_the_names(X):
    assert list(PresentRows(PCA(2)).fit(X).get_feature_names_out()) == ["pca0", "pca1"]
    assert list(PresentRows(StandardScaler()).fit(X).get_feature_names_out()) == list(X.columns)
    unnamed = PresentRows(StandardScaler()).fit(X.to_numpy())
    assert unnamed.get_feature_names_out()[0] == "x0"
    frame = PresentRows(PCA(1)).set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == ["pca0"]


class Halve(TransformerMixin, BaseEstimator):
    """The least that is a transformer: it names no columns."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X / 2


def test_a_transformer_need_not_name_its_columns(X):
    out = PresentRows(Halve()).fit_transform(X)
    np.testing.assert_allclose(out, X.where(X.notna().all(axis=1)) / 2)
    assert PresentRows(FunctionTransformer(np.abs)).fit_transform([[-1.0], [np.nan]])[0] == 1


def test_no_row_present_is_an_error_in_fit_and_none_in_transform(X):
    nothing = np.full((2, 6), np.nan)
    with pytest.raises(ValueError, match="All 2 rows have NaN; leave this modality out"):
        PresentRows(PCA(2)).fit(nothing)
    step = PresentRows(PCA(2)).fit(X.to_numpy())
    assert np.isnan(step.transform(nothing)).all()
    assert step.transform(nothing).shape == (2, 2)


def test_present_rows_is_a_good_citizen(X):
    step = clone(PresentRows(PCA(2))).set_params(transformer__n_components=1)
    assert make_pipeline(step, ViewImputer()).fit_transform(X).shape == (40, 2)
    assert not hasattr(step.transformer, "components_")  # the clone was fitted
    with pytest.raises(ValueError, match="transformer"):
        PresentRows("pca").fit(X)
