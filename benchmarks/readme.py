"""The tables of README.md, README.zh.md and docs/compare.md, written from the ledger in `benchmarks/results/`.

    python benchmarks/readme.py            write them anew
    python benchmarks/readme.py --check    end with 1 where a page says anything else than its records

Records are written by the benchmarks themselves (``--record benchmarks/results/NAME.json``); no figure is typed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import _results
from _results import Record, Renderer
from _suite_table import OTHER

ROOT = Path(__file__).parent.parent
GRID = "texts given to the network"
COUNTS = (8, 16, 32, 64, "all")

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "labels a class": "labels of each class",
        "all": "all",
        "work": "work",
        "against": "against",
        "times": "times as fast, by processor seconds",
        "rows": "texts given to the network",
        "a plain Pipeline": "scikit-learn, a plain `Pipeline`",
        "`Pipeline(memory=)`": "scikit-learn, `Pipeline(memory=)`",
        "`LLMEncoder`": "skrub, `LLMEncoder`",
        "`cached()`, which held them all already": "embetter, `cached()`, which held them all already",
        "a fresh store": "**hybridsent**, a fresh store",
        "sst2": "SST-2: sentences of film reviews, 2 classes",
        "mvsa": "MVSA: tweets with a picture, 3 classes",
        "emodb": "Emo-DB: voices of speakers who were not heard before, 4 emotions",
        "TF-IDF + LR": "TF-IDF, logistic regression",
        "frozen text + LR": "the same frozen text vectors, logistic regression",
        "frozen text, image + LR": "… and the picture's beside them",
        "eGeMAPS + LR": "openSMILE's eGeMAPS, logistic regression",
        "frozen audio + LR": "the same frozen vectors, logistic regression",
        "hybridsent": "**hybridsent**, as it is by default",
        "hybridsent, contrastive": "**hybridsent**, `--recipe contrastive`",
        "text": "sentences to vectors",
        "image": "pictures to vectors",
        "whisper": "sounds to vectors",
        "cca": "canonical correlations of two views",
        "grid": "a grid search over 100 texts, 21 fits",
        "extract_text": "sentence-transformers, the same weights",
        "extract_image": "torch and torchvision, the same weights",
        "extract_audio": "transformers without its padding to 30 s, the same weights",
        "alignment": "scikit-learn's `CCA`",
        "source": "Measured by {}",
        "corpus": "corpus, metric",
        "classical": "classical line",
        "default": "**hybridsent**, as it is by default",
        "chosen": "… or the recipe that inner folds choose",
        "published": "published",
        "accuracy": "accuracy",
        "f1_weighted": "weighted F1",
        "f1_macro": "macro F1",
        "tweeteval_irony": "F1 of irony",
        "UAR": "mean recall of the classes",
        "MAE": "mean absolute error",
        "part": "{}, a part of it",
        "Amazon reviews": "Amazon reviews, 12 pairs of domains",
        "CMU-MOSI, signs": "CMU-MOSI, signs",
        "MELD, emotion": "MELD, emotion",
        "MELD, sentiment": "MELD, sentiment",
        "MUStARD": "MUStARD, sarcasm of another series",
        "MUStARD, random folds": "MUStARD, random folds",
        "TweetEval, emotion": "TweetEval, emotion",
        "TweetEval, irony": "TweetEval, irony",
    },
    "zh": {
        "labels a class": "每类标签数",
        "all": "全部",
        "work": "任务",
        "against": "对照",
        "times": "速度倍数（按处理器时间）",
        "rows": "送入网络的文本数",
        "a plain Pipeline": "scikit-learn，普通 `Pipeline`",
        "`Pipeline(memory=)`": "scikit-learn，`Pipeline(memory=)`",
        "`LLMEncoder`": "skrub，`LLMEncoder`",
        "`cached()`, which held them all already": "embetter，`cached()`（缓存中已有全部文本）",
        "a fresh store": "**hybridsent**，全新的特征存储",
        "sst2": "SST-2：影评句子，2 类",
        "mvsa": "MVSA：配图推文，3 类",
        "emodb": "Emo-DB：训练中未出现过的说话人的语音，4 种情绪",
        "TF-IDF + LR": "TF-IDF + 逻辑回归",
        "frozen text + LR": "同样的冻结文本向量 + 逻辑回归",
        "frozen text, image + LR": "…… 再加上图像向量",
        "eGeMAPS + LR": "openSMILE 的 eGeMAPS + 逻辑回归",
        "frozen audio + LR": "同样的冻结向量 + 逻辑回归",
        "hybridsent": "**hybridsent**，默认设置",
        "hybridsent, contrastive": "**hybridsent**，`--recipe contrastive`",
        "text": "句子转向量",
        "image": "图片转向量",
        "whisper": "声音转向量",
        "cca": "两个视图的典型相关",
        "grid": "100 条文本、21 次拟合的网格搜索",
        "extract_text": "sentence-transformers，权重相同",
        "extract_image": "torch 与 torchvision，权重相同",
        "extract_audio": "transformers（不补齐到 30 秒），权重相同",
        "alignment": "scikit-learn 的 `CCA`",
        "source": "测量命令：{}",
        "corpus": "语料，指标",
        "classical": "经典方法",
        "default": "**hybridsent**，默认设置",
        "chosen": "…… 或由内层折选出的配置",
        "published": "论文数据",
        "accuracy": "准确率",
        "f1_weighted": "加权 F1",
        "f1_macro": "宏平均 F1",
        "tweeteval_irony": "反讽类 F1",
        "UAR": "各类平均召回率",
        "MAE": "平均绝对误差",
        "part": "{}（部分数据）",
        "Amazon reviews": "Amazon 评论，12 对领域",
        "CMU-MOSI, signs": "CMU-MOSI，正负号",
        "MELD, emotion": "MELD，情绪",
        "MELD, sentiment": "MELD，情感极性",
        "MUStARD": "MUStARD，另一部剧集的讽刺",
        "MUStARD, random folds": "MUStARD，随机折",
        "TweetEval, emotion": "TweetEval，情绪",
        "TweetEval, irony": "TweetEval，反讽",
    },
}

DEFAULT, CHOSEN = "default", "chosen inside the folds"
LESS_IS_BETTER = ("MAE",)
UNCHECKED = "?"
"""The mark of a published figure that nobody has read again; the page of the benchmark says so in words."""

SPEEDS: tuple[tuple[str, str, str], ...] = (
    ("extract_text", "text", "hybridsent auto"),
    ("extract_image", "image", "hybridsent auto"),
    ("extract_audio", "whisper", "hybridsent, auto: Whisper"),
    ("alignment", "cca", "two views: hybridsent MCCA"),
)
"""Records of which the README shows a line: what work, and which way is ours."""


def label_count(record: Record, language: str) -> str:
    """Show a block of lines a corpus: ways below each other, numbers of labels side by side."""
    words = WORDS[language]
    found = {(r["corpus"], r["way"], r["labels"]): r for r in record["rows"]}
    lines: list[list[str]] = []
    for corpus in dict.fromkeys(r["corpus"] for r in record["rows"]):
        lines.append([f"*{words[corpus]}*", *[""] * len(COUNTS)])
        for way in dict.fromkeys(r["way"] for r in record["rows"] if r["corpus"] == corpus):
            cells = [_percent(found.get((corpus, way, count))) for count in COUNTS]
            lines.append([words[way], *cells])
    heads = [words["labels a class"], *(words["all"] if n == "all" else str(n) for n in COUNTS)]
    shown = _results.table(heads, lines, numbers=range(1, len(heads)))
    return f"{shown}\n\n{_source(record, language)}"


def _percent(row: Mapping[str, float] | None) -> str:
    if row is None:
        return "–"
    near = f" ± {100 * row['interval']:.1f}" if "interval" in row else ""
    return f"{100 * row['mean']:.1f}{near}"


def speed(record: Record, language: str) -> str:
    """Show what a search encodes, and then a line a benchmark that has a record."""
    words = WORDS[language]
    asked = [row for row in record["rows"] if row["claim"].startswith(GRID)]
    shown = [[words[row["claim"].split("fits, ")[1]], f"{row['seen']:,}"] for row in asked]
    parts = [_results.table([words["grid"], words["rows"]], shown, numbers=(1,))]
    lines, sources = [], [record]
    for name, work, ours in SPEEDS:
        if (_results.RESULTS / f"{name}.json").is_file():
            sources.append(_results.read(name))
            row = next(row for row in sources[-1]["rows"] if row["way"] == ours)
            lines.append([words[work], words[name], f"**{row['cpu_ratio']:.1f}**"])
    if lines:
        heads = [words["work"], words["against"], words["times"]]
        parts.append(_results.table(heads, lines, numbers=(2,)))
    parts.append("\n".join(f"- {_source(each, language)}" for each in sources))
    return "\n\n".join(parts)


def papers(record: Record, language: str) -> str:
    """Show a line for each corpus that was measured, whatever came out, beside the best that was published of it."""
    words = WORDS[language]
    lines = []
    for title in dict.fromkeys(row["corpus"] for row in record["rows"]):
        rows = [row for row in record["rows"] if row["corpus"] == title]
        ours = {row["way"]: row for row in rows if row["kind"] == "measured"}
        if not ours:
            continue
        classical = next(row for row in ours.values() if "gain" not in row)
        shown = [_score(classical), *(_score(ours.get(way)) for way in (DEFAULT, CHOSEN))]
        separator = "，" if language == "zh" else ", "
        name = words.get(title, title)
        if record.get("corpora", {}).get(title, {}).get("part"):
            name = words["part"].format(name)
        lines.append(
            [
                f"{name}{separator}{words[classical['metric']]}",
                *shown,
                _published(rows),
            ]
        )
    heads = [words[name] for name in ("corpus", "classical", "default", "chosen", "published")]
    shown_table = _results.table(heads, lines, numbers=range(1, len(heads)))
    return f"{shown_table}\n\n{_source(record, language)}"


def _score(row: Mapping[str, float] | None) -> str:
    return "–" if row is None else _results.interval(row["value"], row["low"], row["high"])


def _published(rows: Sequence[Mapping[str, Any]]) -> str:
    """Give the best figure of the same protocol; where there is none, that of any, with its mark; and whether it was checked."""
    found = [row for row in rows if row["kind"] == "published"]
    same = [row for row in found if row["same_protocol"]]
    if not found:
        return "–"
    best = min if found[0]["metric"] in LESS_IS_BETTER else max
    row = best(same or found, key=lambda row: row["value"])
    marks = ("" if same else f" {OTHER}") + ("" if row["checked"] else f" {UNCHECKED}")
    return _results.number(row["value"]) + marks


def peers(record: Record) -> str:
    """Show what was seen of other packages, a line a claim."""
    lines = [
        [
            f"{row['package']} {record['versions'].get(row['package'], '')}",
            row["claim"],
            row["seen"],
        ]
        for row in record["rows"]
    ]
    return f"{_results.table(['package', 'what', 'seen'], lines)}\n\n{_source(record, 'en')}"


def _source(record: Record, language: str) -> str:
    told = _results.source(record)
    if language == "zh":  # the same with marks of full width
        of, here = record["versions"], record["machine"]
        names = ("hybridsent", "scikit-learn", "torch", "python")
        used = "、".join(f"{name} {of[name]}" for name in names if name in of)
        told = f"`{record['command']}`，{record['date']}；{used}；{here['cores']} 核，{here['processor']}。"
    return WORDS[language]["source"].format(told)


def _of(language: str) -> dict[str, Renderer]:
    return {
        "label_count": partial(label_count, language=language),
        "suite": partial(papers, language=language),
        "peers:speed": partial(speed, language=language),
    }


PAGES: dict[Path, dict[str, Renderer]] = {
    ROOT / "README.md": _of("en"),
    ROOT / "README.zh.md": _of("zh"),
    ROOT / "docs" / "compare.md": {"peers": peers},
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, and tell what differs")
    check = parser.parse_args().check
    differ = [
        page
        for page, renderers in PAGES.items()
        if (_results.stale if check else _results.refresh)(page, renderers)
    ]
    for page in differ:
        print(f"{page.relative_to(ROOT)}: {'differs from its records' if check else 'written'}")
    return int(check and bool(differ))


if __name__ == "__main__":
    sys.exit(main())
