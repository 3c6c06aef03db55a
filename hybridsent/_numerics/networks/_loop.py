"""The one loop that trains networks: heads, aligners, adaptation and fine-tuning (layer L0).

Plain torch, by hand: skorch, Lightning and their like shuffle and drop out by torch's global
generator, which the threads of parallel folds share, collate rows one by one, take Ctrl-C for the
end of training, and have no batch whose gradient comes in parts; what of them would be left are
these lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import torch

__all__ = ["Learn", "Loop", "rise_and_fall", "weighted_mean"]

Learn: TypeAlias = Callable[[Any, Callable[[Any], Any]], tuple[float, Mapping[str, Any]]]


@dataclass
class Loop:
    """Epochs of AdamW; where a loss of held-out rows is given, the best weights are those kept.

    It draws no random number and touches nothing of the process: the order of rows is that of
    ``batches``, and whether layers are in training mode is for ``learn`` and ``judge`` to say.

    Parameters
    ----------
    parameters : list of dict
        What is trained, with their ``lr`` and ``weight_decay``, as torch's optimisers take it.
    batches : callable
        Gives the batches of an epoch, of any kind that ``learn`` takes.
    learn : callable
        ``learn(batch, scaled)`` computes gradients: it calls ``scaled(loss).backward()``. It gives
        the weight of the batch in the means of the epoch, and its losses by name, ``"loss"`` first.
    epochs : int
        Most epochs.
    judge : callable, default=None
        Gives the loss of the held-out rows; None trains for all epochs.
    state : callable, default=None
        Gives the tensors that are restored; None for the ``parameters``.
    patience : int, default=10
        Epochs without a smaller held-out loss after which training stops.
    from_start : bool, default=False
        Whether the weights that are there before the first step may be the best ones.
    clip : float or None, default=1.0
        Longest gradient.
    rates : callable, default=None
        Factor of all rates of learning in a step, counted from 0; None for always 1.
    fused : bool, default=False
        Whether a step is one call for all parameters: for small networks, whose steps are calls
        for the most part.
    half : str, default=None
        Kind of device on which gradients are of float16, and must be scaled.
    title : str, default=None
        Of the progress bar on stderr.
    verbose : bool or int, default=False
        Whether there is one.
    told : callable, default=None
        Called with each entry of `history`; None tells nobody.
    keeps : bool, default=False
        Whether a Ctrl-C behind the first epoch ends the training as if it were over: the best
        weights so far are those kept.

    Attributes
    ----------
    history : list of dict
        Means of an epoch by name, with ``"epoch"``, counted from 1, and ``"held_out"`` where rows
        are held out. The first entry, of epoch 0, is that of the start.
    interrupted : bool
        Whether a Ctrl-C ended it.
    best_epoch : int
        Whose weights the network has: of smallest held-out loss; the last one where no rows are
        held out or no such loss was a number.

    Examples
    --------
    >>> import torch
    >>> from hybridsent._numerics.networks import Loop
    >>> x = torch.zeros(1, requires_grad=True)
    >>> def learn(goal, scaled):
    ...     loss = (x - goal).pow(2).sum()
    ...     scaled(loss).backward()
    ...     return 1, {"loss": loss.detach()}
    >>> loop = Loop([{"params": [x], "lr": 0.1, "weight_decay": 0.0}], lambda: [3.0], learn, 200)
    >>> loop.run()
    >>> round(x.item(), 1), len(loop.history), loop.best_epoch
    (3.0, 201, 200)
    """

    parameters: list[dict[str, Any]]
    batches: Callable[[], Iterable[Any]]
    learn: Learn
    epochs: int
    judge: Callable[[], float] | None = None
    state: Callable[[], Sequence[torch.Tensor]] | None = None
    patience: int = 10
    from_start: bool = False
    clip: float | None = 1.0
    rates: Callable[[int], float] | None = None
    fused: bool = False
    half: str | None = None
    title: str | None = None
    verbose: bool | int = False
    told: Callable[[Mapping[str, float]], None] | None = None
    keeps: bool = False
    history: list[dict[str, float]] = field(default_factory=list, init=False)
    best_epoch: int = field(default=0, init=False)
    interrupted: bool = field(default=False, init=False)

    def run(self) -> None:
        """Train. A Ctrl-C of the user goes through, unless what there is shall be kept."""
        self._begin()
        self._note(0, {})
        try:
            self._epochs()
        except KeyboardInterrupt:
            if not self.keeps or len(self.history) < 2:
                raise
            self.interrupted = True
        self._restore()

    def _epochs(self) -> None:
        with self._bar() as bar:
            for epoch in range(1, self.epochs + 1):
                _show(bar, self._note(epoch, self._epoch()))
                if self.judge is not None and epoch - self.best_epoch >= self.patience:
                    break

    # -- one epoch

    def _begin(self) -> None:
        import torch

        self._optimizer = torch.optim.AdamW(self.parameters, fused=self.fused or None)
        self._first_rates = [group["lr"] for group in self._optimizer.param_groups]
        self._trained = [each for group in self.parameters for each in group["params"]]
        self._scaler = torch.amp.GradScaler(self.half) if self.half else None
        self._step = 0
        self._best, self._kept = math.inf, list[torch.Tensor]()

    def _epoch(self) -> dict[str, float]:
        found = [self._learned(batch) for batch in self.batches()]
        names = dict.fromkeys(name for _, losses in found for name in losses)
        return {  # a batch may lack a loss: one without pairs has none of alignment
            name: weighted_mean([(of[name], weight) for weight, of in found if name in of])
            for name in names
        }

    def _learned(self, batch: Any) -> tuple[float, Mapping[str, Any]]:
        """Take a step."""
        from torch.nn.utils import clip_grad_norm_

        if self.rates is not None:
            factor = self.rates(self._step)
            for group, rate in zip(self._optimizer.param_groups, self._first_rates, strict=True):
                group["lr"] = rate * factor
        self._step += 1
        self._optimizer.zero_grad()
        found = self.learn(batch, self._scaled)
        if self.clip is not None:
            if self._scaler is not None:
                self._scaler.unscale_(self._optimizer)
            clip_grad_norm_(self._trained, self.clip)
        if self._scaler is None:
            self._optimizer.step()
        else:
            self._scaler.step(self._optimizer)
            self._scaler.update()
        return found

    def _scaled(self, loss: Any) -> Any:
        return loss if self._scaler is None else self._scaler.scale(loss)

    # -- when to stop, and what is kept

    def _note(self, epoch: int, losses: Mapping[str, float]) -> dict[str, float]:
        """Write an epoch down, and copy the weights where it is the best so far."""
        entry = {"epoch": float(epoch), **losses}
        if self.judge is not None and (epoch > 0 or self.from_start):
            entry["held_out"] = self.judge()
            if entry["held_out"] < self._best:
                self._best, self.best_epoch = entry["held_out"], epoch
                self._kept = [tensor.detach().clone() for tensor in self._tensors()]
        self.history.append(entry)
        if self.told is not None:
            self.told(entry)
        return entry

    def _tensors(self) -> Sequence[torch.Tensor]:
        return self._trained if self.state is None else self.state()

    def _restore(self) -> None:
        import torch

        if not self._kept:
            self.best_epoch = len(self.history) - 1
            return
        with torch.no_grad():
            for tensor, value in zip(self._tensors(), self._kept, strict=True):
                tensor.copy_(value)

    def _bar(self) -> AbstractContextManager[Any]:
        if not self.verbose:
            return nullcontext()
        from tqdm import tqdm

        bar: AbstractContextManager[Any] = tqdm(
            total=self.epochs, desc=self.title, unit="epoch", leave=False
        )
        return bar


def weighted_mean(pairs: Sequence[tuple[Any, float]]) -> float:
    """Average losses over batches, which are numbers or tensors of one, with their weights."""
    values, weights = zip(*pairs, strict=True)
    return float(np.average([float(value) for value in values], weights=weights))


def rise_and_fall(share: float, steps: int) -> Callable[[int], float]:
    """Rates that grow in a share of all steps, then fall, linearly; the last step still moves.

    Parameters
    ----------
    share : float
        Of the steps in which rates grow; the first one has one step at least.
    steps : int
        Of the whole training.

    Returns
    -------
    callable
        Factor of the rate in a step, counted from 0.

    Examples
    --------
    >>> from hybridsent._numerics.networks import rise_and_fall
    >>> [rise_and_fall(0.5, 4)(step) for step in range(4)]
    [0.5, 1.0, 1.0, 0.5]
    """
    rising = max(1, round(share * steps))

    def factor(step: int) -> float:
        falling = (steps - step) / max(1, steps - rising)
        return min((step + 1) / rising, falling, 1.0)

    return factor


def _show(bar: Any, entry: Mapping[str, float]) -> None:
    if bar is not None:
        losses = {name: entry[name] for name in ("loss", "held_out") if name in entry}
        bar.set_postfix(losses, refresh=False)
        bar.update()
