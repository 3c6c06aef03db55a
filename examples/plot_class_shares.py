"""
What share of the posts is positive?
====================================

Of a month of posts nobody asks what each one is, but how many of them are positive. Counting what a
model says is wrong, and the more so the farther the share is from the one that the model was taught
on. What the model mistakes is known from rows with labels, and can be taken off; with an interval.

The posts are drawn in this script. More: ``docs/quantification.md``; hour by hour, in a stream:
``examples/plot_monitor_stream.py``.
"""

# %%
# A model, and what it mistakes
# -----------------------------
# 500 rows with labels, half of them positive. ``cross_val_predict`` asks models that had not
# learned from a row about it; a `Reference` keeps what they mistook.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from hybridsent.quantification import Reference, compare_prevalences, prevalence

plt.style.use("hybridsent.gallery")

CLASSES = ["negative", "positive"]
rng = np.random.default_rng(0)


def posts(n, share):
    """Draw posts, of which a share is positive."""
    positive = rng.random(n) < share
    rows = rng.normal(size=(n, 6))
    rows[:, :2] += 0.6 * (2 * positive[:, None] - 1)
    return rows, np.where(positive, "positive", "negative")


rows, labels = posts(500, 0.5)
model = LogisticRegression()
told = cross_val_predict(model, rows, labels, cv=5, method="predict_proba")
said = np.array(CLASSES)[told.argmax(axis=1)]
reference = Reference.of(labels, said, told, classes=CLASSES)
print(f"{(said == labels).mean():.0%} of the answers are right")

# %%
# Eleven months
# -------------
# Of 600 posts each, from 5 % to 95 % positive. The same answers, counted and corrected.

model.fit(rows, labels)
true, counted, corrected = np.linspace(0.05, 0.95, 11), [], []
months = [model.predict_proba(posts(600, share)[0]) for share in true]
for month in months:
    counted.append(prevalence(month, classes=CLASSES, method="count").shares["positive"])
    corrected.append(prevalence(month, reference=reference).shares["positive"])
for name, found in (("counted", counted), ("corrected", corrected)):
    error = np.mean([abs(each.value - share) for each, share in zip(found, true, strict=True)])
    held = np.mean(
        [each.low <= share <= each.high for each, share in zip(found, true, strict=True)]
    )
    print(f"{name}: off by {error:.3f}, the interval holds the truth in {held:.0%}")

# %%
# Did it change?
# --------------
# Two months side by side: what the reference does not know of both falls out of the difference.

both = {f"month {i}": prevalence(months[i], reference=reference) for i in (3, 5)}
[change] = compare_prevalences(both, of="positive")
print(f"{change.value:+.2f} [{change.low:+.2f}, {change.high:+.2f}], p = {change.p_adjusted:.2g}")

# %%
# The picture
# -----------
# On the diagonal, what is found is what is true. Counting draws every month towards the half on
# which the model was taught. The intervals of the corrected shares are wider, as they know how
# little the reference knows.

fig, ax = plt.subplots(figsize=(6.4, 5))
ax.plot([0, 100], [0, 100], color="0.6", linestyle="--", linewidth=1)
for name, found, marker in (("counted", counted, "s"), ("corrected", corrected, "o")):
    values = 100 * np.array([[each.value, each.low, each.high] for each in found])
    reach = np.abs(values[:, 1:] - values[:, :1]).T
    colour = {"counted": "C1", "corrected": "C0"}[name]
    ax.errorbar(100 * true, values[:, 0], reach, fmt=marker, color=colour, capsize=3, label=name)
ax.set(xlabel="posts that are positive, %", ylabel="posts that are said to be positive, %")
ax.set_title("Counting answers leans to the middle")
ax.legend(loc="upper left")
plt.show()
