"""A law over many small things as one test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

__all__ = ["over"]

Law = Callable[..., None]


def over(things: Iterable[tuple[str, Any]]) -> Callable[[Law], Law]:
    """Make a law of one thing a test of many; those that break it are told together, by name.

    A module or an option is looked at in less than a millisecond, and there are thousands: as tests
    of their own (`parametrize`) they cost several times that to collect, to report and to send from
    process to process. A tuple is given as several arguments; what else the law takes is a fixture.
    """
    cases = [(name, it if isinstance(it, tuple) else (it,)) for name, it in things]

    def decorate(law: Law) -> Law:
        parameters = list(inspect.signature(law).parameters.values())
        n = len(cases[0][1]) if cases else 0

        def test(**fixtures: Any) -> None:
            assert cases, "there is nothing to look at"
            broken = []
            for name, arguments in cases:
                try:
                    law(*arguments, **fixtures)
                except (AssertionError, pytest.fail.Exception) as error:
                    broken.append(f"{name}: {error}")
                except Exception as error:
                    error.add_note(f"{law.__name__} was looking at {name}")
                    raise
            if broken:
                told = "\n\n".join(broken)
                pytest.fail(
                    f"{len(broken)} of {len(cases)} break this law\n\n{told}", pytrace=False
                )

        for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(test, attribute, getattr(law, attribute))
        test.__dict__.update(vars(law))  # marks
        test.__signature__ = inspect.Signature(parameters[n:])  # type: ignore[attr-defined]
        return test

    return decorate
