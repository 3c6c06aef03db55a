"""Views by name: what a view is made of, and which column it reads (layer L4).

The short form, ``text=True``, is turned into views here, and only here; behind `as_views` there is
one mapping from names of views to what makes their features. scikit-learn's ColumnTransformer takes
such a list, too, but neither names of encoders nor a column that is named like its view.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer

from hybridsent._hints import did_you_mean
from hybridsent.encoders import BaseEncoder, PresentCells, get_backbone
from hybridsent.encoders._quality import LEVELS, backbones_for
from hybridsent.encoders._registry import LEARNED as _LEARNED
from hybridsent.exceptions import UnknownBackboneError
from hybridsent.lexical import WordFeatures
from hybridsent.media import get_modality, list_media, list_modalities
from hybridsent.views import META, PASSTHROUGH, check_views

__all__ = [
    "LEARNED",
    "as_views",
    "check_column_names",
    "check_reads_several",
    "columns_of_views",
    "learned_by_name",
    "made_view",
    "with_media",
    "with_meta",
    "with_quality",
]

LEARNED: dict[str, str] = {**_LEARNED, META: "hybridsent.meta:MetaFeatures"}
"""Views by name that learn from the rows they are fitted on, and the class of each, as
``"module:Class"``; the part of the name before ``/`` is the modality. They are no encoders: no
device, no store."""

_TAKEN = frozenset(inspect.signature(ColumnTransformer).parameters)
"""Names that ColumnTransformer keeps for itself: a view of that name could not be searched."""


def _modalities() -> list[str]:
    return [modality.name for modality in list_modalities()]


def as_views(views: Any, **short: Any) -> dict[str, Any]:
    """Turn the short form into views, and refuse names and values that make none.

    Parameters
    ----------
    views : mapping of str to object, or None
        Names of views and what makes their features, as `make_features` takes them.
    **short : object
        The short form: names of modalities and what was given for each; None and False leave one
        out.

    Returns
    -------
    dict of str to object
        All views, those of the short form first; True has become the name of the modality.

    Raises
    ------
    ValueError
        If something is no view, or a view is named twice.
    """
    if views is not None and not isinstance(views, Mapping):
        raise ValueError(
            "The views parameter must map names of views to what makes their features. Got "
            f"{views!r}; write for example {{'title': 'text', 'photo': 'image'}}."
        )
    given = dict(views or {})
    wanted = {name: value for name, value in short.items() if not (value is None or value is False)}
    twice = [name for name in wanted if name in given]
    if twice:
        raise ValueError(
            f"A view must be named once. Got {twice[0]!r} as parameter and in views; leave one out."
        )
    _check_names(list(given))
    checked = {name: _checked(name, value, f"{name} parameter") for name, value in wanted.items()}
    named = {
        name: _checked(name, value, f"views[{name!r}] parameter") for name, value in given.items()
    }
    return {**checked, **named}


def _check_names(names: list[Any]) -> None:
    """Refuse names that a view cannot have."""
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise ValueError(
            f"The views parameter must have names as keys. Got {odd[0]!r}; write it as a string."
        )
    check_views(names)
    for name in names:
        if name in PASSTHROUGH:
            raise ValueError(
                f"A view must not be named {name!r}, which is that of the {name} of a row. Write "
                f"{name}='COLUMN' to name its column."
            )
        if name in _TAKEN:
            raise ValueError(
                f"A view must not be named {name!r}, which is a parameter of the step that holds "
                f"the views. Name it otherwise, for example {f'my_{name}'!r}."
            )


def _checked(view: str, value: Any, called: str) -> Any:
    """Give a value that can be a view: True as the name of its modality."""
    if value is True:
        names = _modalities()
        if view in names:
            return view
        raise ValueError(
            f"The {called} must name what makes the view: True is short for the modality that a "
            f"view is named like, and {view!r} is none of {names}. Write for example "
            f"{{{view!r}: {names[0]!r}}}."
        )
    transforms = hasattr(value, "fit") and hasattr(value, "transform")
    if isinstance(value, str) or (not isinstance(value, type) and transforms):
        return value
    must = "True, the name of a backbone, or a transformer"
    if called.startswith("views["):
        must = "the name of a modality or of a backbone, or a transformer"
    way = "; leave the view out" if value is None or value is False else " instead"
    raise ValueError(f"The {called} must be {must}. Got {value!r}{way}.")


def made_view(
    view: str, value: Any, encoding: Mapping[str, Any], random_state: int = 0
) -> tuple[Any, str]:
    """Make what gives the features of a view.

    Parameters
    ----------
    view : str
        Its name.
    value : str or estimator
        As `as_views` gives it.
    encoding : mapping of str to object
        Parameters of an encoder that is built here.
    random_state : int, default=0
        Seed of a view that learns and is built here.

    Returns
    -------
    transformer : estimator
        Unfitted; what knows no missing cells stands in `PresentCells`.
    kind : {"encoded", "learned", "given"}
        Whether an encoder was built, or what learns, or neither.

    Raises
    ------
    ValueError
        If a name is none, or its modality is not that of the view or cannot be told.
    """
    if not isinstance(value, str):
        return (value if _gives_frames(value) else PresentCells(value)), "given"
    if value in _modalities():
        _check_modality(view, value, value)
        return get_modality(value).encoder_class()(**encoding), "encoded"
    if value in LEARNED:
        _check_modality(view, value, value.partition("/")[0])
        given = {"random_state": random_state, "on_error": encoding["on_error"]}
        return _learned(LEARNED[value], given), "learned"
    encoder = get_modality(_modality_of(view, value)).encoder_class()
    return encoder(value, **encoding), "encoded"


def learned_by_name(views: Mapping[str, Any]) -> bool:
    """Tell whether a view is of those that are built here and learn.

    Parameters
    ----------
    views : mapping of str to object
        As `as_views` gives them.

    Returns
    -------
    bool
        True where a seed has a use.
    """
    return any(isinstance(value, str) and value in LEARNED for value in views.values())


def _learned(path: str, given: Mapping[str, Any]) -> Any:
    module, _, name = path.partition(":")
    kind = getattr(importlib.import_module(module), name)
    taken = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in given.items() if name in taken})


def _modality_of(view: str, backbone: str) -> str:
    """Tell what a backbone reads: what its view is named after, else what is known of it."""
    if view in _modalities():
        return view  # the encoder refuses a backbone that reads something else
    try:
        return get_backbone(backbone).modality
    except UnknownBackboneError as error:
        known = [*_modalities(), *LEARNED]
        if ":" not in backbone:
            raise UnknownBackboneError(
                f"The view {view!r} must be a modality, one of {known}, or a backbone. Got "
                f"{backbone!r}.{did_you_mean(backbone, known)} {error}"
            ) from error
        raise UnknownBackboneError(
            f"The view {view!r} must have a backbone of which is known what it reads. {error}"
        ) from error


def _check_modality(view: str, value: str, modality: str) -> None:
    """Refuse a view that is named after another modality than it reads."""
    if view in _modalities() and view != modality:
        raise ValueError(
            f"The view {view!r} must read {view}, as it is named after this modality. Got "
            f"{value!r}; name the view otherwise in views, for example "
            f"{{'my_{view}': {value!r}}}."
        )


def _gives_frames(transformer: Any) -> bool:
    """Tell whether a transformer takes part in ``set_output``; vectorizers of text do not."""
    try:
        clone(transformer).set_output(transform="pandas")
    except (AttributeError, ValueError):  # it is not there, or a step of a Pipeline has none
        return False
    return True


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
    modalities = _modalities()
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
        _check_modality(view, value, value)
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


def columns_of_views(columns: Any, views: Sequence[str]) -> dict[str, str | list[str]]:
    """Give the column, or columns, of the table that each view reads.

    Parameters
    ----------
    columns : mapping of str to str or list of str, or None
        Columns by view, as the user gave them.
    views : sequence of str
        Views that read a column.

    Returns
    -------
    dict of str to str or list of str
        A column for each view: its own name, unless `columns` says otherwise.

    Raises
    ------
    ValueError
        If a column is named for what is no view, or is no name.
    """
    if columns is not None and not isinstance(columns, Mapping):
        raise ValueError(
            "The columns parameter must map views to columns of the table. Got "
            f"{columns!r}; write {{'text': 'tweet'}} for a text column named 'tweet'."
        )
    where = dict(columns or {})
    nowhere = [view for view, column in where.items() if column is None]
    if nowhere:
        raise ValueError(
            f"The columns[{nowhere[0]!r}] parameter must be the name of one column of the table. "
            "Got None; leave it out for a column that is named like the view."
        )
    several = {view: list(each) for view, each in where.items() if _are_names(each)}
    single = {view: column for view, column in where.items() if view not in several}
    check_column_names(**{f"columns[{view!r}]": column for view, column in single.items()})
    where |= several
    for name, column in where.items():
        if name in views:
            continue
        if name in _modalities():
            raise ValueError(
                f"The columns parameter names a column for {name!r}, but the modality is not asked "
                f"for. Add {name}=True, or views={{{name!r}: {name!r}}}."
            )
        swaps = isinstance(column, str) and column in views
        swapped = {column: name} if swaps else {"text": "tweet"}
        hint = "" if swaps else did_you_mean(name, views)
        raise ValueError(
            f"The columns parameter must map views to columns of the table, and the views are "
            f"{list(views)}. Got {name!r} as a view; write {swapped} for a view "
            f"{next(iter(swapped))!r} in a column named {next(iter(swapped.values()))!r}."
            f"{hint}"
        )
    return {view: where.get(view, view) for view in views}


def _are_names(column: Any) -> bool:
    """Tell whether these are several columns, for one view of them all."""
    listed = isinstance(column, Sequence) and not isinstance(column, str)
    return bool(listed and column) and all(isinstance(name, str) for name in column)


def check_reads_several(view: str, part: Any, column: str | list[str]) -> None:
    """Refuse several columns for what reads the cells of one.

    Parameters
    ----------
    view : str
        Name of the view.
    part : estimator
        What makes its features.
    column : str or list of str
        What it is to read.

    Raises
    ------
    ValueError
        If it reads one column and is given a list.
    """
    one = isinstance(part, BaseEncoder | PresentCells | WordFeatures)
    if one and not isinstance(column, str):
        raise ValueError(
            f"The columns[{view!r}] parameter must be the name of one column of the table, whose "
            f"cells {type(part).__name__} reads. Got {column!r}; make a view of each, or name "
            "numbers, dates and categories as meta."
        )


def check_column_names(**named: Any) -> None:
    """Refuse what could be read as a position, or as several columns.

    Parameters
    ----------
    **named : object
        Columns by the parameter that names them; None is no column.

    Raises
    ------
    ValueError
        If one is no string.
    """
    for name, column in named.items():
        if column is not None and not isinstance(column, str):
            raise ValueError(
                f"The {name} parameter must be the name of one column of the table. Got {column!r}."
            )
