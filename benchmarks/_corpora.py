"""How public corpora are read: as their authors hand them out, or as a table in hybridsent's own form.

The one home of it: each reader takes a folder, and gives a table with a row a sample, or None where its files are not there. Cells
of pictures and sounds are paths, but for corpora that are handed out as arrays. Labels, parts and groups are columns, by the
names that the corpus has for them; nothing is cut here (`_suite_protocols`).

A corpus may also be a ``table.csv`` (or ``.parquet``) with the same columns, paths relative to its folder.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridsent import read_table
from hybridsent.datasets import read_cifar10

Reader = Callable[[Path], "pd.DataFrame | None"]


def near_duplicates(texts: pd.Series) -> np.ndarray:
    """Give texts that differ only in links, names, case and punctuation one number."""
    said = texts.fillna("").str.lower().str.replace(r"@\w+|https?://\S+", " ", regex=True)
    words = said.str.replace(r"[^a-z]+", " ", regex=True)
    return np.unique(words.str.split().str.join(" ").to_numpy(dtype=str), return_inverse=True)[1]


def _text(path: Path) -> str:
    """Read a file whose bytes may be no UTF-8, as a quarter of those of MVSA are."""
    return path.read_text(encoding="utf-8", errors="replace").strip()


def _folder_with(folder: Path, pattern: str) -> Path | None:
    """Find the folder, this one or one below, in which something is of this name."""
    first = next(iter(sorted(folder.glob(pattern)) or sorted(folder.glob(f"*/{pattern}"))), None)
    return first.parent if first is not None else None


# -- tables of hybridsent's own form


def plain_table(folder: Path) -> pd.DataFrame | None:
    """Read ``table.csv`` or ``table.parquet``."""
    for name in ("table.csv", "table.parquet"):
        if (folder / name).is_file():
            return read_table(folder / name)
    return None


def own_table(folder: Path) -> pd.DataFrame:
    """Read such a table, which must be there."""
    table = plain_table(folder)
    if table is None:
        raise FileNotFoundError(f"{folder} must hold table.csv or table.parquet.")
    return table


def plain_table_of_one(folder: Path) -> pd.DataFrame | None:
    """Read such a table where it is not one of many tasks."""
    table = plain_table(folder)
    return None if table is None or "task" in table else table


def plain_texts(folder: Path, task: str) -> pd.DataFrame | None:
    """Read one task of a table of texts that has a column ``task``."""
    path = folder / "table.csv"
    if not path.is_file():
        return None
    rows = pd.read_csv(path, keep_default_na=False)  # "null" is a text
    rows = rows[(rows["task"] == task) & (rows["text"].str.strip() != "")]
    return rows.drop(columns="task").reset_index(drop=True) if len(rows) else None


# -- posts of text and image


def mvsa(folder: Path) -> pd.DataFrame | None:
    """Read ``labelResultAll.txt`` and ``data/1.txt``, ``data/1.jpg`` …

    The label of a pair is that of both where they agree, that of the other where one is neutral; pairs of which one is
    positive and the other negative are left out, as is usual. With the folds of Cheema et al. (2021) beside it
    (``valid_pairlist.txt``, ``splits/test_1.txt`` …), the column ``fold`` says in which test part a pair is.
    """
    root = _folder_with(folder, "labelResultAll.txt")
    if root is None:
        return None
    rows = []
    for line in _text(root / "labelResultAll.txt").splitlines()[1:]:
        number, of_text, of_image = re.split(r"[\t,]+", line.strip())
        label = _of_pair(of_text, of_image)
        if label is not None:
            file = root / "data" / number
            post = {"id": int(number), "text": _text(file.with_suffix(".txt"))}
            post |= {"image": str(file.with_suffix(".jpg")), "label": label}
            rows.append(post | {"text_label": of_text, "image_label": of_image})
    table = pd.DataFrame(rows)
    fold = _folds_of_mvsa(folder)
    if fold is None:
        return table
    table = table[table["id"].isin(fold)].reset_index(drop=True)
    return table.assign(fold=table["id"].map(fold))


def _of_pair(of_text: str, of_image: str) -> str | None:
    said = {of_text, of_image}
    if len(said) == 1:
        return of_text
    return said.difference({"neutral"}).pop() if "neutral" in said else None


def _folds_of_mvsa(folder: Path) -> dict[int, int] | None:
    """Read which test part each pair is in; files of a part have line numbers of the list of pairs."""
    root = _folder_with(folder, "valid_pairlist.txt")
    if root is None:
        return None
    pairs = [
        re.split(r"[,\s]+", line)[0] for line in _text(root / "valid_pairlist.txt").splitlines()
    ]
    fold: dict[int, int] = {}
    for k in range(1, 11):
        for line in _text(root / "splits" / f"test_{k}.txt").split():
            number = int(Path(pairs[int(line)]).stem)
            if fold.setdefault(number, k) != k:
                raise ValueError(f"The pair {number} is in the test parts {fold[number]} and {k}.")
    return fold


# -- talk


def meld(folder: Path) -> pd.DataFrame | None:
    """Read ``train_sent_emo.csv``, ``dev_sent_emo.csv`` and ``test_sent_emo.csv``, those that are there."""
    root = _folder_with(folder, "train_sent_emo.csv")
    if root is None:
        return None
    parts = []
    for split in ("train", "dev", "test"):
        if (root / f"{split}_sent_emo.csv").is_file():
            part = pd.read_csv(root / f"{split}_sent_emo.csv", keep_default_na=False)
            parts.append(part.assign(split=split))
    rows = pd.concat(parts, ignore_index=True)
    names = {"Dialogue_ID": "dialogue", "Utterance_ID": "turn", "Speaker": "speaker"}
    names |= {"Utterance": "text", "Sentiment": "sentiment", "Emotion": "emotion"}
    return rows.rename(columns=names)[["split", *names.values()]]


def mosi(folder: Path) -> pd.DataFrame | None:
    """Read ``label.csv`` as MMSA hands it out, with the clips ``Raw/VIDEO/CLIP.mp4`` where they are there."""
    root = _folder_with(folder, "label.csv")
    if root is None:
        return None
    rows = pd.read_csv(root / "label.csv", dtype={"video_id": str, "clip_id": str})
    table = pd.DataFrame(
        {
            "split": rows["mode"].replace("valid", "dev"),
            "video_id": rows["video_id"],
            "turn": rows["clip_id"],
            "transcript": rows["text"].str.capitalize(),  # they are all in capitals
            "label": rows["label"].astype(float),
        }
    )
    clips = [
        root / "Raw" / v / f"{c}.mp4"
        for v, c in zip(rows["video_id"], rows["clip_id"], strict=True)
    ]
    return table.assign(clip=list(map(str, clips))) if all(map(Path.is_file, clips)) else table


def mosi_features(folder: Path) -> pd.DataFrame | None:
    """Read the features of Poria et al. (2017) as one table: ``features.parquet``."""
    path = folder / "features.parquet"
    return pd.read_parquet(path) if path.is_file() else None


def mustard(folder: Path) -> pd.DataFrame | None:
    """Read ``sarcasm_data.json``."""
    root = _folder_with(folder, "sarcasm_data.json") or _folder_with(
        folder, "data/sarcasm_data.json"
    )
    if root is None:
        return None
    found = json.loads((root / "sarcasm_data.json").read_text(encoding="utf-8"))
    rows = [
        {
            "id": number,
            "text": one["utterance"],
            "context": " ".join(one["context"]),
            "speaker": one["speaker"],
            "show": one["show"],
            "label": int(one["sarcasm"]),
        }
        for number, one in found.items()
    ]
    return pd.DataFrame(rows)


# -- speech

EMODB = {"W": "anger", "L": "boredom", "E": "disgust", "A": "fear", "F": "happiness"}
EMODB |= {"T": "sadness", "N": "neutral"}


def emodb(folder: Path) -> pd.DataFrame | None:
    """Read ``wav/03a01Fa.wav`` …: speaker, sentence, emotion and take stand in the name."""
    root = _folder_with(folder, "wav")
    names = (
        [] if root is None else sorted((root / "wav").glob("[0-9][0-9][ab][0-9][0-9][A-Z]*.wav"))
    )
    rows = [
        {"audio": str(p), "label": EMODB[p.stem[5]], "speaker": p.stem[:2], "sentence": p.stem[2:5]}
        for p in names
    ]
    return pd.DataFrame(rows) if rows else None


RAVDESS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")


def ravdess(folder: Path) -> pd.DataFrame | None:
    """Read the speech (not the song) of ``Actor_01/03-01-05-01-02-01-01.wav`` …

    With EmoBox's folds beside it (``fold_1/ravdess_test_fold_1.jsonl`` …), the column ``fold`` says in which test part a
    file is.
    """
    files = sorted(folder.glob("Actor_*/*.wav")) or sorted(folder.glob("*/Actor_*/*.wav"))
    rows = []
    for path in files:
        part = path.stem.split("-")
        if len(part) == 7 and part[1] == "01":
            rows.append({"audio": str(path), "label": RAVDESS[int(part[2]) - 1], "actor": part[6]})
    if not rows:
        return None
    table = pd.DataFrame(rows)
    fold = {}
    for path in sorted(folder.rglob("ravdess_test_fold_*.jsonl")):
        for line in _text(path).splitlines():
            fold[Path(json.loads(line)["wav"]).name] = int(path.stem.rpartition("_")[2])
    if not fold:
        return table
    return table.assign(fold=[fold[Path(name).name] for name in table["audio"]])


# -- texts


def imdb(folder: Path) -> pd.DataFrame | None:
    """Read ``aclImdb/train/pos/0_9.txt`` …"""
    root = _folder_with(folder, "train/pos")
    if root is None:
        return None
    rows = [
        {"split": split, "text": _text(path), "label": label}
        for split in ("train", "test")
        for label in ("neg", "pos")
        for path in sorted((root.parent / split / label).glob("*.txt"))
    ]
    return pd.DataFrame(rows)


def sst2(folder: Path) -> pd.DataFrame | None:
    """Read GLUE's ``train.tsv`` and ``dev.tsv``, or the sentences of ``stsa.binary.train``, ``.dev`` and ``.test``.

    The column ``phrases`` says whether the training part is the 67,349 phrases of GLUE; the test part of GLUE has no labels, and is
    not read.
    """
    root = _folder_with(folder, "train.tsv")
    if root is not None:
        parts = [
            pd.read_csv(
                root / f"{split}.tsv", sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=False
            )
            .rename(columns={"sentence": "text"})
            .assign(split=split)
            for split in ("train", "dev")
        ]
        return pd.concat(parts, ignore_index=True)[["split", "text", "label"]].assign(phrases=True)
    root = _folder_with(folder, "stsa.binary.train")
    if root is None:
        return None
    rows = [
        {"split": split, "text": line[2:], "label": int(line[0])}
        for split in ("train", "dev", "test")
        if (root / f"stsa.binary.{split}").is_file()
        for line in (root / f"stsa.binary.{split}").read_text(encoding="latin-1").splitlines()
    ]
    return pd.DataFrame(rows).assign(phrases=False)


def tweeteval(task: str) -> Reader:
    """Make the reader of ``train_text.txt``, ``train_labels.txt`` … of a task."""

    def read(folder: Path) -> pd.DataFrame | None:
        root = next(
            (
                each
                for each in (folder / "datasets" / task, folder / task, folder)
                if (each / "train_text.txt").is_file()
            ),
            None,
        )
        if root is None:
            return None
        rows = []
        for split in ("train", "val", "test"):
            if (root / f"{split}_labels.txt").is_file():
                texts = (root / f"{split}_text.txt").read_text(encoding="utf-8").split("\n")
                labels = (root / f"{split}_labels.txt").read_text(encoding="utf-8").split()
                rows += [
                    {"split": split, "text": text.strip(), "label": int(label)}
                    for text, label in zip(texts, labels, strict=False)  # a last empty line
                ]
        return pd.DataFrame(rows)

    return read


def amazon(folder: Path) -> pd.DataFrame | None:
    """Read ``sorted_data_acl/books/positive.review`` …: reviews between marks, in latin-1."""
    root = _folder_with(folder, "books/positive.review")
    if root is None:
        return None
    rows = [
        {"domain": path.parent.name, "text": text, "label": path.stem}
        for path in sorted(root.parent.glob("*/*.review"))
        if path.stem in ("positive", "negative")
        for text in _reviews(path)
    ]
    return pd.DataFrame(rows)


def _reviews(path: Path) -> Iterator[str]:
    whole = path.read_text(encoding="latin-1")
    for match in re.finditer(r"<review_text>\s*(.*?)\s*</review_text>", whole, re.DOTALL):
        yield " ".join(match[1].split())


# -- pictures

FER2013 = ("angry", "disgusted", "fearful", "happy", "sad", "surprised", "neutral")


def fer2013(folder: Path) -> pd.DataFrame | None:
    """Read ``fer2013.csv``: pictures are numbers in a column."""
    root = _folder_with(folder, "fer2013.csv")
    if root is None:
        return None
    rows = pd.read_csv(root / "fer2013.csv")
    pictures = [
        np.fromstring(one, dtype=np.uint8, sep=" ").reshape(48, 48) for one in rows["pixels"]
    ]
    parts = {"Training": "train", "PublicTest": "dev", "PrivateTest": "test"}
    return pd.DataFrame(
        {
            "split": rows["Usage"].map(parts),
            "image": pictures,
            "label": [FER2013[number] for number in rows["emotion"]],
        }
    )


def cifar10(folder: Path) -> pd.DataFrame | None:
    """Read the binary version: ``data_batch_1.bin`` … and ``test_batch.bin``, where that is there."""
    root = _folder_with(folder, "data_batch_1.bin")
    if root is None:
        return None
    splits = ["train", "test"] if (root / "test_batch.bin").is_file() else ["train"]
    parts = [read_cifar10(root, split).assign(split=split) for split in splits]
    return pd.concat(parts, ignore_index=True)


def office_caltech(folder: Path) -> pd.DataFrame | None:
    """Read ``amazon_SURF_L10.mat`` …: each picture's counts divided by their sum, each domain standardised by itself."""
    root = _folder_with(folder, "*_SURF_L10.mat")
    if root is None:
        return None
    from scipy.io import loadmat

    parts = []
    for path in sorted(root.glob("*_SURF_L10.mat")):
        held = [value for name, value in loadmat(path).items() if not name.startswith("__")]
        X = next(value for value in held if min(value.shape) > 1).astype(np.float64)
        labels = next(value for value in held if min(value.shape) == 1).ravel().astype(int)
        X /= X.sum(axis=1, keepdims=True)
        spread = X.std(axis=0)
        X = ((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)).astype(np.float32)
        part = pd.DataFrame(X, columns=[f"image__{i}" for i in range(X.shape[1])])
        told = {"domain": path.name.partition("_")[0].lower(), "label": labels}
        parts.append(pd.concat([pd.DataFrame(told, index=part.index), part], axis=1))
    return pd.concat(parts, ignore_index=True)


# -- finding them


def first_of(readers: Sequence[Reader]) -> Reader:
    """Make a reader that tries several layouts."""

    def read(folder: Path) -> pd.DataFrame | None:
        return next((found for each in readers if (found := each(folder)) is not None), None)

    return read


def text_task(task: str) -> Reader:
    """Make the reader of a task in a table of many."""

    def read(folder: Path) -> pd.DataFrame | None:
        return plain_texts(folder, task)

    return read


def reads(folder: Path, names: Sequence[str], readers: Sequence[tuple[str, Reader]]) -> Any:
    """Look for a corpus in the folders that may hold it; give its layout and its table.

    Parameters
    ----------
    folder : Path
        The user's folder of corpora.
    names : sequence of str
        Names that the folder of this corpus may have, in any case; the first is ours.
    readers : sequence of (str, callable)
        Layouts by name.

    Returns
    -------
    (str, DataFrame) or None
        None where the corpus is not at hand.
    """
    wanted = {name.lower() for name in names}
    inside = sorted(each for each in folder.iterdir() if each.is_dir())
    for place in [each for each in inside if each.name.lower() in wanted]:
        for layout, read in readers:
            table = read(place)
            if table is not None and len(table):
                return layout, table.reset_index(drop=True)
    return None
