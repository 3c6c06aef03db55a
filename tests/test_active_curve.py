"""Simulated labelling: what is asked, what is saved, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from hybridsent import make_fusion
from hybridsent.active import register_query
from hybridsent.evaluation import Needed, active_curve
from hybridsent.evaluation.curves._active_curve import _reached


def rows(n=240, seed=0):
    rng = np.random.default_rng(seed)
    codes = (rng.random(n) < 0.25).astype(int)
    X = rng.normal(size=(n, 6)) + 1.5 * codes[:, None]
    names = [*(f"text__{i}" for i in range(3)), *(f"audio__{i}" for i in range(3))]
    return pd.DataFrame(X, columns=names), np.array(["bad", "good"])[codes]


def test_a_line_a_strategy():
    table, y = rows()
    found = active_curve(
        LogisticRegression(),
        table,
        y,
        strategies=("auto", "margin"),
        sizes=(10, 20, 40),
        cv=3,
        n_seeds=2,
        scoring=["accuracy", "balanced_accuracy"],
    )
    assert list(found.lines) == ["random", "auto", "margin"]
    for line in found.lines.values():
        assert [point.x for point in line["accuracy"]] == [10, 20, 40]
        assert line["accuracy"][-1].value > 0.8
    for name in ("auto", "margin"):
        gains = found.gains[name]["accuracy"]
        for k, gain in enumerate(gains):
            both = (found.lines[each]["accuracy"][k].value for each in (name, "random"))
            assert gain.value == pytest.approx(np.subtract(*both))
        needed = found.needed[name]["balanced_accuracy"]
        assert needed.low <= needed.labels <= needed.high
        assert needed.of == 40
    told = found.to_dict()
    assert told["needed"]["auto"]["accuracy"]["random_labels"] == 40
    assert "auto: the accuracy of 40 random labels with" in str(found)
    again = active_curve(
        LogisticRegression(), table, y, strategies="auto", sizes=(10, 20, 40), cv=3, n_seeds=2
    )
    assert again.lines["auto"]["accuracy"] == found.lines["auto"]["accuracy"]


def test_only_labels_that_were_asked_for_are_learned():
    """A strategy sees marks alone, and test rows are never asked for."""
    table, y = rows(60)
    seen = []

    def spy(pool, y, labelled, n):
        seen.append((len(pool), np.asarray(y), labelled.copy()))
        return np.flatnonzero(~labelled)[:n]

    register_query("spy-of-a-test", spy)
    active_curve(
        LogisticRegression(), table, y, strategies="spy-of-a-test", sizes=(6, 12), batch_size=3,
        cv=3, n_seeds=1,
    )  # fmt: skip
    assert len(seen) == 3 * 3  # folds times 6, 9, 12 labels
    for n, marks, labelled in seen:
        assert n == 40
        assert np.array_equal(labelled, marks != -1)
    assert sorted({int(labelled.sum()) for _, _, labelled in seen}) == [0, 6, 9]


def test_numbers_sets_and_models_without_probabilities():
    table, y = rows(90)
    numbers = table["text__0"].to_numpy() + 0.1
    found = active_curve(
        Ridge(), table, numbers, strategies=("core-set",), sizes=(8, 16), cv=3, n_seeds=1
    )
    assert "core-set" in found.needed
    found = active_curve(
        LinearSVC(), table, y, strategies=("margin",), sizes=(8, 16), cv=3, n_seeds=1
    )
    assert "margin" in found.needed
    sets = np.where(y == "good", "joy|love", np.where(table["audio__0"] > 0, "joy", "|"))
    model = make_fusion(features="passthrough", task="multilabel")
    found = active_curve(
        model, table, sets, strategies=("margin",), sizes=(20, 40), cv=3, n_seeds=1
    )
    assert "margin" in found.needed


def test_groups_and_rows_without_a_label():
    table, y = rows(120)
    labels = y.astype(object)
    labels[:30] = -1
    groups = np.arange(120) % 12
    found = active_curve(
        LogisticRegression(), table, labels, sizes=(5, 10, 500), groups=groups, cv=3, n_seeds=1
    )
    assert found.rows == 90
    assert any("500" in note for note in found.notes)


def test_where_one_curve_comes_to_the_end_of_the_other():
    x = np.array([10.0, 100.0, 1000.0])
    random = np.array([0.5, 0.6, 0.7])
    assert _reached(x, random, random) == pytest.approx(1000)
    assert _reached(x, np.array([0.5, 0.7, 0.8]), random) == pytest.approx(100)
    assert _reached(x, np.array([0.6, 0.65, 0.75]), random) == pytest.approx(10**2.5)
    assert _reached(x, np.array([0.8, 0.8, 0.8]), random) == 10
    assert _reached(x, np.array([0.5, 0.5, 0.6]), random) == np.inf
    assert str(Needed(np.inf, 10, np.inf, 50)) == "more than 50 [10, more than 50] of 50 labels"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strategies": ()}, "must be names"),
        ({"strategies": ("margn",)}, "Did you mean"),
        ({"sizes": (20, 10)}, "rising"),
        ({"sizes": (1000,)}, "at most the 160"),
        ({"batch_size": 0}, "at least 1"),
    ],
)
def test_messages(given, words):
    table, y = rows()
    with pytest.raises(ValueError, match=words):
        active_curve(LogisticRegression(), table, y, cv=3, n_seeds=1, **given)


def test_cells_that_are_learned_from_are_refused():
    table = pd.DataFrame({"text": ["I love it", "I hate it"] * 20})
    model = make_fusion(views={"words": "text/words"}, columns={"words": "text"})
    with pytest.raises(ValueError, match="make_features"):
        active_curve(model, table, ["a", "b"] * 20, sizes=(4, 8), cv=2, n_seeds=1)
