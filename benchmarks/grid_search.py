"""A grid search over raw texts: 5 folds x 12 settings and the final fit, on 1,000 sentences.

    python benchmarks/grid_search.py [--full] [--json FILE]

Plain scikit-learn encodes every sentence again for each of the 61 fits; `Pipeline(memory=)` keeps what was fitted on,
but not what is predicted; hybridsent encodes a distinct sentence once. By default plain scikit-learn is run on 2 of the
12 settings (11 fits, each of 1,000 sentences) and its seconds are scaled to 61 fits: encoding is nearly all of it.
``--full`` runs all of it, too. The classifier and the folds are the same everywhere; vectors are kept in a fresh store.
"""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _data import read_texts, write_texts
from _harness import Benchmark, Way, first_vector, main, timed
from _report import Goal, Report

FOLDS = 5
SETTINGS = np.logspace(-3, 2.5, 12)
SOME = SETTINGS[[3, 8]]
SCALED = f"scikit-learn, plain, {len(SOME)} of {len(SETTINGS)} settings, scaled"
PLAIN = "scikit-learn, plain, all settings"
MEMORY = "scikit-learn, Pipeline(memory=)"
OURS = "hybridsent, fresh store"
FITS = FOLDS * len(SETTINGS) + 1


def make(folder: Path, quick: bool) -> dict[str, Any]:
    facts = write_texts(folder, 60 if quick else 1000)
    note = f"seconds of {FOLDS * len(SOME) + 1} fits x {FITS}/{FOLDS * len(SOME) + 1}"
    return {**facts, "fits": FITS, "plain, scaled": note}


def search(
    folder: Path, encoder: Any, settings: np.ndarray, memory: str | None = None
) -> tuple[dict[str, float], Any]:
    """Search; the models are loaded beforehand. Gives seconds and what was fitted."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline

    texts = read_texts(folder)
    moods = json.loads((folder / "moods.json").read_text(encoding="utf-8"))
    classify = LogisticRegression(max_iter=2000)
    model = Pipeline([("text", encoder), ("classify", classify)], memory=memory)
    grid = GridSearchCV(model, {"classify__C": settings}, cv=FOLDS)
    return timed(lambda: grid.fit(texts, moods))


def scores_of(fitted: Any, settings: np.ndarray) -> np.ndarray:
    """Give the mean score of every setting; NaN where it was not tried."""
    scores = np.full((len(SETTINGS), 1), np.nan)
    scores[np.isin(SETTINGS, settings), 0] = fitted.cv_results_["mean_test_score"]
    return scores


def told(figures: dict[str, float], fitted: Any, settings: np.ndarray, n: int) -> dict[str, Any]:
    best = float(fitted.best_score_)
    return {**figures, "rows": n, "best_score": best, "output": scores_of(fitted, settings)}


def plain(folder: Path, *, settings: np.ndarray) -> dict[str, Any]:
    from _peers import SentenceVectors

    SentenceVectors().transform(["A lovely day."])  # loads the model
    figures, fitted = search(folder, SentenceVectors(), settings)
    scale = FITS / (FOLDS * len(settings) + 1)
    scaled = {key: seconds * scale for key, seconds in figures.items()}
    found = told(scaled, fitted, settings, len(read_texts(folder)))
    return {**found, "measured_seconds": figures["seconds"], "scaled_by": scale}


def with_memory(folder: Path) -> dict[str, Any]:
    from _peers import SentenceVectors

    SentenceVectors().transform(["A lovely day."])
    memory = tempfile.mkdtemp(dir=folder)
    figures, fitted = search(folder, SentenceVectors(), SETTINGS, memory)
    return told(figures, fitted, SETTINGS, len(read_texts(folder)))


def load_ours(folder: Path) -> Any:
    from hybridsent import TextEncoder

    return TextEncoder(device="cpu", store=None).transform


def one_text(folder: Path) -> list[str]:
    return ["A lovely day."]


def ours(folder: Path) -> dict[str, Any]:
    from hybridsent import FeatureStore, TextEncoder

    load_ours(folder)(one_text(folder))
    store = FeatureStore(tempfile.mkdtemp(dir=folder))
    encoder = TextEncoder(device="cpu", store=store)
    figures, fitted = search(folder, encoder, SETTINGS)
    texts = read_texts(folder)
    encoded = sum(file.encoded for file in store.info())
    counted = {"encoded": encoded, "encoded_beyond_distinct": encoded - len(set(texts))}
    return {**told(figures, fitted, SETTINGS, len(texts)), **counted}


WAYS = (
    Way(SCALED, partial(plain, settings=SOME), SCALED),
    Way(PLAIN, partial(plain, settings=SETTINGS), SCALED, long=True),
    Way(MEMORY, with_memory, SCALED),
    Way(OURS, ours, SCALED, prepare=first_vector(load_ours, one_text)),
)


def score_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Give the largest difference of mean scores, over settings that both tried."""
    return float(np.nanmax(np.abs(ours - theirs)))


def goals(report: Report) -> list[Goal]:
    reference = PLAIN if report.values(PLAIN, "seconds") else SCALED
    best, peer = report.median(OURS, "best_score"), report.median(MEMORY, "best_score")
    apart = None if best is None or peer is None else abs(best - peer)
    beyond = report.median(OURS, "encoded_beyond_distinct")
    return [
        Goal(f"times the speed of {reference}", 20.0, report.ratio(OURS, reference)),
        Goal(f"times the speed of {MEMORY}", 8.0, report.ratio(OURS, MEMORY)),
        Goal("rows encoded beyond the distinct sentences", 0, beyond, at_least=False),
        Goal(f"best score, apart from that of {MEMORY}", 0.01, apart, at_least=False),
    ]


BENCHMARK = Benchmark(
    "Grid search over raw texts", WAYS, make, goals, score_difference, "scores apart", max
)

if __name__ == "__main__":
    main(BENCHMARK)
