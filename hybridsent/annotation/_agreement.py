r"""How far annotators agree, by chance taken off, with intervals (layer L3).

scikit-learn has Cohen's kappa of two complete columns, statsmodels Fleiss' of as many votes on each
row, the package krippendorff alpha; none has an interval, and rows come in groups (speakers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._params import check_count
from hybridsent.annotation._agreement_measures import (
    MOST_LEVELS,
    Draws,
    alpha_of,
    fleiss_of,
    pairs_of,
    percent_of,
)
from hybridsent.annotation._reading import Given, read_given
from hybridsent.exceptions import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Agreement", "agreement"]

_SHOWN = 10
_WORDS = (
    (0.8, "enough to rely on (0.8)"),
    (0.667, "enough for tentative conclusions (0.667), and not to rely on (0.8)"),
    (-1.0, "too little for conclusions (0.667)"),
)


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree.

    Parameters
    ----------
    measures : DataFrame
        A row a measure, with ``value`` and its interval, ``low`` and ``high``.
    pairs : DataFrame
        A row for each two annotators who have rows in common: ``a``, ``b``, ``rows``, ``percent``
        (share of rows with the same label), Cohen's ``kappa`` with ``low`` and ``high``, and where
        labels are in order ``linear`` and ``quadratic``, its weighted forms.
    n_rows : int
        Rows with at least two votes, which alone tell.
    n_votes : int
        Votes on these.
    main : str
        The measure that is meant if one is.
    """

    measures: pd.DataFrame
    pairs: pd.DataFrame
    n_rows: int
    n_votes: int
    main: str

    @property
    def sentence(self) -> str:
        """What was found, in a sentence."""
        value, low, high = np.asarray(self.measures.loc[self.main], dtype=np.float64)
        rows = "row" if self.n_rows == 1 else "rows"
        told = f"{self.n_votes:,} votes on {self.n_rows:,} {rows} with two or more"
        if np.isnan(value):
            return f"{self.main} has no value: {told} do not vary."
        told = f"{self.main} is {value:.2f} [{low:.2f}, {high:.2f}], of {told}"
        words = next(words for least, words in _WORDS if value >= least or least < 0)
        return f"{told}: by Krippendorff's advice {words}."

    def __str__(self) -> str:
        lines = [self.sentence, "", self.measures.round(3).to_string()]
        if len(self.pairs) > 1:
            lines += ["", self.pairs[:_SHOWN].round(3).to_string(index=False)]
        rest = len(self.pairs) - _SHOWN
        return "\n".join(lines + ([f"… and {rest} more pairs"] if rest > 0 else []))

    def __repr__(self) -> str:
        return str(self)


def agreement(
    votes: Any,
    *,
    level: str | None = None,
    groups: Any = None,
    classes: Any = None,
    row: str | None = None,
    annotator: str | None = None,
    label: str | None = None,
    n_boot: int = 1000,
    random_state: int = 0,
) -> Agreement:
    r"""Measure how far annotators agree.

    Krippendorff's alpha is :math:`1 - D_o / D_e`, the disagreement that was seen over that of
    labels which are shuffled over all rows; any number of annotators and missing labels. The
    difference of two labels is 0 or 1 (``nominal``), grows with the labels that lie between
    (``ordinal``), is their squared difference (``interval``), or that over their squared sum
    (``ratio``).
    Fleiss' kappa is :math:`(\bar P - P_e) / (1 - P_e)` with the share of agreeing pairs of each
    row, :math:`\bar P` on the average, also where rows have different numbers of votes; Cohen's
    kappa is that of two annotators, each with shares of its own. Only rows with two or more votes
    count.

    Intervals are of 95 %, by a bootstrap of the rows, or of whole groups.

    Parameters
    ----------
    votes : DataFrame or array
        Wide or long, as `aggregate` takes it.
    level : {"nominal", "ordinal", "interval", "ratio"} or None, default=None
        What labels are, for the measure that is meant if one is (``main``). None is nominal of
        classes, and interval of numbers that are not whole. All levels that have a meaning are
        measured: of texts nominal alone, or with `classes` ordinal, too; ratio where no number is
        below 0.
    groups : array of shape (n,) or None, default=None
        Group of each row (speaker, video, thread): rows of one are drawn together.
    classes : sequence or None, default=None
        The classes, the lowest first, where texts have an order.
    row, annotator, label : str or None, default=None
        Names of the columns of a long table, as `aggregate` takes them.
    n_boot : int, default=1000
        Draws of the bootstrap.
    random_state : int, default=0
        Seed of the draws.

    Returns
    -------
    Agreement
        All measures; prints as tables.

    Raises
    ------
    TableError
        If no row has two votes, or the table cannot be read.
    ValueError
        If `level` has no meaning for the labels.

    References
    ----------
    .. [1] K. Krippendorff, "Computing Krippendorff's alpha-reliability", 2011.
    .. [2] J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological
       Bulletin 76, 1971.
    .. [3] J. Cohen, "Weighted kappa", Psychological Bulletin 70, 1968.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.annotation import agreement
    >>> votes = pd.DataFrame({"ann": list("aabbab"), "bo": list("aabbbb"), "cy": list("aabbab")})
    >>> found = agreement(votes)
    >>> found.measures["value"].round(2).to_dict()
    {'alpha (nominal)': 0.79, 'Fleiss kappa': 0.77, 'percent agreement': 0.89}
    """
    import pandas as pd

    check_count(n_boot, "n_boot", "agreement")
    given = _read(votes, level, classes, row, annotator, label)
    levels = _levels(given, classes, level)
    units = _units(groups, len(given.index))
    codes, points = _coded(given)
    told = (codes >= 0).sum(axis=1) >= 2
    if not told.any():
        raise TableError(
            f"agreement needs a row with at least 2 votes. Got {len(codes)} rows, of which "
            f"{int(((codes >= 0).sum(axis=1) == 1).sum())} have one."
        )
    # rows with fewer than two votes tell nothing, and are not drawn
    codes, units = codes[told], np.unique(units[told], return_inverse=True)[1]
    rng = np.random.default_rng(random_state)
    draws = Draws(units, int(n_boot), rng)
    found = {}
    for name in levels:
        found[f"alpha ({name})"] = alpha_of(codes, points, name, draws)
    if given.codes is not None:
        found["Fleiss kappa"] = fleiss_of(codes, len(points), draws)
        found["percent agreement"] = percent_of(codes, draws)
    main = f"alpha ({levels[0] if level is None else level})"
    measures = pd.DataFrame(found, index=["value", "low", "high"]).T
    pairs = pairs_of(codes, points, given, levels, draws)
    votes_told = int((codes >= 0).sum())
    return Agreement(measures, pairs, len(codes), votes_told, main)


def _read(
    votes: Any,
    level: str | None,
    classes: Any,
    row: str | None,
    annotator: str | None,
    label: str | None,
) -> Given:
    """Read votes as classes where they can be, else as numbers."""
    if level not in (None, "nominal", "ordinal", "interval", "ratio"):
        raise ValueError(
            "The level parameter of agreement must be 'nominal', 'ordinal', 'interval', 'ratio' or "
            f"None. Got {level!r}."
        )
    names: dict[str, Any] = {"row": row, "annotator": annotator, "label": label}
    if level in ("interval", "ratio"):
        return _whole(read_given(votes, as_numbers=True, **names))
    try:
        return read_given(votes, classes=classes, **names)
    except TableError:
        try:
            numbers = read_given(votes, as_numbers=True, **names)
        except TableError:
            numbers = None
        if numbers is None:
            raise
        return numbers


def _whole(given: Given) -> Given:
    """Give few numbers that are whole as classes, too."""
    values = np.asarray(given.numbers)
    there = values[~np.isnan(values)]
    known, codes = np.unique(there, return_inverse=True)
    if len(known) > MOST_LEVELS or not (known == np.floor(known)).all():
        return given
    full = np.full(values.shape, -1, dtype=np.int32)
    full[~np.isnan(values)] = codes
    return Given(given.index, given.names, full, known.astype(np.int64), values)


def _levels(given: Given, classes: Any, level: str | None) -> list[str]:
    """Name the levels that have a meaning, the main one first."""
    found = ["nominal"] if given.codes is not None else []
    if given.numbers is not None or classes is not None:
        found.append("ordinal")
    if given.numbers is not None:
        found.append("interval")
        if not (np.asarray(given.numbers) < 0).any():
            found.append("ratio")
    if given.codes is None:
        found = [each for each in ("interval", "ordinal", "ratio") if each in found]
    if level is not None and level not in found:
        raise ValueError(
            f"level={level!r} has no meaning for these labels, which allow {found}. Texts have an "
            "order where classes=[…] gives it; a ratio needs numbers from 0 on."
        )
    return found


def _coded(given: Given) -> tuple[np.ndarray, np.ndarray]:
    """Give labels as codes in increasing order, and the number of each code."""
    if given.numbers is None:
        points = np.arange(len(np.asarray(given.classes)), dtype=np.float64)
        return np.asarray(given.codes), points
    values = np.asarray(given.numbers)
    there = ~np.isnan(values)
    points, inverse = np.unique(values[there], return_inverse=True)
    codes = np.full(values.shape, -1, dtype=np.int64)
    codes[there] = inverse
    return codes, points


def _units(groups: Any, n: int) -> np.ndarray:
    if groups is None:
        return np.arange(n)
    import pandas as pd

    codes = pd.factorize(np.asarray(groups, dtype=object))[0]
    if len(codes) != n or (codes < 0).any():
        raise ValueError(
            f"The groups parameter must name the group of each of {n} rows. Got {len(codes)} "
            f"entries, {int((codes < 0).sum())} of them missing."
        )
    return np.asarray(codes)


# -- all together ----------------------------------------------------------------------------------


# -- pairs -----------------------------------------------------------------------------------------
