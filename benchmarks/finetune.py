"""Fine-tuning against the frozen encoder, with few labels.

    HYBRIDSENT_DATA=/folder python benchmarks/finetune.py [--model text/minilm-l6] [--task sst2 cr] [--labels 64] [--seeds 0 1 2] [--how full] [--loss contrastive]

For each seed so many rows of each class are drawn from the training part of a task; the rest of its rows (the dev part
of sst2) judge. Three ways, with the same labels: frozen vectors and logistic regression, frozen vectors and
`TunedLinearClassifier` (its penalty by cross-validation), and vectors of the encoder that was tuned on these labels, and
logistic regression. Prints the table of docs/finetune.md: accuracy of each, and the seconds of tuning.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from _corpora import plain_texts
from sklearn.linear_model import LogisticRegression

from hybridsent import TextEncoder
from hybridsent.finetune import finetune
from hybridsent.heads import TunedLinearClassifier

WAYS = ("frozen, LR", "frozen, tuned LR", "fine-tuned, LR", "fine-tuned, tuned LR")
MOST_JUDGED = 1000


def draw(task: str, n_labels: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give rows to learn from, and rows that judge."""
    rows = plain_texts(Path(os.environ["HYBRIDSENT_DATA"]) / "text", task)
    pool = rows[rows["split"].isin(["train", "all"])]
    few = pool.groupby("label").sample(n_labels, random_state=seed)
    others = rows[rows["split"].isin(["dev", "val"])]
    if others.empty:
        rest = pool.drop(few.index)
        others = rest.sample(min(MOST_JUDGED, len(rest)), random_state=seed)
    return few, others


def judge(encoder: TextEncoder, few: pd.DataFrame, others: pd.DataFrame) -> list[float]:
    """Give the accuracy of two classifiers on the vectors of an encoder."""
    learned = encoder.fit_transform(few["text"]), few["label"]
    judged = encoder.transform(others["text"]), others["label"]
    heads = LogisticRegression(max_iter=2000), TunedLinearClassifier()
    return [100 * head.fit(*learned).score(*judged) for head in heads]


def run(
    model: str, task: str, n_labels: int, seeds: list[int], how: str, loss: str, device: str
) -> None:
    print(
        f"\n| {model}, {task}, {n_labels} labels a class, {how}, {loss} | {' | '.join(WAYS)} | seconds of tuning |"
    )
    print("|---" * (len(WAYS) + 2) + "|")
    figures = []
    for seed in seeds:
        few, others = draw(task, n_labels, seed)
        frozen = judge(TextEncoder(model, store=None), few, others)
        tuned = finetune(
            model,
            few["text"],
            few["label"],
            how=how,
            loss=loss,
            device=device,
            random_state=seed,
        )
        figures.append([*frozen, *judge(tuned.encoder(store=None), few, others), tuned.seconds])
        told = " | ".join(f"{value:.1f}" for value in figures[-1])
        print(f"| seed {seed} ({tuned.device}, {tuned.precision}) | {told} |", flush=True)
    print(f"| mean | {' | '.join(f'{value:.1f}' for value in np.mean(figures, axis=0))} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=TextEncoder().model, help="the frozen encoder")
    parser.add_argument("--task", nargs="+", default=["sst2"])
    parser.add_argument("--labels", type=int, default=64)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--how", nargs="+", default=["full"])
    parser.add_argument("--loss", nargs="+", default=["contrastive"])
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as networks:
        os.environ["HYBRIDSENT_NETWORKS"] = (
            networks  # conversions of networks that nobody uses again
        )
        for task in options.task:
            for how in options.how:
                for loss in options.loss:
                    run(
                        options.model,
                        *(task, options.labels, options.seeds, how, loss, options.device),
                    )
    print(f"\n{time.perf_counter() - started:.0f} seconds in all")
