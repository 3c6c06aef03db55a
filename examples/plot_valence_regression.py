"""
How good, not whether: valence as a number
==========================================

People are asked how they liked something, from -3 to 3. That is a number, and is learned as one:
``task="regression"``. The same answers are then told in the ways of the literature: the error, two
correlations, and the classes that papers make of such numbers.

Comments and voices are made in this script; scores on them say nothing about real data.

More: ``docs/evaluation.md``.
"""

# %%
# Two hundred comments
# --------------------
# Sixteen people, each with a voice of their own. What they write and how they say it both show what
# they felt, neither exactly.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hybridsent import evaluate, make_fusion
from hybridsent.evaluation.metrics import bin_labels

plt.style.use("hybridsent.gallery")

THINGS = ("The film", "The soup", "This phone", "The concert", "Their service", "The hotel")
WORDS = (
    ("was dreadful", "was an insult", "was the worst I have ever had"),
    ("was bad", "let us down", "was a waste of money"),
    ("was rather dull", "could have been better", "was a bit of a disappointment"),
    ("was neither good nor bad", "was what one expects", "came on a Tuesday"),
    ("was quite nice", "was better than I feared", "was all right, really"),
    ("was very good", "made us happy", "was a pleasure"),
    ("was magnificent", "was the best I have ever had", "was perfect, I love it"),
)
PEOPLE, TAKES, WIDTH = 16, 13, 12
rng = np.random.default_rng(0)
tone = rng.normal(size=WIDTH)


def comment(felt):
    """Write what somebody felt, more or less."""
    level = int(np.clip(np.round(felt + rng.normal(0, 1.2)), -3, 3))
    return f"{rng.choice(THINGS)} {rng.choice(WORDS[level + 3])}."


parts = []
for who in range(PEOPLE):
    felt = np.clip(rng.normal(0.4, 1.6, TAKES), -3, 3)
    voice = rng.normal(size=WIDTH) + 0.25 * np.outer(felt, tone) + rng.normal(size=(TAKES, WIDTH))
    part = pd.DataFrame(voice, columns=[f"voice__{i}" for i in range(WIDTH)])
    words = [comment(each) for each in felt]
    part = part.assign(text=words, valence=np.round(felt, 1), speaker=f"speaker {who}")
    parts.append(part)
table = pd.concat(parts, ignore_index=True)
print(table[["text", "voice__0", "valence", "speaker"]].head().to_string(index=False))

# %%
# The model
# ---------
# The same pipeline as for classes, with ridge at its end, whose penalty inner folds choose, by
# speaker as those that judge. The dummy says the mean of the training rows.

model = make_fusion(text=True, features=["voice"], task="regression")
result = evaluate(model, table, "valence", groups="speaker")
print(result)

# %%
# As papers count
# ---------------
# "Acc-2 a/b" is the share of right signs, with 0 counted as positive, and without the rows whose
# truth is 0. Acc-7 rounds both. All of it is of the same model: name the metrics, and never make
# classes of the labels before you learn.

metrics = ["acc2_has0", "acc2_non0", "acc7", "MAE", "Pearson", "CCC"]
counted = evaluate(model, table, "valence", groups="speaker", scoring=metrics)
print(counted.to_frame().round(3).to_string())

# %%
# What was said, row by row
# -------------------------
# A fit that had not heard the speaker said it. Answers keep to the middle: a ridge that is not sure
# says something near the mean. Pearson's correlation does not see it, the concordance does.

said = counted.predictions.query("model == 'fusion'")
print(f"spread: truth {said['truth'].std():.2f}, answers {said['prediction'].std():.2f}")
print(counted.errors(n=3).to_string(index=False))

# %%
# The picture
# -----------

fig, axes = plt.subplots(1, 3, figsize=(11, 3.6))
axes[0].plot([-3, 3], [-3, 3], color="0.7", linewidth=1)
axes[0].plot(said["truth"], said["prediction"], "o", color="C0", markersize=4, alpha=0.6)
axes[0].set_xlabel("valence")
axes[0].set_ylabel("answer")
axes[0].set_title("A point a comment, unseen speakers")

levels = bin_labels(said["truth"], "acc7")
groups = [said["prediction"][levels == str(level)] for level in range(-3, 4)]
axes[1].boxplot(groups, positions=range(-3, 4), showfliers=False, medianprops={"color": "C0"})
axes[1].plot([-3, 3], [-3, 3], color="0.7", linewidth=1)
axes[1].set_xlabel("valence, rounded")
axes[1].set_ylabel("answer")
axes[1].set_title("Answers keep to the middle")

names = [name for name in counted.models if name != "dummy"]
for place, name in enumerate(names):
    for shift, metric, color in ((-0.1, "CCC", "C0"), (0.1, "Pearson", "C1")):
        score = counted.models[name][metric]
        at = place + shift
        axes[2].plot([score.low, score.high], [at, at], color=color, linewidth=2)
        axes[2].plot(score.value, at, "o", color=color, label=None if place else metric)
axes[2].set_yticks(range(len(names)), names)
axes[2].invert_yaxis()
axes[2].set_xlabel("correlation with the truth")
axes[2].legend(loc="upper left")
axes[2].set_title("95 % intervals over speakers")
plt.show()
