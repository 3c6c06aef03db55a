"""Metrics of the field against independent references: audmetric, scikit-learn, and the published
definitions written out, on random tables and at the edges."""

from __future__ import annotations

from statistics import correlation

import audmetric
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    classification_report,
    f1_score,
    get_scorer,
    get_scorer_names,
    make_scorer,
    mean_absolute_error,
    root_mean_squared_error,
)
from sklearn.model_selection import GridSearchCV, cross_val_score

from hybridsent.evaluation import (
    Interval,
    OutOfFold,
    evaluate,
    labeled_scorer,
    list_metrics,
    metrics,
    register_metric,
    search,
)
from hybridsent.evaluation.measures._draws import drawn_out_of_fold, folds_out_of_fold, score_draws
from hybridsent.evaluation.measures._metric_names import (
    ALIASES,
    OF_PAPERS,
    OWN_METRICS,
    _bare,
    known_name,
)
from hybridsent.evaluation.measures._metrics import Metric, ends_of, is_pooled, metrics_of
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._notes import below_dummy
from hybridsent.evaluation.transfer._result import verdict

# thousandths, and often the values on which bins meet
scores = st.one_of(
    st.integers(-4000, 4000).map(lambda each: each / 1000),
    st.sampled_from([-3.5, -2.5, -1.5, -0.7, -0.5, -0.1, 0.0, 0.1, 0.5, 0.7, 1.5, 2.5, 3.5]),
)
columns = st.lists(st.tuples(scores, scores), min_size=1, max_size=40)
classes = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=1, max_size=40
)


def weighted_f1(truth: list, said: list) -> float:
    """By its definition: F1 of each class, weighed by how many rows are of it."""
    total = 0.0
    for label in set(truth):
        hits = sum(t == s == label for t, s in zip(truth, said, strict=True))
        count = truth.count(label) + said.count(label)
        total += truth.count(label) * 2 * hits / count
    return total / len(truth)


def share(truth: list, said: list) -> float:
    return sum(t == s for t, s in zip(truth, said, strict=True)) / len(truth)


def clipped(value: float, most: float) -> float:
    return min(max(value, -most), most)


def in_bin(value: float, edges: list[float]) -> int:
    """Which bin (edge, next edge] holds it, as CH-SIMS writes them."""
    (found,) = [i for i in range(len(edges) - 1) if edges[i] < clipped(value, 1) <= edges[i + 1]]
    return found


SIMS = {
    "2": [-1.01, 0.0, 1.01],
    "3": [-1.01, -0.1, 0.1, 1.01],
    "5": [-1.01, -0.7, -0.1, 0.1, 0.7, 1.01],
}
PUBLISHED = {
    "acc2_has0": lambda t, s: share([v >= 0 for v in t], [v >= 0 for v in s]),
    "f1_has0": lambda t, s: weighted_f1([v >= 0 for v in t], [v >= 0 for v in s]),
    # the built-in round takes a half to the even number, too
    "acc3": lambda t, s: share(
        [round(clipped(v, 1)) for v in t], [round(clipped(v, 1)) for v in s]
    ),
    "acc5": lambda t, s: share(
        [round(clipped(v, 2)) for v in t], [round(clipped(v, 2)) for v in s]
    ),
    "acc7": lambda t, s: share(
        [round(clipped(v, 3)) for v in t], [round(clipped(v, 3)) for v in s]
    ),
    "sims_acc2": lambda t, s: share(*([in_bin(v, SIMS["2"]) for v in x] for x in (t, s))),
    "sims_acc3": lambda t, s: share(*([in_bin(v, SIMS["3"]) for v in x] for x in (t, s))),
    "sims_acc5": lambda t, s: share(*([in_bin(v, SIMS["5"]) for v in x] for x in (t, s))),
    "sims_f1": lambda t, s: weighted_f1(*([in_bin(v, SIMS["2"]) for v in x] for x in (t, s))),
}


# -- functions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
@settings(max_examples=60, deadline=None)
@given(pairs=columns)
def test_binned_metrics_are_the_published_definitions(name, pairs):
    truth, said = (list(each) for each in zip(*pairs, strict=True))
    assert getattr(metrics, name)(truth, said) == pytest.approx(PUBLISHED[name](truth, said))


@settings(max_examples=60, deadline=None)
@given(pairs=columns)
def test_without_0_rows_whose_truth_is_0_are_left_out(pairs):
    truth, said = (list(each) for each in zip(*pairs, strict=True))
    kept = [(t > 0, s > 0) for t, s in pairs if t != 0]
    if not kept:
        for each in (metrics.acc2_non0, metrics.f1_non0):
            with pytest.raises(ValueError, match="must hold a number other than 0"):
                each(truth, said)
        return
    t, s = (list(each) for each in zip(*kept, strict=True))
    assert metrics.acc2_non0(truth, said) == pytest.approx(share(t, s))
    assert metrics.f1_non0(truth, said) == pytest.approx(weighted_f1(t, s))


@settings(max_examples=100, deadline=None)
@given(pairs=columns)
def test_metrics_of_numbers_are_those_of_audmetric_and_scikit_learn(pairs):
    t, s = np.array(pairs).T
    assert metrics.mae(t, s) == pytest.approx(audmetric.mean_absolute_error(t, s))
    assert metrics.mae(t, s) == pytest.approx(mean_absolute_error(t, s))
    assert metrics.rmse(t, s) == pytest.approx(root_mean_squared_error(t, s))
    assert metrics.ccc(t, s) == pytest.approx(audmetric.concordance_cc(t, s), nan_ok=True, abs=1e-9)
    if np.ptp(t) == 0 or np.ptp(s) == 0:
        assert np.isnan(metrics.pearson(t, s))
    else:
        assert metrics.pearson(t, s) == pytest.approx(audmetric.pearson_cc(t, s), abs=1e-9)
        assert metrics.pearson(t, s) == pytest.approx(correlation(t.tolist(), s.tolist()), abs=1e-9)


@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")  # balanced_accuracy
@settings(max_examples=100, deadline=None)
@given(pairs=classes)
def test_metrics_of_classes_are_those_of_audmetric_and_scikit_learn(pairs):
    t, s = (list(each) for each in zip(*pairs, strict=True))
    there = sorted(set(t))
    within = [label if label in there else there[0] for label in s]  # audmetric wants classes of t
    assert metrics.uar(t, within) == pytest.approx(
        audmetric.unweighted_average_recall(t, within, labels=there)
    )
    assert metrics.uar(t, within) == pytest.approx(balanced_accuracy_score(t, within))
    assert metrics.weighted_f1(t, s) == metrics.mustard_f1(t, s) == pytest.approx(weighted_f1(t, s))
    report = classification_report(t, s, output_dict=True, zero_division=0)  # as TweetEval's script
    assert metrics.tweeteval_emotion(t, s) == pytest.approx(report["macro avg"]["f1-score"])
    assert metrics.tweeteval_sentiment(t, s) == pytest.approx(report["macro avg"]["recall"])


@settings(max_examples=60, deadline=None)
@given(pairs=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_irony_is_f1_of_the_ironic_class_whatever_it_is_called(pairs):
    t, s = np.array(pairs).T.astype(int)
    expected = f1_score(t, s, zero_division=0)
    assert metrics.tweeteval_irony(t, s) == pytest.approx(expected)
    names = np.array(["non_irony", "irony"])
    assert metrics.tweeteval_irony(names[t], names[s]) == pytest.approx(expected)
    other = np.array(["sincere", "sarcastic"])
    assert metrics.tweeteval_irony(other[t], other[s], positive="sarcastic") == pytest.approx(
        expected
    )


def test_irony_is_told_where_nothing_says_which_class_it_is():
    with pytest.raises(ValueError, match=r"positive parameter.*\['sarcastic', 'sincere'\]"):
        metrics.tweeteval_irony(["sincere", "sarcastic"], ["sincere", "sincere"])


def test_a_class_that_the_truth_lacks_has_no_recall():
    assert metrics.uar(["a", "a"], ["a", "b"]) == 0.5  # audmetric and TweetEval count it as 0
    assert metrics.tweeteval_sentiment(["a", "a"], ["a", "b"]) == 0.25


def test_a_half_is_rounded_to_the_even_number_as_numpy_does():
    halves = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5]
    assert metrics.bin_labels(halves, "acc7").tolist() == ["0", "2", "2", "0", "-2", "-2"]
    assert metrics.acc7(halves, [0, 2, 2, 0, -2, -2]) == 1.0
    assert metrics.acc5([2.5, 9.0], [1.5, 2.0]) == 1.0
    assert metrics.acc3([0.5], [0.4]) == 1.0


def test_0_is_positive_in_mosi_and_negative_in_sims():
    assert metrics.acc2_has0([0.0], [0.3]) == metrics.sims_acc2([0.0], [-0.3]) == 1.0
    assert metrics.acc2_has0([0.0], [-0.3]) == metrics.sims_acc2([0.0], [0.3]) == 0.0


def test_an_edge_is_an_edge_in_the_precision_that_was_given():
    for kind in (np.float32, np.float64):
        edge = np.array([0.1, -0.1, 0.7], dtype=kind)
        assert metrics.bin_labels(edge, "sims5").tolist() == [
            *("neutral", "weakly negative", "weakly positive")
        ]


@pytest.mark.parametrize("name", [*PUBLISHED, "acc2_non0", "f1_non0", "mae", "rmse"])
def test_one_row_and_constant_answers_are_scored(name):
    score = getattr(metrics, name)
    assert score([1.0], [1.0]) == (0.0 if name in ("mae", "rmse") else 1.0)
    t = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert np.isfinite(score(t, np.zeros(5)))


def test_correlation_with_a_constant_is_undefined_and_concordance_is_0():
    t = np.array([-2.0, -1.0, 0.0, 1.0])
    assert np.isnan(metrics.pearson(t, np.ones(4)))
    assert metrics.ccc(t, np.ones(4)) == 0.0
    assert np.isnan(metrics.ccc(np.ones(4), np.ones(4)))  # as audmetric
    assert np.isnan(metrics.pearson([1.0], [1.0]))


OF_NUMBERS = [*PUBLISHED, "acc2_non0", "f1_non0", "mae", "rmse", "pearson", "ccc"]
OF_CLASSES = [
    *("uar", "weighted_f1", "mustard_f1", "tweeteval_emotion", "tweeteval_sentiment"),
    "tweeteval_irony",
]


def test_every_metric_of_the_module_is_tested_here():
    functions = {name for name in metrics.__all__ if callable(getattr(metrics, name))}
    assert functions - {"bin_labels", "Definition"} == {*OF_NUMBERS, *OF_CLASSES}


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_what_is_no_number_is_refused_in_words(name):
    score = getattr(metrics, name)
    for truth, said, message in [
        ([1.0, 2.0], [1.0, float("nan")], r"y_pred must hold numbers alone. Got nan in row 1"),
        ([float("inf"), 2.0], [1.0, 1.0], r"y_true must hold numbers alone. Got inf in row 0"),
        (["good", "bad"], [1.0, 1.0], r"y_true must hold numbers. Got 'good'"),
        ([], [], r"at least one row"),
        ([1.0, 2.0], [1.0], r"as many rows. Got 2 and 1"),
        ([[1.0, 2.0]], [[1.0, 2.0]], r"one column of numbers. Got the shape \(1, 2\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            score(truth, said)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_what_is_no_label_is_refused_in_words(name):
    score = getattr(metrics, name)
    for truth, said, message in [
        ([], [], r"at least one row"),
        (["a"], ["a", "b"], r"as many rows. Got 1 and 2"),
        ([1.0, np.nan], [1.0, 1.0], r"y_true must hold labels alone. Got NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            score(truth, said)


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_numbers_may_be_texts_columns_and_integers(name):
    score, t, s = getattr(metrics, name), [-2, 1, 3, 1], [-1, 1, 2, 2]
    expected = score(t, s)
    assert score([str(each) for each in t], pd.Series(s)) == expected
    assert score(np.array(t)[:, None], np.array(s, dtype=np.float32)) == pytest.approx(expected)


# -- bins ------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(values=st.lists(scores, min_size=1, max_size=20))
def test_bins_have_the_names_of_the_classes_that_metrics_count(values):
    for scheme, name in [("acc7", "acc7"), ("acc3", "acc3"), ("sims5", "sims_acc5")]:
        binned = metrics.bin_labels(values, scheme)
        others = list(reversed(values))
        right = np.mean(binned == metrics.bin_labels(others, scheme))
        assert getattr(metrics, name)(values, others) == pytest.approx(right)


def test_rows_without_a_label_keep_their_mark():
    assert metrics.bin_labels([np.nan, 1.0], "has0").tolist() == [-1, "non-negative"]
    assert metrics.bin_labels([0.0, 1.0], "non0").tolist() == [-1, "positive"]
    assert metrics.bin_labels([], "acc3").tolist() == []


def test_edges_and_names_of_ones_own():
    assert metrics.bin_labels([1, 2, 3, 4], [2, 3], names=["low", "mid", "high"]).tolist() == [
        *("low", "low", "mid", "high")
    ]
    for how, names, message in [
        ("acc9", None, "must be one of"),
        ([3, 2], None, "increasing order"),
        ([], None, "increasing order"),
        ([2, 3], ["a", "b"], "3 different names"),
    ]:
        with pytest.raises(ValueError, match=message):
            metrics.bin_labels([1.0], how, names=names)


def test_bins_are_labels_that_evaluate_takes(rng):
    X = rng.normal(size=(60, 2))
    y = metrics.bin_labels(np.round(X[:, 0], 1), "non0")
    result = evaluate(LogisticRegression(), X, y, cv=2, scoring="UAR", check=False)
    assert result.rows == int(np.sum(y != -1)) < 61


# -- names -----------------------------------------------------------------------------------------


def test_no_name_means_two_things_and_none_hides_a_scorer():
    own = {each: each for each in [*get_scorer_names(), *metrics.DEFINITIONS]}
    found: dict[str, str] = {}
    for name, known in {**own, **OF_PAPERS, **ALIASES}.items():
        assert found.setdefault(_bare(name), known) == known
    assert set(OF_PAPERS.values()) <= set(metrics.DEFINITIONS) <= set(list_metrics())
    assert all(known_name(name) == name for name in own)


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        *(("UAR", "balanced_accuracy"), ("uar", "balanced_accuracy"), ("Acc-7", "acc7")),
        *(("Acc7", "acc7"), ("acc_7", "acc7"), ("CCC", "ccc"), ("Pearson", "pearson")),
        *(("Corr", "pearson"), ("MAE", "neg_mean_absolute_error"), ("WF1", "f1_weighted")),
        *(("Has0_acc_2", "acc2_has0"), ("Non0_F1_score", "f1_non0"), ("Mult_acc_5", "acc5")),
        *(("F1-macro", "f1_macro"), ("mustard_f1", "f1_weighted")),
        *(("tweeteval_sentiment", "recall_macro"), ("RMSE", "neg_root_mean_squared_error")),
    ],
)
def test_results_have_the_name_that_was_asked_for(asked, known):
    (metric,) = metrics_of(asked)
    assert (metric.name, metric.known) == (asked, known)


def test_a_name_by_which_papers_mean_two_things_is_refused():
    with pytest.raises(ValueError, match=r"acc2_has0.*acc2_non0.*Name one of them"):
        metrics_of("Acc-2")
    for taken in ("acc7", "ccc", "acc2", "has0_acc_2"):
        with pytest.raises(ValueError, match="known already"):
            register_metric(taken, make_scorer(metrics.ccc))
    assert "acc2" not in OWN_METRICS


def test_names_of_functions_are_names_of_scorers(rng):
    t, s = rng.normal(size=(2, 50)) * 1.5
    model = Replays(s)
    for name in OF_NUMBERS:
        (metric,) = metrics_of(name)
        assert metric.scorer(model, np.arange(50)[:, None], t) == pytest.approx(
            getattr(metrics, name)(t, s)
        )


class Replays(DummyRegressor):
    """Says what it was told."""

    def __init__(self, said):
        self.said = said

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        return self.said[X[:, 0]]


# -- errors have their own sign --------------------------------------------------------------------


@pytest.fixture
def numbers(rng):
    X = rng.normal(size=(80, 3))
    return X, X[:, 0] + 0.5 * rng.normal(size=80)


ERRORS = [name for name, known in ALIASES.items() if known.startswith("neg_")]


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_itself_and_its_negative_has_the_name_of_scikit_learn(name):
    (metric,), (negative,) = metrics_of(name), metrics_of(ALIASES[name])
    assert (metric.sign, negative.sign) == (-1, 1)
    assert ends_of(metric) == (0.0, float("inf"))
    assert ends_of(negative) == (float("-inf"), 0.0)
    assert is_pooled(metric) == is_pooled(negative)


def test_evaluate_reports_errors_and_correlations_as_papers_do(numbers):
    X, y = numbers
    asked = ["MAE", "neg_mean_absolute_error", "RMSE", "Pearson", "CCC", "acc2_has0", "acc7"]
    result = evaluate(Ridge(), X, y, cv=3, scoring=asked, check=False)
    scores = result.models["fusion"]
    kept = result.out_of_fold
    t, s = kept.truth, kept.of("fusion").labels
    assert list(scores) == asked
    assert scores["MAE"].value == -scores["neg_mean_absolute_error"].value > 0
    assert scores["MAE"].low == pytest.approx(-scores["neg_mean_absolute_error"].high)
    assert (scores["MAE"].sign, scores["CCC"].sign) == (-1, 1)
    for name in ("RMSE", "Pearson", "CCC"):  # of all rows together
        assert scores[name].value == pytest.approx(getattr(metrics, name.lower())(t, s))
        assert scores[name].of == "rows"
    for name in ("MAE", "acc2_has0", "acc7"):  # means over rows
        assert scores[name].of == "folds"
    assert not [note for note in result.notes if "below the dummy" in note]


def test_a_model_that_knows_nothing_correlates_at_0_and_not_below(numbers):
    X, y = numbers
    result = evaluate(Ridge(), X, y, cv=5, scoring=["Pearson", "CCC"], check=False)
    told = [score.value for score in result.models["dummy"].values()]
    assert told == pytest.approx([0.0, 0.0], abs=1e-12)
    kept = result.out_of_fold
    means = kept.of("dummy").labels
    assert metrics.pearson(kept.truth, means) < 0  # of the means of the folds alone


def test_below_the_dummy_is_above_it_for_an_error(numbers):
    X, y = numbers
    shuffled = np.random.default_rng(1).permutation(y)
    result = evaluate(Ridge(1e-6), np.tile(X, 8), shuffled, cv=3, scoring="MAE", check=False)
    model, dummy = result.models["fusion"], result.models["dummy"]
    assert model["MAE"].value > dummy["MAE"].value
    assert "below the dummy" in below_dummy(model, dummy, "fusion")[0]
    assert below_dummy(dummy, model, "dummy") == []


def test_what_chooses_takes_the_smallest_error(numbers):
    X, y = numbers
    grid = {"alpha": [1e-3, 1e6]}
    by_error = labeled_scorer("MAE")
    assert GridSearchCV(Ridge(), grid, scoring=by_error).fit(X, y).best_params_ == {"alpha": 1e-3}
    negative = cross_val_score(Ridge(), X, y, scoring="neg_mean_absolute_error")
    assert np.allclose(cross_val_score(Ridge(), X, y, scoring=by_error), negative)
    both = {"C": [1e-6, 1.0]}
    candidates = {"sure": (LogisticRegression(), both), "unsure": (LogisticRegression(C=1e-6), {})}
    found = search(candidates, X, y > 0, cv=2, inner_cv=2, scoring="log_loss")
    assert (found.best_name, found.best_params) == ("sure", {"C": 1.0})
    assert found.choices == ["sure", "sure"]
    assert 0 < found.selected.value < found.alone["dummy"].value
    assert found.scoring == "log_loss"


def test_less_error_on_the_target_helps():
    less = Interval(-0.2, -0.3, -0.1)
    assert verdict(less, sign=-1) == "helps"
    assert verdict(less) == "hurts"


def test_scorers_of_ones_own_go_on_as_they_were(numbers):
    X, y = numbers
    own = {"ccc of mine": make_scorer(metrics.ccc), "minus": make_scorer(
        metrics.mae, greater_is_better=False
    ), "size": lambda model, X, y: float(len(y))}  # fmt: skip
    result = evaluate(Ridge(), X, y, cv=2, scoring={**own, "CCC": "CCC"}, check=False)
    scores = result.models["fusion"]
    assert scores["ccc of mine"].value == scores["CCC"].value
    assert scores["ccc of mine"].low == pytest.approx(scores["CCC"].low)
    assert scores["minus"].value < 0
    assert scores["size"].value == 40


# -- draws at once and one by one ------------------------------------------------------------------


@pytest.mark.parametrize("name", [*metrics.DEFINITIONS, "MAE", "RMSE", "mse"])
@pytest.mark.parametrize("seed", range(3))
def test_papers_metrics_of_all_draws_at_once_are_those_of_each(name, seed):
    rng = np.random.default_rng(seed)
    (metric,) = metrics_of(name)
    truth = rng.integers(-6, 7, 24) / 2
    labels = truth + rng.integers(-3, 4, 24) / 4 if seed else np.ones(24)
    if name == "tweeteval_irony":
        truth, labels = (truth > 0).astype(int), (labels > 0).astype(int)
    counts = rng.integers(0, 3, (20, 24))
    counts[0] = truth == 0 if (truth == 0).any() else 1  # nothing is left without 0
    counts[1] = truth == truth[0]
    kinds = np.unique(truth) if name == "tweeteval_irony" else None
    answers = Answers(labels, None)
    at_once = score_draws(metric, truth, answers, counts, kinds)
    slow = Metric(metric.name, metric.scorer, sign=metric.sign)
    one_by_one = score_draws(slow, truth, answers, counts, kinds)
    assert at_once.value == one_by_one.value
    np.testing.assert_allclose(at_once.drawn, one_by_one.drawn, atol=1e-9)


OF_SETS = [
    "accuracy",
    *(
        f"{kind}_{average}"
        for kind in ("precision", "recall", "f1", "jaccard")
        for average in ("macro", "micro", "weighted", "samples")
    ),
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", OF_SETS)
def test_metrics_of_sets_of_all_draws_at_once_are_those_of_each(name):
    rng = np.random.default_rng(0)
    truth, labels = (rng.random((2, 20, 3)) < 0.4).astype(np.int8)
    counts = rng.integers(0, 3, (20, 20))
    (metric,) = metrics_of(name)
    at_once = score_draws(metric, truth, Answers(labels, None), counts, np.array(["a", "b", "c"]))
    slow = Metric(metric.name, metric.scorer)
    one_by_one = score_draws(slow, truth, Answers(labels, None), counts, np.array(["a", "b", "c"]))
    np.testing.assert_allclose(at_once.drawn, one_by_one.drawn)
    assert at_once.value == get_scorer(name)._score_func(truth, labels, **get_scorer(name)._kwargs)


def test_scores_of_kept_answers_are_those_of_evaluate(numbers):
    X, y = numbers
    asked = ["MAE", "CCC", "acc5", "r2"]
    result = evaluate(Ridge(), X, y, cv=3, scoring=asked, check=False, n_seeds=2)
    kept = result.out_of_fold
    for metric in metrics_of(asked):
        for model, scores in result.models.items():
            draws = drawn_out_of_fold(metric, kept, model, kept.row)
            assert draws.value == pytest.approx(scores[metric.name].value)
            folds = folds_out_of_fold(metric, kept, model)
            assert folds == pytest.approx(scores[metric.name].folds, nan_ok=True)


def test_what_wants_the_fitted_model_cannot_be_told_by_answers():
    kept = OutOfFold(
        np.arange(4), np.zeros(4, int), np.arange(4) % 2, np.array(["a", "b"] * 2),
        {"fusion": Answers(np.array(["a", "b"] * 2), None)}, np.array(["a", "b"]),
    )  # fmt: skip
    own = Metric("own", lambda model, X, y: accuracy_score(y, model.predict(X)), own=True)
    assert drawn_out_of_fold(own, kept, "fusion", kept.row) is None
    (ranks,) = metrics_of("roc_auc")
    assert drawn_out_of_fold(ranks, kept, "fusion", kept.row) is None
    assert folds_out_of_fold(ranks, kept, "fusion") is None
