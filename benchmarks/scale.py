"""Scoring what fits in no memory: exactly once though workers die, at which cost, in which memory.

    python benchmarks/scale.py                    # everything: about half an hour on two cores
    python benchmarks/scale.py --parts image      # a part: text, image, features, overhead, costs
    python benchmarks/scale.py --quick            # small inputs: does it run at all?

``--folder`` keeps inputs, answers of the plain process and results, so that parts may be run one after the other;
``--page docs/scale.md`` writes what was measured, and the plan for 1,000,000,000 rows that follows from it, into that
page. Overhead is measured in processor seconds (of the driver, its nannies and all workers), the ways interleaved, on
two sizes: what a row costs is the slope between them, what remains is the start. Wall times of a shared machine lie.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import _scale_runs as runs
from _scale_inputs import SUFFIX, WRITE, write_model

ROWS = {"text": 200_000, "image": 4_000, "features": 2_000_000}
QUICK = {"text": 2_000, "image": 200, "features": 200_000}
PARTS = ("text", "image", "features", "overhead", "costs")


def inputs(folder: Path, kind: str, n: int) -> dict[str, Any]:
    """Write a table and a model, where they are not there."""
    source = folder / f"{kind}-{n}" / f"table{SUFFIX[kind]}"
    model = folder / f"{kind}.hs"
    if not source.exists():
        source.parent.mkdir(parents=True, exist_ok=True)
        WRITE[kind](source, n)
    if not model.exists():
        write_model(model, kind)
    return {"kind": kind, "action": "predict", "source": str(source), "model": str(model)}


def killed(folder: Path, kind: str, n: int) -> dict[str, Any]:
    """Score in one process and through the engine, three of whose workers are killed."""
    given = inputs(folder, kind, n)
    alone, kept = folder / f"{kind}-{n}" / "alone.parquet", folder / f"{kind}-{n}" / "alone.json"
    if not kept.exists():
        kept.write_text(json.dumps(runs.run("plain", alone, **given)))
    one = json.loads(kept.read_text())
    output = folder / f"{kind}-{n}" / "scored"
    shutil.rmtree(output, ignore_errors=True)
    shards = max(5, n // runs.ROWS_OF_A_SHARD[kind])
    many = runs.run("engine", output, [shards // 5, shards // 2, shards * 4 // 5], **given)
    return {"rows": n, "alone": one, "engine": many, "compared": runs.compare(alone, output, n)}


def memory(folder: Path, n: int) -> dict[str, Any]:
    """Score ready features, and the tenth of them, and compare what memory that took."""
    found = {}
    for rows in (n // 10, n):
        given = inputs(folder, "features", rows)
        output = folder / f"features-{rows}" / "scored"
        shutil.rmtree(output, ignore_errors=True)
        told = runs.run("engine", output, **given)
        found[str(rows)] = told | {"count": runs.count(output, rows)}
    return found


def overhead(folder: Path, sizes: tuple[int, int], rounds: int) -> dict[str, Any]:
    """Compare processor seconds of both ways on two sizes, in turns."""
    seconds: dict[str, list[float]] = {}
    for turn in range(rounds):
        order = [(name, n) for n in sizes for name in ("plain", "engine")]
        for name, n in order if turn % 2 == 0 else order[::-1]:
            given = inputs(folder, "text", n) | {"action": "encode"}
            output = folder / f"text-{n}" / f"overhead-{name}"
            if output.is_dir():
                shutil.rmtree(output)
            pieces = {"rows": 10_000} if name == "engine" else {}  # what a user gets
            told = runs.run(name, output, **given, **pieces)
            seconds.setdefault(f"{name} {n}", []).append(told["cpu_seconds"])
    small, large = sizes
    slopes = {
        name: [
            (b - a) / (large - small)
            for a, b in zip(seconds[f"{name} {small}"], seconds[f"{name} {large}"], strict=True)
        ]
        for name in ("plain", "engine")
    }
    ratios = [b / a for a, b in zip(slopes["plain"], slopes["engine"], strict=True)]
    starts = [seconds[f"engine {small}"][i] - seconds[f"plain {small}"][i] for i in range(rounds)]
    row = statistics.median(slopes["plain"])
    return {
        "sizes": sizes,
        "seconds": seconds,
        "per_row": row,
        "per_row_ratio": statistics.median(ratios),
        "ratios": ratios,
        "start_seconds": statistics.median(starts),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--child")
    arguments = parser.parse_args()
    if arguments.child:
        name, given = json.loads(arguments.child)
        print(json.dumps(getattr(runs, name)(**given)))
        return
    with tempfile.TemporaryDirectory(prefix="hybridsent-bench-") as made:
        folder = arguments.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        measure(folder, arguments)


def measure(folder: Path, arguments: argparse.Namespace) -> None:
    sizes = QUICK if arguments.quick else ROWS
    results_file = folder / ("quick.json" if arguments.quick else "scale.json")
    results = json.loads(results_file.read_text()) if results_file.exists() else {}
    for part in arguments.parts:
        if part == "features":
            results[part] = memory(folder, sizes[part])
        elif part == "overhead":
            few = (200, 2_000) if arguments.quick else (20_000, 40_000)
            results[part] = overhead(folder, few, 1 if arguments.quick else arguments.rounds)
        elif part == "costs":
            from _scale_plan import costs

            results[part] = costs(folder, quick=arguments.quick)
        else:
            results[part] = killed(folder, part, sizes[part])
        results_file.write_text(json.dumps(results, indent=1))
        shown = {k: v for k, v in results[part].items() if k != "samples"}
        print(part, json.dumps(without_samples(shown), indent=1), flush=True)
    if arguments.page:
        from _scale_plan import write_page

        write_page(arguments.page, results)


def without_samples(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_samples(v) for k, v in value.items() if k != "samples"}
    return value


if __name__ == "__main__":
    sys.exit(main())
