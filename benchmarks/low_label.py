"""Few labels: what each way makes of 8, 16, 32 and 64 labels a class, against the library SetFit.

    HYBRIDSENT_DATA=/folder python benchmarks/low_label.py --results FILE [--corpus sst2 emodb] [--labels 8 16] [--seeds 10] [--ways "frozen + LR" setfit] [--report]

Every way learns from the same drawn rows, and is judged on the same others: the dev part of sst2 and of the emotions of
TweetEval, 1,000 other rows of mvsa, three other speakers of emodb. Rows that are drawn for a seed at 8 labels a class are among
those at 16. What takes rows without a label is given the other rows of the training part.

Every result is appended to FILE at once, so a run that was stopped goes on where it was; ``--report`` only prints the tables of
docs/few_labels.md: the mean over seeds with the half width of its 95 % interval, and the same of the paired difference to frozen
vectors with a logistic regression. Seconds are of all processors, of learning from vectors at hand; what a row costs to encode
is told beside them. SetFit and fine-tuning read cells, and need no vectors.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from _low_label_data import SCORES, corpus
from _low_label_methods import ONLY, WAYS, Task

ENCODERS = dict.fromkeys(("sst2", "tweeteval_emotion", "mvsa"), "text/minilm-l6")
KEY = ("corpus", "encoder", "labels", "seed", "way")
BASE, PEER = "frozen + LR", "setfit"
Results = dict[tuple[Any, ...], dict[str, Any]]


def scores(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, f1_score, recall_score

    return {
        "accuracy": accuracy_score(truth, found),
        "macro_f1": f1_score(truth, found, average="macro"),
        "recall": recall_score(truth, found, average="macro", zero_division=0.0),
    }


def read(path: Path) -> Results:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return {tuple(row[name] for name in KEY): row for row in rows}


def measure(options: argparse.Namespace) -> None:
    done = read(options.results)
    for name in options.corpus:
        encoder = options.encoder or ENCODERS.get(name, "default")
        for n_labels in options.labels:
            for way in options.ways:
                for seed in range(options.first_seed, options.seeds):
                    key = (name, encoder, n_labels, seed, way)
                    if key not in done and name in ONLY.get(way, SCORES):
                        run(key, options.results)


def run(key: tuple[Any, ...], results: Path) -> None:
    name, encoder, n_labels, seed, way = key
    draw = corpus(name).draw(n_labels, seed)
    if draw is None:
        return
    task = Task(corpus(name), encoder, draw, seed)
    found, seconds = WAYS[way](task)
    row = dict(zip(KEY, key, strict=True)) | {"seconds": seconds, "pool": len(draw.pool)}
    row |= scores(task.corpus.y[draw.judged], found)
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def encoding(results: Path) -> dict[str, float]:
    """Seconds of encoding a row, measured once and kept beside the results."""
    path = results.with_suffix(".encoding.json")
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def measure_encoding(options: argparse.Namespace) -> None:
    from _low_label_features import seconds_a_row

    known = encoding(options.results)
    for name in options.corpus:
        encoder = options.encoder or ENCODERS.get(name, "default")
        if f"{name} {encoder}" not in known:
            known[f"{name} {encoder}"] = seconds_a_row(corpus(name), encoder)
            path = options.results.with_suffix(".encoding.json")
            path.write_text(json.dumps(known), encoding="utf-8")


# -- printed


def interval(values: np.ndarray) -> float:
    """Half the width of the 95 % interval of a mean, by Student's t."""
    from scipy.stats import t

    n = len(values)
    return float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


def report(results: Results, costs: dict[str, float]) -> None:
    for name, encoder in sorted({key[:2] for key in results}):
        score = SCORES[name]
        counts = sorted({key[2] for key in results if key[:2] == (name, encoder)})
        cost = costs.get(f"{name} {encoder}")
        told = "" if cost is None else f"; encoding a row takes {1000 * cost:.1f} ms of a processor"
        print(f"\n{name}, {encoder}, {score.replace('_', ' ')} × 100{told}\n")
        heads = [f"{n} a class | gain" for n in counts]
        print(f"| way | {' | '.join(heads)} | seconds at {counts[0]} | × SetFit |")
        print("|---" * (2 * len(counts) + 3) + "|")
        for way in WAYS:
            cells = [cell(results, (name, encoder, n), way, score) for n in counts]
            if any(both[0] for both in cells):
                shown = " | ".join(f"{value} | {gain}" for value, gain in cells)
                print(f"| {way} | {shown} | {times(results, (name, encoder, counts[0]), way)} |")


def values(results: Results, at: tuple[Any, ...], way: str, what: str) -> dict[int, float]:
    return {key[3]: row[what] for key, row in results.items() if (*key[:3], key[4]) == (*at, way)}


def cell(results: Results, at: tuple[Any, ...], way: str, score: str) -> tuple[str, str]:
    ours, base = values(results, at, way, score), values(results, at, BASE, score)
    if not ours:
        return "", ""
    found = 100 * np.array([*ours.values()])
    few = "" if len(found) >= 10 else f" ({len(found)} seeds)"
    value = f"{found.mean():.1f} ± {interval(found):.1f}{few}"
    both = sorted(ours.keys() & base.keys())
    if way == BASE or not both:
        return value, ""
    gains = 100 * np.array([ours[seed] - base[seed] for seed in both])
    return value, f"{gains.mean():+.1f} ± {interval(gains):.1f}"


def times(results: Results, at: tuple[Any, ...], way: str) -> str:
    ours = [*values(results, at, way, "seconds").values()]
    peer = [*values(results, at, PEER, "seconds").values()]
    if not ours:
        return " | "
    ratio = f"1/{np.median(peer) / np.median(ours):.0f}" if peer and way != PEER else ""
    return f"{np.median(ours):.3g} | {ratio}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, required=True, help="a file of JSON lines")
    parser.add_argument("--corpus", nargs="+", default=list(SCORES), choices=list(SCORES))
    parser.add_argument("--encoder", help="backbone of texts; by default MiniLM")
    parser.add_argument("--labels", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--report", action="store_true", help="only print the tables")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if not options.report:
        measure_encoding(options)
        measure(options)
    report(read(options.results), encoding(options.results))
