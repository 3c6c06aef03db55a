"""Which row to label next, and when to stop (layer L3)."""

from hybridsent.active._advice import Advice, stop_advice
from hybridsent.active._pool import Pool
from hybridsent.active._rank import rank_rows
from hybridsent.active._registry import list_queries, register_query

__all__ = ["Advice", "Pool", "list_queries", "rank_rows", "register_query", "stop_advice"]
