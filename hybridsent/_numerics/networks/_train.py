"""Train a module, and compute its outputs (layer L0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from hybridsent._folds import hold_out
from hybridsent._numerics.devices import resolve_device
from hybridsent._numerics.networks._layers import Build, initialise
from hybridsent._numerics.networks._loop import Loop, weighted_mean
from hybridsent._numerics.networks._rows import Batches, Rows, few_threads, tensors

if TYPE_CHECKING:
    import torch

__all__ = ["Trained", "predict", "train"]

Loss: TypeAlias = Callable[[Any, Any], "torch.Tensor"]


@dataclass(frozen=True)
class Trained:
    """What `train` gives.

    Parameters
    ----------
    module : torch.nn.Module
        The trained module, on the CPU, in evaluation mode.
    train_loss : list of float
        Mean training loss of each epoch, under dropout.
    valid_loss : list of float
        Loss of the held-out rows after each epoch; empty where none were held out.
    best_epoch : int
        Number of the epoch, from 1, whose weights the module has.
    held_out : ndarray of int
        Rows that were held out; empty where none were.
    """

    module: torch.nn.Module
    train_loss: list[float]
    valid_loss: list[float]
    best_epoch: int
    held_out: np.ndarray


def train(
    build: Build,
    loss: Loss,
    inputs: Mapping[str, np.ndarray],
    target: np.ndarray | None = None,
    *,
    sample_weight: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    lr: float = 1e-3,
    weight_decay: float = 1e-2,
    max_epochs: int = 100,
    batch_size: int | None = 64,
    patience: int = 10,
    validation_fraction: float = 0.1,
    clip: float | None = 1.0,
    device: str = "cpu",
    random_state: Any = 0,
    verbose: bool = False,
) -> Trained:
    r"""Train a module by AdamW, with early stopping; the best weights are restored.

    Minimises the mean of ``loss(module(**batch), target)`` over batches. Two calls with the same
    arguments on the same machine give the same weights, in whichever thread they run.

    Parameters
    ----------
    build : callable
        ``build(generator)`` gives the module. Its layers are made without drawing numbers, by
        `layer`, `mlp` or ``torch.empty``: `initialise` draws all parameters afterwards. What is
        random in training, such as `dropout`, draws from the generator, which lives on the device.
    loss : callable
        ``loss(outputs, target)`` of a batch: a scalar, or one value a row, which is averaged. The
        target is None where none was given.
    inputs : mapping of str to ndarray
        Arguments of the module's ``forward`` by name, each with one row a sample. Floats become
        float32; other types stay.
    target : ndarray, default=None
        One entry a sample; None for unsupervised losses.
    sample_weight : ndarray of shape (n,), default=None
        Weights of the rows, for losses that give one value a row. Only their ratios matter.
    groups : ndarray of shape (n,), default=None
        Rows of one group (speaker, video) are held out together.
    lr : float, default=1e-3
        Learning rate.
    weight_decay : float, default=1e-2
        Decoupled weight decay.
    max_epochs : int, default=100
        Most epochs.
    batch_size : int or None, default=64
        Most rows of a batch, held-out rows included; None takes all at once. The rows are dealt
        into batches of even size, so that none is tiny.
    patience : int, default=10
        Epochs without a smaller held-out loss after which training stops.
    validation_fraction : float, default=0.1
        Share of rows held out to stop early, stratified where the target are integers of which
        each value occurs often enough. 0, or a share of less than 10 rows, trains for all
        epochs on all rows.
    clip : float or None, default=1.0
        Longest gradient.
    device : str, default="cpu"
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``, or ``"auto"`` for the fastest there is.
    random_state : int, RandomState or None, default=0
        Seed of parameters, batches, dropout and held-out rows.
    verbose : bool, default=False
        Whether to show a progress bar on stderr.

    Returns
    -------
    Trained
        Module and history.

    Raises
    ------
    ValueError
        If the device is not there, lengths differ, or the training diverged.

    References
    ----------
    Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from hybridsent._numerics.networks import mlp, predict, train
    >>> x = np.random.default_rng(0).normal(size=(60, 1))
    >>> class Line(torch.nn.Module):
    ...     def __init__(self, generator):
    ...         super().__init__()
    ...         self.line = mlp([1, 1], generator=generator)
    ...     def forward(self, x):
    ...         return self.line(x)[:, 0]
    >>> fitted = train(Line, torch.nn.functional.mse_loss, {"x": x}, 3 * x[:, 0], lr=0.3)
    >>> predict(fitted.module, {"x": np.array([[1.0]])}).round(1)
    array([3.], dtype=float32)
    """
    import torch
    from sklearn.utils import check_random_state

    where = torch.device(resolve_device(device))
    rng = check_random_state(random_state)
    seeds = [int(seed) for seed in rng.randint(2**31 - 1, size=4)]
    module = build(torch.Generator(where).manual_seed(seeds[0]))
    initialise(module, torch.Generator().manual_seed(seeds[1]))
    module.to(where)
    data = tensors(inputs, target, sample_weight, where)
    strata = np.zeros(len(data)) if target is None else target
    kept, held_out = hold_out(strata, validation_fraction, groups, random_state=seeds[2])
    size = min(batch_size or len(data), len(data))
    batches = Batches(data.only(kept), size, torch.Generator().manual_seed(seeds[3]))
    parameters = list(module.parameters())
    loop = Loop(
        [{"params": parameters, "lr": lr, "weight_decay": weight_decay}],
        lambda: batches,
        partial(_learn, module, loss),
        max_epochs,
        judge=partial(_judge, module, loss, data.only(held_out), size) if len(held_out) else None,
        state=lambda: list(module.state_dict().values()),
        patience=patience,
        clip=clip,
        fused=True,
        verbose=verbose,
    )
    module.train()
    with few_threads(module, size):
        loop.run()
    return _trained(module, loop, held_out, lr)


def predict(
    module: torch.nn.Module,
    inputs: Mapping[str, np.ndarray],
    *,
    batch_size: int = 4096,
    device: str = "cpu",
) -> Any:
    """Compute the outputs of a module in evaluation mode, a batch at a time.

    Parameters
    ----------
    module : torch.nn.Module
        From `train` or `load`; it is moved to the device. After ``module.double()`` the outputs are
        float64: slower, but those of a row do not depend on the rows beside it beyond 1e-12.
    inputs : mapping of str to ndarray
        Arguments of ``forward``, as in `train`.
    batch_size : int, default=4096
        Rows at a time; it bounds memory and does not change results beyond rounding.
    device : str, default="cpu"
        As in `train`.

    Returns
    -------
    ndarray or tuple of ndarray
        One row a sample, for each output of ``forward``.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from hybridsent._numerics.networks import predict
    >>> predict(torch.nn.Identity(), {"input": np.eye(2)}, batch_size=1)
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    import torch

    where = torch.device(resolve_device(device))
    module = module.to(where).eval()
    kinds = {parameter.dtype for parameter in module.parameters()}
    precision = "float64" if torch.float64 in kinds else "float32"
    rows = tensors(inputs, None, None, torch.device("cpu"), precision)
    parts = []
    with torch.inference_mode(), few_threads(module, min(len(rows), batch_size)):
        for batch, _ in Batches(rows, batch_size):
            out = module(**{name: tensor.to(where) for name, tensor in batch.items()})
            parts.append(out if isinstance(out, tuple) else (out,))
        whole = [torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True)]
    return tuple(whole) if isinstance(out, tuple) else whole[0]


def _learn(
    module: torch.nn.Module, loss: Loss, batch: Any, scaled: Callable[[Any], Any]
) -> tuple[float, dict[str, Any]]:
    inputs, truth = batch
    value = _mean_loss(loss, module(**inputs), truth)
    scaled(value).backward()
    return _size(inputs), {"loss": value.detach()}


def _judge(module: torch.nn.Module, loss: Loss, rows: Rows, size: int) -> float:
    import torch

    module.eval()
    with torch.no_grad():
        pairs = [
            (_mean_loss(loss, module(**inputs), truth), _size(inputs))
            for inputs, truth in Batches(rows, size)
        ]
    module.train()
    return weighted_mean(pairs)


def _size(inputs: Mapping[str, Any]) -> int:
    return len(next(iter(inputs.values())))


def _mean_loss(loss: Loss, outputs: Any, truth: Mapping[str, torch.Tensor]) -> torch.Tensor:
    value = loss(outputs, truth.get("target"))
    if "weight" not in truth:
        return value.mean()
    if value.shape != truth["weight"].shape:
        raise ValueError(
            "With sample_weight the loss must give one value a row. Got the shape "
            f"{tuple(value.shape)} for {len(truth['weight'])} rows."
        )
    return (value * truth["weight"]).mean()


def _trained(module: torch.nn.Module, loop: Loop, held_out: np.ndarray, lr: float) -> Trained:
    import torch

    train_loss = [entry["loss"] for entry in loop.history if "loss" in entry]
    valid_loss = [entry["held_out"] for entry in loop.history if "held_out" in entry]
    module = module.to("cpu").eval()
    finite = all(bool(torch.isfinite(value).all()) for value in module.parameters())
    if not finite or (valid_loss and not np.isfinite(valid_loss).any()):
        raise ValueError(
            f"The training diverged: the loss was {train_loss[-1]} in epoch {len(train_loss)}. "
            f"Scale the features, or choose a smaller lr. Got lr={lr}."
        )
    return Trained(module, train_loss, valid_loss, loop.best_epoch, held_out)
