"""How many labels it takes: accuracy at 8, 16, 32, 64 and all labels a class, on public corpora.

    HYBRIDSENT_DATA=/folder python benchmarks/label_count.py [--corpus sst2 mvsa emodb] [--seeds 10] [--record FILE]

Every way learns from the same drawn rows, and is judged on the same others: the dev part of sst2, 1,000 other rows of
mvsa, the voices of three other speakers of emodb. Rows drawn at 8 labels a class are among those at 16. Ways:

* the classical baseline: TF-IDF of words and pairs of words, or openSMILE's eGeMAPS for sounds, with a logistic regression;
* frozen vectors with a logistic regression, as one writes it around sentence-transformers (vectors are the same);
* `make_fusion` as it is by default; and, where there is one view, the recipe `contrastive`, which is given the rows
  without a label, too (of mvsa `low_label.py` measures it).

The mean over draws stands with the half width of its 95 % interval (Student's t). Where all rows are learned from, five draws
tell which rows judge; of sst2 it is always the same part, so that there is one, and no interval.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _low_label_data import SCORES, Corpus, Draw, corpus
from _low_label_features import features
from low_label import interval, scores

COUNTS = (8, 16, 32, 64)
ALL = "all"
MOST_DRAWS_OF_ALL = 5  # they learn from nearly the same rows
NO_LABEL = -1
Way = Callable[[Corpus, Draw], np.ndarray]


def draw(given: Corpus, n_labels: int | str, seed: int) -> Draw | None:
    """Draw rows; "all" are all that do not judge."""
    if n_labels != ALL:
        return given.draw(int(n_labels), seed)
    least = given.draw(1, seed)
    assert least is not None
    return Draw(np.union1d(least.few, least.pool), least.pool[:0], least.judged)


def words(given: Corpus, drawn: Draw) -> np.ndarray:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts = given.table["text"].astype(str)
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10.0, max_iter=2000),
    )
    model.fit(texts.iloc[drawn.few], given.y[drawn.few])
    return np.asarray(model.predict(texts.iloc[drawn.judged]))


def functionals(given: Corpus, drawn: Draw) -> np.ndarray:
    from hybridsent import AudioEncoder

    cells = given.table[["audio"]]
    X = np.asarray(AudioEncoder("audio/egemaps-v02").fit_transform(cells))
    return regression(pd.DataFrame(X), given, drawn, scale=True)


def frozen(given: Corpus, drawn: Draw) -> np.ndarray:
    """All views side by side; vectors of length 1 of one text stay as they are."""
    return regression(vectors(given), given, drawn, scale=[*given.views] != ["text"])


def frozen_text(given: Corpus, drawn: Draw) -> np.ndarray:
    X = vectors(given)
    return regression(X.filter(like="text__"), given, drawn, scale=False)


def regression(X: pd.DataFrame, given: Corpus, drawn: Draw, *, scale: bool) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    plain = LogisticRegression(max_iter=2000)
    model = make_pipeline(StandardScaler(), plain) if scale else plain
    model.fit(X.iloc[drawn.few], given.y[drawn.few])
    return np.asarray(model.predict(X.iloc[drawn.judged]))


def default(given: Corpus, drawn: Draw) -> np.ndarray:
    """`make_fusion` as it comes, on the vectors that are in the store already."""
    from hybridsent import make_fusion

    groups = {} if given.groups is None else {"classify__groups": given.groups[drawn.few]}
    model = make_fusion(features=[*given.views])
    model.fit(vectors(given).iloc[drawn.few], given.y[drawn.few], **groups)
    return np.asarray(model.predict(vectors(given).iloc[drawn.judged]))


def contrastive(given: Corpus, drawn: Draw) -> np.ndarray:
    from hybridsent.recipes import load_recipe

    rows = np.concatenate([drawn.few, drawn.pool])
    y = given.y[rows].astype(given.y.dtype if given.y.dtype.kind in "iu" else object)
    y[len(drawn.few) :] = NO_LABEL
    model = load_recipe("contrastive").build(features=[*given.views])
    model.fit(vectors(given).iloc[rows], y)
    return np.asarray(model.predict(vectors(given).iloc[drawn.judged])).astype(given.y.dtype)


def vectors(given: Corpus) -> pd.DataFrame:
    return features(given, "default")


WAYS: dict[str, dict[str, Way]] = {
    "sst2": {
        "TF-IDF + LR": words,
        "frozen text + LR": frozen,
        "hybridsent": default,
        "hybridsent, contrastive": contrastive,
    },
    "mvsa": {
        "TF-IDF + LR": words,
        "frozen text + LR": frozen_text,
        "frozen text, image + LR": frozen,
        "hybridsent": default,
    },
    "emodb": {
        "eGeMAPS + LR": functionals,
        "frozen audio + LR": frozen,
        "hybridsent": default,
        "hybridsent, contrastive": contrastive,
    },
}


def measure(name: str, way: str, n_labels: int | str, seeds: int) -> dict[str, Any] | None:
    """Give the mean over draws, or None where a class has too few rows."""
    given = corpus(name)
    one = n_labels == ALL and given.judges is not None  # always the same rows
    found = []
    draws = min(seeds, MOST_DRAWS_OF_ALL) if n_labels == ALL else seeds
    for seed in range(1 if one else draws):
        drawn = draw(given, n_labels, seed)
        if drawn is None:
            return None
        said = WAYS[name][way](given, drawn)
        found.append(scores(given.y[drawn.judged], said)[SCORES[name]])
    values = np.array(found)
    row = {"corpus": name, "metric": SCORES[name], "way": way, "labels": n_labels}
    row |= {"mean": round(float(values.mean()), 4), "draws": len(values)}
    return row | ({} if len(values) == 1 else {"interval": round(interval(values), 4)})


def show(rows: list[dict[str, Any]]) -> None:
    print("| corpus | way | " + " | ".join(map(str, (*COUNTS, ALL))) + " |")
    print("|---" * (len(COUNTS) + 3) + "|")
    for name, way in dict.fromkeys((row["corpus"], row["way"]) for row in rows):
        cells = {r["labels"]: r for r in rows if (r["corpus"], r["way"]) == (name, way)}
        told = [
            f"{100 * cells[n]['mean']:.1f} ± {100 * cells[n].get('interval', np.nan):.1f}"
            if n in cells
            else ""
            for n in (*COUNTS, ALL)
        ]
        print(f"| {name} | {way} | " + " | ".join(told) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--record", type=Path, help="write a record of the ledger to this file")
    options = parser.parse_args()
    if "HYBRIDSENT_DATA" not in os.environ:
        parser.error("HYBRIDSENT_DATA names the folder of the corpora")
    warnings.simplefilter("ignore")
    rows = []
    for name in options.corpus:
        for way in WAYS[name]:
            for n_labels in (*COUNTS, ALL):
                row = measure(name, way, n_labels, options.seeds)
                rows += [row] if row else []
                print(row, flush=True)
    show(rows)
    if options.record:
        import _results

        title, command = (
            "Accuracy by the number of labels a class",
            _results.this_command(data=True),
        )
        _results.write(options.record, _results.record(title, command, rows))


if __name__ == "__main__":
    main()
