"""
How sure is sure?
=================

A model says "positive, 0.9". Is it right in nine of ten such rows? And where it is not sure, might
it say "positive or neutral" rather than guess? Calibration tells the first, conformal sets do the
second, and both are told from what the model said about rows that it had not learned from.

The features are drawn in this script. More: ``docs/evaluation.md``.
"""

# %%
# Three moods, one of them rare
# -----------------------------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.naive_bayes import GaussianNB

from hybridsent import evaluate, make_fusion
from hybridsent.evaluation import calibration, coverage_report

plt.style.use("hybridsent.gallery")

N = 900
rng = np.random.default_rng(0)
mood = rng.choice(3, size=N, p=[0.45, 0.42, 0.13])
hidden = 1.15 * rng.normal(size=(3, 4))[mood] + rng.normal(size=(N, 4))
rows = hidden @ rng.normal(size=(4, 20)) + 0.7 * rng.normal(
    size=(N, 20)
)  # columns that go together
table = pd.DataFrame(rows, columns=[f"text__{i}" for i in range(20)])
labels = np.array(["negative", "positive", "neutral"])[mood]

# %%
# Two models that are right as often
# ----------------------------------
# The default, a logistic regression, and naive Bayes, which takes columns for independent that are
# not: it counts the same evidence several times, and believes itself too much.

models = {
    "default": make_fusion(features=["text"]),
    "naive Bayes": make_fusion(features=["text"], classifier=GaussianNB()),
}
result = evaluate(models, table, labels, scoring=["accuracy"])
print(result)
told = {name: calibration(result.out_of_fold, name) for name in models}
for name, each in told.items():
    print(f"{name}: said minus seen {each.excess:+.2f}, calibration error {each.ece.value:.3f}")

# %%
# Sets that hold the truth
# ------------------------
# Nine of ten sets are to hold the truth. One threshold for all rows keeps that promise on the
# whole, and may break it for the rare class; thresholds by class keep it for each.

covered = {
    "one for all": coverage_report(result.out_of_fold, "default", coverage=0.9),
    "by class": coverage_report(result.out_of_fold, "default", coverage=0.9, by="class"),
}
print(covered["by class"])

# %%
# The picture
# -----------
# Left: answers in bins of equal size; on the diagonal, what is said is what is seen. Right: how
# often sets hold the truth, with 95 % intervals, and below how many labels a set has in the mean.

fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), width_ratios=[1, 1.25])
axes[0].plot([0.3, 1], [0.3, 1], color="0.6", linestyle="--", linewidth=1)
for place, (name, each) in enumerate(told.items()):
    said, seen = [one.said for one in each.bins], [one.seen for one in each.bins]
    reach = [[one.seen - one.low for one in each.bins], [one.high - one.seen for one in each.bins]]
    axes[0].errorbar(said, seen, reach, fmt="os"[place] + "-", color=f"C{place}", label=name)
axes[0].set(xlabel="probability that was said", ylabel="share that was right")
axes[0].set_title("Are probabilities what they say?")
axes[0].legend()

classes = ["negative", "positive", "neutral"]
for place, (name, each) in enumerate(covered.items()):
    for number, label in enumerate(classes):
        one = each.by_class[label]
        at = number + 0.18 * (2 * place - 1)
        share = one.share
        axes[1].plot(
            [at, at], [share.low, share.high], color=f"C{3 * place}", linewidth=3, alpha=0.5
        )
        axes[1].plot(
            at,
            share.value,
            "os"[place],
            color=f"C{3 * place}",
            markersize=8,
            label=None if number else name,
        )
        axes[1].annotate(f"{one.size:.1f}", (at, 0.29), ha="center", color=f"C{3 * place}")
axes[1].axhline(0.9, color="0.6", linestyle="--", linewidth=1)
axes[1].annotate("asked for", (-0.45, 0.9), (0, -12), textcoords="offset points", color="0.4")
shares = pd.Series(labels).value_counts(normalize=True)
axes[1].set_xticks(range(3), [f"{label}\n{shares[label]:.0%} of the rows" for label in classes])
axes[1].set(xlim=(-0.5, 2.5), ylim=(0.25, 1.03), ylabel="sets that hold the truth")
axes[1].set_xlabel("the numbers: labels a set, in the mean")
axes[1].set_title("A promise for all rows, or for each class")
axes[1].legend(loc="center left")
plt.show()
