"""What a report of a market holds: numbers as a table, JSON, a picture and a page (layer L7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.evaluation.results._result import Result
from hybridsent.market._caveats import Caveat
from hybridsent.market._cells import Cell, Gap
from hybridsent.market._changes import Change, Odd
from hybridsent.market._drivers import Driver
from hybridsent.market._examples import Example
from hybridsent.market._topics import Topics

if TYPE_CHECKING:
    import os

    import pandas as pd

    from hybridsent.evaluation import Report
    from hybridsent.market._answers import Said
    from hybridsent.market._posts import Posts

__all__ = ["COLUMNS", "MarketReport", "Shown"]

COLUMNS = (
    "measure",
    "brand",
    "versus",
    "topic",
    "period",
    "label",
    "value",
    "low",
    "high",
    "p",
    "p_adjusted",
    "n",
    "enough",
    "method",
)
"""Of the tidy table."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, eq=False)
class Shown:
    """The posts behind a result, by which a page shows some of them.

    Parameters
    ----------
    posts : Posts
        Those that are counted.
    said : Said
        What is said about the rows of the table.
    settings : dict
        How the report was asked for.
    """

    posts: Posts
    said: Said
    settings: dict[str, Any]


@dataclass(frozen=True, repr=False, eq=False)
class MarketReport(Result):
    """Sentiment of a market: over time, by brand, by topic.

    It prints as a table, is one (`to_frame`), plain JSON (`to_dict`), a picture (`plot`) and a page
    (`report`), all of the same numbers.

    Parameters
    ----------
    overall : Cell
        All posts.
    brands : list of Cell
        Each brand, the one with most posts first.
    series : dict of str to list of Cell
        The periods of each brand; under None those of all posts.
    gaps : list of Gap
        Brands against each other.
    voices : dict of str to dict
        Share of the posts that each brand has: under None of all, under the beginning of a period
        of it.
    odd : list of Odd
        Periods that stand out.
    changes : list of Change
        Periods from which on the index is another one.
    topics : Topics or None
        What posts are about.
    topic_cells : list of Cell
        Each topic, and each topic of each brand.
    drivers : list of Driver
        What views have to do with the answers.
    examples : list of Example
        Posts that are shown.
    caveats : list of Caveat
        What a reader has to know about the data.
    ends : (float, float)
        The lowest and the highest index that there may be.
    values : dict or None
        What a post of each class is worth.
    shown : Shown
        The posts behind it.
    seconds : float
        Wall time.

    See Also
    --------
    market_report : Makes one.
    """

    overall: Cell
    brands: list[Cell]
    series: dict[str | None, list[Cell]]
    gaps: list[Gap]
    voices: dict[str | None, dict[str | None, Any]]
    odd: list[Odd]
    changes: list[Change]
    topics: Topics | None
    topic_cells: list[Cell]
    drivers: list[Driver]
    examples: list[Example]
    caveats: list[Caveat]
    ends: tuple[float, float]
    values: dict[Any, float] | None
    shown: Shown = field(repr=False)
    seconds: float

    @property
    def notes(self) -> list[str]:  # type: ignore[override]  # told of the caveats, in words
        """What the reader should know, in English."""
        from hybridsent.market._told import caveats_in, words_of

        return caveats_in(self, words_of("en"))

    def to_frame(self) -> pd.DataFrame:
        """Give all numbers as a tidy table.

        Returns
        -------
        DataFrame
            A row for each measure of a brand, topic and period, which are empty where it is of all:
            ``measure``, ``brand``, ``versus``, ``topic``, ``period``, ``label`` (of a class or a
            view), ``value``, ``low``, ``high`` (of 95 %), ``p``, ``p_adjusted``, ``n``, ``enough``
            (posts to be shown), ``method``.
        """
        import pandas as pd

        frame = pd.DataFrame(self._records(), columns=list(COLUMNS))
        texts = ["measure", "brand", "versus", "topic", "period", "label", "method"]
        return frame.astype(dict.fromkeys(texts, object))

    def save_numbers(self, path: str | os.PathLike[str]) -> Path:
        """Write the tidy table into a file.

        Parameters
        ----------
        path : str or os.PathLike
            The file; its ending tells the format, such as ``"numbers.csv"``. In csv and tsv, names
            that a spreadsheet would take for a formula begin with an apostrophe.

        Returns
        -------
        Path
            The file.
        """
        from hybridsent.datasets import write_table

        frame = self.to_frame()
        if Path(path).suffix.lower() in (".csv", ".tsv"):
            for name in ("brand", "versus", "topic", "label"):
                frame[name] = [_harmless(cell) for cell in frame[name].tolist()]
        write_table(frame, path)
        return Path(path)

    def report(
        self, *, language: str = "en", title: str | None = None, content: bool = True,
        command: str | None = None,
    ) -> Report:  # fmt: skip
        """Write all of it as one page of HTML for people.

        Parameters
        ----------
        language : {"en", "zh"}, default="en"
            English or Chinese.
        title : str or None, default=None
            Title of the page; None is ``"Market report"`` in its language.
        content : bool, default=True
            Whether texts, pictures, sounds and clips of posts may be shown. They may hold personal
            data: False leaves them out, of topics, too.
        command : str or None, default=None
            The command that made it, word by word.

        Returns
        -------
        Report
            The page; ``save("report.html")`` writes it.

        Raises
        ------
        ValueError
            If the language is not known.
        """
        from hybridsent.market._page import page_of_market

        return page_of_market(self, language, title, content, command)

    def plot(self, *, ax: Any = None, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw the index of each brand over time; without times, that of each brand.

        Parameters
        ----------
        ax : matplotlib axes or None, default=None
            Where to draw; None makes a figure of a column's width.
        path : str, os.PathLike or None, default=None
            File to save the figure to.

        Returns
        -------
        matplotlib axes
            What was drawn on.

        Raises
        ------
        MissingDependencyError
            If matplotlib is not installed.
        """
        from hybridsent.market._plot import plot_index

        return plot_index(self, ax, path)

    # -- what `Result` asks for

    def _headline(self) -> str:
        from hybridsent.market._told import headline, words_of

        return headline(self, words_of("en"))

    def _table(self) -> Sequence[Sequence[object]]:
        rows: list[Sequence[object]] = [("", "posts", "of all", "index", "95 %", "as answered")]
        voices = self.voices.get(None, {})
        for cell in [*self.brands, self.overall]:
            share = None if cell.brand is None else voices.get(cell.brand)
            rows.append(
                (
                    "all" if cell.brand is None else cell.brand,
                    f"{cell.n:,}",
                    "100%" if share is None else f"{share.value:.0%}",
                    *_written(cell),
                )
            )
        return rows

    def _remarks(self) -> list[str]:
        from hybridsent.market._told import findings_in, words_of

        return ["", *findings_in(self, words_of("en")), ""]

    def _facts(self) -> dict[str, Any]:
        topics = self.topics
        return {
            "ends": self.ends,
            "values": None if self.values is None else {str(k): v for k, v in self.values.items()},
            "settings": self.shown.settings,
            "topics": []
            if topics is None
            else [
                {"name": t.name, "words": t.words, "n": t.n, "stability": t.stability}
                for t in topics.topics
            ],
            "numbers": [{k: v for k, v in row.items() if v is not None} for row in self._records()],
            "examples": [
                {"kind": e.kind, "row": e.row, "brand": e.brand, "said": e.said, "sure": e.sure}
                for e in self.examples
            ],
        }

    def _records(self) -> list[dict[str, Any]]:
        blank = dict.fromkeys(COLUMNS)
        return [{**blank, **row} for row in self._rows()]

    def _rows(self) -> Iterator[dict[str, Any]]:
        cells = [self.overall, *self.brands]
        cells += [cell for row in self.series.values() for cell in row]
        for cell in [*cells, *self.topic_cells]:
            yield from _rows_of(cell)
        for period, told in self.voices.items():
            n = self.overall.n if period is None else self._size(period)
            for brand, share in told.items():
                yield {
                    "measure": "share_of_voice", "brand": OTHERS if brand is None else brand,
                    "period": period, **_ends(share), "n": n, "enough": True, "method": "count",
                }  # fmt: skip
        method = self.overall.method
        for gap in self.gaps:
            yield {
                "measure": "difference", "brand": gap.brand,
                "versus": REST if gap.versus is None else gap.versus, **_tested(gap),
                "method": f"{method}, Holm",
            }  # fmt: skip
        for odd in self.odd:
            yield {
                "measure": "stands_out", "brand": odd.brand, "period": odd.period,
                **_tested(odd, odd.difference), "method": f"{method}, Benjamini-Hochberg",
            }  # fmt: skip
        for change in self.changes:
            yield {
                "measure": "change", "brand": change.brand, "period": change.period,
                **_tested(change, change.difference), "method": f"{method}, permutations",
            }  # fmt: skip
        for driver in self.drivers:
            yield {
                "measure": "share_of_decision", "brand": driver.brand, "label": driver.view,
                **_ends(driver.share), "n": driver.n, "enough": True, "method": "Shapley",
            }  # fmt: skip

    def _size(self, period: str) -> int:
        return next((c.n for c in self.series.get(None, []) if c.period == period), 0)


OTHERS = "(others)"
"""How the table calls brands that are shown together."""
REST = "(all others)"
"""How the table calls all brands but one."""


def _rows_of(cell: Cell) -> Iterator[dict[str, Any]]:
    where = {
        "brand": cell.brand, "topic": cell.topic, "period": cell.period,
        "n": cell.n, "enough": cell.enough,
    }  # fmt: skip
    yield {**where, "measure": "posts", "value": float(cell.n), "method": "count"}
    if cell.index is not None:
        yield {**where, "measure": "index", **_ends(cell.index), "method": cell.method}
    if cell.raw is not None and cell.raw is not cell.index:
        yield {**where, "measure": "index_raw", **_ends(cell.raw), "method": "count"}
    for label, share in cell.shares.items():
        told = {"measure": "share", "label": str(label), "method": cell.method}
        yield {**where, **told, **_ends(share)}


def _ends(told: Any) -> dict[str, float]:
    return {"value": told.value, "low": told.low, "high": told.high}


def _tested(each: Any, value: float | None = None) -> dict[str, Any]:
    value = each.value if value is None else value
    low, high = each.low, each.high
    return {
        "value": value, "low": low, "high": high, "p": each.p, "p_adjusted": each.p_adjusted,
        "n": each.n, "enough": True,
    }  # fmt: skip


def _written(cell: Cell) -> tuple[str, str, str]:
    if cell.index is None or not cell.enough:
        return ("too few", "", "")
    ends = f"[{cell.index.low:+.2f}, {cell.index.high:+.2f}]"
    same = cell.raw is None or cell.raw is cell.index
    return (f"{cell.index.value:+.2f}", ends, "" if same else f"{cell.raw.value:+.2f}")


def _harmless(cell: Any) -> Any:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
