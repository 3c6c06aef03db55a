"""Training of small networks: the numbers of a plain torch loop, and nothing of the process touched."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from hybridsent._folds import hold_out
from hybridsent._numerics.devices import resolve_device
from hybridsent._numerics.networks import (
    Loop,
    dropout,
    few_threads,
    initialise,
    layer,
    load,
    mlp,
    predict,
    rise_and_fall,
    to_arrays,
    train,
)
from hybridsent._numerics.networks._rows import Batches, tensors

CPU = torch.device("cpu")


class Net(nn.Module):
    """Dropout, a recurrent layer and a mask: everything random there is."""

    def __init__(self, generator, width=6, rate=0.5, classes=2):
        super().__init__()
        self.dense = mlp([width, 8, classes], rate=rate, generator=generator)
        self.read = layer(nn.GRU, width, classes, batch_first=True)

    def forward(self, x, mask):
        return self.dense(x * mask) + self.read(x[:, None])[0][:, 0]


def plain_net(generator):
    return Net(generator, rate=0.0)


@pytest.fixture
def inputs(rng):
    return {"x": rng.standard_normal((120, 6)), "mask": np.arange(120)[:, None] % 7 > 0}


@pytest.fixture
def labels(inputs):
    return (inputs["x"][:, 0] > 0).astype(np.int64)


def assert_same(left, right):
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name])


# -- the numbers -----------------------------------------------------------------------------------


def test_a_fit_is_a_plain_loop_of_torch(inputs, labels):
    ours = train(
        plain_net, cross_entropy, inputs, labels, batch_size=None, validation_fraction=0,
        max_epochs=15, lr=0.01, weight_decay=0.1, clip=0.5, random_state=3,
    )  # fmt: skip
    seeds = np.random.RandomState(3).randint(2**31 - 1, size=4)
    module = plain_net(None)
    initialise(module, torch.Generator().manual_seed(int(seeds[1])))
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01, weight_decay=0.1)
    x = torch.tensor(inputs["x"], dtype=torch.float32)
    with few_threads(module, 120):
        for expected in ours.train_loss:
            optimizer.zero_grad()
            loss = cross_entropy(module(x, torch.tensor(inputs["mask"])), torch.tensor(labels))
            loss.backward()
            assert loss.item() == pytest.approx(expected, rel=1e-5)
            nn.utils.clip_grad_norm_(module.parameters(), 0.5)
            optimizer.step()
    for name, value in to_arrays(module).items():
        np.testing.assert_allclose(to_arrays(ours.module)[name], value, atol=1e-5)
    assert (ours.best_epoch, ours.valid_loss, len(ours.held_out)) == (15, [], 0)


def test_a_linear_network_finds_the_least_squares_solution(rng):
    X = rng.standard_normal((200, 3))
    y = X @ [1.0, -2.0, 0.5] + 3 + 0.1 * rng.standard_normal(200)

    def line(generator):
        return nn.Sequential(mlp([3, 1], generator=generator), nn.Flatten(0))

    fitted = train(
        line, mse_loss, {"input": X}, y, batch_size=None, lr=0.05, weight_decay=0, max_epochs=600,
        validation_fraction=0, clip=None,
    )  # fmt: skip
    A = np.column_stack([X, np.ones(200)])
    expected = A @ np.linalg.lstsq(A, y, rcond=None)[0]
    np.testing.assert_allclose(predict(fitted.module, {"input": X}), expected, atol=1e-3)


def test_the_weights_of_the_best_epoch_are_those_returned(inputs, labels):
    fitted = train(
        Net, cross_entropy, inputs, labels, lr=0.1, max_epochs=60, patience=4, random_state=1,
        validation_fraction=0.25,
    )  # fmt: skip
    assert fitted.best_epoch == 1 + np.argmin(fitted.valid_loss)
    assert len(fitted.valid_loss) == fitted.best_epoch + 4 < 60
    rows = fitted.held_out
    logits = predict(fitted.module, {name: array[rows] for name, array in inputs.items()})
    loss = cross_entropy(torch.tensor(logits), torch.tensor(labels[rows]))
    assert loss.item() == pytest.approx(min(fitted.valid_loss), rel=1e-5)


def test_a_loss_without_target_may_be_negative(rng):
    x = rng.standard_normal((100, 4))

    def spread(outputs, target):
        assert target is None
        return -outputs.tanh().var(dim=0).sum()

    fitted = train(lambda g: mlp([4, 2], generator=g), spread, {"input": x}, lr=0.01, patience=3)
    assert fitted.train_loss[-1] < fitted.train_loss[0] < 0
    assert fitted.best_epoch == 1 + np.argmin(fitted.valid_loss)


def test_a_weight_of_two_is_a_row_that_stands_there_twice(inputs, labels):
    def per_row(outputs, target):
        return cross_entropy(outputs, target, reduction="none")

    options = {"batch_size": None, "validation_fraction": 0, "max_epochs": 8, "lr": 0.01}
    twice = np.r_[np.arange(120), np.arange(30)]
    weight = np.bincount(twice).astype(float)
    weighted = train(plain_net, per_row, inputs, labels, sample_weight=7 * weight, **options)
    repeated = {name: array[twice] for name, array in inputs.items()}
    plain = train(plain_net, cross_entropy, repeated, labels[twice], **options)
    np.testing.assert_allclose(weighted.train_loss, plain.train_loss, rtol=1e-5)
    with pytest.raises(ValueError, match=r"one value a row. Got the shape \(\) for 120 rows"):
        train(plain_net, cross_entropy, inputs, labels, sample_weight=weight, **options)


# -- the loop that all share -----------------------------------------------------------------------


def descent(goals, epochs=5, rate=0.1, **options):
    """A loop that draws a number near those given, one a batch; and that number."""
    x = torch.zeros(1, requires_grad=True)

    def learn(goal, scaled):
        loss = (x - goal).pow(2).sum()
        scaled(loss).backward()
        named = {"loss": loss.detach(), **({"even": goal} if goal % 2 == 0 else {})}
        return goal, named

    trained = [{"params": [x], "lr": rate, "weight_decay": 0.0}]
    return Loop(trained, lambda: goals, learn, epochs, **options), x


def test_means_of_an_epoch_weigh_batches_and_leave_out_those_without():
    loop, _ = descent([1, 2, 4], rate=0.0)
    loop.run()
    expected = {"loss": (1 * 1 + 2 * 4 + 4 * 16) / 7, "even": (2 * 2 + 4 * 4) / 6}
    assert loop.history[0] == {"epoch": 0.0}
    for epoch, entry in enumerate(loop.history[1:], start=1):
        assert entry == pytest.approx({"epoch": epoch, **expected})
    assert loop.best_epoch == 5


@pytest.mark.parametrize("from_start", [False, True])
def test_the_start_may_be_the_best_only_where_it_counts(from_start):
    def judge():
        return abs(x.item())

    loop, x = descent([3], epochs=9, judge=judge, patience=3, from_start=from_start)
    loop.run()
    assert ("held_out" in loop.history[0]) == from_start
    assert loop.best_epoch == (0 if from_start else 1)
    assert len(loop.history) == 1 + loop.best_epoch + 3
    assert x.item() == pytest.approx(0.1 * loop.best_epoch)  # a first step of Adam is its rate


def test_rates_follow_the_step():
    factors = []

    def rates(step):
        factors.append(rise_and_fall(0.25, 8)(step))
        return factors[-1]

    loop, x = descent([100, 100], epochs=4, rates=rates)
    loop.run()
    assert factors == pytest.approx([1 / 2, 1, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
    assert x.item() == pytest.approx(0.1 * sum(factors), rel=1e-2)  # gradients keep their sign


@pytest.mark.parametrize("clip", [None, 0.5])
def test_gradients_that_are_scaled_give_the_steps_of_those_that_are_not(clip):
    plain, scaled = (descent([3, 1], clip=clip, half=half) for half in (None, "cpu"))
    for loop, _ in (plain, scaled):
        loop.run()
    torch.testing.assert_close(scaled[1], plain[1])
    assert scaled[0].history == plain[0].history


def test_buffers_are_those_of_the_best_epoch_too(inputs, labels):
    """The mean and variance that batch norm keeps."""

    def normed(generator):
        return nn.Sequential(layer(nn.BatchNorm1d, 6), mlp([6, 2], generator=generator))

    def build(generator):
        module = normed(generator)
        module[0].reset_parameters()
        return module

    fitted = train(
        build, cross_entropy, {"input": inputs["x"]}, labels, lr=0.3, max_epochs=60, patience=3,
        validation_fraction=0.25, batch_size=16,
    )  # fmt: skip
    assert fitted.best_epoch < len(fitted.valid_loss)
    batches = fitted.best_epoch * -(-90 // 16)
    assert fitted.module[0].num_batches_tracked == batches
    rows = fitted.held_out
    logits = predict(fitted.module, {"input": inputs["x"][rows]})
    loss = cross_entropy(torch.tensor(logits), torch.tensor(labels[rows]))
    assert loss.item() == pytest.approx(min(fitted.valid_loss), rel=1e-5)


# -- nothing else changes --------------------------------------------------------------------------


def test_random_numbers_of_the_process_are_not_touched(inputs, labels):
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    threads = torch.get_num_threads()
    fit = [train(Net, cross_entropy, inputs, labels, max_epochs=3).module for _ in range(2)]
    load(Net, to_arrays(fit[0]))
    assert torch.equal(torch.random.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert torch.get_num_threads() == threads
    assert_same(*map(to_arrays, fit))
    other = train(Net, cross_entropy, inputs, labels, max_epochs=3, random_state=1).module
    assert (to_arrays(other)["dense.0.weight"] != to_arrays(fit[0])["dense.0.weight"]).all()


def test_fits_in_threads_are_those_of_one_thread(inputs, labels):
    def fit(seed):
        found[seed] = to_arrays(
            train(Net, cross_entropy, inputs, labels, max_epochs=12, random_state=seed).module
        )

    found: dict[int, dict[str, np.ndarray]] = {}
    for seed in (0, 1):
        fit(seed)
    expected = dict(found)
    found.clear()
    threads = [threading.Thread(target=fit, args=(seed,)) for seed in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in (0, 1):
        assert_same(found[seed], expected[seed])


def test_small_work_is_done_by_one_thread_and_only_in_this_one():
    threads, seen = torch.get_num_threads(), []
    with few_threads(nn.Linear(10, 10), 64):
        assert torch.get_num_threads() == 1
        other = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        other.start()
        other.join()
    assert seen == [torch.get_num_threads()] == [threads]
    with few_threads(nn.Linear(1000, 1000), 64_000):
        assert torch.get_num_threads() == threads


def test_a_fit_says_nothing_unless_asked(inputs, labels, capfd):
    train(Net, cross_entropy, inputs, labels, max_epochs=2)
    assert capfd.readouterr() == ("", "")
    train(Net, cross_entropy, inputs, labels, max_epochs=2, verbose=True)
    said = capfd.readouterr()
    assert said.out == ""
    assert "0/2" in said.err
    assert "epoch" in said.err


def test_arrays_that_cannot_be_written_are_taken_in_silence(inputs, labels):
    module = train(Net, cross_entropy, inputs, labels, max_epochs=1).module
    arrays = to_arrays(module)
    for array in (*inputs.values(), *arrays.values(), labels):
        array.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = train(Net, cross_entropy, inputs, labels, max_epochs=1).module
        assert_same(to_arrays(load(Net, arrays)), to_arrays(again))


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("at", [0, 5])
def test_ctrl_c_ends_the_fit(inputs, labels, at, verbose):
    """In whichever batch it comes, also where rows are held out to stop early."""
    seen = []

    def interrupted(outputs, target):
        seen.append(len(target))
        if len(seen) > at:
            raise KeyboardInterrupt
        return cross_entropy(outputs, target)

    with pytest.raises(KeyboardInterrupt):
        train(Net, interrupted, inputs, labels, patience=1, verbose=verbose)
    assert len(seen) == at + 1


# -- parts -----------------------------------------------------------------------------------------


@given(st.integers(1, 70), st.integers(1, 80), st.booleans())
@settings(max_examples=60, deadline=None)
def test_batches_are_even_and_hold_each_row_once(n, size, shuffled):
    generator = torch.Generator().manual_seed(0) if shuffled else None
    batches = Batches(tensors({"x": np.arange(n)}, np.arange(n), None, CPU), size, generator)
    for _ in range(2):
        parts = list(batches)
        lengths = [len(inputs["x"]) for inputs, _ in parts]
        assert max(lengths) <= size
        assert max(lengths) - min(lengths) <= 1
        assert len(parts) == -(-n // size)
        assert all(torch.equal(inputs["x"], truth["target"]) for inputs, truth in parts)
        assert sorted(torch.cat([inputs["x"] for inputs, _ in parts]).tolist()) == list(range(n))


def test_held_out_rows_are_stratified_where_labels_allow():
    y = np.repeat([0, 1, 2], [160, 36, 4])
    kept, out = hold_out(y, 0.25)
    assert sorted([*kept, *out]) == list(range(200))
    np.testing.assert_array_equal(np.bincount(y[out]), [40, 9, 1])
    for target in (np.arange(200), y + 0.5, y[:, None], np.r_[y[:-1], 9]):
        assert len(hold_out(target, 0.25)[1]) == 50


def test_too_few_rows_are_not_split(inputs, labels):
    assert len(hold_out(np.zeros(99), 0.1)[1]) == 10
    assert len(hold_out(np.zeros(94), 0.1)[1]) == 0
    few = {name: array[:9] for name, array in inputs.items()}
    fitted = train(Net, cross_entropy, few, labels[:9], max_epochs=30, patience=1)
    assert (len(fitted.train_loss), fitted.valid_loss, fitted.best_epoch) == (30, [], 30)
    one = {name: array[:1] for name, array in inputs.items()}
    assert len(train(Net, cross_entropy, one, labels[:1], max_epochs=2).train_loss) == 2


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [(nn.Linear, (7, 5)), (nn.Conv1d, (4, 6, 3)), (nn.GRU, (5, 4)), (nn.LSTM, (5, 4))],
)
def test_parameters_are_drawn_as_torch_draws_them(kind, sizes):
    torch_own = [value for seed in range(200) for value in _drawn_by_torch(kind, sizes, seed)]
    ours = []
    for seed in range(200):
        made = layer(kind, *sizes)
        initialise(made, torch.Generator().manual_seed(seed))
        ours += [value.detach() for value in made.parameters()]
    k = len(list(layer(kind, *sizes).parameters()))
    for i in range(k):
        mine, theirs = torch.cat(ours[i::k]), torch.cat(torch_own[i::k])
        assert mine.shape == theirs.shape
        assert mine.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=0.02)
        assert mine.std().item() == pytest.approx(theirs.std().item(), rel=0.1)


def _drawn_by_torch(kind, sizes, seed):
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(seed)
        return [value.detach() for value in kind(*sizes).parameters()]


def test_layers_of_other_kinds_draw_for_themselves():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.empty(3))
            self.norm = nn.LayerNorm(2)

        def draw(self, generator):
            self.weight.normal_(generator=generator)

    module = Own()
    initialise(module, torch.Generator().manual_seed(0))
    expected = torch.randn(3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(module.weight, expected)
    assert torch.equal(module.norm.weight, torch.ones(2))
    with pytest.raises(TypeError, match=r"a method draw\(generator\). Got Bilinear"):
        initialise(nn.Sequential(nn.Bilinear(2, 2, 1)), torch.Generator())


@given(st.floats(0, 0.9), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_dropout_keeps_the_mean_and_only_works_in_training(rate, seed):
    drop = dropout(rate, torch.Generator().manual_seed(seed))
    x = torch.ones(200, 200)
    out = drop(x)
    assert out.mean().item() == pytest.approx(1, abs=0.1)
    assert (out == 0).float().mean().item() == pytest.approx(rate, abs=0.02)
    assert torch.equal(drop.eval()(x), x)


def test_predictions_do_not_depend_on_batches(inputs, labels):
    module = train(Net, cross_entropy, inputs, labels, max_epochs=2).module
    whole = predict(module, inputs)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(predict(module, inputs, batch_size=7), whole, atol=1e-6)
    double = load(Net, to_arrays(module)).double()
    exact = predict(double, inputs)
    assert exact.dtype == np.float64
    np.testing.assert_allclose(predict(double, inputs, batch_size=7), exact, atol=1e-13)
    np.testing.assert_allclose(exact, whole, atol=1e-5)


def test_a_module_may_give_several_outputs(rng):
    class Two(nn.Module):
        def forward(self, x):
            return x, x.sum(dim=1)

    x = rng.standard_normal((5, 2)).astype(np.float32)
    same, total = predict(Two(), {"x": x}, batch_size=2)
    np.testing.assert_array_equal(same, x)
    np.testing.assert_allclose(total, x.sum(axis=1), rtol=1e-6)


# -- errors ----------------------------------------------------------------------------------------


def test_a_training_that_diverges_is_an_error(inputs, labels):
    def broken(outputs, target):
        return cross_entropy(outputs, target) * float("nan")

    with pytest.raises(ValueError, match=r"diverged: the loss was nan in epoch \d+.*lr=0.001"):
        train(Net, broken, inputs, labels, max_epochs=4)


def test_a_held_out_loss_that_never_is_a_number_is_an_error(inputs, labels):
    def broken(outputs, target):
        return cross_entropy(outputs, target) * (1 if outputs.requires_grad else float("nan"))

    with pytest.raises(ValueError, match=r"diverged: .* in epoch 2\."):
        train(Net, broken, inputs, labels, max_epochs=4, patience=2)


def test_lengths_and_devices_are_checked(inputs, labels):
    with pytest.raises(ValueError, match=r"same number of rows.*'target': 119"):
        train(Net, cross_entropy, inputs, labels[1:])
    with pytest.raises(ValueError, match=r"torch finds on this machine.*'cpu'.*Got 'cuda:99'"):
        train(Net, cross_entropy, inputs, labels, device="cuda:99")
    assert resolve_device("auto") in ("cpu", "cuda", "mps")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_fit_on_a_gpu_comes_back_to_the_cpu(inputs, labels):
    options = {"max_epochs": 5, "lr": 0.01}
    there = train(plain_net, cross_entropy, inputs, labels, device="cuda", **options)
    here = train(plain_net, cross_entropy, inputs, labels, **options)
    np.testing.assert_allclose(there.train_loss, here.train_loss, rtol=1e-3)
    assert next(there.module.parameters()).device.type == "cpu"
