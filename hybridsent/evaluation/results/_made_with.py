"""What computed a result: versions of packages, and encoders, for a paper to cite (layer L5)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from hybridsent._version import system_here, versions_here
from hybridsent.encoders._nesting import encoders_of
from hybridsent.exceptions import (
    MissingDependencyError,
    UnknownBackboneError,
    WeightsNotFoundError,
)

__all__ = ["encoders_in", "made_with", "versions_at_work"]

_ALWAYS = ("scikit-learn", "numpy", "pandas")
_WHERE_IMPORTED = ("torch", "torchvision", "transformers", "openvino", "opensmile", "xgboost")


def made_with(estimators: Sequence[Any]) -> dict[str, Any]:
    """Give what computed a result, by the names that results have for it.

    Parameters
    ----------
    estimators : sequence of estimator
        Those that were fitted.

    Returns
    -------
    dict
        ``"versions"`` and ``"encoders"``, as parameters of a `Computed`.

    Examples
    --------
    >>> from hybridsent.evaluation.results._made_with import made_with
    >>> list(made_with([]))
    ['versions', 'encoders']
    """
    return {"versions": versions_at_work(), "encoders": encoders_in(estimators)}


def versions_at_work() -> dict[str, str]:
    """Give the versions of what may have computed a result in this process.

    Returns
    -------
    dict of str to str
        Of Python, this package and the base; of heavy libraries where they have been imported; and
        ``"system"``.

    Examples
    --------
    >>> from hybridsent.evaluation.results._made_with import versions_at_work
    >>> list(versions_at_work())[:4]
    ['python', 'hybridsent', 'scikit-learn', 'numpy']
    """
    imported = [name for name in _WHERE_IMPORTED if name in sys.modules]
    return {**versions_here(*_ALWAYS, *imported), "system": system_here()}


def encoders_in(estimators: Sequence[Any]) -> list[dict[str, str | None]]:
    """Tell which encoders models read with, so that the same vectors can be made again.

    Parameters
    ----------
    estimators : sequence of estimator
        Any estimators.

    Returns
    -------
    list of dict
        Of each encoder once its ``view``, its ``model``, the ``revision`` that the user or the
        registry pins, and its ``fingerprint``, which weights and every parameter that changes the
        vectors are in. What is not known here is None.

    Examples
    --------
    >>> from hybridsent import TextEncoder
    >>> from hybridsent.evaluation.results._made_with import encoders_in
    >>> [each["model"] for each in encoders_in([TextEncoder(), TextEncoder()])]
    ['text/bge-small-en']
    """
    found = []
    for estimator in estimators:
        for view, encoder, _ in encoders_of(estimator):
            told = {"view": view, "model": None, "revision": None, "fingerprint": None}
            try:
                backbone = encoder.backbone()
                told["model"] = backbone.name
                told["revision"] = backbone.options.get("revision")
                told["fingerprint"] = encoder.fingerprint()
            except (WeightsNotFoundError, MissingDependencyError, UnknownBackboneError):
                told["model"] = told["model"] or str(encoder.model)  # all came out of the store
            if told not in found:
                found.append(told)
    return found
