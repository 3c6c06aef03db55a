"""The ways of the suite: what looks at nothing, the classical line, ours, and peers.

A way is a name and a function from a `Setting` to an unfitted estimator. All but fine-tuning read one table, in which the frozen
encoders' columns stand beside the cells, so that nothing is encoded twice.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from _suite_registry import Corpus
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, StratifiedGroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from hybridsent import make_fusion
from hybridsent.few_label import LabeledOnly
from hybridsent.transfer import JDA

MOST_OF_KERNEL = 4_000
"""Rows that all folds together learn from, up to which recipes with a kernel are tried."""

MOST_OF_STACK = 1_600_000
"""Numbers that all folds together learn from, up to which stacks are tried: they fit each view several times over."""

CLASSICAL_AUDIO, PIXELS = "opensmile", "pixels"
CLASSICAL = "classical"


class LeftOut(Exception):  # noqa: N818 - no error: a way that cannot run here
    """A way does not run here, and why."""


@dataclass(frozen=True)
class Setting:
    """What a way has to know.

    Parameters
    ----------
    corpus : Corpus
        What is learned.
    views : sequence of str
        Views of the default.
    extra : sequence of str
        More views in the table.
    n_train : int
        Rows that the largest fit learns from.
    n_splits : int
        How many fits there are.
    widths : mapping of str to int
        Columns of each view.
    classes : int
        How many there are; 0 for numbers.
    grouped : bool
        Whether groups are told.
    pairs : bool
        Whether each split is a source and a target.
    """

    corpus: Corpus
    views: Sequence[str]
    extra: Sequence[str]
    n_train: int
    n_splits: int
    widths: Mapping[str, int]
    classes: int
    grouped: bool
    pairs: bool

    def n_columns(self, views: Sequence[str]) -> int:
        return sum(self.widths[view] for view in views)

    def stacks(self, views: Sequence[str]) -> bool:
        """Whether a stack of these views is worth its time."""
        return self.n_train * self.n_splits * self.n_columns(views) <= MOST_OF_STACK

    @property
    def task(self) -> str:
        return "regression" if self.corpus.numbers else "classification"


@dataclass(frozen=True)
class Way:
    """A way to do it.

    Parameters
    ----------
    name : str
        As the table says.
    kind : {"floor", "classical", "ours", "peer"}
        What it stands for.
    make : callable
        From a setting to an estimator; raises `LeftOut`.
    transductive : bool, default=False
        Whether it sees the rows of the target, without labels.
    asks : str, default=""
        What it reads beside the cells and the views: `CLASSICAL_AUDIO`, `PIXELS`, or nothing.
    """

    name: str
    kind: str
    make: Callable[[Setting], Any]
    transductive: bool = False
    asks: str = ""


# -- what looks at nothing, and the classical line


def floor(setting: Setting) -> Any:
    return DummyRegressor() if setting.corpus.numbers else DummyClassifier(strategy="prior")


def words(setting: Setting) -> Any:
    """Words and pairs of words, and runs of two to five characters, by TF-IDF, and a linear model."""
    counts = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(2, 5),
            sublinear_tf=True,
            min_df=3,
            max_features=100_000,
        ),
    )
    linear: Any = (
        Ridge() if setting.corpus.numbers else LogisticRegression(C=10.0, max_iter=1000, tol=1e-3)
    )
    return make_pipeline(make_column_transformer((counts, setting.corpus.text)), linear)


def _columns_of(view: str) -> Any:
    return make_column_selector(pattern=f"^{view}__")


def prosody(setting: Setting) -> Any:
    del setting
    return make_pipeline(
        make_column_transformer((StandardScaler(), _columns_of(CLASSICAL_AUDIO))),
        LogisticRegression(C=0.01, max_iter=1000),
    )


def pixels(setting: Setting) -> Any:
    return make_pipeline(
        make_column_transformer((StandardScaler(), _columns_of(PIXELS))),
        PCA(min(100, setting.n_train // 2), random_state=0),
        LogisticRegression(C=0.01, max_iter=1000),
    )


def nearest(setting: Setting) -> Any:
    view = setting.corpus.features[0]
    return make_pipeline(
        make_column_transformer(("passthrough", _columns_of(view))), KNeighborsClassifier(1)
    )


def grey_pixels(cells: Iterable[Any]) -> np.ndarray:
    """Give pictures as 32 x 32 grey pixels: what a linear model without a network looks at."""
    from PIL import Image

    rows = []
    for cell in cells:
        with Image.open(cell) if isinstance(cell, str) else Image.fromarray(cell) as picture:
            grey = picture.convert("L").resize((32, 32), Image.Resampling.BILINEAR)
            rows.append(np.asarray(grey, dtype=np.float32).ravel() / 255)
    return np.stack(rows)


def classical(corpus: Corpus) -> Way:
    """Give the classical line of a corpus."""
    if corpus.text is not None:
        return Way("TF-IDF + " + ("ridge" if corpus.numbers else "LR"), CLASSICAL, words)
    kinds = {spec.partition("/")[0] for spec, _ in corpus.views.values()}
    if "audio" in kinds:
        return Way("openSMILE ComParE-2016 + LR", CLASSICAL, prosody, asks=CLASSICAL_AUDIO)
    if "image" in kinds:
        return Way("32 × 32 grey pixels, PCA + LR", CLASSICAL, pixels, asks=PIXELS)
    return Way("1-NN", CLASSICAL, nearest)


# -- ours


def _fusion(setting: Setting, how: str = "early", **options: Any) -> Any:
    options = {"features": list(setting.views), "task": setting.task, **options}
    return make_fusion(how, **options)


def default(setting: Setting) -> Any:
    return _fusion(setting)


def alone(view: str) -> Callable[[Setting], Any]:
    return lambda setting: _fusion(setting, features=[view])


def recipes(setting: Setting) -> dict[str, Any]:
    """Give the recipes among which inner folds choose."""
    views = list(setting.views)
    several = len(views) > 1
    kernel = setting.n_train * setting.n_splits <= MOST_OF_KERNEL and not setting.corpus.numbers
    found = {"default": _fusion(setting)}
    if several:
        found["late"] = _fusion(setting, "late")
    if several and setting.stacks(views):
        found["stack"] = _fusion(setting, "stack")
    if not setting.corpus.numbers:
        found["balanced classes"] = _fusion(setting, class_weight="balanced")
        if kernel:
            found["RBF kernel"] = _fusion(setting, classifier=SVC(C=3.0))
    if setting.corpus.text is not None:
        more = {"views": {"terms": "text/words"}, "columns": {"terms": setting.corpus.text}}
        found["and words"] = _fusion(setting, **more)
        if setting.stacks(views):
            found["and words, stack"] = _fusion(setting, "stack", **more)
    if setting.extra:
        every = [*views, *setting.extra]
        found["and more views"] = _fusion(setting, features=every)
        if setting.stacks(every):
            found["and more views, stack"] = _fusion(setting, "stack", features=every)
        if kernel:
            found["and more views, RBF kernel"] = _fusion(
                setting, features=every, classifier=SVC(C=3.0)
            )
    return found


def chosen(setting: Setting) -> Any:
    """Let inner folds of the rows that are learned from choose."""
    if setting.pairs:
        raise LeftOut("no label of a target can choose")
    cut: Any = StratifiedKFold(3, shuffle=True, random_state=0)
    if setting.corpus.numbers:
        cut = KFold(3, shuffle=True, random_state=0)
    elif setting.grouped:
        cut = StratifiedGroupKFold(3, shuffle=True, random_state=0)
    return GridSearchCV(
        Pipeline([("recipe", default(setting))]),
        {"recipe": list(recipes(setting).values())},
        scoring=setting.corpus.scorer(),
        cv=cut,
        n_jobs=1,
    )


def adapted(setting: Setting) -> Any:
    if setting.corpus.features:
        view = setting.corpus.features[0]
        return make_pipeline(
            make_column_transformer(("passthrough", _columns_of(view))),
            JDA(),
            LabeledOnly(KNeighborsClassifier(1)),
        )
    return _fusion(setting, adapt="coral-diagonal")


def tuned(setting: Setting) -> Any:
    """Tune the network of texts on the rows that are learned from; other views are frozen."""
    corpus = setting.corpus
    texts = {view for view, (spec, _) in corpus.views.items() if spec.partition("/")[0] == "text"}
    if not texts:
        raise LeftOut("no view of texts, and only those are tuned here")
    first = next(iter(corpus.views))
    return make_fusion(
        views={
            view: "tune:text/bge-small-en" if view == first else spec
            for view, (spec, _) in corpus.views.items()
        },
        columns={view: column for view, (_, column) in corpus.views.items()},
        features=list(corpus.features) or None,
        task=setting.task,
    )


# -- peers


@dataclass(frozen=True)
class Peer:
    """A library of others that learns from a table of numbers.

    Parameters
    ----------
    name : str
        As it is written.
    package : str
        What is imported and installed.
    classifier : str
        Its class.
    rows, classes : int
        What it takes at most.
    options : dict
        Of the class.
    """

    name: str
    package: str
    classifier: str
    rows: int
    classes: int
    options: dict[str, Any]

    def way(self) -> Way:
        return Way(f"{self.name} on our features", "peer", self._make)

    def _make(self, setting: Setting) -> Any:
        if setting.corpus.numbers:
            raise LeftOut("classes alone are compared")
        try:
            module = importlib.import_module(self.package)
        except ImportError as error:
            raise LeftOut(f"not installed (pip install {self.package})") from error
        if setting.n_train > self.rows:
            raise LeftOut(f"made for at most {self.rows:,} rows")
        if setting.classes > self.classes:
            raise LeftOut(f"made for at most {self.classes} classes")
        columns = "|".join(map(re.escape, setting.views))
        return make_pipeline(
            make_column_transformer(
                (SimpleImputer(), make_column_selector(pattern=f"^(?:{columns})__"))
            ),
            StandardScaler(),
            PCA(min(100, setting.n_train // 3, setting.n_columns(setting.views)), random_state=0),
            getattr(module, self.classifier)(**self.options),
        )


PEERS = (
    Peer("TabPFN", "tabpfn", "TabPFNClassifier", 10_000, 10, {"device": "cpu", "random_state": 0}),
    Peer("TabICL", "tabicl", "TabICLClassifier", 60_000, 10, {"device": "cpu", "random_state": 0}),
)


def ways(corpus: Corpus, *, pairs: bool, full: bool, quick: bool) -> list[Way]:
    """Give the ways of a corpus, in the order of the table."""
    views = [*corpus.views, *corpus.features]
    found = [Way("majority" if not corpus.numbers else "mean", "floor", floor), classical(corpus)]
    if len(views) > 1:
        found += [Way(f"{view} alone", "ours", alone(view)) for view in views]
    found.append(Way("default", "ours", default))
    if pairs:
        told = "1-NN + JDA" if corpus.features else "default, coral-diagonal"
        found.append(Way(f"{told} (sees the target's rows)", "ours", adapted, transductive=True))
    elif not quick:
        found.append(Way("chosen inside the folds", "ours", chosen))
    found += [peer.way() for peer in PEERS]
    if full:
        found.append(Way("fine-tuned", "ours", tuned))
    return found
