"""The public surface, pinned: a name or parameter that comes or goes does so on purpose."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys

import pytest
from laws import over
from package_tree import MODULES

import hybridsent

PUBLIC = {
    "AudioEncoder": "model",
    "FeatureStore": "path",
    "ImageEncoder": "model",
    "Modality": "name read encoder",
    "TextEncoder": "model",
    "detect_modalities": "table",
    "evaluate": "estimator table y",
    "list_backbones": "pattern",
    "load": "path",
    "load_plugin": "name",
    "make_demo": "n seed folder",
    "make_features": "views",
    "make_fusion": "how",
    "read_table": "path",
    "register_modality": "modality",
    "save": "estimator path",
}
"""Names at the root and their positional parameters; the others are by keyword, and may grow."""

PACKAGES = [module.name for module in MODULES.values() if module.path.name == "__init__.py"]
WITH_ALL = [
    module.name
    for module in MODULES.values()
    if any(re.match(r"__all__(: list\[str\])? =", ast.unparse(node)) for node in module.tree.body)
]


LAZY_PACKAGES = [
    name for name in PACKAGES if "lazy_names(globals()" in MODULES[name].path.read_text("utf-8")
]
LAZY = ("datasets", "encoders", "evaluation")


def test_the_root_has_few_names_and_just_these():
    assert sorted(hybridsent.__all__) == sorted([*PUBLIC, "__version__"])
    assert len(PUBLIC) <= 16  # three of them are the door for modalities and plugins of others


@pytest.mark.parametrize("name", PUBLIC)
def test_positional_parameters_are_pinned(name):
    parameters = inspect.signature(getattr(hybridsent, name)).parameters.values()
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    assert positional == PUBLIC[name].split()
    assert not any(p.kind is p.VAR_KEYWORD for p in parameters), "**kwargs hide what can be said"


def test_unknown_names_are_refused_and_dir_lists_the_known():
    with pytest.raises(AttributeError, match=r"hybridsent.*no_such_name"):
        hybridsent.no_such_name  # noqa: B018
    assert set(dir(hybridsent)) >= set(hybridsent.__all__)


@pytest.mark.parametrize("name", LAZY_PACKAGES)
def test_dir_of_a_lazy_package_lists_its_public_names_and_modules_and_no_others(name):
    module = importlib.import_module(name)
    shown = {each for each in dir(module) if not re.fullmatch("__.*__", each)}
    modules = {each for each in shown if sys.modules.get(f"{name}.{each}") is getattr(module, each)}
    assert shown - modules == set(module.__all__) - {"__version__"} - modules
    assert not [each for each in modules if each.startswith("_")]


def test_type_checkers_see_the_names_that_are_imported_lazily():
    for name in ("hybridsent", *(f"hybridsent.{unit}" for unit in LAZY)):
        module = importlib.import_module(name)
        block = next(node for node in MODULES[name].tree.body if isinstance(node, ast.If))
        seen = {alias.name: node.module for node in block.body for alias in node.names}
        assert seen == module._HOMES
        assert set(module._HOMES) == set(module.__all__) - {"__version__"}


def test_star_import_gives_all_names():
    code = (
        "from hybridsent import *; import hybridsent as h; print(set(h.__all__) - set(globals()))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "set()"


def test_the_package_is_typed():
    assert (MODULES["hybridsent"].path.parent / "py.typed").exists()


def test_discovery_found_packages():
    assert len(PACKAGES) >= 8
    assert len(WITH_ALL) >= 40


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_export_on_purpose(name):
    assert name in WITH_ALL


@over((name, name) for name in WITH_ALL)
def test_all_is_true_sorted_and_without_repeats(name):
    module = importlib.import_module(name)
    names = module.__all__
    assert len(set(names)) == len(names)
    assert [each for each in names if not hasattr(module, each)] == []
    if name != "hybridsent":  # there, what a reader looks for comes first
        # as ruff sorts: constants, classes, functions
        assert names == sorted(
            names, key=lambda each: (not each.isupper(), not each[0].isupper(), each)
        )


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "hybridsent"])
def test_public_objects_of_a_package_are_documented_and_at_home(name):
    module = importlib.import_module(name)
    for each in module.__all__:
        thing = getattr(module, each)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            homes = (
                name,
                "hybridsent._numerics.",
            )  # what several packages compute has no public one
            assert thing.__module__.startswith(homes), f"{each} lives in {thing.__module__}"
            assert inspect.getdoc(thing)
