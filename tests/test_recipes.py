"""The recipes: each builds, its grid fits, it is listed, it travels in the wheel; and those of users."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from hashed import fakes
from package_tree import ROOT
from sklearn.base import clone, is_classifier
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from hybridsent import recipes
from hybridsent.recipes import Recipe, list_recipes, load_recipe

PROJECT = ROOT.parent
NAMES = list(list_recipes())
OF_TEXTS = {"zero-label"}
"""Recipes that read texts themselves, and cannot begin with features."""


def written(folder, text):
    path = folder / "mine.py"
    path.write_text(text)
    return path


MINE = '''"""Mine: a recipe of my own."""
from sklearn.linear_model import LogisticRegression
GRID = {"C": [1.0, 2.0]}
def build(**options):
    return LogisticRegression()
'''


# -- those that come with hybridsent ---------------------------------------------------------------


def test_every_strategy_has_its_recipe():
    assert set(NAMES) >= {
        *("early", "pca", "lda", "cca", "gcca", "late", "stack", "tensor", "gated"),
        *("multimodal-cnn", "multimodal-rnn", "boosted", "cross-modal"),
        *("coral", "subspace", "jda", "importance", "adversarial", "prior", "augment", "speakers"),
    }


def test_every_file_is_listed_with_a_line():
    files = {path.stem.replace("_", "-") for path in (PROJECT / "pipelines").glob("*.py")}
    assert set(NAMES) == files
    for summary in list_recipes().values():
        assert 20 <= len(summary) <= 100
        assert summary.endswith(".")


def _pipeline(built):
    """The pipeline that a recipe builds, or that it puts something around."""
    return getattr(built, "estimator", built)


@pytest.mark.parametrize(
    "options", [fakes(), {"features": ["text", "image"]}], ids=["table", "features"]
)
@pytest.mark.parametrize("name", NAMES)
def test_recipe_builds_and_every_setting_of_its_grid_fits(name, options):
    recipe = load_recipe(name)
    if name in OF_TEXTS and "features" in options:
        with pytest.raises(ValueError, match="features alone hold no words"):
            recipe.build(**options, random_state=3)
        return
    built = recipe.build(**options, random_state=3)
    assert isinstance(_pipeline(built), Pipeline)
    assert is_classifier(built)
    assert recipe.name == name
    settings = list(ParameterGrid(recipe.grid_for(built)))
    assert 2 <= len(settings) <= 8
    for each in settings:
        changed = clone(built).set_params(**each)
        for parameter, value in each.items():
            assert changed.get_params()[parameter] == value


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"pca", "lda"} - OF_TEXTS))
def test_recipe_takes_a_table_of_features_alone(name):
    built = load_recipe(name).build(features="passthrough", class_weight=None)
    assert "features" not in _pipeline(built).named_steps


@pytest.mark.parametrize("name", NAMES)
def test_recipe_says_task_data_score_and_seed(name):
    doc = load_recipe(name).doc
    assert [line.split(":")[0] for line in doc.splitlines()[-4:]] == [
        "Task",
        "Data",
        "Score",
        "Seed",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_recipe_is_short_and_leans_on_the_package(name):
    text = load_recipe(name).path.read_text()
    assert len(text.splitlines()) <= 60
    imported = {
        node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("hybridsent")
    }
    assert imported
    assert not any(part.startswith("_") for module in imported for part in module.split("."))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("cross_modal", "cross-modal"),
        ("cross-modal", "cross-modal"),
        ("Late", "late"),
        ("cnn", "multimodal-cnn"),
        ("rnn", "multimodal-rnn"),
    ],
)
def test_spellings_of_a_name(given, name):
    assert load_recipe(given).name == name


def test_listing_runs_no_file(monkeypatch, tmp_path):
    (tmp_path / "loud.py").write_text('"""Loud."""\nraise RuntimeError("was run")\n')
    monkeypatch.setattr(recipes, "_folder", lambda: tmp_path)
    assert list_recipes() == {"loud": "Loud."}
    with pytest.raises(RuntimeError, match="was run"):
        load_recipe("loud")


def test_the_package_never_imports_its_recipes():
    code = "import sys, hybridsent.recipes as r; r.list_recipes(); r.load_recipe('early'); "
    code += "print([name for name in sys.modules if 'pipelines' in name])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


# -- the wheel -------------------------------------------------------------------------------------


def test_wheel_and_source_archive_are_told_to_take_the_recipes():
    targets = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert targets["targets"]["wheel"]["force-include"] == {"pipelines": "hybridsent/_pipelines"}
    assert "/pipelines" in targets["targets"]["sdist"]["include"]


@pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed")
def test_the_wheel_holds_the_recipes(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    assert {Path("hybridsent/_pipelines", load_recipe(name).path.name) for name in NAMES} <= packed


def test_the_folder_of_an_installed_wheel_comes_first(monkeypatch, tmp_path):
    package = tmp_path / "hybridsent"
    (package / "_pipelines").mkdir(parents=True)
    (tmp_path / "pipelines").mkdir()
    monkeypatch.setattr(recipes, "__file__", str(package / "recipes.py"))
    assert recipes._folder() == package / "_pipelines"
    (package / "_pipelines").rmdir()
    assert recipes._folder() == tmp_path / "pipelines"


# -- files of users --------------------------------------------------------------------------------


@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_of_ones_own_is_a_recipe(tmp_path, as_text):
    path = written(tmp_path, MINE)
    recipe = load_recipe(str(path) if as_text else path)
    assert isinstance(recipe, Recipe)
    assert (recipe.name, recipe.summary, recipe.path) == ("mine", "Mine: a recipe of my own.", path)
    assert recipe.build(text=True, C=3).C == 1.0
    assert "mine" not in list_recipes()


def test_an_unknown_name_is_guessed():
    with pytest.raises(
        ValueError, match=r"one of \['adversarial', .*Got 'lat'.*Did you mean 'late'\?"
    ):
        load_recipe("lat")
    with pytest.raises(FileNotFoundError, match=r"Got 'no/such/recipe\.py'"):
        load_recipe("no/such/recipe.py")
    with pytest.raises(ValueError, match=r"ends in \.py"):
        load_recipe(PROJECT / "README.md")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("def build", "def make"), r"mine\.py' must define a function build.*Got None"),
        (("def build(**options):", "build = 3\ndef other():"), "build.*Got 3"),
        (("GRID =", "GRIDS ="), "must define GRID, a dict.*Got None"),
        (('{"C": [1.0, 2.0]}', "3"), "must define GRID, a dict.*Got 3"),
        (("[1.0, 2.0]", "1.0"), "must define GRID, a dict"),
    ],
)
def test_a_file_that_is_no_recipe_is_told_what_it_lacks(tmp_path, changed, message):
    with pytest.raises(ValueError, match=message):
        load_recipe(written(tmp_path, MINE.replace(*changed)))


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        (("LogisticRegression()", "LogisticRegression"), {}, "must give an unfitted .* Got <class"),
        (("LogisticRegression()", "None"), {}, "must give an unfitted scikit-learn.* Got None"),
        (('"C"', '"Cs"'), {}, r"GRID of recipe 'mine' .* Got 'Cs'\. Did you mean 'C'\?"),
        (("**options", "text"), {"image": True}, r"'mine' must take .*Got \['image'\]"),
    ],
)
def test_a_recipe_that_builds_nonsense_is_told_so(tmp_path, changed, options, message):
    with pytest.raises(ValueError, match=message):
        load_recipe(written(tmp_path, MINE.replace(*changed))).build(**options)


def test_a_star_in_a_name_is_every_view_with_one_value(tmp_path):
    built = load_recipe("pca").build(**fakes())
    grid = {"features__*__n_components": [2, 3], "scale__clip": [None, 1.0]}
    recipe = Recipe("r", "", "", grid, tmp_path, None)
    settings = list(ParameterGrid(recipe.grid_for(built)))
    name = "features__{}__reduce__transformer__n_components"
    assert len(settings) == 4
    for each in settings:
        assert each[name.format("text")] == each[name.format("image")]
        assert set(each) == {name.format("text"), name.format("image"), "scale__clip"}
    with pytest.raises(ValueError, match=r"Got 'fuse__\*', which matches none"):
        Recipe("r", "", "", [{}, {"fuse__*": [1]}], tmp_path, None).grid_for(built)


def test_a_grid_may_put_in_a_step_and_set_its_parameters(tmp_path):
    text = MINE.replace('{"C": [1.0, 2.0]}', "[{}, {'s': [PCA(1)], 's__whiten': [True]}]").replace(
        "LogisticRegression()", "Pipeline([('s', 'passthrough'), ('c', LogisticRegression())])"
    )
    text += "from sklearn.decomposition import PCA\nfrom sklearn.pipeline import Pipeline\n"
    text = text.replace("GRID", "from sklearn.decomposition import PCA\nGRID")
    assert load_recipe(written(tmp_path, text)).build().steps[0][1] == "passthrough"
