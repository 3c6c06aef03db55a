"""Packages that register backbones: a broken one hides neither itself nor the others."""

from __future__ import annotations

import warnings
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import fake

from hybridsent import _plugins, list_backbones
from hybridsent.cli import main
from hybridsent.encoders import _registry, get_backbone
from hybridsent.exceptions import HybridsentWarning, UnknownBackboneError

GOOD = fake("text", "from-a-plugin")
ALSO = fake("text", "also-from-it")


def _raises(error: BaseException) -> Any:
    def provide() -> Any:
        raise error

    return provide


def _late() -> Any:
    yield ALSO
    raise RecursionError("too deep")


BROKEN = {
    "raises": (_raises(RuntimeError("no licence key\nand a long story")), "no licence key"),
    "import": (_raises(ImportError("No module named 'nothing'")), "No module named"),
    "late": (_late, "too deep"),
    "taken": (lambda: [ALSO, fake("text", "minilm-l6")], "is taken"),
    "odd": (lambda: [ALSO, "text/name"], "must give Backbones"),
    "none": (lambda: None, "not iterable"),
}


@pytest.fixture
def plugins(monkeypatch):
    """Install packages that offer backbones: what they are to give by name."""
    before = dict(_registry._registered)
    monkeypatch.setattr(_plugins, "_state", _plugins._State())
    monkeypatch.delenv(_plugins.VARIABLE, raising=False)

    def install(**given: Any) -> None:
        points = [
            SimpleNamespace(name=name, value=f"{name}:give", load=lambda give=give: give)
            for name, give in given.items()
        ]
        found = {_registry.ENTRY_POINT_GROUP: points}
        monkeypatch.setattr(_plugins, "entry_points", lambda group: found.get(group, []))

    yield install
    _registry._registered.clear()
    _registry._registered.update(before)


def test_backbones_of_packages_are_found(plugins):
    plugins(sound=lambda: [GOOD])
    assert get_backbone(GOOD.name) is GOOD
    assert GOOD in list_backbones()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_told_every_time_and_hides_no_other(plugins, name, capsys):
    give, why = BROKEN[name]
    plugins(broken=give, sound=lambda: [GOOD])
    for _ in range(3):
        with pytest.warns(HybridsentWarning, match=f"'broken'.*{why}"):
            listed = list_backbones()
        assert GOOD in listed
        assert ALSO not in listed  # all of a package or none
        with pytest.raises(UnknownBackboneError, match=f"'broken'.*{why}"):
            get_backbone("text/unknown")
        assert get_backbone(GOOD.name) is GOOD
        assert get_backbone("text/minilm-l6").width == 384
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["backbones"]) == 0
    assert why in capsys.readouterr().err


def test_entry_points_have_what_is_told_of_them():
    point = EntryPoint("mine", "package.module:give", _registry.ENTRY_POINT_GROUP)
    assert (point.name, point.value) == ("mine", "package.module:give")
