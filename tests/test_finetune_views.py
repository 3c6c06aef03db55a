"""Networks of several views, tuned together: the loss against loops, and that it trains."""

from __future__ import annotations

import functools
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny
import torch

from hybridsent import ImageEncoder, TextEncoder
from hybridsent.finetune import finetune_views
from hybridsent.finetune._joint import Joint, common_space
from hybridsent.finetune._watched import watched

GOOD = ["a good day", "i like the sun", "great movie", "so lovely", "happy bird", "it is good"]
BAD = ["a bad day", "rain", "sad movie", "so sad", "bad night", "it is not good"]
Y = np.repeat([1, 0], 6)


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("two")
    return {
        "text": tiny.text_model("bert", folder / "bert"),
        "image": tiny.image_model("vit", folder / "vit"),
    }


@pytest.fixture
def views(models):
    usual = {"precision": "float32", "store": None}
    return {
        "text": TextEncoder(f"hf:{models['text']}", **usual),
        "image": ImageEncoder(f"hf:{models['image']}", **usual),
    }


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    pictures = [
        (rng.integers(0, 60, size=(32, 32, 3)) + 150 * label).astype(np.uint8) for label in Y
    ]
    return pd.DataFrame({"text": [*GOOD, *BAD], "image": pictures})


@pytest.fixture
def tune(views):
    usual = {"precision": "float32", "random_state": 0, "learning_rate": 3e-3, "epochs": 4}
    return functools.partial(finetune_views, views=views, **usual)


# -- the loss --------------------------------------------------------------------------------------


def written_out(vectors, rows, y, known, maps, centres, fused, bias, weights, t):
    """The formula of `Joint`, row by row, in torch so that it can be differentiated."""

    def unit(z):
        return z / (z * z).sum().sqrt()

    targets = []
    for view, z in vectors.items():
        some = [i for i, row in enumerate(rows[view]) if known[row]]
        label = [y[rows[view][i]] for i in some]
        u = [unit(z[i]) for i in some]
        each = []
        for i in range(len(u)):
            friends = [p for p in range(len(u)) if p != i and label[p] == label[i]]
            total = sum(torch.exp(u[i] @ u[a] / t) for a in range(len(u)) if a != i)
            if friends:
                logs = [torch.log(torch.exp(u[i] @ u[p] / t) / total) for p in friends]
                each.append(-sum(logs) / len(logs))
        targets.append(sum(each) / len(each))
    aligned = []
    for one, other in combinations(vectors, 2):
        both = sorted(set(rows[one]) & set(rows[other]))
        a, b = (
            [unit((vectors[v][list(rows[v]).index(r)] - centres[v]) @ maps[v]) for r in both]
            for v in (one, other)
        )
        n = len(both)
        losses = []
        for i in range(n):
            there = sum(torch.exp(a[i] @ b[j] / t) for j in range(n))
            back = sum(torch.exp(b[i] @ a[j] / t) for j in range(n))
            own = torch.exp(a[i] @ b[i] / t)
            losses.append(-(torch.log(own / there) + torch.log(own / back)) / 2)
        aligned.append(sum(losses) / n)
    answers = []
    for row in range(len(known)):
        if not known[row]:
            continue
        score = bias
        for view, z in vectors.items():
            if row in rows[view]:
                score = score + fused[view] @ z[list(rows[view]).index(row)]
        answers.append(-torch.log(torch.exp(score[y[row]]) / torch.exp(score).sum()))
    return (
        sum(targets) / len(targets)
        + weights[0] * sum(aligned) / len(aligned)
        + weights[1] * sum(answers) / len(answers)
    )


@pytest.mark.parametrize("n_views", [2, 3])
def test_value_and_gradient_are_those_of_the_formula(n_views, rng):
    names = ["a", "b", "c"][:n_views]
    widths = dict(zip(names, (3, 4, 5), strict=False))
    rows = {"a": np.array([0, 1, 2, 3, 5]), "b": np.array([0, 1, 3, 4, 5, 6])}
    rows["c"] = np.array([0, 2, 3, 4, 5, 6])
    rows = {name: rows[name] for name in names}
    y = np.array([0, 1, 1, 0, 1, 0, -1])
    known = y >= 0

    def drawn(*shape):
        return torch.tensor(rng.normal(size=shape), dtype=torch.float64, requires_grad=True)

    vectors = {v: drawn(len(rows[v]), widths[v]) for v in names}
    maps = {v: drawn(widths[v], 2) for v in names}
    fused = {v: drawn(2, widths[v]) for v in names}
    centres = {v: torch.tensor(rng.normal(size=widths[v])) for v in names}
    bias = drawn(2)
    leaves = [*vectors.values(), *maps.values(), *fused.values(), bias]
    joint = Joint(
        loss="contrastive",
        temperature=0.3,
        alignment_weight=0.7,
        fused_weight=0.4,
        heads={},
        fused=fused,
        bias=bias,
        maps=maps,
        centres=centres,
    )
    value, parts = joint(vectors, rows, torch.tensor(y), known)
    wanted = written_out(
        vectors, rows, y.tolist(), known, maps, centres, fused, bias, (0.7, 0.4), 0.3
    )
    assert value.item() == pytest.approx(wanted.item(), rel=1e-12)
    assert set(parts) == {"target", "alignment", "fused"}
    for mine, theirs in zip(
        torch.autograd.grad(value, leaves), torch.autograd.grad(wanted, leaves), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-12)


def test_the_common_space_brings_views_of_one_row_together(rng):
    shared = rng.normal(size=(60, 2))
    vectors = {
        "a": shared @ rng.normal(size=(2, 6)) + 0.1 * rng.normal(size=(60, 6)),
        "b": (shared @ rng.normal(size=(2, 5)) + 0.1 * rng.normal(size=(60, 5)))[:50],
    }
    rows = {"a": np.arange(60), "b": np.arange(50)}
    maps = common_space({v: z.astype(np.float32) for v, z in vectors.items()}, rows, 60)
    a, b = ((vectors[v] - vectors[v].mean(0))[:50] @ maps[v] for v in "ab")
    own = [np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(2)]
    assert min(own) > 0.9


# -- that it trains --------------------------------------------------------------------------------


def likeness(tuned, frozen, table):
    """Mean over rows of how much nearer the other view of a row is than those of others."""
    out = []
    for encoders in ({v: one.encoder(store=None) for v, one in tuned.items()}, frozen):
        z = {
            v: np.asarray(e.fit_transform(table[v]), dtype=np.float64) for v, e in encoders.items()
        }
        maps = common_space(z, {v: np.arange(len(table)) for v in z}, len(table))
        a, b = ((z[v] - z[v].mean(0)) @ maps[v] for v in z)
        a, b = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (a, b))
        s = a @ b.T
        out.append(np.diag(s).mean() - (s.sum() - np.trace(s)) / (s.size - len(s)))
    return out


def test_losses_fall_and_views_of_a_row_draw_near(tune, views, table):
    tuned = tune(table, Y, epochs=8)
    history = tuned["text"].history
    for name in ("loss", "target", "alignment", "fused"):
        assert history[-1][name] < history[1][name], name
    after, before = likeness(tuned, views, table)
    assert after > before
    assert tuned["image"].history is history
    for view, one in tuned.items():
        there = one.encoder(store=None).fit_transform(table[view])
        assert not np.allclose(there, views[view].fit_transform(table[view]), atol=1e-3)


def test_a_view_may_be_missing_and_a_label_too(tune, table):
    lost = table.copy()
    lost.loc[[0, 7], "image"] = None
    lost.loc[3, "text"] = None
    labels = np.array([*Y[:10], -1, -1])
    tuned = tune(lost, labels, epochs=1)
    assert (tuned["text"].n_rows, tuned["image"].n_rows) == (9, 8)


def test_a_seed_gives_one_result(tune, table):
    some = {"epochs": 1, "batch_size": 4}
    one, two, other = (tune(table, Y, random_state=seed, **some) for seed in (1, 1, 2))
    assert one["text"].backbone.digest() == two["text"].backbone.digest()
    assert one["text"].backbone.digest() != other["text"].backbone.digest()


@pytest.mark.parametrize(
    ("y", "more"),
    [
        (np.linspace(-2, 2, 12), {"task": "regression"}),
        (["a|b", "a"] * 3 + ["b", "|"] * 3, {"task": "multilabel"}),
        (Y, {"loss": "cross_entropy", "held_out": 0.25}),
        (Y, {"how": "last", "n_layers": 1, "alignment_weight": 0.0}),
    ],
)
def test_other_targets_and_settings(tune, table, y, more):
    tuned = tune(table, y, epochs=1, **more)
    n_outputs = 1 if more.get("task") == "regression" else 2
    assert tuned["image"].coef_.shape == (n_outputs, 16)
    assert ("alignment" in tuned["text"].history[1]) == ("alignment_weight" not in more)


def test_folders_are_named_like_views(tune, table, tmp_path):
    tuned = tune(table, Y, epochs=1, folder=tmp_path / "both")
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == ["image", "text"]
    again = TextEncoder(f"tuned:{tmp_path / 'both' / 'text'}", store=None, precision="float32")
    np.testing.assert_allclose(
        again.fit_transform(table["text"]),
        tuned["text"].encoder().fit_transform(table["text"]),
        atol=1e-6,
    )


def test_wrong_views_are_refused(tune, views, table):
    with pytest.raises(ValueError, match="at least two views"):
        tune(table, Y, views={"text": views["text"]})
    with pytest.raises(ValueError, match="column for each view"):
        tune(table, Y, columns={"image": "photo"})
    with pytest.raises(ValueError, match="columns must name columns of views"):
        tune(table, Y, columns={"audio": "text"})
    with pytest.raises(ValueError, match="row with two views"):
        tune(
            table.assign(image=[None] * 6 + table["image"].tolist()[6:], text=[*GOOD, *[None] * 6]),
            Y,
        )
    with pytest.raises(ValueError, match="must have a cell"):
        tune(table.assign(image=None), Y)


def test_a_ctrl_c_behind_an_epoch_keeps_what_there_is(tune, table):
    def told(entry):
        if entry["epoch"] == 2:
            raise KeyboardInterrupt

    with watched(told, keeps=True):
        tuned = tune(table, Y)
    assert len(tuned["text"].history) == 3
    with watched(told), pytest.raises(KeyboardInterrupt):
        tune(table, Y)
