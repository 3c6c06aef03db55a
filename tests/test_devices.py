"""Heads on a device: the same numbers as in NumPy, and nothing of the device left in what is fitted."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from hashed import Hashed, fakes, posts
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from hybridsent import load, make_features, make_fusion, save
from hybridsent.cli import main
from hybridsent.devices import OnDevice
from hybridsent.exceptions import SlowPathWarning
from hybridsent.heads import BoostedTreesClassifier
from hybridsent.missing import PresentRows
from hybridsent.persist import inspect

TENSORS = "torch:cpu"  # the way of the GPU, on any machine
NOWHERE = "cuda:99"

gpu = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
every_device = pytest.mark.parametrize("device", [TENSORS, pytest.param("cuda", marks=gpu)])


@pytest.fixture
def dispatch(monkeypatch):
    """What a user sets before Python starts; PCA asks nothing of scipy, so here it may come late."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")


@pytest.fixture
def no_dispatch(monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "0")


@pytest.fixture
def X(rng):
    """Rows with a spectrum that falls: the directions are well apart."""
    return (rng.standard_normal((90, 12)) * 1.5 ** -np.arange(12) + 3).astype(np.float32)


def same_up_to_sign(one, other, tolerance=1e-4):
    signs = np.sign((one * other).sum(axis=0))
    np.testing.assert_allclose(one * signs, other, atol=tolerance)


def tensors_in(item):
    """Whether anything of torch is left in a fitted estimator."""
    if isinstance(item, torch.Tensor):
        return True
    if isinstance(item, dict):
        return any(map(tensors_in, item.values()))
    if isinstance(item, list | tuple):
        return any(map(tensors_in, item))
    return hasattr(item, "__dict__") and tensors_in(vars(item))


# -- the same numbers ------------------------------------------------------------------------------

SOLVERS = {
    "full": PCA(4, svd_solver="full"),
    "full, share": PCA(0.9, svd_solver="full"),
    "full, all": PCA(svd_solver="full"),
    "full, whitened": PCA(4, svd_solver="full", whiten=True),
    "covariance": PCA(4, svd_solver="covariance_eigh"),
    "covariance, share": PCA(0.9, svd_solver="covariance_eigh"),
    "randomized": PCA(4, svd_solver="randomized", power_iteration_normalizer="QR", random_state=0),
    "auto": PCA(4),
    "auto, share": PCA(0.9),
}


@every_device
@pytest.mark.parametrize("pca", SOLVERS.values(), ids=SOLVERS)
def test_tensors_give_the_components_of_arrays(pca, device, X, dispatch):
    plain = clone(pca).fit(X)
    moved = OnDevice(pca, device=device).fit(X)
    inner = moved.estimator_
    assert inner.n_components_ == plain.n_components_
    same_up_to_sign(moved.transform(X), plain.transform(X))
    same_up_to_sign(inner.components_.T, plain.components_.T)
    for name in ("mean_", "explained_variance_", "explained_variance_ratio_", "singular_values_"):
        np.testing.assert_allclose(getattr(inner, name), getattr(plain, name), rtol=1e-4)
    assert inner.noise_variance_ == pytest.approx(plain.noise_variance_, rel=1e-3, abs=1e-6)


@every_device
def test_what_is_learned_is_what_numpy_would_hold(device, X, dispatch):
    for pca in (PCA(3), PCA(0.9)):
        plain, moved = clone(pca).fit(X), OnDevice(pca, device=device).fit(X)
        assert not tensors_in(moved)
        theirs, mine = vars(plain), vars(moved.estimator_)
        assert mine.keys() - {"_sklearn_output_config"} == theirs.keys()
        for name, value in theirs.items():
            assert isinstance(mine[name], np.generic | np.ndarray) == isinstance(
                value, np.generic | np.ndarray
            ), name
            assert np.shape(mine[name]) == np.shape(value)


def test_on_the_cpu_it_is_the_transformer_itself(X, no_dispatch):
    for rows in (X, X.astype(np.float64), pd.DataFrame(X)):
        wrapped = OnDevice(PCA(3)).fit(rows)
        values = rows.to_numpy() if hasattr(rows, "columns") else rows
        plain = PCA(3).fit(values)
        np.testing.assert_array_equal(wrapped.transform(rows), plain.transform(values))
        assert wrapped.transform(rows).dtype == values.dtype


@every_device
@pytest.mark.parametrize(
    "kind", [np.float32, np.float64, np.int64, pd.DataFrame, "read-only", list]
)
def test_any_matrix_becomes_float32(kind, device, X, dispatch):
    rows = 10 * X
    if kind == "read-only":
        rows.setflags(write=False)
    else:
        rows = (
            rows.tolist()
            if kind is list
            else kind(rows)
            if kind is pd.DataFrame
            else rows.astype(kind)
        )
    before = np.array(rows)
    moved = OnDevice(PCA(2, copy=False), device=device).fit(rows)
    assert moved.transform(rows).dtype == np.float32
    same_up_to_sign(moved.transform(rows), PCA(2).fit_transform(before), tolerance=1e-3)
    np.testing.assert_array_equal(rows, before)  # copy=False is about the tensor


@every_device
def test_the_parts_of_a_pipeline_come_back_too(device, X, dispatch):
    steps = make_pipeline(MinMaxScaler(), PCA(3))
    moved = OnDevice(steps, device=device).fit(X)
    same_up_to_sign(moved.transform(X), clone(steps).fit_transform(X))
    assert not tensors_in(moved)
    assert not hasattr(steps[1], "components_")


@every_device
@pytest.mark.parametrize("labels", ["numbers", "words"])
def test_a_target_is_given_on(labels, device, X, dispatch):
    y = (X[:, 0] > 3).astype(int) + (X[:, 1] > 3)
    target = y if labels == "numbers" else pd.Series(np.array(["a", "b", "c"])[y], dtype="str")
    moved = OnDevice(LinearDiscriminantAnalysis(), device=device).fit(X, target)
    theirs = LinearDiscriminantAnalysis().fit(X, y)
    same_up_to_sign(moved.transform(X), theirs.transform(X), tolerance=2e-3)
    assert not tensors_in(moved)


@every_device
def test_nan_is_left_to_the_transformer(device, X, dispatch):
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match=r"X contains NaN.*\n.*PCA does not accept"):
        OnDevice(PCA(2), device=device).fit(X)
    scaled = OnDevice(MinMaxScaler(), device=device)
    assert scaled.__sklearn_tags__().input_tags.allow_nan
    assert not OnDevice(PCA(), device=device).__sklearn_tags__().input_tags.allow_nan
    present = PresentRows(OnDevice(PCA(2), device=device)).fit_transform(X)
    assert np.isnan(present).all(axis=1).nonzero()[0].tolist() == [3]


# -- an estimator like any other -------------------------------------------------------------------


CHECKS = list(estimator_checks_generator(OnDevice(PCA(1), device=TENSORS), legacy=True))


def test_there_are_checks():
    assert len(CHECKS) >= 40


@pytest.mark.parametrize(
    ("estimator", "check"), CHECKS, ids=lambda value: getattr(value, "func", type).__name__
)
def test_scikit_learn_checks_the_way_of_tensors(estimator, check, dispatch):
    check(estimator)


def test_clone_and_parameters_reach_the_transformer():
    model = OnDevice(PCA(3), device="cuda")
    assert set(model.get_params()) >= {"estimator", "device", "estimator__n_components"}
    copied = clone(model).set_params(estimator__n_components=2, device="cpu")
    assert (copied.estimator.n_components, copied.device) == (2, "cpu")
    assert (model.estimator.n_components, model.device) == (3, "cuda")


def test_a_grid_search_reaches_the_transformer(X, dispatch):
    y = np.array(["bad", "good"])[(X[:, 0] > 3).astype(int)]
    model = make_pipeline(OnDevice(PCA(), device=TENSORS), LogisticRegression())
    search = GridSearchCV(model, {"ondevice__estimator__n_components": [1, 3]}, cv=2).fit(X, y)
    plain = make_pipeline(PCA(), LogisticRegression())
    theirs = GridSearchCV(plain, {"pca__n_components": [1, 3]}, cv=2).fit(X, y)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"]
    )
    assert not tensors_in(search.best_estimator_)


def test_names_and_tables(X, dispatch):
    frame = pd.DataFrame(X, columns=[f"text__{i}" for i in range(12)], index=range(7, 97))
    for pca in (PCA(2), PCA(2).set_output(transform="pandas")):
        for device in ("cpu", TENSORS):
            model = OnDevice(pca, device=device).fit(frame)
            assert isinstance(model.transform(frame), np.ndarray)
            assert list(model.feature_names_in_) == list(frame.columns)
            assert list(model.get_feature_names_out()) == ["pca0", "pca1"]
            with sklearn.config_context(transform_output="pandas"):
                assert list(clone(model).fit_transform(frame).columns) == ["pca0", "pca1"]
            table = model.set_output(transform="pandas").transform(frame)
            assert list(table.columns) == ["pca0", "pca1"]
            assert list(table.index) == list(frame.index)
    scaler = OnDevice(MinMaxScaler(), device=TENSORS).fit(frame)
    assert list(scaler.get_feature_names_out()) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names"):
        model.transform(frame.iloc[:, ::-1])


def test_the_transformer_sees_tensors_and_scikit_learns_configuration_is_left_alone(X, dispatch):
    before = sklearn.get_config()
    seen = []
    spy = FunctionTransformer(lambda rows: seen.append((rows, sklearn.get_config())) or rows)
    OnDevice(spy, device=TENSORS).fit_transform(X.astype(np.float64))
    rows, config = seen[-1]
    assert (type(rows), rows.dtype, rows.device.type) == (torch.Tensor, torch.float32, "cpu")
    assert config == {**before, "array_api_dispatch": True}
    OnDevice(spy).fit_transform(X)
    rows, config = seen[-1]
    assert (type(rows), config) == (np.ndarray, before)
    assert sklearn.get_config() == before
    with pytest.raises(ValueError, match="arpack"):
        OnDevice(PCA(2, svd_solver="arpack"), device=TENSORS).fit(X)
    assert sklearn.get_config() == before


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "device", ["gpu", "tpu", "", "cuda:", "cuda:x", "cuda:-1", "cpu:0", 0, None, ["cuda"]]
)
def test_unknown_devices_are_named(device, X, dispatch):
    message = (
        r"The 'device' parameter of OnDevice must be a str among 'cpu', 'cuda', 'mps', 'torch:cpu' "
        r"\('cuda:1' is the second one\)\. Got .* instead"
    )
    with pytest.raises(ValueError, match=message):
        OnDevice(PCA(2), device=device).fit(X)
    with pytest.raises(ValueError, match=message):
        OnDevice(PCA(2)).fit(X).set_params(device=device).transform(X)


def test_a_device_of_another_machine_is_named(X, dispatch):
    message = (
        r"The 'device' parameter of OnDevice must be one that can be used here\. Got 'cuda:99', but "
        r"torch finds \['torch:cpu'.*\] on this machine; or choose device='cpu'"
    )
    with pytest.raises(ValueError, match=message):
        OnDevice(PCA(2), device=NOWHERE).fit(X)


@pytest.mark.parametrize("value", [None, "0", "true"])
def test_without_dispatch_the_way_out_is_named(value, X, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", value or "")
    if value is None:
        monkeypatch.delenv("SCIPY_ARRAY_API")
    message = (
        r"Got 'torch:cpu', but .* SCIPY_ARRAY_API is 1: .* SCIPY_ARRAY_API=1 python .* device='cpu'"
    )
    with pytest.raises(ValueError, match=message):
        OnDevice(PCA(2), device=TENSORS).fit(X)
    assert os.environ.get("SCIPY_ARRAY_API") == value


def test_what_is_no_transformer_is_refused(X):
    for device in ("cpu", TENSORS):
        with pytest.raises(ValueError, match="'estimator' parameter of OnDevice must be"):
            OnDevice(LogisticRegression(), device=device).fit(X)


# -- where the device is not -----------------------------------------------------------------------


def test_elsewhere_numpy_gives_the_same_with_a_warning(X, dispatch, monkeypatch):
    model = OnDevice(PCA(3, whiten=True), device=TENSORS).fit(X)
    expected = model.transform(X)
    for rows in (X, X.astype(np.float64)):
        with pytest.warns(SlowPathWarning, match=r"in NumPy, because .*'cuda:99'.*torch finds"):
            found = clone_fitted(model, NOWHERE).transform(rows)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-4)
    monkeypatch.setenv("SCIPY_ARRAY_API", "0")
    with pytest.warns(SlowPathWarning, match=r"SCIPY_ARRAY_API is 1: .*set_params\(device='cpu'\)"):
        np.testing.assert_allclose(model.transform(X), expected, atol=1e-4)
    np.testing.assert_allclose(clone_fitted(model, "cpu").transform(X), expected, atol=1e-4)


def clone_fitted(model, device):
    return pickle.loads(pickle.dumps(model)).set_params(device=device)


def test_pickles_hold_no_tensor(X, dispatch):
    data = pickle.dumps(OnDevice(PCA(3), device=TENSORS).fit(X))
    assert b"torch" not in data.replace(b"torch:cpu", b"")
    np.testing.assert_array_equal(
        pickle.loads(data).transform(X), OnDevice(PCA(3), device=TENSORS).fit_transform(X)
    )


USER = """
import json, sys
import numpy as np, pandas as pd
from hybridsent import load, save
from hybridsent.devices import OnDevice
from sklearn.decomposition import PCA
assert "torch" not in sys.modules
X = np.random.default_rng(0).standard_normal((50, 8))
X *= 1.5 ** -np.arange(8)
OnDevice(PCA(2)).fit_transform(X)
assert "torch" not in sys.modules
moved, plain = OnDevice(PCA(2), device="torch:cpu").fit(X), PCA(2).fit(X)
path = save(moved, sys.argv[1])
print(json.dumps([abs(np.abs(moved.transform(X)) - np.abs(plain.transform(X))).max(), X.tolist()]))
"""

READER = """
import json, sys, warnings
from hybridsent import load
model = load(sys.argv[1])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    rows = model.transform(json.loads(sys.stdin.read()))
print(json.dumps([[str(each.message) for each in caught], rows.tolist()]))
"""


def test_a_user_who_starts_python_with_the_variable_and_one_who_does_not(tmp_path):
    """The whole way in fresh processes, where scipy was imported with the variable, or without."""
    path = tmp_path / "m.hybridsent"

    def run(code, value, text=""):
        return subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={**os.environ, "SCIPY_ARRAY_API": value},
            input=text,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    error, X = json.loads(run(USER, "1"))
    assert error < 1e-4
    messages, there = json.loads(run(READER, "1", json.dumps(X)))
    assert messages == []
    messages, rows = json.loads(run(READER, "0", json.dumps(X)))
    assert len(messages) == 1
    np.testing.assert_allclose(rows, there, atol=1e-4)


# -- in the builders -------------------------------------------------------------------------------


def reducer(features, view="text"):
    return features.get_params()[f"{view}__reduce"].transformer


@pytest.mark.parametrize("reduce", ["pca", "lda"])
def test_the_default_is_the_plain_estimator(reduce):
    for part in (
        reducer(make_features(**fakes(), reduce=reduce)),
        reducer(make_fusion(**fakes(), reduce=reduce, learn_device="cpu")[0]),
    ):
        pca = part if reduce == "pca" else part[0]
        assert type(pca) is PCA
        assert pca.power_iteration_normalizer == "auto"
    assert make_fusion(**fakes(), classifier="xgboost")[-1].device == "cpu"


def test_learn_device_reaches_each_head():
    for n_components in (None, 2, 0.5):
        part = reducer(
            make_features(**fakes(), reduce="pca", n_components=n_components, learn_device="mps")
        )
        assert (type(part), part.device) == (OnDevice, "mps")
        assert part.estimator.n_components == n_components or n_components is None
    model = make_fusion(**fakes(), reduce="lda", classifier="xgboost", learn_device="cuda:1")
    steps = reducer(model[0], "image")
    assert isinstance(steps, Pipeline)
    assert (type(steps[0]), steps[0].device, steps[0].estimator.n_components) == (
        OnDevice,
        "cuda:1",
        0.99,
    )
    assert model[-1].device == "cuda:1"
    assert (
        make_fusion(text=Hashed(), classifier="xgboost", learn_device="cuda")[-1].device == "cuda"
    )
    assert "features__text__reduce__transformer__pca__estimator__n_components" in model.get_params()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"learn_device": "gpu", "reduce": "pca"}, "'learn_device' parameter of .* must be a str among 'cpu', .*Got 'gpu'"),
        ({"learn_device": None, "reduce": "pca"}, "'learn_device' parameter of .*Got None"),
        ({"learn_device": "cuda"}, "must be 'cpu' where nothing is computed there. Got 'cuda'; add reduce='pca'"),
    ],
)  # fmt: skip
def test_learn_device_is_checked_where_it_is_given(parameters, message):
    for build in (make_features, make_fusion):
        with pytest.raises(ValueError, match=message):
            build(text=Hashed(), **parameters)


def test_xgboost_knows_fewer_devices():
    for device in ("mps", TENSORS):
        with pytest.raises(
            ValueError, match=r"make_fusion must be a str among 'cpu', 'cuda' \(.*Got"
        ):
            make_fusion(text=Hashed(), reduce="pca", classifier="xgboost", learn_device=device)
        with pytest.raises(
            ValueError, match=r"'device' parameter of BoostedTreesClassifier must be a str among"
        ):
            BoostedTreesClassifier(device=device).fit([[0.0], [1.0]], [0, 1])


@every_device
@pytest.mark.parametrize("reduce", ["pca", "lda"])
@pytest.mark.parametrize("n_components", [None, 2])
def test_a_fusion_learned_on_a_device_is_the_same_and_needs_no_trust(
    reduce, n_components, device, tmp_path, dispatch, monkeypatch
):
    table, y = posts(36)
    options = {**fakes(), "reduce": reduce, "n_components": n_components}
    model = make_fusion(**options, learn_device=device).set_params(classify__Cs=(1.0,))
    model.fit(table, y)
    plain = make_fusion(**options).set_params(classify__Cs=(1.0,)).fit(table, y)
    np.testing.assert_allclose(model.predict_proba(table), plain.predict_proba(table), atol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the cheap encoder has no weights to check
        path = save(model, tmp_path / "m.hybridsent")
        trusted = sorted(inspect(path)["needs_trust"])
        assert trusted == ["hashed.Hashed"]  # the fake of these tests, and nothing else
        again = load(path, trusted=trusted)
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))
    assert not tensors_in(again)
    monkeypatch.setenv("SCIPY_ARRAY_API", "0")
    with pytest.warns(SlowPathWarning):
        np.testing.assert_allclose(
            again.predict_proba(table), plain.predict_proba(table), atol=1e-3
        )


def test_a_real_fusion_saves_and_loads_with_no_trust(tmp_path, dispatch):
    table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful", None] * 2})
    y = ["pos", "pos", "neg", "neg", "pos"] * 2
    model = make_fusion(text=True, reduce="pca", n_components=2, learn_device=TENSORS).fit(table, y)
    path = save(model, tmp_path / "m.hybridsent")
    assert inspect(path)["needs_trust"] == []
    np.testing.assert_array_equal(load(path).predict_proba(table), model.predict_proba(table))


# -- boosted trees ---------------------------------------------------------------------------------


def trees(X, y, device):
    model = BoostedTreesClassifier(n_estimators=6, n_jobs=1, colsample_bytree=1.0, subsample=1.0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s).*GPU")  # xgboost's, where there is none
        return model.set_params(device=device).fit(X, y)


def test_trees_grown_for_cuda_need_no_gpu(X, tmp_path):
    """Here xgboost falls back; what is tested is that nothing of the device stays in the model."""
    y = np.array(["bad", "good"])[(X[:, 0] > 3).astype(int)]
    model, plain = trees(X, y, "cuda"), trees(X, y, "cpu")
    assert model.device == "cuda"
    assert model.model_.get_params()["device"] == "cpu"
    booster = json.loads(model.model_.get_booster().save_config())
    assert booster["learner"]["generic_param"]["device"] == "cpu"
    path = save(model, tmp_path / "m.hybridsent")
    assert inspect(path)["needs_trust"] == []
    for each in (model, load(path), pickle.loads(pickle.dumps(model))):  # without a warning
        np.testing.assert_allclose(each.predict_proba(X), plain.predict_proba(X), atol=0.02)
        assert clone(each).device == "cuda"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_trees_of_a_gpu_are_those_of_the_cpu(rng):
    X = rng.standard_normal((4000, 40)).astype(np.float32)
    X[::9, 3] = np.nan
    y = np.array(["bad", "good"])[(X[:, 0] + X[:, 1] > 0).astype(int)]
    fused = BoostedTreesClassifier(n_estimators=50, device="cuda").fit(X, y)
    plain = BoostedTreesClassifier(n_estimators=50).fit(X, y)
    assert (fused.predict(X) == plain.predict(X)).mean() > 0.97


# -- the command line ------------------------------------------------------------------------------


def test_the_command_line_learns_on_a_device(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    monkeypatch.delenv("SCIPY_ARRAY_API")  # after the test it is gone again, whoever set it
    table = tmp_path / "posts.csv"
    texts = {
        "good": ["I love it", "Wonderful", "So happy"],
        "bad": ["I hate it", "Dreadful", "Sad"],
    }
    rows = [(text, label) for label, each in texts.items() for text in each]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(table, index=False)
    model = tmp_path / "m.hybridsent"
    fit = ["fit", str(table), "--target", "label", "--text", "text", "-o", str(model)]
    assert main([*fit, "--reduce", "pca", "--learn-device", TENSORS]) == 0
    assert reducer(load(model)[0]).device == TENSORS
    assert main([*fit, "--reduce", "pca", "--learn-device", "gpu"]) == 2
    assert "must be a str among 'cpu'" in capsys.readouterr().err
    assert main([*fit, "--learn-device", "cuda"]) == 2
    assert "add --reduce pca, --classifier xgboost or a network" in capsys.readouterr().err
    assert main([*fit, "--reduce", "pca", "--learn-device", NOWHERE]) != 0
    assert "torch finds" in capsys.readouterr().err
