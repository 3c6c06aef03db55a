"""What aligners of networks share: one network a view, trained on rows of several (layer L3)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hybridsent._groups import groups_of
from hybridsent._numerics.networks import dropout, load, mlp, predict, to_arrays, train
from hybridsent._numerics.scale import column_scale
from hybridsent._params import Devices, Interval
from hybridsent.alignment._base import AlignerMixin, pairwise_correlations
from hybridsent.alignment._mcca import MCCA
from hybridsent.views import block_of, feature_names

if TYPE_CHECKING:
    import torch

__all__ = ["NeuralAligner"]

_CLIP = 5.0  # standard deviations: raw acoustic functionals have values a thousand of them away
_MOST = 32  # components where none are asked for
_HELD_OUT = 50  # a correlation of fewer rows goes up and down by more than an epoch brings
_ROWS = 4  # rows of a pair that a component needs at least, where none are asked for


class NeuralAligner(AlignerMixin):
    """Base of DeepCCA and ContrastiveAligner; a subclass writes `_learn` and `_coordinates`.

    Columns are standardised over the rows that have their view, and cut off at five standard
    deviations. Networks are trained in float32, kept as arrays in ``networks_``, and computed in
    float64.
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **AlignerMixin._parameter_constraints,
        "n_components": [None, Interval(Integral, 1, None, closed="left")],
        "hidden": [tuple, list],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [None, Interval(Integral, 2, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "device": [Devices("auto", "cpu", "cuda", "mps")],
        "verbose": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int | None,
        *,
        combine: str,
        hidden: Sequence[int],
        dropout: float,
        lr: float,
        weight_decay: float,
        max_epochs: int,
        batch_size: int | None,
        patience: int,
        validation_fraction: float,
        device: str,
        verbose: bool,
        random_state: Any,
    ) -> None:
        self.n_components = n_components
        self.combine = combine
        self.hidden = hidden
        self.dropout = dropout
        self.lr = lr
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, groups: Any = None) -> Any:
        """Learn the shared space.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. A row is NaN in the columns of a view that it lacks. Columns of no modality
            (``domain__0``, ``group__0``, ``missing__text``) are handed on.
        y : array of shape (n,), default=None
            Labels, for aligners that are supervised; otherwise ignored.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); the rows that tell when to stop are of groups that
            are not learned from. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted aligner.
        """
        X, present = self._read(X)
        self._fit(X, present, y, groups_of(self, X, groups))
        return self

    @abstractmethod
    def _learn(
        self, blocks: list[np.ndarray], present: np.ndarray, y: Any, groups: np.ndarray | None
    ) -> None:
        """Learn from two standardised views or more, zero in rows that lack them."""

    @abstractmethod
    def _coordinates(self, view: str, values: np.ndarray) -> np.ndarray:
        """Coordinates of rows, from what the network of the view gives for them."""

    def _fit(
        self, X: np.ndarray, present: np.ndarray, y: Any, groups: np.ndarray | None = None
    ) -> None:
        for width in self.hidden:
            if not Interval(Integral, 1, None, closed="left").is_satisfied_by(width):
                raise ValueError(
                    f"The 'hidden' parameter of {type(self).__name__} must hold widths of layers, "
                    f"integers from 1. Got {width!r} in {self.hidden!r}."
                )
        self.mean_, self.scale_, blocks = {}, {}, []
        for j, (view, columns) in enumerate(self.views_.items()):
            rows = present[:, j]
            seen = block_of(X, columns)
            seen = seen if rows.all() else seen[rows]
            self.mean_[view], self.scale_[view] = column_scale(seen)
            block = np.zeros((len(X), len(columns)), dtype=X.dtype)
            block[rows] = self._standardised(view, seen)
            blocks.append(block)
        self.networks_: dict[str, dict[str, np.ndarray]] = {}
        self.train_loss_: list[float] = []
        self.valid_loss_: list[float] = []
        self.best_epoch_ = 0
        if len(self.views_) == 1:
            self.linear_ = self._linear(blocks, present, self.n_components)
            self.n_components_ = self.linear_.n_components_
        else:
            self.n_components_ = self._count_components(present)
            self._learn(blocks, present, y, groups)
        self.canonical_correlations_ = pairwise_correlations(self._scores(X, present), present)

    def _count_components(self, present: np.ndarray) -> int:
        together = present.T.astype(np.int64) @ present
        np.fill_diagonal(together, 0)
        rows = int(together.max(axis=0).min())
        widths = [len(columns) for columns in self.views_.values()]
        if self.n_components is None:
            return max(1, min(_MOST, *widths, rows // _ROWS))
        if self.n_components > max(1, rows // 2):
            raise ValueError(
                f"The 'n_components' parameter of {type(self).__name__} must be at most half the "
                f"rows that a view has together with another. Got {self.n_components} for {rows} "
                "rows; None takes what they allow."
            )
        return int(self.n_components)

    def _standardised(self, view: str, X: np.ndarray) -> np.ndarray:
        out: np.ndarray = X - self.mean_[view].astype(X.dtype)
        out /= self.scale_[view].astype(X.dtype)
        return np.clip(out, -_CLIP, _CLIP, out=out)

    def _train(
        self,
        blocks: list[np.ndarray],
        target: np.ndarray,
        present: np.ndarray,
        loss: Callable[[Any, Any], torch.Tensor],
        groups: np.ndarray | None,
        extra: Callable[[], torch.nn.Module] | None = None,
    ) -> Any:
        """Train the networks on rows that have two views or more; gives the module."""
        rows = present.sum(axis=1) > 1
        if not rows.all():
            blocks, target = [block[rows] for block in blocks], target[rows]
            groups = None if groups is None else groups[rows]
        held_out = self.validation_fraction * len(target) >= _HELD_OUT

        def build(generator: torch.Generator | None) -> torch.nn.Module:
            parts = [self._network(block.shape[1], generator) for block in blocks]
            module: torch.nn.Module = _views_class()(parts, extra() if extra else None)
            return module

        found = train(
            build,
            loss,
            {f"view{j}": block for j, block in enumerate(blocks)},
            target,
            groups=groups,
            lr=self.lr,
            weight_decay=self.weight_decay,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            patience=self.patience,
            validation_fraction=self.validation_fraction if held_out else 0.0,
            device=self.device,
            random_state=self.random_state,
            verbose=self.verbose,
        )
        module: Any = found.module
        for view, part in zip(self.views_, module.parts, strict=True):
            self.networks_[view] = to_arrays(part)
        self.train_loss_, self.valid_loss_ = found.train_loss, found.valid_loss
        self.best_epoch_ = found.best_epoch
        return module

    def _network(self, width: int, generator: torch.Generator | None) -> torch.nn.Module:
        from torch import nn

        widths = [width, *map(int, self.hidden), self.n_components_]
        layers = mlp(widths, rate=self.dropout, generator=generator)
        return nn.Sequential(dropout(self.dropout, generator), layers)

    def _outputs(self, view: str, values: np.ndarray) -> np.ndarray:
        """Compute what the network of a view gives for standardised rows."""
        width = values.shape[1]
        network = load(lambda generator: self._network(width, generator), self.networks_[view])
        # float64: a row's coordinates must not depend on the rows beside it
        return np.asarray(predict(network.double(), {"input": values}))

    def _linear(
        self, blocks: list[np.ndarray], present: np.ndarray, k: int | None, **kwargs: Any
    ) -> Any:
        """MCCA of matrices with a row a sample."""
        import pandas as pd

        filled = [
            np.where(present[:, [j]], block, np.nan).astype(np.float64)
            for j, block in enumerate(blocks)
        ]
        names = [
            name
            for view, block in zip(self.views_, blocks, strict=True)
            for name in feature_names(view, block.shape[1])
        ]
        return MCCA(k, **kwargs).fit(pd.DataFrame(np.hstack(filled), columns=names))

    def _view_scores(self, view: str, X: np.ndarray) -> np.ndarray:
        values = self._standardised(view, X)
        if view in self.networks_:
            values = self._outputs(view, values)
        return self._coordinates(view, values)


@cache  # the class cannot be made before torch is imported
def _views_class() -> Any:
    import torch

    class Views(torch.nn.Module):
        def __init__(self, parts: list[torch.nn.Module], extra: torch.nn.Module | None) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(parts)
            self.extra = extra

        def forward(self, **views: torch.Tensor) -> tuple[torch.Tensor, ...]:
            found = tuple(part(views[f"view{j}"]) for j, part in enumerate(self.parts))
            return found if self.extra is None else (*found, self.extra())

    return Views
