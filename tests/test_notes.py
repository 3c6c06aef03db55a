"""Notes that pages show in both languages: each has its Chinese, found by the form of the sentence."""

from __future__ import annotations

import re

import pytest

from hybridsent._notes import _NOTES, in_chinese, note
from hybridsent.drift._results import Drift, Shift

PLACES = re.compile(r"(?<!\{)\{(\w+)\}")
HAN = re.compile("[一-鿿]")


@pytest.mark.parametrize("key", list(_NOTES))
def test_each_note_is_found_again_and_says_the_same_in_chinese(key):
    english, chinese = _NOTES[key]
    places = PLACES.findall(english)
    assert set(places) - {"the"} == set(PLACES.findall(chinese))
    facts = {place: f"{i}-{place}.7" for i, place in enumerate(places)}
    told = in_chinese(note(key, **facts))
    assert told == chinese.format(**facts)
    assert HAN.search(told)
    assert all(fact in told for place, fact in facts.items() if place != "the")


def test_a_note_within_a_note_is_told_in_chinese_too():
    why = note("worthless", the="the", odd="'joy'", labels=["joy", "fear"])
    told = in_chinese(note("no_index", why=why))
    assert told.startswith("没有指数：类别须为")
    assert "['joy', 'fear'] 之中的 'joy'" in told
    assert (
        in_chinese(note("nothing_said", why="no network")) == "每个窗口都缺少所说的话：no network"
    )


def test_reasons_of_drift_are_told_one_by_one():
    facts = {"effect": 0.25, "p": 0.01, "p_adjusted": 0.01, "before": 0.1, "after": 0.4}
    shifts = [
        Shift(view=view, what=what, test=test, alarm=True, **facts)
        for view, what, test in (("text", "x", "binomial"), ("image", "x", "mmd"), ("a", "n", "ks"))
    ]
    reasons = Drift(tuple(shifts), 100, 0.01).reasons
    assert len(reasons) == 3
    told = in_chinese("; ".join(reasons))
    assert told == "；".join(map(in_chinese, reasons))
    assert all(HAN.search(each) for each in told.split("；"))


@pytest.mark.parametrize("other", ["", "libsndfile said no", "a; b", "The 'text' is full."])
def test_what_is_no_note_stays_as_it_is(other):
    assert in_chinese(other) == other
