"""From a table of posts to one matrix (layer L4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from hybridsent._params import Devices, check_n_jobs, validate_parameter_constraints
from hybridsent._views import (
    DOMAIN,
    GROUP,
    PASSTHROUGH,
    check_views,
    domain_column,
    domain_names,
    rename_feature,
)
from hybridsent.encoders import AudioEncoder, ImageEncoder, PresentCells, TextEncoder
from hybridsent.fusion._columns import FeatureColumns, ViewColumns
from hybridsent.fusion._learned import reducer, selector
from hybridsent.missing import PresentRows
from hybridsent.scaling import ViewScaler

__all__ = ["ENCODERS", "ENCODING", "check_learn_device", "check_used", "make_features"]

ENCODERS = {"text": TextEncoder, "image": ImageEncoder, "audio": AudioEncoder}

ENCODING: dict[str, Any] = {
    "device": "auto",
    "precision": "auto",
    "store": "default",
    "on_error": "raise",
    "n_jobs": None,
    "verbose": False,
}
"""Parameters of the encoders that the builders take, and their defaults."""


def make_features(
    *,
    text: Any = None,
    image: Any = None,
    audio: Any = None,
    columns: Mapping[str, str] | None = None,
    features: Sequence[str] | None = None,
    domain: str | None = None,
    target_domain: Any = None,
    group: str | None = None,
    select: str | None = None,
    reduce: str | None = None,
    n_components: int | float | None = None,
    steps: int | None = None,
    random_state: int = 0,
    learn_device: str = "cpu",
    device: str = "auto",
    precision: str = "auto",
    store: Any = "default",
    on_error: str = "raise",
    n_jobs: int | None = None,
    verbose: bool = False,
) -> ColumnTransformer:
    """Build the step from a table of posts to one matrix whose columns are named ``view__i``.

    Each modality that is given is encoded by a frozen encoder and, if wanted, reduced; rows that
    lack a modality are NaN in its columns.

    Parameters
    ----------
    text, image, audio : True, str, estimator or None, default=None
        True for the default backbone, the name of another one, an encoder, or any transformer or
        Pipeline that takes the column. None leaves the modality out. A vectorizer of scikit-learn,
        alone or in a Pipeline, stands in `hybridsent.encoders.PresentCells`, as it knows neither
        missing cells nor ``set_output``: ``features__text__transformer`` in a grid.
    columns : mapping of str to str, default=None
        Column of the table that holds each modality; a column is named like its modality unless
        this says otherwise.
    features : sequence of str, default=None
        Views of which the table already holds the features, in columns named ``view__i``; instead
        of, or beside, modalities.
    domain : str, default=None
        Column of the table that tells the domain of each row; handed on as ``domain__0``, 0 for the
        source and 1 for the target, to the step that adapts (`hybridsent.transfer`).
    target_domain : str or number, default=None
        What stands there for the target; every other value is of the source. None is a column of 0
        and 1.
    group : str, default=None
        Column of the table that tells the group of each row, such as the speaker; handed on as
        codes to `hybridsent.transfer.GroupScaler`.
    select : {"univariate", "l1", "trees"} or None, default=None
        Selection of features, in each view on its own: the half with the largest F of an analysis
        of variance, those that a linear classifier with an L1 penalty uses, or the half that
        randomised trees use most.
    reduce : {"pca", "lda"} or None, default=None
        Reduction of each view on its own: principal components, or linear discriminants of the
        classes (behind principal components of 99 % of the variance).
    n_components : int or float, default=None
        Components to keep. For ``"pca"`` None is 0.95, the share of variance; for ``"lda"`` None is
        one less than the classes.
    steps : int, default=None
        Segments of each sample that become vectors of their own, in columns
        ``view__s<step>_<i>``; None is one vector for the whole. For encoders built here.
    random_state : int, default=0
        Seed of `select` and `reduce`.
    learn_device : str, default="cpu"
        Where the principal components of `reduce` are computed: ``"cpu"``, or, for a large table,
        ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"torch:cpu"``, as in
        `hybridsent.devices.OnDevice`, which says what these ask for.
    device, precision, store, on_error, n_jobs, verbose
        As in the encoders; used for those built here, not for estimators that are given, and
        refused where `features` are all there is.

    Returns
    -------
    ColumnTransformer
        Unfitted (a `hybridsent.fusion.ViewColumns`); writes a DataFrame of float32 columns
        ``text__0`` … ``image__0`` …

    Raises
    ------
    ValueError
        If no modality is given, or a parameter is none of the above, or nothing would use it.

    See Also
    --------
    make_fusion : The same with a classifier behind it.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_features
    >>> table = pd.DataFrame({"tweet": ["What a day", "Never again"]})
    >>> X = make_features(text=True, columns={"text": "tweet"}).fit_transform(table)
    >>> X.shape, list(X.columns[:2])
    ((2, 384), ['text__0', 'text__1'])
    """
    check_n_jobs(n_jobs, "make_features")
    given = {"text": text, "image": image, "audio": audio}
    wanted = {
        view: value for view, value in given.items() if value is not None and value is not False
    }
    ready = _check_features(features, wanted)
    if not wanted and not ready:
        raise ValueError(
            "At least one of the text, image, audio and features parameters of make_features must "
            "be given. Got none; for example make_features(text=True)."
        )
    where = _check_columns(columns, wanted)
    _check_column_names(domain=domain, group=group)
    check_learn_device("make_features", learn_device, "cpu" if reduce is None else "pca")
    shared = {
        "device": device,
        "precision": precision,
        "store": store,
        "on_error": on_error,
        "n_jobs": n_jobs,
        "verbose": verbose,
        **({} if steps is None else {"steps": steps}),
    }
    check_used("make_features", bool(wanted), steps=steps, **{k: shared[k] for k in ENCODING})
    if random_state != 0 and select not in ("l1", "trees") and reduce is None:
        raise ValueError(
            "The random_state parameter of make_features must be left alone without select='l1', "
            f"select='trees' or reduce: nothing else here is random. Got {random_state!r}."
        )
    learn = (select, reduce, n_components, learn_device, random_state)
    parts = [
        (view, _learned(_encoder(view, value, shared), *learn), where.get(view, view))
        for view, value in wanted.items()
    ] + [
        (
            view,
            _learned(None, *learn),
            FeatureColumns(view),
        )
        for view in ready
    ]
    parts += _told(domain, target_domain, group, [view for view, *_ in parts])
    made = ViewColumns(parts, sparse_threshold=0, verbose_feature_names_out=rename_feature)
    return made.set_output(transform="pandas")


def _told(
    domain: str | None, target_domain: Any, group: str | None, views: Sequence[str]
) -> list[tuple[str, Any, Any]]:
    """Make the parts of columns that are no features and only handed on."""
    taken = [view for view in PASSTHROUGH if view in views]
    if taken:
        raise ValueError(
            f"A view of features must not be named {taken[0]!r}, which is that of the "
            f"{taken[0]} of a row. Write {taken[0]}='COLUMN' to name its column."
        )
    if target_domain is not None and domain is None:
        raise ValueError(
            "The domain parameter must name a column where target_domain is given. Got None with "
            f"target_domain={target_domain!r}."
        )
    if isinstance(target_domain, list | tuple | set | np.ndarray):
        raise TypeError(
            f"The target_domain parameter must be the name of one domain. Got {target_domain!r}."
        )
    told: list[tuple[str, Any, Any]] = []
    if domain is not None:
        column = FunctionTransformer(
            domain_column, kw_args={"target": target_domain}, feature_names_out=domain_names
        )
        told.append((DOMAIN, column, [domain]))
    if group is not None:
        codes = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32
        )
        told.append((GROUP, codes, [group]))
    return told


def _check_features(features: Any, wanted: Mapping[str, Any]) -> list[str]:
    """Names of views whose features are in the table."""
    if features is None:
        return []
    listed = isinstance(features, Sequence) and not isinstance(features, str)
    if not listed or not all(isinstance(view, str) for view in features):
        raise ValueError(
            "The features parameter must be a sequence of names of views. Got "
            f"{features!r}; write ['text'] for columns text__0, text__1 …"
        )
    check_views(features)
    twice = [view for view in features if view in wanted or features.count(view) > 1]
    if twice:
        raise ValueError(
            "A view must be named once, and come from features or from an encoder. Got "
            f"{twice[0]!r} twice; leave one out."
        )
    return list(features)


_COMPUTED_ON = {
    "cpu": ("cpu", "cuda", "mps", "torch:cpu"),
    "pca": ("cpu", "cuda", "mps", "torch:cpu"),
    "align": ("cpu", "cuda", "mps", "torch:cpu"),
    "trees": ("cpu", "cuda"),
    "network": ("auto", "cpu", "cuda", "mps"),
}


def check_learn_device(caller: str, learn_device: str, kind: str) -> None:
    """Refuse a device on which what is asked for cannot be computed.

    Parameters
    ----------
    caller : {"make_features", "make_fusion"}
        Who was asked.
    learn_device : str
        The device.
    kind : {"cpu", "pca", "align", "trees", "network"}
        What would be computed there; ``"cpu"`` is nothing.

    Raises
    ------
    ValueError
        If it is another name, or there is nothing to compute.
    """
    constraints = {"learn_device": [Devices(*_COMPUTED_ON[kind])]}
    validate_parameter_constraints(constraints, {"learn_device": learn_device}, caller)
    if learn_device != "cpu" and kind == "cpu":
        others = ", classifier='xgboost' or a network" if caller == "make_fusion" else ""
        raise ValueError(
            f"The 'learn_device' parameter of {caller} must be 'cpu' where nothing is computed "
            f"there. Got {learn_device!r}; add reduce='pca'{others}."
        )


def _check_columns(columns: Mapping[str, str] | None, wanted: Mapping[str, Any]) -> dict[str, str]:
    if columns is not None and not isinstance(columns, Mapping):
        raise ValueError(
            "The columns parameter must map modalities to columns of the table. Got "
            f"{columns!r}; write {{'text': 'tweet'}} for a text column named 'tweet'."
        )
    where = dict(columns or {})
    unknown = sorted(set(where) - set(ENCODERS), key=str)
    if unknown:
        raise ValueError(
            f"The columns parameter must map {list(ENCODERS)} to columns of the table. Got "
            f"{unknown[0]!r} as a modality; write {{'text': 'tweet'}} for a text column named "
            "'tweet'."
        )
    _check_column_names(**{f"columns[{view!r}]": column for view, column in where.items()})
    idle = sorted(set(where) - set(wanted))
    if idle:
        raise ValueError(
            f"The columns parameter names a column for {idle[0]!r}, but the modality is not asked "
            f"for. Add {idle[0]}=True."
        )
    return where


def _check_column_names(**named: Any) -> None:
    """Refuse what could be read as a position, or as several columns."""
    for name, column in named.items():
        if column is not None and not isinstance(column, str):
            raise ValueError(
                f"The {name} parameter must be the name of one column of the table. Got {column!r}."
            )


def check_used(caller: str, encodes: bool, **given: Any) -> None:
    """Refuse options of encoders where there is none.

    Parameters
    ----------
    caller : str
        Who was asked.
    encodes : bool
        Whether a modality is encoded.
    **given : object
        The options by name.

    Raises
    ------
    ValueError
        Naming the first that is not what it is by default.
    """
    for name, value in given.items():
        default = ENCODING.get(name)
        if not encodes and (type(value) is not type(default) or value != default):
            raise ValueError(
                f"The {name} parameter of {caller} must be left alone where nothing is encoded: "
                f"the features are ready. Got {value!r}."
            )


def _encoder(view: str, value: Any, shared: Mapping[str, Any]) -> Any:
    if value is True:
        return ENCODERS[view](**shared)
    if isinstance(value, str):
        return ENCODERS[view](value, **shared)
    if not isinstance(value, type) and hasattr(value, "fit") and hasattr(value, "transform"):
        return value if _gives_frames(value) else PresentCells(value)
    raise ValueError(
        f"The {view} parameter must be True, the name of a backbone, or a transformer. Got "
        f"{value!r} instead."
    )


def _gives_frames(transformer: Any) -> bool:
    """Tell whether a transformer takes part in ``set_output``; vectorizers of text do not."""
    try:
        clone(transformer).set_output(transform="pandas")
    except (AttributeError, ValueError):  # it is not there, or a step of a Pipeline has none
        return False
    return True


def _learned(
    encoder: Any,
    select: str | None,
    reduce: str | None,
    n_components: int | float | None,
    learn_device: str,
    random_state: int,
) -> Any:
    """Put what is learned in a view behind its encoder; None is a view that is ready."""
    if reduce is None and n_components is not None:
        raise ValueError(
            f"The n_components parameter must be None without reduce. Got {n_components!r}; "
            "add reduce='pca' or 'lda'."
        )
    learned = []
    if select is not None:
        learned.append(("select", PresentRows(selector(select, random_state))))
    if reduce is not None:
        made = reducer(reduce, n_components, learn_device, random_state)
        learned.append(("reduce", PresentRows(made)))
    if not learned:
        return "passthrough" if encoder is None else encoder
    first = [] if encoder is None else [("encode", encoder)]
    return Pipeline([*first, ("scale", ViewScaler()), *learned])
