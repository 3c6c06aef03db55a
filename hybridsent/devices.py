"""Transformers on a GPU where a table is large (layer L3).

Some transformers of scikit-learn compute in torch tensors as well as in arrays, on the device that
the tensors are on, but somebody must move the matrix there and the result back; and what they have
learned stays on the device, where no other machine could read it. Nothing in scikit-learn does
this.
"""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from hybridsent._numerics.devices import devices_here, has_device
from hybridsent._params import Devices, HasMethods
from hybridsent.exceptions import SlowPathWarning
from hybridsent.views import as_matrix

__all__ = ["OnDevice"]


class OnDevice(TransformerMixin, BaseEstimator):
    """Compute a scikit-learn transformer on a GPU; what it has learned are NumPy arrays.

    On ``"cpu"`` the transformer computes as it always does. On other devices the matrix is moved
    there as a float32 tensor of torch, the transformer computes under scikit-learn's array API
    dispatch, and both the result and what was learned come back as NumPy arrays. So the fitted
    object is pickled, saved and used where there is no GPU: there, `transform` computes in NumPy,
    with a warning, and gives the same values within rounding.

    Parameters
    ----------
    estimator : estimator
        A transformer of scikit-learn that supports the array API, such as ``PCA(50)``, or a
        Pipeline of these.
    device : str, default="cpu"
        ``"cpu"`` for NumPy; ``"cuda"``, ``"cuda:1"`` or ``"mps"`` for a GPU; ``"torch:cpu"`` for
        tensors on the CPU, the way of the GPU for machines without one.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone, its arrays those of NumPy.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    Notes
    -----
    scikit-learn dispatches only where the environment variable ``SCIPY_ARRAY_API`` is 1; it belongs
    to the process, so it is set where Python is started: ``SCIPY_ARRAY_API=1 python train.py``.
    Not every solver of a transformer supports the array API: those of PCA do except ``"arpack"``,
    and ``"randomized"`` asks for ``power_iteration_normalizer="QR"``.

    Labels that are no numbers are given to the transformer as codes 0 … k-1.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from hybridsent.devices import OnDevice
    >>> X = load_iris().data
    >>> OnDevice(PCA(2)).fit_transform(X).shape
    (150, 2)
    >>> OnDevice(PCA(2), device="cuda").get_params()["estimator__n_components"]
    2
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "transform"])],
        "device": [Devices("cpu", "cuda", "mps", "torch:cpu")],
    }

    def __init__(self, estimator: Any, *, device: str = "cpu") -> None:
        self.estimator = estimator
        self.device = device

    def fit(self, X: Any, y: Any = None) -> OnDevice:
        """Fit the transformer on the device.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.
        y : array of shape (n,), default=None
            Target, for transformers that use it.

        Returns
        -------
        self
            The fitted transformer.
        """
        self._validate_params()
        X = as_matrix(self, X, reset=True)
        inner = clone(self.estimator)
        if hasattr(inner, "set_output"):  # names are written once, by this class
            inner.set_output(transform="default")
        if self.device == "cpu":
            self.estimator_ = inner.fit(X, y)
            return self
        obstacle = _obstacle(self.device)
        if obstacle:
            raise ValueError(
                f"The 'device' parameter of OnDevice must be one that can be used here. Got "
                f"{self.device!r}, but {obstacle}; or choose device='cpu'."
            )
        with config_context(array_api_dispatch=True):
            inner.fit(_tensor(X, self.device), None if y is None else _target(y, self.device))
        self.estimator_ = _to_numpy(inner)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Transform on the device, or in NumPy where the device is not there.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, q)
            What the transformer gives; float32 unless the device is ``"cpu"``.
        """
        check_is_fitted(self)
        self._validate_params()
        X = as_matrix(self, X, reset=False)
        if self.device != "cpu":
            return self._transform_float32(X.astype(np.float32, copy=False))
        values: np.ndarray = self.estimator_.transform(X)
        return values

    def _transform_float32(self, X: np.ndarray) -> np.ndarray:
        obstacle = _obstacle(self.device)
        if obstacle:
            warnings.warn(
                f"OnDevice transforms in NumPy, because its device is {self.device!r}, but "
                f"{obstacle}. The values are the same within rounding; set_params(device='cpu') "
                "says that this is meant.",
                SlowPathWarning,
                stacklevel=3,
            )
            return np.asarray(self.estimator_.transform(X), dtype=np.float32)
        inner = _to_tensors(self.estimator_, self.device)
        with config_context(array_api_dispatch=True):
            values = inner.transform(_tensor(X, self.device))
        return np.asarray(values.cpu().numpy(), dtype=np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns, as the transformer gives them.

        Parameters
        ----------
        input_features : array of str, default=None
            Names of the columns of X.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        if input_features is None:  # the transformer saw an array, which has no names
            input_features = getattr(self, "feature_names_in_", None)
        names: np.ndarray = self.estimator_.get_feature_names_out(input_features)
        return names

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if isinstance(self.estimator, BaseEstimator):  # scikit-learn probes with strings, too
            inner = self.estimator.__sklearn_tags__()
            tags.input_tags.allow_nan = inner.input_tags.allow_nan
            tags.target_tags.required = inner.target_tags.required
            tags.transformer_tags = inner.transformer_tags or tags.transformer_tags
        if self.device != "cpu":
            tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _obstacle(device: str) -> str | None:
    """Why this process cannot use a device, and the way out; None where it can."""
    # What scikit-learn itself asks, before it dispatches anything: PCA needs nothing of scipy.
    if os.environ.get("SCIPY_ARRAY_API") != "1":
        return (
            "scikit-learn computes there only where the environment variable SCIPY_ARRAY_API is 1: "
            "start with it, for example SCIPY_ARRAY_API=1 python train.py"
        )
    if has_device(device.removeprefix("torch:")):
        return None
    there = [name if name != "cpu" else "torch:cpu" for name in reversed(devices_here())]
    return f"torch finds {there} on this machine"


def _tensor(values: np.ndarray, device: str) -> Any:
    import torch

    kind = torch.float32 if values.dtype.kind == "f" else None
    return torch.tensor(values, dtype=kind, device=device.removeprefix("torch:"))


def _target(y: Any, device: str) -> Any:
    values = np.asarray(y)
    if values.dtype.kind not in "biuf":
        values = np.unique(values, return_inverse=True)[1]
    return _tensor(values, device)


def _to_numpy(fitted: Any) -> Any:
    import torch

    # [()]: a tensor without dimensions is a number, as NumPy's reductions give it
    return _converted(fitted, torch.Tensor, lambda tensor: tensor.cpu().numpy().copy()[()])


def _to_tensors(fitted: Any, device: str) -> Any:
    def convert(array: np.ndarray) -> Any:
        return _tensor(array, device) if array.dtype.kind in "biuf" else array

    return _converted(fitted, np.ndarray, convert)


def _converted(item: Any, kind: type, convert: Callable[[Any], Any]) -> Any:
    """Copy an estimator, everything of one kind in it converted."""
    if isinstance(item, kind):
        return convert(item)
    if type(item) in (list, tuple):
        return type(item)([_converted(part, kind, convert) for part in item])
    if type(item) is dict:
        return {key: _converted(part, kind, convert) for key, part in item.items()}
    if isinstance(item, BaseEstimator):
        made = copy.copy(item)
        state = {name: _converted(part, kind, convert) for name, part in vars(item).items()}
        vars(made).update(state)
        return made
    return item
