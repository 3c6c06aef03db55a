"""Encode a table of any size (layer L7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.distributed._run import How, Run, run
from hybridsent.exceptions import RunError

if TYPE_CHECKING:
    import pandas as pd

    from hybridsent.datasets import TablePieces

__all__ = ["encode"]


def encode(
    features: Any,
    source: str | os.PathLike[str] | TablePieces,
    output: str | os.PathLike[str],
    *,
    rows: int = 10_000,
    keep: Sequence[str] = (),
    resume: bool = False,
    scheduler: Any = None,
    workers: int | None = None,
    tries: int = 3,
    on_error: str = "raise",
    progress: bool | Callable[[int, int], None] = False,
    lists: Sequence[str] = (),
) -> Run:
    """Make features of a table of any size, every row exactly once, whatever is killed meanwhile.

    As `predict` goes through a table; what is written are columns named ``view__i``.

    Parameters
    ----------
    features : transformer
        What `hybridsent.make_features` gives, or an encoder, which reads the column that is named
        like its modality. What learns from rows, such as words, columns of meta, PCA or a choice of
        columns, must be fitted: a piece says too little.
    source : str, PathLike or TablePieces
        The table, as `hybridsent.datasets.iter_table` takes it, or what that gave.
    output : str or PathLike
        A file, or a folder of Parquet files, as in `predict`.
    rows : int, default=10_000
        Rows of a piece.
    keep : sequence of str, default=()
        Columns of the table that stand before the features, such as an id and the label.
    resume : bool, default=False
        Whether to go on with an earlier run, as in `predict`, like all that follow.
    scheduler : str, Cluster or None, default=None
        Address of a scheduler of dask.distributed.
    workers : int or None, default=None
        Processes to start on this machine.
    tries : int, default=3
        How often a piece is tried.
    on_error : {"raise", "skip"}, default="raise"
        What a piece does that failed so often. Its rows are NaN in a file where it is skipped.
    progress : bool or callable, default=False
        Whether a bar is drawn.
    lists : sequence of str, default=()
        Columns whose cells hold several texts.

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
        If something that learns from rows is not fitted, or there is no scheduler.
    TableError
        If the table cannot be read, or lacks a column.

    See Also
    --------
    predict : Scores a table of any size.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from hybridsent import make_features
    >>> from hybridsent.distributed import encode
    >>> posts = pd.DataFrame({"text": ["good", "fine", "bad", "awful"] * 3})
    >>> words = make_features(views={"text": "text/words"}).fit(posts, [1, 1, 0, 0] * 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     posts.to_csv(f"{folder}/posts.csv", index=False)
    ...     done = encode(words, f"{folder}/posts.csv", f"{folder}/words.parquet", rows=5)
    ...     print(done.n_shards, pd.read_parquet(done.path).shape[0])
    3 12
    """
    import joblib

    from hybridsent.datasets import TablePieces, iter_table
    from hybridsent.datasets._table import named_columns
    from hybridsent.distributed._predict import share

    how = How(resume, scheduler, workers, tries, on_error, progress)
    how.check()
    pieces = source if isinstance(source, TablePieces) else iter_table(source, rows, lists=lists)
    kept = named_columns(pieces.raw_head(), keep, "keep", pieces.path)
    fitted = _fitted(features, pieces)
    token = joblib.hash(_plain(fitted))
    task = EncodeTask(fitted, tuple(pieces.media), tuple(pieces.lists), share(workers, {}))
    facts = {
        "what": "encode",
        "model": str(token),
        "parameters": {"keep": list(kept), "lists": list(pieces.lists)},
    }
    names = _names_of(fitted)
    return run(task, pieces, output, facts, how, keep=kept, names=names)


def _fitted(features: Any, pieces: TablePieces) -> Any:
    """Fit encoders, which learn nothing, on a few rows; what learns must be fitted."""
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if _learns(features):
        try:
            check_is_fitted(features)
        except NotFittedError as error:
            raise RunError(
                "The features parameter holds what learns from rows, and must be fitted, on as "
                "many of them as fit in memory: features.fit(rows). What is made of encoders alone "
                "need not be."
            ) from error
        return features
    if not len(pieces):
        return features
    return clone(features).fit(_unencoded(pieces))


def _unencoded(pieces: TablePieces) -> Any:
    """Give the columns with a row that misses every cell: nothing is encoded to learn nothing."""
    import pandas as pd

    return pd.DataFrame({name: [None] for name in pieces.columns}, dtype=object)


def _learns(features: Any) -> bool:
    """Tell whether anything but encoders stands there."""
    from hybridsent.encoders import BaseEncoder

    return any(not isinstance(step, BaseEncoder) for step in _steps(features))


def _steps(part: Any) -> Iterator[Any]:
    """Give what reads or changes columns, but for what only holds others and what hands on."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import FeatureUnion, Pipeline

    if isinstance(part, ColumnTransformer):
        for _, inner, _ in part.transformers:
            yield from _steps(inner)
    elif isinstance(part, Pipeline):
        for _, inner in part.steps:
            yield from _steps(inner)
    elif isinstance(part, FeatureUnion):
        for _, inner in part.transformer_list:
            yield from _steps(inner)
    elif not isinstance(part, str) and part is not None:
        yield part


def _names_of(features: Any) -> list[str]:
    return [str(name) for name in features.get_feature_names_out()]


def _plain(features: Any) -> Any:
    """Give what its features depend on: where they are kept, and on which device, is no part."""
    from sklearn.base import clone

    from hybridsent.encoders._nesting import every_encoder

    if _learns(features):
        return features
    copied = clone(features)
    for encoder in every_encoder(copied):
        encoder.set_params(store=None, n_jobs=None, device="auto", verbose=False)
    return copied


@dataclass(frozen=True)
class EncodeTask:
    """Encode; it travels to the workers.

    Parameters
    ----------
    features : transformer
        Fitted.
    media, lists : tuple of str
        Columns of paths, and of several texts a cell.
    cores : int or None
        How many threads an encoder has; None for what it decides.
    """

    features: Any
    media: tuple[str, ...]
    lists: tuple[str, ...]
    cores: int | None

    def open(self) -> EncodeTask:
        """Share the cores; networks are loaded when the first cell is encoded."""
        from hybridsent.encoders._nesting import every_encoder

        for encoder in every_encoder(self.features) if self.cores else ():
            encoder.set_params(n_jobs=self.cores)
        return self

    def read(self, raw: pd.DataFrame, base: Path) -> Any:
        """Resolve paths and lists."""
        from hybridsent.datasets._several import as_lists
        from hybridsent.datasets._table import with_absolute_paths

        return with_absolute_paths(as_lists(raw, list(self.lists)), list(self.media), base)

    def compute(self, read: Any) -> pd.DataFrame:
        """Encode."""
        import pandas as pd

        made = self.features.transform(read)
        if isinstance(made, pd.DataFrame):
            return made
        return pd.DataFrame(made, columns=_names_of(self.features))
