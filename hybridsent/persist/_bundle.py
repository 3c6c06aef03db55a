"""The bundle on disk: one zip file, written atomically, checked before it is read (layer L5)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hybridsent.exceptions import BundleError, PersistError
from hybridsent.persist._archive import Allowance, open_archive, read_member, unpack
from hybridsent.persist._errors import as_bundle_error
from hybridsent.persist._manifest import parse_manifest

MANIFEST = "manifest.json"
MODEL = "model.skops"
MAX_MANIFEST_BYTES = 64 * 2**20

_MEMBERS = re.compile(r"manifest\.json|model\.skops|tensors-\d{1,6}\.safetensors")


class Bundle(NamedTuple):
    """What a bundle holds: its manifest and its other members, checked against their hashes."""

    manifest: dict[str, Any]
    members: dict[str, bytes]
    allowance: Allowance


def sha256(data: bytes) -> str:
    """Hex digest that the manifest keeps for a member."""
    return hashlib.sha256(data).hexdigest()


def write_bundle(path: Path, manifest: Mapping[str, object], members: Mapping[str, bytes]) -> None:
    """Write to a temporary file beside `path`, read it back, then replace `path` in one step."""
    if path.is_dir():
        raise PersistError(f"path must name a file to write; {str(path)!r} is a folder.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(path.parent)!r} does not exist: create it first.")
    # Opened by name rather than by tempfile, so that the file gets the user's usual permissions.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        with temporary.open("xb") as file:
            _pack(file, manifest, members)
            file.flush()
            os.fsync(file.fileno())
        read_bundle(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _pack(file: Any, manifest: Mapping[str, object], members: Mapping[str, bytes]) -> None:
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MANIFEST, text.encode(), zipfile.ZIP_DEFLATED)
        # Stored: model.skops is packed inside, and weights do not shrink.
        for name, data in members.items():
            archive.writestr(name, data, zipfile.ZIP_STORED)


def read_bundle(path: Path) -> Bundle:
    """Read every member and compare it with its hash; decode nothing but the manifest."""
    what = str(path)
    with _open(path) as file:
        allowance = Allowance(file.seek(0, 2), what)
        members = unpack(file, what, _MEMBERS, allowance)
    manifest = parse_manifest(members.pop(MANIFEST, None), what, allowance)
    _check_hashes(manifest["members"], members, what)
    return Bundle(manifest, members, allowance)


def read_manifest(path: Path) -> dict[str, Any]:
    """Read the manifest alone."""
    what = str(path)
    with _open(path) as file, open_archive(file, what, _MEMBERS) as archive:
        allowance = Allowance(path.stat().st_size, what)
        if MANIFEST not in archive.namelist():
            return parse_manifest(None, what, allowance)
        with as_bundle_error(f"The manifest of {what} cannot be unpacked"):
            if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
                raise BundleError(
                    f"The manifest of {what} is larger than {MAX_MANIFEST_BYTES} bytes."
                )
            data = read_member(archive, archive.getinfo(MANIFEST))
            return parse_manifest(data, what, allowance)


def _open(path: Path) -> io.BufferedReader:
    if path.is_dir():
        raise BundleError(f"{str(path)!r} is a folder; load() and inspect() read one file.")
    return path.open("rb")


def _check_hashes(expected: dict[str, str], members: Mapping[str, bytes], what: str) -> None:
    lost = sorted(({MODEL} | set(expected)) - set(members))
    if lost:
        raise BundleError(f"{what} lacks {lost}: it is damaged. Save the model again.")
    extra = sorted(set(members) - set(expected))
    if extra:
        raise BundleError(f"{what} holds {extra}, which its manifest does not name.")
    for name, data in members.items():
        if sha256(data) != expected[name]:
            raise BundleError(
                f"{name} in {what} is not what was saved (its SHA-256 is not the manifest's): "
                "the file is damaged. Copy it again from its source or save the model again."
            )
