"""What is measured: all that scikit-learn takes, in all that judges; draws at once and one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from drawn import draw_rows
from hashed import fakes, posts
from sklearn import config_context
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    fbeta_score,
    get_scorer_names,
    make_scorer,
    recall_score,
)
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline

from hybridsent import evaluate, make_fusion
from hybridsent.evaluation import search, transfer_report
from hybridsent.evaluation.measures._draws import score_draws
from hybridsent.evaluation.measures._metric_names import ALIASES
from hybridsent.evaluation.measures._metrics import Metric, metric_name, metrics_of
from hybridsent.evaluation.measures._weighted_scores import scores_of_draws
from hybridsent.evaluation.results._answers import Answers
from hybridsent.few_label import LabeledOnly
from hybridsent.transfer import CORAL


def right(estimator, X, y):
    return np.mean(estimator.predict(X) == y)


def both(estimator, X, y):
    return {"right": right(estimator, X, y), "wrong": 1 - right(estimator, X, y)}


WEIGHTED = make_scorer(fbeta_score, beta=2, average="macro")
SCORINGS = {
    "name": "f1_macro",
    "list": ["accuracy", "f1_macro"],
    "tuple": ("accuracy", "f1_macro"),
    "scorer": WEIGHTED,
    "needs probabilities": make_scorer(lambda y, p: p.max(), response_method="predict_proba"),
    "own": right,
    "own of several": both,
    "dict": {"a": "accuracy", "b": WEIGHTED, "c": right},
    "none": None,
}


def model():
    return make_fusion(**fakes()).set_params(classify__Cs=(4.0,))


@pytest.mark.parametrize("kind", SCORINGS)
def test_evaluate_takes_what_cross_validate_takes(kind):
    table, y = posts(36)
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    theirs = cross_validate(model(), table, y.to_numpy(object), cv=folds, scoring=SCORINGS[kind])
    scoring = SCORINGS[kind] or "score"  # None is what suits the target
    mine = evaluate(model(), table, y, cv=2, scoring=scoring).models["fusion"]
    told = {"score" if kind == "name" else n[5:]: v for n, v in theirs.items() if n[:5] == "test_"}
    assert [score.folds for score in mine.values()] == [pytest.approx(v) for v in told.values()]
    assert kind == "name" or list(mine) == list(told)


@pytest.mark.parametrize("kind", ["name", "scorer", "needs probabilities", "own", "none"])
def test_search_and_transfer_report_take_one_of_them(kind):
    table, y = posts(36)
    scoring = SCORINGS[kind]
    judged = evaluate(model(), table, y, cv=2, scoring=scoring or "accuracy")  # of classes
    found = search({"a": (model(), {})}, table, y, cv=2, inner_cv=2, scoring=scoring)
    (plain,) = judged.models["fusion"].values()
    assert found.selected == plain
    rng = np.random.default_rng(0)
    X, labels = pd.DataFrame(rng.normal(size=(60, 2)), columns=["x__0", "x__1"]), np.arange(60) % 2
    report = transfer_report(
        make_pipeline(CORAL(), LabeledOnly(LogisticRegression())), X, labels,
        domain=np.repeat([0, 1], 30), cv=2, shift=False, scoring=scoring,
    )  # fmt: skip
    score = report.pairs[0].scores["source only"]
    assert score.low <= score.value <= score.high
    assert report.scoring == found.scoring == next(iter(judged.models["fusion"]))


def test_a_dict_of_scores_chooses_nothing():
    table, y = posts(24)
    with pytest.raises(ValueError, match=r"must give one number. Got \['right', 'wrong'\]"):
        search({"a": (model(), {})}, table, y, cv=2, inner_cv=2, scoring=both)


@pytest.mark.parametrize("judge", ["evaluate", "search", "transfer_report"])
@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        (f1_score, "looks like it is a metric function rather than a scorer"),
        ([WEIGHTED], r"write \{'NAME': make_scorer"),
        (3, "must be a name of one of scikit-learn's scorers.*Got 3"),
        ({}, "at least one metric"),
        ("uarr", "Did you mean 'uar'"),
        (lambda estimator, X, y: "good", "must give a number.*Got 'good'"),
    ],
)
def test_what_measures_nothing_is_refused(judge, scoring, message):
    table, y = posts(24)
    plain = make_fusion(text=fakes()["text"]).set_params(classify__Cs=(4.0,))
    judges = {
        "evaluate": lambda: evaluate(plain, table, y, cv=2, scoring=scoring),
        "search": lambda: search({"a": (plain, {})}, table, y, cv=2, inner_cv=2, scoring=scoring),
        "transfer_report": lambda: transfer_report(
            LabeledOnly(plain), table, y, domain=np.arange(24) // 12, baseline=plain, cv=2,
            scoring=scoring,
            shift=False,
        ),
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        judges[judge]()


def test_names_that_papers_use_are_those_of_scorers():
    assert set(ALIASES.values()) <= set(get_scorer_names())
    assert not set(ALIASES) & set(get_scorer_names())
    assert [metric_name(name) for name in ("UAR", "WF1", "acc", "F1-macro", "f1 weighted")] == [
        *("balanced_accuracy", "f1_weighted", "accuracy", "f1_macro", "f1_weighted")
    ]
    asked = ["UAR", "balanced_accuracy", "wa"]
    assert [metric.name for metric in metrics_of(asked)] == asked  # results have the user's names
    assert [metric.known for metric in metrics_of(asked)] == [
        *("balanced_accuracy", "balanced_accuracy", "accuracy")
    ]
    y, said = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1, 1, 0])
    assert metrics_of("uar")[0].scorer._score_func(y, said) == recall_score(
        y, said, average="macro"
    )
    assert ALIASES["wa"] == "accuracy"  # recall, weighted by the classes, is accuracy
    assert recall_score(y, said, average="weighted") == accuracy_score(y, said)


# -- metadata routing ------------------------------------------------------------------------------


class Grouped(LogisticRegression):
    """Asks for groups, as heads with inner folds do."""

    def fit(self, X, y, groups=None):
        self.groups_ = groups
        return super().fit(X, y)


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("wrap", [lambda each: each, LabeledOnly])
def test_groups_reach_the_last_step_with_and_without_metadata_routing(routing, wrap):
    table, y = posts(24)
    table["speaker"] = np.arange(24) // 3
    fused = make_fusion(**fakes(), classifier=Grouped())
    fused.set_params(classify=wrap(fused[-1]))
    with config_context(enable_metadata_routing=routing):
        result = search({"a": (fused, {})}, table, y, groups="speaker", cv=2, inner_cv=2)
        judged = evaluate(fused, table, y, groups="speaker", cv=2, scoring="accuracy")
        if wrap is LabeledOnly:
            transfer_report(
                fused, table.drop(columns="speaker"), y, domain=np.arange(24) // 12, cv=2,
                groups=table["speaker"], baseline=fused, shift=False,
                n_target_labels=3,
            )  # fmt: skip
    last = getattr(result.best[-1], "estimator_", result.best[-1])
    assert last.groups_.tolist() == table["speaker"].tolist()
    assert judged.models["fusion"]["accuracy"] == result.selected


@pytest.mark.parametrize("routing", [False, True])
def test_a_search_that_folds_by_groups_gets_them(routing):
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    inner = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=GroupKFold(2))
    groups = np.arange(40) // 4
    with config_context(enable_metadata_routing=routing):
        result = evaluate(inner, X, y, groups=groups, cv=2, scoring="accuracy")
        piped = evaluate(make_pipeline(inner), X, y, groups=groups, cv=2, scoring="accuracy")
    assert result.models["fusion"] == piped.models["fusion"]


def test_what_a_model_asks_for_by_routing_it_gets():
    table, y = posts(24)
    groups = np.arange(24) // 3
    with config_context(enable_metadata_routing=True):
        asked = make_fusion(**fakes(), classifier=Grouped().set_fit_request(groups=True))
        routed = evaluate(asked, table, y, groups=groups, cv=2, scoring="accuracy")
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        same = evaluate(asked, table, y, groups=groups, cv=2, scoring={"accuracy": scorer})
    plain = evaluate(make_fusion(**fakes(), classifier=Grouped()), table, y, groups=groups, cv=2)
    assert routed.models["fusion"]["accuracy"] == plain.models["fusion"]["accuracy"]
    assert same.models["fusion"] == routed.models["fusion"]
    assert LogisticRegressionCV  # a consumer of scikit-learn's own


@pytest.mark.parametrize("classes", [["a", "b"], [0, 1]])
def test_a_classifier_that_takes_minus_one_for_a_class_is_told_why(classes):
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.array(classes * 20)
    with pytest.raises(ValueError, match=r"'adapted' must know that -1 is no class.*LabeledOnly"):
        transfer_report(
            make_pipeline(CORAL(), LogisticRegression()), X, y, domain=np.repeat([0, 1], 20),
            baseline=LogisticRegression(), n_target_labels=4, cv=2, shift=False,
        )  # fmt: skip


# -- draws at once and one by one ------------------------------------------------------------------

OF_CLASSES = [
    *("accuracy", "balanced_accuracy", "matthews_corrcoef", "neg_log_loss"),
    *("roc_auc", "roc_auc_ovr", "roc_auc_ovr_weighted"),
    *(
        f"{kind}{average}"
        for kind in ("precision", "recall", "f1", "jaccard")
        for average in ("", "_macro", "_micro", "_weighted")
    ),
]
OF_NUMBERS = [
    *("r2", "neg_mean_squared_error", "neg_root_mean_squared_error", "neg_mean_absolute_error")
]


def one_by_one(metric, truth, answers, counts, classes):
    """The same metric, of which nothing is known."""
    known = metrics_of(metric)[0]
    return score_draws(Metric(known.name, known.scorer), truth, answers, counts, classes)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("metric", OF_CLASSES)
def test_metrics_of_all_draws_at_once_are_those_of_each(metric, k, seed):
    if k > 2 and (metric in ("precision", "recall", "f1", "jaccard", "roc_auc")):
        pytest.skip("for two classes")
    rng = np.random.default_rng(seed)
    classes, n = np.arange(k), 14
    truth = np.concatenate([classes, rng.integers(0, k, n - k)])
    p = rng.dirichlet(np.ones(k), n).round(2 if seed else 8)  # ties
    p /= p.sum(axis=1, keepdims=True)
    answers = Answers(p.argmax(axis=1), p)
    counts = draw_rows(n, 60, seed)
    ours = score_draws(metric, truth, answers, counts, classes)
    theirs = one_by_one(metric, truth, answers, counts, classes)
    assert scores_of_draws(metric, truth, answers.labels, p, counts, classes) is not None
    assert ours.value == theirs.value
    np.testing.assert_allclose(ours.drawn, theirs.drawn, atol=1e-12)
    if metric == "neg_log_loss" and k == 4:
        assert np.isnan(ours.drawn).any()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("metric", OF_NUMBERS)
def test_errors_of_all_draws_at_once_are_those_of_each(metric):
    rng = np.random.default_rng(0)
    truth = 1e3 + rng.normal(size=4).round(1)
    answers = Answers(truth + rng.normal(size=4), None)
    counts = draw_rows(4, 200, 0)
    ours = score_draws(metric, truth, answers, counts, None)
    theirs = one_by_one(metric, truth, answers, counts, None)
    assert scores_of_draws(metric, truth, answers.labels, None, counts, None) is not None
    np.testing.assert_allclose(ours.drawn, theirs.drawn, atol=1e-9, rtol=1e-7)


def test_labels_of_any_kind_are_counted():
    truth = np.array(["b", "a", "b", "c"], dtype=object)
    answers = Answers(np.array(["b", "b", "a", "c"], dtype=object), None)
    counts = draw_rows(4, 50, 0)
    ours = score_draws("f1_macro", truth, answers, counts, np.unique(truth))
    theirs = one_by_one("f1_macro", truth, answers, counts, np.unique(truth))
    np.testing.assert_allclose(ours.drawn, theirs.drawn)


# -- labels and what is said of a result -----------------------------------------------------------

JUDGES = {
    "evaluate": lambda table, y, **more: evaluate(
        make_pipeline(LogisticRegression()), table, y, **{"cv": 2, **more}
    ),
    "search": lambda table, y, **more: search(
        {"a": (make_pipeline(LogisticRegression()), {})}, table, y,
        **{"cv": 2, "inner_cv": 2, **more},
    ),
    "transfer_report": lambda table, y, **more: transfer_report(
        make_pipeline(CORAL(), LabeledOnly(LogisticRegression())), table, y, cv=2,
        shift=False, domain=np.arange(len(table)) % 2, **more,
    ),
}  # fmt: skip


def numbers(n=24):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(n, 2)), columns=["x__0", "x__1"])
    return X, np.arange(n) // 2 % 2


_SETS = r"one class a row.* sets of labels: take make_fusion\(task=|classes or numbers. Got sets of"


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, ["a", 1] * 12), r"y parameter must be texts or numbers.*'a' in row 0"),
        (lambda X, y: (X, [["a"], ["a", "b"]] * 12), _SETS),
        (lambda X, y: (X, pd.Series([["a"], ["b"]] * 12)), _SETS),
        (lambda X, y: (X, [{"a"}, {"b"}] * 12), _SETS),
        (lambda X, y: (X, np.zeros((24, 3))), _SETS),
        (lambda X, y: (X.iloc[:0], y[:0]), "must have rows to be judged. Got 0 rows"),
        (lambda X, y: (X.assign(label=y).iloc[:0], "label"), "must have rows to be judged"),
        (lambda X, y: (X, [*["a", "b"] * 11, "a", None]), "1 of 24 have none, the first at position 23"),
        (lambda X, y: (X.iloc[::-1], pd.Series(y)), r"in the order of the rows.*y.loc\[table.in"),
        (lambda X, y: (X, pd.DataFrame({"a": y, "b": y})), _SETS),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_judged_are_refused_with_the_way_out(judge, change, message):
    X, y = change(*numbers())
    with pytest.raises(ValueError, match=message):
        JUDGES[judge](X, y)


@pytest.mark.parametrize("judge", ["evaluate", "search"])
def test_numbers_are_no_classes_and_groups_are_of_one_kind(judge):
    X, y = numbers()
    with pytest.raises(ValueError, match=r"must be classes. Got numbers such as 0.5.*qcut"):
        JUDGES[judge](X, y + 0.5)
    with pytest.raises(ValueError, match="groups parameter must be texts or numbers, not both"):
        JUDGES[judge](X, y, groups=["a", 1, "b"] * 8)
    with pytest.raises(ValueError, match="one group a row"):
        JUDGES[judge](X, y, groups=[("a", 1)] * 24)


@pytest.mark.parametrize("judge", JUDGES)
def test_labels_of_one_column_are_labels(judge):
    X, y = numbers()
    told = [JUDGES[judge](X, each) for each in (y, y[:, None], pd.DataFrame({"y": y}), y.tolist())]
    plain = [
        {name: value for name, value in each.to_dict().items() if name not in ("seconds", "costs")}
        for each in told
    ]
    if judge == "search":
        for each in plain:
            del each["candidates"]["a"]["seconds"]
    assert all(each == plain[0] for each in plain)


def test_a_fusion_of_one_modality_is_one_line():
    table, y = posts(24)
    one = make_fusion(text=fakes()["text"]).set_params(classify__Cs=(4.0,))
    result = evaluate(one, table, y, cv=2, scoring="accuracy")
    assert list(result.models) == ["fusion", "text", "dummy"]
    assert [line.split()[0] for line in str(result).splitlines()[2:5]] == ["model", "text", "dummy"]


@pytest.mark.parametrize("judge", ["evaluate", "search"])
def test_a_result_below_the_dummy_is_told(judge):
    X, _ = numbers(40)
    y = np.array([0] * 28 + [1] * 12)
    wrong = make_pipeline(LogisticRegression(C=1e6, class_weight={0: 1, 1: 100}))
    if judge == "evaluate":
        result = evaluate(wrong, X, y, cv=2, scoring=["accuracy", "balanced_accuracy"])
    else:
        result = search({"a": (wrong, {})}, X, y, cv=2, inner_cv=2)
    assert "is below the dummy, which looks at nothing, in accuracy (0." in "\n".join(result.notes)
    assert "against 0.700)" in str(result)


@pytest.mark.parametrize("judge", JUDGES)
def test_classes_that_may_be_one_are_told(judge):
    X, y = numbers()
    labels = np.array(["positive", "positive ", "negative"], dtype=object)[np.arange(24) // 2 % 3]
    doubts = [note for note in JUDGES[judge](X, labels).notes if "'positive '" in note]
    assert len(doubts) == 1
    assert not any("'0'" in note for note in JUDGES[judge](X, y).notes)
