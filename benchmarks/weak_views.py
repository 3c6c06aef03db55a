"""What a view that says little does to a fusion, and what weighing views by their own worth changes.

    HYBRIDSENT_DATA=/folder python benchmarks/weak_views.py [chn german emotion mvsa] [--rows N]

prints the table of docs/views.md: Chinese hotel reviews, German tweets and English emotions, each as words learned in the fold beside the
English text encoder, and MVSA as text and image. Five stratified folds; features of encoders come from the store after the first run.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from _corpora import own_table

from hybridsent import evaluate, make_fusion

TASKS = {"chn": "chn_hotel", "german": "umsab_german", "emotion": "tweeteval_emotion"}
MODELS = {
    "early": ("early", {}),
    "early, all views alike": ("early", {"classify__view_weights": "equal"}),
    "early, by gain": ("early", {"classify__view_weights": "gain"}),
    "late, mean": ("late", {"classify__combine": "mean"}),
    "late, product": ("late", {}),
    "late, weighted": ("late", {"classify__combine": "weighted"}),
    "stack": ("stack", {}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="*", default=[*TASKS, "mvsa"])
    parser.add_argument("--rows", type=int, help="so many rows of each, drawn at random")
    arguments = parser.parse_args()
    folder = Path(os.environ["HYBRIDSENT_DATA"])
    for name in arguments.corpora or [*TASKS, "mvsa"]:
        table = own_table(folder / ("mvsa" if name == "mvsa" else "text"))
        views, columns = {"text": "text", "image": "image"}, {}
        if name != "mvsa":
            table = table[table["task"] == TASKS[name]].reset_index(drop=True)
            views, columns = {"text": "text", "words": "text/words"}, {"words": "text"}
        if arguments.rows:
            table = table.sample(arguments.rows, random_state=0).reset_index(drop=True)
        print(f"\n| {name}, {len(table)} rows | accuracy |\n|---|---|")
        for label, (how, settings) in MODELS.items():
            model = make_fusion(how, views=views, columns=columns).set_params(**settings)
            scores = evaluate(model, table, table["label"].astype(str), scoring=["accuracy"]).models
            if label == "early":
                for view in views:
                    print(f"| {view} alone | {scores[view]['accuracy'].mean:.3f} |")
            print(f"| {label} | {scores['fusion']['accuracy'].mean:.3f} |", flush=True)


if __name__ == "__main__":
    main()
