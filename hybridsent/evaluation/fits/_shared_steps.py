"""First steps that several fits on the same rows have in common, fitted once (layer L5).

``Pipeline(memory=...)`` keeps fitted steps, too, but on the disk, under a hash of all rows that it
computes at each fit, and transforms test rows anew. Here the rows are known by their fold.
"""

from __future__ import annotations

import pickle
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from hybridsent._groups import groups_for, is_routed
from hybridsent.encoders._nesting import is_dropped
from hybridsent.evaluation.fits._fits import columns_of_text_named, fit_model

__all__ = ["Fitted", "Rows", "SharedSteps"]

_BYTES = 512 * 2**20


class Rows(NamedTuple):
    """The rows of one fit: which they are, and how to take them.

    Parameters
    ----------
    key : tuple
        Names the rows among all of a search; fits of one key have the same labels.
    train, test : callable
        Give them.
    """

    key: tuple[Any, ...]
    train: Callable[[], Any]
    test: Callable[[], Any]


class Fitted(NamedTuple):
    """A fitted model, and the same seen from behind its shared steps.

    Parameters
    ----------
    model : estimator
        The fitted model.
    last : estimator
        What is left of it to answer `X_test`.
    X_test : callable
        Gives the test rows as `last` reads them.
    """

    model: Any
    last: Any
    X_test: Callable[[], Any]


class SharedSteps:
    """What first steps gave for each fold, as far as memory allows.

    Sharing changes no result: steps count as the same if they are of one class with equal
    parameters, by value, and stand behind the same steps on the same rows. Pickled, as for the
    workers of a cluster, it is empty; all copies of one in a process are one.

    Parameters
    ----------
    limit : int, default=536870912
        Bytes that are kept at most; the least recently used ones are computed anew. 0 shares
        nothing.
    uses : mapping of tuple to int or None, default=None
        How often `used` will be called for rows whose keys begin with this, after which they are
        forgotten; None keeps all until the limit.
    """

    def __init__(
        self, limit: int = _BYTES, uses: Mapping[tuple[Any, ...], int] | None = None
    ) -> None:
        self.limit = limit
        self._uses = dict(uses or {})
        self._name = uuid.uuid4().hex
        self._kept: OrderedDict[tuple[Any, ...], tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._locks: dict[tuple[Any, ...], threading.Lock] = {}
        self._lock = threading.Lock()

    def fit(self, model: Any, rows: Rows, y: np.ndarray, groups: np.ndarray | None) -> Fitted:
        """Fit a model that belongs to nobody else.

        Parameters
        ----------
        model : estimator
            As `fresh` gives it.
        rows : Rows
            What it is fitted on.
        y : array of shape (n,)
            Their labels.
        groups : array of shape (n,) or None
            Their groups.

        Returns
        -------
        Fitted
            The model, and a short way to its answers.
        """
        if not self._may_share(model, groups):
            X = self._once((*rows.key, "train"), rows.train)
            return Fitted(fit_model(model, X, y, groups), model, lambda: self._test(rows))
        key: tuple[Any, ...] = rows.key
        X, test = self._once((*key, "train"), rows.train), lambda: self._test(rows)
        for i, (name, step) in enumerate(model.steps[:-1]):
            if is_dropped(step, passed=True):
                continue
            key = (*key, _identity(step))
            fitting = _fitting(step, X, y, groups)
            with columns_of_text_named(model, X):
                fitted, X = self._once((*key, "train"), fitting, keep=None not in key)
            test = self._transformed(fitted, test, (*key, "test"), keep=None not in key)
            model.steps[i] = (name, fitted)
        name, last = model.steps[-1]
        model.steps[-1] = (name, fit_model(last, X, y, groups))
        return Fitted(model, Pipeline(model.steps[-1:]), test)

    def __reduce__(self) -> tuple[Any, ...]:
        return _here, (self._name, self.limit)

    def used(self, key: tuple[Any, ...]) -> None:
        """Count a use of some rows, and forget them after the last one.

        Parameters
        ----------
        key : tuple
            Beginning of the keys of the rows.
        """
        with self._lock:
            left = self._uses[key] = self._uses.get(key, 0) - 1
        if left == 0:
            self.release(key)

    def release(self, key: tuple[Any, ...]) -> None:
        """Forget what was kept of some rows.

        Parameters
        ----------
        key : tuple
            Beginning of the keys of the rows.
        """
        with self._lock:
            for each in [each for each in self._kept if each[: len(key)] == key]:
                self._bytes -= self._kept.pop(each)[1]
            for each in [each for each in self._locks if each[: len(key)] == key]:
                del self._locks[each]

    def _may_share(self, model: Any, groups: np.ndarray | None) -> bool:
        if self.limit <= 0 or type(model) is not Pipeline or model.memory is not None:
            return False
        if len(model.steps) < 2 or getattr(model, "transform_input", None) is not None:
            return False
        first = [step for _, step in model.steps[:-1] if not is_dropped(step, passed=True)]
        return (
            all(hasattr(each, "fit") and hasattr(each, "transform") for each in first)
            and hasattr(model.steps[-1][1], "fit")
            and not is_routed(model, groups)
        )

    def _test(self, rows: Rows) -> Any:
        return self._once((*rows.key, "test"), rows.test)

    def _transformed(
        self, fitted: Any, before: Callable[[], Any], key: tuple[Any, ...], *, keep: bool
    ) -> Callable[[], Any]:
        return lambda: self._once(key, lambda: fitted.transform(before()), keep=keep)

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any], *, keep: bool = True) -> Any:
        """Give what is kept under a key; whoever comes first computes it, others wait."""
        if not keep or self.limit <= 0:
            return make()
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return _copied(self._kept[key][0])
            value = make()
            self._keep(key, value)
            return _copied(value)

    def _keep(self, key: tuple[Any, ...], value: Any) -> None:
        size = _size(value)
        with self._lock:
            self._kept[key] = value, size
            self._bytes += size
            while self._bytes > self.limit and self._kept:
                self._bytes -= self._kept.popitem(last=False)[1][1]


_elsewhere: dict[str, SharedSteps] = {}
"""The one of the search that this process works for, where it is a worker."""
_turn = threading.Lock()


def _here(name: str, limit: int) -> SharedSteps:
    """Give the copy of this process, which the first task makes."""
    with _turn:
        if name not in _elsewhere:
            _elsewhere.clear()  # of a search that is over
            _elsewhere[name] = SharedSteps(limit)
        return _elsewhere[name]


def _fitting(
    step: Any, X: Any, y: np.ndarray, groups: np.ndarray | None
) -> Callable[[], tuple[Any, Any]]:
    """Fit a step as Pipeline does, and give it with what it made of the rows."""
    told = groups_for(step, groups)

    def fit() -> tuple[Any, Any]:
        own = clone(step)
        if hasattr(own, "fit_transform"):
            return own, own.fit_transform(X, y, **told)
        return own.fit(X, y, **told), own.transform(X)

    return fit


def _identity(step: Any) -> str | None:
    """Tell equal steps by class and parameters; None where these cannot be compared."""
    try:
        return str(joblib.hash((type(step).__module__, type(step).__qualname__, step)))
    except (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError):
        return None  # a function of the user's session, an open file


def _copied(value: Any) -> Any:
    """Copy rows, as a step may change them in place; what was fitted is only read."""
    if isinstance(value, tuple):
        return value[0], _copied(value[1])
    return value.copy() if hasattr(value, "copy") else value


def _size(value: Any) -> int:
    """Bytes of rows; a fitted step beside them weighs little."""
    if isinstance(value, tuple):
        return sum(_size(each) for each in value)
    if hasattr(value, "memory_usage"):
        usage = value.memory_usage()
        return int(usage.sum() if hasattr(usage, "sum") else usage)
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    return int(getattr(getattr(value, "data", None), "nbytes", 0)) * 2  # a sparse matrix
