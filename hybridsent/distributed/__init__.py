"""Encode and score what fits in no memory, on one machine or many (layer L7).

`predict` and `encode` take a table in pieces, hand each piece to a worker that keeps its model and
encoders loaded, and keep what it answers in a file of its own, so that a run that was stopped goes
on where it was. dask.distributed does what it does best (who works on what, what happens when a
worker dies); what it lacks, that every row is answered exactly once whatever is killed, is written
here (`_parts`, `_drive`). `fits_on` lets searches fit there, `fit_trees` grows trees there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.distributed._encode import encode
    from hybridsent.distributed._fits import fits_on
    from hybridsent.distributed._predict import predict
    from hybridsent.distributed._run import Run
    from hybridsent.distributed._trees import fit_trees

_HOMES = {
    "Run": "hybridsent.distributed._run",
    "encode": "hybridsent.distributed._encode",
    "fit_trees": "hybridsent.distributed._trees",
    "fits_on": "hybridsent.distributed._fits",
    "predict": "hybridsent.distributed._predict",
}

__all__ = ["Run", "encode", "fit_trees", "fits_on", "predict"]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
