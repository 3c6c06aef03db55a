"""The model behind a service: rows in, answers out, in its own threads (layer L7)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.exceptions import (
    CellError,
    HybridsentError,
    LicenceError,
    MediaError,
    StoreError,
    WeightsError,
    WeightsNotFoundError,
)
from hybridsent.media._modality import named
from hybridsent.serve._batcher import Job
from hybridsent.serve._fields import Field, fields_of
from hybridsent.serve._limits import Limits, RefusedError
from hybridsent.serve._rows import Row, row_of, table_of

if TYPE_CHECKING:
    from hybridsent.scoring import Scorer

__all__ = ["Engine"]

_FILE = 8
_BOUNDS = {"max_pixels": ("pixels", "all_pixels"), "max_seconds": ("seconds", "all_seconds")}
"""For parameters of encoders the limit of one cell, and that of all cells of a request."""

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
        bounds = {name: getattr(self.limits, one) for name, (one, _) in _BOUNDS.items()}
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

    @cached_property
    def _measures(self) -> list[tuple[str, str, Any, dict[str, Any]]]:
        """What is measured of which column: its limit, by which function, and who reads it."""
        from hybridsent.encoders._nesting import encoders_of, names_of
        from hybridsent.media import get_modality

        return [
            (name, limit.parameter, named(limit.measure), encoder.get_params(deep=False))
            for _, encoder, column in encoders_of(self.scorer.model)
            for limit in get_modality(encoder.modality).limits
            if limit.measure is not None and limit.parameter in _BOUNDS
            for name in names_of(column)
        ]

    def has_files(self, row: Row) -> bool:
        """Tell whether a row holds files whose size is limited.

        Parameters
        ----------
        row : Row
            The row.

        Returns
        -------
        bool
            Whether `check_together` has anything to look at.
        """
        return any(name in row.cells for name, *_ in self._measures)

    def check_together(self, rows: Sequence[Row]) -> None:
        """Refuse rows whose files are too large together, as far as they tell without decoding.

        Parameters
        ----------
        rows : sequence of Row
            Those of a request.

        Raises
        ------
        RefusedError
            If they are (413).
        """
        found: Counter[str] = Counter()
        for name in {name for name, *_ in self._measures}:
            for row in rows:
                cell = row.cells.get(name)
                for item in cell if isinstance(cell, list) else [cell]:
                    if isinstance(item, bytes):
                        found.update(self._size(name, item))
            for parameter, size in found.items():
                limit = _BOUNDS[parameter][1]
                most = getattr(self.limits, limit)
                if size > most:
                    raise _too_much(limit, most)

    def _size(self, column: str, content: bytes) -> dict[str, float]:
        """Tell how large a file is; of several that read it, by the one that reads most."""
        found: dict[str, float] = {}
        for name, parameter, measure, reader in self._measures:
            if name != column:
                continue
            with suppress(MediaError):  # who reads it says what is wrong with it
                size = measure(content, reader)
                found[parameter] = max(size, found.get(parameter, 0.0))
        return found

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


def _too_much(limit: str, most: float) -> RefusedError:
    what = {
        "all_pixels": f"pictures and frames of more than {most:,.12g} pixels",
        "all_seconds": f"sounds of more than {most:,.12g} seconds",
    }[limit]
    return RefusedError(
        413,
        "too_much",
        f"The request holds {what} in all. Send fewer of them at once, in several requests, or "
        "make them smaller before.",
    )


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
