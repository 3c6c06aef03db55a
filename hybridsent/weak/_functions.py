"""Labelling functions over any columns of a table, and the table of their votes (layer L3).

Snorkel's functions see rows of any objects, and skweak's documents of spaCy, each with an applier
and a matrix of its own; here a function names its columns (texts, a view of features, metadata),
and the votes are a DataFrame as annotators' votes are.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridsent._folders import depth_of_caller
from hybridsent._frames import NamedOutput
from hybridsent._params import StrOptions
from hybridsent._plugins import import_outside
from hybridsent.exceptions import CellWarning
from hybridsent.weak._function_votes import Reading, main_language, plain_label, table_of, votes_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LabelingFunction", "LabelingFunctions", "labeling_function"]


class LabelingFunction:
    """A rule that gives some rows a label: a function, and the columns that it reads.

    Made by `labeling_function`, or by the ready ones of this package. Called, it is the function
    itself.

    Parameters
    ----------
    function : callable, or str
        What gives the label of what it is given, or None where it has nothing to say; or its name
        as ``"module:function"``.
    columns : str, sequence of str or None, default=None
        What it reads: one column, or a view of features by its name (``"text"`` for ``text__0`` …,
        where no column has that name); several columns; None is all columns of the table.
    name : str or None, default=None
        What its votes are called; None takes the name of the function.
    vectorized : bool, default=False
        Whether it is given whole columns, and gives a vote for each row.
    languages : sequence of str, default=()
        Languages (ISO 639) of the texts that it knows: of all others it says nothing.

    Examples
    --------
    >>> from hybridsent.weak import LabelingFunction
    >>> rule = LabelingFunction(lambda text: "bad" if "refund" in text else None, columns="text",
    ...                         name="refund")
    >>> rule("I want a refund"), rule.name
    ('bad', 'refund')
    """

    def __init__(
        self,
        function: Callable[..., Any] | str,
        *,
        columns: str | Sequence[str] | None = None,
        name: str | None = None,
        vectorized: bool = False,
        languages: Sequence[str] = (),
    ) -> None:
        if not callable(function) and not _is_name(function):
            raise ValueError(
                "The function of a LabelingFunction must be callable, or its name as "
                f"'module:function'. Got {function!r}."
            )
        several = isinstance(columns, Sequence) and not isinstance(columns, str)
        if columns is not None and not (several or isinstance(columns, str)):
            raise ValueError(
                "The columns of a LabelingFunction must be a name, a list of names, or None for "
                f"all columns. Got {columns!r}."
            )
        if isinstance(languages, str):
            raise ValueError(  # noqa: TRY004 - a str is a sequence, too
                f"The languages of a LabelingFunction must be a list of codes. Got {languages!r}; "
                f"write [{languages!r}]."
            )
        own = _name_of(function) if name is None else name
        if not isinstance(own, str) or not own:
            raise ValueError(f"The name of a LabelingFunction must be a text. Got {own!r}.")
        self.name = own
        self.columns: Any = list(columns) if several and columns is not None else columns
        self.vectorized = bool(vectorized)
        self.languages = list(languages)
        self._called = None if isinstance(function, str) else function
        # under its own name, where another process finds it: a model can then be saved
        self.labels_by = function if isinstance(function, str) else _own_name(function)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call the function itself.

        Parameters
        ----------
        *args, **options
            What it takes.

        Returns
        -------
        object
            Its label, or None.
        """
        return self.function(*args, **options)

    @property
    def function(self) -> Callable[..., Any]:
        """The function; one that is known by its name is imported."""
        if self._called is None:
            self._called = _found(str(self.labels_by))
        return self._called

    @property
    def reads_texts(self) -> bool:
        """Whether it is a ready function, which is given each text and its language."""
        return bool(getattr(self.function, "reads_texts", False))

    def on(self, columns: str | Sequence[str]) -> LabelingFunction:
        """Give the same rule for other columns.

        Parameters
        ----------
        columns : str or sequence of str
            What it shall read.

        Returns
        -------
        LabelingFunction
            A copy.
        """
        return LabelingFunction(
            self.function,
            columns=columns,
            name=self.name,
            vectorized=self.vectorized,
            languages=self.languages,
        )

    def __repr__(self) -> str:
        return f"LabelingFunction({self.name!r}, columns={self.columns!r})"

    def __deepcopy__(self, memo: Any) -> LabelingFunction:
        return self  # nothing of it changes

    def __getstate__(self) -> dict[str, Any]:
        kept = ("name", "columns", "vectorized", "languages", "labels_by")
        state = {name: getattr(self, name) for name in kept}
        if not self._is_found_again():  # a pickle that can will take the function itself
            state["labels_by"] = self._called
        return state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._called = None if isinstance(self.labels_by, str) else self.labels_by

    def _is_found_again(self) -> bool:
        """Tell whether the module that the function says it is of has it under its name."""
        if self._called is None or not isinstance(self.labels_by, str):
            return True
        module, _, name = self.labels_by.partition(":")
        there = getattr(sys.modules.get(module), name, None)
        return getattr(there, "_called", there) is self._called


def labeling_function(
    columns: str | Sequence[str] | None = None,
    *,
    name: str | None = None,
    vectorized: bool = False,
    languages: Sequence[str] = (),
) -> Callable[[Callable[..., Any]], LabelingFunction]:
    """Make a labelling function of a function.

    Parameters
    ----------
    columns : str, sequence of str or None, default=None
        What it reads. One column: it is given each cell that is not missing. The name of a view of
        features: each row's vector. Several columns, or None, which is all: a dict of the row's
        cells by column, None where one is missing.
    name : str or None, default=None
        What its votes are called; None takes the name of the function.
    vectorized : bool, default=False
        Whether it is given whole columns instead: a Series, a matrix (n, d) of a view, or a
        DataFrame; it then gives n votes.
    languages : sequence of str, default=()
        Languages (ISO 639) of the texts that it knows: of all others it says nothing.

    Returns
    -------
    callable
        What turns the function into a `LabelingFunction`.

    Examples
    --------
    >>> from hybridsent.weak import labeling_function
    >>> @labeling_function(columns="text")
    ... def refund(text):
    ...     return "negative" if "refund" in text else None
    >>> @labeling_function(columns=["likes", "shares"])
    ... def liked(row):
    ...     return "positive" if (row["likes"] or 0) > 100 else None
    >>> refund("a refund, please"), liked({"likes": 500, "shares": None})
    ('negative', 'positive')
    """
    if callable(columns):
        raise ValueError(  # noqa: TRY004 - brackets are missing, not a type
            "labeling_function must be called before it decorates a function: write "
            "@labeling_function(columns='text'), with brackets."
        )

    def made(function: Callable[..., Any]) -> LabelingFunction:
        rule = LabelingFunction(
            function, columns=columns, name=name, vectorized=vectorized, languages=languages
        )
        functools.update_wrapper(rule, function)
        return rule

    return made


class LabelingFunctions(NamedOutput, BaseEstimator):
    """Let labelling functions vote on the rows of a table.

    Parameters
    ----------
    functions : sequence of LabelingFunction, callable or str
        Who votes: labelling functions, ``"module:function"``, or plain functions, which are given
        rows of all columns.
    classes : sequence or None, default=None
        The labels that may be given; None takes any.
    language : str or None, default=None
        Language of all texts (ISO 639); None tells it text by text.
    on_error : {"raise", "abstain"}, default="raise"
        What becomes of a row on which a function fails, or gives no label of `classes`: an error
        that names function, row and cell, or no vote, and one warning with the count.

    Attributes
    ----------
    functions_ : list of LabelingFunction
        Who votes.
    languages_ : dict of str to str
        Columns whose functions know some languages only, and the language of most of their texts,
        as `fit` found it: texts that are too short to tell are taken to be written in it.
    n_features_in_ : int
        Columns of the table.
    feature_names_in_ : ndarray of str
        Their names.

    See Also
    --------
    hybridsent.weak.ZeroLabelClassifier : Learns a classifier from the votes of ready functions.

    Notes
    -----
    A vote depends on its own row alone. What is saved (`hybridsent.save`) are the names of
    functions that stand in a module, which whoever loads the model must trust; functions inside
    functions, lambdas and those of a notebook have none, and cannot be saved.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.weak import LabelingFunctions, labeling_function
    >>> @labeling_function(columns="text")
    ... def refund(text):
    ...     return "negative" if "refund" in text else None
    >>> @labeling_function(columns="stars")
    ... def stars(n):
    ...     return "positive" if n > 3 else "negative"
    >>> table = pd.DataFrame({"text": ["a refund!", "fine"], "stars": [None, 5.0]})
    >>> LabelingFunctions([refund, stars]).fit_transform(table).values.tolist()
    [['negative', None], [None, 'positive']]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "functions": [list, tuple],
        "classes": ["array-like", None],
        "language": [str, None],
        "on_error": [StrOptions({"raise", "abstain"})],
    }

    def __init__(
        self,
        functions: Sequence[Any],
        *,
        classes: Any = None,
        language: str | None = None,
        on_error: str = "raise",
    ) -> None:
        self.functions = functions
        self.classes = classes
        self.language = language
        self.on_error = on_error

    def fit(self, X: Any, y: Any = None) -> LabelingFunctions:
        """Check the functions and their columns, and find out what texts are written in.

        Parameters
        ----------
        X : DataFrame of shape (n, p)
            The table.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted transformer.

        Raises
        ------
        ValueError
            If there is no function, two have one name, or a column is not there.
        """
        self._validate_params()
        if not len(self.functions):
            raise ValueError(
                "LabelingFunctions must be given a function. Got none; hybridsent.weak has ready "
                "ones, such as lexicon_function('en')."
            )
        functions = [_as_function(each) for each in self.functions]
        names = [each.name for each in functions]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(
                f"Each labelling function must have a name of its own. Got {twice!r} twice; write "
                "name=... for one."
            )
        if self.classes is not None:
            _check_classes(list(self.classes))
        table = table_of(X)
        self.functions_ = functions
        self.feature_names_in_ = np.asarray([str(each) for each in table.columns], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        told = [each for each in functions if each.languages or each.reads_texts]
        columns = {str(each.columns): each for each in told}
        reading = Reading(table, {}, self.language)
        self.languages_ = {
            name: self.language or main_language(reading.texts(each))
            for name, each in columns.items()
        }
        for each in functions:
            reading.columns(each)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Give the votes of all functions on rows.

        Parameters
        ----------
        X : DataFrame of shape (n, p)
            The table; only the columns that functions read must be there.

        Returns
        -------
        DataFrame of shape (n, m)
            A column a function, in each cell a label, or None where it has nothing to say.

        Raises
        ------
        CellError
            If a function fails, or gives no label that may be given, and ``on_error="raise"``.
        """
        import pandas as pd

        check_is_fitted(self)
        table = table_of(X)
        reading = Reading(table, self.languages_, self.language)
        known = None if self.classes is None else {plain_label(each) for each in self.classes}
        votes: dict[str, Any] = {}
        lost: list[str] = []
        for each in self.functions_:
            votes[each.name], failed = votes_of(
                each, reading, known, strict=self.on_error == "raise"
            )
            lost += failed
        if lost:
            warnings.warn(
                f"{len(lost)} votes are missing because a function failed. The first: {lost[0]}",
                CellWarning,
                stacklevel=depth_of_caller(),
            )
        return pd.DataFrame(votes, index=table.index, columns=list(votes), dtype=object)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the functions.

        Parameters
        ----------
        input_features : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        return np.asarray([each.name for each in self.functions_], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []
        return tags


# -- functions -------------------------------------------------------------------------------------


def _as_function(given: Any) -> LabelingFunction:
    if isinstance(given, LabelingFunction):
        return given
    if isinstance(given, str) and _is_name(given):
        found = _module_attribute(given)
        return found if isinstance(found, LabelingFunction) else LabelingFunction(given)
    if callable(given) and not isinstance(given, type):
        return LabelingFunction(given)
    raise ValueError(
        "Each of the functions must be a labelling function, a function, or its name as "
        f"'module:function'. Got {given!r}."
    )


def _check_classes(classes: list[Any]) -> None:
    plain = [plain_label(each) for each in classes]
    odd = [each for each in plain if not isinstance(each, (str, int)) or each in ("", -1)]
    if odd or len(set(plain)) < len(plain) or not plain:
        raise ValueError(
            "The classes of LabelingFunctions must be different texts or whole numbers other than "
            f"-1, which means no vote. Got {classes!r}."
        )


def _is_name(text: Any) -> bool:
    if not isinstance(text, str):
        return False
    module, separator, name = text.partition(":")
    return bool(separator) and all(part.isidentifier() for part in (*module.split("."), name))


def _name_of(function: Any) -> str:
    if isinstance(function, str):
        return function.partition(":")[2]
    return str(getattr(function, "__name__", type(function).__name__))


def _own_name(function: Any) -> Any:
    """Name a function of a module, where it can be found again; else the function itself."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if not module or module == "__main__" or not name.isidentifier():
        return function
    return f"{module}:{name}"


def _module_attribute(named: str) -> Any:
    module, _, name = named.partition(":")
    try:
        home = import_outside(module)
    except ImportError as error:
        raise ValueError(
            f"The labelling function {named!r} cannot be found: the module {module!r} cannot be "
            f"imported ({error}). Load its file with hybridsent.load_plugin (--functions FILE.py)."
        ) from error
    found: Any = getattr(home, name, None)
    if not callable(found):
        raise ValueError(  # noqa: TRY004 - the value that was given is a str
            f"The labelling function {named!r} cannot be found: the module {module!r} has no "
            f"function {name!r}."
        )
    return found


def _found(named: str) -> Callable[..., Any]:
    found = _module_attribute(named)
    inside: Callable[..., Any] = found.function if isinstance(found, LabelingFunction) else found
    return inside
