"""False scores beside true ones, on public corpora: the tables of docs/pitfalls.md.

    HYBRIDSENT_DATA=/folder python benchmarks/pitfalls.py [speakers twins chosen tiny skewed order shortcut zero held-out
        before-folds overlap binned …]

Each part makes one mistake that is made in papers, then does it right, with the same model on the same rows. Features
come from the store, so that a part takes seconds; `before-folds` and `chosen` also shuffle the labels, where every score
above chance is false.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _corpora import own_table
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from hybridsent import make_fusion
from hybridsent.datasets import add_context
from hybridsent.evaluation import evaluate, near_duplicates
from hybridsent.evaluation.metrics import acc2_has0, acc2_non0, f1_has0, f1_non0

POLARITY = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
CANDIDATES = 100


def corpus(name: str) -> pd.DataFrame:
    folder = Path(os.environ["HYBRIDSENT_DATA"]) / name
    if name == "mosi":
        return pd.read_parquet(folder / "features.parquet")
    return own_table(folder)


def judged(model: Any, table: pd.DataFrame, y: Any, **settings: Any) -> Any:
    """Judge without what is of no concern here: the notes of the guard, and baselines."""
    return evaluate(model, table, y, check=False, baselines=False, n_jobs=2, **settings)


def twins_of(table: pd.DataFrame) -> np.ndarray:
    """Give posts of nearly the same text one number."""
    return near_duplicates(table, {"text": "text"})


def row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")


def head(*cells: str) -> None:
    print()
    row(*cells)
    row(*["---"] * len(cells))


# -- folds that share what they should not


def speakers() -> None:
    """The same voices on both sides of the folds (emodb)."""
    table = corpus("emodb")
    head("emodb, UAR", "random folds", "folds by speaker")
    for name in ("egemaps-v02", "compare-2016"):
        model = make_fusion(audio=f"audio/{name}")
        scores = [
            judged(model, table, "label", groups=groups, n_seeds=3, scoring=["UAR"])
            for groups in (None, "speaker")
        ]
        row(f"`audio/{name}`", *(each.models["fusion"]["UAR"] for each in scores))


def twins() -> None:
    """Nearly the same text on both sides (mvsa)."""
    table = corpus("mvsa")
    codes = twins_of(table)
    twin = np.bincount(codes)[codes] > 1
    head("mvsa, accuracy", "random folds", "twins together")
    for name, classifier in (
        ("the default classifier", "logreg"),
        ("the nearest neighbour", KNeighborsClassifier(1)),
    ):
        model = make_fusion(text=True, classifier=classifier)
        rights = []
        for groups in (None, codes):
            result = judged(model, table, "label", groups=groups, scoring=["accuracy"])
            frame = result.predictions.query("model == 'fusion'").sort_values("row")
            rights.append((frame["truth"] == frame["prediction"]).to_numpy())
        row(f"{name}, all rows", *(f"{each.mean():.3f}" for each in rights))
        row(
            f"{name}, the {twin.sum()} that have a twin",
            *(f"{each[twin].mean():.3f}" for each in rights),
        )


def order() -> None:
    """Neighbours in a file that is sorted by label (mosi)."""
    table = corpus("mosi").assign(place=lambda each: np.arange(len(each)), file="one")
    head("mosi, 5 folds by video, accuracy", "transcripts", "voice")
    by_row: dict[str, Any] = {"group": "file", "order": "place"}
    by_turn: dict[str, Any] = {"group": "video_id", "order": "turn"}
    for name, where in (("alone", None), ("neighbours by row", by_row), ("by turn", by_turn)):
        found = []
        for column, make in (
            ("transcript", lambda views: make_fusion(views=dict.fromkeys(views, "text"))),
            ("audio", lambda views: make_fusion(features=views)),
        ):
            views, each = [column], table
            if where:
                each = add_context(table, column, before=2, after=2, **where)
                views.append(f"{column}_context")
            result = judged(make(views), each, "label", groups="video_id", scoring=["accuracy"])
            found.append(result.models["fusion"]["accuracy"])
        row(name, *found)


def supervised() -> None:
    """Features that were trained on the labels of these rows (mosi)."""
    table = corpus("mosi")
    head("mosi, 5 folds by video", "accuracy")
    for name, model in (
        ("text features that the authors trained on these rows", make_fusion(features=["text"])),
        ("their features of faces", make_fusion(features=["video"])),
        ("their features of voices", make_fusion(features=["audio"])),
        ("transcripts, frozen encoder", make_fusion(views={"transcript": "text"})),
    ):
        result = judged(model, table, "label", groups="video_id", scoring=["accuracy"])
        row(name, result.models["fusion"]["accuracy"])


def shortcut() -> None:
    """Who speaks tells the label (mustard)."""
    table = corpus("mustard")
    head("mustard, weighted F1", "random folds", "folds by speaker")
    who = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    text = make_fusion(text=True)
    both = make_fusion(text=True, meta=["speaker"])
    for name, model, X in (
        ("speaker alone, no word read", who, table[["speaker"]]),
        ("text", text, table),
        ("text and speaker", both, table),
    ):
        y = table["label"].to_numpy()
        group = table["speaker"].to_numpy()
        found = [
            judged(model, X, y, groups=groups, n_seeds=3, scoring=["weighted_f1"])
            for groups in (None, group)
        ]
        row(name, *(each.models["fusion"]["weighted_f1"] for each in found))


# -- choosing by the score that is reported


def shuffled(y: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(y)


def chosen() -> None:
    """The best of a hundred models, by the score that is reported (emodb, eGeMAPS)."""
    table = corpus("emodb")
    X = make_fusion(audio="audio/egemaps-v02")[0].fit_transform(table).to_numpy()
    group, label = table["speaker"].to_numpy(), table["label"].to_numpy()
    head(
        "emodb, UAR by speaker",
        "best of 100, its own score",
        "the same, chosen in inner folds",
        "mean of 100",
    )
    for name, y in (("labels", label), ("shuffled labels", shuffled(label, 0))):
        outer = list(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(X, y, group))
        columns = [
            np.random.default_rng(i).choice(X.shape[1], 20, replace=False)
            for i in range(CANDIDATES)
        ]

        def score(cols: np.ndarray, rows: np.ndarray, folds: list[Any], y: np.ndarray = y) -> float:
            model = make_pipeline(StandardScaler(), RidgeClassifier(10.0))
            said = cross_val_predict(model, X[np.ix_(rows, cols)], y[rows], cv=folds)
            return float(balanced_accuracy_score(y[rows], said))

        every = np.arange(len(y))
        own = [score(cols, every, outer) for cols in columns]
        said = np.empty(len(y), dtype=object)
        for train, test in outer:
            folds = list(
                StratifiedGroupKFold(5, shuffle=True, random_state=1).split(
                    train, y[train], group[train]
                )
            )
            best = columns[int(np.argmax([score(cols, train, folds) for cols in columns]))]
            model = make_pipeline(StandardScaler(), RidgeClassifier(10.0))
            said[test] = model.fit(X[np.ix_(train, best)], y[train]).predict(X[np.ix_(test, best)])
        nested = balanced_accuracy_score(y.astype(object), said)
        row(name, f"{max(own):.3f}", f"{nested:.3f}", f"{np.mean(own):.3f}")


def held_out() -> None:
    """A held-out split that is scored again and again (meld, dev)."""
    table = corpus("meld")
    X = make_fusion(text=True)[0].fit_transform(table).to_numpy()
    y = table["emotion"].to_numpy()
    train = np.flatnonzero(table["split"] == "train")
    dev = np.flatnonzero(table["split"] == "dev")
    group = table["dialogue"].to_numpy()[dev]
    rng = np.random.default_rng(0)
    right = []
    for _ in range(CANDIDATES):  # a training set of a thousand rows, drawn anew
        rows = rng.choice(train, 1000, replace=False)
        model = make_pipeline(StandardScaler(), RidgeClassifier(300.0))
        right.append(model.fit(X[rows], y[rows]).predict(X[dev]) == y[dev])
    scores = np.array(right, dtype=float)
    names = np.unique(group)
    seen, unseen = [], []
    for _ in range(200):
        half = np.isin(group, rng.choice(names, len(names) // 2, replace=False))
        best = int(np.argmax(scores[:, half].mean(axis=1)))
        seen.append(scores[best, half].mean())
        unseen.append(scores[best, ~half].mean())
    head("meld, half of dev, accuracy", "")
    row("one draw of the 100, on average", f"{scores.mean():.3f}")
    row("the best of 100 on the half that chose it", f"{np.mean(seen):.3f}")
    row("the same on the half that nobody has looked at", f"{np.mean(unseen):.3f}")


def before_folds() -> None:
    """Features that were selected before the folds (emodb, ComParE)."""
    table = corpus("emodb")
    X = make_fusion(audio="audio/compare-2016")[0].fit_transform(table).to_numpy()
    group, label = table["speaker"].to_numpy(), table["label"].to_numpy()
    cv = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    head("emodb, UAR by speaker", "scaled and selected before the folds", "inside the folds")
    for name, y in (("labels", label), ("shuffled labels", shuffled(label, 0))):
        select = make_pipeline(VarianceThreshold(), StandardScaler(), SelectKBest(f_classif, k=100))
        head_ = LogisticRegression(max_iter=2000)
        wrong = cross_val_predict(head_, select.fit_transform(X, y), y, cv=cv, groups=group)
        right = cross_val_predict(make_pipeline(select, head_), X, y, cv=cv, groups=group)
        row(name, *(f"{balanced_accuracy_score(y, said):.3f}" for said in (wrong, right)))
    y = label
    scaled = cross_val_predict(head_, StandardScaler().fit_transform(X), y, cv=cv, groups=group)
    inside = cross_val_predict(make_pipeline(StandardScaler(), head_), X, y, cv=cv, groups=group)
    row("scaling alone", *(f"{balanced_accuracy_score(y, said):.3f}" for said in (scaled, inside)))


# -- what the number means


def tiny() -> None:
    """Macro F1 as the mean over small folds, and of all answers at once."""
    table = corpus("mustard").assign(label=lambda each: each["label"].astype(str))
    head("macro F1, one speaker a fold", "mean over folds", "of all answers")
    emodb = corpus("emodb")
    for name, each, view in (
        ("emodb, 10 speakers", emodb, {"audio": "audio/egemaps-v02"}),
        ("mustard, speakers of 3 rows and more", _frequent(table, 3), {"text": True}),
    ):
        n = each["speaker"].nunique()
        from sklearn.model_selection import LeaveOneGroupOut

        result = judged(
            make_fusion(**view),
            each,
            "label",
            groups="speaker",
            cv=LeaveOneGroupOut(),
            scoring=["f1_macro", "accuracy"],
        )
        score = result.models["fusion"]["f1_macro"]
        row(f"{name} ({n} folds)", f"{score.mean:.3f}", f"{score.pooled:.3f}")


def _frequent(table: pd.DataFrame, least: int) -> pd.DataFrame:
    counts = table["speaker"].map(table["speaker"].value_counts())
    return table[counts >= least].reset_index(drop=True)


def skewed() -> None:
    """Accuracy where one class is frequent."""
    head("", "accuracy", "UAR", "macro F1", "weighted F1")
    meld, mvsa = corpus("meld"), corpus("mvsa")
    for name, table, label, model, groups in (
        ("mvsa, image", mvsa, "label", make_fusion(image=True), twins_of(mvsa)),
        ("mvsa, text", mvsa, "label", make_fusion(text=True), twins_of(mvsa)),
        ("meld, emotion, text", meld, "emotion", make_fusion(text=True), "dialogue"),
    ):
        metrics = ["accuracy", "UAR", "f1_macro", "weighted_f1"]
        result = judged(model, table, label, groups=groups, scoring=metrics)
        for which, word in (("fusion", name), ("dummy", name.partition(",")[0] + ", dummy")):
            row(word, *(f"{result.models[which][metric].value:.3f}" for metric in metrics))


def polarity(table: pd.DataFrame) -> pd.Series:
    """Mean of the labels of the text and of the image: -1, -0.5, 0, 0.5, 1."""
    return (table["text_label"].map(POLARITY) + table["image_label"].map(POLARITY)) / 2


def zero() -> None:
    """The same answers, with and without rows whose truth is 0 (mvsa, polarity)."""
    y, said = _polarities()
    head("mvsa, polarity -1 … 1, one model", "Acc-2", "F1")
    row("has0", f"{acc2_has0(y, said):.3f}", f"{f1_has0(y, said):.3f}")
    row("non0", f"{acc2_non0(y, said):.3f}", f"{f1_non0(y, said):.3f}")
    nothing = np.full(len(y), y.mean())
    row("has0, dummy", f"{acc2_has0(y, nothing):.3f}", f"{f1_has0(y, nothing):.3f}")
    row("non0, dummy", f"{acc2_non0(y, nothing):.3f}", f"{f1_non0(y, nothing):.3f}")
    print(f"rows with 0: {(y == 0).sum()} of {len(y)}")


def _polarities() -> tuple[np.ndarray, np.ndarray]:
    table = corpus("mvsa")
    table["polarity"] = polarity(table)
    model = make_fusion(text=True, image=True, task="regression")
    result = judged(model, table, "polarity", groups=twins_of(table))
    print(result)
    frame = result.predictions.query("model == 'fusion'").sort_values("row")
    return frame["truth"].to_numpy(float), frame["prediction"].to_numpy(float)


def overlap() -> None:
    """Intervals that overlap, of two models that differ (mvsa)."""
    table = corpus("mvsa")
    groups = twins_of(table)
    result = judged(
        make_fusion(text=True, image=True),
        table,
        "label",
        groups=groups,
        scoring=["accuracy"],
    )
    print(result)


def binned() -> None:
    """Numbers that are made classes, the doubtful ones left out (mvsa, polarity)."""
    table = corpus("mvsa")
    table["polarity"] = polarity(table)
    groups = twins_of(table)
    head("mvsa, polarity, text", "rows", "accuracy", "UAR")
    for name, edges in (
        ("signs, 0 left out", "sign"),
        ("-1 against 1", "ends"),
        ("all rows, three classes", "three"),
    ):
        value = table["polarity"]
        keep = {"sign": value != 0, "ends": value.abs() == 1}.get(edges, value == value)
        each = table[keep].reset_index(drop=True)
        each["class"] = np.sign(each["polarity"]).astype(str)
        result = judged(
            make_fusion(text=True),
            each,
            "class",
            groups=groups[keep],
            scoring=["accuracy", "UAR"],
        )
        row(
            name,
            len(each),
            *(
                f"{result.models['fusion'][metric].value:.3f} (dummy {result.models['dummy'][metric].value:.3f})"
                for metric in ("accuracy", "UAR")
            ),
        )


PARTS: dict[str, Callable[[], None]] = {
    "speakers": speakers,
    "twins": twins,
    "chosen": chosen,
    "order": order,
    "supervised": supervised,
    "shortcut": shortcut,
    "tiny": tiny,
    "skewed": skewed,
    "zero": zero,
    "held-out": held_out,
    "before-folds": before_folds,
    "overlap": overlap,
    "binned": binned,
}

if __name__ == "__main__":
    import time

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    for part in parser.parse_args().parts:
        start = time.perf_counter()
        PARTS[part]()
        print(f"\n{part}: {time.perf_counter() - start:.0f} s", flush=True)
