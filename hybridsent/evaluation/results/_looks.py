"""Ways to look at what models said: confusions, recalls, and the worst errors (layer L5).

scikit-learn's confusion_matrix and recall_score take arrays of one model and say neither how sure
a number is nor which rows it is made of. What is read here is an `OutOfFold`, never a model. A row
that several seeds have judged is one row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridsent.evaluation.measures._intervals import (
    interval_within,
    jackknife,
    units_of,
    without_each,
)
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._out_of_fold import OutOfFold

__all__ = ["confusion", "errors", "over_seeds", "recall_by_class", "recall_by_group"]


def confusion(kept: OutOfFold, model: str) -> Any:
    """Count what a model says of rows of each class.

    Parameters
    ----------
    kept : OutOfFold
        Answers.
    model : str
        Whose.

    Returns
    -------
    DataFrame
        A row for each true class, a column for each predicted one. Of sets of labels a row for each
        label, and the columns ``right``, ``missed``, ``added`` and ``absent``. Of several seeds the
        mean.

    Raises
    ------
    ValueError
        If numbers were predicted.
    """
    import pandas as pd

    _refuse_numbers(kept, "confusion")
    said, times = kept.of(model), len(kept) / max(1, len(np.unique(kept.row)))
    if kept.target == "sets":
        true, given = kept.truth == 1, said.labels == 1
        counts = {
            "right": true & given,
            "missed": true & ~given,
            "added": ~true & given,
            "absent": ~true & ~given,
        }
        found = pd.DataFrame({name: each.sum(axis=0) for name, each in counts.items()})
        found.index = pd.Index(_classes(kept), name="label")
    else:
        named = [*_classes(kept), *_unheard(kept, said)]
        code = {label: i for i, label in enumerate(named)}
        pairs = np.zeros((len(named), len(named)), dtype=int)
        at = [code[each] for each in kept.truth.tolist()]
        np.add.at(pairs, (at, [code[each] for each in said.labels.tolist()]), 1)
        index = pd.Index(named, name="truth")
        found = pd.DataFrame(pairs, index=index, columns=pd.Index(named, name="prediction"))
        found = found.loc[_classes(kept)]
    return found if times == 1 else found / times


def recall_by_class(kept: OutOfFold, model: str) -> Any:
    """Tell how much of each class a model finds, and how much of what it calls so is right.

    Parameters
    ----------
    kept : OutOfFold
        Answers.
    model : str
        Whose.

    Returns
    -------
    DataFrame
        A row for each class (of sets, each label): ``rows``, ``recall`` with its 95 % interval
        ``low`` to ``high``, and ``precision``.

    Raises
    ------
    ValueError
        If numbers were predicted.
    """
    import pandas as pd

    _refuse_numbers(kept, "recall_by_class")
    said = kept.of(model)
    records = []
    for j, label in enumerate(_classes(kept)):
        if kept.target == "sets":
            true, given = kept.truth[:, j] == 1, said.labels[:, j] == 1
        else:
            true, given = kept.truth == label, said.labels == label
        value, low, high = _share(given[true].astype(float), kept, true)
        precise = float(true[given].mean()) if given.any() else float("nan")
        records.append((len(np.unique(kept.row[true])), value, low, high, precise))
    name = "label" if kept.target == "sets" else "class"
    return pd.DataFrame(
        records,
        index=pd.Index(_classes(kept), name=name),
        columns=["rows", "recall", "low", "high", "precision"],
    )


def recall_by_group(kept: OutOfFold, model: str, groups: Any = None) -> Any:
    """Tell how well a model does in each group, the worst first.

    Parameters
    ----------
    kept : OutOfFold
        Answers.
    model : str
        Whose.
    groups : array-like of shape (n,) or None, default=None
        Group of each row of the table that was given to `evaluate`, such as age or source; None is
        that by which folds were made.

    Returns
    -------
    DataFrame
        A row for each group: ``rows``; of classes ``accuracy`` with its 95 % interval ``low`` to
        ``high``, the mean ``recall`` of its classes, and ``recall_CLASS`` of each; of sets
        ``accuracy``, the share of rows of which each label is right; of numbers ``error``, the mean
        absolute one.

    Raises
    ------
    ValueError
        If no groups are told.
    """
    import pandas as pd

    told = _groups(kept, groups)
    said = kept.of(model)
    good = _goodness(kept, said)
    records = {}
    for name in pd.unique(told):
        here = told == name
        value, low, high = _share(good[here], kept, here, bounded=kept.target != "numbers")
        scored = "error" if kept.target == "numbers" else "accuracy"
        facts = {"rows": len(np.unique(kept.row[here])), scored: value, "low": low, "high": high}
        if kept.target == "classes":
            recalls = {
                label: float(good[here & (kept.truth == label)].mean())
                for label in _classes(kept)
                if (here & (kept.truth == label)).any()
            }
            facts["recall"] = float(np.mean(list(recalls.values())))
            facts |= {f"recall_{label}": recalls.get(label, np.nan) for label in _classes(kept)}
        records[name] = facts
    found = pd.DataFrame.from_dict(records, orient="index").rename_axis("group")
    worst = found["error"] if kept.target == "numbers" else -found["accuracy"]
    return found.iloc[np.argsort(-worst.to_numpy(), kind="stable")]


def errors(kept: OutOfFold, model: str, n: int | None = None, table: Any = None) -> Any:
    """List the rows that a model gets wrong, the most confident mistakes first.

    Parameters
    ----------
    kept : OutOfFold
        Answers.
    model : str
        Whose.
    n : int or None, default=None
        How many; None is all.
    table : DataFrame or None, default=None
        The table that was given to `evaluate`, whose cells are put beside each row.

    Returns
    -------
    DataFrame
        A line for each row: ``row``, its position in the table; ``group``, where groups are told;
        ``truth`` and ``prediction``; of classes and sets ``confidence``, the probability of what is
        wrong, and of classes ``p_truth``; of numbers ``error``, largest first. Of several seeds the
        mean of the probabilities, and what they say together.

    Raises
    ------
    ValueError
        If the table has fewer rows than were judged.
    """
    import pandas as pd

    whole = over_seeds(kept, kept.of(model))
    rows, truth, said, wrong, confidence = whole
    columns: dict[str, Any] = {"row": rows}
    if kept.groups is not None:
        columns["group"] = kept.groups[np.unique(kept.row, return_index=True)[1]]
    columns |= {"truth": kept.named(truth), "prediction": kept.named(said.labels)}
    if kept.target == "numbers":
        columns["error"] = said.labels - truth
    else:
        columns["confidence"] = confidence
    if kept.target == "classes" and said.probabilities is not None and kept.classes is not None:
        at = np.searchsorted(kept.classes, truth)
        columns["p_truth"] = said.probabilities[np.arange(len(rows)), at]
    surely = np.nan_to_num(confidence, nan=-1.0)
    order = np.flatnonzero(wrong)[np.argsort(-surely[wrong], kind="stable")][:n]
    found = pd.DataFrame(columns).iloc[order].reset_index(drop=True)
    return found if table is None else _with_cells(found, table)


def _with_cells(found: Any, table: Any) -> Any:
    """Put the cells of a table beside rows that are told by position."""
    import pandas as pd

    last = int(found["row"].max()) if len(found) else -1
    if last >= len(table):
        raise ValueError(
            f"The table parameter must be the table that was judged, which has more than {last} "
            f"rows. Got one of {len(table)} rows."
        )
    cells = table.iloc[found["row"].to_numpy()].reset_index(drop=True)
    taken = {name: f"{name} (table)" for name in cells.columns if name in found.columns}
    return pd.concat([found, cells.rename(columns=taken)], axis=1)


def over_seeds(
    kept: OutOfFold, said: Answers
) -> tuple[np.ndarray, np.ndarray, Answers, np.ndarray, np.ndarray]:
    """Give each row once: truth, what all seeds say together, whether it is wrong, how surely."""
    rows, first, code = np.unique(kept.row, return_index=True, return_inverse=True)
    truth = kept.truth[first]
    many = len(code) > len(rows)
    p = said.probabilities
    p = None if p is None else (_mean(p, code) if many else p[first])
    if kept.target == "numbers":
        labels = _mean(said.labels, code) if many else said.labels[first]
        far = np.abs(labels - truth)
        return rows, truth, Answers(labels, None), far > 0, far
    labels = _voted(kept, said, code, p) if many else said.labels[first]
    unlike = labels != truth
    if kept.target == "sets":
        sure = np.full(unlike.shape, np.nan) if p is None else np.where(labels == 1, p, 1 - p)
        confidence = np.max(np.where(unlike, sure, -np.inf), axis=1)
        confidence[~unlike.any(axis=1)] = np.nan
        return rows, truth, Answers(labels, p), unlike.any(axis=1), confidence
    confidence = np.full(len(rows), np.nan)
    if p is not None and kept.classes is not None:
        at = np.searchsorted(kept.classes, labels)
        confidence = p[np.arange(len(rows)), np.minimum(at, p.shape[1] - 1)]
    return rows, truth, Answers(labels, p), np.asarray(unlike), confidence


def _mean(values: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Average what has the same code."""
    sums = np.zeros((int(code.max()) + 1, *values.shape[1:]))
    np.add.at(sums, code, np.asarray(values, dtype=np.float64))
    counts = np.bincount(code)
    return np.asarray(sums / counts.reshape(-1, *[1] * (values.ndim - 1)))


def _voted(kept: OutOfFold, said: Answers, code: np.ndarray, p: np.ndarray | None) -> np.ndarray:
    """Give what most seeds say; where as many say two things, what has the higher probability."""
    if kept.target == "sets":
        share = _mean(said.labels, code) + (0 if p is None else 1e-6 * (p - 0.5))
        return np.asarray((share > 0.5).astype(said.labels.dtype))
    named = np.asarray([*_classes(kept), *_unheard(kept, said)], dtype=said.labels.dtype)
    hot = said.labels[:, None] == named[None, :]
    votes = _mean(hot, code)
    if p is not None:
        votes[:, : p.shape[1]] += 1e-6 * p
    return np.asarray(named[votes.argmax(axis=1)])


def _classes(kept: OutOfFold) -> list[Any]:
    return [] if kept.classes is None else kept.classes.tolist()


def _unheard(kept: OutOfFold, said: Answers) -> list[Any]:
    """Name what a model says though it is no class, such as a regressor's numbers."""
    known = set(_classes(kept))
    return [each for each in np.unique(said.labels).tolist() if each not in known]


def _goodness(kept: OutOfFold, said: Answers) -> np.ndarray:
    """Give 1 where an answer is right, else 0; of numbers how far away it is."""
    if kept.target == "numbers":
        return np.asarray(np.abs(said.labels - kept.truth))
    right = said.labels == kept.truth
    return np.asarray(right.all(axis=1) if right.ndim == 2 else right).astype(float)


def _share(
    values: np.ndarray, kept: OutOfFold, these: np.ndarray, *, bounded: bool = True
) -> tuple[float, float, float]:
    """Give the mean of answers with an interval over groups, or over rows."""
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    rows, code = np.unique(kept.row[these], return_inverse=True)
    groups = None
    if kept.groups is not None:
        at = np.unique(kept.row[these], return_index=True)[1]
        groups = kept.groups[these][at]
        groups = groups if len(np.unique(groups)) > 1 else None  # of one group the rows vary
    mean = _mean(values, code)
    counts = without_each(units_of(len(rows), groups))
    left = counts.sum(axis=1)
    without = np.divide(counts @ mean, left, out=np.full(len(left), np.nan), where=left > 0)
    value = float(mean.mean())
    ends = (0.0, 1.0) if bounded else (0.0, float("inf"))
    low, high = interval_within(value, jackknife(without, len(rows)), ends)
    return value, low, high


def _groups(kept: OutOfFold, groups: Any) -> np.ndarray:
    """Give the group of each answer."""
    if groups is not None:
        values = np.asarray(groups, dtype=object)
        if values.ndim != 1 or (len(kept) and len(values) <= int(kept.row.max())):
            raise ValueError(
                "The groups parameter must be one value for each row of the table that was judged, "
                f"which has more than {int(kept.row.max())} rows. Got the shape {values.shape}."
            )
        return np.asarray(values[kept.row])
    if kept.groups is None:
        raise ValueError(
            "This result has no groups: give evaluate the groups parameter (speaker, video, "
            "author), or give them here, one for each row of the table."
        )
    return kept.groups


def _refuse_numbers(kept: OutOfFold, what: str) -> None:
    if kept.target == "numbers":
        raise ValueError(
            f"{what} needs classes, and numbers were predicted. Look at errors(), which is sorted "
            "by their size, or cut truth and prediction into classes, as "
            "hybridsent.evaluation.metrics.bin_labels does."
        )
