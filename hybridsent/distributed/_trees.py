"""Boosted trees on a matrix that fits in no memory (layer L7).

xgboost grows one set of trees on the workers of a cluster, each of which holds a part of the rows;
here are only the reading of the parts, what is a label, and a model that is like any other
afterwards. Why no estimator with ``fit(X, y)``: there is no X. What one would hand over is what
does not fit, and a search over settings would read it again for each.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.exceptions import RunError, TableError

__all__ = ["fit_trees"]

_SEEN = 3.0  # seconds until a scheduler has seen that a worker is gone


class _Piece(NamedTuple):
    """A row group of a file."""

    path: str
    group: int


class _Told(NamedTuple):
    """Labels of one piece: how many, which (of classes), their sum and the sum of their squares."""

    n: int
    classes: np.ndarray
    sums: tuple[float, float]


def fit_trees(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    target: str,
    *,
    head: Any = None,
    cluster: Any = None,
) -> Any:
    """Grow boosted trees on a cluster, from Parquet files whose rows fit in no memory.

    Each worker reads its share of the row groups, and keeps it as xgboost does, in one byte a
    number. What comes back is a plain head, which needs neither Dask nor the cluster: it predicts,
    is saved, and stands in pipelines like one that was fitted here.

    Parameters
    ----------
    source : str, PathLike, or sequence of these
        A Parquet file, a folder of them (as `hybridsent.distributed.encode` writes it), or several.
        Workers must see them under the same names.
    target : str
        Column of labels; rows without one are left out, as everywhere.
    head : BoostedTreesClassifier, BoostedTreesRegressor or None, default=None
        Its parameters; it is not changed. None is ``BoostedTreesClassifier()``.
    cluster : str, distributed.Client, or None, default=None
        Address of a scheduler, or a client of it; None is the client that this process has made
        last.

    Returns
    -------
    BoostedTreesClassifier or BoostedTreesRegressor
        Fitted. It reads the columns named ``view__i`` of the files, in their order.

    Raises
    ------
    TableError
        If the files are none, differ in their columns, or lack the target.
    RunError
        If a worker was lost: xgboost keeps what it has grown nowhere else.
    ValueError
        If the labels are not what the head learns.

    Notes
    -----
    Rows of one file in other pieces, or on another number of workers, give other trees: xgboost
    rounds features by what each worker has seen, and sums in another order. Scores differ as those
    of two random seeds do.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np, pandas as pd
    >>> from distributed import Client
    >>> from hybridsent.distributed import fit_trees
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame({"text__0": rng.normal(size=400)})
    >>> rows["label"] = np.where(rows["text__0"] > 0, "good", "bad")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows.to_parquet(f"{folder}/rows.parquet")
    ...     with Client(processes=False, dashboard_address=None) as client:
    ...         head = fit_trees(folder, "label", cluster=client)
    >>> head.predict(pd.DataFrame({"text__0": [-1.0, 1.0]})).tolist()
    ['bad', 'good']
    """
    distributed = import_optional("distributed", caller="fit_trees", extra="dask")
    from concurrent.futures import CancelledError

    from sklearn.base import clone, is_regressor
    from xgboost.core import XGBoostError

    from hybridsent.distributed._fits import client_of
    from hybridsent.heads import BoostedTreesClassifier

    made: Any = clone(BoostedTreesClassifier() if head is None else head)
    if not hasattr(made, "grown_elsewhere"):
        raise ValueError(
            "The head parameter of fit_trees must be a BoostedTreesClassifier or a "
            f"BoostedTreesRegressor. Got {made!r}."
        )
    pieces, columns = _pieces_of(source, target)
    kind = "numbers" if is_regressor(made) else None
    with client_of(cluster, "fit_trees") as client:
        told = client.gather(client.map(_told, pieces, target=target, kind=kind, pure=False))
        labels = np.concatenate([one.classes for one in told])
        n = sum(one.n for one in told)
        if not n:
            raise TableError(f"No row of {pieces[0].path} and its like has a label in {target!r}.")
        sums = np.sum([one.sums for one in told], axis=0)
        made.learn_target(labels, n, *sums)
        with_rows = [(piece, one.n) for piece, one in zip(pieces, told, strict=True) if one.n]
        lost = threading.Event()
        try:
            with _given_up_with_a_worker(client, lost) as own:
                booster = _grown(own, made, with_rows, columns, target, kind)
        except (distributed.KilledWorker, CancelledError, XGBoostError) as error:
            # workers that are left miss the lost one before the scheduler does
            if isinstance(error, XGBoostError) and not lost.is_set():
                raise
            raise RunError(
                "A worker was lost while trees grew, and with it the trees, which xgboost keeps "
                "nowhere else. Begin again; client.restart() frees workers that still wait for the "
                "lost one."
            ) from error
    return made.grown_elsewhere(booster, columns)


@contextmanager
def _given_up_with_a_worker(client: Any, lost: threading.Event) -> Iterator[Any]:
    """Give a client whose work is cancelled where a worker is lost; the event is set then.

    xgboost binds each part to the worker that holds it, and would wait for that one for ever.
    """
    distributed = import_optional("distributed", caller="fit_trees", extra="dask")
    address = client.scheduler.address
    with (
        distributed.Client(address, set_as_default=False, security=client.security) as own,
        own.as_current(),  # what xgboost asks for is found by this
    ):
        begun_with = _workers_of(own)
        end = threading.Event()

        def watch() -> None:
            while not end.wait(0.5):
                if not begun_with <= _workers_of(client):
                    lost.set()
                    own.cancel([distributed.Future(key, own) for key in list(own.futures)])
                    return

        watcher = threading.Thread(target=watch, name="hybridsent-watch", daemon=True)
        watcher.start()
        try:
            yield own
        except Exception:
            lost.wait(_SEEN)  # the watcher may not have seen it yet, nor the scheduler
            raise
        finally:
            end.set()
            watcher.join()


def _workers_of(client: Any) -> set[str]:
    return set(client.scheduler_info(n_workers=-1)["workers"])


def _pieces_of(source: Any, target: str) -> tuple[list[_Piece], list[str]]:
    """List row groups, and name the columns of features; all files must have the same."""
    from pyarrow import parquet

    from hybridsent.evaluation import feature_columns
    from hybridsent.views import is_passthrough

    paths: list[str] = []
    given: Iterable[Any] = [source] if isinstance(source, str | os.PathLike) else source
    for each in given:
        path = Path(os.path.abspath(Path(each).expanduser()))  # noqa: PTH100 - links stay
        inside = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        paths += [str(file) for file in inside if not file.name.startswith((".", "_"))]
    if not paths:
        raise TableError(f"The source of fit_trees must be Parquet files. Got none in {source!r}.")
    pieces: list[_Piece] = []
    columns: list[str] = []
    for path_ in paths:
        try:
            file = parquet.ParquetFile(path_)
        except (OSError, ValueError) as error:
            raise TableError(f"{path_} cannot be read as Parquet: {error}") from error
        with file:
            names = file.schema_arrow.names
            pieces += [_Piece(path_, group) for group in range(file.num_row_groups)]
        found = [name for name in feature_columns(names) if not is_passthrough(name)]
        if target not in names:
            raise TableError(f"{path_} has no column {target!r}. Got {names[:8]!r}.")
        columns = columns or found
        if not found or found != columns:
            raise TableError(
                f"All files must have the same columns view__i, in one order. Got {found[:5]!r} in "
                f"{path_}, and {columns[:5]!r} before."
            )
    return pieces, columns


def _labels_in(piece: _Piece, target: str, kind: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read labels, and tell which rows have one."""
    from pyarrow import parquet

    from hybridsent._labels import kind_of, labeled_rows
    from hybridsent._tables import from_arrow

    with parquet.ParquetFile(piece.path) as file:
        y = from_arrow(file.read_row_group(piece.group, columns=[target]))[target]
    values = y.to_numpy(dtype=object if y.dtype.kind not in "iufb" else None)
    if values.dtype == object:
        values = np.array([-1 if _is_missing(value) else value for value in values], dtype=object)
    return values, labeled_rows(values, kind or kind_of(None, values))


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value)) or value == ""


def _told(piece: _Piece, *, target: str, kind: Any) -> _Told:
    values, known = _labels_in(piece, target, kind)
    y = values[known]
    if kind == "numbers":
        y = np.asarray(y, dtype=np.float64)
        return _Told(len(y), y[:0], (float(y.sum()), float((y**2).sum())))
    return _Told(len(y), np.unique(y) if len(y) else y, (0.0, 0.0))


def _features_in(piece: _Piece, columns: list[str], target: str, kind: Any) -> np.ndarray:
    from pyarrow import parquet

    with parquet.ParquetFile(piece.path) as file:
        table = file.read_row_group(piece.group, columns=columns).select(columns)
    _, known = _labels_in(piece, target, kind)
    values = [column.to_numpy().astype(np.float32, copy=False) for column in table.columns]
    made: np.ndarray = np.column_stack(values)[known]
    return made


def _coded(piece: _Piece, head: Any, target: str, kind: Any) -> np.ndarray:
    values, known = _labels_in(piece, target, kind)
    return np.asarray(head.coded(values[known]), dtype=np.float32)


def _grown(
    client: Any, head: Any, pieces: list[tuple[_Piece, int]], columns: list[str], *what: Any
) -> bytes:
    """Let xgboost grow trees on the workers; gives them as it saves them."""
    da = import_optional("dask.array", caller="fit_trees", extra="dask")
    delayed = import_optional("dask.delayed", caller="fit_trees", extra="dask").delayed
    from xgboost import dask as xgboost_dask
    from xgboost.collective import Config

    read, code = delayed(_features_in), delayed(_coded)
    shape = len(columns)
    rows = [
        da.from_delayed(read(piece, columns, *what), (n, shape), np.float32) for piece, n in pieces
    ]
    labels = [da.from_delayed(code(piece, head, *what), (n,), np.float32) for piece, n in pieces]
    params, rounds = head.for_training()
    host = client.scheduler.address.rpartition("://")[2].rpartition(":")[0]
    config = Config(retry=1, timeout=60, tracker_host_ip=host if host[:1].isdigit() else None)
    matrix = xgboost_dask.DaskQuantileDMatrix(client, da.concatenate(rows), da.concatenate(labels))
    told = xgboost_dask.train(client, params, matrix, num_boost_round=rounds, coll_cfg=config)
    return bytes(told["booster"].save_raw("ubj"))
