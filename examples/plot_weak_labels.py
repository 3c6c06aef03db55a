"""
Rules in place of labels
========================

Nobody has labelled these posts. What people know of them is written down as a few functions, each
of which labels some rows and is wrong now and then; a label model finds out how good each of them
is, and a classifier learns from the probabilities, also about rows on which no function says
anything. The data is drawn in this script, so that the truth is at hand: at the end it is compared
with labels made by hand.

More: ``docs/weak.md``.
"""

# %%
# Posts with a text, stars and a picture
# --------------------------------------
# A text holds a word of feeling or none; stars are given by some; 16 features stand for what a
# frozen encoder makes of the picture. All three show what was meant, more or less.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from hybridsent.weak import (
    LabelingFunctions,
    LabelModel,
    SoftLabelClassifier,
    labeling_function,
    lexicon_function,
    lf_summary,
    number_function,
)

plt.style.use("hybridsent.gallery")

CLASSES = ["negative", "positive"]
WORDS = {"negative": ["awful", "broken", "bad", "hate"], "positive": ["lovely", "good", "love"]}
PLAIN = ["the parcel came on Monday", "this is the second one", "I have had it for a week"]
rng = np.random.default_rng(0)
direction = np.r_[np.full(5, 0.3), rng.normal(size=11) / 4]


def draw(n):
    """Draw posts, and what was meant by them."""
    truth = rng.choice(CLASSES, n)
    sign = np.where(truth == "positive", 1, -1)
    texts = []
    for label in truth:
        meant = label if rng.random() < 0.85 else CLASSES[label == "negative"]
        word = f", {rng.choice(WORDS[meant])}" if rng.random() < 0.5 else ""
        texts.append(
            rng.choice(PLAIN) + word + (", refund" * (meant == CLASSES[0] and rng.random() < 0.1))
        )
    stars = np.clip(np.round(3 + sign + rng.normal(size=n)), 1, 5)
    table = pd.DataFrame(sign[:, None] * direction + rng.normal(size=(n, 16)))
    table.columns = [f"image__{i}" for i in range(16)]
    table.insert(0, "text", texts)
    table.insert(1, "stars", np.where(rng.random(n) < 0.4, stars, np.nan))
    return table, truth


posts, truth = draw(1500)
later, later_truth = draw(1500)
print(posts.iloc[:4, :3])

# %%
# Four functions
# --------------
# A ready one reads words, another one the stars; two are written here. One looks at a whole view of
# features: somebody has seen that the first five of them are high where a picture is bright.


@labeling_function(columns="text")
def refund(text):
    """Who asks for money back is not happy."""
    return "negative" if "refund" in text else None


@labeling_function(columns="image", vectorized=True)
def bright(vectors):
    """Label the brightest and the darkest pictures."""
    light = vectors[:, :5].sum(axis=1)
    return np.select([light > 1.5, light < -1.5], ["positive", "negative"], default=None)


rules = LabelingFunctions(
    [
        lexicon_function("en", labels=("negative", None, "positive")),
        number_function("stars", low=2, high=4, labels=("negative", None, "positive")),
        refund,
        bright,
    ],
    classes=CLASSES,
)
votes = rules.fit_transform(posts)
print(votes.head(4))

# %%
# What they cover, and where they disagree
# ----------------------------------------
# The table needs no label; with some, it also says how accurate each is.

print(lf_summary(votes, truth).T.to_string())

# %%
# The label model
# ---------------
# It has seen no label either. Rows without a vote have no probability.

model = LabelModel(classes=CLASSES).fit(votes)
soft = model.predict_proba(votes)
print(pd.Series(model.accuracies_, index=model.voters_).round(2))
known = ~np.isnan(soft).any(axis=1)
print(f"{known.mean():.0%} of the posts have a vote")

# %%
# From soft labels to a classifier
# --------------------------------
# It learns from the features of the picture alone, and tells all posts, also those on which no
# function says anything. Beside it the same classifier, from labels made by hand.

image = [name for name in posts if name.startswith("image__")]
weak = SoftLabelClassifier(LogisticRegression())
weak.fit(posts[image], soft, classes=model.classes_)
score = (weak.predict(later[image]) == later_truth).mean()
print(f"no label: {score:.3f}")

counts, runs = [4, 8, 16, 32, 64, 128, 256], []
for seed in range(20):
    order = np.random.default_rng(seed).permutation(len(posts))
    scores = []
    for count in counts:
        rows = np.concatenate([order[truth[order] == label][: count // 2] for label in CLASSES])
        by_hand = LogisticRegression().fit(posts[image].iloc[rows], truth[rows])
        scores.append((by_hand.predict(later[image]) == later_truth).mean())
    runs.append(scores)
mean = np.mean(runs, axis=0)
print(pd.Series(mean, index=counts).round(3))

# %%
# The picture
# -----------
# Right, the band holds eight of ten draws of the labels that are made by hand.

fig, axes = plt.subplots(1, 2, figsize=(10, 3.6))
sure = soft[known][:, 1]
for label, colour in zip(CLASSES, ["C1", "C0"], strict=True):
    axes[0].hist(
        sure[truth[known] == label], bins=20, range=(0, 1), alpha=0.6, color=colour, label=label
    )
axes[0].set(xlabel="probability of positive, by the rules", ylabel="posts")
axes[0].set_title("What four rules say, by the truth")
axes[0].legend()
low, high = np.percentile(runs, [10, 90], axis=0)
axes[1].fill_between(counts, low, high, color="C0", alpha=0.2, linewidth=0)
axes[1].plot(counts, mean, "o-", color="C0")
axes[1].axhline(score, color="black", linestyle="--", linewidth=1)
axes[1].annotate("four functions, no label", (counts[0], score), (0, 5), textcoords="offset points")
axes[1].set_xscale("log", base=2)
axes[1].set_xticks(counts, counts)
axes[1].set_xlabel("labels made by hand")
axes[1].set(ylabel="accuracy on new posts", title="Rules against labels by hand")
plt.show()
