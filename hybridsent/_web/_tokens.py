"""The secrets that let people and programs in (layer L6)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

__all__ = ["Tokens"]

_SHORTEST = 16
_WRITTEN = re.compile(r"[A-Za-z0-9._~+/=-]+")


class Tokens:
    """Secrets, any of which lets in; what is kept are their hashes.

    Parameters
    ----------
    given : iterable of str
        The tokens, of 16 characters or more, such as ``Authorization: Bearer TOKEN`` holds them
        (letters, digits and ``-._~+/=``).

    Raises
    ------
    ValueError
        If there is none, or one is too short to be a secret or cannot stand in a header.

    Examples
    --------
    >>> from hybridsent._web import Tokens
    >>> tokens = Tokens(["a-long-and-secret-token"])
    >>> tokens.fits("a-long-and-secret-token"), tokens.fits("a-guess")
    (True, False)
    """

    def __init__(self, given: Iterable[str]) -> None:
        known = list(dict.fromkeys(given))
        if not known:
            raise ValueError("tokens must hold a token at least, or be None; got none.")
        for at, token in enumerate(known):
            if len(token) < _SHORTEST or not _WRITTEN.fullmatch(token):
                raise ValueError(
                    f"Token {at + 1} must be {_SHORTEST} or more letters, digits or characters of "
                    f"'-._~+/='; it has {len(token)} characters. A good one is printed by: "
                    'python -c "import secrets; print(secrets.token_urlsafe(32))"'
                )
        self._hashes = [_hashed(token) for token in known]

    def __len__(self) -> int:
        return len(self._hashes)

    def fits(self, given: str) -> bool:
        """Tell whether a token is one of them, in a time that does not tell how much of it fits.

        Parameters
        ----------
        given : str
            What was sent.

        Returns
        -------
        bool
            Whether it lets in.
        """
        hashed = _hashed(given)
        found = [hmac.compare_digest(hashed, each) for each in self._hashes]  # all, whichever fits
        return any(found)

    @classmethod
    def draw(cls) -> tuple[Tokens, str]:
        """Draw a new one.

        Returns
        -------
        tuple of (Tokens, str)
            The guard's side, and the token itself, which is kept nowhere else.
        """
        token = secrets.token_urlsafe(24)
        return cls([token]), token

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Tokens:
        """Read tokens from a file, one a line; empty lines and what follows ``#`` are left out.

        Parameters
        ----------
        path : str or os.PathLike
            The file.

        Returns
        -------
        Tokens
            All of them.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no token, or one that is none.
        """
        lines = (line.partition("#")[0].strip() for line in _lines(path))
        return cls(line for line in lines if line)


def _lines(path: str | os.PathLike[str]) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"The file of tokens {str(path)!r} must be a text in UTF-8.") from error


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
