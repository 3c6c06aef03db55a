"""Fits on a cluster: whatever asks joblib for parallel calls has them done there (layer L7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hybridsent._optional import import_optional

__all__ = ["client_of", "fits_on"]


@contextmanager
def fits_on(cluster: Any = None) -> Iterator[Any]:
    """Let searches and evaluations inside a ``with`` block fit their models on a Dask cluster.

    That is whatever asks joblib for parallel calls: scikit-learn's ``GridSearchCV``,
    ``cross_validate`` and the like, and `hybridsent.evaluation` (``evaluate``, ``search``, curves).
    Scores are those of this process. A fit whose worker dies is done again by another one; after
    ``distributed.scheduler.allowed-failures`` workers (3) it counts as what kills them, and the
    search ends with ``KilledWorker``.

    ``joblib.parallel_config("dask")`` does the same as long as no worker dies: it keeps tables in
    the memory of one of them.

    Parameters
    ----------
    cluster : str, distributed.Client, or None, default=None
        Address of a scheduler, such as ``"tcp://10.0.0.1:8786"``, or a client of it; None is the
        client that this process has made last. Whoever may speak to a scheduler may run code on
        its workers. "What fits in no memory, and many machines", in the documentation, says how to
        keep others out.

    Yields
    ------
    distributed.Client
        In use.

    Raises
    ------
    MissingDependencyError
        If `distributed` is not installed.
    ValueError
        If `cluster` is None, and this process has no client.

    Notes
    -----
    Rows and labels are kept by the scheduler, pickled, once for each call that is given them. Cells
    are best encoded before: encoders of a pipeline on the cluster find rows in the stores of their
    own nodes alone. Warnings of a fit appear in the log of its worker.

    Examples
    --------
    >>> from distributed import Client
    >>> from sklearn.model_selection import cross_val_score
    >>> import numpy as np
    >>> from hybridsent.distributed import fits_on
    >>> from hybridsent.heads import TunedLinearClassifier
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> y = X[:, 0] > 0
    >>> with Client(processes=False, dashboard_address=None) as client, fits_on(client):
    ...     scores = cross_val_score(TunedLinearClassifier(), X, y, cv=3, n_jobs=-1)
    >>> bool(scores.min() > 0.9)
    True
    """
    import_optional("distributed", caller="fits_on", extra="dask")
    dask = import_optional("dask", caller="fits_on", extra="dask")
    from joblib import parallel_config

    from hybridsent.distributed._joblib import LastingBackend

    # what is told of a large table is told once a search here, and on purpose
    large = {"distributed.admin.large-graph-warning-threshold": "1TB"}
    with (
        client_of(cluster, "fits_on") as client,
        dask.config.set(large),
        parallel_config(backend=LastingBackend(client=client)),
    ):
        yield client


@contextmanager
def client_of(cluster: Any, caller: str) -> Iterator[Any]:
    """Give a client of a cluster; one that is made here is closed at the end.

    Parameters
    ----------
    cluster : str, distributed.Client, or None
        An address, a client, or the one that this process has made last.
    caller : str
        Who asks, for messages.

    Yields
    ------
    distributed.Client
        In use.
    """
    distributed = import_optional("distributed", caller=caller, extra="dask")
    if isinstance(cluster, str):
        with distributed.Client(cluster, set_as_default=False) as client:
            yield client
        return
    if cluster is None:
        try:
            cluster = distributed.default_client()
        except ValueError as error:
            raise ValueError(
                f"The cluster parameter of {caller} must be the address of a scheduler, or a "
                "client of one, where this process has made none. Got None."
            ) from error
    yield cluster
