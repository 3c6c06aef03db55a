"""Query strategies: formulas written out, scikit-activeml as oracle, and hostile input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from hybridsent.active import Pool, list_queries, rank_rows, register_query

OF_CLASSES = [
    "auto",
    "random",
    "least-confident",
    "margin",
    "entropy",
    "badge",
    "variance",
    "clustered-margin",
]
OF_ALL = ["auto", "random", "core-set", "typical", "committee"]
ALL = [*OF_CLASSES, "core-set", "typical", "committee"]


def blobs(n=120, p=6, k=3, seed=0, labelled=12):
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % k
    X = rng.normal(size=(n, p)) + 3 * rng.normal(size=(k, p))[codes]
    y = np.where(np.arange(n) < labelled, codes, -1)
    return X, y, codes


@pytest.mark.parametrize("strategy", ALL)
@pytest.mark.parametrize("n", [1, 7, 500])
def test_rows_without_a_label_each_once(strategy, n):
    X, y, _ = blobs()
    found = rank_rows(X, y, strategy=strategy, n=n)
    assert found.dtype == np.intp
    assert len(found) == min(n, 108) == len(set(found.tolist()))
    assert (y[found] == -1).all()
    assert np.array_equal(found, rank_rows(X, y, strategy=strategy, n=n))
    assert np.array_equal(found, rank_rows(Pool(X), y, strategy=strategy, n=n))


@pytest.mark.parametrize("strategy", ALL)
@pytest.mark.parametrize("labels", [[], [0], [0, 0, 0]])
def test_nothing_to_learn_from(strategy, labels):
    X, _, _ = blobs()
    y = np.full(len(X), -1)
    y[: len(labels)] = labels
    found = rank_rows(X, y, strategy=strategy, n=3)
    assert len(set(found.tolist())) == 3
    assert (y[found] == -1).all()


def test_clustered_margin_takes_one_of_each_cluster_of_unsure_rows():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(4), 10)
    X = 10 * np.eye(4)[codes] + rng.normal(0, 0.1, (40, 4))
    p = np.full((40, 2), 0.5)
    p[30:] = 0.95, 0.05  # the last cluster is sure
    y = np.full(40, -1)
    found = rank_rows(X, y, strategy="clustered-margin", probabilities=p, n=3)
    assert sorted(codes[found]) == [0, 1, 2]
    for row in found:  # each is the middle of its cluster
        own = X[codes == codes[row]]
        apart = np.square(own - own.mean(axis=0)).sum(axis=1)
        assert np.square(X[row] - own.mean(axis=0)).sum() == pytest.approx(apart.min())


def test_scores_are_the_formulas():
    rng = np.random.default_rng(1)
    X, y, _ = blobs()
    p = rng.dirichlet(np.ones(3), len(X))
    free = np.flatnonzero(y == -1)
    ordered = np.sort(p[free], axis=1)
    scores = {
        "margin": ordered[:, 2] - ordered[:, 1],
        "least-confident": ordered[:, 2],
        "entropy": (p[free] * np.log(p[free])).sum(axis=1),
    }
    for strategy, score in scores.items():
        found = rank_rows(X, y, strategy=strategy, probabilities=p)
        assert found[0] == free[np.argmin(score)]


def test_uncertainty_as_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.ones(4), 50)
    X = rng.normal(size=(50, 3))
    names = {"margin": "margin_sampling", "entropy": "entropy"}
    names["least-confident"] = "least_confident"
    for mine, theirs in names.items():
        oracle = pool.uncertainty_scores(p, method=theirs)
        found = rank_rows(X, [-1] * 50, strategy=mine, probabilities=p)
        assert found[0] == np.argmax(oracle)


def test_core_set_as_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    X, y, _ = blobs(seed=3)
    rows = Pool(X)
    marked = np.where(y == -1, np.nan, y)
    oracle = pool.CoreSet(random_state=0).query(rows.values, marked, batch_size=10)
    found = rank_rows(rows, y, strategy="core-set", n=10)
    assert found.tolist() == oracle.tolist()


def test_badge_as_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    classifier = pytest.importorskip("skactiveml.classifier")
    X, y, _ = blobs(seed=4)
    rows = Pool(X)
    marked = np.where(y == -1, np.nan, y)
    model = classifier.SklearnClassifier(LogisticRegression(), classes=[0, 1, 2])
    model.fit(rows.values, marked)
    p = model.predict_proba(rows.values)
    first = pool.Badge(random_state=0).query(rows.values, marked, clf=model, fit_clf=False)
    assert rank_rows(rows, y, strategy="badge", probabilities=p).tolist() == list(first)


def test_badge_draws_by_squared_distance():
    """The second row of k-means++ is drawn with a chance that grows as its squared distance."""
    X = np.array([[4.0], [1.0], [2.0]]) + 0.0
    p = np.full((3, 2), 0.5)
    rows = Pool(X)
    g = np.outer(rows.values[:, 0], [1, -1]) / 2
    first = int(np.argmax((g**2).sum(axis=1)))
    apart = ((g - g[first]) ** 2).sum(axis=1)
    second = [
        int(rank_rows(rows, [-1] * 3, strategy="badge", probabilities=p, n=2, random_state=s)[1])
        for s in range(2000)
    ]
    share = np.bincount(second, minlength=3) / 2000
    assert np.abs(share - apart / apart.sum()).max() < 0.04


def test_typical_rows_are_the_middles_of_clusters():
    rng = np.random.default_rng(5)
    centres = 30.0 * np.eye(4)
    codes = np.repeat(np.arange(4), [40, 30, 20, 10])
    X = centres[codes] + rng.normal(size=(100, 4))
    found = rank_rows(X, np.full(100, -1), strategy="typical", n=4)
    assert codes[found].tolist() == [0, 1, 2, 3]  # the largest first
    for row in found:
        own = np.linalg.norm(X[codes == codes[row]] - centres[codes[row]], axis=1)
        assert np.linalg.norm(X[row] - centres[codes[row]]) <= np.quantile(own, 0.5)
    y = np.full(100, -1)
    y[:3] = 0  # the first cluster is known: another one is asked for
    assert codes[rank_rows(X, y, strategy="typical")[0]] == 1


def test_typicality_as_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    X, _, _ = blobs(n=60, k=1, seed=6)
    rows = Pool(X)
    theirs = pool.TypiClust(random_state=0, k=20).query(rows.values, np.full(60, np.nan))
    assert rank_rows(rows, np.full(60, -1), strategy="typical").tolist() == theirs.tolist()


def test_variance_as_the_formula():
    """Each taken row is the one after which the trace of inverse times target is smallest."""
    X, y, _ = blobs(n=40, k=2, labelled=8)
    rows = Pool(X)
    p = np.random.default_rng(3).uniform(0.1, 0.9, 40)
    found = rank_rows(rows, y, strategy="variance", probabilities=np.column_stack([1 - p, p]), n=4)
    h = rows.values.astype(float)
    h = np.column_stack([h / np.sqrt((h**2).sum(axis=1).mean()), np.ones(40)])
    w = p * (1 - p)
    target = (h.T * w) @ h / 40
    known = list(range(8))
    for row in found:

        def left(i, known=known):
            m = np.eye(7) / 4 + (h[[*known, i]].T * w[[*known, i]]) @ h[[*known, i]]
            return np.trace(np.linalg.inv(m) @ target)

        assert row == min(set(range(40)) - set(known), key=left)
        known = [*known, int(row)]


def test_a_committee_looks_where_views_disagree():
    rng = np.random.default_rng(7)
    codes = np.arange(60) % 2
    text = np.where(codes == 1, 1.0, -1.0) + rng.normal(0, 0.1, 60)
    image = text.copy()
    image[50] = -text[50]
    X = pd.DataFrame({"text__0": text, "image__0": image})
    y = np.where(np.arange(60) < 20, codes, -1)
    assert rank_rows(X, y, strategy="committee").tolist() == [50]
    X.loc[50, "image__0"] = np.nan  # one view alone has nothing to disagree with
    order = rank_rows(X, y, strategy="committee", n=40)
    assert order[-1] == 50


def test_a_batch_differs():
    """Near-duplicates of the best row do not fill a batch."""
    rng = np.random.default_rng(8)
    X = np.vstack(
        [np.full((30, 2), 5.0) + 1e-6 * rng.normal(size=(30, 2)), rng.normal(size=(30, 2))]
    )
    p = np.full((60, 2), 0.5)
    p[30:] = [0.6, 0.4]
    p[:30, 0] += 1e-4 * np.arange(30)
    p[:30, 1] -= 1e-4 * np.arange(30)
    found = rank_rows(X, np.full(60, -1), strategy="margin", probabilities=p, n=5)
    assert found[0] == 0
    assert (found < 30).sum() == 1


@pytest.mark.parametrize("strategy", ALL)
def test_a_batch_is_spread_over_groups(strategy):
    X, y, _ = blobs()
    groups = np.repeat(np.arange(6), 20)
    found = rank_rows(X, y, strategy=strategy, groups=groups, n=6)
    assert sorted(groups[found].tolist()) == list(range(6))


@pytest.mark.parametrize("strategy", OF_ALL)
def test_numbers(strategy):
    X, y, codes = blobs()
    numbers = np.where(y == -1, np.nan, codes - 1 + 0.5 * X[:, 0])
    found = rank_rows(X, numbers, strategy=strategy, n=5)
    assert np.isnan(numbers[found]).all()
    assert len(set(found.tolist())) == 5


def test_numbers_have_no_margin():
    X, _, _ = blobs()
    with pytest.raises(ValueError, match="core-set"):
        rank_rows(X, np.linspace(0, 1, len(X)), strategy="margin")


@pytest.mark.parametrize("strategy", ALL)
def test_sets(strategy):
    X, y, codes = blobs()
    names = np.array(["joy", "joy|anger", "|"], dtype=object)[codes]
    sets = [name if there else "" for name, there in zip(names, y != -1, strict=True)]
    found = rank_rows(X, sets, strategy=strategy, n=5)
    assert (y[found] == -1).all()
    assert len(set(found.tolist())) == 5


@pytest.mark.parametrize("strategy", ALL)
def test_views_that_are_missing(strategy):
    X, y, _ = blobs()
    table = pd.DataFrame(
        X, columns=[*(f"text__{i}" for i in range(3)), *(f"audio__{i}" for i in range(3))]
    )
    table.iloc[20:60, 3:] = np.nan
    table.iloc[60:70] = np.nan
    found = rank_rows(table, y, strategy=strategy, n=200)
    assert sorted(found[-10:].tolist()) == list(range(60, 70))  # empty rows are last
    assert len(set(found.tolist())) == 108


@pytest.mark.parametrize("strategy", ALL)
def test_rows_that_are_all_alike(strategy):
    y = np.array([0, 1] + [-1] * 18)
    assert len(set(rank_rows(np.ones((20, 3)), y, strategy=strategy, n=5).tolist())) == 5
    assert len(rank_rows(np.full((20, 3), np.nan), y, strategy=strategy, n=5)) == 5


def test_forms_of_labels_and_rows():
    X, y, _ = blobs()
    names = np.array(["bad", "fair", "good"], dtype=object)
    texts = [names[c] if c >= 0 else -1 for c in y]
    wanted = rank_rows(X, y, strategy="margin", n=4).tolist()
    table = pd.DataFrame(X, columns=[f"text__{i}" for i in range(6)], index=[7] * len(X))
    for labels in (texts, np.array(texts, dtype=object), pd.Series(texts, index=[3] * len(X))):
        assert rank_rows(table, labels, strategy="margin", n=4).tolist() == wanted
    marked = table.assign(group__0=np.arange(len(X)) % 5, domain__0=0.0)
    assert rank_rows(marked, y, strategy="margin").tolist() == wanted[:1]


def test_an_estimator_of_ones_own():
    X, y, _ = blobs(labelled=20)
    model = LogisticRegression().fit(X[:20], y[:20])
    p = model.predict_proba(X)
    objects = y.astype(object)
    for labels in (y, y.tolist(), objects, pd.Series(y)):
        mine = rank_rows(X, labels, strategy="margin", estimator=LogisticRegression(), n=5)
        assert mine.tolist() == rank_rows(X, y, strategy="margin", probabilities=p, n=5).tolist()


def test_all_labelled():
    X, _, codes = blobs()
    assert rank_rows(X, codes, n=3).tolist() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strategy": "margn"}, "Did you mean 'margin'"),
        ({"strategy": 3}, "skactiveml"),
        ({"n": 0}, "at least 1"),
        ({"probabilities": np.ones(120)}, "a row for each of the 120 rows"),
        ({"probabilities": np.full((120, 2), 4.0)}, "from 0 to 1"),
        ({"y": [0, 1]}, "120 rows"),
    ],
)
def test_messages(given, words):
    X, y, _ = blobs()
    with pytest.raises(ValueError, match=words):
        rank_rows(X, given.pop("y", y), **given)


def test_a_strategy_of_ones_own():
    X, y, _ = blobs()
    register_query("scores-of-a-test", lambda pool: pool.values[:, 0].astype(float))
    assert rank_rows(X, y, strategy="scores-of-a-test")[0] == 12 + np.argmax(X[12:, 0])
    register_query(
        "positions-of-a-test", lambda labelled, n: np.flatnonzero(~labelled)[:n], summary="in turn"
    )
    assert rank_rows(X, y, strategy="positions-of-a-test", n=3).tolist() == [12, 13, 14]
    assert list_queries()["positions-of-a-test"] == "in turn"
    register_query("unsure-of-a-test", lambda probabilities: -probabilities.max(axis=1))
    assert (
        rank_rows(X, y, strategy="unsure-of-a-test", n=3).tolist()
        == rank_rows(X, y, strategy="least-confident", n=3).tolist()
    )
    register_query("labelled-of-a-test", lambda labelled: np.flatnonzero(labelled))
    with pytest.raises(ValueError, match="without a label"):
        rank_rows(X, y, strategy="labelled-of-a-test")
    with pytest.raises(ValueError, match="taken"):
        register_query("margin", lambda pool: pool)
    with pytest.raises(ValueError, match="give it a default"):
        register_query("needs-of-a-test", lambda pool, mood: pool)


def test_a_strategy_of_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    X, y, _ = blobs()
    for strategy in (pool.ProbCover(), pool.UncertaintySampling(), pool.Quire(classes=[0, 1, 2])):
        found = rank_rows(X, y, strategy=strategy, n=3)
        assert (y[found] == -1).all()
        assert len(set(found.tolist())) == 3


def test_many_rows():
    rng = np.random.default_rng(9)
    X = rng.normal(size=(100_000, 20)).astype(np.float32)
    y = np.full(100_000, -1)
    y[:200] = np.arange(200) % 3
    pool = Pool(X)
    for strategy in ALL:
        assert len(rank_rows(pool, y, strategy=strategy, n=20)) == 20
