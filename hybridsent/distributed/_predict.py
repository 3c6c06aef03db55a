"""Score a table of any size (layer L7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.distributed._run import How, Run, refused_neighbours, run

if TYPE_CHECKING:
    import pandas as pd

    from hybridsent.datasets import TablePieces
    from hybridsent.scoring import Scorer

__all__ = ["predict"]

_SAME_ANSWERS = ("device", "store", "n_jobs", "verbose", "batch_size", "local_files_only")
"""Parameters that may be others when a run is gone on with."""


def predict(
    model: str | os.PathLike[str] | Scorer,
    source: str | os.PathLike[str] | TablePieces,
    output: str | os.PathLike[str],
    *,
    rows: int = 10_000,
    prefix: str = "",
    resume: bool = False,
    scheduler: Any = None,
    workers: int | None = None,
    tries: int = 3,
    on_error: str = "raise",
    progress: bool | Callable[[int, int], None] = False,
    lists: Sequence[str] = (),
    speech: Mapping[str, Any] | None = None,
    configure: Mapping[str, Any] | None = None,
    trusted: Sequence[str] = (),
    plugins: Sequence[str | os.PathLike[str]] = (),
    paths: Sequence[str | os.PathLike[str]] = (),
) -> Run:
    """Score a table of any size, every row exactly once, whatever is killed meanwhile.

    The table is taken in pieces. Each is read, scored and written by a worker that keeps the model
    loaded; its answers are a file that is either whole or not there, so that a run that was stopped
    goes on by ``resume=True`` with what is missing. The cells of the table are written as the whole
    table would be, byte for byte. Probabilities and numbers are the same within 1e-6: the sums of
    matrix products depend in float32 on how many rows are multiplied at once.

    Parameters
    ----------
    model : str, PathLike or Scorer
        The file of a saved model, which workers elsewhere must see, too, or an opened one, which is
        sent to them.
    source : str, PathLike or TablePieces
        The table, as `hybridsent.datasets.iter_table` takes it, or what that gave.
    output : str or PathLike
        A file (``.csv``, ``.parquet``, ``.jsonl`` …), with the columns of the table and the
        answers; or a folder, which gets a Parquet file for each piece, ``part-000000.parquet`` and
        so on, and ``_manifest.json``. Finished pieces of a file wait beside it, in a folder named
        like it with ``.parts`` behind; once it stands, ``.run.json`` beside it says of which run.
    rows : int, default=10_000
        Rows of a piece.
    prefix : str, default=""
        How the names of the new columns begin.
    resume : bool, default=False
        Whether to go on with an earlier run. One over another table, model or parameters is
        refused; where there is none, one is begun; where it is finished, nothing is done.
    scheduler : str, Cluster or None, default=None
        Address of a scheduler of dask.distributed. Its workers must see the files of `source`,
        `model` and `output` under the same names.
    workers : int or None, default=None
        Processes to start on this machine, on 127.0.0.1: each has a graphics card, or a share of
        the cores. None, with no scheduler: this process alone, whose encoders use all cores.
    tries : int, default=3
        How often a piece is tried that fails, or under which workers die.
    on_error : {"raise", "skip"}, default="raise"
        What a piece does that failed so often: end the run (what is finished is kept), or leave its
        rows without an answer, which a warning tells. What a broken cell does, `configure` says.
    progress : bool or callable, default=False
        True draws a bar; a function gets the number of rows that are done, and of all.
    lists : sequence of str, default=()
        Columns whose cells hold several texts, as `Scorer.read` takes it.
    speech : mapping or None, default=None
        As `Scorer.read` takes it.
    configure : mapping or None, default=None
        What `Scorer.configure` takes, such as ``{"store": None, "on_error": "missing"}``.
        ``store="default"`` is a store of its own on each machine.
    trusted : sequence of str, default=()
        As `hybridsent.persist.load` takes it, for a model that is a file.
    plugins : sequence of str or PathLike, default=()
        The same.
    paths : sequence of str or PathLike, default=()
        The same.

    Returns
    -------
    Run
        What was done.

    Raises
    ------
    ResumeError
        If the output holds another run, or an earlier one and `resume` is False.
    ShardError
        If a piece was given up; the message names its rows and the cause.
    RunError
        If the model reads neighbours of a row, or there is no scheduler.
    TableError
        If the table cannot be read, lacks what the model reads, or has a column of an answer.

    See Also
    --------
    encode : Makes features of a table of any size.

    Notes
    -----
    In a script of one's own that asks for `workers`, the call stands under ``if __name__ ==
    "__main__":``, as for every library that starts processes.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.distributed import predict
    >>> from hybridsent.scoring import Scorer
    >>> posts = pd.DataFrame({"text": ["good", "fine", "bad", "awful"] * 3})
    >>> model = make_fusion(views={"text": "text/words"}).fit(posts, [1, 1, 0, 0] * 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     posts.to_csv(f"{folder}/posts.csv", index=False)
    ...     done = predict(Scorer(model), f"{folder}/posts.csv", f"{folder}/told.csv", rows=5)
    ...     print(done.n_shards, pd.read_csv(done.path)["prediction"].tolist()[:4])
    3 [1, 1, 0, 0]
    """
    from hybridsent.datasets import TablePieces, iter_table
    from hybridsent.scoring import Scorer

    how = How(resume, scheduler, workers, tries, on_error, progress)
    how.check()
    opened = model if isinstance(model, Scorer) else None
    loaded: dict[str, Any] = {"trusted": trusted, "plugins": plugins, "paths": paths}
    scorer = Scorer.open(model, **loaded) if not isinstance(model, Scorer) else model
    if scorer.needs_other_rows:
        raise refused_neighbours(scorer.name)
    pieces = source if isinstance(source, TablePieces) else iter_table(source, rows)
    names = scorer.names(prefix, pieces.raw_head())
    given = dict(configure or {})
    task = PredictTask(
        scorer=opened,
        path=None if opened else os.path.abspath(model),  # type: ignore[arg-type] # noqa: PTH100
        loaded=loaded,
        given=given,
        cores=share(workers, given),
        prefix=prefix,
        lists=tuple(lists),
        media=tuple(pieces.media),
        speech=dict(speech or {}),
    )
    if len(pieces):
        task.check(scorer, pieces)
    facts = {
        "what": "predict",
        "model": _digest(model),
        "parameters": {
            "prefix": prefix,
            "lists": list(lists),
            **{k: repr(v) for k, v in given.items() if k not in _SAME_ANSWERS},
        },
    }
    learned = set(scorer.features)
    keep = [name for name in pieces.columns if name not in learned]
    return run(task, pieces, output, facts, how, keep=keep, names=names)


def share(workers: int | None, given: Mapping[str, Any]) -> int | None:
    """Tell how many cores each process has for itself.

    Parameters
    ----------
    workers : int or None
        How many processes there are on this machine.
    given : mapping
        What encoders get, which may say ``n_jobs`` itself.

    Returns
    -------
    int or None
        None where encoders decide for themselves.
    """
    from hybridsent.distributed._cluster import cores_of_each

    return None if workers is None or "n_jobs" in given else cores_of_each(workers)


def _digest(model: Any) -> str:
    """Tell a model from others."""
    import hashlib

    from hybridsent.scoring import Scorer

    if isinstance(model, Scorer):
        import joblib

        return str(joblib.hash((model.model, sorted(model.facts.items(), key=repr))))
    with Path(model).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@dataclass(frozen=True)
class PredictTask:
    """Ask a model; it travels to the workers.

    Parameters
    ----------
    scorer : Scorer or None
        The model; None for one in a file.
    path : str or None
        That file.
    loaded : dict
        How `Scorer.open` loads it.
    given : dict
        What `Scorer.configure` gets.
    cores : int or None
        How many threads an encoder has; None for what it decides.
    prefix : str
        How the names of new columns begin.
    lists, media : tuple of str
        As `Scorer.read` takes them.
    speech : dict, default={}
        The same.
    """

    scorer: Scorer | None
    path: str | None
    loaded: dict[str, Any]
    given: dict[str, Any]
    cores: int | None
    prefix: str
    lists: tuple[str, ...]
    media: tuple[str, ...]
    speech: dict[str, Any] = field(default_factory=dict)

    def open(self) -> _Asked:
        """Load the model."""
        from hybridsent.encoders._nesting import every_encoder
        from hybridsent.scoring import Scorer

        scorer = self.scorer
        if scorer is None:
            scorer = Scorer.open(str(self.path), **self.loaded)
        if self.given:
            scorer.configure(**self.given)
        for encoder in every_encoder(scorer.model) if self.cores else ():
            encoder.set_params(n_jobs=self.cores)
        return _Asked(self, scorer)

    def check(self, scorer: Scorer, pieces: TablePieces) -> None:
        """Refuse a table that the model cannot read, before workers are asked."""
        head = pieces.raw(0).iloc[:2]
        if not scorer.listens:
            _Asked(self, scorer).read(head, pieces.base)


class _Asked:
    """A model that is asked."""

    def __init__(self, task: PredictTask, scorer: Scorer) -> None:
        self._task, self._scorer = task, scorer

    def read(self, raw: pd.DataFrame, base: Path) -> Any:
        """Read rows; what listens to them waits for its turn."""
        return (raw, base) if self._scorer.listens else self._read(raw, base)

    def _read(self, raw: pd.DataFrame, base: Path) -> pd.DataFrame:
        task = self._task
        lists = [name for name in task.lists if name in raw.columns]
        return self._scorer.read(
            raw, base=base, lists=lists, media=task.media, speech=task.speech or None
        )

    def compute(self, read: Any) -> pd.DataFrame:
        """Ask."""
        table = self._read(*read) if isinstance(read, tuple) else read
        made: pd.DataFrame = self._scorer.answer(table).to_frame(self._task.prefix)
        return made
