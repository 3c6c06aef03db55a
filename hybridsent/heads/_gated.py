"""Fusion by gates that weigh the views (layer L3)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from hybridsent._numerics.networks import dropout, layer
from hybridsent.heads._fusion_base import _FusionClassifier, documented
from hybridsent.heads._view_network import Shapes, view_network

if TYPE_CHECKING:
    import torch

__all__ = ["GatedFusionClassifier"]


@documented
class GatedFusionClassifier(_FusionClassifier):
    r"""Fuse views by gates: each row decides for itself how much each view counts.

    Each view x_m is encoded, and gates that look at all encodings weigh them,

    .. math:: h_m = \tanh(W_m x_m + b_m), \qquad
              g = \operatorname{softmax}_m (G [h_1; \dots; h_M] + c), \qquad
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

    def _network(
        self, shapes: Shapes, n_classes: int, generator: torch.Generator | None
    ) -> torch.nn.Module:
        network: torch.nn.Module = _network_class()(self, shapes, n_classes, generator)
        return network


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
    >>> from hybridsent.heads._gated import gated_sum
    >>> h = torch.tensor([[[1.0], [3.0]]])
    >>> gated_sum(h, torch.zeros(1, 2, 1), torch.tensor([[True, True]]))
    tensor([[2.]])
    >>> gated_sum(h, torch.zeros(1, 2, 1), torch.tensor([[True, False]]))
    tensor([[1.]])
    """
    gates = scores.masked_fill(~present[:, :, None], -float("inf")).softmax(dim=1)
    return (gates * encodings).sum(dim=1)


@cache
def _network_class() -> Any:
    import torch
    from torch import nn

    class GatedFusion(view_network()):  # type: ignore[misc]  # made at run time
        def __init__(
            self, head: Any, shapes: Shapes, n_classes: int, generator: torch.Generator | None
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
            self.top = layer(nn.Linear, head.hidden, n_classes)

        def fuse(self, views: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
            h = torch.stack(
                [encode(x.flatten(1)) for encode, x in zip(self.encoders, views, strict=True)], 1
            )
            h = h * present[:, :, None]
            scores = self.gates(h.flatten(1)).view_as(h)
            logits: torch.Tensor = self.top(gated_sum(h, scores, present))
            return logits

    return GatedFusion
