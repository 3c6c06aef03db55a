"""A Python file, run as a module of a name: what a plugin or a recipe is (layer L0)."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import cast

__all__ = ["run_file", "send_by_value"]


def run_file(path: Path, name: str, source: bytes) -> ModuleType:
    """Run a file as a module of a name, so that what it defines can be found there.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the module.
    source : bytes
        What the file holds: an import would take the cached code of a second ago.

    Returns
    -------
    module
        It stands in ``sys.modules``, unless it failed.
    """
    loader = _Loader(name, path, source)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    module = importlib.util.module_from_spec(cast("ModuleSpec", spec))
    sys.modules[name] = module  # where dataclasses and pickle look for it
    try:
        loader.exec_module(module)
    except BaseException:  # Ctrl-C, too: half a module must not stay
        del sys.modules[name]
        raise
    send_by_value(module)
    return module


def send_by_value(module: ModuleType) -> None:
    """Let joblib's workers get what a module defines by value: they could not import it.

    Parameters
    ----------
    module : module
        In ``sys.modules``.
    """
    for pickler in ("cloudpickle", "joblib.externals.cloudpickle"):  # the second until joblib 1.5
        if importlib.util.find_spec(pickler) is not None:
            importlib.import_module(pickler).register_pickle_by_value(module)


class _Loader(SourceFileLoader):
    """Runs the text that was read; no cache is read or written."""

    def __init__(self, name: str, path: Path, source: bytes) -> None:
        super().__init__(name, str(path))
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text."""
        return self.source_to_code(self.source, self.path)

    def get_source(self, fullname: str) -> str:
        """Give the text that was run, whatever the file holds by now."""
        return importlib.util.decode_source(self.source)
