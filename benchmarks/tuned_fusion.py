"""A source task, then fine-tuning inside the folds, then fusion, on posts of text and image.

    HYBRIDSENT_DATA=/folder python benchmarks/tuned_fusion.py [--work FOLDER] [--folds 0 1 2 3 4] [--image] [--fewer]

Five folds of mvsa, near-duplicate texts kept together, as `benchmarks/fusion.py` has them. In each the text network, which was
tuned on public sentiment corpora first (UMSAB English, SST-2, tweeteval emotion), is tuned on the training rows; all else is learned
on these rows, too. Prints a table: accuracy of the same fusions on frozen, source-tuned and fold-tuned
features, without and with the labels that annotators gave to the text and to the image of a post alone (of training rows).

What was computed is kept in the folder and found again: a source network, features of a fold, scores of a fold. A run that was
stopped goes on with the fold that it was at, and prints what there is. `--image` tunes the last layers of the image network, too.
`--layers` tunes the last layers of the text network in the folds, `--one-label` leaves out the labels of text and image alone,
and `--fewer` the words of the texts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))
from _corpora import near_duplicates, own_table, plain_texts
from fusion import CV, shown

from hybridsent import ImageEncoder, TextEncoder, make_fusion
from hybridsent.evaluation.results._result import summarise
from hybridsent.finetune import FineTunedEncoder, finetune
from hybridsent.lexical import WordFeatures
from hybridsent.scaling import ViewScaler

SEED = 0
TONES = {
    "umsab_english": {"0": "negative", "1": "neutral", "2": "positive"},
    "sst2": {"0": "negative", "1": "positive"},
    "tweeteval_emotion": {"0": "negative", "1": "positive", "2": "positive", "3": "negative"},
}
"""What the labels of the public corpora say of a tone: anger and sadness, joy and optimism."""


def source(most: int) -> tuple[list[str], list[str]]:
    """Give texts and tones of the public corpora, at most so many of each."""
    folder = Path(os.environ["HYBRIDSENT_DATA"]) / "text"
    texts, tones = [], []
    for task, names in TONES.items():
        rows = plain_texts(folder, task)
        rows = rows[rows["split"].isin(["train", "val"])]
        rows = rows.sample(min(most, len(rows)), random_state=SEED)
        texts += rows["text"].tolist()
        tones += [names[str(label)] for label in rows["label"]]
    return texts, tones


def kept(path: Path, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Compute a matrix, or find what was computed."""
    if not path.exists():
        began = time.process_time()
        values = np.asarray(make(), dtype=np.float32)
        draft = path.with_suffix(".draft.npy")
        np.save(draft, values)
        draft.rename(path)
        print(f"{path.name}: {time.process_time() - began:.0f} s of processor time", flush=True)
    found: np.ndarray = np.load(path)
    return found


class Posts:
    """The corpus, and the features of a fold."""

    def __init__(self, work: Path, options: argparse.Namespace) -> None:
        self.work, self.options = work, options
        self.table = own_table(Path(os.environ["HYBRIDSENT_DATA"]) / "mvsa")
        self.groups = near_duplicates(self.table["text"])
        names = ("label", "text_label", "image_label")
        self.y, self.of_text, self.of_image = (
            self.table[name].to_numpy(dtype=object) for name in names
        )
        self.frozen = {
            "text": kept(work / "bge.npy", lambda: TextEncoder().fit_transform(self.table["text"])),
            "image": kept(
                work / "image.npy", lambda: ImageEncoder().fit_transform(self.table["image"])
            ),
        }

    def source_network(self) -> str:
        """Tune the text network on the public corpora, once."""
        folder = self.work / "source"
        if not folder.exists():
            texts, tones = source(self.options.source_rows)
            tuned = finetune(
                "text/bge-small-en",
                texts,
                tones,
                epochs=self.options.source_epochs,
                held_out=0.0,
                random_state=SEED,
            )
            tuned.save(folder)
            print(
                f"source: {len(texts)} texts, {tuned.seconds:.0f} s, {tuned.history[-1]}",
                flush=True,
            )
        return f"tuned:{folder.resolve()}"

    def features(self, fold: int, train: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
        """Give the views of each kind of features, learned on the training rows alone."""
        base, image = self.source_network(), self.frozen["image"]
        sourced = kept(
            self.work / "sourced.npy",
            lambda: TextEncoder(base, store=None).fit_transform(self.table["text"]),
        )
        found = {
            "frozen": dict(self.frozen),
            "source": {"text": sourced, "image": image},
            "tuned": {"text": self._tuned(fold, "label", base, train), "image": image},
        }
        if self.options.image:
            found["tuned"]["image"] = self._tuned_image(fold, "label", train)
        more = {"frozen": self.frozen["text"]}
        if not self.options.fewer:
            words = make_pipeline(WordFeatures())
            texts = self.table["text"]
            more["words"] = kept(
                self.work / f"words-{fold}.npy",
                lambda: words.fit(texts.iloc[train]).transform(texts),
            )
        found["tuned, and more views"] = {**found["tuned"], **more}
        if self.options.one_label:
            return found
        by_view = {"text": self._tuned(fold, "text_label", base, train), "image": image}
        if self.options.image:
            by_view["image"] = self._tuned_image(fold, "image_label", train)
        found["labels of views"] = {
            **by_view,
            **more,
            "pair": found["tuned"]["text"],
            **self._said(fold, by_view, train),
        }
        return found

    def _tuned(self, fold: int, column: str, base: str, train: np.ndarray) -> np.ndarray:
        """Tune on the training rows: an epoch, so that no row is learned by heart before the fusion."""
        texts, labels = self.table["text"], self.table[column].to_numpy(dtype=object)
        layers = self.options.layers
        part = {} if layers is None else {"how": "last", "n_layers": layers}
        encoder = FineTunedEncoder(
            base, epochs=self.options.epochs, held_out=0.0, random_state=SEED, **part
        )

        def make() -> np.ndarray:
            return encoder.fit(texts.iloc[train], labels[train]).transform(texts)

        return kept(self.work / f"text-{column}-{fold}.npy", make)

    def _tuned_image(self, fold: int, column: str, train: np.ndarray) -> np.ndarray:
        pictures, labels = self.table["image"], self.table[column].to_numpy(dtype=object)
        encoder = FineTunedEncoder(
            "image/efficientnet-lite0",
            how="last",
            n_layers=1,
            epochs=1,
            held_out=0.0,
            random_state=SEED,
        )

        def make() -> np.ndarray:
            return encoder.fit(pictures.iloc[train], labels[train]).transform(pictures)

        return kept(self.work / f"image-{column}-{fold}.npy", make)

    def _said(
        self, fold: int, views: dict[str, np.ndarray], train: np.ndarray
    ) -> dict[str, np.ndarray]:
        """What models of one view say of its own label: of training rows, models that have not seen them."""
        found = {}
        for view, labels in (("text", self.of_text), ("image", self.of_image)):

            def make(X: np.ndarray = views[view], labels: np.ndarray = labels) -> np.ndarray:
                model = make_pipeline(ViewScaler(), LogisticRegression(C=0.01, max_iter=200))
                named = pd.DataFrame(X, columns=[f"v__{i}" for i in range(X.shape[1])])
                cuts = list(CV.split(named.iloc[train], labels[train], self.groups[train]))
                out = model.fit(named.iloc[train], labels[train]).predict_log_proba(named)
                own = cross_val_predict(
                    model, named.iloc[train], labels[train], cv=cuts, method="predict_log_proba"
                )
                out[train] = own
                return np.maximum(out, -6.0)

            found[f"{view}said"] = kept(self.work / f"{view}-said-{fold}.npy", make)
        return found


def judge(
    posts: Posts, views: dict[str, np.ndarray], how: str, train: np.ndarray, test: np.ndarray
) -> float:
    """Give the accuracy of a fusion on the rows of a fold."""
    X = pd.concat(
        [pd.DataFrame(values).add_prefix(f"{view}__") for view, values in views.items()], axis=1
    ).astype(np.float32)
    model = make_fusion(how, features=list(views))
    groups = {"classify__groups": posts.groups[train]}
    model.fit(X.iloc[train], posts.y[train], **groups)
    return float(np.mean(model.predict(X.iloc[test]) == posts.y[test]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, default=Path("tuned-fusion"))
    parser.add_argument("--folds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--how", nargs="+", default=["early", "late", "stack"])
    parser.add_argument(
        "--source-rows", type=int, default=3000, help="most texts of each public corpus"
    )
    parser.add_argument("--source-epochs", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument(
        "--layers", type=int, help="last layers of the text network that folds tune"
    )
    parser.add_argument("--image", action="store_true")
    parser.add_argument("--fewer", action="store_true")
    parser.add_argument("--one-label", action="store_true")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    posts = Posts(options.work, options)
    scores: dict[str, list[float]] = {}
    for fold, (train, test) in enumerate(CV.split(posts.table, posts.y, posts.groups)):
        if fold not in options.folds:
            continue
        file = options.work / f"scores-{fold}.json"
        known: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}
        for kind, views in posts.features(fold, train).items():
            one = {"text": {"text": views["text"]}, "image": {"image": views["image"]}}
            ways: dict[str, Any] = {f"{kind}: {how}": (views, how) for how in options.how}
            if kind in ("frozen", "source", "tuned"):
                ways[f"{kind}: text alone"] = one["text"], "early"
            if kind == "frozen" or (kind == "tuned" and options.image):
                ways[f"{kind}: image alone"] = one["image"], "early"
            for name, (some, how) in ways.items():
                if name not in known:
                    with threadpool_limits(1), warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        known[name] = judge(posts, some, how, train, test)
                    file.write_text(json.dumps(known))
                    print(f"fold {fold}, {name}: {known[name]:.3f}", flush=True)
        for name, value in known.items():
            scores.setdefault(name, []).append(value)
    print(f"\n| mvsa, {len(options.folds)} folds | accuracy |\n|---|---|")
    for name, values in scores.items():
        told = shown(summarise(values, 0.25)) if len(values) > 1 else f"{values[0]:.3f}"
        print(f"| {name} | {told} |")


if __name__ == "__main__":
    main()
