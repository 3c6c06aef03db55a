"""
Whose label is it?
==================

Five people label the same posts. They do not agree, one of them guesses, and one mistakes sad for
calm. How far do they agree, which label is meant, and which labels does a model doubt in the end?

Votes and features are drawn in this script, so that the truth is at hand. More:
``docs/annotation.md``.
"""

# %%
# Posts, and what five people said
# --------------------------------
# Each has seen two posts in three. An empty cell is no vote.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hybridsent.annotation import aggregate, agreement, suspicious_labels

plt.style.use("hybridsent.gallery")

MOODS = np.array(["calm", "glad", "sad"])
rng = np.random.default_rng(1)
truth = rng.choice(MOODS, size=300)
careful = {"ann": 0.92, "bo": 0.85, "cy": 0.80, "dee": 0.75, "eli": 0.36}


def vote(name):
    """Draw what somebody said, and what they did not see."""
    said = np.where(rng.random(300) < careful[name], truth, rng.choice(MOODS, size=300))
    if name == "dee":
        said = np.where((truth == "sad") & (rng.random(300) < 0.6), "calm", said)
    return np.where(rng.random(300) < 2 / 3, said, None)


votes = pd.DataFrame({name: vote(name) for name in careful})
print(votes.head(4))

# %%
# How far do they agree?
# ----------------------
# Krippendorff's alpha is 1 where all agree, and 0 where they agree as by chance.

print(agreement(votes).sentence)

# %%
# One label a row
# ---------------
# Dawid and Skene's model finds the labels and how good everybody is at once: who often stands alone
# counts less. Beside it the majority, in which all count the same.

found = aggregate(votes)
majority = aggregate(votes, method="majority")
print(found.annotators.round(2))
for name, each in (("majority", majority), ("dawid-skene", found)):
    print(f"{name}: {(each.labels == truth).mean():.3f} of the labels are right")

# %%
# What a model doubts
# -------------------
# Labels that are still wrong may be found by what the posts hold: a model that had not seen a row
# finds another label likelier than it is for the rows that have it.

rows = rng.normal(size=(300, 8))
rows[:, :3] += 1.8 * (truth[:, None] == MOODS)
doubted = suspicious_labels(rows, found.labels.to_numpy(object))
wrong = found.labels.to_numpy() != truth
hits = wrong[doubted["position"]]
print(f"{hits.sum()} of {len(doubted)} doubted labels are wrong, of all labels {wrong.mean():.0%}")

# %%
# The picture
# -----------
# Left: how often each is right, as the model has it from votes alone, and by the truth. Middle: who
# is mistaken in what. Right: of the labels, sorted by how much they are doubted, how many of those
# that are wrong have been found after so many were looked at.

fig, axes = plt.subplots(1, 3, figsize=(11, 3.6))
for place, name in enumerate(votes):
    given = votes[name].notna().to_numpy()
    row = found.annotators.loc[name]
    axes[0].plot([row["low"], row["high"]], [place, place], color="C0", linewidth=3, alpha=0.5)
    axes[0].plot(row["expected"], place, "o", color="C0", label=None if place else "by the votes")
    right = (votes[name].to_numpy()[given] == truth[given]).mean()
    axes[0].plot(right, place, "x", color="black", label=None if place else "by the truth")
axes[0].set_yticks(range(len(votes.columns)), votes.columns)
axes[0].invert_yaxis()
axes[0].set(xlabel="share of right votes", title="How good everybody is")
axes[0].legend(loc="upper left")

table = found.confusion["dee"]
shares = table.div(table.sum(axis=1), axis=0)
axes[1].imshow(shares, cmap="Blues", vmin=0, vmax=1)
for (down, across), share in np.ndenumerate(shares.to_numpy()):
    colour = "white" if share > 0.5 else "black"
    axes[1].text(across, down, f"{share:.0%}", ha="center", va="center", color=colour)
axes[1].set_xticks(range(3), shares.columns)
axes[1].set_yticks(range(3), shares.index)
axes[1].set(xlabel="dee said", ylabel="the label", title="What dee mistakes")
axes[1].spines[:].set_visible(False)

order = np.r_[doubted["position"], np.setdiff1d(np.arange(300), doubted["position"])]
axes[2].plot(np.arange(301), np.r_[0, np.cumsum(wrong[order])], color="C0", label="doubted first")
axes[2].plot([0, 300], [0, wrong.sum()], color="0.6", linestyle="--", label="in any order")
axes[2].axvline(len(doubted), color="C1", linewidth=1)
axes[2].annotate("no doubt\nfrom here on", (len(doubted), 1), (4, 0), textcoords="offset points")
axes[2].set(xlabel="labels looked at", ylabel="wrong ones found", title="What looking again finds")
axes[2].set_yticks(range(0, wrong.sum() + 1, 3))
axes[2].legend(loc="lower right")
plt.show()
