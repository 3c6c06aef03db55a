"""What is minimised over a batch of vectors (layer L4)."""

from __future__ import annotations

from typing import Any

__all__ = ["contrastive", "coral", "of_scores"]


def contrastive(vectors: Any, labels: Any, temperature: float) -> Any:
    r"""Supervised contrastive loss: vectors of one class are near, those of others far.

    .. math:: -\frac1{|I|} \sum_{i \in I} \frac1{|P(i)|} \sum_{p \in P(i)}
              \log \frac{\exp(z_i^\top z_p/\tau)}{\sum_{a \ne i} \exp(z_i^\top z_a/\tau)}

    with z of length 1, P(i) the other rows of the class of i, and I the rows that have some.

    Parameters
    ----------
    vectors : Tensor of shape (n, width)
        Vectors of any length.
    labels : Tensor of shape (n,)
        Codes of the classes.
    temperature : float
        Tau.

    Returns
    -------
    Tensor
        The loss; 0 where no class has two rows.

    References
    ----------
    Khosla et al. (2020), Supervised contrastive learning, equation 2.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.finetune._losses import contrastive
    >>> z = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> y = torch.tensor([0, 0, 1, 1])
    >>> round(float(contrastive(z, y, 0.1)), 4), round(float(contrastive(z, y.flip(0), 1.0)), 2)
    (0.0001, 0.55)
    """
    import torch

    z = torch.nn.functional.normalize(vectors, dim=1)
    itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
    similar = (z @ z.T / temperature).masked_fill(itself, -torch.inf)
    log_shares = similar - similar.logsumexp(1, keepdim=True)
    same = (labels[:, None] == labels[None]) & ~itself
    counts = same.sum(1)
    each = -log_shares.masked_fill(~same, 0.0).sum(1) / counts.clamp_min(1)
    return each.sum() / (counts > 0).sum().clamp_min(1)


def coral(left: Any, right: Any) -> Any:
    r"""Distance of covariances.

    .. math:: \frac1{4 d^2} \lVert C_a - C_b \rVert_F^2

    Parameters
    ----------
    left, right : Tensor of shape (n, d)
        The sides.

    Returns
    -------
    Tensor
        The loss; 0 for fewer than two rows.

    References
    ----------
    Sun and Saenko (2016), Deep CORAL, equation 1.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.finetune._losses import coral
    >>> sides = torch.tensor([[0.0], [2.0]])
    >>> float(coral(sides, sides)), float(coral(sides, 0 * sides))
    (0.0, 1.0)
    """
    if len(left) < 2:
        return 0.0 * left.sum()
    covariances = [
        (side - side.mean(0)).T @ (side - side.mean(0)) / (len(side) - 1) for side in (left, right)
    ]
    return (covariances[0] - covariances[1]).square().sum() / (4 * left.shape[1] ** 2)


def of_scores(loss: str, scores: Any, targets: Any) -> Any:
    """Loss of what a linear head says.

    Parameters
    ----------
    loss : {"cross_entropy", "squared"}
        Cross-entropy of classes, or of each label of sets; or the squared error of numbers.
    scores : Tensor of shape (n, n_outputs)
        Logits, or numbers in one column.
    targets : Tensor of shape (n,), of sets (n, n_outputs)
        Codes of classes, numbers, or 0 and 1.

    Returns
    -------
    Tensor
        The mean over rows, of sets over labels, too.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.finetune._losses import of_scores
    >>> float(of_scores("squared", torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])))
    2.0
    """
    import torch

    if loss == "squared":
        return torch.nn.functional.mse_loss(scores[:, 0], targets)
    if targets.ndim == 2:
        return torch.nn.functional.binary_cross_entropy_with_logits(scores, targets)
    return torch.nn.functional.cross_entropy(scores, targets)
