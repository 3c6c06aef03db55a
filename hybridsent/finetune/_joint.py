"""What is minimised when the networks of several views are tuned together (layer L4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from hybridsent._numerics.networks import info_nce
from hybridsent.finetune._losses import contrastive, of_scores

__all__ = ["Joint", "common_space"]

_MOST_COMPONENTS = 32
_SMALL = 1e-6  # of the largest variance: what lies below is noise of rounding


def common_space(
    vectors: Mapping[str, np.ndarray], rows: Mapping[str, np.ndarray], n: int
) -> dict[str, np.ndarray]:
    r"""Fit linear maps of frozen vectors into one space in which the views of a row are near.

    The space is that of the first left singular vectors of all whitened views side by side, of the
    rows that have two views and more (a missing one is its mean); each view is mapped by ridge
    regression on it. So the contrast of views does not begin with noise.

    Parameters
    ----------
    vectors : mapping of str to ndarray of shape (n_view, d_view)
        Frozen vectors of each view.
    rows : mapping of str to ndarray of int
        Row of each vector.
    n : int
        Rows there are.

    Returns
    -------
    dict of str to ndarray of shape (d_view, k)
        The maps; k is the same for all.
    """
    count = np.zeros(n, dtype=int)
    for at in rows.values():
        count[at] += 1
    paired = count >= 2
    blocks = []
    for view, values in vectors.items():
        centred = values - values.mean(0, dtype=np.float64)
        u, s, _ = np.linalg.svd(centred, full_matrices=False)
        kept = u[:, s**2 > _SMALL * max(float(s[0]) ** 2, 1e-300)][:, : 2 * _MOST_COMPONENTS]
        block = np.zeros((n, kept.shape[1]))
        block[rows[view]] = kept * np.sqrt(len(values))
        blocks.append(block[paired])
    u, _, _ = np.linalg.svd(np.concatenate(blocks, axis=1), full_matrices=False)
    k = min(_MOST_COMPONENTS, u.shape[1], *(len(values[0]) for values in vectors.values()))
    aims = np.zeros((n, k))
    aims[paired] = u[:, :k] * np.sqrt(paired.sum())
    found = {}
    for view, values in vectors.items():
        some = paired[rows[view]]
        centred = (values - values.mean(0, dtype=np.float64))[some]
        gram = centred.T @ centred
        ridge = max(float(np.trace(gram)) / len(gram), 1e-30)
        solved = np.linalg.solve(
            gram + ridge * np.eye(len(gram)), centred.T @ aims[rows[view]][some]
        )
        found[view] = solved.astype(np.float32)
    return found


@dataclass
class Joint:
    r"""Loss of each view + loss of the contrast between views + loss of all views fused.

    .. math:: \frac1V \sum_v L(z^v, y) + \frac{w_A}{|P|} \sum_{(u, v) \in P} I(P_u z^u, P_v z^v)
              + w_F\, C\Bigl(\sum_v W_v z^v + b,\, y\Bigr)

    L is the loss of labelled rows that have the view, C that of a linear head of what the fused
    vectors say, and I the symmetric InfoNCE of rows that have both views, labelled or not. A sum
    over views is of those that a row has.

    Parameters
    ----------
    loss : {"contrastive", "cross_entropy", "squared"}
        L. C is the cross-entropy of classes where L is contrastive, else the same.
    temperature : float
        Of the contrasts.
    alignment_weight, fused_weight : float
        The weights.
    heads : mapping of str to (Tensor of shape (n_outputs, d), Tensor of shape (n_outputs,))
        Of each view, for losses that need one: of L.
    fused : mapping of str to Tensor of shape (n_outputs, d)
        W of each view.
    bias : Tensor of shape (n_outputs,)
        b.
    maps : mapping of str to Tensor of shape (d, k)
        P of each view; not asked for where the weight of the contrast is 0.
    centres : mapping of str to Tensor of shape (d,)
        What is taken off before: the mean of the frozen vectors.
    """

    loss: str
    temperature: float
    alignment_weight: float
    fused_weight: float
    heads: Mapping[str, tuple[Any, Any]]
    fused: Mapping[str, Any]
    bias: Any
    maps: Mapping[str, Any]
    centres: Mapping[str, Any]

    def __call__(
        self,
        vectors: Mapping[str, Any],
        rows: Mapping[str, np.ndarray],
        targets: Any,
        known: np.ndarray,
    ) -> tuple[Any, dict[str, float]]:
        """Compute the loss of a batch.

        Parameters
        ----------
        vectors : mapping of str to Tensor of shape (n_view, d_view)
            Of the rows of the batch that have the view.
        rows : mapping of str to ndarray of int
            Position of each vector among the rows of the batch, ascending.
        targets : Tensor of shape (n,), of sets (n, n_outputs)
            Of the rows of the batch.
        known : ndarray of bool of shape (n,)
            Which have a label.

        Returns
        -------
        loss : Tensor
            The sum.
        parts : dict of str to float
            ``target``, ``alignment`` and ``fused``, before they are weighted.
        """
        parts = {
            "target": self._target(vectors, rows, targets, known),
            "alignment": self._alignment(vectors, rows),
            "fused": self._fused(vectors, rows, targets, known),
        }
        weights = {"target": 1.0, "alignment": self.alignment_weight, "fused": self.fused_weight}
        total = sum(z.sum() for z in vectors.values()) * 0.0
        told = {}
        for name, value in parts.items():
            if value is not None and weights[name] > 0:
                total = total + weights[name] * value
                told[name] = float(value.detach())
        return total, told

    def _target(self, vectors: Any, rows: Any, targets: Any, known: np.ndarray) -> Any:
        losses = []
        for view, z in vectors.items():
            some = np.flatnonzero(known[rows[view]])
            if len(some):
                of_rows = targets[rows[view][some].tolist()]
                losses.append(self._loss(view, z[some.tolist()], of_rows))
        return sum(losses) / len(losses) if losses else None

    def _loss(self, view: str, z: Any, targets: Any) -> Any:
        if self.loss == "contrastive":
            return contrastive(z, targets, self.temperature)
        weight, bias = self.heads[view]
        return of_scores(self.loss, z @ weight.T + bias, targets)

    def _alignment(self, vectors: Any, rows: Any) -> Any:
        losses: list[Any] = []
        if not self.alignment_weight:  # there are no maps
            return None
        for one, other in combinations(vectors, 2):
            both = np.intersect1d(rows[one], rows[other])
            if len(both) > 1:
                sides = [
                    (vectors[view][np.searchsorted(rows[view], both).tolist()] - self.centres[view])
                    @ self.maps[view]
                    for view in (one, other)
                ]
                losses.append(info_nce(sides[0], sides[1], 1 / self.temperature))
        return sum(losses) / len(losses) if losses else None

    def _fused(self, vectors: Any, rows: Any, targets: Any, known: np.ndarray) -> Any:
        import torch

        some = np.flatnonzero(known)
        if not len(some):
            return None
        scores = self.bias.expand(len(known), -1)
        for view, z in vectors.items():
            at = torch.as_tensor(rows[view], device=z.device)
            scores = scores.index_add(0, at, z @ self.fused[view].T)
        loss = "cross_entropy" if self.loss == "contrastive" else self.loss
        return of_scores(loss, scores[some.tolist()], targets[some.tolist()])
