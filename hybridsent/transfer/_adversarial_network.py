"""The network of domain-adversarial training, with its losses (layer L3).

torch has no layer that turns a gradient round.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._numerics.networks import dropout, layer, mlp

if TYPE_CHECKING:
    import torch

__all__ = ["adversarial_network", "balanced_weights", "ramp", "reverse", "row_losses"]


def ramp(progress: float) -> float:
    r"""Share of the largest :math:`\lambda`: 2 / (1 + exp(-10 p)) - 1.

    Parameters
    ----------
    progress : float
        p, from 0 to 1.

    Returns
    -------
    float
        From 0 to almost 1.

    Examples
    --------
    >>> from hybridsent.transfer._adversarial_network import ramp
    >>> [round(ramp(p), 2) for p in (0.0, 0.1, 0.5, 1.0)]
    [0.0, 0.46, 0.99, 1.0]
    """
    return float(np.tanh(5 * progress))  # the same, without overflow


def reverse(x: torch.Tensor, factor: float) -> torch.Tensor:
    """Hand a tensor on; its gradient is multiplied by ``-factor``.

    Parameters
    ----------
    x : torch.Tensor
        Any tensor.
    factor : float
        What its gradient is multiplied by, with the sign changed.

    Returns
    -------
    torch.Tensor
        The same values.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.transfer._adversarial_network import reverse
    >>> x = torch.tensor([2.0], requires_grad=True)
    >>> reverse(3 * x, 0.5).sum().backward()
    >>> x.grad
    tensor([-1.5000])
    """
    # x in value; the part that has a gradient is -factor x
    held = x.detach()
    return held - factor * (x - held)


def balanced_weights(labeled: np.ndarray, target: np.ndarray) -> tuple[float, float, float]:
    """Weights of a labelled row, of a row of the source and of one of the target.

    With them the mean over all rows is the mean over the labelled ones, and both domains weigh
    the same.

    Parameters
    ----------
    labeled, target : ndarray of shape (n,)
        Which rows have a label, and which are of the target.

    Returns
    -------
    tuple of float
        The three weights.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer._adversarial_network import balanced_weights
    >>> balanced_weights(np.array([True, True, False, False]), np.array([0, 0, 0, 1]))
    (2.0, 0.6666666666666666, 2.0)
    """
    n, n_target = len(target), int(target.sum())
    of_label = n / max(int(labeled.sum()), 1)
    return of_label, 0.5 * n / max(n - n_target, 1), 0.5 * n / max(n_target, 1)


def row_losses(
    outputs: Any, target: torch.Tensor, weights: tuple[float, float, float]
) -> torch.Tensor:
    """Loss of each row: of its label, where it has one, and of its domain.

    Parameters
    ----------
    outputs : tensor or tuple of tensor
        Logits of the classes, and those of the domain where there is a head for it.
    target : tensor of int of shape (n, 2)
        Code of the class, -1 where there is none, and the domain.
    weights : tuple of float
        From `balanced_weights`.

    Returns
    -------
    tensor of shape (n,)
        Losses.
    """
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    logits, domain_logits = outputs if isinstance(outputs, tuple) else (outputs, None)
    codes, domain = target[:, 0], target[:, 1]
    # ignored rows have a loss of 0
    loss = weights[0] * cross_entropy(logits, codes, ignore_index=-1, reduction="none")
    if domain_logits is None:
        return loss
    of_domain = weights[1] + (weights[2] - weights[1]) * domain
    return loss + of_domain * binary_cross_entropy_with_logits(
        domain_logits, domain.to(domain_logits.dtype), reduction="none"
    )


@cache  # the class cannot be made before torch is imported
def adversarial_network() -> Any:
    """Make the class of the network, whose output is logits, and in training those of the domain.

    Returns
    -------
    type
        A ``torch.nn.Module``, of the widths of its layers, the number of classes, the rate of
        dropout, and what dropout draws from.
    """
    from torch import nn

    class Adversarial(nn.Module):
        def __init__(
            self,
            widths: list[int],
            n_classes: int,
            rate: float,
            generator: torch.Generator | None,
        ) -> None:
            super().__init__()
            self.last = widths[-1]
            self.features = nn.Sequential(
                mlp(widths, rate=rate, generator=generator), nn.ReLU(), dropout(rate, generator)
            )
            self.label = layer(nn.Linear, self.last, n_classes)
            self.domain: nn.Module | None = None

        def add_domain_head(self, trade_off: float, ramp_steps: int) -> None:
            self.domain = mlp([self.last, self.last, 1])
            self.trade_off = trade_off
            self.ramp_steps = ramp_steps
            self.step = 0

        def forward(self, x: torch.Tensor) -> Any:
            features = self.features(x)
            logits = self.label(features)
            if self.domain is None or not self.training:
                return logits
            factor = self.trade_off
            if self.ramp_steps:
                factor *= ramp(self.step / self.ramp_steps)
                self.step += 1
            return logits, self.domain(reverse(features, factor))[:, 0]

    return Adversarial
