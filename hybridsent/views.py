"""Column names that say the view: ``text__12`` (layer L0).

The first law of hybridsent: after the encoders there is one 2-D matrix whose columns are named
``view__i``. These few functions are the only ones that know how a name is put together and taken
apart, and how the names and the matrix come apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from hybridsent._tables import as_pandas, named_as_fitted

__all__ = [
    "DOMAIN",
    "GROUP",
    "INDICATOR",
    "META",
    "PASSTHROUGH",
    "as_labelled",
    "as_matrix",
    "block_of",
    "check_views",
    "domain_column",
    "domain_names",
    "feature_names",
    "feature_pattern",
    "is_indicator",
    "is_passthrough",
    "modalities_of",
    "plain_texts",
    "presence",
    "rename_feature",
    "spans",
    "step_of",
    "view_of",
    "views_of",
]

DOMAIN = "domain"
"""View whose one column, ``domain__0``, is 0 for rows of the source and 1 for rows of the target.
"""

GROUP = "group"
"""View whose one column, ``group__0``, holds codes of groups, such as speakers."""

PASSTHROUGH = (DOMAIN, GROUP)
"""Views that are no features: steps that do not read them hand them on unchanged."""

META = "meta"
"""View of the columns of numbers, dates and categories that builders take as ``meta=``."""

INDICATOR = "missing"
"""View of the columns ``missing__<view>`` of `ViewImputer`: features, but of no modality."""

_TRAILING_INDEX = re.compile(r"(?:s\d+_)?\d+$")
_STEP = re.compile(r"s(\d+)_\d+$")
# FeatureAugmentation copies an indicator, too; ``missing__0`` is a feature of a view of that name
_INDICATOR = re.compile(rf"{INDICATOR}(?:_source|_target)?__(?!(?:s\d+_)?\d+$).+")


def view_of(column: object) -> str | None:
    """Name of the view that a column belongs to.

    Parameters
    ----------
    column : object
        A column name, such as ``"text__12"``.

    Returns
    -------
    str or None
        The part before the first ``"__"``; None where there is none.

    Examples
    --------
    >>> from hybridsent.views import view_of
    >>> view_of("text__12"), view_of("age")
    ('text', None)
    """
    head, separator, _ = str(column).partition("__")
    return head if separator else None


def spans(columns: Iterable[object]) -> dict[str, list[int]]:
    """Positions of the columns of each view, views in order of first appearance.

    Parameters
    ----------
    columns : iterable of object
        Column names.

    Returns
    -------
    dict of str to list of int
        Column positions; names without a view stand under ``""``.

    Examples
    --------
    >>> from hybridsent.views import spans
    >>> spans(["text__0", "text__1", "image__0"])
    {'text': [0, 1], 'image': [2]}
    """
    found: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        found.setdefault(view_of(column) or "", []).append(position)
    return found


def is_passthrough(column: object) -> bool:
    """Tell whether a column only marks the rows: with a domain or a group.

    Parameters
    ----------
    column : object
        A column name.

    Returns
    -------
    bool
        True where it is of a view of `PASSTHROUGH`; it is no feature.

    Examples
    --------
    >>> from hybridsent.views import is_passthrough
    >>> is_passthrough("domain__0"), is_passthrough("text__0"), is_passthrough("domain")
    (True, False, False)
    """
    return view_of(column) in PASSTHROUGH


def is_indicator(column: object) -> bool:
    """Tell whether a column says that a view is missing, as `ViewImputer` writes it.

    Parameters
    ----------
    column : object
        A column name.

    Returns
    -------
    bool
        True for ``missing__text`` and its copies by `FeatureAugmentation`; it is a feature, but of
        no modality.

    Examples
    --------
    >>> from hybridsent.views import is_indicator
    >>> is_indicator("missing__text"), is_indicator("missing__0"), is_indicator("text__0")
    (True, False, False)
    """
    return _INDICATOR.fullmatch(str(column)) is not None


def modalities_of(columns: Iterable[object]) -> dict[str, list[int]]:
    """Positions of the columns of each modality: `spans` without what is none.

    Domain and group only mark the rows, and an indicator says of another view that it is missing:
    whoever learns from each modality on its own, or puts them side by side, asks here which these
    are.

    Parameters
    ----------
    columns : iterable of object
        Column names.

    Returns
    -------
    dict of str to list of int
        Column positions, modalities in order of first appearance; names without a view stand under
        ``""``.

    Examples
    --------
    >>> from hybridsent.views import modalities_of
    >>> modalities_of(["text__0", "text__1", "image__0", "missing__image", "domain__0"])
    {'text': [0, 1], 'image': [2]}
    """
    # an index of pandas is a list at once, and ten times slower name by name
    names = columns.tolist() if hasattr(columns, "tolist") else columns
    return {view: list(places) for view, places in _modalities_of(tuple(names)).items()}


@lru_cache(maxsize=64)  # every step asks about the same thousand names, of every row that is served
def _modalities_of(columns: tuple[object, ...]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        if not is_passthrough(column) and not is_indicator(column):
            found.setdefault(view_of(column) or "", []).append(position)
    return found


def step_of(column: object) -> int | None:
    """Segment that a column belongs to.

    Parameters
    ----------
    column : object
        A column name, such as ``"text__s3_17"``.

    Returns
    -------
    int or None
        Number of the segment, from 0; None for a column of a whole sample.

    Examples
    --------
    >>> from hybridsent.views import step_of
    >>> step_of("text__s3_17"), step_of("text__17")
    (3, None)
    """
    found = _STEP.search(str(column).partition("__")[2])
    return int(found.group(1)) if found else None


def views_of(estimator: Any) -> dict[str, np.ndarray]:
    """Positions of the columns of each modality, as an estimator saw them in `fit`.

    Marks and indicators are of no modality (`modalities_of`).

    Parameters
    ----------
    estimator : estimator
        With ``n_features_in_`` and, where the columns had names, ``feature_names_in_``, as
        `as_matrix` sets them.

    Returns
    -------
    dict of str to ndarray of int
        Modalities in order of first appearance; all columns are one, ``""``, where they have no
        names.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.views import as_matrix, views_of
    >>> from sklearn.base import BaseEstimator
    >>> estimator = BaseEstimator()
    >>> _ = as_matrix(estimator, pd.DataFrame({"text__0": [0.5], "image__0": [1.5]}), reset=True)
    >>> views_of(estimator)
    {'text': array([0]), 'image': array([1])}
    """
    names = getattr(estimator, "feature_names_in_", [""] * estimator.n_features_in_)
    return {view: np.asarray(positions) for view, positions in modalities_of(names).items()}


def block_of(X: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Take the columns of one view, without a copy where they stand together.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features.
    columns : ndarray of int of shape (q,)
        Columns of the view.

    Returns
    -------
    ndarray of shape (n, q)
        The columns; not to be written to, as they may be those of X itself.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.views import block_of
    >>> X = np.arange(6).reshape(2, 3)
    >>> block_of(X, np.array([1, 2])).base is X.base, block_of(X, np.array([0, 2])).tolist()
    (True, [[0, 2], [3, 5]])
    """
    together = len(columns) > 0 and bool(np.all(np.diff(columns) == 1))
    return X[:, columns[0] : columns[-1] + 1] if together else X[:, columns]


def presence(X: np.ndarray, views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Tell which rows have which view.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features.
    views : mapping of str to ndarray of int
        Columns of each view, as `views_of` gives them.

    Returns
    -------
    ndarray of bool of shape (n, n_views)
        False where a row has NaN in any column of the view.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.views import presence
    >>> X = np.array([[1.0, np.nan], [2.0, 3.0]])
    >>> presence(X, {"text": np.array([0]), "image": np.array([1])})
    array([[ True, False],
           [ True,  True]])
    """
    # a sum is NaN where any part is: three times quicker than a mask of every cell
    # (in float64: large ones of both signs would add up to NaN in float32)
    sums = [block_of(X, columns).sum(axis=1, dtype=np.float64) for columns in views.values()]
    return ~np.isnan(np.column_stack(sums)) if sums else np.zeros((len(X), 0), dtype=bool)


def feature_names(view: str, width: int, steps: int | None = None) -> list[str]:
    """Names of the columns that one view writes.

    Parameters
    ----------
    view : str
        Name of the view.
    width : int
        Features per vector.
    steps : int, default=None
        Number of pooled segments; None for one vector a row.

    Returns
    -------
    list of str
        ``view__i``, or ``view__s<step>_<i>`` with steps.

    Examples
    --------
    >>> from hybridsent.views import feature_names
    >>> feature_names("text", 2)
    ['text__0', 'text__1']
    >>> feature_names("text", 1, steps=2)
    ['text__s0_0', 'text__s1_0']
    """
    if steps is None:
        return [f"{view}__{i}" for i in range(width)]
    return [f"{view}__s{step}_{i}" for step in range(steps) for i in range(width)]


def feature_pattern(view: str | None = None) -> str:
    """Regular expression of the names of features, and of nothing else.

    Parameters
    ----------
    view : str, default=None
        The view; None for any.

    Returns
    -------
    str
        To be matched against a whole name.

    Examples
    --------
    >>> import re
    >>> from hybridsent.views import feature_pattern
    >>> names = ["text__0", "audio__s1_3", "label", "my__note"]
    >>> [name for name in names if re.fullmatch(feature_pattern(), name)]
    ['text__0', 'audio__s1_3']
    >>> [name for name in names if re.fullmatch(feature_pattern("text"), name)]
    ['text__0']
    """
    head = r"(?:(?!__).)+" if view is None else re.escape(view)
    return rf"{head}__(?:s\d+_)?\d+"


def rename_feature(view: str, feature: str) -> str:
    """Name a feature of a view's last step after the view (for ``ColumnTransformer``).

    scikit-learn names what PCA gives ``pca0`` and what our encoders give ``text__0``; both become
    ``view__0``. Where two features of a view would get one name, `hybridsent.fusion.ViewColumns`
    keeps the whole names.

    Parameters
    ----------
    view : str
        Name of the transformer, which is the name of the view.
    feature : str
        Name that the transformer of the view gave.

    Returns
    -------
    str
        ``view__i`` where the feature's name ends in a number, else ``view__feature``.

    Examples
    --------
    >>> from hybridsent.views import rename_feature
    >>> rename_feature("text", "pca3"), rename_feature("text", "text__s1_3")
    ('text__3', 'text__s1_3')
    >>> rename_feature("author", "age")
    'author__age'
    """
    name = str(feature)
    index = _TRAILING_INDEX.search(name)
    return f"{view}__{index.group() if index else name}"


def check_views(names: Sequence[str]) -> None:
    """Refuse view names that could not be read back from a column name.

    Parameters
    ----------
    names : sequence of str
        Names of views.

    Raises
    ------
    ValueError
        If a name is empty, holds ``"__"``, ends in ``"_"``, or has blanks at its ends or signs that
        cannot be seen.

    Examples
    --------
    >>> from hybridsent.views import check_views
    >>> check_views(["text", "image"])
    """
    for name in names:
        if not name or "__" in name:
            raise ValueError(
                "A view must have a name without '__', because columns are named view__i. Got "
                f"{name!r}; "
                "rename it, for example with a single '_'."
            )
        if name.endswith("_"):
            raise ValueError(
                "A view must have a name that does not end in '_', because columns are named "
                f"view__i. Got {name!r}; leave the '_' out."
            )
        if name != name.strip() or not name.isprintable():
            raise ValueError(
                "A view must have a name that can be read and typed, without blanks at its ends "
                f"and without line breaks. Got {name!r}; rename it."
            )


def domain_column(column: Any, target: Any = None) -> np.ndarray:
    """Write the domain of each row as a number: 0 for the source and 1 for the target.

    Parameters
    ----------
    column : DataFrame of shape (n, 1) or array of shape (n,)
        Domains by any names, or, without `target`, by 0 and 1 or False and True.
    target : str or number, default=None
        Name of the target domain; all other names are of the source.

    Returns
    -------
    ndarray of shape (n, 1), float32
        The column ``domain__0``.

    Raises
    ------
    ValueError
        If a row has no domain, or, without `target`, one that is neither 0 nor 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.views import domain_column
    >>> domain_column(pd.DataFrame({"site": ["books", "films"]}), "films").ravel()
    array([0., 1.], dtype=float32)
    """
    import pandas as pd

    column = as_pandas(column)
    if isinstance(column, pd.DataFrame):
        column = column.iloc[:, 0]
    values = column if isinstance(column, pd.Series) else np.asarray(column, dtype=object).ravel()
    plain = pd.Series(values).astype(object).reset_index(drop=True)
    if plain.isna().any():
        row = int(np.flatnonzero(plain.isna())[0])
        raise ValueError(
            f"Each row must have a domain. Got a missing one in row {row}; name it, or leave the "
            "row out."
        )
    if target is not None:
        named = {value: _same_domain(value, target) for value in plain.unique().tolist()}
        return np.array([named[value] for value in plain], dtype=np.float32)[:, None]
    strange = ~plain.isin([0, 1])
    if strange.any():
        raise ValueError(
            "Domains must be 0 (source) and 1 (target) where target_domain does not name the "
            f"target. Got {plain[strange].iloc[0]!r}; write target_domain="
            f"{plain[strange].iloc[0]!r} if that is the target."
        )
    return np.asarray(plain, dtype=np.float32)[:, None]


def domain_names(transformer: Any = None, names: Any = None) -> list[str]:
    """Name what `domain_column` writes, as scikit-learn's FunctionTransformer asks for it.

    Parameters
    ----------
    transformer : estimator, default=None
        Ignored.
    names : array of str, default=None
        Ignored.

    Returns
    -------
    list of str
        ``["domain__0"]``.

    Examples
    --------
    >>> from hybridsent.views import domain_names
    >>> domain_names()
    ['domain__0']
    """
    return [f"{DOMAIN}__0"]


def plain_texts(column: Any) -> Any:
    """Give columns of texts in which every missing cell is NaN, as scikit-learn's encoders ask.

    Columns of pandas' own types for texts hold ``pd.NA``, which an encoder takes for a name of
    another type than text.

    Parameters
    ----------
    column : DataFrame of shape (n, p)
        Columns, such as one that names groups.

    Returns
    -------
    DataFrame of shape (n, p)
        The same; columns that are not of text are as they were.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.views import plain_texts
    >>> plain_texts(pd.DataFrame({"speaker": ["a", None]}, dtype="string"))["speaker"].tolist()
    ['a', nan]
    """
    from pandas.api.types import is_extension_array_dtype, is_string_dtype

    table = as_pandas(column)
    plain = {
        name: table[name].astype(object).where(table[name].notna(), np.nan)
        for name, dtype in table.dtypes.items()
        if is_extension_array_dtype(dtype) and is_string_dtype(dtype)
    }
    return table.assign(**plain) if plain else table


def as_matrix(
    estimator: Any, X: Any, *, reset: bool, allow_nan: bool = True, dtype: Any = None
) -> np.ndarray:
    """Check X as scikit-learn's ``validate_data`` does, at no cost a column for a DataFrame.

    ``validate_data`` asks every column of a DataFrame for its type, which for thousands of columns
    takes longer than the arithmetic on them.

    Parameters
    ----------
    estimator : estimator
        Remembers, or compares, number and names of the columns.
    X : array or DataFrame of shape (n, p)
        Features, of pandas or any other library.
    reset : bool
        True in `fit`, False later.
    allow_nan : bool, default=True
        Whether values may be missing.
    dtype : type or sequence of type, default=None
        What the values become: this one, or the first of these where they are of none of them.
        None for float32 and float64.

    Returns
    -------
    ndarray of shape (n, p)
        The values.

    Raises
    ------
    ValueError
        If X is no matrix of finite numbers (and NaN), or is unlike the one seen in `fit`.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent.views import as_matrix
    >>> as_matrix(BaseEstimator(), pd.DataFrame({"text__0": [0.5, None]}), reset=True).ravel()
    array([0.5, nan])
    """
    from sklearn.utils.validation import check_array, validate_data

    X = as_pandas(X)
    rules = {
        "dtype": [np.float32, np.float64] if dtype is None else dtype,
        "ensure_all_finite": "allow-nan" if allow_nan else True,
    }
    values = X.to_numpy() if hasattr(X, "columns") and hasattr(X, "to_numpy") else None
    if values is None or values.dtype not in (np.float32, np.float64):
        return np.asarray(validate_data(estimator, X, reset=reset, **rules))
    if reset or not named_as_fitted(estimator, X.columns):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    return np.asarray(check_array(values, estimator=estimator, input_name="X", **rules))


def as_labelled(
    estimator: Any, X: Any, y: Any, *, allow_nan: bool = True, dtype: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Check X as `as_matrix` does in `fit`, and a label for each of its rows.

    Parameters
    ----------
    estimator : estimator
        Remembers number and names of the columns.
    X : array or DataFrame of shape (n, p)
        Features.
    y : array of shape (n,)
        Labels.
    allow_nan : bool, default=True
        Whether values of X may be missing.
    dtype : type or sequence of type, default=None
        As in `as_matrix`.

    Returns
    -------
    X : ndarray of shape (n, p)
        The values.
    y : ndarray of shape (n,)
        The labels.

    Raises
    ------
    ValueError
        If X is no such matrix, y no such column, a label is missing, or one is longer than the
        other.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent.views import as_labelled
    >>> as_labelled(LogisticRegression(), [[1.0], [2.0]], ["good", "bad"])[1]
    array(['good', 'bad'], dtype='<U4')
    """
    from sklearn.utils import check_consistent_length
    from sklearn.utils.validation import validate_data

    from hybridsent._labels import every_label

    labels = validate_data(estimator, y=None if y is None else every_label(y))
    values = as_matrix(estimator, X, reset=True, allow_nan=allow_nan, dtype=dtype)
    check_consistent_length(values, labels)
    return values, np.asarray(labels)


def _same_domain(value: Any, target: Any) -> bool:
    """Compare names: numbers by value, as a table's 2 is read as 2.0 where a cell is empty."""
    if str(value) == str(target):
        return True
    if isinstance(value, str) and isinstance(target, str):
        return False  # "02" is not "2"
    try:
        return float(value) == float(target)
    except (TypeError, ValueError):
        return False
