"""Arrays as tensors, in batches (layer L0)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

__all__ = ["Batches", "Rows", "few_threads", "tensors"]

_SMALL = 2**26  # multiplications of a forward pass below which threads cost more than they bring


class Rows:
    """Some rows of tensors: arguments of the module, and what its loss compares with."""

    def __init__(
        self,
        inputs: Mapping[str, torch.Tensor],
        truth: Mapping[str, torch.Tensor],
        order: torch.Tensor,
    ) -> None:
        self.inputs = inputs
        self.truth = truth
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def only(self, rows: np.ndarray) -> Rows:
        """Give these rows, without a copy of the tensors."""
        return Rows(self.inputs, self.truth, self.order[rows.tolist()])

    def batch(self, order: torch.Tensor) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give rows as the module and the loss take them."""
        inputs = {name: tensor.index_select(0, order) for name, tensor in self.inputs.items()}
        return inputs, {name: tensor.index_select(0, order) for name, tensor in self.truth.items()}


class Batches:
    """Batches of even size, in a new order each time where there is a generator.

    A DataLoader would collate the rows one by one.
    """

    def __init__(
        self, rows: Rows, batch_size: int, generator: torch.Generator | None = None
    ) -> None:
        self.rows = rows
        self.count = math.ceil(len(rows) / batch_size)
        self.generator = generator

    def __iter__(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        import torch

        order = self.rows.order
        if self.generator is not None and self.count > 1:
            order = order[torch.randperm(len(order), generator=self.generator).to(order.device)]
        for part in order.tensor_split(self.count):
            yield self.rows.batch(part)


def tensors(
    inputs: Mapping[str, np.ndarray],
    target: np.ndarray | None,
    sample_weight: np.ndarray | None,
    device: torch.device,
    precision: str = "float32",
) -> Rows:
    """Move arrays to a device as tensors, after a look at their lengths."""
    import torch

    truth = {} if target is None else {"target": target}
    if sample_weight is not None:
        weight = np.asarray(sample_weight, dtype=np.float64)
        truth["weight"] = weight / weight.mean()
    lengths = {name: len(array) for name, array in {**inputs, **truth}.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise ValueError(
            f"All inputs must have the same number of rows, at least one. Got {lengths}."
        )
    n = next(iter(lengths.values()))
    return Rows(
        {name: _tensor(array, device, precision) for name, array in inputs.items()},
        {name: _tensor(array, device, precision) for name, array in truth.items()},
        torch.arange(n, device=device),
    )


def _tensor(array: np.ndarray, device: torch.device, precision: str) -> torch.Tensor:
    import torch

    values = np.asarray(array)
    if values.dtype.kind == "f":
        values = values.astype(precision, copy=False)
    # torch warns of memory that cannot be written, such as that of a joblib worker
    values = np.require(values, requirements=["C", "W"])
    return torch.from_numpy(values).to(device)


def few_threads(module: torch.nn.Module, rows: int) -> AbstractContextManager[Any]:
    """Compute with one thread where a batch is small.

    OpenMP counts threads for each calling thread, so no other fold or library sees it; torch's own
    ``set_num_threads`` would be for the whole process.
    """
    from threadpoolctl import threadpool_limits

    work = rows * sum(parameter.numel() for parameter in module.parameters())
    return threadpool_limits(1, user_api="openmp") if work < _SMALL else nullcontext()
