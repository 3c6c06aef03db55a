"""
A market report without a label
===============================

Posts about three phones, over half a year: one loses its friends when an update drains the battery,
one is praised for a week. Nobody labelled a post; words tell the sentiment. The report says which
brand is liked more, when that changed, and what people speak about. With a model of your own
(``hybridsent fit``) the index is corrected for what the model mistakes.

More: ``docs/market.md``.
"""

# %%
# Posts
# -----
# They are generated here, so that it is known what is to be found. A column says whose each post
# is, one when it was written, one by whom.
import numpy as np
import pandas as pd

rng = np.random.default_rng(7)
subjects = {
    "battery": ["battery", "charger", "power", "charging", "hours", "plug", "cable", "percent"],
    "camera": ["camera", "photo", "lens", "picture", "zoom", "night", "portrait", "video"],
    "service": ["delivery", "support", "store", "repair", "warranty", "parcel", "refund", "staff"],
}
praise = [
    "love",
    "great",
    "excellent",
    "happy",
    "wonderful",
    "perfect",
    "amazing",
    "best",
    "awesome",
    "brilliant",
]
blame = [
    "hate",
    "awful",
    "terrible",
    "disappointed",
    "bad",
    "worst",
    "useless",
    "horrible",
    "poor",
    "annoying",
]
rows = []
for day in pd.date_range("2026-01-05", "2026-07-05"):
    for brand, friends in {"Acme": 0.72, "Brio": 0.55, "Cirrus": 0.6}.items():
        for _ in range(rng.poisson({"Acme": 9, "Brio": 7, "Cirrus": 5}[brand])):
            subject = rng.choice(list(subjects))
            liked = friends
            if brand == "Acme" and day >= pd.Timestamp("2026-04-20"):  # the update
                liked = 0.05 if subject == "battery" else 0.5
            if brand == "Cirrus" and day.week == 10:  # a film was made with it
                liked = 0.97
            mood = rng.choice(praise if rng.random() < liked else blame)
            words = [brand, mood, *rng.choice(subjects[subject], 4, replace=False)]
            text = " ".join(rng.permutation(words))
            minute = pd.Timedelta(minutes=int(rng.integers(1440)))
            who = f"user{rng.integers(3000)}"
            rows.append({"text": text, "brand": brand, "created_at": day + minute, "author": who})
posts = pd.DataFrame(rows)
print(posts.sample(4, random_state=0).to_string(index=False))

# %%
# The report
# ----------
# It prints as a table with its findings.
from hybridsent.market import market_report

report = market_report(
    posts, "zero-label", by="brand", time="created_at", author="author", text="text"
)
print(report)

# %%
# Over time
# ---------
# Bands are 95 % intervals; a ring marks a week that stands out from the other weeks of its brand.
import matplotlib.pyplot as plt

plt.style.use("hybridsent.gallery")
_, ax = plt.subplots(figsize=(9, 4))
report.plot(ax=ax)
ax.set_title("Sentiment of posts, week by week")
plt.show()

# %%
# What changed
# ------------
# Tests whose errors are controlled over all brands and weeks find the update and the film.
for change in report.changes:
    print(f"{change.brand}: {change.before:+.2f} -> {change.after:+.2f} since {change.period}")
for week in report.odd:
    print(f"{week.brand}, week of {week.period}: {week.value:+.2f}, usual {week.usual:+.2f}")

# %%
# What people speak about
# -----------------------
for topic in report.topics.topics:
    print(f"{topic.n:5} posts, stability {topic.stability:.2f}: {', '.join(topic.words[:5])}")

# %%
# The same numbers, a row each; ``report.save_numbers("numbers.csv")`` writes them, and
# ``report.report().save("report.html")`` the page for people who did not run it.
numbers = report.to_frame()
print(
    numbers.query("measure == 'difference'")[
        ["brand", "versus", "value", "low", "high", "p_adjusted"]
    ]
)
