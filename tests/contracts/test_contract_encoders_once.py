"""Laws of effort and failure: cells are encoded once, broken ones named, full memory halved."""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
import pytest
from encoder_cases import CASES, broken, cells, encoder_classes, late_broken
from fakes import FAKES, batch_sizes, encode_in_worker, fake, forget, installed, seen
from hostile import hostile_cells
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils._param_validation import Interval, StrOptions

from hybridsent import TextEncoder, make_fusion
from hybridsent.encoders import BaseEncoder
from hybridsent.encoders._precision import suited
from hybridsent.exceptions import CellError, CellWarning
from hybridsent.store import FeatureStore

every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_fake = pytest.mark.parametrize("case", [case for case in CASES if case.is_fake], ids=str)
every_class = pytest.mark.parametrize(
    "kind", encoder_classes().values(), ids=lambda kind: kind.__name__
)


@pytest.fixture(autouse=True)
def _fakes():
    with installed(*FAKES):
        yield


def encoded(store: FeatureStore) -> int:
    """Rows ever computed for a store, in all processes."""
    return sum(file.encoded for file in store.info())


# -- the fingerprint -------------------------------------------------------------------------------

HARMLESS = {
    "device": "where it runs",
    "batch_size": "how it is cut",
    "n_jobs": "who prepares",
    "store": "where rows are kept",
    "on_error": "what a broken cell does, and it has no row",
    "verbose": "what is shown",
    "local_files_only": "where weights may come from; their hash tells which they are",
    "max_pixels": "which pictures are broken",
    "min_seconds": "which clips are broken",
    "max_seconds": "which clips are broken",
}
"""Parameters that must not change the fingerprint. All others must; a new one is either."""

ELSEWHERE = {
    "model": "tested over all backbones below",
    "revision": "chooses files of a hub repository, whose hash is in the fingerprint",
}


ONLY_WITH = {"window_seconds": {"long": "mean"}}
"""Parameters that matter beside another one alone."""


def other_values(kind: type, name: str) -> list[Any]:
    """Values of a parameter other than its default, made from its own constraints."""
    default = inspect.signature(kind).parameters[name].default
    values: list[Any] = []
    for constraint in kind._parameter_constraints[name]:
        if isinstance(constraint, StrOptions):
            values += sorted(constraint.options)
        elif isinstance(constraint, Interval):
            values += [
                constraint.left + 7 if constraint.type is Integral else constraint.left + 0.5
            ]
        elif constraint is Integral:
            values += [-2]
        elif constraint is None:
            values += [None]
        elif constraint in ("boolean", "verbose"):
            values += [True, False]
        elif constraint is str:
            known = {"store": ["cpu", "elsewhere"], "clean": ["textwrap:dedent"]}
            values += known.get(name, ["cpu"])
        elif constraint is Real:
            values += [0.5]
    return [value for value in values if value != default]


@every_class
def test_fingerprint_changes_with_what_changes_a_row_and_with_nothing_else(kind):
    arithmetic = suited(kind().backbone())  # what "auto" is on this processor
    rounds = kind().backbone().half_precision
    names = set(inspect.signature(kind).parameters) - set(ELSEWHERE)
    assert names >= {"pooling", "steps", "layer", "precision"}
    for name in sorted(names):
        values = other_values(kind, name)
        given = {"device": "cpu", **ONLY_WITH.get(name, {})}
        usual = kind(**given).fingerprint()
        assert values, f"no other value of {name} can be made from its constraints"
        for value in values:
            same = name in HARMLESS or (name == "precision" and (value == arithmetic or not rounds))
            changed = kind(**{**given, name: value}).fingerprint()
            assert (changed == usual) is same, (
                f"{name}={value!r}: {'must not' if same else 'must'} change it"
            )


def test_fingerprint_tells_backbones_apart_and_can_be_a_file_name():
    prints = [case.make().fingerprint() for case in CASES]
    assert len(set(prints)) == len(CASES)
    for fingerprint in prints:
        assert fingerprint.isascii()
        assert "/" not in fingerprint
        assert len(fingerprint) <= 120


def test_fingerprint_and_keys_are_the_same_in_another_process():
    code = (
        "import pickle, sys; from hybridsent.media import content_key\n"
        "encoders, texts = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
        "print([e.fingerprint() for e in encoders], [content_key(t, 'text').hex() for t in texts])"
    )
    encoders = [case.make() for case in CASES if not case.is_fake]
    texts = cells("text", 3)
    told = subprocess.run(
        [sys.executable, "-c", code, pickle.dumps((encoders, texts)).hex()],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    from hybridsent.media import content_key

    here = (
        [encoder.fingerprint() for encoder in encoders],
        [content_key(text, "text").hex() for text in texts],
    )
    assert told.strip() == f"{here[0]} {here[1]}"


# -- once ------------------------------------------------------------------------------------------


@every_fake
def test_second_call_encodes_nothing_in_any_clone(case, tmp_path):
    store = FeatureStore(tmp_path)
    first = case.make(store=store).fit_transform(case.cells(5))
    for other in (store, tmp_path, str(tmp_path)):
        encoder = clone(case.make(store=other, batch_size=1, on_error="missing"))
        assert np.array_equal(encoder.transform(case.cells(5)), first)
        assert (encoder.n_encoded_, encoder.n_from_store_) == (0, 5)
    assert encoded(store) == len(seen()) == 5


@every_fake
def test_default_store_is_the_one_of_the_environment(case, tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "mine"))
    encoder = case.make()
    encoder.transform(case.cells(2))
    assert encoded(FeatureStore(tmp_path / "mine")) == 2


@every_fake
def test_no_store_writes_nothing(case, tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path)
    encoder = case.make(store=None)
    for _ in range(2):
        encoder.transform(case.cells(2))
        assert (encoder.n_encoded_, encoder.n_from_store_) == (2, 0)
    assert list(tmp_path.iterdir()) == []


@every_fake
def test_changed_parameters_find_no_row_of_the_old_ones(case, tmp_path):
    encoder = case.make(store=tmp_path)
    encoder.transform(case.cells(2))
    encoder.set_params(steps=2).transform(case.cells(2))
    assert encoder.n_from_store_ == 0


@every_fake
def test_threads_share_the_work(case, tmp_path):
    encoder, good = case.make(store=tmp_path), case.cells(8)
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda _: clone(encoder).transform(good), range(4)))
    assert all(np.array_equal(row, rows[0]) for row in rows)
    assert encoded(FeatureStore(tmp_path)) == len(seen()) == 8


def test_processes_share_the_work(tmp_path):
    for case in (case for case in CASES if case.is_fake):
        encoder, good = case.make(store=tmp_path), case.cells(8)
        halves = [good[:6], good[2:], good]
        told = Parallel(n_jobs=2)(delayed(encode_in_worker)(encoder, half) for half in halves)
        assert np.array_equal(told[2][0][:6], told[0][0])
        assert np.array_equal(told[2][0][2:], told[1][0])
        assert sum(n_encoded for _, n_encoded, _ in told) == 8
    assert encoded(FeatureStore(tmp_path)) == 8 * len(FAKES)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search_encodes_each_distinct_cell_once(tmp_path, n_jobs):
    words = ["good", "fine", "lovely", "bad", "awful", "sad"]
    table = pd.DataFrame({"text": [*words, *words]})  # each text twice
    y = np.array(["+", "+", "+", "-", "-", "-"] * 2)
    store = FeatureStore(tmp_path)
    model = make_fusion(text=TextEncoder(store=store, device="cpu"), device="cpu")
    search = GridSearchCV(
        model, {"classify__Cs": [(0.1,), (1.0,), (10.0,)]}, cv=2, n_jobs=n_jobs, error_score="raise"
    )
    search.fit(table, y)
    search.predict(table)
    assert encoded(store) == len(words)


# -- broken cells ----------------------------------------------------------------------------------


@every_case
@pytest.mark.parametrize("make_bad", [broken, late_broken])
def test_broken_cell_is_named(case, make_bad, tmp_path):
    bad = make_bad(case.kind.modality)
    table = pd.DataFrame(
        {"post": pd.Series([case.cells(1)[0], bad], index=["first", "second"], dtype=object)}
    )
    with pytest.raises(CellError, match="row 'second', column 'post': ") as caught:
        case.make(store=tmp_path).fit_transform(table)
    error = caught.value
    assert (error.row, error.column) == ("second", "post")
    assert "on_error='missing'" in str(error)
    assert error.__cause__ is not None
    assert str(error.__cause__) in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.row, copy.column) == (str(error), "second", "post")


@every_case
@pytest.mark.parametrize("make_bad", [broken, late_broken])
@pytest.mark.parametrize("with_store", [True, False])
def test_broken_cells_count_as_missing_with_one_warning(case, make_bad, with_store, tmp_path):
    good, bad = case.cells(2), make_bad(case.kind.modality)
    encoder = case.make(store=tmp_path if with_store else None, on_error="missing")
    for _ in range(2):  # also when the good ones are stored
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            rows = encoder.fit_transform([good[0], bad, None, good[1], bad])
        assert np.isnan(rows).all(axis=1).tolist() == [False, True, True, False, True]
        (told,) = caught
        assert told.category is CellWarning
        assert "2 of 5 cells" in str(told.message)
        assert "row 1, column" in str(told.message)
        assert told.filename == __file__, "the warning must point to the line of the user"
    assert np.array_equal(
        rows[[0, 3]], case.make(store=tmp_path if with_store else None).transform(good)
    )


@every_fake
def test_only_broken_cells_keep_the_width_and_are_no_ground_to_learn_from(case):
    encoder = case.make(store=None, on_error="missing")
    cells = [broken(case.kind.modality)] * 2
    with pytest.raises(CellError, match="All 2 cells"):
        encoder.fit_transform(cells, ["good", "bad"])
    for encode in (encoder.fit_transform, encoder.fit(case.cells(2)).transform):
        with pytest.warns(CellWarning, match="2 of 2"):
            rows = encode(cells)
        assert rows.shape == (2, case.backbone.width)


@every_fake
def test_rows_before_a_broken_cell_are_kept(case, tmp_path, monkeypatch):
    monkeypatch.setattr(case.kind, "window", 2)
    good = case.cells(4)
    with pytest.raises(CellError):
        case.make(store=tmp_path).transform([*good, late_broken(case.kind.modality)])
    again = case.make(store=tmp_path)
    again.transform(good)
    assert (again.n_encoded_, again.n_from_store_) == (0, 4)


@every_fake
def test_broken_cell_in_a_worker_process_names_itself(case, tmp_path):
    bad = late_broken(case.kind.modality)
    with pytest.raises(CellError, match="row 1, column") as caught:
        Parallel(n_jobs=2)(
            [delayed(encode_in_worker)(case.make(store=tmp_path), [case.cells(1)[0], bad])]
        )
    assert caught.value.row == 1


@every_class
def test_values_that_are_not_finite_are_broken(kind, tmp_path):
    with installed(fake(kind.modality, "nan", not_finite=True)):
        encoder = kind(f"{kind.modality}/nan", store=tmp_path, device="cpu")
        with pytest.raises(CellError, match="not finite"):
            encoder.transform(cells(kind.modality, 2))
        with pytest.warns(CellWarning, match="2 of 2"):
            rows = encoder.set_params(on_error="missing").transform(cells(kind.modality, 2))
        assert np.isnan(rows).all()
        assert encoded(FeatureStore(tmp_path)) == 0


@every_fake
@pytest.mark.parametrize("on_error", ["raise", "missing"])
def test_hostile_cells_break_or_become_rows_but_nothing_else(case, on_error, tmp_path):
    named = hostile_cells(case.kind.modality, tmp_path)
    names, hostile = [name for name, _ in named], [cell for _, cell in named]
    column = pd.Series(hostile, index=names, dtype=object)
    encoder = case.make(store=None, on_error="missing")
    start = time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CellWarning)
        rows = encoder.transform(column)
    assert time.process_time() - start < 10
    lost = np.isnan(rows).any(axis=1)
    assert np.isnan(rows[lost]).all()
    assert sum(issubclass(told.category, CellWarning) for told in caught) == 1
    if on_error == "missing":
        assert len(named) >= 60
        return
    strict, n_named = case.make(store=None), 0
    for name in column.index[lost]:
        start = time.process_time()
        error = _broken_by(strict, column[[name]])
        if error is None:
            continue
        n_named += 1
        assert (error.row, error.column) == (name, case.kind.modality)
        assert repr(name) in str(error)
        assert len(str(error.__cause__)) > 10
        assert time.process_time() - start < 5, name
    assert n_named >= 20


def _broken_by(encoder: BaseEncoder, column: pd.Series) -> CellError | None:
    """The error of a column of one cell; None where the cell is merely missing."""
    try:
        assert np.isnan(encoder.transform(column)).all()
    except CellError as error:
        return error
    return None


# -- memory ----------------------------------------------------------------------------------------


@every_class
@pytest.mark.parametrize(
    "complaint",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("can't allocate memory"),
    ],
    ids=repr,
)
def test_batches_are_halved_until_they_fit(kind, complaint, tmp_path):
    name = f"{kind.modality}/small"
    with installed(fake(kind.modality, "small", room=2, complaint=complaint)):
        rows = kind(name, store=tmp_path, device="cpu", n_jobs=1).transform(cells(kind.modality, 7))
        assert max(batch_sizes()) <= 2
        assert len(seen()) == 7
        one_by_one = kind(name, store=None, device="cpu", batch_size=1, n_jobs=1).transform(
            cells(kind.modality, 7)
        )
    assert np.array_equal(rows, one_by_one)


@every_class
def test_one_cell_too_large_says_what_to_do(kind, tmp_path):
    with installed(fake(kind.modality, "none", room=0)):
        encoder = kind(f"{kind.modality}/none", store=tmp_path, device="cpu")
        with pytest.raises(MemoryError, match=r"One cell alone .* Use "):
            encoder.transform(cells(kind.modality, 3))


@every_class
def test_other_errors_of_a_network_are_not_hidden(kind):
    with installed(fake(kind.modality, "sick", room=0, complaint=RuntimeError("shapes differ"))):
        encoder = kind(f"{kind.modality}/sick", store=None, device="cpu", on_error="missing")
        with pytest.raises(RuntimeError, match="shapes differ"):
            encoder.transform(cells(kind.modality, 3))


# -- side effects ----------------------------------------------------------------------------------


@every_case
def test_transform_is_quiet_and_leaves_no_thread_and_no_seed(case, capfd):
    np_state, before = np.random.get_state()[1].tolist(), threading.active_count()  # noqa: NPY002 - the global one is what is guarded
    case.make(store=None, n_jobs=2).fit_transform(case.cells(3))
    assert np.random.get_state()[1].tolist() == np_state  # noqa: NPY002
    assert threading.active_count() <= before + 1  # torch may keep one
    assert capfd.readouterr() == ("", "")


@every_fake
def test_progress_is_shown_when_asked_for(case, capfd):
    case.make(store=None, verbose=True).transform(case.cells(3))
    assert f"encode {case.kind.modality}" in capfd.readouterr().err


def test_fakes_count():
    forget()
    FAKE = next(case for case in CASES if case.is_fake)
    FAKE.make(store=None).transform(FAKE.cells(3))
    assert len(seen()) == 3
    forget()
    assert seen() == []
