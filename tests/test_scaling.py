"""ViewScaler against StandardScaler, and what it does beyond it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from hybridsent.scaling import DropConstant, ViewScaler


def table(rng, n=300, dtype=np.float64):
    X = rng.standard_normal((n, 5)) * [1, 10, 0.1, 3, 5] + [0, 100, 0, -3, 7]
    X[::7, 0] = np.nan
    X[:, 4] = np.nan
    X[:, 3] = 0.1  # constant; its sum is rounded
    X[5] = np.nan
    return X.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_clip_and_balance_it_is_standard_scaler(rng, dtype):
    X = table(rng, dtype=dtype)
    ours = ViewScaler(clip=None, balance=False).fit(X)
    with np.errstate(invalid="ignore"):
        theirs = StandardScaler().fit(X[:, :4])
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(ours.mean_[:4], theirs.mean_, rtol=tolerance)
    np.testing.assert_allclose(ours.scale_[:4], theirs.scale_, rtol=tolerance)
    got = ours.transform(X)
    assert got.dtype == dtype
    np.testing.assert_allclose(
        got[:, :4], theirs.transform(X[:, :4]), rtol=10 * tolerance, atol=10 * tolerance
    )
    assert np.isnan(got[:, 4]).all()
    assert (ours.mean_[4], ours.scale_[4]) == (0, 1)


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.integers(-50, 50).map(lambda i: np.nan if i > 45 else i / 4),
    )
)
@settings(max_examples=60, deadline=None)
def test_any_matrix_is_centred_where_it_is_present(X):
    got = ViewScaler(clip=None, balance=False).fit_transform(X)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(X))
    present = ~np.isnan(X)
    sums = np.where(present, got, 0).sum(axis=0)
    np.testing.assert_allclose(sums, 0, atol=1e-9)
    squares = np.where(present, got**2, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    assert all(np.isclose(s, 1) or np.isclose(s, 0) for s in squares)


def test_clip_commutes_with_balance(rng):
    X = pd.DataFrame(rng.standard_t(2, (500, 5)), columns=["a__0", "a__1", "a__2", "a__3", "b__0"])
    root = np.sqrt([4, 4, 4, 4, 1])
    clipped = np.clip(ViewScaler(clip=None, balance=False).fit_transform(X), -2, 2)
    np.testing.assert_allclose(ViewScaler(clip=2).fit_transform(X), clipped / root, rtol=1e-12)
    np.testing.assert_allclose(ViewScaler(clip=2, balance=False).fit_transform(X), clipped)
    assert np.abs(clipped).max() == 2


def test_views_weigh_the_same_whatever_their_width(rng):
    names = [f"a__{i}" for i in range(50)] + ["b__0", "b__1"]
    X = pd.DataFrame(rng.standard_normal((200, 52)), columns=names)
    Z = ViewScaler(clip=None).fit_transform(X)
    assert np.isclose((Z[:, :50] ** 2).sum(), (Z[:, 50:] ** 2).sum())


def test_columns_without_names_are_one_view(rng):
    X = rng.standard_normal((50, 4))
    named = pd.DataFrame(X, columns=[f"v__{i}" for i in range(4)])
    np.testing.assert_allclose(
        ViewScaler().fit_transform(X), ViewScaler().fit_transform(named), rtol=1e-12
    )


def test_one_row_and_large_offsets():
    np.testing.assert_array_equal(ViewScaler().fit_transform([[3.0, np.nan]]), [[0, np.nan]])
    X = np.full((1000, 1), 16777216 / 3, dtype=np.float32)
    assert not ViewScaler().fit_transform(X).any()
    X[0] += 1000
    assert ViewScaler(clip=None).fit_transform(X).std() == pytest.approx(1, rel=1e-3)


def test_outliers_do_not_pass_and_new_rows_use_the_old_scale(rng):
    X = rng.standard_normal((100, 1))
    scaler = ViewScaler().fit(X)
    assert scaler.transform([[1e30], [-1e30]]).ravel().tolist() == [3, -3]
    np.testing.assert_allclose(scaler.transform(X[:3]), scaler.transform(X)[:3])


def test_fit_changes_neither_input_nor_parameters(rng):
    X = table(rng)
    before = X.copy()
    scaler = ViewScaler(clip=2.5)
    copied = clone(scaler)
    scaler.fit_transform(X)
    np.testing.assert_array_equal(X, before)
    assert scaler.get_params() == copied.get_params()
    with pytest.raises(NotFittedError):
        copied.transform(X)


def test_names_survive(rng):
    X = pd.DataFrame(rng.standard_normal((5, 2)), columns=["a__0", "b__0"], index=list("vwxyz"))
    out = ViewScaler().set_output(transform="pandas").fit_transform(X)
    assert list(out.columns) == list(X.columns)
    assert list(out.index) == list(X.index)


@pytest.mark.parametrize("parameters", [{"clip": 0}, {"clip": -1.0}, {"clip": "3"}, {"balance": 2}])
def test_bad_parameters_are_named(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        ViewScaler(**parameters).fit([[1.0], [2.0]])


def test_a_column_that_differs_by_rounding_is_dropped_before_features_are_selected():
    rng = np.random.default_rng(0)
    noise = np.float32(0.1) * (1 + 1e-7 * rng.integers(-3, 4, size=60))
    X = np.column_stack([noise, rng.normal(size=60)]).astype(np.float32)
    assert len(np.unique(X[:, 0])) > 1
    assert DropConstant().fit(X).varies_.tolist() == [False, True]
    # what is small is no constant, and float64 has more digits
    assert DropConstant().fit(1e-20 * X.astype(np.float64)).varies_.tolist() == [True, True]


def test_columns_that_all_are_constant_are_refused():
    with pytest.raises(ValueError, match=r"one column that varies\. Got 2 that are"):
        DropConstant().fit(np.ones((5, 2)))
