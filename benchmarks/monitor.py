"""How many posts a second a monitor counts, beside scoring them alone, and how its memory grows.

    python benchmarks/monitor.py [--posts 60000] [--rounds 3]

A model of words answers about posts of fifty brands. In each round the same batches are scored alone (`Scorer.score`
on tables that are ready), and then watched by a monitor: read as JSON, scored, counted by brand with id, sample and
state on the disk, an index with its interval made each second. The ratio is that of the processors' time in a round;
memory is the resident one at each tenth of the posts.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from hybridsent import make_fusion
from hybridsent.monitor import Monitor
from hybridsent.scoring import Scorer

BATCH = 256
WORDS = ("good", "great", "fine", "bad", "awful", "slow", "fast", "tea", "coffee", "service")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--posts", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    scorer = model()
    rows = posts(arguments.posts)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    ratios, walls = [], []
    for turn in range(arguments.rounds):
        begun = time.process_time()
        for start in range(0, len(rows), BATCH):
            scorer.score(
                pd.DataFrame([{"text": row["text"]} for row in rows[start : start + BATCH]])
            )
        alone = time.process_time() - begun
        spent, wall, memory = watched(scorer, lines, len(rows))
        ratios.append(spent / alone)
        walls.append(len(rows) / wall)
        print(
            f"round {turn + 1}: scoring alone {len(rows) / alone:,.0f} posts a second of a processor, monitor "
            f"{len(rows) / spent:,.0f} ({spent / alone:.2f} times the time), {len(rows) / wall:,.0f} by the clock"
        )
        print(
            f"         resident memory at each tenth (MB): {', '.join(f'{mb:.0f}' for mb in memory)}"
        )
    print(
        f"monitor / scoring alone, processors: {statistics.median(ratios):.2f} (median of {len(ratios)})"
    )
    print(f"posts a second by the clock: {statistics.median(walls):,.0f}")


def model() -> Scorer:
    """A model of words, which costs nearly nothing, so that the monitor is what is measured."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 12)) for _ in range(400)]
    labels = [
        "positive" if text.count("good") + text.count("great") > 2 else "negative" for text in texts
    ]
    return Scorer(
        make_fusion(views={"text": "text/words"}).fit(pd.DataFrame({"text": texts}), labels)
    )


def posts(n: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(1)
    words = rng.choice(WORDS, (n, 12))
    return [
        {
            "id": i,
            "text": f"{' '.join(words[i])} {i}",
            "brand": f"brand {i % 50}",
            "at": 1_772_323_200 + i // 10,
        }
        for i in range(n)
    ]


def watched(scorer: Scorer, lines: bytes, n: int) -> tuple[float, float, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        source = io.BytesIO(lines)
        given = {"by": "brand", "time": "at", "id": "id", "window": "10m", "batch_size": BATCH}
        with Monitor(scorer, source, state=f"{folder}/state.sqlite", **given) as monitor:
            begun, clock, memory, read = time.process_time(), time.perf_counter(), [], 0
            while more := monitor.step():
                read += more
                if read * 10 // n > len(memory):
                    memory.append(resident())
            monitor.refresh()
            spent, wall = time.process_time() - begun, time.perf_counter() - clock
            counted = monitor.counts["counted"]
            if counted != n:
                raise SystemExit(f"{n} posts were given and {counted} counted")
    return spent, wall, memory


def resident() -> float:
    """Megabytes of memory that the process has now."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    main()
