"""Networks that weigh or multiply what they make of each view (layer L3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

from hybridsent._numerics.networks import dropout, layer
from hybridsent._params import Interval
from hybridsent.heads._networks import (
    Shapes,
    _FusionClassifier,
    _FusionRegressor,
    documented,
    view_network,
)

if TYPE_CHECKING:
    import torch

__all__ = [
    "GatedFusionClassifier",
    "GatedFusionRegressor",
    "TensorFusionClassifier",
    "TensorFusionRegressor",
]


class _Gated:
    """Builds the network."""

    def _network(
        self, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
    ) -> torch.nn.Module:
        network: torch.nn.Module = _gated_class()(self, shapes, n_outputs, generator)
        return network


@documented
class GatedFusionClassifier(_Gated, _FusionClassifier):
    r"""Fuse views by gates: each row decides for itself how much each view counts.

    Each view x_m is encoded, and gates that look at all encodings weigh them,

    .. math:: h_m = \tanh(W_m x_m + b_m), \qquad
              g = \operatorname{softmax}_m (G [h_1; \ldots; h_M] + c), \qquad
              h = \sum_m g_m \odot h_m,

    one gate for each unit of h; a linear layer on h gives the logits. The softmax is over the views
    that a row has, so the gates of the others share the weight of one that is missing, whose
    encoding is zero: what stands in its columns changes nothing. For two views this is the gated
    multimodal unit, whose gate is a sigmoid, except that the gates see the encodings h and not the
    thousands of columns x.

    Parameters
    ----------
    hidden : int, default=32
        Width of the encoding of each view.
    dropout : float, default=0.5
        Rate of dropout on encodings in training.
    {training}

    Attributes
    ----------
    {trained}
    views_ : dict of str to ndarray of int
        Columns of each view, a row a segment; one row here.
    {learned}

    See Also
    --------
    hybridsent.heads.TensorFusionClassifier : Multiplies the views.

    References
    ----------
    Arevalo, Solorio, Montes-y-Gomez, Gonzalez: Gated multimodal units for information fusion, ICLR
    workshops 2017.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import GatedFusionClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["text__0", "text__1", "audio__0"])
    >>> y = np.where(X["text__0"] + X["audio__0"] > 0, "good", "bad")
    >>> X.loc[:9, "audio__0"] = np.nan
    >>> head = GatedFusionClassifier(n_members=1, max_epochs=5).fit(X, y)
    >>> head.predict_proba(X.iloc[:3]).shape
    (3, 2)
    """


@documented
class GatedFusionRegressor(_Gated, _FusionRegressor):
    r"""Fuse views by gates, and predict a number: each row decides how much each view counts.

    The network is that of `GatedFusionClassifier`, whose linear layer on h here gives one number.
    It is trained on the squared error of y less its mean, in standard deviations.

    Parameters
    ----------
    hidden : int, default=32
        Width of the encoding of each view.
    dropout : float, default=0.5
        Rate of dropout on encodings in training.
    {training}

    Attributes
    ----------
    {trained}
    views_ : dict of str to ndarray of int
        Columns of each view, a row a segment; one row here.
    {learned}

    See Also
    --------
    hybridsent.heads.GatedFusionClassifier : The same for classes; its network.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import GatedFusionRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["text__0", "text__1", "audio__0"])
    >>> y = X["text__0"] + X["audio__0"]
    >>> X.loc[:9, "audio__0"] = np.nan
    >>> head = GatedFusionRegressor(n_members=1, max_epochs=5).fit(X, y)
    >>> head.predict(X.iloc[:3]).shape
    (3,)
    """


def gated_sum(encodings: torch.Tensor, scores: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Weigh encodings by the softmax of their scores over the views that are there.

    Parameters
    ----------
    encodings, scores : tensor of shape (n, n_views, hidden)
        The h_m, and what their gates are computed from.
    present : tensor of bool of shape (n, n_views)
        Which row has which view; at least one a row.

    Returns
    -------
    tensor of shape (n, hidden)
        The fused rows.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.heads._fusion_networks import gated_sum
    >>> h = torch.tensor([[[1.0], [3.0]]])
    >>> gated_sum(h, torch.zeros(1, 2, 1), torch.tensor([[True, True]]))
    tensor([[2.]])
    >>> gated_sum(h, torch.zeros(1, 2, 1), torch.tensor([[True, False]]))
    tensor([[1.]])
    """
    gates = scores.masked_fill(~present[:, :, None], -float("inf")).softmax(dim=1)
    return (gates * encodings).sum(dim=1)


@cache
def _gated_class() -> Any:
    import torch
    from torch import nn

    class GatedFusion(view_network()):  # type: ignore[misc]  # made at run time
        def __init__(
            self, head: Any, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
        ) -> None:
            super().__init__(shapes, head.modality_dropout, generator)
            self.encoders = nn.ModuleList(
                nn.Sequential(
                    layer(nn.Linear, steps * width, head.hidden),
                    nn.Tanh(),
                    dropout(head.dropout, generator),
                )
                for steps, width in shapes
            )
            total = len(shapes) * head.hidden
            self.gates = layer(nn.Linear, total, total)
            self.top = layer(nn.Linear, head.hidden, n_outputs)

        def fuse(self, views: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
            h = torch.stack(
                [encode(x.flatten(1)) for encode, x in zip(self.encoders, views, strict=True)], 1
            )
            h = h * present[:, :, None]
            scores = self.gates(h.flatten(1)).view_as(h)
            logits: torch.Tensor = self.top(gated_sum(h, scores, present))
            return logits

    return GatedFusion


class _Tensor:
    """Builds the network."""

    def _network(
        self, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
    ) -> torch.nn.Module:
        network: torch.nn.Module = _tensor_class()(self, shapes, n_outputs, generator)
        return network


@documented
class TensorFusionClassifier(_Tensor, _FusionClassifier):
    r"""Fuse views by a low-rank tensor product, so that features of one view weigh those of others.

    Each view x_m is encoded, :math:`z_m = \operatorname{relu}(V_m x_m + c_m)`, and the encodings
    are multiplied,

    .. math:: h = \tfrac1r \sum_{i=1}^{r} \prod_m W_m^{(i)} [z_m; 1],
              \qquad p(y) = \operatorname{softmax}(U \operatorname{relu}(h) + u),

    element by element. This is the full tensor of all products of features of different views
    (tensor fusion, Zadeh 2017) with weights of rank r, at a cost that grows with the number of
    views and not with the size of the tensor. For a view that is missing the factor is 1, the
    neutral element of the product: what stands in its columns changes nothing. Factors begin
    near 1, where the product is a sum of the views plus small interactions.

    Parameters
    ----------
    hidden : int, default=32
        Width of the encoding of each view.
    rank : int, default=4
        Rank r of the weight tensor.
    width : int, default=32
        Length of the fused vector h.
    dropout : float, default=0.5
        Rate of dropout on encodings and the fused vector in training.
    {training}

    Attributes
    ----------
    {trained}
    views_ : dict of str to ndarray of int
        Columns of each view, a row a segment; one row here.
    {learned}

    See Also
    --------
    hybridsent.heads.GatedFusionClassifier : Weighs the views instead of multiplying them.

    References
    ----------
    Liu et al.: Efficient low-rank multimodal fusion with modality-specific factors, ACL 2018.

    Zadeh et al.: Tensor fusion network for multimodal sentiment analysis, EMNLP 2017.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import TensorFusionClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["text__0", "text__1", "audio__0"])
    >>> y = np.where(X["text__0"] + X["audio__0"] > 0, "good", "bad")
    >>> X.loc[:9, "audio__0"] = np.nan
    >>> head = TensorFusionClassifier(n_members=1, max_epochs=5).fit(X, y)
    >>> head.predict_proba(X.iloc[:3]).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_FusionClassifier._parameter_constraints,
        "rank": [Interval(Integral, 1, None, closed="left")],
        "width": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        hidden: int = 32,
        rank: int = 4,
        width: int = 32,
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
        self.rank = rank
        self.width = width


@documented
class TensorFusionRegressor(_Tensor, _FusionRegressor):
    r"""Fuse views by a low-rank tensor product, and predict a number.

    The network is that of `TensorFusionClassifier`, whose last layer here gives one number. It is
    trained on the squared error of y less its mean, in standard deviations.

    Parameters
    ----------
    hidden : int, default=32
        Width of the encoding of each view.
    rank : int, default=4
        Rank of the weight tensor.
    width : int, default=32
        Length of the fused vector.
    dropout : float, default=0.5
        Rate of dropout on encodings and the fused vector in training.
    {training}

    Attributes
    ----------
    {trained}
    views_ : dict of str to ndarray of int
        Columns of each view, a row a segment; one row here.
    {learned}

    See Also
    --------
    hybridsent.heads.TensorFusionClassifier : The same for classes; its network.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import TensorFusionRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["text__0", "text__1", "audio__0"])
    >>> y = X["text__0"] * X["audio__0"]
    >>> X.loc[:9, "audio__0"] = np.nan
    >>> head = TensorFusionRegressor(n_members=1, max_epochs=5).fit(X, y)
    >>> head.predict(X.iloc[:3]).shape
    (3,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_FusionRegressor._parameter_constraints,
        "rank": [Interval(Integral, 1, None, closed="left")],
        "width": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        hidden: int = 32,
        rank: int = 4,
        width: int = 32,
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
        self.rank = rank
        self.width = width


def low_rank_fusion(
    encodings: Sequence[torch.Tensor], factors: Sequence[torch.Tensor], present: torch.Tensor
) -> torch.Tensor:
    r"""Compute :math:`\sum_i \prod_m W_m^{(i)} [z_m; 1]`; a missing view has the factor 1.

    Parameters
    ----------
    encodings : sequence of tensor of shape (n, d_m)
        The z_m.
    factors : sequence of tensor of shape (rank, d_m + 1, width)
        The W_m, transposed; the last row meets the 1.
    present : tensor of bool of shape (n, n_views)
        Which row has which view.

    Returns
    -------
    tensor of shape (n, width)
        The fused rows.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.heads._fusion_networks import low_rank_fusion
    >>> W = torch.tensor([[[1.0], [2.0]]])
    >>> z = torch.tensor([[3.0]])
    >>> low_rank_fusion([z, z], [W, W], torch.tensor([[True, True]]))
    tensor([[25.]])
    >>> low_rank_fusion([z, z], [W, W], torch.tensor([[True, False]]))
    tensor([[5.]])
    """
    from torch import einsum

    product: Any = 1.0
    for m, (z, W) in enumerate(zip(encodings, factors, strict=True)):
        factor = einsum("nd,rdo->rno", z, W[:, :-1]) + W[:, -1:]
        product = product * factor.where(present[:, m, None], 1.0)
    fused: torch.Tensor = product.sum(0)
    return fused


@cache
def _tensor_class() -> Any:
    from torch import empty, nn

    class TensorFusion(view_network()):  # type: ignore[misc]  # made at run time
        def __init__(
            self, head: Any, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
        ) -> None:
            super().__init__(shapes, head.modality_dropout, generator)
            self.encoders = nn.ModuleList(
                nn.Sequential(
                    layer(nn.Linear, steps * width, head.hidden),
                    nn.ReLU(),
                    dropout(head.dropout, generator),
                )
                for steps, width in shapes
            )
            size = (len(shapes), head.rank, head.hidden + 1, head.width)
            self.factors = nn.Parameter(empty(size))
            self.top = nn.Sequential(
                nn.ReLU(), dropout(head.dropout, generator), layer(nn.Linear, head.width, n_outputs)
            )

        def draw(self, generator: torch.Generator) -> None:
            self.factors.normal_(0, 1 / math.sqrt(self.factors.shape[2]), generator=generator)
            self.factors[:, :, -1] = 1

        def fuse(self, views: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
            z = [encode(x.flatten(1)) for encode, x in zip(self.encoders, views, strict=True)]
            h = low_rank_fusion(z, self.factors.unbind(), present) / self.factors.shape[1]
            logits: torch.Tensor = self.top(h)
            return logits

    return TensorFusion
