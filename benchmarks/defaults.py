"""The figures behind the defaults of `make_fusion`: each choice against its alternatives, on public corpora.

    HYBRIDSENT_DATA=/folder python benchmarks/defaults.py [--json FILE]

prints the tables of docs/defaults.md. Features come from the store after the first run, so that only heads are fitted.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from _corpora import own_table
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from hybridsent import evaluate, make_fusion

CORPORA = {
    "mvsa": ({"text": True, "image": True}, {"y": "label", "cv": 5}, "accuracy"),
    "emodb": ({"audio": True}, {"y": "label", "groups": "speaker", "cv": 10}, "balanced_accuracy"),
    "meld": ({"text": True}, {"y": "sentiment", "groups": "dialogue", "cv": 5}, "f1_weighted"),
}

VARIANTS = {
    "default": {},
    "no cut at 3 sd": {"scale__clip": None},
    "views not balanced": {"scale__balance": False},
    "deviations not drawn together": {"scale__shrink": False},
    "plain StandardScaler": {
        "scale__clip": None,
        "scale__balance": False,
        "scale__shrink": False,
    },
    "StandardScaler + LogisticRegression(C=0.001)": {
        "scale": StandardScaler().set_output(transform="pandas"),
        "classify": LogisticRegression(C=0.001, max_iter=1000),
    },
    "class_weight=balanced": {"classify__class_weight": "balanced"},
    "reduce=pca": {"reduce": "pca"},
    "classifier=svm": {"classifier": "svm"},
    "classifier=xgboost": {"classifier": "xgboost"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--corpora", nargs="*", default=list(CORPORA))
    arguments = parser.parse_args()
    results: dict[str, dict[str, dict[str, float]]] = {}
    for name in arguments.corpora:
        modalities, how, metric = CORPORA[name]
        table = own_table(Path(os.environ["HYBRIDSENT_DATA"]) / name)
        print(
            f"\n| {name}, {metric} | fusion | best single | pooled | seconds |\n|---|---|---|---|---|"
        )
        for label, changes in VARIANTS.items():
            built = {
                key: value for key, value in changes.items() if key in ("reduce", "classifier")
            }
            model = make_fusion(**modalities, **built)
            model.set_params(**{key: value for key, value in changes.items() if key not in built})
            start = time.perf_counter()
            scores = evaluate(model, table, **how).models
            seconds = time.perf_counter() - start
            single = max(scores[view][metric].mean for view in modalities)
            score = scores["fusion"][metric]
            print(
                f"| {label} | {score.mean:.3f} | {single:.3f} | {score.pooled:.3f} | {seconds:.0f} |",
                flush=True,
            )
            results.setdefault(name, {})[label] = {
                "mean": score.mean,
                "single": single,
                "pooled": score.pooled or 0.0,
            }
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
