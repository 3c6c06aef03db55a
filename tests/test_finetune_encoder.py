"""`FineTunedEncoder`: tuned inside each fold, once for the same rows, and gone with its last user."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline

import hybridsent
from hybridsent import TextEncoder, make_fusion
from hybridsent.encoders import check_commercial
from hybridsent.evaluation import encoders_of, evaluate
from hybridsent.exceptions import CellError, CellWarning, UnknownBackboneError, UntrustedPathError
from hybridsent.finetune import FineTunedEncoder, _encoder, _kept, finetune

GOOD = ["a good day", "i like the sun", "great movie", "so lovely", "happy bird", "it is good"]
BAD = ["a bad day", "rain", "sad movie", "so sad", "bad night", "it is not good"]
X, Y = [*GOOD, *BAD], np.repeat([1, 0], 6)


@pytest.fixture(scope="session")
def bert(tmp_path_factory) -> Path:
    return tiny.text_model("bert", tmp_path_factory.mktemp("bert") / "model")


@pytest.fixture
def make(bert):
    """Make an encoder over the tiny text model, in float32."""
    frozen = TextEncoder(f"hf:{bert}", precision="float32", store=None)
    usual = {"precision": "float32", "epochs": 1, "learning_rate": 5e-3}
    return functools.partial(FineTunedEncoder, frozen, **usual)


@pytest.fixture
def tunings(monkeypatch):
    """Count the trainings, with a memory of weights of this test's own."""
    monkeypatch.setattr(_kept, "_alive", type(_kept._alive)())
    monkeypatch.setattr(_kept, "_latest", type(_kept._latest)())
    counted = []

    def tune(*args, **options):
        counted.append(args)
        return real(*args, **options)

    real = _encoder.tune
    monkeypatch.setattr(_encoder, "tune", tune)
    return counted


# -- what it gives ---------------------------------------------------------------------------------


def test_the_features_are_those_of_finetune(make, bert):
    frozen = TextEncoder(f"hf:{bert}", precision="float32", store=None)
    encoder = make(random_state=3)
    Z = encoder.fit_transform(X, Y)
    seeded = type("Seed", (np.random.RandomState,), {"randint": lambda *_: 3})()
    tuned = finetune(
        frozen, X, Y, precision="float32", epochs=1, learning_rate=5e-3, random_state=seeded
    )
    np.testing.assert_allclose(Z, tuned.encoder().transform(X), atol=1e-6)
    assert encoder.history_ == tuned.history
    assert not np.allclose(Z, frozen.fit_transform(X), atol=1e-3)


def test_columns_are_named_and_missing_cells_are_rows_of_nan(make):
    encoder = make().set_output(transform="pandas")
    out = encoder.fit_transform(pd.Series([*X, None, ""]), [*Y, 1, 0])
    assert list(out.columns) == [f"text__{i}" for i in range(16)]
    assert set(out.dtypes) == {np.dtype("float32")}
    assert out.isna().all(axis=1).tolist() == [False] * 12 + [True] * 2


def test_rows_without_a_label_are_encoded_and_not_learned(make, tunings):
    labels = np.array([*Y, -1, -1], dtype=object)
    few = make().fit([*X, "rain", "the bird"], labels)
    all_of_them = make().fit(X, Y)
    np.testing.assert_allclose(few.transform(X), all_of_them.transform(X), atol=1e-6)


def test_a_broken_cell_is_refused_or_missing(make):
    with pytest.raises(CellError, match="row 12"):
        make().fit([*X, 7], [*Y, 1])
    with pytest.warns(CellWarning):
        encoder = make(on_error="missing").fit([*X, 7], [*Y, 1])
    with pytest.warns(CellWarning):
        assert np.isnan(encoder.transform([7, "rain"])).all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize(
    ("y", "task"),
    [(np.linspace(-1, 1, 12), "regression"), (["a|b", "a"] * 3 + ["b", "|"] * 3, "multilabel")],
)
def test_numbers_and_sets_are_learned(make, y, task):
    assert make(task=task).fit_transform(X, y).shape == (12, 16)


def test_segments_are_columns(bert):
    frozen = TextEncoder(f"hf:{bert}", precision="float32", store=None, steps=2)
    encoder = FineTunedEncoder(frozen, precision="float32", epochs=1)
    assert encoder.fit_transform(X, Y).shape == (12, 32)
    assert encoder.get_feature_names_out()[16] == "text__s1_0"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"how": "half"}, "how"),
        ({"modality": "smell"}, "modality"),
        ({"source_epochs": 2}, "source_epochs"),
        ({"source": (X, Y), "source_weight": 2.0}, "source_weight"),
        ({"source": [X, Y]}, "source"),
        ({"task": "regression", "loss": "contrastive"}, "loss"),
    ],
)
def test_wrong_parameters_are_named(make, wrong, message):
    with pytest.raises(ValueError, match=message):
        make(**wrong).fit(X, Y)


def test_it_asks_for_labels_of_two_classes(make):
    with pytest.raises(ValueError, match="must be given labels"):
        make().fit(X)
    with pytest.raises(ValueError, match="two classes"):
        make().fit(X, np.ones(12, dtype=int))
    with pytest.raises(ValueError, match="two classes"):
        make().fit([None] * 12, Y)


# -- a source first --------------------------------------------------------------------------------


def test_a_source_is_tuned_once_and_then_the_target_with_other_labels(make, tunings):
    source = (X, [0.5 * i for i in range(12)])
    one = make(source=source).fit(X, Y)
    two = make(source=source).fit(X[:10], Y[:10])
    assert len(tunings) == 3  # the source once
    first = finetune(make().frozen_encoder(), *source, task="regression", precision="float32")
    assert "source_history" not in one.get_params()
    assert not np.allclose(one.transform(X), two.transform(X), atol=1e-6)
    assert not np.allclose(one.transform(X), make().fit(X, Y).transform(X), atol=1e-4)
    assert first.classes_ is None


def test_finetune_learns_a_source_first_and_then_what_was_tuned(make, bert):
    source = (X, ["a", "b", "c"] * 4)
    some = {"precision": "float32", "epochs": 1, "random_state": 0}
    frozen = TextEncoder(f"hf:{bert}", precision="float32", store=None)
    tuned = finetune(frozen, X, Y, source=source, source_first=True, source_epochs=1, **some)
    steps = finetune(frozen, *source, **some)
    again = finetune(steps, X, Y, **some)
    np.testing.assert_allclose(
        tuned.encoder().transform(X), again.encoder().transform(X), atol=1e-6
    )
    assert tuned.classes_.tolist() == [0, 1]
    assert tuned.name.startswith("text/model+")
    with pytest.raises(ValueError, match="source_first must be False without a source"):
        finetune(frozen, X, Y, source_first=True)


# -- inside folds ----------------------------------------------------------------------------------


def test_each_fold_tunes_on_its_own_rows_and_settings_of_the_head_find_them(make, tunings):
    model = make_pipeline(make(), LogisticRegression())
    assert len(cross_validate(model, X, Y, cv=3)["test_score"]) == 3
    assert len(tunings) == 3
    GridSearchCV(model, {"logisticregression__C": [0.1, 1, 10]}, cv=3, refit=False).fit(X, Y)
    assert len(tunings) == 3
    cross_validate(model.set_params(finetunedencoder__random_state=1), X, Y, cv=3)
    assert len(tunings) == 6


def test_a_view_is_tuned_in_each_fold_of_evaluate(make, tunings):
    table = pd.DataFrame({"text": X, "other": X, "label": np.where(Y, "good", "bad")})
    views = {"text": make(), "other": "text/words"}
    result = evaluate(make_fusion(views=views), table, "label", cv=3, check=False)
    assert len(tunings) == 3  # the view alone finds the weights of the fusion
    assert "text" in result.to_frame().index
    assert result.encoded_rows == 0


def test_groups_reach_it_behind_columns(make, monkeypatch):
    seen = []
    real = FineTunedEncoder.fit
    monkeypatch.setattr(
        FineTunedEncoder,
        "fit",
        lambda self, X, y, groups=None: seen.append(groups) or real(self, X, y, groups),
    )
    table = pd.DataFrame({"text": X, "who": [i // 2 for i in range(12)], "label": Y})
    model = make_fusion(views={"text": make()})
    evaluate(model, table, "label", groups="who", cv=3, check=False)
    assert all(groups is not None for groups in seen)


def test_names_of_views_make_it(bert):
    model = make_fusion(text="tune:text/minilm-l6", random_state=3, task="regression", store=None)
    [(_, made, column)] = model["features"].transformers
    assert isinstance(made, FineTunedEncoder)
    assert (made.backbone.model, made.task, made.random_state) == (
        "text/minilm-l6",
        "regression",
        3,
    )
    assert column == "text"
    assert list(encoders_of(model)) == []
    by_default = make_fusion(views={"text": "tune:text"})["features"].transformers[0][1]
    assert by_default.backbone.model == TextEncoder().model
    for wrong in ("tune:text/words", "tune:tune:text", "tune:nothing"):
        with pytest.raises(UnknownBackboneError):
            make_fusion(views={"title": wrong})
    with pytest.raises(UnknownBackboneError, match="tuned on the labelled rows of each fit"):
        TextEncoder("tune:text/minilm-l6").fit(X)


def test_the_licence_of_what_is_tuned_is_asked_for():
    check_commercial(FineTunedEncoder("text/minilm-l6"))
    with pytest.raises(hybridsent.exceptions.LicenceError):
        check_commercial([FineTunedEncoder("audio/compare-2016")])


# -- where the weights are -------------------------------------------------------------------------


def test_the_same_rows_are_tuned_once(make, tunings):
    one, two = make().fit(X, Y), make().fit(np.array(X, dtype=object), list(Y))
    assert (one.found_, two.found_, len(tunings)) == (False, True, 1)
    assert one.encoder_.model == two.encoder_.model
    make().fit(X[::-1], Y)
    make().fit(X, Y[::-1])
    make(epochs=2).fit(X, Y)
    assert len(tunings) == 4


def test_files_go_with_the_last_who_uses_them(make, tunings, monkeypatch):
    monkeypatch.setattr(_kept, "_MOST", 1)
    encoder = make().fit(X, Y)
    twin = copy.deepcopy(encoder)
    folder = Path(encoder.encoder_.model.removeprefix("tuned:"))
    Z = encoder.transform(X)
    make(random_state=1).fit(X, Y)  # is now the latest one
    del encoder
    gc.collect()
    np.testing.assert_array_equal(twin.transform(X), Z)
    del twin
    gc.collect()
    assert not folder.exists()


def test_weights_travel_with_a_pickle(make):
    encoder = make().fit(X, Y)
    there = pickle.loads(pickle.dumps(encoder))
    assert there.encoder_.model != encoder.encoder_.model
    np.testing.assert_array_equal(there.transform(X), encoder.transform(X))
    assert not hasattr(clone(there), "encoder_")


def test_a_folder_of_the_users_is_found_by_other_processes(make, tunings, tmp_path, bert):
    encoder = make(folder=tmp_path / "home").fit(X, Y)
    [kept] = (tmp_path / "home").iterdir()
    code = (
        "import pickle, sys; e = pickle.load(sys.stdin.buffer); X, Y = pickle.load(sys.stdin.buffer);"
        "sys.exit(0 if e.fit(X, Y).found_ else 1)"
    )
    given = pickle.dumps(clone(encoder)) + pickle.dumps((X, Y))
    subprocess.run([sys.executable, "-W", "error", "-c", code], input=given, check=True)
    assert encoder.encoder_.model == f"tuned:{kept}"
    assert len(pickle.dumps(encoder)) < 20_000


def test_a_model_with_a_folder_is_saved_and_loaded_by_its_path(make, tmp_path, bert):
    model = make_pipeline(make(folder=str(tmp_path / "home")), LogisticRegression()).fit(X, Y)
    hybridsent.save(model, tmp_path / "model.hybridsent")
    with pytest.raises(UntrustedPathError, match="home"):
        hybridsent.load(tmp_path / "model.hybridsent")
    loaded = hybridsent.load(tmp_path / "model.hybridsent", paths=[str(tmp_path), str(bert)])
    np.testing.assert_allclose(loaded.predict_proba(X), model.predict_proba(X), atol=1e-6)


def test_a_model_without_one_warns_when_it_is_saved(make, tmp_path):
    model = make_pipeline(make(), LogisticRegression()).fit(X, Y)
    with pytest.warns(hybridsent.exceptions.HybridsentWarning, match="folder="):
        hybridsent.save(model, tmp_path / "model.hybridsent")
