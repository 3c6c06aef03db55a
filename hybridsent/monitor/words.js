"use strict";
// The words of the page, in both languages: one place for each.
const WORDS = {
  en: {
    skip: "Go to the chart", title: "Monitor", index: "Index over time", shares: "Shares of the classes", volume: "Posts a window",
    groups: "Groups", alerts: "Alerts", drift: "Drift", posts: "Latest posts", table: "As a table", span: "Time shown",
    all: "All posts", others: "All further groups", none: "(none)", live: "live", waiting: "connecting …", lost: "not reached, trying again …", over: "ended",
    dark: "Dark", light: "Light", now: "Index now", counted: "Posts counted", rate: "Posts a second", aside: "Kept aside", repeated: "came again",
    broken: "broken", late: "too late", nothing: "No post yet. The page shows them as they come.", noAlerts: "None yet.", noRules: "No rule was given (--alert).",
    before: "window before:", windows: "last {n} windows", everything: "all that is kept", plain: "before correction",
    interval: "{p} % interval", pick: "up to 6 at once", time: "Window ends", group: "Group", n: "Posts", low: "Low", high: "High",
    value: "Index", calm: "Posts look as they did when the model was fitted.", drifted: "Posts have drifted from those that the model was fitted on.",
    tooFew: "Too few posts yet to tell.", noDrift: "unknown", ok: "none", yes: "yes", about: "windows of {w}, a new one each {s}; from {from}",
    corrected: "Shares and index are corrected for what the model mistakes ({m}); bands are {p} % intervals.",
    uncorrected: "Shares and index are counted, not corrected: the model file holds no reference. Bands are {p} % intervals of chance alone.",
    perWindow: "in the newest window", chart: "Chart; arrow keys move through the windows", mean: "mean", open: "(still open)",
    d: "d", h: "h", min: "min", s: "s",
  },
  zh: {
    skip: "转到图表", title: "监测", index: "指数随时间的变化", shares: "各类占比", volume: "每个窗口的帖子数",
    groups: "分组", alerts: "警报", drift: "漂移", posts: "最新帖子", table: "以表格显示", span: "显示的时间",
    all: "全部帖子", others: "其余分组", none: "（无）", live: "实时", waiting: "正在连接……", lost: "无法连接，正在重试……", over: "已结束",
    dark: "深色", light: "浅色", now: "当前指数", counted: "已计帖子", rate: "每秒帖子", aside: "已搁置", repeated: "重复",
    broken: "损坏", late: "过迟", nothing: "还没有帖子。到来时会显示在这里。", noAlerts: "暂无。", noRules: "未设定规则（--alert）。",
    before: "前一窗口：", windows: "最近 {n} 个窗口", everything: "全部保留的窗口", plain: "校正前",
    interval: "{p}% 区间", pick: "最多同时 6 个", time: "窗口结束", group: "分组", n: "帖子", low: "下限", high: "上限",
    value: "指数", calm: "帖子与模型训练时相似。", drifted: "帖子已偏离模型训练时的样本。",
    tooFew: "帖子太少，尚无法判断。", noDrift: "未知", ok: "无", yes: "有", about: "窗口 {w}，每 {s} 更新；来源：{from}",
    corrected: "占比和指数已按模型的误判进行校正（{m}）；色带为 {p}% 区间。",
    uncorrected: "占比和指数仅为计数，未经校正：模型文件中没有参照。色带为仅含抽样误差的 {p}% 区间。",
    perWindow: "最新窗口", chart: "图表；用方向键浏览各窗口", mean: "均值", open: "（未结束）",
    d: "天", h: "小时", min: "分钟", s: "秒",
  },
};
