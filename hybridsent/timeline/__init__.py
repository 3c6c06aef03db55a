"""Score a long recording or film over time (layer L7).

`score_timeline` reads a sound or a video of any length window by window, asks a fitted model about
each, and lays a smooth curve with an interval through what it says: a `Timeline`, which is a table,
a picture and a page with a player.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.timeline._cues import Cue
    from hybridsent.timeline._peaks import Peak
    from hybridsent.timeline._score import score_timeline
    from hybridsent.timeline._speakers import Speaker
    from hybridsent.timeline._timeline import Timeline
    from hybridsent.timeline._turns import Turn

_HOMES = {
    "Cue": "hybridsent.timeline._cues",
    "Peak": "hybridsent.timeline._peaks",
    "Speaker": "hybridsent.timeline._speakers",
    "Timeline": "hybridsent.timeline._timeline",
    "Turn": "hybridsent.timeline._turns",
    "score_timeline": "hybridsent.timeline._score",
}

__all__ = ["Cue", "Peak", "Speaker", "Timeline", "Turn", "score_timeline"]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
