"""Every way to transfer on public corpora: what it brings over a model of the source alone.

    HYBRIDSENT_DATA=/folder python benchmarks/domains.py [office|amazon|few|emodb ...] [--json FILE]

prints the tables of docs/transfer.md.

office  SURF features of pictures of three shops (Office-Caltech), each picture's counts divided by their sum, each
        domain standardised by itself; six pairs; 1-NN and logistic regression; no label of the target.
amazon  reviews of four kinds of products, through the default encoder; twelve pairs; no label of the target. All rows
        of the target are seen without their labels.
few     the same with 20 labels of the target, drawn anew in five folds and three repeats.
emodb   emotion in speech, each speaker in turn a new one without labels; its rows are seen, its labels are not.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _corpora import office_caltech, plain_table
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from hybridsent import AudioEncoder, TextEncoder, make_fusion
from hybridsent.evaluation import TransferReport, transfer_report
from hybridsent.few_label import LabeledOnly
from hybridsent.heads import TunedLinearClassifier
from hybridsent.transfer import CORAL, JDA, TCA, GroupScaler, SubspaceAlignment

DATA = Path(os.environ.get("HYBRIDSENT_DATA", "."))


def frame(X: np.ndarray, view: str) -> pd.DataFrame:
    return pd.DataFrame(X, columns=[f"{view}__{i}" for i in range(X.shape[1])])


# -- pictures of shops


def office() -> dict[str, TransferReport]:
    table = office_caltech(DATA / "office_caltech")
    X = table.filter(regex="^image__")
    y, domain = table["label"].to_numpy(), table["domain"].to_numpy(dtype=str)
    found = {}
    linear = LogisticRegression(C=0.01, max_iter=2000)
    for name, head in (("1-NN", KNeighborsClassifier(1)), ("LR", linear)):
        ways = {
            "SA": make_pipeline(SubspaceAlignment(), LabeledOnly(head)),
            "CORAL": make_pipeline(CORAL(), LabeledOnly(head)),
            "TCA": make_pipeline(TCA(), LabeledOnly(head)),
            "JDA": make_pipeline(JDA(), LabeledOnly(head)),
        }
        if name == "LR":  # adapted coordinates are few, and of another scale
            small = LogisticRegression(C=1.0, max_iter=5000)
            for way in ("SA", "TCA", "JDA"):
                ways[way].set_params(labeledonly=LabeledOnly(small))
        found[name] = transfer_report(ways, X, y, domain=domain, cv=None, baseline=head, n_jobs=1)
        show(f"office_caltech, {name}", found[name])
    return found


# -- reviews of products


def reviews() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    table = plain_table(DATA / "amazon")
    X = frame(TextEncoder().fit_transform(table["text"].tolist()), "text")
    return X, table["label"].to_numpy(dtype=object), table["domain"].to_numpy(dtype=object)


def _ways(*names: str) -> dict[str, Any]:
    return {name: make_fusion(features="passthrough", adapt=name) for name in names}


def amazon() -> dict[str, TransferReport]:
    X, y, domain = reviews()
    ways = _ways(
        *("coral", "coral-diagonal", "subspace", "tca", "jda"),
        *("kmm", "kliep", "ulsif", "classifier", "adversarial"),
    )
    ways["z-score"] = make_pipeline(
        GroupScaler("domain", strength=0.0), LabeledOnly(TunedLinearClassifier())
    )
    report = transfer_report(ways, X, y, domain=domain, cv=5, n_jobs=1)
    show("amazon, no label of the target", report)
    return {"amazon": report}


def few() -> dict[str, TransferReport]:
    X, y, domain = reviews()
    ways = _ways("prior", "augment", "balanced", "tradaboost", "coral-diagonal")
    report = transfer_report(
        ways, X, y, domain=domain, cv=5, n_target_labels=20, n_repeats=3, n_jobs=1
    )
    show("amazon, 20 labels of the target", report)
    return {"few": report}


# -- speakers


def emodb() -> dict[str, TransferReport]:
    table = plain_table(DATA / "emodb")
    speaker = table["speaker"].astype(str).to_numpy()
    X = frame(AudioEncoder().fit_transform(table["audio"].tolist()), "audio")
    found = {}
    for classifier in ("logreg", "svm"):
        ways = {
            adapt: make_fusion(features="passthrough", adapt=adapt, classifier=classifier)
            for adapt in ("coral", "groups")
        }
        for name, way in ways.items():
            codes = np.unique(speaker, return_inverse=True)[1].astype(np.float32)
            rows = X.assign(group__0=codes) if name == "groups" else X
            report = transfer_report(
                {name: way},
                rows,
                table["label"].to_numpy(dtype=object),
                domain=speaker,
                protocol="leave-one-out",
                scoring="balanced_accuracy",
                cv=None,
                n_jobs=1,
            )
            show(f"emodb, {classifier}, {name}", report)
            found[f"{classifier}, {name}"] = report
    return found


def show(title: str, report: TransferReport) -> None:
    print(f"\n## {title}\n\n{report}", flush=True)


PARTS = {"office": office, "amazon": amazon, "few": few, "emodb": emodb}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    arguments = parser.parse_args()
    told = {}
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    with threadpool_limits(1):
        for part in arguments.part:
            told |= {name: report.to_dict() for name, report in PARTS[part]().items()}
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
