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
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridsent._numerics.moments import alike_rows
from hybridsent.encoders import PresentCells
from hybridsent.missing import PresentRows, ViewImputer
from hybridsent.persist import load, save


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


# -- what the other views say ----------------------------------------------------------------------


def two_views(n=600, p=6, q=4, seed=0):
    """Two views of two shared factors, and how the second is made of the first."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 2))
    x = z @ rng.normal(size=(2, p)) + 0.3 * rng.normal(size=(n, p))
    y = z @ rng.normal(size=(2, q)) + 0.3 * rng.normal(size=(n, q))
    names = [f"text__{i}" for i in range(p)] + [f"image__{i}" for i in range(q)]
    return pd.DataFrame(np.hstack([x, y]) + 5, columns=names)


def lacking(X, view):
    return X.assign(**{name: np.nan for name in X if name.startswith(f"{view}__")}).astype(X.dtypes)


def test_predicted_views_are_those_of_a_ridge_regression():
    X = two_views()
    imputer = ViewImputer(strategy="predict").fit(X[:400])
    filled = imputer.transform(lacking(X[400:], "image"))
    ridge = RidgeCV(np.logspace(-3, 4, 22) * 400 * X.iloc[:400, :6].var().mean())
    theirs = ridge.fit(X.iloc[:400, :6], X.iloc[:400, 6:]).predict(X.iloc[400:, :6])
    assert filled[:, 6:10] == pytest.approx(theirs, abs=2e-2)
    assert filled[:, :6] == pytest.approx(X.iloc[400:, :6].to_numpy())
    error = np.mean((filled[:, 6:10] - X.iloc[400:, 6:].to_numpy()) ** 2)
    assert error < 0.3 * X.iloc[400:, 6:].var().mean()


@pytest.mark.parametrize(("p", "q"), [(40, 4), (4, 40), (300, 20), (20, 300), (300, 300)])
def test_wide_views_are_predicted_through_their_principal_components(p, q):
    X = two_views(p=p, q=q, n=700).astype(np.float32)
    imputer = ViewImputer(strategy="predict").fit(X[:350])
    for view, columns in (("text", slice(0, p)), ("image", slice(p, p + q))):
        truth = X.iloc[350:, columns].to_numpy()
        filled = imputer.transform(lacking(X[350:], view))
        assert filled.dtype == np.float32
        error = np.mean((filled[:, columns] - truth) ** 2)
        assert error < 0.3 * truth.var(axis=0).mean()


def test_each_combination_of_present_views_predicts_the_others():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(500, 2))
    X = pd.DataFrame(
        {"text__0": z[:, 0], "image__0": z[:, 1], "audio__0": z.sum(axis=1), "video__0": z[:, 0]}
    )
    X["tweet__0"] = -z[:, 1]
    for views in (["text", "image", "audio"], ["text", "image", "audio", "video", "tweet"]):
        part = X[[f"{view}__0" for view in views]]
        imputer = ViewImputer(strategy="predict", add_indicator=False).fit(part)
        filled = imputer.transform(lacking(part, "audio"))[:, 2]
        if len(views) == 3:  # more have regressions on each view alone
            assert filled == pytest.approx(z.sum(axis=1), abs=0.02)
        one = imputer.transform(lacking(lacking(part, "audio"), "image"))[:, 2]
        assert np.corrcoef(one, z[:, 0])[0, 1] > 0.5
        nothing = imputer.transform(part * np.nan)
        assert nothing == pytest.approx(np.tile(part.mean(), (500, 1)), abs=1e-9)


def test_views_that_were_never_together_are_filled_with_the_mean():
    X = two_views()
    X.iloc[:300, :6] = np.nan
    X.iloc[300:, 6:] = np.nan
    filled = ViewImputer(strategy="predict").fit_transform(X)
    assert filled[:300, :6] == pytest.approx(np.tile(X.iloc[300:, :6].mean(), (300, 1)))
    unseen = two_views().assign(audio__0=np.nan)
    imputer = ViewImputer(strategy="predict").fit(unseen)
    assert (imputer.transform(unseen)[:, 10] == 0).all()
    assert [len(left) for left, _ in imputer._prediction["factors"].values()][3] == 1  # not 6,373


def test_what_is_there_is_left_even_in_a_view_with_a_hole():
    X = two_views()
    holed = X.copy()
    holed.iloc[0, 0] = np.nan
    filled = ViewImputer(strategy="predict").fit(X).transform(holed)
    assert filled[0, 1:10] == pytest.approx(X.iloc[0, 1:].to_numpy())
    assert np.isfinite(filled[0, 0])


def test_a_linear_classifier_loses_nothing_where_a_view_is_missing():
    X = two_views(n=2000, seed=1)
    y = (X.to_numpy() @ np.r_[np.ones(6), np.ones(4)] > 50).astype(int)
    lost = lacking(X[1000:], "image")
    alone = LogisticRegression().fit(X.iloc[:1000, :6], y[:1000]).score(X.iloc[1000:, :6], y[1000:])
    score = {}
    for strategy in ("mean", "predict"):
        imputer = ViewImputer(strategy=strategy).set_output(transform="pandas").fit(X[:1000])
        model = LogisticRegression().fit(imputer.transform(X[:1000]), y[:1000])
        score[strategy] = model.score(imputer.transform(lost), y[1000:])
    assert score["predict"] > alone - 0.01
    assert score["predict"] >= score["mean"]


def test_a_fitted_imputer_is_saved(tmp_path):
    X = two_views(p=300, q=20, n=100)
    imputer = ViewImputer(strategy="predict").fit(X)
    again = load(save(imputer, tmp_path / "imputer.hybridsent"))
    holes = lacking(X, "text")
    assert (again.transform(holes) == imputer.transform(holes)).all()


# -- cells -----------------------------------------------------------------------------------------

TEXTS = ["so good", "so bad", "", "good and bad", None, "bad", float("nan"), pd.NA]


@pytest.mark.parametrize("container", [list, pd.Series, lambda x: np.array(x, dtype=object)])
def test_a_vectorizer_of_the_cells_that_are_there(container):
    present = [cell for cell in TEXTS if isinstance(cell, str) and cell]
    alone = TfidfVectorizer().fit(present)
    cells = PresentCells(TfidfVectorizer()).fit(container(TEXTS))
    out = cells.transform(container(TEXTS))
    rows = [0, 1, 3, 5]
    np.testing.assert_array_equal(out[rows], alone.transform(present).toarray().astype(np.float32))
    assert np.isnan(np.delete(out, rows, axis=0)).all()
    assert out.dtype == np.float32
    np.testing.assert_array_equal(
        out, PresentCells(TfidfVectorizer()).fit_transform(container(TEXTS))
    )
    assert np.isnan(cells.transform(container([None, ""]))).all()
    framed = clone(cells).set_output(transform="pandas").fit_transform(container(TEXTS))
    assert list(framed.columns) == [f"x{i}" for i in range(4)]


def test_a_column_without_any_cell_is_refused():
    with pytest.raises(ValueError, match=r"All 2 cells are missing; leave this modality out"):
        PresentCells(TfidfVectorizer()).fit([None, ""])


def test_a_transformer_of_cells_gets_the_labels_of_those_that_are_there():
    seen = {}

    class Learns(TfidfVectorizer):
        def fit(self, X, y=None):
            seen["y"] = list(y)
            return super().fit(X)

    PresentCells(Learns()).fit(TEXTS, list("abcdefgh"))
    assert seen["y"] == list("abdf")


def test_a_hundred_views_are_imputed_row_by_row_as_a_few_are():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 100)), columns=[f"v{i}__0" for i in range(100)])
    X.iloc[0, 70] = X.iloc[1, 99] = X.iloc[2, 63] = X.iloc[3, 0] = np.nan
    for strategy in ("mean", "predict"):
        imputer = ViewImputer(strategy=strategy).set_output(transform="pandas").fit(X)
        filled = imputer.transform(X)
        assert not filled.isna().any().any()
        known = X.notna().to_numpy()
        assert np.allclose(filled[X.columns].to_numpy()[known], X.to_numpy()[known])


def test_rows_are_told_apart_by_views_beyond_the_bits_of_an_integer():
    present = np.ones((4, 130), dtype=bool)
    present[0, 64] = present[1, 63] = present[2, 129] = False
    found = {tuple(rows.tolist()): views for rows, views in alike_rows(present)}
    assert {rows: len(views) for rows, views in found.items()} == {
        (0,): 129,
        (1,): 129,
        (2,): 129,
        (3,): 130,
    }
    assert 64 not in found[0,]
