"""The template of all encoders (layer L2).

Its modality says how a cell is read, a subclass with which parameters (`_read`), and which of them
change the output (`_options`, `_cleaning`); everything else is done here, once: missing cells,
unique cells, the store, threads, batches, order, counters, errors, names. No library serves:
skrub's TextEncoder is the nearest, for text alone and without rows that survive `clone`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import lru_cache
from inspect import Parameter, signature
from numbers import Integral
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import BaseEstimator

from hybridsent._frames import NamedOutput
from hybridsent._params import HasMethods, Interval, Jobs, StrOptions
from hybridsent._plugins import Loading
from hybridsent.encoders import _runtime
from hybridsent.encoders._column_of_cells import as_cells
from hybridsent.encoders._items import ColumnRun
from hybridsent.encoders._loaded import PROMISE, verify
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._precision import suited
from hybridsent.encoders._registry import Backbone, get_backbone
from hybridsent.exceptions import StoreError
from hybridsent.media import get_modality
from hybridsent.store import resolve_store
from hybridsent.views import feature_names

__all__ = ["BaseEncoder"]

ASKED_BY_OTHERS = (
    "_check", "_cleaning", "_encode", "_identify", "_network", "_options", "_precision", "_read",
    "_width",
)  # fmt: skip
"""What others ask of an encoder beside what is public: its parameters are right (`_check`); what a
cell becomes (`_read`) and what that depends on (`_cleaning`); the loaded network (`_network`) and
what is asked of it (`_options`); the arithmetic of a backbone here (`_precision`); the matrix of a
column (`_encode`) and the width of one of its steps (`_width`); what the fingerprint is made of
(`_identify`). Whoever changes one looks there; nothing else of an encoder is known outside."""

FORMAT = 1
"""Changes when the way from cell to vector changes for all encoders, so that old rows are not
found again."""


@lru_cache(maxsize=64)
def _names(view: str, width: int, steps: int | None) -> np.ndarray:
    """Name the columns once: an encoder is asked in every call, and has thousands of them."""
    return np.asarray(feature_names(view, width, steps), dtype=object)


def _behind(_plugins: None, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Make an encoder in a process that has loaded its plugins."""
    return make(*arguments)


_checked: WeakKeyDictionary[BaseEncoder, list[Any]] = WeakKeyDictionary()
"""The very parameters that were found to be right."""


class BaseEncoder(NamedOutput, BaseEstimator):
    """Base of the encoders: a column of cells becomes a float32 matrix, a vector a cell.

    Missing cells, equal cells, the store, threads, batches, order, errors and names are dealt with
    here, once; think twice before adding anything to this class. A subclass writes:

    - ``modality``, the name of a registered `hybridsent.Modality`;
    - ``__init__``, which only stores its parameters: all that `_parameter_constraints` names, with
      the default `model` first, and those of its own, which it adds to `_parameter_constraints`;
    - ``_read(cell, network)``, where a cell is read otherwise than the modality says: it gives the
      clean object that networks take, or raises `hybridsent.exceptions.MediaError`. `cell` is the
      content without its containers;
    - ``_cleaning()``, wherever ``_read`` is written or has parameters: a dict of plain values that
      changes whenever ``_read`` would give something else. It is part of the fingerprint: what is
      forgotten here is found in the store as it was before;
    - ``_size(cell)``, where it is known how much a cell will cost to encode, as an int: reading
      begins with the large ones.

    Attributes
    ----------
    n_features_out_ : int
        Width of the matrix.
    n_encoded_, n_from_store_ : int
        Distinct cells that the last call encoded, and that it found in the store.

    See Also
    --------
    hybridsent.encoders.Network : What turns clean objects into vectors.
    hybridsent.Modality : How cells of one kind are keyed, read and recognised.

    Examples
    --------
    >>> from hybridsent import TextEncoder
    >>> class FirstSentence(TextEncoder):
    ...     def _read(self, cell, network):
    ...         return super()._read(cell, network).partition(".")[0]
    ...
    ...     def _cleaning(self):
    ...         return {**super()._cleaning(), "part": "first sentence"}
    >>> rows = FirstSentence(store=None).fit_transform(["Good. Never mind.", "Good"])
    >>> abs(rows[0] - rows[1]).max() < 1e-4
    np.True_
    >>> FirstSentence().fingerprint() == TextEncoder().fingerprint()
    False
    """

    modality: ClassVar[str]
    window: ClassVar[int] = 128  # cells read ahead of the network; bounds memory
    slice: ClassVar[int] = 2048  # cells whose keys are computed ahead; bounds memory, too
    threads: ClassVar[bool] = True  # whether reading frees the interpreter's lock

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "model": [str],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16", "float16"})],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "steps": [None, Interval(Integral, 1, None, closed="left")],
        "store": [None, str, HasMethods(["__fspath__"]), HasMethods(["get_or_compute"])],
        "on_error": [StrOptions({"raise", "missing"})],
        "n_jobs": [None, Jobs()],
        "verbose": ["verbose"],
        "pooling": [StrOptions({"auto", "mean", "cls", "max"})],
        "layer": [Integral],
        "revision": [None, str],
        "local_files_only": ["boolean"],
    }

    # -- what a subclass may write

    def _read(self, cell: Any, network: Network) -> Any:
        """Turn the content of a cell into a clean object, as its modality reads it.

        The network tells what it needs of it (the size of a picture); MediaError where it fails.
        """
        return get_modality(self.modality).clean(cell)

    def _cleaning(self) -> dict[str, Any]:
        """Give what `_read` does to a cell (parameters and version), for the fingerprint."""
        return {"version": get_modality(self.modality).version}

    def _size(self, cell: Any) -> int:
        """Tell roughly what a raw cell will cost, where that is known without reading it."""
        return 0

    def _options(self) -> Options:
        return Options(pooling=self.pooling, layer=self.layer, steps=self.steps)

    # -- scikit-learn

    def fit(self, X: Any, y: Any = None) -> BaseEncoder:
        """Check the parameters; a frozen encoder learns nothing.

        Parameters
        ----------
        X : DataFrame with one column, Series, list or array of shape (n,) or (n, 1)
            Cells; None, NaN, empty strings and empty lists are missing, a list holds several items.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The encoder.
        """
        self._check()
        as_cells(X, self.modality)
        for loaded in ("precision_", PROMISE):
            self.__dict__.pop(loaded, None)
        self.n_features_out_ = self._width() * (self.steps or 1)
        return self

    def fit_transform(self, X: Any, y: Any = None, **_params: Any) -> np.ndarray:
        """Check the parameters, and encode the cells, from which with labels a model will learn.

        Parameters
        ----------
        X : DataFrame with one column, Series, list or array of shape (n,) or (n, 1)
            Cells; None, NaN, empty strings and empty lists are missing, a list holds several items.
        y : array of shape (n,), default=None
            Labels, as a Pipeline hands them on. Nothing is learned from them here, but they tell
            that somebody will learn from these rows.
        **_params : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        ndarray of shape (n, n_features_out_), float32
            As `transform` gives it.

        Raises
        ------
        CellError
            As in `transform`; with ``on_error="missing"`` and labels also if every cell is broken.
        """
        self.fit(X, y)
        return self._encode(X, learns=y is not None)

    def transform(self, X: Any) -> np.ndarray:
        """Encode cells, or find their vectors in the store.

        Parameters
        ----------
        X : DataFrame with one column, Series, list or array of shape (n,) or (n, 1)
            Cells; None, NaN, empty strings and empty lists are missing, a list holds several items.

        Returns
        -------
        ndarray of shape (n, n_features_out_), float32
            A vector a row; NaN where the cell is missing (or broken, with ``on_error="missing"``).
            With ``set_output(transform="pandas")`` a DataFrame.

        Raises
        ------
        CellError
            If a cell is broken and ``on_error="raise"``; the message names row, column and cause.
            Rows that were encoded before it are in the store already.
        WeightsNotFoundError, WeightsError
            If the weights are not there, or broken.
        """
        return self._encode(X)

    def _encode(self, X: Any, *, learns: bool = False) -> np.ndarray:
        self._check()
        cells = as_cells(X, self.modality)
        verify(self)
        run = ColumnRun(self, cells)
        out = run.rows()
        if learns:
            run.check_some_sound()
        self.n_encoded_, self.n_from_store_ = run.n_encoded, run.n_from_store
        if out is None:
            shape = (len(cells), self._width() * (self.steps or 1))
            out = np.full(shape, np.nan, dtype=np.float32)
        self.n_features_out_ = out.shape[1]
        run.warn()
        return out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: ``text__0`` …, or ``text__s0_0`` … with steps.

        Parameters
        ----------
        input_features : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        width = (
            self._width()
            if not hasattr(self, "n_features_out_")
            else self.n_features_out_ // (self.steps or 1)
        )
        return _names(self.modality, width, self.steps).copy()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.requires_fit = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    # -- identity

    def backbone(self) -> Backbone:
        """Find the backbone that `model` names; nothing is loaded.

        Returns
        -------
        Backbone
            Name, width, licence and source of the weights.

        Raises
        ------
        UnknownBackboneError
            If no backbone has this name.
        """
        return get_backbone(
            self.model,
            self.modality,
            revision=self.revision,
            local_files_only=self.local_files_only,
        )

    def fingerprint(self) -> str:
        """Identify the function from cell to vector: weights, pooling, steps, cleaning, precision.

        Not in it: batch size, device, threads, store. The arithmetic counts, because bfloat16 rows
        differ from float32 rows by more than the tolerance of 1e-4 within which a row does not
        depend on its batch.

        Returns
        -------
        str
            Name of the backbone and 16 hexadecimal digits.

        Raises
        ------
        WeightsNotFoundError
            If the weights must be read and are not there.

        Examples
        --------
        >>> from hybridsent import TextEncoder
        >>> TextEncoder().fingerprint() == TextEncoder(batch_size=8).fingerprint()
        True
        >>> TextEncoder().fingerprint() == TextEncoder(urls="drop").fingerprint()
        False
        """
        return self._identify(self.backbone())[0]

    def _identify(self, backbone: Backbone) -> tuple[str, dict[str, Any]]:
        """Give the fingerprint and what it was made of (kept beside the rows in the store)."""
        options = self._options()
        spec = {
            "format": FORMAT,
            "backbone": backbone.identity or backbone.name,
            "weights": backbone.digest(),
            "precision": self._precision(backbone),
            "cleaning": self._cleaning(),
            **options.for_fingerprint(),
        }
        digest = hashlib.blake2b(
            json.dumps(spec, sort_keys=True).encode(), digest_size=8
        ).hexdigest()
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", backbone.identity or backbone.name).strip("-.")[-60:]
        return f"{slug}-{digest}", {**spec, "name": backbone.name}

    def __getstate__(self) -> Any:
        """Keep what ``precision="auto"`` is here: another processor would compute other rows."""
        state = super().__getstate__()
        if self.precision != "auto" or not hasattr(self, "n_features_out_"):
            return state
        try:
            kept = self._precision(self.backbone())
        except (
            ImportError,
            OSError,
            ValueError,
        ):  # it can be kept without its weights
            return state
        return {"precision_": kept, **state}

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Load plugins first where it is unpickled: the backbone may be one of theirs."""
        reduced = super().__reduce_ex__(protocol)
        if not Loading.needed():
            return reduced
        return _behind, (Loading(), *reduced[:2]), *reduced[2:]

    def __setstate__(self, state: Any) -> None:
        """Give parameters that came after an encoder was kept what they were then: the defaults."""
        super().__setstate__(state)
        for name, parameter in signature(type(self)).parameters.items():
            if name not in self.__dict__ and parameter.default is not Parameter.empty:
                setattr(self, name, parameter.default)

    def _precision(self, backbone: Backbone) -> str:
        if self.precision == "float32" or not backbone.half_precision:
            return "float32"
        device = _runtime.resolve_device(self.device)
        fitted = getattr(self, "precision_", None)
        if self.precision != "auto" or fitted is None:
            auto = self.precision == "auto" and device == "cpu"
            return suited(backbone) if auto else _runtime.resolve_precision(self.precision, device)
        # what follows learned from these rows, here or on another machine
        return str(fitted) if _runtime.computes(fitted, device) else "float32"

    # -- helpers

    def _check(self) -> None:
        given = [getattr(self, name, None) for name in self._parameter_constraints]
        known = _checked.get(self, ())
        # for one row, scikit-learn's check takes longer than looking for the row
        if len(known) != len(given) or any(a is not b for a, b in zip(known, given, strict=True)):
            self._validate_params()
            _checked[self] = given
        if self.steps is not None and self.pooling == "cls":
            raise ValueError(
                f"The steps parameter of {type(self).__name__} must be None with pooling='cls', "
                "which reads one vector. "
                f"Got {self.steps!r}; use pooling='mean' or 'max'."
            )

    def _loaded(self, backbone: Backbone, device: str) -> Network:
        return _runtime.network_of(backbone, backbone.digest(), device, self._precision(backbone))

    def _network(self, backbone: Backbone, device: str | None = None) -> Network:
        network = self._loaded(backbone, device or _runtime.resolve_device(self.device))
        options = self._options()
        network.check(options)
        if options.long != "cut" and not network.reads_pieces:
            raise ValueError(
                f"The long parameter must be 'cut' for {backbone.name!r}, whose network reads no "
                f"pieces. Got {options.long!r}."
            )
        return network

    def _networks(self, backbone: Backbone, n_cells: int) -> list[Network]:
        """One network a device: several cards share many cells."""
        devices = _runtime.devices_for(_runtime.resolve_device(self.device), n_cells)
        return [self._network(backbone, device) for device in devices]

    def _width(self) -> int:
        """Tell the width of a vector: by the registry, the rows in the store, or the network."""
        backbone = self.backbone()
        projected = "projects" in backbone.options and not self._options().is_default
        if backbone.width is not None and not projected:
            return backbone.width
        stored = self._stored_width(backbone)
        if stored is not None:  # loading the network takes seconds, and may not be needed at all
            return stored // (self.steps or 1)
        return self._network(backbone).width_for(self._options())

    def _stored_width(self, backbone: Backbone) -> int | None:
        """Tell the width of the rows that the store has under this fingerprint."""
        store = resolve_store(self.store)
        if store is None:
            return None
        try:
            return store.width(self._identify(backbone)[0])
        except StoreError:  # which `transform` will tell of
            return None
