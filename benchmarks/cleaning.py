"""What cleaning a text is worth, on public corpora.

    HYBRIDSENT_DATA=/folder python benchmarks/cleaning.py [emotion irony umsab mvsa] [--json FILE]

prints the table of docs/cleaning.md: accuracy of early fusion with the default encoders, five folds, for each policy of
TextEncoder alone and for all of them together, against texts as they are; intervals are the corrected 95 % ones of the
difference on the same folds. Texts are cleaned before they are encoded, which gives the same vectors, so that a text
which a policy leaves alone is encoded once for all of them. The share of texts that a policy changes stands beside.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _corpora import own_table
from fusion import near_duplicates
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from threadpoolctl import threadpool_limits

from hybridsent import make_fusion
from hybridsent.evaluation.results._result import summarise
from hybridsent.exceptions import EmptyTextError
from hybridsent.media import load_text
from hybridsent.media.text import POLICIES

CORPORA = ("emotion", "irony", "umsab", "mvsa")
AS_IT_IS = {"unicode": "NFC", **{name: "keep" for name in POLICIES if name != "unicode"}}
ALONE = {
    f"{name}={value}": {name: value}
    for name, values in POLICIES.items()
    for value in values
    if value != AS_IT_IS[name]
}
TOGETHER = {
    "urls, mentions = token; hashtags = split; emoji = name; elongation = shorten; NFKC": {
        "urls": "token",
        "mentions": "token",
        "hashtags": "split",
        "emoji": "name",
        "elongation": "shorten",
        "unicode": "NFKC",
    },
    "urls, mentions, hashtags, emoji = drop": dict.fromkeys(
        ("urls", "mentions", "hashtags", "emoji"), "drop"
    ),
}
CV = StratifiedGroupKFold(5, shuffle=True, random_state=0)


def corpus(name: str) -> pd.DataFrame:
    """Give a table with text, label, and image where there is one."""
    root = Path(os.environ["HYBRIDSENT_DATA"])
    if name == "mvsa":
        return own_table(root / "mvsa")
    table = own_table(root / "text")
    part = table[table["task"].str.contains(name, regex=False)].reset_index(drop=True)
    return part.assign(label=part["label"].astype(str))


def cleaned(text: Any, policy: dict[str, str]) -> str | None:
    try:
        return load_text(text, **policy)  # type: ignore[arg-type]  # the names of policies
    except EmptyTextError:
        return None


def measure(name: str) -> dict[str, Any]:
    table = corpus(name)
    groups = near_duplicates(table["text"])  # retweets stay together
    plain = [cleaned(text, {}) for text in table["text"]]
    print(f"\n| {name} ({len(table):,} rows) | texts changed | accuracy | difference |")
    print("|---|---|---|---|")
    found: dict[str, Any] = {}
    for way, policy in {"as they are": {}, **ALONE, **TOGETHER}.items():
        texts = [cleaned(text, policy) for text in table["text"]]
        changed = float(np.mean([a != b for a, b in zip(texts, plain, strict=True)]))
        if way != "as they are" and not changed:
            continue
        rows = table.assign(text=pd.Series(texts, dtype=object))
        found[way] = {"changed": changed, "folds": scores(rows, groups)}
        print(line(way, found), flush=True)
    return found


def scores(table: pd.DataFrame, groups: np.ndarray) -> list[float]:
    model = make_fusion(text=True, image="image" in table)
    X = model["features"].fit_transform(table)  # frozen: nothing leaks
    with threadpool_limits(1):
        return cross_val_score(
            model[1:],
            X,
            table["label"].to_numpy(dtype=object),
            cv=CV,
            groups=groups,
            error_score="raise",
        ).tolist()


def line(way: str, found: dict[str, Any]) -> str:
    folds, base = found[way]["folds"], found["as they are"]["folds"]
    gain = summarise([a - b for a, b in zip(folds, base, strict=True)], 0.25)
    told = f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]" if folds is not base else ""
    return f"| {way} | {found[way]['changed']:.0%} | {np.mean(folds):.3f} | {told} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corpora", nargs="*", default=[*CORPORA])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    told = {name: measure(name) for name in arguments.corpora}
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
