"""What posts are about: clusters of what the model sees in them, or a column (layer L7).

scikit-learn clusters; how many clusters, and which of them can be trusted, is told here by whether
other posts would give the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.market._words import telling_words, terms_in

__all__ = ["STABLE", "Topic", "Topics", "cluster_topics", "column_topics", "space_of_texts"]

STABLE = 0.6
"""Jaccard index from which on a cluster is found again in other posts (Hennig: below, it should not
be trusted)."""
_ALIKE = 0.7  # adjusted Rand index of halves from which on a number of clusters is stable
_NEARLY = 0.1  # less than the most stable number, which is as good
_MOST = 12  # topics
_SAMPLE = 3_000  # posts by which the number is chosen
_PAIRS = 4  # of halves
_AGAIN = 12  # samples with replacement by which each cluster is judged
_WIDTH = 50
_FEWEST = 60  # posts
_TYPICAL = 3


@dataclass(frozen=True)
class Topic:
    """What some posts are about.

    Parameters
    ----------
    name : str
        The value of the column, or the three most telling words; ``"topic 2"`` where none tells.
    words : list of str
        The most telling words.
    typical : list of int
        Posts nearest to its middle, by their positions among those that are counted.
    n : int
        Posts.
    stability : float or None, default=None
        Mean Jaccard index of the cluster and the one most like it among those of posts drawn again;
        None of a column.
    """

    name: str
    words: list[str]
    typical: list[int]
    n: int
    stability: float | None = None


@dataclass(frozen=True, eq=False)
class Topics:
    """All topics.

    Parameters
    ----------
    topics : list of Topic
        Those with most posts first.
    of : ndarray of int of shape (n,)
        Topic of each post; -1 for none.
    by : {"column", "model", "texts"}
        What tells topics apart.
    tried : dict of int to float, default={}
        Numbers of clusters, and how alike two halves of the posts are clustered.
    """

    topics: list[Topic]
    of: np.ndarray
    by: str
    tried: dict[int, float] = field(default_factory=dict)

    @property
    def stable(self) -> bool:
        """Whether two halves of the posts are clustered alike."""
        return self.tried.get(len(self.topics), 0.0) >= _ALIKE


def space_of_texts(terms: list[list[str]], random_state: int = 0) -> np.ndarray | None:
    """Place texts by their words: latent semantic analysis of TF-IDF.

    Parameters
    ----------
    terms : list of n lists of str
        Words of each.
    random_state : int, default=0
        Seed.

    Returns
    -------
    ndarray of shape (n, d) or None
        None where there are too few words.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    if sum(map(bool, terms)) < _FEWEST:
        return None
    most = 0.5 if len(terms) > 200 else 1.0
    counter = TfidfVectorizer(
        analyzer=lambda words: words, min_df=3, max_df=most, max_features=20_000, sublinear_tf=True
    )
    try:
        counts = counter.fit_transform(terms)
    except ValueError:  # no word is left
        return None
    width = min(_WIDTH, counts.shape[1] - 1)
    if width < 2:
        return None
    return np.asarray(TruncatedSVD(width, random_state=random_state).fit_transform(counts))


def cluster_topics(
    space: np.ndarray, terms: list[list[str]], by: str, random_state: int = 0
) -> Topics | None:
    """Cluster posts by where they lie, into as many topics as other posts would have, too.

    Posts are brought to 50 principal components and length one (so that distance is that of
    directions) and clustered by k-means. For each number of clusters up to 12, halves of up to 3000
    posts are clustered, and how alike they cluster all of these is measured by the adjusted Rand
    index. The largest number is taken whose mean is within 0.1 of the best, and 0.7 at least; where
    there is none, the one with the largest mean. Each cluster is then judged by itself: posts are
    drawn again, with replacement, and the Jaccard index of the cluster and the one most like it is
    averaged.

    Parameters
    ----------
    space : ndarray of shape (n, d)
        Features of the posts; a row that is all NaN has no topic.
    terms : list of n lists of str
        Words of each, by which topics are told.
    by : {"model", "texts"}
        What made the features.
    random_state : int, default=0
        Seed.

    Returns
    -------
    Topics or None
        None where there are too few posts.

    References
    ----------
    Ben-Hur, Elisseeff, Guyon: A stability based method for discovering structure in clustered data,
    Pacific Symposium on Biocomputing 2002. Hennig: Cluster-wise assessment of cluster stability,
    Computational Statistics & Data Analysis 2007.
    """
    placed = _directions(space, random_state)
    there = np.flatnonzero(np.isfinite(placed).all(axis=1) & (np.abs(placed).sum(axis=1) > 0))
    if len(there) < _FEWEST:
        return None
    rng = np.random.default_rng(random_state)
    some = rng.permutation(there)[:_SAMPLE]
    tried = _tried(placed[some], rng)
    if not tried:
        return None
    best = max(tried.values())
    stable = [k for k, alike in tried.items() if alike >= max(_ALIKE, best - _NEARLY)]
    k = max(stable) if stable else max(tried, key=lambda each: tried[each])
    model = _fitted(placed[some], k, rng, 5)
    trusted = _trusted(placed[some], model.predict(placed[some]), k, rng)
    of = np.full(len(placed), -1)
    of[there] = model.predict(placed[there])
    return _named(of, k, placed, model.cluster_centers_, terms, by, trusted, tried)


def column_topics(
    names: list[str | None], space: np.ndarray | None, terms: list[list[str]], most: int = _MOST
) -> Topics:
    """Take topics from a column.

    Parameters
    ----------
    names : list of n str or None
        Of each post; None for none.
    space : ndarray of shape (n, d) or None
        Where posts lie, by which the typical ones are told; None takes the first ones.
    terms : list of n lists of str
        Words of each.
    most : int, default=12
        How many are shown, those with most posts.

    Returns
    -------
    Topics
        Those of the column.
    """
    from collections import Counter

    ranked = sorted(
        Counter(each for each in names if each is not None).items(), key=lambda e: (-e[1], e[0])
    )[:most]
    place = {name: i for i, (name, _) in enumerate(ranked)}
    of = np.array([-1 if each is None else place.get(each, -1) for each in names], dtype=int)
    placed = np.zeros((len(names), 1)) if space is None else _directions(space, 0)
    placed = np.nan_to_num(placed)
    middles = np.array([placed[of == i].mean(axis=0) for i in range(len(ranked))])
    told = _named(of, len(ranked), placed, middles, terms, "column", None, {})
    renamed = [
        Topic(name, each.words, each.typical, each.n)
        for (name, _), each in zip(ranked, told.topics, strict=True)
    ]
    return Topics(renamed, told.of, "column")


def _directions(space: np.ndarray, random_state: int) -> np.ndarray:
    from sklearn.decomposition import PCA

    values = np.asarray(space, dtype=np.float64)
    bare = ~np.isfinite(values).any(axis=1)
    middle = np.nan_to_num(np.nanmean(values[~bare], axis=0)) if not bare.all() else 0.0
    values = np.where(np.isfinite(values), values, middle) - middle
    if values.shape[1] > _WIDTH and len(values) > _WIDTH:
        rng = np.random.default_rng(random_state)
        some = rng.permutation(np.flatnonzero(~bare))[: 4 * _SAMPLE]
        if len(some) > _WIDTH:
            reduced = PCA(_WIDTH, svd_solver="randomized", random_state=random_state)
            values = reduced.fit(values[some]).transform(values)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    values = values / np.where(length > 1e-12, length, 1.0)
    values[bare] = np.nan
    return np.asarray(values)


def _fitted(points: np.ndarray, k: int, rng: Any, n_init: int) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=n_init, random_state=int(rng.integers(2**31))).fit(points)


def _tried(points: np.ndarray, rng: Any) -> dict[int, float]:
    from sklearn.metrics import adjusted_rand_score

    distinct = len(np.unique(points.round(6), axis=0))
    most = min(_MOST, len(points) // 30, distinct // 4)
    found = {}
    halves = [rng.permutation(len(points)) for _ in range(_PAIRS)]
    for k in range(2, most + 1):
        alike = []
        for order in halves:
            sides = np.array_split(order, 2)
            one, other = (_fitted(points[side], k, rng, 3).predict(points) for side in sides)
            alike.append(adjusted_rand_score(one, other))
        found[k] = float(np.mean(alike))
    return found


def _trusted(points: np.ndarray, of: np.ndarray, k: int, rng: Any) -> list[float]:
    """Give of each cluster how well it is found again (Hennig's mean Jaccard index)."""
    found = np.zeros((_AGAIN, k))
    for draw in range(_AGAIN):
        drawn = np.unique(rng.integers(len(points), size=len(points)))
        again = _fitted(points[drawn], k, rng, 1).labels_
        both = np.zeros((k, k))
        np.add.at(both, (of[drawn], again), 1)
        either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None] - both
        found[draw] = (both / np.maximum(either, 1)).max(axis=1)
    return [float(each) for each in found.mean(axis=0)]


def _named(
    of: np.ndarray,
    k: int,
    placed: np.ndarray,
    middles: np.ndarray,
    terms: list[list[str]],
    by: str,
    trusted: list[float] | None,
    tried: dict[int, float],
) -> Topics:
    """Put topics in the order of their size, and tell what they are about."""
    sizes = np.bincount(of[of >= 0], minlength=k)
    order = np.argsort(-sizes, kind="stable") if by != "column" else np.arange(k)
    place = np.empty(k, dtype=int)
    place[order] = np.arange(k)
    new = np.where(of >= 0, place[of], -1)
    words = telling_words(terms, new, k)
    topics, names = [], set()
    for i, old in enumerate(order):
        members = np.flatnonzero(new == i)
        near = members[np.argsort(-(placed[members] @ middles[old]), kind="stable")]
        name = ", ".join(words[i][:3]) or f"topic {i + 1}"
        name = name if name not in names else f"{name} ({i + 1})"
        names.add(name)
        topics.append(
            Topic(
                name,
                words[i],
                _different(near[:60], terms),
                int(sizes[old]),
                None if trusted is None else trusted[old],
            )
        )
    return Topics(topics, new, by, tried)


def _different(near: np.ndarray, terms: list[list[str]]) -> list[int]:
    """Take the nearest posts that do not say the same."""
    found: list[int] = []
    seen: set[tuple[str, ...]] = set()
    for row in near.tolist():
        said = tuple(terms[row])
        if said not in seen or not said:
            found.append(row)
            seen.add(said)
        if len(found) == _TYPICAL:
            break
    return found


def read_terms(columns: list[list[Any]]) -> list[list[str]]:
    """Give the words of each post, over all of its columns of texts.

    Parameters
    ----------
    columns : list of list of object
        Cells of each column.

    Returns
    -------
    list of list of str
        Of each post.

    Examples
    --------
    >>> from hybridsent.market._topics import read_terms
    >>> read_terms([["a slow train"], [None]])
    [['slow', 'train']]
    """
    rows = zip(*columns, strict=True)
    return [[word for cell in cells for word in terms_in(cell)] for cells in rows]
