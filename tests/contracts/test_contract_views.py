"""Laws of views: marks of rows and indicators are no modality, for any estimator that reads views.

``domain__0`` and ``group__0`` mark the rows; ``missing__text`` says that a view was filled in.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest
from estimator_cases import CHECKED, MINIMAL
from sklearn.base import is_regressor

from hybridsent.transfer.base import BaseAdapter

MARKS = ["domain__0", "group__0", "missing__image"]
DROPPED: dict[str, set[str]] = {"GroupScaler": {"group__0"}, "DropDomain": {"domain__0"}}
"""Columns that a transformer takes off, as it says; the adapters take off the domain."""

FEATURES = {"missing__image"}
"""Adapters and weighers have no views: what they read is a feature like any other."""


def table(seed: int = 0, n: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 2))
    parts = [z @ rng.normal(size=(2, 6)) + rng.normal(size=(n, 6)) for _ in range(2)]
    names = [f"{view}__{i}" for view in ("text", "image") for i in range(6)]
    X = pd.DataFrame(np.hstack(parts), columns=names)
    # in front, in the middle and at the end: where a column stands says nothing
    X.insert(0, "group__0", rng.integers(0, 3, n).astype(float))
    X.insert(7, "missing__image", (rng.uniform(size=n) < 0.3).astype(float))
    X["domain__0"] = np.repeat([0.0, 1.0], [40, n - 40])
    return X, np.where(z[:, 0] > 0, 1, 0)


def made(kind: type) -> Any:
    return kind(**MINIMAL.get(kind.__name__, {}))


def fitted(kind: type, X: pd.DataFrame, y: np.ndarray) -> Any:
    return made(kind).fit(X, y)


def fitted_bare(kind: type, X: pd.DataFrame, y: np.ndarray, marks: list[str]) -> Any:
    """Fitted without marks: what keeps groups together in its own folds is given them."""
    takes = "groups" in inspect.signature(kind.fit).parameters
    told = {"groups": X["group__0"].to_numpy()} if takes else {}
    return made(kind).fit(X.drop(columns=marks), y, **told)


WITH_VIEWS = [kind for kind in CHECKED if "views_" in (kind.__doc__ or "")]
ADAPTERS = [kind for kind in CHECKED if issubclass(kind, BaseAdapter)]
TRANSFORMERS = [
    kind
    for kind in CHECKED
    if hasattr(kind, "transform")
    and kind.__name__ not in ("OnDevice", "PresentRows", "LabeledOnly")
]
pytestmark = pytest.mark.filterwarnings("ignore::hybridsent.exceptions.TransferWarning")


def test_discovery_found_what_reads_views():
    names = {kind.__name__ for kind in WITH_VIEWS}
    assert names >= {"LateFusionClassifier", "MCCA", "DeepCCA", "TensorFusionClassifier"}
    assert len(names) >= 12
    assert len(ADAPTERS) >= 4
    X, y = table()
    for kind in CHECKED:
        if kind not in WITH_VIEWS and "Regressor" not in kind.__name__:
            assert not hasattr(fitted(kind, X, y), "views_"), f"{kind.__name__}.views_ is not told"


@pytest.mark.parametrize("kind", WITH_VIEWS)
def test_marks_and_indicators_are_no_views(kind):
    estimator = fitted(kind, *table())
    assert set(estimator.views_) == {"text", "image"}
    for attribute in ("estimators_", "weights_", "networks_"):
        held = getattr(estimator, attribute, None)
        if isinstance(held, dict):
            assert {part for name in held for part in name.split("__")} <= {"text", "image"}


@pytest.mark.parametrize("kind", [k for k in WITH_VIEWS if hasattr(k, "predict")])
def test_what_a_head_says_does_not_depend_on_them(kind):
    X, y = table()
    bare = X.drop(columns=MARKS)
    shuffled = X.assign(**{name: X[name].to_numpy()[::-1] for name in MARKS})
    says = "predict" if is_regressor(made(kind)) else "predict_proba"
    answers = getattr(fitted(kind, X, y), says)(shuffled)
    expected = getattr(fitted_bare(kind, X, y, MARKS), says)(bare)
    np.testing.assert_allclose(answers, expected, atol=1e-12)


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_a_transformer_hands_them_on_as_they_are_or_drops_them_as_it_says(kind):
    X, y = table()
    transformer = made(kind).set_output(transform="pandas").fit(X, y)
    out = transformer.transform(X)
    dropped = DROPPED.get(kind.__name__, {"domain__0"} if kind in ADAPTERS else set())
    handed_on = [name for name in MARKS if name not in dropped]
    if kind in ADAPTERS:
        handed_on = [name for name in handed_on if name not in FEATURES]
    assert not dropped & set(out.columns)
    pd.testing.assert_frame_equal(out[handed_on], X[handed_on])
    assert sum(name.startswith(("group__", "domain__")) for name in out) == len(
        set(handed_on) - FEATURES
    )


@pytest.mark.parametrize("kind", [k for k in TRANSFORMERS if k not in ADAPTERS])
def test_the_other_columns_do_not_depend_on_them(kind):
    X, y = table()
    bare = X.drop(columns=[name for name in MARKS if name not in DROPPED.get(kind.__name__, ())])
    with_marks = made(kind).set_output(transform="pandas").fit(X, y).transform(X)
    without = made(kind).set_output(transform="pandas").fit(bare, y).transform(bare)
    own = [name for name in with_marks if name not in MARKS]
    pd.testing.assert_frame_equal(with_marks[own], without[own])


@pytest.mark.parametrize("kind", ADAPTERS)
def test_an_adapter_learns_nothing_from_the_group(kind):
    X, y = table()
    with_group = made(kind).set_output(transform="pandas").fit(X, y).transform(X)
    bare = X.drop(columns="group__0")
    without = made(kind).set_output(transform="pandas").fit(bare, y).transform(bare)
    pd.testing.assert_frame_equal(with_group.drop(columns="group__0"), without)


@pytest.mark.parametrize(
    "kind",
    [
        k
        for k in CHECKED
        if k.__module__.startswith("hybridsent.transfer") and k not in TRANSFORMERS
    ],
)
def test_what_learns_from_domains_learns_nothing_from_the_group(kind):
    X, y = table()
    y = y.astype(float) if "Regressor" in kind.__name__ else y
    bare = X.drop(columns="group__0")
    one, other = fitted(kind, X, y), fitted_bare(kind, X, y, ["group__0"])
    for method in ("predict_proba", "predict", "importance"):
        if hasattr(one, method):
            np.testing.assert_array_equal(getattr(one, method)(X), getattr(other, method)(bare))
    if hasattr(one, "sample_weight_"):
        np.testing.assert_array_equal(one.sample_weight_, other.sample_weight_)
