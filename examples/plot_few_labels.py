"""
Few labels, and many rows without one
=====================================

Labels are what one has least of; rows without a label are free. `ContrastiveFeatures` learns from
them in which directions rows differ, and from the few labels which rows belong together. Here is
what that is worth from 4 labels a class to 64, beside frozen features with logistic regression.

The features are drawn in this script, as an encoder might give them: most of their variance lies in
a few directions, two of which tell the class. So this is made to help; what it is worth on real
corpora is measured in ``docs/contrastive.md``.
"""

# %%
# Rows
# ----
# Two views of 600 rows. ``text`` tells the class better than ``audio``.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent.evaluation import label_curve
from hybridsent.few_label import ContrastiveFeatures, LabeledOnly

plt.style.use("hybridsent.gallery")

N_ROWS, WIDTH = 600, 120
rng = np.random.default_rng(0)
mood = rng.integers(2, size=N_ROWS)


def drawn(view, signal):
    """Draw a view: variances fall off, and the class stands in two of the first directions."""
    spread = 1 / np.sqrt(1 + np.arange(WIDTH))
    latent = rng.normal(size=(N_ROWS, WIDTH)) * spread
    latent[:, [1, 3]] += signal * (mood[:, None] - 0.5) * spread[[1, 3]]
    turned = np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0]  # no column is a direction
    return pd.DataFrame(latent @ turned, columns=[f"{view}__{i}" for i in range(WIDTH)])


table = pd.concat([drawn("text", 2.2), drawn("audio", 1.2)], axis=1).astype(np.float32)
labels = np.array(["negative", "positive"])[mood]

# %%
# Learners
# --------
# `LabeledOnly` fits a classifier to the rows that have a label; the step before it sees all rows.


def head():
    """Fit a logistic regression to the rows with a label."""
    return LabeledOnly(LogisticRegression(max_iter=1000))


learners = {
    "frozen + LR": LogisticRegression(max_iter=1000),
    "stretched axes + LR": make_pipeline(ContrastiveFeatures(loss=None), head()),
    "contrastive + LR": make_pipeline(ContrastiveFeatures(), head()),
}

# %%
# Curves
# ------
# The same rows are drawn for all, and test rows are never seen; a learner that takes rows without a
# label is given the other training rows without theirs.

found = label_curve(learners, table, labels, sizes=(4, 8, 16, 32, 64), cv=4, n_seeds=2)
figure, axes = plt.subplots(figsize=(6.4, 4))
for name, metrics in found.lines.items():
    points = metrics["accuracy"]
    sizes = [int(point.name) for point in points]
    axes.plot(sizes, [point.value for point in points], marker="o", label=name)
    axes.fill_between(
        sizes, [point.low for point in points], [point.high for point in points], alpha=0.15
    )
axes.set(xscale="log", xlabel="labels a class", ylabel="accuracy", title="What few labels give")
axes.set_xticks(sizes, [str(size) for size in sizes])
axes.minorticks_off()
axes.legend(loc="lower right")
print(found)

# %%
# The gain is largest where labels are fewest: part of it comes from the rows without a label alone
# ("stretched axes"), part from the contrast of those with one. With 64 labels a class all are
# alike. Bands are 95 % intervals; the table above says which differences are more than chance.

plt.show()
