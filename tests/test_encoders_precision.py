"""What "auto" is: measured once for a network and a processor, remembered, part of the fingerprint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsent import ImageEncoder, TextEncoder
from hybridsent.encoders import (
    PackagedFiles,
    _base,
    _graphs,
    _precision,
    _timing,
    get_backbone,
)
from hybridsent.encoders._precision import suited
from hybridsent.encoders._processor import processor_name
from hybridsent.encoders._timing import speed_ratio

ROOT = Path(__file__).parents[1]
TEXT = get_backbone("text/minilm-l6", "text")
LONG = 240  # seconds after which a hang is a failure


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch) -> Path:
    """A folder of networks and a memory of the process that know nothing yet."""
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "networks"))
    monkeypatch.setattr(_precision, "_known", {})
    return tmp_path / "networks"


@pytest.fixture
def gains(monkeypatch) -> list[Any]:
    """What measuring will find, in turn; what is left was not asked for."""
    found: list[Any] = []
    monkeypatch.setattr(_precision, "has_bfloat16", lambda: True)
    monkeypatch.setattr(_precision, "_measured", lambda backbone: found.pop(0))
    return found


# -- the choice ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "choice"),
    [
        (3.0, "bfloat16"),
        (1.11, "bfloat16"),
        (1.09, "float32"),  # faster, but not by enough to pay for the rounding
        (1.0, "float32"),
        (0.6, "float32"),
        (None, "bfloat16"),  # it is computed in float32 whatever is asked for: rows stay as told
    ],
)
def test_bfloat16_is_taken_where_it_is_measurably_faster(gains, ratio, choice):
    gains.append(ratio)
    assert suited(TEXT) == choice


def test_a_processor_without_bfloat16_measures_nothing(gains, monkeypatch, kept):
    monkeypatch.setattr(_precision, "has_bfloat16", lambda: False)
    assert suited(TEXT) == "float32"
    assert not kept.exists()


def test_a_network_that_is_not_measured_has_what_the_processor_can(gains, kept):
    assert suited(replace(TEXT, measured=False)) == "bfloat16"
    assert not kept.exists()


@pytest.mark.parametrize("ratio", [0.5, 2.0, None])
def test_a_choice_is_made_once(gains, ratio):
    gains += [ratio, 2.0 if ratio == 0.5 else 0.5]  # the second would say something else
    first = suited(TEXT)
    _precision.forget()  # as a new process begins
    assert suited(TEXT) == first
    assert len(gains) == 1


def test_each_network_has_a_choice_of_its_own(gains):
    gains += [0.5, 2.0]
    assert [suited(TEXT), suited(replace(TEXT, sha256="0" * 64))] == ["float32", "bfloat16"]
    _precision.forget()
    assert [suited(TEXT), suited(replace(TEXT, sha256="0" * 64))] == ["float32", "bfloat16"]


def test_a_network_in_two_places_has_one_choice(gains):
    """A copy of a folder is the same network: it must not be told otherwise in another process."""
    gains += [0.5, 2.0]
    for name in ("text/here", "text/there"):
        _precision.forget()
        assert suited(replace(TEXT, name=name, identity="one")) == "float32"
    assert gains == [2.0]


def test_another_folder_is_looked_into(gains, tmp_path, monkeypatch):
    gains += [0.5, 2.0]
    for folder, choice in [("one", "float32"), ("other", "bfloat16")] * 2:
        monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / folder))
        assert suited(TEXT) == choice
    assert gains == []


def test_another_processor_measures_anew_and_both_are_remembered(gains, monkeypatch):
    gains += [0.5, 2.0]
    for name, choice in [("one", "float32"), ("other", "bfloat16")] * 2:
        monkeypatch.setattr(_precision, "processor_name", lambda name=name: name)
        _precision.forget()
        assert suited(TEXT) == choice
    assert gains == []


def test_a_choice_that_cannot_be_kept_is_not_made(gains, kept, tmp_path, monkeypatch):
    """Each process would make another one."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "file" / "networks"))
    gains += [0.5, 0.5]
    for _ in range(2):
        assert suited(TEXT) == "bfloat16"
        _precision.forget()
    assert gains == [0.5, 0.5]  # each process would convert the network before it finds a row


def test_trying_the_folder_leaves_nothing_in_it(gains, kept):
    gains.append(0.5)
    suited(TEXT)
    [item] = kept.iterdir()
    assert (item / "speed.json").is_file()


def test_a_full_memory_says_nothing_of_a_network(monkeypatch, kept):
    def full(_: Any) -> float:
        raise MemoryError

    monkeypatch.setattr(_precision, "has_bfloat16", lambda: True)
    monkeypatch.setattr(_precision, "_measured", full)
    assert suited(TEXT) == "bfloat16"
    assert not kept.exists()


def test_weights_that_are_not_there_say_nothing_of_a_network(monkeypatch, kept):
    """Rows in the store are found without them; when they come, they are measured."""
    monkeypatch.setattr(_precision, "has_bfloat16", lambda: True)
    gone = replace(TEXT, sources=(PackagedFiles("no_such_package", "none", {"a": "0" * 64}),))
    assert suited(gone) == "bfloat16"
    assert not kept.exists()
    monkeypatch.setattr(_precision, "_measured", lambda backbone: 0.5)
    assert suited(gone) == "float32"


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"precision": "float8"}', b"[1"])
def test_a_damaged_choice_is_measured_again(gains, kept, damage):
    gains += [0.5, 0.5]
    assert suited(TEXT) == "float32"
    [path] = kept.glob("*/speed.json")
    path.write_bytes(damage)
    _precision.forget()
    assert suited(TEXT) == "float32"
    assert gains == []


def test_what_was_measured_can_be_read(gains, kept):
    gains.append(0.5)
    suited(TEXT)
    [path] = kept.glob("*/speed.json")
    told = json.loads(path.read_text())
    assert told == {"precision": "float32", "times_faster": 0.5, "processor": processor_name()}


def test_threads_measure_once(gains):
    gains += [0.5, 2.0]
    ready, found = threading.Barrier(8, timeout=LONG), []

    def ask() -> None:
        ready.wait()
        found.append(suited(TEXT))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert found == ["float32"] * 8
    assert gains == [2.0]


# -- fingerprints ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [TextEncoder, ImageEncoder])
@pytest.mark.parametrize("choice", ["float32", "bfloat16"])
def test_auto_has_the_fingerprint_of_what_was_chosen(monkeypatch, kind, choice):
    monkeypatch.setattr(_base, "suited", lambda _: choice)
    auto = kind(device="cpu")
    assert auto.fingerprint() == kind(device="cpu", precision=choice).fingerprint()
    other = {"float32": "bfloat16", "bfloat16": "float32"}[choice]
    assert auto.fingerprint() != kind(device="cpu", precision=other).fingerprint()


def test_what_is_asked_for_by_name_is_not_measured(monkeypatch):
    def asked(_: Any) -> str:
        raise AssertionError("it was measured")

    monkeypatch.setattr(_base, "suited", asked)
    for precision in ("float32", "bfloat16", "float16"):
        TextEncoder(device="cpu", precision=precision).fingerprint()


# -- the clock -------------------------------------------------------------------------------------


class Pass:
    """Takes so much processor time a row, and more in some runs; on a clock of its own."""

    now = 0.0

    def __init__(self, seconds: float, noise: tuple[float, ...] = (0,), most: int = 10**6) -> None:
        self.seconds, self.noise, self.most = seconds, noise, most
        self.rows: list[int] = []

    def takes(self, inputs: Any) -> bool:
        return len(inputs[0]) <= self.most

    def __call__(self, inputs: Any) -> None:
        assert self.takes(inputs)
        self.rows.append(len(inputs[0]))
        Pass.now += self.seconds * len(inputs[0]) + self.noise[len(self.rows) % len(self.noise)]


@pytest.fixture
def clock(monkeypatch) -> None:
    monkeypatch.setattr(_timing.time, "process_time", lambda: Pass.now)
    monkeypatch.setattr(_timing.time, "thread_time", lambda: Pass.now)


EXAMPLES = [(np.zeros((2, 3)), np.zeros((2, 1))), (np.zeros((1, 9)), np.zeros((1, 1)))]


@pytest.mark.parametrize("seconds", [1e-5, 1e-3, 0.5])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_the_ratio_is_that_of_the_processor_time(clock, seconds, ratio):
    exact, rough = Pass(seconds), Pass(seconds / ratio)
    assert speed_ratio(exact, rough, EXAMPLES) == pytest.approx(ratio)
    assert set(rough.rows) == {exact.rows[-1]}  # both had the same inputs


def test_what_else_runs_meanwhile_changes_nothing(clock):
    noisy = tuple(0.0 if i % 3 else 5.0 * (i + 1) for i in range(7))
    assert speed_ratio(Pass(0.1, noisy), Pass(0.05, noisy[1:]), EXAMPLES) == pytest.approx(2.0)


def test_other_threads_of_the_process_change_nothing(clock, monkeypatch):
    """Another view may be encoded meanwhile; here it is whenever the quicker pass runs."""
    exact, rough = Pass(0.1), Pass(0.05)
    monkeypatch.setattr(_timing.time, "process_time", lambda: Pass.now + 0.2 * len(rough.rows))
    assert speed_ratio(exact, rough, EXAMPLES) == pytest.approx(2.0)


def test_a_pass_that_runs_in_another_thread_is_timed_by_the_process(clock, monkeypatch):
    monkeypatch.setattr(_timing.time, "thread_time", lambda: 1e-3 * Pass.now)
    assert speed_ratio(Pass(0.1), Pass(0.05), EXAMPLES) == pytest.approx(2.0)
    monkeypatch.setattr(_timing.time, "thread_time", lambda: 0.0)
    assert speed_ratio(Pass(0.05), Pass(0.1), EXAMPLES) == pytest.approx(0.5)


def test_small_passes_are_measured_in_larger_batches_as_far_as_they_take_them(clock):
    exact = Pass(1e-3)
    speed_ratio(exact, Pass(1e-3), EXAMPLES)
    assert max(exact.rows) * 1e-3 >= _timing._SECONDS
    narrow = Pass(1e-3, most=4)
    speed_ratio(narrow, Pass(1e-3, most=4), EXAMPLES)
    assert max(narrow.rows) == 4


# -- processors ------------------------------------------------------------------------------------

ASKED = """
import json, sys
import numpy as np
from hybridsent import ImageEncoder, TextEncoder
from hybridsent.encoders._processor import has_bfloat16
table = ["the sun was lovely", "not good"]
picture = (np.indices((64, 64, 3)).sum(0) * 3 % 256).astype(np.uint8)
told = {"bfloat16": has_bfloat16()}
for kind, cells in ((TextEncoder, table), (ImageEncoder, [picture])):
    auto, exact = (kind(device="cpu", store=None, precision=p) for p in ("auto", "float32"))
    a, b = auto.transform(cells), exact.transform(cells)
    near = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    told[kind.__name__] = [auto.fingerprint(), exact.fingerprint(), float(near.min())]
print(json.dumps(told))
"""


def asked(isa: str) -> dict[str, Any]:
    """What a new process finds that may use so much of the processor."""
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": isa}
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASKED],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=LONG,
    ).stdout
    found: dict[str, Any] = json.loads(told)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not _graphs.has_openvino(), reason="needs OpenVINO")
@pytest.mark.parametrize("isa", ["AVX2", "AVX512_CORE", "ALL"])
def test_a_processor_chooses_the_same_in_every_process(isa):
    told, again = asked(isa), asked(isa)
    for kind in ("TextEncoder", "ImageEncoder"):
        auto, exact, near = told[kind]
        assert near > 0.999
        assert again[kind] == told[kind]
        assert told["bfloat16"] or auto == exact
    if isa != "ALL":
        assert not told["bfloat16"]
