"""Every strategy of fusion on public corpora, with what is missing, and across modalities.

    HYBRIDSENT_DATA=/folder python benchmarks/fusion.py [strategies|nested|missing|cross] [--corpus mvsa mosi]
        [--mosi-views transcript audio] [--json FILE]

prints the tables of docs/fusion.md and docs/cross_modal.md.

strategies  all candidates of FUSION_GRID on the same folds, which keep near-duplicate texts (mvsa) or videos (mosi)
            together: score of each, beside each view alone, seconds, and cells encoded against distinct cells. Of mosi the
            transcripts are encoded, and the features of the voice are its authors'. Their features of texts and, it seems,
            of faces were trained on the labels of these rows: they are left out unless --mosi-views names them.
nested      `search` over recipes: settings are chosen inside the training rows, so that no score is from rows that
            chose anything; beside each modality alone.
missing     accuracy with 0 to 90 % of images or texts removed, at test, or at training and test; against the classifier
            of the best single modality that is still present in each row.
cross       labels of texts only, pairs without labels, test rows with an image only; and the other way round.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _corpora import near_duplicates, plain_table
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score
from threadpoolctl import threadpool_limits

from hybridsent import FeatureStore, make_fusion
from hybridsent.evaluation import Score, search
from hybridsent.evaluation.results._result import summarise
from hybridsent.fusion import FUSION_CANDIDATES, FUSION_GRID
from hybridsent.recipes import list_recipes, load_recipe

RATES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
CV = StratifiedGroupKFold(5, shuffle=True, random_state=0)


MOSI_VIEWS = ("transcript", "audio")
"""What is read of MOSI: no features that know the labels of these rows (docs/pitfalls.md, 7)."""

EVERY_MOSI_VIEW = (*MOSI_VIEWS, "text", "video")


def mosi(views: Sequence[str]) -> tuple[Any, pd.DataFrame]:
    """Give a pipeline that reads these views of MOSI, and the table."""
    table = pd.read_parquet(Path(os.environ["HYBRIDSENT_DATA"]) / "mosi" / "features.parquet")
    given = [view for view in views if view != "transcript"]
    columns = [column for column in table if str(column).partition("__")[0] in given]
    table[columns] = table[columns].astype(np.float32)
    texts = {"transcript": "text"} if "transcript" in views else None
    return make_fusion(views=texts, features=given or None), table


def corpus(
    name: str, mosi_views: Sequence[str] = MOSI_VIEWS
) -> tuple[Any, pd.DataFrame, np.ndarray, np.ndarray]:
    """Give a pipeline, what it takes, labels and groups."""
    if name == "mosi":
        model, table = mosi(mosi_views)
        return model, table, table["label"].to_numpy(), table["video_id"].to_numpy()
    table = plain_table(Path(os.environ["HYBRIDSENT_DATA"]) / name)
    labels = table["label"].to_numpy(dtype=object)
    return make_fusion(text=True, image=True), table, labels, near_duplicates(table["text"])


def matrix(
    name: str, mosi_views: Sequence[str] = MOSI_VIEWS
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Give the features, labels and groups; encoders are frozen, so nothing leaks."""
    model, table, y, groups = corpus(name, mosi_views)
    return model["features"].fit_transform(table), y, groups


def alone(X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    """Score each view alone on the same folds, by the default classifier."""
    rows = {}
    for view in dict.fromkeys(str(column).partition("__")[0] for column in X):
        with threadpool_limits(1):
            folds = cross_val_score(
                make_fusion(features=[view]), X, y, groups=groups, cv=CV, error_score="raise"
            ).tolist()
        rows[f"{view} alone"] = {"accuracy": summarise(folds, 0.25).mean, "folds": folds}
        print(f"| {view} alone | {shown(summarise(folds, 0.25))} | |", flush=True)
    return rows


# -- all strategies


def strategies(name: str, mosi_views: Sequence[str]) -> dict[str, Any]:
    model, table, y, groups = corpus(name, mosi_views)
    store = FeatureStore(os.environ.get("HYBRIDSENT_BENCH_STORE") or Path("bench-store").resolve())
    for parameter in [each for each in model.get_params() if each.endswith("__store")]:
        model.set_params(**{parameter: store})
    began = time.perf_counter()
    grid = GridSearchCV(model, FUSION_GRID, cv=CV, refit=False, n_jobs=1)
    with threadpool_limits(1):
        grid.fit(table, y, groups=groups)
    total = time.perf_counter() - began
    found = grid.cv_results_
    views = f" ({', '.join(mosi_views)})" if name == "mosi" else ""
    print(f"\n| {name}{views} | accuracy | seconds a fit |\n|---|---|---|")
    rows = alone(model["features"].fit_transform(table), y, groups)
    for i, label in enumerate(FUSION_CANDIDATES):
        folds = [float(found[f"split{f}_test_score"][i]) for f in range(5)]
        score = summarise(folds, 0.25)
        rows[label] = {
            "accuracy": score.mean,
            "folds": folds,
            "seconds": float(found["mean_fit_time"][i]),
        }
        print(f"| {label} | {shown(score)} | {found['mean_fit_time'][i]:.1f} |", flush=True)
    told = {"rows": rows, "seconds": total}
    if name == "mvsa":
        pictures = {hash(Path(path).read_bytes()) for path in table["image"].dropna()}
        distinct = int(table["text"].dropna().nunique()) + len(pictures)
        told |= {"encoded": sum(file.encoded for file in store.info()), "cells": distinct}
        print(
            f"\n{told['encoded']} cells encoded, {distinct} distinct ones in the table; {total:.0f} s"
        )
    return told


def shown(score: Score) -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


# -- nested selection


def nested(name: str, mosi_views: Sequence[str], recipes: list[str]) -> dict[str, Any]:
    X, y, groups = matrix(name, mosi_views)
    names = recipes or [name for name in list_recipes() if name != "cross-modal"]
    views = sorted({column.partition("__")[0] for column in X})
    chosen = {}
    for each in names:
        recipe = load_recipe(each)
        pipeline = recipe.build(features=views)
        chosen[each] = (pipeline, recipe.grid_for(pipeline))
    result = search(chosen, X, y, groups=groups, cv=5, inner_cv=3)
    print(f"\n{name}\n\n{result}")
    return dict(result.to_dict())


# -- missing modalities


def remove(X: pd.DataFrame, view: str, rate: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = X.copy()
    rows = rng.random(len(X)) < rate
    X.loc[rows, [column for column in X if column.startswith(f"{view}__")]] = np.nan
    return X


def routed(singles: dict[str, Any], order: list[str], X: pd.DataFrame) -> np.ndarray:
    """Judge each row by the best single modality that it has, in an order from best to worst."""
    out = np.empty(len(X), dtype=object)
    open_rows = np.ones(len(X), dtype=bool)
    for view in order:
        columns = [column for column in X if column.startswith(f"{view}__")]
        rows = open_rows & X[columns].notna().all(axis=1).to_numpy()
        if rows.any():
            out[rows] = singles[view].predict(X.loc[rows, columns])
        open_rows &= ~rows
    return out


def missing_fold(
    model: Any,
    X: pd.DataFrame,
    y: np.ndarray,
    train: Any,
    test: Any,
    view: str,
    rate: float,
    both: bool,
) -> tuple[float, float]:
    order = ["text", "image"]
    seen = remove(X.iloc[train], view, rate if both else 0.0, 1)
    unseen = remove(X.iloc[test], view, rate, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = clone(model).fit(seen, y[train])
        singles = {}
        for each in order:
            part = seen[[column for column in X if column.startswith(f"{each}__")]]
            have = part.notna().all(axis=1).to_numpy()
            alone = make_fusion(features=[each])
            singles[each] = alone.fit(part[have], y[train][have])
        single = np.mean(routed(singles, order, unseen) == y[test])
        return float(np.mean(fitted.predict(unseen) == y[test])), float(single)


def missing(hows: list[str]) -> dict[str, Any]:
    X, y, groups = matrix("mvsa")
    splits = list(CV.split(X, y, groups))
    told: dict[str, Any] = {}
    worst: dict[str, float] = {}
    for how in hows:
        model = make_fusion(how, features=["text", "image"])
        print(
            f"\n| {how}: fusion (best single present) | "
            + " | ".join(f"{r:.0%}" for r in RATES)
            + " |"
        )
        print("|---|" + "---|" * len(RATES), flush=True)
        for view in ("image", "text"):
            for both in (False, True):
                cells = []
                for rate in RATES:
                    with threadpool_limits(1):
                        tasks = (
                            delayed(missing_fold)(model, X, y, train, test, view, rate, both)
                            for train, test in splits
                        )
                        pairs = Parallel(n_jobs=2, prefer="threads")(tasks)
                    fused, single = np.mean(pairs, axis=0)
                    cells.append(f"{fused:.3f} ({single:.3f})")
                    worst[how] = min(worst.get(how, 1.0), float(fused - single))
                    told.setdefault(how, {})[f"{view} {'both' if both else 'test'} {rate}"] = [
                        fused,
                        single,
                    ]
                where = "training and test" if both else "test"
                print(f"| {view}s removed at {where} | " + " | ".join(cells) + " |", flush=True)
        print(
            f"\n{how}: least margin over the best single modality present: {worst[how]:+.3f}",
            flush=True,
        )
    return {"curves": told, "worst": worst}


# -- across modalities


def cross() -> dict[str, Any]:
    X, y, groups = matrix("mvsa")
    recipe = load_recipe("cross-modal")
    told = {}
    print(
        "\n| labels | test rows | balanced accuracy | accuracy | same labels, other modality seen |"
    )
    print("|---|---|---|---|---|")
    for source, target in (("text", "image"), ("image", "text")):
        scores, plain, ceiling = [], [], []
        of = {v: [column for column in X if column.startswith(f"{v}__")] for v in (source, target)}
        for train, test in CV.split(X, y, groups):
            half = np.random.default_rng(0).random(len(train)) < 0.5
            seen = X.iloc[train].copy()
            seen.loc[half, of[target]] = np.nan  # these rows have labels, and no target modality
            labels = np.where(half, y[train], -1).astype(object)  # the others are pairs without
            unseen = X.iloc[test].copy()
            unseen[of[source]] = np.nan
            with threadpool_limits(1):
                model = recipe.build(features=["text", "image"]).fit(seen, labels)
                guesses = model.predict(unseen)
                direct = make_fusion(features=[target], class_weight="balanced")
                direct.fit(X.iloc[train[half]][of[target]], y[train[half]])
            scores.append(balanced_accuracy_score(y[test], guesses))
            plain.append(float(np.mean(guesses == y[test])))
            ceiling.append(balanced_accuracy_score(y[test], direct.predict(unseen[of[target]])))
        score = summarise(scores, 0.25)
        told[f"{source} to {target}"] = {"folds": scores, "accuracy": plain, "supervised": ceiling}
        print(
            f"| {source} | {target} only | {shown(score)} | {np.mean(plain):.3f} | {np.mean(ceiling):.3f} |",
            flush=True,
        )
    print(f"\nThe majority class has a balanced accuracy of {1 / len(np.unique(y)):.3f}.")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("parts", nargs="*", default=["strategies", "nested", "missing", "cross"])
    parser.add_argument("--corpus", nargs="*", choices=["mvsa", "mosi"], default=["mvsa", "mosi"])
    parser.add_argument("--mosi-views", nargs="+", choices=EVERY_MOSI_VIEW, default=MOSI_VIEWS)
    parser.add_argument("--recipe", nargs="*", default=[])
    parser.add_argument("--how", nargs="*", default=["early", "align", "late", "stack"])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    told: dict[str, Any] = {}
    for part in arguments.parts:
        if part in ("strategies", "nested"):
            for name in arguments.corpus:
                if part == "nested":
                    told[f"{part} {name}"] = nested(name, arguments.mosi_views, arguments.recipe)
                else:
                    told[f"{part} {name}"] = strategies(name, arguments.mosi_views)
        elif part == "missing":
            told[part] = missing(arguments.how)
        else:
            told[part] = cross()
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=2, default=float), encoding="utf-8")


if __name__ == "__main__":
    main()
