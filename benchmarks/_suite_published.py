"""Figures that papers report, each with its protocol and its source.

``checked`` says where the figure was read again, in the paper itself or in what quotes it, and the table says it, too; empty is from
memory of the paper, unchecked. Shares are of 1. A figure stands beside ours without a mark only where the protocol is the same (`Plan.key`).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Published:
    """A figure of a paper.

    Parameters
    ----------
    system : str
        What was measured.
    scores : dict of str to float
        By metric.
    key : str
        Its protocol, as `Plan.key` names it.
    protocol : str
        The same for readers.
    source : str
        Paper, table, year.
    checked : str
        Where it was read; empty is from memory.
    of_pair : dict of str to float
        Of a mean over pairs of domains, each.
    """

    system: str
    scores: dict[str, float]
    key: str
    protocol: str
    source: str
    checked: str = ""
    of_pair: dict[str, float] = field(default_factory=dict)


def _percent(**scores: float) -> dict[str, float]:
    return {name: round(value / 100, 4) for name, value in scores.items()}


_CLMLF = "Li et al., CLMLF, NAACL Findings 2022, table 2"
_RANDOM = "one random split 8:1:1"
MVSA = [
    Published("BERT, text alone", _percent(accuracy=71.11), "8:1:1", _RANDOM, _CLMLF),
    Published("ResNet-50, image alone", _percent(accuracy=64.67), "8:1:1", _RANDOM, _CLMLF),
    Published(
        "CLMLF",
        _percent(accuracy=75.33, f1_weighted=73.46),
        "8:1:1",
        _RANDOM,
        _CLMLF,
        "the table of the repository of MDSE, a later paper",
    ),
]

_MELD = "Poria et al., MELD, ACL 2019"
_MELD_TEST = "train → test"
MELD_SENTIMENT = [
    Published("text-CNN, text", _percent(f1_weighted=64.25), "train → test", _MELD_TEST, _MELD),
    Published(
        "bc-LSTM, text and audio", _percent(f1_weighted=66.68), "train → test", _MELD_TEST, _MELD
    ),
    Published(
        "DialogueRNN, text and audio",
        _percent(f1_weighted=67.56),
        "train → test",
        _MELD_TEST,
        _MELD,
    ),
]
_ERC = "Kim and Vossen, EmoBERTa, 2021: leaderboard.md of tae898/erc"
MELD_EMOTION = [
    Published("text-CNN, text", _percent(f1_weighted=55.02), "train → test", _MELD_TEST, _MELD),
    Published("bc-LSTM, text", _percent(f1_weighted=56.44), "train → test", _MELD_TEST, _MELD),
    Published(
        "DialogueRNN, text and audio",
        _percent(f1_weighted=60.25),
        "train → test",
        _MELD_TEST,
        _MELD,
    ),
    Published(
        "RoBERTa-base, fine-tuned, one utterance",
        _percent(f1_weighted=59.371),
        "train → dev",
        "train → dev",
        _ERC,
        "the repository's table",
    ),
    Published(
        "RoBERTa-base, fine-tuned, one utterance",
        _percent(f1_weighted=63.294),
        "train → test",
        _MELD_TEST,
        _ERC,
        "the repository's table",
    ),
]

_MMSA = "MMSA, results/result-stat.md (text by BERT)"
_MOSI_TEST = "train → test, 1,284 / 229 / 686 clips"


def _mosi(system: str, acc2: float, f1: float, acc7: float, mae: float, corr: float) -> Published:
    scores = _percent(acc2_non0=acc2, f1_non0=f1, acc7=acc7, MAE=mae, Pearson=corr)
    return Published(system, scores, "train → test", _MOSI_TEST, _MMSA, "the repository's table")


MOSI = [
    _mosi("LF-DNN (late fusion)", 78.63, 78.63, 34.52, 95.5, 65.8),
    _mosi("TFN", 79.08, 79.11, 34.46, 94.7, 67.3),
    _mosi("LMF", 79.18, 79.15, 33.82, 95.0, 65.1),
    _mosi("MulT", 80.98, 80.95, 36.91, 88.0, 70.2),
    _mosi("MISA", 83.54, 83.58, 41.37, 77.7, 77.8),
    _mosi("Self-MM", 85.46, 85.43, 46.67, 70.8, 79.6),
]
_PORIA = "Poria et al., ACL 2017"
MOSI_FEATURES = [
    Published(
        "bc-LSTM, text, audio and video",
        _percent(accuracy=80.3),
        "62 → 31 videos",
        "62 videos → 31 videos",
        f"{_PORIA}, as NLP-progress lists it",
        "NLP-progress",
    ),
    Published(
        "uni-SVM, text",
        _percent(accuracy=75.5),
        "62 → 31 videos",
        "62 videos → 31 videos",
        f"{_PORIA}, table 3",
    ),
]

_W2V2 = "audEERING, w2v2-how-to, notebook"
_EMOBOX = "Ma et al., EmoBox, Interspeech 2024, leaderboard"
EMODB = [
    Published(
        "openSMILE ComParE-2016 + SVC",
        _percent(UAR=77.1),
        "one speaker left out",
        "one speaker left out, 7 emotions",
        _W2V2,
        "the notebook",
    ),
    Published(
        "wav2vec2 tuned on MSP-Podcast, frozen + SVC",
        _percent(UAR=93.4),
        "one speaker left out",
        "one speaker left out, 7 emotions",
        _W2V2,
        "the notebook",
    ),
    Published(
        "WavLM-large, frozen + small head",
        _percent(UAR=92.6, accuracy=92.7),
        "EmoBox",
        "EmoBox's folds",
        _EMOBOX,
        "the leaderboard's file",
    ),
    Published(
        "HuBERT-base, frozen + small head",
        _percent(UAR=87.7, accuracy=87.7),
        "EmoBox",
        "EmoBox's folds",
        _EMOBOX,
        "the leaderboard's file",
    ),
]
RAVDESS = [
    Published(
        "wav2vec2-base, frozen + small head",
        _percent(UAR=54.3, accuracy=55.4),
        "EmoBox",
        "EmoBox's folds",
        _EMOBOX,
        "the leaderboard's file",
    ),
    Published(
        "HuBERT-base, frozen + small head",
        _percent(UAR=65.4, accuracy=66.2),
        "EmoBox",
        "EmoBox's folds",
        _EMOBOX,
        "the leaderboard's file",
    ),
    Published(
        "WavLM-large, frozen + small head",
        _percent(UAR=72.0, accuracy=72.2),
        "EmoBox",
        "EmoBox's folds",
        _EMOBOX,
        "the leaderboard's file",
    ),
    Published(
        "Whisper-large-v3, frozen + small head",
        _percent(UAR=75.3, accuracy=75.9),
        "EmoBox",
        "EmoBox's folds",
        _EMOBOX,
        "the leaderboard's file",
    ),
]

_SURVEY = "Wilson and Cook, survey of unsupervised deep domain adaptation, ACM TIST 2020, table 4"
_AMAZON = "12 pairs, other rows of the target scored"
AMAZON = [
    Published(
        "DANN, 5,000 words and pairs of words",
        _percent(accuracy=76.27),
        "other rows",
        _AMAZON,
        f"{_SURVEY}; mean of its 12 figures",
        "the table",
    ),
    Published(
        "DANN on mSDA features (30,000)",
        _percent(accuracy=81.32),
        "other rows",
        _AMAZON,
        f"{_SURVEY}; mean of its 12 figures",
        "the table",
    ),
]

_CASTRO = "Castro et al., ACL 2019, SVM, speaker independent"
_FRIENDS = "other shows → FRIENDS"
MUSTARD = [
    Published("SVM, text", _percent(f1_weighted=59.8), "speaker independent", _FRIENDS, _CASTRO),
    Published("SVM, audio", _percent(f1_weighted=62.7), "speaker independent", _FRIENDS, _CASTRO),
    Published(
        "SVM, text, audio and video",
        _percent(f1_weighted=62.8),
        "speaker independent",
        _FRIENDS,
        _CASTRO,
    ),
]

_BOTH_SIDES = "five folds at random"
MUSTARD_FOLDS = [
    Published(
        "SVM, text",
        _percent(f1_weighted=64.6),
        "speaker dependent",
        _BOTH_SIDES,
        "Castro et al., ACL 2019, SVM, speaker dependent",
    ),
]

_GLUE = "67,349 phrases → dev"
_CARD = "model card of distilbert-base-uncased-finetuned-sst-2-english"
SST2 = [
    Published(
        "CNN-multichannel",
        _percent(accuracy=88.1),
        "sentences → test",
        "train → test",
        "Kim, EMNLP 2014, table 2",
        "paperswithcode",
    ),
    Published(
        "DistilBERT, fine-tuned", _percent(accuracy=91.3), "phrases → dev", _GLUE, _CARD, "the card"
    ),
    Published(
        "BERT-base, fine-tuned", _percent(accuracy=92.7), "phrases → dev", _GLUE, _CARD, "the card"
    ),
]

_TWEETEVAL = "Barbieri et al., TweetEval, EMNLP Findings 2020, leaderboard"


def _tweets(metric: str, **scores: float) -> list[Published]:
    names = {"svm": "SVM on words", "fasttext": "FastText", "roberta": "RoBERTa-base, fine-tuned"}
    names |= {"bertweet": "BERTweet, fine-tuned"}
    return [
        Published(
            names[name],
            _percent(**{metric: value}),
            "train → test",
            "train → test",
            _TWEETEVAL,
            "the leaderboard",
        )
        for name, value in scores.items()
    ]


TWEETEVAL_EMOTION = _tweets("f1_macro", svm=64.7, fasttext=65.2, roberta=76.1, bertweet=79.3)
TWEETEVAL_IRONY = _tweets("tweeteval_irony", svm=61.7, fasttext=63.1, roberta=59.7, bertweet=82.1)

IMDB = [
    Published(
        "NB-SVM, words and pairs of words",
        _percent(accuracy=91.22),
        "train → test",
        "train → test",
        "Wang and Manning, ACL 2012",
        "github.com/mesnilgr/nbsvm",
    ),
    Published(
        "BERT-base with further pretraining",
        _percent(accuracy=95.63),
        "train → test",
        "train → test",
        "Sun et al., 2019, as NLP-progress lists it",
        "NLP-progress",
    ),
]
FER2013 = [
    Published(
        "VGG, best single network",
        _percent(accuracy=73.28),
        "train → test",
        "train → PrivateTest",
        "Khaireddin and Chen, 2021",
        "its abstract",
    ),
    Published(
        "winner of the challenge",
        _percent(accuracy=71.162),
        "train → test",
        "train → PrivateTest",
        "Goodfellow et al., 2013",
        "github.com/Raphikowski/aml2018",
    ),
]

_LONG = "Long et al., JDA, ICCV 2013, table 4"
_LISTED = "data/benchmark.md of github.com/jindongwang/transferlearning"
_ALL_SOURCE = "all rows of the source, each domain standardised"


def _office(system: str, source: str, *values: float) -> Published:
    order = ("caltech10 → amazon", "caltech10 → webcam", "caltech10 → dslr", "amazon → caltech10")
    order += ("amazon → webcam", "amazon → dslr", "webcam → caltech10", "webcam → amazon")
    order += ("webcam → dslr", "dslr → caltech10", "dslr → amazon", "dslr → webcam")
    of_pair = {name: value / 100 for name, value in zip(order, values, strict=True)}
    key = "all rows of the source"
    return Published(system, {}, key, _ALL_SOURCE, source, _LISTED, of_pair)


OFFICE = [
    _office(
        "1-NN",
        _LONG,
        23.70,
        25.76,
        25.48,
        26.00,
        29.83,
        25.48,
        19.86,
        22.96,
        59.24,
        26.27,
        28.50,
        63.39,
    ),
    _office(
        "TCA + 1-NN",
        _LONG,
        38.20,
        38.64,
        41.40,
        37.76,
        37.63,
        33.12,
        29.30,
        30.06,
        87.26,
        31.70,
        32.15,
        86.10,
    ),
    _office(
        "JDA + 1-NN",
        _LONG,
        44.78,
        41.69,
        45.22,
        39.36,
        37.97,
        39.49,
        31.17,
        32.78,
        89.17,
        31.52,
        33.09,
        89.49,
    ),
    _office(
        "SVM, not adapted",
        "Long et al., TKL, IEEE TKDE 2015",
        55.64,
        45.22,
        43.73,
        45.77,
        42.04,
        39.66,
        31.43,
        34.76,
        82.80,
        29.39,
        26.62,
        63.39,
    ),
    _office(
        "JGSA + 1-NN",
        "Zhang et al., JGSA, CVPR 2017",
        53.13,
        48.47,
        48.41,
        41.50,
        45.08,
        45.22,
        33.57,
        40.81,
        88.54,
        30.28,
        38.73,
        93.22,
    ),
]
