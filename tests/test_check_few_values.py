"""A column of a few values that predicts the label: it may be another label, and cannot be kept together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybridsent.evaluation import check


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    felt = np.tile([-1, 0, 1], 60)
    table = pd.DataFrame({f"text__{i}": felt + rng.normal(size=180) for i in range(4)})
    return table.assign(weight=felt + rng.normal(0, 0.3, 180), kind=np.array(["a", "b", "c"])[felt])


def found(table, **settings):
    return [
        each for each in check(table, "weight", **settings).findings if each.kind == "group column"
    ]


def test_it_is_a_doubt_and_nobody_is_told_to_make_more_folds_than_it_has_values(table):
    (only,) = found(table)
    assert only.severity == "doubt"
    assert only.numbers["values"] == 3
    assert "LeaveOneGroupOut" in only.sentence
    assert not only.sentence.endswith("Judge with groups='kind'.")


def test_as_many_folds_as_values_can_keep_it_together(table):
    (only,) = found(table, cv=3)
    assert only.severity == "leak"
    assert only.sentence.endswith("Judge with groups='kind'.")


def test_a_column_that_is_called_as_labels_are_is_no_group(table):
    assert found(table.rename(columns={"kind": "mood"})) == []
