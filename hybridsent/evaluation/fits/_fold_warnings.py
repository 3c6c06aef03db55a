"""Warnings of many fits, each told once (layer L5).

Fits in threads share the process's warning filters. scikit-learn empties and fills these again for
each part of a ColumnTransformer or an ensemble, so that in threads one finds what another one left:
a warning that the user ignores is shown, one that they make an error is not, and each fold tells
the same anew. Python's hook for what is shown is left alone by all of them; so the user's own rules
are applied there.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sklearn.exceptions import UndefinedMetricWarning

from hybridsent._warnings import ignored_warnings, kept_filters

__all__ = ["fold_warnings_ignored", "told_once"]

_OF_FOLDS = ("y_pred contains classes not in y_true", "A single label was found")


_OF_THREADS = "`sklearn.utils.parallel.delayed` should be used with"
"""scikit-learn's complaint of filters that another thread has just emptied."""


@contextmanager
def fold_warnings_ignored() -> Iterator[None]:
    """Accept that a fold by speaker lacks a class: its scores are over those that are there.

    Yields
    ------
    None
        Nothing.
    """
    with (
        kept_filters(),
        ignored_warnings(UserWarning, *_OF_FOLDS),
        ignored_warnings(UndefinedMetricWarning),
    ):
        yield


@contextmanager
def told_once() -> Iterator[None]:
    """Show each warning once, by the user's filters, whatever threads do to these.

    Warnings that differ in numbers alone, as those of folds do, count as one.

    Yields
    ------
    None
        Nothing; afterwards filters and hook are as they were.

    Examples
    --------
    >>> import warnings
    >>> from hybridsent.evaluation.fits._fold_warnings import told_once
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     with told_once():
    ...         for fold in range(3):
    ...             warnings.warn(f"{fold} of 3 cells are broken", stacklevel=1)
    >>> [str(each.message) for each in told]
    ['0 of 3 cells are broken']
    """
    before = warnings.showwarning
    hook = _Hook(before)
    with fold_warnings_ignored():
        # for every thread, and first: whatever copies the filters, or empties and fills them again,
        # has these before the user's "error"; `kept_filters` takes them out
        filters: Any = warnings.filters
        for text in (_OF_THREADS, *_OF_FOLDS):
            filters.insert(0, ("ignore", re.compile(text), UserWarning, None, 0))
        filters.insert(0, ("ignore", None, UndefinedMetricWarning, None, 0))
        warnings.showwarning = hook  # type: ignore[assignment]  # any callable will do
        try:
            yield
        finally:
            hook.active = False  # another thread may put it back
            if warnings.showwarning is hook:
                warnings.showwarning = before


class _Hook:
    """Shows what the filters of its beginning let through, once."""

    def __init__(self, forward: Callable[..., None]) -> None:
        self.forward = forward
        self.active = True
        self.filters = list(warnings.filters)
        self.told: set[tuple[type, str]] = set()

    def __call__(
        self, message: Any, category: Any, filename: str, lineno: int, *where: Any
    ) -> None:
        """Take the place of `warnings.showwarning`."""
        if not self.active:
            self.forward(message, category, filename, lineno, *where)
            return
        text = str(message)
        if _is_of_folds(text, category):
            return
        action = _action(self.filters, text, category, filename, lineno)
        if action == "error":
            raise message if isinstance(message, Warning) else category(text)
        key = (category, re.sub(r"\d+", "#", text))
        if action != "ignore" and key not in self.told:
            self.told.add(key)
            self.forward(message, category, filename, lineno, *where)


def _is_of_folds(text: str, category: type) -> bool:
    if issubclass(category, UndefinedMetricWarning):
        return True
    return issubclass(category, UserWarning) and text.startswith((*_OF_FOLDS, _OF_THREADS))


def _action(filters: Sequence[Any], text: str, category: type, filename: str, lineno: int) -> str:
    """Look up what the user wants of a warning, as Python does."""
    module = filename.removesuffix(".py") or "<unknown>"
    for action, message, wanted, where, line in filters:
        if (
            issubclass(category, wanted)
            and (message is None or _matches(message, text))
            and (where is None or _matches(where, module))
            and line in (0, lineno)
        ):
            return str(action)
    return "default"


def _matches(pattern: Any, text: str) -> bool:
    """Match what a filter holds: a compiled expression, or a text as the interpreter sets it."""
    return bool(pattern.match(text)) if hasattr(pattern, "match") else bool(pattern == text)
