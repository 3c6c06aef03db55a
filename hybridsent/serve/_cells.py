"""The cell of a field, read from JSON or a form within limits (layer L7).

A field of media holds the bytes of a file and nothing else: a text that looks like a path is never
opened.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Any

from hybridsent.serve._fields import Field
from hybridsent.serve._limits import Limits, RefusedError

__all__ = ["cell_of_json", "cell_of_part", "refused_field"]

_DATA = re.compile(r"data:[-\w.+/;= ]{0,200};base64,")


# -- one cell


def cell_of_json(field: Field, value: Any, limits: Limits) -> Any:
    """Read the cell of a field from JSON.

    Parameters
    ----------
    field : Field
        What it is for.
    value : object
        What was sent.
    limits : Limits
        What it may be.

    Returns
    -------
    object
        A cell, as encoders read it; None where it is missing.

    Raises
    ------
    RefusedError
        If it is not what the field holds (422), or larger than it may be (413).

    Examples
    --------
    >>> from hybridsent.serve import Limits
    >>> from hybridsent.serve._cells import cell_of_json
    >>> from hybridsent.serve._fields import Field
    >>> cell_of_json(Field("image", "media", "image", ("image",), False), "R0lGODlh", Limits())
    b'GIF89a'
    """
    if value is None:
        return None
    if field.kind == "vector":
        return _vector(field, value)
    if field.kind == "value":
        return _value(field, value, limits)
    if isinstance(value, list):
        if len(value) > limits.items:
            raise _too_large(field, f"hold at most {limits.items} items, got {len(value)}")
        items = [_item(field, each, limits) for each in value if each is not None]
        return items or None
    return _item(field, value, limits)


def _item(field: Field, value: Any, limits: Limits) -> Any:
    if not isinstance(value, str):
        what = "a text" if field.kind == "text" else "a text of base64, the bytes of a file"
        raise refused_field(field, f"be {what}, got {_type(value)}")
    if field.kind == "text":
        return _text(field, value, limits)
    # nothing else is tried: no path, no address
    begin = _DATA.match(value[:256])
    written = value[begin.end() :] if begin else value
    try:
        return base64.b64decode(written, validate=True) or None
    except (binascii.Error, ValueError) as error:
        raise refused_field(
            field, "be the bytes of a file as base64 (a path or an address is not opened)"
        ) from error


def _text(field: Field, value: str, limits: Limits) -> str:
    if len(value) > limits.text:
        raise _too_large(field, f"have at most {limits.text} characters, got {len(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise refused_field(field, "be whole characters of Unicode, got half of a pair") from error
    return value


def _value(field: Field, value: Any, limits: Limits) -> Any:
    if isinstance(value, str):
        return _text(field, value, limits)
    if isinstance(value, bool | int) and abs(value) < 2**63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise refused_field(
        field, f"be a text, a finite number below 2**63, or a bool, got {_type(value)}"
    )


def _vector(field: Field, value: Any) -> Any:
    n = len(field.columns)
    if not isinstance(value, list) or len(value) != n:
        got = f"{len(value)} of them" if isinstance(value, list) else _type(value)
        raise refused_field(field, f"be a list of {n} numbers, got {got}")
    for each in value:
        # the largest of float32, in which matrices are
        if isinstance(each, bool) or not isinstance(each, int | float) or not abs(each) < 3.4e38:
            raise refused_field(field, f"be a list of {n} finite numbers of 32 bits")
    return [float(each) for each in value]


def _type(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "a bool", int: "a number", float: "a number"}
    return names.get(type(value), "a text")


def cell_of_part(field: Field, content: bytes, limits: Limits) -> Any:
    """Read the cell of a field from a part of a form.

    Parameters
    ----------
    field : Field
        What it is for.
    content : bytes
        What was sent.
    limits : Limits
        What it may be.

    Returns
    -------
    object
        A cell, as encoders read it; None where the part is empty.

    Raises
    ------
    RefusedError
        As `cell_of_json` raises it.
    """
    if not content:
        return None
    if field.kind == "media":
        return content
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise refused_field(field, "be a text in UTF-8") from error
    if field.kind == "text":
        return _text(field, text, limits)
    try:
        value = json.loads(text, parse_constant=lambda name: name) if len(text) <= 2**20 else text
    except (ValueError, RecursionError):
        value = text
    return cell_of_json(field, value if field.kind == "vector" else _plain(value, text), limits)


def _plain(value: Any, text: str) -> Any:
    """Take a number for a number, and all else as it was written."""
    return value if isinstance(value, int | float) else text


def refused_field(field: Field, must: str) -> RefusedError:
    """Make the refusal of a field, which says what it must be."""
    return RefusedError(
        422, "wrong_field", f"The field {field.name!r} must {must}.", field=field.name
    )


def _too_large(field: Field, must: str) -> RefusedError:
    return RefusedError(
        413, "too_large", f"The field {field.name!r} must {must}.", field=field.name
    )
