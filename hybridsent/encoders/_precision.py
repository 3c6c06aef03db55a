"""What ``precision="auto"`` is for a network on this processor: what was measured (layer L2).

The choice is part of the fingerprint of every row, so it is made once, before the first row, and
kept beside the conversion under the name of the processor: it never changes from run to run, and
another processor measures anew. Where it cannot be kept nothing is measured, and the instructions
of the processor decide. No library serves: OpenVINO takes bfloat16 wherever the processor has it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

from hybridsent.encoders import _graph_files
from hybridsent.encoders._graphs import has_bfloat16, versions
from hybridsent.encoders._processor import processor_name
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import WeightsError, WeightsNotFoundError

__all__ = ["forget", "suited"]

_FORMAT = 1  # of what is kept
_GAIN = 1.1  # as many times faster bfloat16 must be: 16 bits for less are not worth their rounding

_known: dict[tuple[str, ...], str] = {}
_lock = threading.RLock()


def suited(backbone: Backbone) -> str:
    """Choose the arithmetic of a network on this processor.

    Parameters
    ----------
    backbone : Backbone
        The network. One that is not `measured` has what the processor has instructions for.

    Returns
    -------
    {"float32", "bfloat16"}
        bfloat16 where it is measurably faster. A pass that it would spoil is computed in float32
        whatever is asked for; rows of such a network are told by bfloat16 where the processor has
        it, as they always were.
    """
    if not has_bfloat16():
        return "float32"
    if not backbone.measured:
        return "bfloat16"
    key = (backbone.modality, backbone.identity or backbone.name, backbone.digest())
    with _lock:
        # another folder may have kept another choice, which other processes find there
        known = (*key, os.environ.get("HYBRIDSENT_NETWORKS", ""))
        if known not in _known:
            try:
                _known[known] = _remembered(backbone, key)
            except (
                WeightsError,
                WeightsNotFoundError,
            ):  # who computes rows is told
                return "bfloat16"
        return _known[known]


def forget() -> None:
    """Look again at what was kept."""
    with _lock:
        _known.clear()


def _remembered(backbone: Backbone, key: tuple[str, ...]) -> str:
    parts = json.dumps([*key, processor_name(), _FORMAT])
    # not its name: a network that is found in two folders is one, and has one choice
    slug = re.sub(r"[^A-Za-z0-9]+", "-", backbone.identity or backbone.name).strip("-")[-40:]
    item = f"{slug}-speed-{hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()}"
    kept = _graph_files.find(item)
    if kept is None:
        if not _graph_files.can_keep():  # each process would load and measure it, for nothing
            return "bfloat16"
        try:
            ratio = _measured(backbone)
        except MemoryError:  # which says nothing of the network
            return "bfloat16"
        choice = "bfloat16" if ratio is None or ratio >= _GAIN else "float32"
        about = {"name": backbone.name, "output": "speed", "versions": versions()}
        kept = _graph_files.keep(item, _writer(choice, ratio), about)
    return "bfloat16" if kept is None else _read(kept)


def _writer(choice: str, ratio: float | None) -> Callable[[Path], None]:
    facts = {"precision": choice, "times_faster": ratio, "processor": processor_name()}

    def write(draft: Path) -> None:
        (draft / "speed.json").write_text(json.dumps(facts), encoding="utf-8")

    return write


def _read(kept: Path) -> str:
    """Read what was kept, perhaps by another process that was first."""
    try:
        facts = json.loads((kept / "speed.json").read_text(encoding="utf-8"))
    except OSError:  # another process cleared the folder meanwhile
        return "bfloat16"
    return "float32" if facts["precision"] == "float32" else "bfloat16"


def _measured(backbone: Backbone) -> float | None:
    """Tell how many times faster bfloat16 is; None where the network is not computed in it."""
    network = backbone.load("cpu", "float32")
    output = network.usual_pass()
    return None if network.graphs is None or output is None else network.graphs.gain(output)
