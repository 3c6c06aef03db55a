"""What a file may name is looked up name by name; it is what listing everything would give."""

from __future__ import annotations

import importlib
import json
import sys

import numpy as np
import pandas as pd
import pytest
from hostile_bundles import of_schema
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import all_estimators

from hybridsent import load, save
from hybridsent.persist._allowed_names import HYBRIDSENT_MODULES, OBJECTS
from hybridsent.persist._trust import full_name, is_allowed, present_home
from hybridsent.transfer import CORAL
from hybridsent.views import domain_column, domain_names


def public():
    """Every estimator that scikit-learn lists now: another test may have enabled experimental ones."""
    names = {full_name(kind) for _, kind in all_estimators()}
    return {name for name in names if name.startswith("sklearn.")}


def own():
    """Every estimator that a public module of ours exports."""
    for module in map(importlib.import_module, HYBRIDSENT_MODULES):
        for name in module.__all__:
            item = getattr(module, name)
            if isinstance(item, type) and issubclass(item, BaseEstimator):
                yield full_name(item)


def test_every_public_estimator_is_allowed():
    assert len(public()) > 150
    missing = sorted(name for name in public() | set(own()) if not is_allowed("ObjectNode", name))
    assert missing == []


@pytest.mark.parametrize("module", HYBRIDSENT_MODULES)
def test_an_estimator_of_ours_is_found_where_an_earlier_file_names_it(module):
    for name in importlib.import_module(module).__all__:
        item = getattr(importlib.import_module(module), name)
        if isinstance(item, type):
            assert f"{present_home(f'{module}._long_gone', name)}.{name}" == full_name(item)
    assert present_home(f"{module}._long_gone", "__file__") == f"{module}._long_gone"
    assert present_home(f"{module}ly._long_gone", "CORAL") == f"{module}ly._long_gone"


def test_files_saved_before_modules_moved_still_load(tmp_path):
    X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 6.0], "where": ["a", "a", "b", "b"]})
    domain = FunctionTransformer(
        domain_column, kw_args={"target": "b"}, feature_names_out=domain_names
    )
    columns = ColumnTransformer(
        [("text", "passthrough", ["text__0"]), ("domain", domain, ["where"])],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    model = make_pipeline(columns, CORAL())
    path = tmp_path / "model.hs"
    save(model.fit(X), path)

    def as_it_was(schema, inner):
        text = json.dumps(schema)
        for now, then in (
            (CORAL.__module__, "hybridsent.transfer._coral"),
            (domain_column.__module__, "hybridsent._views"),
        ):
            assert f'"{now}"' in text
            text = text.replace(f'"{now}"', f'"{then}"')
        return text

    path.write_bytes(of_schema(path.read_bytes(), as_it_was))
    np.testing.assert_array_equal(load(path).transform(X), model.transform(X))


def test_nothing_else_that_is_imported_is_allowed():
    """Every class and function of every module of scikit-learn, SciPy and hybridsent."""
    allowed = public() | set(own()) | OBJECTS
    wrong = {
        f"{module}.{name}"
        for module, home in list(sys.modules.items())
        if home is not None and module.partition(".")[0] in ("hybridsent", "scipy", "sklearn")
        for name, item in list(vars(home).items())
        if isinstance(item, type) or callable(item)
        if is_allowed("ObjectNode", f"{module}.{name}") and f"{module}.{name}" not in allowed
    }
    assert wrong == set()


def test_metrics_are_allowed_as_functions_only():
    for name in get_scorer_names():
        full = full_name(get_scorer(name)._score_func)
        assert is_allowed("FunctionNode", full)
        assert not is_allowed("ObjectNode", full)
    assert not is_allowed("FunctionNode", "sklearn.metrics.pairwise.pairwise_distances")


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.LogisticRegression",
        "sklearn.linear_model.LogisticRegression",  # an alias, which save never writes
        "sklearn.linear_model._logistic.os",
        "sklearn.linear_model._logistic.LogisticRegression.fit",
        "sklearn.linear_model._base.LogisticRegression",
        "sklearn.linear_model._logistic._LogisticRegression",
        "sklearn.nowhere._logistic.LogisticRegression",
        "sklearn..linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._logistic.",
        "sklearn.base.BaseEstimator",
        "sklearn.utils._testing.MinimalClassifier",
        "sklearn.tests.test_base.MyEstimator",
        "sklearn.externals._packaging.version.Version",
        "sklearn.tree._tree.Tree",
        "sklearnx.linear_model._logistic.LogisticRegression",
        "hybridsent.encoders._text.Options",
        "hybridsent.encoders._base.BaseEncoder.fit",
        "hybridsent.encoders",
        "hybridsent.persist._api.load",
        "hybridsent.heads.evil.Evil",
        "os.system",
        "",
        ".",
        "sklearn",
    ],
)
def test_names_beside_an_estimator_are_not(name):
    for kind in ("ObjectNode", "FunctionNode", "TypeNode"):
        assert not is_allowed(kind, name)


def test_a_name_imports_no_module_but_a_public_one_that_could_hold_it():
    before = set(sys.modules)
    for name in ("sklearn.conftest.X", "sklearn.tests.test_base.Y", "antigravity.Z", "this.A.B"):
        assert not is_allowed("ObjectNode", name)
        assert not is_allowed("FunctionNode", name)
    assert {name.partition(".")[0] for name in set(sys.modules) - before} <= {"sklearn"}
    assert not {"antigravity", "this", "sklearn.conftest"} & (set(sys.modules) - before)


def test_our_reader_gives_what_skops_gives(tmp_path):
    """skops wrote the file: it is the oracle of every kind of node."""
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    from hybridsent.persist._archive import Allowance
    from hybridsent.persist._graph import first_difference
    from hybridsent.persist._skops_file import audit, decode

    shared = [1, 2.5, None, True, "text"]
    parts = {
        "dicts": {"a": {1: "x", 2.5: "y", np.float64(3.5): "z", np.int64(4): "w"}},
        "sequences": [(), (1, (2, [3])), {"a", "b"}, shared, shared, b"bytes", slice(1, None, 2)],
        "arrays": [
            np.arange(6.0).reshape(2, 3),
            np.array(["a", None, [1, 2], (3,)], dtype=object),
            np.array([["a", 1], [None, 2.0]], dtype=object),
            np.array(["ab", "c"]),
            np.ma.MaskedArray([1, 2], [True, False]),
            np.zeros((0, 3)),
            np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        ],
        "scalars": [np.float32(1.5), np.int8(3), np.str_("s"), np.bool_(True), np.dtype("f4")],
        "random": [np.random.RandomState(3), np.random.default_rng(3)],
        "functions": [np.exp, np.float64, str],
    }
    model = FunctionTransformer(kw_args=parts)
    data = skops.io.dumps(model)
    audited = audit(data, Allowance(len(data), "m"))
    names = frozenset(named.full for named in audited.schema.named.values())
    ours = decode(audited, names)
    theirs = skops.io.loads(data, trusted=sorted(names))
    assert _plain(ours.kw_args) == _plain(theirs.kw_args)
    assert first_difference(ours.kw_args["dicts"], theirs.kw_args["dicts"]) is None
    assert ours.kw_args["sequences"][3] is ours.kw_args["sequences"][4]


def _plain(item):
    """What a value is, with its type, so that 1, 1.0 and True differ."""
    if isinstance(item, dict):
        return {(type(key), key): _plain(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return type(item), [_plain(part) for part in item]
    if isinstance(item, np.random.RandomState | np.random.Generator):
        return type(item), item.normal(size=3).tolist()
    if isinstance(item, np.ndarray):
        return type(item), item.dtype, item.shape, _plain(item.tolist())
    return type(item), item
