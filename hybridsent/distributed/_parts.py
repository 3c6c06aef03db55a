"""A folder of finished pieces, and what it says about itself (layer L7).

Each piece is a file that is either whole or not there: it is written under another name and moved
to its place in one step. Who works on it twice writes the same twice. So what is done is what is
there, and nothing else has to be kept in step with it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsent.exceptions import ResumeError

__all__ = ["Parts", "differences"]

MANIFEST = "_manifest.json"  # what begins so is no data, for all that reads folders of Parquet
_LOCK = ".lock"
_WORDS = {
    "what": "what is made",
    "source": "the content of the source",
    "rows": "the number of rows",
    "chunk": "rows of a piece (chunk)",
    "model": "the model",
    "parameters": "parameters",
    "version": "the version of hybridsent",
}


@dataclass(frozen=True)
class Parts:
    """The finished pieces of a run.

    Parameters
    ----------
    folder : Path
        Where they lie.
    """

    folder: Path

    def path(self, index: int) -> Path:
        """Name the file of a piece.

        Parameters
        ----------
        index : int
            Of the piece.

        Returns
        -------
        Path
            The file, which need not be there.
        """
        return self.folder / f"part-{index:06d}.parquet"

    def write(self, index: int, table: Any) -> None:
        """Write a piece, all or nothing.

        Parameters
        ----------
        index : int
            Of the piece.
        table : pyarrow.Table
            Its rows.
        """
        import pyarrow as pa
        from pyarrow import parquet

        # a dictionary of floats that never repeat: five times the time, and 40 % larger files
        told = [field.name for field in table.schema if not pa.types.is_floating(field.type)]
        path = self.path(index)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with draft.open("wb") as file:
                parquet.write_table(table, file, use_dictionary=told, write_page_checksum=True)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def has(self, index: int, rows: int) -> bool:
        """Tell whether a piece is finished.

        Parameters
        ----------
        index : int
            Of the piece.
        rows : int
            How many it must have.

        Returns
        -------
        bool
            False also where the file is damaged, by as little as a bit, or has another number of
            rows.
        """
        import pyarrow as pa

        try:
            return self.path(index).exists() and self._read(index).num_rows == rows
        except (OSError, pa.ArrowException):
            return False

    def read(self, index: int) -> Any:
        """Read a finished piece.

        Parameters
        ----------
        index : int
            Of the piece.

        Returns
        -------
        DataFrame
            Its rows.
        """
        from hybridsent._tables import from_arrow

        return from_arrow(self._read(index))

    def _read(self, index: int) -> Any:
        """Read a piece, and check each of its pages by the sum that was written beside it."""
        from pyarrow import parquet

        return parquet.read_table(self.path(index), page_checksum_verification=True)

    # -- what it says about itself

    def begin(self, facts: Mapping[str, Any], *, resume: bool) -> bool:
        """Begin a run, or go on with the one that is here.

        Parameters
        ----------
        facts : mapping
            What its answers depend on, as JSON holds it.
        resume : bool
            Whether a run may be here already.

        Returns
        -------
        bool
            Whether it is a new one.

        Raises
        ------
        ResumeError
            If there is one and it may not, or it is another one.
        """
        there = self._facts()
        if there is not None and self.moved():  # killed while it was tidied up
            self.remove()
            self.folder.mkdir(exist_ok=True)
            there = None
        if there is None:
            other = [p.name for p in self.folder.iterdir() if not p.name.startswith(".")]
            if other:
                raise ResumeError(
                    f"{self.folder} holds other files, such as {other[0]!r}. Name a new folder, or "
                    "an empty one."
                )
            self._write({**facts, "finished": False})
            return True
        if not resume:
            raise ResumeError(
                f"{self.folder} holds what an earlier run has written. Go on with it by "
                "resume=True, or remove the folder."
            )
        differs = differences(facts, there)
        if differs:
            raise ResumeError(
                f"{self.folder} holds another run, which resume=True cannot go on with: "
                f"{'; '.join(differs)}. Run it as it was, or name another output."
            )
        for draft in self.folder.glob(".part-*"):
            with suppress(OSError):
                draft.unlink()
        return False

    def finish(self, *, moved: bool = False) -> None:
        """Say that all pieces are there.

        Parameters
        ----------
        moved : bool, default=False
            Whether they stand elsewhere by now, so that nothing here is needed.
        """
        self._write({**(self._facts() or {}), "finished": True, "moved": moved})

    def moved(self) -> bool:
        """Tell whether nothing here is needed.

        Returns
        -------
        bool
            True where there is nothing, and where it stands elsewhere by now.
        """
        there = self._facts()
        return bool(there is None or there.get("moved"))

    def _facts(self) -> dict[str, Any] | None:
        try:
            told = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ResumeError(
                f"{self.folder / MANIFEST} cannot be read ({error}). Remove the folder, or name "
                "another output."
            ) from error
        return told if isinstance(told, dict) else {}

    def _write(self, facts: Mapping[str, Any]) -> None:
        draft = self.folder / f".{MANIFEST}.{secrets.token_hex(4)}"
        try:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(facts, file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / MANIFEST)
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from writing here until the end; a process that is killed lets go.

        Raises
        ------
        ResumeError
            If another run writes here.
        """
        self.folder.mkdir(exist_ok=True)
        try:
            import fcntl
        except ImportError:  # Windows: two runs at once are not told
            yield
            return
        with (self.folder / _LOCK).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise self._taken() from error
            if not _is(file, self.folder / _LOCK):  # a run that ended just now has removed it
                raise self._taken()
            yield

    def _taken(self) -> ResumeError:
        return ResumeError(
            f"Another run writes to {self.folder}. Wait for its end, or name another output."
        )

    def forget(self) -> None:
        """Remove what says that a run is here, where it has finished no piece."""
        if not any(self.folder.glob("part-*.parquet")):
            self.remove()

    def remove(self) -> None:
        """Remove the folder, once its pieces stand elsewhere; what is not ours stays."""
        for pattern in ("part-*.parquet", ".part-*"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)
        (self.folder / MANIFEST).unlink(missing_ok=True)
        (self.folder / _LOCK).unlink(missing_ok=True)
        with suppress(OSError):  # what somebody else put there stays
            self.folder.rmdir()


def _is(file: Any, path: Path) -> bool:
    """Tell whether an open file still stands at its place."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def differences(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Name what lets two runs give other answers.

    Parameters
    ----------
    now, before : mapping
        What their answers depend on.

    Returns
    -------
    list of str
        Empty where they are the same run.
    """
    return [
        f"{words} is {_short(now.get(name))} now and was {_short(before.get(name))}"
        for name, words in _WORDS.items()
        if now.get(name) != before.get(name)
    ]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
