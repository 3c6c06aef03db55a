"""What 1,000,000,000 rows would take, from what a row was measured to take here."""

from __future__ import annotations

import json
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 1_000_000_000
CORES = 16
"""Of a machine of the plan."""
CORE_HOUR, GB_MONTH = 0.04, 0.023
"""US dollars: about the list prices of large clouds for a virtual core on demand, and for object storage."""
HOURS = 24
LOST = 0.05
"""Share of the work done twice or waited for: workers that die, the last pieces, starts."""


def costs(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Measure sounds, and what a row of each width takes in a store."""
    found: dict[str, Any] = {"sound": sound(10 if quick else 60)}
    widths = {"text": 384, "image": found_width("image"), "sound": found["sound"]["width"]}
    found["store_bytes"] = {kind: store_bytes(width) for kind, width in widths.items()}
    found["widths"] = widths
    return found


def found_width(kind: str) -> int:
    from hybridsent import make_features

    table = {kind: [np.zeros((32, 32, 3), np.uint8)]}
    import pandas as pd

    made = make_features(**{kind: True}, store=None)
    return int(made.fit_transform(pd.DataFrame(table)).shape[1])


def sound(n: int) -> dict[str, Any]:
    """Encode sounds of three seconds with the default encoder."""
    from hybridsent.encoders import AudioEncoder

    rng = np.random.default_rng(0)
    cells = [(rng.normal(0, 0.1, 48_000).astype(np.float32), 16_000) for _ in range(n + 4)]
    encoder = AudioEncoder(store=None).fit(cells[:1])
    encoder.transform(cells[:4])
    begin = time.process_time()
    made = encoder.transform(cells[4:])
    return {"per_row": (time.process_time() - begin) / n, "width": int(np.shape(made)[1])}


def store_bytes(width: int, n: int = 8_192) -> float:
    from hybridsent.store import FeatureStore
    from hybridsent.store._idle import close_idle

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(folder)
        keys = [i.to_bytes(8, "big") * 2 for i in rng.permutation(n).tolist()]
        for start in range(0, n, 256):
            rows = rng.normal(size=(256, width)).astype(np.float32)
            store.put_many("plan", keys[start : start + 256], rows)
        close_idle()  # the log is carried over
        return sum(file.stat().st_size for file in Path(folder).glob("*.sqlite")) / n


def per_rows(results: dict[str, Any]) -> dict[str, float]:
    """Give processor seconds of a row of each kind, as the parts of the benchmark measured them."""
    found = {}
    if "overhead" in results:
        told = results["overhead"]
        found["text"] = told["per_row"] * told["per_row_ratio"]
    if "image" in results:
        found["image"] = results["image"]["alone"]["cpu_seconds"] / results["image"]["rows"]
    if "costs" in results:
        found["sound"] = results["costs"]["sound"]["per_row"]
    if "features" in results:
        few, many = sorted((int(n), told["cpu_seconds"]) for n, told in results["features"].items())
        found["features"] = (many[1] - few[1]) / (many[0] - few[0])
    return found


NAMES = {
    "text": "short texts, `text/minilm-l6`",
    "image": "pictures of 96 × 96, the default encoder",
    "sound": "sounds of 3 s, the default encoder",
    "features": "ready features, 2 views of 32",
}


def plan(results: dict[str, Any]) -> str:
    """Write the plan as a table."""
    lines = [
        f"| {ROWS:,} rows of | core ms a row | core hours | machines of {CORES} cores for {HOURS} h | $ |"
        " store, TB | $ a month | bottleneck |",
        "|---|---|---|---|---|---|---|---|",
    ]
    stores = results.get("costs", {}).get("store_bytes", {})
    for kind, seconds in per_rows(results).items():
        hours = ROWS * seconds / 3600 * (1 + LOST)
        machines = int(np.ceil(hours / CORES / HOURS))
        size = stores.get(kind, 0) * ROWS / 1e12
        kept = [f"{size:.2f}", f"{size * 1000 * GB_MONTH:,.0f}"] if size else ["–", "–"]
        neck = "reading and writing Parquet" if kind == "features" else "the network, on the cores"
        lines.append(
            f"| {NAMES[kind]} | {1000 * seconds:.3g} | {hours:,.0f} | {machines:,} | "
            f"{hours * CORE_HOUR:,.0f} | {' | '.join(kept)} | {neck} |"
        )
    return "\n".join(lines)


def measured(results: dict[str, Any]) -> str:
    """Write what was measured as a table."""
    lines = ["| measured | figure |", "|---|---|"]
    for kind in ("text", "image"):
        if kind not in results:
            continue
        told, same = results[kind], results[kind]["compared"]
        lines.append(
            f"| {told['rows']:,} rows ({NAMES[kind]}), {len(told['engine']['killed'])} workers killed "
            f"with SIGKILL | {same['rows']:,} rows, {same['missing']} missing, {same['twice']} twice; "
            f"labels that differ from one process: {same['labels_that_differ']}; largest difference of "
            f"a probability: {same['largest_difference']:.1g} |"
        )
        memory = told["engine"]["memory"]
        lines.append(
            f"| the same: processor seconds with three kills, and of one process | "
            f"{told['engine']['cpu_seconds']:.0f} and {told['alone']['cpu_seconds']:.0f}; peaks "
            f"{memory['driver_peak_mb']:.0f} MB (driver), {memory['worker_peak_mb']:.0f} MB (a worker), "
            f"{told['alone']['memory']['driver_peak_mb']:.0f} MB (one process) |"
        )
    if "overhead" in results:
        told = results["overhead"]
        small, large = told["sizes"]
        lines.append(
            f"| overhead of a row over the plain encode, processor seconds, {small:,} against {large:,} "
            f"texts, {len(told['ratios'])} rounds interleaved | {100 * (told['per_row_ratio'] - 1):+.0f} % "
            f"(rounds: {', '.join(f'{100 * (r - 1):+.0f} %' for r in told['ratios'])}) |"
        )
        lines.append(
            f"| what a run with 2 workers costs once | {told['start_seconds']:.1f} processor seconds |"
        )
    if "features" in results:
        for n, told in sorted(results["features"].items(), key=lambda each: int(each[0])):
            memory, count = told["memory"], told["count"]
            lines.append(
                f"| {int(n):,} rows of ready features | {count['missing']} missing, {count['twice']} "
                f"twice; peaks {memory['driver_peak_mb']:.0f} MB (driver), "
                f"{memory['worker_peak_mb']:.0f} MB (a worker) |"
            )
    return "\n".join(lines)


def write_page(page: Path, results: dict[str, Any]) -> None:
    """Put both tables between their marks."""
    text = page.read_text(encoding="utf-8")
    for name, table in (("measured", measured(results)), ("plan", plan(results))):
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        assert mark.search(text), f"{page} has no mark <!-- {name} -->"
        text = mark.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    import sys

    write_page(Path(sys.argv[2]), json.loads(Path(sys.argv[1]).read_text()))
