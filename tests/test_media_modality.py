"""The object: what it refuses, how it is known, and cells that are keyed by a function of one's own."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from hybridsent import Modality, register_modality
from hybridsent.encoders import get_backbone
from hybridsent.encoders._reading import read
from hybridsent.exceptions import MediaError, UnknownBackboneError
from hybridsent.media import _modality, content_key, get_modality, list_modalities
from hybridsent.media._looks import is_media_path


@pytest.fixture(autouse=True)
def _as_before():
    before = dict(_modality._known)
    yield
    _modality._known.clear()
    _modality._known.update(before)


def graph_key(cell):
    if not isinstance(cell, dict):
        raise MediaError("a graph must be a dict of lists")
    return repr(sorted(cell.items())).encode()


def graph(**more):
    given = {"expected": "a dict of lists", "forms": (), "key": graph_key, **more}
    return Modality("graph", "json:loads", "hybridsent.encoders:TextEncoder", **given)


@pytest.mark.parametrize("modality", list_modalities(), ids=lambda modality: modality.name)
def test_what_an_object_says_of_its_encoder_is_so(modality):
    kind = modality.encoder_class()
    assert kind.modality == modality.name
    parameters = inspect.signature(kind).parameters
    for limit in modality.limits:
        assert parameters[limit.parameter].default == limit.default
        assert type(parameters[limit.parameter].default) is type(limit.default)
    assert get_backbone(parameters["model"].default).modality == modality.name
    assert callable(_modality.named(modality.read))
    assert callable(_modality.named(modality.hf_network))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "two__parts"}, "single underscores"),
        ({"name": "Thermal"}, "small letters"),
        ({"name": ""}, "small letters"),
        ({"name": "domain"}, "none of"),
        ({"forms": ("smell",)}, "must be some of .*Got 'smell'"),
        ({"forms": ()}, "or a key of its own"),
    ],
)
def test_what_makes_no_modality_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Modality(**{"name": "mine", "read": "a:b", "encoder": "a:B", **given})


def test_a_name_is_taken_once_and_a_file_that_is_run_twice_is_no_harm():
    register_modality(graph())
    register_modality(graph())
    assert [modality.name for modality in list_modalities()].count("graph") == 1
    with pytest.raises(ValueError, match="'graph' is taken"):
        register_modality(graph(version=2))
    register_modality(graph(version=2), replace=True)
    assert get_modality("graph").version == 2
    with pytest.raises(TypeError, match="Got a str"):
        register_modality("graph")
    with pytest.raises(ValueError, match=r"must be one of \['text'.*'graph'\]. Got 'grap'"):
        get_modality("grap")


def test_cells_of_types_of_ones_own_have_the_key_that_the_modality_gives():
    register_modality(graph())
    cell = {"a": [1], "b": []}
    assert content_key(cell, "graph") == content_key(dict(reversed(cell.items())), "graph")
    assert content_key(cell, "graph") != content_key({"a": [1]}, "graph")
    assert len(content_key(cell, "graph")) == 16
    with pytest.raises(MediaError, match="dict of lists"):
        content_key(["a"], "graph")
    register_modality(graph(key=str), replace=True)
    with pytest.raises(TypeError, match=r"must give bytes\. It gave a str"):
        content_key(cell, "graph")


def test_a_cell_that_changes_while_it_is_read_has_the_key_of_what_was_read():
    register_modality(graph())
    cell = {"a": [1]}
    stale = content_key(cell, "graph")
    cell["a"] = [2]
    got = read(cell, stale, "graph", dict)
    assert got.key == content_key(cell, "graph") != stale
    assert got.item == cell


def test_long_names_have_keys_of_their_own():
    for name in ("electrodermal_activity", "electrodermal_activities"):
        register_modality(Modality(name, "a:b", "a:B", forms=("array",)))
    cell = np.zeros(3)
    keys = {
        content_key(cell, name) for name in ("electrodermal_activity", "electrodermal_activities")
    }
    assert len(keys) == 2


def test_an_array_is_one_cell_where_it_is_no_picture():
    register_modality(Modality("clip", "a:b", "a:B", forms=("array",)))
    stack = np.zeros((2, 3, 4, 3), dtype=np.uint8)
    assert len(content_key(stack, "clip")) == 16
    with pytest.raises(MediaError, match="holds 2 items"):
        content_key(stack, "image")


def test_a_file_is_told_by_the_endings_of_all_that_is_registered():
    assert not is_media_path("1.edf")
    register_modality(Modality("eeg", "a:b", "a:B", extensions=(".edf",)))
    assert is_media_path("1.EDF")


def test_a_family_that_does_not_read_it_says_so():
    register_modality(graph())
    with pytest.raises(UnknownBackboneError, match="'hf:' reads no graph"):
        get_backbone("hf:some/model", "graph")
    with pytest.raises(
        UnknownBackboneError, match=r"'torchvision:' reads images\. Got it for the graph"
    ):
        get_backbone("torchvision:resnet18", "graph")
    assert get_backbone("opensmile:eGeMAPSv02").modality == "audio"
