"""The index of a brand, a period or a topic, and what tells two apart (layer L7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.market._answers import Said
from hybridsent.market._posts import Posts

__all__ = ["Cell", "Estimator", "Gap", "gaps_of", "known", "variance_by_labels", "voices_of"]


@dataclass(frozen=True, eq=False)
class Cell:
    """The posts of one brand, period or topic, or of several of these at once.

    Parameters
    ----------
    brand, topic, period : str or None
        Which; None is all of them. A period is told by its beginning.
    n : int
        Posts.
    enough : bool
        Whether there are as many as are needed for the index to be shown.
    index, raw : Estimate or None
        Corrected for what the model mistakes, and as the answers say; None where there are no
        posts.
    shares : dict of label to Estimate
        Of the classes, as `index` has them.
    method : str
        How `index` was estimated.
    variance : float
        Of the index, by what the posts happened to be.
    told : Prevalence or None, default=None
        What was estimated.
    """

    brand: str | None
    topic: str | None
    period: str | None
    n: int
    enough: bool
    index: Any
    raw: Any
    shares: dict[Any, Any]
    method: str
    variance: float
    told: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Gap:
    """How much higher the index of one brand is than that of another.

    Parameters
    ----------
    brand : str
        The first.
    versus : str or None
        The second; None is all other brands together.
    value, low, high : float
        The first less the second, with its interval.
    p, p_adjusted : float
        Two-sided, and corrected by Holm for all that were compared.
    n : int
        Posts of both.
    """

    brand: str
    versus: str | None
    value: float
    low: float
    high: float
    p: float
    p_adjusted: float
    n: int


class Estimator:
    """Estimates the index of any posts, always in the same way.

    Parameters
    ----------
    said : Said
        What is said about the rows of the table.
    posts : Posts
        Those that are counted.
    values : mapping of label to number or None
        What a post of each class is worth; None asks `hybridsent.quantification.class_values`.
    method : str
        As `hybridsent.quantification.prevalence` takes it.
    min_posts : int
        How many posts an index needs to be shown.

    Attributes
    ----------
    values : dict or None
        What each class is worth; None where numbers are told.
    worth : ndarray of shape (n,)
        Of the answer about each post.
    ends : (float, float)
        The lowest and the highest index that there may be.
    """

    def __init__(
        self,
        said: Said,
        posts: Posts,
        values: Mapping[Any, float] | None,
        method: str,
        min_posts: int,
    ) -> None:
        from hybridsent.quantification import class_values

        self.posts, self.classes, self.min_posts = posts, said.classes, min_posts
        self.reference = said.reference
        self.prediction = said.prediction[posts.rows]
        self.probabilities = None if said.probabilities is None else said.probabilities[posts.rows]
        self.method = method
        if said.classes is None:
            if values is not None or method not in ("auto", "mean"):
                named = "values" if values is not None else "method"
                raise ValueError(
                    f"The {named} parameter is about classes, and these answers are numbers, whose "
                    f"mean is the index. Got {values if values is not None else method!r}; leave "
                    "it out."
                )
            self.values, self.worth = None, self.prediction.astype(np.float64)
            self.ends = (float(self.worth.min()), float(self.worth.max()))
            return
        self.values = class_values(said.classes, values)
        place = {label: i for i, label in enumerate(said.classes)}
        worths = np.array([self.values[label] for label in said.classes])
        self.worth = worths[[place[_plain(each)] for each in self.prediction]]
        self.ends = (float(worths.min()), float(worths.max()))

    @property
    def corrects(self) -> bool:
        """Whether answers are corrected for what the model mistakes."""
        return (
            self.classes is not None
            and self.reference is not None
            and self.method not in ("count", "mean")
        )

    def cell(
        self,
        rows: np.ndarray,
        *,
        brand: str | None = None,
        topic: str | None = None,
        period: str | None = None,
    ) -> Cell:
        """Estimate the index of some posts, by their positions."""
        named, n = (brand, topic, period), len(rows)
        if not n:
            return Cell(*named, 0, False, None, None, {}, "", float("nan"))
        told, raw = self._told(rows), None
        if told.index is not None:
            raw = told.index if not self.corrects else self._told(rows, "count").index
        return Cell(
            *named,
            n,
            n >= self.min_posts,
            told.index,
            raw,
            told.shares,
            told.method,
            _variance(told, self.values),
            told,
        )

    def _told(self, rows: np.ndarray, method: str | None = None) -> Any:
        from hybridsent.quantification import mean_of_numbers, prevalence

        groups = self.posts.clusters(rows)
        if self.classes is None:
            return mean_of_numbers(self.worth[rows], groups=groups)
        return prevalence(
            None if self.probabilities is None else self.probabilities[rows],
            self.prediction[rows],
            self.reference if self.corrects else None,
            method=self.method if method is None else method,  # type: ignore[arg-type]  # checked there
            classes=self.classes,
            values=self.values,
            groups=groups,
        )


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def _variance(told: Any, values: Mapping[Any, float] | None) -> float:
    """Give the variance of the index by its posts alone; the reference is one for all."""
    if told.spread is None:
        return float("nan")
    v = _worths(told, values)
    return float(v @ told.spread.window @ v)


def variance_by_labels(told: Any, values: Mapping[Any, float] | None) -> float:
    """Give the variance of an index that comes of how few labels tell what the model mistakes.

    Parameters
    ----------
    told : Prevalence
        What was estimated.
    values : mapping of label to float or None
        What a post of each class is worth.

    Returns
    -------
    float
        Zero where nothing was corrected.
    """
    if told.spread is None or not told.spread.reference.size:
        return 0.0
    moves = _worths(told, values) @ told.spread.loading
    return float(moves @ told.spread.reference @ moves)


def _worths(told: Any, values: Mapping[Any, float] | None) -> np.ndarray:
    return np.ones(1) if values is None else np.array([values[c] for c in told.classes])


def gaps_of(estimator: Estimator, cells: Sequence[Cell], most_pairs: int = 15) -> list[Gap]:
    """Compare brands: each with each, or where these are many, each with all others together.

    Parameters
    ----------
    estimator : Estimator
        How an index is estimated.
    cells : sequence of Cell
        The brands.
    most_pairs : int, default=15
        How many pairs are compared at most.

    Returns
    -------
    list of Gap
        The largest first. Brands with few posts are not compared.
    """
    from itertools import combinations

    from hybridsent.quantification import compare_prevalences

    posts = estimator.posts
    there = [cell for cell in cells if cell.enough and cell.brand is not None]
    windows: dict[Any, Any] = {cell.brand: cell.told for cell in there}
    names = list(windows)
    pairs: list[tuple[Any, Any]] = list(combinations(names, 2))
    size: dict[Any, int] = {cell.brand: cell.n for cell in there}
    if len(pairs) > most_pairs:
        pairs = []
        for name in names:
            rest = np.flatnonzero(posts.brand != posts.brands.index(name))
            windows[name, "rest"] = estimator.cell(rest).told
            size[name, "rest"] = len(rest)
            pairs.append((name, (name, "rest")))
    found = [
        Gap(
            each.first,
            None if isinstance(each.second, tuple) else each.second,
            *(each.value, each.low, each.high, each.p, each.p_adjusted),
            size[each.first] + size[each.second],
        )
        for each in (compare_prevalences(windows, pairs) if pairs else [])
    ]
    turned = [
        each
        if each.value >= 0 or each.versus is None
        else Gap(
            each.versus, each.brand, -each.value, -each.high, -each.low,
            each.p, each.p_adjusted, each.n,
        )
        for each in found
    ]  # fmt: skip
    return sorted(turned, key=lambda each: (-abs(each.value), each.brand))


def voices_of(posts: Posts, rows: np.ndarray) -> dict[str | None, Any]:
    """Estimate which share of some posts each brand has.

    Parameters
    ----------
    posts : Posts
        All posts.
    rows : ndarray of int
        Positions of those that are asked about.

    Returns
    -------
    dict of str to Estimate
        Of each brand; None is those that are shown together.
    """
    from hybridsent.quantification import prevalence

    if not len(rows):
        return {}
    names: list[str | None] = [*posts.brands, *([None] if posts.others else [])]
    codes = np.where(posts.brand[rows] < 0, len(posts.brands), posts.brand[rows])
    told = prevalence(
        None,
        codes,
        method="count",
        classes=list(range(len(names))),
        groups=posts.clusters(rows),
    )
    return {name: told.shares[i] for i, name in enumerate(names)}


def known(cell: Cell) -> bool:
    """Tell whether the index of a cell is shown.

    Parameters
    ----------
    cell : Cell
        Posts.

    Returns
    -------
    bool
        Whether there are enough, and the index is a number.
    """
    return cell.enough and cell.index is not None and bool(np.isfinite(cell.index.value))
