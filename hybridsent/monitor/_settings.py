"""What a monitor is told, checked before anything is opened (layer L7)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsent.monitor._when import read_length, written_length

__all__ = ["Settings", "identity_of", "read_by", "read_file"]

_MOST_PANES = 500
_WHOLE = {
    "batch_size": 1,
    "sample": 50,
    "max_groups": 1,
    "against": 1,
    "min_posts": 1,
    "show_posts": 0,
}


@dataclass(frozen=True)
class Settings:
    """Lengths in seconds, and numbers.

    Parameters
    ----------
    window, pane : int
        Of windows, and between their ends.
    keep, remember, cool_down, batch_seconds, refresh : float
        Times.
    batch_size, sample, max_groups, against, min_posts, show_posts : int
        Numbers.
    confidence : float
        Of intervals.
    """

    window: int
    pane: int
    keep: float
    remember: float
    cool_down: float
    batch_seconds: float
    refresh: float
    batch_size: int
    sample: int
    max_groups: int
    against: int
    min_posts: int
    show_posts: int
    confidence: float

    @classmethod
    def of(cls, *, window: Any, slide: Any, cool_down: Any, **rest: Any) -> Settings:
        """Read settings as people write them.

        Parameters
        ----------
        window, slide, cool_down : str, float or None
            Lengths of time; a slide of None is a window, a cool-down
            of None six.
        **rest : object
            The others.

        Returns
        -------
        Settings
            Checked.

        Raises
        ------
        ValueError
            If one cannot be, or they do not fit together.
        """
        long = read_length(window, "window")
        short = long if slide is None else read_length(slide, "slide")
        if long % 1 or short % 1 or long % short or long / short > _MOST_PANES:
            raise ValueError(
                "The window parameter must be whole seconds and a multiple of slide, of at most "
                f"{_MOST_PANES} times. Got window={written_length(long)!r} and "
                f"slide={written_length(short)!r}."
            )
        for name, least in _WHOLE.items():
            _check_whole(rest[name], name, least)
        confidence = rest["confidence"]
        if not (isinstance(confidence, float) and 0.5 <= confidence < 1):
            raise ValueError(
                f"The confidence parameter must be from 0.5 to below 1. Got {confidence!r}."
            )
        for name in ("batch_seconds", "refresh"):
            value = rest[name]
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not 0 <= value < 1e6
            ):
                raise ValueError(
                    f"The {name} parameter must be seconds, at least 0. Got {value!r}."
                )
        keep = read_length(rest.pop("keep"), "keep")
        if keep < long:
            raise ValueError(
                "The keep parameter must be at least a window. Got "
                f"keep={written_length(keep)!r} and window={written_length(long)!r}."
            )
        calm = 6 * long if cool_down is None else _or_none(cool_down)
        remember = read_length(rest.pop("remember"), "remember")
        return cls(
            window=int(long), pane=int(short), keep=keep, remember=remember, cool_down=calm, **rest
        )


def _or_none(cool_down: Any) -> float:
    plain = cool_down.strip().rstrip("smhd") if isinstance(cool_down, str) else cool_down
    if plain in ("0", 0) and not isinstance(plain, bool):
        return 0.0
    return read_length(cool_down, "cool_down")


def _check_whole(value: Any, name: str, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(
            f"The {name} parameter must be a whole number of at least {least}. Got {value!r}."
        )


def read_by(by: Any) -> list[tuple[str, ...]]:
    """Read by which fields posts are grouped.

    Parameters
    ----------
    by : str or sequence
        A field, several with commas for all of them together, or a sequence of such.

    Returns
    -------
    list of tuple of str
        Each once.

    Raises
    ------
    ValueError
        If a field has no name.

    Examples
    --------
    >>> from hybridsent.monitor._settings import read_by
    >>> read_by(["brand", "brand,place"])
    [('brand',), ('brand', 'place')]
    """
    several = [by] if isinstance(by, str) else list(by)
    found = []
    for each in several:
        names = each.split(",") if isinstance(each, str) else list(each)
        names = [str(name).strip() for name in names]
        if not names or not all(names):
            raise ValueError(f"The by parameter must name fields of posts. Got {by!r}.")
        found.append(tuple(dict.fromkeys(names)))
    return list(dict.fromkeys(found))


def read_file(given: Any, name: str) -> Path:
    """Check the path of a file that is written.

    Parameters
    ----------
    given : str or os.PathLike
        The file.
    name : str
        Of which parameter, for messages.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    ValueError
        If its folder is not there, or it is a folder.
    """
    path = Path(given).expanduser().absolute()
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(
            f"The {name} parameter must be a file in a folder that is there. Got {str(given)!r}."
        )
    return path


def identity_of(scorer: Any) -> str:
    """Tell models apart: by the file, else by what is known of one that comes from none.

    Parameters
    ----------
    scorer : Scorer
        The model.

    Returns
    -------
    str
        The same for the same model.
    """
    path = Path(str(scorer.name))
    if path.is_file():
        with path.open("rb") as file:
            return f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"
    classes = None if scorer.classes is None else [str(each) for each in scorer.classes]
    columns = [each.column for each in scorer.inputs] or list(scorer.features)
    known: Sequence[Any] = [scorer.name, scorer.task, classes, columns]
    return f"{scorer.name} {hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]}"
