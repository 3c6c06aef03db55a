"""Builders: a table of posts to features, and to a classifier over all modalities (layer L4).

They return plain scikit-learn objects: a ColumnTransformer, a Pipeline. Nothing here has a `fit` of
its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline

from hybridsent._params import Devices, validate_parameter_constraints
from hybridsent._views import rename_feature
from hybridsent.devices import OnDevice
from hybridsent.encoders import AudioEncoder, ImageEncoder, TextEncoder
from hybridsent.heads import BoostedTreesClassifier, TunedLinearClassifier
from hybridsent.missing import PresentRows, ViewImputer
from hybridsent.scaling import ViewScaler

__all__ = ["CLASSIFIERS", "FUSIONS", "make_features", "make_fusion"]

ENCODERS = {"text": TextEncoder, "image": ImageEncoder, "audio": AudioEncoder}

FUSIONS = ("early",)
"""Strategies that `make_fusion` knows."""

CLASSIFIERS = ("logreg", "svm", "xgboost")
"""Names of classifiers that `make_fusion` knows."""


def make_features(
    *,
    text: Any = None,
    image: Any = None,
    audio: Any = None,
    columns: Mapping[str, str] | None = None,
    reduce: str | None = None,
    n_components: int | float | None = None,
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
        Pipeline that takes the column. None leaves the modality out.
    columns : mapping of str to str, default=None
        Column of the table that holds each modality; a column is named like its modality unless
        this says otherwise.
    reduce : {"pca", "lda"} or None, default=None
        Reduction of each modality on its own: principal components, or linear discriminants of the
        classes (behind principal components of 99 % of the variance).
    n_components : int or float, default=None
        Components to keep. For ``"pca"`` None is 0.95, the share of variance; for ``"lda"`` None is
        one less than the classes.
    learn_device : str, default="cpu"
        Where the principal components of `reduce` are computed: ``"cpu"``, or, for a large table,
        ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"torch:cpu"``, as in
        `hybridsent.devices.OnDevice`, which says what these ask for.
    device, precision, store, on_error, n_jobs, verbose
        As in the encoders; used for those built here, not for estimators that are given.

    Returns
    -------
    ColumnTransformer
        Unfitted; writes a DataFrame of float32 columns ``text__0`` … ``image__0`` …

    Raises
    ------
    ValueError
        If no modality is given, or a parameter is none of the above.

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
    given = {"text": text, "image": image, "audio": audio}
    wanted = {
        view: value for view, value in given.items() if value is not None and value is not False
    }
    if not wanted:
        raise ValueError(
            "At least one of the text, image and audio parameters of make_features must be given. "
            "Got none; "
            "for example make_features(text=True)."
        )
    where = _check_columns(columns, wanted)
    _check_learn_device("make_features", learn_device, reduce)
    shared = {
        "device": device,
        "precision": precision,
        "store": store,
        "on_error": on_error,
        "n_jobs": n_jobs,
        "verbose": verbose,
    }
    steps = [
        (
            view,
            _reduced(_encoder(view, value, shared), reduce, n_components, learn_device),
            where.get(view, view),
        )
        for view, value in wanted.items()
    ]
    features = ColumnTransformer(
        steps, sparse_threshold=0, verbose_feature_names_out=rename_feature
    )
    return features.set_output(transform="pandas")


def make_fusion(
    how: str = "early",
    *,
    text: Any = None,
    image: Any = None,
    audio: Any = None,
    columns: Mapping[str, str] | None = None,
    classifier: Any = "logreg",
    reduce: str | None = None,
    n_components: int | float | None = None,
    class_weight: str | None = None,
    random_state: int = 0,
    learn_device: str = "cpu",
    device: str = "auto",
    precision: str = "auto",
    store: Any = "default",
    on_error: str = "raise",
    n_jobs: int | None = None,
    verbose: bool = False,
) -> Pipeline:
    """Build a classifier over all modalities of a table.

    The pipeline has the steps ``features`` (frozen encoders), ``scale`` (each column standardised,
    each modality of equal weight), ``impute`` (missing modalities become the mean, with an
    indicator each) and ``classify``. Its parameters can be searched like those of any other, for
    example ``classify__Cs`` or ``features__text__model``.

    Parameters
    ----------
    how : {"early"}, default="early"
        Strategy of fusion; ``"early"`` joins the features of all modalities before the classifier.
    text, image, audio : True, str, estimator or None, default=None
        As in `make_features`.
    columns : mapping of str to str, default=None
        As in `make_features`.
    classifier : {"logreg", "svm", "xgboost"} or estimator, default="logreg"
        ``"logreg"`` and ``"svm"`` are linear and choose their penalty by inner cross-validation;
        ``"xgboost"`` is gradient-boosted trees; or any scikit-learn classifier.
    reduce : {"pca", "lda"} or None, default=None
        As in `make_features`.
    n_components : int or float, default=None
        As in `make_features`.
    class_weight : {"balanced"} or None, default=None
        Weights of the classes, for ``"logreg"`` and ``"svm"``.
    random_state : int, default=0
        Seed of everything that is random in the named classifiers.
    learn_device : str, default="cpu"
        Where the principal components of `reduce`, as in `make_features`, and the trees of
        ``"xgboost"`` are computed; for these, ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
    device, precision, store, on_error, n_jobs, verbose
        As in the encoders.

    Returns
    -------
    Pipeline
        Unfitted.

    Raises
    ------
    ValueError
        If a parameter is none of the above.

    Notes
    -----
    The defaults were chosen by 5-fold cross-validation on MVSA-Single (text and image), Emo-DB
    (audio, split by speaker) and MELD (text, split by dialogue): equal weight of modalities against
    plain standardisation, the cut at 3 standard deviations, and the grid of penalties.
    `docs/defaults.md` gives the figures.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 3})
    >>> labels = ["positive", "positive", "negative", "negative"] * 3
    >>> model = make_fusion(text=True).fit(table, labels)
    >>> model.predict(pd.DataFrame({"text": ["I love this wonderful thing"]}))
    array(['positive'], dtype='<U8')
    """
    if how not in FUSIONS:
        raise ValueError(
            f"The 'how' parameter of make_fusion must be one of {list(FUSIONS)}. Got {how!r} "
            "instead."
        )
    _check_learn_device("make_fusion", learn_device, reduce, classifier)
    features = make_features(
        text=text,
        image=image,
        audio=audio,
        columns=columns,
        reduce=reduce,
        n_components=n_components,
        learn_device="cpu" if reduce is None else learn_device,
        device=device,
        precision=precision,
        store=store,
        on_error=on_error,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    scale = ViewScaler().set_output(transform="pandas")  # the imputer reads the views off the names
    return Pipeline(
        [
            ("features", features),
            ("scale", scale),
            ("impute", ViewImputer()),
            ("classify", _classifier(classifier, class_weight, random_state, learn_device)),
        ]
    )


def _check_learn_device(
    caller: str, learn_device: str, reduce: str | None, classifier: Any = None
) -> None:
    boosted = isinstance(classifier, str) and classifier == "xgboost"
    names = ("cpu", "cuda") if boosted else ("cpu", "cuda", "mps", "torch:cpu")
    constraints = {"learn_device": [Devices(*names)]}
    validate_parameter_constraints(constraints, {"learn_device": learn_device}, caller)
    if learn_device != "cpu" and reduce is None and not boosted:
        others = " or classifier='xgboost'" if caller == "make_fusion" else ""
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
    idle = sorted(set(where) - set(wanted))
    if idle:
        raise ValueError(
            f"The columns parameter names a column for {idle[0]!r}, but the modality is not asked "
            f"for. Add {idle[0]}=True."
        )
    return where


def _encoder(view: str, value: Any, shared: Mapping[str, Any]) -> Any:
    if value is True:
        return ENCODERS[view](**shared)
    if isinstance(value, str):
        return ENCODERS[view](value, **shared)
    if not isinstance(value, type) and hasattr(value, "fit") and hasattr(value, "transform"):
        return value
    raise ValueError(
        f"The {view} parameter must be True, the name of a backbone, or a transformer. Got "
        f"{value!r} instead."
    )


def _reduced(
    encoder: Any, reduce: str | None, n_components: int | float | None, learn_device: str
) -> Any:
    if reduce is None:
        if n_components is not None:
            raise ValueError(
                f"The n_components parameter must be None without reduce. Got {n_components!r}; "
                "add reduce='pca' or 'lda'."
            )
        return encoder
    if reduce == "pca":
        inner = _components(0.95 if n_components is None else n_components, learn_device)
    elif reduce == "lda":
        # Fisherfaces: 6,373 columns and few rows have no covariance to invert, nor time to try
        inner = Pipeline(
            [
                ("pca", _components(0.99, learn_device)),
                (
                    "lda",
                    LinearDiscriminantAnalysis(
                        solver="eigen", shrinkage="auto", n_components=n_components
                    ),
                ),
            ]
        )
    else:
        raise ValueError(
            f"The reduce parameter must be 'pca', 'lda' or None. Got {reduce!r} instead."
        )
    return Pipeline([("encode", encoder), ("scale", ViewScaler()), ("reduce", PresentRows(inner))])


def _components(n_components: int | float, learn_device: str) -> BaseEstimator:
    if learn_device == "cpu":
        return PCA(n_components, random_state=0)
    # tensors have no LU: scikit-learn would take QR by itself, but with a warning
    pca = PCA(n_components, power_iteration_normalizer="QR", random_state=0)
    return OnDevice(pca, device=learn_device)


def _classifier(
    classifier: Any, class_weight: str | None, random_state: int, learn_device: str
) -> BaseEstimator:
    if class_weight is not None and classifier not in ("logreg", "svm"):
        raise ValueError(
            "The class_weight parameter must be None unless classifier is 'logreg' or 'svm'. Got "
            f"{class_weight!r} with {classifier!r}; set the weights of a classifier of your own "
            "where you make it."
        )
    if classifier == "logreg":
        return TunedLinearClassifier(
            "log_loss", class_weight=class_weight, random_state=random_state
        )
    if classifier == "svm":
        return TunedLinearClassifier("hinge", class_weight=class_weight, random_state=random_state)
    if classifier == "xgboost":
        return BoostedTreesClassifier(device=learn_device, random_state=random_state)
    if isinstance(classifier, BaseEstimator) and is_classifier(classifier):
        return classifier
    near = difflib.get_close_matches(str(classifier), CLASSIFIERS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"The classifier parameter must be one of {list(CLASSIFIERS)} or a scikit-learn "
        f"classifier. Got {classifier!r} instead.{hint}"
    )
