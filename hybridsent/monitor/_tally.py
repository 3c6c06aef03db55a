"""What is kept of answers: sums of all, and a sample of them (layer L7).

Each post has the same chance to be drawn: those of the smallest numbers are, where the number of a
post is a hash of its id. So a sample does not depend on the order in which posts come, nor on when
a process was killed, and the samples of two panes together are a sample of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Tally", "rank_of"]


def rank_of(post: bytes) -> int:
    """Give the number of a post by which it is drawn.

    Parameters
    ----------
    post : bytes
        Its id.

    Returns
    -------
    int
        Of 62 bits, spread evenly.
    """
    return int.from_bytes(post[:8], "big") >> 2


class Tally:
    """Turns answers into numbers that can be added up, and numbers into shares.

    Parameters
    ----------
    task : {"classification", "regression", "multilabel"}
        What the model tells.
    classes : sequence or None
        The labels; None where it tells numbers.

    Attributes
    ----------
    width : int
        How many numbers a post is kept as.
    n_sums : int
        How many numbers are added up.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.monitor._tally import Tally
    >>> from hybridsent.scoring import Answers
    >>> tally = Tally("classification", ["bad", "good"])
    >>> said = Answers(np.array(["good"]), np.array([[0.25, 0.75]]), np.array(["bad", "good"]))
    >>> sums, kept = tally.of(said)
    >>> sums.tolist(), kept.tolist()
    ([[0.0, 1.0, 0.25, 0.75]], [[1.0, 0.25, 0.75]])
    """

    def __init__(self, task: str, classes: Sequence[Any] | None) -> None:
        self.task = task
        self.classes = [] if classes is None else list(classes)
        k = len(self.classes)
        self.n_sums = 2 if task == "regression" else 2 * k
        self.width = {"regression": 1, "multilabel": 2 * k}.get(task, 1 + k)

    def of(self, answers: Any) -> tuple[np.ndarray, np.ndarray]:
        """Give what is added up and what is kept.

        Parameters
        ----------
        answers : Answers
            What the model said.

        Returns
        -------
        sums : ndarray of float of shape (n, n_sums)
            Counts of predictions and of probabilities; numbers and their squares.
        kept : ndarray of float32 of shape (n, width)
            The number of the predicted class and the probabilities, which are NaN where the model
            tells none; a number; or marks and probabilities.
        """
        n, k = len(answers), len(self.classes)
        if self.task == "regression":
            values = np.asarray(answers.prediction, dtype=np.float64).reshape(n)
            return np.column_stack([values, values**2]), values[:, None].astype(np.float32)
        p = answers.probabilities
        probable = np.full((n, k), np.nan) if p is None else np.asarray(p, dtype=np.float64)
        if self.task == "multilabel":
            marks = np.asarray(answers.prediction, dtype=np.float64).reshape(n, k)
            sums = np.hstack([marks, np.nan_to_num(probable)])
            return sums, np.hstack([marks, probable]).astype(np.float32)
        place = {label: i for i, label in enumerate(self.classes)}
        codes = np.array([place[label] for label in answers.prediction.tolist()], dtype=np.int64)
        counts = np.zeros((n, k))
        counts[np.arange(n), codes] = 1
        return np.hstack([counts, np.nan_to_num(probable)]), np.column_stack(
            [codes, probable]
        ).astype(np.float32)

    def probabilities(self, kept: np.ndarray) -> np.ndarray | None:
        """Give the probabilities of a sample.

        Parameters
        ----------
        kept : ndarray of shape (n, width)
            A sample.

        Returns
        -------
        ndarray of shape (n, n_classes) or None
            None where the model tells none.
        """
        if self.task == "regression":
            return None
        found = kept[:, -len(self.classes) :].astype(np.float64)
        return None if np.isnan(found).any() else found

    def predictions(self, kept: np.ndarray) -> np.ndarray:
        """Give the predictions of a sample.

        Parameters
        ----------
        kept : ndarray of shape (n, width)
            A sample.

        Returns
        -------
        ndarray
            Labels, numbers, or marks of labels.
        """
        if self.task == "regression":
            return kept[:, 0].astype(np.float64)
        if self.task == "multilabel":
            return kept[:, : len(self.classes)].astype(np.int64)
        return np.asarray(self.classes)[kept[:, 0].astype(np.int64)]
