"""Advice to stop, and the power law behind it."""

from __future__ import annotations

import numpy as np
import pytest

from hybridsent._numerics.power_law import fit_power_law
from hybridsent.active import stop_advice


def history(score, width=0.02, sizes=(20, 40, 80, 160, 320)):
    return [
        {"n_labels": n, "score": score(n), "low": score(n) - width, "high": score(n) + width}
        for n in sizes
    ]


def test_a_power_law_is_found_again():
    n = np.array([10.0, 20.0, 40.0, 80.0, 160.0])
    for c in (0.3, 0.5, 1.0):
        law = fit_power_law(n, (0.9 - 0.8 * n**-c)[None])
        assert law.at(500.0) == pytest.approx(0.9 - 0.8 * 500.0**-c, abs=0.01)
    flat = fit_power_law(n, np.full((1, 5), 0.7))
    assert flat.b == 0
    falling = fit_power_law(n, -0.001 * n[None])
    assert falling.at(200.0) == pytest.approx(falling.at(100.0))


def test_curves_are_fitted_one_by_one():
    n = np.array([10.0, 20.0, 40.0, 80.0])
    curves = np.random.default_rng(0).uniform(0.4, 0.9, (5, 4))
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    together = fit_power_law(n, curves, weights)
    for k in range(5):
        alone = fit_power_law(n, curves[k : k + 1], weights)
        assert together.at(200.0)[k] == pytest.approx(alone.at(200.0)[0])


def test_a_rising_curve_goes_on_and_a_flat_one_stops():
    rising = stop_advice(history(lambda n: 0.9 - 2 * n**-0.5))
    assert not rising.stop
    assert rising.gain == pytest.approx(2 * (320**-0.5 - 370**-0.5), abs=0.003)
    assert rising.low < rising.gain < rising.high
    assert "50 more labels are expected to bring +0.0" in rising.sentence
    flat = stop_advice(history(lambda n: 0.8, width=0.002))
    assert flat.stop
    assert "less than 0.005" in flat.sentence
    unsure = stop_advice(history(lambda n: 0.8, width=0.2))
    assert not unsure.stop


def test_predictions_that_settled():
    told = [
        {"n_labels": n, "agreement": k} for n, k in ((10, 0.5), (20, 0.99), (30, 1.0), (40, 0.995))
    ]
    assert stop_advice(told).stop
    told[-1]["agreement"] = 0.98
    assert not stop_advice(told).stop
    assert not stop_advice(told[:2]).stop


def test_little_is_known():
    assert not stop_advice([]).stop
    assert "no score" in stop_advice([{"n_labels": 3}]).sentence
    two = [{"n_labels": n, "score": 0.5, "low": 0.4, "high": 0.6} for n in (10, 20)]
    assert "2 scores up to 20 labels do not tell" in stop_advice(two).sentence


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([{"score": 1.0}], "'n_labels'"),
        ([{"n_labels": 20}, {"n_labels": 10}], "rising"),
        ([0.5], "mapping"),
    ],
)
def test_messages(told, words):
    with pytest.raises(ValueError, match=words):
        stop_advice(told)
    with pytest.raises(ValueError, match="at least 1"):
        stop_advice([], more=0)
