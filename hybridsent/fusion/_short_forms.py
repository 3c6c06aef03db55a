"""Short forms of several views at once: numbers and dates, parts of media, a quality (layer L4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hybridsent.encoders._quality import LEVELS, backbones_for
from hybridsent.fusion._named import check_modality
from hybridsent.media import list_media, list_modalities
from hybridsent.views import META

__all__ = ["with_media", "with_meta", "with_quality"]


def with_meta(meta: Any, views: Mapping[str, Any], columns: Any) -> tuple[dict[str, Any], Any]:
    """Turn the short form of numbers, dates and categories into a view of several columns.

    Parameters
    ----------
    meta : sequence of str or None
        The columns.
    views : mapping of str to object
        As `as_views` gives them.
    columns : mapping of str to str or list of str, or None
        Columns by view, as the user gave them.

    Returns
    -------
    views : dict of str to object
        With the view ``"meta"``, where there are such columns.
    columns : mapping or None
        With its columns.

    Raises
    ------
    ValueError
        If `meta` is no sequence of names, or a view has its name already.
    """
    if meta is None:
        return dict(views), columns
    names = list(meta) if isinstance(meta, Sequence) and not isinstance(meta, str) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(
            "The meta parameter must be a sequence of names of columns that hold numbers, dates or "
            f"categories. Got {meta!r}; write for example ['likes', 'brand']."
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"The meta parameter must name a column once. Got {twice!r} twice.")
    if META in views or (isinstance(columns, Mapping) and META in columns):
        raise ValueError(
            f"A view must be named once. Got {META!r} as parameter and in views or columns; leave "
            "one out."
        )
    if columns is not None and not isinstance(columns, Mapping):
        return {**views, META: META}, columns  # which is refused in its turn
    return {**views, META: META}, {**(columns or {}), META: names}


def with_media(
    views: Mapping[str, Any] | None, columns: Any, **short: Any
) -> tuple[Mapping[str, Any] | None, Any]:
    """Turn the short form of media, such as videos, into a view for each part.

    Parameters
    ----------
    views : mapping of str to object, or None
        As the user gave them.
    columns : mapping of str to str or list of str, or None
        Columns by view, as the user gave them; a medium's names that of all its parts.
    **short : object
        Names of media and what was given for each: True, or what reads some parts, by their names;
        None and False leave one out.

    Returns
    -------
    views : mapping or None
        With the parts, first.
    columns : mapping or None
        With their columns.

    Raises
    ------
    ValueError
        If what was given is neither, or a part is named twice.
    """
    for medium in list_media():
        value = short.get(medium.name)
        if value is None or value is False:
            continue
        names = {part.view: part.reads for part in medium.parts}
        chosen = names if value is True else value
        if not isinstance(chosen, Mapping) or not chosen or not set(chosen) <= set(names):
            raise ValueError(
                f"The {medium.name} parameter must be True, or map some of {list(names)} to what "
                f"reads them. Got {value!r}; write for example {{{medium.parts[0].view!r}: "
                f"{medium.parts[0].reads!r}}}, and name a column of another name by "
                f"columns={{{medium.name!r}: ...}}."
            )
        wanted = {view: names[view] if made is True else made for view, made in chosen.items()}
        if isinstance(views, Mapping) and (twice := [view for view in wanted if view in views]):
            raise ValueError(
                f"A view must be named once. Got {twice[0]!r} as a part of {medium.name} and in "
                "views; leave one out."
            )
        if views is None or isinstance(views, Mapping):  # what is neither is refused in its turn
            views = {**wanted, **(views or {})}
        columns = _with_columns(medium.name, wanted, columns)
    return views, columns


def _with_columns(medium: str, wanted: Mapping[str, Any], columns: Any) -> Any:
    """Say that the parts of a medium read its column, unless they have columns of their own."""
    if columns is not None and not isinstance(columns, Mapping):
        return columns  # which is refused in its turn
    given = dict(columns or {})
    column = given.pop(medium, medium)
    return {**dict.fromkeys(wanted, column), **given}


def with_quality(
    quality: str | None, views: Mapping[str, Any], columns: Any
) -> tuple[dict[str, Any], Any]:
    """Let views that are named by their modality alone have the backbones of a level.

    Parameters
    ----------
    quality : {"fast", "good", "best"} or None
        The level; None changes nothing.
    views : mapping of str to object
        As `as_views` gives them.
    columns : mapping of str to str or list of str, or None
        Columns by view, as the user gave them.

    Returns
    -------
    views : dict of str to object
        Where a level has several backbones for a modality, with one more view for each.
    columns : mapping or None
        With the columns of these.

    Raises
    ------
    ValueError
        If `quality` is none of the levels, no view is named by its modality, or the name of one
        more view is taken.
    """
    if quality is None:
        return dict(views), columns
    if quality not in LEVELS:
        raise ValueError(
            f"The quality parameter must be one of {list(LEVELS)} or None. Got {quality!r}."
        )
    modalities = [modality.name for modality in list_modalities()]
    if not any(isinstance(value, str) and value in modalities for value in views.values()):
        raise ValueError(
            "The quality parameter must be left alone where every view names what makes it. Got "
            f"{quality!r}; write for example {modalities[0]}='COLUMN' in place of a backbone."
        )
    made, where = {}, dict(columns) if isinstance(columns, Mapping) else {}
    for view, value in views.items():
        if not isinstance(value, str) or value not in modalities:
            made[view] = value
            continue
        check_modality(view, value, value)
        made[view], *more = backbones_for(quality, value)
        for i, backbone in enumerate(more, start=2):
            name = f"{view}_{i}"
            if name in views or name in where:
                raise ValueError(
                    f"A view must not be named {name!r} with quality={quality!r}, which gives this "
                    f"name to {backbone!r}. Name it otherwise."
                )
            made[name], where[name] = backbone, where.get(view, view)
    return made, where if where else columns
