"""Classes that are one written twice, or none, are told before a model learns them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybridsent._label_doubts import count_labels, label_doubts, told_counts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("positive", "positive "),
        ("positive", "Positive"),
        ("very good", "very_good"),
        ("very good", "very-good"),
        ("good", "good."),
        ("caf\u00e9", "cafe\u0301"),
        ("good", "\uff47ood"),
        ("stra\u00dfe", "STRASSE"),
        ("n/a x", "NA x"),
        ("good", "go\u00a0od"),
        ("Neutral", "neutral\t"),
    ],
)
def test_names_that_mean_one_class_are_told(one, other):
    (doubt,) = label_doubts({one: 10, other: 10})
    assert repr(one) in doubt
    assert repr(other) in doubt
    assert "differ only in case" in doubt


@pytest.mark.parametrize(
    "labels",
    [
        ("1", "-1"),
        ("+", "++"),
        ("+", "-x"),
        ("\U0001f600", "\U0001f601"),
        ("a", "b"),
        ("c", "c++"),
        (1, 2),
        (0, -1),
        ("!", "!!"),
        ("a1", "a-1"),
    ],
)
def test_names_that_differ_are_two_classes(labels):
    assert label_doubts(dict.fromkeys(labels, 10)) == []


@pytest.mark.parametrize("label", ["NA", "nan", "?", " ", "", "None", "null", "N/A", "-"])
def test_labels_that_look_missing_are_told(label):
    (doubt,) = label_doubts({"good": 10, "bad": 10, label: 10})
    assert f"{label!r} (10) looks like a missing label" in doubt


def test_classes_of_few_rows_are_told():
    (doubt,) = label_doubts({"good": 10, "bad": 4, "odd": 1})
    assert doubt.startswith("Of 'bad' (4) and 'odd' (1) there are fewer than 5 rows")
    assert label_doubts({"good": 10, "bad": 4}, few=4) == []


def test_counts_leave_out_rows_without_a_label_and_know_numbers():
    assert count_labels(np.array(["b", "a", -1, "a"], dtype=object)) == {"a": 2, "b": 1}
    assert count_labels(np.array([0, 1, 1])) == {1: 2, 0: 1}
    assert told_counts(count_labels(map(str, range(40)))).endswith("and 28 more")


def test_who_learns_numbers_refuses_texts_by_one_sentence():
    from hybridsent.few_label import GraphSpreadingRegressor
    from hybridsent.heads import TunedLinearRegressor
    from hybridsent.transfer import PriorRegressor, TrAdaBoostRegressor

    X = pd.DataFrame(np.arange(40.0).reshape(20, 2), columns=["text__0", "domain__0"])
    X["domain__0"] = np.arange(20) % 2
    y = np.array([0.5, "good"] * 10, dtype=object)
    for model in (
        TunedLinearRegressor(), GraphSpreadingRegressor(), PriorRegressor(), TrAdaBoostRegressor()
    ):  # fmt: skip
        name = type(model).__name__
        with pytest.raises(ValueError, match=rf"y of {name} must hold numbers. Got values such as"):
            model.fit(X, y)
