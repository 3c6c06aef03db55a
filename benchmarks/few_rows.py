"""What few labels cost the default: how columns are scaled, and how the penalty is chosen, on public corpora.

    HYBRIDSENT_DATA=/folder python benchmarks/few_rows.py [--corpus sst2 mvsa] [--seeds 10]

Rows, draws and vectors are those of `low_label.py`; only heads are fitted. Each way stands with its gain over the first
in points, with the half width of the 95 % interval of the paired difference (Student's t), the geometric mean of C, and
the log-loss of the rows that judge. Scaling:

* `own deviations`: each column is divided by its own standard deviation, `ViewScaler(shrink=False)`;
* `drawn together`: the default, `ViewScaler()`.

The penalty, behind the default scaling:

* `log-loss`: the default of `TunedLinearClassifier`;
* `C=1`: none is chosen;
* `tempered`: the smallest log-loss of held-out rows after their scores were multiplied by the best common factor, with
  Platt's targets, (n + 1) / (n + k) for a class of n rows of k classes; the model's scores are multiplied by it, too;
* `tempered, 1 se`: the strongest penalty within a standard error of the paired difference to that.
"""

from __future__ import annotations

import argparse
import os
import warnings
from typing import Any

import numpy as np
from _low_label_data import SCORES, Corpus, Draw, corpus
from _low_label_features import features
from low_label import interval, scores
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from hybridsent._folds import inner_folds
from hybridsent.heads import TunedLinearClassifier
from hybridsent.missing import ViewImputer
from hybridsent.scaling import ViewScaler

CORPORA = ("sst2", "tweeteval_emotion", "mvsa", "emodb")
COUNTS = (8, 16, 32, 64)
FACTORS = (-4.0, 8.0)  # logarithms between which the common factor is looked for
Found = tuple[float, float, float]  # score, C, log-loss


def log_odds(model: TunedLinearClassifier, X: Any) -> np.ndarray:
    raw = model.decision_function(X)
    return np.column_stack([np.zeros_like(raw), raw]) if raw.ndim == 1 else np.asarray(raw)


def losses(raw: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.asarray(-(truth * log_softmax(raw, axis=1)).sum(axis=1))


def best_factor(raw: np.ndarray, codes: np.ndarray) -> tuple[float, np.ndarray]:
    """Give the factor of held-out scores with the smallest loss, and the losses under it."""
    n, k = np.bincount(codes, minlength=raw.shape[1])[codes], raw.shape[1]
    truth = np.repeat((1 / (n + k))[:, None], k, axis=1)
    truth[np.arange(len(codes)), codes] = (n + 1) / (n + k)
    best = minimize_scalar(
        lambda log: losses(raw * np.exp(log), truth).mean(), bounds=FACTORS, method="bounded"
    )
    factor = float(np.exp(best.x))
    return factor, losses(raw * factor, truth)


def tempered(X: Any, y: np.ndarray, groups: Any) -> dict[str, tuple[float, float]]:
    """Choose C and the factor by rows that were held out."""
    codes = np.unique(y, return_inverse=True)[1]
    splits = inner_folds(codes, 3, groups, random_state=0)
    judged = np.concatenate([test for _, test in splits])
    grid = TunedLinearClassifier().Cs
    told = []
    for C in grid:
        held = [
            log_odds(TunedLinearClassifier(Cs=[C]).fit(X.iloc[train], y[train]), X.iloc[test])
            for train, test in splits
        ]
        told.append(best_factor(np.concatenate(held), codes[judged]))
    table = np.array([each for _, each in told])
    means = table.mean(axis=1)
    best = int(means.argmin())
    errors = (table - table[best]).std(axis=1, ddof=1) / np.sqrt(len(judged))
    near = int(np.flatnonzero(means - means[best] <= errors)[0])
    return {
        "tempered": (grid[best], told[best][0]),
        "tempered, 1 se": (grid[near], told[near][0]),
    }


def ways(given: Corpus, drawn: Draw) -> dict[str, Found]:
    X, y = features(given, "default"), given.y
    groups = None if given.groups is None else given.groups[drawn.few]
    codes = np.unique(y, return_inverse=True)[1][drawn.judged]

    def prepared(shrink: bool) -> list[Any]:
        scaler = ViewScaler(shrink=shrink).set_output(transform="pandas")
        imputer = ViewImputer().set_output(transform="pandas")
        few = imputer.fit_transform(scaler.fit_transform(X.iloc[drawn.few]))
        return [few, imputer.transform(scaler.transform(X.iloc[drawn.judged]))]

    def judge(few: Any, judged: Any, factor: float = 1.0, **options: Any) -> Found:
        model = TunedLinearClassifier(**options).fit(few, y[drawn.few], groups=groups)
        raw = factor * log_odds(model, judged)
        score = scores(y[drawn.judged], model.classes_[raw.argmax(axis=1)])[SCORES[given.name]]
        return score, model.C_, float(losses(raw, np.eye(raw.shape[1])[codes]).mean())

    few, judged = prepared(True)
    found = {
        "own deviations, log-loss": judge(*prepared(False)),
        "drawn together, log-loss": judge(few, judged),
        "drawn together, C=1": judge(few, judged, Cs=[1.0]),
    }
    for name, (C, factor) in tempered(few, y[drawn.few], groups).items():
        found[f"drawn together, {name}"] = judge(few, judged, factor, Cs=[C])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", nargs="+", default=list(CORPORA), choices=list(CORPORA))
    parser.add_argument("--labels", nargs="+", type=int, default=list(COUNTS))
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    if "HYBRIDSENT_DATA" not in os.environ:
        parser.error("HYBRIDSENT_DATA names the folder of the corpora")
    warnings.simplefilter("ignore")
    print("| corpus | labels | way | score | gain | C | log-loss |\n|---|---|---|---|---|---|---|")
    for name in options.corpus:
        given = corpus(name)
        for n_labels in options.labels:
            draws = [given.draw(n_labels, seed) for seed in range(options.seeds)]
            if any(drawn is None for drawn in draws):
                continue
            found = [ways(given, drawn) for drawn in draws if drawn is not None]
            first = np.array([next(iter(each.values()))[0] for each in found])
            for way in found[0]:
                score, C, loss = np.array([each[way] for each in found]).T
                gain = 100 * (score - first)
                print(
                    f"| {name} | {n_labels} | {way} | {100 * score.mean():.1f} "
                    f"| {gain.mean():+.1f} ± {interval(gain):.1f} "
                    f"| {np.exp(np.log(C).mean()):.3g} | {loss.mean():.3f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
