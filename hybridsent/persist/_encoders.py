"""Encoders inside a model: which, and whether this machine still computes the same (layer L5)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hybridsent.exceptions import (
    BundleError,
    HybridsentError,
    HybridsentWarning,
    MissingDependencyError,
    UnknownBackboneError,
    VersionWarning,
    WeightsNotFoundError,
)
from hybridsent.persist._graph import children
from hybridsent.persist._portable import is_encoder

_NOT_HERE = (WeightsNotFoundError, MissingDependencyError, UnknownBackboneError)
Entry = dict[str, Any]


def find_encoders(model: Any) -> dict[str, Any]:
    """Find every encoder, keyed by the name of its step.

    A pipeline keeps the encoder it was given and the one it fitted; where both are there under one
    name, the fitted one counts, which scikit-learn keeps in an attribute that ends in ``_``.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> find_encoders(make_pipeline(StandardScaler()))
    {}
    """
    found: dict[str, Any] = {}
    for name, encoder in _walk(model, "encoder", set()):
        key, number = name, 2
        while key in found and found[key] is not encoder and not _same(found[key], encoder):
            key, number = f"{name}#{number}", number + 1
        found[key] = encoder
    return found


def _same(one: Any, other: Any) -> bool:
    """Two encoders of one name count as one when they have the same parameters."""
    parameters = [_parameters(encoder) for encoder in (one, other)]
    return type(one) is type(other) and parameters[0] == parameters[1]


def _parameters(encoder: Any) -> dict[str, str]:
    return {name: repr(value) for name, value in vars(encoder).items() if not name.endswith("_")}


def _walk(item: Any, name: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(item) in seen:
        return
    if is_encoder(item):
        yield name.lstrip("="), item
        return
    parts = children(item)
    if parts:
        seen.add(id(item))
    names = _names(item)
    for step, part in parts:
        # A name that a ColumnTransformer gave stays: it says the view, not the step.
        inner = name if name.startswith("=") else names.get(step, name)
        yield from _walk(part, inner, seen)


def _names(item: Any) -> dict[str, str]:
    """Names that a part gives to its own parts: ``(name, estimator)``, with ``=`` for a column."""
    if isinstance(item, tuple) and len(item) > 1 and isinstance(item[0], str):
        of_column = "=" if len(item) == 3 else ""
        return {"[1]": of_column + item[0]}
    return {}


def warn_of_passing(model: Any) -> None:
    """Warn of encoders over a tuned network that other processes will not find."""
    for name, encoder in sorted(find_encoders(model).items()):
        from hybridsent.encoders._tuned import TEMPORARY  # loaded already, as there is an encoder

        try:
            backbone: Any = encoder.backbone() if hasattr(encoder, "backbone") else None
        except _NOT_HERE:
            continue
        if getattr(backbone, "loader", "") != "hybridsent.encoders._tuned:load":
            continue
        known = str(encoder.model)
        if Path(backbone.options["folder"]).name.startswith(TEMPORARY):
            why = "in a temporary folder, which ends with this process"
        elif not known.startswith("tuned:"):
            why = "by a name that only this process knows"
        else:
            continue
        warnings.warn(
            f"The encoder {name!r} reads its tuned network {why} ({known!r}): the saved model will "
            "not find it. Call FineTuned.save first, and build the model on FineTuned.encoder().",
            HybridsentWarning,
            stacklevel=3,
        )


def describe_encoders(model: Any) -> dict[str, Entry]:
    """Entries of the manifest: type, model name and fingerprint of each encoder."""
    return {name: _entry(encoder) for name, encoder in sorted(find_encoders(model).items())}


def _entry(encoder: Any) -> Entry:
    kind = type(encoder)
    try:
        fingerprint = str(encoder.fingerprint())
    except _NOT_HERE:
        fingerprint = None  # a model fitted from stored rows alone can still be saved
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "model": _text(getattr(encoder, "model", None)),
        "fingerprint": fingerprint,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def compare_encoders(model: Any, saved: Mapping[str, Any], what: str) -> None:
    """Compare the encoders as they are here with the manifest.

    Raises
    ------
    BundleError
        If an encoder computes something else than when the model was saved.

    Warns
    -----
    VersionWarning
        If the weights of an encoder are not on this machine.
    """
    found = find_encoders(model)
    if set(found) != set(saved):
        raise BundleError(
            f"The manifest of {what} names the encoders {sorted(saved)}, the model has "
            f"{sorted(found)}: the file was tampered with."
        )
    for name, encoder in found.items():
        entry = saved[name] if isinstance(saved[name], dict) else {}
        _compare(name, encoder, entry.get("fingerprint"), what)


def _compare(name: str, encoder: Any, saved: object, what: str) -> None:
    model = getattr(encoder, "model", None)
    try:
        here = str(encoder.fingerprint())
    except _NOT_HERE as error:
        warnings.warn(
            f"{what} is loaded, but to predict it needs the weights of its encoder {name!r} "
            f"({model}), which are not on this machine: {error}",
            VersionWarning,
            stacklevel=4,
        )
        return
    except HybridsentError as error:
        raise BundleError(
            f"The encoder {name!r} ({model}) of {what} is unusable: {error}"
        ) from error
    # The parameters of a hostile file can make an encoder raise anything.
    except Exception as error:
        raise BundleError(f"The encoder {name!r} of {what} is broken: {error!r}") from error
    if saved is not None and here != saved:
        raise BundleError(
            f"The encoder {name!r} ({model}) computes something else here than when {what} was "
            f"saved, so predictions would be wrong. Its fingerprint is {here}; saved was {saved}. "
            "Install the weights and the hybridsent version that were used then (see inspect), or "
            "fit and save the model again with the weights of this machine."
        )
