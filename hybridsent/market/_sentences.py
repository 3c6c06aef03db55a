"""The sentences of the report of a market: English, and its Chinese beside it (layer L7; imports nothing)."""

from __future__ import annotations

__all__ = ["LANGUAGES", "SENTENCES"]

SENTENCES: dict[str, tuple[str, str]] = {
    # -- the page ------------------------------------------------------------------------------
    "market.title": ("Market report", "市场情绪报告"),
    "market.posts": ("{n} posts", "{n} 条帖子"),
    "market.brands": ("{n} brands", "{n} 个品牌"),
    "market.periods": ("{first} to {last}", "{first} 至 {last}"),
    "market.by.model": ("scored by {name}", "由 {name} 评分"),
    "market.by.zero-label": ("scored without a trained model", "未使用训练模型评分"),
    "market.by.columns": ("scores of column {name}", "分数来自列 {name}"),
    "market.all": ("All posts", "全部帖子"),
    "market.others": ("others ({n})", "其他（{n} 个）"),
    "market.rest": ("all others", "其余全部"),
    "market.few": ("too few ({n})", "过少（{n}）"),
    "market.none": ("no posts", "无帖子"),
    "market.high": ("positive", "正面"),
    "market.low": ("negative", "负面"),
    "market.week": ("week", "周"),
    "market.hour": ("hour", "小时"),
    "market.day": ("day", "日"),
    "market.month": ("month", "月"),
    "market.quarter": ("quarter", "季度"),
    "market.year": ("year", "年"),
    "market.index": ("index", "指数"),
    "market.of": ("of {brand}", "{brand}"),
    "market.range": ("95 % interval {low} to {high}", "95% 区间 {low} 至 {high}"),
    "market.table": ("Show the numbers", "显示数字"),
    "market.n": ("posts", "帖子数"),
    "market.interval": ("95 % interval", "95% 区间"),
    "market.brand": ("brand", "品牌"),
    "market.colon": (": ", "："),
    # -- tiles and findings ----------------------------------------------------------------------
    "tile.index": ("Sentiment index", "情绪指数"),
    "tile.scale": ("{low} to {high}; the scale runs from {from_} to {to}", "{low} 至 {high}；量程为 {from_} 至 {to}"),
    "tile.best": ("Highest: {brand}", "最高：{brand}"),
    "tile.worst": ("Lowest: {brand}", "最低：{brand}"),
    "tile.posts": ("Posts", "帖子"),
    "tile.counted": ("{n} of {rows} rows are counted", "共 {rows} 行，计入 {n} 行"),
    "found.index_up": (
        "Posts are on the whole positive: the index is {value} ({low} to {high}), on a scale from {from_} to {to}.",
        "帖子总体偏正面：指数为 {value}（{low} 至 {high}），量程为 {from_} 至 {to}。",
    ),
    "found.index_down": (
        "Posts are on the whole negative: the index is {value} ({low} to {high}), on a scale from {from_} to {to}.",
        "帖子总体偏负面：指数为 {value}（{low} 至 {high}），量程为 {from_} 至 {to}。",
    ),
    "found.index_even": (
        "Positive and negative posts are about even: the index is {value} ({low} to {high}), on a scale from {from_} to {to}.",
        "正面与负面帖子大致持平：指数为 {value}（{low} 至 {high}），量程为 {from_} 至 {to}。",
    ),
    "found.index_number": (
        "The mean of the predicted numbers is {value} ({low} to {high}); they run from {from_} to {to}.",
        "预测数值的均值为 {value}（{low} 至 {high}），数值范围为 {from_} 至 {to}。",
    ),
    "found.raw": (
        "Counted as the model answers it would be {raw}; the correction for its mistakes moves it by {by}.",
        "若直接按模型答案统计则为 {raw}；纠正其误判后变化 {by}。",
    ),
    "found.gap": (
        "{brand} is rated higher than {versus}: by {value} ({low} to {high}, {p} after Holm's correction).",
        "{brand} 的评价高于 {versus}：相差 {value}（{low} 至 {high}，Holm 校正后 {p}）。",
    ),
    "found.gap_many": (
        "Of {of} comparisons of brands, {n} show a difference that chance does not explain.",
        "在 {of} 组品牌比较中，{n} 组的差异无法用偶然解释。",
    ),
    "found.gap_none": (
        "None of {of} comparisons of brands shows a difference that chance could not explain.",
        "在 {of} 组品牌比较中，没有一组的差异超出偶然范围。",
    ),
    "found.gap_one": (
        "The comparison of the two brands shows no difference that chance could not explain.",
        "两个品牌的差异未超出偶然范围。",
    ),
    "found.change": (
        "The index {of} changed with the {period} of {when}: from {before} to {after}.",
        "{of}的指数自 {when} 所在{period}起发生变化：由 {before} 变为 {after}。",
    ),
    "found.odd": (
        "The index {of} stands out in the {period} of {when}: {value}, where {usual} is usual.",
        "{of}在 {when} 所在{period}显著异常：为 {value}，通常为 {usual}。",
    ),
    "found.still": (
        "No {period} stands out, and no lasting change was found.",
        "没有异常的{period}，也未发现持续的变化。",
    ),
    "found.voice": (
        "{brand} is spoken of most: {share} of the posts.",
        "{brand} 被谈论最多：占帖子的 {share}。",
    ),
    "found.topics": (
        "Posts speak most favourably about “{best}” ({high}) and least about “{worst}” ({low}).",
        "关于“{best}”的评价最高（{high}），关于“{worst}”的最低（{low}）。",
    ),
    "found.driver": (
        "Of what decides about a post, {share} is {view} on average.",
        "平均而言，对帖子判断的依据中 {share} 来自 {view}。",
    ),
    # -- time ------------------------------------------------------------------------------------
    "time.title": ("The index over time", "指数随时间的变化"),
    "time.nav": ("Time", "时间"),
    "time.lead": (
        "The mean worth of the posts of each {period}; bands are 95 % intervals. A gap is a {period} with fewer than {least} posts.",
        "每{period}帖子的平均分值；色带为 95% 区间。断开处为不足 {least} 条帖子的{period}。",
    ),
    "time.corrected": ("corrected for the model's mistakes", "已纠正模型误判"),
    "time.counted": ("as the model answers", "按模型答案统计"),
    "time.each": ("Each brand, on one scale", "各品牌（同一量程）"),
    "time.marks": (
        "A ring marks a {period} that stands out, a dashed line the beginning of a new level.",
        "圆圈表示异常的{period}，虚线表示新水平的开始。",
    ),
    "time.alt": ("Line chart of the index of {brand} by {period}, from {first} to {last}", "{brand} 每{period}指数折线图，{first} 至 {last}"),
    "time.one": (
        "All posts are of one {period}, {first}: there is nothing over time to show.",
        "全部帖子属于同一{period}（{first}），没有随时间的变化可供显示。",
    ),
    "time.hidden": ("Not drawn, as no {period} has enough posts: {brands}.", "因每{period}帖子均不足而未绘制：{brands}。"),
    "time.start": ("beginning", "起始"),
    # -- brands ----------------------------------------------------------------------------------
    "brands.title": ("Brands against each other", "品牌对比"),
    "brands.nav": ("Brands", "品牌"),
    "brands.lead": (
        "The index of each brand, with its 95 % interval, and its share of all posts.",
        "各品牌的指数及 95% 区间，以及其在全部帖子中的占比。",
    ),
    "brands.raw": ("as answered", "按答案统计"),
    "brands.share": ("share of voice", "声量占比"),
    "brands.chart": ("index and interval", "指数与区间"),
    "brands.gaps": ("Differences", "差异"),
    "brands.gaps_lead": (
        "The first less the second. p is corrected by Holm for all {n} comparisons, so that the chance of one false finding among all of them is at most 5 %; each interval is that of its pair alone.",
        "前者减后者。p 值按 Holm 方法对全部 {n} 组比较校正，因此其中出现一次误判的概率至多为 5%；每个区间仅针对该组比较。",
    ),
    "brands.pair": ("{brand} – {versus}", "{brand} – {versus}"),
    "brands.differ": ("differs", "有差异"),
    "brands.alike": ("may be chance", "可能出于偶然"),
    "brands.p": ("p (Holm)", "p（Holm）"),
    "brands.gap": ("difference", "差值"),
    "brands.alone": ("There is no second brand with enough posts to compare.", "没有第二个帖子足够的品牌可供比较。"),
    # -- voice -----------------------------------------------------------------------------------
    "voice.title": ("Share of voice", "声量占比"),
    "voice.nav": ("Voice", "声量"),
    "voice.lead": (
        "Which share of the posts of each {period} is about whom.",
        "每{period}的帖子中各品牌所占的比例。",
    ),
    "voice.alt": ("Line chart of the share of the posts by {period}: {brands}", "每{period}帖子占比折线图：{brands}"),
    "voice.axis": ("share of posts", "帖子占比"),
    # -- changes ---------------------------------------------------------------------------------
    "changes.title": ("What changed, and what stands out", "变化与异常"),
    "changes.nav": ("Changes", "变化"),
    "changes.lead": (
        "Found by tests whose errors are controlled over all brands and periods.",
        "由对全部品牌和时段控制误判率的检验得出。",
    ),
    "changes.levels": ("Lasting changes", "持续的变化"),
    "changes.levels_how": (
        "Binary segmentation; a change is told where random orders of the periods give one as large in at most 5 % of cases, divided by the number of brands. Slow drifts appear as changes, too.",
        "采用二分分割法；仅当随机打乱时段顺序后得到同样大变化的比例不超过 5%（再除以品牌数）时才报告。缓慢漂移也会显示为变化。",
    ),
    "changes.odd": ("Periods that stand out", "异常时段"),
    "changes.odd_how": (
        "Each period against what the other periods of the brand let expect, given its number of posts and the usual ups and downs; of those that are told at most 5 % are false on average (Benjamini and Hochberg).",
        "将每个时段与该品牌其他时段的预期比较，并考虑帖子数量和通常的波动；所报告者中平均至多 5% 为误报（Benjamini–Hochberg）。",
    ),
    "changes.no_levels": ("None was found.", "未发现。"),
    "changes.from": ("since", "起始"),
    "changes.before": ("before", "之前"),
    "changes.after": ("after", "之后"),
    "changes.by": ("difference", "差值"),
    "changes.usual": ("usual", "通常"),
    "changes.value": ("index", "指数"),
    "changes.q": ("p (corrected)", "p（校正后）"),
    # -- topics ----------------------------------------------------------------------------------
    "topics.title": ("What posts are about", "帖子谈论的话题"),
    "topics.nav": ("Topics", "话题"),
    "topics.lead": (
        "Words that are more frequent in a topic than elsewhere, the posts nearest to its middle, and its index.",
        "每个话题中比其他地方更常见的词、最接近其中心的帖子，以及话题的指数。",
    ),
    "topics.by.model": (
        "Topics are {k} clusters (k-means) of the features that the model sees just before it answers.",
        "话题为模型作答前所见特征的 {k} 个聚类（k-means）。",
    ),
    "topics.by.texts": (
        "Topics are {k} clusters (k-means) of the words of the posts (latent semantic analysis).",
        "话题为帖子用词的 {k} 个聚类（潜在语义分析后 k-means）。",
    ),
    "topics.by.column": ("Topics are those of the table.", "话题取自表格。"),
    "topics.chosen": (
        "It is the largest number for which two halves of the posts are clustered nearly as alike as for any (adjusted Rand index {alike}; 0.7 at least).",
        "这是使两半帖子聚类结果几乎最为一致的最大数目（调整兰德指数 {alike}，不低于 0.7）。",
    ),
    "topics.unsure": (
        "No number of clusters was the same for two halves of the posts (adjusted Rand index {alike} at best): take these topics as a rough sorting.",
        "没有任何聚类数目能在两半帖子上得到一致结果（调整兰德指数最高 {alike}）：请将这些话题视为粗略归类。",
    ),
    "topics.unstable": ("unstable", "不稳定"),
    "topics.unstable_how": (
        "A topic is called unstable where other posts would give another one (mean Jaccard index below 0.6).",
        "若换一批帖子会得到不同的话题（平均 Jaccard 指数低于 0.6），则标为不稳定。",
    ),
    "topics.typical": ("Typical posts", "典型帖子"),
    "topics.matrix": ("Index of each topic and brand", "各话题与品牌的指数"),
    "topics.topic": ("topic", "话题"),
    "topics.none": ("There are too few posts or words to tell topics.", "帖子或词语过少，无法区分话题。"),
    "topics.no_words": ("no telling words", "无特征词"),
    # -- drivers ---------------------------------------------------------------------------------
    "drivers.title": ("Which views decide", "哪些模态起决定作用"),
    "drivers.nav": ("Views", "模态"),
    "drivers.lead": (
        "Mean share of each view in the answers (Shapley values, by asking the model about {n} posts with each of their views left out), of the posts that have it.",
        "各模态在答案中的平均份额（Shapley 值，针对 {n} 条帖子逐一去掉各模态后询问模型），仅计含有该模态的帖子。",
    ),
    "drivers.share": ("share of the decision", "决策份额"),
    "drivers.missing": ("posts without it", "缺失该模态的帖子"),
    # -- examples --------------------------------------------------------------------------------
    "posts.title": ("Posts", "帖子示例"),
    "posts.nav": ("Posts", "示例"),
    "posts.lead": (
        "Posts about which the answer is surest, and those that are torn. They are examples, not a sample.",
        "答案最有把握的帖子和正负难分的帖子。它们是示例，而非抽样。",
    ),
    "posts.high": ("Most surely {label}", "最确定为{label}"),
    "posts.low": ("Most surely {label}", "最确定为{label}"),
    "posts.divided": ("Most divided", "最难区分"),
    "posts.highest": ("Highest", "最高"),
    "posts.lowest": ("Lowest", "最低"),
    "posts.private": ("Contents are left out, as was asked for.", "按要求不显示内容。"),
    "posts.spent": ("Of {n} posts media are left out, to keep the page small.", "为控制页面大小，{n} 条帖子的媒体未显示。"),
    "posts.row": ("row {row}", "第 {row} 行"),
    # -- caveats ---------------------------------------------------------------------------------
    "caveats.title": ("What to know about the data", "数据说明"),
    "caveats.nav": ("Data", "数据"),
    "caveats.lead": ("The numbers hold for these posts, which are no sample of all customers.", "数字仅反映这些帖子，并不代表全部消费者。"),
    "caveat.zero": (
        "No model was trained for this: words, emoji and ratings tell the sentiment, and nothing corrects their mistakes. They say nothing of {n} posts ({share}). Read differences, not levels; a few dozen labels a class and a model of them are better.",
        "未为此训练模型：情绪由词语、表情符号和评分判断，其误判未得到纠正。有 {n} 条帖子（{share}）无法判断。请看差异而非绝对水平；每类几十个标签训练的模型会更好。",
    ),
    "caveat.columns": (
        "The scores were in the column {column} already; how good they are is not known here.",
        "分数来自已有的列 {column}；其质量在此未知。",
    ),
    "caveat.numbers": (
        "The index is the mean of predicted numbers. A model that draws its answers toward the middle draws this mean there, too; nothing corrects that.",
        "指数为预测数值的均值。若模型的预测偏向中间，均值也会随之偏向中间，此处未作纠正。",
    ),
    "caveat.uncorrected": (
        "The index counts answers as they are. It is biased wherever they are mistaken, toward the shares of what was learned from, and the intervals do not cover that.",
        "指数直接按答案统计。答案有误之处会产生偏差（偏向训练数据的比例），区间未包含这一偏差。",
    ),
    "caveat.corrected": (
        "The index is corrected for what the model mistook among labelled posts. That holds where posts of a class look as they did there, and only their shares have changed.",
        "指数已按模型在有标签帖子上的误判作了纠正。前提是同类帖子的表现与当时一致，仅各类比例发生变化。",
    ),
    "caveat.misfit": (
        "In {n} of {of} groups of posts the answers are no mixture of those among labelled posts: there the correction may be wrong by more than the intervals say. Label some new posts and fit again.",
        "在 {of} 组帖子中有 {n} 组的答案不符合有标签帖子的混合分布：其纠正误差可能超出区间。请标注一些新帖子并重新训练。",
    ),
    "caveat.wide": (
        "In {n} of {of} groups of posts the interval of the index is wider than half of its scale, and mostly for want of labels: of the class {label} the model was tested on {labels} labelled posts, and answered {right} right. Label more posts of that class and fit again.",
        "在 {of} 组帖子中有 {n} 组的指数区间超过量程的一半，主要原因是标签不足：类别 {label} 只用 {labels} 条有标签帖子检验过，其中 {right} 条回答正确。请为该类标注更多帖子并重新训练。",
    ),
    "caveat.kind_corrected": (
        "These posts are of another kind than those that the model learned from (distance of what it sees, from 0 to 1: {views}). What it mistakes in them is not known: neither the level of the corrected index nor its interval can be relied on, and the index as answered is no more than what the model says. Label some of these posts and fit again.",
        "这些帖子与模型学习过的不是同一类（模型所见特征的距离，0 至 1：{views}）。模型在其中的误判未知：校正后指数的水平及其区间均不可靠，按答案统计的指数也仅代表模型的说法。请标注其中一些帖子并重新训练。",
    ),
    "caveat.kind": (
        "These posts are of another kind than those that the model learned from (distance of what it sees, from 0 to 1: {views}): the index is no more than what the model says. Label some of these posts and fit again.",
        "这些帖子与模型学习过的不是同一类（模型所见特征的距离，0 至 1：{views}）：指数仅代表模型的说法。请标注其中一些帖子并重新训练。",
    ),
    "caveat.without_brand": ("Rows without a brand, which are not counted: {n}.", "{n} 行没有品牌，未计入。"),
    "caveat.without_prediction": ("Rows without an answer, which are not counted: {n}.", "{n} 行没有答案，未计入。"),
    "caveat.others": (
        "Brands with fewer posts count in the total, and are not shown by name: {n} ({names}).",
        "{n} 个帖子较少的品牌计入总数，但不单独列出：{names}。",
    ),
    "caveat.spellings": (
        "These names may be one brand, and count as several: {names}.",
        "这些名称可能是同一品牌，目前分别统计：{names}。",
    ),
    "caveat.copies_counted": (
        "Posts that repeat another one of their brand nearly word by word: {n} ({said} different texts, the most frequent one {most} times). All are counted; --unique, in Python unique=True, leaves them out.",
        "{n} 条帖子与同品牌的另一条几乎逐字相同（共 {said} 种文本，最多的出现 {most} 次）。目前全部计入；可用 --unique（Python 中为 unique=True）去除。",
    ),
    "caveat.copies_once": (
        "Posts that repeat another one of their brand nearly word by word are left out: {n} ({said} different texts, the most frequent one {most} times).",
        "已去除 {n} 条与同品牌另一条几乎逐字相同的帖子（共 {said} 种文本，最多的出现 {most} 次）。",
    ),
    "caveat.retweets": ("Posts that begin with “RT @”: {n} ({share}).", "{n} 条帖子（{share}）以“RT @”开头。"),
    "caveat.no_authors": (
        "Who wrote a post is not told: each counts as one of its own, and intervals are too narrow where few people write many.",
        "作者未知：每条帖子视为独立；若少数人发了很多帖子，区间会偏窄。",
    ),
    "caveat.authors": (
        "{n} authors; the most active one wrote {most} posts. Posts of one author do not count as independent.",
        "共 {n} 位作者；最活跃者发了 {most} 条。同一作者的帖子不视为独立。",
    ),
    "caveat.authors_few": (
        "Few write much: {few} of {n} authors wrote {share} of the posts, one alone {most}. Posts of one author do not count as independent; look whether these are bots.",
        "少数作者发帖很多：{n} 位作者中的 {few} 位发了 {share} 的帖子，单人最多 {most} 条。同一作者的帖子不视为独立；请检查其是否为机器人。",
    ),
    "caveat.no_time": ("No column of times was named: nothing is told over time.", "未指定时间列：不显示随时间的变化。"),
    "caveat.time_missing": ("Posts without a time, which count in all but what is told over time: {n}.", "{n} 条帖子没有时间；除随时间的变化外均计入。"),
    "caveat.time_unread": ("Posts whose time cannot be read, which count in all but what is told over time: {n}.", "{n} 条帖子的时间无法识别；除随时间的变化外均计入。"),
    "caveat.time_naive": ("Times that tell no time zone, and were taken for {zone}: {n}.", "{n} 个时间未注明时区，按 {zone} 处理。"),
    "caveat.day_first": ("Dates such as 03/04/2026 were read with the day first.", "形如 03/04/2026 的日期按“日/月”读取。"),
    "caveat.month_first": ("Dates such as 03/04/2026 were read with the month first.", "形如 03/04/2026 的日期按“月/日”读取。"),
    "caveat.gaps": ("Periods without a post: {n} of {of}, the first one begins on {first}.", "{of} 个时段中有 {n} 个没有任何帖子，第一个始于 {first}。"),
    "caveat.ends": ("The first and the last period, of {first} and {last}, may be incomplete.", "首尾两个时段（{first} 与 {last}）可能不完整。"),
    "caveat.few": (
        "{n} of {of} groups of posts are smaller than {least}, and their index is not shown; the table of numbers has it.",
        "{of} 组帖子中有 {n} 组少于 {least} 条，页面不显示其指数；数字表中可查。",
    ),
    "caveat.languages": ("Languages, by some of the texts: {languages}.", "语言（按部分文本判断）：{languages}。"),
    "caveat.missing": ("Posts with nothing in the column {column}: {n} ({share}).", "{n} 条帖子（{share}）的列 {column} 为空。"),
    "caveat.absent": ("The model reads a column {column}, which the table lacks: it counts as missing in every post.", "模型读取列 {column}，但表中没有：视为每条帖子均缺失。"),
    # -- how -------------------------------------------------------------------------------------
    "made.index": (
        "The index is the mean worth of the classes: {values}.",
        "指数为各类别分值的均值：{values}。",
    ),
    "made.method": (
        "Shares of classes were estimated by “{method}”, with 95 % intervals over {units}.",
        "各类比例由“{method}”方法估计，95% 区间以{units}为单位。",
    ),
    "made.posts": ("posts", "帖子"),
    "made.authors": ("authors", "作者"),
    "made.time": ("Time is cut in {zone}, by {period}; weeks begin on Monday.", "时间按 {zone} 时区、以{period}划分；每周自周一开始。"),
    "made.seconds": ("It took {seconds} seconds.", "用时 {seconds} 秒。"),
    "made.python": ("market_report in Python; the command was not told.", "由 Python 的 market_report 生成，未提供命令。"),
    "made.commercial": (
        "Look at the licences of the weights before you use the numbers commercially.",
        "商业使用前请查看权重的许可证。",
    ),
}  # fmt: skip
"""Sentences by what they are about; a test holds the two languages to the same placeholders."""

LANGUAGES: dict[str, str] = {
    "English": "英语", "German": "德语", "French": "法语", "Spanish": "西班牙语",
    "Portuguese": "葡萄牙语", "Italian": "意大利语", "Dutch": "荷兰语", "Danish": "丹麦语",
    "Swedish": "瑞典语", "Norwegian": "挪威语", "Finnish": "芬兰语", "Polish": "波兰语",
    "Czech": "捷克语", "Hungarian": "匈牙利语", "Romanian": "罗马尼亚语", "Turkish": "土耳其语",
    "Indonesian": "印尼语", "Vietnamese": "越南语", "Hindi": "印地语", "Chinese": "中文",
    "Chinese characters": "汉字", "Arabic letters": "阿拉伯文字", "Japanese": "日语",
    "Korean": "韩语", "Cyrillic letters": "西里尔字母",
}  # fmt: skip
"""What Chinese readers call languages; others keep their English names."""
