"""
Which rows to label next
========================

Labels cost more than anything else. A query strategy asks for the labels that tell most, in place
of any labels; how many it saves is measured here on rows whose labels are known, before a real
corpus is labelled.

The features are drawn at random; what is saved on them says nothing about real data.

More: ``docs/active.md``.
"""

# %%
# Rows of two views
# -----------------
# Four moods, two of them rare, each in three sorts of posts: what a stored text encoder and a
# stored image encoder might give. A few posts have no picture.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from hybridsent import make_fusion
from hybridsent.active import Pool, rank_rows, stop_advice
from hybridsent.evaluation import active_curve

plt.style.use("hybridsent.gallery")

rng = np.random.default_rng(0)
mood = rng.choice(["calm", "glad", "angry", "afraid"], size=600, p=[0.55, 0.3, 0.1, 0.05])
sort = np.unique(mood, return_inverse=True)[1] * 3 + rng.integers(3, size=600)
text = 1.1 * rng.normal(size=(12, 16))[sort] + rng.normal(size=(600, 16))
image = 0.6 * rng.normal(size=(12, 8))[sort] + rng.normal(size=(600, 8))
image[rng.random(600) < 0.1] = np.nan
names = [*(f"text__{i}" for i in range(16)), *(f"image__{i}" for i in range(8))]
table = pd.DataFrame(np.hstack([text, image]), columns=names)

# %%
# The next rows to label
# ----------------------
# ``y`` holds -1 where there is no label yet. Several rows are asked for at once, and differ from
# each other. Rows that are ranked again after every label are put into a `Pool` once.

pool = Pool(table)
y = np.full(600, -1, dtype=object)
for _ in range(3):
    asked = rank_rows(pool, y, n=10)
    y[asked] = mood[asked]  # here somebody reads the posts
    print(f"{(y != -1).sum()} labels:", pd.Series(y[y != -1]).value_counts().to_dict())

# %%
# What it would have saved
# ------------------------
# Labelling is simulated inside of the training rows of each fold, and judged on the test rows.

model = make_fusion(features="passthrough", classifier=LogisticRegression(max_iter=1000))
curve = active_curve(
    model,
    table,
    mood,
    strategies=("auto", "margin"),
    sizes=(10, 20, 40, 80, 160),
    cv=3,
    n_seeds=2,
    scoring="balanced_accuracy",
)
print(curve)
needed = curve.needed["auto"]["balanced_accuracy"]
points = curve.lines["auto"]["balanced_accuracy"]
history = [{"n_labels": int(p.x), "score": p.value, "low": p.low, "high": p.high} for p in points]
print(stop_advice(history))

# %%
# The picture
# -----------
# Where the line of the strategy comes to the height at which random labels end, the rest of them is
# saved. With a few labels it is behind: a model that knows nothing asks no good questions. Bands
# are 95 % intervals.

fig, ax = plt.subplots(figsize=(6.4, 4.0))
for name, color in (("auto", "C0"), ("margin", "C1"), ("random", "0.45")):
    line = curve.lines[name]["balanced_accuracy"]
    at = [point.x for point in line]
    ax.fill_between(at, [p.low for p in line], [p.high for p in line], color=color, alpha=0.12)
    ax.plot(at, [p.value for p in line], "o-", color=color, label=name)
goal = curve.lines["random"]["balanced_accuracy"][-1].value
if np.isfinite(needed.labels):
    arrow = {"arrowstyle": "->", "color": "0.2", "linewidth": 1.5}
    ax.annotate("", (needed.labels, goal), (needed.of, goal), arrowprops=arrow)
    saved = needed.of - needed.labels
    ax.set_title(f"The arrow: {saved:.0f} of {needed.of:.0f} labels saved by asking")
ax.set_xscale("log")
ax.set_xticks(at, [f"{x:.0f}" for x in at])
ax.minorticks_off()
ax.set_xlabel("labels")
ax.set_ylabel("balanced accuracy")
ax.legend(loc="lower right")
plt.show()
