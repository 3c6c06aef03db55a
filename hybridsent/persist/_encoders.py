"""Encoders inside a model: which, and whether this machine still computes the same (layer L5)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hybridsent._held import ATOMS
from hybridsent.exceptions import (
    BundleError,
    HybridsentError,
    HybridsentWarning,
    MissingDependencyError,
    PersistError,
    UnknownBackboneError,
    VersionWarning,
    WeightsNotFoundError,
)
from hybridsent.persist._errors import as_bundle_error
from hybridsent.persist._graph import children
from hybridsent.persist._outside import looks_outside
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
        if isinstance(part, ATOMS):
            continue
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
            "not find it. Call FineTuned.save first, and build the model on FineTuned.encoder(); a "
            "FineTunedEncoder keeps its weights with folder='FOLDER'.",
            HybridsentWarning,
            stacklevel=3,
        )


def describe_encoders(model: Any) -> dict[str, Entry]:
    """Entries of the manifest: type, model name, fingerprint of each encoder, and what made it."""
    return {name: _entry(encoder) for name, encoder in sorted(find_encoders(model).items())}


def _entry(encoder: Any) -> Entry:
    kind = type(encoder)
    entry: Entry = {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "model": _text(getattr(encoder, "model", None)),
    }
    try:
        entry["fingerprint"] = str(encoder.fingerprint())
    except _NOT_HERE:
        return entry | {"fingerprint": None}  # fitted from stored rows alone, it can still be saved
    if hasattr(encoder, "_identify"):
        made_of = encoder._identify(encoder.backbone())[1]
        made_of.pop("name")
        entry |= {"precision": made_of["precision"], "made_of": made_of}
    return entry


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def compare_encoders(model: Any, saved: Mapping[str, Any], what: str) -> None:
    """Compare the encoders as they are here with the manifest.

    What only the hardware changes is no error: an encoder goes on in the precision that it was
    fitted with, or in float32 with a warning. Weights in a cache are compared at the first row.

    Raises
    ------
    BundleError
        If an encoder computes something else than when the model was saved.

    Warns
    -----
    VersionWarning
        If the weights of an encoder, its device or its precision are not on this machine.
    """
    with as_bundle_error(f"The encoders of {what} cannot be read"):
        found = find_encoders(model)
        alike = _alike(model, found)
    if set(found) != set(saved):
        raise BundleError(
            f"The manifest of {what} names the encoders {sorted(saved)}, the model has "
            f"{sorted(found)}: the file was tampered with."
        )
    for name, encoder in found.items():
        entry = saved[name] if isinstance(saved[name], dict) else {}
        _compare(_Named(name, encoder, alike[name], what), entry)


def _alike(model: Any, found: Mapping[str, Any]) -> dict[str, list[Any]]:
    """All encoders that count as one with each of those found: folds hold a copy each."""
    alike: dict[str, list[Any]] = {name: [] for name in found}
    for _, encoder in _walk(model, "encoder", set()):
        for name, known in found.items():
            if known is encoder or _same(known, encoder):
                alike[name].append(encoder)
    return alike


class _Named(NamedTuple):
    name: str
    encoder: Any
    alike: list[Any]
    what: str

    def __str__(self) -> str:
        model = getattr(self.encoder, "model", None)
        return f"The encoder {self.name!r} ({model!s:.200}) of {self.what}"

    def warn(self, problem: str) -> None:
        warnings.warn(f"Loaded, but: {self} {problem}", VersionWarning, stacklevel=6)

    def set(self, **attributes: Any) -> None:
        for encoder in self.alike:
            vars(encoder).update(attributes)


def _compare(named: _Named, entry: Entry) -> None:
    try:
        _settle(named, entry)
    except _NOT_HERE as error:
        named.warn(
            f"cannot encode yet. The model is loaded, but to predict it needs the weights of its "
            f"encoder {named.name!r}, which are not on this machine: {error}"
        )
    except (PersistError, Warning):
        raise
    except HybridsentError as error:
        raise BundleError(f"{named} is unusable: {error}") from error
    # The parameters of a hostile file can make an encoder raise anything.
    except Exception as error:
        raise BundleError(f"{named} is broken: {error!r:.300}") from error


def _settle(named: _Named, entry: Entry) -> None:
    encoder, saved = named.encoder, entry.get("fingerprint")
    if not hasattr(encoder, "_identify"):  # of someone else, who was trusted
        return _agree(named, entry, saved is None or str(encoder.fingerprint()) == saved)
    from hybridsent.encoders import _loaded, _runtime

    if not isinstance(encoder.device, str):
        raise BundleError(f"{named} must have a device by name; got {encoder.device!r:.50}.")
    if not _runtime.has_device(encoder.device):
        named.warn(f"ran on {encoder.device!r:.50}, which is not here: it runs on 'auto'.")
        named.set(device="auto")
    if not looks_outside(encoder):
        _agree(named, entry, saved is None or _loaded.settle(encoder, str(saved)))
        if hasattr(encoder, "precision_"):
            named.set(precision_=encoder.precision_)
    elif isinstance(saved, str):
        named.set(**{_loaded.PROMISE: saved})
    gap = _loaded.precision_gap(encoder)
    if gap is not None:
        _loaded.told_of_gap(gap)
        named.warn(f"{_loaded.said(gap)}.")
    return None


def _agree(named: _Named, entry: Entry, agreed: bool) -> None:
    if agreed:
        named.encoder.fingerprint()  # so that weights that are not here are told now
        return
    raise BundleError(
        f"{named} computes something else here than when it was saved, so predictions would be "
        f"wrong. Its fingerprint is {named.encoder.fingerprint()}; saved was "
        f"{entry['fingerprint']!s:.200}.{_difference(named.encoder, entry)} Install what was used "
        "then (see inspect), or fit and save the model again on this machine."
    )


def _difference(encoder: Any, entry: Entry) -> str:
    """Name what differs, where the manifest tells what a fingerprint was made of."""
    saved = entry.get("made_of")
    if not isinstance(saved, dict) or not hasattr(encoder, "_identify"):
        return ""
    here = encoder._identify(encoder.backbone())[1]
    parts = [
        f"{key} is {here[key]!r:.60} here and was {saved[key]!r:.60}"
        for key in here
        if key in saved and key not in ("name", "precision") and saved[key] != here[key]
    ]
    return f" What differs: {'; '.join(parts)}." if parts else ""
