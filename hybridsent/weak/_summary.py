"""What labelling functions cover, where they disagree, and how often they are right (layer L3).

snorkel's LFAnalysis tells shares without intervals; a few hundred labelled rows leave accuracies
open by several points, and that is said here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridsent._labels import labeled_rows, one_column, plain_labels
from hybridsent._numerics.proportions import wilson
from hybridsent._numerics.votes import read_votes
from hybridsent.exceptions import TableError

__all__ = ["lf_summary"]


def lf_summary(votes: Any, y: Any = None, *, classes: Any = None) -> Any:
    """Tell of each labelling function what it votes for, how often, and against whom.

    Parameters
    ----------
    votes : DataFrame or array of shape (n, m)
        A row a sample, a column a function, in each cell a class; no vote is an empty cell, in
        arrays -1.
    y : array of shape (n,) or None, default=None
        Labels of the rows that have one, and -1 for the others.
    classes : sequence or None, default=None
        The classes; None takes those that are voted for.

    Returns
    -------
    DataFrame of m rows
        A row a function, with the columns ``polarity`` (the classes it votes for), ``votes``
        (rows), ``coverage`` (share of rows), ``overlaps`` (share of rows on which another one
        votes, too) and ``conflicts`` (on which another one votes otherwise). With y also
        ``labelled`` (votes on rows with a label), ``correct`` (of them), ``accuracy``, and its 95 %
        interval by Wilson, ``low`` and ``high``; NaN where a function votes on no such row.

    Raises
    ------
    TableError
        If votes cannot be read, or y has another number of rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.weak import lf_summary
    >>> votes = pd.DataFrame({"emoji": ["good", None, "bad"], "stars": ["good", "bad", "good"]})
    >>> lf_summary(votes, ["good", "bad", "bad"])[["polarity", "coverage", "conflicts", "accuracy"]]
            polarity  coverage  conflicts  accuracy
    emoji  bad, good  0.666667   0.333333  1.000000
    stars  bad, good  1.000000   0.333333  0.666667
    """
    import pandas as pd

    codes, known, names = read_votes(votes, classes)
    n = max(len(codes), 1)
    voted = codes >= 0
    many = voted.sum(axis=1)
    highest = np.where(voted, codes, -1).max(axis=1, initial=-1)
    lowest = np.where(voted, codes, len(known)).min(axis=1, initial=len(known))
    disputed = voted & (lowest < highest)[:, None]
    of = [np.unique(column[column >= 0]) for column in codes.T]
    found = {
        "polarity": [", ".join(str(label) for label in known[each].tolist()) for each in of],
        "votes": voted.sum(axis=0),
        "coverage": voted.sum(axis=0) / n,
        "overlaps": (voted & (many > 1)[:, None]).sum(axis=0) / n,
        "conflicts": disputed.sum(axis=0) / n,
    }
    if y is not None:
        truth = _codes_of(y, known, len(codes))
        judged = voted & (truth >= 0)[:, None]
        right = (judged & (codes == truth[:, None])).sum(axis=0)
        total = judged.sum(axis=0)
        share = np.divide(right, total, out=np.full(len(total), np.nan), where=total > 0)
        low, high = wilson(right, total)
        found |= {"labelled": total, "correct": right, "accuracy": share, "low": low, "high": high}
    return pd.DataFrame(found, index=names)


def _codes_of(y: Any, known: np.ndarray, n: int) -> np.ndarray:
    """Give labels as codes of the votes; classes that nobody votes for have codes of their own."""
    values = one_column(y)
    if len(values) != n:
        raise TableError(f"votes and y must have as many rows. Got {n} and {len(values)}.")
    labeled = labeled_rows(values, "classes")
    told = plain_labels(values[labeled]).tolist()
    place = {label: code for code, label in enumerate(known.tolist())}
    for label in told:
        place.setdefault(label, len(place))
    found = np.full(n, -1, dtype=np.int64)
    found[labeled] = [place[label] for label in told]
    return found
