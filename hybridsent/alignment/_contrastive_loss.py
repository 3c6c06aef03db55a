"""Which row of one view belongs to which of another, as a loss of torch (layer L3)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from hybridsent._numerics.networks import info_nce

if TYPE_CHECKING:
    import torch

__all__ = ["ContrastiveLoss"]


class ContrastiveLoss:
    """Mean of `info_nce` over pairs of views, each on the rows of the batch that have both.

    Parameters
    ----------
    temperature : float or None
        One over the scale; None where the last output of the networks is the scale.
    """

    def __init__(self, temperature: float | None) -> None:
        self.temperature = temperature

    def __call__(self, outputs: tuple[torch.Tensor, ...], truth: torch.Tensor) -> torch.Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        outputs : tuple of torch.Tensor of shape (m, k)
            Of the network of each view, and maybe the scale.
        truth : torch.Tensor of int of shape (m, n_views + 1)
            1 where a row has a view; in the last column a code of its label, -1 where it has none.

        Returns
        -------
        torch.Tensor
            A scalar.
        """
        import torch

        if self.temperature is None:
            scale: torch.Tensor | float = outputs[-1]
            outputs = outputs[:-1]
        else:
            scale = 1 / self.temperature
        found = []
        for i, j in combinations(range(len(outputs)), 2):
            both = (truth[:, i] * truth[:, j]).bool()
            if both.sum() > 1:
                codes = truth[both, -1]
                found.append(info_nce(outputs[i][both], outputs[j][both], scale, _alike(codes)))
        # no pair: nothing to learn from, but still something that has a gradient
        return torch.stack(found).mean() if found else 0 * outputs[0].sum()


def _alike(codes: torch.Tensor) -> torch.Tensor | None:
    """Pairs of rows of one label; None where no row has one."""
    import torch

    if (codes < 0).all():
        return None
    alike = (codes[:, None] == codes[None, :]) & (codes >= 0)
    return alike | torch.eye(len(codes), dtype=torch.bool, device=codes.device)
