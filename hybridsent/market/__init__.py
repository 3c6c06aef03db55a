"""A report of a market: sentiment over time, by brand and topic (layer L7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.market._report import market_report
    from hybridsent.market._result import MarketReport

_HOMES = {
    "MarketReport": "hybridsent.market._result",
    "market_report": "hybridsent.market._report",
}

__all__ = ["MarketReport", "market_report"]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
