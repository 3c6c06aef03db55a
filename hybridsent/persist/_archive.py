"""Opening a zip file that may be damaged or hostile (layer L5).

``zipfile`` reads what it is given: duplicate names, path traversal, bombs. This module looks at
the table of contents first and unpacks in memory only, never to disk. All that is unpacked, also of
archives in archives, is counted against one allowance, which grows with the file.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from typing import IO

from hybridsent.exceptions import BundleError
from hybridsent.persist._errors import as_bundle_error

MAX_BYTES = 4 * 2**30
MAX_RATIO = 16
RATIO_MATTERS_ABOVE = 256 * 2**20
MAX_MEMBERS = 200_000
MAX_CONTENTS = 32 * 2**20  # bytes of the table of contents; zipfile needs ten times as many

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


class Allowance:
    """What a file of so many bytes may unpack to, in all its layers together.

    Whoever sends a gigabyte may use gigabytes, but not a few kilobytes.

    Parameters
    ----------
    packed : int
        Bytes of the file on disk.
    what : str
        Its name, for messages.

    Examples
    --------
    >>> allowance = Allowance(1000, "m.hybridsent")
    >>> allowance.take(10**6)
    >>> allowance.take(10**9)
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.BundleError: m.hybridsent unpacks from 1000 to more than 268435456 ...
    """

    def __init__(self, packed: int, what: str) -> None:
        self.packed = packed
        self.what = what
        self._left = self._whole = min(max(RATIO_MATTERS_ABOVE, MAX_RATIO * packed), MAX_BYTES)

    def take(self, size: int) -> None:
        """Count bytes that are about to be unpacked; BundleError where they are too many."""
        self._left -= size
        if self._left < 0:
            raise BundleError(
                f"{self.what} unpacks from {self.packed} to more than {self._whole} bytes: it "
                "looks like a zip bomb and was not unpacked. A model that large is saved without "
                "packing by this version: fit and save it again."
            )


def unpack(
    file: IO[bytes], what: str, allowed: re.Pattern[str], allowance: Allowance
) -> dict[str, bytes]:
    """Check the table of contents, then read every member into memory.

    Parameters
    ----------
    file : binary file
        Open for reading, at any position.
    what : str
        Name of the file for messages.
    allowed : re.Pattern
        The names a member may have, matched in full.
    allowance : Allowance
        What the outermost file may still unpack to.

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
    >>> unpack(file, "a.zip", re.compile(r"[a-z]+[.]txt"), Allowance(100, "a.zip"))
    {'a.txt': b'hello'}
    """
    with (
        as_bundle_error(f"{what} cannot be unpacked"),
        open_archive(file, what, allowed) as archive,
    ):
        allowance.take(sum(info.file_size for info in archive.infolist()))
        return {info.filename: read_member(archive, info) for info in archive.infolist()}


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Read a member; one that is larger than it says is refused before it is unpacked."""
    # ZipFile.read would unpack up to 2 GiB at once, and only then cut to the size that is declared
    with archive.open(info) as member:
        data = member.read(info.file_size)
        if len(data) != info.file_size:
            raise BundleError(
                f"{info.filename!r} is shorter than the {info.file_size} it declares."
            )
        return data


def open_archive(file: IO[bytes], what: str, allowed: re.Pattern[str]) -> zipfile.ZipFile:
    """Open a zip file whose table of contents passed every check; see `unpack`."""
    _refuse_foreign(file, what)
    _refuse_long_contents(file, what)
    with as_bundle_error(f"{what} is no readable zip file"):
        archive = zipfile.ZipFile(file)
    try:
        _check_names(archive.infolist(), what, allowed)
    except BundleError:
        archive.close()
        raise
    return archive


def _refuse_long_contents(file: IO[bytes], what: str) -> None:
    """Look at the size of the table of contents: zipfile reads all of it before it can be asked."""
    length = file.seek(0, 2)
    file.seek(max(0, length - 2**16 - 64))
    tail = file.read()
    file.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    sizes = [int.from_bytes(tail[end + 12 : end + 16], "little")] if end >= 0 else []
    large = tail.rfind(b"PK\x06\x06")  # the same of an archive of more than 4 GiB
    if large >= 0:
        sizes.append(int.from_bytes(tail[large + 40 : large + 48], "little"))
    if any(MAX_CONTENTS < size < 0xFFFFFFFF for size in sizes):
        raise BundleError(f"{what} is no readable zip file: it lists more members than are read.")


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
            raise BundleError(f"{what} holds {info.filename!r:.100} twice: it was tampered with.")
        seen.add(info.filename)
        if info.flag_bits & _ENCRYPTED:
            raise BundleError(f"{what} is encrypted ({info.filename!r:.100}): decrypt it first.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{what} packs {info.filename!r:.100} in a way save() never uses.")
    _refuse_foreign_names(seen, what, allowed)


def _refuse_foreign_names(names: Iterable[str], what: str, allowed: re.Pattern[str]) -> None:
    foreign = sorted(name[:100] for name in names if not allowed.fullmatch(name))
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
