"""A classifier of sentiment for people without labels (layer L3).

Transformers' zero-shot pipelines want a network of gigabytes; VADER and TextBlob are English, and
say nothing of how sure they are. Here ready labelling functions vote, and how often their votes are
right is known from public corpora, so that the votes become probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from hybridsent._hints import did_you_mean
from hybridsent._labels import labeled_rows, one_column, plain_labels, take_rows
from hybridsent._params import HasMethods, StrOptions
from hybridsent._tags import with_capabilities
from hybridsent.media._columns import columns_by_kind
from hybridsent.media.kinds import TEXT
from hybridsent.weak._function_votes import table_of
from hybridsent.weak._functions import LabelingFunction, LabelingFunctions
from hybridsent.weak._label_model import LabelModel
from hybridsent.weak._ready import (
    SENTIMENTS,
    emoji_function,
    lexicon_function,
    lexicon_languages,
    rating_function,
    vader_function,
)
from hybridsent.weak._ready_classes import polarities_of
from hybridsent.weak._reliability import FixedReliability

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LABELS_A_CLASS", "Answer", "ZeroLabelClassifier"]

LABELS_A_CLASS = 64
"""Labels a class from which on a frozen encoder with logistic regression is better, in the middle
of the corpora of `benchmarks/zero_label.py`."""

READY = ("vader", "lexicon", "emoji", "rating")
"""The ready functions of a column of texts, in the order in which they vote."""

_METHODS = ("dawid-skene", "triplet", "metal")
_FEWEST = 5  # confident rows of a class from which views are learned


class Answer(NamedTuple):
    """What is said of rows.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Classes.
    probabilities : ndarray of shape (n, k)
        Of each class.
    voted : ndarray of bool of shape (n,)
        Whether a function said something.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    voted: np.ndarray


class ZeroLabelClassifier(ClassifierMixin, BaseEstimator):
    r"""Tell sentiment without a label: ready functions vote, and their votes become probabilities.

    Words in nine languages, VADER (English), emoji and ratings in texts vote on each row. The
    probability of a class is that of Bayes with equal classes,

    .. math:: p(y | \lambda) \propto \prod_j p_j(\lambda_j | y)^{w_j},

    where :math:`p_j`, how often a function says what of which class, is near its mean over public
    corpora (``label_model="fixed"``), and :math:`w_j` is 0.7 where VADER and the words both vote,
    as they know much the same words, else 1.
    To learn :math:`p_j` from agreement instead (Dawid and Skene)
    needs three functions or more that are independent; two lists of words are not, and then it was
    less accurate and far too sure.

    It is a start: a few dozen labels a class and a model of a frozen encoder are better. What was
    measured stands on the page "Sentiment without a label", in the documentation.

    Parameters
    ----------
    classes : sequence, mapping or None, default=None
        The classes, which must be negative and positive, with or without neutral, by their names or
        order (see Notes), or as a mapping says: ``{"happy": "positive", "angry": "negative"}``.
        None takes those in y, or negative, neutral and positive where y holds no label.
    columns : str, sequence of str or None, default=None
        Columns of texts; None finds the one that reads as text.
    functions : "default" or sequence, default="default"
        Who votes: names of ready functions (``"vader"``, ``"lexicon"``, ``"emoji"``, ``"rating"``),
        ``"default"`` for all four, labelling functions, or their names as ``"module:function"``.
        These vote for classes, or for negative, neutral or positive.
    label_model : {"fixed", "dawid-skene", "triplet", "metal"} or estimator, default="fixed"
        How votes become probabilities: as above, by a method of `LabelModel`, or by one of your
        own that is fitted on votes.
    language : str or None, default=None
        Language of all texts (ISO 639); None tells it text by text.
    use_labels : bool, default=True
        Whether labels in y are learned from: how often functions say what of which class. Else they
        tell the names of the classes alone.
    learn_from_views : False or estimator, default=False
        A model that learns from the rows the functions are surest of, such as
        ``make_fusion(text=True, image=True)``, so that pictures and sounds have a say; its
        probabilities and those of the votes are averaged.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The classes.
    polarity_ : dict of object to str
        What each class is: negative, neutral or positive.
    columns_ : list of str
        Columns of texts.
    functions_ : LabelingFunctions
        Who votes; fitted.
    label_model_ : estimator
        What makes probabilities of votes.
    coverage_ : float
        Share of the rows of `fit` on which a function voted.
    shares_ : ndarray of shape (k,)
        Mean probability of each class in `fit`.
    views_ : estimator or None
        What was learned from views.
    feature_names_in_ : ndarray of str
        Columns of the table.
    n_features_in_ : int
        How many.

    See Also
    --------
    LabelingFunctions : Votes alone.
    hybridsent.make_fusion : The model to fit as soon as there are labels.

    Notes
    -----
    Classes are matched by one rule: whole names, whatever their case (pos, Positive, good …); of
    two whole numbers the smaller is negative, of three the middle is neutral. All else is refused.

    A row without a vote gets equal probabilities; the prediction is then neutral, or the class that
    is most frequent among the rows of `fit`.

    Examples
    --------
    >>> from hybridsent.weak import ZeroLabelClassifier
    >>> model = ZeroLabelClassifier().fit(["so lovely!", "I hate it", "the train leaves at 9"])
    >>> model.predict(["what a wonderful day :)", "not good at all"]).tolist()
    ['positive', 'negative']
    >>> model.predict_proba(["lovely"]).round(2).tolist()
    [[0.11, 0.23, 0.66]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "classes": ["array-like", Mapping, None],
        "columns": [str, list, tuple, None],
        "functions": [StrOptions({"default"}), list, tuple],
        "label_model": [
            StrOptions({"fixed", *_METHODS}),
            HasMethods(["fit", "predict_proba"]),
        ],
        "language": [StrOptions(set(lexicon_languages())), None],
        "use_labels": ["boolean"],
        "learn_from_views": [HasMethods(["fit", "predict_proba"]), "boolean"],
    }

    def __init__(
        self,
        classes: Any = None,
        *,
        columns: str | Sequence[str] | None = None,
        functions: Any = "default",
        label_model: Any = "fixed",
        language: str | None = None,
        use_labels: bool = True,
        learn_from_views: Any = False,
    ) -> None:
        self.classes = classes
        self.columns = columns
        self.functions = functions
        self.label_model = label_model
        self.language = language
        self.use_labels = use_labels
        self.learn_from_views = learn_from_views

    def fit(self, X: Any, y: Any = None) -> ZeroLabelClassifier:
        """Find texts, languages and classes; learn from labels and views where there are any.

        Parameters
        ----------
        X : DataFrame of shape (n, p), or column of texts
            The table; columns that no function reads are left alone.
        y : array of shape (n,) or None, default=None
            Labels of the rows that have one, and -1 for the others.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        ValueError
            If no column reads as text, a class is neither negative, neutral nor positive, or
            `learn_from_views` is True and no model.
        """
        self._validate_params()
        if self.learn_from_views is True:
            raise ValueError(
                "The learn_from_views parameter must be the model that learns from the views. Got "
                "True; write for example learn_from_views=make_fusion(text=True, image=True)."
            )
        table = table_of(X)
        if not len(table):
            raise ValueError("ZeroLabelClassifier must be given a row to fit. Got none.")
        labeled, labels = self._labels(y, len(table))
        self.polarity_ = self._polarities(labels)
        self.classes_ = np.asarray(
            sorted(self.polarity_, key=lambda label: (str(type(label)), label))
        )
        self.feature_names_in_ = np.asarray([str(name) for name in table.columns], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        self.columns_ = self._columns(table)
        self.functions_ = LabelingFunctions(self._functions(), language=self.language).fit(table)
        votes = self.votes(table)
        labeled &= bool(self.use_labels)
        codes = np.full(len(table), -1, dtype=object)
        if labeled.any():
            codes[labeled] = labels
        self.label_model_ = self._model().fit(votes, codes if self.use_labels else None)
        found = self._of_votes(votes)
        self.coverage_ = float(votes.notna().any(axis=1).mean())
        self.shares_ = found.mean(axis=0)
        self.views_ = self._learned(X, found, votes, codes, labeled)
        return self

    def check_classes(self, classes: Any) -> None:
        """Refuse classes that are no sentiment, before anything is fitted.

        Parameters
        ----------
        classes : sequence of shape (k,)
            Classes of a table.

        Raises
        ------
        ValueError
            If one is neither negative, neutral nor positive.
        """
        self._polarities(plain_labels(np.asarray(classes)).tolist())

    def predict_proba(self, X: Any) -> np.ndarray:
        """Give the probability of each class.

        Parameters
        ----------
        X : DataFrame of shape (n, p), or column of texts
            The rows.

        Returns
        -------
        ndarray of shape (n, k)
            Probabilities, in the order of `classes_`; equal ones where no function votes.
        """
        return self.read(X).probabilities

    def predict(self, X: Any) -> np.ndarray:
        """Give the most probable class of each row.

        Parameters
        ----------
        X : DataFrame of shape (n, p), or column of texts
            The rows.

        Returns
        -------
        ndarray of shape (n,)
            Classes; where several are as probable neutral, else the most frequent of `fit`.
        """
        return self.read(X).labels

    def read(self, X: Any) -> Answer:
        """Give all that is said of rows, whose texts are read once.

        Parameters
        ----------
        X : DataFrame of shape (n, p), or column of texts
            The rows.

        Returns
        -------
        Answer
            Classes, probabilities, and on which rows a function voted.
        """
        check_is_fitted(self)
        votes = self.votes(X)
        found = self._of_votes(votes)
        if self.views_ is not None and len(found):
            found = (found + np.asarray(self.views_.predict_proba(X), dtype=np.float64)) / 2
        neutral = [self.polarity_[label] == "neutral" for label in self.classes_.tolist()]
        first = np.lexsort((-self.shares_, [not each for each in neutral]))
        best = np.argmax(
            found[:, first] >= found.max(axis=1, keepdims=True, initial=0) - 1e-9, axis=1
        )
        voted = votes.notna().any(axis=1).to_numpy(dtype=bool)
        return Answer(np.asarray(self.classes_[first[best]]), found, voted)

    def votes(self, X: Any) -> pd.DataFrame:
        """Give what each function says of each row, as classes.

        Parameters
        ----------
        X : DataFrame of shape (n, p), or column of texts
            The rows.

        Returns
        -------
        DataFrame of shape (n, m)
            Classes, None where a function says nothing. Neutral is nothing where no class is
            neutral.

        Raises
        ------
        ValueError
            If a function of one's own gives something else than a class.
        """
        check_is_fitted(self, "functions_")
        given = self.functions_.transform(self._table(X))
        meant: dict[Any, Any] = dict.fromkeys(SENTIMENTS)
        meant |= {kind: label for label, kind in self.polarity_.items()}
        meant |= {label: label for label in self.polarity_}
        columns = {str(name): self._meant(str(name), given[name].tolist(), meant) for name in given}
        return type(given)(columns, index=given.index, columns=list(given.columns), dtype=object)

    # -- fit

    def _labels(self, y: Any, n: int) -> tuple[np.ndarray, list[Any]]:
        """Tell which rows have a label, and these."""
        if y is None:
            return np.zeros(n, dtype=bool), []
        values = one_column(y)
        if len(values) != n:
            raise ValueError(f"X and y must have as many rows. Got {n} and {len(values)}.")
        labeled = labeled_rows(values, "classes")
        return labeled, plain_labels(values[labeled]).tolist()

    def _polarities(self, labels: Sequence[Any]) -> dict[Any, str]:
        there = sorted(set(labels), key=lambda label: (str(type(label)), label))
        given = self.classes
        if given is None:
            return polarities_of(there if there else SENTIMENTS)
        if not isinstance(given, Mapping):
            given = [each.item() if isinstance(each, np.generic) else each for each in given]
        found = polarities_of(given)
        strange = [label for label in there if label not in found]
        if strange:
            raise ValueError(
                f"y must hold labels of the classes {list(found)}, or -1. Got {strange[0]!r}."
                f"{did_you_mean(str(strange[0]), [str(each) for each in found])}"
            )
        return found

    def _columns(self, table: pd.DataFrame) -> list[str]:
        if self.columns is not None:
            given = [self.columns] if isinstance(self.columns, str) else list(self.columns)
            absent = [name for name in given if name not in table.columns]
            if absent or not given:
                known = [str(name) for name in table.columns[:20]]
                raise ValueError(
                    "The columns parameter of ZeroLabelClassifier must name columns of texts. Got "
                    f"{absent[0] if absent else 'none'!r}; the table has {known}."
                    f"{did_you_mean(str(absent[0]), known) if absent else ''}"
                )
            return given
        names = [str(name) for name in table.columns]
        if len(names) == 1:
            return names
        found = columns_by_kind(table).get(TEXT.name)
        if found is None:
            raise ValueError(
                "ZeroLabelClassifier reads texts, and no column of the table reads as one: "
                f"{names[:20]}. Name it: columns='COLUMN'."
            )
        return [str(found)]

    def _functions(self) -> list[Any]:
        given = READY if isinstance(self.functions, str) else self.functions
        names = [name for each in given for name in (READY if each == "default" else [each])]
        if not names:
            raise ValueError(
                "The functions parameter of ZeroLabelClassifier must name a function. Got none; "
                f"the ready ones are {list(READY)}."
            )
        found: list[Any] = []
        for each in names:
            if isinstance(each, str) and ":" not in each:
                if each not in READY:
                    raise ValueError(
                        f"A ready function must be one of {list(READY)}. Got {each!r}."
                        f"{did_you_mean(each, READY)}"
                    )
                several = len(self.columns_) > 1
                for column in self.columns_:
                    made = _ready(each, column)
                    if several:
                        made.name = f"{each} of {column}"
                    found.append(made)
            else:
                found.append(each)
        return found

    def _model(self) -> Any:
        if not isinstance(self.label_model, str):
            return clone(self.label_model)
        if self.label_model == "fixed":
            kinds = [self.polarity_[label] for label in self.classes_.tolist()]
            return FixedReliability(self.functions_.functions_, self.classes_, kinds)
        return LabelModel(self.label_model, classes=self.classes_, unvoted="balance")

    def _learned(
        self, X: Any, found: np.ndarray, votes: pd.DataFrame, codes: np.ndarray, known: np.ndarray
    ) -> Any:
        """Fit what learns from views on the surer half of the rows of each class, and on labels."""
        if self.learn_from_views is False:
            return None
        taken = known.copy()
        best = found.argmax(axis=1)
        sure = found.max(axis=1)
        voted = votes.notna().any(axis=1).to_numpy()
        for k in range(len(self.classes_)):
            rows = np.flatnonzero(voted & ~known & (best == k))
            order = rows[np.argsort(-sure[rows], kind="stable")]
            least = sure[order[(len(order) - 1) // 2]] if len(order) else 1.0
            taken[order[sure[order] >= least]] = True  # rows that are as sure go together
        labels = self.classes_[best].astype(object)
        labels[known] = codes[known]
        target = plain_labels(labels[taken])
        few = [c for c in self.classes_.tolist() if np.count_nonzero(target == c) < _FEWEST]
        if few:
            raise ValueError(
                "To learn from views, the functions must be sure of some rows of each class. Of "
                f"{few[0]!r} there are fewer than {_FEWEST}; give more rows, or leave "
                "learn_from_views out."
            )
        return clone(self.learn_from_views).fit(take_rows(X, np.flatnonzero(taken)), target)

    # -- rows

    def _table(self, X: Any) -> pd.DataFrame:
        """Take rows as those of `fit`: a single column may have lost its name."""
        table = table_of(X)
        if table.shape[1] == 1 and self.n_features_in_ == 1 and list(table.columns) == ["text"]:
            return table.set_axis([self.columns_[0]], axis=1)
        return table

    def _of_votes(self, votes: pd.DataFrame) -> np.ndarray:
        if not len(votes):
            return np.empty((0, len(self.classes_)))
        found = np.asarray(self.label_model_.predict_proba(votes), dtype=np.float64)
        silent = ~np.isfinite(found).all(axis=1)
        found[silent] = 1 / len(self.classes_)
        return found

    def _meant(self, name: str, given: list[Any], meant: Mapping[Any, Any]) -> list[Any]:
        try:
            return [None if vote is None else meant[vote] for vote in given]
        except KeyError as error:
            raise ValueError(
                f"The labelling function {name!r} must vote for one of {self.classes_.tolist()}, "
                f"or {list(SENTIMENTS)}. Got {error.args[0]!r}."
            ) from error

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        tags.no_validation = True
        tags.target_tags.required = False
        return with_capabilities(tags, takes_unlabelled=True)


def _ready(name: str, column: str) -> LabelingFunction:
    if name == "vader":
        return vader_function(column)
    if name == "emoji":
        return emoji_function(column)
    if name == "rating":
        return rating_function(column)
    return lexicon_function(lexicon_languages(), column, silent=False)
