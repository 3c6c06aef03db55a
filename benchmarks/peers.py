"""What docs/compare.md says of other packages, where it can be measured in seconds: each claim is run against the release that is installed.

    pip install "hybridsent[bench,test]" embetter skada
    python benchmarks/peers.py [--record FILE]

Networks are stood in for by one that only counts: what is measured is which rows are given to it. A package that is not
installed is left out, and said so.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

TEXTS, FOLDS, SETTINGS = 100, 5, (0.1, 1.0, 10.0, 100.0)
FITS = FOLDS * len(SETTINGS) + 1


def texts() -> list[str]:
    return [f"a text number {i}, {'good' if i % 2 else 'bad'}" for i in range(TEXTS)]


def search(encoder: Any, X: Any, memory: str | None = None) -> None:
    """A grid search as everybody writes it: the settings are of the classifier alone."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline

    model = Pipeline([("encode", encoder), ("classify", LogisticRegression())], memory=memory)
    GridSearchCV(model, {"classify__C": SETTINGS}, cv=FOLDS).fit(X, np.arange(TEXTS) % 2)


@contextmanager
def counting() -> Iterator[list[int]]:
    """Count the texts that sentence-transformers is asked to encode; its network does not run."""
    from sentence_transformers import SentenceTransformer

    counted, real = [0], SentenceTransformer.encode

    def encode(self: Any, sentences: Any, **options: Any) -> np.ndarray:
        counted[0] += len(sentences)
        seeds = [len(text) + sum(map(ord, text)) for text in sentences]
        return np.array([np.random.default_rng(seed).normal(size=384) for seed in seeds])

    SentenceTransformer.encode = encode
    try:
        yield counted
    finally:
        SentenceTransformer.encode = real


def plain() -> int:
    from _peers import SentenceVectors

    with counting() as counted:
        search(SentenceVectors(), texts())
    return counted[0]


def with_memory() -> int:
    from _peers import SentenceVectors

    with counting() as counted, tempfile.TemporaryDirectory() as folder:
        search(SentenceVectors(), texts(), memory=folder)
    return counted[0]


def embetter_cached() -> int:
    """Count after every text has been put into the cache already."""
    from _data import model_folder
    from embetter.text import SentenceEncoder
    from embetter.utils import cached

    with counting() as counted, tempfile.TemporaryDirectory() as folder:
        encoder = cached(folder, SentenceEncoder(str(model_folder())))
        encoder.transform(texts())
        counted[0] = 0
        search(encoder, texts())
    return counted[0]


def skrub_encoder() -> int:
    import pandas as pd
    from _data import model_folder
    from skrub import ApplyToCols, LLMEncoder

    with counting() as counted:
        encoder = LLMEncoder(str(model_folder()), n_components=None)
        search(ApplyToCols(encoder), pd.DataFrame({"text": texts()}))
    return counted[0]


def ours() -> int:
    from hybridsent import FeatureStore, TextEncoder

    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(folder)
        search(TextEncoder(store=store), texts())
        return int(sum(file.encoded for file in store.info()))


def routing(package: str) -> str:
    """Tell whether importing a package changes scikit-learn's configuration of the process."""
    code = (
        "import sklearn; a = sklearn.get_config();"
        f"import {package}; b = sklearn.get_config();"
        "print({k: b[k] for k in b if a[k] != b[k]} or 'nothing')"
    )
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def cross_validates(model: Any, X: Any) -> str:
    from sklearn.model_selection import cross_val_score

    try:
        cross_val_score(model, X, cv=3, error_score="raise")
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return "yes"


def views(missing: bool = False) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(60, 2))
    pair = [np.c_[shared, rng.normal(size=(60, 4))] for _ in range(2)]
    if missing:
        pair[1][:10] = np.nan
    return pair


def zoo_cross_validation() -> str:
    from cca_zoo.linear import RidgeCCA

    return cross_validates(RidgeCCA(n_components=1), views())


def zoo_missing() -> str:
    from cca_zoo.linear import RidgeCCA

    try:
        RidgeCCA(n_components=1).fit(views(missing=True))
    except ValueError as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return "yes"


def matrix(missing: bool = False) -> Any:
    import pandas as pd

    names = [f"{view}__{i}" for view in ("text", "image") for i in range(6)]
    return pd.DataFrame(np.hstack(views(missing)), columns=names)


def our_cross_validation() -> str:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline

    from hybridsent.alignment import MCCA

    cross_val_predict(
        make_pipeline(MCCA(n_components=1), LogisticRegression()), matrix(), np.arange(60) % 2
    )
    return "yes"


def our_missing() -> str:
    from hybridsent.alignment import MCCA

    MCCA(n_components=1).fit(matrix(missing=True))
    return "yes"


def pairs(a_class: int) -> int:
    """Count the pairs that SetFit lists in memory for two classes, by its defaults."""
    from setfit.sampler import ContrastiveDataset

    labels = np.repeat([0, 1], a_class)
    listed = ContrastiveDataset([str(i) for i in range(len(labels))], labels, multilabel=False)
    return len(listed.pos_pairs) + len(listed.neg_pairs)


ROWS = f"texts given to the network by a grid search of {TEXTS} texts, {FITS} fits"
CLAIMS: tuple[tuple[str, str, Callable[[], Any]], ...] = (
    ("scikit-learn", f"{ROWS}, a plain Pipeline", plain),
    ("scikit-learn", f"{ROWS}, `Pipeline(memory=)`", with_memory),
    ("skrub", f"{ROWS}, `LLMEncoder`", skrub_encoder),
    ("embetter", f"{ROWS}, `cached()`, which held them all already", embetter_cached),
    ("hybridsent", f"{ROWS}, a fresh store", ours),
    ("skada", "settings of scikit-learn that its import changes", lambda: routing("skada")),
    (
        "hybridsent",
        "settings of scikit-learn that its import changes",
        lambda: routing("hybridsent.transfer"),
    ),
    ("cca-zoo", "scikit-learn's own cross-validation takes it", zoo_cross_validation),
    ("hybridsent", "scikit-learn's own cross-validation takes `MCCA`", our_cross_validation),
    ("cca-zoo", "fits where rows lack a view", zoo_missing),
    ("hybridsent", "`MCCA` fits where rows lack a view", our_missing),
    ("setfit", "pairs listed for 8 labels of each of two classes", lambda: pairs(8)),
    ("setfit", "pairs listed for 500 labels of each of two classes", lambda: pairs(500)),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, help="write a record of the ledger to this file")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows, found = [], {}
    for package, claim, measure in CLAIMS:
        try:
            found[package] = importlib.metadata.version(package)
            rows.append({"package": package, "claim": claim, "seen": measure()})
        except (ImportError, importlib.metadata.PackageNotFoundError) as error:
            print(f"left out: {package}: {error}")
        else:
            print(f"{package} {found[package]}: {claim}: {rows[-1]['seen']}", flush=True)
    if options.record:
        import _results

        title = "What other packages do, measured"
        made = _results.record(title, _results.this_command(), rows)
        _results.write(options.record, made | {"versions": made["versions"] | found})


if __name__ == "__main__":
    main()
