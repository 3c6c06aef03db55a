"""Multimodal RNN: a recurrent network over the segments of each modality, then fused.

Reads features in order of time, from encoders with ``steps``; without segments a modality is a
sequence of one.

Task: labels of posts with text, image or sound, any of which a row may lack.
Data: CMU-MOSI, 1,447 spoken sentences of words, voice and face, two classes, split by video.
Score: not yet measured
Seed: 0
"""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from hybridsent import make_fusion

GRID = {
    "classify__hidden": [16, 32],
    "classify__cell": ["gru", "lstm"],
}


def build(**options: Any) -> Pipeline:
    """Build the pipeline; options are those of `hybridsent.make_fusion`, such as ``text=True``."""
    return make_fusion("rnn", **options)
