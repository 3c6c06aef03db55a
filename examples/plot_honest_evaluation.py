"""
The score that new people will see
==================================

A model that is to serve people it has never heard must be judged on people it has never heard. With
folds drawn at random every speaker stands on both sides, and the model is praised for knowing them
again. Here the truth is at hand, for the data is made in this script: two hundred new people are
drawn, and the scores of both kinds of folds are put beside what the model does on them.

``docs/pitfalls.md`` has the same mistake, and eleven others, on real corpora.
"""

# %%
# Thirty people
# -------------
# Features of a voice and of words, ten takes a person. A voice differs more from person to person
# than from mood to mood, and each person has a mood of their own that comes most often.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hybridsent import evaluate, make_fusion
from hybridsent.evaluation import label_curve

plt.style.use("hybridsent.gallery")

MOODS = np.array(["angry", "happy", "sad"])
rng = np.random.default_rng(0)
heard, read = rng.normal(size=(3, 24)), rng.normal(size=(3, 8))


def talk(people, takes=10):
    """Draw people and what they say."""
    tables = []
    for who in range(people):
        mood = rng.choice(3, takes, p=rng.dirichlet([0.7, 0.7, 0.7]))
        voice = rng.normal(size=24) + 0.3 * heard[mood] + 0.4 * rng.normal(size=(takes, 24))
        words = 0.3 * read[mood] + 0.8 * rng.normal(size=(takes, 8))
        columns = [f"audio__{i}" for i in range(24)] + [f"text__{i}" for i in range(8)]
        table = pd.DataFrame(np.hstack([voice, words]), columns=columns)
        tables.append(table.assign(mood=MOODS[mood], speaker=f"speaker {who}"))
    return pd.concat(tables).sample(frac=1, random_state=0, ignore_index=True)


table = talk(30)
print(table.iloc[:3, [0, 24, 32, 33]])

# %%
# Folds at random
# ---------------
# Nobody has said that rows of a speaker belong together. `evaluate` looks for such columns by
# itself: what it says below the table is the leak, with the score of a quick probe on both kinds of
# folds.

model = make_fusion(features=["audio", "text"])
random = evaluate(model, table, "mood", scoring=["accuracy"])
print(random)

# %%
# Folds by speaker
# ----------------
# The same rows and the same model; ``groups="speaker"`` keeps the rows of a speaker on one side, in
# the folds that judge and in those in which the classifier tunes itself. The intervals are wider,
# for thirty speakers are thirty facts, and not three hundred.

honest = evaluate(model, table, "mood", groups="speaker", scoring=["accuracy"])
print(honest)

# %%
# Two hundred new people
# ----------------------
# What the model is worth in truth: something that one can only know of data that one makes.

later = talk(200)
model.fit(table, table["mood"], classify__groups=table["speaker"])
truth = (model.predict(later) == later["mood"]).mean()
print(f"random folds {random.models['fusion']['accuracy'].value:.3f}")
print(f"by speaker   {honest.models['fusion']['accuracy'].value:.3f}")
print(f"new people   {truth:.3f}")

# %%
# Where it is wrong
# -----------------
# What the model said about each row, by a fit that had not seen the row's speaker, is kept: all
# else is told from it, without a fit.

print(honest.confusion())
print(honest.errors(n=3).to_string(index=False))
by_speaker = honest.recall_by_group()

# %%
# Would more labels help?
# -----------------------

curve = label_curve(
    model, table, "mood", groups="speaker", sizes=(8, 16, 32, "all"), scoring=["accuracy"]
)
print(curve)

# %%
# The picture
# -----------
# Left and right, 95 % intervals. The score of random folds is far above what new people see; that
# of folds by speaker has it within its interval.

fig, axes = plt.subplots(1, 3, figsize=(11, 3.4))
for x, result in enumerate([random, honest]):
    score = result.models["fusion"]["accuracy"]
    axes[0].plot([x, x], [score.low, score.high], color="C0", linewidth=2)
    axes[0].plot(x, score.value, "o", color="C0", markersize=8)
axes[0].axhline(truth, color="black", linestyle="--", linewidth=1)
axes[0].annotate("on 200 new people", (-0.4, truth), (0, -11), textcoords="offset points", size=9)
axes[0].set_xticks([0, 1], ["random folds", "by speaker"])
axes[0].set_xlim(-0.5, 1.5)
axes[0].set(ylabel="accuracy", title="What two kinds of folds say")

axes[1].bar(range(len(by_speaker)), by_speaker["accuracy"], color="C0", width=0.7)
axes[1].set_xticks([])
axes[1].set_xlabel("a bar a speaker")
axes[1].set(ylabel="accuracy", title="Speaker by speaker, worst first")

points = curve.lines["fusion"]["accuracy"]
places = [point.x for point in points]
low, high = [point.low for point in points], [point.high for point in points]
axes[2].fill_between(places, low, high, color="C0", alpha=0.2, linewidth=0)
axes[2].plot(places, [point.value for point in points], "o-", color="C0")
axes[2].set_xlabel(curve.x_name)
axes[2].set(ylabel="accuracy, unseen speakers", title="Would more labels help?")
plt.show()
