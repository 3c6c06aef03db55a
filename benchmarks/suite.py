"""Public corpora under the protocols of papers, beside the figures of papers, as one table.

    python benchmarks/suite.py --data FOLDER [--only emodb mvsa] [--quick] [--full] [--markdown FILE] [--json FILE]

FOLDER holds a folder for each corpus, as its authors hand it out or with a ``table.csv`` of one's own: docs/benchmarks.md says how to
get each, and how to read the table. What is not there is told and passed by.

Of each corpus: what looks at nothing, the classical line (TF-IDF, openSMILE or pixels, and a linear model), each view alone, the
default of `make_fusion`, the recipe that inner folds choose, and TabPFN and TabICL on our features where they are installed and
have their weights. ``--full`` tunes the network of texts inside the folds, too, which takes hours. ``--quick`` looks at some rows.
``--part N`` learns from and scores at most N rows of each class (and domain), drawn once, and the table says so.

All ways see the same splits. Intervals leave out each group (speaker, video, near-duplicate posts) or row in turn; p-values are of
paired differences to the classical line, corrected by Holm. Seconds are of all processors, for learning and answering, without
encoding, which is told below the table. What was measured is kept (``--work``) and found again by a run with the same version,
settings and rows, so that a run that was stopped goes on; ``--again`` measures anew.

``--render`` writes the table of docs/benchmarks.md from benchmarks/results/suite.json.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import _results
import _suite_protocols as protocols
import numpy as np
import pandas as pd
import platformdirs
from _suite_protocols import Plan
from _suite_registry import CORPORA, Corpus
from _suite_table import how_to_get, markdown, plain
from _suite_ways import (
    CLASSICAL,
    CLASSICAL_AUDIO,
    PEERS,
    PIXELS,
    LeftOut,
    Setting,
    Way,
    classical,
    grey_pixels,
    recipes,
    ways,
)
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from hybridsent import make_features
from hybridsent.evaluation import OutOfFold, compare, encoders_of, read_labels
from hybridsent.evaluation.fits._fits import fit_model, reseeded, rows_to_fit
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._out_of_fold import gather

SUITE = "1"
"""To be raised where a change here changes figures: what was measured before is measured anew."""

QUICK_ROWS, QUICK_FOLDS = 200, 2
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
RENDERERS: dict[str, _results.Renderer] = {"suite": markdown, "suite: corpora": how_to_get}
TITLE = "Public corpora under published protocols"


@dataclass(frozen=True)
class Settings:
    """How the suite is run."""

    quick: bool = False
    full: bool = False
    again: bool = False
    part: int | None = None

    def key(self, corpus: Corpus, table: pd.DataFrame) -> str:
        """Name what figures depend on: version, settings, views, rows, and which peers are installed."""
        seen = [name for name in ("split", "fold", "text", "domain", corpus.label) if name in table]
        rows = hashlib.sha256(
            pd.util.hash_pandas_object(table[seen].astype(str)).to_numpy().tobytes()
        )
        peers = [peer.package for peer in PEERS if importlib.util.find_spec(peer.package)]
        told = [
            SUITE,
            _results.version(),
            self.quick,
            self.full,
            peers,
            corpus.name,
            [*corpus.views.items(), *corpus.features, *corpus.extra.items()],
            rows.hexdigest(),
            *([self.part] if self.part else []),
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


# -- a corpus


def run(corpus: Corpus, data: Path, work: Path, settings: Settings) -> dict[str, Any]:
    """Measure a corpus, or find what was measured; give its facts and its rows."""
    found = corpus.read(data)
    if found is None:
        told = f"none of the folders {', '.join(corpus.folders)} holds it (from {corpus.home})"
        return {"facts": None, "rows": [_passed_by(corpus, "not at hand", told)]}
    layout, table = found
    kept = work / f"{corpus.name}-{settings.key(corpus, table)}"
    kept.mkdir(parents=True, exist_ok=True)
    plan = corpus.protocol(table, corpus.label)
    if settings.part:
        one = pd.Series(0, index=table.index)
        plan = plan.part(one if corpus.numbers else table[corpus.label], settings.part)
    protocols.check(plan)
    if settings.quick:
        plan = plan.smaller(QUICK_ROWS, QUICK_FOLDS)
    facts = {"layout": layout, "rows": len(table), "scored": len(plan.scored)}
    facts |= {"protocol": plan.label, "why": plan.why, "note": corpus.note}
    if settings.part:
        facts["part"] = settings.part
    facts["mix"] = "" if corpus.numbers else protocols.mix(plan, table[corpus.label])
    block = _measured(corpus, table, plan, settings, kept)
    return {"facts": facts | block["facts"], "rows": block["rows"] + published(corpus, plan)}


def _measured(
    corpus: Corpus, table: pd.DataFrame, plan: Plan, settings: Settings, kept: Path
) -> dict[str, Any]:
    """Measure all ways, or find that they all were."""
    path = kept / "measured.json"
    if path.is_file() and not settings.again:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    used = plan.used
    measured = Measured(
        corpus, table.iloc[used].reset_index(drop=True), plan.only(used), settings, kept
    )
    block = {"rows": measured.rows(), "facts": measured.facts}
    _write(path, block)
    return block


class Measured:
    """All ways of a corpus on the same splits."""

    def __init__(
        self, corpus: Corpus, table: pd.DataFrame, plan: Plan, settings: Settings, kept: Path
    ) -> None:
        self.corpus, self.table, self.plan = corpus, table, plan
        self.settings, self.kept = settings, kept
        self.facts: dict[str, Any] = {"encoded": 0, "found": 0, "encode_seconds": 0.0}
        self.facts["recipes"] = ""
        self.pairs = plan.domains is not None
        y = table[corpus.label].to_numpy()
        self.setting = Setting(
            corpus,
            [*corpus.views, *corpus.features],
            [] if settings.quick or self.pairs else list(corpus.extra),
            max(len(train) for train, _ in plan.splits),
            len(plan.splits),
            {},
            0 if corpus.numbers else len(np.unique(y)),
            plan.groups is not None,
            self.pairs,
        )
        self.matrix = self._encoded()
        widths = Counter(str(name).partition("__")[0] for name in self.matrix)
        self.setting = replace(self.setting, widths=widths)
        self.labels = read_labels(
            table, y, groups=plan.groups, kind="numbers" if corpus.numbers else "classes"
        )

    def _encoded(self) -> pd.DataFrame:
        """Put the columns of every view beside the cells."""
        views = dict(self.corpus.views)
        views |= {name: self.corpus.extra[name] for name in self.setting.extra}
        asks = classical(self.corpus).asks
        if asks == CLASSICAL_AUDIO:
            views[asks] = ("audio/compare-2016", next(iter(self.corpus.views.values()))[1])
        parts = [self.table]
        for view, (spec, column) in views.items():
            began = time.process_time()
            encoder = make_features(views={view: spec}, columns={view: column})
            parts.append(encoder.fit_transform(self.table[[column]]).reset_index(drop=True))
            self.facts["encode_seconds"] += time.process_time() - began
            for _, each, _ in encoders_of(encoder, fitted=True):
                self.facts["encoded"] += each.n_encoded_
                self.facts["found"] += each.n_from_store_
        if asks == PIXELS:
            grey = pd.DataFrame(grey_pixels(self.table["image"]))
            parts.append(grey.add_prefix(f"{PIXELS}__"))
        return pd.concat(parts, axis=1)

    def rows(self) -> list[dict[str, Any]]:
        """Measure every way; give a row each."""
        answers: dict[str, OutOfFold] = {}
        seconds: dict[str, float] = {}
        reasons: dict[str, str] = {}
        lineup = ways(
            self.corpus, pairs=self.pairs, full=self.settings.full, quick=self.settings.quick
        )
        for way in lineup:
            try:
                answers[way.name], seconds[way.name] = self._answers(way)
            except LeftOut as reason:
                reasons[way.name] = str(reason)
            except Exception as error:
                if way.kind != "peer":
                    raise
                reasons[way.name] = shortly(error)
            print(
                f"  {way.name}: {reasons.get(way.name) or f'{seconds[way.name]:.1f} s'}", flush=True
            )
        base = next(way.name for way in lineup if way.kind == CLASSICAL)
        found = compare(answers, metric=list(self.corpus.metrics), reference=base)
        rows = []
        for way in lineup:
            if way.name in reasons:
                rows.append(_passed_by(self.corpus, "left out", reasons[way.name], way.name))
            else:
                rows.append(self._row(way, found, base, seconds[way.name]))
        return rows

    def _row(self, way: Way, found: Any, base: str, seconds: float) -> dict[str, Any]:
        main = self.corpus.metrics[0]
        scores = found.scores[way.name]
        row = {
            "corpus": self.corpus.title,
            "name": self.corpus.name,
            "way": way.name,
            "kind": "measured",
            "metric": main,
            "value": _plain(scores[main].value),
            "low": _plain(scores[main].low),
            "high": _plain(scores[main].high),
            "scores": {name: _plain(score.value) for name, score in scores.items()},
            "seconds": round(seconds, 2),
            "protocol": self.plan.label,
        }
        if way.name != base:
            gain = found.gain(way.name, base, main)
            told = {name: _plain(getattr(gain, name)) for name in ("value", "low", "high", "p")}
            row["gain"] = told | {"over": base}
        return row

    def _answers(self, way: Way) -> tuple[OutOfFold, float]:
        """Fit a way on every split; or find what it said."""
        path = self.kept / f"{re.sub('[^a-z0-9]+', '-', way.name.lower()).strip('-')}.json"
        if path.is_file() and not self.settings.again:
            plain_one = json.loads(path.read_text(encoding="utf-8"))
            self._tell_recipes(plain_one.get("recipes"))
            return OutOfFold.from_dict(plain_one["answers"]), float(plain_one["seconds"])
        model = way.make(self.setting)
        X, labels, splits = self.matrix, self.labels, self.plan.splits
        if way.transductive:
            X, labels, splits = self._target_seen(model)
        seeds = list(self.plan.seeds or [0] * len(splits))
        began = time.process_time()
        told, choices = [], []
        with threadpool_limits(1):
            for (train, test), seed in zip(splits, seeds, strict=True):
                rows = rows_to_fit(model, train, labels.known)
                groups = None if labels.groups is None else labels.groups[rows]
                fitted = fit_model(
                    clone(reseeded(model, seed)), X.iloc[rows], labels.y[rows], groups
                )
                guesses = np.asarray(fitted.predict(X.iloc[test]))
                told.append(Answers(guesses.astype(labels.y.dtype), None))
                if isinstance(fitted, GridSearchCV):
                    choices.append(list(recipes(self.setting))[fitted.best_index_])
        seconds = time.process_time() - began
        said = gather(
            {way.name: told},
            splits,
            labels.y,
            self.labels.labels,
            groups=labels.groups,
            seeds=seeds,
            target="numbers" if self.corpus.numbers else "classes",
        )
        self._tell_recipes(choices)
        _write(path, {"answers": said.to_dict(), "seconds": seconds, "recipes": choices})
        return said, seconds

    def _target_seen(self, model: Any) -> tuple[pd.DataFrame, Any, protocols.Splits]:
        """Put a copy without labels of the rows that are scored beside those that are learned from."""
        n = len(self.matrix)
        y = self.labels.y.astype(object)
        both = np.concatenate([y, np.full(n, -1, dtype=object)])
        X = pd.concat([self.matrix, self.matrix], ignore_index=True)
        splits = [(np.concatenate([train, test + n]), test) for train, test in self.plan.splits]
        labels = read_labels(X, both, estimator=model, kind="classes")
        return X, labels, splits

    def _tell_recipes(self, choices: Sequence[str] | None) -> None:
        if choices:
            counts = Counter(choices).most_common()
            self.facts["recipes"] = ", ".join(
                f"{name} ({n} of {len(choices)})" for name, n in counts
            )


# -- rows


def published(corpus: Corpus, plan: Plan) -> list[dict[str, Any]]:
    """Give the figures of papers, each with whether its protocol is ours."""
    rows = []
    for each in corpus.known:
        scores = dict(each.scores)
        if each.of_pair:
            mean = protocols.mean_of_pairs(plan, each.of_pair)
            scores = {} if mean is None else {corpus.metrics[0]: round(mean, 4)}
        if not scores:
            continue
        metric = corpus.metrics[0] if corpus.metrics[0] in scores else next(iter(scores))
        rows.append(
            {
                "corpus": corpus.title,
                "name": corpus.name,
                "way": each.system,
                "kind": "published",
                "metric": metric,
                "value": scores[metric],
                "scores": scores,
                "same_protocol": bool(plan.key) and each.key == plan.key,
                "protocol": each.protocol,
                "source": each.source,
                "checked": each.checked,
            }
        )
    return rows


def _passed_by(corpus: Corpus, kind: str, reason: str, way: str = "") -> dict[str, Any]:
    told = {"corpus": corpus.title, "name": corpus.name, "way": way, "kind": kind}
    return told | {"metric": corpus.metrics[0], "reason": reason}


def shortly(error: BaseException) -> str:
    """Write an error as a reason: one line, without paths of this machine."""
    first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    told = re.sub(r"(?:/[\w.@+-]+){2,}/?", "…", first.strip())
    return told if len(told) <= 200 else f"{told[:199]}…"


def _plain(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 6)


def _write(path: Path, told: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(told), encoding="utf-8")
    draft.replace(path)


# -- all of them


def run_all(
    wanted: Sequence[Corpus], data: Path, work: Path, settings: Settings, command: str
) -> _results.Record:
    """Measure corpora one after the other; one that fails does not stop the others."""
    rows: list[dict[str, Any]] = []
    facts: dict[str, Any] = {}
    for corpus in wanted:
        print(f"{corpus.title}:", flush=True)
        try:
            block = run(corpus, data, work, settings)
        except Exception as error:  # noqa: BLE001 - the next corpus is none the worse for it
            traceback.print_exc()
            block = {"facts": None, "rows": [_passed_by(corpus, "failed", shortly(error))]}
        rows += block["rows"]
        if block["facts"] is not None:
            facts[corpus.title] = block["facts"]
    return _results.record(TITLE, command, rows, corpora=facts, quick=settings.quick)


def merged(before: _results.Record, now: _results.Record) -> _results.Record:
    """Keep what a record has of corpora that were not run now, in the order of the registry."""
    fresh = {row["name"] for row in now["rows"]}
    rows = [row for row in before["rows"] if row["name"] not in fresh] + now["rows"]
    order = [corpus.name for corpus in CORPORA]
    titles = [corpus.title for corpus in CORPORA]
    facts = {
        title: one
        for title, one in before["corpora"].items()
        if title not in {r["corpus"] for r in now["rows"]}
    } | now["corpora"]
    return now | {
        "rows": sorted(rows, key=lambda row: order.index(row["name"])),
        "corpora": {title: facts[title] for title in titles if title in facts},
    }


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = os.environ.get("HYBRIDSENT_DATA")
    parser.add_argument("--data", type=Path, default=data and Path(data), help="folder of corpora")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in CORPORA])
    parser.add_argument("--quick", action="store_true", help="some rows, two folds: for a look")
    parser.add_argument("--full", action="store_true", help="tune networks inside the folds, too")
    parser.add_argument("--part", type=int, help="at most so many rows of each class and domain")
    parser.add_argument("--again", action="store_true", help="measure anew what was measured")
    parser.add_argument("--work", type=Path, help="where what was measured is kept")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    parser.add_argument("--json", type=Path, help="write the record to this file; adds to it")
    parser.add_argument("--render", action="store_true", help="only write docs/benchmarks.md")
    options = parser.parse_args(arguments)
    if not options.render and options.data is None:
        parser.error("name the folder of corpora with --data")
    if options.data is not None and not options.data.is_dir():
        parser.error(f"--data must be a folder that is there. Got {options.data}.")
    if options.part is not None and options.part < 1:
        parser.error(f"--part must be a number of rows, at least 1. Got {options.part}.")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = parsed(arguments)
    if options.render:
        print("written" if _results.refresh(PAGE, RENDERERS) else "nothing has changed", PAGE.name)
        return 0
    work = options.work or Path(platformdirs.user_cache_dir("hybridsent-benchmarks")) / "suite"
    settings = Settings(options.quick, options.full, options.again, options.part)
    wanted = [each for each in CORPORA if options.only is None or each.name in options.only]
    flags = "".join(f" --{name}" for name in ("quick", "full") if getattr(options, name))
    command = f"python benchmarks/suite.py --data FOLDER{flags}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = run_all(wanted, options.data, work, settings, command)
    if options.json and options.json.is_file():
        made = merged(_results.read(options.json), made)
    if options.json:
        _results.write(options.json, made)
    if options.markdown:
        options.markdown.write_text(markdown(made) + "\n", encoding="utf-8")
    print(f"\n{plain(made)}")
    return int(any(row["kind"] == "failed" for row in made["rows"]))


if __name__ == "__main__":
    sys.exit(main())
