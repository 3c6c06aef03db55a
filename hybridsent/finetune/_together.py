"""The networks of several views, trained on the rows that they share (layer L4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d

from hybridsent._numerics.networks import Loop, few_threads, rise_and_fall
from hybridsent.encoders import BaseEncoder
from hybridsent.finetune._data import check_differ
from hybridsent.finetune._finetune import shown
from hybridsent.finetune._joint import Joint, common_space
from hybridsent.finetune._network import encode_all, vectors_of
from hybridsent.finetune._objective import start_of
from hybridsent.finetune._result import FineTuned, new_folder
from hybridsent.finetune._rows import Domain, batches_of, read
from hybridsent.finetune._run import HEAD_RATE, Run, epochs_of, share_of, watching
from hybridsent.finetune._steps import rates_of
from hybridsent.finetune._targets import held_out_of, known_of, targets_of
from hybridsent.finetune._write import write_folder

__all__ = ["Together"]


class Together:
    """One call: a run for each view, and the rows that they share.

    Parameters
    ----------
    encoders : dict of str to BaseEncoder
        What reads each view.
    settings : object
        The parameters of `finetune_views`, as attributes.
    table : DataFrame
        The rows.
    where : dict of str to str
        Column of each view.
    y, groups : array-like
        As there.
    """

    def __init__(
        self,
        encoders: Mapping[str, BaseEncoder],
        settings: Any,
        table: Any,
        where: Mapping[str, str],
        y: Any,
        groups: Any,
    ) -> None:
        import torch

        self.settings = settings
        self.runs = {view: Run(encoder, settings) for view, encoder in encoders.items()}
        self.classes, [targets] = targets_of(settings.task, [y], ["y"])
        check_consistent_length(table, targets)
        self.domains: dict[str, Domain] = {}
        for view, run in self.runs.items():
            cells = table[where[view]]
            self.domains[view] = read(encoders[view], run.network, cells, targets)
            if not len(self.domains[view].rows):
                raise ValueError(
                    f"A view must have a cell. All cells of {view!r} are missing or broken; leave "
                    "it out."
                )
        self.place = {view: _places(one.rows, len(table)) for view, one in self.domains.items()}
        there = np.sum([at >= 0 for at in self.place.values()], axis=0)
        known = known_of(targets)
        self.labelled = np.flatnonzero(known & (there > 0))
        check_differ(self.classes, targets[self.labelled])
        self.free = np.flatnonzero(~known & (there > 1))
        if not (there > 1).any():
            raise ValueError(
                "X must have a row with two views, which are drawn together. Got none; tune each "
                "view with finetune."
            )
        self.mean, self.scale = 0.0, 1.0
        if settings.task == "regression":
            numbers = targets[self.labelled]
            self.mean, self.scale = float(numbers.mean()), float(numbers.std())
            targets = (targets - self.mean) / self.scale
        self.targets = targets if settings.task == "classification" else targets.astype(np.float32)
        self.known = known
        self.groups = None
        if groups is not None:
            check_consistent_length(targets, groups)
            self.groups = column_or_1d(groups)[self.labelled]
        self.device = next(iter(self.runs.values())).device
        self._tensor = torch.from_numpy(np.asarray(self.targets)).to(self.device)
        self._rng = np.random.default_rng(np.random.SeedSequence(settings.seed))
        share = share_of(settings.held_out, len(self.labelled))
        seed = int(self._rng.integers(2**31))
        kept, held = held_out_of(self.targets[self.labelled], self.groups, share, seed)
        self.learned, self.held = self.labelled[kept], self.labelled[held]

    @property
    def n_outputs(self) -> int:
        """Scores of a row."""
        return 1 if self.classes is None else len(self.classes)

    def train(self) -> None:
        """Train all networks; each then is the new one."""
        settings = self.settings
        self._start()
        parameters = []
        for view, run in self.runs.items():
            layers = run.layers(self.domains[view].items)
            run.n_trained = sum(each.numel() for layer, _ in layers for each in layer)
            parameters += layers
        parameters.append((self._heads, HEAD_RATE))
        count = -(-len(self.learned) // settings.batch_size)
        epochs = epochs_of(settings.epochs, count)
        loop = Loop(
            rates_of(parameters, settings.weight_decay),
            self._batches,
            self._learn,
            epochs,
            judge=self._judge if len(self.held) else None,
            patience=settings.patience,
            from_start=True,
            clip=settings.clip,
            rates=rise_and_fall(settings.warm_up, epochs * count),
            half=self._half(),
            title="finetune_views",
            verbose=settings.verbose,
            **watching(),
        )
        with ExitStack() as limits:
            for run in self.runs.values():
                limits.enter_context(few_threads(run.model, settings.batch_size))
            loop.run()
        for run in self.runs.values():
            run.history = loop.history
            run.check_finite()

    def _half(self) -> str | None:
        precisions = {run.precision for run in self.runs.values()}
        return self.device.split(":")[0] if precisions == {"float16"} else None

    def _start(self) -> None:
        """Let heads and maps begin with what frozen vectors say."""
        import torch

        self._heads: list[Any] = []

        def learned(values: np.ndarray) -> Any:
            made = torch.tensor(values, device=self.device, requires_grad=True)
            self._heads.append(made)
            return made

        frozen = {view: self.frozen(view) for view in self.runs}
        rows = {view: domain.rows for view, domain in self.domains.items()}
        heads, fused, biases = {}, {}, []
        for view, values in frozen.items():
            some = np.flatnonzero(np.isin(rows[view], self.learned))
            weights, bias = self._linear(values[some], rows[view][some])
            if self.settings.loss != "contrastive":
                heads[view] = learned(weights), learned(bias)
            fused[view] = learned(weights / len(frozen))
            biases.append(bias / len(frozen))
        align = self.settings.alignment_weight > 0
        maps = common_space(frozen, rows, len(self.known)) if align else {}
        centres = {view: values.mean(0) for view, values in frozen.items()}
        self.objective = Joint(
            loss=self.settings.loss,
            temperature=self.settings.temperature,
            alignment_weight=self.settings.alignment_weight,
            fused_weight=self.settings.fused_weight,
            heads=heads,
            fused=fused,
            bias=learned(np.sum(biases, axis=0).astype(np.float32)),
            maps={view: learned(values) for view, values in maps.items()},
            centres={view: torch.from_numpy(c).to(self.device) for view, c in centres.items()},
        )

    def _linear(self, vectors: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fit a linear model of the labels; one that tells nothing where the rows are alike."""
        targets = self.targets[rows]
        if len(rows) < 2 or (targets == targets[:1]).all():
            shape = self.n_outputs, vectors.shape[1]
            return np.zeros(shape, np.float32), np.zeros(self.n_outputs, np.float32)
        return start_of(self.settings.task, vectors, targets, self.n_outputs)

    def frozen(self, view: str) -> np.ndarray:
        """Encode all cells of a view with its network as it is now."""
        run = self.runs[view]
        return encode_all(run.network, self.domains[view].items, run.options)

    # -- batches

    def _batches(self) -> Iterator[np.ndarray]:
        """Deal out rows: labelled ones, and as many without a label that have two views."""
        size, rng = self.settings.batch_size, self._rng
        balanced = self.settings.loss == "contrastive"
        others = self._turns()
        for at in batches_of(self.targets[self.learned], size, rng, balanced=balanced):
            yield np.union1d(self.learned[at], next(others))

    def _turns(self) -> Iterator[np.ndarray]:
        while len(self.free):
            for at in batches_of(self.free, self.settings.batch_size, self._rng, balanced=False):
                yield self.free[at]
        while True:
            yield np.empty(0, dtype=int)

    def _loss(self, rows: np.ndarray) -> tuple[Any, dict[str, float]]:
        vectors, places = {}, {}
        for view, run in self.runs.items():
            at = self.place[view][rows]
            here = np.flatnonzero(at >= 0)
            if len(here):
                items = [self.domains[view].items[i] for i in at[here]]
                vectors[view] = vectors_of(run.network, items, run.options).to(self.device)
                places[view] = here
        return self.objective(vectors, places, self._tensor[rows.tolist()], self.known[rows])

    def _learn(self, rows: np.ndarray, scaled: Any) -> tuple[float, dict[str, Any]]:
        loss, parts = self._loss(rows)
        scaled(loss).backward()
        return 1.0, {"loss": loss.detach(), **parts}

    def _judge(self) -> float:
        import torch

        with torch.no_grad():
            return float(self._loss(np.sort(self.held))[0])

    # -- what comes of it

    def result(self, view: str, settings: dict[str, Any]) -> FineTuned:
        """Write the network of a view, and say how it came about."""
        run, domain = self.runs[view], self.domains[view]
        made = new_folder()
        told: dict[str, Any] = {"settings": shown(settings), "labels": self.classes}
        told |= {"history": run.history, "views": list(self.runs)}
        base = run.encoder.backbone()
        write_folder(made, run.network, base, told)
        some = np.flatnonzero(np.isin(domain.rows, self.learned))
        if self.settings.loss == "contrastive":
            coef, intercept = self._linear(self.frozen(view)[some], domain.rows[some])
        else:
            coef, intercept = (each.detach().cpu().numpy() for each in self.objective.heads[view])
        if self.settings.task == "regression":  # in the unit of y
            coef, intercept = coef * self.scale, intercept * self.scale + self.mean
        return FineTuned(
            backbone=base,
            folder=made,
            classes_=self.classes,
            coef_=coef,
            intercept_=intercept,
            history=run.history,
            n_trained=run.n_trained,
            n_rows=len(some),
            seconds=0.0,
            device=run.device,
            precision=run.precision,
            base=run.encoder,
            task=self.settings.task,
        )


def _places(rows: Sequence[int] | np.ndarray, n: int) -> np.ndarray:
    """Position of each row of the table among the items of a view; -1 where it has none."""
    at = np.full(n, -1)
    at[np.asarray(rows, dtype=int)] = np.arange(len(rows))
    return at
