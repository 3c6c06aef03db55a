"""Where a name of an open family lets an encoder read (layer L2).

One home for the rule that tells a path from the name of a repository: the families use it to find
weights, and `hybridsent.persist` to refuse what a file from someone else would have read.
"""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

__all__ = ["OUTSIDE", "is_path", "path_in"]

OUTSIDE = ("hf", "opensmile", "torchvision")
"""Families whose plain names stand for files in a cache, on the network, or for a library that
starts programs to find its own."""


def is_path(rest: str) -> bool:
    r"""Tell whether what follows ``hf:`` is a folder on this machine, not a repository.

    Parameters
    ----------
    rest : str
        What follows the prefix.

    Returns
    -------
    bool
        True for what can be no ``owner/name``. A relative folder of that form is read, too, where
        it is there.

    Examples
    --------
    >>> from hybridsent.encoders._places import is_path
    >>> is_path("owner/name"), is_path("/models/mine"), is_path("~/mine"), is_path("..\\mine")
    (False, True, True, True)
    """
    parts = rest.split("/")
    absolute = PurePosixPath(rest).is_absolute() or bool(PureWindowsPath(rest).drive)
    odd = "\\" in rest or rest.startswith((".", "~")) or len(parts) > 2
    return absolute or odd


def path_in(model: str) -> str | None:
    """Give the file or folder that the name of a backbone holds.

    Parameters
    ----------
    model : str
        Name of a backbone.

    Returns
    -------
    str or None
        The path as it is written; None where the name holds none.

    Examples
    --------
    >>> from hybridsent.encoders._places import path_in
    >>> path_in("tuned:mine"), path_in("torchvision:resnet18@r.pth"), path_in("hf:owner/name")
    ('mine', 'r.pth', None)
    """
    family, separator, rest = model.partition(":")
    if not separator:
        return None
    if family == "tuned":
        return rest
    if family == "torchvision":
        return rest.partition("@")[2] or None
    # "name/.." is no repository either, and where a folder "name" is, it leads out of it
    leaves = ".." in rest.split("/")
    return rest if family == "hf" and (leaves or is_path(rest)) else None
