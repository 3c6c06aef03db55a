"""What query strategies save, and whether a label curve foretells what 100 more labels bring.

    HYBRIDSENT_DATA=/folder python benchmarks/active.py [emotion mvsa] [--seeds N] [--strategies A B]
        [--batch N] [--forecast] [--stop]

prints the tables of docs/active.md. Labelling is simulated on half of the rows, drawn anew for each seed, in batches that
grow from 10 to 100 labels; the model is a logistic regression with one fixed penalty, views on one scale, judged on the
other half. Random labels are the named peer: "labels" is how many a strategy needs for the
accuracy of so many random ones. Features of encoders come from the store after the first run.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _corpora import own_table
from sklearn.decomposition import PCA
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import ShuffleSplit, StratifiedKFold, cross_val_predict

from hybridsent import make_features
from hybridsent.active import Pool, list_queries, rank_rows, stop_advice
from hybridsent.evaluation import active_curve
from hybridsent.evaluation.curves._forecast import forecast_gain
from hybridsent.heads import TunedLinearClassifier

STEPS = (10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500)
GOALS = (100, 200, 300, 500)
PEER = "random"


def read(name: str, folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """Features of a corpus, each view on one scale, and its labels."""
    table = own_table(folder / ("mvsa" if name == "mvsa" else "text"))
    views: dict[str, Any] = {"text": True}
    if name == "mvsa":
        views["image"] = True
    else:
        table = table[table["task"] == f"tweeteval_{name}"].reset_index(drop=True)
    features = make_features(**views).fit_transform(table[list(views)])
    scaled = pd.DataFrame(Pool(features).values, columns=features.columns)
    return scaled, table["label"].astype(str).to_numpy()


def strategies(
    name: str,
    features: pd.DataFrame,
    y: np.ndarray,
    wanted: list[str],
    seeds: int,
    batch: int | None,
) -> None:
    found = active_curve(
        TunedLinearClassifier(Cs=(2.0,)),
        features,
        y,
        strategies=wanted,
        sizes=STEPS,
        batch_size=batch,
        cv=ShuffleSplit(seeds, test_size=0.5, random_state=0),
        n_seeds=1,
        scoring=["accuracy", "balanced_accuracy"],
    )
    print(f"\n{name}: {len(y)} rows, {seeds} seeds, {found.seconds:.0f} s")
    for metric in found.metrics:
        at = {point.x: str(point) for point in found.lines[PEER][metric]}
        print(f"\n{metric} of random labels: " + "; ".join(f"{goal}: {at[goal]}" for goal in GOALS))
        print(
            f"| strategy |{''.join(f' {goal} |' for goal in GOALS)} gain at 100 | at 500 | a question |"
        )
        print("|---|" + "---|" * (len(GOALS) + 3))
        for strategy in wanted:
            cells = "".join(f" {needed(found, metric, strategy, goal)} |" for goal in GOALS)
            gains = {gain.x: gain for gain in found.gains[strategy][metric]}
            ends = "".join(
                f" {g.value:+.3f} [{g.low:+.3f}, {g.high:+.3f}] |" for g in (gains[100], gains[500])
            )
            print(
                f"| {strategy} |{cells}{ends} {seconds(features, y, strategy):.2f} s |", flush=True
            )


def seconds(features: pd.DataFrame, y: np.ndarray, strategy: str) -> float:
    """Time one question after 200 labels, the rows being prepared."""
    pool = Pool(features)
    marked = np.where(np.arange(len(y)) < 200, y.astype(object), -1)
    rank_rows(pool, marked, strategy=strategy)
    start = time.perf_counter()
    rank_rows(pool, marked, strategy=strategy)
    return time.perf_counter() - start


def needed(found: Any, metric: str, strategy: str, goal: int) -> str:
    """Labels needed for the accuracy of fewer random ones than the last."""
    from hybridsent.evaluation.curves._active_curve import _reached

    if goal == STEPS[-1]:
        return str(found.needed[strategy][metric]).removesuffix(f" of {goal} labels")
    x = np.array(STEPS, dtype=float)
    mine, others = (
        np.array([p.value for p in found.lines[each][metric]]) for each in (strategy, PEER)
    )
    return f"{_reached(x, mine, others[: STEPS.index(goal) + 1]):.0f}"


def forecasts(name: str, features: pd.DataFrame, y: np.ndarray, seeds: int) -> None:
    """Forecast from 25 … 200 labels what 100 more bring, and compare with what they brought."""
    sizes = np.array([25.0, 50.0, 100.0, 200.0])
    X = features.to_numpy()
    truth = []
    told = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(y))[:375]  # a small corpus: 300 to learn from, 75 to judge
        outside = np.setdiff1d(np.arange(len(y)), rows)
        scores = []
        for _ in range(15):
            order = rng.permutation(rows)
            test, train = order[:75], order[75:]
            scores.append([score(X, y, train[: int(n)], test) for n in sizes])
        told.append(forecast_gain(sizes, np.array(scores), 100))
        grown = []
        for _ in range(5):
            order = rng.permutation(rows)
            grown.append(score(X, y, order[:300], outside) - score(X, y, order[:200], outside))
        truth.append(float(np.mean(grown)))
    known = [k for k, each in enumerate(told) if each is not None]
    inside = [told[k].low <= truth[k] <= told[k].high for k in known]
    off = [told[k].value - truth[k] for k in known]
    width = [told[k].high - told[k].low for k in known]
    print(
        f"\n{name}: of {seeds} small corpora {len(known)} told; forecast of 100 more labels after 200 "
        f"{np.mean([told[k].value for k in known]):+.4f}, they brought {np.mean([truth[k] for k in known]):+.4f}; "
        f"mean error {np.mean(off):+.4f}, absolute {np.mean(np.abs(off)):.4f}; in the interval {np.mean(inside):.2f}, "
        f"which is {np.mean(width):.4f} wide",
        flush=True,
    )


def stops(name: str, features: pd.DataFrame, y: np.ndarray, seeds: int) -> None:
    """Compare what the advice says after every 50 labels with what the next 100 brought."""
    X = PCA(128, random_state=0).fit_transform(features.to_numpy())
    sizes = range(50, 1501, 50)
    said: dict[str, list[tuple[bool, float]]] = {PEER: [], "auto": []}
    ends: dict[str, list[int]] = {PEER: [], "auto": []}
    lost: dict[str, list[float]] = {PEER: [], "auto": []}
    for seed in range(seeds):
        mine, judge = next(ShuffleSplit(1, test_size=0.5, random_state=seed).split(X))
        for strategy in said:
            order = asked_in_order(X[mine], y[mine], strategy, sizes, seed)
            history: list[dict[str, float]] = []
            scores, before, advice = [], None, []
            for n in sizes:
                rows = mine[order[:n]]
                model = TunedLinearClassifier(Cs=(2.0,)).fit(X[rows], y[rows])
                told = model.predict(X)
                scores.append(float((told[judge] == y[judge]).mean()))
                folds = StratifiedKFold(5, shuffle=True, random_state=seed)
                inner = cross_val_predict(model, X[rows], y[rows], cv=folds) == y[rows]
                half = 1.96 * float(inner.std()) / np.sqrt(n)
                point = {"n_labels": n, "score": float(inner.mean())}
                point |= {"low": point["score"] - half, "high": point["score"] + half}
                if before is not None:
                    point["agreement"] = float(cohen_kappa_score(before, told))
                before = told
                history.append(point)
                advice.append(stop_advice(history))
            said[strategy] += [
                (one.stop, later - now)
                for one, now, later in zip(advice, scores, scores[2:], strict=False)
            ]
            first = [n for n, one in zip(sizes, advice, strict=True) if one.stop]
            ends[strategy].append(first[0] if first else sizes[-1] + 1)
            k = list(sizes).index(first[0]) if first else len(scores)
            lost[strategy] += [
                later - now for now, later in zip(scores[k:], scores[k + 2 :], strict=False)
            ][:1]
    for strategy, told in said.items():
        for words, wanted in (("stop", True), ("go on", False)):
            gains = np.array([gain for stop, gain in told if stop == wanted])
            if len(gains):
                print(
                    f"{name}, {strategy}: {len(gains)} times {words!r}: the next 100 labels brought "
                    f"{gains.mean():+.4f} (of single times {gains.std():.4f} off)",
                    flush=True,
                )
        after = f"{np.mean(lost[strategy]):+.4f}" if lost[strategy] else "nothing known"
        print(
            f"{name}, {strategy}: first 'stop' at {sorted(ends[strategy])}; the 100 labels after it "
            f"brought {after}",
            flush=True,
        )


def asked_in_order(
    X: np.ndarray, y: np.ndarray, strategy: str, sizes: range, seed: int
) -> np.ndarray:
    """Label rows in batches, as a strategy asks for them."""
    pool = Pool(X)
    codes = np.unique(y, return_inverse=True)[1]
    order = np.empty(0, dtype=int)
    for n in sizes:
        marked = np.full(len(y), -1)
        marked[order] = codes[order]
        asked = rank_rows(pool, marked, strategy=strategy, n=n - len(order), random_state=seed)
        order = np.concatenate([order, asked])
    return order


def score(X: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    model = TunedLinearClassifier(Cs=(2.0,)).fit(X[train], y[train])
    return float(model.score(X[test], y[test]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="*", default=["emotion", "mvsa"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--strategies", nargs="*")
    parser.add_argument("--batch", type=int, help="labels between two questions")
    parser.add_argument("--forecast", action="store_true", help="the forecasts alone")
    parser.add_argument("--stop", action="store_true", help="the advice to stop alone")
    arguments = parser.parse_args()
    wanted = arguments.strategies or [each for each in list_queries() if each != PEER]
    for name in arguments.corpora or ["emotion", "mvsa"]:
        features, y = read(name, Path(os.environ["HYBRIDSENT_DATA"]))
        if arguments.forecast:
            forecasts(name, features, y, arguments.seeds)
        elif arguments.stop:
            stops(name, features, y, arguments.seeds)
        else:
            strategies(name, features, y, wanted, arguments.seeds, arguments.batch)


if __name__ == "__main__":
    main()
