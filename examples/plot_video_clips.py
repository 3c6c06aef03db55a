"""
One column of clips, three views
================================

A clip shows a face, has a tone of voice, and somebody says something in it. So one column of videos
is three views: frames, sound, and the text of what is said. Each is judged alone, and all together.

The clips are drawn and voiced on the spot, with words in subtitles beside them; scores on them say
nothing about real videos.

More: ``docs/video.md``.
"""

# %%
# A folder of clips
# -----------------
# The demo writes short mp4 files. Its voices are without words, so that each clip gets its sentence
# as a file of subtitles, as films have. Only the column ``video`` is kept.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from hybridsent import evaluate, make_demo, make_fusion
from hybridsent.datasets import transcribe
from hybridsent.media import load_audio, load_frames

plt.style.use("hybridsent.gallery")

folder = tempfile.TemporaryDirectory()
demo = make_demo(n=60, folder=folder.name, video=True)
for clip, sentence in demo[["video", "text"]].dropna().itertuples(index=False):
    lines = f"1\n00:00:00,000 --> 00:00:02,000\n{sentence}\n"
    Path(clip).with_suffix(".en.srt").write_text(lines, encoding="utf-8")
table = demo.dropna(subset=["video"])[["video", "label", "speaker"]]

# %%
# What is said
# ------------
# `transcribe` reads the subtitles where there are some, and listens where there are none, each
# sound once. What it writes is a column of texts as any other.

table = transcribe(table, "video")
print(table[["video_text", "video_language", "label"]].head(5).to_string(index=False))

# %%
# Three views
# -----------
# ``video=True`` makes the views ``frames`` and ``sound`` of the clips; the text is the third.
# Speakers are kept together: nobody is known from the rows that were learned from.

model = make_fusion(video=True, text=True, columns={"text": "video_text"})
result = evaluate(model, table, "label", groups="speaker")
scores = {
    name: result.models[name]["f1_weighted"] for name in ("frames", "sound", "text", "fusion")
}
print(result)

# %%
# The picture
# -----------
# Frames and sound of a happy and an unhappy clip, and what each view says about the label.

fig = plt.figure(figsize=(9.6, 4.4))
left, right = fig.subfigures(1, 2, width_ratios=[3, 2])
axes = left.subplots(4, 1, height_ratios=[2, 1, 2, 1])
for (shown, heard), mood in zip(axes.reshape(2, 2), ("positive", "negative"), strict=True):
    clip = table.loc[table["label"] == mood, "video"].iloc[1]
    shown.imshow(np.hstack([np.asarray(frame) for frame in load_frames(clip, frames=4)]))
    shown.set_title(mood)
    sound = load_audio(clip)
    heard.plot(np.arange(len(sound)) / 16_000, sound, linewidth=0.4, color="C0")
    heard.set_xlabel("seconds")
    shown.axis("off")
    heard.set_yticks([])
    heard.spines[["top", "right", "left"]].set_visible(False)

ax = right.subplots()
places = np.arange(len(scores))
colours = ["0.6"] * 3 + ["C0"]
ax.barh(places, [score.mean for score in scores.values()], color=colours)
for place, score in zip(places, scores.values(), strict=True):
    ax.plot([score.low, score.high], [place, place], color="black", linewidth=1)
ax.set_yticks(places, list(scores))
ax.invert_yaxis()
ax.set(xlabel="weighted F1, by speaker", title="Each view, and all of them")
plt.show()
folder.cleanup()
