"""ViewScaler against StandardScaler, and what it does beyond it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from hybridsent._numerics.scale import shrunk_variance
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
    ours = ViewScaler(clip=None, balance=False, shrink=False).fit(X)
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
    got = ViewScaler(clip=None, balance=False, shrink=False).fit_transform(X)
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


def posterior_of_log_variances(X):
    """Write the estimate of `shrunk_variance` out by its definition, column by column."""
    rows = [column[~np.isnan(column)] for column in X.T]
    half = [(len(column) - 1) / 2 for column in rows]
    told = [
        np.log(c.var(ddof=1)) - (stats.loggamma(h).mean() - np.log(h))
        for c, h in zip(rows, half, strict=True)
    ]
    noise = [stats.loggamma(h).var() for h in half]
    differ = max(0.0, np.var(told, ddof=1) - np.mean(noise))
    centre = np.mean(told)
    # of a normal prior N(centre, differ) and an observation with a noise of n
    way = [(differ * t + n * centre) / (differ + n) for t, n in zip(told, noise, strict=True)]
    raw = np.exp(way)
    return raw * np.mean([column.var() for column in rows] / raw)


@pytest.mark.parametrize("spread", [0.0, 0.3, 3.0])
def test_deviations_of_few_rows_are_drawn_together_as_the_definition_says(rng, spread):
    X = rng.standard_normal((12, 30)) * np.exp(spread * rng.standard_normal(30)) + 5
    X[:5, :7] = np.nan
    expected = posterior_of_log_variances(X)
    got = ViewScaler(balance=False).fit(X).scale_ ** 2
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_with_many_rows_each_column_has_its_own_deviation(rng):
    spreads = np.exp(0.5 * rng.standard_normal(40))
    away = []
    for n in (10, 1000, 30000):
        X = rng.standard_normal((n, 40)) * spreads
        own = ViewScaler(shrink=False).fit(X).scale_
        away.append(np.abs(np.log(ViewScaler().fit(X).scale_ / own)).max())
    assert away[0] > 0.05
    assert away[1] < 5e-3
    assert away[2] < 2e-4


def test_deviations_drawn_together_are_nearer_to_the_truth(rng):
    truth = np.exp(0.2 * rng.standard_normal(300))
    X = rng.standard_normal((16, 300)) * truth
    errors = {}
    for shrink in (True, False):
        scale = ViewScaler(shrink=shrink, balance=False).fit(X).scale_
        errors[shrink] = np.var(np.log(scale / truth))
    assert errors[True] < 0.7 * errors[False]


def test_columns_of_very_different_units_keep_them(rng):
    X = rng.standard_normal((20, 6)) * 10.0 ** np.array([-12, -6, -3, 0, 3, 9])
    own, drawn = (ViewScaler(shrink=shrink).fit(X).scale_ for shrink in (False, True))
    np.testing.assert_allclose(drawn, own, rtol=0.01)


def test_drawing_together_knows_views_and_leaves_constant_single_and_passed_columns(rng):
    names = [*(f"a__{i}" for i in range(9)), "b__0", "domain__0", "a__9"]
    X = pd.DataFrame(rng.standard_normal((8, 12)), columns=names)
    X["a__9"] = 3.0
    X["domain__0"] = [0.0, 1.0] * 4
    own, drawn = (ViewScaler(shrink=shrink).fit(X) for shrink in (False, True))
    alike = np.isclose(own.scale_, drawn.scale_, rtol=1e-12)
    assert [name for name, same in zip(names, alike, strict=True) if same] == names[9:]
    a = np.arange(9)
    alone = ViewScaler().fit(X[[f"a__{i}" for i in a]])
    np.testing.assert_allclose(alone.scale_ * np.sqrt(10 / 9), drawn.scale_[a])
    assert np.isfinite(ViewScaler().fit(X[:2]).scale_).all()
    assert shrunk_variance(np.array([2.0]), np.array([5])).tolist() == [2.0]
    assert shrunk_variance(np.array([]), np.array([])).tolist() == []


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.integers(-50, 50).map(lambda i: np.nan if i > 45 else i / 4),
    )
)
@settings(max_examples=60, deadline=None)
def test_a_view_weighs_the_same_whether_its_columns_are_drawn_together_or_not(X):
    squares = [
        np.nansum(
            np.square(ViewScaler(clip=None, shrink=shrink).fit_transform(X))
            / np.maximum((~np.isnan(X)).sum(axis=0), 1)
        )
        for shrink in (True, False)
    ]
    np.testing.assert_allclose(*squares, rtol=1e-9)


def test_a_scaler_of_before_there_was_a_choice_is_as_it_was(rng):
    X = rng.standard_normal((9, 5))
    before = ViewScaler(shrink=False).fit(X)
    scaled = before.transform(X)
    state = {name: value for name, value in before.__dict__.items() if name != "shrink"}
    loaded = ViewScaler.__new__(ViewScaler)
    loaded.__setstate__(state)
    np.testing.assert_array_equal(loaded.transform(X), scaled)
    np.testing.assert_array_equal(clone(loaded).fit(X).scale_, before.scale_)


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


@pytest.mark.parametrize(
    "parameters", [{"clip": 0}, {"clip": -1.0}, {"clip": "3"}, {"balance": 2}, {"shrink": 2}]
)
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
