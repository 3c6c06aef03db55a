"""Boosted trees that a cluster grows are heads like any other."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import make_pipeline

from hybridsent import load, save
from hybridsent.exceptions import TableError
from hybridsent.heads import BoostedTreesClassifier, BoostedTreesRegressor, TunedLinearClassifier

pytest.importorskip("distributed")
import dask
from distributed import Client, LocalCluster

from hybridsent.distributed import _trees, fit_trees

WIDTH = 6


@pytest.fixture(scope="module")
def client():
    options = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1", "silence_logs": 50}
    # a worker that died is let go for good if it is not back in 15 seconds, on a busy machine, too
    patient = {"distributed.deploy.lost-worker-timeout": "1 hour"}
    with (
        dask.config.set(patient),
        LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster,
        Client(cluster) as it,
    ):
        yield it


def table(n, classes=("bad", "good"), seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(len(classes), size=n)
    names = [f"{view}__{i}" for view in ("text", "image") for i in range(WIDTH // 2)]
    X = pd.DataFrame(rng.normal(size=(n, WIDTH)).astype("f4") + codes[:, None] * 0.8, columns=names)
    X.loc[::17, "image__1"] = np.nan
    return X, np.array(classes)[codes]


@pytest.fixture
def parts(tmp_path):
    """Write rows as a folder of files with several row groups."""

    def write(X, y, n_files=3):
        folder = tmp_path / "rows"
        folder.mkdir(exist_ok=True)
        for i, rows in enumerate(np.array_split(np.arange(len(X)), n_files)):
            X.iloc[rows].assign(id=rows, label=y[rows]).to_parquet(
                folder / f"part-{i}.parquet", row_group_size=200
            )
        (folder / "_manifest.json").write_text("{}")
        return folder

    return write


HEAD = {"n_estimators": 20, "subsample": 1.0, "colsample_bytree": 1.0}


@pytest.mark.parametrize("classes", [("bad", "good"), ("bad", "fair", "good"), (0, 1)], ids=str)
def test_it_learns_what_one_process_does(client, parts, classes):
    (X, y), (X_test, y_test) = table(1500, classes), table(800, classes, seed=1)
    head = BoostedTreesClassifier(**HEAD)
    there = fit_trees(parts(X, y), "label", head=head, cluster=client)
    here = BoostedTreesClassifier(**HEAD).fit(X, y)
    assert there.classes_.tolist() == here.classes_.tolist() == list(classes)
    assert there.feature_names_in_.tolist() == list(X.columns)
    assert there.get_params() == head.get_params()
    scores = [accuracy_score(y_test, one.predict(X_test)) for one in (here, there)]
    assert abs(scores[0] - scores[1]) < 0.03
    gap = np.abs(here.predict_proba(X_test) - there.predict_proba(X_test)).mean()
    assert gap < 0.03
    assert not hasattr(head, "model_")


def test_numbers_are_learned_too(client, parts):
    (X, _), (X_test, _) = table(1500), table(800, seed=1)
    y, y_test = (100.0 + 30 * np.nan_to_num(each).sum(axis=1) for each in (X, X_test))
    y[::10] = np.nan  # rows without a label
    there = fit_trees(parts(X, y), "label", head=BoostedTreesRegressor(**HEAD), cluster=client)
    here = BoostedTreesRegressor(**HEAD).fit(X[~np.isnan(y)], y[~np.isnan(y)])
    assert there.mean_ == pytest.approx(here.mean_)
    assert there.scale_ == pytest.approx(here.scale_)
    scores = [r2_score(y_test, one.predict(X_test)) for one in (here, there)]
    assert abs(scores[0] - scores[1]) < 0.05


def test_rows_without_a_label_are_left_out(client, parts):
    X, y = table(1200)
    marked = y.astype(object)
    marked[:450] = None  # whole row groups, and a file
    there = fit_trees(
        parts(X, marked), "label", head=BoostedTreesClassifier(**HEAD), cluster=client
    )
    here = BoostedTreesClassifier(**HEAD).fit(X[450:], y[450:])
    assert there.classes_.tolist() == ["bad", "good"]
    assert np.abs(there.predict_proba(X) - here.predict_proba(X)).mean() < 0.03


def test_it_is_saved_and_stands_in_pipelines_like_any_other(client, parts, tmp_path):
    X, y = table(600)
    head = fit_trees(parts(X, y), "label", cluster=client.scheduler.address)
    save(head, tmp_path / "trees.hs")
    again = load(tmp_path / "trees.hs")
    assert np.array_equal(again.predict_proba(X), head.predict_proba(X))
    with pytest.raises(ValueError, match="feature names"):
        head.predict(X.iloc[:, ::-1])
    whole = make_pipeline(head)
    assert (whole.predict(X) == head.predict(X)).all()


LOST = """
import os, signal, sys, threading
from distributed import Client, LocalCluster
from xgboost import dask as xgboost_dask
from hybridsent.distributed import fit_trees
from hybridsent.exceptions import RunError

def main():
    options = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1", "silence_logs": 50}
    with LocalCluster(n_workers=2, threads_per_worker=1, **options) as c, Client(c) as client:
        train = xgboost_dask.train

        def deadly(*arguments, **options):
            victim = next(iter(client.run(os.getpid).values()))
            threading.Timer(0.7, os.kill, (victim, signal.SIGKILL)).start()
            return train(*arguments, **options | {"num_boost_round": 100_000})

        xgboost_dask.train = deadly
        try:
            fit_trees(sys.argv[1], "label", cluster=client)
        except RunError as error:
            print("told:", error, flush=True)
            os._exit(0)

if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_a_worker_killed_while_trees_grow_is_told_and_not_waited_for(parts, tmp_path):
    (tmp_path / "lost.py").write_text(LOST)
    folder = parts(*table(6000))
    done = subprocess.run(
        [sys.executable, tmp_path / "lost.py", folder], capture_output=True, text=True, timeout=120
    )
    assert "told: A worker was lost while trees grew" in done.stdout, done.stderr


def test_what_cannot_be_learned_from_is_refused(client, parts, tmp_path):
    X, y = table(300)
    folder = parts(X, y)
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "broken.parquet").write_text("{}")
    for source, target, words in (
        (empty, "label", "must be Parquet files. Got none"),
        (folder, "lable", "has no column 'lable'"),
        (tmp_path / "broken.parquet", "label", "cannot be read as Parquet"),
    ):
        with pytest.raises(TableError, match=words):
            fit_trees(source, target, cluster=client)
    X.iloc[:, ::-1].assign(label=y).to_parquet(folder / "other.parquet")
    with pytest.raises(TableError, match=r"must have the same columns view__i"):
        fit_trees(folder, "label", cluster=client)
    with pytest.raises(ValueError, match=r"head parameter of fit_trees must be a Boosted"):
        fit_trees(folder, "label", head=TunedLinearClassifier(), cluster=client)


def test_one_class_alone_is_refused(client, parts):
    X, y = table(300)
    with pytest.raises(ValueError, match="at least 2 classes"):
        fit_trees(parts(X, np.full(len(y), "good")), "label", cluster=client)


@pytest.mark.parametrize("dtype", ["string", object])
def test_an_empty_label_is_none_whatever_the_column_was_written_of(dtype, tmp_path):
    table = pd.DataFrame({"text__0": [0.5, 1.5, 2.5, 3.5]})
    table["label"] = pd.Series(["good", None, "", "bad"], dtype=dtype)
    table.to_parquet(tmp_path / "rows.parquet")
    labels, known = _trees._labels_in(
        _trees._Piece(str(tmp_path / "rows.parquet"), 0), "label", None
    )
    assert labels.tolist() == ["good", -1, -1, "bad"]
    assert known.tolist() == [True, False, False, True]
