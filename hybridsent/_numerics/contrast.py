"""Losses of pairs of rows and their gradients, for a linear map of vectors (layer L0).

Which rows belong together is a matrix of targets between rows and a few anchors. Fine-tuning has
the first loss in torch, for batches that a network gives; here it is NumPy with its gradient
written out, because a map of frozen vectors is learned in a fraction of the second that importing
torch takes. scikit-learn has the nearest thing in NeighborhoodComponentsAnalysis, which compares
all pairs and knows neither numbers nor sets.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

__all__ = [
    "contrast_loss",
    "cosine_loss",
    "learn_map",
    "linear_evidence",
    "same_class",
    "same_number",
    "same_set",
]

_NEAR = 0.01  # added to squared lengths, which are about 1: a cosine jumps at the origin


def same_class(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Tell which rows are of one class.

    Parameters
    ----------
    a, b : ndarray of int of shape (n,) and (m,)
        Codes.

    Returns
    -------
    ndarray of shape (n, m)
        1 or 0.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.contrast import same_class
    >>> same_class(np.array([0, 1]), np.array([1])).tolist()
    [[0.0], [1.0]]
    """
    return np.asarray(a[:, None] == b[None], dtype=np.float64)


def same_number(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Tell how near numbers are: :math:`e^{-(a - b)^2 / 2}`, of numbers in units of a bandwidth.

    Parameters
    ----------
    a, b : ndarray of shape (n,) and (m,)
        Numbers.

    Returns
    -------
    ndarray of shape (n, m)
        1 for equal numbers, towards 0.

    References
    ----------
    Dufumier et al. (2021), Contrastive learning with continuous proxy meta-data, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.contrast import same_number
    >>> same_number(np.array([0.0, 1.0]), np.array([0.0])).round(2).tolist()
    [[1.0], [0.61]]
    """
    return np.asarray(np.exp(-((a[:, None] - b[None]) ** 2) / 2))


def same_set(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Tell how much sets share: the labels of both, divided by those of either (Jaccard).

    Parameters
    ----------
    a, b : ndarray of shape (n, n_labels) and (m, n_labels)
        1 where a row has a label, else 0.

    Returns
    -------
    ndarray of shape (n, m)
        From 0 to 1; two empty sets are alike.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.contrast import same_set
    >>> same_set(np.array([[1, 1], [0, 0]]), np.array([[1, 0], [0, 0]])).tolist()
    [[0.5, 0.0], [0.0, 1.0]]
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    both = a @ b.T
    either = a.sum(1)[:, None] + b.sum(1)[None] - both
    return np.asarray(np.where(either > 0, both / np.where(either > 0, either, 1.0), 1.0))


def contrast_loss(
    similar: np.ndarray, target: np.ndarray, itself: np.ndarray, temperature: float
) -> tuple[float, np.ndarray]:
    r"""Supervised contrastive loss of cosines between rows and anchors, and its gradient.

    .. math:: -\frac1n \sum_i \sum_{a \ne i} \frac{t_{ia}}{\sum_{b \ne i} t_{ib}}
              \log \frac{e^{c_{ia}/\tau}}{\sum_{b \ne i} e^{c_{ib}/\tau}}

    over the rows i with an anchor that belongs to them. With targets 0 and 1 it is the loss of
    Khosla et al.; other weights are those of Dufumier et al.

    Parameters
    ----------
    similar : ndarray of shape (n, m)
        Cosines c.
    target : ndarray of shape (n, m)
        How much a row and an anchor belong together, 0 or more.
    itself : ndarray of bool of shape (n, m)
        Where the anchor is the row itself.
    temperature : float
        Tau.

    Returns
    -------
    loss : float
        0 where no row has an anchor of its own.
    gradient : ndarray of shape (n, m)
        By the cosines.

    References
    ----------
    Khosla et al. (2020), Supervised contrastive learning, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.contrast import contrast_loss
    >>> same = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> loss, _ = contrast_loss(np.zeros((3, 3)), same, np.eye(3, dtype=bool), 0.1)
    >>> round(loss, 4) == round(float(np.log(2)), 4)
    True
    """
    wanted = np.where(itself, 0.0, target)
    totals = wanted.sum(axis=1, keepdims=True)
    there = totals > 0
    shares = np.divide(wanted, totals, out=np.zeros_like(wanted), where=there)
    scores = np.where(itself, -np.inf, similar / temperature)
    scores[~there[:, 0]] = 0.0
    logs = scores - logsumexp(scores, axis=1, keepdims=True)
    n = max(int(there.sum()), 1)
    loss = -float(np.sum(shares * np.where(shares > 0, logs, 0.0))) / n
    gradient = np.where(there, np.exp(logs) - shares, 0.0) / (n * temperature)
    return loss, gradient


def cosine_loss(
    similar: np.ndarray, target: np.ndarray, itself: np.ndarray
) -> tuple[float, np.ndarray]:
    r"""Squared difference of cosines and targets, and its gradient: the loss of SetFit.

    Pairs that belong together weigh in all as much as the others, as SetFit's oversampling has it.
    Rows here are centred, so that cosines of rows that have nothing in common are below 0; targets
    are moved alike, :math:`(t - \bar t) / (1 - \bar t)`, which for k classes of one size is
    :math:`-1/(k-1)` of two classes: the corners of a simplex.

    Parameters
    ----------
    similar : ndarray of shape (n, m)
        Cosines.
    target : ndarray of shape (n, m)
        How much a row and an anchor belong together, from 0 to 1.
    itself : ndarray of bool of shape (n, m)
        Where the anchor is the row itself: no pair.

    Returns
    -------
    loss : float
        The weighted mean.
    gradient : ndarray of shape (n, m)
        By the cosines.

    References
    ----------
    Tunstall et al. (2022), Efficient few-shot learning without prompts, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.contrast import cosine_loss
    >>> none = np.zeros((1, 2), dtype=bool)
    >>> cosine_loss(np.array([[0.5, -0.5]]), np.array([[1.0, 0.0]]), none)
    (0.25, array([[-0.5,  0.5]]))
    """
    near = np.where(itself, 0.0, target)
    far = np.where(itself, 0.0, 1.0 - target)
    weights = near / max(near.sum(), 1e-300) + far / max(far.sum(), 1e-300)
    weights /= max(weights.sum(), 1e-300)
    middle = float(target.mean())
    wanted = (target - middle) / (1.0 - middle) if middle < 1.0 else target
    gap = similar - wanted
    return float(np.sum(weights * gap**2)), 2 * weights * gap


def learn_map(
    Z: np.ndarray,
    anchors: np.ndarray,
    target: np.ndarray,
    start: np.ndarray,
    *,
    loss: str,
    temperature: float,
    alpha: float,
    max_iter: int,
) -> tuple[np.ndarray, int]:
    r"""Learn a map A of rows z to A'z that brings together what belongs together.

    Minimises the loss of the cosines of the mapped rows and anchors plus
    :math:`\frac\alpha2 \lVert A - A_0 \rVert_F^2` by L-BFGS from :math:`A_0`. Time and memory grow
    with rows times anchors.

    Parameters
    ----------
    Z : ndarray of shape (n, k)
        Rows, of a length of about 1; those near the origin have cosines near 0.
    anchors : ndarray of int of shape (m,)
        Which rows all rows are compared with.
    target : ndarray of shape (n, m)
        How much each row and each anchor belong together.
    start : ndarray of shape (k, d)
        The map to begin at and to be drawn to.
    loss : {"supcon", "cosine"}
        `contrast_loss` or `cosine_loss`.
    temperature : float
        Of the first.
    alpha : float
        Penalty.
    max_iter : int
        Most steps of L-BFGS.

    Returns
    -------
    A : ndarray of shape (k, d)
        The map.
    n_iter : int
        Steps taken.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.contrast import learn_map, same_class
    >>> Z = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    >>> same = same_class(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    >>> A, _ = learn_map(Z, np.arange(4), same, np.eye(2), loss="supcon", temperature=0.5,
    ...                  alpha=0.01, max_iter=100)
    >>> bool(A[0, 0] > 3 * abs(A[1, 1]))
    True
    """
    itself = np.arange(len(Z))[:, None] == anchors[None]

    def of(flat: np.ndarray) -> tuple[float, np.ndarray]:
        A = flat.reshape(start.shape)
        mapped = Z @ A
        lengths = np.sqrt((mapped**2).sum(axis=1, keepdims=True) + _NEAR)
        unit = mapped / lengths
        similar = unit @ unit[anchors].T
        if loss == "supcon":
            value, by = contrast_loss(similar, target, itself, temperature)
        else:
            value, by = cosine_loss(similar, target, itself)
        by_unit = by @ unit[anchors]
        np.add.at(by_unit, anchors, by.T @ unit)
        by_mapped = (by_unit - unit * (unit * by_unit).sum(axis=1, keepdims=True)) / lengths
        away = A - start
        value += alpha / 2 * float(np.sum(away**2))
        return value, (Z.T @ by_mapped + alpha * away).ravel()

    told = {"maxiter": max_iter, "ftol": 1e-12, "gtol": 1e-6}
    found = minimize(of, start.ravel(), jac=True, method="L-BFGS-B", options=told)
    return np.asarray(found.x.reshape(start.shape)), int(found.nit)


_NOISES = (0.03, 0.1, 0.3, 1.0, 3.0)  # variances beside that of rows of length 1


def linear_evidence(Z: np.ndarray, Y: np.ndarray) -> float:
    r"""Tell how well rows speak of what is known of them, before any weight is learned.

    The log marginal likelihood of :math:`Y \sim N(0, v (Z Z^\top + \sigma^2 I))`, Bayesian linear
    regression of indicators or numbers, with v at its best and :math:`\sigma^2` the best of a few.
    It needs no rows put aside, which eight rows a class cannot spare.

    Parameters
    ----------
    Z : ndarray of shape (n, k)
        Rows, of a length of about 1.
    Y : ndarray of shape (n, q)
        Targets, centred here.

    Returns
    -------
    float
        The log likelihood, up to a constant; 0 where Y does not vary.

    References
    ----------
    MacKay (1992), Bayesian interpolation, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.contrast import linear_evidence
    >>> Y = np.array([[0.0], [0.0], [1.0], [1.0]])
    >>> linear_evidence(2 * Y - 1, Y) > linear_evidence(np.array([[1.0], [-1.0], [1.0], [-1.0]]), Y)
    True
    """
    targets = Y - Y.mean(axis=0)
    if not targets.any():
        return 0.0
    variances, axes = np.linalg.eigh(Z @ Z.T)
    parts = ((axes.T @ targets) ** 2).sum(axis=1)
    best = -np.inf
    for noise in _NOISES:
        spread = np.maximum(variances, 0.0) + noise
        level = float((parts / spread).sum()) / targets.size
        fit = targets.size * np.log(level) + targets.shape[1] * float(np.log(spread).sum())
        best = max(best, -fit / 2)
    return float(best)
