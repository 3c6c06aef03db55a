"""Notes that pages show, in both languages (layer L0: words everyone may use).

A note is an English sentence wherever it is made, printed and kept. A page in Chinese asks for the
Chinese of a sentence, also of one that a file of before holds: it is found by its form, so that
nothing is carried beside the sentence. What a note quotes, such as the error of a decoder, stays as
it is, unless it is a note itself.
"""

from __future__ import annotations

import functools
import re

__all__ = ["in_chinese", "note"]

_NOTES: dict[str, tuple[str, str]] = {
    # -- shares and an index of posts -------------------------------------------------------------
    "assumes": (
        "Corrected for what the model mistakes, which holds where posts of each class look as they "
        "did when it was fitted and only their shares have changed.",
        "已按模型的误判进行校正；前提是各类帖子与训练时相似，只有占比发生变化。",
    ),
    "counted": (
        "Counted as answered, which is biased wherever the model errs, the more the farther the "
        "shares are from those it was taught; the interval does not cover that.",
        "按模型的回答计数：模型出错之处即有偏差，占比离训练时越远偏差越大；区间不包含这种偏差。",
    ),
    "singular": (
        "The reference cannot tell some classes apart, so nothing is known of their shares.",
        "参照无法区分其中一些类别，因此它们的占比无从得知。",
    ),
    "misfit": (
        "The answers are no mixture of those about the classes of the reference (p={p}): posts of "
        "a class do not look as they did, and the shares may be wrong by more than their intervals "
        "say. Label some new posts and fit again.",
        "这些回答不是参照中各类回答的混合（p={p}）：同类帖子已与从前不同，占比的误差可能超出区间。"
        "请标注一些新帖子并重新训练。",
    ),
    "no_index": ("There is no index: {why}", "没有指数：{why}"),
    "shares_alone": ("There is no index, shares alone: {why}", "没有指数，只有占比：{why}"),
    "worthless": (
        "{the} classes must be names of polarity, numbers or stars to be worth something in an "
        "index. Got {odd} among {labels}; say what each is worth by the values parameter, as in "
        "values={{'anger': -1, 'joy': 1}}.",
        "类别须为情感极性的名称、数字或星级，才能在指数中有值；{labels} 之中的 {odd} 不是。"
        "请用 values 参数说明各类的值，例如 values={{'anger': -1, 'joy': 1}}。",
    ),
    "numbers": (
        "The model tells numbers, whose mean is not corrected.",
        "模型给出数值，其均值未经校正。",
    ),
    "sets": (
        "The model tells sets of labels, whose shares are counted, not corrected.",
        "模型给出标签集合，其占比仅为计数，未经校正。",
    ),
    "no_reference": (
        "The model file does not keep what the model mistakes (it is older, made by hand, or "
        "fitted with --no-reference), so shares are counted, not corrected. Fit it again by "
        "hybridsent fit, or make one by hybridsent.scoring.reference_of.",
        "模型文件没有保存模型的误判（文件较旧、手工制作，或以 --no-reference 训练），"
        "因此占比仅为计数，未经校正。请用 hybridsent fit 重新训练，"
        "或用 hybridsent.scoring.reference_of 生成参照。",
    ),
    # -- what has drifted -------------------------------------------------------------------------
    "drift.missing": (
        "{view} is missing in {after} of posts, where it was in {before} ({p})",
        "{after} 的帖子缺少 {view}，此前为 {before}（{p}）",
    ),
    "drift.whole": (
        "{view} as a whole is otherwise (discrepancy {effect}, {p})",
        "{view} 整体已不同（差异 {effect}，{p}）",
    ),
    "drift.column": (
        "{view}: {what} is distributed otherwise, {effect} apart, its mean {after} where it was "
        "{before} ({p})",
        "{view}：{what} 的分布已不同，相差 {effect}，均值为 {after}，此前为 {before}（{p}）",
    ),
    # -- a recording over time --------------------------------------------------------------------
    "broken": (
        "{file} is broken, and was read as far as it goes; {why}",
        "{file} 已损坏，只读到可读之处；{why}",
    ),
    "read_from": (
        "what is said is read from {source}: {n} cues",
        "所说的话读自 {source}：{n} 条字幕",
    ),
    "written_by": (
        "what is said was written down by {source}: {n} words",
        "所说的话由 {source} 转写：{n} 个词",
    ),
    "not_asked_subtitles": (
        "the speech model {model} is not asked: subtitles tell what is said",
        "未使用语音模型 {model}：所说的话由字幕给出",
    ),
    "not_asked": (
        "the speech model {model} is not asked: nothing here listens",
        "未使用语音模型 {model}：此处无需识别语音",
    ),
    "nothing_said": (
        "what is said is missing in every window: {why}",
        "每个窗口都缺少所说的话：{why}",
    ),
    "who_speaks": (
        "who speaks is read from {source}: {names} speakers, {n} turns",
        "说话人读自 {source}：{names} 位说话人，{n} 段发言",
    ),
    "names_in": ("names in {file}", "{file} 中的名字"),
    "few_windows": (
        "fewer than five windows have a score ({n}), too few for an interval",
        "有得分的窗口不足五个（{n} 个），不足以给出区间",
    ),
    "absent": ("{view} is missing in every window", "每个窗口都缺少 {view}"),
    "absent_why": ("{view} is missing in every window: {why}", "每个窗口都缺少 {view}：{why}"),
    "absent_in": ("{view} is missing in {n} windows", "{n} 个窗口缺少 {view}"),
    "absent_in_why": ("{view} is missing in {n} windows: {why}", "{n} 个窗口缺少 {view}：{why}"),
    "no_sound": ("the file has no sound", "文件没有声音"),
    "no_pictures": ("the file has no moving pictures", "文件没有活动画面"),
    "nobody_listened": (
        "there are no subtitles, and nobody listened",
        "没有字幕，也没有进行语音识别",
    ),
    # -- one answer -------------------------------------------------------------------------------
    "too_few_rows": (
        "The model was fitted on too few rows for an interval.",
        "模型训练所用的行太少，无法给出区间。",
    ),
    "without_groups": (
        "The group of the row is not told: what is sure is that of all groups together.",
        "该行未注明所属分组：给出的是所有分组合计的把握。",
    ),
    "empty": ("The {column} is empty.", "{column} 为空。"),
    "unread": (
        "The {column} is in {written}, and {model} reads {names} alone.",
        "{column} 的文字为 {written}，而 {model} 只读 {names}。",
    ),
}
"""English and Chinese of each; what stands in braces is the same in both."""

_PLACE = re.compile(r"\{(\w+)\}")


def note(key: str, **facts: object) -> str:
    """Write a note in English.

    Parameters
    ----------
    key : str
        Which.
    **facts : object
        What stands in its places.

    Returns
    -------
    str
        The sentence.

    Examples
    --------
    >>> from hybridsent._notes import note
    >>> note("few_windows", n=3)
    'fewer than five windows have a score (3), too few for an interval'
    """
    return _NOTES[key][0].format(**facts)


def in_chinese(sentence: str) -> str:
    """Give the Chinese of a note.

    Parameters
    ----------
    sentence : str
        In English, as `note` wrote it; several, one after the other with "; " between, are taken
        one by one.

    Returns
    -------
    str
        In Chinese; the sentence itself where it is none of the notes.

    Examples
    --------
    >>> from hybridsent._notes import in_chinese, note
    >>> in_chinese(note("no_sound")), in_chinese("libsndfile said no")
    ('文件没有声音', 'libsndfile said no')
    """
    # first: the last place of a note would take all the others that follow
    parts = sentence.split("; ")
    if len(parts) > 1 and all(_is_note(each) for each in parts):
        return "；".join(map(in_chinese, parts))
    for key, (_, chinese) in _NOTES.items():
        found = _form(key).fullmatch(sentence)
        if found is not None:
            return chinese.format(**{k: in_chinese(v) for k, v in found.groupdict().items()})
    return sentence


def _is_note(sentence: str) -> bool:
    return any(_form(key).fullmatch(sentence) for key in _NOTES)


@functools.cache
def _form(key: str) -> re.Pattern[str]:
    """Make what recognises a note: its words as they are, its places anything."""
    words = _PLACE.split(_NOTES[key][0].replace("{{", "\0").replace("}}", "\1"))
    form = "".join(
        f"(?P<{part}>.+?)" if i % 2 else re.escape(part.replace("\0", "{").replace("\1", "}"))
        for i, part in enumerate(words)
    )
    return re.compile(form, re.DOTALL)
