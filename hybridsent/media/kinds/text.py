"""The modality text: strings, or bytes that hold encoded text (layer L1)."""

from __future__ import annotations

from hybridsent.media._modality import Modality

__all__ = ["TEXT"]

TEXT = Modality(
    name="text",
    read="hybridsent.media.text:load_text",
    encoder="hybridsent.encoders:TextEncoder",
    plural="texts",
    expected="a str, or bytes that hold encoded text",
    forms=("words",),
    version=1,
    looks_like="hybridsent.media.text:is_text",
    suits="hybridsent.media.text:suits_text",
    column_names=(
        *("text", "tweet", "sentence", "post", "transcript", "transcription", "review"),
        *("comment", "caption", "message", "utterance", "content", "body"),
    ),
    written_in=(".txt",),
    catch_all=True,
    shown="hybridsent.media._shown:words",
    glance="hybridsent.evaluation.leaks._quick_views:TextGlance",
    augment="hybridsent.augment._text:TEXT_CHANGES",
    hf_network="hybridsent.encoders._hf_text:HFText",
    example="hybridsent.media._examples:words",
)
"""Strings, or bytes that hold encoded text."""
