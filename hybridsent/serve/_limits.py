"""How much may be asked of a service, and what is said where it is too much (layer L7)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Limits", "RefusedError"]


_WITHIN = {
    "rows": "waiting",
    "body": "memory",
    "pixels": "all_pixels",
    "seconds": "all_seconds",
}
"""What one thing may be, and the limit of all of them."""


class RefusedError(Exception):
    """A request that is not answered, and what its client is told.

    Parameters
    ----------
    status : int
        Of HTTP.
    code : str
        A word for programs, such as ``"too_large"``.
    message : str
        A sentence for people: which part, what it must be, the way out.
    retry : int or None, default=None
        After how many seconds it may be tried again.
    row : int or None, default=None
        Which row of several it is about, from 0.
    field : str or None, default=None
        Which field.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry: int | None = None,
        row: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.retry, self.row, self.field = retry, row, field

    def body(self) -> dict[str, Any]:
        """Write it as plain JSON.

        Returns
        -------
        dict
            ``code`` and ``error``, with ``row`` and ``field`` where it is about one.
        """
        told: dict[str, Any] = {"code": self.code, "error": self.message}
        if self.row is not None:
            told["row"] = self.row
        if self.field is not None:
            told["field"] = self.field
        return told


@dataclass(frozen=True)
class Limits:
    """How much may be asked of a service at once; what is more is refused with 413, 422 or 429.

    Parameters
    ----------
    body : int, default=16777216
        Bytes of a request.
    memory : int, default=268435456
        Bytes of all requests that are read at the same time.
    rows : int, default=64
        Rows of one request to ``/predict/batch``.
    text : int, default=20000
        Characters of a text.
    items : int, default=8
        Items of a field that holds several.
    pixels : int, default=40000000
        Width times height of a picture.
    seconds : float, default=120.0
        Length of a sound or video.
    all_pixels : int, default=400000000
        Of all pictures of a request together, rows of a batch and items of a field alike; a video
        counts as the frames that the model reads of it.
    all_seconds : float, default=1200.0
        Of all sounds and videos of a request together.
    rate : float or None, default=None
        Requests a second of one client, on the mean; twice as many may come at once. None is any.
    concurrency : int, default=256
        Requests of one client that wait at the same time.
    waiting : int, default=512
        Rows of all clients that wait for the model.
    batch : int, default=128
        Rows that the model is asked about at once; a file counts as 8 of them, and a text as one
        more for every 2500 characters.
    timeout : float, default=30.0
        Seconds until a request is answered, or given up.
    upload : float, default=30.0
        Seconds in which a request must have come.

    Raises
    ------
    ValueError
        If one is not above 0, or one thing may be larger than all of its kind together.

    Examples
    --------
    >>> from hybridsent.serve import Limits
    >>> Limits(rows=8).rows
    8
    """

    body: int = 16 * 2**20
    memory: int = 256 * 2**20
    rows: int = 64
    text: int = 20_000
    items: int = 8
    pixels: int = 40_000_000
    seconds: float = 120.0
    all_pixels: int = 400_000_000
    all_seconds: float = 1200.0
    rate: float | None = None
    concurrency: int = 256
    waiting: int = 512
    batch: int = 128
    timeout: float = 30.0
    upload: float = 30.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and not value > 0:
                raise ValueError(f"{each.name} must be above 0, got {value!r}.")
        for part, whole in _WITHIN.items():
            value, most = getattr(self, part), getattr(self, whole)
            if value > most:
                raise ValueError(
                    f"{part} must be at most {whole}, which is {most}; got {value!r}. Raise "
                    f"{whole}, too, or give less."
                )
