"""What changes a cell of a modality, and one cell changed (layer L4).

albumentations, audiomentations and nlpaug each change cells of one kind and draw from generators of
the whole process, so that a copy is another one in each run and is encoded anew each time. Here the
draws of a copy come from the content of the cell, and its frozen vector is found in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media import content_key, get_modality, is_missing
from hybridsent.media._forms import items_in, opened, weights_in
from hybridsent.media._modality import named

__all__ = ["Augmentation", "Change", "augmentation_of", "copies_of", "list_changes"]

_TRIES = 8  # draws, until a copy is none that is there already


@dataclass(frozen=True)
class Change:
    """One way to change what was read of a cell, so that its label stays what it is.

    Parameters
    ----------
    function : callable
        ``function(content, rng, strength)`` gives the changed content. It draws from the
        `numpy.random.Generator` that it is given, and from nothing else.
    strength : float
        How much it changes where nobody says, in units that `words` names.
    words : str
        What it does, in a few words.

    Examples
    --------
    >>> from hybridsent.augment import Change
    >>> louder = Change(lambda sound, rng, strength: sound * strength, 2.0, "twice as loud")
    >>> louder.strength
    2.0
    """

    function: Callable[[Any, np.random.Generator, float], Any]
    strength: float
    words: str


@dataclass(frozen=True)
class Augmentation:
    """All that can change cells of a modality; what `hybridsent.Modality` names as ``augment``.

    Parameters
    ----------
    changes : mapping of str to Change
        By name.
    default : tuple of str
        Names of those that are made where nobody names any.
    read : callable
        ``read(cell)`` gives the content of a cell that holds one thing, or raises
        `hybridsent.exceptions.MediaError`.
    write : callable
        ``write(content, cell)`` gives the content in a form that the encoder reads; the cell is the
        one that it was read from.

    Examples
    --------
    >>> from hybridsent.augment import augmentation_of
    >>> sorted(augmentation_of("text").changes)[:3]
    ['case', 'delete', 'elongate']
    """

    changes: Mapping[str, Change]
    default: tuple[str, ...]
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]


def augmentation_of(modality: str) -> Augmentation | None:
    """Give what changes cells of a modality.

    Parameters
    ----------
    modality : str
        Its name.

    Returns
    -------
    Augmentation or None
        None where the modality names nothing.

    Examples
    --------
    >>> from hybridsent.augment import augmentation_of
    >>> augmentation_of("image").default
    ('flip', 'crop', 'colour')
    """
    told = get_modality(modality).augment
    found: Augmentation | None = None if told is None else named(told)
    return found


def list_changes(modality: str) -> dict[str, str]:
    """Tell what can change cells of a modality.

    Parameters
    ----------
    modality : str
        Its name.

    Returns
    -------
    dict of str to str
        By name, what the strength of the change means, and what it is by default.

    Examples
    --------
    >>> from hybridsent.augment import list_changes
    >>> list_changes("image")["rotate"]
    'degrees that it is turned at most (10)'
    """
    augmentation = augmentation_of(modality)
    changes = {} if augmentation is None else augmentation.changes
    return {name: f"{each.words} ({each.strength:g})" for name, each in changes.items()}


def copies_of(
    cell: Any,
    modality: str,
    strengths: Mapping[str, float],
    n_copies: int,
    *,
    n_changes: int = 1,
    random_state: int = 0,
) -> list[Any]:
    """Make changed copies of a cell: the same ones in every process and run.

    What is drawn depends on the content of the cell, the changes, the number of the copy and the
    seed, and on nothing else; a copy is drawn again where it is as one before it.

    Parameters
    ----------
    cell : object
        A cell of any form. What is missing, or cannot be read, is given back as it is; of a list
        each item is changed by itself.
    modality : str
        What it is of.
    strengths : mapping of str to float
        Names of changes of the modality, and how much each changes.
    n_copies : int
        How many.
    n_changes : int, default=1
        How many of the changes are made, drawn for each copy; at most all.
    random_state : int, default=0
        Seed.

    Returns
    -------
    list of object
        Cells that the same encoder reads; the cell itself where nothing in it can be changed.

    Examples
    --------
    >>> from hybridsent.augment import copies_of
    >>> copies_of("what a fine day", "text", {"delete": 0.25}, 2)
    ['what a day', 'a fine day']
    >>> copies_of(None, "text", {"delete": 0.25}, 1)
    [None]
    """
    if is_missing(cell) or not strengths:
        return [cell] * n_copies
    given = {"n_changes": n_changes, "random_state": random_state}
    try:
        items = items_in(cell, modality)
        if items is None:
            return _of_one(cell, modality, strengths, n_copies, **given)
        weights = weights_in(cell, modality)
    except MediaError:
        return [cell] * n_copies  # its encoder says what is wrong with it
    each = [copies_of(item, modality, strengths, n_copies, **given) for item in items]
    lists = [[copies[k] for copies in each] for k in range(n_copies)]
    return lists if weights is None else [{"items": one, "weights": weights} for one in lists]


def _of_one(
    cell: Any,
    modality: str,
    strengths: Mapping[str, float],
    n_copies: int,
    *,
    n_changes: int,
    random_state: int,
) -> list[Any]:
    augmentation = augmentation_of(modality)
    if augmentation is None:
        return [cell] * n_copies
    inside = opened(cell, modality)
    key = content_key(inside, modality)
    content = augmentation.read(inside)
    names = [name for name in augmentation.changes if name in strengths]
    before: list[Any] = [content]
    copies: list[Any] = []
    for k in range(n_copies):
        told = repr((sorted(strengths.items()), k, n_changes, random_state)).encode()
        digest = blake2b(key + told, digest_size=16).digest()
        rng = np.random.default_rng(int.from_bytes(digest, "little"))
        found = content
        for _ in range(_TRIES):
            drawn = content
            for i in sorted(rng.permutation(len(names))[:n_changes].tolist()):
                drawn = augmentation.changes[names[i]].function(drawn, rng, strengths[names[i]])
            if not _same(drawn, content):
                found = drawn
                if not any(_same(drawn, other) for other in before):
                    break
        before.append(found)
        copies.append(cell if found is content else augmentation.write(found, inside))
    return copies


def _same(one: Any, other: Any) -> bool:
    """Tell whether nothing was changed."""
    if one is other or type(one) is not type(other):
        return one is other
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)
