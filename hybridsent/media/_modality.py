"""What a modality is, and which ones are known (layer L1; not even numpy is imported).

A `Modality` says once what all others ask: how a cell is keyed, read, recognised and named, and
which encoder reads it. Text, image and audio are three such objects, each in a file of
`hybridsent.media.kinds`; nothing else in the package lists them. No library serves: Hugging Face's
`datasets` has features by type, but none tells a column of its kind, nor what encodes it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, fields
from importlib import import_module
from typing import Any

from hybridsent._plugins import read_plugins, told_of_plugins
from hybridsent._registries import keep_registry

__all__ = [
    "Limit",
    "Modality",
    "get_modality",
    "list_modalities",
    "named",
    "register_modality",
]

FORMS = ("words", "content", "path", "picture", "pixels", "array", "samples")
_RESERVED = ("domain", "group", "missing", "meta")  # views of these names are something else


@dataclass(frozen=True)
class Limit:
    """A parameter of an encoder that refuses cells that are too large; also an option ``--name``.

    Parameters
    ----------
    parameter : str
        Name of the encoder's parameter, such as ``"max_pixels"``.
    words : str
        What it limits, such as ``"largest image that is read, in pixels"``.
    default : int or float
        The encoder's own default; an int takes whole numbers.
    measure : str or callable, default=None
        ``measure(content, reader) -> float``: how much of what it limits is in the bytes of a file,
        told without decoding them, or as ``"module:name"``. `reader` holds the parameters of the
        encoder, and what a file does not tell is as much as they allow. By this a service limits
        all cells of a request together; None does not.

    Examples
    --------
    >>> from hybridsent.media import get_modality
    >>> [limit.parameter for limit in get_modality("image").limits]
    ['max_pixels']
    """

    parameter: str
    words: str
    default: int | float
    measure: str | Callable[[bytes, Mapping[str, Any]], float] | None = None


@dataclass(frozen=True)
class Modality:
    """What cells of one kind are: how they are keyed, read, recognised, and encoded.

    Functions and classes may be given as ``"module:name"``, so that what they need is imported when
    the first cell is read.

    Parameters
    ----------
    name : str
        Name, such as ``"image"``: small letters, digits and single underscores. The default name of
        its view and its column, the prefix of its registered backbones, and its option ``--name``.
    read : str or callable
        ``read(content, **options)`` gives the clean object that encoders work on, or raises
        `hybridsent.exceptions.MediaError`. The content is taken out of its containers: `bytes` of a
        file for the forms ``"content"`` and ``"path"``, an array for ``"array"``, `str` or `bytes`
        for ``"words"``, (array, rate) for ``"samples"``, and with a `key` of its own the cell.
    encoder : str or class
        The `hybridsent.encoders.BaseEncoder` that reads it; the default `model` of its constructor
        is the default backbone.
    plural : str, default=None
        What several cells are called, such as ``"images"``; None for the name.
    expected : str, default="a path or bytes"
        What a cell must be, in words that follow "must be".
    forms : tuple of str, default=("content", "path")
        Forms that a cell may have: ``"words"`` (`str` or `bytes` of text), ``"content"`` (bytes of
        a file), ``"path"`` (of a file; in a table relative to it), ``"array"`` (a numpy array of
        numbers), ``"samples"`` (an array and its rate), ``"pixels"`` and ``"picture"`` (an array of
        a picture, whose one channel may be left out; one of Pillow). Empty where cells are of types
        of their own, which `key` knows.
    key : str or callable, default=None
        ``key(cell) -> bytes``: what the vector of a cell depends on; equal bytes are one cell. None
        keys a cell by its form: the bytes of a file or text, the values of an array.
    version : int or str, default=1
        Raised whenever `read` may give something else than before; part of the fingerprint.
    looks_like : str or callable, default=None
        ``looks_like(cell) -> bool``: whether a cell of a table may be one, told by a look at its
        first bytes or its name. None goes by `extensions` and the type of the cell.
    suits : str or callable, default=None
        ``suits(cells, named, about) -> float`` in place of `looks_like`, where one cell does not
        tell: how well a column suits, 0 for not at all. `named` tells whether its name is one of
        `column_names`, `about` that the name is about another column (``text_label``).
    column_names : tuple of str, default=()
        Names that such columns often have, in singular, small letters, the most telling one first.
    extensions : tuple of str, default=()
        How names of its files end, such as ``(".npy",)``.
    written_in : tuple of str, default=()
        How files end whose content, and not whose path, is a cell, such as ``(".txt",)``: folders
        of classes that hold such files alone are read into a table of what stands in them.
    limits : tuple of Limit, default=()
        Parameters of the encoder that refuse cells that are too large.
    catch_all : bool, default=False
        Whether nearly anything can be one, so that in a table all others are looked for before.
    hf_network : str or class, default=None
        The network that reads models of the family ``hf:`` for it; None where there is none.
    shown : str or callable, default=None
        ``shown(cell)`` gives what a report shows of a cell: an object with ``kind`` (``"words"``,
        ``"picture"``, ``"sound"`` or ``"clip"``), ``content`` (text, or the bytes of a file),
        ``mime`` (its type) and ``cut`` (whether there is more in the cell). What is read as a
        picture may be shown as one: ``shown=get_modality("image").shown``. None shows nothing.
    glance : str or class, default=None
        ``glance(cells)`` gives what a look at cells without an encoder tells: an object with
        ``numbers`` (an array, a row a cell, that a quick probe learns from, or None),
        ``pairs(vectors)`` (positions of cells that are nearly the same, as two arrays, or None) and
        ``sizes()`` (names, each with an array of what is measured of each cell), as that of
        ``get_modality("text").glance``. None is the size of files alone.
    augment : str or object, default=None
        What changes its cells into more to learn from, a `hybridsent.augment.Augmentation`; None
        where its cells are left as they are.
    example : str or callable, default=None
        ``example() -> cell`` gives a small cell in the form ``"words"`` or ``"content"``, by which
        a service is warmed up and its documentation shows what is sent; None has none.

    Raises
    ------
    ValueError
        If the name is none, or a form is not known.

    See Also
    --------
    register_modality : Makes one known.

    Examples
    --------
    >>> from hybridsent.media import get_modality
    >>> image = get_modality("image")
    >>> image.is_media, image.recognises("cat.png"), image.recognises("fine")
    (True, True, False)
    """

    name: str
    read: str | Callable[..., Any]
    encoder: str | type
    _: KW_ONLY
    plural: str | None = None
    expected: str = "a path or bytes"
    forms: tuple[str, ...] = ("content", "path")
    key: str | Callable[[Any], bytes] | None = None
    version: int | str = 1
    looks_like: str | Callable[[Any], bool] | None = None
    suits: str | Callable[..., float] | None = None
    column_names: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    written_in: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    catch_all: bool = False
    hf_network: str | type | None = None
    shown: str | Callable[[Any], Any] | None = None
    glance: str | type | None = None
    augment: Any = None
    example: str | Callable[[], Any] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", str(self.name)):
            raise ValueError(
                "The name of a modality must be made of small letters, digits and single "
                f"underscores, as it begins names of columns and backbones. Got {self.name!r}."
            )
        if self.name in _RESERVED:
            raise ValueError(
                f"The name of a modality must be none of {list(_RESERVED)}, whose views are "
                f"something else. Got {self.name!r}."
            )
        if self.plural is None:
            object.__setattr__(self, "plural", self.name)
        for field in ("forms", "column_names", "extensions", "written_in", "limits"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        unknown = [form for form in self.forms if form not in FORMS]
        if unknown:
            raise ValueError(
                f"The forms of the modality {self.name!r} must be some of {list(FORMS)}. Got "
                f"{unknown[0]!r}."
            )
        if not self.forms and self.key is None:
            raise ValueError(
                f"The modality {self.name!r} must have forms that are known, or a key of its own. "
                "Got neither."
            )

    @property
    def is_media(self) -> bool:
        """Whether its cells may be paths of files."""
        return "path" in self.forms

    def clean(self, content: Any, **options: Any) -> Any:
        """Read what was taken out of a cell: `read`, imported if need be.

        Parameters
        ----------
        content : object
            The content, as `read` takes it.
        **options : object
            Options of `read`.

        Returns
        -------
        object
            The clean object.
        """
        return named(self.read)(content, **options)

    def recognises(self, cell: Any) -> bool:
        """Tell whether a cell of a table looks like one.

        Parameters
        ----------
        cell : object
            The cell, not a missing one.

        Returns
        -------
        bool
            Whether it does; it may still be broken.
        """
        if self.looks_like is not None:
            return bool(named(self.looks_like)(cell))
        return bool(named("hybridsent.media._looks:by_form")(cell, self))

    def encoder_class(self) -> type:
        """Give the class of its encoder, imported if need be.

        Returns
        -------
        type
            A subclass of `hybridsent.encoders.BaseEncoder`.
        """
        found: type = named(self.encoder)
        return found

    def default_backbone(self) -> str:
        """Name the backbone that reads it where none is named.

        Returns
        -------
        str
            The default `model` of its encoder.

        Examples
        --------
        >>> from hybridsent.media import get_modality
        >>> get_modality("text").default_backbone()
        'text/bge-small-en'
        """
        from inspect import signature

        return str(signature(self.encoder_class()).parameters["model"].default)


_known: dict[str, Modality] = keep_registry({})


@functools.lru_cache(maxsize=256)
def _imported(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def named(target: Any) -> Any:
    """Give what ``"module:name"`` names; anything but a string is it already.

    Examples
    --------
    >>> from hybridsent.media._modality import named
    >>> named("math:sqrt")(9.0), named(len)("ab")
    (3.0, 2)
    """
    return _imported(target) if isinstance(target, str) else target


def register_modality(modality: Modality, *, replace: bool = False) -> None:
    """Make a modality known in this process, to tables, encoders, builders and the command line.

    Parameters
    ----------
    modality : Modality
        The modality.
    replace : bool, default=False
        Whether another one of the same name may be replaced.

    Raises
    ------
    TypeError
        If it is none.
    ValueError
        If another one has its name.

    See Also
    --------
    Modality : What there is to say of one.

    Examples
    --------
    >>> from hybridsent import Modality, register_modality
    >>> register_modality(Modality("image", "my_module:read", "my_module:MyEncoder"))
    Traceback (most recent call last):
        ...
    ValueError: The name of a modality must be new. 'image' is taken; choose another or pass ...
    """
    if not isinstance(modality, Modality):
        raise TypeError(f"modality must be a Modality. Got a {type(modality).__name__}.")
    known = _known.get(modality.name)
    if known is not None and not replace and not _same(known, modality):
        raise ValueError(
            f"The name of a modality must be new. {modality.name!r} is taken; choose another or "
            "pass replace=True."
        )
    _known[modality.name] = modality


def _same(one: Modality, other: Modality) -> bool:
    """Whether two say the same, as one does whose file was run twice, with functions made anew."""
    return all(
        _told(getattr(one, field.name)) == _told(getattr(other, field.name))
        for field in fields(Modality)
    )


def _told(value: Any) -> Any:
    return f"{value.__module__}:{value.__qualname__}" if hasattr(value, "__qualname__") else value


def get_modality(name: str, *, parameter: str = "modality") -> Modality:
    """Find a modality by its name.

    Parameters
    ----------
    name : str
        Name, such as ``"image"``.
    parameter : str, default="modality"
        Of whoever asks, for the message.

    Returns
    -------
    Modality
        The modality.

    Raises
    ------
    ValueError
        If none has this name.

    Examples
    --------
    >>> from hybridsent.media import get_modality
    >>> get_modality("audio").column_names[:2]
    ('audio', 'wav')
    """
    known = _known.get(name)
    if known is None:
        read_plugins()
        known = _known.get(name)
    if known is None:
        raise ValueError(
            f"The {parameter} must be one of {list(_known)}. Got {name!r}; one of your own is made "
            "known by hybridsent.register_modality, in the process that uses it, or in a plugin. "
            f"{told_of_plugins()}".rstrip()
        )
    return known


def list_modalities() -> list[Modality]:
    """List the known modalities, in the order in which they were registered; plugins are loaded.

    Returns
    -------
    list of Modality
        Those of the package first.

    Examples
    --------
    >>> from hybridsent.media import list_modalities
    >>> [modality.name for modality in list_modalities()][:3]
    ['text', 'image', 'audio']
    """
    read_plugins()
    return list(_known.values())
