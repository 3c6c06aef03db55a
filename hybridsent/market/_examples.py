"""Posts that are shown, the plainest of each kind first (layer L7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.evaluation.leaks._duplicates import words_in
from hybridsent.market._answers import Said
from hybridsent.market._cells import Estimator
from hybridsent.market._posts import Posts

__all__ = ["Example", "examples_of", "space_of"]

_MOST_OF_A_BRAND = 2
_MOST_CELLS = 2**28  # of a matrix of features


@dataclass(frozen=True)
class Example:
    """A post that is shown.

    Parameters
    ----------
    kind : {"high", "low", "divided"}
        Surely of the highest worth, of the lowest, or torn between the two.
    row : int
        Its position in the table that was given.
    at : int
        Its position among those that are counted.
    brand : str
        Whose it is; empty for one that is shown with others.
    said : object
        The answer.
    sure : float
        Probability of the highest class, of the lowest, or of the less probable of the two; NaN
        where none is told.
    """

    kind: str
    row: int
    at: int
    brand: str
    said: Any
    sure: float


def examples_of(said: Said, posts: Posts, estimator: Estimator, most: int) -> list[Example]:
    """Choose posts that show what is highest, lowest and divided, of several brands.

    Parameters
    ----------
    said : Said
        What is said.
    posts : Posts
        Those that are counted.
    estimator : Estimator
        What answers are worth.
    most : int
        How many of each kind.

    Returns
    -------
    list of Example
        The surest first; posts that say the same are shown once.
    """
    worth, (low, high) = estimator.worth, estimator.ends
    if low == high or most < 1:
        return []
    cells = posts.table[posts.texts[0]].tolist() if posts.texts else [None] * len(posts)
    words = [words_in(cell) for cell in cells]
    tie = -np.array([min(len(each), 12) for each in words])
    orders: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    if estimator.probabilities is not None and estimator.values is not None:
        worths = np.array(list(estimator.values.values()))
        p = [estimator.probabilities[:, worths == end].sum(axis=1) for end in (high, low)]
        orders = {
            "high": (p[0], p[0], worth == high),
            "low": (p[1], p[1], worth == low),
            "divided": (np.minimum(*p), np.minimum(*p), np.minimum(*p) > 0.2),
        }
    else:
        unknown = np.full(len(posts), np.nan)
        middle = (low + high) / 2
        orders = {
            "high": (worth, unknown, worth > middle),
            "low": (-worth, unknown, worth < middle),
        }
    found = []
    for kind, (score, sure, fits) in orders.items():
        order = np.lexsort((tie, -score.round(6)))
        found += _chosen(kind, order[fits[order]], sure, posts, words, estimator, most)
    return found


def _chosen(
    kind: str,
    order: np.ndarray,
    sure: np.ndarray,
    posts: Posts,
    words: Sequence[tuple[str, ...]],
    estimator: Estimator,
    most: int,
) -> list[Example]:
    found: list[Example] = []
    seen: set[tuple[str, ...]] = set()
    often: dict[int, int] = {}
    limit = max(_MOST_OF_A_BRAND, -(-most // max(1, len(posts.brands))))
    for at in order.tolist():
        brand = int(posts.brand[at])
        if often.get(brand, 0) >= limit or (words[at] and words[at] in seen):
            continue
        seen.add(words[at])
        often[brand] = often.get(brand, 0) + 1
        name = posts.brands[brand] if brand >= 0 else ""
        answer = estimator.prediction[at]
        answer = answer.item() if isinstance(answer, np.generic) else answer
        found.append(Example(kind, int(posts.rows[at]), at, name, answer, float(sure[at])))
        if len(found) == most:
            break
    return found


def space_of(said: Said, posts: Posts) -> np.ndarray | None:
    """Give what the model sees in the posts, just before it answers.

    Parameters
    ----------
    said : Said
        What is said.
    posts : Posts
        Those that are counted.

    Returns
    -------
    ndarray of shape (n, d) or None
        Features of its fused space; None where there is no model whose features can be seen.
    """
    from sklearn.pipeline import Pipeline

    model: Any = None if said.scorer is None else said.scorer.model
    if type(model) is not Pipeline or len(model.steps) < 2:
        return None
    read = said.read.iloc[posts.rows]
    first = np.asarray(model[:-1].transform(read.iloc[:2]))
    if first.ndim != 2 or first.dtype.kind not in "fiu" or first.shape[1] * len(read) > _MOST_CELLS:
        return None
    return np.asarray(model[:-1].transform(read), dtype=np.float32)
