"""A hundred thousand posts take no more memory than twenty thousand."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
from hybridsent.monitor import Monitor, Piece, Source
from hybridsent.scoring import Answers

class Posts(Source):
    name, sent = "posts", 0
    def poll(self, most):
        pieces = []
        for _ in range(min(most, N - self.sent)):
            i = self.sent
            self.sent += 1
            fields = {"x": i % 7 / 6, "brand": f"b{i % 50}", "at": 1_772_323_200 + i // 20, "id": i}
            pieces.append(Piece(self.name, str(i), fields))
        self.ended = self.drained = not pieces
        return pieces

class Model:
    inputs, features, needs_other_rows, name = [], ["x"], False, "fake"
    task, classes = "classification", np.array(["negative", "positive"])
    def score(self, table, base=None):
        p = table["x"].to_numpy(dtype=float)
        said = self.classes[(p > 0.5).astype(int)]
        return Answers(said, np.column_stack([1 - p, p]), self.classes)

def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

N = 100_000
with Monitor(Model(), Posts(), state=sys.argv[1], by="brand", time="at", id="id", window="10m",
             batch_size=1000, refresh=2.0, show_posts=20) as monitor:
    monitor.begin()
    while monitor.step():
        if monitor.sources[0].sent == 20_000:
            print(resident())
    monitor.refresh()
    print(resident())
    print(monitor.counts["counted"])
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")  # noqa: PTH110
def test_memory_is_flat(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "state.sqlite")],
        capture_output=True,
        text=True,
        check=True,
    )
    early, late, counted = map(float, done.stdout.split())
    assert counted == 100_000
    assert late - early < 25, (early, late)
