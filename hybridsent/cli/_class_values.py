"""What classes are worth in an index, as options say it (layer L7)."""

from __future__ import annotations

from collections.abc import Sequence

from hybridsent.cli._console import UsageError

__all__ = ["class_values"]


def class_values(texts: Sequence[str], option: str) -> dict[str, float] | None:
    """Read ``LABEL=NUMBER``, with commas between or in an option each.

    Parameters
    ----------
    texts : sequence of str
        As given.
    option : str
        Who gave them.

    Returns
    -------
    dict of str to float or None
        None where nothing is given.

    Raises
    ------
    UsageError
        If one is not of that form, or a label stands there twice.

    Examples
    --------
    >>> from hybridsent.cli._class_values import class_values
    >>> class_values(["angry=-1,happy=1", "calm=0.5"], "--values")
    {'angry': -1.0, 'happy': 1.0, 'calm': 0.5}
    """
    found: dict[str, float] = {}
    for text in texts:
        begun: list[str] = []
        for piece in text.split(","):
            begun.append(piece)
            label, mark, number = ",".join(begun).rpartition("=")
            if not mark:  # a comma that belongs to a label
                continue
            name, begun = label.strip(), []
            if name in found:
                raise UsageError(f"{option} must name each class once; got {name!r} twice")
            try:
                found[name] = float(number)
            except ValueError as error:
                raise UsageError(_wrong(option, text)) from error
        if begun:
            raise UsageError(_wrong(option, text))
    return found or None


def _wrong(option: str, text: str) -> str:
    return f"{option} must be LABEL=NUMBER, with commas between; got {text!r}"
