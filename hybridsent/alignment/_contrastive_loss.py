"""Which row of one view belongs to which of another, as a loss of torch (layer L3)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["ContrastiveLoss", "info_nce"]


def info_nce(
    a: torch.Tensor,
    b: torch.Tensor,
    scale: torch.Tensor | float,
    positives: torch.Tensor | None = None,
) -> torch.Tensor:
    r"""Symmetric InfoNCE: each row is to find its partners among the rows of the other view.

    With unit vectors u, v and the scale s, one over the temperature,

    .. math:: \ell = -\frac{1}{2m} \sum_i \frac{1}{|P_i|} \sum_{p \in P_i} \left(
              \log \frac{e^{s u_i^\top v_p}}{\sum_l e^{s u_i^\top v_l}}
              + \log \frac{e^{s v_i^\top u_p}}{\sum_l e^{s v_i^\top u_l}} \right).

    Parameters
    ----------
    a, b : torch.Tensor of shape (m, k)
        Vectors of two views for the same rows; they are brought to length one.
    scale : torch.Tensor or float
        s.
    positives : torch.Tensor of bool of shape (m, m), default=None
        Which rows are partners, symmetric; None is each row of itself alone.

    Returns
    -------
    torch.Tensor
        The loss, a scalar.

    References
    ----------
    Radford et al.: Learning transferable visual models from natural language supervision, ICML
    2021, figure 3.

    Khosla et al.: Supervised contrastive learning, NeurIPS 2020, eq. 2.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.alignment._contrastive_loss import info_nce
    >>> a = torch.eye(3)
    >>> round(float(info_nce(a, a, 10.0)), 4), round(float(info_nce(a, -a, 0.0)), 4)
    (0.0001, 1.0986)
    """
    import torch
    from torch.nn.functional import cross_entropy, normalize

    logits = scale * normalize(a, dim=1) @ normalize(b, dim=1).T
    if positives is None:
        target = torch.arange(len(a), device=a.device)
    else:
        partners = positives.to(logits)
        target = partners / partners.sum(dim=1, keepdim=True)
    return (cross_entropy(logits, target) + cross_entropy(logits.T, target)) / 2


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
