"""Ends of messages: what was meant by an unknown name, a page to read, a full stop (layer L0)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean", "in_the_documentation", "sentence"]


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Write the end of an error message about an unknown name.

    Parameters
    ----------
    word : object
        What was given.
    known : iterable of object
        What might have been meant.

    Returns
    -------
    str
        ``" Did you mean 'svm'?"`` with a space before it; empty where nothing is near.

    Examples
    --------
    >>> from hybridsent._hints import did_you_mean
    >>> did_you_mean("svn", ["logreg", "svm"])
    " Did you mean 'svm'?"
    >>> did_you_mean("soup", ["logreg", "svm"])
    ''
    """
    near = difflib.get_close_matches(str(word), [str(each) for each in known], n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def in_the_documentation(title: str) -> str:
    """Name a page as whoever has the package and not its repository finds it: by its title.

    Parameters
    ----------
    title : str
        The heading of a page of the documentation.

    Returns
    -------
    str
        To stand behind "see".

    Examples
    --------
    >>> from hybridsent._hints import in_the_documentation
    >>> in_the_documentation("Strategies of fusion")
    '"Strategies of fusion", in the documentation'
    """
    return f'"{title}", in the documentation'


def sentence(text: str) -> str:
    """End a message with a full stop, so that another sentence can follow.

    Parameters
    ----------
    text : str
        A message, such as the cause of an error.

    Returns
    -------
    str
        The message, ending in a mark that ends a sentence.

    Examples
    --------
    >>> from hybridsent._hints import sentence
    >>> sentence("no such file"), sentence("Is it there?")
    ('no such file.', 'Is it there?')
    """
    text = text.rstrip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
