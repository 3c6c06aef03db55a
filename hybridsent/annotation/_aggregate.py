"""One label a row from what several annotators gave (layer L3).

crowd-kit aggregates long tables into labels; here the labels stand at the rows of the table, with
how sure they are and how good each annotator is. Its own methods are called where they are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._label_sets import SEPARATOR, looks_like_sets
from hybridsent._labels import labeled_rows, one_column
from hybridsent._numerics.proportions import wilson
from hybridsent._numerics.votes import dawid_skene, majority, majority_codes
from hybridsent._optional import import_optional
from hybridsent._warnings import ignored_warnings
from hybridsent.annotation._reading import Given, read_given
from hybridsent.exceptions import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Aggregation", "aggregate"]

_OURS = ("dawid-skene", "majority", "mean", "median")
_CROWDKIT = {
    "glad": "GLAD",
    "kos": "KOS",
    "m-msr": "MMSR",
    "one-coin": "OneCoinDawidSkene",
    "wawa": "Wawa",
    "zbs": "ZeroBasedSkill",
}
_LEAST = {"kos": 2, "m-msr": 3}
"""Annotators below which crowd-kit's method fails."""
_SHOWN = 10


@dataclass(frozen=True)
class Aggregation:
    """One label a row, and how good who gave them is.

    Parameters
    ----------
    labels : Series of length n
        A class a row, -1 where nobody voted; of numbers a number, and NaN.
    probabilities : DataFrame of shape (n, k) or None
        Probability of each class, NaN where nobody voted: what
        `hybridsent.weak.SoftLabelClassifier` learns from. None of numbers.
    confidence : Series of length n
        Probability of the label; of numbers the standard error of it, from the spread of the votes
        on the row, which is NaN for one vote.
    annotators : DataFrame of m rows
        ``votes`` of each. Of classes ``accuracy``, the share that is the label of the row, with its
        95 % interval by Wilson, ``low`` and ``high``; the annotator is one of those who made the
        label, so that of few annotators this is too high. With ``"dawid-skene"`` also ``expected``,
        the share of right votes as far as the probabilities tell. Of numbers ``bias`` and
        ``error``, the mean and the mean absolute difference to the numbers of the others, and
        ``correlation`` with them.
    confusion : dict of str to DataFrame
        Of each annotator: rows by their label (down) and by what was given (across); empty of
        numbers.
    method : str
        How the labels were made.

    See Also
    --------
    agreement : How far annotators agree, by chance taken off.
    """

    labels: pd.Series
    probabilities: pd.DataFrame | None
    confidence: pd.Series
    annotators: pd.DataFrame
    confusion: dict[str, pd.DataFrame]
    method: str

    @property
    def sentence(self) -> str:
        """What was found, in a sentence or two."""
        n = len(self.labels)
        votes = int(self.annotators["votes"].sum())
        told = f"{_counted(n, 'row')} and {_counted(votes, 'vote')} of "
        told += f"{_counted(len(self.annotators), 'annotator')}, joined by {self.method!r}"
        numbers = self.probabilities is None
        without = int((self.labels.isna() if numbers else self.confidence.isna()).sum())
        have = "has" if without == 1 else "have"
        told += f"; {_counted(without, 'row')} {have} no label. " if without else ". "
        names = self.annotators.index.tolist()
        if numbers:
            error = self.annotators["error"].to_numpy(np.float64)
            if np.nanmax(error, initial=0.0) > 0:
                at = int(np.nanargmax(error))
                told += f"{names[at]!r} is farthest from the others, by {error[at]:.2f} on the "
                told += "average."
            return told.strip()
        mean = float(self.confidence.mean())
        if not np.isnan(mean):
            told += f"The labels are right with a probability of {mean:.2f} on the average. "
        columns = ["votes", "accuracy", "low", "high"]
        judged = self.annotators[columns].to_numpy(np.float64)
        if len(judged) > 1 and np.nanmin(judged[:, 1], initial=1.0) < 1:
            at = int(np.nanargmin(judged[:, 1]))
            told += f"{names[at]!r} gives it least often: {judged[at, 1]:.2f} of "
            told += f"{judged[at, 0]:.0f} votes [{judged[at, 2]:.2f}, {judged[at, 3]:.2f}]."
        return told.strip()

    def __str__(self) -> str:
        shown = self.annotators.sort_values("votes", ascending=False, kind="stable")[:_SHOWN]
        rest = len(self.annotators) - len(shown)
        lines = [self.sentence, "", shown.round(3).to_string()]
        return "\n".join(lines + ([f"… and {rest} more annotators"] if rest else []))

    def __repr__(self) -> str:
        return str(self)


def aggregate(
    votes: Any,
    method: str = "dawid-skene",
    *,
    weights: Any = None,
    known: Any = None,
    classes: Any = None,
    prior: float = 1.0,
    row: str | None = None,
    annotator: str | None = None,
    label: str | None = None,
    random_state: int = 0,
) -> Aggregation:
    r"""Join the labels of several annotators into one a row.

    ``"dawid-skene"`` finds out from the agreement of the annotators how good each is, class by
    class, and weighs them by it (EM, as `hybridsent.weak.LabelModel` has it, but that who labels a
    row is never looked at). ``"majority"`` takes the class with most votes, or most weight, and of
    equal ones the first, whatever the order of the annotators (`hybridsent label` keeps what the
    first annotator said). For numbers ``"mean"`` and ``"median"``.

    Parameters
    ----------
    votes : DataFrame or array
        Wide, of shape (n, m): a row a sample, a column an annotator, in each cell a class or a
        number; no label is an empty cell, in arrays of classes -1. Or long: a line for each label
        given, with the columns `row`, `annotator` and `label`.
    method : str, default="dawid-skene"
        ``"dawid-skene"``, ``"majority"``, ``"mean"``, ``"median"``; of crowd-kit ``"wawa"``,
        ``"zbs"``, ``"glad"``, ``"m-msr"``, ``"one-coin"`` and ``"kos"``.
    weights : dict of str to float, sequence of length m, or None, default=None
        Of ``"majority"``, ``"mean"`` and ``"median"``: what a vote of each annotator counts. None
        is 1; an annotator that a dict does not name has 1.
    known : array of shape (n,) or None, default=None
        Of ``"dawid-skene"``: labels that are known to be right, and -1 for the others; they are
        kept, and tell how good annotators are. A row of the table each, in its order.
    classes : sequence or None, default=None
        The classes, in their order; None takes those that were given, sorted.
    prior : float, default=1.0
        Of ``"dawid-skene"``: votes that each annotator is thought to have given already to each
        class, half of them right and the others spread over all classes.
    row, annotator, label : str or None, default=None
        Names of the columns of a long table; None is "row", "annotator" and "label", or crowd-kit's
        "task", "worker" and "label".
    random_state : int, default=0
        Seed of those of crowd-kit's methods that draw.

    Returns
    -------
    Aggregation
        Labels, probabilities, and how good each annotator is; prints as a table.

    Raises
    ------
    TableError
        If the table cannot be read, or holds numbers where classes are joined.
    ValueError
        If the method is not known, or something is given that it does not take.
    MissingDependencyError
        If crowd-kit is not installed and the method is one of its.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using
       the EM algorithm", Applied Statistics 28, 1979.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.annotation import aggregate
    >>> votes = pd.DataFrame(
    ...     {"ann": ["good", "bad", "good"], "bo": ["good", "bad", None], "cy": ["bad", "bad", ""]}
    ... )
    >>> found = aggregate(votes, "majority")
    >>> found.labels.tolist(), found.confidence.round(2).tolist()
    (['good', 'bad', 'good'], [0.67, 1.0, 1.0])
    >>> aggregate(pd.DataFrame({"ann": [1.0, 2.5], "bo": [2.0, None]}), "mean").labels.tolist()
    [1.5, 2.5]
    """
    _check_method(method, weights, known)
    numbers = method in ("mean", "median")
    given = read_given(
        votes, row=row, annotator=annotator, label=label, classes=classes, as_numbers=numbers
    )
    told = _weights(weights, given.names)
    _check_prior(prior)
    if numbers:
        return _of_numbers(given, method, told)
    return _of_classes(given, method, told, known, float(prior), random_state)


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _check_prior(prior: Any) -> None:
    if not isinstance(prior, Real) or not 0 <= float(prior) < np.inf:
        raise ValueError(
            f"The prior parameter of aggregate must be a number from 0 on. Got {prior!r}."
        )


def _check_method(method: Any, weights: Any, known: Any) -> None:
    if method not in (*_OURS, *_CROWDKIT):
        raise ValueError(
            f"The method parameter of aggregate must be one of {sorted((*_OURS, *_CROWDKIT))}. Got "
            f"{method!r}."
        )
    if weights is not None and method not in ("majority", "mean", "median"):
        raise ValueError(
            f"method={method!r} finds weights itself. Got weights; 'majority', 'mean' and 'median' "
            "take them."
        )
    if known is not None and method != "dawid-skene":
        raise ValueError(
            f"method={method!r} learns from no known labels. Got known; 'dawid-skene' does."
        )


def _weights(given: Any, names: list[str]) -> np.ndarray | None:
    if given is None:
        return None
    if isinstance(given, Mapping):
        strange = [name for name in given if str(name) not in names]
        if strange:
            raise ValueError(
                f"The weights parameter must name annotators. Got {strange[0]!r}, which is none of "
                f"{names[:8]}."
            )
        told = {str(name): weight for name, weight in given.items()}
        given = [told.get(name, 1.0) for name in names]
    found = np.asarray(given, dtype=np.float64)
    if found.shape != (len(names),) or not (np.isfinite(found) & (found >= 0)).all():
        raise ValueError(
            f"The weights parameter must be a number from 0 on for each of {len(names)} annotators."
            f" Got {given!r}."
        )
    return found


# -- classes ---------------------------------------------------------------------------------------


def _of_classes(
    given: Given,
    method: str,
    weights: np.ndarray | None,
    known: Any,
    prior: float,
    random_state: int,
) -> Aggregation:
    import pandas as pd

    codes, classes = np.asarray(given.codes), np.asarray(given.classes)
    k = len(classes)
    if not k:
        raise TableError(f"aggregate needs at least 1 vote. Got {len(given.index)} rows of none.")
    if looks_like_sets(classes):
        sets = next(text for text in classes.tolist() if SEPARATOR in text)
        raise TableError(
            f"aggregate joins one class a vote. Got sets of labels such as {sets!r}; join one "
            "label at a time, of votes.map(lambda cell: 'joy' in cell.split('|')) where cells are "
            "filled."
        )
    expected = None
    if method == "majority":
        found = majority(codes, k, weights)
    elif method == "dawid-skene":
        model = dawid_skene(codes, k, known=_known(known, given), prior=prior)
        found, expected = model.probabilities, model.accuracies
    else:
        found = _by_crowdkit(codes, k, method, random_state)
    silent = np.isnan(found).any(axis=1)
    if method == "majority":
        best = majority_codes(codes, k, weights)
    else:
        best = np.where(silent, -1, np.nan_to_num(found).argmax(axis=1))
    listed = np.append(classes.astype(object), -1)[best]
    plain = classes.dtype.kind in "iu"
    labels = pd.Series(
        listed.astype(np.int64) if plain else listed, index=given.index, name="label"
    )
    top = np.where(silent, np.nan, np.nan_to_num(found).max(axis=1))
    annotators, confusion = _judged(codes, best, classes, given.names)
    if expected is not None:
        annotators["expected"] = expected
    return Aggregation(
        labels=labels,
        probabilities=pd.DataFrame(found, index=given.index, columns=list(classes)),
        confidence=pd.Series(top, index=given.index, name="confidence"),
        annotators=annotators,
        confusion=confusion,
        method=method,
    )


def _known(known: Any, given: Given) -> np.ndarray | None:
    if known is None:
        return None
    values = one_column(known)
    if len(values) != len(given.index):
        raise TableError(
            f"votes and known must have as many rows. Got {len(given.index)} and {len(values)}."
        )
    place = {label: code for code, label in enumerate(np.asarray(given.classes).tolist())}
    found = np.full(len(values), -1, dtype=np.int32)
    for row in np.flatnonzero(labeled_rows(values, "classes")).tolist():
        label = values[row].item() if hasattr(values[row], "item") else values[row]
        if label not in place:
            raise TableError(
                f"known must hold classes of {list(place)}, or -1. Got {label!r}; name all classes "
                "by classes=[…]."
            )
        found[row] = place[label]
    return found


def _judged(
    codes: np.ndarray, best: np.ndarray, classes: np.ndarray, names: list[str]
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Compare what each annotator gave with the labels."""
    import pandas as pd

    k, listed = len(classes), classes.tolist()
    tables = np.zeros((len(names), k, k), dtype=np.int64)
    for j in range(len(names)):
        there = (codes[:, j] >= 0) & (best >= 0)
        tables[j] = np.bincount(best[there] * k + codes[there, j], minlength=k * k).reshape(k, k)
    total, right = tables.sum(axis=(1, 2)), np.trace(tables, axis1=1, axis2=2)
    share = np.divide(right, total, out=np.full(len(names), np.nan), where=total > 0)
    low, high = wilson(right, total)
    frame = pd.DataFrame(
        {"votes": (codes >= 0).sum(axis=0), "accuracy": share, "low": low, "high": high},
        index=pd.Index(names, name="annotator"),
    )
    down, across = pd.Index(listed, name="label"), pd.Index(listed, name="given")
    return frame, {
        name: pd.DataFrame(table, index=down, columns=across)
        for name, table in zip(names, tables, strict=True)
    }


def _by_crowdkit(codes: np.ndarray, k: int, method: str, random_state: int) -> np.ndarray:
    """Ask crowd-kit, which takes a long table."""
    import pandas as pd

    caller = f"aggregate(method={method!r})"
    module = import_optional("crowdkit.aggregation", caller=caller, extra="annotation")
    if method == "kos" and k != 2:
        raise ValueError(f"method='kos' joins 2 classes. Got {k}; 'dawid-skene' joins any number.")
    rows, who = np.nonzero(codes >= 0)
    least, voting = _LEAST.get(method, 1), len(np.unique(who))
    if voting < least or k < 2:
        raise ValueError(
            f"method={method!r} needs at least {least} annotators and 2 classes. Got {voting} and "
            f"{k}; 'dawid-skene' and 'majority' join any number."
        )
    table = pd.DataFrame({"task": rows, "worker": who, "label": codes[rows, who]})
    draws = {"random_state": random_state} if method in ("kos", "m-msr") else {}
    model = getattr(module, _CROWDKIT[method])(**draws)
    found = np.full((len(codes), k), np.nan)
    with ignored_warnings(DeprecationWarning):  # crowd-kit's own, of pandas
        if method in ("wawa", "zbs"):  # what these find is a weight of each annotator
            skills = model.fit(table).skills_
            weights = skills.reindex(range(codes.shape[1])).fillna(0.0).to_numpy(np.float64)
            return majority(codes, k, np.maximum(weights, 0.0))
        soft = hasattr(model, "fit_predict_proba")
        told = model.fit_predict_proba(table) if soft else model.fit_predict(table)
    if soft:
        told = told.reindex(columns=range(k)).fillna(0.0)
        found[told.index.to_numpy()] = told.to_numpy(np.float64)
        sums = np.nansum(found, axis=1, keepdims=True)
        return np.asarray(np.divide(found, sums, out=np.full_like(found, np.nan), where=sums > 0))
    found[told.index.to_numpy()] = np.eye(k)[told.to_numpy(np.int64)]
    return found


# -- numbers ---------------------------------------------------------------------------------------


def _of_numbers(given: Given, method: str, weights: np.ndarray | None) -> Aggregation:
    import pandas as pd

    values = np.asarray(given.numbers)
    there = ~np.isnan(values)
    w = np.where(there, 1.0 if weights is None else weights, 0.0)
    found = _joined(values, w, method)
    total = w.sum(axis=1)
    counts = (w > 0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        center = (np.where(there, values, 0.0) * w).sum(axis=1) / total
        spread = (np.where(there, values - center[:, None], 0.0) ** 2 * w).sum(axis=1) / total
        error = np.sqrt(spread / (counts - 1))
    error[counts < 2] = np.nan
    bias, away, alike = [], [], []
    for j in range(values.shape[1]):
        others = w.copy()
        others[:, j] = 0.0
        rest = _joined(values, others, method)
        both = there[:, j] & ~np.isnan(rest)
        gap = values[both, j] - rest[both]
        bias.append(float(gap.mean()) if both.any() else np.nan)
        away.append(float(np.abs(gap).mean()) if both.any() else np.nan)
        vary = both.sum() > 1 and np.ptp(values[both, j]) > 0 and np.ptp(rest[both]) > 0
        alike.append(float(np.corrcoef(values[both, j], rest[both])[0, 1]) if vary else np.nan)
    return Aggregation(
        labels=pd.Series(found, index=given.index, name="label"),
        probabilities=None,
        confidence=pd.Series(error, index=given.index, name="standard error"),
        annotators=pd.DataFrame(
            {"votes": there.sum(axis=0), "bias": bias, "error": away, "correlation": alike},
            index=pd.Index(given.names, name="annotator"),
        ),
        confusion={},
        method=method,
    )


def _joined(values: np.ndarray, w: np.ndarray, method: str) -> np.ndarray:
    """Weighted mean or median of each row; NaN without a vote."""
    total = w.sum(axis=1)
    found = np.full(len(values), np.nan)
    some = total > 0
    if method == "mean":
        sums = (np.where(w > 0, values, 0.0) * w).sum(axis=1)
        found[some] = sums[some] / total[some]
        return found
    order = np.argsort(np.where(w > 0, values, np.inf), axis=1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=1)
    mass = np.take_along_axis(w, order, axis=1).cumsum(axis=1)
    half = total[:, None] / 2
    slack = 1e-12 * total[:, None]
    low = (mass >= half - slack).argmax(axis=1)
    high = (mass > half + slack).argmax(axis=1)  # where half lies between two, their middle
    rows = np.arange(len(values))
    found[some] = ((ranked[rows, low] + ranked[rows, high]) / 2)[some]
    return found
