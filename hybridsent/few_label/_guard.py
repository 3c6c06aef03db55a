"""How many rounds of learning from one's own answers help, told by labelled rows (layer L3).

scikit-learn's SelfTrainingClassifier stops where no row is left, whether that helped or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from hybridsent._folds import inner_folds
from hybridsent.few_label._rows import PartlyLabelled

__all__ = ["best_round", "held_out_losses"]

_SMALLEST = 1e-6  # of a probability: one wrong row does not decide alone
_ROUNDING = 1e-9  # the mean of one error more is its standard error


def held_out_losses(
    path: Callable[[PartlyLabelled, np.ndarray], Iterator[np.ndarray]],
    rows: PartlyLabelled,
    n_rounds: int,
    cv: int,
    random_state: int,
) -> np.ndarray:
    """Judge each round on labelled rows that inner folds hold out.

    Parameters
    ----------
    path : callable
        ``(rows, asked)`` gives the probabilities of the rows `asked` after each round, the first of
        them without any; a path that ends early has its last answer for all that follow.
    rows : PartlyLabelled
        The rows of `fit`.
    n_rounds : int
        Rounds.
    cv : int
        Folds; groups are kept together.
    random_state : int
        Seed of the folds.

    Returns
    -------
    ndarray of shape (n_rounds + 1, 2, n_judged)
        Whether the answer is wrong, and minus the logarithm of the probability of the true class.
    """
    told = rows.groups_at(rows.known)
    parts = []
    for train, test in inner_folds(rows.told, cv, told, random_state=random_state):
        truth = rows.told[test]
        lost = np.zeros((n_rounds + 1, 2, len(test)))
        given = None
        answers = path(rows.fold(train, test), rows.known[test])
        for number in range(n_rounds + 1):
            given = next(answers, given)
            if given is None:
                continue
            right = given[np.arange(len(test)), truth]
            lost[number, 0] = given.argmax(axis=1) != truth
            lost[number, 1] = -np.log(np.maximum(right, _SMALLEST))
        parts.append(lost)
    return np.concatenate(parts, axis=2) if parts else np.zeros((n_rounds + 1, 2, 0))


def best_round(losses: np.ndarray, *, margin: float = 1.0) -> int:
    r"""Choose the number of rounds: all that were asked for, unless fewer are clearly better.

    Of the rounds those are left of which none has clearly fewer errors: the mean of the paired
    differences is above `margin` times its standard error. Of these the last is taken.

    Parameters
    ----------
    losses : ndarray of shape (n_rounds + 1, 2, n_judged)
        As `held_out_losses` gives them.
    margin : float, default=1.0
        Standard errors.

    Returns
    -------
    int
        Rounds; 0 is the model that learned from labelled rows alone.
    """
    wrong = losses[:, 0]
    last, n = len(wrong) - 1, wrong.shape[1]
    if n < 2:
        return last
    for number in range(last, 0, -1):
        difference = wrong[number] - wrong[:number]
        mean = difference.mean(axis=1)
        error = difference.std(axis=1, ddof=1) / np.sqrt(n)
        if not (mean > margin * error + _ROUNDING).any():
            return number
    return 0
