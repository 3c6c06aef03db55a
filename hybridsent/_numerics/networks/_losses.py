"""Losses that several networks are trained on (layer L0).

torch has cross-entropy, of which this is made, and no contrast of pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["info_nce"]


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
    >>> from hybridsent._numerics.networks import info_nce
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
