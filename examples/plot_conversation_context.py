"""
What was said before
====================

"I see." may be warm or bitter: one must know what it answers. `add_context` writes the neighbours
of a row, in its dialogue, as a list into a column of its own, which is a view as any other.

The dialogues are put together in this script, from the sentences of the demo data: a dialogue keeps
its mood for a while, and every third turn is a short reply that tells nothing by itself. So context
is made to help here; what it is worth on real dialogues is measured in ``docs/context.md``.
"""

# %%
# Dialogues
# ---------
# No sentence stands in two dialogues, and the table is shuffled: only the column ``turn`` tells
# what came before.

import tempfile

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hybridsent import evaluate, make_demo, make_fusion
from hybridsent.datasets import add_context

plt.style.use("hybridsent.gallery")

REPLIES = ["I see.", "Well.", "Right.", "Okay then.", "So it is.", "Yes, yes.", "Hm.", "Go on."]
TURNS, KEEPS_MOOD = 9, 0.95

with tempfile.TemporaryDirectory() as folder:
    demo = make_demo(n=240, folder=folder).dropna(subset=["text"])
said = {mood: part["text"].tolist() for mood, part in demo.groupby("label")}
rng = np.random.default_rng(0)


def dialogue(number):
    """Draw the turns of a dialogue; a mood whose sentences are used up is over."""
    mood, rows = None, []
    for turn in range(TURNS):
        left = [each for each in said if said[each]]
        if mood not in left or rng.random() > KEEPS_MOOD:
            mood = str(rng.choice(left))
        text = str(rng.choice(REPLIES)) if turn % 3 == 2 else said[mood].pop()
        rows.append({"dialogue": number, "turn": turn, "text": text, "label": mood})
    return rows


n_dialogues = 20
table = pd.DataFrame([row for number in range(n_dialogues) for row in dialogue(number)])
table = table.sample(frac=1, random_state=0)
print(table.sort_values(["dialogue", "turn"]).head(6).to_string(index=False))

# %%
# How far to look back
# --------------------
# The same model without context, and with the turns before. A turn is encoded once, however many
# lists it stands in. Dialogues are kept together: ``groups="dialogue"``.


def judge(before):
    """Cross-validate with so many turns before each row."""
    if not before:
        return evaluate(make_fusion(text=True), table, "label", groups="dialogue")
    rows = add_context(table, "text", group="dialogue", order="turn", before=before)
    model = make_fusion(views={"text": "text", "text_context": "text"})
    return evaluate(model, rows, "label", groups="dialogue")


reach = [0, 1, 2, 4]
scores = [judge(before).models["fusion"]["f1_weighted"] for before in reach]

# %%
# The picture
# -----------
# The mean over the folds, and its 95 % interval.

fig, ax = plt.subplots(figsize=(6.4, 3.6))
means = [score.mean for score in scores]
ax.fill_between(
    reach,
    [s.low for s in scores],
    [s.high for s in scores],
    color="C0",
    alpha=0.15,
    linewidth=0,
    label="95 % interval",
)
ax.plot(reach, means, "o-", color="C0", label="mean of the folds")
ax.annotate("without context", (0, means[0]), (9, -11), textcoords="offset points")
ax.set_xticks(reach)
ax.set_xlabel("turns before the row")
ax.set_ylabel("weighted F1, by dialogue")
ax.set_title("What the turns before a row tell of it")
ax.legend(loc="lower right")
plt.show()
