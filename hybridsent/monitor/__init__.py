"""Watch a stream of posts: an index with its interval, drift, alerts (layer L7).

Why by hand: stream processors (Flink, Kafka Streams, bytewax) bring clusters or brokers of their
own and know nothing of classifiers that are mistaken; what is needed here is one process, one file
of state, and the rules by which a post is counted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.monitor._export import broken_of, read_points
    from hybridsent.monitor._folder import Dropped
    from hybridsent.monitor._followed import Followed
    from hybridsent.monitor._lines import Lines
    from hybridsent.monitor._monitor import Monitor
    from hybridsent.monitor._page import make_app, serve_page
    from hybridsent.monitor._redis import RedisStream
    from hybridsent.monitor._source import Piece, Source
    from hybridsent.monitor._sources import open_source

_HOMES = {
    "Dropped": "hybridsent.monitor._folder",
    "Followed": "hybridsent.monitor._followed",
    "Lines": "hybridsent.monitor._lines",
    "Monitor": "hybridsent.monitor._monitor",
    "Piece": "hybridsent.monitor._source",
    "RedisStream": "hybridsent.monitor._redis",
    "Source": "hybridsent.monitor._source",
    "broken_of": "hybridsent.monitor._export",
    "make_app": "hybridsent.monitor._page",
    "open_source": "hybridsent.monitor._sources",
    "read_points": "hybridsent.monitor._export",
    "serve_page": "hybridsent.monitor._page",
}

__all__ = [
    "Dropped",
    "Followed",
    "Lines",
    "Monitor",
    "Piece",
    "RedisStream",
    "Source",
    "broken_of",
    "make_app",
    "open_source",
    "read_points",
    "serve_page",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
