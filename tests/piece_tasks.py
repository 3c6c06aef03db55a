"""What tests let the workers of a cluster do to a piece: it costs nothing, and may be deadly."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

__all__ = ["Doubled"]


@dataclass(frozen=True)
class Doubled:
    """Doubles the column n of every row.

    Parameters
    ----------
    seconds : float
        How long a piece takes.
    deadly : int or None
        A row that kills the process that computes it.
    """

    seconds: float = 0.0
    deadly: int | None = None

    def open(self):
        return self

    def read(self, raw, base):
        return raw

    def compute(self, read):
        time.sleep(self.seconds)
        if self.deadly in read.index:
            os._exit(1)
        return (2 * read[["n"]]).rename(columns={"n": "doubled"})
