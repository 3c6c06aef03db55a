"""Soft labels as weighed rows of one class each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from hybridsent._numerics.expansion import expand

rng = np.random.default_rng(0)


NUMBERS = st.just(0.0) | st.floats(1e-6, 1e3)


@given(
    arrays(np.float64, st.tuples(st.integers(0, 9), st.integers(1, 4)), elements=NUMBERS),
    st.data(),
)
def test_the_weights_of_a_row_add_up_to_its_own(p, data):
    weights = data.draw(arrays(np.float64, len(p), elements=NUMBERS))
    rows, codes, found = expand(p, weights)
    sums = np.bincount(rows, found, minlength=len(p))
    known = (p.sum(axis=1) > 0) & (weights > 0)
    np.testing.assert_allclose(sums, np.where(known, weights, 0))
    assert (np.diff(rows) >= 0).all()
    assert (p[rows, codes] > 0).all()


def test_the_loss_is_the_expected_loss():
    """Against the expected log-loss, written out and minimised by SciPy."""
    X, p = rng.normal(size=(60, 3)), rng.dirichlet([0.5] * 3, 60)
    rows, codes, weights = expand(p)
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)
    model.fit(X[rows], codes, sample_weight=weights)

    def loss(theta):
        W, b = theta[:9].reshape(3, 3), theta[9:]
        return 0.5 * (W**2).sum() - (p * log_softmax(X @ W.T + b, axis=1)).sum()

    W = minimize(loss, np.zeros(12), tol=1e-12).x[:9].reshape(3, 3)
    np.testing.assert_allclose(model.coef_, W - W.mean(axis=0), atol=1e-4)


def test_hard_labels_are_themselves_and_rows_without_one_are_left_out():
    rows, codes, weights = expand([[0, 1], [np.nan, np.nan], [0, 0], [3, 0]])
    assert (rows.tolist(), codes.tolist()) == ([0, 3], [1, 0])
    assert weights.tolist() == [1, 1]
    assert len(expand(np.zeros((0, 2))).rows) == 0


def test_small_shares_are_left_out_and_the_others_fill_the_row():
    _, codes, weights = expand([[0.01, 0.49, 0.5]], least=0.05)
    assert codes.tolist() == [1, 2]
    np.testing.assert_allclose(weights, [0.49 / 0.99, 0.5 / 0.99])


@pytest.mark.parametrize(
    ("p", "rest", "told"),
    [
        ([0.5, 0.5], {}, r"matrix .* Got the shape \(2,\)"),
        ([[-0.1, 1.1]], {}, "row 0"),
        ([[np.nan, 1.0]], {}, "row 0"),
        ([[0.5, 0.5]], {"least": 0.5}, "below 1 / n_classes"),
        ([[0.5, 0.5]], {"sample_weight": [1, 2]}, "1 numbers from 0 on"),
    ],
)
def test_what_is_no_soft_label_is_refused(p, rest, told):
    with pytest.raises(ValueError, match=told):
        expand(p, **rest)
