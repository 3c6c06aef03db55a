"""One call of an encoder: slices, lanes, cards, broken cells, duplicates, memory, progress."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tiny
from encoder_cases import cells, late_broken
from fakes import WIDTH, HashNetwork, batch_sizes, digest, forget, seen

from hybridsent import AudioEncoder, ImageEncoder, TextEncoder
from hybridsent.encoders import (
    Backbone,
    Network,
    Options,
    _registry,
    _run,
    _runtime,
    register_backbone,
)
from hybridsent.encoders._hf_audio import HFAudio
from hybridsent.encoders._hf_folder import Weights
from hybridsent.exceptions import CellError, CellWarning
from hybridsent.store import FeatureStore, _once

LONG = 60  # seconds after which a hang is a failure; nothing waits so long
ENCODERS: dict[str, Any] = {"text": TextEncoder, "image": ImageEncoder}
every_modality = pytest.mark.parametrize("modality", ENCODERS)


@contextmanager
def registered(modality: str, make: Callable[[str], Network]) -> Iterator[str]:
    """A backbone whose network ``make(device)`` gives; its name."""
    name = f"{modality}/of-this-test"
    forget()
    register_backbone(
        Backbone(
            name,
            modality,
            loader=lambda _backbone, device, _precision: make(device),
            sha256="0" * 64,
            width=WIDTH,
        )
    )
    try:
        yield name
    finally:
        del _registry._registered[name]
        for key in [key for key in _runtime._networks if name in key]:
            del _runtime._networks[key]
        forget()


@pytest.fixture(params=ENCODERS)
def modality(request, monkeypatch) -> str:
    """Of a column that passes in slices of 4 cells, read in windows of 3."""
    kind = ENCODERS[request.param]
    monkeypatch.setattr(_run, "_BLOCK", 2)
    monkeypatch.setattr(kind, "slice", 4)
    monkeypatch.setattr(kind, "window", 3)
    return request.param


def make(name: str, **parameters: Any) -> Any:
    return ENCODERS[name.split("/")[0]](name, **{"store": None, "device": "cpu", **parameters})


def by_hand(modality: str, column: Sequence[Any]) -> np.ndarray:
    """Rows of HashNetwork, one cell at a time, without an encoder."""
    rows = []
    for cell in column:
        clean = make(f"{modality}/x")._read(cell, HashNetwork())
        rows.append(HashNetwork().encode([digest(clean)], Options())[0, 0])
    forget()
    return np.stack(rows)


# -- slices ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3, 4, 5, 8, 21])
@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("with_store", [True, False])
def test_slices_join_to_the_column(modality, n, n_jobs, with_store, tmp_path):
    column = cells(modality, n)
    with registered(modality, lambda _: HashNetwork()) as name:
        encoder = make(name, n_jobs=n_jobs, store=tmp_path if with_store else None)
        rows = encoder.transform(column)
        assert sorted(batch_sizes(), reverse=True)[0] <= 4  # a slice is the most there is at once
    np.testing.assert_array_equal(rows, by_hand(modality, column))
    assert (encoder.n_encoded_, encoder.n_from_store_) == (n, 0)


@pytest.mark.parametrize("with_store", [True, False])
def test_duplicates_in_any_slice_are_encoded_once(modality, with_store, tmp_path, rng):
    distinct = cells(modality, 6)
    which = [*range(6), *rng.integers(0, 6, 20)]  # also within a slice, also far apart
    with registered(modality, lambda _: HashNetwork()) as name:
        encoder = make(name, store=tmp_path if with_store else None)
        rows = encoder.transform([distinct[i] for i in which])
        assert set(Counter(seen()).values()) == {1}
    assert encoder.n_encoded_ == 6
    np.testing.assert_array_equal(rows, by_hand(modality, distinct)[which])


@pytest.mark.parametrize("with_store", [True, False])
def test_rows_of_nothing_are_nan_and_the_others_are_not(
    modality, with_store, tmp_path, monkeypatch
):
    """Memory comes poisoned: what nobody fills would show."""
    good, bad = cells(modality, 5), late_broken(modality)
    column = [None, good[0], bad, good[1], good[0], "", good[2], None, good[3], bad, good[4], None]
    empty = np.empty

    def poisoned(*args: Any, **options: Any) -> np.ndarray:
        made = empty(*args, **options)
        if made.dtype.kind == "f":
            made.fill(7e7)
        return made

    with registered(modality, lambda _: HashNetwork()) as name:
        encoder = make(name, store=tmp_path if with_store else None, on_error="missing")
        monkeypatch.setattr(np, "empty", poisoned)
        with pytest.warns(CellWarning, match="2 of 12 cells are broken.*row 2, column"):
            rows = encoder.transform(column)
        monkeypatch.undo()
    found = [i for i, cell in enumerate(column) if any(cell is one for one in good)]
    lost = sorted(set(range(12)) - set(found))
    np.testing.assert_array_equal(rows[found], by_hand(modality, [column[i] for i in found]))
    assert np.isnan(rows[lost]).all()
    assert encoder.n_encoded_ == 5


@pytest.mark.parametrize("with_store", [True, False])
def test_broken_cells_break_in_every_slice(modality, with_store, tmp_path):
    """The same broken cell and others, in several slices: each is missing, each is counted."""
    good, bad = cells(modality, 9), late_broken(modality)
    other = {"text": "also \udfff broken", "image": b"no picture, either"}[modality]
    column = [good[0], bad, *good[1:5], bad, other, *good[5:], other, bad]
    broken = [i for i, cell in enumerate(column) if cell in (bad, other)]
    with registered(modality, lambda _: HashNetwork()) as name:
        encoder = make(name, store=tmp_path if with_store else None, on_error="missing")
        with pytest.warns(CellWarning, match=r"5 of 14 cells.*row 1, column"):
            rows = encoder.transform(column)
        assert len(seen()) == 9
    assert np.flatnonzero(np.isnan(rows).any(1)).tolist() == broken
    assert np.isnan(rows[broken]).all()
    np.testing.assert_array_equal(np.delete(rows, broken, 0), by_hand(modality, good))


@pytest.mark.parametrize("n_good", [0, 1, 3, 4, 7, 13])
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_rows_before_a_broken_cell_are_kept(modality, n_good, n_jobs, tmp_path):
    good = cells(modality, 16)
    column = [*good[:n_good], late_broken(modality), *good[n_good:]]
    with registered(modality, lambda _: HashNetwork()) as name:
        encoder = make(name, store=tmp_path, n_jobs=n_jobs)
        with pytest.raises(CellError, match=f"row {n_good}, column"):
            encoder.transform(column)
        again = make(name, store=tmp_path, n_jobs=n_jobs)
        rows = again.transform(good)
        assert set(Counter(seen()).values()) == {1}
    assert again.n_from_store_ >= n_good - n_good % 3  # all windows that were whole
    assert again.n_from_store_ + again.n_encoded_ == 16
    np.testing.assert_array_equal(rows, by_hand(modality, good))


def test_rows_before_a_cell_without_a_key_are_kept_to_the_slice(monkeypatch, tmp_path):
    monkeypatch.setattr(_run, "_BLOCK", 2)
    monkeypatch.setattr(TextEncoder, "slice", 4)
    good = cells("text", 10)
    with registered("text", lambda _: HashNetwork()) as name:
        with pytest.raises(CellError, match="row 10, column"):
            make(name, store=tmp_path).transform([*good, object()])
        again = make(name, store=tmp_path)
        again.transform(good)
    assert (again.n_from_store_, again.n_encoded_) == (8, 2)


@pytest.mark.parametrize(
    "modality",
    [
        "text",
        "image",
    ],
)
def test_a_failure_leaves_no_thread_while_its_error_is_held(modality, monkeypatch):
    monkeypatch.setattr(ENCODERS[modality], "window", 3)
    column = [*cells(modality, 4), late_broken(modality), *cells(modality, 40)[4:]]
    before = set(threading.enumerate())
    with registered(modality, lambda _: HashNetwork()) as name:
        with pytest.raises(CellError) as caught:
            make(name, n_jobs=3).transform(column)
        left = set(threading.enumerate()) - before
    assert caught.value.row == 4
    assert [thread.name for thread in left if thread.name.startswith("hybridsent")] == []


# -- lanes and cards ---------------------------------------------------------------------------


class Laned(HashNetwork):
    """Counts how many batches are encoded at the same time; the first takes the longest.

    Parameters
    ----------
    lanes : int
        Batches at the same time.
    **options
        Of HashNetwork.
    """

    def __init__(self, lanes: int, **options: Any) -> None:
        super().__init__(**options)
        self._lanes = lanes
        self._lock = threading.Lock()
        self.n_now = self.n_most = self.n_calls = 0

    @property
    def lanes(self) -> int:
        return self._lanes

    def encode(self, batch: Sequence[bytes], options: Options) -> np.ndarray:
        with self._lock:
            self.n_now += 1
            self.n_most = max(self.n_most, self.n_now)
            self.n_calls += 1
            nap = 0.004 * max(0, 12 - self.n_calls)
        time.sleep(nap)
        try:
            return super().encode(batch, options)
        finally:
            with self._lock:
                self.n_now -= 1


@every_modality
@pytest.mark.parametrize(("lanes", "n_jobs", "most"), [(1, 4, 1), (3, 3, 3), (3, 1, 1), (2, 5, 2)])
def test_lanes_keep_rows_in_order(modality, lanes, n_jobs, most):
    network, column = Laned(lanes), cells(modality, 24)
    with registered(modality, lambda _: network) as name:
        rows = make(name, n_jobs=n_jobs, batch_size=2).transform(column)
        assert batch_sizes() == [2] * 12
    np.testing.assert_array_equal(rows, by_hand(modality, column))
    assert network.n_most == most


@every_modality
@pytest.mark.parametrize(
    "complaint", [MemoryError(), RuntimeError("CUDA out of memory"), RuntimeError("std::bad_alloc")]
)
def test_lanes_halve_their_batches_where_memory_runs_out(modality, complaint):
    column = cells(modality, 23)
    with registered(modality, lambda _: Laned(3, room=2, complaint=complaint)) as name:
        rows = make(name, n_jobs=3, batch_size=8).transform(column)
        assert max(batch_sizes()) == 2
        assert len(seen()) == 23
    np.testing.assert_array_equal(rows, by_hand(modality, column))


def test_an_error_in_a_lane_comes_after_the_rows_before_it(tmp_path):
    class Sick(Laned):
        def encode(self, batch: Sequence[bytes], options: Options) -> np.ndarray:
            if digest(column[12]) in batch:
                raise RuntimeError("shapes differ")
            return super().encode(batch, options)

    column = cells("text", 24)
    with registered("text", lambda _: Sick(3)) as name:
        encoder = make(name, n_jobs=3, batch_size=2, store=tmp_path)
        with pytest.raises(RuntimeError, match="shapes differ"):
            encoder.transform(column)
        again = make(name, store=tmp_path)
        again.transform(column[:12])
    assert (again.n_encoded_, again.n_from_store_) == (0, 12)


@every_modality
@pytest.mark.parametrize("lanes", [1, 2])
def test_several_cards_share_the_cells(modality, lanes, monkeypatch):
    """Neither card gives its first rows before the other has begun: they work at the same time."""
    together = threading.Barrier(2, timeout=LONG)
    got: dict[str, list[bytes]] = {}

    class Card(Laned):
        def __init__(self, device: str) -> None:
            super().__init__(lanes)
            self.device = device

        def encode(self, batch: Sequence[bytes], options: Options) -> np.ndarray:
            with self._lock:
                first = self.device not in got
                got.setdefault(self.device, []).extend(batch)
            if first:
                together.wait()
            return super().encode(batch, options)

    monkeypatch.setattr(_runtime, "devices_for", lambda device, n: [device + ":a", device + ":b"])
    column = cells(modality, 24)
    with registered(modality, Card) as name:
        rows = make(name, n_jobs=3, batch_size=2).transform(column)
        kept = {key[3] for key in _runtime._networks if name in key}
    np.testing.assert_array_equal(rows, by_hand(modality, column))
    assert set(got) == kept == {"cpu:a", "cpu:b"}
    assert sum(map(len, got.values())) == len({*got["cpu:a"], *got["cpu:b"]}) == 24


def test_cards_share_many_cells_alone(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    assert _runtime.devices_for("cuda", 1024) == ["cuda", "cuda:1", "cuda:2"]
    assert _runtime.devices_for("cuda", 1023) == ["cuda"]
    assert _runtime.devices_for("cuda:1", 10**6) == ["cuda:1"]
    assert _runtime.devices_for("cpu", 10**6) == ["cpu"]


@pytest.mark.parametrize(
    ("modality", "with_store"),
    [
        ("text", True),
        ("image", True),
        ("image", False),
        ("text", False),
    ],
)
def test_the_cells_of_the_whole_call_decide_how_many_cards(
    modality, with_store, tmp_path, monkeypatch
):
    asked: list[int] = []

    def devices_for(device: str, n_cells: int) -> list[str]:
        asked.append(n_cells)
        return [device]

    monkeypatch.setattr(_runtime, "devices_for", devices_for)
    many: dict[str, list] = {
        "text": [f"text {i}" for i in range(2500)],
        "image": [np.array([[[i % 256, i // 256, 0]]], dtype=np.uint8) for i in range(2500)],
    }
    with registered(modality, lambda _: HashNetwork()) as name:
        make(name, store=tmp_path if with_store else None).transform(many[modality])
    assert set(asked) == {2500}


# -- progress ----------------------------------------------------------------------------------


class Bar:
    """Stands for tqdm's; `made` holds the bars."""

    made: list[Bar]

    def __init__(self, *, total: int, disable: bool, **_shown: Any) -> None:
        self.total, self.disable, self.steps = total, disable, []
        Bar.made.append(self)

    def update(self, n: int) -> None:
        self.steps.append(n)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_error: object) -> None:
        pass


@pytest.fixture
def bars(monkeypatch) -> list[Bar]:
    Bar.made = []
    monkeypatch.setattr("tqdm.tqdm", Bar)
    return Bar.made


@pytest.mark.parametrize("with_store", [True, False])
@pytest.mark.parametrize("what", ["good", "duplicates", "broken", "missing"])
def test_progress_adds_up_to_the_cells_that_are_there(modality, with_store, what, bars, tmp_path):
    good, bad = cells(modality, 11), late_broken(modality)
    column = {
        "good": good,
        "duplicates": [*good, *good[::-2]],
        "broken": [bad, *good[:6], bad, bad, *good[6:]],
        "missing": [None, *good, None],
    }[what]
    with registered(modality, lambda _: HashNetwork()) as name:
        encoder = make(
            name, store=tmp_path if with_store else None, on_error="missing", verbose=True
        )
        for _ in range(2):  # the second finds its rows where there is a store
            if what == "broken":
                with pytest.warns(CellWarning, match="3 of 14"):
                    encoder.transform(column)
            else:
                encoder.transform(column)
    assert len(bars) == 2
    for bar in bars:
        assert not bar.disable
        assert bar.total == sum(cell is not None for cell in column)
        assert sum(bar.steps) == bar.total
        assert min(bar.steps) >= 0
    assert len([step for step in bars[0].steps if step]) > 1  # it moves on the way


def test_progress_counts_values_that_are_not_finite_once(bars):
    infinite = registered("text", lambda _: HashNetwork(not_finite=True))
    with infinite as name, pytest.warns(CellWarning, match="7 of 7"):
        make(name, verbose=True, on_error="missing").transform(cells("text", 7))
    assert (bars[0].total, sum(bars[0].steps)) == (7, 7)


def test_no_progress_unless_asked_for(bars):
    with registered("text", lambda _: HashNetwork()) as name:
        make(name).transform(cells("text", 3))
    assert bars == []


# -- the store ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds_per_batch", [0.0, 0.1])
def test_rows_are_written_many_at_a_time_or_when_they_have_waited(
    seconds_per_batch, tmp_path, monkeypatch
):
    clock = [0.0]

    class Ticking(HashNetwork):
        def encode(self, batch: Sequence[bytes], options: Options) -> np.ndarray:
            clock[0] += seconds_per_batch
            return super().encode(batch, options)

    written: list[int] = []
    keep = _once.Once._keep

    def counted(self: Any, waiting: Any, claims: Any) -> None:
        written.append(len(waiting.keys))
        keep(self, waiting, claims)

    monkeypatch.setattr(_once.Once, "_keep", counted)
    monkeypatch.setattr(
        _once, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=time.sleep)
    )
    texts = [f"text {i}" for i in range(500)]
    with registered("text", lambda _: Ticking()) as name:
        make(name, store=tmp_path, batch_size=10, n_jobs=1).transform(texts)
    assert sum(written) == 500
    assert len(FeatureStore(tmp_path).info()) == 1
    if seconds_per_batch:  # three batches after the first have waited 0.3 s, more or fewer in lanes
        assert 10 <= len(written) <= 50
        assert max(written) < 256
    else:
        assert written == [260, 240]


# -- what shares a batch -----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "shares"), [("hubert-large", True), ("wav2vec2", False)])
def test_clips_of_different_length_share_a_batch_where_padding_is_masked(tmp_path, kind, shares):
    folder = tiny.speech_model(kind, tmp_path / kind)
    network = HFAudio(Weights(folder, f"hf:{kind}", kind), "cpu", "float32")
    clips = tiny.waves(1.0, 0.97, 0.9, 0.83, 1.0, 0.4)
    prepared = [network.prepare(wave, Options())[1] for wave, _ in clips]
    windows = [(i, *window) for i, [window] in enumerate(prepared)]
    chunks = network._chunks(windows)
    assert network.facts["masks"] is shares
    # 0.4 s is under 0.8 of the longest: it would be padding for more than a fifth
    assert chunks == ([[0, 4, 1, 2, 3], [5]] if shares else [[0, 4], [1], [2], [3], [5]])
    encoder = AudioEncoder(f"hf:{folder}", store=None, device="cpu", precision="float32")
    for parameters in ({}, {"pooling": "max"}, {"steps": 3}, {"layer": 1}):
        encoder.set_params(**{"pooling": "auto", "steps": None, "layer": -1, **parameters})
        rows = encoder.fit_transform(clips)
        alone = np.concatenate([encoder.fit_transform([clip]) for clip in clips])
        np.testing.assert_allclose(rows, alone, rtol=0, atol=1e-4 * np.abs(alone).max())
        assert np.abs(rows[0] - rows[1]).max() > 1e-3 * np.abs(rows).max()


def test_a_model_that_shortens_its_frames_once_more_is_not_told_where_padding_begins(tmp_path):
    import transformers as t

    config = t.Wav2Vec2Config(
        **tiny._SPEECH,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        conv_bias=True,
        add_adapter=True,
        num_adapter_layers=1,
        output_hidden_size=16,
    )
    extractor = t.Wav2Vec2FeatureExtractor(return_attention_mask=True)
    tiny.write(tmp_path / "adapter", tiny.seeded(t.Wav2Vec2Model, config), extractor)
    encoder = AudioEncoder(
        f"hf:{tmp_path / 'adapter'}", store=None, device="cpu", precision="float32"
    )
    clips = tiny.waves(1.0, 0.97, 0.9, 0.83)
    rows = encoder.fit_transform(clips)
    alone = np.concatenate([encoder.fit_transform([clip]) for clip in clips])
    np.testing.assert_allclose(rows, alone, rtol=0, atol=1e-4 * np.abs(alone).max())


def test_a_column_of_broken_cells_alone_is_no_ground_to_learn_from(tmp_path):
    broken = [str(tmp_path / f"{i}.png") for i in range(3)]
    encoder = ImageEncoder(on_error="missing", store=None)
    with pytest.raises(CellError, match=r"All 3 cells of the column 'image' are broken.*0\.png"):
        encoder.fit_transform([*broken, None], ["good", "bad", "good", "bad"])
    with pytest.warns(CellWarning, match="3 of 3"):  # new rows are read for what they are
        assert np.isnan(encoder.transform(broken)).all()
    with pytest.warns(CellWarning, match="3 of 3"):  # so are rows that nobody learns from
        assert np.isnan(encoder.fit_transform(broken)).all()
    assert np.isnan(encoder.fit_transform([None, None], ["good", "bad"])).all()
