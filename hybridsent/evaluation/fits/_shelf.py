"""Fits that are made once, however many results want them (layer L5).

joblib's Memory keeps what functions give on the disk, under a hash of all their arguments that it
computes anew at each call: of a fit, the whole matrix. Here fitted models stay in memory for as
long as a ``with`` block runs, and a matrix is hashed once.
"""

from __future__ import annotations

import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import joblib
import numpy as np

__all__ = ["fitted_once", "sharing_fits"]

_MOST = 48  # fitted models: those of 15 folds, and some


class _Shelf:
    """What was fitted, by a hash of the model and of the rows that it learned from."""

    def __init__(self) -> None:
        self._fits: OrderedDict[str, Any] = OrderedDict()
        self._tables: dict[int, tuple[Any, str]] = {}
        self._lock = threading.Lock()

    def key(self, model: Any, X: Any, rows: np.ndarray, *told: Any) -> str | None:
        """Name a fit; None where something cannot be compared, such as a function of a session."""
        try:
            return str(joblib.hash((joblib.hash(model), self._table(X), rows, *told)))
        except (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError):
            return None

    def _table(self, X: Any) -> str:
        """Hash a matrix, once as long as it is there."""
        with self._lock:
            found = self._tables.get(id(X))
        if found is None:
            found = X, str(joblib.hash(X))
            with self._lock:
                self._tables[id(X)] = found  # which keeps it there, so that no other has its number
        return found[1]

    def get(self, key: str) -> Any:
        """Give what was fitted; None where it was not."""
        with self._lock:
            return self._fits.get(key)

    def put(self, key: str, fitted: Any) -> None:
        """Keep what was fitted; the oldest go."""
        with self._lock:
            self._fits[key] = fitted
            while len(self._fits) > _MOST:
                self._fits.popitem(last=False)


_shelf: ContextVar[_Shelf | None] = ContextVar("_shelf", default=None)


@contextmanager
def sharing_fits() -> Iterator[None]:
    """Let a model that is fitted again on the same rows inside a ``with`` block be fitted once.

    That is what `evaluate` (of its first model), `label_curve`, `missing_curve`, `noise_curve` and
    `contributions` have in common where folds and seeds are the same. No result changes: models
    count as the same if they are of one class with equal parameters, by value, and learn from equal
    rows. At most 48 fitted models are kept.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation import contributions, missing_curve, sharing_fits
    >>> labels, rng = np.tile(["bad", "good"], 20), np.random.default_rng(0)
    >>> table = pd.DataFrame(rng.normal(size=(40, 2)), columns=["text__0", "image__0"])
    >>> given = make_fusion("late", features="passthrough"), table, labels
    >>> with sharing_fits():  # five fits instead of ten
    ...     views, curve = contributions(*given), missing_curve(*given)
    >>> views.whole["accuracy"].value == curve.lines["text"]["accuracy"][0].value
    True
    """
    token = _shelf.set(_Shelf())
    try:
        yield
    finally:
        _shelf.reset(token)


def fitted_once(
    fit: Callable[[], Any], model: Any, X: Any, rows: np.ndarray, *told: Any, keep: bool = True
) -> Any:
    """Fit a model, or give what an equal one has become on equal rows.

    Parameters
    ----------
    fit : callable
        Fits it.
    model : estimator
        The unfitted model.
    X : DataFrame or array
        All rows.
    rows : ndarray of int
        Positions of those that it learns from.
    *told : object
        What else it learns from: their labels and groups.
    keep : bool, default=True
        Whether what is fitted now is kept.

    Returns
    -------
    estimator
        Fitted.
    """
    shelf = _shelf.get()
    key = None if shelf is None else shelf.key(model, X, rows, *told)
    if shelf is None or key is None:
        return fit()
    found = shelf.get(key)
    if found is None:
        found = fit()
        if keep:
            shelf.put(key, found)
    return found
