"""Looks at what models said, against scikit-learn's own, and gains beside single views."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import confusion_matrix, recall_score
from sklearn.pipeline import make_pipeline

from hybridsent import evaluate
from hybridsent._numerics.multiple import adjusted_p_values
from hybridsent.evaluation import Evaluation, OutOfFold
from hybridsent.evaluation.comparisons._paired import paired_difference
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._looks import confusion, errors, recall_by_class, recall_by_group

N = 90


def drawn(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.choice(["bad", "good", "so-so"], N)
    views = {"text": 1.0, "audio": 0.3}
    X = {
        f"{view}__{i}": share * (y == label) + rng.normal(size=N)
        for view, share in views.items()
        for i, label in enumerate(np.unique(y))
    }
    return pd.DataFrame(X), y, np.repeat(np.arange(N // 6), 6)


@pytest.fixture(scope="module")
def found() -> Evaluation:
    X, y, groups = drawn()
    X.index = np.repeat(["same", "again"], N // 2)  # rows are met by position
    return evaluate(make_pipeline(LogisticRegression()), X, y, groups=groups, cv=3)


@pytest.fixture(scope="module")
def twice() -> Evaluation:
    X, y, groups = drawn()
    return evaluate(make_pipeline(LogisticRegression()), X, y, groups=groups, cv=3, n_seeds=3)


# -- confusion and recalls -----------------------------------------------------------------------


@pytest.mark.parametrize("model", ["fusion", "text", "dummy"])
def test_confusion_and_recalls_are_scikit_learns(found, model):
    kept = found.out_of_fold
    true, said = kept.truth, kept.of(model).labels
    table = found.confusion(model)
    assert table.to_numpy().tolist() == confusion_matrix(true, said).tolist()
    assert table.index.tolist() == table.columns.tolist() == ["bad", "good", "so-so"]
    assert (table.index.name, table.columns.name) == ("truth", "prediction")
    recalls = found.recall_by_class(model)
    np.testing.assert_allclose(recalls["recall"], recall_score(true, said, average=None))
    assert ((recalls["low"] <= recalls["recall"]) & (recalls["recall"] <= recalls["high"])).all()
    assert recalls["rows"].sum() == N


def test_the_first_model_is_looked_at_where_none_is_named(found):
    pd.testing.assert_frame_equal(found.confusion(), found.confusion("fusion"))
    with pytest.raises(ValueError, match=r"must be one of \['fusion', 'text', 'audio', 'dummy'\]"):
        found.confusion("late")


def test_recall_by_group_begins_with_the_worst(found):
    kept = found.out_of_fold
    table = found.recall_by_group("text")
    said = kept.of("text").labels
    assert table["accuracy"].is_monotonic_increasing
    assert table["rows"].tolist() == [6] * (N // 6)
    for group, line in table.iterrows():
        here = kept.groups == group
        assert line["accuracy"] == (said[here] == kept.truth[here]).mean()
        assert line["recall"] == pytest.approx(
            recall_score(
                kept.truth[here], said[here], average="macro", labels=np.unique(kept.truth[here])
            )
        )
        assert line["low"] < line["high"]


def test_any_grouping_of_the_table_may_be_looked_at(found):
    X, y, _ = drawn()
    table = found.recall_by_group(groups=pd.Series(y, index=X.index))
    recalls = found.recall_by_class()
    for label, line in table.iterrows():
        assert line["accuracy"] == pytest.approx(recalls.loc[label, "recall"])
    with pytest.raises(ValueError, match="one value for each row of the table"):
        found.recall_by_group(groups=["a", "b"])


def test_groups_that_are_not_told_are_asked_for():
    X, y, _ = drawn()
    alone = evaluate(make_pipeline(LogisticRegression()), X, y, cv=3)
    with pytest.raises(ValueError, match="no groups"):
        alone.recall_by_group()


# -- errors --------------------------------------------------------------------------------------


def test_errors_are_the_wrong_rows_from_the_most_confident_one_on(found):
    X, y, _ = drawn()
    kept = found.out_of_fold
    table = found.errors()
    said = kept.answers["fusion"]
    wrong = np.flatnonzero(said.labels != kept.truth)
    assert sorted(table["row"]) == kept.row[wrong].tolist()
    assert table["confidence"].is_monotonic_decreasing
    assert (table["truth"] == y[table["row"]]).all()
    assert (table["truth"] != table["prediction"]).all()
    sure = said.probabilities.max(axis=1)
    np.testing.assert_allclose(table["confidence"], sure[table["row"]])
    assert (table["p_truth"] <= table["confidence"]).all()
    assert len(found.errors(n=3)) == 3
    cells = found.errors(n=5, table=X.assign(row="cell"))
    assert cells["text__0"].tolist() == X["text__0"].iloc[cells["row"]].tolist()
    assert (cells["row (table)"] == "cell").all()
    with pytest.raises(ValueError, match="the table that was judged"):
        found.errors(table=X.iloc[:3])


def test_without_probabilities_errors_have_no_confidence():
    X, y, _ = drawn()
    table = evaluate(make_pipeline(RidgeClassifier()), X, y, cv=3).errors()
    assert table["confidence"].isna().all()
    assert "p_truth" not in table
    assert table["row"].is_monotonic_increasing


def test_errors_of_numbers_are_sorted_by_their_size():
    X, y, groups = drawn()
    truth = (y == "good") * 2.0 + X["text__1"]
    judged = evaluate(make_pipeline(Ridge()), X, truth, cv=3, groups=groups, n_seeds=2)
    table = judged.errors()
    assert len(table) == N
    assert table["error"].abs().is_monotonic_decreasing
    np.testing.assert_allclose(table["prediction"] - table["truth"], table["error"])
    by_group = judged.recall_by_group()
    assert by_group["error"].is_monotonic_decreasing
    for look in (judged.confusion, judged.recall_by_class):
        with pytest.raises(ValueError, match="numbers were predicted"):
            look()


# -- several seeds -------------------------------------------------------------------------------


def test_a_row_of_several_seeds_is_one_row(twice):
    table = twice.confusion()
    assert table.to_numpy().sum() == pytest.approx(N)
    assert twice.recall_by_class()["rows"].sum() == N
    assert twice.recall_by_group()["rows"].sum() == N
    wrong = twice.errors()
    assert wrong["row"].is_unique
    assert wrong["confidence"].is_monotonic_decreasing
    kept = twice.out_of_fold
    said = kept.answers["fusion"]
    first = wrong.iloc[0]
    here = kept.row == first["row"]
    mean = said.probabilities[here].mean(axis=0)
    at = kept.classes.tolist().index(first["prediction"])
    assert first["confidence"] == pytest.approx(mean[at])
    assert (said.labels[here] == first["prediction"]).sum() >= 2


# -- sets of labels ------------------------------------------------------------------------------


def test_sets_of_labels_are_looked_at_label_by_label():
    truth = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    said = Answers(
        np.array([[1, 1], [0, 1], [0, 0], [0, 1]]),
        np.array([[0.9, 0.6], [0.1, 0.8], [0.2, 0.3], [0.4, 0.7]]),
    )
    zeros = np.zeros(4, dtype=int)
    kept = OutOfFold(
        np.arange(4), zeros, zeros, truth, {"m": said}, np.array(["anger", "joy"]),
        np.array(["a", "a", "b", "b"]), target="sets",
    )  # fmt: skip
    assert confusion(kept, "m").to_dict("list") == {
        "right": [1, 2],
        "missed": [1, 0],
        "added": [0, 1],
        "absent": [2, 1],
    }
    assert recall_by_class(kept, "m")["recall"].tolist() == [0.5, 1.0]
    assert recall_by_group(kept, "m")["accuracy"].tolist() == [0.0, 1.0]
    table = errors(kept, "m")
    assert table["row"].tolist() == [1, 0]
    assert table["confidence"].tolist() == pytest.approx([0.9, 0.6])
    assert table[["truth", "prediction"]].to_numpy().tolist() == [
        ["anger|joy", "joy"],
        ["anger", "anger|joy"],
    ]


# -- gains ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["found", "twice"])
def test_gains_are_paired_differences_corrected_for_their_number(which, request):
    result = request.getfixturevalue(which)
    kept = result.out_of_fold
    assert list(result.gains) == ["text", "audio", "dummy"]
    for metric in result.models["fusion"]:
        plain = [paired_difference(metric, kept, "fusion", kept, other) for other in result.gains]
        corrected = adjusted_p_values([each.p for each in plain], [1] * 3)
        for other, one, p in zip(result.gains, plain, corrected, strict=True):
            mine = result.gains[other][metric]
            assert (mine.low, mine.high) == pytest.approx((one.low, one.high))
            assert mine.p == pytest.approx(p)
            score = result.models["fusion"][metric].value - result.models[other][metric].value
            assert mine.value == pytest.approx(score)


def test_gains_are_told_in_a_sentence_each(found):
    said = str(found)
    for other in ("text alone", "audio alone", "the dummy"):
        assert f"than {other}: accuracy" in said
    assert "fusion is better than the dummy: accuracy +" in said


def test_a_metric_of_ones_own_is_compared_fold_by_fold():
    X, y, _ = drawn()

    def share(model, X, y):
        return {"right": float((model.predict(X) == y).mean()), "rows": float(len(y))}

    result = evaluate(make_pipeline(LogisticRegression()), X, y, cv=4, scoring=share)
    gain = result.gains["text"]["right"]
    folds = [result.models[name]["right"].folds for name in ("fusion", "text")]
    assert gain.value == pytest.approx(np.mean(np.subtract(*folds)))
    assert gain.low < gain.value < gain.high
