"""Between an estimator and the plain copy of it that is written (layer L5).

Some attributes belong to a machine or to C code, not to a model. The copy has a plain value in
their place, and loading puts them back:

=====================  ==========================  ==============================================
attribute              in the copy                 when loaded
=====================  ==========================  ==============================================
``store`` of encoders  ``"default"``, or None      as in the copy: a store belongs to a machine
``memory`` of sklearn  None                        None: a cache folder belongs to a machine
``_Booster`` (xgboost) bytes (xgboost's own JSON)  read by xgboost, once its trees are checked
``_tree`` (neighbours) None                        grown again from the same data
tensors                left out                    set from the ``.safetensors`` member
grids of a search      the same for ``store`` and  as in the copy
                       ``memory`` among values
=====================  ==========================  ==============================================

The user's estimator is never touched: containers and estimators are copied, arrays are shared.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np

from hybridsent.exceptions import BundleError, PersistError
from hybridsent.persist._booster import booster_to_json, json_to_booster
from hybridsent.persist._graph import objects

TENSORS = "__hybridsent_tensors__"
SET_TENSORS = "__hybridsent_set_tensors__"
TENSOR_ATTRIBUTES = "__hybridsent_tensor_attributes__"

Tensors = dict[str, "np.ndarray[Any, Any]"]

# Where a search keeps the values that it set as parameters.
_GRIDS = ("param_grid", "param_distributions", "best_params_", "cv_results_")


def freeze(estimator: Any) -> Any:
    """Copy an estimator into its portable form.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> pipeline = make_pipeline(StandardScaler(), memory="/tmp/cache")
    >>> freeze(pipeline).memory is None, pipeline.memory
    (True, '/tmp/cache')
    """
    try:
        return _Copier().copy(estimator)
    except RecursionError as error:
        raise PersistError(
            "The estimator cannot be saved: it holds a list or dict that holds itself."
        ) from error


class _Copier:
    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def copy(self, item: Any) -> Any:
        if id(item) not in self._made:
            self._made[id(item)] = self._copy(item)
        return self._made[id(item)]

    def _copy(self, item: Any) -> Any:
        if type(item) in (list, tuple, set):
            return type(item)([self.copy(part) for part in item])
        if type(item) in (dict, OrderedDict) or _is_bunch(item):
            return self._copy_dict(item)
        if type(item) is np.ndarray and item.dtype == object:
            return self._copy_array(item)
        if type(item) is np.ma.MaskedArray and item.dtype == object:  # what a search tried
            return np.ma.MaskedArray(self._copy_array(item.data), np.ma.getmaskarray(item))
        return self._copy_object(item) if _is_copied(item) else item

    def _copy_dict(self, item: Any) -> Any:
        made = type(item)()
        for key, value in item.items():
            made[key] = self.copy(value)
        return made

    def _copy_array(self, item: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        made = np.empty(item.shape, dtype=object)
        for index in np.ndindex(item.shape):
            made[index] = self.copy(item[index])
        return made

    def _copy_object(self, item: Any) -> Any:
        try:
            made = object.__new__(type(item))
        except TypeError:  # built in C: shared, and refused when read back if that matters
            return item
        self._made[id(item)] = made  # before its parts, which may refer to it
        state = _plain_state(item)
        made.__dict__.update({name: self.copy(value) for name, value in state.items()})
        return made


def _is_bunch(item: Any) -> bool:
    from sklearn.utils import Bunch

    return type(item) is Bunch


def _is_copied(item: Any) -> bool:
    """Copy what could hold one of the attributes above; share the rest."""
    if isinstance(item, type) or not hasattr(item, "__dict__"):
        return False
    root = type(item).__module__.partition(".")[0]
    return root == "sklearn" or hasattr(item, "get_params") or _has_tensors(item)


def _has_tensors(item: Any) -> bool:
    return hasattr(type(item), TENSORS)


def _plain_state(item: Any) -> dict[str, Any]:
    state = dict(vars(item))
    if _has_tensors(item):
        for name in getattr(type(item), TENSOR_ATTRIBUTES, ()):
            state.pop(name, None)
    if is_encoder(item) and state.get("store") is not None:
        state["store"] = "default"
    if "memory" in state and _is_sklearn(item):
        state["memory"] = None
    if _has_booster(item, state):
        state["_Booster"] = booster_to_json(state["_Booster"])
    if _grows_tree(item, state):
        state["_tree"] = None
    if _is_search(item):
        state |= {name: _without_places(state[name]) for name in _GRIDS if name in state}
    return state


def _is_search(item: Any) -> bool:
    return any(name in getattr(item, "__dict__", {}) for name in _GRIDS[:2])


def _without_places(values: Any, name: str = "") -> Any:
    """Copy what a search tried, with stores and cache folders as `freeze` leaves them elsewhere."""
    if isinstance(values, dict):
        return type(values)({k: _without_places(v, _parameter(k, name)) for k, v in values.items()})
    if type(values) in (list, tuple):
        return type(values)([_without_places(value, name) for value in values])
    if isinstance(values, np.ndarray) and values.dtype.kind in "OU":
        if name not in ("store", "memory"):
            return values
        made = np.empty(values.shape, dtype=object)
        for index in np.ndindex(values.shape):
            made[index] = _without_places(np.asarray(values)[index], name)
        masked = isinstance(values, np.ma.MaskedArray)
        return np.ma.MaskedArray(made, np.ma.getmaskarray(values)) if masked else made
    return _portable_place(values, name)


def _portable_place(value: Any, name: str) -> Any:
    holds_place = isinstance(value, str | os.PathLike) or (
        hasattr(value, "__dict__") and not isinstance(value, np.ndarray)
    )
    if name == "memory" and holds_place:
        return None
    return "default" if name == "store" and holds_place else value


def _parameter(key: Any, name: str) -> str:
    """Name the parameter that a key of a grid or of the results of a search sets."""
    return key.removeprefix("param_").rpartition("__")[2] if isinstance(key, str) else name


def grid_values(item: Any) -> Iterator[tuple[str, str, Any]]:
    """Where, of which parameter and which is each value that a search tried, or would try."""
    state = vars(item) if _is_search(item) else {}
    stack = [(f".{name}", name, state[name]) for name in _GRIDS if name in state]
    while stack:
        path, name, value = stack.pop()
        if isinstance(value, dict):
            stack.extend((f"{path}[{k!r}]", _parameter(k, name), v) for k, v in value.items())
        elif isinstance(value, list | tuple | set):
            stack.extend((path, name, part) for part in value)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "OU":
            stack.extend((path, name, part) for part in np.asarray(value).ravel().tolist())
        else:
            yield path, name, value


def is_encoder(item: Any) -> bool:
    """Tell whether an object is an encoder: it can identify what it computes."""
    return callable(getattr(type(item), "fingerprint", None))


def _is_sklearn(item: Any) -> bool:
    return type(item).__module__.startswith("sklearn.")


def _has_booster(item: Any, state: dict[str, Any]) -> bool:
    from_xgboost = any(kind.__module__ == "xgboost.sklearn" for kind in type(item).__mro__)
    return from_xgboost and state.get("_Booster") is not None


def _grows_tree(item: Any, state: dict[str, Any]) -> bool:
    if state.get("_fit_method") not in ("kd_tree", "ball_tree"):
        return False
    from sklearn.neighbors._base import NeighborsBase

    return isinstance(item, NeighborsBase)


def refuse_machine_state(model: Any) -> None:
    """Refuse a loaded copy that sets what `freeze` always clears, or hides a method."""
    for path, item in objects(model):
        if isinstance(item, np.ndarray):  # masked: what it holds beside its numbers is numpy's own
            continue
        state = vars(item)
        for where, name, value in grid_values(item):
            if (made := _portable_place(value, name)) is not value and made != value:
                raise BundleError(
                    f"{(path + where).lstrip('.'):.200} names a place on a machine as {name}, "
                    "which save() does not write. Save the model again, where it was made."
                )
        if is_encoder(item) and state.get("store") not in (None, "default"):
            raise BundleError(f"{path}.store names a store, which save() never writes.")
        if _is_sklearn(item) and state.get("memory") is not None:
            raise BundleError(f"{path}.memory names a cache folder, which save() never writes.")
        for name, value in state.items():
            own = getattr(type(item), name, None)
            if callable(own) and value is not own:  # a masked array repeats a class of its class
                where = f"{path}.{name}".lstrip(".")
                raise BundleError(f"{where:.200} replaces a method of {type(item).__name__}.")


def thaw(model: Any, packed: int) -> None:
    """Put back, in place, what `freeze` took out, except tensors; `packed` as in `read_json`."""
    for path, item in objects(model):
        state = vars(item)
        if _has_booster(item, state):
            item._Booster = json_to_booster(state["_Booster"], state.get("n_jobs"), path, packed)
        if _grows_tree(item, state):
            item._tree = _grown_tree(item)


def _grown_tree(item: Any) -> Any:
    from sklearn.neighbors import BallTree, KDTree

    kind = BallTree if item._fit_method == "ball_tree" else KDTree
    options = dict(item.effective_metric_params_)
    return kind(item._fit_X, item.leaf_size, metric=item.effective_metric_, **options)


def get_tensors(estimator: Any) -> list[bytes]:
    """Tensors of every part that has some, packed as safetensors, in the order of the walk."""
    return [_pack(path, item) for path, item in objects(estimator) if _has_tensors(item)]


def _pack(path: str, item: Any) -> bytes:
    from safetensors.numpy import save

    tensors: Tensors = {}
    for name, tensor in getattr(item, TENSORS)().items():
        array = tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)
        if array.dtype.kind not in "fiub":
            raise PersistError(
                f"{path or type(item).__name__}: the tensor {name!r} has dtype {array.dtype}; only "
                "float, int and bool tensors can be saved."
            )
        tensors[name] = np.ascontiguousarray(array)
    return bytes(save(tensors))


def set_tensors(model: Any, packed: list[bytes]) -> None:
    """Give every part its tensors back; see `get_tensors`."""
    owners = [item for _, item in objects(model) if _has_tensors(item)]
    if len(owners) != len(packed):
        raise BundleError(
            f"The model has {len(owners)} parts with tensors, the file {len(packed)}."
        )
    for item, data in zip(owners, packed, strict=True):
        from safetensors.numpy import load

        # Copied, as safetensors gives read-only views and torch wants memory it may write.
        getattr(item, SET_TENSORS)({name: array.copy() for name, array in load(data).items()})
