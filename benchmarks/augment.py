"""What changed copies of training rows bring: the tables of docs/augment.md.

    HYBRIDSENT_DATA=/folder python benchmarks/augment.py cells sst2 [--policies swap delete+swap] [--draws N]
    HYBRIDSENT_DATA=/folder python benchmarks/augment.py features
    HYBRIDSENT_DATA=/folder python benchmarks/augment.py missing

``cells`` draws few rows with a label, and fits the head of `make_fusion` on them with and without
copies (the named peer), which the same frozen encoder read; both are judged on the same rows.
Intervals are twice the standard error of the paired differences over draws. Draws share rows that
judge, so that they say nothing of other corpora. A policy is names of changes joined by ``+``, with
``:strength`` where it is not the usual one, or ``default``; ``*full`` behind it weighs copies as
rows, ``*1`` makes one copy. ``features`` compares what adds rows of features, on MVSA, by
`label_curve`; ``missing`` asks for modality dropout where test rows lack views.
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
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline

from hybridsent import make_features, make_fusion
from hybridsent.augment import FeatureMixup, FeatureNoise, ViewDropout, augment_table
from hybridsent.evaluation import label_curve, missing_curve

VIEWS = {"sst2": "text", "tweeteval_emotion": "text", "emodb": "audio", "fer2013": "image"}
SPEAKERS_JUDGED = 3
MOST_JUDGED = 1500
PEER = "no copies"


def read(name: str) -> pd.DataFrame:
    """The rows of a corpus, in an order that tells nothing."""
    folder = Path(os.environ["HYBRIDSENT_DATA"])
    table = own_table(folder / ("text" if VIEWS.get(name) == "text" else name))
    if VIEWS.get(name) == "text":
        table = table[table["task"] == name]
    return table.sample(frac=1, random_state=0).reset_index(drop=True)


def policy_of(told: str) -> tuple[Any, int, bool]:
    """Read a policy of the command line: changes, copies, whether each weighs as its row."""
    names, *more = told.split("*")
    changes: Any = "default"
    if names != "default":
        pairs = [each.partition(":")[::2] for each in names.split("+")]
        changes = {change: float(strength) if strength else None for change, strength in pairs}
    copies = next((int(each) for each in more if each.isdigit()), 2)
    return changes, copies, "full" in more


def cells(name: str, policies: list[str], sizes: list[int], draws: int, model: str | None) -> None:
    """Print what copies of cells bring."""
    start = time.perf_counter()
    table, view = read(name), VIEWS[name]
    y = table["label"].astype(str).to_numpy()
    speakers = table["speaker"].to_numpy() if "speaker" in table else None
    pool, judged = _parts(y, speakers, max(sizes))
    encode = make_features(**{view: model or True})
    features = encode.fit_transform(table[[view]].iloc[np.union1d(pool, judged)])
    features = features.set_axis(np.union1d(pool, judged))
    copied = {}
    for told in policies:
        changes, n_copies, _ = policy_of(told)
        more = augment_table(
            table[[view]].iloc[pool], [view], n_copies=n_copies, policy={view: changes}
        )
        found = encode.transform(more).to_numpy()
        copied[told] = found.reshape(n_copies, len(pool), -1)
    print(f"\n{name}: {draws} draws, {time.perf_counter() - start:.0f} s of encoding\n")
    print(f"| macro F1 | {' | '.join(f'{n} a class' for n in sizes)} |")
    print("|---|" + "---|" * len(sizes))
    scores: dict[str, list[np.ndarray]] = {told: [] for told in [PEER, *policies]}
    for size in sizes:
        seen: dict[str, list[float]] = {told: [] for told in scores}
        for seed in range(draws):
            rng = np.random.default_rng(seed)
            learn, test = pool, judged
            if speakers is not None:
                apart = rng.permutation(np.unique(speakers))[:SPEAKERS_JUDGED]
                learn, test = pool[~np.isin(speakers, apart)], pool[np.isin(speakers, apart)]
            rows = np.concatenate(
                [rng.permutation(learn[y[learn] == c])[:size] for c in np.unique(y)]
            )
            for told in scores:
                fitted = _fitted(told, features, copied, pool, rows, y, speakers)
                said = fitted.predict(features.loc[test])
                seen[told].append(f1_score(y[test], said, average="macro"))
        for told in scores:
            scores[told].append(np.array(seen[told]))
    for told, of_sizes in scores.items():
        written = []
        for one, peer in zip(of_sizes, scores[PEER], strict=True):
            gain = one - peer
            error = 2 * gain.std(ddof=1) / draws**0.5
            mean = gain.mean()
            between = f"{mean:+.3f} [{mean - error:z.3f}, {mean + error:z.3f}]"
            written.append(f"{one.mean():.3f}" if told == PEER else between)
        print(f"| {told} | {' | '.join(written)} |")


def _parts(y: np.ndarray, speakers: Any, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that may be learned from, and rows that judge; of speakers each draw tells."""
    if speakers is not None:
        return np.arange(len(y)), np.arange(len(y))
    pool = np.sort(np.concatenate([np.flatnonzero(y == c)[: 2 * most] for c in np.unique(y)]))
    return pool, np.setdiff1d(np.arange(len(y)), pool)[:MOST_JUDGED]


def _fitted(
    told: str,
    features: pd.DataFrame,
    copied: dict[str, np.ndarray],
    pool: np.ndarray,
    rows: np.ndarray,
    y: np.ndarray,
    speakers: Any,
) -> Any:
    """Fit the head on rows and their copies, which weigh and are kept together as one."""
    more = copied.get(told, np.empty((0, len(pool), features.shape[1])))
    n = 1 + len(more)
    places = np.searchsorted(pool, rows)
    X = np.concatenate([features.loc[rows].to_numpy(), *more[:, places]])
    full = told != PEER and policy_of(told)[2]
    groups = np.arange(len(rows)) if speakers is None else speakers[rows]
    return make_fusion(features="passthrough").fit(
        pd.DataFrame(X, columns=features.columns),
        np.tile(y[rows], n),
        classify__sample_weight=None if full or n == 1 else np.full(len(X), 1 / n),
        classify__groups=np.tile(groups, n),
    )


def _around(wrap: Any = None, **given: Any) -> Pipeline:
    """Put something around all of a fusion but its encoders."""
    first, *rest = make_fusion(text=True, image=True).steps
    last = Pipeline(rest)
    return Pipeline([first, ("rest", last if wrap is None else wrap(last, **given))])


def features_on_mvsa() -> None:
    """Print what added rows of features bring, with the intervals of `label_curve`."""
    models = {
        PEER: _around(),
        "FeatureMixup": _around(FeatureMixup),
        "FeatureMixup, alpha=1, 4 copies": _around(FeatureMixup, alpha=1.0, n_copies=4),
        "FeatureNoise": _around(FeatureNoise),
        "ViewDropout": _around(ViewDropout),
    }
    table = read("mvsa")[:1000][["text", "image", "label"]]
    scoring = ["f1_macro", "accuracy"]
    found = label_curve(
        models, table, "label", sizes=(8, 32), cv=3, n_seeds=1, scoring=scoring, n_jobs=1
    )
    print(f"\nmvsa: {found.rows} rows, 3 folds\n\n| macro F1 | 8 a class | 32 |\n|---|---|---|")
    for name, line in {PEER: found.lines[PEER], **found.gains}.items():
        print(f"| {name} | {' | '.join(map(str, line['f1_macro'][:2]))} |")


def missing_on_mvsa() -> None:
    """Print scores where test rows lack a view, with and without modality dropout."""
    models = {PEER: _around(), "ViewDropout": _around(ViewDropout)}
    table = read("mvsa")[:1200][["text", "image", "label"]]
    given = {"rates": (0, 0.5, 0.9), "cv": 4, "scoring": ["f1_macro"], "n_jobs": 1}
    found = missing_curve(models, table, "label", **given)
    print("\n| macro F1, share of test rows without the view | 0 | 0.5 | 0.9 |\n|---|---|---|---|")
    for name, line in found.lines.items():
        print(f"| {name} | {' | '.join(map(str, line['f1_macro']))} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["cells", "features", "missing"])
    parser.add_argument("corpus", nargs="?", default="sst2", choices=list(VIEWS))
    parser.add_argument("--policies", nargs="+", default=["default", "default*1", "default*full"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[8, 32])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--encoder", help="a backbone in place of the default one")
    given = parser.parse_args()
    if given.what == "cells":
        cells(given.corpus, given.policies, given.sizes, given.draws, given.encoder)
    elif given.what == "features":
        features_on_mvsa()
    else:
        missing_on_mvsa()


if __name__ == "__main__":
    main()
