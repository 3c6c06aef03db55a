"""The ways of `low_label.py`: each learns from few rows, and maybe from rows without a label."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from _low_label_data import Corpus, Draw

NO_LABEL = -1


@dataclass
class Task:
    """What a way is given.

    Parameters
    ----------
    corpus : Corpus
        The table and its labels.
    encoder : str
        Backbone of texts, or of the only view.
    draw : Draw
        Rows with a label, without, and those that judge.
    seed : int
        Of the draw, and for what is random.
    """

    corpus: Corpus
    encoder: str
    draw: Draw
    seed: int

    @property
    def features(self) -> pd.DataFrame:
        from _low_label_features import features

        return features(self.corpus, self.encoder)


Way = Callable[[Task], tuple[np.ndarray, float]]
"""Gives labels of the rows that judge, and the processor seconds of learning on vectors at hand."""


def of_estimator(make: Callable[[Task], Any], *, with_pool: bool = False) -> Way:
    """Make a way of an estimator that learns from vectors.

    Parameters
    ----------
    make : callable
        Gives the estimator, not fitted.
    with_pool : bool, default=False
        Whether it is given the rows without a label, too, which are marked by -1.
    """

    def way(task: Task) -> tuple[np.ndarray, float]:
        draw, X, y = task.draw, task.features, task.corpus.y
        rows = np.concatenate([draw.few, draw.pool]) if with_pool else draw.few
        given = y[rows].astype(object if y.dtype.kind not in "iu" else y.dtype)
        given[len(draw.few) :] = NO_LABEL
        learned = X.iloc[rows]
        model = make(task)
        started = time.process_time()
        model.fit(learned, given)
        seconds = time.process_time() - started
        return np.asarray(model.predict(X.iloc[draw.judged])), seconds

    return way


def _plain(task: Task) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def _frozen(task: Task) -> Any:
    """Vectors of length 1 of the encoders of texts stay as they are; all else is scaled."""
    from sklearn.pipeline import make_pipeline

    from hybridsent.scaling import ViewScaler

    if [*task.corpus.views] == ["text"]:
        return _plain(task)
    return make_pipeline(ViewScaler(), _plain(task))


def _tuned(task: Task) -> Any:
    from hybridsent.heads import TunedLinearClassifier

    return TunedLinearClassifier()


def _contrast(**options: Any) -> Callable[[Task], Any]:
    def make(task: Task) -> Any:
        from sklearn.pipeline import make_pipeline

        from hybridsent.few_label import ContrastiveFeatures, LabeledOnly

        return make_pipeline(ContrastiveFeatures(**options), LabeledOnly(_plain(task)))

    return make


def _scaled(task: Task) -> Any:
    """What the learners of `hybridsent.few_label` start from: the same rows, learned from once."""
    from sklearn.pipeline import make_pipeline

    from hybridsent.few_label import LabeledOnly
    from hybridsent.scaling import ViewScaler

    return make_pipeline(ViewScaler(), LabeledOnly(_plain(task)))


def _self_training_unscaled(task: Task) -> Any:
    from hybridsent.few_label import ViewSelfTrainingClassifier

    return ViewSelfTrainingClassifier()


def _of_few_label(name: str, **options: Any) -> Callable[[Task], Any]:
    """Make a learner of `hybridsent.few_label` on views that are scaled."""

    def make(task: Task) -> Any:
        from sklearn.pipeline import make_pipeline

        from hybridsent import few_label
        from hybridsent.scaling import ViewScaler

        learner = getattr(few_label, name)(**options)
        return make_pipeline(ViewScaler().set_output(transform="pandas"), learner)

    return make


def _stretched_then(name: str) -> Callable[[Task], Any]:
    """Make a learner of `hybridsent.few_label` on the coordinates of `ContrastiveFeatures`."""

    def make(task: Task) -> Any:
        from sklearn.pipeline import make_pipeline

        from hybridsent import few_label

        space = few_label.ContrastiveFeatures(loss=None).set_output(transform="pandas")
        return make_pipeline(space, getattr(few_label, name)())

    return make


def _finetuned(task: Task) -> tuple[np.ndarray, float]:
    """Tune the encoder of the only view with `hybridsent.finetune`, and a linear classifier."""
    from hybridsent import TextEncoder
    from hybridsent.finetune import finetune

    texts, draw, y = task.corpus.table["text"], task.draw, task.corpus.y
    started = time.process_time()
    told = {"device": "cpu", "random_state": task.seed}
    tuned = finetune(task.encoder, texts.iloc[draw.few], y[draw.few], **told)
    encoder = tuned.encoder(store=None)
    model = _plain(task).fit(encoder.fit_transform(texts.iloc[draw.few]), y[draw.few])
    seconds = time.process_time() - started
    assert isinstance(encoder, TextEncoder)
    return model.predict(encoder.transform(texts.iloc[draw.judged])), seconds


def _zero_and_frozen(task: Task) -> tuple[np.ndarray, float]:
    """Let ready labelling functions label the pool, as weak labels beside the few."""
    from hybridsent.weak import ZeroLabelClassifier

    table, draw, y = task.corpus.table, task.draw, task.corpus.y
    column = task.corpus.views["text"]
    rules = ZeroLabelClassifier()
    started = time.process_time()
    rules.fit(table[[column]].iloc[draw.few], y[draw.few])
    weak = np.asarray(rules.predict(table[[column]].iloc[draw.pool]))
    rows = np.concatenate([draw.few, draw.pool])
    labels = np.concatenate([y[draw.few], weak.astype(y.dtype)])
    weights = np.ones(len(rows))
    weights[len(draw.few) :] = len(draw.few) / max(len(draw.pool), 1)  # as much as the few in all
    model = _plain(task).fit(task.features.iloc[rows], labels, sample_weight=weights)
    seconds = time.process_time() - started
    return model.predict(task.features.iloc[draw.judged]), seconds


def _setfit(task: Task) -> tuple[np.ndarray, float]:
    from _low_label_setfit import setfit

    texts, draw = task.corpus.table[task.corpus.views["text"]].astype(str), task.draw
    few, judged = texts.iloc[draw.few].tolist(), texts.iloc[draw.judged].tolist()
    found: tuple[np.ndarray, float] = setfit(
        task.encoder, few, task.corpus.y[draw.few], judged, task.seed
    )
    return found


WAYS: dict[str, Way] = {
    "frozen + LR": of_estimator(_frozen),
    "frozen + tuned LR": of_estimator(_tuned),
    "stretched axes + LR": of_estimator(_contrast(loss=None), with_pool=True),
    "contrastive (cosine) + LR": of_estimator(_contrast(loss="cosine"), with_pool=True),
    "contrastive (supcon) + LR": of_estimator(_contrast(loss="supcon"), with_pool=True),
    "self-training": of_estimator(_of_few_label("ViewSelfTrainingClassifier"), with_pool=True),
    "scaled + LR": of_estimator(_scaled, with_pool=True),
    "self-training, unscaled": of_estimator(_self_training_unscaled, with_pool=True),
    "co-training": of_estimator(_of_few_label("CoTrainingClassifier"), with_pool=True),
    "label spreading": of_estimator(_of_few_label("GraphSpreadingClassifier"), with_pool=True),
    "stretched axes + self-training": of_estimator(
        _stretched_then("ViewSelfTrainingClassifier"), with_pool=True
    ),
    "zero-label + frozen": _zero_and_frozen,
    "fine-tuned + LR": _finetuned,
    "setfit": _setfit,
}
ONLY = {
    "co-training": ("mvsa",),
    "zero-label + frozen": ("sst2",),
    "fine-tuned + LR": ("sst2", "tweeteval_emotion"),
    "setfit": ("sst2", "tweeteval_emotion", "mvsa"),
}
"""Corpora for which a way is, where it is not for all: co-training needs two views, texts are read."""
