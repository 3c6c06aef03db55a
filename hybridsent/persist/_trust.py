"""Which types a saved model may name (layer L5).

Every name is exact and belongs to one kind of skops node: ``sklearn.tree._tree.Tree`` may only be
built as a tree, never called as a function. Whatever is not listed is refused, and the caller may
add names of installed packages, but never of modules that run code, read files or load pickles.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Collection, Container, Iterable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from hybridsent._plugins import load_plugin
from hybridsent.exceptions import UntrustedTypeError
from hybridsent.persist._allowed_names import (
    FUNCTIONS,
    HYBRIDSENT_FUNCTIONS,
    HYBRIDSENT_MODULES,
    MOVED_MODULES,
    NEVER_NAMES,
    NEVER_ROOTS,
    OBJECTS,
    PER_KIND,
    SKLEARN_UNLISTED,
    UFUNC_MODULES,
)

# The only kinds of skops nodes to which the caller's `trusted` may add names.
_EXTENSIBLE = frozenset({"FunctionNode", "ObjectNode"})


def is_allowed(kind: str, name: str) -> bool:
    """Tell whether the allow-list has this type for this kind of skops node.

    Examples
    --------
    >>> is_allowed("ObjectNode", "sklearn.linear_model._logistic.LogisticRegression")
    True
    >>> is_allowed("FunctionNode", "os.system"), is_allowed("PartialNode", "functools.partial")
    (False, False)
    """
    if kind == "FunctionNode":
        return name in FUNCTIONS | HYBRIDSENT_FUNCTIONS or _is_ufunc(name) or _is_metric(name)
    if kind == "ObjectNode":
        return name in OBJECTS or _is_estimator(name)
    return name in PER_KIND.get(kind, frozenset())


def is_extensible(kind: str, name: str) -> bool:
    """Tell whether the caller may allow this name through `trusted`."""
    return kind in _EXTENSIBLE and not is_denied(name)


def is_denied(name: str) -> bool:
    """Tell whether a name may never be trusted, whoever asks.

    Examples
    --------
    >>> is_denied("builtins.eval"), is_denied("posix.system"), is_denied("mypackage.MyHead")
    (True, True, False)
    """
    root = name.partition(".")[0]
    return root in sys.stdlib_module_names or root in NEVER_ROOTS or name in NEVER_NAMES


class Trusted(Container[str]):
    """Dotted names that a caller allows: each by itself, or all that a plugin of theirs defines.

    Parameters
    ----------
    names : collection of str
        Exact names.
    modules : collection of str, default=()
        Modules of plugins, which the caller asked to load.
    """

    def __init__(self, names: Collection[str], modules: Collection[str] = ()) -> None:
        self.names = frozenset(names)
        self.modules = frozenset(modules)

    def __contains__(self, name: object) -> bool:
        if name in self.names:
            return True
        return self._is_inside(str(name).rpartition(".")[0])

    def may_run(self, name: str) -> bool:
        """Tell whether a function that a parameter names may be imported and called.

        Of a plugin only what it defines itself: it may have imported functions that run commands
        or read files, and a file from someone else could name these there.
        """
        if name in self.names:
            return True
        if name not in self or is_denied(name):
            return False
        module, _, attribute = name.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), attribute, None)
        except ImportError:
            return False
        while isinstance(found, partial):
            found = found.func
        return self._is_inside(str(getattr(found, "__module__", None)))

    def _is_inside(self, home: str) -> bool:
        return any(f"{home}.".startswith(f"{module}.") for module in self.modules)


def load_plugins(plugins: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Load the plugins that a caller names; give the names of their modules."""
    if isinstance(plugins, str | bytes | os.PathLike) or not isinstance(plugins, Iterable):
        raise UntrustedTypeError(
            "plugins must be a sequence of modules and .py files, e.g. ['my_parts.py']; got "
            f"{plugins!r:.200}."
        )
    return [load_plugin(each).__name__ for each in plugins]


def check_trusted(trusted: Sequence[str]) -> frozenset[str]:
    """Check the names a caller wants to allow; return them as a set."""
    if isinstance(trusted, str) or not isinstance(trusted, Iterable):
        raise UntrustedTypeError(
            f"trusted must be a sequence of exact dotted names, e.g. ['mypackage.heads.MyHead']; "
            f"got {trusted!r}."
        )
    for name in trusted:
        if not isinstance(name, str) or not _is_dotted(name):
            raise UntrustedTypeError(
                "trusted must hold exact dotted names as str, e.g. 'mypackage.heads.MyHead', "
                f"without wildcards; got {name!r}."
            )
        if is_denied(name):
            raise UntrustedTypeError(
                f"trusted names {name!r}, which is never allowed: its module can run code, read "
                "files or load pickles, or skips our checks. Wrap what you need in a class or "
                "function of your own module and trust that name."
            )
    return frozenset(trusted)


def _is_dotted(name: str) -> bool:
    parts = name.split(".")
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def is_defined_there(kind: str, module: str, name: str) -> bool:
    """Tell whether ``module.name`` is defined in that module, and not an alias of something else.

    The module is imported, so only ask for names the caller (or the model being saved) brought.
    """
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return False
    right_kind = isinstance(found, type) == (kind == "ObjectNode") and callable(found)
    home = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    return right_kind and home == (module, name)


@cache
def _is_estimator(name: str) -> bool:
    """Tell whether a name is a public estimator of scikit-learn or hybridsent.

    To list them all would import all of both, which takes seconds; here only the public module is
    imported in which the name would have to be.
    """
    module, _, attribute = name.rpartition(".")
    root = module.partition(".")[0]
    if root == "hybridsent":
        public = next((m for m in HYBRIDSENT_MODULES if f"{module}.".startswith(f"{m}.")), None)
    else:
        public = _public_module(module) if root == "sklearn" else None
    if public is None or attribute.startswith("_"):
        return False
    try:
        home = importlib.import_module(public)
    except ImportError:
        return False
    if root == "hybridsent" and attribute not in getattr(home, "__all__", ()):
        return False
    from sklearn.base import BaseEstimator

    # names of ours may be imported when they are asked for; those of scikit-learn must be there
    found = getattr(home, attribute) if root == "hybridsent" else vars(home).get(attribute)
    if not isinstance(found, type) or not issubclass(found, BaseEstimator):
        return False
    # what is abstract is no instance, and an alias is no home
    plain = found is not BaseEstimator and not getattr(found, "__abstractmethods__", ())
    return (plain or root == "hybridsent") and full_name(found) == name


def _public_module(module: str) -> str | None:
    """Give the public module of scikit-learn above a private one; None where it has none."""
    parts = module.split(".")
    private = next((i for i, part in enumerate(parts) if part.startswith("_")), len(parts))
    if private < 2 or not SKLEARN_UNLISTED.isdisjoint(parts) or not _is_dotted(module):
        return None
    return ".".join(parts[:private])


def present_home(module: str, name: str) -> str:
    """Tell in which module a name of ours stands today, where a file names an earlier one.

    A public class may move from one module of its package to another; what is allowed to be built
    is told by the name that it has today.

    Examples
    --------
    >>> present_home("hybridsent.transfer._coral", "CORAL")
    'hybridsent.transfer.mapping'
    >>> present_home("elsewhere.transfer._coral", "CORAL")
    'elsewhere.transfer._coral'
    """
    if module in MOVED_MODULES:
        return MOVED_MODULES[module]
    public = next((m for m in HYBRIDSENT_MODULES if f"{module}.".startswith(f"{m}.")), None)
    if public is None:
        return module
    home = importlib.import_module(public)
    found = getattr(home, name) if name in home.__all__ else None
    return found.__module__ if isinstance(found, type) else module


def full_name(kind: Any) -> str:
    """Dotted name of a class or function, as skops writes it."""
    return f"{kind.__module__}.{kind.__name__}"


def _is_metric(name: str) -> bool:
    return name.startswith("sklearn.metrics.") and name in _metrics()


@cache
def _metrics() -> frozenset[str]:
    from sklearn.metrics import get_scorer, get_scorer_names

    return frozenset(full_name(get_scorer(name)._score_func) for name in get_scorer_names())


@cache
def _is_ufunc(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if module not in UFUNC_MODULES:
        return False
    return isinstance(getattr(importlib.import_module(module), attribute, None), np.ufunc)
