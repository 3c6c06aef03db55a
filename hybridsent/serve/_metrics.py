"""What a service counts of itself, for Prometheus (layer L7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hybridsent._optional import import_optional

__all__ = ["Metrics"]

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counters of one service, in a registry of its own, so that several live in one process.

    Parameters
    ----------
    waiting : callable
        Gives how many rows wait.
    ready : callable
        Gives whether the service is ready.
    """

    def __init__(self, waiting: Callable[[], int], ready: Callable[[], bool]) -> None:
        self._client = import_optional(
            "prometheus_client", caller="hybridsent serve", extra="serve"
        )
        client = self._client
        self.registry = client.CollectorRegistry()
        common: dict[str, Any] = {"namespace": "hybridsent", "registry": self.registry}
        self._requests = client.Counter(
            "requests", "Requests by path and status.", ["path", "status"], **common
        )
        self._seconds = client.Histogram(
            "request_seconds", "Time to answer by path.", ["path"], buckets=_SECONDS, **common
        )
        self._rows = client.Counter("rows", "Rows that the model answered.", **common)
        self._batch = client.Histogram(
            "batch_rows", "Rows the model was asked about at once.", buckets=_ROWS, **common
        )
        self._model = client.Histogram(
            "model_seconds", "Time of the model for each batch.", buckets=_SECONDS, **common
        )
        gauge = client.Gauge("waiting_rows", "Rows that wait for the model.", **common)
        gauge.set_function(waiting)
        gauge = client.Gauge("ready", "Whether the service is ready.", **common)
        gauge.set_function(lambda: float(ready()))

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count a request.

        Parameters
        ----------
        path : str
            One of few.
        status : int
            Of HTTP; 0 where the client went.
        seconds : float
            That it took.
        """
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def asked(self, rows: int, seconds: float) -> None:
        """Count a batch.

        Parameters
        ----------
        rows : int
            How many the model was asked about.
        seconds : float
            That it took.
        """
        self._rows.inc(rows)
        self._batch.observe(rows)
        self._model.observe(seconds)

    def text(self) -> tuple[bytes, str]:
        """Write all for Prometheus.

        Returns
        -------
        tuple of (bytes, str)
            The text and its type.
        """
        return self._client.generate_latest(self.registry), self._client.CONTENT_TYPE_LATEST
