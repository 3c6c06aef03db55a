"""What should be known of a table before anything is learned from it (layer L5).

cleanlab tells which labels are likely wrong, from probabilities of a quick model; the rest are
counts that need no library.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier

from hybridsent._label_doubts import told_counts
from hybridsent.annotation._suspicious import (
    doubted_classes,
    doubted_numbers,
    doubted_sets,
    of_cleanlab,
)
from hybridsent.evaluation.leaks._chance import FEWEST, stands_out
from hybridsent.evaluation.leaks._duplicates import exact_codes, twins_in
from hybridsent.evaluation.leaks._look import Look
from hybridsent.evaluation.leaks._probe import counted, ridge
from hybridsent.evaluation.results._findings import Finding
from hybridsent.evaluation.rows._labelled import LabeledTable
from hybridsent.media import is_missing
from hybridsent.media._languages import languages_in

__all__ = [
    "look_at_classes",
    "look_at_labels",
    "look_at_languages",
    "look_at_missing",
    "look_at_repeated",
    "look_at_split",
]

_SHOWN = 5
_LEARNED = 0.4  # share of what can be gained, below which a quick model has no say about labels
_WRONG = 0.1  # share of labels; where more are doubted, that tells of the model and not of labels
_FEW = 0.01  # share of the rows from which on it is a doubt
_MANY = 0.02  # and, of rows of more than four words, a leak


def look_at_classes(rows: LabeledTable) -> Iterator[Finding]:
    """Tell the classes, and what is odd about them.

    Parameters
    ----------
    rows : LabeledTable
        The rows.

    Yields
    ------
    Finding
        Of the kind ``"classes"``.
    """
    if rows.kind == "numbers":
        y = np.asarray(rows.y[rows.known], dtype=np.float64)
        low, middle, high = np.quantile(y, [0, 0.5, 1])
        yield Finding(
            "classes",
            "fact",
            f"The labels are numbers from {low:g} to {high:g}, half of them below {middle:g}.",
            {"least": float(low), "median": float(middle), "most": float(high)},
        )
        return
    counts = rows.classes
    share = min(counts.values()) / max(1, sum(counts.values()))
    yield Finding(
        "classes",
        "fact",
        f"{len(counts)} {'labels' if rows.kind == 'sets' else 'classes'}: {told_counts(counts)}.",
        {"classes": float(len(counts)), "share of the rarest": share},
    )
    for doubt in rows.doubts:
        yield Finding("classes", "doubt", doubt)


def look_at_languages(look: Look) -> Iterator[Finding]:
    """Tell what texts are written in.

    Parameters
    ----------
    look : Look
        The rows.

    Yields
    ------
    Finding
        Of the kind ``"languages"``, one a column of texts.
    """
    for view in {view.name: view for view in look.views if view.modality == "text"}.values():
        counts = languages_in(view.cells or [])
        total = sum(counts.values())
        if not total:
            continue
        told = ", ".join(f"{name} ({n / total:.0%})" for name, n in counts.most_common(_SHOWN))
        yield Finding(
            "languages",
            "fact",
            f"Texts of {view.name!r} are written in {told}, of {total} that were long enough.",
            {name: n / total for name, n in counts.items()},
        )


def look_at_missing(look: Look) -> Iterator[Finding]:
    """Tell which views lack cells, and whether that tells the label.

    Parameters
    ----------
    look : Look
        The rows.

    Yields
    ------
    Finding
        Of the kind ``"missing views"``, one a column that lacks cells.
    """
    for view in {view.name: view for view in look.views}.values():
        if view.cells is not None:
            gone = np.array([is_missing(cell) for cell in view.cells])
        elif view.vectors is not None:
            gone = np.isnan(view.vectors).any(axis=1)
        else:
            continue
        if not gone.any():
            continue
        partly = view.cells is None and not np.isnan(view.vectors[gone]).all()  # type: ignore[index]
        codes = gone.astype(int)
        random = np.random.default_rng(look.seed)
        tells = len(look) >= FEWEST and stands_out(
            look,
            counted(codes, look.truth, look.splits),
            lambda truth, codes=codes: counted(codes, truth, look.splits),  # type: ignore[misc]
            random,
        )
        numbers = {"share": float(gone.mean())}
        by_class = ""
        if look.names is not None:
            shares = [float(gone[column > 0].mean()) for column in look.truth.columns.T]
            numbers |= {f"of {name}": s for name, s in zip(look.names, shares, strict=True)}
            shown = zip(look.names, shares, strict=True)
            by_class = ": of " + ", ".join(f"{name!r} {share:.0%}" for name, share in shown)
        yield Finding(
            "missing views",
            "doubt" if tells else "fact",
            f"{int(gone.sum())} of {len(gone)} rows ({gone.mean():.1%}) "
            f"{'lack some of' if partly else 'have nothing in'} {view.name!r}{by_class}."
            + (" Whether it is missing tells the label." if tells else ""),
            numbers,
            look.positions[gone].tolist(),
        )


def look_at_repeated(look: Look) -> Iterator[Finding]:
    """Find rows that are the same in all views.

    Parameters
    ----------
    look : Look
        The rows.

    Yields
    ------
    Finding
        Of the kind ``"duplicates"``.
    """
    columns = {v.name: (v.cells, v.modality) for v in look.views if v.cells is not None}
    if not columns:
        return
    codes = exact_codes(list(columns.values()))
    again = np.bincount(codes)[codes] > 1
    if not again.any():
        return
    rows = np.flatnonzero(again)
    told = int((again & (np.bincount(look.twins)[look.twins] > 1)).sum())  # more than "I see"
    mixed = len({(c, label) for c, label in zip(codes[rows], look.strata[rows], strict=True)})
    other = mixed - len(np.unique(codes[rows]))
    yield Finding(
        "duplicates",
        "doubt" if told >= max(5, _FEW * len(look)) else "fact",
        f"{len(rows)} rows are the same as another one in {' and '.join(map(repr, columns))}"
        + (
            f", and {other} of them {'has' if other == 1 else 'have'} another label."
            if other
            else "."
        )
        + " Leave them out, or keep them together in the folds.",
        {"rows": float(len(rows)), "with another label": float(other)},
        look.positions[rows].tolist(),
    )


def look_at_split(look: Look, name: str, train: np.ndarray, test: np.ndarray) -> Iterator[Finding]:
    """Find rows of a part that is scored that stand in the part that is learned from, too.

    Parameters
    ----------
    look : Look
        The rows.
    name : str
        What the part that is scored is called.
    train, test : ndarray of int
        Positions among the rows.

    Yields
    ------
    Finding
        Of the kind ``"split overlap"``.
    """
    columns = {v.name: (v.cells, v.modality) for v in look.views if v.cells is not None}
    if not columns or not len(test):
        return
    same = twins_in(exact_codes(list(columns.values())), train, test)
    near = twins_in(look.twins, train, test)
    if not (same | near).any():
        return
    yield Finding(
        "split overlap",
        "leak" if near.mean() >= _MANY else "doubt" if (same | near).mean() >= _FEW else "fact",
        f"{int(same.sum())} of {len(test)} rows of {name!r} ({same.mean():.1%}) stand among the "
        f"rows that are learned from, word for word, and {int((near & ~same).sum())} more nearly "
        "so. Leave them out of one of the two.",
        {"the same": float(same.sum()), "nearly the same": float((near & ~same).sum())},
        look.positions[test[same | near]].tolist(),
    )


def look_at_labels(look: Look) -> tuple[list[Finding], list[str]]:
    """Find labels that are likely wrong.

    Parameters
    ----------
    look : Look
        The rows.

    Returns
    -------
    findings : list of Finding
        Of the kind ``"suspicious labels"``; none where a quick model knows too little, or would
        doubt more labels than are likely wrong.
    notes : list of str
        Why there are none.

    Raises
    ------
    MissingDependencyError
        If cleanlab is not installed.
    """
    of_cleanlab()
    X = look.components
    if X is None or len(look) < FEWEST or not _every_row_once(look):
        return [], []
    score = look.truth.score(ridge(X, look.truth, look.splits))
    model = f"a quick model, whose {look.truth.measure} is {score:.2f}"
    if not look.truth.gain(score) > _LEARNED:
        return [], [
            f"Suspicious labels were not looked for: {model} (chance {look.truth.chance:.2f}), "
            "knows too little of these rows."
        ]
    rows = _far(look, X) if look.truth.kind == "numbers" else _issues(look, X)
    if not len(rows):
        return [], []
    if len(rows) > _WRONG * len(look):
        return [], [
            f"Suspicious labels are not told: {model}, disagrees with {len(rows)} labels "
            f"({len(rows) / len(look):.1%}), more than are likely wrong."
        ]
    text = next((v.cells for v in look.views if v.modality == "text" and v.cells), None)
    shown = [
        f"{look.positions[row]}" + (f" ({str(text[row])[:60]!r})" if text else "")
        for row in rows[:_SHOWN].tolist()
    ]
    sentence = (
        f"{len(rows)} labels ({len(rows) / len(look):.1%}) disagree with what {model}, is sure of; "
        f"the first by row: {', '.join(shown)}. Look at them before the model is blamed."
    )
    numbers = {"rows": float(len(rows)), "share": len(rows) / len(look)}
    positions = look.positions[rows].tolist()
    return [Finding("suspicious labels", "fact", sentence, numbers, positions)], []


def _every_row_once(look: Look) -> bool:
    tested = np.concatenate([test for _, test in look.splits])
    return len(tested) == len(look) and len(np.unique(tested)) == len(look)


def _issues(look: Look, X: np.ndarray) -> np.ndarray:
    """Rows whose label cleanlab doubts, the most doubtful first."""
    Y = look.truth.columns
    probabilities = np.full(Y.shape, 1e-9)
    one_of = look.truth.kind == "classes"
    for train, test in look.splits:
        model: Any = LogisticRegression(max_iter=200)
        if one_of:
            model.fit(X[train], look.strata[train])
            probabilities[np.ix_(test, model.classes_)] = model.predict_proba(X[test])
        else:
            there = np.flatnonzero((Y[train].min(axis=0) == 0) & (Y[train].max(axis=0) == 1))
            model = OneVsRestClassifier(model).fit(X[train], Y[train][:, there])
            probabilities[np.ix_(test, there)] = model.predict_proba(X[test])
    if one_of:
        return doubted_classes(look.strata, probabilities)[0]
    return doubted_sets(Y, probabilities)[0]


def _far(look: Look, X: np.ndarray) -> np.ndarray:
    """Rows whose number is far from what a quick model says, the farthest first by cleanlab."""
    y, said = look.truth.columns[:, 0], np.zeros(len(look))
    for train, test in look.splits:
        said[test] = Ridge(alpha=1.0).fit(X[train], y[train]).predict(X[test])
    return doubted_numbers(y, said)[0]
