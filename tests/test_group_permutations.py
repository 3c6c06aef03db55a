"""Tests and distances that know groups: speakers that differ are no shift and no dependence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybridsent.alignment import MCCA, permutation_test
from hybridsent.evaluation import maximum_mean_discrepancy, mmd_permutation_test, proxy_a_distance


def voices(rng, speakers=8, each=15, wide=4):
    """Rows of speakers that differ; source and target are of one population."""
    middles = 2 * rng.normal(size=(speakers, wide))
    group = np.repeat(np.arange(speakers), each)
    return middles[group] + rng.normal(size=(len(group), wide)), group


def test_speakers_that_differ_are_no_shift():
    rng = np.random.default_rng(0)
    rows_alone, whole = [], []
    for _ in range(12):
        (s, g), (t, h) = voices(rng), voices(rng)
        rows_alone.append(mmd_permutation_test(s, t, n_permutations=39).p_value)
        groups = (g, h + 100)
        whole.append(mmd_permutation_test(s, t, n_permutations=39, groups=groups).p_value)
    assert np.sum(np.array(rows_alone) <= 0.05) == 12
    assert np.sum(np.array(whole) <= 0.05) <= 3


def test_a_shift_between_speakers_is_found():
    rng = np.random.default_rng(1)
    (s, g), (t, h) = voices(rng), voices(rng)
    found = mmd_permutation_test(s, t + 6, n_permutations=99, groups=(g, h + 100))
    assert found.p_value <= 0.05


def test_speakers_in_both_samples_change_sides():
    rng = np.random.default_rng(2)
    s, g = voices(rng)
    same = s + 0.5 * rng.normal(size=s.shape)
    assert mmd_permutation_test(s, same, n_permutations=99, groups=(g, g)).p_value > 0.05
    assert mmd_permutation_test(s, same + 3, n_permutations=99, groups=(g, g)).p_value <= 0.05


def test_the_discrepancy_of_one_population_of_speakers_is_nothing_in_the_mean():
    rng = np.random.default_rng(3)
    rows, whole = [], []
    for _ in range(20):
        (s, g), (t, h) = voices(rng), voices(rng)
        rows.append(maximum_mean_discrepancy(s, t))
        whole.append(maximum_mean_discrepancy(s, t, groups=(g, h + 100)))
    assert np.mean(rows) > 0.03
    assert abs(np.mean(whole)) < 0.5 * np.mean(rows)
    tested = mmd_permutation_test(s, t, n_permutations=1, groups=(g, h + 100)).statistic
    assert tested == pytest.approx(whole[-1])


def test_a_group_a_row_is_no_groups():
    rng = np.random.default_rng(4)
    s, t = rng.normal(size=(30, 2)), rng.normal(1, 1, size=(25, 2))
    own = np.arange(30), np.arange(30, 55)
    plain, grouped = (maximum_mean_discrepancy(s, t, groups=each) for each in (None, own))
    assert grouped == pytest.approx(plain)


def test_the_classifier_of_domains_does_not_know_the_speakers():
    rng = np.random.default_rng(5)
    rows, whole = [], []
    for _ in range(8):
        (s, g), (t, h) = voices(rng, wide=12), voices(rng, wide=12)
        rows.append(proxy_a_distance(s, t))
        whole.append(proxy_a_distance(s, t, groups=(g, h + 100)))
    assert np.mean(rows) > 1
    assert np.mean(whole) < 0.5 * np.mean(rows)


@pytest.mark.parametrize("groups", [([0], [1]), (np.zeros(20), np.arange(20))])
def test_groups_that_do_not_fit_are_refused(groups):
    s = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(ValueError, match="groups parameter"):
        maximum_mean_discrepancy(s, s, groups=groups)


def views(rng, speakers=10, each=12):
    """Two views that differ from speaker to speaker, of their own in each."""
    one, group = voices(rng, speakers, each, wide=2)
    two, _ = voices(rng, speakers, each, wide=2)
    columns = ["text__0", "text__1", "audio__0", "audio__1"]
    return pd.DataFrame(np.hstack([one, two]), columns=columns), group


def test_views_of_speakers_are_not_dependent_for_that():
    rng = np.random.default_rng(6)
    rows, whole = [], []
    for _ in range(12):
        X, group = views(rng)
        rows.append(permutation_test(MCCA(1), X, n_permutations=19).p_values[0])
        whole.append(permutation_test(MCCA(1), X, n_permutations=19, groups=group).p_values[0])
    assert np.sum(np.array(rows) <= 0.05) == 12
    assert np.sum(np.array(whole) <= 0.05) <= 3


def test_dependence_beside_the_speakers_is_found():
    X, group = views(np.random.default_rng(7))
    X["audio__0"] = X["text__0"] + 0.3 * X["audio__1"]
    assert permutation_test(MCCA(1), X, n_permutations=19, groups=group).p_values[0] == 0.05
    with pytest.raises(ValueError, match="at least two groups"):
        permutation_test(MCCA(1), X, groups=np.zeros(len(X)))
    with pytest.raises(ValueError, match="one group a row"):
        permutation_test(MCCA(1), X, groups=[1, 2])
