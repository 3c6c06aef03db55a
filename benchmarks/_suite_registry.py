"""The corpora of the suite: how each is read, cut, seen and scored, and what others have measured on it.

One entry a corpus (and label). Everything that differs between corpora stands here; `suite.py` knows none by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _corpora as corpora
import _suite_protocols as protocols
import _suite_published as published
import pandas as pd
from _suite_protocols import Protocol
from _suite_published import Published


@dataclass(frozen=True)
class Corpus:
    """A corpus and what is predicted of it.

    Parameters
    ----------
    name : str
        As ``--only`` names it.
    title : str
        As the table names it.
    folders : sequence of str
        Names that its folder may have, in any case.
    readers : sequence of (str, callable)
        Layouts, by name.
    home : str
        Where it is had.
    files : str
        What its folder holds, as its authors hand it out.
    terms : str
        What its licence says.
    label : str
        Column of the labels.
    views : mapping of str to (str, str)
        View, what reads it, and its column.
    metrics : sequence of str
        The first one is what is compared.
    protocol : callable
        From a table to a plan.
    known : sequence of Published
        What papers report.
    features : sequence of str, default=()
        Views that are columns of features already.
    extra : mapping of str to (str, str), default={}
        More views, for the recipes among which inner folds choose.
    text : str or None, default=None
        Column of the words of the classical line; None has another one.
    numbers : bool, default=False
        Whether labels are numbers.
    prepared : callable or None, default=None
        Changes the table after it was read.
    note : str, default=""
        What a reader should know of the figures.
    """

    name: str
    title: str
    folders: Sequence[str]
    readers: Sequence[tuple[str, corpora.Reader]]
    home: str
    files: str
    terms: str
    label: str
    views: Mapping[str, tuple[str, str]]
    metrics: Sequence[str]
    protocol: Protocol
    known: Sequence[Published] = ()
    features: Sequence[str] = ()
    extra: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    text: str | None = None
    numbers: bool = False
    prepared: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    note: str = ""

    def read(self, folder: Path) -> tuple[str, pd.DataFrame] | None:
        """Look for it; give its layout and its table."""
        found = corpora.reads(folder, self.folders, self.readers)
        if found is None or self.prepared is None:
            return found
        return found[0], self.prepared(found[1])

    def scorer(self) -> Any:
        """Give what inner folds choose by, as scikit-learn knows it."""
        from hybridsent.evaluation.measures._metrics import metrics_of

        return metrics_of(self.metrics[0])[0].scorer


OFFICIAL, PLAIN = "official", "table"
TEXT = {"text": ("text", "text")}
PORTION = "A part of the corpus is at hand, and the part that papers score is not: folds are drawn from it."


def _with_talk_before(table: pd.DataFrame) -> pd.DataFrame:
    from hybridsent.datasets import add_context

    return add_context(
        table, "text", group=["split", "dialogue"], order="turn", before=3, name="before"
    )


def _meld(label: str, known: Sequence[Published]) -> Corpus:
    return Corpus(
        name=f"meld-{label}",
        title=f"MELD, {label}",
        folders=("meld", "meld.raw", "meld-master"),
        readers=((OFFICIAL, corpora.meld), (PLAIN, corpora.plain_table)),
        home="affective-meld.github.io",
        files="`train_sent_emo.csv`, `dev_sent_emo.csv`, `test_sent_emo.csv`",
        terms="GPL-3.0; scenes of a television series, for research",
        label=label,
        views=TEXT,
        metrics=("f1_weighted", "accuracy", "f1_macro"),
        protocol=protocols.given_parts(
            [("test", "train → test", ""), ("dev", "train → dev", "")], protocols.dialogues
        ),
        known=known,
        extra={"before": ("text", "before")},
        text="text",
        prepared=_with_talk_before,
        note="Text alone. Recipes may read the three utterances before, too.",
    )


def _seven(table: pd.DataFrame) -> str:
    n = table["label"].nunique()
    if n == 7 and len(table) == 535:
        return ""
    return f"{len(table)} of 535 recordings and {n} of the 7 emotions are at hand: fewer classes are easier to tell apart."


def _text_task(
    name: str,
    title: str,
    folders: Sequence[str],
    official: corpora.Reader,
    **options: Any,
) -> Corpus:
    task = options.pop("task", name)
    return Corpus(
        name=name,
        title=title,
        folders=(*folders, "text"),
        readers=(
            (OFFICIAL, official),
            (PLAIN, corpora.text_task(task)),
            (PLAIN, corpora.plain_table_of_one),
        ),
        label="label",
        views=TEXT,
        text="text",
        **options,
    )


TWEET_FILES = "`datasets/emotion/train_text.txt`, `train_labels.txt` …"
TWEETS = "github.com/cardiffnlp/tweeteval"
TWEET_TERMS = "tweets, for research; each task has terms of its own"
SAID = "Text alone: what was said, and what was said before; the way *text alone* reads what the published text row reads."
NOT_TEST = "The test part is not at hand, so the validation part is scored."

CORPORA: tuple[Corpus, ...] = (
    Corpus(
        name="mvsa",
        title="MVSA-Single",
        folders=("mvsa", "mvsa_single", "mvsa-single"),
        readers=((OFFICIAL, corpora.mvsa), (PLAIN, corpora.plain_table)),
        home="mcrlab.net (MVSA); folds: github.com/cleopatra-itn/fair_multimodal_sentiment",
        files="`labelResultAll.txt`, `data/1.txt`, `data/1.jpg` …; for the published folds `valid_pairlist.txt` and `splits/test_1.txt` … beside it",
        terms="on request, for research",
        label="label",
        views={"text": ("text", "text"), "image": ("image", "image")},
        metrics=("accuracy", "f1_weighted", "f1_macro"),
        protocol=protocols.either(
            protocols.given_folds("Cheema et al.", "ten published folds", None),
            "fold",
            protocols.own_folds(
                10,
                "Ten folds that keep near-duplicate posts together, where these papers draw one split at random.",
                protocols.posts,
                "near-duplicate",
            ),
        ),
        known=published.MVSA,
        text="text",
    ),
    _meld("sentiment", published.MELD_SENTIMENT),
    _meld("emotion", published.MELD_EMOTION),
    Corpus(
        name="mosi",
        title="CMU-MOSI, scores",
        folders=("mosi", "cmu-mosi"),
        readers=((OFFICIAL, corpora.mosi),),
        home="multicomp.cs.cmu.edu; with parts: github.com/thuiar/MMSA",
        files="`label.csv`, as MMSA hands it out",
        terms="for research",
        label="label",
        views={"text": ("text", "transcript")},
        metrics=("MAE", "acc2_non0", "f1_non0", "acc2_has0", "acc7", "Pearson"),
        protocol=protocols.given_parts(
            [("test", "train → test", ""), ("dev", "", NOT_TEST)], protocols.column("video_id")
        ),
        known=published.MOSI,
        text="transcript",
        numbers=True,
    ),
    Corpus(
        name="mosi-features",
        title="CMU-MOSI, signs",
        folders=("mosi", "cmu-mosi"),
        readers=((PLAIN, corpora.mosi_features),),
        home="github.com/soujanyaporia/contextual-utterance-level-multimodal-sentiment-analysis",
        files="`features.parquet`: the voice features of its csv files as columns `audio__0` …, with `transcript`, `label` and `video_id`",
        terms="for research",
        label="label",
        views={"words": ("text", "transcript")},
        features=("audio",),
        metrics=("accuracy", "f1_weighted"),
        protocol=protocols.own_folds(
            5,
            "Five folds by video over the 62 videos of the training part, where papers score the other 31.",
            protocols.column("video_id"),
            "video",
        ),
        known=published.MOSI_FEATURES,
        text="transcript",
        note="Audio is the features of Poria et al.; words are the transcripts. Their features of texts and, it seems, of faces were trained on the labels of these rows, so that no folds of these rows can judge them: they are left out. Labels are signs, so that there is no Acc-7, MAE or correlation.",
    ),
    Corpus(
        name="emodb",
        title="Emo-DB",
        folders=("emodb", "emo-db", "emodb-1.0"),
        readers=((OFFICIAL, corpora.emodb), (PLAIN, corpora.plain_table)),
        home="emodb.bilderbar.info",
        files="`wav/03a01Fa.wav` …",
        terms="free; cite Burkhardt et al., 2005",
        label="label",
        views={"audio": ("audio", "audio")},
        extra={"prosody": ("audio/compare-2016", "audio")},
        metrics=("UAR", "accuracy"),
        protocol=protocols.leave_one_out("speaker", "one speaker left out", _seven),
        known=published.EMODB,
    ),
    Corpus(
        name="ravdess",
        title="RAVDESS, speech",
        folders=("ravdess", "audio_speech_actors_01-24"),
        readers=((OFFICIAL, corpora.ravdess), (PLAIN, corpora.plain_table)),
        home="zenodo.org/records/1188976; folds: github.com/emo-box/EmoBox",
        files="`Actor_01/03-01-05-01-02-01-01.wav` …; for EmoBox's folds its `fold_1/ravdess_test_fold_1.jsonl` … beside them",
        terms="CC BY-NC-SA 4.0",
        label="label",
        views={"audio": ("audio", "audio")},
        extra={"prosody": ("audio/compare-2016", "audio")},
        metrics=("UAR", "accuracy"),
        protocol=protocols.either(
            protocols.given_folds("EmoBox", "EmoBox's six folds", protocols.column("actor")),
            "fold",
            protocols.own_folds(
                6,
                "Six folds of whole actors that are drawn here: EmoBox's files of folds were not beside the corpus.",
                protocols.column("actor"),
                "actor",
            ),
        ),
        known=published.RAVDESS,
    ),
    Corpus(
        name="amazon",
        title="Amazon reviews",
        folders=("amazon", "sorted_data_acl", "processed_acl"),
        readers=((OFFICIAL, corpora.amazon), (PLAIN, corpora.plain_table)),
        home="www.cs.jhu.edu/~mdredze/datasets/sentiment",
        files="`sorted_data_acl/books/positive.review` …",
        terms="free; cite Blitzer et al., 2007",
        label="label",
        views=TEXT,
        metrics=("accuracy",),
        protocol=protocols.pairs(
            ("books", "dvd", "electronics", "kitchen"),
            why="Labelled reviews of each target are scored; these papers score other reviews, which are not at hand, and adapt with these.",
        ),
        known=published.AMAZON,
        text="text",
    ),
    Corpus(
        name="mustard",
        title="MUStARD",
        folders=("mustard", "mustard-master"),
        readers=((OFFICIAL, corpora.mustard), (PLAIN, corpora.plain_table)),
        home="github.com/soujanyaporia/MUStARD",
        files="`data/sarcasm_data.json`",
        terms="MIT; scenes of television series",
        label="label",
        views={"text": ("text", "text"), "context": ("text", "context")},
        metrics=("f1_weighted", "accuracy"),
        protocol=protocols.mustard_independent,
        known=published.MUSTARD,
        text="text",
        note=f"{SAID} The code of the paper gives each of its rows a C of its own, from 10 to 1,000, and no rows to choose it by.",
    ),
    Corpus(
        name="mustard-folds",
        title="MUStARD, random folds",
        folders=("mustard", "mustard-master"),
        readers=((OFFICIAL, corpora.mustard), (PLAIN, corpora.plain_table)),
        home="github.com/soujanyaporia/MUStARD",
        files="`data/sarcasm_data.json`",
        terms="MIT; scenes of television series",
        label="label",
        views={"text": ("text", "text"), "context": ("text", "context")},
        metrics=("f1_weighted", "accuracy"),
        protocol=protocols.own_folds(
            5,
            "The five folds are drawn here; those of the paper are in a pickle, which is not read.",
        ),
        known=published.MUSTARD_FOLDS,
        text="text",
        note=f"{SAID} Folds at random have each speaker and each show on both sides, so that knowing who speaks is a part of the score.",
    ),
    _text_task(
        "sst2",
        "SST-2",
        ("sst-2", "sst2", "sst"),
        corpora.sst2,
        home="gluebenchmark.com, nlp.stanford.edu/sentiment",
        files="`train.tsv`, `dev.tsv` of GLUE, or `stsa.binary.train`, `.dev`, `.test`",
        terms="free; cite Socher et al., 2013",
        metrics=("accuracy",),
        protocol=protocols.either(
            lambda table, label: protocols.given_parts(
                [
                    ("test", "sentences → test", ""),
                    ("dev", "phrases → dev", ""),
                ]
                if table["phrases"].all()
                else [
                    ("test", "sentences → test", ""),
                    (
                        "dev",
                        "",
                        "Learned from the 6,920 sentences, not from GLUE's 67,349 phrases.",
                    ),
                ]
            )(table, label),
            "phrases",
            protocols.given_parts(
                [
                    ("test", "sentences → test", ""),
                    (
                        "dev",
                        "",
                        "Learned from the 6,920 sentences, where these are from GLUE's 67,349 phrases, or score the test part.",
                    ),
                ]
            ),
        ),
        known=published.SST2,
    ),
    _text_task(
        "tweeteval-emotion",
        "TweetEval, emotion",
        ("tweeteval", "tweeteval-main"),
        corpora.tweeteval("emotion"),
        task="tweeteval_emotion",
        home=TWEETS,
        files=TWEET_FILES,
        terms=TWEET_TERMS,
        metrics=("f1_macro", "accuracy"),
        protocol=protocols.given_parts([("test", "train → test", ""), ("val", "", NOT_TEST)]),
        known=published.TWEETEVAL_EMOTION,
    ),
    _text_task(
        "tweeteval-irony",
        "TweetEval, irony",
        ("tweeteval", "tweeteval-main"),
        corpora.tweeteval("irony"),
        task="tweeteval_irony",
        home=TWEETS,
        files=TWEET_FILES,
        terms=TWEET_TERMS,
        metrics=("tweeteval_irony", "accuracy"),
        protocol=protocols.given_parts([("test", "train → test", ""), ("val", "", NOT_TEST)]),
        known=published.TWEETEVAL_IRONY,
        note="The metric is the F1 of one class, which is high for whoever finds irony everywhere, as *majority* does here.",
    ),
    _text_task(
        "imdb",
        "IMDB",
        ("imdb", "aclimdb"),
        corpora.imdb,
        home="ai.stanford.edu/~amaas/data/sentiment",
        files="`aclImdb/train/pos/0_9.txt` …",
        terms="free; cite Maas et al., 2011",
        metrics=("accuracy",),
        protocol=protocols.given_parts([("test", "train → test", "")]),
        known=published.IMDB,
    ),
    Corpus(
        name="fer2013",
        title="FER2013",
        folders=("fer2013", "fer-2013"),
        readers=((OFFICIAL, corpora.fer2013), (PLAIN, corpora.plain_table)),
        home="kaggle.com (Challenges in Representation Learning)",
        files="`fer2013.csv`",
        terms="for research",
        label="label",
        views={"image": ("image", "image")},
        metrics=("accuracy", "f1_macro"),
        protocol=protocols.either(
            protocols.given_parts([("test", "train → test", ""), ("dev", "", NOT_TEST)]),
            "split",
            protocols.own_folds(
                5, f"{PORTION} It has as many pictures of each class, which the corpus has not."
            ),
        ),
        known=published.FER2013,
    ),
    Corpus(
        name="cifar10",
        title="CIFAR-10",
        folders=("cifar10", "cifar-10", "cifar-10-batches-bin"),
        readers=((OFFICIAL, corpora.cifar10), (PLAIN, corpora.plain_table)),
        home="www.cs.toronto.edu/~kriz/cifar.html",
        files="`data_batch_1.bin` … `test_batch.bin` (binary version)",
        terms="free; cite Krizhevsky, 2009",
        label="label",
        views={"image": ("image", "image")},
        metrics=("accuracy",),
        protocol=protocols.either(
            protocols.given_parts([("test", "train → test", "")]),
            "split",
            protocols.own_folds(5, PORTION),
        ),
    ),
    Corpus(
        name="office-caltech",
        title="Office-Caltech, SURF",
        folders=("office_caltech", "office-caltech", "office-caltech10"),
        readers=((OFFICIAL, corpora.office_caltech),),
        home="github.com/jindongwang/transferlearning (data)",
        files="`amazon_SURF_L10.mat` …",
        terms="for research; cite Gong et al., 2012",
        label="label",
        views={},
        features=("image",),
        metrics=("accuracy",),
        protocol=protocols.pairs(
            ("amazon", "caltech10", "dslr", "webcam"), "all rows of the source"
        ),
        known=published.OFFICE,
        note="Published figures are the means over the same pairs. Each domain is standardised by itself, as in these papers, so that every way has seen means and variances of the target.",
    ),
)

BY_NAME = {each.name: each for each in CORPORA}
