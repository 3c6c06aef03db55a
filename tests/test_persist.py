"""Saving and loading: what comes back, what is refused, and that nothing else changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import zipfile
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier, XGBRegressor

import hybridsent.persist
from hybridsent.exceptions import (
    BundleError,
    PersistError,
    UntrustedTypeError,
    VersionWarning,
    WeightsError,
    WeightsNotFoundError,
)
from hybridsent.persist import inspect, load, save

ROOT = Path(hybridsent.persist.__file__).parents[2]

rng = np.random.default_rng(0)
X = np.abs(rng.normal(size=(90, 5))).astype(np.float32)
CODES = (X[:, 0] > 0.7).astype(int) + (X[:, 1] > 0.7)
Y = np.array(["negative", "neutral", "positive"])[CODES]

CLASSIFIERS = [
    LogisticRegression(),
    LogisticRegressionCV(
        cv=2, l1_ratios=(0,), Cs=2, use_legacy_attributes=False, scoring="accuracy"
    ),
    SGDClassifier(random_state=0),
    SVC(),
    SVC(kernel="linear"),
    LinearSVC(),
    LinearDiscriminantAnalysis(),
    make_pipeline(PCA(2), LogisticRegression()),
    RandomForestClassifier(3, random_state=0),
    ExtraTreesClassifier(3, random_state=0),
    GradientBoostingClassifier(n_estimators=2),
    HistGradientBoostingClassifier(max_iter=2),
    KNeighborsClassifier(),
    KNeighborsClassifier(algorithm="ball_tree", weights="distance"),
    KNeighborsClassifier(algorithm="brute"),
    MLPClassifier((4,), max_iter=400, tol=0.1, random_state=0),
    CalibratedClassifierCV(LinearSVC(), cv=2),
    CalibratedClassifierCV(LinearSVC(), cv=2, method="isotonic"),
    GaussianProcessClassifier(1.0 * RBF()),
    VotingClassifier([("a", LogisticRegression()), ("b", SVC())]),
    StackingClassifier([("a", SVC()), ("b", RandomForestClassifier(2, random_state=0))], cv=2),
    make_pipeline(SelectKBest(k=2), LogisticRegression()),
    make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()),
    GridSearchCV(
        Pipeline([("scale", StandardScaler()), ("clf", LogisticRegression())]),
        {"clf__C": [0.1, 1.0]},
        cv=StratifiedKFold(2),
        scoring="f1_macro",
    ),
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2),
]
REGRESSORS = [
    Ridge(),
    SVR(),
    RandomForestRegressor(2, random_state=0),
    HistGradientBoostingRegressor(max_iter=2),
    KNeighborsRegressor(),
    XGBRegressor(n_estimators=2, booster="dart", n_jobs=1),
    XGBRegressor(n_estimators=2, booster="gblinear", n_jobs=1),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads that wait for each other would be most of the time here."""
    with threadpool_limits(1):
        yield


def name_of(estimator):
    return type(estimator).__name__


def assert_same_answers(one, other, data=X):
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        if hasattr(one, method):
            np.testing.assert_array_equal(getattr(one, method)(data), getattr(other, method)(data))


# -- round trips -----------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=name_of)
def test_classifiers_come_back_with_equal_answers(estimator, tmp_path):
    model = clone(estimator)
    model.fit(X, Y)
    loaded = load(save(model, tmp_path / "m.hybridsent"))
    assert_same_answers(model, loaded)
    assert list(loaded.classes_) == list(model.classes_)


# xgboost 3.4 deprecates the boosters dart and gblinear; models saved with them must still load
@pytest.mark.filterwarnings("ignore:.*is deprecated:UserWarning")
@pytest.mark.parametrize("estimator", REGRESSORS, ids=name_of)
def test_regressors_come_back_with_equal_answers(estimator, tmp_path):
    model = clone(estimator).fit(X, CODES)
    assert_same_answers(model, load(save(model, tmp_path / "m.hybridsent")))


def test_unfitted_estimators_come_back_too(tmp_path):
    loaded = load(save(make_pipeline(StandardScaler(), XGBClassifier()), tmp_path / "m"))
    assert loaded.fit(X, CODES).score(X, CODES) > 0.5


def test_outlier_detectors_come_back(tmp_path):
    model = IsolationForest(n_estimators=3, max_features=2, random_state=0).fit(X)
    loaded = load(save(model, tmp_path / "m"))
    np.testing.assert_array_equal(model.score_samples(X), loaded.score_samples(X))


def test_columns_of_a_table_come_back(tmp_path):
    import pandas as pd

    table = pd.DataFrame({"text": ["good film", "bad film", "fine"] * 10, "n": range(30)})
    table["kind"] = ["a", "b", "a"] * 10
    columns = ColumnTransformer(
        [
            ("text", TfidfVectorizer(), "text"),
            ("numbers", StandardScaler(), make_column_selector(dtype_include="number")),
            ("kind", OneHotEncoder(sparse_output=False), ["kind"]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(table, [0, 1, 0] * 10)
    loaded = load(save(model, tmp_path / "m"))
    assert_same_answers(model, loaded, table)
    assert list(loaded.feature_names_in_) == ["text", "n", "kind"]


def test_support_vectors_of_sparse_text_come_back(tmp_path):
    texts, labels = ["good film", "bad film", "so so"] * 6, ["p", "n", "o"] * 6
    model = make_pipeline(TfidfVectorizer(), SVC(kernel="linear")).fit(texts, labels)
    assert_same_answers(model, load(save(model, tmp_path / "m")), texts)


def test_boosters_keep_their_rounds_and_names(tmp_path):
    import pandas as pd

    table = pd.DataFrame(X, columns=list("abcde"))
    model = XGBClassifier(n_estimators=30, early_stopping_rounds=1, n_jobs=1)
    model.fit(table, CODES, eval_set=[(table, CODES)], verbose=False)
    loaded = load(save(model, tmp_path / "m"))
    assert_same_answers(model, loaded, table)
    assert loaded.best_iteration == model.best_iteration
    assert loaded.get_booster().feature_names == list("abcde")


def test_a_fresh_process_gives_the_same_answers(tmp_path):
    steps = [("scale", StandardScaler()), ("clf", RandomForestClassifier(3, random_state=0))]
    model = Pipeline(steps).fit(X, Y)
    path = save(model, tmp_path / "m.hybridsent")
    np.save(tmp_path / "x.npy", X)
    code = (
        "import sys, numpy as np; from hybridsent.persist import load;"
        "print('torch' in sys.modules);"
        "print(*load(sys.argv[1]).predict(np.load(sys.argv[2])))"
    )
    out = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(path), str(tmp_path / "x.npy")],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ).stdout.split()
    assert out == ["False", *model.predict(X)]


def test_saving_twice_and_saving_what_was_loaded_is_the_same(tmp_path):
    model = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, Y)
    first = load(save(model, tmp_path / "m"))
    assert_same_answers(model, load(save(first, tmp_path / "m")))


# -- manifest --------------------------------------------------------------------------------------


def test_the_manifest_says_what_is_in_the_file(tmp_path):
    notes = {"task": "sentiment", "scores": {"f1": [0.5, 1]}, "note": "grüß"}
    path = save(LogisticRegression().fit(X, Y), tmp_path / "m", metadata=notes)
    manifest = inspect(path)
    assert manifest["metadata"] == notes
    assert manifest["classes"] == ["negative", "neutral", "positive"]
    assert {"python", "numpy", "scikit-learn", "skops", "hybridsent"} <= set(manifest["versions"])
    assert "xgboost" not in manifest["versions"]
    assert manifest["created"].endswith("+00:00")
    assert "LogisticRegression" in manifest["estimator"]
    assert "sklearn.linear_model._logistic.LogisticRegression" in manifest["types"]
    assert manifest["encoders"] == {}
    assert manifest["needs_trust"] == []
    assert set(manifest["members"]) == {"model.skops"}
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("manifest.json")) == manifest


def test_xgboost_is_in_the_versions_where_it_is_used(tmp_path):
    assert "xgboost" in inspect(save(XGBClassifier(), tmp_path / "m"))["versions"]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"a": {1, 2}}, r"metadata\['a'\].*set"),
        ({"a": float("nan")}, r"metadata\['a'\]"),
        ({3: "x"}, "str keys; got the key 3"),
        (["x"], "mapping"),
    ],
)
def test_metadata_must_be_json(metadata, message, tmp_path):
    with pytest.raises(PersistError, match=message):
        save(LogisticRegression(), tmp_path / "m", metadata=metadata)
    assert not list(tmp_path.iterdir())


# -- the file --------------------------------------------------------------------------------------


def test_any_file_name_is_accepted_and_replaced(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    assert save(LogisticRegression(C=3), str(path)) == path
    assert load(str(path)).C == 3
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    path = save(LogisticRegression(), tmp_path / "m")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("stage", ["replace", "read"])
def test_a_failing_save_leaves_the_old_file(stage, tmp_path, monkeypatch):
    path = save(LogisticRegression(C=3), tmp_path / "m")

    def fail(*args, **kwargs):
        raise OSError("disk full")

    if stage == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr("hybridsent.persist._bundle.read_bundle", fail)
    with pytest.raises(OSError, match="disk full"):
        save(LogisticRegression(C=4), path)
    monkeypatch.undo()
    assert load(path).C == 3
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_refused(tmp_path):
    with pytest.raises(PersistError, match="folder"):
        save(LogisticRegression(), tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        save(LogisticRegression(), tmp_path / "no" / "m")
    with pytest.raises(BundleError, match="folder"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.hybridsent")
    with pytest.raises(FileNotFoundError):
        inspect(tmp_path / "nothing.hybridsent")


# -- what cannot be saved --------------------------------------------------------------------------


def local_class():
    class Local(TransformerMixin, BaseEstimator):
        pass

    return Local()


def module_function(X):
    return X


class Holder(BaseEstimator):
    def __init__(self, part=None):
        self.part = part


def nested():
    def inner(X):
        return X

    return inner


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (lambda X: X, r"part.* is .*<lambda>"),
        (nested(), r"part.* is .*inner"),
        (partial(module_function), r"part.* is functools.partial"),
        (local_class(), r"part.* is .*Local"),
        (os.system, r"part.* is (posix|nt|os).system"),
        ({True: 1}, r"part.*keys of type bool"),
        ({None: 1}, r"part.*keys of type NoneType"),
        ({1: "a", "1": "b"}, r"part"),
        ("x".upper, r"part"),
        (frozenset({1}), r"part"),
        (np.random.Generator(np.random.MT19937(0)), r"part"),
        (iter([]), r"part"),
        (object(), r"part"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_could_not_be_loaded_is_refused_and_named(part, message, tmp_path):
    path = tmp_path / "m.hybridsent"
    path.write_bytes(b"precious")
    model = Pipeline(
        [("a", FunctionTransformer()), ("b", FunctionTransformer(kw_args={"part": part}))]
    )
    with pytest.raises(PersistError, match=message) as caught:
        save(model, path)
    assert "steps[1][1].kw_args" in str(caught.value)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_list_that_holds_itself_is_refused(tmp_path):
    parts = []
    parts.append(parts)
    with pytest.raises(PersistError, match="holds itself"):
        save(FunctionTransformer(kw_args={"parts": parts}), tmp_path / "m")


def test_torch_networks_are_refused_with_the_way_out(tmp_path):
    import torch

    for part in (torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.zeros(2)):
        with pytest.raises(PersistError, match=r"kw_args.*hybridsent\.heads"):
            save(FunctionTransformer(kw_args={"net": part}), tmp_path / "m")


@pytest.mark.parametrize("thing", [3, "model", LogisticRegression, None])
def test_only_estimators_are_saved(thing, tmp_path):
    with pytest.raises(PersistError, match="estimator must be"):
        save(thing, tmp_path / "m")


def test_categorical_boosting_is_refused_with_the_way_out(tmp_path):
    import pandas as pd

    table = pd.DataFrame({"a": pd.Categorical(["x", "y", "z"] * 20), "b": range(60)})
    model = HistGradientBoostingClassifier(max_iter=2).fit(table, [0, 1, 0] * 20)
    with pytest.raises(PersistError, match="encode them as numbers first"):
        save(model, tmp_path / "m")
    model = XGBClassifier(n_estimators=2, n_jobs=1, enable_categorical=True).fit(
        table, [0, 1, 0] * 20
    )
    with pytest.raises(PersistError, match="encode them as numbers first"):
        save(model, tmp_path / "m")


# -- the user's own types --------------------------------------------------------------------------

OWN = """
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin


    def twice(X):
        return 2 * X


    class Shift(TransformerMixin, BaseEstimator):
        def __init__(self, by=1.0):
            self.by = by

        def fit(self, X, y=None):
            self.mean_ = np.mean(X, axis=0)
            return self

        def transform(self, X):
            return X - self.mean_ + self.by


    class Network:
        def __init__(self, weight):
            self.weight = weight

        def __getstate__(self):
            raise TypeError("networks are not pickled")


    class Head(ClassifierMixin, BaseEstimator):
        __hybridsent_tensor_attributes__ = ("network_",)

        def __init__(self, scale=1.0):
            self.scale = scale

        def fit(self, X, y):
            self.classes_ = np.unique(y)
            self.network_ = Network(np.linspace(-1, 1, X.shape[1] * 2).reshape(-1, 2))
            return self

        def predict(self, X):
            return self.classes_[(self.scale * X @ self.network_.weight).argmax(axis=1)]

        def __hybridsent_tensors__(self):
            return {"weight": self.network_.weight} if hasattr(self, "network_") else {}

        def __hybridsent_set_tensors__(self, tensors):
            if tensors:
                self.network_ = Network(tensors["weight"])
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "own_models.py").write_text(textwrap.dedent(OWN))
    monkeypatch.syspath_prepend(folder)
    import own_models

    yield own_models
    del sys.modules["own_models"]


def test_own_types_need_to_be_named(own, tmp_path):
    model = make_pipeline(own.Shift(), FunctionTransformer(own.twice)).fit(X)
    path = save(model, tmp_path / "m")
    names = ["own_models.Shift", "own_models.twice"]
    assert inspect(path)["needs_trust"] == names
    with pytest.raises(UntrustedTypeError) as caught:
        load(path)
    assert str(names) in str(caught.value)
    assert "trusted=" in str(caught.value)
    with pytest.raises(UntrustedTypeError, match="twice"):
        load(path, trusted=names[:1])
    assert_same_answers(model, load(path, trusted=names))


def test_own_types_are_not_imported_before_they_are_trusted(own, tmp_path, monkeypatch):
    path = save(own.Shift(), tmp_path / "m")
    monkeypatch.delitem(sys.modules, "own_models")
    with pytest.raises(UntrustedTypeError):
        load(path)
    assert "own_models" not in sys.modules
    import own_models  # noqa: F401 - the fixture removes it


def test_heads_are_saved_as_tensors(own, tmp_path):
    model = make_pipeline(StandardScaler(), own.Head()).fit(X, CODES > 0)
    kept = model[-1].network_
    path = save(model, tmp_path / "m")
    assert model[-1].network_ is kept
    assert set(inspect(path)["members"]) == {"model.skops", "tensors-0.safetensors"}
    loaded = load(path, trusted=["own_models.Head"])
    np.testing.assert_array_equal(loaded[-1].network_.weight, kept.weight)
    assert loaded[-1].network_.weight.flags.writeable
    assert_same_answers(model, loaded)


def test_torch_tensors_of_heads_are_saved_too(own, tmp_path):
    import torch

    model = own.Head().fit(X, CODES > 0)
    model.network_.weight = torch.ones(5, 2, requires_grad=True)
    loaded = load(save(model, tmp_path / "m"), trusted=["own_models.Head"])
    np.testing.assert_array_equal(loaded.network_.weight, np.ones((5, 2)))
    model.network_.weight = np.array(["x"])
    with pytest.raises(PersistError, match=r"weight.*dtype"):
        save(model, tmp_path / "m")


def test_several_heads_get_their_own_tensors_back(own, tmp_path):
    models = [("a", own.Head(1.0)), ("b", own.Head(-1.0))]
    model = VotingClassifier(models).fit(X, CODES > 0)
    model.estimators_[1].network_.weight *= -3
    loaded = load(save(model, tmp_path / "m"), trusted=["own_models.Head"])
    for one, other in zip(model.estimators_, loaded.estimators_, strict=True):
        np.testing.assert_array_equal(one.network_.weight, other.network_.weight)


# -- encoders --------------------------------------------------------------------------------------


class FakeStore:
    def __reduce__(self):
        raise TypeError("a store holds an open database")

    def __deepcopy__(self, memo):
        return self


class FakeEncoder(TransformerMixin, BaseEstimator):
    """Stands for an encoder: parameters only, and a fingerprint."""

    prints: ClassVar[dict[str, object]] = {"text/tiny": "print-1"}

    def __init__(self, model="text/tiny", store="default"):
        self.model = model
        self.store = store

    def fit(self, X, y=None):
        self.n_features_out_ = 1
        return self

    def transform(self, X):
        return np.asarray([[len(cell)] for cell in np.ravel(X)], dtype=np.float32)

    def fingerprint(self):
        value = self.prints[self.model]
        if isinstance(value, Exception):
            raise value
        return value


FakeEncoder.__module__ = "own_encoders"


@pytest.fixture
def prints(monkeypatch):
    """Make the fake encoder importable, and its fingerprints free to change."""
    from types import ModuleType

    module = ModuleType("own_encoders")
    module.FakeEncoder = FakeEncoder
    monkeypatch.setitem(sys.modules, "own_encoders", module)
    fingerprints = {"text/tiny": "print-1"}
    monkeypatch.setattr(FakeEncoder, "prints", fingerprints)
    return fingerprints


TRUST = ["own_encoders.FakeEncoder"]


def text_model(store="default"):
    columns = ColumnTransformer([("text", FakeEncoder(store=store), [0])])
    model = make_pipeline(columns, LogisticRegression())
    return model.fit(np.array([["a"], ["bbb"]], dtype=object), [0, 1])


def test_the_manifest_names_the_encoders(prints, tmp_path):
    path = save(text_model(), tmp_path / "m")
    entry = {"type": TRUST[0], "model": "text/tiny", "fingerprint": "print-1"}
    assert inspect(path)["encoders"] == {"text": entry}
    model = load(path, trusted=TRUST)
    np.testing.assert_array_equal(model.predict(np.array([["a"]], dtype=object)), [0])


def test_an_encoder_has_the_name_of_its_view(prints, tmp_path):
    inner = Pipeline([("encode", FakeEncoder()), ("scale", StandardScaler())])
    columns = ColumnTransformer([("text", inner, [0]), ("title", clone(inner), [1])])
    model = Pipeline([("features", columns)]).fit(np.array([["a", "b"]], dtype=object))
    assert sorted(inspect(save(model, tmp_path / "m"))["encoders"]) == ["text", "title"]
    model = Pipeline([("words", FakeEncoder())])
    assert sorted(inspect(save(model, tmp_path / "m"))["encoders"]) == ["words"]
    assert sorted(inspect(save(FakeEncoder(), tmp_path / "m"))["encoders"]) == ["encoder"]


def test_encoders_of_one_name_are_told_apart(prints, tmp_path):
    prints["text/other"] = "print-2"
    one, other = text_model(), text_model()
    other[0].named_transformers_["text"].model = "text/other"
    model = VotingClassifier([("one", one), ("other", other)])
    encoders = inspect(save(model, tmp_path / "m"))["encoders"]
    assert {entry["fingerprint"] for entry in encoders.values()} == {"print-1", "print-2"}
    load(tmp_path / "m", trusted=TRUST)


@pytest.mark.parametrize(
    ("store", "saved"),
    [("default", "default"), (None, None), ("/data/rows", "default"), (FakeStore(), "default")],
)
def test_stores_stay_on_their_machine(store, saved, prints, tmp_path):
    model = text_model(store)
    loaded = load(save(model, tmp_path / "m"), trusted=TRUST)
    assert loaded[0].named_transformers_["text"].store == saved
    assert loaded[0].transformers[0][1].store == saved
    assert model[0].named_transformers_["text"].store is store
    assert model[0].transformers[0][1].store is store


def test_cache_folders_stay_on_their_machine(tmp_path):
    model = make_pipeline(StandardScaler(), LogisticRegression(), memory=str(tmp_path / "cache"))
    model.fit(X, Y)
    loaded = load(save(model, tmp_path / "m"))
    assert loaded.memory is None
    assert model.memory == str(tmp_path / "cache")


def test_an_encoder_that_computes_something_else_is_refused(prints, tmp_path):
    path = save(text_model(), tmp_path / "m")
    prints["text/tiny"] = "print-9"
    with pytest.raises(BundleError, match=r"'text' \(text/tiny\).*print-9.*print-1.*fit and save"):
        load(path, trusted=TRUST)


def test_missing_weights_give_a_warning(prints, tmp_path):
    path = save(text_model(), tmp_path / "m")
    prints["text/tiny"] = WeightsNotFoundError("no model.safetensors in /nowhere")
    with pytest.warns(VersionWarning, match="needs the weights of its encoder 'text'.*nowhere"):
        load(path, trusted=TRUST)
    path = save(text_model(), tmp_path / "m")
    assert inspect(path)["encoders"]["text"]["fingerprint"] is None


@pytest.mark.parametrize("error", [WeightsError("broken"), RuntimeError("broken")])
def test_broken_encoders_are_refused(error, prints, tmp_path):
    path = save(text_model(), tmp_path / "m")
    prints["text/tiny"] = error
    with pytest.raises(BundleError, match=r"'text'.*broken"):
        load(path, trusted=TRUST)


# -- the user's estimator --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        XGBClassifier(n_estimators=2, n_jobs=1),
        KNeighborsClassifier(),
        make_pipeline(StandardScaler(), SVC(), memory="/tmp/nothing"),
        RandomForestClassifier(2, random_state=0),
    ],
    ids=name_of,
)
def test_saving_changes_nothing_in_the_estimator(estimator, tmp_path):
    model = clone(estimator)
    if isinstance(model, Pipeline):
        model.memory = str(tmp_path / "cache")
    model.fit(X, CODES)

    def state(item):
        return {
            key: (id(value), getattr(value, "tobytes", lambda: b"")())
            for key, value in vars(item).items()
        }

    before, answers = state(model), model.predict(X)
    save(model, tmp_path / "m")
    assert state(model) == before
    np.testing.assert_array_equal(model.predict(X), answers)


def test_loaded_arrays_are_not_shared_with_the_saved_model(tmp_path):
    model = LogisticRegression().fit(X, Y)
    loaded = load(save(model, tmp_path / "m"))
    loaded.coef_[:] = 0
    assert model.coef_.any()


class Constant(ClassifierMixin, BaseEstimator):
    """Never saved: lives in a test file that is no importable module under this name."""


def test_types_of_main_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(Constant, "__module__", "__main__")
    with pytest.raises(PersistError, match=r"__main__\.Constant.*importable module"):
        save(Constant(), tmp_path / "m")
