"""Fusion of segmented views by convolutions over time (layer L3)."""

from __future__ import annotations

from functools import cache
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hybridsent._numerics.networks import dropout, layer
from hybridsent._params import Interval
from hybridsent.heads._fusion_base import _FusionClassifier, documented
from hybridsent.heads._view_network import Shapes, segments, view_network

if TYPE_CHECKING:
    import torch

__all__ = ["ConvolutionalFusionClassifier"]


@documented
class ConvolutionalFusionClassifier(_FusionClassifier):
    r"""Read the segments of each view by a convolution over time, and put the views side by side.

    For view m with segments :math:`x_{m,1}, \dots, x_{m,T}` and a window of k segments,

    .. math:: z_m = \max_t \operatorname{relu}\Bigl(\sum_{j=0}^{k-1} W_{m,j} x_{m,t+j} + b_m\Bigr),
              \qquad p(y) = \operatorname{softmax}(U [z_1; \dots; z_M; \delta] + u).

    The indicators :math:`\delta_m` tell which views a row has; z_m is zero for a view that is
    missing, so what stands in its columns changes nothing.

    Segments are columns named ``view__s<step>_<i>``, as encoders with ``steps=k`` write them; a
    view without segments is one segment, and views may have different numbers of them.

    Parameters
    ----------
    hidden : int, default=32
        Width of the encoding of each view.
    kernel_size : int, default=2
        Segments k that a window sees; fewer for views with fewer.
    dropout : float, default=0.5
        Rate of dropout on encodings in training.
    {training}

    Attributes
    ----------
    {trained}
    views_ : dict of str to ndarray of int
        Columns of each view, a row a segment.
    {learned}

    See Also
    --------
    hybridsent.heads.RecurrentFusionClassifier : Reads the segments one after the other.
    hybridsent.heads.TensorFusionClassifier : Multiplies the views.

    References
    ----------
    Kim: Convolutional neural networks for sentence classification, EMNLP 2014.

    Poria et al.: Convolutional MKL based multimodal emotion recognition and sentiment analysis,
    ICDM 2016.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import ConvolutionalFusionClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["text__s0_0", "text__s1_0", "image__0"])
    >>> y = np.where(X["text__s0_0"] + X["image__0"] > 0, "good", "bad")
    >>> X.loc[:9, "image__0"] = np.nan
    >>> head = ConvolutionalFusionClassifier(n_members=1, max_epochs=5).fit(X, y)
    >>> head.predict_proba(X.iloc[:3]).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_FusionClassifier._parameter_constraints,
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        hidden: int = 32,
        kernel_size: int = 2,
        dropout: float = 0.5,
        modality_dropout: float = 0.3,
        n_members: int = 3,
        class_weight: str | dict[Any, float] | None = None,
        lr: float = 1e-3,
        weight_decay: float = 0.01,
        max_epochs: int = 100,
        batch_size: int | None = 64,
        patience: int = 5,
        validation_fraction: float = 0.1,
        device: str = "cpu",
        verbose: bool = False,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            hidden=hidden,
            dropout=dropout,
            modality_dropout=modality_dropout,
            n_members=n_members,
            class_weight=class_weight,
            lr=lr,
            weight_decay=weight_decay,
            max_epochs=max_epochs,
            batch_size=batch_size,
            patience=patience,
            validation_fraction=validation_fraction,
            device=device,
            verbose=verbose,
            random_state=random_state,
        )
        self.kernel_size = kernel_size

    def _segments(self, positions: np.ndarray) -> np.ndarray:
        return segments(self, positions)

    def _network(
        self, shapes: Shapes, n_classes: int, generator: torch.Generator | None
    ) -> torch.nn.Module:
        network: torch.nn.Module = _network_class()(self, shapes, n_classes, generator)
        return network


@cache
def _network_class() -> Any:
    from torch import cat, nn

    class ConvolutionalFusion(view_network()):  # type: ignore[misc]  # made at run time
        def __init__(
            self, head: Any, shapes: Shapes, n_classes: int, generator: torch.Generator | None
        ) -> None:
            super().__init__(shapes, head.modality_dropout, generator)
            self.windows = nn.ModuleList(
                layer(nn.Conv1d, width, head.hidden, min(head.kernel_size, steps))
                for steps, width in shapes
            )
            self.drop = dropout(head.dropout, generator)
            total = len(shapes) * (head.hidden + 1)
            self.top = layer(nn.Linear, total, n_classes)

        def fuse(self, views: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
            there = present.to(views[0].dtype)
            z = [
                self.drop(slide(x.mT).amax(dim=2).relu()) * there[:, m : m + 1]
                for m, (slide, x) in enumerate(zip(self.windows, views, strict=True))
            ]
            logits: torch.Tensor = self.top(cat([*z, there], dim=1))
            return logits

    return ConvolutionalFusion
