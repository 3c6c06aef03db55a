"""The models that are compared: read from results and files, and named (layer L5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.evaluation.results._evaluation import Evaluation
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.results._result import Score
from hybridsent.evaluation.results._search_result import SearchResult

__all__ = ["Entry", "named_entries", "read_results"]


@dataclass(frozen=True)
class Entry:
    """One model of one result.

    Parameters
    ----------
    kept : OutOfFold
        Its answers, among others.
    model : str
        Its name there.
    judged : dict of str to dict of str to Score, or None
        Scores of all models of the result, by model and metric, where it has some.
    """

    kept: OutOfFold
    model: str
    judged: Mapping[str, Mapping[str, Score]] | None

    def score(self, metric: str) -> Score | None:
        """Give the score that the result has, where it has one."""
        if self.judged is None:
            return None
        return self.judged.get(self.model, {}).get(metric)


Named = tuple[OutOfFold, Mapping[str, Mapping[str, Score]] | None]


def read_results(results: Sequence[Any]) -> dict[str, Named]:
    """Name the results, and read those that are files."""
    if len(results) == 1 and isinstance(results[0], Mapping):
        named = {str(name): each for name, each in results[0].items()}
    else:
        files = [Path(each) for each in results if isinstance(each, (str, Path))]
        stems = [each.stem for each in files]
        short = len(set(stems)) == len(stems)
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        named = {}
        for each in results:
            if isinstance(each, (str, Path)):
                named[Path(each).stem if short else str(each)] = each
            else:
                named[next(letters, f"result {len(named) + 1}")] = each
        if len(named) < len(results):
            raise ValueError(
                "compare takes results with names that differ. Got a file twice; give a mapping of "
                "names to results."
            )
    if not named:
        raise ValueError("compare needs at least one result. Got none.")
    return {name: _result(name, each) for name, each in named.items()}


def _result(name: str, result: Any) -> Named:
    if isinstance(result, (str, Path)):
        result = _from_file(Path(result))
    if isinstance(result, OutOfFold):
        return result, None
    if not isinstance(result, (Evaluation, SearchResult)):
        raise TypeError(
            "compare takes what evaluate or search gives, an OutOfFold, or paths of JSON. "
            f"Got {type(result).__name__} for {name!r}."
        )
    if result.out_of_fold is None:
        raise ValueError(
            f"compare reads predictions. Got {name!r} without any: write it with "
            "to_dict(predictions=True), or by the commands evaluate and search with --json."
        )
    return result.out_of_fold, result.models


def _from_file(path: Path) -> Any:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"compare reads files of JSON. Got {path}: {error.strerror}.") from error
    except ValueError as error:
        raise ValueError(
            f"compare reads files of JSON, as evaluate writes them. Got {path}: {error}."
        ) from error
    try:
        if isinstance(plain, Mapping) and "candidates" in plain:  # of search
            plain = plain["out_of_fold"]
        if isinstance(plain, Mapping) and "answers" in plain:
            return OutOfFold.from_dict(plain)
        return Evaluation.from_dict(plain)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"compare reads what evaluate and search give. Got {path}, which is JSON of something "
            "else."
        ) from error


def named_entries(
    results: Mapping[str, Named], model: str | Sequence[str] | None
) -> tuple[dict[str, Entry], list[str]]:
    """Name the models that are compared."""
    wanted = [model] if isinstance(model, str) else model
    entries: dict[str, Entry] = {}
    notes: list[str] = []
    for name, (kept, judged) in results.items():
        names = kept.models if wanted is None and len(results) == 1 else wanted
        names = kept.models[:1] if names is None else names
        for each in names:
            kept.of(each)  # tells which models there are
            entry = Entry(kept, each, judged)
            label = each if len(results) == 1 else name if len(names) == 1 else f"{name}: {each}"
            twin = _twin(entry, entries)
            if twin is not None and len(results) == 1 and wanted is None:
                notes.append(f"{label} is left out: its scores and answers are those of {twin}.")
            else:
                entries[label] = entry
    if len(entries) < 2:
        raise ValueError(
            f"compare needs two models. Got {list(entries)}; give another result, or name two with "
            "the model parameter."
        )
    return entries, notes


def _twin(entry: Entry, entries: Mapping[str, Entry]) -> str | None:
    """Find a model with the same scores and answers: of one view, the fusion is that view."""
    for name, other in entries.items():
        if other.judged is None or other.judged is not entry.judged:
            continue
        models, said = entry.judged, entry.kept.of(entry.model)
        if entry.model not in models or other.model not in models:
            continue
        mine, its = ([each.value for each in models[e.model].values()] for e in (entry, other))
        alike = np.array_equal(mine, its, equal_nan=True)  # of one fold, deviations are NaN
        if alike and np.array_equal(said.labels, other.kept.of(other.model).labels):
            return name
    return None
