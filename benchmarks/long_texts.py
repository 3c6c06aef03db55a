"""Long texts cut off, or read in pieces: what it brings and what it costs.

    HYBRIDSENT_DATA=/folder python benchmarks/long_texts.py [--rows N] [--json FILE]

Reviews of products (amazon) through the default text encoder, which reads 256 tokens at once, and sentences of films
(SST-2), none of which is longer. The accuracy is that of the default classifier in five folds, three times with other
folds: of all reviews, and of those alone that are longer than 256 tokens. The time is that of the processor, for all
reviews, without a store. Prints the table of docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _data import token_counts
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from hybridsent import TextEncoder, make_fusion

DATA = Path(os.environ.get("HYBRIDSENT_DATA", "."))
READ = 256  # tokens that the default encoder reads at once
WAYS: dict[str, dict[str, Any]] = {
    "cut off at 256 tokens": {},
    "in pieces of 256": {"long": "mean"},
    "in pieces of 128": {"max_length": 128, "long": "mean"},
    "cut off at 128": {"max_length": 128},
}


def encoded(texts: list[str], parameters: dict[str, Any]) -> tuple[pd.DataFrame, float]:
    """Encode texts; give their vectors and the minutes of the processor."""
    encoder = TextEncoder(store=None, device="cpu", **parameters)
    encoder.fit_transform(["what is loaded once does not count"])
    start = time.process_time()
    X = encoder.transform(texts)
    minutes = (time.process_time() - start) / 60
    return pd.DataFrame(X, columns=[f"text__{i}" for i in range(X.shape[1])]), minutes


def hits(X: pd.DataFrame, y: np.ndarray) -> np.ndarray:
    """Share of three rounds of five folds in which each row was predicted right."""
    model = make_fusion(features="passthrough")
    rounds = [StratifiedKFold(5, shuffle=True, random_state=seed) for seed in range(3)]
    return np.mean([cross_val_predict(model, X, y, cv=cv) == y for cv in rounds], axis=0)


def amazon(rows: int | None) -> dict[str, dict[str, float]]:
    table = pd.read_parquet(DATA / "amazon" / "table.parquet")
    table = table if rows is None else table.sample(rows, random_state=0)
    texts, y = table["text"].tolist(), table["label"].to_numpy(dtype=object)
    longer = token_counts(texts) > READ
    print(f"{len(texts)} reviews, {longer.sum()} of them longer than {READ} tokens")
    found: dict[str, dict[str, float]] = {}
    first: np.ndarray | None = None
    for name, parameters in WAYS.items():
        X, minutes = encoded(texts, parameters)
        right = hits(X, y)
        first = right if first is None else first
        gain = (right - first)[longer]
        found[name] = {
            "accuracy": 100 * right.mean(),
            "of the longer": 100 * right[longer].mean(),
            "above the first": 100 * gain.mean(),
            "standard error": 100 * gain.std() / max(1, len(gain)) ** 0.5,
            "minutes": minutes,
        }
        print(pd.DataFrame(found).T.round(2).to_string(), flush=True)
    return found


def sst() -> int:
    """Count the sentences that are longer than what is read: their vectors are the same."""
    table = pd.read_csv(DATA / "text" / "table.csv")
    return int((token_counts(table.loc[table["task"] == "sst2", "text"].tolist()) > READ).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, help="a sample of the reviews: does it run at all?")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    print(f"SST-2: {sst()} sentences are longer than {READ} tokens")
    found = amazon(arguments.rows)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
