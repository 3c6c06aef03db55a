"""Each speaker standardised by itself: what is told is how a voice differs from its own.

The group is a column of the table (``group=``). No label is looked at, so rows of a new speaker,
labelled -1, take part in `fit`.

Task: emotion in the speech of a speaker who was never heard with labels.
Data: Emo-DB, 339 clips of ten speakers, four emotions.
Score: balanced accuracy 0.971 as mean of ten unseen speakers (0.939 without).
Seed: 0
"""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from hybridsent import make_fusion

GRID = {
    "adapt__strength": [1.0, 10.0, 30.0],
}


def build(**options: Any) -> Pipeline:
    """Build the pipeline; options are those of `hybridsent.make_fusion`, such as ``text=True``."""
    return make_fusion(adapt="groups", **options)
