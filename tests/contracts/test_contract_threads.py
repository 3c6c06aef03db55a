"""A law of threads: whoever fits in threads does so under the caller's configuration."""

from __future__ import annotations

import inspect
import threading

import numpy as np
import pandas as pd
import pytest
from package_tree import MODULES
from sklearn import config_context, get_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent._threads import in_threads
from hybridsent.alignment import MCCA, permutation_test
from hybridsent.evaluation import evaluate, search, transfer_report
from hybridsent.few_label import LabeledOnly
from hybridsent.transfer import CORAL

DOOR = "hybridsent._threads"
seen: list[tuple[int, dict]] = []


class Watching(TransformerMixin, BaseEstimator):
    """Notes the thread and the configuration under which it works."""

    def fit(self, X, y=None):
        seen.append((threading.get_ident(), get_config()))
        return self

    def transform(self, X):
        seen.append((threading.get_ident(), get_config()))
        return X

    def get_feature_names_out(self, names=None):
        return names


class Aligner(MCCA):
    def fit(self, X, y=None):
        seen.append((threading.get_ident(), get_config()))
        return super().fit(X, y)


def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.normal(size=(40, 4)), columns=["text__0", "text__1", "image__0", "image__1"]
    )
    return X, np.arange(40) % 2


def run(name, n_jobs):
    X, y = table()
    model = make_pipeline(Watching(), LogisticRegression())
    if name == "evaluate":
        return evaluate(model, X, y, cv=2, n_jobs=n_jobs)
    if name == "search":
        return search({"a": (model, {})}, X, y, cv=2, inner_cv=2, n_jobs=n_jobs)
    if name == "transfer_report":
        adapting = make_pipeline(Watching(), CORAL(), LabeledOnly(LogisticRegression()))
        domain = np.repeat([0, 1], 20)
        return transfer_report(
            adapting, X, y, domain=domain, baseline=model, cv=2, shift=False,
            n_target_labels=4, n_jobs=n_jobs,
        )  # fmt: skip
    return permutation_test(Aligner(1), X, n_permutations=3, n_jobs=n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("name", ["evaluate", "search", "transfer_report", "permutation_test"])
def test_threads_work_under_the_configuration_of_their_caller(name, n_jobs):
    seen.clear()
    with config_context(transform_output="pandas", assume_finite=True):
        mine = get_config()
        run(name, n_jobs)
    assert all(config == mine for _, config in seen)
    assert n_jobs == 1 or {thread for thread, _ in seen} - {threading.get_ident()}


def test_configurations_of_two_callers_do_not_meet():
    with config_context(transform_output="pandas"):
        answers = in_threads(get_config, [()] * 4, 2, one_by_one=True)
        first = next(iter(answers))
    rest = list(answers)
    assert {each["transform_output"] for each in [first, *rest]} == {"pandas"}
    assert get_config()["transform_output"] == "default"


def test_joblib_is_called_in_one_place():
    """sklearn.utils.parallel would hand on the process's warning filters, too."""
    for module in MODULES.values():
        named = {name for name, _ in module.imports}
        used = named & {"joblib.Parallel", "joblib.delayed", "sklearn.utils.parallel.Parallel"}
        assert not used or module.name == DOOR, f"{module.name} must call hybridsent._threads"
    assert "one_by_one" in inspect.signature(in_threads).parameters
