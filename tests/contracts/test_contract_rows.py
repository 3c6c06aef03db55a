"""Laws of rows: what a fitted estimator says of one does not depend on the rows beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from estimator_cases import CHECKED, MINIMAL
from sklearn import config_context
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from hybridsent.heads import TunedLinearClassifier

N = 60
METHODS = ("transform", "predict_proba", "decision_function", "predict", "importance")
OURS: dict[str, dict[str, Any]] = {
    "FeatureMixup": {"estimator": TunedLinearClassifier()},
    "FeatureNoise": {"estimator": TunedLinearClassifier()},
    "CoTrainingClassifier": {"estimator": TunedLinearClassifier()},
    "LabeledOnly": {"estimator": TunedLinearClassifier()},
    "OnDevice": {"estimator": StandardScaler()},
    "PresentRows": {"transformer": StandardScaler()},
    "ReweightedEstimator": {"estimator": TunedLinearClassifier()},
    "SoftLabelClassifier": {"estimator": TunedLinearClassifier()},
    "ViewSelfTrainingClassifier": {"estimator": TunedLinearClassifier()},
}
"""Wrappers around arithmetic of this package: scikit-learn's PCA in float32 is its own affair."""

WEIGH_ONLY = ("BalancedWeights", "KMM")
"""They know nothing of new rows."""

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "CORAL": [{}, {"covariance": "diagonal"}],
    "ContrastiveAligner": [{}, {"combine": "concat"}],
    "DeepCCA": [{}, {"combine": "concat"}, {"hidden": ()}],
    "LateFusionClassifier": [{"combine": rule} for rule in ("product", "mean", "weighted")],
    "LateFusionRegressor": [
        {"combine": rule} for rule in ("product", "mean", "weighted", "stacked")
    ],
    "MCCA": [{}, {"combine": "concat"}, {"supervised": True}],
    "TCA": [{}, {"kernel": "linear"}],
    "TunedLinearClassifier": [{}, {"loss": "hinge"}],
    "TunedLinearRegressor": [{}, {"loss": "epsilon_insensitive"}],
    "ViewImputer": [{}, {"strategy": "predict"}],
}
"""Further ways in which a class computes."""


ORDERS: dict[str, list[dict[str, Any]]] = {
    "CORAL": VARIANTS["CORAL"],
    "JDA": [{}, {"kernel": "rbf", "n_landmarks": 20, "n_components": 5}],
    "KLIEP": [{}, {"n_centers": 8}],
    "KMM": [{}, {"max_exact": 10, "n_landmarks": 12}],
    "TCA": [{}, {"kernel": "rbf", "n_landmarks": 20, "n_components": 5}],
    "ULSIF": [{}, {"n_centers": 8}],
}
"""Ways to draw rows at random."""


def table(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Two wide float32 views with something in common, and numbers to predict."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(N, 3))
    parts = [z @ rng.normal(size=(3, p)) + rng.normal(size=(N, p)) for p in (300, 200)]
    names = [f"{view}__{i}" for view, p in (("text", 300), ("image", 200)) for i in range(p)]
    return pd.DataFrame(np.hstack(parts).astype(np.float32), columns=names), z[:, 0]


def given(kind: type, arguments: dict[str, Any]) -> tuple[Any, pd.DataFrame, np.ndarray]:
    """Estimator, table and target; with two domains for what reads them, gaps for what takes them."""
    estimator = kind(
        **{**MINIMAL.get(kind.__name__, {}), **OURS.get(kind.__name__, {}), **arguments}
    )
    tags = estimator.__sklearn_tags__()
    X, numbers = table()
    y = numbers if tags.estimator_type == "regressor" else np.where(numbers > 0, 1, 0)
    if kind.__module__.startswith("hybridsent.transfer"):
        X["domain__0"] = np.repeat(np.float32([0, 1]), [40, 20])
        X["group__0"] = np.float32(np.arange(N) % 4)
    if kind.__name__ != "GroupScaler" and "group__0" in X:
        X = X.drop(columns="group__0")
    if tags.input_tags.allow_nan:
        X.iloc[:10, :300] = np.nan
        X.iloc[10:20, 300:500] = np.nan
    return estimator, X, y


CASES = [
    pytest.param(kind, arguments, id="-".join([kind.__name__, *map(str, arguments.values())]))
    for kind in CHECKED
    for arguments in VARIANTS.get(kind.__name__, [{}])
]


@pytest.mark.parametrize(("kind", "arguments"), CASES)
@pytest.mark.filterwarnings("ignore::hybridsent.exceptions.TransferWarning")
def test_a_row_does_not_depend_on_the_rows_beside_it(kind, arguments):
    """In float32 they are the same up to one unit in the last place, on every processor."""
    estimator, X, y = given(kind, arguments)
    estimator.fit(X, y)
    asked = [method for method in METHODS if hasattr(estimator, method)]
    assert asked or kind.__name__ in WEIGH_ONLY, f"nothing to ask {kind.__name__}"
    for method in asked:
        ask = getattr(estimator, method)
        whole = np.asarray(ask(X))
        if whole.dtype.kind != "f":
            continue
        for size in (1, 7):
            parts = [np.asarray(ask(X.iloc[i : i + size])) for i in range(0, N, size)]
            # near zero the digits of float64 are what is left
            scale = 1e-9 * np.nanmax(np.abs(whole), initial=0)
            np.testing.assert_allclose(
                np.concatenate(parts), whole, rtol=1.2e-7, atol=scale, err_msg=f"{method}, {size}"
            )


TRANSFERS = [
    pytest.param(kind, arguments, id="-".join([kind.__name__, *map(str, arguments.values())]))
    for kind in CHECKED
    for arguments in ORDERS.get(kind.__name__, [{}])
    if kind.__module__.startswith("hybridsent.transfer")
    and (hasattr(kind, "transform") or "sample_weight_" in (kind.__doc__ or ""))
    and not hasattr(kind, "predict")
]


def test_every_weigher_and_adapter_is_put_in_another_order():
    kinds = {param.values[0].__name__ for param in TRANSFERS}
    assert kinds >= {"KMM", "KLIEP", "ULSIF", "DomainClassifier", "BalancedWeights"}
    assert kinds >= {"CORAL", "TCA", "JDA", "SubspaceAlignment", "GroupScaler"}


@pytest.mark.parametrize(("kind", "arguments"), TRANSFERS)
@pytest.mark.parametrize("n_source", [40, 15])
@pytest.mark.parametrize("seed", [0, 1])
def test_rows_in_another_order_get_the_same(kind, arguments, n_source, seed):
    """More rows of the source than of the target, and fewer; seeds that put others in front."""
    estimator, X, y = given(kind, arguments)
    X = X[[*X.columns[:20], *X.columns[500:]]].astype(float)
    if "domain__0" in X:
        X["domain__0"] = np.repeat([0.0, 1.0], [n_source, N - n_source])
        X.iloc[n_source:, 0] += 1
    order = np.random.default_rng(seed).permutation(N)
    plain = clone(estimator).fit(X, y)
    mixed = clone(estimator).fit(X.iloc[order], y[order])
    if hasattr(plain, "sample_weight_"):
        np.testing.assert_allclose(mixed.sample_weight_, plain.sample_weight_[order], rtol=1e-6)
    for method in ("transform", "importance"):
        if hasattr(plain, method):
            one, other = getattr(plain, method)(X), getattr(mixed, method)(X)
            # a component may be turned around
            signs = np.sign(np.nansum(one * other, axis=0))
            scale = 1e-6 * np.nanmax(np.abs(one))
            np.testing.assert_allclose(signs * other, one, rtol=1e-6, atol=scale)


@pytest.mark.parametrize("kind", CHECKED)
@pytest.mark.parametrize(
    "settings",
    [{"enable_metadata_routing": True}, {"transform_output": "pandas"}],
    ids=["routing", "pandas"],
)
@pytest.mark.filterwarnings("ignore::hybridsent.exceptions.TransferWarning")
def test_scikit_learns_configuration_does_no_harm(kind, settings):
    estimator, X, y = given(kind, {})
    X = X[[*X.columns[:6], *X.columns[300:306], *X.columns[500:]]]
    plain = clone(estimator).fit(X, y)
    with config_context(**settings):
        for fitted in (plain, estimator.fit(X, y)):
            for method in METHODS:
                if hasattr(fitted, method):
                    assert len(getattr(fitted, method)(X)) == N
