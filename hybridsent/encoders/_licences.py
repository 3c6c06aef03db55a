"""Licences of weights, and what may be used commercially (layer L2).

Registered backbones state theirs; of a model named ``hf:…`` it stands in the model card beside the
files. huggingface_hub reads cards, too, with a whole YAML parser, which a card of a stranger can
keep busy for ever; one line of it is wanted here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsent._held import everything
from hybridsent.encoders._backbone import Backbone
from hybridsent.encoders._base import BaseEncoder
from hybridsent.encoders._hub import snapshot
from hybridsent.encoders._registry import list_backbones
from hybridsent.exceptions import LicenceError
from hybridsent.media import get_modality

__all__ = ["Licence", "allows_commercial_use", "check_commercial", "licence_of"]

_FREE = frozenset(
    re.findall(
        r"\S+",
        """
        afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear
        bsl-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0
        cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0
        eupl-1.1 eupl-1.2 gpl gpl-2.0 gpl-3.0 isc lgpl lgpl-2.1 lgpl-3.0 mit mpl-2.0 ms-pl ncsa
        odbl odc-by ofl-1.1 osl-3.0 pddl postgresql unlicense wtfpl zlib
        """,
    )
)
"""Names of the hub, in small letters, of licences that allow commercial use; some ask for their own
terms in turn. Those of the openrail and llama families depend on what is done, so they are not
among them: whoever has read them knows better than a table."""

_NOT = re.compile(r"(^|-)nc(-|$)|non-?commercial|research|^apple-am(lr|l-r)$")
_MOST_READ = 2**16  # bytes of a model card; its front matter is at the beginning


@dataclass(frozen=True)
class Licence:
    """The licence of some weights.

    Parameters
    ----------
    name : str
        As stated; ``"unknown"`` where nothing is.
    commercial_use : bool or None
        Whether it allows commercial use; None where it is not known.
    """

    name: str
    commercial_use: bool | None


def allows_commercial_use(name: str) -> bool | None:
    """Tell whether a licence allows commercial use.

    Parameters
    ----------
    name : str
        As the hub names it, such as ``"apache-2.0"``; also with capital letters.

    Returns
    -------
    bool or None
        None for a name that says too little, or one whose terms depend on the use.

    Examples
    --------
    >>> from hybridsent.encoders._licences import allows_commercial_use
    >>> [allows_commercial_use(name) for name in ("MIT", "cc-by-nc-4.0", "openrail", "other")]
    [True, False, None, None]
    """
    plain = name.strip().lower()
    if _NOT.search(plain):
        return False
    return True if plain in _FREE else None


def licence_of(backbone: Backbone) -> Licence:
    """Give the licence of a backbone: as registered, else as its model card on this machine says.

    Parameters
    ----------
    backbone : Backbone
        Any backbone.

    Returns
    -------
    Licence
        ``"unknown"`` where nobody states one.
    """
    stated = Licence(backbone.licence, backbone.commercial_use)
    repo = backbone.options.get("repo")
    if repo is None or stated.name != "unknown":
        return stated
    folder = Path(repo).expanduser() if "~" in repo[:1] else Path(repo)
    found = folder if folder.is_dir() else snapshot(repo, backbone.options["revision"])
    names = [] if found is None else _stated(found / "README.md")
    if not names:
        return stated
    uses = [allows_commercial_use(name) for name in names]
    use = False if False in uses else (None if None in uses else True)
    return Licence(", ".join(names), use)


def _stated(card: Path) -> list[str]:
    """Read the licences that the front matter of a model card states."""
    try:
        with card.open("rb") as file:
            text = file.read(_MOST_READ).decode(errors="replace")
    except OSError:
        return []
    front = re.match(r"\ufeff?---[ \t]*\r?\n(.*?)\n---", text, re.DOTALL)
    lines = front.group(1).splitlines() if front else []
    for i, line in enumerate(lines):
        key, colon, value = line.partition(":")
        if key != "license" or not colon:
            continue
        values = value.strip().strip("[]").split(",")
        for below in lines[i + 1 :] if not value.strip() else ():
            item = re.fullmatch(r"\s*-\s+(.*)", below)
            if item is None:
                break
            values.append(item.group(1))
        return [plain for each in values if (plain := each.split(" #")[0].strip().strip("'\""))]
    return []


def check_commercial(estimator: Any) -> None:
    """Refuse an estimator of which a backbone may not, or may perhaps not, be used commercially.

    Parameters
    ----------
    estimator : object
        An encoder, or anything that holds some: an estimator, fitted or not, or a list.

    Raises
    ------
    LicenceError
        Naming each backbone, its licence, and what to use instead.

    Examples
    --------
    >>> from hybridsent import AudioEncoder, TextEncoder
    >>> from hybridsent.encoders import check_commercial
    >>> check_commercial([TextEncoder()])
    >>> check_commercial([AudioEncoder("audio/compare-2016")])
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.LicenceError: Every backbone must be known to be free for commercial ...
    """
    held = list(everything(estimator))
    # what tunes an encoder by its name holds none before it is fitted
    tuned = [each.frozen_encoder() for each in held if hasattr(each, "frozen_encoder")]
    encoders = [each for each in [*held, *tuned] if isinstance(each, BaseEncoder)]
    check_backbones({one.name: one for one in (each.backbone() for each in encoders)}.values())


def check_backbones(backbones: Iterable[Backbone]) -> None:
    """Do what `check_commercial` does, for backbones.

    Parameters
    ----------
    backbones : iterable of Backbone
        Any backbones.

    Raises
    ------
    LicenceError
        As there.
    """
    refused = []
    for backbone in backbones:
        licence = licence_of(backbone)
        if licence.commercial_use is not True:
            why = "forbids it" if licence.commercial_use is False else "does not say so"
            refused.append(
                f"{backbone.name!r} ({licence.name}) {why}; use {_free(backbone.modality)}"
            )
    if refused:
        raise LicenceError(
            "Every backbone must be known to be free for commercial use (commercial=True). The "
            f"licence of {', and that of '.join(refused)}. `hybridsent backbones` lists others; "
            "with a licence from its makers, leave commercial=True out."
        )


def _free(modality: str) -> str:
    """Name a backbone of a modality that is free: the default, or the first that is at hand."""
    default = get_modality(modality).default_backbone()
    free = [one for one in list_backbones(f"{modality}/*") if one.commercial_use]
    best = sorted(free, key=lambda one: (one.name != default, one.ready is False))
    return repr(best[0].name) if best else "one of your own"
