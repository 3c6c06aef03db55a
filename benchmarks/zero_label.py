"""Sentiment without a label, and how many labels beat it: ``python -m benchmarks.zero_label``.

Accuracy, mean recall and calibration of `ZeroLabelClassifier` over corpora, with intervals, and by
the side of it a frozen encoder with logistic regression on n labels a class, drawn ten times. What
``hybridsent score`` says of labels that beat it (`LABELS_A_CLASS`) is the median of the corpora.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from _corpora import own_table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridsent import TextEncoder
from hybridsent.weak import ZeroLabelClassifier

DATA = Path(os.environ.get("HYBRIDSENT_DATA", "data"))
COUNTS = (2, 4, 8, 16, 32, 64, 128)
SEEDS = 10
LANGUAGES = ("english", "german", "spanish", "french", "italian", "portuguese", "arabic", "hindi")


def corpora() -> dict[str, tuple[list[str], np.ndarray]]:
    """Texts and labels by the names of the corpora."""
    table = own_table(DATA / "text")
    found = {}
    for task in ("sst2", "cr", "chn_hotel", *(f"umsab_{name}" for name in LANGUAGES)):
        rows = table[table["task"] == task]
        names = ["negative", "positive"]
        if rows["label"].nunique() == 3:
            names = ["negative", "neutral", "positive"]
        found[task] = rows["text"].astype(str).tolist(), np.array(names)[rows["label"]]
    mvsa = own_table(DATA / "mvsa")
    found["mvsa"] = mvsa["text"].astype(str).tolist(), mvsa["text_label"].to_numpy()
    amazon = own_table(DATA / "amazon")[::4]
    found["amazon"] = amazon["text"].tolist(), amazon["label"].to_numpy()
    return found


def calibration_error(probabilities: np.ndarray, right: np.ndarray) -> float:
    """Mean gap between how sure and how right, in ten bins."""
    sure = probabilities.max(axis=1)
    bins = np.minimum((sure * 10).astype(int), 9)
    return float(
        sum(
            np.mean(bins == b) * abs(right[bins == b].mean() - sure[bins == b].mean())
            for b in np.unique(bins)
        )
    )


def zero_label(texts: list[str], y: np.ndarray, n_draws: int = 200) -> tuple[np.ndarray, str]:
    """Predict without a label, and say how well."""
    classes = sorted(set(y))
    model = ZeroLabelClassifier(classes=classes).fit(texts)
    probabilities, said = model.predict_proba(texts), model.predict(texts)
    right = said == y
    rng = np.random.default_rng(0)
    draws = [right[rng.integers(0, len(y), len(y))].mean() for _ in range(n_draws)]
    low, high = np.percentile(draws, [2.5, 97.5])
    told = (
        f"accuracy {right.mean():.3f} [{low:.3f}, {high:.3f}]  "
        f"recall {balanced_accuracy_score(y, said):.3f}  "
        f"calibration error {calibration_error(probabilities, right):.3f}"
    )
    return said, told


def labels_to_beat(
    texts: list[str], y: np.ndarray, said: np.ndarray, model: str, store: str | None
) -> tuple[int | None, str]:
    """Find from how many labels a class on a frozen encoder has the higher mean recall."""
    features = np.asarray(TextEncoder(model, store=store).fit_transform(texts))
    classes = sorted(set(y))
    goal = balanced_accuracy_score(y, said)
    told, first = [], None
    for count in COUNTS:
        scores = []
        for seed in range(SEEDS):
            rng = np.random.default_rng(seed)
            order = rng.permutation(len(y))
            taken = np.concatenate([order[y[order] == label][:count] for label in classes])
            rest = np.setdiff1d(order, taken)[:3000]
            head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
            head.fit(features[taken], y[taken])
            scores.append(balanced_accuracy_score(y[rest], head.predict(features[rest])))
        told.append(f"{count}: {np.mean(scores):.3f} ± {1.96 * np.std(scores) / SEEDS**0.5:.3f}")
        if first is None and np.mean(scores) > goal:
            first = count
    return first, "  ".join(told)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--model", default="text/bge-small-en")
    parser.add_argument("--store", default="default")
    parser.add_argument("--no-labels", action="store_true")
    arguments = parser.parse_args()
    for name, (texts, y) in corpora().items():
        if arguments.only and name not in arguments.only:
            continue
        said, told = zero_label(texts, y)
        print(f"{name:18s} n={len(y)}  {told}", flush=True)
        if not arguments.no_labels:
            first, told = labels_to_beat(texts, y, said, arguments.model, arguments.store)
            print(f"{'':18s} labels a class that beat it: {first}   {told}", flush=True)


if __name__ == "__main__":
    main()
