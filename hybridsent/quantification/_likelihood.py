r"""The shares under which a window is most probable (layer L3).

Saerens' expectation and maximisation finds the shares :math:`q` of the window that maximise

.. math:: \sum_i \log \sum_c \frac{q_c}{\pi_c} p(c \mid x_i)

with the shares :math:`\pi` of the reference. The probabilities must be calibrated; they are, by one
temperature and a bias for each class, learned from the reference (Alexandari and others 2020 found
no better). scikit-learn's calibrators know no bias for each class beside one temperature, and none
tells how uncertain it is, which intervals have to know.

References
----------
Saerens, Latinne, Decaestecker: Adjusting the outputs of a classifier to new a priori
probabilities, Neural Computation 2002. Alexandari, Kundaje, Shrikumar: Maximum likelihood with
bias-corrected calibration is hard-to-beat at label shift adaptation, ICML 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridsent._numerics.clusters import Window, cluster_sums
from hybridsent.quantification._reference import Reference

__all__ = ["Calibrated", "Likeliest", "calibrated", "likeliest", "likeliest_shares"]

_FLOOR = 1e-5  # of a probability, whose logarithm is taken: as fine as a reference keeps it
_PRIOR = 1.0  # how firmly temperature and biases keep to 1 and 0, in rows
_STEPS = 500
_NOTHING = 1e-7  # a share below which none or some is the question
_ASKED = 25  # shares on a line, of which variances are computed


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Temperature and biases under which probabilities are calibrated, and their errors.

    Parameters
    ----------
    parameters : ndarray of shape (k,)
        One over the temperature, then the bias of each class but the last.
    error : ndarray of shape (k, k)
        Their covariance, for the reference has few rows.
    freedom : float
        Degrees of freedom of `error`.
    priors : ndarray of shape (k,)
        Shares of the rows of the reference that are kept.
    logs : ndarray of shape (m, k)
        Logarithms of the probabilities of the reference.
    reference : Reference
        The rows.
    """

    parameters: np.ndarray
    error: np.ndarray
    freedom: float
    priors: np.ndarray
    logs: np.ndarray
    reference: Reference

    def ratios(self, logs: np.ndarray) -> np.ndarray:
        """Tell how much likelier each class makes each post, up to a factor of the post."""
        scores = logs * self.parameters[0]
        scores[:, :-1] += self.parameters[1:]
        scores -= np.log(self.priors)
        return np.asarray(np.exp(scores - scores.max(axis=1, keepdims=True)))


def logs_of(probabilities: np.ndarray) -> np.ndarray:
    """Take logarithms of probabilities, of which none is 0.

    Parameters
    ----------
    probabilities : ndarray of shape (n, k)
        Probabilities.

    Returns
    -------
    ndarray of shape (n, k)
        Their logarithms.
    """
    return np.asarray(np.log(np.maximum(probabilities, _FLOOR)))


def calibrated(reference: Reference) -> Calibrated:
    """Learn temperature and biases from the reference.

    Parameters
    ----------
    reference : Reference
        The rows, with probabilities.

    Returns
    -------
    Calibrated
        What was learned.
    """
    k, p = len(reference.classes), np.asarray(reference.probabilities)
    logs = logs_of(p)
    w = np.ones(len(p)) if reference.weights is None else reference.weights
    w = w * (len(w) / w.sum())
    told = np.eye(k)[reference.truth]
    design = _design(logs)
    start = np.zeros(k)
    start[0] = 1.0
    theta, hessian = _newton(design, told, w, start)
    said = _softmax(np.einsum("icj,j->ic", design, theta))
    scores = np.einsum("ic,icj->ij", told - said, design) * w[:, None]
    mass = reference.mass
    own = np.zeros((len(p), k))
    own[np.arange(len(p)), reference.truth] = mass
    # rows of each class are as many as they are: their numbers are no part of the error
    scores = (
        scores - w[:, None] * (own.T @ (scores / np.maximum(w, 1e-300)[:, None]))[reference.truth]
    )
    sums = cluster_sums(scores, reference.groups)
    groups = len(sums)
    back = np.linalg.inv(hessian)
    error = back @ (sums.T @ sums) @ back * groups / max(groups - 1, 1)
    freedom = np.inf if reference.groups is None else float(max(groups - 1, 1))
    priors = np.bincount(reference.truth, w, minlength=k)
    return Calibrated(theta, error, freedom, priors / priors.sum(), logs, reference)


def _design(logs: np.ndarray) -> np.ndarray:
    """Give how the score of each class moves with each parameter, of shape (n, k, k)."""
    n, k = logs.shape
    design = np.zeros((n, k, k))
    design[:, :, 0] = logs
    design[:, np.arange(k - 1), np.arange(1, k)] = 1.0
    return design


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _newton(
    design: np.ndarray, told: np.ndarray, w: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Maximise the likelihood of the classes, by Newton's steps that are halved where too long."""

    def loss(at: np.ndarray) -> float:
        scores = np.einsum("icj,j->ic", design, at)
        top = scores.max(axis=1, keepdims=True)
        logs = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        return float(-(w @ (told * logs).sum(axis=1)) + _PRIOR * ((at - start) ** 2).sum() / 2)

    theta, value = start, loss(start)
    k = len(start)
    for _ in range(50):
        said = _softmax(np.einsum("icj,j->ic", design, theta))
        gradient = np.einsum("ic,icj,i->j", said - told, design, w) + _PRIOR * (theta - start)
        mean = np.einsum("ic,icj->ij", said, design)
        hessian = np.einsum("ic,icj,icl,i->jl", said, design, design, w, optimize=True)
        hessian += _PRIOR * np.eye(k) - (mean * w[:, None]).T @ mean
        step = -np.linalg.solve(hessian, gradient)
        reach = 1.0
        while reach > 1e-6 and loss(theta + reach * step) > value + 1e-12 * abs(value):
            reach /= 2
        theta = theta + reach * step
        found = loss(theta)
        if abs(value - found) <= 1e-10 * (1 + abs(value)):
            break
        value = found
    return theta, hessian


def likeliest_shares(ratios: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Maximise the likelihood of a mixture over its shares.

    Steps of expectation and maximisation, of which each improves it, with Newton's between them,
    where those improve it more: the former alone creep where a share is near 0. A share that is
    next to nothing is let go where less of it is likelier, so that it stops no step of the others,
    and is taken up again where more is.

    Parameters
    ----------
    ratios : ndarray of shape (n, k)
        Density of each class at each post, up to a factor of the post.
    mass : ndarray of shape (n,)
        Weight of each post; they sum to one.

    Returns
    -------
    ndarray of shape (k,)
        The shares.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.quantification._likelihood import likeliest_shares
    >>> sure = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> likeliest_shares(sure, np.full(4, 0.25)).round(6).tolist()
    [0.75, 0.25]
    """
    k = ratios.shape[1]
    q = np.full(k, 1 / k)
    for _ in range(_STEPS):
        r = ratios / (ratios @ q)[:, None]
        gain = mass @ r
        if (gain - 1).max() < 1e-9 and (q * np.abs(gain - 1)).max() < 1e-9:
            break
        q = q * gain
        q[(q < _NOTHING) & (gain > 1)] = _NOTHING
        q[(q < _NOTHING) & (gain <= 1)] = 0.0
        q /= q.sum()
        free = np.flatnonzero(q)
        if len(free) < 2:
            continue
        basis = np.zeros((k, len(free) - 1))
        basis[free] = _basis(len(free))
        r = ratios / (ratios @ q)[:, None]
        moved = r @ basis
        hessian = (moved * mass[:, None]).T @ moved
        step = basis @ np.linalg.lstsq(hessian, mass @ moved, rcond=1e-12)[0]
        down = (step < 0) & (q > 0)
        reach = min(1.0, 0.99 * float((q[down] / -step[down]).min())) if down.any() else 1.0
        tried = q + reach * step
        if mass @ np.log((ratios @ tried) / (ratios @ q)) > 0:
            q = np.maximum(tried, 0) / np.maximum(tried, 0).sum()
    return q


def _basis(k: int) -> np.ndarray:
    """Give directions in which shares can move: an orthonormal basis of what sums to zero."""
    return np.asarray(np.linalg.svd(np.ones((1, k)))[2][1:].T)


@dataclass(frozen=True, eq=False)
class Likeliest:
    """The likeliest shares of a window, and how they vary.

    Parameters
    ----------
    shares, centre : ndarray of shape (k,)
        With the bounds, and one step of Newton beyond them.
    told : Calibrated
        The reference.
    """

    shares: np.ndarray
    centre: np.ndarray
    told: Calibrated

    def influence(self, v: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Tell what each post adds to a sum of shares."""
        ratios = self.told.ratios(logs_of(values))
        inverse = self._parts(self.shares[None])[0][0]
        return np.asarray((ratios / (ratios @ self.shares)[:, None]) @ (inverse @ v))

    def variances(self, v: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Variances by a single post and by the reference, if the shares were q; a row each.

        The rows are on a line; between some of them the variances are interpolated.
        """
        some = np.unique(np.linspace(0, len(q) - 1, _ASKED).round().astype(int))
        inverse, moved = self._parts(q[some])
        one = np.einsum("c,tcd,d->t", v, inverse, v)
        load = np.einsum("c,tcd,tdj->tj", v, inverse, moved)
        other = np.einsum("tj,jl,tl->t", load, self.told.error, load)
        every = np.arange(len(q))
        return np.interp(every, some, one), np.interp(every, some, other)

    def covariance(self) -> np.ndarray:
        """Covariance of the shares by a single post."""
        return np.asarray(self._parts(self.shares[None])[0][0])

    def loading(self) -> tuple[np.ndarray, np.ndarray]:
        """How the shares move with temperature and biases, and how these vary."""
        inverse, moved = self._parts(self.shares[None])
        return np.asarray(inverse[0] @ moved[0]), self.told.error

    def _parts(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Covariance of the shares by one post, and how the gradient moves with the parameters."""
        logs, own = self.told.logs, self._own
        ratios = self.told.ratios(logs)
        k = ratios.shape[1]
        basis = _basis(k)
        inverse, moved = np.empty((len(q), k, k)), np.empty((len(q), k, k))
        for t, each in enumerate(q):
            r = ratios / (ratios @ each)[:, None]
            mass = own @ each
            inside = r @ basis
            information = (inside * mass[:, None]).T @ inside
            inverse[t] = basis @ np.linalg.pinv(information, rcond=1e-10) @ basis.T
            weighed = r * mass[:, None]
            level = (r * each * logs).sum(axis=1, keepdims=True)
            moved[t, :, 0] = (weighed * (logs - level)).sum(axis=0)
            moved[t, :, 1:] = (np.diag(weighed.sum(axis=0)) - (weighed.T @ r) * each)[:, :-1]
        return inverse, moved

    @property
    def _own(self) -> np.ndarray:
        reference = self.told.reference
        own = np.zeros((len(reference), len(reference.classes)))
        own[np.arange(len(own)), reference.truth] = reference.mass
        return own


def likeliest(told: Calibrated, window: Window, values: np.ndarray) -> Likeliest:
    """Find the shares under which a window is most probable.

    Parameters
    ----------
    told : Calibrated
        The reference.
    window : Window
        The posts.
    values : ndarray of shape (n, k)
        Their probabilities.

    Returns
    -------
    Likeliest
        The shares.
    """
    ratios = told.ratios(logs_of(values))
    shares = likeliest_shares(ratios, window.mass)
    moved = (ratios / (ratios @ shares)[:, None]) @ _basis(ratios.shape[1])
    slope = window.mass @ moved
    hessian = (moved * window.mass[:, None]).T @ moved
    step = _basis(ratios.shape[1]) @ np.linalg.lstsq(hessian, slope, rcond=1e-10)[0]
    return Likeliest(shares, shares + step, told)
