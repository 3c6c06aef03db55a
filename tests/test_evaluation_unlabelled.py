"""Rows without a label: learned from where a model takes them, left out else, and never scored."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from hybridsent._outer_folds import outer_folds
from hybridsent.evaluation import evaluate, read_labels, search
from hybridsent.few_label import LabeledOnly
from hybridsent.transfer import CORAL

N = 120
TAKING = LabeledOnly(LogisticRegression())
PLAIN = make_pipeline(StandardScaler(), LogisticRegression())


class Watching(LogisticRegression):
    """Notes the labels that it is fitted on, where a test finds them."""

    seen: ClassVar[list[list[object]]] = []

    def fit(self, X, y, sample_weight=None):
        self.seen.append(np.asarray(y).tolist())
        return super().fit(X, y, sample_weight)


@pytest.fixture
def watched():
    Watching.seen.clear()
    return Watching.seen


def half(kind: str = "codes") -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows of which every other one has no label, the labels, and the true classes."""
    rng = np.random.default_rng(0)
    true = np.arange(N) // 2 % 2
    X = pd.DataFrame(rng.normal(size=(N, 2)) + 2 * true[:, None], columns=["text__0", "text__1"])
    y = {
        "codes": true.copy(),
        "more codes": true + (np.arange(N) % 12 // 8),
        "text": np.array(["bad", "good"], dtype=object)[true],
    }[kind]
    true = y.copy()
    y[::2] = -1
    return X, y, true


@pytest.mark.parametrize("kind", ["codes", "more codes", "text"])
@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro", "neg_log_loss"])
def test_rows_without_a_label_are_never_scored(kind, scoring):
    X, y, true = half(kind)
    known = np.flatnonzero(np.arange(N) % 2)
    judged = evaluate(TAKING, X, y, cv=4, scoring=scoring).models["fusion"][scoring]
    alone = evaluate(LogisticRegression(), X.iloc[known], true[known], cv=4, scoring=scoring)
    np.testing.assert_allclose(judged.folds, alone.models["fusion"][scoring].folds)
    assert judged.pooled == alone.models["fusion"][scoring].pooled


def test_half_of_the_rows_without_a_label_do_not_halve_the_accuracy():
    X, y, _ = half("text")
    for model in (TAKING, SelfTrainingClassifier(LogisticRegression(), threshold=0.9)):
        codes = pd.Series(y).map({"bad": 0, "good": 1, -1: -1}).to_numpy(int)
        judged = evaluate(model, X, y if model is TAKING else codes, cv=4)
        assert judged.models["fusion"]["accuracy"].mean > 0.85
        assert judged.models["dummy"]["accuracy"].mean == pytest.approx(0.5, abs=0.05)
        assert judged.rows == N // 2


@pytest.mark.parametrize("kind", ["more codes", "text"])
def test_models_that_do_not_take_rows_without_a_label_are_fitted_on_the_others(kind, watched):
    X, y, _ = half(kind)
    result = evaluate(Watching(), X, y, cv=4)
    assert not any(label == -1 for seen in watched for label in seen)
    assert [len(seen) for seen in watched] == [45] * 4
    assert "60 of 120 rows have no label: left out." in result.notes
    assert result.rows == 60


def test_models_that_take_rows_without_a_label_get_them_all_in_every_fold():
    X, y, _ = half("text")
    counts = []

    def scorer(model, X, y):
        if hasattr(model, "steps"):
            counts.append((model[0].n_samples_seen_, model[-1].n_labeled_))
        return 0.0

    result = evaluate(make_pipeline(StandardScaler(), TAKING), X, y, cv=4, scoring=scorer, n_jobs=1)
    assert counts[:4] == [(105, 45)] * 4
    assert any(note.startswith("60 of 120 rows have no label: kept") for note in result.notes)


def test_rows_without_a_label_of_a_group_that_is_tested_are_not_learned_from():
    X, y, _ = half("text")
    groups = np.arange(N) // 4 % 6
    rows = read_labels(X, y, groups=groups, estimator=TAKING)
    for train, test in outer_folds(rows.y, 3, rows.groups, known=rows.known):
        assert not set(groups[train]) & set(groups[test])
        assert rows.known[test].all()
        assert not rows.known[train].all()


def test_search_never_scores_them_in_outer_or_inner_folds():
    X, y, true = half("text")
    known = np.flatnonzero(np.arange(N) % 2)
    grid = {"estimator__C": [0.01, 1.0]}
    result = search({"taking": (TAKING, grid), "plain": (PLAIN, {})}, X, y, cv=4, inner_cv=3)
    alone = search(
        {"taking": (LogisticRegression(), {"C": [0.01, 1.0]}), "plain": (PLAIN, {})},
        X.iloc[known],
        true[known],
        cv=4,
        inner_cv=3,
    )
    plain = (each.candidates["plain"] for each in (result, alone))
    np.testing.assert_allclose(*([*each.score.folds, *each.inner] for each in plain))
    assert result.candidates["taking"].score.mean > 0.85
    assert result.alone["dummy"].mean == pytest.approx(0.5, abs=0.05)
    assert result.rows == N // 2
    assert result.best.predict(X.iloc[known[:3]]).tolist()
    assert any(note.startswith("60 of 120 rows have no label") for note in result.notes)


def test_the_winner_of_a_search_is_fitted_on_the_rows_that_it_takes(watched):
    X, y, _ = half("text")
    best = search({"plain": (Watching(), {})}, X, y, cv=2, inner_cv=2).best
    assert len(watched[-1]) == N // 2 or len(watched) > 1
    assert best.classes_.tolist() == ["bad", "good"]
    taking = search({"taking": (TAKING, {})}, X, y, cv=2, inner_cv=2).best
    assert taking.n_labeled_ == N // 2


def test_a_class_minus_one_beside_one_alone_is_a_class_where_nothing_takes_rows_without_a_label():
    X, _, _ = half("codes")
    two = evaluate(PLAIN, X, np.where(np.arange(N) // 2 % 2, 1, -1), cv=4)
    assert two.rows == N
    assert not [note for note in two.notes if "-1" in note]
    assert two.models["fusion"]["accuracy"].mean > 0.85


def test_positions_of_folds_are_those_of_the_table_where_rows_are_left_out():
    X, y, _ = half("text")
    column = pd.Series(y).replace(-1, None)
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, np.arange(N) // 2 % 2))
    masks = [(np.isin(np.arange(N), one), np.isin(np.arange(N), two)) for one, two in folds]
    tested = []

    def positions(model, X, y):
        tested.append((X.index.tolist(), y.tolist()))
        return 0.0

    for each in (folds, masks):
        tested.clear()
        evaluate(PLAIN, X.assign(label=column), "label", cv=each, scoring=positions, n_jobs=1)
        for (_, test), (index, labels) in zip(folds, tested[::2], strict=True):
            assert index == [row for row in test.tolist() if row % 2]
            assert labels == y[index].tolist()
    search({"plain": (PLAIN, {})}, X.assign(label=column), "label", cv=folds, inner_cv=2, n_jobs=1)


def test_texts_minus_one_are_classes_where_nothing_takes_rows_without_a_label():
    X, y, _ = half("codes")
    assert evaluate(PLAIN, X, y.astype(str), cv=4).rows == N


def test_a_class_minus_one_is_refused_where_it_would_be_no_label():
    X, _, _ = half()
    y = np.where(np.arange(N) // 2 % 2, 1, -1)
    with pytest.raises(ValueError, match="must not hold a class -1"):
        evaluate(TAKING, X, y, cv=4)
    with pytest.raises(ValueError, match="must not hold a class -1"):
        search({"taking": (TAKING, {}), "plain": (PLAIN, {})}, X, y, cv=4)


def test_what_adapts_and_would_learn_minus_one_as_a_class_is_refused():
    X, y, _ = half("text")
    with pytest.raises(ValueError, match="needs the domain parameter"):
        evaluate(make_pipeline(CORAL(), LogisticRegression()), X, y, cv=4)


def test_of_a_regressor_minus_one_is_a_value():
    X, y, _ = half("codes")
    result = evaluate(Ridge(), X, y, cv=4)
    assert result.rows == N
    assert not [note for note in result.notes if "-1" in note]


def test_a_splitter_of_ones_own_tests_only_rows_with_a_label():
    X, y, true = half("text")
    cv = StratifiedKFold(3, shuffle=True, random_state=0)

    def all_known(model, X, y):
        return float(all(isinstance(label, str) for label in y))

    result = evaluate(TAKING, X, y, cv=cv, scoring=all_known)
    assert result.models["fusion"]["score"].folds == [1.0] * 3
    assert accuracy_score(true, TAKING.fit(X, y).predict(X)) > 0.85


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pd.Series([4.0, 3.0, 2.0, np.nan], index=list("zyxw")), "in the order of the rows"),
        ([1.0, 2.0, 3.0], "Got 3 labels for 4 rows"),
        ([1.0, 2.0, 3.0, 4.0, 5.0], "Got 5 labels for 4 rows"),
        ([np.nan] * 4, "4 of 4 have none"),
    ],
)
def test_numbers_of_a_regression_are_those_of_the_rows(values, said):
    table = pd.DataFrame({"text__0": [1.0, 2.0, 3.0, 4.0]}, index=list("wxyz"))
    with pytest.raises(ValueError, match=said):
        read_labels(table, values, kind="numbers")
    rows = read_labels(table, pd.Series([1, None, -1, 2.5], index=table.index), kind="numbers")
    np.testing.assert_array_equal(rows.y, [1, -1, 2.5])
    assert rows.rows.index.tolist() == ["w", "y", "z"]
