"""The sum of losses that is minimised, and the head and the projection within it (layer L4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent._numerics.networks import info_nce
from hybridsent.finetune._losses import contrastive, coral, of_scores

__all__ = ["Objective", "Rows", "probe", "start_of"]

_MOST_COMPONENTS = 64
_PENALTIES = np.logspace(-2, 2, 9)  # of ridge regression on vectors of length 1
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


def start_of(
    task: str, vectors: np.ndarray, targets: np.ndarray, n_outputs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a linear model of any kind of target to frozen vectors.

    Parameters
    ----------
    task : {"classification", "regression", "multilabel"}
        Logistic regression, ridge regression, or a logistic regression for each label.
    vectors : ndarray of shape (n, width)
        Vectors.
    targets : ndarray of shape (n,), of sets (n, n_outputs)
        Codes of classes, numbers, or 0 and 1.
    n_outputs : int
        Classes or labels there are; 1 for numbers.

    Returns
    -------
    coefficients : ndarray of shape (n_outputs, width)
        Of the scores.
    intercepts : ndarray of shape (n_outputs,)
        Of the scores.
    """
    if task == "classification":
        return probe(vectors, targets, n_outputs)
    if task == "regression":
        return _ridge(vectors, targets)
    found = [_logistic(vectors, column) for column in targets.T]
    return np.stack([weights for weights, _ in found]), np.array([b for _, b in found], np.float32)


def _ridge(vectors: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression, by the penalty that tells left-out rows best: the start fits no noise."""
    from sklearn.linear_model import RidgeCV

    scale = max(float(np.linalg.norm(vectors, axis=1).mean()), 1e-30)
    inputs = vectors.astype(np.float64) / scale
    model = RidgeCV(alphas=_PENALTIES).fit(inputs, numbers.astype(np.float64))
    weights = (model.coef_ / scale).astype(np.float32)
    return weights[None], np.array([model.intercept_], dtype=np.float32)


def _logistic(vectors: np.ndarray, has: np.ndarray) -> tuple[np.ndarray, np.floating[Any]]:
    """Logit of one label; where all rows or none have it, their share alone tells."""
    codes = has.astype(int)
    if len(np.unique(codes)) == 2:
        weights, biases = probe(vectors, codes, 2)
        return weights[1] - weights[0], biases[1] - biases[0]
    share = (codes.sum() + 0.5) / (len(codes) + 1)
    return np.zeros(vectors.shape[1], dtype=np.float32), np.float32(np.log(share / (1 - share)))


class Objective:
    r"""Loss of the source + loss of the target + loss of alignment, each with a weight.

    Parameters
    ----------
    loss : {"contrastive", "cross_entropy", "squared"}
        Loss of labelled rows.
    temperature : float
        Of the contrasts.
    weights : dict of str to float
        Of ``"target"``, ``"source"`` and ``"alignment"``.
    alignment : {"info_nce", "coral"}
        Loss of pairs.
    targets : ndarray
        Label of each item of all domains: the code of a class (int), a number, or 0 and 1 for each
        label of a set (float32).
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
        targets: np.ndarray,
        device: str,
    ) -> None:
        import torch

        self.loss, self.temperature, self.alignment = loss, temperature, alignment
        self.weights, self.device = weights, device
        self.targets = torch.from_numpy(targets).to(device)
        self.parameters: list[Any] = []

    def start_head(self, weights: np.ndarray, biases: np.ndarray) -> None:
        """Let the head start as a linear model of frozen vectors, which `start_of` gave."""
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
        self.aims = torch.zeros((len(self.targets), aim.shape[1]), device=self.device)
        self.aims[torch.from_numpy(rows)] = torch.from_numpy(aim.astype(np.float32)).to(self.device)

    def _parameter(self, values: np.ndarray) -> Any:
        import torch

        made = torch.tensor(values, device=self.device, requires_grad=True)
        self.parameters.append(made)
        return made

    def logits(self, vectors: Any) -> Any:
        """Score classes or labels, or tell numbers, by the head."""
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
        if name == "pairs":
            projected = (vectors - self.centre) @ self.projection
            if self.alignment == "coral":
                return coral(projected, self.aims[some.tolist()])
            return info_nce(projected, self.aims[some.tolist()], 1 / self.temperature)
        targets = self.targets[some.tolist()]
        if self.loss == "contrastive":
            return contrastive(vectors, targets, self.temperature)
        return of_scores(self.loss, self.logits(vectors), targets)


def _whitened(features: np.ndarray) -> np.ndarray:
    """Principal components of variance 1."""
    centred = features.astype(np.float64) - features.mean(0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    count = min(_MOST_COMPONENTS, int((s**2 > _SMALL * max(s[0] ** 2, 1e-300)).sum()))
    whitened: np.ndarray = u[:, :count] * np.sqrt(max(len(features) - 1, 1))
    return whitened
