"""The manifest of a bundle: what is written in it, and how far it is believed (layer L5).

It is plain JSON, so that anyone can read it without this package. Its hashes find damage; they do
not stop an attacker, who would write new ones, so nothing here decides what may be loaded.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hybridsent._version import __version__, installed_version, versions_here
from hybridsent.exceptions import BundleError, PersistError, VersionWarning
from hybridsent.persist._archive import Allowance
from hybridsent.persist._json import read_json

FORMAT = "hybridsent-bundle"
FORMAT_VERSION = 1

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FIELDS: dict[str, type] = {
    "format": str,
    "format_version": int,
    "versions": dict,
    "members": dict,
    "encoders": dict,
}


def library_versions(types: set[str]) -> dict[str, str]:
    """Versions of what the model needs: always the base, torch and xgboost only where used."""
    packages = ["scikit-learn", "numpy", "skops"]
    if any(name.startswith("xgboost.") for name in types):
        packages.append("xgboost")
    if any(name.startswith("hybridsent.") for name in types):
        packages.append("torch")
    return versions_here(*packages)


def describe(estimator: Any, portable: Any, types: set[str]) -> dict[str, object]:
    """Describe a model for the manifest: versions, time, repr, types, classes, features.

    The repr is that of the portable copy, as the model itself may name folders of this machine.
    """
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": library_versions(types),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "estimator": repr(portable),
        "types": sorted(types),
        "classes": _plain(getattr(estimator, "classes_", None)),
        "feature_names_in": _plain(getattr(estimator, "feature_names_in_", None)),
    }


def _plain(values: Any) -> Any:
    """Arrays become lists; what JSON does not know becomes its text."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, list | tuple):
        return [_plain(value) for value in values]
    finite = not isinstance(values, float) or abs(values) < float("inf")
    return values if finite and isinstance(values, str | int | float | None) else str(values)


def checked_metadata(metadata: Mapping[str, object] | None) -> dict[str, object]:
    """Return the user's notes as a dict that JSON gives back unchanged."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise PersistError(f"metadata must be a mapping or None; got {type(metadata).__name__}.")
    for key, value in metadata.items():
        if not isinstance(key, str):
            raise PersistError(f"metadata must have str keys; got the key {key!r}.")
        try:
            read_json(json.dumps([[value]], allow_nan=False, indent=1), "it")
        except (TypeError, ValueError, RecursionError) as error:
            raise PersistError(
                f"metadata[{key!r}] must be made of str, finite numbers, bool, None, lists and "
                f"dicts; got a {type(value).__name__} ({error}). Convert it first, e.g. by str()."
            ) from error
    return dict(metadata)


def parse_manifest(data: bytes | None, what: str, allowance: Allowance) -> dict[str, Any]:
    """Parse and check the manifest of the file named `what`."""
    if data is None:
        raise BundleError(f"{what} has no manifest.json: it is no hybridsent bundle.")
    manifest = read_json(data, f"The manifest of {what}", allowance.packed)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"{what} is no hybridsent bundle: its manifest does not say {FORMAT!r}.")
    _check_format(manifest.get("format_version"), manifest.get("versions"), what)
    for field, kind in _FIELDS.items():
        if not isinstance(manifest.get(field), kind):
            raise BundleError(f"The manifest of {what} must have {field!r} as a {kind.__name__}.")
    _check_members(manifest["members"], what)
    return manifest


def _check_format(number: object, versions: object, what: str) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise BundleError(
            f"The manifest of {what} has no valid format_version; got {number!r:.50}."
        )
    if number > FORMAT_VERSION:
        writer = versions.get("hybridsent") if isinstance(versions, dict) else None
        raise BundleError(
            f"{what} has format version {number!s:.50}, written by hybridsent {writer!s:.50}; "
            f"hybridsent {__version__} reads versions up to {FORMAT_VERSION}. Update: "
            "pip install --upgrade hybridsent"
        )


def _check_members(members: dict[str, object], what: str) -> None:
    for name, digest in members.items():
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise BundleError(f"The manifest of {what} has no valid SHA-256 for {name!r:.100}.")


def version_gap(manifest: Mapping[str, Any]) -> str | None:
    """Say how scikit-learn differs from the one that saved the model; None if it does not."""
    saved, here = manifest["versions"].get("scikit-learn"), installed_version("scikit-learn")
    if str(saved).split(".")[:2] == str(here).split(".")[:2]:
        return None
    return f"saved under scikit-learn {saved!s:.50}, this is scikit-learn {here}"


def warn_of_versions(gap: str | None, what: str) -> None:
    """Warn when the model was saved under another scikit-learn."""
    if gap is not None:
        warnings.warn(
            f"{what} was {gap}: predictions may differ or fail. Install the same version, or fit "
            "and save the model again.",
            VersionWarning,
            stacklevel=3,
        )
