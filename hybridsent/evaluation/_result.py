"""What an evaluation found (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent._layout import aligned

__all__ = ["Evaluation", "Score", "as_cell", "as_plain", "below_dummy", "summarise"]


@dataclass(frozen=True)
class Score:
    """One metric of one model over the folds.

    Parameters
    ----------
    mean, std : float
        Over the folds (std with n - 1).
    low, high : float
        95 % interval of the mean, see `summarise`.
    folds : list of float
        One score a fold.
    pooled : float or None, default=None
        The metric over all out-of-fold predictions at once; None for metrics that need
        probabilities.
    """

    mean: float
    std: float
    low: float
    high: float
    folds: list[float]
    pooled: float | None = None


def summarise(folds: Sequence[float], test_share: float, pooled: float | None = None) -> Score:
    r"""Mean, spread and interval of the scores of the folds.

    The folds share training rows, so their scores are not independent; the interval uses the
    corrected variance :math:`s^2 (1/k + n_{test} / n_{train})` with k - 1 degrees of freedom.

    Parameters
    ----------
    folds : sequence of float
        Scores, one a fold.
    test_share : float
        Test rows over training rows, on average.
    pooled : float, default=None
        Handed through.

    Returns
    -------
    Score
        The summary; the interval is NaN for a single fold.

    References
    ----------
    Nadeau, Bengio: Inference for the generalization error, Machine Learning 2003, eq. 9.

    Examples
    --------
    >>> from hybridsent.evaluation._result import summarise
    >>> score = summarise([0.7, 0.8, 0.9], test_share=0.5)
    >>> round(score.mean, 2), round(score.low, 2), round(score.high, 2)
    (0.8, 0.41, 1.19)
    """
    values = np.asarray(folds, dtype=float)
    mean = float(values.mean())
    if len(values) < 2:
        return Score(mean, float("nan"), float("nan"), float("nan"), values.tolist(), pooled)
    from scipy.stats import t

    std = float(values.std(ddof=1))
    half = float(t.ppf(0.975, len(values) - 1)) * std * float(np.sqrt(1 / len(values) + test_share))
    return Score(mean, std, mean - half, mean + half, values.tolist(), pooled)


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model, of each of its modalities alone, and of the dummy that looks at nothing.

    Parameters
    ----------
    rows : int
        Rows that were judged.
    models : dict of str to dict of str to Score
        ``models["fusion"]["accuracy"]``; the other models are the single modalities and
        ``"dummy"``.
    encoded_rows : int
        Distinct cells that an encoder had to encode.
    store_hits : int
        Distinct cells that were found in the feature store.
    seconds : float
        Wall time of the evaluation.
    folds : int
        Number of folds.
    notes : list of str, default=[]
        What the reader should know, such as licences.

    Examples
    --------
    >>> from hybridsent.evaluation import Evaluation, Score
    >>> score = Score(0.8, 0.1, 0.7, 0.9, [0.7, 0.9], 0.8)
    >>> print(Evaluation(10, {"fusion": {"accuracy": score}}, 10, 0, 1.0, 2))
    10 rows, 2 folds, 10 cells encoded, 0 found in the store, 1.0 s
    <BLANKLINE>
    model   accuracy
    fusion  0.800 [0.700, 0.900]
    """

    rows: int
    models: dict[str, dict[str, Score]]
    encoded_rows: int
    store_hits: int
    seconds: float
    folds: int
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON.

        Returns
        -------
        dict
            Keys ``rows``, ``n_folds``, ``models`` (model, metric, then mean, std, interval, folds,
            pooled), ``encoded_rows``, ``store_hits``, ``seconds``, ``notes``.
        """
        return {
            "rows": self.rows,
            "n_folds": self.folds,
            "models": {
                name: {metric: as_plain(score) for metric, score in scores.items()}
                for name, scores in self.models.items()
            },
            "encoded_rows": self.encoded_rows,
            "store_hits": self.store_hits,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }

    def to_frame(self, value: str = "mean") -> Any:
        """One row a model, one column a metric.

        Parameters
        ----------
        value : {"mean", "std", "low", "high", "pooled"}, default="mean"
            Which number.

        Returns
        -------
        DataFrame
            The table.
        """
        import pandas as pd

        plain = {
            name: {metric: getattr(score, value) for metric, score in scores.items()}
            for name, scores in self.models.items()
        }
        return pd.DataFrame.from_dict(plain, orient="index")

    def __str__(self) -> str:
        metrics = list(next(iter(self.models.values())))
        lines = [["model", *metrics]]
        lines += [
            [name, *(as_cell(scores[metric]) for metric in metrics)]
            for name, scores in self.models.items()
            if not self._is_its_modality(name)
        ]
        head = (
            f"{self.rows} rows, {self.folds} folds, {self.encoded_rows} cells encoded, "
            f"{self.store_hits} found in the store, {self.seconds:.1f} s"
        )
        return "\n".join([head, "", *aligned(lines), *self.notes])

    def _is_its_modality(self, name: str) -> bool:
        """Whether this is the fusion of one modality, which would be the same line twice."""
        return name == "fusion" and any(
            other != name and scores is self.models[name] for other, scores in self.models.items()
        )


def below_dummy(scores: Mapping[str, float], dummy: Mapping[str, float], what: str) -> list[str]:
    """Say that a model is worse than one that looks at nothing.

    Parameters
    ----------
    scores, dummy : mapping of str to float
        Means of the metrics of either.
    what : str
        Name of the model.

    Returns
    -------
    list of str
        A sentence for the notes of a result; empty where it is above.

    Examples
    --------
    >>> from hybridsent.evaluation._result import below_dummy
    >>> below_dummy({"accuracy": 0.4}, {"accuracy": 0.5}, "fusion")[0][:53]
    'fusion is below the dummy, which looks at nothing, in'
    """
    worse = [name for name in scores if name in dummy and scores[name] < dummy[name] - 1e-9]
    if not worse:
        return []
    told = ", ".join(f"{name} ({scores[name]:.3f} against {dummy[name]:.3f})" for name in worse)
    return [
        f"{what} is below the dummy, which looks at nothing, in {told}: by that measure it has "
        "learned nothing that holds for other rows."
    ]


def as_cell(score: Score) -> str:
    """Write a score with its interval, where it has one."""
    if np.isnan(score.low):
        return f"{score.mean:.3f}"
    return f"{score.mean:.3f} [{score.low:.3f}, {score.high:.3f}]"


def as_plain(score: Score) -> dict[str, Any]:
    """Give a score as JSON has it."""
    low, high = _finite(score.low), _finite(score.high)
    return {
        "mean": _finite(score.mean),
        "std": _finite(score.std),
        "interval": None if low is None or high is None else [low, high],
        "folds": [_finite(value) for value in score.folds],
        "pooled": _finite(score.pooled),
    }


def _finite(value: float | None) -> float | None:
    """Give None for what JSON has no number for."""
    return None if value is None or not np.isfinite(value) else float(value)
