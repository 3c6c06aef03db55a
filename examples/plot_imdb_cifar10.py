"""
From film reviews to photographs
================================

The reviews of IMDB have labels and no pictures; the pictures of CIFAR-10 have no sentiment. A space
that texts and pictures share joins them: a model learns in it from the reviews, and is asked about
the pictures, of which it has seen none with a label.

Both come from your own disk, as they are downloaded. Where the environment does not name them, this
script writes folders of the very same layout from the demo data, so that it runs as it is.

More: ``docs/cross_modal.md``; with labels that tell how well it works:
``examples/plot_text_labels_for_pictures.py``.
"""

# %%
# What is used
# ------------
# ``HYBRIDSENT_IMDB`` names the folder ``aclImdb``, ``HYBRIDSENT_CIFAR10`` the unpacked *binary*
# version of CIFAR-10 or folders of pictures, ``HYBRIDSENT_PAIRS`` a table with the columns ``text``
# and ``image``, which needs no label. In place of pairs, ``HYBRIDSENT_TOWERS=clip-vit-b32`` takes
# two encoders whose vectors lie in one space already (``hybridsent backbones fetch
# text/clip-vit-b32 image/clip-vit-b32``). Pairs that show the world of your pictures, or CLIP, are
# what photographs need: the demo's pairs know drawings only.

import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from hybridsent import ImageEncoder, TextEncoder, make_demo, read_table
from hybridsent.datasets import read_cifar10
from hybridsent.media import load_image
from hybridsent.recipes import load_recipe

plt.style.use("hybridsent.gallery")

folder = tempfile.TemporaryDirectory()
home = Path(folder.name)
demo = make_demo(n=240, folder=home / "demo").dropna(subset=["text", "image"])
own = {name: os.environ.get(f"HYBRIDSENT_{name}") for name in ("IMDB", "CIFAR10", "PAIRS")}
towers = os.environ.get("HYBRIDSENT_TOWERS")


def small(picture):
    """Shrink a picture to the size of those of CIFAR-10."""
    return np.asarray(load_image(picture).resize((32, 32)))


if own["IMDB"] is None:
    own["IMDB"] = home / "aclImdb"
    names = {"positive": "pos", "negative": "neg", "neutral": "unsup"}
    for i, row in demo[:80].iterrows():
        file = own["IMDB"] / "train" / names[row["label"]] / f"{i}_0.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(row["text"], encoding="utf-8")
if own["CIFAR10"] is None:
    own["CIFAR10"] = home / "cifar10"
    for i, row in demo[160:].iterrows():
        file = own["CIFAR10"] / "test" / row["label"] / f"{i:04}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        load_image(row["image"]).resize((32, 32)).save(file)

# %%
# Two folders, two tables
# -----------------------
# A folder of texts for each class is a table; ``unsup``, the reviews without a label, is no class.
# A few hundred rows of each are enough to see how it works.

reviews = read_table(Path(own["IMDB"]) / "train")
reviews = reviews[reviews["label"] != "unsup"]
reviews = reviews.sample(min(len(reviews), 300), random_state=0)
pictures = read_cifar10(own["CIFAR10"], "test")
pictures = pictures.groupby("label").sample(frac=1, random_state=0).groupby("label").head(40)
print(reviews["label"].value_counts().to_dict(), pictures["label"].value_counts().to_dict())

# %%
# One space
# ---------
# With pairs: a ridge CCA finds the directions in which texts and pictures go together (`MCCA`, in
# the recipe "cross-modal"); a review stands in it by its text, a picture by what it shows. With two
# towers only the gap between the two clouds is to be closed: each is centred.


def ask(reviews, pictures):
    """Learn from reviews, and tell how likely each picture is positive."""
    if towers:
        words = TextEncoder(f"text/{towers}").fit_transform(reviews["text"])
        seen = ImageEncoder(f"image/{towers}").fit_transform(pictures["image"])
        model = LogisticRegression().fit(words - words.mean(axis=0), reviews["label"])
        return model.predict_proba(seen - seen.mean(axis=0))[:, 1]
    pairs = demo[80:160] if own["PAIRS"] is None else read_table(own["PAIRS"])[:1000]
    pairs = pairs.assign(image=[small(image) for image in pairs["image"]])
    table = pd.concat([reviews.assign(image=None), pairs])[["text", "image"]]
    y = np.r_[reviews["label"].to_numpy(object), np.full(len(pairs), -1, dtype=object)]
    model = load_recipe("cross-modal").build(text=True, image=True, quality="fast").fit(table, y)
    return model.predict_proba(pictures[["image"]].assign(text=None))[:, 1]


pictures["positive"] = ask(reviews, pictures)

# %%
# Was it right?
# -------------
# Of the demo's pictures it is known what they were meant to say, and nobody told the model. Nobody
# knows it of CIFAR-10.

meant = pictures[pictures["label"].isin(["negative", "positive"])]
if meant["label"].nunique() == 2:
    draws = [meant.sample(frac=1, replace=True, random_state=seed) for seed in range(200)]
    ranked = [roc_auc_score(each["label"] == "positive", each["positive"]) for each in draws]
    low, middle, high = np.percentile(ranked, [2.5, 50, 97.5])
    print(f"a positive picture ranks before a negative one in {middle:.0%} [{low:.0%}, {high:.0%}]")

# %%
# Kinds of pictures
# -----------------
# Kinds are sorted by their mean, whose 95 % interval is drawn. What is seen is an *association*
# that the reviews and the space hold, of words for ships and frogs with praise and blame. It is no
# property of frogs, and says what such a model will do before it says anything about pictures.

told = pictures.groupby("label")["positive"].agg(["mean", "std", "size"]).sort_values("mean")
figure = plt.figure(figsize=(10, 4.2))
left, right = figure.subfigures(1, 2, width_ratios=[3, 2])
ax = left.subplots()
rng = np.random.default_rng(0)
for place, (kind, (mean, spread, size)) in enumerate(told.iterrows()):
    dots = pictures.loc[pictures["label"] == kind, "positive"]
    ax.plot(dots, place + rng.uniform(-0.25, 0.25, len(dots)), "o", color="0.75", markersize=4)
    reach = 1.96 * spread / np.sqrt(size)
    ax.plot([mean - reach, mean + reach], [place, place], color="C0", linewidth=3)
    ax.plot(mean, place, "o", color="C0", markersize=9)
ax.set_yticks(range(len(told)), told.index)
ax.set(xlabel="probability of positive", title="What reviews make of kinds of pictures")

last = pictures.sort_values("positive")
axes = right.subplots(4, 4)
right.suptitle("least positive above, most positive below", fontsize=10)
for ax, image in zip(axes.flat, [*last["image"][:8], *last["image"][-8:]], strict=True):
    ax.imshow(load_image(image))
    ax.axis("off")
plt.show()

folder.cleanup()
