"""
A quarrel, minute by minute
===========================

A recording is longer than what a model was fitted on, and nobody wants one answer for all of it.
``score_timeline`` scores it window by window, and draws through the scores a curve whose interval
counts with windows that overlap, and is wider where nobody speaks.

Three people talk in this script; their voices are made here, pulses through three resonances.
Others, whom the recording does not have, are what the model learns from.

More: ``docs/timeline.md``.
"""

# %%
# Voices
# ------
# A mood is a pitch against the usual one, how far it moves, syllables a second, dullness and level.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
from scipy.signal import lfilter

from hybridsent import make_fusion
from hybridsent.timeline import score_timeline

plt.style.use("hybridsent.gallery")

RATE = 16_000
MOODS = {
    "negative": (1.25, 0.16, 5.6, 0.55, 0.9),
    "neutral": (1.00, 0.05, 3.6, 0.93, 0.4),
    "positive": (1.15, 0.22, 4.6, 0.80, 0.6),
}
VOWELS = np.array([[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410]])
rng = np.random.default_rng(7)


def person(pitch):
    """Draw a throat for a usual pitch, and how much of a mood is heard."""
    return pitch, rng.uniform(0.9, 1.12), rng.uniform(0.8, 1.1)


def said(who, mood, seconds):
    """Say syllables in a mood."""
    usual, tract, strong = who
    rise, width, rate, dull, level = MOODS[mood]
    time = np.arange(int(seconds * RATE)) / RATE
    syllables = time * rate * rng.uniform(0.92, 1.08)
    pitch = usual * (1 + (rise - 1) * strong) * (1 + width * strong * np.sin(2.1 * syllables))
    pulses = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0)
    source = lfilter([1], [1, -dull], pulses + 0.03 * rng.normal(size=len(time)))
    sound = np.zeros_like(source)
    for number in range(int(syllables[-1]) + 1):
        part = np.flatnonzero(syllables.astype(int) == number)
        spoken = source[part]
        for formant in rng.choice(VOWELS) * tract:
            spoken = lfilter([1], [1, -1.94 * np.cos(2 * np.pi * formant / RATE), 0.941], spoken)
        loud = np.sqrt(np.sin(np.pi * (syllables[part] - number)).clip(0))
        sound[part] = loud * spoken / (np.abs(spoken).max() + 1e-9)
    return (0.6 * level * sound + 0.004 * rng.normal(size=len(time))).astype(np.float32)


# %%
# What is learned from
# --------------------
# Six people whom nobody will hear again, four sounds in each mood.

others = [person(pitch) for pitch in (95, 115, 130, 175, 200, 225)]
table = pd.DataFrame(
    [
        {"audio": (said(who, mood, 3.0), RATE), "mood": mood}
        for who in others
        for mood in MOODS
        for _ in range(4)
    ]
)
model = make_fusion(audio=True, store=None).fit(table[["audio"]], table["mood"])

# %%
# The recording
# -------------
# Anna and Ben, later Clara. Who speaks when lies beside it as RTTM, what is said as subtitles:
# both are found by their names. After the quarrel there is silence.

people = {"Anna": person(205), "Ben": person(110), "Clara": person(180)}
play = [
    ("Anna", "neutral", 6, "The train leaves at ten past nine."),
    ("Ben", "neutral", 7, "Then we should be there by eight."),
    ("Anna", "positive", 8, "And in the evening we can swim in the sea!"),
    ("Ben", "positive", 7, "I have looked forward to this for months."),
    ("Anna", "neutral", 5, "Did you bring the tickets?"),
    ("Ben", "negative", 7, "You said that you had them!"),
    ("Anna", "negative", 9, "I never said that. It is always the same with you!"),
    ("Ben", "negative", 8, "Enough. I am going home."),
    (None, None, 9, ""),
    ("Clara", "neutral", 7, "Excuse me, are these yours? They lay on the stairs."),
    ("Anna", "positive", 7, "Our tickets! You have saved our holiday!"),
    ("Clara", "positive", 6, "What a story. Have a wonderful journey!"),
    ("Ben", "positive", 7, "Come, I carry your bag. Look how the sun shines."),
]
folder = Path(tempfile.mkdtemp())
parts, rttm, srt, now = [], [], [], 0.0
for who, mood, seconds, words in play:
    if who is None:
        parts.append(np.zeros(seconds * RATE, np.float32))
    else:
        parts.append(said(people[who], mood, seconds))
        rttm.append(f"SPEAKER talk 1 {now:.2f} {seconds} <NA> <NA> {who} <NA> <NA>")
        span = [f"00:{int(t // 60):02}:{int(t % 60):02},000" for t in (now, now + seconds)]
        srt.append(f"{len(srt) + 1}\n{span[0]} --> {span[1]}\n{words}\n")
    now += seconds
soundfile.write(folder / "talk.wav", np.concatenate(parts), RATE)
(folder / "talk.rttm").write_text("\n".join(rttm) + "\n")
(folder / "talk.srt").write_text("\n".join(srt))

# %%
# The timeline
# ------------
# A row for each window, and what is found: the strongest moments, who spoke, how they changed.

line = score_timeline(folder / "talk.wav", model, window=4, hop=1)
print(line)
print(line.to_frame().head(3).to_string())

# %%
# Whose change is it?
# -------------------

speakers = line.speakers_frame().set_index("name")
print(speakers[["seconds", "mean", "lower", "upper", "change"]].round(2))

# %%
# The picture
# -----------
# ``line.to_html()`` is the same as a page with a player, in which a click on the curve goes there;
# on the command line: ``hybridsent timeline talk.wav --model m.hybridsent -o talk.csv --html``.

line.to_html().save(folder / "talk.html")
line.plot()
plt.show()
