"""The modality audio: files of sound, and samples with their rate (layer L1)."""

from __future__ import annotations

from hybridsent.media._modality import Limit, Modality

__all__ = ["AUDIO"]

AUDIO = Modality(
    name="audio",
    read="hybridsent.media.audio:load_audio",
    encoder="hybridsent.encoders:AudioEncoder",
    expected="a path, bytes, a tuple (float array (n,), sampling rate), or one of these in a list "
    "or in a dict of Hugging Face",
    forms=("content", "path", "samples"),
    version=1,
    looks_like="hybridsent.media.audio:is_audio",
    column_names=("audio", "wav", "sound", "speech", "voice", "clip"),
    extensions=(
        *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac"),
        *(".aif", ".aiff", ".au", ".wma", ".amr", ".caf", ".mka", ".weba", ".m4b"),
    ),
    limits=(
        Limit(
            "max_seconds",
            "longest sound that is read",
            600.0,
            measure="hybridsent.media._measures:seconds_of",
        ),
    ),
    shown="hybridsent.media._shown:sound",
    glance="hybridsent.evaluation.leaks._quick_views:SoundGlance",
    augment="hybridsent.augment._audio:AUDIO_CHANGES",
    hf_network="hybridsent.encoders._hf_audio:HFAudio",
    example="hybridsent.media._examples:sound",
)
"""Sounds: paths, bytes or samples."""
