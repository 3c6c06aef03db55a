"""
Does adapting help, or does it hurt?
====================================

A model learned from reviews of books is to judge films and phones, of which nobody has a label.
Methods that adapt move the source towards the target; where the two differ by nothing but where
they lie that helps, and where their classes have other shares it may hurt. A report that names
both is worth more than a method that is always on.

The features are drawn in this script, one shift for each kind of target. Real corpora, and which
method for what: ``docs/transfer.md``.
"""

# %%
# One source, three targets
# -------------------------
# *films* lie elsewhere and are stretched; of *phones* nine in ten are negative, where half of the
# books are; *more books* are as the source.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent.evaluation import transfer_report
from hybridsent.few_label import LabeledOnly
from hybridsent.transfer import CORAL, DropDomain, GroupScaler, SubspaceAlignment

plt.style.use("hybridsent.gallery")

WIDTH, N = 12, 160
rng = np.random.default_rng(0)
mixed = rng.normal(size=(WIDTH, WIDTH)) / np.sqrt(WIDTH)
moved = np.r_[np.full(3, 1.2), rng.normal(size=WIDTH - 3)]  # also where the classes lie


def reviews(name, positive=0.5):
    """Draw reviews of a kind."""
    label = (np.arange(N) < positive * N).astype(int)
    rows = rng.normal(size=(N, WIDTH))
    rows[:, :3] += 0.9 * (2 * label[:, None] - 1)
    if name == "films":
        rows = rows @ (np.eye(WIDTH) + 0.5 * mixed) + moved
    table = pd.DataFrame(rows, columns=[f"text__{i}" for i in range(WIDTH)])
    return table.assign(kind=name, label=np.array(["negative", "positive"])[label])


kinds = {"books": 0.5, "more books": 0.5, "films": 0.5, "phones": 0.1}
table = pd.concat([reviews(*each) for each in kinds.items()], ignore_index=True)
print(pd.crosstab(table["kind"], table["label"]))

# %%
# Three methods beside none
# -------------------------
# All are given the labels of the books, and the rows of the target without labels. *Source only*
# ignores the target; *target only* is what labels of the target would bring.


def adapted(step):
    """Adapt, and fit a logistic regression to the rows with a label."""
    return make_pipeline(step, DropDomain(), LabeledOnly(LogisticRegression()))


methods = {
    "CORAL": adapted(CORAL()),
    "subspace": adapted(SubspaceAlignment(5)),
    "scale each domain": adapted(GroupScaler("domain", drop=False)),
}
report = transfer_report(
    methods,
    table.drop(columns=["kind", "label"]),
    table["label"],
    domain=table["kind"].to_numpy(),
    source="books",
    target=["more books", "films", "phones"],
    baseline=make_pipeline(DropDomain(), LogisticRegression()),
    scoring="balanced_accuracy",
    shift=False,
)
print(report)

# %%
# The picture
# -----------
# Gains over source only, on the same rows, with their 95 % interval. Above each group stands what
# the source alone reaches, and what labels of the target would.

fig, ax = plt.subplots(figsize=(8.4, 4.2))
for place, pair in enumerate(report.pairs):
    for number, name in enumerate(methods):
        gain, at = pair.gains[name], place + 0.2 * (number - 1)
        colour, marker = f"C{number}", "osd"[number]
        ax.plot([at, at], [gain.low, gain.high], color=colour, linewidth=3, alpha=0.5)
        ax.plot(at, gain.value, marker, color=colour, label=None if place else name, markersize=8)
    known = [pair.scores[name].value for name in ("source only", "target only")]
    ax.annotate(
        "source only {:.2f}\ntarget's labels {:.2f}".format(*known),
        (place, 1.0),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="top",
        color="0.35",
        fontsize=9,
    )
ax.axhline(0, color="0.5", linewidth=1)
ax.set_xticks(range(len(report.pairs)), [f"books → {pair.target}" for pair in report.pairs])
ax.set(ylabel="gain in balanced accuracy", title="Adapting without labels of the target")
ax.set_ylim(-0.3, 0.62)
ax.set_xlim(-0.5, 2.5)
fig.legend(loc="outside lower center", ncols=3)
plt.show()
