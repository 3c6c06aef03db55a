"""
Which modality decides
======================

A fusion is better than its parts: by which of them, how sure is that, and whom does it believe when
they disagree? `contributions` asks a fitted model about every row with every subset of its views,
the others masked as if they were missing; nothing is fitted for it but the folds' own models.

The data is drawn and synthesised on the spot; scores on it say nothing about real data.

More: ``docs/evaluation.md``.
"""

# %%
# The model
# ---------
# Late fusion: a classifier for each modality, whose probabilities are multiplied. A row that lacks
# one is decided by the others, so that views can be masked without a guess at what they would have
# been.

import tempfile

import matplotlib.pyplot as plt
import numpy as np

from hybridsent import make_demo, make_fusion
from hybridsent.evaluation import contributions, missing_curve

plt.style.use("hybridsent.gallery")

folder = tempfile.TemporaryDirectory()
table = make_demo(n=240, folder=folder.name)
model = make_fusion(text=True, image=True, audio=True, how="late")

# %%
# What each modality adds
# -----------------------
# The Shapley value is a modality's fair share of what all together are better than none; the shares
# add up to that. What is lost without a modality is less, where the others know the same.

told = contributions(model, table, "label", groups="speaker", scoring=["accuracy"])
print(told)

# %%
# Row by row
# ----------
# How much the probability of the answer falls without a modality. Above 0 it spoke for the answer,
# below 0 against it; the one that spoke loudest decided. These are the rows that were torn most:
# two modalities that pull hard in opposite directions.

rows = told.decided.to_frame().set_index("row")
changes = rows[[f"without_{view}" for view in told.views]]
torn = np.minimum(changes.max(axis=1), -changes.min(axis=1)).nlargest(4).index
print(rows.loc[torn].round(2).join(table[["text", "label"]]).to_string())

# %%
# And when it is not there?
# -------------------------
# A modality is taken from more and more of the test rows.

curve = missing_curve(
    model, table, "label", groups="speaker", scoring=["accuracy"], rates=(0.0, 0.3, 0.6, 0.9)
)
print(curve)

# %%
# The picture
# -----------
# Bars and bands are 95 % intervals. Right: each row is a point, placed by how loud two modalities
# spoke for the answer.

colors = dict(zip(told.views, ("C0", "C1", "C2"), strict=True))
fig, axes = plt.subplots(1, 3, figsize=(11, 3.5))
for place, view in enumerate(told.views):
    share = told.shapley[view]["accuracy"]
    axes[0].plot([share.low, share.high], [place, place], color=colors[view], linewidth=2)
    axes[0].plot(share.value, place, "o", color=colors[view], markersize=8)
axes[0].axvline(0, color="0.7", linewidth=1)
axes[0].set_yticks(range(len(told.views)), told.views)
axes[0].invert_yaxis()
axes[0].set(xlabel="accuracy (Shapley value)", title="Whose the accuracy is")

for view, line in curve.lines.items():
    points = line["accuracy"]
    at, low, high = zip(*((p.x, p.low, p.high) for p in points), strict=True)
    axes[1].fill_between(at, low, high, color=colors[view], alpha=0.1, linewidth=0)
    axes[1].plot(at, [p.value for p in points], "o-", color=colors[view], label=view)
axes[1].legend(loc="lower left")
axes[1].set_xlabel(curve.x_name)
axes[1].set(ylabel="accuracy", title="When one is missing")

for view in told.views:
    chosen = rows[rows["view"] == view]
    axes[2].scatter(
        chosen["without_text"], chosen["without_image"], s=12, color=colors[view], label=view
    )
axes[2].axhline(0, color="0.7", linewidth=1)
axes[2].axvline(0, color="0.7", linewidth=1)
axes[2].set_xlabel("the text spoke for the answer")
axes[2].set_ylabel("the image did")
axes[2].legend(fontsize=8, title="decided by", title_fontsize=8)
axes[2].set_title("Who decided, row by row")
plt.show()

folder.cleanup()
