"""TextEncoder (layer L2)."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

from hybridsent._params import Interval, StrOptions
from hybridsent.encoders._base import BaseEncoder
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._own_cleaning import (
    function_of,
    identity_of,
    remember,
    travels_by_value,
)
from hybridsent.media import get_modality, text_version
from hybridsent.media.text import POLICIES

if TYPE_CHECKING:
    from hybridsent.encoders._own_cleaning import Clean

__all__ = ["TextEncoder"]

_IDENTITY = "clean_identity_"
"""In the state of a pickled encoder: what a function does that travels with it."""


class TextEncoder(BaseEncoder):
    """Turn texts into vectors with a frozen pretrained language model.

    Each distinct text is cleaned, cut into tokens and encoded once, in batches of similar length;
    the vector is then found in the feature store by every fold, grid point, process and later run.
    The encoder learns nothing from the data.

    A cell may be a list of texts: its row is the mean of their vectors, or with `steps` they are
    the segments.

    Parameters
    ----------
    model : str, default="text/bge-small-en"
        A registered backbone (`list_backbones`), ``"hf:NAME"`` for a repository or a local
        folder of the transformers library, or ``"tuned:FOLDER"`` for one of `hybridsent.finetune`.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Arithmetic; ``"float32"`` for exact values, ``"auto"`` for the fastest that is near them on
        the device.
    batch_size : int or "auto", default="auto"
        Texts a batch; ``"auto"`` fills batches by tokens. Where memory runs out a batch is halved.
    steps : int, default=None
        Give this many pooled segments (columns ``text__s0_0`` …) instead of one vector.
    store : str, path, FeatureStore or None, default="default"
        Where vectors are kept; ``"default"`` is the folder named by ``HYBRIDSENT_STORE`` or a cache
        folder, None keeps nothing.
    on_error : {"raise", "missing"}, default="raise"
        What a broken cell does: an error that names it, or a row of NaN and one warning. A broken
        item of several is then left out, as a missing one is.
    n_jobs : int, default=None
        Threads that read cells, and on the CPU encode them; None and -1 take every core given to
        the process (joblib gives each of its workers a part).
    verbose : bool, default=False
        Whether to show a progress bar.
    pooling : {"auto", "mean", "cls", "max"}, default="auto"
        From token vectors to one; ``"auto"`` is what the model was trained with, else the mean.
    layer : int, default=-1
        Hidden layer to read; -1 is the last.
    max_length : int, default=None
        Most tokens read of a text at once; None for what the model was trained with.
    long : {"cut", "mean"}, default="cut"
        What becomes of the rest of a longer text: it is cut off, or read as well, in pieces of
        `max_length` tokens, whose vectors are pooled as those of one text: the mean over the tokens
        of all pieces (with ``pooling="cls"`` of their first tokens, by length), with `steps` in
        segments over all of them. The time of reading grows with the texts.
    revision : str, default=None
        Branch, tag or commit of a hub repository.
    local_files_only : bool, default=True
        Whether to stay off the network. False lets a missing repository be downloaded.
    unicode : {"NFC", "NFKC"} or None, default="NFC"
        Unicode normalisation.
    urls : {"keep", "token", "drop"}, default="keep"
        Links; ``"token"`` writes ``http``.
    mentions : {"keep", "token", "drop"}, default="keep"
        ``@name``; ``"token"`` writes ``@user``.
    hashtags : {"keep", "split", "drop"}, default="keep"
        ``#LoveThis``; ``"split"`` writes the words.
    emoji : {"keep", "name", "drop"}, default="keep"
        ``"name"`` writes their Unicode names, as this version of Python knows them.
    elongation : {"keep", "shorten"}, default="keep"
        ``"shorten"`` writes ``soooo`` as ``soo``.
    clean : callable, str or None, default=None
        A function of one's own, str → str, or its name as ``"module:function"``, by which workers,
        saved models and the command line find it. It comes before the policies above. Vectors are
        stored under its attribute ``version`` (``clean.version = 2``), or else a hash of its source
        and of what it reads in its module. It may be called in several threads.

    Attributes
    ----------
    n_features_out_ : int
        Columns of the output.
    precision_ : {"float32", "bfloat16", "float16"}
        Of an encoder that was pickled or saved: what ``precision="auto"`` was there. It stays so on
        another machine, where that computes it; else rows are float32, with a warning.
    n_encoded_ : int
        Distinct cells, or items of cells, that the last `transform` encoded.
    n_from_store_ : int
        Distinct cells, or items of cells, that the last `transform` found in the store.

    See Also
    --------
    ImageEncoder : The same for pictures.
    AudioEncoder : The same for sound.
    hybridsent.make_features : All modalities of a table at once.

    Notes
    -----
    A vector does not depend on the batch it travelled in: within 1e-4 of its largest value in
    float32 and 2e-2 in 16 bits (the size of a batch changes the order of sums).

    References
    ----------
    Reimers, Gurevych: Sentence-BERT, EMNLP 2019 (mean pooling over tokens).

    Examples
    --------
    >>> from hybridsent import TextEncoder
    >>> X = TextEncoder().fit_transform(["What a lovely day", None, "I want my money back"])
    >>> X.shape, X.dtype
    ((3, 384), dtype('float32'))
    """

    modality = "text"
    window = 4096  # texts are small: a wide window sorts well by length
    slice = 8192
    threads = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseEncoder._parameter_constraints,
        "max_length": [None, Interval(Integral, 3, None, closed="left")],
        "long": [StrOptions({"cut", "mean"})],
        **{name: [StrOptions(set(choices))] for name, choices in POLICIES.items()},
        "unicode": [None, StrOptions(set(POLICIES["unicode"]))],
        "clean": [None, str, callable],
    }

    def __init__(
        self,
        model: str = "text/bge-small-en",
        *,
        device: str = "auto",
        precision: str = "auto",
        batch_size: int | str = "auto",
        steps: int | None = None,
        store: Any = "default",
        on_error: str = "raise",
        n_jobs: int | None = None,
        verbose: bool = False,
        pooling: str = "auto",
        layer: int = -1,
        max_length: int | None = None,
        long: str = "cut",
        revision: str | None = None,
        local_files_only: bool = True,
        unicode: str | None = "NFC",
        urls: str = "keep",
        mentions: str = "keep",
        hashtags: str = "keep",
        emoji: str = "keep",
        elongation: str = "keep",
        clean: str | Clean | None = None,
    ) -> None:
        self.model = model
        self.device = device
        self.precision = precision
        self.batch_size = batch_size
        self.steps = steps
        self.store = store
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.pooling = pooling
        self.layer = layer
        self.max_length = max_length
        self.long = long
        self.revision = revision
        self.local_files_only = local_files_only
        self.unicode = unicode
        self.urls = urls
        self.mentions = mentions
        self.hashtags = hashtags
        self.emoji = emoji
        self.elongation = elongation
        self.clean = clean

    def __getstate__(self) -> Any:
        """Tell what a function does that is sent by value: its source stays here."""
        state = super().__getstate__()
        if not travels_by_value(self.clean):
            return state
        return {**state, _IDENTITY: identity_of(self.clean)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        identity = state.pop(_IDENTITY, None)
        super().__setstate__(state)
        if identity is not None and travels_by_value(self.clean):
            remember(self.clean, identity)

    def _policy(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in POLICIES}

    def _read(self, cell: Any, network: Network) -> str:
        own = None if self.clean is None else function_of(self.clean)
        cleaned: str = get_modality(self.modality).clean(cell, clean=own, **self._policy())
        return cleaned

    def _size(self, cell: Any) -> int:
        return len(cell)

    def _cleaning(self) -> dict[str, Any]:
        own = {} if self.clean is None else {"clean": identity_of(self.clean)}
        policy = self._policy()
        kept = {policy[name] for name in ("urls", "mentions", "hashtags", "elongation")} == {"keep"}
        return {"version": text_version(self.emoji, rewrites=not kept), **policy, **own}

    def _options(self) -> Options:
        return Options(self.pooling, self.layer, self.steps, self.max_length, self.long)
