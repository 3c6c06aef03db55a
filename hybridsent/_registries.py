"""Registries whose content can be put back where a plugin fails that added to it (layer L0).

A registry is a dict by name, kept by the module whose names these are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["all_or_nothing", "keep_registry", "put_back", "registered"]

_Registry = TypeVar("_Registry", bound=dict[Any, Any])

_registries: list[dict[Any, Any]] = []
_restored: list[Callable[[], None]] = []
_open: list[list[dict[Any, Any]]] = []  # what each plugin that is being loaded found in them
# Of the lists above. No code of others runs while it is held: a thread that imports a module with a
# registry must not wait for a plugin, which may wait for that module.
_books = threading.RLock()


def keep_registry(names: _Registry, restored: Callable[[], None] | None = None) -> _Registry:
    """Let what a plugin registers in a dict be taken back, if the plugin fails afterwards.

    Parameters
    ----------
    names : dict
        A registry: what is known by name.
    restored : callable, default=None
        What to call when something was taken back.

    Returns
    -------
    dict
        The same.
    """
    with _books:
        for before in _open:  # a plugin is the first to ask for this registry
            before.append(dict(names))
        _registries.append(names)
        if restored is not None:
            _restored.append(restored)
    return names


def registered() -> list[dict[Any, Any]]:
    """Copy all registries, for `put_back`."""
    with _books:
        return [dict(names) for names in _registries]


def put_back(before: list[dict[Any, Any]]) -> None:
    """Let all registries hold what they held.

    Parameters
    ----------
    before : list of dict
        Copies of them.
    """
    with _books:
        for names, content in zip(_registries, before, strict=False):
            names.clear()
            names.update(content)
        restored = list(_restored)
    for told in restored:
        told()


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Take back what a plugin registered that fails, but not what others did meanwhile."""
    with _books:
        before = registered()
        _open.append(before)
    try:
        yield
    except BaseException:  # Ctrl-C, too
        put_back(before)
        raise
    else:
        with _books:
            for outer in _open[:-1]:
                for names, was, kept in zip(_registries, before, outer, strict=True):
                    new = {key: names[key] for key in names if was.get(key) is not names[key]}
                    kept.update(new)
    finally:
        with _books:
            _open.pop()
