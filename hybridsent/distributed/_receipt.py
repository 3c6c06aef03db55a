"""What a finished run leaves beside its file: it need not be done again (layer L7).

A folder of pieces says by its manifest what it holds; a file of answers cannot, and its pieces are
gone once it stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsent.distributed._parts import differences

__all__ = ["Receipt"]


@dataclass(frozen=True)
class Receipt:
    """The run of which a file is the output.

    Parameters
    ----------
    file : Path
        The output.
    """

    file: Path

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.file.with_name(f"{self.file.name}.run.json")

    def write(self, facts: Mapping[str, Any]) -> None:
        """Say which run the file is of, as it stands now.

        Parameters
        ----------
        facts : mapping
            What its answers depend on, as JSON holds it.
        """
        told = {**facts, "output": _digest(self.file)}
        draft = self.path.with_name(f".{self.path.name}.draft")
        try:
            draft.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Tell whether the file is the output of this very run, and was not changed since.

        Parameters
        ----------
        facts : mapping
            As in `write`.

        Returns
        -------
        bool
            False also where nothing is known of it.
        """
        try:
            told = json.loads(self.path.read_text(encoding="utf-8"))
            return (
                isinstance(told, dict)
                and not differences(facts, told)
                and told.get("output") == _digest(self.file)
            )
        except (OSError, ValueError):
            return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
