"""Which types a saved model may name (layer L5).

Every name is exact and belongs to one kind of skops node: ``sklearn.tree._tree.Tree`` may only be
built as a tree, never called as a function. Whatever is not listed is refused, and the caller may
add names of installed packages, but never of modules that run code, read files or load pickles.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from hybridsent.exceptions import UntrustedTypeError
from hybridsent.persist._names import (
    FUNCTIONS,
    HYBRIDSENT_FUNCTIONS,
    HYBRIDSENT_MODULES,
    NEVER_NAMES,
    NEVER_ROOTS,
    OBJECTS,
    PER_KIND,
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
        return name in _functions() or name in HYBRIDSENT_FUNCTIONS or _is_ufunc(name)
    if kind == "ObjectNode":
        return name in _objects() or (name.startswith("hybridsent.") and name in own_estimators())
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
def own_estimators() -> frozenset[str]:
    """Names of the estimators that hybridsent's public modules export."""
    from sklearn.base import BaseEstimator

    names: set[str] = set()
    for module_name in HYBRIDSENT_MODULES:
        if importlib.util.find_spec(module_name) is None:
            continue
        module = importlib.import_module(module_name)
        public = [getattr(module, name) for name in getattr(module, "__all__", ())]
        names |= {
            full_name(item)
            for item in public
            if isinstance(item, type) and issubclass(item, BaseEstimator)
        }
    return frozenset(name for name in names if name.startswith("hybridsent."))


def full_name(kind: Any) -> str:
    """Dotted name of a class or function, as skops writes it."""
    return f"{kind.__module__}.{kind.__name__}"


@cache
def _objects() -> frozenset[str]:
    from sklearn.utils import all_estimators

    public = {full_name(kind) for _, kind in all_estimators()}
    own = {name for name in public if name.startswith("sklearn.")}
    return frozenset(own | OBJECTS)


@cache
def _functions() -> frozenset[str]:
    from sklearn.metrics import get_scorer, get_scorer_names

    metrics = {full_name(get_scorer(name)._score_func) for name in get_scorer_names()}
    return FUNCTIONS | {name for name in metrics if name.startswith("sklearn.")}


@cache
def _is_ufunc(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if module not in UFUNC_MODULES:
        return False
    return isinstance(getattr(importlib.import_module(module), attribute, None), np.ufunc)
