"""What a table of new rows may lack of what a model reads (layer L6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hybridsent.exceptions import TableError
from hybridsent.scoring._inputs import Input
from hybridsent.scoring._words import listed, silent

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["with_domains", "with_features", "with_missing"]


def with_domains(
    first: Any, table: pd.DataFrame, told: Callable[[str], None] = silent
) -> pd.DataFrame:
    """Add the column of domains where the table lacks it: new rows are of the target.

    Parameters
    ----------
    first : transformer or None
        The step of the model that reads the table.
    table : DataFrame
        New rows.
    told : callable, default=silent
        Gets each line for people.

    Returns
    -------
    DataFrame
        The table with it.

    Raises
    ------
    TableError
        If the model needs the group of each row, and the table does not tell it.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.scoring._lacking import with_domains
    >>> with_domains(None, pd.DataFrame({"text": ["a"]})).columns.tolist()
    ['text']
    """
    from hybridsent.views import PASSTHROUGH

    added = {}
    for view, step, columns in getattr(first, "transformers_", ()):
        if view not in PASSTHROUGH or columns[0] in table.columns:
            continue
        if view == "group":
            raise _without_groups(columns[0], table)
        target = step.kw_args["target"]
        told(f"the table has no column {columns[0]!r}: every row counts as one of the target")
        added[columns[0]] = 1 if target is None else target
    return table.assign(**added)


def with_missing(
    inputs: Sequence[Input], table: pd.DataFrame, told: Callable[[str], None] = silent
) -> pd.DataFrame:
    """Add columns that the table lacks: a modality may be absent, all of them may not.

    Parameters
    ----------
    inputs : sequence of Input
        What the model reads.
    table : DataFrame
        New rows.
    told : callable, default=silent
        Gets each line for people.

    Returns
    -------
    DataFrame
        The table with a column for each, missing in every row where it was absent.

    Raises
    ------
    TableError
        If all are absent, or one that cannot be missing is.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.scoring import Input
    >>> from hybridsent.scoring._lacking import with_missing
    >>> inputs = [Input(name, (name,), name, True) for name in ("text", "image")]
    >>> with_missing(inputs, pd.DataFrame({"text": ["a"]})).columns.tolist()
    ['text', 'image']
    """
    absent = [each for each in inputs if each.column not in table.columns]
    if len(absent) == len(inputs):
        raise TableError(
            f"The table must hold at least one of the model's columns "
            f"{[each.column for each in inputs]}; it has {listed(table.columns)}."
        )
    for each in absent:
        if not each.optional:
            raise TableError(
                f"The table must hold the column {each.column!r}, which the model reads; it "
                f"has {listed(table.columns)}."
            )
        told(f"the table has no column {each.column!r}: it counts as missing in every row")
    return table.assign(**{each.column: None for each in absent})


def with_features(
    model: Any,
    features: Sequence[str],
    table: pd.DataFrame,
    told: Callable[[str], None] = silent,
) -> pd.DataFrame:
    """Take what a model of features reads; a view may be absent, not all.

    Parameters
    ----------
    model : estimator
        Fitted.
    features : sequence of str
        The columns of features that it reads.
    table : DataFrame
        New rows.
    told : callable, default=silent
        Gets each line for people.

    Returns
    -------
    DataFrame
        With these columns, and the marks that the model reads.

    Raises
    ------
    TableError
        If a view is there in part, or no view at all.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.scoring._lacking import with_features
    >>> table = pd.DataFrame({"text__0": [0.0, 1.0] * 9, "image__0": [0.5, 0.5, 0.4] * 6})
    >>> model = make_fusion(features="passthrough").fit(table, ["bad", "good"] * 9)
    >>> with_features(model, list(table), table[:1].assign(note="a")).columns.tolist()
    ['text__0', 'image__0']
    """
    from hybridsent.views import spans

    reads = list(model.feature_names_in_)
    table = _with_marks(reads, table, told)
    absent = [name for name in features if name not in table.columns]
    if len(absent) == len(features):
        raise TableError(
            "The table must hold the features that the model reads, "
            f"{', '.join(features[:3])} …; it has {listed(table.columns)}."
        )
    for view, positions in spans(absent).items():
        if len(positions) < len(spans(features)[view]):
            raise TableError(
                f"The table lacks {len(positions)} of the {len(spans(features)[view])} "
                f"columns of {view!r}, such as {absent[positions[0]]!r}; a view must be whole, "
                "or absent."
            )
        told(f"the table has no features of {view!r}: it counts as missing in every row")
    marks = [name for name in reads if name in table.columns and name not in features]
    return table.reindex(columns=[*features, *marks])


def _with_marks(
    reads: Sequence[str], table: pd.DataFrame, told: Callable[[str], None]
) -> pd.DataFrame:
    """Add the mark of domains that a model of features reads: new rows are of the target."""
    from hybridsent.views import GROUP, is_passthrough, view_of

    for name in reads:
        if not is_passthrough(name) or name in table.columns:
            continue
        if view_of(name) == GROUP:
            raise _without_groups(name, table)
        told(f"the table has no column {name!r}: every row counts as one of the target")
        table = table.assign(**{name: 1.0})
    return table


def _without_groups(name: str, table: pd.DataFrame) -> TableError:
    return TableError(
        f"The table must tell the group of each row in a column {name!r}; it has "
        f"{listed(table.columns)}."
    )
