"""Videos: files that two modalities read, each its part (layer L1)."""

from __future__ import annotations

from hybridsent.media._medium import Medium, Part

__all__ = ["VIDEO"]

VIDEO = Medium(
    name="video",
    parts=(Part("frames", reads="image"), Part("sound", reads="audio")),
    plural="videos",
    looks_like="hybridsent.media.video:is_video",
    column_names=("video", "movie", "film"),
    extensions=(
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".asf"),
        *(".mpg", ".mpeg", ".ts", ".mts", ".3gp", ".3g2", ".ogv"),
    ),
    shown="hybridsent.media._shown:clip",
)
"""Films: their frames are read as pictures, their sound as audio."""
