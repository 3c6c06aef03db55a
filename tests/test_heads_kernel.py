"""KernelClassifier against scikit-learn's SVC, and its probabilities."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_iris, make_classification
from sklearn.model_selection import cross_val_predict
from sklearn.svm import SVC

from hybridsent import load, save
from hybridsent._folds import inner_folds
from hybridsent._numerics.classes import pairwise_duals
from hybridsent._numerics.kernels import kernel_matrix
from hybridsent.heads import KernelClassifier, LateFusionClassifier


def made(k=3, n=240, **options):
    return make_classification(
        n, 12, n_informative=6, n_classes=k, class_sep=0.7, random_state=0, **options
    )


def margins(model, X):
    raw = kernel_matrix(np.asarray(X, dtype=float), model.support_vectors_, model.gamma_)
    return raw @ model.dual_coef_.T + model.intercept_


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_margins_are_those_of_svc_with_gamma_scale(k, class_weight):
    X, y = made(k)
    X = (X - X.mean(axis=0)) / X.std(axis=0)  # SVC takes the variance of all cells at once
    model = KernelClassifier(Cs=[1.5], class_weight=class_weight).fit(X, y)
    theirs = SVC(C=1.5, class_weight=class_weight, decision_function_shape="ovo").fit(X, y)
    fresh = X[:50] + 0.1
    found = theirs.decision_function(fresh).reshape(50, -1)
    np.testing.assert_allclose(margins(model, fresh), found, atol=2e-3)


def test_the_kernel_is_its_formula(rng):
    A, B = rng.standard_normal((7, 3)) + 100, rng.standard_normal((5, 3)) + 100
    expected = np.exp(-0.3 * ((A[:, None] - B) ** 2).sum(axis=2))
    np.testing.assert_allclose(kernel_matrix(A, B, 0.3), expected, rtol=1e-9)
    found = kernel_matrix(A.astype(np.float32), B.astype(np.float32), 0.3)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found.dtype == np.float64


def test_weights_of_pairs_stand_where_libsvm_puts_them(rng):
    X, y = made(4)
    machine = SVC(decision_function_shape="ovo").fit(X, y)
    kernel = kernel_matrix(X, X[machine.support_], 1 / (12 * X.var()))
    np.testing.assert_allclose(
        kernel @ pairwise_duals(machine).T + machine.intercept_,
        machine.decision_function(X),
        atol=1e-8,
    )


def test_it_is_calibrated_on_margins_of_rows_the_machines_never_saw():
    X, y = made()
    model = KernelClassifier(Cs=[1.0], cv=4).fit(X, y)
    splits = inner_folds(y, 4)
    svc = SVC(C=1.0, gamma=model.gamma_, decision_function_shape="ovo")
    held_out = cross_val_predict(svc, X, y, cv=splits, method="decision_function")
    scaler = model.calibrator_[0]
    np.testing.assert_allclose(scaler.mean_, held_out.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(scaler.scale_, held_out.std(axis=0), rtol=1e-2)


def test_probabilities_mean_what_they_say():
    X, y = made(2, n=1500, flip_y=0.2)
    given = KernelClassifier().fit(X[:700], y[:700]).predict_proba(X[700:])[:, 1]
    true, said = calibration_curve(y[700:], given, n_bins=5, strategy="quantile")
    np.testing.assert_allclose(true, said, atol=0.1)


def test_the_smallest_loss_decides_and_the_search_ends_where_it_rises():
    X, y = made(flip_y=0.3)
    model = KernelClassifier(Cs=[100.0, 0.1, 1.0, 1000.0]).fit(X, y)
    tried = list(model.scores_)
    assert tried == sorted(tried)
    assert max(model.scores_, key=model.scores_.get) == model.C_
    assert 1000.0 not in tried
    again = KernelClassifier(Cs=[model.C_]).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_groups_are_not_split():
    rng = np.random.default_rng(3)
    X, y = np.tile(rng.standard_normal((60, 4)), (4, 1)), np.tile(rng.integers(2, size=60), 4)
    groups = np.tile(np.arange(60), 4)
    leaky, honest = KernelClassifier().fit(X, y), KernelClassifier().fit(X, y, groups)
    assert max(leaky.scores_.values()) > max(honest.scores_.values()) + 0.1


def test_a_class_of_one_row_keeps_a_probability():
    X, y = made(2, n=60)
    y[0] = 7
    model = KernelClassifier().fit(X, y)
    given = model.predict_proba(X)
    assert list(model.classes_) == [0, 1, 7]
    np.testing.assert_allclose(given.sum(axis=1), 1)
    tiny = KernelClassifier().fit([[0.0], [1.0], [1.1]], ["bad", "good", "good"])
    assert list(tiny.predict([[0.0], [1.0]])) == ["bad", "good"]


def test_rows_that_are_all_alike_get_the_shares_of_the_classes():
    model = KernelClassifier().fit(np.ones((30, 2), dtype=np.float32), [0] * 20 + [1] * 10)
    np.testing.assert_allclose(model.predict_proba(np.ones((1, 2))), [[2 / 3, 1 / 3]], atol=0.02)


def test_class_weights_by_label():
    X, y = made(2, weights=[0.85])
    names = np.array(["often", "seldom"])[y]
    plain, weighted = (
        (KernelClassifier(class_weight=w).fit(X, names).predict(X) == "seldom").sum()
        for w in (None, {"often": 1.0, "seldom": 6.0})
    )
    assert weighted > plain


def test_it_serves_as_an_expert_and_can_be_kept(tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    X.columns = ["a__0", "a__1", "b__0", "b__1"]
    names = pd.Series(load_iris().target_names[y], dtype="string[pyarrow]")
    model = LateFusionClassifier(KernelClassifier(Cs=[1.0])).fit(X.astype(np.float32), names)
    expected = model.predict_proba(X)
    assert (model.predict(X) == names).mean() > 0.93
    save(model, tmp_path / "model.zip")
    for kept in (pickle.loads(pickle.dumps(model)), load(tmp_path / "model.zip")):
        np.testing.assert_array_equal(kept.predict_proba(X), expected)


@pytest.mark.parametrize("Cs", [[], [0.0], ["a"], [np.inf]])
def test_a_grid_without_sense_is_refused(Cs):
    with pytest.raises(ValueError, match=r"'Cs'.*positive numbers. Got"):
        KernelClassifier(Cs=Cs).fit([[0.0], [1.0]], [0, 1])
