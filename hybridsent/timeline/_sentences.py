"""The words of the page: English, and its Chinese beside it (layer L7; imports nothing)."""

from __future__ import annotations

__all__ = ["SENTENCES"]

SENTENCES: dict[str, tuple[str, str]] = {
    "title": ("Timeline of {name}", "{name} 的情感时间线"),
    "skip": ("Skip to the curve", "跳到曲线"),
    "dark": ("Dark", "深色"),
    "light": ("Light", "浅色"),
    "theme": ("Switch between light and dark", "切换浅色与深色"),
    "language": ("中文", "English"),
    "facts": (
        "{length} · {n} windows of {window} s every {hop} s · scored by {model}",
        "时长 {length} · {n} 个窗口，每个 {window} 秒，每 {hop} 秒一个 · 模型 {model}",
    ),
    "mean": ("Mean of the whole recording", "整段平均"),
    "highest": ("Highest", "最高"),
    "lowest": ("Lowest", "最低"),
    "at": ("at {time}", "在 {time}"),
    "between": ("{share} interval {low} to {high}", "{share} 区间 {low} 至 {high}"),
    "listen": ("Listen and watch", "播放与曲线"),
    "lead": (
        "Click the curve to go there; the line follows the player. The shaded band holds the "
        "true level {share} of the time; dots are the scores of single windows, and where there is "
        "nothing to score the curve is dotted.",
        "点击曲线即可跳转，竖线随播放移动。阴影带以 {share} 的把握包含真实水平；"
        "圆点为单个窗口的得分；"
        "没有可评分内容处曲线为虚线。",
    ),
    "keys": (
        "Keys: space plays and pauses, ← → move by {hop} s (with Shift by 10 s), "
        "N and P go to the next and previous strong moment, + and − zoom.",
        "按键：空格播放或暂停，← → 移动 {hop} 秒（按住 Shift 为 10 秒），"
        "N、P 跳到下一个、上一个强烈时刻，"
        "+、− 缩放。",
    ),
    "curve": ("Curve of the {index}; position in the recording", "{index}曲线；在录制中的位置"),
    "of:sentiment index": ("sentiment index", "情感指数"),
    "of:prediction": ("prediction", "预测值"),
    "of:index": ("index", "指数"),
    "zoom_in": ("Zoom in", "放大"),
    "zoom_out": ("Zoom out", "缩小"),
    "whole": ("Whole", "全部"),
    "play": ("Play", "播放"),
    "pause": ("Pause", "暂停"),
    "now": ("At this moment", "此刻"),
    "time": ("Time", "时间"),
    "index": ("Index", "指数"),
    "speaker": ("Speaker", "说话人"),
    "nobody": ("nobody, or several", "无人或多人"),
    "said": ("Said", "所说"),
    "silence": ("nothing to score", "无可评分内容"),
    "predicted": ("Model says", "模型判断"),
    "lacks": ("Missing", "缺失"),
    "views": ("Share of each view", "各视图占比"),
    "moments": ("Strongest moments", "最强烈的时刻"),
    "no_moments": (
        "The curve has no moment that stands out.",
        "曲线没有突出的时刻。",
    ),
    "high": ("high", "高"),
    "low": ("low", "低"),
    "unsure": (
        "the interval holds the mean of the curve: it may be chance",
        "区间包含曲线均值：可能是偶然",
    ),
    "who": ("Who spoke", "谁在说话"),
    "spoke": ("spoke", "说话时长"),
    "share": ("share", "占比"),
    "overlap": ("with others", "与他人重叠"),
    "mean_of": ("mean index", "平均指数"),
    "change": ("second half against first", "后半相对前半"),
    "who_lead": (
        "A window is of the speaker who has more than half of the speech in it; intervals count "
        "with errors of neighbouring windows that are alike.",
        "窗口归属于占其中语音一半以上的说话人；区间已计入相邻窗口误差的相关性。",
    ),
    "notes": ("What to know", "须知"),
    "others": ("others", "其他"),
    "linked": (
        "The player opens {file}, which must lie beside this page.",
        "播放器打开 {file}，该文件须与本页放在一起。",
    ),
    "unplayable": (
        "The recording cannot be played here: it is not beside the page, or of a kind that this "
        "browser does not play. The curve can be read without it.",
        "此处无法播放该录制：文件不在页面旁，或浏览器不支持其格式。不播放也可阅读曲线。",
    ),
    "made": ("Made by hybridsent {version}", "由 hybridsent {version} 生成"),
    "noscript": (
        "The curve needs JavaScript, all of which is in this page.",
        "曲线需要 JavaScript，其代码全部在本页内。",
    ),
}
"""Each sentence of the page."""
