"""Turning whatever a broken file makes other libraries raise into BundleError (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hybridsent.exceptions import BundleError, PersistError


@contextmanager
def as_bundle_error(problem: str) -> Iterator[None]:
    """Let PersistError pass; raise BundleError from any other error.

    Parameters
    ----------
    problem : str
        Start of the message: what could not be done, and with which file.

    Raises
    ------
    BundleError
        With `problem` and the original error, which stays attached as the cause.

    Examples
    --------
    >>> from hybridsent.exceptions import BundleError
    >>> try:
    ...     with as_bundle_error("m.hybridsent cannot be read"):
    ...         raise KeyError("protocol")
    ... except BundleError as error:
    ...     print(error)
    m.hybridsent cannot be read (KeyError: 'protocol'). The file is damaged or was tampered with.
    """
    try:
        yield
    except PersistError:
        raise
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise BundleError(
            f"{problem}: it needs the package {package!r}, which is not installed. Install it "
            "(see the versions that inspect gives) and load the file again."
        ) from error
    # A hostile file can make zipfile, json, numpy, skops and scikit-learn raise anything at all;
    # every one of those errors means the same to the user, and the original stays the cause.
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise BundleError(
            f"{problem} ({cause[:300]}). The file is damaged or was tampered with."
        ) from error
