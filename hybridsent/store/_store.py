"""The feature store: vectors at rest, computed once over all processes and runs (layer L1).

Why by hand: see the modules it joins. `_sqlite` (files), `_row_bytes` (bytes of a row), `_row_file`
(one fingerprint), `_shelf` (opening and damage), `_claims` and `_once` (exactly once), `_evict`
(size), `_merge` (stores of other nodes).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from numbers import Real
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from hybridsent._folders import at_home, cache_folder, warn_once
from hybridsent.exceptions import StoreWarning
from hybridsent.store._evict import evict, sweep, total_bytes
from hybridsent.store._file_names import live_files
from hybridsent.store._merge import MergedFile, merge_stores
from hybridsent.store._once import Compute, Computed, Once, compute_alone
from hybridsent.store._report import StoreFile, StoreProblem, describe, problems_of
from hybridsent.store._row_bytes import KEY_BYTES, TEXTS, VECTORS, Codec
from hybridsent.store._row_file import RowFile
from hybridsent.store._shelf import Shelf, base_name
from hybridsent.store._sqlite import WAY_OUT, UnusableError, explained

__all__ = [
    "FeatureStore",
    "MergedFile",
    "StoreFile",
    "StoreProblem",
    "default_store_path",
    "resolve_store",
]


def default_store_path() -> Path:
    """Give the folder of the store that ``store="default"`` means.

    Returns
    -------
    Path
        The environment variable ``HYBRIDSENT_STORE``, else ``store`` in the user's cache folder of
        hybridsent.

    Raises
    ------
    StoreError
        If the user has no home, and the variable is not set.

    Examples
    --------
    >>> default_store_path().is_absolute() or "HYBRIDSENT_STORE" in os.environ
    True
    """
    with explained(Path(os.environ.get("HYBRIDSENT_STORE") or "~/.cache")):
        return cache_folder("HYBRIDSENT_STORE", "store")


def resolve_store(store: FeatureStore | str | os.PathLike[str] | None) -> FeatureStore | None:
    """Turn the `store` parameter of an encoder into a store.

    Parameters
    ----------
    store : FeatureStore, str, path or None
        A store, ``"default"``, a folder, or None for no store.

    Returns
    -------
    FeatureStore or None
        None where no store is wanted.

    Raises
    ------
    TypeError
        If it is none of these.

    Examples
    --------
    >>> resolve_store(None) is None
    True
    >>> resolve_store("rows").path.name
    'rows'
    """
    if store is None or isinstance(store, FeatureStore):
        return store
    if isinstance(store, str | os.PathLike):
        return FeatureStore() if store == "default" else FeatureStore(store)
    raise TypeError(
        f'`store` must be a FeatureStore, "default", a folder or None. Got {type(store).__name__}.'
    )


class FeatureStore:
    """Vectors, and texts, by content key and fingerprint, in a folder that processes share.

    One SQLite file (write-ahead log) a fingerprint. Constructing touches nothing; a file that was
    used stays open until the process forks or ends, outside of the object, so that a store can be
    pickled, copied, forked and used by threads as it is. A killed process loses at most its last
    quarter of a second. Rows carry a checksum: damaged ones are dropped with a `StoreWarning` and
    count as absent. A folder that cannot be written to can still be read; one that a group or
    everybody may write to is shared by them. Not for network file systems: their locks are not
    sqlite's.

    Parameters
    ----------
    path : str or path, default=None
        Folder; made at the first write. None means `default_store_path` at each use.
    max_bytes : int or None, default=20 GiB
        Size the folder is kept under, by deleting the rows used longest ago (to the hour); None
        for no limit. It is checked at the first write of this object and then whenever another 2 %
        of it was written.

    Raises
    ------
    TypeError
        If `path` is no path.
    ValueError
        If `max_bytes` is no number above 0.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = FeatureStore(folder)
    ...     store.put_many("demo-1", [b"a" * 16], np.ones((1, 2)))
    ...     store.get_many("demo-1", [b"a" * 16, b"b" * 16])
    1
    {b'aaaaaaaaaaaaaaaa': array([1., 1.], dtype=float32)}
    """

    def __init__(
        self, path: str | os.PathLike[str] | None = None, *, max_bytes: int | None = 20 * 2**30
    ) -> None:
        if path is not None and not isinstance(path, str | os.PathLike):
            raise TypeError(
                "The path parameter of FeatureStore must be a folder or None. Got "
                f"{type(path).__name__}."
            )
        given: Any = max_bytes
        is_number = isinstance(given, Real) and not isinstance(given, bool)
        if given is not None and not (is_number and given > 0):
            raise ValueError(
                "The max_bytes parameter of FeatureStore must be None or a number above 0. Got "
                f"{max_bytes!r:.80}; 20 gigabytes are 20 * 10**9."
            )
        self._path = path
        self.max_bytes = max_bytes
        self._unchecked = float("inf")  # bytes written since the size was last checked

    def __getstate__(self) -> dict[str, object]:
        return {"_path": self._path, "max_bytes": self.max_bytes}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _unchecked=float("inf"))

    def __repr__(self) -> str:
        path = None if self._path is None else os.fspath(self._path)
        return f"FeatureStore({path!r}, max_bytes={self.max_bytes})"

    @property
    def path(self) -> Path:
        """Folder of the store.

        Returns
        -------
        Path
            As given, ``~`` expanded; else `default_store_path`.
        """
        if self._path is None:
            return default_store_path()
        with explained(Path(self._path)):
            return at_home(self._path)

    # -- rows -------------------------------------------------------

    def get_many(self, fingerprint: str, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """Find rows.

        Parameters
        ----------
        fingerprint : str
            Of the encoder: 1 to 120 printable characters without slashes.
        keys : sequence of bytes
            16 bytes each.

        Returns
        -------
        dict of bytes to ndarray of shape (d,)
            float32, writable; keys that are not stored are left out.

        Raises
        ------
        StoreError
            If the folder cannot be read.
        """
        _check_keys(keys)
        with Shelf(self.path, fingerprint) as shelf:
            return shelf.read(keys) if len(keys) else {}

    def width(self, fingerprint: str) -> int | None:
        """Tell how many floats a row has; no row is read.

        Parameters
        ----------
        fingerprint : str
            Of the encoder.

        Returns
        -------
        int or None
            None where no row was stored yet.

        Raises
        ------
        StoreError
            If the folder cannot be read.
        """
        with Shelf(self.path, fingerprint) as shelf:
            header = shelf.run(RowFile.header)
        return None if header is None else header.width

    def put_many(
        self,
        fingerprint: str,
        keys: Sequence[bytes],
        rows: np.ndarray,
        *,
        spec: Mapping[str, object] | None = None,
    ) -> int:
        """Store rows in one committed transaction; rows that are there already stay as they are.

        Parameters
        ----------
        fingerprint : str
            Of the encoder: 1 to 120 printable characters without slashes.
        keys : sequence of bytes
            16 bytes each.
        rows : ndarray of shape (n, d)
            One a key; stored as float32.
        spec : mapping, default=None
            What the fingerprint was made of, kept for `info`; values that JSON has no word for
            become strings.

        Returns
        -------
        int
            Rows that were new.

        Raises
        ------
        StoreError
            If the folder cannot be written to, the disk is full, or rows of another width are
            stored.
        """
        _check_keys(keys)
        with Shelf(self.path, fingerprint) as shelf:
            return self._put(shelf, VECTORS, keys, rows, spec=spec)

    def get_or_compute(
        self,
        fingerprint: str,
        keys: Sequence[bytes],
        compute: Compute,
        *,
        spec: Mapping[str, object] | None = None,
    ) -> Computed[np.ndarray]:
        """Find rows; compute each missing one once over all processes that ask for it.

        Missing keys are claimed in portions (half of what is left, 512 to 4096), so that
        callers share the work; who finds nothing left to claim waits for the others. The claims of
        a killed process pass to those who wait. Where the folder cannot be used (no permission, a
        full disk, no home), what is missing is computed and not kept, with one `StoreWarning` a
        process.

        Parameters
        ----------
        fingerprint : str
            Of the encoder: 1 to 120 printable characters without slashes.
        keys : sequence of bytes
            16 bytes each.
        compute : callable
            Takes a list of keys, yields ``(keys, rows)`` in batches, stored every 256 rows or
            quarter of a second. Keys it leaves out (broken cells) are absent from the result, and
            left to other callers to try. It must not ask the store for the same keys.
        spec : mapping, default=None
            As in `put_many`.

        Returns
        -------
        Computed
            ``rows``, ``n_computed`` and ``n_found``.

        Raises
        ------
        StoreError
            If rows of another width are stored, or by a newer version.
        """
        return self._once(VECTORS, fingerprint, keys, compute, spec)

    def get_or_compute_texts(
        self,
        fingerprint: str,
        keys: Sequence[bytes],
        compute: Compute,
        *,
        spec: Mapping[str, object] | None = None,
    ) -> Computed[str]:
        """Do with texts what `get_or_compute` does with vectors: each is made once, ever.

        Callers share the work in portions of 16 to 64 keys.

        Parameters
        ----------
        fingerprint : str
            Of what makes the texts: 1 to 120 printable characters without slashes.
        keys : sequence of bytes
            16 bytes each.
        compute : callable
            Takes a list of keys, yields ``(keys, texts)``, lists of equal length.
        spec : mapping, default=None
            As in `put_many`.

        Returns
        -------
        Computed
            ``rows``, a dict of bytes to str, ``n_computed`` and ``n_found``.

        Raises
        ------
        StoreError
            If vectors are stored under this fingerprint, or rows by a newer version.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = FeatureStore(folder)
        ...     for _ in range(2):
        ...         found = store.get_or_compute_texts(
        ...             "said-1", [b"a" * 16], lambda keys: iter([(keys, ["Hello."])])
        ...         )
        ...         print(found.rows, found.n_computed, found.n_found)
        {b'aaaaaaaaaaaaaaaa': 'Hello.'} 1 0
        {b'aaaaaaaaaaaaaaaa': 'Hello.'} 0 1
        """
        return self._once(TEXTS, fingerprint, keys, compute, spec)

    def _once(
        self,
        codec: Codec,
        fingerprint: str,
        keys: Sequence[bytes],
        compute: Compute,
        spec: Mapping[str, object] | None,
    ) -> Computed[Any]:
        _check_keys(keys)
        base_name(fingerprint)
        try:
            folder = self.path
        except UnusableError as error:
            _tell("the user's cache folder", error)
            return compute_alone(keys, compute, codec)
        with Shelf(folder, fingerprint, codec) as shelf:
            save, tell = partial(self._put, shelf, codec, spec=spec), partial(_tell, folder)
            return Once(shelf, keys, compute, save, tell, codec).run(folder, fingerprint)

    def _put(
        self,
        shelf: Shelf,
        codec: Codec,
        keys: Sequence[bytes],
        rows: Any,
        *,
        spec: Mapping[str, object] | None,
    ) -> int:
        rows = codec.checked(keys, rows)
        if not len(keys):
            return 0
        n_new = shelf.write(keys, rows, spec or {})
        self._unchecked += codec.n_bytes(rows)
        if self.max_bytes is not None and self._unchecked > self.max_bytes // 50:
            self._unchecked = 0.0
            evict(self.path, self.max_bytes, wait=False)
        return n_new

    # -- care -------------------------------------------------------

    def info(self) -> list[StoreFile]:
        """Describe what is stored.

        Returns
        -------
        list of StoreFile
            By fingerprint, in the order of their names.
        """
        return [told for _, shelf in self._shelves() if (told := shelf.run(describe))]

    def clear(self, fingerprint: str | None = None) -> int:
        """Delete the rows of one encoder, or all.

        An empty file of a few pages stays for each: unlinking a database under processes that
        write to it would lose their rows. Their later rows are kept.

        Parameters
        ----------
        fingerprint : str, default=None
            Of the encoder; None for all.

        Returns
        -------
        int
            Bytes given back to the disk.
        """
        wanted = None if fingerprint is None else base_name(fingerprint)
        with explained(self.path):
            before = total_bytes(self.path)
            for base, shelf in self._shelves():
                if wanted in (None, base):
                    shelf.run(RowFile.clear)
            if wanted is None:
                sweep(self.path)
            return max(0, before - total_bytes(self.path))

    def verify(self, *, repair: bool = False) -> list[StoreProblem]:
        """Read every row and check it.

        Parameters
        ----------
        repair : bool, default=False
            Whether to delete damaged rows, and files that cannot be read.

        Returns
        -------
        list of StoreProblem
            Empty for a sound store.
        """
        with explained(self.path):
            files = live_files(self.path)
        problems = [
            problem
            for base, path in files.items()
            for problem in problems_of(path, unquote(base), repair=repair)
        ]
        if repair and any(problem.key is None for problem in problems):
            sweep(self.path)
        return problems

    def merge(
        self, sources: FeatureStore | str | os.PathLike[str] | Iterable[Any]
    ) -> list[MergedFile]:
        """Take over the rows of other stores that are not here, such as those of other nodes.

        Vectors and texts of every fingerprint. Each row's checksum is compared before it is taken
        over, rows that are here stay as they are, and the hours of last use are kept. The other
        stores are not changed. Others may read and write all of them meanwhile; what they write to
        a source after its merge began may be left for the next one. Merging again, or after a kill,
        takes over what is still missing. Nothing is evicted while it runs: where the store is then
        above `max_bytes`, a `StoreWarning` says so.

        Parameters
        ----------
        sources : FeatureStore, str, path, or iterable of these
            Folders of stores. One that another machine keeps is copied here first: sqlite's locks
            do not hold on network file systems.

        Returns
        -------
        list of MergedFile
            One for each source and fingerprint: rows that were new, known and damaged, and why a
            file was refused, if it was.

        Raises
        ------
        StoreError
            If a source is not there, is no store, or is this one (nothing is merged then), or this
            one cannot be written to.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     here, there = FeatureStore(f"{folder}/here"), FeatureStore(f"{folder}/there")
        ...     n = here.put_many("demo-1", [b"a" * 16], np.ones((1, 2)))
        ...     n = there.put_many("demo-1", [b"a" * 16, b"b" * 16], np.ones((2, 2)))
        ...     told = here.merge(there)
        ...     print(told[0].fingerprint, told[0].new, told[0].known, told[0].damaged)
        demo-1 1 1 0
        """
        one = isinstance(sources, FeatureStore | str | os.PathLike)
        given: list[Any] = [sources] if one else list(sources)  # type: ignore[arg-type]
        stores = [resolve_store(source) for source in given]
        if None in stores:
            raise TypeError("`sources` must be stores or folders. Got None.")
        self._unchecked = float("inf")
        return merge_stores([each.path for each in stores if each], self.path, self.max_bytes)

    def evict(self) -> int:
        """Delete the rows used longest ago if the store is above `max_bytes`, down to 90 %.

        Returns
        -------
        int
            Bytes given back to the disk.
        """
        return 0 if self.max_bytes is None else evict(self.path, self.max_bytes, wait=True)

    def _shelves(self) -> Iterator[tuple[str, Shelf]]:
        with explained(self.path):
            bases = list(live_files(self.path))
        for base in bases:
            with Shelf(self.path, unquote(base)) as shelf:
                yield base, shelf


def _tell(folder: object, error: UnusableError) -> None:
    """Say once that a store is done without."""
    warn_once(
        folder,
        f"The feature store at {folder} cannot be used: {error.reason}. What it does not hold is "
        f"computed and not kept. {WAY_OUT}",
        StoreWarning,
    )


def _check_keys(keys: Sequence[bytes]) -> None:
    if not set(map(type, keys)) <= {bytes} or not set(map(len, keys)) <= {KEY_BYTES}:
        wrong = next(key for key in keys if type(key) is not bytes or len(key) != KEY_BYTES)
        raise ValueError(f"`keys` must be of type bytes, {KEY_BYTES} long each. Got {wrong!r}.")
