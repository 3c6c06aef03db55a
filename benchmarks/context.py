"""What the neighbours of a row are worth, on public corpora of talk.

    HYBRIDSENT_DATA=/folder python benchmarks/context.py [meld|mosi] [--mosi-views transcript audio] [--json FILE]

prints the tables of docs/context.md.

meld   learns from the portion train and is judged on dev, once (the corpus' own split, by dialogue): weighted F1 of
       sentiment and emotion, without and with `add_context` by turn; intervals of the difference by resampling the
       dialogues of dev.
mosi   5 folds by video; every strategy of FUSION_GRID without context and with the neighbours of both sides, by turn.
       The file is sorted by label: neighbours by row would give it away. The transcripts are encoded, and the features of
       the voice are its authors'. Their features of texts and, it seems, of faces were trained on the labels of these rows:
       they are left out unless --mosi-views names them.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _corpora import own_table
from fusion import CV, EVERY_MOSI_VIEW, MOSI_VIEWS, shown
from fusion import mosi as mosi_table
from sklearn.base import clone
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_score
from threadpoolctl import threadpool_limits

from hybridsent import make_fusion
from hybridsent.datasets import add_context
from hybridsent.evaluation.results._result import summarise
from hybridsent.fusion import FUSION_CANDIDATES

MELD: dict[str, dict[str, Any] | None] = {
    "without": None,
    "1 before": {"before": 1},
    "3 before": {"before": 3},
    "5 before": {"before": 5},
    "3 before, decay 0.5": {"before": 3, "decay": 0.5},
    "3 before, by the same speaker": {"before": 3, "by": "speaker"},
    "3 before and 3 after": {"before": 3, "after": 3},
    "3 before, and 3 of the speaker's own": {"before": 3, "two": True},
}


def folder(name: str) -> Path:
    return Path(os.environ["HYBRIDSENT_DATA"]) / name


# -- meld


def meld() -> dict[str, Any]:
    table = own_table(folder("meld"))
    found: dict[str, Any] = {}
    for label in ("sentiment", "emotion"):
        print(f"\n| meld, {label}, dev | weighted F1 | against without |\n|---|---|---|")
        for name, options in MELD.items():
            guesses, dev = judged(table, label, options)
            found[f"{label}, {name}"] = told(guesses, dev, label, found.get(f"{label}, without"))
            print(f"| {name} | {found[f'{label}, {name}']['shown']} |", flush=True)
    return {name: row["plain"] for name, row in found.items()}


def judged(
    table: pd.DataFrame, label: str, options: dict[str, Any] | None
) -> tuple[np.ndarray, pd.DataFrame]:
    """Learn from train, and guess dev; dialogues are numbered anew in each portion."""
    views = {"text": "text"}
    where = {"group": ["split", "dialogue"], "order": "turn"}
    if options is not None:
        options = dict(options)
        if options.pop("two", False):
            table = add_context(table, "text", **where, by="speaker", name="text_own")
            views["text_own"] = "text"
        table = add_context(table, "text", **where, **options)
        views["text_context"] = "text"
    train, dev = table[table["split"] == "train"], table[table["split"] == "dev"]
    with threadpool_limits(1):
        model = make_fusion(views=views).fit(train, train[label])
        return model.predict(dev), dev


def told(
    guesses: np.ndarray, dev: pd.DataFrame, label: str, base: dict[str, Any] | None
) -> dict[str, Any]:
    truth = dev[label].to_numpy()
    score = f1_score(truth, guesses, average="weighted")
    row = {"guesses": guesses, "shown": f"{score:.3f} | ", "plain": {"f1": score}}
    if base is not None:
        low, high = difference(truth, guesses, base["guesses"], dev["dialogue"].to_numpy())
        gain = score - base["plain"]["f1"]
        row["shown"] += f"{gain:+.3f} [{low:+.3f}, {high:+.3f}]"
        row["plain"] |= {"gain": gain, "low": low, "high": high}
    return row


def difference(
    truth: np.ndarray, guesses: np.ndarray, others: np.ndarray, groups: np.ndarray
) -> tuple[float, float]:
    """Give the 95 % interval of a difference of scores, dialogues drawn with replacement."""
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    found = []
    for _ in range(1000):
        drawn = np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))])
        scores = [
            f1_score(truth[drawn], each[drawn], average="weighted") for each in (guesses, others)
        ]
        found.append(scores[0] - scores[1])
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


# -- mosi


def mosi(views: Sequence[str], each_side: int, strategies: list[str]) -> dict[str, Any]:
    table = mosi_table(views)[1]
    sides = {"group": "video_id", "order": "turn", "before": each_side, "after": each_side}
    for view in views:
        table = add_context(table, view, **sides)
    ways = {}
    for way, end in (("without", [""]), ("with", ["", "_context"])):
        named = [f"{view}{each}" for each in end for view in views]
        texts = {view: "text" for view in named if view.startswith("transcript")}
        given = [view for view in named if view not in texts]
        ways[way] = make_fusion(views=texts or None, features=given or None)
    y, groups = table["label"].to_numpy(), table["video_id"].to_numpy()
    matrices = {way: model["features"].fit_transform(table) for way, model in ways.items()}
    print(
        f"\n| mosi ({', '.join(views)}) | without | with context | difference |\n|---|---|---|---|"
    )
    found = {}
    for label in strategies:
        scores = {
            way: folds(ways[way][1:], label, matrices[way], y, groups)
            for way in ("without", "with")
        }
        row = {way: summarise(score, 0.25) for way, score in scores.items()}
        gain = summarise(
            [b - a for a, b in zip(scores["without"], scores["with"], strict=True)], 0.25
        )
        found[label] = {way: score.folds for way, score in row.items()}
        print(
            f"| {label} | {shown(row['without'])} | {shown(row['with'])} | "
            f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] |",
            flush=True,
        )
    return found


def folds(steps: Any, label: str, X: Any, y: np.ndarray, groups: np.ndarray) -> list[float]:
    """Score a strategy on the folds, as a point of FUSION_GRID; its features are there already."""
    model = clone(steps).set_params(
        impute="passthrough", fuse="passthrough", classify=FUSION_CANDIDATES[label]
    )
    with threadpool_limits(1):
        return cross_val_score(model, X, y, cv=CV, groups=groups, error_score="raise").tolist()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="meld, mosi; by default both")
    parser.add_argument("--mosi-views", nargs="+", choices=EVERY_MOSI_VIEW, default=MOSI_VIEWS)
    parser.add_argument("--each-side", type=int, default=3)
    parser.add_argument("--how", nargs="+", default=list(FUSION_CANDIDATES))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found: dict[str, Any] = {}
    if not arguments.parts or "meld" in arguments.parts:
        found["meld"] = meld()
    if not arguments.parts or "mosi" in arguments.parts:
        found["mosi"] = mosi(arguments.mosi_views, arguments.each_side, arguments.how)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
