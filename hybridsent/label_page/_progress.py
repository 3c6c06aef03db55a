"""What the page says beside the row: how far, how good, how sure (layer L7)."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridsent.label_page._labelling import Labelling

__all__ = ["guess_of", "progress_of"]

_MEASURES = {"classes": "accuracy", "numbers": "Pearson's r", "sets": "micro F1"}


def progress_of(labelling: Labelling, who: str) -> dict[str, Any]:
    """Say how far the work is, as JSON.

    Parameters
    ----------
    labelling : Labelling
        The state.
    who : str
        The annotator who asks.

    Returns
    -------
    dict
        Plain JSON.
    """
    learner, features = labelling.learner, labelling.learner.features
    person = labelling.annotators.get(who)
    votes = labelling.votes_of()
    labels = labelling.labels_of()
    numbers = labelling.question.kind == "numbers"
    with labelling.lock:  # another tab may answer meanwhile
        mine = {
            "labels": 0 if person is None else person.count("label"),
            "skipped": 0 if person is None else person.count("skip"),
            "unknown": 0 if person is None else person.count("unknown"),
            "flagged": 0 if person is None else len(person.flagged),
            "undo": bool(person and person.done),
        }
    curve = [[p.n, round(p.score, 4), round(p.low, 4), round(p.high, 4)] for p in learner.curve]
    return {
        "rows": len(labelling.ids),
        "labelled": len(labels),
        "before": len(labelling.known),
        "mine": mine,
        "annotators": [[name, len(given)] for name, given in votes.items()],
        "classes": [] if numbers else list(labelling.counts().items()),
        "bins": _bins(labelling, labels) if numbers else [],
        "measure": _MEASURES[labelling.question.kind],
        "curve": curve,
        "baseline": None if np.isnan(learner.baseline) else round(learner.baseline, 4),
        "advice": learner.advice,
        "agreement": labelling.agreement,
        "encoding": {
            "possible": features.possible,
            "done": features.done,
            "complete": features.complete,
            "error": features.error,
        },
        "strategy": learner.learned.strategy if features.possible else "random",
        "learning": learner.busy,
        "learning_error": learner.error,
        "changed": labelling.changed,
    }


def _bins(labelling: Labelling, labels: dict[int, Any]) -> list[list[Any]]:
    question = labelling.question
    counts, edges = np.histogram(list(labels.values()), 8, (question.low, question.high))
    return [
        [f"{low:.3g} … {high:.3g}", int(count)]
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def guess_of(labelling: Labelling, row: int) -> dict[str, Any] | None:
    """Say what the model takes a row for; None where it does not know yet.

    Parameters
    ----------
    labelling : Labelling
        The state.
    row : int
        The row.

    Returns
    -------
    dict or None
        ``{"text": …, "sure": …}``.
    """
    said = labelling.learner.learned.said
    if said is None or np.isnan(np.atleast_1d(said[row])).any():
        return None
    question = labelling.question
    if question.kind == "numbers":
        return {"text": f"{float(said[row]):.3g}", "sure": None}
    if question.kind == "sets":
        there = [name for name, p in zip(question.names, said[row], strict=True) if p >= 0.5]
        return {"text": ", ".join(there) or "none", "sure": None}
    best = int(said[row].argmax())
    return {"text": question.names[best], "sure": round(float(said[row][best]), 3)}
