"""How often intervals of `compare` hold the difference, and how often it tells models apart that do not differ.

    python benchmarks/compare_coverage.py                 # all designs, 300 tables each: some minutes
    python benchmarks/compare_coverage.py --tables 1000   # a coverage to within 1.4 points

Groups (speakers) that differ, three views of each row whose noise is partly the same, a ridge model of each, five folds that
keep groups together. What the interval should hold is the difference of the scores of two such models, learned from as many
rows, on other groups. First the model of one view against that of two; then, for false positives, the three models of one view
each, which by design are equally good: how many tables have a pair of them that Holm calls different at 0.05.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
from sklearn.linear_model import Ridge, RidgeClassifier

from hybridsent._numerics.multiple import adjusted_p_values
from hybridsent.evaluation import OutOfFold
from hybridsent.evaluation.comparisons._paired import paired_difference
from hybridsent.evaluation.measures._metrics import metrics_of
from hybridsent.evaluation.results._answers import Answers

OF_CLASSES = ("accuracy", "f1_macro", "log_loss")
OF_NUMBERS = ("CCC", "Pearson", "MAE")
MIDDLES = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [-1, -1, 0, 0]])
# groups, rows of each, likeness of the rows of a group (a standard deviation beside 1), seeds
DESIGNS = [
    (5, 20, 0.5, 1),
    (10, 20, 0.5, 1),
    (10, 20, 1.0, 1),
    (10, 20, 0.5, 3),
    (30, 10, 0.5, 1),
    (30, 10, 1.0, 1),
    (200, 1, 0.0, 1),
]


class Soft(RidgeClassifier):
    """A ridge classifier with probabilities."""

    def predict_proba(self, X):
        z = 2 * self.decision_function(X)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)


def draw(rng, groups, each, like, numbers):
    """Three views of each row, whose noise is half the same."""
    group = np.repeat(np.arange(groups), each)
    y = rng.normal(size=len(group)) if numbers else rng.integers(3, size=len(group))
    signal = np.outer(y, [1, 0, 0, 0]) if numbers else 1.2 * MIDDLES[y]

    def noise():
        return rng.normal(size=(len(y), 4)) + like * rng.normal(size=(groups, 4))[group]

    shared = noise()
    return [signal + 0.7 * shared + 0.7 * noise() for _ in range(3)], y, group


def inputs(views):
    return {
        "a": views[0],
        "b": views[1],
        "c": views[2],
        "ab": np.column_stack(views[:2]),
    }


def out_of_fold(rng, views, y, group, seeds, numbers):
    """Answers of all models, by folds that keep groups together."""
    found = []
    for seed in range(seeds):
        fold = rng.permutation(group.max() + 1)[group] % 5
        for k in range(5):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            said = {
                name: (Ridge() if numbers else Soft()).fit(X[train], y[train])
                for name, X in inputs(views).items()
            }
            found.append((seed, k, test, said))
    row = np.concatenate([test for _, _, test, _ in found])
    answers = {}
    for name, X in inputs(views).items():
        labels = np.concatenate([said[name].predict(X[test]) for _, _, test, said in found])
        p = None
        if not numbers:
            p = np.concatenate([said[name].predict_proba(X[test]) for _, _, test, said in found])
        answers[name] = Answers(labels, p)
    return OutOfFold(
        row,
        np.concatenate([np.full(len(test), seed) for seed, _, test, _ in found]),
        np.concatenate([np.full(len(test), k) for _, k, test, _ in found]),
        y[row],
        answers,
        None if numbers else np.unique(y),
        group[row],
        "numbers" if numbers else "classes",
    )


def gathered(design, tables, names, numbers):
    """Gains of two views over one, p-values of the three pairs of equal models, and what is true."""
    groups, each, like, seeds = design
    metrics = [metrics_of(name)[0] for name in names]
    others, other_y, _ = draw(np.random.default_rng(10**6), 1000, 5, like, numbers)
    gains, p_values, truth = [], [], []
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        views, y, group = draw(rng, groups, each, like, numbers)
        kept = out_of_fold(rng, views, y, group, seeds, numbers)
        gains.append([paired_difference(m, kept, "ab", kept, "a") for m in metrics])
        pairs = list(itertools.combinations("abc", 2))
        p_values.append(
            [[paired_difference(m, kept, a, kept, b).p for a, b in pairs] for m in metrics]
        )
        train = group % 5 != 0
        scores = {}
        for name in ("ab", "a"):
            X, Z = inputs(views)[name], inputs(others)[name]
            model = (Ridge() if numbers else Soft()).fit(X[train], y[train])
            scores[name] = np.array([m.scorer(model, Z, other_y) for m in metrics])
        truth.append(scores["ab"] - scores["a"])
    return gains, p_values, truth


def simulated(design, tables, names, numbers):
    """For each metric: coverage, width, share of tables with a false positive, and the difference."""
    gains, p_values, truth = gathered(design, tables, names, numbers)
    middle = np.mean(truth, axis=0)
    low = np.array([[gain.low for gain in row] for row in gains])
    high = np.array([[gain.high for gain in row] for row in gains])
    covered = ((low <= middle) & (middle <= high)).mean(axis=0)
    false = [[min(adjusted_p_values(p, [1] * 3)) < 0.05 for p in row] for row in p_values]
    return covered, (high - low).mean(axis=0), np.mean(false, axis=0), middle


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tables", type=int, default=300)
    tables = parser.parse_args().tables
    print(
        "| groups, rows, likeness, seeds | metric | difference | covered | width | Holm: false positives |"
    )
    print("|---|---|---|---|---|---|")
    for design in DESIGNS:
        for names, numbers in ((OF_CLASSES, False), (OF_NUMBERS, True)):
            found = simulated(design, tables, names, numbers)
            for name, covered, width, false, middle in zip(names, *found, strict=True):
                print(
                    f"| {', '.join(map(str, design))} | {name} | {middle:+.3f} | {covered:.1%} | "
                    f"{width:.3f} | {false:.1%} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
