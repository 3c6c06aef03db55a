"""One new row at a time, as in a service: what a prediction costs beside its network.

    python benchmarks/one_row.py [--json FILE]

A model is fitted and kept once; each way loads it in a fresh process, in one thread, and predicts the probabilities of
a table of one row again and again: of features that are computed already (the classifier with its scaling and
imputing), of a post that is in the store, and of a post with a new text. Figures are medians of the wall clock and means
of the processors, a row.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from _harness import Benchmark, Way, main
from _report import Goal, Report

MODELS = {"text": ("text",), "text, image, sound": ("text", "image", "audio")}
CASES = ("head", "known row", "new text")
KNOWN, NEW = 0.006, 0.020  # seconds of the processors that a row may take


def make(folder: Path, quick: bool) -> dict[str, Any]:
    """Write posts as bytes and samples, and fit a model of each kind, in a process of its own."""
    import joblib

    from hybridsent import make_demo, make_fusion

    n_rows = 12 if quick else 60
    table = make_demo(n_rows, folder=folder / "media")
    y = table.pop("label")
    os.environ["HYBRIDSENT_STORE"] = str(folder / "store")
    os.environ["HYBRIDSENT_NETWORKS"] = str(folder / "networks")
    for name, views in MODELS.items():
        model = make_fusion(**dict.fromkeys(views, True)).fit(table, y)
        joblib.dump((model, table.dropna()[:1]), folder / f"{_slug(name)}.joblib")
    return {"rows the models were fitted on": n_rows}


def _slug(name: str) -> str:
    return name.replace(", ", "-")


def one_row(folder: Path, *, model: str, case: str) -> dict[str, Any]:
    import joblib

    fitted, row = joblib.load(folder / f"{_slug(model)}.joblib")
    steps = range(30)
    work = _work(fitted, row, case)
    for _ in range(5):  # imports, networks, kernels of the first shapes
        work()
    walls, start = [], time.process_time()
    for _ in steps:
        began = time.perf_counter()
        work()
        walls.append(time.perf_counter() - began)
    spent = time.process_time() - start
    return {"seconds": statistics.median(walls), "cpu_seconds": spent / len(steps)}


def _work(model: Any, row: Any, case: str) -> Callable[[], Any]:
    if case == "head":
        features = model[0].transform(row)
        return partial(model[1:].predict_proba, features)
    if case == "known row":
        return partial(model.predict_proba, row)
    texts = _texts()
    return lambda: model.predict_proba(row.assign(text=next(texts)))


def _texts() -> Iterator[str]:
    return (f"Nobody has written these words before, number {i} of {time.time()}" for i in count())


def name_of(model: str, case: str) -> str:
    return f"{case}: {model}"


WAYS = tuple(
    Way(name_of(model, case), partial(one_row, model=model, case=case))
    for case in CASES
    for model in MODELS
)


def goals(report: Report) -> list[Goal]:
    limits = {"known row": KNOWN, "new text": NEW}
    return [
        Goal(
            f"CPU seconds, {name_of(model, case)}",
            limit,
            report.median(name_of(model, case), "cpu_seconds"),
            at_least=False,
        )
        for case, limit in limits.items()
        for model in MODELS
    ]


BENCHMARK = Benchmark("One row", WAYS, make, goals, rounds=3)

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(BENCHMARK)
