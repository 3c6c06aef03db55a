"""What all tests share: a store of their own, no network, no global state left behind."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = (
    "1"  # before anything imports huggingface_hub: a test must never reach for the network
)

_TESTS = Path(__file__).with_name("tests")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Helper modules of the tests are not read as doctests.

    Looking for doctests imports a module, and one of them is a plugin: all tests would know its
    modality, also those that ran before it.
    """
    is_helper = collection_path.suffix == ".py" and not collection_path.name.startswith("test_")
    return True if is_helper and _TESTS in collection_path.parents else None


def pytest_collection_finish() -> None:
    """Collecting tests registers nothing: what is not of the package comes from a plugin asked for."""
    from hybridsent import _plugins
    from hybridsent.media import list_modalities

    foreign = [m.name for m in list_modalities() if not str(m.encoder).startswith("hybridsent.")]
    asked = os.environ.get(_plugins.VARIABLE)
    assert asked or not foreign, f"collecting the tests has registered the modalities {foreign}"


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
