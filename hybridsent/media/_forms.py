"""What a cell may be: the one list that keys, loaders and detection read (layer L1).

Why by hand: the same picture comes as a path, as bytes in three types, as an array, opened by
Pillow, in the dict of a Hugging Face data set or alone in the list of a parquet column. No library
takes one out of the other; here every container is opened, and what is inside has one of few forms.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, Literal

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media._cells import is_nothing, is_pil_image, wrong_type
from hybridsent.media._modality import get_modality

__all__ = [
    "Form",
    "form_of",
    "is_empty_holder",
    "is_pair",
    "items_in",
    "items_of",
    "opened",
    "taken",
    "weights_in",
    "weights_of",
]

Form = Literal["words", "content", "path", "picture", "pixels", "array", "samples", "own"]

_CONTENT = (bytes, bytearray, memoryview)
_MOST_SCATTERED = 2**30  # bytes of a buffer whose copy may be far larger than itself
_DEEPEST = 4  # containers in containers
_ITEMS, _WEIGHTS = "items", "weights"
"""Keys of a dict that holds several items, each with its weight in their mean."""
_HOLDERS = ("bytes", "array", "path")
"""Where a dict of Hugging Face may hold the cell; the first that is filled is read."""


def taken(cell: object, kind: str) -> tuple[Form, Any]:
    """Take a cell out of whatever holds it, or refuse it.

    Parameters
    ----------
    cell : object
        A cell that is not missing.
    kind : str
        Name of the modality that it is meant to be of.

    Returns
    -------
    form : {"words", "content", "path", "picture", "pixels", "array", "samples", "own"}
        What is inside; "own" where the modality has a key of its own.
    inside : str, bytes, os.PathLike, PIL.Image.Image, ndarray, tuple or object
        The thing itself: `bytes` for content, (array, rate) for samples.

    Raises
    ------
    MediaError
        If the cell is of no type that its kind knows.

    Examples
    --------
    >>> taken({"bytes": bytearray(b"abc"), "path": None}, "image")
    ('content', b'abc')
    >>> taken(["a.png", "b.png"], "image")
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.MediaError: the image cell holds 2 items, and one is read: choose one...
    """
    inside = opened(cell, kind)
    form = form_of(inside, kind)
    if form is None:
        raise _refused(inside, kind)
    if isinstance(inside, (bytearray, memoryview)):
        return form, _as_bytes(inside)
    if form == "pixels" and inside.ndim == 3 and inside.shape[2] == 1:
        return form, inside[..., 0]
    return form, inside


def form_of(inside: object, kind: str) -> Form | None:
    """Tell the form of what `opened` gave; None where its kind knows no such thing.

    Parameters
    ----------
    inside : object
        A cell without containers.
    kind : str
        Name of the modality that it is meant to be of.

    Returns
    -------
    {"words", "content", "path", "picture", "pixels", "array", "samples", "own"} or None
        The form.

    Examples
    --------
    >>> form_of("a.png", "image"), form_of("a.png", "text"), form_of(3, "audio")
    ('path', 'words', None)
    """
    modality = get_modality(kind)
    if modality.key is not None:
        return "own"
    for form in modality.forms:
        if _IS[form](inside):
            return form  # type: ignore[return-value]  # the modality checked it
    return None


def opened(cell: object, kind: str) -> Any:
    """Open the containers around a cell; nothing is copied.

    Parameters
    ----------
    cell : object
        Any cell.
    kind : str
        Name of the modality that it is meant to be of; texts come in lists, but in no dict, and
        cells that a modality keys by itself in neither.

    Returns
    -------
    object
        What is inside; the cell itself where it is none, or holds nothing or several things.

    Raises
    ------
    MediaError
        If a dict holds nothing, or something that is no cell.

    Examples
    --------
    >>> opened({"bytes": None, "path": "a.wav"}, "audio"), opened(["good", None], "text")
    ('a.wav', 'good')
    """
    if isinstance(cell, str):
        return cell
    modality = get_modality(kind)
    if modality.key is not None:
        return cell
    forms = modality.forms
    sampled, stacks = "samples" in forms, "array" not in forms
    for _ in range(_DEEPEST):
        items = items_of(cell, stacks=stacks)
        if items is None and isinstance(cell, Mapping):
            if "words" in forms:
                return cell
            cell = _held(cell, kind, sampled)
        elif items is None:
            return cell
        elif sampled and is_pair(items):
            return items[0], items[1]
        elif len(there := filled(items)) == 1:
            cell = there[0]
        else:
            return cell
    return cell


def items_in(cell: object, kind: str) -> Sequence[Any] | None:
    """Give the items of a cell that holds several; missing ones are among them.

    A list with one item that is there is that item, and what holds nothing that could be read is
    told of as a whole.

    Parameters
    ----------
    cell : object
        Any cell.
    kind : str
        Name of the modality that its items are meant to be of.

    Returns
    -------
    sequence or None
        The items, two of them at least not missing; None where the cell holds one thing, or none.

    Examples
    --------
    >>> items_in(["a.png", None, "b.png"], "image"), items_in(["a.png", None], "image")
    (['a.png', None, 'b.png'], None)
    >>> import numpy as np
    >>> items_in([np.zeros(9), 16000], "audio")
    """
    return _several(cell, kind)[1]


def weights_in(cell: object, kind: str) -> Sequence[float] | None:
    """Give the weights of a cell that holds several items, where it tells them.

    Parameters
    ----------
    cell : object
        Any cell.
    kind : str
        Name of the modality that its items are meant to be of.

    Returns
    -------
    sequence of float or None
        A weight an item of `items_in`; None where all weigh the same.

    Raises
    ------
    MediaError
        If there are not as many weights as items, or one is no number above 0.

    Examples
    --------
    >>> weights_in({"items": ["so", "good"], "weights": [0.5, 1]}, "text"), weights_in([], "text")
    ([0.5, 1.0], None)
    """
    holder, items = _several(cell, kind)
    given = items_of(cell) if items is None and isinstance(cell, Mapping) else items
    weights = None if given is None else weights_of(cell if items is None else holder, given, kind)
    return None if items is None else weights


def weights_of(holder: object, items: Sequence[Any], kind: str) -> list[float] | None:
    """Give the weights that a holder tells of its items, however many are there.

    Parameters
    ----------
    holder : object
        A list, or a dict of items and weights.
    items : sequence
        What `items_of` gave.
    kind : str
        What the cell is, for the message.

    Returns
    -------
    list of float or None
        A weight an item; None where none are told.

    Raises
    ------
    MediaError
        If there are not as many weights as items, or one is no number above 0.

    Examples
    --------
    >>> weights_of({"items": ["so"], "weights": [2]}, ["so"], "text")
    [2.0]
    """
    if not isinstance(holder, Mapping) or holder.get(_WEIGHTS) is None:
        return None
    given = holder[_WEIGHTS]
    weights = list(given) if isinstance(given, (list, tuple, np.ndarray)) else []
    right = [isinstance(each, Real) and 0 < float(each) < np.inf for each in weights]
    if len(weights) != len(items) or not all(right):
        raise MediaError(
            f"the {kind} cell must hold as many weights, numbers above 0, as items. It has "
            f"{len(items)} items, and the weights {str(given)[:80]}"
        )
    return [float(each) for each in weights]


def _several(cell: object, kind: str) -> tuple[object, Sequence[Any] | None]:
    """Open what holds one thing, until something holds several: this, and they."""
    modality = get_modality(kind)
    if modality.key is not None:
        return None, None
    sampled, stacks = "samples" in modality.forms, "array" not in modality.forms
    for _ in range(_DEEPEST):
        items = items_of(cell, stacks=stacks)
        if items is None or (sampled and is_pair(items)):
            return None, None
        there = filled(items)
        if len(there) != 1:
            some = any(_may_be(item, kind) for item in there)
            return (cell, items) if some else (None, None)
        cell = there[0]
    return None, None


def filled(items: Iterable[Any]) -> list[Any]:
    """Give the items of a list that are not missing.

    Parameters
    ----------
    items : iterable
        What `items_of` gave.

    Returns
    -------
    list
        Those that are there.

    Examples
    --------
    >>> filled(["a.png", None, ""])
    ['a.png']
    """
    return [item for item in items if not (is_nothing(item) or is_empty_holder(item))]


def _may_be(item: Any, kind: str) -> bool:
    """Whether an item is a cell by its type; numbers and lists of several things are none."""
    if isinstance(item, Mapping) and items_of(item) is None:
        return "words" not in get_modality(kind).forms
    return form_of(opened(item, kind), kind) is not None


def items_of(cell: object, *, stacks: bool = True) -> Sequence[Any] | None:
    """Give the items of a list; parquet's lists come as arrays of objects, pictures as a stack.

    A dict ``{"items": [...], "weights": [...]}`` is a list whose items have weights.

    Parameters
    ----------
    cell : object
        Any cell.
    stacks : bool, default=True
        Whether a uint8 array (n, H, W, 3) is a stack of pictures, and not one array.

    Returns
    -------
    sequence or None
        The items; None where the cell is no list.

    Examples
    --------
    >>> items_of(["a.png"]), items_of("a.png")
    (['a.png'], None)
    """
    if isinstance(cell, (list, tuple)):
        return cell
    if isinstance(cell, Mapping) and _ITEMS in cell and set(cell) <= {_ITEMS, _WEIGHTS}:
        inside = cell[_ITEMS]
        return None if isinstance(inside, Mapping) else items_of(inside, stacks=stacks)
    if not isinstance(cell, np.ndarray):
        return None
    if cell.dtype.kind in "OUT" and cell.ndim == 1:
        return cell.tolist()  # type: ignore[no-any-return]  # untyped by numpy
    return list(cell) if stacks and cell.ndim == 4 and cell.dtype == np.uint8 else None


def is_empty_holder(cell: object, levels: int = _DEEPEST) -> bool:
    """Tell whether a container is there but what it should hold is missing.

    Parameters
    ----------
    cell : object
        Any cell.
    levels : int, default=4
        Containers in containers that are opened.

    Returns
    -------
    bool
        True for ``{"bytes": None, "path": None}``, an empty list and one of missing cells alone.

    Examples
    --------
    >>> is_empty_holder({"bytes": None, "path": None}), is_empty_holder([None, ""])
    (True, True)
    """
    if isinstance(cell, str):
        return False
    items = items_of(cell) if levels else None
    if items is None and isinstance(cell, Mapping):
        holders = (_ITEMS,) if set(cell) == {_ITEMS, _WEIGHTS} else _HOLDERS
        there = [cell[name] for name in holders if name in cell]
        return bool(there) and all(map(is_nothing, there))
    return items is not None and all(
        is_nothing(item) or is_empty_holder(item, levels - 1) for item in items
    )


def _held(holder: Mapping[Any, Any], kind: str, sampled: bool) -> Any:
    filled = {name: holder[name] for name in _HOLDERS if not is_nothing(holder.get(name))}
    if "bytes" in filled:
        if isinstance(filled["bytes"], _CONTENT):
            return filled["bytes"]
        found = type(filled["bytes"]).__name__
        raise MediaError(f"the {kind} cell is a dict whose 'bytes' are {found}, not bytes")
    if sampled and "array" in filled:
        return _sampled(filled["array"], holder.get("sampling_rate"), kind)
    if isinstance(filled.get("path"), (str, os.PathLike)):
        return filled["path"]
    samples = ", or samples under 'array' and 'sampling_rate'" if sampled else ""
    raise MediaError(
        f"the {kind} cell is a dict with the keys {[str(key)[:40] for key in holder][:8]}; one of "
        f"Hugging Face's holds the content under 'bytes' or a path under 'path'{samples}"
    )


def _sampled(values: Any, rate: Any, kind: str) -> tuple[np.ndarray[Any, Any], Any]:
    """Read the samples of Hugging Face's dict, which has its channels first."""
    if rate is None:
        raise MediaError(f"the {kind} cell is a dict with an 'array' but no 'sampling_rate'")
    try:
        array = np.asarray(values)
        if array.dtype == object:  # parquet's list of lists
            array = np.stack([np.asarray(row) for row in array])
    # A foreign array's own conversion, or lists of different lengths, may raise anything.
    except Exception as error:
        raise MediaError(f"the 'array' of the {kind} cell holds no numbers: {error}") from error
    if array.ndim == 2 and array.shape[0] < array.shape[1]:
        array = array.T
    return array, rate


def _is_array(inside: object, *, stacks: bool) -> bool:
    return isinstance(inside, np.ndarray) and items_of(inside, stacks=stacks) is None


_IS: dict[str, Callable[[Any], bool]] = {
    "words": lambda inside: isinstance(inside, (str, *_CONTENT)),
    "content": lambda inside: isinstance(inside, _CONTENT),
    "path": lambda inside: isinstance(inside, (str, os.PathLike)),
    "pixels": lambda inside: _is_array(inside, stacks=True),
    "picture": is_pil_image,
    "array": lambda inside: _is_array(inside, stacks=False),
    "samples": lambda inside: (
        isinstance(inside, tuple) and len(inside) == 2 and isinstance(inside[0], np.ndarray)
    ),
}


def is_pair(items: Sequence[Any]) -> bool:
    """Tell whether a list is (samples, rate), and no list of two sounds.

    Parameters
    ----------
    items : sequence
        What `items_of` gave.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> import numpy as np
    >>> is_pair((np.zeros(9), 16000)), is_pair(["a.wav", "b.wav"])
    (True, False)
    """
    if len(items) != 2 or not isinstance(items[0], np.ndarray):
        return False
    return isinstance(items, tuple) or isinstance(items[1], Real)


def _refused(inside: object, kind: str) -> MediaError:
    forms = get_modality(kind).forms
    items = items_of(inside, stacks="array" not in forms)
    if items is None:
        return wrong_type(inside, kind)
    if len(items) == 0:
        return MediaError(f"the {kind} cell is an empty list; use None for a missing one")
    if (
        "samples" in forms
        and len(items) == 2
        and isinstance(items[0], Real)
        and (isinstance(items[1], np.ndarray))
    ):
        return MediaError(
            f"the {kind} cell holds the sampling rate before the samples; it must be (array, rate)"
        )
    if _are_cells(items, kind):
        return MediaError(
            f"the {kind} cell holds {len(items)} items, and one is read: choose one, or give each "
            f"its own row, as by table.explode({kind!r})"
        )
    return wrong_type(inside, kind)


def _are_cells(items: Iterable[Any], kind: str) -> bool:
    return all(isinstance(item, Mapping) or form_of(item, kind) is not None for item in items)


def _as_bytes(buffer: bytearray | memoryview) -> bytes:
    try:
        if isinstance(buffer, memoryview) and not buffer.contiguous:
            if buffer.nbytes > _MOST_SCATTERED:
                raise MediaError(f"a memoryview of {buffer.nbytes:,} bytes is too large to copy")
            return buffer.tobytes()
        return bytes(buffer)
    except ValueError as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"the memoryview cannot be read: {error}") from error
