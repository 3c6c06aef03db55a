"""Feature-based transfer: transformers that bring source and target together."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh, fractional_matrix_power
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridsent import load, save
from hybridsent._numerics.kernels import median_gamma
from hybridsent.exceptions import TransferWarning
from hybridsent.few_label import LabeledOnly
from hybridsent.transfer import (
    CORAL,
    JDA,
    TCA,
    FeatureAugmentation,
    GroupScaler,
    SubspaceAlignment,
)
from hybridsent.transfer._solvers import (
    components,
    domain_contrast,
    kernel_components,
    landmark_rows,
)
from hybridsent.views import modalities_of

ADAPTERS = [
    CORAL(),
    SubspaceAlignment(2),
    TCA(2),
    TCA(2, kernel="rbf"),
    JDA(2),
    FeatureAugmentation(),
]


def two_domains(n_source=60, n_target=50, p=4, seed=0):
    """Two classes; the target is turned, stretched and moved."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n_source + n_target)
    X = rng.normal(size=(len(y), p)) * np.linspace(0.5, 2, p)
    X[:, 0] += 3 * y
    target = np.arange(len(y)) >= n_source
    X[target] = X[target] @ (np.eye(p) + 0.3 * rng.normal(size=(p, p))) + rng.normal(size=p)
    return X, y, target


def named(X, target):
    table = pd.DataFrame(X, columns=[f"text__{i}" for i in range(X.shape[1])])
    return table.assign(domain__0=target.astype(float))


def masked(y, target):
    return np.where(target, -1, y)


# -- what all of them do with domains


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_the_column_says_the_same_as_unlabelled_rows(adapter):
    X, y, target = two_domains()
    by_column = clone(adapter).fit_transform(named(X, target), masked(y, target))
    by_label = clone(adapter).fit_transform(X, masked(y, target))
    np.testing.assert_allclose(by_column, by_label)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_with_the_column_transform_repeats_fit_transform(adapter):
    X, y, target = two_domains()
    table = named(X, target)
    once = clone(adapter)
    np.testing.assert_allclose(once.fit_transform(table, y), once.transform(table), atol=1e-9)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_without_the_column_new_rows_are_of_the_target(adapter):
    X, y, target = two_domains()
    fitted = clone(adapter)
    whole = fitted.fit_transform(X, masked(y, target))
    np.testing.assert_allclose(fitted.transform(X[target]), whole[target], atol=1e-9)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_names_have_views_and_no_domain(adapter):
    X, y, target = two_domains()
    out = clone(adapter).set_output(transform="pandas").fit_transform(named(X, target), y)
    assert all("__" in name and not name.startswith("domain") for name in out.columns)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_one_domain_warns_and_adapts_nothing(adapter):
    X, y, _ = two_domains()
    with pytest.warns(TransferWarning, match="no row of the target domain"):
        first = clone(adapter).fit_transform(X, y)
    with pytest.warns(TransferWarning, match="no row of the source domain"):
        second = clone(adapter).fit_transform(named(X, np.ones(len(X))), y)
    np.testing.assert_allclose(np.abs(first[:, :2]), np.abs(second[:, :2]), atol=1e-6)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_float32_stays_and_is_computed_in_float64(adapter):
    X, y, target = two_domains()
    table = named(X, target).astype(np.float32)
    out = clone(adapter).fit_transform(table, y)
    assert out.dtype == np.float32
    exact = clone(adapter).fit_transform(table.astype(np.float64), y)
    np.testing.assert_allclose(out, exact, atol=1e-3)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_bad_domains_and_missing_values_are_named(adapter):
    X, y, target = two_domains()
    table = named(X, target)
    with pytest.raises(ValueError, match=r"'domain__0' must be 0 .* Got 2.0 in row 3"):
        clone(adapter).fit(table.assign(domain__0=np.where(np.arange(len(X)) == 3, 2.0, target)), y)
    table.iloc[5, 1] = np.nan
    with pytest.raises(ValueError, match=r"row 5 lacks 'text__1'.*ViewImputer"):
        clone(adapter).fit(table, y)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_strings_search_and_saving(adapter, tmp_path):
    X, y, target = two_domains()
    names = np.where(y == 1, "good", "bad").astype(object)
    names[target] = -1
    model = make_pipeline(clone(adapter), LabeledOnly(LogisticRegression()))
    search = GridSearchCV(
        model, {"labeledonly__estimator__C": [0.1, 1.0]}, cv=KFold(3, shuffle=True, random_state=0)
    )
    search.fit(named(X, target), names)
    assert set(search.classes_) == {"good", "bad"}
    model.fit(named(X, target), names)
    path = tmp_path / "model.zip"
    save(model, path)
    again = load(path)
    np.testing.assert_array_equal(
        again.predict_proba(named(X, target)), model.predict_proba(named(X, target))
    )


def test_a_regression_target_marks_no_row():
    X, _, target = two_domains()
    y = np.random.default_rng(1).normal(size=len(X))
    y[3] = -1.0
    with pytest.warns(TransferWarning):
        CORAL().fit(X, y)
    CORAL().fit(named(X, target), y)


# -- CORAL


@settings(max_examples=25, deadline=None)
@given(
    st.integers(30, 60), st.integers(20, 50), st.integers(1, 8), st.integers(0, 5), st.booleans()
)
def test_after_coral_the_source_has_the_moments_of_the_target(ns, nt, p, seed, diagonal):
    X, y, target = two_domains(ns, nt, p, seed)
    kind = "diagonal" if diagonal else "full"
    out = CORAL(shrinkage=0.0, covariance=kind).fit_transform(X, masked(y, target))
    np.testing.assert_array_equal(out[target], X[target])
    np.testing.assert_allclose(out[~target].mean(axis=0), X[target].mean(axis=0), atol=1e-9)
    ours, theirs = (np.atleast_2d(np.cov(part.T)) for part in (out[~target], X[target]))
    if diagonal:
        ours, theirs = np.diag(ours), np.diag(theirs)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("shape", [(40, 30, 6), (12, 9, 40), (30, 4, 60)])
def test_coral_is_the_published_formula_with_more_columns_than_rows_too(shape):
    X, y, target = two_domains(*shape)
    adapter = CORAL(shrinkage=0.3).fit(X, masked(y, target))
    halves = []
    for part, power in ((X[~target], -0.5), (X[target], 0.5)):
        S = np.cov(part.T)
        C = 0.7 * S + 0.3 * np.trace(S) / len(S) * np.eye(len(S))
        halves.append(fractional_matrix_power(C, power))
    new = np.random.default_rng(3).normal(size=(7, shape[2]))  # not in the span of the others
    expected = (new - X[~target].mean(axis=0)) @ halves[0] @ halves[1] + X[target].mean(axis=0)
    columns = [f"x__{i}" for i in range(shape[2])]
    adapter = CORAL(shrinkage=0.3).fit(
        pd.DataFrame(X, columns=columns).assign(domain__0=target.astype(float))
    )
    found = adapter.transform(pd.DataFrame(new, columns=columns).assign(domain__0=0.0))
    np.testing.assert_allclose(found, expected.real, atol=1e-7)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
@pytest.mark.parametrize(
    ("dtype", "large"), [(np.float64, 1e6), (np.float64, 1e9), (np.float32, 1e6)]
)
def test_small_columns_beside_large_ones_are_aligned_too(covariance, dtype, large):
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(300, 2)), rng.normal(size=(200, 2)) * [2, 3]
    X = (np.vstack([source, target]) * [large, 1]).astype(dtype)
    y = np.repeat([0, -1], [300, 200])
    out = CORAL(shrinkage=0.0, covariance=covariance).fit_transform(X, y).astype(np.float64)
    expected = X[300:].astype(np.float64).std(axis=0, ddof=1)
    np.testing.assert_allclose(out[:300].std(axis=0, ddof=1), expected, rtol=1e-4)
    if covariance == "full":
        ours, theirs = (np.corrcoef(part.T)[0, 1] for part in (out[:300], X[300:]))
        assert ours == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_columns_that_say_nothing_new_are_not_blown_up(dtype):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal([5, 50, 0], size=(500, 3)), np.full(500, 0.1)]).astype(dtype)
    X[:300, 2] = X[:300, 0] + X[:300, 1]  # in the source alone
    adapter = CORAL(shrinkage=0.0).fit(X, np.repeat([0, -1], [300, 200]))
    assert np.abs(adapter.coef_).max() < 10


def test_coral_needs_two_rows_of_each_domain():
    X, y, _ = two_domains()
    with pytest.raises(ValueError, match=r"at least 2 rows of each domain\. Got 109 of the source"):
        CORAL().fit(X, np.where(np.arange(len(X)) == 0, -1, y))


# -- subspace alignment


@pytest.mark.parametrize("shape", [(40, 30, 6), (12, 9, 40)])
def test_subspace_alignment_is_the_published_formula(shape):
    X, y, target = two_domains(*shape)
    out = SubspaceAlignment(3).fit_transform(X, masked(y, target))
    parts = [X[~target] - X[~target].mean(axis=0), X[target] - X[target].mean(axis=0)]
    P_s, P_t = (np.linalg.svd(part, full_matrices=False)[2][:3].T for part in parts)
    ours = out @ out.T  # signs and rotations leave inner products
    ours_s = parts[0] @ P_s @ P_s.T @ P_t
    both = np.vstack([ours_s, parts[1] @ P_t])
    np.testing.assert_allclose(ours, both @ both.T, atol=1e-8)


def test_a_share_of_variance_chooses_the_smaller_number_of_components():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(50, 4)) * [10, 1, 0.1, 0.1]
    target = rng.normal(size=(50, 4)) * [5, 5, 5, 0.1]
    adapter = SubspaceAlignment(0.9)
    adapter.fit(np.vstack([source, target]), np.repeat([0, -1], 50))
    assert adapter.n_components_ == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_directions_without_variance_are_no_components(dtype):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(23, 30)) + 100).astype(dtype)
    adapter = SubspaceAlignment(10).fit(X, np.repeat([0, -1], [20, 3]))
    assert adapter.n_components_ == 2  # 3 centred rows
    flat = (rng.normal(size=(200, 3)) @ rng.normal(size=(3, 20))).astype(dtype)
    adapter = SubspaceAlignment(10).fit(flat, np.repeat([0, -1], 100))
    assert adapter.n_components_ == 3
    assert (
        SubspaceAlignment(4).fit(np.ones((6, 5), dtype), np.repeat([0, -1], 3)).n_components_ == 1
    )


# -- feature augmentation


def test_names_that_the_copies_would_take_are_refused():
    table = pd.DataFrame({"author__age": [0.0, 1.0], "author__age_source": [1.0, 2.0]})
    with pytest.raises(ValueError, match=r"the name 'author__age_source' twice; rename the view"):
        FeatureAugmentation().fit(table.assign(domain__0=[0.0, 1.0]))
    FeatureAugmentation().fit(
        table.rename(columns={"author__age_source": "author__old"}).assign(domain__0=[0.0, 1.0])
    )


def test_copies_are_of_the_view_that_they_were_made_of():
    names = ["text__s0_0", "text__s0_1", "text__s1_0", "text__s1_1", "a_b__7", "missing__text", "x"]
    table = pd.DataFrame(np.eye(2, len(names)), columns=names).assign(domain__0=[0.0, 1.0])
    copies = FeatureAugmentation().set_output(transform="pandas").fit_transform(table)
    assert list(copies.columns[len(names) : 2 * len(names)]) == [
        *("text__s0_2", "text__s0_3", "text__s1_2", "text__s1_3"),
        *("a_b__15", "missing__text_source", "x_source"),
    ]
    assert list(modalities_of(copies.columns)) == ["text", "a_b", ""]
    assert len(set(copies.columns)) == 3 * len(names)


def test_an_augmentation_fitted_before_copies_were_of_their_view_keeps_its_names():
    table = pd.DataFrame({"text__0": [0.0, 1.0], "domain__0": [0.0, 1.0]})
    old = FeatureAugmentation().fit(table)
    del old._numbered, old._marks  # as it was saved
    assert list(old.get_feature_names_out()) == ["text__0", "text_source__0", "text_target__0"]
    assert old.transform(table).tolist() == [[0, 0, 0], [1, 0, 1]]


# -- TCA and JDA


def dense_tca(K, target, mu, k):
    n = len(K)
    e = np.where(target, -1 / target.sum(), 1 / (~target).sum())
    L, H = np.outer(e, e), np.eye(n) - 1 / n
    values, W = eigh(K @ H @ K, K @ L @ K + mu * np.eye(n))
    return values[::-1][:k], W[:, ::-1][:, :k]


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("shape", [(40, 30, 6), (12, 9, 40)])
def test_tca_is_the_generalised_eigenproblem(kernel, shape):
    X, y, target = two_domains(*shape)
    adapter = TCA(4, kernel=kernel, mu=0.5)
    Z = adapter.fit_transform(X, masked(y, target))
    centred = X - X.mean(axis=0)
    K = (
        rbf_kernel(X, gamma=median_gamma(X, np.random.RandomState(0)))
        if kernel == "rbf"
        else centred @ centred.T
    )
    _, W = dense_tca(K, target, 0.5, 4)
    expected = K @ W
    np.testing.assert_allclose(np.abs(Z), np.abs(expected), atol=1e-6 * np.abs(expected).max())


def test_lanczos_finds_what_the_dense_solver_finds(monkeypatch):
    X, _, target = two_domains(150, 100, 8)
    K = rbf_kernel(X, gamma=0.1)
    dense = components(K, domain_contrast(target)[:, None], 0.3, 6)
    monkeypatch.setattr("hybridsent.transfer._solvers._DENSE", 10)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - shows that it is left alone
    found = kernel_components(K, domain_contrast(target), 0.3, 6)
    np.testing.assert_allclose(found, dense, atol=1e-7 * np.abs(dense).max())
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_landmarks_come_near_the_whole_kernel():
    X, y, target = two_domains(200, 100, 3)
    whole = TCA(3, kernel="rbf", n_landmarks=None).fit_transform(X, masked(y, target))
    part = TCA(3, kernel="rbf", n_landmarks=80).fit(X, masked(y, target))
    assert part.landmarks_.shape == (80, 3)
    seen = part.fit_transform(X, masked(y, target))
    for i in range(3):
        assert abs(np.corrcoef(whole[:, i], seen[:, i])[0, 1]) > 0.999


@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_landmarks_are_of_both_domains(ns, nt, data):
    target = np.arange(ns + nt) >= ns
    count = data.draw(st.integers(1, ns + nt))
    rows = landmark_rows(target, count, 0)
    assert len(set(rows.tolist())) == count
    if count >= 2:
        assert target[rows].any()
        assert not target[rows].all()


def test_jda_without_class_terms_is_tca_on_scaled_contrasts():
    X, y, target = two_domains()
    Z = JDA(2, balance=0.0, normalize=False, mu=0.7).fit_transform(X, masked(y, target))
    e = domain_contrast(target)
    H = np.eye(len(X)) - 1 / len(X)
    M = 2 * np.outer(e, e)
    M /= np.linalg.norm(M)
    _, A = eigh(X.T @ H @ X, X.T @ M @ X + 0.7 * np.eye(4))
    expected = X @ A[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(Z), np.abs(expected), atol=1e-8)


def test_jda_solves_the_published_problem_at_its_own_classes():
    X, y, target = two_domains()
    adapter = JDA(2, normalize=False, n_iter=50).fit(X, masked(y, target))
    assert adapter.n_iter_ < 50  # classes no longer change
    M = np.outer(domain_contrast(target), domain_contrast(target))
    for label in (0, 1):
        e = np.zeros(len(X))
        ours = np.flatnonzero(~target & (y == label))
        theirs = np.flatnonzero(target)[adapter.pseudo_labels_ == label]
        e[ours], e[theirs] = 1 / len(ours), -1 / len(theirs)
        M += np.outer(e, e)
    M /= np.linalg.norm(M)
    H = np.eye(len(X)) - 1 / len(X)
    _, A = eigh(X.T @ H @ X, X.T @ M @ X + 0.1 * np.eye(4))
    np.testing.assert_allclose(np.abs(adapter.coef_), np.abs(A[:, ::-1][:, :2]), atol=1e-8)


def test_jda_takes_known_labels_of_the_target_as_they_are():
    X, y, target = two_domains()
    known = masked(y, target)
    wrong = np.flatnonzero(target)[:20]
    known[wrong] = 1 - y[wrong]
    adapter = JDA(2).fit(named(X, target), known)
    np.testing.assert_array_equal(adapter.pseudo_labels_[:20], 1 - y[wrong])


@pytest.mark.parametrize("balance", [0.5, 1.0])
def test_jda_with_every_label_known_solves_once_with_the_classes(balance):
    X, y, target = two_domains()
    adapter = JDA(2, balance=balance, normalize=False, mu=0.7).fit(named(X, target), y)
    assert adapter.n_iter_ == 1
    np.testing.assert_array_equal(adapter.pseudo_labels_, y[target])
    M = 2 * (1 - balance) * np.outer(domain_contrast(target), domain_contrast(target))
    for label in (0, 1):
        which = y == label
        e = np.where(which, np.where(target, -1 / (which & target).sum(), 0), 0)
        e[which & ~target] = 1 / (which & ~target).sum()
        M += 2 * balance * np.outer(e, e)
    M /= np.linalg.norm(M)
    H = np.eye(len(X)) - 1 / len(X)
    _, A = eigh(X.T @ H @ X, X.T @ M @ X + 0.7 * np.eye(4))
    np.testing.assert_allclose(np.abs(adapter.coef_), np.abs(A[:, ::-1][:, :2]), atol=1e-8)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=repr)
def test_labels_may_stand_in_a_column(adapter):
    X, y, target = two_domains()
    for labels in (masked(y, target), _mixed(y, target)):
        expected = clone(adapter).fit_transform(X, labels)
        for column in (labels[:, None], pd.DataFrame({"label": labels})):
            with pytest.warns(DataConversionWarning, match="column-vector y"):
                found = clone(adapter).fit_transform(X, column)
            np.testing.assert_array_equal(found, expected)


def test_jda_takes_any_classifier_and_a_kernel():
    X, y, target = two_domains(120, 90)
    Z = JDA(3, kernel="rbf", n_landmarks=50, estimator=LogisticRegression())
    out = Z.fit_transform(X, _mixed(y, target))
    assert out.shape == (210, 3)
    assert set(Z.pseudo_labels_) <= {"good", "bad"}
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), 1.0)


def _mixed(y, target):
    labels = np.where(y == 1, "good", "bad").astype(object)
    labels[target] = -1
    return labels


@pytest.mark.parametrize("adapter", [CORAL(shrinkage=0.0), SubspaceAlignment(3)], ids=repr)
def test_a_turned_domain_is_turned_back(adapter):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    X = rng.normal(size=(600, 3)) * [1.0, 1.0, 0.3]
    X[:, 0] += 4 * y
    target = np.arange(600) >= 300
    X[target] = X[target] * [1.0, 1.0, 6.0] + [6.0, 0.0, 0.0]
    plain = KNeighborsClassifier(5).fit(X[~target], y[~target]).score(X[target], y[target])
    Z = adapter.fit_transform(X, masked(y, target))
    adapted = KNeighborsClassifier(5).fit(Z[~target], y[~target]).score(Z[target], y[target])
    assert adapted > plain + 0.2


# -- groups


def test_without_strength_each_group_is_standardised_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3)) * [1, 5, 0.1] + 7
    X[:, 2] = np.repeat([1.0, 2.0, 3.0], 10)  # constant in each group
    groups = np.tile([4.0, 2.0, 9.0], 10)[np.argsort(np.tile(range(3), 10))]
    table = pd.DataFrame(X, columns=["audio__0", "audio__1", "text__0"]).assign(group__0=groups)
    out = GroupScaler(strength=0.0).fit_transform(table)
    for group in np.unique(groups):
        which = groups == group
        np.testing.assert_allclose(out[which], StandardScaler().fit_transform(X[which]), atol=1e-9)


def test_with_strength_groups_are_drawn_to_all_rows():
    table = pd.DataFrame({"a__0": [0.0, 2.0, 10.0, 14.0], "group__0": [0.0, 0.0, 1.0, 1.0]})
    scaler = GroupScaler(strength=2.0).fit(table)
    overall = table["a__0"].mean()
    np.testing.assert_allclose(scaler.mean_.ravel(), [(1 + overall) / 2, (12 + overall) / 2])
    spread = table["a__0"].var(ddof=0)
    np.testing.assert_allclose(scaler.scale_.ravel() ** 2, [(1 + spread) / 2, (4 + spread) / 2])
    far = GroupScaler(strength=1e9).fit_transform(table)
    np.testing.assert_allclose(far.ravel(), StandardScaler().fit_transform(table[["a__0"]]).ravel())


def test_groups_keep_missing_rows_and_the_column_of_domains():
    table = pd.DataFrame(
        {
            "a__0": [0.0, np.nan, 10.0, 14.0],
            "group__0": [0.0, 0.0, 1.0, 1.0],
            "domain__0": [0.0, 0.0, 1.0, 1.0],
        }
    )
    out = GroupScaler().set_output(transform="pandas").fit_transform(table)
    assert list(out.columns) == ["a__0", "domain__0"]
    assert out["domain__0"].tolist() == [0, 0, 1, 1]
    assert np.isnan(out.iloc[1, 0])
    by_domain = GroupScaler("domain").set_output(transform="pandas").fit_transform(table)
    assert by_domain["group__0"].tolist() == [0, 0, 1, 1]


def test_a_group_that_was_not_seen_warns_and_is_scaled_by_all_rows():
    table = pd.DataFrame({"a__0": [0.0, 2.0, 10.0, 14.0], "group__0": [0.0, 0.0, 1.0, 1.0]})
    scaler = GroupScaler().fit(table)
    with pytest.warns(
        TransferWarning, match="1 rows are of groups that fit did not see, such as 7"
    ):
        out = scaler.transform(pd.DataFrame({"a__0": [6.5], "group__0": [7.0]}))
    np.testing.assert_allclose(out, 0.0)
    with pytest.raises(ValueError, match="no row may lack it"):
        scaler.transform(pd.DataFrame({"a__0": [6.5], "group__0": [np.nan]}))


@pytest.mark.parametrize(
    ("dtype", "mean", "deviation"),
    [(np.float64, 1e6, 0.5), (np.float64, 1.7e9, 1000.0), (np.float32, 1e3, 0.1)],
)
@pytest.mark.parametrize("rows", [3, 40])
def test_columns_that_vary_little_beside_their_mean_are_not_constant(rows, dtype, mean, deviation):
    rng = np.random.default_rng(0)
    values = rng.normal(mean, deviation, size=3 * rows)
    table = pd.DataFrame({"a__0": values, "a__1": 0.1, "a__2": mean}).astype(dtype)
    table = table.assign(group__0=np.repeat([0.0, 1.0, 2.0], rows).astype(dtype))
    scaler = GroupScaler(strength=0.0).fit(table)
    expected = table["a__0"].astype(np.float64).groupby(table["group__0"]).std(ddof=0)
    np.testing.assert_allclose(scaler.scale_[:, 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(scaler.scale_[:, 1:], 1)
    assert scaler.overall_scale_[0] > deviation / 3
    np.testing.assert_array_equal(scaler.overall_scale_[1:], 1)


@pytest.mark.parametrize("by", ["group", "domain"])
def test_one_group_warns_and_is_standardised(by):
    values = np.array([[0.0], [2.0], [10.0]])
    table = pd.DataFrame(values, columns=["a__0"])
    for rows in (table, table.assign(**{f"{by}__0": 4.0})):
        with pytest.warns(TransferWarning, match=rf"saw one group only.*Give a column '{by}__0'"):
            out = GroupScaler(by).fit_transform(rows)
        np.testing.assert_allclose(out, StandardScaler().fit_transform(values))


# -- skada

SKADA = """
import sys
import numpy as np
from skada import CORALAdapter, SubspaceAlignmentAdapter
data = np.load(sys.argv[1])
X, domain = data["X"], data["domain"]
out = {}
for name, reg in (("coral", 1e-12), ("coral_shrunk", 0.4)):
    out[name] = CORALAdapter(reg=reg).fit_transform(X, sample_domain=domain)
out["sa"] = SubspaceAlignmentAdapter(n_components=3).fit_transform(X, sample_domain=domain)
np.savez(sys.argv[2], **out)
"""


def test_skada_gives_the_same(tmp_path):
    pytest.importorskip("ot")  # skada's own dependency: importing skada here would switch on
    from importlib.util import find_spec  # metadata routing for all other tests

    if find_spec("skada") is None:
        pytest.skip("skada is not installed")
    X, y, target = two_domains(80, 60, 5)
    np.savez(tmp_path / "in.npz", X=X, domain=np.where(target, -2, 1))
    command = [sys.executable, "-W", "ignore", "-c", SKADA]
    subprocess.run(
        [*command, str(tmp_path / "in.npz"), str(tmp_path / "out.npz")], check=True, timeout=300
    )
    theirs = np.load(tmp_path / "out.npz")
    moved = X[target].mean(axis=0)  # skada centres both domains, we keep the target's mean
    for name, shrinkage in (("coral", 1e-12), ("coral_shrunk", 0.4)):
        ours = CORAL(shrinkage=shrinkage).fit_transform(X, masked(y, target)) - moved
        # the paper's covariances divide by n - 1, skada's by n
        ours[~target] *= np.sqrt((59 / 60) / (79 / 80))
        np.testing.assert_allclose(ours, theirs[name], atol=1e-6)
    ours = SubspaceAlignment(3).fit_transform(X, masked(y, target))
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs["sa"]), atol=1e-6)
