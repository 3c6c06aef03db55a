"""Which view decides how posts are scored (layer L7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.market._answers import Said
from hybridsent.market._posts import Posts

__all__ = ["Driver", "drivers_of"]

_EXPLAINED = 600  # posts whose views are told apart


@dataclass(frozen=True)
class Driver:
    """What a view has to do with the answers.

    Parameters
    ----------
    view : str
        The view.
    brand : str or None
        Of which brand; None is all.
    share : Estimate
        Mean of its shares, of the posts that have it.
    n : int
        Posts that have it, of those that were asked about.
    missing : int
        Posts that lack it.
    """

    view: str
    brand: str | None
    share: Any
    n: int
    missing: int


def drivers_of(said: Said, posts: Posts, random_state: int) -> list[Driver]:
    """Tell how much each view has to do with the answers, of each brand.

    Parameters
    ----------
    said : Said
        What is said.
    posts : Posts
        Those that are counted.
    random_state : int
        Seed of the posts that are asked about.

    Returns
    -------
    list of Driver
        All brands first; empty where the answers are no model's, or of one view.
    """
    if said.scorer is None or not hasattr(said.scorer, "explain"):
        return []
    rng = np.random.default_rng(random_state)
    some = np.sort(rng.permutation(len(posts))[:_EXPLAINED])
    told = said.scorer.explain(said.read.iloc[posts.rows[some]])
    views = list(dict.fromkeys(view for each in told for view in each.views))
    if len(views) < 2:
        return []
    found = []
    for code in [None, *range(len(posts.brands))]:
        chosen = [
            (i, each) for i, each in zip(some, told, strict=True)
            if code is None or posts.brand[i] == code
        ]  # fmt: skip
        brand = None if code is None else posts.brands[code]
        found += [each for view in views if (each := _driver(view, brand, chosen, posts))]
    return found


def _driver(view: str, brand: str | None, chosen: list[Any], posts: Posts) -> Driver | None:
    from hybridsent.quantification import mean_of_numbers

    there = [
        (i, each.views[view].share)
        for i, each in chosen
        if not each.views[view].missing and each.views[view].share is not None
    ]
    if not there:
        return None
    rows = np.array([i for i, _ in there])
    index: Any = mean_of_numbers([share for _, share in there], groups=posts.clusters(rows)).index
    bounded = type(index)(index.value, max(index.low, 0.0), min(index.high, 1.0))
    missing = sum(each.views[view].missing for _, each in chosen)
    return Driver(view, brand, bounded, len(there), missing)
