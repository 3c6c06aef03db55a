"""Which view decided about a row: the one that spoke loudest for the answer, never one that spoke against it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from hybridsent import make_fusion
from hybridsent.evaluation import contributions


@pytest.fixture(scope="module")
def torn():
    """Two views that disagree in a third of the rows; the second is louder there."""
    rng = np.random.default_rng(0)
    n = 120
    y = np.tile([0, 1], n // 2)
    says = np.where(rng.random(n) < 0.3, 1 - y, y)
    table = pd.DataFrame(
        {"text__0": 2.0 * y + rng.normal(size=n), "image__0": 2.0 * says + rng.normal(size=n)}
    )
    return table, np.array(["bad", "good"])[y], y + says + rng.normal(0, 0.1, n)


def test_of_classes_it_is_the_view_without_which_the_answer_loses_most(torn):
    table, label, _ = torn
    model = make_fusion(features=["text", "image"], how="late", classifier=LogisticRegression())
    told = contributions(model, table, label, cv=3, scoring=["accuracy"]).decided
    changes = np.column_stack([told.changes[name] for name in ("text", "image")])
    loudest = np.array(["text", "image"])[changes.argmax(axis=1)]
    assert (changes.min(axis=1) < 0).any()  # some views speak against the answer that is given
    assert told.view.tolist() == np.where(changes.max(axis=1) > 0, loudest, "none").tolist()


def test_of_numbers_it_is_the_view_without_which_the_answer_moves_most(torn):
    table, _, value = torn
    model = make_fusion(features=["text", "image"], classifier=Ridge(), task="regression")
    told = contributions(model, table, value, cv=3).decided
    changes = np.column_stack([told.changes[name] for name in ("text", "image")])
    loudest = np.array(["text", "image"])[np.abs(changes).argmax(axis=1)]
    assert told.view.tolist() == loudest.tolist()
