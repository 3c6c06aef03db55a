"""MCCA and GCCA against other libraries, dense formulas and each other."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.cross_decomposition import CCA
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from hybridsent.alignment import (
    GCCA,
    MCCA,
    ContrastiveAligner,
    DeepCCA,
    Procrustes,
    canonical_correlations,
)
from hybridsent.alignment._linear import top_eigenvectors
from hybridsent.missing import PresentRows
from hybridsent.persist import load, save
from hybridsent.views import rename_feature

VIEWS = ("text", "image", "audio", "video")
LINEAR = pytest.mark.parametrize("kind", [MCCA, GCCA])


def frame(*blocks: np.ndarray, missing: np.ndarray | None = None) -> pd.DataFrame:
    """Views as one matrix; rows are NaN where `missing` (n, n_views) says so."""
    parts = [
        block if missing is None else np.where(missing[:, [j]], np.nan, block)
        for j, block in enumerate(blocks)
    ]
    names = [
        f"{view}__{i}" for view, b in zip(VIEWS, blocks, strict=False) for i in range(b.shape[1])
    ]
    return pd.DataFrame(np.hstack(parts), columns=names)


def shared(n, widths, k=2, noise=1.0, seed=0):
    """Views that share k factors."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, k))
    return [z @ rng.normal(size=(k, p)) + noise * rng.normal(size=(n, p)) for p in widths]


def principal_correlations(X, Y):
    """Canonical correlations as cosines of the angles between the spans (SciPy)."""
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    return np.sort(np.cos(subspace_angles(X, Y)))[::-1]


def coordinates(aligner, blocks):
    return [
        (block - aligner.mean_[view]) @ aligner.weights_[view]
        for view, block in zip(aligner.views_, blocks, strict=True)
    ]


def same_up_to_sign(a, b, tolerance=1e-6):
    for i in range(a.shape[1]):
        x, y = a[:, i] - a[:, i].mean(), b[:, i] - b[:, i].mean()
        cosine = abs(x @ y) / (np.linalg.norm(x) * np.linalg.norm(y))
        assert cosine == pytest.approx(1, abs=tolerance), (i, cosine)


shapes = st.tuples(st.integers(3, 12), st.integers(2, 9), st.integers(0, 1000))


# -- oracles ---------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(shapes, st.integers(25, 60))
def test_two_views_without_ridge_have_the_angles_of_their_spans(shape, n):
    p, q, seed = shape
    X, Y = shared(n, (p, q), seed=seed)
    expected = principal_correlations(X, Y)
    for kind in (MCCA, GCCA):
        aligner = kind(min(p, q), ridge=0).fit(frame(X, Y))
        assert aligner.canonical_correlations_ == pytest.approx(expected, abs=1e-6)
        assert canonical_correlations(aligner, frame(X, Y)) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(5, 15), st.integers(3, 30), st.integers(0, 1000))
def test_more_columns_than_rows_without_ridge_correlate_perfectly(n, q, seed):
    X, Y = shared(n, (n + 10, q), seed=seed)
    aligner = MCCA(min(q, n - 1), ridge=0).fit(frame(X, Y))
    expected = principal_correlations(X, Y)[: aligner.n_components_]
    assert aligner.canonical_correlations_ == pytest.approx(expected, abs=1e-6)
    assert aligner.canonical_correlations_.min() > 1 - 1e-6


def test_scikit_learn_finds_the_same_components():
    X, Y = shared(200, (6, 4), k=4)
    aligner = MCCA(4, ridge=0).fit(frame(X, Y))
    theirs = CCA(4, max_iter=10_000, tol=1e-14, scale=False).fit(X, Y).transform(X, Y)
    for mine, other in zip(coordinates(aligner, (X, Y)), theirs, strict=True):
        same_up_to_sign(mine, other)
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(theirs[0].T, theirs[1].T, strict=True)]
    assert aligner.canonical_correlations_ == pytest.approx(r, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(2, 30), min_size=2, max_size=4),
    st.integers(12, 40),
    st.floats(1e-3, 10),
    st.integers(0, 1000),
)
def test_ridge_mcca_is_the_generalised_eigenproblem(widths, n, ridge, seed):
    from scipy.linalg import block_diag, eigh

    blocks = shared(n, widths, seed=seed)
    C = np.cov(np.hstack(blocks), rowvar=False)
    D = block_diag(*(np.cov(b, rowvar=False) + ridge * np.eye(b.shape[1]) for b in blocks))
    inside = block_diag(*(np.cov(b, rowvar=False) for b in blocks))
    values = eigh(C - inside + D, D, eigvals_only=True)[::-1]
    aligner = MCCA(2, ridge=ridge).fit(frame(*blocks))
    assert aligner.eigenvalues_ == pytest.approx(values[:2], abs=1e-8)
    mean = (values[:2] - 1) / (len(widths) - 1)
    assert aligner.canonical_correlations_ == pytest.approx(mean, abs=1e-8)


def dense_gcca(blocks, seen, ridges, weights, k):
    """The formula of van de Velden and Takane, rows by rows."""
    N = (seen * weights).sum(axis=1)
    total, centred = np.zeros((len(N), len(N))), []
    for block, rows, r, w in zip(blocks, seen.T, ridges, weights, strict=True):
        X = np.where(rows[:, None], block - block[rows].mean(axis=0), 0.0)
        centred.append(X)
        total += w * X @ np.linalg.solve(X.T @ X + r * np.eye(X.shape[1]), X.T)
    root = 1 / np.sqrt(N)
    values, E = np.linalg.eigh(root[:, None] * total * root)
    G = root[:, None] * E[:, ::-1][:, :k]
    A = [
        np.linalg.solve(X.T @ X + r * np.eye(X.shape[1]), X.T @ G)
        for X, r in zip(centred, ridges, strict=True)
    ]
    return values[::-1][:k], A


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(2, 40), min_size=2, max_size=4),
    st.floats(0.01, 5),
    st.floats(0, 0.4),
    st.integers(0, 1000),
)
def test_masked_gcca_is_the_dense_formula(widths, ridge, rate, seed):
    rng = np.random.default_rng(seed)
    n = 30
    blocks = shared(n, widths, seed=seed)
    seen = rng.random((n, len(widths))) >= rate
    seen[:4] = True  # some rows have every view
    seen[~seen.any(axis=1), 0] = True
    weights = rng.uniform(0.5, 2, len(widths))
    named = dict(zip(VIEWS, weights, strict=False))
    aligner = GCCA(2, ridge=ridge, view_weights={v: named[v] for v in VIEWS[: len(widths)]})
    aligner.fit(frame(*blocks, missing=~seen))
    ridges = ridge * (seen.sum(axis=0) - 1)
    values, A = dense_gcca(blocks, seen, ridges, weights, 2)
    assert aligner.eigenvalues_ == pytest.approx(values, abs=1e-8)
    if values[0] - values[1] > 1e-4:
        scale = np.sqrt((seen * weights).sum() * (n - 1) / n)
        for view, expected in zip(aligner.views_, A, strict=True):
            mine, theirs = aligner.weights_[view][:, 0], expected[:, 0] * scale
            sign = np.sign(mine @ theirs)
            assert mine == pytest.approx(sign * theirs, abs=1e-5 * np.abs(theirs).max())


def test_cca_zoo_finds_the_same():
    linear = pytest.importorskip("cca_zoo.linear")
    blocks = shared(80, (6, 5, 4), k=3)
    for shrinkage in (0.0, 0.3):
        ridge = shrinkage / (1 - shrinkage)
        for kind in ("MCCA", "GCCA"):
            theirs = getattr(linear, kind)(3, shrinkage=shrinkage).fit(blocks)
            mine = {"MCCA": MCCA, "GCCA": GCCA}[kind](3, ridge=ridge).fit(frame(*blocks))
            for block, view, weights in zip(blocks, mine.views_, theirs.weights_, strict=True):
                same_up_to_sign(block @ mine.weights_[view], block @ weights)


def test_a_single_view_becomes_its_principal_components():
    (X,) = shared(60, (7,))
    theirs = PCA(3, whiten=True).fit_transform(X)
    same_up_to_sign(MCCA(3).fit_transform(X), theirs)
    assert np.abs(MCCA(3).fit_transform(X)).mean() == pytest.approx(np.abs(theirs).mean())
    same_up_to_sign(GCCA(3, ridge=0.5).fit_transform(X), theirs)
    assert np.isnan(MCCA(3).fit(X).canonical_correlations_).all()


def test_a_supervised_single_view_is_discriminant_analysis():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 150)
    X = rng.normal(size=(150, 5)) + np.eye(5)[y] * 3
    lda = LinearDiscriminantAnalysis(n_components=2).fit(X, y).transform(X)
    for kind in (MCCA, GCCA):
        same_up_to_sign(kind(2, ridge=0, supervised=True).fit(X, y).transform(X), lda)


@pytest.mark.parametrize("ridge", [0, 0.1])
@pytest.mark.parametrize("n", [200, 900])
def test_few_of_many_eigenvectors_are_the_largest(n, ridge):
    """Lanczos, which large problems take, against all eigenvalues; equal ones among them."""
    blocks = shared(n, (300, 280), k=3)
    X = frame(*blocks)
    few = MCCA(3, ridge=ridge).fit(X)
    many = MCCA(min(270, n - 10), ridge=ridge).fit(X)
    assert few.canonical_correlations_ == pytest.approx(many.canonical_correlations_[:3], abs=1e-8)
    A = np.diag(np.r_[np.full(4, 2.0), np.linspace(0, 1, 396)])
    values, vectors = top_eigenvectors(A, 5)
    assert values == pytest.approx([2, 2, 2, 2, 1])
    assert vectors.T @ vectors == pytest.approx(np.eye(5), abs=1e-10)


# -- missing views ---------------------------------------------------------------------------------


@LINEAR
def test_masks_that_hide_nothing_change_nothing(kind):
    blocks = shared(50, (4, 3, 5))
    whole = kind(2).fit(frame(*blocks))
    longer = frame(*[np.vstack([b, b[:1]]) for b in blocks])
    longer.iloc[-1] = np.nan  # a row with nothing
    masked = kind(2).fit(longer)
    for view in whole.views_:
        # the mean of the first block is over other rows, but what is found is the same
        ratio = masked.weights_[view] / whole.weights_[view]
        assert ratio == pytest.approx(np.ones_like(ratio), abs=2e-2)
    assert masked.canonical_correlations_ == pytest.approx(whole.canonical_correlations_, abs=1e-9)


@LINEAR
def test_what_stands_in_a_row_of_a_missing_view_is_not_looked_at(kind):
    blocks = shared(60, (4, 3))
    missing = np.random.default_rng(1).random((60, 2)) < 0.3
    X = frame(*blocks, missing=missing)
    half = X.copy()
    half.iloc[:, 0] = np.where(missing[:, 0], 1e6, X.iloc[:, 0])  # one cell is left in a NaN row
    a, b = kind(2).fit(X), kind(2).fit(half)
    assert a.transform(X) == pytest.approx(b.transform(half))


@LINEAR
@pytest.mark.parametrize("combine", ["mean", "concat"])
def test_rows_are_judged_by_what_they_have(kind, combine):
    blocks = shared(100, (4, 3), noise=0.5)
    aligner = kind(2, combine=combine).fit(frame(*blocks))
    by_text, by_image = coordinates(aligner, blocks)
    missing = np.zeros((100, 2), dtype=bool)
    missing[0, 1] = missing[1, 0] = True
    missing[2] = True
    out = aligner.transform(frame(*blocks, missing=missing))
    if combine == "mean":
        expected = [by_text[0], by_image[1], np.zeros(2), (by_text[3] + by_image[3]) / 2]
    else:
        expected = [
            np.tile(by_text[0], 2),
            np.tile(by_image[1], 2),
            np.zeros(4),
            np.concatenate([by_text[3], by_image[3]]),
        ]
    assert out[:4] == pytest.approx(np.array(expected))


def test_rows_that_lack_a_view_improve_what_is_found():
    blocks = shared(60, (30, 30), k=1, noise=2.0, seed=3)
    missing = np.zeros((60, 2), dtype=bool)
    missing[20:40, 0] = True
    missing[40:, 1] = True
    test = frame(*shared(2000, (30, 30), k=1, noise=2.0, seed=3))
    rows = frame(*blocks, missing=missing)
    few = canonical_correlations(GCCA(1).fit(rows[:20]), test)
    more = canonical_correlations(GCCA(1).fit(rows), test)
    assert np.isfinite(more).all()
    assert more > few - 0.1


def test_an_absent_view_is_predicted_from_a_present_one():
    blocks = shared(800, (20, 10), k=2, noise=0.3)
    X = frame(*blocks)
    lacking = X.copy()
    lacking[[c for c in X if c.startswith("image")]] = np.nan
    truth = blocks[1][400:]
    for kind in (MCCA, GCCA):
        for combine in ("mean", "concat"):
            aligner = kind(2, combine=combine).fit(X[:400])
            predicted = aligner.inverse_transform(aligner.transform(lacking[400:]))[:, 20:]
            r2 = 1 - ((predicted - truth) ** 2).sum() / ((truth - truth.mean(0)) ** 2).sum()
            assert r2 > 0.8, (kind, combine, r2)


def test_labels_of_some_rows_are_enough():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    X = frame(*[rng.normal(size=(400, 5)) + 2 * y[:, None] * np.eye(5)[j] for j in (0, 1)])
    few = np.where(np.arange(400) < 40, np.array(["no", "yes"], dtype=object)[y], -1)
    z = GCCA(1, supervised=True).fit(X, few).transform(X)[:, 0]
    assert abs(np.corrcoef(z, y)[0, 1]) > 0.7


# -- laws ------------------------------------------------------------------------------------------


@LINEAR
@pytest.mark.parametrize("rate", [0.0, 0.3])
@pytest.mark.parametrize("supervised", [False, True])
def test_pieces_give_what_the_whole_gives(kind, rate, supervised, tmp_path):
    blocks = shared(300, (6, 5, 4))
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    X = frame(*blocks, missing=rng.random((300, 3)) < rate)
    whole = kind(2, ridge=0.1, supervised=supervised).fit(X, y)
    pieces = kind(2, ridge=0.1, supervised=supervised)
    for start in range(0, 300, 100):
        pieces.partial_fit(X[start : start + 100], y[start : start + 100], classes=[0, 1, 2])
    assert pieces.transform(X) == pytest.approx(whole.transform(X), abs=1e-9)
    assert pieces.canonical_correlations_ == pytest.approx(whole.canonical_correlations_)
    again = pickle.loads(pickle.dumps(pieces))
    assert load(save(pieces, tmp_path / "m")).transform(X) == pytest.approx(pieces.transform(X))
    again.partial_fit(X[:50], y[:50])  # goes on where it was
    assert np.abs(again.transform(X) - pieces.transform(X)).max() > 1e-6
    assert pieces.fit(X, y).transform(X) == pytest.approx(whole.transform(X), abs=1e-12)


@LINEAR
def test_float32_comes_out_as_float32_and_says_the_same(kind):
    X = frame(*shared(200, (10, 300)))
    shifted = (X + 1000).astype(np.float32)  # a large mean must not cost digits
    exact = kind(2).fit(X)
    rough = kind(2).fit(shifted)
    out = rough.transform(shifted)
    assert out.dtype == np.float32
    assert out == pytest.approx(exact.transform(X), abs=5e-3)


@LINEAR
@pytest.mark.parametrize("device", ["torch:cpu"])
def test_torch_computes_the_same(kind, device):
    X = frame(*shared(200, (10, 7)), missing=np.random.default_rng(0).random((200, 2)) < 0.2)
    assert kind(2, device=device).fit_transform(X) == pytest.approx(kind(2).fit_transform(X))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@LINEAR
def test_a_card_computes_the_same(kind):
    X = frame(*shared(200, (10, 7)))
    assert kind(2, device="cuda").fit_transform(X) == pytest.approx(kind(2).fit_transform(X))


@LINEAR
def test_the_default_ridge_suits_more_columns_than_rows(kind):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1000, 3))
    X = frame(*[z @ rng.normal(size=(3, p)) + rng.normal(size=(1000, p)) for p in (384, 128)])
    aligner = kind(3).fit(X[:300])
    assert canonical_correlations(aligner, X[300:]).min() > 0.97
    assert aligner.score(X[300:]) == canonical_correlations(aligner, X[300:]).mean()


@LINEAR
def test_attributes_are_what_they_say(kind):
    blocks = shared(200, (6, 5))
    X = frame(*blocks)
    aligner = kind(2).fit(X)
    for view, block, z in zip(aligner.views_, blocks, coordinates(aligner, blocks), strict=True):
        r = np.corrcoef(block, z, rowvar=False)[: block.shape[1], block.shape[1] :]
        assert aligner.loadings_[view] == pytest.approx(r, abs=1e-9)
        explained = (np.var(block, axis=0)[:, None] * r**2).sum(axis=0) / np.var(
            block, axis=0
        ).sum()
        assert aligner.explained_variance_ratio_[view] == pytest.approx(explained)
    wide = kind(2).fit(frame(*[b[:5] for b in blocks]))  # in a basis of the span of the rows
    for view, block, z in zip(
        wide.views_, blocks, coordinates(wide, [b[:5] for b in blocks]), strict=True
    ):
        r = np.corrcoef(block[:5], z, rowvar=False)[: block.shape[1], block.shape[1] :]
        assert wide.loadings_[view] == pytest.approx(r, abs=1e-6)


@LINEAR
def test_principal_components_bound_what_is_used(kind):
    blocks = shared(100, (8, 6), k=3, noise=0.1)
    short = kind(2, pca=3, ridge=0).fit(frame(*blocks))
    reduced = [PCA(3).fit_transform(block) for block in blocks]
    expected = principal_correlations(*reduced)[:2]
    assert short.canonical_correlations_ == pytest.approx(expected, abs=1e-8)
    assert kind(pca=0.9).fit(frame(*blocks)).n_components_ <= 3


@LINEAR
def test_a_constant_view_has_nothing_in_common_and_breaks_nothing(kind):
    X, _ = shared(50, (4, 3))
    out = kind(1).fit_transform(frame(X, np.ones((50, 3))))
    assert np.isfinite(out).all()


def test_names_say_the_view_or_that_it_is_shared():
    X = frame(*shared(50, (4, 3)))
    assert list(MCCA(2).fit(X).get_feature_names_out()) == ["shared__0", "shared__1"]
    names = list(MCCA(2, combine="concat").fit(X).get_feature_names_out())
    assert names == ["text__0", "text__1", "image__0", "image__1"]


def test_it_stands_in_a_pipeline_that_is_searched_and_saved(tmp_path):
    rng = np.random.default_rng(0)
    y = np.array(["bad", "good"])[rng.integers(0, 2, 120)]
    X = frame(*[rng.normal(size=(120, 5)) + (y == "good")[:, None] for _ in range(2)])
    X = X.mask(rng.random((120, 1)) < [[0.1] * 5 + [0.0] * 5])
    pipeline = make_pipeline(GCCA(), LogisticRegression())
    grid = {
        "gcca": [MCCA(), GCCA()],
        "gcca__n_components": [1, 3],
        "gcca__supervised": [False, True],
    }
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(X, y)
    assert search.best_score_ > 0.7
    again = load(save(search.best_estimator_, tmp_path / "m.hybridsent"))
    assert (again.predict_proba(X) == search.predict_proba(X)).all()


def test_kernels_go_in_front():
    rng = np.random.default_rng(0)
    z = rng.uniform(-2, 2, size=(600, 1))
    X = frame(
        np.hstack([z**2, rng.normal(size=(600, 2))]), np.hstack([z, rng.normal(size=(600, 2))])
    )
    X.loc[:50, ["image__0", "image__1", "image__2"]] = np.nan
    kernels = ColumnTransformer(
        [
            (
                view,
                PresentRows(Nystroem(gamma=0.3, n_components=80, random_state=0)),
                make_column_selector(pattern=f"^{view}__"),
            )
            for view in ("text", "image")
        ],
        verbose_feature_names_out=rename_feature,
    ).set_output(transform="pandas")
    straight = MCCA(1).fit(X[:400]).score(X[400:])
    bent = make_pipeline(kernels, MCCA(1)).fit(X[:400]).score(X[400:])
    assert straight < 0.3
    assert bent > 0.8


# -- errors ----------------------------------------------------------------------------------------


@LINEAR
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": 9}, r"n_components.*at most.*text.*Got 9"),
        ({"ridge": -1.0}, r"ridge.*Got -1\.0"),
        ({"ridge": {"tweet": 1.0}}, r"ridge.*'text', 'image'.*Got 'tweet'"),
        ({"ridge": {"text": "much"}}, r"ridge.*Got 'much' for the view 'text'"),
        ({"shrinkage": {"text": 1.5}}, r"shrinkage.*from 0 to 1.*Got 1\.5"),
        ({"combine": "sum"}, r"combine.*Got 'sum'"),
        ({"supervised": True}, r"requires y"),
        ({"device": "tpu"}, r"device.*Got 'tpu'"),
    ],
)
def test_wrong_parameters_are_told(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**options).fit(frame(*shared(30, (4, 3))))


def test_view_weights_are_checked():
    X = frame(*shared(30, (4, 3)))
    with pytest.raises(ValueError, match=r"view_weights.*'text', 'image'.*Got 'tweet'"):
        GCCA(view_weights={"tweet": 2.0}).fit(X)
    with pytest.raises(ValueError, match=r"view_weights.*positive.*Got 0 for the view 'text'"):
        GCCA(view_weights={"text": 0}).fit(X)


@LINEAR
def test_views_that_never_meet_are_told(kind):
    X = frame(*shared(30, (4, 3)))
    X.iloc[:15, :4] = np.nan
    X.iloc[15:, 4:] = np.nan
    with pytest.raises(ValueError, match=r"'text' together with another one\. Got 0"):
        kind().fit(X)
    X.iloc[:, 4:] = np.nan
    with pytest.raises(ValueError, match=r"2 rows .*view 'image'\. Got 0"):
        kind().fit(X)


@pytest.mark.parametrize("kind", [GCCA, MCCA, Procrustes, DeepCCA, ContrastiveAligner])
def test_marks_alone_are_no_views(kind):
    marks = pd.DataFrame({"domain__0": [0.0, 1.0, 0.0], "group__0": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match="needs columns of at least one view"):
        kind().fit(marks)


@LINEAR
def test_labels_are_checked(kind):
    X = frame(*shared(30, (4, 3)))
    aligner = kind(1, supervised=True)
    with pytest.raises(ValueError, match="all -1 or missing"):
        aligner.fit(X, [-1] * 30)
    with pytest.raises(ValueError, match="Got 3 for 30 rows"):
        aligner.fit(X, [0, 1, 1])
    with pytest.raises(ValueError, match=r"classes parameter.*Got None"):
        clone(aligner).partial_fit(X, [0, 1] * 15)
    with pytest.raises(ValueError, match=r"classes, \[0, 1\]. Got 2"):
        clone(aligner).partial_fit(X, [0, 2] * 15, classes=[0, 1])


def test_the_inverse_wants_what_transform_gives():
    aligner = MCCA(2).fit(frame(*shared(30, (4, 3))))
    with pytest.raises(ValueError, match=r"2 columns.*Got the shape \(5, 3\)"):
        aligner.inverse_transform(np.zeros((5, 3)))
