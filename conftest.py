"""What all tests share: a store of their own, no network, no global state left behind."""

from __future__ import annotations

import copy
import os

import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = (
    "1"  # before anything imports huggingface_hub: a test must never reach for the network
)


@pytest.fixture(autouse=True, scope="session")
def _own_store(tmp_path_factory: pytest.TempPathFactory):
    """Tests share one temporary store and one folder of converted networks; never the user's."""
    patch = pytest.MonkeyPatch()
    patch.setenv("HYBRIDSENT_STORE", str(tmp_path_factory.mktemp("store")))
    patch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path_factory.mktemp("networks")))
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="module")
def _own_registries():
    """What a module registers, such as networks it has tuned or plugins, is unknown to the next."""
    import hybridsent.encoders._registry
    import hybridsent.fusion._registry  # noqa: F401
    from hybridsent import _plugins

    before, known = _plugins.registered(), _plugins._state
    patch = pytest.MonkeyPatch()
    patch.setenv(_plugins.VARIABLE, os.environ.get(_plugins.VARIABLE, ""))  # `load_plugin` adds
    kept = {name: copy.copy(value) for name, value in vars(known).items()}
    patch.setattr(_plugins, "_state", _plugins._State(**kept))
    yield
    patch.undo()
    _plugins.put_back(before)


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(0)
