"""The default classifier against scikit-learn's, both with a penalty chosen by inner folds.

    python benchmarks/linear.py [--rounds N] [--json FILE]

Float32 rows of 384 columns, three classes of which ten columns tell: 500, 5,000 and 50,000 of them to learn from, 5,000
others to judge. The same seven penalties and five folds for each way. Each has been fitted once on a few rows before. The
ways named "all threads" are hybridsent's without its rule that small matrices are multiplied in one BLAS thread.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Benchmark, Way, main, timed
from _report import Goal, Report

SIZES = (500, 5_000, 50_000)


def make(folder: Path, quick: bool) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((max(SIZES) + 5_000, 384)).astype(np.float32)
    y = (X[:, :10] @ rng.standard_normal((10, 3)) + rng.gumbel(size=(len(X), 3)) * 2).argmax(axis=1)
    np.savez(folder / "rows.npz", X=X, y=y)
    return {"columns": X.shape[1], "quick": quick}


def _fitted(folder: Path, model: Any, n: int) -> dict[str, Any]:
    held = np.load(folder / "rows.npz")
    X, y = held["X"], held["y"]
    model.fit(X[:200], y[:200])
    figures, _ = timed(lambda: model.fit(X[5_000 : 5_000 + n], y[5_000 : 5_000 + n]))
    return {**figures, "output": model.predict_proba(X[:5_000])}


def scikit_learn(folder: Path, *, n: int) -> dict[str, Any]:
    import warnings

    from sklearn.linear_model import LogisticRegressionCV

    model = LogisticRegressionCV(Cs=_penalties(folder, n), cv=5, scoring="neg_log_loss")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parameters that are about to change, and of iterations
        return _fitted(folder, model, n)


def ours(folder: Path, *, n: int, all_threads: bool = False) -> dict[str, Any]:
    from hybridsent import _threads
    from hybridsent.heads import TunedLinearClassifier

    if all_threads:
        _threads._MANY = -1
    return _fitted(folder, TunedLinearClassifier(cv=5), n)


def _penalties(folder: Path, n: int) -> np.ndarray:
    """The candidates of hybridsent, which scales rows to a mean squared length of one."""
    from hybridsent.heads import TunedLinearClassifier

    X = np.load(folder / "rows.npz")["X"][5_000 : 5_000 + n]
    square = float(((X - X.mean(axis=0)) ** 2).sum(axis=1).mean())
    return np.asarray(TunedLinearClassifier().Cs) / square


def name(library: str, n: int) -> str:
    return f"{n:,} rows: {library}"


WAYS = tuple(
    Way(name(library, n), partial(way, n=n), name("LogisticRegressionCV", n), long=long)
    for n in SIZES
    for library, way, long in (
        ("LogisticRegressionCV", scikit_learn, n > 5_000),
        ("TunedLinearClassifier", ours, n > 5_000),
        ("TunedLinearClassifier, all threads", partial(ours, all_threads=True), n > 5_000),
    )
)


def goals(report: Report) -> list[Goal]:
    pairs = [(name("TunedLinearClassifier", n), name("LogisticRegressionCV", n)) for n in SIZES]
    return [Goal(f"{way} against it", 1, report.ratio(way, peer)) for way, peer in pairs]


def mean_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).mean())


BENCHMARK = Benchmark(
    "linear",
    WAYS,
    make,
    goals,
    agreement=mean_difference,
    agreement_name="mean difference of probabilities",
    worst=max,
    rounds=3,
)

if __name__ == "__main__":
    main(BENCHMARK)
