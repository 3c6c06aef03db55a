"""The query strategies, by what they are given (layer L3).

scikit-activeml has all of them for classes, and is what the tests compare with. Its strategies
refuse NaN (a missing view), know neither groups nor sets of labels, spell out the gradient
embedding (for 4,000 rows, 1,700 columns and 7 classes 0.4 GB), and need a classifier of their own
kind. Any of them can be handed to `rank_rows` all the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hybridsent.active._batch import Spread, diverse
from hybridsent.active._labels_seen import Seen
from hybridsent.active._models import asked, linear_numbers, linear_probabilities
from hybridsent.active._pool import Pool

__all__ = [
    "Ask",
    "automatic",
    "badge",
    "clustered_margin",
    "committee",
    "core_set",
    "entropy",
    "least_confident",
    "margin",
    "random_rows",
    "typical",
    "variance",
]

FIRST = 10
"""Labels before which typical rows are asked for."""

_NEIGHBOURS = 20  # by which a row is typical, as in Hacohen 2022
_CLUSTERS = 100  # at most
_UNSURE = 10  # times the batch: the most unsure rows, which are clustered (Zhdanov 2019)
_FEW_ROWS = 5  # clusters of fewer are passed over, as in Hacohen 2022
_LOOKED_AT = 5000  # rows that are clustered
_MEMBERS = 5  # models of a committee where there is one view
_PRIOR = 4.0  # inverse penalty of the model whose variance is lowered
_MOST = 1000  # rows of a batch that are chosen so; the others are drawn
_BLOCK = 64  # labelled rows whose distances are held at a time


@dataclass
class Ask:
    """What a strategy may look at.

    Parameters
    ----------
    pool : Pool
        All rows.
    y : array of shape (n,)
        Labels, with marks.
    seen : Seen
        The same, read.
    rows : ndarray of int
        Rows that may be asked for.
    n : int
        How many are wanted.
    random : RandomState
        For all that is drawn.
    estimator : estimator or None, default=None
        Who learns.
    told : ndarray of shape (n, k) or None, default=None
        Probabilities that the caller has.
    """

    pool: Pool
    y: Any
    seen: Seen
    rows: np.ndarray
    n: int
    random: np.random.RandomState = field(repr=False)
    estimator: Any = None
    told: np.ndarray | None = None

    @property
    def can_judge(self) -> bool:
        """Whether there are probabilities, or labels from which a model learns them."""
        return self.told is not None or self.seen.can_learn

    @cached_property
    def probabilities(self) -> np.ndarray:
        """Probabilities of all rows: those that are told, or of a model that is fitted here."""
        if self.told is not None:
            return self.told
        if self.estimator is not None:
            return asked(self.estimator, self.pool, self.y, self.seen)
        return linear_probabilities(self.pool.values, self.seen)

    @property
    def unsure(self) -> np.ndarray:
        """Probabilities of the rows that may be asked for."""
        return np.asarray(self.probabilities[self.rows])

    def best(self, scores: np.ndarray) -> np.ndarray:
        """Take the rows with the highest scores that differ from each other."""
        return diverse(scores, self.rows, self.pool, self.n, self.random)


def _of_model(strategy: Callable[[Ask], np.ndarray]) -> Callable[[Ask], np.ndarray]:
    """Let a strategy ask for typical rows until there is a model."""

    @functools.wraps(strategy)
    def ask_first(ask: Ask) -> np.ndarray:
        return strategy(ask) if ask.can_judge else typical(ask)

    return ask_first


def random_rows(ask: Ask) -> np.ndarray:
    """Take any row; where groups are told, of one from which fewest were taken."""
    order = ask.random.permutation(len(ask.rows))
    if ask.pool.groups is None or ask.n == 1:
        return ask.rows[order[: ask.n]]
    codes = np.unique(ask.pool.groups[ask.rows[order]], return_inverse=True)[1]
    by_group = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[by_group], np.arange(codes.max() + 1))
    turn = np.empty(len(codes), dtype=int)
    turn[by_group] = np.arange(len(codes)) - starts[codes[by_group]]
    return ask.rows[order[np.argsort(turn, kind="stable")[: ask.n]]]


@_of_model
def least_confident(ask: Ask) -> np.ndarray:
    """Take rows whose most probable class has the lowest probability."""
    p = ask.unsure
    if ask.seen.kind == "sets":
        return ask.best(-np.maximum(p, 1 - p).prod(axis=1))
    return ask.best(-p.max(axis=1))


@_of_model
def margin(ask: Ask) -> np.ndarray:
    """Take rows whose two most probable classes are nearest; of sets, whose labels are near 1/2."""
    p = ask.unsure
    if ask.seen.kind == "sets":
        return ask.best(-np.abs(2 * p - 1).mean(axis=1))
    if p.shape[1] == 1:
        return ask.best(-p[:, 0])
    two = np.partition(p, -2, axis=1)[:, -2:]
    return ask.best(two[:, 0] - two[:, 1])


@_of_model
def clustered_margin(ask: Ask) -> np.ndarray:
    """Cluster the most unsure rows, weighed by how unsure, and take one of each cluster."""
    from sklearn.cluster import KMeans

    p = np.nan_to_num(ask.unsure, nan=0.0)
    if ask.seen.kind == "sets":
        doubt = 1 - np.abs(2 * p - 1).mean(axis=1)
    elif p.shape[1] == 1:
        doubt = 1 - p[:, 0]
    else:
        two = np.partition(p, -2, axis=1)[:, -2:]
        doubt = 1 - (two[:, 1] - two[:, 0])
    doubt = np.where(np.isnan(ask.unsure).any(axis=1), 0.0, doubt)  # not judged: last
    near = np.lexsort((ask.random.permutation(len(doubt)), -doubt))[: _UNSURE * ask.n]
    values = ask.pool.reduced[ask.rows[near]].astype(np.float64)
    k = min(ask.n, _CLUSTERS, len(np.unique(values, axis=0)))
    seed = ask.random.randint(2**31 - 1)
    means = KMeans(k, n_init=1, max_iter=30, random_state=seed)
    apart = means.fit_transform(values, sample_weight=doubt[near] + 1e-9)
    groups = None if ask.pool.groups is None else ask.pool.groups[ask.rows[near]]
    spread = Spread(groups, len(near))
    found = []
    for c in range(min(ask.n, len(near))):
        if c >= k:  # more are wanted than there are clusters: the most unsure of the others
            found.append(int(np.argmax(spread.allowed())))
        else:
            own = spread.allowed() & (means.labels_ == c)
            open_to = own if own.any() else spread.allowed()
            found.append(int(np.argmin(np.where(open_to, apart[:, c], np.inf))))
        spread.take(found[-1])
    found.sort(key=lambda i: -doubt[near[i]])  # the most informative first
    return ask.rows[near[found]]


@_of_model
def entropy(ask: Ask) -> np.ndarray:
    """Take rows of the highest entropy; of sets, that of all labels together."""
    p = ask.unsure
    parts = _entropies(p)
    if ask.seen.kind == "sets":
        parts = parts + _entropies(1 - p)
    return ask.best(parts.sum(axis=1))


def _entropies(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, -p * np.log(p), np.where(np.isnan(p), np.nan, 0.0))


@_of_model
def badge(ask: Ask) -> np.ndarray:
    """Choose by k-means++ on gradient embeddings: unsure rows, that differ in features or guess."""
    p = np.nan_to_num(ask.unsure, nan=0.0)
    guess = p > 0.5 if ask.seen.kind == "sets" else np.eye(p.shape[1])[p.argmax(axis=1)]
    return ask.rows[list(_plus_plus(p - guess, ask))]


def _plus_plus(factor: np.ndarray, ask: Ask) -> Iterator[int]:
    """Choose by k-means++ among factor ⊗ h, which is never spelt out."""
    h = ask.pool.reduced[ask.rows].astype(np.float64)
    lengths = np.einsum("ij,ij->i", factor, factor) * np.einsum("ij,ij->i", h, h)
    groups = ask.pool.groups
    spread = Spread(None if groups is None else groups[ask.rows], len(ask.rows))
    nearest = np.full(len(h), np.inf)
    for k in range(min(ask.n, len(ask.rows))):
        chance = np.where(spread.allowed(), nearest if k else lengths, 0.0)
        total = chance.sum()
        if total <= 0:  # all that is left is alike
            chance = spread.allowed().astype(np.float64)
            total = chance.sum()
        drawn = ask.random.choice(len(chance), p=chance / total) if k else np.argmax(chance)
        i = int(drawn)
        spread.take(i)
        yield i
        product = (factor @ factor[i]) * (h @ h[i])
        np.minimum(nearest, np.maximum(lengths + lengths[i] - 2 * product, 0.0), out=nearest)


def core_set(ask: Ask) -> np.ndarray:
    """Take the row farthest from all that are labelled or taken: k-centre greedy."""
    values = ask.pool.reduced
    mine = values[ask.rows]
    lengths = np.einsum("ij,ij->i", mine, mine, dtype=np.float64)
    nearest = np.full(len(mine), np.inf)
    labelled = np.flatnonzero(ask.seen.known & ask.pool.there)
    for start in range(0, len(labelled), _BLOCK):
        _bring_nearer(nearest, mine, lengths, values[labelled[start : start + _BLOCK]])
    groups = ask.pool.groups
    spread = Spread(None if groups is None else groups[ask.rows], len(ask.rows))
    found = []
    for _ in range(min(ask.n, len(ask.rows))):
        far = -lengths if np.isinf(nearest[0]) else nearest  # the first of all is in the middle
        i = int(np.argmax(np.where(spread.allowed(), far, -np.inf)))
        spread.take(i)
        found.append(i)
        _bring_nearer(nearest, mine, lengths, mine[i : i + 1])
    return ask.rows[found]


def _bring_nearer(
    nearest: np.ndarray, mine: np.ndarray, lengths: np.ndarray, others: np.ndarray
) -> None:
    theirs = np.einsum("ij,ij->i", others, others, dtype=np.float64)
    apart = lengths[:, None] + theirs - 2.0 * (mine @ others.T)
    np.minimum(nearest, np.maximum(apart.min(axis=1), 0.0), out=nearest)


def typical(ask: Ask) -> np.ndarray:
    """Take the most typical row of the largest cluster without a label."""
    from sklearn.cluster import KMeans

    labelled = np.flatnonzero(ask.seen.known & ask.pool.there)
    n = min(ask.n, len(ask.rows), _CLUSTERS)
    rows = ask.rows
    if len(rows) > _LOOKED_AT:
        rows = np.sort(ask.random.choice(rows, max(_LOOKED_AT, n), replace=False))
    if len(labelled) > _LOOKED_AT:
        labelled = ask.random.choice(labelled, _LOOKED_AT, replace=False)
    values = ask.pool.reduced[np.concatenate([rows, labelled])]
    k = int(min(len(labelled) + n, _CLUSTERS, len(np.unique(values, axis=0))))
    seed = ask.random.randint(2**31 - 1)
    clusters = KMeans(max(k, 1), n_init=1, random_state=seed, max_iter=50).fit(values).labels_
    groups = None if ask.pool.groups is None else ask.pool.groups[rows]
    found = list(_typical_in_turn(values, clusters, len(rows), n, Spread(groups, len(rows))))
    chosen = rows[found]
    if len(chosen) < min(ask.n, len(ask.rows)):  # more than there are clusters: any others
        rest = ask.random.permutation(ask.rows[~np.isin(ask.rows, chosen)])
        chosen = np.concatenate([chosen, rest[: ask.n - len(chosen)]])
    return chosen


def _typical_in_turn(
    values: np.ndarray, clusters: np.ndarray, m: int, n: int, spread: Spread
) -> Iterator[int]:
    """Give the most typical free row of the cluster with fewest labels, the largest first."""
    k = int(clusters.max()) + 1
    sizes = np.bincount(clusters, minlength=k)
    labels = np.bincount(clusters[m:], minlength=k)
    known: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for _ in range(n):
        allowed = spread.allowed()
        free = np.bincount(clusters[:m][allowed], minlength=k)
        order = sorted(
            np.flatnonzero(free).tolist(),
            key=lambda c: (sizes[c] < _FEW_ROWS, labels[c], -sizes[c], c),
        )
        if not order:
            return
        c = order[0]
        if c not in known:
            members = np.flatnonzero(clusters == c)
            known[c] = members, _typicality(values[members])
        members, worth = known[c]
        open_to = (members < m) & np.append(allowed, np.zeros(len(clusters) - m, bool))[members]
        i = int(members[np.argmax(np.where(open_to, worth, -1.0))])
        spread.take(i)
        labels[c] += 1
        yield i


def _typicality(values: np.ndarray) -> np.ndarray:
    """Give one over the mean distance to the 20 nearest rows of the cluster."""
    from sklearn.neighbors import NearestNeighbors

    near = min(_NEIGHBOURS, len(values) - 1)
    if near < 1:
        return np.ones(len(values))
    tree = NearestNeighbors(n_neighbors=near, algorithm="brute").fit(values)
    distances, _ = tree.kneighbors()
    return np.asarray(1.0 / (distances.mean(axis=1) + 1e-12))


def committee(ask: Ask) -> np.ndarray:
    """Take rows about which the models of the views, each fitted on its own, disagree most."""
    if not ask.seen.can_learn:
        return typical(ask)
    scores = (_spread_of_numbers if ask.seen.kind == "numbers" else _disagreement)(ask)
    return ask.best(scores[ask.rows])


def _members(ask: Ask, learn: Callable[..., np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give what each member says of all rows, and of which rows it can say something."""
    seen, pool = ask.seen, ask.pool
    told = 0
    if len(pool.views) > 1:
        for name in pool.views:
            values, present = pool.view(name)
            rows = np.flatnonzero(present[seen.known])
            if len(rows) > 1:
                told += 1
                yield learn(values, seen, rows), present
        if told > 1:
            return
    for _ in range(_MEMBERS):  # one view: the same model, of rows drawn with replacement
        rows = ask.random.randint(len(seen.target), size=len(seen.target))
        yield learn(pool.values, seen, rows), pool.there


def _disagreement(ask: Ask) -> np.ndarray:
    """Give the mean divergence of the members from their mean (McCallum & Nigam 1998)."""
    told = list(_members(ask, linear_probabilities))
    here = np.array([present for _, present in told])
    p = np.array([each for each, _ in told])
    if ask.seen.kind == "sets":
        p = np.stack([p, 1 - p], axis=-1).reshape(len(p), p.shape[1], -1)
    count = here.sum(axis=0)
    whole = np.maximum(count, 1)[:, None]
    mean = np.where(here[:, :, None], p, 0.0).sum(axis=0) / whole
    inner = np.where(here, _entropies(p).sum(axis=2), 0.0).sum(axis=0) / whole[:, 0]
    return np.where(count > 1, _entropies(mean).sum(axis=1) - inner, np.nan)


def _spread_of_numbers(ask: Ask) -> np.ndarray:
    """Give the variance of what the members predict."""
    told = list(_members(ask, linear_numbers))
    here = np.array([present for _, present in told])
    values = np.where(here, np.array([each for each, _ in told]), 0.0)
    count = here.sum(axis=0)
    mean = values.sum(axis=0) / np.maximum(count, 1)
    square = np.where(here, (values - mean) ** 2, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count > 1, square, np.nan)


@_of_model
def variance(ask: Ask) -> np.ndarray:
    """Take rows whose labels lower the variance of the predictions about all rows the most."""
    h = ask.pool.reduced.astype(np.float64)
    h = h / (np.sqrt(np.einsum("ij,ij->i", h, h).mean()) or 1.0)
    h = np.column_stack([h, np.ones(len(h))])
    p = np.nan_to_num(ask.probabilities, nan=0.0)
    weights = p * (1 - p)  # of each class beside all others
    mine = h[ask.rows]
    labelled = ask.seen.known
    parts = []
    for weight in weights.T[: 1 if _two_classes(ask) else None]:
        seen = np.eye(h.shape[1]) / _PRIOR + (h[labelled].T * weight[labelled]) @ h[labelled]
        everywhere = (h.T * weight) @ h / len(h)
        parts.append(_Variance(mine, np.linalg.inv(seen), everywhere, weight[ask.rows]))
    groups = ask.pool.groups
    spread = Spread(None if groups is None else groups[ask.rows], len(ask.rows))
    found = []
    for _ in range(min(ask.n, len(ask.rows), _MOST)):
        gain = np.sum([part.gains() for part in parts], axis=0)
        i = int(np.argmax(np.where(spread.allowed(), gain, -1.0)))
        spread.take(i)
        found.append(i)
        for part in parts:
            part.learn(i)
    rest = ask.random.permutation(np.flatnonzero(spread.free))
    return ask.rows[[*found, *rest[: ask.n - len(found)]]]


def _two_classes(ask: Ask) -> bool:
    return ask.seen.kind == "classes" and ask.probabilities.shape[1] == 2


class _Variance:
    """What the label of each row would take off the variance, kept as rows are taken."""

    def __init__(
        self, rows: np.ndarray, inverse: np.ndarray, target: np.ndarray, weights: np.ndarray
    ) -> None:
        self.rows, self.target, self.weights = rows, target, weights
        self.turned = rows @ inverse
        self.leverage = np.einsum("ij,ij->i", self.turned, rows)
        self.reach = np.einsum("ij,ij->i", self.turned @ target, self.turned)

    def gains(self) -> np.ndarray:
        return np.asarray(self.weights * self.reach / (1 + self.weights * self.leverage))

    def learn(self, i: int) -> None:
        """Add a row: a change of rank one (Sherman and Morrison)."""
        own, weight = self.turned[i].copy(), self.weights[i]
        factor = weight / (1 + weight * self.leverage[i])
        along = self.rows @ own
        across = self.turned @ (self.target @ own)
        self.reach += factor * along * (factor * along * (own @ self.target @ own) - 2 * across)
        self.leverage -= factor * along**2
        self.turned -= factor * np.outer(along, own)


def automatic(ask: Ask) -> np.ndarray:
    """Take typical rows for the first ten labels, then what was best in benchmarks."""
    labelled = int(ask.seen.known.sum())
    classes = 0 if ask.told is None or ask.seen.kind != "classes" else ask.told.shape[1]
    some_unseen = len(ask.seen.classes) < classes and labelled < 3 * classes
    if labelled < FIRST or some_unseen or not ask.seen.can_learn:
        return typical(ask)
    return core_set(ask) if ask.seen.kind == "numbers" else variance(ask)
