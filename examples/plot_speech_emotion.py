"""
How it is said, by people nobody has heard before
=================================================

The same mood sounds different from every throat and through every microphone. A classifier learns
both, and both are new with the next person. ``adapt="groups"`` takes off what all sounds of a
person have in common: it needs some of their sounds, and none of their labels.

The voices are made in this script: pulses through three resonances, eight people, four moods that
show in pitch, pace and brightness. Scores on them say nothing about real speech; on the acted
moods of ten real speakers (Emo-DB) the same two lines gave 0.939 and 0.971, see
``docs/transfer.md``.
"""

# %%
# Eight people
# ------------
# A mood changes the pitch of a person by a tenth; from one person to another it changes by twice
# as much as that. Each has a throat, a pace and a microphone of their own.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.signal import lfilter

from hybridsent import AudioEncoder, make_fusion
from hybridsent.evaluation import transfer_report

plt.style.use("hybridsent.gallery")

RATE, SECONDS, PEOPLE, TAKES = 16_000, 1.5, 8, 6
# pitch against the usual one, width of its movement, syllables a second, dullness
MOODS = {
    "neutral": (1.0, 0.05, 4.0, 0.93),
    "happy": (1.15, 0.16, 4.6, 0.90),
    "angry": (1.08, 0.09, 5.2, 0.80),
    "sad": (0.92, 0.04, 3.2, 0.96),
}
VOWELS = np.array([[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410]])
rng = np.random.default_rng(0)


def person():
    """Draw usual pitch, length of the throat, pace, colour of the microphone, and its hiss."""
    return (
        rng.uniform(90, 230),
        rng.uniform(0.88, 1.16),
        rng.uniform(0.8, 1.2),
        rng.uniform(-0.85, 0.85),
        10 ** rng.uniform(-3.5, -1.7),
    )


def said(usual, tract, pace, colour, hiss, mood):
    """Say a few syllables in a mood."""
    rise, width, rate, dull = MOODS[mood] * rng.normal(1, (0.04, 0.25, 0.08, 0.03))
    time = np.arange(int(SECONDS * RATE)) / RATE
    syllables = time * rate * pace
    pitch = usual * rise * (1 + width * np.sin(2.3 * syllables) - 0.05 * time)
    pulses = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0)
    source = lfilter([1], [1, -min(dull, 0.99)], pulses + 0.02 * rng.normal(size=len(time)))
    sound = np.zeros_like(source)
    for number in range(int(syllables[-1]) + 1):
        part = np.flatnonzero(syllables.astype(int) == number)
        spoken = source[part]
        for formant in rng.choice(VOWELS) * tract:
            spoken = lfilter([1], [1, -1.94 * np.cos(2 * np.pi * formant / RATE), 0.941], spoken)
        loud = np.sqrt(np.sin(np.pi * (syllables[part] - number)).clip(0))
        sound[part] = loud * spoken / np.abs(spoken).max()
    sound = lfilter([1, colour], [1], sound)
    sound = sound / np.abs(sound).max() + hiss * rng.normal(size=len(time))
    return sound.astype(np.float32) / 2, RATE


people = [person() for _ in range(PEOPLE)]
table = pd.DataFrame(
    [
        {"audio": said(*people[who], mood), "mood": mood, "speaker": f"speaker {who}"}
        for who in range(PEOPLE)
        for mood in MOODS
        for _ in range(TAKES)
    ]
)
print(table.drop(columns="audio").value_counts("mood"))

# %%
# Each speaker in turn
# --------------------
# One speaker is the target: nobody knows their labels. The others are what is learned from. The
# sounds are encoded once, for all models and all speakers.

report = transfer_report(
    {"by speaker": make_fusion(audio=True, adapt="groups", group="speaker")},
    table,
    "mood",
    domain="speaker",
    protocol="leave-one-out",
    scoring="balanced_accuracy",
    cv=2,
    shift=False,
)
plain = [pair.scores["source only"].value for pair in report.pairs]
adapted = [pair.scores["by speaker"].value for pair in report.pairs]
print(f"plain {np.mean(plain):.3f}, standardised by speaker {np.mean(adapted):.3f}")

# %%
# What the encoder hears
# ----------------------
# The two directions in which the vectors differ most, before and after each speaker's own mean and
# spread are taken off: first they tell the speakers apart, then the moods.

rows = AudioEncoder().fit_transform(table["audio"])
frame = pd.DataFrame(rows).groupby(table["speaker"].to_numpy())
own = ((rows - frame.transform("mean")) / frame.transform("std")).to_numpy()


def two_directions(matrix):
    """Project standardised rows on their two first principal components."""
    matrix = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    return matrix @ np.linalg.svd(matrix, full_matrices=False)[2][:2].T


# %%
# The picture
# -----------

fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.6))
for ax, matrix, by, title in (
    (axes[0], rows, "speaker", "As they are, a colour a speaker"),
    (axes[1], own, "mood", "By speaker, a colour a mood"),
):
    places = two_directions(matrix)
    for i, name in enumerate(table[by].unique()):
        colour = f"C{i}" if i < 7 else "0.6"  # the style has seven colours
        ax.scatter(*places[table[by] == name].T, s=14, color=colour, linewidth=0, label=name)
    ax.set_title(title, fontsize=10)
    ax.set_xticks([])
    ax.set_yticks([])
axes[1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2)

axes[2].plot([0, 1], [plain, adapted], "o-", color="C0", alpha=0.35, markersize=4)
axes[2].plot([0, 1], [np.mean(plain), np.mean(adapted)], "o-", color="black", linewidth=2.5)
axes[2].set_xticks([0, 1], ["as they are", "by speaker"])
axes[2].set_xlim(-0.3, 1.3)
axes[2].set_ylabel("balanced accuracy, unseen speaker")
axes[2].set_title("A line a speaker, black: the mean")
plt.show()
