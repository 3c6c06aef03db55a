"""
Labels of texts, answers about pictures
=======================================

Somebody has labelled sentences; nobody has labelled pictures. Posts that have both, and no label,
teach which words and which pictures go together, and so carry the labels across. How many such
posts are needed, and how near does it come to labels of the pictures themselves?

The data is drawn on the spot; on tweets (MVSA) the same recipe gave a balanced accuracy of 0.524,
where labels of the pictures gave 0.539: ``docs/cross_modal.md``.
"""

# %%
# Posts
# -----
# Of each post there is a text and a picture, which agree more often than not. All is encoded once.

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import balanced_accuracy_score

from hybridsent import make_demo, make_features, make_fusion
from hybridsent.media import load_image
from hybridsent.recipes import load_recipe

plt.style.use("hybridsent.gallery")

folder = tempfile.TemporaryDirectory()
table = make_demo(n=330, folder=folder.name).dropna(subset=["text", "image"])
table = table.reset_index(drop=True)
mood = table["label"].to_numpy(object)
encoders = make_features(text=True, image=True, quality="fast").set_output(transform="pandas")
rows = encoders.fit_transform(table)
words = [name for name in rows if name.startswith("text__")]
pixels = [name for name in rows if name.startswith("image__")]

# %%
# Three kinds of rows
# -------------------
# 80 labelled rows keep their text only, the pairs keep both and lose their label (-1), and the
# pictures that are asked about keep nothing but themselves. One pipeline is fitted on all of it.


def carried(labelled, pairs, asked):
    """Fit on texts with labels and pairs without, and answer for pictures."""
    seen = rows.iloc[[*labelled, *pairs]].copy()
    seen.iloc[: len(labelled), -len(pixels) :] = np.nan
    y = np.r_[mood[labelled], np.full(len(pairs), -1, dtype=object)]
    model = load_recipe("cross-modal").build(features=["text", "image"]).fit(seen, y)
    return model, model.predict(rows.iloc[asked].assign(**dict.fromkeys(words, np.nan)))


# %%
# How many pairs?
# ---------------
# Six draws of who is in which part. The best that can be hoped for is a model that was given labels
# of 80 pictures.

counts, scores, hoped = (10, 20, 40, 80, 150), [], []
for seed in range(6):
    order = np.random.default_rng(seed).permutation(len(table))
    asked, labelled, others = order[:80], order[80:160], order[160:]
    given = [carried(labelled, others[:count], asked)[1] for count in counts]
    scores.append([balanced_accuracy_score(mood[asked], each) for each in given])
    taught = make_fusion(features=["image"]).fit(rows.iloc[labelled][pixels], mood[labelled])
    hoped.append(balanced_accuracy_score(mood[asked], taught.predict(rows.iloc[asked][pixels])))
mean, spread = np.mean(scores, axis=0), np.std(scores, axis=0)
print(dict(zip(counts, mean.round(3), strict=True)), "labels of pictures:", np.mean(hoped).round(3))

# %%
# The pictures
# ------------
# Of the last draw and of each person the one that the model is surest of, in a frame of what was
# meant. What is sure and wrong is often a face, of which sentences say less than of a storm. Look
# at such pictures before you use a model: a frozen encoder sees skin, hair and light, too, and from
# pairs as few as these a model may learn that they are moods.

model, _ = carried(labelled, others, asked)
alone = rows.iloc[asked].assign(**dict.fromkeys(words, np.nan))
sure = dict(zip(model.classes_, model.predict_proba(alone).T, strict=True))
colours = {"positive": "C0", "neutral": "0.7", "negative": "C1"}

figure = plt.figure(figsize=(10, 4.4))
left, right = figure.subfigures(1, 2, width_ratios=[2, 3])
ax = left.subplots()
ax.fill_between(counts, mean - spread, mean + spread, color="C0", alpha=0.15, linewidth=0)
ax.plot(counts, mean, "o-", color="C0")
ax.annotate(
    "labels of texts", (counts[-1], mean[-1]), (-2, 9), textcoords="offset points", ha="right"
)
for height, name in ((np.mean(hoped), "labels of pictures"), (1 / 3, "guessing")):
    ax.axhline(height, color="0.5", linestyle="--", linewidth=1)
    at = (counts[-1], height), (0, 4)
    ax.annotate(name, *at, textcoords="offset points", color="0.35", ha="right")
ax.set(xscale="log", xlabel="posts with both, without a label", ylabel="balanced accuracy")
ax.set_ylim(top=max(np.mean(hoped), *(mean + spread)) + 0.04)
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.set_title("What pairs are worth, ± 1 sd over draws")

axes = right.subplots(4, 5).reshape(2, 10)
for line, name in zip(axes, ("positive", "negative"), strict=True):
    line[0].set_title(f"said to be {name}")
    surest = np.argsort(-sure[name])
    again = table["speaker"].iloc[asked[surest]].duplicated().to_numpy()
    for ax, place in zip(line, surest[~again], strict=False):
        ax.imshow(load_image(table["image"][asked[place]]))
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=colours[mood[asked[place]]], linewidth=4)
frames = [
    plt.Line2D([], [], color=colour, linewidth=4, label=name) for name, colour in colours.items()
]
right.legend(handles=frames, loc="outside lower center", ncols=3, title="frame: what was meant")
plt.show()

folder.cleanup()
