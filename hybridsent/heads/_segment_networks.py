"""Networks over the segments of a sample (layer L3)."""

from __future__ import annotations

from functools import cache
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hybridsent._numerics.networks import dropout, layer
from hybridsent._params import Interval, StrOptions
from hybridsent.heads._networks import (
    Shapes,
    _FusionClassifier,
    _FusionRegressor,
    documented,
    segments,
    view_network,
)

if TYPE_CHECKING:
    import torch

__all__ = [
    "ConvolutionalFusionClassifier",
    "ConvolutionalFusionRegressor",
    "RecurrentFusionClassifier",
    "RecurrentFusionRegressor",
]


class _Convolutional:
    """Builds the network."""

    def _segments(self, positions: np.ndarray) -> np.ndarray:
        return segments(self, positions)

    def _network(
        self, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
    ) -> torch.nn.Module:
        network: torch.nn.Module = _convolutional_class()(self, shapes, n_outputs, generator)
        return network


@documented
class ConvolutionalFusionClassifier(_Convolutional, _FusionClassifier):
    r"""Read the segments of each view by a convolution over time, and put the views side by side.

    For view m with segments :math:`x_{m,1}, \ldots, x_{m,T}` and a window of k segments,

    .. math:: z_m = \max_t \operatorname{relu}\Bigl(\sum_{j=0}^{k-1} W_{m,j} x_{m,t+j} + b_m\Bigr),
              \qquad p(y) = \operatorname{softmax}(U [z_1; \ldots; z_M; \delta] + u).

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


@documented
class ConvolutionalFusionRegressor(_Convolutional, _FusionRegressor):
    r"""Read the segments of each view by a convolution over time, and predict a number.

    The network is that of `ConvolutionalFusionClassifier`, whose last layer here gives one number.
    It is trained on the squared error of y less its mean, in standard deviations.

    Parameters
    ----------
    hidden : int, default=32
        Width of the encoding of each view.
    kernel_size : int, default=2
        Segments that a window sees; fewer for views with fewer.
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
    hybridsent.heads.ConvolutionalFusionClassifier : The same for classes; its network.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import ConvolutionalFusionRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["text__s0_0", "text__s1_0", "image__0"])
    >>> y = X["text__s0_0"] + X["image__0"]
    >>> X.loc[:9, "image__0"] = np.nan
    >>> head = ConvolutionalFusionRegressor(n_members=1, max_epochs=5).fit(X, y)
    >>> head.predict(X.iloc[:3]).shape
    (3,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_FusionRegressor._parameter_constraints,
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


@cache
def _convolutional_class() -> Any:
    from torch import cat, nn

    class ConvolutionalFusion(view_network()):  # type: ignore[misc]  # made at run time
        def __init__(
            self, head: Any, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
        ) -> None:
            super().__init__(shapes, head.modality_dropout, generator)
            self.windows = nn.ModuleList(
                layer(nn.Conv1d, width, head.hidden, min(head.kernel_size, steps))
                for steps, width in shapes
            )
            self.drop = dropout(head.dropout, generator)
            total = len(shapes) * (head.hidden + 1)
            self.top = layer(nn.Linear, total, n_outputs)

        def fuse(self, views: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
            there = present.to(views[0].dtype)
            z = [
                self.drop(slide(x.mT).amax(dim=2).relu()) * there[:, m : m + 1]
                for m, (slide, x) in enumerate(zip(self.windows, views, strict=True))
            ]
            logits: torch.Tensor = self.top(cat([*z, there], dim=1))
            return logits

    return ConvolutionalFusion


class _Recurrent:
    """Builds the network."""

    def _segments(self, positions: np.ndarray) -> np.ndarray:
        return segments(self, positions)

    def _network(
        self, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
    ) -> torch.nn.Module:
        network: torch.nn.Module = _recurrent_class()(self, shapes, n_outputs, generator)
        return network


@documented
class RecurrentFusionClassifier(_Recurrent, _FusionClassifier):
    r"""Read the segments of each view one after the other, and put the views side by side.

    A recurrent network per view m reads the segments :math:`x_{m,1}, \ldots, x_{m,T}`,

    .. math:: s_{m,t} = \operatorname{GRU}_m(x_{m,t}, s_{m,t-1}), \qquad
              z_m = \tfrac1T \sum_t s_{m,t}, \qquad
              p(y) = \operatorname{softmax}(U [z_1; \ldots; z_M; \delta] + u).

    With `bidirectional`, z_m also has the states of a second network that reads from the end. The
    indicators :math:`\delta_m` tell which views a row has; z_m is zero for a view that is missing,
    so what stands in its columns changes nothing.

    Segments are columns named ``view__s<step>_<i>``, as encoders with ``steps=k`` write them; a
    view without segments is one segment, and views may have different numbers of them.
    In the paper of Poria et al. the steps are the utterances of a video; here they are the segments
    of one row.

    Parameters
    ----------
    hidden : int, default=32
        Width of the encoding of each view and direction.
    cell : {"gru", "lstm"}, default="gru"
        Kind of the recurrent network.
    bidirectional : bool, default=True
        Whether a second network reads from the end.
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
    hybridsent.heads.ConvolutionalFusionClassifier : Reads windows of segments.
    hybridsent.heads.TensorFusionClassifier : Multiplies the views.

    References
    ----------
    Poria et al.: Context-dependent sentiment analysis in user-generated videos, ACL 2017 (bc-LSTM).

    Cho et al.: Learning phrase representations using RNN encoder-decoder for statistical machine
    translation, EMNLP 2014.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import RecurrentFusionClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["text__s0_0", "text__s1_0", "image__0"])
    >>> y = np.where(X["text__s0_0"] + X["image__0"] > 0, "good", "bad")
    >>> X.loc[:9, "image__0"] = np.nan
    >>> head = RecurrentFusionClassifier(n_members=1, max_epochs=5).fit(X, y)
    >>> head.predict_proba(X.iloc[:3]).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_FusionClassifier._parameter_constraints,
        "cell": [StrOptions({"gru", "lstm"})],
        "bidirectional": ["boolean"],
    }

    def __init__(
        self,
        *,
        hidden: int = 32,
        cell: str = "gru",
        bidirectional: bool = True,
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
        self.cell = cell
        self.bidirectional = bidirectional


@documented
class RecurrentFusionRegressor(_Recurrent, _FusionRegressor):
    r"""Read the segments of each view one after the other, and predict a number.

    The networks are those of `RecurrentFusionClassifier`, whose last layer here gives one number.
    They are trained on the squared error of y less its mean, in standard deviations.

    Parameters
    ----------
    hidden : int, default=32
        Width of the encoding of each view and direction.
    cell : {"gru", "lstm"}, default="gru"
        Kind of the recurrent network.
    bidirectional : bool, default=True
        Whether a second network reads from the end.
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
    hybridsent.heads.RecurrentFusionClassifier : The same for classes; its network.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import RecurrentFusionRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["text__s0_0", "text__s1_0", "image__0"])
    >>> y = X["text__s0_0"] + X["image__0"]
    >>> X.loc[:9, "image__0"] = np.nan
    >>> head = RecurrentFusionRegressor(n_members=1, max_epochs=5).fit(X, y)
    >>> head.predict(X.iloc[:3]).shape
    (3,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_FusionRegressor._parameter_constraints,
        "cell": [StrOptions({"gru", "lstm"})],
        "bidirectional": ["boolean"],
    }

    def __init__(
        self,
        *,
        hidden: int = 32,
        cell: str = "gru",
        bidirectional: bool = True,
        dropout: float = 0.5,
        modality_dropout: float = 0.3,
        n_members: int = 3,
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
        self.cell = cell
        self.bidirectional = bidirectional


@cache
def _recurrent_class() -> Any:
    from torch import cat, nn

    class RecurrentFusion(view_network()):  # type: ignore[misc]  # made at run time
        def __init__(
            self, head: Any, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
        ) -> None:
            super().__init__(shapes, head.modality_dropout, generator)
            kind = {"gru": nn.GRU, "lstm": nn.LSTM}[head.cell]
            both = head.bidirectional
            self.readers = nn.ModuleList(
                layer(kind, width, head.hidden, batch_first=True, bidirectional=both)
                for _, width in shapes
            )
            self.drop = dropout(head.dropout, generator)
            total = len(shapes) * ((2 if both else 1) * head.hidden + 1)
            self.top = layer(nn.Linear, total, n_outputs)

        def fuse(self, views: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
            there = present.to(views[0].dtype)
            z = [
                self.drop(read(x)[0].mean(dim=1)) * there[:, m : m + 1]
                for m, (read, x) in enumerate(zip(self.readers, views, strict=True))
            ]
            logits: torch.Tensor = self.top(cat([*z, there], dim=1))
            return logits

    return RecurrentFusion
