"""Recipes of one's own that define classes: found by pickle and by workers, and what save says."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import joblib
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import hybridsent
from hybridsent.cli import main
from hybridsent.exceptions import PersistError
from hybridsent.persist import check_savable, save
from hybridsent.recipes import RECIPE_MODULES, load_recipe

ROOT = Path(hybridsent.__file__).parents[1]

PARTS = """
from __future__ import annotations
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

@dataclass
class Settings:
    by: float = 1.0

def double(X):
    return 2 * X

class Shift(TransformerMixin, BaseEstimator):
    def __init__(self, by=1.0):
        self.by = by
    def fit(self, X, y=None):
        {fit}
        self.mean_ = np.mean(np.asarray(X), axis=0)
        return self
    def transform(self, X):
        return np.asarray(X) - self.mean_ + self.by
    def get_feature_names_out(self, names=None):
        return names
"""
RECIPE = '''"""Mine: a recipe with a class of its own."""
{parts}
from sklearn.preprocessing import FunctionTransformer
from hybridsent import make_fusion
GRID = {grid}
def build(**options):
    model = make_fusion(**options)
    model.set_params(scale={step})
    return model
'''
WAYS = {
    "class": "Shift(Settings().by)",
    "function": "FunctionTransformer(double)",
    "lambda": "FunctionTransformer(lambda X: X)",
}


def written(folder, step="Shift(Settings().by)", grid="{}", fit="pass", name="mine"):
    path = folder / f"{name}.py"
    path.write_text(RECIPE.format(parts=PARTS.replace("{fit}", fit), step=step, grid=grid))
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "posts.csv"
    rows = [f"{word} day {i},{word}" for i in range(4) for word in ("good", "bad")]
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


# -- found -----------------------------------------------------------------------------------------


def test_a_recipe_may_define_dataclasses_and_its_objects_can_be_pickled(tmp_path):
    recipe = load_recipe(written(tmp_path))
    shift = recipe.build(text=True).named_steps["scale"].fit([[1.0], [3.0]])
    module = sys.modules[type(shift).__module__]
    assert module.Settings(2.0).by == 2.0
    again = pickle.loads(pickle.dumps(shift))
    assert again.transform([[2.0]]).tolist() == [[1.0]]
    assert load_recipe(tmp_path / "mine.py").function is recipe.function  # run once


def test_workers_of_joblib_know_what_a_recipe_defines(tmp_path):
    shift = load_recipe(written(tmp_path)).build(text=True).named_steps["scale"]
    (fitted,) = joblib.Parallel(n_jobs=2)([joblib.delayed(shift.fit)([[1.0], [3.0]])] * 1)
    assert fitted.transform([[2.0]]).tolist() == [[1.0]]


def test_a_changed_recipe_is_read_anew_at_once_and_files_of_one_name_stay_apart(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    one = load_recipe(written(tmp_path, "Shift(1.0)")).build(text=True).named_steps["scale"]
    two = load_recipe(written(tmp_path, "Shift(2.0)")).build(text=True).named_steps["scale"]
    three = load_recipe(written(other, "Shift(2.0)")).build(text=True).named_steps["scale"]
    assert (one.by, two.by) == (1.0, 2.0)
    assert len({type(each) for each in (one, two, three)}) == 3
    for each in (one, two, three):
        pickle.loads(pickle.dumps(each))
    assert not list(tmp_path.glob("**/__pycache__"))


def test_a_recipe_that_fails_leaves_nothing_behind(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("raise RuntimeError('stop')")
    with pytest.raises(RuntimeError, match="stop"):
        load_recipe(path)
    assert not [name for name in sys.modules if name.startswith(f"{RECIPE_MODULES}broken")]


# -- saved -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_what_a_recipe_defines_is_refused_with_the_way_out(way, tmp_path):
    model = load_recipe(written(tmp_path, WAYS[way])).build(text=True)
    match = r"mine\.py.*my_parts\.py.*PYTHONPATH=FOLDER.*trusted=\['my_parts\."
    for check in (check_savable, partial(save, path=tmp_path / "m")):
        with pytest.raises(PersistError, match=match):
            check(model)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", ["fit", "search"])
def test_the_command_line_says_so_before_it_fits(command, way, table, tmp_path, capsys):
    ran = f"Path({str(tmp_path / 'ran')!r}).touch()"
    recipe = written(tmp_path, WAYS[way], fit=ran)
    output = tmp_path / "m.hybridsent"
    flags = ["--text", "text", "--target", "label", "--recipe", str(recipe), "-o", str(output)]
    assert main([command, str(table), *flags]) != 0
    assert "my_parts.py" in capsys.readouterr().err
    assert not output.exists()
    assert not (tmp_path / "ran").exists()


def test_values_of_a_grid_are_checked_before_a_search_too():
    model = make_pipeline(FunctionTransformer(), LogisticRegression())
    check_savable(model, {"functiontransformer__func": [None], "logisticregression__C": [1, 2]})
    for grid in (
        {"functiontransformer__func": [None, lambda X: X]},
        [{}, {"functiontransformer__func": [len, print]}],
    ):
        with pytest.raises(PersistError, match=r"func"):
            check_savable(model, grid)


@pytest.mark.parametrize("thing", [3, LogisticRegression, None])
def test_only_estimators_can_be_checked(thing):
    with pytest.raises(PersistError, match="estimator must be"):
        check_savable(thing)


@pytest.mark.slow
def test_the_way_out_works_on_the_command_line(table, tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    (code / "my_parts.py").write_text(textwrap.dedent(PARTS.replace("{fit}", "pass")))
    recipe = tmp_path / "mine.py"
    recipe.write_text(
        RECIPE.format(parts="from my_parts import Settings, Shift", step=WAYS["class"], grid="{}")
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(code)])}

    def run(*arguments):
        command = [sys.executable, "-m", "hybridsent", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    output = tmp_path / "m.hybridsent"
    fit = run("fit", table, "--target", "label", "--text", "text", "--recipe", recipe, "-o", output)
    assert fit.returncode == 0, fit.stderr
    refused = run("predict", output, table, "-o", tmp_path / "out.csv")
    assert "my_parts.Shift" in refused.stderr
    told = run("predict", output, table, "-o", tmp_path / "out.csv", "--trusted", "my_parts.Shift")
    assert told.returncode == 0, told.stderr
