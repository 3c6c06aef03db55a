"""What `search` found: candidates with the settings that were chosen, and the best (layer L5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.evaluation.results._answered import Answered
from hybridsent.evaluation.results._evaluation import headed
from hybridsent.evaluation.results._result import Score, as_plain, folds_times_seeds

__all__ = ["DUMMY", "SELECTED", "SearchResult", "Searched", "plain_settings", "short_settings"]

SELECTED, DUMMY = "selected", "dummy"
"""Lines of a result that are no candidates: what was chosen, and what looks at nothing."""


@dataclass(frozen=True)
class Searched:
    """One candidate of a search.

    Parameters
    ----------
    score : Score
        Nested: in each outer fold, of the settings that the inner folds chose.
    settings : list of dict
        These settings, one a fold.
    inner : list of float
        Their mean scores over the inner folds, one an outer fold; they chose, so they flatter.
    best_params : dict
        The settings that the inner folds over all rows choose.
    best_inner : float
        Their mean score over these folds.
    encoded_rows, store_hits : int
        Distinct cells that were encoded for this candidate, and those that the store or an earlier
        candidate had.
    seconds : float
        Time of its fits, added up over the threads.
    """

    score: Score
    settings: list[dict[str, Any]]
    inner: list[float]
    best_params: dict[str, Any]
    best_inner: float
    encoded_rows: int
    store_hits: int
    seconds: float


@dataclass(frozen=True)
class SearchResult(Answered):
    """Scores of several pipelines whose settings were searched, and the one that won.

    Parameters
    ----------
    scoring : str
        The metric.
    rows, folds : int
        Rows that were judged, and outer folds of a repetition; 1 for a fixed split.
    candidates : dict of str to Searched
        The candidates that could be fitted.
    selected : Score
        Of what a user of the search gets: in each outer fold, the candidate and settings with the
        best inner score. This is the score to report for `best`.
    choices : list of str
        Which candidate that was, one a fold of each repetition.
    alone : dict of str to Score
        Each modality alone, and ``"dummy"``, which looks at nothing.
    best : estimator
        The winner over all rows, fitted on all rows; of a fixed split over its training part.
    best_name : str
        Which candidate it is.
    best_params : dict
        Its settings.
    failed : dict of str to str
        Candidates that could not be fitted or scored, and why.
    seconds : float
        Wall time of the search.
    notes : list of str, default=[]
        What the reader should know, such as settings that failed, and licences.
    best_rows : int, default=0
        Rows with a label that the winner was fitted on.
    versions : dict of str to str, default={}
        Of Python, of this package and of those that computed, and ``"system"``.
    encoders : list of dict, default=[]
        Of each encoder ``"view"``, ``"model"``, ``"revision"`` and ``"fingerprint"``.
    out_of_fold : OutOfFold or None, default=None
        What was said about each row that was judged, by what was chosen (``"selected"``), each
        candidate, each modality alone and the dummy; `predictions` has it as a table, and `compare`
        takes the result.
    seeds : int, default=1
        How often folds and models were made anew.
    target : {"classes", "numbers", "sets"}, default="classes"
        What is predicted.
    split : str or None, default=None
        Name of the held-out rows that were scored; None for cross-validation.
    gains : dict of str to dict of str to Gain, default={}
        ``gains["text"]["accuracy"]``: how much better what was chosen is than a modality alone or
        the dummy, with a paired interval and a p-value corrected for their number.

    See Also
    --------
    search : Makes one.

    Notes
    -----
    `to_dict` has the keys ``scoring``, ``rows``, ``n_folds``, ``n_seeds``, ``target``, ``split``,
    ``candidates`` (score, settings, inner, best_params, best_inner, encoded_rows, store_hits,
    seconds), ``selected`` (score and choices), ``alone``, ``gains``, ``best`` (name, params, rows),
    ``failed``, ``encoded_rows``, ``versions``, ``encoders``, ``seconds`` and ``notes``, and with
    predictions ``out_of_fold``. `to_frame` has a row a candidate, then ``selected``, the single
    modalities and the dummy, and the columns ``mean``, ``low``, ``high``, ``encoded_rows``,
    ``seconds`` and ``settings``.
    """

    scoring: str
    rows: int
    folds: int
    candidates: dict[str, Searched]
    selected: Score
    choices: list[str]
    alone: dict[str, Score]
    best: Any = field(repr=False)
    best_name: str
    best_params: dict[str, Any]
    failed: dict[str, str]
    seconds: float
    notes: list[str] = field(default_factory=list)
    best_rows: int = 0

    @property
    def models(self) -> dict[str, dict[str, Score]]:
        """Scores of all lines, as `Evaluation.models` has them.

        Returns
        -------
        dict of str to dict of str to Score
            By name and metric: what was chosen, the candidates, and what stands alone.
        """
        lines = {
            SELECTED: self.selected,
            **{name: each.score for name, each in self.candidates.items()},
            **self.alone,
        }
        return {name: {self.scoring: score} for name, score in lines.items()}

    @property
    def encoded_rows(self) -> int:
        """Distinct cells that were encoded.

        Returns
        -------
        int
            Their number, over all candidates.
        """
        return sum(each.encoded_rows for each in self.candidates.values())

    def _facts(self) -> dict[str, Any]:
        return {
            "scoring": self.scoring,
            "rows": self.rows,
            "n_folds": self.folds,
            "n_seeds": self.seeds,
            "target": self.target,
            "split": self.split,
            "candidates": {name: _facts_of(each) for name, each in self.candidates.items()},
            "selected": {**as_plain(self.selected), "choices": self.choices},
            "alone": self.alone,
            "gains": self.gains,
            "best": {
                "name": self.best_name,
                "params": plain_settings(self.best_params),
                "rows": self.best_rows,
            },
            "failed": self.failed,
            "encoded_rows": self.encoded_rows,
        }

    def _records(self) -> list[dict[str, Any]]:
        return [
            {
                "model": name,
                "mean": score.mean,
                "low": score.low,
                "high": score.high,
                "encoded_rows": None if each is None else each.encoded_rows,
                "seconds": None if each is None else each.seconds,
                "settings": settings,
                "value": score.value,
            }
            for name, score, each, settings in self._lines()
        ]

    def _headline(self) -> str:
        judged = folds_times_seeds(self.folds, self.seeds, self.split, what="outer folds")
        return f"{self.rows} rows, {judged}, {self.seconds:.1f} s"

    def _table(self) -> Sequence[Sequence[object]]:
        scored = headed(self.scoring, [{self.scoring: self.selected}])
        head = ["model", scored, "encoded", "seconds", "settings chosen in the folds"]
        rows = [
            [
                name,
                score,
                "" if each is None else each.encoded_rows,
                "" if each is None else f"{each.seconds:.1f}",
                settings,
            ]
            for name, score, each, settings in self._lines()
        ]
        return [head, *rows]

    def _remarks(self) -> list[str]:
        where = "all rows" if self.split is None else "the training part"
        best = f"best over {where}: {self.best_name} ({short_settings(self.best_params)})"
        failed = [f"{name} failed: {why}" for name, why in self.failed.items()]
        return [*self._on_gains(SELECTED), "", best, *failed]

    def _lines(self) -> list[tuple[str, Score, Searched | None, str]]:
        """Give name, score, candidate and settings of each row of the table."""
        return [
            *(
                (name, each.score, each, _most(each.settings))
                for name, each in self.candidates.items()
            ),
            (SELECTED, self.selected, None, _counted(self.choices)),
            *((name, score, None, "") for name, score in self.alone.items()),
        ]


def short_settings(settings: Mapping[str, Any]) -> str:
    """Write settings by the last part of their names; what all views share is written once.

    Parameters
    ----------
    settings : mapping of str to object
        Parameters of a pipeline.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> from hybridsent.evaluation.results._search_result import short_settings
    >>> short_settings({"classify__combine": "mean", "fuse__ridge": 0.1})
    "combine='mean', ridge=0.1"
    """
    words = [f"{name.rpartition('__')[2]}={value!r}" for name, value in settings.items()]
    return " ".join(", ".join(dict.fromkeys(words)).split()) or "as built"


def plain_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give settings as JSON has them; an estimator becomes its text.

    Parameters
    ----------
    settings : mapping of str to object
        Parameters of a pipeline.

    Returns
    -------
    dict
        Strings, numbers, lists and None.

    Examples
    --------
    >>> from hybridsent.evaluation.results._search_result import plain_settings
    >>> plain_settings({"classify__Cs": (0.5, 1.0), "scale": float("inf")})
    {'classify__Cs': [0.5, 1.0], 'scale': 'inf'}
    """
    return {name: _plain_value(value) for name, value in settings.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        return [_plain_value(each) for each in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and np.isfinite(value):
        return value
    return " ".join(str(value).split())


def _facts_of(candidate: Searched) -> dict[str, Any]:
    return {
        "score": candidate.score,
        "settings": [plain_settings(each) for each in candidate.settings],
        "inner": candidate.inner,
        "best_params": plain_settings(candidate.best_params),
        "best_inner": candidate.best_inner,
        "encoded_rows": candidate.encoded_rows,
        "store_hits": candidate.store_hits,
        "seconds": candidate.seconds,
    }


def _most(settings: Sequence[Mapping[str, Any]]) -> str:
    return _counted([short_settings(each) for each in settings if each], first=1)


def _counted(words: Iterable[str], first: int | None = None) -> str:
    """``late 3/5, early 2/5``."""
    counts = Counter(words)
    return ", ".join(f"{word} {n}/{counts.total()}" for word, n in counts.most_common(first))
