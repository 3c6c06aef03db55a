"""The one place for the version, and for those of the packages that compute (layer L0)."""

from __future__ import annotations

__all__ = ["installed_version", "system_here", "versions_here"]

__version__ = "0.1.0"


def installed_version(package: str) -> str | None:
    """Tell which version of a package is installed.

    Parameters
    ----------
    package : str
        Its name among distributions.

    Returns
    -------
    str or None
        Also of a build for processors alone, such as ``openvino-cpu``; None where there is none.

    Examples
    --------
    >>> from hybridsent._version import installed_version
    >>> installed_version("no-such-package") is None
    True
    """
    from importlib.metadata import PackageNotFoundError, version

    for name in (package, f"{package}-cpu"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def versions_here(*packages: str) -> dict[str, str]:
    """Give the versions of Python, of this package, and of others that are installed.

    Parameters
    ----------
    *packages : str
        Names of distributions.

    Returns
    -------
    dict of str to str
        ``"python"`` and ``"hybridsent"``, then the packages that there are.

    Examples
    --------
    >>> from hybridsent._version import versions_here
    >>> list(versions_here("numpy", "no-such-package"))
    ['python', 'hybridsent', 'numpy']
    """
    import platform

    found = {"python": platform.python_version(), "hybridsent": __version__}
    return found | {name: number for name in packages if (number := installed_version(name))}


def system_here() -> str:
    """Name the operating system and the kind of processor, such as ``"Linux x86_64"``."""
    import platform

    return f"{platform.system()} {platform.machine()}"
