"""Public names whose modules are imported when first asked for (layer L0: imports nothing).

Python's way is a module's own ``__getattr__`` and ``__dir__`` (PEP 562); the package lazy_loader
makes the same two from a list of modules, but would itself be one more import of every command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    namespace: dict[str, Any], homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    namespace : dict
        ``globals()`` of the package, with its ``__name__`` and ``__all__``; an imported name is
        kept there, so that it is looked for once.
    homes : mapping of str to str
        Module of each name.

    Returns
    -------
    tuple of two callables
        For the package's ``__getattr__`` and ``__dir__``, which lists the public names, the public
        modules that are imported, and what Python itself keeps in a module.

    Examples
    --------
    >>> from hybridsent._lazy import lazy_names
    >>> package = {"__name__": "package", "__all__": ["sqrt"]}
    >>> find, names = lazy_names(package, {"sqrt": "math"})
    >>> find("sqrt")(9.0), "sqrt" in package
    (3.0, True)
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        from importlib import import_module

        value = namespace[name] = getattr(import_module(homes[name]), name)
        return value

    def is_shown(name: str, value: Any) -> bool:
        of_python = name.startswith("__") and name.endswith("__")
        its_module = f"{namespace['__name__']}.{name}" == getattr(value, "__name__", None)
        return of_python or (its_module and not name.startswith("_"))

    def names() -> list[str]:
        shown = {name for name, value in namespace.items() if is_shown(name, value)}
        return sorted({*shown, *namespace["__all__"]})

    return find, names
