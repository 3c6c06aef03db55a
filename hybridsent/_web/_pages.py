"""The files of a page, in the package of its server, and the style of the house (layer L6)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["page_file"]

_MIMES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}


@cache
def page_file(package: str, name: str) -> tuple[str, str]:
    """Read a file of a page.

    Parameters
    ----------
    package : str
        In which it lies.
    name : str
        Its name. A style sheet comes behind the one of the house: colours of light and dark,
        buttons, what is hidden or has the focus.

    Returns
    -------
    text, mime : str
        What is in it, and its type.

    Raises
    ------
    FileNotFoundError
        If there is none.

    Examples
    --------
    >>> from hybridsent._web import page_file
    >>> text, mime = page_file("hybridsent.label_page", "page.css")
    >>> text.startswith(":root"), mime
    (True, 'text/css; charset=utf-8')
    """
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    end = name.rpartition(".")[2]
    if end == "css":
        text = files("hybridsent._web").joinpath("house.css").read_text(encoding="utf-8") + text
    return text, _MIMES[end]
