"""A modality registered from one file of one's own works wherever the three of the package do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

import hybridsent
from hybridsent import _plugins, evaluate, load, load_plugin, make_fusion, save
from hybridsent.datasets import detect_modalities, media_columns, read_table
from hybridsent.encoders import _registry, get_backbone
from hybridsent.exceptions import CellError, CellWarning, MediaError, UntrustedTypeError
from hybridsent.media import _modality, content_key, get_modality, list_modalities

PLUGIN = Path(__file__).with_name("thermal.py")
ROOT = Path(hybridsent.__file__).parents[1]


@pytest.fixture(autouse=True)
def thermal(monkeypatch, tmp_path):
    """The plugin, and everything as it was before behind it."""
    monkeypatch.setenv(_plugins.VARIABLE, "")
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(_plugins, "_state", _plugins._State())
    registries = [(names, dict(names)) for names in (_registry._registered, _modality._known)]
    modules = set(sys.modules)
    yield load_plugin(PLUGIN)
    for names, before in registries:
        names.clear()
        names.update(before)
    for name in set(sys.modules) - modules:
        if name == "thermal":
            del sys.modules[name]


def write(folder: Path, n: int = 24) -> pd.DataFrame:
    """A table of files, warm and cold ones by their label."""
    rng = np.random.default_rng(0)
    folder.mkdir(exist_ok=True, parents=True)
    labels = ["cold", "warm"] * (n // 2)
    for i, label in enumerate(labels):
        heat = (14 if label == "cold" else 30) + rng.normal(size=(6 + i % 3, 8))
        np.save(folder / f"{i}.npy", heat)
    return pd.DataFrame(
        {
            "heat": [f"{i}.npy" for i in range(n)],
            "note": [f"Nothing to be said about number {i}" for i in range(n)],
            "target": labels,
        }
    )


def absolute(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    return table.assign(heat=[str(folder / name) for name in table["heat"]])


def fresh(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python anew; nothing is known there but what the arguments and variables say."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), _plugins.VARIABLE: "", **environment}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, env=variables
    )


# -- it is a modality like any other ---------------------------------------------------------------


def test_it_is_listed_behind_those_of_the_package():
    assert [modality.name for modality in list_modalities()][-1] == "thermal"
    assert get_modality("thermal").is_media
    backbone = get_backbone("thermal/blocks")
    assert (backbone.width, len(backbone.digest())) == (8, 64)


def test_it_is_gone_where_the_file_was_not_loaded():
    code = (
        "from hybridsent.media import get_modality, list_modalities\n"
        "print(len(list_modalities()))\n"
        "get_modality('thermal')"
    )
    without, with_it = fresh("-c", code), fresh("-c", code, **{_plugins.VARIABLE: str(PLUGIN)})
    assert (without.stdout.strip(), with_it.stdout.strip()) == ("3", "4")
    assert "register_modality" in without.stderr
    assert "'thermal'" in without.stderr
    assert with_it.returncode == 0, with_it.stderr


@pytest.mark.slow
def test_it_passes_the_laws_of_encoders():
    laws = ROOT / "tests" / "contracts" / "test_contract_encoders.py"
    done = fresh(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "thermal or Thermal", str(laws)),
        **{_plugins.VARIABLE: str(PLUGIN)},
    )
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(last.split()[0]) > 60


def test_it_is_found_in_a_table_by_content_and_by_name(tmp_path):
    table = write(tmp_path)
    assert detect_modalities(table, exclude=["target"]) == {"text": "note", "thermal": "heat"}
    assert media_columns(table) == ["heat"]
    arrays = pd.DataFrame(
        {"x": [np.full((5, 5), 20.0), None], "y": [np.zeros((3, 3, 3), "uint8")] * 2}
    )
    assert detect_modalities(arrays) == {"image": "y", "thermal": "x"}
    named = pd.DataFrame({"thermal": ["frames/12", "frames/13"]})
    assert detect_modalities(named) == {"thermal": "thermal"}


def test_a_table_of_its_files_and_a_folder_of_classes_are_read(tmp_path):
    write(tmp_path).to_csv(tmp_path / "t.csv", index=False)
    assert Path(read_table(tmp_path / "t.csv")["heat"][0]).is_absolute()
    for name in ("cold", "warm"):
        write(tmp_path / "classes" / name, 2)
    table = read_table(tmp_path / "classes")
    assert list(table.columns) == ["thermal", "label"]
    assert len(table) == 4


def test_equal_content_has_one_key_whatever_holds_it(tmp_path, thermal):
    content, path = thermal.example(0), tmp_path / "1.npy"
    path.write_bytes(content)
    forms = (content, bytearray(content), path, str(path), [path], {"bytes": content, "path": None})
    assert len({content_key(form, "thermal") for form in forms}) == 1
    assert content_key(content, "thermal") != content_key(content, "image")
    array = np.arange(16.0).reshape(4, 4)
    keys = {
        content_key(cell, "thermal") for cell in (array, np.asfortranarray(array), array[..., None])
    }
    assert len(keys) == 2  # another shape is another cell
    with pytest.raises(MediaError, match=r"the thermal cell must be .*array of floats.*got int"):
        content_key(3, "thermal")


# -- models ----------------------------------------------------------------------------------------


def test_it_makes_a_fusion_that_is_judged(tmp_path):
    table = absolute(write(tmp_path), tmp_path)
    model = make_fusion(views={"thermal": "thermal"}, columns={"thermal": "heat"})
    result = evaluate(model, table.drop(columns="note"), "target", cv=3, n_jobs=2)
    assert "accuracy" in str(result)
    views = {"camera": "thermal", "again": "thermal/blocks", "note": "text/words"}
    columns = {"camera": "heat", "again": "heat"}
    X = make_fusion(views=views, columns=columns)[0].fit_transform(table, table["target"])
    assert [name for name in X.columns if name.endswith("__7")][:2] == ["camera__7", "again__7"]
    assert make_fusion(views={"thermal": True}).get_params()["features__thermal__model"]


def test_missing_cells_are_nan_and_broken_ones_are_named(tmp_path, thermal):
    bad = tmp_path / "bad.npy"
    bad.write_bytes(b"no numbers")
    good = thermal.example(1)
    column = pd.DataFrame({"heat": [good, None, str(bad)]}, index=["a", "b", "c"])
    encoder = thermal.ThermalEncoder(n_jobs=2)
    with pytest.raises(CellError, match=r"row 'c', column 'heat': this is no \.npy file") as caught:
        encoder.fit_transform(column)
    assert (caught.value.row, caught.value.column) == ("c", "heat")
    with pytest.warns(CellWarning, match="1 of 3"):
        rows = encoder.set_params(on_error="missing").fit_transform(column)
    assert np.isnan(rows).all(axis=1).tolist() == [False, True, True]


def test_a_cell_may_hold_several(thermal):
    a, b = thermal.example(0), thermal.example(1)
    rows = thermal.ThermalEncoder().fit_transform([[a, b], a, b])
    assert np.allclose(rows[0], rows[1:].mean(axis=0))


def test_workers_give_the_same_rows(thermal):
    cells = [thermal.example(i) for i in range(6)]
    encoder = thermal.ThermalEncoder(store=None)
    tasks = [joblib.delayed(encoder.transform)(cells[i : i + 3]) for i in (0, 3)]
    rows = np.concatenate(joblib.Parallel(n_jobs=2)(tasks))
    assert np.array_equal(rows, encoder.transform(cells))


def test_a_model_is_saved_and_loaded_in_a_fresh_process(tmp_path):
    table = absolute(write(tmp_path / "data"), tmp_path / "data")
    model = make_fusion(views={"thermal": "thermal"}, columns={"thermal": "heat"})
    model.fit(table, table["target"])
    save(model, tmp_path / "model")
    table.to_json(tmp_path / "table.json")
    code = (
        "import sys, pandas as pd; from hybridsent import load, load_plugin\n"
        f"load_plugin({str(PLUGIN)!r})\n"
        f"model = load({str(tmp_path / 'model')!r}, trusted=['thermal.ThermalEncoder'])\n"
        f"print(*model.predict(pd.read_json({str(tmp_path / 'table.json')!r})))"
    )
    done = fresh("-c", code)
    assert done.stdout.split() == model.predict(table).tolist(), done.stderr
    with pytest.raises(UntrustedTypeError, match=r"thermal\.ThermalEncoder"):
        load(tmp_path / "model")


# -- the command line ------------------------------------------------------------------------------


def command(*arguments: object) -> str:
    done = fresh("-m", "hybridsent", *map(str, arguments))
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_command_line_knows_it_by_its_plugin(tmp_path):
    write(tmp_path).to_csv(tmp_path / "table.csv", index=False)
    common = (tmp_path / "table.csv", "--plugin", PLUGIN, "--target", "target")
    told = command("evaluate", *common, "--thermal", "heat", "--cv", 3)
    assert "thermal" in told
    model = tmp_path / "model"
    command("fit", *common, "--thermal", "heat=thermal/blocks", "-o", model)
    out = tmp_path / "out.csv"
    trusted = ("--trusted", "thermal.ThermalEncoder")
    command("predict", model, tmp_path / "table.csv", "--plugin", PLUGIN, *trusted, "-o", out)
    assert pd.read_csv(out)["prediction"].tolist() == ["cold", "warm"] * 12
    assert "thermal/blocks" in command("backbones", "--plugin", PLUGIN)
    refused = fresh("-m", "hybridsent", "fit", *map(str, common[::3]), "--thermal", "heat")
    assert refused.returncode != 0


@pytest.mark.parametrize("name", ["target", "table", "run"])
def test_a_modality_that_is_named_like_an_option_is_refused_by_name(name, tmp_path):
    plugin = tmp_path / f"my_{name}.py"
    plugin.write_text(
        "from hybridsent import Modality, register_modality\n"
        f"register_modality(Modality({name!r}, 'a:b', 'a:B'))"
    )
    done = fresh("-m", "hybridsent", "evaluate", "t.csv", "--target", "y", "--plugin", str(plugin))
    assert done.returncode == 2
    assert f"must not be named '{name}'" in done.stderr
