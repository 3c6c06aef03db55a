"""Who labelled what, and which row comes next: the state behind the page (layer L7).

All of it is replayed from the journal, which is written before anybody is told; so a server that is
killed knows afterwards what it knew before.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from hybridsent._numerics.votes import NO_VOTE, majority_codes
from hybridsent.label_page._agreeing import agreement_in_words
from hybridsent.label_page._journal import Journal
from hybridsent.label_page._learner import Learner
from hybridsent.label_page._question import Question

__all__ = ["Annotator", "Labelling", "RefusedError", "check_name"]

_HELD_FOR = 600.0  # seconds for which a row that is shown to one is not shown to another
_LONGEST_NAME = 40
_LONGEST_NOTE = 2_000
_ANSWERS = ("label", "skip", "unknown")


class RefusedError(ValueError):
    """What the page sent cannot be done; the message says why."""


class Annotator:
    """What one person did.

    Attributes
    ----------
    answers : dict of int to (str, object)
        Of each row the last answer: ``("label", value)``, ``("skip", None)`` or ``("unknown",
        None)``.
    done : list of (str, int, object)
        Answers that may be taken back: their event, row, and what stood there before.
    flagged : set of int
        Rows that were flagged.
    notes : dict of int to str
        Notes on rows.
    shown : list of int
        Rows that were promised: the one on the screen, and the next.
    again : int or None
        The row whose answer was taken back last, which is shown once more.
    seen : float
        When the page was last heard of.
    """

    def __init__(self) -> None:
        self.answers: dict[int, tuple[str, Any]] = {}
        self.done: list[tuple[str, int, tuple[str, Any] | None]] = []
        self.flagged: set[int] = set()
        self.notes: dict[int, str] = {}
        self.shown: list[int] = []
        self.again: int | None = None
        self.seen = 0.0

    @property
    def labels(self) -> dict[int, Any]:
        """Labels by row."""
        return {row: value for row, (do, value) in self.answers.items() if do == "label"}

    def count(self, do: str) -> int:
        """Count the rows with an answer of a kind."""
        return sum(each == do for each, _ in self.answers.values())


def check_name(name: Any) -> str:
    """Check the name of an annotator.

    Parameters
    ----------
    name : object
        As it was given.

    Returns
    -------
    str
        The name, without spaces around it.

    Raises
    ------
    RefusedError
        If it is none.

    Examples
    --------
    >>> from hybridsent.label_page._labelling import check_name
    >>> check_name(" Anna ")
    'Anna'
    """
    text = " ".join(name.split()) if isinstance(name, str) else ""
    if not text or len(text) > _LONGEST_NAME or not text.isprintable():
        raise RefusedError(
            f"The name of an annotator must be 1 to {_LONGEST_NAME} letters that can be shown. Got "
            f"{str(name)[:60]!r}."
        )
    return text


class Labelling:
    """The rows, the answers so far, and the row that comes next.

    Parameters
    ----------
    ids : sequence of str
        Name of each row, as `row_ids` gives it.
    question : Question
        What is asked.
    known : sequence of object
        Of each row the answer that the table holds already, or None.
    journal : Journal
        Where every answer is written down.
    learner : Learner
        What ranks the rows.
    votes : mapping of str to sequence, default=None
        Answers of annotators that the table holds already, by name.
    overlap : float, default=0.1
        Share of the rows that two annotators label, so that they can be compared.
    random_state : int, default=0
        Seed of the order of rows that nothing ranks.
    """

    def __init__(
        self,
        ids: Sequence[str],
        question: Question,
        known: Sequence[Any],
        journal: Journal,
        learner: Learner,
        *,
        votes: Mapping[str, Sequence[Any]] | None = None,
        overlap: float = 0.1,
        random_state: int = 0,
    ) -> None:
        self.ids, self.question, self.journal, self.learner = list(ids), question, journal, learner
        self.known = {row: answer for row, answer in enumerate(known) if answer is not None}
        self.votes = {
            name: {row: each for row, each in enumerate(cells) if each is not None}
            for name, cells in (votes or {}).items()
        }
        self.annotators: dict[str, Annotator] = {}
        self.overlap = overlap
        self.strangers = 0
        self.changed = 0
        self._row = {name: row for row, name in enumerate(self.ids)}
        self._events: set[str] = set()
        self._order: list[int] = []
        self._labelled: Counter[int] = Counter()
        for row in [*self.known, *(row for cells in self.votes.values() for row in cells)]:
            self._count(row, 1)
        self.lock = threading.RLock()
        chance = np.random.default_rng(random_state)
        rows = chance.permutation(len(self.ids))
        self._by_chance = (np.sort(rows) if learner.strategy == "table" else rows).tolist()
        self.agreement = ""
        learner.after = self._compare
        for event in journal.events:
            self._replay(event)
        self.teach()

    # -- what was written down -----------------------------------------------------------------

    def _replay(self, event: Mapping[str, Any]) -> None:
        """Do again what an event says; one of a row or class that is gone is counted."""
        row = self._row.get(str(event.get("row")))
        do, value = event.get("do"), event.get("value")
        try:
            who = check_name(event.get("who"))
            if row is None:
                raise RefusedError("gone")
            if do == "label":
                value = self.question.read(value)
        except ValueError:
            self.strangers += do in ("label", "unknown")
            return
        self._apply(who, row, str(do), value, str(event.get("id")))

    def _apply(self, who: str, row: int, do: str, value: Any, event: str) -> None:
        person = self.annotators.setdefault(who, Annotator())
        self._events.add(event)
        if do in _ANSWERS:
            before = person.answers.get(row)
            person.done.append((event, row, before))
            self._answer(person, row, (do, value))
        elif do == "undo":
            place = next((i for i, each in enumerate(person.done) if each[0] == value), None)
            if place is not None:
                _, of, before = person.done.pop(place)
                self._answer(person, of, before)
        elif do == "flag":
            (person.flagged.add if value else person.flagged.discard)(row)
        elif do == "note":
            person.notes.pop(row, None)
            if value:
                person.notes[row] = _storable(str(value))

    def _answer(self, person: Annotator, row: int, answer: tuple[str, Any] | None) -> None:
        before = person.answers.pop(row, None)
        if before is not None and before[0] == "label":
            self._count(row, -1)
        if answer is not None:
            person.answers[row] = answer
            if answer[0] == "label":
                self._count(row, 1)

    def _count(self, row: int, by: int) -> None:
        self._labelled[row] += by
        if by > 0 and self._labelled[row] == 1:
            self._order.append(row)
        elif not self._labelled[row]:
            del self._labelled[row]
            self._order.remove(row)

    # -- what people do ------------------------------------------------------------------------

    def do(self, who: str, do: str, row_id: str, value: Any, event: str) -> bool:
        """Write down what an annotator does, and learn from it.

        Parameters
        ----------
        who : str
            Name of the annotator.
        do : {"label", "skip", "unknown", "flag", "note", "undo"}
            What is done.
        row_id : str
            The row; of ``"undo"`` nothing.
        value : object
            The label, whether it is flagged, or the note.
        event : str
            A name that the page gave the event: what arrives twice is done once.

        Returns
        -------
        bool
            False where it had been done before.

        Raises
        ------
        RefusedError
            If there is no such row or answer.
        OSError
            If it could not be written down; nothing was done then.
        """
        who = check_name(who)
        if not isinstance(event, str) or not 8 <= len(event) <= 80:
            raise RefusedError("An event must have a name of 8 to 80 letters.")
        with self.lock:
            if event in self._events:
                return False
            person = self.annotators.get(who) or Annotator()
            if do == "undo":
                if not person.done:
                    raise RefusedError("There is nothing to take back.")
                value, row, _ = person.done[-1]
            else:
                row = self.row(row_id)
                value = self._checked(do, value)
            self.journal.append(
                {
                    "do": do,
                    "who": who,
                    "row": self.ids[row],
                    "value": value,
                    "id": event,
                    "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                }
            )
            self._apply(who, row, do, value, event)
            person = self.annotators[who]
            if do == "undo":
                person.again = row
                person.shown = [row, *(each for each in person.shown if each != row)][:2]
            elif do in _ANSWERS:
                person.again = None
                person.shown = [each for each in person.shown if each != row]
            self.changed += 1
            if do in ("label", "undo"):
                self.teach()
        return True

    def _checked(self, do: str, value: Any) -> Any:
        if do == "label":
            try:
                return self.question.read(value)
            except ValueError as error:
                raise RefusedError(str(error)) from error
        if do == "note":
            if not isinstance(value, str) or len(value) > _LONGEST_NOTE:
                raise RefusedError(f"A note must be a text of at most {_LONGEST_NOTE} letters.")
            return _storable(value).strip()
        if do == "flag":
            return bool(value)
        if do not in _ANSWERS:
            raise RefusedError(f"There is no such thing to do: {str(do)[:40]!r}.")
        return None

    def row(self, row_id: Any) -> int:
        """Find a row by its name."""
        row = self._row.get(row_id) if isinstance(row_id, str) else None
        if row is None:
            raise RefusedError("There is no such row in the table.")
        return row

    def annotator(self, who: str) -> Annotator:
        """Give what an annotator did; a new name is kept from now on."""
        with self.lock:
            return self.annotators.setdefault(check_name(who), Annotator())

    # -- the next row --------------------------------------------------------------------------

    def upcoming(self, who: str) -> list[int]:
        """Give the row that an annotator sees, and the one after it; fewer at the end."""
        who = check_name(who)
        with self.lock:
            person = self.annotators.setdefault(who, Annotator())
            person.seen = time.monotonic()
            person.shown = [row for row in person.shown if self._wants(who, person, row)]
            while len(person.shown) < 2:
                row = self._pick(who, person)
                if row is None:
                    break
                person.shown.append(row)
            return list(person.shown)

    def _wants(self, who: str, person: Annotator, row: int) -> bool:
        """Whether a row that was promised is still to be labelled by this annotator."""
        answer = person.answers.get(row)
        if row == person.again:
            return True
        if answer is not None:
            return answer[0] == "skip"
        if row in self.known or row in self.votes.get(who, ()):
            return False
        return self._labelled[row] < (2 if self._is_shared(row) else 1)

    def _pick(self, who: str, person: Annotator) -> int | None:
        now = time.monotonic()
        others = [each for name, each in self.annotators.items() if name != who]
        held = {row for each in others if now - each.seen < _HELD_FOR for row in each.shown} | set(
            person.shown
        )

        def free(row: int) -> bool:
            return row not in held and row not in person.answers and self._wants(who, person, row)

        theirs = (row for each in others for row in each.labels if self._is_shared(row))
        ranking = self.learner.learned.ranking.tolist()
        for rows in (theirs, ranking, self._by_chance):
            for row in rows:
                if free(row):
                    return int(row)
        skipped = [row for row, (do, _) in person.answers.items() if do == "skip"]
        return next((row for row in skipped if row not in held), None)

    def _is_shared(self, row: int) -> bool:
        """Whether two are to label a row, which its name decides."""
        digest = hashlib.blake2b(self.ids[row].encode(), digest_size=4, person=b"overlap").digest()
        return int.from_bytes(digest) < self.overlap * 2**32

    # -- what is known -------------------------------------------------------------------------

    def votes_of(self) -> dict[str, dict[int, Any]]:
        """Give all labels by annotator and row: those of the table, and those given here."""
        with self.lock:
            names = dict.fromkeys([*self.votes, *self.annotators])
            found = {
                name: {
                    **self.votes.get(name, {}),
                    **(self.annotators[name].labels if name in self.annotators else {}),
                }
                for name in names
            }
        return {name: labels for name, labels in found.items() if labels}

    def teach(self) -> None:
        """Let the learner have the labels of now."""
        y = self.question.empty(len(self.ids))
        with self.lock:
            answers = self.labels_of()
            rows = [row for row in self._order if row in answers]
        for row in rows:
            y[row] = self.question.code(answers[row])
        self.learner.learn(y, rows)

    def _compare(self) -> None:
        """Compare annotators, in the thread of the learner."""
        self.agreement = agreement_in_words(self.question, self.votes_of())

    def counts(self) -> dict[str, int]:
        """Count the rows of each class or label, over all annotators."""
        found = Counter[str]()
        with self.lock:
            for each in self.labels_of().values():
                found.update([each] if isinstance(each, str) else each)
        return {name: found[name] for name in self.question.names}

    def labels_of(self) -> dict[int, Any]:
        """Give the labels of all rows that have one, where several agree on it."""
        votes: dict[int, list[Any]] = {}
        for labels in self.votes_of().values():
            for row, value in labels.items():
                votes.setdefault(row, []).append(value)
        return {**_joined(votes, self.question), **self.known}


def _storable(note: str) -> str:
    """Replace what no file can hold: half an emoji, as a text that is cut may end with, and NUL."""
    return note.replace("\0", "?").encode("utf-8", "replace").decode("utf-8")


def _joined(votes: Mapping[int, Sequence[Any]], question: Question) -> dict[int, Any]:
    """Make one answer a row: the mean, or what most said, of equals the first annotator."""
    found = {row: values[0] for row, values in votes.items()}
    several = {row: values for row, values in votes.items() if len(values) > 1}
    if question.kind == "numbers":
        return {**found, **{row: float(np.mean(values)) for row, values in several.items()}}
    if question.kind == "classes" and several:
        codes = np.full((len(several), max(map(len, several.values()))), NO_VOTE)
        for i, values in enumerate(several.values()):
            codes[i, : len(values)] = [question.code(value) for value in values]
        best = majority_codes(codes, len(question.names), ties="voter").tolist()
        return {**found, **{row: question.names[b] for row, b in zip(several, best, strict=True)}}
    for row, values in several.items():
        said = Counter(label for value in values for label in value)
        found[row] = [name for name in question.names if 2 * said[name] > len(values)]
    return found
