"""The fits of a judgement of transfer: pairs of domains, folds of the target, labels (layer L5).

scikit-learn's train_test_split refuses to draw fewer rows than there are classes, and its draws of
different sizes are not nested.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from hybridsent._folds import outer_folds
from hybridsent._hints import did_you_mean
from hybridsent._tags import adapting_parts, adapts, reads_domain
from hybridsent._threads import in_threads
from hybridsent.evaluation._columns import picks_columns, readable
from hybridsent.evaluation._fits import fit_model, fresh
from hybridsent.evaluation._fold_warnings import fold_warnings_ignored
from hybridsent.evaluation._models import domain_part
from hybridsent.evaluation._out_of_fold import Answers, answers_of
from hybridsent.evaluation._shift import maximum_mean_discrepancy, proxy_a_distance
from hybridsent.evaluation._transfer_result import REFERENCES, Shift
from hybridsent.exceptions import TableError
from hybridsent.views import DOMAIN, is_passthrough, view_of

__all__ = [
    "Given",
    "Outcome",
    "Pair",
    "Table",
    "Task",
    "draw_labels",
    "make_pairs",
    "make_table",
    "make_tasks",
    "notes_on_groups",
    "run_tasks",
    "shared_groups",
    "target_folds",
]

PROTOCOLS = ("pairs", "leave-one-out")
OTHERS = "others"
"""Name of a source that is all other domains."""


@dataclass(frozen=True)
class Table:
    """Rows as one estimator reads them.

    Parameters
    ----------
    X : DataFrame
        All rows.
    column : str or None
        Column that tells the domain; None for an estimator that does not want it.
    named : tuple of (str, object) or None, default=None
        For a table: another column in which a first step looks for the domain, and what it takes
        for the target's name (None where it reads 0 and 1).
    """

    X: Any
    column: str | None
    named: tuple[str, Any] | None = None

    def rows(self, where: np.ndarray, domain: np.ndarray) -> Any:
        """Take rows, with their domain.

        Parameters
        ----------
        where : ndarray of int of shape (m,)
            Positions.
        domain : ndarray of int of shape (m,)
            0 for source, 1 for target.

        Returns
        -------
        DataFrame of m rows
            The rows; those of features have the domain in their own type.
        """
        taken = self.X.iloc[where]
        if self.column is None:
            return taken
        if self.named is not None:
            column, name = self.named
            said = domain if name is None else np.where(domain == 1, str(name), f"not {name}")
            return taken.assign(**{self.column: domain}).assign(**{column: said})
        if self.column == DOMAIN or {kind.kind for kind in taken.dtypes} != {"f"}:
            return taken.assign(**{self.column: domain})
        import pandas as pd

        # one block: a second one would be copied together by every step
        values = taken.to_numpy()
        both = np.column_stack([values, domain.astype(values.dtype)])
        return pd.DataFrame(both, columns=[*taken.columns, self.column], index=taken.index)


def make_table(estimator: Any, X: Any, named: Sequence[Any], *, told: bool) -> Table:
    """Make the rows ready for an estimator.

    Parameters
    ----------
    estimator : estimator
        Who reads them.
    X : DataFrame or array of n rows
        A table or features.
    named : sequence of object
        Labels, domains and groups as they were given: strings are columns that are no features.
    told : bool
        Whether features get the column ``domain__0`` where the estimator reads one; a table gets
        the column ``domain`` in any case.

    Returns
    -------
    Table
        The rows. The columns of an array are named ``x__i``.

    Raises
    ------
    ValueError
        If features have a column of domains already, or a table is none.
    """
    import pandas as pd

    if picks_columns(estimator):
        if not hasattr(X, "iloc"):
            raise ValueError(
                "X must be a DataFrame for an estimator that picks columns. Got "
                f"{type(X).__name__}; name its columns, for example by pandas.DataFrame."
            )
        return Table(X, DOMAIN, _named(estimator))
    frame = readable(estimator, X, named)
    if not hasattr(frame, "iloc"):
        values = np.asarray(frame)
        if values.ndim != 2:
            raise ValueError(f"X must have two dimensions. Got {values.ndim}.")
        frame = pd.DataFrame(values, columns=[f"x__{i}" for i in range(values.shape[1])])
    taken = [name for name in frame.columns if view_of(name) == DOMAIN]
    if taken:
        raise ValueError(
            f"X must not hold a column of domains, which the domain parameter gives. Got "
            f"{taken[0]!r}; drop it, or write domain={taken[0]!r}."
        )
    # an estimator that says nothing of domains is taken to know what it does with the column
    wants = reads_domain(estimator) or not adapts(estimator)
    return Table(frame, f"{DOMAIN}__0" if told and wants else None)


def _named(estimator: Any) -> tuple[str, Any] | None:
    """Find the column that `make_features` was told to read the domain from."""
    found = domain_part(estimator)
    if found is None or not isinstance(found[1], list) or len(found[1]) != 1:
        return None
    part, (column,) = found
    return column, (getattr(part, "kw_args", None) or {}).get("target")


@dataclass(frozen=True)
class Pair:
    """Rows of one source and one target.

    Parameters
    ----------
    source, target : str
        Their names.
    code : int
        Number of the target among all domains.
    of_source, of_target : ndarray of int
        Positions of their rows.
    """

    source: str
    target: str
    code: int
    of_source: np.ndarray
    of_target: np.ndarray


def make_pairs(domain: np.ndarray, source: Any, target: Any, protocol: str) -> list[Pair]:
    """Pair sources with targets.

    Parameters
    ----------
    domain : ndarray of shape (n,)
        Domain of each row.
    source, target : label, list of labels or None
        Which domains may be source and target.
    protocol : {"pairs", "leave-one-out"}
        Whether each source stands alone, or all others than the target together.

    Returns
    -------
    list of Pair
        By target within source.

    Raises
    ------
    ValueError
        If a domain is not there, or no pair is left.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(
            f"The protocol parameter must be one of {list(PROTOCOLS)}. Got {protocol!r}."
            f"{did_you_mean(protocol, PROTOCOLS)}"
        )
    known = np.unique(domain).tolist()
    if known == [0, 1] and source is None and target is None and protocol == "pairs":
        source, target = [0], [1]
    sources, targets = (
        _chosen(each, known, name) for each, name in ((source, "source"), (target, "target"))
    )
    where = {label: np.flatnonzero(domain == label) for label in known}
    pairs = []
    if protocol == "leave-one-out":
        for t in targets:
            rest = [s for s in sources if s != t]
            if rest:
                rows = np.sort(np.concatenate([where[s] for s in rest]))
                name = str(rest[0]) if len(rest) == 1 else OTHERS
                pairs.append(Pair(name, str(t), known.index(t), rows, where[t]))
    else:
        pairs = [
            Pair(str(s), str(t), known.index(t), where[s], where[t])
            for s in sources
            for t in targets
            if s != t
        ]
    if not pairs:
        raise ValueError(
            "There must be a source and a target that differ. Got the domains "
            f"{known}, source={source!r} and target={target!r}."
        )
    return pairs


def _chosen(labels: Any, known: list[Any], name: str) -> list[Any]:
    if labels is None:
        return known
    listed = isinstance(labels, (list, tuple, set, np.ndarray))
    # names as text, too: a table's "2" may have been read as a number
    written = {str(label): label for label in known}
    wanted = []
    for label in list(labels) if listed else [labels]:
        if label not in known and str(label) not in written:
            raise TableError(
                f"The {name} parameter must name domains that are there. Got {label!r}; the "
                f"domains are {known}.{did_you_mean(label, known)}"
            )
        wanted.append(label if label in known else written[str(label)])
    return [label for label in known if label in wanted]


def target_folds(
    y: np.ndarray, cv: Any, groups: np.ndarray | None, seed: int, *, regression: bool
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut the rows of a target into folds; rare classes may be absent from some.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels of the target's rows.
    cv : int, splitter, iterable or None
        Folds; None is one test fold of all rows.
    groups : ndarray of shape (n,) or None
        Groups that are kept together.
    seed : int
        Seed of the shuffle.
    regression : bool
        Whether y holds numbers that are no classes.

    Returns
    -------
    list of (ndarray, ndarray)
        Training and test positions.

    Raises
    ------
    ValueError
        If there are fewer rows or groups than folds, or the test folds are no partition.
    """
    return outer_folds(
        y,
        cv,
        groups,
        random_state=seed,
        kind="numbers" if regression else "classes",
        every_row=True,
        known=np.ones(len(y), dtype=bool),
    )


def draw_labels(
    y: np.ndarray, n_labels: int, seed: Sequence[int], *, regression: bool
) -> np.ndarray:
    """Draw rows whose labels are known: one of each class first, then in proportion.

    Of the same seed, fewer labels are the first of more.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    n_labels : int
        How many rows.
    seed : sequence of int
        Seed.
    regression : bool
        Whether to draw without regard to y.

    Returns
    -------
    ndarray of int of shape (n_labels,)
        Positions, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation._transfer_runs import draw_labels
    >>> y = np.array(["a"] * 8 + ["b"] * 4)
    >>> y[draw_labels(y, 6, [0], regression=False)].tolist()
    ['a', 'a', 'a', 'a', 'b', 'b']
    """
    order = np.random.default_rng(seed).permutation(len(y))
    if regression:
        return np.sort(order[:n_labels])
    _, code = np.unique(y[order], return_inverse=True)
    counts = np.bincount(code)
    rank = np.empty(len(y))
    for c, count in enumerate(counts):
        rank[code == c] = np.arange(count)
    share = (rank + 0.5) / counts[code]
    # frequent classes come first where there are fewer labels than classes
    return np.sort(order[np.lexsort((share, rank > 0))][:n_labels])


_NO_LABELS = (
    "The estimator {name!r} must know that -1 is no class but marks rows without a label. Got "
    "{seen}; put hybridsent.few_label.LabeledOnly around its classifier."
)
_SHIFT_ROWS = 2000  # of each domain: more change the third digit


@dataclass(frozen=True)
class Given:
    """All that the fits share.

    Parameters
    ----------
    models : mapping of str to (estimator, Table)
        Adapted methods, and under ``""`` the baseline, each with the rows as it reads them.
    y : ndarray of shape (n,)
        Labels.
    classes : ndarray or None
        All labels there are; None for a regression.
    groups : ndarray of shape (n,) or None
        Groups.
    pairs : list of Pair
        Sources and targets.
    n_target_labels : int
        Labels that are drawn; 0 for all of the training folds in references and none in others.
    transductive : bool
        Whether adapted methods see the test rows, without labels.
    """

    models: Mapping[str, tuple[Any, Table]]
    y: np.ndarray
    classes: np.ndarray | None
    groups: np.ndarray | None
    pairs: list[Pair]
    n_target_labels: int
    transductive: bool


@dataclass(frozen=True)
class Task:
    """One fit; positions are those of rows of the target.

    Parameters
    ----------
    pair : int
        Number of the pair.
    method : str
        Name of the method.
    repeat : int
        Number of the repeat.
    test, labeled, unlabeled : ndarray of int
        Rows that are answered, and those of `fit`.
    shift : bool
        Whether to measure how far the domains are apart after the fit.
    """

    pair: int
    method: str
    repeat: int
    test: np.ndarray
    labeled: np.ndarray
    unlabeled: np.ndarray
    shift: bool


@dataclass(frozen=True)
class Outcome:
    """What one fit gave.

    Parameters
    ----------
    task : Task
        The task.
    answers : Answers
        About its test rows.
    shift : Shift or None
        Where it was asked for.
    """

    task: Task
    answers: Answers
    shift: Shift | None


def make_tasks(
    given: Given, cv: Any, n_repeats: int, random_state: int, *, shift: bool
) -> Iterator[Task]:
    """List the fits: those that do not depend on the fold are made once.

    Parameters
    ----------
    given : Given
        What the fits share.
    cv : int, splitter, iterable or None
        Folds of each target's rows.
    n_repeats : int
        How often folds and labels are drawn.
    random_state : int
        Seed.
    shift : bool
        Whether to measure shifts.

    Yields
    ------
    Task
        The fits.
    """
    adapted = [name for name in given.models if name]
    none = np.arange(0)
    for p, pair in enumerate(given.pairs):
        everyone = np.arange(len(pair.of_target))
        apart = cv is None or len(shared_groups(given, pair)) == 0
        if apart:
            yield Task(p, "source only", 0, everyone, none, none, shift)
        blind = apart and given.n_target_labels == 0 and given.transductive
        if blind:
            for name in adapted:
                yield Task(p, name, 0, everyone, none, everyone, shift)
        for repeat in range(n_repeats):
            for k, (train, test, labeled) in enumerate(
                _folds(given, pair, cv, repeat, random_state)
            ):
                first = shift and repeat == 0 and k == 0
                if not apart:
                    yield Task(p, "source only", repeat, test, none, none, first)
                if cv is not None:
                    yield Task(p, "target only", repeat, test, labeled, none, False)
                    yield Task(p, "pooled", repeat, test, labeled, none, False)
                if blind:
                    continue
                seen = np.union1d(train, test) if given.transductive else train
                known = labeled if given.n_target_labels else none
                rest = np.setdiff1d(seen, known)
                for name in adapted:
                    yield Task(p, name, repeat, test, known, rest, first)


def _folds(
    given: Given, pair: Pair, cv: Any, repeat: int, random_state: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    y = given.y[pair.of_target]
    groups = None if given.groups is None else given.groups[pair.of_target]
    if groups is not None and len(np.unique(groups)) == 1:
        groups = None  # a target that is one group can only be cut
    regression = given.classes is None
    seed = random_state + repeat
    for k, (train, test) in enumerate(target_folds(y, cv, groups, seed, regression=regression)):
        labeled = train
        if given.n_target_labels:
            if given.n_target_labels > len(train):
                raise ValueError(
                    "The n_target_labels parameter must be at most the rows of a target's training "
                    f"folds. Got {given.n_target_labels} for {len(train)} rows of {pair.target!r}."
                )
            drawn = draw_labels(
                y[train], given.n_target_labels, [random_state, repeat, k], regression=regression
            )
            labeled = train[drawn]
        if cv is not None and not regression and len(np.unique(y[labeled])) < 2:
            raise ValueError(
                "The labelled rows of a target must be of at least two classes for 'target only'. "
                f"Got {np.unique(y[labeled]).tolist()} of {pair.target!r}; raise n_target_labels, "
                "or take cv=None, which leaves that reference out."
            )
        yield train, test, labeled


def run_tasks(given: Given, tasks: list[Task], n_jobs: int | None) -> list[Outcome]:
    """Fit and answer, in threads.

    Parameters
    ----------
    given : Given
        What the fits share.
    tasks : list of Task
        The fits.
    n_jobs : int or None
        Fits at once; None and -1 take every core.

    Returns
    -------
    list of Outcome
        In the order of the tasks.
    """
    with threadpool_limits(1):
        return list(in_threads(_run, [(given, task) for task in tasks], n_jobs))


@fold_warnings_ignored()
def _run(given: Given, task: Task) -> Outcome:
    pair = _kept_apart(given, given.pairs[task.pair], task.test)
    reference = task.method in REFERENCES
    model, table = given.models["" if reference else task.method]
    source = pair.of_source if task.method != "target only" else pair.of_source[:0]
    target = np.union1d(task.labeled, task.unlabeled).astype(np.intp)
    rows = np.concatenate([source, pair.of_target[target]])
    domain = np.repeat([0, 1], [len(source), len(target)])
    unknown = np.zeros(len(rows), dtype=bool)
    unknown[len(source) :] = ~np.isin(target, task.labeled)
    y = _marked(given.y[rows], unknown, regression=given.classes is None)
    groups = None if given.groups is None else given.groups[rows]
    X = table.rows(rows, domain)
    try:
        fitted = fit_model(fresh(model), X, y, groups)
    except TypeError as error:
        if not unknown.any() or "not supported between" not in str(error):
            raise
        raise ValueError(_NO_LABELS.format(name=task.method, seen=f"an error ({error})")) from error
    if not reference:
        _check_told(fitted, table, given.n_target_labels, task.method)
    tested = pair.of_target[task.test]
    X_tested = table.rows(tested, np.ones(len(tested), dtype=int))
    answers = _answers(fitted, X_tested, given, task.method)
    sizes = {len(source), len(source) + len(task.labeled), len(rows)}
    shift = _shift(fitted, table, pair, sizes, (X, y), given.groups) if task.shift else None
    return Outcome(task, answers, shift)


def shared_groups(given: Given, pair: Pair) -> np.ndarray:
    """Find groups that are in the source and in the target.

    Parameters
    ----------
    given : Given
        What the fits share.
    pair : Pair
        Source and target.

    Returns
    -------
    ndarray
        Their names.
    """
    if given.groups is None:
        return np.arange(0)
    return np.intersect1d(given.groups[pair.of_source], given.groups[pair.of_target])


def notes_on_groups(given: Given, cv: Any) -> list[str]:
    """Say what groups change in a judgement of transfer.

    Parameters
    ----------
    given : Given
        What the fits share.
    cv : int, splitter, iterable or None
        Folds of each target's rows.

    Returns
    -------
    list of str
        Sentences for the notes of the report.
    """
    if given.groups is None:
        return []
    notes = []
    shared = [(pair, shared_groups(given, pair)) for pair in given.pairs]
    both = np.unique(np.concatenate([groups for _, groups in shared]))
    if len(both):
        told = f"{len(both)} groups are in the source and in the target, such as {both[0]!s}: "
        seen = cv is None and any(
            len(groups) == len(np.unique(given.groups[pair.of_source])) for pair, groups in shared
        )
        notes.append(
            told + "without folds they cannot be kept apart, and scores flatter where they are "
            "all that the source has; cv=5 keeps them apart."
            if seen
            else told + "the source's rows of tested groups were left out of each fit."
        )
    lonely = {p.target for p in given.pairs if len(np.unique(given.groups[p.of_target])) == 1}
    if lonely:
        notes.append(
            f"{len(lonely)} targets are one group, such as {min(lonely)!r}: their folds cut it, "
            "and nothing tells how much groups differ, so that they have no interval and no "
            "verdict; the mean over five targets and more has them."
        )
    return notes


def _kept_apart(given: Given, pair: Pair, test: np.ndarray) -> Pair:
    """Leave the source's rows of tested groups out."""
    both = shared_groups(given, pair)
    if given.groups is None or len(both) == 0:
        return pair
    tested = given.groups[pair.of_target[test]]
    kept = pair.of_source[~np.isin(given.groups[pair.of_source], tested)]
    if len(kept) == 0 and len(test) == len(pair.of_target):
        return pair  # without folds they cannot be apart: a note tells it
    if len(kept) == 0:
        raise ValueError(
            f"The source {pair.source!r} must have rows of groups that are not tested with the "
            f"target {pair.target!r}. Got {len(both)} groups that are in both and no other; make "
            "more folds by cv, or leave groups out."
        )
    return replace(pair, of_source=kept)


def _marked(y: np.ndarray, unknown: np.ndarray, *, regression: bool) -> np.ndarray:
    """Take the labels of unlabelled rows away."""
    if not unknown.any():
        return y
    marked = y.astype(np.float64) if regression else y.copy()
    marked[unknown] = np.nan if regression else -1
    return marked


def _check_told(fitted: Any, table: Table, n_target_labels: int, name: str) -> None:
    """Refuse a model whose adapting step did not get the domains."""
    parts = [p for p in adapting_parts(fitted) if getattr(p, "by", DOMAIN) == DOMAIN]
    seen = [view_of(c) for part in parts for c in getattr(part, "feature_names_in_", ())]
    # without labels of the target, -1 says the same
    if not parts or DOMAIN in seen or (table.column == DOMAIN and n_target_labels == 0):
        return
    way = (
        "make_features(domain='domain') hands it on"
        if table.column == DOMAIN
        else "a step before it loses the names; pipeline.set_output(transform='pandas') keeps them"
    )
    raise ValueError(
        f"The step of {name!r} that adapts must get the column '{DOMAIN}__0'. "
        f"{type(parts[0]).__name__} got none: {way}."
    )


def _answers(fitted: Any, X: Any, given: Given, name: str) -> Answers:
    answers = answers_of(fitted, X, given.classes, given.y.dtype)
    if given.classes is not None:
        _check_labels(answers.labels, given.classes, name)
    return answers


def _check_labels(labels: np.ndarray, classes: np.ndarray, name: str) -> None:
    """Refuse a model that took -1, which marks rows without a label, for a class."""
    strange = set(labels.tolist()) - set(classes.tolist())
    if strange:
        raise ValueError(_NO_LABELS.format(name=name, seen=f"the answer {strange.pop()!r}"))


def _shift(
    fitted: Any,
    table: Table,
    pair: Pair,
    sizes: set[int],
    learned: tuple[Any, np.ndarray],
    groups: np.ndarray | None,
) -> Shift:
    """Measure the features that the last step gets, weighted as it weighs them."""
    unknown = Shift(float("nan"), float("nan"))
    n_source, n_target = len(pair.of_source), len(pair.of_target)
    last = fitted.steps[-1][1] if isinstance(fitted, Pipeline) else fitted
    weights = None
    part = next(adapting_parts(last), None)
    if part is not None:
        weights = np.asarray(getattr(part, "sample_weight_", ()), dtype=np.float64)
        if len(weights) not in sizes:  # a model that adapts inside
            return unknown
        weights = weights[:n_source]  # in fit, the rows of the source came first
        if (weights > 0).sum() < 2:
            return unknown
    parts = _last_inputs(fitted, table, pair, learned)
    if min(n_source, n_target) < 2 or not all(_is_finite(values) for values in parts):
        return unknown
    source, target = (np.asarray(values, dtype=np.float64) for values in parts)
    options: dict[str, Any] = {"source_weight": weights, "max_rows": _SHIFT_ROWS}
    if groups is not None:
        told = groups[pair.of_source], groups[pair.of_target]
        if min(len(np.unique(each)) for each in told) > 1:  # one group is told by its rows alone
            options["groups"] = told
    return Shift(
        maximum_mean_discrepancy(source, target, **options),
        proxy_a_distance(source, target, **options),
    )


def _last_inputs(
    fitted: Any, table: Table, pair: Pair, learned: tuple[Any, np.ndarray]
) -> tuple[Any, Any]:
    """Give what the last step gets: of the source in fit, of the target when it answers."""
    n_source, n_target = len(pair.of_source), len(pair.of_target)
    rows = np.concatenate([pair.of_source, pair.of_target])
    X = table.rows(rows, np.repeat([0, 1], [n_source, n_target]))
    if isinstance(fitted, Pipeline) and len(fitted) > 1:
        before = fitted[:-1]
        if _adapts_by_label(before):
            # its transform takes every row for one of the target: only fit_transform, which sees
            # the labels, adapts the source
            before = clone(before)
            source = before.fit_transform(*learned)
            target = before.transform(_cut(X, slice(n_source, None)))
            return _features(_cut(source, slice(n_source))), _features(target)
        X = before.transform(X)
    X = _features(X)
    return _cut(X, slice(n_source)), _cut(X, slice(n_source, None))


def _adapts_by_label(steps: Any) -> bool:
    """Tell whether a part that adapts got no column of domains, and took labels of -1 for it."""
    parts = [p for p in adapting_parts(steps) if getattr(p, "by", DOMAIN) == DOMAIN]
    return any(DOMAIN not in map(view_of, getattr(part, "feature_names_in_", ())) for part in parts)


def _features(X: Any) -> Any:
    """Leave out the columns that are only handed on."""
    if not hasattr(X, "columns"):
        return X
    return X[[name for name in X.columns if not is_passthrough(name)]]


def _cut(X: Any, rows: slice) -> Any:
    if issparse(X):
        return X.tocsr()[rows]
    return X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]


def _is_finite(X: Any) -> bool:
    kinds = [kind.kind for kind in X.dtypes] if hasattr(X, "dtypes") else [np.asarray(X).dtype.kind]
    return set(kinds) <= set("iufb") and bool(np.isfinite(np.asarray(X, dtype=np.float64)).all())
