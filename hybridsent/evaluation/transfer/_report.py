"""Judge transfer: is a model that adapts better than one that does not? (layer L5).

scikit-learn's cross_validate knows one kind of row. Here the rows of the target are cut into folds
while the source is always there, labels of the target are known or not, and each adapted model
stands beside the same one that does not adapt.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from hybridsent._label_sets import is_of_sets
from hybridsent._labels import Kind, kind_of, reading_labels_as
from hybridsent._minus_one import check_minus_one_is_no_class, what_minus_one_is
from hybridsent._params import check_n_jobs
from hybridsent._tables import as_pandas
from hybridsent.evaluation.fits._encoding import encode, stored
from hybridsent.evaluation.fits._fold_warnings import told_once
from hybridsent.evaluation.fits._models import unadapted
from hybridsent.evaluation.measures._intervals import (
    DRAWN,
)
from hybridsent.evaluation.measures._metrics import one_metric
from hybridsent.evaluation.results._made_with import made_with
from hybridsent.evaluation.results._notes import licence_notes, notes_on_languages
from hybridsent.evaluation.rows._columns import check_columns, notes_on_columns
from hybridsent.evaluation.rows._label_columns import as_labels
from hybridsent.evaluation.rows._labelled import LabeledTable
from hybridsent.evaluation.rows._read_labels import read_labels, whole_numbers
from hybridsent.evaluation.transfer._given import Given, notes_on_groups
from hybridsent.evaluation.transfer._pairs import make_pairs, make_table
from hybridsent.evaluation.transfer._result import (
    REFERENCES,
    TransferReport,
)
from hybridsent.evaluation.transfer._runs import make_tasks, run_tasks
from hybridsent.evaluation.transfer._verdicts import Rules, summarise_pairs
from hybridsent.exceptions import TableError
from hybridsent.views import DOMAIN

__all__ = ["transfer_report"]


def transfer_report(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    domain: Any,
    source: Any = None,
    target: Any = None,
    protocol: str = "pairs",
    baseline: Any = None,
    n_target_labels: int = 0,
    transductive: bool = True,
    scoring: Any = None,
    cv: Any = 5,
    groups: Any = None,
    n_repeats: int = 1,
    n_bootstrap: int | None = None,
    smallest_effect: float | None = None,
    confidence: float = 0.95,
    shift: bool = True,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> TransferReport:
    """Judge models that adapt to a target domain beside those that do not.

    For each pair of a source and a target, the rows of the target are cut into folds, and each row
    is answered by a model that did not have its label:

    ============= ==================================================================================
    source only   the baseline, fitted on the rows of the source
    target only   the baseline, fitted on the labelled rows of the target's training folds
    pooled        the baseline, fitted on both
    adapted, ...  the estimator, fitted on the source (domain 0, with labels) and the target (domain
                  1): the labelled rows, the others of the training folds with -1 for a label, and,
                  with ``transductive=True``, the test rows with -1, too
    ============= ==================================================================================

    With ``n_target_labels=0`` the adapted models have no label of the target, while target only
    and pooled have all those of the training folds: they say what labels would bring. With more,
    target only, pooled and adapted models have the same labels, drawn anew in each fold: one of
    each class first, then in proportion to the classes.

    The score is that of all answers together. Its interval comes from what it is without each group
    in turn, or without each row where there are no groups; so does that of the gain over source
    only. The intervals tell of the rows that were drawn, not of the models that were fitted:
    `n_repeats` averages over draws of labels. **The mean over pairs** tells of other domains, too:
    from five targets on, whole domains are left out in turn, sources as well as targets. With fewer
    it tells of other rows of these.

    **A method hurts** where its gain is at least the smallest effect of interest below 0 (above, of
    an error such as ``"MAE"``) and more than chance, and may hurt where it is not more than chance.
    What is chance is corrected for the number of pairs and methods (Holm), half of the level for
    the mean and half for the pairs: of reports without any difference at most one in twenty holds a
    verdict. Of a target that is one group nothing tells how much groups differ, so that there is no
    interval and no verdict.

    Where groups are in the source and in the target, too, the source's rows of the tested groups
    are left out of the fit.

    Parameters
    ----------
    estimator : estimator or mapping of str to estimator
        The model that adapts, or several by name, which are judged in the same folds.
    X : DataFrame or array of n rows
        Features, or a table for a pipeline that begins with `make_features`.
    y : str or array-like of shape (n,)
        Labels of all rows, or the column that holds them.
    domain : str or array-like of shape (n,)
        Domain of each row, by any labels, or the column that holds it.
    source, target : label or list of labels, default=None
        Domains that may be source and target; None is any. With the domains 0 and 1, None is the
        source 0 and the target 1.
    protocol : {"pairs", "leave-one-out"}, default="pairs"
        Whether each source is paired with each target, or each target with all other domains
        together.
    baseline : estimator, default=None
        The model that does not adapt; None is what `unadapted` makes of the estimator, or of the
        first of several that it can be made of.
    n_target_labels : int, default=0
        Labels of the target that are known, in each fold.
    transductive : bool, default=True
        Whether adapted models see the test rows, without labels.
    scoring : str, callable or None, default=None
        One metric, as `evaluate` takes it; None is accuracy, of numbers R squared. A callable of
        one's own gets the answers that were given, as an estimator with ``predict`` and, where
        there are any, ``predict_proba`` and ``classes_``, and in place of the rows their numbers.
    cv : int, splitter, iterable or None, default=5
        Folds of each target's rows: stratified, and with groups kept together. None is no folds:
        all rows of the target are unlabelled, seen and answered, and target only and pooled are
        left out.
    groups : str or array-like of shape (n,), default=None
        Group of each row (speaker, video), or the column that holds it.
    n_repeats : int, default=1
        How often folds and labels are drawn; scores are averaged.
    n_bootstrap : int, default=None
        Not used any more, and a note says so: nothing is drawn, intervals come from what is left
        out in turn.
    smallest_effect : float, default=None
        A gain that is smaller is of no interest, in either direction, and no verdict: 0.01 by
        default, for scores that lie between 0 and 1 and for explained variances; a hundredth of
        the range, or of the score of source only where there is none, for others.
    confidence : float, default=0.95
        Of the intervals, and, less 1, of all verdicts of the report together.
    shift : bool, default=True
        Whether to measure MMD and proxy A-distance between source and target, on up to 2,000 rows
        of each: of what the last step of the baseline gets, and of what that of each adapted model
        gets, weighted as it weighs the source; NaN for models that adapt inside their last step.
        Steps that know the target by -1 alone are fitted a second time for that.
    n_jobs : int, default=None
        Fits at once, in threads; None and -1 take every core.
    random_state : int, default=0
        Seed of folds, labels and draws.

    Returns
    -------
    TransferReport
        Scores, gains, verdicts and shifts. ``print`` shows a table.

    Raises
    ------
    ValueError
        If labels, domains, folds or the metric do not fit, the baseline cannot be derived, or the
        step that adapts does not get the domains.

    See Also
    --------
    unadapted : Derives the baseline.
    importance_weighted_score : Chooses settings without labels of the target.

    Notes
    -----
    Features get the column ``domain__0``, 0 for source and 1 for target, at their end, for models
    that read it; the columns of an array are named ``x__0``, ``x__1`` … before. The baseline does
    not get it. A table gets the column ``domain``, in place of one of that name, which
    ``make_features(domain="domain")`` hands on as ``domain__0``; where `make_features` reads
    another column, that is written anew for each pair, by its ``target_domain`` where it has one.

    Models that see all rows of the target and no label are fitted once, not in each fold. For
    regressors, NaN instead of -1 marks unlabelled rows.

    References
    ----------
    Aronow, Samii, Assenova: Cluster-robust variance estimation for dyadic data, Political Analysis
    2015 (pairs that share a domain).

    Ben-David, Blitzer, Crammer, Kulesza, Pereira, Vaughan: A theory of learning from different
    domains, Machine Learning 2010 (source, target and pooled training compared).

    Wang, Dai, Póczos, Carbonell: Characterizing and avoiding negative transfer, CVPR 2019, section
    2 (negative transfer).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent.evaluation import transfer_report
    >>> from hybridsent.few_label import LabeledOnly
    >>> from hybridsent.transfer import CORAL
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile(["bad", "good"], 100)
    >>> X = rng.normal(size=(200, 2)) + np.where(y == "good", 3, 0)[:, None]
    >>> domain = np.repeat(["books", "films"], 100)
    >>> X[domain == "films"] += 5
    >>> model = make_pipeline(CORAL(), LabeledOnly(LogisticRegression()))
    >>> report = transfer_report(model, X, y, domain=domain, target="films", cv=2)
    >>> pair = report.pairs[0]
    >>> pair.source, pair.target, pair.verdicts["adapted"]
    ('books', 'films', 'helps')
    >>> pair.shifts["source only"].a_distance > pair.shifts["adapted"].a_distance
    True
    """
    check_n_jobs(n_jobs, "transfer_report")
    start = time.perf_counter()
    X = as_pandas(X)
    models = _check_models(estimator)
    _check_numbers(n_target_labels, n_repeats, smallest_effect, confidence, cv, transductive)
    kind = kind_of(next(iter(models.values())))
    _check_kind(kind, y)
    regression = kind == "numbers"
    if scoring is None:
        scoring = "r2" if regression else "accuracy"
    metric = one_metric(scoring, "transfer_report must be one name of a metric")
    rows = _labelled_rows(X, y, groups, domain, target, regression)
    X, labels, named = rows.rows, _with_room(rows.y, regression), rows.named(y, domain, groups)
    plain, notes = _baseline(models, baseline)
    for model in (plain, *models.values()):
        check_columns(model, X, but=[DOMAIN])
    # -1 hides labels of the target from what adapts, whatever the others are
    with (
        reading_labels_as(kind),
        told_once(),
        stored([plain, *models.values()]) as ((plain, *ready), _),
    ):
        given = Given(
            models={
                "": (plain, make_table(plain, X, named, told=False)),
                **{
                    name: (model, make_table(model, X, named, told=True))
                    for name, model in zip(models, ready, strict=True)
                },
            },
            y=labels,
            classes=None if regression else np.unique(labels),
            groups=rows.groups,
            pairs=make_pairs(np.asarray(rows.domains), source, target, protocol),
            n_target_labels=n_target_labels,
            transductive=transductive,
        )
        tasks = list(make_tasks(given, cv, n_repeats, random_state, shift=shift))
        for model, table in given.models.values():
            encode(model, table.X, labels)
        outcomes = run_tasks(given, tasks, n_jobs)
        pairs, mean = summarise_pairs(given, outcomes, Rules(metric, confidence, smallest_effect))
    first, read = next((model, table.X) for name, (model, table) in given.models.items() if name)
    notes += [*rows.notes, *notes_on_columns(first, X, read, named)]
    notes += notes_on_languages(list(models.values()), X)
    notes += notes_on_groups(given, cv)
    targets = len({pair.target for pair in pairs})
    if len(pairs) > 1 and targets < DRAWN:
        notes.append(
            f"The interval of the mean is for other rows of the {targets} targets, not for others."
            if targets > 1
            else "The interval of the mean is for other rows of the target, not for others."
        )
    if n_bootstrap is not None:
        notes.append(
            f"n_bootstrap={n_bootstrap!r} was not used: intervals no longer come from draws; leave "
            "it out."
        )
    if n_target_labels == 0 and cv is not None:
        notes.append(
            "Target only and pooled had all labels of the training folds, adapted models none."
        )
    return TransferReport(
        scoring=metric.name,
        pairs=pairs,
        mean=mean,
        n_target_labels=n_target_labels,
        folds=sum(t.method == "pooled" and t.pair == t.repeat == 0 for t in tasks),
        repeats=n_repeats,
        confidence=confidence,
        seconds=time.perf_counter() - start,
        notes=notes + licence_notes(list(models.values())),
        **made_with([*models.values(), plain]),
    )


def _check_models(estimator: Any) -> dict[str, Any]:
    models = dict(estimator) if isinstance(estimator, Mapping) else {"adapted": estimator}
    for name, model in models.items():
        if not isinstance(name, str) or not name or name in REFERENCES:
            raise ValueError(
                f"The names of estimators must be texts, and none of {list(REFERENCES)}. Got "
                f"{name!r}; rename it."
            )
        if not hasattr(model, "fit") or not hasattr(model, "predict"):
            raise ValueError(
                f"The estimator {name!r} must have fit and predict. Got {model!r}; end a pipeline "
                "with a classifier."
            )
    if not models:
        raise ValueError("The estimator parameter must hold at least one estimator. Got none.")
    return models


def _check_kind(kind: Kind, y: Any) -> None:
    """Refuse sets of labels, of which each may shift in its own way."""
    if kind == "sets" or is_of_sets(y):
        raise ValueError(
            "transfer_report must be given classes or numbers. Got sets of labels; judge each "
            "label by itself, as whether a row has it, or take evaluate with groups."
        )


def _check_numbers(
    n_target_labels: int,
    n_repeats: int,
    smallest_effect: float | None,
    confidence: float,
    cv: Any,
    seen: bool,
) -> None:
    for name, value, least in (
        ("n_target_labels", n_target_labels, 0),
        ("n_repeats", n_repeats, 1),
    ):
        if not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(
                f"The {name} parameter must be a whole number of at least {least}. Got {value!r}."
            )
    if smallest_effect is not None and not smallest_effect >= 0:
        raise ValueError(
            f"The smallest_effect parameter must be None or at least 0. Got {smallest_effect!r}."
        )
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence parameter must be between 0 and 1. Got {confidence!r}.")
    if cv is None and (n_target_labels or not seen):
        raise ValueError(
            "The cv parameter must make folds where some rows of the target are labelled, or the "
            f"test rows unseen. Got cv=None with n_target_labels={n_target_labels} and "
            f"transductive={seen}; write cv=5."
        )


def _labelled_rows(
    X: Any, y: Any, groups: Any, domain: Any, target: Any, regression: bool
) -> LabeledTable:
    """Read the rows that have a label, by which the report judges: the target's, too."""
    by_name = isinstance(y, str)
    if not by_name:
        _check_known(as_labels(X, y), regression)
    kind: Kind = "numbers" if regression else "classes"
    rows = read_labels(X, y, groups=groups, domain=domain, kind=kind)
    if by_name:  # an empty cell tells a row without a label, so that -1 is a class
        check_minus_one_is_no_class(
            rows.y,
            rows.known,
            kind=kind,
            name="The y parameter",
            way_out="leave the cell empty",
            error=TableError,
        )
    if rows.kept is not None and isinstance(domain, str) and target is not None:
        _check_target_is_labelled(X[domain], rows, target, y)
    return rows


def _check_target_is_labelled(column: Any, rows: LabeledTable, target: Any, y: Any) -> None:
    """Refuse a target of which no row has a label."""
    targets = target if isinstance(target, (list, tuple, set, np.ndarray)) else [target]
    there = set(map(str, [] if rows.domains is None else rows.domains.tolist()))
    named = set(map(str, whole_numbers(column.dropna().to_numpy()).tolist()))
    for each in map(str, targets):
        if each in named - there:
            raise TableError(
                "The target parameter must name a domain whose rows have labels, by which it is "
                f"judged; all rows of {each!r} were left out, because they have none in {y!r}."
            )


def _check_known(labels: np.ndarray, regression: bool) -> None:
    if not regression and what_minus_one_is(labels, "classes") != "absent":
        raise ValueError(
            "The labels must be those of all rows, the target's too: they judge, and the report "
            "hides them from the models. Got -1, which means unlabelled; leave these rows out, or "
            "rename the class."
        )


def _with_room(labels: np.ndarray, regression: bool) -> np.ndarray:
    if regression:
        return np.asarray(labels, dtype=np.float64)
    if labels.dtype.kind in "bu":  # -1 must have room
        return labels.astype(np.int64)
    return labels


def _baseline(models: dict[str, Any], baseline: Any) -> tuple[Any, list[str]]:
    if baseline is not None:
        return baseline, []
    errors = []
    for name, model in models.items():
        try:
            plain = unadapted(model)
        except ValueError as error:
            errors.append(error)
            continue
        return plain, [f"The baseline is {name!r} without what adapts."] if len(models) > 1 else []
    raise errors[0]
