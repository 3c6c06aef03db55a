"""`FineTunedEncoder`: an encoder that is tuned on the rows of each fit (layer L4)."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridsent._frames import NamedOutput
from hybridsent._numerics.devices import resolve_device
from hybridsent._params import Interval, StrOptions, validate_parameter_constraints
from hybridsent._tags import with_capabilities
from hybridsent.encoders import BaseEncoder
from hybridsent.encoders._runtime import resolve_precision
from hybridsent.finetune._finetune import (
    CONSTRAINTS,
    check_order,
    encoder_of,
    settings_of_source,
    tune,
)
from hybridsent.finetune._kept import Weights, kept, key_of, read_history
from hybridsent.finetune._result import FineTuned
from hybridsent.finetune._targets import loss_of
from hybridsent.media import list_modalities

__all__ = ["FineTunedEncoder"]

_SETTINGS = (
    "task",
    "how",
    "n_layers",
    "rank",
    "loss",
    "temperature",
    "source_first",
    "source_epochs",
    "source_weight",
    "epochs",
    "batch_size",
    "micro_batch_size",
    "learning_rate",
    "layer_decay",
    "weight_decay",
    "warm_up",
    "clip",
    "held_out",
    "patience",
)
_FIXED = {"alignment": "info_nce", "target_weight": 1.0, "alignment_weight": 1.0}
"""Settings of what takes part in no fit of an encoder: pairs."""

_held: WeakKeyDictionary[Any, Weights] = WeakKeyDictionary()
"""The weights of fitted encoders: no parameter, and no part of what `hybridsent.save` writes."""


class FineTunedEncoder(NamedOutput, BaseEstimator):
    """Tune a copy of a backbone on the rows of `fit`, and encode with it.

    `finetune` as a transformer of scikit-learn: in a pipeline that is cross-validated each fold
    tunes a network of its own on its own training rows, so that its scores are honest. It stands
    wherever a frozen encoder may: alone before a classifier, or as a view of
    `hybridsent.make_fusion`, where its name is ``"tune:BACKBONE"``.

    The same rows, labels, settings and seed are tuned once: a search over the settings of a
    classifier, and the models of single views beside a fusion, find the weights of the fold.

    Parameters
    ----------
    backbone : str, BaseEncoder or FineTuned
        What is tuned: a name as in ``TextEncoder(name)``; an encoder, whose cleaning, pooling,
        layer and length are then those of the training, too; or what was tuned before.
    task : {"classification", "regression", "multilabel"}, default="classification"
        What y is: classes, numbers or sets of labels.
    modality : str, default=None
        Name of the modality that the backbone reads; needed for names of the family ``hf:``.
    source : tuple of (column, array-like), default=None
        Cells and labels of a source domain, such as a public corpus. All folds share what was
        tuned on it.
    source_first : bool, default=True
        Whether the source is a task of its own, with labels of its own, that is learned before the
        target; else both are learned at once, as in `finetune`.
    source_epochs : int or "auto", default="auto"
        Most passes over a source that comes first.
    source_weight : float, default=1.0
        Weight of the loss of a source that is learned beside the target.
    how : {"full", "last", "lora"}, default="full"
        Train all weights, those of the last layers, or matrices of low rank beside all linear
        layers (needs peft).
    n_layers : int, default=2
        Layers that ``how="last"`` trains.
    rank : int, default=8
        Rank for ``how="lora"``.
    loss : {"auto", "contrastive", "cross_entropy", "squared"}, default="auto"
        Loss of labelled rows, as in `finetune`.
    temperature : float, default=0.1
        Of the contrasts.
    epochs : int or "auto", default="auto"
        Most passes over the labelled rows; ``"auto"`` is about 50 steps, in 3 to 30 passes.
    batch_size : int, default=32
        Labelled rows a step.
    micro_batch_size : int, default=None
        Rows whose gradients are in memory at once.
    learning_rate : float or "auto", default="auto"
        Largest rate; ``"auto"`` is 5e-5, 1e-4 and 5e-4 for full, last and lora.
    layer_decay : float, default=1.0
        Factor of the rate from a layer to the one before it.
    weight_decay : float, default=0.01
        Of AdamW, for matrices.
    warm_up : float, default=0.1
        Share of the steps in which the rate grows.
    clip : float, default=1.0
        Longest gradient of a step; None for any.
    held_out : float or "auto", default="auto"
        Share of the labelled rows that only tell when to stop; ``"auto"`` is 0.1 from a thousand
        labelled rows on, else 0.
    patience : int, default=3
        Epochs without a better loss of the held-out rows before it stops.
    device : str, default="auto"
        Where it is trained and encodes: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or
        ``"mps"``.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Arithmetic of the training, as in `finetune`. The features are computed in that which the
        backbone itself has on this processor.
    store : None, str, path or store, default=None
        Where the tuned features are kept. None keeps none: the network of a fold is used for this
        fold alone, and its rows would fill the user's store for ever.
    folder : str or path, default=None
        A folder of the user's, in which the weights of each fit have a folder of their own, and are
        found again by later processes and runs. None is a temporary one, which goes with the last
        estimator that uses it.
    on_error : {"raise", "missing"} or None, default=None
        What a broken cell does: an error that names it, or a row of NaN and one warning; None is
        what the encoder does.
    random_state : int, default=0
        Orders the rows, and draws the held-out part and the first matrices of lora.
    verbose : bool or int, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    encoder_ : BaseEncoder
        The encoder over the tuned network: its model is ``"tuned:FOLDER"``.
    history_ : list of dict
        An entry an epoch, as `FineTuned.history`.
    found_ : bool
        Whether the weights for these rows were there already.
    n_features_out_ : int
        Columns of the output.

    See Also
    --------
    finetune : The same, once: a new backbone.
    hybridsent.TextEncoder : A frozen encoder.

    Notes
    -----
    In a temporary folder the weights travel with a pickle, and with it alone: `hybridsent.save`
    writes no weights of networks. A model that is to be saved has ``folder=``, and is loaded with
    ``load(path, paths=[FOLDER])``. Processes of joblib tune for themselves; with ``folder=`` they
    find what another one has tuned.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent.finetune import FineTunedEncoder
    >>> texts = ["lovely", "so good", "what a day", "awful", "so bad", "never again"]
    >>> encoder = FineTunedEncoder("text/minilm-l6", how="last", epochs=1)
    >>> model = make_pipeline(encoder, LogisticRegression())  # cross_val_score(model, …) is honest
    >>> model.fit(texts, [1, 1, 1, 0, 0, 0]).predict(texts).shape
    (6,)
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "backbone": CONSTRAINTS["backbone"],
        "modality": CONSTRAINTS["modality"],
        "source": [tuple, None],
        **{name: CONSTRAINTS[name] for name in (*_SETTINGS, "device", "precision", "folder")},
        "store": BaseEncoder._parameter_constraints["store"],
        "on_error": [None, StrOptions({"raise", "missing"})],
        "random_state": [Interval(Integral, 0, 2**31 - 1, closed="both")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        backbone: str | BaseEncoder | FineTuned,
        *,
        task: str = "classification",
        modality: str | None = None,
        source: tuple[Any, Any] | None = None,
        source_first: bool = True,
        source_epochs: int | str = "auto",
        source_weight: float = 1.0,
        how: str = "full",
        n_layers: int = 2,
        rank: int = 8,
        loss: str = "auto",
        temperature: float = 0.1,
        epochs: int | str = "auto",
        batch_size: int = 32,
        micro_batch_size: int | None = None,
        learning_rate: float | str = "auto",
        layer_decay: float = 1.0,
        weight_decay: float = 0.01,
        warm_up: float = 0.1,
        clip: float | None = 1.0,
        held_out: float | str = "auto",
        patience: int = 3,
        device: str = "auto",
        precision: str = "auto",
        store: Any = None,
        folder: str | Path | None = None,
        on_error: str | None = None,
        random_state: int = 0,
        verbose: bool | int = False,
    ) -> None:
        self.backbone = backbone
        self.task = task
        self.modality = modality
        self.source = source
        self.source_first = source_first
        self.source_epochs = source_epochs
        self.source_weight = source_weight
        self.how = how
        self.n_layers = n_layers
        self.rank = rank
        self.loss = loss
        self.temperature = temperature
        self.epochs = epochs
        self.batch_size = batch_size
        self.micro_batch_size = micro_batch_size
        self.learning_rate = learning_rate
        self.layer_decay = layer_decay
        self.weight_decay = weight_decay
        self.warm_up = warm_up
        self.clip = clip
        self.held_out = held_out
        self.patience = patience
        self.device = device
        self.precision = precision
        self.store = store
        self.folder = folder
        self.on_error = on_error
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, groups: Any = None) -> FineTunedEncoder:
        """Tune a copy of the backbone on the labelled rows whose cell is there.

        Parameters
        ----------
        X : DataFrame with one column, Series, list or array of shape (n,) or (n, 1)
            Cells; None, NaN and empty strings are missing.
        y : array-like of shape (n,), default=None
            Labels, as in `finetune`, which must be there; rows may be without one.
        groups : array-like of shape (n,), default=None
            Rows of one group are held out together.

        Returns
        -------
        self
            The fitted transformer.

        Raises
        ------
        ValueError
            If there are no labels, or `finetune` refuses them or a parameter.
        CellError
            If a cell is broken and ``on_error="raise"``.
        """
        if y is None:
            raise ValueError(
                "FineTunedEncoder must be given labels: it tunes a network on them. Got y=None; a "
                "frozen encoder, such as TextEncoder, needs none."
            )
        encoder, settings = self._checked()
        home = None if self.folder is None else Path(self.folder).expanduser()
        source = self.source
        if source is not None and self.source_first:
            first = self._kept(encoder, settings_of_source(settings, source), source, home)[0]
            encoder = self._over(encoder, first)
            source = None
        weights, self.found_ = self._kept(
            encoder, settings, (X, y), home, groups=groups, source=source
        )
        _held[self] = weights
        self.encoder_ = self._over(encoder, weights)
        self.history_ = read_history(weights.folder)
        self.n_features_out_ = self.encoder_._width() * (self.encoder_.steps or 1)
        return self

    def fit_transform(self, X: Any, y: Any = None, groups: Any = None) -> np.ndarray:
        """Tune, and encode the same rows.

        Parameters
        ----------
        X, y, groups
            As in `fit`.

        Returns
        -------
        ndarray of shape (n, n_features_out_), float32
            As `transform` gives it.
        """
        found: np.ndarray = self.fit(X, y, groups).transform(X)
        return found

    def transform(self, X: Any) -> np.ndarray:
        """Encode cells with the tuned network.

        Parameters
        ----------
        X : DataFrame with one column, Series, list or array of shape (n,) or (n, 1)
            Cells; None, NaN and empty strings are missing.

        Returns
        -------
        ndarray of shape (n, n_features_out_), float32
            A vector a row; NaN where the cell is missing (or broken, with ``on_error="missing"``).
            With ``set_output(transform="pandas")`` a DataFrame.

        Raises
        ------
        CellError
            If a cell is broken and ``on_error="raise"``.
        WeightsNotFoundError
            If the weights went with the process or the folder in which they were tuned.
        """
        check_is_fitted(self)
        return np.asarray(self.encoder_._encode(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: ``text__0`` and so on.

        Parameters
        ----------
        input_features : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        return self.encoder_.get_feature_names_out()

    def frozen_encoder(self) -> BaseEncoder:
        """Give the encoder whose network is tuned, on a copy.

        Returns
        -------
        BaseEncoder
            A clone of `backbone`, or the encoder over what it names.
        """
        encoder = encoder_of(self.backbone, self.modality)
        given = {"device": self.device, "on_error": self.on_error, "store": self.store}
        left = {"device": "auto", "on_error": None}  # what the encoder has, where nothing is said
        encoder.set_params(**{k: v for k, v in given.items() if k not in left or v != left[k]})
        return encoder

    # -- what is tuned, and where it is

    def _checked(self) -> tuple[BaseEncoder, dict[str, Any]]:
        """Check the parameters, and give the frozen encoder and the settings of a training."""
        self._validate_params()
        known = [None, StrOptions({each.name for each in list_modalities()})]
        validate_parameter_constraints(
            {"modality": known}, {"modality": self.modality}, caller_name=type(self).__name__
        )
        settings = {name: getattr(self, name) for name in _SETTINGS} | _FIXED
        settings["loss"] = loss_of(self.task, self.loss)
        encoder = self.frozen_encoder()
        if self.source is None:  # the default order says nothing where there is no source
            settings["source_first"] = False
        check_order(settings, self.source)
        settings["device"] = resolve_device(encoder.device)
        settings["precision"] = resolve_precision(self.precision, settings["device"])
        settings["seed"] = int(self.random_state)
        return encoder, settings

    def _kept(
        self,
        encoder: BaseEncoder,
        settings: Mapping[str, Any],
        domain: tuple[Any, Any],
        home: Path | None,
        *,
        groups: Any = None,
        source: Any = None,
    ) -> tuple[Weights, bool]:
        """Find the weights for these rows, or tune."""
        rows = [(*domain, groups), *([] if source is None else [(*source, None)])]

        def make() -> Path:
            told = {**settings, "verbose": self.verbose}
            return tune(encoder, told, *domain, groups=groups, source=source).folder

        return kept(key_of(encoder, settings, rows), make, home)

    def _over(self, encoder: BaseEncoder, weights: Weights) -> BaseEncoder:
        """Give an encoder over tuned weights, in the arithmetic that suits what was tuned."""
        return FineTuned.over(
            encoder, weights.folder, precision=encoder._precision(encoder.backbone())
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Let the weights travel with a pickle."""
        reduced = super().__reduce_ex__(protocol)
        if self not in _held:
            return reduced
        state = {**reduced[2], "_weights": _held[self]}
        return (*reduced[:2], state, *reduced[3:])

    def __setstate__(self, state: Any) -> None:
        """Take over weights that came with a pickle."""
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is not None:
            _held[self] = weights
            self.encoder_.set_params(model=f"tuned:{weights.folder}")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []
        return with_capabilities(tags, takes_unlabelled=True)
