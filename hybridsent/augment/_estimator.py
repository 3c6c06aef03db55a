"""Any model of a table, fitted on changed copies of its rows as well (layer L4).

torchvision and audiomentations change what a network sees while it is trained, epoch by epoch. A
frozen encoder is asked once for each cell, so that copies are rows, made before the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from hybridsent._labels import take_rows
from hybridsent._params import Interval
from hybridsent.augment._around import Given, MoreRows, Rows
from hybridsent.augment._table import check_policy, columns_of, with_copies

__all__ = ["AugmentedEstimator"]


class AugmentedEstimator(MoreRows):
    """Fit a model of cells on changed copies of its training rows as well.

    Each row with a label is copied, and the cells of a copy are changed so that the label stays
    what it is: words of a text change places, a picture is mirrored and cut, a sound gets noise or
    another pitch (`hybridsent.augment`). Copies of pictures and sounds helped where that was
    measured, copies of texts did not: beside other views, leave texts out by
    ``policy={"text": None}``. A copy is of the group of its row, so that folds inside
    of the model never have one on each side. Rows that are predicted are not changed.

    Copy k of a cell depends on the content of the cell, the changes, k and the seed alone: its
    frozen vector is found in the store by every fold, process and later run.

    Parameters
    ----------
    estimator : estimator
        Any model that reads cells, such as `make_fusion` builds.
    n_copies : int, default=2
        Copies of each row.
    policy : mapping of str to object, default=None
        What changes cells, by column of the table or by modality; a column goes first. Each value
        is the name of a change, a sequence of names, a mapping of names to strengths,
        ``"default"``, or None, which leaves the cells as they are. What is not named is changed by
        default; a modality that the model does not read changes nothing.
        ``hybridsent.augment.list_changes`` names them.
    n_changes : int, default=1
        Changes that each copy of a cell goes through, drawn among those of its policy.
    together : bool, default=True
        Whether a copy changes all columns of its row; else one after the other: copy 0 the first
        column, copy 1 the second.
    weights : {"auto", "shared", "full"}, default="auto"
        With ``"shared"`` a row and its copies weigh together what the row did; the estimator must
        take weights. With ``"full"`` each copy weighs as its row. ``"auto"`` is ``"shared"`` where
        the estimator takes weights.
    random_state : int, default=0
        Seed of the changes.

    Attributes
    ----------
    estimator_ : estimator
        The fitted model.
    n_added_ : int
        Copies that it was fitted on, beside the rows.
    changes_ : dict of str to dict of str to float
        Changes and their strengths, by column.
    classes_ : ndarray
        Class labels; where `estimator_` has them.
    n_features_in_ : int
        Columns seen in `fit`; where `estimator_` has it.
    feature_names_in_ : ndarray of str
        Names of the columns; where `estimator_` has them.

    See Also
    --------
    augment_table : The copies, to be looked at.
    FeatureMixup, ViewDropout, FeatureNoise : Add rows of features.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.augment import AugmentedEstimator
    >>> table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 3})
    >>> labels = ["positive", "positive", "negative", "negative"] * 3
    >>> model = AugmentedEstimator(make_fusion(text=True), n_copies=2).fit(table, labels)
    >>> model.n_added_, model.predict(pd.DataFrame({"text": ["I love this wonderful thing"]}))
    (24, array(['positive'], dtype='<U8'))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **MoreRows._parameter_constraints,
        "n_copies": [Interval(Integral, 1, None, closed="left")],
        "policy": [None, Mapping],
        "n_changes": [Interval(Integral, 1, None, closed="left")],
        "together": ["boolean"],
        "random_state": [Interval(Integral, None, None, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        n_copies: int = 2,
        policy: Mapping[str, Any] | None = None,
        n_changes: int = 1,
        together: bool = True,
        weights: str = "auto",
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_copies = n_copies
        self.policy = policy
        self.n_changes = n_changes
        self.together = together
        self.weights = weights
        self.random_state = random_state

    def _more(self, given: Given) -> Rows:
        columns = columns_of(self.estimator, given.X)
        self.changes_ = check_policy(self.policy, columns, given.X)
        X, source = with_copies(
            given.X,
            given.known,
            columns,
            self.changes_,
            int(self.n_copies),
            n_changes=int(self.n_changes),
            together=bool(self.together),
            random_state=int(self.random_state),
        )
        share = np.ones(len(given.groups))
        share[given.known] = 1 / (1 + self.n_copies)
        return Rows(
            X,
            take_rows(given.y, source),
            given.groups[source],
            (given.weights * share)[source],
            given.weights[source],
        )
