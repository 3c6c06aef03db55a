"""Adapters that map the columns of the source to those of the target (layer L3).

skada's CORAL needs its own pipelines and centres the target as well; nothing in scikit-learn knows
two domains. A copy of the columns for each domain needs no library, and none has it as a
transformer.
"""

from __future__ import annotations

import re
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from hybridsent._numerics.moments import span
from hybridsent._numerics.scale import rounding_of, scale_of
from hybridsent._params import Interval, StrOptions
from hybridsent.transfer._rows import Rows, kept_names
from hybridsent.transfer.base import BaseAdapter, check_two_rows
from hybridsent.views import view_of

__all__ = ["CORAL", "FeatureAugmentation"]


class CORAL(BaseAdapter):
    r"""Give the source rows the mean and the covariance of the target rows.

    With the covariances S of source and target, shrunk by the share c,

    .. math:: x \mapsto \mu_t + (x - \mu_s) C_s^{-1/2} C_t^{1/2}, \qquad
              C = (1 - c) S + c \frac{\operatorname{tr} S}{p} I,

    which of all linear maps A that minimise :math:`\| A^\top C_s A - C_t \|_F` is the one of the
    paper. Rows of the target stay what they are, so that a classifier of the mapped source rows
    judges new rows as they come. No label is looked at.

    Parameters
    ----------
    covariance : {"full", "diagonal"}, default="full"
        Whether whole covariances are matched, or each column's variance alone.
    shrinkage : float or "auto", default=0.5
        c. The paper adds the identity to covariances of standardised columns, which is 0.5; 0
        matches the covariances exactly; ``"auto"`` is the formula of Ledoit and Wolf for each
        domain.

    Attributes
    ----------
    mean_source_, mean_target_ : ndarray of shape (p,)
        Means.
    coef_ : ndarray of shape (r, r), or (p,) with ``"diagonal"``
        The map of centred source rows, in the basis where there is one.
    basis_ : ndarray of shape (r, p) or None
        Where there are more columns than rows: orthonormal rows that span all rows of `fit`.
    outside_ : float
        Factor of what is orthogonal to the basis.
    n_source_, n_target_ : int
        Rows of each domain.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    GroupScaler : Brings each domain, or group, to mean 0 and variance 1.
    SubspaceAlignment : Aligns principal components.

    Notes
    -----
    No matrix is larger than the smaller of rows and columns, and none is inverted: square roots
    come from eigenvectors. Where ``shrinkage=0`` and the source has no variance in some direction,
    nothing is mapped into it.

    References
    ----------
    Sun, Feng, Saenko: Return of frustratingly easy domain adaptation, AAAI 2016, algorithm 1.

    Ledoit, Wolf: A well-conditioned estimator for large-dimensional covariance matrices, Journal of
    Multivariate Analysis 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer import CORAL
    >>> X = np.array([[0.0], [2.0], [10.0], [14.0]])
    >>> y = np.array([0, 1, -1, -1])
    >>> CORAL(shrinkage=0.0).fit_transform(X, y).ravel().round(2)
    array([10., 14., 10., 14.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "covariance": [StrOptions({"full", "diagonal"})],
        "shrinkage": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="both")],
    }

    def __init__(self, *, covariance: str = "full", shrinkage: float | str = 0.5) -> None:
        self.covariance = covariance
        self.shrinkage = shrinkage

    def _learn(self, rows: Rows, y: Any) -> None:
        check_two_rows(self)
        source, target = self._parts(rows)
        self.mean_source_, self.mean_target_ = source.mean(axis=0), target.mean(axis=0)
        rounding = rounding_of(rows.X.dtype)
        source, target = source - self.mean_source_, target - self.mean_target_
        scales = [
            # each column is compared with its own mean: one of small numbers has a variance, too
            scale_of(mean, _variance(part), rows.X.dtype, len(part), constant=0.0)
            for part, mean in ((source, self.mean_source_), (target, self.mean_target_))
        ]
        self.basis_, self.outside_ = None, 1.0
        p = source.shape[1]
        if self.covariance == "diagonal":
            levels = [
                np.sqrt(self._shrunk_diagonal(part, scale))
                for part, scale in zip((source, target), scales, strict=True)
            ]
            self.coef_ = np.divide(levels[1], levels[0], out=np.ones(p), where=levels[0] > 0)
            return
        shares = [self._share(part) for part in (source, target)]
        traces = [
            float(np.einsum("ij,ij->", part, part)) / _ddof(part) for part in (source, target)
        ]
        if p > len(source) + len(target):
            both = np.vstack([source, target])
            # rows are centred by domain: a zero mean keeps span() from moving them again
            _, (_, self.basis_) = span(np.vstack([both, -both]), np.ones(2 * len(both), dtype=bool))
            source, target = source @ self.basis_.T, target @ self.basis_.T
            scales = [np.ones(part.shape[1]) for part in (source, target)]
            floor_s, floor_t = (c * t / p for c, t in zip(shares, traces, strict=True))
            self.outside_ = float(np.sqrt(floor_t / floor_s)) if floor_s > 0 else 1.0
        halves = [
            _ridged_root((1 - c) * (part.T @ part) / _ddof(part), c * trace / p, power)
            if c * trace > 0
            else _bare_root(part, scale, rounding, power)
            for part, scale, c, trace, power in zip(
                (source, target), scales, shares, traces, (-0.5, 0.5), strict=True
            )
        ]
        self.coef_ = halves[0] @ halves[1]

    def _map(self, X: np.ndarray, target: bool) -> np.ndarray:
        if target or self.n_target_ == 0 or self.n_source_ == 0:
            return X
        centred = X - self.mean_source_
        if self.covariance == "diagonal":
            return np.asarray(centred * self.coef_ + self.mean_target_)
        if self.basis_ is None:
            return np.asarray(centred @ self.coef_ + self.mean_target_)
        inside = centred @ self.basis_.T
        kept = inside @ (self.coef_ - self.outside_ * np.eye(len(self.coef_)))
        return np.asarray(self.outside_ * centred + kept @ self.basis_ + self.mean_target_)

    def _share(self, centred: np.ndarray) -> float:
        if self.shrinkage == "auto":
            return float(ledoit_wolf_shrinkage(centred, assume_centered=True))
        return float(self.shrinkage)

    def _shrunk_diagonal(self, centred: np.ndarray, scale: np.ndarray) -> np.ndarray:
        share = self._share(centred)
        variance = scale**2
        return np.asarray((1 - share) * variance + share * variance.mean())


def _ddof(centred: np.ndarray) -> int:
    return max(len(centred) - 1, 1)


def _variance(centred: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("ij,ij->j", centred, centred) / _ddof(centred))


def _ridged_root(S: np.ndarray, ridge: float, power: float) -> np.ndarray:
    """Power of a covariance plus a multiple of the identity."""
    values, vectors = np.linalg.eigh(S)
    values = np.maximum(values, 0.0) + ridge
    return np.asarray((vectors * values**power) @ vectors.T)


def _bare_root(centred: np.ndarray, scale: np.ndarray, rounding: float, power: float) -> np.ndarray:
    """Power of a covariance, over the directions that have variance.

    Which have any is seen in columns of one scale; and the singular values of a factor have the
    digits of small variances that the covariance itself loses beside large ones.
    """
    unit = centred * np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    values, vectors = np.linalg.eigh(unit.T @ unit / _ddof(centred))
    # what is rounding of the products; and of values, which may be far from their mean
    least = max(10 * len(values) * float(np.finfo(np.float64).eps), (10 * rounding) ** 2)
    keep = values > least * max(float(values[-1]), 0.0)
    factor = scale[:, None] * vectors[:, keep] * np.sqrt(values[keep])
    axes, lengths, _ = np.linalg.svd(factor, full_matrices=False)
    return np.asarray((axes * lengths ** (2 * power)) @ axes.T)


_NUMBERED = re.compile(r"(?P<view>(?:(?!__).)+)__(?P<step>(?:s\d+_)?)(?P<number>\d+)")


class FeatureAugmentation(BaseAdapter):
    r"""Give the columns thrice: for all rows, for the source alone and for the target alone.

    .. math:: x_s \mapsto (x_s, x_s, 0), \qquad x_t \mapsto (x_t, 0, x_t).

    A linear classifier of labelled rows of both domains then shares what the domains have in common
    and keeps apart what they have not. It needs labels in the target: with none, the third copy has
    no weight.

    The copies are of the view that they were made of: a view of two columns has ``text__0`` and
    ``text__1``, then ``text__2`` and ``text__3`` for the source, then ``text__4`` and ``text__5``
    for the target. A column without a number gets the domain, as ``author__age_source``.

    Attributes
    ----------
    n_source_, n_target_ : int
        Rows of each domain.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    PriorClassifier : Draws a classifier of the target to that of the source.

    Notes
    -----
    With an L2 penalty this is the same as a prior for both domains: the weights of source and
    target, :math:`w + w_s` and :math:`w + w_t`, are drawn to each other.

    References
    ----------
    Daumé III: Frustratingly easy domain adaptation, ACL 2007, section 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import FeatureAugmentation
    >>> X = pd.DataFrame({"text__0": [1.0, 2.0], "domain__0": [0.0, 1.0]})
    >>> FeatureAugmentation().fit_transform(X)
    array([[1., 1., 0.],
           [2., 0., 2.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    def _names_out(self) -> np.ndarray:
        names = kept_names(self)
        if not getattr(self, "_numbered", False):  # fitted before copies were of their view
            copies = [[_suffixed(name, kind) for name in names] for kind in ("source", "target")]
        else:
            copies = [_copied(names, 1, "source"), _copied(names, 2, "target")]
        return np.asarray([*names, *copies[0], *copies[1]], dtype=object)

    def _learn(self, rows: Rows, y: Any) -> None:
        """Learn nothing, as the copies depend on the domain alone; but their names must differ."""
        self._numbered = True
        names, counts = np.unique(self._names_out().astype(str), return_counts=True)
        if (counts > 1).any():
            raise ValueError(
                "The columns of X must have other names than the copies that FeatureAugmentation "
                "makes, such as 'author__age_source' of 'author__age'. Got the name "
                f"{str(names[counts > 1][0])!r} twice; rename the view."
            )

    def _map(self, X: np.ndarray, target: bool) -> np.ndarray:
        zeros = np.zeros_like(X)
        if self.n_target_ == 0 or self.n_source_ == 0:
            return np.hstack([X, zeros, zeros])
        return np.hstack([X, zeros, X] if target else [X, X, zeros])


def _copied(names: np.ndarray, copy: int, kind: str) -> list[str]:
    """Names of a copy: numbers go on where those of the view end, so that it is of the view."""
    parts = [_NUMBERED.fullmatch(name) for name in names]
    widths: dict[str, int] = {}
    for part in parts:
        if part:
            widths[part["view"]] = max(widths.get(part["view"], 0), int(part["number"]) + 1)
    return [
        f"{part['view']}__{part['step']}{int(part['number']) + copy * widths[part['view']]}"
        if part
        else f"{name}_{kind}"
        for name, part in zip(names, parts, strict=True)
    ]


def _suffixed(name: str, kind: str) -> str:
    view = view_of(name)
    return f"{name}_{kind}" if view is None else f"{view}_{kind}{name[len(view) :]}"
