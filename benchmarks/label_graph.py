"""The graph of label spreading: its exact neighbours against those of scikit-learn, pynndescent and hnswlib.

    python benchmarks/label_graph.py [--full] [--rounds N] [--quick] [--ways WORD ...] [--json FILE]

Float32 rows of 384 columns and length 1, drawn around 100 centres with 20 directions in which they vary and a little noise in
all others; 30 neighbours of each of 10,000, 30,000 and (with --full) 100,000 rows. The ways named "fit" fit a whole
GraphSpreadingClassifier, where 100 rows of each of 3 classes have a label: neighbours, graph and spreading. "30 neighbours
found" is the share of the true neighbours of the first 1,000 rows, told by the exact search of this package. hnswlib builds with
M=16, ef_construction=200, and searches with ef=100; pynndescent has its defaults. Both are left out where they are not
installed. Compare processor seconds: all ways take all threads that they are given (OMP_NUM_THREADS, and NUMBA_NUM_THREADS).
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Benchmark, LeftOutError, Way, main, peak_mb, timed
from _report import Goal, Report

SIZES, K, JUDGED, COLUMNS = (10_000, 30_000, 100_000), 30, 1_000, 384


def make(folder: Path, quick: bool) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n = 2_000 if quick else max(SIZES)
    centres, directions = (rng.standard_normal((m, COLUMNS)).astype(np.float32) for m in (100, 20))
    of = rng.integers(0, 100, n)
    X = centres[of] + rng.standard_normal((n, 20), dtype=np.float32) @ directions / 4
    X += 0.3 * rng.standard_normal((n, COLUMNS), dtype=np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = np.full(n, -1)
    y[:300] = of[:300] % 3
    np.save(folder / "X.npy", X)
    np.save(folder / "y.npy", y)
    return {"columns": COLUMNS, "neighbours": K, "quick": quick}


def _read(folder: Path, n: int) -> np.ndarray:
    return np.asarray(np.load(folder / "X.npy")[:n])


def fit(folder: Path, *, n: int) -> dict[str, Any]:
    from hybridsent.few_label import GraphSpreadingClassifier

    X, y = _read(folder, n), np.load(folder / "y.npy")[:n]
    GraphSpreadingClassifier().fit(X[:1000], y[:1000])  # imports
    figures, _ = timed(lambda: GraphSpreadingClassifier(K).fit(X, y))
    return {**figures, "peak_mb": peak_mb()}


def ours(folder: Path, *, n: int) -> dict[str, Any]:
    from hybridsent._numerics.neighbours import nearest_others

    X = _read(folder, n)
    nearest_others(X[:1000], K)
    figures, found = timed(lambda: nearest_others(X, K))
    return {**figures, "peak_mb": peak_mb(), "output": found.rows[:JUDGED]}


def scikit_learn(folder: Path, *, n: int) -> dict[str, Any]:
    from sklearn.neighbors import NearestNeighbors

    X = _read(folder, n)

    def search(rows: np.ndarray) -> np.ndarray:
        model = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(rows)
        return np.asarray(model.kneighbors(return_distance=False))

    search(X[:1000])
    figures, found = timed(lambda: search(X))
    return {**figures, "peak_mb": peak_mb(), "output": found[:JUDGED]}


def pynndescent(folder: Path, *, n: int) -> dict[str, Any]:
    sys.modules.setdefault("coverage", None)  # type: ignore[arg-type]  # numba finds coverage.py of this folder
    try:
        from pynndescent import NNDescent
    except ImportError as error:
        raise LeftOutError("pynndescent is not installed") from error
    X = _read(folder, n)
    threads = int(os.environ.get("OMP_NUM_THREADS", 0)) or None

    def search(rows: np.ndarray) -> np.ndarray:
        index = NNDescent(rows, "euclidean", n_neighbors=K + 1, random_state=0, n_jobs=threads)
        return np.asarray(index.neighbor_graph[0][:, 1:])

    search(X[:1000])  # compiles
    figures, found = timed(lambda: search(X))
    return {**figures, "peak_mb": peak_mb(), "output": found[:JUDGED]}


def hnsw(folder: Path, *, n: int) -> dict[str, Any]:
    try:
        import hnswlib
    except ImportError as error:
        raise LeftOutError("hnswlib is not installed") from error
    X = _read(folder, n)

    def search(rows: np.ndarray) -> np.ndarray:
        index = hnswlib.Index("l2", rows.shape[1])
        index.init_index(len(rows), ef_construction=200, M=16, random_seed=0)
        index.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count() or 1)
        index.add_items(rows)
        index.set_ef(100)
        return np.asarray(index.knn_query(rows, K + 1)[0][:, 1:])

    figures, found = timed(lambda: search(X))
    return {**figures, "peak_mb": peak_mb(), "output": found[:JUDGED].astype(np.int64)}


def found_of(theirs: np.ndarray, ours: np.ndarray) -> float:
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(ours, theirs, strict=True)]))


def name(library: str, n: int) -> str:
    return f"{n:,} rows: {library}"


WAYS = tuple(
    Way(
        name(library, n),
        partial(way, n=n),
        None if way in (fit, ours) else name("neighbours", n),
        long=n == max(SIZES),
    )
    for n in SIZES
    for library, way in (
        ("fit", fit),
        ("neighbours", ours),
        ("NearestNeighbors", scikit_learn),
        ("pynndescent", pynndescent),
        ("hnswlib", hnsw),
    )
)


def goals(report: Report) -> list[Goal]:
    pairs = [(name("neighbours", n), name("NearestNeighbors", n)) for n in SIZES]
    return [Goal(f"{way} against it", 1, report.ratio(way, peer)) for way, peer in pairs]


BENCHMARK = Benchmark(
    "label graph",
    WAYS,
    make,
    goals,
    agreement=found_of,
    agreement_name="30 neighbours found",
    rounds=1,
)

if __name__ == "__main__":
    main(BENCHMARK)
