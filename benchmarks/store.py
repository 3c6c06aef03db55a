"""The feature store: rates of rows, what it costs a cold run, and whether time and memory grow in line with the rows.

    python benchmarks/store.py [--json FILE]

- 100,000 vectors of 384 floats: written, then read in shuffled order by new processes, with the files in the system's
  cache and after asking the system to drop them; beside `joblib.Memory` (2,000 rows, a call a row: what many write by
  hand) and, as the floor, one .npy file read whole.
- 4,000 sentences through `TextEncoder` with a fresh store and with none.
- 1,000, 10,000 and 100,000 rows through an encoder that costs next to nothing: all missing, then all found.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _data import read_texts, write_texts
from _harness import Benchmark, Way, extraction, first_vector, main, peak_mb, timed
from _report import Goal, Report

WIDTH = 384
FINGERPRINT = "bench-vectors"
SIZES = (1_000, 10_000, 100_000)
PEER_ROWS = 2_000
PUT, WARM, DROPPED = "store, written", "store, read", "store, read after dropping the cache"
NONE, FRESH = "TextEncoder without store", "TextEncoder, fresh store"
JOBLIB_PUT, JOBLIB_READ, NPY = "joblib.Memory, written", "joblib.Memory, read", ".npy, read"


def make(folder: Path, quick: bool) -> dict[str, Any]:
    n = 2_000 if quick else 100_000
    rows = np.random.default_rng(0).normal(size=(n, WIDTH)).astype(np.float32)
    np.save(folder / "rows.npy", rows)
    facts = write_texts(folder, 100 if quick else 4_000)
    return {"vectors": f"{n:,} of {WIDTH} floats", **facts}


# -- rates


def keys_of(n: int) -> list[bytes]:
    return [hashlib.blake2b(str(i).encode(), digest_size=16).digest() for i in range(n)]


def put(folder: Path, batch: int = 1024) -> dict[str, Any]:
    from hybridsent import FeatureStore

    shutil.rmtree(folder / "vectors", ignore_errors=True)
    store, rows = FeatureStore(folder / "vectors"), np.load(folder / "rows.npy")
    keys = keys_of(len(rows))

    def work() -> None:
        for start in range(0, len(rows), batch):
            store.put_many(FINGERPRINT, keys[start : start + batch], rows[start : start + batch])

    return {**timed(work)[0], "rows": len(rows)}


def get(folder: Path, *, drop: bool = False) -> dict[str, Any]:
    """Read all rows once; the process is new, importing is not counted."""
    from hybridsent import FeatureStore

    wanted = np.load(folder / "rows.npy")
    keys, order = keys_of(len(wanted)), np.random.default_rng(1).permutation(len(wanted))
    shuffled = [keys[i] for i in order]
    store = FeatureStore(folder / "vectors")
    if drop:
        drop_cache(folder / "vectors")
    figures, found = timed(lambda: store.get_many(FINGERPRINT, shuffled))
    assert all(np.array_equal(found[keys[i]], wanted[i]) for i in order[:1000])
    return {**figures, "rows": len(found)}


def drop_cache(folder: Path) -> None:
    """Ask the system to forget the files of a folder, as far as it listens."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def a_row(key: bytes, row: np.ndarray) -> np.ndarray:
    return row


def memory_of(folder: Path) -> Callable[[bytes, np.ndarray], np.ndarray]:
    from joblib import Memory

    cached: Callable[[bytes, np.ndarray], np.ndarray] = Memory(folder, verbose=0).cache(
        a_row, ignore=["row"]
    )
    return cached


def joblib_rows(folder: Path, *, fresh: bool) -> dict[str, Any]:
    if fresh:
        shutil.rmtree(folder / "joblib", ignore_errors=True)
    cached, rows = memory_of(folder / "joblib"), np.load(folder / "rows.npy")[:PEER_ROWS]
    keys = keys_of(len(rows))
    figures, _ = timed(lambda: [cached(key, row) for key, row in zip(keys, rows, strict=True)])
    return {**figures, "rows": len(rows)}


def npy(folder: Path) -> dict[str, Any]:
    order = np.random.default_rng(1).permutation(len(np.load(folder / "rows.npy", mmap_mode="r")))
    figures, found = timed(lambda: np.load(folder / "rows.npy")[order])
    return {**figures, "rows": len(found)}


# -- a cold run with and without


def load_encoder(folder: Path, *, stored: bool) -> Callable[[Any], Any]:
    from hybridsent import TextEncoder

    fresh = tempfile.mkdtemp(dir=folder) if stored else None
    # the first vector is not among the texts, so that all of them are missing
    return TextEncoder(device="cpu", store=fresh).transform


def one_text(folder: Path) -> list[str]:
    return ["This sentence is not among the others."]


# -- growth


def cheap_encoder(store: Path) -> Any:
    """Make an encoder whose vectors cost next to nothing, so that what is around it shows."""
    from hybridsent import TextEncoder
    from hybridsent.encoders import Backbone, Network, register_backbone

    class Cheap(Network):
        width = WIDTH

        def encode(self, batch: Sequence[str], options: Any) -> np.ndarray:
            rows = [np.frombuffer(hashlib.sha256(one.encode()).digest(), np.uint8) for one in batch]
            return np.tile(np.stack(rows).astype(np.float32), WIDTH // 32)[:, None, :]

    backbone = Backbone(
        name="text/cheap",
        modality="text",
        loader=lambda backbone, device, precision: Cheap(),
        sha256="0" * 64,
        width=WIDTH,
    )
    register_backbone(backbone, replace=True)
    return TextEncoder("text/cheap", device="cpu", precision="float32", store=str(store))


def cells(n: int) -> list[str]:
    return [f"This is row {i} of the table." for i in range(n)]


def repeats(n: int) -> int:
    """Small sizes are over in milliseconds: the median of several counts."""
    return min(15, max(3, SIZES[-1] // n))


def misses(folder: Path, n: int) -> dict[str, Any]:
    return growth(folder, n, lambda: cheap_encoder(Path(tempfile.mkdtemp(dir=folder))))


def hits(folder: Path, n: int) -> dict[str, Any]:
    encoder = cheap_encoder(folder / f"hits-{n}")
    figures = growth(folder, n, lambda: encoder)
    assert encoder.n_encoded_ == 0
    return figures


def growth(folder: Path, n: int, encoder: Callable[[], Any]) -> dict[str, Any]:
    cheap_encoder(Path(tempfile.mkdtemp(dir=folder))).transform(["first"])
    table = cells(n)
    runs = []
    for _ in range(repeats(n)):
        one = encoder()
        figures, out = timed(partial(one.transform, table))
        runs.append(figures)
        assert out.shape == (n, WIDTH)
        del out
        if one.n_encoded_:
            shutil.rmtree(one.store)
    peak = peak_mb()
    given = sum(map(sys.getsizeof, [*table, table]))
    return {
        "seconds": statistics.median(run["seconds"] for run in runs),
        "cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
        "rows": n,
        "peak_mb": peak,
        "beside_mb": peak - (given + n * WIDTH * 4) / 2**20,
    }


def fill(folder: Path, n: int) -> None:
    cheap_encoder(folder / f"hits-{n}").transform(cells(n))


def growth_ways(n: int) -> list[Way]:
    filled = partial(fill, n=n)
    return [
        Way(f"growth: {n:,} rows missing", partial(misses, n=n)),
        Way(f"growth: {n:,} rows found", partial(hits, n=n), prepare=filled),
    ]


# -- all of it


WAYS = (
    Way(PUT, put, prepare=put),
    Way(WARM, get, prepare=put),
    Way(DROPPED, partial(get, drop=True), prepare=put),
    Way(JOBLIB_PUT, partial(joblib_rows, fresh=True), prepare=partial(joblib_rows, fresh=True)),
    Way(JOBLIB_READ, partial(joblib_rows, fresh=False), prepare=partial(joblib_rows, fresh=True)),
    Way(NPY, npy),
    Way(
        NONE,
        extraction(partial(load_encoder, stored=False), one_text, read_texts),
        NONE,
        first_vector(partial(load_encoder, stored=False), one_text),
    ),
    Way(FRESH, extraction(partial(load_encoder, stored=True), one_text, read_texts), NONE),
    *(way for n in SIZES for way in growth_ways(n)),
)


def per_row(report: Report, n: int, what: str) -> float | None:
    seconds = report.median(f"growth: {n:,} rows {what}")
    return None if seconds is None else seconds / n


def from_linear(report: Report, what: str) -> float | None:
    """Give how much more a row costs in a larger table, at worst."""
    costs = [per_row(report, n, what) for n in SIZES]
    pairs = itertools.pairwise(costs)
    ratios = [large / small for small, large in pairs if small is not None and large is not None]
    return max(ratios) if len(ratios) == len(SIZES) - 1 else None


def memory_growth(report: Report, what: str) -> float | None:
    beside = [report.median(f"growth: {n:,} rows {what}", "beside_mb") for n in SIZES]
    known = [one for one in beside if one is not None]
    return known[-1] / known[0] if len(known) == len(SIZES) else None


def goals(report: Report) -> list[Goal]:
    found = []
    reads = report.values(WARM, "seconds")
    median = statistics.median(reads) if reads else None
    found.append(Goal("seconds of reading all, median", 1.0, median, at_least=False))
    found.append(
        Goal("seconds of reading all, best", 1.0, min(reads, default=None), at_least=False)
    )
    for key, name in (("seconds", "wall"), ("cpu_seconds", "CPU")):
        cost = report.share(FRESH, NONE, key)
        found.append(Goal(f"a cold run with store, times without ({name})", 1.03, cost, False))
    for what in ("missing", "found"):
        linear, memory = from_linear(report, what), memory_growth(report, what)
        found.append(
            Goal(
                f"rows {what}: cost of a row, times that in a table of a tenth", 1.15, linear, False
            )
        )
        found.append(
            Goal(
                f"rows {what}: memory beside table and result, largest to smallest table",
                1.15,
                memory,
                False,
            )
        )
    return found


BENCHMARK = Benchmark("Feature store", WAYS, make, goals)

if __name__ == "__main__":
    main(BENCHMARK)
