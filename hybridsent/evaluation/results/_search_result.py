"""What `search` found: candidates with the settings that were chosen, and the best (layer L5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.evaluation.results._evaluation import headed
from hybridsent.evaluation.results._result import (
    Result,
    Score,
    as_plain,
)

__all__ = ["SearchResult", "Searched", "plain_settings", "short_settings"]


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
class SearchResult(Result):
    """Scores of several pipelines whose settings were searched, and the one that won.

    Parameters
    ----------
    scoring : str
        The metric.
    rows, folds : int
        Rows that were judged, and outer folds.
    candidates : dict of str to Searched
        The candidates that could be fitted.
    selected : Score
        Of what a user of the search gets: in each outer fold, the candidate and settings with the
        best inner score. This is the score to report for `best`.
    choices : list of str
        Which candidate that was, one a fold.
    alone : dict of str to Score
        Each modality alone, and ``"dummy"``, which looks at nothing.
    best : estimator
        The winner over all rows, fitted on all rows.
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

    See Also
    --------
    search : Makes one.

    Notes
    -----
    `to_dict` has the keys ``scoring``, ``rows``, ``n_folds``, ``candidates`` (score, settings,
    inner, best_params, best_inner, encoded_rows, store_hits, seconds), ``selected`` (score and
    choices), ``alone``, ``best`` (name, params), ``failed``, ``encoded_rows``, ``seconds`` and
    ``notes``. `to_frame` has a row a candidate, then ``selected``, the single modalities and the
    dummy, and the columns ``mean``, ``low``, ``high``, ``encoded_rows``, ``seconds`` and
    ``settings``.
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
            "candidates": {name: _facts_of(each) for name, each in self.candidates.items()},
            "selected": {**as_plain(self.selected), "choices": self.choices},
            "alone": self.alone,
            "best": {"name": self.best_name, "params": plain_settings(self.best_params)},
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
        return f"{self.rows} rows, {self.folds} outer folds, {self.seconds:.1f} s"

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
        best = f"best over all rows: {self.best_name} ({short_settings(self.best_params)})"
        return ["", best, *(f"{name} failed: {why}" for name, why in self.failed.items())]

    def _lines(self) -> list[tuple[str, Score, Searched | None, str]]:
        """Give name, score, candidate and settings of each row of the table."""
        return [
            *(
                (name, each.score, each, _most(each.settings))
                for name, each in self.candidates.items()
            ),
            ("selected", self.selected, None, _counted(self.choices)),
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
