"""`finetune_views`: the networks of several views of the same rows, tuned together (layer L4)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sklearn.utils import check_random_state

from hybridsent._params import HasMethods, Interval, StrOptions, validate_parameter_constraints
from hybridsent._tables import as_pandas
from hybridsent.encoders import BaseEncoder
from hybridsent.finetune._finetune import CONSTRAINTS, encoder_of, register_tuned
from hybridsent.finetune._result import FineTuned, check_empty, place
from hybridsent.finetune._targets import loss_of
from hybridsent.finetune._together import Together

__all__ = ["finetune_views"]

_SHARED = (
    "task",
    "n_layers",
    "loss",
    "temperature",
    "alignment_weight",
    "epochs",
    "batch_size",
    "learning_rate",
    "layer_decay",
    "weight_decay",
    "warm_up",
    "clip",
    "held_out",
    "patience",
    "device",
    "precision",
    "folder",
    "random_state",
    "verbose",
)
_CONSTRAINTS: dict[str, list[Any]] = {
    **{name: CONSTRAINTS[name] for name in _SHARED},
    "how": [StrOptions({"full", "last"})],
    "fused_weight": [Interval(Real, 0, None, closed="left")],
    "views": [HasMethods(["items"])],
    "columns": [None, HasMethods(["items"])],
}


def finetune_views(
    X: Any,
    y: Any,
    views: Mapping[str, str | BaseEncoder | FineTuned],
    *,
    columns: Mapping[str, str] | None = None,
    task: str = "classification",
    groups: Any = None,
    how: str = "full",
    n_layers: int = 2,
    loss: str = "auto",
    temperature: float = 0.1,
    alignment_weight: float = 1.0,
    fused_weight: float = 1.0,
    epochs: int | str = "auto",
    batch_size: int = 32,
    learning_rate: float | str = "auto",
    layer_decay: float = 1.0,
    weight_decay: float = 0.01,
    warm_up: float = 0.1,
    clip: float | None = 1.0,
    held_out: float | str = "auto",
    patience: int = 3,
    device: str = "auto",
    precision: str = "auto",
    folder: str | Path | None = None,
    random_state: Any = None,
    verbose: bool | int = False,
) -> dict[str, FineTuned]:
    r"""Train the networks of several views of the same rows together; each is a new backbone.

    Minimised is

    .. math:: \frac1V \sum_v L(z^v, y) + \frac{w_A}{|P|} \sum_{(u, v) \in P} I(P_u z^u, P_v z^v)
              + w_F\, C\Bigl(\sum_v W_v z^v + b,\, y\Bigr)

    L is the loss of labelled rows in each view, as in `finetune`; I the symmetric InfoNCE between
    two views of a row, in a space into which each view is mapped linearly; C the loss of one linear
    head that reads the vectors of all views that a row has. Rows may lack views; rows without a
    label take part through I.

    Solved as in `finetune`, with one step for all networks.

    Parameters
    ----------
    X : DataFrame of n rows
        The table; each view reads a column.
    y : array-like of shape (n,)
        Labels, as in `finetune`.
    views : mapping of str to str, BaseEncoder or FineTuned
        Names of at least two views, and the backbone of each.
    columns : mapping of str to str, default=None
        Column that a view reads, where it is not named like the view.
    task : {"classification", "regression", "multilabel"}, default="classification"
        What y is.
    groups : array-like of shape (n,), default=None
        Rows of one group are held out together.
    how : {"full", "last"}, default="full"
        Train all weights, or those of the last layers.
    n_layers : int, default=2
        Layers that ``how="last"`` trains.
    loss : {"auto", "contrastive", "cross_entropy", "squared"}, default="auto"
        L, as in `finetune`. C is the cross-entropy of classes where it is contrastive.
    temperature : float, default=0.1
        Of the contrasts.
    alignment_weight : float, default=1.0
        Weight of the contrast between views.
    fused_weight : float, default=1.0
        Weight of the loss of the head that reads all views.
    epochs : int or "auto", default="auto"
        Most passes over the labelled rows.
    batch_size : int, default=32
        Labelled rows a step; as many without a label take part beside them.
    learning_rate : float or "auto", default="auto"
        Largest rate; ``"auto"`` is 5e-5 and 1e-4 for full and last.
    layer_decay : float, default=1.0
        Factor of the rate from a layer to the one before it.
    weight_decay : float, default=0.01
        Of AdamW, for matrices.
    warm_up : float, default=0.1
        Share of the steps in which the rate grows.
    clip : float, default=1.0
        Longest gradient of a step; None for any.
    held_out : float or "auto", default="auto"
        Share of the labelled rows that only tell when to stop, as in `finetune`.
    patience : int, default=3
        Epochs without a better loss of the held-out rows before it stops.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Arithmetic of the products of matrices.
    folder : str or path, default=None
        Where the networks are written, each in a folder named like its view; None for temporary
        ones (see `FineTuned.save`).
    random_state : int, RandomState instance or None, default=None
        Orders the rows and draws the held-out part.
    verbose : bool or int, default=False
        Whether to show a progress bar.

    Returns
    -------
    dict of str to FineTuned
        The new backbone of each view. `FineTuned.history` is that of all: ``loss``, ``target``,
        ``alignment``, ``fused``, and ``held_out`` where rows are.

    Raises
    ------
    ValueError
        If there are fewer than two views, a column is not there, or as in `finetune`.
    CellError
        If a cell is broken.
    FileExistsError
        If the folder holds something.

    See Also
    --------
    finetune : One view; `paired` aligns it with frozen features of another one.
    hybridsent.finetune.FineTunedEncoder : One view, inside of each fold.

    References
    ----------
    Radford et al. (2021), Learning transferable visual models from natural language supervision;
    Khosla et al. (2020), Supervised contrastive learning.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.finetune import finetune_views
    >>> table = pd.DataFrame(
    ...     {
    ...         "title": ["lovely", "so good", "awful", "so bad"],
    ...         "body": ["what a day", None, "never again", "rain"],
    ...     }
    ... )
    >>> both = {"title": "text/minilm-l6", "body": "text/minilm-l6"}
    >>> tuned = finetune_views(table, [1, 1, 0, 0], both, how="last", epochs=1, random_state=0)
    >>> sorted(tuned), tuned["body"].n_rows, sorted(tuned["title"].history[1])
    (['body', 'title'], 3, ['alignment', 'epoch', 'fused', 'loss', 'target'])
    """
    started = time.perf_counter()
    settings = {name: value for name, value in locals().items() if name in _CONSTRAINTS}
    validate_parameter_constraints(_CONSTRAINTS, settings, caller_name="finetune_views")
    table, where = _columns(as_pandas(X), views, columns)
    settings["loss"] = loss_of(task, loss)
    if folder is not None:
        folder = Path(folder).expanduser()
        check_empty(folder)
    settings["seed"] = int(check_random_state(random_state).randint(2**31 - 1))
    told = SimpleNamespace(**settings)
    encoders = {view: encoder_of(backbone, None) for view, backbone in views.items()}
    together = Together(encoders, told, table, where, y, groups)
    together.train()
    made = {view: together.result(view, settings) for view in views}
    if folder is not None:
        for view, one in made.items():
            one.folder = place(one.folder, folder / view)
    for view, one in made.items():
        one.seconds = time.perf_counter() - started
        one.backbone = register_tuned(one.folder, encoders[view].backbone(), None)
    return made


def _columns(table: Any, views: Any, columns: Any) -> tuple[Any, dict[str, str]]:
    """Name the column of each view, and refuse what is none."""
    where = {view: (columns or {}).get(view, view) for view in views}
    if len(where) < 2:
        raise ValueError(
            f"views must name at least two views, which are tuned together. Got {list(where)}; "
            "finetune tunes one."
        )
    idle = [view for view in columns or {} if view not in where]
    if idle:
        raise ValueError(f"columns must name columns of views, {list(where)}. Got {idle[0]!r}.")
    names = list(getattr(table, "columns", []))
    lost = [column for column in where.values() if column not in names]
    if lost:
        raise ValueError(
            f"X must be a table with a column for each view. Got none named {lost[0]!r}; pass "
            f"columns={{view: column}} with names among {names[:8]}."
        )
    return table, where
