"""Networks of one's own, named as module:loader: found, told apart by their weights and code."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

import hybridsent
from hybridsent import (
    ImageEncoder,
    TextEncoder,
    _plugins,
    _registries,
    load,
    load_plugin,
    make_fusion,
    save,
)
from hybridsent.encoders import Backbone, _own, get_backbone, register_backbone, release_networks
from hybridsent.exceptions import (
    PluginError,
    UnknownBackboneError,
    UntrustedTypeError,
    WeightsError,
    WeightsNotFoundError,
)
from hybridsent.fusion import make_features

ROOT = Path(hybridsent.__file__).parents[1]

CODE = """
from pathlib import Path
import numpy as np
from hybridsent.encoders import Network

class Hashed(Network):
    width = 3
    def __init__(self, weights):
        self.weights = weights
    def encode(self, batch, options):
        rows = [np.frombuffer(text.encode().ljust(8)[:8], dtype=np.uint8) for text in batch]
        return (np.stack(rows) @ self.weights).astype(np.float32)[:, None, :]

def load(backbone, device, precision):
    file = Path(__file__).parent / "weights.npy"
    loads.append((device, precision))
    return Hashed(np.load(file) if file.exists() else np.arange(24.0).reshape(8, 3))

loads = []
"""
FILES = CODE + "\nload.weights = 'weights.npy'\n"


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """Forget what a test has loaded."""
    monkeypatch.setenv(_plugins.VARIABLE, "")
    monkeypatch.setattr(_plugins, "_state", _plugins._State())
    registered, modules = _registries.registered(), set(sys.modules)
    yield
    _registries.put_back(registered)
    _forget(set(sys.modules) - modules)


def _forget(names):
    for name in names:
        if "of_a_test" in name:
            del sys.modules[name]
    for kept in (_own._digests, _own._codes, _own._loaded):
        kept.clear()
    release_networks()


def written(folder: Path, code: str = CODE, name: str = "net_of_a_test", scale: float = 1.0) -> str:
    """Write a module and its weights, as a new process would find them; give the backbone's name."""
    _plugins._state.__init__()
    _forget(list(sys.modules))
    path = folder / f"{name}.py"
    path.write_text(code)
    np.save(folder / "weights.npy", scale * np.arange(24.0).reshape(8, 3))
    return f"{load_plugin(path).__name__}:load"


def encoder(model: str) -> TextEncoder:
    return TextEncoder(model, store=None)


# -- found -----------------------------------------------------------------------------------------


def test_a_loader_is_a_backbone_by_its_name(tmp_path):
    model = written(tmp_path)
    rows = encoder(model).fit_transform(["good", "bad", None])
    assert rows.shape == (3, 3)
    assert np.isnan(rows[2]).all()
    found = get_backbone(model, "text")
    assert (found.name, found.modality, found.licence) == (model, "text", "unknown")
    table = pd.DataFrame({"text": ["good", "bad"] * 3})
    assert make_fusion(text=model, store=None).fit(table, ["g", "b"] * 3).predict(table)[0] == "g"


def test_a_loader_tells_what_it_reads_and_more(tmp_path):
    more = "\nload.modality = 'text'\nload.width = 3\nload.licence = 'MIT'\n"
    model = written(tmp_path, CODE + more)
    found = get_backbone(model)
    assert (found.modality, found.width, found.licence) == ("text", 3, "MIT")
    made = make_features(views={"title": model}, store=None)
    assert list(made.fit_transform(pd.DataFrame({"title": ["good"]}))) == [
        f"title__{i}" for i in range(3)
    ]
    with pytest.raises(UnknownBackboneError, match=r"must read image\. .*reads text"):
        ImageEncoder(model).fit(["a.png"])


def test_views_of_unknown_modality_are_told_the_way_out(tmp_path):
    model = written(tmp_path)
    with pytest.raises(UnknownBackboneError, match=r"load\.modality = 'image'"):
        make_features(views={"title": model})


@pytest.mark.parametrize(
    ("model", "match"),
    [
        ("nowhere_of_a_test:load", r"module that Python finds.*hf:….*PYTHONPATH.*load_plugin"),
        ("torchvison:resnet50", r"Did you mean 'torchvision'\?"),
        ("{module}:nothing", r"has nothing under 'nothing'"),
        ("{module}:loads", r"has a list under 'loads'"),
        ("{module}:Hashed", r"callable as loader\(backbone, device, precision\)"),
        ("__main__:load", r"other processes find.*load_plugin"),
    ],
)
def test_what_is_no_loader_is_told(model, match, tmp_path):
    module = written(tmp_path).partition(":")[0]
    with pytest.raises(UnknownBackboneError, match=match):
        encoder(model.format(module=module)).fit(["good"])


@pytest.mark.parametrize("told", [True, False])
def test_a_network_may_set_its_width_itself_and_must_say_it(told, tmp_path):
    said = "self.width = weights.shape[1]\n        " if told else ""
    code = CODE.replace("    width = 3\n", "").replace("self.weights =", said + "self.weights =")
    name = written(tmp_path, code)
    if told:
        assert encoder(name).fit_transform(["good", "bad"]).shape == (2, 3)
        return
    with pytest.raises(WeightsError, match=r"Hashed must have a width.*self.width in __init__"):
        encoder(name).fit_transform(["good"])


def test_a_loader_that_gives_no_network_is_told(tmp_path):
    model = written(tmp_path, FILES.replace("return Hashed", "return len"))
    with pytest.raises(WeightsError, match=r"must give a hybridsent.encoders.Network. Got a int"):
        encoder(model).fit_transform(["good"])


def test_a_module_that_lacks_a_package_is_told(tmp_path, monkeypatch):
    (tmp_path / "lacks_of_a_test.py").write_text("import nothing_of_this_name")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match="it needs 'nothing_of_this_name'"):
        encoder("lacks_of_a_test:load").fit(["good"])


@pytest.mark.parametrize("given", [{"pooling": "max"}, {"layer": -2}, {"steps": 2}])
def test_options_that_a_network_does_not_say_to_serve_are_refused(given, tmp_path):
    model = written(tmp_path)
    with pytest.raises(ValueError, match=f"The {next(iter(given))} parameter must be left alone"):
        TextEncoder(model, store=None, **given).fit_transform(["good"])
    model = written(tmp_path, CODE + "\nHashed.check = lambda self, options: None\n")
    if "steps" not in given:
        TextEncoder(model, store=None, **given).fit_transform(["good"])
    with pytest.raises(ValueError, match=r"revision parameter must be left alone.*Got 'main'"):
        TextEncoder(model, revision="main").fit(["good"])


# -- told apart ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [CODE, FILES], ids=["arrays", "files"])
def test_other_weights_and_other_code_are_other_fingerprints(code, tmp_path):
    first = encoder(written(tmp_path, code)).fingerprint()
    assert encoder(written(tmp_path, code)).fingerprint() == first
    assert encoder(written(tmp_path, code, scale=2.0)).fingerprint() != first
    assert encoder(written(tmp_path, code + "\nnew = 1\n")).fingerprint() != first
    versioned = code + "\nload.version = 1\n"
    named = encoder(written(tmp_path, versioned)).fingerprint()
    assert encoder(written(tmp_path, versioned + "\nnew = 1\n")).fingerprint() == named
    assert encoder(written(tmp_path, versioned.replace("= 1", "= 2"))).fingerprint() != named


def test_files_are_hashed_without_loading_and_arrays_with_one_loading(tmp_path):
    model = written(tmp_path, FILES)
    encoder(model).fingerprint()
    assert sys.modules["net_of_a_test"].loads == []
    model = written(tmp_path, CODE)
    encoder(model).fingerprint()
    encoder(model).fit_transform(["good"])
    assert sys.modules["net_of_a_test"].loads == [("cpu", "float32")]


def test_a_file_that_changes_is_seen_in_the_same_process(tmp_path):
    model = written(tmp_path, FILES)
    first = encoder(model).fit_transform(["good"])
    np.save(tmp_path / "weights.npy", np.ones((8, 3)))
    assert (encoder(model).fit_transform(["good"]) != first).any()


def test_code_beside_the_module_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    code = "from helper_of_a_test import SCALE, function\n" + CODE
    (tmp_path / "helper_of_a_test.py").write_text("SCALE = 1\ndef function():\n    return 1\n")
    first = encoder(written(tmp_path, code)).fingerprint()
    (tmp_path / "helper_of_a_test.py").write_text("SCALE = 1\ndef function():\n    return 23\n")
    assert encoder(written(tmp_path, code)).fingerprint() != first


@pytest.mark.parametrize(
    ("more", "error", "match"),
    [
        ("load.weights = 'nothing.bin'", WeightsNotFoundError, r"Nothing is at .*nothing\.bin"),
        ("load.weights = []", WeightsError, r"must be a path, or a list of paths.*Got \[\]"),
        ("load.weights = 3", WeightsError, r"must be a path.*Got 3"),
        ("load.version = 1.5", WeightsError, r"must be a str or an int.*Got 1\.5"),
        ("Hashed.state = lambda self: {'a': object()}", WeightsError, r"a object as state\['a'\]"),
    ],
)
def test_weights_that_cannot_be_told_are_refused(more, error, match, tmp_path):
    model = written(tmp_path, f"{CODE}\n{more}\n")
    with pytest.raises(error, match=match):
        encoder(model).fingerprint()


def test_weights_may_be_a_folder_a_list_or_a_function(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "one.bin").write_bytes(b"1")
    found = set()
    for more in ("'weights'", "['weights/one.bin']", "lambda backbone: 'weights/one.bin'"):
        fingerprint = encoder(written(tmp_path, f"{CODE}\nload.weights = {more}\n")).fingerprint()
        (folder / "one.bin").write_bytes(b"2")
        other = encoder(written(tmp_path, f"{CODE}\nload.weights = {more}\n")).fingerprint()
        (folder / "one.bin").write_bytes(b"1")
        assert fingerprint != other
        found.add(fingerprint)


def test_torch_modules_and_tensors_are_read(tmp_path):
    torch = pytest.importorskip("torch")
    code = CODE + (
        "\nimport torch\n_init = Hashed.__init__\n"
        "def init(self, weights):\n    _init(self, weights)\n"
        "    self.layer = torch.nn.Linear(2, 2).requires_grad_(False)\n"
        "    self.layer.weight.fill_({value})\n    self.layer.bias.fill_(0)\n"
        "    self.half = torch.ones(3, dtype=torch.bfloat16)\nHashed.__init__ = init\n"
        "load.version = 1\n"
    )
    one = encoder(written(tmp_path, code.replace("{value}", "1.0"))).fingerprint()
    assert encoder(written(tmp_path, code.replace("{value}", "1.0"))).fingerprint() == one
    assert encoder(written(tmp_path, code.replace("{value}", "2.0"))).fingerprint() != one
    assert torch.is_grad_enabled()


def test_a_registered_backbone_needs_no_hash(tmp_path):
    written(tmp_path)
    module = sys.modules["net_of_a_test"]
    register_backbone(Backbone("text/own-of-a-test", "text", module.load))
    register_backbone(Backbone("text/named-of-a-test", "text", "net_of_a_test:load"))
    for name in ("text/own-of-a-test", "text/named-of-a-test"):
        assert encoder(name).fit_transform(["good"]).shape == (1, 3)
        assert len(get_backbone(name).digest()) == 64


# -- elsewhere -------------------------------------------------------------------------------------


def fresh(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


def test_workers_find_the_loader_and_agree(tmp_path):
    joblib.Parallel(n_jobs=2)(joblib.delayed(os.getpid)() for _ in range(4))  # they run already
    made = encoder(written(tmp_path))
    told = joblib.Parallel(n_jobs=2)([joblib.delayed(_told)(made)] * 2)
    for fingerprint, rows in told:
        assert fingerprint == made.fingerprint()
        np.testing.assert_array_equal(rows, made.fit_transform(["good"]))


def _told(made):
    return made.fingerprint(), made.fit_transform(["good"])


@pytest.mark.parametrize("code", [CODE, FILES], ids=["arrays", "files"])
def test_a_saved_model_is_refused_until_its_loader_is_allowed(code, tmp_path, monkeypatch):
    table = pd.DataFrame({"text": ["good", "bad"] * 4})
    model = make_fusion(text=written(tmp_path, code), store=None).fit(table, ["g", "b"] * 4)
    path = save(model, tmp_path / "m.hybridsent")
    monkeypatch.setenv(_plugins.VARIABLE, "")
    plugin = tmp_path / "net_of_a_test.py"
    predict = f"""
        import pandas as pd
        from hybridsent import load
        model = load({str(path)!r}, OPTIONS)
        print(model.predict(pd.DataFrame({{"text": ["good", "bad"]}})))
    """
    told = fresh(predict.replace("OPTIONS", f"plugins=[{str(plugin)!r}]"))
    assert told.stdout.strip() == "['g' 'b']", told.stderr
    told = fresh(
        predict.replace("OPTIONS", "trusted=['net_of_a_test.load']"),
        PYTHONPATH=os.pathsep.join([str(ROOT), str(tmp_path)]),
    )
    assert told.stdout.strip() == "['g' 'b']", told.stderr
    match = r"model='net_of_a_test:load'.*trusted=\['net_of_a_test.load'\].*plugins=\['FILE.py'\]"
    with pytest.raises(UntrustedTypeError, match=match):
        load(path)
    np.save(tmp_path / "weights.npy", np.ones((8, 3)))
    told = fresh(predict.replace("OPTIONS", f"plugins=[{str(plugin)!r}]"))
    assert "computes something else here than when it was saved" in told.stderr


def test_nothing_of_a_module_that_is_not_allowed_is_run(tmp_path, monkeypatch):
    model = make_fusion(text=written(tmp_path), store=None)
    table = pd.DataFrame({"text": ["good", "bad"] * 4})
    path = save(model.fit(table, ["g", "b"] * 4), tmp_path / "m.hybridsent")
    del sys.modules["net_of_a_test"]
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UntrustedTypeError):
        load(path)
    assert "net_of_a_test" not in sys.modules


@pytest.mark.parametrize("plugins", ["my_parts.py", b"my_parts", 3, None])
def test_plugins_of_load_must_be_a_list(plugins, tmp_path):
    with pytest.raises(UntrustedTypeError, match="plugins must be a sequence"):
        load(tmp_path / "m.hybridsent", plugins=plugins)
