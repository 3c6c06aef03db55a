"""
Text, image and sound, fused
============================

What somebody wrote, how they looked and how they sounded: each tells something of what they meant,
and none tells all. This example judges each modality alone and their fusion on the same folds, with
all rows of a speaker on one side of a fold.

The data is drawn and synthesised on the spot; scores on it say nothing about real data.

More: ``docs/fusion.md``.
"""

# %%
# The data
# --------
# A table has a row per sample and a column per modality: texts, and paths of pictures and sounds.
# In some rows a modality is missing.

import tempfile

import matplotlib.pyplot as plt

from hybridsent import evaluate, make_demo, make_fusion

plt.style.use("hybridsent.gallery")

folder = tempfile.TemporaryDirectory()
table = make_demo(n=120, folder=folder.name)
print(table[["text", "label", "speaker"]].head())

# %%
# The model
# ---------
# One call builds a scikit-learn pipeline: frozen encoders, a scaler, an imputer for what is
# missing, and a classifier. `evaluate` encodes each cell once, however many models read it.

model = make_fusion(text=True, image=True, audio=True)
result = evaluate(model, table, "label", groups="speaker", scoring=["accuracy"])
print(result)

# %%
# The picture
# -----------
# Points are means over five folds, bars their 95 % intervals. The dummy always says what is most
# frequent.

names = {"fusion": "all three, fused", "text": "text", "image": "image", "audio": "audio"}
scores = [result.models[name]["accuracy"] for name in names]
dummy = result.models["dummy"]["accuracy"].mean

fig, ax = plt.subplots(figsize=(6.4, 3.2))
for place, score in enumerate(scores):
    color = "C0" if place == 0 else "0.45"
    ax.plot([score.low, score.high], [place, place], color=color, linewidth=2)
    ax.plot(score.mean, place, "o", color=color, markersize=8)
    ax.annotate(
        f"{score.mean:.2f}", (score.mean, place), (0, 8), textcoords="offset points", ha="center"
    )
ax.axvline(dummy, color="0.7", linestyle="--", linewidth=1)
ax.annotate("dummy", (dummy, len(scores) - 0.6), (4, 0), textcoords="offset points", color="0.5")
ax.set_yticks(range(len(scores)), names.values())
ax.set_ylim(len(scores) - 0.4, -0.6)
ax.set(xlabel="accuracy, by speaker", title="Each modality alone, and all three")
plt.show()

folder.cleanup()
