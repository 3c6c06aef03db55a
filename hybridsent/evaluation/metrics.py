"""Metrics of the field, exactly as its papers compute them (layer L5).

scikit-learn has none of those that bin a continuous score first, and no concordance correlation;
audmetric has that one and the unweighted average recall, MMSA the binned ones inside its trainer.
What scikit-learn has (weighted F1, mean absolute error) is computed by it.

Every function takes ``(y_true, y_pred)``. Their names are known to ``scoring=`` and ``--metric``,
too, in any case and with or without ``-`` and ``_``: ``"acc7"``, ``"Acc-7"``, ``"CCC"``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, recall_score

from hybridsent.evaluation.measures._bins import SCHEMES, bin_labels, binned, labels, two_columns

__all__ = [
    "DEFINITIONS",
    "SCHEMES",
    "Definition",
    "acc2_has0",
    "acc2_non0",
    "acc3",
    "acc5",
    "acc7",
    "bin_labels",
    "ccc",
    "f1_has0",
    "f1_non0",
    "mae",
    "mustard_f1",
    "pearson",
    "rmse",
    "sims_acc2",
    "sims_acc3",
    "sims_acc5",
    "sims_f1",
    "tweeteval_emotion",
    "tweeteval_irony",
    "tweeteval_sentiment",
    "uar",
    "weighted_f1",
]


@dataclass(frozen=True)
class Definition:
    """A metric that scikit-learn has no scorer of.

    Parameters
    ----------
    function : callable
        ``(y_true, y_pred)`` to a number.
    ends : (float, float), default=(0.0, 1.0)
        Its range.
    by_row : bool, default=False
        Whether it is a mean over rows, so that the mean over folds means what it means over all.
    scheme : str or None, default=None
        How numbers become classes first, one of `SCHEMES`.
    then : str or None, default=None
        What is measured of the classes, by scikit-learn's name.
    """

    function: Callable[..., float]
    ends: tuple[float, float] = (0.0, 1.0)
    by_row: bool = False
    scheme: str | None = None
    then: str | None = None


def acc2_has0(y_true: Any, y_pred: Any) -> float:
    """Share of right signs, 0 counted as positive: the first of "Acc-2 a/b" of MOSI and MOSEI.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores, such as -3 to 3.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import acc2_has0, acc2_non0
    >>> truth, said = [-1.2, 0.0, 2.4, 0.4], [-0.3, -0.1, 1.0, -0.2]
    >>> acc2_has0(truth, said), round(acc2_non0(truth, said), 3)
    (0.5, 0.667)
    """
    return _share_right(*binned("has0", y_true, y_pred))


def f1_has0(y_true: Any, y_pred: Any) -> float:
    """Weighted F1 of the signs, 0 counted as positive.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import f1_has0
    >>> f1_has0([-1.2, 0.0, 2.4], [-0.3, 0.1, 1.0])
    1.0
    """
    return weighted_f1(*binned("has0", y_true, y_pred))


def acc2_non0(y_true: Any, y_pred: Any) -> float:
    """Share of right signs of the rows whose truth is not 0: the second of "Acc-2 a/b".

    A prediction of 0 counts as negative.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If the truth of every row is 0.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import acc2_non0
    >>> acc2_non0([-1.2, 0.0, 2.4], [-0.3, -5.0, 1.0])
    1.0
    """
    return _share_right(*binned("non0", y_true, y_pred))


def f1_non0(y_true: Any, y_pred: Any) -> float:
    """Weighted F1 of the signs of the rows whose truth is not 0.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If the truth of every row is 0.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import f1_non0
    >>> round(f1_non0([-1.2, 0.0, 2.4, 1.0], [-0.3, -5.0, 1.0, -0.4]), 3)
    0.667
    """
    return weighted_f1(*binned("non0", y_true, y_pred))


def acc3(y_true: Any, y_pred: Any) -> float:
    """Share of scores that agree after clipping to ±1 and rounding.

    Halves are rounded to the even number, as numpy does: 0.5 is 0.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import acc3
    >>> acc3([2.6, -0.5, 0.6], [0.8, 0.2, 0.4]).__round__(3)
    0.667
    """
    return _share_right(*binned("acc3", y_true, y_pred))


def acc5(y_true: Any, y_pred: Any) -> float:
    """Share of scores that agree after clipping to ±2 and rounding, a half to the even number.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import acc5
    >>> acc5([2.6, -1.5], [1.6, -2.9])
    1.0
    """
    return _share_right(*binned("acc5", y_true, y_pred))


def acc7(y_true: Any, y_pred: Any) -> float:
    """Share of scores that agree after clipping to ±3 and rounding, a half to the even number.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import acc7
    >>> acc7([2.5, 3.0, -1.0], [2.4, 5.0, -0.5]).__round__(3)
    0.667
    """
    return _share_right(*binned("acc7", y_true, y_pred))


def sims_acc2(y_true: Any, y_pred: Any) -> float:
    """Share of right signs of CH-SIMS, where 0 counts as negative.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores, clipped to ±1.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import sims_acc2
    >>> sims_acc2([0.0, 0.4], [-0.2, 0.1])
    1.0
    """
    return _share_right(*binned("sims2", y_true, y_pred))


def sims_acc3(y_true: Any, y_pred: Any) -> float:
    """Share of right classes of CH-SIMS: up to -0.1, up to 0.1, above.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores, clipped to ±1.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import sims_acc3
    >>> sims_acc3([0.0, 0.4], [0.1, 0.2])
    1.0
    """
    return _share_right(*binned("sims3", y_true, y_pred))


def sims_acc5(y_true: Any, y_pred: Any) -> float:
    """Share of right classes of CH-SIMS, cut at -0.7, -0.1, 0.1 and 0.7.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores, clipped to ±1.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import sims_acc5
    >>> sims_acc5([0.0, 0.8], [0.1, 0.6])
    0.5
    """
    return _share_right(*binned("sims5", y_true, y_pred))


def sims_f1(y_true: Any, y_pred: Any) -> float:
    """Weighted F1 of the two classes of CH-SIMS, where 0 is negative.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Scores, clipped to ±1.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import sims_f1
    >>> sims_f1([0.0, 0.4], [-0.2, 0.1])
    1.0
    """
    return weighted_f1(*binned("sims2", y_true, y_pred))


def mae(y_true: Any, y_pred: Any) -> float:
    """Mean absolute error; less is better.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Numbers.

    Returns
    -------
    float
        0 or more.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import mae
    >>> mae([1.0, 2.0], [1.5, 2.5])
    0.5
    """
    truth, said = two_columns(y_true, y_pred)
    return float(np.abs(truth - said).mean())


def rmse(y_true: Any, y_pred: Any) -> float:
    """Root of the mean squared error; less is better.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Numbers.

    Returns
    -------
    float
        0 or more.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import rmse
    >>> rmse([1.0, 2.0], [1.5, 2.5])
    0.5
    """
    truth, said = two_columns(y_true, y_pred)
    return float(np.sqrt(np.mean((truth - said) ** 2)))


def pearson(y_true: Any, y_pred: Any) -> float:
    """Pearson's correlation ("Corr").

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Numbers.

    Returns
    -------
    float
        -1 to 1; NaN where all predictions are the same, or all truths. As a scorer it is 0 where
        all predictions are the same, because such a model tells rows not apart.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import pearson
    >>> round(pearson([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]), 6)
    1.0
    """
    truth, said = two_columns(y_true, y_pred)
    if len(truth) < 2 or np.ptp(truth) == 0 or np.ptp(said) == 0:
        return float("nan")
    t, s = truth - truth.mean(), said - said.mean()
    return float(np.clip(t @ s / np.sqrt((t @ t) * (s @ s)), -1, 1))


def ccc(y_true: Any, y_pred: Any) -> float:
    r"""Concordance correlation: how near the pairs are to the diagonal, over all rows together.

    It is :math:`2 \sigma_{xy} / (\sigma_x^2 + \sigma_y^2 + (\mu_x - \mu_y)^2)` with the variances
    of the population (divided by n).

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Numbers.

    Returns
    -------
    float
        -1 to 1; NaN where truths and predictions are one and the same number, or there is one row.

    References
    ----------
    Lin: A concordance correlation coefficient to evaluate reproducibility, Biometrics 1989.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import ccc
    >>> round(ccc([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]), 3)
    0.364
    """
    truth, said = two_columns(y_true, y_pred)
    t, s = truth - truth.mean(), said - said.mean()
    below = t @ t + s @ s + len(t) * (truth.mean() - said.mean()) ** 2
    if len(t) < 2 or below == 0:
        return float("nan")
    return float(2 * (t @ s) / below)


def uar(y_true: Any, y_pred: Any) -> float:
    """Unweighted average recall: the mean over classes of the share of their rows that are right.

    Also called UA, and balanced accuracy. Classes that the truth lacks have no recall.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Labels.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import uar
    >>> uar(["sad", "sad", "sad", "glad"], ["sad", "sad", "glad", "glad"]).__round__(3)
    0.833
    """
    truth, said = labels(y_true, y_pred)
    classes, code = np.unique(truth, return_inverse=True)
    right = np.bincount(code, weights=truth == said, minlength=len(classes))
    return float(np.mean(right / np.bincount(code)))


def weighted_f1(y_true: Any, y_pred: Any) -> float:
    """F1 of each class, averaged by the rows of the classes: MELD, IEMOCAP, MUStARD, MVSA.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Labels.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import weighted_f1
    >>> round(weighted_f1([0, 0, 1], [0, 1, 1]), 3)
    0.667
    """
    truth, said = labels(y_true, y_pred)
    return float(f1_score(truth, said, average="weighted", zero_division=0.0))


def mustard_f1(y_true: Any, y_pred: Any) -> float:
    """Weighted F1, which papers on MUStARD report.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Labels.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import mustard_f1
    >>> mustard_f1([True, False], [True, False])
    1.0
    """
    return weighted_f1(y_true, y_pred)


def tweeteval_emotion(y_true: Any, y_pred: Any) -> float:
    """Macro F1, which TweetEval reports of emotion (and of emoji, hate and offensive).

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Labels.

    Returns
    -------
    float
        0 to 1, the mean over classes that are in the truth or the predictions.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import tweeteval_emotion
    >>> round(tweeteval_emotion(["joy", "joy", "anger"], ["joy", "anger", "anger"]), 3)
    0.667
    """
    truth, said = labels(y_true, y_pred)
    return float(f1_score(truth, said, average="macro", zero_division=0.0))


def tweeteval_sentiment(y_true: Any, y_pred: Any) -> float:
    """Macro recall, which TweetEval reports of sentiment; it is no F1.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Labels.

    Returns
    -------
    float
        0 to 1. Where all classes are in the truth, it is `uar`; else those that are in the
        predictions alone count as 0.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import tweeteval_sentiment
    >>> tweeteval_sentiment(["good", "good", "bad"], ["good", "bad", "bad"])
    0.75
    """
    truth, said = labels(y_true, y_pred)
    return float(recall_score(truth, said, average="macro", zero_division=0.0))


def tweeteval_irony(y_true: Any, y_pred: Any, *, positive: Any = None) -> float:
    """F1 of the ironic class, which TweetEval reports of irony.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Labels.
    positive : object, default=None
        The ironic class; None is ``1``, ``"1"``, ``True`` or ``"irony"``, whichever is there.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If nothing tells which class is the ironic one.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import tweeteval_irony
    >>> round(tweeteval_irony([1, 1, 0, 0], [1, 0, 0, 1]), 3)
    0.5
    """
    truth, said = labels(y_true, y_pred)
    there = set(truth.tolist()) | set(said.tolist())
    if positive is None:
        positive = next((each for each in (1, "1", "irony") if each in there), None)
    if positive is None and not there <= {0, "0", "non_irony"}:
        raise ValueError(
            "The positive parameter must be the class that is ironic, where none of them is 1, "
            f"'1' or 'irony'. Got the classes {sorted(map(str, there))}."
        )
    hits = np.sum((truth == positive) & (said == positive))
    count = np.sum(truth == positive) + np.sum(said == positive)
    return float(2 * hits / count) if count else 0.0


def _share_right(truth: np.ndarray, said: np.ndarray) -> float:
    return float(np.mean(truth == said))


DEFINITIONS: dict[str, Definition] = {
    "acc2_has0": Definition(acc2_has0, by_row=True, scheme="has0", then="accuracy"),
    "f1_has0": Definition(f1_has0, scheme="has0", then="f1_weighted"),
    "acc2_non0": Definition(acc2_non0, scheme="non0", then="accuracy"),
    "f1_non0": Definition(f1_non0, scheme="non0", then="f1_weighted"),
    "acc3": Definition(acc3, by_row=True, scheme="acc3", then="accuracy"),
    "acc5": Definition(acc5, by_row=True, scheme="acc5", then="accuracy"),
    "acc7": Definition(acc7, by_row=True, scheme="acc7", then="accuracy"),
    "sims_acc2": Definition(sims_acc2, by_row=True, scheme="sims2", then="accuracy"),
    "sims_acc3": Definition(sims_acc3, by_row=True, scheme="sims3", then="accuracy"),
    "sims_acc5": Definition(sims_acc5, by_row=True, scheme="sims5", then="accuracy"),
    "sims_f1": Definition(sims_f1, scheme="sims2", then="f1_weighted"),
    "pearson": Definition(pearson, ends=(-1.0, 1.0)),
    "ccc": Definition(ccc, ends=(-1.0, 1.0)),
    "tweeteval_irony": Definition(tweeteval_irony),
}
"""Metrics that scikit-learn has no scorer of; the others of this module are scorers of it."""
