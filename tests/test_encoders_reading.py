"""A row belongs to what was read, whatever happens between hashing and reading; shapes of rows."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import tiny
from cell_forms import families
from encoder_cases import cells
from fakes import FAKES, WIDTH, HashNetwork, installed, seen
from PIL import Image
from sklearn.base import clone

from hybridsent import AudioEncoder, ImageEncoder, TextEncoder
from hybridsent.encoders import Backbone, Options, _run, _runtime
from hybridsent.exceptions import CellError, CellWarning, WeightsError
from hybridsent.media import content_key
from hybridsent.store import FeatureStore

KINDS: dict[str, Any] = {"text": TextEncoder, "image": ImageEncoder, "audio": AudioEncoder}
FAKE = {backbone.modality: backbone.name for backbone in FAKES}


@pytest.fixture(autouse=True)
def _fakes():
    with installed(*FAKES):
        yield


def contents(modality: str, n: int) -> list[bytes]:
    """Contents of files, distinct."""
    if modality == "image":
        return cells("image", n)
    found = []
    for wave, rate in cells("audio", n):
        buffer = io.BytesIO()
        soundfile.write(buffer, wave, rate, format="WAV")
        found.append(buffer.getvalue())
    return found


def make(modality: str, store: Any, **parameters: Any) -> Any:
    return KINDS[modality](FAKE[modality], store=store, device="cpu", **parameters)


def swapped(monkeypatch: pytest.MonkeyPatch, *changes: Any) -> None:
    """Make changes when all keys of the column are known, before the first cell is read."""
    find, left = _run.Run._find, list(changes)

    def first(self: Any, keys: list[bytes]) -> Any:
        if left:
            left.pop(0)()
        return find(self, keys)

    monkeypatch.setattr(_run.Run, "_find", first)


def stored(modality: str, store: FeatureStore, content: Any) -> np.ndarray | None:
    key = content_key(content, modality)
    return store.get_many(make(modality, store).fingerprint(), [key]).get(key)


@pytest.mark.parametrize("modality", ["image", "audio"])
@pytest.mark.parametrize("kind", ["store", "no store"])
def test_a_file_that_is_swapped_between_gets_the_row_of_what_was_read(
    modality, kind, tmp_path, monkeypatch
):
    old, new, other = contents(modality, 3)
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path, content in zip(paths, (old, old, other), strict=True):
        path.write_bytes(content)
    store = FeatureStore(tmp_path / "store") if kind == "store" else None
    by_hand = make(modality, None).transform([old, new, other])
    swapped(monkeypatch, lambda: paths[0].write_bytes(new))
    rows = make(modality, store).transform(paths)
    np.testing.assert_array_equal(rows, by_hand[[1, 0, 2]])
    if store is not None:
        for content, row in zip((old, new, other), by_hand, strict=True):
            np.testing.assert_array_equal(stored(modality, store, content), row)
        again = make(modality, store)
        np.testing.assert_array_equal(again.transform([old, new, other]), by_hand)
        assert again.n_encoded_ == 0


@pytest.mark.parametrize("modality", ["image", "audio"])
def test_a_file_that_is_swapped_and_swapped_back_is_no_exception(modality, tmp_path, monkeypatch):
    """What was read is hashed itself: a look at the file before and after would see no change."""
    old, new = contents(modality, 2)
    path = tmp_path / "a"
    path.write_bytes(old)
    store = FeatureStore(tmp_path / "store")
    kind = KINDS[modality]
    read = kind._read

    def between(self: Any, cell: Any, network: Any) -> Any:
        clean = read(self, cell, network)
        path.write_bytes(old)
        return clean

    monkeypatch.setattr(kind, "_read", between)
    swapped(monkeypatch, lambda: path.write_bytes(new))
    rows = make(modality, store).transform([path])
    monkeypatch.undo()
    np.testing.assert_array_equal(rows, make(modality, None).transform([new]))
    assert stored(modality, store, old) is None


@pytest.mark.parametrize("modality", ["image", "audio"])
def test_many_files_that_all_become_one(modality, tmp_path, monkeypatch):
    """Groups of equal files of which each is swapped in turn, in several slices."""
    a, b, c = contents(modality, 3)
    paths = [tmp_path / f"{i}" for i in range(9)]
    for i, path in enumerate(paths):
        path.write_bytes((a, b)[i % 2])
    monkeypatch.setattr(KINDS[modality], "slice", 4)
    monkeypatch.setattr(_run, "_BLOCK", 2)
    swapped(monkeypatch, *(lambda path=path: path.write_bytes(c) for path in paths))
    encoder = make(modality, FeatureStore(tmp_path / "store"))
    rows = encoder.transform(paths)
    known = {tuple(row) for row in make(modality, None).transform([a, b, c])}
    assert {tuple(row) for row in rows} <= known
    assert np.isfinite(rows).all()
    for content, row in zip((a, b, c), make(modality, None).transform([a, b, c]), strict=True):
        found = stored(modality, encoder.store, content)
        assert found is None or np.array_equal(found, row)


@pytest.mark.parametrize("modality", ["image", "audio"])
def test_a_file_that_goes_breaks_its_own_row_alone(modality, tmp_path, monkeypatch):
    old = contents(modality, 1)[0]
    paths = [tmp_path / name for name in ("a", "b")]
    for path in paths:
        path.write_bytes(old)
    swapped(monkeypatch, paths[0].unlink)
    with pytest.warns(CellWarning, match="1 of 2 cells are broken"):
        rows = make(modality, None, on_error="missing").transform(paths)
    assert np.isnan(rows[0]).all()
    np.testing.assert_array_equal(rows[1:], make(modality, None).transform([old]))
    shutil.copy(paths[1], paths[0])
    monkeypatch.undo()
    swapped(monkeypatch, paths[0].unlink)
    with pytest.raises(CellError, match=r"row 0.*no file"):
        make(modality, None).transform(paths)


def _pil() -> tuple[Any, Any, Any]:
    image = Image.new("RGB", (8, 8), (1, 2, 3))
    return image, lambda: image.paste((9, 9, 9), (0, 0, 8, 8)), image.copy


def _array() -> tuple[Any, Any, Any]:
    array = np.full((8, 8, 3), 7, dtype=np.uint8)
    return array, lambda: array.fill(200), array.copy


def _samples() -> tuple[Any, Any, Any]:
    wave = np.sin(np.arange(8000, dtype=np.float32))
    return (wave, 16_000), lambda: np.negative(wave, out=wave), lambda: (wave.copy(), 16_000)


def _held(modality: str) -> Any:
    def make_cell() -> tuple[Any, Any, Any]:
        old, new = contents(modality, 2)
        old, new = (content.ljust(max(len(old), len(new)), b"\0") for content in (old, new))
        cell = {"bytes": bytearray(old), "path": None}

        def change() -> None:
            cell["bytes"][:] = new

        return cell, change, lambda: bytes(cell["bytes"])

    return make_cell


@pytest.mark.parametrize(
    ("modality", "cell"),
    [
        ("image", _pil),
        ("image", _array),
        ("audio", _samples),
        ("image", _held("image")),
        ("audio", _held("audio")),
    ],
)
def test_a_cell_in_memory_that_changes_between_gets_the_row_of_what_was_read(
    modality, cell, tmp_path, monkeypatch
):
    changing, change, copied = cell()
    before = copied()
    store = FeatureStore(tmp_path)
    swapped(monkeypatch, change)
    rows = make(modality, store).transform([changing])
    np.testing.assert_array_equal(rows, make(modality, None).transform([copied()]))
    assert not np.array_equal(rows, make(modality, None).transform([before]))
    np.testing.assert_array_equal(stored(modality, store, changing), rows[0])
    assert stored(modality, store, before) is None


@pytest.mark.parametrize("modality", KINDS)
def test_every_form_of_a_cell_is_read_as_its_key_says(modality, tmp_path):
    """All forms of one family have one key, so they are read once and have one row."""
    for i, family in enumerate(families(modality, tmp_path).values()):
        store = FeatureStore(tmp_path / f"store{i}")
        encoder = make(modality, store)
        rows = encoder.transform(list(family.values()))
        assert encoder.n_encoded_ == 1
        assert (rows == rows[0]).all()


def test_an_unchanged_column_is_read_once(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(contents("image", 1)[0])
    encoder = make("image", tmp_path / "store")
    encoder.transform([str(path), path, path.read_bytes(), Path(path)])
    assert (len(seen()), encoder.n_encoded_) == (1, 1)


# -- shapes ----------------------------------------------------------------------------------------


class Shaped(HashNetwork):
    """Gives whatever shape it is told to."""

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self.shape = shape

    def encode(self, batch: Any, options: Options) -> np.ndarray:
        return np.ones(self.shape(len(batch)), dtype=np.float32)


def shaped(modality: str, shape: Any, width: int | None) -> Backbone:
    return Backbone(
        f"{modality}/shaped",
        modality,
        loader=lambda *_: Shaped(shape),
        sha256="1" * 64,
        width=width,
    )


@pytest.mark.parametrize("modality", KINDS)
@pytest.mark.parametrize(
    ("shape", "steps"),
    [
        (lambda n: (1, 1, WIDTH * n), None),  # one vector for several cells
        (lambda n: (n * WIDTH,), None),
        (lambda n: (n + 1, 1, WIDTH), None),
        (lambda n: (n, 2, WIDTH // 2), None),
        (lambda n: (n, 1, 0), None),
        (lambda n: (n, 1, 1, WIDTH), None),
        (lambda n: (n, 1, 2 * WIDTH), 2),
        (lambda n: (n, 2 * WIDTH), 2),
        (lambda n: (n, 1, WIDTH + 1), None),  # not the declared width
        (lambda n: (n, 1, 1), None),  # which NumPy would spread over all columns
    ],
)
def test_every_encoder_refuses_vectors_of_another_shape(modality, shape, steps, tmp_path):
    backbone = shaped(modality, shape, WIDTH)
    with installed(backbone):
        encoder = KINDS[modality](backbone.name, device="cpu", steps=steps, store=tmp_path)
        with pytest.raises(WeightsError, match=r"must (give vectors of shape|have 4 features)"):
            encoder.transform(cells(modality, 3))
        assert not any(file.rows for file in FeatureStore(tmp_path).info())


@pytest.mark.parametrize("modality", KINDS)
def test_a_width_that_changes_from_batch_to_batch_is_refused(modality, tmp_path):
    backbone = shaped(modality, lambda n: (n, 1, n), None)
    with installed(backbone):
        encoder = KINDS[modality](backbone.name, device="cpu", store=tmp_path, batch_size=2)
        with pytest.raises(WeightsError, match="must have 2 features"):
            encoder.transform(cells(modality, 3))


@pytest.mark.parametrize("modality", KINDS)
def test_a_vector_a_cell_needs_no_axis_of_steps(modality):
    backbone = shaped(modality, lambda n: (n, WIDTH), WIDTH)
    with installed(backbone):
        rows = KINDS[modality](backbone.name, device="cpu", store=None).transform(
            cells(modality, 3)
        )
    assert rows.shape == (3, WIDTH)


# -- what is known needs no network ----------------------------------------------------------------


@pytest.mark.parametrize("steps", [None, 2])
@pytest.mark.parametrize("modality", KINDS)
def test_a_fit_whose_rows_are_all_in_the_store_loads_no_network(modality, steps, tmp_path):
    """Also where only the network knows the width: the stored rows have it."""
    loads: list[str] = []

    def load(*_given: Any) -> HashNetwork:
        loads.append(modality)
        return HashNetwork()

    backbone = Backbone(f"{modality}/of-unknown-width", modality, load, sha256="2" * 64)
    column = [*cells(modality, 3), None]
    with installed(backbone):
        encoder = KINDS[modality](backbone.name, device="cpu", store=tmp_path, steps=steps)
        rows = encoder.fit_transform(column)
        assert len(loads) == 1
        _runtime.release_networks()
        again = clone(encoder)
        np.testing.assert_array_equal(again.fit_transform(column), rows)
        assert len(clone(encoder).fit([None]).get_feature_names_out()) == rows.shape[1]
        assert clone(encoder).transform([None]).shape == (1, rows.shape[1])
        assert loads == [modality]
        assert (again.n_encoded_, again.n_from_store_) == (0, 3)
        again.fit_transform(cells(modality, 4))  # what is new needs it
        assert len(loads) == 2


def test_a_folder_of_transformers_is_not_loaded_for_rows_that_are_stored(tmp_path):
    code = """
import sys
from hybridsent import TextEncoder
encoder = TextEncoder("hf:" + sys.argv[1], store=sys.argv[2], device="cpu")
rows = encoder.fit_transform(["a good day", None, "rain"])
print(rows.shape[1], encoder.n_encoded_, bool({"torch", "openvino"} & set(sys.modules)))
"""
    folder = tiny.text_model("bert", tmp_path / "bert")
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "store")]
    told = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2)]
    assert [one.stdout.split() for one in told] == [["16", "2", "True"], ["16", "0", "False"]]
