"""The model behind a service: rows in, answers out, in its own threads (layer L7)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.exceptions import (
    CellError,
    HybridsentError,
    LicenceError,
    StoreError,
    WeightsError,
    WeightsNotFoundError,
)
from hybridsent.serve._batcher import Job
from hybridsent.serve._fields import Field, fields_of
from hybridsent.serve._limits import Limits, RefusedError
from hybridsent.serve._rows import Row, row_of, table_of

if TYPE_CHECKING:
    from hybridsent.scoring import Scorer

__all__ = ["Engine"]

_FILE = 8
_CHARACTERS = 2_500


class Engine:
    """A model that is asked about rows of requests.

    Parameters
    ----------
    scorer : Scorer
        The model. How its cells are read is set here: within the limits, and, unless a store is
        named, in none, so that what strangers send is not kept.
    limits : Limits
        What may be asked of it.
    store : object, default=None
        The feature store of its encoders.
    n_jobs : int or None, default=None
        Threads that read and decode.

    Attributes
    ----------
    fields : list of Field
        What a request holds.
    warm : bool
        Whether it has answered once, so that nothing is left to be loaded.
    """

    def __init__(
        self, scorer: Scorer, limits: Limits, *, store: Any = None, n_jobs: int | None = None
    ) -> None:
        self.scorer, self.limits, self.store = scorer, limits, store
        self.fields = fields_of(scorer)
        self.warm = False
        self._configure(store, n_jobs)
        # neighbours of a row are those that came with it
        self.alone = scorer.needs_other_rows
        self._loading = threading.Lock()

    def _configure(self, store: Any, n_jobs: int | None) -> None:
        bounds = {"max_pixels": self.limits.pixels, "max_seconds": self.limits.seconds}
        given: dict[str, Any] = {"store": store, "on_error": "raise", "verbose": False}
        if n_jobs is not None:
            given["n_jobs"] = n_jobs
        for reader in self.scorer.readers:
            has = reader.get_params(deep=False)
            own = {name: min(value, has[name]) for name, value in bounds.items() if name in has}
            own |= {name: value for name, value in given.items() if name in has}
            reader.set_params(**own)

    @property
    def title(self) -> str:
        """What the model is called: the name of its file, not where it lies."""
        return Path(self.scorer.name).name

    # -- rows

    def weigh(self, row: Row) -> int:
        """Weigh a row by what it takes to read it: a short text is 1, a file 8.

        A small file may be a large picture or a long sound, which none but its decoder can tell.

        Parameters
        ----------
        row : Row
            The row.

        Returns
        -------
        int
            1 at least.
        """
        found = 0
        for field in self.fields:
            cell = row.cells.get(field.name)
            items = [] if cell is None else cell if isinstance(cell, list) else [cell]
            if field.kind == "media":
                found += _FILE * len(items)
            elif field.kind == "text":
                found += sum(1 + len(item) // _CHARACTERS for item in items)
        return max(1, found)

    def ask(self, jobs: Sequence[Job]) -> list[Any]:
        """Answer jobs; one that cannot be read spoils none of the others.

        Parameters
        ----------
        jobs : sequence of Job
            What `Batcher` gives.

        Returns
        -------
        list
            For each job a list of answers, or the exception that it met.
        """
        if self.alone and len(jobs) > 1:
            return [self.ask([job])[0] for job in jobs]
        try:
            return self._asked(jobs)
        except Exception as error:  # noqa: BLE001 - told to the client whose rows they are
            if len(jobs) == 1:
                return [_told(error, jobs[0].start)]
        half = len(jobs) // 2
        return [*self.ask(jobs[:half]), *self.ask(jobs[half:])]

    def _asked(self, jobs: Sequence[Job]) -> list[Any]:
        rows = [row for job in jobs for row in job.rows]
        explained = [job.explain for job in jobs for _ in job.rows]
        read = self._read(rows)
        found: list[Any] = [None] * len(rows)
        for explain, answered in ((True, self._explained), (False, self._answered)):
            at = [i for i, each in enumerate(explained) if each is explain]
            if at:
                part = read if len(at) == len(rows) else read.iloc[at]
                for i, answer in zip(at, answered(part, [rows[i] for i in at]), strict=True):
                    found[i] = answer
        answers = iter(found)
        return [[next(answers) for _ in job.rows] for job in jobs]

    def _read(self, rows: Sequence[Row]) -> Any:
        speech = {"store": self.store} if self.scorer.listens else None
        return self.scorer.read(table_of(rows, self.fields), speech=speech)

    def _explained(self, read: Any, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return [each.to_dict() for each in self.scorer.explain(read)]

    def _answered(self, read: Any, rows: Sequence[Row]) -> list[dict[str, Any]]:
        answers = self.scorer.answer(read)
        views = list(dict.fromkeys(view for field in self.fields for view in field.views))
        has = [
            {view for field in self.fields if field.name in row.given for view in field.views}
            for row in rows
        ]
        return [
            {
                "prediction": prediction,
                "probabilities": chances,
                "views": None,
                "set": None,
                "interval": None,
                "coverage": None,
                "missing": [view for view in views if view not in there],
                "notes": [],
            }
            for (prediction, chances), there in zip(answers.plain(), has, strict=True)
        ]

    # -- before the first row

    def warm_up(self) -> None:
        """Load all that an answer needs, and give one: a row of each input, and of all of them."""
        with self._loading:
            if self.warm:
                return
            examples = self.examples()
            cells = [{field.name: cell} for field, cell in examples]
            whole = {field.name: cell for field, cell in examples}
            # many at once, of many lengths, too: lanes and shapes are made ready when first met
            long = [
                {**whole, field.name: " ".join([cell] * n)}
                for field, cell in examples
                if field.kind == "text"
                for n in range(1, 9)
            ]
            for rows in (*([each] for each in cells), [whole], long):
                for explain in (True, False):
                    self._warm(rows, explain)
            self.warm = True

    def _warm(self, cells: list[dict[str, Any]], explain: bool) -> None:
        try:
            rows = [row_of(self.fields, each) for each in cells]
        except RefusedError:  # some other field must be there, of which there is no example
            return
        answer = self.ask([Job(rows, explain)])[0] if rows else []
        if isinstance(answer, Exception) and not isinstance(answer, RefusedError):
            raise answer

    def examples(self) -> list[tuple[Field, Any]]:
        """Give a cell for each field that there is an example of.

        Returns
        -------
        list of (Field, object)
            Fields and cells.
        """
        from hybridsent.media import get_modality
        from hybridsent.media._modality import named

        found: list[tuple[Field, Any]] = []
        for field in self.fields:
            if field.kind == "vector":
                found.append((field, [0.0] * len(field.columns)))
            elif field.modality is not None:
                example = get_modality(field.modality).example
                if example is not None:
                    found.append((field, named(example)()))
            elif field.kind == "text":
                found.append((field, "good"))
        return found


def _told(error: Exception, start: int) -> Exception:
    """Say what a client is told of an error; others are ours."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, CellError):
        return RefusedError(
            422,
            "unreadable",
            f"The field {error.column!r} cannot be read: {error.__cause__ or error}.",
            row=start + error.row if isinstance(error.row, int) else None,
            field=error.column,
        )
    if isinstance(error, (WeightsError, WeightsNotFoundError, LicenceError, StoreError)):
        return error
    if isinstance(error, HybridsentError):
        return RefusedError(422, "unreadable", str(error))
    if isinstance(error, MemoryError):
        return RefusedError(503, "no_memory", "The request needs more memory than there is.")
    return error
