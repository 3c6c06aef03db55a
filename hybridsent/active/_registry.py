"""Query strategies by name: built in, and of one's own (layer L3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hybridsent._buildable import Buildable, add_to
from hybridsent._hints import did_you_mean
from hybridsent._plugins import read_plugins, told_of_plugins, warn_of_plugins
from hybridsent._registries import keep_registry

__all__ = ["GIVEN", "Query", "get_query", "list_queries", "register_query"]

_S = "hybridsent.active._strategies"

GIVEN = ("pool", "y", "labelled", "probabilities", "n", "random_state")
"""What a strategy of one's own may take, by name."""


@dataclass(frozen=True)
class Query(Buildable):
    """A query strategy, as `register_query` takes it.

    Parameters
    ----------
    name : str
        Its name.
    build : str or callable
        What ranks.
    summary : str, default=""
        What it asks for, in some words.
    numbers : bool, default=True
        Whether it serves a regression, too.
    """

    numbers: bool = True

    @classmethod
    def given(cls) -> tuple[str, ...]:
        """Names of what a strategy may take."""
        return GIVEN

    @property
    def is_own(self) -> bool:
        """Whether it was registered, and is not built in."""
        return _BUILT_IN.get(self.name) is not self


_queries: dict[str, Query] = keep_registry(
    {
        each.name: each
        for each in (
            Query("auto", f"{_S}:automatic", "typical rows first, then the lowest variance"),
            Query("random", f"{_S}:random_rows", "any row"),
            Query("least-confident", f"{_S}:least_confident", "the best guess is weakest", False),
            Query("margin", f"{_S}:margin", "the two best guesses are nearest", False),
            Query("entropy", f"{_S}:entropy", "probabilities are most even", False),
            Query(
                "clustered-margin", f"{_S}:clustered_margin", "unsure rows, one a cluster", False
            ),
            Query("badge", f"{_S}:badge", "unsure rows that differ", False),
            Query("core-set", f"{_S}:core_set", "farthest from all that is labelled"),
            Query("typical", f"{_S}:typical", "the middle of the largest cluster without a label"),
            Query("variance", f"{_S}:variance", "lower the variance of all predictions", False),
            Query("committee", f"{_S}:committee", "the models of the views disagree"),
        )
    }
)
_BUILT_IN = dict(_queries)


def register_query(
    name: str,
    build: str | Callable[..., Any],
    *,
    numbers: bool = True,
    summary: str = "",
    replace: bool = False,
) -> None:
    """Make a query strategy known under a name, for ``rank_rows(strategy=NAME)`` in this process.

    Write it into a plugin (`hybridsent.load_plugin`), so that the command line and other processes
    know it, too.

    Parameters
    ----------
    name : str
        Name, such as ``"mine"``: letters, digits, ``_``, ``-`` and ``.``.
    build : callable or str
        A function, or ``"module:function"``. It gets, by name, those of these that it takes:

        - ``pool``: the rows, a `Pool`;
        - ``y``: the labels as `rank_rows` was given them, and ``labelled``, which rows have one;
        - ``probabilities``: an array of shape (n, k), for which a model is fitted if need be;
        - ``n``: how many rows are wanted, and ``random_state``, a NumPy RandomState.

        It gives a float for each row, the higher the better, of which rows that differ from each
        other are taken; or an array of whole numbers, the positions of the rows, best first.
    numbers : bool, default=True
        Whether it serves a regression, too.
    summary : str, default=""
        What it asks for, in some words, for lists.
    replace : bool, default=False
        Whether a strategy of the same name may be replaced.

    Raises
    ------
    ValueError
        If the name is none, or taken, or `build` needs what is never given.

    See Also
    --------
    list_queries : Names and summaries.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.active import rank_rows, register_query
    >>> def longest(pool):
    ...     return np.square(pool.values).sum(axis=1)
    >>> register_query("longest-of-an-example", longest, summary="far from the middle")
    >>> rank_rows(np.array([[0.0], [1.0], [9.0]]), [-1, -1, -1], strategy="longest-of-an-example")
    array([2])
    """
    add_to(_queries, Query(name, build, summary, numbers), "query", replace)


def list_queries() -> dict[str, str]:
    """Names of the query strategies, plugins' included.

    Returns
    -------
    dict of str to str
        Name and what it asks for, in order of registration.

    Examples
    --------
    >>> from hybridsent.active import list_queries
    >>> list_queries()["margin"]
    'the two best guesses are nearest'
    """
    read_plugins()
    warn_of_plugins()
    return {name: each.summary for name, each in _queries.items()}


def get_query(name: str) -> Query:
    """Find a query strategy by its name.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Query
        What was registered.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in _queries:
        read_plugins()
    if name not in _queries:
        raise ValueError(
            f"The strategy parameter must be one of {list(_queries)}. Got {name!r}."
            f"{did_you_mean(name, _queries)}{told_of_plugins()}"
        )
    return _queries[name]
