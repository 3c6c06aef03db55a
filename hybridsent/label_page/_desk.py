"""The desk at which a table is labelled: rows, answers, learner and output (layer L7)."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._groups import group_codes
from hybridsent._tables import as_table, check_names_differ
from hybridsent.exceptions import TableError
from hybridsent.label_page._features import Features
from hybridsent.label_page._journal import Journal
from hybridsent.label_page._labelling import Labelling, check_name
from hybridsent.label_page._learner import Learner
from hybridsent.label_page._pieces import Piece, Pieces
from hybridsent.label_page._progress import guess_of, progress_of
from hybridsent.label_page._question import Question
from hybridsent.label_page._question_found import question_of
from hybridsent.label_page._result import write_labels
from hybridsent.label_page._rows import row_ids
from hybridsent.scoring._words import listed

if TYPE_CHECKING:
    import os

__all__ = ["Desk", "open_desk"]


class Desk:
    """All that the page of one table stands on.

    Parameters
    ----------
    table : DataFrame
        As it was read: what is written back.
    rows : DataFrame
        As encoders read it: with absolute paths and lists.
    target : str
        Column of the labels.
    labelling : Labelling
        The answers so far.
    pieces : Pieces
        What is shown of the rows.
    output : Path
        Where labels are written.
    media : sequence of str
        Columns of paths.
    base : Path or None
        Folder from which paths of the table are seen.
    """

    def __init__(
        self,
        table: Any,
        rows: Any,
        target: str,
        labelling: Labelling,
        pieces: Pieces,
        output: Path,
        media: Sequence[str],
        base: Path | None,
    ) -> None:
        self.table, self.rows, self.target = table, rows, target
        self.labelling, self.pieces, self.output = labelling, pieces, output
        self.media, self.base = list(media), base
        self._saving = threading.Lock()
        self._warming: set[int] = set()

    def start(self) -> None:
        """Encode and learn in threads."""
        self.labelling.learner.start()
        features = self.labelling.learner.features
        features.start(self._encoded)

    def _encoded(self, done: int) -> None:
        """Learn again when there are many more features than before."""
        features = self.labelling.learner.features
        if done >= features.n or done % 256 == 0 or done <= 64:
            self.labelling.teach()

    def save(self) -> list[Path]:
        """Write the labels into the output."""
        with self._saving:
            return write_labels(
                self.table,
                self.target,
                self.labelling,
                self.output,
                media=self.media,
                base=self.base,
            )

    def close(self) -> None:
        """End the threads, and let others have the journal."""
        self.labelling.learner.stop()
        self.labelling.learner.features.stop()
        self.labelling.journal.close()

    def warm(self, row: int) -> None:
        """Make the copies of a row that will be shown next, in a thread."""
        if row in self._warming:
            return
        self._warming.add(row)

        def make() -> None:
            try:
                self.pieces.of(row)
            finally:
                self._warming.discard(row)

        threading.Thread(target=make, name="hybridsent-warm", daemon=True).start()

    def shown(self, row: int, who: str) -> dict[str, Any]:
        """Describe a row, as JSON of the page."""
        name = self.labelling.ids[row]
        person = self.labelling.annotators.get(who)
        answer = None if person is None else person.answers.get(row)
        return {
            "row": name,
            "number": row + 1,
            "pieces": [
                _told(piece, f"/media/{name}/{i}") for i, piece in enumerate(self.pieces.of(row))
            ],
            "flagged": bool(person and row in person.flagged),
            "note": "" if person is None else person.notes.get(row, ""),
            "answer": None if answer is None else {"do": answer[0], "value": answer[1]},
        }

    def view(self, who: str, *, guess_for: int | None = None) -> dict[str, Any]:
        """Give all that the page shows: the row, the name of the next one, and how far it is."""
        coming = self.labelling.upcoming(who)
        if coming[1:]:
            self.warm(coming[1])
        return {
            "now": self.shown(coming[0], who) if coming else None,
            "then": self.labelling.ids[coming[1]] if coming[1:] else None,
            "progress": progress_of(self.labelling, who),
            "guess": None if guess_for is None else guess_of(self.labelling, guess_for),
        }


def open_desk(
    table: Any,
    target: str,
    *,
    output: str | os.PathLike[str],
    features: Any = None,
    classes: Sequence[Any] | None = None,
    task: str = "auto",
    limits: tuple[float, float] | None = None,
    columns: Mapping[str, str] | None = None,
    facts: Sequence[str] = (),
    rows: Any = None,
    base: str | os.PathLike[str] | None = None,
    media: Sequence[str] = (),
    groups: Any = None,
    strategy: str = "auto",
    annotators: Sequence[str] = ("me",),
    overlap: float = 0.1,
    learned: bool = False,
    random_state: int = 0,
) -> Desk:
    """Open the journal, and set up all that the page stands on; nothing runs yet.

    Parameters
    ----------
    table : DataFrame
        The rows.
    target : str
        The column of the labels.
    output, features, classes, task
        As `make_app` takes them.
    limits : (float, float) or None, default=None
        Its `range`.
    columns, facts, rows, base, media, groups, strategy, annotators, overlap, learned
        As `make_app` takes them.
    random_state : int, default=0
        Seed of the order of rows.

    Returns
    -------
    Desk
        The desk.

    Raises
    ------
    TableError
        As `make_app` raises it.
    ValueError
        If features, groups or a parameter do not fit the table.
    """
    if not 0 <= overlap <= 1:
        raise ValueError(f"The overlap parameter must be a share from 0 to 1. Got {overlap}.")
    table = as_table(table)
    check_names_differ(table)
    read = table if rows is None else as_table(rows, "rows")
    if not len(table) or len(read) != len(table):
        raise TableError(
            "The table must have rows to be labelled, and rows as many. Got "
            f"{len(table)} and {len(read)}."
        )
    codes = group_codes(groups, len(table))
    shown = _shown_columns(read, target, columns, facts)
    cells = table[target].tolist() if target in table.columns else [None] * len(table)
    question = question_of(cells, target=target, task=task, classes=classes, limits=limits)
    file = Path(output).expanduser()
    journal = _opened(file, table, target, question, [*shown, *facts])
    try:
        order = np.random.default_rng(random_state).permutation(len(table))
        known = [question.answer_of(cell) for cell in cells]
        there = np.array([answer is not None for answer in known])
        order = np.concatenate([order[there[order]], order[~there[order]]])
        made = Features(len(table), features, read, order=order, learned=learned)
        _check_strategy(strategy, question)
        learner = Learner(
            question,
            made,
            strategy=strategy,
            groups=codes,
            random_state=random_state,
        )
        labelling = Labelling(
            row_ids(table, journal.head["columns"]),
            question,
            known,
            journal,
            learner,
            votes=_votes(table, target, question),
            overlap=overlap,
            random_state=random_state,
        )
        for name in annotators:
            labelling.annotator(check_name(name))
    except BaseException:  # whatever it is, nobody else can have the journal before it is closed
        journal.close()
        raise
    pieces = Pieces(read, shown, [name for name in facts if name not in shown])
    folder = None if base is None else Path(base)
    return Desk(table, read, target, labelling, pieces, file, media, folder)


def _shown_columns(
    rows: Any, target: str, columns: Mapping[str, str] | None, facts: Sequence[str]
) -> dict[str, str]:
    unknown = [name for name in [*(columns or {}), *facts] if name not in rows.columns]
    if unknown:
        raise TableError(
            f"The columns and facts parameters must name columns of the table. Got {unknown[0]!r}; "
            f"it has {listed(rows.columns)}."
        )
    if columns is not None:
        return dict(columns)
    from hybridsent.datasets import detect_modalities

    raw = rows.loc[:, ~rows.columns.duplicated()]
    aside = [name for name in raw.columns if str(name).startswith(f"{target}_")]
    found = detect_modalities(raw, exclude=[target, *facts, *aside])
    return {column: kind for kind, column in found.items()}


def _opened(
    file: Path, table: Any, target: str, question: Question, columns: Sequence[str]
) -> Journal:
    """Open the journal beside the output; one of another target or question is refused."""
    if not file.absolute().parent.is_dir():
        raise TableError(f"There is no folder {file.absolute().parent}. Create it first.")
    if file.is_dir():
        raise TableError(
            f"The output parameter must be a file. {file} is a folder; name a file in it."
        )
    of_content = list(columns) or [str(name) for name in table.columns if name != target]
    head = {"target": target, "kind": question.kind, "columns": of_content}
    journal = Journal(file.with_name(file.name + ".labels.jsonl"), head)
    had = journal.head
    lacking = [name for name in had.get("columns", []) if name not in table.columns]
    if had.get("target") != target or had.get("kind") != question.kind or lacking:
        journal.close()
        what = f"{had.get('target')!r} ({had.get('kind')})"
        lack = f", and its rows are known by {lacking[0]!r}, which is no column" if lacking else ""
        raise TableError(
            f"{journal.path} holds labels of {what}, not of {target!r} ({question.kind}){lack}; "
            "go on with that, choose another output, or move the file away."
        )
    return journal


def _check_strategy(strategy: str, question: Question) -> None:
    """Refuse a strategy that is not known, or not for numbers, before anybody labels."""
    if strategy == "table":
        return
    from hybridsent.active import rank_rows

    y = question.empty(4)
    y[0], y[1] = (0, 1) if question.kind != "numbers" else (question.low, question.high)
    rank_rows(np.eye(4), y, strategy=strategy)


def _votes(table: Any, target: str, question: Question) -> dict[str, list[Any]]:
    """Read the columns of annotators, ``TARGET_NAME``, that an earlier output has."""
    found: dict[str, list[Any]] = {}
    for column in table.columns:
        name = str(column).removeprefix(f"{target}_")
        if name == str(column) or not name:
            continue
        cells = table[column].tolist()
        try:
            answers = [question.answer_of(cell) for cell in cells]
        except (TypeError, ValueError):
            continue
        there = sum(answer is not None for answer in answers)
        filled = sum((isinstance(cell, str) and bool(cell)) or cell == cell for cell in cells)
        if there and 2 * there >= filled:
            found[name] = answers
    return found


def _told(piece: Piece, address: str) -> dict[str, Any]:
    told: dict[str, Any] = {"column": piece.column, "kind": piece.kind, "cut": piece.cut}
    if piece.content:
        told["uri"] = address
    else:
        told["text"] = piece.text
    return told
