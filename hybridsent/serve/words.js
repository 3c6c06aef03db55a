// What the page says, in English and Chinese. {name} is filled in.

const WORDS = {
  title: ["What is the sentiment?", "这条内容的情感是什么？"],
  to_input: ["Go to the input", "转到输入"],
  to_answer: ["Go to the answer", "转到回答"],
  input: ["Your post", "您的内容"],
  answer: ["Answer", "回答"],
  history: ["Asked before", "之前的提问"],
  keys: ["Keys", "快捷键"],
  ask: ["Ask", "提问"],
  clear: ["Clear", "清空"],
  forget: ["Clear the list", "清空列表"],
  again: ["Ask again", "再次提问"],
  again_of: ["Ask again: {what}", "再次提问：{what}"],
  dark: ["Dark", "深色"],
  light: ["Light", "浅色"],
  no_answer: ["Enter something and ask: the answer stands here.", "输入内容并提问，回答会显示在这里。"],
  no_history: ["Nothing yet. What you ask is listed here until you close this page.", "还没有内容。您的提问会列在这里，直到关闭本页。"],
  line_classification: ["{model} tells one of {n} classes", "{model}：从 {n} 个类别中判断一个"],
  line_regression: ["{model} tells a number", "{model}：给出一个数值"],
  line_multilabel: ["{model} tells any of {n} labels", "{model}：从 {n} 个标签中选出若干个"],
  privacy: [
    "What you enter goes to this server ({host}) and to nobody else. It is not kept; the list of what was asked lives in this page alone.",
    "您输入的内容只发送到本服务器（{host}），不会发给任何其他人，也不会被保存；提问记录只存在于本页中。"
  ],
  privacy_keeps: [
    "What you enter goes to this server ({host}) and to nobody else. The server keeps numbers computed from it, not the content; the list of what was asked lives in this page alone.",
    "您输入的内容只发送到本服务器（{host}），不会发给任何其他人。服务器只保留由其计算出的数字，不保留内容本身；提问记录只存在于本页中。"
  ],
  required: ["needed", "必填"],
  optional: ["may be left out", "可不填"],
  languages: ["read in {names}", "可读语言：{names}"],
  type_text: ["Type or paste a text …", "输入或粘贴文字……"],
  value_hint: ["A number or a word", "数字或词语"],
  vector_hint: ["{n} numbers, with commas between them", "{n} 个数字，用逗号分隔"],
  letters_left: ["{n} characters left", "还可输入 {n} 个字符"],
  letters_over: ["{n} characters too many", "超出 {n} 个字符"],
  choose: ["Choose a file", "选择文件"],
  choose_other: ["Choose another", "换一个文件"],
  or_drop: ["or drop it here", "或拖放到此处"],
  or_drop_paste: ["or drop or paste it here", "或拖放、粘贴到此处"],
  remove: ["Remove", "移除"],
  remove_of: ["Remove {name}", "移除 {name}"],
  record: ["Record", "录音"],
  stop: ["Stop", "停止"],
  recording: ["Recording … {time}", "录音中…… {time}"],
  recording_began: ["Recording. Press Stop, or Escape, to end.", "正在录音。按“停止”或 Esc 键结束。"],
  recorded: ["Recorded {time}", "已录音 {time}"],
  recording_name: ["recording", "录音"],
  preview_of: ["Preview of {name}", "{name} 的预览"],
  no_preview: ["This browser cannot show it; the server may still read it.", "此浏览器无法显示它，服务器仍可能可以读取。"],
  file_taken: ["{name}, {size}", "{name}，{size}"],
  not_accepted: ["{name} is of no type that {field} takes.", "{field} 不接受 {name} 这种类型的文件。"],
  no_place: ["No input of this model takes {name}.", "该模型没有可接收 {name} 的输入。"],
  one_file: ["One file at a time: {name} was taken.", "一次只能用一个文件：已采用 {name}。"],
  mic_denied: [
    "The browser was not allowed to use the microphone. Allow it in the settings of this page (beside the address), or choose a file.",
    "浏览器未获准使用麦克风。请在地址栏旁的页面设置中允许，或选择一个文件。"
  ],
  mic_none: ["No microphone was found. Connect one, or choose a file.", "没有找到麦克风。请连接麦克风，或选择一个文件。"],
  mic_insecure: [
    "Browsers give the microphone only to pages over https or on this machine (127.0.0.1). Choose a file instead.",
    "浏览器只允许通过 https 或本机（127.0.0.1）打开的页面使用麦克风。请改为选择文件。"
  ],
  mic_failed: ["Recording failed ({why}). Choose a file instead.", "录音失败（{why}）。请改为选择文件。"],
  mic_short: ["The recording is empty.", "录音为空。"],
  asking: ["Asking …", "正在询问……"],
  stopped: ["Stopped: no answer was waited for.", "已停止：不再等待回答。"],
  nothing: ["Enter at least one of the inputs.", "请至少填写一项输入。"],
  needs: ["{field} must be filled in.", "必须填写 {field}。"],
  wrong_vector: ["{field} needs {n} numbers, and there are {got}.", "{field} 需要 {n} 个数字，现有 {got} 个。"],
  too_long: ["{field} is longer than {n} characters.", "{field} 超过 {n} 个字符。"],
  too_large_here: ["This is {size}, and the server takes at most {most}. Use a smaller file.", "大小为 {size}，服务器最多接受 {most}。请使用更小的文件。"],
  error_400: ["The server could not read what was sent.", "服务器无法读取发送的内容。"],
  error_401: ["The server wants a token.", "服务器需要令牌。"],
  error_403: ["The server refuses questions from this address.", "服务器拒绝来自此地址的提问。"],
  error_408: ["Sending took too long.", "发送时间过长。"],
  error_413: ["This is more than the server takes.", "内容超过服务器的限制。"],
  error_415: ["The server does not read this type.", "服务器不读取这种类型。"],
  error_421: ["The server does not answer to this address.", "服务器不响应此地址。"],
  error_422: ["The server cannot read an input.", "服务器无法读取某项输入。"],
  error_429: ["The server is asked too much just now.", "服务器目前请求过多。"],
  error_500: ["The server failed.", "服务器出错。"],
  error_503: ["The server is not ready.", "服务器尚未就绪。"],
  error_504: ["The answer took too long.", "回答时间过长。"],
  error_other: ["The server answered with {status}.", "服务器返回 {status}。"],
  error_network: ["The server does not answer. Is it still running?", "服务器没有响应。它还在运行吗？"],
  retry_in: [" Try again in {n} s.", "请在 {n} 秒后重试。"],
  error_id: ["Number for the log: {id}", "日志编号：{id}"],
  starting: ["The model is being loaded …", "正在加载模型……"],
  said_in: ["answered in {ms} ms", "用时 {ms} 毫秒"],
  probability: ["probability {p}", "概率 {p}"],
  no_label: ["no label", "没有标签"],
  classes: ["Classes", "类别"],
  labels: ["Labels", "标签"],
  class: ["Class", "类别"],
  chance: ["Probability", "概率"],
  no_chances: ["This model tells no probabilities.", "该模型不给出概率。"],
  due_to: ["What it is due to", "依据来源"],
  view: ["Input", "输入"],
  share: ["Share", "占比"],
  speaks: ["Effect", "影响"],
  for_it: ["for it, +{n} points", "支持，+{n} 个百分点"],
  against_it: ["against it, −{n} points", "反对，−{n} 个百分点"],
  no_matter: ["does not matter", "无影响"],
  up_by: ["raises it by {n}", "使其升高 {n}"],
  down_by: ["lowers it by {n}", "使其降低 {n}"],
  is_missing: ["missing", "缺失"],
  no_shares: ["not told", "未说明"],
  due_why: [
    "The share of each input in how far the answer differs from the one to an empty post (Shapley values).",
    "每项输入对“该回答与空内容回答之差”的贡献占比（沙普利值）。"
  ],
  sure: ["How sure it is", "把握程度"],
  set_only: ["At {coverage} coverage only {label} is left.", "在 {coverage} 的覆盖率下，只剩下 {label}。"],
  set_some: ["Not sure: at {coverage} coverage none of these can be ruled out.", "不够确定：在 {coverage} 的覆盖率下，以下类别都不能排除。"],
  set_all: ["Not sure at all: at {coverage} coverage no class can be ruled out.", "完全不确定：在 {coverage} 的覆盖率下，任何类别都不能排除。"],
  set_none: ["Unlike what the model has learned: at {coverage} coverage no class fits.", "与模型学过的内容不同：在 {coverage} 的覆盖率下，没有合适的类别。"],
  set_why: ["Sets like this one hold the right class in {coverage} of posts like those the model learned from.", "对与训练内容相似的帖子，这样的集合有 {coverage} 的情况包含正确类别。"],
  interval: ["Between {low} and {high}.", "介于 {low} 与 {high} 之间。"],
  interval_why: ["Such intervals hold the true number in {coverage} of posts like those the model learned from.", "对与训练内容相似的帖子，这样的区间有 {coverage} 的情况包含真实数值。"],
  lacking: ["Missing: {names}. The model answers from the rest.", "缺失：{names}。模型根据其余输入回答。"],
  notes: ["To know", "须知"],
  note_nothing: ["Nothing of this could be read: this is what the model says of an empty post.", "没有任何内容可读：这是模型对空内容的回答。"],
  note_needs: ["This model cannot answer without an input, so that no shares are told.", "该模型缺少输入时无法回答，因此不给出占比。"],
  note_language: ["{field} is in {written}, and {model} reads {reads} alone.", "{field} 的语言是 {written}，而 {model} 只读 {reads}。"],
  note_empty: ["{field} is empty.", "{field} 为空。"],
  note_few: ["The model was fitted on too few rows for an interval.", "模型的训练数据太少，无法给出区间。"],
  note_group: ["Its group is not told: how sure it is holds for all groups together.", "未说明其所属组：把握程度针对所有组。"],
  spoken: ["Answer: {said}.", "回答：{said}。"],
  spoken_due: ["Due to {views}.", "依据：{views}。"],
  listed: ["{label} {p}", "{label} {p}"],
  and: [", ", "、"],
  door: ["This server wants a token", "此服务器需要令牌"],
  door_why: [
    "Whoever started it was told one, or has set it. It is kept in a cookie that no script can read.",
    "启动服务器的人得到或设置了令牌。它保存在脚本无法读取的 Cookie 中。"
  ],
  token: ["Token", "令牌"],
  enter: ["Enter", "进入"],
  wrong_token: ["This is not the token.", "令牌不正确。"],
  key_ask: ["ask", "提问"],
  key_field: ["go to the first input, the second …", "转到第一、第二项输入……"],
  key_record: ["record, and stop", "开始和停止录音"],
  key_answer: ["go to the answer", "转到回答"],
  key_new: ["begin anew", "重新开始"],
  key_escape: ["stop recording, or waiting for an answer", "停止录音，或停止等待回答"]
};

const LANGUAGES = ["en", "zh"];
let now = 0;

export function language() { return LANGUAGES[now]; }

export function speak(name) { now = Math.max(0, LANGUAGES.indexOf(name)); }

export function t(key, filled = {}) {
  const words = WORDS[key] ? WORDS[key][now] : key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in filled ? String(filled[name]) : whole));
}

export function knows(key) { return key in WORDS; }

export function languageName(code) {
  try { return new Intl.DisplayNames([language()], { type: "language" }).of(code); } catch { return code; }
}

export function percent(p) {
  const written = (x, digits) => new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: digits }).format(x);
  if (p > 0.9995 && p < 1) { return "> " + written(0.999, 1); }
  if (p > 0 && p < 0.0005) { return "< " + written(0.001, 1); }
  return written(p, p > 0.995 || p < 0.005 ? 1 : 0);
}

export function number(x, digits = 3) { return new Intl.NumberFormat(language(), { maximumSignificantDigits: digits }).format(x); }

export function size(bytes) {
  if (bytes < 1000) { return bytes + " B"; }
  return bytes < 1e6 ? number(bytes / 1000, 2) + " kB" : number(bytes / 1e6, 2) + " MB";
}

// sentences of the server, which it says in English
const NOTES = [
  [/^Nothing of this row could be read/, "note_nothing", []],
  [/^This model cannot answer without a view/, "note_needs", []],
  [/^The '(.+)' is in (.+), and (.+) reads (.+) alone\.$/, "note_language", ["field", "written", "model", "reads"]],
  [/^The '(.+)' is empty\.$/, "note_empty", ["field"]],
  [/^The model was fitted on too few rows/, "note_few", []],
  [/^The group of the row is not told/, "note_group", []]
];

const SAID = { English: "英语", Chinese: "中文", "Chinese characters": "汉字", Japanese: "日语", Korean: "韩语", French: "法语", German: "德语", Spanish: "西班牙语", Russian: "俄语", "Cyrillic letters": "西里尔字母" };

function translated(word) { return language() === "zh" ? word.split(" and ").map((each) => SAID[each] || each).join("、") : word; }

export function note(sentence) {
  for (const [form, key, names] of NOTES) {
    const found = form.exec(sentence);
    if (found) { return t(key, Object.fromEntries(names.map((name, i) => [name, translated(found[i + 1])]))); }
  }
  return sentence;
}
