"""What words learned in the fold are worth, alone and beside a frozen encoder, against what users would pick instead.

    HYBRIDSENT_DATA=/folder python benchmarks/lexical.py [--corpora NAME …] [--ways NAME …] [--json FILE]

prints the table of docs/lexical.md. The folder holds text/table.csv with the columns task, text and label. Accuracy over the
same 5 folds for every way, in one run; seconds of fitting and predicting all folds, encoding left out (rows are encoded once,
before). Peers: scikit-learn's TF-IDF of words and of characters with LogisticRegression(C=10), which keeps
every term; and skrub's StringEncoder (TF-IDF of characters and SVD, the nearest of a library) as a view in place of ours.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _corpora import own_table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import FeatureUnion, make_pipeline

from hybridsent import make_fusion
from hybridsent.lexical import WordFeatures

CORPORA = ("tweeteval_emotion", "umsab_german", "chn_hotel")
CV = StratifiedKFold(5, shuffle=True, random_state=0)
BESIDE = {"columns": {"words": "text"}}


def views(words: Any = "text/words", how: str = "early", *, frozen: bool = True) -> Any:
    return make_fusion(how, views={"words": words}, **BESIDE, **({"text": True} if frozen else {}))


def all_terms() -> Any:
    """scikit-learn alone, as its users write it."""
    union = FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)),
            (
                "characters",
                TfidfVectorizer(
                    analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2
                ),
            ),
        ]
    )
    return make_pipeline(union, LogisticRegression(C=10, max_iter=1000))


def string_encoder() -> Any:
    from skrub import StringEncoder

    return StringEncoder(n_components=300, random_state=0)


WAYS: dict[str, Callable[[], Any]] = {
    "frozen encoder": lambda: make_fusion(text=True),
    "words": lambda: views(frozen=False),
    "frozen encoder + words, early": views,
    "frozen encoder + words, stack": lambda: views(how="stack"),
    "scikit-learn TF-IDF + LogisticRegression": all_terms,
    "skrub StringEncoder": lambda: views(string_encoder(), frozen=False),
    "frozen encoder + skrub StringEncoder, early": lambda: views(string_encoder()),
    "words alone (1, 1)": lambda: views(WordFeatures(words=(1, 1)), frozen=False),
    "words only": lambda: views(WordFeatures(characters=None), frozen=False),
    "characters only": lambda: views(WordFeatures(words=None), frozen=False),
    "100 components": lambda: views(WordFeatures(100), frozen=False),
    "all terms": lambda: views(WordFeatures(max_features=None), frozen=False),
}


def accuracy(model: Any, X: Any, y: np.ndarray) -> tuple[float, float]:
    began, right = time.perf_counter(), 0
    for train, test in CV.split(y, y):
        fitted = model.fit(X.iloc[train], y[train])
        right += int((fitted.predict(X.iloc[test]) == y[test]).sum())
    return right / len(y), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--corpora", nargs="*", default=list(CORPORA))
    parser.add_argument("--ways", nargs="*", default=list(WAYS))
    arguments = parser.parse_args()
    everything = own_table(Path(os.environ["HYBRIDSENT_DATA"]) / "text")
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for corpus in arguments.corpora:
        rows = everything[(everything["task"] == corpus).to_numpy()].reset_index(drop=True)
        y = rows["label"].astype(str).to_numpy(dtype=object)
        table = pd.DataFrame({"text": rows["text"].astype(str)})
        make_fusion(text=True)["features"].fit_transform(table)
        print(f"\n| {corpus}, {len(y)} rows | accuracy | seconds |\n|---|---|---|", flush=True)
        for way in arguments.ways:
            X = table["text"] if way.startswith("scikit-learn") else table
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                score, seconds = accuracy(WAYS[way](), X, y)
            found.setdefault(corpus, {})[way] = score, seconds
            print(f"| {way} | {100 * score:.1f} | {seconds:.0f} |", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
