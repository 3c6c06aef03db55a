"""Drift: levels where nothing changes, power where something does, and facts that are small."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, false_discovery_control, ks_2samp

from hybridsent.drift import DriftReference, DriftWatch, drift
from hybridsent.views import feature_names

CLASSES = ["neg", "pos"]


def rows(rng, n, *, mean=0.0, width=20, missing=0.0, b=2.0):
    """Answers about two classes, and features of two views of which one may be missing."""
    text = rng.normal(mean, 1, (n, width)) * np.linspace(3, 0.5, width)
    image = rng.normal(size=(n, 3))
    image[rng.random(n) < missing] = np.nan
    features = pd.DataFrame(
        np.hstack([text, image]),
        columns=[*feature_names("text", width), *feature_names("image", 3)],
    )
    p = rng.beta(2, b, n)
    return np.column_stack([1 - p, p]), features


def made(rng, n=500, **more):
    return DriftReference.of(*rows(rng, n, **more), names=CLASSES)


def test_columns_are_compared_as_scipy_compares_them():
    rng = np.random.default_rng(0)
    reference = made(rng, 400)
    answers, features = rows(rng, 300, mean=0.3)
    found = drift(reference, answers, features)
    seen = reference.project(answers, features)
    for shift in found.shifts:
        if shift.test != "ks":
            continue
        if shift.view == "answers":
            a, b = reference.answers[:, 1], answers[:, 1]
        else:
            j = int(shift.what.split()[1]) - 1
            a, b = reference.views[shift.view].sample[:, j], seen[shift.view][:, j]
        other = ks_2samp(a, b, method="asymp")
        assert shift.effect == pytest.approx(other.statistic)
        assert shift.p == pytest.approx(other.pvalue, rel=0.35, abs=1e-3)
    adjusted = false_discovery_control([each.p for each in found.shifts])
    assert [each.p_adjusted for each in found.shifts] == pytest.approx(adjusted.tolist())


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_they_are_told_to_be():
    """Each window has its own reference: of 400 at 0.05, more than 38 has a chance below 1e-4."""
    rng = np.random.default_rng(1)
    alarms = 0
    for i in range(400):
        reference = made(rng, 200, missing=0.2)
        found = drift(
            reference, *rows(rng, 150, missing=0.2), level=0.05, least=1e-9, random_state=i
        )
        alarms += found.alarm
    assert alarms <= binom.ppf(1 - 1e-4, 400, 0.05)


@pytest.mark.slow
def test_false_alarms_of_authors_are_rare_too():
    rng = np.random.default_rng(2)
    counts = {"told": 0, "not told": 0}

    def posts(n):
        own = np.repeat(rng.normal(size=n // 5), 5)
        p = 1 / (1 + np.exp(-(1.5 * own + 0.5 * rng.normal(size=n))))
        return np.column_stack([1 - p, p]), np.repeat(np.arange(n // 5), 5)

    for _ in range(300):
        a, g = posts(300)
        b, h = posts(200)
        for name, of_a, of_b in (("told", g, h), ("not told", None, None)):
            reference = DriftReference.of(a, names=CLASSES, groups=of_a)
            counts[name] += drift(reference, b, groups=of_b, level=0.05, least=1e-9).alarm
    assert counts["told"] <= binom.ppf(1 - 1e-4, 300, 0.05)
    assert counts["not told"] > 60


@pytest.mark.parametrize(
    ("change", "view"),
    [({"mean": 0.5}, "text"), ({"missing": 0.3}, "image"), ({"b": 1.0}, "answers")],
)
def test_what_changes_is_found_and_named(change, view):
    rng = np.random.default_rng(3)
    reference = made(rng)
    for _ in range(5):
        found = drift(reference, *rows(rng, 300, **change))
        assert found.alarm
        assert {each.view for each in found.alarms} == {view}
        assert len(found.reasons) == 1


def test_a_trifle_is_no_alarm_however_many_posts_there_are():
    rng = np.random.default_rng(4)
    reference = made(rng)
    found = drift(reference, *rows(rng, 60_000, missing=0.05))
    assert min(each.p for each in found.shifts) < 1e-4
    assert not found.alarm
    assert drift(reference, *rows(rng, 60_000, missing=0.05), least=0.03).alarm


def test_a_few_posts_are_not_compared():
    rng = np.random.default_rng(5)
    found = drift(made(rng), *rows(rng, 10))
    assert not found.alarm
    assert "fewer than 20" in found.notes[0]


def test_a_view_that_nearly_all_lack_is_told():
    rng = np.random.default_rng(6)
    found = drift(made(rng), *rows(rng, 100, missing=1.0))
    assert found.alarm
    assert "too few posts" in found.notes[0]


@pytest.mark.parametrize("more", [{}, {"groups": [i // 2 for i in range(300)]}])
def test_a_reference_comes_back_from_json_with_the_same_answers(more):
    rng = np.random.default_rng(7)
    answers, features = rows(rng, 300, missing=0.1)
    one = DriftReference.of(answers, features, names=CLASSES, **more)
    text = json.dumps(one.to_facts())
    other = DriftReference.from_facts(json.loads(text))
    window = rows(rng, 100, mean=0.2)
    assert drift(one, *window).to_dict() == drift(other, *window).to_dict()


def test_a_reference_of_many_rows_and_wide_views_is_small_and_deaf_to_order():
    rng = np.random.default_rng(8)
    reference = made(rng, 20_000, width=3000)
    assert len(json.dumps(reference.to_facts())) < 60_000
    assert drift(reference, *rows(rng, 300, width=3000, mean=0.6)).alarm
    assert not drift(reference, *rows(rng, 300, width=3000)).alarm


def test_what_is_kept_of_a_window_is_what_is_compared():
    rng = np.random.default_rng(9)
    reference = made(rng)
    window = rows(rng, 100, mean=0.1)
    projected = reference.project(*window)
    assert drift(reference, projected).to_dict() == drift(reference, *window).to_dict()


def test_a_watch_goes_on_from_its_state():
    rng = np.random.default_rng(10)
    reference = made(rng)
    windows = [rows(rng, 100, mean=mean) for mean in (0, 0, 1, 1)]
    whole = DriftWatch(reference, every=100)
    told = [whole.look(*each).to_dict() for each in windows]
    first = DriftWatch(reference, every=100)
    again = [first.look(*each).to_dict() for each in windows[:2]]
    second = DriftWatch(reference, every=100, state=json.loads(json.dumps(first.state())))
    again += [second.look(*each).to_dict() for each in windows[2:]]
    assert again == told
    assert second.state() == whole.state() == {"windows": 4, "alarms": 2, "lasting": 2}


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 3},
        {"answers": ["1 2"]},
        {"answers": []},
        {"names": ["one"]},
        {"n": None},
        {"groups": "0"},
        {"views": {"text": {}}},
        {"views": {"text": {"width": 9}}},
    ],
)
def test_damaged_facts_are_refused_with_a_sentence(damage):
    facts = made(np.random.default_rng(11), 50).to_facts()
    with pytest.raises(ValueError, match=r"must be what DriftReference\.to_facts wrote"):
        DriftReference.from_facts({**facts, **damage})


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_facts_are_refused_with_a_sentence(facts):
    with pytest.raises(ValueError, match=r"DriftReference\.to_facts"):
        DriftReference.from_facts(facts)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r, w: drift(r, w[0][:, :1]), "a column for each"),
        (lambda r, w: drift(r, w[0], w[1].iloc[:, :5]), "must have 20 columns"),
        (lambda r, w: drift(r, w[0], w[1].iloc[:, :20]), "must have the view 'image'"),
        (lambda r, w: drift(r, *w, level=0), "level parameter"),
        (lambda r, w: drift(r, *w, least=2), "least parameter"),
        (lambda r, w: drift(r, *w, groups=[1]), "groups"),
        (lambda r, w: DriftWatch(r, every=1), "every parameter"),
        (lambda r, w: DriftReference.of(w[0][:5]), "at least ten rows"),
        (lambda r, w: DriftReference.of(w[0], w[1][:5]), "must have 100 rows"),
    ],
)
def test_errors_say_what_must_be(call, words):
    rng = np.random.default_rng(12)
    reference, window = made(rng), rows(rng, 100)
    with pytest.raises(ValueError, match=words):
        call(reference, window)
