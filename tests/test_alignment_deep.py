"""DeepCCA and ContrastiveAligner: their losses against plain formulas, then what they find."""

from __future__ import annotations

import pickle
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from hybridsent._numerics.networks import info_nce
from hybridsent.alignment import (
    MCCA,
    ContrastiveAligner,
    DeepCCA,
    _base,
    canonical_correlations,
    permutation_test,
)
from hybridsent.alignment._contrastive import _reciprocal_rank
from hybridsent.alignment._contrastive_loss import ContrastiveLoss
from hybridsent.alignment._correlation_loss import CorrelationLoss, total_correlation
from hybridsent.persist import inspect, load, save

VIEWS = ("text", "image", "audio")
QUICK = {
    DeepCCA: DeepCCA(2, hidden=(8,), dropout=0.0, lr=0.01, max_epochs=12),
    ContrastiveAligner: ContrastiveAligner(3, dropout=0.1, lr=0.01, max_epochs=12),
}
BOTH = pytest.mark.parametrize("kind", [DeepCCA, ContrastiveAligner])


def frame(*blocks: np.ndarray, missing: np.ndarray | None = None) -> pd.DataFrame:
    parts = [
        block if missing is None else np.where(missing[:, [j]], np.nan, block)
        for j, block in enumerate(blocks)
    ]
    names = [
        f"{view}__{i}" for view, b in zip(VIEWS, blocks, strict=False) for i in range(b.shape[1])
    ]
    return pd.DataFrame(np.hstack(parts), columns=names)


def shared(n, widths, k=3, noise=0.3, seed=0):
    """Views that share k factors."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, k))
    return [z @ rng.normal(size=(k, p)) + noise * rng.normal(size=(n, p)) for p in widths]


def circles(n, views=2, seed=1):
    """Views that share the length of a vector, not its direction: no linear relation at all."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.2, 2, size=(n, 1))
    angles = 2 * np.pi * rng.random((views, n, 1))
    noise = [rng.normal(size=(n, 3)) for _ in range(views)]
    return [
        np.hstack([z * np.cos(a), z * np.sin(a), e]) for a, e in zip(angles, noise, strict=True)
    ]


def some_missing(n, views=3, seed=0):
    missing = np.random.default_rng(seed).random((n, views)) < 0.3
    missing[:4] = [[False] * views, [True] * views, [False] + [True] * (views - 1), [False] * views]
    return missing


# -- the correlation loss --------------------------------------------------------------------------


def by_eigenvectors(a, b, k, ridge):
    """Andrew et al. as written: symmetric roots, differentiated by torch."""

    def inverse_root(S):
        values, vectors = torch.linalg.eigh(S)
        return (vectors / values.sqrt()) @ vectors.T

    a, b = a - a.mean(dim=0), b - b.mean(dim=0)
    below = len(a) - 1
    s11 = a.T @ a / below + ridge * torch.eye(a.shape[1], dtype=a.dtype)
    s22 = b.T @ b / below + ridge * torch.eye(b.shape[1], dtype=b.dtype)
    T = inverse_root(s11) @ (a.T @ b / below) @ inverse_root(s22)
    return torch.linalg.svdvals(T)[:k].sum()


def outputs(m, d1, d2, seed):
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(m, d1, generator=generator, dtype=torch.float64)
    b = torch.randn(m, d2, generator=generator, dtype=torch.float64)
    b[:, : min(d1, d2)] += a[:, : min(d1, d2)]
    return a.requires_grad_(), b.requires_grad_()


# rows from one more than the widths, where everything is correlated, to many more
shapes = st.tuples(
    st.integers(1, 6), st.integers(1, 6), st.integers(1, 30), st.integers(0, 999), st.floats(0, 1)
)


@settings(max_examples=60, deadline=None)
@given(shapes, st.sampled_from([1e-3, 0.1]))
def test_total_correlation_and_its_gradient_are_those_of_the_paper(shape, ridge):
    d1, d2, more, seed, part = shape
    a, b = outputs(max(d1, d2) + more, d1, d2, seed)
    k = max(1, round(part * min(d1, d2)))
    value, P, Q = total_correlation(a, b, k, ridge)
    expected = by_eigenvectors(a, b, k, ridge)
    assert float(value.detach()) == pytest.approx(float(expected.detach()), abs=1e-9)
    found, theirs = torch.autograd.grad(value, (a, b)), torch.autograd.grad(expected, (a, b))
    # torch's own gradient loses digits where eigenvalues are close
    for mine, other in zip(found, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-7)
    x, y = (each.detach() - each.detach().mean(dim=0) for each in (a, b))
    own = P.T @ (x.T @ x / (len(x) - 1) + ridge * torch.eye(d1, dtype=x.dtype)) @ P
    torch.testing.assert_close(own, torch.eye(k, dtype=own.dtype), rtol=0, atol=1e-8)
    assert float((P.T @ x.T @ y @ Q / (len(x) - 1)).trace()) == pytest.approx(float(value.detach()))


@settings(max_examples=15, deadline=None)
@given(shapes)
def test_total_correlation_passes_gradcheck(shape):
    d1, d2, more, seed, part = shape
    a, b = outputs(max(d1, d2) + more, d1, d2, seed)
    k = max(1, round(part * min(d1, d2)))
    assert torch.autograd.gradcheck(
        lambda x, y: total_correlation(x, y, k, 1e-2)[0], (a, b), eps=1e-6, atol=1e-4
    )


def test_total_correlation_has_a_gradient_where_eigenvalues_are_alike():
    """Unit covariances: a gradient of eigenvectors would divide by the gaps, which are zero."""
    q = torch.randn(20, 6, generator=torch.Generator().manual_seed(0)).double()
    q = torch.linalg.qr(q - q.mean(dim=0))[0] * 19**0.5
    apart = (q[:, :3], q[:, 3:])  # the correlations are alike, too: they are zero
    angles = torch.tensor([0.3, 0.8, 1.2], dtype=torch.float64)
    mixed = (q[:, :3], q[:, :3] * angles.cos() + q[:, 3:] * angles.sin())
    for pair, expected in ((apart, 0.0), (mixed, float(angles.cos().sum()) / 1.001)):
        a, b = (each.clone().requires_grad_() for each in pair)
        value = total_correlation(a, b, 3, 1e-3)[0]
        assert float(value.detach()) == pytest.approx(expected, abs=1e-6)
        assert all(torch.isfinite(each).all() for each in torch.autograd.grad(value, (a, b)))
    assert torch.autograd.gradcheck(lambda x, y: total_correlation(x, y, 3, 1e-3)[0], (a, b))


def test_float32_outputs_get_float32_gradients():
    a, b = (each.detach().float().requires_grad_() for each in outputs(30, 3, 4, 0))
    value = total_correlation(a, b, 2, 1e-3)[0]
    value.backward()
    assert value.dtype == a.grad.dtype == b.grad.dtype == torch.float32


def test_the_loss_is_the_mean_over_pairs_on_the_rows_they_have():
    blocks = [torch.tensor(each, requires_grad=True) for each in shared(60, [3, 3, 3], noise=1.0)]
    present = torch.tensor(~some_missing(60))
    pairs = [
        by_eigenvectors(blocks[i][both], blocks[j][both], 3, 1e-3)
        for i, j in combinations(range(3), 2)
        if (both := present[:, i] & present[:, j]) is not None
    ]
    loss = CorrelationLoss(3, 1e-3)(tuple(blocks), present)
    assert float(loss.detach()) == pytest.approx(-float(sum(pairs).detach()) / 9)


def test_held_out_rows_are_measured_by_the_projections_of_training():
    loss = CorrelationLoss(2, 1e-3)
    a, b = outputs(200, 2, 2, 0)
    present = torch.ones(200, 2, dtype=torch.bool)
    trained = float(loss((a, b), present).detach())
    with torch.no_grad():
        assert float(loss((a, b), present)) == pytest.approx(trained, abs=2e-3)
        generator = torch.Generator().manual_seed(0)
        noise = [torch.randn(6, 2, generator=generator).double() for _ in range(100)]
        few = np.mean([float(loss((a[:6], each), present[:6])) for each in noise])
        own = -np.mean([float(total_correlation(a[:6], each, 2, 1e-3)[0]) / 2 for each in noise])
    assert few == pytest.approx(0, abs=0.1)
    assert own < -0.5  # six rows by projections of their own look correlated with anything


def test_a_batch_without_pairs_has_no_say():
    a, b = outputs(8, 2, 2, 0)
    present = torch.tensor([[True, False], [False, True]] * 4)
    loss = CorrelationLoss(2, 1e-3)((a, b), present)
    loss.backward()
    assert float(loss.detach()) == 0
    assert (a.grad == 0).all()
    few = torch.tensor([[True, True]] * 2 + [[True, False]] * 6)
    assert float(CorrelationLoss(2, 1e-3)((a, b), few).detach()) == 0
    with torch.no_grad():
        assert float(CorrelationLoss(2, 1e-3)((a, b), present | True)) == 0


# -- the contrastive loss --------------------------------------------------------------------------


def plain_info_nce(a, b, scale, positives):
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    total = 0.0
    for logits in (scale * a @ b.T, scale * b @ a.T):
        logs = log_softmax(logits, axis=1)
        total += np.mean([logs[i][positives[i]].mean() for i in range(len(a))])
    return -total / 2


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 12), st.integers(1, 5), st.integers(0, 999), st.floats(0.5, 100))
def test_info_nce_is_the_plain_formula_with_a_finite_gradient(m, d, seed, scale):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, m, d))
    codes = rng.integers(0, 3, size=m)
    for alike in (None, codes[:, None] == codes[None, :]):
        x, y = (torch.tensor(each, requires_grad=True) for each in (a, b))
        positives = None if alike is None else torch.tensor(alike)
        loss = info_nce(x, y, scale, positives)
        expected = plain_info_nce(a, b, scale, np.eye(m, dtype=bool) if alike is None else alike)
        assert float(loss.detach()) == pytest.approx(expected, rel=1e-9)
        loss.backward()
        assert torch.isfinite(x.grad).all()
        assert torch.isfinite(y.grad).all()
    assert torch.autograd.gradcheck(lambda x, y: info_nce(x, y, 5.0), (x, y), atol=1e-4)


def test_contrastive_loss_takes_pairs_labels_and_a_learned_scale():
    blocks = shared(40, [3, 3, 3])
    missing = some_missing(40)
    codes = np.random.default_rng(0).integers(-1, 2, size=40)
    truth = torch.tensor(np.column_stack([~missing, codes]).astype(np.int64))
    tensors = tuple(torch.tensor(each) for each in blocks)
    for labels in (codes, np.full(40, -1)):
        truth[:, -1] = torch.tensor(labels)
        alike = ((labels[:, None] == labels) & (labels >= 0)) | np.eye(40, dtype=bool)
        pairs = []
        for i, j in combinations(range(3), 2):
            both = ~missing[:, i] & ~missing[:, j]
            pairs.append(
                plain_info_nce(blocks[i][both], blocks[j][both], 5, alike[np.ix_(both, both)])
            )
        assert float(ContrastiveLoss(0.2)(tensors, truth)) == pytest.approx(np.mean(pairs))
        learned = ContrastiveLoss(None)((*tensors, torch.tensor(5.0)), truth)
        assert float(learned) == pytest.approx(np.mean(pairs))
    alone = torch.tensor([[1, 0, 0, -1], [0, 1, 0, -1]] * 20)
    assert float(ContrastiveLoss(0.2)(tensors, alone)) == 0


def test_reciprocal_rank_counts_the_nearer_and_splits_the_alike():
    keys = np.eye(3)
    assert _reciprocal_rank(keys, keys) == 1
    assert _reciprocal_rank(keys[[1, 0, 2]], keys) == pytest.approx((1 / 2.5 + 1 / 2.5 + 1) / 3)
    assert _reciprocal_rank(np.ones((5, 2)), np.ones((5, 2))) == pytest.approx(1 / 3)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 1500, 3))  # more than a block
    ranks = (a @ b.T >= np.diagonal(a @ b.T)[:, None]).sum(axis=1)
    assert _reciprocal_rank(a, b) == pytest.approx(np.mean(1 / ranks))


# -- what they find --------------------------------------------------------------------------------


@pytest.mark.parametrize("views", [2, 3])
def test_deep_cca_finds_what_no_linear_map_can(views):
    X = frame(*circles(800, views))
    train, test = X[:500], X[500:]
    assert MCCA(1).fit(train).score(test) < 0.2
    aligner = DeepCCA(1, hidden=(32,), dropout=0.0, lr=0.01).fit(train)
    assert aligner.score(test) > 0.9
    assert (
        np.corrcoef(aligner.transform(test)[:, 0], np.hypot(*test.to_numpy()[:, :2].T))[0, 1] ** 2
        > 0.8
    )


def test_a_linear_deep_cca_comes_to_cca():
    X = frame(*shared(400, [5, 4], noise=1.0))
    aligner = DeepCCA(
        3, hidden=(), dropout=0.0, lr=0.02, weight_decay=0, max_epochs=300, validation_fraction=0
    ).fit(X)
    expected = MCCA(3, ridge=0).fit(X)
    np.testing.assert_allclose(
        aligner.canonical_correlations_, expected.canonical_correlations_, atol=0.01
    )
    mine, theirs = aligner.transform(X), expected.transform(X)
    for i in range(3):
        assert abs(np.corrcoef(mine[:, i], theirs[:, i])[0, 1]) > 0.99


def test_components_come_in_order_with_their_correlations():
    X = frame(*shared(300, [6, 5, 4], noise=1.0), missing=some_missing(300))
    aligner = clone(QUICK[DeepCCA]).set_params(n_components=3, max_epochs=40).fit(X)
    assert (np.diff(aligner.linear_.canonical_correlations_) <= 0).all()
    np.testing.assert_allclose(
        aligner.canonical_correlations_, canonical_correlations(aligner, X), rtol=1e-5
    )
    assert aligner.score(X) == pytest.approx(aligner.canonical_correlations_.mean(), rel=1e-5)


@pytest.mark.parametrize(
    "options", [{}, {"hidden": (32,)}, {"temperature": "learned"}], ids=["linear", "mlp", "learned"]
)
def test_contrastive_rows_find_their_partner(options):
    X = frame(*shared(700, [12, 10], k=6))
    aligner = ContrastiveAligner(6, combine="concat", dropout=0.0, lr=0.01, **options).fit(X[:500])
    text, image = np.split(aligner.transform(X[500:]), 2, axis=1)
    top = ((text @ image.T).argmax(axis=1) == np.arange(200)).mean()
    assert top > 0.4  # chance is 0.005
    assert aligner.score(X[500:]) > top
    learned = options.get("temperature") == "learned"
    assert (aligner.temperature_ != 0.2) == learned
    assert 0.01 <= aligner.temperature_ <= 1


def test_labels_pull_classes_together():
    blocks = shared(400, [8, 8])
    X, y = frame(*blocks), np.where(blocks[0][:, 0] > 0, "good", "bad").astype(object)
    y[300:] = -1
    plain = ContrastiveAligner(4, lr=0.01, max_epochs=40).fit(X)
    told = clone(plain).set_params(supervised=True).fit(X, y)
    truth = blocks[0][:, 0] > 0

    def spread(aligner):
        Z = aligner.transform(X)[300:]
        between = Z[truth[300:]].mean(axis=0) - Z[~truth[300:]].mean(axis=0)
        return np.linalg.norm(between) / np.linalg.norm(Z - Z.mean(axis=0)) * 10

    assert spread(told) > 1.3 * spread(plain)
    with pytest.raises(ValueError, match="requires y to be passed"):
        told.fit(X)
    assert told.__sklearn_tags__().target_tags.required


def test_training_stops_early_and_keeps_the_best_epoch():
    X = frame(*(np.random.default_rng(0).normal(size=(2, 600, 10))))  # nothing in common
    aligner = DeepCCA(2, hidden=(16,), dropout=0.0, lr=0.01, patience=5).fit(X)
    assert len(aligner.valid_loss_) == len(aligner.train_loss_) == aligner.best_epoch_ + 5 < 100
    assert min(aligner.valid_loss_) == aligner.valid_loss_[aligner.best_epoch_ - 1]


def test_without_held_out_rows_it_trains_to_the_end():
    X = frame(*shared(60, [4, 4]))
    for aligner in (
        clone(QUICK[DeepCCA]).set_params(validation_fraction=0),
        clone(QUICK[ContrastiveAligner]),  # a tenth of 60 rows tells nothing
    ):
        aligner.fit(X)
        assert (aligner.valid_loss_, aligner.best_epoch_) == ([], 12)
        assert len(aligner.train_loss_) == 12


# -- rows and columns as they come -----------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_may_lack_views(kind, dtype):
    X = frame(*shared(200, [5, 4, 3]), missing=some_missing(200)).astype(dtype)
    aligner = clone(QUICK[kind]).fit(X)
    mean, side = (
        aligner.transform(X),
        clone(aligner).set_params(combine="concat").fit(X).transform(X),
    )
    k = aligner.n_components_
    assert mean.dtype == side.dtype == dtype
    assert mean.shape == (200, k)
    assert side.shape == (200, 3 * k)
    assert np.isfinite(side).all()
    assert (mean[1] == 0).all()  # it lacks every view
    np.testing.assert_allclose(mean[2], side[2, :k], atol=1e-6)  # it has the first one
    np.testing.assert_allclose(side[2], np.tile(mean[2], 3), atol=1e-6)


@BOTH
def test_a_view_that_only_some_rows_have_together_is_learned(kind):
    """Text and image, image and audio, never text and audio."""
    blocks = shared(400, [4, 4, 4])
    missing = np.zeros((400, 3), dtype=bool)
    missing[:150, 2] = missing[150:, 0] = True
    X = frame(*blocks, missing=missing)[:300]
    aligner = clone(QUICK[kind]).set_params(max_epochs=80).fit(X)
    unseen = frame(blocks[0], np.full_like(blocks[1], np.nan), blocks[2])[300:]
    assert aligner.score(unseen) > 0.2  # of ranks, chance is 0.05


def test_contrastive_coordinates_have_length_one():
    X = frame(*shared(100, [5, 4]), missing=some_missing(100, 2))
    aligner = clone(QUICK[ContrastiveAligner]).fit(X)
    lengths = np.linalg.norm(aligner.transform(X), axis=1)
    some = X.notna().any(axis=1).to_numpy()
    np.testing.assert_allclose(lengths, some, rtol=1e-6)
    assert lengths[1] == 0
    side = aligner.set_params(combine="concat").transform(X).reshape(100, 2, 3)
    np.testing.assert_allclose(np.linalg.norm(side, axis=2)[some], 1, rtol=1e-6)
    text, image = side[0]
    together = (text + image) / np.linalg.norm(text + image)
    np.testing.assert_allclose(aligner.set_params(combine="mean").transform(X)[0], together)


@BOTH
def test_scale_and_outliers_of_columns_do_not_matter(kind):
    blocks = shared(150, [5, 4])
    X = frame(*blocks)
    expected = clone(QUICK[kind]).fit(X).transform(X)
    far = X * 1000.0 + 5e4
    np.testing.assert_allclose(clone(QUICK[kind]).fit(far).transform(far), expected, atol=2e-3)
    X["text__0"] = 1.0  # constant
    X.loc[0, "text__1"] = 1e12
    assert np.isfinite(clone(QUICK[kind]).fit(X).transform(X)).all()


def test_a_single_view_becomes_its_principal_components():
    block = shared(80, [5])[0]
    expected = PCA(2, whiten=True).fit_transform((block - block.mean(axis=0)) / block.std(axis=0))
    for X in (block, frame(block)):
        deep = clone(QUICK[DeepCCA]).fit(X)
        assert deep.networks_ == {}
        assert np.isnan(deep.score(X))
        np.testing.assert_allclose(np.abs(deep.transform(X)), np.abs(expected), rtol=1e-6)
        contrastive = ContrastiveAligner(2).fit(X)
        unit = expected / np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(np.abs(contrastive.transform(X)), np.abs(unit), rtol=1e-6)
        assert np.isnan(contrastive.score(X))
        assert list(deep.get_feature_names_out()) == ["shared__0", "shared__1"]


@BOTH
@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_few_rows_give_few_components(kind, n):
    X = frame(*shared(n, [3, 3]))
    aligner = clone(QUICK[kind]).set_params(n_components=None).fit(X)
    assert aligner.n_components_ == max(1, n // 4)
    assert np.isfinite(aligner.transform(X)).all()


@BOTH
def test_refusals_name_what_was_given(kind):
    X = frame(*shared(30, [3, 3]))
    aligner = clone(QUICK[kind])
    with pytest.raises(ValueError, match=r"must be at most half the rows.*Got 16 for 30 rows"):
        clone(aligner).set_params(n_components=16).fit(X)
    for hidden in ((0,), (8, "a"), (True, -1), (2.5,)):
        with pytest.raises(
            ValueError, match=r"'hidden' parameter of .* must hold widths of layers"
        ):
            clone(aligner).set_params(hidden=hidden).fit(X)
    with pytest.raises(ValueError, match="device must be one that torch finds"):
        clone(aligner).set_params(device="cuda:99").fit(X)
    with pytest.raises(ValueError, match="at least 2 rows that have the view 'text' together"):
        clone(aligner).fit(frame(*shared(30, [3, 3]), missing=np.eye(2, dtype=bool)[[0, 1] * 15]))
    with pytest.raises(ValueError, match="needs at least 2 rows"):
        clone(aligner).fit(X[:1])
    with pytest.raises(ValueError, match="hidden"):
        clone(aligner).set_params(hidden=8).fit(X)


def test_a_batch_must_be_larger_than_the_components():
    X = frame(*shared(60, [4, 4]))
    with pytest.raises(ValueError, match=r"at least twice the number of components.*Got 5 for 3"):
        DeepCCA(3, batch_size=5).fit(X)
    assert DeepCCA(3, batch_size=6, max_epochs=2).fit(X).train_loss_[0] < 0


def test_a_training_that_diverges_says_so():
    with pytest.raises(ValueError, match="training diverged"):
        clone(QUICK[DeepCCA]).set_params(lr=1e30).fit(frame(*shared(60, [3, 3])))


# -- good citizens ---------------------------------------------------------------------------------


@BOTH
def test_the_same_seed_gives_the_same_and_leaves_others_alone(kind):
    X = frame(*shared(150, [5, 4]))
    before = torch.random.get_rng_state()
    first, second = (clone(QUICK[kind]).fit(X).transform(X) for _ in range(2))
    other = clone(QUICK[kind]).set_params(random_state=1).fit(X).transform(X)
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)


@BOTH
def test_what_is_kept_are_arrays_and_saves_and_loads(kind, tmp_path):
    X = frame(*shared(120, [5, 4]), missing=some_missing(120, 2))
    y = np.where(X["text__0"].fillna(0) > 0, "good", "bad")
    model = make_pipeline(clone(QUICK[kind]), LogisticRegression()).fit(X, y)
    for weights in model[0].networks_.values():
        assert {type(each) for each in weights.values()} == {np.ndarray}
    assert b"torch" not in pickle.dumps(model[0])
    path = save(model, tmp_path / "m.hybridsent")
    assert inspect(path)["needs_trust"] == []
    for again in (load(path), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@BOTH
def test_a_grid_in_threads_finds_what_one_alone_finds(kind):
    X = frame(*shared(120, [5, 4]))
    grid = {"dropout": [0.0, 0.3], "n_components": [1, 2]}
    found = [GridSearchCV(clone(QUICK[kind]), grid, cv=2).fit(X)]
    with parallel_config("threading", n_jobs=2):
        found.append(GridSearchCV(clone(QUICK[kind]), grid, cv=2).fit(X))
    np.testing.assert_array_equal(
        found[0].cv_results_["mean_test_score"], found[1].cv_results_["mean_test_score"]
    )
    assert np.isfinite(found[0].best_score_)


@BOTH
def test_verbose_shows_a_bar_on_stderr(kind, capsys):
    X = frame(*shared(40, [3, 3]))
    clone(QUICK[kind]).set_params(verbose=True).fit(X)
    said = capsys.readouterr()
    assert said.out == ""
    assert "epoch" in said.err
    clone(QUICK[kind]).fit(X)
    assert capsys.readouterr().err == ""


@BOTH
def test_pandas_output_and_names(kind):
    X = frame(*shared(60, [3, 3]))
    aligner = clone(QUICK[kind]).set_params(combine="concat").set_output(transform="pandas").fit(X)
    k = aligner.n_components_
    names = [f"{view}__{i}" for view in ("text", "image") for i in range(k)]
    assert list(aligner.transform(X).columns) == names


def test_a_permutation_test_takes_networks():
    X = frame(*circles(200))
    aligner = DeepCCA(1, hidden=(16,), dropout=0.0, lr=0.03, max_epochs=30, patience=5)
    found = permutation_test(aligner, X, n_permutations=4)
    assert found.p_values.tolist() == [0.2]
    assert found.correlations[0] > 0.9


def _two_views(estimator):
    """Halves of the columns as two views, for data that comes without names."""
    edges = estimator.n_features_in_ // 2
    every = np.arange(estimator.n_features_in_)
    return {"text": every[:edges], "image": every[edges:]} if edges else {"": every}


CHECKS = [
    pytest.param(kind, check, id=f"{kind.__name__}-{check.func.__name__}-{i}")
    for kind in (DeepCCA, ContrastiveAligner)
    for i, (_, check) in enumerate(estimator_checks_generator(QUICK[kind], legacy=True))
]


@pytest.mark.parametrize(("kind", "check"), CHECKS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_checks_hold_for_two_views(kind, check, monkeypatch):
    """The contract's data has no names, so it is one view and sees no network."""
    monkeypatch.setattr(_base, "views_of", _two_views)
    few = {"n_components": None, "max_epochs": 3}
    check(clone(QUICK[kind]).set_params(**few))
