"""Why the default is below words on the series that MUStARD does not learn from, and what mends it.

    HYBRIDSENT_DATA=/folder python benchmarks/other_shows.py [--record FILE] [--render]

prints the table of docs/benchmarks.md: MUStARD as the suite reads and cuts it (learned from three series, scored on
FRIENDS), the same frozen vectors for all ways. Nothing is chosen by the scored rows: the ways stand here, all are told, and what
looks at a row of FRIENDS says so. Beside the score stands how much of FRIENDS a way calls sarcastic, which is 43 % of it, and
how well its probabilities rank the rows (AUC), which no threshold and no shares can change.

``--record`` keeps what was measured (benchmarks/results/other_shows.json), ``--render`` writes the table of the page from it.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _results
import numpy as np
import pandas as pd
from _suite_registry import BY_NAME
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    StratifiedGroupKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
)
from threadpoolctl import threadpool_limits

from hybridsent import make_features, make_fusion
from hybridsent.evaluation import compare, read_labels
from hybridsent.evaluation.fits._fits import fit_model, rows_to_fit
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._out_of_fold import gather
from hybridsent.quantification import Reference, prevalence

VIEWS = ("text", "context")
METRIC = "f1_weighted"
HEADS = ("way", "weighted F1", "against the default", "called sarcastic", "AUC")
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
TITLE = "MUStARD, other shows to FRIENDS: what mends it"
WITHOUT_LABEL = -1


# -- the rows


class Shows:
    """MUStARD, cut and encoded as in the suite."""

    def __init__(self) -> None:
        corpus = BY_NAME["mustard"]
        found = corpus.read(Path(os.environ["HYBRIDSENT_DATA"]))
        if found is None:
            raise SystemExit(
                "MUStARD is not in the folder of HYBRIDSENT_DATA: see docs/benchmarks.md."
            )
        table = found[1].assign(label=lambda each: each["label"].astype(int))
        plan = corpus.protocol(table, "label")
        ((self.train, self.test),) = plan.splits
        encoder = make_features(
            views={view: spec for view, (spec, _) in corpus.views.items()},
            columns={view: column for view, (_, column) in corpus.views.items()},
        )
        self.X = pd.concat([table, encoder.fit_transform(table)], axis=1)
        self.y = table["label"].to_numpy()
        self.speaker = plan.groups
        shares = table.iloc[self.train].groupby("show")["label"].mean()
        both = shares.index[
            shares.between(0.1, 0.9)
        ]  # shows in which the class is not known before
        self.mixed = self.train[table["show"].iloc[self.train].isin(both).to_numpy()]

    def facts(self) -> list[dict[str, Any]]:
        """Tell of each show how many rows it has, how many are sarcastic, and how long they are."""
        return [
            {
                "show": str(show),
                "rows": len(rows),
                "sarcastic": round(float(rows["label"].mean()), 4),
                "characters": float(rows["text"].str.len().median()),
            }
            for show, rows in self.X.groupby("show")
        ]


# -- the ways


@dataclass(frozen=True)
class Way:
    """A way to learn, and what it may look at."""

    name: str
    answers: Callable[[Shows], np.ndarray]
    sees: str = ""


def fusion(**options: Any) -> Any:
    return make_fusion(features=list(options.pop("views", VIEWS)), **options)


def told(shows: Shows, model: Any, rows: np.ndarray) -> np.ndarray:
    """Give the probability of sarcasm of the rows that are scored."""
    labels = read_labels(shows.X, shows.y, groups=shows.speaker, kind="classes")
    kept = rows_to_fit(model, rows, labels.known)
    fitted = fit_model(clone(model), shows.X.iloc[kept], labels.y[kept], shows.speaker[kept])
    return np.asarray(fitted.predict_proba(shows.X.iloc[shows.test])[:, 1])


def learned(*, mixed: bool = False, **options: Any) -> Callable[[Shows], np.ndarray]:
    """Learn from the other shows, or from those alone in which both classes are."""
    return lambda shows: told(shows, fusion(**options), shows.mixed if mixed else shows.train)


def adapted(*, mixed: bool = False, **options: Any) -> Callable[[Shows], np.ndarray]:
    """Learn from the same, with the rows of FRIENDS beside them, without their labels."""

    def answers(shows: Shows) -> np.ndarray:
        rows = np.concatenate([shows.mixed if mixed else shows.train, shows.test])
        y = shows.y.copy()
        y[shows.test] = WITHOUT_LABEL
        fitted = fusion(**options).fit(shows.X.iloc[rows], y[rows])
        return np.asarray(fitted.predict_proba(shows.X.iloc[shows.test])[:, 1])

    return answers


def threshold(shows: Shows) -> np.ndarray:
    """Let folds by speaker of the rows that are learned from choose the threshold; shift it to 1/2."""
    cut = list(_folds(shows, shows.train))
    model = TunedThresholdClassifierCV(fusion(), scoring=METRIC, cv=cut, store_cv_results=True)
    rows = shows.train
    fitted = model.fit(shows.X.iloc[rows], shows.y[rows])
    p = fitted.predict_proba(shows.X.iloc[shows.test])[:, 1]
    return _shifted(p, np.log(fitted.best_threshold_ / (1 - fitted.best_threshold_)))


def corrected(shares: Callable[[Shows, np.ndarray], float]) -> Callable[[Shows], np.ndarray]:
    """Correct probabilities by the share of sarcasm, from that of the rows that were learned from."""

    def answers(shows: Shows) -> np.ndarray:
        p = told(shows, fusion(), shows.train)
        taught = shows.y[shows.train].mean()
        share = np.clip(shares(shows, p), 1e-6, 1 - 1e-6)
        return _shifted(p, np.log(taught / (1 - taught)) - np.log(share / (1 - share)))

    return answers


def true_share(shows: Shows, p: np.ndarray) -> float:
    del p
    return float(shows.y[shows.test].mean())


def estimated_share(shows: Shows, p: np.ndarray) -> float:
    """Estimate the share as `hybridsent.quantification` does, by answers out of folds by speaker."""
    rows = shows.train
    said = cross_val_predict(
        fusion(),
        shows.X.iloc[rows],
        shows.y[rows],
        cv=list(_folds(shows, rows)),
        method="predict_proba",
    )
    reference = Reference.of(shows.y[rows], None, said, groups=shows.speaker[rows])
    found = prevalence(np.column_stack([1 - p, p]), reference=reference)
    print(found, flush=True)
    return float(found.shares[1].value)


def _folds(shows: Shows, rows: np.ndarray) -> Any:
    cut = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    return cut.split(rows, shows.y[rows], shows.speaker[rows])


def _shifted(p: np.ndarray, by: float) -> np.ndarray:
    """Give the probabilities whose log-odds are less by a number."""
    p = np.clip(p, 1e-9, 1 - 1e-9)
    return np.asarray(1 / (1 + np.exp(-(np.log(p / (1 - p)) - by))))


SEES = "sees the rows of FRIENDS"
WAYS = [
    Way("default", learned()),
    Way("text alone", learned(views=["text"])),
    Way("context alone", learned(views=["context"])),
    Way("threshold chosen by inner folds", threshold),
    Way('`class_weight="balanced"`', learned(class_weight="balanced")),
    Way("learned without the shows of one class", learned(mixed=True)),
    Way("the same, text alone", learned(mixed=True, views=["text"])),
    Way("the same, context alone", learned(mixed=True, views=["context"])),
    Way("shares estimated, probabilities corrected by them", corrected(estimated_share), SEES),
    Way('`adapt="groups"`, by show', adapted(adapt="groups", group="show"), SEES),
    Way(
        'the same, `class_weight="balanced"`',
        adapted(adapt="groups", group="show", class_weight="balanced"),
        SEES,
    ),
    *(
        Way(f'`adapt="{name}"`', adapted(adapt=name), SEES)
        for name in ("coral-diagonal", "coral", "subspace", "tca", "jda")
    ),
    *(Way(f'`adapt="{name}"`', adapted(adapt=name), SEES) for name in ("kmm", "kliep", "ulsif")),
    *(
        Way(f'`adapt="{name}"`', adapted(adapt=name), SEES)
        for name in ("classifier", "adversarial")
    ),
    Way(
        'without the shows of one class, `adapt="coral-diagonal"`',
        adapted(mixed=True, adapt="coral-diagonal"),
        SEES,
    ),
    Way("true shares told, probabilities corrected by them", corrected(true_share), "is told 43 %"),
]


# -- what they are worth


def measured() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shows = Shows()
    answers, ranks, calls = {}, {}, {}
    truth = shows.y[shows.test]
    for way in WAYS:
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            p = way.answers(shows)
        said = (p > 0.5).astype(shows.y.dtype)
        answers[way.name] = gather(
            {way.name: [Answers(said, None)]},
            [(shows.train, shows.test)],
            shows.y,
            np.unique(shows.y),
            groups=shows.speaker,
            seeds=[0],
            target="classes",
        )
        ranks[way.name], calls[way.name] = roc_auc_score(truth, p), said.mean()
        print(
            f"{way.name}: called sarcastic {said.mean():.3f}, AUC {ranks[way.name]:.3f}", flush=True
        )
    found = compare(answers, metric=[METRIC], reference="default")
    rows = []
    for way in WAYS:
        score = found.scores[way.name][METRIC]
        row = {"way": way.name, "sees": way.sees}
        row |= {name: _plain(getattr(score, name)) for name in ("value", "low", "high")}
        row |= {"called": _plain(calls[way.name]), "auc": _plain(ranks[way.name])}
        if way.name != "default":
            gain = found.gain(way.name, "default", METRIC)
            row["gain"] = {name: _plain(getattr(gain, name)) for name in ("value", "low", "high")}
        rows.append(row)
    return rows, shows.facts()


def _plain(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 6)


def markdown(made: _results.Record) -> str:
    """Write what was found, and how the shows differ."""
    lines = []
    for row in made["rows"]:
        gain = row.get("gain")
        told = f" ({row['sees']})" if row["sees"] else ""
        against = (
            ""
            if gain is None
            else f"{gain['value']:+z.3f} [{gain['low']:z.3f}, {gain['high']:z.3f}]"
        )
        score = _results.interval(row["value"], row["low"], row["high"])
        lines.append(
            [
                row["way"] + told,
                score,
                against,
                f"{100 * row['called']:.0f} %",
                _results.number(row["auc"]),
            ]
        )
    shows = [
        [
            each["show"],
            each["rows"],
            f"{100 * each['sarcastic']:.0f} %",
            f"{each['characters']:.0f}",
        ]
        for each in made["shows"]
    ]
    return "\n\n".join(
        [
            _results.table(("show", "rows", "sarcastic", "characters, median"), shows, (1, 2, 3)),
            _results.table(HEADS, lines, (3, 4)),
            f"Measured by {_results.source(made)}",
        ]
    )


RENDERERS: dict[str, _results.Renderer] = {"other_shows": markdown}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, help="write what was measured to this file")
    parser.add_argument("--render", action="store_true", help="only write docs/benchmarks.md")
    options = parser.parse_args()
    if options.render:
        _results.refresh(PAGE, RENDERERS)
        return
    rows, shows = measured()
    command = "HYBRIDSENT_DATA=FOLDER python benchmarks/other_shows.py"
    made = _results.record(TITLE, command, rows, shows=shows)
    if options.record:
        _results.write(options.record, made)
    print(f"\n{markdown(made)}")


if __name__ == "__main__":
    main()
