"""The networks that fuse views: against the full forms they stand for, and with views missing."""

from __future__ import annotations

import pickle
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_backend
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline

from hybridsent import load, save
from hybridsent._numerics.networks import dropout, initialise
from hybridsent.heads import (
    ConvolutionalFusionClassifier,
    GatedFusionClassifier,
    RecurrentFusionClassifier,
    TensorFusionClassifier,
)
from hybridsent.heads._fusion_networks import gated_sum, low_rank_fusion
from hybridsent.heads._networks import segments, view_network
from hybridsent.scaling import ViewScaler

HEADS = [
    TensorFusionClassifier,
    GatedFusionClassifier,
    ConvolutionalFusionClassifier,
    partial(RecurrentFusionClassifier, cell="gru"),
    partial(RecurrentFusionClassifier, cell="lstm", bidirectional=False),
]
QUICK = {"hidden": 8, "n_members": 1, "max_epochs": 12, "lr": 0.02}

every_head = pytest.mark.parametrize(
    "head", [kind(**QUICK) for kind in HEADS], ids=lambda head: type(head).__name__[:5]
)


def table(n=120, seed=0, missing=0.25):
    """Text in three segments, audio in two, a picture in one; the label is said by all."""
    rng = np.random.default_rng(seed)
    names = [f"text__s{t}_{i}" for t in range(3) for i in range(2)]
    names += [f"audio__s{t}_{i}" for t in range(2) for i in range(3)]
    names += ["image__0", "image__1"]
    y = rng.integers(3, size=n)
    X = pd.DataFrame(rng.standard_normal((n, len(names))), columns=names)
    X += 1.5 * rng.standard_normal((3, len(names)))[y]
    for view in ("text", "audio", "image"):
        X.loc[rng.random(n) < missing, [name for name in names if name.startswith(view)]] = np.nan
    return X, np.array(["bad", "fair", "good"])[y]


def columns(X, view):
    return [name for name in X if name.startswith(f"{view}__")]


# -- what the networks compute ---------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=3),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(0, 2**16),
)
@settings(max_examples=60, deadline=None)
def test_at_full_rank_low_rank_fusion_is_tensor_fusion(sizes, width, n, seed):
    """The tensor of Zadeh's network as a sum of products, one for each of its cells."""
    rng = np.random.default_rng(seed)
    z = [rng.standard_normal((n, size)) for size in sizes]
    tensor = rng.standard_normal([*(size + 1 for size in sizes), width])
    cells = list(np.ndindex(tensor.shape[:-1]))
    factors = np.zeros((len(sizes), len(cells), max(sizes) + 1, width))
    for i, cell in enumerate(cells):
        for m, row in enumerate(cell):
            factors[m, i, row] = tensor[cell] if m == 0 else 1
    factors = [torch.tensor(f[:, : size + 1]) for f, size in zip(factors, sizes, strict=True)]
    fused = low_rank_fusion(
        [torch.tensor(each) for each in z], factors, torch.ones(n, len(sizes), dtype=torch.bool)
    )
    with_one = [np.column_stack([each, np.ones(n)]) for each in z]
    letters = "abc"[: len(sizes)]
    full = np.einsum(
        f"{','.join('n' + letter for letter in letters)},{letters}o->no", *with_one, tensor
    )
    np.testing.assert_allclose(fused.numpy(), full, rtol=1e-10, atol=1e-10)


@given(st.integers(0, 2**16))
@settings(max_examples=20, deadline=None)
def test_a_missing_view_leaves_the_product_of_the_others(seed):
    generator = torch.Generator().manual_seed(seed)
    z = [torch.randn(4, 3, generator=generator) for _ in range(3)]
    factors = [torch.randn(2, 4, 5, generator=generator) for _ in range(3)]
    present = torch.tensor([[True, False, True]]).expand(4, 3)
    rest = low_rank_fusion([z[0], z[2]], [factors[0], factors[2]], present[:, ::2])
    torch.testing.assert_close(low_rank_fusion(z, factors, present), rest)


@given(st.integers(0, 2**16))
@settings(max_examples=20, deadline=None)
def test_gates_of_two_views_are_those_of_the_gated_multimodal_unit(seed):
    generator = torch.Generator().manual_seed(seed)
    h, scores = torch.randn(2, 5, 2, 3, generator=generator)
    gate = (scores[:, 0] - scores[:, 1]).sigmoid()
    expected = gate * h[:, 0] + (1 - gate) * h[:, 1]
    both = torch.ones(5, 2, dtype=torch.bool)
    torch.testing.assert_close(gated_sum(h, scores, both), expected)
    alone = torch.tensor([[False, True]]).expand(5, 2)
    torch.testing.assert_close(gated_sum(h, scores, alone), h[:, 1])


def network(head, shapes=((3, 2), (2, 3), (1, 2)), seed=0):
    module = head._network(list(shapes), 3, torch.Generator().manual_seed(seed))
    initialise(module, torch.Generator().manual_seed(seed))
    return module


@every_head
def test_what_stands_in_a_missing_view_changes_nothing(head):
    module = network(head).eval()
    x = torch.randn(40, 14, generator=torch.Generator().manual_seed(0))
    present = torch.ones(40, 3, dtype=torch.bool)
    present[:, 1] = False
    other = x.clone()
    other[:, 6:12] = 1e3
    assert torch.equal(module(x, present), module(other, present))
    assert not torch.allclose(module(x, present), module(x, torch.ones_like(present)))


@every_head
def test_every_parameter_learns(head):
    module = network(head, [(3, 2), (2, 3), (2, 1)], seed=1).train()  # one segment has no past
    x = torch.randn(200, 14, generator=torch.Generator().manual_seed(0))
    module(x, torch.ones(200, 3, dtype=torch.bool)).square().sum().backward()
    still = [name for name, value in module.named_parameters() if not value.grad.abs().sum() > 0]
    assert still == []


@given(st.floats(0.05, 0.95), st.integers(0, 2**16))
@settings(max_examples=30, deadline=None)
def test_modality_dropout_never_takes_the_last_view(rate, seed):
    generator = torch.Generator().manual_seed(seed)
    module = view_network()([(1, 1)] * 3, rate, generator)
    present = torch.rand(3000, 3, generator=generator) < 0.7
    kept = module._drop(present)
    assert not (kept & ~present).any()
    assert torch.equal(kept.any(dim=1), present.any(dim=1))
    rows = present.all(dim=1)
    dropped = 1 - kept[rows].float().mean().item()
    assert dropped == pytest.approx(rate - rate**3 / 3, abs=0.05)  # all three: one comes back


def test_a_window_of_one_segment_does_not_know_the_order_of_segments():
    module = network(ConvolutionalFusionClassifier(kernel_size=1), [(4, 2)]).eval()
    x = torch.randn(9, 4, 2, generator=torch.Generator().manual_seed(0))
    there = torch.ones(9, 1, dtype=torch.bool)
    same = module(x[:, [2, 0, 3, 1]].flatten(1), there)
    torch.testing.assert_close(same, module(x.flatten(1), there))
    wider = network(ConvolutionalFusionClassifier(kernel_size=2), [(4, 2)]).eval()
    changed = wider(x[:, [2, 0, 3, 1]].flatten(1), there)
    assert not torch.allclose(changed, wider(x.flatten(1), there))


# -- what the heads learn --------------------------------------------------------------------------


@every_head
def test_heads_learn_from_every_view(head):
    X, y = table(300)
    fitted = clone(head).set_params(max_epochs=40).fit(X, y)
    assert fitted.score(*table(300)) > 0.9
    for view in ("text", "audio", "image"):
        rows = X[columns(X, view)].notna().all(axis=1)
        alone = X[rows].copy()
        alone[[name for name in X if name not in columns(X, view)]] = np.nan
        assert fitted.score(alone, y[rows]) > 0.6


def test_tensor_fusion_learns_products_of_views(rng):
    X = pd.DataFrame(rng.standard_normal((600, 2)), columns=["text__0", "audio__0"])
    y = X["text__0"] * X["audio__0"] > 0
    head = TensorFusionClassifier(n_members=1, dropout=0.0, modality_dropout=0.0, lr=0.01)
    assert head.fit(X[:400], y[:400]).score(X[400:], y[400:]) > 0.9
    assert LogisticRegression().fit(X[:400], y[:400]).score(X[400:], y[400:]) < 0.65


@every_head
def test_the_scale_of_columns_does_not_matter(head):
    X, y = table()
    fitted = clone(head).fit(X, y)
    other = clone(head).fit(1000 * X + 7, y)
    np.testing.assert_allclose(
        other.predict_proba(1000 * X + 7), fitted.predict_proba(X), atol=1e-3
    )


def test_constant_columns_are_ignored_and_outliers_cut_off():
    X, y = table()
    X["image__1"] = X["image__1"].where(X["image__1"].isna(), 3.7)
    head = GatedFusionClassifier(**QUICK).fit(X, y)
    there = X.dropna()
    changed = there.assign(image__1=-1e9)
    np.testing.assert_array_equal(head.predict_proba(changed), head.predict_proba(there))
    far, farther = there.assign(image__0=1e6), there.assign(image__0=1e300)
    np.testing.assert_allclose(head.predict_proba(far), head.predict_proba(farther))


def test_scale_is_learned_on_the_rows_that_have_the_view():
    X, y = table()
    head = TensorFusionClassifier(**QUICK).fit(X, y)
    np.testing.assert_allclose(head.mean_, X.mean())
    np.testing.assert_allclose(
        head.scale_, X.std(ddof=0) * np.sqrt([6] * 6 + [6] * 6 + [2] * 2), rtol=1e-6
    )


@every_head
def test_rows_without_any_view_get_the_class_prior(head):
    X, y = table()
    fitted = clone(head).fit(X, y)
    nothing = X[:2] * np.nan
    share = pd.Series(y).value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(fitted.class_prior_, share)
    np.testing.assert_allclose(fitted.predict_proba(nothing), [share, share])
    mixed = fitted.predict_proba(pd.concat([nothing, X[5:9]]))
    np.testing.assert_allclose(mixed[2:], fitted.predict_proba(X[5:9]))
    balanced = clone(head).set_params(class_weight="balanced").fit(X, y)
    np.testing.assert_allclose(balanced.predict_proba(nothing), 1 / 3)


def test_a_view_that_no_training_row_had_counts_as_missing():
    X, y = table()
    head = TensorFusionClassifier(**QUICK).fit(X.assign(image__0=np.nan), y)
    assert head.seen_.tolist() == [True, True, False]
    without = X.assign(image__0=np.nan)
    np.testing.assert_array_equal(head.predict_proba(X), head.predict_proba(without))


def test_class_weights_are_those_of_scikit_learn(rng):
    X = pd.DataFrame(rng.standard_normal((400, 3)), columns=["text__0", "text__1", "image__0"])
    y = np.where(X["text__0"] + rng.standard_normal(400) > 1.8, "rare", "usual")
    head = TensorFusionClassifier(**QUICK).fit(X, y)
    balanced = TensorFusionClassifier(**QUICK, class_weight="balanced").fit(X, y)
    assert (balanced.predict(X) == "rare").sum() > 2 * (head.predict(X) == "rare").sum()
    counts = pd.Series(y).value_counts()
    by_hand = {label: 400 / (2 * count) for label, count in counts.items()}
    same = TensorFusionClassifier(**QUICK, class_weight=by_hand).fit(X, y)
    np.testing.assert_allclose(same.predict_proba(X), balanced.predict_proba(X), atol=1e-6)


def test_members_are_averaged_and_differ():
    X, y = table()
    head = GatedFusionClassifier(**{**QUICK, "n_members": 3}).fit(X, y)
    assert len(head.weights_) == len(head.history_) == 3
    single = []
    for weights in head.weights_:
        one = pickle.loads(pickle.dumps(head))
        one.weights_ = [weights]
        single.append(one.predict_proba(X))
    np.testing.assert_allclose(head.predict_proba(X), np.mean(single, axis=0))
    assert all(np.abs(left - right).max() > 1e-3 for left, right in pairwise(single))


# -- segments --------------------------------------------------------------------------------------


def test_segments_are_read_in_the_order_of_their_numbers(rng):
    names = [f"text__s{t}_{i}" for t in (10, 2, 0) for i in (1, 0)] + ["image__0"]
    X = pd.DataFrame(rng.standard_normal((30, 7)), columns=names)
    head = RecurrentFusionClassifier(**QUICK).fit(X, np.arange(30) % 2)
    np.testing.assert_array_equal(head.views_["text"], [[4, 5], [2, 3], [0, 1]])
    np.testing.assert_array_equal(head.views_["image"], [[6]])
    flat = GatedFusionClassifier(**QUICK).fit(X, np.arange(30) % 2)
    np.testing.assert_array_equal(flat.views_["text"], [np.arange(6)])


def test_segments_of_different_widths_are_refused():
    class Names:
        feature_names_in_ = np.array(["text__s0_0", "text__s1_0", "text__s1_1"])

    with pytest.raises(ValueError, match=r"same number of columns.*'text__s0_0'.*\{0: 1, 1: 2\}"):
        segments(Names, np.arange(3))
    Names.feature_names_in_ = np.array(["text__s0_0", "text__0"])
    with pytest.raises(ValueError, match="None: 1"):
        segments(Names, np.arange(2))


# -- citizens of scikit-learn ----------------------------------------------------------------------


@every_head
@pytest.mark.parametrize("n", [2, 3, 5, 11])
def test_a_handful_of_rows_is_enough(head, n):
    X, _ = table(n, missing=0.0)
    y = np.arange(n) % 2
    proba = clone(head).fit(X, y).predict_proba(X)
    assert proba.shape == (n, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1)


@every_head
def test_fits_are_repeatable_and_leave_the_process_alone(head):
    X, y = table()
    before = torch.random.get_rng_state()
    first, second = clone(head).fit(X, y), clone(head).fit(X, y)
    assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    other = clone(head).set_params(random_state=1).fit(X, y)
    assert np.abs(other.predict_proba(X) - first.predict_proba(X)).max() > 1e-4


@every_head
def test_fitted_heads_hold_arrays_only_and_are_saved(head, tmp_path):
    X, y = table()
    fitted = clone(head).fit(X, y)
    assert all(
        type(value) is np.ndarray for weights in fitted.weights_ for value in weights.values()
    )
    assert b"torch" not in pickle.dumps(fitted)
    expected = fitted.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(X), expected)
    save(fitted, tmp_path / "head.hybridsent")
    loaded = load(tmp_path / "head.hybridsent")
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)


def test_folds_in_threads_are_those_of_one_thread():
    X, y = table()
    head = RecurrentFusionClassifier(**QUICK)
    expected = cross_val_predict(head, X, y, cv=3, method="predict_proba")
    with parallel_backend("threading"):
        found = cross_val_predict(head, X, y, cv=3, method="predict_proba", n_jobs=2)
    np.testing.assert_array_equal(found, expected)


def test_heads_are_searched_over_in_a_pipeline():
    X, y = table()
    steps = make_pipeline(
        ViewScaler().set_output(transform="pandas"), TensorFusionClassifier(**QUICK)
    )
    grid = {"tensorfusionclassifier__hidden": [4, 8]}
    search = GridSearchCV(steps, grid, cv=2, n_jobs=2).fit(X, pd.Series(y, dtype="str"))
    assert search.best_score_ > 0.6
    assert set(search.predict(X)) <= set(y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_without_names_are_one_view(dtype):
    X, y = table(missing=0.0)
    values = X.to_numpy(dtype, copy=True)
    values[3, 2] = np.nan
    head = GatedFusionClassifier(**QUICK).fit(values, y)
    assert list(head.views_) == [""]
    np.testing.assert_allclose(head.predict_proba(values)[3], head.class_prior_)


def test_labels_may_be_of_any_kind():
    X, y = table()
    for labels in (pd.Series(y, dtype="str"), y.astype(object), np.searchsorted(np.unique(y), y)):
        head = TensorFusionClassifier(**QUICK).fit(X, labels)
        assert set(head.predict(X)) == set(np.unique(labels))


def test_errors_say_what_is_wrong():
    X, y = table()
    head = TensorFusionClassifier(**QUICK)
    with pytest.raises(NotFittedError):
        head.predict(X)
    with pytest.raises(ValueError, match="only one class: 'good'"):
        head.fit(X, ["good"] * len(X))
    with pytest.raises(ValueError, match="All 120 rows have NaN in every view"):
        head.fit(X * np.nan, y)
    with pytest.raises(ValueError, match=r"'modality_dropout' parameter .* Got 1"):
        clone(head).set_params(modality_dropout=1).fit(X, y)
    with pytest.raises(ValueError, match="Got 'cuda:99'"):
        clone(head).set_params(device="cuda:99").fit(X, y)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@every_head
def test_a_head_trained_on_a_gpu_predicts_without(head):
    X, y = table(300)
    options = {"max_epochs": 40, "device": "cuda"}
    fitted = pickle.loads(pickle.dumps(clone(head).set_params(**options).fit(X, y)))
    assert fitted.score(X, y) > 0.85


def test_dropout_of_a_head_draws_from_its_own_generator():
    generator = torch.Generator().manual_seed(0)
    head = network(TensorFusionClassifier(dropout=0.5))
    kinds = {type(part) for part in head.modules()}
    assert type(dropout(0.5, generator)) in kinds
    assert torch.nn.Dropout not in kinds
