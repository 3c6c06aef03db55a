"""Comparing models: identities, oracles, refusals, tables, and how often it errs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score

from hybridsent.cli import main
from hybridsent.evaluation import Evaluation, Gain, OutOfFold, Score, compare, evaluate
from hybridsent.evaluation.comparisons._compare import mcnemar
from hybridsent.evaluation.comparisons._comparison import Signed
from hybridsent.evaluation.comparisons._paired import check_same_rows, is_fixed, paired_difference
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._gains import written_p
from hybridsent.evaluation.results._paper_text import latex_text, markdown_text
from hybridsent.fusion import make_fusion

NAMES = np.array(["a", "b", "c"])


def kept(target="classes", n=90, seeds=1, groups=None, rights=(0.8, 0.6, 0.5), seed=0):
    """Answers of three models, about the same rows."""
    rng = np.random.default_rng(seed)
    row, again = np.tile(np.arange(n), seeds), np.repeat(np.arange(seeds), n)
    answers = {}
    if target == "classes":
        truth = rng.choice(NAMES, n)[row]
        for name, right in zip("xyz", rights, strict=True):
            labels = np.where(rng.random(len(row)) < right, truth, rng.choice(NAMES, len(row)))
            answers[name] = Answers(labels, rng.dirichlet(np.ones(3), len(row)))
    elif target == "numbers":
        truth = rng.normal(size=n)[row]
        for name, right in zip("xyz", rights, strict=True):
            answers[name] = Answers(truth + (1 - right) * rng.normal(size=len(row)), None)
    else:
        truth = (rng.random((n, 3)) < 0.4).astype(np.int8)[row]
        for name, right in zip("xyz", rights, strict=True):
            said = np.where(rng.random(truth.shape) < right, truth, 1 - truth)
            answers[name] = Answers(said.astype(np.int8), rng.random(truth.shape))
    classes = None if target == "numbers" else NAMES
    told = None if groups is None else groups[row]
    return OutOfFold(row, again, row % 5, truth, answers, classes, told, target)


METRICS = {
    "classes": ["accuracy", "UAR", "f1_macro", "log_loss", "roc_auc_ovr"],
    "numbers": ["MAE", "CCC", "Pearson", "r2", "acc7", "acc2_non0"],
    "sets": ["f1_micro", "f1_macro", "f1_samples", "accuracy", "roc_auc"],
}
every_metric = pytest.mark.parametrize(
    ("target", "metric"), [(target, name) for target, all_ in METRICS.items() for name in all_]
)


# -- what a difference is --------------------------------------------------------------------------


@every_metric
def test_a_model_is_not_better_than_itself_and_both_directions_say_the_same(target, metric):
    table = kept(target)
    none = paired_difference(metric, table, "x", table, "x")
    assert (none.value, none.p, none.verdict) == (0.0, 1.0, "not shown")
    assert none.low <= 0 <= none.high
    there = paired_difference(metric, table, "x", table, "y")
    back = paired_difference(metric, table, "y", table, "x")
    assert back == there.reversed()
    assert back.low == pytest.approx(-there.high)
    assert there.low <= there.value <= there.high
    assert (there.p < 0.05) == (not there.low <= 0 <= there.high)


@every_metric
def test_seeds_that_say_the_same_tell_as_much_as_one(target, metric):
    one = kept(target, n=60)
    copies = OutOfFold(
        np.tile(one.row, 3), np.repeat([0, 1, 2], 60), np.tile(one.fold, 3),
        np.concatenate([one.truth] * 3),
        {
            name: Answers(
                np.concatenate([said.labels] * 3),
                None if said.probabilities is None else np.concatenate([said.probabilities] * 3),
            )
            for name, said in one.answers.items()
        },
        one.classes, None, target,
    )  # fmt: skip
    a, b = (paired_difference(metric, each, "x", each, "y") for each in (one, copies))
    for name in ("value", "low", "high", "p"):
        assert getattr(a, name) == pytest.approx(getattr(b, name))


def test_of_rows_it_is_the_paired_t_test_of_right_answers():
    """With rows for units and nothing learned, the jackknife of a mean is the standard error."""
    table = kept(n=100)
    fixed = replace(table, fold=np.zeros(100, int))
    gain = paired_difference("accuracy", fixed, "x", fixed, "y")
    right = [(table.of(name).labels == table.truth).astype(float) for name in "xy"]
    away = right[0] - right[1]
    assert gain.value == pytest.approx(away.mean())
    half = (gain.high - gain.low) / 2
    freedom = stats.t(min(100, np.pi / 2 * np.abs(away).sum() ** 2 / (away @ away)) - 1)
    assert half == pytest.approx(freedom.ppf(0.975) * away.std(ddof=1) / 10, rel=1e-6)


def test_repetitions_of_one_split_are_fixed_where_their_rows_are_the_same():
    table = kept(n=40)
    once = replace(table, fold=np.zeros(40, int))
    seed, fold = np.repeat([0, 1], 20), np.zeros(40, int)
    same = replace(table, row=np.tile(np.arange(20), 2), seed=seed, fold=fold)
    others = replace(same, row=np.arange(40))
    assert [is_fixed(each) for each in (table, once, same, others)] == [False, True, True, False]


def test_one_split_is_told_alike_however_it_is_given_and_by_whom():
    rng = np.random.default_rng(0)
    y = np.tile(["bad", "good"], 40)
    X = rng.normal(size=(80, 2)) + 0.7 * (y == "good")[:, None]
    part = np.where(np.arange(80) % 4 < 2, "train", "dev")
    split = [(np.flatnonzero(part == "train"), np.flatnonzero(part == "dev"))]
    models = {"few": LogisticRegression(C=1e-3), "more": LogisticRegression()}
    plain = {"scoring": "accuracy", "baselines": False, "check": False}
    by_name = evaluate(models, X, y, split=part, **plain)
    by_rows = evaluate(models, X, y, cv=split, **plain)
    assert by_rows.gains == by_name.gains
    assert by_rows.models["more"]["accuracy"].low == by_name.models["more"]["accuracy"].low
    told = compare(by_rows, model=["few", "dummy"]).gain("few", "dummy")
    assert told.low == by_rows.gains["dummy"]["accuracy"].low


def test_groups_are_what_varies():
    """Rows that say the same as others of their group tell nothing new."""
    groups = np.arange(60) // 6
    rng = np.random.default_rng(0)
    truth = rng.choice(NAMES, 60)
    right = {"x": np.ones(60, bool), "y": (rng.random(10) < 0.7)[groups]}
    wrong = np.where(truth == "a", "b", "a")
    answers = {name: Answers(np.where(ok, truth, wrong), None) for name, ok in right.items()}
    table = OutOfFold(np.arange(60), np.zeros(60, int), groups % 5, truth, answers, NAMES, groups)
    alone = replace(table, groups=None)
    one, other = (paired_difference("accuracy", each, "x", each, "y") for each in (table, alone))
    assert one.value == other.value
    assert one.high - one.low > 1.8 * (other.high - other.low)


def test_a_single_group_tells_nothing():
    table = kept(groups=np.zeros(90, int))
    gain = paired_difference("f1_macro", table, "x", table, "z")
    assert np.isnan(gain.low)
    assert (gain.p, gain.verdict) == (1.0, "not shown")
    assert "nothing tells how much one differs" in " ".join(compare(table, metric="UAR").notes)


def test_less_error_is_better():
    table = kept("numbers")
    gain = paired_difference("MAE", table, "x", table, "z")
    assert (gain.sign, gain.verdict) == (-1, "better")
    assert gain.value < 0
    assert gain.sentence("x", "z", "MAE").startswith("x is better than z: MAE -0.")
    assert paired_difference("MAE", table, "z", table, "x").verdict == "worse"


def test_a_metric_that_answers_do_not_tell_is_told_by_folds_or_refused():
    table = kept()
    bare = replace(
        table, answers={name: Answers(each.labels, None) for name, each in table.answers.items()}
    )
    with pytest.raises(ValueError, match="cannot be told by the answers of 'x' and 'y'"):
        paired_difference("log_loss", bare, "x", bare, "y")
    folds = [0.5, 0.6, 0.7, 0.8, 0.9], [0.6, 0.8, 0.75, 0.9, 1.0]
    gain = paired_difference("log_loss", bare, "x", bare, "y", folds=folds)
    away = np.subtract(*folds)
    error = np.sqrt(away.var(ddof=1) * (1 / 5 + table.ratio))
    assert gain.value == pytest.approx(away.mean())
    assert gain.p == pytest.approx(2 * stats.t.sf(abs(away.mean()) / error, 4))


# -- other rows, other labels ----------------------------------------------------------------------


def test_other_rows_labels_and_groups_are_refused_in_words():
    table = kept(groups=np.arange(90) // 9)
    fewer = np.arange(80)
    cases = {
        r"Got 90 rows in a and 80 in b, of which 10 are in one alone \(rows 80, 81": replace(
            table, row=table.row[fewer], seed=table.seed[fewer], fold=table.fold[fewer],
            truth=table.truth[fewer], groups=table.groups[fewer],
            answers={n: Answers(s.labels[fewer], None) for n, s in table.answers.items()},
        ),
        r"Got other labels in a than in b, .* in all, row 0 first": replace(
            table, truth=np.roll(NAMES, 1)[np.searchsorted(NAMES, table.truth)]
        ),
        r"Got other labels in a than in b, of another kind": kept(
            "sets", groups=np.arange(90) // 9
        ),
        r"Got other groups in a than in b": replace(table, groups=None),
    }  # fmt: skip
    for message, other in cases.items():
        with pytest.raises(ValueError, match=message):
            compare(table, other, metric="accuracy")
        with pytest.raises(ValueError, match="Models are compared"):
            check_same_rows({"one": table, "two": other})


def test_order_seeds_and_folds_of_the_two_may_differ():
    one, again = kept(n=60), kept(n=60, seeds=2)
    order = np.random.default_rng(0).permutation(60)
    mixed = replace(
        one, row=one.row[order], truth=one.truth[order], fold=one.fold[::-1].copy(),
        answers={n: Answers(s.labels[order], s.probabilities[order]) for n, s in one.answers.items()},
    )  # fmt: skip
    same = compare(one, replace(mixed, fold=mixed.row % 5), metric="f1_macro")
    assert same.pairs[0].gain.value == 0
    assert same.pairs[0].p_mcnemar == 1.0
    found = compare({"one": one, "two": again}, metric="UAR")
    assert found.pairs[0].p_folds is None
    assert any("folds differ" in note for note in found.notes)
    assert any("first seed" in note for note in found.notes)


# -- compare ---------------------------------------------------------------------------------------


@every_metric
def test_compare_asks_all_pairs_and_corrects_by_holm(target, metric):
    found = compare(kept(target), metric=metric)
    assert [(pair.one, pair.other) for pair in found.pairs] == list(combinations("xyz", 2))
    alone = np.array([pair.p_alone for pair in found.pairs])
    order = np.argsort(alone)
    holm = np.empty(3)
    holm[order] = np.minimum(np.maximum.accumulate(alone[order] * [3, 2, 1]), 1)
    assert [pair.gain.p for pair in found.pairs] == pytest.approx(holm)
    direct = paired_difference(metric, kept(target), "x", kept(target), "y")
    assert found.pairs[0].p_alone == direct.p
    assert found.gain("y", "x").value == -direct.value
    assert len(found.to_frame()) == 3
    plain = found.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_a_reference_alone_is_asked_about():
    found = compare(kept(), metric=["accuracy", "UAR"], reference="y")
    assert [(p.metric, p.one, p.other) for p in found.pairs] == [
        *(("accuracy", "x", "y"), ("accuracy", "z", "y"), ("UAR", "x", "y"), ("UAR", "z", "y"))
    ]
    with pytest.raises(ValueError, match=r"reference parameter must be one of \['x', 'y', 'z'\]"):
        compare(kept(), reference="w")
    with pytest.raises(ValueError, match="must name two models that were compared"):
        found.gain("x", "z")


def test_the_corrected_t_is_that_of_nadeau_and_bengio():
    table = kept(n=100)
    (pair, *_) = compare(table, metric="f1_macro").pairs
    folds = [
        [
            f1_score(table.truth[these], table.of(name).labels[these], average="macro")
            for these in (table.fold == k for k in range(5))
        ]
        for name in "xy"
    ]
    away = np.subtract(*folds)
    t = away.mean() / np.sqrt(away.var(ddof=1) * (1 / 5 + 0.25))
    assert pair.p_folds == pytest.approx(2 * stats.t.sf(abs(t), 4))


def test_mcnemar_is_the_exact_test_of_rows_that_one_has_right():
    table = kept(n=200)
    right = [table.of(name).labels == table.truth for name in "xy"]
    b, c = int(np.sum(right[0] & ~right[1])), int(np.sum(~right[0] & right[1]))
    half = stats.binom.cdf(min(b, c), b + c, 0.5)
    assert mcnemar(table, "x", table, "y") == pytest.approx(min(1.0, 2 * half))
    assert mcnemar(table, "x", table, "x") == 1.0
    assert mcnemar(kept("numbers"), "x", kept("numbers"), "y") is None
    sets = kept("sets")
    exact = [(sets.of(name).labels == sets.truth).all(axis=1) for name in "xy"]
    b, c = int(np.sum(exact[0] & ~exact[1])), int(np.sum(~exact[0] & exact[1]))
    assert mcnemar(sets, "x", sets, "y") == pytest.approx(stats.binomtest(b, b + c).pvalue)


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(0)
    y = np.tile(["bad", "good"], 40)
    X = rng.normal(size=(80, 3)) + (y == "good")[:, None]
    how = {"groups": np.arange(80) // 8, "check": False, "baselines": False, "cv": 4}
    scoring = ["accuracy", "UAR", "log_loss"]
    return (
        evaluate(LogisticRegression(), X, y, scoring=scoring, **how),
        evaluate(
            {"weak": LogisticRegression(C=1e-4), "strong": LogisticRegression()},
            X, y, scoring=scoring, **how,
        ),
    )  # fmt: skip


def test_results_of_evaluate_are_compared_with_their_own_scores(judged):
    one, two = judged
    found = compare({"first": one, "second": two})
    assert list(found.scores) == ["first", "second"]
    assert found.scores["first"] == one.models["fusion"]
    assert found.scores["second"] == two.models["weak"]
    assert [pair.metric for pair in found.pairs] == ["accuracy", "UAR", "log_loss"]
    assert (found.rows, found.groups) == (80, 10)
    for pair in found.pairs:
        expected = one.models["fusion"][pair.metric].value - two.models["weak"][pair.metric].value
        assert pair.gain.value == pytest.approx(expected)
    lines = str(found).splitlines()
    assert lines[0].startswith("80 rows of 10 groups, 2 models")
    assert any(line.startswith("first is ") for line in lines)
    named = compare(one, two, model=["fusion"]) if "fusion" in two.models else None
    assert named is None
    with pytest.raises(ValueError, match="model parameter must be one of"):
        compare(one, two, model="fusion")


def test_files_are_read_as_what_they_were_written_of(judged, tmp_path):
    one, two = judged
    for name, result in (("early", one), ("late", two)):
        text = json.dumps(result.to_dict(predictions=True))
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    (tmp_path / "kept.json").write_text(json.dumps(one.out_of_fold.to_dict()), encoding="utf-8")
    files = [tmp_path / "early.json", str(tmp_path / "late.json")]
    read, whole = compare(*files), compare({"early": one, "late": two})
    assert list(read.scores) == ["early", "late"]
    for a, b in zip(read.pairs, whole.pairs, strict=True):
        assert a.gain.value == pytest.approx(b.gain.value, abs=1e-5)
        assert a.gain.p == pytest.approx(b.gain.p, abs=1e-3)
    alone = compare(tmp_path / "kept.json", metric="UAR")
    assert list(alone.scores) == ["fusion", "dummy"]
    bare = Evaluation.from_dict(one.to_dict())
    (tmp_path / "other.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    for wrong, message in [
        (bare, "Got 'a' without any"),
        (tmp_path / "none.json", "No such file"),
        (tmp_path / "other.json", "JSON of something else"),
        (tmp_path / "broken.json", "files of JSON, as evaluate writes them"),
    ]:
        with pytest.raises(ValueError, match=message):
            compare(wrong)
    with pytest.raises(TypeError, match="Got int for 'a'"):
        compare(3)
    with pytest.raises(ValueError, match="at least one result"):
        compare()
    with pytest.raises(ValueError, match="needs two models"):
        compare(one.out_of_fold.only("fusion"))


def test_a_scorer_of_ones_own_is_compared_by_folds():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.tile([0, 1], 30)

    def sure(model, X, y):
        return float(np.mean(model.predict_proba(X).max(axis=1)))

    result = evaluate(
        {"lr": LogisticRegression(), "prior": DummyClassifier(strategy="prior")},
        X, y, scoring={"sure": sure, "accuracy": "accuracy"}, check=False, baselines=False, cv=3,
    )  # fmt: skip
    found = compare(result, model=["lr", "prior"])
    (pair,) = [each for each in found.pairs if each.metric == "sure"]
    scores = [result.models[name]["sure"].folds for name in ("lr", "prior")]
    assert pair.gain.value == pytest.approx(np.mean(np.subtract(*scores)))
    assert pair.gain.p == pytest.approx(pair.p_folds)


def test_a_fusion_of_one_view_is_left_out_of_a_fixed_split_too():
    rng = np.random.default_rng(0)
    y = np.tile(["a", "b"], 30)
    table = pd.DataFrame({f"text__{i}": rng.normal(size=60) + (y == "a") for i in range(3)})
    split = np.repeat(["train", "dev"], [40, 20])
    model = make_fusion(features=["text"])
    found = compare(evaluate(model, table, y, split=split, baselines=False, check=False))
    assert list(found.scores) == ["fusion", "dummy"]
    assert any("text is left out: its scores and answers" in note for note in found.notes)


def test_a_fixed_split_is_no_cross_validation():
    table = replace(kept(), fold=np.zeros(90, int))
    found = compare(table, metric="accuracy")
    assert found.pairs[0].p_folds is None
    assert any("one split judged" in note for note in found.notes)
    crossed = compare(kept(), metric="accuracy")
    width = [each.pairs[0].gain.high - each.pairs[0].gain.low for each in (found, crossed)]
    assert width[0] < width[1]  # nothing is added for other training rows


# -- tables for papers -----------------------------------------------------------------------------


def score(value, low=np.nan, high=np.nan, sign=1):
    return Score(value, 0.01, low, high, [value], sign=sign)


PAPER = Evaluation(
    10,
    {
        "text|audio_1": {
            "acc2_has0": score(0.801), "acc2_non0": score(0.823), "acc7": score(0.4, 0.3, 0.5),
            "MAE": score(0.95, sign=-1), "my & metric": score(2.5),
        },
        "dummy": {
            "acc2_has0": score(0.85), "acc2_non0": score(0.5), "acc7": score(0.4, 0.35, 0.45),
            "MAE": score(1.4, sign=-1), "my & metric": score(1.5),
        },
    },
    10, 0, 1.0, 2,
)  # fmt: skip


def test_tables_of_papers_have_the_best_in_bold_names_escaped_and_two_counts_in_one_cell():
    assert PAPER.to_latex(percent=True, spread=None).splitlines() == [
        r"\begin{tabular}{lcccc}",
        r"\toprule",
        r"Model & Acc-2 (has0/non0) (\%) & Acc-7 (\%) & MAE $\downarrow$ & my \& metric \\",
        r"\midrule",
        r"text\textbar{}audio\_1 & 80.1/\textbf{82.3} & \textbf{40.0} & \textbf{0.950} & "
        r"\textbf{2.500} \\",
        r"dummy & \textbf{85.0}/50.0 & \textbf{40.0} & 1.400 & 1.500 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    assert PAPER.to_markdown(spread="interval", digits=2).splitlines() == [
        r"| Model | Acc-2 (has0/non0) | Acc-7 | MAE ↓ | my & metric |",
        "| --- | ---: | ---: | ---: | ---: |",
        r"| text\|audio\_1 | 0.80/**0.82** | **0.40** [0.30, 0.50] | **0.95** | **2.50** |",
        "| dummy | **0.85**/0.50 | **0.40** [0.35, 0.45] | 1.40 | 1.50 |",
    ]
    everything = PAPER.to_latex(percent="all", spread="std", caption="50 % of MOSI")
    assert r"\textbf{95.0} {\scriptsize $\pm$ 1.0}" in everything
    assert r"\caption{50 \% of MOSI}" in everything
    assert everything.startswith("\\begin{table}\n")


def test_what_no_table_can_show_is_refused():
    for wrong in ({"spread": "sd"}, {"percent": "some"}, {"digits": -1}, {"digits": True}):
        with pytest.raises(ValueError, match=f"The {next(iter(wrong))} parameter must be"):
            PAPER.to_latex(**wrong)
        with pytest.raises(ValueError, match="parameter must be"):
            PAPER.to_markdown(**wrong)


@pytest.mark.parametrize("text", ["a_b", "50 %", "{x}", "\\", "a&b", "~^", "#1", "$5", "a|b<c>d"])
def test_texts_are_escaped_so_that_nothing_of_them_is_a_command(text):
    told = latex_text(text)
    bare = told.replace(r"\textbackslash{}", "").replace(r"\textasciitilde{}", "")
    for word in (r"\textasciicircum{}", r"\textless{}", r"\textgreater{}", r"\textbar{}"):
        bare = bare.replace(word, "")
    for each in "&%$#_{}":
        assert bare.count(each) == bare.count("\\" + each)
    assert markdown_text(text).count("|") == markdown_text(text).count("\\|")


def test_a_dagger_is_at_models_that_are_told_apart_from_the_best_or_the_reference():
    found = compare(kept(n=300, rights=(0.9, 0.88, 0.4)), metric=["accuracy", "MCC"])
    lines = found.to_latex().splitlines()[4:7]
    assert [r"$^{\dagger}$" in line for line in lines] == [False, False, True]
    other = compare(kept(n=300, rights=(0.9, 0.88, 0.4)), metric="accuracy", reference="z")
    assert ["†" in line for line in other.to_markdown().splitlines()[2:]] == [True, True, False]
    pairs = found.to_markdown(pairs=True).splitlines()
    assert pairs[0] == "| Models | accuracy | MCC |"
    assert pairs[3].startswith("| x - z | **+0.")
    assert r"\textbf{+0." in found.to_latex(pairs=True)


def test_p_values_are_written_so_that_none_is_rounded_over_the_level():
    assert [written_p(p) for p in (0.0496, 0.0504, 0.0001, 0.2)] == [
        *("p = 0.050", "p = 0.050", "p < 0.001", "p = 0.20")
    ]
    assert Gain(0.1, 0.0, 0.2, 0.0496).verdict == "better"


def test_what_rounds_to_nothing_has_no_minus():
    tiny = Gain(-0.0001, -0.0002, 0.1, 0.5)
    for written in (str(tiny), str(Signed(tiny)), str(Score(-0.0001, 0.0, -0.0002, 0.1, [0.0]))):
        assert "-0.000" not in written
        assert "0.000 [0.000, 0.100]" in written


def test_where_no_unit_differs_the_p_value_says_what_the_interval_says():
    """All right against half right, in every group alike: without any one it is the same."""
    n = 60
    row, truth = np.arange(n), np.tile(NAMES[:2], n // 2)
    said = {"right": truth, "again": truth.copy(), "guess": np.full(n, NAMES[0])}
    answers = {name: Answers(labels, None) for name, labels in said.items()}
    groups = row // 10
    all_ = OutOfFold(row, 0 * row, groups % 3, truth, answers, NAMES[:2], groups, "classes")
    found = compare(all_, metric=["UAR", "f1_macro"])
    pair = found.pairs[1]
    assert (pair.one, pair.other, pair.metric) == ("right", "guess", "UAR")
    assert pair.gain.low > 0.3
    assert pair.gain.p < 0.05
    assert pair.p_folds < 0.05
    assert pair.gain.verdict == "better"
    assert found.pairs[0].gain.p == 1.0  # no difference, and no unit differs


# -- the command -----------------------------------------------------------------------------------


def test_the_command_compares_files_and_writes_tables(judged, tmp_path, capsys):
    for name, result in zip(("early", "late"), judged, strict=True):
        text = json.dumps(result.to_dict(predictions=True))
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    files = [str(tmp_path / "early.json"), str(tmp_path / "late.json")]
    written = {end: str(tmp_path / f"table.{end}") for end in ("tex", "md", "json")}
    assert main([
        "compare", *files, "--metric", "UAR,Log-Loss", "--percent",
        "--latex", written["tex"], "--markdown", written["md"], "--json", written["json"],
    ]) == 0  # fmt: skip
    assert "early - late" in capsys.readouterr().out
    assert (tmp_path / "table.tex").read_text(encoding="utf-8").startswith(r"\begin{tabular}{lcc}")
    assert "| UAR (%) |" in (tmp_path / "table.md").read_text(encoding="utf-8")
    assert len(json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))["pairs"]) == 2
    assert main(["compare", files[0], "--reference", "dummy", "--metric", "accuracy"]) == 0
    for wrong, message in [
        ([files[0], "--reference", "early"], "--reference must be one of"),
        ([str(tmp_path / "none.json")], "No such file"),
        ([files[0], "--model", "fusion"], "needs two models"),
        ([*files, "--metric", "Acc-2"], "acc2_has0"),
        ([files[0], "--latex", files[0]], "would be replaced"),
        (
            [files[0], "--latex", written["tex"], "--json", written["tex"]],
            "--json must be another file than those before",
        ),
    ]:
        capsys.readouterr()
        assert main(["compare", *wrong]) == 2
        assert message in capsys.readouterr().err


# -- how often it errs -----------------------------------------------------------------------------


def clustered(rng, numbers, groups=10, each=12):
    """Answers of three equally good models whose errors are partly the same, and differ by group."""
    group = np.repeat(np.arange(groups), each)
    y = rng.normal(size=len(group)) if numbers else rng.integers(3, size=len(group))
    middles = np.array([[1, 0], [0, 1], [-1, -1]])
    signal = np.column_stack([y, np.zeros(len(y))]) if numbers else 1.2 * middles[y]

    def noise():
        return rng.normal(size=signal.shape) + 0.5 * rng.normal(size=(groups, 2))[group]

    shared = noise()
    views = {name: signal + 0.7 * shared + 0.7 * noise() for name in "abc"}
    fold = group % 5
    answers = {}
    for name, X in views.items():
        said = np.empty(len(y), dtype=float)
        for k in range(5):
            model = Ridge() if numbers else LinearClasses()
            said[fold == k] = model.fit(X[fold != k], y[fold != k]).predict(X[fold == k])
        answers[name] = Answers(said if numbers else said.astype(int), None)
    classes = None if numbers else np.arange(3)
    row = np.arange(len(y))
    target = "numbers" if numbers else "classes"
    return OutOfFold(row, 0 * row, fold, y, answers, classes, group, target)


class LinearClasses:
    """Least squares on indicators: as good as any here, and a hundred times as quick."""

    def fit(self, X, y):
        self.model = Ridge().fit(X, np.eye(3)[y])
        return self

    def predict(self, X):
        return self.model.predict(X).argmax(axis=1)


@pytest.mark.parametrize("numbers", [False, True])
def test_intervals_hold_no_difference_where_there_is_none(numbers):
    """Of 60 tables of ten groups; benchmarks/compare_coverage.py asks longer, and other designs."""
    held, false = Counter(), Counter()
    for seed in range(60):
        table = clustered(np.random.default_rng(seed), numbers)
        found = compare(table, metric=["CCC"] if numbers else ["accuracy", "f1_macro"])
        for pair in found.pairs:
            held[pair.metric] += pair.gain.low <= 0 <= pair.gain.high
        false.update({pair.metric for pair in found.pairs if pair.gain.p < 0.05})
    for metric in held:
        assert held[metric] / 3 >= 52  # 95 % would be 57
        assert false[metric] <= 9  # 5 % would be 3


def test_percent_without_a_table_to_write_is_refused(capsys):
    assert main(["compare", "a.json", "b.json", "--percent"]) == 2
    assert "--percent needs --latex or --markdown" in capsys.readouterr().err
