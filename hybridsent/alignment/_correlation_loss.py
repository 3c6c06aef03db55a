"""How much two views have in common, as a loss of torch (layer L3).

torch can differentiate eigenvectors and inverse roots, but its gradient holds one over the gaps
between eigenvalues and breaks down where two are alike. That of the sum of the largest canonical
correlations needs no gaps; it is written out here.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["CorrelationLoss", "total_correlation"]


def total_correlation(
    a: torch.Tensor, b: torch.Tensor, k: int, ridge: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    r"""Sum of the k largest canonical correlations, differentiable.

    With the centred :math:`H_1, H_2` (m, d), :math:`S_{ij} = H_i^\top H_j / (m - 1)`, plus r I
    where i = j, and Cholesky factors :math:`S_{ii} = L_i L_i^\top`, the correlations are the
    singular values D of :math:`L_1^{-1} S_{12} L_2^{-\top} = U D V^\top`: those of Andrew et al.,
    whose symmetric roots differ from L by a rotation. With the projections :math:`P = L_1^{-\top}
    U_k` and :math:`Q = L_2^{-\top} V_k` the gradient is

    .. math:: \frac{\partial}{\partial H_1} \sum_{c \le k} D_c
              = \frac{(H_2 Q - H_1 P D_k) P^\top}{m - 1},

    their equations 10 to 13, for k below d, too. All of it is computed in float64 on the CPU.

    Parameters
    ----------
    a, b : torch.Tensor of shape (m, d1) and (m, d2)
        Outputs of two networks for the same rows.
    k : int
        How many correlations to sum up, at most d1 and d2.
    ridge : float
        r.

    Returns
    -------
    value : torch.Tensor
        The sum, a scalar.
    P, Q : torch.Tensor of shape (d1, k) and (d2, k)
        Projections of the views on their canonical variables, without a gradient.

    References
    ----------
    Andrew, Arora, Bilmes, Livescu: Deep canonical correlation analysis, ICML 2013, eq. 10 to 13.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.alignment._correlation_loss import total_correlation
    >>> a = torch.arange(12.0).reshape(6, 2) ** 2
    >>> value, P, Q = total_correlation(a, -2 * a, 2, 1e-6)
    >>> round(float(value), 2), tuple(P.shape)
    (2.0, (2, 2))
    """
    value, P, Q = _function().apply(a, b, k, ridge)
    return value, P, Q


@cache  # the class cannot be made before torch is imported
def _function() -> Any:
    import torch
    from torch.autograd.function import once_differentiable

    class TotalCorrelation(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: torch.Tensor, b: torch.Tensor, k: int, ridge: float) -> Any:
            x, y = (each.detach().cpu().double() for each in (a, b))  # mps has no float64
            x, y = x - x.mean(dim=0), y - y.mean(dim=0)
            below = len(x) - 1
            left, right = _root(x, ridge), _root(y, ridge)
            cross = torch.linalg.solve_triangular(left, x.T @ y / below, upper=False)
            cross = torch.linalg.solve_triangular(right.T, cross, upper=True, left=False)
            U, D, Vt = torch.linalg.svd(cross, full_matrices=False)
            D = D[:k]
            P = torch.linalg.solve_triangular(left.T, U[:, :k], upper=True)
            Q = torch.linalg.solve_triangular(right.T, Vt[:k].T, upper=True)
            u, v = x @ P, y @ Q
            ctx.save_for_backward(
                _like((v - u * D) @ P.T / below, a), _like((u - v * D) @ Q.T / below, b)
            )
            ctx.mark_non_differentiable(P, Q)
            return _like(D.sum(), a), P, Q

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, gradient: torch.Tensor, *_: Any) -> Any:
            to_a, to_b = ctx.saved_tensors
            return gradient * to_a, gradient * to_b, None, None

    return TotalCorrelation


def _like(value: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return value.to(other.dtype).to(other.device)


def _root(x: torch.Tensor, ridge: float) -> torch.Tensor:
    """Cholesky factor of the covariance of centred rows, plus a ridge."""
    import torch

    S = x.T @ x / (len(x) - 1)
    S.diagonal().add_(ridge)
    factor: torch.Tensor = torch.linalg.cholesky(S)
    return factor


class CorrelationLoss:
    """Minus the mean canonical correlation of the views' outputs, over pairs and components.

    A pair of views is measured on the rows of the batch that have both, and left out of a batch
    where these are not more than the components, as any two such matrices go together perfectly.

    Without a gradient, so for held-out rows, the correlation is that of their coordinates under the
    projections that the last batch of training gave: few rows with projections of their own would
    tell how few they are, not how well they go together.

    Parameters
    ----------
    k : int
        Components.
    ridge : float
        Added to the covariances.
    """

    def __init__(self, k: int, ridge: float) -> None:
        self.k = k
        self.ridge = ridge
        self.projections: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor]] = {}

    def __call__(self, outputs: tuple[torch.Tensor, ...], present: torch.Tensor) -> torch.Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        outputs : tuple of torch.Tensor of shape (m, k)
            Of the network of each view.
        present : torch.Tensor of bool of shape (m, n_views)
            Which rows have which view.

        Returns
        -------
        torch.Tensor
            A scalar from -1 to 1.

        Raises
        ------
        ValueError
            If an output is not finite.
        """
        import torch

        found = []
        for i, j in combinations(range(len(outputs)), 2):
            both = present[:, i] & present[:, j]
            a, b = outputs[i][both], outputs[j][both]
            if not torch.is_grad_enabled():
                found += self._held_out(i, j, a, b)
            elif len(a) > self.k:
                if not (torch.isfinite(a).all() and torch.isfinite(b).all()):
                    raise ValueError(
                        f"The training diverged: networks gave values that are not finite for the "
                        f"views number {i} and {j}. Choose a smaller lr."
                    )
                value, P, Q = total_correlation(a, b, self.k, self.ridge)
                self.projections[i, j] = P, Q
                found.append(value / self.k)
        # no pair: nothing to learn from, but still something that has a gradient
        return -torch.stack(found).mean() if found else 0 * outputs[0].sum()

    def _held_out(self, i: int, j: int, a: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
        if (i, j) not in self.projections or len(a) < 2:
            return []
        x, y = (
            each.cpu().double() @ P for each, P in zip((a, b), self.projections[i, j], strict=True)
        )
        x, y = x - x.mean(dim=0), y - y.mean(dim=0)
        below = x.norm(dim=0) * y.norm(dim=0)
        return [_like(((x * y).sum(dim=0) / below.clamp_min(1e-12)).mean(), a)]
