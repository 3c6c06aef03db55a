"""Prevalences: identities, an oracle for the likelihood, and coverage where shares drift."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import binom

from hybridsent._numerics.proportions import wilson
from hybridsent.quantification import (
    Reference,
    class_values,
    compare_prevalences,
    mean_of_numbers,
    prevalence,
)
from hybridsent.quantification._likelihood import calibrated, likeliest_shares
from hybridsent.quantification._mixture import do_misfit

METHODS = ("count", "mean", "acc", "pacc", "emq")
CORRECTED = ("acc", "pacc", "emq")


def told(x, apart):
    scores = x * apart
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def drawn(rng, n, shares, apart=1.5):
    """Posts of normal classes, and the probabilities that are true where shares are equal."""
    k = len(shares)
    y = rng.choice(k, n, p=shares)
    y[:k] = np.arange(k)
    return y, told(rng.normal(size=(n, k)) + apart * np.eye(k)[y], apart)


def reference_of(rng, n=600, k=3, apart=1.5, **more):
    y, p = drawn(rng, n, np.full(k, 1 / k), apart)
    return Reference.of(y, None, p, classes=list(range(k)), **more)


# -- identities ------------------------------------------------------------------------------------


def test_a_classifier_that_never_errs_is_counted():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    reference = Reference.of(y, y, np.eye(3)[y])
    window = rng.integers(0, 3, 200)
    counted = prevalence(None, window, reference, method="count")
    for method in CORRECTED:
        found = prevalence(np.eye(3)[window], window, reference, method=method)
        for label in range(3):
            assert found.shares[label].value == pytest.approx(
                counted.shares[label].value, abs=0.01 if method == "emq" else 1e-9
            )


def test_counting_has_wilsons_interval():
    found = prevalence(None, ["neg"] * 90 + ["pos"] * 10).shares["pos"]
    low, high = wilson([10], [100])
    assert found.low == pytest.approx(low[0], abs=2e-3)
    assert found.high == pytest.approx(high[0], abs=2e-3)


def test_the_confusion_is_turned_round():
    """Of 40 % positive posts 0.9 * 0.4 + 0.2 * 0.6 = 48 % are called so."""
    truth = ["neg"] * 100 + ["pos"] * 100
    said = ["neg"] * 80 + ["pos"] * 20 + ["neg"] * 10 + ["pos"] * 90
    found = prevalence(None, ["neg"] * 52 + ["pos"] * 48, Reference.of(truth, said))
    assert found.shares["pos"].value == pytest.approx(0.4)
    assert found.index.value == pytest.approx(-0.2)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_classes_does_not_matter(method):
    rng = np.random.default_rng(1)
    y, p = drawn(rng, 400, np.full(3, 1 / 3))
    _, q = drawn(rng, 300, [0.1, 0.2, 0.7])
    names = np.array(["a", "b", "c"])
    one = prevalence(q, None, Reference.of(names[y], None, p, classes=names), method=method)
    turn = [2, 0, 1]
    other = prevalence(
        q[:, turn],
        None,
        Reference.of(names[y], None, p[:, turn], classes=names[turn]),
        method=method,
    )
    for name in "abc":
        assert tuple(one.shares[name]) == pytest.approx(tuple(other.shares[name]), abs=5e-3)


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_copies(method):
    rng = np.random.default_rng(2)
    reference = reference_of(rng)
    _, p = drawn(rng, 90, [0.5, 0.3, 0.2])
    w = rng.integers(1, 4, 90)
    one = prevalence(p, None, reference, method=method, weights=w)
    other = prevalence(np.repeat(p, w, axis=0), None, reference, method=method)
    for label in range(3):
        assert one.shares[label].value == pytest.approx(other.shares[label].value, abs=1e-6)
    assert one.n_effective < 90 < other.n_effective


@pytest.mark.parametrize("method", METHODS)
def test_ten_copies_of_a_post_by_one_author_are_one_post(method):
    rng = np.random.default_rng(3)
    reference = reference_of(rng)
    _, p = drawn(rng, 200, [0.5, 0.3, 0.2])
    alone = prevalence(p, None, reference, method=method).index
    copied = np.repeat(p, 10, axis=0)
    same = prevalence(copied, None, reference, method=method, groups=np.repeat(range(200), 10))
    naive = prevalence(copied, None, reference, method=method).index
    assert same.index.value == pytest.approx(alone.value, abs=1e-6)
    assert same.index.high - same.index.low == pytest.approx(alone.high - alone.low, rel=0.05)
    assert naive.high - naive.low < 0.9 * (alone.high - alone.low)
    assert same.n_effective == pytest.approx(200, rel=0.02)


def test_groups_of_one_change_nothing_but_the_distribution():
    rng = np.random.default_rng(4)
    reference = reference_of(rng)
    _, p = drawn(rng, 300, [0.5, 0.3, 0.2])
    one = prevalence(p, None, reference).index
    other = prevalence(p, None, reference, groups=list(range(300))).index
    assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.02)


@pytest.mark.parametrize("dtype", ["string", object])
def test_posts_of_nobody_stand_alone_whatever_their_column_is_of(dtype):
    rng = np.random.default_rng(5)
    reference = reference_of(rng)
    _, p = drawn(rng, 200, [0.5, 0.3, 0.2])
    authors = pd.Series([f"a{i // 2}" if i < 100 else None for i in range(200)], dtype=dtype)
    told = [f"a{i // 2}" if i < 100 else f"alone {i}" for i in range(200)]
    one = prevalence(p, None, reference, groups=authors).index
    assert one == prevalence(p, None, reference, groups=told).index


# -- the likelihood, against an optimiser ----------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 5])
def test_nothing_is_likelier_than_the_likeliest_shares(k):
    """The gain of a class bounds what any other shares could add (the problem is concave)."""
    rng = np.random.default_rng(k)
    for _ in range(150):
        _, p = drawn(rng, 60, rng.dirichlet(np.full(k, 0.3)), rng.uniform(0.2, 3.0))
        found = likeliest_shares(p, np.full(60, 1 / 60))
        assert np.mean(p / (p @ found)[:, None], axis=0).max() < 1 + 1e-8


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 5), st.floats(0.2, 3.0))
def test_the_likeliest_shares_are_those_that_an_optimiser_finds(seed, k, apart):
    rng = np.random.default_rng(seed)
    _, p = drawn(rng, 60, rng.dirichlet(np.ones(k)), apart)
    found = likeliest_shares(p, np.full(60, 1 / 60))

    def loss(q):
        return -float(np.mean(np.log(np.maximum(p @ q, 1e-300))))

    other = minimize(
        loss,
        np.full(k, 1 / k),
        method="SLSQP",
        bounds=[(0, 1)] * k,
        constraints={"type": "eq", "fun": lambda q: q.sum() - 1},
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert found.sum() == pytest.approx(1)
    assert loss(found) <= other.fun + 1e-8


def test_true_probabilities_recover_the_shares_and_need_no_calibration():
    rng = np.random.default_rng(5)
    reference = reference_of(rng, 6000)
    theta = calibrated(reference).parameters
    assert theta == pytest.approx([1, 0, 0], abs=0.15)
    _, p = drawn(rng, 20_000, [0.05, 0.15, 0.8])
    found = prevalence(p, None, reference, method="emq")
    assert [found.shares[c].value for c in range(3)] == pytest.approx([0.05, 0.15, 0.8], abs=0.03)


def test_probabilities_that_are_too_sure_are_calibrated():
    rng = np.random.default_rng(6)
    y, p = drawn(rng, 3000, np.full(2, 0.5))
    sure = p**3 / (p**3).sum(axis=1, keepdims=True)
    reference = Reference.of(y, None, sure)
    assert calibrated(reference).parameters[0] == pytest.approx(1 / 3, abs=0.06)


# -- coverage --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("k", "n_reference", "n"), [(2, 200, 300), (3, 500, 200)])
def test_intervals_hold_where_shares_drift_and_counting_does_not(k, n_reference, n):
    """Of 400 streams, counts beyond the bounds have a chance below 1e-4 if 95 % hold."""
    rng = np.random.default_rng(7)
    values = dict(enumerate(np.linspace(-1, 1, k)))
    inside = {"count": 0, "acc": 0, "pacc": 0}
    streams = 400
    for _ in range(streams):
        reference = reference_of(rng, n_reference, k)
        shares = rng.dirichlet(np.ones(k))
        y = rng.choice(k, n, p=shares)
        p = told(rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y], 1.5)
        true = float(np.linspace(-1, 1, k) @ shares)
        for method in inside:
            index = prevalence(p, None, reference, method=method, values=values).index
            inside[method] += index.low <= true <= index.high
    low, high = binom.ppf([1e-4, 1 - 1e-4], streams, 0.95)
    assert low <= inside["acc"] <= high
    assert low <= inside["pacc"] <= high
    assert inside["count"] < 0.7 * streams


@pytest.mark.slow
def test_windows_of_the_same_shares_are_rarely_told_apart():
    rng = np.random.default_rng(8)
    wrong = 0
    for _ in range(300):
        reference = reference_of(rng, 200)
        shares = rng.dirichlet(np.ones(3) * 3)
        windows = {}
        for name in "ab":
            y = rng.choice(3, 200, p=shares)
            p = told(rng.normal(size=(200, 3)) + 1.5 * np.eye(3)[y], 1.5)
            windows[name] = prevalence(p, None, reference, values={0: -1, 1: 0, 2: 1})
        [found] = compare_prevalences(windows)
        wrong += found.p <= 0.05
    assert wrong <= binom.ppf(1 - 1e-4, 300, 0.05)


def test_what_is_no_mixture_is_told():
    rng = np.random.default_rng(9)
    reference = reference_of(rng, 2000)
    _, p = drawn(rng, 1000, [0.2, 0.2, 0.6])
    fine = prevalence(p, None, reference)
    assert fine.fit > 0.01
    assert len(fine.notes) == 1
    odd = prevalence(told(rng.normal(size=(1000, 3)) * 0.2, 1.5), None, reference)
    assert odd.fit < 1e-6
    assert any("no mixture" in note for note in odd.notes)


@pytest.mark.parametrize("n", [1, 6, 45, 300])
def test_windows_that_are_mixtures_are_seldom_told_to_be_none(n):
    """P-values of mixtures are uniform; two rules at a level of 1 % tell at most 2 of 100."""
    p = np.random.default_rng(n).random((3000, n))
    told = np.mean([do_misfit(each) for each in p.tolist()])
    assert told < 0.02 + 4 * np.sqrt(0.02 * 0.98 / 3000)


def test_windows_that_are_no_mixtures_are_told():
    assert not do_misfit([])
    assert not do_misfit([0.5, 0.4, 0.3, 0.2, 0.009, 0.7])  # one of six, as chance gives
    assert do_misfit([0.5, 0.4, 0.3, 0.2, 0.0001, 0.7])
    assert do_misfit([0.5, 0.4, 0.3, 0.008, 0.009, 0.7])
    assert do_misfit([0.009])


def test_classes_that_are_never_told_apart_have_no_known_share():
    truth = np.tile([0, 1], 100)
    found = prevalence(None, [0] * 50 + [1] * 50, Reference.of(truth, [0, 0, 1, 1] * 50))
    assert tuple(found.shares[0])[1:] == (0.0, 1.0)
    assert any("cannot tell" in note for note in found.notes)


# -- the reference ---------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"groups": True}, {"weights": True}])
def test_a_reference_comes_back_from_json_with_the_same_answers(more):
    rng = np.random.default_rng(10)
    y, p = drawn(rng, 300, np.full(3, 1 / 3))
    given = {name: rng.integers(1, 40, 300) for name in more}
    one = Reference.of(y, None, p, **given)
    other = Reference.from_facts(json.loads(json.dumps(one.to_facts())))
    assert other.key == one.key
    _, q = drawn(rng, 100, [0.6, 0.2, 0.2])
    for method in METHODS:
        a, b = (prevalence(q, None, each, method=method) for each in (one, other))
        assert tuple(a.index or ()) == tuple(b.index or ())
        assert a.shares == b.shares


def test_a_reference_of_many_rows_is_small_and_keeps_rare_classes():
    rng = np.random.default_rng(11)
    y, p = drawn(rng, 60_000, [0.9, 0.099, 0.001])
    reference = Reference.of(y, None, p)
    assert len(json.dumps(reference.to_facts())) < 150_000
    assert (np.bincount(reference.truth) >= [500, 300, 40]).all()
    assert reference.priors == pytest.approx(np.bincount(y) / len(y))
    _, q = drawn(rng, 2000, [0.3, 0.4, 0.3])
    found = prevalence(q, None, reference)
    assert found.shares[1].low < 0.4 < found.shares[1].high


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 2},
        {"classes": ["a"]},
        {"classes": [["a"], ["b"], ["c"]]},
        {"priors": [0.5, 0.5, float("nan")]},
        {"truth": "0 1 2"},
        {"predicted": "9 9 9"},
        {"probabilities": ["1", "2", "3"]},
        {"n": "many"},
        {"groups": "0 0 0"},
        {"weights": "nan"},
    ],
)
def test_damaged_facts_are_refused_with_a_sentence(damage):
    facts = reference_of(np.random.default_rng(12), 60).to_facts()
    with pytest.raises(ValueError, match=r"must be what Reference\.to_facts wrote"):
        Reference.from_facts({**facts, **damage})


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_facts_are_refused_with_a_sentence(facts):
    with pytest.raises(ValueError, match=r"Reference\.to_facts"):
        Reference.from_facts(facts)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r, p: prevalence(p, None, r, method="best"), "method parameter"),
        (lambda r, p: prevalence(p, None, None), "classes parameter"),
        (lambda r, p: prevalence(None, None, r), "Got neither"),
        (lambda r, p: prevalence(p, None, None, method="acc", classes=[0, 1, 2]), "reference"),
        (lambda r, p: prevalence(None, [0, 1], r, method="emq"), "the window has none"),
        (lambda r, p: prevalence(p[:0], None, r), "at least one post"),
        (lambda r, p: prevalence(p[:, :2], None, r), "column for each of the 3"),
        (lambda r, p: prevalence(p * 2, None, r), "sum to 1"),
        (lambda r, p: prevalence(p, [0], r), "shape"),
        (lambda r, p: prevalence(p, None, r, weights=[1.0]), "weights"),
        (lambda r, p: prevalence(p, None, r, groups=[1]), "groups"),
        (lambda r, p: prevalence(p, None, r, confidence=95), "confidence"),
        (lambda r, p: prevalence(p, None, r, values={0: 1}), "values"),
        (lambda r, p: prevalence(p, None, r, classes=["a", "b"]), "those of the reference"),
        (lambda r, p: Reference.of([0, 1, 1], [0, 1, 1]), "at least two rows"),
        (lambda r, p: Reference.of([0, 0, 1, 1], None), "Got neither"),
        (lambda r, p: compare_prevalences({}, [("a", "b")]), "Got 'a'"),
        (lambda r, p: mean_of_numbers([]), "at least one"),
    ],
)
def test_errors_say_what_must_be(call, words):
    rng = np.random.default_rng(13)
    reference = reference_of(rng, 60)
    with pytest.raises(ValueError, match=words):
        call(reference, drawn(rng, 20, [0.2, 0.3, 0.5])[1])


# -- what classes are worth ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "worth"),
    [
        (["negative", "neutral", "positive"], [-1, 0, 1]),
        (["Bad", "good"], [-1, 1]),
        (["负面", "中性", "正面"], [-1, 0, 1]),
        (["very negative", "negative", "neutral", "positive", "very_positive"], [-1, -0.5, 0, 0.5, 1]),
        (["negative", "weakly negative", "weakly positive", "positive"], [-1, -0.5, 0.5, 1]),
        (["非常负面", "负面", "正面"], [-1, -0.5, 0.5]),
        ([-1, 0, 1], [-1, 0, 1]),
        (["0", "4"], [0, 4]),
        (["1 star", "3.5 stars", "5星"], [1, 3.5, 5]),
        (["★", "★★★"], [1, 3]),
        ([False, True], [0, 1]),
        (np.array([2, 3]), [2, 3]),
    ],
)  # fmt: skip
def test_classes_are_worth_what_they_say(classes, worth):
    assert list(class_values(classes).values()) == pytest.approx(worth)


@pytest.mark.parametrize("classes", [["joy", "anger"], ["good", "3"], ["verypositive", "bad"]])
def test_nothing_else_is_guessed(classes):
    with pytest.raises(ValueError, match="by the values parameter"):
        class_values(classes)


def test_without_worth_there_is_no_index_and_a_note_says_so():
    found = prevalence(None, ["joy", "anger", "joy"])
    assert found.index is None
    assert any(note.startswith("There is no index") for note in found.notes)
    told_otherwise = prevalence(None, ["joy", "anger", "joy"], values={"joy": 2, "anger": 0})
    assert told_otherwise.index.value == pytest.approx(4 / 3)


# -- differences and numbers -----------------------------------------------------------------------


def test_what_the_reference_does_not_know_cancels_in_a_difference():
    rng = np.random.default_rng(14)
    reference = reference_of(rng, 60, 2)
    windows = {}
    for name, share in (("a", 0.5), ("b", 0.52)):
        y = (rng.random(20_000) < share).astype(int)
        p = told(rng.normal(size=(20_000, 2)) + 1.5 * np.eye(2)[y], 1.5)
        windows[name] = prevalence(p, None, reference)
    [found] = compare_prevalences(windows, of=1)
    wide = windows["a"].shares[1].high - windows["a"].shares[1].low
    assert found.high - found.low < wide / 2
    assert found.low <= found.value <= found.high


def test_p_values_of_several_pairs_are_corrected():
    rng = np.random.default_rng(15)
    windows = {
        name: prevalence(None, np.where(rng.random(400) < share, "pos", "neg"))
        for name, share in (("a", 0.5), ("b", 0.5), ("c", 0.9))
    }
    found = compare_prevalences(windows)
    assert [(each.first, each.second) for each in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert all(each.p_adjusted >= each.p for each in found)
    assert found[1].p_adjusted < 1e-6 < found[0].p_adjusted
    assert found[1].value < 0


def test_numbers_have_students_interval():
    from scipy.stats import t

    values = np.random.default_rng(16).normal(size=30)
    found = mean_of_numbers(values).index
    half = t.ppf(0.975, 29) * values.std(ddof=1) / np.sqrt(30)
    assert tuple(found) == pytest.approx(
        (values.mean(), values.mean() - half, values.mean() + half)
    )
    assert mean_of_numbers([1.0]).index.high == np.inf


def test_a_prevalence_is_plain_json_and_readable():
    found = prevalence(None, ["neg", "pos", "pos"])
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["shares"]["pos"]["value"] == pytest.approx(2 / 3)
    assert "index" in str(found)
