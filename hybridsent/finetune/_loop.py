"""The loop: AdamW, warm-up and decay, cached gradients, early stopping (layer L4).

skorch's loop, which the heads use, takes matrices; here a batch is a list of items that the network
itself pads, and a batch that is too large for memory must not change the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.encoders import Network, Options
from hybridsent.finetune._network import vectors_of
from hybridsent.finetune._objective import Objective, Rows

__all__ = ["Loop", "Schedule"]


@dataclass
class Schedule:
    """How long and how fast.

    Parameters
    ----------
    epochs : int
        Most epochs.
    warm_up : float
        Share of all steps in which the rate grows.
    clip : float or None
        Longest gradient.
    weight_decay : float
        Of AdamW, for matrices.
    patience : int
        Epochs without a better loss of the held-out rows before it stops.
    micro_batch_size : int or None
        Items that are in memory with their gradients; None for a whole batch.
    """

    epochs: int
    warm_up: float
    clip: float | None
    weight_decay: float
    patience: int
    micro_batch_size: int | None


@dataclass
class Loop:
    """Train a network's parameters, and those of an objective.

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
    layers : list of (list of Parameter, float)
        Parameters and their rates of learning.
    schedule : Schedule
        How long and how fast.
    batches : callable
        Gives the batches of an epoch.
    count : int
        Batches in an epoch.
    held_out : Rows or None
        Rows that tell when to stop.
    half : bool, default=False
        Whether gradients are of float16, and must be scaled.
    """

    network: Network
    options: Options
    items: Sequence[Any]
    objective: Objective
    layers: list[tuple[list[Any], float]]
    schedule: Schedule
    batches: Callable[[], Iterator[Rows]]
    count: int
    held_out: Rows | None
    half: bool = False
    history: list[dict[str, float]] = field(default_factory=list)

    def run(self, progress: Callable[[], AbstractContextManager[Any]]) -> None:
        """Train; at the end the weights are those of the best epoch, where rows are held out."""
        import torch

        self._optimizer = torch.optim.AdamW(self._groups())
        self._rates = [group["lr"] for group in self._optimizer.param_groups]
        self._scaler = torch.amp.GradScaler(self.objective.device.split(":")[0], enabled=self.half)
        self._step, self._steps = 0, self.schedule.epochs * self.count
        best, kept = self._judge({}), self._weights()
        misses = 0
        with progress() as bar:
            for _ in range(self.schedule.epochs):
                score = self._judge(self._epoch())
                bar.update()
                if self.held_out is None:
                    continue
                misses = misses + 1 if score >= best else 0
                if misses == 0:
                    best, kept = score, self._weights()
                if misses >= self.schedule.patience:
                    break
        if self.held_out is not None:
            self._restore(kept)

    def _groups(self) -> list[dict[str, Any]]:
        """Parameters by rate and decay; vectors (norms, biases) are not drawn to zero."""
        decay = self.schedule.weight_decay
        return [
            {"params": some, "lr": rate, "weight_decay": decay if matrices else 0.0}
            for parameters, rate in self.layers
            for matrices in (True, False)
            if (some := [p for p in parameters if (p.ndim > 1) == matrices])
        ]

    @property
    def _trained(self) -> list[Any]:
        return [
            parameter for group in self._optimizer.param_groups for parameter in group["params"]
        ]

    # -- one epoch

    def _epoch(self) -> dict[str, float]:
        sums: dict[str, list[float]] = {}
        for rows in self.batches():
            for name, value in self._learn(rows).items():
                sums.setdefault(name, []).append(value)
        return {name: float(np.mean(values)) for name, values in sums.items()}

    def _learn(self, rows: Rows) -> dict[str, float]:
        import torch

        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * self._factor()
        self._step += 1
        self._optimizer.zero_grad()
        loss, parts = self._backward(rows)
        if self.schedule.clip is not None:
            self._scaler.unscale_(self._optimizer)
            torch.nn.utils.clip_grad_norm_(self._trained, self.schedule.clip)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return {"loss": loss, **parts}

    def _factor(self) -> float:
        """Of the rate: it grows, then falls, linearly; the last step still moves."""
        rising = max(1, round(self.schedule.warm_up * self._steps))
        falling = (self._steps - self._step) / max(1, self._steps - rising)
        return min((self._step + 1) / rising, falling, 1.0)

    def _backward(self, rows: Rows) -> tuple[float, dict[str, float]]:
        """Compute gradients of a batch, in parts where it is large.

        The loss is one of the whole batch. So all vectors come first, without gradients; then the
        loss tells the gradient of each vector, and each part is encoded again to carry it on (Gao
        et al. 2021, Scaling deep contrastive learning batch size). The result is that of the whole
        batch, for a second forward pass.
        """
        distinct, size = rows.distinct, self.schedule.micro_batch_size
        if size is None or len(distinct) <= size:
            loss, parts = self.objective(self._vectors(distinct), rows)
            self._scaler.scale(loss).backward()
            return float(loss.detach()), parts
        import torch

        pieces = np.array_split(distinct, -(-len(distinct) // size))
        with torch.no_grad():
            vectors = torch.cat([self._vectors(piece) for piece in pieces])
        vectors.requires_grad_(True)
        loss, parts = self.objective(vectors, rows)
        self._scaler.scale(loss).backward()
        gradient: Any = vectors.grad
        start = 0
        for piece in pieces:
            self._vectors(piece).backward(gradient[start : start + len(piece)])
            start += len(piece)
        return float(loss.detach()), parts

    def _vectors(self, rows: np.ndarray) -> Any:
        found = vectors_of(self.network, [self.items[row] for row in rows], self.options)
        return found.to(self.objective.device)

    # -- when to stop

    def _judge(self, told: dict[str, float]) -> float:
        """Write an epoch down; gives the loss of the rows held out, 0 without any."""
        entry = {"epoch": float(len(self.history)), **told}
        if self.held_out is not None:
            entry["held_out"] = self._held_out_loss(self.held_out)
        self.history.append(entry)
        return entry.get("held_out", 0.0)

    def _held_out_loss(self, rows: Rows) -> float:
        import torch

        size = self.schedule.micro_batch_size or 64
        distinct = rows.distinct
        with torch.no_grad():
            pieces = np.array_split(distinct, -(-len(distinct) // size))
            vectors = torch.cat([self._vectors(piece) for piece in pieces])
            return float(self.objective(vectors, rows)[0])

    def _weights(self) -> list[Any]:
        if self.held_out is None:
            return []
        return [parameter.detach().clone() for parameter in self._trained]

    def _restore(self, kept: list[Any]) -> None:
        for parameter, value in zip(self._trained, kept, strict=True):
            parameter.data.copy_(value)
