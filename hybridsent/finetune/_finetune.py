"""`finetune`: from a backbone and labels to a new backbone (layer L4)."""

from __future__ import annotations

import re
import time
from numbers import Integral, Real
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sklearn.base import clone
from sklearn.utils import check_random_state

from hybridsent._params import HasMethods, Interval, StrOptions, validate_parameter_constraints
from hybridsent.encoders import (
    Backbone,
    BaseEncoder,
    get_backbone,
    list_backbones,
    register_backbone,
)
from hybridsent.encoders._tuned import backbone_at, identify
from hybridsent.finetune._data import Data, check_source
from hybridsent.finetune._result import FineTuned, check_empty, new_folder, place
from hybridsent.finetune._run import RATES, Run
from hybridsent.finetune._targets import LOSSES, loss_of, task_of
from hybridsent.finetune._watched import not_kept
from hybridsent.finetune._write import write_folder
from hybridsent.media import get_modality, list_modalities

__all__ = [
    "CONSTRAINTS",
    "check_order",
    "encoder_of",
    "finetune",
    "register_tuned",
    "settings_of_source",
    "shown",
    "tune",
]

CONSTRAINTS: dict[str, list[Any]] = {
    "backbone": [str, FineTuned, HasMethods(["fingerprint", "backbone"])],
    "modality": [None, str],  # of those that are known when it is called
    "how": [StrOptions(set(RATES))],
    "n_layers": [Interval(Integral, 1, None, closed="left")],
    "rank": [Interval(Integral, 1, None, closed="left")],
    "task": [StrOptions(set(LOSSES))],
    "loss": [StrOptions({"auto", *(loss for some in LOSSES.values() for loss in some)})],
    "temperature": [Interval(Real, 0, None, closed="neither")],
    "alignment": [StrOptions({"info_nce", "coral"})],
    "target_weight": [Interval(Real, 0, None, closed="left")],
    "source_weight": [Interval(Real, 0, None, closed="left")],
    "alignment_weight": [Interval(Real, 0, None, closed="left")],
    "source_first": ["boolean"],
    "source_epochs": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "epochs": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "batch_size": [Interval(Integral, 2, None, closed="left")],
    "micro_batch_size": [None, Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    "layer_decay": [Interval(Real, 0, 1, closed="right")],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "warm_up": [Interval(Real, 0, 1, closed="left")],
    "clip": [None, Interval(Real, 0, None, closed="neither")],
    "held_out": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
    "patience": [Interval(Integral, 1, None, closed="left")],
    "device": [str],
    "precision": [StrOptions({"auto", "float32", "bfloat16", "float16"})],
    "name": [None, str],
    "folder": [None, str, HasMethods(["__fspath__"])],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}


def finetune(
    backbone: str | BaseEncoder | FineTuned,
    X: Any,
    y: Any,
    *,
    task: str = "classification",
    modality: str | None = None,
    groups: Any = None,
    source: tuple[Any, Any] | None = None,
    source_first: bool = False,
    source_epochs: int | str = "auto",
    paired: Any = None,
    how: str = "full",
    n_layers: int = 2,
    rank: int = 8,
    loss: str = "auto",
    temperature: float = 0.1,
    alignment: str = "info_nce",
    target_weight: float = 1.0,
    source_weight: float = 1.0,
    alignment_weight: float = 1.0,
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
    name: str | None = None,
    folder: str | Path | None = None,
    random_state: Any = None,
    verbose: bool | int = False,
) -> FineTuned:
    r"""Train a pretrained network on labelled cells; the result is a new backbone.

    Minimised is

    .. math:: w_T L(\text{target}) + w_S L(\text{source}) + w_A A(\text{pairs})

    L is the supervised contrastive loss of the vectors (rows of one class are near each other,
    those of others far), or the loss of a linear head, which starts as a linear probe on the frozen
    vectors: the cross-entropy of classes, the mean of those of each label of sets (both start as
    logistic regressions), or the squared error of standardised numbers (as ridge regression). A is
    the distance between the vectors, linearly projected (at first by ridge regression), and the
    whitened frozen features of another modality of the same rows.

    Solved by AdamW over the network's own passes, in evaluation mode (no dropout; batch norm keeps
    its statistics), with linear warm-up and decay. Cells are read, prepared and pooled exactly as
    the encoder does.

    Parameters
    ----------
    backbone : str, BaseEncoder or FineTuned
        A name as in ``TextEncoder(name)``, or an encoder, whose cleaning, pooling, layer and length
        are then those of the training, too; or what was tuned before, to go on from it.
    X : column
        Cells of the target domain; rows with a missing cell are left out.
    y : array-like of shape (n,)
        Their labels; the number -1 for none (such rows take part only through `paired`). With
        ``task="regression"`` numbers, NaN for none; with ``task="multilabel"`` sets of labels:
        texts such as ``"joy|anger"`` (``"|"`` is the empty set, an empty text is none), lists, or a
        matrix of 0 and 1 of shape (n, n_labels).
    task : {"classification", "regression", "multilabel"}, default="classification"
        What y is: classes, numbers or sets of labels.
    modality : str, default=None
        Name of the modality that the backbone reads, such as ``"text"``; needed for names of the
        family ``hf:``.
    groups : array-like of shape (n,), default=None
        Rows of one group (a speaker, a thread) are held out together.
    source : tuple of (column, array-like), default=None
        Cells and labels of a source domain. Beside the target its labels are those of y, numbers on
        the same scale.
    source_first : bool, default=False
        Whether the source is a task of its own, which is learned before the target, with a head
        and labels of its own (classes, numbers or sets, whatever those of the target are). Else
        both are learned at once.
    source_epochs : int or "auto", default="auto"
        Most passes over a source that comes first, as `epochs` is for the target.
    paired : array-like of shape (n, q), default=None
        Frozen features of another modality of the rows of X; rows with NaN have none.
    how : {"full", "last", "lora"}, default="full"
        Train all weights, those of the last layers, or matrices of low rank beside all linear
        layers (needs peft), which are added to the weights at the end.
    n_layers : int, default=2
        Layers that ``how="last"`` trains.
    rank : int, default=8
        Rank for ``how="lora"``.
    loss : {"auto", "contrastive", "cross_entropy", "squared"}, default="auto"
        Loss of labelled rows; ``"auto"`` is contrastive for classes, squared for numbers, which
        have no other, and cross_entropy for sets, which have no other.
    temperature : float, default=0.1
        Of the contrasts.
    alignment : {"info_nce", "coral"}, default="info_nce"
        Loss of pairs: each row with its own pair, or covariance with covariance.
    target_weight, source_weight, alignment_weight : float, default=1.0
        Weights of the losses.
    epochs : int or "auto", default="auto"
        Most passes over the labelled rows of the target; ``"auto"`` is about 50 steps, in 3 to 30
        passes.
    batch_size : int, default=32
        Labelled rows a step, of each domain. Contrastive batches hold as many rows of each class.
    micro_batch_size : int, default=None
        Rows whose gradients are in memory at once. The step is that of the whole batch (gradients
        are accumulated through cached vectors), for a second forward pass.
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
        labelled rows on, else 0: few labels teach more than they tell.
    patience : int, default=3
        Epochs without a better loss of the held-out rows before it stops. The best epoch counts,
        and that may be the frozen network.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Arithmetic of the products of matrices; ``"auto"`` is the fastest that the device has. The
        weights are float32 throughout.
    name : str, default=None
        Part of the new name after ``+``, as in ``"text/minilm-l6+reviews"``; None for the first
        digits of its hash.
    folder : str or path, default=None
        Where the files are written, an empty or new folder; None for one that lasts as long as the
        process (see `FineTuned.save`).
    random_state : int, RandomState instance or None, default=None
        Orders the rows, draws the held-out part and the first matrices of lora.
    verbose : bool or int, default=False
        Whether to show a progress bar.

    Returns
    -------
    FineTuned
        The new backbone, its head, its history.

    Raises
    ------
    ValueError
        If a parameter or the labels are not as described, the labels or the loss are not those of
        the task, the backbone has no weights to train, or the loss is not finite.
    CellError
        If a cell is broken.
    FileExistsError
        If the folder holds something.

    See Also
    --------
    hybridsent.encoders.TextEncoder : Uses the result: ``TextEncoder("tuned:FOLDER")``.

    References
    ----------
    Khosla et al. (2020), Supervised contrastive learning; Tunstall et al. (2022), Efficient
    few-shot learning without prompts; Gao et al. (2021), Scaling deep contrastive learning batch
    size under memory limited setup; Hu et al. (2022), LoRA.

    Examples
    --------
    >>> from hybridsent.finetune import finetune
    >>> texts, labels = ["lovely", "so good", "awful", "so bad"], [1, 1, 0, 0]
    >>> tuned = finetune("text/minilm-l6", texts, labels, how="last", epochs=1, random_state=0)
    >>> tuned.backbone.modality, tuned.backbone.width, tuned.classes_
    ('text', 384, array([0, 1]))
    >>> scores = [1.4, 2.0, -1.8, -2.6]
    >>> some = {"task": "regression", "how": "last", "epochs": 1, "random_state": 0}
    >>> finetune("text/minilm-l6", texts, scores, **some).coef_.shape
    (1, 384)
    """
    started = time.perf_counter()
    settings = {key: value for key, value in locals().items() if key in CONSTRAINTS}
    known = [None, StrOptions({each.name for each in list_modalities()})]
    constraints = {**CONSTRAINTS, "modality": known}
    validate_parameter_constraints(constraints, settings, caller_name="finetune")
    settings["loss"] = loss_of(task, loss)
    encoder = encoder_of(backbone, modality)
    if name is not None:
        _check_name(encoder.backbone(), name)
    if folder is not None:
        folder = Path(folder).expanduser()
        check_empty(folder)
    settings["seed"] = int(check_random_state(random_state).randint(2**31 - 1))
    check_order(settings, source)
    named = encoder.backbone()
    if source is not None and source_first:
        with not_kept():
            first = tune(encoder, settings_of_source(settings, source), source[0], source[1])
        encoder = first.encoder(store=encoder.store)
        settings["source_history"] = first.history
        source = None
    told = {"groups": groups, "source": source, "paired": paired}
    made = tune(encoder, settings, X, y, **told, started=started)
    if folder is not None:
        made.folder = place(made.folder, folder)
    made.backbone = register_tuned(made.folder, named, name)
    return made


def tune(
    encoder: BaseEncoder,
    settings: dict[str, Any],
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    source: Any = None,
    paired: Any = None,
    started: float | None = None,
) -> FineTuned:
    """Train, and write the network into a temporary folder; no name is registered.

    Parameters
    ----------
    encoder : BaseEncoder
        Names the backbone, and tells how cells are read.
    settings : dict of str to object
        Parameters of `finetune`, checked, with ``seed``.
    X, y, groups, source, paired
        As in `finetune`; `source` is learned beside the target.
    started : float, default=None
        When the user's call began; None is now.

    Returns
    -------
    FineTuned
        Its backbone has no name but that of its folder.
    """
    started = time.perf_counter() if started is None else started
    base, task = encoder.backbone(), settings["task"]
    run = Run(encoder, SimpleNamespace(**settings))
    data = Data(encoder, run.network, X, y, groups=groups, source=source, paired=paired, task=task)
    if settings["loss"] == "contrastive":
        data.check_contrast()
    run.train(data)
    coef, intercept = run.head(data)
    made = new_folder()
    told = {"settings": shown(settings), "labels": data.classes, "history": run.history}
    if "source_history" in settings:
        told["source_history"] = settings["source_history"]
    write_folder(made, run.network, base, told)
    return FineTuned(
        backbone=backbone_at(made, f"tuned:{made}"),
        folder=made,
        classes_=data.classes,
        coef_=coef,
        intercept_=intercept,
        history=run.history,
        n_trained=run.n_trained,
        n_rows=len(run.learned),
        seconds=time.perf_counter() - started,
        device=run.device,
        precision=run.precision,
        base=encoder,
        task=task,
    )


def check_order(settings: dict[str, Any], source: Any) -> None:
    """Refuse settings of a source that nothing would read.

    Parameters
    ----------
    settings : dict of str to object
        Parameters of `finetune`.
    source : tuple or None
        The source.

    Raises
    ------
    ValueError
        If there is none to come first, or a setting is for the other order.
    """
    if not settings["source_first"]:
        if settings["source_epochs"] != "auto":
            raise ValueError(
                "source_epochs must be left alone unless a source comes first. Got "
                f"{settings['source_epochs']!r}; pass source=(cells, labels) and source_first=True."
            )
        return
    if source is None:
        raise ValueError(
            "source_first must be False without a source. Got True; pass source=(cells, labels)."
        )
    if settings["source_weight"] != 1.0:
        raise ValueError(
            "source_weight must be left alone with source_first=True: the source is a training of "
            f"its own. Got {settings['source_weight']!r}; pass source_first=False to learn both at "
            "once, or set source_epochs."
        )


def settings_of_source(settings: dict[str, Any], source: Any) -> dict[str, Any]:
    """Give the settings of a source task that comes first: its own labels tell its task.

    Parameters
    ----------
    settings : dict of str to object
        Those of the target.
    source : tuple of (column, array-like)
        Cells and labels.

    Returns
    -------
    dict of str to object
        The same ones, with the task, the epochs, and the loss of the source.

    Raises
    ------
    ValueError
        If the source is no such tuple.
    """
    check_source(source)
    task = task_of(source[1])
    loss = settings["loss"] if settings["loss"] in LOSSES[task] else loss_of(task, "auto")
    return {**settings, "task": task, "loss": loss, "epochs": settings["source_epochs"]}


def encoder_of(backbone: Any, modality: str | None) -> BaseEncoder:
    """Give a copy of the encoder, or the one that reads what a name names.

    Parameters
    ----------
    backbone : str, BaseEncoder or FineTuned
        As `finetune` takes it.
    modality : str or None
        What it reads, where a name does not tell.

    Returns
    -------
    BaseEncoder
        Its parameters are checked.

    Raises
    ------
    ValueError
        If it reads another modality.
    """
    if isinstance(backbone, FineTuned):
        backbone = backbone.encoder()
    if not isinstance(backbone, str):
        if modality not in (None, backbone.modality):
            raise ValueError(
                f"modality must be that of the encoder, {backbone.modality!r}, or None. "
                f"Got {modality!r}."
            )
        encoder: BaseEncoder = clone(backbone)
        encoder._check()
        return encoder
    if modality is None:
        modality = get_backbone(backbone).modality
    found: BaseEncoder = get_modality(modality).encoder_class()(backbone)
    return found


def _stem(base: Backbone) -> str:
    """Name of what was tuned, as part of a new name: of a tuned one, that of its own base."""
    name = base.name.partition("+")[0] if base.name.startswith(f"{base.modality}/") else ""
    if not name:
        told = re.sub(r"[^A-Za-z0-9.]+", "-", base.name.rpartition("/")[2]).strip("-.")
        name = f"{base.modality}/{told or 'network'}"
    return name


def _check_name(base: Backbone, name: str) -> None:
    """Refuse a name that is not one, or that is taken by what is no tuned backbone."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ValueError(f"name must be made of letters, digits, '.', '_' and '-'. Got {name!r}.")
    whole = f"{_stem(base)}+{name}"
    taken = [one for one in list_backbones() if one.name == whole]
    if taken and not str(taken[0].identity).startswith("tuned-"):
        raise ValueError(f"name must be new. {whole!r} is registered already; choose another.")


def register_tuned(folder: Path, base: Backbone, name: str | None) -> Backbone:
    """Make a tuned backbone known in this process; a later one may take over its name.

    Parameters
    ----------
    folder : Path
        Where its files are.
    base : Backbone
        What it was made from.
    name : str or None
        Part of its name after ``+``.

    Returns
    -------
    Backbone
        The new one.
    """
    digest = identify(backbone_at(folder, "a tuned backbone"))
    made = backbone_at(folder, f"{_stem(base)}+{name or digest[:8]}")
    register_backbone(made, replace=True)
    return made


def shown(settings: dict[str, Any]) -> dict[str, Any]:
    """Keep the settings that can be written down; where it was written says nothing of it.

    Parameters
    ----------
    settings : dict of str to object
        Parameters.

    Returns
    -------
    dict of str to object
        What JSON can hold.
    """
    plain = {key: value for key, value in settings.items() if key not in ("folder", "backbone")}
    return {
        key: value
        for key, value in plain.items()
        if value is None or isinstance(value, str | int | float)
    }
