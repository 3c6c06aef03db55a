"""The domain-adversarial network: its gradients, what it learns, and that it always learns the same."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from hybridsent import load, save
from hybridsent._numerics.networks import initialise, predict, to_arrays, train
from hybridsent._numerics.networks import load as load_module
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer import DomainAdversarialClassifier
from hybridsent.transfer.adversarial import (
    adversarial_network,
    balanced_weights,
    ramp,
    reverse,
    row_losses,
)

QUICK = {"hidden": (16,), "n_members": 1, "max_epochs": 15, "lr": 0.01}


def shifted(n=200, seed=0):
    """Two classes along column 0; the domain moves column 1, which tells classes in the source only.

    The known solution looks at column 0 alone.
    """
    rng = np.random.default_rng(seed)
    y, domain = rng.integers(2, size=2 * n), np.arange(2 * n) // n
    X = rng.standard_normal((2 * n, 4))
    X[:, 0] += 2 * (2 * y - 1)
    X[:, 1] += np.where(domain == 0, 3.0 * (2 * y - 1), 6.0)
    frame = pd.DataFrame(X, columns=[f"text__{i}" for i in range(4)]).assign(domain__0=domain)
    return frame, np.array(["bad", "good"])[y]


def hidden(X, y):
    """Labels of the target become -1."""
    return np.where(X["domain__0"] == 1, -1, y.astype(object))


def module(seed=0, steps=10, trade_off=0.7):
    network = adversarial_network()([3, 4], 2, 0.0, None)
    network.add_domain_head(trade_off, steps)
    initialise(network, torch.Generator().manual_seed(seed))
    return network.train()


# -- gradients -------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.0, 0.3, 2.0])
def test_reversal_keeps_values_and_multiplies_the_gradient(factor):
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x.requires_grad_()
    y = reverse(x, factor)
    assert torch.equal(y, x)
    y.pow(2).sum().backward()
    torch.testing.assert_close(x.grad, -factor * 2 * x.detach())


def test_features_climb_the_domain_loss_and_the_head_goes_down():
    """One backward pass through the reversal is the gradients of the two losses, put together."""
    network = module(steps=0).double()
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    target = torch.tensor([[0, 0], [1, 0], [0, 0], [-1, 1], [-1, 1], [1, 1]])
    weights = balanced_weights((target[:, 0] >= 0).numpy(), target[:, 1].numpy())
    row_losses(network(x), target, weights).mean().backward()
    found = {name: value.grad.clone() for name, value in network.named_parameters()}

    network.zero_grad()
    features = network.features(x)
    labeled = target[:, 0] >= 0
    of_label = cross_entropy(network.label(features)[labeled], target[labeled, 0])
    each = binary_cross_entropy_with_logits(
        network.domain(features)[:, 0], target[:, 1].double(), reduction="none"
    )
    of_domain = (each[:3].mean() + each[3:].mean()) / 2  # both domains weigh the same
    for name, value in network.named_parameters():
        a, b = (
            torch.autograd.grad(loss, value, retain_graph=True, allow_unused=True)[0]
            for loss in (of_label, of_domain)
        )
        a, b = (torch.zeros_like(value) if g is None else g for g in (a, b))
        expected = a - 0.7 * b if name.startswith("features") else a + b
        torch.testing.assert_close(found[name], expected)


def test_the_ramp_is_that_of_the_paper():
    p = np.linspace(0, 1, 11)
    np.testing.assert_allclose([ramp(each) for each in p], 2 / (1 + np.exp(-10 * p)) - 1)


def test_the_ramp_counts_batches_in_training_only():
    network = module(steps=4)
    x = torch.ones(2, 3, requires_grad=True)
    slopes = []
    for _ in range(4):
        (slope,) = torch.autograd.grad(network(x)[1].sum(), x)
        slopes.append(slope[0])
        network.eval()(x)
        network.train()
    assert not slopes[0].any()
    torch.testing.assert_close(slopes[3] / slopes[1], torch.full((3,), ramp(0.75) / ramp(0.25)))


def test_rows_without_a_label_have_no_labelrow_losses():
    logits, target = torch.zeros(3, 2), torch.tensor([[0, 0], [-1, 1], [1, 0]])
    loss = row_losses(
        logits, target, balanced_weights(np.array([True, False, True]), np.array([0, 1, 0]))
    )
    np.testing.assert_allclose(loss, np.log(2) * np.array([1.5, 0, 1.5]), rtol=1e-6)


# -- what it learns --------------------------------------------------------------------------------


def test_it_beats_the_source_only_where_a_feature_leaves_with_the_domain():
    X, y = shifted()
    target = X["domain__0"] == 1
    plain, adapted = (
        DomainAdversarialClassifier(max_epochs=40, lr=0.003, trade_off=t).fit(X, hidden(X, y))
        for t in (0.0, 1.0)
    )
    assert plain.score(X[~target], y[~target]) > 0.95
    assert plain.score(X[target], y[target]) < 0.85
    assert adapted.score(X[target], y[target]) > plain.score(X[target], y[target]) + 0.05


def test_it_brings_the_features_of_the_domains_together():
    X, y = shifted()
    apart = {}
    for trade_off in (0.0, 1.0):
        model = DomainAdversarialClassifier(
            max_epochs=40, lr=0.003, trade_off=trade_off, n_members=1
        ).fit(X, hidden(X, y))
        network = load_module(lambda _, m=model: m._network(4, None, 0), model.weights_[0])
        values = model._standardised(X.iloc[:, :4].to_numpy())
        features = predict(network.features, {"input": values})
        between = features[:200].mean(axis=0) - features[200:].mean(axis=0)
        apart[trade_off] = (between**2).sum() / features.var(axis=0).sum()
    assert apart[1.0] < 0.5 * apart[0.0], apart


@pytest.mark.parametrize("schedule", ["ramp", "constant"])
def test_labels_of_the_target_are_used(schedule):
    X, y = shifted(100)
    y = np.where(X["domain__0"] == 1, "new", y)
    model = DomainAdversarialClassifier(**QUICK, schedule=schedule).fit(X, y)
    assert model.classes_.tolist() == ["bad", "good", "new"]
    assert (model.predict(X[X["domain__0"] == 1]) == "new").mean() > 0.5


def test_without_target_rows_it_warns_and_is_a_plain_network():
    X, y = shifted(60)
    source = X[:60].drop(columns="domain__0")
    with pytest.warns(TransferWarning, match="no row of the target domain"):
        model = DomainAdversarialClassifier(**QUICK).fit(source, y[:60])
    seed = int(np.random.RandomState(0).randint(2**31 - 1, size=1)[0])
    values = model._standardised(source.to_numpy())
    codes = (y[:60] == "good").astype(int)
    alone = train(
        lambda generator: adversarial_network()([4, 16], 2, 0.2, generator),
        partial(cross_entropy, reduction="none"),
        {"x": values},
        codes,
        lr=0.01,
        max_epochs=15,
        validation_fraction=0.0,
        random_state=seed,
    )
    for name, array in to_arrays(alone.module).items():
        np.testing.assert_allclose(model.weights_[0][name], array, atol=1e-6)


def test_unlabelled_rows_are_the_target_where_no_column_tells():
    X, y = shifted(60)
    a = DomainAdversarialClassifier(**QUICK).fit(X, hidden(X, y))
    b = DomainAdversarialClassifier(**QUICK).fit(X.drop(columns="domain__0"), hidden(X, y))
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X.iloc[:, :4]))


# -- the same each time ----------------------------------------------------------------------------


def test_threads_and_the_global_generator_change_nothing():
    X, y = shifted(60)
    model = DomainAdversarialClassifier(**{**QUICK, "n_members": 2, "dropout": 0.5})
    torch.manual_seed(3)
    before = torch.get_rng_state()
    numpy_before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global one is under test
    first = clone(model).fit(X, hidden(X, y)).predict_proba(X)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
    runs = Parallel(2, backend="threading")(
        delayed(lambda: clone(model).fit(X, hidden(X, y)).predict_proba(X))() for _ in range(4)
    )
    for run in runs:
        np.testing.assert_array_equal(run, first)
    other = clone(model).set_params(random_state=1).fit(X, hidden(X, y)).predict_proba(X)
    assert np.abs(other - first).max() > 1e-4


def test_it_comes_back_from_pickle_and_from_a_saved_file(tmp_path):
    X, y = shifted(60)
    model = DomainAdversarialClassifier(**QUICK).fit(X, hidden(X, y))
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), expected)
    save(model, tmp_path / "model.hs")
    np.testing.assert_array_equal(load(tmp_path / "model.hs").predict_proba(X), expected)
    assert not [name for name in model.weights_[0] if name.startswith("domain")]


def test_rows_do_not_depend_on_the_rows_beside_them():
    X, y = shifted(700)
    model = DomainAdversarialClassifier(**{**QUICK, "max_epochs": 2}).fit(X, hidden(X, y))
    whole = model.predict_proba(X)  # in two blocks
    np.testing.assert_allclose(model.predict_proba(X[1000:1050]), whole[1000:1050], atol=1e-12)


def test_constant_columns_and_several_layers():
    X, y = shifted(60)
    X["text__2"] = 7.0
    model = DomainAdversarialClassifier(**{**QUICK, "hidden": [8, 4]}).fit(X, hidden(X, y))
    moved = X.assign(text__2=1e6)
    np.testing.assert_array_equal(model.predict_proba(moved), model.predict_proba(X))


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("widths", [(), (0,), (2.5,), ["a"]])
def test_widths_that_are_no_positive_integers_are_refused(widths):
    X, y = shifted(20)
    with pytest.raises(ValueError, match="'hidden' parameter of DomainAdversarialClassifier"):
        DomainAdversarialClassifier(hidden=widths).fit(X, y)


@pytest.mark.filterwarnings("ignore:.* reads the label -1 as no label")
def test_nan_marks_unlabelled_rows_among_labels_of_floats():
    X, y = shifted(20)
    codes = (y == "good").astype(float)
    codes[::5] = -1
    fitted = [
        DomainAdversarialClassifier(n_members=1, max_epochs=2).fit(X, labels)
        for labels in (codes, np.where(codes == -1, np.nan, codes))
    ]
    np.testing.assert_array_equal(*[each.predict_proba(X) for each in fitted])
    assert fitted[1].classes_.tolist() == [0, 1]


def test_no_label_and_one_class_are_refused():
    X, y = shifted(20)
    with pytest.raises(ValueError, match="at least 1 labelled row"):
        DomainAdversarialClassifier().fit(X, np.full(40, -1))
    with pytest.raises(ValueError, match="contains only one class: 'good'"):
        DomainAdversarialClassifier().fit(X, np.where(y == "good", "good", np.array(-1, object)))
