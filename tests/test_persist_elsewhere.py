"""A model on another machine: its processor, its device, its paths, its weights."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny
from joblib import Memory
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline

from hybridsent import TextEncoder, load, make_fusion, save
from hybridsent._numerics import devices
from hybridsent.encoders import BaseEncoder, _base, _loaded, _runtime
from hybridsent.exceptions import (
    BundleError,
    UntrustedPathError,
    VersionWarning,
    WeightsError,
    WeightsNotFoundError,
)
from hybridsent.persist import inspect

TABLE = pd.DataFrame(
    {"text": ["I love it", "A lovely day", "So happy", "I hate it", "A dreadful day", "So sad"]}
)
LABELS = ["good"] * 3 + ["bad"] * 3


@pytest.fixture
def processor(monkeypatch):
    """Pretend to be a processor: does it multiply bfloat16 fast, does it compute it at all?"""
    monkeypatch.setattr(_loaded, "_told", set())

    def be(fast: bool, at_all: bool = True) -> None:
        monkeypatch.setattr(_runtime, "has_bfloat16", lambda: fast)
        monkeypatch.setattr(_base, "suited", lambda _: "bfloat16" if fast else "float32")
        monkeypatch.setattr(_runtime, "multiplies_bfloat16", lambda: at_all)

    return be


def fitted(**parameters):
    return make_fusion(text=TextEncoder(**parameters)).fit(TABLE, LABELS)


def encoder_of(model):
    return model[0].named_transformers_["text"]


def as_before(path):
    """Write a bundle as it was before it told its precision."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    for entry in manifest["encoders"].values():
        del entry["precision"], entry["made_of"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members | {"manifest.json": json.dumps(manifest)}).items():
            archive.writestr(name, data)
    return path


def old_bundle(model, path):
    with pytest.MonkeyPatch.context() as older:
        older.delattr(BaseEncoder, "__getstate__")
        return as_before(save(model, path))


# -- processors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [save, old_bundle], ids=["new", "old"])
@pytest.mark.parametrize("fast", [True, False])
def test_the_precision_of_the_fit_is_kept_on_another_processor(fast, write, processor, tmp_path):
    processor(fast)
    model = fitted()
    before, answers = encoder_of(model).fingerprint(), model.predict_proba(TABLE)
    path = write(model, tmp_path / "m")
    processor(not fast)
    assert TextEncoder().fingerprint() != before
    again = load(path)  # a warning would be an error here
    assert encoder_of(again).fingerprint() == before
    assert encoder_of(again).precision_ == ("bfloat16" if fast else "float32")
    np.testing.assert_array_equal(again.predict_proba(TABLE), answers)
    assert encoder_of(again).n_encoded_ == 0  # the rows of the other machine are found


def test_a_pickle_keeps_the_precision_of_the_fit_too(processor):
    processor(True)
    model = fitted()
    before, answers = encoder_of(model).fingerprint(), model.predict_proba(TABLE)
    kept = pickle.dumps(model)
    processor(False)
    again = pickle.loads(pickle.dumps(pickle.loads(kept)))
    assert encoder_of(again).fingerprint() == before
    np.testing.assert_array_equal(again.predict_proba(TABLE), answers)


@pytest.mark.parametrize("write", [save, old_bundle], ids=["new", "old"])
def test_what_this_processor_cannot_compute_is_said_once(write, processor, tmp_path):
    processor(True)
    model = fitted()
    answers = model.predict_proba(TABLE)
    path = write(model, tmp_path / "m")
    processor(False, at_all=False)
    with pytest.warns(VersionWarning, match=r"'text'.*bfloat16.*float32 here.*may change") as told:
        again = load(path)
    assert len(told) == 1
    assert "weights" not in str(told[0].message)
    assert encoder_of(again).fingerprint() == TextEncoder(precision="float32").fingerprint()
    np.testing.assert_allclose(again.predict_proba(TABLE), answers, atol=0.05)
    kept = inspect(save(again, tmp_path / "again"))["encoders"]["text"]
    assert kept["precision"] == "float32"
    processor(True)
    assert encoder_of(load(path)).precision_ == "bfloat16"


def test_a_pickle_says_so_at_its_first_row_and_once(processor):
    processor(True)
    kept = pickle.dumps(fitted())
    processor(False, at_all=False)
    with pytest.warns(VersionWarning, match=r"bfloat16.*float32 here"):
        pickle.loads(kept).predict(TABLE)
    pickle.loads(kept).predict(TABLE)


def test_float16_of_a_card_becomes_float32_on_a_cpu(processor, tmp_path, monkeypatch):
    processor(False)
    model = fitted()
    encoder_of(model).precision_ = "float16"
    with monkeypatch.context() as card:
        card.setattr(_runtime, "computes", lambda *_: True)
        path = save(model, tmp_path / "m")
    assert inspect(path)["encoders"]["text"]["precision"] == "float16"
    with pytest.warns(VersionWarning, match="float16.*float32 here"):
        load(path).predict(TABLE)


def test_a_device_that_is_not_here_is_replaced_with_a_warning(tmp_path, monkeypatch):
    model = fitted()
    answers = model.predict(TABLE)
    for each in (encoder_of(model), model[0].transformers[0][1]):
        each.device = "cuda"
    with monkeypatch.context() as card:
        card.setattr(_runtime, "resolve_device", lambda device: "cpu")
        path = save(model, tmp_path / "m")
    monkeypatch.setattr(devices, "_accelerator_possible", lambda: False)
    with pytest.warns(VersionWarning, match="'cuda', which is not here.*'auto'"):
        again = load(path)
    assert encoder_of(again).device == again[0].transformers[0][1].device == "auto"
    np.testing.assert_array_equal(again.predict(TABLE), answers)


def test_a_new_fit_takes_the_precision_of_this_processor(processor, tmp_path):
    processor(True)
    path = save(fitted(), tmp_path / "m")
    processor(False)
    again = load(path).fit(TABLE, LABELS)
    assert encoder_of(again).fingerprint() == TextEncoder(precision="float32").fingerprint()


@pytest.mark.parametrize("precision", ["evil", 3, ["bfloat16"], "float64"])
def test_a_precision_that_is_none_is_refused(precision, tmp_path):
    model = fitted()
    encoder_of(model).precision_ = precision
    with pytest.raises(BundleError, match="precision_ must be one of"):
        load(save(model, tmp_path / "m"))


# -- weights and paths -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return tiny.text_model("bert", tmp_path / "bert")


@pytest.fixture
def of_folder(folder, tmp_path):
    return save(fitted(model=f"hf:{folder}"), tmp_path / "m")


def test_a_folder_is_read_only_where_the_caller_allows_it(of_folder, folder, tmp_path):
    with pytest.raises(UntrustedPathError) as caught:
        load(of_folder)
    message = str(caught.value)
    assert "nothing was read" in message
    assert f"paths=['{folder}']" in message
    assert f"--allow-path {folder}" in message
    with pytest.raises(UntrustedPathError):
        load(of_folder, paths=[f"{folder}-other", folder / "inside"])
    for allowed in (folder, str(folder) + "/", tmp_path, tmp_path / "x" / ".." / "bert"):
        load(of_folder, paths=[allowed]).predict(TABLE)


@pytest.mark.parametrize("paths", ["/models", Path("/models"), 3, [3], [""], None, [b"x"]])
def test_paths_must_be_a_sequence_of_paths(paths, of_folder):
    with pytest.raises(UntrustedPathError, match="paths must"):
        load(of_folder, paths=paths)


def test_other_weights_in_an_allowed_folder_are_refused_by_name(of_folder, folder, tmp_path):
    tiny.text_model("bert", folder, seed=1)
    with pytest.raises(BundleError, match=r"computes something else.*What differs: weights is"):
        load(of_folder, paths=[folder])


def in_cache(monkeypatch, folder):
    """Let a repository be found in the cache, and count how often it is looked for."""
    from hybridsent.encoders import _hf

    looked = []

    def locate(repo, revision, *, local_files_only):
        looked.append((repo, local_files_only))
        if repo != "owner/name":
            raise WeightsNotFoundError(f"no {repo}; pass local_files_only=False to download it")
        return folder

    monkeypatch.setattr(_hf, "locate", locate)
    return looked


def test_a_cached_network_is_compared_at_the_first_row(folder, tmp_path, monkeypatch):
    looked = in_cache(monkeypatch, folder)
    model = fitted(model="hf:owner/name")
    path = save(model, tmp_path / "m")
    looked.clear()
    again = load(path)
    assert looked == []  # nothing was read yet
    np.testing.assert_array_equal(again.predict(TABLE), model.predict(TABLE))
    again = pickle.loads(pickle.dumps(load(path)))
    tiny.text_model("bert", folder, seed=1)
    with pytest.raises(WeightsError, match="must compute what it did when its model was saved"):
        again.predict(TABLE)
    again.fit(TABLE, LABELS).predict(TABLE)  # fitted on the new weights


def test_a_loaded_model_stays_off_the_network_unless_it_is_allowed(folder, tmp_path, monkeypatch):
    looked = in_cache(monkeypatch, folder)
    path = save(fitted(model="hf:owner/name", local_files_only=False), tmp_path / "m")
    for allowed in (False, True):
        looked.clear()
        load(path, local_files_only=not allowed).predict(TABLE)
        assert {offline for _, offline in looked} == {not allowed}


def all_bytes_of(path):
    with zipfile.ZipFile(path) as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    with zipfile.ZipFile(io.BytesIO(parts[1])) as inner:
        return b"".join(parts + [inner.read(name) for name in inner.namelist()])


def test_what_a_bundle_says_holds_no_path_of_a_store_or_a_cache(tmp_path):
    model = fitted(store=str(tmp_path / "secret_store"))
    model.memory = str(tmp_path / "secret_cache")
    path = save(model, tmp_path / "m")
    assert b"secret_" not in all_bytes_of(path)
    assert "TextEncoder" in inspect(path)["estimator"] or "Pipeline" in inspect(path)["estimator"]


def test_what_a_search_tried_holds_no_path_of_a_store_or_a_cache_either(tmp_path):
    model = Pipeline([("words", TfidfVectorizer()), ("classify", LogisticRegression())])
    nested = Pipeline([("inner", LogisticRegression())], memory=str(tmp_path / "secret_cache"))
    grid = [
        {"memory": [str(tmp_path / "secret_cache"), None], "classify__C": [0.1, 1.0]},
        {
            "classify": [nested, LogisticRegression()],
            "memory": [Memory(tmp_path / "secret_path", verbose=0)],
        },
    ]
    search = GridSearchCV(model, grid, cv=2).fit(TABLE["text"], LABELS)
    path = save(search, tmp_path / "m")
    assert b"secret_" not in all_bytes_of(path)
    again = load(path)
    assert again.predict(TABLE["text"]).tolist() == search.predict(TABLE["text"]).tolist()
    assert again.param_grid[0] == {"memory": [None, None], "classify__C": [0.1, 1.0]}
    assert search.param_grid == grid
    stores = RandomizedSearchCV(
        make_fusion(text=TextEncoder(store=None)),
        {"features__text__store": [str(tmp_path / "secret_store"), None]},
        n_iter=2,
        cv=2,
    ).fit(TABLE, LABELS)
    assert b"secret_" not in all_bytes_of(save(stores, tmp_path / "n"))
    told = load(tmp_path / "n").param_distributions
    assert told == {"features__text__store": ["default", None]}


def test_words_named_like_places_stay_as_they_are(tmp_path):
    model = TfidfVectorizer().fit(["memory store", "store"])
    assert load(save(model, tmp_path / "m")).vocabulary_ == {"memory": 0, "store": 1}


@pytest.mark.parametrize("kind", [CountVectorizer, TfidfVectorizer, HashingVectorizer])
@pytest.mark.parametrize("way", ["filename", "file"])
def test_a_vectorizer_that_opens_what_its_column_names_must_be_allowed(kind, way, tmp_path):
    """Of a file from someone else it could read any path of this machine."""
    text = tmp_path / "1.txt"
    text.write_text("a lovely day", encoding="utf-8")
    model = Pipeline([("words", kind(input=way)), ("classify", LogisticRegression())])
    texts = [text, text] if way == "filename" else [io.StringIO("a"), io.StringIO("b")]
    if kind is HashingVectorizer:
        model.fit(texts, ["good", "bad"])
    path = save(model, tmp_path / "m")
    with pytest.raises(UntrustedPathError, match=rf"{kind.__name__} .*input='{way}'.*allow-path"):
        load(path, paths=[tmp_path])
    assert load(path, paths=[Path(os.sep)])[0].input == way


def test_a_search_that_would_open_files_or_read_a_folder_must_be_allowed(folder, tmp_path):
    words = Pipeline([("words", TfidfVectorizer()), ("classify", LogisticRegression())])
    path = save(GridSearchCV(words, {"words__input": ["content", "filename"]}), tmp_path / "m")
    with pytest.raises(UntrustedPathError, match="input='filename'"):
        load(path)
    model = make_fusion(text=TextEncoder())
    grid = {"features__text__model": ["text/minilm-l6", f"hf:{folder}"]}
    path = save(GridSearchCV(model, grid), tmp_path / "n")
    with pytest.raises(UntrustedPathError, match="outside"):
        load(path)
    assert load(path, paths=[folder]).param_grid == grid


def test_the_manifest_tells_what_a_fingerprint_was_made_of(folder, tmp_path):
    entry = inspect(save(fitted(), tmp_path / "m"))["encoders"]["text"]
    assert entry["precision"] == entry["made_of"]["precision"] in _runtime.PRECISIONS
    assert entry["made_of"]["weights"] == TextEncoder().backbone().digest()
    of_folder = inspect(save(fitted(model=f"hf:{folder}"), tmp_path / "n"))["encoders"]["text"]
    assert str(folder) not in json.dumps(of_folder["made_of"])
