"""What starting costs: importing hybridsent, the first vector of a new process, and short commands.

    python benchmarks/startup.py [--json FILE]

Each way is a program of a few lines, run by a fresh interpreter; its seconds are those from before its start until after
its end, so the interpreter's own start and end are in all of them. A first vector is measured with the converted network
kept on disk (as from the second process on) and without (the very first one, which also imports torch and converts).
The commands load a model of texts that was saved before and predict 12 rows, as its own program each time. The programs
of hybridsent check that importing it imports none of torch, transformers, xgboost and opensmile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from _data import model_folder
from _harness import Benchmark, Way, main, timed
from _report import Goal, Report

BARE, PANDAS = "interpreter alone", "import pandas, sklearn"
OURS, NAMES = "import hybridsent", "import of all public names"
PEER_FIRST = "first vector: sentence-transformers"
LOAD, BACKBONES = "load of a saved model", "hybridsent backbones"
PREDICT, STORED = "hybridsent predict, 12 texts", "hybridsent predict, 12 texts in the store"
KEPT, NEVER = "first vector: hybridsent", "first vector: hybridsent, the very first time"

HEAVY = "{'torch', 'transformers', 'xgboost', 'opensmile'}"
CHECK = f"import sys; assert not {HEAVY} & set(sys.modules), {HEAVY} & set(sys.modules)"
COMMAND = "from hybridsent.cli import main\nassert main(['predict', 'FOLDER/model', 'FOLDER/posts.csv', '-o', 'FOLDER/out.csv'"
FIRST = "TextEncoder(device='cpu', store=None).transform(['A lovely day.'])"
PROGRAMS = {
    BARE: "pass",
    PANDAS: "import pandas, sklearn",
    OURS: f"import hybridsent\n{CHECK}",
    NAMES: f"from hybridsent import *\n{CHECK}",
    PEER_FIRST: (
        "from sentence_transformers import SentenceTransformer\n"
        f"SentenceTransformer({str(model_folder())!r}, device='cpu').encode(['A lovely day.'])"
    ),
    KEPT: f"from hybridsent import TextEncoder\n{FIRST}",
    NEVER: f"from hybridsent import TextEncoder\n{FIRST}",
    LOAD: "from hybridsent import load\nload('FOLDER/model')",
    BACKBONES: "from hybridsent.cli import main\nassert main(['backbones']) == 0",
    PREDICT: f"{COMMAND}, '--store', 'off']) == 0",
    STORED: f"{COMMAND}]) == 0",
}
FITTED = """
import sys
from hybridsent import make_demo, make_fusion, save
table = make_demo(24, folder=sys.argv[1] + "/media")
model = make_fusion(text=True).fit(table, table["label"])
save(model, sys.argv[1] + "/model")
table[["text"]][:12].to_csv(sys.argv[1] + "/posts.csv", index=False)
"""
PEAK = """
import json, pathlib
status = pathlib.Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
print(json.dumps([float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]))
"""


def make(folder: Path, quick: bool) -> dict[str, Any]:
    """Save a model of texts, by a program of its own, and the table that it predicts."""
    environment = {
        **os.environ,
        "HYBRIDSENT_STORE": str(folder / "store"),
        "HYBRIDSENT_NETWORKS": str(folder / "networks"),
    }
    command = [sys.executable, "-c", FITTED, str(folder)]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    return {}


def start(folder: Path, *, program: str, fresh: bool = False) -> dict[str, Any]:
    """Run a program in an interpreter of its own, perhaps without any converted network."""
    environment = dict(os.environ)
    if fresh:
        environment["HYBRIDSENT_NETWORKS"] = tempfile.mkdtemp(dir=folder)
    command = [sys.executable, "-c", program.replace("FOLDER", str(folder)) + PEAK]
    run = partial(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False
    )
    figures, ended = timed(run)
    if ended.returncode:
        raise RuntimeError(ended.stderr.strip().splitlines()[-1])
    peaks = json.loads(ended.stdout.splitlines()[-1])
    return {**figures, **({"peak_mb": peaks[0]} if peaks else {})}


def way(name: str, reference: str, **options: Any) -> Way:
    return Way(name, partial(start, program=PROGRAMS[name], **options), reference)


WAYS = (
    way(BARE, BARE),
    way(PANDAS, BARE),
    way(OURS, PANDAS),
    way(NAMES, PANDAS),
    way(PEER_FIRST, PEER_FIRST),
    Way(
        KEPT,
        partial(start, program=PROGRAMS[KEPT]),
        PEER_FIRST,
        prepare=partial(start, program=PROGRAMS[KEPT]),
    ),
    way(NEVER, PEER_FIRST, fresh=True),
    way(LOAD, PANDAS),
    way(BACKBONES, BARE),
    Way(
        PREDICT,
        partial(start, program=PROGRAMS[PREDICT]),
        PANDAS,
        prepare=partial(start, program=PROGRAMS[PREDICT]),
    ),
    Way(
        STORED,
        partial(start, program=PROGRAMS[STORED]),
        PANDAS,
        prepare=partial(start, program=PROGRAMS[STORED]),
    ),
)


def more_than(report: Report, name: str, reference: str) -> float | None:
    """Give the median over rounds of the difference in seconds."""
    differences = sorted(
        one[name]["seconds"] - one[reference]["seconds"]
        for one in report.rounds
        if {name, reference} <= one.keys()
    )
    return differences[len(differences) // 2] if differences else None


def goals(report: Report) -> list[Goal]:
    return [
        Goal(
            f"seconds of {OURS} beyond {PANDAS}",
            0.1,
            more_than(report, OURS, PANDAS),
            at_least=False,
        ),
        Goal(
            "first vector, part of sentence-transformers' seconds",
            0.4,
            report.share(KEPT, PEER_FIRST, "seconds"),
            at_least=False,
        ),
        *(
            Goal(
                f"CPU seconds of {name}", limit, report.median(name, "cpu_seconds"), at_least=False
            )
            for name, limit in ((LOAD, 0.8), (PREDICT, 3.0), (BACKBONES, 0.4))
        ),
        Goal(f"peak MB of {PREDICT}", 500, report.median(PREDICT, "peak_mb"), at_least=False),
    ]


BENCHMARK = Benchmark("Starting", WAYS, make, goals, rounds=9)

if __name__ == "__main__":
    main(BENCHMARK)
