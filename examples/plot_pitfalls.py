"""
Four ways to a score that is not true
=====================================

Each of these is made easily, and has a number that pleases. The rows are drawn in this script, so
that what a model is worth on new rows is at hand: beside the false score and the right one stands
the truth.

Twelve such ways on real corpora: ``docs/pitfalls.md``. Folds by speaker, one of them, have an
example of their own: ``examples/plot_honest_evaluation.py``.
"""

# %%
# Rows that tell a little
# -----------------------
# 240 rows of 300 features, four of which tell the class, and 4,000 rows of the same sort that
# nobody has yet.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from hybridsent.evaluation import check, near_duplicates

plt.style.use("hybridsent.gallery")

rng = np.random.default_rng(0)
folds = StratifiedKFold(5, shuffle=True, random_state=0)
false, right, truth = {}, {}, {}


def draw(n, width=300, tells=4, strength=0.35):
    """Draw rows, and their classes."""
    y = rng.integers(2, size=n)
    rows = rng.normal(size=(n, width))
    rows[:, :tells] += strength * (2 * y[:, None] - 1)
    return rows, y


rows, y = draw(240)
later, later_y = draw(4000)
linear = LogisticRegression(C=0.1, max_iter=500)

# %%
# Features chosen before the folds
# --------------------------------
# The twenty features that tell most are chosen once, of all rows. So the test rows had a say. In a
# pipeline each fold chooses by itself.

chosen = SelectKBest(k=20).fit_transform(rows, y)
inside = make_pipeline(SelectKBest(k=20), linear)
name = "features chosen\nbefore the folds"
false[name] = cross_val_score(linear, chosen, y, cv=folds)
right[name] = cross_val_score(inside, rows, y, cv=folds)
truth[name] = inside.fit(rows, y).score(later, later_y)

# %%
# The best of many
# ----------------
# Sixty models, each of ten features drawn at random; the best of them by its own score. Rows that
# chose nothing tell what it is worth: here those that were laid aside.

seen = np.arange(len(y)) < 60
draws = [rng.choice(40, 10, replace=False) for _ in range(60)]
scored = [cross_val_score(linear, rows[seen][:, some], y[seen], cv=folds) for some in draws]
best = int(np.argmax([each.mean() for each in scored]))
some = draws[best]
fitted = linear.fit(rows[seen][:, some], y[seen])
name = "the best of 60,\nby its own score"
false[name] = scored[best]
right[name] = np.array(  # the others, in five parts
    [fitted.score(rows[~seen][i::5][:, some], y[~seen][i::5]) for i in range(5)]
)
truth[name] = fitted.score(later[:, some], later_y)

# %%
# Twins on both sides
# -------------------
# Posts are posted again. `near_duplicates` finds which belong together, as groups that folds keep
# together; who remembers rows, as a nearest neighbour does, is flattered most.

from sklearn.neighbors import KNeighborsClassifier

WORDS = [f"w{i}" for i in range(400)]
texts = [" ".join(rng.choice(WORDS, 8)) for _ in y]
again = rng.choice(len(y), 100)
posts = [*texts, *(f"RT @you: {texts[i]}!" for i in again)]
twins = np.vstack([rows, rows[again] + 0.1 * rng.normal(size=(100, 300))])
twins_y = np.r_[y, y[again]]
groups = near_duplicates(pd.DataFrame({"text": posts}), {"text": "text"})
nearest = KNeighborsClassifier(1)
name = "twins on both sides"
false[name] = cross_val_score(nearest, twins, twins_y, cv=folds)
right[name] = cross_val_score(nearest, twins, twins_y, cv=GroupKFold(5), groups=groups)
truth[name] = nearest.fit(twins, twins_y).score(later, later_y)

# %%
# A column that counts rows
# -------------------------
# The file is sorted by class, and the number of the row became a feature. `check` tells before
# anything is fitted.

order = np.argsort(y, kind="stable")
numbered = pd.DataFrame(rows[order][:, :10], columns=[f"text__{i}" for i in range(10)])
counted = numbered.assign(text__10=np.arange(len(y)) / len(y) * 10)
name = "a column\nthat counts rows"
false[name] = cross_val_score(linear, counted, y[order], cv=folds)
right[name] = cross_val_score(linear, numbered, y[order], cv=folds)
truth[name] = linear.fit(numbered.to_numpy(), y[order]).score(later[:, :10], later_y)
for finding in check(numbered, y[order]).findings:
    print(finding)

# %%
# The picture
# -----------
# Dots are means over five folds, bars two standard errors.

fig, ax = plt.subplots(figsize=(8, 4.2))
for place, name in enumerate(false):
    for scores, colour, shift in ((false[name], "C1", -0.14), (right[name], "C0", 0.14)):
        mean, reach = scores.mean(), 2 * scores.std(ddof=1) / np.sqrt(len(scores))
        at = place + shift
        ax.plot(
            [mean - reach, min(1, mean + reach)], [at, at], color=colour, linewidth=3, alpha=0.5
        )
        ax.plot(mean, at, "o", color=colour, markersize=9)
    ax.plot(truth[name], place, "|", color="black", markersize=26, markeredgewidth=2.5)
    print(f"{false[name].mean():.2f} said, {right[name].mean():.2f} honest, {truth[name]:.2f} true")
ax.axvline(0.5, color="0.7", linestyle="--", linewidth=1)
ax.annotate("guessing", (0.5, -0.42), (4, 0), textcoords="offset points", color="0.4")
ax.set_yticks(range(len(false)), false)
ax.set_ylim(len(false) - 0.5, -0.5)
ax.set(xlabel="accuracy", title="The score that pleases, and the one that is true")
named = [
    plt.Line2D([], [], marker="o", linestyle="", color="C1", label="the wrong way"),
    plt.Line2D([], [], marker="o", linestyle="", color="C0", label="the right way"),
    plt.Line2D(
        [], [], marker="|", linestyle="", color="black", markersize=12, label="on 4,000 new rows"
    ),
]
fig.legend(handles=named, loc="outside lower center", ncols=3)
plt.show()
