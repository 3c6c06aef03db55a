"""
More rows out of few
====================

A picture that is turned a little, a sentence that lost a word, a voice that is a bit slower: the
label stays, and there is one more row to learn from. Changed copies are made of training rows
alone, inside each fold. Here is what they look like, and what they bring on few labels.

The data is drawn on the spot; scores on it say nothing about real data. What was measured there:
``docs/augment.md``.
"""

# %%
# What can be changed
# -------------------
# By the name of the change, what its strength means, and what it is by default.

import tempfile

import matplotlib.pyplot as plt
import numpy as np

from hybridsent import make_demo, make_features
from hybridsent.augment import AugmentedEstimator, augment_table, copies_of, list_changes
from hybridsent.evaluation import label_curve
from hybridsent.heads import TunedLinearClassifier
from hybridsent.media import load_audio, load_image

plt.style.use("hybridsent.gallery")

folder = tempfile.TemporaryDirectory()
table = make_demo(n=120, folder=folder.name).dropna().reset_index(drop=True)
for modality in ("text", "image", "audio"):
    print(modality, list(list_changes(modality)))

# %%
# The copies of a row
# -------------------
# `augment_table` makes the copies that a model would learn from, to be looked at before they are.

copies = augment_table(table[:1], ["text", "image", "audio"], n_copies=3)
print(table["text"][0], *copies["text"], sep="\n")

# %%
# What they bring
# ---------------
# Sentences with few labels. The estimator inside of `AugmentedEstimator` learns from the rows and
# two copies of each; test rows are never copied. The intervals of the difference hold 0: on frozen
# features of such sentences copies are not shown to help.

from sklearn.pipeline import make_pipeline

plain = make_pipeline(make_features(text=True, quality="fast"), TunedLinearClassifier())
models = {"as they are": plain, "with two copies": AugmentedEstimator(plain, n_copies=2)}
curve = label_curve(models, table, "label", sizes=(4, 8, 16), cv=3, n_seeds=2, scoring=["accuracy"])
print(curve)

# %%
# The picture
# -----------
# Above, a picture and one copy by each of some changes; below, a sound and a copy, and accuracy by
# labels with 95 % intervals.

figure = plt.figure(figsize=(10, 5.2))
above, below = figure.subfigures(2, 1, height_ratios=[1, 1.5])
changes = list(list_changes("image"))
axes = above.subplots(1, len(changes) + 1)
axes[0].imshow(load_image(table["image"][0]))
axes[0].set_title("as it is")
for ax, change in zip(axes[1:], changes, strict=True):
    strength = float(list_changes("image")[change].rpartition("(")[2].rstrip(")"))
    ax.imshow(load_image(copies_of(table["image"][0], "image", {change: strength}, 1)[0]))
    ax.set_title(change)
for ax in axes:
    ax.axis("off")

left, right = below.subplots(1, 2)
for place, (name, cell) in enumerate(
    (("as it is", table["audio"][0]), ("a copy", copies["audio"].iloc[0]))
):
    sound = load_audio(cell)
    left.plot(np.arange(len(sound)) / 16_000, sound - 1.4 * place, linewidth=0.5, color=f"C{place}")
    left.annotate(name, (0, 0.62 - 1.4 * place), color=f"C{place}")
left.set(xlabel="seconds", yticks=[], title="A voice")
for place, (name, line) in enumerate(curve.lines.items()):
    points = line["accuracy"]
    at, value = [p.x for p in points], [p.value for p in points]
    right.fill_between(
        at,
        [p.low for p in points],
        [p.high for p in points],
        color=f"C{place}",
        alpha=0.12,
        linewidth=0,
    )
    right.plot(at, value, "os"[place] + "-", color=f"C{place}", label=name)
right.set(
    xlabel="labels a class", ylabel="accuracy", title="Texts, learned with copies and without"
)
right.set_xticks(at, [f"{x:.0f}" for x in at])
right.legend(loc="upper left")
plt.show()

folder.cleanup()
