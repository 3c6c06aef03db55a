"""Imports of heavy or optional packages, at use (layer L0: imports only `exceptions`).

The message of a missing one names the caller and the exact command that installs it.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from hybridsent.exceptions import MissingDependencyError

__all__ = ["import_optional"]


def import_optional(module: str, *, caller: str, extra: str | None = None) -> ModuleType:
    """Import a package where it is used, with a message that tells how to get it.

    Parameters
    ----------
    module : str
        Name to import, such as ``"opensmile"``.
    caller : str
        What needs it, as the user knows it, such as ``"AudioEncoder"``.
    extra : str, default=None
        The extra of hybridsent that brings it; None for a core dependency.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingDependencyError
        If it is not installed.

    Examples
    --------
    >>> from hybridsent._optional import import_optional
    >>> import_optional("json", caller="this example").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] != module.split(".")[0]:
            raise
        target = f"hybridsent[{extra}]" if extra else "hybridsent"
        raise MissingDependencyError(
            f"{caller} needs the package {module.split('.')[0]!r}, which is not installed. "
            f'Install it with: pip install "{target}"'
        ) from error
