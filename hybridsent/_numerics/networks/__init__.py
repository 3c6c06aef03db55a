"""Small torch networks, trained in estimators (layer L0).

The loop is skorch's `NeuralNet`: epochs, history, callbacks, early stopping, devices. We add what
estimators need and skorch leaves open. All random numbers come from generators of the fit itself
(parameters, order of rows, dropout), never from torch's global one, which the threads of parallel
folds share. Batches are slices of tensors: the rows of a matrix in memory need no collating one by
one. What is kept are NumPy arrays.

`train` a module that a function builds, keep its `to_arrays`, and `load` and `predict` later.
"""

from hybridsent._numerics.networks._layers import dropout, initialise, layer, load, mlp, to_arrays
from hybridsent._numerics.networks._losses import info_nce
from hybridsent._numerics.networks._train import Trained, predict, train

__all__ = [
    "Trained",
    "dropout",
    "info_nce",
    "initialise",
    "layer",
    "load",
    "mlp",
    "predict",
    "to_arrays",
    "train",
]
