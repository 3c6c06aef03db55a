"""A quick look for what flatters scores: columns, order, groups (layer L5).

Libraries that check data look at features and labels of one matrix. What flatters here stands
beside it: a speaker whom both sides of a fold have, a file sorted by label, a column that is the
label. Scores of a cheap probe, with folds as given and with folds that keep rows together, tell how
much.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hybridsent._folds import inner_folds
from hybridsent._labels import take_rows
from hybridsent.evaluation._columns import (
    feature_columns,
    named_columns,
    readable,
    unread_columns,
)
from hybridsent.evaluation._findings import Finding, findings_in_order
from hybridsent.evaluation._fits import features_of
from hybridsent.evaluation._labelled import LabeledTable
from hybridsent.evaluation._out_of_fold import OutOfFold
from hybridsent.evaluation._probe import Splits, Truth, as_components, counted, ridge, truth_of

__all__ = ["Look", "group_columns", "guard"]

_MOST_ROWS = 4000  # rows that are looked at; of more, a sample
_MOST_GROUPS = 5  # columns of repeated names that are looked at
_PERMUTATIONS = 20
_SURE = 4.0  # standard errors
_MATTERS = 0.1  # share of what can be gained over chance
_FALLS = 0.02
_AGREE = 0.1  # correlation of the labels of neighbouring rows
_FEWEST = 40  # rows, below which nothing stands out
_PURE = 0.99
_LONGEST_NAME = 40  # characters

_LABEL_WORDS = frozenset(
    {
        *("label", "labels", "target", "class", "category", "sentiment", "emotion", "polarity"),
        *("valence", "arousal", "score", "rating", "stars", "y"),
    }
)
_SPLIT_WORDS = frozenset({"split", "fold", "partition", "subset", "set"})
_GROUP_WORDS = frozenset(
    {
        *("id", "ids", "uid", "group", "speaker", "video", "dialogue", "dialog", "conversation"),
        *("author", "user", "username", "subject", "participant", "patient", "actor", "person"),
        *("session", "show", "film", "movie", "episode", "thread", "document", "source", "name"),
        *("annotator", "rater", "product", "clip", "scene"),
    }
)
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")


@dataclass(frozen=True, eq=False)
class Look:
    """The labelled rows that are looked at, and how a model is judged on them.

    Parameters
    ----------
    table : DataFrame or array of n rows
        With all columns.
    truth : Truth
        Their labels.
    splits : sequence of (ndarray, ndarray)
        Folds, as given.
    positions : ndarray of int of shape (n,)
        Where the rows stand in the table of the user.
    own : list of str, default=[]
        Columns of labels and groups.
    read : list of str, default=[]
        Columns that the model reads.
    groups : ndarray of shape (n,) or None, default=None
        Groups that the folds keep together.
    vectors : callable or None, default=None
        Gives the features of the rows, (n, d); None where there are none.
    sampled_of : int or None, default=None
        How many rows there are, where these are a sample.
    seed : int, default=0
        Of samples and permutations.
    """

    table: Any
    truth: Truth
    splits: Splits
    positions: np.ndarray
    own: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    groups: np.ndarray | None = None
    vectors: Callable[[], np.ndarray | None] | None = None
    sampled_of: int | None = None
    seed: int = 0

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def columns(self) -> list[Any]:
        """Columns of the table that are neither labels nor groups."""
        own = set(self.own)
        return [name for name in getattr(self.table, "columns", ()) if name not in own]

    @cached_property
    def components(self) -> np.ndarray | None:
        """Features in a few columns."""
        found = None if self.vectors is None else self.vectors()
        if found is None or not found.shape[1]:
            return None
        return as_components(found, 256 if len(self) <= 600 else 96)

    @cached_property
    def strata(self) -> np.ndarray:
        """One number a row, by which rows are dealt into folds."""
        values = self.truth.columns
        return values.argmax(axis=1) if self.truth.kind == "classes" else values[:, 0]

    def apart(self, codes: np.ndarray, n_folds: int, random: np.random.Generator) -> Splits:
        """Make folds that keep rows of one code together."""
        return inner_folds(
            self.strata,
            n_folds,
            codes,
            random_state=None,
            kind="classes" if self.truth.kind == "classes" else "numbers",
            order=random.permutation(len(codes)),
        )


# -- what is looked at -----------------------------------------------------------------------------


def guard(
    estimator: Any,
    table: Any,
    rows: LabeledTable,
    splits: Splits,
    judged: OutOfFold | None = None,
    *,
    named: Sequence[Any] = (),
    random_state: int = 0,
) -> list[Finding]:
    """Look in a moment for what flatters the scores of an evaluation.

    Parameters
    ----------
    estimator : estimator
        Who was judged; its encoders have stored what they read.
    table : DataFrame or array of n rows
        The rows that were judged or learned from, with all columns.
    rows : LabeledTable
        Their labels, as `read_labels` gave them.
    splits : sequence of (ndarray, ndarray)
        Folds by which it was judged.
    judged : OutOfFold or None, default=None
        What was said about the rows.
    named : sequence of object, default=()
        Labels and groups, as the user gave them.
    random_state : int, default=0
        Seed of samples and permutations.

    Returns
    -------
    list of Finding
        Leaks first; empty where nothing stands out.
    """
    look = look_at(estimator, table, rows, splits, named=named, random_state=random_state)
    return findings_in_order(each for part in _LOOKS for each in part(look))


def look_at(
    estimator: Any,
    table: Any,
    rows: LabeledTable,
    splits: Splits,
    *,
    named: Sequence[Any] = (),
    random_state: int = 0,
) -> Look:
    """Take the labelled rows of a table, or a sample of them, with what a model reads of them."""
    known = np.flatnonzero(rows.known)
    random = np.random.default_rng(random_state)
    taken = known
    if len(known) > _MOST_ROWS:
        taken = np.sort(random.choice(known, _MOST_ROWS, replace=False))
    place = np.full(len(rows.known), -1)
    place[taken] = np.arange(len(taken))
    kept = [(_placed(place, train), _placed(place, test)) for train, test in splits]
    own, read = list[str](), list[str]()
    if hasattr(table, "columns"):
        own = named_columns(table, named)
        unread = set(table.columns if estimator is None else ())
        unread = unread or set(unread_columns(estimator, table, named))
        read = [name for name in table.columns if name not in unread and name not in own]

    def vectors() -> np.ndarray | None:
        if estimator is None:
            return None
        seen = take_rows(readable(estimator, table, named), taken)
        return features_of(estimator, seen, rows.y[taken])

    positions = taken if rows.kept is None else rows.kept[taken]
    return Look(
        take_rows(table, taken),
        truth_of(rows.y[taken], rows.kind),
        [(train, test) for train, test in kept if len(train) and len(test)],
        positions,
        own,
        read,
        None if rows.groups is None else rows.groups[taken],
        vectors,
        len(known) if len(taken) < len(known) else None,
        random_state,
    )


def _placed(place: np.ndarray, rows: np.ndarray) -> np.ndarray:
    found = place[rows]
    return np.asarray(found[found >= 0])


# -- a column that is the label --------------------------------------------------------------------


def look_for_labels(look: Look) -> Iterator[Finding]:
    """Find columns that hold the label, read or not."""
    if len(look) < _FEWEST // 2 or not hasattr(look.table, "columns"):
        return
    features = feature_columns(look.table)
    yield from _features_that_are_labels(look, [name for name in features if name in look.read])
    for name in [name for name in look.columns if name not in set(features)]:
        share = _tells(look, name)
        if share < _PURE:
            continue
        read = name in look.read
        yield Finding(
            "label column",
            "leak" if read else "fact",
            f"The column {name!r} tells the label of {share:.1%} of the rows"
            + (
                ", and the model reads it: what it is judged by must not be among its features."
                if read
                else "; the model does not read it, and should not."
            ),
            {"rows that it tells": share},
        )


def _features_that_are_labels(look: Look, names: list[str]) -> Iterator[Finding]:
    """Find features that correlate with a label by more than 0.999."""
    if not names:
        return
    X = np.asarray(look.table[names].to_numpy(dtype=np.float32, na_value=np.nan))
    X = np.nan_to_num(X - np.nanmean(X, axis=0))
    Y = look.truth.columns - look.truth.columns.mean(axis=0)
    size = np.sqrt((X**2).sum(axis=0))[:, None] * np.sqrt((Y**2).sum(axis=0))
    alike = np.abs(X.T @ Y.astype(np.float32)) / np.maximum(size, 1e-12)
    for j in np.flatnonzero(alike.max(axis=1) > 0.999):
        yield Finding(
            "label column",
            "leak",
            f"The feature {names[j]!r} is the label (their correlation is "
            f"{alike[j].max():.3f}), and the model reads it: leave it out.",
            {"correlation": float(alike[j].max())},
        )


def _tells(look: Look, name: Any) -> float:
    """Of how many rows a column tells the label; 0 where it is no plain column, or has no say."""
    codes, is_number = codes_of_column(look.table[name])
    if codes is None or look.truth.kind == "sets":
        return 0.0
    if look.truth.kind == "numbers":
        return _told_number(look, name) if is_number else 0.0
    labels = look.strata
    counts = np.bincount(labels)
    if counts.max() > 0.95 * len(labels):
        return 0.0
    if is_number:
        return _told_by_threshold(codes, labels)
    if codes.max() + 1 > len(codes) / 3:
        return 0.0
    table = np.zeros((codes.max() + 1, len(counts)))
    np.add.at(table, (codes, labels), 1)
    alone = table.sum(axis=1) < 2  # a name that stands once tells nothing
    return float(table[~alone].max(axis=1).sum() / len(codes)) if (~alone).any() else 0.0


def _told_number(look: Look, name: Any) -> float:
    values = look.table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    known, y = np.isfinite(values), look.truth.columns[:, 0]
    if known.sum() < 0.9 * len(values) or not values[known].std() or not y[known].std():
        return 0.0
    return float(np.corrcoef(values[known], y[known])[0, 1] ** 2)


def _told_by_threshold(codes: np.ndarray, labels: np.ndarray) -> float:
    """Of how many rows limits on a number tell the label, a limit fewer than there are classes."""
    order = np.lexsort((labels, codes))
    changes = int((np.diff(labels[order]) != 0).sum())
    ties = len(np.unique(np.stack([codes, labels]), axis=1).T) - len(np.unique(codes))
    spare = changes - (len(np.unique(labels)) - 1)
    return 1 - max(spare, ties) / len(labels)


def codes_of_column(column: Any) -> tuple[np.ndarray | None, bool]:
    """Give each value of a plain column a number, in their order where they are numbers.

    Parameters
    ----------
    column : Series
        Of a table.

    Returns
    -------
    codes : ndarray of int of shape (n,) or None
        From 0, a missing cell has a number of its own; None where cells are no texts or numbers.
    is_number : bool
        Whether the column holds numbers.
    """
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if column.ndim != 1:
        return None, False
    is_number = bool(is_numeric_dtype(column.dtype)) and not is_bool_dtype(column.dtype)
    if not is_number and any(
        not isinstance(cell, str | int | float | bool | np.generic) and cell is not None
        for cell in column.tolist()[:: max(1, len(column) // 50)]
    ):
        return None, False
    try:
        codes = pd.factorize(column, sort=is_number)[0]
    except TypeError:  # cells that are lists or dicts
        return None, False
    return np.where(codes < 0, codes.max(initial=-1) + 1, codes), is_number


# -- a column of repeated names --------------------------------------------------------------------


def group_columns(table: Any, but: Sequence[Any] = ()) -> list[str]:
    """Find columns of repeated names, such as speakers, videos or dialogues.

    Rows of one speaker are alike in ways that have nothing to do with their label; folds should
    keep them together.

    Parameters
    ----------
    table : DataFrame or array
        The rows.
    but : sequence of object, default=()
        Columns that are something else: labels, groups that are known.

    Returns
    -------
    list of str
        Columns of texts of which most stand in several rows, and of whole numbers that are called
        so (``video_id``); no labels, no splits, no features.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.evaluation._leakage import group_columns
    >>> group_columns(pd.DataFrame({"speaker": ["a", "b"] * 4, "turn": [1, 2, 3, 4] * 2}))
    ['speaker']
    """
    if not hasattr(table, "columns") or not table.columns.is_unique:
        return []
    skipped = {*but, *feature_columns(table)}
    return [
        name
        for name in table.columns
        if isinstance(name, str) and name not in skipped and _is_group(name, table[name])
    ]


def _is_group(name: str, column: Any) -> bool:
    words = {word.lower() for word in _WORDS.split(name) if word}
    if words & (_SPLIT_WORDS | _LABEL_WORDS):
        return False
    codes, is_number = codes_of_column(column)
    if codes is None or (is_number and not words & _GROUP_WORDS):
        return False
    if is_number and not _is_whole(column):
        return False
    counts = np.bincount(codes)
    if len(counts) < 2 or len(codes) < 2 * len(counts):
        return False
    filled = [str(cell) for cell in column.tolist()[:: max(1, len(column) // 50)]]
    return is_number or float(np.mean([len(cell) for cell in filled])) <= _LONGEST_NAME


def _is_whole(column: Any) -> bool:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    return bool((values == np.floor(values)).all())


def look_for_groups(look: Look) -> Iterator[Finding]:
    """Find columns of names that predict the label, or whose rows folds should keep together."""
    if len(look) < _FEWEST:
        return
    names = group_columns(look.table, [*look.own, *look.read])
    for name in names[:_MOST_GROUPS]:
        codes, _ = codes_of_column(look.table[name])
        if codes is not None and _shared(codes, look.splits) > 0.5 and _is_no_label(look, codes):
            yield from _of_group(look, name, codes)


def _shared(codes: np.ndarray, splits: Splits) -> float:
    """Share of the test rows whose value stands among the rows that are learned from, too."""
    shares = [np.isin(codes[test], codes[train]).mean() for train, test in splits]
    return float(np.mean(shares)) if shares else 0.0


def _is_no_label(look: Look, codes: np.ndarray) -> bool:
    """Tell a name from another word for the label."""
    return look.truth.kind != "classes" or not (
        codes.max() + 1 <= 2 * look.truth.columns.shape[1]
        and float(look.truth.score(counted(codes, look.truth, look.splits))) > 0.97
    )


def _of_group(look: Look, name: str, codes: np.ndarray) -> Iterator[Finding]:
    random = np.random.default_rng(look.seed)
    alone = counted(codes, look.truth, look.splits)
    score = look.truth.score(alone)
    tells = _stands_out(look, alone, lambda truth: counted(codes, truth, look.splits), random)
    given, kept, falls = _score_apart(look, codes, random)
    if not tells and not falls:
        return
    numbers = {"this column alone": score, "chance": look.truth.chance}
    told = []
    if falls:
        numbers |= {"as given": given, "kept together": kept}
        told.append(
            f"a quick probe of the same features has {look.truth.measure} {given:.2f} with the "
            f"folds as given and {kept:.2f} with folds that keep each {name!r} together"
        )
    if tells:
        told.append(
            f"{name!r} alone, without any feature, has {look.truth.measure} {score:.2f} (chance "
            f"{look.truth.chance:.2f})"
        )
    yield Finding(
        "group column",
        "leak",
        f"Rows of one {name!r} stand on both sides of the folds: {'; '.join(told)}. Judge with "
        f"groups={name!r}.",
        numbers,
    )


def _stands_out(
    look: Look,
    guesses: np.ndarray,
    predict: Callable[[Truth], np.ndarray],
    random: np.random.Generator,
) -> bool:
    """Tell whether a score is above what the same gives of labels in any other order."""
    score = look.truth.score(guesses)
    if not look.truth.gain(score) > _MATTERS:
        return False
    k, n = look.truth.columns.shape[1], len(look)
    orders = [random.permutation(n) for _ in range(_PERMUTATIONS)]
    many = Truth(np.concatenate([look.truth.columns[o] for o in orders], axis=1), look.truth.kind)
    said = predict(many)
    null = [look.truth.take(o).score(said[:, i * k : (i + 1) * k]) for i, o in enumerate(orders)]
    error = max(float(np.std(null, ddof=1)), _clustered_error(look, guesses))
    return bool(score - max(look.truth.chance, float(np.mean(null))) > _SURE * error)


def _clustered_error(look: Look, guesses: np.ndarray) -> float:
    """Give the standard error of a score of which rows of a group are one unit."""
    if look.groups is None:
        return 0.0
    tested = ~np.isnan(guesses).any(axis=1)
    right = look.truth.right(guesses)[tested]
    codes = np.unique(look.groups[tested], return_inverse=True)[1]
    sums = np.bincount(codes, weights=right - right.mean())
    return float(np.sqrt((sums**2).sum()) / max(1, len(right)))


def _score_apart(
    look: Look, codes: np.ndarray, random: np.random.Generator
) -> tuple[float, float, bool]:
    """Score a probe with folds as given and with folds that keep codes together."""
    X = look.components
    if X is None or codes.max() < 1:
        return float("nan"), float("nan"), False
    n_folds = min(max(2, len(look.splits)), 10, int(codes.max()) + 1)

    def score(of: np.ndarray) -> float:
        return look.truth.score(ridge(X, look.truth, look.apart(of, n_folds, random)))

    given = look.truth.score(ridge(X, look.truth, look.splits))
    kept = float(np.mean([score(codes) for _ in range(3)]))
    some = [score(random.permutation(codes)) for _ in range(3)]
    if np.mean(some) - kept < _FALLS / 2:  # most columns: nothing falls
        return given, kept, False
    null = some + [score(random.permutation(codes)) for _ in range(_PERMUTATIONS - 3)]
    fall, error = float(np.mean(null)) - kept, float(np.std(null, ddof=1))
    return given, kept, bool(fall > _FALLS and fall > _SURE * error and given > kept)


# -- the order of the rows -------------------------------------------------------------------------


def look_at_order(look: Look) -> Iterator[Finding]:
    """Find tables in which a row's neighbours tell its label."""
    if len(look) < _FEWEST:
        return
    values = look.truth.columns - look.truth.columns.mean(axis=0)
    total = float((values**2).sum())
    if not total:
        return
    r = float((values[1:] * values[:-1]).sum()) / total
    spread = values.T @ values
    error = np.sqrt((spread**2).sum()) / np.trace(spread) / np.sqrt(len(look))
    if r < max(_AGREE, _SURE * float(error)):
        return
    yield Finding(
        "row order",
        "doubt",
        f"Rows that stand side by side have the same label far more often than by chance (their "
        f"correlation is {r:.2f}, by chance 0 ± {error:.2f}): the table is sorted. Folds that are "
        "shuffled do not mind; a column that counts rows, neighbours by row, and folds that are "
        "not shuffled do.",
        {"correlation of neighbours": r, "standard error by chance": float(error)},
    )


_LOOKS: list[Callable[[Look], Iterator[Finding]]] = [
    look_for_labels,
    look_for_groups,
    look_at_order,
]
