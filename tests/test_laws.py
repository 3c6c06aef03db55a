"""A law over many things: all that break it are told, and nothing that fails otherwise is hidden."""

from __future__ import annotations

import pytest
from laws import over

NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5}


@over(NUMBERS.items())
def test_each_is_positive(number):
    assert number > 0


@over((name, (name, number)) for name, number in NUMBERS.items())
def test_fixtures_and_several_arguments_are_given(name, number, tmp_path):
    assert tmp_path.exists()
    assert NUMBERS[name] == number


def test_all_that_break_it_are_told_by_name():
    @over(NUMBERS.items())
    def even(number):
        assert number % 2 == 0, f"{number} is odd"

    with pytest.raises(pytest.fail.Exception, match="2 of 4 break this law") as caught:
        even()
    told = str(caught.value)
    assert "three: 3 is odd" in told
    assert "five: 5 is odd" in told
    assert "four" not in told


def test_what_fails_otherwise_keeps_its_traceback_and_is_named():
    @over(NUMBERS.items())
    def halved(number):
        return 1 / (number - 4)

    with pytest.raises(ZeroDivisionError) as caught:
        halved()
    assert caught.value.__notes__ == ["halved was looking at four"]


def test_a_law_over_nothing_fails():
    with pytest.raises(AssertionError, match="nothing to look at"):
        over([])(lambda thing: None)()
