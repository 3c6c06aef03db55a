"""What the number -1 is among labels: no label, a value, or a class (layer L0).

Labels of -1, 0 and 1 are a polarity, or codes of two classes with a mark: nothing in them tells.
Where they are read as marked and something else speaks against it, that is said.
"""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any

import numpy as np

from hybridsent._labels import Kind, kind_decided, kind_of, one_column
from hybridsent.exceptions import TableWarning

__all__ = [
    "check_minus_one_is_no_class",
    "kind_that_keeps_classes",
    "warn_of_a_class_minus_one",
    "what_minus_one_is",
]


def what_minus_one_is(y: Any, kind: Kind | None = None) -> str:
    """Tell what the number -1 is among labels, as far as the labels themselves say.

    Parameters
    ----------
    y : array of shape (n,)
        Labels.
    kind : {"classes", "names", "numbers"} or None, default=None
        As in `labeled_rows`.

    Returns
    -------
    {"absent", "value", "class", "mark", "either"}
        ``"value"`` among numbers. Among classes: ``"class"`` beside another negative number, beside
        1 alone, or where NaN marks the rows without a label; ``"either"`` beside 0, or 0 and 1: a
        polarity, or codes with a mark; ``"mark"`` beside text and all else.

    Examples
    --------
    >>> from hybridsent._minus_one import what_minus_one_is
    >>> what_minus_one_is(["good", -1]), what_minus_one_is([-1, 0, 1, 2])
    ('mark', 'mark')
    >>> what_minus_one_is([-1, 1]), what_minus_one_is([-1, 0, 1])
    ('class', 'either')
    """
    values = one_column(y)
    kind = kind_of(None, values) if kind is None else kind
    of_numbers = [v for v in values.tolist() if isinstance(v, Real)]
    if not any(v == -1 for v in of_numbers):
        return "absent"
    if kind != "classes":
        return "class" if kind == "names" else "value"
    if len(of_numbers) < len(values):
        return "mark"
    others = {float(v) for v in of_numbers if v != -1}
    if others == {1.0} or any(not v >= 0 for v in others):  # NaN is none of both
        return "class"
    return "either" if others and others <= {0.0, 1.0} else "mark"


def check_minus_one_is_no_class(
    y: Any,
    known: np.ndarray | None = None,
    *,
    taken: bool = True,
    kind: Kind | None = None,
    name: str = "y",
    way_out: str = "leave them out",
    error: type[Exception] = ValueError,
) -> None:
    """Refuse a class that is called -1 where it would count as no label.

    Parameters
    ----------
    y : array of shape (n,)
        Labels.
    known : ndarray of bool of shape (n,) or None, default=None
        Which rows have a label, where something else than -1 tells, such as an empty cell: each -1
        among them is a class. None: a class is what `what_minus_one_is` is sure of, unless it was
        decided around the caller (`reading_labels_as`) that -1 is the mark.
    taken : bool, default=True
        Whether who learns takes rows without a label; else -1 among numbers is a class as any.
    kind : {"classes", "names", "numbers"} or None, default=None
        As in `labeled_rows`.
    name : str, default="y"
        What the labels are called, where the message is read.
    way_out : str, default="leave them out"
        What to do where these rows have no label, there.
    error : type of Exception, default=ValueError
        What is raised.

    Raises
    ------
    Exception
        Of the type `error`, if there is such a class.

    Examples
    --------
    >>> from hybridsent._minus_one import check_minus_one_is_no_class
    >>> check_minus_one_is_no_class([0, 1, -1])
    >>> check_minus_one_is_no_class([-1, 1, 1])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: y must not hold a class -1, which marks a row without a label; it holds -1 in ...
    """
    values = one_column(y)
    if (kind or kind_of(None, values)) != "classes":
        return
    there = values.tolist() if known is None else values[known].tolist()
    meant = [v for v in there if (isinstance(v, Real) and v == -1) or v == "-1"]
    if not meant:
        return
    if known is None:
        decided = kind_decided() == "classes"
        is_class = taken and not decided and what_minus_one_is(values, "classes") == "class"
    else:
        beside_text = any(isinstance(v, str) for v in there)
        is_class = taken or (beside_text and any(not isinstance(v, str) for v in meant))
    if is_class:
        raise error(
            f"{name} must not hold a class -1, which marks a row without a label; it holds "
            f"{meant[0]!r} in {len(meant)} rows. If it is a class, rename the class; if these rows "
            f"have no label, {way_out}."
        )


def kind_that_keeps_classes(
    y: Any, reader: str, *, sure: bool = False, stacklevel: int = 2
) -> Kind:
    """Tell what labels are to a step that can do without a mark: no class is lost in silence.

    Where -1 can only be a class it is one, and where it may be one a `TableWarning` says how it is
    read.

    Parameters
    ----------
    y : array of shape (n,)
        Labels.
    reader : str
        Who reads them, for the warning.
    sure : bool, default=False
        Whether -1 is known to mark rows without a label where it may be a class: nothing is said.
    stacklevel : int, default=2
        As in ``warnings.warn``.

    Returns
    -------
    {"classes", "names", "numbers", "sets"}
        What the labels are.

    Examples
    --------
    >>> from hybridsent._minus_one import kind_that_keeps_classes
    >>> kind_that_keeps_classes([-1, 1, 1], "MCCA"), kind_that_keeps_classes(["a", -1], "MCCA")
    ('names', 'classes')
    """
    kind = kind_of(None, y)
    if kind != "classes":
        return kind
    if kind_decided() is None and what_minus_one_is(y, kind) == "class":
        return "names"
    if sure:
        return kind
    others = "the other labels are 0 and 1, as of a polarity"
    warn_of_a_class_minus_one(y, reader, others, stacklevel=stacklevel + 1)
    return kind


def warn_of_a_class_minus_one(y: Any, reader: str, why: str, *, stacklevel: int = 2) -> None:
    """Warn where -1 is read as a mark, and may as well be a class.

    Nothing is said where the labels tell, or where it was decided around the caller
    (`reading_labels_as`).

    Parameters
    ----------
    y : array of shape (n,)
        Labels.
    reader : str
        Who reads it so.
    why : str
        What speaks for a class.
    stacklevel : int, default=2
        As in ``warnings.warn``.

    Warns
    -----
    TableWarning
        With both ways out.

    Examples
    --------
    >>> import warnings
    >>> from hybridsent._minus_one import warn_of_a_class_minus_one
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     warn_of_a_class_minus_one([-1, 0, 1], "MCCA", "it stands beside 0 and 1")
    ...     warn_of_a_class_minus_one(["good", -1], "MCCA", "it stands beside 0 and 1")
    >>> len(told)
    1
    """
    if kind_decided() is not None or what_minus_one_is(y, "classes") != "either":
        return
    warnings.warn(
        f"{reader} reads the label -1 as no label, but {why}. If it is a class, such as 'negative',"
        " rename the class, for example by numpy.where(y == -1, 'negative', y.astype(str)); if it "
        "marks rows without a label, write the others as text, and this is not said.",
        TableWarning,
        stacklevel=stacklevel + 1,
    )
