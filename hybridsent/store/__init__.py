"""Vectors at rest: a frozen feature is computed once, ever (layer L1).

`FeatureStore` is all that other layers need; the private modules are its parts (see `_store`).
"""

from __future__ import annotations

from hybridsent.store._once import Computed
from hybridsent.store._store import (
    FeatureStore,
    MergedFile,
    StoreFile,
    StoreProblem,
    default_store_path,
    resolve_store,
)

__all__ = [
    "Computed",
    "FeatureStore",
    "MergedFile",
    "StoreFile",
    "StoreProblem",
    "default_store_path",
    "resolve_store",
]
