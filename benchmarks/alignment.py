"""Canonical correlations: two views against scikit-learn and cca-zoo, three views against their own covariances.

    python benchmarks/alignment.py [--rounds N] [--json FILE]

Two views of 384 and 640 columns share eight factors; 6,000 rows are fitted with 8 components, and the components'
correlations on 2,000 others are what is compared. Three views of 384, 640 and 128 columns and 100,000 rows are float32,
as encoders give them; "the covariance products" is NumPy's X'X of the same matrix, once in float32 and once in float64,
and nothing else. Peak memory is that of the whole process, the matrix included.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Benchmark, Way, main, timed
from _report import Goal, Report

TWO, THREE = (384, 640), (384, 640, 128)
K = 8
SKLEARN = "two views: scikit-learn CCA"
ZOO_MCCA, ZOO_RIDGE = "two views: cca-zoo MCCA", "two views: cca-zoo RidgeCCA"
OURS, OURS_GCCA = "two views: hybridsent MCCA", "two views: hybridsent GCCA"
PRODUCTS = "three views: the covariance products (float64)"
PRODUCTS_32 = "three views: the covariance products (float32)"
THREE_MCCA, THREE_GCCA = "three views: hybridsent MCCA", "three views: hybridsent GCCA"
THREE_MISSING = "three views, a fifth of each missing: hybridsent GCCA"


def make(folder: Path, quick: bool) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n, m, many = (600, 200, 2_000) if quick else (6_000, 2_000, 100_000)
    for name, rows, widths in (("two", n + m, TWO), ("three", many, THREE)):
        z = rng.standard_normal((rows, K), dtype=np.float32)
        views = [
            z @ rng.standard_normal((K, p), dtype=np.float32)
            + 2 * rng.standard_normal((rows, p), dtype=np.float32)
            for p in widths
        ]
        np.save(folder / f"{name}.npy", np.hstack(views))
    return {"rows": n, "held out": m, "rows of three views": many, "components": K}


def two(folder: Path) -> tuple[np.ndarray, int]:
    X = np.load(folder / "two.npy").astype(np.float64)
    return X, len(X) * 3 // 4


def frame(X: np.ndarray, widths: tuple[int, ...]) -> Any:
    import pandas as pd

    names = zip(("text", "image", "audio"), widths, strict=False)
    return pd.DataFrame(X, columns=[f"{view}__{i}" for view, p in names for i in range(p)])


def correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    both = np.corrcoef(a, b, rowvar=False)
    return np.sort(np.abs(np.diagonal(both, K)))[::-1]


def scikit_learn(folder: Path) -> dict[str, Any]:
    from sklearn.cross_decomposition import CCA

    X, n = two(folder)
    cca = CCA(K, scale=False)
    figures, _ = timed(lambda: cca.fit(X[:n, : TWO[0]], X[:n, TWO[0] :]))
    found = correlations(*cca.transform(X[n:, : TWO[0]], X[n:, TWO[0] :]))
    return {**figures, "worst_held_out": float(found.min()), "output": found[:, None]}


def cca_zoo(folder: Path, *, kind: str) -> dict[str, Any]:
    from cca_zoo import linear

    X, n = two(folder)
    views = [np.ascontiguousarray(X[:, : TWO[0]]), np.ascontiguousarray(X[:, TWO[0] :])]
    model = getattr(linear, kind)(K)
    figures, _ = timed(lambda: model.fit([view[:n] for view in views]))
    found = correlations(*model.transform([view[n:] for view in views]))
    return {**figures, "worst_held_out": float(found.min()), "output": found[:, None]}


def ours(folder: Path, *, kind: str) -> dict[str, Any]:
    from hybridsent import alignment

    X, n = two(folder)
    table = frame(X, TWO)
    aligner = getattr(alignment, kind)(K, combine="concat", ridge=0)
    figures, _ = timed(lambda: aligner.fit(table[:n]))
    z = aligner.transform(table[n:])
    found = correlations(z[:, :K], z[:, K:])
    return {**figures, "worst_held_out": float(found.min()), "output": found[:, None]}


def products(folder: Path, *, kind: str) -> dict[str, Any]:
    X = np.load(folder / "three.npy").astype(kind, copy=False)
    figures, _ = timed(lambda: X.T @ X)
    return figures


def three(folder: Path, *, kind: str, missing: bool = False) -> dict[str, Any]:
    from hybridsent import alignment

    X = np.load(folder / "three.npy")
    if missing:
        edges = np.cumsum([0, *THREE])
        lost = np.random.default_rng(0).random((len(X), 3)) < 0.2
        for j in range(3):
            X[lost[:, j], edges[j] : edges[j + 1]] = np.nan
    table = frame(X, THREE)
    figures, _ = timed(lambda: getattr(alignment, kind)(K).fit(table))
    return figures


WAYS = (
    Way(SKLEARN, scikit_learn, SKLEARN),
    Way(ZOO_MCCA, partial(cca_zoo, kind="MCCA"), SKLEARN),
    Way(ZOO_RIDGE, partial(cca_zoo, kind="RidgeCCA"), SKLEARN),
    Way(OURS, partial(ours, kind="MCCA"), SKLEARN),
    Way(OURS_GCCA, partial(ours, kind="GCCA"), SKLEARN),
    Way(PRODUCTS, partial(products, kind="float64")),
    Way(PRODUCTS_32, partial(products, kind="float32")),
    Way(THREE_MCCA, partial(three, kind="MCCA")),
    Way(THREE_GCCA, partial(three, kind="GCCA")),
    Way(THREE_MISSING, partial(three, kind="GCCA", missing=True)),
)


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Give the largest difference of held-out correlations."""
    return float(np.abs(ours - theirs).max())


def goals(report: Report) -> list[Goal]:
    zoo = [report.ratio(OURS, name) for name in (ZOO_MCCA, ZOO_RIDGE)]
    seen = [ratio for ratio in zoo if ratio is not None]
    memory = report.median(THREE_MCCA, "peak_mb")
    slower = report.ratio(PRODUCTS, THREE_MCCA)
    return [
        Goal("MCCA against scikit-learn's CCA", 70, report.ratio(OURS, SKLEARN)),
        Goal("MCCA against the quickest of cca-zoo", 2, min(seen) if seen else None),
        Goal(
            "largest difference of held-out correlations",
            0.01,
            report.agreements.get(OURS),
            at_least=False,
        ),
        Goal("three views: seconds over those of the products", 3, slower, at_least=False),
        Goal(
            "three views: peak memory, GiB",
            6,
            None if memory is None else memory / 1024,
            at_least=False,
        ),
    ]


BENCHMARK = Benchmark(
    "canonical correlations",
    WAYS,
    make,
    goals,
    agreement=difference,
    agreement_name="largest difference of held-out correlations",
    worst=max,
    rounds=3,
)

if __name__ == "__main__":
    main(BENCHMARK)
