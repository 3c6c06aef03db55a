"""From a table of posts to a classifier or regressor over all modalities (layer L4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.pipeline import Pipeline

from hybridsent._params import check_n_jobs
from hybridsent.fusion._adapt import adapted_steps
from hybridsent.fusion._features import check_learn_device, check_used, make_features
from hybridsent.fusion._named import as_views, learned_by_name, tuned_by_name
from hybridsent.fusion._registry import Fusion, get_fusion
from hybridsent.fusion._short_forms import with_media
from hybridsent.fusion._strategies import last_steps
from hybridsent.fusion._tasks import get_task, of_sets
from hybridsent.scaling import ViewScaler

__all__ = ["make_fusion"]


def make_fusion(
    how: str = "early",
    *,
    views: Mapping[str, Any] | None = None,
    text: Any = None,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    meta: Sequence[str] | None = None,
    features: str | Sequence[str] | None = None,
    domain: str | None = None,
    target_domain: Any = None,
    group: str | None = None,
    adapt: Any = None,
    task: str = "classification",
    classifier: Any = "logreg",
    select: str | None = None,
    reduce: str | None = None,
    n_components: int | float | None = None,
    steps: int | None = None,
    quality: str | None = None,
    commercial: bool = False,
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
    """Build a classifier, or a regressor, over all modalities of a table.

    The pipeline has the steps ``features`` (frozen encoders), ``scale`` (each column standardised,
    each modality of equal weight), ``impute`` (missing modalities become what the others predict),
    ``fuse`` (one space for all modalities) and ``classify``; a strategy without one of them has
    ``"passthrough"`` in its place. Parameters can be searched like those of any other pipeline, for
    example ``classify__Cs`` or ``features__text__model``, and whole strategies with `FUSION_GRID`.

    Parameters
    ----------
    how : {"early", "align", "late", "stack", "tensor", "gated", "cnn", "rnn"}, default="early"
        Strategy of fusion; rows may lack modalities in each:

        - ``"early"`` joins the features of all modalities before the classifier; where a view says
          much less of the labels than the others, they are weighed by what each says alone
          (``classify__view_weights``, of ``"logreg"`` and ``"svm"``);
        - ``"align"`` brings them into one space first (`hybridsent.alignment.MCCA`, with the labels
          as one more view);
        - ``"late"`` averages the probabilities of a classifier for each modality
          (`hybridsent.heads.LateFusionClassifier`);
        - ``"stack"`` learns how to weigh them (`hybridsent.heads.StackedFusionClassifier`);
        - ``"tensor"`` and ``"gated"`` are networks that multiply, or weigh, what they make of each
          modality (`hybridsent.heads.TensorFusionClassifier`,
          `hybridsent.heads.GatedFusionClassifier`);
        - ``"cnn"`` and ``"rnn"`` are networks over the segments of a sample
          (`hybridsent.heads.ConvolutionalFusionClassifier`,
          `hybridsent.heads.RecurrentFusionClassifier`).
    views : mapping of str to str or estimator, default=None
        As in `make_features`.
    text, image, audio : True, str, estimator or None, default=None
        As in `make_features`.
    video : True, mapping or None, default=None
        As in `make_features`.
    columns : mapping of str to str or list of str, default=None
        As in `make_features`.
    meta : sequence of str, default=None
        Columns of numbers, dates and categories, as in `make_features`.
    features : "passthrough", sequence of str or None, default=None
        As in `make_features`; with ``"passthrough"`` every column of the table is a feature, named
        ``view__i``, and there is no step ``features``.
    domain, target_domain, group
        As in `make_features`; they go with `adapt`.
    adapt : str, transformer or None, default=None
        Transfer to a target domain (`hybridsent.transfer`). Rows of the target are told by `domain`
        or, without it, by the label -1; those without a label may all stand in `fit`.

        - Features: ``"coral"``, ``"coral-diagonal"``, ``"subspace"``, ``"tca"``, ``"jda"``,
          ``"augment"``, or a transformer of your own, as step ``adapt`` behind ``impute``;
          ``"groups"``
          (`hybridsent.transfer.GroupScaler`, which reads `group`) in front of ``scale``. The
          classifier then learns from the labelled rows
          (`hybridsent.few_label.LabeledOnly`).
        - Instances: ``"kmm"``, ``"kliep"``, ``"ulsif"``, ``"classifier"``, ``"balanced"`` weigh the
          rows of the source for the classifier (`hybridsent.transfer.ReweightedEstimator`), and
          ``"tradaboost"`` boosts; the latter two need labels in the target.
        - Models: ``"prior"`` (needs labels in the target) and ``"adversarial"``, in the place of
          the classifier.
    task : {"classification", "regression", "multilabel"}, default="classification"
        What is learned: classes, or numbers, such as a valence from -3 to 3; then all that stands
        here of classifiers holds of regressors. With ``"multilabel"`` sets of labels, such as
        ``"joy|anger"``, lists, or a matrix of 0 and 1: all that learns from labels is fitted for
        each label (`hybridsent.heads.MultiLabelClassifier`); `select` and ``reduce="lda"`` take a
        row for one of that label it has which fewest rows have.
    classifier : {"logreg", "svm", "xgboost"} or estimator, default="logreg"
        Classifier of the joint features (``"early"``, ``"align"``), or of each modality
        (``"late"``, ``"stack"``; it must have probabilities). ``"logreg"`` and ``"svm"`` are linear
        and choose their penalty by inner cross-validation; ``"xgboost"`` is gradient-boosted trees;
        or any scikit-learn classifier. Networks classify themselves. With ``task="regression"``
        ``"logreg"`` and ``"ridge"`` are ridge regression, ``"svm"`` and ``"svr"`` linear support
        vector regression; or any scikit-learn regressor.
    select : {"univariate", "l1", "trees"} or None, default=None
        As in `make_features`.
    reduce : {"pca", "lda"} or None, default=None
        As in `make_features`.
    n_components : int or float, default=None
        As in `make_features`.
    steps : int, default=None
        As in `make_features`; None is 4 for ``"cnn"`` and ``"rnn"``.
    quality : {"fast", "good", "best"} or None, default=None
        As in `make_features`.
    commercial : bool, default=False
        As in `make_features`.
    class_weight : {"balanced"} or None, default=None
        Weights of the classes, for ``"logreg"``, ``"svm"`` and the networks; not with
        ``adapt="prior"`` and ``"adversarial"``.
    random_state : int, default=0
        Seed of everything that is random in what is built here.
    learn_device : str, default="cpu"
        Where the principal components of `reduce`, the trees of ``"xgboost"``, the covariances of
        ``"align"`` and the networks are computed, as in `make_features`.
    device, precision, store, on_error, n_jobs, verbose
        As in the encoders, and refused where nothing is encoded; `n_jobs` is that of ``"xgboost"``,
        too.

    Returns
    -------
    Pipeline
        Unfitted.

    Raises
    ------
    ValueError
        If a parameter is none of the above, or nothing would use it.
    LicenceError
        If commercial use is asked for, and a licence does not allow it or is not known.

    Notes
    -----
    The defaults were chosen by 5-fold cross-validation on MVSA-Single (text and image), Emo-DB
    (audio, split by speaker) and MELD (text, split by dialogue): equal weight of modalities against
    plain standardisation, the cut at 3 standard deviations, and the grid of penalties.
    The figures stand on "The defaults, and the figures behind them", in the documentation, and
    those of the strategies on "Strategies of fusion", in the documentation.

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
    check_n_jobs(n_jobs, "make_fusion")
    fusion = get_fusion(how)
    get_task(task)
    kind = _kind_of_learning(fusion, classifier, reduce)
    in_threads = kind == "trees" or "n_jobs" in fusion.takes()
    with_parts, columns_of_parts = with_media(views, columns, video=video)
    wanted = as_views(with_parts, text=text, image=image, audio=audio)
    learns = select in ("l1", "trees") or reduce is not None or learned_by_name(wanted)
    learns = learns or meta is not None
    check_learn_device("make_fusion", learn_device, kind)
    first: list[tuple[str, Any]] = []
    # what follows reads the views off the names
    steps_made: list[tuple[str, Any]] = [("scale", ViewScaler().set_output(transform="pandas"))]
    if adapt is None and (domain is not None or group is not None):
        raise ValueError(
            "The adapt parameter must name what adapts where domain or group is given: nothing "
            f"else reads them. Got None with domain={domain!r} and group={group!r}."
        )
    if isinstance(features, str) and features == "passthrough":
        _check_alone(
            views=views,
            text=text,
            image=image,
            audio=audio,
            video=video,
            columns=columns,
            meta=meta,
            domain=domain,
            target_domain=target_domain,
            group=group,
            select=select,
            reduce=reduce,
            n_components=n_components,
            steps=steps,
            quality=quality,
            commercial=commercial or None,
        )
        check_used(
            "make_fusion",
            False,
            device=device,
            precision=precision,
            store=store,
            on_error=on_error,
            n_jobs=None if in_threads else n_jobs,
            verbose=verbose,
        )
    else:
        made = make_features(
            wanted,
            columns=columns_of_parts,
            meta=meta,
            features=features,
            domain=domain,
            target_domain=target_domain,
            group=group,
            select=select,
            reduce=reduce,
            n_components=n_components,
            task=_task_of_features(task, select, reduce, tunes=tuned_by_name(wanted)),
            steps=fusion.steps if wanted and steps is None else steps,
            quality=quality,
            commercial=commercial,
            random_state=random_state if learns else 0,
            learn_device="cpu" if reduce is None else learn_device,
            device=device,
            precision=precision,
            store=store,
            on_error=on_error,
            n_jobs=n_jobs if wanted or not in_threads else None,
            verbose=verbose,
        )
        first = [("features", made)]
    last = last_steps(how, classifier, class_weight, random_state, learn_device, n_jobs, task)
    steps_made += last
    if adapt is not None:
        steps_made = adapted_steps(
            adapt,
            how,
            steps_made,
            domain=domain,
            group=group,
            classifier=classifier,
            class_weight=class_weight,
            random_state=random_state,
            task=task,
        )
    if task == "multilabel":
        steps_made = of_sets(steps_made, random_state)
    made_of = Pipeline([*first, *steps_made])
    _tell_what_minus_one_is(made_of, marked=adapt is not None)
    _check_seed(random_state, made_of, classifier)
    return made_of


def _tell_what_minus_one_is(model: Pipeline, *, marked: bool) -> None:
    """Tell the steps that learn from labels whether -1 is known to be a mark, or may be a class.

    What adapts takes it for a mark, and itself looks out for a class of that name; a classifier
    alone takes it for a class, whatever selects features before it.
    """
    for name, value in model.get_params().items():
        if value is not True:  # nor of numbers and sets, which were told
            continue
        if name.startswith("features__") and name.endswith("__labeled_only") and not marked:
            model.set_params(**{name: "warn"})
        if name == "fuse__supervised" and marked:
            model.set_params(**{name: "marked"})


def _task_of_features(task: str, select: str | None, reduce: str | None, *, tunes: bool) -> str:
    """Give the task to features where one of them learns from labels."""
    return task if select is not None or reduce == "lda" or tunes else "classification"


def _check_seed(random_state: Any, model: Pipeline, classifier: Any) -> None:
    """Refuse a seed that nothing holds."""
    seeds = [value for name, value in model.get_params().items() if name.endswith("__random_state")]
    if random_state != 0 and not any(value is random_state for value in seeds):
        raise ValueError(
            "The random_state parameter must be left alone where nothing that is built here is "
            f"random. Got {random_state!r} with classifier={classifier!r}; set it where you make "
            "that."
        )


def _kind_of_learning(fusion: Fusion, classifier: Any, reduce: str | None) -> str:
    """Name what `learn_device` would compute."""
    takes = fusion.takes()
    if "device" in takes and "classifier" not in takes:
        return "network"
    if isinstance(classifier, str) and classifier == "xgboost":
        return "trees"
    if "device" in takes:
        return "align"
    return "cpu" if reduce is None else "pca"


def _check_alone(**others: Any) -> None:
    given = [name for name, value in others.items() if value is not None and value is not False]
    if given:
        raise ValueError(
            f"The {given[0]} parameter must be left out with features='passthrough', because "
            "there is no step that would use it. Name the views instead, for example "
            f"features=['text', 'image']. Got {others[given[0]]!r}."
        )
