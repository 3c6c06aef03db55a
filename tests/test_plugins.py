"""Code from outside: loaded in one way, found by every process, and told of where it breaks."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
import threading
from importlib.metadata import EntryPoint
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

import hybridsent
from hybridsent import (
    TextEncoder,
    _plugins,
    _registries,
    list_backbones,
    load_plugin,
    make_fusion,
    save,
)
from hybridsent.encoders import get_backbone
from hybridsent.exceptions import HybridsentWarning, PluginError, UnknownBackboneError
from hybridsent.recipes import load_recipe

ROOT = Path(hybridsent.__file__).parents[1]

PLUGIN = """
import hashlib
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from hybridsent.encoders import Backbone, Network, register_backbone

class Shift(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.mean_ = np.mean(X)
        return self
    def transform(self, X):
        return np.asarray(X) - self.mean_

class Letters(Network):
    width = 3
    def encode(self, batch, options):
        digests = [hashlib.sha256(text.encode()).digest()[:3] for text in batch]
        return np.array([list(each) for each in digests], dtype=np.float32)[:, None, :]

def load(backbone, device, precision):
    return Letters()

register_backbone(Backbone("text/{name}", "text", load, sha256="0" * 64, width=3))
"""


@pytest.fixture(autouse=True)
def _as_before(monkeypatch, tmp_path):
    """Forget what a test has loaded."""
    monkeypatch.setenv(_plugins.VARIABLE, "")
    monkeypatch.setattr(_plugins, "_state", _plugins._State())
    registered, modules = _registries.registered(), set(sys.modules)
    yield
    _registries.put_back(registered)
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def written(folder: Path, name: str = "letters_of_mine", after: str = "") -> Path:
    path = folder / f"{name}.py"
    path.write_text(PLUGIN.replace("{name}", name) + after)
    return path


def fresh(code: str, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new process that has loaded nothing."""
    return subprocess.run(
        [sys.executable, *flags, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


# -- loaded ----------------------------------------------------------------------------------------


def test_a_file_is_run_once_under_the_name_of_its_stem(tmp_path):
    path = written(tmp_path)
    module = load_plugin(path)
    assert module.__name__ == "letters_of_mine"
    assert sys.modules["letters_of_mine"] is module
    assert load_plugin(str(path)) is module  # twice would be "taken"
    assert load_plugin(tmp_path / "folder" / ".." / path.name) is module
    assert get_backbone("text/letters_of_mine").width == 3
    assert not list(tmp_path.glob("**/__pycache__"))


def test_a_module_is_imported(tmp_path, monkeypatch):
    written(tmp_path, "a_module_of_mine")
    monkeypatch.syspath_prepend(tmp_path)
    assert load_plugin("a_module_of_mine") is sys.modules["a_module_of_mine"]
    # by its path it is the same module
    assert load_plugin(tmp_path / "a_module_of_mine.py") is sys.modules["a_module_of_mine"]
    assert get_backbone("text/a_module_of_mine").width == 3


def test_a_name_that_is_no_identifier_becomes_one(tmp_path):
    assert load_plugin(written(tmp_path, "my-own parts")).__name__ == "my_own_parts"


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("nothing_of_this_name", r"nothing is called 'nothing_of_this_name'.*PYTHONPATH"),
        ("os.nothing_there", r"nothing is called 'os.nothing_there'"),
        ("mypackage.module:loader", r"its module.*path of a file.*Got 'mypackage.module:loader'"),
        ("", r"named by its module.*Got ''"),
        (3, r"named by its module.*Got 3"),
        (b"bytes.py", r"named by its module"),
        ("nothing.py", r"a file that can be read. Got '.*nothing.py'"),
        ("folder/module", r"ends in .py. Got 'folder/module'"),
        ("with,comma.py", r"neither ',' nor"),
    ],
)
def test_what_is_no_plugin_is_refused_with_a_sentence(name, match):
    with pytest.raises(PluginError, match=f"(?i){match}"):
        load_plugin(name)


def test_a_path_that_no_file_can_have_is_refused_as_others():
    with pytest.raises(PluginError, match=r"must be a file that can be read.*null byte"):
        load_plugin("parts\0.py")


@pytest.mark.parametrize("name", ["json", "torch", "hybridsent"])
def test_a_file_may_not_have_the_name_of_another_module(name, tmp_path):
    with pytest.raises(PluginError, match=f"module '{name}'.*elsewhere.*Rename"):
        load_plugin(written(tmp_path, name))


def test_a_file_that_was_changed_is_not_taken_for_what_it_was(tmp_path):
    path = written(tmp_path)
    load_plugin(path)
    path.write_text("1")
    with pytest.raises(PluginError, match=r"was changed after it was loaded.*Start Python anew"):
        load_plugin(path)


@pytest.mark.parametrize(
    ("failing", "match"),
    [
        ("raise RuntimeError('no key')", r"RuntimeError: no key \(line \d+\)\."),
        ("def", r"SyntaxError: .*letters_of_mine.py"),
        ("import nothing_at_all", "ModuleNotFoundError: No module named 'nothing_at_all'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_plugin_that_fails_leaves_nothing_behind(failing, match, tmp_path):
    path = written(tmp_path, after=failing)
    for _ in range(2):
        with pytest.raises(PluginError, match=match) as caught:
            load_plugin(path)
        assert caught.value.__cause__ is not None
        assert "letters_of_mine" not in sys.modules
        assert not [each for each in list_backbones() if "letters" in each.name]
    path.write_text(PLUGIN.replace("{name}", "letters_of_mine"))  # mended
    load_plugin(path)
    assert get_backbone("text/letters_of_mine").width == 3


def test_a_plugin_that_fails_takes_back_its_own_alone(tmp_path):
    inner = written(tmp_path, "inner_plugin")
    outer = written(tmp_path, "outer_plugin")
    outer.write_text(
        outer.read_text()
        + f"from hybridsent import load_plugin\nload_plugin({str(inner)!r})\nraise ValueError('no')"
    )
    with pytest.raises(PluginError, match="ValueError: no"):
        load_plugin(outer)
    names = [each.name for each in list_backbones()]
    assert "text/inner_plugin" in names
    assert "text/outer_plugin" not in names


# -- found -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", os.pathsep, " , "])
def test_the_environment_variable_names_plugins(separator, tmp_path, monkeypatch):
    one, two = written(tmp_path, "one_plugin"), written(tmp_path, "two_plugin")
    monkeypatch.setenv(_plugins.VARIABLE, separator.join([str(one), str(two)]))
    assert get_backbone("text/one_plugin").width == 3
    assert get_backbone("text/two_plugin").width == 3


def test_the_environment_variable_is_read_when_names_are_listed(tmp_path, monkeypatch):
    list_backbones()
    monkeypatch.setenv(_plugins.VARIABLE, str(written(tmp_path)))  # after the first reading
    assert "text/letters_of_mine" in [each.name for each in list_backbones()]


def test_a_broken_one_is_told_every_time_and_hides_no_other(tmp_path, monkeypatch):
    broken = written(tmp_path, "broken_plugin", "raise RuntimeError('no key')")
    monkeypatch.setenv(_plugins.VARIABLE, f"{broken},nowhere_at_all,{written(tmp_path)}")
    for _ in range(2):
        with pytest.warns(HybridsentWarning, match=r"broken_plugin.py.*no key.*nowhere_at_all"):
            names = [each.name for each in list_backbones()]
        assert "text/letters_of_mine" in names
        with pytest.raises(UnknownBackboneError, match=r"broken_plugin.py.*no key"):
            get_backbone("text/unknown")


def test_installed_packages_name_a_module_or_a_function(tmp_path, monkeypatch):
    written(tmp_path, "module_of_a_package")
    register = "def register():\n    import function_of_a_package_inner\n"
    (tmp_path / "function_of_a_package.py").write_text(register)
    written(tmp_path, "function_of_a_package_inner")
    (tmp_path / "gives_of_a_package.py").write_text("def register():\n    return [1]\n")
    monkeypatch.syspath_prepend(tmp_path)
    values = [
        "module_of_a_package",
        "function_of_a_package:register",
        "gives_of_a_package:register",
    ]
    points = [EntryPoint(value.partition(":")[0], value, _plugins.GROUP) for value in values]
    monkeypatch.setattr(
        _plugins, "entry_points", lambda group: points if group == _plugins.GROUP else []
    )
    with pytest.warns(HybridsentWarning, match=r"gives_of_a_package.*return None, and gave \[1\]"):
        names = [each.name for each in list_backbones()]
    assert {"text/module_of_a_package", "text/function_of_a_package_inner"} <= set(names)


def test_plugins_are_loaded_once_by_many_threads(tmp_path, monkeypatch):
    path = written(tmp_path, after="\nimport time\ntime.sleep(0.05)\n")
    monkeypatch.setenv(_plugins.VARIABLE, str(path))
    found, start = [], threading.Barrier(8)

    def find() -> None:
        start.wait()
        found.append(get_backbone("text/letters_of_mine"))

    threads = [threading.Thread(target=find) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(each) for each in found}) == 1


APART = """
    import faulthandler, sys, threading
    from importlib.abc import MetaPathFinder
    faulthandler.dump_traceback_later(120, exit=True)
    from hybridsent import load_plugin
    sys.plugin_runs, sys.fusion_is_imported = threading.Event(), threading.Event()

    class Tells(MetaPathFinder):  # is asked while the lock of the module is held
        def find_spec(self, name, path, target=None):
            if name == "hybridsent.fusion._registry":
                sys.fusion_is_imported.set()

    def imports():
        sys.plugin_runs.wait()
        from hybridsent.fusion import FUSIONS

    sys.meta_path.insert(0, Tells())
    other = threading.Thread(target=imports)
    other.start()
    load_plugin(PATH)
    other.join()
    print("both")
"""


def test_a_plugin_and_a_first_import_elsewhere_do_not_wait_for_each_other(tmp_path):
    path = tmp_path / "waits_for_an_import.py"
    path.write_text(
        "import sys\nsys.plugin_runs.set()\nsys.fusion_is_imported.wait()\n"
        "from hybridsent.fusion import register_fusion\n"
    )
    told = fresh(APART.replace("PATH", repr(str(path))))
    assert told.stdout.strip() == "both", told.stderr


def test_a_plugin_that_loads_itself_and_fails_is_not_taken_for_loaded(tmp_path):
    path = written(tmp_path, after="\nimport hybridsent\nhybridsent.load_plugin(__file__)\n1 / 0\n")
    for _ in range(2):
        with pytest.raises(PluginError, match="ZeroDivisionError"):
            load_plugin(path)
    assert os.environ[_plugins.VARIABLE] == ""


def test_a_relative_path_of_the_variable_is_found_by_processes_elsewhere(tmp_path, monkeypatch):
    path = written(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(_plugins.VARIABLE, f"json,{path.name}")
    list_backbones()
    assert os.environ[_plugins.VARIABLE] == os.pathsep.join(["json", str(path)])


# -- other processes -------------------------------------------------------------------------------


def test_workers_that_run_already_get_the_plugins_with_the_encoder(tmp_path):
    joblib.Parallel(n_jobs=2)(joblib.delayed(os.getpid)() for _ in range(4))  # loaded nothing
    load_plugin(written(tmp_path))
    encoder = TextEncoder("text/letters_of_mine", store=None)
    texts = ["good", "bad"]
    rows = joblib.Parallel(n_jobs=2)([joblib.delayed(encoder.fit_transform)(texts)] * 2)
    for each in rows:
        np.testing.assert_array_equal(each, encoder.fit_transform(texts))


def test_an_encoder_is_copied_and_pickled_as_before(tmp_path):
    encoder = TextEncoder("text/letters_of_mine", batch_size=3)
    assert b"letters_of_mine.py" not in pickle.dumps(encoder)
    load_plugin(written(tmp_path))
    again = pickle.loads(pickle.dumps(encoder))
    assert again.get_params() == encoder.get_params()


def test_processes_that_are_started_load_them(tmp_path):
    load_plugin(written(tmp_path))
    told = fresh(
        "from hybridsent import list_backbones; print(list_backbones('*/letters*')[0].name)"
    )
    assert told.stdout.strip() == "text/letters_of_mine", told.stderr


def test_a_pickled_encoder_brings_its_plugins_to_a_fresh_process(tmp_path, monkeypatch):
    load_plugin(written(tmp_path))
    encoder = TextEncoder("text/letters_of_mine", store=None)
    joblib.dump((encoder, encoder.fit_transform(["good"])), tmp_path / "dumped")
    monkeypatch.setenv(_plugins.VARIABLE, "")
    code = f"""
        import joblib
        encoder, rows = joblib.load({str(tmp_path / "dumped")!r})
        assert (encoder.transform(["good"]) == rows).all()
    """
    told = fresh(code)
    assert told.returncode == 0, told.stderr
    (tmp_path / "letters_of_mine.py").unlink()
    told = fresh(code)
    assert "UnknownBackboneError" in told.stderr
    assert "letters_of_mine.py" in told.stderr


def test_a_saved_model_on_a_backbone_of_a_plugin_says_what_it_needs(tmp_path, monkeypatch):
    path = written(tmp_path)
    load_plugin(path)
    texts, labels = pd.DataFrame({"text": ["good", "bad"] * 4}), ["g", "b"] * 4
    model = make_fusion(text="text/letters_of_mine", store=None).fit(texts, labels)
    file = save(model, tmp_path / "m.hybridsent")
    monkeypatch.setenv(_plugins.VARIABLE, "")
    code = f"from hybridsent import load; print(load({str(file)!r}, plugins=[PLUGINS]).classes_)"
    told = fresh(code.replace("PLUGINS", repr(str(path))), "-W", "error")
    assert told.stdout.strip() == "['b' 'g']", told.stderr
    told = fresh(code.replace("PLUGINS", ""))
    assert "needs the plugin, hybridsent.load_plugin(NAME)" in told.stderr


def test_classes_of_a_plugin_are_found_in_a_pickle_by_who_loads_it_first(tmp_path, monkeypatch):
    path = written(tmp_path)
    joblib.dump(load_plugin(path).Shift().fit([[1.0], [3.0]]), tmp_path / "dumped")
    monkeypatch.setenv(_plugins.VARIABLE, "")
    code = f"import joblib; print(joblib.load({str(tmp_path / 'dumped')!r}).transform([[2.0]]))"
    told = fresh(f"from hybridsent import load_plugin; load_plugin({str(path)!r})\n{code}")
    assert told.stdout.strip() == "[[0.]]", told.stderr
    assert "No module named 'letters_of_mine'" in fresh(code).stderr


# -- recipes ---------------------------------------------------------------------------------------


def test_a_file_that_is_a_plugin_and_a_recipe_is_run_once(tmp_path):
    path = written(tmp_path, after="\nGRID = {}\ndef build(**options):\n    return Shift()\n")
    module = load_plugin(path)
    assert load_recipe(path).function is module.build
    path.write_text("1")
    with pytest.raises(PluginError, match="was changed"):
        load_recipe(path)
