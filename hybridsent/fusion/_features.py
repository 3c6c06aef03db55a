"""From a table of posts to one matrix (layer L4)."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from hybridsent._params import Devices, check_n_jobs, validate_parameter_constraints
from hybridsent.encoders import check_commercial
from hybridsent.exceptions import LicenceError
from hybridsent.fusion._columns import FeatureColumns, ViewColumns
from hybridsent.fusion._learned import reducer, selector
from hybridsent.fusion._named import (
    as_views,
    check_column_names,
    check_reads_several,
    columns_of_views,
    made_view,
)
from hybridsent.fusion._short_forms import with_media, with_meta, with_quality
from hybridsent.fusion._tasks import get_task
from hybridsent.media import list_media, list_modalities
from hybridsent.missing import PresentRows
from hybridsent.scaling import ViewScaler
from hybridsent.views import (
    DOMAIN,
    GROUP,
    PASSTHROUGH,
    check_views,
    domain_column,
    domain_names,
    plain_texts,
    rename_feature,
)

__all__ = ["ENCODING", "check_learn_device", "check_used", "make_features"]

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
    views: Mapping[str, Any] | None = None,
    *,
    text: Any = None,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    meta: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    domain: str | None = None,
    target_domain: Any = None,
    group: str | None = None,
    select: str | None = None,
    reduce: str | None = None,
    n_components: int | float | None = None,
    task: str = "classification",
    steps: int | None = None,
    quality: str | None = None,
    commercial: bool = False,
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

    Each view is a column of the table and what makes features of it, in most cases a frozen
    encoder; if wanted, they are reduced. Rows whose cell is missing are NaN in the columns of the
    view. Any number of views may be of one modality or read one column.

    Parameters
    ----------
    views : mapping of str to str or estimator, default=None
        Names of views and what makes the features of each: the name of a modality, such as
        ``"text"``, for its default backbone; the name of a backbone, such as
        ``"audio/egemaps-v02"``; an encoder; ``"text/words"`` for what is learned from the words of
        the rows of `fit` (`hybridsent.lexical.WordFeatures`), beside an encoder on the same column
        or instead of one; ``"tune:BACKBONE"`` for an encoder that is tuned on the rows of `fit`
        (`hybridsent.finetune.FineTunedEncoder`, with its default settings); or any transformer or
        Pipeline that takes the column.
        What a backbone of an open family (``"hf:NAME"``) reads must be known: by its files, by a
        view named like its modality, or by an encoder in its place. A vectorizer of scikit-learn,
        alone or in a Pipeline, stands in `hybridsent.encoders.PresentCells`, as it knows neither
        missing cells nor ``set_output``: ``features__text__transformer`` in a grid.
    text, image, audio : True, str, estimator or None, default=None
        The short form of a view named like its modality, which may stand beside `views`: True for
        the default backbone, else as there. None leaves it out.
    video : True, mapping or None, default=None
        A column of videos, as the views ``"frames"`` and ``"sound"``: True for the default
        backbones of pictures and of sounds; a mapping of these names, or of one, to what reads
        them, as in `views`. Both read the column ``"video"``, or ``columns={"video": "clip"}``.
    columns : mapping of str to str or list of str, default=None
        Column of the table that each view reads; a view reads the column of its own name unless
        this says otherwise. Several columns for a view that takes a table, such as
        `hybridsent.meta.MetaFeatures`.
    meta : sequence of str, default=None
        Columns of numbers, dates and categories, which become the view ``meta``
        (`hybridsent.meta.MetaFeatures`; needs ``pip install "hybridsent[meta]"``).
    features : sequence of str, default=None
        Views of which the table already holds the features, in columns named ``view__i``; instead
        of, or beside, views that are made here.
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
    task : {"classification", "regression", "multilabel"}, default="classification"
        What an encoder is tuned for, what `select` selects for, and ``reduce="lda"`` tells apart:
        classes, numbers, or sets of labels, of which a row counts for the one that fewest rows
        have. Left alone without them.
    steps : int, default=None
        Segments of each sample that become vectors of their own, in columns
        ``view__s<step>_<i>``; None is one vector for the whole. For encoders built here.
    quality : {"fast", "good", "best"} or None, default=None
        Which backbones a modality named without one has: the quickest, the defaults, or the
        strongest, which may be several views of one column (``text``, ``text_2``) and must be
        fetched once (``hybridsent backbones fetch``). None is ``"good"``.
    commercial : bool, default=False
        Whether every backbone must be known to be free for commercial use
        (`hybridsent.encoders.check_commercial`).
    random_state : int, default=0
        Seed of `select` and `reduce`, of ``"text/words"``, ``"tune:BACKBONE"`` and `meta`.
    learn_device : str, default="cpu"
        Where the principal components of `reduce` are computed: ``"cpu"``, or, for a large table,
        ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"torch:cpu"``, as in
        `hybridsent.devices.OnDevice`, which says what these ask for.
    device, precision, store, on_error, n_jobs, verbose
        As in the encoders; used for those built here, not for estimators that are given, and
        refused where `features` are all there is. `on_error` is that of ``"text/words"`` and
        `meta`, too.

    Returns
    -------
    ColumnTransformer
        Unfitted (a `hybridsent.fusion.ViewColumns`); writes a DataFrame of float32 columns
        ``text__0`` … ``image__0`` …

    Raises
    ------
    ValueError
        If no view is given, or a parameter is none of the above, or nothing would use it.
    LicenceError
        If commercial use is asked for, and a licence does not allow it or is not known.

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

    Two views of one column, and their names:

    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> two = {"meaning": "text", "words": TfidfVectorizer()}
    >>> columns = {"meaning": "tweet", "words": "tweet"}
    >>> list(make_features(two, columns=columns).fit_transform(table).columns[383:386])
    ['meaning__383', 'words__0', 'words__1']
    """
    check_n_jobs(n_jobs, "make_features")
    views, columns = with_media(views, columns, video=video)
    wanted = as_views(views, text=text, image=image, audio=audio)
    wanted, columns = with_quality(quality, wanted, columns)
    wanted, columns = with_meta(meta, wanted, columns)
    ready = _check_features(features, wanted)
    if not wanted and not ready:
        known = inspect.signature(make_features).parameters
        names = [each.name for each in list_modalities()]
        names += [each.name for each in list_media()]
        short = [name for name in names if name in known]
        raise ValueError(
            f"At least one of the {', '.join(short)} and features parameters of make_features, or "
            f"views or meta, must be given. Got none; for example make_features({short[0]}=True)."
        )
    where = columns_of_views(columns, list(wanted))
    check_column_names(domain=domain, group=group)
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
    made = {
        view: made_view(view, value, shared, random_state, task) for view, value in wanted.items()
    }
    if commercial:
        _check_commercial([part for part, _ in made.values()], ready)
    kinds = {kind for _, kind in made.values()}
    for view, (part, _) in made.items():
        check_reads_several(view, part, where[view])
    encodes = bool(kinds - {"learned"})
    used = {name: shared[name] for name in ENCODING if name != "on_error"}
    check_used("make_features", encodes, steps=steps, **used)
    check_used("make_features", bool(kinds), on_error=on_error)
    random = select in ("l1", "trees") or reduce is not None or kinds & {"learned", "tuned"}
    if random_state != 0 and not random:
        raise ValueError(
            "The random_state parameter of make_features must be left alone without select='l1', "
            f"select='trees' or reduce: nothing else here is random. Got {random_state!r}."
        )
    _check_task(task, select, reduce, tunes="tuned" in kinds)
    learn = (select, reduce, n_components, learn_device, random_state, task)
    parts: list[tuple[str, Any, Any]] = [
        (view, _learned(part, *learn), where[view]) for view, (part, _) in made.items()
    ]
    parts += [(view, _learned(None, *learn), FeatureColumns(view)) for view in ready]
    parts += _told(domain, target_domain, group, [view for view, *_ in parts])
    columns_of = ViewColumns(parts, sparse_threshold=0, verbose_feature_names_out=rename_feature)
    return columns_of.set_output(transform="pandas")


def _check_commercial(parts: Sequence[Any], ready: Sequence[str]) -> None:
    """Refuse what may not be used commercially, and features that nobody knows the making of."""
    if ready:
        raise LicenceError(
            "Every backbone must be known (commercial=True). The features of the view "
            f"{ready[0]!r} are in the table already, and it does not say what made them; leave "
            "commercial=True out, or encode the view here."
        )
    check_commercial(parts)


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
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32
        )
        plain = FunctionTransformer(plain_texts, feature_names_out="one-to-one")
        codes = Pipeline([("plain", plain), ("code", encoder)])
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
                f"no view has an encoder. Got {value!r}."
            )


def _check_task(task: str, select: str | None, reduce: str | None, *, tunes: bool) -> None:
    """Refuse what needs classes, where numbers are learned, and a task that nothing asks for."""
    get_task(task)
    if task == "regression" and reduce == "lda":
        raise ValueError(
            "The reduce parameter must be 'pca' or None with task='regression': 'lda' tells "
            "classes apart, and numbers have none. Got 'lda'."
        )
    if task != "classification" and select is None and reduce != "lda" and not tunes:
        raise ValueError(
            "The task parameter of make_features must be left alone without select, "
            f"reduce='lda' and a view that is tuned: nothing else here reads labels. Got {task!r}."
        )


def _learned(
    encoder: Any,
    select: str | None,
    reduce: str | None,
    n_components: int | float | None,
    learn_device: str,
    random_state: int,
    task: str,
) -> Any:
    """Put what is learned in a view behind its encoder; None is a view that is ready."""
    if reduce is None and n_components is not None:
        raise ValueError(
            f"The n_components parameter must be None without reduce. Got {n_components!r}; "
            "add reduce='pca' or 'lda'."
        )
    labeled: bool | str = {"regression": "numbers", "multilabel": "sets"}.get(task, True)
    learned = []
    if select is not None:
        learned.append(
            ("select", PresentRows(selector(select, random_state, task), labeled_only=labeled))
        )
    if reduce is not None:
        made = reducer(reduce, n_components, learn_device, random_state)
        labeled = labeled if reduce == "lda" else False
        learned.append(("reduce", PresentRows(made, labeled_only=labeled)))
    if not learned:
        return "passthrough" if encoder is None else encoder
    first = [] if encoder is None else [("encode", encoder)]
    return Pipeline([*first, ("scale", ViewScaler()), *learned])
