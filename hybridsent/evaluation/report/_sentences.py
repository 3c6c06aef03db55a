"""The sentences of reports: English, and its Chinese beside it (layer L5; imports nothing)."""

from __future__ import annotations

__all__ = ["METRICS", "MODELS", "SENTENCES"]

METRICS: dict[str, tuple[str, str]] = {
    "accuracy": ("accuracy", "准确率"),
    "balanced_accuracy": ("UAR (balanced accuracy)", "UAR（平均召回率）"),
    "UAR": ("UAR (balanced accuracy)", "UAR（平均召回率）"),
    "f1_weighted": ("weighted F1", "加权 F1"),
    "f1_macro": ("macro F1", "宏平均 F1"),
    "f1_micro": ("micro F1", "微平均 F1"),
    "f1_samples": ("F1 per row", "逐行 F1"),
    "f1": ("F1", "F1"),
    "roc_auc": ("ROC AUC", "ROC AUC"),
    "average_precision": ("average precision", "平均精确率"),
    "neg_log_loss": ("log loss (negative)", "对数损失（取负）"),
    "neg_brier_score": ("Brier score (negative)", "Brier 分数（取负）"),
    "neg_mean_absolute_error": ("mean absolute error (negative)", "平均绝对误差（取负）"),
    "neg_mean_squared_error": ("mean squared error (negative)", "均方误差（取负）"),
    "MAE": ("mean absolute error", "平均绝对误差"),
    "mae": ("mean absolute error", "平均绝对误差"),
    "Pearson": ("Pearson correlation", "皮尔逊相关系数"),
    "pearson": ("Pearson correlation", "皮尔逊相关系数"),
    "CCC": ("concordance (CCC)", "一致性相关系数（CCC）"),
    "ccc": ("concordance (CCC)", "一致性相关系数（CCC）"),
    "r2": ("R²", "R²"),
    "acc2_has0": ("Acc-2 (0 is positive)", "Acc-2（0 算正）"),
    "acc2_non0": ("Acc-2 (without 0)", "Acc-2（不含 0）"),
    "f1_has0": ("F1 (0 is positive)", "F1（0 算正）"),
    "f1_non0": ("F1 (without 0)", "F1（不含 0）"),
    "acc3": ("Acc-3", "Acc-3"),
    "acc5": ("Acc-5", "Acc-5"),
    "acc7": ("Acc-7", "Acc-7"),
    "sims_acc2": ("Acc-2 of CH-SIMS", "CH-SIMS 的 Acc-2"),
    "sims_acc3": ("Acc-3 of CH-SIMS", "CH-SIMS 的 Acc-3"),
    "sims_acc5": ("Acc-5 of CH-SIMS", "CH-SIMS 的 Acc-5"),
    "sims_f1": ("F1 of CH-SIMS", "CH-SIMS 的 F1"),
    "tweeteval_irony": ("F1 of irony (TweetEval)", "讽刺类 F1（TweetEval）"),
    "score": ("score", "得分"),
}
"""What readers call the metrics; others keep their names."""

MODELS: dict[str, tuple[str, str]] = {
    "dummy": ("looks at nothing", "不看任何内容"),
    "tf-idf": ("counts of words and letters", "词与字符计数"),
    "group alone": ("knows the group only", "只知道分组"),
}
"""What stands behind names that rules give; others are the user's, or those of views."""

SENTENCES: dict[str, tuple[str, str]] = {
    # -- the page ------------------------------------------------------------------------------
    "page.title": ("Evaluation report", "评估报告"),
    "page.skip": ("Skip to the content", "跳到正文"),
    "page.sections": ("Sections", "章节"),
    "page.dark": ("Dark", "深色"),
    "page.light": ("Light", "浅色"),
    "page.theme": ("Switch between light and dark", "切换浅色与深色"),
    "page.made": (
        "Made by hybridsent {version} on {date}. This file needs no network.",
        "由 hybridsent {version} 于 {date} 生成。本文件无需联网。",
    ),
    "facts.rows": ("{n} rows", "{n} 行"),
    "facts.folds": ("{n} folds", "{n} 折"),
    "facts.seeds": ("{n} seeds", "{n} 个随机种子"),
    "facts.groups": ("{n} groups kept together", "{n} 个分组（同组不拆开）"),
    "facts.classes": ("{n} classes", "{n} 个类别"),
    "facts.numbers": ("a continuous target", "连续目标"),
    "facts.sets": ("{n} labels, several a row", "{n} 个标签，每行可有多个"),
    "facts.split": ("held-out rows “{name}”", "留出的“{name}”部分"),
    # -- summary -------------------------------------------------------------------------------
    "summary.title": ("In words", "概述"),
    "summary.nav": ("Summary", "概述"),
    "summary.score": (
        "In {metric}, {model} reaches {value} on {rows} rows that it had not learned from; on "
        "other data like these, {low} to {high} is to be expected.",
        "在未参与训练的 {rows} 行上，{model} 的{metric}为 {value}；"
        "在同类的其他数据上，可预期的范围是 {low} 到 {high}。",
    ),
    "summary.score_alone": (
        "In {metric}, {model} reaches {value} on {rows} rows that it had not learned from.",
        "在未参与训练的 {rows} 行上，{model} 的{metric}为 {value}。",
    ),
    "summary.dummy": (
        "A model that looks at nothing reaches {value}.",
        "不看任何内容的模型为 {value}。",
    ),
    "summary.below_dummy": (
        "That is no better than a model that looks at nothing ({value}): it has learned nothing "
        "that holds for other rows.",
        "这并不优于不看任何内容的模型（{value}）：它没有学到对其他数据有效的东西。",
    ),
    "summary.best_other": (
        "The best of the others is {model}, at {value}.",
        "其余模型中最好的是 {model}，为 {value}。",
    ),
    "summary.best_other_above": (
        "{model} does better, at {value}.",
        "{model} 更好，为 {value}。",
    ),
    "summary.class": (
        "The class that is found least often is {name}: {share} of its {rows} rows.",
        "最难识别的类别是{name}：其 {rows} 行中有 {share} 被找出。",
    ),
    "summary.confused": (
        "The most common mistake is to take {truth} for {said} ({share} of the rows of {truth}).",
        "最常见的错误是把{truth}判为{said}（占{truth}的 {share}）。",
    ),
    "summary.label": (
        "The label that is found least often is {name}: in {share} of its {rows} rows.",
        "最难识别的标签是{name}：其 {rows} 行中有 {share} 被找出。",
    ),
    "summary.error": (
        "Half of the predictions are off by less than {median}, and one in ten by more than "
        "{tenth}.",
        "一半的预测误差小于 {median}，十分之一的预测误差大于 {tenth}。",
    ),
    "summary.groups": (
        "Between groups the share of right answers goes from {low} ({worst}) to {high} ({best}).",
        "各分组的正确率从 {low}（{worst}）到 {high}（{best}）不等。",
    ),
    "summary.groups_equal": (
        "In each of {n} groups the share of right answers is {low}.",
        "{n} 个分组的正确率均为 {low}。",
    ),
    "summary.too_sure": (
        "Its probabilities are too high by {gap} on average: it is surer than it should be.",
        "它给出的概率平均偏高 {gap}：过于自信。",
    ),
    "summary.too_modest": (
        "Its probabilities are too low by {gap} on average: it is less sure than it could be.",
        "它给出的概率平均偏低 {gap}：过于保守。",
    ),
    "summary.calibrated": (
        "Its probabilities can be taken as they are: on average they are off by {gap} (by chance "
        "{chance}).",
        "它给出的概率可以直接采信：平均只差 {gap}（随机误差为 {chance}）。",
    ),
    "summary.miscalibrated": (
        "Its probabilities should not be taken as they are: on average they are off by {gap}, some "
        "too high and some too low; by chance it would be {chance}.",
        "它给出的概率不宜直接采信：平均相差 {gap}，有的偏高，有的偏低；随机误差为 {chance}。",
    ),
    "summary.few_to_tell": (
        "Whether its probabilities can be taken as they are cannot be told from so few rows: on "
        "average they are off by {gap}, and by chance it would be {chance}.",
        "行数太少，无法判断它给出的概率是否可信：平均相差 {gap}，随机误差为 {chance}。",
    ),
    # -- scores --------------------------------------------------------------------------------
    "scores.title": ("Scores", "得分"),
    "scores.nav": ("Scores", "得分"),
    "scores.lead": (
        "Each dot is a score, each bar its 95 % interval; the dashed line is the model that looks "
        "at nothing. All models were judged on the same rows.",
        "圆点是得分，横条是 95% 区间；虚线是不看任何内容的模型。所有模型在相同的行上评估。",
    ),
    "scores.model": ("Model", "模型"),
    "scores.value": ("Score [95 % interval]", "得分 [95% 区间]"),
    "scores.chart": ("Chart", "图示"),
    "scores.pooled": ("over all rows at once", "对所有行一次计算"),
    "scores.folds": ("mean over folds", "各折平均"),
    "scores.smaller": ("smaller is better", "越小越好"),
    # -- gains ---------------------------------------------------------------------------------
    "gains.title": ("What the model adds", "模型带来的提升"),
    "gains.nav": ("Gains", "提升"),
    "gains.lead": (
        "The difference between {model} and each of the others on the same rows, with a 95 % "
        "interval that holds for other data like these; p-values are corrected for their number.",
        "{model} 与其他各模型在相同行上的差值，及对同类其他数据成立的 95% 区间；"
        "p 值已按比较次数校正。",
    ),
    "gains.caption": ("{metric}: {model} minus …", "{metric}：{model} 减去……"),
    "gains.value": ("Difference [95 % interval]", "差值 [95% 区间]"),
    "gains.verdict": ("{verdict}, p {p}", "{verdict}，p {p}"),
    "gains.better": ("better", "更好"),
    "gains.worse": ("worse", "更差"),
    "gains.unclear": ("not shown to differ", "未显示差异"),
    "gains.sentence.better": (
        "In {metric} it is better than {other}: {value} [{low}, {high}] (p {p}).",
        "{metric}上优于 {other}：{value} [{low}, {high}]（p {p}）。",
    ),
    "gains.sentence.worse": (
        "In {metric} it is worse than {other}: {value} [{low}, {high}] (p {p}).",
        "{metric}上不如 {other}：{value} [{low}, {high}]（p {p}）。",
    ),
    "gains.sentence.unclear": (
        "In {metric} it is not shown to differ from {other}: {value} [{low}, {high}] (p {p}).",
        "{metric}上未显示与 {other} 有差异：{value} [{low}, {high}]（p {p}）。",
    ),
    # -- confusion -----------------------------------------------------------------------------
    "confusion.title": ("What is taken for what", "混淆情况"),
    "confusion.nav": ("Confusion", "混淆"),
    "confusion.lead": (
        "Rows are the true classes, columns what {model} said. The share is of the true class; "
        "right answers are framed.",
        "行是真实类别，列是 {model} 的判断。百分比按真实类别计算；加框的是正确答案。",
    ),
    "confusion.caption": (
        "Truth (rows) against prediction (columns), in rows of the table",
        "真实类别（行）与预测（列），以行数计",
    ),
    "confusion.truth": ("true class", "真实类别"),
    "confusion.says": ("said: {name}", "判为 {name}"),
    # -- recall --------------------------------------------------------------------------------
    "classes.title": ("Class by class", "各类别"),
    "classes.labels": ("Label by label", "各标签"),
    "classes.name": ("Class", "类别"),
    "classes.label": ("Label", "标签"),
    "classes.rows": ("Rows", "行数"),
    "classes.recall": ("Recall", "召回率"),
    "classes.precision": ("Precision", "精确率"),
    "classes.f1": ("F1", "F1"),
    "classes.taken": ("Most often taken for", "最常被误判为"),
    "classes.never": ("–", "–"),
    "classes.caption": (
        "Recall: the share of a class that is found. Precision: the share of what is called so "
        "that is right.",
        "召回率：该类别中被找出的比例。精确率：被判为该类别者中正确的比例。",
    ),
    "groups.title": ("Group by group", "各分组"),
    "groups.lead": (
        "A model that does well on average can fail for some. The groups with the lowest scores "
        "come first.",
        "平均表现好的模型可能在某些分组上失败。得分最低的分组排在最前。",
    ),
    "groups.shown": ("{shown} of {all} groups", "共 {all} 个分组，显示 {shown} 个"),
    "groups.name": ("Group", "分组"),
    "groups.right": ("Right answers", "正确率"),
    "groups.error": ("Mean error", "平均误差"),
    # -- numbers -------------------------------------------------------------------------------
    "numbers.title": ("Predictions against truth", "预测与真实值"),
    "numbers.nav": ("Predictions", "预测"),
    "numbers.lead": (
        "Each dot is a row; on the dashed line the prediction would be right.",
        "每个点是一行；落在虚线上即预测完全正确。",
    ),
    "numbers.some": ("{shown} of {all} rows are drawn.", "图中为 {all} 行中的 {shown} 行。"),
    "numbers.truth": ("truth", "真实值"),
    "numbers.said": ("prediction", "预测值"),
    "numbers.alt": (
        "Scatter of predictions against truth; correlation {r}.",
        "预测值与真实值的散点图；相关系数 {r}。",
    ),
    "numbers.errors": ("How far off predictions are", "预测偏差"),
    "numbers.errors_alt": (
        "Histogram of prediction minus truth; the middle half lies between {low} and {high}.",
        "预测值减真实值的直方图；中间一半介于 {low} 与 {high} 之间。",
    ),
    "numbers.error": ("prediction − truth", "预测值 − 真实值"),
    "numbers.rows": ("rows", "行数"),
    # -- calibration ---------------------------------------------------------------------------
    "calibration.title": ("Can its probabilities be trusted?", "概率是否可信？"),
    "calibration.nav": ("Calibration", "校准"),
    "calibration.lead": (
        "Rows are sorted by how sure {model} was. On the dashed line it would be right as often as "
        "it says; below it, it is too sure.",
        "按 {model} 的确信程度对各行分组。落在虚线上表示其给出的概率与实际正确率一致；"
        "低于虚线表示过于自信。",
    ),
    "calibration.sure": ("probability it gave", "给出的概率"),
    "calibration.right": ("share of right answers", "实际正确率"),
    "calibration.alt": (
        "Reliability diagram: {n} groups of rows; the mean distance from the dashed line is {ece}.",
        "可靠性图：{n} 组；与虚线的平均距离为 {ece}。",
    ),
    "calibration.caption": (
        "Expected calibration error {ece} (0 is best), over {n} groups of equally many rows.",
        "期望校准误差 {ece}（0 为最佳），分为 {n} 组，每组行数相等。",
    ),
    "calibration.table": ("The same as a table", "以表格显示"),
    "calibration.rows": ("Rows", "行数"),
    "calibration.fact.ece": ("calibration error", "校准误差"),
    "calibration.fact.classwise": ("calibration error by class", "按类别的校准误差"),
    "calibration.fact.brier": ("Brier score", "Brier 分数"),
    "calibration.fact.log_loss": ("log loss", "对数损失"),
    "calibration.fact.slope": (
        "slope of truth over prediction (1 is best)",
        "真实值对预测值的斜率（1 为最佳）",
    ),
    "calibration.fact.chance": ("calibration error by chance alone", "仅由偶然产生的校准误差"),
    "calibration.numbers.title": ("Is its scale right?", "数值的尺度是否正确？"),
    "calibration.numbers.lead": (
        "Rows are sorted by what {model} predicted. On the dashed line the truth is, on average, "
        "what it says.",
        "按 {model} 的预测值对各行分组。落在虚线上表示真实值平均等于预测值。",
    ),
    "calibration.numbers.sure": ("mean prediction", "平均预测值"),
    "calibration.numbers.right": ("mean truth", "平均真实值"),
    "calibration.numbers.caption": (
        "On average the groups are off by {ece}, over {n} groups of equally many rows.",
        "各组平均偏差 {ece}，分为 {n} 组，每组行数相等。",
    ),
    # -- check -----------------------------------------------------------------------------------
    "check.title": ("Can these scores be trusted?", "这些得分是否可信？"),
    "check.nav": ("Data check", "数据检查"),
    "check.lead": (
        "What was found in the data that makes scores look better than they are, or that should be "
        "known of it. Leaks come first.",
        "数据中使得分虚高的问题，以及其他应当知道的情况。泄漏排在最前。",
    ),
    "check.clean": (
        "Nothing was found in the data that makes scores look better than they are.",
        "未在数据中发现使得分虚高的问题。",
    ),
    "check.leak": ("leak", "泄漏"),
    "check.doubt": ("doubt", "存疑"),
    "check.fact": ("fact", "情况"),
    "check.rows": ("{n} rows: {rows}", "{n} 行：{rows}"),
    "check.about": ("It is about {names}.", "涉及{names}。"),
    "check.original": ("The finding in English", "英文原文"),
    "check.kind.label column": ("a column that is the label", "标签列"),
    "check.kind.group column": ("groups on both sides of folds", "分组跨折"),
    "check.kind.metadata": ("metadata that tell the label", "元数据泄露标签"),
    "check.kind.row order": ("order of the rows", "行的顺序"),
    "check.kind.near-duplicates": ("near-duplicates", "近似重复"),
    "check.kind.duplicates": ("duplicates", "重复"),
    "check.kind.conflicts": ("conflicting labels", "标签冲突"),
    "check.kind.split overlap": ("overlap of splits", "划分重叠"),
    "check.kind.suspicious labels": ("suspicious labels", "可疑标签"),
    "check.kind.classes": ("classes", "类别"),
    "check.kind.missing views": ("missing cells", "缺失的单元格"),
    "check.kind.languages": ("languages", "语言"),
    "check.means.label column": (
        "A column or feature tells the label itself.",
        "有一列或一个特征直接给出了标签。",
    ),
    "check.means.group column": (
        "Rows of one group stand on both sides of the folds.",
        "同一分组的行出现在折的两侧。",
    ),
    "check.means.metadata": (
        "Columns that the model does not read tell the label.",
        "模型未读取的列能够预测标签。",
    ),
    "check.means.row order": ("The table is sorted by label.", "数据表按标签排序。"),
    "check.means.near-duplicates": (
        "Rows that are nearly the same stand on both sides of the folds.",
        "几乎相同的行出现在折的两侧。",
    ),
    "check.means.duplicates": ("Rows are repeated.", "存在重复的行。"),
    "check.means.conflicts": (
        "The same content has different labels.",
        "相同的内容有不同的标签。",
    ),
    "check.means.split overlap": (
        "Rows to learn from stand among those that judge.",
        "训练用的行出现在评估用的行中。",
    ),
    "check.means.suspicious labels": ("Some labels may be wrong.", "部分标签可能有误。"),
    "check.means.classes": ("What classes there are.", "各类别的情况。"),
    "check.means.missing views": ("Some cells are empty.", "部分单元格为空。"),
    "check.means.languages": (
        "Texts are in a language that the model does not read.",
        "文本所用的语言是模型不能读取的。",
    ),
    "summary.leaks": (
        "Do not trust these scores yet: the data check found what makes them look better than "
        "they are (leaks: {n}).",
        "请先不要采信这些得分：数据检查发现使其虚高的问题（泄漏：{n} 处）。",
    ),
    "summary.doubts": (
        "Take these scores with care: the data check found what may make them look better than "
        "they are (doubts: {n}).",
        "请谨慎看待这些得分：数据检查发现可能使其虚高的情况（存疑：{n} 处）。",
    ),
    # -- curves ----------------------------------------------------------------------------------
    "curves.title": ("If there were more, or less", "数据更多或更少时"),
    "curves.nav": ("Curves", "曲线"),
    "curves.lead": (
        "Scores over what was varied; bands are 95 % intervals.",
        "得分随变化量的走势；色带为 95% 区间。",
    ),
    "curves.all": ("all", "全部"),
    "curves.labels.title": ("Labels", "标签数量"),
    "curves.labels.axis": ("labels per class", "每类标签数"),
    "curves.labels.rows": ("labelled rows", "有标签的行数"),
    "curves.labels.text": (
        "How good the model is when it learns from fewer labels.",
        "用较少标签训练时的表现。",
    ),
    "curves.missing.title": ("Missing views", "视图缺失"),
    "curves.missing.axis": ("share of rows without the view", "缺少该视图的行所占比例"),
    "curves.missing.text": (
        "How good the model stays when a view is missing in some rows.",
        "部分行缺少某个视图时的表现。",
    ),
    "curves.noise.title": ("Noise", "噪声"),
    "curves.noise.axis": ("strength of the noise", "噪声强度"),
    "curves.noise.text": (
        "How good the model stays when a view is disturbed.",
        "某个视图受到干扰时的表现。",
    ),
    "curves.cost.title": ("Cost", "开销"),
    "curves.cost.axis": ("seconds", "秒"),
    "curves.cost.text": (
        "What each model takes to learn and to answer, against its score.",
        "各模型训练与预测的用时与得分。",
    ),
    "curves.more": (
        "The last step still gains {gain} [{low}, {high}]: more labels would help.",
        "最后一步仍提升 {gain} [{low}, {high}]：更多标签会有帮助。",
    ),
    "curves.enough": (
        "The last step is not shown to gain anything ({gain} [{low}, {high}]).",
        "最后一步未显示提升（{gain} [{low}, {high}]）。",
    ),
    "curves.forecast": (
        "100 more labels are expected to change it by {gain} [{low}, {high}].",
        "再增加 100 个标签，预计变化 {gain} [{low}, {high}]。",
    ),
    "curves.worst": (
        "It loses most with {view}: from {start} to {end} at {at}.",
        "受 {view} 影响最大：在 {at} 时从 {start} 变为 {end}。",
    ),
    "curves.alt": ("{what}: lines of {lines}.", "{what}：{lines}的曲线。"),
    # -- contributions ---------------------------------------------------------------------------
    "views.title": ("What each view adds", "各视图的贡献"),
    "views.nav": ("Views", "视图"),
    "views.lead": (
        "Without any view the {metric} is {empty}, with all of them {whole}. The fair share of a "
        "view (its Shapley value) is what it adds, averaged over all orders in which views can "
        "come; shares add up to the difference.",
        "不用任何视图时{metric}为 {empty}，使用全部视图时为 {whole}。"
        "视图的公平份额（Shapley 值）是它在所有加入顺序下的平均增益；各份额之和即为差值。",
    ),
    "views.share": ("Fair share in {metric}", "{metric}的公平份额"),
    "views.view": ("View", "视图"),
    "views.value": ("Share [95 % interval]", "份额 [95% 区间]"),
    "views.without": ("Lost without it", "去掉后的损失"),
    "views.alone": ("Alone", "单独使用"),
    "views.decides": ("Decides", "起决定作用"),
    "views.decides_caption": (
        "The view that speaks loudest for the answer decides a row: without it the answer would "
        "lose most.",
        "对答案支持最大的视图决定这一行：去掉它，答案的损失最大。",
    ),
    "views.undecided": (
        "In {share} of the rows no view alone speaks for the answer.",
        "在 {share} 的行中，没有任何视图单独支持答案。",
    ),
    # -- errors --------------------------------------------------------------------------------
    "errors.title": ("Where it was sure, and wrong", "确信却判错的样本"),
    "errors.title_numbers": ("Where it was furthest off", "偏差最大的样本"),
    "errors.nav": ("Errors", "错误"),
    "errors.lead": (
        "{shown} of {all} wrong answers of {model}, the surest first. Often the label is in doubt, "
        "not the model: look at them.",
        "{model} 共判错 {all} 次，此处按确信程度列出前 {shown} 次。"
        "有时有问题的是标签而不是模型，值得逐一查看。",
    ),
    "errors.lead_numbers": (
        "The {shown} rows whose predictions by {model} are furthest from the truth.",
        "{model} 预测偏差最大的 {shown} 行。",
    ),
    "errors.none": ("It made no mistakes on these rows.", "在这些行上没有错误。"),
    "errors.private": (
        "The contents of the rows are left out, as was asked for.",
        "应要求，未包含各行的内容。",
    ),
    "errors.no_table": (
        "The contents of the rows are not shown: the report was made without the table.",
        "未显示各行的内容：生成报告时没有提供数据表。",
    ),
    "errors.spent": (
        "Media of {n} rows are left out, so that the file stays small.",
        "为控制文件大小，有 {n} 行的媒体未包含在内。",
    ),
    "errors.row": ("Row {row}", "第 {row} 行"),
    "errors.group": ("group {group}", "分组 {group}"),
    "errors.said": ("said", "判断"),
    "errors.comma": (", ", "，"),
    "errors.truth": ("truth", "真实"),
    "errors.none_of_them": ("(no label)", "（无标签）"),
    "errors.off": ("off by {value}", "偏差 {value}"),
    "errors.decided": ("decided by {view}", "由 {view} 决定"),
    "errors.empty": ("no {column}", "无{column}"),
    "errors.broken": ("{column}: cannot be shown", "{column}：无法显示"),
    "errors.picture_alt": (
        "The picture of row {row}, column {column}",
        "第 {row} 行的图片，列{column}",
    ),
    "errors.sound_alt": (
        "The sound of row {row}, column {column}",
        "第 {row} 行的声音，列{column}",
    ),
    "errors.clip_alt": ("The video of row {row}, column {column}", "第 {row} 行的视频，列{column}"),
    "errors.cut": ("the first {seconds} seconds", "前 {seconds} 秒"),
    # -- notes, and how it was made ---------------------------------------------------------------
    "notes.title": ("What to keep in mind", "注意事项"),
    "notes.nav": ("Notes", "注意"),
    "notes.english": ("In the words of the program, in English.", "以下为程序的英文原文。"),
    "how.title": ("How this was made", "如何得出"),
    "how.nav": ("Method", "方法"),
    "how.command": ("Command", "命令"),
    "how.no_command": (
        "Made by a program in Python; its call is not recorded.",
        "由 Python 程序生成；未记录其调用。",
    ),
    "how.folds": (
        "Every row was judged by a model that had not learned from it, in {folds} folds.",
        "每一行都由未用其训练的模型评估，共 {folds} 折。",
    ),
    "how.split": (
        "The model learned from the training rows, and was judged once on those of “{name}”.",
        "模型用训练部分学习，并在“{name}”部分上评估一次。",
    ),
    "how.seeds": (
        "All of it was done {n} times, with other folds and other seeds of the models.",
        "以上过程用不同的折与随机种子重复 {n} 次。",
    ),
    "how.groups": (
        "Rows of one group were never on both sides of a fold.",
        "同一分组的行从不同时出现在一折的两侧。",
    ),
    "how.interval": (
        "Intervals leave out {units} in turn, and hold for other data like these.",
        "区间由逐一去掉{units}得到，对同类的其他数据成立。",
    ),
    "how.unit_rows": ("rows", "行"),
    "how.unit_groups": ("groups", "分组"),
    "how.seconds": (
        "It took {seconds} s; {encoded} cells were encoded, and {found} found in the store.",
        "用时 {seconds} 秒；编码了 {encoded} 个单元格，{found} 个取自存储。",
    ),
    "how.licences": ("Licences of the weights", "权重的许可证"),
    "how.weights": ("Weights", "权重"),
    "how.view": ("View", "视图"),
    "how.licence": ("Licence", "许可证"),
    "how.commercial": ("Commercial use", "商业用途"),
    "how.yes": ("allowed", "允许"),
    "how.no": ("not allowed", "不允许"),
    "how.unknown": ("not known", "未知"),
    "how.versions": ("Versions", "版本"),
    "how.package": ("Package", "软件包"),
    "how.version": ("Version", "版本"),
    # -- the card --------------------------------------------------------------------------------
    "card.title": ("A hybridsent model", "hybridsent 模型"),
    "card.details": ("Model details", "模型信息"),
    "card.kind": (
        "A model of sentiment made with hybridsent {version}: frozen encoders, a fusion of their "
        "features, and a head that is learned.",
        "用 hybridsent {version} 构建的情感模型：冻结的编码器、特征融合以及可学习的输出层。",
    ),
    "card.view": ("The view {view} is read by {name}.", "视图 {view} 由 {name} 读取。"),
    "card.steps": ("Its steps: {steps}.", "各步骤：{steps}。"),
    "card.classes": ("It says one of the classes {names}.", "输出以下类别之一：{names}。"),
    "card.sets": (
        "It says which of the labels {names} hold.",
        "输出以下标签中成立的若干个：{names}。",
    ),
    "card.numbers": ("It says a number.{names}", "输出一个数值。{names}"),
    "card.use": ("Intended use", "预期用途"),
    "card.meant": (
        "To label content like that of the data below, where mistakes at the rates below do no "
        "harm, or are looked at by people.",
        "用于标注与下述数据同类的内容，且下述错误率不会造成危害，或结果会由人复核。",
    ),
    "card.not_meant": (
        "Not meant for other languages, media, topics or times than those of the data, without "
        "another evaluation.",
        "未经重新评估，不适用于与数据不同的语言、媒体、主题或时期。",
    ),
    "card.not_people": (
        "Not meant for decisions about single people: what somebody feels cannot be read off a "
        "post, a face or a voice for sure.",
        "不适用于针对个人的决定：无法从一条内容、一张面孔或一段声音中可靠地判断某人的感受。",
    ),
    "card.data": ("Data", "数据"),
    "card.counts": ("Rows of each: {counts}.", "各类行数：{counts}。"),
    "card.unseen": (
        "Every row was judged by a model that had not learned from it.",
        "每一行都由未用其训练的模型评估。",
    ),
    "card.metrics": ("Metrics", "指标"),
    "card.metric": ("Metric", "指标"),
    "card.metrics_lead": (
        "Scores with 95 % intervals, on the same rows for all models.",
        "得分及 95% 区间，所有模型在相同的行上评估。",
    ),
    "card.breakdown": ("Whom it serves better and worse", "在不同人群与类别上的表现"),
    "card.calibration": ("Probabilities", "概率"),
    "card.limits": ("Limits", "局限"),
    "card.limit_data": (
        "Scores hold for data drawn as these were; for others they can be far lower.",
        "得分仅对以同样方式取得的数据成立；在其他数据上可能低得多。",
    ),
    "card.limit_language": (
        "Encoders were trained by others on data of the web, and carry its biases.",
        "编码器由他人用网络数据训练，带有其中的偏差。",
    ),
    "card.limit_labels": (
        "Labels are judgements of people; where these differ, no model can be right for all.",
        "标签是人的判断；人们意见不一时，没有模型能让所有人满意。",
    ),
    "card.reproduce": ("How to reproduce", "如何复现"),
    "card.versions": ("Made with {versions}.", "所用版本：{versions}。"),
}
"""Sentences by what they are about; a test holds the two languages to the same placeholders."""
