"""The curve through overlapping windows: identities, an oracle, and coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from hybridsent.timeline._smooth import Slots, _Model, smooth


def simulated(rng, kind, n, per_window, memory, own=0.05, size=0.4):
    """Scores of overlapping windows, and the level in them that is to be found."""
    slots = n + per_window - 1
    time = np.arange(slots)
    if kind == "walk":
        level = np.cumsum(rng.normal(0, 0.05, slots))
    elif kind == "wave":
        level = 0.5 * np.sin(2 * np.pi * time / rng.uniform(60, 150) + rng.uniform(0, 6))
    elif kind == "steps":
        borders = np.sort(rng.choice(slots, slots // 50, replace=False))
        level = rng.normal(0, 0.5, len(borders) + 1)[np.searchsorted(borders, time, side="right")]
    else:  # comes back to its mean
        level = np.zeros(slots)
        for slot in range(1, slots):
            level[slot] = 0.97 * level[slot - 1] + rng.normal(0, 0.08)
    noise = np.zeros(slots)
    noise[0] = rng.normal(0, size)
    for slot in range(1, slots):
        noise[slot] = memory * noise[slot - 1] + rng.normal(0, size * np.sqrt(1 - memory**2))

    def averaged(values):
        return np.convolve(values, np.ones(per_window) / per_window, "valid")

    return averaged(level + noise) + rng.normal(0, own, n), averaged(level)


def of(scores, per_window=4, hop=1.0):
    starts = np.arange(len(scores)) * hop
    return smooth(np.asarray(scores, dtype=float), starts, starts + per_window * hop, hop)


def covered(kind, memory, n=240, repeats=5, seed=3, missing=0.0):
    rng = np.random.default_rng(seed)
    inside = []
    for _ in range(repeats):
        scores, level = simulated(rng, kind, n, 4, memory)
        scores[rng.random(n) < missing] = np.nan
        low, high = of(scores).interval(0.95)
        inside.append(((level >= low) & (level <= high)).mean())
    return float(np.mean(inside))


def test_the_band_covers_as_often_as_it_says():
    """Over levels of four kinds, with noise that is alike in neighbours beyond their overlap."""
    found = [
        covered(kind, memory) for kind in ("walk", "wave", "steps", "back") for memory in (0, 0.5)
    ]
    assert 0.93 <= np.mean(found) <= 0.97, found
    assert min(found) > 0.85, found  # of one kind, within the error of a few runs


@pytest.mark.slow
@pytest.mark.parametrize(("n", "repeats"), [(150, 25), (400, 12)])
def test_the_band_covers_as_often_as_it_says_over_many_runs(n, repeats):
    found = {
        (kind, memory): covered(kind, memory, n=n, repeats=repeats, seed=7)
        for kind in ("walk", "wave", "steps", "back")
        for memory in (0, 0.5)
    }
    assert 0.93 <= np.mean(list(found.values())) <= 0.97, found


def test_intervals_that_take_windows_for_independent_do_not_cover():
    """What the model is for: the mean of a few neighbours with their standard error is too sure."""
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(20):
        scores, level = simulated(rng, "wave", 300, 4, 0.5)
        near = np.lib.stride_tricks.sliding_window_view(scores, 9)
        far = 1.96 * near.std(axis=1, ddof=1) / 3
        inside.append((np.abs(near.mean(axis=1) - level[4:-4]) <= far).mean())
    assert np.mean(inside) < 0.8


def test_what_is_missing_widens_the_band_and_is_covered():
    rng = np.random.default_rng(1)
    scores, _ = simulated(rng, "wave", 300, 4, 0)
    gap = scores.copy()
    gap[140:170] = np.nan
    whole, part = of(scores), of(gap)
    assert np.isfinite(part.mean).all()
    assert part.sd[155] > 1.5 * whole.sd[155]
    assert part.sd[155] > part.sd[141]
    assert part.sd[60] == pytest.approx(whole.sd[60], rel=0.25)
    assert 0.9 < covered("wave", 0.5, missing=0.3, repeats=3) <= 1


def test_slots_are_shared_by_what_windows_cover():
    slots = Slots.of(np.array([0.0, 1.0, 1.5]), np.array([2.5, 3.5, 4.0]), 1.0)
    assert slots.n == 4
    assert np.allclose(slots.shares.sum(axis=1), 1)
    assert np.allclose(slots.shares[0], [0.4, 0.4, 0.2])
    assert np.allclose(slots.shares[2], [0.2, 0.4, 0.4])
    assert slots.averaged(np.arange(4.0)).tolist() == pytest.approx([0.8, 1.8, 2.2])


def dense(model, z):
    """The same model with whole matrices: an oracle."""
    level, slow, passing, quick, own = model.numbers(z)
    n, slots = model.slots.n, model.slots
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    means = np.zeros((len(model.scores), n))
    for row in range(len(means)):
        np.add.at(means[row], slots.places[row], slots.shares[row])
    prior = level * slow**apart
    noise = passing * quick**apart
    constant = 25 * model.variance
    seen = model.seen
    y = model.scores[seen]
    H = means[seen]
    total = H @ (prior + noise) @ H.T + constant + own * np.eye(len(y))
    between = means @ prior @ H.T + constant
    solved = np.linalg.solve(total, y)
    mean = between @ solved
    variance = (
        np.diag(means @ prior @ means.T)
        + constant
        - np.einsum("ij,ji->i", between, np.linalg.solve(total, between.T))
    )
    log = -0.5 * (np.linalg.slogdet(total)[1] + y @ solved)
    return mean, variance, log


@pytest.mark.parametrize("length", [4.0, 2.5, 1.0])
def test_the_band_matrix_says_what_whole_matrices_say(length):
    rng = np.random.default_rng(2)
    scores = rng.normal(size=30)
    starts = np.append(np.arange(29.0), 28.3)
    seen = rng.random(30) < 0.8
    model = _Model(np.where(seen, scores, 0), seen, Slots.of(starts, starts + length, 1.0))
    logs = []
    for z in ([-0.5, 2.0, 0.2, -1.0, -2.5], [0.3, 1.0, -1.0, -2.0, -1.0]):
        z = np.array(z)
        mean, variance = model.level(z)
        oracle = dense(model, z)
        assert np.allclose(mean, oracle[0], atol=1e-8)
        assert np.allclose(variance, oracle[1], atol=1e-8)
        from hybridsent.timeline._smooth import _CENTRE, _WIDTH

        prior = 0.5 * (((z - _CENTRE) / _WIDTH) ** 2).sum()
        logs.append((-(model.badness(z) - prior), oracle[2]))
    (a, b), (c, d) = logs
    assert a - c == pytest.approx(b - d, abs=1e-8)  # up to a constant


def test_the_mean_of_a_speaker_covers_their_level():
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(20):
        scores, level = simulated(rng, "wave", 160, 4, 0.5)
        curve = of(scores)
        theirs = np.zeros(160)
        theirs[20:60] = theirs[100:130] = 1
        _, low, high = curve.contrast(scores, theirs / theirs.sum(), 0.95)
        inside.append(low <= level @ theirs / theirs.sum() <= high)
    assert 0.8 <= np.mean(inside) <= 1


def test_a_contrast_is_the_weighted_sum_and_scales():
    scores, _ = simulated(np.random.default_rng(5), "wave", 100, 4, 0)
    curve = of(scores)
    value, low, high = curve.contrast(scores, np.full(100, 0.01), 0.95)
    assert value == pytest.approx(scores.mean())
    double = curve.contrast(scores, np.full(100, 0.02), 0.95)
    assert double[2] - double[1] == pytest.approx(2 * (high - low))
    assert np.isnan(curve.contrast(scores, np.zeros(100), 0.95)).all()


def test_scores_may_be_shifted_and_scaled():
    scores, _ = simulated(np.random.default_rng(6), "wave", 120, 4, 0)
    one, other = of(scores), of(5 + 3 * scores)
    assert np.allclose(5 + 3 * one.mean, other.mean, atol=0.01)
    assert np.allclose(3 * one.sd, other.sd, rtol=0.02)


@pytest.mark.parametrize("scores", [[0.5], [0.1, 0.4, np.nan], [np.nan] * 4 + [0.2]])
def test_a_few_windows_have_no_interval(scores):
    curve = of(scores)
    assert np.isnan(curve.sd).all()
    assert curve.mean == pytest.approx(np.nanmean(scores))


def test_a_constant_score_is_a_constant_curve():
    curve = of(np.full(50, 0.3))
    assert np.allclose(curve.mean, 0.3, atol=1e-6)
    assert (curve.sd < 1e-4).all()


def test_the_interval_of_a_mean_keeps_within_what_the_index_can_be():
    rng = np.random.default_rng(0)
    scores = np.clip(0.98 + 0.02 * rng.normal(size=30), -1, 1)
    starts = np.arange(30.0)
    curve = smooth(scores, starts, starts + 4, 1.0)
    free = curve.contrast(scores, np.full(30, 1 / 30), 0.9999)
    kept = curve.contrast(scores, np.full(30, 1 / 30), 0.9999, (-1.0, free[2] - 0.001))
    assert kept[2] == free[2] - 0.001
    assert kept[:2] == free[:2]
