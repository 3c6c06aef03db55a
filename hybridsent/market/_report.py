"""Make a report of a market from a table of posts (layer L7)."""

from __future__ import annotations

import time as clock
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._hints import did_you_mean
from hybridsent._tables import as_table
from hybridsent.exceptions import TableError
from hybridsent.market._answers import Said, ask
from hybridsent.market._caveats import caveats_of
from hybridsent.market._cells import Cell, Estimator, gaps_of, voices_of
from hybridsent.market._changes import changes_in, odd_periods
from hybridsent.market._drivers import drivers_of
from hybridsent.market._examples import examples_of, space_of
from hybridsent.market._kind import strange_views
from hybridsent.market._posts import PERIODS, Posts, read_posts
from hybridsent.market._result import MarketReport, Shown
from hybridsent.market._topics import (
    Topics,
    cluster_topics,
    column_topics,
    read_terms,
    space_of_texts,
)

if TYPE_CHECKING:
    import os

    import pandas as pd

__all__ = ["market_report"]


def market_report(
    table: Any,
    scorer: Any = None,
    *,
    by: str | None = None,
    time: str | None = None,
    prediction: str | None = None,
    topic: str | None = "auto",
    period: str = "week",
    author: str | None = None,
    unique: bool = False,
    text: str | Sequence[str] | None = None,
    timezone: str = "UTC",
    day_first: bool | None = None,
    values: Mapping[Any, float] | None = None,
    method: str = "auto",
    min_posts: int = 20,
    most_brands: int = 12,
    n_examples: int = 3,
    on_error: str = "raise",
    base: str | os.PathLike[str] | None = None,
    random_state: int = 0,
    **how: Any,
) -> MarketReport:
    """Tell the sentiment of posts over time, by brand and by topic.

    The index of some posts is the mean worth of their classes, from -1 (all negative) to 1 (all
    positive), or the mean of predicted numbers. Where the model knows what it mistakes, the index
    is corrected for it, and the one that counts answers stands beside it.

    Parameters
    ----------
    table : DataFrame
        A post a row.
    scorer : Scorer, estimator or "zero-label", default=None
        A fitted model, or ``"zero-label"`` for words, emoji and ratings that need none (see
        `hybridsent.weak.ZeroLabelClassifier`). None reads the column `prediction`.
    by : str or None, default=None
        Column of the brand (or product, place, party …); a row without one is not counted. None is
        all posts together.
    time : str or None, default=None
        Column of the time, as `hybridsent.datasets.read_times` reads it.
    prediction : str or None, default=None
        Column of answers that are there already; their probabilities are in ``p_LABEL`` where there
        are such columns. A row without an answer is not counted.
    topic : str or None, default="auto"
        Column of topics; ``"auto"`` clusters what the model sees in the posts, or their words where
        that gives no stable topics; None tells none.
    period : {"hour", "day", "week", "month", "quarter", "year"}, default="week"
        How time is cut; weeks begin on Monday.
    author : str or None, default=None
        Column of who wrote a post, whose posts are no independent ones; None takes each post for
        one of its own.
    unique : bool, default=False
        Whether posts that say nearly the same as an earlier one of their brand, such as retweets
        and those of bots, are left out.
    text : str, sequence of str or None, default=None
        Columns of texts; None takes those that the model reads, or the one that is found.
    timezone : str, default="UTC"
        In which periods are cut, and of times that tell none.
    day_first : bool or None, default=None
        How dates such as 03/04/2026 are read; None refuses what may be either.
    values : mapping of label to number or None, default=None
        What a post of each class is worth; None knows names of polarity and numbers.
    method : {"auto", "count", "mean", "acc", "pacc", "emq"}, default="auto"
        How the index is corrected, as `hybridsent.quantification.prevalence` takes it.
    min_posts : int, default=20
        How many posts an index needs to be shown.
    most_brands : int, default=12
        How many brands are told apart, those with most posts.
    n_examples : int, default=3
        How many posts of each kind are shown.
    on_error : {"raise", "missing"}, default="raise"
        Whether a time that cannot be read is refused, or the post counted without one.
    base : str, os.PathLike or None, default=None
        Folder of media.
    random_state : int, default=0
        Seed of clusters, random orders, and of the posts whose views are told apart.
    **how : object
        What else `hybridsent.scoring.Scorer.read` takes.

    Returns
    -------
    MarketReport
        All numbers; ``report()`` makes the page.

    Raises
    ------
    TableError
        If a column is not there, a time cannot be read, or no post can be counted.
    ValueError
        If a parameter is none of what it may be.

    See Also
    --------
    hybridsent.quantification.prevalence : How an index and its interval are estimated.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.market import market_report
    >>> posts = pd.DataFrame(
    ...     {
    ...         "brand": ["Acme", "Brio"] * 20,
    ...         "created_at": ["2026-03-02", "2026-03-03", "2026-03-10", "2026-03-11"] * 10,
    ...         "sentiment": ["positive", "negative", "positive", "positive"] * 10,
    ...     }
    ... )
    >>> told = market_report(posts, by="brand", time="created_at", prediction="sentiment")
    >>> [(cell.brand, round(cell.index.value, 2)) for cell in told.brands]
    [('Acme', 1.0), ('Brio', 0.0)]
    >>> told.series["Brio"][1].period, told.series["Brio"][1].n
    ('2026-03-09', 10)
    """
    start = clock.monotonic()
    rows = as_table(table)
    _check(period, min_posts, most_brands, n_examples, on_error)
    texts = _texts(rows, scorer, text, [by, time, author, prediction, topic])
    said = ask(rows, scorer, prediction=prediction, texts=texts, base=base, how=how)
    posts = read_posts(
        rows,
        by=by,
        time=time,
        author=author,
        texts=texts,
        period=period,
        timezone=timezone,
        day_first=day_first,
        on_error=on_error,
        unique=unique,
        most_brands=most_brands,
        without=said.without,
    )
    estimator = Estimator(said, posts, values, method, min_posts)
    everything = np.arange(len(posts))
    overall = estimator.cell(everything)
    brands = list(_brands(estimator)) if by is not None else []
    series = _series(estimator, by is not None)
    named = {name: row for name, row in series.items() if name is not None or by is None}
    tested = {"" if name is None else name: row for name, row in named.items()}
    topics = _topics(topic, said, posts, random_state)
    topic_cells = list(_topic_cells(estimator, topics, by is not None))
    every = [overall, *brands, *(c for row in series.values() for c in row), *topic_cells]
    settings = {
        "by": by, "time": time, "topic": topic, "period": period, "author": author,
        "unique": unique, "timezone": str(timezone), "method": method, "min_posts": min_posts,
        "scored_by": said.by, "scorer": said.name, "rows": len(rows), "counted": len(posts),
    }  # fmt: skip
    caveats = caveats_of(
        said,
        posts,
        estimator,
        every,
        n=len(rows),
        timezone=str(timezone),
        period=period,
        strange=strange_views(said, posts, random_state),
    )
    return MarketReport(
        overall,
        brands,
        series,
        gaps_of(estimator, brands),
        _voices(posts) if by is not None else {},
        odd_periods(tested),
        changes_in(tested, random_state),
        topics,
        topic_cells,
        drivers_of(said, posts, random_state),
        examples_of(said, posts, estimator, n_examples),
        caveats,
        estimator.ends,
        estimator.values,
        Shown(posts, said, settings),
        clock.monotonic() - start,
    )


def _check(period: str, min_posts: int, most_brands: int, n_examples: int, on_error: str) -> None:
    from hybridsent._params import check_count

    if period not in PERIODS:
        raise ValueError(
            f"The period parameter must be one of {list(PERIODS)}. Got {period!r}."
            f"{did_you_mean(str(period), list(PERIODS))}"
        )
    if on_error not in ("raise", "missing"):
        raise ValueError(f"The on_error parameter must be 'raise' or 'missing'. Got {on_error!r}.")
    check_count(min_posts, "min_posts", "market_report", least=1)
    check_count(most_brands, "most_brands", "market_report", least=1)
    check_count(n_examples, "n_examples", "market_report", least=0)


def _texts(
    table: pd.DataFrame, scorer: Any, text: str | Sequence[str] | None, aside: list[str | None]
) -> list[str]:
    """Name the columns of texts: those that are given, that a model reads, or the one found."""
    from hybridsent.datasets import detect_modalities
    from hybridsent.scoring import Scorer

    if text is not None:
        named = [text] if isinstance(text, str) else list(text)
        for name in named:
            if list(table.columns).count(name) != 1:
                raise TableError(
                    f"The text parameter must name columns of the table. Got {name!r}; the table "
                    f"has {[str(each) for each in table.columns[:20]]}."
                )
        return named
    if scorer is not None and not isinstance(scorer, str):
        asked = scorer if isinstance(scorer, Scorer) else Scorer(scorer)
        found = [each.column for each in asked.inputs if each.modality in ("text", None)]
        read = [name for name in dict.fromkeys(found) if name in table.columns]
        if read:
            return [name for name in read if _is_text(table[name])]
    once = table.loc[:, ~table.columns.duplicated()]
    told = detect_modalities(
        once, exclude=[each for each in aside if each is not None and each in once.columns]
    )
    return [told["text"]] if "text" in told else []


def _is_text(column: pd.Series) -> bool:
    return any(isinstance(cell, (str, bytes, list)) for cell in column.tolist()[:1000])


def _brands(estimator: Estimator) -> Iterator[Cell]:
    posts = estimator.posts
    for code, name in enumerate(posts.brands):
        yield estimator.cell(np.flatnonzero(posts.brand == code), brand=name)


def _series(estimator: Estimator, branded: bool) -> dict[str | None, list[Cell]]:
    posts = estimator.posts
    if not posts.periods:
        return {}
    found: dict[str | None, list[Cell]] = {}
    codes: list[int | None] = [None, *(range(len(posts.brands)) if branded else [])]
    for code in codes:
        own = np.ones(len(posts), dtype=bool) if code is None else posts.brand == code
        name = None if code is None else posts.brands[code]
        found[name] = [
            estimator.cell(np.flatnonzero(own & (posts.period == i)), brand=name, period=start)
            for i, start in enumerate(posts.periods)
        ]
    return found


def _voices(posts: Posts) -> dict[str | None, dict[str | None, Any]]:
    found: dict[str | None, dict[str | None, Any]] = {None: voices_of(posts, np.arange(len(posts)))}
    for i, start in enumerate(posts.periods):
        told = voices_of(posts, np.flatnonzero(posts.period == i))
        if told:
            found[start] = told
    return found


def _topics(topic: str | None, said: Said, posts: Posts, random_state: int) -> Topics | None:
    if topic is None:
        return None
    columns = [posts.table[name].tolist() for name in posts.texts]
    terms = read_terms(columns) if columns else [[] for _ in range(len(posts))]
    if topic != "auto":
        if list(posts.table.columns).count(topic) != 1:
            raise TableError(
                f"The topic parameter must be 'auto', None or one column of the table. Got "
                f"{topic!r}; the table has {[str(each) for each in posts.table.columns[:20]]}."
            )
        from hybridsent.market._posts import name_of

        names = [name_of(cell) for cell in posts.table[topic].tolist()]
        return column_topics(names, space_of_texts(terms, random_state), terms)
    return _clustered(said, posts, terms, random_state)


def _clustered(
    said: Said, posts: Posts, terms: list[list[str]], random_state: int
) -> Topics | None:
    """Cluster what the model sees; the words of posts where that gives no stable topics."""
    found = []
    for by in ("model", "texts"):
        space = space_of(said, posts) if by == "model" else space_of_texts(terms, random_state)
        topics = None if space is None else cluster_topics(space, terms, by, random_state)
        if topics is not None and topics.stable and len(topics.topics) > 2:
            return topics
        found += [] if topics is None else [topics]
    return max(found, key=lambda each: (each.stable, len(each.topics)), default=None)


def _topic_cells(estimator: Estimator, topics: Topics | None, branded: bool) -> Iterator[Cell]:
    if topics is None:
        return
    posts = estimator.posts
    for i, topic in enumerate(topics.topics):
        own = topics.of == i
        yield estimator.cell(np.flatnonzero(own), topic=topic.name)
        for code, name in enumerate(posts.brands if branded else []):
            rows = np.flatnonzero(own & (posts.brand == code))
            yield estimator.cell(rows, topic=topic.name, brand=name)
