"""Feature augmentation (layer L3).

A copy of the columns for each domain needs no library, and none has it as a transformer.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import numpy as np

from hybridsent.transfer._adapter import BaseAdapter
from hybridsent.transfer._domain import Rows, kept_names
from hybridsent.views import view_of

__all__ = ["FeatureAugmentation"]

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
