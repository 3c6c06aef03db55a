"""What a fitted model answers about new rows, for everyone who asks one (layer L6).

`hybridsent predict`, the engine that scores what fits in no memory, the server, the monitor and the
reports ask models through this package, so that a row gets the same answer wherever it is scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.scoring._answers import Answers
    from hybridsent.scoring._explained import Explained, ViewShare
    from hybridsent.scoring._inputs import Input
    from hybridsent.scoring._reference_made import reference_of
    from hybridsent.scoring._scorer import Scorer

_HOMES = {
    "Answers": "hybridsent.scoring._answers",
    "Explained": "hybridsent.scoring._explained",
    "Input": "hybridsent.scoring._inputs",
    "Scorer": "hybridsent.scoring._scorer",
    "ViewShare": "hybridsent.scoring._explained",
    "reference_of": "hybridsent.scoring._reference_made",
}

__all__ = ["Answers", "Explained", "Input", "Scorer", "ViewShare", "reference_of"]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
