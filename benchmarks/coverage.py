"""How often intervals hold what they say: coverage over designs, by simulation.

    python benchmarks/coverage.py                 # all designs, 200 tables each: some minutes
    python benchmarks/coverage.py --tables 1000   # a coverage to within 1.4 points

For `evaluate`: speakers that differ, a ridge classifier, five folds that keep speakers together. What the interval should
hold is the score of such a model, learned from as many rows, on other speakers. Folds of several seeds make the score
more exact, and must not make the interval narrower than the rows allow.
For `transfer_report`: ten domains that differ and answers of which each is right as often as its domains make it, without any
difference between methods; beside coverage, how many reports hold a verdict.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.linear_model import RidgeClassifier

from hybridsent.evaluation.measures._draws import score_answers
from hybridsent.evaluation.measures._metrics import metrics_of
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.transfer._given import Given
from hybridsent.evaluation.transfer._pairs import make_pairs
from hybridsent.evaluation.transfer._runs import Outcome, Task
from hybridsent.evaluation.transfer._verdicts import Rules, summarise_pairs

METRICS = ("accuracy", "f1_macro", "balanced_accuracy")
MIDDLES = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [-1, -1, 0, 0]])
# groups, rows of each, likeness of the rows of a group (a standard deviation beside 1), distance of the classes
DESIGNS = [
    (5, 20, 0.5, 1.2),
    (10, 8, 0.0, 1.2),
    (10, 20, 0.5, 1.2),
    (10, 20, 1.0, 1.2),
    (10, 20, 0.5, 3.0),
    (30, 8, 0.5, 1.2),
    (30, 8, 1.0, 3.0),
]
NONE = np.arange(0)


def draw(rng, groups, each, like, apart):
    group = np.repeat(np.arange(groups), each)
    y = rng.integers(3, size=len(group))
    noise = rng.normal(size=(len(y), 4)) + like * rng.normal(size=(groups, 4))[group]
    return apart * MIDDLES[y] + noise, y, group


def judged(X, y, group, metrics, n_seeds=1):
    splits, answers, folds, seeds = [], [], [], []
    for seed in range(n_seeds):
        dealt = (
            group if seed == 0 else np.random.default_rng(seed).permutation(group.max() + 1)[group]
        )
        for k in range(5):
            train, test = np.flatnonzero(dealt % 5 != k), np.flatnonzero(dealt % 5 == k)
            model = RidgeClassifier().fit(X[train], y[train])
            splits.append((train, test))
            answers.append(Answers(model.predict(X[test]), None))
            folds.append([float(metric.scorer(model, X[test], y[test])) for metric in metrics])
            seeds.append(seed)
    return [
        score_answers(metric, found, splits, y, answers, group, seeds=seeds)
        for metric, found in zip(metrics, np.transpose(folds).tolist(), strict=True)
    ]


def of_evaluate(design, tables, n_seeds=1):
    """Coverage and width, a metric each."""
    metrics = [metrics_of(name)[0] for name in METRICS]
    others = draw(np.random.default_rng(10**6), 1000, 5, *design[2:])
    ends, truth = [], []
    for seed in range(tables):
        X, y, group = draw(np.random.default_rng(seed), *design)
        found = judged(X, y, group, metrics, n_seeds)
        ends.append([(score.low, score.high) for score in found])
        kept = group % 5 != 0
        model = RidgeClassifier().fit(X[kept], y[kept])
        truth.append([metric.scorer(model, *others[:2]) for metric in metrics])
    low, high = np.moveaxis(np.array(ends), 2, 0)
    middle = np.mean(truth, axis=0)
    return ((low <= middle) & (middle <= high)).mean(axis=0), (high - low).mean(axis=0)


def report_of(rng, n_domains, each, protocol, methods, spread, own):
    y = rng.integers(2, size=n_domains * each)
    domain = np.repeat(np.arange(n_domains), each).astype(str)
    models = {"": (None, None), **dict.fromkeys(methods, (None, None))}
    pairs = make_pairs(domain, None, None, protocol)
    given = Given(models, y, np.unique(y), None, pairs, 0, True)
    of_source, of_target = rng.normal(size=(2, n_domains)) * spread
    gains = {"source only": np.zeros(n_domains)}
    gains |= {name: rng.normal(size=n_domains) * own for name in methods}
    outcomes = []
    for p, pair in enumerate(pairs):
        source = 0.0 if pair.source == "others" else of_source[int(pair.source)]
        n, u, target = len(pair.of_target), rng.random(each), int(pair.target)
        for name, gain in gains.items():
            anew = (rng.random(n) < 0.2) & (name != "source only")
            right = (
                np.where(anew, rng.random(n), u) < 0.75 + source + of_target[target] + gain[target]
            )
            truth = y[pair.of_target]
            task = Task(p, name, 0, np.arange(n), NONE, NONE, False)
            outcomes.append(Outcome(task, Answers(np.where(right, truth, 1 - truth), None), None))
    return summarise_pairs(given, outcomes, Rules(metrics_of("accuracy")[0], 0.95, 0.0))


def of_transfer(design, tables):
    """Coverage of the score and of the gain of the mean, and reports that hold a verdict."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(tables):
        pairs, mean = report_of(rng, *design)
        score, gain = mean.scores["source only"], mean.gains["a"]
        asked = [mean] if design[-1] else [*pairs, mean]
        verdicts = [said for pair in asked for said in pair.verdicts.values()]
        held = any(said in ("helps", "hurts") for said in verdicts)
        found.append([score.low <= 0.75 <= score.high, gain.low <= 0 <= gain.high, held])
    return np.mean(found, axis=0)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tables", type=int, default=200)
    tables = parser.parse_args().tables
    print(
        f"| evaluate: groups, rows, likeness, distance | {' | '.join(METRICS)} | width |\n|---|---|---|---|---|"
    )
    for design in DESIGNS:
        covered, width = of_evaluate(design, tables)
        shown = " | ".join(f"{value:.1%}" for value in covered)
        print(f"| {', '.join(map(str, design))} | {shown} | {width[0]:.3f} |", flush=True)
    print(
        f"\n| evaluate, folds of 4 seeds | {' | '.join(METRICS)} | width |\n|---|---|---|---|---|"
    )
    for design in DESIGNS[:3] + DESIGNS[-1:]:
        covered, width = of_evaluate(design, tables, 4)
        shown = " | ".join(f"{value:.1%}" for value in covered)
        print(f"| {', '.join(map(str, design))} | {shown} | {width[0]:.3f} |", flush=True)
    print(
        "\n| transfer_report: domains, rows, protocol, methods, spread, own | score | gain | verdicts |\n|---|---|---|---|"
    )
    for design in (
        (10, 40, "leave-one-out", "a", 0.08, 0.04),
        (10, 40, "leave-one-out", "abc", 0.08, 0.0),
        (10, 40, "pairs", "a", 0.08, 0.04),
        (30, 20, "leave-one-out", "a", 0.08, 0.04),
        (5, 40, "pairs", "ab", 0.05, 0.03),
    ):
        shown = " | ".join(f"{value:.1%}" for value in of_transfer(design, tables))
        print(f"| {', '.join(map(str, design))} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
