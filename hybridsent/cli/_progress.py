"""One bar for a command that does several things, each of many fits (layer L7).

tqdm draws it. What it is told is time: what has gone, and what is expected, anew after every fit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hybridsent.evaluation.fits._progress import watched_by

__all__ = ["Bar"]

_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} to go"


class Bar:
    """Shows how far a command is, by the time that it has taken and will take.

    Parameters
    ----------
    stages : mapping of str to float
        What is done, in order, and how long each takes, in any unit.
    shown : bool, default=True
        Whether anything is drawn.
    """

    def __init__(self, stages: Mapping[str, float], *, shown: bool = True) -> None:
        self.expected = dict(stages)
        self.shown = shown
        self.seconds: dict[str, float] = {}
        self.fraction = 0.0
        self._start = time.perf_counter()
        self._drawn: Any = None

    def left(self, name: str) -> float:
        """Tell how many seconds are expected from here on, given how far a stage is."""
        names = list(self.expected)
        later = sum(self.expected[each] for each in names[names.index(name) + 1 :])
        gone = time.perf_counter() - self._start
        now = self._now(name)
        rest = max(0.0, now / self.fraction - now) if self.fraction > 0 else self.expected[name]
        units = sum(self.expected[each] for each in self.seconds) + (
            self.expected[name] * self.fraction
        )
        scale = gone / units if units > 0 else 1.0
        return rest * (1.0 if self.fraction > 0 else scale) + later * scale

    def _now(self, name: str) -> float:
        return time.perf_counter() - self._start - sum(self.seconds.values())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Do one of the stages.

        Parameters
        ----------
        name : str
            Which.

        Yields
        ------
        None
            While it is done.
        """
        self.fraction = 0.0

        def told(done: int, n: int) -> None:
            self.fraction = done / n if n else 1.0
            self._draw(name)

        with watched_by(told):
            yield
        self.seconds[name] = self._now(name)
        self.fraction = 0.0

    def _draw(self, name: str) -> None:
        if not self.shown or (not self.seconds and not self.fraction):
            return  # before the first fit nothing is known
        if self._drawn is None:
            from tqdm import tqdm

            self._drawn = tqdm(total=1.0, bar_format=_FORMAT, desc=name, leave=False)
            self._drawn.start_t -= time.perf_counter() - self._start
        gone = time.perf_counter() - self._start
        self._drawn.total = gone + self.left(name)
        self._drawn.n = gone
        self._drawn.set_description_str(name, refresh=False)
        self._drawn.refresh()

    def expect(self, **stages: float) -> None:
        """Say anew how long stages take, once it is known; one of 0 is left out.

        Parameters
        ----------
        **stages : float
            In the unit of the others.
        """
        self.expected |= stages

    def close(self) -> None:
        """Take the bar away."""
        if self._drawn is not None:
            self._drawn.close()
