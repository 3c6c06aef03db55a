"""The page of encoders says what the registry says, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsent import list_backbones
from hybridsent.encoders import Backbone, PackagedFiles
from hybridsent.encoders._quality import LEVELS, backbones_for

PAGE = Path(__file__).parents[1] / "docs" / "encoders.md"
COMMERCIAL = {True: "yes", False: "no", None: "not stated"}
OURS = [each for each in list_backbones() if str(each.loader).startswith("hybridsent.")]


def places(backbone: Backbone) -> str:
    """Where the weights are looked for, in order."""
    found = []
    for source in backbone.sources:
        if isinstance(source, PackagedFiles):
            extra = f" (extra `{source.extra}`)" if source.extra else ""
            found.append(f"package `{source.distribution}`{extra}")
        else:
            found.append(f"hub `{source.repo}`")
    return ", ".join(dict.fromkeys(found)) or "package `opensmile`"


def row(backbone: Backbone) -> str:
    """The line of a backbone in the table."""
    cells = [
        f"`{backbone.name}`",
        str(backbone.width),
        backbone.licence,
        COMMERCIAL[backbone.commercial_use],
        places(backbone),
        backbone.note,
    ]
    return f"| {' | '.join(cells)} |"


def lines() -> list[str]:
    return PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("backbone", OURS, ids=lambda each: each.name)
def test_every_backbone_has_its_row(backbone):
    assert row(backbone) in lines()


def test_no_other_backbone_has_one():
    named = {line.split("`")[1] for line in lines() if line.count("|") == 7 and "`" in line}
    assert named == {each.name for each in OURS}


@pytest.mark.parametrize("quality", LEVELS)
def test_every_level_has_its_row(quality):
    cells = [
        " and ".join(f"`{name}`" for name in backbones_for(quality, modality))
        for modality in ("text", "image", "audio")
    ]
    assert f"| `{quality}` | {' | '.join(cells)} |" in lines()
