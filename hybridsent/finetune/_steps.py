"""What a step of fine-tuning computes: a loss and its gradients, in parts where a batch is large.

The loop is that of all networks (`_numerics.networks.Loop`). Here a batch is a list of items that
the network itself pads, and one that is too large for memory must not change the loss (layer L4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.encoders import Network, Options
from hybridsent.finetune._network import vectors_of
from hybridsent.finetune._objective import Objective, Rows

__all__ = ["Steps", "rates_of"]


@dataclass
class Steps:
    """Losses and gradients of batches.

    Parameters
    ----------
    network : Network
        As `trainable` gave it.
    options : Options
        What the encoder asks for.
    items : list
        Of all domains.
    objective : Objective
        What is minimised.
    micro_batch_size : int or None
        Items that are in memory with their gradients; None for a whole batch.
    """

    network: Network
    options: Options
    items: Sequence[Any]
    objective: Objective
    micro_batch_size: int | None

    def learn(self, rows: Rows, scaled: Callable[[Any], Any]) -> tuple[float, dict[str, Any]]:
        """Compute gradients of a batch, in parts where it is large.

        The loss is one of the whole batch. So all vectors come first, without gradients; then the
        loss tells the gradient of each vector, and each part is encoded again to carry it on (Gao
        et al. 2021, Scaling deep contrastive learning batch size). The result is that of the whole
        batch, for a second forward pass.

        Parameters
        ----------
        rows : Rows
            The batch.
        scaled : callable
            Scales the loss before it goes backward.

        Returns
        -------
        weight : float
            1: all batches count the same.
        losses : dict of str to float
            The loss, and its parts before they are weighted.
        """
        distinct, size = rows.distinct, self.micro_batch_size
        if size is None or len(distinct) <= size:
            loss, parts = self.objective(self._vectors(distinct), rows)
            scaled(loss).backward()
            return 1.0, {"loss": loss.detach(), **parts}
        import torch

        pieces = np.array_split(distinct, -(-len(distinct) // size))
        with torch.no_grad():
            vectors = torch.cat([self._vectors(piece) for piece in pieces])
        vectors.requires_grad_(True)
        loss, parts = self.objective(vectors, rows)
        scaled(loss).backward()
        gradient: Any = vectors.grad
        start = 0
        for piece in pieces:
            self._vectors(piece).backward(gradient[start : start + len(piece)])
            start += len(piece)
        return 1.0, {"loss": loss.detach(), **parts}

    def judge(self, rows: Rows) -> float:
        """Compute the loss of held-out rows.

        Parameters
        ----------
        rows : Rows
            One batch, however many there are.

        Returns
        -------
        float
            The loss.
        """
        import torch

        size = self.micro_batch_size or 64
        distinct = rows.distinct
        with torch.no_grad():
            pieces = np.array_split(distinct, -(-len(distinct) // size))
            vectors = torch.cat([self._vectors(piece) for piece in pieces])
            return float(self.objective(vectors, rows)[0])

    def _vectors(self, rows: np.ndarray) -> Any:
        found = vectors_of(self.network, [self.items[row] for row in rows], self.options)
        return found.to(self.objective.device)


def rates_of(layers: list[tuple[list[Any], float]], decay: float) -> list[dict[str, Any]]:
    """Group parameters by rate and decay; vectors (norms, biases) are not drawn to zero.

    Parameters
    ----------
    layers : list of (list of Parameter, float)
        Parameters and their rates of learning.
    decay : float
        Weight decay of AdamW, for matrices.

    Returns
    -------
    list of dict
        As torch's optimisers take them.
    """
    return [
        {"params": some, "lr": rate, "weight_decay": decay if matrices else 0.0}
        for parameters, rate in layers
        for matrices in (True, False)
        if (some := [p for p in parameters if (p.ndim > 1) == matrices])
    ]
