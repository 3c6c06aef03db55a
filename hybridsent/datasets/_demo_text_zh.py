"""Chinese texts of the demo data: hand-written sentences, varied as people type (layer L4)."""

from __future__ import annotations

import numpy as np

from hybridsent.datasets._demo_sentences_zh import NEGATIVE, NEUTRAL, POSITIVE

__all__ = ["BANK", "vary"]

BANK = {"positive": POSITIVE, "neutral": NEUTRAL, "negative": NEGATIVE}
"""Sentences by mood."""

_OPENERS = [
    *(
        "说一下，",
        "更新：",
        "今天：",
        "话说，",
        "记录一下，",
        "顺便说一句，",
        "讲真，",
    ),
    *(
        "@小美 ",
        "@老周 ",
        "@阿强同学 ",
        "回复@小林：",
        "//@丽丽：",
        "@团队 ",
        "给大家说说，",
    ),
]
_ENDERS = [
    *("就这样", "先这样吧", "你们呢？", "回头再说", "明天接着说", "不多说了", "周日见"),
    *("我去干活了", "地铁上写的", "以上", "在厨房里写的", "有事晚点问我"),
]
_TAGS = [
    *("#周一#", "#周末#", "#日常#", "#工作#", "#家里的事#", "#校园#", "#旅行#", "#美食#", "#音乐#"),
    *("#今天#", "#生活记录#", "#邻居#", "#点评#", "#体育#", "#酒店#", "#日记#", "#电影#"),
]
_MOOD_TAGS = {
    "positive": ["#开心#", "#感恩#", "#幸福#", "#小确幸#", "#好运#", "#推荐#"],
    "neutral": ["#通知#", "#备忘#", "#提醒#", "#安排#", "#信息#", "#说明#"],
    "negative": ["#糟心#", "#难过#", "#受够了#", "#避雷#", "#心累#", "#差评#"],
}
_EMOJI = {
    "positive": ["😊", "😍", "🎉", "❤️", "😂", "👍", "🥰", "[哈哈]", "☀️"],
    "neutral": ["📌", "🤔", "🗓️", "👀", "📦", "☕", "🙂"],
    "negative": ["😢", "😡", "💔", "😩", "👎", "🙄", "😭", "[泪]"],
}
_REMARKS = {
    "positive": [
        *("太喜欢了", "今天真开心", "强烈推荐", "没得说", "满分", "下次还来", "心情特别好"),
        *("值了", "运气真好", "好评", "幸福感爆棚", "给个赞"),
    ],
    "neutral": [
        *("按计划来", "和去年一样", "仅供参考", "详情看网页", "别的没什么了", "时间可能会变"),
        *("看一下公告栏", "不用回复"),
    ],
    "negative": [
        *("烦死了", "今天真倒霉", "一团糟", "受够了", "再也不来了", "差评", "真的难受"),
        *("心累", "太失望了", "无语", "服了"),
    ],
}
_MOODS = ("positive", "neutral", "negative")
_STRETCHED = ("太", "真", "好", "啊", "哈")


def vary(rng: np.random.Generator, sentence: str, mood: str, strength: float) -> str:
    """Write a sentence as somebody might post it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all chance.
    sentence : str
        One of `BANK`.
    mood : {"positive", "neutral", "negative"}
        What the writer means.
    strength : float
        0 to 1: how often emoji, marks and topics show the mood.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.datasets._demo_text_zh import BANK, vary
    >>> sentence = BANK["neutral"][0]
    >>> sentence in vary(np.random.default_rng(1), sentence, "neutral", 0.0)
    True
    """
    shown = mood if rng.random() < 0.85 else str(rng.choice(_MOODS))
    text = _respelled(rng, sentence, strength)
    parts = [_pick(rng, _OPENERS, 0.3), text, _mark(rng, mood, strength)]
    if ender := _pick(rng, _REMARKS[shown], 0.35 * strength) or _pick(rng, _ENDERS, 0.15):
        parts[-1] = parts[-1] or "，"
        parts += [ender, "" if ender.endswith("？") else str(rng.choice(["。", "！", "～", ""]))]
    parts.append(_pick(rng, _EMOJI[shown], 0.12 + 0.4 * strength))
    parts.append(_pick(rng, _TAGS, 0.22))
    parts.append(_pick(rng, _MOOD_TAGS[shown], 0.25 * strength))
    return "".join(parts).strip()


def _pick(rng: np.random.Generator, choices: list[str], chance: float) -> str:
    return str(rng.choice(choices)) if rng.random() < chance else ""


def _mark(rng: np.random.Generator, mood: str, strength: float) -> str:
    loud = 0.05 if mood == "neutral" else 0.1 + 0.3 * strength
    chances = np.array([0.55, 0.3, 0.1, 0.05, 0.75 * loud, 0.25 * loud]) / (1 + loud)
    return str(rng.choice(["。", "", "……", "～", "！", "！！！"], p=chances))


def _respelled(rng: np.random.Generator, sentence: str, strength: float) -> str:
    """Lengthen a sign (太太太好吃), or leave the commas out."""
    if rng.random() < 0.25 * strength:
        found = next((sign for sign in _STRETCHED if sign in sentence), "")
        if found:
            sentence = sentence.replace(found, found * int(rng.integers(2, 5)), 1)
    return sentence.replace("，", " ") if rng.random() < 0.12 else sentence
