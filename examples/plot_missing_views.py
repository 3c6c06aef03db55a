"""
When a view is not there
========================

A post without a picture, a clip without words: what was whole when the model was fitted comes with
gaps. A model of two views lives on with one of them: here is how far it falls, view by view, and
whether it matters how the gap is dealt with.

The features are drawn in this script. How a gap is filled, and what it costs on real corpora:
``docs/fusion.md``; which views decide: ``examples/plot_which_modality_decides.py``.
"""

# %%
# Two views
# ---------
# ``text`` tells more than ``audio``; they err by themselves, so that both together are better than
# each. 60 people, five posts of each.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from hybridsent import evaluate, make_fusion
from hybridsent.augment import ViewDropout
from hybridsent.evaluation import missing_curve

plt.style.use("hybridsent.gallery")

N = 300
rng = np.random.default_rng(0)
mood = rng.integers(3, size=N)
parts = []
for view, strength in (("text", 0.85), ("audio", 0.45)):
    centres = rng.normal(size=(3, 12))
    rows = strength * centres[mood] / np.sqrt(12) * 2.2 + rng.normal(size=(N, 12))
    parts.append(pd.DataFrame(rows, columns=[f"{view}__{i}" for i in range(12)]))
table = pd.concat(parts, axis=1)
table["speaker"] = np.repeat([f"speaker {i}" for i in range(N // 5)], 5)
labels = np.array(["negative", "neutral", "positive"])[mood]

# %%
# Which view is lost
# ------------------
# Early fusion joins the columns, and a missing view is filled with what the other one predicts of
# it. It is fitted once, on whole rows, and asked about rows with more and more gaps. Beside it each
# view alone: what is left when the other one is always missing.

early = make_fusion(features=["text", "audio"])
asked = {"groups": "speaker", "scoring": ["accuracy"], "cv": 3}
rates = (0.0, 0.25, 0.5, 0.75, 1.0)
lost = missing_curve(early, table, labels, rates=rates, **asked)
alone = evaluate(early, table, labels, **asked)
print(lost)
print(alone)

# %%
# Three ways to deal with it
# --------------------------
# *With dropout* the model also learns from copies of rows that lack a view, so that it does not
# lean on one. *Late* fusion has a classifier for each view, and asks those that are there.

first, *rest = early.steps
ways = {
    "filled in (early)": early,
    "filled in, with dropout": Pipeline([first, ("rest", ViewDropout(Pipeline(rest)))]),
    "left out (late)": make_fusion(features=["text", "audio"], how="late"),
}
curves = missing_curve(ways, table, labels, views=["text"], rates=rates, **asked)
print(curves)

# %%
# The picture
# -----------
# Left, bands are 95 % intervals over speakers. A fused model ends where the view that is left ends
# by itself, and not at guessing. Right: the three ways are within the intervals of each other, so
# that nothing here says which is best.

fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)


def draw(ax, line, colour, marker, name, band):
    """Draw a curve, and its interval."""
    points = line["accuracy"]
    at = [100 * point.x for point in points]
    if band:
        low, high = [p.low for p in points], [p.high for p in points]
        ax.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
    ax.plot(at, [p.value for p in points], marker + "-", color=colour, label=name)


for view, line, colour in zip(("text", "audio"), lost.lines.values(), ("C0", "C1"), strict=True):
    draw(axes[0], line, colour, "o", f"{view} is lost", band=True)
    other = {"text": "audio", "audio": "text"}[view]
    height = alone.models[other]["accuracy"].value
    axes[0].axhline(height, color=colour, linestyle=":", linewidth=1.2)
    axes[0].annotate(
        f"{other} alone", (0, height), (0, -12), textcoords="offset points", color=colour
    )
for place, (way, line) in enumerate(zip(ways, curves.lines.values(), strict=True)):
    draw(axes[1], line, f"C{place}", "osd"[place], way, band=False)
for ax, title in zip(axes, ("Which view is lost", "Three ways, the text is lost"), strict=True):
    ax.axhline(1 / 3, color="0.6", linestyle="--", linewidth=1)
    ax.annotate("guessing", (0, 1 / 3), (0, 4), textcoords="offset points", color="0.4")
    ax.set(xlabel="test rows without the view, %", title=title)
    ax.legend(loc="upper right")
axes[0].set(ylabel="accuracy, unseen speakers", ylim=(0.28, 0.98))
plt.show()
