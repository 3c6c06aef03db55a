"""Label spreading: scikit-learn's, the dense solve, and the limits of both are the oracles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import make_moons
from sklearn.neighbors import NearestNeighbors
from sklearn.semi_supervised import LabelSpreading

from hybridsent import load, make_fusion, save
from hybridsent._numerics.neighbours import nearest, nearest_others
from hybridsent.few_label import GraphSpreadingClassifier, GraphSpreadingRegressor
from hybridsent.few_label._graph import normalised, spread
from hybridsent.heads import MultiLabelClassifier


@pytest.fixture
def moons():
    X, truth = make_moons(200, noise=0.08, random_state=0)
    y = np.full(200, -1)
    y[[0, 1, 2, 3, 10, 11]] = truth[[0, 1, 2, 3, 10, 11]]
    return X, y, truth


# -- neighbours ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "p", "k"), [(300, 5, 7), (40, 80, 39), (5, 2, 9), (2, 1, 1)])
def test_neighbours_are_those_of_scikit_learn(rng, n, p, k):
    X = rng.normal(size=(n, p)) + 1e4  # far from zero float32 alone would lose them
    found = nearest_others(X, k)
    k = min(k, n - 1)
    distance, index = (
        NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(X - 1e4).kneighbors()[:2]
        if k + 1 < n
        else (None, None)
    )
    if distance is not None:
        np.testing.assert_array_equal(found.rows, index[:, :k])
        np.testing.assert_allclose(found.distances, distance[:, :k], rtol=1e-6)
    assert found.rows.shape == (n, k)
    assert not (found.rows == np.arange(n)[:, None]).any()


def test_no_row_is_its_own_neighbour_where_all_are_equal():
    X = np.zeros((50, 3))
    found = nearest_others(X, 4)
    assert not (found.rows == np.arange(50)[:, None]).any()
    assert (found.distances == 0).all()
    assert nearest(X[:1], X[:8], 3).rows.tolist() == [[0, 1, 2]]
    assert nearest(X[:0], X, 3).rows.shape == (0, 3)


# -- the equation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.0, 0.2, 0.9, 0.99])
def test_conjugate_gradients_find_the_dense_solution(rng, alpha):
    W = rng.random((60, 60)) * (rng.random((60, 60)) < 0.1)
    W = np.maximum(W, W.T)
    np.fill_diagonal(W, 0)
    W[:3] = W[:, :3] = 0  # rows without an edge
    Y = rng.normal(size=(60, 3))
    S = normalised(csr_array(W))
    degree = W.sum(axis=1)
    root = np.where(degree > 0, 1 / np.sqrt(np.where(degree > 0, degree, 1)), 0)
    np.testing.assert_allclose(S.toarray(), root[:, None] * W * root, atol=1e-15)
    dense = (1 - alpha) * np.linalg.solve(np.eye(60) - alpha * S.toarray(), Y)
    np.testing.assert_allclose(spread(S, Y, alpha), dense, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 0.8])
def test_it_is_scikit_learns_on_the_same_graph(moons, alpha):
    X, y, _ = moons
    model = GraphSpreadingClassifier(
        8, alpha=alpha, metric="euclidean", weights="equal", mass="none"
    ).fit(X, y)
    W = model.graph_.toarray()
    peer = LabelSpreading(kernel=lambda *_: W, alpha=alpha, max_iter=2000, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(model.label_distributions_, peer.label_distributions_, atol=2e-6)


def test_it_is_scikit_learns_knn_where_neighbours_are_mutual():
    """On a ring the nearest on both sides are: scikit-learn counts a row among its own."""
    angle = 2 * np.pi * np.arange(40) / 40
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    y = np.full(40, -1)
    y[[0, 13, 27]] = [0, 1, 2]
    model = GraphSpreadingClassifier(
        2, alpha=0.7, metric="euclidean", weights="equal", mass="none"
    ).fit(X, y)
    peer = LabelSpreading(kernel="knn", n_neighbors=3, alpha=0.7, max_iter=2000, tol=1e-12)
    peer.fit(X, y)
    np.testing.assert_allclose(model.label_distributions_, peer.label_distributions_, atol=2e-6)


def test_two_moons_are_told_from_six_labels(moons):
    X, y, truth = moons
    model = GraphSpreadingClassifier(8, metric="euclidean").fit(X, y)
    assert (model.label_distributions_.argmax(axis=1) == truth).mean() > 0.97
    assert model.score(X, truth) > 0.97
    assert model.score(X, y) == 1.0  # of the labelled rows


def test_mass_gives_classes_their_shares(moons):
    X, y, _ = moons
    y = y.copy()
    y[np.flatnonzero(y == 0)[1:]] = -1
    model = GraphSpreadingClassifier(8, mass="prior").fit(X, y)
    np.testing.assert_allclose(
        model._spread_out.sum(axis=0) / model._spread_out.sum(), model.prior_, atol=1e-12
    )


def test_rows_that_no_label_reaches_get_the_prior():
    X = np.r_[np.zeros((4, 1)), np.full((4, 1), 100.0)] + np.arange(8)[:, None] % 4 / 10
    y = np.array(["a", "b", "b", -1, -1, -1, -1, -1], dtype=object)
    model = GraphSpreadingClassifier(2, metric="euclidean").fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X[5:]), [model.prior_] * 3)
    numbers = np.array([1.0, 3.0, 5.0, *[np.nan] * 5])
    other = GraphSpreadingRegressor(2, metric="euclidean").fit(X, numbers)
    np.testing.assert_allclose(other.predict(X[5:]), 3.0)


def test_numbers_zero_and_one_are_the_probabilities(moons):
    X, y, _ = moons
    shared = {"n_neighbors": 8, "metric": "euclidean"}
    classes = GraphSpreadingClassifier(mass="none", **shared).fit(X, y)
    numbers = GraphSpreadingRegressor(**shared).fit(X, np.where(y < 0, np.nan, y))
    np.testing.assert_allclose(numbers.predict(X), classes.predict_proba(X)[:, 1], atol=1e-6)
    turned = GraphSpreadingRegressor(**shared).fit(X, np.where(y < 0, np.nan, 3 - 2 * y))
    np.testing.assert_allclose(turned.transduction_, 3 - 2 * numbers.transduction_, atol=1e-5)


# -- views, rows, tables ---------------------------------------------------------------------------


def two_views(n=120, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 2
    parts = {
        f"{v}__{i}": 2.0 * truth + rng.normal(size=n) for v in ("text", "image") for i in (0, 1)
    }
    X = pd.DataFrame(parts, index=np.zeros(n, int))
    X["group__0"] = rng.normal(size=n)
    y = np.where(np.arange(n) < 10, np.array(["bad", "good"], dtype=object)[truth], -1)
    return X, y.astype(object), np.array(["bad", "good"])[truth]


def test_a_graph_a_view_takes_rows_that_lack_one():
    X, y, truth = two_views()
    X.iloc[::3, :2] = np.nan
    X.iloc[1::3, 2:4] = np.nan
    X.iloc[0, :4] = np.nan
    model = GraphSpreadingClassifier(6, graph="views").fit(X, y)
    assert (model.predict(X) == truth).mean() > 0.8
    np.testing.assert_allclose(model.predict_proba(X)[0], model.prior_)
    with pytest.raises(ValueError, match="NaN"):
        GraphSpreadingClassifier(6).fit(X, y)


def test_text_lists_and_a_saved_model(tmp_path):
    X, y, _ = two_views()
    model = GraphSpreadingClassifier(6, graph="views").fit(X, list(y))
    assert list(model.views_) == ["text", "image"]
    assert model.classes_.tolist() == ["bad", "good"]
    save(model, tmp_path / "model.hybridsent")
    again = load(tmp_path / "model.hybridsent")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_sets_of_labels_a_label_at_a_time():
    X, _, truth = two_views()
    y = np.where(truth == "good", "joy|trust", "anger").astype(object)
    y[20:] = ""
    model = MultiLabelClassifier(GraphSpreadingClassifier(6)).fit(X, y)
    said = model.predict(X)
    assert np.mean(said == np.where(truth == "good", "joy|trust", "anger")) > 0.8
    with pytest.raises(ValueError, match="MultiLabelClassifier"):
        GraphSpreadingClassifier().fit(
            X, np.column_stack([truth == "good", truth == "bad"]).astype(int)
        )


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([-1] * 120, "at least 1 labelled row"),
        (["a", *[-1] * 119], "one class"),
        ([-1, 1] * 60, "class -1"),
    ],
)
def test_labels_that_do_not_do_are_refused(y, said):
    X, _, _ = two_views()
    with pytest.raises(ValueError, match=said):
        GraphSpreadingClassifier().fit(X, np.array(y, dtype=object))


def test_more_neighbours_than_rows_and_constant_columns():
    X, y, _ = two_views(14)
    X["text__0"] = 0.0
    assert np.isfinite(GraphSpreadingClassifier(500).fit(X, y).predict_proba(X)).all()
    alike = pd.DataFrame(np.ones((14, 2)), columns=["text__0", "text__1"])
    np.testing.assert_allclose(
        GraphSpreadingClassifier(5, mass="none").fit(alike, y).predict_proba(alike).sum(axis=1), 1
    )


def test_in_a_pipeline_with_gaps(rng):
    X, y, truth = two_views()
    X = X.drop(columns="group__0")
    X.iloc[::4, :2] = np.nan
    model = make_fusion(features="passthrough").set_params(classify=GraphSpreadingClassifier(6))
    assert (model.fit(X, y).predict(X) == truth).mean() > 0.8
