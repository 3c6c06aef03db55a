"""Instance weights: optima of generic solvers, analytic ratios, identities, and one meta-estimator."""

from __future__ import annotations

import importlib.util
import json
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import LinearConstraint, minimize
from scipy.sparse.linalg import aslinearoperator
from scipy.stats import norm
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridsent._numerics.kernels import (
    distances_of,
    gaussian,
    kernel_matrix,
    kernel_mean,
    median_gamma,
)
from hybridsent._numerics.quadratic import Region, minimize_quadratic, sparse_quadratic
from hybridsent._numerics.rows import content_order
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer import (
    KLIEP,
    KMM,
    ULSIF,
    BalancedWeights,
    DomainClassifier,
    ReweightedEstimator,
)
from hybridsent.transfer.base import effective_sample_size
from hybridsent.transfer.densities import _climb, left_out_error

WEIGHERS = [KMM(), KLIEP(), ULSIF(), DomainClassifier()]
RATIOS = [KLIEP(), ULSIF(), DomainClassifier()]


def table(source: np.ndarray, target: np.ndarray) -> pd.DataFrame:
    values = np.vstack([source, target])
    frame = pd.DataFrame(values, columns=[f"text__{i}" for i in range(values.shape[1])])
    frame["domain__0"] = np.repeat([0.0, 1.0], [len(source), len(target)]).astype(values.dtype)
    return frame


def shifted(rng, n=60, p=6, shift=0.4):
    return rng.standard_normal((n, p)), rng.standard_normal((n - 10, p)) + shift


# -- quadratic programs ----------------------------------------------------------------------------


def generic(K, c, region):
    found = minimize(
        lambda b: b @ K @ b / 2 - c @ b,
        np.full(len(c), (max(region.low, 0) + min(region.high, len(c))) / 2 / len(c)),
        jac=lambda b: K @ b - c,
        method="SLSQP",
        bounds=[(0, region.upper)] * len(c),
        constraints=LinearConstraint(np.ones(len(c)), region.low, region.high),
        options={"maxiter": 2000, "ftol": 1e-15},
    )
    return found.x


@pytest.mark.parametrize("upper", [1000.0, 1.5])
@pytest.mark.parametrize(("low", "high"), [(0.1, 1.9), (0.99, 1.01), (1.3, 1.4)])
@pytest.mark.parametrize("kind", ["dense", "by its products"])
def test_the_solver_reaches_the_optimum_of_a_generic_one(rng, kind, low, high, upper):
    n = 40
    factor, rest = rng.standard_normal((n, 8)), rng.uniform(0.2, 1, n)
    K = factor @ factor.T + np.diag(rest)
    matrix = K if kind == "dense" else aslinearoperator(K)
    c, region = 3 * rng.standard_normal(n) + 1, Region(upper, low * n, high * n)
    b, converged = minimize_quadratic(matrix, c, region)
    assert converged
    assert b.min() >= 0
    assert b.max() <= upper
    assert low * n - 1e-6 <= b.sum() <= high * n + 1e-6
    expected = generic(K, c, region)
    assert_allclose(b @ K @ b / 2 - c @ b, expected @ K @ expected / 2 - c @ expected, rtol=1e-6)
    assert_allclose(b, expected, atol=1e-4)


@example(8, 1, 369)  # next to singular
@given(st.integers(1, 25), st.integers(1, 4), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_solution_meets_the_conditions_of_an_optimum(n, p, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    K = rbf_kernel(X, gamma=0.5)
    c = K @ rng.uniform(0, 2, n)
    region = Region(3.0, 0.5 * n, 1.5 * n)
    b, converged = minimize_quadratic(K, c, region)
    assert converged
    gradient = K @ b - c
    inside = (b > 1e-3) & (b < 3 - 1e-3)
    level = np.median(gradient[inside]) if inside.any() else 0.0
    if inside.any():
        assert_allclose(gradient[inside], level, atol=1e-3)
    if region.low + 1e-3 < b.sum() < region.high - 1e-3:
        assert abs(level) < 1e-3
        assert gradient[b < 1e-6].min(initial=0) > -1e-3


@pytest.mark.parametrize("low", [0.5, 0.99])
def test_a_matrix_that_rounding_made_indefinite_is_solved(rng, low):
    X = rng.standard_normal((300, 1))
    K = rbf_kernel(X, gamma=0.5)
    rounded = K.astype(np.float32).astype(np.float64)
    assert np.linalg.eigvalsh(rounded)[0] < -1e-9
    c = 300 * rbf_kernel(X, X[:50] + 1, gamma=0.5).mean(axis=1)
    region = Region(1000.0, low * 300, 1.1 * 300)
    b, _ = minimize_quadratic(rounded, c, region)
    best, _ = minimize_quadratic(K, c, region)
    assert b.min() >= 0
    assert_allclose(b @ K @ b / 2 - c @ b, best @ K @ best / 2 - c @ best, rtol=1e-3)


@pytest.mark.parametrize("upper", [1000.0, 2.0])
@pytest.mark.parametrize(("p", "gamma"), [(2, 20.0), (10, 0.05), (40, 0.02)])
def test_the_gradient_of_a_dense_solution_points_nowhere(rng, p, gamma, upper):
    source, target = rng.standard_normal((400, p)), 0.8 * rng.standard_normal((300, p)) + 0.2
    K = rbf_kernel(source, gamma=gamma)
    c = 400 * rbf_kernel(source, target, gamma=gamma).mean(axis=1)
    b, converged = minimize_quadratic(K, c, Region(upper, 20.0, 780.0))
    assert converged
    slope = K @ b - c
    slope[b <= 0] = np.minimum(slope[b <= 0], 0)
    slope[b >= upper] = np.maximum(slope[b >= upper], 0)
    # by convexity it is within sum |slope_i| times its distance of the optimum
    assert np.abs(slope).max() < 1e-5 * c.max()
    assert 20 <= b.sum() <= 780


@pytest.mark.parametrize(("p", "upper"), [(5, 2.0), (40, 2.0)])
def test_where_few_weights_are_inside_their_bounds_the_solution_is_exact(rng, p, upper):
    n = 1200
    source, target = rng.standard_normal((n, p)), 0.8 * rng.standard_normal((900, p)) + 0.2
    K = kernel_matrix(source, None, 0.5 / p)
    c = n * kernel_mean(source, target, 0.5 / p)
    region = Region(upper, 0.1 * n, 1.9 * n)
    assert sparse_quadratic(K, c, region) is None  # some weights are at the upper bound
    b, converged = minimize_quadratic(K, c, region)
    assert converged
    slope = K @ b - c
    slope[b <= 0] = np.minimum(slope[b <= 0], 0)
    slope[b >= upper] = np.maximum(slope[b >= upper], 0)
    assert np.abs(slope).max() < 2e-9 * c.max()
    assert (b == upper).any()


# -- kernels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_kernel_matrix_of_many_tiles_is_that_of_scikit_learn_and_symmetric(rng, dtype):
    X = (rng.standard_normal((600, 3)) + 10).astype(dtype)
    K = kernel_matrix(X, None, 0.3)
    assert_allclose(
        K, rbf_kernel(X.astype(float), gamma=0.3), atol=1e-5 if dtype == np.float32 else 1e-12
    )
    assert (K == K.T).all()
    assert (np.diagonal(K) == 1).all()
    assert_allclose(kernel_matrix(X, X[::2], 0.3), K[:, ::2], atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_far_from_the_origin_keep_their_digits(rng, dtype):
    X, Z = rng.standard_normal((7, 3)), rng.standard_normal((5, 3))
    plain = ((X[:, None] - Z) ** 2).sum(axis=2)
    far = distances_of((X + 1000).astype(dtype), (Z + 1000).astype(dtype))
    assert_allclose(far, plain, atol=2e-3 if dtype == np.float32 else 1e-9)
    assert_allclose(gaussian(plain, 0.3), rbf_kernel(X, Z, gamma=0.3))
    assert_allclose(kernel_mean(X, Z, 0.3), rbf_kernel(X, Z, gamma=0.3).mean(axis=1))


def test_the_median_heuristic_is_that_of_all_pairs(rng):
    X = rng.standard_normal((30, 2))
    pairs = ((X[:, None] - X) ** 2).sum(axis=2)[np.triu_indices(30, 1)]
    random = np.random.RandomState(0)
    assert median_gamma(X, random) == pytest.approx(1 / (2 * np.median(pairs)))
    assert median_gamma(np.zeros((4, 2)), random) == 1.0
    assert median_gamma(X[:1], random) == 1.0


@pytest.mark.parametrize(
    ("dtype", "power"), [(np.float32, -14), (np.float64, -30), (np.float32, 20)]
)
def test_the_median_heuristic_knows_no_unit(rng, dtype, power):
    X, scale = rng.standard_normal((30, 2)).astype(dtype), dtype(2.0**power)
    gamma = median_gamma(X, np.random.RandomState(0))
    assert median_gamma(X * scale, np.random.RandomState(0)) == gamma / float(scale) ** 2
    assert gamma != 1.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_are_the_same_up_to_rounding_have_no_width(rng, dtype):
    same = np.tile(rng.standard_normal(300), (60, 1)).astype(dtype)
    X = np.vstack([same, rng.standard_normal((20, 300)).astype(dtype)])
    assert median_gamma(X, np.random.RandomState(0)) == 1.0
    noisy = same * (1 + np.finfo(dtype).eps * rng.integers(2, size=same.shape)).astype(dtype)
    X = np.vstack([noisy, rng.standard_normal((20, 300)).astype(dtype)])
    assert median_gamma(X, np.random.RandomState(0)) == 1.0


# -- kernel mean matching --------------------------------------------------------------------------


@pytest.mark.parametrize("eps", [None, 0.01])
def test_kmm_has_the_weights_of_a_generic_solver(rng, eps):
    source, target = shifted(rng)
    n = len(source)
    found = KMM(0.1, eps=eps).fit(table(source, target))
    K = rbf_kernel(source, gamma=0.1)
    c = n * rbf_kernel(source, target, gamma=0.1).mean(axis=1)
    width = (np.sqrt(n) - 1) / np.sqrt(n) if eps is None else eps
    expected = generic(K, c, Region(1000.0, n * (1 - width), n * (1 + width)))
    b = found.sample_weight_[:n]
    assert_allclose(b @ K @ b / 2 - c @ b, expected @ K @ expected / 2 - c @ expected, rtol=1e-6)
    assert_allclose(b, expected, atol=1e-4)
    assert_array_equal(found.sample_weight_[n:], 0)


def objective(b, source, target, gamma):
    K = rbf_kernel(source, gamma=gamma)
    return b @ K @ b / 2 - len(b) * b @ rbf_kernel(source, target, gamma=gamma).mean(axis=1)


SKADA = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
from skada._reweight import KMMReweightAdapter
rng = np.random.default_rng(0)
X = np.vstack([rng.standard_normal((25, 6)), rng.standard_normal((20, 6)) + 0.4])
domain = np.repeat([1, -2], [25, 20])
out = {}
for solver in ("scipy", "frank-wolfe"):
    found = KMMReweightAdapter(gamma=0.1, tol=1e-9, max_iter=400, solver=solver)
    out[solver] = found.fit(X, sample_domain=domain).source_weights_.tolist()
print(json.dumps(out))
"""


def test_kmm_is_that_of_skada_or_nearer_to_the_optimum():
    if importlib.util.find_spec("skada") is None:
        pytest.skip("skada is not installed")
    told = subprocess.run([sys.executable, "-c", SKADA], capture_output=True, text=True, check=True)
    theirs = json.loads(told.stdout.splitlines()[-1])
    rng = np.random.default_rng(0)
    source, target = rng.standard_normal((25, 6)), rng.standard_normal((20, 6)) + 0.4
    ours = KMM(0.1).fit(table(source, target)).sample_weight_[:25]
    mine = objective(ours, source, target, 0.1)
    for weights in theirs.values():
        their = objective(np.array(weights), source, target, 0.1)
        assert mine <= their + 1e-9 * abs(their)
        assert_allclose(mine, their, rtol=1e-3)
    assert_allclose(ours, theirs["scipy"], atol=2e-3)


def test_kmm_weighs_equal_rows_equally_and_finds_rows_like_the_target(rng):
    source = np.repeat(rng.standard_normal((30, 4)), 2, axis=0)
    weights = KMM().fit(table(source, source[:20] + 0.01)).sample_weight_[:60]
    assert_allclose(weights[::2], weights[1::2], rtol=1e-5, atol=1e-6)
    assert weights[:20].mean() > 2 * weights[20:].mean()


@pytest.mark.parametrize("columns", [1, 2])
def test_kmm_of_few_columns_is_the_same_in_float32(columns):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, columns)).astype(np.float32)
    X[300:] += 1
    y = np.r_[np.zeros(300, int), np.full(100, -1)]
    single, double = (KMM().fit(rows, y).sample_weight_ for rows in (X, X.astype(np.float64)))
    assert_allclose(single, double, atol=1e-6)
    assert np.isfinite(single).all()


def test_kmm_without_the_whole_kernel_is_near_that_with_it(rng):
    source, target = shifted(rng, n=400, p=3)
    whole = KMM().fit(table(source, target)).sample_weight_
    near = KMM(max_exact=0, n_landmarks=300).fit(table(source, target)).sample_weight_
    gamma = KMM().fit(table(source, target)).gamma_
    best = objective(whole[:400], source, target, gamma)
    assert objective(near[:400], source, target, gamma) <= best * (1 - 1e-3)
    assert_array_equal(
        near, KMM(max_exact=0, n_landmarks=300).fit(table(source, target)).sample_weight_
    )


def test_a_bound_that_no_mean_weight_can_keep_is_refused(rng):
    with pytest.raises(ValueError, match=r"'upper' parameter of KMM must be larger.*Got 0.5"):
        KMM(upper=0.5, eps=0.1).fit(table(*shifted(rng)))


@pytest.mark.slow
@pytest.mark.parametrize("weigher", WEIGHERS, ids=lambda w: type(w).__name__)
def test_50_000_source_rows_fit_in_memory(weigher):
    rng = np.random.default_rng(0)
    X = table(
        rng.standard_normal((50_000, 32), dtype=np.float32),
        rng.standard_normal((5_000, 32), dtype=np.float32) + np.float32(0.1),
    )
    tracemalloc.start()
    weights = weigher.fit(X).sample_weight_
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert weights.shape == (55_000,)
    assert peak < 1.5e9, f"{peak / 1e9:.1f} GB; the whole kernel would take 20 GB"


# -- ratios of densities ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weigher", "bound"),
    [(KLIEP(), 0.25), (ULSIF(), 0.25), (DomainClassifier(), 0.15)],
    ids=lambda v: type(v).__name__,
)
def test_the_ratio_of_two_gaussians_is_recovered(weigher, bound):
    rng = np.random.default_rng(1)
    source, target = rng.normal(0, 1, (1500, 1)), rng.normal(0.7, 1, (1500, 1))
    grid = np.linspace(-5, 5, 1001)
    true = norm.pdf(grid, 0.7) / norm.pdf(grid)
    density, width = norm.pdf(grid), grid[1] - grid[0]
    X = table(source, target)
    found = weigher.fit(X)
    new = table(grid[:, None], grid[:0, None])
    ratio = found.importance(new)
    error = (np.abs(ratio - true) * density).sum() * width
    nothing = (np.abs(1 - true) * density).sum() * width
    assert error < bound
    assert error < nothing / 2
    assert found.sample_weight_[:1500].mean() == pytest.approx(1, abs=0.1)
    if not isinstance(weigher, DomainClassifier):
        assert_allclose(found.importance(X[:1500]), found.sample_weight_[:1500], rtol=1e-9)


def test_kliep_is_the_most_likely_ratio_whose_mean_is_one(rng):
    target, means = np.exp(-rng.uniform(0, 3, (60, 12))), rng.uniform(0.1, 0.9, 12)
    coef = _climb(target, means)
    assert coef.min() >= 0
    assert coef @ means == pytest.approx(1, abs=1e-9)
    found = minimize(
        lambda a: -np.log(target @ a).mean(),
        np.full(12, 1 / means.sum()),
        jac=lambda a: -(target / (target @ a)[:, None]).mean(axis=0),
        method="SLSQP",
        bounds=[(0, None)] * 12,
        constraints=LinearConstraint(means, 1, 1),
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert -np.log(target @ coef).mean() <= found.fun + 1e-8
    assert_allclose(coef, found.x, atol=1e-3)


def test_the_error_with_rows_left_out_is_that_of_leaving_them_out(rng):
    source, target, penalty = rng.uniform(0, 1, (9, 4)), rng.uniform(0, 1, (7, 4)), 0.3

    def ratio(s, t):
        return np.maximum(
            np.linalg.solve(s.T @ s / len(s) + penalty * np.eye(4), t.mean(axis=0)), 0
        )

    squares = [(source[i] @ ratio(np.delete(source, i, axis=0), target)) ** 2 for i in range(9)]
    gains = [target[j] @ ratio(source, np.delete(target, j, axis=0)) for j in range(7)]
    error = np.mean(squares) / 2 - np.mean(gains)
    assert left_out_error(source, target, penalty) == pytest.approx(error, rel=1e-10)


def test_ulsif_is_its_closed_form(rng):
    source, target = shifted(rng)
    found = ULSIF(0.2, penalty=0.1).fit(table(source, target))
    s, t = (rbf_kernel(rows, found.centers_, gamma=0.2) for rows in (source, target))
    coef = np.linalg.solve(s.T @ s / len(s) + 0.1 * np.eye(s.shape[1]), t.mean(axis=0))
    assert_allclose(found.coef_, np.maximum(coef, 0), atol=1e-10)
    assert_allclose(found.sample_weight_[:60], s @ found.coef_)


@pytest.mark.parametrize("kind", [KLIEP, ULSIF])
def test_the_width_is_chosen_among_those_given(rng, kind):
    X = table(*shifted(rng))
    assert kind([0.01, 0.1]).fit(X).gamma_ in (0.01, 0.1)
    assert kind(0.3).fit(X).gamma_ == 0.3
    with pytest.raises(ValueError, match=r"'gamma' parameter of \w+ must be a positive number"):
        kind([0.1, -1.0]).fit(X)


@pytest.mark.parametrize(
    ("columns", "dtype"), [(5, np.float64), (300, np.float64), (5, np.float32)]
)
def test_the_classifier_of_all_folds_at_once_is_scikit_learns_fold_by_fold(columns, dtype):
    source, target = shifted(np.random.default_rng(3), p=columns)
    X, domain = np.vstack([source, target]).astype(dtype), np.repeat([0, 1], [60, 50])
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    plain = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    order = content_order(X, domain)  # the folds do not depend on that of the table
    held_out = np.empty((110, 2))
    held_out[order] = cross_val_predict(
        plain, scaled[order], domain[order], cv=folds, method="predict_proba"
    )
    odds = held_out[:60, 1] / held_out[:60, 0] * 60 / 50
    found = DomainClassifier(calibrate=False).fit(table(source.astype(dtype), target.astype(dtype)))
    assert_allclose(found.sample_weight_[:60], odds, rtol=1e-3)
    expected = plain.fit(scaled, domain).predict_proba(scaled)
    assert_allclose(found.estimator_.predict_proba(X), expected, rtol=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_columns_tell_no_domain(rng, dtype):
    source, target = shifted(rng)
    plain = DomainClassifier().fit(table(source.astype(dtype), target.astype(dtype)))
    wide = [
        np.column_stack([rows, np.full(len(rows), 0.1), 1e6 + 0 * rows[:, 0]])
        for rows in (source, target)
    ]
    found = DomainClassifier().fit(table(*(rows.astype(dtype) for rows in wide)))
    assert_allclose(found.sample_weight_, plain.sample_weight_, rtol=1e-3)
    new = table(wide[0].astype(dtype), wide[1].astype(dtype))
    new["text__6"] *= 1 + 4 * np.finfo(dtype).eps  # rounding elsewhere is not a domain
    assert_allclose(
        found.importance(new[:60]),
        found.importance(table(*(rows.astype(dtype) for rows in wide))[:60]),
        rtol=1e-3,
    )


def test_a_row_is_judged_by_classifiers_that_have_not_seen_it(rng):
    source, target = shifted(rng)
    memory = KNeighborsClassifier(1)  # of rows it has seen, it is always right
    found = DomainClassifier(memory, calibrate=False, clip=7.0).fit(table(source, target))
    assert set(np.unique(found.sample_weight_[:60]).round(6)) == {0.0, 7.0}
    assert_allclose(found.importance(table(source, target))[:60], 0, atol=1e-6)
    with pytest.raises(ValueError, match=r"at least 2 rows of each domain.*Got 60 .* and 1"):
        DomainClassifier().fit(table(source, target[:1]))


# -- what all weighers share -----------------------------------------------------------------------


@pytest.mark.parametrize("weigher", WEIGHERS, ids=lambda w: type(w).__name__)
def test_target_rows_count_as_a_source_row_in_the_mean_where_they_have_a_label(weigher, rng):
    X = table(*shifted(rng))
    y = np.r_[np.zeros(60, int), np.where(np.arange(50) < 5, 1, -1)]
    found = sklearn.clone(weigher).fit(X, y)
    weights = found.sample_weight_
    assert_allclose(weights[60:65], weights[:60].mean())
    assert_array_equal(weights[65:], 0)
    assert found.effective_sample_size_ == effective_sample_size(weights[:60])
    assert weights.min() >= 0
    again = pickle.loads(pickle.dumps(sklearn.clone(weigher).fit(X, y)))
    assert_array_equal(again.sample_weight_, weights)


@pytest.mark.parametrize("weigher", WEIGHERS, ids=lambda w: type(w).__name__)
def test_without_a_column_the_unlabelled_rows_are_the_target(weigher, rng):
    X = table(*shifted(rng))
    told = sklearn.clone(weigher).fit(X).sample_weight_
    y = np.r_[np.zeros(60, int), np.full(50, -1)]
    guessed = sklearn.clone(weigher).fit(X.drop(columns="domain__0"), y).sample_weight_
    assert_allclose(guessed, told)


@pytest.mark.parametrize("weigher", [*WEIGHERS, BalancedWeights()], ids=lambda w: type(w).__name__)
def test_one_domain_is_told_and_weighed_equally(weigher, rng):
    X = rng.standard_normal((20, 3))
    with pytest.warns(TransferWarning):
        found = sklearn.clone(weigher).fit(X, np.zeros(20, int))
    assert_array_equal(found.sample_weight_, 1)
    assert found.effective_sample_size_ == 20
    if hasattr(found, "importance"):
        assert_array_equal(found.importance(X[:4]), 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gamma", [1.0, [1.0, 2.0]])
@pytest.mark.parametrize("kind", [KLIEP, ULSIF])
def test_domains_apart_at_the_width_given_are_told_and_weighed_equally(rng, kind, gamma, dtype):
    source, target = shifted(rng, p=2, shift=30)
    X = table(source.astype(dtype), target.astype(dtype))
    y = np.r_[np.zeros(60, int), np.where(np.arange(50) < 5, 1, -1)]
    with pytest.warns(TransferWarning, match=rf"not overlap .* {kind.__name__}.*smaller.*or None"):
        found = kind(gamma=gamma).fit(X, y)
    assert_array_equal(found.sample_weight_, np.r_[np.ones(65), np.zeros(45)])
    assert_array_equal(found.importance(X), 1)
    assert found.gamma_ in (1.0, 2.0)
    assert kind().fit(X, y).sample_weight_[:60].std() > 0  # its own width sees both


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
@settings(deadline=None)
def test_the_effective_size_is_between_one_and_the_number_of_rows(values):
    weights = np.array(values)
    size = effective_sample_size(weights)
    if weights.any():
        assert 1 - 1e-9 <= size <= (weights > 0).sum() + 1e-9
        assert effective_sample_size(3 * weights) == pytest.approx(size)
        expected = weights.sum() ** 2 / (weights**2).sum() if weights.max() > 1e-100 else size
        assert size == pytest.approx(expected)
    else:
        assert size == 0


@given(st.floats(0, 1), st.integers(1, 9), st.integers(1, 9), st.integers(0, 4))
@settings(max_examples=30, deadline=None)
def test_balanced_weights_give_each_domain_its_share(share, n_source, n_target, n_unknown):
    X = table(np.zeros((n_source, 1)), np.ones((n_target + n_unknown, 1)))
    y = np.r_[np.zeros(n_source + n_target, int), np.full(n_unknown, -1)]
    weights = BalancedWeights(share).fit(X, y).sample_weight_
    n = n_source + n_target
    assert weights.sum() == pytest.approx(n)
    assert weights[n_source:].sum() == pytest.approx(share * n)
    assert_array_equal(weights[n:], 0)
    assert np.ptp(weights[:n_source]) == np.ptp(weights[n_source:n]) == 0


def test_balanced_weights_without_labels_of_the_target_change_nothing(rng):
    X = table(*shifted(rng))
    with pytest.warns(TransferWarning, match="50 rows of the target, all unlabelled"):
        found = BalancedWeights().fit(X, np.r_[np.zeros(60, int), np.full(50, -1)])
    assert_array_equal(found.sample_weight_, 1)


# -- the meta-estimator ----------------------------------------------------------------------------


@pytest.fixture
def task(rng):
    source, target = shifted(rng)
    X = table(source, target)
    y = np.where(X["text__0"] + 0.3 * rng.standard_normal(110) > 0, "good", "bad").astype(object)
    y[65:] = -1
    return X, y


def test_it_is_the_estimator_with_the_weights_of_the_weigher(task):
    X, y = task
    found = ReweightedEstimator(LogisticRegression(), ULSIF()).fit(X, y)
    weights = ULSIF().fit(X, y).sample_weight_[:65]
    weights = weights / weights.mean()
    features = X.drop(columns="domain__0")
    alone = LogisticRegression().fit(features[:65], y[:65].astype(str), sample_weight=weights)
    assert_allclose(found.sample_weight_[:65], weights)
    assert_allclose(found.estimator_.coef_, alone.coef_, rtol=1e-4, atol=1e-6)
    assert_array_equal(found.classes_, ["bad", "good"])
    assert_allclose(found.predict_proba(X), alone.predict_proba(features), atol=1e-5)
    assert_allclose(found.decision_function(X), alone.decision_function(features), atol=1e-4)
    assert_allclose(found.predict_log_proba(X), alone.predict_log_proba(features), atol=1e-4)
    assert found.score(X[:65], y[:65]) == alone.score(features[:65], y[:65].astype(str))
    assert found.effective_sample_size_ == pytest.approx(effective_sample_size(weights))
    assert sklearn.base.is_classifier(found)
    assert list(found.estimator_.feature_names_in_) == list(features.columns)


@pytest.mark.parametrize("name", ["kmm", "kliep", "ulsif", "classifier", "balanced"])
def test_weighers_are_known_by_name(task, name):
    X, y = task
    found = ReweightedEstimator(GaussianNB(), name).fit(X, y)
    assert found.sample_weight_[:65].mean() == pytest.approx(1)
    assert_array_equal(found.sample_weight_[65:], 0)
    assert set(found.predict(X)) <= {"good", "bad"}


def test_no_weights_at_all_are_the_flattest(task):
    X, y = task
    found = ReweightedEstimator(LogisticRegression(), "kmm", flatten=0.0).fit(X, y)
    assert_array_equal(found.sample_weight_, np.r_[np.ones(65), np.zeros(45)])
    sizes = [
        ReweightedEstimator(GaussianNB(), "ulsif", flatten=a).fit(X, y).effective_sample_size_
        for a in (0.0, 0.5, 1.0)
    ]
    assert sizes == sorted(sizes, reverse=True)


def test_given_weights_are_multiplied(task, rng):
    X, y = task
    given = rng.uniform(0, 1, 110)
    given[:3] = 0
    plain = ReweightedEstimator(GaussianNB(), "ulsif").fit(X, y)
    found = ReweightedEstimator(GaussianNB(), "ulsif").fit(X, y, sample_weight=given)
    assert_allclose(found.sample_weight_, plain.sample_weight_ * given)
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        found.fit(X, y, sample_weight=np.full(110, -1.0))


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2),
        make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), LogisticRegression())),
    ],
    ids=["pipeline", "search", "nested"],
)
@pytest.mark.parametrize("routing", [False, True])
def test_weights_reach_the_last_step(task, estimator, routing):
    X, y = task
    with sklearn.config_context(enable_metadata_routing=routing):
        found = ReweightedEstimator(estimator, "ulsif").fit(X, y)
    assert len(found.predict(X)) == 110
    flat = ReweightedEstimator(estimator, "ulsif", flatten=0.0).fit(X, y)
    assert not np.allclose(found.decision_function(X), flat.decision_function(X))


@pytest.mark.parametrize(
    "estimator", [KNeighborsClassifier(), make_pipeline(StandardScaler(), KNeighborsClassifier())]
)
def test_estimators_without_weights_are_refused(task, estimator):
    with pytest.raises(
        ValueError, match=r"(?s)must take sample_weight in fit.*KNeighborsClassifier"
    ):
        ReweightedEstimator(estimator, "ulsif").fit(*task)


def test_a_regressor_knows_unlabelled_rows_by_nan(rng):
    source, target = shifted(rng)
    X = table(source, target)
    y = X["text__0"].to_numpy() ** 2
    y[60:] = np.nan
    found = ReweightedEstimator(LinearRegression(), "ulsif").fit(X, y)
    assert_array_equal(found.sample_weight_[60:], 0)
    without = ReweightedEstimator(LinearRegression(), "ulsif").fit(X.drop(columns="domain__0"), y)
    assert_allclose(found.predict(X), without.predict(X.drop(columns="domain__0")))
    with pytest.raises(ValueError, match="contains infinity"):
        found.fit(X, np.full(110, np.inf))
    with pytest.raises(ValueError, match="Got 110 rows, none of them with a label"):
        found.fit(X, np.full(110, np.nan))


def test_weights_mend_a_model_that_is_too_simple_for_both_domains(rng):
    source, target = rng.uniform(-2, 2, (600, 1)), rng.normal(1, 0.3, (200, 1))
    X = table(source, target)
    truth = X["text__0"].to_numpy() ** 2
    y = np.r_[truth[:600], np.full(200, np.nan)]
    errors = {
        name: np.abs(ReweightedEstimator(Ridge(), name).fit(X, y).predict(X)[600:] - truth[600:])
        for name in ("kmm", "kliep", "ulsif")
    }
    plain = np.abs(Ridge().fit(source, truth[:600]).predict(target) - truth[600:])
    for name in errors:
        assert errors[name].mean() < plain.mean() / 4, name


def test_one_domain_is_told_and_leaves_the_estimator_as_it_is(task):
    X, y = task
    X, y = X[:60], y[:60].astype(str)
    with pytest.warns(TransferWarning, match="no row of the target"):
        found = ReweightedEstimator(LogisticRegression()).fit(X, y)
    alone = LogisticRegression().fit(X.drop(columns="domain__0"), y)
    assert_allclose(
        found.decision_function(X), alone.decision_function(X.drop(columns="domain__0"))
    )


def test_lost_classes_are_told():
    X = table(np.r_[np.zeros((5, 1)), np.full((5, 1), 9.0)], np.zeros((4, 1)))
    y = np.r_[[0, 1, 0, 1, 0], np.full(5, 2), np.full(4, -1)]
    with pytest.warns(TransferWarning, match=r"class\(es\) 2 have weight 0"):
        ReweightedEstimator(LogisticRegression(), KMM(gamma=1.0)).fit(X, y)


def test_no_labels_at_all_are_refused(task):
    X, _ = task
    with pytest.raises(ValueError, match=r"at least 1 labelled row. Got 110 rows, none"):
        ReweightedEstimator(LogisticRegression(), "ulsif").fit(X, np.full(110, -1))
    with pytest.raises(ValueError, match="requires y to be passed"):
        ReweightedEstimator(LogisticRegression()).fit(X, None)


@pytest.mark.parametrize("least", [0.2, 0.5, 0.9, 1.0])
def test_weights_are_mixed_with_ones_until_enough_rows_count(least):
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(200, 2)), rng.normal(2.5, 0.5, size=(100, 2))])
    y = np.r_[rng.integers(2, size=200), np.full(100, -1)]
    plain = ReweightedEstimator(LogisticRegression(), "classifier").fit(X, y)
    assert plain.mix_ == 1
    assert plain.effective_sample_size_ < 0.2 * 200
    mixed = ReweightedEstimator(LogisticRegression(), "classifier", min_effective=least).fit(X, y)
    assert 0 <= mixed.mix_ < 1
    assert mixed.effective_sample_size_ == pytest.approx(least * 200)
    np.testing.assert_allclose(
        mixed.sample_weight_[:200],
        (1 - mixed.mix_) + mixed.mix_ * plain.sample_weight_[:200],
    )


@settings(max_examples=40, deadline=None)
@given(
    st.integers(3, 60),
    st.integers(2, 30),
    st.floats(0.05, 3.0),
    st.floats(0.2, 1.0),
    st.integers(0, 99),
)
def test_the_active_set_and_the_solver_of_dense_cases_agree(n, p, gamma, low, seed):
    rng = np.random.default_rng(seed)
    source, target = rng.standard_normal((n, p)), rng.standard_normal((40, p)) + 0.5
    K = rbf_kernel(source, gamma=gamma / p)
    linear = n * rbf_kernel(source, target, gamma=gamma / p).mean(axis=1)
    region = Region(1000.0, low * n, (low + 0.3) * n)  # the slab may or may not bind
    found = sparse_quadratic(K, linear, region)
    if found is None:  # not sparse
        return
    other, _ = minimize_quadratic(K, linear, region)
    assert found.min() >= 0
    assert low * n - 1e-6 <= found.sum() <= (low + 0.3) * n + 1e-6
    value, best = (0.5 * b @ K @ b - linear @ b for b in (found, other))
    assert value <= best + 1e-6 * max(1.0, abs(best))


def test_the_active_set_gives_up_where_little_is_zero_or_a_weight_is_too_large():
    assert sparse_quadratic(np.eye(50), np.ones(50), Region(10.0, 0.0, 100.0)) is None
    linear = np.where(np.arange(50) == 0, 20.0, -1.0)
    assert sparse_quadratic(np.eye(50), linear, Region(10.0, 0.0, 100.0)) is None
    found = sparse_quadratic(np.eye(50), linear, Region(30.0, 0.0, 100.0))
    assert_allclose(found, np.where(np.arange(50) == 0, 20.0, 0.0), rtol=1e-6)
