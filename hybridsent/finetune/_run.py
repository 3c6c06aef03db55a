"""One call of `finetune`: what is trained, how long, and what comes of it (layer L4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridsent._numerics.devices import resolve_device
from hybridsent._numerics.networks import Loop, few_threads, rise_and_fall
from hybridsent.encoders import BaseEncoder
from hybridsent.encoders._runtime import resolve_precision
from hybridsent.finetune._data import Data
from hybridsent.finetune._layers import add_lora, layers_of, merge_lora
from hybridsent.finetune._network import encode_all, model_of, trainable, vectors_of
from hybridsent.finetune._objective import Objective, Rows, start_of
from hybridsent.finetune._steps import Steps, rates_of
from hybridsent.finetune._watched import watch

__all__ = ["HEAD_RATE", "RATES", "Run", "epochs_of", "share_of", "watching"]

RATES = {"full": 5e-5, "last": 1e-4, "lora": 5e-4}
HEAD_RATE = 1e-2
_STEPS = 50  # of "auto": where few labels stop teaching and more steps only repeat them
_EPOCHS = (3, 30)  # of "auto", at least and at most
_ENOUGH = 1000  # labelled rows, of which a tenth tells when to stop
_HELD_OUT = 0.1


def share_of(held_out: float | str, n_labelled: int) -> float:
    """Give the share of the labelled rows that only tell when to stop.

    Parameters
    ----------
    held_out : float or "auto"
        As `finetune` takes it.
    n_labelled : int
        Labelled rows.

    Returns
    -------
    float
        0 for none.
    """
    if held_out != "auto":
        return float(held_out)
    return _HELD_OUT if n_labelled >= _ENOUGH else 0.0


def epochs_of(epochs: int | str, count: int) -> int:
    """Give the most passes over the labelled rows.

    Parameters
    ----------
    epochs : int or "auto"
        As `finetune` takes it.
    count : int
        Batches of an epoch.

    Returns
    -------
    int
        Passes.
    """
    return int(np.clip(round(_STEPS / count), *_EPOCHS)) if epochs == "auto" else int(epochs)


def watching() -> dict[str, Any]:
    """Give what a loop is told of who watches.

    Returns
    -------
    dict of str to object
        Parameters of `Loop`.
    """
    wanted = watch()
    return {} if wanted is None else {"told": wanted.told, "keeps": wanted.keeps}


class Run:
    """One call.

    Parameters
    ----------
    encoder : BaseEncoder
        Names the backbone, and tells how cells are read.
    settings : object
        The parameters of `finetune`, as attributes.
    """

    def __init__(self, encoder: BaseEncoder, settings: Any) -> None:
        import torch

        self.encoder, self.settings = encoder, settings
        self.options = encoder._options()
        self.device = resolve_device(settings.device)
        self.precision = resolve_precision(settings.precision, self.device)
        dtype = None if self.precision == "float32" else getattr(torch, self.precision)
        self.network = trainable(encoder.backbone(), self.device, dtype)
        self.network.check(self.options)
        self.model = model_of(self.network)
        self._rng = np.random.default_rng(np.random.SeedSequence(settings.seed))

    def train(self, data: Data) -> None:
        """Train on data; the network then is the new one.

        Parameters
        ----------
        data : Data
            What is learned from.
        """
        settings = self.settings
        self.learned, held = data.split(self._share(data), int(self._rng.integers(2**31)))
        self._objective = self._start(data)
        layers = self.layers(data.items)
        self.n_trained = sum(parameter.numel() for layer, _ in layers for parameter in layer)
        if self._objective.parameters:
            layers.append((self._objective.parameters, HEAD_RATE))
        loop = self._loop(data, layers, data.judged(held))
        with few_threads(self.model, settings.batch_size):
            loop.run()
        self.history = loop.history
        self.check_finite()
        if settings.how == "lora":
            merge_lora(self.model)

    def head(self, data: Data) -> tuple[np.ndarray, np.ndarray]:
        """Give coefficients and intercepts of the head.

        Parameters
        ----------
        data : Data
            What was learned from.

        Returns
        -------
        coefficients : ndarray of shape (n_outputs, width)
            Of the logits, or of the number.
        intercepts : ndarray of shape (n_outputs,)
            Of the logits, or of the number.
        """
        if self.settings.loss == "contrastive":
            return self._probe(data)
        weights, biases = (p.detach().cpu().numpy() for p in self._objective.head)
        if data.task == "regression":  # in the unit of y
            return weights * data.scale, biases * data.scale + data.mean
        return weights, biases

    # -- settings that depend on the data

    def _share(self, data: Data) -> float:
        return share_of(self.settings.held_out, len(data.labelled))

    def _loop(self, data: Data, layers: list[tuple[list[Any], float]], held: Rows | None) -> Loop:
        settings = self.settings
        steps = Steps(
            self.network, self.options, data.items, self._objective, settings.micro_batch_size
        )
        count = -(-len(self.learned) // settings.batch_size)
        epochs = epochs_of(settings.epochs, count)
        balanced = settings.loss == "contrastive"
        return Loop(
            rates_of(layers, settings.weight_decay),
            lambda: data.batches(self.learned, settings.batch_size, self._rng, balanced=balanced),
            steps.learn,
            epochs,
            judge=None if held is None else lambda: steps.judge(held),
            patience=settings.patience,
            from_start=True,
            clip=settings.clip,
            rates=rise_and_fall(settings.warm_up, epochs * count),
            half=self.device.split(":")[0] if self.precision == "float16" else None,
            title="finetune",
            verbose=settings.verbose,
            **watching(),
        )

    # -- where it starts

    def _frozen(self, data: Data, rows: np.ndarray) -> np.ndarray:
        return encode_all(self.network, [data.items[row] for row in rows], self.options)

    def _probe(self, data: Data) -> tuple[np.ndarray, np.ndarray]:
        """Fit a linear model to the vectors of the rows that are learned from."""
        rows = np.concatenate([self.learned, data.sourced])
        return start_of(data.task, self._frozen(data, rows), data.targets[rows], data.n_outputs)

    def _start(self, data: Data) -> Objective:
        """Let the head and the projection start from frozen vectors."""
        settings = self.settings
        objective = Objective(
            loss=settings.loss,
            temperature=settings.temperature,
            weights={
                "target": settings.target_weight,
                "source": settings.source_weight,
                "alignment": settings.alignment_weight,
            },
            alignment=settings.alignment,
            targets=data.targets,
            device=self.device,
        )
        if settings.loss != "contrastive":
            objective.start_head(*self._probe(data))
        if data.paired is not None and settings.alignment_weight > 0:
            frozen = self._frozen(data, data.pairs)
            objective.start_projection(frozen, data.paired[data.pairs], data.pairs)
        return objective

    def layers(self, items: list[Any]) -> list[tuple[list[Any], float]]:
        """Give what is trained, layer by layer, with the rate of each.

        Parameters
        ----------
        items : list
            What `Network.finish` gave; the first tells which parameters a vector passes through.

        Returns
        -------
        list of (list of Parameter, float)
            Layers and their rates.
        """
        import torch

        settings = self.settings
        reached = self._reached(items)
        rate = RATES[settings.how] if settings.learning_rate == "auto" else settings.learning_rate
        if settings.how == "lora":
            generator = torch.Generator().manual_seed(int(self._rng.integers(2**31)))
            added = add_lora(self.model, reached, settings.rank, generator)
            reached = {id(parameter) for parameter in added}
        layers = layers_of(self.model, reached)
        first = max(0, len(layers) - settings.n_layers) if settings.how == "last" else 0
        last = len(layers) - 1
        kept = [
            (layer, rate * settings.layer_decay ** (last - i))
            for i, layer in enumerate(layers)
            if i >= first
        ]
        for layer, _ in kept:
            for parameter in layer:
                parameter.requires_grad_(True)
        return kept

    def _reached(self, items: list[Any]) -> set[int]:
        """Find the parameters that a vector passes through: those that get a gradient."""
        parameters = [p for p in self.model.parameters() if p.is_floating_point()]
        for parameter in parameters:
            parameter.requires_grad_(True)
        vectors_of(self.network, items[:1], self.options).sum().backward()
        found = {id(parameter) for parameter in parameters if parameter.grad is not None}
        for parameter in parameters:
            parameter.grad = None
            parameter.requires_grad_(False)
        return found

    def check_finite(self) -> None:
        """Refuse losses or weights that are no numbers.

        Raises
        ------
        ValueError
            If one is not.
        """
        losses = [value for entry in self.history for value in entry.values()]
        finite = all(bool(p.isfinite().all()) for p in self.model.parameters())
        if not (np.isfinite(losses).all() and finite):
            raise ValueError(
                "The losses and weights must stay finite. They did not, with the learning_rate "
                f"{self.settings.learning_rate!r} and precision {self.precision!r}; pass a smaller "
                "learning_rate, or precision='float32'."
            )
