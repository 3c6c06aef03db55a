"""A name, and a function that builds what it stands for: entries of registries (layer L0).

Entry points name functions of installed packages; here a function of the process may be named, too,
and what it takes is checked when it is registered.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from hybridsent._plugins import import_outside

__all__ = ["Buildable", "add_to"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_BUILDING = TypeVar("_BUILDING", bound="Buildable")


@dataclass(frozen=True)
class Buildable:
    """An entry of a registry; a subclass says what its function may take.

    Parameters
    ----------
    name : str
        Its name.
    build : str or callable
        The function, or ``"module:function"``.
    summary : str, default=""
        What it is, in some words, for lists.
    """

    name: str
    build: str | Callable[..., Any]
    summary: str = ""
    noun: ClassVar[str] = "a function or 'module:function'"

    @classmethod
    def given(cls) -> tuple[str, ...]:
        """Names of what the function may take."""
        raise NotImplementedError

    def function(self) -> Callable[..., Any]:
        """Give the function, imported where it is named.

        Returns
        -------
        callable
            The function.

        Raises
        ------
        ValueError
            If Python does not find it.
        """
        if not isinstance(self.build, str):
            return self.build
        module, _, name = self.build.partition(":")
        try:
            found: Callable[..., Any] = getattr(import_outside(module), name)
        except (ModuleNotFoundError, AttributeError) as error:
            raise ValueError(
                f"The build of {self.name!r} must name a function that Python finds. Got "
                f"{self.build!r}: {error}."
            ) from error
        return found

    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Give the parameters of the function.

        Returns
        -------
        mapping of str to Parameter
            As its signature has them.
        """
        return inspect.signature(self.function()).parameters

    def takes(self) -> frozenset[str]:
        """Tell which of what is given the function takes: what it names, or all.

        Returns
        -------
        frozenset of str
            Names.
        """
        parameters = self.parameters()
        if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
            return frozenset(self.given())
        return frozenset(parameters) & frozenset(self.given())

    def make(self, given: Mapping[str, Any]) -> Any:
        """Call the function with what it takes of what is given.

        Parameters
        ----------
        given : mapping of str to object
            What there is, by name.

        Returns
        -------
        object
            What it gives.
        """
        wanted = self.takes()
        return self.function()(**{name: given[name] for name in given if name in wanted})

    def check_build(self) -> None:
        """Refuse a function that could not be called.

        Raises
        ------
        ValueError
            If it is none, or needs what is never given.
        """
        if not callable(self.build) and not (isinstance(self.build, str) and ":" in self.build):
            raise ValueError(
                f"The build of {self.name!r} must be {self.noun}. Got {self.build!r:.200}."
            )
        if isinstance(self.build, str):
            return  # nothing is imported before it is needed
        for each in self.parameters().values():
            open_ended = each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
            needed = each.default is each.empty and not open_ended
            if needed and (each.name not in self.given() or each.kind is each.POSITIONAL_ONLY):
                raise ValueError(
                    f"The build of {self.name!r} must be callable with these parameters alone, "
                    f"by name: {list(self.given())}. Got one that needs {each.name!r}; give it a "
                    "default."
                )


def add_to(registry: dict[str, _BUILDING], made: _BUILDING, what: str, replace: bool) -> None:
    """Register an entry under its name.

    Parameters
    ----------
    registry : dict of str to Buildable
        The registry.
    made : Buildable
        The entry.
    what : str
        What it is, for messages.
    replace : bool
        Whether one of the same name may be replaced.

    Raises
    ------
    ValueError
        If the name is none, or taken, or its function needs what is never given.

    Examples
    --------
    >>> from hybridsent._buildable import Buildable, add_to
    >>> class Greeting(Buildable):
    ...     @classmethod
    ...     def given(cls):
    ...         return ("name",)
    >>> greetings = {}
    >>> add_to(greetings, Greeting("hello", lambda name: f"Hello {name}"), "greeting", False)
    >>> greetings["hello"].make({"name": "you"})
    'Hello you'
    """
    if not isinstance(made.name, str) or not _NAME.fullmatch(made.name):
        raise ValueError(
            f"The name of a registered {what} must be made of letters, digits, '_', '-' and '.'. "
            f"Got {made.name!r:.200}."
        )
    made.check_build()
    if made.name in registry and not replace:
        raise ValueError(
            f"The name of a registered {what} must be new. {made.name!r} is taken; choose another "
            "or pass replace=True."
        )
    registry[made.name] = made
