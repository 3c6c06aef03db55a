"""Searches on a cluster: the scores of one process, whoever is killed meanwhile."""

import os
import signal
import uuid
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline

from hybridsent import make_fusion
from hybridsent._labels import kind_decided, labeled_rows, reading_labels_as
from hybridsent._threads import in_threads
from hybridsent.evaluation import evaluate, label_curve, missing_curve, search, transfer_report
from hybridsent.exceptions import MissingDependencyError
from hybridsent.heads import TunedLinearClassifier

pytest.importorskip("distributed")
import dask
from distributed import Client, LocalCluster

from hybridsent.distributed import fits_on


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


class Deadly(TransformerMixin, BaseEstimator):
    """Kills the process that fits it, as often as there are files in a folder."""

    def __init__(self, folder=None, home=0):
        self.folder = folder
        self.home = home

    def fit(self, X, y=None):
        assert os.getpid() != self.home
        for file in sorted(Path(self.folder).iterdir()):
            try:
                file.unlink()
            except FileNotFoundError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X


def table(n=240, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(["bad", "good"], n // 2)
    names = [f"{view}__{i}" for view in ("text", "image") for i in range(12)]
    X = pd.DataFrame(rng.normal(size=(n, 24)) + (y == "good")[:, None] * 0.3, columns=names)
    order = rng.permutation(n)
    return X.iloc[order].reset_index(drop=True), y[order]


def plain(result):
    told = result.to_dict()

    def without_times(value):
        if isinstance(value, dict):
            return {k: without_times(v) for k, v in value.items() if "seconds" not in k}
        return [without_times(v) for v in value] if isinstance(value, list) else value

    return without_times(told)


def test_a_grid_search_scores_as_in_one_process(client):
    X, y = table()
    grid = {"scale__clip": [2.0, 4.0], "scale__balance": [True, False]}

    def searched():
        model = make_fusion("late", features="passthrough")
        return GridSearchCV(model, grid, cv=3, n_jobs=-1).fit(X, y)

    here = searched()
    with fits_on(client):
        there = searched()
    key = "mean_test_score"
    assert np.array_equal(here.cv_results_[key], there.cv_results_[key])
    assert here.best_params_ == there.best_params_
    assert np.array_equal(here.predict_proba(X), there.predict_proba(X))


@pytest.mark.slow
def test_three_workers_killed_while_a_search_runs(client, tmp_path):
    X, y = table()
    for i in range(3):
        (tmp_path / str(i)).touch()
    scored = make_pipeline(TunedLinearClassifier())
    grid = {"tunedlinearclassifier__cv": [2, 3, 4]}
    here = GridSearchCV(scored, grid, cv=4, refit=False).fit(X, y)
    deadly = make_pipeline(Deadly(str(tmp_path), os.getpid()), TunedLinearClassifier())
    with fits_on(client):
        there = GridSearchCV(deadly, grid, cv=4, n_jobs=-1, refit=False).fit(X, y)
    assert not list(tmp_path.iterdir())
    assert np.array_equal(here.cv_results_["mean_test_score"], there.cv_results_["mean_test_score"])


class Noted(TransformerMixin, BaseEstimator):
    """Notes in a folder which processes fit it."""

    def __init__(self, folder=None):
        self.folder = folder

    def fit(self, X, y=None):
        Path(self.folder, f"{os.getpid()}-{uuid.uuid4().hex}").touch()
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X


def test_the_models_of_a_search_are_fitted_there(client, tmp_path):
    X, y = table(60)
    model = make_pipeline(Noted(str(tmp_path)), TunedLinearClassifier())

    def fits():
        here = [file.name.startswith(f"{os.getpid()}-") for file in tmp_path.iterdir()]
        for file in tmp_path.iterdir():
            file.unlink()
        return here.count(True), here.count(False)

    with fits_on(client):
        cross_validate(model, X, y, cv=3, n_jobs=-1, error_score="raise")
        assert fits() == (0, 3)
        evaluate(model, X, y, cv=3)
        assert fits()[0] == 0
        grid = {"tunedlinearclassifier__cv": [2, 3]}
        search({"a": (model, grid)}, X, y, cv=2, inner_cv=2, verbose=False)
    here, there = fits()
    assert here == 1  # of the best one, on all rows
    assert there >= 6


def test_a_cluster_of_one_core_is_another_machine_still(client, tmp_path, monkeypatch):
    X, y = table(60)
    monkeypatch.setattr(client, "ncores", lambda: {"one": 1})
    model = make_pipeline(Noted(str(tmp_path)), TunedLinearClassifier())
    with fits_on(client):
        cross_validate(model, X, y, cv=3, n_jobs=-1, error_score="raise")
    noted = [file.name for file in tmp_path.iterdir()]
    assert len(noted) == 3
    assert not [name for name in noted if name.startswith(f"{os.getpid()}-")]


def candidates():
    return {
        "late": (make_fusion("late", features="passthrough"), {"scale__clip": [2.0, 4.0]}),
        "early": (make_fusion("early", features="passthrough"), {"scale__clip": [2.0, 4.0]}),
    }


@pytest.mark.parametrize(
    "judged",
    [
        lambda X, y: search(candidates(), X, y, cv=2, inner_cv=2, verbose=False),
        lambda X, y: evaluate(candidates()["late"][0], X, y, cv=3),
        lambda X, y: missing_curve(candidates()["late"][0], X, y, cv=3),
        lambda X, y: label_curve(candidates()["early"][0], X, y, cv=3),
    ],
    ids=["search", "evaluate", "missing_curve", "label_curve"],
)
def test_what_judges_models_says_the_same_there(client, judged):
    X, y = table(120)
    here = judged(X, y)
    with fits_on(client):
        there = judged(X, y)
    assert plain(here) == plain(there)


def test_transfer_is_judged_there(client):
    X, y = table(120)
    models = {"coral": make_fusion("early", features="passthrough", adapt="coral")}
    here = transfer_report(models, X, y, domain=np.tile(["a", "b"], 60), cv=2)
    with fits_on(client):
        there = transfer_report(models, X, y, domain=np.tile(["a", "b"], 60), cv=2)
    assert plain(here) == plain(there)


def test_scores_from_minus_one_to_one_are_numbers_there_too(client):
    y = np.array([-1, 0, 1, 1])

    with reading_labels_as("numbers"), fits_on(client):
        told = in_threads(_asked, [(y,)] * 3, -1)
    assert [kind for kind, *_ in told] == ["numbers"] * 3
    assert all(rows == [True] * 4 and pid != os.getpid() for _, rows, pid in told)


def _asked(y):
    return kind_decided(), labeled_rows(y).tolist(), os.getpid()


@pytest.mark.slow
def test_joblibs_own_backend_and_processes_do_it_too(client):
    X, y = table(60)
    here = plain(search(candidates(), X, y, cv=2, inner_cv=2, verbose=False))
    for backend in ("dask", "loky"):
        with joblib.parallel_config(backend):
            there = search(candidates(), X, y, cv=2, inner_cv=2, verbose=False, n_jobs=2)
        assert plain(there) == here
    joblib.externals.loky.get_reusable_executor().shutdown()


PLUGIN = """
from sklearn.base import BaseEstimator, TransformerMixin

class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return 2 * X
"""


def test_a_plugin_loaded_after_the_workers_started_is_known_there(client, tmp_path):
    from hybridsent import load_plugin

    (tmp_path / "doubled_there.py").write_text(PLUGIN)
    module = load_plugin(tmp_path / "doubled_there.py")
    X, y = table(60)
    model = make_pipeline(module.Doubled(), TunedLinearClassifier())
    with fits_on(client):
        told = cross_validate(model, X, y, cv=3, n_jobs=-1, error_score="raise")
    assert len(told["test_score"]) == 3


def test_an_address_is_enough(client):
    with fits_on(client.scheduler.address) as one:
        assert one is not client
        assert in_threads(os.getpid, [()] * 2, -1) != [os.getpid()] * 2
    assert one.status == "closed"
    assert client.status == "running"


def test_no_client_is_told(monkeypatch):
    import distributed

    def none():
        raise ValueError("No clients found")

    monkeypatch.setattr(distributed, "default_client", none)
    with pytest.raises(ValueError, match=r"The cluster parameter of fits_on.*Got None"), fits_on():
        pass


def test_without_dask(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"hybridsent\[dask\]"), fits_on():
        pass
