"""Converted networks: the same vectors as torch, kept whole or not at all, in any thread or process."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import tiny
import torch
from encoder_cases import Case, cells, encoder_classes
from fakes import digest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from hybridsent import ImageEncoder, TextEncoder
from hybridsent.encoders import (
    Backbone,
    Network,
    Options,
    _graph_files,
    _graphs,
    _registry,
    _runtime,
    list_backbones,
    register_backbone,
)
from hybridsent.encoders._graphs import (
    Graphs,
    as_module,
    as_numpy,
    has_bfloat16,
    multiplies_bfloat16,
)
from hybridsent.exceptions import SlowPathWarning

LONG = 120  # seconds after which a hang is a failure; nothing waits so long
ROOT = Path(__file__).parents[1]
WIDTH = 8

pytestmark = pytest.mark.skipif(not _graphs.has_openvino(), reason="needs OpenVINO")


@pytest.fixture
def kept(tmp_path, monkeypatch) -> Path:
    """The folder of converted networks of one test."""
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "networks"))
    return tmp_path / "networks"


# -- files at rest -----------------------------------------------------------------------------


def write_two(folder: Path) -> None:
    (folder / "a.bin").write_bytes(bytes(range(256)))
    (folder / "b.json").write_text('{"b": 1}')


def test_an_item_is_found_as_it_was_written(kept):
    assert _graph_files.find("one") is None
    folder = _graph_files.keep("one", write_two)
    assert folder == kept / "one" == _graph_files.find("one")
    assert (folder / "a.bin").read_bytes() == bytes(range(256))
    assert (folder / "b.json").read_text() == '{"b": 1}'
    assert _graph_files.find("two") is None
    assert [path.name for path in kept.iterdir()] == ["one"]


@pytest.mark.parametrize("complaint", [OSError("disk full"), RuntimeError("cannot write")])
def test_what_cannot_be_written_leaves_nothing(kept, complaint):
    def fail(folder: Path) -> None:
        write_two(folder)
        raise complaint

    assert _graph_files.keep("one", fail) is None
    assert list(kept.iterdir()) == []


def test_an_error_of_ours_leaves_nothing_and_is_told(kept):
    def fail(folder: Path) -> None:
        write_two(folder)
        raise ValueError("no such layer")

    with pytest.raises(ValueError, match="no such layer"):
        _graph_files.keep("one", fail)
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("name", ["a.bin", "b.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "empty"])
def test_a_damaged_item_is_removed_and_can_be_written_again(kept, name, damage):
    folder = _graph_files.keep("one", write_two)
    spoil(folder / name, damage)
    assert _graph_files.find("one") is None
    assert not folder.exists()
    assert _graph_files.keep("one", write_two) == folder
    assert (folder / "a.bin").read_bytes() == bytes(range(256))


def spoil(path: Path, damage: str = "flipped") -> None:
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
        return
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    path.write_bytes({"flipped": content, "cut": content[:-1], "empty": b""}[damage])


def test_every_flipped_bit_of_a_manifest_is_harmless(kept):
    """The item is found as it was written, or not at all."""
    manifest = _graph_files.keep("one", write_two) / "manifest.json"
    n_bytes = len(manifest.read_bytes())
    for i in range(n_bytes):
        content = bytearray(manifest.read_bytes())
        content[i] ^= 1 << i % 7
        manifest.write_bytes(content)
        assert _graph_files.find("one") is None
        _graph_files.keep("one", write_two)


@pytest.mark.parametrize("item", ["file", "folder"])
def test_something_else_in_the_way(kept, item):
    kept.mkdir()
    if item == "file":
        (kept / "one").write_text("mine")
    else:
        (kept / "one").mkdir()
    assert _graph_files.find("one") is None
    _graph_files.keep("one", write_two)
    assert _graph_files.find("one") in (None, kept / "one")


def test_an_item_that_is_there_is_not_written_over(kept):
    folder = _graph_files.keep("one", write_two)
    again = _graph_files.keep("one", lambda draft: (draft / "a.bin").write_bytes(b"other") and None)
    assert again == folder
    assert (folder / "a.bin").read_bytes() == bytes(range(256))
    assert [path.name for path in kept.iterdir()] == ["one"]


def test_threads_that_keep_the_same_item_find_one_whole(kept):
    ready = threading.Barrier(8, timeout=LONG)
    found: list[Path | None] = []

    def work(i: int) -> None:
        def write(draft: Path) -> None:
            for name in ("a", "b"):
                (draft / name).write_bytes(bytes([i]) * 100_000)
            ready.wait()

        found.append(_graph_files.keep("one", write))

    in_threads(work, 8)
    assert found == [kept / "one"] * 8
    assert (kept / "one" / "a").read_bytes() == (kept / "one" / "b").read_bytes()
    assert [path.name for path in kept.iterdir()] == ["one"]


def in_threads(work: Callable[[int], Any], n: int) -> None:
    failed: list[BaseException] = []

    def guarded(i: int) -> None:
        try:
            work(i)
        except BaseException as error:  # noqa: BLE001 - the main thread reports it
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(i,), daemon=True) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive(), "a thread hangs"
    assert failed == []


KEEPER = """
import sys
from hybridsent.encoders import _graph_files
print("ready", flush=True)
sys.stdin.readline()
for i in range(40):
    def write(draft):
        for name in ("a", "b"):
            (draft / name).write_text(sys.argv[1] * 5000)
    folder = _graph_files.keep(f"item-{i}", write)
    one, other = ((folder / name).read_text() for name in ("a", "b"))
    assert one == other and len(one) == 5000
"""


def test_processes_that_keep_the_same_items_find_each_whole(kept):
    crowd = [fresh(KEEPER, letter) for letter in "xy"]
    for process in crowd:
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in crowd:
        finish(process)
    assert sorted(path.name for path in kept.iterdir()) == sorted(f"item-{i}" for i in range(40))
    assert all(_graph_files.find(f"item-{i}") for i in range(40))


def fresh(code: str, *arguments: str) -> subprocess.Popen:
    """A new interpreter, with as many threads as it likes."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen) -> str:
    try:
        output, errors = process.communicate(timeout=LONG)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise AssertionError("the process hangs") from None
    assert process.returncode == 0, errors
    return output


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "mine"))
    assert _graph_files.networks_path() == tmp_path / "mine"
    assert _graph_files.keep("one", write_two) == tmp_path / "mine" / "one"
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", "~/mine")
    assert _graph_files.networks_path() == Path.home() / "mine"
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", "")
    usual = _graph_files.networks_path()
    monkeypatch.delenv("HYBRIDSENT_NETWORKS")
    assert usual == _graph_files.networks_path()
    assert usual.name == "networks"
    assert "hybridsent" in usual.parts


CLOSED = """
import os, sys
from hybridsent.encoders import _graph_files
if os.getuid() == 0:
    os.setuid(65534)
print(_graph_files.find("one"), _graph_files.keep("one", lambda draft: None))
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs POSIX users")
def test_a_folder_that_is_closed_to_us_keeps_nothing(monkeypatch, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(closed / "networks"))
    try:
        assert finish(fresh(CLOSED)) == "None None\n"
    finally:
        closed.chmod(0o700)


# -- a module of our own -----------------------------------------------------------------------


class Made:
    """A Source over a function of tensors; tells how often it was loaded.

    Parameters
    ----------
    model : torch.nn.Module
        Holds the parameters.
    function : callable
        The pass; the model itself unless given.
    examples : list of tuple of ndarray
        Inputs.
    """

    def __init__(self, model: Any, function: Any = None, examples: list | None = None) -> None:
        self.model, self.function = model, function or model
        self._examples = examples or [numbers(2), numbers(3)]
        self.n_loads = 0

    def __call__(self, precision: str) -> Made:
        self.n_loads += 1
        return self

    def module(self, output: str) -> Any:
        return as_module(self.model, self.function)

    def examples(self, output: str) -> list[tuple[np.ndarray, ...]]:
        return self._examples


def numbers(n: int, width: int = 16) -> tuple[np.ndarray, ...]:
    return (np.random.default_rng(n).standard_normal((n, width)).astype(np.float32),)


def seeded(make: Callable[[], Any]) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().eval()


def smooth() -> Any:
    return seeded(
        lambda: nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.LayerNorm(32), nn.Linear(32, WIDTH))
    )


def linear() -> Any:
    return seeded(lambda: nn.Linear(16, WIDTH))


def graphs(source: Made, key: str = "made", precision: str = "float32") -> Graphs:
    return Graphs(f"made/{key}", key, source, "cpu", precision)


@torch.inference_mode()
def oracle(source: Made, *inputs: np.ndarray) -> np.ndarray:
    """Torch's values in float64; of a function over a model, in float32."""
    if source.function is source.model:
        model = copy.deepcopy(source.model).double()
        return model(*(torch.from_numpy(one).double() for one in inputs)).numpy()
    return source.function(*map(torch.from_numpy, inputs)).numpy()


def assert_near(values: Any, expected: np.ndarray, scale: float = 1e-4) -> None:
    values = as_numpy(values)
    assert values.shape == expected.shape
    np.testing.assert_allclose(values, expected, rtol=0, atol=scale * np.abs(expected).max())


@pytest.fixture
def conversions(monkeypatch) -> list[Any]:
    """One entry a conversion that is tried."""
    tried: list[Any] = []
    convert = _graphs.converted

    def counted(module: Any, examples: Any) -> Any:
        tried.append(module)
        return convert(module, examples)

    monkeypatch.setattr(_graphs, "converted", counted)
    return tried


def test_a_converted_pass_is_torchs_own(kept, conversions):
    source = Made(smooth())
    run = graphs(source)
    assert run.converts
    for n in (1, 2, 3, 17):  # also numbers of rows that no example had
        values = run("out", *numbers(n))
        assert isinstance(values, np.ndarray)  # OpenVINO's, not torch's
        assert values.dtype == np.float32
        assert_near(values, oracle(source, *numbers(n)))
    assert run.slow is None
    assert (source.n_loads, len(conversions)) == (1, 1)


def test_what_a_pass_gave_is_not_written_over_by_the_next(kept):
    run = graphs(Made(smooth()))
    first = run("out", *numbers(5))
    before = first.copy()
    run("out", *(2 * one for one in numbers(5)))
    np.testing.assert_array_equal(first, before)


def test_a_kept_conversion_needs_no_model(kept, conversions):
    source = Made(smooth())
    expected = graphs(source)("out", *numbers(4))

    def load(precision: str) -> Any:
        raise AssertionError("the model was loaded")

    again = Graphs("made/made", "made", load, "cpu", "float32")
    np.testing.assert_array_equal(again("out", *numbers(4)), expected)
    assert (source.n_loads, len(conversions)) == (1, 1)
    for other in (graphs(source, "other weights"), graphs(source)):
        other("another pass", *numbers(4))
    assert (source.n_loads, len(conversions)) == (3, 3)


def test_measuring_survives_a_folder_that_is_cleared_meanwhile(kept, conversions, monkeypatch):
    graphs(Made(smooth()))("out", *numbers(4))
    find = _graphs._graph_files.find

    def found(item: str) -> Path | None:
        folder = find(item)
        if folder is not None:
            _graphs._graph_files.remove(folder)
        return folder

    monkeypatch.setattr(_graphs._graph_files, "find", found)
    ratio = graphs(Made(smooth())).gain("out")
    assert ratio is None or ratio > 0
    assert len(conversions) == 2


def test_facts_are_read_off_the_model_once(kept):
    source = Made(smooth())
    for _ in range(3):
        assert graphs(source).table(lambda one: {"n": one.n_loads}) == {"n": 1}
    assert source.n_loads == 1


# torch turns the network itself into bfloat16 where OpenVINO cannot multiply it
OF_OPENVINO = [
    "float32",
    pytest.param(
        "bfloat16",
        marks=pytest.mark.skipif(
            not multiplies_bfloat16(), reason="OpenVINO multiplies bfloat16 from AVX-512 on"
        ),
    ),
]
LINEAR = linear()
STUBBORN: dict[str, Callable[[Any], Any]] = {
    "another branch for another shape": lambda x: LINEAR(x) * (1 if x.shape[0] == 2 else 3),
    "another branch for other values": lambda x: LINEAR(x) * (1 if float(x[0, 0]) > 1 else 3),
    "an operation without a rule": lambda x: torch.special.bessel_j0(LINEAR(x)),
    "a detour by numpy": lambda x: LINEAR(x) + float(np.tanh(x.detach().numpy()).sum()),
    "fails when traced": lambda x: LINEAR(x) if not torch.jit.is_tracing() else 1 / 0,
    "another shape for another shape": lambda x: LINEAR(x)[: 1 if x.shape[0] == 2 else 2],
}


@pytest.mark.parametrize("name", STUBBORN)
@pytest.mark.parametrize("precision", OF_OPENVINO)
def test_torch_runs_what_cannot_be_converted(kept, conversions, name, precision):
    source = Made(LINEAR, STUBBORN[name])
    run = graphs(source, precision=precision)
    assert run.slow is None
    for n in (2, 3, 5):
        values = run("out", *numbers(n))
        assert isinstance(values, torch.Tensor)
        assert_near(values, oracle(source, *numbers(n)), 1e-6)
    assert run.slow
    assert (source.n_loads, len(conversions)) == (1, 1)
    again = graphs(source, precision=precision)  # as in a later process: it is not tried again
    assert_near(again("out", *numbers(3)), oracle(source, *numbers(3)), 1e-6)
    assert again.slow == run.slow
    assert (source.n_loads, len(conversions)) == (2, 1)


def test_a_full_memory_is_not_taken_for_a_network_that_cannot_be_converted(kept, monkeypatch):
    convert, tried = _graphs.converted, []

    def full_at_first(module: Any, examples: Any) -> Any:
        tried.append(1)
        if len(tried) == 1:
            raise MemoryError("out of memory")
        return convert(module, examples)

    monkeypatch.setattr(_graphs, "converted", full_at_first)
    source = Made(smooth())
    assert_near(graphs(source)("out", *numbers(3)), oracle(source, *numbers(3)))
    again = graphs(source)
    assert isinstance(again("out", *numbers(3)), np.ndarray)
    assert again.slow is None


@pytest.mark.parametrize("precision", OF_OPENVINO)
def test_a_network_that_16_bits_would_spoil_runs_in_32(kept, precision):
    source = Made(LINEAR, lambda x: (LINEAR(x) * 200).sin())
    for run in (graphs(source, precision=precision), graphs(source, precision=precision)):
        values = run("out", *numbers(7))
        assert isinstance(values, np.ndarray)
        assert_near(values, oracle(source, *numbers(7)), 2e-4)
        assert run.slow is None


@pytest.mark.skipif(not has_bfloat16(), reason="this processor does not multiply bfloat16")
def test_a_network_that_16_bits_do_not_spoil_runs_in_16(kept):
    source = Made(smooth())
    expected = oracle(source, *numbers(7))
    exact, rough = (graphs(source, precision=p)("out", *numbers(7)) for p in _ARITHMETICS)
    assert_near(exact, expected)
    assert 1e-4 < np.abs(rough - expected).max() / np.abs(expected).max() < 2e-2
    assert cosine(rough, expected).min() > 0.999


_ARITHMETICS = ("float32", "bfloat16")


def cosine(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return (X * Y).sum(1) / np.linalg.norm(X, axis=1) / np.linalg.norm(Y, axis=1)


def test_inputs_of_a_shape_that_no_example_had_go_through_torch(kept, conversions):
    """All examples are 16 wide: that was not left open."""
    source = Made(LINEAR, lambda x: torch.nn.functional.adaptive_avg_pool1d(x[:, None], 4)[:, 0])
    run = graphs(source)
    assert isinstance(run("out", *numbers(5)), np.ndarray)
    for width in (12, 20, 16):
        values = run("out", *numbers(5, width))
        assert isinstance(values, np.ndarray) is (width == 16)
        assert_near(values, oracle(source, *numbers(5, width)))
    assert run.slow is None
    assert len(conversions) == 1


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_error_of_a_pass_reaches_the_user_as_it_is(kept, precision):
    def no_layer(x: Any) -> Any:
        raise ValueError("The layer parameter must be between -3 and 2. Got 7.")

    run = graphs(Made(linear(), no_layer), precision=precision)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^The layer parameter .* Got 7\.$"):
            run("out", *numbers(2))
    assert run.slow is None
    assert not kept.exists()


def test_an_unknown_layer_of_a_model_is_told_as_ever(kept, tmp_path):
    folder = tiny.text_model("bert", tmp_path / "bert")
    encoder = TextEncoder(f"hf:{folder}", store=None, device="cpu", precision="float32", layer=7)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"must be between -3 and 2 for .* Got 7"):
            encoder.transform(tiny.TEXTS)
    assert encoder.set_params(layer=2).transform(tiny.TEXTS).shape == (5, 16)


@pytest.mark.parametrize(
    "function",
    [
        "zeros",
        "infinite",
        "not a number",
    ],
)
def test_values_that_cannot_be_compared_are_no_warning(kept, function):
    run = {
        "zeros": lambda x: torch.relu(-LINEAR(x).abs() - 1),
        "infinite": lambda x: (1e38 * LINEAR(x).abs() + 1e38) * 1e38,
        "not a number": lambda x: LINEAR(x) * float("nan"),
    }[function]
    source = Made(LINEAR, run)
    values = as_numpy(graphs(source)("out", *numbers(3)))
    np.testing.assert_array_equal(values, oracle(source, *numbers(3)))


@pytest.mark.parametrize("stubborn", [False, True])
def test_threads_share_one_network(kept, conversions, stubborn):
    source = Made(LINEAR, next(iter(STUBBORN.values()))) if stubborn else Made(smooth())
    run, ready = graphs(source), threading.Barrier(8, timeout=LONG)
    expected = {n: oracle(source, *numbers(n)) for n in range(1, 9)}

    def work(i: int) -> None:
        ready.wait()
        for turn in range(20):
            n = (i + turn) % 8 + 1
            assert_near(run("out", *numbers(n)), expected[n])

    in_threads(work, 8)
    assert (source.n_loads, len(conversions)) == (1, 1)


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_caller_in_inference_mode_gets_the_same(kept, stubborn):
    source = Made(LINEAR, next(iter(STUBBORN.values()))) if stubborn else Made(smooth())
    run = graphs(source)
    with torch.inference_mode():
        values = run("out", *numbers(3))
    assert_near(values, oracle(source, *numbers(3)))
    for n in (3, 4):  # and goes on outside
        assert_near(run("out", *numbers(n)), oracle(source, *numbers(n)))
    with torch.inference_mode():
        assert_near(graphs(source)("out", *numbers(4)), oracle(source, *numbers(4)))


# -- through an encoder ------------------------------------------------------------------------


class Runs(Network):
    """Sixteen numbers of a text, through a made module.

    Parameters
    ----------
    source : Made
        The module.
    device, precision : str
        As resolved.
    """

    def __init__(self, source: Made, device: str, precision: str) -> None:
        self.graphs = Graphs("text/made", f"{id(source)}", source, device, precision)

    @property
    def width(self) -> int:
        return WIDTH

    def prepare(self, clean: Any, options: Options) -> np.ndarray:
        return np.frombuffer(digest(clean), dtype=np.uint8).astype(np.float32) / 128 - 1

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        return as_numpy(self.graphs(f"hidden {options.layer}", np.stack(batch)))[:, None]


@contextmanager
def registered(source: Made) -> Iterator[TextEncoder]:
    """An encoder over a made module."""
    register_backbone(
        Backbone(
            "text/made",
            "text",
            loader=lambda _backbone, device, precision: Runs(source, device, precision),
            sha256="0" * 64,
            width=WIDTH,
        )
    )
    try:
        yield TextEncoder("text/made", store=None, device="cpu", precision="float32")
    finally:
        del _registry._registered["text/made"]
        forget_networks("text/made")


def forget_networks(name: str) -> None:
    """As a new process would begin."""
    for key in [key for key in _runtime._networks if name in key]:
        del _runtime._networks[key]


def rows_of(source: Made, texts: Sequence[str]) -> np.ndarray:
    network = Runs(source, "cpu", "float32")
    return oracle(source, np.stack([network.prepare(text, Options()) for text in texts]))


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "encoder": lambda encoder, texts: encoder.fit_transform(texts),
    "pipeline": lambda encoder, texts: make_pipeline(encoder, StandardScaler()).fit_transform(
        texts
    ),
    "columns": lambda encoder, texts: ColumnTransformer([("t", encoder, 0)]).fit_transform(
        np.array(texts, dtype=object)[:, None]
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_slow_network_is_told_once_where_it_is_called(kept, call):
    source, texts = Made(LINEAR, STUBBORN["fails when traced"]), cells("text", 70)
    with registered(source) as encoder, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CALLS[call](encoder, texts)
        for other in CALLS.values():
            other(clone(encoder), texts)
        rows = encoder.transform(texts)
    (told,) = caught
    assert told.category is SlowPathWarning
    assert told.filename == __file__
    assert "'text/made' cannot run through OpenVINO (ZeroDivisionError" in str(told.message)
    assert_near(rows, rows_of(source, texts), 1e-6)


def test_a_slow_network_is_told_once_whatever_its_layers(kept):
    with registered(Made(LINEAR, STUBBORN["fails when traced"])) as encoder:
        with pytest.warns(SlowPathWarning):
            encoder.transform(["one"])
        encoder.set_params(layer=0).transform(["one"])  # a warning would be an error here


def test_a_network_that_runs_well_says_nothing(kept, conversions):
    source, texts = Made(smooth()), cells("text", 70)
    with registered(source) as encoder:
        assert_near(encoder.fit_transform(texts), rows_of(source, texts))
        assert_near(clone(encoder).set_params(n_jobs=1).transform(texts), rows_of(source, texts))
    assert len(conversions) == 1


@pytest.mark.parametrize("n", [1, 70])
def test_the_first_use_may_be_in_inference_mode(kept, n):
    source, texts = Made(smooth()), cells("text", n)
    with registered(source) as encoder:
        with torch.inference_mode():
            assert_near(encoder.fit_transform(texts), rows_of(source, texts))
        assert_near(encoder.fit_transform(texts), rows_of(source, texts))


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    return tiny.text_model("bert", tmp_path_factory.mktemp("bert") / "bert")


def over(folder: Path, **parameters: Any) -> TextEncoder:
    return TextEncoder(
        f"hf:{folder}", **{"store": None, "device": "cpu", "precision": "float32", **parameters}
    )


@pytest.mark.parametrize("name", ["graph.bin", "graph.xml", "told.json", "tokenizer.json"])
def test_a_damaged_conversion_is_made_again(kept, bert, conversions, name):
    expected = over(bert).fit_transform(tiny.TEXTS)
    [path] = kept.glob(f"*/{name}")
    sound = path.read_bytes()
    spoil(path)
    forget_networks(f"hf:{bert}")
    np.testing.assert_array_equal(over(bert).fit_transform(tiny.TEXTS), expected)
    assert len(conversions) == (1 if name == "tokenizer.json" else 2)
    assert len(path.read_bytes()) == len(sound)
    assert _graph_files.find(path.parent.name) == path.parent
    forget_networks(f"hf:{bert}")


def test_a_folder_that_takes_nothing_only_costs_time(bert, tmp_path, monkeypatch, conversions):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "file" / "networks"))
    forget_networks(f"hf:{bert}")
    first = over(bert).fit_transform(tiny.TEXTS)
    forget_networks(f"hf:{bert}")
    np.testing.assert_array_equal(over(bert).fit_transform(tiny.TEXTS), first)
    assert len(conversions) == 2
    assert (tmp_path / "file").read_text() == "in the way"
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "networks"))
    forget_networks(f"hf:{bert}")
    np.testing.assert_array_equal(over(bert).fit_transform(tiny.TEXTS), first)
    forget_networks(f"hf:{bert}")


# -- other processes ---------------------------------------------------------------------------

TEXTS = [f"{'so ' * (i % 9)}good a day, number {i}" for i in range(60)]  # of many lengths


@pytest.fixture(scope="module")
def default_rows() -> np.ndarray:
    """Rows of the default; its conversion is kept from now on."""
    return TextEncoder(store=None, device="cpu", precision="float32").fit_transform(TEXTS)


ENCODE = """
import json, os, sys
import numpy as np
from hybridsent import TextEncoder

texts, path = json.loads(sys.argv[1]), sys.argv[2]

def encode(path):
    rows = TextEncoder(store=None, device="cpu", precision="float32").fit_transform(texts)
    np.save(path, rows)
"""
ALONE = f"""{ENCODE}
encode(path)
print([name for name in ("torch", "transformers") if name in sys.modules])
"""


def test_new_processes_need_no_torch_and_do_not_hang(default_rows, tmp_path):
    """Two lanes begin at once in each: that was a deadlock, now and then."""
    for turn in range(2):
        paths = [tmp_path / f"{turn}-{i}.npy" for i in range(2)]
        crowd = [fresh(ALONE, json.dumps(TEXTS), str(path)) for path in paths]
        assert [finish(process).strip() for process in crowd] == ["[]"] * 2
        for path in paths:
            assert_near(np.load(path), default_rows)


def test_workers_of_joblib_give_the_same_rows(default_rows):
    encoder = TextEncoder(store=None, device="cpu", precision="float32").fit(TEXTS)
    parts = [TEXTS[:31], TEXTS[31:]]
    rows = joblib.Parallel(n_jobs=2)(joblib.delayed(encoder.transform)(part) for part in parts)
    assert_near(np.concatenate(rows), default_rows)


FORK = f"""{ENCODE}
import multiprocessing, signal, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: a fork with threads
if sys.argv[3] == "used":
    encode(path)
child = multiprocessing.get_context("fork").Process(target=encode, args=(path + ".child.npy",))
child.start()
child.join(60)
hangs = child.is_alive()
if hangs:
    child.kill()
sys.exit("the child hangs" if hangs else child.exitcode)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    "parent",
    [
        "fresh",
        "used",
    ],
)
def test_a_forked_child_can_encode(default_rows, tmp_path, parent):
    finish(fresh(FORK, json.dumps(TEXTS), str(tmp_path / "rows.npy"), parent))
    assert_near(np.load(tmp_path / "rows.npy.child.npy"), default_rows)


# -- 16 bits -----------------------------------------------------------------------------------

ROUNDED = [
    Case(backbone, encoder_classes()[backbone.modality])
    for backbone in list_backbones()
    if backbone.half_precision and backbone.ready is not False
]


def test_discovery_found_networks():
    assert {case.backbone.modality for case in ROUNDED} >= {"text", "image"}


@pytest.mark.parametrize("case", ROUNDED, ids=str)
def test_what_is_automatic_is_near_32_bits_and_does_not_depend_on_the_batch(case):
    column = case.cells(11)
    exact = case.make(store=None).fit_transform(column)
    apart = cosine(exact[:1], exact[1:]).max()
    rows = case.make(store=None, precision="auto", n_jobs=None).fit_transform(column)
    assert cosine(rows, exact).min() > 0.999 > apart
    for batch_size in (1, 3, 11):
        other = case.make(store=None, precision="auto", batch_size=batch_size).fit_transform(column)
        assert np.abs(other - rows).max() < 0.02 * np.abs(rows).max()


@pytest.mark.parametrize("modality", ["text", "image"])
def test_half_precision_runs_on_the_processor_by_torch(kept, tmp_path, modality, conversions):
    """Nothing is converted, nothing is kept: OpenVINO is asked for float32 and bfloat16 alone."""
    if modality == "text":
        folder, kind, column = tiny.text_model("bert", tmp_path / "m"), TextEncoder, tiny.TEXTS
    else:
        folder, kind, column = (
            tiny.image_model("vit", tmp_path / "m"),
            ImageEncoder,
            tiny.pictures(),
        )
    given = {"store": None, "device": "cpu"}
    half = kind(f"hf:{folder}", precision="float16", **given).fit_transform(column)
    assert half.dtype == np.float32
    assert conversions == []
    assert not kept.exists()
    exact = kind(f"hf:{folder}", precision="float32", **given).fit_transform(column)
    assert 0 < np.abs(half - exact).max() < 0.02 * np.abs(exact).max()
    assert len(conversions) == 1


def test_openvino_does_not_report_that_it_is_imported(kept):
    """Its report is sent by a forked process, which waits for ever where other threads multiply."""
    code = (
        "import os, sys\ndef forked():\n    raise SystemExit('forked')\n"
        "os.register_at_fork(before=forked)\n"
        "from hybridsent import TextEncoder\nTextEncoder(store=None).fit_transform(['so good'])\n"
        "print('openvino' in sys.modules, 'openvino_telemetry' in sys.modules)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "CI"}  # there it reports nothing
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["True", "False"]
