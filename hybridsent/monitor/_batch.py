"""Posts in, answers out; a post that breaks the model breaks nothing else (layer L7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hybridsent.exceptions import HybridsentError
from hybridsent.monitor._post import Broken, Post
from hybridsent.monitor._tally import Tally

__all__ = ["columns_of", "score"]

_OURS = (HybridsentError, ValueError, TypeError, KeyError, OverflowError, ArithmeticError)


def columns_of(scorer: Any, renamed: Mapping[str, str]) -> dict[str, str]:
    """Say in which field of a post each column of a model stands.

    Parameters
    ----------
    scorer : Scorer
        The model.
    renamed : mapping of str to str
        Fields of columns that are named otherwise.

    Returns
    -------
    dict of str to str
        A field for each column.

    Raises
    ------
    ValueError
        If the model reads no such column, or needs other rows than the post.
    """
    if scorer.needs_other_rows:
        raise ValueError(
            "The scorer parameter must be a model that reads each post by itself; this one reads "
            "neighbours of a row, which a stream does not hold."
        )
    names = [each.column for each in scorer.inputs] or list(scorer.features)
    unknown = [name for name in renamed if name not in names]
    if unknown:
        raise ValueError(
            f"The columns parameter must name columns that the model reads, {names}. Got "
            f"{unknown[0]!r}."
        )
    return {name: renamed.get(name, name) for name in names}


def score(
    scorer: Any,
    tally: Tally,
    posts: Sequence[Post],
    columns: Sequence[str],
    project: Callable[[Any, Any], np.ndarray] | None = None,
) -> tuple[
    list[Post], np.ndarray, np.ndarray, np.ndarray | None, list[Any], list[tuple[Post, Broken]]
]:
    """Ask a model about posts; where it fails, about fewer and fewer, until it is known why.

    Parameters
    ----------
    scorer : Scorer
        The model.
    tally : Tally
        What is kept of its answers.
    posts : sequence of Post
        The posts.
    columns : sequence of str
        What the model reads.
    project : callable or None, default=None
        Makes of answers and features what is compared for drift.

    Returns
    -------
    posts : list of Post
        Those that were scored.
    sums, kept : ndarray
        As `Tally.of` gives them.
    seen : ndarray or None
        What `project` gave.
    predictions : list
        What the model said of each.
    broken : list of (Post, Broken)
        Those that were not.
    """
    bases = list(dict.fromkeys(post.base for post in posts))
    scored: list[Post] = []
    sums, kept = [np.zeros((0, tally.n_sums))], [np.zeros((0, tally.width), dtype=np.float32)]
    said: list[Any] = []
    seen: list[np.ndarray] = []
    broken: list[tuple[Post, Broken]] = []
    waiting = [[post for post in posts if post.base == base] for base in reversed(bases)]
    while waiting:
        some = waiting.pop()
        try:
            if project is None:
                answers = scorer.score(_table(some, columns), base=some[0].base)
            else:
                read = scorer.read(_table(some, columns), base=some[0].base)
                answers, features = scorer.answer_with_features(read)
                projected = project(answers, features)
            more_sums, more_kept = tally.of(answers)
            if not np.isfinite(more_sums).all():
                raise ValueError("the model answered with a number that is not finite")
        except _OURS as error:
            if len(some) == 1:
                reason = f"the model cannot read it: {error}"
                told = Broken.of(some[0].piece, " ".join(reason.split())[:500])
                broken.append((some[0], told))
            else:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
            continue
        scored += some
        if project is not None:
            seen.append(projected)
        sums.append(more_sums)
        kept.append(more_kept)
        said += np.asarray(answers.prediction).tolist()
    looked = np.vstack(seen) if seen else None
    return scored, np.vstack(sums), np.vstack(kept), looked, said, broken


def _table(posts: Sequence[Post], columns: Sequence[str]) -> Any:
    """Make a table; a column that no post has is left out, as it would be in a file."""
    import pandas as pd

    there = [name for name in columns if any(name in post.cells for post in posts)]
    cells = {
        name: pd.Series([post.cells.get(name) for post in posts], dtype=object) for name in there
    }
    return pd.DataFrame(cells, index=range(len(posts)))
