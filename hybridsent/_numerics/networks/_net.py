"""skorch's NeuralNet as `train` uses it; the classes are made when torch is imported (layer L0)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from hybridsent._numerics.networks._rows import Rows, few_threads

if TYPE_CHECKING:
    import torch

__all__ = ["Loss", "criterion_class", "net_class"]

Loss = Callable[[Any, Any], "torch.Tensor"]


@cache
def net_class() -> Any:
    from skorch import NeuralNet
    from skorch.callbacks import EarlyStopping, PassthroughScoring
    from skorch.utils import noop

    class Net(NeuralNet):
        def __init__(
            self, *args: Any, dataset_valid: Any, patience: int, clip: Any, bar: bool, **kwargs: Any
        ) -> None:
            self.dataset_valid = dataset_valid
            self.patience = patience
            self.clip = clip
            self.bar = bar
            super().__init__(*args, verbose=0, **kwargs)

        def get_default_callbacks(self) -> list[tuple[str, Any]]:
            callbacks = [
                ("train_loss", PassthroughScoring("train_loss", on_train=True)),
            ]
            if self.clip is not None:
                callbacks.append(("clip", _clip_class()(self.clip)))
            if self.dataset_valid is not None:
                # an absolute threshold: losses may be negative
                stop = EarlyStopping(
                    patience=self.patience,
                    threshold=0,
                    threshold_mode="abs",
                    sink=noop,
                    load_best=True,
                )
                callbacks += [("valid_loss", PassthroughScoring("valid_loss")), ("stop", stop)]
            if self.bar:
                callbacks.append(("bar", _bar_class()()))
            return callbacks

        def get_dataset(self, X: Any, y: Any = None) -> Any:
            return X

        def get_split_datasets(self, X: Any, y: Any = None, **fit_params: Any) -> tuple[Any, Any]:
            return X, self.dataset_valid

        def _set_training(self, training: bool = True) -> None:
            if self.module_.training != training:  # a walk over all layers, else in each batch
                super()._set_training(training)

        def run(self, data: Rows) -> None:
            """Train; unlike ``fit``, it does not swallow the user's Ctrl-C."""
            self.initialize()
            self.notify("on_train_begin", X=data, y=None)
            try:
                with few_threads(self.module_, self.batch_size):
                    self.fit_loop(data)
            except KeyboardInterrupt:  # how EarlyStopping stops
                stop = dict(self.callbacks_).get("stop")
                if stop is None or stop.misses_ < self.patience:
                    raise
            self.notify("on_train_end", X=data, y=None)

    return Net


@cache
def criterion_class() -> Any:
    import torch

    class Mean(torch.nn.Module):
        def __init__(self, loss: Loss) -> None:
            super().__init__()
            self.loss = loss

        def forward(self, outputs: Any, truth: Mapping[str, torch.Tensor]) -> torch.Tensor:
            value = self.loss(outputs, truth.get("target"))
            if "weight" not in truth:
                return value.mean()
            if value.shape != truth["weight"].shape:
                raise ValueError(
                    "With sample_weight the loss must give one value a row. Got the shape "
                    f"{tuple(value.shape)} for {len(truth['weight'])} rows."
                )
            return (value * truth["weight"]).mean()

    return Mean


@cache
def _clip_class() -> Any:
    from skorch.callbacks import Callback
    from torch.nn.utils import clip_grad_norm_

    class Clip(Callback):
        """What skorch's GradientNormClipping does, without a walk over all layers in each batch."""

        def __init__(self, longest: float) -> None:
            self.longest = longest

        def on_train_begin(self, net: Any, **kwargs: Any) -> None:
            self.parameters_ = list(net.module_.parameters())

        def on_grad_computed(self, net: Any, named_parameters: Any, **kwargs: Any) -> None:
            clip_grad_norm_(self.parameters_, self.longest)

    return Clip


@cache
def _bar_class() -> Any:
    from skorch.callbacks import Callback
    from tqdm import tqdm

    class Bar(Callback):
        def on_train_begin(self, net: Any, **kwargs: Any) -> None:
            self.bar_ = tqdm(total=net.max_epochs, unit="epoch", leave=False)

        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            last = net.history[-1]
            losses = {key: last[key] for key in ("train_loss", "valid_loss") if key in last}
            self.bar_.set_postfix(losses, refresh=False)
            self.bar_.update()

        def on_train_end(self, net: Any, **kwargs: Any) -> None:
            self.bar_.close()

    return Bar
