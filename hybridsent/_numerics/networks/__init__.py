"""Small torch networks, trained in estimators (layer L0).

`Loop` is the one training loop of the package: the heads, the aligners and adversarial adaptation
use it through `train`, fine-tuning as it is. All random numbers come from generators of the fit
itself (parameters, order of rows, dropout), never from torch's global one, which the threads of
parallel folds share. Batches are slices of tensors: the rows of a matrix in memory need no
collating one by one. What is kept are NumPy arrays.

`train` a module that a function builds, keep its `to_arrays`, and `load` and `predict` later.
"""

from hybridsent._numerics.networks._layers import dropout, initialise, layer, load, mlp, to_arrays
from hybridsent._numerics.networks._loop import Loop, rise_and_fall
from hybridsent._numerics.networks._losses import info_nce
from hybridsent._numerics.networks._rows import few_threads
from hybridsent._numerics.networks._train import Trained, predict, train

__all__ = [
    "Loop",
    "Trained",
    "dropout",
    "few_threads",
    "info_nce",
    "initialise",
    "layer",
    "load",
    "mlp",
    "predict",
    "rise_and_fall",
    "to_arrays",
    "train",
]
