"""What is known of a frozen network before it is loaded (layer L2)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hybridsent.encoders._sources import Source, at_hand, digest_of

__all__ = ["OWN", "Backbone", "function_at"]

OWN = "hybridsent.encoders._own"
"""The module that loads and hashes networks of which the registry states no hash."""


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
        What the loader needs, such as a repository, a folder or a revision. With ``"projects"``
        `width` is that of the projection of a two-tower model, which other layers and poolings do
        not give.
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
        return function_at(self.loader if hashed else f"{OWN}:load")(self, device, precision)

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
        return str(function_at(self.identify or f"{OWN}:identify")(self))


def function_at(target: str | Callable[..., Any]) -> Callable[..., Any]:
    """Give a function that is named as ``"module:name"``.

    Parameters
    ----------
    target : str or callable
        The name, or the function itself.

    Returns
    -------
    callable
        The function; its module is imported.

    Examples
    --------
    >>> from hybridsent.encoders._backbone import function_at
    >>> function_at("math:sqrt")(9.0)
    3.0
    """
    if callable(target):
        return target
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
