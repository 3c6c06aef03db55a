"""
One space for texts and pictures
================================

A text encoder and an image encoder put their vectors into spaces that have nothing in common. CCA
finds directions in both that go together, of rows that have both; there a text lies beside its
picture. With as many columns as rows plain CCA finds such directions in noise, too: what counts is
how they correlate on rows that it has not seen.

The vectors are drawn in this script. More: ``docs/alignment.md``.
"""

# %%
# Two views of the same posts
# ---------------------------
# Three hidden traits, of which both views tell; the rest is noise of their own. 150 rows teach, 150
# are new.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hybridsent.alignment import MCCA, canonical_correlations

plt.style.use("hybridsent.gallery")

N, WIDTHS = 150, {"text": 90, "image": 60}
rng = np.random.default_rng(0)
mood = rng.choice(["negative", "neutral", "positive"], size=2 * N)
traits = rng.normal(size=(2 * N, 3))
traits[:, 0] = 1.6 * (mood == "positive") - 1.6 * (mood == "negative") + 0.6 * traits[:, 0]
views = {
    view: pd.DataFrame(
        traits @ rng.normal(size=(3, width)) + 1.5 * rng.normal(size=(2 * N, width)),
        columns=[f"{view}__{i}" for i in range(width)],
    )
    for view, width in WIDTHS.items()
}
table = pd.concat(views, axis=1).droplevel(0, axis=1)
known, new = table[:N], table[N:]

# %%
# How much ridge?
# ---------------
# Correlations of the first five components, on the rows that taught and on new ones. Without a
# ridge the first ones are perfect, and mean nothing; the default shrinks each view's covariance by
# what the covariance itself tells. Three components last, as there are three traits.

aligners = {"no ridge": MCCA(5, ridge=0), "the default": MCCA(5)}
found = {}
for name, aligner in aligners.items():
    aligner.fit(known)
    found[name] = [canonical_correlations(aligner, rows) for rows in (known, new)]
    print(name, *(each.round(2) for each in found[name]))

# %%
# Where a text lies, and where its picture
# ----------------------------------------
# New rows, each by its text alone and by its picture alone. Is the picture that lies nearest to a
# text its own?

aligner = aligners["the default"]
places = {}
for view in views:
    others = [name for name in table if not name.startswith(f"{view}__")]
    places[view] = aligner.transform(new.assign(**dict.fromkeys(others, np.nan)))[:, :3]
gaps = np.linalg.norm(places["text"][:, None] - places["image"][None], axis=2)
rank = (gaps < np.diag(gaps)[:, None]).sum(axis=1)
print(f"own picture among the nearest five of {N}: {(rank < 5).mean():.0%}, by chance {5 / N:.0%}")

# %%
# The picture
# -----------

colours = {"positive": "C0", "neutral": "0.6", "negative": "C1"}
figure, axes = plt.subplots(1, 3, figsize=(11, 3.8))
shown = np.arange(1, 6)
for place, (name, (before, after)) in enumerate(found.items()):
    axes[0].plot(shown, before, "o--", color=f"C{3 * place}", markerfacecolor="white")
    axes[0].plot(shown, after, "o-", color=f"C{3 * place}", label=name)
axes[0].set(xlabel="component", ylabel="correlation of the views", ylim=(-0.25, 1.1), xticks=shown)
axes[0].set_title("dashed: rows that taught, solid: new ones")
axes[0].legend(loc="lower left")

first = {}
for view, part in views.items():  # as the encoders left them: two first principal components each
    centred = (part[N:] - part[:N].mean()).to_numpy()
    first[view] = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
first = {view: each / each.std(axis=0) for view, each in first.items()}
aligned = {view: each[:, :2] / each[:, :2].std(axis=0) for view, each in places.items()}
for ax, coordinates, title in (
    (axes[1], first, "first axes of each view: nothing in common"),
    (axes[2], aligned, "in one space, new rows"),
):
    for i in range(0, N, 3):
        ax.plot(
            *np.transpose([each[i] for each in coordinates.values()]), color="0.85", linewidth=0.8
        )
    for (view, each), marker in zip(coordinates.items(), "o^", strict=True):
        for name, colour in colours.items():
            some = (mood[N:] == name) & (np.arange(N) % 3 == 0)
            ax.plot(*each[some].T, marker, color=colour, markersize=5, label=f"{view}, {name}")
    ax.set(xticks=[], yticks=[], title=title)
handles, names = axes[2].get_legend_handles_labels()
figure.legend(handles, names, loc="outside lower right", ncols=3)
plt.show()
