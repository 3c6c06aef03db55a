"""The sum of losses that is minimised, and the head and the projection within it (layer L4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent._numerics.networks import info_nce
from hybridsent.finetune._losses import contrastive, coral

__all__ = ["Objective", "Rows", "probe"]

_MOST_COMPONENTS = 64
_SMALL = 1e-6  # of the largest variance: what lies below is noise of rounding


@dataclass
class Rows:
    """Rows of a batch, as positions in the items of all domains.

    Parameters
    ----------
    target, source : ndarray of int
        Labelled rows.
    pairs : ndarray of int
        Rows of the target with features of another modality.
    """

    target: np.ndarray
    source: np.ndarray
    pairs: np.ndarray

    @property
    def distinct(self) -> np.ndarray:
        """All rows, each once."""
        return np.unique(np.concatenate([self.target, self.source, self.pairs]))


def probe(vectors: np.ndarray, codes: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Fit a linear classifier to frozen vectors: where the head starts.

    Parameters
    ----------
    vectors : ndarray of shape (n, width)
        Vectors.
    codes : ndarray of int
        Class of each vector.
    n_classes : int
        Classes there are.

    Returns
    -------
    coefficients : ndarray of shape (n_classes, width)
        Of the logits.
    intercepts : ndarray of shape (n_classes,)
        Of the logits.
    """
    from sklearn.linear_model import LogisticRegression

    scale = max(float(np.linalg.norm(vectors, axis=1).mean()), 1e-30)
    model = LogisticRegression(C=10.0, max_iter=2000).fit(vectors / scale, codes)
    weights, biases = model.coef_ / scale, model.intercept_
    if len(weights) == 1:  # of two classes: the softmax of (-l/2, l/2) is the logistic of l
        weights, biases = np.concatenate([-weights, weights]) / 2, np.append(-biases, biases) / 2
    rows = model.classes_  # a class may have no row: it starts as unlikely as the least likely
    all_weights = np.zeros((n_classes, weights.shape[1]), dtype=np.float32)
    all_biases = np.full(n_classes, biases.min(), dtype=np.float32)
    all_weights[rows], all_biases[rows] = weights, biases
    return all_weights, all_biases


class Objective:
    r"""Loss of the source + loss of the target + loss of alignment, each with a weight.

    Parameters
    ----------
    loss : {"contrastive", "cross_entropy"}
        Loss of labelled rows.
    temperature : float
        Of the contrasts.
    weights : dict of str to float
        Of ``"target"``, ``"source"`` and ``"alignment"``.
    alignment : {"info_nce", "coral"}
        Loss of pairs.
    codes : ndarray of int
        Class of each item of all domains.
    device : str
        Where the vectors are.
    """

    def __init__(
        self,
        *,
        loss: str,
        temperature: float,
        weights: dict[str, float],
        alignment: str,
        codes: np.ndarray,
        device: str,
    ) -> None:
        import torch

        self.loss, self.temperature, self.alignment = loss, temperature, alignment
        self.weights, self.device = weights, device
        self.codes = torch.from_numpy(codes).to(device)
        self.parameters: list[Any] = []

    def start_head(self, weights: np.ndarray, biases: np.ndarray) -> None:
        """Let the head start as a classifier of frozen vectors, which `probe` gave."""
        self.head = [self._parameter(values) for values in (weights, biases)]

    def start_projection(self, vectors: np.ndarray, other: np.ndarray, rows: np.ndarray) -> None:
        """Whiten the other modality, and let the projection start as ridge regression to it.

        Parameters
        ----------
        vectors : ndarray of shape (n, width)
            Frozen vectors of the rows that have pairs.
        other : ndarray of shape (n, q)
            Features of the other modality.
        rows : ndarray of int
            Positions of these rows among all items.
        """
        import torch

        aim = _whitened(other)
        mean = vectors.mean(0)
        centred = (vectors - mean).astype(np.float64)
        gram = centred.T @ centred
        ridge = max(np.trace(gram) / len(gram), 1e-30)
        start = np.linalg.solve(gram + ridge * np.eye(len(gram)), centred.T @ aim)
        self.projection = self._parameter(start.astype(np.float32))
        self.centre = torch.from_numpy(mean).to(self.device)
        self.aims = torch.zeros((len(self.codes), aim.shape[1]), device=self.device)
        self.aims[torch.from_numpy(rows)] = torch.from_numpy(aim.astype(np.float32)).to(self.device)

    def _parameter(self, values: np.ndarray) -> Any:
        import torch

        made = torch.tensor(values, device=self.device, requires_grad=True)
        self.parameters.append(made)
        return made

    def logits(self, vectors: Any) -> Any:
        """Score the classes by the head."""
        weight, bias = self.head
        return vectors @ weight.T + bias

    def __call__(self, vectors: Any, rows: Rows) -> tuple[Any, dict[str, float]]:
        """Compute the loss of a batch.

        Parameters
        ----------
        vectors : Tensor of shape (n, width)
            Of ``rows.distinct``, in its order.
        rows : Rows
            The batch.

        Returns
        -------
        loss : Tensor
            The weighted sum.
        parts : dict of str to float
            Each loss, before it is weighted.
        """
        total, parts = vectors.sum() * 0.0, {}
        for name in ("target", "source", "pairs"):
            some = getattr(rows, name)
            part = "alignment" if name == "pairs" else name
            if len(some) and self.weights[part] > 0:
                at = np.searchsorted(rows.distinct, some)
                value = self._part(name, vectors[at.tolist()], some)
                parts[part] = float(value.detach())
                total = total + self.weights[part] * value
        return total, parts

    def _part(self, name: str, vectors: Any, some: np.ndarray) -> Any:
        import torch

        if name == "pairs":
            projected = (vectors - self.centre) @ self.projection
            if self.alignment == "coral":
                return coral(projected, self.aims[some.tolist()])
            return info_nce(projected, self.aims[some.tolist()], 1 / self.temperature)
        codes = self.codes[some.tolist()]
        if self.loss == "contrastive":
            return contrastive(vectors, codes, self.temperature)
        return torch.nn.functional.cross_entropy(self.logits(vectors), codes)


def _whitened(features: np.ndarray) -> np.ndarray:
    """Principal components of variance 1."""
    centred = features.astype(np.float64) - features.mean(0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    count = min(_MOST_COMPONENTS, int((s**2 > _SMALL * max(s[0] ** 2, 1e-300)).sum()))
    whitened: np.ndarray = u[:, :count] * np.sqrt(max(len(features) - 1, 1))
    return whitened
