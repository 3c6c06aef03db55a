"""
Which fusion?
=============

Joined columns, joined probabilities, a second classifier over the first ones, a shared space: each
is one value of a parameter, so that a grid search compares them as it compares anything. The search
also says what it was worth itself: the score of the best of many is too good, and is not the score
to report.

The features are drawn in this script. More, and what each gave on real corpora: ``docs/fusion.md``.
"""

# %%
# Two views that know different things
# ------------------------------------
# Three moods; ``text`` tells sad from the rest, ``audio`` tells calm from the rest, and both err.
# 24 speakers.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, GroupKFold

from hybridsent import make_fusion
from hybridsent.evaluation import evaluate
from hybridsent.fusion import FUSION_CANDIDATES, FUSION_GRID

plt.style.use("hybridsent.gallery")

N, MOODS = 240, np.array(["calm", "glad", "sad"])
rng = np.random.default_rng(0)
mood = rng.integers(3, size=N)
text = rng.normal(size=(N, 10)) + 1.1 * (mood[:, None] == 2) * (np.arange(10) < 3)
audio = rng.normal(size=(N, 6)) + 1.1 * (mood[:, None] == 0) * (np.arange(6) < 3)
audio[rng.random(N) < 0.1] = np.nan  # some posts have no sound
names = [*(f"text__{i}" for i in range(10)), *(f"audio__{i}" for i in range(6))]
table = pd.DataFrame(np.hstack([text, audio]), columns=names)
speaker, labels = np.arange(N) % 24, MOODS[mood]
print(list(FUSION_CANDIDATES))

# %%
# A grid over strategies
# ----------------------
# ``FUSION_GRID`` is what ``GridSearchCV`` takes; here six of its candidates, on the same folds,
# with the rows of a speaker on one side.

tried = ["early", "early, svm", "align, mcca", "late, mean", "late, product", "stack"]
grid = {**FUSION_GRID, "classify": [FUSION_CANDIDATES[name] for name in tried]}
model = make_fusion(features=["text", "audio"])
search = GridSearchCV(model, grid, cv=GroupKFold(4, shuffle=True, random_state=0))
search.fit(table, labels, groups=speaker)
found = pd.DataFrame(search.cv_results_)
columns = [name for name in found if name.startswith("split")]
found = found.assign(name=tried)[["name", "mean_test_score", *columns, "mean_fit_time"]]
print(found.sort_values("mean_test_score").round(3).to_string(index=False))

# %%
# Each view alone
# ---------------

alone = evaluate(model, table, labels, groups=speaker, scoring=["accuracy"], cv=4)
print(alone)

# %%
# The picture
# -----------
# A dot a fold, and a bar at their mean: folds differ more than strategies do, so that the one on
# top is not shown to be the best. What is plain is that any of them is better than each view alone.

fig, ax = plt.subplots(figsize=(7.6, 4.2))
order = found.sort_values("mean_test_score", ascending=False)
for place, (_, row) in enumerate(order.iterrows()):
    ax.plot(row[columns].astype(float), [place] * len(columns), "o", color="0.7", markersize=6)
    ax.plot(row["mean_test_score"], place, "|", color="C0", markersize=24, markeredgewidth=3)
for view, colour in (("text", "C1"), ("audio", "C2"), ("dummy", "0.5")):
    height = alone.models[view]["accuracy"].value
    ax.axvline(height, color=colour, linestyle="--", linewidth=1.2)
    said = "guessing" if view == "dummy" else f"{view} alone"
    ax.annotate(
        said,
        (height, len(order) - 0.45),
        (3, 0),
        textcoords="offset points",
        color=colour,
        rotation=90,
        va="bottom",
    )
ax.set_yticks(range(len(order)), order["name"])
ax.set_ylim(len(order) - 0.4, -0.6)
ax.set(xlabel="accuracy, unseen speakers", title="Strategies on the same four folds")
plt.show()
