"""make_fusion(task="multilabel"): every strategy, selection, reduction and adaptation learns sets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from hybridsent import load, make_fusion, save
from hybridsent._label_sets import written_sets
from hybridsent.evaluation import evaluate, read_labels
from hybridsent.fusion import list_fusions
from hybridsent.heads import GatedFusionClassifier, MultiLabelClassifier

N = 60
NAMES = np.array(["anger", "joy"])
QUICK = {"how": "early", "features": ["text", "audio"], "task": "multilabel"}


@pytest.fixture
def table() -> pd.DataFrame:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 6)))
    X.columns = [f"{view}__{i}" for view in ("text", "audio") for i in range(3)]
    Y = np.column_stack([X["text__0"] > 0.3, X["audio__1"] > 0]).astype(int)
    X.loc[3:9, ["audio__0", "audio__1", "audio__2"]] = np.nan
    return X.assign(label=written_sets(Y, NAMES), site=np.arange(N) % 2)


def quick(model):
    """Networks that are small, and a head without a search."""
    for name, value in model.get_params().items():
        if name.endswith("max_epochs"):
            model.set_params(**{name: 15})
        if name.endswith(("n_members", "cv")) and isinstance(value, int):
            model.set_params(**{name: 1 if name.endswith("n_members") else 2})
    return model


@pytest.mark.parametrize("how", list_fusions())
def test_every_strategy_learns_sets_and_is_saved_with_them(how, table, tmp_path):
    model = quick(make_fusion(how, features=["text", "audio"], task="multilabel"))
    assert isinstance(model[-1], MultiLabelClassifier)
    rows = read_labels(table, "label", estimator=model)
    rows.fit(model)
    said = model.predict(table)
    assert set(said) <= set(written_sets([[0, 0], [0, 1], [1, 0], [1, 1]], NAMES))
    assert model.classes_.tolist() == NAMES.tolist()
    p = model.predict_proba(table)
    assert p.shape == (N, 2)
    if how in ("early", "align", "late", "stack"):  # the networks stop long before they know
        assert model.score(table, table["label"]) > 0.5
    save(model, tmp_path / "model.hybridsent")
    again = load(tmp_path / "model.hybridsent")
    assert again.predict(table).tolist() == said.tolist()
    assert np.array_equal(again.predict_proba(table), p)


@pytest.mark.parametrize(
    "options",
    [{"select": "univariate"}, {"select": "l1"}, {"reduce": "pca"}, {"reduce": "lda"}],
    ids=str,
)
def test_what_learns_in_views_learns_of_texts_what_it_learns_of_matrices(options, table):
    model = make_fusion(**QUICK, **options, classifier=LogisticRegression())
    Y = np.array([[name in text.split("|") for name in NAMES] for text in table["label"]])
    of_texts = model.fit(table, table["label"]).predict_proba(table)
    assert np.allclose(of_texts, model.fit(table, Y.astype(int)).predict_proba(table))
    lists = [list(NAMES[row]) for row in Y]
    assert np.allclose(of_texts, model.fit(table, lists).predict_proba(table))


@pytest.mark.parametrize("adapt", ["coral", "augment", "kmm", "groups"])
def test_what_adapts_takes_rows_without_labels(adapt, table):
    named = {"group": "site"} if adapt == "groups" else {"domain": "site"}
    model = make_fusion(**QUICK, adapt=adapt, **named, classifier=LogisticRegression())
    table.loc[table["site"] == 1, "label"] = ""
    rows = read_labels(table, "label", estimator=model)
    assert rows.unlabelled == "30 of 60 rows have no label in 'label': kept to learn from."
    rows.fit(model)
    assert model.score(table, table["label"]) > 0.5


def test_aligned_features_are_learned_for_each_label(table):
    model = make_fusion("align", features=["text", "audio"], task="multilabel")
    assert model["fuse"] == "passthrough"
    assert [name for name, _ in model[-1].estimator.steps] == ["fuse", "classify"]
    result = evaluate(model, table.drop(columns="site"), "label", cv=2)
    assert list(result.models) == ["fusion", "text", "audio", "dummy"]


def test_what_learns_no_class_a_row_is_refused(table):
    for given in (Ridge(), MultiLabelClassifier(), "ridge"):
        with pytest.raises(ValueError, match=r"classifier of one class a row"):
            make_fusion(**QUICK, classifier=given)
    with pytest.raises(ValueError, match=r"must be one of \['classification', 'regression'"):
        make_fusion(features=["text"], task="sets")


def test_a_seed_reaches_what_is_around_each_label():
    model = make_fusion("gated", features=["text"], task="multilabel", random_state=3)
    assert isinstance(model[-1].estimator, GatedFusionClassifier)
    assert model[-1].random_state == model[-1].estimator.random_state == 3
