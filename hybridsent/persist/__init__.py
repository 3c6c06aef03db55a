"""Save and load models without running code from the file (layer L5).

No library serves alone: pickle and joblib run code from the file; skops audits types, but not what
scikit-learn's and xgboost's C code will believe, keeps no versions or fingerprints, and leaves the
list of trusted types to the caller.

Estimators that hold network weights (the heads) are saved as tensors. They define

``__hybridsent_tensors__(self) -> dict[str, ndarray or torch.Tensor]``
    All weights, of a fitted instance (an empty dict otherwise).
``__hybridsent_set_tensors__(self, tensors: dict[str, ndarray]) -> None``
    Build the network again from the plain attributes, and set its weights. Called last.
``__hybridsent_tensor_attributes__: tuple[str, ...]`` (class attribute)
    Names of the instance attributes that hold the network: they are left out of the file.
"""

from hybridsent.persist._api import check_savable, inspect, load, save

__all__ = ["check_savable", "inspect", "load", "save"]
