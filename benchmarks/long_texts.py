"""Long texts cut off, or read in pieces: what it brings and what it costs.

    HYBRIDSENT_DATA=/folder python benchmarks/long_texts.py [--longer] [--json FILE]

Reviews of products (amazon) through the default text encoder, which reads 256 tokens at once, and sentences of films
(SST-2), none of which is longer. The accuracy is that of the default classifier in five folds, three times with other
folds: among the reviews that are longer than 256 tokens (with --longer these alone), and among all. A text that is not
longer has one vector either way, so only the others are encoded twice. The time is that of the processor, and is told
where no vector was in the store. Prints the table of docs/performance.md.
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
from _corpora import own_table
from _data import token_counts
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from hybridsent import TextEncoder, make_fusion

DATA = Path(os.environ.get("HYBRIDSENT_DATA", "."))
READ = 256  # tokens that the default encoder reads at once
WAYS = {"cut off": "cut", "in pieces": "mean"}


def encoded(texts: list[str], long: str) -> tuple[np.ndarray, float | None]:
    """Encode texts; give their vectors and the minutes of the processor."""
    encoder = TextEncoder(long=long, device="cpu")
    encoder.fit_transform(["what is loaded once does not count"])
    start = time.process_time()
    X = encoder.transform(texts)
    return X, None if encoder.n_from_store_ else (time.process_time() - start) / 60


def hits(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Share of three rounds of five folds in which each row was predicted right."""
    table = pd.DataFrame(X, columns=[f"text__{i}" for i in range(X.shape[1])])
    model = make_fusion(features="passthrough")
    rounds = [StratifiedKFold(5, shuffle=True, random_state=seed) for seed in range(3)]
    return np.mean([cross_val_predict(model, table, y, cv=cv) == y for cv in rounds], axis=0)


def compared(name: str, ways: dict[str, np.ndarray], y: np.ndarray) -> dict[str, float]:
    """Accuracy of each way, and how much the second has above the first, with its error."""
    right = {way: hits(X, y) for way, X in ways.items()}
    first, second = right.values()
    told = {way: 100 * share.mean() for way, share in right.items()}
    told |= {"gain": 100 * (second - first).mean()}
    told |= {"standard error": 100 * (second - first).std() / len(y) ** 0.5}
    print(name, {key: round(value, 2) for key, value in told.items()}, flush=True)
    return told


def amazon(*, longer_alone: bool) -> dict[str, Any]:
    table = pd.read_parquet(DATA / "amazon" / "table.parquet")
    texts, y = table["text"].to_numpy(dtype=object), table["label"].to_numpy(dtype=object)
    counts = token_counts(texts.tolist())
    longer = counts > READ
    print(f"{len(texts)} reviews, {longer.sum()} of them longer than {READ} tokens")
    print(f"tokens: {counts.clip(max=READ).sum():,} cut off, {counts.sum():,} in all", flush=True)
    found: dict[str, Any] = {"minutes": {}}
    ways = {}
    for way, long in WAYS.items():
        ways[way], found["minutes"][way] = encoded(texts[longer].tolist(), long)
        print(f"minutes of the longer, {way}: {found['minutes'][way]}", flush=True)
    found["longer"] = compared("longer reviews alone", ways, y[longer])
    if longer_alone:
        return found
    short, found["minutes"]["others"] = encoded(texts[~longer].tolist(), "cut")
    print(f"minutes of the others: {found['minutes']['others']}", flush=True)
    whole = {}
    for way, rows in ways.items():
        whole[way] = np.empty((len(texts), rows.shape[1]), dtype=np.float32)
        whole[way][longer], whole[way][~longer] = rows, short
    found["all"] = compared("all reviews", whole, y)
    return found


def sst() -> int:
    """Count the sentences that are longer than what is read: their vectors are the same."""
    table = own_table(DATA / "text")
    return int((token_counts(table.loc[table["task"] == "sst2", "text"].tolist()) > READ).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--longer", action="store_true", help="leave the other reviews out")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    print(f"SST-2: {sst()} sentences are longer than {READ} tokens")
    found = amazon(longer_alone=arguments.longer)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
