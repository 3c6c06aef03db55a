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
from hybridsent.encoders._registry import LEARNED as _LEARNED
from hybridsent.encoders._registry import TUNE
from hybridsent.exceptions import UnknownBackboneError
from hybridsent.lexical import WordFeatures
from hybridsent.media import get_modality, list_modalities
from hybridsent.views import META, PASSTHROUGH, check_views

__all__ = [
    "LEARNED",
    "as_views",
    "check_column_names",
    "check_modality",
    "check_reads_several",
    "columns_of_views",
    "learned_by_name",
    "made_view",
    "tuned_by_name",
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
    view: str,
    value: Any,
    encoding: Mapping[str, Any],
    random_state: int = 0,
    task: str = "classification",
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
    task : {"classification", "regression", "multilabel"}, default="classification"
        What an encoder is tuned for.

    Returns
    -------
    transformer : estimator
        Unfitted; what knows no missing cells stands in `PresentCells`.
    kind : {"encoded", "learned", "tuned", "given"}
        Whether an encoder was built, or what learns, or an encoder that is tuned, or none of them.

    Raises
    ------
    ValueError
        If a name is none, or its modality is not that of the view or cannot be told.
    """
    if not isinstance(value, str):
        return (value if _gives_frames(value) else PresentCells(value)), "given"
    if value in _modalities():
        check_modality(view, value, value)
        return get_modality(value).encoder_class()(**encoding), "encoded"
    if value in LEARNED:
        check_modality(view, value, value.partition("/")[0])
        given = {"random_state": random_state, "on_error": encoding["on_error"]}
        return _learned(LEARNED[value], given), "learned"
    if value.startswith(TUNE):
        name = value.removeprefix(TUNE)
        if name in LEARNED or name.startswith(TUNE):
            get_backbone(name)  # which says that it is none
        frozen, _ = made_view(view, name, encoding)
        given = {name: encoding[name] for name in ("device", "on_error", "verbose")}
        path = "hybridsent.finetune:FineTunedEncoder"
        given |= {"backbone": frozen, "task": task, "random_state": random_state}
        return _learned(path, given), "tuned"
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
    names = [value for value in views.values() if isinstance(value, str)]
    return any(name in LEARNED or name.startswith(TUNE) for name in names)


def tuned_by_name(views: Mapping[str, Any]) -> bool:
    """Tell whether a view is an encoder that is tuned, and asks for the task.

    Parameters
    ----------
    views : mapping of str to object
        As `as_views` gives them.

    Returns
    -------
    bool
        True where one is.
    """
    return any(isinstance(value, str) and value.startswith(TUNE) for value in views.values())


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


def check_modality(view: str, value: str, modality: str) -> None:
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
