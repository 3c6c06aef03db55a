"""A space of frozen vectors learned from few labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent._numerics.contrast import (
    contrast_loss,
    cosine_loss,
    learn_map,
    linear_evidence,
    same_class,
    same_number,
    same_set,
)
from hybridsent._tags import takes_unlabelled
from hybridsent.few_label import ContrastiveFeatures, LabeledOnly

RNG = np.random.default_rng(0)


def rows(n=60, widths=(7, 5), n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=n)
    parts = []
    for width, view in zip(widths, ("text", "audio"), strict=False):
        block = rng.normal(size=(n, width)) * np.linspace(2, 0.3, width)
        block[:, 0] += 3 * y
        parts.append(pd.DataFrame(block, columns=[f"{view}__{i}" for i in range(width)]))
    return pd.concat(parts, axis=1).astype(np.float32), y


def cosines(seed=0, n=9, m=5):
    rng = np.random.default_rng(seed)
    anchors = np.sort(rng.permutation(n)[:m])
    return rng.uniform(-1, 1, (n, m)), np.arange(n)[:, None] == anchors[None], anchors


# -- the losses


def test_contrast_is_the_loss_of_fine_tuning_in_torch():
    torch = pytest.importorskip("torch")
    from hybridsent.finetune._losses import contrastive

    Z = RNG.normal(size=(12, 4))
    codes = np.array([0, 1, 2] * 3 + [0, 1, 3])  # one class has one row
    unit = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    ours, _ = contrast_loss(
        unit @ unit.T, same_class(codes, codes), np.eye(12, dtype=bool), temperature=0.3
    )
    theirs = contrastive(torch.tensor(Z), torch.tensor(codes), 0.3)
    assert ours == pytest.approx(float(theirs), rel=1e-12)


@pytest.mark.parametrize("loss", ["supcon", "cosine"])
def test_gradients_are_those_of_differences(loss):
    similar, itself, _ = cosines()
    target = np.random.default_rng(1).uniform(size=similar.shape)

    def of(flat):
        given = flat.reshape(similar.shape)
        if loss == "supcon":
            return contrast_loss(given, target, itself, 0.4)
        return cosine_loss(given, target, itself)

    found = check_grad(lambda v: of(v)[0], lambda v: of(v)[1].ravel(), similar.ravel())
    assert found < 1e-6


def test_the_map_is_a_minimum_of_the_loss_as_torch_sees_it():
    torch = pytest.importorskip("torch")
    Z = np.random.default_rng(3).normal(size=(10, 4))
    codes = np.arange(10) % 2
    alike = same_class(codes, codes)
    A, n_iter = learn_map(
        Z, np.arange(10), alike, np.eye(4), loss="cosine", temperature=1.0, alpha=0.1, max_iter=500
    )
    told = torch.tensor(A, requires_grad=True)
    mapped = torch.tensor(Z) @ told
    unit = mapped / (mapped.square().sum(1, keepdim=True) + 0.01).sqrt()
    apart = ~torch.eye(10, dtype=torch.bool)
    near, far = apart * torch.tensor(alike), apart * torch.tensor(1 - alike)
    weights = (near / near.sum() + far / far.sum()) / 2
    gaps = (unit @ unit.T - torch.tensor(2 * alike - 1)) ** 2
    loss = (weights * gaps).sum() + 0.05 * ((told - torch.eye(4)) ** 2).sum()
    loss.backward()
    assert n_iter > 1
    assert float(told.grad.abs().max()) < 1e-3


def test_targets_of_numbers_and_of_sets():
    assert same_number(np.array([0.0]), np.array([2.0]))[0, 0] == pytest.approx(np.exp(-2))
    sets = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0]])
    expected = [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(same_set(sets, sets), expected)


def test_nothing_that_belongs_together_is_no_loss():
    loss, gradient = contrast_loss(np.zeros((2, 2)), np.eye(2), np.eye(2, dtype=bool), 0.1)
    assert loss == 0.0
    assert not gradient.any()


# -- the features


def test_without_a_map_they_are_principal_components_stretched():
    from sklearn.decomposition import PCA

    X, _ = rows(widths=(7,))
    found = ContrastiveFeatures(loss=None, sharpness=0.0).fit_transform(X.astype(np.float64))
    pca = PCA(7).fit(X.astype(np.float64))
    expected = pca.transform(X.astype(np.float64)) / np.sqrt(
        pca.explained_variance_.sum() * 59 / 60
    )
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-9)
    white = ContrastiveFeatures(loss=None, sharpness=-1.0).fit_transform(X.astype(np.float64))
    np.testing.assert_allclose(np.cov(white.T, ddof=0) * 7, np.eye(7), atol=1e-8)


def test_wide_and_long_tables_give_the_same():
    X = RNG.normal(size=(30, 30)) * np.linspace(3, 1, 30)
    extra = np.vstack([X, X])  # the covariance of twice the rows differs by a factor alone
    a = ContrastiveFeatures(loss=None, sharpness=0.5, n_components=8).fit(X).transform(X)
    b = ContrastiveFeatures(loss=None, sharpness=0.5, n_components=8).fit(extra).transform(X)
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)


def test_views_keep_their_names_and_marks_are_handed_on():
    X, y = rows()
    X["domain__0"] = np.float32(0)
    X["missing__audio"] = np.float32(0)
    made = ContrastiveFeatures(n_components=3).set_output(transform="pandas").fit(X, y)
    found = made.transform(X)
    assert [*found.columns] == [
        *(f"text__{i}" for i in range(3)),
        *(f"audio__{i}" for i in range(3)),
        "domain__0",
        "missing__audio",
    ]
    assert (found.dtypes == np.float32).all()


def test_one_space_of_all_views():
    X, y = rows()
    made = ContrastiveFeatures(joint=True).set_output(transform="pandas").fit(X, y)
    assert [*made.transform(X).columns] == [f"contrast__{i}" for i in range(12)]
    X.loc[0, [name for name in X if name.startswith("audio")]] = np.nan
    alone = X.iloc[:1].to_numpy()[:, :7].astype(np.float64) - made.mean_["text"]
    np.testing.assert_allclose(
        made.transform(X)[:1], alone @ made.coef_["text"], rtol=1e-5, atol=1e-6
    )
    X.iloc[0] = np.nan
    assert made.transform(X).iloc[0].isna().all()


def test_a_missing_view_stays_missing_and_a_view_of_no_row_is_refused():
    X, y = rows()
    audio = [name for name in X if name.startswith("audio")]
    X.loc[3, audio] = np.nan
    found = ContrastiveFeatures().fit_transform(X, y)
    assert np.isnan(found[3]).sum() == 5
    assert np.isnan(found).sum() == 5
    X[audio] = np.nan
    with pytest.raises(ValueError, match="needs rows that have the view 'audio'"):
        ContrastiveFeatures().fit(X, y)


def test_rows_without_a_label_shape_the_axes_alone():
    X, y = rows()
    few = np.where(np.arange(len(y)) < 10, y, -1)
    assert takes_unlabelled(ContrastiveFeatures())
    with_pool, alone = (
        ContrastiveFeatures().fit(X, few),
        ContrastiveFeatures().fit(X[:10], y[:10]),
    )
    assert with_pool.n_labeled_ == alone.n_labeled_ == 10
    assert not np.allclose(with_pool.mean_["text"], alone.mean_["text"])
    shuffled = few.copy()
    shuffled[10:] = -1
    again = ContrastiveFeatures().fit(X, shuffled)
    np.testing.assert_array_equal(with_pool.coef_["text"], again.coef_["text"])


def test_no_label_at_all_is_no_error():
    X, y = rows()
    none = ContrastiveFeatures().fit(X).transform(X)
    plain = ContrastiveFeatures(loss=None, sharpness=0.0)
    np.testing.assert_array_equal(none, plain.fit_transform(X, y))
    np.testing.assert_array_equal(none, ContrastiveFeatures().fit_transform(X, np.full(60, -1)))


def test_the_evidence_is_that_of_a_gaussian():
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(4)
    Z, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    y -= y.mean()
    best = -np.inf
    for noise in (0.03, 0.1, 0.3, 1.0, 3.0):
        S = Z @ Z.T + noise * np.eye(12)
        level = y @ np.linalg.solve(S, y) / 12
        best = max(best, multivariate_normal(cov=level * S).logpdf(y))
    expected = best + 6 * (np.log(2 * np.pi) + 1)  # what does not depend on Z
    assert linear_evidence(Z, y[:, None]) == pytest.approx(expected, rel=1e-9)


def test_the_labels_choose_how_axes_are_stretched():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 40)) / np.sqrt(1 + np.arange(40))
    first, last = X[:, 0] + X[:, 1], X[:, 30:].sum(axis=1)
    chosen = []
    for score in (first, last):
        y = np.where(np.arange(400) < 60, np.where(score > 0, 1, 0), -1)
        chosen.append(ContrastiveFeatures().fit(X, y).sharpness_[""])
    assert chosen[0] > 0 >= chosen[1]


def test_names_codes_and_marks_are_read_alike():
    X, y = rows()
    codes = ContrastiveFeatures().fit_transform(X, np.where(y > 0, y, -1 + 0 * y + (y == 0)))
    names = np.array(["bad", "good"], dtype=object)[y]
    np.testing.assert_array_equal(codes, ContrastiveFeatures().fit_transform(X, names))
    with pytest.raises(ValueError, match="must not hold a class -1"):
        ContrastiveFeatures().fit(X, 2 * y - 1)


@pytest.mark.parametrize("loss", ["supcon", "cosine"])
@pytest.mark.parametrize("kind", ["numbers", "sets"])
def test_numbers_and_sets_are_drawn_together(loss, kind):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 6))
    known = np.arange(300) < 100
    if kind == "numbers":
        alike = same_number(X[:, 0] * 2, X[:, 0] * 2)
        y = np.where(known, X[:, 0], np.nan)
    else:
        indicator = (X[:, :2] > 0).astype(int)
        alike = same_set(indicator, indicator)
        y = np.where(known[:, None], indicator, -1)
    learned = ContrastiveFeatures(loss=loss, alpha=0.01).fit(X, y)
    assert learned.n_labeled_ == 100

    def agreement(made):  # of rows without a label
        unit = made.transform(X)[100:]
        unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
        apart = ~np.eye(200, dtype=bool)
        return np.corrcoef((unit @ unit.T)[apart], alike[100:, 100:][apart])[0, 1]

    assert agreement(learned) > agreement(ContrastiveFeatures(loss=None).fit(X, y)) + 0.1


def test_the_order_of_rows_does_not_matter_even_with_fewer_anchors_than_rows():
    X, y = rows(90)
    order = np.random.default_rng(5).permutation(90)
    a = ContrastiveFeatures(n_anchors=20).fit(X, y).transform(X)
    b = ContrastiveFeatures(n_anchors=20).fit(X.iloc[order], y[order]).transform(X)
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_the_same_twice_and_a_clone():
    X, y = rows()
    made = ContrastiveFeatures()
    a, b = made.fit(X, y).transform(X), clone(made).fit(X, y).transform(X)
    np.testing.assert_array_equal(a, b)


def test_what_the_pool_tells_helps_few_labels():
    gains = []
    for seed in range(5):
        X, y = rows(400, widths=(60,), seed=seed)
        few = np.where(np.arange(400) < 12, y, -1)
        plain = LabeledOnly(LogisticRegression())
        ours = make_pipeline(ContrastiveFeatures(), plain)
        gains.append(
            ours.fit(X, few).score(X[12:], y[12:]) - plain.fit(X, few).score(X[12:], y[12:])
        )
    assert np.mean(gains) > 0


def test_hostile_tables():
    X, y = rows(12)
    for given, labels in (
        (X.iloc[:1], y[:1]),
        (X.assign(text__0=np.float32(1.0)), y),
        (0 * X, y),
        (X, np.zeros(12, dtype=int)),
        (X, np.arange(12)),
        (X.to_numpy(), y),
        (X.to_numpy().tolist(), y.tolist()),
        (pd.concat([X, X]), np.tile(y, 2)),
    ):
        for joint in (False, True):
            found = ContrastiveFeatures(joint=joint).fit_transform(given, labels)
            assert np.isfinite(np.asarray(found)).all()
    with pytest.raises(ValueError, match="inconsistent"):
        ContrastiveFeatures().fit(X, y[:5])
