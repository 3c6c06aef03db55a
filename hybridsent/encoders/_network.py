"""What a loaded backbone must be able to do (layer L2).

One network serves all encoders of its (backbone, device, precision) in a process, so it holds no
option of theirs: what changes from encoder to encoder travels in `Options`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hybridsent.encoders._graphs import Graphs
from hybridsent.exceptions import WeightsError

__all__ = ["Network", "Options"]


_LATER = {"long": "cut", "window_seconds": None}
"""Options that older fingerprints do not have, and what they were then."""


@dataclass(frozen=True)
class Options:
    """What an encoder may ask of a network, beside the cell.

    Parameters
    ----------
    pooling : {"auto", "mean", "cls", "max"}, default="auto"
        How the vectors of tokens, patches or frames become one.
    layer : int, default=-1
        Which hidden layer to read; -1 is the last.
    steps : int, default=None
        Number of segments to pool separately; None for one vector.
    max_length : int, default=None
        Most tokens read of a text; None for what the model was trained with.
    long : {"cut", "mean"}, default="cut"
        Whether what is longer is cut off, or read in pieces.
    window_seconds : float, default=None
        With ``long="mean"``, the longest piece of a sound.
    """

    pooling: str = "auto"
    layer: int = -1
    steps: int | None = None
    max_length: int | None = None
    long: str = "cut"
    window_seconds: float | None = None

    def for_fingerprint(self) -> dict[str, Any]:
        """Give what is part of a fingerprint; what came later is told where it is not the default.

        Returns
        -------
        dict
            Names and values.
        """
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name, default in _LATER.items():
            if values[name] == default:
                del values[name]
        return values

    @property
    def is_default(self) -> bool:
        """Whether the one vector is asked for that a model was trained to give."""
        return self.pooling == "auto" and self.layer == -1 and self.steps is None


class _Unsaid:
    """Stands for the width of a network that has not said it; an attribute takes its place."""

    def __get__(self, network: Any, owner: type) -> Any:
        if network is None:
            return self
        raise WeightsError(
            f"The network {owner.__name__} must have a width, the number of features per vector. "
            "Write it as an attribute of the class, or set self.width in __init__."
        )


class Network(ABC):
    """A loaded backbone.

    `prepare` runs in worker threads, one cell at a time; `finish` once per window of cells;
    `encode` on batches of similar cost, in as many threads as there are lanes. Only `encode` and
    `width` must be written; "Extending hybridsent", in the documentation, shows one.
    """

    graphs: Graphs | None = None
    """Forward passes, for a network that runs its model through them."""

    reads_pieces: ClassVar[bool] = False
    """Whether it obeys ``long="mean"``: `encode` then gives the mean over all pieces of an item."""

    if TYPE_CHECKING:

        @property
        def width(self) -> int:
            """Features per vector; an attribute of the class or of the network, or a property."""
    else:
        width = _Unsaid()

    def width_for(self, options: Options) -> int:
        """Features per vector, where they depend on what is asked for (layer, pooling).

        Parameters
        ----------
        options : Options
            What the encoder asks for.

        Returns
        -------
        int
            Features of one vector; `width` unless overridden.
        """
        return self.width

    def check(self, options: Options) -> None:  # noqa: B027 - most networks can do all that is asked
        """Refuse options that this network cannot serve.

        Parameters
        ----------
        options : Options
            What the encoder asks for.

        Raises
        ------
        ValueError
            If it cannot be served; the message says what can.
        """

    def prepare(self, clean: Any, options: Options) -> Any:
        """Turn one clean object into an item; runs in worker threads.

        Parameters
        ----------
        clean : str, PIL.Image.Image or tuple
            What `hybridsent.media` gave for the cell.
        options : Options
            What the encoder asks for.

        Returns
        -------
        object
            The item; the clean object itself unless overridden.

        Raises
        ------
        MediaError
            If this network cannot take it; the cell then counts as broken.
        """
        return clean

    def finish(self, items: list[Any], options: Options) -> list[Any]:
        """Turn the items of a window into what `encode` takes, all at once (tokenise).

        Parameters
        ----------
        items : list
            What `prepare` gave.
        options : Options
            What the encoder asks for.

        Returns
        -------
        list
            As many, in the same order.
        """
        return items

    def cost(self, item: Any) -> int:
        """Size of an item in the unit of `budget` (tokens, pictures, samples).

        Parameters
        ----------
        item : object
            What `finish` gave.

        Returns
        -------
        int
            Its size; 1 unless overridden.
        """
        return 1

    def group(self, item: Any) -> Hashable:
        """Tell which items may share a batch: those of one group.

        Parameters
        ----------
        item : object
            What `finish` gave.

        Returns
        -------
        hashable
            Its group; None, one for all, unless overridden.
        """
        return None

    def state(self) -> Mapping[str, Any]:
        """Give what the vectors depend on, where no file of the weights is named.

        It is hashed, so that rows of other weights are not taken for these, and never kept.

        Returns
        -------
        mapping of str to object
            Arrays, tensors, torch modules, plain values, and lists and mappings of these; all
            attributes unless overridden.
        """
        return vars(self)

    def usual_pass(self) -> str | None:
        """Name the forward pass that default options run, for a network with `graphs`.

        Returns
        -------
        str or None
            Its name, by which ``precision="auto"`` is measured; None where nothing is.
        """
        return None

    @property
    def budget(self) -> int:
        """Largest sum of padded costs in an automatic batch."""
        return 32

    @property
    def lanes(self) -> int:
        """Batches that may be encoded at the same time, each in a thread of its own."""
        return 1 if self.graphs is None else self.graphs.lanes

    @property
    def shorter_side(self) -> int | None:
        """What pictures are shrunk to, in pixels; None where all their pixels are read."""
        return None

    @abstractmethod
    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode a batch.

        Parameters
        ----------
        batch : sequence
            Items of one group that `finish` gave.
        options : Options
            What the encoder asks for.

        Returns
        -------
        ndarray of shape (n, steps or 1, width), float32
            The vectors, in the order of the batch.
        """
