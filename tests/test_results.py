"""Every result is read and stored in the same way: one printed form, one table, plain numbers."""

from __future__ import annotations

import inspect
import json
import platform
import sys
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import hybridsent
from hybridsent import TextEncoder, evaluation, make_fusion
from hybridsent.evaluation import (
    Evaluation,
    SearchResult,
    TransferReport,
    evaluate,
    model_card,
    search,
)
from hybridsent.evaluation.results._made_with import versions_at_work
from hybridsent.evaluation.results._result import Result, as_plain
from hybridsent.evaluation.transfer._result import TransferPair
from hybridsent.few_label import LabeledOnly
from hybridsent.transfer import CORAL

RESULTS = {
    each for each in (getattr(evaluation, name) for name in evaluation.__all__)
    if inspect.isclass(each) and issubclass(each, Result)
}  # fmt: skip
NAN = float("nan")


def table(n: int = 24) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.tile(["bad", "good"], n // 2)
    X = rng.normal(size=(n, 2)) + (y == "good")[:, None]
    return pd.DataFrame(X, columns=["text__0", "text__1"]), y


@pytest.fixture(scope="module")
def results() -> list[Result]:
    X, y = table()
    model = make_pipeline(StandardScaler(), DummyClassifier())
    adapted = make_pipeline(CORAL(), LabeledOnly(DummyClassifier()))
    domain = np.repeat(["books", "films"], len(y) // 2)
    return [
        evaluate(model, X, y, cv=2),
        search({"one": (model, {})}, X, y, cv=2, inner_cv=2),
        evaluation.transfer_report(adapted, X, y, domain=domain, target="films", cv=2, shift=False),
    ]


def test_all_that_judges_gives_a_result_of_one_family(results):
    assert {Evaluation, SearchResult, TransferReport} == set(map(type, results)) <= RESULTS
    assert all(isinstance(each, Result) for each in results)
    # the family decides how a result is read; a kind of result says what it holds
    own = {kind: {"to_dict", "__str__"} & set(vars(kind)) for kind in RESULTS}
    assert not any(own.values())


def test_every_result_prints_a_table_between_a_headline_and_its_notes(results):
    for each in results:
        noted = replace(each, notes=["A note.", "Another one."])
        lines = str(noted).splitlines()
        assert lines[0].endswith(" s")
        assert lines[1] == ""
        assert lines[-2:] == ["A note.", "Another one."]


def test_every_result_is_plain_json_with_its_time_and_notes_at_last(results):
    for each in results:
        plain = each.to_dict()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert list(plain)[-2:] == ["seconds", "notes"]
        assert plain["notes"] == each.notes
        assert plain["notes"] is not each.notes


def test_every_result_is_a_table(results):
    for each in results:
        frame = each.to_frame()
        assert len(frame) > 1
        assert frame.index.name == (None if "method" in frame.columns else "model")


def test_what_is_no_number_in_json_is_none():
    held = {"a": NAN, "b": (np.float32("inf"), np.int64(3)), "c": {"d": [-np.inf, True, None, "x"]}}
    assert as_plain(held) == {"a": None, "b": [None, 3], "c": {"d": [None, True, None, "x"]}}


def test_keys_and_columns_that_readers_know_stay(results):
    one, two, three = (each.to_dict() for each in results)
    assert list(one) == [
        *("rows", "n_folds", "n_seeds", "target", "split", "models", "gains", "findings", "costs"),
        *("encoded_rows", "store_hits", "versions", "encoders", "seconds", "notes"),
    ]
    assert list(one["models"]["fusion"]["accuracy"])[:5] == [
        *("mean", "std", "interval", "folds", "pooled")
    ]
    assert list(two) == [
        *("scoring", "rows", "n_folds", "n_seeds", "target", "split", "candidates", "selected"),
        *("alone", "gains", "best", "failed", "encoded_rows", "versions", "encoders", "seconds"),
        "notes",
    ]
    assert {"n_target_labels", "n_folds", "n_repeats", "confidence", "negative_transfer"} < set(
        three
    )
    assert list(results[1].to_frame().columns)[:6] == [
        *("mean", "low", "high", "encoded_rows", "seconds", "settings")
    ]
    assert list(results[2].to_frame().columns)[:10] == [
        *("source", "target", "method", "score", "low", "high", "gain", "gain_low", "gain_high"),
        "verdict",
    ]


def test_all_that_is_computed_says_what_made_it(results):
    for each in results:
        told = each.to_dict()
        assert {"python", "hybridsent", "system"} <= set(told["versions"])
        assert told["versions"].items() <= versions_at_work().items()
        assert told["encoders"] == []  # of features that stand in the table


def test_a_result_is_built_by_hand_as_before():
    pair = TransferPair("a", "b", 1, 1, {}, {})
    report = TransferReport("accuracy", [pair], pair, 0, 1, 1, 0.95, 0.1)
    assert str(report).splitlines()[0].startswith("1 pair of domains")


def test_a_result_tells_what_made_it_and_a_card_of_later_says_so():
    table = pd.DataFrame({"text": ["so good", "so bad"] * 8, "label": ["yes", "no"] * 8})
    found = evaluate(make_fusion(text=True), table, "label", cv=2, baselines=False)
    plain = json.loads(json.dumps(found.to_dict()))
    packages = ("numpy", "scikit-learn", "torch")
    assert {name: plain["versions"][name] for name in packages if name in plain["versions"]} == {
        name: version(name) for name in packages if name != "torch" or "torch" in sys.modules
    }
    assert plain["versions"]["hybridsent"] == hybridsent.__version__
    assert plain["versions"]["python"] == platform.python_version()
    (encoder,) = plain["encoders"]
    assert encoder == {
        "view": "text",
        "model": "text/bge-small-en",
        "revision": None,
        "fingerprint": TextEncoder().fingerprint(),
    }
    candidates = {"one": (make_fusion(text=True), {})}
    searched = search(candidates, table, "label", cv=2, inner_cv=2).to_dict()
    assert (searched["versions"], searched["encoders"]) == (plain["versions"], [encoder])
    plain["versions"]["numpy"] = "0.0.7"
    later = Evaluation.from_dict(plain)
    assert later.to_dict() == plain
    assert "numpy 0.0.7" in model_card(later)
    older = {key: value for key, value in plain.items() if key not in ("versions", "encoders")}
    assert f"numpy {version('numpy')}" in model_card(Evaluation.from_dict(older))
