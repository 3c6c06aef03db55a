"""What all tests share: a store of their own, no network, no global state left behind."""

from __future__ import annotations

import copy
import gc
import os
from pathlib import Path

if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # before numpy, which reads it as it is imported
    # processes that test side by side, and those that they start, share the cores: threads of
    # BLAS, OpenMP and torch that wait for one another burn the time of those that compute
    _share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, _share)))

import hypothesis
import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = (
    "1"  # before anything imports huggingface_hub: a test must never reach for the network
)

hypothesis.settings.register_profile("hybridsent", deadline=None)  # machines of tests are shared
hypothesis.settings.load_profile("hybridsent")

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
    gc.freeze()  # what was collected stays: the garbage collector need not look at it again


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs in a process a core, up to four; what is named runs in this one."""
    return 0 if config.args_source is config.ArgsSource.ARGS else min(os.cpu_count() or 1, 4)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A file's bytes are no name: some hold the time, and all processes must call a test alike."""
    return argname if isinstance(val, bytes) and len(val) > 16 else None


@pytest.fixture(autouse=True, scope="session")
def _own_store(tmp_path_factory: pytest.TempPathFactory):
    """Tests of a process share a temporary store, all one folder of converted networks."""
    patch = pytest.MonkeyPatch()
    patch.setenv("HYBRIDSENT_STORE", str(tmp_path_factory.mktemp("store")))
    base = tmp_path_factory.getbasetemp()  # of a worker it lies in that of the run
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    patch.setenv("HYBRIDSENT_NETWORKS", str(base / "networks"))
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="module")
def _own_registries():
    """What a module registers, such as networks it has tuned or plugins, is unknown to the next."""
    import hybridsent.encoders._registry
    import hybridsent.fusion._registry  # noqa: F401
    from hybridsent import _plugins, _registries

    before, known = _registries.registered(), _plugins._state
    patch = pytest.MonkeyPatch()
    patch.setenv(_plugins.VARIABLE, os.environ.get(_plugins.VARIABLE, ""))  # `load_plugin` adds
    kept = {name: copy.copy(value) for name, value in vars(known).items()}
    patch.setattr(_plugins, "_state", _plugins._State(**kept))
    yield
    patch.undo()
    _registries.put_back(before)


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(0)
