"""Opening a zip file that may be damaged or hostile (layer L5).

``zipfile`` reads what it is given: duplicate names, path traversal, bombs. This module looks at
the table of contents first and unpacks in memory only, never to disk.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from typing import IO

from hybridsent.exceptions import BundleError
from hybridsent.persist._errors import as_bundle_error

MAX_BYTES = 4 * 2**30
MAX_MEMBERS = 500_000
MAX_RATIO = 500
RATIO_MATTERS_ABOVE = 256 * 2**20

_ENCRYPTED = 0x1
_RUNS_CODE: tuple[bytes, ...] = (
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
    b"\x78\x01",
    b"\x78\x5e",
)
_RUNS_CODE += (
    b"\x78\x9c",
    b"\x78\xda",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x5d\x00",
    b"\x04\x22M",
)


def unpack(file: IO[bytes], what: str, allowed: re.Pattern[str]) -> dict[str, bytes]:
    """Check the table of contents, then read every member into memory.

    Parameters
    ----------
    file : binary file
        Open for reading, at any position.
    what : str
        Name of the file for messages.
    allowed : re.Pattern
        The names a member may have, matched in full.

    Returns
    -------
    dict of str to bytes
        Member name to its content, in the order of the archive.

    Raises
    ------
    BundleError
        When it is no zip file, or one that nobody should unpack.

    Examples
    --------
    >>> import io, re, zipfile
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as archive:
    ...     archive.writestr("a.txt", b"hello")
    >>> unpack(file, "a.zip", re.compile(r"[a-z]+[.]txt"))
    {'a.txt': b'hello'}
    """
    with (
        as_bundle_error(f"{what} cannot be unpacked"),
        open_archive(file, what, allowed) as archive,
    ):
        return {info.filename: archive.read(info) for info in archive.infolist()}


def open_archive(file: IO[bytes], what: str, allowed: re.Pattern[str]) -> zipfile.ZipFile:
    """Open a zip file whose table of contents passed every check; see `unpack`."""
    _refuse_foreign(file, what)
    with as_bundle_error(f"{what} is no readable zip file"):
        archive = zipfile.ZipFile(file)
    try:
        _check_names(archive.infolist(), what, allowed)
        _check_sizes(archive.infolist(), what, _length(file))
    except BundleError:
        archive.close()
        raise
    return archive


def _refuse_foreign(file: IO[bytes], what: str) -> None:
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return
    if start.startswith(_RUNS_CODE):
        raise BundleError(
            f"{what} looks like a joblib or pickle file, not like a hybridsent bundle. Reading a "
            "pickle runs code from it, so it was not read. If you made the file yourself, use "
            "joblib.load and write it again with hybridsent's save; otherwise ask for a bundle."
        )
    raise BundleError(
        f"{what} is no zip file: it starts with {start!r}. It is damaged, cut off at the start, or "
        "was not written by hybridsent's save."
    )


def _check_names(infos: list[zipfile.ZipInfo], what: str, allowed: re.Pattern[str]) -> None:
    if len(infos) > MAX_MEMBERS:
        raise BundleError(f"{what} has {len(infos)} members; at most {MAX_MEMBERS} are read.")
    seen: set[str] = set()
    for info in infos:
        if info.filename in seen:
            raise BundleError(f"{what} holds {info.filename!r} twice: it was tampered with.")
        seen.add(info.filename)
        if info.flag_bits & _ENCRYPTED:
            raise BundleError(f"{what} is encrypted ({info.filename!r}): decrypt it first.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{what} packs {info.filename!r} in a way save() never uses.")
    _refuse_foreign_names(seen, what, allowed)


def _refuse_foreign_names(names: Iterable[str], what: str, allowed: re.Pattern[str]) -> None:
    foreign = sorted(name for name in names if not allowed.fullmatch(name))
    unsafe = [name for name in foreign if ".." in name or name.startswith("/") or "\\" in name]
    if unsafe:
        raise BundleError(f"{what} holds members that point outside of it: {unsafe[:5]}.")
    if any(name.endswith("/data.pkl") for name in foreign):
        raise BundleError(
            f"{what} is a PyTorch file, not a hybridsent bundle. It holds a pickle, which runs "
            "code when it is read, so it was not read."
        )
    if "schema.json" in foreign:
        raise BundleError(
            f"{what} is a plain skops file without a manifest, or a bundle that was cut off at its "
            "end: copy it again, or read it with skops.io.load and write it with hybridsent's save."
        )
    if foreign:
        raise BundleError(f"{what} holds members that save() never writes: {foreign[:5]}.")


def _check_sizes(infos: list[zipfile.ZipInfo], what: str, packed: int) -> None:
    total = sum(info.file_size for info in infos)
    if total > MAX_BYTES:
        raise BundleError(
            f"{what} unpacks to {total / 2**30:.1f} GiB; at most {MAX_BYTES / 2**30:.0f} GiB are "
            "read. It is too large for this format or a zip bomb."
        )
    if total > RATIO_MATTERS_ABOVE and total > MAX_RATIO * packed:
        raise BundleError(
            f"{what} unpacks from {packed} to {total} bytes, more than {MAX_RATIO} times its size: "
            "it looks like a zip bomb and was not unpacked."
        )


def _length(file: IO[bytes]) -> int:
    return file.seek(0, 2)
