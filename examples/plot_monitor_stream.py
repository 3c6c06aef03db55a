"""
Watching a stream of posts
==========================

What do people say about a brand now, and since when is it worse? A monitor reads posts as they
come, asks a fitted model, and keeps an index of each brand with its interval, corrected for what
the model mistakes. It counts every post once, however often it is stopped or killed, and gives an
alert when an index falls for more than chance.

The posts are written on the spot from a few words; scores on them say nothing about real data.

More: ``docs/monitor.md``.
"""

# %%
# A model, and what it mistakes
# -----------------------------
# Reviews with labels, some of which are wrong, as they are in life. `reference_of` asks models that
# had not learned from a row about it: what it finds is how often each class is taken for another.

import json
import tempfile
from pathlib import Path

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hybridsent import make_fusion
from hybridsent.monitor import Monitor
from hybridsent.scoring import Scorer, reference_of

plt.style.use("hybridsent.gallery")

rng = np.random.default_rng(0)
GOOD = ["lovely", "great taste", "fast delivery", "friendly", "would buy again", "good"]
BAD = ["bitter", "cold", "came late", "rude", "never again", "too expensive"]
PLAIN = ["ordered on Monday", "with oat milk", "near the station", "for my sister", "again"]


def write(mood):
    """Write a post: words of a mood among plain ones, now and then one of the other mood."""
    words = list(rng.choice(GOOD if mood > 0 else BAD, 2)) + list(rng.choice(PLAIN, 3))
    if rng.random() < 0.25:
        words[0] = rng.choice(BAD if mood > 0 else GOOD)
    if rng.random() < 0.3:
        words[1] = rng.choice(PLAIN)
    return " ".join(rng.permutation(words))


moods = rng.choice([-1, 1], 600)
labels = np.where(moods > 0, "positive", "negative")
reviews = pd.DataFrame({"text": [write(mood) for mood in moods], "label": labels})
model = make_fusion(views={"text": "text/words"}).fit(reviews[["text"]], reviews["label"])
mistakes = reference_of(model, reviews[["text"]], reviews["label"])
scorer = Scorer(model, {"reference": mistakes.to_facts()}, name="reviews")

# %%
# A day of posts
# --------------
# Three brands; one of them has a bad afternoon from two o'clock on. Some posts are late, and one
# line is broken.

BRANDS = {"Aurora": 0.75, "Boreal": 0.55, "Cirrus": 0.4}
midnight = pd.Timestamp("2026-03-02T00:00:00Z").timestamp()
times = np.sort(rng.uniform(0, 24, 6000))
lines, truth = [], []
for hour in times:
    brand = rng.choice(list(BRANDS))
    share = 0.25 if brand == "Aurora" and 14 <= hour < 20 else BRANDS[brand]
    mood = 1 if rng.random() < share else -1
    late = hour - rng.exponential(0.05) if rng.random() < 0.05 else hour
    post = {"text": write(mood), "brand": brand, "created_at": midnight + 3600 * max(0, late)}
    lines.append(json.dumps(post))
    truth.append((brand, int(max(0, late)), mood))
lines.insert(1000, '{"text": "half a li')

# %%
# The monitor, stopped and started again
# --------------------------------------
# The stream is a file that grows. The first monitor sees the morning and goes away; the second one
# goes on where it was. Nothing is counted twice, and nothing is left out.

folder = tempfile.TemporaryDirectory()
stream, state = Path(folder.name, "posts.jsonl"), Path(folder.name, "state.sqlite")
given = {"by": "brand", "time": "created_at", "window": "1h", "state": state, "told": print}
rules = ["change_high<-0.2"]

stream.write_text("\n".join(lines[:3000]) + "\n")
with Monitor(scorer, stream, alerts=rules, **given) as monitor:
    monitor.run(once=True)
    print(monitor.counts)

with stream.open("a") as file:
    file.write("\n".join(lines[3000:]) + "\n")
with Monitor(scorer, stream, alerts=rules, **given) as monitor:
    monitor.run(once=True)
    print(monitor.counts)
    told = monitor.to_frame()

# %%
# The picture
# -----------
# Lines are the corrected index with its 95 % interval, crosses what the posts really were. Dotted:
# the share of answers counted as they are, which is nearer to the middle than the truth.

told = told.dropna(subset="brand")
said = (
    pd.DataFrame(truth, columns=["brand", "hour", "mood"]).groupby(["brand", "hour"])["mood"].mean()
)
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4), sharey=True)
for ax, brand in zip(axes, BRANDS, strict=True):
    rows = told[told["brand"] == brand]
    at = pd.to_datetime(rows["start"]) + pd.Timedelta("30min")
    ax.fill_between(at, rows["low"], rows["high"], color="C0", alpha=0.18, linewidth=0)
    ax.plot(at, rows["index"], color="C0", label="corrected")
    ax.plot(at, rows["plain"], color="0.4", linestyle=":", linewidth=1.2, label="counted")
    hours = pd.to_datetime(
        midnight + 3600 * (said[brand].index.to_numpy() + 0.5), unit="s", utc=True
    )
    ax.plot(hours, said[brand], "x", color="0.15", markersize=4, label="the truth")
    ax.axhline(0, color="0.7", linewidth=0.8)
    ax.set_title(brand)
    ax.xaxis.set_major_locator(mdates.HourLocator(range(0, 24, 6)))
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
axes[0].axvspan(
    *pd.to_datetime([midnight + 3600 * 14, midnight + 3600 * 20], unit="s", utc=True),
    color="0.92",
    zorder=0,
)
axes[0].annotate("a bad\nafternoon", (0.71, 0.97), xycoords="axes fraction", ha="center", va="top")
axes[0].set_ylabel("index: -1 all negative, 1 all positive")
axes[0].legend(fontsize=8, loc="lower left")
plt.show()

folder.cleanup()
