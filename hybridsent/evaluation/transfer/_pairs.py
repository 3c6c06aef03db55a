"""Pairs of a source and a target: their rows as each model reads them, folds, labels (layer L5).

scikit-learn's train_test_split refuses to draw fewer rows than there are classes, and its draws of
different sizes are not nested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent._hints import did_you_mean
from hybridsent._outer_folds import outer_folds
from hybridsent._tags import adapts, reads_domain
from hybridsent.evaluation.fits._models import domain_part
from hybridsent.evaluation.rows._columns import picks_columns, readable
from hybridsent.exceptions import TableError
from hybridsent.views import DOMAIN, view_of

__all__ = ["Pair", "Table", "draw_labels", "make_pairs", "make_table", "target_folds"]

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
    >>> from hybridsent.evaluation.transfer._pairs import draw_labels
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
