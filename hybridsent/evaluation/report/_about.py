"""How a result was made: command, versions, licences (layer L5)."""

from __future__ import annotations

from typing import Any

from hybridsent._version import system_here, versions_here
from hybridsent.encoders._licences import licence_of
from hybridsent.encoders._nesting import encoders_of
from hybridsent.evaluation.report._told import Told
from hybridsent.evaluation.report._words import Words

__all__ = ["how_of", "licences_of", "versions_of"]

_USES = {True: "yes", False: "no", None: "unknown"}
_PACKAGES = ("numpy", "scikit-learn", "pandas", "torch", "openvino", "transformers")


def versions_of(result: Any = None) -> dict[str, str]:
    """Give the versions of what computed a result, as it kept them; else of what is here."""
    kept = dict(getattr(result, "versions", {}))
    found = kept or {**versions_here(*_PACKAGES), "system": system_here()}
    first = {"hybridsent": found.pop("hybridsent", ""), "Python": found.pop("python", "")}
    system, _, machine = found.pop("system", "").partition(" ")
    every = {**first, **found, system: machine}
    return {name: number for name, number in every.items() if number}


def licences_of(estimator: Any) -> list[dict[str, Any]]:
    """Give what weights a model uses, and what their licences allow."""
    found = []
    for view, encoder, _ in encoders_of(estimator) if estimator is not None else []:
        backbone = encoder.backbone()
        licence = licence_of(backbone)
        found.append(
            {
                "view": view,
                "name": backbone.name,
                "licence": licence.name,
                "commercial": _USES[licence.commercial_use],
            }
        )
    return found


def how_of(told: Told, w: Words, estimator: Any, command: str | None) -> dict[str, Any]:
    """Give the section that tells how the result was made."""
    evaluation = told.evaluation
    grouped = told.kept is not None and told.kept.groups is not None
    points = [w("how.folds", folds=evaluation.folds)]
    if evaluation.split is not None:
        points = [w("how.split", name=evaluation.split)]
    if evaluation.seeds > 1:
        points.append(w("how.seeds", n=evaluation.seeds))
    if grouped:
        points.append(w("how.groups"))
    units = w("how.unit_groups" if grouped else "how.unit_rows")
    points.append(w("how.interval", units=units))
    points.append(
        w(
            "how.seconds",
            seconds=f"{evaluation.seconds:.1f}",
            encoded=evaluation.encoded_rows,
            found=evaluation.store_hits,
        )
    )
    return {
        "kind": "how",
        "id": "how",
        "title": w("how.title"),
        "nav": w("how.nav"),
        "lead": "",
        "points": points,
        "command": command,
        "licences": [
            {**each, "commercial": w(f"how.{each['commercial']}")}
            for each in licences_of(estimator)
        ],
        "versions": [
            {"name": name, "version": number} for name, number in versions_of(evaluation).items()
        ],
    }
