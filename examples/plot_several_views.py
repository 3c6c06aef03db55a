"""
Several views of one table
==========================

A post has a title and a body; a sound can be described by several sets of features, a text by what
it means and by which words stand in it. Each is a view: it has a name, a column and an encoder, and
is judged alone beside the fusion of all.

The data is drawn and synthesised on the spot; scores on it say nothing about real data.

More: ``docs/views.md``.
"""

# %%
# A table of posts
# ----------------
# The demo data, in which the first words of each text become a title; likes and a date are made up
# here, and tell a little (happy posts are liked more) and nothing.

import tempfile

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hybridsent import evaluate, make_demo, make_fusion

plt.style.use("hybridsent.gallery")

folder = tempfile.TemporaryDirectory()
table = make_demo(n=120, folder=folder.name)
rng = np.random.default_rng(0)
words = table["text"].str.split()
table["title"] = words.str[:4].str.join(" ")
table["body"] = words.str[4:].str.join(" ")
table["likes"] = rng.poisson(np.where(table["label"] == "positive", 12, 7))
table["posted_at"] = pd.Timestamp("2024-05-01") + pd.to_timedelta(rng.integers(500, size=120), "h")
print(table[["title", "body", "likes", "posted_at", "label"]].head().to_string(index=False))

# %%
# Views by name
# -------------
# A view names a modality (``"text"``: its default encoder), a backbone (``"audio/egemaps-v02"``),
# or ``"text/words"``, which is learned in each fold. ``columns`` says which column a view reads,
# where that is not the one of its name. Numbers and dates are the view ``meta``.

model = make_fusion(
    views={
        "title": "text",
        "body": "text",
        "words": "text/words",
        "image": "image",
        "egemaps": "audio/egemaps-v02",
        "voice": "audio",
    },
    columns={"words": "body", "egemaps": "audio", "voice": "audio"},
    meta=["likes", "posted_at"],
)
result = evaluate(model, table, "label", groups="speaker", scoring=["balanced_accuracy"])
print(result)

# %%
# The picture
# -----------
# Points are means over five folds, bars their 95 % intervals.

metric = "balanced_accuracy"
alone = [name for name in result.models if name not in ("fusion", "dummy")]
alone.sort(key=lambda name: -result.models[name][metric].mean)

fig, ax = plt.subplots(figsize=(6.4, 4.0))
for place, name in enumerate(["fusion", *alone]):
    score = result.models[name][metric]
    color = "C0" if name == "fusion" else "0.45"
    ax.plot([score.low, score.high], [place, place], color=color, linewidth=2)
    ax.plot(score.mean, place, "o", color=color, markersize=7)
ax.axvline(1 / 3, color="0.7", linestyle="--", linewidth=1)
ax.annotate("guessing", (1 / 3, 1.6), (4, 0), textcoords="offset points", color="0.4")
ax.set_yticks(range(len(alone) + 1), ["all of them", *alone])
ax.invert_yaxis()
ax.set(xlabel="balanced accuracy, by speaker", title="Each view alone, and all of them")
plt.show()

folder.cleanup()
